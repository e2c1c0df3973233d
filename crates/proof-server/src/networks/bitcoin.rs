//! `[networks.BITCOIN]` in the configuration.

use anyhow::ensure;
use proof_chain::{
    bitcoin::{BitcoinConfig, BitcoinSpec},
    depth::Deeper,
};
use proof_core::{Network, secret::Secret};
use proof_signer::{BitcoinRules, ChainRules};
use serde::Deserialize;
use url::Url;

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BitcoinNetwork {
    /// Nodes, with name and password in their addresses. A majority of them decides.
    pub rpc: Vec<Secret>,
    /// `testnet4`, `signet` or `regtest`; `main` is money.
    chain: String,
    /// Blocks after which a transfer is final.
    confirmations: u64,
    /// More of them, where more money waits for them.
    #[serde(default)]
    deeper: Vec<Deeper>,
    /// The most that a virtual byte may cost, in satoshi.
    fee_sat_per_vb_max: u64,
    /// What is offered for it at least, and where nodes cannot tell what is needed.
    #[serde(default = "fee_sat_per_vb_min")]
    fee_sat_per_vb_min: u64,
    /// Where people look transfers up: `/tx/HASH` is added.
    explorer: Url,
    #[serde(default = "poll_ms")]
    poll_ms: i64,
}

const fn fee_sat_per_vb_min() -> u64 {
    1
}

/// Blocks come every ten minutes, and sometimes within seconds.
const fn poll_ms() -> i64 {
    15_000
}

impl BitcoinNetwork {
    pub fn spec(&self, network: Network) -> anyhow::Result<BitcoinSpec> {
        ensure!(network == Network::Bitcoin, "{network} is not Bitcoin");
        let config = BitcoinConfig {
            chain: self.chain.clone(),
            confirmations: self.confirmations,
            deeper: self.deeper.clone(),
            fee_per_kvb_min: self.fee_sat_per_vb_min.saturating_mul(1_000),
            fee_per_kvb_max: self.fee_sat_per_vb_max.saturating_mul(1_000),
            explorer: self.explorer.clone(),
            poll_ms: self.poll_ms,
        };
        Ok(config.read()?)
    }

    pub fn rules(&self, network: Network) -> anyhow::Result<ChainRules> {
        let spec = self.spec(network)?;
        Ok(ChainRules::Bitcoin(BitcoinRules {
            chain_id: spec.chain_id(),
            fee_max: spec.fee_max(),
        }))
    }
}

#[cfg(test)]
mod tests {
    use super::super::{NetworksConfig, PRIVATE, WORTHLESS};
    use proof_chain::bitcoin::chain_id;

    const GOOD: &str = r#"
        [BITCOIN]
        adapter = "bitcoin"
        rpc = ["http://proof:key@10.0.0.5:38332"]
        chain = "signet"
        confirmations = 3
        fee_sat_per_vb_max = 200
        explorer = "https://mempool.space/signet"
    "#;

    const DEEPER: &str = r#"
        confirmations = 3
        deeper = [
            { currency = "BTC", from = "0.5", confirmations = 6 },
            { currency = "BTC", from = "2", confirmations = 12 },
        ]"#;
    const DEEPER_USDT: &str = r#"
        confirmations = 3
        deeper = [{ currency = "USDT", from = "1", confirmations = 6 }]"#;
    const DEEPER_LESS: &str = r#"
        confirmations = 3
        deeper = [{ currency = "BTC", from = "1", confirmations = 3 }]"#;
    const DEEPER_BACK: &str = r#"
        confirmations = 3
        deeper = [
            { currency = "BTC", from = "2", confirmations = 6 },
            { currency = "BTC", from = "1", confirmations = 12 },
        ]"#;

    fn read(text: &str) -> anyhow::Result<NetworksConfig> {
        let config: NetworksConfig = toml::from_str(text)?;
        config.check()?;
        Ok(config)
    }

    #[test]
    fn bitcoin_is_switched_by_its_configuration_and_the_main_chain_is_money() {
        let config = read(GOOD).unwrap();
        assert!(config.is_public() && !format!("{config:?}").contains("key"));
        for (chain, public) in [("testnet4", true), ("regtest", false)] {
            let config = read(&GOOD.replace("\"signet\"", &format!("\"{chain}\""))).unwrap();
            assert_eq!(config.is_public(), public, "{chain}");
            let id = chain_id(chain).unwrap();
            assert_eq!(
                (WORTHLESS.contains(&id), !PRIVATE.contains(&id)),
                (true, public)
            );
        }
        read(&GOOD.replace("confirmations = 3", DEEPER)).unwrap();
        for (from, to) in [
            ("\"signet\"", "\"main\""),
            ("\"signet\"", "\"litecoin\""),
            ("[BITCOIN]", "[ERC20]"),
            ("confirmations = 3", "confirmations = 0"),
            ("confirmations = 3", DEEPER_USDT),
            ("confirmations = 3", DEEPER_LESS),
            ("confirmations = 3", DEEPER_BACK),
            ("max = 200", "max = 0"),
            (
                "confirmations = 3",
                "confirmations = 3\nfee_sat_per_vb_min = 0",
            ),
            ("\"bitcoin\"", "\"evm\""),
        ] {
            assert!(read(&GOOD.replace(from, to)).is_err(), "{from} → {to}");
        }
    }
}
