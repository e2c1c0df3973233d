//! What an operator decides about a partner takes effect, and only as a whole.

use crate::buyer::{Buyer, GOOD_CARD};
use crate::kit::{App, good_session};
use crate::on_both_engines;
use crate::operator::{Office, both_rule};
use crate::sell::{awaiting, case_of, customer_is_owed, deposit};
use proof_core::{
    claim::ClaimRuling,
    money::Bps,
    partner::{LatePolicy, Policy, StrayPolicy, UnderpaidPolicy},
    quote::FeePolicy,
    risk::{CardAbroad, PairLimits},
};
use proof_engine::CaseStory;
use proof_server::operator::{Question, ask};
use serde_json::{Value, json};

on_both_engines!(
    a_policy_is_set_over_the_one_that_was_seen,
    what_does_not_fit_waits_for_people_where_the_policy_says_so,
    what_came_late_is_peoples_where_the_policy_says_so,
    too_little_goes_back_at_once_where_the_policy_says_so,
    dust_is_what_the_policy_says,
    a_pair_has_its_own_fees_and_limits,
    documents_of_a_country_that_is_not_served_pay_nothing,
    a_card_from_abroad_is_looked_at,
    whoever_disputes_is_looked_at,
    a_first_delivery_is_held_and_the_second_is_not,
);

async fn show(app: &App, office: &Office) -> Policy {
    let partner = app.shop.partner.id;
    ask(&office.socket, &Question::PolicyShow { partner })
        .await
        .unwrap()
}

async fn set(app: &App, office: &Office, policy: Policy) -> Result<Policy, String> {
    let said = async |by: &str| -> Result<Option<Policy>, String> {
        let question = Question::PolicySet {
            partner: app.shop.partner.id,
            policy: Box::new(policy.clone()),
            by: by.parse().unwrap(),
        };
        let set = ask(&office.socket, &question).await;
        set.map_err(|error| error.to_string())
    };
    assert_eq!(said("alice").await?, None, "one word is not enough");
    Ok(said("bob").await?.unwrap())
}

async fn change(app: &App, office: &Office, change: impl FnOnce(&mut Policy)) {
    let mut policy = show(app, office).await;
    change(&mut policy);
    set(app, office, policy).await.unwrap();
}

async fn a_policy_is_set_over_the_one_that_was_seen(app: &App) {
    let office = Office::open(app);
    let seen = show(app, &office).await;
    let next = set(app, &office, seen.clone()).await.unwrap();
    assert_eq!(next.version, seen.version + 1);
    let late = set(app, &office, seen.clone()).await.unwrap_err();
    assert!(late.contains("was changed meanwhile"), "{late}");
    let mut wrong = next.clone();
    wrong.sell.window_seconds = 1;
    let told = set(app, &office, wrong).await.unwrap_err();
    assert!(told.contains("deposit window"), "{told}");
    assert_eq!(show(app, &office).await, next);
    office.close().await;
}

/// The case that waits for people.
async fn case_waits(app: &App, office: &Office) -> CaseStory {
    let waits = || async {
        let waiting: Vec<CaseStory> = ask(&office.socket, &Question::CaseList).await.unwrap();
        waiting.into_iter().next()
    };
    app.until("a case waits for people", waits).await
}

async fn what_does_not_fit_waits_for_people_where_the_policy_says_so(app: &App) {
    let office = Office::open(app);
    change(app, &office, |policy| {
        let accidents = &mut policy.sell.accidents;
        accidents.overpaid = StrayPolicy::Review;
        accidents.second_deposit = StrayPolicy::Review;
    })
    .await;
    let (seller, address) = awaiting(app, GOOD_CARD).await;
    deposit(app, &address, "130").await;
    seller.until_step("completed").await;
    let over = case_waits(app, &office).await;
    assert_eq!(over.kind, "overpaid");
    assert_eq!(over.why, "the partner's policy wants people to decide");
    let view = seller.view().await;
    assert_eq!(view["sale"]["cases"][0]["state"], "waiting");
    assert!(
        !view.to_string().contains("policy"),
        "neutral words outside"
    );
    both_rule(&office, &over, ClaimRuling::Approve).await;
    assert_eq!(case_of(app, &seller, "overpaid").await["state"], "returned");
    deposit(app, &address, "100").await;
    let second = case_waits(app, &office).await;
    assert_eq!(second.kind, "second_deposit");
    both_rule(&office, &second, ClaimRuling::Approve).await;
    let returned = || async { (customer_is_owed(app, &seller).await == 0).then_some(()) };
    app.until("the second one is back", returned).await;
    office.close().await;
}

