//! Tokens: several at once, exchanged without a pause, their use noted (contract §1, "rotation").

use crate::kit::{App, SHOP, good_session, with_token};
use crate::on_both_engines;
use http::Method;
use proof_core::partner::Environment;
use proof_engine::TokenListed;
use std::collections::BTreeSet;

on_both_engines!(
    several_tokens_work_at_once_and_one_ends_alone,
    rotation_lets_the_old_one_work_for_its_grace_period,
    the_last_use_is_noted,
    a_token_in_a_browser_is_served_and_reported,
    an_origin_works_from_the_moment_it_is_registered,
);

const GRACE_SECONDS: i64 = 3_600;

async fn status(app: &App, token: &str) -> u16 {
    let path = "/widget/transactions";
    app.call(with_token(token, Method::GET, path, ""))
        .await
        .status
}

fn key_id(token: &str) -> &str {
    token.split('_').nth(2).unwrap()
}

async fn listed(app: &App, token: &str) -> TokenListed {
    let tokens = app
        .app
        .engine
        .token_list(app.shop.partner.id)
        .await
        .unwrap();
    let own = tokens.into_iter().find(|t| t.key_id == key_id(token));
    own.unwrap()
}

async fn several_tokens_work_at_once_and_one_ends_alone(app: &App) {
    let (engine, partner) = (&app.app.engine, app.shop.partner.id);
    let first = app.shop.client_token.expose_secret();
    let second = engine
        .token_create(
            proof_core::audit::Author::machine(),
            partner,
            Environment::Test,
        )
        .await
        .unwrap();
    let second = second.expose_secret();
    assert_eq!(
        (status(app, first).await, status(app, second).await),
        (200, 200)
    );
    let keys: BTreeSet<&str> = [first, second].map(key_id).into();
    assert_eq!(keys.len(), 2);
    engine
        .token_revoke(
            proof_core::audit::Author::machine(),
            partner,
            key_id(first).to_owned(),
        )
        .await
        .unwrap();
    assert_eq!(
        (status(app, first).await, status(app, second).await),
        (401, 200)
    );
    let again = engine
        .token_revoke(
            proof_core::audit::Author::machine(),
            partner,
            key_id(first).to_owned(),
        )
        .await;
    assert!(again.is_err(), "a token ends once");
    let foreign = engine
        .token_revoke(
            proof_core::audit::Author::machine(),
            app.wallet_partner.partner.id,
            key_id(second).to_owned(),
        )
        .await;
    assert!(foreign.is_err() && status(app, second).await == 200);
}

async fn rotation_lets_the_old_one_work_for_its_grace_period(app: &App) {
    let (engine, partner) = (&app.app.engine, app.shop.partner.id);
    let old = app.shop.client_token.expose_secret();
    let new = engine
        .token_rotate(
            proof_core::audit::Author::machine(),
            partner,
            Environment::Test,
            GRACE_SECONDS,
        )
        .await
        .unwrap();
    let new = new.expose_secret();
    assert_eq!((status(app, old).await, status(app, new).await), (200, 200));
    app.clock.skip(GRACE_SECONDS);
    assert_eq!((status(app, old).await, status(app, new).await), (401, 200));
    let answer = app.get("/widget/transactions").await;
    assert_eq!(answer.refusal(), (401, "unauthorised", "invalid_token"));
    for grace in [-5, 31 * 24 * 3_600, i64::MAX] {
        let rotated = engine
            .token_rotate(
                proof_core::audit::Author::machine(),
                partner,
                Environment::Test,
                grace,
            )
            .await;
        assert!(rotated.is_err(), "{grace} s");
    }
    assert_eq!(status(app, new).await, 200);
}

async fn the_last_use_is_noted(app: &App) {
    let token = app.shop.client_token.expose_secret();
    assert_eq!(listed(app, token).await.last_used_at, None);
    assert_eq!(status(app, token).await, 200);
    let used = || async { listed(app, token).await.last_used_at };
    let first = app.until("the first use", used).await;
    app.clock.skip(120);
    assert_eq!(status(app, token).await, 200);
    let later = || async {
        listed(app, token)
            .await
            .last_used_at
            .filter(|at| *at > first)
    };
    app.until("the later use", later).await;
}

async fn a_token_in_a_browser_is_served_and_reported(app: &App) {
    let token = app.shop.client_token.expose_secret();
    let body = good_session().to_string();
    let plain = with_token(token, Method::POST, "/widget/session", &body);
    assert_eq!(app.call(plain).await.status, 200);
    let mut page = with_token(token, Method::POST, "/widget/session", &body);
    page.headers_mut().insert("origin", SHOP.parse().unwrap());
    page.headers_mut()
        .insert("sec-fetch-site", "cross-site".parse().unwrap());
    assert_eq!(app.call(page).await.status, 200, "by the contract's rule");
    // Our own origin, in any spelling, is what some WebSocket clients send by default.
    let mut own = with_token(token, Method::GET, "/widget/transactions", "");
    let origin = "HTTP://Proof.Test:80".parse().unwrap();
    own.headers_mut().insert("origin", origin);
    assert_eq!(app.call(own).await.status, 200);
    let log = app.get("/widget/integration-log").await.json;
    let entries = log["data"].as_array().unwrap();
    let found: Vec<_> = entries
        .iter()
        .filter(|e| e["code"] == "token_exposed")
        .collect();
    assert_eq!(found.len(), 1, "{log}");
    assert_eq!(
        (&found[0]["count"], &found[0]["origin"]),
        (&1.into(), &SHOP.into())
    );
    let noted = listed(app, token).await;
    assert!(noted.exposed_at.is_some());
    assert_eq!(noted.exposed_origin.as_deref(), Some(SHOP));
}

async fn an_origin_works_from_the_moment_it_is_registered(app: &App) {
    const NEW: &str = "https://new.example";
    let token = app.shop.client_token.expose_secret();
    let from_page = || {
        let mut request = with_token(token, Method::GET, "/widget/transactions", "");
        request.headers_mut().insert("origin", NEW.parse().unwrap());
        app.call(request)
    };
    assert_eq!(from_page().await.status, 403);
    let origin = proof_core::partner::Origin::parse(NEW).unwrap();
    let partner = app.shop.partner.id;
    app.app
        .engine
        .origin_add(proof_core::audit::Author::machine(), partner, origin)
        .await
        .unwrap();
    let registered = || async { (from_page().await.status == 200).then_some(()) };
    app.until("the origin is known", registered).await;
}
