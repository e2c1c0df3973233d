//! The demo shop: a merchant's own program, started as one.

use super::demo::DemoPartner;
use anyhow::Context;
use serde::Deserialize;
use std::{
    net::{Ipv4Addr, TcpListener},
    path::Path,
    process::{ExitStatus, Stdio},
};
use tokio::{
    io::{AsyncBufReadExt, BufReader},
    process::{Child, ChildStdin, Command},
};
use url::Url;

pub struct Shop {
    pub url: String,
    child: Child,
    /// Held here, since waiting for a child closes an input that is still with it.
    _input: Option<ChildStdin>,
}

#[derive(Deserialize)]
struct Ready {
    shop_url: String,
}

/// The shop's port has to be known before it starts, since its origin is registered first.
pub fn port(wanted: u16) -> anyhow::Result<u16> {
    let probe = TcpListener::bind((Ipv4Addr::LOCALHOST, wanted));
    let probe = probe.with_context(|| {
        format!("port {wanted} is taken; choose another with --shop-port, 0 for any")
    })?;
    Ok(probe.local_addr()?.port())
}

/// Who the shop talks to.
pub struct Urls<'a> {
    pub proof: &'a str,
    /// Where the shop's page plays the user's wallet.
    pub sandbox: &'a Url,
}

/// Starts the shop as the first demo partner. `None`: it is not installed here.
pub async fn start(
    dir: &Path,
    port: u16,
    urls: Urls<'_>,
    partners: &[DemoPartner],
) -> anyhow::Result<Option<Shop>> {
    let script = dir.join("server.js");
    let Some(partner) = partners.first().filter(|_| script.exists()) else {
        return Ok(None);
    };
    let mut child = Command::new("node")
        .arg(&script)
        .env("PROOF_URL", urls.proof)
        .env("PROOF_SANDBOX_URL", urls.sandbox.as_str())
        .env("PROOF_TOKEN", &partner.client_token)
        .env("PROOF_PARTNER_TYPE", &partner.kind)
        .env("PROOF_WEBHOOK_SECRET", &partner.webhook_secret)
        .env("SHOP_PORT", port.to_string())
        .env("SHOP_EXIT_ON_STDIN_CLOSE", "1")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .kill_on_drop(true)
        .spawn()
        .context("cannot start the demo shop: is Node.js installed?")?;
    let stdout = child.stdout.take().context("the demo shop has no output")?;
    let line = BufReader::new(stdout).lines().next_line().await?;
    let line = line.context("the demo shop ended before it was ready; run `make dev`")?;
    let ready: Ready = serde_json::from_str(&line).context("unreadable demo shop")?;
    let _input = child.stdin.take();
    Ok(Some(Shop {
        url: ready.shop_url,
        child,
        _input,
    }))
}

/// Resolves when the shop ends; never, if there is none.
pub async fn ended(shop: Option<&mut Shop>) -> std::io::Result<ExitStatus> {
    match shop {
        Some(shop) => shop.child.wait().await,
        None => std::future::pending().await,
    }
}
