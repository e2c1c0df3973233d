//! Passkeys: who has one is let in by it, and whatever is not quite right is refused.

use crate::authenticator::Authenticator;
use crate::kit::{Answer, App};
use crate::on_both_engines;
use crate::people::{PASSWORD, Person, code, cookie_of, invitation, page_call};
use http::Method;
use proof_core::{
    member::{FRESH_SECONDS, Role},
    passkey::{CEREMONY_SECONDS, PASSKEYS_MAX},
};
use serde_json::{Value, json};
use std::sync::Mutex;

on_both_engines!(
    somebody_comes_in_with_a_passkey_and_adds_ways,
    an_answer_that_is_not_right_is_refused,
    a_key_that_is_not_right_is_not_kept,
    money_moves_after_a_passkey,
    an_owner_invites_somebody_again,
    an_invitation_is_taken_with_a_passkey_once,
);

const REFUSED: (u16, &str, &str) = (401, "unauthorised", "sign_in_refused");

/// What is wrong, and a key of which it is.
type Wrong = (&'static str, fn(&mut Authenticator));

/// A call of somebody who is not signed in; time passes, so that nobody is too fast.
async fn nobody(app: &App, path: &str, body: Value) -> Answer {
    app.clock.skip(2);
    app.call(page_call(Method::POST, path, "", &body)).await
}

async fn begun(app: &App) -> Value {
    let begun = nobody(app, "sign-in/passkey/challenge", json!({})).await;
    assert_eq!(begun.status, 200, "{}", begun.text);
    assert_eq!(
        begun.json["options"]["publicKey"]["allowCredentials"],
        json!([])
    );
    begun.json
}

async fn shown(app: &App, begun: &Value, credential: Value) -> Answer {
    let body = json!({ "ceremony": begun["ceremony"], "credential": credential });
    nobody(app, "sign-in/passkey", body).await
}

async fn sign_in(app: &App, key: &mut Authenticator) -> Answer {
    let begun = begun(app).await;
    shown(app, &begun, key.show(&begun["options"])).await
}

/// Invited, and in with a passkey.
async fn join<'a>(app: &'a App, name: &str, role: Role, key: &mut Authenticator) -> Person<'a> {
    let partner = role.is_partners().then_some(app.shop.partner.id);
    let token = invitation(app, role, partner).await;
    let answer = take(app, &token, name, key).await;
    assert_eq!(answer.status, 200, "{}", answer.text);
    Person {
        app,
        name: name.to_owned(),
        secret: String::new(),
        cookie: Mutex::new(cookie_of(&answer)),
    }
}

async fn take(app: &App, token: &str, name: &str, key: &mut Authenticator) -> Answer {
    let path = format!("invitations/{token}/passkey");
    let begun = nobody(app, &format!("{path}/challenge"), json!({ "name": name })).await;
    if begun.status != 200 {
        return begun;
    }
    let credential = key.make(&begun.json["options"]);
    let body =
        json!({ "ceremony": begun.json["ceremony"], "name": "Laptop", "credential": credential });
    nobody(app, &path, body).await
}

async fn add(person: &Person<'_>, name: &str, key: &mut Authenticator) -> Answer {
    let begun = person.post("me/passkeys/challenge", json!({})).await;
    if begun.status != 200 {
        return begun;
    }
    let credential = key.make(&begun.json["options"]);
    let body =
        json!({ "ceremony": begun.json["ceremony"], "name": name, "credential": credential });
    person.post("me/passkeys", body).await
}

async fn again(person: &Person<'_>, key: &mut Authenticator) -> Answer {
    let begun = person
        .post("sign-in/again/passkey/challenge", json!({}))
        .await;
    assert_eq!(begun.status, 200, "{}", begun.text);
    let credential = key.show(&begun.json["options"]);
    let body = json!({ "ceremony": begun.json["ceremony"], "credential": credential });
    person.post("sign-in/again/passkey", body).await
}

/// What somebody did, the latest first: the act, and what came of it.
async fn deeds(owner: &Person<'_>) -> Vec<(String, Value)> {
    let page = owner.get("audit?limit=50").await;
    let data = page.json["data"].as_array().unwrap().clone();
    let deed = |entry: &Value| {
        (
            entry["act"].as_str().unwrap().to_owned(),
            entry["after"].clone(),
        )
    };
    data.iter().map(deed).collect()
}

