//! Payments are judged inside the database transaction that they change, before the card is asked and
//! before its money is taken; each judgement is kept with its facts and the policy's version.

mod facts;

use crate::{
    ApiError, Engine,
    error::refused,
    live::first_order_check,
    order::{SaveIds, apply, event_save, gone},
    screening::screen,
    worker::Outcome,
};
use facts::gather;
use proof_core::{
    ErrorCode, Timestamp,
    order::{Command, EventKind, Order, Verdict},
    partner::Partner,
    risk::{Assessment, RiskFacts, RiskReason, assess, first_delivery_hold},
};
use proof_store::{Failure, Tx};
use serde_json::{Value, json};

impl Engine {
    /// The money is held: whether it may be taken.
    pub(crate) async fn payment_assess(
        &self,
        order: &Order,
        liability_shift: bool,
    ) -> Result<Outcome, ApiError> {
        let partner = self.partner_of(order).await?;
        let refuses = self.destination_refuses(order).await;
        let (id, ids) = (order.id, SaveIds::new(self, self.now()));
        self.db
            .write("payment_assess", move |tx: &mut Tx| {
                let (ids, partner) = (ids.clone(), partner.clone());
                Box::pin(async move {
                    let stored = tx.order_lock(id).await?.ok_or_else(gone)?;
                    let policy = &partner.policy.risk;
                    let shift = Some(liability_shift);
                    let facts = gather(tx, &stored.order, policy, shift, ids.now()).await?;
                    let Some(mut facts) = facts else {
                        return Err(refused(proof_core::order::Refusal::WrongState));
                    };
                    facts.screening = screen(tx, &stored.order).await?;
                    let judged = if refuses {
                        let reason = RiskReason::DestinationRefuses;
                        Assessment::Refuse { reason }
                    } else {
                        assess(&facts, policy)
                    };
                    let basis = basis(&facts, partner.policy.version, &judged);
                    let verdict = verdict(judged, first_delivery_hold(&facts, policy));
                    apply(tx, stored, Command::Assessed { verdict }, &ids).await?;
                    event_save(tx, id, EventKind::RiskAssessed, basis, (12, 0), &ids).await
                })
            })
            .await?;
        Ok(Outcome::Done)
    }

    /// Whether the network would refuse the delivery. It is asked out of care, before money is taken: a chain that does
    /// not answer now keeps nobody from paying, and a transfer that is refused later is paid back.
    async fn destination_refuses(&self, order: &Order) -> bool {
        let network = order.amount.asset().network();
        let asked = async {
            let wallet = self.hot_wallet(order.environment, network).await?;
            let chain = self.chain_of(order.environment, network)?;
            let asked = chain.refuses(&wallet, &order.destination, order.amount);
            Ok::<_, ApiError>(asked.await?)
        };
        asked.await.unwrap_or_else(|error: ApiError| {
            error.log("whether the network takes a delivery could not be asked");
            false
        })
    }
}

/// The user presses *pay*, or fixes the terms of a sell: whether this customer may move so much.
/// The order is locked. `Some`: what is to be recorded if the command goes through.
pub(crate) async fn begin_assess(
    tx: &mut Tx,
    order: &Order,
    partner: &Partner,
    now: Timestamp,
) -> Result<Option<Value>, Failure<ApiError>> {
    let policy = &partner.policy.risk;
    let Some(facts) = gather(tx, order, policy, None, now).await? else {
        // Without a standing quote the command is refused anyway.
        return Ok(None);
    };
    first_order_check(tx, order, facts.total, now).await?;
    let judged = assess(&facts, policy);
    match &judged {
        Assessment::Allow | Assessment::Review { .. } => {
            Ok(Some(basis(&facts, partner.policy.version, &judged)))
        }
        Assessment::Refuse { reason } => Err(refused(not_begun(*reason))),
    }
}

fn not_begun(reason: RiskReason) -> ApiError {
    let limit = |message| ApiError::new(ErrorCode::LimitExceeded, message);
    match reason {
        RiskReason::MonthLimit => limit(
            "This would be more than one person may buy or sell here in 30 days. Try a smaller amount.",
        ),
        RiskReason::PairMonthLimit => limit(
            "This would be more of this currency than one person may buy or sell here in 30 days. Try a smaller amount.",
        ),
        RiskReason::PairDayLimit => limit(
            "This would be more of this currency than one person may buy or sell here in 24 hours. Try a smaller amount, or tomorrow.",
        ),
        RiskReason::TooManyPayments => {
            limit("Too many payments were begun in the last 24 hours. Try again tomorrow.")
        }
        RiskReason::DocumentCountry => ApiError::new(
            ErrorCode::CountryNotServed,
            "Documents of this country are not accepted here.",
        ),
        RiskReason::DayLimit
        | RiskReason::CardCountry
        | RiskReason::CardAbroad
        | RiskReason::NoLiabilityShift
        | RiskReason::CardShared
        | RiskReason::Disputes
        | RiskReason::Listed
        | RiskReason::DestinationRefuses => limit(
            "This would be more than one person may buy or sell here in 24 hours. Try a smaller amount, or tomorrow.",
        ),
    }
}

fn verdict(judged: Assessment, hold_seconds: u32) -> Verdict {
    match judged {
        Assessment::Allow => Verdict::Allow { hold_seconds },
        Assessment::Refuse { reason } => Verdict::Refuse {
            reason: reason.fail_reason(),
        },
        Assessment::Review { reasons } => {
            let names: Vec<&str> = reasons.iter().map(|reason| reason.name()).collect();
            Verdict::Review {
                reason: names.join(", "),
            }
        }
    }
}

fn basis(facts: &RiskFacts, policy_version: u32, judged: &Assessment) -> Value {
    json!({ "policy_version": policy_version, "facts": facts, "assessment": judged })
}
