//! Sanctions lists: which are loaded, and whether somebody's name is on one.

mod file;

pub use file::{ListFile, ListProblem};

use crate::{ApiError, Engine};
use proof_core::{
    Timestamp,
    alert::Alert,
    identity::Evidence,
    screening::names::{NameCheck, NameHit, NameList, Subject},
};
use sha2::{Digest, Sha256};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// Of 1,000, where nothing else is said.
pub const SCORE_MIN: u32 = 850;

/// Characters of a version: enough to tell two lists apart.
const VERSION_LENGTH: usize = 12;

/// Everybody on the files that were loaded together.
pub struct Lists {
    names: NameList,
    /// Of 1,000: from here on people look.
    score_min: u32,
    /// Digest of the files.
    pub version: String,
}

impl Lists {
    pub fn read(files: &[ListFile], score_min: u32) -> Result<Self, ListProblem> {
        let mut digest = Sha256::new();
        for file in files {
            digest.update(Sha256::digest(&file.bytes));
        }
        let mut version = hex::encode(digest.finalize());
        version.truncate(VERSION_LENGTH);
        let names = NameList::of(file::persons(files)?);
        Ok(Self {
            names,
            score_min,
            version,
        })
    }

    pub fn persons(&self) -> usize {
        self.names.len()
    }

    pub fn screen(&self, who: &Subject) -> Vec<NameHit> {
        self.names.screen(who, self.score_min)
    }
}

/// The lists in force. Newer ones take their place while the server runs.
#[derive(Default)]
pub struct Sanctions {
    now: Mutex<Now>,
}

#[derive(Default)]
struct Now {
    lists: Option<Arc<Lists>>,
    /// Why the newest files are not in force, and since when.
    problem: Option<(Timestamp, String)>,
}

impl Sanctions {
    fn now(&self) -> MutexGuard<'_, Now> {
        self.now.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// From now on these hold.
    pub fn load(&self, lists: Lists) {
        *self.now() = Now {
            lists: Some(Arc::new(lists)),
            problem: None,
        };
    }

    /// New files cannot be read; those from before still hold.
    pub fn keep(&self, problem: String, now: Timestamp) {
        let mut held = self.now();
        let since = held.problem.as_ref().map_or(now, |(since, _)| *since);
        held.problem = Some((since, problem));
    }

    pub fn is_old(&self) -> bool {
        self.now().problem.is_some()
    }

    pub(crate) fn alert(&self) -> Option<Alert> {
        let (since, problem) = self.now().problem.clone()?;
        Some(Alert::SanctionsOld { since, problem })
    }

    pub fn lists(&self) -> Option<Arc<Lists>> {
        self.now().lists.clone()
    }

    /// `None`: there are no lists, or no name was read.
    pub async fn screen_of(&self, seen: &Evidence) -> Result<Option<NameCheck>, ApiError> {
        match seen.subject() {
            Some(subject) => self.screen(subject).await,
            None => Ok(None),
        }
    }

    /// `None`: no lists are configured.
    pub async fn screen(&self, who: Subject) -> Result<Option<NameCheck>, ApiError> {
        let Some(lists) = self.lists() else {
            return Ok(None);
        };
        // Some milliseconds for lists of the whole world: beside the threads that answer calls.
        let screened = tokio::task::spawn_blocking(move || NameCheck {
            hits: lists.screen(&who),
            lists: lists.version.clone(),
        });
        screened.await.map(Some).map_err(ApiError::internal)
    }
}

impl Engine {
    pub fn sanctions(&self) -> &Sanctions {
        &self.sanctions
    }
}
