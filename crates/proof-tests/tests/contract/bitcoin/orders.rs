//! Whole orders through HTTP with the adapter in the simulated chain's place: nothing about them is different.

use super::{
    CONFIRMATIONS, FRIEND, address, btc, chain,
    proxy::{Proxy, Vice},
    regtest::{BTC, Regtest},
    rules, spec,
};
use crate::{
    buyer::{Buyer, GOOD_CARD},
    clock::FastClock,
    evm::Real,
    kit::{App, SHOP},
    sell::start,
};
use proof_core::{
    Address, Asset, Clock, Fiat, Network,
    partner::{Environment, Origin, PartnerType, SellPolicy},
};
use proof_engine::{ColdStorage, PartnerCreate, PartnerCreated};
use proof_port::{Chain, Signer};
use proof_signer::Limits;
use serde_json::Value;
use std::{sync::Arc, time::Duration};
use tokio::{sync::Mutex, task::JoinHandle};

const REFUND: &str = "bc1qw508d6qejxtdg4y5r3zarvary0c5xw7kv8f3t4";
/// Blocks come this often; on the fast clock that is four seconds.
const BLOCK_MS: u64 = 100;
const TEST: Environment = Environment::Test;

/// A ramp on a node of its own, whose blocks come by the ramp's clock.
pub struct Ramp {
    pub app: App,
    pub node: Arc<Regtest>,
    pub proxy: Proxy,
    miner: JoinHandle<()>,
    /// Whether blocks take what waits. Held while nothing may happen.
    pub mines: Arc<Mutex<bool>>,
    partner: PartnerCreated,
}

impl Drop for Ramp {
    fn drop(&mut self) {
        self.miner.abort();
    }
}

/// The database under it.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum On {
    Sqlite,
    Postgres,
}

/// Tests that begin with a ramp on the database that they are told.
macro_rules! on_both_databases {
    ($($name:ident),* $(,)?) => {
        mod sqlite {
            $(#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $name() {
                super::$name(super::On::Sqlite).await;
            })*
        }

        mod postgres {
            $(#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $name() {
                super::$name(super::On::Postgres).await;
            })*
        }
    };
}
pub(crate) use on_both_databases;

impl Ramp {
    pub async fn open() -> Option<Self> {
        Self::on(On::Sqlite, Limits::new(), None).await
    }

    /// `None` as well where there is no such database.
    pub async fn on(on: On, limits: Limits, cold: Option<(Address, ColdStorage)>) -> Option<Self> {
        let node = Arc::new(Regtest::start().await?);
        let proxy = Proxy::start(&node.url).await;
        let real = Real {
            cold,
            rules: rules(&spec()),
            limits,
            chain: Arc::new(chain(&[&proxy.url], spec())),
        };
        let app = match on {
            On::Sqlite => App::sqlite_on(Some(real)).await,
            On::Postgres => App::postgres_on(Some(real)).await?,
        };
        let partner = partner(&app).await;
        let mines = Arc::new(Mutex::new(true));
        let ramp = Self {
            miner: mining(
                Arc::clone(&node),
                Arc::clone(&app.clock),
                Arc::clone(&mines),
            ),
            app,
            node,
            proxy,
            mines,
            partner,
        };
        ramp.fund().await;
        Some(ramp)
    }

    /// The owner puts coins into the hot wallet, and books them.
    async fn fund(&self) {
        let engine = &self.app.app.engine;
        let wallet = engine.hot_wallet(TEST, Network::Bitcoin).await.unwrap();
        self.node.send(&[(wallet.as_str(), BTC / 4); 8]).await;
        // Deeper than any re-org here.
        self.node.mine(12).await;
        let funded = engine.treasury_fund(TEST, btc(2 * BTC)).await;
        funded.unwrap();
    }

