//! What people did: who reads it, and whether it is still what was written.

use crate::{ApiError, Engine, Page, error::refused};
use base64::{Engine as _, engine::general_purpose::STANDARD};
use ed25519_dalek::Signer;
use proof_core::{
    Timestamp,
    audit::{Author, Broken, Deed, Kept, Record, Walk},
    partner::Environment,
};
use proof_store::{AuditSearch, Db, Failure, Tx};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::collections::BTreeMap;

mod keep;

pub(crate) use keep::Keeping;
pub use keep::Unkept;

const RECORDS_PER_PAGE: i64 = 2_000;

/// Records that are shown at once.
pub const AUDIT_PAGE_MAX: i64 = 100;

#[derive(Clone, Debug, Serialize)]
pub struct AuditEntry {
    pub number: i64,
    pub at: String,
    pub by: String,
    pub act: String,
    pub subject: String,
    pub before: Value,
    pub after: Value,
    /// From where: an address, or the operators' socket.
    pub ip: String,
    pub hash: String,
}

/// Latest first.
pub type AuditPage = Page<AuditEntry>;

/// What entries can be filtered by.
#[derive(Clone, Debug, Serialize)]
pub struct AuditNames {
    pub by: Vec<String>,
    pub acts: Vec<String>,
}

/// More than that is no choice any more, and the search finds the rest.
const NAMES_MAX: i64 = 500;

/// The end of the chain, signed: whoever keeps one notices when the chain is cut or written anew.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Checkpoint {
    pub number: i64,
    pub hash: String,
    pub at: String,
    /// Ed25519 over `number`, `hash` and `at`, each on a line, with the key of the webhooks; base64.
    pub signature: String,
}

impl From<Kept> for AuditEntry {
    fn from(kept: Kept) -> Self {
        let record: Option<Record> = serde_json::from_str(&kept.text).ok();
        let (at, from, before, after) = record.map_or_else(
            || (String::new(), String::new(), Value::Null, Value::Null),
            |r| (r.at.to_contract(), r.from, r.before, r.after),
        );
        Self {
            number: kept.number,
            at,
            by: kept.by,
            act: kept.act,
            subject: kept.subject,
            before,
            after,
            ip: from,
            hash: kept.hash,
        }
    }
}

/// Records what a person did, in the database transaction that does it. The last thing in it: whoever
/// adds holds the end of the chain.
pub(crate) async fn audit(
    tx: &mut Tx,
    deed: &Deed,
    now: Timestamp,
) -> Result<(), Failure<ApiError>> {
    tracing::debug!(by = %deed.author.by, act = deed.act, subject = deed.subject, "somebody acts");
    tx.audit_add(deed, now).await?;
    Ok(())
}

/// Walks on from there to the end, and tells of each record that is as it was written.
async fn walk(
    tx: &mut Tx,
    mut walk: Walk,
    mut met: impl FnMut(&Walk),
) -> Result<Result<Walk, Broken>, Failure<ApiError>> {
    loop {
        let page = tx.audit_page(walk.number, RECORDS_PER_PAGE).await?;
        if page.is_empty() {
            break;
        }
        for record in &page {
            walk = match walk.step(record) {
                Ok(walk) => walk,
                Err(broken) => return Ok(Err(broken)),
            };
            met(&walk);
        }
    }
    let head = tx.audit_head().await?;
    Ok(if head == walk {
        Ok(walk)
    } else {
        Err(Broken::Checkpoint {
            end: walk.number,
            wanted: head.number,
        })
    })
}

/// Walks the whole chain, and compares what somebody kept of it: numbers with their hashes.
pub async fn audit_verify(
    db: &Db,
    kept: BTreeMap<i64, String>,
) -> Result<Result<Walk, Broken>, ApiError> {
    db.read("audit_verify", move |tx: &mut Tx| {
        let mut kept = kept.clone();
        Box::pin(async move {
            let mut met = |here: &Walk| {
                if kept.get(&here.number) == Some(&here.hash) {
                    kept.remove(&here.number);
                }
            };
            met(&Walk::default());
            let walked = walk(tx, Walk::default(), met).await?;
            let wanted = kept.into_keys().next();
            Ok::<_, Failure<ApiError>>(match (walked, wanted) {
                (Ok(walk), Some(wanted)) => Err(Broken::Checkpoint {
                    end: walk.number,
                    wanted,
                }),
                (walked, _) => walked,
            })
        })
    })
    .await
    .map_err(ApiError::from)
}

