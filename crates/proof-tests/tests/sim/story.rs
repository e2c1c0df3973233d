//! One user, one buy or sell, from the session to its end, whatever happens on the way.

use crate::{
    clock::{SimClock, SimEntropy},
    history::History,
    network::Network,
};
use axum::{Router, body::Body, routing::post};
use futures::{executor::LocalPool, future::AbortHandle, task::LocalSpawnExt};
use http::{Method, Request, StatusCode};
use http_body_util::BodyExt;
use proof_core::{
    Asset, Clock, Fiat, Network as Chain, Timestamp,
    money::Amount,
    partner::{Origin, PartnerType, SellPolicy},
    secret::Secret,
};
use proof_engine::{Engine, PartnerCreate, Parts};
use proof_outbound::Outbound;
use proof_port::{Signer, Timer};
use proof_sandbox::{World, WorldConfig, cards_router, world_router};
use proof_server::{App, rails::SandboxConfig};
use proof_signer::LocalSigner;
use proof_store::{Balance, Db, Execution};
use serde_json::{Value, json};
use std::{
    cell::{Cell, RefCell},
    rc::Rc,
    sync::{
        Arc, Mutex, Weak,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
};
use tempfile::TempDir;
use tower::ServiceExt;

const ORIGIN: &str = "http://proof.test";
const SHOP: &str = "http://shop.test";
const KEY: &str = "key";
const FUNDS: &str = "1000";
const BOUGHT: &str = "100";
const REFUND: &str = "TQsYLehPnKVhjqx58tntQep1WMLG6YDyuY";

/// Faults strike in the first three hours; then the world calms down and everything must end.
const CALM_AFTER_SECONDS: i64 = 3 * 3_600;

/// No story is longer than this.
const STEPS_MAX: u32 = 400_000;

#[derive(Clone, Copy)]
pub struct Faults {
    pub lose_request_percent: u64,
    pub lose_answer_percent: u64,
    pub crash_percent: u64,
}

impl Faults {
    pub const fn none() -> Self {
        Self {
            lose_request_percent: 0,
            lose_answer_percent: 0,
            crash_percent: 0,
        }
    }

    /// From a few faults to many, depending on the seed.
    pub const fn wide(seed: u64) -> Self {
        let lose = 3 + seed * 7 % 24;
        Self {
            lose_request_percent: lose,
            lose_answer_percent: lose,
            crash_percent: 4 + seed % 5,
        }
    }
}

/// What the user of a sell does at the deposit address.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Deposits {
    /// All at once.
    Whole,
    Parts,
    /// Not enough, and no more.
    Short,
    TooMuch,
    /// Only when the time is over.
    Late,
    /// All of it; then the chain takes it back, and it is sent again.
    Reorged,
    Nothing,
}

