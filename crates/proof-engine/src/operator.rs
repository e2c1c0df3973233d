//! What operators see of an order, and what two of them decide. Only for them: nothing here is
//! scoped to a partner.

use crate::{
    ApiError, Engine,
    audit::audit,
    case::case_apply,
    claim::{CLAIMS_MAX, claim_apply},
    error::refused,
    member::deed,
    order::{SaveIds, apply},
};
use proof_core::{
    Timestamp,
    audit::{Author, Deed},
    case::{Case, CaseCommand, CaseRuling, CaseState},
    claim::{Claim, ClaimCommand, ClaimKind, ClaimOpening, ClaimRuling, ClaimState},
    id::{CaseId, OrderId},
    money::Money,
    operator::{Proposal, Voice},
    order::{Command, Order, Ruling, State, rulings},
};
use proof_store::{Failure, JobKind, OrderPosting, Trouble, Tx};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

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
    /// Why it does not get on, if its last step failed.
    pub trouble: Option<StoryTrouble>,
    pub facts: Value,
    pub events: Vec<StoryEvent>,
    pub postings: Vec<StoryPosting>,
    pub cases: Vec<StoryCase>,
}

/// A step that failed, and is tried again.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct StoryTrouble {
    /// In the words of who refused it.
    pub why: String,
    /// In a row.
    pub tries: i64,
    pub again_at: String,
}

