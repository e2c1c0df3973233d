//! `proof signer`: the process that alone has the keys. And what a server says of the one that it asks.

use crate::{
    allow::{self, AllowCommand},
    catalogue::TokenFile,
    clock::{SystemClock, SystemEntropy},
    networks::NetworksConfig,
    rails::master_key,
    sealing::{TokenAt, wallet_read},
    serve::asked_to_stop,
};
use anyhow::{Context, bail, ensure};
use clap::Args;
use proof_core::{Address, Asset, Network, money::Amount, secret::Secret};
use proof_port::Signer;
use proof_signer::{
    Approvers, BitcoinRules, ChainRules, EvmRules, Limit, Limits, ListKeeper, LocalSigner, Outflow,
    SignerDoor, SignerThread, SocketSecret, SocketSigner, TronRules, read_private,
};
use serde::Deserialize;
use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
    sync::Arc,
};

/// The passphrase among what systemd hands over (`LoadCredential=`, `LoadCredentialEncrypted=`).
const CREDENTIAL: &str = "wallet-passphrase";

#[derive(Args, Debug)]
#[command(args_conflicts_with_subcommands = true, subcommand_negates_reqs = true)]
pub struct SignerArgs {
    /// The signer's own configuration file (TOML).
    #[arg(long, required = true)]
    config: Option<PathBuf>,
    #[command(subcommand)]
    people: Option<AllowCommand>,
}

impl SignerArgs {
    pub const fn serves(&self) -> bool {
        self.people.is_none()
    }
}

/// What the signer knows, whatever it is asked.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SignerFile {
    /// Where servers reach it, in a folder of its own.
    socket: PathBuf,
    /// Folder of the journal, which never goes back to an earlier time.
    journal: PathBuf,
    /// The sealed master key (`proof wallet new`).
    wallet: PathBuf,
    /// The token of a PKCS#11 module that the wallet is sealed with; the passphrase is its PIN then.
    pkcs11: Option<TokenAt>,
    /// Without it, the credential `wallet-passphrase` of systemd.
    passphrase_file: Option<PathBuf>,
    /// What the server knows, too (`proof wallet secret`).
    secret: PathBuf,
    /// Users whose processes may ask; without any, the signer's own.
    #[serde(default)]
    users: Vec<u32>,
    /// Real chains; on all others it signs only what a simulated chain takes.
    #[serde(default)]
    networks: BTreeMap<Network, RulesFile>,
    /// What may leave, by what it is for; what has no limit stays.
    limits: BTreeMap<Outflow, BTreeMap<Asset, LimitFile>>,
    /// Where it lets go what a hot wallet has too much; without an address, nowhere.
    #[serde(default)]
    cold: BTreeMap<Network, String>,
    /// Who changes the list of partners' addresses, two at a time; without any, there is no list.
    #[serde(default)]
    approvers: Vec<ApproverFile>,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct ApproverFile {
    name: String,
    /// What `proof signer approver` printed.
    key: String,
}

/// In decimals of the asset.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct LimitFile {
    order: String,
    hour: String,
    day: String,
}

