//! Operators at their own door: they see what waits, and two of them decide.

use crate::buyer::{Buyer, GOOD_CARD};
use crate::kit::App;
use crate::on_both_engines;
use crate::people::Person;
use proof_core::{claim::ClaimRuling, id::OrderId, member, order::Ruling};
use proof_engine::{CaseStory, OrderListed, OrderStory, Ruled};
use proof_server::operator::{Door, Operator, Question, Role, ask};
use serde_json::{Value, json};
use std::{path::PathBuf, sync::Arc};
use tempfile::TempDir;
use tokio::{sync::watch, task::JoinHandle};

on_both_engines!(
    nothing_waits_on_an_ordinary_day,
    a_doubtful_capture_is_given_back_by_two_people,
    people_and_the_worker_together_send_once,
    a_transfer_that_cannot_be_planned_is_refunded,
    a_sell_that_cannot_be_priced_goes_back,
    a_case_that_stopped_goes_on_when_two_say_so,
    a_case_is_written_off_by_two_people,
    strangers_and_empty_reasons_are_refused,
);

/// A server's operators' socket, open.
pub struct Office {
    pub socket: PathBuf,
    stop: watch::Sender<bool>,
    answers: JoinHandle<()>,
    _dir: TempDir,
}

impl Office {
    pub fn open(app: &App) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let socket = dir.path().join("operator.sock");
        let operators = ["alice", "bob"].map(|name| Operator {
            name: name.parse().unwrap(),
            role: Role::Operator,
        });
        let door = Door::open(
            &socket,
            &operators,
            proof_core::partner::Origin::parse("http://proof.test").unwrap(),
        )
        .unwrap();
        let (stop, stopping) = watch::channel(false);
        let answers = tokio::spawn(door.answer(Arc::clone(&app.app.engine), stopping));
        Self {
            socket,
            stop,
            answers,
            _dir: dir,
        }
    }

    pub async fn close(self) {
        self.stop.send_replace(true);
        self.answers.await.unwrap();
    }

    pub async fn list(&self) -> Vec<OrderListed> {
        ask(&self.socket, &Question::OrderList).await.unwrap()
    }

    pub async fn story(&self, order: OrderId) -> OrderStory {
        let question = Question::OrderShow { order };
        ask(&self.socket, &question).await.unwrap()
    }

    pub async fn says(&self, by: &str, order: OrderId, ruling: Ruling) -> Result<Ruled, String> {
        let question = Question::OrderRule {
            order,
            ruling,
            by: by.parse().unwrap(),
            reason: "the provider's support confirmed it".into(),
        };
        let said = ask(&self.socket, &question).await;
        said.map_err(|error| error.to_string())
    }

    pub async fn both_say(&self, order: OrderId, ruling: Ruling) {
        let first = self.says("alice", order, ruling.clone()).await;
        assert_eq!(first, Ok(Ruled::Proposed));
        assert_eq!(self.says("bob", order, ruling).await, Ok(Ruled::Done));
    }

    /// The one order that waits, as soon as it does.
    pub async fn waits(&self, app: &App) -> OrderListed {
        let look = || async { self.list().await.into_iter().next() };
        app.until("an order waits for people", look).await
    }
}

pub fn down(app: &App, part: &'static str) {
    app.outside.down.lock().unwrap().insert(part);
}

pub fn up(app: &App, part: &'static str) {
    assert!(app.outside.down.lock().unwrap().remove(part));
}

pub async fn called(app: &App, part: &str) {
    let called = || async { (app.outside.calls_of(part) > 0).then_some(()) };
    app.until("the call was tried", called).await;
}

async fn nothing_waits_on_an_ordinary_day(app: &App) {
    let office = Office::open(app);
    let buyer = Buyer::verified(app, "u1").await;
    buyer.pay(GOOD_CARD).await;
    buyer.until_step("completed").await;
    assert!(office.list().await.is_empty());
    let story = office.story(buyer.order()).await;
    assert_eq!(
        (story.status.as_str(), story.state.as_str()),
        ("completed", "completed")
    );
    assert!(story.rulings.is_empty());
    let sequences: Vec<i64> = story.events.iter().map(|e| e.sequence).collect();
    assert_eq!(sequences, (1..).take(sequences.len()).collect::<Vec<_>>());
    let kinds: Vec<&str> = story.postings.iter().map(|p| p.entry.as_str()).collect();
    for kind in ["reserve", "capture", "send", "deliver"] {
        assert!(kinds.contains(&kind), "{kind} in {kinds:?}");
    }
    // Whoever reads the story cannot pay with it.
    assert!(!story.facts.to_string().contains("tok_"));
    let early = office.says("alice", buyer.order(), Ruling::Refund).await;
    assert!(early.unwrap_err().contains("moved on"));
    office.close().await;
}

