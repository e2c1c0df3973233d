//! The real network.

use crate::{
    guard::Guard,
    places::Places,
    transport::{Limits, Overlong, Transport, TransportError},
};
use bytes::{Bytes, BytesMut};
use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use std::{
    error::Error,
    io,
    net::{IpAddr, SocketAddr},
    sync::Arc,
    time::Duration,
};
use url::Url;

/// Whoever is reachable answers a knock well within this.
const CONNECT_TIMEOUT_MS: u64 = 5_000;
/// Connections to one host that wait for further use.
const IDLE_PER_HOST_MAX: usize = 16;
const USER_AGENT: &str = concat!("Proof/", env!("CARGO_PKG_VERSION"));

/// One client per rule of resolution, so that a connection made under a lax rule is never reused
/// under a strict one.
pub struct HttpTransport {
    configured: reqwest::Client,
    public: Guarded,
    sandbox: Guarded,
    places: Arc<Places>,
}

impl HttpTransport {
    pub fn new() -> Result<Self, TransportError> {
        Self::with_places(Arc::default())
    }

    pub fn with_places(places: Arc<Places>) -> Result<Self, TransportError> {
        // Mozilla's list is built in: the binary needs no files of its host.
        let roots = rustls::RootCertStore {
            roots: webpki_roots::TLS_SERVER_ROOTS.to_vec(),
        };
        Self::build(places, Arc::new(System), roots)
    }

    pub(crate) fn build(
        places: Arc<Places>,
        lookup: Arc<dyn Lookup>,
        roots: rustls::RootCertStore,
    ) -> Result<Self, TransportError> {
        let tls = tls(roots)?;
        let guarded = |guard| Guarded::new(&tls, guard, &places, &lookup);
        Ok(Self {
            configured: client(&tls, None)?,
            public: guarded(Guard::PublicHttps)?,
            sandbox: guarded(Guard::Sandbox)?,
            places,
        })
    }

    fn client(&self, resolve: Option<Guard>, url: &Url) -> &reqwest::Client {
        match resolve {
            None => &self.configured,
            Some(Guard::PublicHttps) => self.public.client(url),
            Some(Guard::Sandbox) => self.sandbox.client(url),
        }
    }
}

/// The clients of one guard. A resolver is not told the port, and at our ports more is refused
/// than elsewhere; so each of them has its own client.
struct Guarded {
    elsewhere: reqwest::Client,
    own_ports: Vec<(u16, reqwest::Client)>,
}

impl Guarded {
    fn new(
        tls: &rustls::ClientConfig,
        guard: Guard,
        places: &Arc<Places>,
        lookup: &Arc<dyn Lookup>,
    ) -> Result<Self, TransportError> {
        let client = |port| {
            let resolver = GuardedResolver {
                guard,
                port,
                places: Arc::clone(places),
                lookup: Arc::clone(lookup),
            };
            client(tls, Some(resolver))
        };
        let own_ports = places.own_ports().into_iter();
        Ok(Self {
            elsewhere: client(None)?,
            own_ports: own_ports
                .map(|port| Ok((port, client(Some(port))?)))
                .collect::<Result<_, TransportError>>()?,
        })
    }

    fn client(&self, url: &Url) -> &reqwest::Client {
        let port = url.port_or_known_default();
        let mut own_ports = self.own_ports.iter();
        own_ports
            .find(|(own, _)| Some(*own) == port)
            .map_or(&self.elsewhere, |(_, client)| client)
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
                .check_url(request.url(), &self.places)
                .map_err(TransportError::not_sent)?;
        }
        *request.timeout_mut() = Some(Duration::from_millis(limits.timeout_ms));
        let response = self
            .client(limits.resolve, request.url())
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
        let is_late = error.is_timeout();
        TransportError::maybe_sent(chain(&error.without_url())).late(is_late)
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

fn tls(roots: rustls::RootCertStore) -> Result<rustls::ClientConfig, TransportError> {
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
    resolver: Option<GuardedResolver>,
) -> Result<reqwest::Client, TransportError> {
    // HTTP/1 and no decompression, whatever features somebody else in the build turned on: the
    // bounds on what an answer may cost are those of HTTP/1 and of its bytes as they come.
    let mut builder = reqwest::Client::builder()
        .tls_backend_preconfigured(tls.clone())
        .redirect(reqwest::redirect::Policy::none())
        .no_proxy()
        .http1_only()
        .no_gzip()
        .no_brotli()
        .no_zstd()
        .no_deflate()
        .referer(false)
        .user_agent(USER_AGENT)
        .connect_timeout(Duration::from_millis(CONNECT_TIMEOUT_MS))
        .pool_max_idle_per_host(IDLE_PER_HOST_MAX);
    if let Some(resolver) = resolver {
        builder = builder.dns_resolver(Arc::new(resolver));
    }
    builder.build().map_err(failed)
}

/// Where names lead; tests lead them astray.
#[async_trait::async_trait]
pub(crate) trait Lookup: Send + Sync {
    async fn addresses(&self, name: &str) -> io::Result<Vec<IpAddr>>;
}

struct System;

#[async_trait::async_trait]
impl Lookup for System {
    async fn addresses(&self, name: &str) -> io::Result<Vec<IpAddr>> {
        let found = tokio::net::lookup_host((name, 0)).await?;
        Ok(found.map(|address| address.ip()).collect())
    }
}

/// Resolves a name and refuses it when any of its addresses is out of bounds: a name with one foot
/// inside is no honest receiver. What it returns is what is dialled; nothing is looked up twice.
#[derive(Clone)]
struct GuardedResolver {
    guard: Guard,
    port: Option<u16>,
    places: Arc<Places>,
    lookup: Arc<dyn Lookup>,
}

impl Resolve for GuardedResolver {
    fn resolve(&self, name: Name) -> Resolving {
        let rule = self.clone();
        Box::pin(async move {
            let found = rule.lookup.addresses(name.as_str()).await?;
            if found.is_empty() {
                return Err("the name has no address".into());
            }
            for ip in &found {
                rule.guard
                    .check_ip(*ip, rule.port, &rule.places)
                    .map_err(|reason| format!("where the name leads is not called: {reason}"))?;
            }
            // Port 0 stands for the port of the URL.
            let found: Addrs = Box::new(found.into_iter().map(|ip| SocketAddr::new(ip, 0)));
            Ok(found)
        })
    }
}

fn failed(error: reqwest::Error) -> TransportError {
    // A builder's error precedes everything; a connector's (name, TCP, TLS) precedes the request.
    let sent = !(error.is_builder() || error.is_connect());
    let is_late = error.is_timeout();
    let context = chain(&error.without_url());
    let error = if sent {
        TransportError::maybe_sent(context)
    } else {
        TransportError::not_sent(context)
    };
    error.late(is_late)
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
