//! The price of an order: every line shown, the sum exact.

use crate::{
    asset::Fiat,
    id::QuoteId,
    money::{Amount, Bps, Money, MoneyError, Rate, Rounding},
    time::Timestamp,
};
use serde::{Deserialize, Serialize};

/// A quote stands this long; the user sees the countdown.
pub const QUOTE_SECONDS: i64 = 60;

/// The network may take so much of what it moves. Above it, nobody is helped by a transfer.
const NETWORK_SHARE_MAX: u16 = 5_000;

const PRICED_TIMES: u128 = 1_000_000;

/// A rate older than this is refused, not used.
pub const RATE_AGE_SECONDS_MAX: i64 = 60;

/// What an operator charges a partner's users.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct FeePolicy {
    /// On top of the mid-market price.
    pub spread: Bps,
    /// Of the total charged, as card processors count.
    pub processing: Bps,
    /// Fixed part per payment, in minor units of the currency paid in.
    #[serde(with = "crate::money::as_text")]
    pub processing_fixed_minor: u128,
    /// Of the total charged, for the partner.
    pub partner: Bps,
}

impl FeePolicy {
    /// Something is left of the price.
    pub fn is_sound(&self) -> bool {
        let shares = u32::from(self.processing.get()) + u32::from(self.partner.get());
        shares < u32::from(Bps::WHOLE) && self.spread.get() < Bps::WHOLE
    }
}

#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LineCode {
    /// The crypto at the quoted price, spread included.
    Crypto,
    /// What the chain takes.
    Network,
    Processing,
    Partner,
    Rounding,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Line {
    pub code: LineCode,
    pub amount: Money,
}

/// A locked price.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Quote {
    pub id: QuoteId,
    pub crypto: Amount,
    /// The crypto at mid-market; the rest of the `crypto` line is the spread.
    pub mid: Money,
    pub total: Money,
    pub lines: Vec<Line>,
    pub rate_at: Timestamp,
    pub expires_at: Timestamp,
}

impl Quote {
    pub fn fiat(&self) -> Fiat {
        self.total.fiat()
    }

    /// The amount of one line; zero when the quote has no such line.
    pub fn line(&self, code: LineCode) -> u128 {
        self.lines
            .iter()
            .find(|l| l.code == code)
            .map_or(0, |l| l.amount.minor())
    }

    /// Price of one whole coin in fiat, for people; four digits after the point.
    pub fn unit_price(&self) -> Result<String, MoneyError> {
        let whole = 10_u128.checked_pow(self.crypto.asset().decimals().into());
        let scale = whole
            .and_then(|w| w.checked_mul(10_000))
            .ok_or(MoneyError::Overflow)?;
        let line = self.line(LineCode::Crypto);
        let scaled = crate::money::mul_div(line, scale, self.crypto.base(), Rounding::HalfEven)?;
        let decimals = self
            .fiat()
            .decimals()
            .checked_add(4)
            .ok_or(MoneyError::Overflow)?;
        Ok(crate::money::decimal_format(scaled, decimals, 4))
    }
}

