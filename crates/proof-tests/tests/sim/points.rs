//! The places at which a server can die, numbered as it reaches them: before and after each outward
//! call, and before and after each commit.

use crate::{
    clock::SimEntropy,
    plot::{Crashes, Faults},
};
use futures::future::BoxFuture;
use proof_store::{Fate, StoreError};
use std::sync::{
    Arc,
    atomic::{AtomicBool, AtomicU64, Ordering},
};

#[derive(Debug)]
pub struct Points {
    faults: Faults,
    random: SimEntropy,
    /// No more faults: what is left must come to an end.
    pub calm: AtomicBool,
    reached: AtomicU64,
    /// The number of the next place to die at.
    next: AtomicU64,
    /// Set when the server dies here.
    pub crash: AtomicBool,
    /// The server is starting: if it dies, the start fails.
    pub booting: AtomicBool,
    pub lost: AtomicU64,
    /// Something was committed since somebody looked at the books.
    pub books_may_have_changed: AtomicBool,
}

/// What is written all the time and never moves money.
const NO_MONEY: [&str; 13] = [
    "delivery_record",
    "delivery_take",
    "feed_publish",
    "findings_save",
    "health_save",
    "job_claim",
    "job_finish",
    "mail_save",
    "notes_write",
    "scan_save",
    "session_create",
    "verification_step",
    "visit_open",
];

const NEVER: u64 = u64::MAX;

impl Points {
    pub fn new(seed: u64, faults: Faults) -> Self {
        let next = match faults.crashes {
            Crashes::At { point, .. } => point,
            Crashes::Percent(_) | Crashes::PerMille(_) => NEVER,
        };
        Self {
            faults,
            random: SimEntropy::new(seed ^ 0xF47E),
            // The setting up is not part of the story.
            calm: AtomicBool::new(true),
            reached: AtomicU64::new(0),
            next: AtomicU64::new(next),
            crash: AtomicBool::new(false),
            booting: AtomicBool::new(false),
            lost: AtomicU64::new(0),
            books_may_have_changed: AtomicBool::new(false),
        }
    }

    /// How many places the story went through.
    pub fn reached(&self) -> u64 {
        self.reached.load(Ordering::SeqCst)
    }

    pub fn strikes(&self, percent: u64) -> bool {
        !self.calm.load(Ordering::SeqCst) && self.random.chance(percent)
    }

    /// The server may die here: then whoever called never hears of it again. An error only while it
    /// starts.
    pub async fn pass(&self) -> Result<(), StoreError> {
        if !self.dies() {
            return Ok(());
        }
        if self.booting.load(Ordering::SeqCst) {
            return Err(StoreError::Closed);
        }
        self.crash.store(true, Ordering::SeqCst);
        std::future::pending().await
    }

    fn dies(&self) -> bool {
        if self.calm.load(Ordering::SeqCst) {
            return false;
        }
        let number = self.reached.fetch_add(1, Ordering::SeqCst);
        match self.faults.crashes {
            Crashes::Percent(percent) => self.random.chance(percent),
            Crashes::PerMille(per_mille) => self.random.next() % 1_000 < per_mille,
            Crashes::At { again_after, .. } => {
                let now = number == self.next.load(Ordering::SeqCst);
                if now {
                    // Once more while it recovers, and that is all.
                    let again = again_after.map_or(NEVER, |more| number + more);
                    let first = self.next.swap(again, Ordering::SeqCst);
                    if number > self.first() {
                        self.next.store(NEVER, Ordering::SeqCst);
                    }
                    debug_assert_eq!(first, number);
                }
                now
            }
        }
    }

    const fn first(&self) -> u64 {
        match self.faults.crashes {
            Crashes::At { point, .. } => point,
            Crashes::Percent(_) | Crashes::PerMille(_) => NEVER,
        }
    }

    fn lose(&self, percent: u64) -> Result<(), StoreError> {
        if self.strikes(percent) {
            self.lost.fetch_add(1, Ordering::SeqCst);
            return Err(StoreError::InDoubt);
        }
        Ok(())
    }
}

/// The database's part of it.
#[derive(Debug)]
pub struct Commits(pub Arc<Points>);

impl Fate for Commits {
    fn before(&self, _name: &'static str) -> BoxFuture<'_, Result<(), StoreError>> {
        Box::pin(async {
            self.0.pass().await?;
            if self.0.strikes(self.0.faults.refuse_commit_percent) {
                self.0.lost.fetch_add(1, Ordering::SeqCst);
                return Err(StoreError::Sqlx(sqlx::Error::PoolTimedOut));
            }
            // Lost on its way there: the same words, and nothing happened.
            self.0.lose(self.0.faults.doubt_commit_percent)
        })
    }

    fn after(&self, name: &'static str) -> BoxFuture<'_, Result<(), StoreError>> {
        Box::pin(async move {
            if !NO_MONEY.contains(&name) {
                self.0.books_may_have_changed.store(true, Ordering::SeqCst);
            }
            self.0.pass().await?;
            self.0.lose(self.0.faults.doubt_commit_percent)
        })
    }
}
