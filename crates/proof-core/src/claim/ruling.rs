//! What operators decide about a claim. To give money up takes two of them; to contest a dispute
//! takes one, since it gives nothing up and the bank does not wait.

use super::{Answer, Claim, ClaimEnd, ClaimRefusal, ClaimState, Draft, Step};
use crate::{
    ledger,
    operator::{Count, Voice, count},
    order::{EventKind, REFUNDING_SECONDS_MAX, TakingsFact},
    payment::{DisputeStage, Takings},
};
use serde::{Deserialize, Serialize};
use serde_json::json;

#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(tag = "act", rename_all = "snake_case")]
pub enum ClaimRuling {
    /// Give it back, or try again with new time.
    Approve,
    /// The provider refused, or the payout bounced; the money went by bank.
    RefundedByBank {
        transfer: String,
    },
    /// It cannot be given back: what is owed is kept apart until its owner turns up.
    WriteOff,
    /// A refund that only one person wanted.
    Withdraw,
    /// The refund is not made any more: a dispute that was lost has paid it.
    PaidByDispute,
    Contest {
        evidence: String,
    },
    Accept,
}

impl ClaimRuling {
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Approve => "approve",
            Self::RefundedByBank { .. } => "refunded_by_bank",
            Self::WriteOff => "write_off",
            Self::Withdraw => "withdraw",
            Self::PaidByDispute => "paid_by_dispute",
            Self::Contest { .. } => "contest",
            Self::Accept => "accept",
        }
    }

    /// They give nothing up.
    const fn needs_one(&self) -> bool {
        match self {
            Self::Contest { .. } | Self::Withdraw => true,
            Self::Approve
            | Self::RefundedByBank { .. }
            | Self::WriteOff
            | Self::PaidByDispute
            | Self::Accept => false,
        }
    }

    /// Whether its order allows it: while a dispute is open nobody gives back what may go that way.
    pub const fn fits(&self, claim: &Claim, takings: Takings) -> bool {
        match self {
            Self::Approve | Self::RefundedByBank { .. } | Self::WriteOff => !takings.is_disputed(),
            Self::PaidByDispute => takings.lost_beyond() >= claim.amount.minor(),
            Self::Withdraw | Self::Contest { .. } | Self::Accept => true,
        }
    }
}

const NOT_THIS: &str = "That is not possible for this case; `proof case show` says what is.";
const NOT_REFUSED: &str = "The provider has not refused the refund; it may still be made.";

impl Claim {
    /// What operators could decide now; nothing where it does not wait for them.
    pub fn rulings(&self) -> Vec<&'static str> {
        let all = [
            ClaimRuling::Approve,
            ClaimRuling::RefundedByBank {
                transfer: String::new(),
            },
            ClaimRuling::WriteOff,
            ClaimRuling::Withdraw,
            ClaimRuling::PaidByDispute,
            ClaimRuling::Contest {
                evidence: String::new(),
            },
            ClaimRuling::Accept,
        ];
        let possible = |ruling: &&ClaimRuling| self.allowed(ruling).is_ok();
        all.iter().filter(possible).map(ClaimRuling::name).collect()
    }

    fn allowed(&self, ruling: &ClaimRuling) -> Result<(), ClaimRefusal> {
        let ClaimState::InReview { from, .. } = &self.state else {
            return Err(ClaimRefusal::WrongState);
        };
        let possible = match (ruling, &**from) {
            (ClaimRuling::Approve, ClaimState::Refunding { .. } | ClaimState::Wanted)
            | (ClaimRuling::Withdraw, ClaimState::Wanted)
            | (ClaimRuling::RefundedByBank { .. } | ClaimRuling::WriteOff, ClaimState::Bounced) => {
                true
            }
            (
                ClaimRuling::RefundedByBank { .. }
                | ClaimRuling::WriteOff
                | ClaimRuling::PaidByDispute,
                ClaimState::Refunding { refused, .. },
            ) => {
                return refused
                    .then_some(())
                    .ok_or(ClaimRefusal::Ruling(NOT_REFUSED));
            }
            (
                ClaimRuling::Contest { .. } | ClaimRuling::Accept,
                ClaimState::Disputed { stage, .. },
            ) => match stage {
                DisputeStage::Inquiry | DisputeStage::Opened | DisputeStage::EvidenceDue => true,
                DisputeStage::Submitted
                | DisputeStage::Won
                | DisputeStage::Lost
                | DisputeStage::Accepted
                | DisputeStage::Closed => false,
            },
            (
                ClaimRuling::Approve
                | ClaimRuling::RefundedByBank { .. }
                | ClaimRuling::WriteOff
                | ClaimRuling::Withdraw
                | ClaimRuling::PaidByDispute
                | ClaimRuling::Contest { .. }
                | ClaimRuling::Accept,
                _,
            ) => false,
        };
        possible.then_some(()).ok_or(ClaimRefusal::Ruling(NOT_THIS))
    }
}