async fn keys(person: &Person<'_>) -> Vec<(String, String, bool)> {
    let ways = person.get("me/ways").await;
    let text = |key: &Value, name: &str| key[name].as_str().unwrap().to_owned();
    let data = ways.json["passkeys"].as_array().unwrap().clone();
    data.iter()
        .map(|key| {
            (
                text(key, "id"),
                text(key, "name"),
                !key["used_at"].is_null(),
            )
        })
        .collect()
}

async fn somebody_comes_in_with_a_passkey_and_adds_ways(app: &App) {
    app.clock.stop();
    let mut laptop = Authenticator::new(1);
    let ann = join(app, "ann", Role::Owner, &mut laptop).await;
    assert_eq!(ann.get("me").await.json["member"]["name"], "ann");
    let ways = ann.get("me/ways").await.json;
    assert_eq!(
        (&ways["password"], &ways["passkeys_max"]),
        (&json!(false), &json!(10))
    );
    let (id, name, used) = keys(&ann).await[0].clone();
    assert_eq!((name.as_str(), used), ("Laptop", false));
    // It is the only way in: it stays.
    let remove = |id: &str| format!("me/passkeys/{id}/remove");
    let last = ann.post(&remove(&id), json!({})).await;
    assert_eq!(last.refusal(), (409, "conflict", "wrong_state"));
    // Out, and in again, with no name.
    assert_eq!(ann.post("sign-out", json!({})).await.status, 204);
    let back = sign_in(app, &mut laptop).await;
    assert_eq!(back.status, 200, "{}", back.text);
    assert_eq!(back.json["member"]["name"], "ann");
    *ann.cookie.lock().unwrap() = cookie_of(&back);
    assert!(keys(&ann).await[0].2);
    let way = json!({ "way": "passkey", "passkey": "Laptop" });
    assert_eq!(deeds(&ann).await[0], ("member.sign_in".to_owned(), way));
    // A second one; then the first may go, and its sessions with it.
    let mut phone = Authenticator::new(2);
    let other = cookie_of(&sign_in(app, &mut laptop).await);
    let added = add(&ann, "  Phone ", &mut phone).await;
    assert_eq!(
        (added.status, &added.json["name"]),
        (201, &json!("Phone")),
        "{}",
        added.text
    );
    assert_eq!(ann.post(&remove(&id), json!({})).await.status, 204);
    assert_eq!(ann.post(&remove(&id), json!({})).await.status, 404);
    assert_eq!(sign_in(app, &mut laptop).await.refusal(), REFUSED);
    let gone = app
        .call(page_call(Method::GET, "me", &other, &json!({})))
        .await;
    assert_eq!(gone.refusal().2, "signed_out");
    assert_eq!(sign_in(app, &mut phone).await.status, 200);
    with_a_password(&ann, &mut phone).await;
    let acts: Vec<String> = deeds(&ann).await.into_iter().map(|(act, _)| act).collect();
    for act in [
        "member.join",
        "member.passkey_add",
        "member.passkey_remove",
        "member.password_set",
        "member.password_remove",
    ] {
        assert!(
            acts.iter().any(|done| done == act),
            "{act} is not in {acts:?}"
        );
    }
    assert!(app.app.engine.audit_verify().await.unwrap().is_ok());
}

