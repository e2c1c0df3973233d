//! `proof sandbox …`: plays people outside, beside a running `proof dev`.

use crate::say::say;
use anyhow::{Context, bail};
use clap::{Args, Subcommand};
use proof_core::Network;
use proof_outbound::{HttpTransport, Outbound};
use serde::Deserialize;
use serde_json::json;
use std::{fs, path::PathBuf, sync::Arc};
use url::Url;

#[derive(Subcommand, Debug)]
pub enum SandboxCommand {
    /// The user's wallet sends coins to a sell's deposit address.
    Deposit(DepositArgs),
}

#[derive(Args, Debug)]
pub struct DepositArgs {
    /// The deposit address that the widget shows.
    #[arg(long)]
    address: String,
    /// TRC20, ERC20, BEP20 or BITCOIN.
    #[arg(long)]
    network: Network,
    /// USDT, BTC, …
    #[arg(long)]
    currency: String,
    /// Decimal: 100, 0.01.
    #[arg(long)]
    amount: String,
    /// The data folder of the running `proof dev`.
    #[arg(long, default_value = "data")]
    data: PathBuf,
    /// The sandbox world's URL, where there is no such folder.
    #[arg(long)]
    world_url: Option<Url>,
}

/// What `proof dev` leaves in its folder while it runs.
pub const READY_FILE: &str = "dev.json";

#[derive(Deserialize)]
struct Ready {
    world_url: Url,
}

#[derive(Deserialize)]
struct Sent {
    hash: String,
}

#[derive(Deserialize)]
struct Refused {
    message: String,
}

pub async fn run(command: SandboxCommand) -> anyhow::Result<()> {
    match command {
        SandboxCommand::Deposit(args) => deposit(args).await,
    }
}

async fn deposit(args: DepositArgs) -> anyhow::Result<()> {
    let world = match args.world_url {
        Some(url) => url,
        None => {
            let path = args.data.join(READY_FILE);
            let text = fs::read(&path).with_context(|| {
                let path = path.display();
                format!("{path} is not there: start `proof dev`, or give --world-url")
            })?;
            let ready: Ready = serde_json::from_slice(&text).context("unreadable dev.json")?;
            ready.world_url
        }
    };
    let outbound = Outbound::new(Arc::new(HttpTransport::new()?));
    let wallet = outbound.configured("sandbox wallet", world, None);
    let body = json!({
        "address": args.address,
        "currency": args.currency,
        "amount": args.amount,
    });
    let path = ["wallet", "v1", args.network.name(), "transfers"];
    let answer = wallet.post(&path, &body).await;
    let answer = answer.context("the sandbox world does not answer; is `proof dev` running?")?;
    if !answer.is_success() {
        let refused: Refused = answer.json().context("unreadable refusal")?;
        bail!("nothing was sent: {}", refused.message);
    }
    let sent: Sent = answer.json().context("unreadable answer")?;
    say(&format!(
        "{} {} sent on {}\nhash  {}\n",
        args.amount, args.currency, args.network, sent.hash
    ))
}
