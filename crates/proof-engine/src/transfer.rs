//! Transfers from the hot wallet: plan, sign, broadcast, watch. An order delivers or gives back; a case
//! gives back what came outside of its order.

mod raise;
mod source;

pub(crate) use source::Source;

use crate::{
    ApiError, Engine,
    case::case_apply,
    cold::{cold_apply, cold_outgoing},
    order::{SaveIds, apply, gone},
    payment::is_final,
    sweep::{sweep_apply, sweep_outgoing},
    view::inner,
    worker::Outcome,
};
use proof_core::{
    Address, Asset, ErrorCode, Network,
    case::{Case, CaseCommand},
    cold::ColdMove,
    id::{CaseId, IntentId, JobId, OrderId, SweepId},
    money::Amount,
    order::{Command, Order, POLL_MS, State},
    partner::Environment,
    sweep::{Sweep, SweepState},
    transfer::{Form, Proof, Sending, TransferFact},
};
use proof_port::{Chain, IntentClass, PortError, SignedState, SigningIntent, TransferStatus};
use proof_store::{Failure, JobKind, StoreError, Tx};
use std::sync::Arc;
use uuid::Uuid;

/// The signer had no room: the transfer is planned again after so long.
const POSTPONED_SECONDS: i64 = 300;

/// Who sends.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Sender {
    Order,
    Case(CaseId),
    /// The treasury, at the deposit address of an order or to it.
    Sweep(SweepId),
    /// The treasury, into cold storage; the move has the name that orders have.
    Cold,
}

/// One transfer and whose it is.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Leg {
    sender: Sender,
    pub(crate) order: OrderId,
    /// The order that the signer is asked for: another one only where one transfer is of many.
    pub(crate) asked: OrderId,
    pub(crate) environment: Environment,
    /// What moves.
    pub(crate) asset: Asset,
    pub(crate) class: IntentClass,
    pub(crate) intent: IntentId,
}

impl Leg {
    pub(crate) fn is_of_order(self) -> bool {
        self.sender == Sender::Order
    }

    pub(crate) fn is_cold(self) -> bool {
        self.sender == Sender::Cold
    }

    pub(crate) fn of_cold(moved: &ColdMove, intent: IntentId) -> Self {
        Self {
            sender: Sender::Cold,
            order: moved.id,
            asked: moved.id,
            environment: moved.environment,
            asset: moved.asset(),
            class: IntentClass::Cold,
            intent,
        }
    }

    pub(crate) fn of_sweep(sweep: &Sweep, intent: IntentId) -> Self {
        let topping_up = sweep.state == SweepState::ToppingUp;
        Self {
            sender: Sender::Sweep(sweep.id),
            order: sweep.order,
            asked: sweep
                .batch
                .as_ref()
                .map_or(sweep.order, |batch| batch.order),
            environment: sweep.environment,
            asset: if topping_up {
                sweep.asset().network().native()
            } else {
                sweep.asset()
            },
            class: if topping_up {
                IntentClass::TopUp
            } else {
                IntentClass::Sweep
            },
            intent,
        }
    }

    /// Where the money of this leg goes, and how much where it costs at most `fee`, as it is under lock.
    async fn outgoing(
        self,
        tx: &mut Tx,
        fee: Amount,
    ) -> Result<(Address, Amount), Failure<ApiError>> {
        match self.sender {
            Sender::Order => {
                let stored = tx.order_lock(self.order).await?.ok_or_else(gone)?;
                stored.order.outgoing().ok_or_else(gone)
            }
            Sender::Case(id) => {
                tx.order_lock(self.order).await?.ok_or_else(gone)?;
                let case = tx.case_lock(id).await?.ok_or_else(gone)?.case;
                Ok((case.refund, case.amount))
            }
            Sender::Sweep(id) => sweep_outgoing(tx, self.order, id, fee).await,
            Sender::Cold => cold_outgoing(tx, self.order).await,
        }
    }

    pub(crate) async fn record(
        self,
        tx: &mut Tx,
        fact: TransferFact,
        ids: &SaveIds,
    ) -> Result<(), Failure<ApiError>> {
        match self.sender {
            Sender::Order => {
                let stored = tx.order_lock(self.order).await?.ok_or_else(gone)?;
                apply(tx, stored, Command::Transfer(fact), ids).await?;
            }
            Sender::Case(id) => {
                case_apply(tx, self.order, id, CaseCommand::Transfer(fact), ids).await?;
            }
            Sender::Sweep(id) => sweep_apply(tx, self.order, id, fact, ids).await?,
            Sender::Cold => cold_apply(tx, self.order, fact, ids).await?,
        }
        Ok(())
    }

