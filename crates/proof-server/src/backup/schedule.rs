//! Backups that the server takes by itself: into a folder of another place, proven, and the oldest taken
//! away.
//!
//! A folder with a plain name is whole and proven. Whatever is under way has another name, so that a
//! crash leaves nothing that could be taken for a backup.

use super::{
    EngineName, Manifest, Source, copy,
    place::{BAD, Folder, UNPROVEN, backups, folders, name_of},
    shipping::Shipping,
    sync_folder_of,
};
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
use tokio::{runtime::Handle, sync::watch};

/// After a try that failed; sooner where backups are due sooner.
const AGAIN_MINUTES: u32 = 10;

/// The same where everything that is shipped waits for it.
const WANTED_AGAIN_MINUTES: u32 = 1;

const BOUND_SECONDS_MIN: u32 = 5;

/// Names that are tried for a backup.
const NAMES_MAX: i64 = 60;

/// What is told of a failure; the rest is in the log.
const PROBLEM_LENGTH_MAX: usize = 300;

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
    /// Whether everything that is committed in between is shipped there as well. For SQLite.
    #[serde(default)]
    pub continuous: bool,
    /// How old that may be.
    #[serde(default = "a_minute")]
    pub bound_seconds: u32,
}

const fn hourly() -> u32 {
    60
}

const fn two_days() -> usize {
    48
}

const fn a_minute() -> u32 {
    60
}

impl BackupConfig {
    pub fn hourly(to: PathBuf) -> Self {
        Self {
            to,
            every_minutes: hourly(),
            keep: two_days(),
            continuous: false,
            bound_seconds: a_minute(),
        }
    }

    /// What the server tells when continuous backup is older; `None`: there is none.
    pub fn bound_seconds(&self) -> Option<u32> {
        self.continuous.then_some(self.bound_seconds)
    }

    pub fn check(&self, engine: EngineName) -> anyhow::Result<()> {
        anyhow::ensure!(
            self.every_minutes > 0,
            "[backup] every_minutes must be at least 1"
        );
        anyhow::ensure!(self.keep > 0, "[backup] keep must be at least 1");
        // A look is half a second away, and a whole commit may have to be written.
        anyhow::ensure!(
            self.bound_seconds >= BOUND_SECONDS_MIN,
            "[backup] bound_seconds must be at least {BOUND_SECONDS_MIN}"
        );
        anyhow::ensure!(
            !self.continuous || engine == EngineName::Sqlite,
            "[backup] continuous is for SQLite; have PostgreSQL archive its own log (archive_mode)"
        );
        Ok(())
    }
}

#[derive(Clone, Debug)]
pub struct Schedule {
    pub config: BackupConfig,
    pub target: Target,
    /// Of a server that runs, where what is in between is shipped as well.
    pub shipping: Option<Shipping>,
}

impl Schedule {
    /// For a server that runs.
    pub async fn opened(self, engine: &Engine) -> anyhow::Result<Self> {
        let path = self.target.url.strip_prefix("sqlite:").map(PathBuf::from);
        let shipping = match path.filter(|_| self.config.continuous) {
            Some(path) => Some(Shipping::open(engine, &path, &self.config.to).await?),
            None => None,
        };
        Ok(Self { shipping, ..self })
    }

