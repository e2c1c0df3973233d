//! Checks of identity that wait for people: looked at, and decided by two.

use super::{At, get, json, order::Said, post};
use crate::{Api, error::Refused, path::Named, route::Route};
use axum::{
    Extension, Json,
    body::Bytes,
    extract::{Path, Request, State},
    http::{HeaderValue, header},
    response::{IntoResponse, Response},
};
use proof_core::{
    ErrorCode,
    id::{PersonId, VerificationId},
    identity::{IdentityProblem, IdentityRuling, is_country},
    member::Act,
};
use proof_engine::{ApiError, IdentityFindings, IdentityReview};
use serde::Deserialize;
use uuid::Uuid;

pub fn routes() -> Vec<Route> {
    const ONE: &str = "/console/api/identity/{id}";
    const PICTURE: &str = "/console/api/identity/{id}/pictures/{number}";
    const FINDINGS: &str = "/console/api/identity/{id}/findings";
    const RULE: &str = "/console/api/identity/{id}/rule";
    vec![
        get(Act::IdentityReview, ONE, show),
        get(Act::IdentityReview, PICTURE, picture),
        get(Act::IdentityReview, FINDINGS, findings),
        post(Act::IdentityReview, RULE, rule),
    ]
}

fn check_id(text: &str) -> Result<VerificationId, Refused> {
    let id = Uuid::try_parse(text).map(VerificationId::from_uuid);
    id.map_err(|_| Refused(ApiError::nobody("identity check")))
}

async fn show(State(api): State<Api>, Named(id): Named) -> Result<Json<IdentityReview>, Refused> {
    Ok(Json(api.engine.identity_review(check_id(&id)?).await?))
}

/// What the bytes are, whatever the provider calls them: nothing else is shown.
fn media_type(bytes: &[u8]) -> Option<&'static str> {
    if bytes.starts_with(&[0xff, 0xd8, 0xff]) {
        Some("image/jpeg")
    } else if bytes.starts_with(b"\x89PNG\r\n\x1a\n") {
        Some("image/png")
    } else if bytes.starts_with(b"RIFF") && bytes.get(8..12) == Some(b"WEBP".as_slice()) {
        Some("image/webp")
    } else {
        None
    }
}

async fn picture(
    State(api): State<Api>,
    Extension(seat): At,
    Path((id, number)): Path<(String, usize)>,
) -> Result<Response, Refused> {
    let id = check_id(&id)?;
    let bytes = api.engine.identity_look(&seat, id, number).await?;
    let Some(kind) = media_type(&bytes) else {
        let message = "The provider's file is not a picture; ask the provider about it.";
        return Err(Refused(ApiError::new(ErrorCode::PictureRefused, message)));
    };
    let value = HeaderValue::from_static;
    let headers = [
        (header::CONTENT_TYPE, value(kind)),
        (header::X_CONTENT_TYPE_OPTIONS, value("nosniff")),
        (
            header::CONTENT_SECURITY_POLICY,
            value("default-src 'none'; sandbox"),
        ),
    ];
    Ok((headers, Bytes::from(bytes)).into_response())
}

async fn findings(
    State(api): State<Api>,
    Extension(seat): At,
    Named(id): Named,
) -> Result<Json<IdentityFindings>, Refused> {
    let found = api.engine.identity_findings(&seat, check_id(&id)?).await?;
    Ok(Json(found))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Rule {
    act: String,
    reason: String,
    #[serde(default)]
    document_country: Option<String>,
    /// Whom it resembles, where it is the same person.
    #[serde(default)]
    person: Option<String>,
    #[serde(default)]
    problem: Option<String>,
}

fn person(text: &str) -> Result<PersonId, ApiError> {
    text.parse().map_err(|_| {
        let message = "Name a person whom the attempt resembles.";
        ApiError::field(ErrorCode::ValidationError, "person", message)
    })
}

fn ruling(ask: &Rule) -> Result<IdentityRuling, ApiError> {
    let problem = || {
        let problem = ask.problem.as_deref().and_then(IdentityProblem::parse);
        problem.ok_or_else(|| {
            let names = IdentityProblem::ALL.map(IdentityProblem::name).join(", ");
            let message = format!("Say what is wrong: one of {names}.");
            ApiError::field(ErrorCode::ValidationError, "problem", message)
        })
    };
    match ask.act.as_str() {
        "approve" => {
            let country = ask.document_country.as_deref().unwrap_or_default();
            if !is_country(country) {
                let message =
                    "Name the country that issued the document in two letters, such as DE.";
                let field = "document_country";
                return Err(ApiError::field(ErrorCode::ValidationError, field, message));
            }
            Ok(IdentityRuling::Approve {
                document_country: country.to_owned(),
                person: ask.person.as_deref().map(person).transpose()?,
            })
        }
        "ask_again" => Ok(IdentityRuling::AskAgain {
            problem: problem()?,
        }),
        "refuse" => Ok(IdentityRuling::Refuse {
            problem: problem()?,
        }),
        _ => {
            let message = "This is approve, ask_again or refuse.";
            Err(ApiError::field(ErrorCode::ValidationError, "act", message))
        }
    }
}

async fn rule(
    State(api): State<Api>,
    Extension(seat): At,
    Named(id): Named,
    request: Request,
) -> Result<Json<Said>, Refused> {
    let id = check_id(&id)?;
    let ask: Rule = json(&api, request).await?;
    let ruled = api
        .engine
        .identity_rule(&seat, id, ruling(&ask)?, &ask.reason);
    Ok(Json(Said {
        ruled: ruled.await?,
    }))
}
