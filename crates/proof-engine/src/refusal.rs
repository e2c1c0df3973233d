//! The integration log: refused calls reach the people who can put them right.
//!
//! Calls are counted in memory and written once a second, so that a partner's loop of bad calls
//! costs one row and one write. What a crash takes with it is a second of counting.

use crate::{
    Access, ApiError, Engine, Seat,
    audit::audit,
    checklist::{EndReads, SeenKey, SeenNote, is_expiry, not_allowed},
    member::deed,
};
use futures::{FutureExt, future::Shared};
use proof_core::{
    ErrorCode, Timestamp,
    id::{OrderId, PartnerId},
    member::Act,
    partner::Environment,
};
use proof_store::{Failure, RefusalRow, RefusalsOf, Tx};
use quick_cache::sync::Cache;
use schemars::JsonSchema;
use serde::Serialize;
use serde_json::json;
use std::{
    collections::BTreeMap,
    sync::{Mutex, PoisonError},
};

const FLUSH_SECONDS: i64 = 1;

/// Kinds of refused calls of one partner that are counted between two writes, and that are kept;
/// more are not told apart by origin. Routes, codes and fields are few.
const KINDS_MAX: usize = 100;
const KEPT_MAX: i64 = 500;

/// Transactions whose ends are remembered; those that were not read lately go first.
const ENDS_MAX: usize = 20_000;

/// In the place of origins beyond these bounds.
const OTHER: &str = "(other)";

/// Kinds of refused calls that a partner is shown, the latest.
pub(crate) const SHOWN_MAX: i64 = 200;

/// A note about refused calls: a sentence or two.
const NOTE_LENGTH_MAX: usize = 500;

/// What has not happened for this long is forgotten; so are the tries of deliveries.
const KEPT_SECONDS: i64 = 90 * 24 * 3_600;
const PURGE_SECONDS: i64 = 3_600;

/// One call that was refused, and whose it was.
#[derive(Clone, Debug)]
pub struct Refusal {
    pub partner: PartnerId,
    pub environment: Environment,
    pub route: String,
    pub code: &'static str,
    pub field: &'static str,
    pub origin: String,
    pub message: String,
    pub request_id: String,
}

/// Refused calls that are alike.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct RefusedCalls {
    /// Method and path, like `POST /widget/session`.
    pub route: String,
    pub error: &'static str,
    pub code: String,
    pub field: Option<String>,
    pub origin: Option<String>,
    /// Of the latest one.
    pub message: String,
    pub count: i64,
    pub first_seen: String,
    pub last_seen: String,
    /// `X-Request-Id` of the latest one.
    pub request_id: Option<String>,
    /// The page that says what to do.
    pub docs_url: String,
}

#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct IntegrationLog {
    /// Latest first.
    pub data: Vec<RefusedCalls>,
}

/// The same for the people of the console, who say when they have looked at it.
#[derive(Clone, Debug, Serialize)]
pub struct LoggedRefusal {
    #[serde(flatten)]
    pub call: RefusedCalls,
    /// Who last looked at it.
    pub acknowledged: Option<AcknowledgedBy>,
    /// It came again since, or nobody has looked at it.
    pub is_new: bool,
}

#[derive(Clone, Debug, Serialize)]
pub struct AcknowledgedBy {
    pub by: String,
    pub at: String,
    pub note: String,
}

/// What somebody has looked at, and a word about it.
#[derive(Clone, Debug)]
pub struct Acknowledge {
    pub which: RefusalsOf,
    pub note: String,
}

type Key = (
    PartnerId,
    Environment,
    String,
    &'static str,
    &'static str,
    String,
);

/// What was noted since the last write.
pub(crate) struct Notes {
    refusals: Mutex<BTreeMap<Key, RefusalRow>>,
    tokens: Mutex<BTreeMap<String, TokenNote>>,
    pub(crate) seen: Mutex<BTreeMap<SeenKey, SeenNote>>,
    /// Of transactions that have ended, how they were read since.
    pub(crate) ends: Cache<OrderId, EndReads>,
    /// Held while notes are on their way: who reads waits until they are there.
    writing: tokio::sync::Mutex<()>,
}

impl Default for Notes {
    fn default() -> Self {
        Self {
            refusals: Mutex::default(),
            tokens: Mutex::default(),
            seen: Mutex::default(),
            ends: Cache::new(ENDS_MAX),
            writing: tokio::sync::Mutex::default(),
        }
    }
}

/// When a token was last seen, and where, if it was in a browser.
#[derive(Clone, Debug)]
pub(crate) struct TokenNote {
    used_at: Timestamp,
    written_minute: i64,
    exposed: Option<Option<String>>,
}

