//! Watching: sockets that break in every way, and polling where there is none.

use crate::support::{Act, Fake, FakeHost, Reply, client, json};
use futures::FutureExt as _;
use proof_client::{Error, Status, Watch};
use serde_json::{Value, json as value};
use std::sync::Arc;

const ID: &str = "01a205d7-6445-7da8-b9dd-58caedbfa33b";

fn update(sequence: u64, status: &str) -> Value {
    value!({
        "event": "tx.update", "merchant_transaction_id": ID, "type": "buy", "status": status,
        "payment_method": "card", "currency": "USDT", "fiat_currency": "EUR",
        "fiat_amount": "100.00", "crypto_amount": "99.50", "occurred_at": "2026-04-01T10:03:45Z",
        "sequence": sequence, "event_id": format!("e{sequence}"),
    })
}

fn say(sequence: u64, status: &str) -> Act {
    Act::Say(update(sequence, status).to_string())
}

fn transaction(sequence: u64, status: &str) -> Reply {
    let mut body = update(sequence, status);
    body["updated_at"] = body["occurred_at"].take();
    Reply::Http {
        status: 200,
        headers: vec![("ETag", format!("\"{sequence}\""))],
        body: body.to_string(),
    }
}

fn unchanged() -> Reply {
    json(304, "")
}

fn refusal(status: u16, code: &str) -> Reply {
    json(
        status,
        value!({"error": "x", "code": code, "message": "said so"}),
    )
}

fn watch(script: Vec<Reply>, host: &Arc<FakeHost>) -> (Watch, Fake) {
    let fake = Fake::start(script);
    (client(&fake, host).watch(ID), fake)
}

/// Everything that a watch has to say, as its sequences.
async fn sequences(watch: &mut Watch) -> Vec<u64> {
    let mut all = Vec::new();
    while let Some(update) = watch.next().await.unwrap() {
        all.push(update.sequence.unwrap());
    }
    all
}

fn targets(fake: Fake) -> Vec<String> {
    fake.finish().into_iter().map(|sent| sent.target).collect()
}

fn ws(after: &str) -> String {
    format!("/ws?tx_id={ID}{after}")
}

fn look(wait: &str) -> String {
    format!("/widget/transactions/{ID}{wait}")
}

#[tokio::test]
async fn a_socket_is_heard_to_the_end_and_closed_by_us() {
    let acts = vec![
        say(1, "pending"),
        Act::Ping,
        say(2, "processing"),
        say(3, "completed"),
        Act::Listen,
    ];
    let (mut watch, fake) = watch(vec![Reply::Socket(acts)], &Arc::default());
    let first = watch.next().await.unwrap().unwrap();
    assert_eq!(first.status, Status::Pending);
    assert_eq!(first.payment_method.as_deref(), Some("card"));
    assert_eq!(sequences(&mut watch).await, [2, 3]);
    assert_eq!(watch.next().await, Ok(None));
    let sent = &fake.finish()[0];
    assert_eq!(sent.target, ws(""));
    assert_eq!(sent.header("authorization"), Some("Bearer sk_test_4f1c"));
    assert_eq!(sent.closed_with, Some(1000));
}

#[tokio::test]
async fn a_socket_that_breaks_in_the_middle_goes_on_without_a_gap_or_a_repetition() {
    let script = vec![
        Reply::Socket(vec![say(1, "pending"), say(2, "processing")]),
        Reply::Socket(vec![
            say(1, "pending"),
            say(2, "processing"),
            say(3, "completed"),
            Act::Listen,
        ]),
    ];
    let host = Arc::default();
    let (mut watch, fake) = watch(script, &host);
    assert_eq!(sequences(&mut watch).await, [1, 2, 3]);
    assert_eq!(watch.sequence(), Some(3));
    assert_eq!(targets(fake), [ws(""), ws("&after=2")]);
    assert_eq!(host.pauses_ms(), [500]);
}

#[tokio::test]
async fn a_server_that_restarts_or_finds_us_slow_is_asked_again() {
    for code in [1012, 1008, 1006, 1011] {
        let script = vec![
            Reply::Socket(vec![say(4, "pending"), Act::Close(code)]),
            Reply::Socket(vec![say(5, "cancelled"), Act::Listen]),
        ];
        let (mut watch, fake) = watch(script, &Arc::default());
        assert_eq!(sequences(&mut watch).await, [4, 5]);
        assert_eq!(targets(fake), [ws(""), ws("&after=4")]);
    }
}

