//! The built web parts: embedded in release builds, read from disk in debug builds.

use axum::{
    body::Body,
    http::{HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use proof_engine::integrity_of;
use rust_embed::RustEmbed;
use std::collections::BTreeMap;

#[derive(RustEmbed)]
#[folder = "../../web/widget/dist"]
#[allow_missing = true]
struct WidgetFiles;

#[derive(RustEmbed)]
#[folder = "../../web/embed/dist"]
#[allow_missing = true]
struct EmbedFiles;

#[derive(RustEmbed)]
#[folder = "../../web/console/dist"]
#[allow_missing = true]
struct ConsoleFiles;

const DOCTOR: &str = "widget-doctor.2.0.js";

const HASHED: &str = "public, max-age=31536000, immutable";
const LOADER: &str = "public, max-age=300";

/// A hashed file of the widget.
pub fn widget_file(path: &str) -> Option<Response> {
    let file = WidgetFiles::get(&format!("assets/{path}"))?;
    Some(response(path, file.data.into_owned(), HASHED))
}

/// The loader that partners' pages include.
pub fn loader() -> Option<Response> {
    let file = EmbedFiles::get("widget.2.0.js")?;
    Some(response("widget.2.0.js", file.data.into_owned(), LOADER))
}

/// What `proofWidget.diagnose()` loads.
pub fn doctor() -> Option<Response> {
    let file = EmbedFiles::get(DOCTOR)?;
    Some(response(DOCTOR, file.data.into_owned(), LOADER))
}

/// The SHA-384 of every file that a page or the frame loads, by its address.
pub fn digests() -> BTreeMap<String, String> {
    let own = WidgetFiles::iter().filter(|path| path.starts_with("assets/"));
    let own = own.filter_map(|path| WidgetFiles::get(&path).map(|file| (path, file)));
    let pages = EmbedFiles::iter().filter(|path| path.ends_with(".js"));
    let pages = pages.filter_map(|path| EmbedFiles::get(&path).map(|file| (path, file)));
    own.chain(pages)
        .map(|(path, file)| (format!("/{path}"), integrity_of(&file.data)))
        .collect()
}

/// The frame's page, before it is told who may embed it.
pub fn page() -> Option<String> {
    String::from_utf8(WidgetFiles::get("index.html")?.data.into_owned()).ok()
}

/// A hashed file of the console.
pub fn console_file(path: &str) -> Option<Response> {
    let file = ConsoleFiles::get(&format!("assets/{path}"))?;
    Some(response(path, file.data.into_owned(), HASHED))
}

/// The console's page, whatever its address.
pub fn console_page() -> Option<String> {
    String::from_utf8(ConsoleFiles::get("index.html")?.data.into_owned()).ok()
}

/// A PNG that keeps its address for ever.
pub fn picture(png: Vec<u8>) -> Response {
    response("logo.png", png, HASHED)
}

fn response(path: &str, data: Vec<u8>, cache: &'static str) -> Response {
    let kind = match path.rsplit('.').next() {
        Some("js") => "text/javascript; charset=utf-8",
        Some("css") => "text/css; charset=utf-8",
        Some("png") => "image/png",
        Some("svg") => "image/svg+xml",
        Some("json") => "application/json",
        Some("woff2") => "font/woff2",
        Some(_) | None => "application/octet-stream",
    };
    let headers = [
        (header::CONTENT_TYPE, HeaderValue::from_static(kind)),
        (header::CACHE_CONTROL, HeaderValue::from_static(cache)),
        (
            header::X_CONTENT_TYPE_OPTIONS,
            HeaderValue::from_static("nosniff"),
        ),
    ];
    (StatusCode::OK, headers, Body::from(data)).into_response()
}
