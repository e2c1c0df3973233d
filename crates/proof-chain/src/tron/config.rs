//! What the operator says about TRON.

use crate::{
    depth::{Deeper, Depth},
    evm::token,
};
use alloy_primitives::{Address as EvmAddress, B256};
use proof_core::{Address, Asset, Network, proving::ChainIdentity};
use std::collections::{BTreeMap, BTreeSet};
use url::Url;

#[derive(Clone, Debug)]
pub struct TronConfig {
    /// Id of the chain's first block.
    pub genesis: String,
    /// Contracts of the tokens that are bought and sold here, by ticker.
    pub tokens: BTreeMap<String, String>,
    pub confirmations: u64,
    pub deeper: Vec<Deeper>,
    /// The most that a transfer may cost us, in base units of the native coin.
    pub fee_max: u64,
    /// The most energy that a token's transfer may use. What is not used costs nothing.
    pub energy_limit_token: u64,
    pub explorer: Url,
    pub poll_ms: i64,
}

/// It cannot be meant so.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct TronConfigError(String);

impl TronConfigError {
    pub(super) const fn new(text: String) -> Self {
        Self(text)
    }
}

/// The same, read.
#[derive(Clone, Debug)]
pub struct TronSpec {
    pub(super) genesis: B256,
    pub(super) tokens: BTreeMap<Asset, EvmAddress>,
    pub(super) contracts: BTreeMap<Asset, Address>,
    pub(super) depth: Depth,
    pub(super) fee_max: u64,
    pub(super) energy_limit_token: u64,
    pub(super) explorer: Url,
    pub(super) poll_ms: i64,
}

impl TronConfig {
    pub fn read(&self) -> Result<TronSpec, TronConfigError> {
        let bad = |text: String| Err(TronConfigError(text));
        let Ok(genesis) = self.genesis.parse::<B256>() else {
            return bad("genesis is not the id of a block: 64 hexadecimal digits".to_owned());
        };
        let above_zero = [self.fee_max, self.energy_limit_token];
        if above_zero.contains(&0) || self.poll_ms <= 0 {
            return bad("fee cap, energy limit and poll_ms must be above zero".to_owned());
        }
        let depth = Depth::read(Network::Trc20, self.confirmations, &self.deeper);
        let (mut tokens, mut contracts) = (BTreeMap::new(), BTreeMap::new());
        for (ticker, contract) in &self.tokens {
            let asset = Asset::find(ticker, Network::Trc20)
                .filter(|asset| *asset != Network::Trc20.native())
                .ok_or_else(|| TronConfigError(format!("{ticker} is no token of TRC20")))?;
            let contract = Address::parse(Network::Trc20, contract)
                .map_err(|error| TronConfigError(format!("{ticker}: {error}")))?;
            let account = contract.tron_account().map(EvmAddress::from);
            let account =
                account.ok_or_else(|| TronConfigError(format!("{contract} is not on TRON")))?;
            tokens.insert(asset, account);
            contracts.insert(asset, contract);
        }
        let tags: BTreeSet<u32> = tokens.values().map(|at| token::tag(*at)).collect();
        if tags.len() != tokens.len() {
            return bad("two contracts begin with the same two bytes".to_owned());
        }
        Ok(TronSpec {
            genesis,
            tokens,
            contracts,
            depth: depth.map_err(TronConfigError)?,
            fee_max: self.fee_max,
            energy_limit_token: self.energy_limit_token,
            explorer: self.explorer.clone(),
            poll_ms: self.poll_ms,
        })
    }
}

impl TronSpec {
    pub(super) fn is_token(&self, address: EvmAddress) -> bool {
        self.asset_of(address).is_some()
    }

    pub(super) fn asset_of(&self, address: EvmAddress) -> Option<Asset> {
        let mut tokens = self.tokens.iter();
        tokens.find_map(|(asset, contract)| (*contract == address).then_some(*asset))
    }

    /// What contracts read as their chain's id: the last four bytes of the first block's.
    pub fn chain_id(&self) -> u64 {
        let mut bytes = [0; 4];
        bytes.copy_from_slice(&self.genesis[28..]);
        u32::from_be_bytes(bytes).into()
    }

    pub fn identity(&self) -> ChainIdentity {
        ChainIdentity {
            adapter: "tron".to_owned(),
            chain_id: self.chain_id(),
            contracts: self.contracts.clone(),
        }
    }

    /// Contracts by asset, as a signer wants to know them.
    pub const fn contracts(&self) -> &BTreeMap<Asset, Address> {
        &self.contracts
    }

    /// The most that one transfer may cost, in the native coin.
    pub const fn fee_max(&self) -> u64 {
        self.fee_max
    }
}
