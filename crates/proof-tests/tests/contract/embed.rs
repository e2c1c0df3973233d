//! The embed doctor's side of the server: what a page may ask, what it may say, and what the server finds itself.

use crate::buyer::{Buyer, frame, opening};
use crate::kit::{Answer, App, SHOP, good_session};
use crate::on_both_engines;
use axum::body::Body;
use http::{Method, Request};
use proof_core::Clock;
use proof_engine::integrity_of;
use serde_json::{Value, json};

on_both_engines!(
    a_page_learns_whether_it_may_hold_the_widget,
    what_a_page_says_is_a_line_and_nothing_more,
    the_server_finds_clocks_and_old_sessions,
    the_page_names_the_digest_of_every_script_that_it_may_load,
    files_go_out_in_the_shortest_form_that_a_browser_takes,
    banks_of_any_host_are_held_in_a_page_that_holds_nothing_else,
);

async fn from(app: &App, method: Method, path: &str, origin: &str, body: &str) -> Answer {
    let request = Request::builder().method(method).uri(path);
    let request = request.header("origin", origin);
    app.call(request.body(Body::from(body.to_owned())).unwrap())
        .await
}

async fn codes(app: &App) -> Vec<String> {
    let log = app.get("/widget/integration-log").await.json;
    let lines = log["data"].as_array().unwrap().iter();
    let embed = lines.filter(|line| line["code"].as_str().unwrap().starts_with("embed_"));
    embed
        .map(|line| {
            let (code, origin) = (line["code"].as_str().unwrap(), line["origin"].as_str());
            assert!(
                line["docs_url"]
                    .as_str()
                    .unwrap()
                    .ends_with(&format!("/docs/partner/embed-doctor#{code}"))
            );
            format!("{code} {}", origin.unwrap())
        })
        .collect()
}

async fn a_page_learns_whether_it_may_hold_the_widget(app: &App) {
    let path = format!("/embed/check/{}", app.shop.partner.widget_id);
    for (origin, registered) in [
        (SHOP, true),
        ("https://evil.example", false),
        ("null", false),
    ] {
        let answer = from(app, Method::GET, &path, origin, "").await;
        assert_eq!(answer.json["registered"], registered, "{origin}");
        let read_by = &answer.headers["access-control-allow-origin"];
        assert!(read_by == "*" || read_by == origin, "{origin}");
    }
    let nobodys = "/embed/check/01a205d7-6445-7da8-b9dd-58caedbfa33b";
    assert_eq!(from(app, Method::GET, nobodys, SHOP, "").await.status, 404);
}

async fn what_a_page_says_is_a_line_and_nothing_more(app: &App) {
    let path = format!("/embed/findings/{}", app.shop.partner.widget_id);
    let said =
        json!({ "codes": ["embed_camera", "embed_camera", "made_up", "<b>", "embed_origin"] });
    for _ in 0..3 {
        let answer = from(
            app,
            Method::POST,
            &path,
            "https://a.example",
            &said.to_string(),
        )
        .await;
        assert_eq!(answer.status, 204);
    }
    let mut seen = codes(app).await;
    seen.sort();
    assert_eq!(
        seen,
        [
            "embed_camera https://a.example",
            "embed_origin https://a.example"
        ]
    );
    let long = json!({ "codes": ["x".repeat(4096)] }).to_string();
    let answer = from(app, Method::POST, &path, SHOP, &long).await;
    assert_eq!(answer.status, 413);
    let path = format!("/embed/violations/{}", app.shop.partner.widget_id);
    let answer = from(app, Method::POST, &path, "https://a.example", "{}").await;
    assert_eq!(answer.status, 403, "only our own frame's browser reports");
}

async fn banks_of_any_host_are_held_in_a_page_that_holds_nothing_else(app: &App) {
    let of = async |path: &str| {
        let page = app.get(path).await;
        assert_eq!(page.status, 200, "{path}");
        let policy = page.headers["content-security-policy"].to_str().unwrap();
        (policy.to_owned(), page.text)
    };
    let frame = format!("/frame/{}", app.shop.partner.widget_id);
    let (policy, text) = of(&format!("{frame}/bank")).await;
    for part in [
        "default-src 'none';",
        "frame-src https: http://cards.test;",
        "frame-ancestors 'self' http://shop.test",
    ] {
        assert!(policy.contains(part), "{part}: {policy}");
    }
    assert!(
        !policy.contains("script-src") && !text.contains("<script"),
        "{text}"
    );
    let (policy, _) = of(&frame).await;
    assert!(!policy.contains("frame-src https:"), "{policy}");
    let nobodys = "/frame/01a205d7-6445-7da8-b9dd-58caedbfa33b/bank";
    assert_eq!(app.get(nobodys).await.status, 404);
}

