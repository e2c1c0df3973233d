//! What operators and partners' developers type, against the running server.

use crate::server::{self, Server, open};
use axum::{Router, http::HeaderMap, routing::post};
use std::{path::Path, process::Stdio, time::Duration};
use tokio::{
    io::{AsyncBufReadExt, BufReader},
    net::TcpListener,
    process::Command,
    sync::mpsc,
    time::timeout,
};

/// Anything that a terminal waits for.
const BOUND: Duration = Duration::from_secs(60);

fn proof(args: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_proof"));
    command.args(args).kill_on_drop(true);
    command
}

/// What it said, and whether it went well.
async fn said(args: &[&str]) -> (bool, String) {
    let output = proof(args).output().await.unwrap();
    let text = [output.stdout, output.stderr].concat();
    (output.status.success(), String::from_utf8(text).unwrap())
}

#[tokio::test]
async fn people_come_in_and_what_they_do_is_verified() {
    let data = tempfile::tempdir().unwrap();
    let server = Server::start(data.path(), 0).await;
    let folder = data.path().to_str().unwrap().to_owned();
    let (good, link) = said(&[
        "operator",
        "invite",
        "--email",
        "eve@example.com",
        "--data",
        &folder,
    ])
    .await;
    let console = server.ready["console_url"].as_str().unwrap();
    assert!(console.starts_with("http://localhost:"), "{console}");
    assert!(
        good && link.contains(&format!("{console}invitations/inv_")),
        "{link}"
    );
    let (good, code) = said(&["sandbox", "code", "alice", "--data", &folder]).await;
    assert!(good && code.trim().len() == 6, "{code}");
    let (good, whole) = said(&["audit", "verify", "--data", &folder]).await;
    assert!(good && whole.contains("each as it was written"), "{whole}");
    let oracle = || {
        let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../verify/audit.py");
        let database = data.path().join("proof.db");
        Command::new("python3").arg(script).arg(database).output()
    };
    let agreed = oracle().await.unwrap();
    assert!(agreed.status.success(), "{agreed:?}");
    server.kill().await;

    let forged = "UPDATE audit SET record = replace(record, 'alice', 'mallory') WHERE number = (SELECT min(number) FROM audit WHERE record LIKE '%alice%')";
    change(&data.path().join("proof.db"), forged).await;
    let (good, named) = said(&["audit", "verify", "--data", &folder]).await;
    assert!(!good && named.contains("record "), "{named}");
    let named = oracle().await.unwrap();
    assert_eq!(named.status.code(), Some(1), "{named:?}");
}

/// Server and world move together, and neither forgets it.
#[tokio::test]
async fn the_clock_of_a_sandbox_stays_moved() {
    let data = tempfile::tempdir().unwrap();
    let folder = data.path().to_str().unwrap().to_owned();
    let ahead = async |server: &Server| {
        let token = server.ready["partners"][0]["client_token"]
            .as_str()
            .unwrap();
        let api = server.api(token);
        let clock = api.get(&["widget", "sandbox", "clock"], &[]).await;
        let clock: serde_json::Value = clock.unwrap().json().unwrap();
        clock["ahead_seconds"].as_i64().unwrap()
    };
    let server = Server::start(data.path(), 0).await;
    assert_eq!(ahead(&server).await, 0);
    let (good, told) = said(&["sandbox", "advance", "90m", "--data", &folder]).await;
    assert!(good && told.contains("1 h 30 min ahead"), "{told}");
    let (good, refused) = said(&["sandbox", "advance", "60d", "--data", &folder]).await;
    assert!(!good && refused.contains("31d"), "{refused}");
    server.kill().await;
    let server = Server::start(data.path(), 0).await;
    assert_eq!(ahead(&server).await, 5_400);
}

/// Past the server, as an intruder would.
async fn change(database: &Path, sql: &str) {
    let script = "import sqlite3, sys\nc = sqlite3.connect(sys.argv[1])\nassert c.execute(sys.argv[2]).rowcount == 1\nc.commit()";
    let mut python = Command::new("python3");
    let changed = python
        .args(["-c", script])
        .arg(database)
        .arg(sql)
        .output()
        .await
        .unwrap();
    assert!(changed.status.success(), "{changed:?}");
}

