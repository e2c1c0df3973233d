//! Orders and cases: found, read, and decided by two.

use super::{At, get, json, post};
use crate::{Api, error::Refused, path::Named, query::Query, route::Route};
use axum::{
    Extension, Json,
    extract::{RawQuery, Request, State},
};
use proof_core::{
    ErrorCode,
    claim::ClaimRuling,
    id::{CaseId, OrderId},
    member::Act,
    order::{PublicStatus, Ruling},
    partner::{Environment, Side},
    statement::Day,
};
use proof_engine::{
    ApiError, CaseStory, CaseWaits, IdentityReviewed, OrderLines, OrderListed, OrderPage,
    OrderQuery, Overview, Page, ReturnLine, Ruled, StoryTrouble, Volume, Wished,
};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

pub fn routes() -> Vec<Route> {
    vec![
        get(Act::OrderRead, "/console/api/orders", list),
        get(Act::OrderRead, "/console/api/orders/{id}", show),
        post(Act::OrderRule, "/console/api/orders/{id}/rule", rule),
        post(Act::OrderRule, "/console/api/orders/{id}/refund", refund),
        get(Act::CaseRead, "/console/api/reviews", reviews),
        get(Act::CaseRead, "/console/api/returns", returns),
        get(Act::CaseRead, "/console/api/cases", cases),
        get(Act::CaseRead, "/console/api/cases/{id}", case),
        post(Act::CaseRule, "/console/api/cases/{id}/rule", case_rule),
    ]
}

pub(super) fn order_id(text: &str) -> Result<OrderId, Refused> {
    let id = Uuid::try_parse(text).map(OrderId::from_uuid).ok();
    let id = id.or_else(|| text.parse().ok());
    id.ok_or_else(|| Refused(ApiError::nobody("order")))
}

pub async fn overview(
    State(api): State<Api>,
    Extension(seat): At,
    query: RawQuery,
) -> Result<Json<Overview>, Refused> {
    let environment = environment(&Query::read(&query))?;
    Ok(Json(api.engine.overview(&seat, environment).await?))
}

pub async fn volume(
    State(api): State<Api>,
    Extension(seat): At,
    query: RawQuery,
) -> Result<Json<Volume>, Refused> {
    let environment = environment(&Query::read(&query))?;
    Ok(Json(api.engine.volume(&seat, environment).await?))
}

/// `test` unless the other one is asked for.
pub(super) fn environment(query: &Query) -> Result<Environment, Refused> {
    let rule = "must be test or live";
    let asked = query.parsed("environment", rule, Environment::parse)?;
    Ok(asked.unwrap_or(Environment::Test))
}

const DAY_RULE: &str = "must be a day (UTC), such as 2026-11-24";

async fn list(
    State(api): State<Api>,
    Extension(seat): At,
    query: RawQuery,
) -> Result<Json<OrderLines>, Refused> {
    let query = Query::read(&query);
    let status_rule = "must be pending, processing, completed, failed or cancelled";
    let asked = OrderQuery {
        environment: environment(&query)?,
        text: query.text("query")?.map(|text| text.trim().to_owned()),
        made: (
            query.parsed("from", DAY_RULE, Day::parse)?.map(Day::start),
            query.parsed("to", DAY_RULE, Day::parse)?.map(Day::end),
        ),
        partner: query.parsed("partner", "must be a partner's id", |id| id.parse().ok())?,
        status: query.parsed("status", status_rule, PublicStatus::parse)?,
        side: query.parsed("side", "must be buy or sell", Side::parse)?,
        after: query
            .text("after")?
            .map(|id| Uuid::try_parse(id).map_err(|_| ApiError::cursor()))
            .transpose()?
            .map(OrderId::from_uuid),
        limit: query.limit()?,
    };
    Ok(Json(api.engine.order_search(&seat, asked).await?))
}

