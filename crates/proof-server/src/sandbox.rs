//! `proof sandbox …`: plays people outside, beside a running `proof dev`.

use crate::{
    clock::SystemClock,
    dev::people::{self, DemoPerson},
    operator::{Question, ask},
    order::{ServerArgs, order_id},
    say::say,
};
use anyhow::{Context, bail};
use clap::{Args, Subcommand};
use proof_core::{
    Clock, Fiat, Network,
    id::OrderId,
    money::Money,
    time::{span_seconds, span_words},
};
use proof_outbound::{HttpTransport, Outbound};
use serde::{Deserialize, de::DeserializeOwned};
use serde_json::json;
use std::{
    fs,
    path::{Path, PathBuf},
    sync::Arc,
};
use url::Url;

#[derive(Subcommand, Debug)]
pub enum SandboxCommand {
    /// The user's wallet sends coins to a sell's deposit address.
    Deposit(DepositArgs),
    /// The cardholder disputes the payment of a buy.
    Dispute(DisputeArgs),
    /// The cardholder's bank goes on with a dispute.
    Bank(BankArgs),
    /// The bank of a sell's card sends its payout back.
    Bounce {
        /// `ord_…`, or the partner's merchant_transaction_id.
        #[arg(value_parser = order_id)]
        order: OrderId,
        #[command(flatten)]
        place: WhereArgs,
    },
    /// Time passes at once, for the server and for the world: what waits for it happens.
    Advance {
        /// 90s, 45m, 6h or 2d.
        #[arg(value_parser = span)]
        by: i64,
        #[command(flatten)]
        server: ServerArgs,
    },
    /// What the authenticator app of one of the console's demo people shows now.
    Code {
        /// alice, bob or carol.
        name: String,
        #[command(flatten)]
        place: WhereArgs,
    },
}

/// Which sandbox.
#[derive(Args, Debug)]
pub struct WhereArgs {
    /// The data folder of the running `proof dev`.
    #[arg(long, default_value = "data")]
    data: PathBuf,
}

#[derive(Args, Debug)]
pub struct DisputeArgs {
    /// `ord_…`, or the partner's merchant_transaction_id.
    #[arg(value_parser = order_id)]
    order: OrderId,
    /// Only so much of it: 10.00.
    #[arg(long)]
    amount: Option<String>,
    /// In which currency the amount is.
    #[arg(long, default_value = "EUR")]
    currency: Fiat,
    /// The bank only asks; no money moves yet.
    #[arg(long)]
    inquiry: bool,
    #[command(flatten)]
    place: WhereArgs,
}

#[derive(Args, Debug)]
pub struct BankArgs {
    /// `dp_…`
    dispute: String,
    step: BankStep,
    #[command(flatten)]
    place: WhereArgs,
}

#[derive(Clone, Copy, Debug, clap::ValueEnum)]
enum BankStep {
    /// An inquiry becomes a dispute.
    Escalate,
    /// The merchant wins.
    Win,
    /// The merchant loses.
    Lose,
    /// An inquiry comes to nothing.
    Close,
}

impl BankStep {
    const fn name(self) -> &'static str {
        match self {
            Self::Escalate => "escalate",
            Self::Win => "win",
            Self::Lose => "lose",
            Self::Close => "close",
        }
    }
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
    /// The address that it comes from; without one, a stranger's.
    #[arg(long)]
    from: Option<String>,
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
    cards_url: Url,
}

#[derive(Deserialize)]
struct DisputeTold {
    id: String,
    stage: String,
}

impl DisputeTold {
    fn say(&self) -> anyhow::Result<()> {
        say(&format!("dispute {}  {}\n", self.id, self.stage))
    }
}

#[derive(Deserialize)]
struct PayoutTold {
    reference: String,
    status: String,
}

