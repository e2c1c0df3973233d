//! `proof case …`: what operators do about money outside of its order's happy path.

use crate::{
    operator::{Question, ask},
    order::ServerArgs,
    say::say,
};
use anyhow::bail;
use clap::{Args, Subcommand};
use proof_core::{claim::ClaimRuling, id::CaseId, operator::OperatorName};
use proof_engine::{CaseStory, Ruled};
use std::fmt::Write;

#[derive(Subcommand, Debug)]
pub enum CaseCommand {
    /// Cases that wait for people, the oldest first.
    List(ServerArgs),
    /// One case, and what may be decided about it.
    Show {
        #[command(flatten)]
        server: ServerArgs,
        /// `cas_…`
        case: CaseId,
    },
    /// Let it go on, with new time; a return that is proven dead is tried again. Two operators.
    Approve(RuleArgs),
    /// It cannot be given back: what is owed is kept apart. Two operators.
    WriteOff(RuleArgs),
    /// Nobody wants this refund any more. One operator.
    Withdraw(RuleArgs),
    /// A dispute that was lost has paid this refund. Two operators.
    PaidByDispute(RuleArgs),
    /// The provider refused a refund, and the money went back by bank. Two operators.
    RefundedByBank {
        #[command(flatten)]
        rule: RuleArgs,
        /// The bank transfer that was made.
        #[arg(long)]
        transfer: String,
    },
    /// Hand in evidence against a dispute. One operator: the bank does not wait.
    Contest {
        #[command(flatten)]
        rule: RuleArgs,
        /// What shows that the payment was the cardholder's own.
        #[arg(long)]
        evidence: String,
    },
    /// Give in to a dispute. Two operators.
    Accept(RuleArgs),
}

#[derive(Args, Debug)]
pub struct RuleArgs {
    #[command(flatten)]
    server: ServerArgs,
    /// `cas_…`
    case: CaseId,
    /// Who you are: a name under [[operators]] in the configuration; alice or bob in `proof dev`.
    #[arg(long = "as")]
    by: OperatorName,
    /// Why; kept with the order.
    #[arg(long)]
    reason: String,
}

pub async fn run(command: CaseCommand) -> anyhow::Result<()> {
    match command {
        CaseCommand::List(server) => {
            let list: Vec<CaseStory> = ask(&server.socket()?, &Question::CaseList).await?;
            let mut text = String::new();
            for one in &list {
                told(&mut text, one)?;
            }
            if list.is_empty() {
                text.push_str("No case waits for people.\n");
            }
            say(&text)
        }
        CaseCommand::Show { server, case } => {
            let question = Question::CaseShow { case };
            let story: CaseStory = ask(&server.socket()?, &question).await?;
            let mut text = String::new();
            told(&mut text, &story)?;
            say(&text)
        }
        CaseCommand::Approve(args) => rule(args, ClaimRuling::Approve).await,
        CaseCommand::WriteOff(args) => rule(args, ClaimRuling::WriteOff).await,
        CaseCommand::PaidByDispute(args) => rule(args, ClaimRuling::PaidByDispute).await,
        CaseCommand::Withdraw(args) => rule(args, ClaimRuling::Withdraw).await,
        CaseCommand::RefundedByBank {
            rule: args,
            transfer,
        } => {
            if transfer.trim().is_empty() {
                bail!("--transfer names the bank transfer that was made");
            }
            rule(args, ClaimRuling::RefundedByBank { transfer }).await
        }
        CaseCommand::Contest {
            rule: args,
            evidence,
        } => {
            if evidence.trim().is_empty() {
                bail!("--evidence says why the payment was the cardholder's own");
            }
            rule(args, ClaimRuling::Contest { evidence }).await
        }
        CaseCommand::Accept(args) => rule(args, ClaimRuling::Accept).await,
    }
}

async fn rule(args: RuleArgs, ruling: ClaimRuling) -> anyhow::Result<()> {
    let (case, name) = (args.case, ruling.name());
    let question = Question::CaseRule {
        case,
        ruling,
        by: args.by,
        reason: args.reason,
    };
    say(&match ask(&args.server.socket()?, &question).await? {
        Ruled::Proposed => {
            format!("{name} is proposed for {case}; a second operator has to say the same\n")
        }
        Ruled::Done => format!("{name} is agreed for {case} and under way\n"),
    })
}

fn told(text: &mut String, one: &CaseStory) -> std::fmt::Result {
    let (case, kind, amount, state) = (one.case, &one.kind, &one.amount, &one.state);
    writeln!(text, "{case}  {kind}  {amount}  {state}  {}", one.why)?;
    writeln!(text, "    of {}, {}", one.order, one.about)?;
    if let Some(proposed) = &one.proposed {
        writeln!(text, "    proposed: {proposed}")?;
    }
    if let Some(trouble) = &one.trouble {
        crate::order::trouble_told(text, "    ", trouble)?;
    }
    if !one.rulings.is_empty() {
        writeln!(text, "    operators may: {}", one.rulings.join(", "))?;
    }
    Ok(())
}
