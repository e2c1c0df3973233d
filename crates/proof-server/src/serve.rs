//! `proof serve --config FILE`.

use crate::{
    App,
    audit::keep::AuditConfig,
    backup::{schedule::Schedule, shipping::Shipping},
    clock::{SandboxClock, SystemClock, SystemEntropy},
    config::{Config, MailConfig, sqlite_folder},
    lock::DataLock,
    metrics::Metrics,
    networks,
    operator::Door,
    rails::SandboxConfig,
    sanctions::{SanctionsConfig, Watch},
    telemetry::{TelemetryConfig, traced},
};
use anyhow::Context;
use clap::Args;
use ipnet::IpNet;
use proof_core::partner::Origin;
use proof_engine::{Engine, Mailer, Parts, Persons, Rails};
use proof_outbound::{HttpTransport, Outbound, Places};
use proof_port::{MovableClock, Timer};
use std::{io, net::SocketAddr, path::PathBuf, sync::Arc};
use tokio::{net::TcpListener, sync::watch};
use url::Url;

#[derive(Args, Debug)]
pub struct ServeArgs {
    /// The configuration file (TOML).
    #[arg(long)]
    config: PathBuf,
}

impl ServeArgs {
    pub fn telemetry(&self) -> anyhow::Result<Option<TelemetryConfig>> {
        Ok(Config::read(&self.config)?.telemetry)
    }
}

pub async fn run(args: ServeArgs) -> anyhow::Result<()> {
    let config = Config::read(&args.config)?;
    let lock = sqlite_folder(&config.database)
        .map(|dir| DataLock::take(&dir))
        .transpose()?;
    let listener = TcpListener::bind(config.listen).await;
    let listener = listener.with_context(|| format!("cannot listen on {}", config.listen))?;
    let (own_urls, persons) = (own_urls(&config), persons(&config)?);
    let base_url = config.base_url.as_str().trim_end_matches('/');
    let origin = Origin::parse(base_url).context("base_url must be scheme://host[:port]")?;
    let (watching, schedule) = (config.watching(), config.schedule());
    let key_turns = config.key_turns()?;
    let db = config.database().await?;
    let metrics = metrics(config.metrics_listen).await?;
    let mailer = mailer(config.mail.clone(), &origin)?;
    let mut own = vec![listener.local_addr()?];
    own.extend(metrics.as_ref().map(|metrics| metrics.address));
    let outbound = outbound(config.webhook_networks.clone(), own, &own_urls)?;
    let (clock, movable) = clock(config.sandbox.as_ref(), &outbound).await?;
    let test_rails = test_rails(&config, &clock, &outbound).await?;
    let parts = Parts {
        db,
        clock: clock.clone(),
        movable,
        entropy: Arc::new(SystemEntropy),
        outbound: outbound.clone(),
        test_rails,
        live_rails: None,
        rehearsed: false,
        mailer,
        limited: true,
        settle_seconds: config.settle_seconds,
        sweeping: config.sweeping()?,
        cold: config.cold()?,
        watching,
        persons,
        key_turns,
    };
    let app = App::build(origin.clone(), config.trusted_proxies, parts).await?;
    let is_traced = config.telemetry.is_some();
    let app = more(app, config.sandbox.as_ref(), is_traced, &outbound);
    if lock.is_some() {
        app.engine.take_over().await?;
    }
    let asked = asked_to_stop()?;
    tracing::info!(listen = %config.listen, "serving");
    let socket = config.operator_socket.as_ref();
    let door = socket.map(|path| Door::open(path, &config.operators, origin.clone()));
    let door = door.transpose()?;
    let beside = Beside::open(&app.engine, metrics, schedule, config.sanctions).await?;
    let beside = beside.keeping(config.audit);
    let (stop, stopping) = watch::channel(false);
    let signal = async {
        asked.await;
        stop.send_replace(true);
    };
    let (served, (), (), beside) = tokio::join!(
        app.clone().run(listener, stopping.clone()),
        signal,
        answer(door, app.engine, stopping.clone()),
        beside.run(stopping.clone())
    );
    beside.end().await;
    served
}

/// Operators on this machine.
pub async fn answer(door: Option<Door>, engine: Arc<Engine>, stop: watch::Receiver<bool>) {
    if let Some(door) = door {
        door.answer(engine, stop).await;
    }
}

async fn metrics(at: Option<SocketAddr>) -> anyhow::Result<Option<Metrics>> {
    Ok(match at {
        None => None,
        Some(address) => Some(Metrics::bind(address).await?),
    })
}

/// What only some configurations want.
fn more(
    mut app: App,
    sandbox: Option<&SandboxConfig>,
    is_traced: bool,
    outbound: &Outbound,
) -> App {
    if let Some(sandbox) = sandbox {
        app = app.with_player(sandbox, outbound);
    }
    if is_traced {
        app.router = traced(app.router);
    }
    app
}

type Clocks = (Arc<dyn Timer>, Option<Arc<dyn MovableClock>>);

/// The system's, or the one that a sandbox shares with its world.
pub async fn clock(sandbox: Option<&SandboxConfig>, outbound: &Outbound) -> anyhow::Result<Clocks> {
    let Some(sandbox) = sandbox.filter(|sandbox| sandbox.movable_clock) else {
        return Ok((Arc::new(SystemClock), None));
    };
    let clock = Arc::new(SandboxClock::open(sandbox.world(outbound)).await?);
    Ok((clock.clone(), Some(clock)))
}

