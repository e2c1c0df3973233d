//! `proof order …`: what operators do about orders that wait for people.

use crate::{
    config::Config,
    operator::{Question, SOCKET_FILE, ask},
    say::say,
};
use anyhow::{Context, bail};
use clap::{Args, Subcommand};
use proof_core::{
    id::{IdError, OrderId},
    operator::OperatorName,
    order::Ruling,
};
use proof_engine::{OrderListed, OrderStory, Ruled, StoryTrouble};
use std::{fmt::Write, path::PathBuf};

#[derive(Subcommand, Debug)]
pub enum OrderCommand {
    /// Orders that wait for people, the longest first.
    List(ServerArgs),
    /// One order's whole story, and what may be decided about it.
    Show {
        #[command(flatten)]
        server: ServerArgs,
        #[arg(value_parser = order_id)]
        order: OrderId,
        /// As JSON, with every fact.
        #[arg(long)]
        json: bool,
    },
    /// Let it go on from where it stopped, with new time. Two operators.
    Approve(RuleArgs),
    /// Give the money back, or the hold; of an order that has ended perhaps a part. Two operators.
    Refund {
        #[command(flatten)]
        rule: RuleArgs,
        /// The provider refused: the money went back by this bank transfer.
        #[arg(long)]
        by_bank: Option<String>,
        /// Of an order that has ended, only so much: 10.00.
        #[arg(long, conflicts_with = "by_bank")]
        amount: Option<String>,
    },
    /// Send a sell's crypto back to its refund address. Two operators.
    Return(RuleArgs),
}

/// Which running server.
#[derive(Args, Debug)]
#[group(multiple = false)]
pub struct ServerArgs {
    /// The configuration file of a running `proof serve`.
    #[arg(long)]
    config: Option<PathBuf>,
    /// The data folder of a running `proof dev`.
    #[arg(long, default_value = "data")]
    data: PathBuf,
}

impl ServerArgs {
    pub fn socket(&self) -> anyhow::Result<PathBuf> {
        match &self.config {
            None => Ok(self.data.join(SOCKET_FILE)),
            Some(path) => Config::read(path)?
                .operator_socket
                .context("this configuration has no operator_socket"),
        }
    }
}

#[derive(Args, Debug)]
pub struct RuleArgs {
    #[command(flatten)]
    server: ServerArgs,
    /// `ord_…`, or the partner's merchant_transaction_id.
    #[arg(value_parser = order_id)]
    order: OrderId,
    /// Who you are: a name under [[operators]] in the configuration; alice or bob in `proof dev`.
    #[arg(long = "as")]
    by: OperatorName,
    /// Why; kept with the order.
    #[arg(long)]
    reason: String,
}

/// Operators read ids in partners' mails as well as in ours.
pub fn order_id(text: &str) -> Result<OrderId, String> {
    let plain = || format!("ord_{text}").parse();
    text.parse()
        .or_else(|_| plain())
        .map_err(|_: IdError| "must be ord_… or a merchant_transaction_id".to_owned())
}

pub async fn run(command: OrderCommand) -> anyhow::Result<()> {
    match command {
        OrderCommand::List(server) => {
            let list: Vec<OrderListed> = ask(&server.socket()?, &Question::OrderList).await?;
            say(&listed(&list)?)
        }
        OrderCommand::Show {
            server,
            order,
            json,
        } => {
            let story = Question::OrderShow { order };
            let story: OrderStory = ask(&server.socket()?, &story).await?;
            if json {
                return say(&format!("{}\n", serde_json::to_string_pretty(&story)?));
            }
            say(&told(&story)?)
        }
        OrderCommand::Approve(args) => rule(args, Ruling::Approve).await,
        OrderCommand::Return(args) => rule(args, Ruling::Return).await,
        OrderCommand::Refund {
            rule: args,
            by_bank: None,
            amount,
        } => refund(args, amount).await,
        OrderCommand::Refund {
            rule: args,
            by_bank: Some(transfer),
            amount: _,
        } => {
            if transfer.trim().is_empty() {
                bail!("--by-bank names the bank transfer that was made");
            }
            rule(args, Ruling::RefundedByBank { transfer }).await
        }
    }
}

async fn rule(args: RuleArgs, ruling: Ruling) -> anyhow::Result<()> {
    let (order, name) = (args.order, ruling.name());
    let question = Question::OrderRule {
        order,
        ruling,
        by: args.by,
        reason: args.reason,
    };
    say(&match ask(&args.server.socket()?, &question).await? {
        Ruled::Proposed => {
            format!("{name} is proposed for {order}; a second operator has to say the same\n")
        }
        Ruled::Done => format!("{name} is agreed for {order} and under way\n"),
    })
}

async fn refund(args: RuleArgs, amount: Option<String>) -> anyhow::Result<()> {
    let order = args.order;
    let question = Question::OrderRefund {
        order,
        amount,
        by: args.by,
        reason: args.reason,
    };
    say(&match ask(&args.server.socket()?, &question).await? {
        Ruled::Proposed => {
            format!("the refund is proposed for {order}; a second operator has to say the same\n")
        }
        Ruled::Done => format!("the refund is agreed for {order} and under way\n"),
    })
}

fn listed(list: &[OrderListed]) -> anyhow::Result<String> {
    let mut text = String::new();
    for one in list {
        writeln!(
            text,
            "{}  {:<4}  {}  stopped in {} since {}: {}",
            one.order, one.side, one.amount, one.stopped_in, one.since, one.why
        )?;
        if let Some(proposed) = &one.proposed {
            writeln!(text, "    proposed: {proposed}")?;
        }
    }
    if list.is_empty() {
        text.push_str("No order waits for people.\n");
    }
    Ok(text)
}

fn told(story: &OrderStory) -> anyhow::Result<String> {
    let mut text = String::new();
    writeln!(text, "order   {}", story.order)?;
    writeln!(text, "status  {}", story.status)?;
    writeln!(text, "state   {}", story.state)?;
    if let Some(at) = &story.looks_again_at {
        writeln!(text, "looks again at {at}")?;
    }
    if let Some(trouble) = &story.trouble {
        trouble_told(&mut text, "", trouble)?;
    }
    if !story.rulings.is_empty() {
        writeln!(text, "two operators may  {}", story.rulings.join(", "))?;
    }
    writeln!(text, "\nevents")?;
    for event in &story.events {
        let (sequence, at, kind, body) = (event.sequence, &event.at, &event.kind, &event.body);
        writeln!(text, "  {sequence:>3}  {at}  {kind}  {body}")?;
    }
    writeln!(text, "\nledger (debit positive, base units)")?;
    for posting in &story.postings {
        let (at, entry) = (&posting.at, &posting.entry);
        writeln!(
            text,
            "  {at}  {entry:<12}  {:>24}  {}",
            posting.amount, posting.account
        )?;
    }
    for case in &story.cases {
        writeln!(
            text,
            "\ncase {}  {}  {}  {}",
            case.case, case.kind, case.state, case.amount
        )?;
    }
    Ok(text)
}

/// Why something does not get on.
pub fn trouble_told(text: &mut String, indent: &str, trouble: &StoryTrouble) -> std::fmt::Result {
    let (why, tries, at) = (&trouble.why, trouble.tries, &trouble.again_at);
    writeln!(text, "{indent}does not get on: {why}")?;
    if tries > 0 {
        writeln!(text, "{indent}tried {tries} times in a row, again at {at}")?;
    }
    Ok(())
}
