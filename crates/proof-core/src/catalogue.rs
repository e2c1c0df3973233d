//! Assets that an operator's configuration adds to those that are known without any.
//!
//! A process learns them once, before it reads a name that may be one of theirs, and forgets none: an
//! asset is a fact of the books, and what it is worth hangs on its decimals. So what is there already
//! is added again in the same way, or refused.

use crate::{
    asset::{Asset, AssetSpec, CATALOGUE},
    network::{AddedEvm, Network},
};
use std::sync::{PoisonError, RwLock};

const NETWORK_LENGTH_MAX: usize = 20;
const TICKER_LENGTH_MAX: usize = 10;
/// Of wei, on all chains that speak Ethereum's protocol.
pub const EVM_NATIVE_DECIMALS: u8 = 18;
/// More, and the amounts of a usual order do not fit.
const DECIMALS_MAX: u8 = 18;
/// Added by configuration, so that there is an end to it.
const ADDED_MAX: usize = 256;

/// Each network's own coin comes before its tokens.
static ADDED: RwLock<Vec<&'static AssetSpec>> = RwLock::new(Vec::new());

/// Why something is not added.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NotAdded {
    #[error(
        "{0:?} is no name of a network: 2 to {NETWORK_LENGTH_MAX} capital letters and digits, a letter first"
    )]
    NetworkName(String),
    #[error("{0:?} is no ticker: 2 to {TICKER_LENGTH_MAX} capital letters and digits")]
    Ticker(String),
    #[error("{0} is known already, and takes its fees in {native}", native = .0.native().ticker())]
    OtherNative(Network),
    #[error("{0} is known already, with {decimals} decimals", decimals = .0.decimals())]
    OtherDecimals(Asset),
    #[error("a token has at most {DECIMALS_MAX} decimals")]
    Decimals,
    #[error("no tokens are added to {0}")]
    NotEvm(Network),
    #[error("at most {ADDED_MAX} assets can be added")]
    TooMany,
}

/// Adds an EVM chain with the coin that it takes its fees in.
pub fn add_network(name: &str, native: &str) -> Result<Network, NotAdded> {
    if !is_name(name, NETWORK_LENGTH_MAX) || !name.starts_with(|c: char| c.is_ascii_uppercase()) {
        return Err(NotAdded::NetworkName(name.to_owned()));
    }
    check_ticker(native)?;
    if let Ok(known) = name.parse::<Network>() {
        let same = known.native().ticker() == native;
        return same.then_some(known).ok_or(NotAdded::OtherNative(known));
    }
    let network = Network::Evm(AddedEvm(kept(name)));
    add(AssetSpec::new(kept(native), network, EVM_NATIVE_DECIMALS))?;
    Ok(network)
}

/// Adds a token to an EVM chain.
pub fn add_token(network: Network, ticker: &str, decimals: u8) -> Result<Asset, NotAdded> {
    check_ticker(ticker)?;
    if decimals > DECIMALS_MAX {
        return Err(NotAdded::Decimals);
    }
    if !network.is_evm() {
        return Err(NotAdded::NotEvm(network));
    }
    if let Some(known) = Asset::find(ticker, network) {
        let same = known.decimals() == decimals;
        return same.then_some(known).ok_or(NotAdded::OtherDecimals(known));
    }
    add(AssetSpec::new(kept(ticker), network, decimals))
}

/// All that was added.
pub fn added() -> Vec<Asset> {
    let added = ADDED.read().unwrap_or_else(PoisonError::into_inner);
    added.iter().map(|spec| Asset::of(spec)).collect()
}

pub(crate) fn network(name: &str) -> Option<Network> {
    let mut networks = added().into_iter().map(Asset::network);
    networks.find(|network| network.name() == name)
}

pub(crate) fn asset(ticker: &str, network: Network) -> Option<Asset> {
    let mut assets = added().into_iter();
    assets.find(|asset| asset.ticker() == ticker && asset.network() == network)
}

fn add(spec: AssetSpec) -> Result<Asset, NotAdded> {
    let mut added = ADDED.write().unwrap_or_else(PoisonError::into_inner);
    // Somebody else may have been faster.
    let there = added.iter().find(|known| known.is_of(&spec));
    if let Some(there) = there.copied() {
        let asset = Asset::of(there);
        return if *there == spec {
            Ok(asset)
        } else {
            Err(NotAdded::OtherDecimals(asset))
        };
    }
    if added.len() >= ADDED_MAX {
        return Err(NotAdded::TooMany);
    }
    let spec: &'static AssetSpec = Box::leak(Box::new(spec));
    added.push(spec);
    Ok(Asset::of(spec))
}

