//! Money that is claimed back: disputes before and after the delivery, refunds after the end in whole
//! and in part, and payments that were taken too late.

use crate::buyer::{Buyer, GOOD_CARD};
use crate::inbound::send;
use crate::kit::App;
use crate::on_both_engines;
use crate::operator::{Office, down, up};
use crate::people::Person;
use crate::world::Fault;
use proof_core::{claim::ClaimRuling, member::Role, order::Ruling, partner::Environment};
use proof_engine::{CaseStory, Ruled};
use proof_server::operator::{Question, ask};
use serde_json::{Value, json};
use std::collections::BTreeSet;

on_both_engines!(
    a_dispute_is_contested_and_won,
    a_dispute_that_is_lost_after_the_delivery_is_our_loss,
    a_dispute_stops_the_delivery_and_pays_the_customer,
    a_dispute_that_is_won_lets_two_people_go_on,
    a_dispute_withholds_a_refund_that_was_not_asked_for_yet,
    an_inquiry_comes_to_nothing_or_to_a_dispute,
    an_inquiry_that_is_answered_moves_nothing,
    a_late_capture_that_is_disputed_is_paid_once,
    nobody_gives_in_alone,
    evidence_that_comes_too_late_loses,
    a_part_goes_back_after_the_end_and_never_too_much,
    a_payout_that_comes_back_is_paid_by_bank,
    a_payout_that_comes_back_without_a_word_is_found_in_the_report,
    a_refund_that_nobody_else_wants_is_withdrawn,
    what_was_taken_after_the_end_goes_back,
    a_dispute_without_a_callback_is_found_at_night,
);

const THREE_DS_CARD: &str = "4000000000003220";
const FEE: i128 = 1_500;

/// Our reference for the order's only payment, as the processor was asked about it.
fn reference(buyer: &Buyer<'_>) -> String {
    known_reference(buyer).unwrap()
}

fn known_reference(buyer: &Buyer<'_>) -> Option<String> {
    let order = buyer.id.replace('-', "");
    let calls = buyer.app.outside.calls.lock().unwrap().clone();
    let mut paths = calls
        .iter()
        .filter_map(|call| call.split_once("/v1/authorisations/"));
    let found = paths.find(|(_, rest)| rest.contains(&order))?.1;
    found.split('/').next().map(str::to_owned)
}

async fn bought<'a>(app: &'a App, user: &str) -> (Buyer<'a>, i128) {
    let buyer = Buyer::verified(app, user).await;
    buyer.pay(GOOD_CARD).await;
    buyer.until_step("completed").await;
    let total = app.balance("psp:sandbox:EUR").await;
    assert!(total > 0);
    (buyer, total)
}

async fn bank(app: &App, path: &str, body: Value) -> Value {
    let answer = app.cards(&format!("bank/v1/{path}"), body).await;
    assert_eq!(answer.status, 200, "{}", answer.text);
    answer.json
}

/// The cardholder goes to the bank; the processor calls back.
pub async fn dispute(buyer: &Buyer<'_>, body: Value) -> Value {
    let reference = reference(buyer);
    let path = format!("payments/{reference}/disputes");
    let made = bank(buyer.app, &path, body).await;
    assert_eq!(send(buyer.app, &reference).await.status, 204);
    made["id"].clone()
}

async fn bank_says(buyer: &Buyer<'_>, dispute: &Value, step: &str) {
    let path = format!("disputes/{}", dispute.as_str().unwrap());
    bank(buyer.app, &path, json!({ "step": step })).await;
    assert_eq!(send(buyer.app, &reference(buyer)).await.status, 204);
}

pub async fn case_of(app: &App, office: &Office, buyer: &Buyer<'_>, kind: &str) -> CaseStory {
    let look = || async {
        let story = office.story(buyer.order()).await;
        story.cases.into_iter().find(|case| case.kind == kind)
    };
    let found = app.until(&format!("a {kind} is known"), look).await;
    let case = found.case.parse().unwrap();
    ask(&office.socket, &Question::CaseShow { case })
        .await
        .unwrap()
}

