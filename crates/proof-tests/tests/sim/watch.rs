//! What must be true at every moment, whatever has just been lost or who has just died.

use crate::points::Points;
use proof_core::{id::EntryId, order::PublicStatus, partner::Environment};
use proof_store::{Db, Failure, StoredPosting, Tx};
use serde_json::Value;
use std::{
    cell::{Cell, RefCell},
    collections::{BTreeMap, BTreeSet},
    sync::atomic::Ordering,
};

/// Where partners learn of their orders.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Channel {
    Poll,
    Feed,
    Webhook,
}

/// More than a story has.
const POSTINGS_MAX: i64 = 100_000;

#[derive(Default)]
pub struct Watch {
    latest: RefCell<BTreeMap<(Channel, String), (i64, PublicStatus)>>,
    /// Each event by its order and number: the same id and status, wherever it is shown.
    events: RefCell<BTreeMap<(String, i64), (String, String)>>,
    ids: RefCell<BTreeSet<String>>,
    pub checks: Cell<u64>,
}

impl Watch {
    /// A partner is shown an order's status.
    pub fn shown(&self, channel: Channel, event: &Value) {
        let text = |field: &str| event[field].as_str().unwrap().to_owned();
        let (order, number) = (
            text("merchant_transaction_id"),
            event["sequence"].as_i64().unwrap(),
        );
        let status = PublicStatus::parse(&text("status")).unwrap();
        let known = (text("event_id"), text("status"));
        let mut events = self.events.borrow_mut();
        let first = events
            .entry((order.clone(), number))
            .or_insert(known.clone());
        assert_eq!(*first, known, "{channel:?} tells event {number} of {order}");
        let mut latest = self.latest.borrow_mut();
        if let Some((before, was)) = latest.get(&(channel, order.clone())) {
            assert!(*before <= number, "{channel:?}: {order} went back");
            assert!(
                was.may_become(status),
                "{channel:?}: {order} was {} and became {}",
                was.name(),
                status.name()
            );
            let gap = channel == Channel::Feed && *before + 1 != number;
            assert!(!gap, "the feed has no {} of {order}", before + 1);
        } else if channel == Channel::Feed {
            assert_eq!(number, 1, "the feed misses the beginning of {order}");
        }
        if channel == Channel::Feed {
            let fresh = self.ids.borrow_mut().insert(text("event_id"));
            assert!(fresh, "the feed tells {} twice", text("event_id"));
        }
        latest.insert((channel, order), (number, status));
    }

    pub fn latest(&self, channel: Channel, order: &str) -> Option<&'static str> {
        let key = (channel, order.to_owned());
        self.latest.borrow().get(&key).map(|(_, s)| s.name())
    }

    /// The books, whenever something was committed that may have changed them.
    pub fn books(&self, db: &Db, points: &Points, seed: u64) {
        if !points.books_may_have_changed.swap(false, Ordering::SeqCst) {
            return;
        }
        self.checks.set(self.checks.get() + 1);
        let postings = postings(db);
        let (mut entries, mut sums) = (BTreeMap::new(), BTreeMap::new());
        for posting in &postings {
            let (_, unit) = posting.account.rsplit_once(':').unwrap();
            *entries.entry((posting.entry, unit)).or_insert(0) += posting.amount;
            *sums.entry(posting.account.as_str()).or_insert(0) += posting.amount;
        }
        for ((entry, unit), sum) in entries {
            assert_eq!(sum, 0, "seed {seed}: {entry} does not balance in {unit}");
        }
        for balance in balances(db) {
            let sum = sums.get(balance.key.as_str()).copied().unwrap_or(0);
            assert_eq!(sum, balance.amount, "seed {seed}: {}", balance.key);
            let owned = ["wallet:", "reserved:", "in_transit:"];
            let owned = owned.iter().any(|kind| balance.key.starts_with(kind));
            assert!(!owned || sum >= 0, "seed {seed}: {} is {sum}", balance.key);
        }
    }
}

pub fn balances(db: &Db) -> Vec<proof_store::Balance> {
    let read = db.read("balances", |tx: &mut Tx| {
        Box::pin(async move { Ok::<_, Failure<()>>(tx.ledger_balances().await?) })
    });
    pollster::block_on(read).unwrap()
}

/// Base units that came to our own wallet, are in the books, and nobody has said whose they are.
pub fn strays_held(db: &Db) -> i128 {
    let read = db.read("strays", |tx: &mut Tx| {
        Box::pin(async move { Ok::<_, Failure<()>>(tx.stray_open(Environment::Test, 100).await?) })
    });
    let open = pollster::block_on(read).unwrap().into_iter();
    let held = open.filter(|stray| stray.state.name() == "held");
    let base = held.map(|stray| i128::try_from(stray.deposit.amount.base()).unwrap());
    base.sum()
}

fn postings(db: &Db) -> Vec<StoredPosting> {
    let read = db.read("postings", |tx: &mut Tx| {
        Box::pin(async move {
            let beginning = (EntryId::from_uuid(uuid_nil()), -1);
            Ok::<_, Failure<()>>(tx.ledger_page(beginning, POSTINGS_MAX).await?)
        })
    });
    pollster::block_on(read).unwrap()
}

const fn uuid_nil() -> sqlx::types::Uuid {
    sqlx::types::Uuid::nil()
}
