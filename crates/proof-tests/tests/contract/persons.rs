//! Knowing somebody again: the same person, another one, and those who were refused.

use crate::buyer::Buyer;
use crate::kit::{App, LARGE_BTC, NEW_DEVICE_BTC, as_partner, good_session, has_word};
use crate::on_both_engines;
use crate::operator::Office;
use crate::people::Person;
use axum::body::Body;
use http::Method;
use proof_core::{identity::CONSENT_TEXT, member::Role, screening::ListedKind};
use proof_engine::{PartnerCreated, Ruled};
use proof_server::operator::{PersonDeed, PersonSaid, Question, ask};
use serde_json::{Value, json};

on_both_engines!(
    the_same_document_and_face_are_the_same_person,
    what_does_not_fit_is_looked_at_by_two_people,
    whoever_was_refused_stays_refused_elsewhere,
    who_came_while_a_check_waited_is_looked_at_first,
    of_two_checks_of_one_person_one_is_approved_blindly,
    a_listed_person_is_refused_without_a_word,
    whoever_comes_back_after_a_while_shows_the_face_again,
    a_large_order_asks_for_a_selfie_of_its_day,
    a_new_device_has_a_lower_limit,
    a_document_that_has_ended_is_shown_anew,
    who_was_checked_elsewhere_shows_a_code_and_the_face,
    of_an_unknown_address_nobody_hears_anything,
    after_many_tries_there_is_a_pause,
    two_people_forget_somebody_unless_it_is_held,
    who_comes_back_is_forgotten_by_two_people_again,
    what_is_old_is_forgotten_by_itself,
    of_whoever_is_held_nothing_is_forgotten,
);

/// Whoever comes with it looks like somebody else.
const FACE_OF_EVE: &str = "ada+kyc-face-of-eve@example.com";

/// A widget at a partner where the user has a wallet of their own.
pub async fn at<'a>(app: &'a App, partner: &PartnerCreated, user: &str, email: &str) -> Buyer<'a> {
    let mut body = good_session();
    body["partner_user_id"] = json!(user);
    body["user_email"] = json!(email);
    body["address"] = json!("TJCnKsPa7y5okkXvQAidZBzqx3QyQ6sxMW");
    let session = app
        .call(as_partner(
            partner,
            Method::POST,
            "/widget/session",
            Body::from(body.to_string()),
        ))
        .await;
    assert_eq!(session.status, 200, "{}", session.text);
    Buyer::reopen(app, session.json).await
}

pub async fn kyc(app: &App, partner: &PartnerCreated, user: &str) -> String {
    let path = format!("/widget/users/{user}/kyc-status");
    let answer = app
        .call(as_partner(partner, Method::GET, &path, Body::empty()))
        .await;
    answer.json["status"].as_str().unwrap().to_owned()
}

/// How many persons there are, and how many attempts left something behind.
pub async fn persons(app: &App) -> i64 {
    let rows = app.rows().await;
    rows.iter().find(|row| row.0 == "persons").unwrap().1
}

pub async fn people(app: &App) -> (Person<'_>, Person<'_>) {
    (
        Person::join(app, "ann", Role::Reviewer).await,
        Person::join(app, "bob", Role::Operator).await,
    )
}

pub async fn check_of(app: &App, buyer: &Buyer<'_>, reader: &Person<'_>) -> Value {
    let look = || async {
        let waits = reader.get("reviews").await.json;
        let rows = waits["identity"].as_array().unwrap().clone();
        rows.into_iter().find(|row| row["order"] == json!(buyer.id))
    };
    let line = app.until("the check waits", look).await;
    let path = format!("identity/{}", line["id"].as_str().unwrap());
    reader.get(&path).await.json
}