async fn with_a_password(ann: &Person<'_>, phone: &mut Authenticator) {
    let app = ann.app;
    let none = ann.post("me/password/remove", json!({})).await;
    assert_eq!(none.status, 409);
    let begun = ann.post("me/password/challenge", json!({})).await;
    let secret = begun.json["secret"].as_str().unwrap().to_owned();
    let set = |password: &str, code: String| {
        let body =
            json!({ "ceremony": begun.json["ceremony"], "password": password, "code": code });
        ann.post("me/password", body)
    };
    app.clock.skip(30);
    assert_eq!(
        set("short", code(app, &secret, 0)).await.json["field"],
        "password"
    );
    assert_eq!(set(PASSWORD, "000000".into()).await.json["field"], "code");
    let good = code(app, &secret, 0);
    assert_eq!(set(PASSWORD, good.clone()).await.status, 204);
    assert_eq!(set(PASSWORD, good).await.status, 409, "it is good once");
    app.clock.skip(60);
    let named = |password: &str| {
        let code = code(app, &secret, 0);
        nobody(
            app,
            "sign-in",
            json!({ "name": "ann", "password": password, "code": code }),
        )
    };
    assert_eq!(named(PASSWORD).await.status, 200);
    let way = json!({ "way": "password" });
    assert_eq!(deeds(ann).await[0], ("member.sign_in".to_owned(), way));
    // With a password the last passkey may go, or with a passkey the password; not both.
    assert_eq!(ann.post("me/password/remove", json!({})).await.status, 204);
    app.clock.skip(60);
    assert_eq!(named(PASSWORD).await.refusal(), REFUSED);
    assert_eq!(named("").await.refusal(), REFUSED);
    assert_eq!(sign_in(app, phone).await.status, 200);
}

async fn an_answer_that_is_not_right_is_refused(app: &App) {
    app.clock.stop();
    let (mut anns, mut bens) = (Authenticator::new(1), Authenticator::new(2));
    let ann = join(app, "ann", Role::Owner, &mut anns).await;
    let ben = join(app, "ben", Role::Operator, &mut bens).await;
    assert_eq!(sign_in(app, &mut anns).await.status, 200);
    let stranger = &mut Authenticator::new(3);
    stranger.handle = anns.handle.clone();
    assert_eq!(sign_in(app, stranger).await.refusal(), REFUSED, "nobody's");
    let wrong: [Wrong; 5] = [
        ("another page", |key| key.origin = "http://evil.test".into()),
        ("another port", |key| {
            key.origin = "http://proof.test:81".into()
        }),
        ("another site", |key| key.rp = "evil.test".into()),
        ("nobody was verified", |key| key.verifies = false),
        ("another person's", |key| key.handle = vec![7; 16]),
    ];
    for (what, change) in wrong {
        let begun = begun(app).await;
        let mut key = anns.clone();
        let mut options = begun["options"].clone();
        change(&mut key);
        options["publicKey"]["rpId"] = json!(key.rp);
        let answer = shown(app, &begun, key.show(&options)).await;
        assert_eq!(answer.refusal(), REFUSED, "{what}");
    }
    // Ben's key under the id of ann's, and ann's under the name of ben.
    let mut forged = bens.clone();
    (forged.id, forged.handle) = (anns.id.clone(), anns.handle.clone());
    assert_eq!(sign_in(app, &mut forged).await.refusal(), REFUSED);
    let mut named = anns.clone();
    named.handle = bens.handle.clone();
    assert_eq!(sign_in(app, &mut named).await.refusal(), REFUSED);
    // An answer to another challenge, and one that was given before.
    let (one, two, three) = (begun(app).await, begun(app).await, begun(app).await);
    let crossed = shown(app, &one, anns.show(&two["options"])).await;
    assert_eq!(crossed.refusal(), REFUSED);
    let answer = anns.show(&two["options"]);
    assert_eq!(shown(app, &two, answer.clone()).await.status, 200);
    assert_eq!(shown(app, &two, answer).await.refusal(), REFUSED, "twice");
    let (three, answer) = (&three, anns.show(&three["options"]));
    let at_once = tokio::join!(shown(app, three, answer.clone()), shown(app, three, answer));
    let mut statuses = [at_once.0.status, at_once.1.status];
    statuses.sort_unstable();
    assert_eq!(statuses, [200, 401], "twice at the same moment");
    let used = shown(app, &one, anns.show(&one["options"])).await;
    assert_eq!(
        used.refusal(),
        REFUSED,
        "a challenge is good for one answer"
    );
    let begun = begun(app).await;
    let unnamed = json!({ "ceremony": "cer_00" });
    let other = shown(app, &unnamed, anns.show(&begun["options"])).await;
    assert_eq!(other.refusal(), REFUSED, "no such challenge");
    app.clock.skip(i64::from(CEREMONY_SECONDS));
    let late = shown(app, &begun, anns.show(&begun["options"])).await;
    assert_eq!(late.refusal(), REFUSED, "too late");
    counters_and_the_disabled(&ann, &ben, (&mut anns, &mut bens)).await;
}

