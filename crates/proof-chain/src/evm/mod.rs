//! Chains that speak Ethereum's JSON-RPC: a native coin, and ERC-20 tokens that the operator configured.
//!
//! Several nodes may be configured. What decides about money (a height, a receipt, a balance) is what a majority of
//! them says ([`agree`]); signed bytes go to all of them.

mod attempt;
pub(crate) mod look;
mod node;
mod read;
pub(crate) mod token;
pub(crate) mod wire;

use crate::{
    agree,
    blocks::{self, Agreed, Blocks, Found, Passed},
    depth::{Deeper, Depth},
    rpc::{self, RpcError, must},
    send::{self, Words},
};
use alloy_primitives::{Address as EvmAddress, B256, U64, U128, U256};
use futures::future::join_all;
use look::{Effect, Look, Question};
use node::Node;
use proof_core::{
    Address, Asset, Network,
    deposit::DepositKey,
    money::Amount,
    proving::ChainIdentity,
    transfer::{EvmForm, Form},
};
use proof_outbound::Configured;
use proof_port::{Arrivals, Chain, ChainTip, Coin, GasPrice, Passage, PortError, TransferStatus};
use serde_json::json;
use std::collections::{BTreeMap, BTreeSet};
use url::Url;

const PROVIDER: &str = "evm_chain";
/// A nonce comes up, a wallet is filled, a fee falls: none of that is never.
pub(crate) const WORDS: Words = Words {
    never: &[
        "invalid sender",
        "invalid chain id",
        "rlp",
        "failed to decode",
        "signature",
        "transaction type not supported",
        "intrinsic gas",
    ],
    known: &[
        "already known",
        "alreadyknown",
        "known transaction",
        "already imported",
        "already exists",
    ],
};
/// What sending a token costs: both balances change, and one of them is often new. A native transfer costs a third.
const GAS_USUAL: u64 = 65_000;
/// What moving the native coin to a wallet without code costs, on every EVM chain of ours. Nothing is left over then
/// but what the block does not ask for.
const GAS_NATIVE: u64 = 21_000;

/// What the operator says about a chain.
#[derive(Clone, Debug)]
pub struct EvmConfig {
    pub network: Network,
    pub chain_id: u64,
    /// Contracts of the tokens that are bought and sold here, by ticker.
    pub tokens: BTreeMap<String, String>,
    pub confirmations: u64,
    pub deeper: Vec<Deeper>,
    /// The most that a unit of gas may cost us, in base units of the native coin.
    pub fee_per_gas_max: u128,
    /// The most gas that a transfer may use. What is not used costs nothing.
    pub gas_limit_native: u64,
    pub gas_limit_token: u64,
    pub explorer: Url,
    pub poll_ms: i64,
}

/// It cannot be meant so.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct EvmConfigError(String);

/// The same, read.
#[derive(Clone, Debug)]
pub struct EvmSpec {
    network: Network,
    chain_id: u64,
    tokens: BTreeMap<Asset, EvmAddress>,
    contracts: BTreeMap<Asset, Address>,
    depth: Depth,
    fee_per_gas_max: u128,
    gas_limit_native: u64,
    gas_limit_token: u64,
    explorer: Url,
    poll_ms: i64,
}

