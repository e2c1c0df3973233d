//! Exact money: integers in base units, checked arithmetic, a named rounding at every division.

#![cfg_attr(
    not(test),
    deny(
        clippy::float_arithmetic,
        clippy::as_conversions,
        clippy::arithmetic_side_effects
    )
)]

mod amount;
mod decimal;
mod rate;

pub use amount::{Amount, Money, as_text};
pub use decimal::{decimal_format, decimal_parse};
pub use rate::{Bps, Rate, Rounding, mul_div};

/// Why a sum or a reading of an amount has no answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum MoneyError {
    #[error("the amount is too large")]
    Overflow,
    #[error("the amount would be negative")]
    Negative,
    #[error("amounts of different assets do not add up")]
    Mismatch,
    #[error("not a decimal number")]
    Malformed,
    #[error("more digits after the point than the asset has")]
    Precision,
    #[error("division by zero")]
    DivisionByZero,
}
