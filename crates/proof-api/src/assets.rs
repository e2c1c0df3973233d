//! The built web parts: embedded in release builds, read from disk in debug builds.

use axum::{
    body::Body,
    http::{HeaderMap, HeaderValue, StatusCode, header},
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

const LOADER_FILE: &str = "widget.2.0.js";
const DOCTOR: &str = "widget-doctor.2.0.js";

const HASHED: &str = "public, max-age=31536000, immutable";
const LOADER: &str = "public, max-age=300";

/// The forms of a file that the build has made beside it, the shortest first: the name of the coding, and the ending.
const CODINGS: [(&str, &str); 2] = [("br", ".br"), ("gzip", ".gz")];

/// A file in the shortest form that its reader takes.
fn file<Files: RustEmbed>(
    path: &str,
    headers: &HeaderMap,
    cache: &'static str,
) -> Option<Response> {
    let name = path.rsplit('/').next().unwrap_or(path);
    if is_coded(name) {
        return None;
    }
    let coded = CODINGS.into_iter().find_map(|(coding, ending)| {
        let file = accepts(headers, coding).then(|| Files::get(&format!("{path}{ending}")))??;
        Some((coding, file))
    });
    let (coding, file) = match coded {
        Some((coding, file)) => (Some(coding), file),
        None => (None, Files::get(path)?),
    };
    let mut response = response(name, file.data.into_owned(), cache);
    let vary = HeaderValue::from_static("accept-encoding");
    response.headers_mut().insert(header::VARY, vary);
    if let Some(coding) = coding {
        let coding = HeaderValue::from_static(coding);
        response
            .headers_mut()
            .insert(header::CONTENT_ENCODING, coding);
    }
    Some(response)
}

fn is_coded(path: &str) -> bool {
    CODINGS.iter().any(|(_, ending)| path.ends_with(ending))
}

/// Whether a coding is named, and not with a weight of nothing (RFC 9110, 12.5.3).
fn accepts(headers: &HeaderMap, coding: &str) -> bool {
    let named = headers.get_all(header::ACCEPT_ENCODING);
    let named = named.iter().filter_map(|value| value.to_str().ok());
    named.flat_map(|value| value.split(',')).any(|one| {
        let mut parts = one.split(';').map(str::trim);
        let is_it = parts
            .next()
            .is_some_and(|name| name.eq_ignore_ascii_case(coding));
        let weight = parts.find_map(|part| part.strip_prefix("q="));
        is_it && weight.is_none_or(|q| !q.trim_matches(['0', '.']).is_empty())
    })
}

/// A hashed file of the widget.
pub fn widget_file(path: &str, headers: &HeaderMap) -> Option<Response> {
    file::<WidgetFiles>(&format!("assets/{path}"), headers, HASHED)
}

/// The loader that partners' pages include.
pub fn loader(headers: &HeaderMap) -> Option<Response> {
    file::<EmbedFiles>(LOADER_FILE, headers, LOADER)
}

/// For the frame, which looks whether that is what arrives where it is.
pub fn loader_digest() -> Option<String> {
    EmbedFiles::get(LOADER_FILE).map(|file| integrity_of(&file.data))
}

/// What `proofWidget.diagnose()` loads.
pub fn doctor(headers: &HeaderMap) -> Option<Response> {
    file::<EmbedFiles>(DOCTOR, headers, LOADER)
}

/// The SHA-384 of every file that a page or the frame loads, by its address.
pub fn digests() -> BTreeMap<String, String> {
    let own = WidgetFiles::iter().filter(|path| path.starts_with("assets/") && !is_coded(path));
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

/// What the page's policy has to name, so that the import map in it counts: the digests of the files that come later.
pub fn import_map_source(page: &str) -> Option<String> {
    let (_, rest) = page.split_once("<script type=\"importmap\">")?;
    let (map, _) = rest.split_once("</script>")?;
    Some(format!("'{}'", integrity_of(map.as_bytes())))
}

/// A hashed file of the console.
pub fn console_file(path: &str, headers: &HeaderMap) -> Option<Response> {
    file::<ConsoleFiles>(&format!("assets/{path}"), headers, HASHED)
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