impl From<Trouble> for StoryTrouble {
    fn from(trouble: Trouble) -> Self {
        Self {
            why: trouble.why,
            tries: trouble.attempts,
            again_at: trouble.again_at.to_contract(),
        }
    }
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
    /// What it is about: where crypto goes back to, or which payment.
    pub about: String,
    pub state: String,
    pub why: String,
    pub opened_at: String,
    /// Until when something can be done about it by itself or, of a dispute, by evidence.
    pub due_at: Option<String>,
    /// What one operator wants already, and who.
    pub proposed: Option<String>,
    /// What two operators could decide now.
    pub rulings: Vec<String>,
    /// Why it does not get on, if its last step failed; only where it is asked for by itself.
    #[serde(default)]
    pub trouble: Option<StoryTrouble>,
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
                    let mut trouble = tx.job_trouble(JobKind::Order, id.uuid()).await?;
                    if trouble.is_none() {
                        trouble = tx.job_trouble(JobKind::Delivered, id.uuid()).await?;
                    }
                    let claims = tx.claim_of_order(id, CLAIMS_MAX).await?;
                    let claims = claims.iter().map(|claim| StoryCase {
                        case: claim.id.to_string(),
                        kind: claim.kind.name().to_owned(),
                        state: claim.state.name().to_owned(),
                        amount: fiat_text(claim.amount),
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
                        trouble: trouble.map(StoryTrouble::from),
                        facts: facts(&order),
                        events: events.collect(),
                        postings: postings.into_iter().map(story_posting).collect(),
                        cases: cases.chain(claims).collect(),
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
        author: impl Into<Author>,
        reason: String,
    ) -> Result<Ruled, ApiError> {
        let (author, reason) = (author.into(), reason_of(&reason)?);
        let told = json!({ "ruling": ruling, "reason": reason });
        let by = author.by.clone();
        let deed = deed(author, "order.rule", id.to_string(), told);
        let command = Command::Rule {
            ruling,
            voice: Voice { by, reason },
        };
        let ids = SaveIds::new(self, self.now());
        let order: Order = self
            .db
            .write("order_rule", move |tx: &mut Tx| {
                let (ids, command, mut deed) = (ids.clone(), command.clone(), deed.clone());
                Box::pin(async move {
                    let stored = tx.order_lock(id).await?.ok_or_else(gone)?;
                    deed.before = json!({ "state": stored.order.state.name() });
                    let order = apply(tx, stored, command, &ids).await?;
                    deed.after["state"] = order.state.name().into();
                    audit(tx, &deed, ids.now()).await?;
                    Ok(order)
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
    /// Money goes back: of an order under review as a ruling, of one that has ended as a claim. Two
    /// operators; the second one says the same amount.
    pub async fn order_refund(
        &self,
        id: OrderId,
        amount: Option<&str>,
        author: impl Into<Author>,
        reason: String,
    ) -> Result<Ruled, ApiError> {
        let author = author.into();
        let order = self.order_load(id).await?.order;
        if !order.status().is_terminal() {
            if amount.is_some() {
                return Err(invalid(
                    "amount",
                    "An order that has not ended is refunded as a whole; leave the amount out.",
                ));
            }
            return self.order_rule(id, Ruling::Refund, author, reason).await;
        }
        let left = Money::new(order.fiat, order.takings.left());
        let is_named = amount.is_some();
        let amount = match amount {
            None => left,
            Some(text) => Money::parse(order.fiat, text)
                .map_err(|_| invalid("amount", "An amount is a decimal: 10.00"))?,
        };
        let voice = Voice {
            by: author.by.clone(),
            reason: reason_of(&reason)?,
        };
        let told = json!({ "amount": fiat_text(amount), "reason": voice.reason });
        let deed = deed(author, "order.refund", id.to_string(), told);
        let known = self.claims_of(id).await?;
        let mut wanted = known.iter().filter(|claim| is_wanted(claim));
        // Who names no amount means the refund that is wanted already.
        if let Some(claim) = wanted.find(|claim| !is_named || claim.amount == amount) {
            let command = ClaimCommand::Rule {
                ruling: ClaimRuling::Approve,
                voice,
            };
            return self.claim_rule(claim.id, id, command, deed).await;
        }
        if amount.minor() == 0 || amount.minor() > left.minor() {
            return Err(invalid(
                "amount",
                &format!(
                    "Between 0.01 and {} {} can be given back of this payment.",
                    left.to_decimal(),
                    left.fiat()
                ),
            ));
        }
        let refunds = known.iter().filter(|claim| claim.kind == ClaimKind::Refund);
        let number = u32::try_from(refunds.count()).unwrap_or(u32::MAX);
        let opening = ClaimOpening::Refund {
            number: number.saturating_add(1),
            amount,
            voice,
        };
        let opened = self.claim_begin(id, opening, Some(deed)).await?;
        opened.map(|_| Ruled::Proposed).ok_or_else(|| {
            let message = "The order has moved on meanwhile; look at it again.";
            ApiError::new(proof_core::ErrorCode::WrongState, message)
        })
    }

    /// The refund of an order that has ended which one operator wants.
    pub(crate) async fn refund_proposed(&self, id: OrderId) -> Result<Option<String>, ApiError> {
        let known = self.claims_of(id).await?;
        let wanted = known.iter().find(|claim| is_wanted(claim));
        Ok(wanted.and_then(|claim| claim_story(claim).proposed))
    }

    /// Cases that wait for people, those with the nearest deadline first, then the oldest.
    pub async fn case_reviewed(&self) -> Result<Vec<CaseStory>, ApiError> {
        let (cases, claims) = self
            .db
            .read("case_reviewed", |tx: &mut Tx| {
                Box::pin(async move {
                    let cases = tx.case_reviewed().await?;
                    Ok::<_, Failure<ApiError>>((cases, tx.claim_reviewed().await?))
                })
            })
            .await?;
        let cases = cases.iter().map(case_story);
        let mut all: Vec<CaseStory> = cases.chain(claims.iter().map(claim_story)).collect();
        // Times are written alike, so that their text has their order.
        all.sort_by_key(|one| (one.due_at.is_none(), one.due_at.clone(), one.case));
        Ok(all)
    }

    pub async fn case_story(&self, id: CaseId) -> Result<CaseStory, ApiError> {
        let found = self
            .db
            .read("case_story", move |tx: &mut Tx| {
                Box::pin(async move {
                    let (story, job) = match tx.case_work(id).await? {
                        Some(stored) => (case_story(&stored.case), JobKind::Case),
                        None => {
                            let stored = tx.claim_work(id).await?.ok_or_else(no_case)?;
                            (claim_story(&stored.claim), JobKind::Claim)
                        }
                    };
                    let trouble = tx.job_trouble(job, id.uuid()).await?;
                    let trouble = trouble.map(StoryTrouble::from);
                    Ok::<_, Failure<ApiError>>(CaseStory { trouble, ..story })
                })
            })
            .await?;
        Ok(found)
    }

    /// One operator's word about a case that waits for people.
    pub async fn case_rule(
        &self,
        id: CaseId,
        ruling: ClaimRuling,
        author: impl Into<Author>,
        reason: String,
    ) -> Result<Ruled, ApiError> {
        let (author, reason) = (author.into(), reason_of(&reason)?);
        let told = json!({ "ruling": ruling, "reason": reason });
        let by = author.by.clone();
        let deed = deed(author, "case.rule", id.to_string(), told);
        let voice = Voice { by, reason };
        let claim = self
            .db
            .read("case_find", move |tx: &mut Tx| {
                Box::pin(async move {
                    let claim = tx.claim_work(id).await?.map(|stored| stored.claim.order);
                    Ok::<_, Failure<ApiError>>(claim)
                })
            })
            .await?;
        if let Some(order) = claim {
            let command = ClaimCommand::Rule { ruling, voice };
            return self.claim_rule(id, order, command, deed).await;
        }
        let ruling = crypto_ruling(&ruling)?;
        let ids = SaveIds::new(self, self.now());
        let case = self
            .db
            .write("case_rule", move |tx: &mut Tx| {
                let (ids, voice, mut deed) = (ids.clone(), voice.clone(), deed.clone());
                Box::pin(async move {
                    let case = tx.case_work(id).await?.ok_or_else(no_case)?.case;
                    deed.before = json!({ "state": case.state.name() });
                    let command = CaseCommand::Rule { ruling, voice };
                    let case = case_apply(tx, case.order, id, command, &ids).await?;
                    deed.after["state"] = case.state.name().into();
                    audit(tx, &deed, ids.now()).await?;
                    Ok(case)
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

    async fn claim_rule(
        &self,
        id: CaseId,
        order: OrderId,
        command: ClaimCommand,
        deed: Deed,
    ) -> Result<Ruled, ApiError> {
        let ids = SaveIds::new(self, self.now());
        let claim = self
            .db
            .write("claim_rule", move |tx: &mut Tx| {
                let (ids, command, mut deed) = (ids.clone(), command.clone(), deed.clone());
                Box::pin(async move {
                    let claim = claim_apply(tx, order, id, command, &ids).await?;
                    deed.after["state"] = claim.state.name().into();
                    audit(tx, &deed, ids.now()).await?;
                    Ok(claim)
                })
            })
            .await?;
        Ok(match &claim.state {
            ClaimState::InReview {
                proposal: Some(_), ..
            } => Ruled::Proposed,
            _ => Ruled::Done,
        })
    }
}

/// A refund of which one operator has spoken.
fn is_wanted(claim: &Claim) -> bool {
    matches!(&claim.state, ClaimState::InReview { from, .. } if **from == ClaimState::Wanted)
}

/// What may be said of a case about crypto.
fn crypto_ruling(ruling: &ClaimRuling) -> Result<CaseRuling, ApiError> {
    match ruling {
        ClaimRuling::Approve => Ok(CaseRuling::Approve),
        ClaimRuling::WriteOff => Ok(CaseRuling::WriteOff),
        ClaimRuling::RefundedByBank { .. }
        | ClaimRuling::Withdraw
        | ClaimRuling::PaidByDispute
        | ClaimRuling::Contest { .. }
        | ClaimRuling::Accept => Err(invalid(
            "act",
            "This case is about crypto: it can be approved or written off.",
        )),
    }
}

fn invalid(field: &'static str, message: &str) -> ApiError {
    ApiError::field(proof_core::ErrorCode::ValidationError, field, message)
}

pub(crate) fn claim_story(claim: &Claim) -> CaseStory {
    let (why, proposed) = match &claim.state {
        ClaimState::InReview {
            reason, proposal, ..
        } => (reason.clone(), proposal.as_ref()),
        _ => (String::new(), None),
    };
    let due = match claim.state.inner() {
        ClaimState::Disputed { due: Some(due), .. } => {
            format!("; evidence is taken until {}", due.to_contract())
        }
        _ => String::new(),
    };
    let wish = |p: &Proposal<ClaimRuling>| {
        format!("{} by {}: {}", p.act.name(), p.voice.by, p.voice.reason)
    };
    CaseStory {
        case: claim.id,
        order: claim.order,
        kind: claim.kind.name().to_owned(),
        amount: fiat_text(claim.amount),
        about: format!("payment {} with {}{due}", claim.attempt, claim.provider),
        state: claim_state(&claim.state),
        why,
        opened_at: claim.opened_at.to_contract(),
        due_at: claim.due_at().map(Timestamp::to_contract),
        proposed: proposed.map(wish),
        rulings: claim.rulings().into_iter().map(str::to_owned).collect(),
        trouble: None,
    }
}

fn claim_state(state: &ClaimState) -> String {
    match state.inner() {
        ClaimState::Disputed { stage, .. } => format!("dispute {}", stage.name()),
        ClaimState::Settled(end) => format!("settled: {}", end.name()),
        _ => state.name().to_owned(),
    }
}

pub(crate) fn fiat_text(money: Money) -> String {
    format!("{} {}", money.to_decimal(), money.fiat())
}

pub(crate) fn case_story(case: &Case) -> CaseStory {
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
        about: format!("back to {}", case.refund),
        state: case.state.name().to_owned(),
        why,
        opened_at: case.opened_at.to_contract(),
        due_at: case.deadline().map(Timestamp::to_contract),
        proposed: proposed.map(wish),
        rulings: rulings.iter().map(|r| r.name().to_owned()).collect(),
        trouble: None,
    }
}

/// A reason is said by a person, for another one.
pub(crate) fn reason_of(text: &str) -> Result<String, ApiError> {
    let reason = text.trim();
    let odd = reason.chars().any(|c| c.is_control() && c != '\n');
    if reason.is_empty() || reason.len() > REASON_LENGTH_MAX || odd {
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

pub(crate) fn gone() -> Failure<ApiError> {
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

pub(crate) fn money(amount: proof_core::money::Amount) -> String {
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
