//! Real chains in place of simulated ones: `[networks.ERC20]` in the configuration.

mod bitcoin;
mod tron;

use crate::catalogue::{TokenFile, declare};
use anyhow::{Context, bail, ensure};
use proof_chain::{
    bitcoin::BitcoinChain,
    depth::Deeper,
    evm::{EvmChain, EvmConfig, EvmSpec},
    tron::TronChain,
};
use proof_core::{Network, secret::Secret};
use proof_engine::Rails;
use proof_outbound::{Configured, Outbound};
use proof_port::{Chain, PortError};
use proof_signer::{ChainRules, EvmRules};
use serde::Deserialize;
use std::{collections::BTreeMap, path::Path, sync::Arc};
use url::Url;

/// Chains whose coins are worth nothing: Sepolia, Holesky, Hoodi, the test networks of Base, Arbitrum, OP Mainnet,
/// Polygon (Amoy), Avalanche (Fuji) and BNB, TRON's Nile and Shasta, Bitcoin's testnet4 and signet, and those on one's own
/// machine. The sandbox's cards are no money, and nobody may buy money with them.
const WORTHLESS: [u64; 16] = [
    11_155_111,
    17_000,
    560_048,
    84_532,
    421_614,
    11_155_420,
    80_002,
    43_113,
    97,
    3_448_148_188,
    2_494_104_990,
    3_666_145_978,
    36_533_990_377,
    1_121_828_351_879_131_847,
    31_337,
    1_337,
];
/// Those that are on one's own machine.
const PRIVATE: [u64; 3] = [31_337, 1_337, 1_121_828_351_879_131_847];
/// Asking more nodes than this costs more than it proves.
const NODES_MAX: usize = 7;

/// Networks by their name in the contract.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(transparent)]
pub struct NetworksConfig(BTreeMap<Network, NetworkConfig>);

#[derive(Clone, Debug, Deserialize)]
#[serde(tag = "adapter", rename_all = "lowercase")]
enum NetworkConfig {
    Evm(EvmNetwork),
    Tron(tron::TronNetwork),
    Bitcoin(bitcoin::BitcoinNetwork),
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct EvmNetwork {
    /// Nodes; their addresses often carry a key. A majority of them decides.
    rpc: Vec<Secret>,
    chain_id: u64,
    /// The coin that the chain takes its fees in. It has to be named where the catalogue does not know the network.
    native: Option<String>,
    /// Contracts by ticker. What has none is neither bought nor sold here.
    #[serde(default)]
    tokens: BTreeMap<String, TokenFile>,
    /// Blocks after which a transfer is final.
    confirmations: u64,
    /// More of them, where more money waits for them.
    #[serde(default)]
    deeper: Vec<Deeper>,
    /// The most that a unit of gas may cost, in billionths of the native coin.
    fee_gwei_max: u64,
    /// Where people look transfers up: `/tx/HASH` is added.
    explorer: Url,
    #[serde(default = "poll_ms")]
    poll_ms: i64,
    #[serde(default = "gas_limit_native")]
    gas_limit_native: u64,
    #[serde(default = "gas_limit_token")]
    gas_limit_token: u64,
}

/// Blocks come every twelve seconds, or faster.
const fn poll_ms() -> i64 {
    4_000
}

/// Enough for a wallet that is a contract; one that is none uses 21,000.
const fn gas_limit_native() -> u64 {
    60_000
}

/// Twice what the usual tokens use.
const fn gas_limit_token() -> u64 {
    150_000
}

impl EvmNetwork {
    fn contracts(&self) -> BTreeMap<String, String> {
        let tokens = self.tokens.iter();
        tokens
            .map(|(ticker, token)| (ticker.clone(), token.contract().to_owned()))
            .collect()
    }

