//! Claims: disputes, refunds after an order's end, payments that were taken too late, and payouts that came back.
//!
//! They are found by asking the provider about the payments or the payout of an order: when it calls back, when its
//! report tells of money that the books do not know, and while a claim is open.

use crate::{
    ApiError, Engine,
    audit::audit,
    error::{ledger_failed, refused},
    mail::letters_owe,
    order::{SaveIds, apply, event_save, gone},
    screening::list_lost,
    worker::Outcome,
};
use proof_core::{
    ErrorCode, Timestamp,
    audit::Deed,
    claim::{
        Answer, Claim, ClaimCommand, ClaimDecision, ClaimDuty, ClaimKind, ClaimOpening,
        ClaimRefusal,
    },
    id::{CaseId, EntryId, JobId, OrderId},
    mail::claim_letters,
    order::{Command, FailReason, Order, Refusal, State},
    partner::Side,
};
use proof_port::{AuthorisationState, Dispute, PayoutState, RefundState};
use proof_store::{Failure, JobKind, StoredClaim, Topic, Tx};

/// Pause before a refund that a dispute withholds is looked at again.
const DISPUTED_SECONDS: i64 = 600;

/// More than anybody has of one order.
pub(crate) const CLAIMS_MAX: i64 = 200;

const DISPUTE_DECIDES: &str =
    "Only the end of the payment's dispute says whether this is still to be given back.";

impl From<ClaimRefusal> for ApiError {
    fn from(refusal: ClaimRefusal) -> Self {
        match refusal {
            ClaimRefusal::WrongState => Self::new(ErrorCode::WrongState, refusal.to_string()),
            ClaimRefusal::SecondPerson => Refusal::SecondPerson.into(),
            ClaimRefusal::Ruling(why) => Refusal::Ruling(why).into(),
            ClaimRefusal::Money(error) => Self::internal(error),
        }
    }
}

/// Opens a claim about a locked order, once for each thing that it can be about.
pub(crate) async fn claim_open(
    tx: &mut Tx,
    order: &Order,
    opening: ClaimOpening,
    ids: &SaveIds,
) -> Result<Option<Claim>, Failure<ApiError>> {
    let id = CaseId::from_uuid(ids.uuid(8, 0));
    let decision = Claim::open(id, order, opening, ids.now()).map_err(refused)?;
    if !tx.claim_insert(&decision.claim).await? {
        return Ok(None);
    }
    let claim = &decision.claim;
    tracing::error!(order = %claim.order, case = %claim.id, kind = claim.kind.name(), "a claim was opened");
    follow_up(tx, None, &decision, ids).await?;
    Ok(Some(decision.claim))
}

/// Decides on a locked claim and saves all of it. The order comes first among the locks.
pub(crate) async fn claim_apply(
    tx: &mut Tx,
    order: OrderId,
    id: CaseId,
    command: ClaimCommand,
    ids: &SaveIds,
) -> Result<Claim, Failure<ApiError>> {
    let locked = tx.order_lock(order).await?.ok_or_else(gone)?.order;
    let stored = tx.claim_lock(id).await?.ok_or_else(gone)?;
    if let ClaimCommand::Rule { ruling, .. } = &command
        && !ruling.fits(&stored.claim, locked.takings)
    {
        return Err(refused(ClaimRefusal::Ruling(DISPUTE_DECIDES)));
    }
    let decision = stored.claim.decide(command, ids.now()).map_err(refused)?;
    tx.claim_save(&decision.claim, stored.version, ids.now())
        .await?;
    follow_up(tx, Some(&stored.claim), &decision, ids).await?;
    Ok(decision.claim)
}

