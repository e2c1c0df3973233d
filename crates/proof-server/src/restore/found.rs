//! What there is to restore: one whole backup, or the last of a place and what was shipped after it.

use super::{Target, beside, keep, look_sqlite, remove, with_ending};
use crate::backup::{
    MANIFEST_FILE, Manifest,
    log::{Index, Tail, Until, precise},
    place::{Folder, backups, folders},
};
use anyhow::{Context, bail, ensure};
use proof_core::{Entropy, Timestamp, time::random};
use proof_store::{Db, Wal, WalSeen, schema_known};
use std::{
    fs,
    path::{Path, PathBuf},
};

pub struct Found {
    pub folder: PathBuf,
    pub manifest: Manifest,
    tail: Option<Tail>,
}

impl Found {
    pub fn at(from: &Path, until: Option<Timestamp>) -> anyhow::Result<Self> {
        if from.join(MANIFEST_FILE).exists() || !from.is_dir() {
            ensure!(
                until.is_none(),
                "--until goes with the place that holds the backups, not with one of them"
            );
            return Ok(Self {
                folder: from.to_owned(),
                manifest: Manifest::read(from)?,
                tail: None,
            });
        }
        let (folder, manifest) = last_of(from, until)?;
        let wanted = until.map_or(Until::End, Until::Time);
        let tail = Tail::of(from, &manifest, wanted)?;
        Ok(Self {
            folder,
            manifest,
            tail,
        })
    }

    /// How far it goes, in a line or none.
    pub fn words(&self) -> String {
        let Some(tail) = &self.tail else {
            return String::new();
        };
        let pieces = tail.pieces();
        let shipped = tail.last().map_or_else(
            || "Nothing was shipped after it.".to_owned(),
            |last| {
                format!(
                    "With {pieces} pieces that were shipped after it, the last at {}.",
                    precise(last.at())
                )
            },
        );
        let torn = tail.torn.as_ref().map_or_else(String::new, |torn| {
            let at = precise(torn.at());
            format!("\nThe last piece, of {at}, was not written whole: it is left away.")
        });
        format!("{shipped}{torn}\n")
    }

    /// Every byte, every count, and the books recomputed, of the backup and of what it leads to.
    pub async fn verify(&self, target: &Target, entropy: &dyn Entropy) -> anyhow::Result<u64> {
        let entries = target.verify(&self.folder, &self.manifest, entropy).await?;
        if self.tail.is_none() {
            return Ok(entries);
        }
        let path = target.url.strip_prefix("sqlite:").unwrap_or(&target.url);
        let bytes: [u8; 8] = random(entropy);
        let name = format!("verifying-{:016x}", u64::from_be_bytes(bytes));
        let fresh = beside(Path::new(path), &name)?;
        // It needs the room that a restore needs, where that needs it.
        if let Some(folder) = fresh.parent() {
            fs::create_dir_all(folder)?;
        }
        let entries = self.lay(&fresh).await;
        remove(&fresh)?;
        entries
    }

    /// Lays the database at `fresh`, proven. Gives how many entries its books have.
    pub async fn lay(&self, fresh: &Path) -> anyhow::Result<u64> {
        match &self.tail {
            Some(tail) => rebuild(&self.folder, &self.manifest, tail, fresh).await?,
            None => copy(&self.manifest.dump(&self.folder)?, fresh)?,
        }
        let (picture, entries) = look_sqlite(fresh).await?;
        let known = schema_known();
        if picture.contents.schema > known {
            bail!(
                "what was shipped has schema {}, and this program knows {known}; restore it with the version that made it, or a later one",
                picture.contents.schema
            );
        }
        let own = (self.manifest.installation, self.manifest.epoch);
        ensure!(
            (picture.installation, picture.epoch) == own,
            "what was shipped is of another installation, or of another life of it"
        );
        Ok(entries)
    }
}

fn last_of(place: &Path, until: Option<Timestamp>) -> anyhow::Result<(PathBuf, Manifest)> {
    for (path, kind) in folders(place)? {
        // Else the one before it would be taken, without a word.
        if kind == Folder::Good {
            let read = Manifest::read(&path);
            read.context("move it away to have the one before it taken")?;
        }
    }
    let backups = backups(place)?;
    let mut all = backups.iter().map(|(_, manifest)| manifest.installation);
    let first = all.next();
    ensure!(
        first.is_none_or(|first| all.all(|other| other == first)),
        "{} holds backups of several installations; name one backup's folder",
        place.display()
    );
    let is_before = |manifest: &Manifest| {
        let Some(until) = until else { return true };
        let taken = Timestamp::parse(&manifest.taken_at);
        let at = manifest
            .log
            .as_ref()
            .map(|log| Timestamp::from_micros(log.at));
        at.or(taken).is_some_and(|at| at <= until)
    };
    let last = backups
        .into_iter()
        .rev()
        .find(|(_, manifest)| is_before(manifest));
    last.with_context(|| match until {
        None => format!("{} holds no backup", place.display()),
        Some(_) => format!("{} holds no backup of that time or before", place.display()),
    })
}

fn copy(dump: &Path, fresh: &Path) -> anyhow::Result<()> {
    remove(fresh)?;
    fs::copy(dump, fresh).with_context(|| format!("cannot write {}", fresh.display()))?;
    keep(fresh)
}

/// Lays a whole backup at `fresh`, and has SQLite take over what was shipped after it, round by round.
pub async fn rebuild(
    folder: &Path,
    manifest: &Manifest,
    tail: &Tail,
    fresh: &Path,
) -> anyhow::Result<()> {
    copy(&manifest.dump(folder)?, fresh)?;
    for index in &tail.rounds {
        take_over(tail, index, fresh).await?;
    }
    keep(fresh)
}

async fn take_over(tail: &Tail, index: &Index, fresh: &Path) -> anyhow::Result<()> {
    if index.pieces.is_empty() {
        return Ok(());
    }
    tail.copy(index, &with_ending(fresh, "-wal"))?;
    let WalSeen::There(wal) = Wal::look(fresh)? else {
        bail!("what was shipped begins with no log of SQLite's");
    };
    let frames = wal.frames_in(index.end());
    let round = index.round.round;
    let moved = Db::sqlite_take_over(fresh).await;
    let moved = moved.with_context(|| format!("SQLite does not take round {round}"))?;
    ensure!(
        moved.is_whole() && moved.frames == frames,
        "SQLite takes {} frames of round {round}, and {frames} were shipped",
        moved.frames
    );
    Ok(())
}
