// A fake Proof: answers one request after the other as its script says, and remembers what it
// was asked. It runs in a thread of its own, so that the code under test has the runtime.

use proof_client::{
    Client, Setup,
    host::{Host, Wait},
};
use rustls::{
    ServerConfig, ServerConnection, StreamOwned,
    pki_types::{CertificateDer, PrivateKeyDer},
};
use std::{
    io::{self, Read, Write},
    net::{TcpListener, TcpStream},
    sync::{Arc, Mutex},
    thread::JoinHandle,
    time::Duration,
};
use tokio_tungstenite::tungstenite::{
    Message, WebSocket,
    handshake::derive_accept_key,
    protocol::{CloseFrame, Role},
};

/// Real time that a client may leave the server waiting, so that a mistake is a failure and no
/// standstill.
const PATIENCE: Duration = Duration::from_secs(20);

/// One request's answer.
pub enum Reply {
    Http {
        status: u16,
        headers: Vec<(&'static str, String)>,
        body: String,
    },
    /// The connection ends without an answer.
    Drop,
    /// The upgrade succeeds, then this happens.
    Socket(Vec<Act>),
}

pub enum Act {
    Say(String),
    Ping,
    Close(u16),
    /// Nothing more is said, and the connection stays until the client ends it.
    Listen,
}

#[derive(Debug, Clone, Default)]
pub struct Request {
    pub method: String,
    /// Path and query, as sent.
    pub target: String,
    headers: Vec<(String, String)>,
    pub body: String,
    /// The code with which the client closed its socket.
    pub closed_with: Option<u16>,
}

impl Request {
    pub fn header(&self, name: &str) -> Option<&str> {
        let found = |(key, _): &&(String, String)| key.eq_ignore_ascii_case(name);
        self.headers
            .iter()
            .find(found)
            .map(|(_, value)| value.as_str())
    }
}

pub struct Fake {
    pub url: String,
    /// The certificate to trust, of a server that speaks TLS.
    pub certificate: Option<CertificateDer<'static>>,
    script: JoinHandle<(Vec<Request>, usize)>,
}

impl Fake {
    pub fn start(script: Vec<Reply>) -> Self {
        Self::listen(script, None)
    }

    /// The same behind TLS, with a certificate that nobody else knows.
    pub fn start_tls(script: Vec<Reply>) -> Self {
        let own = rcgen::generate_simple_self_signed(["127.0.0.1".to_owned()]).unwrap();
        let key = PrivateKeyDer::try_from(own.signing_key.serialize_der()).unwrap();
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let tls = ServerConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_no_client_auth()
            .with_single_cert(vec![own.cert.der().clone()], key);
        Self {
            certificate: Some(own.cert.der().clone()),
            ..Self::listen(script, Some(Arc::new(tls.unwrap())))
        }
    }

    fn listen(script: Vec<Reply>, tls: Option<Arc<ServerConfig>>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let scheme = if tls.is_some() { "https" } else { "http" };
        Self {
            url: format!("{scheme}://{}", listener.local_addr().unwrap()),
            certificate: None,
            script: std::thread::spawn(move || serve(&listener, tls.as_ref(), script)),
        }
    }

    /// What was asked. Fails when the script was not played to its end.
    pub fn finish(self) -> Vec<Request> {
        // An empty connection says that nobody else comes; after the last act nobody answers.
        let (_, address) = self.url.split_once("://").unwrap();
        let _over = TcpStream::connect(address);
        let (requests, left) = self.script.join().unwrap();
        assert_eq!(
            left, 0,
            "replies that nobody asked for, after {requests:#?}"
        );
        requests
    }
}

/// A connection, with or without TLS.
trait Wire: Read + Write {}

impl<T: Read + Write> Wire for T {}

fn serve(
    listener: &TcpListener,
    tls: Option<&Arc<ServerConfig>>,
    script: Vec<Reply>,
) -> (Vec<Request>, usize) {
    let mut requests = Vec::new();
    let mut script = script.into_iter();
    while script.len() > 0 {
        let (stream, _) = listener.accept().unwrap();
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        let mut stream: Box<dyn Wire> = match tls {
            Some(tls) => {
                let tls = ServerConnection::new(tls.clone()).unwrap();
                Box::new(StreamOwned::new(tls, stream))
            }
            None => Box::new(stream),
        };
        let Some(mut request) = read(&mut stream) else {
            break;
        };
        match script.next() {
            Some(Reply::Http {
                status,
                headers,
                body,
            }) => answer(&mut stream, status, &headers, &body),
            Some(Reply::Socket(acts)) => request.closed_with = play(stream, &request, acts),
            Some(Reply::Drop) | None => {}
        }
        requests.push(request);
    }
    (requests, script.len())
}

/// Reads byte by byte, so that nothing of what follows is swallowed.
fn read(stream: &mut dyn Wire) -> Option<Request> {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        let mut byte = [0];
        match stream.read(&mut byte) {
            Ok(1) => head.push(byte[0]),
            _ => return None,
        }
    }
    let head = String::from_utf8(head).unwrap();
    let mut lines = head.lines();
    let mut start = lines.next().unwrap().split(' ').map(str::to_owned);
    let headers: Vec<(String, String)> = lines
        .filter_map(|line| line.split_once(": "))
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .collect();
    let mut request = Request {
        method: start.next().unwrap(),
        target: start.next().unwrap(),
        headers,
        ..Request::default()
    };
    let length = request.header("content-length").unwrap_or("0");
    let mut body = vec![0; length.parse().unwrap()];
    stream.read_exact(&mut body).unwrap();
    request.body = String::from_utf8(body).unwrap();
    Some(request)
}

