//! `proof recovery …`: what happened outside since a backup, and an owner's word about it.

use crate::{
    operator::{Question, ask},
    order::ServerArgs,
    say::say,
};
use clap::Subcommand;
use proof_core::operator::OperatorName;
use proof_engine::RecoveryShown;
use std::fmt::Write;

#[derive(Subcommand, Debug)]
pub enum RecoveryCommand {
    /// What happened outside since the backup; in a server that goes on, what was accepted.
    Show {
        #[command(flatten)]
        server: ServerArgs,
        #[arg(long)]
        json: bool,
    },
    /// Takes all of it over, and lets the server go on. Owners only.
    Accept {
        #[command(flatten)]
        server: ServerArgs,
        /// Who you are: a name under [[operators]] with role = "owner"; alice in `proof dev`.
        #[arg(long = "as")]
        by: OperatorName,
        /// Of what you saw: refused if something else is found now.
        #[arg(long)]
        digest: Option<String>,
    },
}

pub async fn run(command: RecoveryCommand) -> anyhow::Result<()> {
    match command {
        RecoveryCommand::Show { server, json } => {
            let shown: RecoveryShown = ask(&server.socket()?, &Question::RecoveryShow).await?;
            if json {
                return say(&format!("{}\n", serde_json::to_string_pretty(&shown)?));
            }
            say(&told(&shown)?)
        }
        RecoveryCommand::Accept { server, by, digest } => {
            let question = Question::RecoveryAccept { by, digest };
            let shown: RecoveryShown = ask(&server.socket()?, &question).await?;
            say(&told(&shown)?)
        }
    }
}

fn told(shown: &RecoveryShown) -> anyhow::Result<String> {
    let mut text = String::new();
    let epoch = shown.epoch;
    match shown.life.as_str() {
        "recovering" => writeln!(text, "In recovery, epoch {epoch}: nothing moves.")?,
        "fenced" => writeln!(
            text,
            "Epoch {epoch} is over: another server took over. Stop this one."
        )?,
        _ => writeln!(text, "Not in recovery, epoch {epoch}.")?,
    }
    if let Some(last) = &shown.accepted {
        let (by, at, digest) = (&last.by, &last.at, &last.digest);
        writeln!(
            text,
            "Accepted by {by} at {at}, digest {digest}, epoch {}.",
            last.epoch
        )?;
    }
    if !shown.orders.is_empty() {
        writeln!(
            text,
            "\nOrders that are further outside ({})",
            shown.orders.len()
        )?;
    }
    for one in &shown.orders {
        let (order, what, state) = (one.order, &one.what, &one.state);
        writeln!(text, "  {order}  {what}  here: {state}")?;
        for line in &one.outside {
            writeln!(text, "      {line}")?;
        }
        writeln!(text, "      → {}", one.then)?;
    }
    if !shown.unknown.is_empty() {
        let count = shown.unknown.len();
        writeln!(text, "\nOrders that this database does not know ({count})")?;
    }
    for one in &shown.unknown {
        writeln!(text, "  {}", one.order)?;
        for line in &one.outside {
            writeln!(text, "      {line}")?;
        }
        for line in &one.then {
            writeln!(text, "      → {line}")?;
        }
    }
    for (title, lines) in [
        ("Wallets that differ", &shown.wallets),
        ("Kept apart", &shown.kept_apart),
    ] {
        if !lines.is_empty() {
            writeln!(text, "\n{title} ({})", lines.len())?;
        }
        for line in lines {
            writeln!(text, "  {line}")?;
        }
    }
    if shown.life == "recovering" {
        let digest = &shown.digest;
        writeln!(
            text,
            "\nAn owner accepts exactly this with: proof recovery accept --as OWNER --digest {digest}"
        )?;
    }
    Ok(text)
}