impl Engine {
    pub async fn audit_search(&self, search: AuditSearch) -> Result<AuditPage, ApiError> {
        let limit = search.limit;
        let asked = AuditSearch {
            limit: limit.saturating_add(1),
            ..search
        };
        let kept = self
            .db
            .read("audit_search", move |tx: &mut Tx| {
                let asked = asked.clone();
                Box::pin(async move { Ok::<_, Failure<ApiError>>(tx.audit_search(&asked).await?) })
            })
            .await?;
        let page = Page::cut(kept, limit, |last| last.number.to_string());
        Ok(page.map(AuditEntry::from))
    }

    /// Latest first, before a number.
    pub async fn audit_list(&self, before: i64, limit: i64) -> Result<AuditPage, ApiError> {
        let (text, by, act) = (None, None, None);
        let search = AuditSearch {
            text,
            by,
            act,
            before,
            limit,
        };
        self.audit_search(search).await
    }

    /// One entry, however long ago it was.
    pub async fn audit_entry(&self, number: i64) -> Result<AuditEntry, ApiError> {
        let page = self.audit_list(number.saturating_add(1), 1).await?;
        let found = page.data.into_iter().find(|entry| entry.number == number);
        found.ok_or_else(|| ApiError::nobody("audit entry"))
    }

    pub async fn audit_names(&self) -> Result<AuditNames, ApiError> {
        let (by, acts) = self
            .db
            .read("audit_names", |tx: &mut Tx| {
                Box::pin(
                    async move { Ok::<_, Failure<ApiError>>(tx.audit_names(NAMES_MAX).await?) },
                )
            })
            .await?;
        Ok(AuditNames { by, acts })
    }

    pub async fn audit_verify(&self) -> Result<Result<Walk, Broken>, ApiError> {
        audit_verify(&self.db, BTreeMap::new()).await
    }

    /// A deed that is done already, and is no row of ours.
    pub async fn audit_note(
        &self,
        author: Author,
        act: &'static str,
        subject: String,
        after: Value,
    ) -> Result<(), ApiError> {
        let deed = crate::member::deed(author, act, subject, after);
        self.deed_note(deed).await
    }

    pub(crate) async fn deed_note(&self, deed: Deed) -> Result<(), ApiError> {
        let now = self.now();
        self.db
            .write("audit_note", move |tx: &mut Tx| {
                let deed = deed.clone();
                Box::pin(async move { audit(tx, &deed, now).await })
            })
            .await
            .map_err(ApiError::from)
    }

    /// The end of the chain, for whoever wants to keep it elsewhere.
    pub async fn audit_checkpoint(&self) -> Result<Checkpoint, ApiError> {
        let end = self
            .db
            .read("audit_checkpoint", |tx: &mut Tx| {
                Box::pin(async move { Ok::<_, Failure<ApiError>>(tx.audit_head().await?) })
            })
            .await?;
        self.checkpoint(end)
    }

    fn checkpoint(&self, Walk { number, hash }: Walk) -> Result<Checkpoint, ApiError> {
        let at = self.now().to_contract();
        let key = self.webhook_key(Environment::Test);
        let key = key.ok_or_else(|| ApiError::internal("no key to sign with"))?;
        let text = format!("{number}\n{hash}\n{at}\n");
        let signature = STANDARD.encode(key.sign(text.as_bytes()).to_bytes());
        Ok(Checkpoint {
            number,
            hash,
            at,
            signature,
        })
    }
}

/// What two have to want: the first word is kept, the second one, the same from somebody else, counts.
/// `None`: kept. `Some`: who said it first.
pub(crate) async fn two_voices(
    tx: &mut Tx,
    subject: &str,
    act: Value,
    voice: proof_core::operator::Voice,
    now: Timestamp,
) -> Result<Option<proof_core::operator::Voice>, Failure<ApiError>> {
    use proof_core::operator::{Count, Proposal, count};
    let standing: Option<Proposal<Value>> = match tx.proposal_load(subject).await? {
        Some(body) => serde_json::from_value(body).ok(),
        None => None,
    };
    match count(standing.as_ref(), act, voice, now) {
        Count::Proposed(proposal) => {
            let body = serde_json::to_value(&proposal).unwrap_or_default();
            tx.proposal_put(subject, body, now).await?;
            Ok(None)
        }
        Count::Agreed { first } => {
            tx.proposal_end(subject).await?;
            Ok(Some(first))
        }
        Count::Alone => Err(refused(proof_core::order::Refusal::SecondPerson)),
    }
}
