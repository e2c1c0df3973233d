//! Coins for the sandbox's hot wallets, from the simulated chains' faucets.

use crate::rails::NETWORKS;
use anyhow::{Context, bail};
use proof_core::{
    Asset, Network,
    ledger::{Account, Unit, key_in},
    money::Amount,
    partner::Environment,
};
use proof_engine::Engine;
use proof_outbound::Configured;
use serde_json::json;

/// Separate coins on a network that spends whole ones, so that orders do not wait for change.
const COINS: u32 = 20;

/// Fills each hot wallet once. A crash in between leaves more on the chain than in the books, which
/// is the safe side.
pub async fn fund(
    engine: &Engine,
    environment: Environment,
    world: &Configured,
    assets: impl Iterator<Item = Asset>,
) -> anyhow::Result<()> {
    let balances = engine.ledger_balances().await?;
    for asset in assets.filter(|asset| NETWORKS.contains(&asset.network())) {
        let account = format!("{}:{}", Account::Wallet, Unit::Crypto(asset));
        let account = key_in(environment, &account);
        if balances.iter().any(|balance| balance.key == account) {
            continue;
        }
        let (part, times) = match asset.network() {
            Network::Bitcoin => ("5", COINS),
            network if network.is_evm() && asset == network.native() => ("2000", 1),
            _ => ("1000000", 1),
        };
        let part = Amount::parse(asset, part)?;
        let owner = engine.hot_wallet(environment, asset.network()).await?;
        for _ in 0..times {
            faucet(world, owner.as_str(), part).await?;
            engine.treasury_fund(environment, part).await?;
        }
    }
    Ok(())
}

async fn faucet(world: &Configured, owner: &str, amount: Amount) -> anyhow::Result<()> {
    let asset = amount.asset();
    let path = ["chains", "v1", asset.network().name(), "faucet"];
    let body = json!({
        "address": owner,
        "ticker": asset.ticker(),
        "base": amount.base().to_string(),
    });
    let answer = world
        .post(&path, &body)
        .await
        .context("the faucet does not answer")?;
    if answer.status / 100 != 2 {
        bail!(
            "the faucet of {} answered {}",
            asset.network(),
            answer.status
        );
    }
    Ok(())
}
