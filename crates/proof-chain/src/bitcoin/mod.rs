//! Bitcoin over bitcoind's JSON-RPC, without a wallet in the node.
//!
//! Several nodes may be configured. What decides about money is what a majority of them says ([`agree`]); signed bytes
//! go to all of them. A script says no chain: addresses are written as on the main one everywhere.

mod chain;
mod coins;
mod fees;
mod look;
mod node;
mod psbt;
mod read;
mod wire;

use crate::{
    agree,
    blocks::{Agreed, Blocks, Found, Passed},
    depth::{Deeper, Depth},
    rpc::RpcError,
};
use bitcoin::{
    Address as Script, BlockHash, Network as Kind, ScriptBuf, constants::genesis_block,
    hashes::Hash,
};
use futures::future::join_all;
use look::{Look, Question};
use node::Node;
use proof_core::{Address, Network, money::Amount, proving::ChainIdentity};
use proof_outbound::Configured;
use proof_port::{PortError, TransferStatus};
use std::collections::BTreeMap;
use url::Url;

const PROVIDER: &str = "bitcoin_chain";
const NETWORK: Network = Network::Bitcoin;

/// What the operator says about the chain.
#[derive(Clone, Debug)]
pub struct BitcoinConfig {
    /// `main`, `testnet4`, `signet` or `regtest`.
    pub chain: String,
    pub confirmations: u64,
    pub deeper: Vec<Deeper>,
    /// Satoshi for a thousand virtual bytes: what is offered at least, and the most that the operator allows.
    pub fee_per_kvb_min: u64,
    pub fee_per_kvb_max: u64,
    pub explorer: Url,
    pub poll_ms: i64,
}

/// It cannot be meant so.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct BitcoinConfigError(String);

/// The same, read.
#[derive(Clone, Debug)]
pub struct BitcoinSpec {
    kind: Kind,
    genesis: BlockHash,
    depth: Depth,
    fee_per_kvb_min: u64,
    fee_per_kvb_max: u64,
    explorer: Url,
    poll_ms: i64,
}

fn kind(chain: &str) -> Option<Kind> {
    match chain {
        "main" => Some(Kind::Bitcoin),
        "testnet4" => Some(Kind::Testnet4),
        "signet" => Some(Kind::Signet),
        "regtest" => Some(Kind::Regtest),
        _ => None,
    }
}

/// What names a chain of that name in a transfer's form: the first eight bytes of its first block's hash.
pub fn chain_id(chain: &str) -> Option<u64> {
    kind(chain).map(|kind| id_of(genesis_block(kind).block_hash()))
}

/// An address that a wallet of that very chain wrote, as we write it.
pub fn as_on_main(chain: &str, text: &str) -> Option<String> {
    let parsed: Script<_> = text.parse().ok()?;
    let script = parsed.require_network(kind(chain)?).ok()?.script_pubkey();
    let address = Script::from_script(&script, Kind::Bitcoin).ok()?;
    Some(address.to_string())
}

fn id_of(genesis: BlockHash) -> u64 {
    // Hashes are written the other way round.
    let mut first = [0; 8];
    for (to, from) in first.iter_mut().zip(genesis.to_byte_array().iter().rev()) {
        *to = *from;
    }
    u64::from_be_bytes(first)
}

impl BitcoinConfig {
    pub fn read(&self) -> Result<BitcoinSpec, BitcoinConfigError> {
        let bad = |text: String| BitcoinConfigError(text);
        let kind = kind(&self.chain).ok_or_else(|| {
            bad(format!(
                "{:?} is none of main, testnet4, signet, regtest",
                self.chain
            ))
        })?;
        if self.poll_ms <= 0 {
            return Err(bad("poll_ms must be above zero".to_owned()));
        }
        if self.fee_per_kvb_min == 0 || self.fee_per_kvb_max < self.fee_per_kvb_min {
            return Err(bad(
                "the lowest fee must be above zero, and not above the highest".to_owned(),
            ));
        }
        Ok(BitcoinSpec {
            kind,
            genesis: genesis_block(kind).block_hash(),
            depth: Depth::read(NETWORK, self.confirmations, &self.deeper).map_err(bad)?,
            fee_per_kvb_min: self.fee_per_kvb_min,
            fee_per_kvb_max: self.fee_per_kvb_max,
            explorer: self.explorer.clone(),
            poll_ms: self.poll_ms,
        })
    }
}

impl BitcoinSpec {
    pub fn chain_id(&self) -> u64 {
        id_of(self.genesis)
    }

    pub fn identity(&self) -> ChainIdentity {
        ChainIdentity {
            adapter: "bitcoin".to_owned(),
            chain_id: self.chain_id(),
            contracts: BTreeMap::new(),
        }
    }

    /// The most that one transfer of a few coins may cost, in satoshi: ten times a usual one at the highest rate.
    pub fn fee_max(&self) -> u128 {
        let usual = fees::form(self, self.fee_per_kvb_max).fee_usual();
        usual.unwrap_or(0).saturating_mul(10)
    }
}

