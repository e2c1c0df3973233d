//! `proof identity erase` and `hold`: what operators decide about what is known of a person.

use crate::{
    operator::{PersonDeed, PersonSaid, Question, ask},
    order::ServerArgs,
    say::say,
};
use clap::Args;
use proof_core::{id::PersonId, operator::OperatorName};
use proof_engine::Ruled;
use serde::de::DeserializeOwned;

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

impl PersonArgs {
    async fn say<T: DeserializeOwned>(self, deed: PersonDeed) -> anyhow::Result<T> {
        let said = PersonSaid {
            person: self.person,
            deed,
            by: self.by,
            reason: self.reason,
        };
        ask(&self.server.socket()?, &Question::Person(said)).await
    }
}

pub async fn erase(args: PersonArgs) -> anyhow::Result<()> {
    say(match args.say(PersonDeed::Erase).await? {
        Ruled::Done => {
            "Forgotten: pictures, face and the hash of the document are gone; that there was somebody stays.\n"
        }
        Ruled::Proposed => "Proposed. A second operator has to say the same.\n",
    })
}

pub async fn hold(args: HoldArgs) -> anyhow::Result<()> {
    let deed = PersonDeed::Hold { name: args.name };
    let () = args.person.say(deed).await?;
    say("Held: this person is not forgotten before it is released.\n")
}

pub async fn release(args: PersonArgs) -> anyhow::Result<()> {
    let () = args.say(PersonDeed::Release).await?;
    say("Released.\n")
}
