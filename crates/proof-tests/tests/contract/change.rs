//! Keys and addresses: one person changes them in the sandbox, two where money is real.

use crate::buyer::{frame, opening};
use crate::kit::{Answer, App, SHOP, with_token};
use crate::live::{PAGE, live_session, opened};
use crate::on_both_engines;
use crate::people::{Person, invitation, page_call};
use http::Method;
use proof_core::member::Role;
use serde_json::{Value, json};

on_both_engines!(
    a_live_token_takes_two_and_one_of_them_runs_the_ramp,
    of_two_who_agree_at_once_one_does_it,
    a_word_ends_with_the_right_to_it,
    a_wish_that_was_replaced_is_agreed_with_by_nobody,
    wallets_are_checked_and_in_live_two_change_them,
    the_last_live_page_stays,
    a_webhook_is_moved_by_two_and_removed_by_one,
    the_sandbox_takes_one_and_what_is_not_live_nobody,
);

const TRON: &str = "TJRabPrwbZy45sbavfcjinPJC18kjpRTv8";

pub fn path(app: &App, rest: &str) -> String {
    format!("partners/{}/{rest}", app.shop.partner.id)
}

pub async fn page(person: &Person<'_>, world: &str) -> Value {
    let query = format!(
        "partners/{}?environment={world}",
        person.app.shop.partner.id
    );
    let answer = person.get(&query).await;
    assert_eq!(answer.status, 200, "{}", answer.text);
    answer.json
}

pub fn code(answer: &Answer) -> (u16, &str) {
    (
        answer.status,
        answer.json["code"].as_str().unwrap_or_default(),
    )
}

pub fn ruled(answer: &Answer) -> &str {
    assert!(answer.status < 300, "{}", answer.text);
    answer.json["ruled"].as_str().unwrap()
}

/// The wish that stands about one thing, as its page shows it.
pub fn wish<'a>(page: &'a Value, what: &str) -> &'a Value {
    let wishes = page["changes"].as_array().unwrap();
    let found = wishes.iter().find(|wish| wish["change"]["what"] == what);
    found.unwrap_or_else(|| panic!("no {what} in {page}"))
}

/// The second word, as the page's button says it.
pub async fn agree(person: &Person<'_>, wish: &Value) -> Answer {
    let body = json!({ "change": wish["change"], "at": wish["at"] });
    person.act(&path(person.app, "changes/agree"), body).await
}

async fn works(app: &App, token: &str) -> u16 {
    let call = with_token(token, Method::GET, "/widget/transactions", "");
    app.call(call).await.status
}

async fn a_live_token_takes_two_and_one_of_them_runs_the_ramp(app: &App) {
    let app = &app.rehearsing().await;
    let alice = Person::join(app, "alice", Role::Owner).await;
    let bob = Person::join(app, "bob", Role::Operator).await;
    let (carol, dave) = (
        Person::join(app, "carol", Role::PartnerAdmin).await,
        Person::join(app, "dave", Role::PartnerAdmin).await,
    );
    let first = opened(app, &alice, &bob).await;
    let (tokens, rotate) = (path(app, "tokens"), path(app, "tokens/rotate"));
    let live = json!({ "environment": "live" });
    let proposed = alice.act(&tokens, live.clone()).await;
    assert_eq!((proposed.status, ruled(&proposed)), (200, "proposed"));
    assert_eq!(proposed.json["client_token"], Value::Null);
    // Nobody agrees with themselves, however often they press.
    assert_eq!(
        code(&alice.act(&tokens, live.clone()).await),
        (409, "wrong_state")
    );
    let shown = page(&bob, "live").await;
    assert_eq!(wish(&shown, "token")["by"], "alice");
    let made = agree(&bob, wish(&shown, "token")).await;
    assert_eq!((made.status, ruled(&made)), (201, "done"));
    let token = made.json["client_token"].as_str().unwrap();
    assert_eq!(works(app, token).await, 200);
    // The second press of the second person makes no third token.
    let again = agree(&bob, wish(&shown, "token")).await;
    assert_eq!(code(&again), (409, "wrong_state"), "{}", again.text);
    // Two of the partner's own are one word.
    let body = json!({ "environment": "live", "grace_seconds": 0 });
    assert_eq!(ruled(&carol.act(&rotate, body.clone()).await), "proposed");
    let refused = dave.act(&rotate, body.clone()).await;
    assert_eq!(code(&refused), (409, "wrong_state"));
    assert!(
        refused.text.contains("operator or an owner"),
        "{}",
        refused.text
    );
    assert_eq!(
        (works(app, token).await, works(app, &first).await),
        (200, 200)
    );
    let rotated = bob.act(&rotate, body).await;
    assert_eq!(ruled(&rotated), "done");
    let newest = rotated.json["client_token"].as_str().unwrap();
    let after = (
        works(app, token).await,
        works(app, &first).await,
        works(app, newest).await,
    );
    assert_eq!(after, (401, 401, 200));
    // To end one makes everything safer: one is enough.
    let key = newest.split('_').nth(2).unwrap();
    let revoked = carol
        .act(&format!("{tokens}/{key}/revoke"), json!({}))
        .await;
    assert_eq!((revoked.status, works(app, newest).await), (204, 401));
    token_deeds(&alice).await;
    app.halt().await;
}

