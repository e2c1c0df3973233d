//! Balances under every schedule that shuttle finds: several orders that want the same coins, some of
//! which give them back, and somebody who looks at the books in between.

use super::*;
use crate::table;
use proof_core::{
    Asset, Network,
    ledger::{fund, release, reserve},
    money::Amount,
};
use shuttle::{check_random_with_seed, rand::Rng, thread};
use std::collections::BTreeMap;

/// The same schedules in each run, so that a finding can be looked at again. `SHUTTLE_RANDOM_SEED`
/// tries others.
const SEED: u64 = 20_261_126;
const SCHEDULES: usize = 1_500;
const ORDERS: u32 = 4;

/// Accounts by their keys, and lines of entries as `line/entry/number/account`.
type Rows = table::Table<String, i128>;

/// What the statements are like, and what is done in which order.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Care {
    Full,
    /// `FOR UPDATE` is left out.
    NoLock,
    /// `ORDER BY` is left out.
    NoOrder,
}

struct Table<'a> {
    open: &'a mut table::Open<String, i128>,
    entry: &'a str,
    care: Care,
}

impl Books for Table<'_> {
    async fn known(&mut self, keys: &[&str]) -> Result<Vec<(String, i128)>, StoreError> {
        let seen = self.open.seen();
        let known = keys.iter().filter_map(|key| seen.get_key_value(*key));
        Ok(known
            .map(|(key, balance)| (key.clone(), *balance))
            .collect())
    }

    async fn open(&mut self, one: &Move<'_>) -> Result<(), StoreError> {
        self.open.insert(one.key.clone(), 0);
        Ok(())
    }

    async fn note(&mut self, lines: &[(i64, &Move<'_>)]) -> Result<(), StoreError> {
        for (line, Move { key, posting }) in lines {
            let key = format!("line/{}/{line}/{key}", self.entry);
            assert!(self.open.insert(key, posting.amount), "one line, twice");
        }
        Ok(())
    }

    async fn lock(&mut self, keys: &[&str]) -> Result<Vec<(String, i128)>, StoreError> {
        let mut keys: Vec<String> = keys.iter().map(|key| (*key).to_owned()).collect();
        // As a plan may find the rows that has no order to keep.
        if self.care == Care::NoOrder && self.entry.starts_with("back") {
            keys.reverse();
        }
        let balance = |key: &String| match self.care {
            Care::NoLock => self.open.glance(key),
            Care::Full | Care::NoOrder => self.open.lock(key),
        };
        let found: Vec<_> = keys.iter().map(balance).collect();
        let found = keys.into_iter().zip(found);
        Ok(found
            .filter_map(|(key, found)| Some((key, found?)))
            .collect())
    }

    async fn set(&mut self, balances: &[(&str, i128)]) -> Result<(), StoreError> {
        for (key, balance) in balances {
            self.open.lock(&(*key).to_owned());
            self.open.set((*key).to_owned(), *balance);
        }
        Ok(())
    }
}

fn usdt(whole: &str) -> Amount {
    Amount::parse(Asset::find("USDT", Network::Trc20).unwrap(), whole).unwrap()
}

/// One entry in a database transaction of its own; `false`: the coins are not there.
fn post(rows: &Rows, name: &str, entry: &Entry, care: Care) -> bool {
    let mut open = rows.begin();
    let mut books = Table {
        open: &mut open,
        entry: name,
        care,
    };
    let moves = moves_of(Environment::Test, entry);
    let posted = pollster::block_on(async {
        lines_write(&mut books, &moves).await?;
        balances_move(&mut books, &moves).await
    });
    match posted {
        Ok(()) => {
            open.commit();
            true
        }
        Err(LedgerError::Floor { .. }) => false,
        Err(LedgerError::Store(error)) => panic!("{error}"),
    }
}

/// What must be true after every commit.
fn check(rows: &Rows) {
    let rows = rows.committed();
    let mut sums: BTreeMap<&str, i128> = BTreeMap::new();
    for (key, amount) in rows.range("line/".to_owned().."line0".to_owned()) {
        let account = key.splitn(4, '/').nth(3).unwrap();
        *sums.entry(account).or_default() += amount;
    }
    assert_eq!(sums.values().sum::<i128>(), 0, "the books do not balance");
    for (key, balance) in rows.iter().filter(|(key, _)| !key.starts_with("line/")) {
        let sum = sums.get(key.as_str()).copied().unwrap_or(0);
        assert_eq!(sum, *balance, "{key} is not the sum of its lines");
        let owned = key.starts_with("wallet:") || key.starts_with("reserved:");
        assert!(!owned || *balance >= 0, "{key} is below its floor");
    }
}

/// Four orders of 40 want what is there for two.
fn all_schedules(care: Care) {
    check_random_with_seed(
        move || {
            let rows = Rows::new();
            assert!(post(&rows, "fund", &fund(usdt("100")).unwrap(), Care::Full));
            let orders: Vec<_> = (0..ORDERS)
                .map(|n| {
                    let rows = rows.clone();
                    thread::spawn(move || {
                        let (take, back) = (reserve(usdt("40")), release(usdt("40")));
                        if !post(&rows, &format!("take {n}"), &take.unwrap(), care) {
                            return 0;
                        }
                        if shuttle::rand::thread_rng().gen_range(0..2) == 0 {
                            return 1;
                        }
                        let name = format!("back {n}");
                        assert!(post(&rows, &name, &back.unwrap(), care), "what was taken");
                        0
                    })
                })
                .collect();
            let auditor = {
                let rows = rows.clone();
                thread::spawn(move || (0..4).for_each(|_| check(&rows)))
            };
            let kept: i128 = orders.into_iter().map(|order| order.join().unwrap()).sum();
            auditor.join().unwrap();
            check(&rows);
            assert!(kept <= 2, "{kept} orders have the coins of two");
        },
        SEED,
        SCHEDULES,
    );
}

#[test]
fn whoever_comes_when_the_floor_holds_and_the_sums_are_right() {
    all_schedules(Care::Full);
}

#[test]
#[should_panic(expected = "is not the sum of its lines")]
fn without_the_lock_the_schedules_find_a_balance_that_is_wrong() {
    all_schedules(Care::NoLock);
}

#[test]
#[should_panic(expected = "deadlock")]
fn without_the_order_the_schedules_find_two_that_wait_for_each_other() {
    all_schedules(Care::NoOrder);
}
