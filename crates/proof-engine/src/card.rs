//! Cards that customers let us keep: kept when their payment is captured, offered for the next one, forgotten when their
//! owner says so, when they end, and with the person.

use crate::{ApiError, Engine, View, error::refused, order::gone};
use proof_core::{
    Timestamp,
    card::{CARDS_MAX, Card, CardExpiry},
    id::{CardId, OrderId, PersonId},
    order::{Order, Refusal, State},
    partner::Environment,
    payment::PaymentMethod,
};
use proof_store::{Failure, Tx};
use serde::Serialize;

/// More than a customer ever has.
const CUSTOMER_CARDS_MAX: i64 = 32;

/// Cards that are forgotten in one go; the next night goes on.
const FORGOTTEN_MAX: i64 = 500;

/// A card on the payment screen.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct CardKeptView {
    pub id: String,
    pub brand: String,
    pub last4: String,
    /// `MM/YY`
    pub expires: String,
}

impl From<&Card> for CardKeptView {
    fn from(card: &Card) -> Self {
        Self {
            id: card.id.to_string(),
            brand: card.stored.brand.clone(),
            last4: card.stored.last4.clone(),
            expires: card.stored.expires.to_string(),
        }
    }
}

/// The right to type the security code of a card into the provider's field.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct CardKey {
    pub key: String,
}

/// Where a payment is asked for, the cards of its customer that are still good; the latest first.
pub(crate) async fn cards_offered(
    tx: &mut Tx,
    order: &Order,
    now: Timestamp,
) -> Result<Vec<Card>, Failure<ApiError>> {
    let State::AwaitingPayment { .. } = order.state else {
        return Ok(Vec::new());
    };
    let mut cards = tx
        .card_of_customer(order.customer, CUSTOMER_CARDS_MAX)
        .await?;
    cards.retain(|card| card.stored.expires >= CardExpiry::of(now));
    cards.truncate(CARDS_MAX);
    Ok(cards)
}

impl Engine {
    async fn card_offered(&self, id: OrderId, card: CardId) -> Result<(Order, Card), ApiError> {
        let now = self.now();
        self.db
            .read("card_offered", move |tx: &mut Tx| {
                Box::pin(async move {
                    let order = tx.order_work(id).await?.ok_or_else(gone)?.order;
                    if !matches!(order.state, State::AwaitingPayment { .. }) {
                        return Err(refused(Refusal::WrongState));
                    }
                    let cards = cards_offered(tx, &order, now).await?;
                    let found = cards.into_iter().find(|known| known.id == card);
                    let found = found.ok_or_else(|| refused(ApiError::not_found("card")))?;
                    Ok::<_, Failure<ApiError>>((order, found))
                })
            })
            .await
            .map_err(ApiError::from)
    }

    /// The user wants to pay with a card that is kept: what the provider's field for its code needs.
    pub async fn card_key(&self, id: OrderId, card: CardId) -> Result<CardKey, ApiError> {
        let (order, card) = self.card_offered(id, card).await?;
        let payments = &self.rails(order.environment)?.payments;
        match payments.card_key(&card.stored.reference).await? {
            Some(key) => Ok(CardKey { key }),
            None => {
                self.card_delete(card).await?;
                Err(ApiError::not_found("card"))
            }
        }
    }

    /// The user wants it gone: the provider first, so that what we know of is never less than what there is.
    pub async fn card_remove(&self, id: OrderId, card: CardId) -> Result<View, ApiError> {
        let (order, card) = self.card_offered(id, card).await?;
        self.card_forget(order.environment, card).await?;
        self.view(id).await
    }

    async fn card_forget(&self, environment: Environment, card: Card) -> Result<(), ApiError> {
        let payments = &self.rails(environment)?.payments;
        payments.card_forget(&card.stored.reference).await?;
        self.card_delete(card).await
    }

    async fn card_delete(&self, card: Card) -> Result<(), ApiError> {
        self.db
            .write("card_delete", move |tx: &mut Tx| {
                let card = card.clone();
                Box::pin(async move {
                    tx.card_delete(&card).await?;
                    Ok::<_, Failure<ApiError>>(())
                })
            })
            .await
            .map_err(ApiError::from)
    }