impl EvmConfig {
    pub fn read(&self) -> Result<EvmSpec, EvmConfigError> {
        let bad = |text: String| Err(EvmConfigError(text));
        if !self.network.is_evm() {
            return bad(format!("{} is not an EVM network", self.network));
        }
        if self.fee_per_gas_max == 0 || self.poll_ms <= 0 {
            return bad("fee cap and poll_ms must be above zero".to_owned());
        }
        let depth = Depth::read(self.network, self.confirmations, &self.deeper);
        let (mut tokens, mut contracts) = (BTreeMap::new(), BTreeMap::new());
        for (ticker, contract) in &self.tokens {
            let asset = Asset::find(ticker, self.network)
                .filter(|asset| *asset != self.network.native())
                .ok_or_else(|| {
                    EvmConfigError(format!("{ticker} is no token of {}", self.network))
                })?;
            let contract = Address::parse(self.network, contract)
                .map_err(|error| EvmConfigError(format!("{ticker}: {error}")))?;
            tokens.insert(asset, evm_address(&contract).map_err(EvmConfigError)?);
            contracts.insert(asset, contract);
        }
        let tags: BTreeSet<u32> = tokens
            .values()
            .map(|address| token::tag(*address))
            .collect();
        if tags.len() != tokens.len() {
            return bad("two contracts begin with the same two bytes".to_owned());
        }
        Ok(EvmSpec {
            network: self.network,
            chain_id: self.chain_id,
            tokens,
            contracts,
            depth: depth.map_err(EvmConfigError)?,
            fee_per_gas_max: self.fee_per_gas_max,
            gas_limit_native: self.gas_limit_native,
            gas_limit_token: self.gas_limit_token,
            explorer: self.explorer.clone(),
            poll_ms: self.poll_ms,
        })
    }
}

impl EvmSpec {
    fn is_token(&self, address: EvmAddress) -> bool {
        self.asset_of(address).is_some()
    }

    fn asset_of(&self, address: EvmAddress) -> Option<Asset> {
        let mut tokens = self.tokens.iter();
        tokens.find_map(|(asset, contract)| (*contract == address).then_some(*asset))
    }

    pub const fn chain_id(&self) -> u64 {
        self.chain_id
    }

    pub fn identity(&self) -> ChainIdentity {
        ChainIdentity {
            adapter: "evm".to_owned(),
            chain_id: self.chain_id,
            contracts: self.contracts.clone(),
        }
    }

    /// Contracts by asset, as a signer wants to know them.
    pub const fn contracts(&self) -> &BTreeMap<Asset, Address> {
        &self.contracts
    }

    /// The most that one transfer may cost, in the native coin.
    pub fn fee_max(&self) -> u128 {
        let gas = self.gas_limit_native.max(self.gas_limit_token);
        u128::from(gas).saturating_mul(self.fee_per_gas_max)
    }
}

pub struct EvmChain {
    nodes: Vec<Node>,
    spec: EvmSpec,
    passed: Passed,
}

/// What one node says about itself.
#[derive(Clone, Debug)]
pub struct NodeState {
    pub height: u64,
    pub fee_per_gas: u128,
}

impl EvmChain {
    pub fn new(doors: Vec<Configured>, spec: EvmSpec) -> Self {
        Self {
            nodes: doors.into_iter().map(Node::new).collect(),
            spec,
            passed: Passed::default(),
        }
    }

    pub const fn spec(&self) -> &EvmSpec {
        &self.spec
    }

    /// Whether each node is one of our chain: an error where one is not, and what is wrong with those that do not
    /// answer. They are asked again before they are believed.
    pub async fn check(&self) -> Result<Vec<PortError>, EvmConfigError> {
        let votes = self.votes(|node| node.ready(&self.spec)).await;
        agree::silent(votes)
            .map_err(|context| EvmConfigError(format!("{}: {context}", self.spec.network)))
    }

    /// How each node does, in the order of the configuration.
    pub async fn nodes(&self) -> Vec<Result<NodeState, PortError>> {
        let states = self.votes(async |node: &Node| {
            let newest = node.newest(&self.spec).await?;
            Ok(NodeState {
                height: newest.number.to(),
                fee_per_gas: newest.base_fee_per_gas.map_or(0, |fee| fee.to()),
            })
        });
        let states = states.await.into_iter();
        states
            .map(|state| state.map_err(|error| error.of_question()))
            .collect()
    }

