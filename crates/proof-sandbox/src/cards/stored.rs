//! Cards that a cardholder lets the merchant keep: paid with again by typing nothing but the security code.

use super::{Behaviour, Card, Cards, Event, Status, TOKEN_LIFE_S, card};
use crate::refusal::Refusal;
use proof_core::Timestamp;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// The last month in which a card is good, as `YYYYMM`.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Serialize, Deserialize)]
pub struct Expiry(pub u32);

#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Stored {
    pub id: String,
    pub card: Card,
    pub expires: Expiry,
    behaviour: Behaviour,
    /// The cardholder, or we, wanted it gone.
    forgotten: bool,
}

/// The right to type the security code of one card, which a page gets in place of the card.
#[derive(Clone, PartialEq, Eq, Debug)]
struct Key {
    card: String,
    expires_at: Timestamp,
}

#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub(super) struct StoredCards {
    /// By the reference of the payment that it came with.
    cards: BTreeMap<String, Stored>,
    keys: BTreeMap<String, Key>,
}

impl StoredCards {
    fn find(&self, id: &str) -> Option<&Stored> {
        let found = self.cards.values().find(|stored| stored.id == id);
        found.filter(|stored| !stored.forgotten)
    }
}

/// What a browser sends for a card that is kept.
#[derive(Deserialize)]
pub struct StoredInput {
    pub key: String,
    pub cvc: String,
}

impl Cards {
    /// Keeps the card of a payment that its bank has agreed to; the same payment gives the same card.
    pub fn store(&self, reference: &str, id: &str) -> Result<Option<Event>, Refusal> {
        if self.stored.cards.contains_key(reference) {
            return Ok(None);
        }
        let paid = self.find(reference)?;
        let agreed = matches!(paid.status, Status::Held | Status::Captured);
        if !agreed || paid.card.is_none() || paid.expires.is_none() {
            let message = "only a card whose bank has agreed to a payment is kept";
            return Err(Refusal::conflict("not_storable", message));
        }
        Ok(Some(Event::CardStored {
            reference: reference.to_owned(),
            id: id.to_owned(),
        }))
    }

    /// The card that was kept with a payment, unless it was forgotten since.
    pub fn stored_with(&self, reference: &str) -> Result<&Stored, Refusal> {
        let found = self.stored.cards.get(reference);
        found
            .filter(|stored| !stored.forgotten)
            .ok_or_else(|| Refusal::not_found("card"))
    }

    pub fn stored_key(&self, id: &str, key: &str, now: Timestamp) -> Result<Event, Refusal> {
        let known = self.stored.find(id);
        known.ok_or_else(|| Refusal::not_found("card"))?;
        Ok(Event::StoredKeyMade {
            key: key.to_owned(),
            card: id.to_owned(),
            expires_at: now.plus_seconds(TOKEN_LIFE_S),
        })
    }

    /// A token for a card that is kept, against its security code.
    pub fn make_stored_token(
        &self,
        token: &str,
        input: &StoredInput,
        now: Timestamp,
    ) -> Result<Event, Refusal> {
        let key = self.stored.keys.get(&input.key);
        let key = key.filter(|key| key.expires_at > now);
        let stored = key.and_then(|key| self.stored.find(&key.card));
        let stored = stored.ok_or_else(|| {
            let message = "this card is not kept any more, or the page was open for too long";
            Refusal::unprocessable("key_invalid", message).field("cvc")
        })?;
        if stored.expires < card::month_of(now) {
            let refusal = Refusal::unprocessable("expired_card", "This card has expired");
            return Err(refusal.field("cvc"));
        }
        card::check_cvc(&input.cvc, &stored.card.brand)?;
        Ok(Event::TokenMade {
            token: token.to_owned(),
            card: stored.card.clone(),
            behaviour: stored.behaviour,
            expires: Some(stored.expires),
            expires_at: now.plus_seconds(TOKEN_LIFE_S),
        })
    }

    /// Of a card that nobody knows there is nothing to forget.
    pub fn forget(&self, id: &str) -> Option<Event> {
        self.stored
            .find(id)
            .map(|_| Event::CardForgotten { id: id.to_owned() })
    }

    pub(super) fn apply_stored(&mut self, reference: &str, id: &str) {
        let Some(paid) = self.authorisations.get(reference) else {
            return;
        };
        if let (Some(card), Some(expires), Some(behaviour)) =
            (&paid.card, paid.expires, paid.behaviour)
        {
            let stored = Stored {
                id: id.to_owned(),
                card: card.clone(),
                expires,
                behaviour,
                forgotten: false,
            };
            self.stored.cards.insert(reference.to_owned(), stored);
        }
    }

    pub(super) fn apply_key(&mut self, key: &str, card: &str, expires_at: Timestamp) {
        let made = Key {
            card: card.to_owned(),
            expires_at,
        };
        self.stored.keys.insert(key.to_owned(), made);
    }

    pub(super) fn apply_forgotten(&mut self, id: &str) {
        let found = self.stored.cards.values_mut().find(|card| card.id == id);
        if let Some(stored) = found {
            stored.forgotten = true;
        }
        self.stored.keys.retain(|_, key| key.card != id);
    }
}
