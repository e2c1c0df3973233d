//! The services over HTTP, in memory: routes, keys, and the shape of answers.

use super::*;
use axum::body::{Body, to_bytes};
use futures::executor::block_on;
use proof_core::{Clock, Entropy, Timestamp};
use serde_json::{Value, json};
use std::{path::PathBuf, sync::Mutex};
use tower::ServiceExt;

struct Fixed;

impl Clock for Fixed {
    fn now(&self) -> Timestamp {
        Timestamp::from_micros(1_795_000_000_000_000)
    }
}

/// Counts, so that ids differ and a run repeats.
#[derive(Default)]
struct Counting(Mutex<u8>);

impl Entropy for Counting {
    fn fill(&self, bytes: &mut [u8]) {
        let mut count = self.0.lock().unwrap();
        *count += 1;
        bytes.fill(*count);
    }
}

fn world() -> Arc<World> {
    world_in(None)
}

fn world_in(data: Option<PathBuf>) -> Arc<World> {
    let config = crate::WorldConfig {
        data,
        key: "secret".to_owned(),
        seed: 1,
    };
    let world = World::open(config, Arc::new(Fixed), Arc::new(Counting::default()));
    Arc::new(world.unwrap())
}

struct Caller {
    router: Router,
    key: Option<&'static str>,
}

impl Caller {
    fn new(router: Router) -> Self {
        Self {
            router,
            key: Some("Bearer secret"),
        }
    }

    fn call(&self, method: &str, path: &str, body: impl Into<Body>) -> (u16, Value) {
        let mut request = Request::builder()
            .method(method)
            .uri(path)
            .header("host", "sandbox.test:81");
        if let Some(key) = self.key {
            request = request.header("authorization", key);
        }
        let request = request.body(body.into()).unwrap();
        let response = block_on(self.router.clone().oneshot(request)).unwrap();
        let status = response.status().as_u16();
        let bytes = block_on(to_bytes(response.into_body(), usize::MAX)).unwrap();
        let value = serde_json::from_slice(&bytes)
            .unwrap_or_else(|_| Value::from(String::from_utf8_lossy(&bytes)));
        (status, value)
    }

    fn post(&self, path: &str, body: &Value) -> (u16, Value) {
        self.call("POST", path, body.to_string())
    }

    fn get(&self, path: &str) -> (u16, Value) {
        self.call("GET", path, Body::empty())
    }
}

const PRIVATE: [(bool, &str, &str); 22] = [
    (true, "POST", "/v1/apple-pay/sessions"),
    (true, "POST", "/v1/wallet-tokens"),
    (true, "POST", "/v1/authorisations"),
    (true, "GET", "/v1/authorisations/r"),
    (true, "POST", "/v1/authorisations/r/capture"),
    (true, "POST", "/v1/authorisations/r/void"),
    (true, "POST", "/v1/authorisations/r/refunds"),
    (
        false,
        "PUT",
        "/identity/v1/verifications/r/documents/passport/front",
    ),
    (
        false,
        "PUT",
        "/identity/v1/verifications/r/frames/0?step=left",
    ),
    (false, "POST", "/identity/v1/verifications/r/submit"),
    (false, "GET", "/identity/v1/verifications/r"),
    (false, "GET", "/rates/v1/mid?base=USDT&quote=EUR"),
    (false, "GET", "/chains/v1/TRC20"),
    (false, "GET", "/chains/v1/TRC20/accounts/a"),
    (false, "GET", "/chains/v1/BITCOIN/coins/a"),
    (false, "GET", "/chains/v1/TRC20/fee"),
    (false, "POST", "/chains/v1/TRC20/transfers"),
    (false, "POST", "/chains/v1/TRC20/faucet"),
    (false, "POST", "/chains/v1/TRC20/reorgs"),
    (false, "POST", "/chains/v1/TRC20/transfers/h/later"),
    (false, "GET", "/clock/v1"),
    (false, "POST", "/clock/v1"),
];

#[test]
fn without_the_key_nothing_private_answers() {
    let world = world();
    let mut cards = Caller::new(cards_router(world.clone()));
    let mut others = Caller::new(world_router(world));
    for key in [None, Some("Bearer wrong"), Some("secret"), Some("Bearer ")] {
        (cards.key, others.key) = (key, key);
        for (on_cards, method, path) in PRIVATE {
            let caller = if on_cards { &cards } else { &others };
            let (status, body) = caller.call(method, path, "{}");
            assert_eq!(
                (status, &body["code"]),
                (401, &json!("unauthorised")),
                "{path}"
            );
        }
    }
}

