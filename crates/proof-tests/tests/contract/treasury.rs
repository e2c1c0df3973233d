//! Hot wallets and prices, as operators look at them.

use crate::kit::App;
use crate::on_both_engines;
use crate::people::Person;
use proof_core::{Asset, Network, member::Role, money::Amount, partner::Environment};
use serde_json::{Value, json};

on_both_engines!(
    wallets_are_shown_as_nodes_and_books_have_them,
    what_the_owner_sends_is_booked_by_two,
    prices_are_those_of_the_day,
);

async fn wallet(person: &Person<'_>, currency: &str, network: &str) -> Value {
    let page = person.get("treasury").await;
    assert_eq!(page.status, 200, "{}", page.text);
    let wallets = page.json["wallets"].as_array().unwrap();
    let found = wallets
        .iter()
        .find(|one| one["currency"] == currency && one["network"] == network);
    found.unwrap().clone()
}

async fn wallets_are_shown_as_nodes_and_books_have_them(app: &App) {
    let ann = Person::join(app, "ann", Role::Operator).await;
    let usdt = wallet(&ann, "USDT", "TRC20").await;
    assert_eq!(usdt["free"], "1000.00");
    assert_eq!(usdt["on_chain"], "1000.00");
    assert_eq!(usdt["agrees"], true);
    assert_eq!(usdt["low"], true, "less than 5000");
    assert_eq!(usdt["takes_fees"], false);
    assert_eq!(wallet(&ann, "TRX", "TRC20").await["takes_fees"], true);
    // Coins that nobody booked.
    let owner = usdt["address"].as_str().unwrap();
    let body = json!({ "address": owner, "currency": "USDT", "amount": "7" });
    assert_eq!(
        app.world("wallet/v1/TRC20/transfers", body).await.status,
        200
    );
    let differs = || async {
        let usdt = wallet(&ann, "USDT", "TRC20").await;
        (usdt["agrees"] == false).then_some(usdt)
    };
    let usdt = app.until("the node has them", differs).await;
    assert_eq!(usdt["on_chain"], "1007.00");
    assert_eq!(usdt["free"], "1000.00");
    let live = ann.get("treasury?environment=live").await;
    let wallets = &live.json["wallets"];
    assert_eq!(wallets, &json!([]), "this server moves no real money");
    assert_eq!(
        ann.get("rates?environment=live").await.json["rates"],
        json!([])
    );
    let unknown = ann.get("treasury?environment=moon").await;
    assert_eq!(unknown.json["field"], "environment");
}

async fn what_the_owner_sends_is_booked_by_two(app: &App) {
    let ann = Person::join(app, "ann", Role::Operator).await;
    let bob = Person::join(app, "bob", Role::Owner).await;
    let before = wallet(&ann, "USDT", "TRC20").await;
    assert_eq!(before["is_watched"], false);
    let watch = json!({ "environment": "test", "network": "TRC20" });
    assert_eq!(ann.act("treasury/watch", watch.clone()).await.status, 204);
    assert_eq!(ann.act("treasury/watch", watch).await.status, 204, "again");
    assert_eq!(wallet(&ann, "USDT", "TRC20").await["is_watched"], true);

    let engine = &app.app.engine;
    let owner = engine.hot_wallet(Environment::Test, Network::Trc20).await;
    let hash = crate::sell::deposit(app, owner.unwrap().as_str(), "50").await;
    let held = || async {
        let page = ann
            .act("treasury/look", json!({ "environment": "test" }))
            .await;
        let arrival = page.json["arrivals"][0].clone();
        (arrival["state"] == "held").then_some(arrival)
    };
    let arrival = app.until("the coins are final", held).await;
    assert_eq!(arrival["amount"], "50.00");
    assert_eq!(arrival["hash"], json!(hash));
    assert_eq!(app.balance("suspense:USDT/TRC20").await, -50_000_000);

    let path = format!("treasury/arrivals/{}/own", arrival["id"].as_str().unwrap());
    let empty = ann.act(&path, json!({ "reason": "" })).await;
    assert_eq!(empty.json["field"], "reason");
    // The books have nothing in cold storage that it could be.
    let cold = json!({ "reason": "the vault's", "cold": true });
    assert_eq!(ann.act(&path, cold).await.refusal().2, "wrong_state");
    let ours = json!({ "reason": "sent from the cold wallet" });
    assert_eq!(ann.act(&path, ours.clone()).await.json["ruled"], "proposed");
    let alone = ann.act(&path, ours.clone()).await;
    assert_eq!(alone.refusal().2, "wrong_state");
    let shown = bob.get("treasury").await.json["arrivals"][0]["proposed"].clone();
    assert_eq!(shown, "own by ann: sent from the cold wallet");
    assert_eq!(bob.act(&path, ours.clone()).await.json["ruled"], "done");
    let usdt = wallet(&ann, "USDT", "TRC20").await;
    assert_eq!(
        (&usdt["free"], &usdt["agrees"]),
        (&json!("1050.00"), &json!(true))
    );
    assert_eq!(bob.get("treasury").await.json["arrivals"], json!([]));
    let twice = bob.act(&path, ours).await;
    assert_eq!(twice.refusal().2, "wrong_state");
}

