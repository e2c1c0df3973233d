//! One user, one buy or sell, from the session to its end, whatever happens on the way.

mod user;

use crate::{
    clock::{SimClock, SimEntropy},
    database::Database,
    history::History,
    network::Network,
    outcome::Outcome,
    plot::{Faults, Plot},
    points::{Commits, Points},
};
use axum::{Router, body::Body, routing::post};
use futures::{executor::LocalPool, future::AbortHandle, task::LocalSpawnExt};
use http::{Method, Request, StatusCode};
use http_body_util::BodyExt;
use proof_core::{
    Asset, Clock, Fiat, Network as Chain, Timestamp,
    money::Amount,
    partner::{Environment, Origin, PartnerType, SellPolicy},
    secret::Secret,
};
use proof_engine::{Engine, Mailer, PartnerCreate, Parts};
use proof_outbound::Outbound;
use proof_port::{Signer, Timer};
use proof_sandbox::{World, WorldConfig, cards_router, world_router};
use proof_server::{App, rails::SandboxConfig};
use proof_signer::LocalSigner;
use proof_store::Db;
use serde_json::{Value, json};
use std::{
    cell::{Cell, RefCell},
    rc::Rc,
    sync::{Arc, Mutex, Weak, atomic::Ordering},
};
use tempfile::TempDir;
use tower::ServiceExt;

const ORIGIN: &str = "http://proof.test";
const SHOP: &str = "http://shop.test";
const KEY: &str = "key";
pub const FUNDS: &str = "1000";
pub const BOUGHT: &str = "100";

/// Faults strike in the first three hours; then the world calms down and everything must end.
const CALM_AFTER_SECONDS: i64 = 3 * 3_600;

/// Longer than books and reports may differ.
const SETTLED_SECONDS: i64 = 16 * 60;

/// No story is longer than this.
const STEPS_MAX: u32 = 400_000;

pub fn usdt(text: &str) -> Amount {
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
    points: Arc<Points>,
    history: Arc<History>,
    db: Db,
    signer_dir: TempDir,
    webhooks: Arc<Mutex<Vec<Value>>>,
    app: RefCell<Option<App>>,
    engine: RefCell<Weak<Engine>>,
    worker: RefCell<Option<AbortHandle>>,
    crashes: Cell<u64>,
    partner: RefCell<Option<(String, String)>>,
    /// The order that the story is about now.
    order: RefCell<String>,
    _db_dir: TempDir,
}

/// Runs a whole story on SQLite and returns how it ended.
pub fn run(seed: u64, plot: Plot, faults: Faults) -> Outcome {
    run_on(&Database::Sqlite, seed, plot, faults)
}

