//! The connection to one Proof: where it is, whose token, and how a call is tried again.

use crate::{
    backoff,
    error::{Error, Retry},
    host::{Host, System},
};
use http::{HeaderMap, HeaderValue, Method, StatusCode, header};
use serde::de::DeserializeOwned;
use std::{error::Error as _, fmt, sync::Arc, time::Duration};
use url::Url;

/// Whoever is reachable answers a knock well within this.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);
/// What a call may take beside the waiting that it asked for itself.
const CALL_TIMEOUT: Duration = Duration::from_secs(30);
/// A page of a hundred events is far below; a body above it is not one of Proof's.
const BODY_BYTES_MAX: usize = 4 * 1024 * 1024;
pub(crate) const USER_AGENT: &str = concat!("proof-client-rust/", env!("CARGO_PKG_VERSION"));

/// One partner's view of one Proof. Cheap to clone; keep one for the life of the process.
#[derive(Clone)]
pub struct Client {
    http: reqwest::Client,
    base: Url,
    authorization: HeaderValue,
    tls: Arc<rustls::ClientConfig>,
    host: Arc<dyn Host>,
}

/// What may differ from the usual: [`Client::with_setup`].
#[derive(Clone)]
pub struct Setup {
    /// Your own certificates, for a Proof behind a private authority. Must name a crypto provider.
    pub tls: Option<rustls::ClientConfig>,
    /// Your own timer and randomness, for tests.
    pub host: Arc<dyn Host>,
}

impl Default for Setup {
    fn default() -> Self {
        Self {
            tls: None,
            host: Arc::new(System),
        }
    }
}

impl Client {
    /// `base_url` is where Proof runs, `token` the `client_token` (`sk_test_…` or `sk_live_…`).
    pub fn new(base_url: &str, token: &str) -> Result<Self, Error> {
        Self::with_setup(base_url, token, Setup::default())
    }

    pub fn with_setup(base_url: &str, token: &str, setup: Setup) -> Result<Self, Error> {
        let base = base_parse(base_url)?;
        let authorization = authorization(token)?;
        let tls = match setup.tls {
            Some(tls) => tls,
            None => tls_default()?,
        };
        Ok(Self {
            http: http_client(&tls)?,
            base,
            authorization,
            tls: Arc::new(tls),
            host: setup.host,
        })
    }

    pub(crate) fn host(&self) -> &dyn Host {
        self.host.as_ref()
    }

    pub(crate) const fn authorization(&self) -> &HeaderValue {
        &self.authorization
    }

    pub(crate) const fn tls(&self) -> &Arc<rustls::ClientConfig> {
        &self.tls
    }

    /// The base may have a path of its own, when Proof stands behind a proxy's prefix.
    pub(crate) fn url(&self, path: &str, query: &[(&str, String)]) -> Result<Url, Error> {
        let base = self.base.as_str().trim_end_matches('/');
        let mut url = Url::parse(&format!("{base}{path}"))
            .map_err(|error| Error::configuration(format!("no URL of {base}: {error}")))?;
        if !query.is_empty() {
            url.query_pairs_mut().extend_pairs(query);
        }
        Ok(url)
    }

    /// A call, tried again as long as that can help.
    pub(crate) async fn call<T: DeserializeOwned>(&self, call: &Call) -> Result<T, Error> {
        let mut attempt = 1;
        loop {
            let error = match self.call_once(call).await {
                Ok(answer) => return answer.json(),
                Err(error) => error,
            };
            let problem = error.problem();
            let pause = (problem.retry != Retry::Never)
                .then(|| backoff::before_retry(self.host(), attempt, problem.retry_after))
                .flatten();
            let Some(pause) = pause else {
                return Err(error);
            };
            self.host.sleep(pause).await;
            attempt += 1;
        }
    }

    /// One try. A 304 is an answer, and everything that is neither that nor a 2xx an error.
    pub(crate) async fn call_once(&self, call: &Call) -> Result<Answer, Error> {
        let response = self.send(call).await?;
        let (status, headers) = (response.status(), response.headers().clone());
        let body = read(response).await?;
        if status.is_success() || status == StatusCode::NOT_MODIFIED {
            Ok(Answer {
                status,
                headers,
                body,
            })
        } else {
            Err(Error::from_answer(status, &headers, &body))
        }
    }

    async fn send(&self, call: &Call) -> Result<reqwest::Response, Error> {
        let url = self.url(&call.path, &call.query)?;
        let mut request = self
            .http
            .request(call.method.clone(), url)
            .header(header::AUTHORIZATION, self.authorization.clone())
            .header(header::ACCEPT, "application/json")
            .timeout(CALL_TIMEOUT.saturating_add(call.wait));
        if let Some(body) = &call.body {
            request = request
                .header(header::CONTENT_TYPE, "application/json")
                .body(body.clone());
        }
        for (name, value) in &call.headers {
            request = request.header(*name, value);
        }
        request.send().await.map_err(|error| failed(&error))
    }
}

impl fmt::Debug for Client {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Client")
            .field("base", &self.base.as_str())
            .finish_non_exhaustive()
    }
}

