//! Every scenario of the catalogue, played against the whole server in simulated time: it reaches what it
//! states, on both databases, and the same script twice leaves the same log.

use crate::{
    clock::{Jump, SimClock, SimEntropy},
    cpu,
    database::Database,
};
use axum::{Router, body::Body, http::StatusCode, routing::post};
use bytes::Bytes;
use futures::{FutureExt, executor::LocalPool, task::LocalSpawnExt};
use http::{Request, Response};
use http_body_util::BodyExt;
use proof_core::partner::Environment;
use proof_core::{
    Asset, Fiat, Timestamp,
    audit::Author,
    id::OrderId,
    money::Amount,
    partner::{Origin, PartnerType, SellPolicy},
    scenario::{SCENARIOS, Scenario},
    secret::Secret,
};
use proof_engine::{Engine, PartnerCreate, Parts, Persons, PlayView, SETTLE_SECONDS, Watching};
use proof_outbound::{Limits, Outbound, Transport, TransportError};
use proof_port::{Signer, Timer};
use proof_sandbox::{World, WorldConfig, cards_router, world_router};
use proof_server::{
    App,
    rails::{NETWORKS, SandboxConfig},
};
use proof_signer::LocalSigner;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex},
};
use tower::ServiceExt;

const SEED: u64 = 17;
const KEY: &str = "key";
const SHOP: &str = "http://shop.test";
const LATENCY_MS: i64 = 40;

/// No scenario takes longer; a busy one takes a tenth.
const STEPS_MAX: u32 = 500_000;

/// The network between the server and everybody else: a little slow, and always there.
struct Wire {
    hosts: BTreeMap<String, Router>,
    clock: Arc<SimClock>,
    /// What the card processor would call back about.
    told: Mutex<Vec<String>>,
}

#[async_trait::async_trait]
impl Transport for Wire {
    async fn send(
        &self,
        request: Request<Bytes>,
        _limits: Limits,
    ) -> Result<Response<Bytes>, TransportError> {
        use proof_core::Clock;
        let at = self.clock.now().plus_millis(LATENCY_MS);
        self.clock.sleep_until(at).await;
        let host = request.uri().host().unwrap_or_default().to_owned();
        let by_bank = request.uri().path().starts_with("/bank/");
        let router = self.hosts.get(&host).cloned();
        let router = router.ok_or_else(|| TransportError::not_sent("no such host"))?;
        let answer = router.oneshot(request.map(Body::from)).await.unwrap();
        let (parts, body) = answer.into_parts();
        let bytes = body.collect().await.unwrap().to_bytes();
        if by_bank {
            let moved = serde_json::from_slice::<Value>(&bytes).unwrap_or_default();
            self.told.lock().unwrap().extend(reference_of(&moved));
        }
        Ok(Response::from_parts(parts, bytes))
    }
}

/// Ours, of the payment or payout that a bank has moved; a dispute has it in its name.
fn reference_of(moved: &Value) -> Option<String> {
    let dispute = moved["id"].as_str().and_then(|id| id.strip_prefix("dp_"));
    let of_dispute = dispute.and_then(|id| Some(id.split_once('_')?.1));
    of_dispute
        .or(moved["reference"].as_str())
        .map(str::to_owned)
}

/// What came of a scenario.
struct Ending {
    play: PlayView,
    /// The order's events, with nothing in them that another run would call differently.
    log: Vec<String>,
}

impl Ending {
    fn hash(&self) -> String {
        hex::encode(Sha256::digest(self.log.join("\n")))
    }
}

fn sandbox() -> SandboxConfig {
    SandboxConfig {
        cards_url: "http://cards.test".parse().unwrap(),
        world_url: "http://world.test".parse().unwrap(),
        key: Secret::new(KEY),
        movable_clock: false,
        wallets: true,
    }
}

fn wire(clock: &Arc<SimClock>) -> Arc<Wire> {
    let config = WorldConfig {
        data: None,
        key: KEY.to_owned(),
        seed: SEED,
    };
    let entropy = Arc::new(SimEntropy::new(SEED ^ 0xABCD));
    let world = Arc::new(World::open(config, clock.clone(), entropy).unwrap());
    let shop = Router::new().route("/webhook", post(|| async { StatusCode::NO_CONTENT }));
    let hosts = [
        ("cards.test".to_owned(), cards_router(Arc::clone(&world))),
        ("world.test".to_owned(), world_router(world)),
        ("shop.test".to_owned(), shop),
    ];
    Arc::new(Wire {
        hosts: hosts.into(),
        clock: clock.clone(),
        told: Mutex::default(),
    })
}