    fn spec(&self, network: Network) -> anyhow::Result<EvmSpec> {
        if let Some(native) = &self.native {
            let known = network.native().ticker();
            ensure!(native == known, "{network} takes its fees in {known}");
        }
        let config = EvmConfig {
            network,
            chain_id: self.chain_id,
            tokens: self.contracts(),
            confirmations: self.confirmations,
            deeper: self.deeper.clone(),
            fee_per_gas_max: u128::from(self.fee_gwei_max).saturating_mul(1_000_000_000),
            gas_limit_native: self.gas_limit_native,
            gas_limit_token: self.gas_limit_token,
            explorer: self.explorer.clone(),
            poll_ms: self.poll_ms,
        };
        Ok(config.read()?)
    }
}

impl NetworkConfig {
    const fn rpc(&self) -> &Vec<Secret> {
        match self {
            Self::Evm(config) => &config.rpc,
            Self::Tron(config) => &config.rpc,
            Self::Bitcoin(config) => &config.rpc,
        }
    }

    const fn rpc_mut(&mut self) -> &mut Vec<Secret> {
        match self {
            Self::Evm(config) => &mut config.rpc,
            Self::Tron(config) => &mut config.rpc,
            Self::Bitcoin(config) => &mut config.rpc,
        }
    }

    fn chain_id(&self) -> anyhow::Result<u64> {
        match self {
            Self::Evm(config) => Ok(config.chain_id),
            Self::Tron(config) => Ok(config.spec(Network::Trc20)?.chain_id()),
            Self::Bitcoin(config) => Ok(config.spec(Network::Bitcoin)?.chain_id()),
        }
    }

    fn chain(&self, network: Network, doors: Vec<Configured>) -> anyhow::Result<RealChain> {
        Ok(match self {
            Self::Evm(config) => {
                RealChain::Evm(Arc::new(EvmChain::new(doors, config.spec(network)?)))
            }
            Self::Tron(config) => {
                RealChain::Tron(Arc::new(TronChain::new(doors, config.spec(network)?)))
            }
            Self::Bitcoin(config) => {
                RealChain::Bitcoin(Arc::new(BitcoinChain::new(doors, config.spec(network)?)))
            }
        })
    }

    /// What the signer knows itself about it; what cannot be meant so is an error.
    fn rules(&self, network: Network) -> anyhow::Result<ChainRules> {
        if self.rpc().is_empty() || self.rpc().len() > NODES_MAX {
            bail!("[networks.{network}] rpc has to name 1 to {NODES_MAX} nodes");
        }
        let rules = match self {
            Self::Evm(config) => config.spec(network).map(|spec| {
                ChainRules::Evm(EvmRules {
                    chain_id: spec.chain_id(),
                    contracts: spec.contracts().clone(),
                    fee_max: spec.fee_max(),
                })
            }),
            Self::Tron(config) => config.rules(network),
            Self::Bitcoin(config) => config.rules(network),
        };
        rules.with_context(|| format!("[networks.{network}] is not right"))
    }

    fn urls(&self, network: Network) -> anyhow::Result<Vec<Url>> {
        let urls = self.rpc().iter().map(|url| url.expose_secret().parse());
        // The address may carry a key: it is not repeated.
        let urls: Result<Vec<Url>, _> = urls.collect();
        urls.with_context(|| format!("[networks.{network}] rpc has something that is no URL"))
    }
}

/// An adapter by its kind, where more is asked of it than of every chain.
pub enum RealChain {
    Evm(Arc<EvmChain>),
    Tron(Arc<TronChain>),
    Bitcoin(Arc<BitcoinChain>),
}

impl RealChain {
    pub fn chain(&self) -> Arc<dyn Chain> {
        match self {
            Self::Evm(chain) => Arc::clone(chain) as _,
            Self::Tron(chain) => Arc::clone(chain) as _,
            Self::Bitcoin(chain) => Arc::clone(chain) as _,
        }
    }

