//! `proof dev`: the whole product on one machine, with a sandbox for a world.

mod demo;
mod funds;
mod outbox;
pub mod people;
mod shop;
mod worlds;

use crate::{
    App,
    backup::{
        EngineName,
        schedule::{BackupConfig, Schedule},
    },
    clock::SystemEntropy,
    config::{checkpoints, database},
    identity::{IdentityConfig, PersonsConfig, models_folder},
    lock::DataLock,
    metrics::Metrics,
    networks::{self, NetworksConfig},
    operator::{Door, Operator, Role, SOCKET_FILE},
    rails::SandboxConfig,
    restore::Target,
    sanctions::SanctionsConfig,
    sandbox::READY_FILE,
    serve::{Beside, answer, asked_to_stop, outbound},
    signer::SignerConfig,
    telemetry::{TelemetryConfig, traced},
};
use anyhow::Context;
use clap::Args;
use demo::DemoPartner;
use outbox::Outbox;
use people::DemoPerson;
use proof_core::partner::Origin;
use proof_engine::{Engine, Mailer, Parts, SETTLE_SECONDS, Watching};
use proof_identity::check::Policy;
use proof_outbound::{Outbound, Places};
use proof_store::{Db, Execution};
use serde::Serialize;
use std::{
    net::Ipv4Addr,
    path::{Path, PathBuf},
    sync::Arc,
};
use tokio::{net::TcpListener, sync::watch};
use url::Url;
use worlds::Worlds;

#[derive(Args, Debug)]
pub struct DevArgs {
    /// Port of the server; 0 takes any.
    #[arg(long, default_value_t = 8080)]
    port: u16,
    /// Port of the demo shop; 0 takes any.
    #[arg(long, default_value_t = 8090)]
    shop_port: u16,
    /// Where everything is kept.
    #[arg(long, default_value = "data")]
    data: PathBuf,
    /// Another database than SQLite in the data folder.
    #[arg(long, env = "PROOF_DATABASE_URL", hide_env_values = true)]
    database_url: Option<String>,
    /// The demo shop's folder.
    #[arg(long, default_value = "examples/shop-node")]
    shop: PathBuf,
    /// Without rate limits, for load tests of your own.
    #[arg(long)]
    no_limits: bool,
    /// How long books and reports may differ before that is a finding.
    #[arg(long, default_value_t = SETTLE_SECONDS)]
    settle_seconds: u32,
    /// A second world that stands for real money, so that going live can be rehearsed.
    #[arg(long)]
    rehearse_live: bool,
    /// Port of the metrics; 0 takes any.
    #[arg(long, default_value_t = 9090)]
    metrics_port: u16,
    /// Takes a backup into this folder every hour, which has to be there.
    #[arg(long)]
    backup_to: Option<PathBuf>,
    /// Ships everything that is committed there as well, within seconds.
    #[arg(long, requires = "backup_to")]
    backup_continuous: bool,
    /// Sends traces to this collector, as OTLP over HTTP (http://127.0.0.1:4318).
    #[arg(long)]
    otlp: Option<Url>,
    /// Looks at documents and faces itself, in place of the sandbox's provider, whose outcomes are scripted by the
    /// user's email. Documents of Utopia count.
    #[arg(long)]
    built_in_identity: bool,
    /// The folder that `ci/models` filled; the usual one without it.
    #[arg(long, env = "PROOF_MODELS", requires = "built_in_identity")]
    models: Option<PathBuf>,
    /// Compares names with these sanctions lists: targets.simple.csv of OpenSanctions, or sdn.csv and alt.csv of OFAC.
    #[arg(long, num_args = 1..)]
    sanctions: Vec<PathBuf>,
    /// Offers Apple Pay and Google Pay to browsers that have them, for tests that bring a wallet of their own: those of
    /// real devices do not work with the sandbox.
    #[arg(long)]
    wallets: bool,
    /// Chains of this machine's own nodes in the place of simulated ones: a file with `[networks.ERC20]` and so on, as
    /// in the server's configuration. Nobody fills the hot wallets there.
    #[arg(long, conflicts_with = "signer")]
    networks: Option<PathBuf>,
    /// The socket of a `proof signer` that signs in place of one inside; it serves no real chain.
    #[arg(long, requires = "signer_secret")]
    signer: Option<PathBuf>,
    /// What that signer and this server know (`proof wallet secret`).
    #[arg(long, requires = "signer")]
    signer_secret: Option<PathBuf>,
    /// A commit for each write: what sharing commits is measured against.
    #[arg(long, hide = true)]
    separate_commits: bool,
    /// One line of JSON on standard output instead of the friendly text.
    #[arg(long)]
    json: bool,
}

