//! What a page that embeds the widget may ask and say before anything is opened, and what our files are.

use crate::{
    Api, assets, body,
    error::Refused,
    origin,
    path::Named,
    route::{Caller, Route},
};
use axum::{
    Json,
    extract::{Request, State},
    http::{HeaderMap, HeaderValue, Method, StatusCode, header},
    response::{IntoResponse, Response},
};
use proof_core::ErrorCode;
use proof_engine::ApiError;
use serde::Deserialize;
use serde_json::json;
use uuid::Uuid;

/// A few codes.
const FINDINGS_BYTES_MAX: usize = 2 * 1024;

pub fn routes() -> Vec<Route> {
    let (get, post) = (Method::GET, Method::POST);
    let (anyone, widget) = (Caller::Anyone, Caller::Widget);
    vec![
        Route::new(anyone, get.clone(), "/widget-doctor.2.0.js", doctor),
        Route::new(
            anyone,
            get.clone(),
            "/.well-known/proof-integrity.json",
            integrity,
        ),
        Route::new(widget, get, "/embed/check/{widget_id}", check),
        Route::new(
            widget,
            post.clone(),
            "/embed/findings/{widget_id}",
            findings,
        ),
        Route::new(widget, post, "/embed/violations/{widget_id}", violations),
    ]
}

/// Pages of any origin may read it: one that is not registered has to learn just that.
fn open_to_all(mut response: Response) -> Response {
    let anybody = HeaderValue::from_static("*");
    let headers = response.headers_mut();
    headers.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, anybody);
    response
}

async fn doctor(headers: HeaderMap) -> Result<Response, Refused> {
    let file = assets::doctor(&headers);
    let file = file.ok_or_else(|| Refused(ApiError::new(ErrorCode::NotFound, "No such file.")));
    file.map(open_to_all)
}

/// The digest of every file that a page or the frame loads from us.
async fn integrity() -> Response {
    let cache = HeaderValue::from_static("no-cache");
    let body = Json(json!({ "algorithm": "sha384", "files": assets::digests() }));
    open_to_all(([(header::CACHE_CONTROL, cache)], body).into_response())
}

fn widget(text: &str) -> Result<Uuid, Refused> {
    Uuid::try_parse(text).map_err(|_| Refused(ApiError::not_found("widget")))
}

async fn check(
    State(api): State<Api>,
    Named(id): Named,
    headers: HeaderMap,
) -> Result<Response, Refused> {
    let page = origin(&headers).unwrap_or_default();
    let checked = api.engine.embed_check(widget(&id)?, page).await?;
    let cache = HeaderValue::from_static("no-store");
    let answer = ([(header::CACHE_CONTROL, cache)], Json(checked)).into_response();
    Ok(open_to_all(answer))
}

#[derive(Deserialize)]
struct Findings {
    codes: Vec<String>,
}

async fn findings(
    State(api): State<Api>,
    Named(id): Named,
    request: Request,
) -> Result<Response, Refused> {
    let (parts, body) = request.into_parts();
    let id = widget(&id)?;
    let bytes = body::read(&api, body, FINDINGS_BYTES_MAX).await?;
    let said: Findings = serde_json::from_slice(&bytes).map_err(|_| {
        let message = "The body is {\"codes\": […]}.";
        Refused(ApiError::new(ErrorCode::DecodeError, message))
    })?;
    let page = origin(&parts.headers).unwrap_or_default();
    api.engine.embed_report(id, page, &said.codes).await?;
    Ok(open_to_all(StatusCode::NO_CONTENT.into_response()))
}

/// The browser refused something in our frame. What it was is not kept: it is written by whoever tried.
async fn violations(
    State(api): State<Api>,
    Named(id): Named,
    request: Request,
) -> Result<StatusCode, Refused> {
    let (parts, body) = request.into_parts();
    let id = widget(&id)?;
    crate::widget::own_origin(&api, &parts.headers)?;
    body::read(&api, body, body::JSON_BYTES_MAX).await?;
    let codes = ["embed_tampered".to_owned()];
    api.engine
        .embed_report(id, api.origin.as_str(), &codes)
        .await?;
    Ok(StatusCode::NO_CONTENT)
}