    /// Keeps the card of a payment that was captured. It comes after the money and never before it: an order does not
    /// wait for this.
    pub(crate) async fn card_keep(&self, order: &Order) -> Result<(), ApiError> {
        let is_card = order.keep_card && order.method == PaymentMethod::Card;
        let (Some(card), true) = (&order.card, is_card && order.takings.captured() > 0) else {
            return Ok(());
        };
        let kept = self.cards_of(order).await?;
        let good = CardExpiry::of(self.now());
        let same = |known: &&Card| known.stored.fingerprint == card.fingerprint;
        if kept
            .iter()
            .find(same)
            .is_some_and(|k| k.stored.expires >= good)
        {
            return Ok(());
        }
        let payments = &self.rails(order.environment)?.payments;
        let reference = self.reference(order.id, "pay", order.attempt);
        let Some(stored) = payments.card_store(&reference).await? else {
            return Ok(());
        };
        // The one that it takes the place of is forgotten first; so is the oldest of too many.
        let (same, others): (Vec<_>, Vec<_>) = kept
            .into_iter()
            .partition(|known| known.stored.fingerprint == stored.fingerprint);
        let too_many = others.into_iter().skip(CARDS_MAX.saturating_sub(1));
        for old in same.into_iter().chain(too_many) {
            if old.stored.reference != stored.reference {
                self.card_forget(order.environment, old).await?;
            }
        }
        let card = Card {
            id: CardId::new(self.now(), self.entropy.as_ref()),
            order: order.id,
            stored,
            kept_at: self.now(),
        };
        self.card_save(order, card).await
    }

    async fn cards_of(&self, order: &Order) -> Result<Vec<Card>, ApiError> {
        let customer = order.customer;
        self.db
            .read("card_of_customer", move |tx: &mut Tx| {
                Box::pin(async move {
                    let cards = tx.card_of_customer(customer, CUSTOMER_CARDS_MAX).await?;
                    Ok::<_, Failure<ApiError>>(cards)
                })
            })
            .await
            .map_err(ApiError::from)
    }

    /// Unless its owner was forgotten meanwhile: then so is the card.
    async fn card_save(&self, order: &Order, card: Card) -> Result<(), ApiError> {
        let (partner, customer, begun) = (order.partner, order.customer, order.created_at);
        let saved = card.clone();
        let is_saved = self
            .db
            .write("card_save", move |tx: &mut Tx| {
                let card = saved.clone();
                Box::pin(async move {
                    tx.proof_lock().await?;
                    let row = tx
                        .customer_load(partner, customer)
                        .await?
                        .ok_or_else(gone)?;
                    let Some(person) = row.person else {
                        return Ok(false);
                    };
                    let person = tx.person_load(person).await?.ok_or_else(gone)?;
                    if person.erased_at.is_some_and(|at| at >= begun) {
                        return Ok(false);
                    }
                    tx.card_save(customer, &card).await?;
                    Ok::<_, Failure<ApiError>>(true)
                })
            })
            .await?;
        if !is_saved {
            self.card_forget(order.environment, card).await?;
        }
        Ok(())
    }

    /// Of a person who is forgotten.
    pub(crate) async fn cards_erase(&self, person: PersonId) -> Result<(), ApiError> {
        let cards = self
            .db
            .read("card_of_person", move |tx: &mut Tx| {
                Box::pin(async move {
                    let cards = tx.card_of_person(person, FORGOTTEN_MAX).await?;
                    Ok::<_, Failure<ApiError>>(cards)
                })
            })
            .await?;
        for (environment, card) in cards {
            self.card_forget(environment, card).await?;
        }
        Ok(())
    }

    /// Those that have ended.
    pub(crate) async fn cards_tidy(&self, now: Timestamp) {
        let month = CardExpiry::of(now);
        let ended = self
            .db
            .read("card_expired", move |tx: &mut Tx| {
                Box::pin(async move {
                    let cards = tx.card_expired(month, FORGOTTEN_MAX).await?;
                    Ok::<_, Failure<ApiError>>(cards)
                })
            })
            .await
            .map_err(ApiError::from);
        let ended = match ended {
            Ok(ended) => ended,
            Err(error) => return error.log("cards that have ended stay"),
        };
        for (environment, card) in ended {
            if let Err(error) = self.card_forget(environment, card).await {
                error.log("a card that has ended stays");
            }
        }
    }
}
