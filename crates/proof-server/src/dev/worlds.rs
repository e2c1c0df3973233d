//! The sandbox's world, and a second one that stands for real money where going live is rehearsed.

use super::funds;
use crate::{
    clock::{SandboxClock, SystemEntropy},
    networks::NetworksConfig,
    rails::{SandboxConfig, kept_key},
    signer::SignerConfig,
    world::{self, ChildWorld},
};
use anyhow::{Context, bail};
use proof_core::{Asset, partner::Environment};
use proof_engine::{Engine, Rails};
use proof_outbound::{Configured, Outbound};
use proof_port::Signer;
use std::{
    net::{Ipv4Addr, SocketAddr},
    path::Path,
    sync::Arc,
};
use url::Url;

pub struct Worlds {
    test: ChildWorld,
    live: Option<ChildWorld>,
}

impl Worlds {
    pub async fn start(data: &Path, rehearse_live: bool, wallets: bool) -> anyhow::Result<Self> {
        let live = if rehearse_live {
            Some(sandbox(&data.join("sandbox-live"), 2).await?)
        } else {
            None
        };
        let mut test = sandbox(&data.join("sandbox"), 1).await?;
        test.config.wallets = wallets;
        Ok(Self { test, live })
    }

    pub const fn config(&self) -> &SandboxConfig {
        &self.test.config
    }

    /// Where no webhook may lead, under any name.
    pub fn addresses(&self) -> Vec<SocketAddr> {
        let urls = self
            .each()
            .flat_map(|(_, config)| [&config.cards_url, &config.world_url]);
        urls.filter_map(bound).collect()
    }

    fn each(&self) -> impl Iterator<Item = (Environment, &SandboxConfig)> {
        let live = self.live.as_ref();
        let live = live.map(|world| (Environment::Live, &world.config));
        [(Environment::Test, &self.test.config)]
            .into_iter()
            .chain(live)
    }

    /// What moves money in the sandbox, and what plays at real money.
    pub fn rails(
        &self,
        data: &Path,
        outbound: &Outbound,
        signer: Arc<dyn Signer>,
    ) -> anyhow::Result<(Rails, Option<Rails>)> {
        let live = self.live.as_ref().map(|world| {
            let own = SignerConfig::Folder(data.join("signer-live"));
            let own = own.open(&NetworksConfig::default());
            let own = own.context("the signer cannot start")?;
            anyhow::Ok(world.config.rails(outbound, own))
        });
        let test = self.test.config.rails(outbound, signer);
        Ok((test, live.transpose()?))
    }

    /// The clock that the server shares with its world, and whether it may be moved: the second world
    /// would not go with it.
    pub async fn clock(&self, outbound: &Outbound) -> anyhow::Result<(Arc<SandboxClock>, bool)> {
        let clock = SandboxClock::open(self.test.config.world(outbound)).await?;
        Ok((Arc::new(clock), self.live.is_none()))
    }

    /// `real`: chains that are not the sandbox's.
    pub async fn fill(
        &self,
        engine: &Engine,
        outbound: &Outbound,
        real: &NetworksConfig,
    ) -> anyhow::Result<()> {
        for (environment, config) in self.each() {
            let is_real = |network| environment == Environment::Test && real.has(network);
            let assets = Asset::all().filter(|asset| !is_real(asset.network()));
            funds::fund(engine, environment, &config.world(outbound), assets).await?;
        }
        Ok(())
    }

    /// Tells the card processors where their callbacks go.
    pub async fn call_back(&self, outbound: &Outbound, address: SocketAddr) -> anyhow::Result<()> {
        for (_, config) in self.each() {
            callbacks(&config.cards(outbound), address).await?;
        }
        Ok(())
    }

    /// Why one of them is gone.
    pub async fn ended(&mut self) -> anyhow::Result<()> {
        let live = async {
            match &mut self.live {
                Some(world) => world.child.wait().await,
                None => std::future::pending().await,
            }
        };
        tokio::select! {
            ended = self.test.child.wait() => bail!("the sandbox world ended: {}", ended?),
            ended = live => bail!("the rehearsed world ended: {}", ended?),
        }
    }
}

async fn sandbox(dir: &Path, seed: u64) -> anyhow::Result<ChildWorld> {
    let key: [u8; 24] = kept_key(dir, "api.key", &SystemEntropy)?;
    let key = key.iter().map(|byte| format!("{byte:02x}")).collect();
    world::start(dir, key, seed).await
}

async fn callbacks(cards: &Configured, address: SocketAddr) -> anyhow::Result<()> {
    let place = serde_json::json!({ "address": address, "path": "/inbound/sandbox/payments" });
    let body = serde_json::to_vec(&place)?;
    let answer = cards.put(&["v1", "callback"], &[], body).await?;
    anyhow::ensure!(answer.is_success(), "the card processor takes no callbacks");
    Ok(())
}

/// Whatever name it goes by: a world is bound to this machine's own address alone.
fn bound(url: &Url) -> Option<SocketAddr> {
    let port = url.port_or_known_default()?;
    Some((Ipv4Addr::LOCALHOST, port).into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_world_is_kept_from_webhooks_by_its_address_and_not_by_a_name() {
        for url in ["http://localhost:7001/", "http://127.0.0.1:7001/"] {
            let at = bound(&url.parse().unwrap()).unwrap();
            assert_eq!(at.to_string(), "127.0.0.1:7001");
        }
    }
}