impl Deposits {
    /// The ways of the stories with faults. A re-org that comes when the deposit is final already
    /// means a day of waiting, second by second, which is told elsewhere.
    const WAYS: [Self; 6] = [
        Self::Whole,
        Self::Parts,
        Self::Short,
        Self::TooMuch,
        Self::Late,
        Self::Nothing,
    ];
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Plot {
    Buy,
    Sell {
        deposits: Deposits,
        card_is_good: bool,
    },
}

impl Plot {
    /// Every other story is a sell, each in another way.
    pub fn of(seed: u64) -> Self {
        let ways = u64::try_from(Deposits::WAYS.len()).unwrap();
        if seed.is_multiple_of(2) {
            return Self::Buy;
        }
        let way = usize::try_from(seed / 2 % ways).unwrap();
        Self::Sell {
            deposits: Deposits::WAYS[way],
            card_is_good: !seed.is_multiple_of(3),
        }
    }
}

pub struct Outcome {
    pub plot: Plot,
    pub status: String,
    pub history: String,
    pub crashes: u64,
    pub lost: u64,
    webhooks: Vec<Value>,
    balances: Vec<Balance>,
    postings: Vec<(String, i128)>,
    /// What the chain says that the hot wallet has left.
    chain_left: u128,
    /// Payouts that the processor made, by its own count.
    payouts: u64,
}

impl Outcome {
    /// Safety: the books are whole, agree with the chain, and owe nobody anything.
    pub fn check(&self, seed: u64) {
        let wallet = |prefix: &str| -> i128 {
            let own = self.balances.iter().filter(|b| b.key.starts_with(prefix));
            own.map(|b| b.amount).sum()
        };
        for balance in &self.balances {
            let sum: i128 = self
                .postings
                .iter()
                .filter(|(k, _)| *k == balance.key)
                .map(|(_, a)| a)
                .sum();
            assert_eq!(sum, balance.amount, "seed {seed}: {}", balance.key);
        }
        for open in ["customer:", "reserved:", "in_transit:"] {
            assert_eq!(wallet(open), 0, "seed {seed}: {open} is not settled");
        }
        let left = i128::try_from(self.chain_left).unwrap();
        assert_eq!(
            wallet("wallet:USDT/TRC20"),
            left,
            "seed {seed}: books and chain differ"
        );
        match self.plot {
            Plot::Buy => self.check_buy(seed, left, wallet("psp:")),
            Plot::Sell { .. } => self.check_sell(seed, left, wallet("payout:"), wallet("deposit:")),
        }
        let last = self.webhooks.last().map(|event| event["status"].clone());
        assert_eq!(
            last,
            Some(json!(self.status)),
            "seed {seed}: the partner's last news"
        );
        let numbers: Vec<i64> = self
            .webhooks
            .iter()
            .map(|e| e["sequence"].as_i64().unwrap())
            .collect();
        assert!(
            numbers.is_sorted(),
            "seed {seed}: webhooks out of order: {numbers:?}"
        );
    }

    /// What came in is either paid for or gone back, to the last unit, and never both.
    fn check_sell(&self, seed: u64, left: i128, paid_out: i128, held: i128) {
        let plot = self.plot;
        let sold = i128::try_from(usdt(BOUGHT).base()).unwrap();
        let funds = i128::try_from(usdt(FUNDS).base()).unwrap();
        let completed = self.status == "completed";
        assert_eq!(self.payouts, u64::from(completed), "seed {seed}: {plot:?}");
        assert_eq!(paid_out < 0, completed, "seed {seed}: {plot:?}");
        let kept = if completed { sold } else { 0 };
        assert_eq!(
            (funds - left) + kept,
            held,
            "seed {seed}: {plot:?} {}: what came is not what was paid for and what went back",
            self.status
        );
    }

