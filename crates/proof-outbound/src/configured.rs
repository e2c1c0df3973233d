//! A provider at a place that the operator configured.

use crate::transport::{Limits, Overlong, Transport, TransportError};
use base64::{Engine as _, engine::general_purpose::STANDARD};
use bytes::Bytes;
use http::{HeaderValue, Method, header};
use percent_encoding::percent_decode_str;
use serde::{Serialize, de::DeserializeOwned};
use std::{fmt, sync::Arc};
use url::Url;

/// Providers answer in well under a second; beyond this somebody is waiting in vain.
const TIMEOUT_MS: u64 = 15_000;
/// Generous for JSON about one payment or transfer.
const ANSWER_BYTES_MAX: usize = 1024 * 1024;

/// Whether the other side may have seen the request.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Sent {
    No,
    Maybe,
}

/// There is no answer to judge.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{provider}: {context}")]
pub struct CallError {
    pub provider: &'static str,
    pub sent: Sent,
    /// It took all the time that it had: asked again it would take as much again.
    pub is_late: bool,
    /// For logs; without addresses and bodies.
    pub context: String,
}

/// What the other side said, whatever its status: judging it takes knowledge of the provider.
#[derive(Debug, Clone)]
pub struct Answer {
    pub status: u16,
    body: Bytes,
}

impl Answer {
    pub const fn is_success(&self) -> bool {
        self.status >= 200 && self.status < 300
    }

    pub fn json<T: DeserializeOwned>(&self) -> Result<T, serde_json::Error> {
        serde_json::from_slice(&self.body)
    }

    pub fn into_bytes(self) -> Bytes {
        self.body
    }
}

/// Calls below one base address, with one bearer token, or with the name and password that stand in the address.
#[derive(Clone)]
pub struct Configured {
    transport: Arc<dyn Transport>,
    name: &'static str,
    base: Url,
    authorization: Option<HeaderValue>,
    timeout_ms: u64,
}

impl Configured {
    pub(crate) fn new(
        transport: Arc<dyn Transport>,
        name: &'static str,
        base: Url,
        bearer: Option<String>,
    ) -> Self {
        let (base, basic) = without_password(base);
        // A token that cannot be a header value is left out; the provider then says 401, which is
        // a clearer message than any that could be given here.
        let authorization = bearer
            .map(|token| format!("Bearer {token}"))
            .or(basic)
            .and_then(|value| HeaderValue::try_from(value).ok())
            .map(|mut value| {
                value.set_sensitive(true);
                value
            });
        Self {
            transport,
            name,
            base,
            authorization,
            timeout_ms: TIMEOUT_MS,
        }
    }

    /// The same for calls that take longer than usual.
    #[must_use]
    pub fn with_timeout_ms(mut self, timeout_ms: u64) -> Self {
        self.timeout_ms = timeout_ms;
        self
    }

