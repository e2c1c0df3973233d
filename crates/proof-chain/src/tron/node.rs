//! One of the operator's nodes, which has to be on the right chain before it is believed.

use super::{
    TronSpec,
    http::{View, ask, must},
    wire,
};
use crate::{evm::token, rpc::RpcError};
use alloy_primitives::{Address, U256};
use proof_outbound::Configured;
use serde_json::json;
use std::sync::atomic::{AtomicBool, Ordering};

pub struct Node {
    door: Configured,
    checked: AtomicBool,
}

/// Prices that the chain's members have set, in base units of the native coin.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Prices {
    /// A unit of a contract's work.
    pub energy: u64,
    /// A byte of a transaction.
    pub byte: u64,
    /// A new account.
    pub account: u64,
}

impl Node {
    pub const fn new(door: Configured) -> Self {
        Self {
            door,
            checked: AtomicBool::new(false),
        }
    }

    /// Whether it is on our chain, and its tokens are those of the catalogue; asked until that is so.
    pub async fn ready(&self, spec: &TronSpec) -> Result<&Configured, RpcError> {
        if self.checked.load(Ordering::Relaxed) {
            return Ok(&self.door);
        }
        let first = json!({ "id_or_num": "0", "detail": false });
        let first: wire::Block = must(&self.door, View::Newest, "getblock", first).await?;
        if first.id != spec.genesis {
            let context = format!(
                "the node's first block is {:x}, not {:x}",
                first.id, spec.genesis
            );
            return Err(RpcError::Wrong(context));
        }
        for (asset, contract) in &spec.tokens {
            let said = decimals(&self.door, *contract).await?;
            if said != U256::from(asset.decimals()) {
                let ours = asset.decimals();
                let at = wire::spelt(*contract);
                let context = format!("{at} has {said} decimals, and {asset} has {ours}");
                return Err(RpcError::Wrong(context));
            }
        }
        self.checked.store(true, Ordering::Relaxed);
        Ok(&self.door)
    }

    /// A block's beginning: its newest one, or the one at a height.
    pub async fn header(
        &self,
        spec: &TronSpec,
        view: View,
        height: Option<u64>,
    ) -> Result<Option<wire::Block>, RpcError> {
        let door = self.ready(spec).await?;
        let asked = match height {
            Some(height) => json!({ "id_or_num": height.to_string(), "detail": false }),
            None => json!({ "detail": false }),
        };
        let header: Option<wire::Block> = ask(door, view, "getblock", asked).await?;
        match (&header, height) {
            (Some(header), Some(height)) if header.number() != height => {
                let context = "the node gives another block than the one that was asked for";
                Err(RpcError::Unusable(context.to_owned()))
            }
            _ => Ok(header),
        }
    }

    /// Its newest block, which has to be where it says that it is.
    pub async fn newest(&self, spec: &TronSpec, view: View) -> Result<wire::Block, RpcError> {
        let said = self.header(spec, view, None).await?;
        let said = said.ok_or_else(|| RpcError::Unusable("the node has no block".to_owned()))?;
        let there = self.header(spec, view, Some(said.number())).await?;
        if there.is_some_and(|there| there.id == said.id) {
            return Ok(said);
        }
        let context = "the node does not have the block that it calls its newest";
        Err(RpcError::Unusable(context.to_owned()))
    }

    pub async fn prices(&self, spec: &TronSpec) -> Result<Prices, RpcError> {
        let door = self.ready(spec).await?;
        let said: wire::Parameters =
            must(door, View::Newest, "getchainparameters", json!({})).await?;
        let price = |key: &str| {
            let mut all = said.all.iter();
            let found = all.find(|parameter| parameter.key == key);
            let value = found.and_then(|found| u64::try_from(found.value).ok());
            value.ok_or_else(|| RpcError::Unusable(format!("the node has no price {key}")))
        };
        // For the account itself, and for making one without staked bandwidth.
        let account = price("getCreateNewAccountFeeInSystemContract")?;
        Ok(Prices {
            energy: price("getEnergyFee")?,
            byte: price("getTransactionFee")?,
            account: account.saturating_add(price("getCreateAccountFee")?),
        })
    }

