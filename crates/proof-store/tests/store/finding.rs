//! What providers reported, what does not agree, and what operators and partners read of the books.

use crate::kit::{Counting, NOW, write};
use proof_core::{
    Fiat,
    finding::{Finding, FindingKind, Movement},
    id::{FindingId, JobId, OrderId},
    money::Money,
    order::{Order, State},
    partner::{Environment, Partner},
    statement::Day,
};
use proof_store::{Db, JobKind, Reported};

const TEST: Environment = Environment::Test;

pub async fn rows(db: &Db, entropy: &Counting, partner: &Partner, order: &Order) {
    reports(db, order).await;
    findings(db, entropy).await;
    books(db, partner, order).await;
    let (job, key) = (JobId::new(NOW, entropy), uuid::Uuid::from_u128(1));
    let (first, again) = write!(db, |tx| {
        tx.job_open(job, JobKind::Reconcile, key, NOW).await?;
        let first = tx.job_list(100).await?.len();
        tx.job_open(job, JobKind::Reconcile, key, NOW).await?;
        (first, tx.job_list(100).await?.len())
    });
    assert_eq!(first, again, "asked for once");
}

async fn reports(db: &Db, order: &Order) {
    let id = order.id;
    let line = |number, order| Reported {
        number,
        reference: format!("ref-{number}"),
        order,
        movement: Movement::Capture,
        amount: Money::new(Fiat::Eur, 10_140),
    };
    let lines = [line(4, Some(id)), line(7, None)];
    write!(db, [lines], |tx| {
        for line in &lines {
            // A page that is read twice is kept once.
            tx.reported_insert(TEST, "psp:sandbox", line, NOW).await?;
            tx.reported_insert(TEST, "psp:sandbox", line, NOW).await?;
        }
    });
    let nothing = OrderId::from_uuid(uuid::Uuid::nil());
    let (last, none, own, strangers, moved, rest) = write!(db, |tx| {
        (
            tx.reported_last(TEST, "psp:sandbox").await?,
            tx.reported_last(TEST, "payout:sandbox").await?,
            tx.reported_of_order(TEST, id, 10).await?,
            tx.reported_strangers(TEST, 10).await?,
            tx.moved_orders(TEST, NOW, nothing, 10).await?,
            tx.moved_orders(TEST, NOW, id, 10).await?,
        )
    });
    assert_eq!((last, none), (7, 0));
    assert_eq!((own.len(), own[0].amount.minor()), (1, 10_140));
    assert_eq!(strangers, ["ref-7"]);
    assert_eq!((moved, rest), (vec![id], vec![]));
}

async fn findings(db: &Db, entropy: &Counting) {
    let id = FindingId::new(NOW, entropy);
    let finding = Finding {
        kind: FindingKind::NotInBooks,
        subject: "ord_x capture EUR".into(),
        cause: "5 against 7".into(),
    };
    let (twin, later) = (finding.clone(), NOW.plus_seconds(60));
    let (first, again, open) = write!(db, [twin], |tx| {
        (
            tx.finding_save(TEST, id, &twin, NOW).await?,
            tx.finding_save(TEST, id, &twin, NOW).await?,
            tx.finding_open(TEST, 10).await?,
        )
    });
    assert_eq!((first, again), (true, false), "told once");
    assert_eq!((open.len(), open[0].cause.as_str()), (1, "5 against 7"));
    let (closed, open, reopened, last) = write!(db, [finding], |tx| {
        let closed = tx.finding_close(TEST, later, later).await?;
        let open = tx.finding_open(TEST, 10).await?;
        let reopened = tx.finding_save(TEST, id, &finding, later).await?;
        tx.reconciliation_save(TEST, NOW).await?;
        tx.reconciliation_save(TEST, later).await?;
        (closed, open, reopened, tx.reconciliation_last(TEST).await?)
    });
    assert_eq!((closed, open.len()), (1, 0));
    assert!(reopened, "what comes back is news");
    assert_eq!(last, Some(later));
}

async fn books(db: &Db, partner: &Partner, order: &Order) {
    let (id, scope, day) = (order.id, (partner.id, TEST), Day::of(NOW));
    let (own, page, rest, reviewed, back) = write!(db, |tx| {
        let page = tx.ledger_of_partner(scope, day, None, 1).await?;
        let after = page
            .last()
            .map(|line| (line.posted_at, line.entry, line.line));
        (
            tx.ledger_of_order(id, 100).await?,
            page,
            tx.ledger_of_partner(scope, day, after, 100).await?,
            tx.order_reviewed().await?,
            tx.returned_list(TEST, None, 100).await?,
        )
    });
    assert_eq!(own.len(), page.len() + rest.len(), "page by page the same");
    assert!(own.iter().all(|line| line.kind == "reserve"));
    assert!(reviewed.is_empty() && back.is_empty());
}

/// What is asked before a payment may go on.
pub async fn risk(db: &Db, order: &Order) {
    let (customer, id) = (order.customer, order.id);
    let (unpriced, orders, none, first, again) = write!(db, |tx| {
        tx.customer_lock(customer).await?;
        assert!(!tx.customer_is_known(customer).await?);
        assert!(tx.dispute_of_customer(customer, 10).await?.is_empty());
        let unpriced = tx.order_of_customer(customer, NOW, 10).await?;
        let stored = tx.order_lock(id).await?.unwrap();
        let priced = Order {
            state: State::AwaitingPayment { quote: None },
            ..stored.order
        };
        tx.order_save(&priced, stored.version, NOW).await?;
        (
            unpriced,
            tx.order_of_customer(customer, NOW, 10).await?,
            tx.order_of_customer(customer, NOW.plus_seconds(1), 10)
                .await?,
            tx.card_use(TEST, "f1", customer, NOW).await?,
            tx.card_use(TEST, "f1", customer, NOW).await?,
        )
    });
    assert!(unpriced.is_empty(), "nothing came of it yet");
    assert_eq!((orders.len(), orders[0].id, none.len()), (1, id, 0));
    assert_eq!((first, again), (0, 0), "nobody else has this card");
}