async fn what_came_late_is_peoples_where_the_policy_says_so(app: &App) {
    let office = Office::open(app);
    change(app, &office, |policy| {
        policy.sell.accidents.late = LatePolicy::Review;
    })
    .await;
    let (late, address) = awaiting(app, GOOD_CARD).await;
    app.clock.skip(6 * 3_600);
    late.until_step("failed").await;
    deposit(app, &address, "100").await;
    let case = case_waits(app, &office).await;
    assert_eq!((case.kind.as_str(), case.order), ("late", late.order()));
    both_rule(&office, &case, ClaimRuling::Approve).await;
    assert_eq!(case_of(app, &late, "late").await["state"], "returned");
    office.close().await;
}

async fn too_little_goes_back_at_once_where_the_policy_says_so(app: &App) {
    let office = Office::open(app);
    let (before, old) = awaiting(app, GOOD_CARD).await;
    change(app, &office, |policy| {
        policy.sell.accidents.underpaid = UnderpaidPolicy::Return;
    })
    .await;
    let (seller, address) = awaiting(app, GOOD_CARD).await;
    deposit(app, &address, "60").await;
    let view = seller.until_step("failed").await;
    assert_eq!(view["sale"]["returned"]["amount"], "60.00");
    assert_eq!(customer_is_owed(app, &seller).await, 0);
    // Who saw the address before is still asked for the rest.
    deposit(app, &old, "60").await;
    let asked = || async {
        let view = before.view().await;
        let waits = view["step"] == "deposit" && view["sale"]["missing"] == "40.00";
        waits.then_some(())
    };
    app.until("the rest is asked for", asked).await;
    office.close().await;
}

async fn dust_is_what_the_policy_says(app: &App) {
    let office = Office::open(app);
    let (seller, address) = awaiting(app, GOOD_CARD).await;
    deposit(app, &address, "100").await;
    seller.until_step("completed").await;
    // Moving it costs 13.5 TRX, some three euros: worth it by the usual measure.
    change(app, &office, |policy| {
        policy.sell.accidents.dust_percent_of_fee = 1_000;
    })
    .await;
    deposit(app, &address, "10").await;
    let case = case_of(app, &seller, "second_deposit").await;
    assert_eq!(case["state"], "kept");
    assert_eq!(app.balance("dust:USDT/TRC20").await, -10_000_000);
    office.close().await;
}

fn line<'a>(view: &'a Value, code: &str) -> Option<&'a Value> {
    let lines = view["quote"]["lines"].as_array()?;
    lines.iter().find(|line| line["code"] == code)
}

async fn a_pair_has_its_own_fees_and_limits(app: &App) {
    let office = Office::open(app);
    change(app, &office, |policy| {
        let free = FeePolicy {
            spread: Bps::ZERO,
            processing: Bps::ZERO,
            processing_fixed_minor: 0,
            partner: Bps::ZERO,
        };
        let pair = policy.pairs.iter_mut();
        let pair = pair.filter(|pair| pair.asset.to_string() == "USDT/TRC20");
        pair.for_each(|pair| pair.fees = Some(free.clone()));
        let limits = PairLimits {
            day_base: 150_000_000,
            month_base: 1_000_000_000,
        };
        let asset = "USDT/TRC20".parse().unwrap();
        policy.risk.pair_limits.insert(asset, limits);
    })
    .await;
    let buyer = Buyer::verified(app, "u1").await;
    let quoted = buyer.post("quote", json!({})).await.json;
    let charged = |code| line(&quoted, code).is_some_and(|line| line["amount"] != "0.00");
    assert!(!charged("processing") && !charged("partner"), "{quoted}");
    assert_eq!(buyer.pay(GOOD_CARD).await.status, 200);
    buyer.until_step("completed").await;
    let again = Buyer::open(app, "u1", "u1@example.com").await;
    let refused = again.pay(GOOD_CARD).await;
    assert_eq!(refused.refusal(), (409, "conflict", "limit_exceeded"));
    assert!(
        refused.text.contains("of this currency"),
        "{}",
        refused.text
    );
    app.clock.skip(24 * 3_600);
    let tomorrow = Buyer::open(app, "u1", "u1@example.com").await;
    assert_eq!(tomorrow.pay(GOOD_CARD).await.status, 200);
    office.close().await;
}