    /// A user of the partner who is verified, about to buy or sell.
    pub async fn user(&self, side: &str, amount: &str) -> Buyer<'_> {
        let what = (Network::Bitcoin.native(), amount);
        Buyer::about_to(&self.app, &self.partner, side, what).await
    }

    /// One who has the deposit address on screen.
    pub async fn seller(&self, amount: &str, card: &str) -> (Buyer<'_>, String) {
        let seller = self.user("sell", amount).await;
        let answer = start(&seller, card, REFUND).await;
        assert_eq!(answer.status, 200, "{}", answer.text);
        let sale = &answer.json["sale"];
        // A wallet would send coins of the main chain.
        assert!(sale["deposit_link"].is_null(), "{sale}");
        let address = sale["deposit_address"].as_str().unwrap().to_owned();
        (seller, address)
    }

    /// No block comes meanwhile: bitcoind does not survive one on top of what it is taking back.
    pub async fn reorg(&self, depth: u64) {
        let _held = self.mines.lock().await;
        self.node.reorg(depth).await;
    }

    pub async fn there(&self, owner: &str) -> u64 {
        let native = Network::Bitcoin.native();
        let (chain, owner) = (chain(&[&self.node.url], spec()), address(owner));
        // Blocks come meanwhile.
        let look = || async { chain.balance(&owner, native).await.ok() };
        let balance = self.app.until("a balance", look).await;
        u64::try_from(balance.base()).unwrap()
    }

    /// What the books say of the hot wallet is what the chain says.
    pub async fn books_agree(&self) {
        let engine = &self.app.app.engine;
        let agree = || async {
            let page = engine.treasury_page(TEST).await.unwrap();
            let mut ours = page.wallets.iter().filter(|w| w.network == "BITCOIN");
            ours.all(|wallet| wallet.agrees == Some(true)).then_some(())
        };
        self.app.until("books and chain agree", agree).await;
    }

    pub async fn done(mut self) {
        self.miner.abort();
        // It may be in the middle of a block, or gone.
        let _ = (&mut self.miner).await;
        self.app.halt().await;
    }
}

fn mining(node: Arc<Regtest>, clock: Arc<FastClock>, mines: Arc<Mutex<bool>>) -> JoinHandle<()> {
    tokio::spawn(async move {
        loop {
            tokio::time::sleep(Duration::from_millis(BLOCK_MS)).await;
            let takes = mines.lock().await;
            let seconds = u64::try_from(clock.now().micros() / 1_000_000).unwrap();
            if *takes {
                node.mine_at(seconds).await;
            }
        }
    })
}

async fn partner(app: &App) -> PartnerCreated {
    let pairs: Vec<Asset> = vec![Network::Bitcoin.native()];
    let request = PartnerCreate {
        name: "real".to_owned(),
        kind: PartnerType::Treasury,
        contact_email: "ops@example.com".to_owned(),
        origins: vec![Origin::parse(SHOP).unwrap()],
        wallets: pairs.iter().map(|pair| (*pair, address(FRIEND))).collect(),
        pairs,
        sell: Some(SellPolicy::default()),
        fiats: vec![Fiat::Eur],
        webhook_url: None,
        redirect_url: None,
    };
    let author = proof_core::audit::Author::machine();
    let created = app.app.engine.partner_create(author, request);
    created.await.unwrap()
}

/// As the buyer sees it, once it is another than that; a minute goes by with each look at a known one.
async fn hash_beside(buyer: &Buyer<'_>, known: Option<&str>) -> String {
    let look = || async {
        buyer.app.clock.skip(if known.is_some() { 60 } else { 0 });
        let view = buyer.view().await;
        let hash = view["transfer"]["hash"].as_str().map(str::to_owned);
        hash.filter(|hash| Some(hash.as_str()) != known)
    };
    buyer.app.until("another hash", look).await
}

