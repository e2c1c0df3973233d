//! Stories about mistakes that were made once, each with what it was; and the long troubles that a random
//! story only sometimes has.

use crate::{
    database::Database,
    outcome::Outcome,
    plot::{Deposits, Faults, Part, Plot, Provider, Script, Trouble},
    story::run_on,
};

const HOUR: i64 = 3_600;
const DAY: i64 = 24 * HOUR;
const WEEK: i64 = 7 * DAY;

/// A buy of one partner and a sell of another, with nothing wrong but this.
fn with(seed: u64, deposits: Deposits, trouble: Trouble) -> Outcome {
    let sell = Plot::Sell {
        deposits,
        card_is_good: true,
    };
    let part = |plot, partner| Part {
        plot,
        partner,
        user: 0,
        starts_after: 0,
    };
    let script = Script {
        parts: vec![part(Plot::BUY, 0), part(sell, 1)],
        faults: Faults::none().with(trouble),
        poll_ms: 60_000,
        ..Script::one(Plot::BUY, Faults::none())
    };
    let outcome = run_on(&Database::Sqlite, seed, script);
    outcome.check(seed);
    outcome
}

/// The server's limits counted by the clock on the wall: set back by an hour, it would have refused
/// for an hour everybody who had called before.
#[test]
fn a_clock_that_is_set_back_refuses_nobody() {
    let seconds_max = 6 * HOUR;
    with(3, Deposits::TooMuch, Trouble::Clock { seconds_max });
}

/// The night's comparison may have been made days ahead of the truth.
#[test]
fn a_deposit_that_is_gone_is_found_whatever_the_clock_said() {
    let seconds_max = 3 * DAY;
    for seed in 0..2 {
        with(seed, Deposits::Gone, Trouble::Clock { seconds_max });
    }
}

/// `just soak` has all of them away for a week.
fn away(who: Provider, seconds: i64) {
    // Letters are about what waits for its user.
    let deposits = if who == Provider::Mail {
        Deposits::Short
    } else {
        Deposits::TooMuch
    };
    let from = 2;
    let outcome = with(4, deposits, Trouble::Away { who, from, seconds });
    assert!(outcome.lost > 0, "{who:?} was not missed");
}

#[test]
fn the_card_processor_is_away_for_a_day() {
    away(Provider::Cards, DAY);
}

#[test]
fn the_payout_processor_is_away_for_a_week() {
    away(Provider::Payouts, WEEK);
}

#[test]
fn the_identity_provider_is_away_for_a_day() {
    away(Provider::Identity, DAY);
}

#[test]
fn rates_are_away_for_a_week() {
    away(Provider::Rates, WEEK);
}

#[test]
fn the_chain_is_away_for_a_week() {
    away(Provider::Chain, WEEK);
}

#[test]
fn the_mail_server_is_away_for_a_day() {
    away(Provider::Mail, DAY);
}

#[test]
fn a_shop_is_away_for_a_day() {
    away(Provider::Shop, DAY);
}

#[test]
fn the_server_is_down_for_a_week() {
    let script = Script {
        faults: Faults::death(150, None).with(Trouble::Down { seconds: WEEK }),
        ..Script::one(Plot::BUY, Faults::none())
    };
    let outcome = run_on(&Database::Sqlite, 5, script);
    outcome.check(5);
    assert_eq!(outcome.crashes, 1);
    assert!(outcome.simulated_seconds > WEEK);
}