async fn counters_and_the_disabled(
    ann: &Person<'_>,
    ben: &Person<'_>,
    (anns, bens): (&mut Authenticator, &mut Authenticator),
) {
    let app = ann.app;
    let refused = (
        "member.sign_in_refused".to_owned(),
        json!({
            "name": "ann", "passkey": "Laptop", "why": "the counter went back",
        }),
    );
    assert!(
        !deeds(ann).await.contains(&refused),
        "nothing of the kind so far"
    );
    let mut copy = anns.clone();
    assert_eq!(sign_in(app, anns).await.status, 200);
    // A copy of the key has counted less, or as much.
    assert_eq!(sign_in(app, &mut copy).await.refusal(), REFUSED);
    assert_eq!(deeds(ann).await[0], refused);
    copy.counter = 0;
    let copied = again(ann, &mut copy).await;
    assert_eq!(copied.refusal(), REFUSED);
    assert_eq!(deeds(ann).await[1], refused);
    assert_eq!(
        sign_in(app, anns).await.status,
        200,
        "the key itself goes on"
    );
    // Ben is there, and then he is disabled.
    assert_eq!(sign_in(app, bens).await.status, 200);
    let id = ben.get("me").await.json["member"]["id"]
        .as_str()
        .unwrap()
        .to_owned();
    let disabled = ann.post(&format!("members/{id}/disable"), json!({})).await;
    assert_eq!(disabled.status, 204, "{}", disabled.text);
    assert_eq!(sign_in(app, bens).await.refusal(), REFUSED);
    let invited = ann
        .post(&format!("members/{id}/invite-again"), json!({}))
        .await;
    assert_eq!(invited.status, 409, "who is disabled stays so");
}

async fn a_key_that_is_not_right_is_not_kept(app: &App) {
    app.clock.stop();
    let mut anns = Authenticator::new(1);
    let ann = join(app, "ann", Role::Owner, &mut anns).await;
    let ben = join(app, "ben", Role::Operator, &mut Authenticator::new(2)).await;
    let wrong: [Wrong; 4] = [
        ("another page", |key| key.origin = "http://evil.test".into()),
        ("nobody was verified", |key| key.verifies = false),
        ("one's own once more", |key| key.id = vec![1; 32]),
        ("somebody else's", |key| key.id = vec![2; 32]),
    ];
    for (what, change) in wrong {
        let mut key = Authenticator::new(9);
        change(&mut key);
        let refused = add(&ann, "Key", &mut key).await;
        assert_eq!(
            (refused.status, &refused.json["field"]),
            (400, &json!("credential")),
            "{what}"
        );
    }
    let made = |begun: &Answer, name: &str| {
        let credential = Authenticator::new(9).make(&begun.json["options"]);
        json!({ "ceremony": begun.json["ceremony"], "name": name, "credential": credential })
    };
    // What was begun in one session is no good in another one, nor for another purpose, nor late.
    let begun = ann.post("me/passkeys/challenge", json!({})).await;
    assert_eq!(
        ben.post("me/passkeys", made(&begun, "Key")).await.status,
        400
    );
    assert_eq!(
        ann.post("me/passkeys", made(&begun, "")).await.json["field"],
        "name"
    );
    app.clock.skip(i64::from(CEREMONY_SECONDS));
    assert_eq!(
        ann.post("me/passkeys", made(&begun, "Key")).await.status,
        400
    );
    let begun = ann.post("me/passkeys/challenge", json!({})).await;
    assert_eq!(
        ann.post("me/passkeys", made(&begun, "Key")).await.status,
        201
    );
    assert_eq!(
        ann.post("me/passkeys", made(&begun, "Key")).await.status,
        400,
        "twice"
    );
    let signing = nobody(app, "sign-in/passkey/challenge", json!({}))
        .await
        .json;
    let again = again_with(&ann, &signing, &mut anns).await;
    assert_eq!(again.refusal(), REFUSED);
    // Keys are few.
    for number in 3..=PASSKEYS_MAX {
        let mut key = Authenticator::new(u8::try_from(number).unwrap() + 20);
        assert_eq!(add(&ann, "Key", &mut key).await.status, 201, "{number}");
    }
    let one_more = add(&ann, "Key", &mut Authenticator::new(99)).await;
    assert_eq!(one_more.refusal(), (409, "conflict", "wrong_state"));
    assert_eq!(
        (keys(&ann).await.len(), keys(&ben).await.len()),
        (PASSKEYS_MAX, 1)
    );
}

