//! Backups that the server takes by itself: into a folder of another place, proven, and the oldest taken
//! away.
//!
//! A folder with a plain name is whole and proven. Whatever is under way has another name, so that a
//! crash leaves nothing that could be taken for a backup.

use super::{Manifest, backup, sync_folder_of};
use crate::{clock::SystemEntropy, restore::Target};
use anyhow::Context;
use futures::{FutureExt, future::Either};
use proof_core::{Timestamp, recovery::Life};
use proof_engine::{BackupDone, Engine};
use serde::Deserialize;
use std::{
    fs,
    path::{Path, PathBuf},
};
use tokio::sync::watch;

/// After a try that failed; sooner where backups are due sooner.
const AGAIN_MINUTES: u32 = 10;

/// What is told of a failure; the rest is in the log.
const PROBLEM_LENGTH_MAX: usize = 300;

/// Of a folder that is not proven yet, and of one that could not be.
const UNPROVEN: &str = "unproven";
const BAD: &str = "bad";

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BackupConfig {
    /// A folder on another machine or disk.
    pub to: PathBuf,
    #[serde(default = "hourly")]
    pub every_minutes: u32,
    /// How many are kept.
    #[serde(default = "two_days")]
    pub keep: usize,
}

const fn hourly() -> u32 {
    60
}

const fn two_days() -> usize {
    48
}

impl BackupConfig {
    pub fn hourly(to: PathBuf) -> Self {
        Self {
            to,
            every_minutes: hourly(),
            keep: two_days(),
        }
    }

    pub fn check(&self) -> anyhow::Result<()> {
        anyhow::ensure!(
            self.every_minutes > 0,
            "[backup] every_minutes must be at least 1"
        );
        anyhow::ensure!(self.keep > 0, "[backup] keep must be at least 1");
        Ok(())
    }
}

#[derive(Clone, Debug)]
pub struct Schedule {
    pub config: BackupConfig,
    pub target: Target,
}

impl Schedule {
    /// Takes one whenever it is due, until `stop` changes. One that is under way then is given up: the next
    /// start takes it again.
    pub async fn run(&self, engine: &Engine, mut stop: watch::Receiver<bool>) {
        let mut next = self.due(engine, 0).await;
        loop {
            let at = next;
            let wait = async move {
                engine.clock().sleep_until(at).await;
                self.turn(engine).await
            };
            let stopped = async {
                // A sender that is gone means the same.
                let _gone = stop.wait_for(|stop| *stop).await.map(drop);
            };
            let (wait, stopped) = (wait.boxed(), stopped.boxed());
            match futures::future::select(wait, stopped).await {
                Either::Left((taken, _)) => {
                    let again = if taken { 0 } else { self.again_minutes() };
                    next = self.due(engine, again).await;
                }
                Either::Right(_) => return,
            }
        }
    }

    fn again_minutes(&self) -> u32 {
        AGAIN_MINUTES.min(self.config.every_minutes)
    }

    /// When the next one is due, after a pause at least.
    async fn due(&self, engine: &Engine, pause_minutes: u32) -> Timestamp {
        let earliest = engine.now().plus_seconds(i64::from(pause_minutes) * 60);
        match engine.backup_last().await {
            Ok(Some(last)) => {
                let every = i64::from(self.config.every_minutes) * 60;
                last.plus_seconds(every).max(earliest)
            }
            Ok(None) => earliest,
            Err(error) => {
                tracing::warn!("it is not known when the last backup was taken: {error}");
                engine
                    .now()
                    .plus_seconds(i64::from(self.again_minutes()) * 60)
            }
        }
    }

    /// One try, and what came of it is noted. `false`: it has to be tried again.
    pub async fn turn(&self, engine: &Engine) -> bool {
        // A server that was replaced must not take away what the other one relies on.
        if engine.life() != Life::Known {
            return false;
        }
        let now = engine.now();
        let taken = self.take(now).await;
        let mut done = BackupDone {
            place: self.config.to.display().to_string(),
            taken_at: now,
            bytes: 0,
            verified_at: None,
            problem: None,
        };
        match &taken {
            Ok(manifest) => {
                done.bytes = manifest.bytes;
                done.verified_at = Some(engine.now());
            }
            Err(error) => {
                let words = format!("{error:#}");
                tracing::warn!("a backup failed: {words}");
                done.problem = Some(words.chars().take(PROBLEM_LENGTH_MAX).collect());
            }
        }
        if let Err(error) = engine.backup_note(done).await {
            tracing::warn!("a backup could not be noted: {error}");
        }
        if let Ok(manifest) = &taken
            && let Err(error) = self.prune(manifest)
        {
            tracing::warn!("old backups could not be taken away: {error:#}");
        }
        taken.is_ok()
    }

