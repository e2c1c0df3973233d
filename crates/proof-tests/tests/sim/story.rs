//! Several users' orders, from the session to their ends, whatever happens on the way.

mod operator;
mod partner;
mod server;
mod user;

use crate::{
    clock::{SimClock, SimEntropy, WallClock},
    cpu,
    database::Database,
    effects::Effects,
    history::History,
    network::Network,
    outcome::{Outcome, Parts, Told, Wallet, usdt},
    plot::{Faults, Plot, Script, Trouble},
    points::{Commits, Points},
    watch::{Channel, Watch, balances, strays_held},
};
use axum::{Router, routing::post};
use futures::{executor::LocalPool, future::AbortHandle, task::LocalSpawnExt};
use http::StatusCode;
use proof_core::{
    Clock, Fiat, Network as Chain, Timestamp,
    money::Amount,
    partner::{Environment, Origin, PartnerType, SellPolicy},
    secret::Secret,
};
use proof_engine::{Engine, FoundListed, PartnerCreate};
use proof_outbound::Outbound;
use proof_port::{Signer, Timer};
use proof_sandbox::{World, WorldConfig, cards_router, world_router};
use proof_server::{App, rails::SandboxConfig};
use proof_signer::LocalSigner;
use proof_store::Db;
use serde_json::{Value, json};
use std::{
    cell::{Cell, RefCell},
    collections::BTreeSet,
    rc::Rc,
    sync::{
        Arc, Mutex, Weak,
        atomic::{AtomicBool, Ordering},
    },
};
use tempfile::TempDir;
use user::{Actor, Tale};

const ORIGIN: &str = "http://proof.test";
const SHOPS: [&str; 2] = ["http://shop0.test", "http://shop1.test"];
const KEY: &str = "key";
/// For all orders of a crowd.
const FUNDS: &str = "20000";
const FUNDS_NATIVE: &str = "100000";

/// Longer than books and reports may differ.
const SETTLED_SECONDS: i64 = 16 * 60;

/// A partner notices after this that its shop is up again.
const CAME_BACK_SECONDS: i64 = 600;

/// Whatever happened, so long after all is well again nothing is under way: a day for each thing that
/// may wait for a day, and for people.
const STUCK_AFTER_SECONDS: i64 = 12 * 24 * 3_600;

/// No story is longer than this.
const STEPS_MAX: u32 = 3_000_000;

/// In base units: they are not the same on all networks.
fn usdt_units(network: Chain, whole: i128) -> i128 {
    let one = Amount::parse(usdt(network), "1").unwrap();
    whole * i128::try_from(one.base()).unwrap()
}

#[derive(Clone, Default)]
struct Shop {
    token: String,
    widget_id: String,
    wallet: String,
}

/// What outlives a crash of the server, and the world around it.
struct Sim {
    seed: u64,
    script: Script,
    tales: Vec<Tale>,
    clock: Arc<SimClock>,
    wall: Arc<WallClock>,
    entropy: Arc<SimEntropy>,
    /// What people have in mind.
    people: SimEntropy,
    network: Arc<Network>,
    points: Arc<Points>,
    history: Arc<History>,
    watch: Watch,
    db: Db,
    signer_dir: TempDir,
    webhooks: Arc<Mutex<Vec<Value>>>,
    heard: Cell<usize>,
    app: RefCell<Option<App>>,
    engine: RefCell<Weak<Engine>>,
    worker: RefCell<Option<AbortHandle>>,
    crashes: Cell<u64>,
    rulings: Cell<u64>,
    down_until: Cell<Timestamp>,
    shops: RefCell<Vec<Shop>>,
    _db_dir: TempDir,
}

/// Runs one user's story on SQLite and returns how it ended.
pub fn run(seed: u64, plot: Plot, faults: Faults) -> Outcome {
    run_on(&Database::Sqlite, seed, Script::one(plot, faults))
}

