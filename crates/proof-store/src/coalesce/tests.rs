//! The coalescer under every schedule that shuttle finds: many callers, some of whom leave, on a
//! ground whose commits may fail with or without having taken place.

use super::*;
use shuttle::{check_random_with_seed, future as tasks, rand::Rng};
use std::sync::{Arc, Mutex};

/// The same schedules in each run, so that a finding can be looked at again. `SHUTTLE_RANDOM_SEED`
/// tries others.
const SEED: u64 = 20_261_126;
const SCHEDULES: usize = 2_000;
const CALLERS: u32 = 6;

/// A set of numbers that refuses one that is there already.
#[derive(Clone, Default)]
struct Numbers {
    committed: Arc<Mutex<Vec<u32>>>,
    commits: Arc<Mutex<u32>>,
    /// Commits fail now and then.
    unsteady: bool,
}

#[derive(Default)]
struct Open {
    before: Vec<u32>,
    added: Vec<u32>,
    mark: usize,
    statements: u64,
}

impl Open {
    fn insert(&mut self, number: u32) -> bool {
        self.statements += 1;
        if self.before.contains(&number) || self.added.contains(&number) {
            return false;
        }
        self.added.push(number);
        true
    }
}

impl Ground for Numbers {
    type Tx = Open;

    fn begin(&self) -> BoxFuture<'_, Result<Open, StoreError>> {
        Box::pin(async {
            tasks::yield_now().await;
            Ok(Open {
                before: self.committed.lock().unwrap().clone(),
                ..Open::default()
            })
        })
    }

    fn savepoint<'a>(&'a self, tx: &'a mut Open) -> BoxFuture<'a, Result<(), StoreError>> {
        tx.mark = tx.added.len();
        Box::pin(async { Ok(()) })
    }

    fn undo<'a>(&'a self, tx: &'a mut Open) -> BoxFuture<'a, Result<(), StoreError>> {
        tx.added.truncate(tx.mark);
        Box::pin(async { Ok(()) })
    }

    fn rollback(&self, _tx: Open) -> BoxFuture<'_, ()> {
        Box::pin(tasks::yield_now())
    }

    fn commit(&self, tx: Open) -> BoxFuture<'_, Result<(), StoreError>> {
        Box::pin(async move {
            tasks::yield_now().await;
            let fails = self.unsteady && shuttle::rand::thread_rng().gen_range(0..3) == 0;
            if !fails || shuttle::rand::thread_rng().gen_range(0..2) == 0 {
                self.committed.lock().unwrap().extend(tx.added);
                *self.commits.lock().unwrap() += 1;
            }
            if fails {
                Err(StoreError::InDoubt)
            } else {
                Ok(())
            }
        })
    }

    fn weight(&self, tx: &Open) -> u64 {
        tx.statements
    }
}

type Told = Result<u32, Failure<&'static str>>;

/// One caller: adds a number, after asking for the processor a few times in between.
fn add(number: u32) -> impl for<'a> Fn(&'a mut Open) -> BoxFuture<'a, Told> + Send + Sync {
    move |tx| {
        Box::pin(async move {
            tasks::yield_now().await;
            if tx.insert(number) {
                Ok(number)
            } else {
                Err(Failure::Refused("there already"))
            }
        })
    }
}

fn count(ground: &Numbers, number: u32) -> usize {
    let committed = ground.committed.lock().unwrap();
    committed.iter().filter(|n| **n == number).count()
}