async fn show(
    State(api): State<Api>,
    Extension(seat): At,
    Named(id): Named,
) -> Result<Json<OrderPage>, Refused> {
    Ok(Json(api.engine.order_page(&seat, order_id(&id)?).await?))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Rule {
    act: String,
    reason: String,
    /// The bank's transfer, or the evidence.
    #[serde(default)]
    text: Option<String>,
}

/// What became of one person's word, wherever two decide.
#[derive(Serialize)]
pub(super) struct Said {
    pub ruled: Ruled,
}

fn unknown_act(what: &str) -> Refused {
    let message = format!("This cannot be decided about {what}; its page lists what can.");
    Refused(ApiError::field(ErrorCode::ValidationError, "act", message))
}

fn text_of(text: Option<String>, what: &str) -> Result<String, Refused> {
    let text = text
        .map(|text| text.trim().to_owned())
        .filter(|text| !text.is_empty());
    text.ok_or_else(|| {
        let message = format!("Name {what}.");
        Refused(ApiError::field(ErrorCode::MissingParam, "text", message))
    })
}

async fn rule(
    State(api): State<Api>,
    Extension(seat): At,
    Named(id): Named,
    request: Request,
) -> Result<Json<Said>, Refused> {
    let id = order_id(&id)?;
    let ask: Rule = json(&api, request).await?;
    let ruling = match ask.act.as_str() {
        "approve" => Ruling::Approve,
        "refund" => Ruling::Refund,
        "return" => Ruling::Return,
        "refunded_by_bank" => Ruling::RefundedByBank {
            transfer: text_of(ask.text, "the bank's transfer")?,
        },
        _ => return Err(unknown_act("an order")),
    };
    let ruled = api.engine.order_rule(id, ruling, seat.author(), ask.reason);
    Ok(Json(Said {
        ruled: ruled.await?,
    }))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Refund {
    #[serde(default)]
    amount: Option<String>,
    reason: String,
}

async fn refund(
    State(api): State<Api>,
    Extension(seat): At,
    Named(id): Named,
    request: Request,
) -> Result<Json<Said>, Refused> {
    let id = order_id(&id)?;
    let ask: Refund = json(&api, request).await?;
    let amount = ask.amount.as_deref().filter(|amount| !amount.is_empty());
    let ruled = api
        .engine
        .order_refund(id, amount, seat.author(), ask.reason);
    Ok(Json(Said {
        ruled: ruled.await?,
    }))
}

#[derive(Serialize)]
pub struct Reviews {
    /// Those that have waited longest, and how many there are.
    orders: Vec<Reviewed>,
    orders_total: i64,
    cases: Vec<CaseShown>,
    cases_total: i64,
    identity: Vec<IdentityReviewed>,
    wishes: Vec<Wished>,
}

/// Ids as the console's addresses have them.
#[derive(Serialize)]
struct Reviewed {
    #[serde(flatten)]
    listed: OrderListed,
}

#[derive(Serialize)]
pub struct CaseShown {
    case: String,
    order: Uuid,
    kind: String,
    amount: String,
    about: String,
    state: String,
    why: String,
    opened_at: String,
    due_at: Option<String>,
    proposed: Option<String>,
    rulings: Vec<String>,
    trouble: Option<StoryTrouble>,
}

impl From<CaseStory> for CaseShown {
    fn from(story: CaseStory) -> Self {
        Self {
            case: story.case.to_string(),
            order: story.order.uuid(),
            kind: story.kind,
            amount: story.amount,
            about: story.about,
            state: story.state,
            why: story.why,
            opened_at: story.opened_at,
            due_at: story.due_at,
            proposed: story.proposed,
            rulings: story.rulings,
            trouble: story.trouble,
        }
    }
}

async fn reviews(State(api): State<Api>, Extension(seat): At) -> Result<Json<Reviews>, Refused> {
    let identity = if seat.role().may(Act::IdentityReview) {
        api.engine.identity_reviewed().await?
    } else {
        Vec::new()
    };
    let wishes = if seat.role().may(Act::PartnerWrite) {
        api.engine.wishes().await?
    } else {
        Vec::new()
    };
    let orders = api.engine.order_reviewed().await?;
    let cases = api.engine.case_reviewed().await?;
    let total = api.engine.reviewed_count().await?;
    Ok(Json(Reviews {
        orders_total: total.orders,
        cases_total: total.cases,
        orders: orders
            .into_iter()
            .map(|listed| Reviewed { listed })
            .collect(),
        cases: cases.into_iter().map(CaseShown::from).collect(),
        identity,
        wishes,
    }))
}

fn case_id(text: &str) -> Result<CaseId, Refused> {
    text.parse().map_err(|_| Refused(ApiError::nobody("case")))
}

/// Cases by whom they wait for; those that wait for us unless it is said.
async fn cases(State(api): State<Api>, query: RawQuery) -> Result<Json<Page<CaseShown>>, Refused> {
    let query = Query::read(&query);
    let rule = "must be us, user, others or nobody";
    let waits = query.parsed("waits_for", rule, CaseWaits::parse)?;
    let rule = "must be a cursor that an earlier page gave";
    let before = query.parsed("after", rule, |id| id.parse().ok())?;
    let page = api
        .engine
        .case_list(waits.unwrap_or(CaseWaits::Us), before, query.limit()?);
    Ok(Json(page.await?.map(CaseShown::from)))
}

/// What went back to users, the newest first; what is under way, the longest first, in one page.
async fn returns(
    State(api): State<Api>,
    query: RawQuery,
) -> Result<Json<Page<ReturnLine>>, Refused> {
    let query = Query::read(&query);
    let environment = environment(&query)?;
    let rule = "must be under_way or done";
    let done = query.parsed("state", rule, |state| match state {
        "under_way" => Some(false),
        "done" => Some(true),
        _ => None,
    })?;
    if !done.unwrap_or(false) {
        let data = api.engine.returns_under_way(environment).await?;
        return Ok(Json(Page {
            data,
            next_cursor: None,
        }));
    }
    let rule = "must be a cursor that an earlier page gave";
    let before = query.parsed("after", rule, |id| id.parse().ok())?;
    let page = api
        .engine
        .returned_list(environment, before, query.limit()?);
    Ok(Json(page.await?))
}

async fn case(State(api): State<Api>, Named(id): Named) -> Result<Json<CaseShown>, Refused> {
    let story = api.engine.case_story(case_id(&id)?).await?;
    Ok(Json(CaseShown::from(story)))
}

async fn case_rule(
    State(api): State<Api>,
    Extension(seat): At,
    Named(id): Named,
    request: Request,
) -> Result<Json<Said>, Refused> {
    let id = case_id(&id)?;
    let ask: Rule = json(&api, request).await?;
    let ruling = match ask.act.as_str() {
        "approve" => ClaimRuling::Approve,
        "write_off" => ClaimRuling::WriteOff,
        "withdraw" => ClaimRuling::Withdraw,
        "paid_by_dispute" => ClaimRuling::PaidByDispute,
        "accept" => ClaimRuling::Accept,
        "refunded_by_bank" => ClaimRuling::RefundedByBank {
            transfer: text_of(ask.text, "the bank's transfer")?,
        },
        "contest" => ClaimRuling::Contest {
            evidence: text_of(ask.text, "the evidence")?,
        },
        _ => return Err(unknown_act("a case")),
    };
    let ruled = api.engine.case_rule(id, ruling, seat.author(), ask.reason);
    Ok(Json(Said {
        ruled: ruled.await?,
    }))
}
