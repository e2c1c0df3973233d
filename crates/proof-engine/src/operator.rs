//! What operators see of an order, and what two of them decide. Only for them: nothing here is
//! scoped to a partner.

use crate::{
    ApiError, Engine,
    case::case_apply,
    error::refused,
    order::{SaveIds, apply},
};
use proof_core::{
    case::{Case, CaseCommand, CaseRuling, CaseState},
    id::{CaseId, OrderId},
    operator::{OperatorName, Proposal, Voice},
    order::{Command, Order, Ruling, State, rulings},
};
use proof_store::{Failure, OrderPosting, Tx};
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// An order has a few dozen events, a few entries and hardly ever a case.
const EVENTS_MAX: i64 = 500;
const POSTINGS_MAX: i64 = 500;
const CASES_MAX: i64 = 100;

/// A reason is read by a person: long enough to say why, short enough to be read.
const REASON_LENGTH_MAX: usize = 500;

/// Facts of a state that nobody needs to see: they pay, or name a card.
const SECRET_FACTS: [&str; 2] = ["card_token", "payout_token"];

/// An order that waits for people, in one line.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct OrderListed {
    pub order: OrderId,
    pub side: String,
    pub amount: String,
    pub stopped_in: String,
    pub why: String,
    pub since: String,
    /// What one operator wants already, and who.
    pub proposed: Option<String>,
}

/// The whole story of one order.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct OrderStory {
    pub order: OrderId,
    pub status: String,
    pub state: String,
    /// What two operators could decide now.
    pub rulings: Vec<String>,
    /// When somebody looks at it next, by itself.
    pub looks_again_at: Option<String>,
    pub facts: Value,
    pub events: Vec<StoryEvent>,
    pub postings: Vec<StoryPosting>,
    pub cases: Vec<StoryCase>,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct StoryEvent {
    pub sequence: i64,
    pub at: String,
    pub kind: String,
    pub body: Value,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct StoryPosting {
    pub at: String,
    pub entry: String,
    pub account: String,
    /// Debit positive, in base units.
    pub amount: String,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct StoryCase {
    pub case: String,
    pub kind: String,
    pub state: String,
    pub amount: String,
}

/// A case that waits for people, or its story.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct CaseStory {
    pub case: CaseId,
    pub order: OrderId,
    pub kind: String,
    pub amount: String,
    pub refund_address: String,
    pub state: String,
    pub why: String,
    /// What one operator wants already, and who.
    pub proposed: Option<String>,
    /// What two operators could decide now.
    pub rulings: Vec<String>,
}

/// What one operator's word did.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Ruled {
    /// Kept; a second operator has to say the same.
    Proposed,
    /// Two agree: it is done.
    Done,
}

impl Engine {
    /// What waits for people, the longest first.
    pub async fn order_reviewed(&self) -> Result<Vec<OrderListed>, ApiError> {
        let orders: Vec<Order> = self
            .db
            .read("order_reviewed", |tx: &mut Tx| {
                Box::pin(async move { Ok::<_, Failure<ApiError>>(tx.order_reviewed().await?) })
            })
            .await?;
        Ok(orders.iter().filter_map(listed).collect())
    }

    pub async fn order_story(&self, id: OrderId) -> Result<OrderStory, ApiError> {
        let now = self.now();
        self.db
            .read("order_story", move |tx: &mut Tx| {
                Box::pin(async move {
                    let order = tx.order_work(id).await?.ok_or_else(gone)?.order;
                    let events = tx.event_list(id, 0, EVENTS_MAX).await?;
                    let events = events.into_iter().map(|event| StoryEvent {
                        sequence: event.sequence,
                        at: event.occurred_at.to_contract(),
                        kind: event.kind,
                        body: event.body,
                    });
                    let postings = tx.ledger_of_order(id, POSTINGS_MAX).await?;
                    let cases = tx.case_of_order(id, CASES_MAX).await?;
                    let cases = cases.iter().map(|case| StoryCase {
                        case: case.id.to_string(),
                        kind: case.kind.name().to_owned(),
                        state: case.state.name().to_owned(),
                        amount: money(case.amount),
                    });
                    Ok::<_, Failure<ApiError>>(OrderStory {
                        order: id,
                        status: order.status().name().to_owned(),
                        state: state_name(&order.state),
                        rulings: rulings(&order, now)
                            .into_iter()
                            .map(str::to_owned)
                            .collect(),
                        looks_again_at: order.wake_at(now).map(|at| at.to_contract()),
                        facts: facts(&order),
                        events: events.collect(),
                        postings: postings.into_iter().map(story_posting).collect(),
                        cases: cases.collect(),
                    })
                })
            })
            .await
            .map_err(ApiError::from)
    }

    /// One operator's word about an order that waits for people. That `by` is who they say is for
    /// the caller to know.
    pub async fn order_rule(
        &self,
        id: OrderId,
        ruling: Ruling,
        by: OperatorName,
        reason: String,
    ) -> Result<Ruled, ApiError> {
        let reason = reason_of(&reason)?;
        tracing::info!(order = %id, operator = %by, act = ruling.name(), "an operator rules");
        let command = Command::Rule {
            ruling,
            voice: Voice { by, reason },
        };
        let ids = SaveIds::new(self, self.now());
        let order: Order = self
            .db
            .write("order_rule", move |tx: &mut Tx| {
                let (ids, command) = (ids.clone(), command.clone());
                Box::pin(async move {
                    let stored = tx.order_lock(id).await?.ok_or_else(gone)?;
                    apply(tx, stored, command, &ids).await
                })
            })
            .await?;
        Ok(match &order.state {
            State::InReview(review) if review.proposal.is_some() => Ruled::Proposed,
            _ => Ruled::Done,
        })
    }
}