fn play(database: &Database, scenario: &'static Scenario) -> Ending {
    let runtime = cpu::runtime();
    let _entered = runtime.enter();
    let dir = tempfile::tempdir().unwrap();
    let clock = Arc::new(SimClock::new());
    let wire = wire(&clock);
    let db = database.open(dir.path());
    let mut pool = LocalPool::new();
    let spawner = pool.spawner();
    let story = {
        let (clock, signer) = (clock.clone(), dir.path().join("signer"));
        let inner = spawner.clone();
        async move {
            let outbound = Outbound::new(wire.clone());
            let signer = Arc::new(LocalSigner::open(&signer, [7; 32]).unwrap());
            let parts = Parts {
                db,
                clock: clock.clone(),
                movable: Some(Arc::new(Jump::new(clock.clone()))),
                entropy: Arc::new(SimEntropy::new(SEED)),
                outbound: outbound.clone(),
                test_rails: Some(sandbox().rails(&outbound, signer)),
                live_rails: None,
                rehearsed: false,
                mailer: None,
                limited: true,
                settle_seconds: SETTLE_SECONDS,
                sweeping: proof_engine::Sweeping::OFF,
                cold: proof_engine::ColdStorage::OFF,
                watching: Watching::default(),
                persons: Persons {
                    key: Some([9; 32]),
                    ..Persons::default()
                },
                key_turns: Vec::new(),
            };
            let origin = Origin::parse("http://proof.test").unwrap();
            let app = App::build(origin, Vec::new(), parts).await.unwrap();
            let app = app.with_player(&sandbox(), &outbound);
            let engine = Arc::clone(&app.engine);
            let (worker, player) = (Arc::clone(&engine), app.player.unwrap());
            inner
                .spawn_local(async move { worker.work(std::future::pending()).await })
                .unwrap();
            inner
                .spawn_local(async move { player.run(std::future::pending()).await })
                .unwrap();
            tell(&engine, &wire, scenario).await
        }
    };
    let mut story = Box::pin(spawner.spawn_local_with_handle(story).unwrap());
    for _ in 0..STEPS_MAX {
        pool.run_until_stalled();
        if let Some(ending) = (&mut story).now_or_never() {
            return ending;
        }
        assert!(clock.advance(), "{}: everybody waits", scenario.name);
    }
    panic!("{} has no end", scenario.name)
}

async fn tell(engine: &Engine, wire: &Wire, scenario: &Scenario) -> Ending {
    let partner = partner(engine).await;
    fund(engine, &sandbox().world(&Outbound::new(wire_again(wire)))).await;
    let asked = engine.play_start(Author::machine(), partner, scenario.name);
    let asked = asked.await.unwrap();
    let play = loop {
        let play = engine.play(partner, &asked.id).unwrap();
        if ["reached", "missed"].contains(&play.state) {
            break play;
        }
        call_back(engine, wire).await;
        let at = engine.now().plus_seconds(1);
        engine.clock().sleep_until(at).await;
    };
    let order = play.merchant_transaction_id.map(OrderId::from_uuid);
    let story = engine.order_story(order.unwrap()).await.unwrap();
    let mut names = Names::default();
    let log = story.events.iter().map(|event| {
        let at = Timestamp::parse(&event.at).unwrap();
        format!(
            "{} {} {}",
            names.time(at),
            event.kind,
            names.plain(&event.body)
        )
    });
    Ending {
        log: log.collect(),
        play,
    }
}

/// The same network, for whoever calls past the server.
fn wire_again(wire: &Wire) -> Arc<Wire> {
    Arc::new(Wire {
        hosts: wire.hosts.clone(),
        clock: wire.clock.clone(),
        told: Mutex::default(),
    })
}

/// The processor tells the server that a bank has moved.
async fn call_back(engine: &Engine, wire: &Wire) {
    use hmac::Mac;
    let told: Vec<String> = std::mem::take(&mut *wire.told.lock().unwrap());
    for reference in told {
        let body = json!({ "type": "dispute.updated", "reference": reference }).to_string();
        let time = engine.now().seconds();
        let mut mac = hmac::Hmac::<Sha256>::new_from_slice(KEY.as_bytes()).unwrap();
        mac.update(format!("{time}.{body}").as_bytes());
        let mark = format!("t={time},v1={}", hex::encode(mac.finalize().into_bytes()));
        let headers = [("sandbox-signature".to_owned(), mark)];
        let heard = engine.inbound_payment("sandbox", &headers, body.as_bytes());
        heard.await.unwrap();
    }
}

fn pairs() -> Vec<Asset> {
    ["USDT/TRC20", "USDT/ERC20", "USDT/BEP20", "BTC/BITCOIN"]
        .map(|pair| pair.parse().unwrap())
        .into()
}

async fn partner(engine: &Engine) -> proof_core::id::PartnerId {
    let dir = tempfile::tempdir().unwrap();
    let owner = LocalSigner::open(dir.path(), [9; 32]).unwrap();
    let mut wallets = Vec::new();
    for pair in pairs() {
        wallets.push((pair, owner.wallet(pair.network()).await.unwrap()));
    }
    let request = PartnerCreate {
        name: "Shop".into(),
        kind: PartnerType::Treasury,
        contact_email: "shop@example.com".into(),
        origins: vec![Origin::parse(SHOP).unwrap()],
        pairs: pairs(),
        sell: Some(SellPolicy::default()),
        fiats: vec![Fiat::Eur],
        wallets,
        webhook_url: Some(format!("{SHOP}/webhook")),
        redirect_url: None,
    };
    let made = engine.partner_create(Author::machine(), request).await;
    made.unwrap().partner.id
}

