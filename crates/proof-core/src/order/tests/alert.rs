//! When an order needs somebody's eyes.

use super::*;
use crate::alert::{Alert, Thresholds, WORKED_STATES, order_alert};

const MINUTE: i64 = 60;

fn told(order: &Order, after_seconds: i64) -> Option<Alert> {
    let now = START.plus_seconds(after_seconds);
    order_alert(order, START, &Thresholds::default(), now)
}

fn in_state(state: State) -> Order {
    assert!(WORKED_STATES.contains(&state.name()), "{}", state.name());
    Order { state, ..order() }
}

#[test]
fn a_step_that_is_not_done_is_told_after_half_an_hour() {
    let deadline = START.plus_seconds(PAID_SECONDS_MAX);
    let captured = in_state(State::Capturing {
        deadline,
        hold_seconds: 0,
    });
    assert_eq!(told(&captured, 30 * MINUTE - 1), None);
    let stuck = Alert::OrderStuck {
        order: captured.id,
        state: "capturing".into(),
        since: START,
        why: None,
    };
    assert_eq!(told(&captured, 30 * MINUTE), Some(stuck.clone()));
    assert_eq!(stuck.headline(), "An order does not get on from capturing.");
    let known = stuck.because(Some("the processor is away.".to_owned()));
    assert_eq!(
        known.headline(),
        "An order does not get on from capturing: the processor is away."
    );
}

#[test]
fn a_delivery_that_is_held_is_not_late_before_its_time() {
    let until = START.plus_seconds(3_600);
    let paid = in_state(State::Paid {
        deadline: until.plus_seconds(PAID_SECONDS_MAX),
        withheld: false,
        held_until: Some(until),
    });
    assert_eq!(told(&paid, 3_600 + 30 * MINUTE - 1), None);
    assert!(told(&paid, 3_600 + 30 * MINUTE).is_some());
}

#[test]
fn whoever_has_time_is_not_told_of() {
    for state in [State::Created, State::Cancelled, State::Expired] {
        let order = Order { state, ..order() };
        assert_eq!(told(&order, 48 * 3_600), None);
    }
}

#[test]
fn what_waits_for_people_is_told_at_once_and_an_identity_never() {
    let review = |from| {
        State::InReview(Box::new(InReview {
            from,
            reason: "late".into(),
            since: START,
            proposal: None,
        }))
    };
    let deadline = START.plus_seconds(1);
    let paid = State::Paid {
        deadline,
        withheld: false,
        held_until: None,
    };
    let waiting = Order {
        state: review(paid),
        ..order()
    };
    let waits = Alert::OrderWaits {
        order: waiting.id,
        since: START,
    };
    assert_eq!(told(&waiting, 0), Some(waits));
    let identity = Order {
        state: review(State::Created),
        ..order()
    };
    assert_eq!(told(&identity, 48 * 3_600), None);
}