pub async fn rule(check: &Value, people: [&Person<'_>; 2], said: Value) {
    let path = format!("identity/{}/rule", check["id"].as_str().unwrap());
    for person in people {
        let answer = person.act(&path, said.clone()).await;
        assert_eq!(answer.status, 200, "{}", answer.text);
    }
}

async fn the_same_document_and_face_are_the_same_person(app: &App) {
    let elsewhere = app.partner("Elsewhere", None).await;
    let ada = Buyer::open(app, "ada", "ada@example.com").await;
    ada.identify().await;
    ada.until_step("quote").await;
    // Until she shows it, nobody there knows that it is her.
    let there = at(app, &elsewhere, "a-1", "ada@example.com").await;
    assert_eq!(there.view().await["step"], "identity");
    assert_eq!(kyc(app, &elsewhere, "a-1").await, "not_started");
    there.identify().await;
    there.until_step("quote").await;
    let other = Buyer::open(app, "eve", "eve@example.com").await;
    other.identify().await;
    other.until_step("quote").await;
    assert_eq!(persons(app).await, 2, "ada, and eve");
}

async fn what_does_not_fit_is_looked_at_by_two_people(app: &App) {
    let (ann, bob) = people(app).await;
    let ada = Buyer::open(app, "ada", "ada@example.com").await;
    ada.identify().await;
    ada.until_step("quote").await;

    let thief = Buyer::open(app, "eve", "eve+kyc-document-of-ada@example.com").await;
    thief.identify().await;
    let check = check_of(app, &thief, &ann).await;
    assert_eq!(check["why"], "another face was shown with this document");
    let alike = &check["resembles"][0];
    assert_eq!(
        (&alike["order"], &alike["document"], &alike["face"]),
        (&json!(ada.id), &json!(true), &json!(false))
    );
    assert_eq!(alike["partner_user_id"], "ada");
    let view = thief.until_step("review").await;
    assert!(!has_word(&view.to_string(), "face"), "{view}");
    assert_eq!(kyc(app, &app.shop, "eve").await, "pending");
    // The provider approves it all the while; two people refuse it.
    app.clock.skip(180);
    assert_eq!(thief.view().await["step"], "review");
    let forged = json!({ "act": "refuse", "problem": "face_mismatch", "reason": "not her" });
    rule(&check, [&ann, &bob], forged).await;
    thief.until_step("failed").await;

    // A new passport, and the face that is known: it is her, say two people.
    let renewed = Buyer::open(app, "ada-2", "ada2+kyc-face-of-ada@example.com").await;
    renewed.identify().await;
    let check = check_of(app, &renewed, &ann).await;
    assert_eq!(check["why"], "somebody with another document has this face");
    let person = &check["resembles"][0]["person"];
    let path = format!("identity/{}/rule", check["id"].as_str().unwrap());
    let approval = |person: &Value| json!({ "act": "approve", "document_country": "DE", "person": person, "reason": "her" });
    let nobody = ann
        .act(
            &path,
            approval(&json!("per_019a000000007000800000000000000a")),
        )
        .await;
    assert_eq!(nobody.json["field"], "person", "{}", nobody.text);
    rule(&check, [&ann, &bob], approval(person)).await;
    renewed.until_step("quote").await;
    assert_eq!(persons(app).await, 1, "it is ada twice");
    // From now on the new document is hers, too.
    let third = Buyer::open(app, "ada-3", "ada3+kyc-same-as-ada@example.com").await;
    third.identify().await;
    third.until_step("quote").await;
    assert_eq!(persons(app).await, 1);
}

async fn whoever_was_refused_stays_refused_elsewhere(app: &App) {
    let (ann, _) = people(app).await;
    let elsewhere = app.partner("Elsewhere", None).await;
    let mal = Buyer::open(app, "mal", "x+kyc-fail+kyc-same-as-mal@example.com").await;
    mal.identify().await;
    let told = mal.until_step("failed").await;
    let again = at(app, &elsewhere, "m", "mal@example.com").await;
    again.identify().await;
    let view = again.until_step("failed").await;
    assert_eq!(view["failure"], told["failure"]);
    assert_eq!(view["identity"], told["identity"]);
    assert_eq!(kyc(app, &elsewhere, "m").await, "failed");
    // With another document only the face says so, and faces are alike by chance.
    let other = at(app, &elsewhere, "n", "new+kyc-face-of-mal@example.com").await;
    other.identify().await;
    let check = check_of(app, &other, &ann).await;
    assert_eq!(
        check["why"],
        "it looks like somebody who was refused, or is listed"
    );
    let alike = check["resembles"].as_array().unwrap();
    assert_eq!(alike.len(), 2);
    assert_eq!(
        (&alike[0]["verdict"], &alike[0]["reason"]),
        (&json!("refused"), &json!("document_forged"))
    );
}

async fn who_came_while_a_check_waited_is_looked_at_first(app: &App) {
    let (ann, bob) = people(app).await;
    let early = Buyer::open(app, "zoe", "zoe+kyc-review+kyc-same-as-zoe@example.com").await;
    early.identify().await;
    let check = check_of(app, &early, &ann).await;
    assert_eq!(check["resembles"], json!([]));
    // She comes as another customer, too, and that one is done first.
    let late = Buyer::open(app, "zoe-2", "zoe@example.com").await;
    late.identify().await;
    late.until_step("quote").await;

    let path = format!("identity/{}/rule", check["id"].as_str().unwrap());
    let new = json!({ "act": "approve", "document_country": "DE", "reason": "a good document" });
    let blind = ann.act(&path, new).await;
    assert_eq!(blind.refusal().2, "wrong_state", "{}", blind.text);
    let check = check_of(app, &early, &ann).await;
    let alike = &check["resembles"][0];
    assert_eq!(
        (&alike["order"], &alike["verdict"], &alike["face"]),
        (&json!(late.id), &json!("approved"), &json!(true))
    );
    let same = json!({
        "act": "approve", "document_country": "DE", "person": alike["person"], "reason": "both are hers"
    });
    rule(&check, [&ann, &bob], same).await;
    early.until_step("quote").await;
    assert_eq!(persons(app).await, 1, "it is zoe twice");
}

async fn of_two_checks_of_one_person_one_is_approved_blindly(app: &App) {
    let (ann, bob) = people(app).await;
    let mut paths = Vec::new();
    for user in ["zoe", "zoe-2"] {
        let email = format!("{user}+kyc-review+kyc-same-as-zoe@example.com");
        let buyer = Buyer::open(app, user, &email).await;
        buyer.identify().await;
        let check = check_of(app, &buyer, &ann).await;
        paths.push(format!("identity/{}/rule", check["id"].as_str().unwrap()));
    }
    let new = json!({ "act": "approve", "document_country": "DE", "reason": "a good document" });
    for path in &paths {
        assert_eq!(ann.act(path, new.clone()).await.status, 200);
    }
    // The second words come at the same moment.
    let both = tokio::join!(bob.act(&paths[0], new.clone()), bob.act(&paths[1], new));
    let mut told = [both.0.status, both.1.status];
    told.sort_unstable();
    assert_eq!(told, [200, 409], "{} {}", both.0.text, both.1.text);
    assert_eq!(persons(app).await, 1);
}

async fn a_listed_person_is_refused_without_a_word(app: &App) {
    let (ann, _) = people(app).await;
    let ada = Buyer::open(app, "ada", "ada@example.com").await;
    ada.identify().await;
    ada.until_step("quote").await;
    let same = Buyer::open(app, "b", "b+kyc-document-of-ada@example.com").await;
    same.identify().await;
    let check = check_of(app, &same, &ann).await;
    let person = check["resembles"][0]["person"].as_str().unwrap().to_owned();
    let by: proof_core::audit::Author = proof_core::audit::Author::machine();
    app.app
        .engine
        .listing_say((ListedKind::Person, &person), true, by, "a court order")
        .await
        .unwrap();
    let elsewhere = app.partner("Elsewhere", None).await;
    let again = at(
        app,
        &elsewhere,
        "m",
        "ada+other+kyc-same-as-ada@example.com",
    )
    .await;
    again.identify().await;
    let view = again.until_step("failed").await;
    assert_eq!(
        view["failure"],
        json!({ "code": "identity_refused", "money_moved": false })
    );
    assert!(!view.to_string().contains("listed"), "{view}");
    assert_eq!(kyc(app, &elsewhere, "m").await, "failed");
}

const DAY: i64 = 24 * 3_600;

async fn whoever_comes_back_after_a_while_shows_the_face_again(app: &App) {
    let ada = Buyer::open(app, "ada", "ada@example.com").await;
    let early = ada
        .post("identity/selfie", json!({ "consent": CONSENT_TEXT }))
        .await;
    assert_eq!(early.refusal().2, "wrong_state", "nobody is known yet");
    ada.identify().await;
    ada.until_step("quote").await;
    app.clock.skip(89 * DAY);
    let soon = Buyer::open(app, "ada", "ada@example.com").await;
    assert_eq!(soon.view().await["step"], "quote", "nothing is shown again");
    let early = soon
        .post("identity/selfie", json!({ "consent": CONSENT_TEXT }))
        .await;
    assert_eq!(early.refusal().2, "wrong_state");
    app.clock.skip(2 * DAY);
    let later = Buyer::open(app, "ada", "ada@example.com").await;
    let view = later.view().await;
    assert_eq!(
        (&view["step"], &view["identity"]["asks"]),
        (&json!("identity"), &json!("selfie"))
    );
    assert_eq!(kyc(app, &app.shop, "ada").await, "verified");
    later.selfie().await;
    later.until_step("quote").await;
    assert_eq!(kyc(app, &app.shop, "ada").await, "verified");
    let next = Buyer::open(app, "ada", "ada@example.com").await;
    assert_eq!(next.view().await["step"], "quote");

    // Somebody else sits there now.
    app.clock.skip(91 * DAY);
    let eve = Buyer::open(app, "ada", FACE_OF_EVE).await;
    eve.selfie().await;
    let look = || async {
        let view = eve.view().await;
        (!view["identity"]["reason"].is_null()).then_some(view)
    };
    let view = app.until("another face", look).await;
    assert_eq!(view["identity"]["reason"], "face_mismatch");
    assert_eq!(view["identity"]["may_retry"], true);
    assert_eq!(view["identity"]["asks"], "selfie");
    assert_eq!(kyc(app, &app.shop, "ada").await, "failed");
    let answer = eve.post("quote", json!({})).await;
    assert_eq!(answer.refusal().2, "wrong_state");
}

async fn a_large_order_asks_for_a_selfie_of_its_day(app: &App) {
    let order = async |amount: &str| {
        let mut body = good_session();
        (body["network"], body["currency"]) = (json!("BITCOIN"), json!("BTC"));
        body["amount"] = json!(amount);
        Buyer::open_with(app, body).await
    };
    let first = order(LARGE_BTC).await;
    first.identify().await;
    first.until_step("quote").await;
    let soon = order(LARGE_BTC).await;
    assert_eq!(soon.view().await["step"], "quote", "it was today");
    app.clock.skip(2 * DAY);
    assert_eq!(order("0.0049").await.view().await["step"], "quote");
    let large = order(LARGE_BTC).await;
    let view = large.view().await;
    assert_eq!(
        (&view["step"], &view["identity"]["asks"]),
        (&json!("identity"), &json!("selfie"))
    );
    assert_eq!(kyc(app, &app.shop, "user-1").await, "verified");
    assert_eq!(
        large.post("quote", json!({})).await.refusal().2,
        "wrong_state"
    );
    large.selfie().await;
    large.until_step("quote").await;
    assert_eq!(order(LARGE_BTC).await.view().await["step"], "quote");
}

async fn a_new_device_has_a_lower_limit(app: &App) {
    let order = async |amount: &str, device: Option<&str>| {
        let mut body = good_session();
        (body["network"], body["currency"]) = (json!("BITCOIN"), json!("BTC"));
        body["amount"] = json!(amount);
        let session = app.session(&body).await.json;
        Buyer::reopen_on(app, session, device).await
    };
    let (home, away) = ("ab".repeat(16), "cd".repeat(16));
    let (home, away) = (Some(home.as_str()), Some(away.as_str()));
    let first = order(NEW_DEVICE_BTC, home).await;
    first.identify().await;
    first.until_step("quote").await;
    app.clock.skip(2 * DAY);
    assert_eq!(
        order("0.0049", away).await.view().await["step"],
        "quote",
        "it is not much"
    );
    for device in [away, None, Some("1234")] {
        let strange = order(NEW_DEVICE_BTC, device).await;
        let view = strange.view().await;
        assert_eq!(view["identity"]["asks"], "selfie", "{device:?}");
        let refused = strange.post("quote", json!({})).await;
        assert_eq!(refused.refusal().2, "wrong_state");
    }
    let known = order(NEW_DEVICE_BTC, home).await;
    assert_eq!(known.view().await["step"], "quote");
    // The browser that opened it last counts.
    let elsewhere = order(NEW_DEVICE_BTC, None).await;
    let session = elsewhere.session.clone();
    let elsewhere = Buyer::reopen_on(app, session, away).await;
    assert_eq!(elsewhere.view().await["identity"]["asks"], "selfie");
    assert_eq!(kyc(app, &app.shop, "user-1").await, "verified");
    elsewhere.selfie().await;
    elsewhere.until_step("quote").await;
    assert_eq!(devices(app).await, 2);
    app.clock.skip(2 * DAY);
    for device in [home, away] {
        let next = order(NEW_DEVICE_BTC, device).await;
        assert_eq!(next.view().await["step"], "quote", "{device:?}");
    }
}

async fn devices(app: &App) -> i64 {
    let rows = app.rows().await;
    rows.iter().find(|row| row.0 == "devices").unwrap().1
}

async fn a_document_that_has_ended_is_shown_anew(app: &App) {
    let (user, email) = ("old", "old+kyc-ends-30@example.com");
    let first = Buyer::open(app, user, email).await;
    first.identify().await;
    first.until_step("quote").await;
    app.clock.skip(31 * DAY);
    assert_eq!(kyc(app, &app.shop, user).await, "not_started");
    let next = Buyer::open(app, user, email).await;
    let view = next.view().await;
    assert_eq!(
        (&view["step"], &view["identity"]["asks"]),
        (&json!("identity"), &json!("document"))
    );
    assert_eq!(
        (&view["identity"]["status"], &view["identity"]["received"]),
        (&json!("not_started"), &json!([]))
    );
    next.identify().await;
    next.until_step("quote").await;
    assert_eq!(kyc(app, &app.shop, user).await, "verified");
    assert_eq!(persons(app).await, 1);
}

/// The six digits of the last letter to this address.
pub async fn code(app: &App, email: &str) -> String {
    let look = || async {
        let letters = app.letters.sent.lock().unwrap().clone();
        let to = |letter: &&proof_port::Message| letter.to == email;
        let last = letters.iter().rev().find(to)?.text.clone();
        let mut words = last.split_whitespace();
        words
            .find(|word| word.len() == 6 && word.bytes().all(|b| b.is_ascii_digit()))
            .map(str::to_owned)
    };
    app.until("a code is mailed", look).await
}

async fn who_was_checked_elsewhere_shows_a_code_and_the_face(app: &App) {
    let elsewhere = app.partner("Elsewhere", None).await;
    let ada = Buyer::open(app, "ada", "ada@example.com").await;
    ada.identify().await;
    ada.until_step("quote").await;
    let there = at(app, &elsewhere, "a-1", "Ada@example.com").await;
    let stranger = there.view().await;
    assert_eq!(
        there
            .post("identity/selfie", json!({ "consent": CONSENT_TEXT }))
            .await
            .refusal()
            .2,
        "wrong_state"
    );
    let sent = there.post("identity/known", json!({})).await;
    assert_eq!(
        (sent.status, &sent.json),
        (200, &json!({ "again_after_s": 60 }))
    );
    assert_eq!(there.view().await["identity"], stranger["identity"]);
    assert_eq!(kyc(app, &elsewhere, "a-1").await, "not_started");
    let soon = there.post("identity/known", json!({})).await;
    assert_eq!(soon.refusal().2, "rate_limit_exceeded");
    let code = code(app, "Ada@example.com").await;
    let wrong = if code == "000000" { "000001" } else { "000000" };
    let answer = there
        .post(
            "identity/known/code",
            json!({ "code": wrong, "consent": CONSENT_TEXT }),
        )
        .await;
    assert_eq!(answer.json["field"], "code", "{}", answer.text);
    let view = there
        .post(
            "identity/known/code",
            json!({ "code": code, "consent": CONSENT_TEXT }),
        )
        .await
        .json;
    assert_eq!(
        (&view["identity"]["asks"], &view["identity"]["status"]),
        (&json!("selfie"), &json!("collecting"))
    );
    assert_eq!(kyc(app, &elsewhere, "a-1").await, "not_started");
    let again = there
        .post(
            "identity/known/code",
            json!({ "code": code, "consent": CONSENT_TEXT }),
        )
        .await;
    assert_eq!(again.refusal().2, "wrong_state", "a code is good once");
    // A reload, and the same again: the code is not asked for twice.
    there.selfie().await;
    there.until_step("quote").await;
    assert_eq!(kyc(app, &elsewhere, "a-1").await, "verified");
    assert_eq!(persons(app).await, 1);
}

async fn of_an_unknown_address_nobody_hears_anything(app: &App) {
    let elsewhere = app.partner("Elsewhere", None).await;
    let ada = Buyer::open(app, "ada", "ada@example.com").await;
    ada.identify().await;
    ada.until_step("quote").await;
    let before = app.letters.sent.lock().unwrap().len();
    let known = at(app, &elsewhere, "a-1", "ada@example.com").await;
    let unknown = at(app, &elsewhere, "b-1", "bob@example.com").await;
    let mut told = Vec::new();
    for buyer in [&known, &unknown] {
        let mut answers = Vec::new();
        for (path, body) in [
            ("identity/known/code", json!({ "code": "000000" })),
            ("identity/known", json!({})),
            ("identity/known/code", json!({ "code": "abc" })),
        ] {
            let answer = buyer.post(path, body).await;
            answers.push((answer.status, answer.without_name()));
        }
        told.push(answers);
    }
    assert_eq!(told[0], told[1]);
    code(app, "ada@example.com").await;
    app.clock.skip(60);
    let letters = app.letters.sent.lock().unwrap().clone();
    assert_eq!(letters.len(), before + 1, "nobody writes to bob");
    for buyer in [&known, &unknown] {
        for left in (0..5).rev() {
            let answer = buyer
                .post(
                    "identity/known/code",
                    json!({ "code": "12 34 56", "consent": CONSENT_TEXT }),
                )
                .await;
            let text = format!("{left} tries are left");
            assert!(answer.text.contains(&text), "{}", answer.text);
        }
        let answer = buyer
            .post(
                "identity/known/code",
                json!({ "code": "123456", "consent": CONSENT_TEXT }),
            )
            .await;
        assert_eq!(answer.refusal().2, "attempts_exhausted");
    }
}

async fn after_many_tries_there_is_a_pause(app: &App) {
    let ada = Buyer::open(app, "ada", "ada@example.com").await;
    ada.identify().await;
    ada.until_step("quote").await;
    app.clock.skip(91 * DAY);
    let open = || Buyer::open(app, "ada", FACE_OF_EVE);
    let fail = async |eve: &Buyer<'_>| {
        eve.selfie().await;
        let look = || async {
            let view = eve.view().await;
            (view["step"] == "failed" || !view["identity"]["reason"].is_null()).then_some(view)
        };
        app.until("another face", look).await
    };
    let first = open().await;
    for _ in 1..6 {
        assert_eq!(fail(&first).await["identity"]["may_retry"], true);
    }
    // Another order is no way around.
    let second = open().await;
    for _ in 6..10 {
        assert_eq!(fail(&second).await["identity"]["may_retry"], true);
    }
    let view = fail(&second).await;
    assert_eq!(view["step"], "failed", "{view}");
    let again = view["failure"]["again_at"].as_str().unwrap().to_owned();
    assert!(again.as_str() > view["now"].as_str().unwrap(), "{view}");
    let third = open().await;
    assert_eq!(
        third.until_step("failed").await["failure"]["again_at"],
        again
    );
    assert_eq!(kyc(app, &app.shop, "ada").await, "failed");
    app.clock.skip(DAY);
    let later = Buyer::open(app, "ada", "ada@example.com").await;
    assert_eq!(later.view().await["step"], "identity");
    later.selfie().await;
    later.until_step("quote").await;
}

