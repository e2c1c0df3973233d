//! One WebSocket: the present state of what it follows, then every change (contract §5).

use axum::extract::ws::{CloseFrame, Message, Utf8Bytes, WebSocket, WebSocketUpgrade, close_code};
use futures::{FutureExt, SinkExt, StreamExt, stream::SplitSink};
use proof_core::{Timestamp, checklist::Kind, id::OrderId};
use proof_engine::{Access, ApiError, Engine, Seen, Update};

/// Connections of one process; each costs a few kilobytes.
pub const SOCKETS_MAX: usize = 20_000;

/// When a server has no place left, or goes away, another may have one soon.
pub const RETRY_SECONDS: u32 = 5;

/// Partners have nothing to say here.
const MESSAGE_BYTES_MAX: usize = 4 * 1024;

/// What waits for a consumer that does not read; a whole order's life is smaller.
const UNSENT_BYTES_MAX: usize = 64 * 1024;

/// Buffers are made for each connection, and most connections are idle.
const BUFFER_BYTES: usize = 1_024;

/// An idle connection is pinged this often.
const PING_SECONDS: i64 = 20;

/// Hints can be lost on their way from another process: every so many pings everybody looks.
const PINGS_PER_LOOK: u32 = 15;

/// A consumer that takes nothing for this long is too slow.
const SEND_SECONDS: i64 = 15;

/// After a terminal status the partner closes first, if it will.
const CLOSE_SECONDS: i64 = 30;

/// A transaction that a connection follows.
pub struct Followed {
    pub order: OrderId,
    /// The last sequence that the partner has seen; none yet on a fresh connection.
    seen: Option<i64>,
    ended: bool,
}

/// Why a connection ends.
enum End {
    /// All that was followed has ended, and the partner did not close.
    Terminal,
    /// The same, and the partner closed first.
    Done,
    Restart,
    Slow,
    /// The token that opened it has ended.
    Revoked,
    /// The partner closed, and waits for the answer.
    Closed,
    /// The partner sent what no WebSocket sends, or too much of it.
    Broken(u16),
    /// The partner is gone.
    Gone,
}

impl Followed {
    pub const fn new(order: OrderId, after: Option<i64>) -> Self {
        Self {
            order,
            seen: after,
            ended: false,
        }
    }

    /// What the partner has not seen: the state itself for a beginner, changes for the others.
    async fn updates(&mut self, engine: &Engine, access: &Access) -> Result<Vec<Update>, ApiError> {
        let updates = match self.seen {
            None => {
                let snapshot = engine.update_snapshot(access, self.order).await?;
                self.seen = Some(snapshot.sequence);
                vec![snapshot]
            }
            Some(seen) => {
                let after = engine.updates_after(access, self.order, seen).await?;
                let (updates, last, ended) = after;
                self.seen = Some(last);
                self.ended = ended;
                updates
            }
        };
        self.ended |= updates.iter().any(Update::is_terminal);
        Ok(updates)
    }
}

/// Bounds of a connection.
pub fn sized(upgrade: WebSocketUpgrade) -> WebSocketUpgrade {
    upgrade
        .max_message_size(MESSAGE_BYTES_MAX)
        .read_buffer_size(BUFFER_BYTES)
        .write_buffer_size(0)
        .max_write_buffer_size(UNSENT_BYTES_MAX)
}

/// Serves a connection until either side ends it.
pub async fn run(engine: &Engine, access: &Access, followed: Vec<Followed>, socket: WebSocket) {
    let (sink, stream) = socket.split();
    let mut sender = Sender { engine, sink };
    let orders: Vec<OrderId> = followed.iter().map(|f| f.order).collect();
    let end = serve(engine, access, followed, &mut sender, stream).await;
    if let (Ok(end), [order, ..]) = (&end, orders.as_slice()) {
        noted(engine, access, *order, end);
    }
    let (code, reason) = match end {
        Ok(End::Terminal) => (close_code::NORMAL, "terminal status"),
        Ok(End::Restart) => (close_code::RESTART, "the server restarts; connect again"),
        Ok(End::Revoked) => (close_code::POLICY, "the client token has ended"),
        Ok(End::Slow) => (close_code::POLICY, "too slow; connect again with after"),
        Ok(End::Broken(code)) => (code, "this is not for here"),
        Ok(End::Closed | End::Done) => {
            // The library has its answer ready; it leaves with this.
            let _gone = sender.sink.flush().await;
            return;
        }
        Ok(End::Gone) => return,
        Err(error) => {
            let context = error.context.as_deref().unwrap_or("");
            tracing::warn!(context, "a WebSocket ended early: {}", error.message);
            (close_code::ERROR, "something failed here; connect again")
        }
    };
    let frame = CloseFrame {
        code,
        reason: Utf8Bytes::from_static(reason),
    };
    // The partner may be gone already; closing twice is fine.
    let _gone = sender.send(Message::Close(Some(frame))).await;
}

