//! Bitcoin: the adapter and whole orders on a node, and nodes that are not what they should be.

mod adapter;
mod cold;
mod nodes;
mod orders;
mod proxy;
mod regtest;
mod sweep;

use super::evm::door;
use bitcoin::{Address as Script, Network as Kind, ScriptBuf};
use proof_chain::bitcoin::{BitcoinChain, BitcoinConfig, BitcoinSpec};
use proof_core::{
    Address, Network,
    id::{IntentId, OrderId},
    money::Amount,
    recovery::Epoch,
};
use proof_port::{
    Chain, Form, IntentClass, Signed, Signer, SigningIntent, UnsignedFrom, UnsignedTransfer, Whose,
};
use proof_signer::{BitcoinRules, ChainRules, LocalSigner};
use regtest::{BTC, Regtest};
use std::sync::atomic::{AtomicU64, Ordering};
use tempfile::TempDir;
use uuid::Uuid;

const CONFIRMATIONS: u64 = 3;
/// Somebody outside, with a Taproot address.
const FRIEND: &str = "bc1p0xlxvlhemja6c4dqv22uapctqupfhlxm9h8z3k2e72q4k9hcz7vqzk5jj0";
/// And one with an address of the first kind.
const OLD: &str = "1BvBMSEYstWetqTFn5Au4m4GFg7xJaNVN2";

fn address(text: &str) -> Address {
    Address::parse(Network::Bitcoin, text).unwrap()
}

/// Addresses are written as on the main chain; scripts are the same on all.
fn script(text: &str) -> ScriptBuf {
    let parsed: Script<_> = text.parse().unwrap();
    parsed
        .require_network(Kind::Bitcoin)
        .unwrap()
        .script_pubkey()
}

fn btc(base: u64) -> Amount {
    Amount::new(Network::Bitcoin.native(), base.into())
}

fn config() -> BitcoinConfig {
    BitcoinConfig {
        chain: "regtest".to_owned(),
        confirmations: CONFIRMATIONS,
        deeper: Vec::new(),
        fee_per_kvb_min: 2_000,
        fee_per_kvb_max: 100_000,
        explorer: "https://mempool.space".parse().unwrap(),
        poll_ms: 1_000,
    }
}

fn spec() -> BitcoinSpec {
    config().read().unwrap()
}

fn chain(urls: &[&str], spec: BitcoinSpec) -> BitcoinChain {
    BitcoinChain::new(urls.iter().map(|url| door(url)).collect(), spec)
}

fn rules(spec: &BitcoinSpec) -> ChainRules {
    ChainRules::Bitcoin(BitcoinRules {
        chain_id: spec.chain_id(),
        fee_max: spec.fee_max(),
    })
}

/// An adapter, a signer, and a node of their own.
struct Bench {
    node: Regtest,
    chain: BitcoinChain,
    signer: LocalSigner,
    wallet: Address,
    orders: AtomicU64,
    _dir: TempDir,
}

impl Bench {
    /// With a hot wallet of a few coins.
    async fn start() -> Option<Self> {
        let node = Regtest::start().await?;
        let dir = tempfile::tempdir().unwrap();
        let signer = LocalSigner::open(dir.path(), [7; 32]).unwrap();
        let signer = signer.with_rules([(Network::Bitcoin, rules(&spec()))].into());
        let wallet = signer.wallet(Network::Bitcoin).await.unwrap();
        node.send(&[(wallet.as_str(), BTC); 12]).await;
        node.mine(CONFIRMATIONS).await;
        Some(Self {
            chain: chain(&[&node.url], spec()),
            node,
            signer,
            wallet,
            orders: AtomicU64::new(1),
            _dir: dir,
        })
    }

    /// A delivery of a new order from one coin, as the engine would plan it.
    async fn planned(&self, to: &str, base: u64) -> SigningIntent {
        let n = u128::from(self.orders.fetch_add(1, Ordering::Relaxed));
        let (order, recipient) = (OrderId::from_uuid(Uuid::from_u128(n)), address(to));
        let registered = self
            .signer
            .register(Epoch::FIRST, order, &recipient, Whose::User);
        registered.await.unwrap();
        let mut coins = self.chain.coins(&self.wallet).await.unwrap();
        coins.truncate(1);
        let form = self.chain.form(Network::Bitcoin.native()).await.unwrap();
        let Some(Form::Bitcoin(form)) = form else {
            panic!("a form of another network");
        };
        let fee = form.fee(&coins, &recipient, base.into()).unwrap();
        SigningIntent {
            intent: IntentId::from_uuid(Uuid::from_u128(n)),
            class: IntentClass::Deliver,
            order,
            transfer: UnsignedTransfer {
                sender: self.wallet.clone(),
                recipient,
                amount: btc(base),
                from: UnsignedFrom::Coins(coins),
                fee: Amount::new(Network::Bitcoin.native(), fee),
                form: Some(Form::Bitcoin(form)),
            },
        }
    }

    async fn signed(&self, to: &str, base: u64) -> Signed {
        let intent = self.planned(to, base).await;
        self.signer.sign(Epoch::FIRST, &intent).await.unwrap()
    }

    /// The same in a block.
    async fn delivered(&self, to: &str, base: u64) -> Signed {
        let signed = self.signed(to, base).await;
        self.chain.broadcast(&signed.signed_hex).await.unwrap();
        self.node.mine(1).await;
        signed
    }

    async fn balance(&self, owner: &str) -> u128 {
        let native = Network::Bitcoin.native();
        let balance = self.chain.balance(&address(owner), native).await;
        balance.unwrap().base()
    }
}