async fn of_two_who_agree_at_once_one_does_it(app: &App) {
    let app = &app.rehearsing().await;
    let alice = Person::join(app, "alice", Role::Owner).await;
    let bob = Person::join(app, "bob", Role::Operator).await;
    let ben = Person::join(app, "ben", Role::Operator).await;
    opened(app, &alice, &bob).await;
    // Whoever has to sign in again first is no race.
    app.clock.stop();
    for person in [&alice, &bob, &ben] {
        app.clock.skip(60);
        person.again().await;
    }
    let tokens = async || page(&alice, "live").await["tokens"].clone();
    let before = data_len(&tokens().await);
    for _ in 0..5 {
        let live = json!({ "environment": "live" });
        let proposed = alice.act(&path(app, "tokens"), live).await;
        assert_eq!(ruled(&proposed), "proposed");
        let shown = page(&bob, "live").await;
        let wish = wish(&shown, "token");
        let (one, other, twice) =
            tokio::join!(agree(&bob, wish), agree(&ben, wish), agree(&bob, wish));
        let mut codes = [one.status, other.status, twice.status];
        codes.sort_unstable();
        assert_eq!(
            codes,
            [201, 409, 409],
            "{} {} {}",
            one.text,
            other.text,
            twice.text
        );
        assert_eq!(page(&bob, "live").await["changes"], json!([]));
    }
    assert_eq!(data_len(&tokens().await), before + 5);
    app.halt().await;
}

fn data_len(list: &Value) -> usize {
    list.as_array().map_or(0, Vec::len)
}

async fn token_deeds(alice: &Person<'_>) {
    let audit = alice.get("audit?limit=100").await.json;
    let deeds: Vec<(&str, &str)> = audit["data"]
        .as_array()
        .unwrap()
        .iter()
        .map(|one| (one["act"].as_str().unwrap(), one["by"].as_str().unwrap()))
        .filter(|(act, _)| act.starts_with("token") || act.starts_with("change"))
        .collect();
    let wanted = [
        ("token.revoke", "carol"),
        ("token.issue", "bob"),
        ("change.propose", "carol"),
        ("token.issue", "bob"),
        ("change.propose", "alice"),
    ];
    assert_eq!(deeds, wanted);
}

async fn disable(owner: &Person<'_>, name: &str) {
    let members = owner.get("members").await.json;
    let mut members = members["data"].as_array().unwrap().iter();
    let id = members.find(|member| member["name"] == name).unwrap()["id"].clone();
    let path = format!("members/{}/disable", id.as_str().unwrap());
    assert_eq!(owner.act(&path, json!({})).await.status, 204);
}