#[tokio::test]
#[expect(clippy::disallowed_methods, reason = "the shop is the test's own")]
async fn developers_see_their_checklist_and_hear_what_happens() {
    let data = tempfile::tempdir().unwrap();
    let server = Server::start(data.path(), 0).await;
    let url = server.ready["base_url"].as_str().unwrap().to_owned();
    let token = server.ready["partners"][0]["client_token"]
        .as_str()
        .unwrap()
        .to_owned();
    let secret = server.ready["partners"][0]["webhook_secret"]
        .as_str()
        .unwrap()
        .to_owned();
    let (heard, mut told) = mpsc::channel(4);
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let forward = format!("http://{}/hook", listener.local_addr().unwrap());
    let hook = post(move |headers: HeaderMap, body: String| async move {
        let signature = headers["webhook-signature"].to_str().unwrap().to_owned();
        heard.send((signature, body)).await.unwrap();
        "noted"
    });
    let shop = tokio::spawn(async move {
        axum::serve(listener, Router::new().route("/hook", hook))
            .await
            .unwrap();
    });
    let asked = ["--url", url.as_str(), "--token", token.as_str()];
    let mut listen = proof(&["listen", "--forward", &forward, "--secret", &secret])
        .args(asked)
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(listen.stdout.take().unwrap()).lines();
    let ready = timeout(BOUND, lines.next_line()).await.unwrap().unwrap();
    assert!(ready.unwrap().starts_with("Waiting"));
    let (visit, id) = open(&server, "ann", "buy").await;
    let frame = server.api(&visit);
    let nothing = serde_json::json!({});
    let cancelled = frame.post(&["frame", "api", "cancel"], &nothing).await;
    assert!(cancelled.unwrap().is_success());
    let (signature, body) = timeout(BOUND, told.recv()).await.unwrap().unwrap();
    assert!(
        signature.starts_with("v1,") && body.contains(&id),
        "{signature} {body}"
    );
    assert!(body.contains("\"status\":\"cancelled\""), "{body}");
    shop.abort();

    let (good, list) = said(&[&["checklist"][..], &asked].concat()).await;
    assert!(list.contains("INT-1   passing"), "{list}");
    // The sandbox's own shop is not there: its webhook does not answer, and that is a red line.
    assert_eq!(good, !list.contains("red: "), "{list}");
    let (good, none) = said(&["scan", data.path().to_str().unwrap(), "--dry-run"]).await;
    assert!(
        !good && none.contains("holds no iOS or Android project"),
        "{none}"
    );
    server.kill().await;
}

/// A scenario from a terminal: what happens is printed as it happens, and the status says how it ended.
#[tokio::test]
async fn developers_have_scenarios_played() {
    let data = tempfile::tempdir().unwrap();
    let server = Server::start(data.path(), 0).await;
    let base = server.ready["base_url"].as_str().unwrap().to_owned();
    let token = server.ready["partners"][0]["client_token"]
        .as_str()
        .unwrap();
    let (good, list) = said(&["trigger", "--list"]).await;
    assert!(
        good && list.contains("sell-late") && list.contains("pending → "),
        "{list}"
    );
    let at = ["--url", base.as_str(), "--token", token];
    let both = [&["trigger", "buy-cancelled", "buy-expires"], &at[..]].concat();
    let (good, told) = said(&both).await;
    assert!(good, "{told}");
    for word in [
        "  pending\n",
        "  cancelled\n",
        "  failed\n",
        "  reached, order ",
    ] {
        assert!(told.contains(word), "{word}: {told}");
    }
    // This server's clock is an hour ahead now, and webhooks to nowhere are no scenario's matter.
    let (good, refused) = said(&[&["trigger", "nothing"], &at[..]].concat()).await;
    assert!(!good && refused.contains("no such scenario"), "{refused}");
    let (good, json) = said(&[&["trigger", "buy-cancelled", "--json"], &at[..]].concat()).await;
    let play: serde_json::Value = serde_json::from_str(&json).unwrap();
    assert!(good && play["state"] == "reached", "{json}");
}

