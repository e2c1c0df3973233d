//! `proof dev`: the whole product on one machine, with a sandbox for a world.

mod demo;
mod funds;
mod outbox;
pub mod people;
mod shop;

use crate::{
    App,
    clock::{SandboxClock, SystemEntropy},
    config::database,
    lock::DataLock,
    operator::{Door, Operator, Role, SOCKET_FILE},
    rails::{SandboxConfig, kept_key, master_key},
    sandbox::READY_FILE,
    serve::{asked_to_stop, outbound},
    world::{self, ChildWorld},
};
use anyhow::Context;
use clap::Args;
use demo::DemoPartner;
use outbox::Outbox;
use people::DemoPerson;
use proof_core::partner::{Environment, Origin};
use proof_engine::{Engine, Mailer, Parts, Rails, SETTLE_SECONDS};
use proof_outbound::{Configured, Outbound, Places};
use proof_signer::{LocalSigner, SignerThread};
use proof_store::{Db, Execution};
use serde::Serialize;
use std::{
    net::{Ipv4Addr, SocketAddr},
    path::{Path, PathBuf},
    sync::Arc,
};
use tokio::{net::TcpListener, sync::watch};
use url::Url;

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
    /// A commit for each write: what sharing commits is measured against.
    #[arg(long, hide = true)]
    separate_commits: bool,
    /// One line of JSON on standard output instead of the friendly text.
    #[arg(long)]
    json: bool,
}

impl DevArgs {
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
        let sqlite = || format!("sqlite:{}", self.data.join("proof.db").display());
        let url = self.database_url.clone().unwrap_or_else(sqlite);
        database(&url, execution).await
    }
}

/// What is printed when everything is up.
#[derive(Serialize)]
struct Ready {
    base_url: String,
    widget_script: String,
    shop_url: Option<String>,
    cards_url: String,
    world_url: String,
    /// Folder of the letters to users.
    outbox: PathBuf,
    pid: u32,
    partners: Vec<DemoPartner>,
    /// Of the console.
    people: Vec<DemoPerson>,
}

pub async fn run(args: DevArgs) -> anyhow::Result<()> {
    let data = &args.data;
    std::fs::create_dir_all(data).with_context(|| format!("cannot make {}", data.display()))?;
    let _lock = DataLock::take(data)?;
    let listener = args.listener().await?;
    let address = listener.local_addr()?;
    let base_url = format!("http://127.0.0.1:{}", address.port());
    let mut world = sandbox_world(&data.join("sandbox"), 1).await?;
    let mut live_world = match args.rehearse_live {
        true => Some(sandbox_world(&data.join("sandbox-live"), 2).await?),
        false => None,
    };
    let own = vec![address];
    let worlds = [Some(&world), live_world.as_ref()];
    let own_urls: Vec<Url> = worlds
        .into_iter()
        .flatten()
        .flat_map(|world| {
            [
                world.config.cards_url.clone(),
                world.config.world_url.clone(),
            ]
        })
        .collect();
    let outbound = outbound(Places::default().allow().to_vec(), own, &own_urls)?;
    let origin = Origin::parse(&base_url)?;
    let outbox = Arc::new(Outbox::open(data.join("outbox"))?);
    let mailer = Mailer {
        mail: outbox.clone(),
        base_url: origin.clone(),
    };
    let parts = parts(&args, (&world, live_world.as_ref()), &outbound, mailer).await?;
    let app = App::build(origin, Vec::new(), parts).await?;
    let app = app.with_player(&world.config, &outbound);
    let engine = Arc::clone(&app.engine);
    engine.take_over().await?;
    let door = door(data, &base_url);
    let (stop, stopping) = watch::channel(false);
    let lead = async {
        let led: anyhow::Result<()> = async {
            let shop_port = shop::port(args.shop_port)?;
            let partners = demo::partners(&engine, data, shop_port).await?;
            let people = demo_people(&engine, data, &partners).await?;
            let mine = [(Environment::Test, Some(&world)), (Environment::Live, live_world.as_ref())];
            for (environment, world) in mine {
                let Some(world) = world else { continue };
                funds::fund(&engine, environment, &world.config.world(&outbound)).await?;
                callbacks(&world.config.cards(&outbound), address).await?;
            }
            keep_ready(data, &world.config)?;
            let urls = shop::Urls { proof: &base_url, sandbox: &world.config.world_url };
            let mut shop = shop::start(&args.shop, shop_port, urls, &partners).await?;
            print(&Ready {
                widget_script: format!("{base_url}/widget.2.0.js"),
                shop_url: shop.as_ref().map(|shop| shop.url.clone()),
                cards_url: world.config.cards_url.to_string(),
                world_url: world.config.world_url.to_string(),
                outbox: outbox.dir().to_owned(),
                pid: std::process::id(),
                base_url: base_url.clone(),
                partners,
                people,
            }, args.json)?;
            tokio::select! {
                () = asked_to_stop() => Ok(()),
                ended = world.child.wait() => anyhow::bail!("the sandbox world ended: {}", ended?),
                ended = ended(live_world.as_mut()) => anyhow::bail!("the rehearsed world ended: {}", ended?),
                ended = shop::ended(shop.as_mut()) => anyhow::bail!("the demo shop ended: {}", ended?),
            }
        }
        .await;
        stop.send_replace(true);
        led
    };
    let answered = answer(door, Arc::clone(&app.engine), stopping.clone());
    let (served, led, ()) = tokio::join!(app.run(listener, stopping.clone()), lead, answered);
    led.and(served)
}

