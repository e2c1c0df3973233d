//! Cold storage: `[cold]` and `proof wallet cold`. Where it is stands in the signer's own file.

use crate::{
    networks::NetworksConfig,
    operator::{CoinsSaid, Question, ask},
    order::ServerArgs,
    say::say,
};
use anyhow::{Context, ensure};
use clap::Args;
use proof_core::{
    Asset, Network,
    alert::Thresholds,
    cold::Band,
    money::{Amount, Bps},
    operator::OperatorName,
};
use proof_engine::{ColdLine, ColdPage, ColdStorage};
use serde::Deserialize;
use std::{collections::BTreeMap, fmt::Write};

/// A move that costs a tenth of what it moves is none.
const SHARE_BPS_MAX: u16 = 1_000;

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ColdConfig {
    /// By coin (`"USDT/ERC20"`).
    wallets: BTreeMap<Asset, BandFile>,
    /// The most that a move may cost, in hundredths of a percent of what it moves.
    #[serde(default = "share_bps")]
    share_bps: u16,
    /// How often the server looks for what is too much; 0: only when somebody asks.
    #[serde(default = "every_minutes")]
    every_minutes: u32,
}

/// In decimals of the coin.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct BandFile {
    hot_ceiling: String,
    hot_target: String,
}

const fn share_bps() -> u16 {
    100
}

const fn every_minutes() -> u32 {
    60
}

impl BandFile {
    fn band(&self, asset: Asset) -> anyhow::Result<Band> {
        let band = Band {
            ceiling: Amount::parse(asset, &self.hot_ceiling).context("hot_ceiling")?,
            target: Amount::parse(asset, &self.hot_target).context("hot_target")?,
        };
        ensure!(
            band.target.base() < band.ceiling.base(),
            "hot_target is below hot_ceiling"
        );
        Ok(band)
    }
}

impl ColdConfig {
    pub fn storage(
        &self,
        networks: &NetworksConfig,
        alerts: &Thresholds,
    ) -> anyhow::Result<ColdStorage> {
        let mut bands = BTreeMap::new();
        for (asset, file) in &self.wallets {
            let network = asset.network();
            ensure!(
                network != Network::Solana,
                "[cold] wallets: what {network} has too much is not moved yet, and stays in its hot wallet"
            );
            ensure!(
                networks.has(network),
                "[cold] wallets: {network} is simulated here; [networks.{network}] makes it real"
            );
            let band = file.band(*asset);
            let band = band.with_context(|| format!("[cold] wallets: {asset} is not right"))?;
            let floor = alerts.floor(*asset);
            ensure!(
                band.target.base() >= floor.base(),
                "[cold] wallets: {asset}: with less than {} the wallet counts as low ([alerts] wallets), and hot_target is {}",
                floor.to_decimal(),
                band.target.to_decimal()
            );
            bands.insert(*asset, band);
        }
        ensure!(
            (1..=SHARE_BPS_MAX).contains(&self.share_bps),
            "[cold] share_bps is 1 to {SHARE_BPS_MAX}"
        );
        Ok(ColdStorage {
            bands,
            share: Bps::new(self.share_bps).context("share_bps")?,
            every_minutes: Some(self.every_minutes).filter(|minutes| *minutes > 0),
        })
    }
}

#[derive(Args, Debug)]
pub struct ColdArgs {
    #[command(flatten)]
    server: ServerArgs,
    /// Only say what would be moved, and why the rest stays.
    #[arg(long)]
    dry_run: bool,
    /// Who you are: a name under [[operators]] in the configuration.
    #[arg(long = "as", required_unless_present = "dry_run")]
    by: Option<OperatorName>,
}

pub async fn run(args: ColdArgs) -> anyhow::Result<()> {
    let said = match args.by {
        Some(by) if !args.dry_run => CoinsSaid::Cold { by },
        _ => CoinsSaid::ColdPreview,
    };
    let page: ColdPage = ask(&args.server.socket()?, &Question::Coins(said)).await?;
    say(&told(&page)?)
}

fn told(page: &ColdPage) -> anyhow::Result<String> {
    let mut text = String::new();
    for line in &page.lines {
        let place = line.address.as_deref().unwrap_or("no address");
        writeln!(
            text,
            "{:5} {:8} {} free, at most {}; {} cold at {place}: {}",
            line.currency,
            line.network.name(),
            line.free,
            line.ceiling,
            line.cold,
            words(line),
        )?;
    }
    if page.lines.is_empty() {
        text.push_str("No hot wallet has a ceiling: [cold] in the configuration sets them.\n");
    }
    Ok(text)
}

