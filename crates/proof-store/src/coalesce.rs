//! The commit coalescer: concurrent small writes share one durable commit.
//!
//! Nobody waits for company. An idle writer commits at once; what arrives while it is busy joins the
//! batch that is open or forms the next one, bounded in members and statements. The work runs in the
//! writer's own task, so a caller who goes away cancels nobody, not even itself. Each member after
//! the first has a savepoint: one that refuses is rolled back alone. Its refusal is told after the
//! commit, since it may be due to what an earlier member wrote. When the outcome of a commit is not
//! known, every member is told just that.

use crate::error::{Failure, StoreError};
use futures::{FutureExt, future::BoxFuture};
use std::{collections::VecDeque, panic::AssertUnwindSafe};
use tokio::sync::{mpsc, oneshot};

/// Members of one batch: past this, an fsync is shared by enough.
const MEMBERS_MAX: usize = 256;

/// Statements of one batch: it bounds how long the first member waits for its answer.
const STATEMENTS_MAX: u64 = 2_000;

/// Callers that wait for room in the queue hold back their own requests.
const QUEUE_MAX: usize = 1_024;

/// Runs of the same work before a conflict is given up as an error.
pub(crate) const RUNS_MAX: u32 = 8;

/// What a batch is run on.
pub(crate) trait Ground: Send + Sync + 'static {
    type Tx: Send;

    fn begin(&self) -> BoxFuture<'_, Result<Self::Tx, StoreError>>;
    /// What was done until now is kept when what comes is undone.
    fn savepoint<'a>(&'a self, tx: &'a mut Self::Tx) -> BoxFuture<'a, Result<(), StoreError>>;
    /// Back to the savepoint, as if nothing had happened since.
    fn undo<'a>(&'a self, tx: &'a mut Self::Tx) -> BoxFuture<'a, Result<(), StoreError>>;
    fn rollback(&self, tx: Self::Tx) -> BoxFuture<'_, ()>;
    fn commit(&self, tx: Self::Tx) -> BoxFuture<'_, Result<(), StoreError>>;
    /// Statements that ran in this database transaction.
    fn weight(&self, tx: &Self::Tx) -> u64;
}

/// How a member's work ended.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Ended {
    Keep,
    Refused,
    /// Somebody was in the way; the same work may go well in another batch.
    Again,
}

/// Work whose types nobody but its caller knows.
trait Member<X>: Send {
    fn run<'a>(&'a mut self, tx: &'a mut X) -> BoxFuture<'a, Ended>;
    /// Tells the caller; `failed` replaces the outcome of the work.
    fn settle(self: Box<Self>, failed: Option<StoreError>);
}

struct Typed<F, T, R> {
    work: F,
    runs: u32,
    outcome: Option<Result<T, Failure<R>>>,
    reply: oneshot::Sender<Result<T, Failure<R>>>,
}

impl<X, F, T, R> Member<X> for Typed<F, T, R>
where
    X: Send,
    F: for<'a> Fn(&'a mut X) -> BoxFuture<'a, Result<T, Failure<R>>> + Send + Sync,
    T: Send,
    R: Send,
{
    fn run<'a>(&'a mut self, tx: &'a mut X) -> BoxFuture<'a, Ended> {
        Box::pin(async move {
            self.runs += 1;
            // A panic in one member's work must not take the writer from all others.
            let outcome = AssertUnwindSafe((self.work)(tx)).catch_unwind().await;
            let outcome = outcome.unwrap_or(Err(Failure::Store(StoreError::Panicked)));
            let ended = match &outcome {
                Ok(_) => Ended::Keep,
                Err(Failure::Store(e)) if e.is_retryable() && self.runs < RUNS_MAX => Ended::Again,
                Err(_) => Ended::Refused,
            };
            self.outcome = Some(outcome);
            ended
        })
    }

    fn settle(self: Box<Self>, failed: Option<StoreError>) {
        let outcome = match (self.outcome, failed) {
            (_, Some(error)) => Err(Failure::Store(error)),
            (Some(outcome), None) => outcome,
            (None, None) => Err(Failure::Store(StoreError::Panicked)),
        };
        // A caller who is gone finds out by its idempotency key.
        let _gone = self.reply.send(outcome);
    }
}

