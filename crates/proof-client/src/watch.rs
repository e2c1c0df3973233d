//! Watching one transaction until it has ended: over a WebSocket, or by polling where none gets
//! through.

mod socket;

use crate::{
    backoff,
    client::Client,
    error::Error,
    transaction::{Look, Transaction},
    wire::{OrderType, Status},
};
use serde::{Deserialize, Serialize};
use socket::{Heard, Opened, Socket};
use std::time::Duration;

/// Sockets that fail in a row before polling takes over.
const SOCKET_FAILURES_MAX: u32 = 3;
/// Looks before a socket is tried again: five minutes of long polls.
const LOOKS_PER_TURN: u32 = 12;
/// How long the server may hold a look back.
const LOOK_WAIT_SECONDS: u32 = 25;
/// Between two looks that show the same, should the server not hold them back.
const LOOK_PAUSE: Duration = Duration::from_secs(5);
/// Looks that fail in a row before the caller hears of it: about a minute.
const LOOK_FAILURES_MAX: u32 = 12;

/// A change of a transaction's status.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Update {
    pub merchant_transaction_id: String,
    #[serde(default, rename = "type")]
    pub order_type: OrderType,
    pub status: Status,
    /// Unknown until the user has picked one, and when the news came by polling.
    #[serde(default)]
    pub payment_method: Option<String>,
    #[serde(default)]
    pub currency: String,
    #[serde(default)]
    pub crypto_amount: String,
    #[serde(default)]
    pub fiat_currency: String,
    #[serde(default)]
    pub fiat_amount: String,
    #[serde(default)]
    pub occurred_at: String,
    #[serde(default)]
    pub sequence: Option<u64>,
}

impl From<Transaction> for Update {
    fn from(transaction: Transaction) -> Self {
        Self {
            merchant_transaction_id: transaction.merchant_transaction_id,
            order_type: transaction.order_type,
            status: transaction.status,
            payment_method: None,
            currency: transaction.currency,
            crypto_amount: transaction.crypto_amount,
            fiat_currency: transaction.fiat_currency,
            fiat_amount: transaction.fiat_amount,
            occurred_at: transaction.updated_at,
            sequence: transaction.sequence,
        }
    }
}

impl Client {
    /// Watches a transaction. Nothing is sent before the first [`Watch::next`].
    pub fn watch(&self, merchant_transaction_id: &str) -> Watch {
        Watch {
            client: self.clone(),
            id: merchant_transaction_id.to_owned(),
            sequence: None,
            last: None,
            ready: None,
            ended: false,
            socket_failures: 0,
            look_failures: 0,
            etag: None,
            channel: Channel::None,
        }
    }
}

/// One transaction's news.
pub struct Watch {
    client: Client,
    id: String,
    /// Of the last update that was handed out.
    sequence: Option<u64>,
    /// The same, for servers that send no sequence.
    last: Option<(Status, String)>,
    ready: Option<Update>,
    ended: bool,
    socket_failures: u32,
    look_failures: u32,
    etag: Option<String>,
    channel: Channel,
}

enum Channel {
    None,
    Socket(Box<Socket>),
    Looks { left: u32 },
}

impl Watch {
    /// Goes on after an update that you know already: its `sequence`.
    #[must_use]
    pub const fn after(mut self, sequence: u64) -> Self {
        self.sequence = Some(sequence);
        self
    }

    /// The sequence of the last update, to go on from.
    pub const fn sequence(&self) -> Option<u64> {
        self.sequence
    }

    /// The next update; none after the one that ended the transaction. Dropped connections and
    /// restarts of the server are dealt with here. An error of configuration and a transaction
    /// that does not exist come at once, an outage after a minute or so; call again to go on. Safe
    /// to cancel.
    pub async fn next(&mut self) -> Result<Option<Update>, Error> {
        loop {
            if let Some(update) = self.ready.take() {
                return Ok(Some(update));
            }
            if self.ended {
                return Ok(None);
            }
            match &mut self.channel {
                Channel::None => self.open().await?,
                Channel::Socket(socket) => {
                    let heard = socket.hear(self.client.host()).await;
                    self.heard(heard).await;
                }
                Channel::Looks { left: 0 } => self.channel = Channel::None,
                Channel::Looks { left } => {
                    *left -= 1;
                    self.look().await?;
                }
            }
        }
    }