    /// All nodes are asked at the same time.
    async fn votes<'a, T, F>(&'a self, ask: impl Fn(&'a Node) -> F) -> Vec<Result<T, RpcError>>
    where
        F: Future<Output = Result<T, RpcError>>,
    {
        join_all(self.nodes.iter().map(ask)).await
    }

    async fn height(&self) -> Result<u64, PortError> {
        let votes = self.votes(|node| async {
            let newest = node.newest(&self.spec).await?;
            Ok(newest.number.to::<u64>())
        });
        agree::reached(&votes.await)
    }

    /// The block at a height that a majority has.
    async fn agreed_block(&self, height: u64) -> Result<wire::Header, PortError> {
        let votes = self.votes(|node| node.header(&self.spec, Some(height)));
        let votes = votes.await;
        let hashes: Vec<Result<Option<B256>, RpcError>> = votes
            .iter()
            .map(|vote| match vote {
                Ok(header) => Ok(header.as_ref().map(|header| header.hash)),
                Err(error) => Err(error.clone()),
            })
            .collect();
        let agreed = agree::same(&hashes)?;
        let mut found = votes.into_iter().filter_map(|vote| vote.ok().flatten());
        let found = found.find(|header| Some(header.hash) == agreed);
        found.ok_or_else(|| self.odd("the nodes have no block at a height that they reached"))
    }

    async fn look(&self, hash: &str, question: Question) -> Result<TransferStatus, PortError> {
        let hash: B256 = hash
            .parse()
            .map_err(|_| PortError::give_up(PROVIDER, "this is no transaction's hash"))?;
        let votes = self.votes(|node| look::look(node, &self.spec, hash, question));
        let (height, block, effect, fee) = match agree::same(&votes.await)? {
            Look::Unknown => return Ok(TransferStatus::Unknown),
            Look::Waiting => return Ok(TransferStatus::Waiting),
            Look::Mined {
                height,
                block,
                effect,
                fee,
            } => (height, block, effect, fee),
        };
        let confirmations = (self.height().await? + 1).saturating_sub(height);
        let fee = Amount::new(self.spec.network.native(), fee);
        match effect {
            Effect::Done => Ok(TransferStatus::Mined {
                confirmations,
                block: height,
                fee,
            }),
            Effect::Nothing => Ok(TransferStatus::Failed { confirmations, fee }),
            // Neither final nor failed: it waits for people, and for as long as they take.
            Effect::Other => Err(self.odd(format!(
                "{hash} in block {block} moved something else than what was signed"
            ))),
        }
    }

    async fn prices(&self) -> Result<(u128, u128), PortError> {
        let votes = self.votes(|node| async {
            let newest = node.newest(&self.spec).await?;
            let base = newest.base_fee_per_gas;
            base.map(|fee| fee.to::<u128>())
                .ok_or_else(|| RpcError::Unusable("the chain has no EIP-1559 fees".to_owned()))
        });
        let base = agree::reached(&votes.await)?;
        let votes = self.votes(|node| async {
            let door = node.ready(&self.spec).await?;
            let tip: U128 = must(door, "eth_maxPriorityFeePerGas", json!([])).await?;
            Ok(tip.to::<u128>())
        });
        let tip = agree::reached(&votes.await)?;
        let now = base.saturating_add(tip);
        let cap = self.spec.fee_per_gas_max;
        if now > cap {
            return Err(self.odd(format!("gas costs {now}, and the operator allows {cap}")));
        }
        Ok((base, tip))
    }

    fn odd(&self, context: impl std::fmt::Display) -> PortError {
        PortError::retry(PROVIDER, format!("{}: {context}", self.spec.network)).answered()
    }
}

fn evm_address(address: &Address) -> Result<EvmAddress, String> {
    let parsed = address.as_str().parse();
    parsed.map_err(|_| format!("{address} is not an EVM address"))
}

fn evm(address: &Address) -> Result<EvmAddress, PortError> {
    evm_address(address).map_err(|context| PortError::give_up(PROVIDER, context))
}

impl Blocks for EvmChain {
    type Id = B256;
    const AGAIN: u64 = 32;
    const MORE: u64 = 16;

    async fn height(&self) -> Result<u64, PortError> {
        Self::height(self).await
    }

