//! Money and crypto that goes back to users, or went.

use crate::{
    ApiError, Engine, Page,
    operator::{fiat_text, money},
};
use proof_core::{
    Timestamp,
    case::{Case, CaseState},
    claim::{Claim, ClaimState},
    id::{EntryId, OrderId},
    order::{Order, Returning, State},
    partner::Environment,
    statement::readable,
    transfer::Sending,
};
use proof_store::{Failure, Returned, Tx};
use serde::Serialize;

/// Of each kind; where there are more, the page says that it does not show all.
const UNDER_WAY_MAX: i64 = 200;

/// One that went back, or is about to.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct ReturnLine {
    /// Of the entry in the books; of the order or its case while it is under way.
    pub id: String,
    pub order: OrderId,
    /// `refund` to the card, `refund_by_bank`, or `return` of crypto.
    pub kind: &'static str,
    pub amount: String,
    /// `done`, or how far it is.
    pub state: &'static str,
    /// Since when it is so.
    pub at: String,
    /// Nothing while it is under way.
    pub partner_name: Option<String>,
}

impl Engine {
    /// What is booked, the newest first.
    pub async fn returned_list(
        &self,
        environment: Environment,
        before: Option<EntryId>,
        limit: i64,
    ) -> Result<Page<ReturnLine>, ApiError> {
        let more = limit.saturating_add(1);
        let rows = self
            .db
            .read("returned_list", move |tx: &mut Tx| {
                Box::pin(async move {
                    let rows = tx.returned_list(environment, before, more).await?;
                    Ok::<_, Failure<ApiError>>(rows)
                })
            })
            .await?;
        let lines = rows.into_iter().map(done).collect();
        Ok(Page::cut(lines, limit, |last: &ReturnLine| last.id.clone()))
    }

    /// What is decided and not over, the longest first.
    pub async fn returns_under_way(
        &self,
        environment: Environment,
    ) -> Result<Vec<ReturnLine>, ApiError> {
        let now = self.clock.now();
        let mut lines = self
            .db
            .read("returns_under_way", move |tx: &mut Tx| {
                Box::pin(async move {
                    let mut lines = Vec::new();
                    for state in ["refunding", "returning"] {
                        let orders = tx.quiet_orders(state, now, UNDER_WAY_MAX).await?;
                        let here = orders.iter().filter(|(o, _)| o.environment == environment);
                        lines.extend(here.filter_map(|(order, since)| of_order(order, *since)));
                    }
                    let cases = tx.case_list("executing", None, UNDER_WAY_MAX).await?;
                    let here = cases.iter().filter(|c| c.environment == environment);
                    lines.extend(here.filter_map(of_case));
                    let claims = tx.claim_list("refunding", None, UNDER_WAY_MAX).await?;
                    let here = claims.iter().filter(|c| c.environment == environment);
                    lines.extend(here.filter_map(of_claim));
                    Ok::<_, Failure<ApiError>>(lines)
                })
            })
            .await?;
        lines.sort_by(|one, other| one.at.cmp(&other.at));
        Ok(lines)
    }
}

fn done(row: Returned) -> ReturnLine {
    let (amount, unit) = readable(&row.account, row.amount);
    ReturnLine {
        id: row.entry.to_string(),
        order: row.order,
        kind: match row.kind.as_str() {
            "refund" => "refund",
            "refund_by_bank" => "refund_by_bank",
            _ => "return",
        },
        amount: format!("{amount} {unit}"),
        state: "done",
        at: row.posted_at.to_contract(),
        partner_name: Some(row.partner_name),
    }
}

fn sent(sending: Option<&Sending>) -> &'static str {
    match sending {
        None => "not_sent",
        Some(sending) if !sending.broadcast => "not_sent",
        Some(_) => "sent",
    }
}

fn of_order(order: &Order, since: Timestamp) -> Option<ReturnLine> {
    let (kind, amount, state) = match &order.state {
        State::Refunding {
            called,
            refused,
            withheld,
            ..
        } => {
            let total = order.price.as_ref().map(|price| price.total);
            let state = match (refused, withheld, called) {
                (true, ..) => "refused",
                (_, true, _) => "withheld",
                (_, _, Some(_)) => "asked",
                _ => "not_asked",
            };
            ("refund", fiat_text(called.or(total)?), state)
        }
        State::Returning(Returning {
            amount, sending, ..
        }) => ("return", money(*amount), sent(sending.as_ref())),
        _ => return None,
    };
    Some(ReturnLine {
        id: order.id.to_string(),
        order: order.id,
        kind,
        amount,
        state,
        at: since.to_contract(),
        partner_name: None,
    })
}

fn of_case(case: &Case) -> Option<ReturnLine> {
    let CaseState::Executing { sending, .. } = &case.state else {
        return None;
    };
    Some(ReturnLine {
        id: case.id.to_string(),
        order: case.order,
        kind: "return",
        amount: money(case.amount),
        state: sent(sending.as_deref()),
        at: case.opened_at.to_contract(),
        partner_name: None,
    })
}

fn of_claim(claim: &Claim) -> Option<ReturnLine> {
    let ClaimState::Refunding { refused, .. } = claim.state else {
        return None;
    };
    Some(ReturnLine {
        id: claim.id.to_string(),
        order: claim.order,
        kind: "refund",
        amount: fiat_text(claim.amount),
        state: if refused { "refused" } else { "asked" },
        at: claim.opened_at.to_contract(),
        partner_name: None,
    })
}
