//! The real binary, and calls to it.

use proof_outbound::{Configured, HttpTransport, Outbound};
use serde_json::{Value, json};
use std::{path::Path, process::Stdio, sync::Arc};
use tokio::{
    io::{AsyncBufReadExt, BufReader},
    process::{Child, Command},
};

pub struct Server {
    child: Child,
    pub ready: Value,
}

impl Server {
    pub async fn start(data: &Path, shop_port: u16) -> Self {
        Self::start_with(data, shop_port, &[]).await
    }

    pub async fn start_with(data: &Path, shop_port: u16, more: &[&str]) -> Self {
        let mut child = Command::new(env!("CARGO_BIN_EXE_proof"))
            .args(["dev", "--port", "0", "--shop", "/nowhere", "--json"])
            .args(["--shop-port", &shop_port.to_string()])
            .args(["--metrics-port", "0"])
            .args(more)
            .arg("--data")
            .arg(data)
            .stdout(Stdio::piped())
            .kill_on_drop(true)
            .spawn()
            .unwrap();
        let stdout = child.stdout.take().unwrap();
        let line = BufReader::new(stdout).lines().next_line().await.unwrap();
        let ready = serde_json::from_str(&line.expect("the server came up")).unwrap();
        Self { child, ready }
    }

    /// SIGKILL: no handler runs, nothing is flushed.
    pub async fn kill(mut self) {
        self.child.kill().await.unwrap();
    }

    /// SIGTERM: it ends when everything is done.
    pub async fn stop(mut self) {
        let pid = self.child.id().unwrap().to_string();
        let asked = Command::new("kill").args(["-TERM", &pid]).status().await;
        assert!(asked.unwrap().success());
        let ended = self.child.wait().await.unwrap();
        assert!(ended.success(), "{ended}");
    }

    pub fn door(&self, url: &str, token: &str) -> Configured {
        let outbound = Outbound::new(Arc::new(HttpTransport::new().unwrap()));
        let base = self.ready[url].as_str().unwrap().parse().unwrap();
        outbound.configured("proof", base, Some(token.to_owned()))
    }

    /// What the chain says an address holds, in base units of USDT.
    pub async fn balance(&self, data: &Path, address: &str) -> u128 {
        let key = std::fs::read(data.join("sandbox").join("api.key")).unwrap();
        let key: String = key.iter().map(|byte| format!("{byte:02x}")).collect();
        let path = ["chains", "v1", "TRC20", "accounts", address];
        let account = self.door("world_url", &key).get(&path, &[]).await.unwrap();
        let account: Value = account.json().unwrap();
        let held = account["balances"]["USDT"].as_str().unwrap_or("0");
        held.parse().unwrap()
    }

    pub fn api(&self, token: &str) -> Configured {
        self.door("base_url", token)
    }
}

pub async fn post(door: &Configured, path: &[&str], body: Value) -> Value {
    let answer = door.post(path, &body).await.unwrap();
    assert!(
        answer.is_success(),
        "{path:?}: {} {:?}",
        answer.status,
        answer.json::<Value>()
    );
    answer.json().unwrap()
}

/// Makes a session for a user and opens the widget; returns the visit's token and the order's id.
pub async fn open(server: &Server, user: &str, kind: &str) -> (String, String) {
    let partner = &server.ready["partners"][0];
    let api = server.api(partner["client_token"].as_str().unwrap());
    let session = post(
        &api,
        &["widget", "session"],
        json!({
            "partner_user_id": user, "user_email": format!("{user}@example.com"),
            "network": "TRC20", "currency": "USDT", "amount": "100",
            "type": kind,
        }),
    )
    .await;
    let opened = post(
        &api,
        &["frame", "api", "visits"],
        json!({
            "widget_id": session["widget_id"], "init_token": session["init_token"],
            "parameters": session, "page_origin": partner["origins"][0],
        }),
    )
    .await;
    let id = session["merchant_transaction_id"]
        .as_str()
        .unwrap()
        .to_owned();
    (opened["visit_token"].as_str().unwrap().to_owned(), id)
}
