//! Emptying deposit addresses: `[sweep]`, `proof wallet sweep` and `proof wallet balances`.

use crate::{
    networks::NetworksConfig,
    operator::{CoinsSaid, Question, ask},
    order::ServerArgs,
    say::say,
};
use anyhow::{Context, ensure};
use clap::Args;
use proof_core::{Network, money::Bps, operator::OperatorName};
use proof_engine::{SweepLine, SweepPage, Sweeping};
use serde::Deserialize;
use std::{
    collections::{BTreeMap, BTreeSet},
    fmt::Write,
};

/// What a look begins at most, whatever is configured: each costs a few questions to the nodes.
const BATCH_MAX: usize = 500;
/// A sweep that costs half of what it moves is none.
const SHARE_BPS_MAX: u16 = 5_000;

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SweepConfig {
    /// Whose deposit addresses are emptied.
    networks: BTreeSet<Network>,
    /// The most that a sweep may cost, in hundredths of a percent of what it moves.
    #[serde(default = "share_bps")]
    share_bps: u16,
    /// How often the server looks for what is to be swept; 0: only when somebody asks.
    #[serde(default = "every_minutes")]
    every_minutes: u32,
    /// Sweeps that one look begins at most. On Bitcoin one transaction, of however many addresses, is one.
    #[serde(default = "batch")]
    batch: usize,
}

const fn share_bps() -> u16 {
    100
}

const fn every_minutes() -> u32 {
    60
}

const fn batch() -> usize {
    20
}

impl SweepConfig {
    pub fn sweeping(&self, networks: &NetworksConfig) -> anyhow::Result<Sweeping> {
        for network in &self.networks {
            ensure!(
                *network != Network::Solana,
                "[sweep] networks: nothing comes over {network} here"
            );
            ensure!(
                networks.has(*network),
                "[sweep] networks: {network} is simulated here; [networks.{network}] makes it real"
            );
        }
        ensure!(
            (1..=SHARE_BPS_MAX).contains(&self.share_bps),
            "[sweep] share_bps is 1 to {SHARE_BPS_MAX}"
        );
        ensure!(
            (1..=BATCH_MAX).contains(&self.batch),
            "[sweep] batch is 1 to {BATCH_MAX}"
        );
        Ok(Sweeping {
            networks: self.networks.clone(),
            share: Bps::new(self.share_bps).context("share_bps")?,
            every_minutes: Some(self.every_minutes).filter(|minutes| *minutes > 0),
            batch: self.batch,
        })
    }
}

#[derive(Args, Debug)]
pub struct SweepArgs {
    #[command(flatten)]
    server: ServerArgs,
    /// Only say what would be swept, what it would cost at most, and why the rest stays.
    #[arg(long)]
    dry_run: bool,
    /// Who you are: a name under [[operators]] in the configuration.
    #[arg(long = "as", required_unless_present = "dry_run")]
    by: Option<OperatorName>,
}

pub async fn run(args: SweepArgs) -> anyhow::Result<()> {
    let said = match args.by {
        Some(by) if !args.dry_run => CoinsSaid::Sweep { by },
        _ => CoinsSaid::SweepPreview,
    };
    let page: SweepPage = ask(&args.server.socket()?, &Question::Coins(said)).await?;
    say(&told(&page)?)
}

/// The hot wallets, and what lies at deposit addresses.
pub async fn balances(server: &ServerArgs) -> anyhow::Result<()> {
    let socket = server.socket()?;
    let page: serde_json::Value = ask(&socket, &Question::Coins(CoinsSaid::Treasury)).await?;
    let mut text = String::new();
    for wallet in page["wallets"].as_array().into_iter().flatten() {
        let of = |name: &str| wallet[name].as_str().unwrap_or("?").to_owned();
        let state = match (wallet["agrees"].as_bool(), wallet["low"].as_bool()) {
            (Some(false), _) => "  differs from the chain",
            (_, Some(true)) => "  low",
            _ => "",
        };
        writeln!(
            text,
            "{:5} {:8} {}  {} free, {} reserved, {} in transit; the chain has {}{state}",
            of("currency"),
            of("network"),
            of("address"),
            of("free"),
            of("reserved"),
            of("in_transit"),
            of("on_chain"),
        )?;
        if let Some(address) = wallet["cold_address"].as_str() {
            writeln!(
                text,
                "{:14} {address}  {} cold; the chain has {}",
                "",
                of("cold"),
                of("cold_on_chain"),
            )?;
        }
    }
    let swept: SweepPage = ask(&socket, &Question::Coins(CoinsSaid::SweepPreview)).await?;
    text.push_str(&summed(&swept)?);
    say(&text)
}

fn told(page: &SweepPage) -> anyhow::Result<String> {
    let mut text = String::new();
    for line in &page.lines {
        let cost = line.cost.as_deref().unwrap_or("?");
        let native = line.network.native();
        writeln!(
            text,
            "{} {} {}  {}  {}: {}, at most {cost} {}",
            line.amount,
            line.currency,
            line.network,
            line.order,
            line.address,
            words(line),
            native.ticker(),
        )?;
    }
    text.push_str(&summed(page)?);
    Ok(text)
}

