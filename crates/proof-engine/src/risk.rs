//! Payments are judged inside the database transaction that they change, before the card is asked and
//! before its money is taken; each judgement is kept with its facts and the policy's version.

use crate::{
    ApiError, Engine,
    error::refused,
    order::{SaveIds, apply, event_save, gone},
    screening::screen,
    worker::Outcome,
};
use proof_core::{
    ErrorCode, Timestamp,
    id::PartnerId,
    money::Money,
    order::{Command, EventKind, Order, State, Verdict},
    partner::Partner,
    risk::{Assessment, CardFacts, RiskFacts, RiskPolicy, RiskReason, RiskStage, assess},
    screening::Screening,
};
use proof_store::{Failure, Tx};
use serde_json::{Value, json};

const DAY_SECONDS: i64 = 24 * 3_600;
const MONTH_SECONDS: i64 = 30 * DAY_SECONDS;

/// Nobody who is honest has more in a month; what is beyond could not be summed.
const ORDERS_MAX: usize = 2_000;

impl Engine {
    /// The money is held: whether it may be taken.
    pub(crate) async fn payment_assess(
        &self,
        order: &Order,
        liability_shift: bool,
    ) -> Result<Outcome, ApiError> {
        let partner = self.partner_of(order).await?;
        let (id, ids) = (order.id, SaveIds::new(self, self.now()));
        self.db
            .write("payment_assess", move |tx: &mut Tx| {
                let (ids, partner) = (ids.clone(), partner.clone());
                Box::pin(async move {
                    let stored = tx.order_lock(id).await?.ok_or_else(gone)?;
                    let policy = &partner.policy.risk;
                    let card = card_facts(tx, &stored.order, policy, liability_shift, &ids).await?;
                    let Some(card) = card else {
                        return Err(refused(proof_core::order::Refusal::WrongState));
                    };
                    let facts =
                        facts(tx, &stored.order, RiskStage::Capture(card), ids.now()).await?;
                    let Some(mut facts) = facts else {
                        return Err(refused(ApiError::internal("a payment without a price")));
                    };
                    facts.screening = screen(tx, &stored.order).await?;
                    let judged = assess(&facts, policy);
                    let basis = basis(&facts, policy, &judged);
                    let verdict = verdict(judged);
                    apply(tx, stored, Command::Assessed { verdict }, &ids).await?;
                    event_save(tx, id, EventKind::RiskAssessed, basis, (12, 0), &ids).await
                })
            })
            .await?;
        Ok(Outcome::Done)
    }
}

impl Engine {
    pub async fn risk_policy(&self, id: PartnerId) -> Result<RiskPolicy, ApiError> {
        let partner = self
            .db
            .read("partner_load", move |tx: &mut Tx| {
                Box::pin(async move { Ok::<_, Failure<ApiError>>(tx.partner_load(id).await?) })
            })
            .await?;
        let partner = partner.ok_or_else(no_partner)?;
        Ok(partner.policy.risk)
    }

    /// From now on payments are judged by this; what was judged before keeps its version.
    pub async fn risk_policy_set(
        &self,
        id: PartnerId,
        policy: RiskPolicy,
    ) -> Result<RiskPolicy, ApiError> {
        let saved = self
            .db
            .write("risk_policy_set", move |tx: &mut Tx| {
                let policy = policy.clone();
                Box::pin(async move {
                    let partner = tx.partner_load(id).await?;
                    let mut partner = partner.ok_or_else(|| refused(no_partner()))?;
                    let version = partner.policy.risk.version.saturating_add(1);
                    partner.policy.risk = RiskPolicy { version, ..policy };
                    tx.partner_policy_save(id, &partner.policy).await?;
                    Ok::<_, Failure<ApiError>>(partner.policy.risk)
                })
            })
            .await?;
        tracing::info!(partner = %id, version = saved.version, "the risk policy was set");
        Ok(saved)
    }
}

fn no_partner() -> ApiError {
    ApiError::new(ErrorCode::NotFound, "No partner has this id.")
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
    let Some(facts) = facts(tx, order, RiskStage::Authorise, now).await? else {
        // Without a standing quote the command is refused anyway.
        return Ok(None);
    };
    let judged = assess(&facts, policy);
    match &judged {
        Assessment::Allow | Assessment::Review { .. } => Ok(Some(basis(&facts, policy, &judged))),
        Assessment::Refuse { reason } => Err(refused(limit_exceeded(*reason))),
    }
}