#[derive(Deserialize)]
struct Moved {
    now: String,
    ahead_seconds: i64,
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
        SandboxCommand::Dispute(args) => dispute(args).await,
        SandboxCommand::Code { name, place } => code(&name, &place),
        SandboxCommand::Advance { by, server } => advance(by, &server).await,
        SandboxCommand::Bank(args) => {
            let path = ["bank", "v1", "disputes", &args.dispute];
            let body = json!({ "step": args.step.name() });
            let told: DisputeTold = bank(&args.place, &path, body).await?;
            told.say()
        }
        SandboxCommand::Bounce { order, place } => {
            let payout = order.uuid().simple().to_string();
            let path = ["bank", "v1", "payouts", &payout, "bounce"];
            let told: PayoutTold = bank(&place, &path, json!({})).await?;
            say(&format!("payout {}  {}\n", told.reference, told.status))
        }
    }
}

fn ready(data: &Path) -> anyhow::Result<Ready> {
    let path = data.join(READY_FILE);
    let text = fs::read(&path).with_context(|| {
        let path = path.display();
        format!("{path} is not there: start `proof dev`, or say where with --data")
    })?;
    serde_json::from_slice(&text).context("unreadable dev.json")
}

async fn dispute(args: DisputeArgs) -> anyhow::Result<()> {
    let amount = match &args.amount {
        None => serde_json::Value::Null,
        Some(text) => {
            let money =
                Money::parse(args.currency, text).context("--amount is a decimal: 10.00")?;
            json!({ "currency": args.currency, "minor": money.minor().to_string() })
        }
    };
    let payment = args.order.uuid().simple().to_string();
    let path = ["bank", "v1", "payments", &payment, "disputes"];
    let body = json!({ "amount": amount, "inquiry": args.inquiry });
    let told: DisputeTold = bank(&args.place, &path, body).await?;
    told.say()
}

/// The cardholder's bank, at the card processor.
async fn bank<T: DeserializeOwned>(
    place: &WhereArgs,
    path: &[&str],
    body: serde_json::Value,
) -> anyhow::Result<T> {
    let outbound = Outbound::new(Arc::new(HttpTransport::new()?));
    let cards = ready(&place.data)?.cards_url;
    let answer = outbound
        .configured("sandbox bank", cards, None)
        .post(path, &body)
        .await
        .context("the sandbox does not answer; is `proof dev` running?")?;
    if !answer.is_success() {
        let refused: Refused = answer.json().context("unreadable refusal")?;
        bail!("the bank does nothing: {}", refused.message);
    }
    answer.json().context("unreadable answer")
}

async fn deposit(args: DepositArgs) -> anyhow::Result<()> {
    let world = match args.world_url {
        Some(url) => url,
        None => ready(&args.data)?.world_url,
    };
    let outbound = Outbound::new(Arc::new(HttpTransport::new()?));
    let wallet = outbound.configured("sandbox wallet", world, None);
    let body = json!({
        "address": args.address,
        "currency": args.currency,
        "amount": args.amount,
        "sender": args.from,
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

fn code(name: &str, place: &WhereArgs) -> anyhow::Result<()> {
    let path = place.data.join(people::FILE);
    let text = fs::read(&path)
        .with_context(|| format!("no sandbox has run in {}", place.data.display()))?;
    let people: Vec<DemoPerson> = serde_json::from_slice(&text)?;
    let person = people.iter().find(|person| person.name == name);
    let person = person.with_context(|| {
        let names: Vec<&str> = people.iter().map(|person| person.name.as_str()).collect();
        format!(
            "nobody is called {name} here; there are {}",
            names.join(", ")
        )
    })?;
    let now = SystemClock.now().seconds();
    say(&format!("{}\n", people::code(&person.totp_secret, now)?))
}

fn span(text: &str) -> Result<i64, String> {
    span_seconds(text).ok_or_else(|| "a time is a number and s, m, h or d: 45m".to_owned())
}

async fn advance(seconds: i64, server: &ServerArgs) -> anyhow::Result<()> {
    let question = Question::ClockAdvance { seconds };
    let told: Moved = ask(&server.socket()?, &question).await?;
    let ahead = span_words(told.ahead_seconds);
    say(&format!(
        "it is {} here, {ahead} ahead of the real time\n",
        told.now
    ))
}