#[tokio::test]
async fn a_watch_goes_on_after_what_the_caller_knows() {
    let acts = vec![say(4, "processing"), say(5, "completed"), Act::Listen];
    let (watch, fake) = watch(vec![Reply::Socket(acts)], &Arc::default());
    assert_eq!(sequences(&mut watch.after(4)).await, [5]);
    assert_eq!(targets(fake), [ws("&after=4")]);
}

#[tokio::test]
async fn what_ended_long_ago_ends_the_watch() {
    // The server has nothing after 5 and hangs up: one look tells why.
    let script = vec![
        Reply::Socket(vec![Act::Close(1000)]),
        transaction(5, "completed"),
    ];
    let (found, fake) = watch(script, &Arc::default());
    assert_eq!(found.after(5).next().await, Ok(None));
    assert_eq!(targets(fake), [ws("&after=5"), look("")]);
    // Or it repeats the last update.
    let script = vec![Reply::Socket(vec![say(5, "completed"), Act::Listen])];
    let (found, fake) = watch(script, &Arc::default());
    assert_eq!(found.after(5).next().await, Ok(None));
    assert_eq!(fake.finish()[0].closed_with, Some(1000));
}

#[tokio::test]
async fn where_no_socket_gets_through_it_polls() {
    let script = vec![
        // Some proxies answer an upgrade with a page of their own.
        json(403, "<html>no sockets here</html>"),
        transaction(1, "pending"),
        unchanged(),
        transaction(2, "processing"),
        transaction(2, "processing"),
        transaction(3, "failed"),
    ];
    let host = Arc::default();
    let (mut watch, fake) = watch(script, &host);
    assert_eq!(sequences(&mut watch).await, [1, 2, 3]);
    let sent = fake.finish();
    let asked: Vec<_> = sent
        .iter()
        .map(|sent| (&*sent.target, sent.header("if-none-match")))
        .collect();
    let (ws, first, wait) = (ws(""), look(""), look("?wait=25"));
    assert_eq!(
        asked,
        [
            (&*ws, None),
            (&first, None),
            (&wait, Some("\"1\"")),
            (&wait, Some("\"1\"")),
            (&wait, Some("\"2\"")),
            (&wait, Some("\"2\"")),
        ]
    );
    // After each look that brought nothing, even if the server holds none of them back.
    assert_eq!(host.pauses_ms(), [5_000; 2]);
}

#[tokio::test]
async fn sockets_that_keep_failing_give_way_to_polling() {
    for broken in [
        || Reply::Drop,
        || Reply::Socket(vec![]),
        || json(502, "<html>bad gateway</html>"),
    ] {
        let script = vec![broken(), broken(), broken(), transaction(3, "completed")];
        let host = Arc::default();
        let (mut watch, fake) = watch(script, &host);
        assert_eq!(sequences(&mut watch).await, [3]);
        assert_eq!(targets(fake), [ws(""), ws(""), ws(""), look("")]);
        assert_eq!(host.pauses_ms(), [500, 1_000]);
    }
}

#[tokio::test]
async fn a_socket_that_was_pinged_has_not_failed() {
    let quiet = || Reply::Socket(vec![Act::Ping]);
    let script = vec![
        quiet(),
        quiet(),
        quiet(),
        quiet(),
        Reply::Socket(vec![say(2, "completed"), Act::Listen]),
    ];
    let host = Arc::default();
    let (mut watch, fake) = watch(script, &host);
    assert_eq!(sequences(&mut watch).await, [2]);
    assert_eq!(targets(fake), [ws(""), ws(""), ws(""), ws(""), ws("")]);
    assert_eq!(host.pauses_ms(), [500; 4]);
}

#[tokio::test]
async fn after_some_polling_a_socket_is_tried_again() {
    let mut script = vec![json(426, ""), transaction(1, "pending")];
    script.extend((0..11).map(|_| unchanged()));
    script.push(Reply::Socket(vec![say(2, "completed"), Act::Listen]));
    let (mut watch, fake) = watch(script, &Arc::default());
    assert_eq!(sequences(&mut watch).await, [1, 2]);
    assert_eq!(targets(fake).last(), Some(&ws("&after=1")));
}

