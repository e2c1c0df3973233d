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

use crate::{clock::SystemClock, say::say};
use anyhow::{Context, bail};
use clap::Args;
use proof_core::Clock;
use proof_outbound::{Answer, Configured, HttpTransport, Outbound, Places};
use proof_port::Timer;
use serde::{Deserialize, de::DeserializeOwned};
use std::{fmt::Write, sync::Arc};
use url::Url;

/// Where `proof dev` listens.
const API_URL: &str = "http://127.0.0.1:8080";

/// How often the list is looked at while probes are under way: for two minutes at most.
const PROBE_LOOKS: usize = 60;
const PROBE_LOOK_SECONDS: i64 = 2;

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
    /// Have the server provoke errors in your next calls for a session, wait for what comes of it (at most
    /// two minutes), and judge then.
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
    probing: bool,
}

#[derive(Deserialize)]
struct Line {
    id: String,
    text: String,
    state: String,
    why: String,
    next: Option<String>,
    matrix: Option<Vec<Cell>>,
}

/// A pair and side, and whether users will ask for it.
#[derive(Deserialize)]
struct Cell {
    pair: String,
    side: String,
    state: String,
    asked: bool,
}

impl Cell {
    /// Of the line with this id.
    fn told(&self, line: &str) -> String {
        let words = match (line, self.state.as_str()) {
            ("COV-1", "failing") => "not enabled",
            ("COV-1", _) => "enabled",
            (_, state) => state,
        };
        format!("{:<4} {:<14} {words}", self.side, self.pair)
    }
}

/// The list as it is printed, with the pairs that users will ask for where a line is about pairs.
fn printed(list: &Checklist, only_open: bool) -> Result<String, std::fmt::Error> {
    let mut text = String::new();
    for line in &list.lines {
        let is_done = matches!(
            line.state.as_str(),
            "passing" | "signed_off" | "not_applicable"
        );
        if only_open && is_done {
            continue;
        }
        writeln!(text, "{:<7} {:<14} {}", line.id, line.state, line.text)?;
        writeln!(text, "{:22} {}", "", line.why)?;
        for cell in line.matrix.iter().flatten().filter(|cell| cell.asked) {
            writeln!(text, "{:22} {}", "", cell.told(&line.id))?;
        }
        if let Some(next) = &line.next {
            writeln!(text, "{:22} → {next}", "")?;
        }
    }
    writeln!(text, "\n{} of {} lines are green.", list.green, list.of)?;
    Ok(text)
}

/// Errors are provoked, and the list is what it is once they are judged, or time is up.
async fn probed(api: &Configured) -> anyhow::Result<Checklist> {
    let nothing = serde_json::json!({});
    let path = ["widget", "checklist", "probe"];
    let begun: Checklist = read(&api.post(&path, &nothing).await?)?;
    eprintln!("The probes begin with your next POST /widget/session.");
    let mut list = begun;
    for _ in 0..PROBE_LOOKS {
        if !list.probing {
            break;
        }
        let at = SystemClock.now().plus_seconds(PROBE_LOOK_SECONDS);
        SystemClock.sleep_until(at).await;
        list = read(&api.get(&["widget", "checklist"], &[]).await?)?;
    }
    Ok(list)
}

/// Prints the list. The exit status is 0 when no line is red, and no probe is left to judge.
pub async fn checklist(args: ChecklistArgs) -> anyhow::Result<()> {
    let api = args.api.api()?;
    let list: Checklist = if args.probe {
        probed(&api).await?
    } else {
        read(&api.get(&["widget", "checklist"], &[]).await?)?
    };
    say(&printed(&list, args.open)?)?;
    let red: Vec<&str> = list
        .lines
        .iter()
        .filter(|line| line.state == "failing")
        .map(|line| line.id.as_str())
        .collect();
    if !red.is_empty() {
        bail!("red: {}", red.join(", "));
    }
    if args.probe && list.probing {
        bail!(
            "the probes were not over after two minutes: your backend has to make its calls for a session meanwhile"
        );
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_pairs_that_are_asked_for_are_printed() {
        let cell = |side: &str, state: &str, asked: bool| serde_json::json!({ "pair": "USDT/TRC20", "side": side, "state": state, "asked": asked });
        let line = |id: &str, state: &str, matrix: serde_json::Value| serde_json::json!({ "id": id, "text": "T", "state": state, "why": "W.", "next": null, "matrix": matrix });
        let sides = [("buy", "passing", true), ("sell", "failing", true)];
        let both = sides.map(|(side, state, asked)| cell(side, state, asked));
        let lines = [
            line("COV-1", "failing", serde_json::json!(both)),
            line(
                "COV-2",
                "unseen",
                serde_json::json!([cell("buy", "unseen", true), cell("sell", "unseen", false)]),
            ),
            line("PAY-1", "passing", serde_json::Value::Null),
        ];
        let list = serde_json::json!({ "lines": lines, "green": 1, "of": 3, "probing": false });
        let list: Checklist = serde_json::from_value(list).unwrap();
        let text = printed(&list, true).unwrap();
        let pairs: Vec<&str> = text
            .lines()
            .map(str::trim)
            .filter(|line| line.contains("USDT"))
            .collect();
        assert_eq!(
            pairs,
            [
                "buy  USDT/TRC20     enabled",
                "sell USDT/TRC20     not enabled",
                "buy  USDT/TRC20     unseen",
            ]
        );
        assert!(!text.contains("PAY-1") && text.ends_with("1 of 3 lines are green.\n"));
        assert!(printed(&list, false).unwrap().contains("PAY-1   passing"));
    }
}
