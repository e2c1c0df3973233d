//! What two operators decide about a case that waits for people.

use super::{Case, CaseRefusal, CaseState, Draft, Settlement, Step, executing};
use crate::{
    ledger,
    operator::{Count, Voice, count},
    order::{EventKind, RETURNING_SECONDS_MAX},
    transfer::Sending,
};
use serde::{Deserialize, Serialize};
use serde_json::json;

/// What may be wanted of a case under review.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CaseRuling {
    /// Go on, with new time; a return that is proven dead is tried again under a new intent.
    Approve,
    /// It cannot be given back: what is owed is kept apart until its owner turns up.
    WriteOff,
}

impl CaseRuling {
    pub const ALL: [Self; 2] = [Self::Approve, Self::WriteOff];

    pub const fn name(self) -> &'static str {
        match self {
            Self::Approve => "approve",
            Self::WriteOff => "write_off",
        }
    }
}

const IN_FLIGHT: &str =
    "The return may still arrive; only signer or chain can prove that it will not.";
const GONE: &str =
    "The deposit is gone after its payout. It ends by itself if it comes back; else write it off.";
const NOT_FINAL: &str =
    "The deposit is not final; the chain decides whether there is anything to write off.";

impl Case {
    /// What two operators could decide now; nothing where the case does not wait for them.
    pub fn rulings(&self) -> Vec<CaseRuling> {
        let CaseState::InReview { from, .. } = &self.state else {
            return Vec::new();
        };
        let possible = |ruling: &CaseRuling| allowed(from, *ruling).is_ok();
        CaseRuling::ALL.into_iter().filter(possible).collect()
    }
}

fn allowed(from: &CaseState, ruling: CaseRuling) -> Result<(), CaseRefusal> {
    match (ruling, from) {
        (CaseRuling::Approve, CaseState::Gone) => Err(CaseRefusal::Ruling(GONE)),
        (CaseRuling::Approve, _)
        | (CaseRuling::WriteOff, CaseState::Executing { sending: None, .. } | CaseState::Gone) => {
            Ok(())
        }
        (CaseRuling::WriteOff, CaseState::Executing { .. }) => Err(CaseRefusal::Ruling(IN_FLIGHT)),
        (
            CaseRuling::WriteOff,
            CaseState::Open { .. }
            | CaseState::AwaitingUser { .. }
            | CaseState::InReview { .. }
            | CaseState::Settled(_),
        ) => Err(CaseRefusal::Ruling(NOT_FINAL)),
    }
}

impl Draft {
    pub(super) fn rule(&mut self, ruling: CaseRuling, voice: Voice) -> Step {
        let CaseState::InReview { from, proposal, .. } = &self.case.state else {
            return Err(CaseRefusal::WrongState);
        };
        let from = (**from).clone();
        // Refused to the first person already, not only to the second.
        allowed(&from, ruling)?;
        let said = json!({
            "case_id": self.case.id, "act": ruling.name(), "by": voice.by, "reason": voice.reason,
        });
        match count(proposal.as_ref(), ruling, voice, self.now) {
            Count::Alone => return Err(CaseRefusal::SecondPerson),
            Count::Proposed(wish) => {
                if let CaseState::InReview { proposal, .. } = &mut self.case.state {
                    *proposal = Some(wish);
                }
                self.events.push((EventKind::ReviewProposed, said));
            }
            Count::Agreed { .. } => {
                self.events.push((EventKind::ReviewEnded, said));
                self.carry_out(ruling, from)?;
            }
        }
        Ok(())
    }

    fn carry_out(&mut self, ruling: CaseRuling, from: CaseState) -> Step {
        if self.case.freeze.frozen.is_some() {
            let entry = ledger::thaw(self.case.order, self.case.amount)?;
            self.entries.push(entry);
            self.case.freeze.clear();
        }
        match ruling {
            CaseRuling::Approve => self.case.state = self.with_new_time(from),
            CaseRuling::WriteOff => {
                // What is gone was booked as our loss when it went.
                if from != CaseState::Gone {
                    let entry = ledger::write_off(self.case.order, self.case.amount)?;
                    self.entries.push(entry);
                }
                self.settle(Settlement::WrittenOff);
            }
        }
        Ok(())
    }

    fn with_new_time(&self, from: CaseState) -> CaseState {
        let deadline = self.now.plus_seconds(RETURNING_SECONDS_MAX);
        match from {
            CaseState::Open { confirmations, .. } => CaseState::Open {
                confirmations,
                deadline,
            },
            CaseState::Executing {
                sending: Some(sending),
                attempt,
                ..
            } => CaseState::Executing {
                sending: Some(Box::new(Sending {
                    deadline,
                    ..*sending
                })),
                attempt,
                deadline,
            },
            CaseState::Executing {
                sending: None,
                attempt,
                ..
            } => executing(self.now, attempt),
            other @ (CaseState::AwaitingUser { .. }
            | CaseState::Gone
            | CaseState::InReview { .. }
            | CaseState::Settled(_)) => other,
        }
    }
}
