#![doc = include_str!("../README.md")]

mod backoff;
pub mod client;
pub mod error;
pub mod event;
pub mod host;
pub mod receipt;
pub mod session;
pub mod transaction;
mod user;
pub mod watch;
pub mod webhook;
pub mod wire;

#[cfg(test)]
mod vectors;

pub use client::{Client, Setup};
pub use error::{Error, Problem, Retry};
pub use event::{Event, EventPage, EventQuery, Feed};
pub use receipt::{
    PublishedKey, Receipt, ReceiptRefusal, SignedReceipt, address_fingerprint, verify_receipt,
};
pub use session::{Session, SessionRequest};
pub use transaction::{Transaction, TransactionQuery};
pub use watch::{Update, Watch};
pub use wire::{KycStatus, OrderType, Page, Status};