/// A name for as long as the process lives, once for each text.
fn kept(text: &str) -> &'static str {
    let added = ADDED.read().unwrap_or_else(PoisonError::into_inner);
    let names = CATALOGUE.iter().chain(added.iter().copied());
    let mut names = names.flat_map(|spec| spec.names());
    let there = names.find(|name| *name == text);
    there.unwrap_or_else(|| Box::leak(text.to_owned().into_boxed_str()))
}

fn check_ticker(text: &str) -> Result<(), NotAdded> {
    if is_name(text, TICKER_LENGTH_MAX) {
        Ok(())
    } else {
        Err(NotAdded::Ticker(text.to_owned()))
    }
}

fn is_name(text: &str, length_max: usize) -> bool {
    let known = |byte: u8| byte.is_ascii_uppercase() || byte.is_ascii_digit();
    (2..=length_max).contains(&text.len()) && text.bytes().all(known)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_added_is_found_and_printed_and_read_like_all_others() {
        assert!("POLYGON".parse::<Network>().is_err());
        let polygon = add_network("POLYGON", "POL").unwrap();
        let usdc = add_token(polygon, "USDC", 6).unwrap();
        assert_eq!("POLYGON".parse(), Ok(polygon));
        assert_eq!(polygon.native().to_string(), "POL/POLYGON");
        assert_eq!((polygon.native().decimals(), usdc.decimals()), (18, 6));
        assert_eq!("USDC/POLYGON".parse(), Ok(usdc));
        let json = serde_json::to_string(&(polygon, usdc)).unwrap();
        assert_eq!(json, r#"["POLYGON","USDC/POLYGON"]"#);
        assert_eq!(serde_json::from_str(&json).ok(), Some((polygon, usdc)));
        assert!(Asset::all().any(|asset| asset == usdc));
        // Again, and in the same way.
        assert_eq!(add_network("POLYGON", "POL"), Ok(polygon));
        assert_eq!(add_token(polygon, "USDC", 6), Ok(usdc));
        let mine = added();
        let mine = mine.iter().filter(|asset| asset.network() == polygon);
        assert_eq!(mine.count(), 2);
        // A token that a chain of the catalogue lacks.
        let dai = add_token(Network::Erc20, "DAI", 18).unwrap();
        assert_eq!("DAI/ERC20".parse(), Ok(dai));
        assert_eq!(Network::Erc20.native().ticker(), "ETH");
    }

    #[test]
    fn what_is_known_is_never_made_another_thing() {
        let base = add_network("BASE", "ETH").unwrap();
        let usdc = add_token(base, "USDC", 6).unwrap();
        assert_eq!(
            add_token(base, "USDC", 18),
            Err(NotAdded::OtherDecimals(usdc))
        );
        assert_eq!(
            add_token(base, "ETH", 6),
            Err(NotAdded::OtherDecimals(base.native()))
        );
        assert_eq!(add_network("BASE", "BNB"), Err(NotAdded::OtherNative(base)));
        let ethereum = Network::Erc20;
        assert_eq!(add_network("ERC20", "ETH"), Ok(ethereum));
        assert_eq!(
            add_network("ERC20", "BNB"),
            Err(NotAdded::OtherNative(ethereum))
        );
        let usdt = Asset::find("USDT", ethereum).unwrap();
        assert_eq!(
            add_token(ethereum, "USDT", 18),
            Err(NotAdded::OtherDecimals(usdt))
        );
        let bitcoin = Network::Bitcoin;
        assert_eq!(
            add_token(bitcoin, "RUNE", 8),
            Err(NotAdded::NotEvm(bitcoin))
        );
        assert_eq!(add_token(base, "MANY", 19), Err(NotAdded::Decimals));
        for name in [
            "",
            "X",
            "base",
            "BA SE",
            "BA/SE",
            "9BASE",
            "ABCDEFGHIJKLMNOPQRSTU",
        ] {
            let refused = add_network(name, "ETH");
            assert_eq!(refused, Err(NotAdded::NetworkName(name.to_owned())));
        }
        for ticker in ["", "X", "usd", "US/D", "USD.E", "ABCDEFGHIJK"] {
            let refused = add_token(base, ticker, 6);
            assert_eq!(refused, Err(NotAdded::Ticker(ticker.to_owned())));
        }
    }
}