impl LimitFile {
    fn limit(&self, of: Outflow, asset: Asset) -> anyhow::Result<Limit> {
        let base = |text: &str| anyhow::Ok(Amount::parse(asset, text)?.base());
        let limit = Limit {
            order: base(&self.order)?,
            hour: base(&self.hour)?,
            day: base(&self.day)?,
        };
        ensure!(limit.hour <= limit.day, "the hour's is above the day's");
        let native = asset == asset.network().native();
        ensure!(native || of != Outflow::Fee, "no fee is paid in it");
        Ok(limit)
    }
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct RulesFile {
    /// TRON's transactions name none, and Bitcoin's chains have names.
    chain_id: Option<u64>,
    chain: Option<String>,
    /// The coin of an EVM chain that the catalogue does not know.
    native: Option<String>,
    #[serde(default)]
    tokens: BTreeMap<String, TokenFile>,
    /// The most that one transfer may cost, in the native coin.
    fee_max: String,
}

impl RulesFile {
    fn rules(&self, network: Network) -> anyhow::Result<ChainRules> {
        if let Some(native) = &self.native {
            let known = network.native().ticker();
            ensure!(native == known, "{network} takes its fees in {known}");
        }
        let contract = |(ticker, token): (&String, &TokenFile)| {
            let text = token.contract();
            let asset = Asset::find(ticker, network);
            let asset = asset.with_context(|| format!("{ticker} is not sold on {network}"))?;
            let contract = Address::parse(network, text);
            anyhow::Ok((asset, contract.with_context(|| text.to_owned())?))
        };
        let contracts: BTreeMap<_, _> =
            self.tokens.iter().map(contract).collect::<Result<_, _>>()?;
        let fee_max = Amount::parse(network.native(), &self.fee_max);
        let fee_max = fee_max.context("fee_max is no amount")?.base();
        Ok(match (network, self.chain_id, &self.chain) {
            (network, Some(chain_id), None) if network.is_evm() => ChainRules::Evm(EvmRules {
                chain_id,
                contracts,
                fee_max,
            }),
            (Network::Trc20, None, None) => ChainRules::Tron(TronRules { contracts, fee_max }),
            (Network::Trc20, ..) => bail!("transactions of TRON name no chain"),
            (Network::Bitcoin, None, Some(chain)) if contracts.is_empty() => {
                let chain_id = proof_chain::bitcoin::chain_id(chain);
                let chain_id = chain_id.with_context(|| format!("{chain} is no chain of it"))?;
                ChainRules::Bitcoin(BitcoinRules { chain_id, fee_max })
            }
            (Network::Bitcoin, ..) => bail!("it has to name its chain, and nothing else"),
            (Network::Solana, ..) => bail!("it has no adapter for real nodes"),
            (Network::Erc20 | Network::Bep20 | Network::Evm(_), ..) => {
                bail!("it has to name its chain_id")
            }
        })
    }
}

impl SignerFile {
    pub fn read(path: &Path) -> anyhow::Result<Self> {
        let text = fs::read_to_string(path);
        let text = text.with_context(|| format!("cannot read {}", path.display()))?;
        let wrong = || format!("{} is not right", path.display());
        crate::catalogue::declare(&text).with_context(wrong)?;
        let file: Self = toml::from_str(&text).with_context(wrong)?;
        file.rules()?;
        file.limits()?;
        file.approvers()?;
        file.cold()?;
        Ok(file)
    }

    /// Where the running signer is asked.
    pub fn door(&self) -> anyhow::Result<(PathBuf, SocketSecret)> {
        Ok((self.socket.clone(), socket_secret(&self.secret)?))
    }

    fn approvers(&self) -> anyhow::Result<Approvers> {
        let all = self.approvers.iter();
        let approvers = Approvers::new(all.map(|one| (one.name.as_str(), one.key.as_str())));
        let approvers = approvers.context(
            "[[approvers]] is not right: a key is not one, or a name or key is there twice",
        )?;
        ensure!(
            approvers.len() != 1,
            "one approver alone can change nothing"
        );
        Ok(approvers)
    }

    fn rules(&self) -> anyhow::Result<BTreeMap<Network, ChainRules>> {
        let rules = self.networks.iter().map(|(network, file)| {
            let rules = file.rules(*network);
            let rules = rules.with_context(|| format!("[networks.{network}] is not right"))?;
            Ok((*network, rules))
        });
        rules.collect()
    }

    fn limits(&self) -> anyhow::Result<Limits> {
        let mut limits = Limits::new();
        for (of, assets) in &self.limits {
            for (asset, file) in assets {
                let limit = file.limit(*of, *asset);
                let limit = limit.with_context(|| format!("the limit for {asset} is not right"))?;
                limits.insert((*of, *asset), limit);
            }
        }
        Ok(limits)
    }

    fn cold(&self) -> anyhow::Result<BTreeMap<Network, Address>> {
        let read = |(network, text): (&Network, &String)| {
            let file = self.networks.get(network);
            let file = file
                .with_context(|| format!("[cold] {network}: there is no [networks.{network}]"))?;
            // A vault on a chain for tests writes its addresses in another way than we do.
            let chain = file.chain.as_deref();
            let ours = chain.and_then(|chain| proof_chain::bitcoin::as_on_main(chain, text));
            let address = Address::parse(*network, ours.as_deref().unwrap_or(text));
            let address = address.with_context(|| format!("[cold] {network}: {text}"))?;
            anyhow::Ok((*network, address))
        };
        let cold: BTreeMap<_, _> = self.cold.iter().map(read).collect::<Result<_, _>>()?;
        let limits = self.limits.get(&Outflow::Cold).into_iter().flatten();
        for (asset, _) in limits {
            ensure!(
                cold.contains_key(&asset.network()),
                "[limits.cold] {asset}: [cold] has no address for its network"
            );
        }
        Ok(cold)
    }

