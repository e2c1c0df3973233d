//! Who cannot prove its name is told nothing.

use super::kit::{Names, OK, anywhere, door, outbound, post_to, serve, told};
use crate::{Guard, HttpTransport, Outbound, OutboundError, Places};
use rcgen::{CertificateParams, CertifiedIssuer, DnType, KeyPair};
use rustls::{RootCertStore, ServerConfig, ServerConnection, pki_types::PrivateKeyDer};
use std::{
    io::{self, Read, Write},
    net::{Ipv4Addr, SocketAddr},
    sync::Arc,
};
use tokio::sync::mpsc::{UnboundedReceiver, unbounded_channel};

const TIMEOUT_MS: u64 = 5_000;

/// Certificates and the key of a server, and the root that vouches for it.
struct Identity {
    config: Arc<ServerConfig>,
    roots: RootCertStore,
}

fn identity(name: &str, years: (i32, i32), self_signed: bool) -> Identity {
    let mut authority = CertificateParams::new(Vec::new()).unwrap();
    authority
        .distinguished_name
        .push(DnType::CommonName, format!("root for {name}"));
    authority.is_ca = rcgen::IsCa::Ca(rcgen::BasicConstraints::Unconstrained);
    let authority = CertifiedIssuer::self_signed(authority, KeyPair::generate().unwrap()).unwrap();
    let mut server = CertificateParams::new(vec![name.to_owned()]).unwrap();
    server.not_before = rcgen::date_time_ymd(years.0, 1, 1);
    server.not_after = rcgen::date_time_ymd(years.1, 1, 1);
    let key = KeyPair::generate().unwrap();
    let certificate = if self_signed {
        server.self_signed(&key).unwrap()
    } else {
        server.signed_by(&key, &authority).unwrap()
    };
    let mut roots = RootCertStore::empty();
    roots.add(authority.der().clone()).unwrap();
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(
            vec![certificate.der().clone()],
            PrivateKeyDer::Pkcs8(key.serialize_der().into()),
        )
        .unwrap();
    Identity {
        config: Arc::new(config),
        roots,
    }
}

/// Answers over TLS and tells what it was told.
fn tls_server(config: &Arc<ServerConfig>) -> (SocketAddr, UnboundedReceiver<Vec<u8>>) {
    let config = Arc::clone(config);
    let (sender, heard) = unbounded_channel();
    let address = serve(anywhere(Ipv4Addr::LOCALHOST), move |mut tcp| {
        let mut tls = ServerConnection::new(Arc::clone(&config)).unwrap();
        let mut stream = rustls::Stream::new(&mut tls, &mut tcp);
        let mut told = Vec::new();
        let mut byte = [0];
        while !told.ends_with(b"{}") && stream.read(&mut byte).unwrap_or(0) == 1 {
            told.push(byte[0]);
        }
        let _ = stream.write_all(OK.as_bytes());
        let _ = sender.send(told);
    });
    (address, heard)
}

async fn call(identity: Identity, roots: RootCertStore) -> (Result<u16, OutboundError>, Vec<u8>) {
    let (address, mut heard) = tls_server(&identity.config);
    let names = Arc::new(Names(|_: &str| vec![Ipv4Addr::LOCALHOST.into()]));
    let transport = HttpTransport::build(Arc::default(), names, roots).unwrap();
    let outbound = Outbound::with_places(Arc::new(transport), Arc::new(Places::default()));
    let door = door(&outbound, Guard::Sandbox, TIMEOUT_MS);
    let url = format!("https://shop.example:{}/hook", address.port());
    let reply = post_to(&door, url.parse().unwrap()).await;
    (reply.map(|reply| reply.status), told(&mut heard).await)
}

#[tokio::test]
async fn a_certificate_must_be_valid_for_the_name_by_a_known_root_and_now() {
    let good = identity("shop.example", (2020, 2120), false);
    let roots = good.roots.clone();
    let (reply, told) = call(good, roots).await;
    assert_eq!(reply, Ok(200));
    assert!(told.starts_with(b"POST /hook HTTP/1.1\r\n"));

    let own = |identity: Identity| (identity.roots.clone(), identity);
    let stranger = identity("shop.example", (2020, 2120), false);
    let other_roots = identity("other.example", (2020, 2120), false).roots;
    for (what, (roots, identity), says) in [
        (
            "self-signed",
            own(identity("shop.example", (2020, 2120), true)),
            "UnknownIssuer",
        ),
        ("unknown root", (other_roots, stranger), "UnknownIssuer"),
        (
            "other name",
            own(identity("other.example", (2020, 2120), false)),
            "not valid for name",
        ),
        (
            "expired",
            own(identity("shop.example", (2020, 2021), false)),
            "expired",
        ),
    ] {
        let (reply, told) = call(identity, roots).await;
        let Err(OutboundError::NotSent(context)) = reply else {
            panic!("{what}: {reply:?}");
        };
        assert!(context.contains(says), "{what}: {context}");
        assert_eq!(told, b"", "{what}: the server was told something");
    }
}

#[tokio::test]
async fn the_real_roots_do_not_know_a_stranger() {
    let (address, mut heard) = tls_server(&identity("localhost", (2020, 2120), false).config);
    let door = door(&outbound(), Guard::Sandbox, TIMEOUT_MS);
    let url = format!("https://localhost:{}/", address.port());
    let reply = post_to(&door, url.parse().unwrap()).await;
    assert!(matches!(reply, Err(OutboundError::NotSent(_))), "{reply:?}");
    assert_eq!(told(&mut heard).await, b"");
}

#[tokio::test]
async fn https_is_never_spoken_in_the_clear() {
    let address = serve(anywhere(Ipv4Addr::LOCALHOST), |mut stream| {
        let _ = stream.write_all(OK.as_bytes());
        let _ = io::copy(&mut stream, &mut io::sink());
    });
    let door = door(&outbound(), Guard::Sandbox, TIMEOUT_MS);
    let url = format!("https://{address}/");
    let reply = post_to(&door, url.parse().unwrap()).await;
    assert!(matches!(reply, Err(OutboundError::NotSent(_))), "{reply:?}");
}

#[tokio::test]
async fn a_handshake_without_an_end_is_bounded() {
    let (sender, mut hung_up) = unbounded_channel();
    let address = serve(anywhere(Ipv4Addr::LOCALHOST), move |mut stream| {
        let _ = sender.send(io::copy(&mut stream, &mut io::sink()).is_ok());
    });
    let door = door(&outbound(), Guard::Sandbox, 300);
    let url = format!("https://{address}/");
    let reply = post_to(&door, url.parse().unwrap()).await;
    assert!(reply.is_err(), "{reply:?}");
    assert!(told(&mut hung_up).await, "the connection is kept");
}
