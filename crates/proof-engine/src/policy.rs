//! What an operator decides about a partner: read, and set as a whole.

use crate::{ApiError, Engine, error::refused};
use proof_core::{
    ErrorCode,
    id::PartnerId,
    partner::{Policy, PolicyError},
};
use proof_store::{Failure, Tx};

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
    /// decided before keeps its version.
    pub async fn policy_set(&self, id: PartnerId, policy: Policy) -> Result<Policy, ApiError> {
        policy.check().map_err(policy_wrong)?;
        let saved = self
            .db
            .write("policy_set", move |tx: &mut Tx| {
                let policy = policy.clone();
                Box::pin(async move {
                    let partner = tx.partner_lock(id).await?;
                    let partner = partner.ok_or_else(|| refused(no_partner()))?;
                    if partner.policy.version != policy.version {
                        return Err(refused(overtaken(partner.policy.version)));
                    }
                    let version = policy.version.saturating_add(1);
                    let saved = Policy { version, ..policy };
                    tx.partner_policy_save(id, &saved).await?;
                    Ok::<_, Failure<ApiError>>(saved)
                })
            })
            .await?;
        tracing::info!(partner = %id, version = saved.version, "a partner's policy was set");
        Ok(saved)
    }
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