pub fn run_on(engine: &Database, seed: u64, script: Script) -> Outcome {
    let runtime = cpu::runtime();
    let _entered = runtime.enter();
    let sim = Rc::new(Sim::new(seed, script, engine));
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
        if futures::FutureExt::now_or_never(&mut story).is_some() {
            return sim.outcome();
        }
        sim.check();
        if sim.points.crash.swap(false, Ordering::SeqCst) {
            sim.crash();
            continue;
        }
        if sim.is_due() {
            pool.run_until(sim.boot());
            continue;
        }
        assert!(sim.clock.advance(), "seed {seed}: everybody waits for ever");
    }
    panic!("seed {seed}: the story has no end")
}

impl Sim {
    fn new(seed: u64, script: Script, engine: &Database) -> Self {
        let clock = Arc::new(SimClock::new());
        let faults = script.faults;
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
        let shop = shop(&webhooks);
        let hosts = [
            ("cards.test".to_owned(), cards_router(Arc::clone(&world))),
            ("world.test".to_owned(), world_router(world)),
            ("shop0.test".to_owned(), shop.clone()),
            ("shop1.test".to_owned(), shop),
        ];
        let network = Arc::new(Network {
            hosts: Mutex::new(hosts.into()),
            clock: clock.clone(),
            random: SimEntropy::new(seed ^ 0x5EED),
            history: history.clone(),
            faults,
            points: Arc::clone(&points),
            begun: Mutex::default(),
            everybody_is_there: AtomicBool::new(false),
            effects: Mutex::new(Effects::default()),
            letters: Mutex::default(),
        });
        let db_dir = tempfile::tempdir().unwrap();
        let commits = Arc::new(Commits(Arc::clone(&points)));
        let db = engine.open(db_dir.path()).with_fate(commits);
        let tales = script.parts.iter().enumerate();
        let tales = tales.map(|(n, part)| Tale::new(n, *part, seed));
        Self {
            seed,
            tales: tales.collect(),
            script,
            wall: Arc::new(WallClock::new(clock.clone())),
            clock,
            entropy: Arc::new(SimEntropy::new(seed)),
            people: SimEntropy::new(seed ^ 0x9E09),
            network,
            points,
            history,
            watch: Watch::default(),
            db,
            signer_dir: tempfile::tempdir().unwrap(),
            webhooks,
            heard: Cell::new(0),
            app: RefCell::default(),
            engine: RefCell::new(Weak::new()),
            worker: RefCell::default(),
            crashes: Cell::new(0),
            rulings: Cell::new(0),
            down_until: Cell::new(Timestamp::FIRST),
            shops: RefCell::default(),
            _db_dir: db_dir,
        }
    }

    fn sandbox(&self) -> SandboxConfig {
        SandboxConfig {
            cards_url: "http://cards.test".parse().unwrap(),
            world_url: "http://world.test".parse().unwrap(),
            key: Secret::new(KEY),
            movable_clock: false,
            wallets: true,
        }
    }

    async fn prepare(&self) {
        self.boot().await;
        let engine = self.app.borrow().as_ref().unwrap().engine.clone();
        let parts = self.script.parts.iter();
        let partners = 1 + parts.map(|part| part.partner).max().unwrap();
        for n in 0..partners {
            let shop = self.partner(&engine, n).await;
            self.shops.borrow_mut().push(shop);
        }
        let world = self.sandbox().world(&Outbound::new(self.network.clone()));
        for network in self.script.networks() {
            let hot = engine
                .hot_wallet(Environment::Test, *network)
                .await
                .unwrap();
            for amount in [funds(*network), funds_native(*network)] {
                let (ticker, base) = (amount.asset().ticker(), amount.base().to_string());
                let body = json!({ "address": hot.as_str(), "ticker": ticker, "base": base });
                world
                    .post(&["chains", "v1", network.name(), "faucet"], &body)
                    .await
                    .unwrap();
                engine
                    .treasury_fund(Environment::Test, amount)
                    .await
                    .unwrap();
            }
        }
        *self.network.begun.lock().unwrap() = Some(self.clock.now());
        self.points.calm.store(false, Ordering::SeqCst);
    }

