//! TRON: TRX, and TRC-20 tokens that the operator configured, over the HTTP API of its nodes.
//!
//! Its contracts are the EVM's, and so is what their events say. Everything around them is its own: transactions
//! in protocol buffers that end by themselves, energy and bandwidth in place of gas, and blocks that are final once
//! enough of the chain's members have built on them.

mod broadcast;
mod config;
mod cost;
mod http;
mod look;
mod node;
mod read;
mod wire;

use crate::{
    agree,
    blocks::{self, Agreed, Blocks, Found, Passed},
    evm::{
        look::{Effect, Look, Question},
        token,
    },
    rpc::RpcError,
    send::{self, Words},
};
use alloy_primitives::{Address as EvmAddress, B256, U256};
pub use config::{TronConfig, TronConfigError, TronSpec};
use cost::ENERGY_USUAL;
use futures::future::join_all;
use http::View;
use node::{Call, Node};
use proof_core::{
    Address, Asset, Network, deposit::DepositKey, money::Amount, proving::ChainIdentity,
    transfer::Form,
};
use proof_outbound::Configured;
use proof_port::{Arrivals, Chain, ChainTip, Coin, Passage, PortError, TransferStatus};

const PROVIDER: &str = "tron_chain";
/// A wallet is filled, a node becomes less busy: none of that is never. Nor is a time that is over, since what is final on
/// the chain decides about that, and not what a node says.
const WORDS: Words = Words {
    never: &["sigerror", "too_big_transaction_error"],
    known: &["dup_transaction_error"],
};

pub struct TronChain {
    nodes: Vec<Node>,
    spec: TronSpec,
    passed: Passed,
}

/// What one node says about itself.
#[derive(Clone, Debug)]
pub struct NodeState {
    pub height: u64,
    pub final_height: u64,
    /// Of a unit of energy, in base units of the native coin.
    pub energy: u64,
}

impl TronChain {
    pub fn new(doors: Vec<Configured>, spec: TronSpec) -> Self {
        Self {
            nodes: doors.into_iter().map(Node::new).collect(),
            spec,
            passed: Passed::default(),
        }
    }

    pub const fn spec(&self) -> &TronSpec {
        &self.spec
    }

    /// Whether each node is one of our chain: an error where one is not, and what is wrong with those that do not
    /// answer. They are asked again before they are believed.
    pub async fn check(&self) -> Result<Vec<PortError>, TronConfigError> {
        let votes = self.votes(|node| node.ready(&self.spec)).await;
        agree::silent(votes).map_err(|context| TronConfigError::new(format!("TRC20: {context}")))
    }

