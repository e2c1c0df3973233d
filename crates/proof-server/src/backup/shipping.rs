//! Continuous backup as a part of the server: a look at SQLite's log every half second, and what came of it.

use super::{
    Manifest, Source, copy,
    log::{Index, LogAt, Tail, Until, round_remove, rounds},
    place::{Folder, backups, folders},
    ship::Shipper,
};
use crate::{clock::SystemEntropy, restore::rebuild};
use anyhow::Context;
use futures::{
    FutureExt,
    future::{Either, select},
};
use proof_core::{Timestamp, recovery::Life};
use proof_engine::{Behind, Engine, Late};
use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};
use tokio::{
    runtime::Handle,
    sync::{Notify, watch},
};
use uuid::Uuid;

/// Between two looks: a commit is at the other place about this long after it.
const PAUSE_MILLIS: i64 = 500;

/// The same when SQLite's log was just moved: under load it has begun anew by then.
const PAUSE_MOVED_MILLIS: i64 = 20;

/// For what was committed last before the server ends.
const LAST_SECONDS: i64 = 3;

/// What the proof of a log is rebuilt in, beside the database.
const PROVING: &str = "proving";

#[derive(Clone)]
pub struct Shipping {
    shipper: Arc<Mutex<Shipper>>,
    database: PathBuf,
    place: PathBuf,
    /// A whole backup is missing.
    wanted: Arc<Notify>,
}

impl std::fmt::Debug for Shipping {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Shipping")
    }
}

impl Shipping {
    pub async fn open(engine: &Engine, database: &Path, place: &Path) -> anyhow::Result<Self> {
        let entropy = Arc::new(SystemEntropy);
        let shipper = Shipper::open(engine.db().clone(), database, place, entropy).await?;
        Ok(Self {
            shipper: Arc::new(Mutex::new(shipper)),
            database: database.to_owned(),
            place: place.to_owned(),
            wanted: Arc::new(Notify::new()),
        })
    }