pub fn run_on(engine: &Database, seed: u64, plot: Plot, faults: Faults) -> Outcome {
    // sqlx wants a runtime for its connections' housekeeping; nothing of ours runs there.
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(1)
        .enable_all()
        .build()
        .unwrap();
    let _entered = runtime.enter();
    let sim = Rc::new(Sim::new(seed, plot, faults, engine));
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
        if sim.points.crash.swap(false, Ordering::SeqCst) {
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
    fn new(seed: u64, plot: Plot, faults: Faults, engine: &Database) -> Self {
        let clock = Arc::new(SimClock::new());
        let entropy = Arc::new(SimEntropy::new(seed));
        let history = Arc::new(History::default());
        let points = Arc::new(Points::new(seed, faults));
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
            points: Arc::clone(&points),
            paid: Mutex::default(),
            letters: Mutex::default(),
        });
        let db_dir = tempfile::tempdir().unwrap();
        let commits = Arc::new(Commits(Arc::clone(&points)));
        let db = engine.open(db_dir.path()).with_fate(commits);
        Self {
            plot,
            sent: RefCell::default(),
            clock,
            entropy,
            network,
            points,
            history,
            db,
            signer_dir: tempfile::tempdir().unwrap(),
            webhooks,
            app: RefCell::default(),
            engine: RefCell::new(Weak::new()),
            worker: RefCell::default(),
            crashes: Cell::new(0),
            partner: RefCell::default(),
            order: RefCell::default(),
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

    /// Starts the server over what is in the database and the signer's journal, again and again if
    /// it dies meanwhile.
    async fn boot(&self) {
        self.points.booting.store(true, Ordering::SeqCst);
        let app = loop {
            match self.start().await {
                Ok(app) => break app,
                Err(error) => {
                    self.history.note("no start", error.to_string().as_bytes());
                    self.crashes.set(self.crashes.get() + 1);
                }
            }
        };
        self.points.booting.store(false, Ordering::SeqCst);
        *self.engine.borrow_mut() = Arc::downgrade(&app.engine);
        *self.app.borrow_mut() = Some(app);
    }

    async fn start(&self) -> anyhow::Result<App> {
        let outbound = Outbound::new(self.network.clone());
        let signer = Arc::new(LocalSigner::open(self.signer_dir.path(), [7; 32]).unwrap());
        let parts = Parts {
            db: self.db.clone(),
            clock: self.clock.clone(),
            entropy: self.entropy.clone(),
            outbound: outbound.clone(),
            test_rails: Some(self.sandbox().rails(&outbound, signer)),
            live_rails: None,
            mailer: Some(Mailer {
                mail: self.network.clone(),
                base_url: Origin::parse(ORIGIN).unwrap(),
            }),
            limited: true,
        };
        App::build(Origin::parse(ORIGIN).unwrap(), Vec::new(), parts).await
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
                .header("idempotency-key", "one")
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

    /// The same call again until it is answered well; its key makes it one call.
    async fn until(&self, expected: u16, path: &str, token: &str, body: &Value) -> Value {
        loop {
            let body = body.to_string().into();
            let (status, answer) = self.call(Method::POST, path, token, body).await;
            if status == expected {
                return answer;
            }
            assert!(status >= 500, "{status} {answer}");
            self.sleep(2).await;
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
        self.points.calm.store(false, Ordering::SeqCst);
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
        let session = self.until(200, "/widget/session", &token, &body).await;
        let body = json!({
            "widget_id": widget_id, "init_token": session["init_token"], "parameters": session,
            "page_origin": SHOP,
        });
        let opened = self.until(201, "/frame/api/visits", "", &body).await;
        let visit = opened["visit_token"].as_str().unwrap().to_owned();
        let id = session["merchant_transaction_id"].as_str().unwrap();
        *self.order.borrow_mut() = id.to_owned();
        let path = format!("/widget/transactions/{id}");
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
                let status = match self.after_the_end(&visit, calm_at).await {
                    Some(visit) => self.resold(&visit, calm_at).await,
                    None => status,
                };
                return self.settle(calm_at, status).await;
            }
            self.sleep(1 + self.network.random.below(5)).await;
        }
    }

    fn calm_down(&self, calm_at: Timestamp) {
        if self.clock.now() >= calm_at {
            self.points.calm.store(true, Ordering::SeqCst);
        }
    }

    /// The order has ended; its webhooks still arrive.
    async fn settle(&self, calm_at: Timestamp, status: String) -> String {
        loop {
            self.calm_down(calm_at);
            let told = self.told();
            if told.iter().any(|e| e["status"] == json!(status)) {
                self.reconcile().await;
                return status;
            }
            self.sleep(60).await;
        }
    }

    /// What the partner was told of the order that the story ends with.
    fn told(&self) -> Vec<Value> {
        let id = json!(*self.order.borrow());
        let mut told = self.webhooks.lock().unwrap().clone();
        told.retain(|event| event["merchant_transaction_id"] == id);
        told
    }

    /// Whatever was lost: books, reports and chains agree. Where blocks are read every second this would
    /// be most of the story, so that only buys wait for it.
    async fn reconcile(&self) {
        if self.plot != Plot::Buy {
            return;
        }
        self.points.calm.store(true, Ordering::SeqCst);
        self.sleep(SETTLED_SECONDS).await;
        let engine = self.app.borrow().as_ref().map(|app| app.engine.clone());
        let done = engine.unwrap().reconcile(Environment::Test).await.unwrap();
        assert!(done.open.is_empty(), "{:?}", done.open);
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
            points: self.points.reached(),
            lost: self.points.lost.load(Ordering::SeqCst),
            webhooks: self.told(),
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