type Queued<X> = Box<dyn Member<X>>;

/// The callers' end.
pub(crate) struct Coalescer<X> {
    queue: mpsc::Sender<Queued<X>>,
}

impl<X> Clone for Coalescer<X> {
    fn clone(&self) -> Self {
        let queue = self.queue.clone();
        Self { queue }
    }
}

impl<X> std::fmt::Debug for Coalescer<X> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Coalescer")
    }
}

impl<X: Send + 'static> Coalescer<X> {
    /// A queue, and the writer that serves it until the last handle is gone.
    pub(crate) fn new<G: Ground<Tx = X>>(ground: G) -> (Self, impl Future<Output = ()> + Send) {
        let (queue, members) = mpsc::channel(QUEUE_MAX);
        (Self { queue }, serve(ground, members))
    }

    pub(crate) async fn write<T, R, F>(&self, work: F) -> Result<T, Failure<R>>
    where
        F: for<'a> Fn(&'a mut X) -> BoxFuture<'a, Result<T, Failure<R>>> + Send + Sync + 'static,
        T: Send + 'static,
        R: Send + 'static,
    {
        let (reply, answer) = oneshot::channel();
        let member = Typed {
            work,
            runs: 0,
            outcome: None,
            reply,
        };
        let closed = || Failure::Store(StoreError::Closed);
        let sent = self.queue.send(Box::new(member)).await;
        sent.map_err(|_| closed())?;
        answer.await.map_err(|_| closed())?
    }
}

async fn serve<G: Ground>(ground: G, mut members: mpsc::Receiver<Queued<G::Tx>>) {
    let mut again = VecDeque::new();
    loop {
        let first = match again.pop_front() {
            Some(first) => first,
            None => match members.recv().await {
                Some(first) => first,
                None => return,
            },
        };
        batch(&ground, first, &mut again, &mut members).await;
    }
}

/// Runs members one after the other in one database transaction, commits, and tells all of them.
async fn batch<G: Ground>(
    ground: &G,
    first: Queued<G::Tx>,
    again: &mut VecDeque<Queued<G::Tx>>,
    members: &mut mpsc::Receiver<Queued<G::Tx>>,
) {
    let mut tx = match ground.begin().await {
        Ok(tx) => tx,
        Err(error) => return first.settle(Some(error)),
    };
    let mut first = first;
    match first.run(&mut tx).await {
        Ended::Keep => {}
        ended => {
            // Alone so far: there is nothing to keep.
            ground.rollback(tx).await;
            return match ended {
                Ended::Again => again.push_back(first),
                Ended::Keep | Ended::Refused => first.settle(None),
            };
        }
    }
    let mut done = vec![first];
    while done.len() < MEMBERS_MAX && ground.weight(&tx) < STATEMENTS_MAX {
        let Some(mut member) = again.pop_front().or_else(|| members.try_recv().ok()) else {
            break;
        };
        match join(ground, &mut tx, &mut member).await {
            Ok(Ended::Keep | Ended::Refused) => done.push(member),
            Ok(Ended::Again) => {
                // It goes first next time, not again now.
                again.push_back(member);
                break;
            }
            Err(error) => {
                // Without its savepoint the batch cannot be trusted: nothing of it is kept.
                tracing::error!("a batch of writes is rolled back: {error}");
                ground.rollback(tx).await;
                member.settle(Some(error));
                done.into_iter()
                    .for_each(|member| member.settle(Some(StoreError::BatchLost)));
                return;
            }
        }
    }
    let unknown = ground.commit(tx).await.err();
    for member in done {
        member.settle(unknown.as_ref().map(StoreError::for_member));
    }
}

/// One more member, behind a savepoint.
async fn join<G: Ground>(
    ground: &G,
    tx: &mut G::Tx,
    member: &mut Queued<G::Tx>,
) -> Result<Ended, StoreError> {
    ground.savepoint(tx).await?;
    let ended = member.run(tx).await;
    match ended {
        Ended::Keep => {}
        Ended::Refused | Ended::Again => ground.undo(tx).await?,
    }
    Ok(ended)
}

#[cfg(test)]
mod tests;
