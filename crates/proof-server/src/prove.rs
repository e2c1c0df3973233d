//! `proof chain prove`: one small transfer each way on the operator's own nodes, and the result kept.

use crate::{
    clock::SystemEntropy,
    config::{Config, sqlite_folder},
    lock::DataLock,
    say::say,
    serve::{self, outbound},
};
use anyhow::{Context, bail, ensure};
use clap::Args;
use proof_core::{
    Network, audit::Author, operator::OperatorName, partner::Environment, proving::Leg,
    proving::Proving, secret::Secret,
};
use proof_engine::{ApiError, Engine, Parts};
use std::{collections::BTreeSet, path::PathBuf, sync::Arc};

/// Nodes disagree for a moment now and then; so often in a row is another matter.
const FAILURES_MAX: u32 = 10;

#[derive(Args, Debug)]
pub struct ProveArgs {
    /// The network as the configuration names it, `ERC20`.
    network: String,
    /// The configuration file (TOML).
    #[arg(long)]
    config: PathBuf,
    /// Nodes to ask in place of the configured ones.
    #[arg(long)]
    rpc: Vec<String>,
    /// Who you are: a name under [[operators]] in the configuration.
    #[arg(long = "as")]
    by: OperatorName,
}

/// A sandbox's network is a test's.
const WORLD: Environment = Environment::Test;

pub async fn run(args: ProveArgs) -> anyhow::Result<()> {
    let mut config = Config::read(&args.config)?;
    let known = config.operators.iter().any(|one| one.name == args.by);
    ensure!(
        known,
        "{} is not under [[operators]] in the configuration",
        args.by
    );
    let network: Network = args.network.parse()?;
    if !args.rpc.is_empty() {
        let rpc = args.rpc.into_iter().map(Secret::new).collect();
        config.networks.set_nodes(network, rpc)?;
    }
    let lock = sqlite_folder(&config.database)
        .map(|dir| DataLock::take(&dir))
        .transpose();
    let _lock = lock.context("on SQLite, stop the server while a network is proven")?;
    let engine = engine(&config).await?;
    let author = Author::from(args.by);
    let begun = engine.prove_begin(WORLD, network, author).await?;
    let chain = config
        .networks
        .chains(&outbound(Vec::new(), Vec::new(), &[])?)?;
    let mut chains = chain.iter().map(crate::networks::RealChain::chain);
    let spelt = chains.find(|chain| chain.network() == network).map_or_else(
        || begun.address.to_string(),
        |chain| chain.spelt(&begun.address),
    );
    say(&told_first(&begun, &spelt))?;
    follow(&engine, begun).await
}

async fn engine(config: &Config) -> anyhow::Result<Engine> {
    let outbound = outbound(Vec::new(), Vec::new(), &[])?;
    let (clock, movable) = serve::clock(config.sandbox.as_ref(), &outbound).await?;
    let test_rails = serve::test_rails(config, &clock, &outbound).await?;
    let parts = Parts {
        db: config.database().await?,
        clock,
        movable,
        entropy: Arc::new(SystemEntropy),
        outbound,
        test_rails,
        live_rails: None,
        rehearsed: false,
        mailer: None,
        limited: true,
        settle_seconds: config.settle_seconds,
        sweeping: config.sweeping()?,
        cold: config.cold()?,
        watching: config.watching(),
        persons: serve::persons(config)?,
        key_turns: config.key_turns()?,
    };
    Ok(Engine::start(parts).await?)
}

/// Until it is proven. What is interrupted goes on where it was.
async fn follow(engine: &Engine, mut proving: Proving) -> anyhow::Result<()> {
    let (mut told, mut failures) = (BTreeSet::new(), 0);
    loop {
        let mut text = String::new();
        for line in proving.legs.iter().flat_map(lines) {
            if told.insert(line.clone()) {
                text += &format!("  {line}\n");
            }
        }
        say(&text)?;
        if let Some(at) = proving.proven_at {
            return say(&format!(
                "{} is proven ({}), {}.\n",
                proving.network,
                proving.subject,
                at.to_contract()
            ));
        }
        match engine.prove_step(WORLD, proving.network).await {
            Ok(next) if next != proving => {
                (proving, failures) = (next, 0);
                continue;
            }
            Ok(_) => failures = 0,
            Err(error) if is_passing(&error) && failures < FAILURES_MAX => {
                failures += 1;
                say(&format!("  waits: {error}\n"))?;
            }
            Err(error) => bail!(
                "{error}\nThe same command goes on where this one stopped; nothing is sent twice."
            ),
        }
        engine.prove_pause(WORLD, proving.network).await?;
    }
}

/// Nodes and signer; not what people have to put right.
fn is_passing(error: &ApiError) -> bool {
    use proof_core::ErrorCode::{ProviderError, UpstreamUnavailable};
    matches!(error.code, UpstreamUnavailable | ProviderError)
}

fn told_first(proving: &Proving, address: &str) -> String {
    if proving.proven_at.is_some() {
        return String::new();
    }
    let amounts = proving
        .legs
        .iter()
        .map(|leg| format!("    {}\n", leg.amount));
    format!(
        "Proving {} ({}) by one transfer each way of each coin.\n\
         The hot wallet sends, and from any other wallet you send, to an address of the signer's own:\n\n    {}\n\n\
         Send a little of each; what you send is booked as the owner's, and stays there with the signer's key. As much as this is enough:\n\n{}\n\
         This goes on by itself, and after an interruption with the same command.\n",
        proving.network,
        proving.subject,
        address,
        amounts.collect::<String>()
    )
}

/// How a coin stands, one line for each way.
fn lines(leg: &Leg) -> Vec<String> {
    let asset = leg.asset();
    let mut lines = Vec::new();
    let signed = leg.out.as_ref().and_then(|out| out.signed.as_ref());
    if let Some(signed) = signed {
        lines.push(format!("{asset} out: signed, {}", signed.hash));
    }
    if leg.seen {
        lines.push(format!("{asset} out: seen to arrive"));
    }
    if let Some(sent) = &leg.sent {
        let (height, fee) = (sent.height, sent.fee);
        lines.push(format!("{asset} out: final in block {height}, fee {fee}"));
    }
    match &leg.came {
        None => lines.push(format!("{asset} in:  waits for your transfer")),
        Some(came) => {
            let (amount, hash) = (came.deposit.amount, &came.deposit.key.hash);
            lines.push(format!("{asset} in:  {amount} seen, {hash}"));
            if let Some(height) = came.height {
                lines.push(format!("{asset} in:  final in block {height}"));
            }
        }
    }
    lines
}
