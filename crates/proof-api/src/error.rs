//! Errors on the wire: the contract's three fields, always; or RFC 9457 for those who ask.

use crate::{Api, call};
use axum::{
    body::Body,
    http::{HeaderMap, HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use proof_core::ErrorCode;
use proof_engine::ApiError;
use serde::Serialize;

const PROBLEM: &str = "application/problem+json";

/// A use case's refusal on its way out. Its body is written by [`dress`], which knows the request.
pub struct Refused(pub ApiError);

impl From<ApiError> for Refused {
    fn from(error: ApiError) -> Self {
        Self(error)
    }
}

impl IntoResponse for Refused {
    fn into_response(self) -> Response {
        let Self(error) = self;
        let status = error.code.status();
        let mut response = StatusCode::from_u16(status)
            .unwrap_or(StatusCode::INTERNAL_SERVER_ERROR)
            .into_response();
        call::retry_after(response.headers_mut(), &error);
        response.extensions_mut().insert(error);
        response
    }
}

/// How a caller wants to be told of a refusal.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Form {
    Contract,
    /// RFC 9457.
    Problem,
}

impl Form {
    pub fn of(headers: &HeaderMap) -> Self {
        if wants_problem(headers) {
            Self::Problem
        } else {
            Self::Contract
        }
    }
}

/// Writes the body of a refusal, in the form that the caller asked for.
pub fn dress(api: &Api, response: &mut Response, form: Form, name: &HeaderValue) {
    let Some(error) = response.extensions_mut().remove::<ApiError>() else {
        return;
    };
    let request_id = name.to_str().unwrap_or_default();
    let (status, _, code) = error.code.parts();
    // Refusing early is no failure, and must not cost a line of the log.
    let by_intent = matches!(error.code, ErrorCode::Overloaded | ErrorCode::Recovering);
    if status >= 500 && !by_intent {
        let context = error.context.as_deref().unwrap_or("");
        tracing::error!(code, context, request_id, "a request failed: {code}");
    }
    let docs_url = api.docs_url(code);
    let contract = ContractBody::new(&error, &docs_url, request_id);
    let (kind, body) = match form {
        Form::Contract => ("application/json", serde_json::to_vec(&contract)),
        Form::Problem => {
            let problem = ProblemBody::new(&error, contract);
            (PROBLEM, serde_json::to_vec(&problem))
        }
    };
    *response.body_mut() = Body::from(body.unwrap_or_default());
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(kind));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    headers.remove(header::CONTENT_LENGTH);
}

fn wants_problem(headers: &HeaderMap) -> bool {
    headers
        .get_all(header::ACCEPT)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','))
        .any(|kind| {
            let mut parts = kind.split(';').map(str::trim);
            let named = parts
                .next()
                .is_some_and(|name| name.eq_ignore_ascii_case(PROBLEM));
            // RFC 9110: a weight of zero means "not this".
            let unwanted = |part: &str| {
                let weight = part.strip_prefix("q=").or_else(|| part.strip_prefix("Q="));
                weight.is_some_and(|weight| weight.chars().all(|c| "0.".contains(c)))
            };
            named && !parts.any(unwanted)
        })
}

/// The contract's three fields, and ours.
#[derive(Serialize)]
struct ContractBody<'a> {
    error: &'static str,
    code: &'static str,
    message: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    field: Option<&'static str>,
    /// Of a picture: what is wrong with it.
    #[serde(skip_serializing_if = "Option::is_none")]
    problem: Option<&'static str>,
    docs_url: &'a str,
    request_id: &'a str,
}

impl<'a> ContractBody<'a> {
    fn new(error: &'a ApiError, docs_url: &'a str, request_id: &'a str) -> Self {
        let (_, slug, code) = error.code.parts();
        Self {
            error: slug,
            code,
            message: &error.message,
            field: error.field,
            problem: error.problem,
            docs_url,
            request_id,
        }
    }
}

/// RFC 9457, with the contract's fields as members of the same object.
#[derive(Serialize)]
struct ProblemBody<'a> {
    r#type: &'a str,
    title: String,
    status: u16,
    detail: &'a str,
    instance: String,
    #[serde(flatten)]
    contract: ContractBody<'a>,
}

impl<'a> ProblemBody<'a> {
    fn new(error: &'a ApiError, contract: ContractBody<'a>) -> Self {
        Self {
            r#type: contract.docs_url,
            title: title(error.code),
            status: error.code.status(),
            detail: &error.message,
            instance: format!("urn:request:{}", contract.request_id),
            contract,
        }
    }
}

/// The code as words.
fn title(code: ErrorCode) -> String {
    let words = code.code().to_lowercase().replace('_', " ");
    let mut letters = words.chars();
    letters
        .next()
        .map(|first| first.to_uppercase().chain(letters).collect())
        .unwrap_or_default()
}
