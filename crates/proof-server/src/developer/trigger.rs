//! `proof trigger`: has the sandbox play a scenario, and watches.

use super::{API_URL, outbound, read};
use crate::{clock::SystemClock, say::say};
use anyhow::{Context, bail};
use clap::Args;
use proof_core::{Clock, Timestamp, scenario::SCENARIOS};
use proof_outbound::Configured;
use proof_port::Timer;
use serde::{Deserialize, Serialize};
use serde_json::json;
use std::fmt::Write;
use url::Url;

/// Pause between two looks.
const LOOK_MS: i64 = 500;

#[derive(Args, Debug)]
pub struct TriggerArgs {
    /// Which scenarios, one after the other: `sell-late`.
    #[arg(required_unless_present = "list")]
    scenarios: Vec<String>,
    /// Print the catalogue.
    #[arg(long)]
    list: bool,
    /// The API's URL.
    #[arg(long, env = "PROOF_URL", default_value = API_URL)]
    url: Url,
    /// Your client token.
    #[arg(
        long,
        env = "PROOF_TOKEN",
        hide_env_values = true,
        required_unless_present = "list"
    )]
    token: Option<String>,
    /// One line of JSON for each scenario, or the catalogue, instead of text.
    #[arg(long)]
    json: bool,
}

#[derive(Deserialize, Serialize)]
struct Play {
    id: String,
    scenario: String,
    state: String,
    merchant_transaction_id: Option<String>,
    reaches: Vec<String>,
    seen: Vec<Seen>,
    problem: Option<String>,
}

#[derive(Deserialize, Serialize)]
struct Seen {
    mark: String,
    at: String,
}

/// The exit status is 0 when every scenario reached what it states.
pub async fn trigger(args: TriggerArgs) -> anyhow::Result<()> {
    if args.list {
        return list(args.json);
    }
    let token = args.token.context("--token is missing")?;
    let api = outbound()?.configured("proof", args.url, Some(token));
    let mut missed = Vec::new();
    for name in &args.scenarios {
        let play = play(&api, name, args.json).await?;
        if play.state != "reached" {
            missed.push(name.as_str());
        }
    }
    if missed.is_empty() {
        return Ok(());
    }
    bail!("missed: {}", missed.join(", "))
}

fn list(json: bool) -> anyhow::Result<()> {
    let mut text = String::new();
    for one in SCENARIOS {
        if json {
            let line = json!({
                "name": one.name, "about": one.about, "side": one.side.name(),
                "area": one.area.name(), "moves_clock": one.moves_clock(), "reaches": one.reaches,
            });
            writeln!(text, "{line}")?;
            continue;
        }
        let clock = if one.moves_clock() {
            " (moves the clock)"
        } else {
            ""
        };
        writeln!(text, "{:<32} {}{clock}", one.name, one.about)?;
        writeln!(text, "{:32} {}", "", one.reaches.join(" → "))?;
    }
    say(&text)
}

async fn play(api: &Configured, name: &str, json: bool) -> anyhow::Result<Play> {
    let path = ["widget", "sandbox", "scenarios", name];
    let asked: Play = read(&api.post(&path, &json!({})).await?)?;
    let mut printed = 0;
    if !json {
        say(&format!("{name}  {}\n", asked.id))?;
    }
    loop {
        let path = ["widget", "sandbox", "plays", &asked.id];
        let play: Play = read(&api.get(&path, &[]).await?)?;
        let is_over = !["waiting", "playing"].contains(&play.state.as_str());
        if json {
            if is_over {
                say(&format!("{}\n", serde_json::to_string(&play)?))?;
            }
        } else {
            printed = tell(&play, printed, is_over)?;
        }
        if is_over {
            return Ok(play);
        }
        let at = SystemClock.now().plus_millis(LOOK_MS);
        SystemClock.sleep_until(at).await;
    }
}

/// Prints what is new; how much of it was printed.
fn tell(play: &Play, printed: usize, is_over: bool) -> anyhow::Result<usize> {
    let mut text = String::new();
    for seen in play.seen.iter().skip(printed) {
        writeln!(text, "  {}  {}", time_of_day(&seen.at), seen.mark)?;
    }
    if is_over {
        let order = play.merchant_transaction_id.as_deref().unwrap_or("none");
        writeln!(text, "  {}, order {order}", play.state)?;
        if let Some(problem) = &play.problem {
            writeln!(text, "  → {problem}")?;
        }
    }
    say(&text)?;
    Ok(play.seen.len())
}

/// The day is today's, or what a moved clock makes of it.
fn time_of_day(at: &str) -> &str {
    let is_time = Timestamp::parse(at).is_some();
    let shown = is_time.then(|| at.get(11..19)).flatten();
    shown.unwrap_or(at)
}