/// Who somebody is, as a later look-alike tells.
async fn person_of(app: &App, ann: &Person<'_>, name: &str) -> String {
    let email = format!("x{name}+kyc-document-of-{name}@example.com");
    let other = Buyer::open(app, &format!("x-{name}"), &email).await;
    other.identify().await;
    let check = check_of(app, &other, ann).await;
    check["resembles"][0]["person"].as_str().unwrap().to_owned()
}

async fn two_people_forget_somebody_unless_it_is_held(app: &App) {
    let (ann, _) = people(app).await;
    let office = Office::open(app);
    let ada = Buyer::open(app, "ada", "ada@example.com").await;
    let device = "ab".repeat(16);
    let ada = Buyer::reopen_on(app, ada.session.clone(), Some(&device)).await;
    ada.identify().await;
    ada.until_step("quote").await;
    assert_eq!(devices(app).await, 1);
    let person: proof_core::id::PersonId = person_of(app, &ann, "ada").await.parse().unwrap();
    let said = |by: &str, deed: PersonDeed| {
        Question::Person(PersonSaid {
            person,
            deed,
            by: by.parse().unwrap(),
            reason: "a letter".into(),
        })
    };
    let hold = async |deed: PersonDeed| {
        let question = said("alice", deed);
        ask::<()>(&office.socket, &question).await.unwrap();
    };
    let erase = async |by: &str| {
        let ruled = ask::<Ruled>(&office.socket, &said(by, PersonDeed::Erase)).await;
        ruled.map_err(|error| error.to_string())
    };
    let name = "case 7".to_owned();
    hold(PersonDeed::Hold { name }).await;
    let held = erase("alice").await.unwrap_err();
    assert!(held.contains("case 7"), "{held}");
    hold(PersonDeed::Release).await;
    assert_eq!(erase("alice").await, Ok(Ruled::Proposed));
    assert!(erase("alice").await.is_err(), "nobody is two people");
    assert_eq!(erase("bob").await, Ok(Ruled::Done));
    assert_eq!(erase("bob").await, Ok(Ruled::Done), "again is the same");
    office.close().await;
    assert_eq!(devices(app).await, 0);
    assert_eq!(
        kyc(app, &app.shop, "ada").await,
        "not_started",
        "whoever is forgotten shows everything anew"
    );
    // Nobody knows her document or her face any more, and nobody writes to her.
    let before = app.letters.sent.lock().unwrap().len();
    let elsewhere = app.partner("Elsewhere", None).await;
    let there = at(app, &elsewhere, "a-1", "ada@example.com").await;
    assert_eq!(there.post("identity/known", json!({})).await.status, 200);
    there.identify().await;
    there.until_step("quote").await;
    assert_eq!(persons(app).await, 2, "somebody new");
    assert_eq!(app.letters.sent.lock().unwrap().len(), before);
}

