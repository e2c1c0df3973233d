//! A partner's day, from the books, signed with the key that signs their webhooks.

use crate::{ApiError, Engine, error::refused};
use base64::{Engine as _, engine::general_purpose::STANDARD};
use ed25519_dalek::Signer;
use proof_core::{
    ErrorCode,
    id::PartnerId,
    partner::Environment,
    statement::{BookEntry, Day, Statement, statement},
};
use proof_store::Tx;
use serde::{Deserialize, Serialize};

const LINES_PER_PAGE: i64 = 5_000;

/// What began before midnight is booked by then: one day, one document, for ever.
const CLOSED_AFTER_SECONDS: i64 = 10 * 60;

/// The document in both forms, each with its signature.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct SignedStatement {
    pub day: String,
    pub json: String,
    /// Ed25519 over the bytes of `json`, base64.
    pub json_signature: String,
    pub csv: String,
    pub csv_signature: String,
}

impl Engine {
    /// The statement of a day that is over. Asked for again, it has the same bytes.
    pub async fn statement(
        &self,
        partner: PartnerId,
        environment: Environment,
        day: Day,
    ) -> Result<SignedStatement, ApiError> {
        self.is_over(day)?;
        let made = self.statement_read(partner, environment, day).await?;
        let csv = made.to_csv();
        self.signed(environment, day, (&made, csv))
    }

    pub(crate) fn is_over(&self, day: Day) -> Result<(), ApiError> {
        if day.end().plus_seconds(CLOSED_AFTER_SECONDS) > self.now() {
            let message = "A statement is made when its day (UTC) has been over for ten minutes.";
            return Err(ApiError::field(ErrorCode::ValidationError, "day", message));
        }
        Ok(())
    }

    pub(crate) fn signed(
        &self,
        environment: Environment,
        day: Day,
        (made, csv): (&impl Serialize, String),
    ) -> Result<SignedStatement, ApiError> {
        let mut json = serde_json::to_string_pretty(made).map_err(ApiError::internal)?;
        json.push('\n');
        let key = self.webhook_key(environment);
        let key = key.ok_or_else(|| ApiError::internal("no key to sign with"))?;
        let sign = |text: &str| STANDARD.encode(key.sign(text.as_bytes()).to_bytes());
        Ok(SignedStatement {
            day: day.name(),
            json_signature: sign(&json),
            csv_signature: sign(&csv),
            json,
            csv,
        })
    }

    async fn statement_read(
        &self,
        partner: PartnerId,
        environment: Environment,
        day: Day,
    ) -> Result<Statement, ApiError> {
        self.db
            .read("statement", move |tx: &mut Tx| {
                Box::pin(async move {
                    let known = tx.partner_load(partner).await?;
                    known.ok_or_else(|| refused(ApiError::not_found("partner")))?;
                    let mut entries: Vec<BookEntry> = Vec::new();
                    let mut after = None;
                    loop {
                        let page = tx
                            .ledger_of_partner((partner, environment), day, after, LINES_PER_PAGE)
                            .await?;
                        let Some(last) = page.last() else { break };
                        after = Some((last.posted_at, last.entry, last.line));
                        for line in page {
                            match entries.last_mut().filter(|entry| entry.id == line.entry) {
                                Some(entry) => entry.postings.push((line.account, line.amount)),
                                None => entries.push(BookEntry {
                                    id: line.entry,
                                    order: line.order,
                                    kind: line.kind,
                                    at: line.posted_at,
                                    memo: line.memo,
                                    postings: vec![(line.account, line.amount)],
                                }),
                            }
                        }
                    }
                    let made = statement(partner, environment, day, &entries);
                    made.map_err(|error| refused(ApiError::internal(error)))
                })
            })
            .await
            .map_err(ApiError::from)
    }
}
