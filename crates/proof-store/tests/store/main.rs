//! The store's own suite, on both engines: every statement prepares, every statement runs, both
//! schemas are the same, and what the engines promise (locks, leases, roll-backs) holds.
//!
//! PostgreSQL is used when `PROOF_TEST_POSTGRES_URL` names a cluster (`ci/with-postgres`); with
//! `PROOF_TEST_REQUIRE_POSTGRES=1` its absence fails.

#![expect(
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "a test fails where it is wrong"
)]

mod card;
mod catalogue;
mod cold;
mod console;
mod contract;
mod finding;
mod kit;
mod operations;
mod proof;
mod proving;
mod recovery;
mod schema;
mod statements;
mod stray;
mod suite;
mod sweep;
mod wal;