    /// Why it waits, where its job is; a job that is asked for anew has forgotten it.
    async fn note(self, tx: &mut Tx, why: &str) -> Result<(), StoreError> {
        let (kind, key) = self.job();
        tx.job_note(kind, key, why).await
    }

    const fn job(self) -> (JobKind, Uuid) {
        match self.sender {
            Sender::Order => (JobKind::Order, self.order.uuid()),
            Sender::Case(id) => (JobKind::Case, id.uuid()),
            Sender::Sweep(id) => (JobKind::Sweep, id.uuid()),
            Sender::Cold => (JobKind::Cold, self.order.uuid()),
        }
    }
}

impl Engine {
    pub(crate) fn leg_of_order(&self, order: &Order) -> Leg {
        let (class, name, attempt) = match inner(&order.state) {
            State::Returning(returning) => (IntentClass::Return, "return", returning.attempt),
            _ => (IntentClass::Deliver, "deliver", 1),
        };
        Leg {
            sender: Sender::Order,
            order: order.id,
            asked: order.id,
            environment: order.environment,
            asset: order.amount.asset(),
            class,
            intent: self.intent(order.id, name, attempt),
        }
    }

    pub(crate) fn leg_of_case(&self, case: &Case) -> Leg {
        Leg {
            sender: Sender::Case(case.id),
            order: case.order,
            asked: case.order,
            environment: case.environment,
            asset: case.amount.asset(),
            class: IntentClass::Return,
            intent: self.intent(case.order, &about(case), case.state.attempt()),
        }
    }

    /// What it spends; `None`: it waits until that costs less.
    async fn source_of(&self, leg: Leg) -> Result<Option<Source>, ApiError> {
        match leg.sender {
            Sender::Order | Sender::Case(_) => {}
            Sender::Sweep(id) => return self.sweep_source(id).await,
            Sender::Cold => return self.cold_source(leg.order).await,
        }
        let chain = self.chain(leg)?;
        let signer = &self.rails(leg.environment)?.signer;
        let sender = signer.wallet(chain.network()).await?;
        Source::ask(&**chain, sender, leg.asset).await.map(Some)
    }

    fn chain(&self, leg: Leg) -> Result<&Arc<dyn Chain>, ApiError> {
        self.chain_of(leg.environment, leg.asset.network())
    }

    /// Fixes everything about the transfer but its signature, and promises its nonce or coins to
    /// this one intent, in one database transaction.
    pub(crate) async fn transfer_plan(&self, leg: Leg) -> Result<Outcome, ApiError> {
        if let Some(outcome) = self.transfer_recall(leg).await? {
            return Ok(outcome);
        }
        let Some(source) = self.source_of(leg).await? else {
            return Ok(self.sweep_waits());
        };
        // On a real network a number is asked for and signed in one go. What the signer has no room for gives its number
        // back before another transfer gets the next one, which no block takes without this one.
        let turn = match &source.form {
            Some(_) => Some(self.turn.lock().await),
            None => None,
        };
        let ids = SaveIds::new(self, self.now());
        let transfer = self
            .db
            .write("transfer_plan", move |tx: &mut Tx| {
                let (ids, source) = (ids.clone(), source.clone());
                Box::pin(async move {
                    let outgoing = leg.outgoing(tx, source.fee()).await?;
                    let transfer = source.take(tx, outgoing, leg.intent).await?;
                    let fact = TransferFact::Planned {
                        intent: leg.intent,
                        transfer: transfer.clone(),
                    };
                    let (kind, key) = leg.job();
                    let waited = tx.job_trouble(kind, key).await?;
                    leg.record(tx, fact, &ids).await?;
                    if let Some(waited) = waited {
                        // It is no other reason before the signer has been asked again.
                        leg.note(tx, &waited.why).await?;
                    }
                    Ok::<_, Failure<ApiError>>(transfer)
                })
            })
            .await?;
        if turn.is_none() {
            return Ok(Outcome::Done);
        }
        let sending = Sending::new(leg.intent, transfer, self.now());
        self.transfer_sign(leg, &sending).await
    }

