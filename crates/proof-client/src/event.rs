//! The feed: everything that happened to your transactions, in one order, from a place you keep.

use crate::{
    client::{Call, Client},
    error::Error,
    wire::Status,
};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::{collections::VecDeque, time::Duration};

/// How long the server holds an empty page back: fewer calls, and news at once.
const WAIT_SECONDS: u32 = 25;
const PAGE_MAX: u32 = 100;
/// Between two empty pages, should the server not hold them back.
const EMPTY_PAUSE: Duration = Duration::from_secs(5);

/// Something that happened to one transaction.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Event {
    /// Pass it as `after` to go on behind it.
    pub event_id: String,
    /// Counts the events of one transaction from 1, without gaps.
    pub sequence: u64,
    /// Dotted, such as `order.status_changed`. New ones come without notice.
    #[serde(rename = "type")]
    pub event_type: String,
    pub merchant_transaction_id: String,
    #[serde(default)]
    pub occurred_at: String,
    /// The status after the event.
    pub status: Status,
    #[serde(default)]
    pub data: Value,
}

/// Which part of the feed.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct EventQuery {
    /// Behind this event (its `event_id`); none is the beginning.
    pub after: Option<String>,
    /// 1 to 100.
    pub limit: Option<u32>,
    /// Up to 30: how long to wait for a first event.
    pub wait_seconds: u32,
}

#[derive(Debug, Clone, PartialEq, Deserialize)]
#[non_exhaustive]
pub struct EventPage {
    pub data: Vec<Event>,
    /// Always there: the feed has no end.
    pub next_cursor: String,
}

impl Client {
    /// One page of the feed, oldest first.
    pub async fn events(&self, query: &EventQuery) -> Result<EventPage, Error> {
        let call = Call::get("/widget/events")
            .query("after", query.after.as_ref())
            .query("limit", query.limit)
            .wait(query.wait_seconds);
        self.call(&call).await
    }

    /// The feed from `after` on, without an end.
    pub fn feed(&self, after: Option<String>) -> Feed {
        Feed {
            client: self.clone(),
            fetched: after.clone(),
            cursor: after,
            ready: VecDeque::new(),
        }
    }
}

/// The feed, one event at a time. Keep [`Feed::cursor`] in your database, in the transaction that
/// handles the event, and start from it next time: then nothing is missed and nothing comes twice.
#[derive(Debug)]
pub struct Feed {
    client: Client,
    /// Behind the last event that was fetched.
    fetched: Option<String>,
    /// Behind the last event that was handed out.
    cursor: Option<String>,
    ready: VecDeque<Event>,
}

impl Feed {
    /// The next event, as soon as there is one. After an error the feed is where it was: call
    /// again. Safe to cancel.
    pub async fn next(&mut self) -> Result<Event, Error> {
        loop {
            if let Some(event) = self.ready.pop_front() {
                self.cursor = Some(event.event_id.clone());
                return Ok(event);
            }
            let pause = self.client.host().sleep(EMPTY_PAUSE);
            let query = EventQuery {
                after: self.fetched.clone(),
                limit: Some(PAGE_MAX),
                wait_seconds: WAIT_SECONDS,
            };
            let page = self.client.events(&query).await?;
            self.fetched = Some(page.next_cursor);
            self.ready = page.data.into();
            if self.ready.is_empty() {
                // Over already when the server waited for us.
                pause.await;
            }
        }
    }

    /// Behind the last event that [`Feed::next`] gave.
    pub fn cursor(&self) -> Option<&str> {
        self.cursor.as_deref()
    }
}
