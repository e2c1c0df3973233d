//! `GET /widget/users/{partner_user_id}/kyc-status` (contract §4).

use crate::{Api, call::Caller, error::Refused, path::Named};
use axum::{Extension, Json, extract::State};
use proof_engine::KycAnswer;

pub async fn kyc_status(
    State(api): State<Api>,
    Extension(access): Caller,
    Named(user): Named,
) -> Result<Json<KycAnswer>, Refused> {
    Ok(Json(api.engine.kyc_status(&access, user).await?))
}