    fn open(&self) -> anyhow::Result<LocalSigner> {
        let passphrase = passphrase(self.passphrase_file.as_deref())?;
        let keys = wallet_read(&self.wallet, self.pkcs11.as_ref(), &passphrase)?;
        let hot = keys.addresses();
        let signer = LocalSigner::open(&self.journal, keys);
        let signer = signer.with_context(|| self.journal.display().to_string())?;
        let signer = signer.with_rules(self.rules()?);
        let approvers = self.approvers()?;
        if approvers.is_empty() {
            tracing::warn!("no [[approvers]]: partners' own addresses are compared with no list");
        }
        let (signer, cold) = (signer.with_approvers(approvers), self.cold()?);
        for (network, wallet) in hot {
            ensure!(
                cold.get(&network) != Some(&wallet),
                "[cold] {network}: that is the hot wallet itself"
            );
        }
        let signer = signer.with_cold(cold);
        Ok(signer.with_limits(self.limits()?, Arc::new(SystemClock)))
    }
}

/// From a file that its owner alone may read, or from systemd. Never from an argument, which others can see.
#[expect(
    clippy::disallowed_methods,
    reason = "systemd says where credentials are"
)]
pub fn passphrase(file: Option<&Path>) -> anyhow::Result<Secret> {
    let given = std::env::var("CREDENTIALS_DIRECTORY").ok();
    let given = given.map(|dir| Path::new(&dir).join(CREDENTIAL));
    let Some(path) = file.map(Path::to_owned).or(given) else {
        bail!(
            "no passphrase: name a file (passphrase_file, --passphrase-file), or give systemd's credential {CREDENTIAL}"
        );
    };
    let bytes = read_private(&path)?;
    let text = str::from_utf8(&bytes).context("the passphrase is no text")?;
    Ok(Secret::new(text.trim_end_matches(['\r', '\n'])))
}

fn socket_secret(path: &Path) -> anyhow::Result<SocketSecret> {
    let secret = SocketSecret::read(&read_private(path)?);
    secret.with_context(|| format!("{} is no secret of 64 hexadecimal digits", path.display()))
}

pub async fn run(args: SignerArgs) -> anyhow::Result<()> {
    if let Some(command) = args.people {
        return allow::run(command).await;
    }
    // What is in memory is not left on a disk by a crash.
    rlimit::setrlimit(rlimit::Resource::CORE, 0, 0).context("core dumps cannot be turned off")?;
    let config = args.config.context("no configuration file")?;
    let file = SignerFile::read(&config)?;
    let secret = socket_secret(&file.secret)?;
    let signer = file.open()?;
    let signer: Arc<dyn ListKeeper> = Arc::new(SignerThread::spawn(signer)?);
    let (entropy, timer) = (Arc::new(SystemEntropy), Arc::new(SystemClock));
    let door = SignerDoor::open(&file.socket, secret, &file.users, entropy, timer)?;
    let asked = asked_to_stop()?;
    tracing::info!(socket = %file.socket.display(), "signing");
    door.answer(signer, asked).await;
    Ok(())
}

/// Whom a server asks for signatures.
#[derive(Clone, Debug, Deserialize)]
#[serde(
    untagged,
    expecting = "signer is a folder (a signer inside of this process), or a table with `socket` and `secret`"
)]
pub enum SignerConfig {
    /// One in its own process: the folder of its key and journal. For sandboxes.
    Folder(PathBuf),
    Process(SignerProcess),
}

/// `proof signer`.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SignerProcess {
    socket: PathBuf,
    secret: PathBuf,
}

impl SignerConfig {
    pub fn at(socket: &Path, secret: &Path) -> Self {
        Self::Process(SignerProcess {
            socket: socket.to_owned(),
            secret: secret.to_owned(),
        })
    }

    /// Where keys of the server's own lie that have no other place.
    pub fn folder(&self) -> Option<&Path> {
        match self {
            Self::Folder(folder) => Some(folder),
            Self::Process(_) => None,
        }
    }

