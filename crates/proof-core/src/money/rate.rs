//! Ratios and the one division that money goes through.

use super::MoneyError;
use ruint::aliases::U256;
use serde::{Deserialize, Serialize};

/// What happens to the part of a division that does not fit.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Rounding {
    /// Towards the larger amount: used where the remainder belongs to whoever is owed.
    Up,
    Down,
    /// To the nearer neighbour, ties to the even one: no drift over many orders.
    HalfEven,
}

/// `value × numerator ÷ denominator`, with a 256-bit intermediate.
pub fn mul_div(
    value: u128,
    numerator: u128,
    denominator: u128,
    rounding: Rounding,
) -> Result<u128, MoneyError> {
    if denominator == 0 {
        return Err(MoneyError::DivisionByZero);
    }
    let product = U256::from(value)
        .checked_mul(U256::from(numerator))
        .ok_or(MoneyError::Overflow)?;
    let divisor = U256::from(denominator);
    let (quotient, remainder) = product.div_rem(divisor);
    let twice = remainder
        .checked_mul(U256::from(2_u8))
        .ok_or(MoneyError::Overflow)?;
    let up = match rounding {
        Rounding::Up => remainder > U256::ZERO,
        Rounding::Down => false,
        Rounding::HalfEven => twice > divisor || (twice == divisor && quotient.bit(0)),
    };
    let rounded = if up {
        quotient
            .checked_add(U256::from(1_u8))
            .ok_or(MoneyError::Overflow)?
    } else {
        quotient
    };
    u128::try_from(rounded).map_err(|_| MoneyError::Overflow)
}

/// Hundredths of a percent, at most 10,000.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Serialize, Deserialize)]
#[serde(try_from = "u16", into = "u16")]
pub struct Bps(u16);

impl Bps {
    pub const ZERO: Self = Self(0);
    pub const WHOLE: u16 = 10_000;

    pub const fn new(bps: u16) -> Option<Self> {
        if bps <= Self::WHOLE {
            Some(Self(bps))
        } else {
            None
        }
    }

    pub const fn get(self) -> u16 {
        self.0
    }

    /// This share of `value`.
    pub fn of(self, value: u128, rounding: Rounding) -> Result<u128, MoneyError> {
        mul_div(value, u128::from(self.0), u128::from(Self::WHOLE), rounding)
    }
}

impl TryFrom<u16> for Bps {
    type Error = MoneyError;

    fn try_from(bps: u16) -> Result<Self, MoneyError> {
        Self::new(bps).ok_or(MoneyError::Overflow)
    }
}

impl From<Bps> for u16 {
    fn from(bps: Bps) -> Self {
        bps.0
    }
}

/// A price as an exact ratio: fiat minor units per crypto base unit.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Rate {
    #[serde(with = "super::amount::as_text")]
    numerator: u128,
    #[serde(with = "super::amount::as_text")]
    denominator: u128,
}

/// Digits after the point that a price may have.
const PRICE_DECIMALS: u8 = 12;

impl Rate {
    /// Reads a decimal price ("fiat per whole coin") for an asset and a fiat with these decimals.
    pub fn from_price(
        price: &str,
        asset_decimals: u8,
        fiat_decimals: u8,
    ) -> Result<Self, MoneyError> {
        let scaled = super::decimal_parse(price, PRICE_DECIMALS)?;
        if scaled == 0 {
            return Err(MoneyError::DivisionByZero);
        }
        let power = |n: u8| {
            10_u128
                .checked_pow(u32::from(n))
                .ok_or(MoneyError::Overflow)
        };
        Ok(Self {
            numerator: scaled
                .checked_mul(power(fiat_decimals)?)
                .ok_or(MoneyError::Overflow)?,
            denominator: power(PRICE_DECIMALS)?
                .checked_mul(power(asset_decimals)?)
                .ok_or(MoneyError::Overflow)?,
        })
    }

    /// The price of `crypto_base` in fiat minor units.
    pub fn price(self, crypto_base: u128, rounding: Rounding) -> Result<u128, MoneyError> {
        mul_div(crypto_base, self.numerator, self.denominator, rounding)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_share_is_at_most_the_whole_and_keeps_its_number() {
        assert_eq!(Bps::new(10_001), None);
        assert_eq!(Bps::try_from(10_001), Err(MoneyError::Overflow));
        let half = Bps::new(5_000).unwrap();
        assert_eq!((half.get(), u16::from(half)), (5_000, 5_000));
        assert_eq!(half.of(7, Rounding::Down), Ok(3));
    }

    #[test]
    fn rounding_is_what_its_name_says() {
        for (value, up, down, even) in [(5, 3, 2, 2), (7, 4, 3, 4), (4, 2, 2, 2)] {
            assert_eq!(mul_div(value, 1, 2, Rounding::Up), Ok(up));
            assert_eq!(mul_div(value, 1, 2, Rounding::Down), Ok(down));
            assert_eq!(mul_div(value, 1, 2, Rounding::HalfEven), Ok(even));
        }
        assert_eq!(
            mul_div(1, 1, 0, Rounding::Up),
            Err(MoneyError::DivisionByZero)
        );
        assert_eq!(
            mul_div(u128::MAX, 2, 1, Rounding::Up),
            Err(MoneyError::Overflow)
        );
    }

    #[test]
    fn a_price_is_exact() {
        let rate = Rate::from_price("0.9215", 6, 2).unwrap();
        assert_eq!(rate.price(100_000_000, Rounding::HalfEven), Ok(9_215));
        let rate = Rate::from_price("61234.56", 8, 2).unwrap();
        assert_eq!(rate.price(1, Rounding::Up), Ok(1));
    }

    proptest! {
        #[test]
        fn up_and_down_differ_by_at_most_one(v in any::<u64>(), n in any::<u64>(), d in 1_u64..) {
            let (v, n, d) = (u128::from(v), u128::from(n), u128::from(d));
            let down = mul_div(v, n, d, Rounding::Down).unwrap();
            let up = mul_div(v, n, d, Rounding::Up).unwrap();
            prop_assert!(up - down <= 1);
            prop_assert_eq!(up == down, (v * n) % d == 0);
        }
    }
}
