//! A partner's day: what the world moved, to the last unit, signed, and always the same bytes.

use crate::buyer::{Buyer, GOOD_CARD};
use crate::kit::App;
use crate::on_both_engines;
use crate::people::Person;
use base64::{Engine as _, engine::general_purpose::STANDARD};
use ed25519_dalek::{Signature, VerifyingKey};
use proof_core::{
    Asset, Clock, Network, id::PartnerId, member::Role, partner::Environment, statement::Day,
};
use proof_engine::{ApiError, SignedStatement};
use serde_json::Value;
use std::collections::BTreeMap;

on_both_engines!(
    the_day_is_what_the_world_moved,
    a_month_of_statements_is_what_the_world_moved,
    a_day_that_is_not_over_has_no_statement,
    the_house_has_a_day,
);

async fn statement(app: &App, partner: PartnerId, day: Day) -> Result<SignedStatement, ApiError> {
    let engine = &app.app.engine;
    engine.statement(partner, Environment::Test, day).await
}

/// The key that partners check webhooks with.
fn check(app: &App, text: &str, signature: &str) {
    let keys = app.app.engine.public_keys();
    let key = keys.iter().find(|key| key.environment == Environment::Test);
    let key = key.unwrap().key.trim_start_matches("whpk_");
    let key = STANDARD.decode(key).unwrap();
    let key = VerifyingKey::from_bytes(&key.try_into().unwrap()).unwrap();
    let signature = STANDARD.decode(signature).unwrap();
    let signature = Signature::from_slice(&signature).unwrap();
    key.verify_strict(text.as_bytes(), &signature).unwrap();
    let other = text.replacen('0', "1", 1);
    assert!(key.verify_strict(other.as_bytes(), &signature).is_err());
}

/// Minor units of a decimal with two places.
fn minor(text: &Value) -> i128 {
    text.as_str().unwrap().replace('.', "").parse().unwrap()
}

async fn the_day_is_what_the_world_moved(app: &App) {
    let day = Day::of(app.clock.now());
    let buyer = Buyer::verified(app, "u1").await;
    buyer.pay(GOOD_CARD).await;
    let bought = buyer.until_step("completed").await;
    let (seller, address) = crate::sell::awaiting(app, GOOD_CARD).await;
    let deposit = crate::sell::deposit(app, &address, "100").await;
    let sold = seller.until_step("completed").await;
    let (refused, address) = crate::sell::awaiting(app, "4000000000000002").await;
    crate::sell::deposit(app, &address, "100").await;
    refused.until_step("failed").await;
    app.clock.skip(2 * 24 * 3_600);
    let shop = app.shop.partner.id;
    let made = statement(app, shop, day).await.unwrap();
    check(app, &made.json, &made.json_signature);
    check(app, &made.csv, &made.csv_signature);
    let json: Value = serde_json::from_str(&made.json).unwrap();
    let euros = &json["fiat"]["EUR"];
    assert_eq!(euros["captured"], bought["quote"]["total"]);
    assert_eq!(euros["paid_out"], sold["quote"]["total"]);
    assert_eq!(
        minor(&euros["captured"]),
        app.balance("psp:sandbox:EUR").await
    );
    assert_eq!(
        minor(&euros["paid_out"]),
        -app.balance("payout:sandbox:EUR").await
    );
    assert_eq!(euros["payable"], euros["partner_share"]);
    let coins = &json["crypto"]["USDT/TRC20"];
    assert_eq!(coins["delivered"], "100.00");
    assert_eq!(coins["received"], "200.00");
    assert_eq!(coins["returned"], "100.00");
    let lines = json["lines"].as_array().unwrap();
    let of = |kind: &str| lines.iter().find(|line| line["kind"] == kind).unwrap();
    assert_eq!(of("deposit")["hash"], deposit.as_str());
    assert_eq!(of("deliver")["hash"], bought["transfer"]["hash"]);
    assert_eq!(of("capture")["merchant_transaction_id"], buyer.id.as_str());
    assert_eq!(made.csv.lines().count(), lines.len() + 1);
    assert_eq!(
        statement(app, shop, day).await.unwrap(),
        made,
        "the same bytes"
    );
    let other = statement(app, app.wallet_partner.partner.id, day)
        .await
        .unwrap();
    let other: Value = serde_json::from_str(&other.json).unwrap();
    assert_eq!(other["lines"], serde_json::json!([]), "nobody else's");
}

/// What the processor's own report says that it moved, in minor units.
async fn reported(app: &App, path: &str) -> i128 {
    let answer = app.outside_read("cards.test", path).await;
    let lines = answer.json["lines"].as_array().unwrap().clone();
    let minor = |line: &Value| {
        line["amount"]["minor"]
            .as_str()
            .unwrap()
            .parse::<i128>()
            .unwrap()
    };
    lines.iter().map(minor).sum()
}

/// What the chain says that an address holds, in base units.
async fn holds(app: &App, address: &str, ticker: &str) -> i128 {
    let path = format!("chains/v1/TRC20/accounts/{address}");
    let account = app.outside_read("world.test", &path).await.json;
    account["balances"][ticker]
        .as_str()
        .unwrap_or("0")
        .parse()
        .unwrap()
}

