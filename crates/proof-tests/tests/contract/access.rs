//! Who may call, and from where (contract §1); errors on every path (contract §8).

use crate::kit::{App, ORIGIN, SHOP, as_partner, good_session};
use crate::on_both_engines;
use axum::body::Body;
use http::{Method, Request};

on_both_engines!(
    a_call_without_a_good_token_is_refused,
    an_origin_must_be_registered,
    preflights_need_no_token,
    every_error_has_three_fields,
    a_sane_request_id_is_kept,
);

fn with_header(name: &'static str, value: &str) -> Request<Body> {
    let body = Body::from(good_session().to_string());
    let request = Request::post("/widget/session").header(name, value);
    request.body(body).unwrap()
}

async fn a_call_without_a_good_token_is_refused(app: &App) {
    let token = app.shop.client_token.expose_secret().to_owned();
    for header in ["", "Basic abc", &token, "Bearer", "Bearer "] {
        let answer = app.call(with_header("authorization", header)).await;
        assert_eq!(
            answer.refusal(),
            (401, "unauthorised", "missing_token"),
            "{header:?}"
        );
    }
    let typo = format!("{}0", &token[..token.len() - 1]);
    let stranger = "sk_test_0123456789ab_00000000000000000000000000000000000000000000000000000000";
    for bad in [
        "x",
        &typo,
        stranger,
        &token.replace("sk_test", "sk_live"),
        &format!("{token}0"),
    ] {
        if *bad == *token {
            continue;
        }
        let answer = app
            .call(with_header("authorization", &format!("Bearer {bad}")))
            .await;
        assert_eq!(
            answer.refusal(),
            (401, "unauthorised", "invalid_token"),
            "{bad}"
        );
    }
    for scheme in ["bearer", "BEARER", "Bearer"] {
        let answer = app
            .call(with_header("authorization", &format!("{scheme} {token}")))
            .await;
        assert_eq!(answer.status, 200, "the scheme is compared without case");
    }
}

fn from_page(app: &App, origin: &str) -> Request<Body> {
    let body = good_session().to_string().into();
    let mut request = as_partner(&app.shop, Method::POST, "/widget/session", body);
    request
        .headers_mut()
        .insert("origin", origin.parse().unwrap());
    request
}

async fn an_origin_must_be_registered(app: &App) {
    for origin in [SHOP, "HTTP://Shop.Test", "http://shop.test:80", ORIGIN] {
        assert_eq!(
            app.call(from_page(app, origin)).await.status,
            200,
            "{origin}"
        );
    }
    for origin in [
        "https://shop.test",
        "http://shop.test:8080",
        "http://shop.test.evil.test",
        "null",
        "x",
    ] {
        let answer = app.call(from_page(app, origin)).await;
        assert_eq!(
            answer.refusal(),
            (403, "forbidden", "forbidden_origin"),
            "{origin}"
        );
        assert!(
            !answer.headers.contains_key("access-control-allow-origin"),
            "{origin}"
        );
    }
    let mut refused = from_page(app, SHOP);
    *refused.body_mut() = Body::from("{}");
    let answer = app.call(refused).await;
    assert_eq!(answer.status, 400);
    assert_eq!(
        answer.headers["access-control-allow-origin"], SHOP,
        "errors can be read, too"
    );
    let exposed = answer.headers["access-control-expose-headers"]
        .to_str()
        .unwrap();
    assert!(
        exposed.contains("x-request-id") && exposed.contains("retry-after"),
        "{exposed}"
    );
}

async fn preflights_need_no_token(app: &App) {
    let preflight = |origin: &str| {
        Request::options("/widget/session")
            .header("origin", origin)
            .header("access-control-request-method", "POST")
            .body(Body::empty())
            .unwrap()
    };
    let answer = app.call(preflight(SHOP)).await;
    assert_eq!(answer.status, 204);
    assert_eq!(answer.headers["access-control-allow-origin"], SHOP);
    let allowed = answer.headers["access-control-allow-headers"]
        .to_str()
        .unwrap();
    assert!(allowed.contains("authorization"), "{allowed}");
    let answer = app.call(preflight("http://evil.test")).await;
    assert_eq!(answer.refusal(), (403, "forbidden", "forbidden_origin"));
}

async fn every_error_has_three_fields(app: &App) {
    for path in [
        "/",
        "/widget",
        "/widget/session/",
        "/nothing/here",
        "/frame/api/nothing",
    ] {
        let answer = app.shop(Method::GET, path, Body::empty()).await;
        assert_eq!(answer.refusal(), (404, "not_found", "not_found"), "{path}");
    }
    for (method, path, allowed) in [
        (Method::GET, "/widget/session", "POST"),
        (Method::DELETE, "/widget/transactions/x", "GET"),
        (Method::POST, "/ws", "GET"),
    ] {
        let answer = app.shop(method, path, Body::empty()).await;
        assert_eq!(
            answer.refusal(),
            (405, "invalid_request", "method_not_allowed"),
            "{path}"
        );
        let allow = answer.headers["allow"].to_str().unwrap();
        assert!(allow.contains(allowed), "{path}: {allow}");
    }
}

async fn a_sane_request_id_is_kept(app: &App) {
    let with_id = |id: &str| {
        let mut request = as_partner(
            &app.shop,
            Method::GET,
            "/widget/users/x/kyc-status",
            Body::empty(),
        );
        request
            .headers_mut()
            .insert("x-request-id", id.parse().unwrap());
        request
    };
    let answer = app.call(with_id("abc-1.2_3")).await;
    assert_eq!(answer.headers["x-request-id"], "abc-1.2_3");
    for odd in ["a b", "<script>", &"x".repeat(129)] {
        let answer = app.call(with_id(odd)).await;
        let made = answer.headers["x-request-id"].to_str().unwrap();
        assert!(made.starts_with("req_") && made != odd, "{made}");
    }
}