async fn a_doubtful_capture_is_given_back_by_two_people(app: &App) {
    let office = Office::open(app);
    let buyer = Buyer::verified(app, "u1").await;
    down(app, "/capture");
    buyer.pay(GOOD_CARD).await;
    called(app, "/capture").await;
    app.clock.skip(3_700);
    let waits = office.waits(app).await;
    assert_eq!(waits.order, buyer.order());
    assert_eq!(
        (waits.stopped_in.as_str(), buyer.status().await.as_str()),
        ("capturing", "pending")
    );
    let story = office.story(waits.order).await;
    assert_eq!(story.rulings, ["approve", "refund"]);
    let refund = || Ruling::Refund;
    let first = office.says("alice", waits.order, refund()).await;
    assert_eq!(first, Ok(Ruled::Proposed));
    let proposed = office.list().await[0].proposed.clone();
    assert!(proposed.unwrap().starts_with("refund by alice"));
    let alone = office.says("alice", waits.order, refund()).await;
    assert!(alone.unwrap_err().contains("Two different people"));
    assert_eq!(
        office.says("bob", waits.order, refund()).await,
        Ok(Ruled::Done)
    );
    buyer.until_step("failed").await;
    assert_eq!(app.outside.calls_of("/void"), 1);
    let open = (
        app.balance("psp:sandbox:EUR").await,
        app.balance("reserved:USDT/TRC20").await,
    );
    assert_eq!(open, (0, 0));
    // Both of them, and why, stay in the story.
    let story = office.story(waits.order).await;
    let said: Vec<String> = story
        .events
        .iter()
        .filter(|e| e.kind.starts_with("order.review_"))
        .map(|e| format!("{} {}", e.kind, e.body["by"].as_str().unwrap_or_default()))
        .collect();
    let expected = [
        "order.review_started ",
        "order.review_proposed alice",
        "order.review_ended bob",
    ];
    assert_eq!(said, expected);
    office.close().await;
}

async fn people_and_the_worker_together_send_once(app: &App) {
    let office = Office::open(app);
    let buyer = Buyer::verified(app, "u1").await;
    let (token, quote) = (buyer.card_token(GOOD_CARD).await, buyer.quote().await);
    down(app, "/fee");
    buyer.pay_with(&token, &quote).await;
    buyer.until_status("processing").await;
    app.clock.skip(3_700);
    let order = office.waits(app).await.order;
    up(app, "/fee");
    let presses = (0..12).map(|n| {
        let by = if n % 2 == 0 { "alice" } else { "bob" };
        office.says(by, order, Ruling::Approve)
    });
    let said = futures::future::join_all(presses).await;
    let done = said.iter().filter(|s| **s == Ok(Ruled::Done)).count();
    assert!(done <= 1, "{said:?}");
    buyer.until_step("completed").await;
    assert_eq!(
        app.balance("wallet:USDT/TRC20").await,
        900_000_000,
        "sent once"
    );
    assert_eq!(app.balance("reserved:USDT/TRC20").await, 0);
    office.close().await;
}

/// What goes back to users, or went: kind, state and amount.
async fn returns(person: &Person<'_>, state: &str) -> Vec<(Value, Value, Value)> {
    let page = person.get(&format!("returns?state={state}")).await;
    assert_eq!(page.status, 200, "{}", page.text);
    let lines = page.json["data"].as_array().unwrap().iter();
    lines
        .map(|line| {
            (
                line["kind"].clone(),
                line["state"].clone(),
                line["amount"].clone(),
            )
        })
        .collect()
}

async fn a_transfer_that_cannot_be_planned_is_refunded(app: &App) {
    let office = Office::open(app);
    let buyer = Buyer::verified(app, "u1").await;
    let (token, quote) = (buyer.card_token(GOOD_CARD).await, buyer.quote().await);
    down(app, "/fee");
    buyer.pay_with(&token, &quote).await;
    buyer.until_status("processing").await;
    app.clock.skip(3_700);
    let order = office.waits(app).await.order;
    let wrong = office.says("alice", order, Ruling::Return).await;
    assert!(wrong.unwrap_err().contains("not possible"));
    let sam = Person::join(app, "sam", member::Role::Support).await;
    assert_eq!(returns(&sam, "under_way").await, []);
    down(app, "/refunds");
    office.both_say(order, Ruling::Refund).await;
    called(app, "/refunds").await;
    let total = app.balance("psp:sandbox:EUR").await;
    let total = format!("{}.{:02} EUR", total / 100, total % 100);
    let line = |state| (json!("refund"), json!(state), json!(total));
    assert_eq!(returns(&sam, "under_way").await, [line("asked")]);
    assert_eq!(returns(&sam, "done").await, []);
    up(app, "/refunds");
    let view = buyer.until_step("failed").await;
    assert_eq!(view["failure"]["code"], "refunded");
    assert_eq!(app.balance("psp:sandbox:EUR").await, 0);
    assert_eq!(app.balance("wallet:USDT/TRC20").await, 1_000_000_000);
    assert_eq!(returns(&sam, "under_way").await, []);
    assert_eq!(returns(&sam, "done").await, [line("done")]);
    let live = sam.get("returns?state=done&environment=live").await;
    assert_eq!(live.json["data"], json!([]));
    assert_eq!(sam.get("returns?state=over").await.status, 400);
    let shop = Person::join(app, "dan", member::Role::PartnerDeveloper).await;
    assert_eq!(shop.get("returns").await.status, 403);
    office.close().await;
}

