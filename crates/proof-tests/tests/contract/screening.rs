//! Those with whom nobody deals: refused before their money is taken, frozen before anything goes out.

use crate::buyer::{Buyer, GOOD_CARD};
use crate::kit::App;
use crate::on_both_engines;
use crate::operator::Office;
use proof_core::{Address, Network, order::Ruling, partner::Environment, screening::ListedKind};
use proof_engine::{Listed, Page};
use proof_server::operator::{Question, ask};
use serde_json::json;

on_both_engines!(
    a_listed_card_does_not_pay,
    a_sell_of_a_listed_card_is_frozen_until_two_people_looked,
    a_return_to_a_listed_address_waits_for_people,
    a_case_of_a_listed_person_is_frozen_too,
    what_a_listed_sender_sent_is_frozen,
    a_case_is_judged_by_who_sent_it,
    a_lost_dispute_puts_them_on_the_list,
    the_list_takes_only_what_it_can_compare,
    a_long_list_is_read_to_its_end,
);

async fn say(
    office: &Office,
    kind: ListedKind,
    value: &str,
    is_listed: bool,
) -> Result<(), String> {
    let question = Question::ListSay {
        kind,
        value: value.to_owned(),
        is_listed,
        by: "alice".parse().unwrap(),
        reason: "the bank wrote".into(),
    };
    let said = ask(&office.socket, &question).await;
    said.map_err(|error| error.to_string())
}

async fn page(office: &Office, before: Option<i64>) -> Page<Listed> {
    let question = Question::ListShow { before };
    ask(&office.socket, &question).await.unwrap()
}

async fn lines(office: &Office) -> Vec<Listed> {
    page(office, None).await.data
}

/// The good card's fingerprint, as the processor tells it.
async fn fingerprint(app: &App, office: &Office) -> String {
    let buyer = Buyer::verified(app, "first").await;
    buyer.pay(GOOD_CARD).await;
    buyer.until_step("completed").await;
    let story = office.story(buyer.order()).await;
    story.facts["card"]["fingerprint"]
        .as_str()
        .unwrap()
        .to_owned()
}

async fn all_agrees(app: &App) {
    app.clock.skip(16 * 60);
    let done = app.app.engine.reconcile(Environment::Test).await.unwrap();
    assert!(done.open.is_empty(), "{:?}", done.open);
}

async fn a_listed_card_does_not_pay(app: &App) {
    let office = Office::open(app);
    let card = fingerprint(app, &office).await;
    say(&office, ListedKind::Card, &card, true).await.unwrap();
    let taken = app.balance("psp:sandbox:EUR").await;
    let buyer = Buyer::verified(app, "u1").await;
    buyer.pay(GOOD_CARD).await;
    let view = buyer.until_step("failed").await;
    let failure = json!({ "code": "screening", "money_moved": false });
    assert_eq!(view["failure"], failure);
    assert_eq!(app.balance("psp:sandbox:EUR").await, taken);
    // Why is the operators' business, with the list's version.
    let story = office.story(buyer.order()).await;
    let judged = story.events.iter().rfind(|e| e.kind == "risk.assessed");
    let judged = &judged.unwrap().body;
    assert_eq!(judged["facts"]["screening"]["list_version"], 1);
    assert_eq!(judged["assessment"]["reason"], "listed");
    // Off the list, it pays again.
    say(&office, ListedKind::Card, &card, false).await.unwrap();
    let again = Buyer::verified(app, "u2").await;
    again.pay(GOOD_CARD).await;
    again.until_step("completed").await;
    office.close().await;
}

async fn a_sell_of_a_listed_card_is_frozen_until_two_people_looked(app: &App) {
    let office = Office::open(app);
    let card = fingerprint(app, &office).await;
    let (seller, address) = crate::sell::awaiting(app, GOOD_CARD).await;
    say(&office, ListedKind::Card, &card, true).await.unwrap();
    crate::sell::deposit(app, &address, "100").await;
    let waits = office.waits(app).await;
    assert_eq!(waits.order, seller.order());
    assert_eq!(app.balance("suspense:USDT/TRC20").await, -100_000_000);
    assert_eq!(crate::sell::customer_is_owed(app, &seller).await, 0);
    assert_eq!(app.outside.calls_of("/v1/payouts"), 0);
    let view = seller.view().await;
    for word in ["listed", "screened", "review"] {
        assert!(
            !view.to_string().contains(word),
            "{word}: neutral words outside"
        );
    }
    all_agrees(app).await;
    office.both_say(seller.order(), Ruling::Approve).await;
    seller.until_step("completed").await;
    assert_eq!(app.balance("suspense:USDT/TRC20").await, 0);
    assert_eq!(crate::sell::customer_is_owed(app, &seller).await, 0);
    all_agrees(app).await;
    office.close().await;
}

