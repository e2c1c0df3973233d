//! The worker processes: started when they are needed, kept while they answer, killed when they do
//! not. Whatever happens to one, its case goes to people.

use anyhow::Context;
use proof_identity::{
    check::Case,
    report::{Reason, Report, Subject},
    wire,
};
use std::{path::PathBuf, process::Stdio, sync::Mutex, time::Duration};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    process::{Child, ChildStdin, ChildStdout, Command},
    sync::Semaphore,
};

#[derive(Clone, Debug)]
pub struct PoolSettings {
    /// The program to start: this one.
    pub binary: PathBuf,
    /// The folder of the models.
    pub models: PathBuf,
    /// Processes at once. Each takes a core while it works.
    pub workers: usize,
    /// Cases that wait for one; with more, a case goes to people at once.
    pub waiting_max: usize,
    /// One case takes no longer than this, or it goes to people.
    pub case_timeout: Duration,
}

impl PoolSettings {
    pub const fn new(binary: PathBuf, models: PathBuf) -> Self {
        Self {
            binary,
            models,
            workers: 1,
            // All of them together take less than a job may be held.
            waiting_max: 3,
            // A case takes a second or two on a quiet machine; a busy one may take a few times that.
            case_timeout: Duration::from_secs(20),
        }
    }
}

pub struct Pool {
    settings: PoolSettings,
    /// Places to work, and places to wait.
    working: Semaphore,
    inside: Semaphore,
    idle: Mutex<Vec<Worker>>,
}

struct Worker {
    child: Child,
    to: ChildStdin,
    from: ChildStdout,
}

impl Pool {
    pub fn new(settings: PoolSettings) -> Self {
        Self {
            working: Semaphore::new(settings.workers),
            inside: Semaphore::new(settings.workers + settings.waiting_max),
            idle: Mutex::new(Vec::new()),
            settings,
        }
    }

    /// Whether a case finds a place now.
    pub fn has_room(&self) -> bool {
        self.inside.available_permits() > 0
    }

    /// A report in any case: `Err` only where no process can be started at all.
    pub async fn check(&self, case: &Case) -> anyhow::Result<Report> {
        let no_answer = || Report::only(Reason::NoAnswer, Subject::Document);
        let Ok(_inside) = self.inside.try_acquire() else {
            return Ok(no_answer());
        };
        let Ok(bytes) = wire::case_bytes(case) else {
            return Ok(no_answer());
        };
        let _working = self.working.acquire().await.context("the pool is closed")?;
        let kept = self.idle.lock().ok().and_then(|mut idle| idle.pop());
        let mut worker = kept.map_or_else(|| self.start(), Ok)?;
        let answer = tokio::time::timeout(self.settings.case_timeout, worker.ask(&bytes)).await;
        match answer {
            Ok(Ok(report)) => {
                if let Ok(mut idle) = self.idle.lock() {
                    idle.push(worker);
                }
                Ok(report)
            }
            Ok(Err(error)) => {
                tracing::warn!("an identity worker broke: {error:#}");
                worker.end().await;
                Ok(no_answer())
            }
            Err(_) => {
                tracing::warn!("an identity worker took too long and was stopped");
                worker.end().await;
                Ok(no_answer())
            }
        }
    }

    fn start(&self) -> anyhow::Result<Worker> {
        // Nothing of our environment: there are secrets in it.
        let mut child = Command::new(&self.settings.binary)
            .arg("identity-worker")
            .arg("--models")
            .arg(&self.settings.models)
            .env_clear()
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .kill_on_drop(true)
            .spawn()
            .context("cannot start an identity worker")?;
        let to = child.stdin.take().context("the worker has no input")?;
        let from = child.stdout.take().context("the worker has no output")?;
        Ok(Worker { child, to, from })
    }
}

impl Worker {
    async fn ask(&mut self, case: &[u8]) -> anyhow::Result<Report> {
        self.to.write_all(case).await?;
        self.to.flush().await?;
        let mut head = [0; 4];
        self.from.read_exact(&mut head).await?;
        let mut bytes = vec![0; wire::report_length(head)?];
        self.from.read_exact(&mut bytes).await?;
        Ok(wire::report_read(&bytes)?)
    }

    /// SIGKILL: it may be busy with anything.
    async fn end(mut self) {
        if let Err(error) = self.child.kill().await {
            tracing::warn!("an identity worker could not be stopped: {error}");
        }
    }
}
