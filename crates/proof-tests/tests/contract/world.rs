//! Everybody outside of the server: the sandbox world, and partners' webhook receivers.

use axum::{Router, body::Body};
use base64::{Engine, engine::general_purpose::STANDARD};
use bytes::Bytes;
use hmac::{Hmac, Mac};
use http::{Request, Response};
use http_body_util::BodyExt;
use proof_outbound::{Limits, Transport, TransportError};
use sha2::Sha256;
use std::{
    collections::{BTreeMap, BTreeSet, VecDeque},
    sync::{Arc, Mutex},
};
use tower::ServiceExt;

/// A webhook as its receiver saw it.
#[derive(Clone, Debug)]
pub struct Received {
    pub id: String,
    pub timestamp: String,
    pub signature: String,
    pub body: String,
}

/// What the next call to a host meets instead of its answer.
#[derive(Clone, Debug)]
pub enum Fault {
    LoseRequest,
    LoseAnswer,
    /// It happens, and the answer's text is changed on its way back.
    Replace(String, String),
    /// It happens, and a page of HTML comes back.
    Html,
}

/// A partner's receiver: what it got, and what it answers (204 when it has no script).
#[derive(Default)]
pub struct Receiver {
    pub got: Mutex<Vec<Received>>,
    pub script: Mutex<VecDeque<u16>>,
    /// With it the signature of every event is checked, and one without is refused.
    pub secret: Mutex<Option<String>>,
    /// An event that comes again has another effect.
    pub acts_each_time: Mutex<bool>,
    /// `Retry-After` of every answer, if any.
    pub retry_after: Mutex<Option<u32>>,
}

#[derive(Default)]
pub struct Outside {
    pub hosts: Mutex<BTreeMap<String, Router>>,
    pub faults: Mutex<VecDeque<(&'static str, Fault)>>,
    /// Parts of paths that cannot be reached until somebody removes them.
    pub down: Mutex<BTreeSet<&'static str>>,
    pub receiver: Receiver,
    /// Paths that the server called, for questions like "was it captured once".
    pub calls: Mutex<Vec<String>>,
}

impl Receiver {
    /// By the standard for webhooks, with the shop's own secret.
    fn is_signed(&self, got: &Received) -> bool {
        let Some(secret) = self.secret.lock().unwrap().clone() else {
            return true;
        };
        let secret = STANDARD
            .decode(secret.trim_start_matches("whsec_"))
            .unwrap();
        let mut mac = Hmac::<Sha256>::new_from_slice(&secret).unwrap();
        mac.update(format!("{}.{}.{}", got.id, got.timestamp, got.body).as_bytes());
        let own = format!("v1,{}", STANDARD.encode(mac.finalize().into_bytes()));
        got.signature.split(' ').any(|one| one == own)
    }

    /// What the shop's own status says of an event.
    fn effects(&self, request: &Request<Bytes>) -> Response<Bytes> {
        let query = request.uri().query().unwrap_or_default();
        let event = query.trim_start_matches("event_id=");
        let got = self.got.lock().unwrap();
        let came = got.iter().filter(|one| one.id == event).count();
        let each = *self.acts_each_time.lock().unwrap();
        let effects = if each { came } else { came.min(1) };
        let body = format!("{{\"effects\":{effects}}}");
        Response::new(Bytes::from(body))
    }

    fn answer(&self, request: &Request<Bytes>) -> Response<Bytes> {
        if request.method() == http::Method::GET {
            return self.effects(request);
        }
        let header = |name| {
            let value = request.headers().get(name).map(|v| v.to_str().unwrap());
            value.unwrap_or_default().to_owned()
        };
        let received = Received {
            id: header("webhook-id"),
            timestamp: header("webhook-timestamp"),
            signature: header("webhook-signature"),
            body: String::from_utf8(request.body().to_vec()).unwrap(),
        };
        if !self.is_signed(&received) {
            let refused = Response::builder().status(401);
            return refused.body(Bytes::from_static(b"not signed")).unwrap();
        }
        self.got.lock().unwrap().push(received);
        let status = self.script.lock().unwrap().pop_front().unwrap_or(204);
        let mut answer = Response::builder()
            .status(status)
            .header("location", "http://shop.test/else");
        if let Some(seconds) = *self.retry_after.lock().unwrap() {
            answer = answer.header("retry-after", seconds);
        }
        answer.body(Bytes::from_static(b"noted")).unwrap()
    }
}

impl Outside {
    /// The fault that was planned for a call to this path, if it is its turn.
    fn fault(&self, path: &str) -> Option<Fault> {
        let mut faults = self.faults.lock().unwrap();
        let position = faults.iter().position(|(part, _)| path.contains(part))?;
        faults.remove(position).map(|(_, fault)| fault)
    }

    pub fn calls_of(&self, part: &str) -> usize {
        self.calls
            .lock()
            .unwrap()
            .iter()
            .filter(|call| call.contains(part))
            .count()
    }
}

#[async_trait::async_trait]
impl Transport for Outside {
    async fn send(
        &self,
        request: Request<Bytes>,
        _limits: Limits,
    ) -> Result<Response<Bytes>, TransportError> {
        let path = format!("{} {}", request.method(), request.uri());
        self.calls.lock().unwrap().push(path.clone());
        let fault = self.fault(&path);
        let down = self.down.lock().unwrap().iter().any(|p| path.contains(p));
        if down || matches!(fault, Some(Fault::LoseRequest)) {
            return Err(TransportError::not_sent("lost on the way there"));
        }
        let host = request.uri().host().unwrap_or_default().to_owned();
        if host == "shop.test" {
            return Ok(self.receiver.answer(&request));
        }
        if host == "going.test" {
            // Gone, says the first of many that are on their way; the others fail a moment later.
            let first = self.calls_of("going.test") == 1;
            let (pause_ms, status) = if first { (50, 410) } else { (200, 500) };
            tokio::time::sleep(std::time::Duration::from_millis(pause_ms)).await;
            return Ok(Response::builder()
                .status(status)
                .body(Bytes::new())
                .unwrap());
        }
        if host == "dead.test" {
            // As long as the real network would let it hang, on the server's clock.
            tokio::time::sleep(std::time::Duration::from_millis(375)).await;
            return Err(TransportError::maybe_sent("no answer in 15 s"));
        }
        let router = self.hosts.lock().unwrap().get(&host).cloned();
        let router = router.ok_or_else(|| TransportError::not_sent("no such host"))?;
        let answer = router.oneshot(request.map(Body::from)).await.unwrap();
        let (parts, body) = answer.into_parts();
        let bytes = body.collect().await.unwrap().to_bytes();
        match fault {
            Some(Fault::LoseAnswer) => Err(TransportError::maybe_sent("lost on the way back")),
            Some(Fault::Html) => {
                let page = Bytes::from_static(b"<html><body>Bad gateway</body></html>");
                Ok(Response::from_parts(parts, page))
            }
            Some(Fault::Replace(from, to)) => {
                let text = String::from_utf8(bytes.to_vec()).unwrap();
                assert!(text.contains(&from), "{from} is not in {text}");
                Ok(Response::from_parts(parts, text.replace(&from, &to).into()))
            }
            Some(Fault::LoseRequest) | None => Ok(Response::from_parts(parts, bytes)),
        }
    }
}

pub type Shared = Arc<Outside>;
