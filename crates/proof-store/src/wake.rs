//! "Something changed, look again": a hint, never the truth. Whoever waits also has a timer.

use proof_core::id::OrderId;
use std::sync::Arc;
use tokio::sync::broadcast;
use uuid::Uuid;

/// A listener that falls further behind than this looks at everything again.
const HINTS_MAX: usize = 1_024;

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Topic {
    /// A job became due.
    Jobs,
    /// This order, or what hangs on it, changed.
    Order(OrderId),
}

impl Topic {
    pub(crate) fn to_payload(self) -> String {
        match self {
            Self::Jobs => "jobs".to_owned(),
            Self::Order(order) => order.uuid().to_string(),
        }
    }

    pub(crate) fn from_payload(text: &str) -> Option<Self> {
        if text == "jobs" {
            return Some(Self::Jobs);
        }
        Uuid::try_parse(text)
            .ok()
            .map(|uuid| Self::Order(OrderId::from_uuid(uuid)))
    }
}

/// Where hints are published inside this process.
#[derive(Clone, Debug)]
pub struct Wakes(Arc<broadcast::Sender<Topic>>);

impl Wakes {
    pub(crate) fn new() -> Self {
        Self(Arc::new(broadcast::Sender::new(HINTS_MAX)))
    }

    pub(crate) fn publish(&self, topic: Topic) {
        // Nobody listening is fine: the state is in the database.
        let _nobody = self.0.send(topic);
    }

    /// Register before looking, so that a change in between is not missed.
    pub fn listen(&self) -> Listener {
        Listener(self.0.subscribe())
    }
}

pub struct Listener(broadcast::Receiver<Topic>);

impl Listener {
    /// Returns at the next hint for which `wanted` holds, or when hints were lost.
    pub async fn next(&mut self, wanted: impl Fn(Topic) -> bool) {
        loop {
            match self.0.recv().await {
                Ok(topic) if wanted(topic) => return,
                Ok(_) => {}
                Err(broadcast::error::RecvError::Lagged(_)) => return,
                // The sender lives as long as the database handle.
                Err(broadcast::error::RecvError::Closed) => std::future::pending().await,
            }
        }
    }
}
