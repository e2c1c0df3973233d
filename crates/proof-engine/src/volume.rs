//! What completed orders moved, in money, day by day. Currencies are never added to each other.

use crate::{ApiError, Engine, Seat};
use proof_core::{
    Timestamp,
    asset::Fiat,
    money::{Money, MoneyError},
    partner::{Environment, Side},
    statement::Day,
};
use proof_store::{Completed, Failure, Tx};
use serde::Serialize;
use std::collections::BTreeMap;

/// Days that charts look back on, today among them: two weeks show what is usual on a weekday.
pub(crate) const CHART_DAYS: i64 = 14;

/// Orders that are added up at a time. Where there are more, the earliest days are left out whole, so that
/// each sum that is shown is that of its day.
const VOLUME_ORDERS_MAX: i64 = 20_000;

#[derive(Clone, Debug, Serialize)]
pub struct Volume {
    pub days: i64,
    /// The first day that is shown; `None`: not even today could be added up.
    pub from: Option<String>,
    /// All of these days are shown.
    pub whole: bool,
    /// Each currency in which something completed.
    pub fiats: Vec<FiatVolume>,
}

#[derive(Clone, Debug, Serialize)]
pub struct FiatVolume {
    pub currency: &'static str,
    pub buys: Moved,
    pub sells: Moved,
    pub total: Moved,
    /// The oldest first.
    pub daily: Vec<DayVolume>,
}

#[derive(Clone, Debug, Serialize)]
pub struct DayVolume {
    pub day: String,
    pub buys: Moved,
    pub sells: Moved,
    pub total: Moved,
}

#[derive(Clone, Debug, Serialize)]
pub struct Moved {
    pub orders: u64,
    pub amount: String,
}

/// The days of a chart, the oldest first, and today as the last.
pub(crate) fn chart_days(now: Timestamp) -> Vec<Day> {
    let back = (0..CHART_DAYS).rev();
    back.map(|days| Day::of(now.plus_seconds(-days.saturating_mul(24 * 3_600))))
        .collect()
}

#[derive(Clone, Copy)]
struct Sum {
    orders: u64,
    total: Money,
}

impl Sum {
    const fn none(fiat: Fiat) -> Self {
        Self {
            orders: 0,
            total: Money::new(fiat, 0),
        }
    }

    fn and(self, orders: u64, total: Money) -> Result<Self, MoneyError> {
        Ok(Self {
            orders: self.orders.saturating_add(orders),
            total: self.total.checked_add(total)?,
        })
    }

    fn moved(self) -> Moved {
        Moved {
            orders: self.orders,
            amount: self.total.to_decimal(),
        }
    }
}

/// Buys, and sells.
type Sums = [Sum; 2];

impl Engine {
    /// What orders moved that completed in the last days; a partner's people see theirs.
    pub async fn volume(&self, seat: &Seat, environment: Environment) -> Result<Volume, ApiError> {
        let (scope, days) = (seat.scope(), chart_days(self.now()));
        let since = days.first().map_or(self.now(), |day| day.start());
        let more = VOLUME_ORDERS_MAX.saturating_add(1);
        let orders = self
            .db
            .read("volume", move |tx: &mut Tx| {
                Box::pin(async move {
                    let orders = tx.order_completed(environment, since, scope, more).await?;
                    Ok::<_, Failure<ApiError>>(orders)
                })
            })
            .await?;
        volume(&days, &orders, VOLUME_ORDERS_MAX).map_err(ApiError::internal)
    }
}

