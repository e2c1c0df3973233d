//! The payout processor's API for Proof.

use super::{Answer, Shared, cards::WireMoney, disputes::tell, json};
use crate::{
    cards::{Card, DeclineCode, Payout, PayoutStatus},
    refusal::Refusal,
    world::World,
};
use axum::{
    Json, Router,
    body::Bytes,
    extract::{Path, State},
    routing::{get, post},
};
use proof_core::{Timestamp, time::random};
use serde::{Deserialize, Serialize};
use std::sync::Arc;

pub fn routes() -> Router<Arc<World>> {
    Router::new()
        .route("/v1/payout-cards", post(keep))
        .route("/v1/payouts", post(pay))
        .route("/v1/payouts/{reference}", get(look_up))
}

/// The card's bank: no key, like a user's wallet.
pub fn bank_routes() -> Router<Arc<World>> {
    Router::new().route("/bank/v1/payouts/{payout}/bounce", post(bounce))
}

#[derive(Deserialize)]
struct KeepBody {
    token: String,
}

#[derive(Serialize)]
struct WireKept {
    id: String,
    #[serde(flatten)]
    card: Card,
}

async fn keep(State(world): Shared, body: Bytes) -> Answer<WireKept> {
    let body: KeepBody = json(&body)?;
    let id = format!("pcd_{}", hex::encode(random::<12>(&*world.entropy)));
    let now = world.clock.now();
    let kept = world.cards.write::<_, Refusal>(
        |cards| cards.keep(&body.token, &id, now),
        |cards| cards.kept(&body.token).cloned(),
    )??;
    Ok(Json(WireKept {
        id: kept.id,
        card: kept.card,
    }))
}

#[derive(Deserialize)]
struct PayBody {
    reference: String,
    card_id: String,
    amount: WireMoney,
}

#[derive(Serialize)]
struct WirePayout {
    reference: String,
    status: &'static str,
    amount: WireMoney,
    #[serde(skip_serializing_if = "Option::is_none")]
    decline_code: Option<DeclineCode>,
}

fn wire(payout: &Payout, now: Timestamp) -> WirePayout {
    let (status, decline_code) = match payout.status(now) {
        PayoutStatus::Pending => ("pending", None),
        PayoutStatus::Sent => ("sent", None),
        PayoutStatus::Bounced => ("bounced", None),
        PayoutStatus::Refused(code) => ("refused", Some(code)),
    };
    WirePayout {
        reference: payout.reference.clone(),
        status,
        amount: payout.amount.into(),
        decline_code,
    }
}

async fn pay(State(world): Shared, body: Bytes) -> Answer<WirePayout> {
    let body: PayBody = json(&body)?;
    let (amount, now) = (body.amount.into(), world.clock.now());
    let answer: Result<_, Refusal> = world.cards.write(
        |cards| cards.pay(&body.reference, &body.card_id, amount, now),
        |cards| cards.find_payout(&body.reference).map(|p| wire(p, now)),
    );
    answer?.map(Json)
}

async fn look_up(State(world): Shared, Path(reference): Path<String>) -> Answer<WirePayout> {
    let now = world.clock.now();
    world
        .cards
        .read(|cards| cards.find_payout(&reference).map(|p| Json(wire(p, now))))
}

/// The payout is named by its reference, or by a part of it that no other one has.
async fn bounce(State(world): Shared, Path(payout): Path<String>) -> Answer<WirePayout> {
    let now = world.clock.now();
    let reference = world.cards.read(|cards| cards.sent_like(&payout, now))?;
    let answer = world.cards.write::<_, Refusal>(
        |cards| cards.bounce(&reference, now),
        |cards| cards.find_payout(&reference).map(|p| wire(p, now)),
    )??;
    tell(&world, &reference);
    Ok(Json(answer))
}
