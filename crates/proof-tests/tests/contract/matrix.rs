//! Every route × every caller × own, foreign and unknown objects, made from the router's own table:
//! a route without a row here fails.

use crate::buyer::Buyer;
use crate::kit::{App, with_token};
use crate::on_both_engines;
use http::Method;
use proof_api::{Caller, routes};
use serde_json::json;
use std::collections::BTreeMap;

on_both_engines!(every_route_is_as_open_as_it_should_be,);

/// Objects that a path names: the shop's own, another partner's, and nobody's.
struct Objects {
    order: String,
    user: &'static str,
    delivery: String,
    widget: String,
    play: String,
}

const UNKNOWN: &str = "01a205d7-6445-7da8-b9dd-58caedbfa33b";

/// What the shop itself gets for its own object: the body that it sends, and the status.
fn own(route: &str) -> (&'static str, u16) {
    match route {
        "POST /widget/session" => ("{}", 400),
        "GET /widget/transactions"
        | "GET /widget/transactions/{id}"
        | "GET /widget/users/{id}/kyc-status"
        | "GET /widget/events"
        | "GET /widget/webhook"
        | "GET /widget/webhook/deliveries"
        | "GET /widget/webhook/deliveries/{id}"
        | "GET /widget/integration-log"
        | "GET /widget/checklist"
        | "GET /widget/sandbox"
        | "GET /widget/sandbox/clock"
        | "GET /widget/sandbox/scenarios"
        | "GET /widget/sandbox/plays"
        | "GET /widget/sandbox/plays/{play}"
        | "POST /widget/webhook/enable"
        | "POST /widget/webhook/secret" => ("", 200),
        "POST /widget/webhook/test" | "POST /widget/webhook/deliveries/{id}/redeliver" => ("", 202),
        "POST /widget/checklist/probe" | "POST /widget/sandbox/scenarios/{name}" => ("", 202),
        "POST /widget/checklist/scans" | "POST /widget/sandbox/clock" => ("{}", 400),
        "POST /widget/webhook/recover" => ("{}", 400),
        "GET /ws" => ("", 426),
        // Files and documents are everybody's.
        "GET /widget.2.0.js"
        | "GET /openapi.json"
        | "GET /asyncapi.json"
        | "GET /docs/api"
        | "GET /docs/errors"
        | "GET /docs/errors/{code}"
        | "GET /docs/partner/{page}"
        | "GET /docs/style.css"
        | "GET /.well-known/proof-webhook-keys.json"
        | "GET /.well-known/proof-audit"
        | "GET /console"
        | "GET /console/"
        | "GET /console/preview"
        | "GET /console/{*path}"
        | "GET /healthz"
        | "GET /readyz" => ("", 200),
        "GET /assets/{*path}" | "GET /console/assets/{*path}" => ("", 404),
        // A callback without the provider's mark, whoever sends it.
        "POST /inbound/{provider}/payments" => ("{}", 401),
        // The widget's page belongs to whoever may embed it; its calls to a visit.
        "GET /frame/{widget_id}"
        | "GET /frame/{widget_id}/bank"
        | "GET /resume/{token}"
        | "GET /handover/{token}"
        | "GET /w/{widget_id}"
        | "GET /receipt" => ("", 200),
        // Nobody has chosen one.
        "GET /frame/{widget_id}/logo" => ("", 404),
        "POST /frame/api/visits"
        | "POST /frame/api/handover/visits"
        | "POST /frame/api/resume/codes"
        | "POST /frame/api/receipts"
        | "POST /frame/api/resume/visits" => ("{}", 400),
        other if is_of_a_visit(other) => ("{}", 401),
        other => around_the_frame(other),
    }
}

/// Calls of the widget, which belong to whoever has opened it.
fn is_of_a_visit(route: &str) -> bool {
    matches!(
        route,
        "GET /frame/api/order"
            | "POST /frame/api/identity/start"
            | "POST /frame/api/identity/selfie"
            | "POST /frame/api/identity/known"
            | "POST /frame/api/identity/known/code"
            | "POST /frame/api/identity/email"
            | "POST /frame/api/identity/email/codes"
            | "PUT /frame/api/identity/documents/{side}"
            | "PUT /frame/api/identity/frames/{index}"
            | "POST /frame/api/identity/submit"
            | "POST /frame/api/identity/handover"
            | "POST /frame/api/identity/handover/end"
            | "POST /frame/api/resume/links"
            | "POST /frame/api/estimate"
            | "POST /frame/api/quote"
            | "POST /frame/api/payments"
            | "POST /frame/api/payments/check"
            | "POST /frame/api/payments/apple-pay/session"
            | "POST /frame/api/cards/{card}/key"
            | "POST /frame/api/cards/{card}/remove"
            | "POST /frame/api/sale"
            | "POST /frame/api/sale/choice"
            | "POST /frame/api/cases/{case}/quote"
            | "POST /frame/api/cases/{case}/choice"
            | "POST /frame/api/cases/{case}/visit"
            | "POST /frame/api/cancel"
    )
}

