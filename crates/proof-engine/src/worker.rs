//! The reconciler: takes due jobs, does the one step that each still owes, and looks again later.
//!
//! It takes no input but the database. It is woken by a hint or by the clock, and whether a job is
//! new or was left behind by a crash makes no difference to it.

use crate::{ApiError, Engine};
use futures::{
    FutureExt, StreamExt,
    future::{BoxFuture, Shared},
    stream::FuturesUnordered,
};
use proof_core::{
    ErrorCode, Timestamp,
    id::{CaseId, EndpointId, MailId, OrderId, VerificationId},
    order::{Command, Duty, Order},
};
use proof_store::{Failure, Job, JobKind, Lease, Next, Pool, Topic, Tx};
use tracing::Instrument;
use uuid::Uuid;

/// Jobs of a pool that one process works on at the same time. Each endpoint has one job, which
/// mostly waits for somebody else's server.
const fn concurrent_max(pool: Pool) -> usize {
    match pool {
        Pool::Orders => 32,
        Pool::Deliveries => 256,
        // There is one mail server, and it does not like crowds.
        Pool::Mails => 4,
        Pool::Nights => 1,
    }
}

/// Longer than any step may take: three calls of 15 s each.
const LEASE_SECONDS: i64 = 90;

/// Longer than a night's work takes; a process that dies over it leaves it to the next night.
const LEASE_SECONDS_NIGHT: i64 = 12 * 3_600;

const fn lease_seconds(pool: Pool) -> i64 {
    match pool {
        Pool::Orders | Pool::Deliveries | Pool::Mails => LEASE_SECONDS,
        Pool::Nights => LEASE_SECONDS_NIGHT,
    }
}

/// Even without any hint the database is looked at this often: other processes' hints may be lost,
/// and so may be what was tried and failed.
pub(crate) const IDLE_SECONDS_MAX: i64 = 5;

/// The same where every change is made in this process, so that no hint is lost. It bounds how late a
/// clock that was set forwards is noticed.
const IDLE_SECONDS_MAX_ALONE: i64 = 60;

/// Pauses after failed steps; the last one repeats.
const BACKOFF_MS: [i64; 7] = [500, 1_000, 2_000, 5_000, 15_000, 30_000, 60_000];

/// How a step went.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Outcome {
    /// The order, if anything is left to do, was scheduled with the state that was saved.
    Done,
    /// Nothing has changed; look again then.
    Again(Timestamp),
}

/// What ended inside the worker.
enum Ended {
    Claimed(Claimed),
    Ran,
}

/// Jobs were looked for.
#[derive(Default)]
struct Claimed {
    leases: Vec<Lease>,
    /// There were as many as were asked for: more of them may be due.
    is_full: bool,
    /// When the next one falls due.
    due: Option<Timestamp>,
}

/// What is logged while a job is in hand says which one it is.
fn job_span(job: &Job) -> tracing::Span {
    tracing::info_span!("job", kind = job.kind.name(), key = %job.key)
}

impl Engine {
    /// Works until `stop` resolves, then finishes what is in hand: moves orders, delivers, publishes
    /// events, and writes down what was noted.
    pub async fn work(&self, stop: impl Future<Output = ()> + Send) {
        let stop = stop.boxed().shared();
        if let Err(error) = self.reconcile_begin().await {
            error.log("the nightly comparison could not be planned; the next start tries again");
        }
        if let Err(error) = self.sweep_begin().await {
            error.log(
                "looking for what is to be swept could not be planned; the next start tries again",
            );
        }
        if let Err(error) = self.cold_begin().await {
            error.log("looking for what hot wallets have too much could not be planned; the next start tries again");
        }
        futures::join!(
            self.work_pool(Pool::Orders, stop.clone()),
            self.work_pool(Pool::Deliveries, stop.clone()),
            self.work_pool(Pool::Mails, stop.clone()),
            self.work_pool(Pool::Nights, stop.clone()),
            self.publish(stop.clone()),
            self.note_loop(stop.clone()),
            self.health_loop(stop),
        );
    }

