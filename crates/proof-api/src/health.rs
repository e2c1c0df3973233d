//! Whether the process lives, and whether it can do its work.

use crate::{
    Api,
    route::{Caller, Route},
};
use axum::{
    extract::State,
    http::{Method, StatusCode, header},
    response::{IntoResponse, Response},
};
use proof_engine::NotReady;

pub fn routes() -> Vec<Route> {
    let (get, anyone) = (Method::GET, Caller::Anyone);
    vec![
        Route::new(anyone, get.clone(), "/healthz", async || "ok\n"),
        Route::new(anyone, get, "/readyz", ready),
    ]
}

/// One line for each thing that is missing: for whoever routes calls, and for people.
async fn ready(State(api): State<Api>) -> Response {
    let missing = api.engine.readiness().await;
    let shipping = api.engine.shipping();
    let shipping = shipping.map_or(String::new(), |shipping| shipping.words() + "\n");
    let no_store = [(header::CACHE_CONTROL, "no-store")];
    if missing.is_empty() {
        return (no_store, format!("ready\n{shipping}")).into_response();
    }
    let lines = missing.into_iter().map(NotReady::words);
    let text = lines.fold("not ready\n".to_owned(), |text, line| text + line + "\n");
    let text = text + &shipping;
    (StatusCode::SERVICE_UNAVAILABLE, no_store, text).into_response()
}
