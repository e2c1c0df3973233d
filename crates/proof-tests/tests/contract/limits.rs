//! How much one caller may ask (contract §8, the row of 429).

use crate::kit::{Answer, App, as_partner, good_session, with_token};
use crate::on_both_engines;
use axum::body::Body;
use axum::extract::ConnectInfo;
use http::Method;
use std::net::SocketAddr;
use tower::ServiceExt;

on_both_engines!(
    rate_limit_exceeded_says_when_to_come_again,
    polling_every_open_transaction_is_never_limited,
    one_partners_loop_is_not_anothers_problem,
    guessing_tokens_is_bounded_by_address,
    guessing_ids_is_bounded,
    anothers_looks_do_not_count_as_mine,
    a_strangers_slow_bodies_do_not_stop_the_server,
    who_waits_for_news_takes_nobodys_place,
    a_transaction_has_one_allowance_in_every_spelling,
);

fn number(answer: &Answer, header: &str) -> i64 {
    answer.headers[header].to_str().unwrap().parse().unwrap()
}

async fn rate_limit_exceeded_says_when_to_come_again(app: &App) {
    app.clock.stop();
    let path = "/widget/integration-log";
    let first = app.get(path).await;
    let second = app.get(path).await;
    assert_eq!(number(&first, "ratelimit-limit"), 200);
    assert!(number(&second, "ratelimit-remaining") <= number(&first, "ratelimit-remaining"));
    assert!(number(&second, "ratelimit-reset") >= 1);
    for _ in 2..200 {
        assert_eq!(app.get(path).await.status, 200);
    }
    let one = &app.get(path).await;
    assert_eq!(
        one.refusal(),
        (429, "rate_limit_exceeded", "rate_limit_exceeded")
    );
    assert_eq!(number(one, "ratelimit-limit"), 200);
    assert_eq!(number(one, "ratelimit-remaining"), 0);
    assert!(number(one, "ratelimit-reset") >= 1);
    let wait = number(one, "retry-after");
    assert!((1..=60).contains(&wait), "{wait}");
    app.clock.skip(wait + 60);
    assert_eq!(app.get(path).await.status, 200);
}

async fn polling_every_open_transaction_is_never_limited(app: &App) {
    app.clock.stop();
    let mut paths = Vec::new();
    for _ in 0..60 {
        let session = app.session(&good_session()).await;
        assert_eq!(
            session.status, 200,
            "50 sessions a second are never limited"
        );
        let id = session.json["merchant_transaction_id"]
            .as_str()
            .unwrap()
            .to_owned();
        paths.push(format!("/widget/transactions/{id}"));
    }
    for _ in 0..12 {
        let polls = paths.iter().map(|path| app.get(path));
        for answer in futures::future::join_all(polls).await {
            assert_eq!(answer.status, 200, "{}", answer.text);
        }
        app.clock.skip(5);
    }
}

async fn one_partners_loop_is_not_anothers_problem(app: &App) {
    app.clock.stop();
    let calls = (0..600).map(|_| app.get("/widget/users/nobody/kyc-status"));
    let answers = futures::future::join_all(calls).await;
    assert!(answers.iter().any(|a| a.status == 429));
    let path = "/widget/integration-log";
    let other = as_partner(&app.wallet_partner, Method::GET, path, Body::empty());
    assert_eq!(app.call(other).await.status, 200);
}

async fn guessing_tokens_is_bounded_by_address(app: &App) {
    app.clock.stop();
    let from = |address: &str, token: &str| {
        let mut request = with_token(token, Method::GET, "/widget/transactions", "");
        let peer: SocketAddr = address.parse().unwrap();
        request.extensions_mut().insert(ConnectInfo(peer));
        app.call(request)
    };
    let guesses = (0..400).map(|_| from("203.0.113.5:1", "guess"));
    let answers = futures::future::join_all(guesses).await;
    let statuses: Vec<u16> = answers.iter().map(|a| a.status).collect();
    assert!(
        statuses.contains(&401) && statuses.contains(&429),
        "{statuses:?}"
    );
    assert_eq!(
        from("203.0.113.6:1", "guess").await.status,
        401,
        "another address"
    );
    let good = app.shop.client_token.expose_secret();
    assert_eq!(
        from("203.0.113.5:1", good).await.status,
        200,
        "who knows a token is no stranger"
    );
}

async fn guessing_ids_is_bounded(app: &App) {
    app.clock.stop();
    for n in 0..100_u32 {
        let path = format!("/widget/transactions/01a205d7-6445-7da8-b9dd-58cae{n:07x}");
        assert_eq!(app.get(&path).await.status, 404, "guess {n}");
    }
    let path = "/widget/transactions/01a205d7-6445-7da8-b9dd-58caedbfa33b";
    let answer = app.get(path).await;
    assert_eq!(answer.refusal().2, "rate_limit_exceeded");
    app.clock.skip(60);
    assert_eq!(app.get(path).await.status, 404);
}

