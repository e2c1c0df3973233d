//! What the real server exports, against the dashboard, the alert rules and the page that names them.

use crate::restart_sell::accept;
use crate::server::{Server, open, post};
use crate::user::{card_token, follow, identify};
use serde_json::{Value, json};
use std::{collections::BTreeSet, fs, path::PathBuf};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};

/// Looks before a number counts as never shown; the server looks at itself every 15 s.
const LOOKS_MAX: u32 = 120;

async fn scrape(server: &Server) -> String {
    let url = server.ready["metrics_url"].as_str().unwrap();
    let host = url.trim_start_matches("http://").split('/').next().unwrap();
    let mut stream = TcpStream::connect(host).await.unwrap();
    let request = format!("GET /metrics HTTP/1.1\r\nhost: {host}\r\nconnection: close\r\n\r\n");
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut text = String::new();
    stream.read_to_string(&mut text).await.unwrap();
    assert!(text.starts_with("HTTP/1.1 200"), "{text}");
    assert!(text.contains("application/openmetrics-text"), "{text}");
    text
}

/// Names of the samples, as a query has to write them.
fn exported(text: &str) -> BTreeSet<String> {
    let samples = text.lines().filter(|line| line.starts_with("proof_"));
    let name = |line: &str| line.split(['{', ' ']).next().unwrap().to_owned();
    samples.map(name).collect()
}

/// Every name of ours in a text.
fn named(text: &str) -> BTreeSet<String> {
    let words = text.split(|c: char| !c.is_ascii_alphanumeric() && c != '_');
    let own = words.filter(|word| word.starts_with("proof_"));
    own.map(str::to_owned).collect()
}

fn file(path: &str) -> String {
    let root = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../..");
    fs::read_to_string(root.join(path)).unwrap()
}

/// What a sample is called where it is described: a histogram has three of them.
fn described(sample: &str) -> &str {
    let endings = ["_bucket", "_sum", "_count"];
    let mut bases = endings.iter().filter_map(|end| sample.strip_suffix(end));
    bases.next().unwrap_or(sample)
}

/// A long poll about an order of which there is no news: the server's own time passes.
async fn a_second(server: &Server, visit: &str) {
    let (api, path) = (server.api(visit), ["frame", "api", "order"]);
    let view: Value = api.get(&path, &[]).await.unwrap().json().unwrap();
    let seen = view["version"].to_string();
    let query = [("seen", seen.as_str()), ("wait", "1")];
    assert!(api.get(&path, &query).await.unwrap().is_success());
}

/// A buy that is done and a sell that waits, whose visit it gives.
async fn some_orders(server: &Server) -> String {
    let (visit, _) = open(server, "buyer", "buy").await;
    identify(server, &visit).await;
    follow(server, &visit, "quote").await;
    let api = server.api(&visit);
    let view = post(&api, &["frame", "api", "quote"], json!({})).await;
    let token = card_token(server, "4242424242424242").await;
    let body = json!({ "card_token": token, "quote_id": view["quote"]["id"] });
    post(&api, &["frame", "api", "payments"], body).await;
    follow(server, &visit, "completed").await;
    let (visit, _) = open(server, "seller", "sell").await;
    identify(server, &visit).await;
    follow(server, &visit, "terms").await;
    accept(server, &visit, "4242424242424242").await;
    visit
}

#[tokio::test]
async fn dashboard_and_alert_rules_name_what_is_exported_and_all_of_it_is_described() {
    let data = tempfile::tempdir().unwrap();
    let elsewhere = tempfile::tempdir().unwrap();
    let backup_to = elsewhere.path().to_str().unwrap();
    let more = ["--backup-to", backup_to, "--backup-continuous"];
    let server = Server::start_with(data.path(), 0, &more).await;
    let visit = some_orders(&server).await;
    let dashboard = named(&file("ops/grafana/proof.json"));
    let rules = named(&file("ops/prometheus/alerts.yml"));
    assert!(dashboard.len() > 20, "{dashboard:?}");
    assert!(rules.len() > 8, "{rules:?}");
    let wanted: BTreeSet<String> = dashboard.union(&rules).cloned().collect();
    let mut missing = wanted.clone();
    for _ in 0..LOOKS_MAX {
        let shown = exported(&scrape(&server).await);
        missing = wanted.difference(&shown).cloned().collect();
        if missing.is_empty() {
            break;
        }
        a_second(&server, &visit).await;
    }
    assert!(missing.is_empty(), "named and not exported: {missing:?}");
    let page = named(&file("docs/src/reference/metrics.md"));
    let shown = exported(&scrape(&server).await);
    let names: BTreeSet<&str> = shown.iter().map(|name| described(name)).collect();
    let silent: Vec<&&str> = names.iter().filter(|name| !page.contains(**name)).collect();
    assert!(silent.is_empty(), "exported and not described: {silent:?}");
    let gone: Vec<&String> = page
        .iter()
        .filter(|name| !names.contains(name.as_str()))
        .collect();
    assert!(gone.is_empty(), "described and not exported: {gone:?}");
    let backups = fs::read_dir(elsewhere.path()).unwrap().count();
    assert_eq!(backups, 2, "the first one is taken at once, beside the log");
    server.kill().await;
}
