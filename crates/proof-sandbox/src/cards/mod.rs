//! The card processor: tokens, authorisations, 3-D Secure, captures, voids, refunds, payouts.

mod card;
mod dispute;
mod payout;
mod report;
mod stored;

pub use card::{Behaviour, Card, CardInput};
pub use dispute::{BankMove, Dispute, DisputeStage};
pub use payout::{Kept, Payout, PayoutOutcome, PayoutStatus};
pub use report::{ReportKind, ReportLine};
pub use stored::{Expiry, Stored, StoredInput};

use crate::{
    journal::Machine,
    refusal::{Kind, Refusal},
};
use proof_core::{Timestamp, money::Money};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

const TOKEN_LIFE_S: i64 = 15 * 60;

#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Cards {
    tokens: BTreeMap<String, Token>,
    authorisations: BTreeMap<String, Authorisation>,
    /// The reference of the authorisation that a bank's page is about.
    challenges: BTreeMap<String, String>,
    /// Cards to be paid, by the token that they came with.
    kept: BTreeMap<String, Kept>,
    payouts: BTreeMap<String, Payout>,
    stored: stored::StoredCards,
    disputes: BTreeMap<String, Dispute>,
    /// All that was moved, in its order.
    report: Vec<ReportLine>,
}

#[derive(Clone, PartialEq, Eq, Debug)]
struct Token {
    card: Card,
    behaviour: Behaviour,
    /// `None`: a wallet's, or of before cards were kept.
    expires: Option<Expiry>,
    expires_at: Timestamp,
    used: bool,
}

#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Authorisation {
    pub reference: String,
    token: String,
    pub amount: Money,
    pub status: Status,
    pub captured: Money,
    refunds: BTreeMap<String, Money>,
    pub refunded: Money,
    pub card: Option<Card>,
    expires: Option<Expiry>,
    pub liability_shift: bool,
    behaviour: Option<Behaviour>,
}

