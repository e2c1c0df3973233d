//! What is known when a payment is judged.

use crate::ApiError;
use proof_core::{
    Timestamp,
    claim::{Claim, ClaimEnd, ClaimState},
    identity::VerificationState,
    money::Money,
    order::{Order, State},
    risk::{CardFacts, Moves, RiskFacts, RiskPolicy, RiskStage},
    screening::Screening,
};
use proof_store::{Failure, Tx};

const DAY_SECONDS: i64 = 24 * 3_600;
const MONTH_SECONDS: i64 = 30 * DAY_SECONDS;

/// Nobody who is honest has more in a month; what is beyond could not be summed.
const ORDERS_MAX: usize = 2_000;

/// More than any policy lets pass.
const DISPUTES_MAX: i64 = 100;

/// `liability_shift`: what the processor said of the card that it holds; `None` before it is asked. The
/// answer is `None` where there is no price, or no card.
pub(super) async fn gather(
    tx: &mut Tx,
    order: &Order,
    policy: &RiskPolicy,
    liability_shift: Option<bool>,
    now: Timestamp,
) -> Result<Option<RiskFacts>, Failure<ApiError>> {
    let Some(total) = total(order) else {
        return Ok(None);
    };
    tx.customer_lock(order.customer).await?;
    let document_country = document_country(tx, order).await?;
    let document = document_country.as_deref();
    let stage = match liability_shift {
        None => RiskStage::Authorise,
        Some(shift) => match card_facts(tx, order, policy, document, now).await? {
            None => return Ok(None),
            Some(card) => RiskStage::Capture(CardFacts {
                liability_shift: shift,
                ..card
            }),
        },
    };
    let disputes = tx.dispute_of_customer(order.customer, DISPUTES_MAX).await?;
    let disputes = disputes.iter().filter(|dispute| !is_won(dispute)).count();
    let mut facts = RiskFacts {
        stage,
        total,
        day_minor: 0,
        month_minor: 0,
        moves: Moves {
            asset: order.amount.asset(),
            now_base: order.amount.base(),
            day_base: 0,
            month_base: 0,
        },
        payments_day: 0,
        disputes: u32::try_from(disputes).unwrap_or(u32::MAX),
        is_known: tx.customer_is_known(order.customer).await?,
        document_refused: refuses(&policy.document_countries_refused, document),
        document_country,
        screening: Screening::default(),
    };
    let since = now.plus_seconds(-MONTH_SECONDS);
    let bound = i64::try_from(ORDERS_MAX).unwrap_or(i64::MAX);
    let orders = tx.order_of_customer(order.customer, since, bound).await?;
    if orders.len() == ORDERS_MAX {
        facts.payments_day = u32::MAX;
    }
    for one in &orders {
        add(&mut facts, one, order, now);
    }
    Ok(Some(facts))
}

/// One of the customer's orders of the last month.
fn add(facts: &mut RiskFacts, one: &Order, order: &Order, now: Timestamp) {
    let recent = one.created_at >= now.plus_seconds(-DAY_SECONDS);
    if recent {
        // Of this order's own, the present one is not counted.
        let taken = matches!(facts.stage, RiskStage::Capture(_));
        let present = u32::from(one.id == order.id && taken);
        let before = one.attempt.saturating_sub(present);
        facts.payments_day = facts.payments_day.saturating_add(before);
    }
    let Some(moved) = moved(one).filter(|_| one.id != order.id) else {
        return;
    };
    let grow = |sum: &mut u128, by: u128| *sum = sum.saturating_add(by);
    if moved.fiat() == facts.total.fiat() {
        grow(&mut facts.month_minor, moved.minor());
        if recent {
            grow(&mut facts.day_minor, moved.minor());
        }
    }
    if one.amount.asset() == facts.moves.asset {
        grow(&mut facts.moves.month_base, one.amount.base());
        if recent {
            grow(&mut facts.moves.day_base, one.amount.base());
        }
    }
}

/// `None`: no card is held.
async fn card_facts(
    tx: &mut Tx,
    order: &Order,
    policy: &RiskPolicy,
    document: Option<&str>,
    now: Timestamp,
) -> Result<Option<CardFacts>, Failure<ApiError>> {
    let Some(card) = &order.card else {
        return Ok(None);
    };
    let other_customers = tx
        .card_use(order.environment, &card.fingerprint, order.customer, now)
        .await?;
    let told = Some(card.country.as_str()).filter(|country| !country.is_empty());
    Ok(Some(CardFacts {
        liability_shift: false,
        other_customers,
        country_refused: refuses(&policy.card_countries_refused, told),
        abroad: document.is_some() && told.is_some() && document != told,
    }))
}

fn refuses(countries: &[String], country: Option<&str>) -> bool {
    country.is_some_and(|told| countries.iter().any(|one| one.eq_ignore_ascii_case(told)))
}

/// Of the document by which the customer was identified.
async fn document_country(tx: &mut Tx, order: &Order) -> Result<Option<String>, Failure<ApiError>> {
    let approved = tx.verification_approved(order.customer).await?;
    Ok(approved.and_then(|stored| match stored.verification.state {
        VerificationState::Approved { document_country } => document_country,
        VerificationState::Collecting
        | VerificationState::Submitted { .. }
        | VerificationState::Review { .. }
        | VerificationState::Rejected { .. } => None,
    }))
}

/// A dispute that the cardholder lost says nothing against us, nor an inquiry that came to nothing.
const fn is_won(dispute: &Claim) -> bool {
    matches!(
        dispute.state,
        ClaimState::Settled(ClaimEnd::Won | ClaimEnd::Closed)
    )
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