    pub fn open(&self, networks: &NetworksConfig) -> anyhow::Result<Arc<dyn Signer>> {
        match self {
            Self::Folder(folder) => {
                let signer = LocalSigner::open(folder, master_key(folder, &SystemEntropy)?)?;
                let signer = signer.with_rules(networks.rules()?);
                Ok(Arc::new(SignerThread::spawn(signer)?))
            }
            Self::Process(process) => {
                let secret = socket_secret(&process.secret)?;
                let (entropy, timer) = (Arc::new(SystemEntropy), Arc::new(SystemClock));
                let path = process.socket.clone();
                Ok(Arc::new(SocketSigner::new(path, secret, entropy, timer)))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const GOOD: &str = r#"
        socket = "/run/proof-signer/signer.sock"
        journal = "/var/lib/proof-signer"
        wallet = "/var/lib/proof-signer/wallet.json"
        secret = "/var/lib/proof-signer/socket.secret"
        users = [998]
        [networks.ERC20]
        chain_id = 11155111
        tokens = { USDT = "0xdAC17F958D2ee523a2206206994597C13D831ec7" }
        fee_max = "0.012"
        [limits.deliver]
        "USDT/ERC20" = { order = "5000", hour = "20000", day = "100000" }
        [limits.fee]
        "ETH/ERC20" = { order = "0.05", hour = "0.5", day = "2" }
    "#;

    fn read(text: &str) -> anyhow::Result<SignerFile> {
        let dir = tempfile::tempdir()?;
        let path = dir.path().join("signer.toml");
        fs::write(&path, text)?;
        SignerFile::read(&path)
    }

    #[test]
    fn of_tron_it_knows_contracts_and_fees_and_no_chain() {
        let tron = GOOD
            .replace("[networks.ERC20]", "[networks.TRC20]")
            .replace(
                "0xdAC17F958D2ee523a2206206994597C13D831ec7",
                "TR7NHqjeKQxGTCi8q8ZY4pL8otSzgjLj6t",
            );
        assert!(read(&tron).is_err(), "it names a chain");
        let rules = read(&tron.replace("chain_id = 11155111", ""))
            .unwrap()
            .rules();
        let ChainRules::Tron(rules) = &rules.unwrap()[&Network::Trc20] else {
            panic!("rules of another kind");
        };
        assert_eq!((rules.fee_max, rules.contracts.len()), (12_000, 1));
    }

    #[test]
    fn it_knows_a_chain_that_only_its_file_knows_and_has_a_wallet_there() {
        let file = GOOD
            .replace(
                "[networks.ERC20]",
                "[networks.BASE]\n        native = \"ETH\"",
            )
            .replace(
                "\"0xdAC17F958D2ee523a2206206994597C13D831ec7\"",
                "{ contract = \"0xdAC17F958D2ee523a2206206994597C13D831ec7\", decimals = 6 }",
            )
            .replace("/ERC20", "/BASE");
        let rules = read(&file).unwrap().rules().unwrap();
        let base = "BASE".parse().unwrap();
        assert!(matches!(&rules[&base], ChainRules::Evm(rules) if rules.contracts.len() == 1));
        let keys = proof_signer::WalletKeys::from([7; 32]);
        let addresses = keys.addresses();
        assert_eq!(
            addresses[&base].as_str(),
            addresses[&Network::Erc20].as_str()
        );
        let other = file.replace("native = \"ETH\"", "native = \"BNB\"");
        assert!(read(&other).is_err(), "it is known with another coin");
    }

    #[test]
    fn of_bitcoin_it_knows_a_chain_by_name_and_what_a_transfer_may_cost() {
        let bitcoin = GOOD.replace("[networks.ERC20]", "[networks.BITCOIN]");
        assert!(read(&bitcoin).is_err(), "it has tokens, and a chain_id");
        let bitcoin = bitcoin.replace("chain_id = 11155111", "chain = \"signet\"");
        let bitcoin: Vec<&str> = bitcoin
            .lines()
            .filter(|line| !line.contains("tokens"))
            .collect();
        let rules = read(&bitcoin.join("\n")).unwrap().rules().unwrap();
        let ChainRules::Bitcoin(rules) = &rules[&Network::Bitcoin] else {
            panic!("rules of another kind");
        };
        assert_eq!(rules.fee_max, 1_200_000);
    }

    #[test]
    fn approvers_are_none_or_several_and_each_has_a_key() {
        let one =
            |name: &str, key: &str| format!("[[approvers]]\nname = {name:?}\nkey = {key:?}\n");
        let first = "0279be667ef9dcbbac55a06295ce870b07029bfcdb2dce28d959f2815b16f81798";
        let second = "02c6047f9441ed7d6d3045406e95c07cd85c778e4b8cef3ca7abac09b95c709ee5";
        let with = |text: String| read(&format!("{GOOD}{text}"));
        assert!(with(one("alice", first) + &one("bob", second)).is_ok());
        assert!(with(one("alice", first)).is_err(), "alone");
        for (name, key) in [
            ("bob", first),
            ("alice", second),
            ("bob", "02"),
            ("bob", "key"),
        ] {
            let text = one("alice", first) + &one(name, key);
            assert!(with(text).is_err(), "{name} {key}");
        }
    }

    #[test]
    fn the_signer_has_rules_of_its_own() {
        let rules = read(GOOD).unwrap().rules().unwrap();
        let ChainRules::Evm(rules) = &rules[&Network::Erc20] else {
            panic!("rules of another kind");
        };
        assert_eq!(rules.fee_max, 12_000_000_000_000_000);
        assert_eq!(rules.contracts.len(), 1);
        let limits = read(GOOD).unwrap().limits().unwrap();
        let usdt = "USDT/ERC20".parse().unwrap();
        assert_eq!(limits[&(Outflow::Deliver, usdt)].hour, 20_000_000_000);
        for (from, to) in [
            ("[networks.ERC20]", "[networks.TRC20]"),
            ("[networks.ERC20]", "[networks.BITCOIN]"),
            ("chain_id = 11155111\n", "\n"),
            ("0.012", "much"),
            ("USDT", "ETHER"),
            ("831ec7", "831ec8"),
            ("users = [998]", "user = 998"),
            ("\"20000\"", "\"200000\""),
            ("\"20000\"", "\"some\""),
            ("[limits.deliver]", "[limits.cold]"),
            ("[limits.deliver]", "[limits.deliveries]"),
            (
                "[limits.fee]",
                "[cold]\nTRC20 = \"TR7NHqjeKQxGTCi8q8ZY4pL8otSzgjLj6t\"\n[limits.fee]",
            ),
            ("[limits.fee]", "[cold]\nERC20 = \"0xab\"\n[limits.fee]"),
            ("ETH/ERC20", "USDC/ERC20"),
            ("ETH/ERC20", "ETH"),
        ] {
            let text = GOOD.replace(from, to);
            assert_ne!(text, GOOD);
            assert!(read(&text).is_err(), "{from} → {to}");
        }
    }

    #[test]
    fn the_signer_alone_says_where_cold_storage_is() {
        let cold = "0x7E5F4552091A69125d5DfCb7b8C2659029395Bdf";
        let more = format!(
            r#"
        [limits.cold]
        "USDT/ERC20" = {{ order = "60000", hour = "60000", day = "120000" }}
        [cold]
        ERC20 = "{cold}"
            "#
        );
        let file = read(&format!("{GOOD}{more}")).unwrap();
        let read_right = file.cold().unwrap();
        assert_eq!(read_right[&Network::Erc20].as_str(), cold);
        let usdt = "USDT/ERC20".parse().unwrap();
        let limits = file.limits().unwrap();
        assert_eq!(limits[&(Outflow::Cold, usdt)].order, 60_000_000_000);
    }

    #[test]
    fn a_vault_of_bitcoin_is_written_as_its_own_chain_or_the_main_one_writes_it() {
        let with = |chain: &str, address: &str| {
            let bitcoin = format!(
                "[networks.BITCOIN]\nchain = \"{chain}\"\nfee_max = \"0.0005\"\n[cold]\nBITCOIN = \"{address}\"\n"
            );
            read(&format!("{GOOD}\n{bitcoin}"))?.cold()
        };
        let main = "bc1qw508d6qejxtdg4y5r3zarvary0c5xw7kv8f3t4";
        for (chain, address) in [
            ("signet", "tb1qw508d6qejxtdg4y5r3zarvary0c5xw7kxpjzsx"),
            ("testnet4", "tb1qw508d6qejxtdg4y5r3zarvary0c5xw7kxpjzsx"),
            ("signet", main),
            ("main", main),
        ] {
            let cold = with(chain, address).unwrap();
            assert_eq!(cold[&Network::Bitcoin].as_str(), main, "{chain} {address}");
        }
        for (chain, address) in [
            ("main", "tb1qw508d6qejxtdg4y5r3zarvary0c5xw7kxpjzsx"),
            ("regtest", "tb1qw508d6qejxtdg4y5r3zarvary0c5xw7kxpjzsx"),
            ("signet", "tb1qw508d6qejxtdg4y5r3zarvary0c5xw7kxpjzsy"),
        ] {
            assert!(with(chain, address).is_err(), "{chain} {address}");
        }
    }
}
