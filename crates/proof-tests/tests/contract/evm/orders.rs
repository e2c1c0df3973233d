//! Whole orders through HTTP with the adapter in the simulated chain's place: nothing about them is different.

mod node_away;
mod node_denies;
mod taken_back;

use super::{
    CONFIRMATIONS, ETHER, FRIEND, Real, address,
    anvil::{Anvil, CHAIN_ID, Mood, number},
    asset, chain, config, rules,
};
use crate::{
    buyer::{Buyer, GOOD_CARD},
    clock::FastClock,
    health::alert,
    kit::{App, SHOP, as_partner, good_session},
    sell::start,
};
use http::Method;
use proof_chain::{depth::Deeper, evm::EvmConfig};
use proof_core::{
    Address, Asset, Clock, Fiat, Network,
    money::Amount,
    partner::{Environment, Origin, PartnerType, SellPolicy},
};
use proof_engine::{ColdStorage, PartnerCreate, PartnerCreated};
use proof_port::{Chain, Signer};
use proof_signer::{Limit, Limits, Outflow};
use serde_json::{Value, json};
use std::{sync::Arc, time::Duration};
use tokio::{sync::Mutex, task::JoinHandle};

const REFUND: &str = "0x7E5F4552091A69125d5DfCb7b8C2659029395Bdf";
/// Blocks come this often; on the fast clock that is four seconds.
const BLOCK_MS: u64 = 100;

/// A ramp on a node of its own, whose blocks come by the ramp's clock.
pub struct Ramp {
    pub app: App,
    pub anvil: Arc<Anvil>,
    miner: JoinHandle<()>,
    /// What a unit of gas costs at least, in wei; 0: what the chain says. `NO_BLOCKS`: none comes.
    pub base_fee: Arc<Mutex<u64>>,
    pub partner: PartnerCreated,
}

impl Drop for Ramp {
    fn drop(&mut self) {
        self.miner.abort();
    }
}

impl Ramp {
    pub async fn open() -> Option<Self> {
        Self::limited(Limits::new()).await
    }

    /// What its signer lets go.
    pub async fn limited(limits: Limits) -> Option<Self> {
        Self::deep(limits, Vec::new()).await
    }

    /// What is above so much USDT is moved to the account that everything comes from.
    pub async fn cold(limits: Limits, storage: ColdStorage) -> Option<Self> {
        Self::made(limits, Vec::new(), Some(storage)).await
    }

    /// And how long it waits for larger amounts.
    async fn deep(limits: Limits, deeper: Vec<Deeper>) -> Option<Self> {
        Self::made(limits, deeper, None).await
    }

    async fn made(limits: Limits, deeper: Vec<Deeper>, cold: Option<ColdStorage>) -> Option<Self> {
        let anvil = Anvil::start().await?;
        let url = anvil.url.clone();
        Some(Self::on(anvil, &url, limits, (deeper, cold)).await)
    }

    /// The same where the node is asked through something else.
    async fn on(
        anvil: Anvil,
        url: &str,
        limits: Limits,
        (deeper, cold): (Vec<Deeper>, Option<ColdStorage>),
    ) -> Self {
        let anvil = Arc::new(anvil);
        let config = EvmConfig {
            deeper,
            ..config(&anvil)
        };
        let spec = config.read().unwrap();
        let real = Real {
            cold: cold.map(|storage| (address(&anvil.rich), storage)),
            rules: rules(&spec),
            limits,
            chain: Arc::new(chain(&[url], spec)),
        };
        let app = App::sqlite_on(Some(real)).await;
        let partner = partner(&app).await;
        let base_fee = Arc::new(Mutex::new(0));
        let fee = Arc::clone(&base_fee);
        let ramp = Self {
            miner: mining(Arc::clone(&anvil), Arc::clone(&app.clock), fee),
            base_fee,
            app,
            anvil,
            partner,
        };
        ramp.fund().await;
        ramp
    }

