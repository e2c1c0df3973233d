//! The sandbox's chains (docs: reference/sandbox.md), one adapter for all networks.

mod map;
mod wire;

use proof_core::{Address, Asset, Network, money::Amount};
use proof_outbound::{Answer, CallError, Configured};
use proof_port::{Arrivals, Chain, ChainTip, Coin, PortError, TransferStatus};
use serde::de::DeserializeOwned;
use url::Url;

const PROVIDER: &str = "simulated_chain";
/// Blocks come every few seconds and are never taken back; three make waiting visible.
const CONFIRMATIONS_FINAL: u64 = 3;
const POLL_INTERVAL_MS: i64 = 1_000;

pub struct SimulatedChain {
    node: Configured,
    network: Network,
    explorer_base: Url,
}

impl SimulatedChain {
    /// `explorer_base` is the sandbox world's own address, as a browser reaches it.
    pub fn new(node: Configured, network: Network, explorer_base: Url) -> Self {
        Self {
            node,
            network,
            explorer_base,
        }
    }

    /// Asks the node; `None` for its `404`.
    async fn get<T: DeserializeOwned>(&self, path: &[&str]) -> Result<Option<T>, PortError> {
        let path = [&["chains", "v1", self.network.name()], path].concat();
        let answer = self.node.get(&path, &[]).await.map_err(unanswered)?;
        match answer.status {
            404 => Ok(None),
            200 => answer.json().map(Some).map_err(unreadable),
            status => Err(PortError::retry(PROVIDER, format!("status {status}")).answered()),
        }
    }

    async fn must<T: DeserializeOwned>(&self, path: &[&str]) -> Result<T, PortError> {
        self.get(path)
            .await?
            .ok_or_else(|| PortError::retry(PROVIDER, "the node does not know this").answered())
    }

    async fn account(&self, owner: &Address) -> Result<wire::Account, PortError> {
        self.must(&["accounts", owner.as_str()]).await
    }
}

#[async_trait::async_trait]
impl Chain for SimulatedChain {
    fn network(&self) -> Network {
        self.network
    }

    fn confirmations_final(&self) -> u64 {
        CONFIRMATIONS_FINAL
    }

    fn explorer_url(&self, hash: &str) -> String {
        let mut url = self.explorer_base.clone();
        if let Ok(mut path) = url.path_segments_mut() {
            path.pop_if_empty()
                .extend(["explorer", self.network.name(), hash]);
        }
        url.into()
    }

    fn poll_interval_ms(&self) -> i64 {
        POLL_INTERVAL_MS
    }

    async fn tip(&self) -> Result<ChainTip, PortError> {
        let tip: wire::Tip = self.must(&[]).await?;
        Ok(ChainTip { height: tip.height })
    }

    async fn balance(&self, owner: &Address, asset: Asset) -> Result<Amount, PortError> {
        map::balance(&self.account(owner).await?, asset).map_err(unreadable)
    }

    async fn nonce(&self, owner: &Address) -> Result<u64, PortError> {
        Ok(self.account(owner).await?.nonce)
    }

    async fn coins(&self, owner: &Address) -> Result<Vec<Coin>, PortError> {
        let coins: wire::Coins = self.must(&["coins", owner.as_str()]).await?;
        Ok(coins.coins)
    }

    async fn fee(&self) -> Result<Amount, PortError> {
        let fee: wire::Fee = self.must(&["fee"]).await?;
        Ok(Amount::new(self.network.native(), fee.base))
    }

    async fn broadcast(&self, signed_hex: &str) -> Result<(), PortError> {
        let path = ["chains", "v1", self.network.name(), "transfers"];
        let body = wire::Broadcast { signed: signed_hex };
        // Signed bytes have one effect however often they arrive, so no failure here is in doubt.
        let answer = self.node.post(&path, &body).await.map_err(unanswered)?;
        accepted(&answer)
    }

    async fn arrivals(&self, height: u64) -> Result<Arrivals, PortError> {
        let path = ["chains", "v1", self.network.name(), "transfers"];
        let after = height.to_string();
        let answer = self.node.get(&path, &[("after", &after)]).await;
        let answer = answer.map_err(unanswered)?;
        if !answer.is_success() {
            let context = format!("status {}", answer.status);
            return Err(PortError::retry(PROVIDER, context).answered());
        }
        let listed = answer.json().map_err(unreadable)?;
        Ok(map::arrivals(listed, self.network))
    }

    async fn transfer(&self, hash: &str) -> Result<TransferStatus, PortError> {
        let transfer: Option<wire::Transfer> = self.get(&["transfers", hash]).await?;
        Ok(match transfer {
            Some(transfer) => map::status(&transfer, self.network),
            None => TransferStatus::Unknown,
        })
    }
}

fn accepted(answer: &Answer) -> Result<(), PortError> {
    if answer.is_success() {
        return Ok(());
    }
    let code = answer
        .json()
        .map_or_else(|_| String::new(), |e: wire::Error| e.code);
    Err(map::refusal(answer.status, &code))
}

fn unanswered(error: CallError) -> PortError {
    PortError::retry(PROVIDER, error.context)
}

fn unreadable(error: impl std::fmt::Display) -> PortError {
    PortError::retry(PROVIDER, format!("unreadable answer: {error}")).answered()
}

#[cfg(test)]
mod tests;
