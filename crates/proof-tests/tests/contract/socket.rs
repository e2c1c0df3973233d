//! `GET /ws?tx_id=` (contract §5), over a real connection.

use crate::buyer::{Buyer, GOOD_CARD};
use crate::kit::{App, good_session};
use crate::on_both_engines;
use axum::body::Body;
use futures::{SinkExt, StreamExt};
use http::Method;
use serde_json::Value;
use std::time::Duration;
use tokio_tungstenite::{
    connect_async,
    tungstenite::{self, Message, client::IntoClientRequest},
};

on_both_engines!(
    refusals_come_before_the_upgrade,
    a_connection_sees_the_present_state_then_every_change,
    a_connection_that_resumes_sees_what_it_missed,
    many_transactions_share_a_connection,
    a_server_that_stops_says_so,
    who_comes_back_after_the_end_is_told_so,
    a_revoked_token_closes_its_connections,
    who_closes_gets_an_answer,
    what_is_no_frame_is_answered_with_its_code,
    who_has_seen_nothing_begins_with_the_present_state,
    who_talks_is_pinged_all_the_same,
);

/// Real time that anything on a socket may take.
const BOUND: Duration = Duration::from_secs(20);

pub struct Served {
    pub address: String,
    pub task: tokio::task::JoinHandle<()>,
}

pub async fn serve(app: &App) -> Served {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = format!("ws://{}", listener.local_addr().unwrap());
    let router = app.app.router.clone();
    let task = tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
    Served { address, task }
}