    /// The owner puts coins into the hot wallet, and books them.
    async fn fund(&self) {
        let engine = &self.app.app.engine;
        let wallet = engine.hot_wallet(Environment::Test, Network::Erc20).await;
        let wallet = wallet.unwrap();
        let (to, coins) = (wallet.as_str(), 1_000_000_000);
        self.anvil.send_native(to, ETHER).await;
        self.anvil.send_token(&self.anvil.usdt, to, coins).await;
        self.anvil.send_token(&self.anvil.usdc, to, coins).await;
        // Deeper than any re-org here.
        self.anvil.mine(20).await;
        for (ticker, base) in [("ETH", ETHER), ("USDT", coins), ("USDC", coins)] {
            let amount = Amount::new(asset(ticker), base);
            let funded = engine.treasury_fund(Environment::Test, amount).await;
            funded.unwrap();
        }
    }

    /// A user of the partner who is verified, about to buy or sell.
    async fn user(&self, side: &str, ticker: &str, amount: &str) -> Buyer<'_> {
        let what = (asset(ticker), amount);
        Buyer::about_to(&self.app, &self.partner, side, what).await
    }

    /// One who has the deposit address on screen.
    pub async fn seller(&self, ticker: &str, amount: &str, card: &str) -> (Buyer<'_>, String) {
        let seller = self.user("sell", ticker, amount).await;
        let answer = start(&seller, card, REFUND).await;
        assert_eq!(answer.status, 200, "{}", answer.text);
        let address = answer.json["sale"]["deposit_address"].as_str().unwrap();
        let link = answer.json["sale"]["deposit_link"].as_str().unwrap();
        let base = Amount::parse(asset(ticker), amount).unwrap().base();
        let chain = format!("@{CHAIN_ID}");
        assert!(
            link.starts_with("ethereum:0x") && link.contains(&chain),
            "{link}"
        );
        let tells = |what: &str| link.contains(what);
        assert!(tells(address) && tells(&format!("={base}")), "{link}");
        let address = address.to_owned();
        (seller, address)
    }

    pub async fn there(&self, owner: &str, ticker: &str) -> u128 {
        let spec = config(&self.anvil).read().unwrap();
        let owner = Address::parse(Network::Erc20, owner).unwrap();
        let chain = chain(&[&self.anvil.url], spec);
        chain.balance(&owner, asset(ticker)).await.unwrap().base()
    }

    /// What the books say of the hot wallet is what the chain says.
    pub async fn books_agree(&self) {
        let engine = &self.app.app.engine;
        let agree = || async {
            let page = engine.treasury_page(Environment::Test).await.unwrap();
            let mut ours = page.wallets.iter().filter(|w| w.network == "ERC20");
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

const NO_BLOCKS: u64 = u64::MAX;

/// Blocks come by the ramp's clock.
pub fn mining(
    anvil: Arc<Anvil>,
    clock: Arc<FastClock>,
    base_fee: Arc<Mutex<u64>>,
) -> JoinHandle<()> {
    tokio::spawn(async move {
        loop {
            tokio::time::sleep(Duration::from_millis(BLOCK_MS)).await;
            // Held until the block is there: whoever wants no more of them waits for the one that comes.
            let base_fee = base_fee.lock().await;
            if *base_fee == NO_BLOCKS {
                continue;
            }
            if *base_fee > 0 {
                anvil.base_fee(*base_fee).await;
            }
            let seconds = clock.now().micros() / 1_000_000;
            anvil.mine_at(u64::try_from(seconds).unwrap()).await;
        }
    })
}

async fn partner(app: &App) -> PartnerCreated {
    partner_of(app, ["USDT", "USDC", "ETH"].map(asset).into()).await
}

/// One who has its crypto sent to the same address everywhere.
pub async fn partner_of(app: &App, pairs: Vec<Asset>) -> PartnerCreated {
    let friend = |pair: &Asset| Address::parse(pair.network(), FRIEND).unwrap();
    let request = PartnerCreate {
        name: "real".to_owned(),
        kind: PartnerType::Treasury,
        contact_email: "ops@example.com".to_owned(),
        origins: vec![Origin::parse(SHOP).unwrap()],
        wallets: pairs.iter().map(|pair| (*pair, friend(pair))).collect(),
        pairs,
        sell: Some(SellPolicy::default()),
        fiats: vec![Fiat::Eur],
        webhook_url: None,
        redirect_url: None,
    };
    app.app
        .engine
        .partner_create(proof_core::audit::Author::machine(), request)
        .await
        .unwrap()
}

async fn confirmed(buyer: &Buyer<'_>, at_least: u64) -> Value {
    let look = || async {
        let view = buyer.view().await;
        let count = view["transfer"]["confirmations"].as_u64();
        (count.unwrap_or(0) >= at_least).then_some(view)
    };
    buyer.app.until("confirmations", look).await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn bought_crypto_arrives_on_a_node_also_after_a_re_org() {
    let Some(ramp) = Ramp::open().await else {
        return;
    };
    for (ticker, amount, base) in [("USDT", "100", 100_000_000), ("ETH", "0.02", ETHER / 50)] {
        let buyer = ramp.user("buy", ticker, amount).await;
        assert_eq!(buyer.pay(GOOD_CARD).await.status, 200);
        let seen = confirmed(&buyer, 1).await;
        let hash = seen["transfer"]["hash"].as_str().unwrap().to_owned();
        if ticker == "USDT" {
            ramp.anvil.reorg(5).await;
        }
        let view = buyer.until_step("completed").await;
        assert_eq!(view["transfer"]["hash"], hash.as_str());
        assert!(view["transfer"]["confirmations"].as_u64().unwrap() >= CONFIRMATIONS);
        let page = view["transfer"]["explorer_url"].as_str().unwrap();
        assert_eq!(page, format!("https://etherscan.io/tx/{hash}"));
        assert_eq!(ramp.there(FRIEND, ticker).await, base);
    }
    ramp.books_agree().await;
    ramp.done().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn sold_crypto_is_watched_on_a_node_also_after_a_re_org() {
    let Some(ramp) = Ramp::open().await else {
        return;
    };
    let (seller, address) = ramp.seller("USDT", "100", GOOD_CARD).await;
    let usdt = &ramp.anvil.usdt;
    ramp.anvil.send_token(usdt, &address, 60_000_000).await;
    let seen = || async {
        let view = seller.view().await;
        let first = view["sale"]["deposits"][0].is_object();
        first.then_some(())
    };
    ramp.app.until("the first part is seen", seen).await;
    // What was seen is gone; it is awaited again, and comes again.
    ramp.anvil.reorg(6).await;
    let gone = || async {
        let view = seller.view().await;
        view["sale"]["deposits"][0].is_null().then_some(())
    };
    ramp.app.until("the first part is gone", gone).await;
    ramp.anvil.send_token(usdt, &address, 60_000_000).await;
    // A contract sends the rest, together with what is somebody else's.
    let odd = &ramp.anvil.odd;
    ramp.anvil.send_token(usdt, odd, 40_000_001).await;
    let both = [(FRIEND, 1), (address.as_str(), 40_000_000)];
    ramp.anvil.send_both(usdt, both).await;
    let view = seller.until_step("completed").await;
    assert_eq!(view["sale"]["deposits"].as_array().unwrap().len(), 2);
    assert_eq!(ramp.there(&address, "USDT").await, 100_000_000);
    ramp.books_agree().await;
    ramp.done().await;
}

/// A part counts like the whole: the money is paid out on all of them.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_a_larger_sale_is_paid_for_lies_deeper() {
    let large = Deeper {
        currency: "USDT".to_owned(),
        from: "100".to_owned(),
        confirmations: 2 * CONFIRMATIONS,
    };
    let Some(ramp) = Ramp::deep(Limits::new(), vec![large]).await else {
        return;
    };
    let usdt = &ramp.anvil.usdt;
    let (small, address) = ramp.seller("USDT", "99.99", GOOD_CARD).await;
    ramp.anvil.send_token(usdt, &address, 99_990_000).await;
    let view = small.until_step("completed").await;
    assert_eq!(depths(&view), [CONFIRMATIONS]);

    let (large, address) = ramp.seller("USDT", "100", GOOD_CARD).await;
    for part in [60_000_000, 40_000_000] {
        ramp.anvil.send_token(usdt, &address, part).await;
    }
    let usual = || async {
        let view = large.view().await;
        let deposits = view["sale"]["deposits"].as_array()?;
        let deep = |deposit: &Value| deposit["confirmations"].as_u64() > Some(CONFIRMATIONS);
        (deposits.len() == 2 && deposits.iter().all(deep)).then_some(view)
    };
    let view = ramp.app.until("as deep as a small one", usual).await;
    assert_eq!(view["step"], "confirming", "{view}");
    let view = large.until_step("completed").await;
    assert_eq!(depths(&view), [2 * CONFIRMATIONS; 2]);
    ramp.books_agree().await;
    ramp.done().await;
}

fn depths(view: &Value) -> Vec<u64> {
    let deposits = view["sale"]["deposits"].as_array().unwrap();
    let bound = |deposit: &Value| deposit["confirmations_final"].as_u64().unwrap();
    deposits.iter().map(bound).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_a_node_refuses_goes_back_to_the_card_and_what_a_bank_refuses_to_the_wallet() {
    let Some(ramp) = Ramp::open().await else {
        return;
    };
    ramp.anvil.feel(Mood::RevertsInBlocks).await;
    let buyer = ramp.user("buy", "USDT", "100").await;
    assert_eq!(buyer.pay(GOOD_CARD).await.status, 200);
    let view = buyer.until_step("failed").await;
    assert_eq!(view["failure"]["money_moved"], true, "{view}");
    assert_eq!(ramp.there(FRIEND, "USDT").await, 0);
    // Also the gas that the refusal cost.
    ramp.books_agree().await;
    ramp.anvil.feel(Mood::Good).await;
    let (seller, address) = ramp.seller("USDC", "50", "4000000000009995").await;
    let usdc = &ramp.anvil.usdc;
    ramp.anvil.send_token(usdc, &address, 50_000_000).await;
    let view = seller.until_step("failed").await;
    assert_eq!(view["failure"]["code"], "returned");
    assert_eq!(ramp.there(REFUND, "USDC").await, 50_000_000);
    ramp.books_agree().await;
    ramp.done().await;
}

/// Whether code says no is asked before the card's money is taken, and costs no gas.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_is_paid_for_what_the_network_would_refuse() {
    let Some(ramp) = Ramp::open().await else {
        return;
    };
    for mood in [Mood::Reverts, Mood::ReturnsFalse] {
        ramp.anvil.feel(mood).await;
        let buyer = ramp.user("buy", "USDT", "100").await;
        assert_eq!(buyer.pay(GOOD_CARD).await.status, 200);
        let view = buyer.until_step("failed").await;
        let (code, moved) = (&view["failure"]["code"], &view["failure"]["money_moved"]);
        assert_eq!(
            (code, moved),
            (&json!("destination_refuses"), &json!(false))
        );
    }
    ramp.anvil.feel(Mood::Good).await;
    // A contract that takes no coins; of coins that are not there nothing can be told.
    let wallet = ramp
        .app
        .app
        .engine
        .hot_wallet(Environment::Test, Network::Erc20);
    let (wallet, spec) = (wallet.await.unwrap(), config(&ramp.anvil).read().unwrap());
    let node = chain(&[&ramp.anvil.url], spec);
    for (to, ticker, base, refused) in [
        (&*ramp.anvil.odd, "ETH", 1, true),
        (FRIEND, "ETH", 1, false),
        (FRIEND, "USDT", 1, false),
        (FRIEND, "USDT", 1_000 * ETHER, false),
    ] {
        let (to, amount) = (super::address(to), Amount::new(asset(ticker), base));
        let said = node.refuses(&wallet, &to, amount).await.unwrap();
        assert_eq!(said, refused, "{base} {ticker} to {to}");
    }
    assert_eq!(ramp.there(FRIEND, "USDT").await, 0);
    ramp.books_agree().await;
    ramp.done().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_token_that_keeps_a_fee_ends_no_order() {
    let Some(ramp) = Ramp::open().await else {
        return;
    };
    ramp.anvil.feel(Mood::TakesFee).await;
    let buyer = ramp.user("buy", "USDT", "100").await;
    assert_eq!(buyer.pay(GOOD_CARD).await.status, 200);
    let arrived = || async { (ramp.there(FRIEND, "USDT").await == 99_000_000).then_some(()) };
    ramp.app.until("a part of it arrives", arrived).await;
    let height = ramp.anvil.height().await;
    let later = || async {
        let now = ramp.anvil.height().await;
        (now > height + 2 * CONFIRMATIONS).then_some(())
    };
    ramp.app.until("it would be final long ago", later).await;
    let view = buyer.view().await;
    assert!(
        view["step"] != "completed" && view["step"] != "failed",
        "{view}"
    );
    assert_eq!(ramp.app.outside.calls_of("/refund"), 0);
    // An operator sees why, at the order and in the alert.
    let (why, order) = ("moved something else than what was signed", buyer.order());
    let story = ramp.app.app.engine.order_story(order).await.unwrap();
    let trouble = story.trouble.unwrap();
    assert!(trouble.why.contains(why), "{trouble:?}");
    assert!(trouble.tries > 1, "{trouble:?}");
    ramp.app.clock.skip(3 * 3_600);
    let subject = order.to_string();
    let told = || alert(&ramp.app, "order_stuck", &subject);
    let stuck = ramp.app.until("the operator hears of it", told).await;
    assert!(stuck["headline"].as_str().unwrap().contains(why), "{stuck}");
    ramp.done().await;
}

#[tokio::test]
async fn nothing_is_sold_whose_deposit_would_not_be_seen() {
    let Some(anvil) = Anvil::start().await else {
        return;
    };
    let mut config = config(&anvil);
    config.tokens.remove("USDC");
    let spec = config.read().unwrap();
    let real = Real {
        cold: None,
        rules: rules(&spec),
        limits: Limits::new(),
        chain: Arc::new(chain(&[&anvil.url], spec)),
    };
    let app = App::sqlite_on(Some(real)).await;
    let partner = partner(&app).await;
    for (ticker, status) in [("USDC", 502), ("USDT", 200)] {
        let mut body = good_session();
        body["type"] = json!("sell");
        body["network"] = json!("ERC20");
        body["currency"] = json!(ticker);
        let body = body.to_string().into();
        let asked = as_partner(&partner, Method::POST, "/widget/session", body);
        let answer = app.call(asked).await;
        assert_eq!(answer.status, status, "{ticker}: {}", answer.text);
    }
    app.halt().await;
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

async fn hash_is(buyer: &Buyer<'_>, expected: &str) {
    let look = || async { (buyer.view().await["transfer"]["hash"] == expected).then_some(()) };
    buyer.app.until("the other hash", look).await;
}

impl Ramp {
    /// A buyer whose transfer was broadcast at a price that is far below the market by now.
    async fn outbid(&self) -> (Buyer<'_>, String) {
        let buyer = self.user("buy", "USDT", "100").await;
        *self.base_fee.lock().await = NO_BLOCKS;
        assert_eq!(buyer.pay(GOOD_CARD).await.status, 200);
        let first = hash_beside(&buyer, None).await;
        *self.base_fee.lock().await = 30_000_000_000;
        (buyer, first)
    }

    /// A block with this transaction and no other.
    async fn mine_alone(&self, signed_hex: &str) {
        let none = json!([]);
        self.anvil.call("anvil_dropAllTransactions", none).await;
        self.anvil.base_fee(1).await;
        let bytes = json!([format!("0x{signed_hex}")]);
        self.anvil.call("eth_sendRawTransaction", bytes).await;
        self.anvil.mine(1).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_transfer_whose_fee_became_too_small_is_replaced_and_happens_once() {
    let Some(ramp) = Ramp::open().await else {
        return;
    };
    let (buyer, first) = ramp.outbid().await;
    let second = hash_beside(&buyer, Some(&first)).await;
    let view = buyer.until_step("completed").await;
    assert_eq!(view["transfer"]["hash"], second.as_str());
    assert_eq!(ramp.there(FRIEND, "USDT").await, 100_000_000);

    // The one with the small fee is mined although another one was signed.
    *ramp.base_fee.lock().await = 0;
    let cheap = || async {
        let price = ramp.anvil.call("eth_gasPrice", json!([])).await;
        (number(&price) < 3_000_000_000).then_some(())
    };
    ramp.app.until("gas is cheap again", cheap).await;
    let (buyer, first) = ramp.outbid().await;
    let height = ramp.anvil.height().await;
    let dear = || async { (ramp.anvil.height().await > height).then_some(()) };
    ramp.app.until("gas is dear", dear).await;
    *ramp.base_fee.lock().await = NO_BLOCKS;
    let second = hash_beside(&buyer, Some(&first)).await;
    ramp.app.clock.stop();
    // A step that was begun ends, and with it what it hands to the node.
    tokio::time::sleep(Duration::from_millis(3 * BLOCK_MS)).await;
    let promised = ramp.app.signer.promises(None).await.unwrap();
    let mut given = promised.iter().flat_map(|promised| &promised.signed);
    let bytes = given.find(|given| given.signed.hash == first).unwrap();
    ramp.mine_alone(&bytes.signed.signed_hex).await;
    ramp.app.clock.go_on();
    hash_is(&buyer, &first).await;

    // Its block goes back, and no block takes so small a fee any more: the other one is told again.
    ramp.app.clock.stop();
    tokio::time::sleep(Duration::from_millis(3 * BLOCK_MS)).await;
    ramp.anvil.reorg(1).await;
    let none = json!([]);
    ramp.anvil.call("anvil_dropAllTransactions", none).await;
    ramp.app.clock.go_on();
    *ramp.base_fee.lock().await = 30_000_000_000;
    let view = buyer.until_step("completed").await;
    assert_eq!(view["transfer"]["hash"], second.as_str());
    assert_eq!(ramp.there(FRIEND, "USDT").await, 200_000_000);
    ramp.books_agree().await;
    ramp.done().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_order_above_the_signers_hour_waits_and_one_above_all_limits_is_paid_back() {
    let of = |order, hour| Limit {
        order,
        hour,
        day: hour * 10,
    };
    let usdt = (Outflow::Deliver, asset("USDT"));
    let usdc = (Outflow::Deliver, asset("USDC"));
    let fee = (Outflow::Fee, Network::Erc20.native());
    let limits = [
        (usdt, of(120_000_000, 150_000_000)),
        (usdc, of(ETHER, ETHER)),
        (fee, of(ETHER, ETHER)),
    ];
    let Some(ramp) = Ramp::limited(limits.into()).await else {
        return;
    };
    let first = ramp.user("buy", "USDT", "100").await;
    assert_eq!(first.pay(GOOD_CARD).await.status, 200);
    first.until_step("completed").await;
    let second = ramp.user("buy", "USDT", "100").await;
    let large = ramp.user("buy", "USDT", "130").await;
    assert_eq!(second.pay(GOOD_CARD).await.status, 200);
    assert_eq!(large.pay(GOOD_CARD).await.status, 200);
    large.until_step("failed").await;
    assert_eq!(ramp.app.outside.calls_of("/refund"), 1);

    // What has room does not wait behind it: no number is kept for what is not signed.
    let other = ramp.user("buy", "USDC", "50").await;
    assert_eq!(other.pay(GOOD_CARD).await.status, 200);
    other.until_step("completed").await;
    assert_eq!(ramp.there(FRIEND, "USDC").await, 50_000_000);
    assert!(second.view().await["transfer"].is_null());

    let order = second.order().to_string();
    ramp.app.clock.skip(31 * 60);
    let told = || alert(&ramp.app, "order_stuck", &order);
    let stuck = ramp.app.until("the operator hears of it", told).await;
    let headline = stuck["headline"].as_str().unwrap();
    let why = "An order does not get on from delivering: ";
    assert!(headline.starts_with(why), "{headline}");
    assert!(headline.contains("hour"), "{headline}");
    let story = ramp
        .app
        .app
        .engine
        .order_story(second.order())
        .await
        .unwrap();
    assert!(story.trouble.unwrap().why.contains("hour"));
    let view = second.view().await;
    assert!(view["transfer"].is_null(), "{view}");
    assert_eq!(ramp.there(FRIEND, "USDT").await, 100_000_000);
    // Time heals it.
    ramp.app.clock.skip(3_600);
    second.until_step("completed").await;
    assert_eq!(ramp.there(FRIEND, "USDT").await, 200_000_000);
    ramp.done().await;
}
