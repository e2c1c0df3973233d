//! Where people look a transfer up.

use super::{Shared, chain::chain};
use crate::{chain::TransferView, world::World};
use axum::{
    Router,
    extract::{Path, State},
    http::{StatusCode, header},
    response::{Html, IntoResponse, Response},
    routing::get,
};
use proof_core::{Asset, Network, money::Amount};
use std::sync::Arc;

const POLICY: &str = "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'";
/// After these the page stops looking again by itself.
const CONFIRMATIONS_CALM: u64 = 6;
const STYLE: &str = "
:root{color-scheme:light dark}
body{margin:0;font:15px/1.45 system-ui,sans-serif;background:light-dark(#fff,#0e1116);color:light-dark(#12161c,#eef1f5)}
main{max-width:720px;margin:0 auto;padding:32px 16px}
h1{font-size:22px;font-weight:600;margin:0 0 4px}
p{color:light-dark(#5b6572,#9aa5b1);margin:0 0 24px}
dl{display:grid;grid-template-columns:max-content 1fr;gap:12px 24px;margin:0}
dt{color:light-dark(#5b6572,#9aa5b1)}
dd{margin:0;overflow-wrap:anywhere;font-variant-numeric:tabular-nums}
@media(max-width:480px){dl{grid-template-columns:1fr;gap:2px}dd{margin-bottom:12px}}";

pub fn routes() -> Router<Arc<World>> {
    Router::new().route("/explorer/{network}/{hash}", get(show))
}

async fn show(State(world): Shared, Path((name, hash)): Path<(String, String)>) -> Response {
    let now = world.clock.now();
    let found = chain(&world, &name).and_then(|chain| {
        let view = chain.read(|chain| chain.transfer(&hash, now))?;
        Ok((name.parse().ok(), view))
    });
    let (status, body) = match found {
        // A hash that was found is hex; nothing else of the request is shown.
        Ok((Some(network), view)) => (StatusCode::OK, transfer_page(network, &hash, &view)),
        _ => (StatusCode::NOT_FOUND, missing_page()),
    };
    let headers = [(header::CONTENT_SECURITY_POLICY, POLICY)];
    (status, headers, Html(body)).into_response()
}

/// Addresses and tickers were parsed when the transfer was received: none holds markup.
fn transfer_page(network: Network, hash: &str, view: &TransferView) -> String {
    let body = &view.body;
    let amount = Asset::find(&body.ticker, network)
        .map(|asset| Amount::new(asset, body.base).to_string())
        .unwrap_or_default();
    let state = match view.block {
        None => "Waiting for a block".to_owned(),
        Some(block) => format!(
            "In block {block}, {} confirmation{}",
            view.confirmations,
            if view.confirmations == 1 { "" } else { "s" }
        ),
    };
    let rows = [
        ("Status", state),
        ("Amount", amount),
        ("From", body.sender.clone()),
        ("To", body.recipient.clone()),
        ("Fee", Amount::new(network.native(), body.fee).to_string()),
        ("Hash", hash.to_owned()),
    ];
    let rows: String = rows
        .iter()
        .map(|(name, value)| format!("<dt>{name}</dt><dd>{value}</dd>"))
        .collect();
    let refresh = if view.confirmations < CONFIRMATIONS_CALM {
        "<meta http-equiv=\"refresh\" content=\"2\">"
    } else {
        ""
    };
    let content = format!(
        "<h1>Transfer on {network}</h1><p>A simulated chain. Nothing here has value.</p>\
         <dl>{rows}</dl>"
    );
    page(refresh, &content)
}

fn missing_page() -> String {
    page(
        "",
        "<h1>Nothing found</h1><p>This chain knows no transfer with this hash.</p>",
    )
}

fn page(head: &str, content: &str) -> String {
    format!(
        "<!doctype html><html lang=\"en\"><head><meta charset=\"utf-8\">\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">{head}\
         <title>Sandbox explorer</title><style>{STYLE}</style></head>\
         <body><main>{content}</main></body></html>"
    )
}