async fn again_with(person: &Person<'_>, begun: &Value, key: &mut Authenticator) -> Answer {
    let credential = key.show(&begun["options"]);
    let body = json!({ "ceremony": begun["ceremony"], "credential": credential });
    person.post("sign-in/again/passkey", body).await
}

async fn money_moves_after_a_passkey(app: &App) {
    app.clock.stop();
    let (mut anns, mut bens) = (Authenticator::new(1), Authenticator::new(2));
    let ann = join(app, "ann", Role::Owner, &mut anns).await;
    let ben = join(app, "ben", Role::Operator, &mut bens).await;
    let cyd = Person::join(app, "cyd", Role::Operator).await;
    app.clock.skip(FRESH_SECONDS);
    let path = format!("partners/{}/tokens", app.shop.partner.id);
    for path in [
        path.as_str(),
        "me/passkeys",
        "me/passkeys/challenge",
        "me/passkeys/psk_0/remove",
        "me/password",
        "me/password/challenge",
        "me/password/remove",
    ] {
        let stale = ann.post(path, json!({})).await;
        assert_eq!(
            stale.refusal(),
            (403, "forbidden", "sign_in_again"),
            "{path}"
        );
    }
    // Ben is somebody, but not ann.
    assert_eq!(again(&ann, &mut bens).await.refusal(), REFUSED);
    let begun = ann
        .post("sign-in/again/passkey/challenge", json!({}))
        .await
        .json;
    let asked = begun["options"]["publicKey"]["allowCredentials"]
        .as_array()
        .unwrap();
    assert_eq!(asked.len(), 1, "the browser is told which keys are ann's");
    let mut other = anns.clone();
    assert_eq!(
        again_with(&ben, &begun, &mut other).await.refusal(),
        REFUSED
    );
    assert_eq!(
        ann.post(&path, json!({})).await.refusal().2,
        "sign_in_again"
    );
    let me = again_with(&ann, &begun, &mut anns).await;
    assert_eq!(me.status, 200, "{}", me.text);
    assert_eq!(ann.post(&path, json!({})).await.status, 201);
    let none = cyd.post("sign-in/again/passkey/challenge", json!({})).await;
    assert_eq!(none.refusal(), (409, "conflict", "wrong_state"));
}

async fn an_owner_invites_somebody_again(app: &App) {
    app.clock.stop();
    let (mut anns, mut bens) = (Authenticator::new(1), Authenticator::new(2));
    let ann = join(app, "ann", Role::Owner, &mut anns).await;
    let ben = join(app, "ben", Role::Operator, &mut bens).await;
    let cyd = Person::join(app, "cyd", Role::PartnerDeveloper).await;
    let eve = join(app, "eve", Role::PartnerAdmin, &mut Authenticator::new(5)).await;
    let id_of = async |person: &Person<'_>| {
        let me = person.get("me").await;
        me.json["member"]["id"].as_str().unwrap().to_owned()
    };
    let again = async |person: &Person<'_>, id: &str| {
        person
            .post(&format!("members/{id}/invite-again"), json!({}))
            .await
    };
    let (anns_id, bens_id, cyds_id) = (id_of(&ann).await, id_of(&ben).await, id_of(&cyd).await);
    assert_eq!(again(&ben, &anns_id).await.refusal().2, "not_allowed");
    assert_eq!(
        again(&eve, &cyds_id).await.refusal().2,
        "not_allowed",
        "owners only"
    );
    assert_eq!(again(&ann, &anns_id).await.status, 409);
    assert_eq!(again(&ann, "mem_0").await.status, 404);
    let first = again(&ann, &bens_id).await;
    assert_eq!(first.status, 201, "{}", first.text);
    // Whatever ben had is good no more.
    assert_eq!(ben.get("me").await.refusal().2, "signed_out");
    assert_eq!(sign_in(app, &mut bens).await.refusal(), REFUSED);
    let second = again(&ann, &bens_id).await;
    let void = format!("invitations/{}", link(&first));
    let void = app
        .call(page_call(Method::GET, &void, "", &json!({})))
        .await;
    assert_eq!(void.status, 404, "another link takes its place");
    let token = link(&second);
    let view = format!("invitations/{token}");
    let view = app
        .call(page_call(Method::GET, &view, "", &json!({})))
        .await;
    assert_eq!(
        (&view.json["name"], &view.json["role"]),
        (&json!("ben"), &json!("operator"))
    );
    let mut new = Authenticator::new(3);
    let renamed = take(app, &token, "benny", &mut new).await;
    assert_eq!(
        (renamed.status, &renamed.json["field"]),
        (400, &json!("name"))
    );
    let back = take(app, &token, "ben", &mut new).await;
    assert_eq!(back.json["member"]["id"], json!(bens_id), "{}", back.text);
    assert_eq!(take(app, &token, "ben", &mut new).await.status, 404);
    assert_eq!(sign_in(app, &mut new).await.status, 200);
    // And somebody with a password, who takes another one.
    another_password(&cyd, &again(&ann, &cyds_id).await, &cyds_id).await;
    let acts: Vec<String> = deeds(&ann).await.into_iter().map(|(act, _)| act).collect();
    assert_eq!(acts[..2], ["member.return", "member.invite_again"]);
    assert!(app.app.engine.audit_verify().await.unwrap().is_ok());
}

