//! Webhooks: is it from Proof, is it fresh, what does it say, and has it been here before.

use crate::{
    error::Error,
    wire::{OrderType, Status},
};
use base64::{Engine as _, engine::general_purpose::STANDARD};
use ed25519_dalek::{Signature, VerifyingKey};
use hmac::{Hmac, Mac};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use sha2::Sha256;
use std::{
    collections::{HashMap, HashSet, VecDeque},
    time::{Duration, SystemTime, UNIX_EPOCH},
};

/// A copied request is worthless after this; clocks rarely differ by more.
const TOLERANCE: Duration = Duration::from_secs(300);
/// Two secrets and one key are what Proof sends at most; whoever sends more keeps us busy.
const SIGNATURES_MAX: usize = 16;
/// Shorter ones are a cut or forgotten setting.
const SECRET_BYTES_MIN: usize = 16;

/// A webhook's content: the transaction as it was after the event.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct WebhookEvent {
    pub merchant_transaction_id: String,
    #[serde(default, rename = "type")]
    pub order_type: OrderType,
    pub status: Status,
    #[serde(default)]
    pub currency: String,
    #[serde(default)]
    pub network: String,
    #[serde(default)]
    pub crypto_amount: String,
    #[serde(default)]
    pub fiat_currency: String,
    #[serde(default)]
    pub fiat_amount: String,
    #[serde(default)]
    pub created_at: String,
    #[serde(default)]
    pub updated_at: String,
    #[serde(default)]
    pub event_id: Option<String>,
    /// Ignore an event whose sequence is not above the one you know: an older one may come late.
    #[serde(default)]
    pub sequence: Option<u64>,
}

/// Why a webhook is not believed. Answer 400 to all of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Refusal {
    #[error("webhook-id, webhook-timestamp or webhook-signature is missing")]
    MissingHeader,
    #[error("webhook-timestamp is not a number of seconds")]
    MalformedHeader,
    #[error("the webhook is too old; is this machine's clock right?")]
    Stale,
    #[error("the webhook is from the future; is this machine's clock right?")]
    Future,
    #[error("no signature fits: another secret, or a body that was changed or parsed on the way")]
    BadSignature,
    #[error("the signature fits, but the body is not an event")]
    MalformedBody,
}

/// Where headers can be read by name, whatever the case of its letters.
pub trait Headers {
    fn header(&self, name: &str) -> Option<&str>;
}

impl Headers for http::HeaderMap {
    fn header(&self, name: &str) -> Option<&str> {
        self.get(name)?.to_str().ok()
    }
}

impl<N: AsRef<str>, V: AsRef<str>> Headers for [(N, V)] {
    fn header(&self, name: &str) -> Option<&str> {
        let found = |(key, _): &&(N, V)| key.as_ref().eq_ignore_ascii_case(name);
        self.iter().find(found).map(|(_, value)| value.as_ref())
    }
}

impl<N: AsRef<str>, V: AsRef<str>, const COUNT: usize> Headers for [(N, V); COUNT] {
    fn header(&self, name: &str) -> Option<&str> {
        self.as_slice().header(name)
    }
}

impl<S> Headers for HashMap<String, String, S> {
    fn header(&self, name: &str) -> Option<&str> {
        let found = |(key, _): &(&String, &String)| key.eq_ignore_ascii_case(name);
        self.iter().find(found).map(|(_, value)| value.as_str())
    }
}

/// Checks webhooks against what you know: secrets (more than one while one is rotated), public
/// keys, or both. One signature that fits is enough.
#[derive(Clone)]
pub struct Verifier {
    secrets: Vec<Hmac<Sha256>>,
    keys: Vec<VerifyingKey>,
    tolerance: Duration,
}

impl Default for Verifier {
    fn default() -> Self {
        Self::new()
    }
}

impl Verifier {
    /// Knows nothing yet, so it refuses everything.
    pub const fn new() -> Self {
        Self {
            secrets: Vec::new(),
            keys: Vec::new(),
            tolerance: TOLERANCE,
        }
    }

    /// `whsec_…`, as the operator gave it or as rotating it answered.
    pub fn with_secret(mut self, secret: &str) -> Result<Self, Error> {
        let wrong = || {
            Error::configuration(
                "the webhook secret is none. Give it as the operator gave it (whsec_…), whole.",
            )
        };
        let encoded = secret.strip_prefix("whsec_").unwrap_or(secret);
        let key = STANDARD.decode(encoded).map_err(|_| wrong())?;
        if key.len() < SECRET_BYTES_MIN {
            return Err(wrong());
        }
        let mac = Hmac::new_from_slice(&key).map_err(|_| wrong())?;
        self.secrets.push(mac);
        Ok(self)
    }

