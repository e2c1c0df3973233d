//! The real binary: killed, started again, and with receivers that fail in every way.

#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a test fails where it is wrong"
)]

mod chaos;
mod held;
mod identity;
mod metrics;
mod receiver;
mod restart;
mod restart_sell;
mod rotate;
mod server;
mod ship;
mod signer;
mod terminal;
mod token;
mod traces;
mod user;
