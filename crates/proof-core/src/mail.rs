//! What is written to users: that something waits for them, once more at half time, and how it ended.
//!
//! What is to be written follows from an order or a case before and after a step, and is saved with
//! that step. What a letter says is made when it is sent; whether it still has anything to say, too.

mod text;
mod words;

pub use text::{Finished, Sender, Text};

use crate::{
    case::{Case, CaseState, Settlement},
    claim::{Claim, ClaimEnd, ClaimKind, ClaimState},
    id::{CaseId, OrderId},
    money::{Amount, Money},
    order::{Order, State},
    time::Timestamp,
};
use serde::{Deserialize, Serialize};

/// Pauses after tries that failed. A letter that was not taken after all of them says little that
/// is still true.
const PAUSES_SECONDS: [i64; 7] = [5, 30, 120, 600, 3_600, 4 * 3_600, 4 * 3_600];

/// How long to wait after so many tries; `None`: it was tried often enough.
pub fn pause_after(tries: i64) -> Option<i64> {
    let index = usize::try_from(tries.checked_sub(1)?).ok()?;
    PAUSES_SECONDS.get(index).copied()
}

/// Something that waits for its user.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Wait {
    pub awaited: Awaited,
    /// Then it goes on without them.
    pub until: Timestamp,
}

#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(tag = "awaited", rename_all = "snake_case")]
pub enum Awaited {
    /// A part of a sell's deposit is there.
    Rest { received: Amount, missing: Amount },
    /// The price of a sell has moved.
    Choice { amount: Amount, agreed: Money },
    /// Crypto came when its order was over.
    Late { case: CaseId, amount: Amount },
}

/// How a wait ended.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(tag = "ending", rename_all = "snake_case")]
pub enum Ending {
    /// All of the deposit is there.
    Complete {
        amount: Amount,
    },
    /// The user took today's price.
    Sold {
        amount: Amount,
        total: Money,
    },
    Returning {
        amount: Amount,
        why: Returned,
    },
    /// The card's bank sent the payout back.
    Bounced {
        total: Money,
    },
    /// What came back went to the user by bank.
    Banked {
        total: Money,
    },
}

#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Returned {
    /// The rest did not come.
    Incomplete,
    Chosen,
    Silence,
}

#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(tag = "letter", rename_all = "snake_case")]
pub enum Letter {
    Waits {
        wait: Wait,
        reminder: bool,
    },
    Ended {
        ending: Ending,
    },
    /// The order was carried out. What it says stands in the order.
    Completed,
    /// The way into the order for another device, as its user wanted it.
    Resume,
    /// The code of a link, which is derived from the letter's own id.
    Code,
    /// The same for somebody who says to be known; it goes only to whom that is true for.
    KnownCode,
    /// The code for somebody whom a shop names with another address than before.
    EmailCode {
        mailbox: Mailbox,
    },
}

/// Whose word is asked for when an address changes.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Mailbox {
    /// The one that was confirmed.
    Former,
    /// The one that the shop names now.
    New,
}

impl Mailbox {
    pub const ALL: [Self; 2] = [Self::Former, Self::New];

    pub const fn name(self) -> &'static str {
        match self {
            Self::Former => "former",
            Self::New => "new",
        }
    }
}

/// A letter that is owed.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Planned {
    /// The order that its link opens.
    pub order: OrderId,
    /// What it is about, so that nothing is told twice.
    pub topic: String,
    pub letter: Letter,
    pub due_at: Timestamp,
}

impl Awaited {
    fn topic(&self, until: Timestamp) -> String {
        match self {
            Self::Rest { received, .. } => format!("rest {}", received.to_decimal()),
            Self::Choice { .. } => format!("choice {}", until.to_contract()),
            Self::Late { case, .. } => format!("late {case}"),
        }
    }
}

impl Order {
    /// What this order wants of its user now.
    pub fn waits(&self) -> Option<Wait> {
        if let State::AwaitingChoice { deadline, .. } = &self.state {
            return Some(Wait {
                awaited: Awaited::Choice {
                    amount: self.amount,
                    agreed: self.price.as_ref()?.total,
                },
                until: *deadline,
            });
        }
        let State::AwaitingDeposit = self.state else {
            return None;
        };
        let sale = self.sale.as_ref()?;
        let received = sale.received()?;
        let missing = self.amount.base().checked_sub(received.base())?;
        Some(Wait {
            awaited: Awaited::Rest {
                received,
                missing: Amount::new(self.amount.asset(), missing),
            },
            until: sale.deposit_until,
        })
    }
}

impl Case {
    /// What this case wants of its user now.
    pub fn waits(&self) -> Option<Wait> {
        let CaseState::AwaitingUser { deadline, .. } = &self.state else {
            return None;
        };
        Some(Wait {
            awaited: Awaited::Late {
                case: self.id,
                amount: self.amount,
            },
            until: *deadline,
        })
    }
}

