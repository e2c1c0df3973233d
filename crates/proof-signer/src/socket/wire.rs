//! What goes over the socket: the greeting, and frames of length, code and JSON.

use hmac::{Hmac, Mac};
use proof_core::{
    Address, Entropy, Network,
    id::{IntentId, OrderId},
    recovery::Epoch,
    time::random,
};
use proof_port::{Class, PortError, Promised, Signed, SignedState, SigningIntent, Whose};
use serde::{Deserialize, Serialize};
use sha2::Sha256;
use std::{fmt, io};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::UnixStream,
};
use zeroize::Zeroizing;

use crate::{
    PROVIDER,
    allow::{Listed, Vote},
};

/// A transfer of many coins is the longest question.
pub const QUESTION_BYTES_MAX: usize = 256 * 1024;
/// A page of promises is the longest answer.
pub const ANSWER_BYTES_MAX: usize = 32 * 1024 * 1024;

const HELLO: &[u8; 8] = b"proofsg1";
const NONCE_BYTES: usize = 32;
const CODE_BYTES: usize = 32;

#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Question {
    Epoch,
    EpochBegin {
        epoch: Epoch,
    },
    Promises {
        after: Option<OrderId>,
    },
    Promised {
        order: OrderId,
    },
    Wallet {
        network: Network,
    },
    Cold {
        network: Network,
    },
    Register {
        epoch: Epoch,
        order: OrderId,
        destination: Address,
        /// A server of an earlier version does not say.
        #[serde(default)]
        whose: Whose,
    },
    OpenDeposit {
        epoch: Epoch,
        order: OrderId,
        refund: Address,
    },
    Sign {
        epoch: Epoch,
        intent: Box<SigningIntent>,
    },
    Close {
        epoch: Epoch,
        intent: IntentId,
    },
    /// The list of partners' addresses; people ask it.
    Listed,
    Vote(Box<Vote>),
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Answer {
    Done,
    Epoch(Epoch),
    Promises(Vec<Promised>),
    Promised(Box<Promised>),
    Address(Address),
    Cold(Option<Address>),
    Signed(Signed),
    State(SignedState),
    Listed(Box<Listed>),
    /// Whether it changed the list.
    Voted(bool),
    /// For good.
    Refused(String),
    /// Not now, and nothing was done.
    Later(String),
    /// Ask again: it may have been done.
    InDoubt(String),
}

impl From<PortError> for Answer {
    fn from(error: PortError) -> Self {
        match error.class {
            Class::GiveUp => Self::Refused(error.context),
            Class::Retry if error.answered => Self::Later(error.context),
            // Whatever is in doubt is settled by asking again.
            Class::Retry | Class::InDoubt => Self::InDoubt(error.context),
        }
    }
}

pub fn unexpected() -> PortError {
    PortError::retry(PROVIDER, "it answers something else than what was asked")
}

/// What both ends know, 32 bytes.
#[derive(Clone)]
pub struct SocketSecret(Zeroizing<[u8; 32]>);

impl fmt::Debug for SocketSecret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SocketSecret(…)")
    }
}

impl SocketSecret {
    pub fn new(entropy: &dyn Entropy) -> Self {
        Self(Zeroizing::new(random(entropy)))
    }

    /// 64 hexadecimal digits.
    pub fn read(text: &[u8]) -> Option<Self> {
        let mut bytes = Zeroizing::new([0; 32]);
        hex::decode_to_slice(text.trim_ascii(), bytes.as_mut_slice()).ok()?;
        Some(Self(bytes))
    }

    pub fn written(&self) -> Zeroizing<String> {
        Zeroizing::new(format!("{}\n", hex::encode(self.0.as_slice())))
    }

    fn mac(&self, purpose: &str, nonces: &Nonces) -> Option<Hmac<Sha256>> {
        let mut mac = <Hmac<Sha256> as Mac>::new_from_slice(self.0.as_slice()).ok()?;
        mac.update(HELLO);
        mac.update(&nonces.server);
        mac.update(&nonces.signer);
        mac.update(purpose.as_bytes());
        Some(mac)
    }

    fn derived(&self, purpose: &str, nonces: &Nonces) -> io::Result<Zeroizing<[u8; 32]>> {
        let mac = self.mac(purpose, nonces).ok_or_else(unusable)?;
        Ok(Zeroizing::new(mac.finalize().into_bytes().into()))
    }

    fn proves(&self, purpose: &str, nonces: &Nonces, code: &[u8]) -> bool {
        let mac = self.mac(purpose, nonces);
        mac.is_some_and(|mac| mac.verify_slice(code).is_ok())
    }
}

struct Nonces {
    server: [u8; NONCE_BYTES],
    signer: [u8; NONCE_BYTES],
}

const SIGNER_PROVES: &str = "the signer knows";
const SERVER_PROVES: &str = "the server knows";
const QUESTIONS: &str = "questions";
const ANSWERS: &str = "answers";