    /// What is wrong with nodes that do not answer; an error where one is of another chain.
    pub async fn check(&self) -> anyhow::Result<Vec<PortError>> {
        Ok(match self {
            Self::Evm(chain) => chain.check().await?,
            Self::Tron(chain) => chain.check().await?,
            Self::Bitcoin(chain) => chain.check().await?,
        })
    }

    /// How each node does, in words.
    pub async fn nodes(&self) -> Vec<Result<String, PortError>> {
        match self {
            Self::Evm(chain) => {
                let nodes = chain.nodes().await.into_iter();
                let told = |node: proof_chain::evm::NodeState| {
                    let gwei = node.fee_per_gas / 1_000_000_000;
                    format!("block {}, gas {gwei} gwei", node.height)
                };
                nodes.map(|node| node.map(told)).collect()
            }
            Self::Tron(chain) => {
                let nodes = chain.nodes().await.into_iter();
                let told = |node: proof_chain::tron::NodeState| {
                    let (height, last) = (node.height, node.final_height);
                    format!("block {height}, final {last}, energy {} sun", node.energy)
                };
                nodes.map(|node| node.map(told)).collect()
            }
            Self::Bitcoin(chain) => {
                let nodes = chain.nodes().await.into_iter();
                let told = |node: proof_chain::bitcoin::NodeState| {
                    let (height, rate) = (node.height, node.fee_per_kvb);
                    format!("block {height}, {rate} satoshi for a thousand bytes")
                };
                nodes.map(|node| node.map(told)).collect()
            }
        }
    }
}

/// The part of a configuration that is about networks.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct NetworksFile {
    networks: NetworksConfig,
}

impl NetworksConfig {
    /// For a machine of one's own: no chain that others see, since its keys would be in a server.
    pub fn read_private(path: &Path) -> anyhow::Result<Self> {
        let what = || format!("the networks in {}", path.display());
        let text = std::fs::read_to_string(path).with_context(what)?;
        declare(&text).with_context(what)?;
        let NetworksFile { networks } = toml::from_str(&text).with_context(what)?;
        networks.check()?;
        if networks.is_public() {
            bail!(
                "{} names a chain that others see: only those of your own machine ({PRIVATE:?}) go with a server that has the \
                 keys itself",
                path.display()
            );
        }
        Ok(networks)
    }

    pub fn has(&self, network: Network) -> bool {
        self.0.contains_key(&network)
    }

    /// What can be seen without a node.
    pub fn check(&self) -> anyhow::Result<()> {
        for (network, config) in &self.0 {
            config.rules(*network)?;
            config.urls(*network)?;
            let chain_id = config.chain_id()?;
            if !WORTHLESS.contains(&chain_id) {
                bail!(
                    "[networks.{network}] names chain {chain_id}, which is none of the known test networks {WORTHLESS:?}: its coins \
                     may be money, and the cards of [sandbox] are not"
                );
            }
        }
        Ok(())
    }

    /// Asks other nodes about a network than its own.
    pub fn set_nodes(&mut self, network: Network, rpc: Vec<Secret>) -> anyhow::Result<()> {
        let config = self.0.get_mut(&network);
        let config =
            config.with_context(|| format!("the configuration has no [networks.{network}]"))?;
        *config.rpc_mut() = rpc;
        self.check()
    }

    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Whether a chain is among them that others see.
    pub fn is_public(&self) -> bool {
        let mut configs = self.0.values();
        // What cannot be read is nobody's own.
        let is_private = |id: anyhow::Result<u64>| id.is_ok_and(|id| PRIVATE.contains(&id));
        configs.any(|config| !is_private(config.chain_id()))
    }

    /// Addresses that no webhook may lead to.
    pub fn own_urls(&self) -> Vec<Url> {
        let urls = self.0.iter().map(|(network, config)| config.urls(*network));
        urls.flatten().flatten().collect()
    }

