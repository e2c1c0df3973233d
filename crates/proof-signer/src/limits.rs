//! How much may leave, whoever asks: per order, hour and day, by what it is for and by asset. Counted in the journal,
//! by the signer's own clock.

use proof_core::{Asset, Timestamp, id::OrderId};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, VecDeque};

const HOUR_SECONDS: i64 = 3_600;
const DAY_SECONDS: i64 = 24 * HOUR_SECONDS;

/// What leaves a wallet.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Outflow {
    Deliver,
    /// To partners' own addresses, which are on the signer's list.
    DeliverListed,
    Return,
    /// To addresses of our own, to prove a network.
    Prove,
    /// From deposit addresses to our own hot wallet.
    Sweep,
    /// The native coin to deposit addresses, for the fee of a sweep.
    TopUp,
    /// From the hot wallet into cold storage.
    Cold,
    /// The most that transfers may cost, in the native coin.
    Fee,
}

impl Outflow {
    const fn name(self) -> &'static str {
        match self {
            Self::Deliver => "deliveries",
            Self::DeliverListed => "deliveries to listed addresses",
            Self::Return => "returns",
            Self::Prove => "proofs",
            Self::Sweep => "sweeps",
            Self::TopUp => "top-ups",
            Self::Cold => "moves into cold storage",
            Self::Fee => "fees",
        }
    }
}

/// In the asset's base units.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Limit {
    pub order: u128,
    pub hour: u128,
    pub day: u128,
}

/// What has none is not signed.
pub type Limits = BTreeMap<(Outflow, Asset), Limit>;

/// One part of what a signature lets go.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Part {
    pub of: Outflow,
    pub asset: Asset,
    /// For each order; one transfer may be of several.
    pub orders: Vec<(OrderId, u128)>,
}

impl Part {
    fn amount(&self) -> u128 {
        let amounts = self.orders.iter().map(|(_, amount)| *amount);
        amounts.fold(0, u128::saturating_add)
    }
}

/// Why not, or not now.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
pub enum OverLimit {
    #[error("the signer has no limit for {} of {asset}", .of.name())]
    Unlimited { of: Outflow, asset: Asset },
    #[error("the order's limit for {} of {asset} would be exceeded", .of.name())]
    Order { of: Outflow, asset: Asset },
    #[error("{} of so much {asset} are above every limit", .of.name())]
    Always { of: Outflow, asset: Asset },
    #[error("the hour's limit for {} of {asset} is used up", .of.name())]
    Hour { of: Outflow, asset: Asset },
    #[error("the day's limit for {} of {asset} is used up", .of.name())]
    Day { of: Outflow, asset: Asset },
}

impl OverLimit {
    /// Whether time, or whoever sets the limits, can heal it: then asking again is right, and the order waits.
    pub const fn is_passing(self) -> bool {
        match self {
            Self::Unlimited { .. } | Self::Hour { .. } | Self::Day { .. } => true,
            Self::Order { .. } | Self::Always { .. } => false,
        }
    }
}

/// What has left: the fold over signatures.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Outflows {
    /// The last day's, in order.
    recent: BTreeMap<(Outflow, Asset), VecDeque<(Timestamp, u128)>>,
    orders: BTreeMap<(OrderId, Outflow, Asset), u128>,
    newest: Option<Timestamp>,
}

impl Outflows {
    pub fn count(&mut self, at: Option<Timestamp>, parts: &[Part]) {
        for part in parts {
            for (order, amount) in &part.orders {
                let sum = self.orders.entry((*order, part.of, part.asset));
                let sum = sum.or_default();
                *sum = sum.saturating_add(*amount);
            }
            // What was signed before there were limits has no time.
            let Some(at) = at else { continue };
            let recent = self.recent.entry((part.of, part.asset)).or_default();
            recent.push_back((at, part.amount()));
            let since = at.plus_seconds(-DAY_SECONDS);
            while recent.front().is_some_and(|(earlier, _)| *earlier <= since) {
                recent.pop_front();
            }
        }
        self.newest = self.newest.max(at);
    }

    /// The present moment for limits, which never goes back: a clock that was set back makes no room.
    pub fn now(&self, clock: Timestamp) -> Timestamp {
        self.newest.map_or(clock, |newest| newest.max(clock))
    }

    pub fn check(&self, limits: &Limits, now: Timestamp, parts: &[Part]) -> Result<(), OverLimit> {
        let verdicts = parts.iter().map(|part| self.check_part(limits, now, part));
        // What is for good goes first: an order must not wait for what cannot be.
        let mut passing = Ok(());
        for verdict in verdicts {
            match verdict {
                Err(over) if !over.is_passing() => return Err(over),
                Err(over) => passing = passing.and(Err(over)),
                Ok(()) => {}
            }
        }
        passing
    }

    fn check_part(&self, limits: &Limits, now: Timestamp, part: &Part) -> Result<(), OverLimit> {
        let (of, asset, amount) = (part.of, part.asset, part.amount());
        let Some(limit) = limits.get(&(of, asset)) else {
            return Err(OverLimit::Unlimited { of, asset });
        };
        let with = |sum: u128| sum.saturating_add(amount);
        if amount > limit.hour.min(limit.day) {
            return Err(OverLimit::Always { of, asset });
        }
        let is_over = |(order, more): &(OrderId, u128)| {
            let before = self.orders.get(&(*order, of, asset)).copied();
            before.unwrap_or(0).saturating_add(*more) > limit.order
        };
        if part.orders.iter().any(is_over) {
            return Err(OverLimit::Order { of, asset });
        }
        if with(self.since(now.plus_seconds(-HOUR_SECONDS), of, asset)) > limit.hour {
            return Err(OverLimit::Hour { of, asset });
        }
        if with(self.since(now.plus_seconds(-DAY_SECONDS), of, asset)) > limit.day {
            return Err(OverLimit::Day { of, asset });
        }
        Ok(())
    }

    fn since(&self, since: Timestamp, of: Outflow, asset: Asset) -> u128 {
        let recent = self.recent.get(&(of, asset)).into_iter().flatten().rev();
        let recent = recent.take_while(|(at, _)| *at > since);
        recent.fold(0, |sum, (_, amount)| sum.saturating_add(*amount))
    }
}
