//! What the user decides about crypto that came late: today's price, or the crypto back.

use super::case_apply;
use crate::{
    ApiError, Engine, View, VisitOpened,
    error::{ledger_failed, refused},
    order::{SaveIds, event_save, gone, save_new},
    risk::begin_assess,
};
use proof_core::{
    ErrorCode,
    case::{Case, CaseCommand, CaseState, Settlement},
    deposit::Deposit,
    id::{CaseId, EntryId, EventId, JobId, OrderId, QuoteId},
    ledger::take_over,
    order::{EventKind, Order, Resale},
    partner::Partner,
    quote::Quote,
};
use proof_store::{Failure, Tx};
use serde_json::Value;

/// What is to happen to it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum CaseChoice {
    Sell(QuoteId),
    Return,
}

/// What the page shows after a choice.
pub enum CaseChosen {
    /// The same order as before.
    Kept(Box<View>),
    /// The new order, which a visit of its own opens.
    Sold(Box<VisitOpened>),
}

/// What the new order is made of beside what the database holds.
#[derive(Clone, Copy)]
struct Seller {
    id: OrderId,
    confirmations: u64,
    hold_seconds: i64,
}

fn past() -> ApiError {
    let message = "This was decided already; look at where it is now.";
    ApiError::new(ErrorCode::WrongState, message)
}

impl Engine {
    /// Locks today's price for a late deposit.
    pub async fn case_quote(&self, order: OrderId, id: CaseId) -> Result<View, ApiError> {
        let (order, case) = self.case_of(order, id).await?;
        case.waits().ok_or_else(past)?;
        let partner = self.partner_of(&order).await?;
        let quote = self
            .quote_of(&order, &partner, case.amount, order.fiat)
            .await?;
        let quote = Box::new(quote);
        self.case_command("case_quote", &case, CaseCommand::QuoteLock { quote })
            .await?;
        self.view(order.id).await
    }

    pub async fn case_choose(
        &self,
        order: OrderId,
        id: CaseId,
        choice: CaseChoice,
    ) -> Result<CaseChosen, ApiError> {
        let (order, case) = self.case_of(order, id).await?;
        match choice {
            CaseChoice::Return => {
                self.case_command("case_return", &case, CaseCommand::Return)
                    .await?;
                let view = self.view(order.id).await?;
                Ok(CaseChosen::Kept(Box::new(view)))
            }
            CaseChoice::Sell(quote) => {
                case.waits().ok_or_else(past)?;
                let sold = self.case_sell(&order, &case, quote).await?;
                let opened = self.visit_begin(sold, None).await?;
                Ok(CaseChosen::Sold(Box::new(opened)))
            }
        }
    }

    /// A visit to the order that a late deposit became.
    pub async fn case_follow(&self, order: OrderId, id: CaseId) -> Result<VisitOpened, ApiError> {
        let (_, case) = self.case_of(order, id).await?;
        let CaseState::Settled(Settlement::Sold { order, .. }) = case.state else {
            return Err(ApiError::not_found("order of this case"));
        };
        self.visit_begin(order, None).await
    }

    /// A case of this order, and no other.
    async fn case_of(&self, order: OrderId, id: CaseId) -> Result<(Order, Case), ApiError> {
        let found = self
            .db
            .read("case_of", move |tx: &mut Tx| {
                Box::pin(async move {
                    let stored = tx.order_work(order).await?.ok_or_else(gone)?;
                    let case = tx.case_work(id).await?.map(|stored| stored.case);
                    Ok::<_, Failure<ApiError>>((stored.order, case))
                })
            })
            .await?;
        let (order, case) = found;
        let case = case.filter(|case| case.order == order.id);
        Ok((order, case.ok_or_else(|| ApiError::not_found("case"))?))
    }

    /// The new order takes over the deposit; the old one stays as it ended.
    async fn case_sell(
        &self,
        order: &Order,
        case: &Case,
        quote: QuoteId,
    ) -> Result<OrderId, ApiError> {
        let network = case.amount.asset().network();
        let chain = self.chain_of(case.environment, network)?;
        let partner = self.partner_of(order).await?;
        let policy = &partner.policy.sell;
        let seller = Seller {
            id: OrderId::new(self.now(), self.entropy.as_ref()),
            confirmations: chain.confirmations_of(case.amount),
            hold_seconds: policy.hold_of(case.amount.asset()),
        };
        // The signer learns where this order's crypto may go back to before there is any.
        let signer = &self.rails(case.environment)?.signer;
        signer
            .open_deposit(self.epoch(), seller.id, &case.refund)
            .await?;
        let (old, case, ids) = (order.id, case.id, SaveIds::new(self, self.now()));
        self.db
            .write("case_sell", move |tx: &mut Tx| {
                let (ids, partner) = (ids.clone(), partner.clone());
                Box::pin(async move {
                    let basis = sell(tx, (old, case), quote, seller, (&partner, &ids)).await?;
                    match basis {
                        Some(basis) => {
                            let (id, kind) = (seller.id, EventKind::RiskAssessed);
                            event_save(tx, id, kind, basis, (18, 0), &ids).await
                        }
                        None => Ok(()),
                    }
                })
            })
            .await?;
        Ok(seller.id)
    }
}

async fn sell(
    tx: &mut Tx,
    (old, case): (OrderId, CaseId),
    quote: QuoteId,
    seller: Seller,
    (partner, ids): (&Partner, &SaveIds),
) -> Result<Option<Value>, Failure<ApiError>> {
    let origin = tx.order_lock(old).await?.ok_or_else(gone)?.order;
    let locked = tx.case_lock(case).await?.ok_or_else(gone)?.case;
    let resale = resale(&locked, seller).ok_or_else(|| refused(past()))?;
    let made = origin.resell(resale, ids.now());
    let (order, events) = made.ok_or_else(|| refused(past()))?;
    // It moves as much as any other sell of this customer.
    let basis = begin_assess(tx, &order, partner, ids.now()).await?;
    let events: Vec<_> = (0..)
        .map(|n| EventId::from_uuid(ids.uuid(15, n)))
        .zip(events)
        .collect();
    let job = JobId::from_uuid(ids.uuid(16, 0));
    save_new(tx, &order, &events, job).await?;
    let command = CaseCommand::Sell {
        quote,
        order: order.id,
    };
    case_apply(tx, old, case, command, ids).await?;
    let taken = take_over(order.id, order.amount).map_err(|e| refused(ApiError::internal(e)))?;
    let entry = EntryId::from_uuid(ids.uuid(17, 0));
    tx.ledger_post(
        entry,
        (order.environment, Some(order.id)),
        &taken,
        ids.now(),
    )
    .await
    .map_err(ledger_failed)?;
    Ok(basis)
}

/// What is sold, at the price that stands; whether the user took that one is the case's to say.
fn resale(case: &Case, seller: Seller) -> Option<Resale> {
    let CaseState::AwaitingUser { quote, .. } = &case.state else {
        return None;
    };
    let quote: Quote = quote.as_deref().cloned()?;
    Some(Resale {
        id: seller.id,
        deposit: Deposit {
            key: case.deposit.clone()?,
            amount: case.amount,
            seen_at: case.opened_at,
            senders: case.senders.clone(),
        },
        confirmations: seller.confirmations,
        quote,
        hold_seconds: seller.hold_seconds,
    })
}
