//! Sockets with a mind of their own, and names that lead where a test says.

use crate::{
    Guard, HttpTransport, Outbound, OutboundError, PartnerCall, PartnerDoor, PartnerReply, Places,
    http_transport::Lookup,
};
use std::{
    io::{self, Read, Write},
    net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, TcpListener, TcpStream},
    sync::{Arc, mpsc},
    thread,
    time::Duration,
};
use tokio::sync::mpsc::UnboundedReceiver;
use url::Url;

pub(super) const OK: &str = "HTTP/1.1 200 OK\r\ncontent-length: 0\r\nconnection: close\r\n\r\n";
/// How guards word it, as a `Refused` and inside of a `NotSent`.
pub(super) const NOT_PUBLIC: &str = "the address is not public";
pub(super) const OWN: &str = "the address is one of this service";
/// Beyond all that is asked of the code; reaching it is a hang.
const HANG: Duration = Duration::from_secs(20);

/// Calls `handle` with each connection, on a thread of its own.
pub(super) fn serve(
    address: SocketAddr,
    handle: impl Fn(TcpStream) + Clone + Send + 'static,
) -> SocketAddr {
    let listener = TcpListener::bind(address).unwrap();
    let address = listener.local_addr().unwrap();
    thread::spawn(move || {
        while let Ok((stream, _)) = listener.accept() {
            let handle = handle.clone();
            thread::spawn(move || handle(stream));
        }
    });
    address
}

pub(super) fn anywhere(ip: impl Into<IpAddr>) -> SocketAddr {
    SocketAddr::new(ip.into(), 0)
}

/// One request's head; its body of two bytes (`{}`), if it has one, is read too.
pub(super) fn request_read(stream: &mut TcpStream) -> String {
    let mut head = Vec::new();
    let mut byte = [0];
    while !head.ends_with(b"\r\n\r\n") && stream.read(&mut byte).unwrap_or(0) == 1 {
        head.push(byte[0]);
    }
    let head = String::from_utf8_lossy(&head).into_owned();
    if head.to_lowercase().contains("\r\ncontent-length: 2\r\n") {
        let _ = stream.read_exact(&mut [0; 2]);
    }
    head
}

/// Gives every request this answer.
pub(super) fn answering(answer: impl Into<Vec<u8>>) -> SocketAddr {
    let answer: Arc<[u8]> = answer.into().into();
    serve(anywhere(Ipv4Addr::LOCALHOST), move |mut stream| {
        request_read(&mut stream);
        // The other side may have heard enough already.
        let _ = stream.write_all(&answer);
    })
}

/// A listener that knows who came, and says 200 to those who ask.
pub(super) struct Visitors {
    pub(super) port: u16,
    came: mpsc::Receiver<(SocketAddr, SocketAddr)>,
}

impl Visitors {
    pub(super) fn at(ip: impl Into<IpAddr>) -> Option<Self> {
        let listener = TcpListener::bind(anywhere(ip)).ok()?;
        let port = listener.local_addr().unwrap().port();
        let (sender, came) = mpsc::channel();
        thread::spawn(move || {
            while let Ok((mut stream, from)) = listener.accept() {
                // A socket of both families writes IPv4 in the manner of IPv6.
                let plain = |at: SocketAddr| SocketAddr::new(at.ip().to_canonical(), at.port());
                let _ = sender.send((plain(from), plain(stream.local_addr().unwrap())));
                thread::spawn(move || {
                    request_read(&mut stream);
                    let _ = stream.write_all(OK.as_bytes());
                });
            }
        });
        Some(Self { port, came })
    }

    /// At every address of this machine, of both families where it has both.
    pub(super) fn everywhere() -> Self {
        Self::at(Ipv6Addr::UNSPECIFIED)
            .filter(|both| TcpStream::connect((Ipv4Addr::LOCALHOST, both.port)).is_ok())
            .unwrap_or_else(|| Self::at(Ipv4Addr::UNSPECIFIED).unwrap())
            .forgetful()
    }

    /// Without those who came while it was set up.
    fn forgetful(self) -> Self {
        self.received_at(Ipv4Addr::LOCALHOST);
        self
    }

    /// Where those were received who came since the last call. Connections are accepted in their
    /// order, so that nobody is missing who came before the one that is made here.
    pub(super) fn received_at(&self, ip: impl Into<IpAddr>) -> Vec<SocketAddr> {
        let last = TcpStream::connect((ip.into(), self.port)).unwrap();
        let last = last.local_addr().unwrap();
        let came = self.came.iter().take_while(|(from, _)| *from != last);
        came.map(|(_, at)| at).collect()
    }
}

/// What a server's thread reports. Not waited for by blocking: the client's connection ends on this
/// very thread.
pub(super) async fn told<T>(receiver: &mut UnboundedReceiver<T>) -> T {
    let told = tokio::time::timeout(HANG, receiver.recv()).await;
    told.expect("the server is kept waiting").unwrap()
}

/// Every name leads to what the function says.
pub(super) struct Names<F>(pub(super) F);

#[async_trait::async_trait]
impl<F: Fn(&str) -> Vec<IpAddr> + Send + Sync> Lookup for Names<F> {
    async fn addresses(&self, name: &str) -> io::Result<Vec<IpAddr>> {
        Ok((self.0)(name))
    }
}

pub(super) fn outbound_with(
    places: Places,
    names: impl Fn(&str) -> Vec<IpAddr> + Send + Sync + 'static,
) -> Outbound {
    let places = Arc::new(places);
    let roots = rustls::RootCertStore::empty();
    let transport = HttpTransport::build(Arc::clone(&places), Arc::new(Names(names)), roots);
    Outbound::with_places(Arc::new(transport.unwrap()), places)
}

/// With the names of the system and the constructors that the server uses.
pub(super) fn outbound_at(places: Places) -> Outbound {
    let places = Arc::new(places);
    let transport = HttpTransport::with_places(Arc::clone(&places)).unwrap();
    Outbound::with_places(Arc::new(transport), places)
}

pub(super) fn outbound() -> Outbound {
    Outbound::new(Arc::new(HttpTransport::new().unwrap()))
}

pub(super) fn door(outbound: &Outbound, guard: Guard, timeout_ms: u64) -> PartnerDoor {
    let mut door = outbound.partner(guard);
    door.timeout_ms = timeout_ms;
    door
}

pub(super) async fn post_to(door: &PartnerDoor, url: Url) -> Result<PartnerReply, OutboundError> {
    let call = PartnerCall {
        url,
        headers: vec![("webhook-id".to_owned(), "evt_1".to_owned())],
        body: b"{}".to_vec(),
    };
    let posted = tokio::time::timeout(HANG, door.post(call)).await;
    posted.expect("the call hangs")
}

pub(super) async fn post(guard: Guard, url: &str) -> Result<PartnerReply, OutboundError> {
    post_to(&outbound().partner(guard), Url::parse(url).unwrap()).await
}

/// Whether the guard said no, and with these words.
pub(super) fn is_refusal(result: &Result<PartnerReply, OutboundError>, reason: &str) -> bool {
    match result {
        Err(OutboundError::Refused(said)) => *said == reason,
        Err(OutboundError::NotSent(said)) => {
            said.contains("where the name leads is not called") && said.ends_with(reason)
        }
        _ => false,
    }
}
