//! Cards that customers let us keep: kept when their payment is captured, offered for the next one, forgotten when their
//! owner says so, when they end, and with the person.

use crate::{ApiError, Engine, View, error::refused, order::gone};
use proof_core::{
    Timestamp,
    card::{CARDS_MAX, Card, CardExpiry},
    id::{CardId, OrderId, PersonId},
    order::{Order, Refusal, State},
    partner::Environment,
};
use proof_port::Class;
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
                let id = card.id;
                Box::pin(async move { Ok::<_, Failure<ApiError>>(tx.card_delete(id).await?) })
            })
            .await
            .map_err(ApiError::from)
    }

    /// Keeps the card of a payment that was captured, once. It comes after the money and never before it: an order does
    /// not wait for this.
    pub(crate) async fn card_keep(&self, order: &Order) -> Result<(), ApiError> {
        let id = order.id;
        let is_wished = self
            .db
            .read("card_wished", move |tx: &mut Tx| {
                Box::pin(async move { Ok::<_, Failure<ApiError>>(tx.card_wished(id).await?) })
            })
            .await?;
        if !is_wished {
            return Ok(());
        }
        let payments = &self.rails(order.environment)?.payments;
        let reference = self.reference(order.id, "pay", order.attempt);
        let stored = match payments.card_store(&reference).await {
            Ok(stored) => stored,
            // The order is paid all the same; its customer types the card again next time.
            Err(error) if error.class == Class::GiveUp => {
                tracing::warn!(order = %id, "the processor does not keep a card: {error}");
                None
            }
            Err(error) => return Err(error.into()),
        };
        if let Some(stored) = stored {
            let card = Card {
                id: CardId::new(self.now(), self.entropy.as_ref()),
                order: order.id,
                stored,
                kept_at: self.now(),
            };
            if let Some(old) = self.card_outlived(order, &card).await? {
                self.card_forget(order.environment, old).await?;
            }
            for old in self.card_save(order, card).await? {
                self.card_forget(order.environment, old).await?;
            }
        }
        // Last: until then whoever comes after a crash does all of it again.
        self.db
            .write("card_wish_done", move |tx: &mut Tx| {
                Box::pin(async move { Ok::<_, Failure<ApiError>>(tx.card_wish_done(id).await?) })
            })
            .await
            .map_err(ApiError::from)
    }

    /// What was kept of the same card before, if it has ended or was kept when the customer was somebody else.
    async fn card_outlived(&self, order: &Order, card: &Card) -> Result<Option<Card>, ApiError> {
        let (customer, good) = (order.customer, CardExpiry::of(self.now()));
        let fingerprint = card.stored.fingerprint.clone();
        let (same, kept) = self
            .db
            .read("card_like", move |tx: &mut Tx| {
                let fingerprint = fingerprint.clone();
                Box::pin(async move {
                    let same = tx.card_like(customer, &fingerprint).await?;
                    let kept = tx.card_of_customer(customer, CUSTOMER_CARDS_MAX).await?;
                    Ok::<_, Failure<ApiError>>((same, kept))
                })
            })
            .await?;
        Ok(same.filter(|same| {
            let is_good = same.stored.expires >= good && kept.contains(same);
            same.stored.reference != card.stored.reference && !is_good
        }))
    }

    /// What is to be forgotten for it: the oldest of too many, or the card itself where the customer has it already, or
    /// is nobody any more.
    async fn card_save(&self, order: &Order, card: Card) -> Result<Vec<Card>, ApiError> {
        let (partner, customer, begun) = (order.partner, order.customer, order.created_at);
        self.db
            .write("card_save", move |tx: &mut Tx| {
                let card = card.clone();
                Box::pin(async move {
                    tx.proof_lock().await?;
                    let row = tx
                        .customer_load(partner, customer)
                        .await?
                        .ok_or_else(gone)?;
                    let Some(owner) = row.person else {
                        return Ok(vec![card]);
                    };
                    let person = tx.person_load(owner).await?.ok_or_else(gone)?;
                    if person.erased_at.is_some_and(|at| at >= begun) {
                        return Ok(vec![card]);
                    }
                    let fingerprint = &card.stored.fingerprint;
                    if let Some(same) = tx.card_like(customer, fingerprint).await? {
                        let is_it = same.stored.reference == card.stored.reference;
                        return Ok(if is_it { Vec::new() } else { vec![card] });
                    }
                    let mut kept = tx.card_of_customer(customer, CUSTOMER_CARDS_MAX).await?;
                    tx.card_save((customer, owner), &card).await?;
                    Ok::<_, Failure<ApiError>>(kept.split_off(kept.len().min(CARDS_MAX - 1)))
                })
            })
            .await
            .map_err(ApiError::from)
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