async fn until_state(app: &App, office: &Office, buyer: &Buyer<'_>, kind: &str, state: &str) {
    let look = || async {
        let case = case_of(app, office, buyer, kind).await;
        (case.state == state).then_some(())
    };
    app.until(&format!("the {kind} is {state}"), look).await;
}

async fn says(
    office: &Office,
    by: &str,
    case: &CaseStory,
    ruling: ClaimRuling,
) -> Result<Ruled, String> {
    let question = Question::CaseRule {
        case: case.case,
        ruling,
        by: by.parse().unwrap(),
        reason: "looked at it".into(),
    };
    let said = ask(&office.socket, &question).await;
    said.map_err(|error| error.to_string())
}

async fn refund(
    office: &Office,
    by: &str,
    buyer: &Buyer<'_>,
    amount: Option<&str>,
) -> Result<Ruled, String> {
    let question = Question::OrderRefund {
        order: buyer.order(),
        amount: amount.map(str::to_owned),
        by: by.parse().unwrap(),
        reason: "the customer asked kindly".into(),
    };
    let said = ask(&office.socket, &question).await;
    said.map_err(|error| error.to_string())
}

/// Nothing is unexplained: the books, the processor's report and the chains agree.
async fn all_agrees(app: &App) {
    app.clock.skip(16 * 60);
    let done = app.app.engine.reconcile(Environment::Test).await.unwrap();
    assert!(done.open.is_empty(), "{:?}", done.open);
}

async fn owed(app: &App, buyer: &Buyer<'_>) -> i128 {
    app.balance(&format!("customer:{}:EUR", buyer.order()))
        .await
}

/// Kinds and deadlines of the cases that wait for somebody.
async fn listed(person: &Person<'_>, whom: &str) -> Vec<(Value, Value)> {
    let page = person.get(&format!("cases?waits_for={whom}")).await;
    assert_eq!(page.status, 200, "{}", page.text);
    let cases = page.json["data"].as_array().unwrap().iter();
    cases
        .map(|case| (case["kind"].clone(), case["due_at"].clone()))
        .collect()
}

async fn a_dispute_is_contested_and_won(app: &App) {
    let office = Office::open(app);
    let (buyer, total) = bought(app, "u1").await;
    dispute(&buyer, json!({})).await;
    let case = case_of(app, &office, &buyer, "dispute").await;
    assert_eq!(case.state, "dispute evidence_due");
    assert!(
        case.about.contains("evidence is taken until"),
        "{}",
        case.about
    );
    assert_eq!(case.rulings, ["contest", "accept"]);
    let rita = Person::join(app, "rita", Role::Reviewer).await;
    let waits = rita.get("reviews").await.json;
    assert_eq!(
        (&waits["cases_total"], &waits["orders_total"]),
        (&json!(1), &json!(0))
    );
    let due = &waits["cases"][0]["due_at"];
    assert!(due.is_string() && case.about.contains(due.as_str().unwrap()));
    assert_eq!(rita.get("overview").await.json["waiting"]["cases"], 1);
    assert_eq!(listed(&rita, "us").await, [(json!("dispute"), due.clone())]);
    assert_eq!(app.balance("dispute:sandbox:EUR").await, total);
    assert_eq!(app.balance("psp:sandbox:EUR").await, -FEE);
    assert_eq!(app.balance("psp_cost:sandbox:EUR").await, FEE);
    all_agrees(app).await;
    let evidence = "the receipt: winning_evidence".to_owned();
    let said = says(&office, "alice", &case, ClaimRuling::Contest { evidence }).await;
    assert_eq!(said, Ok(Ruled::Done));
    until_state(app, &office, &buyer, "dispute", "settled: won").await;
    let sam = Person::join(app, "sam", Role::Support).await;
    assert_eq!(
        listed(&sam, "nobody").await,
        [(json!("dispute"), Value::Null)]
    );
    for whom in ["us", "user", "others"] {
        assert_eq!(listed(&sam, whom).await, []);
    }
    assert_eq!(sam.get("cases?waits_for=me").await.status, 400);
    assert_eq!(app.balance("dispute:sandbox:EUR").await, 0);
    assert_eq!(app.balance("psp:sandbox:EUR").await, total - FEE);
    assert_eq!(
        buyer.status().await,
        "completed",
        "a claim never changes it"
    );
    all_agrees(app).await;
    office.close().await;
}

