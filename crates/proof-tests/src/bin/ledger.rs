//! The books under load, for `ci/bench-ledger`: so many clients, each of which posts one entry after
//! the other to the same two accounts, in a durable database transaction of its own.
//!
//! What it prints is one line of JSON.

#![expect(
    clippy::unwrap_used,
    clippy::print_stdout,
    clippy::disallowed_methods,
    reason = "a load generator runs in real time and ends where it is wrong"
)]

use proof_core::{
    Asset, Entropy, Network, Timestamp,
    id::EntryId,
    ledger::{Entry, fund},
    money::Amount,
};
use proof_store::{Db, Execution, Failure, LedgerError, Tx};
use serde_json::json;
use std::{
    path::Path,
    sync::atomic::{AtomicU64, Ordering},
    time::{Duration, Instant},
};

const CONNECTIONS_MAX: u32 = 64;
const NOW: Timestamp = Timestamp::from_micros(1_800_000_000_000_000);

/// Other bytes at every call.
#[derive(Default)]
struct Counting(AtomicU64);

impl Entropy for Counting {
    fn fill(&self, bytes: &mut [u8]) {
        for chunk in bytes.chunks_mut(8) {
            let next = self.0.fetch_add(1, Ordering::Relaxed);
            let next = next.wrapping_mul(0x9E37_79B9_7F4A_7C15).to_be_bytes();
            chunk.copy_from_slice(&next[..chunk.len()]);
        }
    }
}

async fn post(db: &Db, id: EntryId, entry: Entry) {
    let posted = db.write("bench", move |tx: &mut Tx| {
        let entry = entry.clone();
        Box::pin(async move {
            let posted = tx
                .ledger_post(
                    id,
                    (proof_core::partner::Environment::Test, None),
                    &entry,
                    NOW,
                )
                .await;
            posted.map_err(|error| match error {
                LedgerError::Store(error) => Failure::Store(error),
                LedgerError::Floor { account } => Failure::Refused(account),
            })
        })
    });
    posted.await.unwrap();
}

#[tokio::main(flavor = "multi_thread", worker_threads = 2)]
async fn main() {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let [place, clients, seconds] = args.as_slice() else {
        println!("ledger FILE-OR-URL CLIENTS SECONDS");
        return;
    };
    let db = if place.starts_with("postgres") {
        Db::postgres(place, CONNECTIONS_MAX, Execution::Concurrent).await
    } else {
        Db::sqlite(Path::new(place), Execution::Concurrent).await
    };
    let (db, entropy) = (db.unwrap(), Counting::default());
    let (clients, seconds): (u64, u64) = (clients.parse().unwrap(), seconds.parse().unwrap());
    let amount = Amount::parse(Asset::find("USDT", Network::Trc20).unwrap(), "1").unwrap();
    let entry = fund(amount).unwrap();
    if seconds == 0 {
        // The schema and the accounts, for the rival.
        return post(&db, EntryId::new(NOW, &entropy), entry).await;
    }
    let started = Instant::now();
    let end = started + Duration::from_secs(seconds);
    let all = (0..clients).map(|_| async {
        let mut posted = 0_u64;
        while Instant::now() < end {
            post(&db, EntryId::new(NOW, &entropy), entry.clone()).await;
            posted += 1;
        }
        posted
    });
    let posted: u64 = futures::future::join_all(all).await.iter().sum();
    let rate = posted as f64 / started.elapsed().as_secs_f64();
    println!("{}", json!({ "entries": posted, "entries_per_s": rate }));
}
