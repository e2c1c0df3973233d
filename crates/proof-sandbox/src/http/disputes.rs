//! Disputes: the processor's API for Proof, and the cardholder's bank for whoever plays it.

use super::{Answer, Shared, cards::WireMoney, json};
use crate::{
    cards::{BankMove, Dispute, DisputeStage},
    refusal::Refusal,
    world::World,
};
use axum::{
    Json, Router,
    body::Bytes,
    extract::{Path, State},
    routing::{get, post},
};
use serde::{Deserialize, Serialize};
use std::sync::Arc;

pub fn routes() -> Router<Arc<World>> {
    Router::new()
        .route("/v1/authorisations/{reference}/disputes", get(list))
        .route("/v1/disputes/{id}/evidence", post(contest))
        .route("/v1/disputes/{id}/accept", post(accept))
}

/// The bank's side: no key, like a user's wallet.
pub fn bank_routes() -> Router<Arc<World>> {
    Router::new()
        .route("/bank/v1/payments/{payment}/disputes", post(dispute))
        .route("/bank/v1/disputes/{id}", post(step))
}

#[derive(Serialize)]
struct Disputes {
    disputes: Vec<WireDispute>,
}

#[derive(Serialize)]
struct WireDispute {
    id: String,
    stage: DisputeStage,
    amount: WireMoney,
    fee: WireMoney,
    /// The money was taken back from the merchant, now or at some time.
    withheld: bool,
    due: Option<i64>,
}

impl From<Dispute> for WireDispute {
    fn from(dispute: Dispute) -> Self {
        Self {
            id: dispute.id,
            stage: dispute.stage,
            amount: dispute.amount.into(),
            fee: dispute.fee.into(),
            withheld: dispute.withheld,
            due: dispute.due.map(|at| at.seconds()),
        }
    }
}

async fn list(State(world): Shared, Path(reference): Path<String>) -> Answer<Disputes> {
    let now = world.clock.now();
    let found = world.cards.write::<_, Refusal>(
        |cards| Ok(cards.overdue(&reference, now)),
        |cards| cards.disputes_of(&reference, now),
    )??;
    let disputes = found.into_iter().map(WireDispute::from).collect();
    Ok(Json(Disputes { disputes }))
}

#[derive(Deserialize)]
struct EvidenceBody {
    evidence: String,
}

async fn contest(State(world): Shared, Path(id): Path<String>, body: Bytes) -> Answer<WireDispute> {
    let body: EvidenceBody = json(&body)?;
    let now = world.clock.now();
    let answer = world.cards.write::<_, Refusal>(
        |cards| cards.contest(&id, &body.evidence, now),
        |cards| cards.find_dispute(&id).cloned(),
    )??;
    Ok(Json(answer.into()))
}

async fn accept(State(world): Shared, Path(id): Path<String>) -> Answer<WireDispute> {
    let now = world.clock.now();
    let answer = world.cards.write::<_, Refusal>(
        |cards| cards.accept(&id, now),
        |cards| cards.find_dispute(&id).cloned(),
    )??;
    Ok(Json(answer.into()))
}

#[derive(Deserialize)]
struct DisputeBody {
    /// Minor units; all of the payment if it is not given.
    #[serde(default)]
    amount: Option<WireMoney>,
    #[serde(default)]
    inquiry: bool,
}

/// The payment is named by its reference, or by a part of it that no other payment has.
async fn dispute(
    State(world): Shared,
    Path(payment): Path<String>,
    body: Bytes,
) -> Answer<WireDispute> {
    let body: DisputeBody = json(&body)?;
    let (amount, now) = (body.amount.map(Into::into), world.clock.now());
    let reference = world.cards.read(|cards| cards.captured_like(&payment))?;
    let made = world.cards.write::<_, Refusal>(
        |cards| cards.dispute(&reference, amount, body.inquiry, now),
        |cards| cards.disputes_of(&reference, now),
    )??;
    tell(&world, &reference);
    let last = made.into_iter().last();
    let last = last.ok_or_else(|| Refusal::not_found("dispute"))?;
    Ok(Json(last.into()))
}

#[derive(Deserialize)]
struct StepBody {
    step: BankMove,
}

async fn step(State(world): Shared, Path(id): Path<String>, body: Bytes) -> Answer<WireDispute> {
    let body: StepBody = json(&body)?;
    let now = world.clock.now();
    let after = world.cards.write::<_, Refusal>(
        |cards| cards.bank(&id, body.step, now),
        |cards| cards.find_dispute(&id).cloned(),
    )??;
    tell(&world, &after.reference);
    Ok(Json(after.into()))
}

pub(super) fn tell(world: &World, reference: &str) {
    let now = world.clock.now().seconds();
    world.callbacks.send(&world.key, reference, now);
}
