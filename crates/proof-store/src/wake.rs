//! "Something changed, look again": a hint, never the truth. Whoever waits also has a timer.
//!
//! Hints about work go to everybody who works. Hints about an order go only to those who follow that
//! order: with thousands of connections open, a change wakes the few that it concerns.

use crate::job::Pool;
use proof_core::{
    id::{OrderId, PartnerId},
    partner::Environment,
};
use std::{
    collections::HashMap,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
};
use tokio::sync::{Notify, broadcast};
use uuid::Uuid;

/// A listener that falls further behind than this looks at everything again.
const HINTS_MAX: usize = 1_024;

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Topic {
    /// A job of this pool became due.
    Jobs(Pool),
    /// An event waits for its place in the feed.
    Unpublished,
    /// This partner's feed has grown.
    Published(PartnerId, Environment),
    /// Somebody's tokens, origins or settings changed.
    Access,
    /// This order, or what hangs on it, changed.
    Order(OrderId),
}

/// Counters that tell whether an order may have changed; several orders share one.
const GENERATIONS: usize = 4_096;

impl Topic {
    pub(crate) fn to_payload(self) -> String {
        match self {
            Self::Jobs(Pool::Orders) => "jobs".to_owned(),
            Self::Jobs(Pool::Deliveries) => "deliveries".to_owned(),
            Self::Jobs(Pool::Mails) => "mails".to_owned(),
            Self::Jobs(Pool::Nights) => "nights".to_owned(),
            Self::Unpublished => "unpublished".to_owned(),
            Self::Published(partner, environment) => {
                format!("feed {} {}", environment.name(), partner.uuid())
            }
            Self::Access => "access".to_owned(),
            Self::Order(order) => order.uuid().to_string(),
        }
    }

    pub(crate) fn from_payload(text: &str) -> Option<Self> {
        match text {
            "jobs" => Some(Self::Jobs(Pool::Orders)),
            "deliveries" => Some(Self::Jobs(Pool::Deliveries)),
            "mails" => Some(Self::Jobs(Pool::Mails)),
            "nights" => Some(Self::Jobs(Pool::Nights)),
            "unpublished" => Some(Self::Unpublished),
            "access" => Some(Self::Access),
            other => match other.strip_prefix("feed ") {
                Some(feed) => {
                    let (environment, partner) = feed.split_once(' ')?;
                    let partner = PartnerId::from_uuid(Uuid::try_parse(partner).ok()?);
                    Some(Self::Published(partner, Environment::parse(environment)?))
                }
                None => {
                    let order = Uuid::try_parse(other).ok()?;
                    Some(Self::Order(OrderId::from_uuid(order)))
                }
            },
        }
    }
}

/// Where hints are published inside this process.
#[derive(Clone, Debug)]
pub struct Wakes(Arc<Hub>);

/// What somebody follows.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
enum Followed {
    Order(OrderId),
    Feed(PartnerId, Environment),
}

#[derive(Debug)]
struct Hub {
    work: broadcast::Sender<Topic>,
    followers: Mutex<HashMap<Followed, Vec<Arc<Notify>>>>,
    orders: Vec<AtomicU64>,
    access: AtomicU64,
}

impl Hub {
    fn generation(&self, order: OrderId) -> &AtomicU64 {
        // The random end of the id.
        let [.., high, low] = *order.uuid().as_bytes();
        &self.orders[usize::from(u16::from_be_bytes([high, low])) % GENERATIONS]
    }

    fn wake(&self, followed: Followed) {
        let followers = self.followers();
        let concerned = followers.get(&followed).into_iter().flatten();
        // A permit is kept for a follower who is not waiting just now.
        concerned.for_each(|notify| notify.notify_one());
    }

    fn followers(&self) -> MutexGuard<'_, HashMap<Followed, Vec<Arc<Notify>>>> {
        self.followers
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }
}

impl Wakes {
    pub(crate) fn new() -> Self {
        Self(Arc::new(Hub {
            work: broadcast::Sender::new(HINTS_MAX),
            followers: Mutex::default(),
            orders: (0..GENERATIONS).map(|_| AtomicU64::new(0)).collect(),
            access: AtomicU64::new(0),
        }))
    }