async fn a_return_to_a_listed_address_waits_for_people(app: &App) {
    let office = Office::open(app);
    let (seller, address) = crate::sell::awaiting(app, "4000000000009995").await;
    let refund = seller.view().await["sale"]["refund_address"].clone();
    let refund = refund.as_str().unwrap();
    // The payout is refused; by then the address is listed.
    crate::operator::down(app, "/v1/payouts");
    crate::sell::deposit(app, &address, "100").await;
    crate::operator::called(app, "/v1/payouts").await;
    say(&office, ListedKind::Address, refund, true)
        .await
        .unwrap();
    crate::operator::up(app, "/v1/payouts");
    let waits = office.waits(app).await;
    assert_eq!(waits.stopped_in, "returning");
    assert_eq!(app.balance("suspense:USDT/TRC20").await, -100_000_000);
    office.both_say(seller.order(), Ruling::Approve).await;
    let view = seller.until_step("failed").await;
    assert_eq!(view["sale"]["returned"]["amount"], "100.00");
    assert_eq!(app.balance("suspense:USDT/TRC20").await, 0);
    all_agrees(app).await;
    office.close().await;
}

async fn a_case_of_a_listed_person_is_frozen_too(app: &App) {
    let office = Office::open(app);
    let (seller, address) = crate::sell::awaiting(app, GOOD_CARD).await;
    crate::sell::deposit(app, &address, "100").await;
    seller.until_step("completed").await;
    let refund = seller.view().await["sale"]["refund_address"].clone();
    let refund = refund.as_str().unwrap();
    say(&office, ListedKind::Address, refund, true)
        .await
        .unwrap();
    crate::sell::deposit(app, &address, "30").await;
    let frozen =
        || async { (app.balance("suspense:USDT/TRC20").await == -30_000_000).then_some(()) };
    app.until("the second deposit is frozen", frozen).await;
    let cases: Vec<proof_engine::CaseStory> =
        ask(&office.socket, &Question::CaseList).await.unwrap();
    assert_eq!(cases[0].why, "somebody in it is listed");
    crate::operator::both_rule(&office, &cases[0], proof_core::claim::ClaimRuling::Approve).await;
    let ended = crate::sell::case_of(app, &seller, "second_deposit").await;
    assert_eq!(ended["state"], "returned");
    assert_eq!(app.balance("suspense:USDT/TRC20").await, 0);
    all_agrees(app).await;
    office.close().await;
}

/// An address that nobody else sends from.
const THIEF: &str = "TWd4WrZ9wn84f5x1hZhL4DHvk738ns5jwb";

async fn sent_by(app: &App, sender: &str, address: &str, amount: &str) {
    let body = json!({
        "address": address, "currency": "USDT", "amount": amount, "sender": sender,
    });
    let sent = app.world("wallet/v1/TRC20/transfers", body).await;
    assert_eq!(sent.status, 200, "{}", sent.text);
}

async fn what_a_listed_sender_sent_is_frozen(app: &App) {
    let office = Office::open(app);
    say(&office, ListedKind::Address, THIEF, true)
        .await
        .unwrap();
    let (seller, address) = crate::sell::awaiting(app, GOOD_CARD).await;
    sent_by(app, THIEF, &address, "100").await;
    let waits = office.waits(app).await;
    assert_eq!(waits.order, seller.order());
    assert_eq!(waits.why, "somebody in it is listed");
    assert_eq!(app.balance("suspense:USDT/TRC20").await, -100_000_000);
    assert_eq!(app.outside.calls_of("/v1/payouts"), 0);
    assert!(!seller.view().await.to_string().contains(THIEF));
    // Of two senders of one sell, one is enough.
    let (other, address) = crate::sell::awaiting(app, GOOD_CARD).await;
    crate::sell::deposit(app, &address, "60").await;
    sent_by(app, THIEF, &address, "40").await;
    let both = || async { (office.list().await.len() == 2).then_some(()) };
    app.until("both wait", both).await;
    all_agrees(app).await;
    for seller in [&seller, &other] {
        office.both_say(seller.order(), Ruling::Approve).await;
        seller.until_step("completed").await;
    }
    assert_eq!(app.balance("suspense:USDT/TRC20").await, 0);
    office.close().await;
}

