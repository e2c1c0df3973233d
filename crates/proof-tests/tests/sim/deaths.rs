//! The server dies at every place of every flow, and once more while it recovers: before and after
//! each commit and each outward call, on both engines.

use crate::{
    database::Database,
    plot::{Deposits, Faults, Plot, Script},
    story::run_on,
};

const SEED: u64 = 11;

/// A waiting server looks at the chain again and again; places in the middle of that are all alike.
const BEGINNING: u64 = 160;
const END: u64 = 260;

/// So many places of a flow are tried here, fewer where it mostly waits; `just deaths` tries all of
/// them.
const TRIES: usize = 6;
const TRIES_WAITING: usize = 2;

/// The places to die at, of so many that a flow goes through.
fn places(points: u64) -> Vec<u64> {
    let waits = points > BEGINNING + END;
    let tries = if waits { TRIES_WAITING } else { TRIES };
    let places: Vec<u64> = (0..points)
        .filter(|point| *point < BEGINNING || *point + END >= points)
        .collect();
    if std::env::var_os("PROOF_SIM_DEATHS").is_some() {
        return places;
    }
    let stride = places.len().div_ceil(tries);
    // Not the same ones for every flow.
    places
        .into_iter()
        .skip(usize::try_from(points).unwrap() % stride)
        .step_by(stride)
        .collect()
}

/// One order; where it waits for hours for a deposit, on a chain that is looked at seldom.
fn told(plot: Plot, faults: Faults) -> Script {
    let script = Script::one(plot, faults);
    let waits = matches!(
        plot,
        Plot::Sell {
            deposits: Deposits::Short | Deposits::Late,
            ..
        }
    );
    Script {
        poll_ms: if waits { 10_000 } else { script.poll_ms },
        ..script
    }
}

fn dies_everywhere(plot: Plot) {
    for engine in Database::all() {
        let whole = run_on(&engine, SEED, told(plot, Faults::none()));
        whole.check(SEED);
        assert!(whole.points > 60, "{plot:?} has {} places", whole.points);
        let places = places(whole.points);
        assert!(!places.is_empty());
        for point in places {
            // Never again, or a few places into the recovery.
            let again = (point % 3 > 0).then_some(1 + point % 11);
            let outcome = run_on(&engine, SEED, told(plot, Faults::death(point, again)));
            println!(
                "{engine:?} {plot:?}: died at {point} and {again:?}, {}",
                outcome.status()
            );
            assert!(outcome.crashes > 0, "{plot:?} never came to {point}");
            outcome.check(SEED);
        }
    }
}

const fn sell(deposits: Deposits, card_is_good: bool) -> Plot {
    Plot::Sell {
        deposits,
        card_is_good,
    }
}

#[test]
fn in_a_buy() {
    dies_everywhere(Plot::BUY);
}

#[test]
fn in_a_sell() {
    dies_everywhere(sell(Deposits::Whole, true));
}

#[test]
fn in_a_sell_whose_payout_is_refused() {
    dies_everywhere(sell(Deposits::Whole, false));
}

#[test]
fn in_a_sell_that_is_short() {
    dies_everywhere(sell(Deposits::Short, true));
}

#[test]
fn in_a_sell_of_too_much() {
    dies_everywhere(sell(Deposits::TooMuch, true));
}

#[test]
fn in_a_sell_that_comes_too_late() {
    dies_everywhere(sell(Deposits::Late, true));
}