    /// Held while the other place is written, which may take as long as it likes: only by threads that may
    /// wait.
    fn shipper(&self) -> MutexGuard<'_, Shipper> {
        self.shipper.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// In a thread that may wait.
    async fn apart<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Self, &Handle) -> T + Send + 'static,
    ) -> anyhow::Result<T> {
        let (own, runtime) = (self.clone(), Handle::current());
        let done = tokio::task::spawn_blocking(move || work(&own, &runtime));
        Ok(done.await?)
    }

    /// Until `stop` changes.
    pub async fn run(&self, engine: &Engine, mut stop: watch::Receiver<bool>) {
        let mut was_moved = false;
        loop {
            let before = was_moved;
            let turn = async move {
                let is_moved = self.look(engine).await;
                let soon = is_moved && !before;
                let pause = if soon {
                    PAUSE_MOVED_MILLIS
                } else {
                    PAUSE_MILLIS
                };
                let next = engine.now().plus_millis(pause);
                engine.clock().sleep_until(next).await;
                is_moved
            };
            let stopped = async {
                // A sender that is gone means the same.
                let _gone = stop.wait_for(|stop| *stop).await.map(drop);
            };
            let (turn, stopped) = (turn.boxed(), stopped.boxed());
            match select(turn, stopped).await {
                Either::Left((is_moved, _)) => was_moved = is_moved,
                Either::Right(_) => return,
            }
        }
    }

    /// One look, and what came of it is told. `true`: SQLite begins anew with its next commit.
    pub async fn look(&self, engine: &Engine) -> bool {
        let begun = engine.real_now();
        // A server that was replaced adds nothing, and one in recovery is about to change a lot.
        if engine.life() != Life::Known {
            let relieved = self.apart(|own, runtime| own.shipper().relieve(runtime));
            if let Err(error) = relieved.await {
                tracing::warn!("continuous backup: {error:#}");
            }
            return false;
        }
        let looked = self.apart(move |own, runtime| {
            let mut shipper = own.shipper();
            let shipped = shipper.look(runtime, begun);
            (shipped, shipper.wants_base(), shipper.is_between_rounds())
        });
        let mut is_moved = false;
        let shipped = match looked.await {
            Ok((shipped, wants_base, moved)) => {
                is_moved = moved;
                if wants_base {
                    self.wanted.notify_one();
                }
                shipped
            }
            Err(error) => Err(Late {
                why: Behind::Failed,
                words: format!("{error:#}"),
            }),
        };
        engine.ship_note(begun, shipped);
        is_moved
    }

    /// What was committed until the end, when nobody writes any more.
    pub async fn last(&self, engine: &Engine) {
        let until = engine.now().plus_seconds(LAST_SECONDS);
        let (looked, enough) = (self.look(engine), engine.clock().sleep_until(until));
        select(looked.boxed(), enough.boxed()).await;
    }

    /// Resolves when a whole backup is missing.
    pub async fn wanted(&self) {
        loop {
            self.wanted.notified().await;
            // One may have been taken since.
            let wants = self.apart(|own, _| own.shipper().wants_base()).await;
            if wants.is_ok_and(|wants| wants) {
                return;
            }
        }
    }

    /// A whole backup, copied while the database file stands still. Gives where its log was then.
    pub async fn take(
        &self,
        to: &Path,
        (now, begun): (Timestamp, Timestamp),
        number: u64,
    ) -> anyhow::Result<(Manifest, LogAt)> {
        let standing = self.apart(move |own, runtime| own.shipper().base_begin(runtime, begun));
        let at = standing.await??;
        // Also if nobody waits for it any more.
        let _still = Standing(self.clone());
        let file = self.apart(|own, _| own.shipper().file()).await?;
        let source = Source::File {
            file,
            at: at.clone(),
        };
        let manifest = copy(source, to, now, number).await?;
        Ok((manifest, at))
    }

    /// Whether what was shipped leads from the backup before to this one, byte for byte.
    pub async fn prove(&self, manifest: &Manifest, at: &LogAt) -> anyhow::Result<()> {
        let before = backups(&self.place)?.into_iter().rev();
        let own = |(_, one): &(PathBuf, Manifest)| {
            one.installation == manifest.installation
                && one.log.as_ref().is_some_and(|log| log.log == at.log)
        };
        let Some((folder, before)) = before.into_iter().find(own) else {
            return Ok(());
        };
        let proven = async {
            let tail = Tail::of(&self.place, &before, Until::At(at))?;
            let tail = tail.context("it has no log")?;
            let fresh = super::beside(&self.database, PROVING)?;
            let rebuilt = rebuild(&folder, &before, &tail, &fresh).await;
            let same = match rebuilt {
                Ok(()) => super::fingerprint(&fresh).await,
                Err(error) => Err(error),
            };
            crate::restore::remove(&fresh)?;
            let (bytes, sha256) = same?;
            anyhow::ensure!(
                (bytes, &sha256) == (manifest.bytes, &manifest.sha256),
                "what was shipped since {} does not lead to this backup",
                before.taken_at
            );
            Ok(())
        };
        let proven: anyhow::Result<()> = proven.await;
        if proven.is_err() {
            let log = at.log;
            self.apart(move |own, _| own.shipper().distrust(log))
                .await?;
        }
        proven.context("the log at the other place is not good: another history begins")
    }

    pub async fn base_is(&self, path: &Path, at: &LogAt) -> anyhow::Result<()> {
        let (path, at) = (path.to_owned(), at.clone());
        self.apart(move |own, _| own.shipper().base_is(&path, &at))
            .await
    }

    /// Takes away what no whole backup that is kept needs.
    pub async fn prune(&self, installation: Uuid) -> anyhow::Result<()> {
        self.apart(move |own, _| {
            let current = own.shipper().log();
            prune(&own.place, installation, current)
        })
        .await?
    }
}

fn prune(place: &Path, installation: Uuid, current: Option<Uuid>) -> anyhow::Result<()> {
    let mut needed: BTreeMap<Uuid, u64> = BTreeMap::new();
    for (_, manifest) in backups(place)? {
        if let Some(at) = manifest.log {
            let first = needed.entry(at.log).or_insert(at.round);
            *first = at.round.min(*first);
        }
    }
    for (folder, kind) in folders(place)? {
        let Folder::Log(log) = kind else { continue };
        let rounds = rounds(&folder)?;
        match needed.get(&log) {
            Some(first) => {
                for round in rounds.into_iter().filter(|round| round < first) {
                    round_remove(&folder, round)?;
                }
            }
            None if current == Some(log) => {}
            None => {
                let last = rounds.last().copied().unwrap_or(1);
                // Only what says that it is of this installation.
                let index = Index::read(&folder, last).ok().flatten();
                if index.is_some_and(|index| index.round.installation == installation) {
                    fs::remove_dir_all(&folder)?;
                }
            }
        }
    }
    Ok(())
}

/// The database file stands still while this is there.
struct Standing(Shipping);

impl Drop for Standing {
    fn drop(&mut self) {
        self.0.shipper().base_end();
    }
}
