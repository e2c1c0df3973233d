//! `[networks.TRC20]` with the adapter `tron`.

use anyhow::ensure;
use proof_chain::{
    depth::Deeper,
    tron::{TronConfig, TronSpec},
};
use proof_core::{Network, money::Amount, secret::Secret};
use proof_signer::{ChainRules, TronRules};
use serde::Deserialize;
use std::collections::BTreeMap;
use url::Url;

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TronNetwork {
    /// Nodes, each with `/wallet` and `/walletsolidity` below its address. A majority of them decides.
    pub rpc: Vec<Secret>,
    /// Id of the chain's first block.
    genesis: String,
    /// Contracts by ticker. What has none is neither bought nor sold here.
    #[serde(default)]
    tokens: BTreeMap<String, String>,
    /// Blocks after which a transfer is final, if the chain itself says so, too.
    confirmations: u64,
    /// More of them, where more money waits for them.
    #[serde(default)]
    deeper: Vec<Deeper>,
    /// The most that one transfer may cost, in TRX.
    fee_trx_max: String,
    /// Where people look transfers up: `#/transaction/HASH` is added.
    explorer: Url,
    #[serde(default = "poll_ms")]
    poll_ms: i64,
    #[serde(default = "energy_limit_token")]
    energy_limit_token: u64,
}

/// Blocks come every three seconds.
const fn poll_ms() -> i64 {
    3_000
}

/// Half as much again as USDT takes for somebody who has none of it yet.
const fn energy_limit_token() -> u64 {
    200_000
}

impl TronNetwork {
    pub fn spec(&self, network: Network) -> anyhow::Result<TronSpec> {
        ensure!(network == Network::Trc20, "{network} is not TRON");
        let fee_max = Amount::parse(network.native(), &self.fee_trx_max)?;
        let config = TronConfig {
            genesis: self.genesis.clone(),
            tokens: self.tokens.clone(),
            confirmations: self.confirmations,
            deeper: self.deeper.clone(),
            fee_max: fee_max.base().try_into()?,
            energy_limit_token: self.energy_limit_token,
            explorer: self.explorer.clone(),
            poll_ms: self.poll_ms,
        };
        Ok(config.read()?)
    }

    pub fn rules(&self, network: Network) -> anyhow::Result<ChainRules> {
        let spec = self.spec(network)?;
        Ok(ChainRules::Tron(TronRules {
            contracts: spec.contracts().clone(),
            fee_max: spec.fee_max().into(),
        }))
    }
}

#[cfg(test)]
mod tests {
    use super::super::NetworksConfig;
    use super::*;

    const GOOD: &str = r#"
        [TRC20]
        adapter = "tron"
        rpc = ["https://one.example/key", "https://two.example"]
        genesis = "0000000000000000d698d4192c56cb6be724a558448e2684802de4d6cd8690dc"
        tokens = { USDT = "TXYZopYRdj2D9XRtbG411XZZ3kM5VkAeBf" }
        confirmations = 20
        fee_trx_max = "100"
        explorer = "https://nile.tronscan.org"
    "#;

    fn read(text: &str) -> anyhow::Result<NetworksConfig> {
        let config: NetworksConfig = toml::from_str(text)?;
        config.check()?;
        Ok(config)
    }

    #[test]
    fn tron_is_switched_by_its_configuration() {
        let config = read(GOOD).unwrap();
        let rules = config.rules().unwrap();
        let ChainRules::Tron(rules) = &rules[&Network::Trc20] else {
            panic!("rules of another kind");
        };
        assert_eq!((rules.fee_max, rules.contracts.len()), (100_000_000, 1));
        assert!(config.is_public() && config.own_urls().len() == 2);
        assert!(!format!("{config:?}").contains("key"));
    }

    #[test]
    fn what_cannot_be_meant_is_refused() {
        for (from, to) in [
            // The main network, whose coins are money.
            (
                "0000000000000000d698d4192c56cb6be724a558448e2684802de4d6cd8690dc",
                "00000000000000001ebf88508a03865c71d452e25f4d51194196a1d22b6653dc",
            ),
            ("cd8690dc", "cd8690"),
            ("[TRC20]", "[ERC20]"),
            ("\"tron\"", "\"evm\""),
            ("confirmations = 20", "confirmations = 0"),
            ("\"100\"", "\"0\""),
            ("\"100\"", "\"much\""),
            ("USDT", "TRX"),
            ("USDT", "USDC"),
            ("VkAeBf", "VkAeBg"),
            ("genesis", "chain"),
        ] {
            let text = GOOD.replace(from, to);
            assert_ne!(text, GOOD);
            assert!(read(&text).is_err(), "{from} → {to}");
        }
    }
}
