//! Payouts: cards that are kept, and money that is sent to them.

use super::{Behaviour, Card, Cards, DeclineCode, Event, ReportKind};
use crate::refusal::{Kind, Refusal};
use proof_core::{Timestamp, money::Money};
use serde::{Deserialize, Serialize};

/// How long a slow bank takes.
const SLOW_SECONDS: i64 = 10;

/// A card that can be paid later.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Kept {
    pub id: String,
    pub card: Card,
    behaviour: Behaviour,
}

#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Payout {
    pub reference: String,
    card_id: String,
    pub amount: Money,
    outcome: PayoutOutcome,
    /// The card's bank sent it back.
    bounced: bool,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PayoutOutcome {
    Sent { at: Timestamp },
    Refused { code: DeclineCode },
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum PayoutStatus {
    Pending,
    Sent,
    Bounced,
    Refused(DeclineCode),
}

impl Payout {
    pub fn status(&self, now: Timestamp) -> PayoutStatus {
        match self.outcome {
            _ if self.bounced => PayoutStatus::Bounced,
            PayoutOutcome::Sent { at } if at > now => PayoutStatus::Pending,
            PayoutOutcome::Sent { .. } => PayoutStatus::Sent,
            PayoutOutcome::Refused { code } => PayoutStatus::Refused(code),
        }
    }
}

impl Cards {
    /// The same token gives the same card.
    pub fn keep(&self, token: &str, id: &str, now: Timestamp) -> Result<Option<Event>, Refusal> {
        if self.kept.contains_key(token) {
            return Ok(None);
        }
        let usable = self
            .tokens
            .get(token)
            .is_some_and(|token| !token.used && token.expires_at > now);
        if !usable {
            let message = "this token is unknown, used up or too old";
            return Err(Refusal::unprocessable("token_invalid", message));
        }
        Ok(Some(Event::CardKept {
            token: token.to_owned(),
            id: id.to_owned(),
        }))
    }

    pub fn kept(&self, token: &str) -> Result<&Kept, Refusal> {
        let kept = self.kept.get(token);
        kept.ok_or_else(|| Refusal::not_found("card"))
    }

    pub fn find_payout(&self, reference: &str) -> Result<&Payout, Refusal> {
        let payout = self.payouts.get(reference);
        payout.ok_or_else(|| Refusal::not_found("payout"))
    }

    pub fn pay(
        &self,
        reference: &str,
        card_id: &str,
        amount: Money,
        now: Timestamp,
    ) -> Result<Option<Event>, Refusal> {
        if let Some(known) = self.payouts.get(reference) {
            return if known.card_id == card_id && known.amount == amount {
                Ok(None)
            } else {
                let message = "this reference was used with other facts";
                Err(Refusal::conflict("reference_reused", message))
            };
        }
        if amount.minor() == 0 || reference.is_empty() {
            return Err(Refusal::invalid("a payout needs a reference and an amount"));
        }
        let kept = self.kept.values().find(|kept| kept.id == card_id);
        let kept = kept.ok_or_else(|| Refusal::invalid("no such card"))?;
        let refused = |code| PayoutOutcome::Refused { code };
        let outcome = match kept.behaviour {
            Behaviour::Held
            | Behaviour::ThreeDs
            | Behaviour::AnswerLate
            | Behaviour::CaptureLate => PayoutOutcome::Sent { at: now },
            Behaviour::CaptureRefused => PayoutOutcome::Sent {
                at: now.plus_seconds(SLOW_SECONDS),
            },
            Behaviour::Declined | Behaviour::InsufficientFunds | Behaviour::Expired => {
                refused(DeclineCode::Declined)
            }
            Behaviour::ProcessorDown => {
                let message = "the processor is down for this card";
                return Err(Refusal::new(Kind::Unavailable, "unavailable", message));
            }
        };
        Ok(Some(Event::PaidOut {
            reference: reference.to_owned(),
            card_id: card_id.to_owned(),
            amount,
            outcome,
        }))
    }

    pub(super) fn apply_kept(&mut self, token: &str, id: &str) {
        let Some(made) = self.tokens.get_mut(token) else {
            return;
        };
        made.used = true;
        let kept = Kept {
            id: id.to_owned(),
            card: made.card.clone(),
            behaviour: made.behaviour,
        };
        self.kept.insert(token.to_owned(), kept);
    }

    pub(super) fn apply_payout(
        &mut self,
        reference: &str,
        card_id: &str,
        amount: Money,
        outcome: PayoutOutcome,
    ) {
        if let PayoutOutcome::Sent { .. } = outcome {
            self.report_add(reference, ReportKind::PayOut, amount);
        }
        let payout = Payout {
            reference: reference.to_owned(),
            card_id: card_id.to_owned(),
            amount,
            outcome,
            bounced: false,
        };
        self.payouts.insert(reference.to_owned(), payout);
    }

    /// A payout that has arrived, by a part of its reference that no other one has.
    pub fn sent_like(&self, part: &str, now: Timestamp) -> Result<String, Refusal> {
        let sent = |payout: &&Payout| payout.status(now) == PayoutStatus::Sent;
        let sent = self.payouts.values().filter(sent);
        let mut found = sent.filter(|payout| payout.reference.contains(part));
        match (found.next(), found.next()) {
            (Some(one), None) => Ok(one.reference.clone()),
            (Some(_), Some(_)) => Err(Refusal::conflict(
                "ambiguous",
                "more than one payout that was sent has this in its reference",
            )),
            (None, _) => Err(Refusal::not_found("payout that was sent")),
        }
    }

    /// The card's bank sends a payout back.
    pub fn bounce(&self, reference: &str, now: Timestamp) -> Result<Option<Event>, Refusal> {
        match self.find_payout(reference)?.status(now) {
            PayoutStatus::Bounced => Ok(None),
            PayoutStatus::Sent => Ok(Some(Event::PayoutBounced {
                reference: reference.to_owned(),
            })),
            PayoutStatus::Pending | PayoutStatus::Refused(_) => {
                let message = "only a payout that was sent comes back";
                Err(Refusal::conflict("not_sent", message))
            }
        }
    }

    pub(super) fn apply_bounced(&mut self, reference: &str) {
        let Some(payout) = self.payouts.get_mut(reference) else {
            return;
        };
        payout.bounced = true;
        let amount = payout.amount;
        self.report_add(reference, ReportKind::PayOutBounced, amount);
    }
}
