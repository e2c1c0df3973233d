//! Whole orders through HTTP with TRON's adapter in the simulated chain's place: nothing about them is different.

use super::{
    CONFIRMATIONS, FRIEND, TRX, address, asset, chain, config,
    front::{Chain as World, Front, Vice},
    on_anvil, on_tron, rules,
};
use crate::{
    buyer::{Buyer, GOOD_CARD},
    clock::FastClock,
    evm::{Real, anvil::Mood},
    kit::{App, SHOP},
    sell::start,
};
use proof_core::{
    Asset, Clock, Fiat, Network,
    audit::Author,
    money::Amount,
    partner::{Environment, Origin, PartnerType, SellPolicy},
    proving::{Leg, Proving},
};
use proof_engine::{ColdStorage, PartnerCreate, PartnerCreated};
use proof_signer::Limits;
use std::{sync::Arc, time::Duration};
use tokio::{sync::Mutex, task::JoinHandle};

const REFUND: &str = "TMVQGm1qAQYVdetCeGRRkTWYYrLXuHK2HC";
const TEST: Environment = Environment::Test;
const TRC20: Network = Network::Trc20;
/// Blocks come this often; on the fast clock that is four seconds.
const BLOCK_MS: u64 = 100;

/// A ramp on a node of its own, whose blocks come by the ramp's clock.
pub struct Ramp {
    pub app: App,
    pub world: Arc<World>,
    pub front: Front,
    miner: JoinHandle<()>,
    /// Held while no block may come.
    pub blocks: Arc<Mutex<()>>,
    partner: PartnerCreated,
}

impl Drop for Ramp {
    fn drop(&mut self) {
        self.miner.abort();
    }
}

impl Ramp {
    pub async fn open() -> Option<Self> {
        Self::made(None).await
    }

    /// What is above so much is moved to the account that everything comes from.
    pub async fn cold(storage: ColdStorage) -> Option<Self> {
        Self::made(Some(storage)).await
    }

    async fn made(storage: Option<ColdStorage>) -> Option<Self> {
        let world = World::start().await?;
        let front = Front::start(&world).await;
        let spec = config(&world).read().unwrap();
        let real = Real {
            cold: storage.map(|storage| (address(&on_tron(&world.anvil.rich)), storage)),
            rules: rules(&spec),
            limits: Limits::new(),
            chain: Arc::new(chain(&[&front], spec)),
        };
        let app = App::sqlite_on(Some(real)).await;
        let partner = partner(&app).await;
        let blocks = Arc::new(Mutex::new(()));
        let ramp = Self {
            miner: mining(&world, &app.clock, &blocks),
            app,
            world,
            front,
            blocks,
            partner,
        };
        ramp.fund().await;
        Some(ramp)
    }

