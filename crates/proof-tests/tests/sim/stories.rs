//! Stories of many orders, each told by its seed: several users of two partners, operators, and
//! everything that goes wrong.

use crate::{
    database::Database,
    outcome::Outcome,
    plot::{Plot, Script, Trouble},
    story::run_on,
};
use std::{
    collections::BTreeMap,
    time::{Duration, Instant},
};

/// Seeds that every run of the suite tries; two tests share them. The next one is a week without cards, three
/// minutes long: that is for a soak.
const SEEDS: u64 = 9;

/// The crowd of every run; more of them are for a soak, two minutes each.
const CROWD: u64 = 1;

/// Each so-manieth seed is told twice.
const TWICE: u64 = 10;

fn tell(seed: u64, script: Script) -> Outcome {
    let outcome = run_on(&Database::Sqlite, seed, script.clone());
    outcome.check(seed);
    if seed.is_multiple_of(TWICE) {
        let again = run_on(&Database::Sqlite, seed, script);
        assert_eq!(outcome.history, again.history, "seed {seed}: two histories");
    }
    outcome
}

#[derive(Default)]
struct Totals {
    stories: u64,
    orders: BTreeMap<String, u64>,
    troubles: BTreeMap<&'static str, u64>,
    crashes: u64,
    lost: u64,
    rulings: u64,
    checks: u64,
    simulated_seconds: i64,
}

impl Totals {
    fn add(&mut self, seed: u64, outcome: &Outcome) {
        self.stories += 1;
        for told in &outcome.told.0 {
            let side = match told.plot {
                Plot::Buy(_) => "buy",
                Plot::Sell { .. } => "sell",
            };
            let kind = format!("{side} {}", told.status);
            *self.orders.entry(kind).or_default() += 1;
        }
        let trouble = match Trouble::of(seed) {
            Trouble::None => "none",
            Trouble::Away { .. } => "somebody away",
            Trouble::Down { .. } => "server down",
            Trouble::Clock { .. } => "clock set",
        };
        *self.troubles.entry(trouble).or_default() += 1;
        self.crashes += outcome.crashes;
        self.lost += outcome.lost;
        self.rulings += outcome.rulings;
        self.checks += outcome.checks;
        self.simulated_seconds += outcome.simulated_seconds;
    }

    fn print(&self) {
        let orders: u64 = self.orders.values().sum();
        println!(
            "{} stories, {orders} orders: {:?}",
            self.stories, self.orders
        );
        println!("troubles that last: {:?}", self.troubles);
        println!(
            "{} deaths, {} calls or commits lost, {} words of operators, books checked {} times",
            self.crashes, self.lost, self.rulings, self.checks
        );
        println!("{} simulated days", self.simulated_seconds / 86_400);
    }

    /// Stories in which nothing happens prove nothing.
    fn check(&self) {
        let ended = |end: &str| -> u64 {
            let kinds = self.orders.iter().filter(|(kind, _)| kind.ends_with(end));
            kinds.map(|(_, count)| count).sum()
        };
        let completed = ended("completed");
        assert!(
            completed > self.stories / 2,
            "only {completed} were completed"
        );
        assert!(self.crashes > self.stories, "only {} deaths", self.crashes);
        assert!(self.lost > self.stories, "only {} were lost", self.lost);
        assert!(self.rulings > 0, "no operator said a word");
        assert!(self.checks > self.stories, "only {} checks", self.checks);
    }
}

fn tell_all(scripts: impl Iterator<Item = (u64, Script)>) {
    let mut totals = Totals::default();
    for (seed, script) in scripts {
        totals.add(seed, &tell(seed, script));
    }
    totals.print();
    totals.check();
}

#[test]
fn of_even_seeds_end_well() {
    tell_all((0..SEEDS).step_by(2).map(|seed| (seed, Script::of(seed))));
}

#[test]
fn of_odd_seeds_end_well() {
    tell_all((1..SEEDS).step_by(2).map(|seed| (seed, Script::of(seed))));
}

/// What only a hundred orders in three days can show.
#[test]
fn of_a_crowd_end_well() {
    tell_all(std::iter::once((CROWD, Script::of_a_crowd(CROWD))));
}

/// `PROOF_SIM_CROWD` asks for a hundred orders a story.
fn script_of(seed: u64) -> Script {
    if std::env::var_os("PROOF_SIM_CROWD").is_some() {
        Script::of_a_crowd(seed)
    } else {
        Script::of(seed)
    }
}

fn number(name: &str) -> Option<u64> {
    let text = std::env::var_os(name)?;
    Some(text.to_str().unwrap().parse().unwrap())
}

/// `just sim --seed N` and `just soak`; in the suite, one seed that nobody chose for anything.
#[test]
#[expect(
    clippy::disallowed_methods,
    reason = "a soak ends when its time is over"
)]
fn of_one_seed_or_of_many_until_the_time_is_over() {
    let first = number("PROOF_SIM_SEED").unwrap_or(1_000);
    let seconds = number("PROOF_SIM_SECONDS").unwrap_or(0);
    let (stride, ends) = (
        number("PROOF_SIM_STRIDE").unwrap_or(1),
        Instant::now() + Duration::from_secs(seconds),
    );
    let (mut totals, mut seed) = (Totals::default(), first);
    loop {
        let script = script_of(seed);
        println!("seed {seed}: {script:?}");
        let outcome = tell(seed, script);
        println!("seed {seed}: {}", outcome.history);
        totals.add(seed, &outcome);
        seed += stride;
        if Instant::now() >= ends {
            break;
        }
    }
    totals.print();
}
