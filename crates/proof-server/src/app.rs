//! A server, put together from its parts.

use crate::{http, player::Player, rails::SandboxConfig};
use anyhow::Context;
use futures::future::{Either, select};
use ipnet::IpNet;
use proof_api::{Api, router};
use proof_core::partner::Origin;
use proof_engine::{Engine, Parts};
use proof_outbound::Outbound;
use proof_store::Engine as Database;
use std::sync::Arc;
use tokio::{net::TcpListener, sync::watch};

/// Pause before the hint connection to PostgreSQL is made anew; timers carry the work meanwhile.
const LISTEN_AGAIN_SECONDS: i64 = 2;

/// Whoever waits for news (a long poll, an idle browser) holds a server that stops this long, no longer.
const GOODBYE_SECONDS: i64 = 3;

/// An engine and its HTTP surface. A simulation runs the same two behind its own clock and network.
#[derive(Clone)]
pub struct App {
    pub engine: Arc<Engine>,
    pub router: axum::Router,
    /// Of a sandbox.
    pub player: Option<Player>,
}

impl App {
    /// `proxies` are those whose `X-Forwarded-For` is believed.
    pub async fn build(origin: Origin, proxies: Vec<IpNet>, parts: Parts) -> anyhow::Result<Self> {
        real_money_check(&parts)?;
        let engine = Arc::new(
            Engine::start(parts)
                .await
                .context("the engine cannot start")?,
        );
        let router = router(Api::new(Arc::clone(&engine), origin, proxies));
        Ok(Self {
            engine,
            router,
            player: None,
        })
    }

    /// With somebody who plays the scenarios of this sandbox.
    #[must_use]
    pub fn with_player(self, sandbox: &SandboxConfig, outbound: &Outbound) -> Self {
        let player = Player::new(
            Arc::clone(&self.engine),
            self.router.clone(),
            sandbox.cards(outbound),
            sandbox.world(outbound),
        );
        Self {
            player: Some(player),
            ..self
        }
    }

    /// Serves and works until `stop` changes; then answers what was asked and ends.
    pub async fn run(
        self,
        listener: TcpListener,
        stop: watch::Receiver<bool>,
    ) -> anyhow::Result<()> {
        let engine = Arc::clone(&self.engine);
        let stopping = async {
            stopped(stop.clone()).await;
            // Long polls are answered and WebSockets closed, so that the listener can end.
            engine.stop();
        };
        let served = http::serve(
            listener,
            self.router.clone(),
            http::connections_max(),
            stopping,
        );
        let clock = Arc::clone(self.engine.clock());
        let enough = {
            let stop = stop.clone();
            async move {
                stopped(stop).await;
                clock
                    .sleep_until(clock.now().plus_seconds(GOODBYE_SECONDS))
                    .await;
            }
        };
        let served = async {
            futures::pin_mut!(served, enough);
            select(served, enough).await;
        };
        let work = async {
            let worked = engine.work(stopped(stop.clone()));
            let listened = listen(&engine);
            futures::pin_mut!(worked, listened);
            // Listening never ends by itself.
            match select(worked, listened).await {
                Either::Left(((), _)) | Either::Right(((), _)) => {}
            }
        };
        let played = async {
            if let Some(player) = &self.player {
                player.run(stopped(stop.clone())).await;
            }
        };
        tokio::join!(served, work, played);
        self.engine.db().close().await;
        Ok(())
    }
}

/// Real money in one file on one machine needs that file somewhere else within seconds.
fn real_money_check(parts: &Parts) -> anyhow::Result<()> {
    let is_real = parts.live_rails.is_some() && !parts.rehearsed;
    let is_file = matches!(parts.db.engine(), Database::Sqlite { .. });
    if is_real && is_file && parts.watching.backup_bound_seconds.is_none() {
        anyhow::bail!(
            "real money on SQLite needs continuous backup to another place: set [backup] to and continuous = true, or use PostgreSQL"
        );
    }
    Ok(())
}

async fn stopped(mut stop: watch::Receiver<bool>) {
    // A sender that is gone means the same: nobody can want us to go on.
    let _gone = stop.wait_for(|stop| *stop).await;
}

/// Hears other processes' hints, for ever.
async fn listen(engine: &Engine) {
    loop {
        if let Err(error) = engine.db().listen().await {
            tracing::warn!("the hint connection was lost and will be made anew: {error}");
        }
        engine
            .clock()
            .sleep_until(engine.now().plus_seconds(LISTEN_AGAIN_SECONDS))
            .await;
    }
}
