//! The world as a process of its own.

use crate::{World, WorldConfig, cards_router, world_router};
use anyhow::Context;
use clap::Parser;
use proof_core::{Clock, Entropy, Timestamp};
use serde::Serialize;
use std::{
    ffi::OsString,
    io::{self, Write},
    net::Ipv4Addr,
    path::PathBuf,
    sync::Arc,
    thread,
    time::{Duration, SystemTime, UNIX_EPOCH},
};
use tokio::{net::TcpListener, sync::watch};

#[derive(Parser)]
#[command(
    name = "proof-sandbox",
    about = "The outside world for development and tests"
)]
struct Args {
    /// Where the services keep their journals.
    #[arg(long)]
    data: PathBuf,
    /// What Proof has to show.
    #[arg(long, env = "PROOF_SANDBOX_KEY", hide_env_values = true)]
    key: String,
    /// Port of the card processor; 0 takes any.
    #[arg(long, default_value_t = 0)]
    cards_port: u16,
    /// Port of everything else; 0 takes any.
    #[arg(long, default_value_t = 0)]
    world_port: u16,
    /// Decides the course of rates.
    #[arg(long, default_value_t = 1)]
    seed: u64,
}

#[derive(Serialize)]
struct Ready {
    /// By name: to a browser that is another site than a server at its address, as every processor is to whoever holds
    /// its fields, and so another process does their work.
    cards_url: String,
    world_url: String,
}

/// Runs until standard input closes, so that the world never outlives its parent. The first of
/// `args` is the program's name.
pub fn run_child(args: impl IntoIterator<Item = OsString>) -> anyhow::Result<()> {
    let args = Args::try_parse_from(args).unwrap_or_else(|error| error.exit());
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()?;
    let served = runtime.block_on(serve(args));
    // A browser may hold a connection open for ever; whatever was answered is on disk.
    runtime.shutdown_timeout(Duration::from_millis(200));
    served
}

async fn serve(args: Args) -> anyhow::Result<()> {
    let config = WorldConfig {
        data: Some(args.data),
        key: args.key,
        seed: args.seed,
    };
    let world = World::open(config, Arc::new(SystemClock), Arc::new(SystemEntropy))
        .context("cannot open the sandbox's data")?;
    let world = Arc::new(world);
    let cards = bind(args.cards_port).await?;
    let others = bind(args.world_port).await?;
    let ready = Ready {
        cards_url: format!("http://localhost:{}", cards.local_addr()?.port()),
        world_url: format!("http://{}", others.local_addr()?),
    };
    let mut stdout = io::stdout();
    writeln!(stdout, "{}", serde_json::to_string(&ready)?)?;
    stdout.flush()?;

    let mut closed = stdin_closed();
    let cards = axum::serve(cards, cards_router(Arc::clone(&world)));
    let others = axum::serve(others, world_router(world));
    tokio::select! {
        ended = cards => ended?,
        ended = others => ended?,
        _ = closed.changed() => {}
    }
    Ok(())
}

async fn bind(port: u16) -> anyhow::Result<TcpListener> {
    TcpListener::bind((Ipv4Addr::LOCALHOST, port))
        .await
        .with_context(|| format!("cannot listen on port {port}"))
}

/// Changes, or loses its sender, when standard input ends.
fn stdin_closed() -> watch::Receiver<bool> {
    let (closed, receiver) = watch::channel(false);
    thread::spawn(move || {
        // However reading ends, the parent is gone.
        let _ = io::copy(&mut io::stdin(), &mut io::sink());
        let _ = closed.send(true);
    });
    receiver
}

struct SystemClock;

impl Clock for SystemClock {
    #[expect(
        clippy::disallowed_methods,
        reason = "this is the clock of this process"
    )]
    fn now(&self) -> Timestamp {
        let since = SystemTime::now().duration_since(UNIX_EPOCH);
        let micros = since.unwrap_or_default().as_micros();
        Timestamp::from_micros(i64::try_from(micros).unwrap_or(i64::MAX))
    }
}

struct SystemEntropy;

impl Entropy for SystemEntropy {
    #[expect(
        clippy::disallowed_methods,
        reason = "this is the entropy of this process, and without any there are no secrets"
    )]
    fn fill(&self, bytes: &mut [u8]) {
        if let Err(error) = getrandom::fill(bytes) {
            panic!("the system gives no randomness: {error}");
        }
    }
}
