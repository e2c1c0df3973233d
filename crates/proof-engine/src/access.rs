//! Who is calling: bearer tokens and origins.

use crate::{ApiError, Engine};
use proof_core::{
    ErrorCode, Timestamp,
    id::PartnerId,
    partner::{Environment, Origin, Partner},
    token::{ClientToken, KeyId},
};
use proof_store::{Failure, Tx};
use std::sync::Arc;

/// A partner's backend that proved itself, and the environment that its token opens.
#[derive(Clone, Debug)]
pub struct Access {
    pub key_id: KeyId,
    pub partner: Arc<Partner>,
    pub environment: Environment,
    pub origins: Arc<[Origin]>,
    /// When the token ends, as far as that is known.
    pub ends: Option<Timestamp>,
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
    // What is no origin is not repeated: logs and consoles show this.
    let shown = Origin::parse(text).map_or("that was sent".to_owned(), |origin| origin.to_string());
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
        // Taken before the look: what changes in between is looked at again.
        let generation = self.db.wakes().access_generation();
        if let Some(known) = self.known.access(&token, generation, self.now()) {
            return Ok(known);
        }
        let (access, ends) = self.access_look(&token).await?.ok_or_else(invalid)?;
        self.known.access_keep(&token, generation, &access, ends);
        Ok(access)
    }

    /// Asks the database, and says until when the answer can be right.
    async fn access_look(
        &self,
        token: &ClientToken,
    ) -> Result<Option<(Access, Option<Timestamp>)>, ApiError> {
        let (environment, hash, now) = (token.environment(), token.hash(), self.now());
        let (key_id, token) = (token.key_id().clone(), token.clone());
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
                    let ends = row.expires_at;
                    Ok::<_, Failure<ApiError>>(partner.map(|partner| (partner, origins, ends)))
                })
            })
            .await
            .map_err(|failure| ApiError {
                // Nobody is let in or turned away without a look.
                code: ErrorCode::TokenError,
                ..ApiError::from(failure)
            })?;
        Ok(found.map(|(partner, origins, ends)| {
            let access = Access {
                key_id,
                partner: Arc::new(partner),
                environment,
                origins: origins.into(),
                ends,
            };
            (access, ends)
        }))
    }

    /// Whose token this was before it ended: good enough to tell them of a refused call, and for
    /// nothing else. Only the whole token counts: its public half anybody may know.
    pub async fn token_owner(
        &self,
        bearer: &str,
    ) -> Result<Option<(PartnerId, Environment)>, ApiError> {
        let Some(token) = ClientToken::parse(bearer) else {
            return Ok(None);
        };
        let (environment, hash) = (token.environment(), token.hash());
        self.db
            .read("token_owner", move |tx: &mut Tx| {
                let token = token.clone();
                Box::pin(async move {
                    let row = tx.token_load(&token).await?;
                    let own = row.filter(|row| row.hash.matches(&hash));
                    Ok::<_, Failure<ApiError>>(own.map(|row| (row.partner, environment)))
                })
            })
            .await
            .map_err(ApiError::from)
    }

    /// Notes that a token was used and, if a browser sent it, that it is exposed: everybody who
    /// opens that page can read it.
    pub fn access_note(&self, access: &Access, exposed: Option<Option<String>>) {
        self.token_note(access.key_id.as_str(), exposed);
    }

    /// Whether a browser page of this origin may call us at all: some partner registered it. None:
    /// only a look into the database can tell.
    pub fn origin_known(&self, origin: &Origin) -> Option<bool> {
        let generation = self.db.wakes().access_generation();
        self.known.origin(origin, generation, self.now())
    }

    /// The same, with that look.
    pub async fn origin_look(&self, origin: &Origin) -> Result<bool, ApiError> {
        let generation = self.db.wakes().access_generation();
        let asked = origin.clone();
        let registered = self
            .db
            .read("origin_known", move |tx: &mut Tx| {
                let origin = asked.clone();
                Box::pin(async move { Ok::<_, Failure<ApiError>>(tx.origin_known(&origin).await?) })
            })
            .await?;
        self.known
            .origin_keep(origin, generation, self.now(), registered);
        Ok(registered)
    }

    /// Whether what a connection was let in with still holds, as far as it was not looked at since
    /// `seen`, which is brought up to date.
    pub async fn access_stands(&self, access: &Access, seen: &mut u64) -> Result<bool, ApiError> {
        if access.ends.is_some_and(|ends| ends <= self.now()) {
            return Ok(false);
        }
        let generation = self.access_generation();
        if generation == *seen {
            return Ok(true);
        }
        *seen = generation;
        let (key_id, now) = (access.key_id.as_str().to_owned(), self.now());
        let ends = self
            .db
            .read("access_stands", move |tx: &mut Tx| {
                let key_id = key_id.clone();
                Box::pin(async move { Ok::<_, Failure<ApiError>>(tx.token_ends(&key_id).await?) })
            })
            .await?;
        Ok(ends.is_none_or(|ends| now < ends))
    }

    /// Changes when somebody's access may have.
    pub fn access_generation(&self) -> u64 {
        self.db.wakes().access_generation()
    }
}