async fn a_word_ends_with_the_right_to_it(app: &App) {
    let app = &app.rehearsing().await;
    let alice = Person::join(app, "alice", Role::Owner).await;
    let bob = Person::join(app, "bob", Role::Operator).await;
    let eve = Person::join(app, "eve", Role::Operator).await;
    let may_not = Person::join(app, "sam", Role::Support).await;
    let developer = Person::join(app, "dora", Role::PartnerDeveloper).await;
    opened(app, &alice, &bob).await;
    let (tokens, live) = (path(app, "tokens"), json!({ "environment": "live" }));
    assert_eq!(ruled(&eve.act(&tokens, live.clone()).await), "proposed");
    let shown = page(&bob, "live").await;
    // Whoever may not, may not agree or take back either.
    for person in [&may_not, &developer] {
        let refused = agree(person, wish(&shown, "token")).await;
        assert_eq!(code(&refused), (403, "not_allowed"), "{}", person.name);
        let taken = person
            .act(&path(app, "changes/token/withdraw"), json!({}))
            .await;
        assert_eq!(code(&taken), (403, "not_allowed"), "{}", person.name);
    }
    disable(&alice, "eve").await;
    // Her word is gone with her: bob's is the first one now.
    let said = agree(&bob, wish(&shown, "token")).await;
    assert_eq!(
        (ruled(&said), &said.json["client_token"]),
        ("proposed", &Value::Null)
    );
    assert_eq!(wish(&page(&alice, "live").await, "token")["by"], "bob");
    // A wish is taken back by anybody who may say one; then there is nothing to agree with.
    let shown = page(&alice, "live").await;
    let withdraw = path(app, "changes/token/withdraw");
    assert_eq!(bob.act(&withdraw, json!({})).await.status, 204);
    assert_eq!(
        code(&bob.act(&withdraw, json!({})).await),
        (409, "wrong_state")
    );
    assert_eq!(
        code(&agree(&alice, wish(&shown, "token")).await),
        (409, "wrong_state")
    );
    let unknown = path(app, "changes/policy/withdraw");
    assert_eq!(bob.act(&unknown, json!({})).await.status, 404);
    app.halt().await;
}

async fn a_wish_that_was_replaced_is_agreed_with_by_nobody(app: &App) {
    let app = &app.rehearsing().await;
    let alice = Person::join(app, "alice", Role::Owner).await;
    let bob = Person::join(app, "bob", Role::Operator).await;
    let dora = Person::join(app, "dora", Role::PartnerDeveloper).await;
    opened(app, &alice, &bob).await;
    let webhook = path(app, "webhook?environment=live");
    let to = |url: &str| json!({ "url": url });
    let good = to("https://shop.test/live");
    assert_eq!(ruled(&dora.act(&webhook, good.clone()).await), "proposed");
    let seen = page(&bob, "live").await;
    assert_eq!(
        wish(&seen, "webhook_move")["change"]["url"],
        "https://shop.test/live"
    );
    // Meanwhile somebody wants another address.
    let evil = to("https://evil.example/live");
    assert_eq!(ruled(&dora.act(&webhook, evil.clone()).await), "proposed");
    let refused = agree(&bob, wish(&seen, "webhook_move")).await;
    assert_eq!(code(&refused), (409, "wrong_state"));
    // The same words at another moment are another wish.
    assert_eq!(ruled(&dora.act(&webhook, good.clone()).await), "proposed");
    app.clock.skip(5);
    assert_eq!(ruled(&dora.act(&webhook, evil).await), "proposed");
    assert_eq!(ruled(&dora.act(&webhook, good.clone()).await), "proposed");
    let refused = agree(&bob, wish(&seen, "webhook_move")).await;
    assert_eq!(code(&refused), (409, "wrong_state"), "{}", refused.text);
    // Something else from the second person begins anew, too.
    let other = bob.act(&webhook, to("https://shop.test/other")).await;
    assert_eq!(ruled(&other), "proposed");
    assert_eq!(page(&alice, "live").await["webhook"], Value::Null);
    let shown = page(&alice, "live").await;
    let mut forged = wish(&shown, "webhook_move").clone();
    forged["change"]["url"] = json!("https://evil.example/live");
    assert_eq!(code(&agree(&alice, &forged).await), (409, "wrong_state"));
    forged["change"]["extra"] = json!(1);
    let refused = agree(&alice, &forged).await;
    assert_eq!(
        (refused.status, &refused.json["field"]),
        (400, &json!("change"))
    );
    let done = agree(&alice, wish(&shown, "webhook_move")).await;
    assert_eq!(ruled(&done), "done");
    // What was wished for over another state does not hold over this one.
    assert_eq!(ruled(&dora.act(&webhook, good).await), "proposed");
    let before = page(&bob, "live").await;
    assert_eq!(
        wish(&before, "webhook_move")["change"]["before"],
        "https://shop.test/other"
    );
    let removed = alice
        .act(&path(app, "webhook/remove?environment=live"), json!({}))
        .await;
    assert_eq!(removed.status, 204);
    let refused = agree(&bob, wish(&before, "webhook_move")).await;
    assert_eq!(code(&refused), (409, "wrong_state"), "{}", refused.text);
    app.halt().await;
}

