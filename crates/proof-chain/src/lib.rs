//! Chain adapters: build, broadcast, watch and confirm.
//!
//! An adapter reads a chain through one node and hands signed bytes to it; keys are elsewhere. One
//! folder per kind of chain.

mod agree;
pub mod bitcoin;
pub mod evm;
mod rpc;
mod send;
pub mod simulated;
