//! What partners see: lists, the feed, tokens, endpoints, deliveries, refused calls.

use crate::kit::{Counting, NOW, write};
use proof_core::{
    Timestamp,
    id::{CustomerId, DeliveryId, EndpointId, EventId, OrderId, PartnerId},
    order::{Order, PublicStatus},
    partner::{Environment, Partner, Side},
    secret::Secret,
    token::ClientToken,
};
use proof_store::{
    Acknowledged, AttemptRow, Db, DeliveryFilter, DeliveryRow, DeliveryState, EndpointNew,
    EndpointRow, EndpointState, OrderFilter, RefusalRow, RefusalsOf, StoreError, Tx,
};
use serde_json::json;

const TEST: Environment = Environment::Test;

/// Runs every statement of these nouns.
pub async fn rows(db: &Db, entropy: &Counting, partner: &Partner, order: &Order) {
    lists(db, partner, order).await;
    feed(db, partner, order).await;
    tokens(db, entropy, partner).await;
    endpoints(db, partner).await;
    deliveries(db, entropy, partner, order).await;
    refusals(db, partner).await;
}

fn everything() -> OrderFilter {
    OrderFilter {
        before: OrderId::LAST,
        status: None,
        side: None,
        currency: None,
        network: None,
        customer: None,
        created_from: Timestamp::FIRST,
        created_to: Timestamp::LAST,
    }
}

async fn lists(db: &Db, partner: &Partner, order: &Order) {
    let (scope, id) = (partner.id, order.id);
    let text = |text: &str| Some(text.to_owned());
    let fitting = [
        everything(),
        OrderFilter {
            status: Some(PublicStatus::Pending),
            side: Some(Side::Buy),
            currency: text("USDT"),
            network: text("TRC20"),
            customer: Some(order.customer),
            created_from: NOW,
            ..everything()
        },
    ];
    let others = [
        OrderFilter {
            before: id,
            ..everything()
        },
        OrderFilter {
            status: Some(PublicStatus::Failed),
            ..everything()
        },
        OrderFilter {
            side: Some(Side::Sell),
            ..everything()
        },
        OrderFilter {
            currency: text("BTC"),
            ..everything()
        },
        OrderFilter {
            network: text("ERC20"),
            ..everything()
        },
        OrderFilter {
            currency: text("%"),
            ..everything()
        },
        OrderFilter {
            customer: Some(CustomerId::from_uuid(uuid::Uuid::nil())),
            ..everything()
        },
        OrderFilter {
            created_to: NOW,
            ..everything()
        },
    ];
    for (filters, count) in [(fitting.to_vec(), 1), (others.to_vec(), 0)] {
        for filter in filters {
            let shown = format!("{filter:?}");
            let found = write!(db, [filter], |tx| {
                tx.order_list(scope, TEST, &filter, 10).await?
            });
            assert_eq!(found.len(), count, "{shown}");
            for listed in found {
                assert_eq!((listed.order.id, listed.sequence), (id, 1));
                assert_eq!(listed.partner_user_id, "u");
            }
        }
    }
    let foreign = write!(db, |tx| {
        let stranger = PartnerId::from_uuid(uuid::Uuid::nil());
        tx.order_list(stranger, TEST, &everything(), 10).await?
    });
    assert_eq!(foreign.len(), 0);
}

async fn feed(db: &Db, partner: &Partner, order: &Order) {
    let (scope, id) = (partner.id, order.id);
    let (before, after, page, left, position, of_status) = write!(db, |tx| {
        let before = tx.event_feed(scope, TEST, 0, 10).await?;
        let last = tx.feed_lock().await?;
        let unpublished = tx.event_unpublished(10).await?;
        for (n, row) in unpublished.iter().enumerate() {
            let position = last + 1 + i64::try_from(n).unwrap();
            tx.event_publish(row.event.id, position).await?;
        }
        let count = i64::try_from(unpublished.len()).unwrap();
        tx.feed_save(last + count).await?;
        let page = tx.event_feed(scope, TEST, 0, 10).await?;
        let event = page[0].id;
        (
            before,
            tx.feed_lock().await?,
            page,
            tx.event_unpublished(10).await?.len(),
            tx.event_position(scope, TEST, event).await?,
            tx.event_of_status(id).await?,
        )
    });
    assert_eq!((before.len(), after, page.len(), left), (0, 1, 1, 0));
    assert_eq!((page[0].order, page[0].sequence), (id, 1));
    assert_eq!((page[0].position, position), (Some(1), Some(1)));
    assert_eq!(of_status.map(|event| event.id), Some(page[0].id));
}