async fn confirmed(buyer: &Buyer<'_>) -> Value {
    let look = || async {
        let view = buyer.view().await;
        let count = view["transfer"]["confirmations"].as_u64();
        (count.unwrap_or(0) > 0).then_some(view)
    };
    buyer.app.until("confirmations", look).await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn bought_bitcoin_arrives_on_a_node_also_after_a_lost_answer_and_a_re_org() {
    let Some(ramp) = Ramp::open().await else {
        return;
    };
    let buyer = ramp.user("buy", "0.004").await;
    ramp.proxy.is(Vice::TakesAndBreaks);
    assert_eq!(buyer.pay(GOOD_CARD).await.status, 200);
    let seen = confirmed(&buyer).await;
    let hash = seen["transfer"]["hash"].as_str().unwrap().to_owned();
    ramp.proxy.is(Vice::None);
    ramp.reorg(2).await;
    let view = buyer.until_step("completed").await;
    assert_eq!(view["transfer"]["hash"], hash.as_str());
    assert!(view["transfer"]["confirmations"].as_u64().unwrap() >= CONFIRMATIONS);
    let page = view["transfer"]["explorer_url"].as_str().unwrap();
    assert_eq!(page, format!("https://mempool.space/tx/{hash}"));
    assert_eq!(ramp.there(FRIEND).await, 400_000);
    ramp.books_agree().await;
    ramp.done().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn sold_bitcoin_is_watched_on_a_node_also_after_a_re_org_and_may_go_back() {
    let Some(ramp) = Ramp::open().await else {
        return;
    };
    let (seller, to) = ramp.seller("0.004", GOOD_CARD).await;
    // Two outputs of one transaction are two deposits.
    ramp.node
        .send(&[(&to, 100_000), (FRIEND, 1_000), (&to, 300_000)])
        .await;
    let seen = || async {
        let view = seller.view().await;
        view["sale"]["deposits"][1].is_object().then_some(())
    };
    ramp.app.until("both are seen", seen).await;
    ramp.reorg(2).await;
    let view = seller.until_step("completed").await;
    assert_eq!(view["sale"]["deposits"].as_array().unwrap().len(), 2);
    assert_eq!(ramp.there(&to).await, 400_000);
    ramp.books_agree().await;

    // The bank refuses this card: the coins go back.
    let (seller, to) = ramp.seller("0.004", "4000000000009995").await;
    ramp.node.send(&[(&to, 400_000)]).await;
    let view = seller.until_step("failed").await;
    assert_eq!(view["failure"]["code"], "returned");
    assert_eq!(ramp.there(REFUND).await, 400_000);
    ramp.books_agree().await;
    ramp.done().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_transfer_whose_fee_became_too_small_is_replaced_and_happens_once() {
    let Some(ramp) = Ramp::open().await else {
        return;
    };
    let buyer = ramp.user("buy", "0.004").await;
    *ramp.mines.lock().await = false;
    assert_eq!(buyer.pay(GOOD_CARD).await.status, 200);
    let first = hash_beside(&buyer, None).await;
    // The node estimates ten times as much from now on.
    ramp.proxy.is(Vice::Dear("0.00020000"));
    let second = hash_beside(&buyer, Some(&first)).await;
    let replaced = || async { (!ramp.node.waits(&first).await).then_some(()) };
    ramp.app.until("the first has gone", replaced).await;
    assert!(ramp.node.waits(&second).await);

    // The one with the small fee is mined although another one was signed.
    let promised = ramp.app.signer.promises(None).await.unwrap();
    let mut given = promised.iter().flat_map(|promised| &promised.signed);
    let bytes = given.find(|given| given.signed.hash == first).unwrap();
    ramp.node.mine_only(&[&bytes.signed.signed_hex]).await;
    let cheap = || async { (buyer.view().await["transfer"]["hash"] == first).then_some(()) };
    ramp.app.until("the cheap one counts", cheap).await;
    // Its block goes back; whichever is mined then, it happens once.
    ramp.reorg(1).await;
    *ramp.mines.lock().await = true;
    buyer.until_step("completed").await;
    assert_eq!(ramp.there(FRIEND).await, 400_000);
    ramp.books_agree().await;
    ramp.done().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn bitcoin_is_unproven_until_a_transfer_went_each_way() {
    let Some(ramp) = Ramp::open().await else {
        return;
    };
    let engine = &ramp.app.app.engine;
    let author = proof_core::audit::Author::machine();
    let begun = engine.prove_begin(TEST, Network::Bitcoin, author).await;
    let begun = begun.unwrap();
    assert_eq!(begun.legs.len(), 1);
    let real = ramp.app.real();
    assert!(real.spelt(&begun.address).starts_with("bcrt1q"));
    ramp.node.send(&[(begun.address.as_str(), 7_000)]).await;
    let look = || async {
        // Blocks come meanwhile: what a node could not say for a moment is asked again.
        let stepped = engine.prove_step(TEST, Network::Bitcoin).await;
        stepped.ok().filter(|proving| proving.proven_at.is_some())
    };
    let proven = ramp.app.until("it is proven", look).await;
    assert_eq!(proven.subject.adapter, "bitcoin");
    ramp.books_agree().await;
    ramp.done().await;
}