async fn wallets_are_checked_and_in_live_two_change_them(app: &App) {
    let app = &app.rehearsing().await;
    let alice = Person::join(app, "alice", Role::Owner).await;
    let bob = Person::join(app, "bob", Role::Operator).await;
    let carol = Person::join(app, "carol", Role::PartnerAdmin).await;
    let token = opened(app, &alice, &bob).await;
    let old = page(&bob, "live").await["wallets"].clone();
    let tron = |page: &Value| {
        let mut lines = page["wallets"].as_array().unwrap().iter();
        let line = lines.find(|line| line["pair"] == "USDT/TRC20").unwrap();
        line["address"].as_str().unwrap().to_owned()
    };
    let mut new = old.clone();
    for line in new.as_array_mut().unwrap() {
        if line["pair"] == "USDT/TRC20" {
            line["address"] = json!(TRON);
        }
    }
    let wallets = path(app, "wallets?environment=live");
    wrong_wallets(&bob, &wallets, &new).await;
    let before = live_session(app, &token, "user-1", "20").await;
    let body = json!({ "wallets": new });
    assert_eq!(ruled(&carol.act(&wallets, body.clone()).await), "proposed");
    let shown = page(&bob, "live").await;
    let wanted = wish(&shown, "wallets");
    assert_eq!(
        (&wanted["by"], &wanted["change"]["wallets"]),
        (&json!("carol"), &new)
    );
    assert_eq!(wanted["change"]["before"], old);
    assert_ne!(tron(&shown), TRON);
    waits(app, &bob, json!(["wallets"])).await;
    // In another order it is the same.
    let mut turned = new.as_array().unwrap().clone();
    turned.reverse();
    let done = bob.act(&wallets, json!({ "wallets": turned })).await;
    assert_eq!(ruled(&done), "done");
    waits(app, &bob, json!([])).await;
    assert_eq!(tron(&page(&bob, "live").await), TRON);
    assert_ne!(tron(&page(&bob, "test").await), TRON, "the sandbox's stay");
    // What is so already is no wish.
    assert_eq!(ruled(&carol.act(&wallets, body).await), "done");
    assert_eq!(page(&bob, "live").await["changes"], json!([]));
    // From now on orders go there; those that began before do not.
    let after = live_session(app, &token, "user-2", "20").await;
    let goes = async |session: &Value| {
        let id = session["merchant_transaction_id"].as_str().unwrap();
        alice.get(&format!("orders/{id}")).await.text.contains(TRON)
    };
    assert_eq!((goes(&before).await, goes(&after).await), (false, true));
    app.halt().await;
}

/// What operators read under *Waiting* of this partner.
async fn waits(app: &App, operator: &Person<'_>, about: Value) {
    let wishes = operator.get("reviews").await.json["wishes"].clone();
    let wishes = wishes.as_array().unwrap();
    let told: Vec<_> = wishes.iter().map(|wish| wish["about"].clone()).collect();
    assert_eq!(json!(told), about);
    let partner = app.shop.partner.id.to_string();
    assert!(wishes.iter().all(|wish| wish["partner"]["id"] == partner));
}