async fn tokens(db: &Db, entropy: &Counting, partner: &Partner) {
    let scope = partner.id;
    let fresh = ClientToken::generate(TEST, entropy);
    let key = fresh.key_id().as_str().to_owned();
    let named = key.clone();
    let (listed, revoked, again) = write!(db, [fresh, key], |tx| {
        tx.token_insert(scope, &fresh, NOW).await?;
        let at = NOW.plus_seconds(60);
        tx.token_expire_others(scope, TEST, fresh.key_id(), at)
            .await?;
        tx.token_used(&key, NOW).await?;
        tx.token_exposed(&key, Some("https://shop.example"), NOW)
            .await?;
        let listed = tx.token_list(scope, 10).await?;
        let stranger = PartnerId::from_uuid(uuid::Uuid::nil());
        assert!(!tx.token_revoke(stranger, &key, NOW).await?);
        assert_eq!(tx.token_ends(&key).await?, None);
        let revoked = tx.token_revoke(scope, &key, NOW).await?;
        assert_eq!(tx.token_ends(&key).await?, Some(NOW));
        (listed, revoked, tx.token_revoke(scope, &key, NOW).await?)
    });
    assert_eq!((revoked, again), (true, false));
    let own = listed.iter().find(|token| token.key_id == named).unwrap();
    assert_eq!((own.last_used_at, own.expires_at), (Some(NOW), None));
    assert_eq!(own.exposed_origin.as_deref(), Some("https://shop.example"));
    let mut others = listed.iter().filter(|token| token.key_id != named);
    assert!(others.all(|token| token.expires_at == Some(NOW.plus_seconds(60))));
}

/// What was taken away is nobody's until an address is set again, with a secret of its own.
async fn removed(tx: &mut Tx, was: EndpointRow) -> Result<(), StoreError> {
    tx.endpoint_remove(was.id, NOW).await?;
    assert!(tx.endpoint_of_partner(was.partner, TEST).await?.is_none());
    assert_eq!(
        tx.endpoint_load(was.id).await?.state,
        EndpointState::Disabled
    );
    assert!(tx.endpoint_remove(was.id, NOW).await.is_err());
    let secret = Secret::new("whsec_eg==");
    let put = EndpointNew {
        id: was.id,
        partner: was.partner,
        environment: TEST,
        url: "https://c.example",
        secret: &secret,
    };
    tx.endpoint_put(put, NOW).await?;
    let again = tx.endpoint_of_partner(was.partner, TEST).await?.unwrap();
    assert_eq!(
        (again.id, again.state, again.secret.expose_secret()),
        (was.id, EndpointState::Enabled, "whsec_eg==")
    );
    assert!(again.secret_previous.is_none() && again.status_url.is_none());
    Ok(())
}

async fn endpoints(db: &Db, partner: &Partner) {
    let scope = partner.id;
    let (rotated, off, twice, on) = write!(db, |tx| {
        let row = tx.endpoint_of_partner(scope, TEST).await?.unwrap();
        let id = row.id;
        tx.endpoint_rotate(id, &Secret::new("whsec_eQ=="), NOW)
            .await?;
        let status = "https://shop.example/effects";
        tx.endpoint_status_url(id, Some(status)).await?;
        let rotated = tx.endpoint_load(id).await?;
        assert_eq!(rotated.status_url.as_deref(), Some(status));
        tx.endpoint_note(id, false, NOW).await?;
        tx.endpoint_note(id, false, NOW.plus_seconds(9)).await?;
        let off = tx.endpoint_disable(id, "gone", NOW).await?;
        let twice = tx.endpoint_disable(id, "again", NOW).await?;
        let disabled = tx.endpoint_load(id).await?;
        assert_eq!(disabled.state, EndpointState::Disabled);
        assert_eq!(disabled.disabled_reason.as_deref(), Some("gone"));
        assert_eq!(disabled.failing_since, Some(NOW), "since the first failure");
        tx.endpoint_enable(id).await?;
        tx.endpoint_note(id, false, NOW).await?;
        tx.endpoint_note(id, true, NOW).await?;
        let on = tx.endpoint_load(id).await?;
        removed(tx, on.clone()).await?;
        (rotated, off, twice, on)
    });
    assert_eq!(rotated.url, "https://b.example");
    assert_eq!(rotated.secret.expose_secret(), "whsec_eQ==");
    let (previous, until) = rotated.secret_previous.unwrap();
    assert_eq!((previous.expose_secret(), until), ("whsec_eA==", NOW));
    assert_eq!((off, twice), (true, false));
    assert_eq!((on.state, on.failing_since), (EndpointState::Enabled, None));
}