    pub async fn balance(&self, spec: &TronSpec, owner: Address) -> Result<u64, RpcError> {
        let account = self.account(spec, owner).await?;
        Ok(account.map_or(0, |account| account.balance))
    }

    pub async fn has_account(&self, spec: &TronSpec, owner: Address) -> Result<bool, RpcError> {
        Ok(self.account(spec, owner).await?.is_some())
    }

    /// Who never had any of the native coin has none.
    async fn account(
        &self,
        spec: &TronSpec,
        owner: Address,
    ) -> Result<Option<wire::Account>, RpcError> {
        let door = self.ready(spec).await?;
        let asked = json!({ "address": wire::spelt(owner) });
        ask(door, View::Newest, "getaccount", asked).await
    }

    pub async fn token_balance(
        &self,
        spec: &TronSpec,
        contract: Address,
        owner: Address,
    ) -> Result<U256, RpcError> {
        let door = self.ready(spec).await?;
        let call = Call::new("balanceOf(address)", &token::balance_call(owner));
        number(&tried(door, owner, contract, &call).await?)
    }
}

/// A function by its signature, and its words in hexadecimal.
pub struct Call {
    function: &'static str,
    words: String,
}

impl Call {
    /// Of what an EVM node would be asked: a prefix of two characters, a selector of eight, and the words.
    pub fn new(function: &'static str, data: &str) -> Self {
        let words = data.get(10..).unwrap_or_default().to_owned();
        Self { function, words }
    }
}

/// What a call would do, without making it.
pub async fn tried(
    door: &Configured,
    from: Address,
    contract: Address,
    call: &Call,
) -> Result<wire::Tried, RpcError> {
    let asked = json!({
        "owner_address": wire::spelt(from),
        "contract_address": wire::spelt(contract),
        "function_selector": call.function,
        "parameter": call.words,
    });
    let said: wire::Tried = must(door, View::Newest, "triggerconstantcontract", asked).await?;
    if said.result.result {
        return Ok(said);
    }
    let code = said.result.code.unwrap_or_default();
    let message = wire::plain(said.result.message.as_deref());
    Err(RpcError::Refused {
        code: 0,
        message: crate::rpc::words(&format!("{code} {message}")),
    })
}

async fn decimals(door: &Configured, contract: Address) -> Result<U256, RpcError> {
    let at = wire::spelt(contract);
    let no_token = || RpcError::Wrong(format!("there is no token at {at}"));
    let there = json!({ "value": at });
    let there: Option<serde_json::Value> = ask(door, View::Newest, "getcontract", there).await?;
    if there.is_none() {
        return Err(no_token());
    }
    let call = Call::new("decimals()", token::DECIMALS_CALL);
    let said = tried(door, contract, contract, &call).await?;
    if said.is_refused() {
        return Err(no_token());
    }
    number(&said).map_err(|_| no_token())
}

fn number(said: &wire::Tried) -> Result<U256, RpcError> {
    let bytes = said.returned().unwrap_or_default();
    let word: Result<[u8; 32], _> = bytes.as_slice().try_into();
    let word = word.ok().filter(|_| !said.is_refused());
    word.map(U256::from_be_bytes)
        .ok_or_else(|| RpcError::Unusable("the contract gives no number".to_owned()))
}

/// Whether a node says that there is code at an address.
pub async fn is_contract(door: &Configured, at: Address) -> Result<bool, RpcError> {
    let asked = json!({ "value": wire::spelt(at) });
    let there: Option<serde_json::Value> = ask(door, View::Newest, "getcontract", asked).await?;
    Ok(there.is_some())
}