/// One thing after the other is wrong, and each is named.
#[tokio::test]
async fn the_doctor_names_what_is_wrong() {
    let data = tempfile::tempdir().unwrap();
    let server = Server::start(data.path(), 0).await;
    let base = server.ready["base_url"].as_str().unwrap().to_owned();
    let shop = &server.ready["partners"][0];
    let token = shop["client_token"].as_str().unwrap();
    let origin = shop["origins"][0].as_str().unwrap();
    let handler = handler(shop["webhook_secret"].as_str().unwrap()).await;
    let at = ["--url", base.as_str(), "--token", token];
    let (_, told) = said(&[&["doctor", "--origin", origin], &at[..]].concat()).await;
    for line in [
        "ok       server",
        "ok       clock",
        "ok       token      is good, test",
        "ok       origin",
    ] {
        assert!(told.contains(line), "{line}: {told}");
    }
    assert!(
        told.contains("ok       pairs      BTC/BITCOIN buy and sell")
            || told.contains("USDT/TRC20 buy and sell"),
        "{told}"
    );
    assert!(told.contains("skipped  websocket"), "{told}");
    // Nobody listens where the demo shop would.
    assert!(told.contains("problem  webhook"), "{told}");
    let (good, told) =
        said(&[&["doctor", "--origin", "https://other.example"], &at[..]].concat()).await;
    assert!(
        !good && told.contains("https://other.example is not registered"),
        "{told}"
    );
    let (good, told) = said(&["doctor", "--url", &base, "--token", "sk_test_wrong"]).await;
    assert!(!good && told.contains("problem  token"), "{told}");
    let (good, told) = said(&["doctor", "--url", "http://127.0.0.1:9", "--token", token]).await;
    assert!(!good && told.contains("problem  server"), "{told}");
    // With an order there is something to follow.
    open(&server, "ann", "buy").await;
    let tried = |secret: &str| {
        let secret = secret.to_owned();
        let args = [
            "doctor",
            "--json",
            "--webhook-url",
            &handler,
            "--secret",
            &secret,
        ];
        let args: Vec<String> = args
            .iter()
            .chain(&at)
            .map(|arg| (*arg).to_owned())
            .collect();
        async move {
            let args: Vec<&str> = args.iter().map(String::as_str).collect();
            let output = proof(&args).output().await.unwrap();
            let told: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
            let state = |name: &str| {
                let mut checks = told["checks"].as_array().unwrap().iter();
                let check = checks.find(|check| check["name"] == name).unwrap();
                check["state"].as_str().unwrap().to_owned()
            };
            (state("websocket"), state("handler"))
        }
    };
    let secret = shop["webhook_secret"].as_str().unwrap();
    assert_eq!(tried(secret).await, ("ok".to_owned(), "ok".to_owned()));
    let other = "whsec_c29tZWJvZHkgZWxzZSdzIHNlY3JldCwgbm90IG91cnM=";
    assert_eq!(tried(other).await.1, "problem");
}

/// Somebody's handler that checks what it is sent with a secret.
#[expect(clippy::disallowed_methods, reason = "a shop beside the server")]
async fn handler(secret: &str) -> String {
    let secret = proof_core::secret::Secret::new(secret);
    let take = move |headers: HeaderMap, body: String| {
        let text = |name: &str| headers[name].to_str().unwrap().to_owned();
        let at: i64 = text("webhook-timestamp").parse().unwrap();
        let at = proof_core::Timestamp::from_micros(at * 1_000_000);
        let (id, given) = (text("webhook-id"), text("webhook-signature"));
        let own = proof_engine::webhook_signature(&[&secret], &[], &id, at, &body).unwrap();
        let status = if own == given { 204 } else { 401 };
        std::future::ready(axum::http::StatusCode::from_u16(status).unwrap())
    };
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let router = Router::new().route("/hook", post(take));
    tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
    format!("http://{address}/hook")
}

/// The command waits while a backend that takes errors well makes its calls, and says so.
#[tokio::test]
#[expect(
    clippy::disallowed_methods,
    reason = "the backend waits by the real clock"
)]
async fn a_backend_that_behaves_passes_the_probes() {
    let data = tempfile::tempdir().unwrap();
    let server = Server::start(data.path(), 0).await;
    let base = server.ready["base_url"].as_str().unwrap().to_owned();
    let token = server.ready["partners"][0]["client_token"]
        .as_str()
        .unwrap();
    let mut probing = proof(&["checklist", "--probe", "--url", &base, "--token", token])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut told = BufReader::new(probing.stderr.take().unwrap()).lines();
    let begun = timeout(BOUND, told.next_line()).await.unwrap().unwrap();
    assert!(begun.unwrap().starts_with("The probes begin"));
    let api = server.api(token);
    let session = serde_json::json!({
        "partner_user_id": "ann", "user_email": "ann@example.com",
        "network": "TRC20", "currency": "USDT", "amount": "100", "type": "buy",
    });
    for (code, pause_ms) in [
        ("WALLET_NOT_SUPPORTED", 0),
        ("currency_not_allowed", 0),
        ("provider_error", 150),
        ("provider_error", 300),
        ("provider_error", 600),
        ("", 0),
        ("forbidden_origin", 0),
    ] {
        let answer = api.post(&["widget", "session"], &session).await.unwrap();
        let body: serde_json::Value = answer.json().unwrap();
        assert_eq!(body["code"].as_str().unwrap_or_default(), code, "{body}");
        // What a backend does that was refused: it waits, longer each time.
        tokio::time::sleep(Duration::from_millis(pause_ms)).await;
    }
    // Nobody calls again for as long as the server watches.
    let later = serde_json::json!({ "advance": "45s" });
    server::post(&api, &["widget", "sandbox", "clock"], later).await;
    let ended = timeout(BOUND, probing.wait_with_output()).await.unwrap();
    let ended = ended.unwrap();
    let list = String::from_utf8(ended.stdout).unwrap();
    for line in [
        "ERR-2   passing",
        "retried after 0.",
        "ERR-3   passing",
        "the call was not repeated in 30 s",
    ] {
        assert!(list.contains(line), "{line}: {list}");
    }
    assert!(ended.status.success(), "{list}");
}
