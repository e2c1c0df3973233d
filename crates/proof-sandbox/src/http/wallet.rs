//! The wallet of anybody outside, for developers: sends coins that cost nothing.
//!
//! It asks for no key. Whoever reaches it is on this machine, and can only give.

use super::{Answer, Shared, chain::chain, json};
use crate::{refusal::Refusal, world::World};
use axum::{Json, Router, body::Bytes, extract::Path, extract::State, routing::post};
use proof_core::{Asset, Network, money::Amount, time::random};
use serde::{Deserialize, Serialize};
use std::sync::Arc;

pub fn routes() -> Router<Arc<World>> {
    Router::new().route("/wallet/v1/{network}/transfers", post(send))
}

#[derive(Deserialize)]
struct Send {
    address: String,
    currency: String,
    /// Decimal, as a string.
    amount: String,
    /// The address that it comes from; without one, a stranger's.
    sender: Option<String>,
}

#[derive(Serialize)]
struct Sent {
    hash: String,
}

async fn send(State(world): Shared, Path(name): Path<String>, body: Bytes) -> Answer<Sent> {
    let body: Send = json(&body)?;
    let network: Network = name.parse().map_err(Refusal::invalid)?;
    let asset = Asset::find(&body.currency, network);
    let asset = asset.ok_or_else(|| Refusal::invalid("no such currency on this network"))?;
    let amount = Amount::parse(asset, &body.amount).map_err(Refusal::invalid)?;
    let nonce = random::<16>(&*world.entropy);
    let chain = chain(&world, &name)?;
    let hash = chain.read(|chain| chain.fresh_hash(nonce));
    chain.write::<_, Refusal>(
        |chain| {
            let people = (body.sender.as_deref(), body.address.as_str());
            let moved = (asset.ticker(), amount.base());
            chain
                .send(&hash, people, moved, world.clock.now())
                .map(Some)
        },
        |_| (),
    )?;
    Ok(Json(Sent { hash }))
}