    /// Asks the signer. If its policy says no, the intent is closed for ever, and that is the proof
    /// with which the order turns round.
    pub(crate) async fn transfer_sign(
        &self,
        leg: Leg,
        sending: &Sending,
    ) -> Result<Outcome, ApiError> {
        let signer = &self.rails(leg.environment)?.signer;
        let intent = SigningIntent {
            intent: sending.intent,
            class: leg.class,
            order: leg.asked,
            transfer: sending.transfer.clone(),
        };
        let asked = if sending.withdrawn {
            None
        } else {
            Some(signer.sign(self.epoch(), &intent).await)
        };
        let signed = match asked {
            // Given up before it was signed: the signer says whether that is true.
            None => match signer.close(self.epoch(), sending.intent).await? {
                SignedState::Signed(signed) => Some(signed),
                SignedState::NeverSigned => None,
            },
            Some(Ok(signed)) => Some(signed),
            Some(Err(error)) if is_final(&error) => {
                tracing::warn!(order = %leg.order, "the signer refuses a transfer: {error}");
                self.transfer_why(leg, &error).await?;
                match signer.close(self.epoch(), sending.intent).await? {
                    SignedState::Signed(signed) => Some(signed),
                    SignedState::NeverSigned => None,
                }
            }
            Some(Err(error)) => {
                tracing::warn!(order = %leg.order, "the signer does not sign yet: {error}");
                // A limit that time heals, unless the signer is away, or does not know whether it has signed.
                if error.answered && !self.is_signed(leg, sending.intent).await? {
                    self.transfer_why(leg, &error).await?;
                    return self.transfer_postpone(leg, sending.intent, &error).await;
                }
                return Err(error.into());
            }
        };
        match signed {
            Some(signed) => {
                let fact = TransferFact::Signed { signed };
                self.transfer_fact("transfer_sign", leg, Some(fact)).await
            }
            None => self.transfer_never_signed(leg, sending.intent).await,
        }
    }

    /// An order's own log says it, and its alert; nobody looks at those of the treasury.
    async fn transfer_why(&self, leg: Leg, error: &PortError) -> Result<(), ApiError> {
        match leg.sender {
            Sender::Order | Sender::Case(_) | Sender::Sweep(_) => Ok(()),
            Sender::Cold => self.cold_why(leg.order, error).await,
        }
    }

    /// The order turns round, and what was promised to the intent is free again, at once.
    async fn transfer_never_signed(&self, leg: Leg, intent: IntentId) -> Result<Outcome, ApiError> {
        let ids = SaveIds::new(self, self.now());
        self.db
            .write("transfer_never_signed", move |tx: &mut Tx| {
                let ids = ids.clone();
                Box::pin(async move {
                    // Comes first among the locks.
                    if !leg.is_cold() {
                        tx.order_lock(leg.order).await?.ok_or_else(gone)?;
                    }
                    tx.intent_release(intent).await?;
                    let proof = Proof::NeverSigned { intent };
                    leg.record(tx, TransferFact::Dead { proof }, &ids).await
                })
            })
            .await?;
        Ok(Outcome::Done)
    }

    async fn is_signed(&self, leg: Leg, intent: IntentId) -> Result<bool, ApiError> {
        let signer = &self.rails(leg.environment)?.signer;
        let promised = signer.promised(leg.asked).await?.signed;
        Ok(promised.iter().any(|given| given.intent.intent == intent))
    }

    /// What was promised to it is free for others until it is planned again: nothing waits behind it.
    async fn transfer_postpone(
        &self,
        leg: Leg,
        intent: IntentId,
        error: &PortError,
    ) -> Result<Outcome, ApiError> {
        let why = error.to_string();
        let now = self.now();
        let ids = SaveIds::new(self, now);
        let until = now.plus_seconds(POSTPONED_SECONDS);
        let fact = TransferFact::Postponed { intent, until };
        self.db
            .write("transfer_postpone", move |tx: &mut Tx| {
                let (ids, fact, why) = (ids.clone(), fact.clone(), why.clone());
                Box::pin(async move {
                    // Refused if it was signed, postponed or given up meanwhile, and then nothing is released.
                    leg.record(tx, fact, &ids).await?;
                    tx.intent_release(intent).await?;
                    leg.note(tx, &why).await?;
                    Ok::<_, Failure<ApiError>>(())
                })
            })
            .await?;
        Ok(Outcome::Done)
    }

