//! Real chains of the EVM kind: the adapter and whole orders on a node, and nodes that are not what they should be.

mod adapter;
mod added;
pub mod anvil;
mod cold;
mod nodes;
mod orders;
mod prove;
mod proxy;
mod sweep;

use crate::clock::FastClock;
use anvil::{Anvil, CHAIN_ID};
use proof_chain::evm::{EvmChain, EvmConfig, EvmSpec};
use proof_core::{
    Address, Asset, Network,
    id::{IntentId, OrderId},
    money::Amount,
    recovery::Epoch,
};
use proof_engine::{ColdStorage, Rails};
use proof_outbound::{Configured, HttpTransport, Outbound, Places};
use proof_port::{
    Chain, IntentClass, Signed, Signer, SigningIntent, UnsignedFrom, UnsignedTransfer, Whose,
};
use proof_server::rails::SandboxConfig;
use proof_signer::{ChainRules, EvmRules, Limits, LocalSigner};
use std::sync::{
    Arc,
    atomic::{AtomicU64, Ordering},
};
use tempfile::TempDir;
use uuid::Uuid;

/// A real chain in the place of a simulated one, and what the signer knows about it.
pub struct Real {
    pub chain: Arc<dyn Chain>,
    pub rules: ChainRules,
    /// What may leave; without any, everything.
    pub limits: Limits,
    /// Where the signer lets go what the hot wallet has too much, and how much that is.
    pub cold: Option<(Address, ColdStorage)>,
}

/// The sandbox's rails with it, and their signer.
pub fn rails(
    sandbox: &SandboxConfig,
    outbound: &Outbound,
    dir: &TempDir,
    (real, clock): (Vec<Real>, &Arc<FastClock>),
) -> (Arc<LocalSigner>, Rails) {
    let signer = LocalSigner::open(&dir.path().join("signer"), [7; 32]).unwrap();
    let rules = real
        .iter()
        .map(|real| (real.chain.network(), real.rules.clone()));
    let mut signer = signer.with_rules(rules.collect());
    if let Some(real) = real.iter().find(|real| !real.limits.is_empty()) {
        signer = signer.with_limits(real.limits.clone(), clock.clone());
    }
    let cold = real.iter().filter_map(|real| real.cold.as_ref());
    let cold = cold.map(|(address, _)| (address.network(), address.clone()));
    let signer = Arc::new(signer.with_cold(cold.collect()));
    let mut rails = sandbox.rails(outbound, signer.clone());
    let chains = &mut rails.chains;
    chains.extend(
        real.into_iter()
            .map(|real| (real.chain.network(), real.chain)),
    );
    (signer, rails)
}

pub const CONFIRMATIONS: u64 = 12;
const GWEI: u128 = 1_000_000_000;
const ETHER: u128 = 1_000_000_000 * GWEI;
/// Somebody outside.
const FRIEND: &str = "0xfB6916095ca1df60bB79Ce92cE3Ea74c37c5d359";

fn asset(ticker: &str) -> Asset {
    Asset::find(ticker, Network::Erc20).unwrap()
}

fn address(text: &str) -> Address {
    Address::parse(Network::Erc20, text).unwrap()
}

fn config(anvil: &Anvil) -> EvmConfig {
    EvmConfig {
        network: Network::Erc20,
        chain_id: CHAIN_ID,
        tokens: [
            ("USDT".to_owned(), anvil.usdt.clone()),
            ("USDC".to_owned(), anvil.usdc.clone()),
        ]
        .into(),
        confirmations: CONFIRMATIONS,
        deeper: Vec::new(),
        fee_per_gas_max: 100 * GWEI,
        gas_limit_native: 60_000,
        gas_limit_token: 150_000,
        explorer: "https://etherscan.io".parse().unwrap(),
        poll_ms: 1_000,
    }
}

pub fn door(url: &str) -> Configured {
    let transport = HttpTransport::with_places(Arc::new(Places::default())).unwrap();
    Outbound::new(Arc::new(transport)).configured("evm", url.parse().unwrap(), None)
}

fn chain(urls: &[&str], spec: EvmSpec) -> EvmChain {
    EvmChain::new(urls.iter().map(|url| door(url)).collect(), spec)
}

fn rules(spec: &EvmSpec) -> ChainRules {
    ChainRules::Evm(EvmRules {
        chain_id: spec.chain_id(),
        contracts: spec.contracts().clone(),
        fee_max: spec.fee_max(),
    })
}

/// An adapter, a signer, and a node of their own.
struct Bench {
    anvil: Anvil,
    chain: EvmChain,
    signer: LocalSigner,
    wallet: Address,
    orders: AtomicU64,
    _dir: TempDir,
}

impl Bench {
    /// With a hot wallet that has something of everything.
    async fn start() -> Option<Self> {
        let anvil = Anvil::start().await?;
        let spec = config(&anvil).read().unwrap();
        let dir = tempfile::tempdir().unwrap();
        let signer = LocalSigner::open(dir.path(), [7; 32]).unwrap();
        let signer = signer.with_rules([(Network::Erc20, rules(&spec))].into());
        let wallet = signer.wallet(Network::Erc20).await.unwrap();
        anvil.send_native(wallet.as_str(), ETHER).await;
        for token in [&anvil.usdt, &anvil.usdc] {
            anvil
                .send_token(token, wallet.as_str(), 1_000_000_000)
                .await;
        }
        anvil.mine(1).await;
        Some(Self {
            chain: chain(&[&anvil.url], spec),
            anvil,
            signer,
            wallet,
            orders: AtomicU64::new(1),
            _dir: dir,
        })
    }

    /// A delivery of a new order, as the engine would plan it.
    async fn planned(&self, ticker: &str, to: &str, base: u128) -> SigningIntent {
        let n = u128::from(self.orders.fetch_add(1, Ordering::Relaxed));
        let (order, recipient) = (OrderId::from_uuid(Uuid::from_u128(n)), address(to));
        let registered = self
            .signer
            .register(Epoch::FIRST, order, &recipient, Whose::User);
        registered.await.unwrap();
        let form = self.chain.form(asset(ticker)).await.unwrap().unwrap();
        SigningIntent {
            intent: IntentId::from_uuid(Uuid::from_u128(n)),
            class: IntentClass::Deliver,
            order,
            transfer: UnsignedTransfer {
                sender: self.wallet.clone(),
                recipient,
                amount: Amount::new(asset(ticker), base),
                from: UnsignedFrom::Nonce(self.chain.nonce(&self.wallet).await.unwrap()),
                fee: Amount::new(Network::Erc20.native(), form.fee_max().unwrap()),
                form: Some(form),
            },
        }
    }

    async fn signed(&self, ticker: &str, to: &str, base: u128) -> Signed {
        let intent = self.planned(ticker, to, base).await;
        self.signer.sign(Epoch::FIRST, &intent).await.unwrap()
    }

    /// The same in a block.
    async fn delivered(&self, ticker: &str, to: &str, base: u128) -> Signed {
        let signed = self.signed(ticker, to, base).await;
        self.chain.broadcast(&signed.signed_hex).await.unwrap();
        self.anvil.mine(1).await;
        signed
    }

    async fn balance(&self, owner: &str, ticker: &str) -> u128 {
        let balance = self.chain.balance(&address(owner), asset(ticker)).await;
        balance.unwrap().base()
    }
}