async fn visit(app: &App, session: &Value, more: Value) -> Answer {
    let mut body = opening(session, json!({}));
    for (name, value) in more.as_object().unwrap() {
        body[name] = value.clone();
    }
    app.call(frame(Method::POST, "visits", "", body.to_string()))
        .await
}

async fn the_server_finds_clocks_and_old_sessions(app: &App) {
    app.clock.stop();
    let session = app.session(&good_session()).await.json;
    let now = app.clock.now().millis();
    let good = visit(app, &session, json!({ "device_now_ms": now + 60_000 })).await;
    assert!(good.json["findings"].is_null(), "{}", good.text);
    let off = json!({ "device_now_ms": now - 600_000, "findings": ["embed_camera", "x"] });
    let found = visit(app, &session, off).await;
    assert_eq!(
        found.json["findings"],
        json!(["embed_camera", "embed_clock"])
    );
    let buyer = Buyer::reopen(app, session.clone()).await;
    assert_eq!(buyer.post("cancel", json!({})).await.status, 200);
    let soon = visit(app, &session, json!({})).await;
    assert!(soon.json["findings"].is_null(), "a reload is no finding");
    app.clock.skip(601);
    let used = visit(app, &session, json!({})).await;
    assert_eq!(used.json["findings"], json!(["embed_session_used"]));
    app.clock.skip(3_600);
    assert_eq!(visit(app, &session, json!({})).await.status, 401);
    let mut seen = codes(app).await;
    seen.sort();
    let expected = ["camera", "clock", "session", "session_used"];
    assert_eq!(seen, expected.map(|code| format!("embed_{code} {SHOP}")));
}

async fn the_page_names_the_digest_of_every_script_that_it_may_load(app: &App) {
    let published = app.get("/.well-known/proof-integrity.json").await.json;
    let page = app
        .get(&format!("/frame/{}", app.shop.partner.widget_id))
        .await;
    let (_, rest) = page.text.split_once("<script type=\"importmap\">").unwrap();
    let (map, rest) = rest.split_once("</script>").unwrap();
    let policy = page.headers["content-security-policy"].to_str().unwrap();
    let of_map = format!("'{}'", integrity_of(map.as_bytes()));
    assert!(policy.contains(&of_map), "the browser passes over the map");
    assert!(!policy.contains("unsafe"));
    let later: Value = serde_json::from_str(map).unwrap();
    let scripts = published["files"].as_object().unwrap().iter();
    let scripts = scripts.filter(|(path, _)| path.starts_with("/assets/") && path.ends_with(".js"));
    let (first, others): (Vec<_>, Vec<_>) =
        scripts.partition(|(path, _)| rest.contains(&format!("src=\"{path}\"")));
    let [(_, digest)] = first[..] else {
        panic!("one script of the page's own: {first:?}")
    };
    let digest = digest.as_str().unwrap();
    assert!(rest.contains(&format!("integrity=\"{digest}\"")));
    assert!(others.len() > 9, "a file for each language: {others:?}");
    for (path, digest) in others {
        assert_eq!(&later["integrity"][path], digest, "{path}");
    }
}

async fn files_go_out_in_the_shortest_form_that_a_browser_takes(app: &App) {
    let loader = async |accepted: &str| {
        let request = Request::get("/widget.2.0.js").header("accept-encoding", accepted);
        let answer = app.call(request.body(Body::empty()).unwrap()).await;
        assert_eq!(answer.status, 200);
        assert_eq!(answer.headers["vary"], "accept-encoding");
        let coding = answer.headers.get("content-encoding").cloned();
        coding.map(|coding| coding.to_str().unwrap().to_owned())
    };
    for (accepted, coding) in [
        ("gzip, deflate, br, zstd", Some("br")),
        ("gzip, deflate", Some("gzip")),
        ("br;q=0, gzip;q=0.5", Some("gzip")),
        ("BR", Some("br")),
        ("identity", None),
        ("", None),
    ] {
        assert_eq!(loader(accepted).await.as_deref(), coding, "{accepted}");
    }
    // What the build made beside a file is no file of its own.
    let beside = Request::get("/assets/index.js.br")
        .body(Body::empty())
        .unwrap();
    assert_eq!(app.call(beside).await.status, 404);
}
