//! The sandbox's rails, with chains that are looked at as often as the story wants.

use crate::points::Points;
use proof_core::{Address, Asset, Network, money::Amount};
use proof_engine::Rails;
use proof_port::{Arrivals, Chain, ChainTip, Coin, PortError, TransferStatus};
use std::sync::{Arc, atomic::Ordering};

/// Once all is well, nothing is to be learnt from looking often.
const POLL_MS_CALM: i64 = 120_000;

struct Patient {
    chain: Arc<dyn Chain>,
    poll_ms: i64,
    points: Arc<Points>,
}

/// The same rails; waiting costs as few looks as possible.
pub fn patient(rails: Rails, poll_ms: i64, points: &Arc<Points>) -> Rails {
    let chains = rails.chains.into_iter().map(|(network, chain)| {
        let chain: Arc<dyn Chain> = Arc::new(Patient {
            chain,
            poll_ms,
            points: Arc::clone(points),
        });
        (network, chain)
    });
    Rails {
        chains: chains.collect(),
        ..rails
    }
}

#[async_trait::async_trait]
impl Chain for Patient {
    fn network(&self) -> Network {
        self.chain.network()
    }

    fn confirmations_final(&self) -> u64 {
        self.chain.confirmations_final()
    }

    fn explorer_url(&self, hash: &str) -> String {
        self.chain.explorer_url(hash)
    }

    fn poll_interval_ms(&self) -> i64 {
        if self.points.calm.load(Ordering::SeqCst) {
            POLL_MS_CALM
        } else {
            self.poll_ms
        }
    }

    async fn tip(&self) -> Result<ChainTip, PortError> {
        self.chain.tip().await
    }

    async fn balance(&self, owner: &Address, asset: Asset) -> Result<Amount, PortError> {
        self.chain.balance(owner, asset).await
    }

    async fn nonce(&self, owner: &Address) -> Result<u64, PortError> {
        self.chain.nonce(owner).await
    }

    async fn coins(&self, owner: &Address) -> Result<Vec<Coin>, PortError> {
        self.chain.coins(owner).await
    }

    async fn fee(&self) -> Result<Amount, PortError> {
        self.chain.fee().await
    }

    async fn broadcast(&self, signed_hex: &str) -> Result<(), PortError> {
        self.chain.broadcast(signed_hex).await
    }

    async fn arrivals(&self, height: u64) -> Result<Arrivals, PortError> {
        self.chain.arrivals(height).await
    }

    async fn transfer(&self, hash: &str) -> Result<TransferStatus, PortError> {
        self.chain.transfer(hash).await
    }
}