/// What a decision does to the books, to its order, and to whoever follows it.
async fn follow_up(
    tx: &mut Tx,
    before: Option<&Claim>,
    decision: &ClaimDecision,
    ids: &SaveIds,
) -> Result<(), Failure<ApiError>> {
    let (claim, now) = (&decision.claim, ids.now());
    for (n, entry) in decision.entries.iter().enumerate() {
        let id = EntryId::from_uuid(ids.uuid(15, n));
        tx.ledger_post(id, (claim.environment, Some(claim.order)), entry, now)
            .await
            .map_err(ledger_failed)?;
    }
    for (n, fact) in decision.facts.iter().enumerate() {
        let stored = tx.order_lock(claim.order).await?.ok_or_else(gone)?;
        apply(tx, stored, Command::Takings(*fact), &ids.part(n)).await?;
    }
    for (n, (kind, body)) in decision.events.iter().enumerate() {
        event_save(tx, claim.order, *kind, body.clone(), (9, n), ids).await?;
    }
    list_lost(tx, claim, now).await?;
    let letters = claim_letters(before, claim, now);
    letters_owe(tx, letters, (18, 19), ids).await?;
    tx.wake(Topic::Order(claim.order));
    match claim.wake_at(now).or(claim.deadline()) {
        Some(at) => {
            let job = JobId::from_uuid(ids.uuid(10, 0));
            tx.job_upsert(job, JobKind::Claim, claim.id.uuid(), at)
                .await?;
        }
        None => tx.job_delete(JobKind::Claim, claim.id.uuid()).await?,
    }
    Ok(())
}

/// Has the worker ask about an order's payments, if there are any that somebody could claim.
pub(crate) async fn claims_look(
    tx: &mut Tx,
    order: &Order,
    job: JobId,
    now: Timestamp,
) -> Result<(), Failure<ApiError>> {
    let moved = match order.side {
        Side::Buy => order.attempt > 0,
        Side::Sell => is_paid_out(order),
    };
    if moved {
        tx.job_upsert(job, JobKind::Payment, order.id.uuid(), now)
            .await?;
    }
    Ok(())
}

impl Engine {
    async fn claim_load(&self, id: CaseId) -> Result<StoredClaim, ApiError> {
        self.db
            .read("claim_load", move |tx: &mut Tx| {
                Box::pin(async move { tx.claim_work(id).await?.ok_or_else(gone) })
            })
            .await
            .map_err(ApiError::from)
    }

    pub(crate) async fn claims_of(&self, order: OrderId) -> Result<Vec<Claim>, ApiError> {
        self.db
            .read("claims_of", move |tx: &mut Tx| {
                Box::pin(async move {
                    let claims = tx.claim_of_order(order, CLAIMS_MAX).await?;
                    Ok::<_, Failure<ApiError>>(claims)
                })
            })
            .await
            .map_err(ApiError::from)
    }

    async fn claim_command(
        &self,
        name: &'static str,
        claim: &Claim,
        command: ClaimCommand,
    ) -> Result<Outcome, ApiError> {
        let (order, id, ids) = (claim.order, claim.id, SaveIds::new(self, self.now()));
        self.db
            .write(name, move |tx: &mut Tx| {
                let (ids, command) = (ids.clone(), command.clone());
                Box::pin(async move { claim_apply(tx, order, id, command, &ids).await })
            })
            .await?;
        Ok(Outcome::Done)
    }

    /// The one outward step that a claim owes.
    pub(crate) async fn claim_drive(&self, id: CaseId) -> Result<Outcome, ApiError> {
        let claim = self.claim_load(id).await?.claim;
        if claim.deadline().is_some_and(|at| at <= self.now()) {
            tracing::error!(case = %id, order = %claim.order, "a claim needs people");
            let command = ClaimCommand::DeadlinePassed;
            return self.claim_command("claim_deadline", &claim, command).await;
        }
        match claim.duty() {
            ClaimDuty::None => Ok(Outcome::Done),
            ClaimDuty::Refund => self.claim_refund(&claim).await,
            ClaimDuty::Answer(answer) => self.claim_answer(&claim, answer).await,
            ClaimDuty::AskDispute => self.claim_ask(&claim).await,
        }
    }

    fn claim_payment(&self, claim: &Claim) -> String {
        self.reference(claim.order, "pay", claim.attempt)
    }

