//! The page of a link in a letter. It stands by itself, outside of any partner's page.

use crate::{
    Api, body,
    error::Refused,
    page::{page_with, policy_of, told_to},
    path::Named,
    route::{Caller, Route},
    widget::{own_origin, visited},
};
use axum::{
    Json,
    extract::{Request, State},
    http::{Method, StatusCode},
    response::Response,
};
use proof_engine::{CodeSent, LinkAsked, LinkWay, VisitOpened};
use serde::Deserialize;

pub fn routes() -> Vec<Route> {
    let (get, post, widget) = (Method::GET, Method::POST, Caller::Widget);
    vec![
        Route::new(widget, get, "/resume/{token}", page),
        Route::new(widget, post.clone(), "/frame/api/resume/links", link),
        Route::new(widget, post.clone(), "/frame/api/resume/codes", code),
        Route::new(widget, post, "/frame/api/resume/visits", visit),
    ]
}

/// Looking uses nothing up and shows nothing personal. The address holds a secret, so that it goes to
/// nobody as a referrer.
async fn page(State(api): State<Api>, Named(token): Named) -> Result<Response, Refused> {
    let link = api.engine.link_page(&token).await?;
    let boot = serde_json::json!({
        "origins": [],
        "look": link.look,
        "resume": { "state": link.state, "partner": link.partner },
        "widget": link.widget,
    });
    let policy = policy_of(&link.fields_origins, api.engine.wallet_origins(), &[]);
    page_with(&boot, &told_to(link.widget, policy), "no-referrer", None)
}

#[derive(Deserialize)]
struct LinkAsk {
    way: LinkWay,
}

/// For another device, from where the order is open.
async fn link(
    State(api): State<Api>,
    request: Request,
) -> Result<(StatusCode, Json<LinkAsked>), Refused> {
    let (parts, body) = request.into_parts();
    let id = visited(&api, &parts.headers).await?;
    let ask: LinkAsk = body::json(&api, body).await?;
    let asked = api.engine.link_wish(id, ask.way).await?;
    Ok((StatusCode::CREATED, Json(asked)))
}

#[derive(Deserialize)]
struct CodeAsk {
    token: String,
}

async fn code(
    State(api): State<Api>,
    request: Request,
) -> Result<(StatusCode, Json<CodeSent>), Refused> {
    let (parts, body) = request.into_parts();
    own_origin(&api, &parts.headers)?;
    let ask: CodeAsk = body::json(&api, body).await?;
    let sent = api.engine.link_code_ask(&ask.token).await?;
    Ok((StatusCode::ACCEPTED, Json(sent)))
}

#[derive(Deserialize)]
struct Guess {
    token: String,
    code: String,
}

async fn visit(
    State(api): State<Api>,
    request: Request,
) -> Result<(StatusCode, Json<VisitOpened>), Refused> {
    let (parts, body) = request.into_parts();
    own_origin(&api, &parts.headers)?;
    let guess: Guess = body::json(&api, body).await?;
    let opened = api.engine.link_visit(&guess.token, &guess.code).await?;
    Ok((StatusCode::CREATED, Json(opened)))
}
