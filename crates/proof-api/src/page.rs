//! The widget's page: in a frame, by itself, and what both load. What it calls is in [`crate::widget`].

use crate::{
    Api, assets,
    error::Refused,
    path::Named,
    query::Query,
    route::{Caller, Route},
};
use axum::{
    extract::{RawQuery, State},
    http::{HeaderMap, HeaderValue, Method, StatusCode, header},
    response::{IntoResponse, Response},
};
use proof_core::{ErrorCode, partner::Origin};
use proof_engine::{ApiError, Frame};
use uuid::Uuid;

pub fn routes() -> Vec<Route> {
    let (anyone, widget) = (Caller::Anyone, Caller::Widget);
    let get = || Method::GET;
    vec![
        Route::new(anyone, get(), "/widget.2.0.js", loader),
        Route::new(anyone, get(), "/assets/{*path}", asset),
        Route::new(widget, get(), "/frame/{widget_id}", page),
        Route::new(widget, get(), "/frame/{widget_id}/bank", bank),
        Route::new(widget, get(), "/frame/{widget_id}/logo", logo),
        Route::new(widget, get(), "/w/{widget_id}", hosted),
    ]
}

fn not_built() -> Refused {
    Refused(ApiError::new(ErrorCode::NotFound, "No such file."))
}

async fn loader(headers: HeaderMap) -> Result<Response, Refused> {
    assets::loader(&headers).ok_or_else(not_built)
}

async fn asset(Named(path): Named, headers: HeaderMap) -> Result<Response, Refused> {
    assets::widget_file(&path, &headers).ok_or_else(not_built)
}

async fn page(
    State(api): State<Api>,
    Named(widget_id): Named,
    query: RawQuery,
) -> Result<Response, Refused> {
    let unknown = || Refused(ApiError::not_found("widget"));
    let widget_id = Uuid::try_parse(&widget_id).map_err(|_| unknown())?;
    let frame = api.engine.frame(widget_id).await?;
    let mut boot = serde_json::json!({
        "origins": frame.origins, "look": frame.look, "widget": widget_id, "loader": assets::loader_digest(),
    });
    ask_device(&mut boot, &frame);
    let policy = told_to(Some(widget_id), content_policy(&api, &frame));
    let page = page_with(&boot, &policy, "strict-origin", theme_of(&query))?;
    Ok(ready_for(&frame.fields_origins, page))
}

/// The same app as a page of its own, for apps. What opens it stands behind the `#`, where it is sent to nobody.
async fn hosted(
    State(api): State<Api>,
    Named(widget_id): Named,
    query: RawQuery,
) -> Result<Response, Refused> {
    let Ok(widget_id) = Uuid::try_parse(&widget_id) else {
        return dead_end(&query);
    };
    let frame = match api.engine.frame(widget_id).await {
        Err(error) if error.code == ErrorCode::NotFound => return dead_end(&query),
        frame => frame?,
    };
    let mut boot = serde_json::json!({ "origins": [], "look": frame.look, "hosted": true, "widget": widget_id });
    ask_device(&mut boot, &frame);
    let policy = policy_of(&frame.fields_origins, api.engine.wallet_origins(), &[]);
    let policy = told_to(Some(widget_id), policy);
    let page = page_with(&boot, &policy, "no-referrer", theme_of(&query))?;
    Ok(ready_for(&frame.fields_origins, page))
}

/// An empty page of ours in which the app puts the bank's. Which of many thousands of hosts asks for 3-D Secure nobody knows before,
/// so that this page may hold any; the app's own page may not, or else whoever holds it could lead a card field elsewhere.
/// What the bank does in there is not reported: it is no sign of anybody who tampers.
async fn bank(State(api): State<Api>, Named(widget_id): Named) -> Result<Response, Refused> {
    const EMPTY: &str = "<!doctype html><html lang=\"en\"><meta charset=\"utf-8\"><title>3-D Secure</title><body></body></html>";
    let unknown = || Refused(ApiError::not_found("widget"));
    let widget_id = Uuid::try_parse(&widget_id).map_err(|_| unknown())?;
    let frame = api.engine.frame(widget_id).await?;
    let ancestors: Vec<&str> = frame.origins.iter().map(Origin::as_str).collect();
    let policy = format!(
        "default-src 'none'; frame-src https: {}; base-uri 'none'; form-action 'none'; \
         require-trusted-types-for 'script'; trusted-types 'none'; frame-ancestors 'self' {}",
        frame.fields_origins.join(" "),
        ancestors.join(" ")
    );
    page_of(EMPTY.to_owned(), &policy, "strict-origin")
}

/// What the browser refuses in a page of ours, the partner hears of.
pub(crate) fn told_to(widget: Option<Uuid>, policy: String) -> String {
    match widget {
        Some(widget) => format!("{policy}; report-uri /embed/violations/{widget}"),
        None => policy,
    }
}

