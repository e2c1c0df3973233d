//! What operators and partners' developers type, against the running server.

use crate::server::{Server, open};
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
    let base = server.ready["base_url"].as_str().unwrap();
    assert!(
        good && link.contains(&format!("{base}/console/invitations/inv_")),
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

    let forged = "UPDATE audit SET record = replace(record, 'alice', 'mallory') WHERE number = 5";
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