impl DevArgs {
    pub fn telemetry(&self) -> Option<TelemetryConfig> {
        self.otlp.clone().map(TelemetryConfig::all_to)
    }

    async fn listener(&self) -> anyhow::Result<TcpListener> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, self.port)).await;
        listener.with_context(|| {
            let port = self.port;
            format!("port {port} is taken; choose another with --port, 0 for any")
        })
    }

    async fn database(&self) -> anyhow::Result<Db> {
        let execution = if self.separate_commits {
            Execution::Separate
        } else {
            Execution::Concurrent
        };
        database(&self.url(), execution, checkpoints(self.backup_continuous)).await
    }

    fn url(&self) -> String {
        let sqlite = || format!("sqlite:{}", self.data.join("proof.db").display());
        self.database_url.clone().unwrap_or_else(sqlite)
    }

    fn schedule_checked(&self) -> anyhow::Result<Option<Schedule>> {
        let schedule = self.schedule();
        if let Some(schedule) = &schedule {
            schedule.config.check(EngineName::of(&self.url()))?;
        }
        Ok(schedule)
    }

    fn schedule(&self) -> Option<Schedule> {
        let mut config = BackupConfig::hourly(self.backup_to.clone()?);
        config.continuous = self.backup_continuous;
        let target = Target {
            url: self.url(),
            tools: None,
        };
        Some(Schedule {
            config,
            target,
            shipping: None,
        })
    }

    async fn parts(
        &self,
        worlds: &Worlds,
        outbound: &Outbound,
        mailer: Mailer,
        networks: &NetworksConfig,
    ) -> anyhow::Result<Parts> {
        let (clock, may_move) = worlds.clock(outbound).await?;
        let signer = self.signer().open(networks);
        let signer = signer.context("the signer cannot start")?;
        let (mut test_rails, live_rails) = worlds.rails(&self.data, outbound, signer)?;
        networks::switch(&mut test_rails, networks.chains(outbound)?).await?;
        if let Some(identity) = self.identity()? {
            test_rails.identity = identity.open(clock.clone())?;
        }
        Ok(Parts {
            db: self.database().await?,
            clock: clock.clone(),
            movable: may_move.then_some(clock),
            entropy: Arc::new(SystemEntropy),
            outbound: outbound.clone(),
            test_rails: Some(test_rails),
            live_rails,
            rehearsed: true,
            mailer: Some(mailer),
            limited: !self.no_limits,
            settle_seconds: self.settle_seconds,
            sweeping: proof_engine::Sweeping::OFF,
            cold: proof_engine::ColdStorage::OFF,
            watching: self.watching(),
            persons: PersonsConfig::default().open(Some(&self.data.join("signer")))?,
            key_turns: Vec::new(),
        })
    }

    fn networks(&self) -> anyhow::Result<NetworksConfig> {
        match &self.networks {
            None => Ok(NetworksConfig::default()),
            Some(path) => NetworksConfig::read_private(path),
        }
    }

    fn signer(&self) -> SignerConfig {
        match (&self.signer, &self.signer_secret) {
            (Some(socket), Some(secret)) => SignerConfig::at(socket, secret),
            _ => SignerConfig::Folder(self.data.join("signer")),
        }
    }

    fn identity(&self) -> anyhow::Result<Option<IdentityConfig>> {
        if !self.built_in_identity {
            return Ok(None);
        }
        Ok(Some(IdentityConfig {
            folder: self.data.join("identity"),
            key: self.data.join("identity-key"),
            models: self.models.clone().map_or_else(models_folder, Ok)?,
            policy: Policy {
                specimens: true,
                ..Policy::default()
            },
        }))
    }

    fn watching(&self) -> Watching {
        let schedule = self.schedule();
        let config = schedule.as_ref().map(|own| &own.config);
        Watching {
            backup_every_minutes: config.map(|config| config.every_minutes),
            backup_bound_seconds: config.and_then(BackupConfig::bound_seconds),
            ..Watching::default()
        }
    }

    /// A port that is taken is no reason not to start.
    async fn metrics(&self) -> Option<Metrics> {
        match Metrics::bind((Ipv4Addr::LOCALHOST, self.metrics_port).into()).await {
            Ok(metrics) => Some(metrics),
            Err(error) => {
                tracing::warn!("no metrics: {error:#}");
                None
            }
        }
    }
}

