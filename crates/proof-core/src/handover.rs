//! The identity check of an order, handed over to another device: a code on one screen opens it on the other, once.
//!
//! Whoever shows the code holds a visit of the order already, so that no further code is emailed; for that the
//! other device may do nothing but the check, the code is good for minutes, and another makes it worthless.

use crate::{time::Timestamp, token::TokenHash};

/// As long as it takes to find one's telephone.
pub const LINK_SECONDS: i64 = 10 * 60;

/// An order's own hour, in which everything is over.
pub const VISIT_SECONDS: i64 = 3_600;

/// Codes of one order.
pub const HANDOVERS_MAX: i64 = 20;

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum HandoverState {
    /// The code is on the screen.
    Waiting,
    /// The other device has opened it.
    Open { visit: TokenHash },
    /// Ended from the first device.
    Over,
}

impl HandoverState {
    pub const fn name(self) -> &'static str {
        match self {
            Self::Waiting => "waiting",
            Self::Open { .. } => "open",
            Self::Over => "over",
        }
    }
}

/// The latest of an order; an earlier one is worth nothing.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Handover {
    pub link: TokenHash,
    pub state: HandoverState,
    /// Of the link while it waits, of the visit once it is open.
    pub until: Timestamp,
    /// How many there were.
    pub made: i64,
    /// Rises with each change, for whoever waits for one.
    pub changes: i64,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
pub enum HandoverRefusal {
    #[error("the link was used, or is too old")]
    Over,
    #[error("this order was handed over too often")]
    Exhausted,
}

impl Handover {
    pub fn begin(
        former: Option<Self>,
        link: TokenHash,
        now: Timestamp,
    ) -> Result<Self, HandoverRefusal> {
        let (made, changes) = former.map_or((0, 0), |former| (former.made, former.changes));
        if made >= HANDOVERS_MAX {
            return Err(HandoverRefusal::Exhausted);
        }
        Ok(Self {
            link,
            state: HandoverState::Waiting,
            until: now.plus_seconds(LINK_SECONDS),
            made: made.saturating_add(1),
            changes: changes.saturating_add(1),
        })
    }

    /// The other device opens it, and no other can any more.
    pub fn open(self, visit: TokenHash, now: Timestamp) -> Result<Self, HandoverRefusal> {
        if self.state != HandoverState::Waiting || now >= self.until {
            return Err(HandoverRefusal::Over);
        }
        Ok(Self {
            state: HandoverState::Open { visit },
            until: now.plus_seconds(VISIT_SECONDS),
            changes: self.changes.saturating_add(1),
            ..self
        })
    }

    /// The first device goes on by itself.
    pub fn end(self) -> Self {
        if self.state == HandoverState::Over {
            return self;
        }
        Self {
            state: HandoverState::Over,
            changes: self.changes.saturating_add(1),
            ..self
        }
    }

    /// Something is still going on.
    pub fn is_on(&self, now: Timestamp) -> bool {
        self.state != HandoverState::Over && now < self.until
    }

    /// This visit is the one of the other device, and still good.
    pub fn admits(&self, visit: &TokenHash, now: Timestamp) -> bool {
        match &self.state {
            HandoverState::Open { visit: own } => own.matches(visit) && now < self.until,
            HandoverState::Waiting | HandoverState::Over => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const START: Timestamp = Timestamp::from_micros(1_800_000_000_000_000);

    fn begun() -> Handover {
        Handover::begin(None, TokenHash::of("link"), START).unwrap()
    }

    #[test]
    fn it_is_opened_once_and_in_time() {
        let visit = TokenHash::of("visit");
        let open = begun()
            .open(visit, START.plus_seconds(LINK_SECONDS - 1))
            .unwrap();
        assert!(open.admits(&visit, START) && open.is_on(START));
        assert!(!open.admits(&TokenHash::of("other"), START));
        assert_eq!(open.open(visit, START), Err(HandoverRefusal::Over));
        let late = begun().open(visit, START.plus_seconds(LINK_SECONDS));
        assert_eq!(late, Err(HandoverRefusal::Over));
        let over = START.plus_seconds(LINK_SECONDS - 1 + VISIT_SECONDS);
        assert!(!open.admits(&visit, over) && !open.is_on(over));
    }

    #[test]
    fn whoever_began_it_ends_it() {
        let visit = TokenHash::of("visit");
        let ended = begun().end();
        assert_eq!(ended.open(visit, START), Err(HandoverRefusal::Over));
        assert_eq!(ended.end(), ended);
        let open = begun().open(visit, START).unwrap();
        assert!(!open.end().admits(&visit, START) && !open.end().is_on(START));
    }

    #[test]
    fn another_makes_it_worthless_and_they_are_counted() {
        let mut latest = begun();
        for _ in 1..HANDOVERS_MAX {
            let next = Handover::begin(Some(latest), TokenHash::of("next"), START).unwrap();
            assert!(next.changes > latest.changes);
            latest = next;
        }
        let more = Handover::begin(Some(latest), TokenHash::of("more"), START);
        assert_eq!(more, Err(HandoverRefusal::Exhausted));
    }
}
