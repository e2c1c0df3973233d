//! Cases: what came outside of an order's happy path goes back to whom it belongs.

mod choice;
mod list;

pub use choice::{CaseChoice, CaseChosen};
pub use list::CaseWaits;

use crate::{
    ApiError, Engine,
    deposit::deposit_forget,
    error::{ledger_failed, refused},
    mail::letters_owe,
    order::{SaveIds, event_save, gone},
    worker::Outcome,
};
use proof_core::{
    ErrorCode, Timestamp,
    case::{
        Case, CaseCommand, CaseDuty, CaseKind, CaseOpening, CaseRefusal, CaseState, Settlement,
    },
    deposit::{DepositKey, Held},
    id::{CaseId, EntryId, JobId, OrderId},
    mail::case_letters,
    money::{Amount, Rounding},
    order::{EventKind, Order, Refusal},
    partner::{Partner, Remedy, Stage},
};
use proof_port::TransferStatus;
use proof_store::{Failure, JobKind, StoredCase, Topic, Tx};

/// The currency in which "worth it" is judged.
const JUDGED_IN: proof_core::Fiat = proof_core::Fiat::Eur;

impl From<CaseRefusal> for ApiError {
    fn from(refusal: CaseRefusal) -> Self {
        match refusal {
            CaseRefusal::WrongState => Self::new(ErrorCode::WrongState, refusal.to_string()),
            CaseRefusal::QuoteExpired => Refusal::QuoteExpired.into(),
            CaseRefusal::SecondPerson => Refusal::SecondPerson.into(),
            CaseRefusal::Ruling(why) => Refusal::Ruling(why).into(),
            CaseRefusal::Money(error) => Self::internal(error),
        }
    }
}

/// What the partner's policy does with it; sold today is what a session could be made for today.
fn remedy(partner: &Partner, kind: CaseKind, amount: Amount) -> Remedy {
    let sells = partner.stage != Stage::Suspended && partner.policy.sells(amount);
    partner.policy.sell.accidents.remedy(kind, sells)
}

/// Opens a case about a locked order, once for each thing that it can be about.
pub(crate) async fn case_open(
    tx: &mut Tx,
    order: &Order,
    opening: CaseOpening,
    n: usize,
    ids: &SaveIds,
) -> Result<(), Failure<ApiError>> {
    let id = CaseId::from_uuid(ids.uuid(8, n));
    let partner = tx.partner_load(order.partner).await?.ok_or_else(gone)?;
    let remedy = remedy(&partner, opening.kind, opening.amount);
    let Some(case) = Case::open(id, order, opening, remedy, ids.now()) else {
        let message = "a deposit belongs to an order without a refund address";
        return Err(refused(ApiError::internal(message)));
    };
    if !tx.case_insert(&case).await? {
        return Ok(());
    }
    tracing::warn!(order = %case.order, case = %case.id, kind = case.kind.name(), "a case was opened");
    if let Some(entry) = case.opened().map_err(|e| refused(ApiError::internal(e)))? {
        let id = EntryId::from_uuid(ids.uuid(16, n));
        tx.ledger_post(id, (case.environment, Some(case.order)), &entry, ids.now())
            .await
            .map_err(ledger_failed)?;
    }
    event_save(
        tx,
        case.order,
        EventKind::CaseOpened,
        case.body(),
        (9, n),
        ids,
    )
    .await?;
    let job = JobId::from_uuid(ids.uuid(10, n));
    tx.job_upsert(job, JobKind::Case, id.uuid(), ids.now())
        .await?;
    Ok(())
}

