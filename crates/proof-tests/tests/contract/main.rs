//! The product through its front door, on both engines: HTTP in at the router, the sandbox world and
//! partners' webhook receivers on the other side of the transport, and a clock that runs fast.
//!
//! PostgreSQL is used when `PROOF_TEST_POSTGRES_URL` names a cluster (`ci/with-postgres`); with
//! `PROOF_TEST_REQUIRE_POSTGRES=1` its absence fails.

#![expect(
    clippy::unwrap_used,
    clippy::print_stdout,
    clippy::disallowed_methods,
    reason = "a test fails where it is wrong, and its clock is made here"
)]

mod about;
mod access;
mod addresses;
mod authenticator;
mod bitcoin;
mod buyer;
mod cards;
mod change;
mod charts;
mod checklist;
mod claim;
mod clock;
mod console;
mod delivery;
mod emails;
mod embed;
mod errors;
mod evm;
mod feed;
mod foreign;
mod handover;
mod health;
mod identity;
mod inbound;
mod kit;
mod ledger;
mod letters;
mod limits;
mod lists;
mod live;
mod look;
mod mail;
mod matrix;
mod npm;
mod operator;
mod partner;
mod passkey;
mod payment;
mod people;
mod persons;
mod policy;
mod reading;
mod receipt;
mod reconcile;
mod recovery;
mod refusals;
mod reviewing;
mod risk;
mod sanctions;
mod sandbox;
mod schema;
mod screening;
mod sdk;
mod sell;
mod session;
mod socket;
mod statement;
mod strange;
mod sweeping;
mod tokens;
mod treasury;
mod tron;
mod visits;
mod wallets;
mod webhook;
mod world;
mod worlds;

/// Makes a test for each engine out of an `async fn(App)`.
macro_rules! on_both_engines {
    ($($name:ident),* $(,)?) => {
        mod sqlite {
            $(#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $name() {
                let app = crate::kit::App::sqlite().await;
                super::$name(&app).await;
                app.finish().await;
            })*
        }

        mod postgres {
            $(#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $name() {
                let Some(app) = crate::kit::App::postgres().await else { return };
                super::$name(&app).await;
                app.finish().await;
            })*
        }
    };
}
pub(crate) use on_both_engines;
