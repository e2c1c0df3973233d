//! Amounts that know what they are amounts of.

use super::{MoneyError, decimal_format, decimal_parse};
use crate::asset::{Asset, Fiat};
use serde::{Deserialize, Serialize};
use std::fmt;

/// Digits after the point that people expect to see, even when they are zeros.
const DIGITS_SHOWN_MIN: usize = 2;

/// JSON carries integers of money as text: a JSON number loses digits beyond 2^53.
pub mod as_text {
    use serde::{Deserialize, Deserializer, Serializer, de::Error as _};

    pub fn serialize<S: Serializer>(value: &u128, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(value)
    }

    pub fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<u128, D::Error> {
        String::deserialize(deserializer)?
            .parse()
            .map_err(D::Error::custom)
    }
}

/// An amount of a crypto asset, in base units.
#[derive(Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Amount {
    asset: Asset,
    #[serde(with = "as_text")]
    base: u128,
}

impl Amount {
    pub const fn new(asset: Asset, base: u128) -> Self {
        Self { asset, base }
    }

    pub fn parse(asset: Asset, text: &str) -> Result<Self, MoneyError> {
        Ok(Self {
            asset,
            base: decimal_parse(text, asset.decimals())?,
        })
    }

    pub const fn asset(self) -> Asset {
        self.asset
    }

    pub const fn base(self) -> u128 {
        self.base
    }

    pub const fn is_zero(self) -> bool {
        self.base == 0
    }

    pub fn checked_add(self, other: Self) -> Result<Self, MoneyError> {
        if self.asset != other.asset {
            return Err(MoneyError::Mismatch);
        }
        let base = self
            .base
            .checked_add(other.base)
            .ok_or(MoneyError::Overflow)?;
        Ok(Self {
            asset: self.asset,
            base,
        })
    }

    /// The number alone, as every channel of the contract shows it.
    pub fn to_decimal(self) -> String {
        decimal_format(self.base, self.asset.decimals(), DIGITS_SHOWN_MIN)
    }
}

impl fmt::Display for Amount {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.to_decimal(), self.asset.ticker())
    }
}

impl fmt::Debug for Amount {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.to_decimal(), self.asset)
    }
}

/// An amount of fiat, in minor units.
#[derive(Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Money {
    fiat: Fiat,
    #[serde(with = "as_text")]
    minor: u128,
}

impl Money {
    pub const fn new(fiat: Fiat, minor: u128) -> Self {
        Self { fiat, minor }
    }

    pub fn parse(fiat: Fiat, text: &str) -> Result<Self, MoneyError> {
        Ok(Self {
            fiat,
            minor: decimal_parse(text, fiat.decimals())?,
        })
    }

    pub const fn fiat(self) -> Fiat {
        self.fiat
    }

    pub const fn minor(self) -> u128 {
        self.minor
    }

    pub fn checked_add(self, other: Self) -> Result<Self, MoneyError> {
        if self.fiat != other.fiat {
            return Err(MoneyError::Mismatch);
        }
        let minor = self
            .minor
            .checked_add(other.minor)
            .ok_or(MoneyError::Overflow)?;
        Ok(Self {
            fiat: self.fiat,
            minor,
        })
    }

    pub fn checked_sub(self, other: Self) -> Result<Self, MoneyError> {
        if self.fiat != other.fiat {
            return Err(MoneyError::Mismatch);
        }
        let minor = self
            .minor
            .checked_sub(other.minor)
            .ok_or(MoneyError::Negative)?;
        Ok(Self {
            fiat: self.fiat,
            minor,
        })
    }

    /// The number alone, always with all digits of the currency.
    pub fn to_decimal(self) -> String {
        decimal_format(
            self.minor,
            self.fiat.decimals(),
            usize::from(self.fiat.decimals()),
        )
    }
}

impl fmt::Display for Money {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.to_decimal(), self.fiat)
    }
}

impl fmt::Debug for Money {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::network::Network;

    fn usdt(base: u128) -> Amount {
        Amount::new(Asset::find("USDT", Network::Trc20).unwrap(), base)
    }

    #[test]
    fn only_the_same_is_added_and_nothing_below_zero_is_left() {
        let (eur, usd) = (Money::new(Fiat::Eur, 7), Money::new(Fiat::Usd, 7));
        assert_eq!(eur.checked_add(eur), Ok(Money::new(Fiat::Eur, 14)));
        assert_eq!(eur.checked_add(usd), Err(MoneyError::Mismatch));
        assert_eq!(eur.checked_sub(usd), Err(MoneyError::Mismatch));
        let less = Money::new(Fiat::Eur, 3);
        assert_eq!(eur.checked_sub(less), Ok(Money::new(Fiat::Eur, 4)));
        assert!(less.checked_sub(eur).is_err());
        let most = Money::new(Fiat::Eur, u128::MAX);
        assert_eq!(most.checked_add(eur), Err(MoneyError::Overflow));
        assert_eq!(usdt(7).checked_add(usdt(3)), Ok(usdt(10)));
        let trx = Amount::new(Network::Trc20.native(), 1);
        assert_eq!(usdt(7).checked_add(trx), Err(MoneyError::Mismatch));
        assert_eq!(
            usdt(u128::MAX).checked_add(usdt(1)),
            Err(MoneyError::Overflow)
        );
        assert!(usdt(0).is_zero() && !usdt(1).is_zero());
    }

    #[test]
    fn people_read_the_number_and_what_it_is_of() {
        assert_eq!(usdt(1_500_000).to_string(), "1.50 USDT");
        assert_eq!(Money::new(Fiat::Eur, 150).to_string(), "1.50 EUR");
    }
}