fn words(line: &SweepLine) -> &str {
    match line.verdict.as_str() {
        _ if line.begun => "is being swept",
        "ready" => "can be swept",
        "too_small" => "is too small for what it would cost now",
        "no_price" => "waits for a price, or for fees within the operator's cap",
        "order_open" => "stays until its order and cases are over",
        "under_way" => "its address is being swept already",
        "refused" => "was refused by signer or chain; without --dry-run it is tried again",
        "elsewhere" => "lies at the address of another order, or less is there than the books have",
        other => other,
    }
}

fn summed(page: &SweepPage) -> anyhow::Result<String> {
    let mut counts: BTreeMap<(&str, Network, &str), u32> = BTreeMap::new();
    for line in &page.lines {
        let verdict = if line.begun { "begun" } else { &line.verdict };
        let count = counts.entry((&line.currency, line.network, verdict));
        *count.or_default() += 1;
    }
    let mut text = String::new();
    for ((currency, network, verdict), count) in counts {
        let verdict = verdict.replace('_', " ");
        writeln!(
            text,
            "{currency} {network} at deposit addresses: {count} {verdict}"
        )?;
    }
    if page.lines.is_empty() {
        text.push_str("Nothing lies at deposit addresses of networks under [sweep].\n");
    }
    if page.more {
        text.push_str("There is more than is shown.\n");
    }
    Ok(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str, networks: &str) -> anyhow::Result<Sweeping> {
        let config: SweepConfig = toml::from_str(text)?;
        config.sweeping(&toml::from_str(networks)?)
    }

    const REAL: &str = r#"
        [ERC20]
        adapter = "evm"
        rpc = ["http://127.0.0.1:3"]
        chain_id = 31337
        confirmations = 12
        fee_gwei_max = 80
        explorer = "https://etherscan.io"
    "#;

    const COINS: &str = r#"
        [BITCOIN]
        adapter = "bitcoin"
        rpc = ["http://127.0.0.1:3"]
        chain = "signet"
        confirmations = 3
        fee_sat_per_vb_max = 100
        explorer = "https://mempool.space/signet"
    "#;

    const TRON: &str = r#"
        [TRC20]
        adapter = "tron"
        rpc = ["http://127.0.0.1:3"]
        genesis = "0000000000000000d698d4192c56cb6be724a558448e2684802de4d6cd8690dc"
        confirmations = 20
        fee_trx_max = "60"
        explorer = "https://nile.tronscan.org"
    "#;

    #[test]
    fn what_operations_shows_of_sweeping_is_read() {
        let least = read("networks = [\"ERC20\"]", REAL).unwrap();
        let shown = "networks = [\"ERC20\"]\nshare_bps = 100\nevery_minutes = 60\nbatch = 20";
        assert_eq!(read(shown, REAL).unwrap(), least, "the defaults");
        let asked = read("networks = [\"ERC20\"]\nevery_minutes = 0", REAL).unwrap();
        assert_eq!(asked.every_minutes, None);
        let coins = read("networks = [\"BITCOIN\"]", COINS).unwrap();
        assert!(coins.networks.contains(&Network::Bitcoin));
        let energy = read("networks = [\"TRC20\"]", TRON).unwrap();
        assert!(energy.networks.contains(&Network::Trc20));
        for (text, networks) in [
            ("", REAL),
            ("networks = [\"ERC20\"]", ""),
            ("networks = [\"TRC20\"]", REAL),
            ("networks = [\"BITCOIN\"]", REAL),
            ("networks = [\"ERC20\"]\nshare_bps = 0", REAL),
            ("networks = [\"ERC20\"]\nshare_bps = 9000", REAL),
            ("networks = [\"ERC20\"]\nbatch = 0", REAL),
            ("networks = [\"ERC20\"]\nshare = 1", REAL),
        ] {
            assert!(read(text, networks).is_err(), "{text} {networks}");
        }
    }

    #[test]
    fn a_line_says_what_becomes_of_it() {
        let line = |verdict: &str, begun| SweepLine {
            order: "ord_00000000000000000000000000000007".parse().unwrap(),
            address: "0xab".to_owned(),
            amount: "100.00".to_owned(),
            currency: "USDT".to_owned(),
            network: Network::Erc20,
            cost: Some("0.0006".to_owned()),
            verdict: verdict.to_owned(),
            begun,
        };
        let page = SweepPage {
            lines: vec![line("ready", true), line("too_small", false)],
            more: false,
        };
        let text = told(&page).unwrap();
        let expected = [
            "100.00 USDT ERC20  ord_00000000000000000000000000000007  0xab: is being swept, at most 0.0006 ETH",
            "100.00 USDT ERC20  ord_00000000000000000000000000000007  0xab: is too small for what it would cost now, at most 0.0006 ETH",
            "USDT ERC20 at deposit addresses: 1 begun",
            "USDT ERC20 at deposit addresses: 1 too small",
        ];
        assert_eq!(text.lines().collect::<Vec<_>>(), expected);
        let nothing = told(&SweepPage::default()).unwrap();
        assert!(nothing.contains("Nothing lies"), "{nothing}");
    }
}