    pub const fn name(&self) -> &'static str {
        self.name
    }

    pub const fn base(&self) -> &Url {
        &self.base
    }

    pub async fn get(&self, path: &[&str], query: &[(&str, &str)]) -> Result<Answer, CallError> {
        self.send(Method::GET, self.url(path, query)?, None).await
    }

    /// A file of at most so many bytes.
    pub async fn get_file(&self, path: &[&str], bytes_max: usize) -> Result<Answer, CallError> {
        let url = self.url(path, &[])?;
        self.send_for(Method::GET, url, None, bytes_max).await
    }

    pub async fn post(&self, path: &[&str], body: &impl Serialize) -> Result<Answer, CallError> {
        self.post_below(path, body, ANSWER_BYTES_MAX).await
    }

    /// A call whose answer may have so many bytes: a block of a chain has more than one transfer.
    pub async fn post_for(
        &self,
        body: &impl Serialize,
        bytes_max: usize,
    ) -> Result<Answer, CallError> {
        let body = serde_json::to_vec(body).map_err(|error| self.not_sent(error))?;
        let body = Some(("application/json", Bytes::from(body)));
        let url = self.base.clone();
        self.send_for(Method::POST, url, body, bytes_max).await
    }

    /// The same below the address.
    pub async fn post_below(
        &self,
        path: &[&str],
        body: &impl Serialize,
        bytes_max: usize,
    ) -> Result<Answer, CallError> {
        let body = serde_json::to_vec(body).map_err(|error| self.not_sent(error))?;
        let body = Some(("application/json", Bytes::from(body)));
        self.send_for(Method::POST, self.url(path, &[])?, body, bytes_max)
            .await
    }

    pub async fn put(
        &self,
        path: &[&str],
        query: &[(&str, &str)],
        body: Vec<u8>,
    ) -> Result<Answer, CallError> {
        let body = Some(("application/octet-stream", Bytes::from(body)));
        self.send(Method::PUT, self.url(path, query)?, body).await
    }

    pub async fn delete(&self, path: &[&str]) -> Result<Answer, CallError> {
        self.send(Method::DELETE, self.url(path, &[])?, None).await
    }

    /// Segments are percent-encoded one by one, so that a reference cannot change the path.
    fn url(&self, path: &[&str], query: &[(&str, &str)]) -> Result<Url, CallError> {
        let mut url = self.base.clone();
        url.path_segments_mut()
            .map_err(|()| self.not_sent("the configured address has no path"))?
            .pop_if_empty()
            .extend(path);
        if !query.is_empty() {
            url.query_pairs_mut().extend_pairs(query);
        }
        Ok(url)
    }

    async fn send(
        &self,
        method: Method,
        url: Url,
        body: Option<(&'static str, Bytes)>,
    ) -> Result<Answer, CallError> {
        self.send_for(method, url, body, ANSWER_BYTES_MAX).await
    }

    async fn send_for(
        &self,
        method: Method,
        url: Url,
        body: Option<(&'static str, Bytes)>,
        body_bytes_max: usize,
    ) -> Result<Answer, CallError> {
        let mut request = http::Request::builder()
            .method(method)
            .uri(url.as_str())
            .header(header::ACCEPT, "application/json");
        if let Some(authorization) = &self.authorization {
            request = request.header(header::AUTHORIZATION, authorization);
        }
        let bytes = match body {
            Some((kind, bytes)) => {
                request = request.header(header::CONTENT_TYPE, kind);
                bytes
            }
            None => Bytes::new(),
        };
        let request = request.body(bytes).map_err(|error| self.not_sent(error))?;
        let limits = Limits {
            timeout_ms: self.timeout_ms,
            body_bytes_max,
            overlong: Overlong::Refuse,
            resolve: None,
        };
        let response = self.transport.send(request, limits).await;
        response.map(answer).map_err(|error| self.failed(error))
    }

    fn not_sent(&self, context: impl fmt::Display) -> CallError {
        CallError {
            provider: self.name,
            sent: Sent::No,
            is_late: false,
            context: context.to_string(),
        }
    }

    fn failed(&self, error: TransportError) -> CallError {
        CallError {
            provider: self.name,
            sent: error.sent,
            is_late: error.is_late,
            context: error.context,
        }
    }
}

/// By RFC 7617; nothing of it stays in the address.
fn without_password(mut base: Url) -> (Url, Option<String>) {
    let Some(password) = base.password() else {
        return (base, None);
    };
    let plain = |text: &str| percent_decode_str(text).decode_utf8_lossy().into_owned();
    let pair = format!("{}:{}", plain(base.username()), plain(password));
    let basic = format!("Basic {}", STANDARD.encode(pair));
    // Only addresses without a host have no place for a name.
    let _ = base.set_username("");
    let _ = base.set_password(None);
    (base, Some(basic))
}

impl fmt::Debug for Configured {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Configured({})", self.name)
    }
}

fn answer(response: http::Response<Bytes>) -> Answer {
    Answer {
        status: response.status().as_u16(),
        body: response.into_body(),
    }
}
