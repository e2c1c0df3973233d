//! `proof chain …`: the nodes that the configuration names.

use crate::{config::Config, say::say, serve::outbound};
use anyhow::bail;
use clap::Subcommand;
use proof_chain::evm::EvmChain;
use proof_port::Chain;
use std::{fmt::Write, path::PathBuf, sync::Arc};

#[derive(Subcommand, Debug)]
pub enum ChainCommand {
    /// How each node of each real network does; fails where a network cannot be used.
    Status {
        /// The configuration file (TOML).
        #[arg(long)]
        config: PathBuf,
    },
}

pub async fn run(command: ChainCommand) -> anyhow::Result<()> {
    let ChainCommand::Status { config } = command;
    let config = Config::read(&config)?;
    if config.networks.is_empty() {
        return say("All networks are simulated: the configuration has no [networks].\n");
    }
    let outbound = outbound(Vec::new(), Vec::new(), &[])?;
    let (mut text, mut bad) = (String::new(), Vec::new());
    for chain in config.networks.chains(&outbound)? {
        let network = chain.network();
        if let Err(error) = status(&chain, &mut text).await {
            writeln!(text, "  cannot be used: {error}")?;
            bad.push(network.name());
        }
    }
    say(&text)?;
    if !bad.is_empty() {
        bail!("not usable: {}", bad.join(", "));
    }
    Ok(())
}

async fn status(chain: &Arc<EvmChain>, text: &mut String) -> anyhow::Result<()> {
    let network = chain.network();
    let confirmations = chain.confirmations_final();
    writeln!(
        text,
        "{network}: chain {}, final after {confirmations} blocks",
        chain.spec().chain_id()
    )?;
    for (n, node) in (1..).zip(chain.nodes().await) {
        match node {
            Ok(node) => {
                let fee = node.fee_per_gas / 1_000_000_000;
                writeln!(text, "  node {n}: block {}, gas {fee} gwei", node.height)?;
            }
            Err(error) => writeln!(text, "  node {n}: {}", error.context)?,
        }
    }
    let silent = chain.check().await?;
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