    pub fn chains(&self, outbound: &Outbound) -> anyhow::Result<Vec<RealChain>> {
        let chains = self.0.iter().map(|(network, config)| {
            let doors = config.urls(*network)?.into_iter();
            let doors = doors.map(|url| outbound.configured("node", url, None));
            config.chain(*network, doors.collect())
        });
        chains.collect()
    }

    /// What the signer knows itself about these networks.
    pub fn rules(&self) -> anyhow::Result<BTreeMap<Network, ChainRules>> {
        let rules = self.0.iter();
        rules
            .map(|(network, config)| Ok((*network, config.rules(*network)?)))
            .collect()
    }
}

/// Puts real chains in the place of simulated ones. A node of another chain stops the start; one that is away is
/// asked again before it is believed.
pub async fn switch(rails: &mut Rails, chains: Vec<RealChain>) -> anyhow::Result<()> {
    for real in chains {
        for silent in real.check().await? {
            tracing::warn!("a node does not answer yet: {silent}");
        }
        let chain = real.chain();
        rails.chains.insert(chain.network(), chain);
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    const GOOD: &str = r#"
        [ERC20]
        adapter = "evm"
        rpc = ["https://one.example/v3/key", "https://two.example"]
        chain_id = 11155111
        tokens = { USDT = "0xdAC17F958D2ee523a2206206994597C13D831ec7" }
        confirmations = 12
        fee_gwei_max = 80
        explorer = "https://sepolia.etherscan.io"
    "#;

    fn read(text: &str) -> anyhow::Result<NetworksConfig> {
        let config: NetworksConfig = toml::from_str(text)?;
        config.check()?;
        Ok(config)
    }

    #[test]
    fn a_network_is_switched_by_its_configuration() {
        let config = read(GOOD).unwrap();
        let rules = config.rules().unwrap();
        let ChainRules::Evm(rules) = &rules[&Network::Erc20] else {
            panic!("rules of another kind");
        };
        assert_eq!(rules.chain_id, 11_155_111);
        assert_eq!(rules.contracts.len(), 1);
        assert_eq!(rules.fee_max, 150_000 * 80_000_000_000);
        assert_eq!(config.own_urls().len(), 2);
        assert!(!format!("{config:?}").contains("key"));
        assert!(NetworksConfig::default().is_empty());
    }

    #[test]
    fn what_cannot_be_meant_is_refused() {
        for (from, to) in [
            ("11155111", "1"),
            ("[ERC20]", "[TRC20]"),
            ("[ERC20]", "[ETHEREUM]"),
            ("confirmations = 12", "confirmations = 0"),
            ("fee_gwei_max = 80", "fee_gwei_max = 0"),
            ("\"evm\"", "\"utxo\""),
            ("USDT", "ETH"),
            ("831ec7", "831ec8"),
            ("\"https://two.example\"", "\"two\""),
            ("confirmations", "confirmation"),
        ] {
            let text = GOOD.replace(from, to);
            assert_ne!(text, GOOD);
            assert!(read(&text).is_err(), "{from} → {to}");
        }
    }

    #[test]
    fn a_chain_of_another_name_is_one_like_the_others() {
        let text = GOOD
            .replace("[ERC20]", "[networks.BASE]\nnative = \"ETH\"")
            .replace("11155111", "84532")
            .replace(
                "\"0xdAC17F958D2ee523a2206206994597C13D831ec7\"",
                "{ contract = \"0xdAC17F958D2ee523a2206206994597C13D831ec7\", decimals = 6 }",
            );
        declare(&text).unwrap();
        let config = read(&text.replace("[networks.BASE]", "[BASE]")).unwrap();
        let rules = config.rules().unwrap();
        let base = "BASE".parse().unwrap();
        let ChainRules::Evm(rules) = &rules[&base] else {
            panic!("rules of another kind");
        };
        let contracts: Vec<_> = rules.contracts.keys().map(ToString::to_string).collect();
        assert_eq!(
            (rules.chain_id, contracts),
            (84_532, vec!["USDT/BASE".to_owned()])
        );
    }
}