/// Decides on a locked case and saves all of it. The order comes first among the locks.
pub(crate) async fn case_apply(
    tx: &mut Tx,
    order: OrderId,
    id: CaseId,
    command: CaseCommand,
    ids: &SaveIds,
) -> Result<Case, Failure<ApiError>> {
    let now = ids.now();
    tx.order_lock(order).await?.ok_or_else(gone)?;
    let stored = tx.case_lock(id).await?.ok_or_else(gone)?;
    let decided = stored.case.decide(command, now);
    let decision = decided.map_err(refused)?;
    tx.case_save(&decision.case, stored.version, now).await?;
    if let (CaseState::Settled(Settlement::Vanished), Some(key)) =
        (&decision.case.state, &decision.case.deposit)
    {
        let network = decision.case.amount.asset().network();
        deposit_forget(tx, decision.case.environment, network, key).await?;
    }
    for (n, entry) in decision.entries.iter().enumerate() {
        let entry_id = EntryId::from_uuid(ids.uuid(1, n));
        tx.ledger_post(
            entry_id,
            (decision.case.environment, Some(order)),
            entry,
            now,
        )
        .await
        .map_err(ledger_failed)?;
    }
    if decision.events.is_empty() {
        order_touch(tx, order, now).await?;
    }
    for (n, (kind, body)) in decision.events.into_iter().enumerate() {
        event_save(tx, order, kind, body, (9, n), ids).await?;
    }
    match decision.case.wake_at(now).or(decision.case.deadline()) {
        Some(at) => {
            let job = JobId::from_uuid(ids.uuid(10, 0));
            tx.job_upsert(job, JobKind::Case, id.uuid(), at).await?;
        }
        None => tx.job_delete(JobKind::Case, id.uuid()).await?,
    }
    let letters = case_letters(&stored.case, &decision.case, now);
    letters_owe(tx, letters, (13, 14), ids).await?;
    Ok(decision.case)
}

/// The order's user sees its cases: what they look at has changed.
async fn order_touch(tx: &mut Tx, order: OrderId, now: Timestamp) -> Result<(), Failure<ApiError>> {
    let stored = tx.order_lock(order).await?.ok_or_else(gone)?;
    tx.order_save(&stored.order, stored.version, now).await?;
    tx.wake(Topic::Order(order));
    Ok(())
}

impl Engine {
    async fn case_load(&self, id: CaseId) -> Result<StoredCase, ApiError> {
        self.db
            .read("case_load", move |tx: &mut Tx| {
                Box::pin(async move { tx.case_work(id).await?.ok_or_else(gone) })
            })
            .await
            .map_err(ApiError::from)
    }

    async fn case_command(
        &self,
        name: &'static str,
        case: &Case,
        command: CaseCommand,
    ) -> Result<Outcome, ApiError> {
        let (order, id, ids) = (case.order, case.id, SaveIds::new(self, self.now()));
        self.db
            .write(name, move |tx: &mut Tx| {
                let (ids, command) = (ids.clone(), command.clone());
                Box::pin(async move { case_apply(tx, order, id, command, &ids).await })
            })
            .await?;
        Ok(Outcome::Done)
    }

    /// The one outward step that a case owes.
    pub(crate) async fn case_drive(&self, id: CaseId) -> Result<Outcome, ApiError> {
        let case = self.case_load(id).await?.case;
        if case
            .deadline()
            .is_some_and(|deadline| deadline <= self.now())
        {
            if case.waits().is_none() {
                tracing::error!(case = %id, order = %case.order, "a case needs people");
            }
            let command = CaseCommand::DeadlinePassed;
            return self.case_command("case_deadline", &case, command).await;
        }
        let leg = self.leg_of_case(&case);
        match case.duty() {
            CaseDuty::None => Ok(Outcome::Done),
            CaseDuty::WatchDeposit(key) => self.case_deposit_watch(&case, key).await,
            CaseDuty::PlanReturn if self.case_screened(&case).await? => Ok(Outcome::Done),
            CaseDuty::PlanReturn if !self.is_worth_returning(&case).await? => {
                self.case_command("case_dust", &case, CaseCommand::NotWorth)
                    .await
            }
            CaseDuty::PlanReturn => self.transfer_plan(leg).await,
            CaseDuty::PlanAgain(from) if self.now() < from => Ok(Outcome::Again(from)),
            CaseDuty::PlanAgain(_) => self.transfer_plan(leg).await,
            CaseDuty::Sign(sending) => self.transfer_sign(leg, &sending).await,
            CaseDuty::Broadcast(sending) => self.transfer_broadcast(leg, &sending).await,
            CaseDuty::WatchTransfer(sending) => self.transfer_watch(leg, &sending).await,
        }
    }