    async fn take(&self, now: Timestamp) -> anyhow::Result<Manifest> {
        let place = &self.config.to;
        // Not made here: what is not mounted must not become a folder of our own disk.
        anyhow::ensure!(place.is_dir(), "{} is not there", place.display());
        let folder = place.join(name_of(now));
        let unproven = super::beside(&folder, UNPROVEN)?;
        if unproven.exists() {
            fs::remove_dir_all(&unproven)?;
        }
        let (url, tools) = (&self.target.url, self.target.tools.clone());
        let manifest = backup(url, tools, &unproven, now).await?;
        let proven = self
            .target
            .verify(&unproven, &manifest, &SystemEntropy)
            .await;
        if let Err(error) = proven {
            fs::rename(&unproven, super::beside(&folder, BAD)?)?;
            return Err(error.context("the backup was taken and is not good"));
        }
        fs::rename(&unproven, &folder)
            .with_context(|| format!("cannot rename to {}", folder.display()))?;
        sync_folder_of(&folder)?;
        Ok(manifest)
    }

    /// Takes away what is older than those that are kept, and what earlier tries left. Only what says that it
    /// is of this installation is touched.
    fn prune(&self, latest: &Manifest) -> anyhow::Result<()> {
        let (mut good, mut rest) = (Vec::new(), Vec::new());
        for entry in fs::read_dir(&self.config.to)? {
            let path = entry?.path();
            let Some(name) = path.file_name().and_then(|name| name.to_str()) else {
                continue;
            };
            match kind_of(name) {
                Folder::Good if is_of(&path, latest) => good.push(path),
                Folder::Bad if is_of(&path, latest) => rest.push(path),
                // Half of one has no manifest yet.
                Folder::Unfinished => rest.push(path),
                Folder::Good | Folder::Bad | Folder::Other => {}
            }
        }
        // Their names are in the order of their times.
        good.sort();
        let old = good.len().saturating_sub(self.config.keep);
        for path in good.into_iter().take(old).chain(rest) {
            fs::remove_dir_all(&path)
                .with_context(|| format!("cannot remove {}", path.display()))?;
        }
        Ok(())
    }
}

/// What a folder's name says of it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Folder {
    Good,
    Bad,
    Unfinished,
    Other,
}

fn kind_of(name: &str) -> Folder {
    let (time, ending) = name
        .split_once('.')
        .map_or((name, ""), |(time, rest)| (time, rest));
    if !is_time(time) {
        return Folder::Other;
    }
    match ending {
        "" => Folder::Good,
        BAD => Folder::Bad,
        UNPROVEN | "unproven.partial" => Folder::Unfinished,
        _ => Folder::Other,
    }
}

/// `2026-11-25T03-00-00Z`: a time that every file system takes.
fn name_of(at: Timestamp) -> String {
    at.to_contract().replace(':', "-")
}

fn is_time(name: &str) -> bool {
    let form = "dddd-dd-ddTdd-dd-ddZ";
    let fits = |(c, f): (char, char)| if f == 'd' { c.is_ascii_digit() } else { c == f };
    name.len() == form.len() && name.chars().zip(form.chars()).all(fits)
}

fn is_of(path: &Path, latest: &Manifest) -> bool {
    Manifest::read(path).is_ok_and(|manifest| manifest.installation == latest.installation)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_names_of_ours_are_ours() {
        let name = name_of(Timestamp::parse("2026-11-25T03:00:00Z").unwrap());
        assert_eq!(name, "2026-11-25T03-00-00Z");
        for (name, kind) in [
            ("2026-11-25T03-00-00Z", Folder::Good),
            ("2026-11-25T03-00-00Z.bad", Folder::Bad),
            ("2026-11-25T03-00-00Z.unproven", Folder::Unfinished),
            ("2026-11-25T03-00-00Z.unproven.partial", Folder::Unfinished),
            ("2026-11-25T03-00-00Z.mine", Folder::Other),
            ("2026-11-25T03", Folder::Other),
            ("photos", Folder::Other),
        ] {
            assert_eq!(kind_of(name), kind, "{name}");
        }
    }
}