async fn who_comes_back_is_forgotten_by_two_people_again(app: &App) {
    let (ann, _) = people(app).await;
    let office = Office::open(app);
    let ada = Buyer::open(app, "ada", "ada@example.com").await;
    ada.identify().await;
    ada.until_step("quote").await;
    let person: proof_core::id::PersonId = person_of(app, &ann, "ada").await.parse().unwrap();
    let erase = async |by: &str| {
        let question = Question::Person(PersonSaid {
            person,
            deed: PersonDeed::Erase,
            by: by.parse().unwrap(),
            reason: "a letter".into(),
        });
        ask::<Ruled>(&office.socket, &question).await.unwrap()
    };
    assert_eq!(erase("alice").await, Ruled::Proposed);
    assert_eq!(erase("bob").await, Ruled::Done);
    assert_eq!(erase("bob").await, Ruled::Done, "nothing is left");
    let traces = async || app.proofs().await.into_iter().filter(|has| *has).count();
    let others = traces().await;
    // What she proved is gone, so she shows everything anew.
    assert_eq!(kyc(app, &app.shop, "ada").await, "not_started");
    app.clock.skip(60);
    let back = Buyer::open(app, "ada", "ada@example.com").await;
    assert_eq!(back.view().await["identity"]["asks"], "document");
    back.identify().await;
    back.until_step("quote").await;
    assert_eq!(kyc(app, &app.shop, "ada").await, "verified");
    assert_eq!(traces().await, others + 1);
    assert_eq!(erase("bob").await, Ruled::Proposed, "one is not enough");
    assert_eq!(traces().await, others + 1);
    assert_eq!(erase("alice").await, Ruled::Done);
    assert_eq!(traces().await, others);
    office.close().await;
    let page = app.app.engine.audit_list(i64::MAX, 100).await.unwrap();
    let said = page.data.iter().filter(|entry| entry.act == "person.erase");
    assert_eq!(said.count(), 3, "each of them is in the book");
}

