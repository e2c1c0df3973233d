//! TRON: the adapter and whole orders on nodes in its shape, and the signer's bytes as tronweb reads them.

mod adapter;
mod bytes;
mod cold;
mod encoding;
mod front;
mod nodes;
mod orders;
mod sweep;

use crate::evm::{anvil::BEGINNING, door};
use front::{Chain as World, Front, GENESIS};
use proof_chain::tron::{TronChain, TronConfig, TronSpec};
use proof_core::{
    Address, Asset, Network,
    address::tron_spelt,
    id::{IntentId, OrderId},
    money::Amount,
    recovery::Epoch,
};
use proof_port::{
    Chain, IntentClass, Signed, Signer, SigningIntent, UnsignedFrom, UnsignedTransfer, Whose,
};
use proof_signer::{ChainRules, LocalSigner, TronRules};
use std::sync::{
    Arc,
    atomic::{AtomicU64, Ordering},
};
use tempfile::TempDir;
use uuid::Uuid;

pub const CONFIRMATIONS: u64 = 12;
/// A TRX, in sun.
const TRX: u128 = 1_000_000;
/// Somebody outside.
const FRIEND: &str = "TYtYViZFo5xavdy4SixcvuGGbZMwWVV3wL";

fn asset(ticker: &str) -> Asset {
    Asset::find(ticker, Network::Trc20).unwrap()
}

fn address(text: &str) -> Address {
    Address::parse(Network::Trc20, text).unwrap()
}

/// How anvil spells it.
fn on_anvil(address: &str) -> String {
    let account = self::address(address).tron_account().unwrap();
    proof_core::address::evm_checksummed(&account)
}

/// How TRON spells what anvil has.
fn on_tron(address: &str) -> String {
    let account: alloy_primitives::Address = address.parse().unwrap();
    tron_spelt(&account.0.0)
}

fn config(world: &World) -> TronConfig {
    TronConfig {
        genesis: GENESIS.to_owned(),
        tokens: [("USDT".to_owned(), on_tron(&world.anvil.usdt))].into(),
        confirmations: CONFIRMATIONS,
        deeper: Vec::new(),
        fee_max: 5_000_000,
        energy_limit_token: 200_000,
        explorer: "https://nile.tronscan.org".parse().unwrap(),
        poll_ms: 1_000,
    }
}

fn chain(fronts: &[&Front], spec: TronSpec) -> TronChain {
    TronChain::new(fronts.iter().map(|front| door(&front.url)).collect(), spec)
}

fn rules(spec: &TronSpec) -> ChainRules {
    ChainRules::Tron(TronRules {
        contracts: spec.contracts().clone(),
        fee_max: spec.fee_max().into(),
    })
}

/// An adapter, a signer, and a node of their own.
struct Bench {
    world: Arc<World>,
    front: Front,
    chain: TronChain,
    signer: LocalSigner,
    wallet: Address,
    orders: AtomicU64,
    _dir: TempDir,
}

impl Bench {
    /// With a hot wallet that has something of everything.
    async fn start() -> Option<Self> {
        let world = World::start().await?;
        let front = Front::start(&world).await;
        let spec = config(&world).read().unwrap();
        let dir = tempfile::tempdir().unwrap();
        let signer = LocalSigner::open(dir.path(), [7; 32]).unwrap();
        let signer = signer.with_rules([(Network::Trc20, rules(&spec))].into());
        let wallet = signer.wallet(Network::Trc20).await.unwrap();
        let (anvil, to) = (&world.anvil, on_anvil(wallet.as_str()));
        anvil.send_native(&to, 1_000 * TRX).await;
        anvil.send_token(&anvil.usdt, &to, 1_000_000_000).await;
        anvil.mine(5).await;
        Some(Self {
            chain: chain(&[&front], spec),
            world,
            front,
            signer,
            wallet,
            orders: AtomicU64::new(1),
            _dir: dir,
        })
    }

    /// A delivery of a new order, as the engine would plan it.
    async fn planned(&self, ticker: &str, to: &str, base: u128) -> SigningIntent {
        let n = self.orders.fetch_add(1, Ordering::Relaxed);
        let id = Uuid::from_u128(n.into());
        let (order, recipient) = (OrderId::from_uuid(id), address(to));
        let registered = self
            .signer
            .register(Epoch::FIRST, order, &recipient, Whose::User);
        registered.await.unwrap();
        let form = self.chain.form(asset(ticker)).await.unwrap().unwrap();
        let now_ms = self.chain.nonce(&self.wallet).await.unwrap();
        SigningIntent {
            intent: IntentId::from_uuid(id),
            class: IntentClass::Deliver,
            order,
            transfer: UnsignedTransfer {
                sender: self.wallet.clone(),
                recipient,
                amount: Amount::new(asset(ticker), base),
                from: UnsignedFrom::Nonce(now_ms + n),
                fee: Amount::new(Network::Trc20.native(), form.fee_max().unwrap()),
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
        self.world.anvil.mine(1).await;
        signed
    }

    async fn balance(&self, owner: &str, ticker: &str) -> u128 {
        let balance = self.chain.balance(&address(owner), asset(ticker)).await;
        balance.unwrap().base()
    }

    /// Blocks that are so much later than the chain's beginning.
    async fn later(&self, seconds: u64) {
        self.world.anvil.mine_at(BEGINNING + seconds).await;
        self.world.anvil.mine(5).await;
    }
}
