//! What `[networks]` add to the catalogue. They are read before everything else, since whatever comes after
//! may name what they add.

use anyhow::{Context, bail};
use proof_core::{Network, catalogue};
use serde::Deserialize;
use std::collections::BTreeMap;

/// A token's contract, and its decimals where the catalogue does not know it.
#[derive(Clone, Debug, Deserialize)]
#[serde(
    untagged,
    expecting = "a token is the address of its contract, or { contract = \"…\", decimals = … }"
)]
pub enum TokenFile {
    Known(String),
    Added(AddedToken),
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AddedToken {
    contract: String,
    decimals: u8,
}

impl TokenFile {
    pub fn contract(&self) -> &str {
        match self {
            Self::Known(contract) => contract,
            Self::Added(token) => &token.contract,
        }
    }

    const fn decimals(&self) -> Option<u8> {
        match self {
            Self::Known(_) => None,
            Self::Added(token) => Some(token.decimals),
        }
    }
}

/// The part of a file that can add something; the rest is for its own reader.
#[derive(Deserialize)]
struct File {
    #[serde(default)]
    networks: BTreeMap<String, NetworkFile>,
}

#[derive(Deserialize)]
struct NetworkFile {
    native: Option<String>,
    #[serde(default)]
    tokens: BTreeMap<String, TokenFile>,
}

/// Adds what a file (TOML) names beside what is known.
pub fn declare(text: &str) -> anyhow::Result<()> {
    let file: File = toml::from_str(text)?;
    for (name, network) in file.networks {
        declare_one(&name, &network).with_context(|| format!("[networks.{name}] is not right"))?;
    }
    Ok(())
}

fn declare_one(name: &str, file: &NetworkFile) -> anyhow::Result<()> {
    let network = match &file.native {
        Some(native) => catalogue::add_network(name, native)?,
        None => match name.parse::<Network>() {
            Ok(known) => known,
            Err(_) => bail!(
                "it is in no catalogue: if it is an EVM chain, name the coin that it takes its fees in, like native = \"ETH\""
            ),
        },
    };
    for (ticker, token) in &file.tokens {
        if let Some(decimals) = token.decimals() {
            let added = catalogue::add_token(network, ticker, decimals);
            added.with_context(|| format!("tokens: {ticker}"))?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proof_core::Asset;

    const BASE: &str = r#"
        [networks.BASE]
        native = "ETH"
        chain_id = 84532
        tokens = { USDC = { contract = "0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed", decimals = 6 } }
        [networks.ERC20]
        tokens = { USDT = "0xdAC17F958D2ee523a2206206994597C13D831ec7", DAI = { contract = "0xfB6916095ca1df60bB79Ce92cE3Ea74c37c5d359", decimals = 18 } }
        [other]
        networks = "what others say is theirs"
    "#;

    fn refusal(text: &str) -> String {
        format!("{:#}", declare(text).unwrap_err())
    }

    #[test]
    fn a_file_adds_networks_and_tokens_before_it_is_read() {
        declare(BASE).unwrap();
        for (text, decimals) in [("ETH/BASE", 18), ("USDC/BASE", 6), ("DAI/ERC20", 18)] {
            let asset: Asset = text.parse().unwrap();
            assert_eq!(asset.decimals(), decimals, "{text}");
        }
        // A server and its signer may be one process.
        declare(BASE).unwrap();
        declare("").unwrap();
        let said = refusal(&BASE.replace("decimals = 6", "decimals = 18"));
        assert!(
            said.contains("[networks.BASE]") && said.contains("with 6 decimals"),
            "{said}"
        );
        let said = refusal(&BASE.replace("native = \"ETH\"", "native = \"BNB\""));
        assert!(said.contains("takes its fees in ETH"), "{said}");
    }

    #[test]
    fn what_cannot_be_added_says_why() {
        for (text, why) in [
            ("[networks.MOONBEAM]\n", "native = \"ETH\""),
            ("[networks.moon]\nnative = \"GLMR\"\n", "capital letters"),
            ("[networks.MOON]\nnative = \"glmr\"\n", "no ticker"),
            (
                "[networks.BITCOIN]\ntokens = { RUNE = { contract = \"x\", decimals = 8 } }\n",
                "no tokens are added to BITCOIN",
            ),
            (
                "[networks.ERC20]\ntokens = { SHIB = { contract = \"x\", decimals = 24 } }\n",
                "at most 18 decimals",
            ),
            (
                "[networks.ERC20]\ntokens = { SHIB = { contract = \"x\" } }\n",
                "tokens",
            ),
        ] {
            let said = refusal(text);
            assert!(said.contains(why), "{text}: {said}");
        }
    }
}