#[test]
fn every_refusal_is_json_with_a_code() {
    let world = world();
    let cards = Caller::new(cards_router(world.clone()));
    let others = Caller::new(world_router(world));
    for (caller, method, path, status) in [
        (&cards, "GET", "/nowhere", 404),
        (&cards, "GET", "/v1/authorisations/r", 404),
        (&cards, "DELETE", "/v1/authorisations/r", 405),
        (&cards, "POST", "/v1/authorisations", 400),
        (&cards, "POST", "/fields/v1/tokens", 400),
        (&cards, "GET", "/fields/v1/assets/nothing.js", 404),
        (&cards, "GET", "/three-ds/x", 404),
        (&others, "GET", "/chains/v1/SOLANA", 404),
        (&others, "GET", "/chains/v1/TRC20/accounts/a", 400),
        (&others, "GET", "/rates/v1/mid?base=USDT", 400),
        (&others, "GET", "/rates/v1/mid?base=DOGE&quote=EUR", 404),
        (
            &others,
            "PUT",
            "/identity/v1/verifications/r/documents/library_card/front",
            404,
        ),
        (&others, "PUT", "/identity/v1/verifications/r/frames/0", 400),
        (
            &others,
            "PUT",
            "/identity/v1/verifications/r/frames/x?step=left",
            404,
        ),
        (&others, "POST", "/chains/v1/TRC20/transfers", 400),
    ] {
        let (got, body) = caller.call(method, path, "{\"x\":1}");
        assert_eq!(got, status, "{method} {path}");
        assert!(
            body["code"].is_string() && body["message"].is_string(),
            "{path}: {body}"
        );
    }
}

#[test]
fn a_card_payment_from_token_to_refund() {
    let caller = Caller::new(cards_router(world()));
    let card = json!({"number": "4000000000003220", "expiry": "12/30", "cvc": "123"});
    let (status, token) = caller.post("/fields/v1/tokens", &card);
    assert_eq!(
        (status, &token["last4"], &token["brand"]),
        (201, &json!("3220"), &json!("visa"))
    );

    let amount = json!({"currency": "EUR", "minor": "10140"});
    let request = json!({"reference": "r", "token": token["token"], "amount": amount});
    let (status, asked) = caller.post("/v1/authorisations", &request);
    assert_eq!(
        (status, &asked["status"]),
        (200, &json!("three_ds_required"))
    );
    let url = asked["three_ds_url"].as_str().unwrap();
    let page = url.strip_prefix("http://sandbox.test:81").unwrap();

    let (status, facts) = caller.get(&format!("{page}/facts"));
    let expected = json!({"status": "three_ds_required", "amount": amount,
        "card": {"brand": "visa", "last4": "3220"}});
    assert_eq!((status, facts), (200, expected));
    assert_eq!(caller.get(page).0, 200);
    assert_eq!(caller.post(page, &json!({"approve": true})).0, 204);

    let (_, held) = caller.get("/v1/authorisations/r");
    assert_eq!(held["status"], "held");
    assert!(held.get("three_ds_url").is_none());
    let capture = json!({ "amount": amount });
    let (status, captured) = caller.post("/v1/authorisations/r/capture", &capture);
    assert_eq!((status, &captured["status"]), (200, &json!("captured")));
    assert_eq!(captured["captured"], "10140");
    let (status, voided) = caller.post("/v1/authorisations/r/void", &json!({}));
    assert_eq!((status, &voided["status"]), (200, &json!("captured")));
    let refund = json!({"refund_reference": "f", "amount": amount});
    let (status, refunded) = caller.post("/v1/authorisations/r/refunds", &refund);
    let expected = json!({"refund_reference": "f", "status": "refunded"});
    assert_eq!((status, refunded), (200, expected));
    assert_eq!(caller.get("/v1/authorisations/r").1["refunded"], "10140");
}

