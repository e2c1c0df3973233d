//! The sandbox world as a child process.

use crate::rails::SandboxConfig;
use anyhow::{Context, bail};
use proof_core::secret::Secret;
use serde::Deserialize;
use std::{path::Path, process::Stdio};
use tokio::{
    io::{AsyncBufReadExt, BufReader},
    process::{Child, ChildStdin, Command},
};
use url::Url;

/// The child, and where it listens. It ends when our end of its standard input closes.
pub struct ChildWorld {
    pub child: Child,
    /// Held here, since waiting for a child closes an input that is still with it.
    _input: Option<ChildStdin>,
    pub config: SandboxConfig,
}

#[derive(Deserialize)]
struct Ready {
    cards_url: Url,
    world_url: Url,
}

/// The same binary in another role.
pub const SUBCOMMAND: &str = "sandbox-world";

pub async fn start(data: &Path, key: String, seed: u64) -> anyhow::Result<ChildWorld> {
    let binary = std::env::current_exe().context("cannot find this program's own file")?;
    let mut child = Command::new(binary)
        .arg(SUBCOMMAND)
        .arg("--data")
        .arg(data)
        .args(["--seed", &seed.to_string()])
        // Not an argument: those are visible to everybody on the machine.
        .env("PROOF_SANDBOX_KEY", &key)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .kill_on_drop(true)
        .spawn()
        .context("cannot start the sandbox world")?;
    let config = {
        let Some(stdout) = child.stdout.take() else {
            bail!("the sandbox world has no output")
        };
        let line = BufReader::new(stdout).lines().next_line().await?;
        let line = line.context("the sandbox world ended before it was ready")?;
        let ready: Ready = serde_json::from_str(&line).context("unreadable sandbox world")?;
        SandboxConfig {
            cards_url: ready.cards_url,
            world_url: ready.world_url,
            key: Secret::new(key),
            movable_clock: true,
            wallets: false,
        }
    };
    let _input = child.stdin.take();
    Ok(ChildWorld {
        child,
        _input,
        config,
    })
}
