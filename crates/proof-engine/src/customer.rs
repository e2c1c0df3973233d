//! `GET /widget/users/{id}/kyc-status` (contract §4).

use crate::{
    Access, ApiError, Engine, error::refused, person::person_standing, view::refused_since,
};
use proof_core::identity::{KycStatus, Standing};
use proof_store::Tx;
use serde::Serialize;

#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct KycAnswer {
    pub partner_user_id: String,
    pub status: &'static str,
}

impl Engine {
    pub async fn kyc_status(
        &self,
        access: &Access,
        partner_user_id: String,
    ) -> Result<KycAnswer, ApiError> {
        let (partner, environment) = (access.partner.id, access.environment);
        let (policy, now) = (self.person_policy.clone(), self.now());
        self.db
            .read("kyc_status", move |tx: &mut Tx| {
                let (user, policy) = (partner_user_id.clone(), policy.clone());
                Box::pin(async move {
                    let customer = tx.customer_by_user(partner, environment, &user).await?;
                    let customer = customer.ok_or_else(|| refused(ApiError::not_found("user")))?;
                    let latest = tx.verification_latest(customer.id).await?;
                    let standing = match customer.person {
                        None => None,
                        Some(person) => {
                            Some(person_standing(tx, person, None, (&policy, now)).await?)
                        }
                    };
                    let proven = match customer.person {
                        None => None,
                        Some(person) => tx.proof_of_person(person, 1).await?.pop(),
                    };
                    let proven = proven.map(|row| row.verification);
                    let latest = latest.map(|stored| stored.verification);
                    let is_refused = latest
                        .as_ref()
                        .is_some_and(|v| refused_since(v, proven, now).is_some());
                    let latest = latest.map(|v| v.state);
                    let status = match standing {
                        None => KycStatus::of(latest.as_ref()),
                        Some(Standing::Good) if is_refused => KycStatus::Failed,
                        Some(Standing::Good) => KycStatus::Verified,
                        Some(due) => KycStatus::of_due(due, latest.as_ref()),
                    };
                    Ok(KycAnswer {
                        partner_user_id: user,
                        status: status.name(),
                    })
                })
            })
            .await
            .map_err(ApiError::from)
    }
}