fn answer(stream: &mut dyn Wire, status: u16, headers: &[(&'static str, String)], body: &str) {
    let mut text = format!("HTTP/1.1 {status} X\r\nConnection: close\r\n");
    for (name, value) in headers {
        text += &format!("{name}: {value}\r\n");
    }
    if status != 304 {
        text += &format!("Content-Length: {}\r\n", body.len());
    }
    // The client may have gone, when a test cancels a call.
    let _gone = stream.write_all(format!("{text}\r\n{body}").as_bytes());
}

fn play(mut stream: Box<dyn Wire>, request: &Request, acts: Vec<Act>) -> Option<u16> {
    let accept = derive_accept_key(request.header("sec-websocket-key").unwrap().as_bytes());
    let upgrade = format!(
        "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\
         Sec-WebSocket-Accept: {accept}\r\n\r\n"
    );
    stream.write_all(upgrade.as_bytes()).unwrap();
    let mut socket = WebSocket::from_raw_socket(stream, Role::Server, None);
    for act in acts {
        // A client that has heard enough is gone.
        let _gone = match act {
            Act::Say(text) => socket.send(Message::text(text)),
            Act::Ping => socket.send(Message::Ping("".into())),
            Act::Close(code) => socket.close(Some(CloseFrame {
                code: code.into(),
                reason: "script".into(),
            })),
            Act::Listen => return hear_close(&mut socket),
        };
    }
    None
}

fn hear_close(socket: &mut WebSocket<Box<dyn Wire>>) -> Option<u16> {
    let mut code = None;
    // Reading on after the close answers it.
    while let Ok(message) = socket.read() {
        if let Message::Close(frame) = message {
            code = frame.map(|frame| frame.code.into());
        }
    }
    code
}

/// An answer in JSON.
pub fn json(status: u16, body: impl ToString) -> Reply {
    Reply::Http {
        status,
        headers: vec![("Content-Type", "application/json".into())],
        body: body.to_string(),
    }
}

/// Waits for nothing and remembers how long it should have. Waits above the longest pause between
/// two tries guard against silence; they never end, unless the host is told to be impatient.
#[derive(Default)]
pub struct FakeHost {
    impatient: bool,
    pauses: Arc<Mutex<Vec<Duration>>>,
}

const PAUSE_MAX: Duration = Duration::from_secs(8);

impl FakeHost {
    pub fn impatient() -> Arc<Self> {
        Arc::new(Self {
            impatient: true,
            ..Self::default()
        })
    }

    /// The pauses that somebody waited for, in milliseconds.
    pub fn pauses_ms(&self) -> Vec<u128> {
        let pauses = self.pauses.lock().unwrap();
        pauses.iter().map(Duration::as_millis).collect()
    }
}

impl Host for FakeHost {
    fn sleep(&self, duration: Duration) -> Wait {
        if duration > PAUSE_MAX && !self.impatient {
            return Box::pin(std::future::pending());
        }
        let pauses = self.pauses.clone();
        Box::pin(async move { pauses.lock().unwrap().push(duration) })
    }

    /// The longest pause that the jitter allows.
    fn fill(&self, bytes: &mut [u8]) -> io::Result<()> {
        bytes.fill(u8::MAX);
        Ok(())
    }
}

pub const TOKEN: &str = "sk_test_4f1c";

/// A client of this fake that does not wait.
pub fn client(fake: &Fake, host: &Arc<FakeHost>) -> Client {
    let host: Arc<dyn Host> = host.clone();
    let setup = Setup {
        host,
        ..Setup::default()
    };
    Client::with_setup(&fake.url, TOKEN, setup).unwrap()
}