impl Engine {
    /// Cases that wait for people, the oldest first.
    pub async fn case_reviewed(&self) -> Result<Vec<CaseStory>, ApiError> {
        let cases = self
            .db
            .read("case_reviewed", |tx: &mut Tx| {
                Box::pin(async move { Ok::<_, Failure<ApiError>>(tx.case_reviewed().await?) })
            })
            .await?;
        Ok(cases.iter().map(case_story).collect())
    }

    pub async fn case_story(&self, id: CaseId) -> Result<CaseStory, ApiError> {
        let case = self
            .db
            .read("case_load", move |tx: &mut Tx| {
                Box::pin(async move { tx.case_work(id).await?.ok_or_else(no_case) })
            })
            .await?;
        Ok(case_story(&case.case))
    }

    /// One operator's word about a case that waits for people.
    pub async fn case_rule(
        &self,
        id: CaseId,
        ruling: CaseRuling,
        by: OperatorName,
        reason: String,
    ) -> Result<Ruled, ApiError> {
        let reason = reason_of(&reason)?;
        tracing::info!(case = %id, operator = %by, act = ruling.name(), "an operator rules");
        let voice = Voice { by, reason };
        let ids = SaveIds::new(self, self.now());
        let case = self
            .db
            .write("case_rule", move |tx: &mut Tx| {
                let (ids, voice) = (ids.clone(), voice.clone());
                Box::pin(async move {
                    let order = tx.case_work(id).await?.ok_or_else(no_case)?.case.order;
                    let command = CaseCommand::Rule { ruling, voice };
                    case_apply(tx, order, id, command, &ids).await
                })
            })
            .await?;
        Ok(match &case.state {
            CaseState::InReview {
                proposal: Some(_), ..
            } => Ruled::Proposed,
            _ => Ruled::Done,
        })
    }
}

fn case_story(case: &Case) -> CaseStory {
    let (why, proposed) = match &case.state {
        CaseState::InReview {
            reason, proposal, ..
        } => (reason.clone(), proposal.as_ref()),
        _ => (String::new(), None),
    };
    let wish = |p: &Proposal<CaseRuling>| {
        format!("{} by {}: {}", p.act.name(), p.voice.by, p.voice.reason)
    };
    let rulings = case.rulings();
    CaseStory {
        case: case.id,
        order: case.order,
        kind: case.kind.name().to_owned(),
        amount: money(case.amount),
        refund_address: case.refund.to_string(),
        state: case.state.name().to_owned(),
        why,
        proposed: proposed.map(wish),
        rulings: rulings.iter().map(|r| r.name().to_owned()).collect(),
    }
}

/// A reason is said by a person, for another one.
fn reason_of(text: &str) -> Result<String, ApiError> {
    let reason = text.trim();
    if reason.is_empty() || reason.len() > REASON_LENGTH_MAX {
        let code = proof_core::ErrorCode::ValidationError;
        let message = format!("Say why, in 1 to {REASON_LENGTH_MAX} bytes.");
        return Err(ApiError::field(code, "reason", message));
    }
    Ok(reason.to_owned())
}

fn no_case() -> Failure<ApiError> {
    let code = proof_core::ErrorCode::NotFound;
    refused(ApiError::new(code, "No case has this id."))
}

fn gone() -> Failure<ApiError> {
    let code = proof_core::ErrorCode::NotFound;
    refused(ApiError::new(code, "No order has this id."))
}

fn listed(order: &Order) -> Option<OrderListed> {
    let State::InReview(review) = &order.state else {
        return None;
    };
    Some(OrderListed {
        order: order.id,
        side: order.side.name().to_owned(),
        amount: money(order.amount),
        stopped_in: review.from.name().to_owned(),
        why: review.reason.clone(),
        since: review.since.to_contract(),
        proposed: review
            .proposal
            .as_ref()
            .map(|p| format!("{} by {}: {}", p.act.name(), p.voice.by, p.voice.reason)),
    })
}

fn state_name(state: &State) -> String {
    match state {
        State::InReview(review) => format!("in_review from {}", review.from.name()),
        other => other.name().to_owned(),
    }
}

fn money(amount: proof_core::money::Amount) -> String {
    format!("{} {}", amount.to_decimal(), amount.asset())
}

fn story_posting(posting: OrderPosting) -> StoryPosting {
    StoryPosting {
        at: posting.posted_at.to_contract(),
        entry: posting.kind,
        account: posting.account,
        amount: posting.amount.to_string(),
    }
}

/// All that is known of an order but what nobody may see.
fn facts(order: &Order) -> Value {
    let mut facts = serde_json::to_value(order).unwrap_or_default();
    redact(&mut facts);
    facts
}

fn redact(value: &mut Value) {
    match value {
        Value::Object(fields) => {
            for (name, field) in fields {
                if SECRET_FACTS.contains(&name.as_str()) {
                    *field = Value::from("…");
                } else {
                    redact(field);
                }
            }
        }
        Value::Array(items) => items.iter_mut().for_each(redact),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}