async fn wrong_wallets(bob: &Person<'_>, wallets: &str, good: &Value) {
    let mut typo = good.clone();
    typo[0]["address"] = json!("1BoatSLRHtKNngkdXEeobR76b53LETtpyU");
    let mut twice = good.clone();
    let first = good[0].clone();
    twice.as_array_mut().unwrap().push(first);
    let mut unknown = good.clone();
    unknown[0]["pair"] = json!("GOLD/TRC20");
    for bad in [typo, twice, unknown, json!([]), json!([good[0]])] {
        let refused = bob.act(wallets, json!({ "wallets": bad })).await;
        assert_eq!(
            (refused.status, &refused.json["field"]),
            (400, &json!("wallets")),
            "{bad}: {}",
            refused.text
        );
    }
    // While somebody types.
    let check = async |pair: &str, address: &str| {
        bob.get(&format!("addresses/check?pair={pair}&address={address}"))
            .await
    };
    let good = check("USDT/TRC20", TRON).await.json;
    assert_eq!(good, json!({ "address": TRON, "problem": null }));
    for bad in [
        "",
        "TJRabPrwbZy45sbavfcjinPJC18kjpRTv9",
        "0x7454481D26928820a1C7b294ceA7Ac8fbDaFaD4a",
        "%3Cscript%3Ealert(1)%3C/script%3E",
    ] {
        let said = check("USDT/TRC20", bad).await.json;
        assert!(
            said["problem"].as_str().unwrap().contains("TRC20"),
            "{bad}: {said}"
        );
    }
    assert_eq!(check("GOLD", TRON).await.json["field"], "pair");
}

async fn the_last_live_page_stays(app: &App) {
    let app = &app.rehearsing().await;
    let alice = Person::join(app, "alice", Role::Owner).await;
    let bob = Person::join(app, "bob", Role::Operator).await;
    let carol = Person::join(app, "carol", Role::PartnerAdmin).await;
    let token = opened(app, &alice, &bob).await;
    // A page of the sandbox, which one person names, opens nothing that is real.
    let session = live_session(app, &token, "user-1", "20").await;
    let mut open = opening(&session, session.clone());
    for (page, status) in [(SHOP, 403), (PAGE, 201)] {
        open["page_origin"] = json!(page);
        let call = frame(Method::POST, "visits", "", open.to_string());
        assert_eq!(app.call(call).await.status, status, "{page}");
    }
    let (add, remove) = (
        path(app, "origins?environment=live"),
        path(app, "origins/remove?environment=live"),
    );
    let of = |origin: &str| json!({ "origin": origin });
    let only = alice.act(&remove, of(PAGE)).await;
    assert_eq!(code(&only), (409, "wrong_state"));
    assert!(only.text.contains("only live page"), "{}", only.text);
    let plain = alice.act(&add, of("http://new.example")).await;
    assert_eq!(
        (plain.status, &plain.json["field"]),
        (400, &json!("origin"))
    );
    assert_eq!(
        code(&carol.act(&add, of("https://new.example")).await),
        (403, "not_allowed")
    );
    // Each of the two takes two.
    for (path, origin, left) in [
        (
            &add,
            "https://new.example",
            vec!["https://new.example", PAGE],
        ),
        (&remove, PAGE, vec!["https://new.example"]),
    ] {
        assert_eq!(ruled(&alice.act(path, of(origin)).await), "proposed");
        assert_eq!(ruled(&bob.act(path, of(origin)).await), "done");
        assert_eq!(page(&bob, "live").await["origins"], json!(left));
    }
    // Two wishes to remove would each have left one: only the first can come true.
    assert_eq!(ruled(&alice.act(&add, of(PAGE)).await), "proposed");
    assert_eq!(ruled(&bob.act(&add, of(PAGE)).await), "done");
    assert_eq!(ruled(&alice.act(&remove, of(PAGE)).await), "proposed");
    let shown = page(&bob, "live").await;
    assert_eq!(
        ruled(&agree(&bob, wish(&shown, "origin_remove")).await),
        "done"
    );
    assert_eq!(
        code(&alice.act(&remove, of("https://new.example")).await),
        (409, "wrong_state")
    );
    assert_eq!(alice.act(&remove, of(PAGE)).await.status, 404);
    let audit = alice.get("audit?limit=100").await.json;
    let removed = |one: &&Value| one["act"] == "origin.remove";
    let removed: Vec<&Value> = audit["data"]
        .as_array()
        .unwrap()
        .iter()
        .filter(removed)
        .collect();
    assert_eq!(removed.len(), 2);
    let told = json!({ "environment": "live", "origin": PAGE, "proposed_by": "alice" });
    assert_eq!(removed[0]["after"], told);
    app.halt().await;
}