/// A browser keeps nothing that nobody needs.
fn ask_device(boot: &mut serde_json::Value, frame: &Frame) {
    if frame.knows_devices {
        boot["device"] = true.into();
    }
}

/// A person has followed the link, and is told so in words.
fn dead_end(query: &RawQuery) -> Result<Response, Refused> {
    let boot = serde_json::json!({ "origins": [], "hosted": true });
    let policy = policy_of(&[], &[], &[]);
    let mut page = page_with(&boot, &policy, "no-referrer", theme_of(query))?;
    *page.status_mut() = StatusCode::NOT_FOUND;
    Ok(page)
}

/// Light or dark, where the page around has said it: the bones of the page have it before any script runs.
fn theme_of(query: &RawQuery) -> Option<&'static str> {
    let asked = Query::read(query);
    let asked = asked.text("theme").ok()??;
    ["light", "dark"].into_iter().find(|theme| *theme == asked)
}

/// The browser opens its connection to the card fields while the page itself still loads.
fn ready_for(fields_origins: &[String], mut page: Response) -> Response {
    for origin in fields_origins {
        let link = HeaderValue::from_str(&format!("<{origin}>; rel=preconnect"));
        if let Ok(link) = link {
            page.headers_mut().append(header::LINK, link);
        }
    }
    page
}

/// The partner's mark. Its name says what is in it, so that nobody asks for it twice.
async fn logo(
    State(api): State<Api>,
    Named(widget_id): Named,
    query: RawQuery,
) -> Result<Response, Refused> {
    let unknown = || Refused(ApiError::not_found("logo"));
    let widget_id = Uuid::try_parse(&widget_id).map_err(|_| unknown())?;
    let query = Query::read(&query);
    let name = query.text("v")?.ok_or_else(unknown)?;
    let png = api.engine.logo(widget_id, name).await?;
    Ok(assets::picture(png))
}

/// The app's page, told what it opens.
pub(crate) fn page_with(
    boot: &serde_json::Value,
    policy: &str,
    referrer: &'static str,
    theme: Option<&str>,
) -> Result<Response, Refused> {
    let mut html = assets::page().ok_or_else(not_built)?;
    if let Some(theme) = theme {
        html = html.replacen("<html ", &format!("<html data-theme=\"{theme}\" "), 1);
    }
    // `<` cannot close the block early when it is written as an escape.
    let boot = boot.to_string().replace('<', "\\u003c");
    let block = format!("<script type=\"application/json\" id=\"proof-boot\">{boot}</script>");
    page_of(html.replace("<!--proof-boot-->", &block), policy, referrer)
}

fn page_of(html: String, policy: &str, referrer: &'static str) -> Result<Response, Refused> {
    let policy = HeaderValue::from_str(policy);
    let policy = policy.map_err(|_| not_built())?;
    let headers = [
        (
            header::CONTENT_TYPE,
            HeaderValue::from_static("text/html; charset=utf-8"),
        ),
        (header::CACHE_CONTROL, HeaderValue::from_static("no-store")),
        (header::CONTENT_SECURITY_POLICY, policy),
        (header::REFERRER_POLICY, HeaderValue::from_static(referrer)),
        (
            header::X_CONTENT_TYPE_OPTIONS,
            HeaderValue::from_static("nosniff"),
        ),
    ];
    Ok((StatusCode::OK, headers, html).into_response())
}

/// Only the partner's pages may hold the frame; only the provider's card fields may be in it, and what holds the bank's page.
fn content_policy(api: &Api, frame: &Frame) -> String {
    let ancestors: Vec<&str> = frame.origins.iter().map(Origin::as_str).collect();
    policy_of(
        &frame.fields_origins,
        api.engine.wallet_origins(),
        &ancestors,
    )
}

/// What the app's page may load, and who may hold it. Without card fields it holds no frames at all.
pub(crate) fn policy_of(fields_origins: &[String], calls: &[&str], ancestors: &[&str]) -> String {
    let ancestors = if ancestors.is_empty() {
        "'none'".into()
    } else {
        ancestors.join(" ")
    };
    let frames = if fields_origins.is_empty() {
        "'none'".into()
    } else {
        format!("{} 'self'", fields_origins.join(" "))
    };
    // Of what is in the page itself, this alone is taken, and it runs nothing.
    let import_map = assets::page().and_then(|page| assets::import_map_source(&page));
    let scripts = import_map.map_or("'self'".to_owned(), |map| format!("'self' {map}"));
    format!(
        "default-src 'none'; script-src {scripts}; style-src 'self'; img-src 'self' data: blob:; \
         media-src blob:; connect-src {}; frame-src {frames}; base-uri 'none'; form-action 'none'; \
         require-trusted-types-for 'script'; trusted-types 'none'; frame-ancestors {ancestors}",
        [&["'self'"], calls].concat().join(" "),
    )
}
