//! `proof identity erase` and `hold`: what operators decide about what is known of a person.

use crate::{
    operator::{Question, ask},
    order::ServerArgs,
    say::say,
};
use clap::Args;
use proof_core::{id::PersonId, operator::OperatorName};
use proof_engine::Ruled;

#[derive(Args, Debug)]
pub struct PersonArgs {
    #[command(flatten)]
    server: ServerArgs,
    /// `per_…`
    person: PersonId,
    /// Who you are: a name under [[operators]] in the configuration; alice or bob in `proof dev`.
    #[arg(long = "as")]
    by: OperatorName,
    /// Why; kept with the deed.
    #[arg(long)]
    reason: String,
}

#[derive(Args, Debug)]
pub struct HoldArgs {
    #[command(flatten)]
    person: PersonArgs,
    /// What demands that it is kept: the number of a case, the name of an order.
    #[arg(long)]
    name: String,
}

pub async fn erase(args: PersonArgs) -> anyhow::Result<()> {
    let question = Question::PersonErase {
        person: args.person,
        by: args.by,
        reason: args.reason,
    };
    let ruled: Ruled = ask(&args.server.socket()?, &question).await?;
    say(match ruled {
        Ruled::Done => {
            "Forgotten: pictures, face and the hash of the document are gone; that there was somebody stays.\n"
        }
        Ruled::Proposed => "Proposed. A second operator has to say the same.\n",
    })
}

pub async fn hold(args: HoldArgs) -> anyhow::Result<()> {
    set(args.person, Some(args.name)).await?;
    say("Held: this person is not forgotten before it is released.\n")
}

pub async fn release(args: PersonArgs) -> anyhow::Result<()> {
    set(args, None).await?;
    say("Released.\n")
}

async fn set(args: PersonArgs, hold: Option<String>) -> anyhow::Result<()> {
    let question = Question::PersonHold {
        person: args.person,
        hold,
        by: args.by,
        reason: args.reason,
    };
    ask(&args.server.socket()?, &question).await
}
