//! Who a partner is: its name, whom one asks, and where what its users buy goes.

use crate::buyer::Buyer;
use crate::kit::{App, as_partner, good_session};
use crate::live::opened;
use crate::on_both_engines;
use crate::people::Person;
use http::Method;
use proof_core::{member::Role, partner::Environment};
use proof_engine::PartnerCreated;
use serde_json::{Value, json};

on_both_engines!(
    a_new_name_is_what_users_read,
    what_cannot_be_meant_is_refused,
    of_two_at_once_one_is_told,
    another_type_takes_its_wallets,
    live_keeps_its_type,
);

fn path(partner: &PartnerCreated) -> String {
    format!("partners/{}/about", partner.partner.id)
}

/// What is there, as a page would send it back unchanged.
async fn form(person: &Person<'_>, partner: &PartnerCreated) -> Value {
    let page = person
        .get(&format!("partners/{}", partner.partner.id))
        .await;
    assert_eq!(page.status, 200, "{}", page.text);
    let mut form = json!({});
    for name in ["name", "kind", "contact_email"] {
        form[name] = page.json[name].clone();
    }
    form["before"] = form.clone();
    form
}

fn with(form: &Value, name: &str, value: &str) -> Value {
    let mut form = form.clone();
    form[name] = json!(value);
    form
}

/// Newest first.
async fn deeds(person: &Person<'_>) -> Vec<Value> {
    let page = person.get("audit?act=partner.change").await;
    page.json["data"].as_array().unwrap().clone()
}

async fn a_new_name_is_what_users_read(app: &App) {
    let ann = Person::join(app, "ann", Role::Operator).await;
    let cat = Person::join(app, "cat", Role::PartnerAdmin).await;
    let path = path(&app.shop);
    let buyer = Buyer::open(app, "user-1", "u@example.com").await;
    // Their own people say whom one asks, and no more.
    let form_cat = form(&cat, &app.shop).await;
    let contact = with(&form_cat, "contact_email", "new@shop.example");
    let saved = cat.act(&path, contact).await;
    assert_eq!(saved.json["contact_email"], "new@shop.example");
    for (name, value) in [("name", "Great Bank"), ("kind", "user_wallet")] {
        let wanted = with(&form(&cat, &app.shop).await, name, value);
        let refused = cat.act(&path, wanted).await;
        assert_eq!(refused.status, 403, "{name}: {}", refused.text);
        assert_eq!(refused.json["code"], "not_allowed");
    }
    // The operator had the page of before: the contact is not taken back by accident.
    let stale = ann.act(&path, with(&form_cat, "name", "Blue Shop")).await;
    assert_eq!(stale.refusal().0, 409, "{}", stale.text);
    assert!(stale.text.contains("changed meanwhile"), "{}", stale.text);
    let wanted = with(&form(&ann, &app.shop).await, "name", " Blue Shop ");
    assert_eq!(ann.act(&path, wanted.clone()).await.status, 200);
    assert_eq!(buyer.view().await["partner"], "Blue Shop");
    let names = ann.get("partners/names").await;
    assert!(names.text.contains("Blue Shop"), "{}", names.text);
    // A press more than enough is no deed more.
    assert_eq!(ann.act(&path, wanted).await.status, 200);
    let deeds = deeds(&ann).await;
    assert_eq!(deeds.len(), 2, "{deeds:?}");
    let told = ann
        .get(&format!("audit/{}", deeds[0]["number"]))
        .await
        .json
        .clone();
    assert_eq!(told["by"], "ann", "{told}");
    assert_eq!(told["before"]["name"], app.shop.partner.name);
    assert_eq!(told["before"]["contact_email"], "new@shop.example");
    assert_eq!(told["after"]["name"], "Blue Shop");
}

async fn what_cannot_be_meant_is_refused(app: &App) {
    let ann = Person::join(app, "ann", Role::Operator).await;
    let form = form(&ann, &app.shop).await;
    for (field, value) in [
        ("name", ""),
        ("name", "  "),
        ("name", "a\u{1b}[2Jb"),
        ("name", "Shop \u{202e}knaB"),
        ("name", &"x".repeat(101)),
        ("name", &app.wallet_partner.partner.name),
        ("contact_email", "foo"),
        ("contact_email", &format!("{}@x.example", "x".repeat(254))),
        ("kind", "bank"),
    ] {
        let refused = ann.act(&path(&app.shop), with(&form, field, value)).await;
        assert_eq!(
            (refused.status, &refused.json["field"]),
            (400, &json!(field)),
            "{value:?}: {}",
            refused.text
        );
    }
    let mut idle = with(&form, "name", "Blue Shop");
    idle["wallets"] =
        json!([{ "pair": "USDT/TRC20", "address": "TJRabPrwbZy45sbavfcjinPJC18kjpRTv8" }]);
    let refused = ann.act(&path(&app.shop), idle).await;
    assert_eq!(refused.json["field"], "wallets", "{}", refused.text);
    assert_eq!(deeds(&ann).await.len(), 0);
}

