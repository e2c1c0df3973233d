//! How fast a partner's webhook takes events, day by day.

use crate::{
    Access, ApiError, Engine,
    volume::{CHART_DAYS, chart_days},
};
use proof_store::{DeliveryState, Failure, PacedDelivery, Tx};
use serde::Serialize;

/// Events of a day that are looked at, the latest: enough to say how fast it was.
const EVENTS_PER_DAY_MAX: i64 = 1_000;

#[derive(Clone, Debug, Serialize)]
pub struct Pace {
    pub days: i64,
    pub events_per_day_max: i64,
    /// Of all these days.
    #[serde(flatten)]
    pub all: PaceOf,
    /// The oldest first.
    pub daily: Vec<DayPace>,
}

#[derive(Clone, Debug, Serialize)]
pub struct DayPace {
    pub day: String,
    #[serde(flatten)]
    pub of: PaceOf,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct PaceOf {
    pub events: usize,
    pub accepted: usize,
    /// From the event to the answer that accepted it: half were faster, and 95 of 100.
    pub median_ms: Option<i64>,
    pub p95_ms: Option<i64>,
    /// Tried more than once, whatever came of it.
    pub retried: usize,
    pub gave_up: usize,
}

impl PaceOf {
    fn new(deliveries: &[PacedDelivery]) -> Self {
        let mut took: Vec<i64> = deliveries.iter().filter_map(|one| one.took_ms).collect();
        took.sort_unstable();
        let count =
            |is: fn(&PacedDelivery) -> bool| deliveries.iter().filter(|one| is(one)).count();
        Self {
            events: deliveries.len(),
            accepted: took.len(),
            median_ms: within(&took, 50),
            p95_ms: within(&took, 95),
            retried: count(|one| one.tries > 1),
            gave_up: count(|one| one.state == DeliveryState::Failed),
        }
    }
}

/// Within what so many of a hundred were: the least that is true of them.
fn within(sorted: &[i64], percent: usize) -> Option<i64> {
    let rank = sorted.len().saturating_mul(percent).div_ceil(100);
    sorted.get(rank.saturating_sub(1)).copied()
}

impl Engine {
    /// How long events took to be accepted; nothing where there is no webhook.
    pub async fn webhook_pace(&self, access: &Access) -> Result<Pace, ApiError> {
        let (partner, environment) = (access.partner.id, access.environment);
        let days = chart_days(self.now());
        let each = self
            .db
            .read("webhook_pace", move |tx: &mut Tx| {
                let days = days.clone();
                Box::pin(async move {
                    let endpoint = tx.endpoint_of_partner(partner, environment).await?;
                    let mut each = Vec::new();
                    for day in days {
                        let between = (day.start(), day.end());
                        let found = match &endpoint {
                            Some(endpoint) => {
                                tx.delivery_pace(endpoint.id, between, EVENTS_PER_DAY_MAX)
                                    .await?
                            }
                            None => Vec::new(),
                        };
                        each.push((day, found));
                    }
                    Ok::<_, Failure<ApiError>>(each)
                })
            })
            .await?;
        let all: Vec<PacedDelivery> = each.iter().flat_map(|(_, found)| found).copied().collect();
        let daily = each.iter().map(|(day, found)| DayPace {
            day: day.name(),
            of: PaceOf::new(found),
        });
        Ok(Pace {
            days: CHART_DAYS,
            events_per_day_max: EVENTS_PER_DAY_MAX,
            all: PaceOf::new(&all),
            daily: daily.collect(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_most_were_within_is_one_of_them() {
        assert_eq!(within(&[], 95), None);
        assert_eq!(within(&[7], 50), Some(7));
        assert_eq!(within(&[1, 9], 50), Some(1));
        let hundred: Vec<i64> = (1..=100).collect();
        assert_eq!(within(&hundred, 50), Some(50));
        assert_eq!(within(&hundred, 95), Some(95));
        assert_eq!(within(&hundred[..19], 95), Some(19));
    }
}