/// Judged by the processor's reports and the chain alone, to the last unit.
async fn a_month_of_statements_is_what_the_world_moved(app: &App) {
    const DAYS: i64 = 30;
    const ORDERS: i64 = 15;
    let first = app.clock.now();
    let engine = &app.app.engine;
    let hot = engine.hot_wallet(Environment::Test, Network::Trc20).await;
    let hot = hot.unwrap();
    app.faucet(&hot, "TRX", "5000").await;
    let (coins, gas) = (
        holds(app, hot.as_str(), "USDT").await,
        holds(app, hot.as_str(), "TRX").await,
    );
    let mut deposited = 0;
    for n in 0..ORDERS {
        let mut body = crate::kit::good_session();
        body["amount"] = serde_json::json!(format!("{}.{:02}", 10 + n % 7, 3 * n));
        let buyer = Buyer::open_with(app, body).await;
        if buyer.view().await["step"] == "identity" {
            buyer.identify().await;
        }
        buyer.until_step("quote").await;
        assert_eq!(buyer.pay(GOOD_CARD).await.status, 200);
        buyer.until_step("completed").await;
        if n % 5 == 3 {
            let card = if n == 13 {
                "4000000000000002"
            } else {
                GOOD_CARD
            };
            let (seller, address) = crate::sell::awaiting(app, card).await;
            crate::sell::deposit(app, &address, "100").await;
            seller
                .until_step(if n == 13 { "failed" } else { "completed" })
                .await;
            deposited += 100_000_000;
        }
        // Every other day is empty.
        app.clock.skip(2 * 24 * 3_600);
    }
    app.clock.skip(24 * 3_600);
    let (mut captured, mut paid_out) = (0, 0);
    let (mut delivered, mut received, mut returned, mut burnt) = (0, 0, 0, 0);
    for n in 0..=DAYS {
        let day = Day::of(first.plus_seconds(n * 24 * 3_600));
        let made = statement(app, app.shop.partner.id, day).await.unwrap();
        let json: Value = serde_json::from_str(&made.json).unwrap();
        let euros = &json["fiat"]["EUR"];
        let coin = |value: &Value| value.as_str().map_or(0, micro);
        captured += euros["captured"]
            .as_str()
            .map_or(0, |_| minor(&euros["captured"]));
        paid_out += euros["paid_out"]
            .as_str()
            .map_or(0, |_| minor(&euros["paid_out"]));
        let usdt = &json["crypto"]["USDT/TRC20"];
        delivered += coin(&usdt["delivered"]);
        received += coin(&usdt["received"]);
        returned += coin(&usdt["returned"]);
        burnt += coin(&json["crypto"]["TRX/TRC20"]["network_fees"]);
    }
    assert_eq!(captured, reported(app, "v1/report?after=0").await);
    assert_eq!(paid_out, reported(app, "v1/payout-report?after=0").await);
    assert_eq!(received, deposited);
    let left = holds(app, hot.as_str(), "USDT").await;
    assert_eq!(delivered + returned, coins - left);
    assert_eq!(returned, 100_000_000);
    assert_eq!(burnt, gas - holds(app, hot.as_str(), "TRX").await);
}

/// Millionths of a decimal: what USDT and TRX count in.
fn micro(text: &str) -> i128 {
    let (whole, part) = text.split_once('.').unwrap();
    let whole: i128 = whole.parse().unwrap();
    whole * 1_000_000 + format!("{part:0<6}").parse::<i128>().unwrap()
}

async fn a_day_that_is_not_over_has_no_statement(app: &App) {
    let today = Day::of(app.clock.now());
    let shop = app.shop.partner.id;
    let refused = statement(app, shop, today).await.unwrap_err();
    assert_eq!(refused.field, Some("day"));
    let nobody = PartnerId::from_uuid(Default::default());
    let yesterday = Day::of(app.clock.now().plus_seconds(-48 * 3_600));
    assert!(statement(app, nobody, yesterday).await.is_err());
}

/// What the books have, told as the house tells it: by account, in base units.
async fn balances(app: &App) -> BTreeMap<String, i128> {
    let mut told: BTreeMap<String, i128> = BTreeMap::new();
    for one in app.app.engine.ledger_balances().await.unwrap() {
        let mut parts = one.key.splitn(3, ':');
        let account = match (parts.next(), parts.next(), parts.next()) {
            (Some(name @ ("customer" | "deposit")), Some(_), Some(unit)) => {
                format!("{name}:{unit}")
            }
            _ => one.key.clone(),
        };
        *told.entry(account).or_default() += one.amount;
    }
    told
}

/// In base units again, by the places that its text has.
fn base(account: &str, text: &str) -> i128 {
    let unit = account.rsplit(':').next().unwrap();
    let places = match unit.parse::<Asset>() {
        Ok(asset) => usize::from(asset.decimals()),
        Err(_) => 2,
    };
    let (whole, part) = text.split_once('.').unwrap_or((text, ""));
    format!("{whole}{part:0<places$}").parse().unwrap()
}