    async fn claim_refund(&self, claim: &Claim) -> Result<Outcome, ApiError> {
        let payments = &self.rails(claim.environment)?.payments;
        // What a dispute may pay is not given back meanwhile.
        if self
            .order_load(claim.order)
            .await?
            .order
            .takings
            .is_disputed()
        {
            return Ok(Outcome::Again(self.now().plus_seconds(DISPUTED_SECONDS)));
        }
        // What was taken late is the same refund in every life of the installation; what operators
        // want is not.
        let refund = match claim.kind {
            ClaimKind::TakenLate => self.reference(claim.order, "refund-late", claim.attempt),
            ClaimKind::Refund | ClaimKind::Dispute | ClaimKind::PayoutBounced => {
                let leg = format!("refund-{}", claim.id.uuid().simple());
                self.reference(claim.order, &leg, 1)
            }
        };
        let payment = self.claim_payment(claim);
        let command = match payments.refund(&payment, &refund, claim.amount).await? {
            RefundState::Refunded => ClaimCommand::Refunded,
            RefundState::Refused => ClaimCommand::RefundRefused,
            RefundState::Pending => return Ok(self.claim_again(claim)),
        };
        self.claim_command("claim_refund", claim, command).await
    }

    async fn claim_answer(&self, claim: &Claim, answer: Answer) -> Result<Outcome, ApiError> {
        let payments = &self.rails(claim.environment)?.payments;
        match answer {
            Answer::Contest { evidence } => {
                payments.dispute_contest(&claim.name, &evidence).await?;
            }
            Answer::Accept => payments.dispute_accept(&claim.name).await?,
        }
        self.claim_command("claim_answer", claim, ClaimCommand::Answered)
            .await?;
        // What came of it is asked now, not at the next hour.
        let claim = self.claim_load(claim.id).await?.claim;
        self.claim_ask(&claim).await
    }

    async fn claim_ask(&self, claim: &Claim) -> Result<Outcome, ApiError> {
        let payments = &self.rails(claim.environment)?.payments;
        let told = payments.disputes(&self.claim_payment(claim)).await?;
        let Some(told) = told.into_iter().find(|told| told.id == claim.name) else {
            return Ok(self.claim_again(claim));
        };
        let command = ClaimCommand::Dispute(told);
        match self.claim_command("claim_ask", claim, command).await {
            Err(error) if error.code == ErrorCode::WrongState => Ok(self.claim_again(claim)),
            done => done,
        }
    }

    fn claim_again(&self, claim: &Claim) -> Outcome {
        let now = self.now();
        Outcome::Again(
            claim
                .wake_at(now)
                .unwrap_or(now)
                .max(now.plus_millis(1_000)),
        )
    }

    /// Asks about all payments of an order: who disputes them, and what was taken after its end.
    pub(crate) async fn payments_look(&self, id: OrderId) -> Result<Outcome, ApiError> {
        let order = self.order_load(id).await?.order;
        if order.side == Side::Sell {
            return self.payout_look(&order).await;
        }
        let mut failed = None;
        for attempt in 1..=order.attempt {
            failed = self.payment_look(&order, attempt).await.err().or(failed);
        }
        failed = self.card_keep(&order).await.err().or(failed);
        failed.map_or(Ok(Outcome::Done), Err)
    }

    /// What was paid out may come back after the end.
    async fn payout_look(&self, order: &Order) -> Result<Outcome, ApiError> {
        let Some(price) = order.price.as_ref().filter(|_| is_paid_out(order)) else {
            return Ok(Outcome::Done);
        };
        if self.payout_heard(order).await? == Some(PayoutState::Bounced) {
            let amount = price.total;
            let opening = ClaimOpening::PayoutBounced { amount };
            self.claim_begin(order.id, opening, None).await?;
        }
        Ok(Outcome::Done)
    }

