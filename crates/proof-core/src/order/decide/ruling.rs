//! What operators decide about an order that waits for people: two of them, each with a reason.
//!
//! They may let it go on, send the money back, or send the coins back. They may not guess: where a
//! payment or a transfer may still arrive, its order turns round by proof only.

use super::{Draft, Refusal, Step};
use crate::{
    ledger,
    operator::{Count, Voice, count},
    order::{
        Authorising, CAPTURING_SECONDS_MAX, DELIVERING_SECONDS_MAX, DEPOSIT_CONFIRMED_SECONDS_MAX,
        DEPOSIT_LOST_SECONDS_MAX, DEPOSIT_SEEN_SECONDS_MAX, EventKind, FailReason, InReview, Order,
        PAID_SECONDS_MAX, PAYING_OUT_SECONDS_MAX, PayingOut, REFUNDING_SECONDS_MAX,
        RETURNING_SECONDS_MAX, ReturnReason, Returning, State, VOIDING_SECONDS_MAX, VoidReason,
        Voiding,
    },
    time::Timestamp,
    transfer::Sending,
};
use serde::{Deserialize, Serialize};
use serde_json::json;

/// What may be wanted of an order under review.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(tag = "act", rename_all = "snake_case")]
pub enum Ruling {
    /// Go on from where it stopped, with new time.
    Approve,
    /// A buy: the hold is given back, or the money.
    Refund,
    /// A buy whose refund the provider refused: the money went back by bank.
    RefundedByBank { transfer: String },
    /// A sell: the crypto goes back to the refund address.
    Return,
}

impl Ruling {
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Approve => "approve",
            Self::Refund => "refund",
            Self::RefundedByBank { .. } => "refunded_by_bank",
            Self::Return => "return",
        }
    }
}

const IN_FLIGHT: &str = "The transfer may still arrive. The order turns round by itself once signer or chain prove that it cannot.";
const PAYOUT_CALLED: &str = "The provider may have paid. The order turns round by itself if the provider answers that it did not.";
const PEOPLE_ELSEWHERE: &str = "The identity provider's reviewer decides about this person.";
const BY_ITSELF: &str = "This review ends by itself as soon as the chain can be asked again.";
const NOT_THIS: &str =
    "That is not possible from where the order stands; `proof order show` says what is.";
const DISPUTED: &str =
    "The cardholder disputes the payment; nothing is decided here until the dispute has ended.";
const NOT_REFUSED: &str = "The provider has not refused the refund; it may still be made.";

impl Draft {
    pub(super) fn rule(&mut self, ruling: Ruling, voice: Voice) -> Step {
        let State::InReview(review) = &self.order.state else {
            return Err(Refusal::WrongState);
        };
        let mut review = (**review).clone();
        // Refused to the first person already, not only to the second.
        let next = self.ruled(&review.from, &ruling)?;
        let said = json!({
            "act": ruling.name(), "by": voice.by, "reason": voice.reason,
        });
        match count(review.proposal.as_ref(), ruling.clone(), voice, self.now) {
            Count::Alone => return Err(Refusal::SecondPerson),
            Count::Proposed(proposal) => {
                review.proposal = Some(proposal);
                self.event(EventKind::ReviewProposed, said);
                self.order.state = State::InReview(Box::new(review));
            }
            Count::Agreed { .. } => {
                self.event(EventKind::ReviewEnded, said);
                self.restart_clock(&review);
                self.thaw(&review.from)?;
                self.carry_out(ruling, next, &review)?;
            }
        }
        Ok(())
    }

    /// The state that a ruling leads to, or why it may not be made.
    fn ruled(&self, from: &State, ruling: &Ruling) -> Result<State, Refusal> {
        let money_waits = matches!(from, State::Paid { .. } | State::Refunding { .. });
        if money_waits && self.order.takings.is_disputed() {
            return Err(Refusal::Ruling(DISPUTED));
        }
        match ruling {
            Ruling::Approve => self.approved(from),
            Ruling::Refund => self.refund_ordered(from),
            Ruling::Return => self.return_ordered(from),
            Ruling::RefundedByBank { .. } => {
                let State::Refunding {
                    refused, called, ..
                } = from
                else {
                    return Err(Refusal::Ruling(NOT_THIS));
                };
                let reason = FailReason::Refunded;
                let ended = (*refused && called.is_some()).then_some(State::Failed { reason });
                ended.ok_or(Refusal::Ruling(NOT_REFUSED))
            }
        }
    }