/// A verified user of one side, whose document is from there.
async fn from<'a>(app: &'a App, country: &str, side: &str, step: &str) -> Buyer<'a> {
    let mut body = good_session();
    body["type"] = json!(side);
    body["partner_user_id"] = json!(format!("from-{country}-{side}"));
    body["user_email"] = json!(format!("ann+kyc-country-{country}@example.com"));
    let buyer = Buyer::open_with(app, body).await;
    buyer.identify().await;
    buyer.until_step(step).await;
    buyer
}

async fn documents_of_a_country_that_is_not_served_pay_nothing(app: &App) {
    let office = Office::open(app);
    change(app, &office, |policy| {
        policy.risk.document_countries_refused = vec!["KP".into()];
    })
    .await;
    let buyer = from(app, "kp", "buy", "quote").await;
    let refused = buyer.pay(GOOD_CARD).await;
    assert_eq!(refused.refusal(), (409, "conflict", "country_not_served"));
    assert_eq!(
        app.outside
            .calls_of("POST http://cards.test/v1/authorisations "),
        0
    );
    let seller = from(app, "kp", "sell", "terms").await;
    let refused = crate::sell::start(&seller, GOOD_CARD, crate::sell::REFUND).await;
    assert_eq!(refused.refusal(), (409, "conflict", "country_not_served"));
    let welcome = from(app, "fr", "buy", "quote").await;
    assert_eq!(welcome.pay(GOOD_CARD).await.status, 200);
    welcome.until_step("completed").await;
    office.close().await;
}

async fn a_card_from_abroad_is_looked_at(app: &App) {
    let office = Office::open(app);
    change(app, &office, |policy| {
        policy.risk.card_abroad = CardAbroad::Review;
    })
    .await;
    // The card is a German one.
    let home = from(app, "de", "buy", "quote").await;
    home.pay(GOOD_CARD).await;
    home.until_step("completed").await;
    let abroad = from(app, "fr", "buy", "quote").await;
    abroad.pay(GOOD_CARD).await;
    let waits = office.waits(app).await;
    assert_eq!(
        (waits.order, waits.why.as_str()),
        (abroad.order(), "card_abroad")
    );
    office.close().await;
}

async fn whoever_disputes_is_looked_at(app: &App) {
    let office = Office::open(app);
    change(app, &office, |policy| policy.risk.disputes_reviewed = 1).await;
    let first = Buyer::verified(app, "u1").await;
    first.pay(GOOD_CARD).await;
    first.until_step("completed").await;
    crate::claim::dispute(&first, json!({})).await;
    crate::claim::case_of(app, &office, &first, "dispute").await;
    let next = Buyer::open(app, "u1", "u1@example.com").await;
    next.pay(GOOD_CARD).await;
    let waits = || async {
        let mut waiting = office.list().await.into_iter();
        waiting.rfind(|listed| listed.order == next.order())
    };
    let waits = app.until("the next one waits", waits).await;
    assert_eq!(waits.why, "disputes");
    office.close().await;
}

async fn a_first_delivery_is_held_and_the_second_is_not(app: &App) {
    let office = Office::open(app);
    change(app, &office, |policy| {
        policy.risk.first_delivery_seconds = 7_200
    })
    .await;
    let first = Buyer::verified(app, "u1").await;
    first.pay(GOOD_CARD).await;
    let held = || async {
        let view = first.view().await;
        view["held_until"].is_string().then_some(view)
    };
    let view = app.until("the delivery is held", held).await;
    assert_eq!(view["step"], "progress");
    assert_eq!(first.status().await, "processing");
    app.clock.skip(7_000);
    assert!(first.view().await["transfer"].is_null());
    app.clock.skip(300);
    let view = first.until_step("completed").await;
    assert!(view["held_until"].is_null());
    let second = Buyer::open(app, "u1", "u1@example.com").await;
    second.pay(GOOD_CARD).await;
    second.until_step("completed").await;
    office.close().await;
}
