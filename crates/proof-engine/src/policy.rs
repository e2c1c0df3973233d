//! What an operator decides about a partner: read, and set as a whole.

use crate::{
    ApiError, Engine,
    audit::{audit, two_voices},
    error::refused,
    member::deed,
};
use proof_core::{
    ErrorCode, Timestamp,
    audit::{Author, Deed},
    id::PartnerId,
    operator::Voice,
    partner::{Policy, PolicyError},
};
use proof_store::{Failure, Tx};
use serde_json::json;

impl Engine {
    pub async fn policy(&self, id: PartnerId) -> Result<Policy, ApiError> {
        let partner = self
            .db
            .read("partner_load", move |tx: &mut Tx| {
                Box::pin(async move { Ok::<_, Failure<ApiError>>(tx.partner_load(id).await?) })
            })
            .await?;
        Ok(partner.ok_or_else(no_partner)?.policy)
    }

    /// From now on the partner's orders go by this, over the version that its author has seen; what was
    /// decided before keeps its version. It decides about fees and limits, so that two people have to want it:
    /// `None` says that the first word was kept.
    pub async fn policy_set(
        &self,
        author: impl Into<Author>,
        id: PartnerId,
        policy: Policy,
    ) -> Result<Option<Policy>, ApiError> {
        policy.check().map_err(policy_wrong)?;
        let (author, now) = (author.into(), self.now());
        self.db
            .write("policy_set", move |tx: &mut Tx| {
                let (policy, author) = (policy.clone(), author.clone());
                Box::pin(async move {
                    let partner = tx.partner_lock(id).await?;
                    let partner = partner.ok_or_else(|| refused(no_partner()))?;
                    if partner.policy.version != policy.version {
                        return Err(refused(overtaken(partner.policy.version)));
                    }
                    let mut deed = deed(author, "policy.set", id.to_string(), json!(policy));
                    deed.before = json!(partner.policy);
                    if !deed.author.is_machine() && !wanted_twice(tx, id, &mut deed, now).await? {
                        audit(tx, &deed, now).await?;
                        return Ok(None);
                    }
                    let version = policy.version.saturating_add(1);
                    let saved = Policy { version, ..policy };
                    tx.partner_policy_save(id, &saved).await?;
                    audit(tx, &deed, now).await?;
                    Ok::<_, Failure<ApiError>>(Some(saved))
                })
            })
            .await
            .map_err(ApiError::from)
    }
}

/// Under which a wish about a partner's policy is kept.
pub(crate) fn policy_subject(id: PartnerId) -> String {
    format!("policy:{id}")
}

/// Whether this is the second word; the deed says which one it was.
async fn wanted_twice(
    tx: &mut Tx,
    id: PartnerId,
    deed: &mut Deed,
    now: Timestamp,
) -> Result<bool, Failure<ApiError>> {
    let voice = Voice {
        by: deed.author.by.clone(),
        reason: String::new(),
    };
    let subject = policy_subject(id);
    let agreed = two_voices(tx, &subject, deed.after.clone(), voice, now).await?;
    if agreed.is_none() {
        deed.act = "policy.propose";
    }
    Ok(agreed.is_some())
}

pub(crate) fn policy_wrong(error: PolicyError) -> ApiError {
    ApiError::field(ErrorCode::ValidationError, error.field(), error.to_string())
}

fn no_partner() -> ApiError {
    ApiError::new(ErrorCode::NotFound, "No partner has this id.")
}

fn overtaken(version: u32) -> ApiError {
    let message = format!(
        "The policy was changed meanwhile: it is at version {version} now. Look at that one, and make your change to it."
    );
    ApiError::new(ErrorCode::WrongState, message)
}