/// What is printed when everything is up.
#[derive(Default, Serialize)]
struct Ready {
    base_url: String,
    /// With the name for which browsers keep passkeys.
    console_url: String,
    widget_script: String,
    shop_url: Option<String>,
    cards_url: String,
    world_url: String,
    metrics_url: Option<String>,
    /// Folder of the letters to users.
    outbox: PathBuf,
    pid: u32,
    partners: Vec<DemoPartner>,
    /// Of the console.
    people: Vec<DemoPerson>,
}

impl Ready {
    fn at(origin: &Origin, world: &SandboxConfig) -> Self {
        let base_url = origin.as_str();
        Self {
            console_url: format!("{}/console/", origin.by_name()),
            widget_script: format!("{base_url}/widget.2.0.js"),
            cards_url: world.cards_url.to_string(),
            world_url: world.world_url.to_string(),
            pid: std::process::id(),
            base_url: base_url.to_owned(),
            ..Self::default()
        }
    }
}

pub async fn run(args: DevArgs) -> anyhow::Result<()> {
    let data = &args.data;
    std::fs::create_dir_all(data).with_context(|| format!("cannot make {}", data.display()))?;
    let _lock = DataLock::take(data)?;
    let listener = args.listener().await?;
    let address = listener.local_addr()?;
    let base_url = format!("http://127.0.0.1:{}", address.port());
    let mut worlds = Worlds::start(data, args.rehearse_live, args.wallets).await?;
    let metrics = args.metrics().await;
    let metrics_at = metrics.as_ref().map(|metrics| metrics.address);
    let ours = [address].into_iter().chain(metrics_at);
    let own = ours.chain(worlds.addresses()).collect();
    let networks = args.networks()?;
    let allow = Places::default().allow().to_vec();
    let outbound = outbound(allow, own, &networks.own_urls())?;
    let origin = Origin::parse(&base_url)?;
    let outbox = Arc::new(Outbox::open(data.join("outbox"))?);
    let mailer = Mailer {
        mail: outbox.clone(),
        base_url: origin.clone(),
        receipts: true,
    };
    let parts = args.parts(&worlds, &outbound, mailer, &networks).await?;
    let app = App::build(origin.clone(), Vec::new(), parts).await?;
    let mut app = app.with_player(worlds.config(), &outbound);
    if args.otlp.is_some() {
        app.router = traced(app.router);
    }
    let engine = Arc::clone(&app.engine);
    engine.take_over().await?;
    let sanctions = SanctionsConfig::of(&args.sanctions);
    let beside = Beside::open(&engine, metrics, args.schedule_checked()?, sanctions).await?;
    let door = door(data, &base_url);
    let (stop, stopping) = watch::channel(false);
    let lead = async {
        let led: anyhow::Result<()> = async {
            // First: a wallet counts as low as soon as somebody sells what is in it.
            worlds.fill(&engine, &outbound, &networks).await?;
            let shop_port = shop::port(args.shop_port)?;
            let partners = demo::partners(&engine, data, shop_port).await?;
            let people = demo_people(&engine, data, &partners).await?;
            worlds.call_back(&outbound, address).await?;
            keep_ready(data, worlds.config())?;
            let urls = shop::Urls {
                proof: &base_url,
                sandbox: &worlds.config().world_url,
            };
            let mut shop = shop::start(&args.shop, shop_port, urls, &partners).await?;
            let ready = Ready {
                shop_url: shop.as_ref().map(|shop| shop.url.clone()),
                metrics_url: metrics_at.map(|address| format!("http://{address}/metrics")),
                outbox: outbox.dir().to_owned(),
                partners,
                people,
                ..Ready::at(&origin, worlds.config())
            };
            let asked = asked_to_stop()?;
            print(&ready, args.json)?;
            ended(asked, &mut worlds, shop.as_mut()).await
        }
        .await;
        stop.send_replace(true);
        led
    };
    let answered = answer(door, engine.clone(), stopping.clone());
    let beside = beside.run(stopping.clone());
    let (served, led, (), beside) =
        tokio::join!(app.run(listener, stopping.clone()), lead, answered, beside);
    beside.end().await;
    led.and(served)
}

