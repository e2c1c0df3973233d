//! Time and randomness of a simulation.

use futures::task::AtomicWaker;
use proof_core::{Clock, Entropy, Timestamp};
use proof_port::{MovableClock, PortError, Timer};
use std::{
    collections::BTreeMap,
    future::poll_fn,
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, AtomicI64, AtomicU64, Ordering},
    },
    task::Poll,
};

/// 2027-01-15, when the simulated world begins.
const BEGINNING: i64 = 1_800_000_000_000_000;

/// The time of the world. Moves only when the executor says that nothing can run.
pub struct SimClock {
    now: AtomicI64,
    sleepers: Mutex<BTreeMap<(i64, u64), Arc<Sleeper>>>,
    number: AtomicU64,
}

#[derive(Default)]
struct Sleeper {
    due: AtomicBool,
    waker: AtomicWaker,
}

impl SimClock {
    pub fn new() -> Self {
        let (now, sleepers) = (AtomicI64::new(BEGINNING), Mutex::default());
        Self {
            now,
            sleepers,
            number: AtomicU64::new(0),
        }
    }

    /// Jumps to the next moment that somebody waits for; `false`: nobody waits.
    pub fn advance(&self) -> bool {
        let mut sleepers = self.sleepers.lock().unwrap();
        // Whoever stopped waiting holds no sleeper any more.
        sleepers.retain(|_, sleeper| Arc::strong_count(sleeper) > 1);
        let Some(((at, _), sleeper)) = sleepers.pop_first() else {
            return false;
        };
        self.now.fetch_max(at, Ordering::SeqCst);
        sleeper.due.store(true, Ordering::SeqCst);
        sleeper.waker.wake();
        true
    }
}

/// Somebody moves it forwards; who waited for a moment in between wakes up late.
pub struct Jump {
    world: Arc<SimClock>,
    ahead_seconds: AtomicI64,
}

impl Jump {
    pub const fn new(world: Arc<SimClock>) -> Self {
        Self {
            world,
            ahead_seconds: AtomicI64::new(0),
        }
    }
}

#[async_trait::async_trait]
impl MovableClock for Jump {
    async fn advance(&self, seconds: i64) -> Result<i64, PortError> {
        self.ahead_seconds.fetch_add(seconds, Ordering::SeqCst);
        let micros = seconds * 1_000_000;
        self.world.now.fetch_add(micros, Ordering::SeqCst);
        Ok(self.ahead_seconds())
    }

    fn ahead_seconds(&self) -> i64 {
        self.ahead_seconds.load(Ordering::SeqCst)
    }
}

impl Clock for SimClock {
    fn now(&self) -> Timestamp {
        Timestamp::from_micros(self.now.load(Ordering::SeqCst))
    }
}

#[async_trait::async_trait]
impl Timer for SimClock {
    async fn sleep_until(&self, at: Timestamp) {
        if at <= self.now() {
            return;
        }
        let sleeper = Arc::new(Sleeper::default());
        let number = self.number.fetch_add(1, Ordering::SeqCst);
        self.sleepers
            .lock()
            .unwrap()
            .insert((at.micros(), number), Arc::clone(&sleeper));
        poll_fn(|context| {
            sleeper.waker.register(context.waker());
            if sleeper.due.load(Ordering::SeqCst) {
                Poll::Ready(())
            } else {
                Poll::Pending
            }
        })
        .await;
    }
}

/// The server's clock on the wall, which may be wrong, and may be set. What waits, waits for a length
/// of time, as in an operating system: setting the clock wakes nobody.
pub struct WallClock {
    pub world: Arc<SimClock>,
    wrong_by: AtomicI64,
}

impl WallClock {
    pub const fn new(world: Arc<SimClock>) -> Self {
        Self {
            world,
            wrong_by: AtomicI64::new(0),
        }
    }

    pub fn set_wrong_by(&self, seconds: i64) {
        self.wrong_by.store(seconds * 1_000_000, Ordering::SeqCst);
    }
}

impl Clock for WallClock {
    fn now(&self) -> Timestamp {
        let wrong_by = self.wrong_by.load(Ordering::SeqCst);
        Timestamp::from_micros(self.world.now().micros() + wrong_by)
    }
}

#[async_trait::async_trait]
impl Timer for WallClock {
    async fn sleep_until(&self, at: Timestamp) {
        let micros = at.micros() - self.now().micros();
        let until = Timestamp::from_micros(self.world.now().micros() + micros);
        self.world.sleep_until(until).await;
    }
}

/// Random bytes that follow from a seed (SplitMix64).
#[derive(Debug)]
pub struct SimEntropy(AtomicU64);

const STRIDE: u64 = 0x9E37_79B9_7F4A_7C15;

impl SimEntropy {
    /// Mixed, since from neighbouring places neighbouring seeds would draw the same numbers, one draw
    /// apart: a soak over a row of them would tell the same few things again and again.
    pub const fn new(seed: u64) -> Self {
        Self(AtomicU64::new(mix(seed.wrapping_add(STRIDE))))
    }

    pub fn next(&self) -> u64 {
        let state = self.0.fetch_add(STRIDE, Ordering::SeqCst);
        mix(state.wrapping_add(STRIDE))
    }

    /// True in `percent` of a hundred cases.
    pub fn chance(&self, percent: u64) -> bool {
        self.next() % 100 < percent
    }

    pub fn below(&self, bound: u64) -> i64 {
        i64::try_from(self.next() % bound).unwrap()
    }

    pub fn pick<T: Copy>(&self, from: &[T]) -> T {
        let bound = u64::try_from(from.len()).unwrap();
        from[usize::try_from(self.next() % bound).unwrap()]
    }
}

const fn mix(state: u64) -> u64 {
    let mut z = state;
    z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    z ^ (z >> 31)
}

impl Entropy for SimEntropy {
    fn fill(&self, bytes: &mut [u8]) {
        for chunk in bytes.chunks_mut(8) {
            let random = self.next().to_be_bytes();
            chunk.copy_from_slice(&random[..chunk.len()]);
        }
    }
}