/// Where the network's fee is more than half of it; and what the refusal names is enough.
async fn what_is_not_worth_moving_gets_no_price(ann: &Person<'_>, start: &str) {
    let price = async |amount: &str| {
        let rest = format!("asset=USDT%2FTRC20&amount={amount}&fiat_currency=EUR");
        ann.get(&format!("{start}&{rest}")).await
    };
    let answer = price("0.01").await;
    assert_eq!(answer.refusal(), (409, "conflict", "amount_too_small"));
    let message = answer.json["message"].as_str().unwrap();
    let least = message.split("at least ").nth(1).unwrap();
    let usdt: Asset = "USDT/TRC20".parse().unwrap();
    let least = Amount::parse(usdt, least.split(' ').next().unwrap()).unwrap();
    for (percent, status) in [(101, 200), (99, 409)] {
        let part = Amount::new(usdt, least.base() * percent / 100);
        let answer = price(&part.to_decimal()).await;
        assert_eq!(answer.status, status, "{}", answer.text);
    }
}

async fn prices_are_those_of_the_day(app: &App) {
    let ann = Person::join(app, "ann", Role::Operator).await;
    let page = ann.get("rates").await.json;
    let rates = page["rates"].as_array().unwrap();
    let usdt = rates
        .iter()
        .find(|one| one["currency"] == "USDT" && one["fiat_currency"] == "EUR")
        .unwrap();
    assert_eq!(usdt["state"], "fresh");
    assert!(usdt["price"].as_str().unwrap().starts_with("0."), "{usdt}");
    let fees = page["fees"].as_array().unwrap();
    assert!(fees.iter().all(|fee| fee["fee"].is_string()), "{page}");

    let shop = app.shop.partner.id;
    let ask = |rest: &str| format!("rates/check?partner={shop}&{rest}");
    let price = ann
        .get(&ask(
            "side=buy&asset=USDT%2FTRC20&amount=100&fiat_currency=EUR",
        ))
        .await;
    assert_eq!(price.status, 200, "{}", price.text);
    let minor = |text: &Value| {
        let digits = text.as_str().unwrap().replace('.', "");
        digits.parse::<i64>().unwrap()
    };
    let lines = price.json["lines"].as_array().unwrap();
    let sum: i64 = lines.iter().map(|line| minor(&line["amount"])).sum();
    assert_eq!(sum, minor(&price.json["total"]), "{}", price.text);
    assert!(minor(&price.json["mid"]) < minor(&price.json["total"]));
    for (rest, field) in [
        ("side=buy&asset=USDT%2FTRC20&fiat_currency=EUR", "amount"),
        (
            "side=hold&asset=USDT%2FTRC20&amount=1&fiat_currency=EUR",
            "side",
        ),
        ("side=buy&asset=GOLD&amount=1&fiat_currency=EUR", "asset"),
        (
            "side=buy&asset=USDT%2FTRC20&amount=0&fiat_currency=EUR",
            "amount",
        ),
        (
            "side=buy&asset=USDT%2FTRC20&amount=1e9&fiat_currency=EUR",
            "amount",
        ),
        (
            "side=buy&asset=USDT%2FTRC20&amount=1&fiat_currency=XXX",
            "fiat_currency",
        ),
    ] {
        let answer = ann.get(&ask(rest)).await;
        assert_eq!(answer.json["field"], field, "{rest}: {}", answer.text);
    }
    for side in ["buy", "sell"] {
        let start = ask(&format!("side={side}"));
        what_is_not_worth_moving_gets_no_price(&ann, &start).await;
    }
    // The provider's prices stand still: what is too old is not used, and the page says so.
    let away = std::iter::repeat_n(("rates/v1", crate::world::Fault::Html), 200);
    app.outside.faults.lock().unwrap().extend(away);
    let page = ann.get("rates").await.json;
    let states = page["rates"].as_array().unwrap();
    assert!(states.iter().all(|one| one["state"] == "missing"), "{page}");
    let refused = ann
        .get(&ask(
            "side=buy&asset=USDT%2FTRC20&amount=100&fiat_currency=EUR",
        ))
        .await;
    assert_eq!(refused.status, 502, "{}", refused.text);
}