pub(crate) fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Engine {
    /// Counts a refused call.
    pub fn refusal_note(&self, refusal: Refusal) {
        let now = self.now();
        let mut noted = lock(&self.notes.refusals);
        let first = (refusal.partner, refusal.environment);
        let own = noted.keys().filter(|key| (key.0, key.1) == first).count();
        let origin = if own >= KINDS_MAX && !refusal.origin.is_empty() {
            OTHER.to_owned()
        } else {
            refusal.origin
        };
        let key = (
            refusal.partner,
            refusal.environment,
            refusal.route.clone(),
            refusal.code,
            refusal.field,
            origin.clone(),
        );
        let row = noted.entry(key).or_insert_with(|| RefusalRow {
            route: refusal.route,
            code: refusal.code.to_owned(),
            field: refusal.field.to_owned(),
            origin,
            message: String::new(),
            count: 0,
            request_id: String::new(),
            first_at: now,
            last_at: now,
            acknowledged: None,
        });
        row.count = row.count.saturating_add(1);
        row.message = refusal.message;
        row.request_id = refusal.request_id;
        row.last_at = now;
    }

    /// Notes that a token was used, and whether a browser held it.
    pub(crate) fn token_note(&self, key_id: &str, exposed: Option<Option<String>>) {
        let now = self.now();
        let mut noted = lock(&self.notes.tokens);
        let note = noted.entry(key_id.to_owned()).or_insert(TokenNote {
            used_at: now,
            written_minute: 0,
            exposed: None,
        });
        note.used_at = now;
        if exposed.is_some() {
            note.exposed = exposed;
        }
    }

    /// Writes what was noted, once a second, until `stop` resolves and all is written.
    pub(crate) async fn note_loop(&self, stop: Shared<impl Future<Output = ()> + Send>) {
        let mut stop = stop.fuse();
        let (mut stopping, mut purge_at) = (false, self.now());
        while !stopping {
            let wait = self
                .clock
                .sleep_until(self.now().plus_seconds(FLUSH_SECONDS));
            let wait = wait.fuse();
            futures::pin_mut!(wait);
            futures::select_biased! {
                () = stop => stopping = true,
                () = wait => {}
            }
            if let Err(error) = self.notes_write().await {
                error.log("noted calls could not be written");
            }
            if self.now() >= purge_at {
                purge_at = self.now().plus_seconds(PURGE_SECONDS);
                if let Err(error) = self.notes_purge().await {
                    error.log("old notes could not be forgotten");
                }
            }
        }
    }

    pub(crate) async fn notes_write(&self) -> Result<(), ApiError> {
        let _one_at_a_time = self.notes.writing.lock().await;
        let refusals = std::mem::take(&mut *lock(&self.notes.refusals));
        let (tokens, seen) = (self.tokens_noted(), self.seen_noted());
        if refusals.is_empty() && tokens.is_empty() && seen.is_empty() {
            return Ok(());
        }
        self.db
            .write("notes_write", move |tx: &mut Tx| {
                let (refusals, tokens) = (refusals.clone(), tokens.clone());
                let seen = seen.clone();
                Box::pin(async move {
                    for ((partner, environment, ..), row) in refusals {
                        let mut row = row;
                        let kept = tx.refusal_count(partner, environment).await?;
                        if kept >= KEPT_MAX && !row.origin.is_empty() {
                            OTHER.clone_into(&mut row.origin);
                        }
                        tx.refusal_add(partner, environment, &row).await?;
                    }
                    for ((partner, environment, ..), observation) in &seen {
                        if is_expiry(tx, observation).await? {
                            continue;
                        }
                        tx.observation_add(*partner, *environment, observation)
                            .await?;
                    }
                    for (key_id, note) in &tokens {
                        tx.token_used(key_id, note.used_at).await?;
                        if let Some(origin) = &note.exposed {
                            tx.token_exposed(key_id, origin.as_deref(), note.used_at)
                                .await?;
                        }
                    }
                    Ok::<_, Failure<ApiError>>(())
                })
            })
            .await
            .map_err(ApiError::from)
    }

    /// Tokens with something new to write: to the minute is enough.
    fn tokens_noted(&self) -> Vec<(String, TokenNote)> {
        let mut noted = lock(&self.notes.tokens);
        let mut fresh = Vec::new();
        for (key_id, note) in noted.iter_mut() {
            let minute = note.used_at.seconds() / 60;
            if minute > note.written_minute || note.exposed.is_some() {
                fresh.push((key_id.clone(), note.clone()));
                note.written_minute = minute;
                note.exposed = None;
            }
        }
        fresh
    }

    async fn notes_purge(&self) -> Result<(), ApiError> {
        let before = self.now().plus_seconds(-KEPT_SECONDS);
        self.db
            .write("notes_purge", move |tx: &mut Tx| {
                Box::pin(async move {
                    tx.refusal_purge(before).await?;
                    tx.attempt_purge(before).await?;
                    Ok::<_, Failure<ApiError>>(())
                })
            })
            .await
            .map_err(ApiError::from)
    }

    /// The partner's refused calls, with what this process noted a moment ago.
    pub async fn integration_log(
        &self,
        access: &Access,
        docs: impl Fn(&str) -> String,
    ) -> Result<IntegrationLog, ApiError> {
        let rows = self.refusal_rows(access).await?;
        let data = rows.into_iter().map(|row| refused_calls(row, &docs));
        Ok(IntegrationLog {
            data: data.collect(),
        })
    }

    /// The same, with who has looked at what.
    pub async fn refusal_log(
        &self,
        access: &Access,
        docs: impl Fn(&str) -> String,
    ) -> Result<Vec<LoggedRefusal>, ApiError> {
        let rows = self.refusal_rows(access).await?;
        let logged = |mut row: RefusalRow| {
            let said = row.acknowledged.take();
            LoggedRefusal {
                is_new: said.as_ref().is_none_or(|said| said.count < row.count),
                acknowledged: said.map(|said| AcknowledgedBy {
                    by: said.by,
                    at: said.at.to_contract(),
                    note: said.note,
                }),
                call: refused_calls(row, &docs),
            }
        };
        Ok(rows.into_iter().map(logged).collect())
    }

    async fn refusal_rows(&self, access: &Access) -> Result<Vec<RefusalRow>, ApiError> {
        self.notes_write().await?;
        let (partner, environment) = (access.partner.id, access.environment);
        self.db
            .read("integration_log", move |tx: &mut Tx| {
                Box::pin(async move {
                    let rows = tx.refusal_list(partner, environment, SHOWN_MAX).await?;
                    Ok::<_, Failure<ApiError>>(rows)
                })
            })
            .await
            .map_err(ApiError::from)
    }

    /// Somebody has looked at refused calls: they are folded away until they happen again. The checklist
    /// judges them as before. Says how many kinds nobody had looked at.
    pub async fn refusal_acknowledge(
        &self,
        seat: &Seat,
        access: &Access,
        ask: Acknowledge,
    ) -> Result<u64, ApiError> {
        if !seat.role().may(Act::RefusalAcknowledge) {
            return Err(not_allowed());
        }
        let note = ask.note.trim().to_owned();
        if note.chars().count() > NOTE_LENGTH_MAX {
            let message = format!("A note has at most {NOTE_LENGTH_MAX} characters.");
            return Err(ApiError::field(ErrorCode::ValidationError, "note", message));
        }
        let (scope, author, now) = (
            (access.partner.id, access.environment),
            seat.author(),
            self.now(),
        );
        let which = ask.which;
        let told = match &which {
            RefusalsOf::Kind {
                route,
                code,
                field,
                origin,
            } => {
                json!({ "environment": scope.1, "route": route, "code": code, "field": field, "origin": origin, "note": note })
            }
            RefusalsOf::Code(code) => {
                json!({ "environment": scope.1, "code": code, "note": note })
            }
        };
        let deed = deed(author, "refusal.acknowledge", scope.0.to_string(), told);
        self.db
            .write("refusal_acknowledge", move |tx: &mut Tx| {
                let (which, note, deed) = (which.clone(), note.clone(), deed.clone());
                Box::pin(async move {
                    let by = deed.author.by.to_string();
                    let seen = tx
                        .refusal_acknowledge(scope, &which, (&by, &note), now)
                        .await?;
                    if seen > 0 {
                        audit(tx, &deed, now).await?;
                    }
                    Ok::<_, Failure<ApiError>>(seen)
                })
            })
            .await
            .map_err(ApiError::from)
    }
}

fn refused_calls(row: RefusalRow, docs: &impl Fn(&str) -> String) -> RefusedCalls {
    let some = |text: String| Some(text).filter(|text| !text.is_empty());
    RefusedCalls {
        error: ErrorCode::ALL
            .into_iter()
            .find(|code| code.code() == row.code)
            .map_or("notice", ErrorCode::slug),
        docs_url: docs(&row.code),
        route: row.route,
        code: row.code,
        field: some(row.field),
        origin: some(row.origin),
        message: row.message,
        count: row.count,
        first_seen: row.first_at.to_contract(),
        last_seen: row.last_at.to_contract(),
        request_id: some(row.request_id),
    }
}