    /// `whpk_…`, from `/.well-known/proof-webhook-keys.json`.
    pub fn with_public_key(mut self, key: &str) -> Result<Self, Error> {
        let parsed = STANDARD
            .decode(key.strip_prefix("whpk_").unwrap_or(key))
            .ok()
            .and_then(|bytes| <[u8; 32]>::try_from(bytes).ok())
            .and_then(|bytes| VerifyingKey::from_bytes(&bytes).ok());
        let Some(parsed) = parsed else {
            return Err(Error::configuration(format!(
                "the webhook key {key:?} is none. Give it as Proof publishes it (whpk_…), whole."
            )));
        };
        self.keys.push(parsed);
        Ok(self)
    }

    /// How far the sender's clock and this one's may be apart; 300 seconds unless told.
    pub const fn with_tolerance(mut self, tolerance: Duration) -> Self {
        self.tolerance = tolerance;
        self
    }

    /// `body` is the raw body, before anything parsed it. `now` is [`SystemTime::now`] but in tests.
    pub fn verify(
        &self,
        headers: &(impl Headers + ?Sized),
        body: &[u8],
        now: SystemTime,
    ) -> Result<WebhookEvent, Refusal> {
        let header = |name| match headers.header(name) {
            None | Some("") => Err(Refusal::MissingHeader),
            Some(value) => Ok(value),
        };
        let id = header("webhook-id")?;
        let timestamp = header("webhook-timestamp")?;
        let signatures = header("webhook-signature")?;
        self.check_age(timestamp, now)?;
        let content = [id.as_bytes(), b".", timestamp.as_bytes(), b".", body].concat();
        let fits = signatures
            .split_ascii_whitespace()
            .take(SIGNATURES_MAX)
            .any(|signature| self.fits(signature, &content));
        if fits {
            parse(body)
        } else {
            Err(Refusal::BadSignature)
        }
    }

    fn check_age(&self, timestamp: &str, now: SystemTime) -> Result<(), Refusal> {
        let digits = timestamp.bytes().all(|byte| byte.is_ascii_digit());
        // Fifteen digits are more than thirty million years.
        if !digits || timestamp.len() > 15 {
            return Err(Refusal::MalformedHeader);
        }
        let sent_at: u64 = timestamp.parse().map_err(|_| Refusal::MalformedHeader)?;
        let now = now.duration_since(UNIX_EPOCH).unwrap_or_default().as_secs();
        let tolerance = self.tolerance.as_secs();
        if now.saturating_sub(sent_at) > tolerance {
            Err(Refusal::Stale)
        } else if sent_at.saturating_sub(now) > tolerance {
            Err(Refusal::Future)
        } else {
            Ok(())
        }
    }

    /// Both comparisons take the same time whatever differs.
    fn fits(&self, signature: &str, content: &[u8]) -> bool {
        let Some((version, encoded)) = signature.split_once(',') else {
            return false;
        };
        let Ok(bytes) = STANDARD.decode(encoded) else {
            return false;
        };
        match version {
            "v1" => self.secrets.iter().any(|secret| {
                let mac = secret.clone().chain_update(content);
                mac.verify_slice(&bytes).is_ok()
            }),
            "v1a" => Signature::from_slice(&bytes).is_ok_and(|signature| {
                let fits = |key: &VerifyingKey| key.verify_strict(content, &signature).is_ok();
                self.keys.iter().any(fits)
            }),
            // A version that we do not know says nothing, for or against.
            _ => false,
        }
    }
}

fn parse(body: &[u8]) -> Result<WebhookEvent, Refusal> {
    // An object first: serde would take an array of the right values for one, too.
    serde_json::from_slice::<Map<String, Value>>(body)
        .and_then(|event| serde_json::from_value(Value::Object(event)))
        .map_err(|_| Refusal::MalformedBody)
}

/// Remembers which webhooks were here, by transaction and status, as the contract tells them
/// apart. It forgets the oldest when it is full and everything when the process ends; a unique
/// index in your database does neither.
#[derive(Debug)]
pub struct Seen {
    capacity: usize,
    known: HashSet<(String, Status)>,
    oldest_first: VecDeque<(String, Status)>,
}

impl Seen {
    /// Holds the last `capacity` events, at least one.
    pub fn new(capacity: usize) -> Self {
        Self {
            capacity: capacity.max(1),
            known: HashSet::new(),
            oldest_first: VecDeque::new(),
        }
    }