async fn fund(engine: &Engine, world: &proof_outbound::Configured) {
    for network in NETWORKS {
        let owner = engine.hot_wallet(Environment::Test, network).await.unwrap();
        let bought = pairs().into_iter().find(|pair| pair.network() == network);
        let mut assets = vec![bought.unwrap()];
        assets.extend((network.native() != assets[0]).then(|| network.native()));
        for asset in assets {
            let amount = Amount::parse(asset, "1000").unwrap();
            let (ticker, base) = (asset.ticker(), amount.base().to_string());
            let body = json!({ "address": owner.as_str(), "ticker": ticker, "base": base });
            let path = ["chains", "v1", network.name(), "faucet"];
            assert!(world.post(&path, &body).await.unwrap().is_success());
            engine
                .treasury_fund(Environment::Test, amount)
                .await
                .unwrap();
        }
    }
}

/// Times become seconds since the first one, and names the order in which they appear.
#[derive(Default)]
struct Names {
    begun: Option<Timestamp>,
    known: BTreeMap<String, usize>,
}

impl Names {
    fn time(&mut self, at: Timestamp) -> String {
        let begun = *self.begun.get_or_insert(at);
        format!("+{}", at.seconds() - begun.seconds())
    }

    fn plain(&mut self, value: &Value) -> Value {
        match value {
            Value::String(text) => self.text(text).into(),
            Value::Array(items) => items.iter().map(|item| self.plain(item)).collect(),
            Value::Object(fields) => {
                let fields = fields.iter();
                Value::Object(fields.map(|(k, v)| (k.clone(), self.plain(v))).collect())
            }
            Value::Null | Value::Bool(_) | Value::Number(_) => value.clone(),
        }
    }

    /// Ids, hashes and addresses are long, have no spaces, and digits in them.
    fn text(&mut self, text: &str) -> String {
        if let Some(at) = Timestamp::parse(text) {
            return self.time(at);
        }
        let is_name = text.len() >= 20
            && text.bytes().any(|byte| byte.is_ascii_digit())
            && !text.contains(char::is_whitespace);
        if !is_name {
            return text.to_owned();
        }
        let next = self.known.len() + 1;
        let number = self.known.entry(text.to_owned()).or_insert(next);
        format!("name {number}")
    }
}

/// `SCENARIO=sell-late` plays one.
fn chosen() -> impl Iterator<Item = &'static Scenario> {
    let only = std::env::var_os("SCENARIO").and_then(|name| name.into_string().ok());
    let wanted = move |scenario: &&Scenario| only.as_deref().is_none_or(|one| one == scenario.name);
    SCENARIOS.iter().filter(wanted)
}

/// Several at a time, each in a world of its own.
fn each(work: impl Fn(&'static Scenario) -> Vec<String> + Sync) {
    let next = Mutex::new(chosen());
    let problems = Mutex::new(Vec::new());
    std::thread::scope(|scope| {
        for _ in 0..std::thread::available_parallelism().map_or(2, |n| n.get().min(8)) {
            scope.spawn(|| {
                loop {
                    let taken = next.lock().unwrap().next();
                    let Some(scenario) = taken else { return };
                    let found = work(scenario);
                    problems.lock().unwrap().extend(found);
                }
            });
        }
    });
    let problems = problems.into_inner().unwrap();
    assert!(problems.is_empty(), "\n{}", problems.join("\n"));
}

fn missed(database: &Database, scenario: &Scenario, ending: &Ending) -> Option<String> {
    let problem = ending.play.problem.as_ref();
    problem.map(|problem| format!("{} on {database:?}: {problem}", scenario.name))
}

#[test]
fn every_scenario_reaches_what_it_states_twice_alike() {
    each(|scenario| {
        let database = Database::Sqlite;
        let (first, second) = (play(&database, scenario), play(&database, scenario));
        let mut problems: Vec<String> = missed(&database, scenario, &first).into_iter().collect();
        if first.hash() != second.hash() {
            let (one, two) = (first.log.join("\n  "), second.log.join("\n  "));
            problems.push(format!(
                "{}: two logs\n  {one}\nand\n  {two}",
                scenario.name
            ));
        }
        problems
    });
}

#[test]
fn every_scenario_reaches_what_it_states_on_postgres() {
    for database in Database::all().into_iter().skip(1) {
        each(|scenario| {
            let ending = play(&database, scenario);
            missed(&database, scenario, &ending).into_iter().collect()
        });
    }
}

/// The log tells two scenarios apart, so that two equal logs mean something.
#[test]
fn another_scenario_has_another_log() {
    let log = |name: &str| play(&Database::Sqlite, Scenario::find(name).unwrap());
    assert_ne!(log("buy-cancelled").hash(), log("buy-expires").hash());
}