async fn of_two_at_once_one_is_told(app: &App) {
    let ann = Person::join(app, "ann", Role::Operator).await;
    let ben = Person::join(app, "ben", Role::Owner).await;
    let seen = form(&ann, &app.shop).await;
    let path_shop = path(&app.shop);
    let (one, two) = tokio::join!(
        ann.act(&path_shop, with(&seen, "name", "Blue Shop")),
        ben.act(&path_shop, with(&seen, "name", "Red Shop")),
    );
    let mut both = [one.status, two.status];
    both.sort_unstable();
    assert_eq!(both, [200, 409], "{} {}", one.text, two.text);
    // One name for two partners, at the same moment.
    let (shop, other) = (
        form(&ann, &app.shop).await,
        form(&ann, &app.wallet_partner).await,
    );
    let path_other = path(&app.wallet_partner);
    let (one, two) = tokio::join!(
        ann.act(&path_shop, with(&shop, "name", "Green Shop")),
        ben.act(&path_other, with(&other, "name", "Green Shop")),
    );
    let mut both = [one.status, two.status];
    both.sort_unstable();
    assert_eq!(both, [200, 400], "{} {}", one.text, two.text);
}

/// An address with a good checksum for each pair; whose it is does not matter here.
async fn wallets_of(app: &App, partner: &PartnerCreated) -> Vec<Value> {
    let mut wallets = Vec::new();
    for pair in &partner.partner.policy.pairs {
        let (engine, network) = (&app.app.engine, pair.asset.network());
        let address = engine.hot_wallet(Environment::Test, network).await.unwrap();
        wallets.push(json!({ "pair": pair.asset.to_string(), "address": address.as_str() }));
    }
    wallets
}

async fn another_type_takes_its_wallets(app: &App) {
    let ann = Person::join(app, "ann", Role::Operator).await;
    let mover = app.partner("Mover", None).await;
    let path = path(&mover);
    let session = || {
        let body = good_session().to_string();
        app.call(as_partner(
            &mover,
            Method::POST,
            "/widget/session",
            body.into(),
        ))
    };
    assert_eq!(session().await.json["field"], "address");
    let mut wanted = with(&form(&ann, &mover).await, "kind", "treasury");
    let bare = ann.act(&path, wanted.clone()).await;
    assert_eq!(
        (bare.status, &bare.json["field"]),
        (400, &json!("wallets")),
        "{}",
        bare.text
    );
    let wallets = wallets_of(app, &mover).await;
    wanted["wallets"] = json!(wallets);
    let done = ann.act(&path, wanted).await;
    assert_eq!(done.json["kind"], "treasury", "{}", done.text);
    // From now on it is the partner's own wallet, and an order that has begun keeps to it.
    let made = app
        .until("the new type is known", || async {
            let made = session().await;
            (made.status == 200).then_some(made.json)
        })
        .await;
    let page = ann
        .get(&format!("partners/{}", mover.partner.id))
        .await
        .json;
    assert_eq!(page["wallets"].as_array().unwrap().len(), wallets.len());
    let back = with(&form(&ann, &mover).await, "kind", "user_wallet");
    let busy = ann.act(&path, back.clone()).await;
    assert_eq!(busy.status, 409, "{}", busy.text);
    assert!(busy.text.contains("under way"), "{}", busy.text);
    // Its name may change meanwhile.
    let renamed = with(&form(&ann, &mover).await, "name", "Moving");
    assert_eq!(ann.act(&path, renamed).await.status, 200);
    let order = made["merchant_transaction_id"].as_str().unwrap();
    let order = format!("orders?query={order}");
    app.clock.skip(2 * 3_600);
    // Nobody is signed in for so long.
    let ann = Person::join(app, "bea", Role::Operator).await;
    app.until("its hour is over", || async {
        let found = ann.get(&order).await.json;
        (found["data"][0]["status"] == "failed").then_some(())
    })
    .await;
    let back = with(&form(&ann, &mover).await, "kind", "user_wallet");
    let done = ann.act(&path, back).await;
    assert_eq!(done.json["kind"], "user_wallet", "{}", done.text);
    let page = ann
        .get(&format!("partners/{}", mover.partner.id))
        .await
        .json;
    assert_eq!(page["wallets"], json!([]));
    let told = &deeds(&ann).await[0];
    let told = ann.get(&format!("audit/{}", told["number"])).await.json;
    assert_eq!(
        told["before"]["wallets"].as_array().unwrap().len(),
        wallets.len(),
        "{told}"
    );
}

async fn live_keeps_its_type(app: &App) {
    let app = &app.rehearsing().await;
    let alice = Person::join(app, "alice", Role::Owner).await;
    let bob = Person::join(app, "bob", Role::Operator).await;
    opened(app, &alice, &bob).await;
    let seen = form(&bob, &app.shop).await;
    let refused = bob
        .act(&path(&app.shop), with(&seen, "kind", "user_wallet"))
        .await;
    assert_eq!(refused.status, 409, "{}", refused.text);
    assert!(refused.text.contains("has live"), "{}", refused.text);
    let renamed = bob
        .act(&path(&app.shop), with(&seen, "name", "Blue Shop"))
        .await;
    assert_eq!(renamed.status, 200, "{}", renamed.text);
    app.halt().await;
}
