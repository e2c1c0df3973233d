//! From the sandbox to real money: who may open it, and what the first orders may be.

use super::Observation;
use crate::{partner::Stage, time::Timestamp};

/// A page that shows an order says so every few seconds; so long after the last word nobody watches.
pub const WATCHED_SECONDS: i64 = 60;

/// What one of the first orders may come to, in minor units of any currency: 100 euros, 10,000 yen.
pub const WATCHED_MINOR_MAX: u128 = 10_000;

/// Who opened it, and on what grounds.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Opening {
    pub by: String,
    pub at: Timestamp,
    /// Why lines that were not green did not matter; `None`: all were.
    pub override_reason: Option<String>,
}

/// A real order that ended well, and who had its page open.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct LiveOrder {
    pub seen: Observation,
    pub watched_by: Option<String>,
}

/// Why a live token is not given.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum NotOpened {
    /// It was opened before.
    Open,
    Suspended,
    /// Lines are not green, and nobody said why that does not matter.
    NotGreen,
    /// Only an owner may say so.
    NotTheOwner,
}

/// Whether real money may begin. The answer is the reason that is kept: none where all is green.
pub fn open(
    stage: Stage,
    is_ready: bool,
    reason: Option<&str>,
    is_owner: bool,
) -> Result<Option<&str>, NotOpened> {
    match stage {
        Stage::Sandbox => {}
        Stage::LiveWatched | Stage::Live => return Err(NotOpened::Open),
        Stage::Suspended => return Err(NotOpened::Suspended),
    }
    match reason {
        _ if is_ready => Ok(None),
        None => Err(NotOpened::NotGreen),
        Some(_) if !is_owner => Err(NotOpened::NotTheOwner),
        Some(reason) => Ok(Some(reason)),
    }
}

/// What is known when the first real money is about to move.
#[derive(Clone, Copy, Debug)]
pub struct FirstOrder {
    /// In minor units of its currency.
    pub total_minor: u128,
    /// Other real orders of the partner under way.
    pub others_open: bool,
    /// When somebody's page last said that it shows this order.
    pub watched_at: Option<Timestamp>,
}

/// Why one of the first orders does not go on.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum NotYet {
    AnotherIsOpen,
    TooMuch,
    NobodyWatches,
}

/// Whether one of the first orders may go on.
pub fn first_order(order: FirstOrder, now: Timestamp) -> Result<(), NotYet> {
    let since = now.plus_seconds(-WATCHED_SECONDS);
    if order.others_open {
        return Err(NotYet::AnotherIsOpen);
    }
    if order.total_minor > WATCHED_MINOR_MAX {
        return Err(NotYet::TooMuch);
    }
    match order.watched_at {
        Some(at) if at >= since => Ok(()),
        Some(_) | None => Err(NotYet::NobodyWatches),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Timestamp = Timestamp::from_micros(1_790_000_000_000_000);

    #[test]
    fn what_is_green_opens_and_an_owner_opens_what_is_not() {
        let opened = |ready, reason, owner| open(Stage::Sandbox, ready, reason, owner);
        assert_eq!(opened(true, None, false), Ok(None));
        assert_eq!(opened(true, Some("why not"), true), Ok(None));
        assert_eq!(opened(false, None, true), Err(NotOpened::NotGreen));
        let reason = Some("they sell tomorrow");
        assert_eq!(opened(false, reason, false), Err(NotOpened::NotTheOwner));
        assert_eq!(opened(false, reason, true), Ok(reason));
        assert_eq!(open(Stage::Live, true, None, true), Err(NotOpened::Open));
        assert_eq!(
            open(Stage::Suspended, true, None, true),
            Err(NotOpened::Suspended)
        );
    }

    #[test]
    fn the_first_orders_are_small_alone_and_watched() {
        let good = FirstOrder {
            total_minor: WATCHED_MINOR_MAX,
            others_open: false,
            watched_at: Some(NOW.plus_seconds(-WATCHED_SECONDS)),
        };
        assert_eq!(first_order(good, NOW), Ok(()));
        let late = NOW.plus_seconds(1);
        assert_eq!(first_order(good, late), Err(NotYet::NobodyWatches));
        let alone = FirstOrder {
            watched_at: None,
            ..good
        };
        assert_eq!(first_order(alone, NOW), Err(NotYet::NobodyWatches));
        let large = FirstOrder {
            total_minor: WATCHED_MINOR_MAX + 1,
            ..good
        };
        assert_eq!(first_order(large, NOW), Err(NotYet::TooMuch));
        let second = FirstOrder {
            others_open: true,
            ..good
        };
        assert_eq!(first_order(second, NOW), Err(NotYet::AnotherIsOpen));
    }
}