    /// True the first time. Call it before handling the event.
    pub fn insert(&mut self, event: &WebhookEvent) -> bool {
        let key = key(event);
        if !self.known.insert(key.clone()) {
            return false;
        }
        self.oldest_first.push_back(key);
        if self.oldest_first.len() > self.capacity
            && let Some(oldest) = self.oldest_first.pop_front()
        {
            self.known.remove(&oldest);
        }
        true
    }

    /// When handling it failed: the next delivery shall be the first again.
    pub fn remove(&mut self, event: &WebhookEvent) {
        let key = key(event);
        if self.known.remove(&key) {
            self.oldest_first.retain(|known| *known != key);
        }
    }
}

fn key(event: &WebhookEvent) -> (String, Status) {
    (event.merchant_transaction_id.clone(), event.status.clone())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn event(id: &str, status: Status) -> WebhookEvent {
        let body = serde_json::json!({"merchant_transaction_id": id, "status": status});
        parse(body.to_string().as_bytes()).unwrap()
    }

    #[test]
    fn seen_tells_transactions_and_statuses_apart() {
        let mut seen = Seen::new(10);
        assert!(seen.insert(&event("a", Status::Pending)));
        assert!(seen.insert(&event("a", Status::Completed)));
        assert!(seen.insert(&event("b", Status::Completed)));
        assert!(!seen.insert(&event("a", Status::Completed)));
    }

    #[test]
    fn seen_forgets_the_oldest_when_it_is_full() {
        let mut seen = Seen::new(2);
        for id in ["a", "b", "c"] {
            assert!(seen.insert(&event(id, Status::Failed)));
        }
        assert!(!seen.insert(&event("b", Status::Failed)));
        assert!(!seen.insert(&event("c", Status::Failed)));
        assert!(seen.insert(&event("a", Status::Failed)));
        assert_eq!((seen.known.len(), seen.oldest_first.len()), (2, 2));
    }

    #[test]
    fn seen_takes_back_what_failed() {
        let mut seen = Seen::new(2);
        let failed = event("a", Status::Completed);
        assert!(seen.insert(&failed));
        seen.remove(&failed);
        assert!(seen.insert(&failed));
        assert_eq!(seen.oldest_first.len(), 1);
    }

    #[test]
    fn a_secret_or_key_that_is_none_is_refused_without_being_shown() {
        for secret in ["", "whsec_", "whsec_c2hvcnQ=", "whsec_***", "hunter2"] {
            let error = Verifier::new().with_secret(secret).err().unwrap();
            let text = error.to_string();
            assert!(text.starts_with("Configuration bug: "), "{text}");
            assert!(!text.contains("hunter2"), "{text}");
        }
        for key in ["", "whpk_", "whpk_c2hvcnQ="] {
            assert!(Verifier::new().with_public_key(key).is_err(), "{key}");
        }
    }

    #[test]
    fn who_knows_no_secret_believes_nobody() {
        let headers = [
            ("webhook-id", "e"),
            ("webhook-timestamp", "0"),
            ("webhook-signature", "v1, v1,AAAA"),
        ];
        let verdict = Verifier::new().verify(&headers, b"{}", UNIX_EPOCH);
        assert_eq!(verdict, Err(Refusal::BadSignature));
    }

    #[test]
    fn only_so_many_signatures_are_tried() {
        let verifier = Verifier::new().with_secret("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw");
        let body = br#"{"merchant_transaction_id":"a","status":"failed"}"#;
        let mac = Hmac::<Sha256>::new_from_slice(
            &STANDARD.decode("MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw").unwrap(),
        );
        let content = [b"e.0.".as_slice(), body].concat();
        let right = STANDARD.encode(mac.unwrap().chain_update(content).finalize().into_bytes());
        let verify = |wrong: usize| {
            let signatures = format!("{}v1,{right}", "v1,AAAA ".repeat(wrong));
            let headers = [
                ("webhook-id", "e"),
                ("webhook-timestamp", "0"),
                ("webhook-signature", &signatures),
            ];
            verifier
                .as_ref()
                .unwrap()
                .verify(&headers, body, UNIX_EPOCH)
        };
        assert!(verify(SIGNATURES_MAX - 1).is_ok());
        assert_eq!(verify(SIGNATURES_MAX), Err(Refusal::BadSignature));
    }

    #[test]
    fn an_array_is_not_an_event() {
        let body = br#"["01a2","buy","completed"]"#;
        assert_eq!(parse(body), Err(Refusal::MalformedBody));
    }
}