    /// The same step, with new time; a risk review is answered.
    fn approved(&self, from: &State) -> Result<State, Refusal> {
        let within = |seconds| self.in_seconds(seconds);
        Ok(match from {
            State::Authorised { .. } => State::Capturing {
                deadline: within(CAPTURING_SECONDS_MAX),
                hold_seconds: 0,
            },
            // The bank's page is closed by now: the provider is asked what became of it.
            State::Authorising(authorising) => State::Authorising(Authorising {
                deadline: self.now,
                ..authorising.clone()
            }),
            State::Capturing { hold_seconds, .. } => State::Capturing {
                deadline: within(CAPTURING_SECONDS_MAX),
                hold_seconds: *hold_seconds,
            },
            State::Voiding(voiding) => State::Voiding(Voiding {
                deadline: within(VOIDING_SECONDS_MAX),
                ..voiding.clone()
            }),
            State::Paid { .. } => State::Paid {
                deadline: within(PAID_SECONDS_MAX),
                withheld: false,
                held_until: None,
            },
            State::Delivering(sending) => State::Delivering(Sending {
                deadline: within(DELIVERING_SECONDS_MAX),
                ..sending.clone()
            }),
            State::Refunding { called, .. } => State::Refunding {
                deadline: within(REFUNDING_SECONDS_MAX),
                called: *called,
                refused: false,
                withheld: false,
            },
            State::DepositSeen { .. } => State::DepositSeen {
                deadline: within(DEPOSIT_SEEN_SECONDS_MAX),
            },
            State::DepositConfirmed { .. } => State::DepositConfirmed {
                deadline: within(DEPOSIT_CONFIRMED_SECONDS_MAX),
            },
            State::DepositLost { .. } => State::DepositLost {
                deadline: within(DEPOSIT_LOST_SECONDS_MAX),
            },
            State::PayingOut(paying) => State::PayingOut(PayingOut {
                deadline: within(PAYING_OUT_SECONDS_MAX),
                ..*paying
            }),
            State::Returning(returning) => State::Returning(Returning {
                deadline: within(RETURNING_SECONDS_MAX),
                ..returning.clone()
            }),
            State::Created => return Err(Refusal::Ruling(PEOPLE_ELSEWHERE)),
            State::AwaitingDeposit => return Err(Refusal::Ruling(BY_ITSELF)),
            State::AwaitingPayment { .. }
            | State::AwaitingTerms { .. }
            | State::AwaitingChoice { .. }
            | State::InReview(_)
            | State::Completed { .. }
            | State::Failed { .. }
            | State::Cancelled
            | State::Expired => return Err(Refusal::Ruling(NOT_THIS)),
        })
    }

    fn refund_ordered(&self, from: &State) -> Result<State, Refusal> {
        // Whether the money is held or taken meanwhile: the void finds out.
        if let State::Authorised { .. } | State::Capturing { .. } = from {
            return Ok(State::Voiding(Voiding {
                why: VoidReason::Failed(FailReason::PaymentRefused),
                deadline: self.in_seconds(VOIDING_SECONDS_MAX),
            }));
        }
        // No transfer was planned, so nothing can have been signed.
        if let State::Paid { .. } = from {
            return Ok(State::Refunding {
                deadline: self.in_seconds(REFUNDING_SECONDS_MAX),
                called: None,
                refused: false,
                withheld: false,
            });
        }
        let in_flight = matches!(from, State::Delivering(_));
        Err(Refusal::Ruling(if in_flight {
            IN_FLIGHT
        } else {
            NOT_THIS
        }))
    }

    fn return_ordered(&self, from: &State) -> Result<State, Refusal> {
        let called = if let State::PayingOut(paying) = from {
            paying.called
        } else if let State::DepositConfirmed { .. } = from {
            false
        } else {
            return Err(Refusal::Ruling(NOT_THIS));
        };
        if called {
            return Err(Refusal::Ruling(PAYOUT_CALLED));
        }
        Ok(State::Returning(Returning {
            why: ReturnReason::Reviewed,
            amount: self.order.amount,
            sending: None,
            attempt: 1,
            deadline: self.in_seconds(RETURNING_SECONDS_MAX),
        }))
    }

    fn carry_out(&mut self, ruling: Ruling, next: State, review: &InReview) -> Step {
        match ruling {
            Ruling::Approve => {}
            Ruling::Refund => {
                if matches!(review.from, State::Paid { .. }) {
                    return self.start_refund();
                }
            }
            Ruling::Return => {
                let body = json!({
                    "reason": ReturnReason::Reviewed, "amount": self.order.amount.to_decimal(),
                });
                self.event(EventKind::ReturnStarted, body);
            }
            Ruling::RefundedByBank { transfer } => {
                let State::Refunding {
                    called: Some(total),
                    ..
                } = review.from
                else {
                    return Err(Refusal::WrongState);
                };
                self.order.takings.refund(total.minor())?;
                self.entries
                    .push(ledger::refund_by_bank(self.order.id, total)?);
                let body = json!({ "total": total.to_decimal(), "transfer": transfer });
                self.event(EventKind::RefundedByBank, body);
                return self.taken_back(total);
            }
        }
        self.order.state = next;
        Ok(())
    }
}

/// What two operators could decide about an order now; nothing where it does not wait for them.
pub fn rulings(order: &Order, now: Timestamp) -> Vec<&'static str> {
    let State::InReview(review) = &order.state else {
        return Vec::new();
    };
    let draft = Draft::new(order.clone(), now, false);
    let all = [
        Ruling::Approve,
        Ruling::Refund,
        Ruling::RefundedByBank {
            transfer: String::new(),
        },
        Ruling::Return,
    ];
    let possible = |ruling: &Ruling| draft.ruled(&review.from, ruling).is_ok();
    all.iter()
        .filter(|ruling| possible(ruling))
        .map(Ruling::name)
        .collect()
}
