//! Nothing depends on this crate: `tests/contract` holds the product to its contract through the front
//! door, `tests/sim` runs the whole server deterministically under faults.

pub mod postgres;
