//! One WebSocket of one watch.

use super::Update;
use crate::{
    client::{Client, USER_AGENT},
    error::Error,
    host::Host,
    wire::segment,
};
use futures::{SinkExt as _, StreamExt as _};
use http::{HeaderValue, header};
use serde_json::Value;
use std::time::Duration;
use tokio::net::TcpStream;
use tokio_tungstenite::{
    Connector, MaybeTlsStream, WebSocketStream, connect_async_tls_with_config,
    tungstenite::{
        self, Message,
        client::IntoClientRequest as _,
        protocol::{CloseFrame, WebSocketConfig, frame::coding::CloseCode},
    },
};

/// Name, connection, TLS and upgrade together.
const OPEN_TIMEOUT: Duration = Duration::from_secs(10);
/// The server pings an idle socket every twenty seconds: after three pings that did not come, the
/// connection is gone without having said so.
const SILENCE_MAX: Duration = Duration::from_secs(60);
/// Saying goodbye is a courtesy.
const CLOSE_TIMEOUT: Duration = Duration::from_secs(2);
/// An update has a few hundred.
const MESSAGE_BYTES_MAX: usize = 64 * 1024;

pub(super) struct Socket(WebSocketStream<MaybeTlsStream<TcpStream>>);

pub(super) enum Opened {
    Socket(Box<Socket>),
    /// By an answer that will stay the same.
    Refused,
    Failed,
}

pub(super) enum Heard {
    Update(Box<Update>),
    /// A ping or pong: the way is fine.
    Alive,
    /// Something that this version does not know.
    Other,
    /// The server has no more to say.
    Ended,
    /// Broken, silent, restarting, or we were too slow: a new socket goes on.
    Lost,
}

pub(super) async fn open(client: &Client, id: &str, after: Option<u64>) -> Result<Opened, Error> {
    // The same ids are refused as where they stand in a path.
    segment("merchant_transaction_id", id)?;
    let request = request(client, id, after)?;
    let mut config = WebSocketConfig::default();
    config.max_message_size = Some(MESSAGE_BYTES_MAX);
    config.max_frame_size = Some(MESSAGE_BYTES_MAX);
    let tls = Connector::Rustls(client.tls().clone());
    let opening = connect_async_tls_with_config(request, Some(config), true, Some(tls));
    Ok(match tokio::time::timeout(OPEN_TIMEOUT, opening).await {
        Ok(Ok((stream, _))) => Opened::Socket(Box::new(Socket(stream))),
        Ok(Err(tungstenite::Error::Http(answer)))
            if answer.status().is_client_error() && answer.status().as_u16() != 429 =>
        {
            Opened::Refused
        }
        _ => Opened::Failed,
    })
}

fn request(client: &Client, id: &str, after: Option<u64>) -> Result<http::Request<()>, Error> {
    let mut query = vec![("tx_id", id.to_owned())];
    query.extend(after.map(|after| ("after", after.to_string())));
    let url = client.url("/ws", &query)?;
    // The scheme was checked: it is http or https.
    let url = url.as_str().replacen("http", "ws", 1);
    let mut request = url
        .into_client_request()
        .map_err(|error| Error::configuration(format!("no WebSocket URL: {error}")))?;
    let headers = request.headers_mut();
    headers.insert(header::AUTHORIZATION, client.authorization().clone());
    headers.insert(header::USER_AGENT, HeaderValue::from_static(USER_AGENT));
    Ok(request)
}

impl Socket {
    /// The next thing. Safe to cancel: what was half read stays in the stream.
    pub(super) async fn hear(&mut self, host: &dyn Host) -> Heard {
        let message = tokio::select! {
            biased;
            message = self.0.next() => message,
            () = host.sleep(SILENCE_MAX) => None,
        };
        match message {
            Some(Ok(Message::Text(text))) => update(text.as_str()),
            Some(Ok(Message::Ping(_) | Message::Pong(_))) => Heard::Alive,
            Some(Ok(Message::Close(Some(frame)))) if frame.code == CloseCode::Normal => {
                Heard::Ended
            }
            Some(Ok(Message::Close(_)) | Err(_)) | None => Heard::Lost,
            Some(Ok(Message::Binary(_) | Message::Frame(_))) => Heard::Other,
        }
    }

    /// Says goodbye and waits a moment for the answer.
    pub(super) async fn close(mut self) {
        let goodbye = async {
            let frame = CloseFrame {
                code: CloseCode::Normal,
                reason: "seen".into(),
            };
            if self.0.send(Message::Close(Some(frame))).await.is_ok() {
                while let Some(Ok(_)) = self.0.next().await {}
            }
        };
        // Late or not, the connection is dropped now.
        let _late = tokio::time::timeout(CLOSE_TIMEOUT, goodbye).await;
    }
}

fn update(text: &str) -> Heard {
    let Ok(message) = serde_json::from_str::<Value>(text) else {
        return Heard::Other;
    };
    if message.get("event").and_then(Value::as_str) != Some("tx.update") {
        return Heard::Other;
    }
    serde_json::from_value(message).map_or(Heard::Other, |update| Heard::Update(Box::new(update)))
}