    fn check_buy(&self, seed: u64, left: i128, earned: i128) {
        let bought = i128::try_from(usdt(BOUGHT).base()).unwrap();
        let funds = i128::try_from(usdt(FUNDS).base()).unwrap();
        let sold = self.status == "completed";
        assert_eq!(
            funds - left,
            if sold { bought } else { 0 },
            "seed {seed}: {}",
            self.status
        );
        assert_eq!(
            earned > 0,
            sold,
            "seed {seed}: {} with {earned} captured",
            self.status
        );
    }
}

fn usdt(text: &str) -> Amount {
    Amount::parse(Asset::find("USDT", Chain::Trc20).unwrap(), text).unwrap()
}

/// How far the user of a sell has got with sending.
#[derive(Default)]
struct Sent {
    hash: Option<String>,
    steps: u32,
}

/// What outlives a crash of the server, and the world around it.
struct Sim {
    plot: Plot,
    sent: RefCell<Sent>,
    clock: Arc<SimClock>,
    entropy: Arc<SimEntropy>,
    network: Arc<Network>,
    history: Arc<History>,
    db: Db,
    signer_dir: TempDir,
    webhooks: Arc<Mutex<Vec<Value>>>,
    app: RefCell<Option<App>>,
    engine: RefCell<Weak<Engine>>,
    worker: RefCell<Option<AbortHandle>>,
    crashes: Cell<u64>,
    partner: RefCell<Option<(String, String)>>,
    _db_dir: TempDir,
}

/// Runs a whole story and returns how it ended.
pub fn run(seed: u64, plot: Plot, faults: Faults) -> Outcome {
    // sqlx wants a runtime for its connections' housekeeping; nothing of ours runs there.
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(1)
        .enable_all()
        .build()
        .unwrap();
    let _entered = runtime.enter();
    let sim = Rc::new(Sim::new(seed, plot, faults));
    let mut pool = LocalPool::new();
    let spawner = pool.spawner();
    let story = {
        let sim = Rc::clone(&sim);
        spawner
            .spawn_local_with_handle(async move { sim.story().await })
            .unwrap()
    };
    let mut story = Box::pin(story);
    for _ in 0..STEPS_MAX {
        if sim.worker.borrow().is_none() && sim.app.borrow().is_some() {
            sim.start_worker(&spawner);
        }
        pool.run_until_stalled();
        if let Some(status) = futures::FutureExt::now_or_never(&mut story) {
            return sim.outcome(status);
        }
        if sim.network.crash.swap(false, Ordering::SeqCst) {
            sim.crash();
            continue;
        }
        if sim.is_dead() {
            pool.run_until(sim.boot());
            continue;
        }
        assert!(sim.clock.advance(), "seed {seed}: everybody waits for ever");
    }
    panic!("seed {seed}: the story has no end")
}

impl Sim {
    fn new(seed: u64, plot: Plot, faults: Faults) -> Self {
        let clock = Arc::new(SimClock::new());
        let entropy = Arc::new(SimEntropy::new(seed));
        let history = Arc::new(History::default());
        let config = WorldConfig {
            data: None,
            key: KEY.to_owned(),
            seed,
        };
        let world_entropy = Arc::new(SimEntropy::new(seed ^ 0xABCD));
        let world = Arc::new(World::open(config, clock.clone(), world_entropy).unwrap());
        let webhooks: Arc<Mutex<Vec<Value>>> = Arc::default();
        let heard = Arc::clone(&webhooks);
        let shop = Router::new().route(
            "/webhook",
            post(move |body: String| async move {
                heard
                    .lock()
                    .unwrap()
                    .push(serde_json::from_str(&body).unwrap());
                StatusCode::NO_CONTENT
            }),
        );
        let hosts = [
            ("cards.test".to_owned(), cards_router(Arc::clone(&world))),
            ("world.test".to_owned(), world_router(world)),
            ("shop.test".to_owned(), shop),
        ];
        let network = Arc::new(Network {
            hosts: Mutex::new(hosts.into()),
            clock: clock.clone(),
            random: SimEntropy::new(seed ^ 0x5EED),
            history: history.clone(),
            faults,
            // The setting up is not part of the story.
            calm: AtomicBool::new(true),
            lost: AtomicU64::new(0),
            paid: Mutex::default(),
            crash: AtomicBool::new(false),
        });
        let db_dir = tempfile::tempdir().unwrap();
        let path = db_dir.path().join("proof.db");
        let db = pollster::block_on(Db::sqlite(&path, Execution::InPlace)).unwrap();
        Self {
            plot,
            sent: RefCell::default(),
            clock,
            entropy,
            network,
            history,
            db,
            signer_dir: tempfile::tempdir().unwrap(),
            webhooks,
            app: RefCell::default(),
            engine: RefCell::new(Weak::new()),
            worker: RefCell::default(),
            crashes: Cell::new(0),
            partner: RefCell::default(),
            _db_dir: db_dir,
        }
    }

    fn sandbox(&self) -> SandboxConfig {
        SandboxConfig {
            cards_url: "http://cards.test".parse().unwrap(),
            world_url: "http://world.test".parse().unwrap(),
            key: Secret::new(KEY),
        }
    }

