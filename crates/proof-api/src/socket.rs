//! One WebSocket, one order: the present state first, then every change (contract §5).

use axum::extract::ws::{CloseFrame, Message, WebSocket, close_code};
use futures::{FutureExt, SinkExt, StreamExt};
use proof_core::{Timestamp, id::OrderId};
use proof_engine::{Access, ApiError, Engine, Update};

/// Partners have nothing to say here.
pub const MESSAGE_BYTES_MAX: usize = 4 * 1024;

/// An idle connection is pinged this often; the same clock looks for changes whose hint was lost.
const PING_SECONDS: i64 = 20;

/// After a terminal status the partner closes first, if it will.
const CLOSE_SECONDS: i64 = 30;

/// Serves a connection until either side ends it.
pub async fn run(engine: &Engine, access: &Access, order: OrderId, socket: WebSocket) {
    if let Err(error) = updates(engine, access, order, socket).await {
        let context = error.context.as_deref().unwrap_or("");
        tracing::warn!(%order, context, "a WebSocket ended early: {}", error.message);
    }
}

async fn updates(
    engine: &Engine,
    access: &Access,
    order: OrderId,
    socket: WebSocket,
) -> Result<(), ApiError> {
    let (mut sink, mut stream) = socket.split();
    let snapshot = engine.update_snapshot(access, order).await?;
    let mut seen = snapshot.sequence;
    let mut close_at: Option<Timestamp> = None;
    let mut queue = vec![snapshot];
    loop {
        // Register first, then look: a change in between is not missed.
        let hint = engine.order_hint(order).fuse();
        if close_at.is_none() {
            let (updates, last) = engine.updates_after(access, order, seen).await?;
            queue.extend(updates);
            seen = last;
        }
        for update in queue.drain(..) {
            if update.is_terminal() && close_at.is_none() {
                close_at = Some(engine.now().plus_seconds(CLOSE_SECONDS));
            }
            if sink.send(Message::text(text(&update))).await.is_err() {
                return Ok(());
            }
        }
        if close_at.is_some_and(|at| engine.now() >= at) {
            let frame = CloseFrame {
                code: close_code::NORMAL,
                reason: "terminal status".into(),
            };
            // The partner may be gone already; closing twice is fine.
            let _gone = sink.send(Message::Close(Some(frame))).await;
            return Ok(());
        }
        let ping_at = engine.now().plus_seconds(PING_SECONDS);
        let wait = engine
            .clock()
            .sleep_until(close_at.map_or(ping_at, |at| at.min(ping_at)));
        let (wait, mut incoming) = (wait.fuse(), stream.next().fuse());
        futures::pin_mut!(hint, wait);
        futures::select_biased! {
            message = incoming => match message {
                None | Some(Err(_) | Ok(Message::Close(_))) => return Ok(()),
                Some(Ok(_)) => {}
            },
            () = hint => {}
            () = wait => {
                if sink.send(Message::Ping(bytes::Bytes::new())).await.is_err() {
                    return Ok(());
                }
            }
        }
    }
}

fn text(update: &Update) -> String {
    serde_json::to_string(update).unwrap_or_default()
}