    async fn partner(&self, engine: &Engine, n: usize) -> Shop {
        let wallets = [Chain::Trc20, Chain::Erc20].map(|network| {
            let own = address(n, network);
            let own = proof_core::Address::parse(network, &own).unwrap();
            (usdt(network), own)
        });
        let created = engine
            .partner_create(
                proof_core::audit::Author::machine(),
                PartnerCreate {
                    name: format!("Shop {n}"),
                    kind: PartnerType::Treasury,
                    contact_email: "shop@example.com".into(),
                    origins: vec![Origin::parse(SHOPS[n]).unwrap()],
                    pairs: wallets.iter().map(|(asset, _)| *asset).collect(),
                    // Short, so that a story is not mostly waiting.
                    sell: Some(SellPolicy {
                        window_seconds: 30 * 60,
                        accidents: self.script.accidents,
                        ..SellPolicy::default()
                    }),
                    fiats: vec![Fiat::Eur],
                    wallets: wallets.to_vec(),
                    webhook_url: Some(format!("{}/webhook", SHOPS[n])),
                    redirect_url: None,
                },
            )
            .await
            .unwrap();
        if self.script.watched {
            let id = created.partner.id;
            let mut policy = engine.policy(id).await.unwrap();
            policy.risk.card_customers_max = 0;
            engine
                .policy_set(proof_core::audit::Author::machine(), id, policy)
                .await
                .unwrap();
        }
        Shop {
            token: created.client_token.expose_secret().to_owned(),
            widget_id: created.partner.widget_id.to_string(),
            wallet: wallets[0].1.to_string(),
        }
    }

    async fn story(&self) {
        self.prepare().await;
        let told = async {
            let all = self.tales.iter().map(|tale| Actor { sim: self, tale });
            let all: Vec<_> = all.collect();
            futures::future::join_all(all.iter().map(Actor::tell)).await;
            self.settle().await;
            self.reconcile().await;
        };
        let around = async {
            futures::join!(self.weather(), self.read_feeds(), self.operate());
        };
        futures::pin_mut!(told, around);
        futures::future::select(told, around).await;
    }

    /// What lasts, and when all is well.
    async fn weather(&self) {
        let begun = self.clock.now();
        let faults_end = begun.plus_seconds(self.script.faults_seconds);
        let trouble = self.script.faults.trouble;
        if let Trouble::Clock { seconds_max } = trouble {
            let both = u64::try_from(2 * seconds_max + 1).unwrap();
            while self.clock.now() < faults_end {
                self.sleep(60 + self.people.below(1_500)).await;
                self.wall
                    .set_wrong_by(self.people.below(both) - seconds_max);
                let now = self.wall.now().to_string();
                self.history.note("the clock is set", now.as_bytes());
            }
            self.wall.set_wrong_by(0);
        }
        self.clock.sleep_until(faults_end).await;
        self.points.calm.store(true, Ordering::SeqCst);
        let well = faults_end.plus_seconds(trouble.seconds() + STUCK_AFTER_SECONDS);
        self.clock.sleep_until(well).await;
        panic!("seed {}: {} is stuck", self.seed, self.unfinished());
    }

    fn unfinished(&self) -> String {
        let tales = self.tales.iter().map(|tale| {
            let (order, status) = (tale.order.borrow(), tale.status.borrow());
            format!("{:?} {order} {status}; ", tale.part.plot)
        });
        tales.collect()
    }

    /// All orders have ended; the partners hear so, and what came beside them ends, too.
    async fn settle(&self) {
        self.ask_for_what_was_missed().await;
        if let Trouble::Clock { .. } = self.script.faults.trouble {
            let begun = self.network.begun.lock().unwrap().unwrap();
            let faults_end = begun.plus_seconds(self.script.faults_seconds + 1);
            self.clock.sleep_until(faults_end).await;
        }
        let knows = |channel, tale: &Tale| {
            let latest = self.watch.latest(channel, &tale.order.borrow());
            latest == Some(tale.status.borrow().as_str())
        };
        loop {
            let everybody_knows = self
                .tales
                .iter()
                .all(|tale| knows(Channel::Webhook, tale) && knows(Channel::Feed, tale));
            let held = strays_held(&self.db);
            if everybody_knows && self.told().is_even(&balances(&self.db), held) {
                return;
            }
            self.sleep(60 + self.patience()).await;
        }
    }

