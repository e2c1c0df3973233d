//! Prices that walk about, the same for everybody who asks at the same time with the same seed.

use proof_core::{Fiat, Timestamp, money::decimal_format};
use sha2::{Digest, Sha256};

const STEP_S: i64 = 10;
/// Between two knots the walk is a straight line, so that it has a direction for a while.
const STEPS_PER_KNOT: i64 = 30;
/// Thousandths of a percent that a knot and a single step may be off; together 0.4 %.
const KNOT_OFFSET_MAX: i64 = 320;
const STEP_OFFSET_MAX: i64 = 80;
const OFFSET_WHOLE: u128 = 100_000;
/// Digits after the point of a price.
const PRICE_DECIMALS: u8 = 8;

pub struct Mid {
    pub price: String,
    pub at: Timestamp,
}

pub fn mid(seed: u64, ticker: &str, fiat: Fiat, now: Timestamp) -> Option<Mid> {
    let step = now.seconds().div_euclid(STEP_S);
    let anchor = anchor(ticker)?;
    // The whole with its offset stays positive: offsets are far smaller than it.
    let factor = OFFSET_WHOLE.checked_add_signed(offset(seed, ticker, step).into())?;
    let euro = anchor.checked_mul(factor)? / OFFSET_WHOLE;
    let price = euro.checked_mul(cross(fiat))? / 1_000;
    Some(Mid {
        price: decimal_format(price, PRICE_DECIMALS, PRICE_DECIMALS.into()),
        at: Timestamp::from_micros(0).plus_seconds(step.saturating_mul(STEP_S)),
    })
}

/// Euro per whole coin, in the eighth decimal.
fn anchor(ticker: &str) -> Option<u128> {
    let cents: u128 = match ticker {
        "USDT" | "USDC" => 92,
        "BTC" => 6_100_000,
        "ETH" => 290_000,
        "BNB" => 54_000,
        "TRX" => 15,
        "SOL" => 13_000,
        // Of chains that a configuration may add.
        "POL" => 21,
        "AVAX" => 2_150,
        _ => return None,
    };
    Some(cents * 1_000_000)
}

/// Thousandths of a unit for one euro.
const fn cross(fiat: Fiat) -> u128 {
    match fiat {
        Fiat::Eur => 1_000,
        Fiat::Usd => 1_085,
        Fiat::Gbp => 855,
        Fiat::Jpy => 162_000,
    }
}

/// One coin has one offset in all currencies, so that crossing them earns nothing.
fn offset(seed: u64, ticker: &str, step: i64) -> i64 {
    let knot = step.div_euclid(STEPS_PER_KNOT);
    let part = step.rem_euclid(STEPS_PER_KNOT);
    let from = noise(seed, ticker, "knot", knot, KNOT_OFFSET_MAX);
    let to = noise(
        seed,
        ticker,
        "knot",
        knot.saturating_add(1),
        KNOT_OFFSET_MAX,
    );
    let line = (from * (STEPS_PER_KNOT - part) + to * part) / STEPS_PER_KNOT;
    line + noise(seed, ticker, "step", step, STEP_OFFSET_MAX)
}

/// A number between `-max` and `max`.
fn noise(seed: u64, ticker: &str, kind: &str, index: i64, max: i64) -> i64 {
    let hash = Sha256::new()
        .chain_update(seed.to_be_bytes())
        .chain_update(ticker)
        .chain_update(kind)
        .chain_update(index.to_be_bytes())
        .finalize();
    let bytes = hash.first_chunk().copied().unwrap_or_default();
    i64::from(u32::from_be_bytes(bytes)) % (2 * max + 1) - max
}

#[cfg(test)]
mod tests {
    use super::*;
    use proof_core::{Asset, money::decimal_parse};
    use std::collections::BTreeSet;

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_micros(0).plus_seconds(seconds)
    }

    #[test]
    fn every_coin_has_a_price_near_its_anchor_that_moves_every_ten_seconds() {
        for asset in Asset::all() {
            let anchor = anchor(asset.ticker()).unwrap();
            let mut seen = BTreeSet::new();
            for step in 0..2_000 {
                let now = at(1_764_000_000 + step * 10 + 9);
                let mid = mid(7, asset.ticker(), Fiat::Eur, now).unwrap();
                let price = decimal_parse(&mid.price, PRICE_DECIMALS).unwrap();
                assert!(
                    price.abs_diff(anchor) * 1_000 <= anchor * 4,
                    "{}",
                    mid.price
                );
                assert_eq!(mid.at, at(1_764_000_000 + step * 10));
                seen.insert(price);
            }
            assert!(seen.len() > 200, "{asset} stands still");
        }
    }

    #[test]
    fn seed_and_time_alone_decide() {
        let price = |seed, seconds| mid(seed, "BTC", Fiat::Usd, at(seconds)).unwrap().price;
        assert_eq!(price(1, 1_000), price(1, 1_009));
        let differ = |a: u64, b: u64| (0..20).any(|i| price(a, i * 10) != price(b, i * 10));
        assert!(differ(1, 2));
        assert!(mid(1, "DOGE", Fiat::Eur, at(0)).is_none());
    }

    #[test]
    fn currencies_differ_by_their_cross_alone() {
        let price = |fiat| {
            let mid = mid(3, "BTC", fiat, at(55)).unwrap();
            decimal_parse(&mid.price, PRICE_DECIMALS).unwrap()
        };
        assert_eq!(price(Fiat::Eur) * 162, price(Fiat::Jpy));
        assert_eq!(price(Fiat::Eur) * 1_085 / 1_000, price(Fiat::Usd));
    }
}
