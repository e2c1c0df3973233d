//! What the console's charts show: money by day, and how fast a webhook takes events.

use crate::buyer::GOOD_CARD;
use crate::console::completed;
use crate::kit::App;
use crate::on_both_engines;
use crate::people::Person;
use crate::sell::{awaiting, deposit};
use proof_core::{asset::Fiat, member::Role, money::Money};
use serde_json::{Value, json};

on_both_engines!(
    money_is_added_up_by_day_and_side_for_whoever_may_see_it,
    a_webhook_says_how_long_events_took,
);

fn eur(amount: &Value) -> u128 {
    Money::parse(Fiat::Eur, amount.as_str().unwrap())
        .unwrap()
        .minor()
}

async fn money_is_added_up_by_day_and_side_for_whoever_may_see_it(app: &App) {
    let ann = Person::join(app, "ann", Role::Support).await;
    let carol = Person::join(app, "carol", Role::PartnerDeveloper).await;
    let others = Some(app.wallet_partner.partner.id);
    let dora = Person::join_of(app, "dora", Role::PartnerDeveloper, others).await;
    let nothing = ann.get("overview/volume").await;
    assert_eq!(nothing.json["fiats"], json!([]), "{}", nothing.text);
    let (seller, address) = awaiting(app, GOOD_CARD).await;
    deposit(app, &address, "100").await;
    seller.until_status("completed").await;
    completed(app, "user-2").await;
    completed(app, "user-3").await;
    let orders = ann.get("orders?status=completed").await.json["data"].clone();
    let of = |side: &str| -> u128 {
        let orders = orders.as_array().unwrap().iter();
        let own = orders.filter(|order| order["side"] == side);
        own.map(|order| eur(&order["fiat_amount"])).sum()
    };
    let shown = ann.get("overview/volume").await;
    let volume = &shown.json["fiats"][0];
    assert_eq!(shown.json["whole"], true, "{}", shown.text);
    assert_eq!(
        (&volume["currency"], &shown.json["fiats"][1]),
        (&json!("EUR"), &Value::Null)
    );
    for (side, name, count) in [("buy", "buys", 2), ("sell", "sells", 1)] {
        let moved = &volume[name];
        assert_eq!(
            (eur(&moved["amount"]), &moved["orders"]),
            (of(side), &json!(count)),
            "{side}: {}",
            shown.text
        );
        let days = volume["daily"].as_array().unwrap();
        let each: u128 = days.iter().map(|day| eur(&day[name]["amount"])).sum();
        assert_eq!((days.len(), each), (14, of(side)));
    }
    assert!(of("buy") > of("sell") && of("sell") > 0);
    assert_eq!(eur(&volume["total"]["amount"]), of("buy") + of("sell"));
    // Their own people see the same, others' nothing, and of the other world there is none.
    let theirs = carol.get("overview/volume").await.json;
    assert_eq!(theirs["fiats"], shown.json["fiats"]);
    assert_eq!(dora.get("overview/volume").await.json["fiats"], json!([]));
    let live = ann.get("overview/volume?environment=live").await;
    assert_eq!(live.json["fiats"], json!([]), "{}", live.text);
}

async fn a_webhook_says_how_long_events_took(app: &App) {
    let carol = Person::join(app, "carol", Role::PartnerDeveloper).await;
    let path = format!("partners/{}/webhook/pace", app.shop.partner.id);
    let before = carol.get(&path).await;
    assert_eq!(
        (&before.json["events"], &before.json["median_ms"]),
        (&json!(0), &Value::Null),
        "{}",
        before.text
    );
    app.outside.receiver.script.lock().unwrap().push_back(500);
    completed(app, "user-1").await;
    let pace = app.until("both events were accepted", || async {
        let pace = carol.get(&path).await.json;
        (pace["accepted"] == 2).then_some(pace)
    });
    let pace = pace.await;
    assert_eq!(
        (&pace["events"], &pace["retried"], &pace["gave_up"]),
        (&json!(2), &json!(1), &json!(0)),
        "{pace}"
    );
    // The one that was refused went again after its pause.
    let (median, most) = (pace["median_ms"].as_i64(), pace["p95_ms"].as_i64());
    assert!(most >= Some(2_000) && median <= most, "{pace}");
    let days = pace["daily"].as_array().unwrap();
    let events: u64 = days.iter().map(|day| day["events"].as_u64().unwrap()).sum();
    assert_eq!((days.len(), events), (14, 2));
    // Who has no webhook has no events, and nobody sees another partner's.
    let ann = Person::join(app, "ann", Role::Support).await;
    let without = app.partner("without", None).await.partner.id;
    let none = ann.get(&format!("partners/{without}/webhook/pace")).await;
    assert_eq!((none.status, &none.json["events"]), (200, &json!(0)));
    let foreign = carol.get(&format!("partners/{without}/webhook/pace")).await;
    assert_eq!(foreign.status, 404);
}
