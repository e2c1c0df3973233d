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
use std::{
    collections::BTreeMap,
    fs::File,
    io::BufReader,
    path::{Path, PathBuf},
};

pub mod keep;

#[derive(Subcommand, Debug)]
pub enum AuditCommand {
    /// Walks the chain of what people did, and names the first record that is not what was written. The
    /// server may run.
    Verify {
        #[command(flatten)]
        database: DatabaseArgs,
        /// What was kept of `/.well-known/proof-audit`, one checkpoint or many: the chain has to lead through each.
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
    let kept = checkpoint.as_deref().map(kept).transpose()?;
    let db = database_reading(&url).await?;
    let walked = audit_verify(&db, kept.unwrap_or_default()).await?;
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

/// All that somebody kept, one after the other; by number.
fn kept(path: &Path) -> anyhow::Result<BTreeMap<i64, String>> {
    let file = File::open(path).with_context(|| format!("cannot read {}", path.display()))?;
    let read = serde_json::Deserializer::from_reader(BufReader::new(file));
    let mut kept = BTreeMap::new();
    for checkpoint in read.into_iter::<Checkpoint>() {
        let no = || format!("{} is no checkpoint", path.display());
        let Checkpoint { number, hash, .. } = checkpoint.with_context(no)?;
        if kept.get(&number).is_some_and(|other| *other != hash) {
            bail!("{} has two hashes of record {number}", path.display());
        }
        kept.insert(number, hash);
    }
    anyhow::ensure!(!kept.is_empty(), "{} is empty", path.display());
    Ok(kept)
}