fn unusable() -> io::Error {
    io::Error::other("the secret cannot be used")
}

fn stranger(who: &str) -> io::Error {
    let what = format!("the {who} does not know our secret");
    io::Error::new(io::ErrorKind::PermissionDenied, what)
}

/// One direction's key, and how many frames have gone that way.
struct Lane {
    key: Zeroizing<[u8; 32]>,
    count: u64,
}

impl Lane {
    fn mac(&mut self, body: &[u8]) -> io::Result<Hmac<Sha256>> {
        let mac = <Hmac<Sha256> as Mac>::new_from_slice(self.key.as_slice());
        let mut mac = mac.map_err(|_| unusable())?;
        mac.update(&self.count.to_be_bytes());
        mac.update(body);
        self.count = self.count.checked_add(1).ok_or_else(unusable)?;
        Ok(mac)
    }
}

/// A connection whose other end has proved that it knows the secret.
pub struct Connection {
    stream: UnixStream,
    out: Lane,
    back: Lane,
}

impl fmt::Debug for Connection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Connection")
    }
}

impl Connection {
    /// The server's end.
    pub async fn greet(
        mut stream: UnixStream,
        secret: &SocketSecret,
        entropy: &dyn Entropy,
    ) -> io::Result<Self> {
        let mut nonces = Nonces {
            server: random(entropy),
            signer: [0; NONCE_BYTES],
        };
        stream.write_all(HELLO).await?;
        stream.write_all(&nonces.server).await?;
        stream.read_exact(&mut nonces.signer).await?;
        let mut code = [0; CODE_BYTES];
        stream.read_exact(&mut code).await?;
        if !secret.proves(SIGNER_PROVES, &nonces, &code) {
            return Err(stranger("signer"));
        }
        let proof = secret.derived(SERVER_PROVES, &nonces)?;
        stream.write_all(proof.as_slice()).await?;
        Self::made(stream, secret, &nonces, (QUESTIONS, ANSWERS))
    }

    /// The signer's end.
    pub async fn welcome(
        mut stream: UnixStream,
        secret: &SocketSecret,
        entropy: &dyn Entropy,
    ) -> io::Result<Self> {
        let mut hello = [0; HELLO.len()];
        stream.read_exact(&mut hello).await?;
        if hello != *HELLO {
            return Err(io::Error::other("that is no greeting"));
        }
        let mut nonces = Nonces {
            server: [0; NONCE_BYTES],
            signer: random(entropy),
        };
        stream.read_exact(&mut nonces.server).await?;
        let proof = secret.derived(SIGNER_PROVES, &nonces)?;
        stream.write_all(&nonces.signer).await?;
        stream.write_all(proof.as_slice()).await?;
        let mut code = [0; CODE_BYTES];
        stream.read_exact(&mut code).await?;
        if !secret.proves(SERVER_PROVES, &nonces, &code) {
            return Err(stranger("server"));
        }
        Self::made(stream, secret, &nonces, (ANSWERS, QUESTIONS))
    }

    fn made(
        stream: UnixStream,
        secret: &SocketSecret,
        nonces: &Nonces,
        (out, back): (&str, &str),
    ) -> io::Result<Self> {
        let lane = |name| -> io::Result<Lane> {
            let key = secret.derived(name, nonces)?;
            Ok(Lane { key, count: 0 })
        };
        Ok(Self {
            stream,
            out: lane(out)?,
            back: lane(back)?,
        })
    }

    pub async fn send(&mut self, body: &[u8], bytes_max: usize) -> io::Result<()> {
        let length = u32::try_from(body.len()).map_err(io::Error::other)?;
        if body.len() > bytes_max {
            return Err(io::Error::other("too long a message"));
        }
        let code: [u8; CODE_BYTES] = self.out.mac(body)?.finalize().into_bytes().into();
        let frame = [length.to_be_bytes().as_slice(), &code, body].concat();
        self.stream.write_all(&frame).await
    }

    /// `None`: the other end has gone, between two messages.
    pub async fn receive(&mut self, bytes_max: usize) -> io::Result<Option<Vec<u8>>> {
        let mut length = [0; 4];
        match self.stream.read_exact(&mut length).await {
            Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => return Ok(None),
            read => read?,
        };
        let length = usize::try_from(u32::from_be_bytes(length)).map_err(io::Error::other)?;
        if length > bytes_max {
            return Err(io::Error::other("too long a message"));
        }
        let mut code = [0; CODE_BYTES];
        self.stream.read_exact(&mut code).await?;
        let mut body = vec![0; length];
        self.stream.read_exact(&mut body).await?;
        let mac = self.back.mac(&body)?;
        mac.verify_slice(&code)
            .map_err(|_| io::Error::other("the message's code is wrong"))?;
        Ok(Some(body))
    }
}