    /// How each node does, in the order of the configuration.
    pub async fn nodes(&self) -> Vec<Result<NodeState, PortError>> {
        let states = self.votes(async |node: &Node| {
            Ok(NodeState {
                height: node.newest(&self.spec, View::Newest).await?.number(),
                final_height: node.newest(&self.spec, View::Final).await?.number(),
                energy: node.prices(&self.spec).await?.energy,
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

    /// Number and time of the newest block that a majority has reached.
    async fn newest(&self, view: View) -> Result<(u64, u64), PortError> {
        let votes = self.votes(|node| async move {
            let newest = node.newest(&self.spec, view).await?;
            Ok((newest.number(), newest.time_ms()))
        });
        agree::reached(&votes.await)
    }

    async fn agreed_block(&self, view: View, height: u64) -> Result<(B256, u64), PortError> {
        let votes = self.votes(|node| async move {
            let header = node.header(&self.spec, view, Some(height)).await?;
            Ok(header.map(|header| (header.id, header.time_ms())))
        });
        let agreed = agree::same(&votes.await)?;
        agreed.ok_or_else(|| self.odd("the nodes have no block at a height that they reached"))
    }

    /// Not final before the chain itself says so, however many blocks are on top.
    async fn look(&self, hash: &str, question: Question) -> Result<TransferStatus, PortError> {
        let hash = self.hash(hash)?;
        let look = |view| async move {
            let votes = self.votes(|node| look::look(node, &self.spec, view, hash, question));
            agree::same(&votes.await)
        };
        let newest = look(View::Newest).await?;
        let (height, block, effect, fee) = match newest {
            Look::Unknown => return Ok(TransferStatus::Unknown),
            Look::Waiting => return Ok(TransferStatus::Waiting),
            Look::Mined {
                height,
                block,
                effect,
                fee,
            } => (height, block, effect, fee),
        };
        let (tip, _) = self.newest(View::Newest).await?;
        let mut confirmations = (tip + 1).saturating_sub(height);
        let bound = self.spec.depth.usual();
        if confirmations >= bound && look(View::Final).await? != newest {
            confirmations = bound - 1;
        }
        let fee = Amount::new(Network::Trc20.native(), fee);
        match effect {
            Effect::Done => Ok(TransferStatus::Mined {
                confirmations,
                block: height,
                fee,
            }),
            Effect::Nothing => Ok(TransferStatus::Failed { confirmations, fee }),
            // Neither final nor failed: it waits for people, and for as long as they take.
            Effect::Other => Err(self.odd(format!(
                "{hash:x} in block {block:x} moved something else than what was signed"
            ))),
        }
    }

    /// Whether a transfer from our wallet would come to nothing. Of coins that are not there it cannot be told.
    async fn would_be_refused(
        &self,
        from: &Address,
        to: EvmAddress,
        amount: Amount,
    ) -> Result<bool, PortError> {
        let asset = amount.asset();
        let owner = account(from)?;
        let votes = if asset == Network::Trc20.native() {
            // The chain itself takes no plain transfer to a contract.
            let votes = self.votes(|node| async move {
                let door = node.ready(&self.spec).await?;
                node::is_contract(door, to).await
            });
            votes.await
        } else {
            let Some(contract) = self.spec.tokens.get(&asset).copied() else {
                return Ok(false);
            };
            let trial = (owner, contract, &transfer_call(to, amount));
            let votes = self.votes(|node| async move {
                let (energy, comes_to_nothing) = self.tried(node, trial).await?;
                Ok(comes_to_nothing || energy > self.spec.energy_limit_token)
            });
            votes.await
        };
        // A wallet that lacks the coins is refused, too: asked after the "no", since one that had them before may have
        // sent them meanwhile.
        Ok(agree::same(&votes)? && self.balance(from, asset).await?.base() >= amount.base())
    }

    fn hash(&self, text: &str) -> Result<B256, PortError> {
        let no_hash = |_| PortError::give_up(PROVIDER, "this is no transaction's hash");
        text.parse().map_err(no_hash)
    }

    fn odd(&self, context: impl std::fmt::Display) -> PortError {
        PortError::retry(PROVIDER, format!("TRC20: {context}")).answered()
    }
}

fn transfer_call(to: EvmAddress, amount: Amount) -> Call {
    let data = token::transfer_call(to, U256::from(amount.base()));
    Call::new("transfer(address,uint256)", &data)
}

fn account(address: &Address) -> Result<EvmAddress, PortError> {
    let account = address.tron_account().map(EvmAddress::from);
    account.ok_or_else(|| PortError::give_up(PROVIDER, format!("{address} is not on TRON")))
}

impl Blocks for TronChain {
    type Id = B256;
    const AGAIN: u64 = 32;
    const MORE: u64 = 16;

    async fn height(&self) -> Result<u64, PortError> {
        Ok(self.newest(View::Newest).await?.0)
    }

    async fn block(&self, height: u64) -> Result<Agreed, PortError> {
        let (id, time_ms) = self.agreed_block(View::Newest, height).await?;
        let at = blocks::moment(time_ms / 1_000);
        Ok(Agreed { id, at })
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
impl Chain for TronChain {
    fn network(&self) -> Network {
        Network::Trc20
    }

    /// A deposit of a token without a contract would never be seen.
    fn carries(&self, asset: Asset) -> bool {
        asset == Network::Trc20.native() || self.spec.contracts.contains_key(&asset)
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

    /// The usual explorer's pages are behind a fragment.
    fn explorer_url(&self, hash: &str) -> String {
        let mut url = self.spec.explorer.clone();
        url.set_fragment(Some(&format!("/transaction/{hash}")));
        url.into()
    }

    async fn refuses(
        &self,
        from: &Address,
        to: &Address,
        amount: Amount,
    ) -> Result<bool, PortError> {
        self.would_be_refused(from, account(to)?, amount).await
    }

    fn poll_interval_ms(&self) -> i64 {
        self.spec.poll_ms
    }

    async fn tip(&self) -> Result<ChainTip, PortError> {
        let (height, _) = self.newest(View::Newest).await?;
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
        let owner = account(owner)?;
        if asset == Network::Trc20.native() {
            let votes = self.votes(|node| node.balance(&self.spec, owner));
            let base = agree::same(&votes.await)?;
            return Ok(Amount::new(asset, base.into()));
        }
        let Some(contract) = self.spec.tokens.get(&asset).copied() else {
            // What is not configured is neither bought nor sold here.
            return Ok(Amount::new(asset, 0));
        };
        let votes = self.votes(|node| node.token_balance(&self.spec, contract, owner));
        let base: u128 = agree::same(&votes.await)?
            .try_into()
            .map_err(|_| self.odd("a balance beyond all numbers"))?;
        Ok(Amount::new(asset, base))
    }

    /// The chain counts no transfers: this is its clock, in milliseconds, which numbers ours.
    async fn nonce(&self, _owner: &Address) -> Result<u64, PortError> {
        let (_, time_ms) = self.newest(View::Newest).await?;
        Ok(time_ms)
    }

    async fn coins(&self, _owner: &Address) -> Result<Vec<Coin>, PortError> {
        Err(PortError::give_up(PROVIDER, "this network has accounts"))
    }

    /// Of a token's transfer.
    async fn fee(&self) -> Result<Amount, PortError> {
        let prices = self.prices().await?;
        let energy = prices
            .energy
            .saturating_mul(ENERGY_USUAL.min(self.spec.energy_limit_token));
        let fee = self.allowed(energy.saturating_add(self.burn(prices, false)))?;
        Ok(Amount::new(Network::Trc20.native(), fee.into()))
    }

    async fn form(&self, asset: Asset) -> Result<Option<Form>, PortError> {
        let token = self.contract(asset)?;
        let prices = self.prices().await?;
        let fee_limit = match &token {
            None => 0,
            Some(_) => prices.energy.saturating_mul(self.spec.energy_limit_token),
        };
        let burn_max = self.burn(prices, token.is_none());
        let form = self.written(token, (fee_limit, burn_max)).await?;
        Ok(Some(form))
    }

    async fn passage(
        &self,
        from: &Address,
        to: &Address,
        amount: Amount,
    ) -> Result<Option<Passage>, PortError> {
        self.between((from, to), amount).await.map(Some)
    }

    async fn broadcast(&self, signed_hex: &str) -> Result<(), PortError> {
        let votes = self.votes(|node| broadcast::send(node, &self.spec, signed_hex));
        send::outcome(votes.await, &WORDS)
    }

    async fn arrivals(&self, height: u64) -> Result<Arrivals, PortError> {
        blocks::arrivals(self, height).await
    }

    async fn transfer(&self, hash: &str) -> Result<TransferStatus, PortError> {
        self.look(hash, Question::Itself).await
    }

    async fn expired(&self, hash: &str, form: &Form) -> Result<bool, PortError> {
        let Form::Tron(form) = form else {
            return Ok(false);
        };
        let hash = self.hash(hash)?;
        // Asked for most of the time while there is plenty of time left.
        let (_, final_ms) = self.newest(View::Final).await?;
        if final_ms <= form.expires_ms {
            return Ok(false);
        }
        let votes = self.votes(|node| look::expired(node, &self.spec, hash, form));
        agree::same(&votes.await)
    }

    async fn arrival(
        &self,
        recipient: &str,
        key: &DepositKey,
        amount: Amount,
    ) -> Result<TransferStatus, PortError> {
        self.contract(amount.asset())?;
        let token = self.spec.tokens.get(&amount.asset()).copied();
        let to = Address::parse(Network::Trc20, recipient)
            .map_err(|error| PortError::give_up(PROVIDER, error))?;
        let question = Question::Output {
            index: key.index,
            token,
            to: account(&to)?,
            amount: U256::from(amount.base()),
        };
        self.look(&key.hash, question).await
    }
}
