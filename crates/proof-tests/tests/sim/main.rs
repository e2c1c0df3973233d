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
mod cpu;
mod database;
mod deaths;
mod effects;
mod history;
mod network;
mod outcome;
mod past;
mod plot;
mod points;
mod rails;
mod scenarios;
mod stories;
mod story;
mod watch;

use database::Database;
use plot::{Deposits, Faults, Paying, Plot, Script};
use story::{run, run_on};

#[test]
fn one_seed_has_one_history() {
    let sell = Plot::Sell {
        deposits: Deposits::Parts,
        card_is_good: true,
    };
    for (seed, plot) in [(2, Plot::BUY), (7, sell)] {
        let faults = Faults::wide(seed);
        let (first, second) = (run(seed, plot, faults), run(seed, plot, faults));
        assert_eq!(
            first.history, second.history,
            "seed {seed} told two stories"
        );
    }
    assert_ne!(
        run(1, Plot::BUY, Faults::none()).history,
        run(2, Plot::BUY, Faults::none()).history
    );
}

#[test]
fn without_faults_a_buy_ends_as_its_user_pays() {
    for (paying, expected) in [
        (Paying::Well, "completed"),
        (Paying::SecondCard, "completed"),
        (Paying::Approved, "completed"),
        (Paying::Rejected, "failed"),
        (Paying::Left, "failed"),
        (Paying::NotCaptured, "failed"),
        (Paying::Cancelled, "cancelled"),
        (Paying::Pleased, "completed"),
    ] {
        let outcome = run(3, Plot::Buy(paying), Faults::none());
        assert_eq!(outcome.status(), expected, "{paying:?}");
        assert_eq!((outcome.crashes, outcome.lost), (0, 0));
        outcome.check(3);
    }
}

/// Before the coins are there, or after; an inquiry or more; won, lost or given in to.
#[test]
fn a_dispute_ends_whatever_is_lost_meanwhile() {
    const SEEDS: usize = 12;
    let (mut lost, mut undelivered) = (0, 0);
    for seed in 0..u64::try_from(SEEDS).unwrap() {
        let faults = if seed < 6 {
            Faults::none()
        } else {
            Faults::wide(seed)
        };
        let outcome = run(seed, Plot::Buy(Paying::Disputed), faults);
        outcome.check(seed);
        let told = &outcome.told.0[0];
        lost += told.lost;
        undelivered += usize::from(told.delivered == 0);
    }
    println!("{lost} of {SEEDS} disputes lost, {undelivered} buys not delivered");
    assert!(0 < lost && lost < SEEDS, "{lost} disputes were lost");
    assert!(0 < undelivered, "no dispute came in time");
}

/// In part or as a whole, once or again, and never more than was taken.
#[test]
fn what_is_given_back_after_the_end_is_our_loss() {
    let (mut some, mut all) = (0, 0);
    for seed in 0..8 {
        let faults = if seed < 4 {
            Faults::none()
        } else {
            Faults::wide(seed)
        };
        let outcome = run(seed, Plot::Buy(Paying::Pleased), faults);
        outcome.check(seed);
        let told = &outcome.told.0[0];
        let is_all = told.given_back == told.taken;
        some += usize::from(told.given_back > 0 && !is_all);
        all += usize::from(told.given_back > 0 && is_all);
    }
    println!("{some} got some of it back, {all} all");
    assert!(some > 0 && all > 0, "{some} got some of it back, {all} all");
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
        (Deposits::Gone, true, "completed"),
        (Deposits::Gone, false, "failed"),
        (Deposits::Short, true, "failed"),
        (Deposits::Late, true, "completed"),
        (Deposits::Late, false, "failed"),
        (Deposits::Nothing, true, "failed"),
        (Deposits::Twice, true, "completed"),
        (Deposits::Dust, true, "completed"),
        (Deposits::OtherToken, true, "completed"),
        (Deposits::OtherNetwork, true, "completed"),
        (Deposits::OtherNetwork, false, "failed"),
        (Deposits::Astray, true, "completed"),
    ] {
        let plot = Plot::Sell {
            deposits,
            card_is_good,
        };
        let script = Script {
            poll_ms: match deposits {
                // It has to be noticed at once.
                Deposits::Reorged => 1_000,
                // People decide about it, hours later.
                Deposits::Gone => 60_000,
                _ => 5_000,
            },
            ..Script::one(plot, Faults::none())
        };
        let outcome = run_on(&Database::Sqlite, 5, script);
        assert_eq!(outcome.status(), expected, "{plot:?}");
        outcome.check(5);
    }
}