async fn a_dispute_that_is_lost_after_the_delivery_is_our_loss(app: &App) {
    let office = Office::open(app);
    let (buyer, total) = bought(app, "u1").await;
    let id = dispute(&buyer, json!({})).await;
    let case = case_of(app, &office, &buyer, "dispute").await;
    let evidence = "the delivery".to_owned();
    let said = says(&office, "alice", &case, ClaimRuling::Contest { evidence }).await;
    assert_eq!(said, Ok(Ruled::Done));
    until_state(app, &office, &buyer, "dispute", "dispute submitted").await;
    // The callback comes twice.
    bank_says(&buyer, &id, "lose").await;
    assert_eq!(send(app, &reference(&buyer)).await.status, 204);
    until_state(app, &office, &buyer, "dispute", "settled: lost").await;
    assert_eq!(app.balance("loss:EUR").await, total);
    assert_eq!(app.balance("dispute:sandbox:EUR").await, 0);
    // Nothing is left to be refunded.
    assert!(
        !buyer.view().await.to_string().contains("dispute"),
        "the bank's business"
    );
    let more = refund(&office, "alice", &buyer, Some("0.01")).await;
    assert!(more.unwrap_err().contains("0.00 EUR"));
    all_agrees(app).await;
    office.close().await;
}

/// An order that is paid, and whose coins cannot be sent yet.
async fn paid<'a>(app: &'a App, user: &str) -> (Buyer<'a>, i128) {
    let buyer = Buyer::verified(app, user).await;
    let (token, quote) = (buyer.card_token(GOOD_CARD).await, buyer.quote().await);
    down(app, "/fee");
    buyer.pay_with(&token, &quote).await;
    buyer.until_status("processing").await;
    (buyer, app.balance("psp:sandbox:EUR").await)
}

async fn a_dispute_stops_the_delivery_and_pays_the_customer(app: &App) {
    let office = Office::open(app);
    let (buyer, total) = paid(app, "u1").await;
    let id = dispute(&buyer, json!({})).await;
    let waits = office.waits(app).await;
    assert_eq!(waits.why, "the cardholder disputes the payment");
    up(app, "/fee");
    for ruling in [Ruling::Approve, Ruling::Refund] {
        let early = office.says("alice", buyer.order(), ruling).await;
        assert!(early.unwrap_err().contains("disputes"));
    }
    assert_eq!(owed(app, &buyer).await, -total);
    bank_says(&buyer, &id, "lose").await;
    let view = buyer.until_step("failed").await;
    assert_eq!(view["failure"]["code"], "refunded");
    assert_eq!(app.outside.calls_of("/broadcast"), 0, "nothing was sent");
    assert_eq!(
        app.outside.calls_of("/refunds"),
        0,
        "the dispute was the refund"
    );
    assert_eq!(owed(app, &buyer).await, 0);
    assert_eq!(app.balance("loss:EUR").await, 0);
    assert_eq!(app.balance("wallet:USDT/TRC20").await, 1_000_000_000);
    all_agrees(app).await;
    office.close().await;
}

async fn a_dispute_that_is_won_lets_two_people_go_on(app: &App) {
    let office = Office::open(app);
    let (buyer, total) = paid(app, "u1").await;
    let id = dispute(&buyer, json!({})).await;
    office.waits(app).await;
    up(app, "/fee");
    bank_says(&buyer, &id, "win").await;
    until_state(app, &office, &buyer, "dispute", "settled: won").await;
    assert_eq!(buyer.status().await, "processing", "nobody has said go on");
    office.both_say(buyer.order(), Ruling::Approve).await;
    buyer.until_step("completed").await;
    assert_eq!(app.balance("psp:sandbox:EUR").await, total - FEE);
    all_agrees(app).await;
    office.close().await;
}