    /// Whatever was lost: books, reports and chains agree. Where blocks are read every second this
    /// would be most of the story, so that only buys wait for it.
    async fn reconcile(&self) {
        let buys = self.tales.iter().all(|tale| tale.part.plot.is_buy());
        if self.script.poll_ms <= 1_000 && !buys {
            return;
        }
        // Whoever is still away comes back early.
        self.network
            .everybody_is_there
            .store(true, Ordering::SeqCst);
        self.points.calm.store(true, Ordering::SeqCst);
        self.sleep(SETTLED_SECONDS).await;
        let done = loop {
            let asked = async |engine: &Engine| engine.reconcile(Environment::Test).await;
            if let Some(Ok(done)) = self.ask(asked).await {
                break done;
            }
            self.sleep(60).await;
        };
        if done.open.iter().any(|one| one.kind == "unmatched") {
            return Box::pin(self.own(done.open)).await;
        }
        assert!(done.open.is_empty(), "seed {}: {:?}", self.seed, done.open);
    }

    /// What came to our own wallet is the owner's, say two operators; then all agrees.
    async fn own(&self, open: Vec<FoundListed>) {
        for one in open {
            assert_eq!(one.kind, "unmatched", "seed {}: {one:?}", self.seed);
            let stray = one.subject.parse().unwrap();
            for by in ["ann", "ben"] {
                let owned = async |engine: &Engine| {
                    let by: proof_core::operator::OperatorName = by.parse().unwrap();
                    let said = (proof_core::stray::Owned::Added, "the owner's");
                    engine.stray_own(stray, by, said).await
                };
                // Who is not heard says it again; who was is told so.
                while !matches!(self.ask(owned).await, Some(Ok(_) | Err(_))) {
                    self.sleep(60).await;
                }
            }
        }
        self.reconcile().await;
    }

    /// After each step of the world.
    fn check(&self) {
        let webhooks = self.webhooks.lock().unwrap();
        for event in &webhooks[self.heard.get()..] {
            self.watch.shown(Channel::Webhook, event);
        }
        self.heard.set(webhooks.len());
        self.watch.books(&self.db, &self.points, self.seed);
        if self.network.effects.lock().unwrap().moved_is_old {
            self.look_at_chain();
            self.check_effects();
        }
    }

    fn look_at_chain(&self) {
        let mut complete = true;
        for network in self.script.networks() {
            let after = self.network.effects.lock().unwrap().scan_from(*network);
            let path = format!("chains/v1/{network}/transfers?after={after}");
            let list = pollster::block_on(self.look(&path));
            let mut effects = self.network.effects.lock().unwrap();
            complete &= effects.scanned(*network, &list);
        }
        self.network.effects.lock().unwrap().moved_is_old = !complete;
    }

    /// Nobody has both the money and the coins, at any time.
    fn check_effects(&self) {
        let effects = self.network.effects.lock().unwrap();
        let (seed, shops) = (self.seed, self.shops.borrow());
        for tale in &self.tales {
            let captures = effects.captures(tale.number);
            let payouts = effects.payouts(tale.number);
            let wallet = shops.get(tale.part.partner).map_or("", |shop| &shop.wallet);
            let delivered = effects.transfers(wallet, tale.amount);
            let said = format!("seed {seed}, part {}, {:?}", tale.number, tale.part.plot);
            assert!(captures <= 1, "{said}: {captures} captures");
            assert!(payouts <= 1, "{said}: {payouts} payouts");
            assert!(delivered <= captures, "{said}: {delivered} deliveries");
            for (network, coins) in tale.coins(&effects) {
                let paid = payouts > 0 && network == tale.part.plot.network();
                let paid = if paid { tale.amount } else { 0 };
                let (out, came) = (coins.returned + paid, coins.sent + coins.gone);
                assert!(out <= came, "{said}: {out} went out of {came} on {network}");
            }
        }
    }