async fn serve(
    engine: &Engine,
    access: &Access,
    mut followed: Vec<Followed>,
    sender: &mut Sender<'_>,
    mut stream: futures::stream::SplitStream<WebSocket>,
) -> Result<End, ApiError> {
    let changes = engine.follow(followed.iter().map(|f| f.order).collect());
    let mut access_seen = engine.access_generation();
    let (mut close_at, mut pings, mut look): (Option<Timestamp>, u32, bool) = (None, 0, true);
    // Whatever the partner sends meanwhile: a connection is looked after at its own pace.
    let mut ping_at = engine.now().plus_seconds(PING_SECONDS);
    loop {
        // What is done now and then has its own room, so that a connection that waits is small.
        if !Box::pin(engine.access_stands(access, &mut access_seen)).await? {
            return Ok(End::Revoked);
        }
        if look && close_at.is_none() {
            look = false;
            for followed in followed.iter_mut().filter(|f| !f.ended) {
                for update in Box::pin(followed.updates(engine, access)).await? {
                    let told = ("socket", update.status.as_str());
                    engine.observe_read(access, followed.order, told, "");
                    let message = Message::text(text(&update));
                    if let Some(end) = Box::pin(sender.send(message)).await {
                        return Ok(end);
                    }
                }
            }
            if followed.iter().all(|f| f.ended) {
                close_at = Some(engine.now().plus_seconds(CLOSE_SECONDS));
            }
        }
        if close_at.is_some_and(|at| engine.now() >= at) {
            return Ok(End::Terminal);
        }
        let wake_at = close_at.map_or(ping_at, |at| at.min(ping_at));
        let wait = engine.clock().sleep_until(wake_at).fuse();
        let (hint, stopping) = (changes.next().fuse(), engine.stopping().fuse());
        let incoming = stream.next().fuse();
        futures::pin_mut!(wait, hint, stopping, incoming);
        futures::select_biased! {
            () = stopping => return Ok(End::Restart),
            message = incoming => match message {
                None => return Ok(End::Gone),
                Some(Ok(Message::Close(_))) if close_at.is_some() => return Ok(End::Done),
                Some(Ok(Message::Close(_))) => return Ok(End::Closed),
                Some(Err(error)) => return Ok(broken(error)),
                Some(Ok(_)) => {}
            },
            () = hint => look = true,
            () = wait => {
                if engine.now() < ping_at {
                    continue;
                }
                ping_at = engine.now().plus_seconds(PING_SECONDS);
                pings += 1;
                look = pings.is_multiple_of(PINGS_PER_LOOK);
                let ping = Message::Ping(bytes::Bytes::new());
                if let Some(end) = Box::pin(sender.send(ping)).await {
                    return Ok(end);
                }
            }
        }
    }
}

/// Who ends a connection whose transactions have ended is a line of the checklist.
fn noted(engine: &Engine, access: &Access, order: OrderId, end: &End) {
    let kind = match end {
        End::Done => Kind::SocketClosed,
        End::Terminal => Kind::SocketLeft,
        End::Restart | End::Slow | End::Revoked | End::Closed | End::Broken(_) | End::Gone => {
            return;
        }
    };
    engine.observe(Seen {
        order: Some(order),
        ..Seen::new(access.partner.id, access.environment, kind)
    });
}

/// The outgoing half, with a bound on how long a message may take.
struct Sender<'a> {
    engine: &'a Engine,
    sink: SplitSink<WebSocket, Message>,
}

impl Sender<'_> {
    async fn send(&mut self, message: Message) -> Option<End> {
        let until = self.engine.now().plus_seconds(SEND_SECONDS);
        let wait = self.engine.clock().sleep_until(until).fuse();
        let sent = self.sink.send(message).fuse();
        futures::pin_mut!(wait, sent);
        futures::select_biased! {
            sent = sent => sent.is_err().then_some(End::Gone),
            () = wait => Some(End::Slow),
        }
    }
}

/// What a frame that cannot be read is answered with (RFC 6455, 7.4.1).
fn broken(error: axum::Error) -> End {
    use tungstenite::Error;
    let inner = error.into_inner();
    match inner.downcast_ref::<Error>() {
        Some(Error::Capacity(_)) => End::Broken(close_code::SIZE),
        Some(Error::Utf8(_)) => End::Broken(close_code::INVALID),
        Some(Error::Protocol(_)) => End::Broken(close_code::PROTOCOL),
        Some(_) | None => End::Gone,
    }
}

fn text(update: &Update) -> String {
    serde_json::to_string(update).unwrap_or_default()
}