    /// Takes one whenever it is due, until `stop` changes. One that is under way then is given up: the next
    /// start takes it again.
    pub async fn run(&self, engine: &Engine, mut stop: watch::Receiver<bool>) {
        let mut next = self.due(engine, 0).await;
        let mut earliest = engine.now();
        loop {
            let (from, at) = (earliest, next);
            let wait = async move {
                self.wait(engine, from, at).await;
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
                    earliest = engine.now().plus_seconds(i64::from(again) * 60);
                    next = self.due(engine, again).await;
                }
                Either::Right(_) => return,
            }
        }
    }

    /// Until one is due, or wanted by what is shipped.
    async fn wait(&self, engine: &Engine, earliest: Timestamp, due: Timestamp) {
        let Some(shipping) = &self.shipping else {
            return engine.clock().sleep_until(due).await;
        };
        engine.clock().sleep_until(earliest).await;
        let (due, wanted) = (engine.clock().sleep_until(due), shipping.wanted());
        futures::future::select(due.boxed(), wanted.boxed()).await;
    }

    fn again_minutes(&self) -> u32 {
        let usual = match &self.shipping {
            Some(_) => WANTED_AGAIN_MINUTES,
            None => AGAIN_MINUTES,
        };
        usual.min(self.config.every_minutes)
    }

    /// When the next one is due, after a pause at least.
    async fn due(&self, engine: &Engine, pause_minutes: u32) -> Timestamp {
        let earliest = engine.now().plus_seconds(i64::from(pause_minutes) * 60);
        match engine.backup_last().await {
            Ok(Some(last)) => {
                let every = i64::from(self.config.every_minutes) * 60;
                // A clock that went back must not put it off.
                let next = last.min(engine.now()).plus_seconds(every);
                next.max(earliest)
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
        let taken = self.take_apart((now, engine.real_now())).await;
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
        taken.is_ok()
    }

    /// In a thread that may wait: a place that does not answer must not hold anything else.
    async fn take_apart(&self, times: (Timestamp, Timestamp)) -> anyhow::Result<Manifest> {
        let (own, runtime) = (self.clone(), Handle::current());
        let taken = tokio::task::spawn_blocking(move || {
            runtime.block_on(async {
                let manifest = own.take(times).await?;
                if let Err(error) = own.prune(&manifest).await {
                    tracing::warn!("old backups could not be taken away: {error:#}");
                }
                Ok(manifest)
            })
        });
        taken.await?
    }

    /// `begun` is as `now` outside of a sandbox.
    async fn take(&self, (now, begun): (Timestamp, Timestamp)) -> anyhow::Result<Manifest> {
        let place = &self.config.to;
        // Not made here: what is not mounted must not become a folder of our own disk.
        anyhow::ensure!(place.is_dir(), "{} is not there", place.display());
        let folder = free_name(place, now)?;
        let unproven = super::beside(&folder, UNPROVEN)?;
        if unproven.exists() {
            fs::remove_dir_all(&unproven)?;
        }
        let numbers = backups(place)?.into_iter();
        let number = 1 + numbers.map(|(_, one)| one.number).max().unwrap_or(0);
        let (manifest, at) = match &self.shipping {
            Some(shipping) => {
                let (manifest, at) = shipping.take(&unproven, (now, begun), number).await?;
                (manifest, Some((shipping, at)))
            }
            None => {
                let (url, tools) = (self.target.url.as_str(), self.target.tools.clone());
                let source = Source::Database { url, tools };
                (copy(source, &unproven, now, number).await?, None)
            }
        };
        let proven = self
            .target
            .verify(&unproven, &manifest, &SystemEntropy)
            .await;
        if let Err(error) = proven {
            fs::rename(&unproven, super::beside(&folder, BAD)?)?;
            return Err(error.context("the backup was taken and is not good"));
        }
        let led = match &at {
            Some((shipping, at)) => shipping.prove(&manifest, at).await,
            None => Ok(()),
        };
        let manifest = match &led {
            Ok(()) => manifest,
            Err(_) => manifest.forget_log(&unproven)?,
        };
        fs::rename(&unproven, &folder)
            .with_context(|| format!("cannot rename to {}", folder.display()))?;
        sync_folder_of(&folder)?;
        led?;
        if let Some((shipping, at)) = at {
            shipping.base_is(&folder, &at).await?;
        }
        Ok(manifest)
    }

    /// Takes away what is older than those that are kept, and what earlier tries left. Only what says that it
    /// is of this installation is touched.
    async fn prune(&self, latest: &Manifest) -> anyhow::Result<()> {
        let place = &self.config.to;
        let own = |manifest: &Manifest| manifest.installation == latest.installation;
        let good = backups(place)?.into_iter();
        let good: Vec<_> = good.filter(|(_, manifest)| own(manifest)).collect();
        let mut rest = Vec::new();
        for (path, kind) in folders(place)? {
            match kind {
                Folder::Bad if Manifest::read(&path).is_ok_and(|one| own(&one)) => rest.push(path),
                // Half of one has no manifest yet.
                Folder::Unfinished => rest.push(path),
                Folder::Good | Folder::Bad | Folder::Log(_) | Folder::Other => {}
            }
        }
        let old = good.len().saturating_sub(self.config.keep);
        let old = good.into_iter().take(old).map(|(path, _)| path);
        for path in old.chain(rest) {
            fs::remove_dir_all(&path)
                .with_context(|| format!("cannot remove {}", path.display()))?;
        }
        match &self.shipping {
            Some(shipping) => shipping.prune(latest.installation).await,
            None => Ok(()),
        }
    }
}

/// A clock that went back may name one that is there.
fn free_name(place: &Path, now: Timestamp) -> anyhow::Result<PathBuf> {
    let mut later = (0..NAMES_MAX).map(|seconds| place.join(name_of(now.plus_seconds(seconds))));
    let free = later.find(|folder| !folder.exists());
    free.with_context(|| format!("{} is there already", place.join(name_of(now)).display()))
}