    fn outcome(&self) -> Outcome {
        let engine = self.app.borrow().as_ref().unwrap().engine.clone();
        self.look_at_chain();
        self.check();
        let balances = balances(&self.db);
        for balance in &balances {
            self.history
                .note(&balance.key, balance.amount.to_string().as_bytes());
        }
        let wallets = self.script.networks().iter();
        let wallets = wallets.map(|network| self.wallet(&engine, *network));
        let strangers = {
            let known = self.known_addresses();
            self.network.effects.lock().unwrap().strangers(&known)
        };
        Outcome {
            told: self.told(),
            wallets: wallets.collect(),
            history: self.history.hash(),
            crashes: self.crashes.get(),
            points: self.points.reached(),
            lost: self.points.lost.load(Ordering::SeqCst),
            checks: self.watch.checks.get(),
            rulings: self.rulings.get(),
            simulated_seconds: self.clock.now().seconds()
                - self.network.begun.lock().unwrap().unwrap().seconds(),
            balances,
            strays_held: strays_held(&self.db),
            strangers,
        }
    }

    /// The hot wallet, by the chain's word.
    fn wallet(&self, engine: &Engine, network: Chain) -> Wallet {
        let hot = pollster::block_on(engine.hot_wallet(Environment::Test, network)).unwrap();
        let account = pollster::block_on(self.look(&format!("chains/v1/{network}/accounts/{hot}")));
        let left = |ticker: &str| {
            let text = account["balances"][ticker].as_str().unwrap();
            text.parse().unwrap()
        };
        Wallet {
            network,
            funds: i128::try_from(funds(network).base()).unwrap(),
            left: left("USDT"),
            left_native: left(network.native().ticker()),
        }
    }

    /// What became of each part, by the world's word.
    fn told(&self) -> Parts {
        let effects = self.network.effects.lock().unwrap();
        let shops = self.shops.borrow();
        let told = self.tales.iter().map(|tale| Told {
            plot: tale.part.plot,
            status: tale.status.borrow().clone(),
            amount: tale.amount,
            coins: tale.coins(&effects),
            astray: tale.astray.get(),
            captures: effects.captures(tale.number),
            lost: effects.lost(tale.number),
            taken: effects.taken(tale.number),
            given_back: effects.given_back(tale.number),
            payouts: effects.payouts(tale.number),
            delivered: effects.transfers(&shops[tale.part.partner].wallet, tale.amount),
        });
        Parts(told.collect())
    }

    /// Where coins may go: to partners, back to users, and from users to deposit addresses, of which
    /// there is one for each order.
    fn known_addresses(&self) -> BTreeSet<String> {
        let shops = self.shops.borrow();
        let mut known: BTreeSet<String> = shops.iter().map(|shop| shop.wallet.clone()).collect();
        known.extend(self.tales.iter().map(|tale| tale.refund.clone()));
        // Who sends to our own wallet knows where it is.
        let engine = self.app.borrow().as_ref().unwrap().engine.clone();
        for network in self.script.networks() {
            let hot = pollster::block_on(engine.hot_wallet(Environment::Test, *network)).unwrap();
            known.insert(hot.to_string());
        }
        known.extend(
            self.tales
                .iter()
                .flat_map(|tale| tale.addresses.borrow().clone()),
        );
        known
    }
}

fn funds(network: Chain) -> Amount {
    Amount::parse(usdt(network), FUNDS).unwrap()
}

fn funds_native(network: Chain) -> Amount {
    Amount::parse(network.native(), FUNDS_NATIVE).unwrap()
}

/// Somebody's wallet, another one for each number.
fn address(number: usize, network: Chain) -> String {
    let dir = tempfile::tempdir().unwrap();
    let mut master = [9; 32];
    master[..8].copy_from_slice(&number.to_be_bytes());
    let signer = LocalSigner::open(dir.path(), master).unwrap();
    let wallet = pollster::block_on(signer.wallet(network)).unwrap();
    wallet.to_string()
}

/// Hears everything and says nothing.
fn shop(webhooks: &Arc<Mutex<Vec<Value>>>) -> Router {
    let heard = Arc::clone(webhooks);
    Router::new().route(
        "/webhook",
        post(move |body: String| async move {
            let event = serde_json::from_str(&body).unwrap();
            heard.lock().unwrap().push(event);
            StatusCode::NO_CONTENT
        }),
    )
}