    /// Works at one pool.
    ///
    /// Looking for jobs is one of the tasks in hand, never awaited beside them: a task that holds
    /// the database's one writer has to be polled for anybody else to get it.
    async fn work_pool(&self, pool: Pool, stop: Shared<BoxFuture<'_, ()>>) {
        let (mut stop, concurrent_max) = (stop.fuse(), concurrent_max(pool));
        let mut hints = self.db.wakes().listen();
        let mut in_hand: FuturesUnordered<BoxFuture<'_, Ended>> = FuturesUnordered::new();
        let (mut stopping, mut claiming, mut look) = (false, false, true);
        let mut next = self.now();
        loop {
            self.health.beat(pool, self.now());
            if look && !claiming && !stopping && in_hand.len() < concurrent_max {
                (look, claiming) = (false, true);
                let room = concurrent_max - in_hand.len();
                in_hand.push(self.claim(pool, room).boxed());
            }
            if stopping && in_hand.is_empty() {
                return;
            }
            let hint = hints.next(|topic| topic == Topic::Jobs(pool)).fuse();
            let wait = self.clock.sleep_until(next).fuse();
            futures::pin_mut!(hint, wait);
            futures::select_biased! {
                () = stop => stopping = true,
                ended = in_hand.select_next_some() => match ended {
                    Ended::Claimed(Claimed { leases, is_full, due }) => {
                        claiming = false;
                        look |= is_full;
                        let idle = self.now().plus_seconds(self.idle_seconds_max());
                        next = due.map_or(idle, |due| due.min(idle));
                        leases.into_iter().for_each(|lease| in_hand.push(self.run(lease).boxed()));
                    }
                    // Giving the job back was a hint, which is not lost here.
                    Ended::Ran => look |= !self.db.is_alone(),
                },
                () = hint => look = true,
                () = wait => {
                    look = true;
                    // The look that follows says when to look next.
                    next = self.now().plus_seconds(self.idle_seconds_max());
                }
            }
        }
    }

    pub(crate) fn idle_seconds_max(&self) -> i64 {
        if self.db.is_alone() {
            IDLE_SECONDS_MAX_ALONE
        } else {
            IDLE_SECONDS_MAX
        }
    }

    async fn claim(&self, pool: Pool, limit: usize) -> Ended {
        if !self.may_work(pool).await {
            return Ended::Claimed(Claimed::default());
        }
        Ended::Claimed(match self.claim_due(pool, limit).await {
            Ok(claimed) => claimed,
            Err(error) => {
                error.log("jobs cannot be claimed");
                Claimed {
                    due: Some(self.now().plus_seconds(IDLE_SECONDS_MAX)),
                    ..Claimed::default()
                }
            }
        })
    }

    /// Takes over whatever a crashed process held. Only for a process that is the only one: it holds
    /// the lock on the data.
    pub async fn take_over(&self) -> Result<(), ApiError> {
        let released = self
            .db
            .write("job_release_all", |tx: &mut Tx| {
                Box::pin(async move { Ok::<_, Failure<ApiError>>(tx.job_release_all().await?) })
            })
            .await?;
        if released > 0 {
            tracing::info!(released, "jobs of the process before were taken over");
        }
        Ok(())
    }

    /// Takes due jobs, and says when the next one falls due.
    async fn claim_due(&self, pool: Pool, limit: usize) -> Result<Claimed, ApiError> {
        let now = self.now();
        let token = Uuid::from_bytes(self.random());
        let until = now.plus_seconds(lease_seconds(pool));
        let due = self
            .db
            .read("job_next", move |tx: &mut Tx| {
                Box::pin(async move { Ok::<_, Failure<ApiError>>(tx.job_next(pool).await?) })
            })
            .await?;
        if due.is_none_or(|at| at > now) {
            return Ok(Claimed {
                due,
                ..Claimed::default()
            });
        }
        let claimed = self
            .db
            .write("job_claim", move |tx: &mut Tx| {
                Box::pin(async move {
                    let leases = tx.job_claim(pool, token, now, until, limit).await?;
                    let is_full = leases.len() >= limit;
                    // What is due and was not to be had is in somebody's hands.
                    let due = if is_full || leases.is_empty() {
                        None
                    } else {
                        tx.job_next(pool).await?
                    };
                    Ok::<_, Failure<ApiError>>(Claimed {
                        leases,
                        is_full,
                        due,
                    })
                })
            })
            .await?;
        Ok(claimed)
    }

    async fn run(&self, lease: Lease) -> Ended {
        let job = *lease.job();
        // Everything that a step may do is in there: on the stack it would be there several times.
        let step = self.step(&job).boxed();
        let outcome = match step.instrument(job_span(&job)).await {
            Ok(outcome) => Ok(outcome),
            // Somebody was faster: there is nothing to do, or a newer job says what.
            Err(error) if error.code == ErrorCode::WrongState => Ok(Outcome::Done),
            Err(error) => {
                error.log("a job failed and will be tried again");
                Err(error.why())
            }
        };
        let told = match outcome {
            Ok(Outcome::Done) => "done",
            Ok(Outcome::Again(_)) => "again",
            Err(_) => "failed",
        };
        self.metrics.job(job.kind.name(), told);
        let now = self.now();
        let next = match outcome {
            Ok(Outcome::Done) => None,
            Ok(Outcome::Again(at)) => Some(Next {
                at,
                attempts: 0,
                trouble: None,
            }),
            Err(why) => {
                let n = usize::try_from(job.attempts.saturating_sub(1)).unwrap_or(0);
                let pause = BACKOFF_MS[n.min(BACKOFF_MS.len() - 1)];
                Some(Next {
                    at: now.plus_millis(pause),
                    attempts: job.attempts,
                    trouble: Some(why),
                })
            }
        };
        if let Err(error) = self.finish(lease, next).await {
            // The lease runs out by itself, and somebody takes the job again.
            error.log("a job could not be given back");
        }
        Ended::Ran
    }