async fn a_webhook_is_moved_by_two_and_removed_by_one(app: &App) {
    let app = &app.rehearsing().await;
    let alice = Person::join(app, "alice", Role::Owner).await;
    let bob = Person::join(app, "bob", Role::Operator).await;
    let dora = Person::join(app, "dora", Role::PartnerDeveloper).await;
    opened(app, &alice, &bob).await;
    let webhook = path(app, "webhook?environment=live");
    for bad in ["http://shop.test/live", "https://127.0.0.1/hook", "nowhere"] {
        let refused = bob.act(&webhook, json!({ "url": bad })).await;
        assert_eq!(
            (refused.status, &refused.json["field"]),
            (400, &json!("webhook_url")),
            "{bad}"
        );
    }
    let body = json!({ "url": "https://shop.test/live" });
    assert_eq!(ruled(&dora.act(&webhook, body.clone()).await), "proposed");
    let set = bob.act(&webhook, body.clone()).await;
    assert_eq!(ruled(&set), "done");
    let secret = set.json["webhook_secret"].as_str().unwrap();
    assert!(secret.starts_with("whsec_"), "{secret}");
    // Another address keeps the secret.
    let other = json!({ "url": "https://shop.test/other" });
    assert_eq!(ruled(&alice.act(&webhook, other.clone()).await), "proposed");
    let moved = bob.act(&webhook, other).await;
    assert_eq!(
        (ruled(&moved), &moved.json["webhook_secret"]),
        ("done", &Value::Null)
    );
    // The secret is exchanged by two; what it is stands nowhere but in the answer.
    let rotate = path(app, "webhook/rotate?environment=live");
    let weeks = json!({ "grace_seconds": 31 * 24 * 3_600 });
    assert_eq!(bob.act(&rotate, weeks).await.json["field"], "grace_seconds");
    assert_eq!(ruled(&dora.act(&rotate, json!({})).await), "proposed");
    let rotated = alice.act(&rotate, json!({})).await;
    let fresh = rotated.json["webhook_secret"].as_str().unwrap();
    assert_ne!(fresh, secret);
    let audit = alice.get("audit?limit=100").await.text;
    assert!(
        !audit.contains(fresh) && !audit.contains("whsec_"),
        "{audit}"
    );
    // One is enough to take it away; the next one has a secret of its own.
    let remove = path(app, "webhook/remove?environment=live");
    assert_eq!(dora.act(&remove, json!({})).await.status, 204);
    assert_eq!(dora.act(&remove, json!({})).await.status, 404);
    assert_eq!(page(&bob, "live").await["webhook"], Value::Null);
    assert_eq!(ruled(&bob.act(&webhook, body.clone()).await), "proposed");
    let again = alice.act(&webhook, body).await;
    let next = again.json["webhook_secret"].as_str().unwrap();
    assert!(next != fresh && next != secret);
    assert_eq!(page(&bob, "live").await["webhook"]["state"], "enabled");
    app.halt().await;
}

async fn the_sandbox_takes_one_and_what_is_not_live_nobody(app: &App) {
    app.clock.stop();
    let bob = Person::join(app, "bob", Role::Operator).await;
    let carol = Person::join(app, "carol", Role::PartnerAdmin).await;
    let old = page(&carol, "test").await["wallets"].clone();
    let mut new = old.clone();
    let mut lines = new.as_array_mut().unwrap().iter_mut();
    lines.find(|line| line["pair"] == "USDT/TRC20").unwrap()["address"] = json!(TRON);
    let body = json!({ "wallets": new });
    let done = carol.act(&path(app, "wallets"), body.clone()).await;
    assert_eq!(ruled(&done), "done");
    assert_eq!(page(&carol, "test").await["wallets"], new);
    let origin = json!({ "origin": "http://new.example" });
    assert_eq!(
        ruled(&bob.act(&path(app, "origins"), origin.clone()).await),
        "done"
    );
    assert_eq!(
        ruled(&bob.act(&path(app, "origins/remove"), origin.clone()).await),
        "done"
    );
    assert_eq!(
        bob.act(&path(app, "origins/remove"), origin.clone())
            .await
            .status,
        404
    );
    assert_eq!(
        ruled(&carol.act(&path(app, "webhook/rotate"), json!({})).await),
        "done"
    );
    assert_eq!(carol.act(&path(app, "tokens"), json!({})).await.status, 201);
    // Each user of theirs brings an address.
    let own = format!("partners/{}/wallets", app.wallet_partner.partner.id);
    assert_eq!(
        code(&bob.act(&own, body.clone()).await),
        (409, "wrong_state")
    );
    nothing_is_live(app, &bob, (&body, &origin)).await;
    somebody_elses(app, &body).await;
}