/// The call is carried out, its first answer is lost, and whoever asks again is told.
#[test]
fn some_answers_come_too_late() {
    for (number, lost) in [
        ("4000000000000259", "authorise"),
        ("4000000000002685", "capture"),
    ] {
        let caller = Caller::new(cards_router(world()));
        let card = json!({"number": number, "expiry": "12/30", "cvc": "123"});
        let (_, token) = caller.post("/fields/v1/tokens", &card);
        let amount = json!({"currency": "EUR", "minor": "10140"});
        let request = json!({"reference": "r", "token": token["token"], "amount": amount});
        let capture = json!({ "amount": amount });
        let late = |name: &str| if name == lost { 504 } else { 200 };
        let ask = || caller.post("/v1/authorisations", &request);
        let take = || caller.post("/v1/authorisations/r/capture", &capture);
        assert_eq!(ask().0, late("authorise"));
        assert_eq!(ask().1["status"], "held");
        assert_eq!(take().0, late("capture"));
        assert_eq!(take().1["status"], "captured");
    }
}

#[test]
fn pages_for_browsers_need_no_key_and_load_nothing_from_elsewhere() {
    let mut caller = Caller::new(cards_router(world()));
    caller.key = None;
    let (status, page) = caller.get("/fields/v1/frame?field=number&parent=http://shop.test");
    let page = page.as_str().unwrap();
    assert_eq!(status, 200);
    let links: Vec<&str> = page
        .split(['"'])
        .filter(|part| part.starts_with("/fields/v1/assets/"))
        .collect();
    assert!(!links.is_empty());
    for link in links {
        assert_eq!(caller.get(link).0, 200, "{link}");
    }
    let wrong = json!({"number": "4242", "expiry": "12/30", "cvc": "123"});
    let (status, refusal) = caller.post("/fields/v1/tokens", &wrong);
    assert_eq!((status, &refusal["field"]), (422, &json!("number")));
}

#[test]
fn money_on_a_chain_is_text() {
    let caller = Caller::new(world_router(world()));
    let address = "TMVQGm1qAQYVdetCeGRRkTWYYrLXuHK2HC";
    let faucet = json!({"address": address, "ticker": "USDT", "base": "340282366920938463463"});
    assert_eq!(caller.post("/chains/v1/TRC20/faucet", &faucet).0, 204);
    let (_, account) = caller.get(&format!("/chains/v1/TRC20/accounts/{address}"));
    let expected = json!({"nonce": 0, "balances": {"USDT": "340282366920938463463"}});
    assert_eq!(account, expected);
    let (_, fee) = caller.get("/chains/v1/TRC20/fee");
    assert_eq!(fee, json!({"base": "13500000"}));
    assert_eq!(caller.get("/chains/v1/TRC20").1, json!({"height": 0}));
    let (status, page) = caller.get("/explorer/TRC20/%3Cscript%3E");
    assert_eq!(status, 404);
    assert!(!page.as_str().unwrap().contains("<script>"));
}

#[test]
fn a_restart_forgets_nothing() {
    let dir = tempfile::tempdir().unwrap();
    let open = || world_in(Some(dir.path().to_owned()));
    let address = "TMVQGm1qAQYVdetCeGRRkTWYYrLXuHK2HC";
    let account = format!("/chains/v1/TRC20/accounts/{address}");
    let first = {
        let world = open();
        let cards = Caller::new(cards_router(world.clone()));
        let others = Caller::new(world_router(world));
        let card = json!({"number": "4242424242424242", "expiry": "12/30", "cvc": "123"});
        let (_, token) = cards.post("/fields/v1/tokens", &card);
        let amount = json!({"currency": "EUR", "minor": "5"});
        let request = json!({"reference": "r", "token": token["token"], "amount": amount});
        assert_eq!(cards.post("/v1/authorisations", &request).0, 200);
        let faucet = json!({"address": address, "ticker": "USDT", "base": "7"});
        assert_eq!(others.post("/chains/v1/TRC20/faucet", &faucet).0, 204);
        [cards.get("/v1/authorisations/r"), others.get(&account)]
    };
    let world = open();
    let cards = Caller::new(cards_router(world.clone()));
    let others = Caller::new(world_router(world));
    let again = [cards.get("/v1/authorisations/r"), others.get(&account)];
    assert_eq!(again, first);
    assert_eq!(again[0].1["status"], "held");
    assert_eq!(again[1].1["balances"]["USDT"], "7");
}