async fn a_dispute_withholds_a_refund_that_was_not_asked_for_yet(app: &App) {
    let office = Office::open(app);
    let (buyer, total) = paid(app, "u1").await;
    app.clock.skip(3_700);
    let waits = office.waits(app).await;
    assert_eq!(waits.why, "the transfer could not be planned");
    // Part of it is disputed while people decide to refund all of it.
    let part = json!({ "amount": { "currency": "EUR", "minor": "1000" } });
    let id = dispute(&buyer, part).await;
    case_of(app, &office, &buyer, "dispute").await;
    bank_says(&buyer, &id, "lose").await;
    let view = buyer.until_step("failed").await;
    assert_eq!(view["failure"]["code"], "refunded");
    assert_eq!(app.outside.calls_of("/refunds"), 1, "what was left of it");
    assert_eq!(app.balance("psp:sandbox:EUR").await, -FEE, "of {total}");
    assert_eq!(owed(app, &buyer).await, 0);
    up(app, "/fee");
    all_agrees(app).await;
    office.close().await;
}

async fn an_inquiry_comes_to_nothing_or_to_a_dispute(app: &App) {
    let office = Office::open(app);
    let (buyer, total) = bought(app, "u1").await;
    let id = dispute(&buyer, json!({ "inquiry": true })).await;
    let case = case_of(app, &office, &buyer, "dispute").await;
    assert_eq!(case.state, "dispute inquiry");
    assert_eq!(app.balance("psp:sandbox:EUR").await, total, "nothing moved");
    bank_says(&buyer, &id, "escalate").await;
    until_state(app, &office, &buyer, "dispute", "dispute evidence_due").await;
    assert_eq!(app.balance("psp:sandbox:EUR").await, -FEE);
    bank_says(&buyer, &id, "win").await;
    until_state(app, &office, &buyer, "dispute", "settled: won").await;
    let (second, _) = bought(app, "u2").await;
    let id = dispute(&second, json!({ "inquiry": true })).await;
    case_of(app, &office, &second, "dispute").await;
    bank_says(&second, &id, "close").await;
    until_state(app, &office, &second, "dispute", "settled: closed").await;
    all_agrees(app).await;
    office.close().await;
}

async fn an_inquiry_that_is_answered_moves_nothing(app: &App) {
    let office = Office::open(app);
    let (buyer, total) = paid(app, "u1").await;
    let id = dispute(&buyer, json!({ "inquiry": true })).await;
    let case = case_of(app, &office, &buyer, "dispute").await;
    let evidence = "the order".to_owned();
    let said = says(&office, "alice", &case, ClaimRuling::Contest { evidence }).await;
    assert_eq!(said, Ok(Ruled::Done));
    until_state(app, &office, &buyer, "dispute", "dispute submitted").await;
    assert_eq!(app.balance("psp:sandbox:EUR").await, total);
    // The delivery was not stopped by a question.
    up(app, "/fee");
    buyer.until_step("completed").await;
    bank_says(&buyer, &id, "close").await;
    until_state(app, &office, &buyer, "dispute", "settled: closed").await;
    all_agrees(app).await;
    office.close().await;
}

async fn nobody_gives_in_alone(app: &App) {
    let office = Office::open(app);
    let (buyer, total) = bought(app, "u1").await;
    dispute(&buyer, json!({})).await;
    let case = case_of(app, &office, &buyer, "dispute").await;
    let first = says(&office, "alice", &case, ClaimRuling::Accept).await;
    assert_eq!(first, Ok(Ruled::Proposed));
    let alone = says(&office, "alice", &case, ClaimRuling::Accept).await;
    assert!(alone.unwrap_err().contains("Two different people"));
    assert_eq!(app.outside.calls_of("/accept"), 0);
    let second = says(&office, "bob", &case, ClaimRuling::Accept).await;
    assert_eq!(second, Ok(Ruled::Done));
    until_state(app, &office, &buyer, "dispute", "settled: accepted").await;
    assert_eq!(app.balance("loss:EUR").await, total);
    let late = says(&office, "bob", &case, ClaimRuling::Accept).await;
    assert!(late.is_err());
    all_agrees(app).await;
    office.close().await;
}

