//! `proof serve --config FILE`.

use crate::{
    App,
    clock::{SandboxClock, SystemClock, SystemEntropy},
    config::{Config, database, sqlite_folder},
    lock::DataLock,
    operator::Door,
    rails::{SandboxConfig, master_key},
};
use anyhow::Context;
use clap::Args;
use ipnet::IpNet;
use proof_core::partner::Origin;
use proof_engine::Parts;
use proof_outbound::{HttpTransport, Outbound, Places};
use proof_port::{MovableClock, Timer};
use proof_signer::{LocalSigner, SignerThread};
use proof_store::Execution;
use std::{net::SocketAddr, path::PathBuf, sync::Arc};
use tokio::{net::TcpListener, sync::watch};
use url::Url;

#[derive(Args, Debug)]
pub struct ServeArgs {
    /// The configuration file (TOML).
    #[arg(long)]
    config: PathBuf,
}

pub async fn run(args: ServeArgs) -> anyhow::Result<()> {
    let config = Config::read(&args.config)?;
    let lock = sqlite_folder(&config.database)
        .map(|dir| DataLock::take(&dir))
        .transpose()?;
    let listener = TcpListener::bind(config.listen).await;
    let listener = listener.with_context(|| format!("cannot listen on {}", config.listen))?;
    let own_urls: Vec<Url> = [config.base_url.clone()]
        .into_iter()
        .chain(
            config
                .sandbox
                .iter()
                .flat_map(|s| [s.cards_url.clone(), s.world_url.clone()]),
        )
        .collect();
    let base_url = config.base_url.as_str().trim_end_matches('/');
    let origin = Origin::parse(base_url).context("base_url must be scheme://host[:port]")?;
    let mailer = config.mail.map(|mail| mail.mailer(origin.clone()));
    if mailer.is_none() {
        tracing::warn!("users are not written to: the configuration has no [mail]");
    }
    let own = vec![listener.local_addr()?];
    let outbound = outbound(config.webhook_networks, own, &own_urls)?;
    let (clock, movable) = clock(config.sandbox.as_ref(), &outbound).await?;
    let parts = Parts {
        db: database(&config.database, Execution::Concurrent).await?,
        clock,
        movable,
        entropy: Arc::new(SystemEntropy),
        outbound: outbound.clone(),
        test_rails: match &config.sandbox {
            None => None,
            Some(sandbox) => {
                let key = master_key(&config.signer, &SystemEntropy)?;
                let signer = SignerThread::spawn(LocalSigner::open(&config.signer, key)?)?;
                Some(sandbox.rails(&outbound, Arc::new(signer)))
            }
        },
        live_rails: None,
        mailer: mailer.transpose()?,
        limited: true,
        settle_seconds: config.settle_seconds,
    };
    let mut app = App::build(origin.clone(), config.trusted_proxies, parts).await?;
    if let Some(sandbox) = &config.sandbox {
        app = app.with_player(sandbox, &outbound);
    }
    if lock.is_some() {
        app.engine.take_over().await?;
    }
    tracing::info!(listen = %config.listen, "serving");
    let door = match &config.operator_socket {
        None => None,
        Some(path) => Some(Door::open(path, &config.operators, origin.clone())?),
    };
    let (stop, stopping) = watch::channel(false);
    let signal = async {
        asked_to_stop().await;
        stop.send_replace(true);
    };
    let engine = Arc::clone(&app.engine);
    let operators = async {
        if let Some(door) = door {
            door.answer(engine, stopping.clone()).await;
        }
    };
    let (served, (), ()) = tokio::join!(app.run(listener, stopping.clone()), signal, operators);
    served
}

type Clocks = (Arc<dyn Timer>, Option<Arc<dyn MovableClock>>);

/// The system's, or the one that a sandbox shares with its world.
async fn clock(sandbox: Option<&SandboxConfig>, outbound: &Outbound) -> anyhow::Result<Clocks> {
    let Some(sandbox) = sandbox.filter(|sandbox| sandbox.movable_clock) else {
        return Ok((Arc::new(SystemClock), None));
    };
    let clock = Arc::new(SandboxClock::open(sandbox.world(outbound)).await?);
    Ok((clock.clone(), Some(clock)))
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

/// Resolves at Ctrl-C or SIGTERM.
pub async fn asked_to_stop() {
    use tokio::signal::unix::{SignalKind, signal};
    let interrupt = tokio::signal::ctrl_c();
    match signal(SignalKind::terminate()) {
        Ok(mut terminate) => {
            tokio::select! {
                _ = interrupt => {}
                _ = terminate.recv() => {}
            }
        }
        Err(_) => {
            let _interrupted = interrupt.await;
        }
    }
}
