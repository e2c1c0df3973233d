//! The processor's API for Proof.

use super::{Answer, Here, Shared, json};
use crate::{
    callback::Target,
    cards::{Authorisation, AuthoriseRequest, Behaviour, Card, DeclineCode, Status},
    refusal::{Kind, Refusal},
    world::World,
};
use axum::{
    Json, Router,
    body::Bytes,
    extract::{Path, State},
    http::StatusCode,
    routing::{get, post, put},
};
use proof_core::{Fiat, money::Money, time::random};
use serde::{Deserialize, Serialize};
use std::sync::Arc;

pub fn routes() -> Router<Arc<World>> {
    const ONE: &str = "/v1/authorisations/{reference}";
    Router::new()
        .route("/v1/authorisations", post(authorise))
        .route(ONE, get(look_up))
        .route(&format!("{ONE}/capture"), post(capture))
        .route(&format!("{ONE}/void"), post(void))
        .route(&format!("{ONE}/refunds"), post(refund))
        .route("/v1/callback", put(callback))
}

#[derive(Deserialize)]
struct CallbackPlace {
    address: std::net::SocketAddr,
    path: String,
}

/// Where callbacks go from now on.
async fn callback(State(world): Shared, body: Bytes) -> Result<StatusCode, Refusal> {
    let CallbackPlace { address, path } = json(&body)?;
    if !address.ip().is_loopback() || !path.starts_with('/') || path.contains(char::is_whitespace) {
        return Err(Refusal::invalid(
            "a callback goes to a path on this machine",
        ));
    }
    world.callbacks.register(Target { address, path });
    Ok(StatusCode::NO_CONTENT)
}

/// Minor units as text.
#[derive(Serialize, Deserialize)]
pub struct WireMoney {
    currency: Fiat,
    #[serde(with = "proof_core::money::as_text")]
    minor: u128,
}

impl From<Money> for WireMoney {
    fn from(money: Money) -> Self {
        Self {
            currency: money.fiat(),
            minor: money.minor(),
        }
    }
}

impl From<WireMoney> for Money {
    fn from(wire: WireMoney) -> Self {
        Self::new(wire.currency, wire.minor)
    }
}

#[derive(Serialize)]
struct WireAuthorisation {
    reference: String,
    status: &'static str,
    amount: WireMoney,
    captured: String,
    refunded: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    three_ds_url: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    decline_code: Option<DeclineCode>,
    liability_shift: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    card: Option<Card>,
}

pub const fn status_name(status: &Status) -> &'static str {
    match status {
        Status::ThreeDsRequired { .. } => "three_ds_required",
        Status::Held => "held",
        Status::Declined { .. } => "declined",
        Status::Captured => "captured",
        Status::Voided => "voided",
    }
}

fn wire(authorisation: &Authorisation, here: &Here) -> WireAuthorisation {
    let (three_ds_url, decline_code) = match &authorisation.status {
        Status::ThreeDsRequired { challenge } => {
            (Some(format!("{}/three-ds/{challenge}", here.0)), None)
        }
        Status::Declined { code } => (None, Some(*code)),
        Status::Held | Status::Captured | Status::Voided => (None, None),
    };
    WireAuthorisation {
        reference: authorisation.reference.clone(),
        status: status_name(&authorisation.status),
        amount: authorisation.amount.into(),
        captured: authorisation.captured.minor().to_string(),
        refunded: authorisation.refunded.minor().to_string(),
        three_ds_url,
        decline_code,
        liability_shift: authorisation.liability_shift,
        card: authorisation.card.clone(),
    }
}

#[derive(Deserialize)]
struct AuthoriseBody {
    reference: String,
    token: String,
    amount: WireMoney,
}

async fn authorise(State(world): Shared, here: Here, body: Bytes) -> Answer<WireAuthorisation> {
    let body: AuthoriseBody = json(&body)?;
    let reference = body.reference.clone();
    let request = AuthoriseRequest {
        reference: body.reference,
        token: body.token,
        amount: body.amount.into(),
        challenge: hex::encode(random::<16>(&*world.entropy)),
    };
    let (now, mut fresh) = (world.clock.now(), false);
    let answer: Result<_, Refusal> = world.cards.write(
        |cards| {
            let event = cards.authorise(request, now)?;
            fresh = event.is_some();
            Ok(event)
        },
        |cards| cards.find(&reference).map(|found| wire(found, &here)),
    );
    in_time(&world, (&reference, Behaviour::AnswerLate), fresh)?;
    answer?.map(Json)
}

/// The first answer about some test cards is lost on its way; the call was carried out.
fn in_time(world: &World, of: (&str, Behaviour), fresh: bool) -> Result<(), Refusal> {
    if fresh && world.cards.read(|cards| cards.answers_late(of.0, of.1)) {
        let message = "the processor did not answer in time";
        return Err(Refusal::new(Kind::Late, "timeout", message));
    }
    Ok(())
}

async fn look_up(
    State(world): Shared,
    here: Here,
    Path(reference): Path<String>,
) -> Answer<WireAuthorisation> {
    let look = |found: &Authorisation| Json(wire(found, &here));
    world.cards.read(|cards| cards.find(&reference).map(look))
}

#[derive(Deserialize)]
struct CaptureBody {
    amount: WireMoney,
}

async fn capture(
    State(world): Shared,
    here: Here,
    Path(reference): Path<String>,
    body: Bytes,
) -> Answer<WireAuthorisation> {
    let body: CaptureBody = json(&body)?;
    let mut fresh = false;
    let answer: Result<_, Refusal> = world.cards.write(
        |cards| {
            let event = cards.capture(&reference, body.amount.into())?;
            fresh = event.is_some();
            Ok(event)
        },
        |cards| cards.find(&reference).map(|found| wire(found, &here)),
    );
    in_time(&world, (&reference, Behaviour::CaptureLate), fresh)?;
    answer?.map(Json)
}

async fn void(
    State(world): Shared,
    here: Here,
    Path(reference): Path<String>,
) -> Answer<WireAuthorisation> {
    let answer: Result<_, Refusal> = world.cards.write(
        |cards| cards.void(&reference),
        |cards| cards.find(&reference).map(|found| wire(found, &here)),
    );
    answer?.map(Json)
}

#[derive(Deserialize)]
struct RefundBody {
    refund_reference: String,
    amount: WireMoney,
}

#[derive(Serialize)]
struct WireRefund {
    refund_reference: String,
    status: &'static str,
}

async fn refund(
    State(world): Shared,
    Path(reference): Path<String>,
    body: Bytes,
) -> Answer<WireRefund> {
    let body: RefundBody = json(&body)?;
    let decide = |cards: &crate::cards::Cards| {
        cards.refund(&reference, &body.refund_reference, body.amount.into())
    };
    world.cards.write::<_, Refusal>(decide, |_| ())?;
    Ok(Json(WireRefund {
        refund_reference: body.refund_reference,
        status: "refunded",
    }))
}
