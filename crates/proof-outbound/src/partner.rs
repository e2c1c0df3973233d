//! A place that a partner named: a webhook's receiver.

use crate::{
    configured::Sent,
    guard::Guard,
    places::Places,
    transport::{Limits, Overlong, Transport},
};
use bytes::Bytes;
use http::{HeaderName, HeaderValue, header};
use std::sync::Arc;
use url::Url;

/// The contract's bound on one delivery.
const TIMEOUT_MS: u64 = 15_000;
/// Only the beginning of a reply is kept; the rest of this much is read out of politeness.
const REPLY_BYTES_MAX: usize = 64 * 1024;
const REPLY_SHOWN_CHARS_MAX: usize = 1024;
const HEADERS_SHOWN_MAX: usize = 32;
const HEADER_SHOWN_CHARS_MAX: usize = 256;
/// `Retry-After` beyond a day says nothing that a schedule of days could use.
const RETRY_AFTER_S_MAX: u64 = 86_400;

#[derive(Clone, PartialEq, Eq, Debug)]
pub struct PartnerCall {
    pub url: Url,
    pub headers: Vec<(String, String)>,
    pub body: Vec<u8>,
}

#[derive(Clone, PartialEq, Eq, Debug)]
pub struct PartnerReply {
    pub status: u16,
    pub retry_after_s: Option<u64>,
    /// For the delivery log: the first of them, each cut to a length.
    pub headers: Vec<(String, String)>,
    /// For the delivery log.
    pub body_start: String,
}

/// The partner gave no answer.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum OutboundError {
    /// By its own text this place is not called; only another address helps.
    #[error("not called: {0}")]
    Refused(&'static str),
    /// Also: its name led to an address that is not called, which may change.
    #[error("not reached: {0}")]
    NotSent(String),
    #[error("no readable answer: {0}")]
    MaybeSent(String),
}

pub struct PartnerDoor {
    transport: Arc<dyn Transport>,
    guard: Guard,
    places: Arc<Places>,
    pub(crate) timeout_ms: u64,
}

impl PartnerDoor {
    pub(crate) fn new(transport: Arc<dyn Transport>, guard: Guard, places: Arc<Places>) -> Self {
        Self {
            transport,
            guard,
            places,
            timeout_ms: TIMEOUT_MS,
        }
    }

    /// Whether this address would be called, as far as its text tells; for when it is set.
    pub fn check_url(&self, url: &Url) -> Result<(), OutboundError> {
        let checked = self.guard.check_url(url, &self.places);
        checked.map_err(OutboundError::Refused)
    }

    pub async fn post(&self, call: PartnerCall) -> Result<PartnerReply, OutboundError> {
        self.check_url(&call.url)?;
        self.send(request(call)?).await
    }

    pub async fn get(&self, url: Url) -> Result<PartnerReply, OutboundError> {
        self.check_url(&url)?;
        let request = http::Request::get(url.as_str())
            .header(header::ACCEPT, "application/json")
            .body(Bytes::new())
            .map_err(|error| OutboundError::NotSent(error.to_string()))?;
        self.send(request).await
    }

    /// To a place that was looked at; where its name leads is looked at when it is resolved.
    async fn send(&self, request: http::Request<Bytes>) -> Result<PartnerReply, OutboundError> {
        let limits = Limits {
            timeout_ms: self.timeout_ms,
            body_bytes_max: REPLY_BYTES_MAX,
            overlong: Overlong::Cut,
            resolve: Some(self.guard),
        };
        let sent = self.transport.send(request, limits).await;
        let response = sent.map_err(|error| match error.sent {
            Sent::No => OutboundError::NotSent(error.context),
            Sent::Maybe => OutboundError::MaybeSent(error.context),
        })?;
        Ok(PartnerReply {
            status: response.status().as_u16(),
            retry_after_s: retry_after_s(&response),
            headers: headers_shown(&response),
            body_start: String::from_utf8_lossy(response.body())
                .chars()
                .take(REPLY_SHOWN_CHARS_MAX)
                .collect(),
        })
    }
}

fn request(call: PartnerCall) -> Result<http::Request<Bytes>, OutboundError> {
    let unusable = |error: http::Error| OutboundError::NotSent(error.to_string());
    let mut request = http::Request::post(call.url.as_str())
        .body(Bytes::from(call.body))
        .map_err(unusable)?;
    for (name, value) in call.headers {
        let name = HeaderName::try_from(name).map_err(|error| unusable(error.into()))?;
        let value = HeaderValue::try_from(value).map_err(|error| unusable(error.into()))?;
        request.headers_mut().append(name, value);
    }
    Ok(request)
}

fn headers_shown(response: &http::Response<Bytes>) -> Vec<(String, String)> {
    let shown = |value: &HeaderValue| {
        String::from_utf8_lossy(value.as_bytes())
            .chars()
            .take(HEADER_SHOWN_CHARS_MAX)
            .collect()
    };
    let headers = response.headers().iter().take(HEADERS_SHOWN_MAX);
    headers
        .map(|(name, value)| (name.as_str().to_owned(), shown(value)))
        .collect()
}

/// Seconds only: the form with a date would need a clock, and senders of webhooks' answers use
/// seconds.
fn retry_after_s(response: &http::Response<Bytes>) -> Option<u64> {
    let text = response.headers().get(header::RETRY_AFTER)?.to_str().ok()?;
    if text.is_empty() || !text.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    // What does not fit is beyond the bound as well.
    let seconds = text.parse().unwrap_or(RETRY_AFTER_S_MAX);
    Some(seconds.min(RETRY_AFTER_S_MAX))
}
