//! Who is calling: bearer tokens and origins.

use crate::{ApiError, Engine};
use proof_core::{
    ErrorCode,
    partner::{Environment, Origin, Partner},
    token::ClientToken,
};
use proof_store::{Failure, Tx};
use std::sync::Arc;

/// A partner's backend that proved itself, and the environment that its token opens.
#[derive(Clone, Debug)]
pub struct Access {
    pub partner: Arc<Partner>,
    pub environment: Environment,
    pub origins: Arc<[Origin]>,
}

impl Access {
    /// A call with an `Origin` must come from a registered one, or from the server's own.
    pub fn check_origin(&self, origin: Option<&str>, own: &Origin) -> Result<(), ApiError> {
        let Some(text) = origin else { return Ok(()) };
        let known = Origin::parse(text)
            .is_ok_and(|origin| origin == *own || self.origins.contains(&origin));
        if known {
            Ok(())
        } else {
            Err(forbidden_origin(text))
        }
    }
}

pub(crate) fn forbidden_origin(text: &str) -> ApiError {
    let shown: String = text.chars().filter(|c| !c.is_control()).take(100).collect();
    let message = format!("The origin {shown} is not registered for this partner; register it.");
    ApiError::new(ErrorCode::ForbiddenOrigin, message)
}

impl Engine {
    /// Whose token this is. Everything that is wrong with it gets the same answer.
    pub async fn access(&self, bearer: Option<&str>) -> Result<Access, ApiError> {
        let bearer = bearer.filter(|text| !text.is_empty()).ok_or_else(|| {
            let message = "Send your client token as Authorization: Bearer <client_token>.";
            ApiError::new(ErrorCode::MissingToken, message)
        })?;
        let invalid = || {
            let message = "This client token is unknown, expired or disabled.";
            ApiError::new(ErrorCode::InvalidToken, message)
        };
        let token = ClientToken::parse(bearer).ok_or_else(invalid)?;
        let (environment, hash, now) = (token.environment(), token.hash(), self.now());
        let found = self
            .db
            .read("access", move |tx: &mut Tx| {
                let token = token.clone();
                Box::pin(async move {
                    let Some(row) = tx.token_load(&token).await? else {
                        return Ok(None);
                    };
                    if !row.hash.matches(&hash) || row.expires_at.is_some_and(|at| at <= now) {
                        return Ok(None);
                    }
                    let partner = tx.partner_load(row.partner).await?;
                    let origins = tx.origin_list(row.partner, Some(environment)).await?;
                    Ok::<_, Failure<ApiError>>(partner.map(|partner| (partner, origins)))
                })
            })
            .await?;
        let (partner, origins) = found.ok_or_else(invalid)?;
        Ok(Access {
            partner: Arc::new(partner),
            environment,
            origins: origins.into(),
        })
    }

    /// Whether a browser page of this origin may call us at all: some partner registered it.
    pub async fn origin_known(&self, text: &str) -> Result<bool, ApiError> {
        let Ok(origin) = Origin::parse(text) else {
            return Ok(false);
        };
        self.db
            .read("origin_known", move |tx: &mut Tx| {
                let origin = origin.clone();
                Box::pin(async move { Ok::<_, Failure<ApiError>>(tx.origin_known(&origin).await?) })
            })
            .await
            .map_err(ApiError::from)
    }
}
