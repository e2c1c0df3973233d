//! A whole server in a test.

use crate::{
    clock::{Counting, FastClock, Moved},
    evm::{Real, rails},
    letters::Letters,
    schema,
    world::{Outside, Shared},
};
use axum::body::Body;
use http::{HeaderMap, Method, Request};
use http_body_util::BodyExt;
use proof_core::{
    Address, Asset, Clock as _, Fiat, Network,
    identity::{LargeAmounts, PersonPolicy},
    ledger::{Unit, balanced},
    money::{Amount, Bps},
    partner::{Environment, Origin, PartnerType, SellPolicy},
    secret::Secret,
};
use proof_engine::{
    ColdStorage, Mailer, PartnerCreate, PartnerCreated, Parts, Persons, Sweeping, Watching,
};
use proof_outbound::Outbound;
use proof_port::{Chain, Signer};
use proof_sandbox::{World, WorldConfig, cards_router, world_router};
use proof_server::rails::{NETWORKS, SandboxConfig};
use proof_signer::LocalSigner;
use proof_store::{Checkpoints, Db, Engine as Database, Execution, Failure, Tx};
use proof_tests::postgres;
use serde_json::{Value, json};
use std::{
    collections::BTreeMap,
    sync::{
        Arc, LazyLock, Mutex,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};
use tempfile::TempDir;
use tokio::{sync::watch, task::JoinHandle};
use tower::ServiceExt;

pub const ORIGIN: &str = "http://proof.test";
pub const SHOP: &str = "http://shop.test";
const KEY: &str = "key";

/// The clock runs fast: a look every few real seconds is enough, and who wants more asks for it.
const LOOK_EVERY_SECONDS: u32 = 120;
pub const BACKUP_EVERY_MINUTES: u32 = 7 * 24 * 60;

/// What every answer of the partner API must keep to.
static CONTRACT: LazyLock<Value> = LazyLock::new(|| proof_api::openapi("https://ramp.example"));

/// Looks before a condition counts as never met; each is a few milliseconds.
const LOOKS_MAX: u32 = 2_000;

pub struct App {
    pub app: proof_server::App,
    pub clock: Arc<FastClock>,
    pub outside: Shared,
    pub letters: Arc<Letters>,
    pub db: Db,
    pub shop: PartnerCreated,
    pub wallet_partner: PartnerCreated,
    /// Where the database is, as the configuration names it.
    pub url: String,
    pub signer: Arc<LocalSigner>,
    /// Real chains in the place of simulated ones.
    pub real: Vec<Arc<dyn Chain>>,
    cold: ColdStorage,
    stop: watch::Sender<bool>,
    worker: Mutex<Option<JoinHandle<()>>>,
    pub dir: Arc<TempDir>,
}

/// An answer, read.
#[derive(Debug)]
pub struct Answer {
    pub status: u16,
    pub headers: HeaderMap,
    pub text: String,
    pub json: Value,
}

impl Answer {
    pub async fn read(answer: axum::response::Response) -> Self {
        let (parts, body) = answer.into_parts();
        let bytes = body.collect().await.unwrap().to_bytes();
        let text = String::from_utf8_lossy(&bytes).into_owned();
        let json = serde_json::from_str(&text).unwrap_or(Value::Null);
        Self {
            status: parts.status.as_u16(),
            headers: parts.headers,
            text,
            json,
        }
    }

    /// The text, but for the request's own id.
    pub fn without_name(&self) -> String {
        let name = self.json["request_id"].as_str().unwrap_or_default();
        self.text.replace(name, "")
    }

    /// Status, `error` and `code`, for comparison with the contract's table.
    pub fn refusal(&self) -> (u16, &str, &str) {
        let text = |name: &str| self.json[name].as_str().unwrap_or_default();
        assert!(!text("message").is_empty(), "no message: {}", self.text);
        (self.status, text("error"), text("code"))
    }
}

/// Orders of so much ask for a selfie of their day.
pub const LARGE_BTC: &str = "0.01";

/// Orders of so much do on a device that nobody knows.
pub const NEW_DEVICE_BTC: &str = "0.005";

fn persons() -> Persons {
    let above = |amount: &str| {
        let amounts = [("BTC".to_owned(), amount.to_owned())];
        LargeAmounts::try_from(BTreeMap::from(amounts)).unwrap()
    };
    Persons {
        key: Some([9; 32]),
        policy: PersonPolicy {
            selfie_above: above(LARGE_BTC),
            selfie_above_new_device: above(NEW_DEVICE_BTC),
            ..PersonPolicy::default()
        },
        ..Persons::default()
    }
}

impl App {
    pub async fn sqlite() -> Self {
        Self::sqlite_on(None).await
    }

    pub async fn sqlite_on(real: impl IntoIterator<Item = Real>) -> Self {
        Self::sqlite_with(real, Checkpoints::ByItself).await
    }

    /// Whoever ships its log moves it, and nobody else, as where a server is asked for continuous backup.
    pub async fn sqlite_shipped() -> Self {
        Self::sqlite_with(None, Checkpoints::Asked).await
    }

    async fn sqlite_with(real: impl IntoIterator<Item = Real>, checkpoints: Checkpoints) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("proof.db");
        let db = Db::sqlite_with(&path, Execution::Concurrent, checkpoints);
        let db = db.await.unwrap();
        let url = format!("sqlite:{}", path.display());
        Self::start(db, url, dir, real.into_iter().collect()).await
    }

    /// `None` where no cluster was given, unless one is required.
    pub async fn postgres() -> Option<Self> {
        Self::postgres_on(None).await
    }

    pub async fn postgres_on(real: impl IntoIterator<Item = Real>) -> Option<Self> {
        let Some(url) = postgres::cluster() else {
            println!("skipped on PostgreSQL: PROOF_TEST_POSTGRES_URL is not set");
            return None;
        };
        let url = postgres::fresh(&url).await;
        let db = Db::postgres(&url, 8, Execution::Concurrent).await.unwrap();
        let real = real.into_iter().collect();
        Some(Self::start(db, url, tempfile::tempdir().unwrap(), real).await)
    }

    /// Where another database of the same engine may be made.
    pub async fn fresh_url(&self) -> String {
        static NUMBER: AtomicU64 = AtomicU64::new(0);
        let number = NUMBER.fetch_add(1, Ordering::Relaxed);
        if self.url.starts_with("sqlite:") {
            let path = self.dir.path().join(format!("other{number}/proof.db"));
            return format!("sqlite:{}", path.display());
        }
        postgres::empty(&self.url).await
    }

    /// The only real chain, or the first of them.
    pub fn real(&self) -> &Arc<dyn Chain> {
        self.real.first().unwrap()
    }

    /// The server stops; the world goes on.
    pub async fn halt(&self) {
        self.stop.send_replace(true);
        let worker = self.worker.lock().unwrap().take();
        if let Some(worker) = worker {
            worker.await.unwrap();
        }
    }

    /// Another server of the same installation over another database, in the same world.
    pub async fn reborn(&self, url: &str) -> Self {
        self.reborn_with(url, None, None).await
    }

    /// The same server with a second world of its own for what is live: real money is rehearsed. The hot
    /// wallets there are filled.
    pub async fn rehearsing(&self) -> Self {
        self.rehearsing_with(None).await
    }

    /// The same with continuous backup that may be so old.
    pub async fn rehearsing_with(&self, bound_seconds: Option<u32>) -> Self {
        self.halt().await;
        self.db.close().await;
        let config = WorldConfig {
            data: None,
            key: KEY.to_owned(),
            seed: 2,
        };
        let world = World::open(config, self.clock.clone(), Arc::new(Counting::new(4))).unwrap();
        let world = Arc::new(world);
        self.outside.hosts.lock().unwrap().extend([
            (
                "cards-live.test".to_owned(),
                cards_router(Arc::clone(&world)),
            ),
            ("world-live.test".to_owned(), world_router(world)),
        ]);
        let signer = LocalSigner::open(&self.dir.path().join("signer-live"), [8; 32]).unwrap();
        let app = self.reborn_with(&self.url, Some(Arc::new(signer)), bound_seconds);
        let app = app.await;
        let world = sandbox_at("cards-live.test", "world-live.test")
            .world(&Outbound::new(self.outside.clone()));
        fund(&app.app, Environment::Live, &world, &NETWORKS).await;
        app
    }

    /// Whether the same server would start once more.
    pub async fn starts_again(&self) -> anyhow::Result<()> {
        let parts = self.parts(self.db.clone(), None, None);
        let app = proof_server::App::build(Origin::parse(ORIGIN)?, Vec::new(), parts);
        app.await.map(drop)
    }

    /// Whether a server would start whose live rails are what they say.
    pub async fn starts_with_real_money(&self, bound_seconds: Option<u32>) -> anyhow::Result<()> {
        let parts = Parts {
            rehearsed: false,
            ..self.parts(self.db.clone(), Some(self.signer.clone()), bound_seconds)
        };
        let app = proof_server::App::build(Origin::parse(ORIGIN)?, Vec::new(), parts);
        app.await.map(drop)
    }

    fn parts(&self, db: Db, live: Option<Arc<LocalSigner>>, bound_seconds: Option<u32>) -> Parts {
        let outbound = Outbound::new(self.outside.clone());
        let mut test_rails = sandbox().rails(&outbound, self.signer.clone());
        let real = self.real.iter();
        let real = real.map(|real| (real.network(), real.clone()));
        test_rails.chains.extend(real);
        Parts {
            db,
            clock: self.clock.clone(),
            movable: None,
            entropy: Arc::new(Counting::new(3)),
            outbound: outbound.clone(),
            test_rails: Some(test_rails),
            live_rails: live.map(|signer| {
                sandbox_at("cards-live.test", "world-live.test").rails(&outbound, signer)
            }),
            rehearsed: true,
            mailer: None,
            limited: true,
            settle_seconds: proof_engine::SETTLE_SECONDS,
            // By itself, too.
            sweeping: Sweeping {
                every_minutes: Some(1),
                ..sweeping(self.real.iter().map(|real| real.network()))
            },
            cold: self.cold.clone(),
            watching: Watching {
                every_seconds: LOOK_EVERY_SECONDS,
                backup_every_minutes: Some(BACKUP_EVERY_MINUTES),
                backup_bound_seconds: bound_seconds,
                ..Watching::default()
            },
            persons: persons(),
            key_turns: Vec::new(),
        }
    }

    async fn reborn_with(
        &self,
        url: &str,
        live: Option<Arc<LocalSigner>>,
        bound_seconds: Option<u32>,
    ) -> Self {
        let db = match url.strip_prefix("sqlite:") {
            Some(path) => Db::sqlite(path.as_ref(), Execution::Concurrent).await,
            None => Db::postgres(url, 8, Execution::Concurrent).await,
        };
        let db = db.unwrap();
        let parts = self.parts(db.clone(), live, bound_seconds);
        let app = proof_server::App::build(Origin::parse(ORIGIN).unwrap(), Vec::new(), parts);
        let app = app.await.unwrap();
        let (stop, stopping) = watch::channel(false);
        let worker = Mutex::new(Some(tokio::spawn(work(app.clone(), stopping))));
        Self {
            app,
            clock: self.clock.clone(),
            outside: self.outside.clone(),
            letters: self.letters.clone(),
            db,
            shop: self.shop.clone(),
            wallet_partner: self.wallet_partner.clone(),
            url: url.to_owned(),
            signer: self.signer.clone(),
            real: self.real.clone(),
            cold: self.cold.clone(),
            stop,
            worker,
            dir: self.dir.clone(),
        }
    }

    async fn start(db: Db, url: String, dir: TempDir, real: Vec<Real>) -> Self {
        let clock = Arc::new(FastClock::new());
        let outside = outside_with(&clock);
        let outbound = Outbound::new(outside.clone());
        let sandbox = sandbox();
        let chains: Vec<_> = real.iter().map(|real| real.chain.clone()).collect();
        let networks: Vec<_> = chains.iter().map(|chain| chain.network()).collect();
        let (cold, entropy) = (cold(&real), Arc::new(Counting::new(1)));
        let (signer, rails) = rails(&sandbox, &outbound, &dir, (real, &clock));
        let letters = Arc::new(Letters::default());
        let parts = Parts {
            db: db.clone(),
            clock: clock.clone(),
            movable: Some(Moved::new(&clock)),
            entropy,
            outbound: outbound.clone(),
            test_rails: Some(rails),
            live_rails: None,
            rehearsed: false,
            mailer: Some(Mailer {
                mail: letters.clone(),
                base_url: Origin::parse(ORIGIN).unwrap(),
                receipts: true,
            }),
            limited: true,
            settle_seconds: proof_engine::SETTLE_SECONDS,
            sweeping: sweeping(networks.iter().copied()),
            cold: cold.clone(),
            watching: Watching {
                every_seconds: LOOK_EVERY_SECONDS,
                backup_every_minutes: Some(BACKUP_EVERY_MINUTES),
                ..Watching::default()
            },
            persons: persons(),
            key_turns: Vec::new(),
        };
        let app = proof_server::App::build(Origin::parse(ORIGIN).unwrap(), Vec::new(), parts)
            .await
            .unwrap();
        let app = app.with_player(&sandbox, &outbound);
        let shop = partner(&app, &dir, PartnerType::Treasury).await;
        let wallet_partner = partner(&app, &dir, PartnerType::UserWallet).await;
        let simulated = NETWORKS.into_iter();
        let simulated: Vec<_> = simulated.filter(|n| !networks.contains(n)).collect();
        fund(
            &app,
            Environment::Test,
            &sandbox.world(&outbound),
            &simulated,
        )
        .await;
        let (stop, stopping) = watch::channel(false);
        let worker = Mutex::new(Some(tokio::spawn(work(app.clone(), stopping))));
        Self {
            url,
            signer,
            real: chains,
            cold,
            app,
            clock,
            outside,
            letters,
            db,
            shop,
            wallet_partner,
            stop,
            worker,
            dir: Arc::new(dir),
        }
    }

    /// Ends the server, then looks into the books: whole, and equal to what they are made of.
    pub async fn finish(self) {
        self.halt().await;
        if self.db.is_closed() {
            return;
        }
        let (balances, postings) = self
            .db
            .read("books", |tx: &mut Tx| {
                Box::pin(async move {
                    let books = (tx.ledger_balances().await?, tx.ledger_postings().await?);
                    Ok::<_, Failure<()>>(books)
                })
            })
            .await
            .unwrap();
        for balance in &balances {
            let own = postings.iter().filter(|(key, _)| *key == balance.key);
            assert_eq!(own.map(|(_, amount)| amount).sum::<i128>(), balance.amount);
        }
        let units = balances
            .iter()
            .map(|b| (b.unit.parse::<Unit>().unwrap(), b.amount));
        assert!(
            balanced(units).unwrap(),
            "debits and credits differ: {balances:?}"
        );
    }

    pub async fn call(&self, request: Request<Body>) -> Answer {
        let (method, path) = (
            request.method().to_string(),
            request.uri().path().to_owned(),
        );
        let answer = self.app.router.clone().oneshot(request).await.unwrap();
        let answer = Answer::read(answer).await;
        schema::check(&CONTRACT, &method, &path, answer.status, &answer.json);
        answer
    }

    /// A call of the shop's backend.
    pub async fn shop(&self, method: Method, path: &str, body: impl Into<Body>) -> Answer {
        self.call(as_partner(&self.shop, method, path, body.into()))
            .await
    }

    /// Something happens in the sandbox world: somebody sends coins, a block is left out.
    pub async fn world(&self, path: &str, body: Value) -> Answer {
        self.outside_call("world.test", path, body).await
    }

    /// Somebody else with our key calls the card processor.
    pub async fn cards(&self, path: &str, body: Value) -> Answer {
        self.outside_call("cards.test", path, body).await
    }

    /// Reads something outside, past the server.
    pub async fn outside_read(&self, host: &str, path: &str) -> Answer {
        let request = Request::get(format!("http://{host}/{path}"))
            .header("authorization", format!("Bearer {KEY}"))
            .body(Body::empty())
            .unwrap();
        let world = self.outside.hosts.lock().unwrap()[host].clone();
        Answer::read(world.oneshot(request).await.unwrap()).await
    }

    /// The owner puts coins into a hot wallet, and books them.
    pub async fn faucet(&self, owner: &Address, ticker: &str, amount: &str) {
        let network = owner.network();
        let asset = Asset::find(ticker, network).unwrap();
        let amount = Amount::parse(asset, amount).unwrap();
        let base = amount.base().to_string();
        let body = json!({ "address": owner.as_str(), "ticker": ticker, "base": base });
        let path = format!("chains/v1/{}/faucet", network.name());
        let answer = self.world(&path, body).await;
        assert!(answer.status < 300, "{}", answer.text);
        self.app
            .engine
            .treasury_fund(Environment::Test, amount)
            .await
            .unwrap();
    }

    async fn outside_call(&self, host: &str, path: &str, body: Value) -> Answer {
        let request = Request::post(format!("http://{host}/{path}"))
            .header("authorization", format!("Bearer {KEY}"))
            .body(Body::from(body.to_string()))
            .unwrap();
        let world = self.outside.hosts.lock().unwrap()[host].clone();
        Answer::read(world.oneshot(request).await.unwrap()).await
    }

    /// A reading call of the shop's backend.
    pub async fn get(&self, path: &str) -> Answer {
        self.shop(Method::GET, path, Body::empty()).await
    }

    /// A sandbox partner beside those that are always there.
    /// A token of the shop that worked once.
    pub async fn ended_token(&self) -> String {
        let (engine, shop) = (&self.app.engine, self.shop.partner.id);
        let author = proof_core::audit::Author::machine;
        let token = engine.token_create(author(), shop, Environment::Test).await;
        let token = token.unwrap().expose_secret().to_owned();
        let key = token.split('_').nth(2).unwrap().to_owned();
        engine.token_revoke(author(), shop, key).await.unwrap();
        token
    }

    pub async fn partner(&self, name: &str, webhook_url: Option<&str>) -> PartnerCreated {
        let shop = &self.shop.partner;
        let pairs = shop.policy.pairs.iter().map(|pair| pair.asset);
        let request = PartnerCreate {
            name: name.to_owned(),
            kind: PartnerType::UserWallet,
            contact_email: "ops@example.com".to_owned(),
            origins: vec![Origin::parse(SHOP).unwrap()],
            pairs: pairs.collect(),
            sell: None,
            fiats: shop.policy.fiats.clone(),
            wallets: Vec::new(),
            webhook_url: webhook_url.map(str::to_owned),
            redirect_url: None,
        };
        self.app
            .engine
            .partner_create(proof_core::audit::Author::machine(), request)
            .await
            .unwrap()
    }

    /// A sandbox partner whose users sell these.
    pub async fn seller(&self, name: &str, pairs: &[Asset]) -> PartnerCreated {
        self.seller_with(name, pairs, SellPolicy::default()).await
    }

    pub async fn seller_with(
        &self,
        name: &str,
        pairs: &[Asset],
        sell: SellPolicy,
    ) -> PartnerCreated {
        let request = PartnerCreate {
            name: name.to_owned(),
            kind: PartnerType::UserWallet,
            contact_email: "ops@example.com".to_owned(),
            origins: vec![Origin::parse(SHOP).unwrap()],
            pairs: pairs.to_vec(),
            sell: Some(sell),
            fiats: vec![Fiat::Eur],
            wallets: Vec::new(),
            webhook_url: None,
            redirect_url: None,
        };
        self.app
            .engine
            .partner_create(proof_core::audit::Author::machine(), request)
            .await
            .unwrap()
    }

    pub async fn session(&self, body: &Value) -> Answer {
        self.shop(Method::POST, "/widget/session", body.to_string())
            .await
    }

    /// Of each attempt that was decided, whether its person could be known again.
    pub async fn proofs(&self) -> Vec<bool> {
        let sql = "SELECT document_hash IS NOT NULL OR face IS NOT NULL OR email_hash IS NOT NULL FROM proofs";
        match self.db.engine() {
            Database::Sqlite { readers, .. } => {
                sqlx::query_scalar(sql).fetch_all(readers).await.unwrap()
            }
            Database::Postgres(pool) => sqlx::query_scalar(sql).fetch_all(pool).await.unwrap(),
        }
    }

    /// How many rows each table has.
    pub async fn rows(&self) -> Vec<(String, i64)> {
        const TABLES: [&str; 13] = [
            "partners",
            "customers",
            "persons",
            "devices",
            "orders",
            "sessions",
            "visits",
            "verifications",
            "events",
            "entries",
            // The nightly comparison is planned by the worker when it starts, whenever that is.
            "jobs WHERE kind <> 'reconcile'",
            "idempotency",
            "deliveries",
        ];
        let mut rows = Vec::new();
        for table in TABLES {
            let sql = sqlx::AssertSqlSafe(format!("SELECT count(*) FROM {table}"));
            let count: i64 = match self.db.engine() {
                Database::Sqlite { readers, .. } => {
                    sqlx::query_scalar(sql).fetch_one(readers).await.unwrap()
                }
                Database::Postgres(pool) => sqlx::query_scalar(sql).fetch_one(pool).await.unwrap(),
            };
            let name = table.split(' ').next().unwrap_or(table);
            rows.push((name.to_owned(), count));
        }
        rows
    }

    /// From here on the database answers nothing.
    pub async fn break_database(&self) {
        self.db.close().await;
    }

    pub async fn balance(&self, key: &str) -> i128 {
        let balances = self.app.engine.ledger_balances().await.unwrap();
        balances
            .iter()
            .find(|b| b.key == key)
            .map_or(0, |b| b.amount)
    }

    /// Looks again and again until something is there, at most a bounded number of times.
    pub async fn until<T, F: Future<Output = Option<T>>>(
        &self,
        what: &str,
        mut look: impl FnMut() -> F,
    ) -> T {
        for _ in 0..LOOKS_MAX {
            if let Some(found) = look().await {
                return found;
            }
            // Real time for the worker and the database; the server's own clock runs faster.
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        panic!("waited in vain: {what}; {}", self.workload().await)
    }

    /// What the workers have to do, for whoever reads why a test failed.
    async fn workload(&self) -> String {
        const JOBS: &str = "SELECT kind || ': run ' || CAST(attempts AS TEXT) || ', due ' || CAST(run_at AS TEXT) || ', '
            || COALESCE(trouble, 'no trouble') FROM jobs ORDER BY kind";
        let jobs: Result<Vec<String>, _> = match self.db.engine() {
            Database::Sqlite { readers, .. } => sqlx::query_scalar(JOBS).fetch_all(readers).await,
            Database::Postgres(pool) => sqlx::query_scalar(JOBS).fetch_all(pool).await,
        };
        format!("it is {}; {jobs:#?}", self.clock.now().micros())
    }
}

/// What the hot wallet of the real network keeps at hand.
fn cold(real: &[Real]) -> ColdStorage {
    let cold = real.iter().find_map(|real| real.cold.clone());
    cold.map_or(ColdStorage::OFF, |(_, storage)| storage)
}

/// When somebody asks, on the real network.
fn sweeping(networks: impl IntoIterator<Item = Network>) -> Sweeping {
    Sweeping {
        networks: networks.into_iter().collect(),
        share: Bps::new(300).unwrap(),
        batch: 20,
        ..Sweeping::OFF
    }
}

async fn work(app: proof_server::App, mut stop: watch::Receiver<bool>) {
    let hints = app.engine.db().listen();
    let played = async {
        match &app.player {
            Some(player) => player.run(std::future::pending()).await,
            None => std::future::pending().await,
        }
    };
    let work = app.engine.work(async move {
        let _stopped = stop.wait_for(|stop| *stop).await;
    });
    tokio::select! {
        () = work => {}
        () = played => {}
        // A test that breaks the database goes on without hints.
        ended = hints => assert!(app.engine.db().is_closed(), "no hints any more: {ended:?}"),
    }
}

pub fn as_partner(
    partner: &PartnerCreated,
    method: Method,
    path: &str,
    body: Body,
) -> Request<Body> {
    Request::builder()
        .method(method)
        .uri(path)
        .header(
            "authorization",
            format!("Bearer {}", partner.client_token.expose_secret()),
        )
        .body(body)
        .unwrap()
}

/// A call by somebody who holds this token.
pub fn with_token(token: &str, method: Method, path: &str, body: &str) -> Request<Body> {
    Request::builder()
        .method(method)
        .uri(path)
        .header("authorization", format!("Bearer {token}"))
        .body(Body::from(body.to_owned()))
        .unwrap()
}

/// Whether a text has this word. An id may have its letters by chance.
pub fn has_word(text: &str, word: &str) -> bool {
    text.split(|part: char| !part.is_alphanumeric())
        .any(|part| part == word)
}

/// The body of a session call in which nothing is wrong.
pub fn good_session() -> Value {
    json!({
        "partner_user_id": "user-1", "user_email": "ann@example.com", "network": "TRC20",
        "currency": "USDT", "amount": "100", "client_ip": "203.0.113.7",
    })
}

/// All that is not the server, with the sandbox's world in it.
fn outside_with(clock: &Arc<FastClock>) -> Shared {
    let config = WorldConfig {
        data: None,
        key: KEY.to_owned(),
        seed: 1,
    };
    let world = World::open(config, clock.clone(), Arc::new(Counting::new(2))).unwrap();
    let world = Arc::new(world);
    let outside: Shared = Arc::new(Outside::default());
    *outside.hosts.lock().unwrap() = [
        ("cards.test".to_owned(), cards_router(Arc::clone(&world))),
        ("world.test".to_owned(), world_router(world)),
    ]
    .into();
    outside
}

fn sandbox() -> SandboxConfig {
    sandbox_at("cards.test", "world.test")
}

fn sandbox_at(cards: &str, world: &str) -> SandboxConfig {
    SandboxConfig {
        cards_url: format!("http://{cards}").parse().unwrap(),
        world_url: format!("http://{world}").parse().unwrap(),
        key: Secret::new(KEY),
        movable_clock: false,
        wallets: true,
    }
}

async fn partner(app: &proof_server::App, dir: &TempDir, kind: PartnerType) -> PartnerCreated {
    let owner = LocalSigner::open(&dir.path().join(kind.name()), [9; 32]).unwrap();
    let pairs: Vec<Asset> = [("USDT", Network::Trc20), ("BTC", Network::Bitcoin)]
        .map(|(ticker, network)| Asset::find(ticker, network).unwrap())
        .into();
    let mut wallets = Vec::new();
    for pair in &pairs {
        wallets.push((*pair, owner.wallet(pair.network()).await.unwrap()));
    }
    let treasury = kind == PartnerType::Treasury;
    let request = PartnerCreate {
        name: kind.name().to_owned(),
        kind,
        contact_email: "ops@example.com".to_owned(),
        origins: vec![Origin::parse(SHOP).unwrap()],
        pairs,
        sell: Some(SellPolicy::default()),
        fiats: vec![Fiat::Eur, Fiat::Usd],
        wallets: if treasury { wallets } else { Vec::new() },
        webhook_url: treasury.then(|| format!("{SHOP}/webhook")),
        redirect_url: None,
    };
    app.engine
        .partner_create(proof_core::audit::Author::machine(), request)
        .await
        .unwrap()
}

async fn fund(
    app: &proof_server::App,
    environment: Environment,
    world: &proof_outbound::Configured,
    networks: &[Network],
) {
    for network in networks.iter().copied() {
        let owner = app.engine.hot_wallet(environment, network).await.unwrap();
        let bought = Asset::all()
            .find(|asset| asset.network() == network)
            .unwrap();
        for asset in [bought, network.native()] {
            let amount = Amount::parse(asset, "50").unwrap();
            let amount = if asset.ticker() == "USDT" {
                Amount::parse(asset, "1000").unwrap()
            } else {
                amount
            };
            let (ticker, base) = (asset.ticker(), amount.base().to_string());
            let body = json!({ "address": owner.as_str(), "ticker": ticker, "base": base });
            let path = ["chains", "v1", network.name(), "faucet"];
            assert!(world.post(&path, &body).await.unwrap().is_success());
            app.engine.treasury_fund(environment, amount).await.unwrap();
        }
    }
}
