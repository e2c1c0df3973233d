//! The outside world for development and tests: a card processor with hosted fields, an identity
//! provider, rates, and one chain per network.
//!
//! Each service is a state machine whose state is the fold of its journal: `apply` runs when a fact
//! is new and again, with the same result, when the journal is read at start. HTTP is glue around
//! it. Time comes from a [`proof_core::Clock`] alone, also for blocks, so a simulation can put the
//! whole world behind its own network and clock.
//!
//! The world is the other party: it shares no code with Proof beyond money, ids and addresses, and
//! checks what it is sent by its own reading of the documentation.

mod callback;
mod cards;
mod chain;
mod cli;
mod clock;
mod http;
mod identity;
mod journal;
mod rates;
mod refusal;
mod world;

pub use cli::run_child;
pub use http::{cards_router, world_router};
pub use world::{World, WorldConfig};
