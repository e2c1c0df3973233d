//! Every chain's node.
//!
//! The time is asked for while the chain is held: otherwise a transfer that came before a look could be put into a block
//! that the look called read, and nobody would ever find it.

use super::{Answer, Shared, json};
use crate::{
    chain::{Coin, Signed, SimChain, TransferView},
    journal::Journaled,
    refusal::Refusal,
    world::World,
};
use axum::{
    Json, Router,
    body::Bytes,
    extract::{Path, Query, State, rejection::QueryRejection},
    http::StatusCode,
    routing::{get, post},
};
use proof_core::{Address, Network};
use serde::{Deserialize, Serialize};
use std::{collections::BTreeMap, sync::Arc};

pub fn routes() -> Router<Arc<World>> {
    const ONE: &str = "/chains/v1/{network}";
    Router::new()
        .route(ONE, get(tip))
        .route(&format!("{ONE}/accounts/{{address}}"), get(account))
        .route(&format!("{ONE}/coins/{{address}}"), get(coins))
        .route(&format!("{ONE}/fee"), get(fee))
        .route(&format!("{ONE}/transfers"), get(listed).post(receive))
        .route(&format!("{ONE}/transfers/{{hash}}"), get(transfer))
        .route(&format!("{ONE}/transfers/{{hash}}/mine"), post(mine))
        .route(&format!("{ONE}/transfers/{{hash}}/later"), post(later))
        .route(&format!("{ONE}/faucet"), post(faucet))
        .route(&format!("{ONE}/reorgs"), post(drop_out))
}

pub fn chain<'a>(world: &'a World, name: &str) -> Result<&'a Journaled<SimChain>, Refusal> {
    name.parse::<Network>()
        .ok()
        .and_then(|network| world.chains.get(&network))
        .ok_or_else(|| Refusal::not_found("network"))
}

fn address(name: &str, text: &str) -> Result<String, Refusal> {
    let network: Network = name.parse().map_err(Refusal::invalid)?;
    let address = Address::parse(network, text).map_err(Refusal::invalid)?;
    Ok(address.to_string())
}

#[derive(Serialize)]
struct Tip {
    height: u64,
}

async fn tip(State(world): Shared, Path(name): Path<String>) -> Answer<Tip> {
    let height = chain(&world, &name)?.read(|chain| chain.height(world.clock.now()));
    Ok(Json(Tip { height }))
}

#[derive(Serialize)]
struct WireAccount {
    nonce: u64,
    balances: BTreeMap<String, String>,
}

async fn account(
    State(world): Shared,
    Path((name, text)): Path<(String, String)>,
) -> Answer<WireAccount> {
    let chain = chain(&world, &name)?;
    let address = address(&name, &text)?;
    let view = chain.read(|chain| chain.account(&address, world.clock.now()));
    let text = |(ticker, base): (String, u128)| (ticker, base.to_string());
    Ok(Json(WireAccount {
        nonce: view.nonce,
        balances: view.balances.into_iter().map(text).collect(),
    }))
}

#[derive(Serialize)]
struct Coins {
    coins: Vec<Coin>,
}

async fn coins(State(world): Shared, Path((name, text)): Path<(String, String)>) -> Answer<Coins> {
    let chain = chain(&world, &name)?;
    let address = address(&name, &text)?;
    let coins = chain.read(|chain| chain.coins(&address, world.clock.now()));
    Ok(Json(Coins { coins }))
}

#[derive(Serialize)]
struct Fee {
    #[serde(with = "proof_core::money::as_text")]
    base: u128,
}

async fn fee(State(world): Shared, Path(name): Path<String>) -> Answer<Fee> {
    let base = chain(&world, &name)?.read(SimChain::fee_base);
    Ok(Json(Fee { base }))
}

#[derive(Deserialize)]
struct ReceiveBody {
    signed: String,
}

#[derive(Serialize)]
struct Received {
    hash: String,
}

async fn receive(State(world): Shared, Path(name): Path<String>, body: Bytes) -> Answer<Received> {
    let body: ReceiveBody = json(&body)?;
    let chain = chain(&world, &name)?;
    let network = name.parse().map_err(Refusal::invalid)?;
    let signed = Signed::parse(network, &body.signed)?;
    let hash = signed.hash.clone();
    chain.write::<_, Refusal>(|chain| chain.receive(signed, world.clock.now()), |_| ())?;
    Ok(Json(Received { hash }))
}