    async fn block(&self, height: u64) -> Result<Agreed, PortError> {
        let header = self.agreed_block(height).await?;
        let at = blocks::moment(header.timestamp.to());
        Ok(Agreed {
            id: header.hash,
            at,
        })
    }

    async fn found(&self, range: (u64, u64), last: B256) -> Result<Found, PortError> {
        let votes = self.votes(|node| read::seen(node, &self.spec, range, last));
        agree::same(&votes.await)
    }

    fn passed(&self) -> &Passed {
        &self.passed
    }

    fn odd(&self, context: String) -> PortError {
        Self::odd(self, context)
    }
}

#[async_trait::async_trait]
impl Chain for EvmChain {
    fn network(&self) -> Network {
        self.spec.network
    }

    /// A deposit of a token without a contract would never be seen.
    fn carries(&self, asset: Asset) -> bool {
        asset == self.spec.network.native() || self.spec.contracts.contains_key(&asset)
    }

    fn identity(&self) -> Option<ChainIdentity> {
        Some(self.spec.identity())
    }

    fn confirmations_final(&self) -> u64 {
        self.spec.depth.usual()
    }

    fn confirmations_of(&self, amount: Amount) -> u64 {
        self.spec.depth.of(amount)
    }

    fn explorer_url(&self, hash: &str) -> String {
        let mut url = self.spec.explorer.clone();
        if let Ok(mut path) = url.path_segments_mut() {
            path.pop_if_empty().extend(["tx", hash]);
        }
        url.into()
    }

    /// By ERC-681.
    fn payment_link(&self, to: &Address, amount: Amount) -> Option<String> {
        let (chain, base) = (self.spec.chain_id, amount.base());
        if amount.asset() == self.spec.network.native() {
            return Some(format!("ethereum:{to}@{chain}?value={base}"));
        }
        let token = self.spec.contracts.get(&amount.asset())?;
        Some(format!(
            "ethereum:{token}@{chain}/transfer?address={to}&uint256={base}"
        ))
    }

    async fn refuses(
        &self,
        from: &Address,
        to: &Address,
        amount: Amount,
    ) -> Result<bool, PortError> {
        self.would_be_refused(from, to, amount).await
    }

    fn poll_interval_ms(&self) -> i64 {
        self.spec.poll_ms
    }

    async fn tip(&self) -> Result<ChainTip, PortError> {
        let height = self.height().await?;
        Ok(ChainTip { height })
    }

    async fn node_heights(&self) -> Vec<Result<u64, PortError>> {
        if self.nodes.len() < 2 {
            return Vec::new();
        }
        let states = self.nodes().await.into_iter();
        states.map(|state| state.map(|node| node.height)).collect()
    }

    async fn balance(&self, owner: &Address, asset: Asset) -> Result<Amount, PortError> {
        let height = self.height().await?;
        let account = evm(owner)?;
        let votes = if asset == self.spec.network.native() {
            let votes = self.votes(|node| async move {
                let door = node.ready(&self.spec).await?;
                let asked = json!([account, node::tag(Some(height))]);
                must::<U256>(door, "eth_getBalance", asked).await
            });
            votes.await
        } else {
            let Some(contract) = self.spec.tokens.get(&asset).copied() else {
                // What is not configured is neither bought nor sold here.
                return Ok(Amount::new(asset, 0));
            };
            let data = token::balance_call(account);
            let votes = self.votes(|node| node.call(&self.spec, contract, &data, height));
            votes.await
        };
        let base: u128 = agree::same(&votes)?
            .try_into()
            .map_err(|_| self.odd("a balance beyond all numbers"))?;
        Ok(Amount::new(asset, base))
    }

    /// With what waits in the nodes' pools: a number that is taken there is taken.
    async fn nonce(&self, owner: &Address) -> Result<u64, PortError> {
        let account = evm(owner)?;
        let votes = self.votes(|node| async move {
            let door = node.ready(&self.spec).await?;
            let asked = json!([account, "pending"]);
            let nonce: U64 = must(door, "eth_getTransactionCount", asked).await?;
            Ok(nonce.to::<u64>())
        });
        agree::reached(&votes.await)
    }