async fn a_sell_that_cannot_be_priced_goes_back(app: &App) {
    let office = Office::open(app);
    let (seller, address) = crate::sell::awaiting(app, GOOD_CARD).await;
    down(app, "/rates");
    crate::sell::deposit(app, &address, "100").await;
    seller.until_status("processing").await;
    called(app, "/rates").await;
    app.clock.skip(3_700);
    let waits = office.waits(app).await;
    assert_eq!(waits.stopped_in, "deposit_confirmed");
    office.both_say(waits.order, Ruling::Return).await;
    let view = seller.until_step("failed").await;
    assert_eq!(view["sale"]["returned"]["amount"], "100.00");
    let sam = Person::join(app, "sam", member::Role::Support).await;
    let back = (json!("return"), json!("done"), json!("100.00 USDT/TRC20"));
    assert_eq!(returns(&sam, "done").await, [back]);
    assert_eq!(app.outside.calls_of("/v1/payouts"), 0);
    up(app, "/rates");
    office.close().await;
}

/// A sell of too much: it is paid, and the rest waits, since the chain cannot be asked for its fee.
async fn stopped<'a>(app: &'a App, office: &Office) -> (Buyer<'a>, CaseStory) {
    let (seller, address) = crate::sell::awaiting(app, GOOD_CARD).await;
    down(app, "/fee");
    crate::sell::deposit(app, &address, "130").await;
    seller.until_step("completed").await;
    app.clock.skip(25 * 3_600);
    let look = || async {
        let list: Vec<CaseStory> = ask(&office.socket, &Question::CaseList).await.unwrap();
        list.into_iter().next()
    };
    let case = app.until("the case waits for people", look).await;
    assert_eq!(
        (case.kind.as_str(), case.amount.as_str()),
        ("overpaid", "30.00 USDT/TRC20")
    );
    assert_eq!(case.rulings, ["approve", "write_off"]);
    (seller, case)
}

pub async fn both_rule(office: &Office, case: &CaseStory, ruling: ClaimRuling) {
    for (by, expected) in [("alice", Ruled::Proposed), ("bob", Ruled::Done)] {
        let question = Question::CaseRule {
            case: case.case,
            ruling: ruling.clone(),
            by: by.parse().unwrap(),
            reason: "looked at it".into(),
        };
        let said: Ruled = ask(&office.socket, &question).await.unwrap();
        assert_eq!(said, expected, "{by}");
    }
}

async fn a_case_that_stopped_goes_on_when_two_say_so(app: &App) {
    let office = Office::open(app);
    let (seller, case) = stopped(app, &office).await;
    up(app, "/fee");
    both_rule(&office, &case, ClaimRuling::Approve).await;
    let ended = crate::sell::case_of(app, &seller, "overpaid").await;
    assert_eq!(ended["state"], "returned");
    assert_eq!(crate::sell::customer_is_owed(app, &seller).await, 0);
    office.close().await;
}

async fn a_case_is_written_off_by_two_people(app: &App) {
    let office = Office::open(app);
    let (seller, case) = stopped(app, &office).await;
    both_rule(&office, &case, ClaimRuling::WriteOff).await;
    let ended = crate::sell::case_of(app, &seller, "overpaid").await;
    assert_eq!(ended["state"], "apart");
    assert_eq!(crate::sell::customer_is_owed(app, &seller).await, 0);
    assert_eq!(app.balance("suspense:USDT/TRC20").await, -30_000_000);
    let question = Question::CaseShow { case: case.case };
    let shown: CaseStory = ask(&office.socket, &question).await.unwrap();
    assert_eq!((shown.state.as_str(), shown.rulings.len()), ("settled", 0));
    up(app, "/fee");
    office.close().await;
}

async fn strangers_and_empty_reasons_are_refused(app: &App) {
    let office = Office::open(app);
    let buyer = Buyer::open(app, "u1", "u1@example.com").await;
    let mallory = office.says("mallory", buyer.order(), Ruling::Approve).await;
    assert!(mallory.unwrap_err().contains("no operator"));
    let question = Question::OrderRule {
        order: buyer.order(),
        ruling: Ruling::Approve,
        by: "alice".parse().unwrap(),
        reason: "  ".into(),
    };
    let said: anyhow::Result<Ruled> = ask(&office.socket, &question).await;
    assert!(said.unwrap_err().to_string().contains("Say why"));
    let nobody = OrderId::from_uuid(Default::default());
    let question = Question::OrderShow { order: nobody };
    let shown: anyhow::Result<OrderStory> = ask(&office.socket, &question).await;
    assert!(shown.is_err());
    office.close().await;
}