#[derive(Serialize)]
struct WireTransfer {
    status: &'static str,
    confirmations: u64,
    block: Option<u64>,
    #[serde(with = "proof_core::money::as_text")]
    fee: u128,
    sender: String,
    recipient: String,
    ticker: String,
    #[serde(with = "proof_core::money::as_text")]
    base: u128,
}

impl From<TransferView> for WireTransfer {
    fn from(view: TransferView) -> Self {
        Self {
            status: match view.block {
                Some(_) => "mined",
                None => "waiting",
            },
            confirmations: view.confirmations,
            block: view.block,
            fee: view.body.fee,
            sender: view.body.sender,
            recipient: view.body.recipient,
            ticker: view.body.ticker,
            base: view.body.base,
        }
    }
}

async fn transfer(
    State(world): Shared,
    Path((name, hash)): Path<(String, String)>,
) -> Answer<WireTransfer> {
    let view = chain(&world, &name)?.read(|chain| chain.transfer(&hash, world.clock.now()));
    view.map(|view| Json(view.into()))
}

#[derive(Deserialize)]
struct FaucetBody {
    address: String,
    ticker: String,
    #[serde(with = "proof_core::money::as_text")]
    base: u128,
}

async fn faucet(
    State(world): Shared,
    Path(name): Path<String>,
    body: Bytes,
) -> Result<StatusCode, Refusal> {
    let body: FaucetBody = json(&body)?;
    chain(&world, &name)?.write(
        |chain| {
            let event = chain.faucet(&body.address, &body.ticker, body.base, world.clock.now())?;
            Ok(Some(event))
        },
        |_| StatusCode::NO_CONTENT,
    )
}

#[derive(Deserialize)]
struct ListQuery {
    #[serde(default)]
    after: u64,
}

#[derive(Serialize)]
struct WireList {
    height: u64,
    complete: bool,
    transfers: Vec<WireListed>,
}

#[derive(Serialize)]
struct WireListed {
    hash: String,
    index: u32,
    sender: String,
    recipient: String,
    ticker: String,
    #[serde(with = "proof_core::money::as_text")]
    base: u128,
    block: Option<u64>,
    /// Microseconds.
    seen_at: i64,
}

async fn listed(
    State(world): Shared,
    Path(name): Path<String>,
    query: Result<Query<ListQuery>, QueryRejection>,
) -> Answer<WireList> {
    let Query(ListQuery { after }) = query?;
    let (height, complete, listed) =
        chain(&world, &name)?.read(|chain| chain.listed(after, world.clock.now()));
    let transfers = listed.into_iter().map(|one| WireListed {
        hash: one.hash,
        index: 0,
        sender: one.sender,
        recipient: one.recipient,
        ticker: one.ticker,
        base: one.base,
        block: one.block,
        seen_at: one.seen_at.micros(),
    });
    Ok(Json(WireList {
        height,
        complete,
        transfers: transfers.collect(),
    }))
}

#[derive(Deserialize)]
struct ReorgBody {
    hash: String,
}

async fn drop_out(
    State(world): Shared,
    Path(name): Path<String>,
    body: Bytes,
) -> Result<StatusCode, Refusal> {
    let body: ReorgBody = json(&body)?;
    chain(&world, &name)?.write(
        |chain| chain.drop_out(&body.hash).map(Some),
        |_| StatusCode::NO_CONTENT,
    )
}

#[derive(Deserialize)]
struct LaterBody {
    seconds: u32,
}

/// Blocks go without it for a while.
async fn later(
    State(world): Shared,
    Path((name, hash)): Path<(String, String)>,
    body: Bytes,
) -> Result<StatusCode, Refusal> {
    let body: LaterBody = json(&body)?;
    chain(&world, &name)?.write(
        |chain| {
            chain
                .later(&hash, body.seconds, world.clock.now())
                .map(Some)
        },
        |_| StatusCode::NO_CONTENT,
    )
}

/// What a re-org left out is in a block after all.
async fn mine(
    State(world): Shared,
    Path((name, hash)): Path<(String, String)>,
) -> Result<StatusCode, Refusal> {
    chain(&world, &name)?.write(
        |chain| chain.mined_again(&hash, world.clock.now()).map(Some),
        |_| StatusCode::NO_CONTENT,
    )
}
