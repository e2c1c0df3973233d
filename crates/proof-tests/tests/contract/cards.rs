//! Cards that customers let us keep.

use crate::buyer::Buyer;
use crate::kit::{Answer, App};
use crate::on_both_engines;
use proof_core::{
    Clock,
    card::{Card, CardExpiry, CardStored},
    id::CardId,
};
use proof_store::{Engine as Database, Failure, Tx};
use serde_json::{Value, json};
use sqlx::AssertSqlSafe;

on_both_engines!(
    a_card_is_kept_when_its_customer_wants_it_and_paid_with_again,
    a_card_of_a_payment_that_failed_is_not_kept,
    a_kept_card_is_its_customers_alone,
    a_card_goes_when_its_customer_says_so_and_with_its_last_month,
    the_sixth_card_takes_the_place_of_the_oldest,
);

const VISA: &str = "4242424242424242";

/// Of somebody who was checked before.
async fn again<'a>(app: &'a App, user: &str) -> Buyer<'a> {
    let buyer = Buyer::open(app, user, &format!("{user}@example.com")).await;
    buyer.until_step("quote").await;
    buyer
}

async fn pay_and_keep(buyer: &Buyer<'_>, number: &str) -> Answer {
    let card_token = buyer.card_token(number).await;
    let quote = buyer.quote().await;
    let body = json!({ "card_token": card_token, "quote_id": quote, "keep_card": true });
    let paid = buyer.post("payments", body).await;
    assert_eq!(paid.status, 200, "{}", paid.text);
    paid
}

/// One order of a customer who lets us keep the card; it is there when the next one asks.
async fn kept(app: &App, user: &str, number: &str) -> Value {
    let buyer = Buyer::verified(app, user).await;
    kept_by(app, &buyer, user, number).await
}

async fn kept_by(app: &App, buyer: &Buyer<'_>, user: &str, number: &str) -> Value {
    assert_eq!(buyer.view().await["may_keep_card"], true);
    pay_and_keep(buyer, number).await;
    buyer.until_step("completed").await;
    let last4 = &number[number.len() - 4..];
    let next = again(app, user).await;
    let there = || async {
        let cards = next.view().await["cards"].as_array().unwrap().clone();
        cards.into_iter().find(|card| card["last4"] == last4)
    };
    app.until("the card is kept", there).await
}

/// What the provider's field gives for a key and a security code.
async fn token_of(app: &App, key: &Value, cvc: &str) -> Answer {
    app.cards("fields/v1/tokens", json!({ "key": key, "cvc": cvc }))
        .await
}

async fn key_of(buyer: &Buyer<'_>, card: &Value) -> Answer {
    let path = format!("cards/{}/key", card["id"].as_str().unwrap());
    buyer.post(&path, json!({})).await
}

async fn remove(buyer: &Buyer<'_>, card: &Value) -> Answer {
    let path = format!("cards/{}/remove", card["id"].as_str().unwrap());
    buyer.post(&path, json!({})).await
}

async fn a_card_is_kept_when_its_customer_wants_it_and_paid_with_again(app: &App) {
    let card = kept(app, "ada", VISA).await;
    assert_eq!(
        (&card["brand"], &card["last4"], &card["expires"]),
        (&json!("visa"), &json!("4242"), &json!("12/30"))
    );
    assert!(
        card.as_object().unwrap().len() == 4,
        "nothing that is worth money leaves: {card}"
    );
    let buyer = again(app, "ada").await;
    let key = key_of(&buyer, &card).await;
    assert_eq!(key.status, 200, "{}", key.text);
    let without = token_of(app, &key.json["key"], "").await;
    assert_eq!(without.json["code"], "invalid_cvc", "{}", without.text);
    let token = token_of(app, &key.json["key"], "123").await;
    assert_eq!(token.status, 201, "{}", token.text);
    let quote = buyer.quote().await;
    // Kept once, however often it is asked for.
    let body = json!({ "card_token": token.json["token"], "quote_id": quote, "keep_card": true });
    let paid = buyer.post("payments", body).await;
    assert_eq!(paid.status, 200, "{}", paid.text);
    let done = buyer.until_step("completed").await;
    assert_eq!(done["payment"]["card"]["last4"], "4242");
    assert_eq!(
        done["cards"],
        json!([]),
        "where nothing is asked for nothing is offered"
    );
    let last = again(app, "ada").await;
    assert_eq!(last.view().await["cards"], json!([card]));
    // What was wanted is done with: nothing brings the card back after its owner has removed it.
    let done = || async { (rows(app, "card_wishes").await == 0).then_some(()) };
    app.until("both wishes are done", done).await;
}

