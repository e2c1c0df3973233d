//! Documents that the server carries: the page of each error, the machine contracts and their
//! readable page, and the public keys of webhooks.

use crate::{
    Api,
    error::Refused,
    openapi,
    path::Named,
    route::{Caller, Route},
};
use axum::{
    Json,
    extract::State,
    http::{HeaderValue, Method, header},
    response::{IntoResponse, Response},
};
use proof_engine::ApiError;
use pulldown_cmark::{Options, Parser, html};
use rust_embed::{EmbeddedFile, RustEmbed};
use serde_json::{Value, json};

#[derive(RustEmbed)]
#[folder = "../../docs/src/errors"]
struct ErrorPages;

#[derive(RustEmbed)]
#[folder = "../../docs/src/partner"]
struct PartnerPages;

/// Documents change with a release only.
const CACHE: &str = "public, max-age=3600";

const POLICY: &str = "default-src 'none'; style-src 'self'; base-uri 'none'; form-action 'none'; \
                      frame-ancestors 'none'";

const STYLE: &str = include_str!("docs.css");

pub fn routes() -> Vec<Route> {
    let (get, anyone) = (Method::GET, Caller::Anyone);
    vec![
        Route::new(anyone, get.clone(), "/openapi.json", openapi_json),
        Route::new(anyone, get.clone(), "/asyncapi.json", asyncapi_json),
        Route::new(anyone, get.clone(), "/docs/api", api_page),
        Route::new(anyone, get.clone(), "/docs/errors", error_list),
        Route::new(anyone, get.clone(), "/docs/errors/{code}", error_page),
        Route::new(anyone, get.clone(), "/docs/partner/{page}", partner_page),
        Route::new(anyone, get.clone(), "/docs/style.css", style),
        Route::new(
            anyone,
            get,
            "/.well-known/proof-webhook-keys.json",
            webhook_keys,
        ),
    ]
}

/// The public keys of everything that is signed. Pages read them, too, whoever's they are.
async fn webhook_keys(State(api): State<Api>) -> Response {
    let headers = [
        (header::CACHE_CONTROL, HeaderValue::from_static(CACHE)),
        (
            header::ACCESS_CONTROL_ALLOW_ORIGIN,
            HeaderValue::from_static("*"),
        ),
    ];
    (headers, Json(json!({ "keys": api.engine.public_keys() }))).into_response()
}

async fn openapi_json(State(api): State<Api>) -> Response {
    document(openapi::openapi(api.origin.as_str()))
}

async fn asyncapi_json(State(api): State<Api>) -> Response {
    document(openapi::asyncapi(api.origin.as_str()))
}

fn document(value: Value) -> Response {
    let cache = HeaderValue::from_static(CACHE);
    ([(header::CACHE_CONTROL, cache)], Json(value)).into_response()
}

async fn api_page(State(api): State<Api>) -> Response {
    page(
        "The partner API",
        &openapi::readable(&openapi::openapi(api.origin.as_str())),
    )
}

/// Every error, by name.
async fn error_list() -> Response {
    let items = ErrorPages::iter()
        .filter(|name| name != "README.md")
        .map(|name| {
            let code = name.trim_end_matches(".md");
            format!("<li><a href=\"/docs/errors/{code}\"><code>{code}</code></a></li>")
        });
    let items: String = items.collect();
    page("Errors", &format!("<h1>Errors</h1><ul>{items}</ul>"))
}

async fn error_page(Named(code): Named) -> Result<Response, Refused> {
    let code = name(&code).to_lowercase();
    markdown(&code, ErrorPages::get(&format!("{code}.md")))
}

async fn partner_page(Named(page): Named) -> Result<Response, Refused> {
    let page = name(&page);
    markdown(page, PartnerPages::get(&format!("{page}.md")))
}

/// Pages link to each other as the files of the book do.
fn name(path: &str) -> &str {
    path.strip_suffix(".md").unwrap_or(path)
}

fn markdown(title: &str, file: Option<EmbeddedFile>) -> Result<Response, Refused> {
    let file = file.ok_or_else(|| Refused(ApiError::not_found("page")))?;
    let text = String::from_utf8_lossy(&file.data);
    let options = Options::ENABLE_TABLES | Options::ENABLE_HEADING_ATTRIBUTES;
    let mut body = String::new();
    html::push_html(&mut body, Parser::new_ext(&text, options));
    Ok(page(title, &body))
}

async fn style() -> impl IntoResponse {
    let kind = HeaderValue::from_static("text/css; charset=utf-8");
    let cache = HeaderValue::from_static(CACHE);
    (
        [(header::CONTENT_TYPE, kind), (header::CACHE_CONTROL, cache)],
        STYLE,
    )
}

fn page(title: &str, body: &str) -> Response {
    let html = format!(
        "<!doctype html><html lang=\"en\"><head><meta charset=\"utf-8\">\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\
         <title>{title} · Proof</title><link rel=\"stylesheet\" href=\"/docs/style.css\"></head>\
         <body><header><a href=\"/docs/api\">API</a> \
         <a href=\"/docs/partner/access\">Access</a> <a href=\"/docs/partner/polling\">Polling</a> \
         <a href=\"/docs/partner/websocket\">WebSocket</a> <a href=\"/docs/partner/webhooks\">Webhooks</a> \
         <a href=\"/docs/partner/feed\">Feed</a> <a href=\"/docs/errors\">Errors</a> \
         <a href=\"/openapi.json\">openapi.json</a> <a href=\"/asyncapi.json\">asyncapi.json</a>\
         </header><main>{body}</main></body></html>",
        title = openapi::escape(title),
    );
    let headers = [
        (header::CONTENT_TYPE, "text/html; charset=utf-8"),
        (header::CACHE_CONTROL, CACHE),
        (header::CONTENT_SECURITY_POLICY, POLICY),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::REFERRER_POLICY, "no-referrer"),
    ];
    (headers, html).into_response()
}
