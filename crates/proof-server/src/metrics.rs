//! Where Prometheus reads: a listener of its own, which the public does not reach.

use crate::http;
use anyhow::Context;
use axum::{
    Router,
    extract::State,
    http::header,
    response::{IntoResponse, Response},
    routing::get,
};
use proof_engine::Engine;
use std::{net::SocketAddr, sync::Arc};
use tokio::{net::TcpListener, sync::watch};

const OPEN_METRICS: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";

/// A few who scrape; the public's connections are not theirs.
const CONNECTIONS_MAX: usize = 16;

/// A listener that is bound and not served yet.
pub struct Metrics {
    listener: TcpListener,
    pub address: SocketAddr,
}

impl Metrics {
    pub async fn bind(address: SocketAddr) -> anyhow::Result<Self> {
        let listener = TcpListener::bind(address).await;
        let listener = listener.with_context(|| format!("cannot listen on {address}"))?;
        let address = listener.local_addr()?;
        Ok(Self { listener, address })
    }

    pub async fn serve(self, engine: Arc<Engine>, mut stop: watch::Receiver<bool>) {
        let router = router(engine);
        let stop = async move {
            // A sender that is gone means the same.
            let _gone = stop.wait_for(|stop| *stop).await;
        };
        http::serve(self.listener, router, CONNECTIONS_MAX, stop).await;
    }
}

pub fn router(engine: Arc<Engine>) -> Router {
    Router::new()
        .route("/metrics", get(text))
        .with_state(engine)
}

async fn text(State(engine): State<Arc<Engine>>) -> Response {
    let headers = [(header::CONTENT_TYPE, OPEN_METRICS)];
    (headers, engine.metrics_text().await).into_response()
}
