//! The contract's table of errors (§8), row by row; and the form of every refusal.

use crate::kit::{Answer, App, ORIGIN, as_partner, good_session};
use crate::on_both_engines;
use axum::{Router, body::Body, routing::get};
use http::{Method, Request};
use proof_api::Api;
use proof_core::ErrorCode;
use serde_json::{Value, json};
use tower::ServiceExt;

on_both_engines!(
    decode_error,
    missing_param_and_validation_error,
    not_found_and_method_not_allowed,
    what_is_no_text_names_nothing,
    body_too_large,
    db_error_and_token_error_when_the_database_is_away,
    every_code_has_a_page_that_its_body_links_to,
    problem_json_for_those_who_ask,
    depth_is_bounded,
    a_panic_is_an_answer,
    too_much_is_refused_early,
);

const INVALID: &str = "invalid_request";

/// Three fields, a page, and the request's name, always.
fn formed(answer: &Answer) {
    for field in ["error", "code", "message", "docs_url", "request_id"] {
        let text = answer.json[field].as_str().unwrap_or_default();
        assert!(!text.is_empty(), "{field}: {}", answer.text);
    }
    let name = answer.headers["x-request-id"].to_str().unwrap();
    assert_eq!(answer.json["request_id"], name);
    assert_eq!(answer.headers["content-type"], "application/json");
    assert_eq!(answer.headers["cache-control"], "no-store");
}

async fn decode_error(app: &App) {
    for body in [
        "",
        "{",
        "[]",
        "null",
        "1",
        "\"x\"",
        "{\"a\":1,}",
        "\u{feff}{}",
        "{\"a\":1}{}",
    ] {
        let answer = app
            .shop(Method::POST, "/widget/session", body.to_owned())
            .await;
        assert_eq!(answer.refusal(), (400, INVALID, "decode_error"), "{body}");
        formed(&answer);
    }
    let latin = Body::from(vec![b'{', b'"', 0xe9, b'"', b':', b'1', b'}']);
    let answer = app.shop(Method::POST, "/widget/session", latin).await;
    assert_eq!(answer.refusal(), (400, INVALID, "decode_error"));
}

async fn missing_param_and_validation_error(app: &App) {
    let mut body = good_session();
    body.as_object_mut().unwrap().remove("amount");
    let missing = app.session(&body).await;
    assert_eq!(missing.refusal(), (400, INVALID, "missing_param"));
    assert_eq!(missing.json["field"], "amount");
    body["amount"] = json!(100);
    let wrong = app.session(&body).await;
    assert_eq!(wrong.refusal(), (400, INVALID, "validation_error"));
    assert!(wrong.json["message"].as_str().unwrap().contains("amount"));
    formed(&wrong);
}

/// Bytes that are no text, where a path or a query should have one.
async fn what_is_no_text_names_nothing(app: &App) {
    for path in [
        "/widget/transactions/%ff",
        "/widget/transactions/%00",
        "/widget/users/%ff/kyc-status",
        "/widget/users/%00/kyc-status",
        "/widget/webhook/deliveries/%ff",
        "/docs/errors/%ff",
        "/assets/%ff",
        "/frame/%ff",
    ] {
        let answer = app.get(path).await;
        assert_eq!(answer.refusal(), (404, "not_found", "not_found"), "{path}");
        formed(&answer);
    }
}

async fn not_found_and_method_not_allowed(app: &App) {
    for path in [
        "/",
        "/widget/sessions",
        "/widget/transactions/x/y",
        "/docs/errors/nothing",
        "/assets/x",
    ] {
        let answer = app.get(path).await;
        assert_eq!(answer.refusal(), (404, "not_found", "not_found"), "{path}");
        formed(&answer);
    }
    let answer = app
        .shop(Method::DELETE, "/widget/session", Body::empty())
        .await;
    assert_eq!(answer.refusal(), (405, INVALID, "method_not_allowed"));
    formed(&answer);
}

async fn body_too_large(app: &App) {
    let body = format!("{{\"x\":\"{}\"}}", "a".repeat(1024 * 1024));
    let answer = app.shop(Method::POST, "/widget/session", body).await;
    assert_eq!(answer.refusal(), (413, INVALID, "body_too_large"));
    formed(&answer);
}

async fn db_error_and_token_error_when_the_database_is_away(app: &App) {
    let session = app.session(&good_session()).await.json;
    app.break_database().await;
    // A token that nobody has looked at before.
    let path = "/widget/transactions";
    let fresh = as_partner(&app.wallet_partner, Method::GET, path, Body::empty());
    let answer = app.call(fresh).await;
    assert_eq!(answer.refusal(), (500, "internal_error", "token_error"));
    formed(&answer);
    let widget = session["widget_id"].as_str().unwrap();
    let answer = app.get(&format!("/frame/{widget}")).await;
    assert_eq!(answer.refusal(), (500, "internal_error", "db_error"));
    let text = answer.text.to_lowercase();
    for word in ["sql", "pool", "relation", "/tmp"] {
        assert!(!text.contains(word), "says too much: {text}");
    }
    let answer = app.get("/readyz").await;
    assert_eq!(answer.status, 503);
    assert!(
        answer.text.contains("database: it cannot be read"),
        "{}",
        answer.text
    );
    let request = Request::get("/healthz").body(Body::empty()).unwrap();
    assert_eq!(app.call(request).await.status, 200, "the process lives");
}