async fn deliveries(db: &Db, entropy: &Counting, partner: &Partner, order: &Order) {
    let (scope, id) = (partner.id, order.id);
    let ids = [NOW, NOW.plus_millis(1)].map(|at| DeliveryId::new(at, entropy));
    let event = EventId::new(NOW, entropy);
    let later = NOW.plus_seconds(30);
    write!(db, |tx| {
        let endpoint = tx.endpoint_of_partner(scope, TEST).await?.unwrap().id;
        let row = |n: usize, event, order| DeliveryRow {
            id: ids[n],
            endpoint,
            order,
            event,
            sequence: 1 + i64::try_from(n).unwrap(),
            body: "{}".into(),
            state: DeliveryState::Pending,
            attempts: 0,
            next_at: Some(NOW),
            first_tried_at: None,
            created_at: NOW,
        };
        let first = tx.event_list(id, 0, 1).await?.remove(0).id;
        let mut row = row(0, first, Some(id));
        assert!(tx.delivery_insert(&row).await?);
        assert!(!tx.delivery_insert(&row).await?, "an event goes once");
        assert_eq!(tx.delivery_due(endpoint, NOW, 10).await?, [row.clone()]);
        assert_eq!(tx.delivery_pending(id, endpoint, 10).await?.len(), 1);
        taken(tx, endpoint, &row).await?;
        row.state = DeliveryState::Failed;
        (row.attempts, row.next_at, row.first_tried_at) = (3, None, Some(NOW));
        assert!(
            !tx.delivery_save(&row, Some(later)).await?,
            "put on its way anew"
        );
        assert!(tx.delivery_save(&row, Some(NOW)).await?);
        assert_eq!(tx.delivery_load(endpoint, row.id).await?, Some(row.clone()));
        assert_eq!(tx.delivery_next(endpoint).await?, None);
        let range = (NOW, NOW.plus_seconds(1));
        assert_eq!(tx.delivery_recover(endpoint, range, later).await?, 1);
        assert_eq!(tx.delivery_next(endpoint).await?, Some(later));
        tx.delivery_release(id, endpoint, later).await?;
        tx.delivery_again(row.id, NOW).await?;
        assert_eq!(tx.delivery_next(endpoint).await?, Some(NOW));
        let test = DeliveryRow {
            id: ids[1],
            order: None,
            event,
            sequence: 2,
            ..row.clone()
        };
        assert!(tx.delivery_insert(&test).await?);
        assert_eq!(tx.delivery_stop(endpoint).await?, 1);
        let list = |before, order, state| DeliveryFilter {
            before,
            order,
            state,
        };
        let all = tx
            .delivery_list(endpoint, list(DeliveryId::LAST, None, None), 10)
            .await?;
        let all: Vec<_> = all.iter().map(|d| d.id).collect();
        assert_eq!(all, [ids[1], ids[0]]);
        let failed = list(ids[1], Some(id), Some(DeliveryState::Failed));
        assert_eq!(tx.delivery_list(endpoint, failed, 10).await?.len(), 1);
    });
    let endpoint = write!(db, |tx| {
        tx.endpoint_of_partner(scope, TEST).await?.unwrap().id
    });
    attempts(db, (endpoint, ids[0])).await;
}

/// What was taken is found, and goes on its way again.
async fn taken(tx: &mut Tx, endpoint: EndpointId, row: &DeliveryRow) -> Result<(), StoreError> {
    assert_eq!(tx.delivery_taken(endpoint).await?, None);
    let mut taken = row.clone();
    (taken.state, taken.next_at) = (DeliveryState::Delivered, None);
    assert!(tx.delivery_save(&taken, Some(NOW)).await?);
    assert_eq!(tx.delivery_taken(endpoint).await?, Some(taken));
    tx.delivery_again(row.id, NOW).await
}

