//! The real network.

use crate::{
    guard::Guard,
    transport::{Limits, Overlong, Transport, TransportError},
};
use bytes::{Bytes, BytesMut};
use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use std::{error::Error, net::SocketAddr, sync::Arc, time::Duration};

/// Whoever is reachable answers a knock well within this.
const CONNECT_TIMEOUT_MS: u64 = 5_000;
/// Connections to one host that wait for further use.
const IDLE_PER_HOST_MAX: usize = 16;
const USER_AGENT: &str = concat!("Proof/", env!("CARGO_PKG_VERSION"));

/// One client per rule of resolution, so that a connection made under a lax rule is never reused
/// under a strict one.
pub struct HttpTransport {
    configured: reqwest::Client,
    public: reqwest::Client,
    sandbox: reqwest::Client,
}

impl HttpTransport {
    pub fn new() -> Result<Self, TransportError> {
        let tls = tls()?;
        Ok(Self {
            configured: client(&tls, None)?,
            public: client(&tls, Some(Guard::PublicHttps))?,
            sandbox: client(&tls, Some(Guard::Sandbox))?,
        })
    }

    const fn client(&self, resolve: Option<Guard>) -> &reqwest::Client {
        match resolve {
            None => &self.configured,
            Some(Guard::PublicHttps) => &self.public,
            Some(Guard::Sandbox) => &self.sandbox,
        }
    }
}

#[async_trait::async_trait]
impl Transport for HttpTransport {
    async fn send(
        &self,
        request: http::Request<Bytes>,
        limits: Limits,
    ) -> Result<http::Response<Bytes>, TransportError> {
        let mut request = reqwest::Request::try_from(request).map_err(failed)?;
        if let Some(guard) = limits.resolve {
            // A literal address is dialled without asking a resolver.
            guard
                .check_url(request.url())
                .map_err(TransportError::not_sent)?;
        }
        *request.timeout_mut() = Some(Duration::from_millis(limits.timeout_ms));
        let response = self
            .client(limits.resolve)
            .execute(request)
            .await
            .map_err(failed)?;
        read(response, limits).await
    }
}

async fn read(
    mut response: reqwest::Response,
    limits: Limits,
) -> Result<http::Response<Bytes>, TransportError> {
    let mut answer = http::Response::new(Bytes::new());
    *answer.status_mut() = response.status();
    answer.headers_mut().clone_from(response.headers());
    let mut body = BytesMut::new();
    while let Some(chunk) = response.chunk().await.map_err(|error| {
        // The answer's status has arrived, so the request has too.
        TransportError::maybe_sent(chain(&error.without_url()))
    })? {
        let room = limits.body_bytes_max.saturating_sub(body.len());
        body.extend_from_slice(chunk.get(..room).unwrap_or(&chunk));
        if chunk.len() > room {
            match limits.overlong {
                Overlong::Cut => break,
                Overlong::Refuse => {
                    return Err(TransportError::maybe_sent("the answer is too long"));
                }
            }
        }
    }
    *answer.body_mut() = body.freeze();
    Ok(answer)
}

/// The certificates of Mozilla's list are built in: the binary needs no files of its host.
fn tls() -> Result<rustls::ClientConfig, TransportError> {
    let roots = rustls::RootCertStore {
        roots: webpki_roots::TLS_SERVER_ROOTS.to_vec(),
    };
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    Ok(rustls::ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(TransportError::not_sent)?
        .with_root_certificates(roots)
        .with_no_client_auth())
}

#[expect(clippy::disallowed_methods, reason = "this is the door")]
fn client(
    tls: &rustls::ClientConfig,
    guard: Option<Guard>,
) -> Result<reqwest::Client, TransportError> {
    let mut builder = reqwest::Client::builder()
        .tls_backend_preconfigured(tls.clone())
        .redirect(reqwest::redirect::Policy::none())
        .no_proxy()
        .referer(false)
        .user_agent(USER_AGENT)
        .connect_timeout(Duration::from_millis(CONNECT_TIMEOUT_MS))
        .pool_max_idle_per_host(IDLE_PER_HOST_MAX);
    if let Some(guard) = guard {
        builder = builder.dns_resolver(Arc::new(GuardedResolver { guard }));
    }
    builder.build().map_err(failed)
}

/// Resolves a name and refuses it when any of its addresses is out of bounds: a name with one foot
/// inside is no honest receiver.
struct GuardedResolver {
    guard: Guard,
}

impl Resolve for GuardedResolver {
    fn resolve(&self, name: Name) -> Resolving {
        let guard = self.guard;
        Box::pin(async move {
            let found: Vec<SocketAddr> =
                tokio::net::lookup_host((name.as_str(), 0)).await?.collect();
            if found.is_empty() {
                return Err("the name has no address".into());
            }
            if !found.iter().all(|address| guard.allows(address.ip())) {
                return Err("the name leads to an address that is not public".into());
            }
            let found: Addrs = Box::new(found.into_iter());
            Ok(found)
        })
    }
}

fn failed(error: reqwest::Error) -> TransportError {
    // A builder's error precedes everything; a connector's (name, TCP, TLS) precedes the request.
    let sent = !(error.is_builder() || error.is_connect());
    let context = chain(&error.without_url());
    if sent {
        TransportError::maybe_sent(context)
    } else {
        TransportError::not_sent(context)
    }
}

/// An error and its causes in one line; the outermost alone says next to nothing.
fn chain(error: &dyn Error) -> String {
    let mut text = error.to_string();
    let mut next = error.source();
    while let Some(cause) = next {
        text = format!("{text}: {cause}");
        next = cause.source();
    }
    text
}
