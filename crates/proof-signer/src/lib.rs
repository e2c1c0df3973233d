//! Keys, signing policy and an append-only journal.
//!
//! The signer believes nobody: it signs a delivery only to the destination that was registered for
//! that order before its payment opened, once per intent, and never two transfers that would spend
//! the same nonce or coin. Whatever it answers is on disk before the answer is given, so "was this
//! intent ever signed?" has a true answer also after a crash; an order turns round only on a *no*.
//!
//! [`LocalSigner`] does its work inside the call. [`SignerThread`] puts it on a thread of its own
//! behind the same trait, and [`SignerDoor`] lets another process ask it, whose end is [`SocketSigner`].

mod allow;
mod bitcoin;
mod evm;
mod journal;
mod key_file;
mod keys;
mod limits;
mod local;
mod policy;
mod simulated;
mod socket;
mod thread;
mod token;
mod tron;

pub use allow::{ApproverKey, Approvers, Deed, ListChange, Listed, NotTaken, Vote, list_change};
pub use bitcoin::BitcoinRules;
pub use key_file::{
    KeyFileError, MasterKey, key_file_read, key_file_write, master_key_new, printed, read_printed,
    read_private, write_private,
};
pub use keys::WalletKeys;
pub use limits::{Limit, Limits, Outflow};
pub use local::LocalSigner;
pub use policy::{ChainRules, EvmRules};
pub use socket::{DoorError, SignerDoor, SocketSecret, SocketSigner};
pub use thread::ListKeeper;
pub use thread::SignerThread;
pub use token::{Token, TokenError, token_file_read, token_file_write};
pub use tron::TronRules;

/// The name under which the signer's errors appear.
pub(crate) const PROVIDER: &str = "signer";

/// Why a signer could not be opened.
#[derive(Debug, thiserror::Error)]
pub enum SignerError {
    #[error("the signer's journal cannot be read or written")]
    Io(#[from] std::io::Error),
    #[error("what stands in the signer's journal was signed with another key")]
    OtherKey,
    #[error("another process holds the signer's journal")]
    Locked,
    /// Never repaired by the program: a signer that forgets could sign twice.
    #[error("the signer's journal is damaged in line {line}: {problem}")]
    Damaged { line: usize, problem: &'static str },
}

#[cfg(test)]
mod tests;
