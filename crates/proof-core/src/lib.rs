//! The decisions of a ramp, as pure functions.
//!
//! Nothing here reads a clock, a socket or a database: time arrives as [`Timestamp`], randomness
//! through [`Entropy`], facts as values. `decide` functions take the present state and one command
//! and answer with the next state, its events, its ledger entry and the moment at which somebody
//! must look again. The engine saves that answer in one database transaction and only then acts.
//!
//! ```
//! use proof_core::{Asset, Network, money::Amount};
//! let usdt = Asset::find("USDT", Network::Trc20).unwrap();
//! assert_eq!(Amount::parse(usdt, "99.50").unwrap().base(), 99_500_000);
//! ```

// A new variant must be looked at everywhere; tests may lump together.
#![cfg_attr(not(test), deny(clippy::wildcard_enum_match_arm))]

pub mod address;
pub mod alert;
pub mod asset;
pub mod audit;
pub mod card;
pub mod case;
pub mod catalogue;
pub mod change;
pub mod checklist;
pub mod claim;
pub mod cold;
pub mod deposit;
pub mod embed;
pub mod error;
pub mod finding;
pub mod handover;
pub mod id;
pub mod identity;
pub mod language;
pub mod ledger;
pub mod link;
pub mod mail;
pub mod member;
pub mod money;
pub mod network;
pub mod operator;
pub mod order;
pub mod partner;
pub mod passkey;
pub mod payment;
pub mod proving;
pub mod quote;
pub mod receipt;
pub mod recovery;
pub mod risk;
pub mod scenario;
pub mod screening;
pub mod secret;
pub mod session;
pub mod statement;
pub mod stray;
pub mod sweep;
pub mod time;
pub mod token;
pub mod transfer;

pub use address::Address;
pub use asset::{Asset, Fiat};
pub use error::ErrorCode;
pub use network::Network;
pub use time::{Clock, Entropy, Timestamp};
