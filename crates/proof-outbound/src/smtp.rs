//! Mail, handed to the one server that the operator named.

use crate::configured::Sent;
use lettre::{
    AsyncSmtpTransport, AsyncTransport, Message, Tokio1Executor,
    message::{Body, Mailbox, header},
    transport::smtp::{
        authentication::Credentials,
        client::{Tls, TlsParameters},
    },
};
use percent_encoding::percent_decode_str;
use std::{
    net::IpAddr,
    time::{Duration, UNIX_EPOCH},
};
use url::Url;

/// A server answers each command within seconds; the sum must be shorter than the lease of the job
/// that sends.
const COMMAND_MS_MAX: u64 = 15_000;
const EXCHANGE_MS_MAX: u64 = 60_000;

const SUBMISSION_PORT: u16 = 587;
const TLS_PORT: u16 = 465;

/// Answers that speak of our account and not of the letter: the operator can put them right.
const ACCOUNT_REFUSED: [u16; 4] = [530, 534, 535, 538];

/// One letter.
#[derive(Clone, Copy, Debug)]
pub struct Envelope<'a> {
    /// Without the angle brackets.
    pub id: &'a str,
    pub to: &'a str,
    pub subject: &'a str,
    pub text: &'a str,
    pub at_seconds: u64,
}

/// What is wrong with the configured server; without its password.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct SmtpConfigError(&'static str);

/// The letter was not taken. The text names no addresses of users.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{context}")]
pub struct SmtpError {
    pub sent: Sent,
    /// The server said no to this letter, and will say so again.
    pub refused: bool,
    pub context: String,
}

impl SmtpError {
    fn refused(context: impl ToString) -> Self {
        Self {
            sent: Sent::No,
            refused: true,
            context: context.to_string(),
        }
    }
}

/// A mail server and who writes.
#[derive(Clone, Debug)]
pub struct SmtpDoor {
    transport: AsyncSmtpTransport<Tokio1Executor>,
    from: Mailbox,
}

impl SmtpDoor {
    /// `smtps://` speaks TLS from the first byte. `smtp://` asks for it (`STARTTLS`) and sends
    /// nothing without, except to a server on this machine.
    pub fn open(url: &str, from: &str) -> Result<Self, SmtpConfigError> {
        let url = Url::parse(url).map_err(|_| SmtpConfigError("smtp is not a URL"))?;
        let host = url.host_str().ok_or(SmtpConfigError("smtp has no host"))?;
        let name = host.trim_matches(['[', ']']).to_owned();
        let tls = || {
            let parameters = TlsParameters::new(name.clone());
            parameters.map_err(|_| SmtpConfigError("TLS cannot be prepared for this host"))
        };
        let (tls, port) = match url.scheme() {
            "smtps" => (Tls::Wrapper(tls()?), TLS_PORT),
            "smtp" if is_own_machine(&name) => (Tls::None, SUBMISSION_PORT),
            "smtp" => (Tls::Required(tls()?), SUBMISSION_PORT),
            _ => return Err(SmtpConfigError("smtp must be smtp:// or smtps://")),
        };
        let transport = AsyncSmtpTransport::<Tokio1Executor>::builder_dangerous(name)
            .port(url.port().unwrap_or(port))
            .tls(tls)
            .timeout(Some(Duration::from_millis(COMMAND_MS_MAX)));
        let transport = match url.password() {
            Some(password) => {
                let (user, password) = (decoded(url.username())?, decoded(password)?);
                transport.credentials(Credentials::new(user, password))
            }
            None => transport,
        };
        Ok(Self {
            transport: transport.build(),
            from: mailbox(from).ok_or(SmtpConfigError("from is not an address"))?,
        })
    }

    /// Sends once; whoever calls decides whether to try again.
    pub async fn send(&self, envelope: Envelope<'_>) -> Result<(), SmtpError> {
        let message = build(&self.from, envelope, Body::new(envelope.text.to_owned()))?;
        let sending = self.transport.send(message);
        let limit = Duration::from_millis(EXCHANGE_MS_MAX);
        match tokio::time::timeout(limit, sending).await {
            Ok(Ok(_)) => Ok(()),
            Ok(Err(error)) => Err(failed(&error)),
            Err(_) => Err(SmtpError {
                sent: Sent::Maybe,
                refused: false,
                context: "no answer in time".to_owned(),
            }),
        }
    }
}

/// The letter as a file (RFC 5322), whose lines are as they were written: over the line they may be
/// folded and escaped.
pub fn letter(from: &str, envelope: Envelope<'_>) -> Result<Vec<u8>, SmtpError> {
    let from = mailbox(from).ok_or_else(|| SmtpError::refused("the sender is not an address"))?;
    let text = envelope.text.replace('\n', "\r\n").into_bytes();
    let body = Body::dangerous_pre_encoded(text, header::ContentTransferEncoding::EightBit);
    Ok(build(&from, envelope, body)?.formatted())
}

fn build(from: &Mailbox, envelope: Envelope<'_>, body: Body) -> Result<Message, SmtpError> {
    let to = mailbox(envelope.to);
    let to = to.ok_or_else(|| SmtpError::refused("the recipient is not an address"))?;
    // A line break in a name must not begin another header.
    let subject: String = envelope
        .subject
        .chars()
        .filter(|c| !c.is_control())
        .collect();
    Message::builder()
        .from(from.clone())
        .to(to)
        .subject(subject)
        .message_id(Some(format!("<{}>", envelope.id)))
        .date(UNIX_EPOCH + Duration::from_secs(envelope.at_seconds))
        .header(header::MIME_VERSION_1_0)
        .header(header::ContentType::TEXT_PLAIN)
        .body(body)
        .map_err(|_| SmtpError::refused("the letter cannot be written"))
}

fn mailbox(text: &str) -> Option<Mailbox> {
    text.parse().ok()
}

fn decoded(text: &str) -> Result<String, SmtpConfigError> {
    let text = percent_decode_str(text).decode_utf8();
    let text = text.map_err(|_| SmtpConfigError("user or password is not text"))?;
    Ok(text.into_owned())
}

/// A URL of this scheme does not say whether its host is a name or an address.
fn is_own_machine(host: &str) -> bool {
    let ip: Option<IpAddr> = host.parse().ok();
    ip.map_or(host == "localhost", |ip| ip.is_loopback())
}

fn failed(error: &lettre::transport::smtp::Error) -> SmtpError {
    let status = error.status().map(u16::from);
    let context = match status {
        Some(status) => format!("status {status}"),
        None if error.is_timeout() => "no answer in time".to_owned(),
        // Our side's own words: what the server said comes with a status.
        None => error.to_string(),
    };
    let account = status.is_some_and(|status| ACCOUNT_REFUSED.contains(&status));
    let said_no = error.is_permanent() && !account;
    // A server that said something has not taken the letter; one that fell silent may have.
    let sent = if status.is_some() || error.is_tls() || error.is_client() {
        Sent::No
    } else {
        Sent::Maybe
    };
    SmtpError {
        sent,
        refused: said_no,
        context,
    }
}
