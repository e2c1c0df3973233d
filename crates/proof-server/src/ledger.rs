//! `proof ledger …`.

use crate::{
    operator::{Question, ask},
    order::ServerArgs,
    partner::{DatabaseArgs, engine},
    say::say,
};
use anyhow::{Context, bail};
use clap::Subcommand;
use proof_core::{
    id::{DepositId, PartnerId},
    operator::OperatorName,
    stray::Owned,
};
use proof_engine::{FoundListed, Reconciled, SignedStatement};
use std::{fmt::Write, fs, path::PathBuf};

#[derive(Subcommand, Debug)]
pub enum LedgerCommand {
    /// Recomputes every balance from the entries; fails, and names what is wrong, if they differ.
    Check(DatabaseArgs),
    /// Compares the books with the providers' reports and the chains now, as every night.
    Reconcile(ServerArgs),
    /// What does not agree and is not explained yet.
    Findings(ServerArgs),
    /// Says that coins which came to our wallet are the owner's; two operators have to.
    Own {
        /// `dep_…`, as `proof ledger findings` shows it.
        stray: DepositId,
        #[command(flatten)]
        server: ServerArgs,
        /// Who you are: a name under [[operators]] in the configuration; alice or bob in `proof dev`.
        #[arg(long = "as")]
        by: OperatorName,
        /// Why, in a sentence; it is kept.
        #[arg(long)]
        reason: String,
        /// They came from cold storage, where the books have them.
        #[arg(long)]
        cold: bool,
    },
    /// Writes the signed statement of one day, a partner's or the whole house's, as JSON and CSV.
    Statement {
        #[command(flatten)]
        server: ServerArgs,
        /// `prt_…`, as `proof partner list` shows it; without it, the statement is the house's.
        #[arg(long)]
        partner: Option<PartnerId>,
        /// YYYY-MM-DD, UTC; it has to be over.
        #[arg(long)]
        day: String,
        /// The folder that the four files are written to.
        #[arg(long, default_value = ".")]
        out: PathBuf,
    },
}

const fn owned_words(done: bool, owned: Owned) -> &'static str {
    match (done, owned) {
        (false, _) => "Noted. A second operator has to say the same.\n",
        (true, Owned::Added) => "Done: it is the owner's, and part of the capital.\n",
        (true, Owned::Cold) => "Done: it is in the hot wallet, and not in cold storage any more.\n",
    }
}

pub async fn run(command: LedgerCommand) -> anyhow::Result<()> {
    match command {
        LedgerCommand::Check(args) => check(args).await,
        LedgerCommand::Reconcile(server) => {
            let done: Reconciled = ask(&server.socket()?, &Question::Reconcile).await?;
            say(&format!(
                "{} new report lines, {} orders and {} wallets compared, {} new findings\n{}",
                done.report_lines,
                done.orders,
                done.wallets,
                done.found,
                listed(&done.open)?
            ))?;
            if !done.open.is_empty() {
                bail!(
                    "books and world differ: nothing is corrected by itself, somebody has to look"
                );
            }
            Ok(())
        }
        LedgerCommand::Own {
            stray,
            server,
            by,
            reason,
            cold,
        } => {
            let owned = if cold { Owned::Cold } else { Owned::Added };
            let said = (owned, reason);
            let question = Question::StrayOwn { stray, by, said };
            let done: bool = ask(&server.socket()?, &question).await?;
            say(owned_words(done, owned))
        }
        LedgerCommand::Statement {
            server,
            partner,
            day,
            out,
        } => {
            let question = Question::Statement { partner, day };
            let made: SignedStatement = ask(&server.socket()?, &question).await?;
            let of = partner.map_or_else(|| "house".to_owned(), |partner| partner.to_string());
            let name = format!("statement-{of}-{}", made.day);
            let files = [
                ("json", &made.json),
                ("json.sig", &made.json_signature),
                ("csv", &made.csv),
                ("csv.sig", &made.csv_signature),
            ];
            for (ending, text) in files {
                let path = out.join(format!("{name}.{ending}"));
                fs::write(&path, text)
                    .with_context(|| format!("cannot write {}", path.display()))?;
                say(&format!("{}\n", path.display()))?;
            }
            Ok(())
        }
        LedgerCommand::Findings(server) => {
            let open: Vec<FoundListed> = ask(&server.socket()?, &Question::Findings).await?;
            say(&listed(&open)?)
        }
    }
}

fn listed(open: &[FoundListed]) -> anyhow::Result<String> {
    let mut text = String::new();
    for one in open {
        let (at, kind, subject) = (&one.found_at, &one.kind, &one.subject);
        writeln!(text, "{at}  {kind}  {subject}\n    {}", one.cause)?;
    }
    if open.is_empty() {
        text.push_str("Books and world agree.\n");
    }
    Ok(text)
}

async fn check(args: DatabaseArgs) -> anyhow::Result<()> {
    let (engine, _lock) = engine(&args).await?;
    let audited = engine.ledger_check().await?;
    let mut text = String::new();
    for mismatch in &audited.mismatches {
        writeln!(text, "{mismatch}")?;
    }
    writeln!(
        text,
        "{} entries, {} accounts, {} mismatches",
        audited.entries, audited.accounts, audited.mismatches_total
    )?;
    say(&text)?;
    if audited.mismatches_total > 0 {
        bail!(
            "the books do not balance: stop payouts and transfers, and ask who wrote to the database"
        );
    }
    Ok(())
}
