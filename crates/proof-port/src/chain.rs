//! One chain, seen through its node.

use crate::PortError;
pub use proof_core::Network;
pub use proof_core::transfer::{Coin, UnsignedFrom, UnsignedTransfer};
use proof_core::{Address, deposit::Deposit, money::Amount};

#[derive(Clone, PartialEq, Eq, Debug)]
pub enum TransferStatus {
    /// This node does not know the hash; that proves nothing.
    Unknown,
    /// Waiting for a block.
    Waiting,
    Mined {
        confirmations: u64,
        block: u64,
        fee: Amount,
    },
    /// Mined, and the chain refused its effect.
    Failed { confirmations: u64 },
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct ChainTip {
    pub height: u64,
}

/// A transfer to somebody. Whether that is us, the database knows.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Arrival {
    pub recipient: String,
    pub deposit: Deposit,
}

/// What came after some block.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Arrivals {
    /// All blocks up to this one are in it.
    pub height: u64,
    /// There is no later block, and what waits for one is in it, too.
    pub complete: bool,
    pub arrivals: Vec<Arrival>,
}

#[async_trait::async_trait]
pub trait Chain: Send + Sync {
    fn network(&self) -> Network;

    /// Confirmations after which a transfer counts as final.
    fn confirmations_final(&self) -> u64;

    /// Where a person can look a hash up.
    fn explorer_url(&self, hash: &str) -> String;

    /// When to look again at a transfer that is not final yet.
    fn poll_interval_ms(&self) -> i64;

    async fn tip(&self) -> Result<ChainTip, PortError>;

    async fn balance(&self, owner: &Address, asset: proof_core::Asset)
    -> Result<Amount, PortError>;

    /// The next nonce that the chain expects of this sender, on account networks.
    async fn nonce(&self, owner: &Address) -> Result<u64, PortError>;

    /// Unspent coins of this owner, on coin networks.
    async fn coins(&self, owner: &Address) -> Result<Vec<Coin>, PortError>;

    /// What a transfer now costs, in the native coin.
    async fn fee(&self) -> Result<Amount, PortError>;

    /// Hands a signed transfer to the network; the same bytes may be sent again at any time.
    async fn broadcast(&self, signed_hex: &str) -> Result<(), PortError>;

    /// Transfers in the blocks above `height`, oldest first: so many blocks that the answer has a
    /// bound. Assets that are not in the catalogue are left out.
    async fn arrivals(&self, height: u64) -> Result<Arrivals, PortError>;

    async fn transfer(&self, hash: &str) -> Result<TransferStatus, PortError>;
}
