//! A clock that runs many times as fast as ours, and can be moved.

use proof_core::{Clock, Entropy, Timestamp};
use proof_port::{MovableClock, PortError, Timer};
use std::{
    sync::{
        Arc, Mutex,
        atomic::{AtomicI64, AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};
use tokio::sync::Notify;

/// Waiting costs this much less than it says.
const SPEED: i64 = 40;
const BEGINNING: i64 = 1_800_000_000_000_000;

pub struct FastClock {
    started: Instant,
    skipped: AtomicI64,
    /// How much had passed when it was stopped; negative while it runs.
    stopped: AtomicI64,
    moved: Notify,
    /// Until when somebody sleeps.
    sleepers: Mutex<Vec<i64>>,
}

/// Somebody who sleeps, until they wake up or are dropped.
struct Sleeper<'a>(&'a FastClock, i64);

impl Drop for Sleeper<'_> {
    fn drop(&mut self) {
        let mut sleepers = self.0.sleepers.lock().unwrap();
        let mine = sleepers.iter().position(|until| *until == self.1).unwrap();
        sleepers.swap_remove(mine);
    }
}

impl FastClock {
    pub fn new() -> Self {
        Self {
            started: Instant::now(),
            skipped: AtomicI64::new(0),
            stopped: AtomicI64::new(-1),
            moved: Notify::new(),
            sleepers: Mutex::default(),
        }
    }

    /// How many sleep for exactly so long, from now on.
    pub fn sleepers_for(&self, seconds: i64) -> usize {
        let until = self.now().plus_seconds(seconds).micros();
        let sleepers = self.sleepers.lock().unwrap();
        sleepers.iter().filter(|one| **one == until).count()
    }

    fn passed(&self) -> i64 {
        match self.stopped.load(Ordering::SeqCst) {
            running if running < 0 => {
                i64::try_from(self.started.elapsed().as_micros()).unwrap() * SPEED
            }
            stopped => stopped,
        }
    }

    /// From here on time passes only when it is skipped: what is counted by the second is counted
    /// the same on a busy machine.
    pub fn stop(&self) {
        self.stopped.store(self.passed(), Ordering::SeqCst);
    }

    /// Runs again, from where it was stopped.
    pub fn go_on(&self) {
        let stopped = self.stopped.swap(-1, Ordering::SeqCst);
        if stopped >= 0 {
            let back = stopped - self.passed();
            self.skipped.fetch_add(back, Ordering::SeqCst);
        }
        self.moved.notify_waiters();
    }

    /// Time passes at once; whoever waits for it wakes up.
    pub fn skip(&self, seconds: i64) {
        self.skipped
            .fetch_add(seconds * 1_000_000, Ordering::SeqCst);
        self.moved.notify_waiters();
    }
}

impl Clock for FastClock {
    fn now(&self) -> Timestamp {
        Timestamp::from_micros(BEGINNING + self.passed() + self.skipped.load(Ordering::SeqCst))
    }
}

#[async_trait::async_trait]
impl Timer for FastClock {
    async fn sleep_until(&self, at: Timestamp) {
        self.sleepers.lock().unwrap().push(at.micros());
        let _sleeper = Sleeper(self, at.micros());
        loop {
            let moved = self.moved.notified();
            let left = at.micros() - self.now().micros();
            if left <= 0 {
                return;
            }
            let left = Duration::from_micros(u64::try_from(left / SPEED + 1).unwrap());
            tokio::select! {
                () = tokio::time::sleep(left) => {}
                () = moved => {}
            }
        }
    }
}

/// The same clock, for who moves it by the server; what a test skips is real time.
pub struct Moved {
    clock: Arc<FastClock>,
    ahead_seconds: AtomicI64,
}

impl Moved {
    pub fn new(clock: &Arc<FastClock>) -> Arc<Self> {
        Arc::new(Self {
            clock: Arc::clone(clock),
            ahead_seconds: AtomicI64::new(0),
        })
    }
}

#[async_trait::async_trait]
impl MovableClock for Moved {
    async fn advance(&self, seconds: i64) -> Result<i64, PortError> {
        self.ahead_seconds.fetch_add(seconds, Ordering::SeqCst);
        self.clock.skip(seconds);
        Ok(self.ahead_seconds())
    }

    fn ahead_seconds(&self) -> i64 {
        self.ahead_seconds.load(Ordering::SeqCst)
    }
}

/// Different bytes at every call.
pub struct Counting(AtomicU64);

impl Counting {
    pub fn new(seed: u64) -> Self {
        Self(AtomicU64::new(seed << 32))
    }
}

impl Entropy for Counting {
    fn fill(&self, bytes: &mut [u8]) {
        for chunk in bytes.chunks_mut(8) {
            let mut z = self
                .0
                .fetch_add(1, Ordering::SeqCst)
                .wrapping_mul(0x9E37_79B9_7F4A_7C15);
            z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
            chunk.copy_from_slice(&(z ^ (z >> 27)).to_be_bytes()[..chunk.len()]);
        }
    }
}