    pub(crate) fn publish(&self, topic: Topic) {
        match topic {
            Topic::Access => {
                self.0.access.fetch_add(1, Ordering::SeqCst);
            }
            Topic::Order(order) => {
                self.0.generation(order).fetch_add(1, Ordering::SeqCst);
                self.0.wake(Followed::Order(order));
            }
            Topic::Published(partner, environment) => {
                self.0.wake(Followed::Feed(partner, environment));
            }
            Topic::Jobs(_) | Topic::Unpublished => {
                // Nobody listening is fine: the state is in the database.
                let _nobody = self.0.work.send(topic);
            }
        }
    }

    /// Hints may have been lost: everybody looks.
    pub(crate) fn publish_all(&self) {
        for topic in [
            Topic::Jobs(Pool::Orders),
            Topic::Jobs(Pool::Deliveries),
            Topic::Jobs(Pool::Mails),
            Topic::Jobs(Pool::Nights),
            Topic::Unpublished,
            Topic::Access,
        ] {
            self.publish(topic);
        }
        for generation in &self.0.orders {
            generation.fetch_add(1, Ordering::SeqCst);
        }
        let followers = self.0.followers();
        let all = followers.values().flatten();
        all.for_each(|notify| notify.notify_one());
    }

    /// A number that is another one once this order has changed. Take it before reading: what was
    /// read is the present state as long as the number stays.
    pub fn order_generation(&self, order: OrderId) -> u64 {
        self.0.generation(order).load(Ordering::SeqCst)
    }

    /// The same for everything that [`Topic::Access`] is about.
    pub fn access_generation(&self) -> u64 {
        self.0.access.load(Ordering::SeqCst)
    }

    /// Register before looking, so that a change in between is not missed.
    pub fn listen(&self) -> Listener {
        Listener(self.0.work.subscribe())
    }

    /// Follows some orders. A change after this call is not missed, whenever `next` is called.
    pub fn follow(&self, orders: Vec<OrderId>) -> Follower {
        self.follow_all(orders.into_iter().map(Followed::Order).collect())
    }

    /// Follows a partner's feed, in the same way.
    pub fn follow_feed(&self, partner: PartnerId, environment: Environment) -> Follower {
        self.follow_all(vec![Followed::Feed(partner, environment)])
    }

    fn follow_all(&self, followed: Vec<Followed>) -> Follower {
        let notify = Arc::new(Notify::new());
        let mut followers = self.0.followers();
        for one in &followed {
            followers.entry(*one).or_default().push(Arc::clone(&notify));
        }
        drop(followers);
        Follower {
            hub: Arc::clone(&self.0),
            followed,
            notify,
        }
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

/// Somebody who follows orders or a feed, until it is dropped.
pub struct Follower {
    hub: Arc<Hub>,
    followed: Vec<Followed>,
    notify: Arc<Notify>,
}

impl Follower {
    /// Returns when something that is followed has changed since the last return.
    pub async fn next(&self) {
        self.notify.notified().await;
    }
}

impl Drop for Follower {
    fn drop(&mut self) {
        let mut followers = self.hub.followers();
        for one in &self.followed {
            let Some(concerned) = followers.get_mut(one) else {
                continue;
            };
            concerned.retain(|notify| !Arc::ptr_eq(notify, &self.notify));
            if concerned.is_empty() {
                followers.remove(one);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use futures::FutureExt;

    #[test]
    fn a_change_is_kept_for_its_followers_and_for_nobody_else() {
        let wakes = Wakes::new();
        let (a, b) = (
            OrderId::from_uuid(Uuid::from_u128(1)),
            OrderId::from_uuid(Uuid::from_u128(2)),
        );
        let (both, only_b) = (wakes.follow(vec![a, b]), wakes.follow(vec![b]));
        wakes.publish(Topic::Order(a));
        assert!(both.next().now_or_never().is_some());
        assert!(both.next().now_or_never().is_none(), "once");
        assert!(only_b.next().now_or_never().is_none());
        wakes.publish_all();
        assert!(only_b.next().now_or_never().is_some());
        drop((both, only_b));
        assert!(wakes.0.followers().is_empty(), "nothing is left behind");
    }
}