    async fn open(&mut self) -> Result<(), Error> {
        match socket::open(&self.client, &self.id, self.sequence).await? {
            Opened::Socket(socket) => self.channel = Channel::Socket(socket),
            // A proxy may refuse sockets in its own words; polling hears Proof's.
            Opened::Refused => self.looks(),
            Opened::Failed => self.socket_failed().await,
        }
        Ok(())
    }

    async fn heard(&mut self, heard: Heard) {
        match heard {
            Heard::Update(update) => {
                let terminal = update.status.is_terminal();
                if self.take(*update) {
                    self.socket_failures = 0;
                }
                if terminal {
                    self.ended = true;
                    self.hang_up().await;
                }
            }
            Heard::Alive => self.socket_failures = 0,
            Heard::Other => {}
            Heard::Ended => {
                // The server says that all is told. Look whether we know it, too.
                self.socket_failures = self.socket_failures.saturating_add(1);
                self.channel = Channel::Looks { left: 1 };
            }
            Heard::Lost => {
                self.channel = Channel::None;
                self.socket_failed().await;
            }
        }
    }

    /// The server waits for us to close after a terminal status.
    async fn hang_up(&mut self) {
        if let Channel::Socket(socket) = std::mem::replace(&mut self.channel, Channel::None) {
            socket.close().await;
        }
    }

    async fn socket_failed(&mut self) {
        self.socket_failures = self.socket_failures.saturating_add(1);
        if self.socket_failures >= SOCKET_FAILURES_MAX {
            self.looks();
            return;
        }
        // All sockets of a server that restarts break at once; they shall not come back at once.
        let host = self.client.host();
        let pause = backoff::pause(host, self.socket_failures, None);
        host.sleep(pause).await;
    }

    fn looks(&mut self) {
        self.channel = Channel::Looks {
            left: LOOKS_PER_TURN,
        };
    }

    async fn look(&mut self) -> Result<(), Error> {
        let client = self.client.clone();
        let pause = client.host().sleep(LOOK_PAUSE);
        let look = client
            .transaction_look(&self.id, self.etag.as_deref(), LOOK_WAIT_SECONDS)
            .await;
        match look {
            Ok(Look::Changed { transaction, etag }) => {
                self.look_failures = 0;
                self.etag = etag;
                self.ended = transaction.status.is_terminal();
                if !self.take((*transaction).into()) && !self.ended {
                    pause.await;
                }
                Ok(())
            }
            Ok(Look::Same) => {
                self.look_failures = 0;
                // Over already when the server waited for us.
                pause.await;
                Ok(())
            }
            Err(error) => self.look_failed(error).await,
        }
    }

    async fn look_failed(&mut self, error: Error) -> Result<(), Error> {
        self.look_failures = self.look_failures.saturating_add(1);
        if !error.is_retryable() || self.look_failures >= LOOK_FAILURES_MAX {
            self.look_failures = 0;
            return Err(error);
        }
        let host = self.client.host();
        let pause = backoff::pause(host, self.look_failures, error.problem().retry_after);
        host.sleep(pause).await;
        Ok(())
    }

    /// Keeps an update for the caller, unless it is no news. True when it is.
    fn take(&mut self, update: Update) -> bool {
        let mark = (update.status.clone(), update.occurred_at.clone());
        let news = match (update.sequence, self.sequence) {
            (Some(new), Some(known)) => new > known,
            _ => self.last.as_ref() != Some(&mark),
        };
        if news {
            self.sequence = update.sequence.or(self.sequence);
            self.last = Some(mark);
            self.ready = Some(update);
        }
        news
    }
}