async fn a_case_is_judged_by_who_sent_it(app: &App) {
    let office = Office::open(app);
    let (seller, address) = crate::sell::awaiting(app, GOOD_CARD).await;
    crate::sell::deposit(app, &address, "100").await;
    seller.until_step("completed").await;
    say(&office, ListedKind::Address, THIEF, true)
        .await
        .unwrap();
    // A thief's money at somebody's address freezes that money, and no other.
    sent_by(app, THIEF, &address, "30").await;
    let frozen =
        || async { (app.balance("suspense:USDT/TRC20").await == -30_000_000).then_some(()) };
    app.until("what the thief sent is frozen", frozen).await;
    crate::sell::deposit(app, &address, "20").await;
    let returned = || async {
        let cases = seller.view().await["sale"]["cases"].clone();
        let mut cases = cases.as_array().unwrap().iter();
        cases
            .any(|case| case["amount"] == "20.00" && case["state"] == "returned")
            .then_some(())
    };
    app.until("the stranger's is back", returned).await;
    assert_eq!(app.balance("suspense:USDT/TRC20").await, -30_000_000);
    all_agrees(app).await;
    office.close().await;
}

async fn a_lost_dispute_puts_them_on_the_list(app: &App) {
    let office = Office::open(app);
    let buyer = Buyer::verified(app, "u1").await;
    buyer.pay(GOOD_CARD).await;
    buyer.until_step("completed").await;
    let payment = buyer.id.replace('-', "");
    let made = app
        .cards(&format!("bank/v1/payments/{payment}/disputes"), json!({}))
        .await;
    let dispute = made.json["id"].as_str().unwrap();
    let lost = app
        .cards(
            &format!("bank/v1/disputes/{dispute}"),
            json!({ "step": "lose" }),
        )
        .await;
    assert_eq!(lost.status, 200, "{}", lost.text);
    // Nobody called back: the night finds it, once the report has settled.
    app.app.engine.reconcile(Environment::Test).await.unwrap();
    app.clock.skip(16 * 60);
    app.app.engine.reconcile(Environment::Test).await.unwrap();
    let listed = || async { lines(&office).await.pop() };
    let line = app.until("the person is listed", listed).await;
    assert_eq!(
        (line.kind.as_str(), line.said_by.as_str()),
        ("person", "the server")
    );
    let again = Buyer::open(app, "u1", "u1@example.com").await;
    again.until_step("quote").await;
    again.pay(GOOD_CARD).await;
    let view = again.until_step("failed").await;
    assert_eq!(view["failure"]["code"], "screening");
    // A published test card is everybody's, and so is the partner's own wallet.
    let other = Buyer::verified(app, "u2").await;
    other.pay(GOOD_CARD).await;
    other.until_step("completed").await;
    office.close().await;
}

async fn the_list_takes_only_what_it_can_compare(app: &App) {
    let office = Office::open(app);
    assert!(lines(&office).await.is_empty());
    let nonsense = say(&office, ListedKind::Address, "not an address", true).await;
    assert!(nonsense.unwrap_err().contains("not an address"));
    assert!(say(&office, ListedKind::Card, " ", true).await.is_err());
    // The same address in another spelling is the same line.
    let plain = "0x52908400098527886e0f7030069857d2e4169ee7";
    let address = Address::parse(Network::Erc20, plain).unwrap().to_string();
    for spelling in [plain, address.as_str()] {
        say(&office, ListedKind::Address, spelling, true)
            .await
            .unwrap();
    }
    let all = lines(&office).await;
    assert_eq!(all.len(), 1);
    assert_eq!(
        (all[0].value.as_str(), all[0].said_by.as_str()),
        (address.as_str(), "alice")
    );
    office.close().await;
}

async fn a_long_list_is_read_to_its_end(app: &App) {
    let office = Office::open(app);
    for number in 1..=501 {
        let card = format!("card {number}");
        say(&office, ListedKind::Card, &card, true).await.unwrap();
    }
    let first = page(&office, None).await;
    assert_eq!((first.data.len(), first.data[0].line), (500, 501));
    let older = first.next_cursor.unwrap().parse().unwrap();
    let last = page(&office, Some(older)).await;
    let values: Vec<_> = last.data.iter().map(|one| one.value.as_str()).collect();
    assert_eq!((values, last.next_cursor), (vec!["card 1"], None));
    office.close().await;
}