async fn every_code_has_a_page_that_its_body_links_to(app: &App) {
    let answer = app.get("/nothing").await;
    let own = answer.json["docs_url"].as_str().unwrap();
    assert_eq!(own, format!("{ORIGIN}/docs/errors/not_found"));
    for code in ErrorCode::ALL {
        let path = format!("/docs/errors/{}", code.code().to_lowercase());
        let page = app.get(&path).await;
        assert_eq!(page.status, 200, "{path}");
        assert_eq!(page.headers["content-type"], "text/html; charset=utf-8");
        for part in ["Cause.", "What to do."] {
            assert!(page.text.contains(part), "{path} has no {part}");
        }
        for link in page.text.split("href=\"").skip(1) {
            let link = link.split(['"', '#']).next().unwrap();
            if let Some(file) = link.strip_prefix("../") {
                let found = app.get(&format!("/docs/{file}")).await;
                assert_eq!(found.status, 200, "{path} links to {link}");
            }
        }
        let status = format!("HTTP {}", code.status());
        assert!(page.text.contains(&status), "{path} does not say {status}");
        assert!(
            page.text.contains(code.slug()),
            "{path} does not say {}",
            code.slug()
        );
    }
}

async fn problem_json_for_those_who_ask(app: &App) {
    let asking = |accept: &str| {
        let body = Body::from("{}");
        let mut request = as_partner(&app.shop, Method::POST, "/widget/session", body);
        request
            .headers_mut()
            .insert("accept", accept.parse().unwrap());
        app.call(request)
    };
    for accept in [
        "application/problem+json",
        "text/html, Application/Problem+JSON;q=0.9",
    ] {
        let answer = asking(accept).await;
        assert_eq!(
            answer.headers["content-type"], "application/problem+json",
            "{accept}"
        );
        assert_eq!(answer.refusal(), (400, INVALID, "missing_param"));
        assert_eq!(answer.json["status"], 400);
        assert_eq!(answer.json["type"], answer.json["docs_url"]);
        assert_eq!(answer.json["detail"], answer.json["message"]);
        assert_eq!(answer.json["title"], "Missing param");
    }
    for accept in ["application/json", "*/*", "x"] {
        formed(&asking(accept).await);
    }
}

async fn depth_is_bounded(app: &App) {
    let mut deep: Value = json!({});
    for _ in 0..100 {
        deep = json!({ "x": deep });
    }
    let mut body = good_session();
    body["deep"] = deep;
    assert_eq!(
        app.session(&body).await.status,
        200,
        "unknown fields are ignored"
    );
    let deeper = format!("{{\"x\":{}1{}}}", "[".repeat(100_000), "]".repeat(100_000));
    let answer = app.shop(Method::POST, "/widget/session", deeper).await;
    assert_eq!(answer.refusal(), (400, INVALID, "decode_error"));
}

/// A server with one more route, which does what no real one does.
fn odd(app: &App, handler: axum::routing::MethodRouter<Api>) -> Router {
    let origin = proof_core::partner::Origin::parse(ORIGIN).unwrap();
    let api = Api::new(app.app.engine.clone(), origin, Vec::new());
    proof_api::dressed(Router::new().route("/odd", handler), api)
}

async fn ask(router: &Router) -> Answer {
    let request = Request::get("/odd").body(Body::empty()).unwrap();
    Answer::read(router.clone().oneshot(request).await.unwrap()).await
}

async fn panics() -> &'static str {
    std::hint::black_box(None::<&'static str>).unwrap()
}

async fn a_panic_is_an_answer(app: &App) {
    let router = odd(app, get(panics));
    let answer = ask(&router).await;
    assert_eq!(answer.refusal(), (500, "internal_error", "db_error"));
    formed(&answer);
    assert!(!answer.text.contains("unwrap"), "{}", answer.text);
}

async fn too_much_is_refused_early(app: &App) {
    // What providers' callbacks leave to others.
    const HELD: usize = 448;
    let (open, opened) = tokio::sync::watch::channel(false);
    let slow = move || {
        let mut opened = opened.clone();
        async move {
            opened.wait_for(|open| *open).await.unwrap();
            "at last"
        }
    };
    let router = odd(app, get(slow));
    let mut held: Vec<_> = (0..HELD).map(|_| Box::pin(ask(&router))).collect();
    for call in &mut held {
        assert!(futures::poll!(call).is_pending());
    }
    let refused = ask(&router).await;
    assert_eq!(refused.refusal(), (503, "unavailable", "overloaded"));
    formed(&refused);
    assert_eq!(refused.headers["retry-after"], "1");
    open.send_replace(true);
    for answer in futures::future::join_all(held).await {
        assert_eq!(answer.status, 200, "who was let in is answered");
    }
    assert_eq!(ask(&router).await.status, 200);
}
