//! Where the sanctions lists come from: files that somebody fetches, read again when they change.

use crate::say::say;
use anyhow::{Context, bail};
use clap::Args;
use futures::{FutureExt, future::Either};
use proof_core::screening::names::{Born, Subject};
use proof_engine::{Engine, ListFile, Lists, SCORE_MIN};
use serde::Deserialize;
use std::{fmt::Write, fs, path::PathBuf, sync::Arc, time::SystemTime};
use tokio::sync::watch;

/// How often the files are looked at. Whoever fetches them renames the new one into place.
const LOOK_SECONDS: i64 = 60;

/// All the lists of the world together have a third of it.
const FILE_BYTES_MAX: u64 = 1024 * 1024 * 1024;

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SanctionsConfig {
    /// `targets.simple.csv` of OpenSanctions, or `sdn.csv` and `alt.csv` of OFAC; all of them count.
    pub files: Vec<PathBuf>,
    /// How much a name has to be like one of theirs before people look.
    #[serde(default = "score_percent")]
    pub score_percent: u32,
}

const fn score_percent() -> u32 {
    SCORE_MIN / 10
}

/// What a file looks like from outside; another look means that it was changed.
#[derive(Clone, PartialEq, Eq)]
struct Outside(Vec<(Option<SystemTime>, u64)>);

impl SanctionsConfig {
    pub fn of(files: &[PathBuf]) -> Option<Self> {
        (!files.is_empty()).then(|| Self {
            files: files.to_vec(),
            score_percent: score_percent(),
        })
    }

    fn outside(&self) -> anyhow::Result<Outside> {
        let one = |path: &PathBuf| {
            let about = fs::metadata(path);
            let about = about.with_context(|| format!("cannot read {}", path.display()))?;
            if about.len() > FILE_BYTES_MAX {
                bail!("{} has more than {FILE_BYTES_MAX} bytes", path.display());
            }
            Ok((about.modified().ok(), about.len()))
        };
        self.files
            .iter()
            .map(one)
            .collect::<anyhow::Result<_>>()
            .map(Outside)
    }

    fn read(&self) -> anyhow::Result<Lists> {
        if !(50..=100).contains(&self.score_percent) {
            bail!("[sanctions] score_percent has to be 50 to 100");
        }
        self.outside()?;
        let one = |path: &PathBuf| {
            let bytes = fs::read(path);
            Ok(ListFile {
                bytes: bytes.with_context(|| format!("cannot read {}", path.display()))?,
                name: path.display().to_string(),
            })
        };
        let files = self
            .files
            .iter()
            .map(one)
            .collect::<anyhow::Result<Vec<_>>>()?;
        Ok(Lists::read(&files, self.score_percent.saturating_mul(10))?)
    }

    /// Reads the lists before anybody is let in: a server that was told to screen does not serve without.
    pub fn open(self, engine: &Engine) -> anyhow::Result<Watch> {
        let seen = self.outside()?;
        let lists = self.read()?;
        told(&lists);
        engine.sanctions().load(lists);
        Ok(Watch { config: self, seen })
    }
}

fn told(lists: &Lists) {
    let (persons, version) = (lists.persons(), &lists.version);
    tracing::info!(persons, version, "sanctions lists are loaded");
}

/// Looks whether the files have changed.
pub struct Watch {
    config: SanctionsConfig,
    seen: Outside,
}

impl Watch {
    /// Until `stop` changes.
    pub async fn run(&mut self, engine: &Arc<Engine>, mut stop: watch::Receiver<bool>) {
        loop {
            let wait = engine
                .clock()
                .sleep_until(engine.now().plus_seconds(LOOK_SECONDS));
            let stopped = stop.wait_for(|stop| *stop);
            futures::pin_mut!(stopped);
            if let Either::Left(_) = futures::future::select(stopped, wait.fuse()).await {
                return;
            }
            self.look_and_tell(engine).await;
        }
    }

    /// What cannot be used changes nothing but what is said of it.
    pub async fn look_and_tell(&mut self, engine: &Engine) {
        if let Err(error) = self.look(engine).await {
            tracing::error!("the sanctions lists from before still hold: {error:#}");
            engine.sanctions().keep(format!("{error:#}"), engine.now());
        }
    }

    pub async fn look(&mut self, engine: &Engine) -> anyhow::Result<()> {
        let config = self.config.clone();
        let outside = tokio::task::spawn_blocking(move || config.outside()).await??;
        if outside == self.seen && !engine.sanctions().is_old() {
            return Ok(());
        }
        let config = self.config.clone();
        let lists = tokio::task::spawn_blocking(move || config.read()).await??;
        told(&lists);
        engine.sanctions().load(lists);
        self.seen = outside;
        Ok(())
    }
}

#[derive(Args, Debug)]
pub struct NamesArgs {
    /// The name, in any alphabet and order.
    name: String,
    /// When they were born, 1960 or 1960-05-12.
    #[arg(long)]
    born: Option<String>,
    /// `targets.simple.csv` of OpenSanctions, or `sdn.csv` and `alt.csv` of OFAC.
    #[arg(long, required = true, num_args = 1..)]
    list: Vec<PathBuf>,
    /// From how many percent on somebody is shown.
    #[arg(long, default_value_t = score_percent())]
    score: u32,
}

/// `proof list names`: what a name is like, by the same rules as the server's.
pub fn names(args: NamesArgs) -> anyhow::Result<()> {
    let config = SanctionsConfig {
        files: args.list,
        score_percent: args.score,
    };
    let lists = config.read()?;
    let born = args.born.as_deref().map(|text| {
        Born::parse(text).with_context(|| format!("{text} is no date: 1960 or 1960-05-12"))
    });
    let who = Subject {
        name: args.name,
        born: born.transpose()?,
    };
    let mut text = String::new();
    for hit in lists.screen(&who) {
        let (percent, id) = (hit.score / 10, &hit.id);
        writeln!(text, "{percent:>3} %  {}  ({}, {id})", hit.name, hit.lists)?;
        if hit.spelling != hit.name {
            writeln!(text, "       spelt {}", hit.spelling)?;
        }
        writeln!(text, "       {}", hit.explained())?;
    }
    if text.is_empty() {
        let (persons, percent) = (lists.persons(), args.score);
        writeln!(
            text,
            "None of {persons} persons on the lists is {percent} % alike."
        )?;
    }
    writeln!(text, "Version of the lists: {}", lists.version)?;
    say(&text)
}