async fn house(person: &Person<'_>, day: Day) -> (Value, SignedStatement) {
    let path = format!("ledger/statements/{}", day.name());
    let answer = person.get(&path).await;
    assert_eq!(answer.status, 200, "{}", answer.text);
    let made: SignedStatement = serde_json::from_value(answer.json).unwrap();
    check(person.app, &made.json, &made.json_signature);
    check(person.app, &made.csv, &made.csv_signature);
    (serde_json::from_str(&made.json).unwrap(), made)
}

/// Every account from its opening to its closing, and nothing created: what is answered is the closings.
fn adds_up(house: &Value) -> BTreeMap<String, i128> {
    let (mut sums, mut closings) = (BTreeMap::<String, i128>::new(), BTreeMap::new());
    for one in house["accounts"].as_array().unwrap() {
        let account = one["account"].as_str().unwrap();
        let read = |value: &Value| base(account, value.as_str().unwrap());
        let moved = one["movements"].as_array().unwrap().iter();
        let moved: i128 = moved.map(|movement| read(&movement["amount"])).sum();
        let closing = read(&one["closing"]);
        assert_eq!(read(&one["opening"]) + moved, closing, "{one}");
        *sums
            .entry(one["unit"].as_str().unwrap().to_owned())
            .or_default() += closing;
        closings.insert(account.to_owned(), closing);
    }
    assert!(sums.values().all(|sum| *sum == 0), "{sums:?}");
    closings
}

fn without_nothing(balances: BTreeMap<String, i128>) -> BTreeMap<String, i128> {
    balances
        .into_iter()
        .filter(|(_, held)| *held != 0)
        .collect()
}

/// Of an account on a day; nothing where it is not told.
fn told<'a>(house: &'a Value, account: &str) -> &'a Value {
    let accounts = house["accounts"].as_array().unwrap();
    let found = accounts.iter().find(|one| one["account"] == account);
    found.unwrap_or(&Value::Null)
}

async fn the_house_has_a_day(app: &App) {
    let first = Day::of(app.clock.now());
    crate::console::completed(app, "u1").await;
    let morning = balances(app).await;
    app.clock.skip(24 * 3_600);
    let second = Day::of(app.clock.now());
    let buyer = crate::console::completed(app, "u2").await;
    let paid = buyer.view().await["quote"]["total"].clone();
    let evening = balances(app).await;
    app.clock.skip(24 * 3_600 + 900);
    let ann = Person::join(app, "ann", Role::Operator).await;
    let (day, made) = house(&ann, second).await;
    assert_eq!(day["format"], "proof.house/1");
    assert_eq!(without_nothing(adds_up(&day)), without_nothing(evening));
    // Last night's closing is this morning's opening, whichever is asked for first.
    let (before, _) = house(&ann, first).await;
    assert_eq!(
        without_nothing(adds_up(&before)),
        without_nothing(morning.clone())
    );
    for (account, held) in &morning {
        if *held != 0 {
            let opening = told(&day, account)["opening"].as_str().unwrap();
            assert_eq!(base(account, opening), *held, "{account}");
        }
    }
    // Partners are told as their own statements tell them.
    let own = statement(app, app.shop.partner.id, second).await.unwrap();
    let own: Value = serde_json::from_str(&own.json).unwrap();
    let partners = day["partners"].as_array().unwrap();
    assert_eq!(partners.len(), 1);
    let shop = app.shop.partner.id.to_string();
    assert_eq!(partners[0]["partner_id"], shop.as_str());
    assert_eq!(partners[0]["fiat"], own["fiat"]);
    assert_eq!(partners[0]["crypto"], own["crypto"]);
    assert_eq!(partners[0]["fiat"]["EUR"]["captured"], paid);
    assert!(
        made.csv
            .contains(&format!("EUR,captured,,{}\r\n", paid.as_str().unwrap()))
    );
    // The same bytes, also when both days are kept by then, and after an empty week.
    app.clock.skip(7 * 24 * 3_600);
    let ben = Person::join(app, "ben", Role::Owner).await;
    assert_eq!(house(&ben, second).await.1, made);
    let quiet = Day::of(app.clock.now()).before().before();
    let (empty, _) = house(&ben, quiet).await;
    assert_eq!(empty["partners"], serde_json::json!([]));
    assert_eq!(
        without_nothing(adds_up(&empty)),
        without_nothing(adds_up(&day))
    );
    assert_eq!(house(&ben, second).await.1, made);
    let live = format!("ledger/statements/{}?environment=live", second.name());
    let live = ben.get(&live).await;
    assert_eq!(live.status, 200, "{}", live.text);
    assert!(live.text.contains(r#"\"accounts\": []"#), "{}", live.text);
    let today = Day::of(app.clock.now()).name();
    for (day, status) in [(today.as_str(), 400), ("2026-13-01", 400)] {
        let refused = ben.get(&format!("ledger/statements/{day}")).await;
        assert_eq!(
            (refused.status, &refused.json["field"]),
            (status, &serde_json::json!("day"))
        );
    }
}
