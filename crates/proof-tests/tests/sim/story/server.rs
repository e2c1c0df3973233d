//! The server of a story: it starts, dies, comes back, and is called.

use super::{ORIGIN, Sim};
use crate::{plot::Trouble, rails::patient};
use axum::{body::Body, extract::ConnectInfo};
use futures::{
    future::{Either, select},
    task::LocalSpawnExt,
};
use http::{Method, Request};
use http_body_util::BodyExt;
use proof_core::{Clock, Timestamp, partner::Origin};
use proof_engine::{ApiError, Engine, Mailer, Parts, Persons, SETTLE_SECONDS, Watching};
use proof_outbound::Outbound;
use proof_port::Timer;
use proof_server::App;
use proof_signer::LocalSigner;
use serde_json::Value;
use std::{
    net::{Ipv4Addr, SocketAddr},
    sync::{Arc, atomic::Ordering},
};
use tower::ServiceExt;

const LOOK_EVERY_SECONDS: u32 = 3_600;

/// Where somebody calls from, by a name that ends with a number: after days of waiting all users of a crowd come within
/// a second, and what each address may ask is its own.
fn socket_of(who: &str) -> SocketAddr {
    let (name, number) = who.rsplit_once(' ').unwrap();
    let [high, low] = number.parse::<u16>().unwrap().to_be_bytes();
    let net = u8::from(name != "part");
    (Ipv4Addr::new(10, net, high, low), 443).into()
}

impl Sim {
    /// Starts the server over what is in the database and the signer's journal, again and again if
    /// it dies meanwhile.
    pub(super) async fn boot(&self) {
        self.points.booting.store(true, Ordering::SeqCst);
        let app = loop {
            match self.start().await {
                Ok(app) => break app,
                Err(error) => {
                    self.history.note("no start", error.to_string().as_bytes());
                    self.crashes.set(self.crashes.get() + 1);
                }
            }
        };
        self.points.booting.store(false, Ordering::SeqCst);
        *self.engine.borrow_mut() = Arc::downgrade(&app.engine);
        *self.app.borrow_mut() = Some(app);
    }

    async fn start(&self) -> anyhow::Result<App> {
        let outbound = Outbound::new(self.network.clone());
        let signer = Arc::new(LocalSigner::open(self.signer_dir.path(), [7; 32]).unwrap());
        let rails = self.sandbox().rails(&outbound, signer);
        let parts = Parts {
            db: self.db.clone(),
            clock: self.wall.clone(),
            movable: None,
            entropy: self.entropy.clone(),
            outbound: outbound.clone(),
            test_rails: Some(patient(rails, self.script.poll_ms, &self.points)),
            live_rails: None,
            rehearsed: false,
            mailer: Some(Mailer {
                mail: self.network.clone(),
                base_url: Origin::parse(ORIGIN).unwrap(),
                receipts: true,
            }),
            limited: true,
            settle_seconds: SETTLE_SECONDS,
            sweeping: proof_engine::Sweeping::OFF,
            cold: proof_engine::ColdStorage::OFF,
            // Rarely: a look is all alike, and a story is long.
            watching: Watching {
                every_seconds: LOOK_EVERY_SECONDS,
                ..Watching::default()
            },
            persons: Persons {
                key: Some([9; 32]),
                ..Persons::default()
            },
            key_turns: Vec::new(),
        };
        App::build(Origin::parse(ORIGIN).unwrap(), Vec::new(), parts).await
    }

    /// It crashed, the last of what it held is gone, and its time has come again.
    pub(super) fn is_due(&self) -> bool {
        self.app.borrow().is_none()
            && self.crashes.get() > 0
            && self.engine.borrow().strong_count() == 0
            && self.down_until.get() <= self.clock.now()
    }

    pub(super) fn start_worker(&self, spawner: &futures::executor::LocalSpawner) {
        let engine = self.app.borrow().as_ref().unwrap().engine.clone();
        let (work, handle) =
            futures::future::abortable(async move { engine.work(std::future::pending()).await });
        spawner
            .spawn_local(async move {
                let _aborted = work.await;
            })
            .unwrap();
        *self.worker.borrow_mut() = Some(handle);
    }

    /// Everything in memory is gone, in the middle of whatever it was doing.
    pub(super) fn crash(&self) {
        self.history
            .note("crash", self.clock.now().to_string().as_bytes());
        self.crashes.set(self.crashes.get() + 1);
        if let (Trouble::Down { seconds }, None) = (self.script.faults.trouble, self.app_was_down())
        {
            self.down_until.set(self.clock.now().plus_seconds(seconds));
        }
        if let Some(worker) = self.worker.borrow_mut().take() {
            worker.abort();
        }
        *self.app.borrow_mut() = None;
    }

    fn app_was_down(&self) -> Option<Timestamp> {
        Some(self.down_until.get()).filter(|at| *at > Timestamp::FIRST)
    }

    pub(super) async fn sleep(&self, seconds: i64) {
        let at = self.clock.now().plus_seconds(seconds);
        self.clock.sleep_until(at).await;
    }

    /// Ends when the server that is up now has died. A dead connection is noticed after a while.
    async fn death(&self) {
        let crashes = self.crashes.get();
        while self.crashes.get() == crashes {
            self.sleep(1).await;
        }
    }

    async fn until_up(&self) {
        self.clock.sleep_until(self.down_until.get()).await;
        self.sleep(1).await;
    }

    /// One HTTP request. A server that crashed answers nothing; the caller tries again.
    pub(super) async fn call(
        &self,
        (method, path): (Method, &str),
        (who, token): (&str, &str),
        body: Vec<u8>,
    ) -> (u16, Value) {
        loop {
            let request = Request::builder()
                .method(method.clone())
                .uri(path)
                .header("authorization", format!("Bearer {token}"))
                .header("idempotency-key", who)
                .extension(ConnectInfo(socket_of(who)))
                .body(Body::from(body.clone()))
                .unwrap();
            let app = self.app.borrow().clone();
            if let Some(app) = app {
                let answer = async {
                    let (parts, body) = app.router.oneshot(request).await.unwrap().into_parts();
                    let bytes = body.collect().await.unwrap().to_bytes();
                    (parts.status.as_u16(), bytes)
                };
                let died = self.death();
                futures::pin_mut!(answer, died);
                if let Either::Left(((status, bytes), _)) = select(answer, died).await {
                    let call = format!("{} {who} {method} {path} {status}", self.clock.now());
                    self.history.note(&call, &bytes);
                    // Whatever the clock does: nobody here asks too often.
                    assert_ne!(status, 429, "{call}");
                    let value = serde_json::from_slice(&bytes).unwrap_or(Value::Null);
                    return (status, value);
                }
            }
            self.until_up().await;
        }
    }

    /// A use case of the operators' door; nothing if the server is not there, or dies over it.
    pub(super) async fn ask<T>(
        &self,
        work: impl AsyncFn(&Engine) -> Result<T, ApiError>,
    ) -> Option<Result<T, ApiError>> {
        let engine = self.app.borrow().as_ref()?.engine.clone();
        let answer = async move { work(&engine).await };
        let died = self.death();
        futures::pin_mut!(answer, died);
        match select(answer, died).await {
            Either::Left((answer, _)) => Some(answer),
            Either::Right(_) => None,
        }
    }
}
