//! The allocator of numbers under every schedule that shuttle finds: several payments at once, some
//! rolled back, some given back unsigned.

use super::*;
use crate::{coalesce::RUNS_MAX, table};
use shuttle::{check_random_with_seed, rand::Rng, thread};
use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex},
};

/// The same schedules in each run, so that a finding can be looked at again. `SHUTTLE_RANDOM_SEED`
/// tries others.
const SEED: u64 = 20_261_126;
const SCHEDULES: usize = 2_000;
const PAYERS: u32 = 3;
const PAYMENTS: u32 = 2;
const EXPECTED: i64 = 5;

type Numbers = table::Table<i64, Option<u32>>;

/// What the statements are like.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Care {
    /// `FOR UPDATE`, and `AND intent_id IS NULL`.
    Full,
    /// Neither.
    None,
}

struct Rows<'a> {
    open: &'a mut table::Open<i64, Option<u32>>,
    intent: u32,
    care: Care,
}

const STALE: StoreError = StoreError::Stale { table: "nonces" };

impl NonceRows for Rows<'_> {
    async fn of_intent(&mut self) -> Result<Option<i64>, StoreError> {
        let seen = self.open.seen();
        let mut own = seen.iter().filter(|(_, of)| **of == Some(self.intent));
        Ok(own.next().map(|(nonce, _)| *nonce))
    }

    async fn free(&mut self, from: i64) -> Result<Option<i64>, StoreError> {
        for (nonce, of) in self.open.seen().range(from..) {
            if of.is_some() {
                continue;
            }
            // The row is looked at again once it is locked; then the next one's turn comes.
            if self.care == Care::None || self.open.lock(nonce) == Some(None) {
                return Ok(Some(*nonce));
            }
        }
        Ok(None)
    }

    async fn last(&mut self) -> Result<Option<i64>, StoreError> {
        Ok(self.open.seen().last_key_value().map(|(nonce, _)| *nonce))
    }

    async fn take(&mut self, nonce: i64) -> Result<(), StoreError> {
        let now = self.open.lock(&nonce);
        if self.care == Care::Full && now != Some(None) {
            return Err(STALE);
        }
        self.open.set(nonce, Some(self.intent));
        Ok(())
    }

    async fn insert(&mut self, nonce: i64) -> Result<(), StoreError> {
        let done = self.open.insert(nonce, Some(self.intent));
        if done { Ok(()) } else { Err(STALE) }
    }
}

/// Who was promised what, by their own word.
#[derive(Clone, Default)]
struct Promised(Arc<Mutex<BTreeMap<i64, u32>>>);

impl Promised {
    fn told(&self, nonce: i64, intent: u32) {
        let before = self.0.lock().unwrap().insert(nonce, intent);
        let alone = before.is_none_or(|before| before == intent);
        assert!(alone, "number {nonce} was promised twice");
    }

    fn given_back(&self, nonce: i64) {
        self.0.lock().unwrap().remove(&nonce);
    }
}

/// One payment's number, with as many tries as a database transaction has.
fn reserve(numbers: &Numbers, intent: u32, care: Care, rolled_back: bool) -> i64 {
    for _ in 0..RUNS_MAX {
        let mut open = numbers.begin();
        let mut rows = Rows {
            open: &mut open,
            intent,
            care,
        };
        match pollster::block_on(promise(&mut rows, EXPECTED)) {
            Ok(nonce) => {
                if !rolled_back {
                    open.commit();
                }
                return nonce;
            }
            Err(error) => assert!(error.is_retryable(), "{error}"),
        }
    }
    panic!("so few payments are never so often in each other's way")
}

fn give_back(numbers: &Numbers, promised: &Promised, nonce: i64) {
    let mut open = numbers.begin();
    open.lock(&nonce);
    open.set(nonce, None);
    promised.given_back(nonce);
    open.commit();
}

fn payer(numbers: &Numbers, promised: &Promised, payer: u32, care: Care) {
    for payment in 0..PAYMENTS {
        let intent = payer * PAYMENTS + payment;
        let fate = shuttle::rand::thread_rng().gen_range(0..3);
        if fate == 0 {
            // The database transaction fails behind the reservation, and is tried again later.
            reserve(numbers, intent, care, true);
        }
        let nonce = reserve(numbers, intent, care, false);
        promised.told(nonce, intent);
        assert_eq!(reserve(numbers, intent, care, false), nonce, "asked again");
        if fate == 1 {
            give_back(numbers, promised, nonce);
        }
    }
}

fn all_schedules(care: Care) {
    check_random_with_seed(
        move || {
            let (numbers, promised) = (Numbers::new(), Promised::default());
            let payers: Vec<_> = (0..PAYERS)
                .map(|n| {
                    let (numbers, promised) = (numbers.clone(), promised.clone());
                    thread::spawn(move || payer(&numbers, &promised, n, care))
                })
                .collect();
            for payer in payers {
                payer.join().unwrap();
            }
            // Whatever was given back goes to those who come next, the lowest first, so that the
            // chain finds no gap.
            let free = |numbers: &Numbers| {
                let rows = numbers.committed();
                let mut free = rows.iter().filter(|(_, of)| of.is_none());
                free.next().map(|(nonce, _)| *nonce)
            };
            let mut intent = PAYERS * PAYMENTS;
            while let Some(lowest) = free(&numbers) {
                assert_eq!(reserve(&numbers, intent, care, false), lowest);
                promised.told(lowest, intent);
                intent += 1;
            }
            let rows = numbers.committed();
            let used: Vec<i64> = rows.keys().copied().collect();
            let whole: Vec<i64> = (EXPECTED..).take(used.len()).collect();
            assert_eq!(used, whole, "there is a gap");
            let told = promised.0.lock().unwrap();
            assert!(rows.iter().all(|(n, of)| told.get(n) == of.as_ref()));
        },
        SEED,
        SCHEDULES,
    );
}

#[test]
fn no_number_is_promised_twice_and_none_is_left_out() {
    all_schedules(Care::Full);
}

#[test]
#[should_panic(expected = "was promised twice")]
fn without_locks_the_schedules_find_a_number_promised_twice() {
    all_schedules(Care::None);
}