async fn attempts(db: &Db, (endpoint, delivery): (EndpointId, DeliveryId)) {
    let later = NOW.plus_seconds(30);
    write!(db, |tx| {
        let attempt = AttemptRow {
            number: 0,
            url: "https://b.example".into(),
            started_at: NOW,
            duration_ms: 7,
            status: Some(500),
            headers: Some(json!({"server": "x"})),
            body_start: Some("oh".into()),
            error: None,
        };
        tx.attempt_insert(delivery, &attempt).await?;
        tx.attempt_insert(delivery, &attempt).await?;
        let log = tx.attempt_list(delivery, 10).await?;
        assert_eq!(log.iter().map(|a| a.number).collect::<Vec<_>>(), [2, 1]);
        assert_eq!(
            log[1],
            AttemptRow {
                number: 1,
                ..attempt.clone()
            }
        );
        let recent = tx.attempt_recent(endpoint, 10).await?;
        let told = recent.iter().map(|a| (a.duration_ms, a.status));
        assert_eq!(told.collect::<Vec<_>>(), [(7, Some(500)); 2]);
        let day = (NOW.plus_seconds(-3_600), NOW.plus_seconds(3_600));
        let paced = tx.delivery_pace(endpoint, day, 10).await?;
        assert!(paced.iter().all(|one| one.took_ms.is_none()));
        let accepted = AttemptRow {
            started_at: NOW.plus_seconds(2),
            status: Some(204),
            ..attempt
        };
        tx.attempt_insert(delivery, &accepted).await?;
        // Sent again by hand: it had been accepted before.
        tx.attempt_insert(delivery, &accepted).await?;
        let paced = tx.delivery_pace(endpoint, day, 10).await?;
        let accepted: Vec<(i64, i64)> = paced
            .iter()
            .filter_map(|one| Some((one.tries, one.took_ms?)))
            .collect();
        assert_eq!(accepted, [(3, 2_007)]);
        let before = (NOW.plus_seconds(-7_200), NOW.plus_seconds(-3_600));
        assert!(tx.delivery_pace(endpoint, before, 10).await?.is_empty());
        assert_eq!(tx.attempt_purge(later).await?, 4);
    });
}

async fn refusals(db: &Db, partner: &Partner) {
    let scope = partner.id;
    let row = RefusalRow {
        route: "POST /widget/session".into(),
        code: "currency_not_allowed".into(),
        field: String::new(),
        origin: String::new(),
        message: "no".into(),
        count: 2,
        request_id: "a".into(),
        first_at: NOW,
        last_at: NOW,
        acknowledged: None,
    };
    let (again, expected) = (
        RefusalRow {
            count: 3,
            request_id: "b".into(),
            first_at: NOW.plus_seconds(1),
            last_at: NOW.plus_seconds(1),
            ..row.clone()
        },
        RefusalRow {
            count: 5,
            request_id: "b".into(),
            last_at: NOW.plus_seconds(1),
            acknowledged: Some(Acknowledged {
                by: "ann".into(),
                at: NOW,
                note: "<b>seen</b>".into(),
                count: 2,
            }),
            ..row.clone()
        },
    );
    let kind = RefusalsOf::Kind {
        route: row.route.clone(),
        code: row.code.clone(),
        field: String::new(),
        origin: String::new(),
    };
    let (all, other) = (
        RefusalsOf::Code(row.code.clone()),
        RefusalsOf::Code("else".into()),
    );
    let (listed, purged) = write!(db, [row, again, kind, all, other], |tx| {
        let (here, live) = ((scope, TEST), (scope, Environment::Live));
        tx.refusal_add(scope, TEST, &row).await?;
        let note = ("ann", "<b>seen</b>");
        assert_eq!(tx.refusal_acknowledge(live, &all, note, NOW).await?, 0);
        assert_eq!(tx.refusal_acknowledge(here, &other, note, NOW).await?, 0);
        assert_eq!(tx.refusal_acknowledge(here, &kind, note, NOW).await?, 1);
        let twice = ("ben", "again");
        assert_eq!(tx.refusal_acknowledge(here, &all, twice, NOW).await?, 0);
        tx.refusal_add(scope, TEST, &again).await?;
        assert_eq!(tx.refusal_count(scope, TEST).await?, 1);
        let listed = tx.refusal_list(scope, TEST, 10).await?;
        (listed, tx.refusal_purge(NOW.plus_seconds(2)).await?)
    });
    assert_eq!((listed, purged), (vec![expected], 1));
}
