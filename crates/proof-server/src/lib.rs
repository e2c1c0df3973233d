//! Wiring: configuration in, a running server out. The logic is elsewhere.

pub mod app;
pub mod audit;
pub mod backup;
pub mod case;
pub mod chain;
pub mod clock;
pub mod config;
pub mod dev;
pub mod developer;
mod http;
pub mod identity;
pub mod ledger;
pub mod list;
pub mod lock;
pub mod member;
pub mod metrics;
pub mod networks;
pub mod operator;
pub mod order;
pub mod partner;
pub mod player;
mod postgres;
mod prove;
pub mod rails;
pub mod recovery;
pub mod restore;
pub mod sanctions;
pub mod sandbox;
mod say;
pub mod serve;
pub mod signer;
pub mod sweep;
pub mod telemetry;
pub mod wallet;
mod world;

pub use app::App;