fn words(line: &ColdLine) -> String {
    let amount = line.amount.as_deref().unwrap_or("?");
    let why = line.why.as_deref().unwrap_or("the log says why");
    match line.verdict.as_str() {
        _ if line.begun => format!("{amount} go there"),
        "below" => "nothing is too much".to_owned(),
        "ready" | "forgotten" => format!("{amount} can go there"),
        "under_way" => match &line.why {
            None => format!("{amount} are on their way"),
            Some(why) => format!("{amount} wait: {why}"),
        },
        "refused" => format!(
            "{amount} stay, since the last move was refused: {why}; without --dry-run it is tried again"
        ),
        "no_address" => {
            "the signer has no address for it: [cold] in the signer's own file names it".to_owned()
        }
        "differs" => "waits until chain and books agree: something is not final yet".to_owned(),
        "dear" => {
            "waits for a price, for cheaper gas, or for the native coin that pays it".to_owned()
        }
        "no_coins" => "waits for coins that are final and promised to no order".to_owned(),
        other => other.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str, networks: &str) -> anyhow::Result<ColdStorage> {
        let config: ColdConfig = toml::from_str(text)?;
        config.storage(&toml::from_str(networks)?, &Thresholds::default())
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

    #[test]
    fn what_operations_shows_of_cold_storage_is_read() {
        let shown = r#"
            share_bps = 100
            every_minutes = 60
            [wallets]
            "USDT/ERC20" = { hot_ceiling = "50000", hot_target = "20000" }
            "ETH/ERC20" = { hot_ceiling = "20", hot_target = "10" }
        "#;
        let read_right = read(shown, REAL).unwrap();
        let usdt: Asset = "USDT/ERC20".parse().unwrap();
        let band = read_right.bands[&usdt];
        assert_eq!(band.ceiling.base(), 50_000_000_000);
        assert_eq!(band.target.base(), 20_000_000_000);
        let bitcoin = "[wallets]\n\"BTC/BITCOIN\" = { hot_ceiling = \"4\", hot_target = \"2\" }\n";
        let chain = "[BITCOIN]\nadapter = \"bitcoin\"\nrpc = [\"http://127.0.0.1:3\"]\nchain = \"signet\"\nconfirmations = 3\nfee_sat_per_vb_max = 100\nexplorer = \"https://mempool.space/signet\"\n";
        let band = read(bitcoin, chain).unwrap().bands[&Network::Bitcoin.native()];
        assert_eq!(band.target.base(), 200_000_000);
        let least = shown.replace("share_bps = 100", "");
        let least = least.replace("every_minutes = 60", "");
        assert_eq!(read(&least, REAL).unwrap(), read_right, "the defaults");
        let asked = shown.replace("every_minutes = 60", "every_minutes = 0");
        assert_eq!(read(&asked, REAL).unwrap().every_minutes, None);
        assert!(read(shown, "").is_err(), "simulated");
        for (from, to) in [
            ("USDT/ERC20", "USDT/TRC20"),
            ("USDT/ERC20", "BTC/BITCOIN"),
            ("USDT/ERC20", "ETHER/ERC20"),
            ("\"50000\"", "\"20000\""),
            ("\"50000\"", "50000"),
            ("\"50000\"", "\"50000.0000001\""),
            ("\"20000\"", "\"4999.99\""),
            ("hot_target", "target"),
            ("share_bps = 100", "share_bps = 0"),
            ("share_bps = 100", "share_bps = 2000"),
            ("share_bps = 100", "address = \"0x\""),
        ] {
            let text = shown.replace(from, to);
            assert_ne!(text, shown);
            assert!(read(&text, REAL).is_err(), "{from} → {to}");
        }
    }

    #[test]
    fn a_line_says_what_becomes_of_it() {
        let line = |verdict: &str, why: Option<&str>, begun| ColdLine {
            currency: "USDT".to_owned(),
            network: Network::Erc20,
            free: "70000.00".to_owned(),
            ceiling: "50000.00".to_owned(),
            target: "20000.00".to_owned(),
            cold: "0.00".to_owned(),
            address: Some("0xab".to_owned()),
            amount: Some("50000.00".to_owned()),
            verdict: verdict.to_owned(),
            why: why.map(str::to_owned),
            begun,
        };
        let lines = vec![
            line("ready", None, true),
            line("under_way", Some("the hour's limit is used up"), false),
            line("refused", Some("the limit"), false),
            line("no_coins", None, false),
        ];
        let text = told(&ColdPage { lines }).unwrap();
        let start = "USDT  ERC20    70000.00 free, at most 50000.00; 0.00 cold at 0xab: ";
        let expected = [
            "50000.00 go there",
            "50000.00 wait: the hour's limit is used up",
            "50000.00 stay, since the last move was refused: the limit; without --dry-run it is tried again",
            "waits for coins that are final and promised to no order",
        ];
        let expected = expected.map(|words| format!("{start}{words}"));
        assert_eq!(text.lines().collect::<Vec<_>>(), expected);
        let nothing = told(&ColdPage::default()).unwrap();
        assert!(nothing.contains("No hot wallet"), "{nothing}");
    }
}
