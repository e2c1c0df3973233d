//! `proof operator …`: the first people of the console.

use crate::{
    operator::{Question, ask},
    order::ServerArgs,
    say::say,
};
use clap::Subcommand;
use proof_core::{id::PartnerId, member::Role};

#[derive(Subcommand, Debug)]
pub enum OperatorCommand {
    /// Prints a link that makes whoever opens it one of the console's people. It is good once, for a week.
    Invite {
        #[command(flatten)]
        server: ServerArgs,
        /// Whose it is; nothing is sent there.
        #[arg(long)]
        email: String,
        /// owner, operator, reviewer, support, partner_admin or partner_developer.
        #[arg(long, default_value = "owner")]
        role: Role,
        /// Of a partner's people: `prt_…`.
        #[arg(long)]
        partner: Option<PartnerId>,
    },
}

pub async fn run(command: OperatorCommand) -> anyhow::Result<()> {
    let OperatorCommand::Invite {
        server,
        email,
        role,
        partner,
    } = command;
    let question = Question::MemberInvite {
        email,
        role,
        partner,
    };
    let url: String = ask(&server.socket()?, &question).await?;
    say(&format!(
        "{url}\n\nHand it over; it is good once, for a week.\n"
    ))
}