fn limit_exceeded(reason: RiskReason) -> ApiError {
    let message = match reason {
        RiskReason::MonthLimit => {
            "This would be more than one person may buy or sell here in 30 days. Try a smaller amount."
        }
        RiskReason::TooManyPayments => {
            "Too many payments were begun in the last 24 hours. Try again tomorrow."
        }
        RiskReason::DayLimit
        | RiskReason::CardCountry
        | RiskReason::NoLiabilityShift
        | RiskReason::CardShared
        | RiskReason::Listed => {
            "This would be more than one person may buy or sell here in 24 hours. Try a smaller amount, or tomorrow."
        }
    };
    ApiError::new(ErrorCode::LimitExceeded, message)
}

fn verdict(judged: Assessment) -> Verdict {
    match judged {
        Assessment::Allow => Verdict::Allow,
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

fn basis(facts: &RiskFacts, policy: &RiskPolicy, judged: &Assessment) -> Value {
    json!({ "policy_version": policy.version, "facts": facts, "assessment": judged })
}

/// `None`: no card is held.
async fn card_facts(
    tx: &mut Tx,
    order: &Order,
    policy: &RiskPolicy,
    liability_shift: bool,
    ids: &SaveIds,
) -> Result<Option<CardFacts>, Failure<ApiError>> {
    let Some(card) = &order.card else {
        return Ok(None);
    };
    let other_customers = tx
        .card_use(
            order.environment,
            &card.fingerprint,
            order.customer,
            ids.now(),
        )
        .await?;
    Ok(Some(CardFacts {
        liability_shift,
        other_customers,
        country_refused: policy.card_countries_refused.contains(&card.country),
    }))
}

/// `None`: there is no price yet.
async fn facts(
    tx: &mut Tx,
    order: &Order,
    stage: RiskStage,
    now: Timestamp,
) -> Result<Option<RiskFacts>, Failure<ApiError>> {
    let Some(total) = total(order) else {
        return Ok(None);
    };
    tx.customer_lock(order.customer).await?;
    let since = now.plus_seconds(-MONTH_SECONDS);
    let bound = i64::try_from(ORDERS_MAX).unwrap_or(i64::MAX);
    let orders = tx.order_of_customer(order.customer, since, bound).await?;
    let day = now.plus_seconds(-DAY_SECONDS);
    let mut facts = RiskFacts {
        stage,
        total,
        day_minor: 0,
        month_minor: 0,
        payments_day: 0,
        screening: Screening::default(),
    };
    if orders.len() == ORDERS_MAX {
        facts.payments_day = u32::MAX;
    }
    for one in orders {
        let recent = one.created_at >= day;
        if recent {
            // Of this order's own, the present one is not counted.
            let present = u32::from(one.id == order.id && matches!(stage, RiskStage::Capture(_)));
            let before = one.attempt.saturating_sub(present);
            facts.payments_day = facts.payments_day.saturating_add(before);
        }
        let moved = moved(&one).filter(|money| one.id != order.id && money.fiat() == total.fiat());
        let Some(moved) = moved.map(Money::minor) else {
            continue;
        };
        facts.month_minor = facts.month_minor.saturating_add(moved);
        if recent {
            facts.day_minor = facts.day_minor.saturating_add(moved);
        }
    }
    Ok(Some(facts))
}

/// What is about to be paid, or is.
fn total(order: &Order) -> Option<Money> {
    let quoted = match &order.state {
        State::AwaitingPayment { quote } | State::AwaitingTerms { quote } => quote.as_ref(),
        _ => None,
    };
    quoted.or(order.price.as_ref()).map(|quote| quote.total)
}

/// What an order moved or holds; one that ended without effect, or was given back, moved nothing.
fn moved(order: &Order) -> Option<Money> {
    let price = order.price.as_ref()?.total;
    let nothing = matches!(
        order.state,
        State::Failed { .. } | State::Cancelled | State::Expired
    );
    (!nothing).then_some(price)
}