#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Status {
    ThreeDsRequired { challenge: String },
    Held,
    Declined { code: DeclineCode },
    Captured,
    Voided,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DeclineCode {
    Declined,
    InsufficientFunds,
    ExpiredCard,
    ThreeDsFailed,
    TokenInvalid,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum Event {
    TokenMade {
        token: String,
        card: Card,
        behaviour: Behaviour,
        #[serde(default)]
        expires: Option<Expiry>,
        expires_at: Timestamp,
    },
    Authorised {
        reference: String,
        token: String,
        amount: Money,
        status: Status,
    },
    ChallengeAnswered {
        challenge: String,
        approve: bool,
    },
    Captured {
        reference: String,
        amount: Money,
    },
    Voided {
        reference: String,
    },
    Refunded {
        reference: String,
        refund_reference: String,
        amount: Money,
    },
    Disputed {
        id: String,
        reference: String,
        amount: Money,
        stage: DisputeStage,
        due: Timestamp,
    },
    DisputeMoved {
        id: String,
        stage: DisputeStage,
    },
    CardKept {
        token: String,
        id: String,
    },
    PaidOut {
        reference: String,
        card_id: String,
        amount: Money,
        outcome: PayoutOutcome,
    },
    PayoutBounced {
        reference: String,
    },
    CardStored {
        /// Of the payment that it came with.
        reference: String,
        id: String,
    },
    StoredKeyMade {
        key: String,
        card: String,
        expires_at: Timestamp,
    },
    CardForgotten {
        id: String,
    },
}

pub struct AuthoriseRequest {
    pub reference: String,
    pub token: String,
    pub amount: Money,
    /// The id of the bank's page, should there be one.
    pub challenge: String,
}

impl Cards {
    /// The number and the code go no further than here; what is kept cannot give them back.
    pub fn make_token(
        &self,
        token: &str,
        input: &CardInput,
        now: Timestamp,
    ) -> Result<Event, Refusal> {
        let (card, behaviour, expires) = card::read(input, now)?;
        Ok(Event::TokenMade {
            token: token.to_owned(),
            card,
            behaviour,
            expires: Some(expires),
            expires_at: now.plus_seconds(TOKEN_LIFE_S),
        })
    }

    /// The same for what a wallet hands over.
    pub fn make_wallet_token(
        &self,
        token: &str,
        (wallet, payload): (&str, &str),
        now: Timestamp,
    ) -> Result<Event, Refusal> {
        let (card, behaviour) = card::of_wallet(wallet, payload)?;
        Ok(Event::TokenMade {
            token: token.to_owned(),
            card,
            behaviour,
            expires: None,
            expires_at: now.plus_seconds(TOKEN_LIFE_S),
        })
    }

    pub fn token_card(&self, token: &str) -> Option<Card> {
        self.tokens.get(token).map(|token| token.card.clone())
    }

    pub fn find(&self, reference: &str) -> Result<&Authorisation, Refusal> {
        self.authorisations
            .get(reference)
            .ok_or_else(|| Refusal::not_found("authorisation"))
    }

    pub fn find_challenge(&self, challenge: &str) -> Result<&Authorisation, Refusal> {
        self.challenges
            .get(challenge)
            .and_then(|reference| self.authorisations.get(reference))
            .ok_or_else(|| Refusal::not_found("challenge"))
    }

    pub fn authorise(
        &self,
        request: AuthoriseRequest,
        now: Timestamp,
    ) -> Result<Option<Event>, Refusal> {
        if let Some(known) = self.authorisations.get(&request.reference) {
            return if known.token == request.token && known.amount == request.amount {
                Ok(None)
            } else {
                Err(Refusal::conflict(
                    "reference_reused",
                    "this reference was used with other facts",
                ))
            };
        }
        if request.amount.minor() == 0 || request.reference.is_empty() {
            return Err(Refusal::invalid(
                "an authorisation needs a reference and an amount",
            ));
        }
        let usable = self
            .tokens
            .get(&request.token)
            .filter(|token| !token.used && token.expires_at > now);
        let declined = |code| Status::Declined { code };
        let status = match usable.map(|token| token.behaviour) {
            None => declined(DeclineCode::TokenInvalid),
            Some(
                Behaviour::Held
                | Behaviour::AnswerLate
                | Behaviour::CaptureRefused
                | Behaviour::CaptureLate,
            ) => Status::Held,
            Some(Behaviour::Declined) => declined(DeclineCode::Declined),
            Some(Behaviour::InsufficientFunds) => declined(DeclineCode::InsufficientFunds),
            Some(Behaviour::Expired) => declined(DeclineCode::ExpiredCard),
            Some(Behaviour::ThreeDs) => Status::ThreeDsRequired {
                challenge: request.challenge,
            },
            Some(Behaviour::ProcessorDown) => {
                return Err(Refusal::new(
                    Kind::Unavailable,
                    "unavailable",
                    "the processor is down for this card",
                ));
            }
        };
        Ok(Some(Event::Authorised {
            reference: request.reference,
            token: request.token,
            amount: request.amount,
            status,
        }))
    }

    pub fn answer_challenge(
        &self,
        challenge: &str,
        approve: bool,
    ) -> Result<Option<Event>, Refusal> {
        let authorisation = self.find_challenge(challenge)?;
        match authorisation.status {
            Status::ThreeDsRequired { .. } => Ok(Some(Event::ChallengeAnswered {
                challenge: challenge.to_owned(),
                approve,
            })),
            Status::Held | Status::Captured if approve => Ok(None),
            Status::Declined { .. } if !approve => Ok(None),
            _ => Err(Refusal::conflict(
                "answered",
                "this payment was answered already",
            )),
        }
    }

    pub fn capture(&self, reference: &str, amount: Money) -> Result<Option<Event>, Refusal> {
        let authorisation = self.find(reference)?;
        let covered = amount.fiat() == authorisation.amount.fiat()
            && amount.minor() > 0
            && amount.minor() <= authorisation.amount.minor();
        match authorisation.status {
            Status::Held
                if covered && authorisation.behaviour != Some(Behaviour::CaptureRefused) =>
            {
                Ok(Some(Event::Captured {
                    reference: reference.to_owned(),
                    amount,
                }))
            }
            Status::Captured if amount == authorisation.captured => Ok(None),
            _ => Err(Refusal::conflict(
                "not_capturable",
                "this amount cannot be captured here",
            )),
        }
    }

    /// Whether the answer to this call is lost, which was carried out.
    pub fn answers_late(&self, reference: &str, late: Behaviour) -> bool {
        let found = self.authorisations.get(reference);
        found.is_some_and(|found| found.behaviour == Some(late))
    }

    /// Too late, it changes nothing; the answer's status says so.
    pub fn void(&self, reference: &str) -> Result<Option<Event>, Refusal> {
        match self.find(reference)?.status {
            Status::Held | Status::ThreeDsRequired { .. } => Ok(Some(Event::Voided {
                reference: reference.to_owned(),
            })),
            Status::Voided | Status::Captured => Ok(None),
            Status::Declined { .. } => Err(Refusal::conflict(
                "not_voidable",
                "a declined payment holds nothing",
            )),
        }
    }

    pub fn refund(
        &self,
        reference: &str,
        refund_reference: &str,
        amount: Money,
    ) -> Result<Option<Event>, Refusal> {
        let authorisation = self.find(reference)?;
        match authorisation.refunds.get(refund_reference) {
            Some(known) if *known == amount => return Ok(None),
            Some(_) => {
                return Err(Refusal::conflict(
                    "reference_reused",
                    "this refund was made with another amount",
                ));
            }
            None => {}
        }
        if refund_reference.is_empty() || amount.minor() == 0 {
            return Err(Refusal::invalid("a refund needs a reference and an amount"));
        }
        if authorisation.status != Status::Captured {
            return Err(Refusal::conflict(
                "not_captured",
                "there is nothing to give back",
            ));
        }
        if amount.minor() > authorisation.refundable(self.disputed(reference)) {
            return Err(Refusal::conflict(
                "refund_too_large",
                "refunds would exceed what was captured and is not disputed",
            ));
        }
        Ok(Some(Event::Refunded {
            reference: reference.to_owned(),
            refund_reference: refund_reference.to_owned(),
            amount,
        }))
    }

    fn apply_authorised(&mut self, reference: &str, token: &str, amount: Money, status: &Status) {
        // A refused token, somebody else's perhaps, tells nothing about its card.
        let refused = matches!(
            status,
            Status::Declined {
                code: DeclineCode::TokenInvalid
            }
        );
        let used = self.tokens.get_mut(token).filter(|_| !refused);
        let behaviour = used.map(|token| {
            token.used = true;
            (token.behaviour, token.card.clone(), token.expires)
        });
        if let Status::ThreeDsRequired { challenge } = status {
            self.challenges
                .insert(challenge.clone(), reference.to_owned());
        }
        let nothing = Money::new(amount.fiat(), 0);
        let authorisation = Authorisation {
            reference: reference.to_owned(),
            token: token.to_owned(),
            amount,
            status: status.clone(),
            captured: nothing,
            refunds: BTreeMap::new(),
            refunded: nothing,
            liability_shift: *status == Status::Held,
            behaviour: behaviour.as_ref().map(|(behaviour, _, _)| *behaviour),
            expires: behaviour.as_ref().and_then(|(_, _, expires)| *expires),
            card: behaviour.map(|(_, card, _)| card),
        };
        self.authorisations
            .insert(reference.to_owned(), authorisation);
    }

    fn apply_refunded(&mut self, reference: &str, refund: &str, amount: Money) {
        if let Some(authorisation) = self.authorisations.get_mut(reference)
            && let Ok(sum) = authorisation.refunded.checked_add(amount)
        {
            authorisation.refunded = sum;
            authorisation.refunds.insert(refund.to_owned(), amount);
            self.report_add(refund, ReportKind::Refund, amount);
        }
    }

    fn apply_answer(&mut self, challenge: &str, approve: bool) {
        let reference = self.challenges.get(challenge);
        let found = reference.and_then(|reference| self.authorisations.get_mut(reference));
        if let Some(authorisation) = found {
            authorisation.liability_shift = approve;
            authorisation.status = if approve {
                Status::Held
            } else {
                Status::Declined {
                    code: DeclineCode::ThreeDsFailed,
                }
            };
        }
    }
}

impl Machine for Cards {
    type Event = Event;

    fn apply(&mut self, event: &Event) {
        match event {
            Event::TokenMade {
                token,
                card,
                behaviour,
                expires,
                expires_at,
            } => {
                let made = Token {
                    card: card.clone(),
                    behaviour: *behaviour,
                    expires: *expires,
                    expires_at: *expires_at,
                    used: false,
                };
                self.tokens.insert(token.clone(), made);
            }
            Event::Authorised {
                reference,
                token,
                amount,
                status,
            } => self.apply_authorised(reference, token, *amount, status),
            Event::ChallengeAnswered { challenge, approve } => {
                self.apply_answer(challenge, *approve);
            }
            Event::Captured { reference, amount } => {
                self.report_add(reference, ReportKind::Capture, *amount);
                if let Some(authorisation) = self.authorisations.get_mut(reference) {
                    authorisation.status = Status::Captured;
                    authorisation.captured = *amount;
                }
            }
            Event::Voided { reference } => {
                if let Some(authorisation) = self.authorisations.get_mut(reference) {
                    authorisation.status = Status::Voided;
                }
            }
            Event::Disputed {
                id,
                reference,
                amount,
                stage,
                due,
            } => {
                let names = (id.clone(), reference.clone());
                self.apply_disputed(Dispute::new(names, *amount, *stage, *due));
            }
            Event::DisputeMoved { id, stage } => self.apply_dispute_moved(id, *stage),
            Event::CardKept { token, id } => self.apply_kept(token, id),
            Event::CardStored { reference, id } => self.apply_stored(reference, id),
            Event::StoredKeyMade {
                key,
                card,
                expires_at,
            } => self.apply_key(key, card, *expires_at),
            Event::CardForgotten { id } => self.apply_forgotten(id),
            Event::PaidOut {
                reference,
                card_id,
                amount,
                outcome,
            } => self.apply_payout(reference, card_id, *amount, *outcome),
            Event::PayoutBounced { reference } => self.apply_bounced(reference),
            Event::Refunded {
                reference,
                refund_reference,
                amount,
            } => self.apply_refunded(reference, refund_reference, *amount),
        }
    }
}

#[cfg(test)]
mod tests;