/// Until somebody wants it, or until something that belongs to it is gone.
async fn ended(
    asked: impl Future<Output = ()>,
    worlds: &mut Worlds,
    shop: Option<&mut shop::Shop>,
) -> anyhow::Result<()> {
    tokio::select! {
        () = asked => Ok(()),
        ended = worlds.ended() => ended,
        ended = shop::ended(shop) => anyhow::bail!("the demo shop ended: {}", ended?),
    }
}

async fn demo_people(
    engine: &Engine,
    data: &Path,
    partners: &[DemoPartner],
) -> anyhow::Result<Vec<DemoPerson>> {
    let shop = partners.first().context("there is no demo partner")?;
    people::people(engine, data, shop.partner_id.parse()?).await
}

/// Two people, since money moves only when two agree; one of them owns the installation.
const OPERATORS: [(&str, Role); 2] = [("alice", Role::Owner), ("bob", Role::Operator)];

/// A path that is too long for a socket is no reason not to start.
fn door(data: &Path, base_url: &str) -> Option<Door> {
    let base_url = Origin::parse(base_url).ok()?;
    let operator = |(name, role): (&str, Role)| {
        let name = name.parse().ok()?;
        Some(Operator { name, role })
    };
    let operators: Vec<_> = OPERATORS.into_iter().filter_map(operator).collect();
    match Door::open(&data.join(SOCKET_FILE), &operators, base_url) {
        Ok(door) => Some(door),
        Err(error) => {
            tracing::warn!("operators' commands cannot reach this server: {error:#}");
            None
        }
    }
}

/// For `proof sandbox`, which plays people outside.
fn keep_ready(data: &Path, world: &SandboxConfig) -> anyhow::Result<()> {
    let path = data.join(READY_FILE);
    let urls = serde_json::json!({ "world_url": world.world_url, "cards_url": world.cards_url });
    let text = urls.to_string();
    std::fs::write(&path, text).with_context(|| format!("cannot write {}", path.display()))
}

#[expect(clippy::print_stdout, reason = "the command's answer")]
fn print(ready: &Ready, json: bool) -> anyhow::Result<()> {
    if json {
        println!("{}", serde_json::to_string(ready)?);
        return Ok(());
    }
    println!("\n  Proof is running. Nothing here is real money.\n");
    match &ready.shop_url {
        Some(url) => println!("  Demo shop      {url}   ← start here"),
        None => println!("  Demo shop      not started: run `make dev`, which installs it"),
    }
    println!("  Console        {}", ready.console_url);
    for person in &ready.people {
        let (name, role) = (&person.name, person.role.name());
        println!(
            "                 {name} ({role}), password: {}",
            person.password
        );
    }
    println!("                 the code: proof sandbox code alice");
    println!("  API            {}", ready.base_url);
    println!("  Widget script  {}", ready.widget_script);
    if let Some(url) = &ready.metrics_url {
        println!("  Metrics        {url}");
    }
    println!("  Emails         {}", ready.outbox.display());
    println!("\n  Partners (test)");
    for partner in &ready.partners {
        println!("    {} ({})", partner.name, partner.kind);
        println!("      client_token  {}", partner.client_token);
        println!("      widget_id     {}", partner.widget_id);
    }
    println!("\n  Cards, with any future date and any CVC");
    for (number, meaning) in CARDS {
        println!("    {number}  {meaning}");
    }
    println!("{PAYOUTS}");
    println!(
        "\n  Sell in the demo shop; its button, or `proof sandbox deposit`, plays the user's wallet"
    );
    println!(
        "\n  Identity: put a tag into the email to choose the outcome, ann+kyc-fail@example.com"
    );
    println!("    +kyc-fail refused, +kyc-retry fails once, +kyc-review a person looks, +kyc-slow");
    println!("\n  Stop with Ctrl-C; start again and everything goes on.\n");
    Ok(())
}

/// The sandbox's test cards (docs, "The sandbox world").
const CARDS: [(&str, &str); 6] = [
    ("4242 4242 4242 4242", "paid"),
    ("4000 0000 0000 0002", "declined"),
    ("4000 0000 0000 9995", "insufficient funds"),
    ("4000 0000 0000 3220", "3-D Secure: approve or reject"),
    ("4000 0000 0000 0119", "the processor is down"),
    ("4000 0000 0000 0341", "held, then the capture is refused"),
];

/// What they do when money is sent to them.
const PAYOUTS: &str =
    "    As a payout card: 9995 and 0002 are refused, 0341 takes ten seconds, the rest is paid";
