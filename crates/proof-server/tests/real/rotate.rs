//! A sandbox partner's token is exchanged or ended while the server is down.

use crate::server::{Server, open};
use std::path::Path;
use tokio::process::Command;

async fn token(data: &Path, command: &[&str], partner: &str) -> String {
    let output = Command::new(env!("CARGO_BIN_EXE_proof"))
        .args(["partner", "token"])
        .args(command)
        .args(["--partner", partner, "--data"])
        .arg(data)
        .output()
        .await
        .unwrap();
    assert!(output.status.success(), "{output:?}");
    String::from_utf8(output.stdout).unwrap()
}

#[tokio::test]
async fn the_sandbox_shows_a_token_that_works() {
    let data = tempfile::tempdir().unwrap();
    let server = Server::start(data.path(), 0).await;
    let first = server.ready["partners"][0].clone();
    server.kill().await;

    let id = first["partner_id"].as_str().unwrap();
    token(data.path(), &["rotate", "--grace-seconds", "0"], id).await;
    let server = Server::start(data.path(), 0).await;
    let second = server.ready["partners"][0]["client_token"].clone();
    assert_ne!(first["client_token"], second);
    open(&server, "ann", "buy").await;
    server.kill().await;

    // Nothing happened: the same token stays.
    let server = Server::start(data.path(), 0).await;
    assert_eq!(server.ready["partners"][0]["client_token"], second);
    server.kill().await;
}