/// The status with which an upgrade is refused, or none.
async fn refused(served: &Served, query: &str, headers: &[(&'static str, &str)]) -> Option<u16> {
    let mut request = format!("{}/ws{query}", served.address)
        .into_client_request()
        .unwrap();
    for (name, value) in headers {
        request.headers_mut().insert(*name, value.parse().unwrap());
    }
    match connect_async(request).await {
        Ok(_) => None,
        Err(tungstenite::Error::Http(answer)) => Some(answer.status().as_u16()),
        Err(other) => panic!("{other}"),
    }
}

async fn refusals_come_before_the_upgrade(app: &App) {
    let served = serve(app).await;
    let session = app.session(&good_session()).await.json;
    let id = session["merchant_transaction_id"].as_str().unwrap();
    let (own, token) = (
        format!("?tx_id={id}"),
        format!("Bearer {}", app.shop.client_token.expose_secret()),
    );
    let foreign = format!("Bearer {}", app.wallet_partner.client_token.expose_secret());
    let auth = ("authorization", token.as_str());
    let unknown = "?tx_id=01a205d7-6445-7da8-b9dd-58caedbfa33b";
    for (query, headers, status) in [
        (own.as_str(), vec![], Some(401)),
        (&own, vec![("authorization", "Bearer x")], Some(401)),
        ("", vec![], Some(401)),
        (&own, vec![auth, ("origin", "http://evil.test")], Some(403)),
        ("", vec![auth], Some(400)),
        ("?tx_id=", vec![auth], Some(400)),
        (unknown, vec![auth], Some(404)),
        ("?tx_id=nonsense", vec![auth], Some(404)),
        (&own, vec![("authorization", foreign.as_str())], Some(404)),
        (&own, vec![auth, ("origin", "http://proof.test")], None),
        (&own, vec![auth], None),
    ] {
        assert_eq!(
            refused(&served, query, &headers).await,
            status,
            "{query} {headers:?}"
        );
    }
    let plain = app
        .shop(Method::GET, &format!("/ws{own}"), Body::empty())
        .await;
    assert_eq!(
        plain.refusal(),
        (426, "invalid_request", "upgrade_required")
    );
    served.task.abort();
}

async fn a_connection_sees_the_present_state_then_every_change(app: &App) {
    let served = serve(app).await;
    let buyer = Buyer::verified(app, "u").await;
    let url = format!("{}/ws?tx_id={}", served.address, buyer.id);
    let mut request = url.into_client_request().unwrap();
    let token = format!("Bearer {}", app.shop.client_token.expose_secret());
    request
        .headers_mut()
        .insert("authorization", token.parse().unwrap());
    let (mut socket, _) = connect_async(request).await.unwrap();
    let mut updates: Vec<Value> = Vec::new();
    let close = loop {
        match tokio::time::timeout(BOUND, socket.next()).await.unwrap() {
            Some(Ok(Message::Text(text))) => {
                updates.push(serde_json::from_str(&text).unwrap());
                if updates.len() == 1 {
                    buyer.pay(GOOD_CARD).await;
                }
            }
            Some(Ok(Message::Close(frame))) => break frame.unwrap(),
            Some(Ok(Message::Ping(_))) => socket.flush().await.unwrap(),
            other => panic!("{other:?}"),
        }
    };
    let statuses: Vec<&str> = updates
        .iter()
        .map(|u| u["status"].as_str().unwrap())
        .collect();
    assert_eq!(statuses, ["pending", "processing", "completed"]);
    assert_eq!(u16::from(close.code), 1000);
    assert!(
        updates[0].get("payment_method").is_none(),
        "left out while unknown"
    );
    let last = &updates[2];
    for (field, value) in [
        ("event", "tx.update"),
        ("merchant_transaction_id", buyer.id.as_str()),
        ("type", "buy"),
        ("payment_method", "card"),
        ("currency", "USDT"),
        ("fiat_currency", "EUR"),
        ("crypto_amount", "100.00"),
    ] {
        assert_eq!(last[field], value, "{field}");
    }
    let path = format!("/widget/transactions/{}", buyer.id);
    let transaction = app.shop(Method::GET, &path, Body::empty()).await.json;
    assert_eq!(last["occurred_at"], transaction["updated_at"]);
    assert_eq!(last["fiat_amount"], transaction["fiat_amount"]);
    served.task.abort();
}

type Socket =
    tokio_tungstenite::WebSocketStream<tokio_tungstenite::MaybeTlsStream<tokio::net::TcpStream>>;

async fn connect(app: &App, served: &Served, query: &str) -> Socket {
    let url = format!("{}/ws?{query}", served.address);
    let mut request = url.into_client_request().unwrap();
    let token = format!("Bearer {}", app.shop.client_token.expose_secret());
    request
        .headers_mut()
        .insert("authorization", token.parse().unwrap());
    connect_async(request).await.unwrap().0
}

/// What comes until the server closes, and with which code; pings are answered.
async fn until_closed(socket: &mut Socket) -> (Vec<Value>, u16) {
    let mut updates = Vec::new();
    loop {
        match tokio::time::timeout(BOUND, socket.next()).await.unwrap() {
            Some(Ok(Message::Text(text))) => updates.push(serde_json::from_str(&text).unwrap()),
            Some(Ok(Message::Close(frame))) => return (updates, frame.unwrap().code.into()),
            Some(Ok(Message::Ping(_))) => socket.flush().await.unwrap(),
            other => panic!("{other:?}"),
        }
    }
}

async fn next(socket: &mut Socket) -> Value {
    loop {
        match tokio::time::timeout(BOUND, socket.next()).await.unwrap() {
            Some(Ok(Message::Text(text))) => return serde_json::from_str(&text).unwrap(),
            Some(Ok(Message::Ping(_))) => socket.flush().await.unwrap(),
            other => panic!("{other:?}"),
        }
    }
}

async fn a_connection_that_resumes_sees_what_it_missed(app: &App) {
    let served = serve(app).await;
    let buyer = Buyer::verified(app, "u").await;
    let mut first = connect(app, &served, &format!("tx_id={}", buyer.id)).await;
    let seen = next(&mut first).await["sequence"].as_i64().unwrap();
    drop(first);
    buyer.pay(GOOD_CARD).await;
    buyer.until_step("completed").await;
    let query = format!("tx_id={}&after={seen}", buyer.id);
    let (updates, code) = until_closed(&mut connect(app, &served, &query).await).await;
    let statuses: Vec<&str> = updates
        .iter()
        .map(|u| u["status"].as_str().unwrap())
        .collect();
    assert_eq!((statuses, code), (vec!["processing", "completed"], 1000));
    let numbers: Vec<i64> = updates
        .iter()
        .map(|u| u["sequence"].as_i64().unwrap())
        .collect();
    assert!(seen < numbers[0] && numbers[0] < numbers[1], "{numbers:?}");
    let auth = format!("Bearer {}", app.shop.client_token.expose_secret());
    for bad in ["x", "-1", "1,2", "99", ""] {
        let query = format!("?tx_id={}&after={bad}", buyer.id);
        let status = refused(&served, &query, &[("authorization", &auth)]).await;
        let expected = if bad.is_empty() { None } else { Some(400) };
        assert_eq!(status, expected, "{bad}");
    }
    served.task.abort();
}

async fn many_transactions_share_a_connection(app: &App) {
    let served = serve(app).await;
    let (a, b) = (
        Buyer::open(app, "u", "u@example.com").await,
        Buyer::open(app, "v", "v@example.com").await,
    );
    let mut socket = connect(app, &served, &format!("tx_id={},{},{}", a.id, b.id, a.id)).await;
    let of = |update: &Value| {
        update["merchant_transaction_id"]
            .as_str()
            .unwrap()
            .to_owned()
    };
    let (first, second) = (next(&mut socket).await, next(&mut socket).await);
    assert_eq!([of(&first), of(&second)], [a.id.clone(), b.id.clone()]);
    b.post("cancel", serde_json::json!({})).await;
    let update = next(&mut socket).await;
    assert_eq!(
        (of(&update), &update["status"]),
        (b.id.clone(), &"cancelled".into())
    );
    a.post("cancel", serde_json::json!({})).await;
    let (updates, code) = until_closed(&mut socket).await;
    assert_eq!(
        (updates.len(), of(&updates[0]), code),
        (1, a.id.clone(), 1000)
    );
    let auth = format!("Bearer {}", app.shop.client_token.expose_secret());
    let unknown = "01a205d7-6445-7da8-b9dd-58caedbfa33b";
    let query = format!("?tx_id={},{unknown}", a.id);
    assert_eq!(
        refused(&served, &query, &[("authorization", &auth)]).await,
        Some(404)
    );
    let query = format!("?tx_id={}", vec![a.id.as_str(); 101].join(","));
    assert_eq!(
        refused(&served, &query, &[("authorization", &auth)]).await,
        Some(400)
    );
    served.task.abort();
}

async fn a_server_that_stops_says_so(app: &App) {
    let served = serve(app).await;
    let buyer = Buyer::open(app, "u", "u@example.com").await;
    let mut socket = connect(app, &served, &format!("tx_id={}", buyer.id)).await;
    assert_eq!(next(&mut socket).await["status"], "pending");
    app.app.engine.stop();
    let (updates, code) = until_closed(&mut socket).await;
    assert_eq!((updates, code), (Vec::new(), 1012));
    served.task.abort();
}

async fn who_comes_back_after_the_end_is_told_so(app: &App) {
    let served = serve(app).await;
    let buyer = Buyer::open(app, "u", "u@example.com").await;
    buyer.post("cancel", serde_json::json!({})).await;
    let mut first = connect(app, &served, &format!("tx_id={}", buyer.id)).await;
    let last = next(&mut first).await["sequence"].as_i64().unwrap();
    drop(first);
    let query = format!("tx_id={}&after={last}", buyer.id);
    let (updates, code) = until_closed(&mut connect(app, &served, &query).await).await;
    assert_eq!((updates, code), (Vec::new(), 1000));
    served.task.abort();
}

async fn a_revoked_token_closes_its_connections(app: &App) {
    let served = serve(app).await;
    let buyer = Buyer::open(app, "u", "u@example.com").await;
    let mut socket = connect(app, &served, &format!("tx_id={}", buyer.id)).await;
    assert_eq!(next(&mut socket).await["status"], "pending");
    let (engine, partner) = (&app.app.engine, app.shop.partner.id);
    let token = app.shop.client_token.expose_secret();
    let key_id = token.split('_').nth(2).unwrap().to_owned();
    engine
        .token_revoke(proof_core::audit::Author::machine(), partner, key_id)
        .await
        .unwrap();
    let (updates, code) = until_closed(&mut socket).await;
    assert_eq!((updates, code), (Vec::new(), 1008));
    served.task.abort();
}

async fn who_closes_gets_an_answer(app: &App) {
    let served = serve(app).await;
    let buyer = Buyer::open(app, "u", "u@example.com").await;
    let mut socket = connect(app, &served, &format!("tx_id={}", buyer.id)).await;
    next(&mut socket).await;
    let bye = tungstenite::protocol::CloseFrame {
        code: 1000.into(),
        reason: "bye".into(),
    };
    socket.send(Message::Close(Some(bye))).await.unwrap();
    assert_eq!(until_closed(&mut socket).await.1, 1000);
    served.task.abort();
}

async fn what_is_no_frame_is_answered_with_its_code(app: &App) {
    use tokio::io::AsyncWriteExt;
    let served = serve(app).await;
    let buyer = Buyer::open(app, "u", "u@example.com").await;
    let masked = |first: u8, body: &[u8]| {
        let length = u8::try_from(body.len()).unwrap();
        [&[first, 0x80 | length, 0, 0, 0, 0], body].concat()
    };
    let large = [&[0x82, 0xfe, 0x20, 0x00, 0, 0, 0, 0][..], &[0; 0x2000]].concat();
    for (frame, code) in [
        (vec![0x81, 0x01, b'x'], 1002),
        (masked(0x83, b"x"), 1002),
        (masked(0xc1, b"x"), 1002),
        (masked(0x81, b"\xff"), 1007),
        (large, 1009),
    ] {
        let mut socket = connect(app, &served, &format!("tx_id={}", buyer.id)).await;
        next(&mut socket).await;
        let tokio_tungstenite::MaybeTlsStream::Plain(stream) = socket.get_mut() else {
            panic!("a plain connection")
        };
        stream.write_all(&frame).await.unwrap();
        assert_eq!(until_closed(&mut socket).await.1, code, "{:?}", &frame[..3]);
    }
    served.task.abort();
}

async fn who_has_seen_nothing_begins_with_the_present_state(app: &App) {
    let served = serve(app).await;
    let (a, b) = (
        Buyer::open(app, "u", "u@example.com").await,
        Buyer::open(app, "v", "v@example.com").await,
    );
    for after in ["0,0", "0,", ",", ",1"] {
        let query = format!("tx_id={},{}&after={after}", a.id, b.id);
        let mut socket = connect(app, &served, &query).await;
        let first = next(&mut socket).await;
        assert_eq!(first["merchant_transaction_id"], a.id.as_str(), "{after}");
        assert_eq!(
            (&first["status"], &first["sequence"]),
            (&"pending".into(), &1.into())
        );
    }
    served.task.abort();
}

async fn who_talks_is_pinged_all_the_same(app: &App) {
    let served = serve(app).await;
    let buyer = Buyer::open(app, "u", "u@example.com").await;
    let mut socket = connect(app, &served, &format!("tx_id={}", buyer.id)).await;
    next(&mut socket).await;
    // The server's clock runs 40 times as fast: a ping is due every half second.
    let talk = Duration::from_millis(50);
    let pinged = async {
        loop {
            match tokio::time::timeout(talk, socket.next()).await {
                Ok(Some(Ok(Message::Ping(_)))) => return,
                Ok(other) => panic!("{other:?}"),
                Err(_) => socket.send(Message::text("still here")).await.unwrap(),
            }
        }
    };
    tokio::time::timeout(BOUND, pinged).await.unwrap();
    served.task.abort();
}