async fn a_card_of_a_payment_that_failed_is_not_kept(app: &App) {
    let buyer = Buyer::verified(app, "ada").await;
    pay_and_keep(&buyer, "4000000000009995").await;
    let told = || async {
        buyer.view().await["payment"]["declined"]
            .is_string()
            .then_some(())
    };
    app.until("it is declined", told).await;
    // The one that is paid with is not the one that they wanted to be kept.
    let paid = buyer.pay(VISA).await;
    assert_eq!(paid.status, 200, "{}", paid.text);
    buyer.until_step("completed").await;
    // Whoever looks at this order's payments has looked when those of a later one were looked at.
    let other = again(app, "ada").await;
    kept_by(app, &other, "ada", "5555555555554444").await;
    let next = again(app, "ada").await;
    let cards = next.view().await["cards"].as_array().unwrap().len();
    assert_eq!(cards, 1);
}

async fn a_kept_card_is_its_customers_alone(app: &App) {
    let card = kept(app, "ada", VISA).await;
    let bob = Buyer::verified(app, "bob").await;
    assert_eq!(bob.view().await["cards"], json!([]));
    assert_eq!(key_of(&bob, &card).await.refusal().2, "not_found");
    assert_eq!(remove(&bob, &card).await.refusal().2, "not_found");
    let nobodys = json!({ "id": "crd_00000000000000000000000000000000" });
    assert_eq!(key_of(&bob, &nobodys).await.refusal().2, "not_found");
    // Nor is it of any use where no payment is asked for.
    let ada = again(app, "ada").await;
    ada.post("cancel", json!({})).await;
    assert_eq!(key_of(&ada, &card).await.refusal().2, "wrong_state");
}

async fn a_card_goes_when_its_customer_says_so_and_with_its_last_month(app: &App) {
    let card = kept(app, "ada", VISA).await;
    let buyer = again(app, "ada").await;
    let key = key_of(&buyer, &card).await;
    let removed = remove(&buyer, &card).await;
    assert_eq!(removed.status, 200, "{}", removed.text);
    assert_eq!(removed.json["cards"], json!([]));
    let late = token_of(app, &key.json["key"], "123").await;
    assert_eq!(
        late.json["code"], "key_invalid",
        "the provider has forgotten it, too"
    );
    let anew = again(app, "ada").await;
    kept_by(app, &anew, "ada", VISA).await;
    // Five years later it is not offered, and soon after forgotten.
    app.clock.skip(5 * 366 * 86_400);
    let later = Buyer::verified(app, "ada").await;
    assert_eq!(later.view().await["cards"], json!([]));
    let gone = || async { (rows(app, "cards").await == 0).then_some(()) };
    app.until("it is forgotten", gone).await;
}

/// There are not so many test cards that can be paid with, so those before it are put there by hand.
async fn the_sixth_card_takes_the_place_of_the_oldest(app: &App) {
    kept(app, "ada", VISA).await;
    let buyer = again(app, "ada").await;
    let (id, now) = (buyer.order(), app.clock.now());
    app.db
        .write("cards_put", move |tx: &mut Tx| {
            Box::pin(async move {
                let order = tx.order_work(id).await?.unwrap().order;
                let customer = order.customer;
                let row = tx.customer_load(order.partner, customer).await?.unwrap();
                let person = row.person.unwrap();
                for n in 1..=4_u8 {
                    let card = Card {
                        id: CardId::from_uuid(uuid::Uuid::from_u128(n.into())),
                        order: id,
                        stored: CardStored {
                            reference: format!("stored_{n}"),
                            brand: "visa".to_owned(),
                            last4: format!("000{n}"),
                            fingerprint: n.to_string(),
                            expires: CardExpiry::new(2099, n).unwrap(),
                        },
                        kept_at: now.plus_seconds(n.into()),
                    };
                    tx.card_save((customer, person), &card).await?;
                }
                Ok::<_, Failure<std::convert::Infallible>>(())
            })
        })
        .await
        .unwrap();
    let shown = async |last4: &str| {
        let cards = buyer.view().await["cards"].as_array().unwrap().clone();
        (cards.len(), cards.iter().any(|card| card["last4"] == last4))
    };
    assert_eq!(shown("4242").await, (5, true));
    let mastercard = "5555555555554444";
    app.clock.skip(10);
    let other = again(app, "ada").await;
    pay_and_keep(&other, mastercard).await;
    other.until_step("completed").await;
    let there = || async { (shown("4444").await == (5, true)).then_some(()) };
    app.until("the new one is kept", there).await;
    assert_eq!(shown("4242").await, (5, false), "it was the oldest");
}

async fn rows(app: &App, table: &str) -> i64 {
    let sql = AssertSqlSafe(format!("SELECT count(*) FROM {table}"));
    match app.db.engine() {
        Database::Sqlite { readers, .. } => sqlx::query_scalar(sql).fetch_one(readers).await,
        Database::Postgres(pool) => sqlx::query_scalar(sql).fetch_one(pool).await,
    }
    .unwrap()
}
