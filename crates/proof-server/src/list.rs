//! `proof list …`: cards, persons and addresses with which nobody deals.

use crate::{
    operator::{Question, ask},
    order::ServerArgs,
    sanctions::{self, NamesArgs},
    say::say,
};
use clap::{Args, Subcommand, ValueEnum};
use proof_core::{operator::OperatorName, screening::ListedKind};
use proof_engine::{Listed, Page};
use std::fmt::Write;

#[derive(Subcommand, Debug)]
pub enum ListCommand {
    /// What is listed, and what was taken off, the newest first.
    Show(ShowArgs),
    /// Nobody deals with it any more. Running orders with it stop before money or crypto goes out.
    Add(SayArgs),
    /// Who on sanctions lists a name is like, and why.
    Names(NamesArgs),
    /// It may be dealt with again; what is frozen still waits for two people.
    Remove(SayArgs),
}

#[derive(Args, Debug)]
pub struct ShowArgs {
    #[command(flatten)]
    server: ServerArgs,
    /// Only what is older than the line with this number.
    #[arg(long, value_name = "LINE")]
    before: Option<i64>,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum Kind {
    /// A card's fingerprint, as `proof order show --json` tells it.
    Card,
    /// `per_…`
    Person,
    /// An address on any network.
    Address,
}

#[derive(Args, Debug)]
pub struct SayArgs {
    #[command(flatten)]
    server: ServerArgs,
    kind: Kind,
    value: String,
    /// Who you are: a name under [[operators]] in the configuration; alice or bob in `proof dev`.
    #[arg(long = "as")]
    by: OperatorName,
    /// Why; kept with the line.
    #[arg(long)]
    reason: String,
}

pub async fn run(command: ListCommand) -> anyhow::Result<()> {
    match command {
        ListCommand::Show(args) => show(args).await,
        ListCommand::Add(args) => speak(args, true).await,
        ListCommand::Remove(args) => speak(args, false).await,
        ListCommand::Names(args) => sanctions::names(args),
    }
}

async fn show(ShowArgs { server, before }: ShowArgs) -> anyhow::Result<()> {
    let page: Page<Listed> = ask(&server.socket()?, &Question::ListShow { before }).await?;
    let mut text = String::new();
    for one in &page.data {
        let what = if one.is_listed { "listed " } else { "removed" };
        let (line, kind, value) = (one.line, &one.kind, &one.value);
        writeln!(text, "{line:>5}  {}  {what}  {kind}  {value}", one.at)?;
        writeln!(text, "       by {}: {}", one.said_by, one.reason)?;
    }
    match (page.next_cursor, before) {
        (Some(line), _) => writeln!(text, "There are older lines: add --before {line}")?,
        (None, None) if page.data.is_empty() => text.push_str("The list is empty.\n"),
        (None, Some(line)) if page.data.is_empty() => {
            writeln!(text, "Nothing is older than line {line}.")?;
        }
        (None, _) => {}
    }
    say(&text)
}

async fn speak(args: SayArgs, is_listed: bool) -> anyhow::Result<()> {
    let kind = match args.kind {
        Kind::Card => ListedKind::Card,
        Kind::Person => ListedKind::Person,
        Kind::Address => ListedKind::Address,
    };
    let question = Question::ListSay {
        kind,
        value: args.value.clone(),
        is_listed,
        by: args.by,
        reason: args.reason,
    };
    let (): () = ask(&args.server.socket()?, &question).await?;
    let what = if is_listed { "listed" } else { "not listed" };
    say(&format!("the {} {} is {what}\n", kind.name(), args.value))
}