    /// Starts the server over what is in the database and the signer's journal.
    async fn boot(&self) {
        let outbound = Outbound::new(self.network.clone());
        let signer = Arc::new(LocalSigner::open(self.signer_dir.path(), [7; 32]).unwrap());
        let parts = Parts {
            db: self.db.clone(),
            clock: self.clock.clone(),
            entropy: self.entropy.clone(),
            outbound: outbound.clone(),
            test_rails: Some(self.sandbox().rails(&outbound, signer)),
            live_rails: None,
            limited: true,
        };
        let app = App::build(Origin::parse(ORIGIN).unwrap(), Vec::new(), parts)
            .await
            .unwrap();
        *self.engine.borrow_mut() = Arc::downgrade(&app.engine);
        *self.app.borrow_mut() = Some(app);
    }

    /// It crashed, and the last of what it held is gone.
    fn is_dead(&self) -> bool {
        self.app.borrow().is_none()
            && self.crashes.get() > 0
            && self.engine.borrow().strong_count() == 0
    }

    fn start_worker(&self, spawner: &futures::executor::LocalSpawner) {
        let engine = self.app.borrow().as_ref().unwrap().engine.clone();
        let (work, handle) =
            futures::future::abortable(async move { engine.work(std::future::pending()).await });
        spawner
            .spawn_local(async move {
                let _aborted = work.await;
            })
            .unwrap();
        *self.worker.borrow_mut() = Some(handle);
    }

    /// Everything in memory is gone, in the middle of whatever it was doing.
    fn crash(&self) {
        self.history
            .note("crash", self.clock.now().to_string().as_bytes());
        self.crashes.set(self.crashes.get() + 1);
        if let Some(worker) = self.worker.borrow_mut().take() {
            worker.abort();
        }
        *self.app.borrow_mut() = None;
    }

    async fn sleep(&self, seconds: i64) {
        self.clock
            .sleep_until(self.clock.now().plus_seconds(seconds))
            .await;
    }

    /// One HTTP request. A server that crashed answers nothing; the caller tries again.
    async fn call(&self, method: Method, path: &str, token: &str, body: Vec<u8>) -> (u16, Value) {
        loop {
            let request = Request::builder()
                .method(method.clone())
                .uri(path)
                .header("authorization", format!("Bearer {token}"))
                .body(Body::from(body.clone()))
                .unwrap();
            let app = self.app.borrow().clone();
            if let Some(app) = app {
                let crashes = self.crashes.get();
                let answer = async {
                    let (parts, body) = app.router.oneshot(request).await.unwrap().into_parts();
                    (
                        parts.status.as_u16(),
                        body.collect().await.unwrap().to_bytes(),
                    )
                };
                // A connection to a dead server is noticed after a while.
                let died = async {
                    while self.crashes.get() == crashes {
                        self.sleep(1).await;
                    }
                };
                futures::pin_mut!(answer, died);
                if let futures::future::Either::Left(((status, bytes), _)) =
                    futures::future::select(answer, died).await
                {
                    self.history
                        .note(&format!("{method} {path} {status}"), &bytes);
                    return (
                        status,
                        serde_json::from_slice(&bytes).unwrap_or(Value::Null),
                    );
                }
            }
            self.sleep(1).await;
        }
    }

