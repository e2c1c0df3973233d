//! Checkpoints that the server keeps elsewhere, and whether the chain still leads through the last of them.

use super::{Checkpoint, walk};
use crate::{ApiError, Engine};
use proof_core::{
    Timestamp,
    alert::Alert,
    audit::{Broken, Walk},
};
use proof_store::{Failure, Tx};
use std::sync::{Mutex, MutexGuard, PoisonError};

/// Why the end of the chain is not kept.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Unkept {
    /// It does not lead through what was kept before: nothing is written beside that any more.
    Broken(Broken),
    /// The other place, in words for operators.
    Place(String),
}

#[derive(Default)]
pub(crate) struct Keeping {
    now: Mutex<Now>,
}

#[derive(Default)]
struct Now {
    trouble: Option<(Timestamp, Unkept)>,
    /// The last that was kept.
    last: Option<Checkpoint>,
}

impl Keeping {
    fn now(&self) -> MutexGuard<'_, Now> {
        self.now.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub fn alert(&self) -> Option<Alert> {
        let (since, unkept) = self.now().trouble.clone()?;
        Some(match unkept {
            Unkept::Broken(broken) => Alert::AuditBroken {
                since,
                problem: broken.to_string(),
            },
            Unkept::Place(problem) => Alert::AuditUnkept { since, problem },
        })
    }

    pub fn last(&self) -> Option<Checkpoint> {
        self.now().last.clone()
    }
}

impl Engine {
    /// Walks what people did since a checkpoint was kept, or all of it, to the end that is to be kept next; `None`: it
    /// is kept already.
    pub async fn audit_since(
        &self,
        kept: Option<&Checkpoint>,
    ) -> Result<Result<Option<Checkpoint>, Broken>, ApiError> {
        let from = kept.map_or_else(Walk::default, |kept| Walk {
            number: kept.number,
            hash: kept.hash.clone(),
        });
        let is_kept = kept.is_some();
        let begun = from.clone();
        let walked = self
            .db
            .read("audit_since", move |tx: &mut Tx| {
                let from = from.clone();
                Box::pin(async move { walk_from(tx, from).await })
            })
            .await?;
        match walked {
            Err(broken) => Ok(Err(broken)),
            Ok(end) if is_kept && end == begun => Ok(Ok(None)),
            Ok(end) => Ok(Ok(Some(self.checkpoint(end)?))),
        }
    }

    /// What became of a try to keep the end of the chain: the checkpoint that is the last one now.
    pub fn audit_kept(&self, outcome: Result<Option<Checkpoint>, Unkept>) {
        let mut seen = self.audit_keeping.now();
        match outcome {
            Ok(last) => {
                seen.trouble = None;
                seen.last = last.or(seen.last.take());
            }
            Err(unkept) => {
                let since = match &seen.trouble {
                    Some((since, before)) if *before == unkept => *since,
                    _ => self.now(),
                };
                seen.trouble = Some((since, unkept));
            }
        }
    }
}

async fn walk_from(tx: &mut Tx, from: Walk) -> Result<Result<Walk, Broken>, Failure<ApiError>> {
    if from.number > 0 {
        let before = from.number.saturating_sub(1);
        let there = tx.audit_page(before, 1).await?.into_iter().next();
        let is_there = there.is_some_and(|r| r.number == from.number && r.hash == from.hash);
        if !is_there {
            return Ok(Err(Broken::Checkpoint {
                end: tx.audit_head().await?.number,
                wanted: from.number,
            }));
        }
    }
    walk(tx, from, |_| {}).await
}