/// There is nothing to read or to change.
async fn nothing_is_live(app: &App, bob: &Person<'_>, (wallets, origin): (&Value, &Value)) {
    let hook = json!({ "url": "https://shop.test/live" });
    for (rest, body) in [
        ("tokens", json!({ "environment": "live" })),
        ("wallets?environment=live", wallets.clone()),
        (
            "origins?environment=live",
            json!({ "origin": "https://new.example" }),
        ),
        ("origins/remove?environment=live", origin.clone()),
        ("webhook?environment=live", hook.clone()),
        ("webhook/rotate?environment=live", json!({})),
        ("webhook/remove?environment=live", json!({})),
        ("webhook/test?environment=live", json!({})),
        ("webhook/enable?environment=live", json!({})),
        (
            "refusals/acknowledge?environment=live",
            json!({ "code": "x" }),
        ),
    ] {
        let refused = bob.act(&path(app, rest), body).await;
        assert_eq!(
            code(&refused),
            (409, "wrong_state"),
            "{rest}: {}",
            refused.text
        );
    }
    for rest in [
        "refusals",
        "deliveries",
        "deliveries/none",
        "statements/2020-01-01",
    ] {
        let refused = bob
            .get(&path(app, &format!("{rest}?environment=live")))
            .await;
        assert_eq!(code(&refused), (409, "wrong_state"), "{rest}");
        // Neither is there another world.
        let unknown = bob
            .get(&path(app, &format!("{rest}?environment=prod")))
            .await;
        assert_eq!(
            (unknown.status, &unknown.json["field"]),
            (400, &json!("environment")),
            "{rest}"
        );
    }
    let unknown = bob
        .act(&path(app, "webhook?environment=sandbox"), hook)
        .await;
    assert_eq!(
        (unknown.status, &unknown.json["field"]),
        (400, &json!("environment"))
    );
}

/// Another partner's things look like those of one that does not exist.
async fn somebody_elses(app: &App, wallets: &Value) {
    let other = app.partner("stranger", None).await.partner.id;
    let token = invitation(app, Role::PartnerAdmin, Some(other)).await;
    let path = format!("invitations/{token}");
    let shown = app
        .call(page_call(Method::GET, &path, "", &json!({})))
        .await;
    let secret = shown.json["secret"].as_str().unwrap();
    let code = crate::people::code(app, secret, 0);
    let body = json!({ "name": "mallory", "password": crate::people::PASSWORD, "code": code });
    let joined = app.call(page_call(Method::POST, &path, "", &body)).await;
    let cookie = crate::people::cookie_of(&joined);
    let at = json!({ "change": { "what": "token", "others_end_after_seconds": null }, "at": "2026-01-01T00:00:00Z" });
    for (rest, body) in [
        ("wallets", wallets.clone()),
        ("tokens", json!({})),
        ("webhook", json!({ "url": "https://evil.example" })),
        ("webhook/rotate", json!({})),
        ("webhook/remove", json!({})),
        ("changes/agree", at),
        ("changes/webhook/withdraw", json!({})),
        ("refusals/acknowledge", json!({ "code": "x" })),
    ] {
        let of = async |id: &str| {
            let path = format!("partners/{id}/{rest}");
            app.call(page_call(Method::POST, &path, &cookie, &body))
                .await
        };
        let foreign = of(&app.shop.partner.id.to_string()).await;
        let nobodys = of("prt_01a205d764457da8b9dd58caedbfa33b").await;
        assert_eq!(foreign.status, 404, "{rest}: {}", foreign.text);
        assert_eq!(foreign.without_name(), nobodys.without_name(), "{rest}");
    }
}