async fn parts(
    args: &DevArgs,
    (world, live): (&ChildWorld, Option<&ChildWorld>),
    outbound: &Outbound,
    mailer: Mailer,
) -> anyhow::Result<Parts> {
    let clock = Arc::new(SandboxClock::open(world.config.world(outbound)).await?);
    let rails = |world: &ChildWorld, signer| rails(world, outbound, &args.data.join(signer));
    Ok(Parts {
        db: args.database().await?,
        clock: clock.clone(),
        // The second world would not go with it.
        movable: live.is_none().then_some(clock),
        entropy: Arc::new(SystemEntropy),
        outbound: outbound.clone(),
        test_rails: Some(rails(world, "signer")?),
        live_rails: live.map(|world| rails(world, "signer-live")).transpose()?,
        mailer: Some(mailer),
        limited: !args.no_limits,
        settle_seconds: args.settle_seconds,
    })
}

async fn demo_people(
    engine: &Engine,
    data: &Path,
    partners: &[DemoPartner],
) -> anyhow::Result<Vec<DemoPerson>> {
    let shop = partners.first().context("there is no demo partner")?;
    people::people(engine, data, shop.partner_id.parse()?).await
}

async fn sandbox_world(dir: &Path, seed: u64) -> anyhow::Result<ChildWorld> {
    let key: [u8; 24] = kept_key(dir, "api.key", &SystemEntropy)?;
    let key = key.iter().map(|byte| format!("{byte:02x}")).collect();
    world::start(dir, key, seed).await
}

/// With a signer of its own.
fn rails(world: &ChildWorld, outbound: &Outbound, signer: &Path) -> anyhow::Result<Rails> {
    let key = master_key(signer, &SystemEntropy)?;
    let signer = LocalSigner::open(signer, key)?;
    let signer = SignerThread::spawn(signer).context("the signer cannot start")?;
    Ok(world.config.rails(outbound, Arc::new(signer)))
}

/// Never, where there is none.
async fn ended(world: Option<&mut ChildWorld>) -> std::io::Result<std::process::ExitStatus> {
    match world {
        Some(world) => world.child.wait().await,
        None => std::future::pending().await,
    }
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

async fn answer(door: Option<Door>, engine: Arc<Engine>, stop: watch::Receiver<bool>) {
    if let Some(door) = door {
        door.answer(engine, stop).await;
    }
}

/// For `proof sandbox`, which plays people outside.
fn keep_ready(data: &Path, world: &SandboxConfig) -> anyhow::Result<()> {
    let path = data.join(READY_FILE);
    let urls = serde_json::json!({ "world_url": world.world_url, "cards_url": world.cards_url });
    let text = urls.to_string();
    std::fs::write(&path, text).with_context(|| format!("cannot write {}", path.display()))
}

/// Tells the card processor where its callbacks go.
async fn callbacks(cards: &Configured, address: SocketAddr) -> anyhow::Result<()> {
    let place = serde_json::json!({ "address": address, "path": "/inbound/sandbox/payments" });
    let body = serde_json::to_vec(&place)?;
    let answer = cards.put(&["v1", "callback"], &[], body).await?;
    anyhow::ensure!(answer.is_success(), "the card processor takes no callbacks");
    Ok(())
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
    println!("  Console        {}/console/", ready.base_url);
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