    async fn prepare(&self) {
        self.boot().await;
        let engine = self.app.borrow().as_ref().unwrap().engine.clone();
        let asset = usdt(FUNDS).asset();
        let shop = LocalSigner::open(self._db_dir.path(), [9; 32]).unwrap();
        let created = engine
            .partner_create(PartnerCreate {
                name: "Shop".into(),
                kind: PartnerType::Treasury,
                contact_email: "shop@example.com".into(),
                origins: vec![Origin::parse(SHOP).unwrap()],
                pairs: vec![asset],
                // Short, so that a story is not mostly waiting.
                sell: Some(SellPolicy {
                    window_seconds: 30 * 60,
                    ..SellPolicy::default()
                }),
                fiats: vec![Fiat::Eur],
                wallets: vec![(asset, shop.wallet(Chain::Trc20).await.unwrap())],
                webhook_url: Some(format!("{SHOP}/webhook")),
                redirect_url: None,
            })
            .await
            .unwrap();
        let hot = engine.hot_wallet(Chain::Trc20).await.unwrap();
        let world = self.sandbox().world(&Outbound::new(self.network.clone()));
        for amount in [
            usdt(FUNDS),
            Amount::parse(Chain::Trc20.native(), "100000").unwrap(),
        ] {
            let (ticker, base) = (amount.asset().ticker(), amount.base().to_string());
            let body = json!({ "address": hot.as_str(), "ticker": ticker, "base": base });
            world
                .post(&["chains", "v1", "TRC20", "faucet"], &body)
                .await
                .unwrap();
            engine.treasury_fund(amount).await.unwrap();
        }
        let widget_id = created.partner.widget_id.to_string();
        *self.partner.borrow_mut() =
            Some((created.client_token.expose_secret().to_owned(), widget_id));
        self.network.calm.store(false, Ordering::SeqCst);
    }

    /// The user's way through the widget, with the patience of somebody who wants to buy.
    async fn story(&self) -> String {
        self.prepare().await;
        let calm_at = self.clock.now().plus_seconds(CALM_AFTER_SECONDS);
        let (token, widget_id) = self.partner.borrow().clone().unwrap();
        let side = if self.plot == Plot::Buy {
            "buy"
        } else {
            "sell"
        };
        let body = json!({
            "partner_user_id": "u1", "user_email": "ann@example.com", "network": "TRC20",
            "currency": "USDT", "amount": BOUGHT, "type": side,
        });
        let (status, session) = self
            .call(
                Method::POST,
                "/widget/session",
                &token,
                body.to_string().into(),
            )
            .await;
        assert_eq!(status, 200, "{session}");
        let body = json!({
            "widget_id": widget_id, "init_token": session["init_token"], "parameters": session,
            "page_origin": SHOP,
        });
        let (status, opened) = self
            .call(
                Method::POST,
                "/frame/api/visits",
                "",
                body.to_string().into(),
            )
            .await;
        assert_eq!(status, 201, "{opened}");
        let visit = opened["visit_token"].as_str().unwrap().to_owned();
        let path = format!(
            "/widget/transactions/{}",
            session["merchant_transaction_id"].as_str().unwrap()
        );
        loop {
            self.calm_down(calm_at);
            let (_, view) = self
                .call(Method::GET, "/frame/api/order", &visit, Vec::new())
                .await;
            self.act(&visit, &view).await;
            let (_, transaction) = self.call(Method::GET, &path, &token, Vec::new()).await;
            let status = transaction["status"]
                .as_str()
                .unwrap_or_default()
                .to_owned();
            if ["completed", "failed", "cancelled"].contains(&status.as_str()) {
                self.after_the_end(&visit, calm_at).await;
                return self.settle(calm_at, status).await;
            }
            self.sleep(1 + self.network.random.below(5)).await;
        }
    }

    fn calm_down(&self, calm_at: Timestamp) {
        if self.clock.now() >= calm_at {
            self.network.calm.store(true, Ordering::SeqCst);
        }
    }

    /// The order has ended; its webhooks still arrive.
    async fn settle(&self, calm_at: Timestamp, status: String) -> String {
        loop {
            self.calm_down(calm_at);
            let told = self
                .webhooks
                .lock()
                .unwrap()
                .iter()
                .any(|e| e["status"] == json!(status));
            if told {
                return status;
            }
            self.sleep(60).await;
        }
    }

