//! Chain adapters: build, broadcast, watch and confirm.
//!
//! An adapter reads a chain through its nodes and hands signed bytes to them; keys are elsewhere. One
//! folder per kind of chain; what kinds have in common is beside them.

mod agree;
pub mod bitcoin;
mod blocks;
pub mod depth;
pub mod evm;
mod rpc;
mod send;
pub mod simulated;
pub mod tron;