pub struct BitcoinChain {
    nodes: Vec<Node>,
    spec: BitcoinSpec,
    passed: Passed<BlockHash>,
}

/// What one node says about itself.
#[derive(Clone, Debug)]
pub struct NodeState {
    pub height: u64,
    pub fee_per_kvb: u64,
}

impl BitcoinChain {
    pub fn new(doors: Vec<Configured>, spec: BitcoinSpec) -> Self {
        Self {
            nodes: doors.into_iter().map(Node::new).collect(),
            spec,
            passed: Passed::default(),
        }
    }

    pub const fn spec(&self) -> &BitcoinSpec {
        &self.spec
    }

    /// Whether each node is one of our chain: an error where one is not, and what is wrong with those that do not
    /// answer. They are asked again before they are believed.
    pub async fn check(&self) -> Result<Vec<PortError>, BitcoinConfigError> {
        let votes = self.votes(|node| node.ready(&self.spec)).await;
        agree::silent(votes).map_err(|context| BitcoinConfigError(format!("{NETWORK}: {context}")))
    }

    /// How each node does, in the order of the configuration.
    pub async fn nodes(&self) -> Vec<Result<NodeState, PortError>> {
        let states = self.votes(|node| async {
            Ok(NodeState {
                height: node.newest(&self.spec).await?,
                fee_per_kvb: fees::of_node(node, &self.spec).await?,
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
        agree::reached(&self.votes(|node| node.newest(&self.spec)).await)
    }

    /// The block at a height that a majority has.
    async fn agreed_hash(&self, height: u64) -> Result<BlockHash, PortError> {
        let votes = self.votes(|node| node.hash_at(&self.spec, height)).await;
        let agreed = agree::same(&votes)?;
        agreed.ok_or_else(|| self.odd("the nodes have no block at a height that they reached"))
    }

    async fn look(
        &self,
        hash: &str,
        question: Option<Question>,
    ) -> Result<TransferStatus, PortError> {
        let question = question.as_ref();
        let votes = self.votes(|node| look::look(node, &self.spec, hash, question));
        let (height, fee, there, young) = match agree::same(&votes.await)? {
            Look::Unknown => return Ok(TransferStatus::Unknown),
            Look::Waiting => return Ok(TransferStatus::Waiting),
            Look::Mined {
                height,
                fee,
                there,
                young,
                ..
            } => (height, fee, there, young),
        };
        let block = height;
        let deep = (self.height().await? + 1).saturating_sub(height);
        let fee = Amount::new(NETWORK.native(), fee.into());
        let confirmations = deep.saturating_sub(young);
        Ok(match (there, confirmations) {
            (false, _) => TransferStatus::Failed {
                confirmations: deep,
                fee,
            },
            (true, 0) => TransferStatus::Waiting,
            (true, _) => TransferStatus::Mined {
                confirmations,
                block,
                fee,
            },
        })
    }

    fn odd(&self, context: impl std::fmt::Display) -> PortError {
        PortError::retry(PROVIDER, format!("{NETWORK}: {context}")).answered()
    }
}

impl Blocks for BitcoinChain {
    type Id = BlockHash;
    const AGAIN: u64 = 12;
    /// A block is some megabytes.
    const MORE: u64 = 8;

    async fn height(&self) -> Result<u64, PortError> {
        Self::height(self).await
    }

    async fn block(&self, height: u64) -> Result<Agreed<BlockHash>, PortError> {
        let id = self.agreed_hash(height).await?;
        let headers = self.votes(|node| node.header(&self.spec, id)).await;
        let at = read::moment(&agree::same(&headers)?);
        Ok(Agreed { id, at })
    }

    async fn found(
        &self,
        range: (u64, u64),
        last: BlockHash,
    ) -> Result<Found<BlockHash>, PortError> {
        let votes = self.votes(|node| read::seen(node, &self.spec, range, last));
        agree::same(&votes.await)
    }

    fn passed(&self) -> &Passed<BlockHash> {
        &self.passed
    }

    fn odd(&self, context: String) -> PortError {
        Self::odd(self, context)
    }
}

/// The script that pays to an address.
fn script_of(address: &str) -> Result<ScriptBuf, PortError> {
    let none = || PortError::give_up(PROVIDER, format!("{address} is no address of Bitcoin"));
    let parsed: Script<_> = address.parse().map_err(|_| none())?;
    let checked = parsed.require_network(Kind::Bitcoin);
    Ok(checked.map_err(|_| none())?.script_pubkey())
}

/// The other way round, where there is an address that we would pay to.
fn address_of(script: &ScriptBuf) -> Option<Address> {
    let address = Script::from_script(script, Kind::Bitcoin).ok()?;
    Address::parse(NETWORK, &address.to_string()).ok()
}
