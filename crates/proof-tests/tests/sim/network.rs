//! The network between the server and the sandbox world: late, and not always there.

use crate::{
    clock::{SimClock, SimEntropy},
    effects::Effects,
    history::History,
    plot::{Faults, Provider, Trouble},
    points::Points,
};
use axum::{Router, body::Body};
use bytes::Bytes;
use http::{Request, Response};
use http_body_util::BodyExt;
use proof_core::{Clock, Timestamp};
use proof_outbound::{Limits, Transport, TransportError};
use proof_port::{Mail, Message, PortError, Timer};
use std::{
    collections::BTreeMap,
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, Ordering},
    },
};
use tower::ServiceExt;

/// A round trip takes up to this long.
const LATENCY_MS_MAX: u64 = 400;

pub struct Network {
    pub hosts: Mutex<BTreeMap<String, Router>>,
    pub clock: Arc<SimClock>,
    pub random: SimEntropy,
    pub history: Arc<History>,
    pub faults: Faults,
    pub points: Arc<Points>,
    /// When the story began.
    pub begun: Mutex<Option<Timestamp>>,
    /// Nobody is away any more.
    pub everybody_is_there: AtomicBool,
    pub effects: Mutex<Effects>,
    /// What users were written, by the letters' ids.
    pub letters: Mutex<BTreeMap<String, String>>,
}

impl Network {
    async fn pause(&self) {
        let at = self
            .clock
            .now()
            .plus_millis(self.random.below(LATENCY_MS_MAX));
        self.clock.sleep_until(at).await;
    }

    /// Whether somebody does not answer now.
    fn is_away(&self, provider: Option<Provider>) -> bool {
        let Trouble::Away { who, from, seconds } = self.faults.trouble else {
            return false;
        };
        let begun = *self.begun.lock().unwrap();
        provider == Some(who)
            && !self.everybody_is_there.load(Ordering::SeqCst)
            && begun.is_some_and(|begun| {
                let (away, back) = (begun.plus_seconds(from), begun.plus_seconds(from + seconds));
                (away..back).contains(&self.clock.now())
            })
    }

    fn lose(&self, sent: bool) -> TransportError {
        self.points.lost.fetch_add(1, Ordering::SeqCst);
        if sent {
            TransportError::maybe_sent("the answer was lost")
        } else {
            TransportError::not_sent("the request was lost")
        }
    }
}

#[async_trait::async_trait]
impl Transport for Network {
    async fn send(
        &self,
        request: Request<Bytes>,
        _limits: Limits,
    ) -> Result<Response<Bytes>, TransportError> {
        let host = request.uri().host().unwrap_or_default().to_owned();
        let path = request.uri().path().to_owned();
        let call = format!(
            "{} {} {}",
            self.clock.now(),
            request.method(),
            request.uri()
        );
        self.history.note(&call, request.body());
        let died = |_| TransportError::not_sent("the server died while it started");
        self.points.pass().await.map_err(died)?;
        self.pause().await;
        let away = self.is_away(Provider::of(&host, &path));
        if away || self.points.strikes(self.faults.lose_request_percent) {
            return Err(self.lose(false));
        }
        let router = self.hosts.lock().unwrap().get(&host).cloned();
        let router = router.ok_or_else(|| TransportError::not_sent("no such host"))?;
        let (method, sent) = (request.method().clone(), request.body().clone());
        let answer = router.oneshot(request.map(Body::from)).await.unwrap();
        let (parts, body) = answer.into_parts();
        let bytes = body.collect().await.unwrap().to_bytes();
        if parts.status.is_success() {
            let call = (method.as_str(), host.as_str(), path.as_str());
            self.effects.lock().unwrap().note(call, &sent, &bytes);
        }
        self.history
            .note(&format!("{} {}", self.clock.now(), parts.status), &bytes);
        self.points.pass().await.map_err(died)?;
        self.pause().await;
        if self.points.strikes(self.faults.lose_answer_percent) {
            return Err(self.lose(true));
        }
        Ok(Response::from_parts(parts, bytes))
    }
}

/// The mail server is on the same network.
#[async_trait::async_trait]
impl Mail for Network {
    async fn send(&self, message: &Message) -> Result<(), PortError> {
        let call = format!("{} mail {}", self.clock.now(), message.subject);
        self.history.note(&call, message.text.as_bytes());
        let died = |_| PortError::retry("mail", "the server died while it started");
        self.points.pass().await.map_err(died)?;
        self.pause().await;
        let away = self.is_away(Some(Provider::Mail));
        if away || self.points.strikes(self.faults.lose_request_percent) {
            return Err(PortError::retry("mail", self.lose(false)));
        }
        let known = {
            let mut letters = self.letters.lock().unwrap();
            letters.insert(message.id.clone(), message.text.clone())
        };
        let same = known.is_none_or(|text| text == message.text);
        assert!(same, "one id, two letters: {}", message.text);
        self.points.pass().await.map_err(died)?;
        if self.points.strikes(self.faults.lose_answer_percent) {
            return Err(PortError::in_doubt("mail", self.lose(true)));
        }
        Ok(())
    }
}
