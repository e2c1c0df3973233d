//! The feed of events.

use crate::support::{Fake, FakeHost, client, json};
use proof_client::{Error, Status};
use serde_json::{Value, json as value};
use std::sync::Arc;

fn event(number: u64) -> Value {
    value!({
        "event_id": format!("p{number}"), "sequence": number,
        "type": "order.status_changed", "merchant_transaction_id": "t1",
        "occurred_at": "2026-04-01T10:00:00Z", "status": "processing", "data": {"from": "pending"},
    })
}

#[tokio::test]
async fn the_feed_goes_from_page_to_page_and_knows_where_it_is() {
    let fake = Fake::start(vec![
        json(
            200,
            value!({"data": [event(1), event(2)], "next_cursor": "p2"}),
        ),
        json(200, value!({"data": [], "next_cursor": "p2"})),
        json(200, value!({"data": [event(3)], "next_cursor": "p3"})),
    ]);
    let host: Arc<FakeHost> = Arc::default();
    let mut feed = client(&fake, &host).feed(None);
    assert_eq!(feed.cursor(), None);
    let first = feed.next().await.unwrap();
    assert_eq!((first.sequence, &first.status), (1, &Status::Processing));
    assert_eq!(first.data["from"], "pending");
    // What was fetched, but not handed out, is not behind the cursor.
    assert_eq!(feed.cursor(), Some("p1"));
    assert_eq!(feed.next().await.unwrap().event_id, "p2");
    assert_eq!(feed.next().await.unwrap().event_id, "p3");
    assert_eq!(feed.cursor(), Some("p3"));
    // One page was empty.
    assert_eq!(host.pauses_ms(), [5_000]);
    let sent: Vec<_> = fake.finish().into_iter().map(|sent| sent.target).collect();
    assert_eq!(
        sent,
        [
            "/widget/events?limit=100&wait=25",
            "/widget/events?after=p2&limit=100&wait=25",
            "/widget/events?after=p2&limit=100&wait=25",
        ]
    );
}

#[tokio::test]
async fn after_an_error_the_feed_is_where_it_was() {
    let fake = Fake::start(vec![
        json(
            401,
            value!({"error": "unauthorised", "code": "invalid_token", "message": ""}),
        ),
        json(200, value!({"data": [event(8)], "next_cursor": "p8"})),
    ]);
    let mut feed = client(&fake, &Arc::default()).feed(Some("p7".into()));
    let refused = feed.next().await;
    assert!(matches!(refused, Err(Error::Configuration(_))));
    assert_eq!(feed.cursor(), Some("p7"));
    assert_eq!(feed.next().await.unwrap().event_id, "p8");
    for sent in fake.finish() {
        assert_eq!(sent.target, "/widget/events?after=p7&limit=100&wait=25");
    }
}