/// What a quote is made of.
pub struct QuoteRequest<'a> {
    pub id: QuoteId,
    pub crypto: Amount,
    pub fiat: Fiat,
    pub mid: Rate,
    pub rate_at: Timestamp,
    /// Today's cost of the transfer, in `fiat`.
    pub network: Money,
    pub fees: &'a FeePolicy,
    pub now: Timestamp,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum QuoteError {
    #[error(transparent)]
    Money(#[from] MoneyError),
    #[error("the market price is too old")]
    RateStale,
    #[error("the fees leave nothing of the price")]
    FeesTooHigh,
    #[error("the network takes most of the amount; of {least} it would take half")]
    NetworkTooDear { least: Amount },
}

/// Locks a buy's price: `crypto × mid × (1 + spread) + network + processing + partner`.
///
/// Percentage lines are of the total, so the total is solved for: the smallest one that covers every
/// line with its own rounding (up, to whoever is owed). A minor unit that is left over goes to its own
/// line, so that the lines always sum to the total.
pub fn quote_buy(request: &QuoteRequest<'_>) -> Result<Quote, QuoteError> {
    let QuoteRequest {
        id,
        crypto,
        fiat,
        rate_at,
        network,
        fees,
        now,
        ..
    } = *request;
    let mid = worth_moving(request)?;
    let spread = fees.spread.of(mid, Rounding::HalfEven)?;
    let at_price = mid.checked_add(spread).ok_or(MoneyError::Overflow)?;
    // Nothing is sold for nothing: an amount below one minor unit still costs one.
    let at_price = at_price.max(1);
    let fixed = [at_price, network.minor(), fees.processing_fixed_minor]
        .into_iter()
        .try_fold(0_u128, u128::checked_add)
        .ok_or(MoneyError::Overflow)?;
    let (total, processing, partner) = solve_total(fixed, fees)?;
    let processing = processing
        .checked_add(fees.processing_fixed_minor)
        .ok_or(MoneyError::Overflow)?;
    let lines = [
        (LineCode::Crypto, at_price),
        (LineCode::Network, network.minor()),
        (LineCode::Processing, processing),
        (LineCode::Partner, partner),
    ];
    let covered = lines
        .iter()
        .try_fold(0_u128, |sum, (_, minor)| sum.checked_add(*minor))
        .ok_or(MoneyError::Overflow)?;
    let rounding = total.checked_sub(covered).ok_or(MoneyError::Negative)?;
    let lines = lines.into_iter().chain([(LineCode::Rounding, rounding)]);
    Ok(Quote {
        id,
        crypto,
        mid: Money::new(fiat, mid),
        total: Money::new(fiat, total),
        lines: shown(fiat, lines),
        rate_at,
        expires_at: now.plus_seconds(QUOTE_SECONDS),
    })
}

/// Locks a sell's price: `crypto × mid × (1 − spread) − network − processing − partner`.
///
/// Percentage lines are of the crypto's price, rounded up to whoever is owed. What is left is what
/// the user receives; nothing left is refused.
pub fn quote_sell(request: &QuoteRequest<'_>) -> Result<Quote, QuoteError> {
    let QuoteRequest {
        id,
        crypto,
        fiat,
        network,
        fees,
        ..
    } = *request;
    let mid = worth_moving(request)?;
    let spread = fees.spread.of(mid, Rounding::HalfEven)?;
    let at_price = mid.checked_sub(spread).ok_or(MoneyError::Negative)?;
    let processing = fees
        .processing
        .of(at_price, Rounding::Up)?
        .checked_add(fees.processing_fixed_minor)
        .ok_or(MoneyError::Overflow)?;
    let partner = fees.partner.of(at_price, Rounding::Up)?;
    let total = [network.minor(), processing, partner]
        .into_iter()
        .try_fold(at_price, u128::checked_sub)
        .filter(|total| *total > 0)
        .ok_or(QuoteError::FeesTooHigh)?;
    let lines = [
        (LineCode::Crypto, at_price),
        (LineCode::Network, network.minor()),
        (LineCode::Processing, processing),
        (LineCode::Partner, partner),
    ];
    Ok(Quote {
        id,
        crypto,
        mid: Money::new(fiat, mid),
        total: Money::new(fiat, total),
        lines: shown(fiat, lines),
        rate_at: request.rate_at,
        expires_at: request.now.plus_seconds(QUOTE_SECONDS),
    })
}

/// The crypto at a mid-market rate that is young enough to use.
fn mid_price(request: &QuoteRequest<'_>) -> Result<u128, QuoteError> {
    if request.now.millis_since(request.rate_at) > RATE_AGE_SECONDS_MAX * 1_000 {
        return Err(QuoteError::RateStale);
    }
    let mid = request.mid;
    Ok(mid.price(request.crypto.base(), Rounding::HalfEven)?)
}

/// The same, if that is enough for the network's fee of today.
fn worth_moving(request: &QuoteRequest<'_>) -> Result<u128, QuoteError> {
    let (mid, network) = (mid_price(request)?, request.network.minor());
    let share = u128::from(NETWORK_SHARE_MAX);
    let enough = crate::money::mul_div(network, Bps::WHOLE.into(), share, Rounding::Up)?;
    if mid >= enough {
        return Ok(mid);
    }
    // Of so many times the amount, since the price of a small one is mostly rounding.
    let crypto = request.crypto;
    let much = crypto.base().checked_mul(PRICED_TIMES);
    let much = much.ok_or(MoneyError::Overflow)?;
    let worth = request.mid.price(much, Rounding::Down)?.max(1);
    let least = crate::money::mul_div(much, enough, worth, Rounding::Up)?;
    Err(QuoteError::NetworkTooDear {
        least: Amount::new(crypto.asset(), least),
    })
}

fn shown(fiat: Fiat, lines: impl IntoIterator<Item = (LineCode, u128)>) -> Vec<Line> {
    let lines = lines.into_iter().filter(|(_, minor)| *minor > 0);
    lines
        .map(|(code, minor)| Line {
            code,
            amount: Money::new(fiat, minor),
        })
        .collect()
}

/// The smallest total that covers the fixed lines and its own two percentage lines.
fn solve_total(fixed: u128, fees: &FeePolicy) -> Result<(u128, u128, u128), QuoteError> {
    let percent = fees.processing.get().checked_add(fees.partner.get());
    let left = percent
        .and_then(|p| Bps::WHOLE.checked_sub(p))
        .filter(|left| *left > 0);
    let left = u128::from(left.ok_or(QuoteError::FeesTooHigh)?);
    let mut total = crate::money::mul_div(fixed, Bps::WHOLE.into(), left, Rounding::Up)?;
    // Two lines rounded up can ask for at most two minor units more, each of which adds again.
    for _ in 0..16 {
        let processing = fees.processing.of(total, Rounding::Up)?;
        let partner = fees.partner.of(total, Rounding::Up)?;
        let needed = fixed
            .checked_add(processing)
            .and_then(|n| n.checked_add(partner));
        if needed.ok_or(MoneyError::Overflow)? <= total {
            return Ok((total, processing, partner));
        }
        total = total.checked_add(1).ok_or(MoneyError::Overflow)?;
    }
    Err(QuoteError::FeesTooHigh)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{asset::Asset, network::Network};
    use proptest::prelude::*;

    fn quote(base: u128, price: &str, bps: [u16; 3], fixed: u128, network: u128) -> Quote {
        let usdt = Asset::find("USDT", Network::Trc20).unwrap();
        let now = Timestamp::from_micros(1_000_000_000);
        let fees = FeePolicy {
            spread: Bps::new(bps[0]).unwrap(),
            processing: Bps::new(bps[1]).unwrap(),
            processing_fixed_minor: fixed,
            partner: Bps::new(bps[2]).unwrap(),
        };
        quote_buy(&QuoteRequest {
            id: QuoteId::from_uuid(uuid::Uuid::nil()),
            crypto: Amount::new(usdt, base),
            fiat: Fiat::Eur,
            mid: Rate::from_price(price, 6, 2).unwrap(),
            rate_at: now,
            network: Money::new(Fiat::Eur, network),
            fees: &fees,
            now,
        })
        .unwrap()
    }

    #[test]
    fn an_example_by_hand() {
        // 100 × 0.9215 = 92.15, + 1 % = 93.07; + 0.50 + 0.25 = 93.82; ÷ 0.96 = 97.73, which its own lines exceed: 97.74.
        let quote = quote(100_000_000, "0.9215", [100, 300, 100], 25, 50);
        assert_eq!(quote.total.to_decimal(), "97.74");
        let shown: Vec<_> = quote
            .lines
            .iter()
            .map(|l| (l.code, l.amount.to_decimal()))
            .collect();
        let expected = [
            (LineCode::Crypto, "93.07"),
            (LineCode::Network, "0.50"),
            (LineCode::Processing, "3.19"),
            (LineCode::Partner, "0.98"),
        ];
        assert_eq!(shown, expected.map(|(code, text)| (code, text.to_owned())));
        assert_eq!(quote.unit_price().unwrap(), "0.9307");
    }

    fn sold(base: u128, bps: [u16; 3], fixed: u128, network: u128) -> Result<Quote, QuoteError> {
        let fees = FeePolicy {
            spread: Bps::new(bps[0]).unwrap(),
            processing: Bps::new(bps[1]).unwrap(),
            processing_fixed_minor: fixed,
            partner: Bps::new(bps[2]).unwrap(),
        };
        let now = Timestamp::from_micros(1_000_000_000);
        quote_sell(&QuoteRequest {
            id: QuoteId::from_uuid(uuid::Uuid::nil()),
            crypto: Amount::new(Asset::find("USDT", Network::Trc20).unwrap(), base),
            fiat: Fiat::Eur,
            mid: Rate::from_price("0.9215", 6, 2).unwrap(),
            rate_at: now,
            network: Money::new(Fiat::Eur, network),
            fees: &fees,
            now,
        })
    }

    #[test]
    fn a_sell_by_hand() {
        // 100 × 0.9215 = 92.15, − 1 % = 91.23; − 0.50 − (3 % = 2.7369 → 2.74, + 0.25) − (1 % → 0.92) = 86.82.
        let quote = sold(100_000_000, [100, 300, 100], 25, 50).unwrap();
        assert_eq!(quote.total.to_decimal(), "86.82");
        assert_eq!(quote.mid.to_decimal(), "92.15");
        let lines: Vec<u128> = quote.lines.iter().map(|l| l.amount.minor()).collect();
        assert_eq!(lines, [9_123, 50, 299, 92]);
        // What the fees eat up is not bought.
        assert_eq!(
            sold(1_000_000, [0, 0, 0], 92, 0),
            Err(QuoteError::FeesTooHigh)
        );
        assert_eq!(sold(1_000_000, [0, 0, 0], 91, 0).unwrap().total.minor(), 1);
    }

    #[test]
    fn the_network_takes_half_at_most_and_it_is_said_what_would_be_enough() {
        let total = |base, network| sold(base, [0, 0, 0], 0, network).map(|q| q.total.minor());
        assert_eq!(total(1_000_000, 46), Ok(46));
        let Err(QuoteError::NetworkTooDear { least }) = total(1_000_000, 47) else {
            panic!("worth it");
        };
        // 0.94 at 0.9215.
        assert_eq!(least.to_string(), "1.020076 USDT");
        assert_eq!(total(least.base(), 47), Ok(47));
        // Less than a cent is worth nothing, and any fee is too much.
        assert!(matches!(
            total(1, 1),
            Err(QuoteError::NetworkTooDear { .. })
        ));
    }

    #[test]
    fn an_old_rate_is_refused() {
        let usdt = Asset::find("USDT", Network::Trc20).unwrap();
        let fees = FeePolicy {
            spread: Bps::ZERO,
            processing: Bps::ZERO,
            processing_fixed_minor: 0,
            partner: Bps::ZERO,
        };
        let request = QuoteRequest {
            id: QuoteId::from_uuid(uuid::Uuid::nil()),
            crypto: Amount::new(usdt, 1),
            fiat: Fiat::Eur,
            mid: Rate::from_price("1", 6, 2).unwrap(),
            rate_at: Timestamp::from_micros(0),
            network: Money::new(Fiat::Eur, 0),
            fees: &fees,
            now: Timestamp::from_micros(61_000_000),
        };
        assert_eq!(quote_buy(&request), Err(QuoteError::RateStale));
    }

    proptest! {
        #[test]
        fn lines_sum_to_the_smallest_total_that_covers_them(
            base in 1_u128..1_000_000_000_000,
            spread in 0_u16..500, processing in 0_u16..800, partner in 0_u16..500,
            fixed in 0_u128..500, network in 0_u128..2_000,
        ) {
            // No more than half of what is moved.
            let network = network.min(base * 9_215 / 100_000_000 / 2);
            let quote = quote(base, "0.9215", [spread, processing, partner], fixed, network);
            let sum: u128 = quote.lines.iter().map(|l| l.amount.minor()).sum();
            prop_assert_eq!(sum, quote.total.minor());
            prop_assert!(quote.line(LineCode::Rounding) <= 2);
            let due = |bps: u16, extra| {
                (quote.total.minor() * u128::from(bps)).div_ceil(10_000) + extra
            };
            prop_assert_eq!(quote.line(LineCode::Processing), due(processing, fixed));
            prop_assert_eq!(quote.line(LineCode::Partner), due(partner, 0));
        }
    }
}
