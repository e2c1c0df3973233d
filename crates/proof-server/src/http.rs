//! The listener: connections bounded in number, in the size of their headers and in the time that
//! they may take to send them.

use axum::{
    Router,
    extract::{ConnectInfo, Request},
};
use hyper::{body::Incoming, server::conn::http1, service::service_fn};
use hyper_util::rt::{TokioIo, TokioTimer};
use std::{net::SocketAddr, sync::Arc, time::Duration};
use tokio::{
    net::{TcpListener, TcpStream},
    sync::{Semaphore, watch},
    task::JoinSet,
};
use tower::Service;

/// Connections of one process; whoever comes later waits in the kernel's queue.
const CONNECTIONS_MAX: u64 = 25_000;

/// File handles that are kept for the database, providers and partners' endpoints.
const HANDLES_KEPT: u64 = 512;

/// A client that has not sent its headers by then, or says nothing on an open connection.
const HEADERS_TIMEOUT: Duration = Duration::from_secs(30);

const HEADERS_MAX: usize = 64;
const HEADER_BYTES_MAX: usize = 32 * 1024;

/// After an error of the listener itself (no file handles are left), before the next try.
const ACCEPT_AGAIN: Duration = Duration::from_millis(200);

/// Accepts until `stop` resolves, then lets open calls end; so many connections at a time.
pub async fn serve(
    listener: TcpListener,
    router: Router,
    connections_max: usize,
    stop: impl Future<Output = ()>,
) {
    let (ending, ended) = watch::channel(false);
    let places = Arc::new(Semaphore::new(connections_max));
    let mut connections = JoinSet::new();
    let mut stop = std::pin::pin!(stop);
    loop {
        let accepted = async {
            let place = Arc::clone(&places).acquire_owned().await;
            (place, listener.accept().await)
        };
        let (place, accepted) = tokio::select! {
            biased;
            () = &mut stop => break,
            accepted = accepted => accepted,
        };
        match accepted {
            Ok((stream, peer)) => {
                let (router, ended) = (router.clone(), ended.clone());
                connections.spawn(async move {
                    connection(stream, peer, router, ended).await;
                    drop(place);
                });
            }
            Err(error) => {
                tracing::warn!("a connection could not be accepted: {error}");
                pause().await;
            }
        }
        while connections.try_join_next().is_some() {}
    }
    drop(listener);
    ending.send_replace(true);
    while connections.join_next().await.is_some() {}
}

/// As many connections as there are file handles for: without one for the database nobody is served.
pub fn connections_max() -> usize {
    let handles = rlimit::increase_nofile_limit(CONNECTIONS_MAX + HANDLES_KEPT);
    let handles = handles.unwrap_or(HANDLES_KEPT);
    let connections =
        (handles.saturating_sub(HANDLES_KEPT)).clamp(HANDLES_KEPT / 2, CONNECTIONS_MAX);
    if connections < CONNECTIONS_MAX {
        tracing::warn!(
            connections,
            "the limit of open files bounds connections; raise it"
        );
    }
    usize::try_from(connections).unwrap_or(usize::MAX)
}

#[expect(
    clippy::disallowed_methods,
    reason = "the listener belongs to the real network and its real time"
)]
async fn pause() {
    tokio::time::sleep(ACCEPT_AGAIN).await;
}

/// Serves one connection; when the server ends, the call that is being answered is its last.
async fn connection(
    stream: TcpStream,
    peer: SocketAddr,
    router: Router,
    mut ended: watch::Receiver<bool>,
) {
    // Small messages are whole messages here.
    let _best_effort = stream.set_nodelay(true);
    let service = service_fn(move |mut request: Request<Incoming>| {
        request.extensions_mut().insert(ConnectInfo(peer));
        router.clone().call(request)
    });
    let served = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(HEADERS_TIMEOUT)
        .max_headers(HEADERS_MAX)
        .max_buf_size(HEADER_BYTES_MAX)
        .serve_connection(TokioIo::new(stream), service)
        .with_upgrades();
    let mut served = std::pin::pin!(served);
    let ended = async {
        // A listener that is gone means the same.
        let _gone = ended.wait_for(|ended| *ended).await.map(drop);
    };
    // A connection that breaks is its client's affair.
    let _broken = tokio::select! {
        broken = served.as_mut() => broken,
        () = ended => {
            served.as_mut().graceful_shutdown();
            served.await
        }
    };
}