    /// The owner puts coins into the hot wallet, and books them.
    async fn fund(&self) {
        let engine = &self.app.app.engine;
        let wallet = engine.hot_wallet(TEST, TRC20).await.unwrap();
        let (anvil, to) = (&self.world.anvil, on_anvil(wallet.as_str()));
        let (coins, trx) = (1_000_000_000, 1_000 * TRX);
        anvil.send_native(&to, trx).await;
        anvil.send_token(&anvil.usdt, &to, coins).await;
        // Deeper than what is read again: it is booked here, by hand.
        anvil.mine(40).await;
        for (ticker, base) in [("TRX", trx), ("USDT", coins)] {
            let amount = Amount::new(asset(ticker), base);
            engine.treasury_fund(TEST, amount).await.unwrap();
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
        let sale = answer.json["sale"]["deposit_address"].as_str();
        let sale = sale.unwrap().to_owned();
        (seller, sale)
    }

    pub async fn there(&self, owner: &str, ticker: &str) -> u128 {
        let real = self.app.real();
        let look = || async {
            let said = real.balance(&address(owner), asset(ticker)).await;
            said.ok().map(|balance| balance.base())
        };
        self.app.until("a balance", look).await
    }

    /// What the books say of the hot wallet is what the chain says.
    pub async fn books_agree(&self) {
        let engine = &self.app.app.engine;
        let agree = || async {
            let page = engine.treasury_page(TEST).await.unwrap();
            let mut ours = page.wallets.iter().filter(|w| w.network == "TRC20");
            ours.all(|wallet| wallet.agrees == Some(true)).then_some(())
        };
        self.app.until("books and chain agree", agree).await;
    }

    /// The server ends, and another one goes on with its database.
    pub async fn restart(&mut self) {
        self.app.halt().await;
        self.app.db.close().await;
        let next = self.app.reborn(&self.app.url.clone()).await;
        self.app = next;
    }

    pub async fn done(mut self) {
        self.miner.abort();
        // It may be in the middle of a block, or gone.
        let _ = (&mut self.miner).await;
        self.app.halt().await;
    }
}

fn mining(world: &Arc<World>, clock: &Arc<FastClock>, blocks: &Arc<Mutex<()>>) -> JoinHandle<()> {
    let (anvil, clock, blocks) = (
        Arc::clone(&world.anvil),
        Arc::clone(clock),
        Arc::clone(blocks),
    );
    tokio::spawn(async move {
        loop {
            tokio::time::sleep(Duration::from_millis(BLOCK_MS)).await;
            let _held = blocks.lock().await;
            let seconds = clock.now().micros() / 1_000_000;
            anvil.mine_at(u64::try_from(seconds).unwrap()).await;
        }
    })
}

async fn partner(app: &App) -> PartnerCreated {
    let pairs: Vec<Asset> = ["USDT", "TRX"].map(asset).into();
    let friend = address(FRIEND);
    let request = PartnerCreate {
        name: "real".to_owned(),
        kind: PartnerType::Treasury,
        contact_email: "ops@example.com".to_owned(),
        origins: vec![Origin::parse(SHOP).unwrap()],
        wallets: pairs.iter().map(|pair| (*pair, friend.clone())).collect(),
        pairs,
        sell: Some(SellPolicy::default()),
        fiats: vec![Fiat::Eur],
        webhook_url: None,
        redirect_url: None,
    };
    let engine = &app.app.engine;
    engine
        .partner_create(Author::machine(), request)
        .await
        .unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn bought_crypto_arrives_on_tron_also_after_a_re_org_and_a_lost_answer() {
    let Some(ramp) = Ramp::open().await else {
        return;
    };
    for (ticker, amount, base, vice) in [
        ("USDT", "100", 100 * TRX, Vice::TakesAndBreaks),
        ("TRX", "200", 200 * TRX, Vice::None),
    ] {
        ramp.front.is(vice);
        let buyer = ramp.user("buy", ticker, amount).await;
        assert_eq!(buyer.pay(GOOD_CARD).await.status, 200);
        let seen = || async {
            let view = buyer.view().await;
            let count = view["transfer"]["confirmations"].as_u64();
            (count.unwrap_or(0) >= 1).then_some(view)
        };
        let seen = ramp.app.until("a confirmation", seen).await;
        ramp.front.is(Vice::None);
        let hash = seen["transfer"]["hash"].as_str().unwrap().to_owned();
        if ticker == "USDT" {
            ramp.world.anvil.reorg(2).await;
        }
        let view = buyer.until_step("completed").await;
        assert_eq!(view["transfer"]["hash"], hash.as_str());
        assert!(view["transfer"]["confirmations"].as_u64().unwrap() >= CONFIRMATIONS);
        let page = view["transfer"]["explorer_url"].as_str().unwrap();
        assert_eq!(
            page,
            format!("https://nile.tronscan.org/#/transaction/{hash}")
        );
        assert_eq!(ramp.there(FRIEND, ticker).await, base);
    }
    ramp.books_agree().await;
    ramp.done().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn sold_crypto_is_watched_on_tron_and_goes_back_where_a_bank_refuses() {
    let Some(ramp) = Ramp::open().await else {
        return;
    };
    let anvil = &ramp.world.anvil;
    let (seller, deposit) = ramp.seller("USDT", "100", GOOD_CARD).await;
    let to = on_anvil(&deposit);
    anvil.send_token(&anvil.usdt, &to, 60_000_000).await;
    let parts = |wanted: bool| {
        let seller = &seller;
        move || async move {
            let view = seller.view().await;
            (view["sale"]["deposits"][0].is_object() == wanted).then_some(())
        }
    };
    ramp.app.until("a part is seen", parts(true)).await;
    // What was seen is gone; it is awaited again, and comes again.
    anvil.reorg(6).await;
    ramp.app.until("the part is gone", parts(false)).await;
    anvil.send_token(&anvil.usdt, &to, 60_000_000).await;
    anvil.send_token(&anvil.usdt, &to, 40_000_000).await;
    let view = seller.until_step("completed").await;
    assert_eq!(view["sale"]["deposits"].as_array().unwrap().len(), 2);
    assert_eq!(ramp.there(&deposit, "USDT").await, 100_000_000);

    let (seller, deposit) = ramp.seller("USDT", "50", "4000000000009995").await;
    let to = on_anvil(&deposit);
    anvil.send_token(&anvil.usdt, &to, 50_000_000).await;
    let view = seller.until_step("failed").await;
    assert_eq!(view["failure"]["code"], "returned");
    assert_eq!(ramp.there(REFUND, "USDT").await, 50_000_000);
    ramp.books_agree().await;
    ramp.done().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_tron_refuses_goes_back_to_the_card_and_a_kept_fee_ends_no_order() {
    let Some(ramp) = Ramp::open().await else {
        return;
    };
    let anvil = &ramp.world.anvil;
    // Told before the card's money is taken, or known only by its block.
    for (mood, moved) in [(Mood::ReturnsFalse, false), (Mood::RevertsInBlocks, true)] {
        anvil.feel(mood).await;
        let buyer = ramp.user("buy", "USDT", "100").await;
        assert_eq!(buyer.pay(GOOD_CARD).await.status, 200);
        let view = buyer.until_step("failed").await;
        assert_eq!(view["failure"]["money_moved"], moved, "{view}");
    }
    assert_eq!(ramp.there(FRIEND, "USDT").await, 0);
    // Also what the refusal burnt.
    ramp.books_agree().await;
    anvil.feel(Mood::TakesFee).await;
    let refunds = ramp.app.outside.calls_of("/refund");
    let buyer = ramp.user("buy", "USDT", "100").await;
    assert_eq!(buyer.pay(GOOD_CARD).await.status, 200);
    let arrived = || async { (ramp.there(FRIEND, "USDT").await == 99_000_000).then_some(()) };
    ramp.app.until("a part of it arrives", arrived).await;
    let height = anvil.height().await;
    let later = || async { (anvil.height().await > height + 2 * CONFIRMATIONS).then_some(()) };
    ramp.app.until("it would be final long ago", later).await;
    let view = buyer.view().await;
    let ended = view["step"] == "completed" || view["step"] == "failed";
    assert!(!ended, "{view}");
    assert_eq!(ramp.app.outside.calls_of("/refund"), refunds);
    ramp.done().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_transfer_that_no_block_takes_is_paid_back_once_its_time_is_over() {
    let Some(ramp) = Ramp::open().await else {
        return;
    };
    let buyer = ramp.user("buy", "USDT", "100").await;
    ramp.front.is(Vice::Swallows);
    assert_eq!(buyer.pay(GOOD_CARD).await.status, 200);
    let signed = || async {
        let view = buyer.view().await;
        view["transfer"]["hash"].as_str().map(str::to_owned)
    };
    let hash = ramp.app.until("it is signed", signed).await;
    ramp.app.clock.skip(3 * 3_600);
    let height = ramp.world.anvil.height().await;
    let later = || async { (ramp.world.anvil.height().await > height + 20).then_some(()) };
    ramp.app.until("blocks", later).await;
    assert_eq!(ramp.app.outside.calls_of("/refund"), 0, "its time runs");
    ramp.app.clock.skip(2 * 3_600);
    let view = buyer.until_step("failed").await;
    assert_eq!(view["failure"]["money_moved"], true, "{view}");
    assert_eq!(ramp.app.outside.calls_of("/refund"), 1);
    // Whoever kept the bytes can do nothing with them.
    let promised = proof_port::Signer::promises(&*ramp.app.signer, None).await;
    let promised = promised.unwrap();
    let mut given = promised.iter().flat_map(|promised| &promised.signed);
    let given = given.find(|given| given.signed.hash == hash).unwrap();
    ramp.front.is(Vice::None);
    let real = ramp.app.real();
    let refused = real.broadcast(&given.signed.signed_hex).await.unwrap_err();
    assert!(refused.context.contains("EXPIRATION"), "{refused}");
    assert_eq!(ramp.there(FRIEND, "USDT").await, 0);
    ramp.books_agree().await;
    ramp.done().await;
}

async fn step(ramp: &Ramp) -> Proving {
    let engine = &ramp.app.app.engine;
    loop {
        // Blocks come meanwhile: what a node could not say for a moment is asked again.
        match engine.prove_step(TEST, TRC20).await {
            Ok(proving) => return proving,
            Err(error) => {
                let code = error.code.code();
                let passes = ["provider_error", "upstream_unavailable"].contains(&code);
                assert!(passes, "{error}");
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn tron_is_proven_by_a_transfer_of_each_coin_each_way() {
    let Some(ramp) = Ramp::open().await else {
        return;
    };
    let engine = &ramp.app.app.engine;
    let begun = engine.prove_begin(TEST, TRC20, Author::machine()).await;
    let begun = begun.unwrap();
    assert_eq!(begun.legs.len(), 2);
    assert_eq!(begun.subject.adapter, "tron");
    let seen = || async {
        let proving = step(&ramp).await;
        proving.legs.iter().all(|leg| leg.seen).then_some(())
    };
    ramp.app.until("ours are seen", seen).await;
    let (anvil, to) = (&ramp.world.anvil, on_anvil(begun.address.as_str()));
    {
        let _held = ramp.blocks.lock().await;
        anvil.send_native(&to, 3_000_000).await;
        anvil.send_token(&anvil.usdt, &to, 70_000).await;
    }
    let proven = || async {
        let proving = step(&ramp).await;
        proving.proven_at.map(|_| proving)
    };
    let proven = ramp.app.until("it is proven", proven).await;
    assert!(proven.legs.iter().all(Leg::is_done));
    ramp.books_agree().await;
    ramp.done().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_proof_whose_transfers_no_block_takes_says_so_and_begins_them_again() {
    let Some(ramp) = Ramp::open().await else {
        return;
    };
    ramp.front.is(Vice::Swallows);
    let engine = &ramp.app.app.engine;
    let begun = engine.prove_begin(TEST, TRC20, Author::machine()).await;
    begun.unwrap();
    let told = |leg: &Leg| leg.out.as_ref().is_some_and(|out| out.broadcast);
    let all_told = || async {
        let proving = step(&ramp).await;
        proving.legs.iter().all(told).then_some(())
    };
    ramp.app.until("they are told", all_told).await;
    ramp.app.clock.skip(5 * 3_600);
    let over = || async {
        let said = engine.prove_step(TEST, TRC20).await.err();
        said.filter(|error| error.code.code() == "wrong_state")
    };
    let over = ramp.app.until("one is over", over).await;
    assert!(over.message.contains("No block took"), "{over}");
    // Nothing was burnt.
    let last = proof_engine::proving_of(&ramp.app.db, TEST, TRC20).await;
    let last = last.unwrap().unwrap();
    let mut legs = last.legs.iter();
    assert!(legs.any(|leg| leg.attempt == 2 && leg.out.is_none()));
    ramp.front.is(Vice::None);
    let seen = || async {
        let said = engine.prove_step(TEST, TRC20).await.ok();
        said.filter(|proving| proving.legs.iter().all(|leg| leg.sent.is_some()))
    };
    let sent = ramp.app.until("both are final", seen).await;
    assert!(sent.legs.iter().all(|leg| leg.seen));
    ramp.books_agree().await;
    ramp.done().await;
}