/// The last part of an invitation's link.
fn link(answer: &Answer) -> String {
    let url = answer.json["url"].as_str().unwrap();
    url.rsplit_once('/').unwrap().1.to_owned()
}

async fn another_password(cyd: &Person<'_>, invited: &Answer, id: &str) {
    let app = cyd.app;
    app.clock.skip(60);
    assert_eq!(cyd.sign_in(PASSWORD, 0).await.refusal(), REFUSED);
    let path = format!("invitations/{}", link(invited));
    let view = app
        .call(page_call(Method::GET, &path, "", &json!({})))
        .await;
    let code = code(app, view.json["secret"].as_str().unwrap(), 0);
    let body = json!({ "name": "cyd", "password": "another horse battery", "code": code });
    let back = nobody(app, &path, body).await;
    assert_eq!(back.status, 200, "{}", back.text);
    assert_eq!(back.json["member"]["id"], json!(id));
}

async fn an_invitation_is_taken_with_a_passkey_once(app: &App) {
    app.clock.stop();
    let ann = join(app, "ann", Role::Owner, &mut Authenticator::new(1)).await;
    let (one, two) = (
        invitation(app, Role::Operator, None).await,
        invitation(app, Role::Owner, None).await,
    );
    let mut key = Authenticator::new(2);
    for (name, field) in [("ann", "name"), ("Ben!", "name"), ("machine", "name")] {
        let refused = take(app, &one, name, &mut key).await;
        assert_eq!(
            (refused.status, &refused.json["field"]),
            (400, &json!(field)),
            "{name}"
        );
    }
    assert_eq!(take(app, "inv_00", "ben", &mut key).await.status, 404);
    // What was begun for one invitation is no good for a better one.
    let path = |token: &str| format!("invitations/{token}/passkey");
    let begun = nobody(
        app,
        &format!("{}/challenge", path(&one)),
        json!({ "name": "ben" }),
    )
    .await;
    let made = json!({
        "ceremony": begun.json["ceremony"], "name": "Laptop",
        "credential": key.make(&begun.json["options"]),
    });
    assert_eq!(nobody(app, &path(&two), made.clone()).await.status, 400);
    // Whoever is signed in would take it for somebody else.
    let cookie = ann.cookie.lock().unwrap().clone();
    let signed_in = app
        .call(page_call(Method::POST, &path(&one), &cookie, &made))
        .await;
    assert_eq!(signed_in.refusal().2, "wrong_state");
    assert_eq!(nobody(app, &path(&one), made.clone()).await.status, 200);
    assert_eq!(nobody(app, &path(&one), made).await.status, 404);
    let kept = sign_in(app, &mut key).await;
    assert_eq!(
        (&kept.json["member"]["name"], &kept.json["member"]["role"]),
        (&json!("ben"), &json!("operator"))
    );
}