    async fn finish(&self, lease: Lease, next: Option<Next>) -> Result<(), ApiError> {
        self.db
            .write("job_finish", move |tx: &mut Tx| {
                let (lease, next) = (lease.clone(), next.clone());
                Box::pin(async move {
                    tx.job_finish(lease, next).await?;
                    Ok::<_, Failure<ApiError>>(())
                })
            })
            .await
            .map_err(ApiError::from)
    }

    async fn step(&self, job: &Job) -> Result<Outcome, ApiError> {
        match job.kind {
            JobKind::Order => {
                self.order_drive(OrderId::from_uuid(job.key), job.attempts)
                    .await
            }
            JobKind::Identity => {
                self.identity_drive(VerificationId::from_uuid(job.key))
                    .await
            }
            JobKind::Scan => self.scan_drive(job.key).await,
            JobKind::Case => self.case_drive(CaseId::from_uuid(job.key)).await,
            JobKind::Claim => self.claim_drive(CaseId::from_uuid(job.key)).await,
            JobKind::Payment => self.payments_look(OrderId::from_uuid(job.key)).await,
            JobKind::Reconcile => self.reconcile_drive(job.key).await,
            JobKind::Delivery => self.delivery_drive(EndpointId::from_uuid(job.key)).await,
            JobKind::Sweep => self.sweep_drive(job.key).await,
            JobKind::Cold => self.cold_drive(job.key).await,
            JobKind::Delivered => self.delivered_drive(OrderId::from_uuid(job.key)).await,
            JobKind::Mail => self.mail_drive(MailId::from_uuid(job.key)).await,
        }
    }

    /// The one outward step that an order's state owes.
    async fn order_drive(&self, id: OrderId, tries: i64) -> Result<Outcome, ApiError> {
        let order = self.order_load(id).await?.order;
        let now = self.now();
        if order.deadline().is_some_and(|deadline| deadline <= now) {
            let after = self
                .order_apply("deadline", id, Command::DeadlinePassed)
                .await?;
            if after.state.name() == "in_review" {
                tracing::error!(order = %id, from = order.state.name(), "an order needs people");
            }
            return Ok(Outcome::Done);
        }
        let leg = self.leg_of_order(&order);
        match order.duty(now) {
            Duty::None => Ok(order.wake_at(now).map_or(Outcome::Done, Outcome::Again)),
            Duty::Authorise { card_token } => {
                self.payment_authorise(&order, card_token, tries).await
            }
            Duty::AskPayment => self.payment_ask(&order).await,
            Duty::ClosePayment => self.payment_close(&order).await,
            Duty::Assess { liability_shift } => self.payment_assess(&order, liability_shift).await,
            Duty::Capture => self.payment_capture(&order).await,
            Duty::Void => self.payment_void(&order).await,
            Duty::PlanTransfer if self.return_screened(&order).await? => Ok(Outcome::Done),
            Duty::PlanTransfer => self.transfer_plan(leg).await,
            Duty::Sign(sending) => self.transfer_sign(leg, &sending).await,
            Duty::Broadcast(sending) => self.transfer_broadcast(leg, &sending).await,
            Duty::WatchTransfer(sending) => self.transfer_watch(leg, &sending).await,
            Duty::PrepareRefund => self.refund_prepare(&order).await,
            Duty::Refund(amount) => self.payment_refund(&order, amount).await,
            Duty::CloseWindow => self.window_close(&order).await,
            Duty::WatchDeposits => self.deposits_watch(&order).await,
            Duty::AssessSale => self.sale_assess(&order).await,
            Duty::PreparePayout => self.payout_prepare(&order).await,
            Duty::PayOut => self.payout_send(&order).await,
        }
    }

    /// Records a fact that the world told us about an order; none means that it is still working.
    pub(crate) async fn fact(
        &self,
        name: &'static str,
        order: &Order,
        command: Option<Command>,
    ) -> Result<Outcome, ApiError> {
        let again = self.now().plus_millis(proof_core::order::POLL_MS);
        let wait = order.wake_at(self.now()).map_or(again, |at| at.max(again));
        let Some(command) = command else {
            return Ok(Outcome::Again(wait));
        };
        match self.order_apply(name, order.id, command).await {
            Ok(_) => Ok(Outcome::Done),
            // A fact that changes nothing: the state was right already, or moved on meanwhile.
            Err(error) if error.code == ErrorCode::WrongState => Ok(Outcome::Again(wait)),
            Err(error) => Err(error),
        }
    }
}