async fn what_is_old_is_forgotten_by_itself(app: &App) {
    let ada = Buyer::open(app, "ada", "ada+kyc-ends-4000@example.com").await;
    ada.identify().await;
    ada.until_step("quote").await;
    app.clock.skip(1_828 * DAY);
    let look = || async {
        let rows: Vec<_> = app.proofs().await;
        rows.iter()
            .all(|has_traces| !has_traces)
            .then_some(rows.len())
    };
    assert_eq!(app.until("it is forgotten", look).await, 1);
}

async fn of_whoever_is_held_nothing_is_forgotten(app: &App) {
    let (ann, _) = people(app).await;
    let office = Office::open(app);
    let ada = Buyer::open(app, "ada", "ada@example.com").await;
    ada.identify().await;
    ada.until_step("quote").await;
    let person: proof_core::id::PersonId = person_of(app, &ann, "ada").await.parse().unwrap();
    let hold = async |deed: PersonDeed| {
        let question = Question::Person(PersonSaid {
            person,
            deed,
            by: "alice".parse().unwrap(),
            reason: "a letter".into(),
        });
        ask::<()>(&office.socket, &question).await.unwrap();
    };
    // The look-alike is nobody's yet, and goes.
    let name = "case 7".to_owned();
    hold(PersonDeed::Hold { name }).await;
    let traces = async || app.proofs().await.into_iter().filter(|has| *has).count();
    assert_eq!(traces().await, 2);
    app.clock.skip(1_828 * DAY);
    let left = |count: usize| async move {
        let left = app.proofs().await.into_iter().filter(|has| *has).count();
        (left == count).then_some(())
    };
    app.until("the other is forgotten", || left(1)).await;
    hold(PersonDeed::Release).await;
    app.clock.skip(2 * 3_600);
    app.until("it is forgotten", || left(0)).await;
    office.close().await;
}
