//! What a partner's developers run beside their own code: `proof listen`, `proof checklist`,
//! `proof scan`, `proof trigger`, `proof doctor`. They know nothing but the partner's token and the published API;
//! only a doctor who is given a configuration knows an installation.

mod doctor;
mod listen;
mod scan;
mod trigger;

pub use doctor::{DoctorArgs, doctor};
pub use listen::{ListenArgs, listen};
pub use scan::{ScanArgs, scan};
pub use trigger::{TriggerArgs, trigger};

use crate::say::say;
use anyhow::{Context, bail};
use clap::Args;
use proof_outbound::{Answer, Configured, HttpTransport, Outbound, Places};
use serde::{Deserialize, de::DeserializeOwned};
use std::{fmt::Write, sync::Arc};
use url::Url;

/// Where `proof dev` listens.
const API_URL: &str = "http://127.0.0.1:8080";

/// Which server, and who asks.
#[derive(Args, Debug)]
pub struct ApiArgs {
    /// The API's URL.
    #[arg(long, env = "PROOF_URL", default_value = API_URL)]
    url: Url,
    /// Your client token.
    #[arg(long, env = "PROOF_TOKEN", hide_env_values = true)]
    token: String,
}

impl ApiArgs {
    fn api(&self) -> anyhow::Result<Configured> {
        let outbound = outbound()?;
        Ok(outbound.configured("proof", self.url.clone(), Some(self.token.clone())))
    }
}

fn outbound() -> anyhow::Result<Outbound> {
    Ok(Outbound::with_places(
        Arc::new(HttpTransport::new()?),
        Arc::new(Places::default()),
    ))
}

#[derive(Deserialize)]
struct Refused {
    code: String,
    message: String,
}

/// The answer, or what the server says is wrong.
fn read<T: DeserializeOwned>(answer: &Answer) -> anyhow::Result<T> {
    if !answer.is_success() {
        let status = answer.status;
        match answer.json::<Refused>() {
            Ok(refused) => bail!("{} ({})", refused.message, refused.code),
            Err(_) => bail!("the server answered {status}"),
        }
    }
    answer.json().context("another version answers")
}

#[derive(Args, Debug)]
pub struct ChecklistArgs {
    #[command(flatten)]
    api: ApiArgs,
    /// Have the server provoke errors in your next calls for a session, and watch.
    #[arg(long)]
    probe: bool,
    /// Only what is not green.
    #[arg(long)]
    open: bool,
}

#[derive(Deserialize)]
struct Checklist {
    lines: Vec<Line>,
    green: usize,
    of: usize,
}

#[derive(Deserialize)]
struct Line {
    id: String,
    text: String,
    state: String,
    why: String,
    next: Option<String>,
}

/// Prints the list. The exit status is 0 when no line is red.
pub async fn checklist(args: ChecklistArgs) -> anyhow::Result<()> {
    let api = args.api.api()?;
    let answer = if args.probe {
        let nothing = serde_json::json!({});
        api.post(&["widget", "checklist", "probe"], &nothing)
            .await?
    } else {
        api.get(&["widget", "checklist"], &[]).await?
    };
    let list: Checklist = read(&answer)?;
    let mut text = String::new();
    for line in &list.lines {
        let is_done = matches!(
            line.state.as_str(),
            "passing" | "signed_off" | "not_applicable"
        );
        if args.open && is_done {
            continue;
        }
        writeln!(text, "{:<7} {:<14} {}", line.id, line.state, line.text)?;
        writeln!(text, "{:22} {}", "", line.why)?;
        if let Some(next) = &line.next {
            writeln!(text, "{:22} → {next}", "")?;
        }
    }
    writeln!(text, "\n{} of {} lines are green.", list.green, list.of)?;
    if args.probe {
        text.push_str(
            "The probes begin with your next POST /widget/session; look again afterwards.\n",
        );
    }
    say(&text)?;
    let red: Vec<&str> = list
        .lines
        .iter()
        .filter(|line| line.state == "failing")
        .map(|line| line.id.as_str())
        .collect();
    if red.is_empty() {
        return Ok(());
    }
    bail!("red: {}", red.join(", "))
}
