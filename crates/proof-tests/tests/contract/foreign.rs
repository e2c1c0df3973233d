//! What is another partner's, asked for by its id: the answer is that of an id which nobody has.

use crate::console::completed;
use crate::kit::{App, with_token};
use crate::on_both_engines;
use crate::people::Person;
use crate::reviewing::waiting;
use axum::body::Body;
use http::Method;
use proof_core::{Clock, member::Role, statement::Day};
use serde_json::json;

on_both_engines!(a_partners_people_read_nothing_of_another_by_its_id);

/// Ids of every kind that nobody has.
const NOBODY: &str = "0192f0a1-0000-7000-8000-000000000001";
const NO_PARTNER: &str = "prt_01a205d764457da8b9dd58caedbfa33b";
const NO_PLAY: &str = "ply_0192f0a1000070008000000000000001";
const NO_DELIVERY: &str = "whd_0192f0a1000070008000000000000001";

/// One of each, of the shop.
struct Things {
    order: String,
    case: String,
    check: String,
    delivery: String,
    play: String,
    day: String,
}

async fn things(app: &App) -> Things {
    let (ann, ben) = (
        Person::join(app, "ann", Role::Operator).await,
        Person::join(app, "ben", Role::Operator).await,
    );
    let day = Day::of(app.clock.now()).name();
    let order = completed(app, "user-1").await.id;
    let refund = json!({ "amount": "10.00", "reason": "they asked" });
    for one in [&ann, &ben] {
        let path = format!("orders/{order}/refund");
        assert_eq!(one.act(&path, refund.clone()).await.status, 200);
    }
    let page = ann.get(&format!("orders/{order}")).await.json;
    let case = page["cases"][0]["case"].as_str().unwrap().to_owned();
    let (_, check) = waiting(app, "user-2", &ann).await;
    let told = || async {
        let path = format!("/widget/webhook/deliveries?order={order}");
        let page = app.get(&path).await;
        page.json["data"][0]["id"].as_str().map(str::to_owned)
    };
    let delivery = app.until("the webhook is told", told).await;
    let started = app
        .shop(
            Method::POST,
            "/widget/sandbox/scenarios/sell-expires",
            Body::empty(),
        )
        .await;
    assert_eq!(started.status, 202, "{}", started.text);
    let play = started.json["id"].as_str().unwrap().to_owned();
    app.clock.skip(2 * 24 * 3_600);
    // They are there, for those whose they are.
    let lea = Person::join(app, "lea", Role::Operator).await;
    for path in [
        format!("orders/{order}"),
        format!("cases/{case}"),
        format!("identity/{check}"),
        format!("partners/{}/deliveries/{delivery}", app.shop.partner.id),
        format!("partners/{}/statements/{day}", app.shop.partner.id),
    ] {
        let own = lea.get(&path).await;
        assert_eq!(own.status, 200, "{path}: {}", own.text);
    }
    Things {
        order,
        case,
        check,
        delivery,
        play,
        day,
    }
}

async fn a_partners_people_read_nothing_of_another_by_its_id(app: &App) {
    let things = things(app).await;
    let (own, foreign) = (app.wallet_partner.partner.id, app.shop.partner.id);
    let eve = Person::join_of(app, "eve", Role::PartnerAdmin, Some(own)).await;
    let Things {
        order,
        case,
        check,
        delivery,
        play,
        day,
    } = &things;
    let pairs = [
        (format!("orders/{order}"), format!("orders/{NOBODY}")),
        (format!("cases/{case}"), format!("cases/{NOBODY}")),
        (format!("identity/{check}"), format!("identity/{NOBODY}")),
        (
            format!("identity/{check}/pictures/0"),
            format!("identity/{NOBODY}/pictures/0"),
        ),
        (
            format!("identity/{check}/findings"),
            format!("identity/{NOBODY}/findings"),
        ),
        (
            format!("partners/{own}/deliveries/{delivery}"),
            format!("partners/{own}/deliveries/{NO_DELIVERY}"),
        ),
        (
            format!("partners/{foreign}/deliveries/{delivery}"),
            format!("partners/{NO_PARTNER}/deliveries/{delivery}"),
        ),
        (
            format!("partners/{foreign}/statements/{day}"),
            format!("partners/{NO_PARTNER}/statements/{day}"),
        ),
        (
            format!("partners/{foreign}/sandbox"),
            format!("partners/{NO_PARTNER}/sandbox"),
        ),
        (
            format!("partners/{foreign}/checklist/report"),
            format!("partners/{NO_PARTNER}/checklist/report"),
        ),
    ];
    for (theirs, nobodys) in pairs {
        let (path, theirs, nobodys) = (&theirs, eve.get(&theirs).await, eve.get(&nobodys).await);
        assert!(
            matches!(theirs.status, 403 | 404),
            "{path}: {}",
            theirs.text
        );
        assert_eq!(theirs.status, nobodys.status, "{path}: {}", theirs.text);
        assert_eq!(theirs.without_name(), nobodys.without_name(), "{path}");
    }
    let sandbox = eve.get(&format!("partners/{own}/sandbox")).await;
    assert_eq!(sandbox.status, 200);
    assert!(!sandbox.text.contains(play.as_str()), "{}", sandbox.text);
    plays_are_apart(app, play).await;
    let again = format!("partners/{own}/deliveries/{delivery}/redeliver");
    assert_eq!(eve.act(&again, json!({})).await.status, 404);
}

/// A play is read by its id with a token only.
async fn plays_are_apart(app: &App, play: &str) {
    let token = app.wallet_partner.client_token.expose_secret();
    let read = async |play: &str| {
        let path = format!("/widget/sandbox/plays/{play}");
        app.call(with_token(token, Method::GET, &path, "")).await
    };
    let (theirs, nobodys) = (read(play).await, read(NO_PLAY).await);
    assert_eq!(
        (theirs.status, nobodys.status),
        (404, 404),
        "{}",
        theirs.text
    );
    assert_eq!(theirs.without_name(), nobodys.without_name());
}
