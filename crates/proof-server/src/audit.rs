//! `proof audit …`: whether what people did is still what was written down.

use crate::{
    config::{database_reading, sqlite_folder},
    partner::DatabaseArgs,
    say::say,
};
use anyhow::{Context, bail};
use clap::Subcommand;
use proof_core::audit::Broken;
use proof_engine::{Checkpoint, audit_verify};
use std::{fs, path::PathBuf};

#[derive(Subcommand, Debug)]
pub enum AuditCommand {
    /// Walks the chain of what people did, and names the first record that is not what was written. The
    /// server may run.
    Verify {
        #[command(flatten)]
        database: DatabaseArgs,
        /// What somebody kept of `/.well-known/proof-audit`: the chain has to lead through it.
        #[arg(long)]
        checkpoint: Option<PathBuf>,
    },
}

pub async fn run(command: AuditCommand) -> anyhow::Result<()> {
    let AuditCommand::Verify {
        database,
        checkpoint,
    } = command;
    let url = database.url()?;
    if let Some(dir) = sqlite_folder(&url) {
        anyhow::ensure!(dir.exists(), "there is no {}", dir.display());
    }
    let kept = checkpoint.map(kept).transpose()?;
    let db = database_reading(&url).await?;
    let walked = audit_verify(&db, kept).await.map_err(anyhow::Error::from)?;
    db.close().await;
    match walked {
        Ok(end) => say(&format!(
            "{} records, each as it was written; the last hash is {}\n",
            end.number, end.hash
        )),
        Err(broken @ (Broken::Missing(_) | Broken::Changed(_) | Broken::Column(_))) => {
            bail!("{broken}. Keep a copy of the database, and find out who wrote to it.")
        }
        Err(broken @ Broken::Checkpoint { .. }) => {
            bail!("{broken}: the chain was cut, or written anew from somewhere before it.")
        }
    }
}

fn kept(path: PathBuf) -> anyhow::Result<(i64, String)> {
    let text = fs::read(&path).with_context(|| format!("cannot read {}", path.display()))?;
    let kept: Checkpoint = serde_json::from_slice(&text)
        .with_context(|| format!("{} is no checkpoint", path.display()))?;
    Ok((kept.number, kept.hash))
}
