//! The processor's settlement reports.

use super::{Answer, Shared, cards::WireMoney};
use crate::{cards::ReportKind, world::World};
use axum::{
    Json, Router,
    extract::{Query, State},
    routing::get,
};
use serde::{Deserialize, Serialize};
use std::sync::Arc;

pub fn routes() -> Router<Arc<World>> {
    Router::new()
        .route("/v1/report", get(payments))
        .route("/v1/payout-report", get(payouts))
}

#[derive(Deserialize)]
struct After {
    after: usize,
}

#[derive(Serialize)]
struct Report {
    lines: Vec<WireLine>,
}

#[derive(Serialize)]
struct WireLine {
    number: usize,
    reference: String,
    kind: ReportKind,
    amount: WireMoney,
}

async fn payments(State(world): Shared, Query(query): Query<After>) -> Answer<Report> {
    Ok(Json(report(&world, query.after, false)))
}

async fn payouts(State(world): Shared, Query(query): Query<After>) -> Answer<Report> {
    Ok(Json(report(&world, query.after, true)))
}

fn report(world: &World, after: usize, payouts: bool) -> Report {
    let lines = world.cards.read(|cards| cards.report_after(after, payouts));
    let wire = lines.into_iter().map(|(number, line)| WireLine {
        number,
        reference: line.reference,
        kind: line.kind,
        amount: line.amount.into(),
    });
    Report {
        lines: wire.collect(),
    }
}