fn mailer(config: Option<MailConfig>, origin: &Origin) -> anyhow::Result<Option<Mailer>> {
    let mailer = config.map(|mail| mail.mailer(origin.clone())).transpose()?;
    if mailer.is_none() {
        tracing::warn!("users are not written to: the configuration has no [mail]");
    }
    Ok(mailer)
}

/// Without rails nobody is looked at.
pub fn persons(config: &Config) -> anyhow::Result<Persons> {
    match &config.sandbox {
        None => Ok(Persons::default()),
        Some(_) => config.persons.open(config.signer.folder()),
    }
}

/// Addresses of ours that no webhook may lead to.
fn own_urls(config: &Config) -> Vec<Url> {
    let sandbox = config.sandbox.iter();
    let sandbox = sandbox.flat_map(|s| [s.cards_url.clone(), s.world_url.clone()]);
    [config.base_url.clone()]
        .into_iter()
        .chain(sandbox)
        .chain(config.networks.own_urls())
        .collect()
}

/// The sandbox's rails, with what the configuration puts in the place of some.
pub async fn test_rails(
    config: &Config,
    clock: &Arc<dyn Timer>,
    outbound: &Outbound,
) -> anyhow::Result<Option<Rails>> {
    let Some(sandbox) = &config.sandbox else {
        return Ok(None);
    };
    let mut rails = sandbox.rails(outbound, config.signer.open(&config.networks)?);
    networks::switch(&mut rails, config.networks.chains(outbound)?).await?;
    if let Some(identity) = &config.identity {
        rails.identity = identity.open(clock.clone())?;
    }
    Ok(Some(rails))
}

/// What a server does beside serving and working: it shows its metrics, copies its database, keeps the end of
/// its audit log, and reads sanctions lists again.
pub struct Beside {
    engine: Arc<Engine>,
    metrics: Option<Metrics>,
    schedule: Option<Schedule>,
    sanctions: Option<Watch>,
    audit: Option<AuditConfig>,
}

impl Beside {
    pub async fn open(
        engine: &Arc<Engine>,
        metrics: Option<Metrics>,
        schedule: Option<Schedule>,
        sanctions: Option<SanctionsConfig>,
    ) -> anyhow::Result<Self> {
        let sanctions = sanctions.map(|config| config.open(engine)).transpose()?;
        let schedule = match schedule {
            Some(schedule) => Some(schedule.opened(engine).await?),
            None => None,
        };
        Ok(Self {
            engine: Arc::clone(engine),
            metrics,
            schedule,
            sanctions,
            audit: None,
        })
    }

    /// Keeps the end of the audit log, too.
    pub fn keeping(self, audit: Option<AuditConfig>) -> Self {
        Self { audit, ..self }
    }

    fn shipping(&self) -> Option<&Shipping> {
        self.schedule.as_ref()?.shipping.as_ref()
    }

    /// Until `stop` changes.
    pub async fn run(mut self, stop: watch::Receiver<bool>) -> Self {
        let metrics = self.metrics.take();
        let sanctions = self.sanctions.take();
        let screened = async {
            if let Some(mut sanctions) = sanctions {
                sanctions.run(&self.engine, stop.clone()).await;
            }
        };
        let kept = async {
            if let Some(audit) = &self.audit {
                audit.run(&self.engine, stop.clone()).await;
            }
        };
        let shown = async {
            if let Some(metrics) = metrics {
                metrics.serve(Arc::clone(&self.engine), stop.clone()).await;
            }
        };
        let copied = async {
            if let Some(schedule) = &self.schedule {
                schedule.run(&self.engine, stop.clone()).await;
            }
        };
        let shipped = async {
            if let Some(shipping) = self.shipping() {
                shipping.run(&self.engine, stop.clone()).await;
            }
        };
        tokio::join!(shown, copied, shipped, screened, kept);
        self
    }

    /// What was committed last goes to the other place, too.
    pub async fn end(self) {
        if let Some(shipping) = self.shipping() {
            shipping.last(&self.engine).await;
        }
    }
}

/// The door out, which leads back into none of our own.
pub fn outbound(
    networks: Vec<IpNet>,
    own: Vec<SocketAddr>,
    own_urls: &[Url],
) -> anyhow::Result<Outbound> {
    let places = Arc::new(Places::new(networks, own, own_urls));
    let transport = HttpTransport::with_places(Arc::clone(&places))?;
    Ok(Outbound::with_places(Arc::new(transport), places))
}

/// Resolves at Ctrl-C or SIGTERM, from when this is called on: before anybody is told that the server is there, so
/// that whoever stops it at once finds somebody who listens.
pub fn asked_to_stop() -> io::Result<impl Future<Output = ()>> {
    use tokio::signal::unix::{SignalKind, signal};
    let mut interrupt = signal(SignalKind::interrupt())?;
    let mut terminate = signal(SignalKind::terminate())?;
    Ok(async move {
        tokio::select! {
            _ = interrupt.recv() => {}
            _ = terminate.recv() => {}
        }
    })
}
