//! Leases under every schedule that shuttle finds, on the real statements: workers that are slow or
//! die, time that runs out under them, and somebody who asks for the same work meanwhile. SQLite has
//! one writer, so that what can come between is a whole database transaction.

use super::*;
use crate::{Db, Execution, Failure};
use futures::future::BoxFuture;
use shuttle::{check_random_with_seed, rand::Rng, thread};
use std::sync::{
    Arc, Mutex,
    atomic::{AtomicI64, AtomicU64, Ordering},
};

/// The same schedules in each run, so that a finding can be looked at again. `SHUTTLE_RANDOM_SEED`
/// tries others.
const SEED: u64 = 20_261_126;
const SCHEDULES: usize = 150;
const WORKERS: u64 = 3;
const LEASE_SECONDS: i64 = 10;
const BEGINNING: Timestamp = Timestamp::from_micros(1_800_000_000_000_000);

/// What is done wrong.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Defect {
    None,
    /// All claims have one token.
    OneToken,
    /// The lease is finished for the wishes of now, not for those that it saw.
    LateGeneration,
}

/// The truth about the one job, as its workers live it.
#[derive(Default)]
struct Truth {
    wishes: u64,
    /// Wishes that the latest claim knew of.
    seen: u64,
    holder: Option<(u64, Timestamp)>,
}

#[derive(Clone)]
struct Stage {
    db: Db,
    key: Uuid,
    now: Arc<AtomicI64>,
    tokens: Arc<AtomicU64>,
    truth: Arc<Mutex<Truth>>,
    defect: Defect,
}

impl Stage {
    fn now(&self) -> Timestamp {
        BEGINNING.plus_seconds(self.now.load(Ordering::SeqCst))
    }

    /// One database transaction, with others before and after it.
    fn write<T: Send + 'static>(
        &self,
        work: impl for<'a> Fn(&'a mut Tx) -> BoxFuture<'a, Result<T, StoreError>>
        + Send
        + Sync
        + 'static,
    ) -> T {
        let done = self.db.write("test", move |tx| {
            let done = work(tx);
            Box::pin(async move { done.await.map_err(Failure::<()>::Store) })
        });
        pollster::block_on(done).unwrap()
    }

    fn wish(&self) {
        let (key, now) = (self.key, self.now());
        let id = JobId::from_uuid(key);
        self.write(move |tx| Box::pin(tx.job_upsert(id, JobKind::Order, key, now)));
        self.truth.lock().unwrap().wishes += 1;
    }

    fn claim(&self) -> Option<(u64, Lease)> {
        let number = self.tokens.fetch_add(1, Ordering::SeqCst);
        let token = match self.defect {
            Defect::OneToken => Uuid::from_u128(1),
            Defect::None | Defect::LateGeneration => Uuid::from_u128(number.into()),
        };
        let (now, until) = (self.now(), self.now().plus_seconds(LEASE_SECONDS));
        let mut leases =
            self.write(move |tx| Box::pin(tx.job_claim(Pool::Orders, token, now, until, 1)));
        let lease = leases.pop()?;
        let mut truth = self.truth.lock().unwrap();
        let in_force = truth.holder.filter(|(_, until)| *until > now);
        assert_eq!(in_force, None, "broken lease: two workers have the job");
        truth.holder = Some((number, until));
        truth.seen = truth.wishes;
        Some((number, lease))
    }

    fn jobs(&self) -> Vec<Job> {
        self.write(|tx| Box::pin(tx.job_list(10)))
    }

    fn finish(&self, number: u64, mut lease: Lease) {
        if self.defect == Defect::LateGeneration
            && let Some(job) = self.jobs().first()
        {
            lease.job.generation = job.generation;
        }
        self.write(move |tx| {
            let lease = lease.clone();
            Box::pin(tx.job_finish(lease, None))
        });
        let left = self.jobs();
        let mut truth = self.truth.lock().unwrap();
        let (mine, wished) = match truth.holder {
            Some((holder, _)) => (holder == number, truth.wishes > truth.seen),
            None => (false, false),
        };
        if mine {
            truth.holder = None;
            assert!(left.len() >= usize::from(wished), "a wish was forgotten");
            assert!(
                left.len() <= usize::from(wished),
                "broken lease: its end was not heard"
            );
        } else if truth.holder.is_some() {
            assert_eq!(left.len(), 1, "broken lease: a stranger ended it");
        }
    }

    /// Claims and finishes, or dies in between, or is so slow that its lease runs out.
    fn worker(&self) {
        for _ in 0..3 {
            if let Some((number, lease)) = self.claim() {
                thread::yield_now();
                if shuttle::rand::thread_rng().gen_range(0..4) > 0 {
                    self.finish(number, lease);
                }
            }
            thread::yield_now();
        }
    }
}

fn all_schedules(defect: Defect) {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(1)
        .enable_all()
        .build()
        .unwrap();
    // The pool's housekeeping wants one; nothing of ours runs there.
    let _entered = runtime.enter();
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("proof.db");
    let db = pollster::block_on(Db::sqlite(&path, Execution::InPlace)).unwrap();
    let keys = AtomicU64::new(1);
    check_random_with_seed(
        move || {
            let stage = Stage {
                db: db.clone(),
                key: Uuid::from_u128(keys.fetch_add(1, Ordering::SeqCst).into()),
                now: Arc::default(),
                tokens: Arc::new(AtomicU64::new(1)),
                truth: Arc::default(),
                defect,
            };
            stage.wish();
            let on_stage = |act: fn(&Stage)| {
                let stage = stage.clone();
                thread::spawn(move || act(&stage))
            };
            let mut players: Vec<_> = (0..WORKERS).map(|_| on_stage(Stage::worker)).collect();
            players.push(on_stage(|stage| {
                stage.wish();
                thread::yield_now();
                stage.wish();
            }));
            players.push(on_stage(|stage| {
                for _ in 0..3 {
                    thread::yield_now();
                    stage.now.fetch_add(LEASE_SECONDS, Ordering::SeqCst);
                }
            }));
            players.into_iter().for_each(|p| p.join().unwrap());
            // Whatever was left behind is taken over once its lease has run out.
            stage.now.fetch_add(LEASE_SECONDS, Ordering::SeqCst);
            while let Some((number, lease)) = stage.claim() {
                stage.finish(number, lease);
            }
            assert_eq!(stage.jobs(), [], "nobody took it over");
            let truth = stage.truth.lock().unwrap();
            assert_eq!(truth.seen, truth.wishes, "nobody saw the last wish");
        },
        SEED,
        match defect {
            Defect::None => SCHEDULES,
            // As many as it takes to meet the one that shows it.
            Defect::OneToken | Defect::LateGeneration => 20 * SCHEDULES,
        },
    );
}

#[test]
fn a_job_is_one_workers_and_no_wish_is_lost() {
    all_schedules(Defect::None);
}

#[test]
#[should_panic(expected = "broken lease")]
fn with_one_token_for_all_the_schedules_find_a_lease_that_a_stranger_ends() {
    all_schedules(Defect::OneToken);
}

#[test]
#[should_panic(expected = "a wish was forgotten")]
fn without_generations_the_schedules_find_a_wish_that_is_lost() {
    all_schedules(Defect::LateGeneration);
}