    /// Hands the signed bytes to the network; sending them again is harmless.
    pub(crate) async fn transfer_broadcast(
        &self,
        leg: Leg,
        sending: &Sending,
    ) -> Result<Outcome, ApiError> {
        let chain = self.chain(leg)?;
        let signed = sending.signed.as_ref();
        let signed = signed.ok_or_else(|| ApiError::internal("nothing signed to broadcast"))?;
        if let Some(fact) = self.transfer_learnt(leg, sending).await? {
            return self.transfer_learn(leg, fact).await;
        }
        if let Err(error) = tell(&**chain, sending).await {
            // Refused, or in doubt: if the chain knows the hash, it got there.
            match chain.transfer(&signed.hash).await? {
                // Another form of it may be there in its place.
                TransferStatus::Unknown => {
                    if let Some(fact) = dead_by_time(&**chain, sending).await? {
                        let name = "transfer_broadcast";
                        return self.transfer_fact(name, leg, Some(fact)).await;
                    }
                    if other_on_chain(&**chain, sending).await?.is_none() {
                        // Nodes do not take what offers too little.
                        let raised = self.transfer_raise(leg, sending, &**chain).await?;
                        let raised = raised.ok_or(error)?;
                        let name = "transfer_broadcast";
                        return self.transfer_fact(name, leg, Some(raised)).await;
                    }
                }
                TransferStatus::Waiting
                | TransferStatus::Mined { .. }
                | TransferStatus::Failed { .. } => {}
            }
        }
        let fact = TransferFact::Broadcast;
        self.transfer_fact("transfer_broadcast", leg, Some(fact))
            .await
    }

    /// Counts confirmations until the transfer is final, one way or the other.
    pub(crate) async fn transfer_watch(
        &self,
        leg: Leg,
        sending: &Sending,
    ) -> Result<Outcome, ApiError> {
        let chain = self.chain(leg)?;
        let signed = sending.signed.as_ref();
        let signed = signed.ok_or_else(|| ApiError::internal("nothing signed to watch"))?;
        let bound = chain.confirmations_final();
        if let Some(fact) = self.transfer_learnt(leg, sending).await? {
            return self.transfer_learn(leg, fact).await;
        }
        let fact = match chain.transfer(&signed.hash).await? {
            status @ (TransferStatus::Unknown | TransferStatus::Waiting) => {
                self.transfer_waits(leg, sending, status).await?
            }
            TransferStatus::Mined {
                confirmations, fee, ..
            } if confirmations >= bound => Some(TransferFact::Final { confirmations, fee }),
            TransferStatus::Failed { confirmations, fee } if confirmations >= bound => {
                let proof = Proof::RefusedByChain {
                    hash: signed.hash.clone(),
                    fee,
                };
                Some(TransferFact::Dead { proof })
            }
            TransferStatus::Mined { confirmations, .. }
            | TransferStatus::Failed { confirmations, .. } => {
                Some(TransferFact::Seen { confirmations })
            }
        };
        let next = self.now().plus_millis(chain.poll_interval_ms());
        match self.transfer_fact("transfer_watch", leg, fact).await? {
            Outcome::Done => Ok(Outcome::Done),
            Outcome::Again(_) => Ok(Outcome::Again(next)),
        }
    }

    /// It is in no block. What was signed before may be in one; else it is told again, or its fee raised.
    async fn transfer_waits(
        &self,
        leg: Leg,
        sending: &Sending,
        status: TransferStatus,
    ) -> Result<Option<TransferFact>, ApiError> {
        let chain = self.chain(leg)?;
        if let Some(hash) = other_on_chain(&**chain, sending).await? {
            return Ok(Some(TransferFact::Other { hash }));
        }
        let mut told = Ok(());
        // A node that forgot it is told again; the bytes are the same. After a re-org it may wait with a fee that no block
        // takes any more, while the dearer one is forgotten.
        if status == TransferStatus::Unknown {
            told = tell(&**chain, sending).await;
        } else if !sending.others.is_empty()
            && let Err(error) = tell(&**chain, sending).await
        {
            tracing::debug!(order = %leg.order, "it waits already: {error}");
        }
        // Told first: what cannot be proven yet must not keep it from the nodes.
        if let Some(fact) = dead_by_time(&**chain, sending).await? {
            return Ok(Some(fact));
        }
        let raised = self.transfer_raise(leg, sending, &**chain).await?;
        // Nodes do not take what offers too little: raising it is what helps then.
        if raised.is_none() {
            told?;
        }
        Ok(raised)
    }