#[tokio::test]
async fn a_socket_that_says_nothing_at_all_is_given_up() {
    let silent = || Reply::Socket(vec![Act::Listen]);
    let script = vec![silent(), silent(), silent(), transaction(2, "completed")];
    let host = FakeHost::impatient();
    let (mut watch, fake) = watch(script, &host);
    assert_eq!(sequences(&mut watch).await, [2]);
    fake.finish();
    assert_eq!(host.pauses_ms(), [60_000, 500, 60_000, 1_000, 60_000]);
}

#[tokio::test]
async fn a_refusal_is_told_in_proofs_own_words() {
    for (status, code) in [(401, "invalid_token"), (404, "not_found")] {
        let script = vec![refusal(status, code), refusal(status, code)];
        let (mut watch, fake) = watch(script, &Arc::default());
        let error = watch.next().await.unwrap_err();
        assert_eq!(error.code(), Some(code));
        assert_eq!(targets(fake), [ws(""), look("")]);
    }
}

#[tokio::test]
async fn an_id_that_no_url_can_carry_is_refused_before_anything_is_sent() {
    let fake = Fake::start(vec![]);
    let client = client(&fake, &Arc::default());
    for id in ["", ".", ".."] {
        let error = client.watch(id).next().await.unwrap_err();
        assert!(matches!(error, Error::Request(_)), "{error}");
    }
    fake.finish();
}

#[tokio::test]
async fn an_outage_is_told_after_a_while_and_can_be_waited_out() {
    let mut script = vec![Reply::Drop, Reply::Drop, Reply::Drop];
    script.extend((0..12).map(|_| refusal(503, "overloaded")));
    script.push(Reply::Socket(vec![say(2, "completed"), Act::Listen]));
    let (mut watch, fake) = watch(script, &Arc::default());
    let error = watch.next().await.unwrap_err();
    assert!(matches!(error, Error::Unavailable(_)), "{error}");
    assert_eq!(sequences(&mut watch).await, [2]);
    fake.finish();
}

#[tokio::test]
async fn what_a_later_version_says_is_passed_over() {
    let acts = vec![
        Act::Say("no json".into()),
        Act::Say("[]".into()),
        Act::Say(
            r#"{"event":"tx.note","merchant_transaction_id":"x","status":"completed"}"#.into(),
        ),
        Act::Say(r#"{"event":"tx.update","status":7}"#.into()),
        say(1, "on_hold"),
        say(2, "completed"),
        Act::Listen,
    ];
    let (mut watch, fake) = watch(vec![Reply::Socket(acts)], &Arc::default());
    let first = watch.next().await.unwrap().unwrap();
    assert_eq!(first.status, Status::Unknown("on_hold".into()));
    assert_eq!(sequences(&mut watch).await, [2]);
    fake.finish();
}

#[tokio::test]
async fn without_sequences_the_status_and_its_time_tell_news_from_repetitions() {
    let bare = |status: &str| {
        let mut update = update(0, status);
        update.as_object_mut().unwrap().remove("sequence");
        Act::Say(update.to_string())
    };
    let script = vec![
        Reply::Socket(vec![bare("pending")]),
        Reply::Socket(vec![bare("pending"), bare("completed"), Act::Listen]),
    ];
    let (mut watch, fake) = watch(script, &Arc::default());
    let mut heard = Vec::new();
    while let Some(update) = watch.next().await.unwrap() {
        heard.push(update.status);
    }
    assert_eq!(heard, [Status::Pending, Status::Completed]);
    assert_eq!(targets(fake), [ws(""), ws("")]);
}

#[tokio::test]
async fn a_call_that_is_dropped_loses_nothing() {
    let acts = vec![
        say(1, "pending"),
        say(2, "processing"),
        say(3, "completed"),
        Act::Listen,
    ];
    let (mut watch, fake) = watch(vec![Reply::Socket(acts)], &Arc::default());
    let mut heard = vec![watch.next().await.unwrap().unwrap()];
    loop {
        // Most of these are dropped before anything has come.
        match watch.next().now_or_never() {
            Some(Ok(Some(update))) => heard.push(update),
            Some(Ok(None)) => break,
            Some(Err(error)) => panic!("{error}"),
            None => tokio::task::yield_now().await,
        }
    }
    let sequences: Vec<_> = heard.iter().filter_map(|update| update.sequence).collect();
    assert_eq!(sequences, [1, 2, 3]);
    fake.finish();
}
