//! Keeps the end of the audit chain elsewhere, so that whoever writes the database anew is noticed.

use futures::{
    FutureExt,
    future::{Either, select},
};
use proof_engine::{Checkpoint, Engine, Unkept};
use serde::Deserialize;
use std::{
    fs::{File, OpenOptions},
    io::{self, Read, Seek, SeekFrom, Write},
    path::{Path, PathBuf},
    sync::Arc,
};
use tokio::sync::watch;

const LOOK_SECONDS: i64 = 600;

/// A line is written in milliseconds, a mount that died answers never.
const ANSWER_SECONDS: i64 = 60;

/// Many times what a checkpoint has.
const TAIL_BYTES: u64 = 4_096;

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AuditConfig {
    /// A file on another machine or disk, to which a line is added every ten minutes when people did something
    /// (`/mnt/elsewhere/proof-audit.jsonl`).
    pub checkpoints: PathBuf,
}

impl AuditConfig {
    /// Until `stop` changes, whatever the other place does.
    pub async fn run(&self, engine: &Arc<Engine>, mut stop: watch::Receiver<bool>) {
        let turns = async {
            loop {
                self.turn(engine).await;
                let next = engine.now().plus_seconds(LOOK_SECONDS);
                engine.clock().sleep_until(next).await;
            }
        };
        let stopped = async {
            // A sender that is gone means the same.
            let _gone = stop.wait_for(|stop| *stop).await.map(drop);
        };
        select(turns.boxed(), stopped.boxed()).await;
    }

    /// One look. A place that does not answer is told, and nobody else is sent after whoever waits for it.
    async fn turn(&self, engine: &Engine) {
        let enough = engine.now().plus_seconds(ANSWER_SECONDS);
        let enough = engine.clock().sleep_until(enough);
        if let Either::Right((_, look)) = select(self.look(engine).boxed(), enough.boxed()).await {
            let problem = format!("{} does not answer", self.checkpoints.display());
            tracing::warn!("the end of the audit log cannot be kept: {problem}");
            engine.audit_kept(Err(Unkept::Place(problem)));
            look.await;
        }
    }

    /// Keeps the end of the chain, if there is a new one and it leads through what was kept before.
    pub async fn look(&self, engine: &Engine) {
        let outcome = self.keep(engine).await;
        match &outcome {
            Ok(_) => {}
            Err(Unkept::Broken(broken)) => {
                tracing::error!("the audit log is not what was kept of it: {broken}");
            }
            Err(Unkept::Place(problem)) => {
                tracing::warn!("the end of the audit log cannot be kept: {problem}");
            }
        }
        engine.audit_kept(outcome);
    }

    async fn keep(&self, engine: &Engine) -> Result<Option<Checkpoint>, Unkept> {
        let last = self.at_place(read_last).await?;
        let walked = engine.audit_since(last.as_ref()).await;
        // A database that does not answer has alerts of its own.
        let walked = walked.map_err(|error| Unkept::Place(error.to_string()))?;
        let Some(next) = walked.map_err(Unkept::Broken)? else {
            return Ok(last);
        };
        let line = serde_json::to_string(&next).map_err(|e| Unkept::Place(e.to_string()))?;
        self.at_place(move |path| add(path, &line)).await?;
        Ok(Some(next))
    }

    /// Away from those who wait for the network: the place may hang.
    async fn at_place<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Path) -> io::Result<T> + Send + 'static,
    ) -> Result<T, Unkept> {
        let path = self.checkpoints.clone();
        let done = tokio::task::spawn_blocking(move || {
            work(&path).map_err(|error| format!("{}: {error}", path.display()))
        });
        match done.await {
            Ok(done) => done.map_err(Unkept::Place),
            Err(error) => Err(Unkept::Place(error.to_string())),
        }
    }
}

/// The last whole line; half of one is what a crash left, and counts for nothing.
fn read_last(path: &Path) -> io::Result<Option<Checkpoint>> {
    let mut file = match File::open(path) {
        Ok(file) => file,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(error),
    };
    let length = file.metadata()?.len();
    file.seek(SeekFrom::Start(length.saturating_sub(TAIL_BYTES)))?;
    let mut tail = Vec::new();
    file.take(TAIL_BYTES).read_to_end(&mut tail)?;
    let Some(end) = tail.iter().rposition(|byte| *byte == b'\n') else {
        return if length == 0 {
            Ok(None)
        } else {
            Err(strange())
        };
    };
    let whole = tail.get(..end).unwrap_or_default();
    let line = whole.rsplit(|byte| *byte == b'\n').next();
    let read = serde_json::from_slice(line.unwrap_or_default());
    read.map(Some).map_err(|_| strange())
}

fn strange() -> io::Error {
    io::Error::other("this is no file of checkpoints; name another one in [audit]")
}

fn add(path: &Path, line: &str) -> io::Result<()> {
    let mut file = OpenOptions::new()
        .create(true)
        .truncate(false)
        .read(true)
        .write(true)
        .open(path)?;
    let length = file.metadata()?.len();
    file.seek(SeekFrom::Start(length.saturating_sub(TAIL_BYTES)))?;
    let mut tail = Vec::new();
    (&mut file).take(TAIL_BYTES).read_to_end(&mut tail)?;
    let torn = tail.iter().rev().take_while(|byte| **byte != b'\n').count();
    let torn = u64::try_from(torn).unwrap_or(TAIL_BYTES);
    file.set_len(length.saturating_sub(torn))?;
    file.seek(SeekFrom::End(0))?;
    file.write_all(format!("{line}\n").as_bytes())?;
    file.sync_all()
}
