//! Deterministic simulation of the whole server: one seed, one history, byte for byte.
//!
//! One executor on one thread; a clock that moves only when no task can run; the store's
//! transactions driven in place; HTTP in at the router, out at the transport, with the sandbox's
//! state machines on the other side of a network that loses requests, loses answers and delays both.
//! The server crashes at any outbound call and comes back over the same database.

#![expect(
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "a test fails where it is wrong"
)]

mod clock;
mod database;
mod deaths;
mod history;
mod network;
mod outcome;
mod plot;
mod points;
mod story;

use outcome::Outcome;
use plot::{Deposits, Faults, Plot};
use story::run;

/// Seeds that every run of the suite tries.
const SEEDS: u64 = 36;

#[test]
fn one_seed_has_one_history() {
    for seed in [2, 7] {
        let faults = Faults::wide(seed);
        let (first, second) = (
            run(seed, Plot::of(seed), faults),
            run(seed, Plot::of(seed), faults),
        );
        assert_eq!(
            first.history, second.history,
            "seed {seed} told two stories"
        );
    }
    assert_ne!(
        run(1, Plot::Buy, Faults::none()).history,
        run(2, Plot::Buy, Faults::none()).history
    );
}

#[test]
fn without_faults_a_buy_completes() {
    let Outcome {
        status,
        crashes,
        lost,
        ..
    } = run(3, Plot::Buy, Faults::none());
    assert_eq!((status.as_str(), crashes, lost), ("completed", 0, 0));
}

#[test]
fn without_faults_a_sell_ends_as_its_deposits_say() {
    for (deposits, card_is_good, expected) in [
        (Deposits::Whole, true, "completed"),
        (Deposits::Whole, false, "failed"),
        (Deposits::Parts, true, "completed"),
        (Deposits::TooMuch, true, "completed"),
        (Deposits::TooMuch, false, "failed"),
        (Deposits::Reorged, true, "completed"),
        (Deposits::Short, true, "failed"),
        (Deposits::Late, true, "completed"),
        (Deposits::Late, false, "failed"),
        (Deposits::Nothing, true, "failed"),
    ] {
        let plot = Plot::Sell {
            deposits,
            card_is_good,
        };
        let outcome = run(5, plot, Faults::none());
        assert_eq!(outcome.status, expected, "{plot:?}");
        outcome.check(5);
    }
}

#[test]
fn whatever_is_lost_every_order_ends_and_the_books_agree_with_the_world() {
    let mut seen = (0, 0, 0);
    for seed in 0..SEEDS {
        let outcome = run(seed, Plot::of(seed), Faults::wide(seed));
        outcome.check(seed);
        seen.0 += u64::from(outcome.status == "completed");
        seen.1 += outcome.crashes;
        seen.2 += outcome.lost;
    }
    let (completed, crashes, lost) = seen;
    assert!(
        completed > SEEDS / 3,
        "only {completed} of {SEEDS} orders were completed"
    );
    assert!(crashes > SEEDS, "only {crashes} crashes were tried");
    assert!(lost > SEEDS, "only {lost} requests or answers were lost");
}