impl Draft {
    pub(super) fn rule(&mut self, ruling: ClaimRuling, voice: Voice) -> Step {
        self.claim.allowed(&ruling)?;
        let said = json!({
            "case_id": self.claim.id, "act": ruling.name(), "by": voice.by, "reason": voice.reason,
        });
        let ClaimState::InReview { from, proposal, .. } = &mut self.claim.state else {
            return Err(ClaimRefusal::WrongState);
        };
        if !ruling.needs_one() {
            match count(proposal.as_ref(), ruling.clone(), voice, self.now) {
                Count::Alone => return Err(ClaimRefusal::SecondPerson),
                Count::Proposed(new) => {
                    *proposal = Some(new);
                    self.events.push((EventKind::ReviewProposed, said));
                    return Ok(());
                }
                Count::Agreed { .. } => {}
            }
        }
        self.events.push((EventKind::ReviewEnded, said));
        let from = (**from).clone();
        self.carry_out(ruling, from)
    }

    fn carry_out(&mut self, ruling: ClaimRuling, from: ClaimState) -> Step {
        let (order, amount) = (self.claim.order, self.claim.amount);
        match ruling {
            ClaimRuling::Approve => {
                if let ClaimState::Wanted = from {
                    self.entries.push(ledger::concede(order, amount)?);
                }
                self.claim.state = ClaimState::Refunding {
                    deadline: self.now.plus_seconds(REFUNDING_SECONDS_MAX),
                    refused: false,
                };
            }
            ClaimRuling::RefundedByBank { transfer } => {
                self.entries.push(ledger::refund_by_bank(order, amount)?);
                self.settle(ClaimEnd::RefundedByBank { transfer });
            }
            ClaimRuling::WriteOff => {
                self.entries.push(ledger::keep_apart(order, amount)?);
                self.settle(ClaimEnd::KeptApart);
            }
            ClaimRuling::Withdraw => {
                self.facts.push(TakingsFact::RefundDropped(amount));
                self.settle(ClaimEnd::Withdrawn);
            }
            ClaimRuling::PaidByDispute => {
                self.entries.push(ledger::forfeit(order, amount)?);
                self.facts.push(TakingsFact::PaidByDispute(amount));
                self.settle(ClaimEnd::PaidByDispute);
            }
            ClaimRuling::Contest { evidence } => self.say(from, Answer::Contest { evidence })?,
            ClaimRuling::Accept => self.say(from, Answer::Accept)?,
        }
        Ok(())
    }

    fn say(&mut self, from: ClaimState, said: Answer) -> Step {
        let ClaimState::Disputed {
            stage,
            due,
            withheld,
            ..
        } = from
        else {
            return Err(ClaimRefusal::WrongState);
        };
        self.claim.state = ClaimState::Disputed {
            stage,
            due,
            withheld,
            answer: Some(said),
        };
        Ok(())
    }
}