/// The letters that a step of an order owes.
pub fn order_letters(before: &Order, after: &Order, now: Timestamp) -> Vec<Planned> {
    let mut planned = opened(after.id, before.waits(), after.waits(), now);
    let is_completed = |order: &Order| matches!(order.state, State::Completed { .. });
    if is_completed(after) && !is_completed(before) {
        planned.push(Planned {
            order: after.id,
            topic: "completed".to_owned(),
            letter: Letter::Completed,
            due_at: now,
        });
    }
    if let Some((topic, ending)) = order_ending(before, after, now) {
        planned.push(ended(after.id, topic, ending, now));
    }
    planned
}

/// The letters that a step of a case owes.
pub fn case_letters(before: &Case, after: &Case, now: Timestamp) -> Vec<Planned> {
    let mut planned = opened(after.order, before.waits(), after.waits(), now);
    let CaseState::AwaitingUser { deadline, .. } = before.state else {
        return planned;
    };
    let topic = format!("late {} ended", after.id);
    let amount = after.amount;
    match &after.state {
        CaseState::Executing { .. } => {
            let why = returned(now, deadline);
            let ending = Ending::Returning { amount, why };
            planned.push(ended(after.order, topic, ending, now));
        }
        CaseState::Settled(Settlement::Sold { order, total }) => {
            let total = *total;
            let ending = Ending::Sold { amount, total };
            planned.push(ended(*order, topic, ending, now));
        }
        CaseState::Open { .. }
        | CaseState::Gone
        | CaseState::AwaitingUser { .. }
        | CaseState::InReview { .. }
        | CaseState::Settled(_) => {}
    }
    planned
}

/// The letters that a step of a claim owes: who was paid, and then was not, hears of it.
pub fn claim_letters(before: Option<&Claim>, after: &Claim, now: Timestamp) -> Vec<Planned> {
    if after.kind != ClaimKind::PayoutBounced {
        return Vec::new();
    }
    let (total, id) = (after.amount, after.id);
    let by_bank = |claim: &Claim| {
        matches!(
            claim.state,
            ClaimState::Settled(ClaimEnd::RefundedByBank { .. })
        )
    };
    let (topic, ending) = match before {
        None => (format!("bounced {id}"), Ending::Bounced { total }),
        Some(before) if by_bank(after) && !by_bank(before) => {
            (format!("banked {id}"), Ending::Banked { total })
        }
        Some(_) => return Vec::new(),
    };
    vec![ended(after.order, topic, ending, now)]
}

fn opened(
    order: OrderId,
    before: Option<Wait>,
    after: Option<Wait>,
    now: Timestamp,
) -> Vec<Planned> {
    let Some(wait) = after.filter(|wait| before.as_ref() != Some(wait)) else {
        return Vec::new();
    };
    let topic = wait.awaited.topic(wait.until);
    let half = wait.until.millis_since(now).div_euclid(2);
    let letter = |reminder, due_at| Planned {
        order,
        topic: format!("{topic} {}", if reminder { "half" } else { "opened" }),
        letter: Letter::Waits {
            wait: wait.clone(),
            reminder,
        },
        due_at,
    };
    vec![letter(false, now), letter(true, now.plus_millis(half))]
}

fn ended(order: OrderId, topic: String, ending: Ending, now: Timestamp) -> Planned {
    Planned {
        order,
        topic,
        letter: Letter::Ended { ending },
        due_at: now,
    }
}

/// What came of a wait that was over with this step; a review in between changes nothing.
fn order_ending(before: &Order, after: &Order, now: Timestamp) -> Option<(String, Ending)> {
    let was = if let State::InReview(review) = &before.state {
        &review.from
    } else {
        &before.state
    };
    let amount = after.amount;
    if let State::AwaitingChoice { deadline, .. } = was {
        let ending = if let State::PayingOut(_) = after.state {
            let total = after.price.as_ref()?.total;
            Ending::Sold { amount, total }
        } else if let State::Returning(_) = after.state {
            let why = returned(now, *deadline);
            Ending::Returning { amount, why }
        } else {
            return None;
        };
        return Some(("choice ended".to_owned(), ending));
    }
    let (State::AwaitingDeposit | State::DepositSeen { .. }) = was else {
        return None;
    };
    if !after.sale.as_ref().is_some_and(|sale| sale.rest_asked) {
        return None;
    }
    let ending = if let State::DepositConfirmed { .. } = after.state {
        Ending::Complete { amount }
    } else if let State::Returning(returning) = &after.state {
        Ending::Returning {
            amount: returning.amount,
            why: Returned::Incomplete,
        }
    } else {
        return None;
    };
    Some(("rest ended".to_owned(), ending))
}

fn returned(now: Timestamp, deadline: Timestamp) -> Returned {
    if now < deadline {
        Returned::Chosen
    } else {
        Returned::Silence
    }
}

#[cfg(test)]
mod tests;