async fn evidence_that_comes_too_late_loses(app: &App) {
    let office = Office::open(app);
    let (buyer, total) = bought(app, "u1").await;
    dispute(&buyer, json!({})).await;
    case_of(app, &office, &buyer, "dispute").await;
    app.clock.skip(8 * 24 * 3_600);
    until_state(app, &office, &buyer, "dispute", "settled: lost").await;
    assert_eq!(app.balance("loss:EUR").await, total);
    office.close().await;
}

async fn a_part_goes_back_after_the_end_and_never_too_much(app: &App) {
    let office = Office::open(app);
    let (buyer, total) = bought(app, "u1").await;
    let first = refund(&office, "alice", &buyer, Some("10.00")).await;
    assert_eq!(first, Ok(Ruled::Proposed));
    let alone = refund(&office, "alice", &buyer, Some("10.00")).await;
    assert!(alone.unwrap_err().contains("Two different people"));
    assert_eq!(app.outside.calls_of("/refunds"), 0);
    let second = refund(&office, "bob", &buyer, Some("10.00")).await;
    assert_eq!(second, Ok(Ruled::Done));
    until_state(app, &office, &buyer, "refund", "settled: refunded").await;
    assert_eq!(app.balance("psp:sandbox:EUR").await, total - 1_000);
    assert_eq!(app.balance("loss:EUR").await, 1_000);
    let view = buyer.view().await;
    let told = json!([{ "amount": "10.00", "fiat_currency": "EUR", "state": "sent" }]);
    assert_eq!(
        (&view["refunds"], view["step"].as_str()),
        (&told, Some("completed"))
    );
    // A dispute of the rest leaves nothing; then the same part cannot go back again.
    let rest = json!({ "amount": { "currency": "EUR", "minor": (total - 1_000).to_string() } });
    dispute(&buyer, rest).await;
    case_of(app, &office, &buyer, "dispute").await;
    for too_much in ["10.00", "0.01"] {
        let refused = refund(&office, "alice", &buyer, Some(too_much)).await;
        assert!(
            refused.unwrap_err().contains("can be given back"),
            "{too_much}"
        );
    }
    for nonsense in ["0", "-1", "1e2", "10.001", "ten"] {
        let refused = refund(&office, "alice", &buyer, Some(nonsense)).await;
        assert!(refused.is_err(), "{nonsense}");
    }
    assert_eq!(app.outside.calls_of("/refunds"), 1);
    all_agrees(app).await;
    office.close().await;
}

async fn a_refund_that_nobody_else_wants_is_withdrawn(app: &App) {
    let office = Office::open(app);
    let (buyer, total) = bought(app, "u1").await;
    let all = refund(&office, "alice", &buyer, None).await;
    assert_eq!(all, Ok(Ruled::Proposed));
    // All of it is promised: nothing is left for another.
    let other = refund(&office, "bob", &buyer, Some("1.00")).await;
    assert!(other.unwrap_err().contains("0.00 EUR"));
    let case = case_of(app, &office, &buyer, "refund").await;
    assert_eq!(case.rulings, ["approve", "withdraw"]);
    let said = says(&office, "bob", &case, ClaimRuling::Withdraw).await;
    assert_eq!(said, Ok(Ruled::Done));
    assert_eq!(app.balance("psp:sandbox:EUR").await, total);
    let again = refund(&office, "bob", &buyer, Some("1.00")).await;
    assert_eq!(again, Ok(Ruled::Proposed));
    office.close().await;
}

