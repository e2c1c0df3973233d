//! A partner's tokens: several at once, exchanged without a pause.

use crate::{ApiError, Engine, audit::audit, error::refused, member::deed};
use proof_core::{
    ErrorCode, audit::Author, change::Change, id::PartnerId, partner::Environment, secret::Secret,
};
use proof_store::{Failure, TokenListed, Tx};
use serde_json::json;

/// How long tokens work beside the one that replaces them, unless the operator says otherwise.
pub const TOKEN_GRACE_SECONDS_DEFAULT: i64 = 24 * 3_600;

/// Whoever needs longer has forgotten a token somewhere.
pub const TOKEN_GRACE_SECONDS_MAX: i64 = 30 * 24 * 3_600;

/// Tokens that are shown of one partner.
const TOKENS_MAX: i64 = 200;

pub(crate) fn not_live() -> ApiError {
    let message = "The first live token is given when live is opened, from the checklist.";
    ApiError::new(ErrorCode::WrongState, message)
}

pub(crate) fn grace_check(grace_seconds: i64) -> Result<(), ApiError> {
    if (0..=TOKEN_GRACE_SECONDS_MAX).contains(&grace_seconds) {
        return Ok(());
    }
    let message =
        format!("The field grace_seconds must be from 0 to {TOKEN_GRACE_SECONDS_MAX} (30 days).");
    let code = ErrorCode::ValidationError;
    Err(ApiError::field(code, "grace_seconds", message))
}

impl Engine {
    /// A fresh token beside those that are there.
    pub async fn token_create(
        &self,
        author: impl Into<Author>,
        partner: PartnerId,
        environment: Environment,
    ) -> Result<Secret, ApiError> {
        self.token_issue(author.into(), partner, environment, None)
            .await
    }

    /// A fresh token; all others of this environment end after a grace period.
    pub async fn token_rotate(
        &self,
        author: impl Into<Author>,
        partner: PartnerId,
        environment: Environment,
        grace_seconds: i64,
    ) -> Result<Secret, ApiError> {
        self.token_issue(author.into(), partner, environment, Some(grace_seconds))
            .await
    }

    async fn token_issue(
        &self,
        author: Author,
        partner: PartnerId,
        environment: Environment,
        grace_seconds: Option<i64>,
    ) -> Result<Secret, ApiError> {
        let change = Change::Token {
            others_end_after_seconds: grace_seconds,
        };
        let changed = self.change_do(author.into(), partner, environment, change, None);
        let token = changed.await?.client_token;
        token.ok_or_else(|| ApiError::internal("a token that waits for a second word"))
    }

    /// Ends a token at once, by its key id.
    pub async fn token_revoke(
        &self,
        author: impl Into<Author>,
        partner: PartnerId,
        key_id: String,
    ) -> Result<(), ApiError> {
        let now = self.now();
        let told = json!({ "key_id": key_id });
        let deed = deed(author.into(), "token.revoke", partner.to_string(), told);
        let revoked = self
            .db
            .write("token_revoke", move |tx: &mut Tx| {
                let (key_id, deed) = (key_id.clone(), deed.clone());
                Box::pin(async move {
                    let revoked = tx.token_revoke(partner, &key_id, now).await?;
                    if revoked {
                        audit(tx, &deed, now).await?;
                    }
                    Ok::<_, Failure<ApiError>>(revoked)
                })
            })
            .await?;
        if revoked {
            Ok(())
        } else {
            Err(ApiError::not_found("token that still works"))
        }
    }

    /// A partner's tokens with their last use, oldest first.
    pub async fn token_list(&self, partner: PartnerId) -> Result<Vec<TokenListed>, ApiError> {
        self.db
            .read("token_list", move |tx: &mut Tx| {
                Box::pin(async move {
                    if tx.partner_load(partner).await?.is_none() {
                        return Err(refused(ApiError::not_found("partner")));
                    }
                    let tokens = tx.token_list(partner, TOKENS_MAX).await?;
                    Ok::<_, Failure<ApiError>>(tokens)
                })
            })
            .await
            .map_err(ApiError::from)
    }
}