/// For the pages that hold the widget, whoever's they are: what its frame shows anybody in its headers.
fn around_the_frame(route: &str) -> (&'static str, u16) {
    match route {
        "GET /widget-doctor.2.0.js"
        | "GET /.well-known/proof-integrity.json"
        | "GET /embed/check/{widget_id}" => ("", 200),
        "POST /embed/findings/{widget_id}" => ("{}", 400),
        "POST /embed/violations/{widget_id}" => ("{}", 204),
        other => panic!("{other} has no row in the authorization matrix"),
    }
}

fn path(route: &str, objects: &Objects) -> String {
    let path = route.split_once(' ').unwrap().1;
    let path = if path.contains("/users/") {
        path.replace("{id}", objects.user)
    } else if path.contains("/deliveries/") {
        path.replace("{id}", &objects.delivery)
    } else {
        path.replace("{id}", &objects.order)
    };
    let path = path
        .replace("{play}", &objects.play)
        .replace("{name}", "buy-cancelled")
        .replace("{code}", "not_found")
        .replace("{page}", "webhooks")
        .replace("{provider}", "sandbox")
        .replace("{*path}", "nothing.js")
        .replace("{widget_id}", &objects.widget)
        .replace("{side}", "front")
        .replace("{case}", "cas_01a205d764457da8b9dd58caedbfa33b")
        .replace("{token}", "rl_nobodys")
        .replace("{index}", "0?step=center");
    if path == "/ws" {
        return format!("/ws?tx_id={}", objects.order);
    }
    path
}

async fn objects(app: &App) -> Objects {
    let buyer = Buyer::open(app, "user-1", "u@example.com").await;
    assert_eq!(buyer.post("cancel", json!({})).await.status, 200);
    let look = || async {
        let page = app.get("/widget/webhook/deliveries?state=delivered").await;
        page.json["data"][0]["id"].as_str().map(str::to_owned)
    };
    let play = "/widget/sandbox/scenarios/buy-cancelled";
    let play = app.shop(Method::POST, play, "").await;
    Objects {
        order: buyer.id.clone(),
        user: "user-1",
        delivery: app.until("a delivery", look).await,
        widget: app.shop.partner.widget_id.to_string(),
        play: play.json["id"].as_str().unwrap().to_owned(),
    }
}

async fn every_route_is_as_open_as_it_should_be(app: &App) {
    let mine = objects(app).await;
    let nobodys = Objects {
        order: UNKNOWN.to_owned(),
        user: "nobody",
        delivery: format!("whd_{}", UNKNOWN.replace('-', "")),
        widget: UNKNOWN.to_owned(),
        play: format!("ply_{}", UNKNOWN.replace('-', "")),
    };
    let stranger = app
        .partner("stranger", Some("http://shop.test/other"))
        .await;
    let (owner, stranger) = (
        app.shop.client_token.expose_secret(),
        stranger.client_token.expose_secret(),
    );
    let mut seen: BTreeMap<Caller, u32> = BTreeMap::new();
    // Who may do what at the console has a matrix of its own (`console.rs`).
    let theirs = |caller| matches!(caller, Caller::Console | Caller::Member(_));
    for route in routes().into_iter().filter(|route| !theirs(route.caller)) {
        *seen.entry(route.caller).or_default() += 1;
        let name = format!("{} {}", route.method, route.path);
        let (body, expected) = own(&name);
        let call = |token: &str, objects: &Objects| {
            let path = path(&name, objects);
            app.call(with_token(token, route.method.clone(), &path, body))
        };
        assert_eq!(
            call(owner, &mine).await.status,
            expected,
            "{name} as its owner"
        );
        let names_object = path(&name, &mine) != path(&name, &nobodys);
        match route.caller {
            Caller::Partner => {
                for token in ["", "sk_test_x", "vt_0123"] {
                    assert_eq!(
                        call(token, &mine).await.status,
                        401,
                        "{name} with {token:?}"
                    );
                }
                if names_object {
                    let foreign = call(stranger, &mine).await;
                    let unknown = call(stranger, &nobodys).await;
                    assert_eq!(foreign.status, 404, "{name} as a stranger");
                    assert_eq!(foreign.without_name(), unknown.without_name(), "{name}");
                }
            }
            Caller::Widget if route.path.starts_with("/frame/api/") => {
                for token in [owner, stranger] {
                    let answer = call(token, &mine).await;
                    assert_eq!(
                        answer.status, expected,
                        "{name}: a client token is no visit"
                    );
                }
            }
            Caller::Widget
            | Caller::Anyone
            | Caller::Provider
            | Caller::Console
            | Caller::Member(_) => {
                assert_eq!(call("", &mine).await.status, expected, "{name} as anybody");
            }
        }
    }
    assert!(seen[&Caller::Partner] >= 15, "{seen:?}");
}