/// `orders` are the latest, and one more than `most` where there are more.
fn volume(days: &[Day], orders: &[Completed], most: i64) -> Result<Volume, MoneyError> {
    let most = usize::try_from(most).unwrap_or(usize::MAX);
    // Of this day some may be missing.
    let cut = orders.get(most).map(|order| Day::of(order.at));
    let shown = |day: Day| cut.is_none_or(|cut| day > cut);
    let days: Vec<Day> = days.iter().copied().filter(|day| shown(*day)).collect();
    let mut fiats: BTreeMap<Fiat, BTreeMap<Day, Sums>> = BTreeMap::new();
    for order in orders.iter().filter(|order| shown(Day::of(order.at))) {
        let fiat = order.total.fiat();
        let none = [Sum::none(fiat); 2];
        let sums = fiats.entry(fiat).or_default();
        let [buys, sells] = sums.entry(Day::of(order.at)).or_insert(none);
        let own = match order.side {
            Side::Buy => buys,
            Side::Sell => sells,
        };
        *own = own.and(1, order.total)?;
    }
    let fiats = fiats.iter().map(|(fiat, sums)| of_fiat(*fiat, &days, sums));
    Ok(Volume {
        days: CHART_DAYS,
        from: days.first().map(|day| day.name()),
        whole: cut.is_none(),
        fiats: fiats.collect::<Result<_, _>>()?,
    })
}

fn of_fiat(fiat: Fiat, days: &[Day], sums: &BTreeMap<Day, Sums>) -> Result<FiatVolume, MoneyError> {
    let [mut buys, mut sells] = [Sum::none(fiat); 2];
    let mut daily = Vec::new();
    for day in days {
        let [bought, sold] = sums.get(day).copied().unwrap_or([Sum::none(fiat); 2]);
        buys = buys.and(bought.orders, bought.total)?;
        sells = sells.and(sold.orders, sold.total)?;
        daily.push(DayVolume {
            day: day.name(),
            buys: bought.moved(),
            sells: sold.moved(),
            total: bought.and(sold.orders, sold.total)?.moved(),
        });
    }
    Ok(FiatVolume {
        currency: fiat.code(),
        total: buys.and(sells.orders, sells.total)?.moved(),
        buys: buys.moved(),
        sells: sells.moved(),
        daily,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn order(at: &str, side: Side, fiat: Fiat, minor: u128) -> Completed {
        Completed {
            at: Timestamp::parse(at).unwrap(),
            side,
            total: Money::new(fiat, minor),
        }
    }

    #[test]
    fn sums_are_exact_and_never_of_two_currencies() {
        let days = chart_days(Timestamp::parse("2026-04-14T12:00:00Z").unwrap());
        assert_eq!(days.len(), 14);
        assert_eq!(days[0].name(), "2026-04-01");
        let large = 9_007_199_254_740_993;
        let orders = [
            order("2026-04-14T11:00:00Z", Side::Buy, Fiat::Jpy, 7),
            order("2026-04-14T10:00:00Z", Side::Sell, Fiat::Eur, 1),
            order("2026-04-13T23:59:59Z", Side::Buy, Fiat::Eur, large),
            order("2026-04-13T00:00:00Z", Side::Buy, Fiat::Eur, large),
        ];
        let whole = volume(&days, &orders, 4).unwrap();
        assert!(whole.whole);
        let [eur, jpy] = &whole.fiats[..] else {
            panic!("{whole:?}");
        };
        assert_eq!((eur.currency, jpy.currency), ("EUR", "JPY"));
        assert_eq!(eur.buys.amount, "180143985094819.86");
        assert_eq!(eur.total.amount, "180143985094819.87");
        assert_eq!((eur.total.orders, jpy.buys.amount.as_str()), (3, "7"));
        assert_eq!((eur.daily.len(), eur.daily[12].buys.orders), (14, 2));
        assert_eq!(eur.daily[13].sells.amount, "0.01");
        // Of the 13th one order is missing: the day is left out.
        let cut = volume(&days, &orders, 3).unwrap();
        assert!(!cut.whole);
        assert_eq!(cut.from.as_deref(), Some("2026-04-14"));
        assert_eq!(cut.fiats[0].total.amount, "0.01");
        let none = volume(&days, &orders, 0).unwrap();
        assert_eq!((none.from, none.fiats.len()), (None, 0));
    }
}