    async fn coins(&self, _owner: &Address) -> Result<Vec<Coin>, PortError> {
        Err(PortError::give_up(PROVIDER, "this network has accounts"))
    }

    /// Of a token's transfer.
    async fn fee(&self) -> Result<Amount, PortError> {
        let (base, tip) = self.prices().await?;
        let fee = u128::from(GAS_USUAL).checked_mul(base.saturating_add(tip));
        let fee = fee.ok_or_else(|| self.odd("a fee beyond all numbers"))?;
        Ok(Amount::new(self.spec.network.native(), fee))
    }

    /// Twice the present base fee: six full blocks in a row do not make it too little. Never above the cap.
    async fn form(&self, asset: Asset) -> Result<Option<Form>, PortError> {
        let native = asset == self.spec.network.native();
        let token = self.spec.contracts.get(&asset).cloned();
        if !native && token.is_none() {
            return Err(self.odd(format!("{asset} has no contract in the configuration")));
        }
        let (base, tip) = self.prices().await?;
        let most = base.saturating_mul(2).saturating_add(tip);
        let fee_per_gas_max = most.min(self.spec.fee_per_gas_max);
        Ok(Some(Form::Evm(Box::new(EvmForm {
            chain_id: self.spec.chain_id,
            gas_limit: if native {
                self.spec.gas_limit_native
            } else {
                self.spec.gas_limit_token
            },
            fee_per_gas_max,
            tip_per_gas_max: tip.min(fee_per_gas_max),
            token,
        }))))
    }

    async fn passage(
        &self,
        _from: &Address,
        _to: &Address,
        amount: Amount,
    ) -> Result<Option<Passage>, PortError> {
        let Some(Form::Evm(mut form)) = self.form(amount.asset()).await? else {
            return Ok(None);
        };
        let (base, tip) = self.prices().await?;
        if form.token.is_none() {
            form.gas_limit = GAS_NATIVE;
        }
        let least = u128::from(form.gas_limit).saturating_mul(base.saturating_add(tip));
        let form = Form::Evm(form);
        Ok(Some(Passage { form, least }))
    }

    async fn gas_price(&self) -> Result<Option<GasPrice>, PortError> {
        let (base, tip) = self.prices().await?;
        Ok(Some(GasPrice {
            block: base.saturating_add(tip),
            most: self.spec.fee_per_gas_max,
        }))
    }

    async fn broadcast(&self, signed_hex: &str) -> Result<(), PortError> {
        let bytes = format!("0x{signed_hex}");
        let votes = self.votes(|node| async {
            let door = node.ready(&self.spec).await.map_err(rpc::not_sent)?;
            rpc::tell::<B256>(door, "eth_sendRawTransaction", json!([&bytes])).await
        });
        send::outcome(votes.await, &WORDS)
    }

    async fn arrivals(&self, height: u64) -> Result<Arrivals, PortError> {
        blocks::arrivals(self, height).await
    }

    async fn transfer(&self, hash: &str) -> Result<TransferStatus, PortError> {
        self.look(hash, Question::Itself).await
    }

    async fn arrival(
        &self,
        recipient: &str,
        key: &DepositKey,
        amount: Amount,
    ) -> Result<TransferStatus, PortError> {
        let asset = amount.asset();
        let token = self.spec.tokens.get(&asset).copied();
        if token.is_none() && asset != self.spec.network.native() {
            return Err(self.odd(format!("{asset} has no contract in the configuration")));
        }
        let to = recipient
            .parse()
            .map_err(|_| PortError::give_up(PROVIDER, "the recipient is not an EVM address"))?;
        let question = Question::Output {
            index: key.index,
            token,
            to,
            amount: U256::from(amount.base()),
        };
        self.look(&key.hash, question).await
    }
}