async fn what_was_taken_after_the_end_goes_back(app: &App) {
    let office = Office::open(app);
    let (buyer, reference) = taken_late(app).await;
    assert_eq!(send(app, &reference).await.status, 204);
    until_state(app, &office, &buyer, "taken_late", "settled: refunded").await;
    assert_eq!(buyer.status().await, "cancelled");
    assert_eq!(app.balance("psp:sandbox:EUR").await, 0);
    assert_eq!(owed(app, &buyer).await, 0);
    assert_eq!(buyer.view().await["refunds"][0]["state"], "sent");
    // Told again, it is the same claim.
    assert_eq!(send(app, &reference).await.status, 204);
    all_agrees(app).await;
    assert_eq!(app.outside.calls_of("/refunds"), 1);
    office.close().await;
}

/// Taken after the end and disputed before anybody looked: whoever has paid, it is paid once.
async fn a_late_capture_that_is_disputed_is_paid_once(app: &App) {
    let office = Office::open(app);
    let (buyer, _) = taken_late(app).await;
    let id = dispute(&buyer, json!({})).await;
    case_of(app, &office, &buyer, "dispute").await;
    assert_eq!(
        app.outside.calls_of("/refunds"),
        0,
        "the dispute may pay it"
    );
    bank_says(&buyer, &id, "lose").await;
    until_state(app, &office, &buyer, "dispute", "settled: lost").await;
    app.clock.skip(700);
    let refused = || async {
        let case = case_of(app, &office, &buyer, "taken_late").await;
        case.rulings
            .contains(&"paid_by_dispute".to_owned())
            .then_some(case)
    };
    let case = app.until("the processor refuses the refund", refused).await;
    assert_eq!(buyer.view().await["refunds"][0]["state"], "held");
    crate::operator::both_rule(&office, &case, ClaimRuling::PaidByDispute).await;
    assert_eq!(buyer.view().await["refunds"][0]["state"], "sent");
    assert_eq!(owed(app, &buyer).await, 0);
    assert_eq!(app.balance("loss:EUR").await, 0);
    assert_eq!(app.balance("psp:sandbox:EUR").await, -FEE);
    all_agrees(app).await;
    office.close().await;
}

/// A payment that the processor called void, and took when its order had ended.
async fn taken_late(app: &App) -> (Buyer<'_>, String) {
    let buyer = Buyer::verified(app, "u1").await;
    buyer.pay(THREE_DS_CARD).await;
    let view = buyer.until_step("three_ds").await;
    let asked = || async { known_reference(&buyer) };
    let reference = app.until("the payment is asked about", asked).await;
    // The processor says that nothing is held, and is wrong.
    let lie = Fault::Replace("three_ds_required".into(), "voided".into());
    let part = "GET http://cards.test/v1/authorisations";
    app.outside.faults.lock().unwrap().push_back((part, lie));
    buyer.until_step("quote").await;
    assert_eq!(buyer.post("cancel", json!({})).await.status, 200);
    buyer.until_status("cancelled").await;
    buyer.bank(&view["payment"]["three_ds_url"], true).await;
    let path = format!("v1/authorisations/{reference}");
    let held = app.outside_read("cards.test", &path).await.json;
    assert_eq!(held["status"], "held");
    let amount = json!({ "amount": held["amount"] });
    let taken = app.cards(&format!("{path}/capture"), amount).await;
    assert_eq!(taken.status, 200, "{}", taken.text);
    (buyer, reference)
}

async fn a_dispute_without_a_callback_is_found_at_night(app: &App) {
    let office = Office::open(app);
    let (buyer, _) = bought(app, "u1").await;
    let path = format!("payments/{}/disputes", reference(&buyer));
    bank(app, &path, json!({})).await;
    app.app.engine.reconcile(Environment::Test).await.unwrap();
    app.clock.skip(16 * 60);
    let done = app.app.engine.reconcile(Environment::Test).await.unwrap();
    let kinds: Vec<&str> = done.open.iter().map(|one| one.kind.as_str()).collect();
    assert_eq!(
        kinds,
        ["not_in_books", "not_in_books"],
        "the money and the fee"
    );
    case_of(app, &office, &buyer, "dispute").await;
    all_agrees(app).await;
    office.close().await;
}