/// A request, kept whole so that every try is the same.
pub(crate) struct Call {
    method: Method,
    path: String,
    query: Vec<(&'static str, String)>,
    headers: Vec<(&'static str, String)>,
    body: Option<String>,
    wait: Duration,
}

impl Call {
    pub(crate) fn get(path: impl Into<String>) -> Self {
        Self {
            method: Method::GET,
            path: path.into(),
            query: Vec::new(),
            headers: Vec::new(),
            body: None,
            wait: Duration::ZERO,
        }
    }

    pub(crate) fn post(path: impl Into<String>, body: String) -> Self {
        Self {
            method: Method::POST,
            body: Some(body),
            ..Self::get(path)
        }
    }

    pub(crate) fn query(mut self, name: &'static str, value: Option<impl ToString>) -> Self {
        self.query
            .extend(value.map(|value| (name, value.to_string())));
        self
    }

    pub(crate) fn header(mut self, name: &'static str, value: Option<&str>) -> Self {
        self.headers
            .extend(value.map(|value| (name, value.to_owned())));
        self
    }

    /// The server may hold the answer back for so long.
    pub(crate) fn wait(mut self, seconds: u32) -> Self {
        self.wait = Duration::from_secs(u64::from(seconds));
        self.query("wait", (seconds > 0).then_some(seconds))
    }
}

pub(crate) struct Answer {
    pub status: StatusCode,
    pub headers: HeaderMap,
    body: Vec<u8>,
}

impl Answer {
    pub(crate) fn json<T: DeserializeOwned>(&self) -> Result<T, Error> {
        serde_json::from_slice(&self.body).map_err(|error| {
            let message = format!("the answer is not what the contract says: {error}");
            Error::transport(message, Retry::Never)
        })
    }
}

async fn read(mut response: reqwest::Response) -> Result<Vec<u8>, Error> {
    let mut body = Vec::new();
    while let Some(chunk) = response.chunk().await.map_err(|error| failed(&error))? {
        if body.len().saturating_add(chunk.len()) > BODY_BYTES_MAX {
            return Err(Error::transport("the answer is too long", Retry::Never));
        }
        body.extend_from_slice(&chunk);
    }
    Ok(body)
}

fn base_parse(base_url: &str) -> Result<Url, Error> {
    let wrong = |what: &str| {
        Error::configuration(format!(
            "the base URL {base_url:?} {what}. Give Client::new the address where Proof runs, \
             like https://proof.example."
        ))
    };
    let base = Url::parse(base_url).map_err(|error| wrong(&format!("is none ({error})")))?;
    if !matches!(base.scheme(), "http" | "https") {
        return Err(wrong("is not http or https"));
    }
    if base.query().is_some() || base.fragment().is_some() {
        return Err(wrong("has a query or a fragment"));
    }
    if !base.username().is_empty() || base.password().is_some() {
        // Not shown: it has a secret in it.
        return Err(Error::configuration(
            "the base URL has a user or a password in it; the token is the only credential.",
        ));
    }
    Ok(base)
}

fn authorization(token: &str) -> Result<HeaderValue, Error> {
    let visible = token.bytes().all(|byte| byte.is_ascii_graphic());
    let value = HeaderValue::try_from(format!("Bearer {token}"));
    match value {
        Ok(mut value) if visible && !token.is_empty() => {
            value.set_sensitive(true);
            Ok(value)
        }
        _ => Err(Error::configuration(
            "the client token is empty or has spaces or other characters that no token has. Give \
             Client::new the token as the operator gave it (sk_test_… or sk_live_…).",
        )),
    }
}

/// The certificates of Mozilla's list are built in: nothing is read from the host.
fn tls_default() -> Result<rustls::ClientConfig, Error> {
    let roots = rustls::RootCertStore {
        roots: webpki_roots::TLS_SERVER_ROOTS.to_vec(),
    };
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    Ok(rustls::ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(|error| Error::configuration(format!("TLS cannot be set up: {error}")))?
        .with_root_certificates(roots)
        .with_no_client_auth())
}

#[expect(
    clippy::disallowed_methods,
    reason = "the partner's process has no other door"
)]
fn http_client(tls: &rustls::ClientConfig) -> Result<reqwest::Client, Error> {
    reqwest::Client::builder()
        .tls_backend_preconfigured(tls.clone())
        // A redirect would carry the token elsewhere.
        .redirect(reqwest::redirect::Policy::none())
        .referer(false)
        .user_agent(USER_AGENT)
        .connect_timeout(CONNECT_TIMEOUT)
        .build()
        .map_err(|error| Error::configuration(format!("HTTP cannot be set up: {}", chain(&error))))
}

/// No answer, or half of one. Whether the call arrived is not known.
fn failed(error: &reqwest::Error) -> Error {
    let retry = if error.is_builder() {
        Retry::Never
    } else {
        Retry::Idempotent
    };
    Error::transport(chain(error), retry)
}

/// An error and its causes in one line; the outermost alone says next to nothing.
fn chain(error: &reqwest::Error) -> String {
    let mut text = error.to_string();
    let mut next = error.source();
    while let Some(cause) = next {
        text = format!("{text}: {cause}");
        next = cause.source();
    }
    text
}