    /// A deposit is gone whose order has ended: its money went out already.
    pub(crate) async fn case_gone(&self, id: OrderId, held: &Held) -> Result<(), ApiError> {
        let opening = CaseOpening {
            kind: CaseKind::Reorged,
            amount: held.deposit.amount,
            deposit: Some(held.deposit.key.clone()),
            senders: held.deposit.senders.clone(),
        };
        let ids = SaveIds::new(self, self.now());
        self.db
            .write("case_gone", move |tx: &mut Tx| {
                let (ids, opening) = (ids.clone(), opening.clone());
                Box::pin(async move {
                    let order = tx.order_lock(id).await?.ok_or_else(gone)?.order;
                    case_open(tx, &order, opening, 0, &ids).await
                })
            })
            .await
            .map_err(ApiError::from)
    }

    async fn case_deposit_watch(&self, case: &Case, key: DepositKey) -> Result<Outcome, ApiError> {
        let network = case.amount.asset().network();
        let chain = self.chain_of(case.environment, network)?;
        let remedy = self.remedy_of(case).await?;
        let bound = chain.confirmations_of(case.amount);
        let order = self.order_load(case.order).await?.order;
        let status = match &order.sale {
            Some(sale) => {
                let recipient = sale.deposit_address.as_str();
                chain.arrival(recipient, &key, case.amount).await?
            }
            None => chain.transfer(&key.hash).await?,
        };
        let command = match status {
            TransferStatus::Unknown | TransferStatus::Failed { .. } => {
                Some(CaseCommand::DepositVanished)
            }
            TransferStatus::Waiting => None,
            TransferStatus::Mined { confirmations, .. } if confirmations >= bound => {
                Some(CaseCommand::DepositFinal { remedy })
            }
            TransferStatus::Mined { confirmations, .. } => {
                Some(CaseCommand::DepositDeeper { confirmations })
            }
        };
        let again = Outcome::Again(self.now().plus_millis(chain.poll_interval_ms()));
        let Some(command) = command else {
            return Ok(again);
        };
        match self.case_command("case_deposit", case, command).await {
            Err(error) if error.code == ErrorCode::WrongState => Ok(again),
            done => done,
        }
    }

    async fn partner_of_case(&self, case: &Case) -> Result<Partner, ApiError> {
        let order = self.order_load(case.order).await?.order;
        self.partner_of(&order).await
    }

    async fn remedy_of(&self, case: &Case) -> Result<Remedy, ApiError> {
        let partner = self.partner_of_case(case).await?;
        Ok(remedy(&partner, case.kind, case.amount))
    }

    /// Whether it is worth more than the network's fee of sending it back, by the partner's measure.
    async fn is_worth_returning(&self, case: &Case) -> Result<bool, ApiError> {
        let policy = self.partner_of_case(case).await?.policy.sell.accidents;
        let is_worth = |worth, fee| {
            let is_dust = policy.is_dust(worth, fee).map_err(ApiError::internal)?;
            Ok(!is_dust)
        };
        let asset = case.amount.asset();
        let fee = self
            .chain_of(case.environment, asset.network())?
            .fee()
            .await?;
        if fee.asset() == asset {
            return is_worth(case.amount.base(), fee.base());
        }
        let (rate, _) = self.mid(case.environment, asset, JUDGED_IN).await?;
        let (fee_rate, _) = self.mid(case.environment, fee.asset(), JUDGED_IN).await?;
        let worth = rate.price(case.amount.base(), Rounding::Down);
        let cost = fee_rate.price(fee.base(), Rounding::Up);
        is_worth(
            worth.map_err(ApiError::internal)?,
            cost.map_err(ApiError::internal)?,
        )
    }
}
