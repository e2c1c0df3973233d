//! `proof ledger …`.

use crate::{
    partner::{DatabaseArgs, engine},
    say::say,
};
use anyhow::bail;
use clap::Subcommand;
use std::fmt::Write;

#[derive(Subcommand, Debug)]
pub enum LedgerCommand {
    /// Recomputes every balance from the entries; fails, and names what is wrong, if they differ.
    Check(DatabaseArgs),
}

pub async fn run(command: LedgerCommand) -> anyhow::Result<()> {
    let LedgerCommand::Check(args) = command;
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
