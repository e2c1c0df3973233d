//! `proof chain …`: the nodes that the configuration names.

use crate::{
    config::{Config, database_reading},
    networks::RealChain,
    prove::{self, ProveArgs},
    say::say,
    serve::outbound,
};
use anyhow::bail;
use clap::Subcommand;
use proof_core::partner::Environment;
use proof_engine::proving_of;
use proof_port::Chain;
use std::{
    fmt::Write,
    path::{Path, PathBuf},
    sync::Arc,
};

#[derive(Subcommand, Debug)]
pub enum ChainCommand {
    /// How each node of each real network does; fails where a network cannot be used.
    Status {
        /// The configuration file (TOML).
        #[arg(long)]
        config: PathBuf,
    },
    /// Shows that a real network works here: makes and confirms one small transfer each way, and keeps the result.
    Prove(ProveArgs),
}

pub async fn run(command: ChainCommand) -> anyhow::Result<()> {
    match command {
        ChainCommand::Status { config } => show(&config).await,
        ChainCommand::Prove(args) => prove::run(args).await,
    }
}

async fn show(config: &Path) -> anyhow::Result<()> {
    let config = Config::read(config)?;
    if config.networks.is_empty() {
        return say("All networks are simulated: the configuration has no [networks].\n");
    }
    let outbound = outbound(Vec::new(), Vec::new(), &[])?;
    let (mut text, mut bad) = (String::new(), Vec::new());
    for real in config.networks.chains(&outbound)? {
        let chain = real.chain();
        let network = chain.network();
        if let Err(error) = status(&real, &mut text).await {
            writeln!(text, "  cannot be used: {error}")?;
            bad.push(network.name());
        }
        writeln!(text, "  {}", proven(&config, &chain).await)?;
    }
    say(&text)?;
    if !bad.is_empty() {
        bail!("not usable: {}", bad.join(", "));
    }
    Ok(())
}

/// Whether the database has a proof of the network as it is configured now.
async fn proven(config: &Config, chain: &Arc<dyn Chain>) -> String {
    let network = chain.network();
    let last = async {
        let db = database_reading(&config.database).await?;
        let last = proving_of(&db, Environment::Test, network).await;
        db.close().await;
        anyhow::Ok(last?)
    };
    let Some(subject) = chain.identity() else {
        return "nothing about it has to be proven".to_owned();
    };
    match last.await {
        Err(error) => format!("it cannot be told whether it is proven: {error:#}"),
        Ok(Some(last)) if last.proves(&subject) => {
            let at = last
                .proven_at
                .map_or_else(String::new, |at| at.to_contract());
            format!("proven {at} by {}", last.by)
        }
        Ok(last) => {
            let why = match last {
                Some(last) if last.subject != subject && last.proven_at.is_some() => {
                    ": what was proven was another configuration"
                }
                Some(last) if last.subject == subject => ": the proof has begun",
                Some(_) | None => "",
            };
            format!("unproven{why}; run proof chain prove {network}")
        }
    }
}

async fn status(real: &RealChain, text: &mut String) -> anyhow::Result<()> {
    let chain = real.chain();
    let network = chain.network();
    let confirmations = chain.confirmations_final();
    let id = chain.identity().map_or(0, |identity| identity.chain_id);
    writeln!(
        text,
        "{network}: chain {id}, final after {confirmations} blocks"
    )?;
    for (n, node) in (1..).zip(real.nodes().await) {
        match node {
            Ok(told) => writeln!(text, "  node {n}: {told}")?,
            Err(error) => writeln!(text, "  node {n}: {}", error.context)?,
        }
    }
    let silent = real.check().await?;
    let height = chain.tip().await?.height;
    let fee = chain.fee().await?;
    writeln!(
        text,
        "  agreed: block {height}; a token's transfer costs {} {}{}",
        fee.to_decimal(),
        network.native().ticker(),
        if silent.is_empty() {
            ""
        } else {
            " (not every node answers)"
        }
    )?;
    Ok(())
}