async fn anothers_looks_do_not_count_as_mine(app: &App) {
    app.clock.stop();
    let session = app.session(&good_session()).await.json;
    let path = format!(
        "/widget/transactions/{}",
        session["merchant_transaction_id"].as_str().unwrap()
    );
    let looks = (0..60).map(|_| {
        app.call(as_partner(
            &app.wallet_partner,
            Method::GET,
            &path,
            Body::empty(),
        ))
    });
    let looks = futures::future::join_all(looks).await;
    assert!(looks.iter().all(|answer| answer.status != 200));
    let own = app.get(&path).await;
    assert_eq!(own.status, 200);
    let left = number(&own, "ratelimit-limit") - number(&own, "ratelimit-remaining");
    assert_eq!(left, 1, "only my own look is counted");
}

async fn a_strangers_slow_bodies_do_not_stop_the_server(app: &App) {
    app.clock.stop();
    const SLOW: usize = 600;
    let slow = (0..SLOW).map(|_| {
        let stream = futures::stream::pending::<Result<bytes::Bytes, std::io::Error>>();
        let request = http::Request::post("/frame/api/visits");
        Box::pin(app.call(request.body(Body::from_stream(stream)).unwrap()))
    });
    let mut slow: Vec<_> = slow.collect();
    let mut waiting = 0;
    for call in &mut slow {
        waiting += usize::from(futures::poll!(call).is_pending());
    }
    assert!(waiting > 400, "{waiting} wait for their bodies");
    assert_eq!(app.session(&good_session()).await.status, 200);
    assert_eq!(app.get("/readyz").await.status, 200);
    // Nor do they keep out providers, whose places are few.
    let callbacks = (0..100).map(|_| {
        let stream = futures::stream::pending::<Result<bytes::Bytes, std::io::Error>>();
        let request = http::Request::post("/inbound/sandbox/payments");
        Box::pin(app.call(request.body(Body::from_stream(stream)).unwrap()))
    });
    let mut callbacks: Vec<_> = callbacks.collect();
    for call in &mut callbacks {
        assert!(futures::poll!(call).is_pending());
    }
    let request = http::Request::post("/inbound/sandbox/payments");
    let answer = app.call(request.body(Body::from("{}")).unwrap()).await;
    assert_eq!(answer.status, 401, "looked at, and not believed");
}

async fn who_waits_for_news_takes_nobodys_place(app: &App) {
    const WAITING: usize = 600;
    assert_eq!(app.session(&good_session()).await.status, 200);
    let look = || async {
        let cursor = app.get("/widget/events").await.json["next_cursor"].clone();
        cursor.as_str().filter(|c| !c.is_empty()).map(str::to_owned)
    };
    let mine = app.until("the feed has the session", look).await;
    app.clock.stop();
    // However the wish is spelled, and by whichever method.
    let spellings = [
        (Method::GET, "wait=30"),
        (Method::GET, "w%61it=30"),
        (Method::HEAD, "wait=30"),
    ];
    let mut calls = Vec::new();
    for n in 0..WAITING {
        let (method, wait) = &spellings[n % spellings.len()];
        // The other partner's feed is empty.
        let (partner, last) = if n % 2 == 0 {
            (&app.shop, mine.as_str())
        } else {
            (&app.wallet_partner, "")
        };
        let path = format!("/widget/events?after={last}&{wait}");
        let request = as_partner(partner, method.clone(), &path, Body::empty());
        calls.push(tokio::spawn(app.app.router.clone().oneshot(request)));
        if n % 100 == 99 {
            // Until these have looked, and wait; and each partner's allowance is whole again.
            for _ in 0..50 {
                assert_eq!(app.get("/readyz").await.status, 200);
            }
            app.clock.skip(4);
        }
    }
    let third = app.partner("third", None).await;
    let path = "/widget/integration-log";
    let other = as_partner(&third, Method::GET, path, Body::empty());
    assert_eq!(app.call(other).await.status, 200);
    let sent_away = calls.iter().filter(|call| call.is_finished()).count();
    assert_eq!(sent_away, 0);
}

async fn a_transaction_has_one_allowance_in_every_spelling(app: &App) {
    app.clock.stop();
    let session = app.session(&good_session()).await.json;
    let id = session["merchant_transaction_id"].as_str().unwrap();
    let escaped = format!("%{:02x}{}", id.as_bytes()[0], &id[1..]);
    let mut refused = 0;
    for n in 0..60 {
        let id = if n % 2 == 0 { id } else { &escaped };
        let answer = app.get(&format!("/widget/transactions/{id}")).await;
        assert_eq!(number(&answer, "ratelimit-limit"), 20);
        refused += u32::from(answer.status == 429);
    }
    assert_eq!(refused, 40);
}