/// A sell that was paid out, and whose payout came back; what was paid, in cents.
async fn bounced(app: &App) -> (Buyer<'_>, i128, String) {
    let before = app.balance("payout:sandbox:EUR").await;
    let (seller, address) = crate::sell::awaiting(app, GOOD_CARD).await;
    crate::sell::deposit(app, &address, "100").await;
    seller.until_step("completed").await;
    let paid = before - app.balance("payout:sandbox:EUR").await;
    let path = format!("payouts/{}/bounce", seller.id.replace('-', ""));
    let answer = bank(app, &path, json!({})).await;
    assert_eq!(answer["status"], "bounced");
    (
        seller,
        paid,
        answer["reference"].as_str().unwrap().to_owned(),
    )
}

async fn a_payout_that_comes_back_is_paid_by_bank(app: &App) {
    let office = Office::open(app);
    let (seller, paid, reference) = bounced(app).await;
    // The callback comes twice.
    for _ in 0..2 {
        assert_eq!(send(app, &reference).await.status, 204);
    }
    let case = case_of(app, &office, &seller, "payout_bounced").await;
    assert_eq!(case.state, "in_review");
    assert_eq!(case.rulings, ["refunded_by_bank", "write_off"]);
    assert_eq!(owed(app, &seller).await, -paid, "owed again");
    assert_eq!(app.balance("payout:sandbox:EUR").await, 0);
    let view = seller.view().await;
    let told = (&view["step"], &view["refunds"][0]["state"]);
    assert_eq!(told, (&json!("completed"), &json!("held")));
    let sum = format!("{}.{:02} EUR", paid / 100, paid % 100);
    let letter = crate::mail::letter(app, &format!("{sum} came back")).await;
    assert!(letter.text.contains("sent back"), "{}", letter.text);
    let transfer = || ClaimRuling::RefundedByBank {
        transfer: "SEPA 4711".to_owned(),
    };
    let first = says(&office, "alice", &case, transfer()).await;
    assert_eq!(first, Ok(Ruled::Proposed));
    let again = ClaimRuling::Approve;
    assert!(
        says(&office, "bob", &case, again).await.is_err(),
        "the card is no way"
    );
    let second = says(&office, "bob", &case, transfer()).await;
    assert_eq!(second, Ok(Ruled::Done));
    let end = "settled: refunded_by_bank";
    until_state(app, &office, &seller, "payout_bounced", end).await;
    assert_eq!(owed(app, &seller).await, 0);
    assert_eq!(app.balance("bank:EUR").await, -paid);
    assert_eq!(seller.view().await["refunds"][0]["state"], "by_bank");
    crate::mail::letter(app, &format!("{sum} sent to you by bank")).await;
    crate::mail::all_sent(app).await;
    let sent = app.letters.sent.lock().unwrap().len();
    let ids: BTreeSet<String> = app.letters.tried.lock().unwrap().iter().cloned().collect();
    assert_eq!(sent, ids.len(), "each of them once");
    let story = office.story(seller.order()).await;
    assert_eq!(story.cases.len(), 1);
    all_agrees(app).await;
    office.close().await;
}

async fn a_payout_that_comes_back_without_a_word_is_found_in_the_report(app: &App) {
    let office = Office::open(app);
    let (seller, paid, _) = bounced(app).await;
    app.app.engine.reconcile(Environment::Test).await.unwrap();
    // One side may be on its way to the other: not yet.
    app.clock.skip(16 * 60);
    let done = app.app.engine.reconcile(Environment::Test).await.unwrap();
    let kinds: Vec<&str> = done.open.iter().map(|one| one.kind.as_str()).collect();
    assert_eq!(kinds, ["not_in_books"]);
    let case = case_of(app, &office, &seller, "payout_bounced").await;
    for by in ["alice", "bob"] {
        says(&office, by, &case, ClaimRuling::WriteOff)
            .await
            .unwrap();
    }
    until_state(
        app,
        &office,
        &seller,
        "payout_bounced",
        "settled: kept_apart",
    )
    .await;
    assert_eq!(owed(app, &seller).await, 0);
    assert_eq!(app.balance("suspense:EUR").await, -paid);
    all_agrees(app).await;
    office.close().await;
}
