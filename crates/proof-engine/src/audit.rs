//! What people did: who reads it, and whether it is still what was written.

use crate::{ApiError, Engine, error::refused};
use base64::{Engine as _, engine::general_purpose::STANDARD};
use ed25519_dalek::Signer;
use proof_core::{
    Timestamp,
    audit::{Author, Broken, Deed, Kept, Record, Walk},
    partner::Environment,
};
use proof_store::{Db, Failure, Tx};
use serde::{Deserialize, Serialize};
use serde_json::Value;

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

#[derive(Clone, Debug, Serialize)]
pub struct AuditPage {
    /// Latest first.
    pub data: Vec<AuditEntry>,
    pub next_cursor: Option<String>,
}

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

/// Walks the whole chain, and compares what somebody kept of it.
pub async fn audit_verify(
    db: &Db,
    kept: Option<(i64, String)>,
) -> Result<Result<Walk, Broken>, ApiError> {
    db.read("audit_verify", move |tx: &mut Tx| {
        let kept = kept.clone();
        Box::pin(async move {
            let mut walk = Walk::default();
            let beginning = (walk.number, walk.hash.clone());
            let mut met = kept.as_ref().is_none_or(|kept| *kept == beginning);
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
                    let here = (walk.number, walk.hash.clone());
                    met |= kept.as_ref() == Some(&here);
                }
            }
            let head = tx.audit_head().await?;
            let wanted = kept.filter(|_| !met).map(|(number, _)| number);
            let wanted = wanted.or((head != walk).then_some(head.number));
            Ok::<_, Failure<ApiError>>(match wanted {
                Some(wanted) => Err(Broken::Checkpoint {
                    end: walk.number,
                    wanted,
                }),
                None => Ok(walk),
            })
        })
    })
    .await
    .map_err(ApiError::from)
}

impl Engine {
    pub async fn audit_list(&self, before: i64, limit: i64) -> Result<AuditPage, ApiError> {
        let kept = self
            .db
            .read("audit_list", move |tx: &mut Tx| {
                Box::pin(async move {
                    Ok::<_, Failure<ApiError>>(
                        tx.audit_list(before, limit.saturating_add(1)).await?,
                    )
                })
            })
            .await?;
        let data: Vec<AuditEntry> = kept.into_iter().map(AuditEntry::from).collect();
        let limit = usize::try_from(limit).unwrap_or(usize::MAX);
        let more = data.len() > limit;
        let data: Vec<AuditEntry> = data.into_iter().take(limit).collect();
        let next_cursor = data
            .last()
            .filter(|_| more)
            .map(|last| last.number.to_string());
        Ok(AuditPage { data, next_cursor })
    }

    pub async fn audit_verify(&self) -> Result<Result<Walk, Broken>, ApiError> {
        audit_verify(&self.db, None).await
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
        let Walk { number, hash } = self
            .db
            .read("audit_checkpoint", |tx: &mut Tx| {
                Box::pin(async move { Ok::<_, Failure<ApiError>>(tx.audit_head().await?) })
            })
            .await?;
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