    async fn payment_look(&self, order: &Order, attempt: u32) -> Result<(), ApiError> {
        let payments = &self.rails(order.environment)?.payments;
        let reference = self.reference(order.id, "pay", attempt);
        let Some(known) = payments.authorisation(&reference).await? else {
            return Ok(());
        };
        // Disputes first: what one of them may pay is not given back.
        let mut failed = None;
        for dispute in payments.disputes(&reference).await? {
            // One that cannot be read keeps nobody from hearing of the others.
            failed = self
                .dispute_told(order.id, attempt, dispute)
                .await
                .err()
                .or(failed);
        }
        if order.status().is_terminal() && !is_own_payment(order, attempt) {
            self.payment_late(order, attempt, known.state).await?;
        }
        failed.map_or(Ok(()), Err)
    }

    /// A dispute that is new, or what is new of one that we know.
    async fn dispute_told(
        &self,
        order: OrderId,
        attempt: u32,
        dispute: Dispute,
    ) -> Result<(), ApiError> {
        let known = self.claims_of(order).await?;
        let known = known
            .into_iter()
            .find(|claim| claim.kind == ClaimKind::Dispute && claim.name == dispute.id);
        let Some(claim) = known else {
            let opening = ClaimOpening::Dispute { attempt, dispute };
            return self.claim_begin(order, opening, None).await.map(drop);
        };
        let command = ClaimCommand::Dispute(dispute);
        match self.claim_command("dispute_told", &claim, command).await {
            Err(error) if error.code == ErrorCode::WrongState => Ok(()),
            told => told.map(drop),
        }
    }

    /// A hold on an order that has ended is given back; what was taken of it becomes a claim.
    async fn payment_late(
        &self,
        order: &Order,
        attempt: u32,
        state: AuthorisationState,
    ) -> Result<(), ApiError> {
        match state {
            AuthorisationState::Captured { captured, .. } => {
                let opening = ClaimOpening::TakenLate {
                    attempt,
                    amount: captured,
                };
                self.claim_begin(order.id, opening, None).await?;
            }
            AuthorisationState::Held { .. } | AuthorisationState::ThreeDs { .. } => {
                let payments = &self.rails(order.environment)?.payments;
                let reference = self.reference(order.id, "pay", attempt);
                payments.void(&reference).await?;
            }
            AuthorisationState::Pending
            | AuthorisationState::Declined { .. }
            | AuthorisationState::Voided => {}
        }
        Ok(())
    }

    /// Has the worker look for what the provider did without a word.
    pub(crate) async fn claims_ask(&self, order: OrderId) -> Result<(), ApiError> {
        let now = self.now();
        let job = JobId::new(now, self.entropy.as_ref());
        self.db
            .write("claims_ask", move |tx: &mut Tx| {
                Box::pin(async move {
                    match tx.order_work(order).await? {
                        Some(stored) => claims_look(tx, &stored.order, job, now).await,
                        None => Ok(()),
                    }
                })
            })
            .await
            .map_err(ApiError::from)
    }

    pub(crate) async fn claim_begin(
        &self,
        order: OrderId,
        opening: ClaimOpening,
        deed: Option<Deed>,
    ) -> Result<Option<Claim>, ApiError> {
        let ids = SaveIds::new(self, self.now());
        self.db
            .write("claim_begin", move |tx: &mut Tx| {
                let (ids, opening, deed) = (ids.clone(), opening.clone(), deed.clone());
                Box::pin(async move {
                    let stored = tx.order_lock(order).await?.ok_or_else(gone)?;
                    let claim = claim_open(tx, &stored.order, opening, &ids).await?;
                    if let Some(deed) = deed.filter(|_| claim.is_some()) {
                        audit(tx, &deed, ids.now()).await?;
                    }
                    Ok(claim)
                })
            })
            .await
            .map_err(ApiError::from)
    }
}

fn is_paid_out(order: &Order) -> bool {
    order.side == Side::Sell && matches!(order.state, State::Completed { .. })
}

/// Whether the order itself was paid, or paid back, by this payment.
fn is_own_payment(order: &Order, attempt: u32) -> bool {
    let paid = matches!(
        order.state,
        State::Completed { .. }
            | State::Failed {
                reason: FailReason::Refunded
            }
    );
    paid && attempt == order.attempt
}