#[test]
fn everybody_is_told_what_became_of_their_write() {
    check_random_with_seed(
        || {
            tasks::block_on(async {
                let ground = Numbers::default();
                let (coalescer, writer) = Coalescer::new(ground.clone());
                let writer = tasks::spawn(writer);
                // Each number comes twice.
                let callers: Vec<_> = (0..CALLERS)
                    .map(|n| {
                        let coalescer = coalescer.clone();
                        tasks::spawn(async move { (n / 2, coalescer.write(add(n / 2)).await) })
                    })
                    .collect();
                drop(coalescer);
                let mut refused = 0;
                for caller in callers {
                    match caller.await.unwrap() {
                        (number, Ok(told)) => assert_eq!(told, number),
                        // The twin that made it refuse is committed by now.
                        (number, Err(Failure::Refused(_))) => {
                            assert_eq!(count(&ground, number), 1);
                            refused += 1;
                        }
                        (number, Err(Failure::Store(error))) => panic!("{number}: {error}"),
                    }
                }
                writer.await.unwrap();
                assert_eq!(refused, CALLERS / 2);
                for number in 0..CALLERS / 2 {
                    assert_eq!(count(&ground, number), 1);
                }
                let commits = *ground.commits.lock().unwrap();
                assert!((1..=CALLERS / 2).contains(&commits), "{commits} commits");
            });
        },
        SEED,
        SCHEDULES,
    );
}

#[test]
fn an_unknown_commit_is_never_told_as_success_or_refusal() {
    check_random_with_seed(
        || {
            tasks::block_on(async {
                let ground = Numbers {
                    unsteady: true,
                    ..Numbers::default()
                };
                let (coalescer, writer) = Coalescer::new(ground.clone());
                let writer = tasks::spawn(writer);
                let callers: Vec<_> = (0..CALLERS)
                    .map(|n| {
                        let coalescer = coalescer.clone();
                        tasks::spawn(async move { (n / 2, coalescer.write(add(n / 2)).await) })
                    })
                    .collect();
                drop(coalescer);
                for caller in callers {
                    match caller.await.unwrap() {
                        (number, Ok(_)) | (number, Err(Failure::Refused(_))) => {
                            assert_eq!(count(&ground, number), 1, "{number} was told to be there");
                        }
                        (number, Err(Failure::Store(error))) => {
                            assert!(matches!(error, StoreError::InDoubt), "{number}: {error}");
                        }
                    }
                }
                writer.await.unwrap();
                for number in 0..CALLERS / 2 {
                    assert!(count(&ground, number) <= 1);
                }
            });
        },
        SEED,
        SCHEDULES,
    );
}

#[test]
fn a_caller_who_leaves_cancels_nobody() {
    check_random_with_seed(
        || {
            tasks::block_on(async {
                let ground = Numbers::default();
                let (coalescer, writer) = Coalescer::new(ground.clone());
                let writer = tasks::spawn(writer);
                let leaving: Vec<_> = (0..CALLERS)
                    .map(|n| {
                        let coalescer = coalescer.clone();
                        tasks::spawn(async move {
                            let mut write = Box::pin(coalescer.write(add(n)));
                            // Queued, perhaps begun, and then given up.
                            let given_up = futures::poll!(&mut write).is_pending();
                            if given_up {
                                tasks::yield_now().await;
                            }
                            drop(write);
                        })
                    })
                    .collect();
                let staying = coalescer.write(add(CALLERS)).await;
                assert!(matches!(staying, Ok(CALLERS)));
                for caller in leaving {
                    caller.await.unwrap();
                }
                drop(coalescer);
                writer.await.unwrap();
                for number in 0..=CALLERS {
                    assert_eq!(count(&ground, number), 1, "{number} was queued");
                }
            });
        },
        SEED,
        SCHEDULES,
    );
}

#[test]
fn a_failed_member_leaves_nothing_behind() {
    check_random_with_seed(
        || {
            tasks::block_on(async {
                let ground = Numbers::default();
                let (coalescer, writer) = Coalescer::new(ground.clone());
                let writer = tasks::spawn(writer);
                let good = {
                    let coalescer = coalescer.clone();
                    tasks::spawn(async move { coalescer.write(add(1)).await })
                };
                let bad: Told = coalescer
                    .write(|tx: &mut Open| {
                        Box::pin(async move {
                            tx.insert(7);
                            Err(Failure::Refused("on second thoughts"))
                        })
                    })
                    .await;
                assert!(matches!(bad, Err(Failure::Refused(_))));
                assert!(matches!(good.await.unwrap(), Ok(1)));
                drop(coalescer);
                writer.await.unwrap();
                assert_eq!((count(&ground, 1), count(&ground, 7)), (1, 0));
            });
        },
        SEED,
        SCHEDULES / 4,
    );
}