    /// Records what signer or chain said; nothing new means that they are still working.
    async fn transfer_fact(
        &self,
        name: &'static str,
        leg: Leg,
        fact: Option<TransferFact>,
    ) -> Result<Outcome, ApiError> {
        let again = Outcome::Again(self.now().plus_millis(POLL_MS));
        let Some(fact) = fact else { return Ok(again) };
        match self.transfer_record(name, leg, fact).await {
            Ok(()) => Ok(Outcome::Done),
            // A fact that changes nothing: the state was right already, or moved on meanwhile.
            Err(error) if error.code == ErrorCode::WrongState => Ok(again),
            Err(error) => Err(error),
        }
    }

    /// Records what the signer knows and this database does not. If that does not fit, nothing else about this transfer
    /// may be believed.
    async fn transfer_learn(&self, leg: Leg, fact: TransferFact) -> Result<Outcome, ApiError> {
        match self.transfer_record("transfer_learn", leg, fact).await {
            Ok(()) => Ok(Outcome::Done),
            Err(error) if error.code == ErrorCode::WrongState => Err(ApiError::internal(format!(
                "order {}: what the signer signed is not what was planned here",
                leg.order
            ))),
            Err(error) => Err(error),
        }
    }

    async fn transfer_record(
        &self,
        name: &'static str,
        leg: Leg,
        fact: TransferFact,
    ) -> Result<(), ApiError> {
        let ids = SaveIds::new(self, self.now());
        let look_at = self.delivered_look_at(leg, &fact)?;
        self.db
            .write(name, move |tx: &mut Tx| {
                let (ids, fact) = (ids.clone(), fact.clone());
                Box::pin(async move {
                    leg.record(tx, fact, &ids).await?;
                    if let Some(at) = look_at {
                        let job = JobId::from_uuid(ids.uuid(21, 0));
                        let key = leg.order.uuid();
                        tx.job_upsert(job, JobKind::Delivered, key, at).await?;
                    }
                    Ok(())
                })
            })
            .await
            .map_err(ApiError::from)
    }
}

/// Hands over all that was signed: of those that nodes take, they keep the dearest, in whatever order they come. One
/// that is taken is enough.
async fn tell(chain: &dyn Chain, sending: &Sending) -> Result<(), PortError> {
    let (mut taken, mut refused) = (false, None);
    for signed in sending.signed.iter().chain(sending.others.iter().rev()) {
        match chain.broadcast(&signed.signed_hex).await {
            Ok(()) => taken = true,
            Err(error) => refused = refused.or(Some(error)),
        }
    }
    match refused {
        Some(error) if !taken => Err(error),
        Some(_) | None => Ok(()),
    }
}

/// Whether one of its other signed forms is on the chain.
async fn other_on_chain(chain: &dyn Chain, sending: &Sending) -> Result<Option<String>, ApiError> {
    for other in &sending.others {
        match chain.transfer(&other.hash).await? {
            TransferStatus::Mined { .. } | TransferStatus::Failed { .. } => {
                return Ok(Some(other.hash.clone()));
            }
            TransferStatus::Unknown | TransferStatus::Waiting => {}
        }
    }
    Ok(None)
}

/// Proof that its time is over, where transfers have one.
async fn dead_by_time(
    chain: &dyn Chain,
    sending: &Sending,
) -> Result<Option<TransferFact>, ApiError> {
    let (Some(signed), Some(form)) = (&sending.signed, &sending.transfer.form) else {
        return Ok(None);
    };
    let hash = signed.hash.clone();
    let is_over = chain.expired(&hash, form).await?;
    let proof = Proof::Expired { hash };
    Ok(is_over.then_some(TransferFact::Dead { proof }))
}

/// What a network's own form says is the most that the transfer may cost.
pub(crate) fn fee_max(form: &Form, network: Network) -> Result<Amount, ApiError> {
    let most = form.fee_max();
    let most = most.ok_or_else(|| ApiError::internal("a fee beyond all numbers"))?;
    Ok(Amount::new(network.native(), most))
}

/// What a case is about names its transfer: after a restore the same deposit is another case, and must not
/// go back twice.
fn about(case: &Case) -> String {
    match &case.deposit {
        Some(key) => format!("case {}:{}", key.hash, key.index),
        None => format!("case {}", case.kind.name()),
    }
}