    async fn act(&self, visit: &str, view: &Value) {
        match view["step"].as_str().unwrap_or_default() {
            "identity" => self.identify(visit).await,
            "quote" => drop(self.post(visit, "quote", json!({})).await),
            "pay" => {
                let token = self.card_token("4242424242424242").await;
                let body = json!({ "card_token": token, "quote_id": view["quote"]["id"] });
                drop(self.post(visit, "payments", body).await);
            }
            "terms" if view["quote"].is_null() => drop(self.post(visit, "quote", json!({})).await),
            "terms" => self.terms(visit, view).await,
            "deposit" | "confirming" => self.send(view).await,
            "choice" => {
                drop(
                    self.post(visit, "sale/choice", json!({ "choice": "return" }))
                        .await,
                );
            }
            _ => {}
        }
    }

    async fn card_token(&self, number: &str) -> Value {
        let card = json!({ "number": number, "expiry": "12/30", "cvc": "123" });
        let answer = self.outside("cards.test", "fields/v1/tokens", &card).await;
        answer["token"].clone()
    }

    /// Something that people do outside, past the network of the server.
    async fn outside(&self, host: &str, path: &str, body: &Value) -> Value {
        let router = self.network.hosts.lock().unwrap()[host].clone();
        let request = Request::post(format!("http://{host}/{path}"))
            .header("content-type", "application/json")
            .header("authorization", format!("Bearer {KEY}"))
            .body(Body::from(body.to_string()))
            .unwrap();
        let answer = router.oneshot(request).await.unwrap();
        let bytes = answer.into_body().collect().await.unwrap().to_bytes();
        serde_json::from_slice(&bytes).unwrap_or(Value::Null)
    }

    async fn terms(&self, visit: &str, view: &Value) {
        let Plot::Sell { card_is_good, .. } = self.plot else {
            return;
        };
        let number = if card_is_good {
            "4242424242424242"
        } else {
            "4000000000009995"
        };
        let token = self.card_token(number).await;
        let body = json!({
            "card_token": token, "quote_id": view["quote"]["id"], "refund_address": REFUND,
        });
        drop(self.post(visit, "sale", body).await);
    }

    /// One step of what this user does at the deposit address.
    async fn send(&self, view: &Value) {
        let Plot::Sell { deposits, .. } = self.plot else {
            return;
        };
        let (step, waiting) = (self.sent.borrow().steps, view["step"] == "deposit");
        let amount = match (deposits, step) {
            (Deposits::Whole | Deposits::Reorged, 0) => "100",
            (Deposits::Parts | Deposits::Short, 0) => "60",
            (Deposits::Parts, 1) if waiting => "40",
            (Deposits::TooMuch, 0) => "130",
            // In time to be noticed before it is final; afterwards a day of waiting begins.
            (Deposits::Reorged, 1) if view["sale"]["deposits"][0]["confirmations"] == 0 => {
                return self.reorg().await;
            }
            (Deposits::Reorged, 2) if waiting => "100",
            _ => return,
        };
        self.transfer(view, amount).await;
    }

    async fn transfer(&self, view: &Value, amount: &str) {
        let address = &view["sale"]["deposit_address"];
        let body = json!({ "address": address, "currency": "USDT", "amount": amount });
        let sent = self
            .outside("world.test", "wallet/v1/TRC20/transfers", &body)
            .await;
        let mut state = self.sent.borrow_mut();
        state.steps += 1;
        state.hash = sent["hash"].as_str().map(str::to_owned);
    }

    async fn reorg(&self) {
        let hash = self.sent.borrow().hash.clone();
        let body = json!({ "hash": hash });
        self.outside("world.test", "chains/v1/TRC20/reorgs", &body)
            .await;
        self.sent.borrow_mut().steps += 1;
    }

