//! One core for a story. Its thread, the one that SQLite is read in and a PostgreSQL backend only
//! ever wait for each other: a second core brings nothing but the price of being woken, which is
//! most of a story's time (a factor of three on SQLite).

use rustix::thread::{CpuSet, sched_getaffinity, sched_getcpu, sched_setaffinity};
use tokio::runtime::{Builder, Runtime};

/// Keeps this thread, and all that it begins, to one core. The runtime is for the housekeeping of
/// sqlx's connections; nothing of ours runs there.
pub fn runtime() -> Runtime {
    sched_setaffinity(None, &one()).unwrap();
    Builder::new_multi_thread()
        .worker_threads(1)
        .enable_all()
        .build()
        .unwrap()
}

/// The core that this test has, of those that it may use: tests that run at a time share them out.
fn one() -> CpuSet {
    let slot = std::env::var_os("NEXTEST_TEST_GLOBAL_SLOT");
    let slot = slot.and_then(|slot| slot.to_str()?.parse().ok());
    let slot = slot.unwrap_or_else(sched_getcpu);
    let allowed = sched_getaffinity(None).unwrap();
    let cores: Vec<usize> = (0..CpuSet::MAX_CPU)
        .filter(|core| allowed.is_set(*core))
        .collect();
    let mut one = CpuSet::new();
    one.set(cores[slot % cores.len()]);
    one
}