    /// What comes too late, and what came beside the order, has to end as well.
    async fn after_the_end(&self, visit: &str, calm_at: Timestamp) {
        let Plot::Sell { deposits, .. } = self.plot else {
            return;
        };
        loop {
            self.calm_down(calm_at);
            let (status, view) = self
                .call(Method::GET, "/frame/api/order", visit, Vec::new())
                .await;
            if status == 200 {
                let late = deposits == Deposits::Late && self.sent.borrow().steps == 0;
                if late && view["sale"]["deposit_address"].is_string() {
                    self.transfer(&view, "100").await;
                }
                let cases = view["sale"]["cases"].as_array().unwrap();
                let expected = matches!(deposits, Deposits::Late | Deposits::TooMuch)
                    && self.sent.borrow().steps > 0;
                let open = cases.iter().any(|case| case["state"] == "waiting");
                if !open && (!expected || !cases.is_empty()) {
                    return;
                }
            }
            self.sleep(30).await;
        }
    }

    async fn post(&self, visit: &str, path: &str, body: Value) -> (u16, Value) {
        let path = format!("/frame/api/{path}");
        self.call(Method::POST, &path, visit, body.to_string().into_bytes())
            .await
    }

    /// Any step may fail; the user starts again from what the next view says.
    async fn identify(&self, visit: &str) {
        let (status, _) = self
            .post(visit, "identity/start", json!({ "document": "passport" }))
            .await;
        if status != 200 {
            return;
        }
        let front = "/frame/api/identity/documents/front";
        let mut good = self.put(visit, front, picture(800, 500)).await;
        for (index, step) in ["center", "center", "left", "left", "right", "right"]
            .iter()
            .enumerate()
        {
            let path = format!("/frame/api/identity/frames/{index}?step={step}");
            for _ in 0..5 {
                good = self.put(visit, &path, picture(320, 240)).await;
                if good {
                    break;
                }
            }
        }
        if good {
            self.post(visit, "identity/submit", json!({})).await;
        }
    }

    async fn put(&self, visit: &str, path: &str, bytes: Vec<u8>) -> bool {
        self.call(Method::PUT, path, visit, bytes).await.0 < 300
    }

    fn outcome(&self, status: String) -> Outcome {
        let engine = self.app.borrow().as_ref().unwrap().engine.clone();
        let balances = pollster::block_on(engine.ledger_balances()).unwrap();
        let postings = pollster::block_on(self.db.read("postings", |tx: &mut proof_store::Tx| {
            Box::pin(async move { Ok::<_, proof_store::Failure<()>>(tx.ledger_postings().await?) })
        }))
        .unwrap();
        for balance in &balances {
            self.history
                .note(&balance.key, balance.amount.to_string().as_bytes());
        }
        let hot = pollster::block_on(engine.hot_wallet(Chain::Trc20)).unwrap();
        let rails = self.network.hosts.lock().unwrap()["world.test"].clone();
        let request = Request::get(format!("http://world.test/chains/v1/TRC20/accounts/{hot}"))
            .header("authorization", format!("Bearer {KEY}"))
            .body(Body::empty())
            .unwrap();
        let answer = pollster::block_on(rails.oneshot(request)).unwrap();
        let bytes = pollster::block_on(answer.into_body().collect())
            .unwrap()
            .to_bytes();
        let account: Value = serde_json::from_slice(&bytes).unwrap();
        let payouts = self.network.paid.lock().unwrap().len();
        Outcome {
            plot: self.plot,
            payouts: u64::try_from(payouts).unwrap(),
            status,
            history: self.history.hash(),
            crashes: self.crashes.get(),
            lost: self.network.lost.load(Ordering::SeqCst),
            webhooks: self.webhooks.lock().unwrap().clone(),
            balances,
            postings,
            chain_left: account["balances"]["USDT"]
                .as_str()
                .unwrap()
                .parse()
                .unwrap(),
        }
    }
}

/// A real, if dull, picture: an uncompressed-in-spirit PNG of one colour.
fn picture(width: u32, height: u32) -> Vec<u8> {
    let mut bytes = std::io::Cursor::new(Vec::new());
    image::RgbImage::from_pixel(width, height, image::Rgb([90, 120, 150]))
        .write_to(&mut bytes, image::ImageFormat::Png)
        .unwrap();
    bytes.into_inner()
}
