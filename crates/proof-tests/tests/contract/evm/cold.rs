//! What the hot wallet has too much goes into cold storage, once, and what comes back from there is known.

use super::{ETHER, asset, orders::Ramp};
use crate::{
    health::alert,
    recovery::{accepted, backed_up, restored},
};
use proof_core::{
    Asset, Network,
    audit::Author,
    cold::{Band, ColdMove, ColdState},
    money::{Amount, Bps},
    partner::Environment,
};
use proof_engine::{ColdLine, ColdStorage};
use proof_port::{IntentClass, Signer};
use proof_signer::{Limit, Limits, Outflow};
use proof_store::{Failure, Tx};

const TEST: Environment = Environment::Test;

fn storage(wallets: &[(&str, u128, u128)], every_minutes: Option<u32>) -> ColdStorage {
    let band = |(ticker, ceiling, target): &(&str, u128, u128)| {
        let asset = asset(ticker);
        let band = Band {
            ceiling: Amount::new(asset, *ceiling),
            target: Amount::new(asset, *target),
        };
        (asset, band)
    };
    ColdStorage {
        bands: wallets.iter().map(band).collect(),
        share: Bps::new(100).unwrap(),
        every_minutes,
    }
}

/// The hot wallet begins with 1000 USDT and one ETH.
const USDT: (&str, u128, u128) = ("USDT", 900_000_000, 400_000_000);
const ETH: (&str, u128, u128) = ("ETH", ETHER / 2, ETHER / 5);

impl Ramp {
    async fn cold_ask(&self) -> Vec<ColdLine> {
        let engine = &self.app.app.engine;
        engine
            .cold_ask(TEST, Author::machine())
            .await
            .unwrap()
            .lines
    }

    async fn cold_preview(&self) -> Vec<ColdLine> {
        self.app.app.engine.cold_preview(TEST).await.unwrap().lines
    }

    async fn last_move(&self, of: Asset) -> Option<ColdMove> {
        let found = self.app.db.read("cold_last", move |tx: &mut Tx| {
            Box::pin(async move { Ok::<_, Failure<()>>(tx.cold_last(TEST, of).await?) })
        });
        found.await.unwrap()
    }

    async fn until_cold(&self, ticker: &str, number: u32) {
        let look = || async {
            let last = self.last_move(asset(ticker)).await?;
            assert_ne!(last.state, ColdState::Refused, "{:?}", last.why);
            (last.state == ColdState::Moved && last.number == number).then_some(())
        };
        self.app.until("it is cold", look).await;
    }

    async fn until_told(&self, ticker: &str) {
        let look = || async {
            let last = self.last_move(asset(ticker)).await?;
            last.out?.broadcast.then_some(())
        };
        self.app.until("it is on its way", look).await;
    }

    /// Of all that the signer ever signed.
    async fn signed_cold(&self) -> usize {
        let promised = self.app.signer.promises(None).await.unwrap();
        let signed = promised.iter().flat_map(|promised| &promised.signed);
        let cold = signed.filter(|given| given.intent.class == IntentClass::Cold);
        cold.count()
    }

    async fn cold_books(&self, ticker: &str) -> (u128, u128) {
        let of = |account: &str| format!("{account}:{}", asset(ticker));
        let hot = self.app.balance(&of("wallet")).await.unsigned_abs();
        (hot, self.app.balance(&of("cold")).await.unsigned_abs())
    }

    /// What came to the hot wallet is final, and the books say of cold storage that it has so much.
    async fn until_back(&self, ticker: &str, cold: u128) {
        let look = || async {
            let page = self.app.app.engine.treasury_look(TEST).await.ok()?;
            let (_, there) = self.cold_books(ticker).await;
            (there == cold && page.arrivals.is_empty()).then_some(())
        };
        self.app.until("it is back", look).await;
    }

    async fn nothing_is_found(&self) {
        self.app.clock.skip(1_800);
        let look = || async {
            let done = self.app.app.engine.reconcile(TEST).await.ok()?;
            let differs = |found: &&proof_engine::FoundListed| found.kind == "wallet_differs";
            let ours = done.open.iter().filter(differs);
            let ours: Vec<_> = ours.filter(|f| f.subject.contains("ERC20")).collect();
            assert!(ours.is_empty(), "{ours:#?}");
            Some(())
        };
        self.app.until("the night is over", look).await;
        let audited = self.app.app.engine.ledger_check().await.unwrap();
        assert_eq!(audited.mismatches_total, 0);
    }
}

fn told(lines: &[ColdLine]) -> Vec<String> {
    let told = |line: &ColdLine| {
        let amount = line.amount.as_deref().unwrap_or("-");
        format!("{} {} {amount}", line.currency, line.verdict)
    };
    lines.iter().map(told).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_above_the_ceiling_is_moved_once_and_what_comes_back_is_booked() {
    let storage = storage(&[USDT, ETH], None);
    let Some(mut ramp) = Ramp::cold(Limits::new(), storage).await else {
        return;
    };
    let wallet = ramp.app.signer.wallet(Network::Erc20).await.unwrap();
    let wallet = wallet.to_string();
    // What the owner put in was booked by hand, and is not read again.
    ramp.anvil.mine(40).await;
    let watched = ramp
        .app
        .app
        .engine
        .treasury_watch(TEST, Network::Erc20, Author::machine());
    watched.await.unwrap();
    let ready = ["ETH ready 0.80", "USDT ready 600.00"];
    assert_eq!(told(&ramp.cold_preview().await), ready);
    assert!(ramp.last_move(asset("USDT")).await.is_none(), "only shown");
    assert!(ramp.cold_ask().await.iter().all(|line| line.begun));
    let again = ramp.cold_ask().await;
    assert!(
        again
            .iter()
            .all(|line| !line.begun && line.verdict == "under_way")
    );
    // What is set aside is not sold.
    assert_eq!(ramp.cold_books("USDT").await, (400_000_000, 0));
    ramp.until_told("USDT").await;
    ramp.books_agree().await;
    ramp.restart().await;
    ramp.until_cold("USDT", 1).await;
    ramp.until_cold("ETH", 1).await;
    assert_eq!(ramp.signed_cold().await, 2);
    assert_eq!(ramp.there(&wallet, "USDT").await, 400_000_000);
    assert_eq!(ramp.cold_books("USDT").await, (400_000_000, 600_000_000));
    let (eth, cold_eth) = ramp.cold_books("ETH").await;
    assert_eq!(
        (ramp.there(&wallet, "ETH").await, cold_eth),
        (eth, ETHER / 5 * 4)
    );
    let gas = ramp.app.balance("gas:ETH/ERC20").await.unsigned_abs();
    assert!(gas > 0 && eth == ETHER / 5 - gas, "{eth} {gas}");
    let below = ["ETH below -", "USDT below -"];
    assert_eq!(told(&ramp.cold_ask().await), below);
    ramp.books_agree().await;
    ramp.nothing_is_found().await;
    let page = ramp.app.app.engine.treasury_page(TEST).await.unwrap();
    let usdt = page
        .wallets
        .iter()
        .find(|w| w.currency == "USDT" && w.network == "ERC20");
    let usdt = usdt.unwrap();
    assert_eq!(
        (&*usdt.cold, usdt.ceiling.as_deref()),
        ("600.00", Some("900.00"))
    );
    assert!(usdt.cold_address.is_some() && usdt.cold_on_chain.is_some());

    ramp.some_comes_back(&wallet).await;
    ramp.done().await;
}

impl Ramp {
    /// An operator sends some of both back, and then more than was there.
    async fn some_comes_back(&self, wallet: &str) {
        let ramp = self;
        let below = ["ETH below -", "USDT below -"];
        ramp.anvil
            .send_token(&ramp.anvil.usdt, wallet, 250_000_000)
            .await;
        ramp.anvil.send_native(wallet, ETHER / 10).await;
        ramp.until_back("USDT", 350_000_000).await;
        ramp.until_back("ETH", ETHER / 10 * 7).await;
        assert_eq!(ramp.cold_books("USDT").await.0, 650_000_000);
        assert_eq!(ramp.app.balance("suspense:USDT/ERC20").await, 0);
        assert_eq!(told(&ramp.cold_ask().await), below);
        // More than the books have there: people say whose it is.
        ramp.anvil
            .send_token(&ramp.anvil.usdt, wallet, 351_000_000)
            .await;
        let held = || async {
            let page = ramp.app.app.engine.treasury_look(TEST).await.ok()?;
            let arrival = page.arrivals.first()?;
            (arrival.state == "held").then_some(())
        };
        ramp.app.until("it is held", held).await;
        assert_eq!(ramp.cold_books("USDT").await.1, 350_000_000);
        ramp.books_agree().await;
        ramp.nothing_is_found().await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_the_signer_refuses_stays_hot_and_an_operator_sees_why() {
    let all = Limit {
        order: ETHER,
        hour: ETHER,
        day: ETHER,
    };
    let little = Limit {
        order: 599_999_999,
        hour: 700_000_000,
        day: 700_000_000,
    };
    let limits: Limits = [
        ((Outflow::Fee, Network::Erc20.native()), all),
        ((Outflow::Deliver, asset("USDT")), all),
        ((Outflow::Cold, asset("USDT")), little),
    ]
    .into();
    // By itself, every minute.
    let storage = storage(&[USDT], Some(1));
    let Some(ramp) = Ramp::cold(limits, storage).await else {
        return;
    };
    let refused = || async {
        let last = ramp.last_move(asset("USDT")).await?;
        (last.state == ColdState::Refused).then_some(last)
    };
    let first = ramp.app.until("the signer refuses it", refused).await;
    let why = "the order's limit for moves into cold storage of USDT/ERC20 would be exceeded";
    assert_eq!(first.why.as_deref(), Some(why));
    assert_eq!(ramp.cold_books("USDT").await, (1_000_000_000, 0));
    ramp.books_agree().await;
    let heard = || alert(&ramp.app, "wallet_high", "USDT/ERC20");
    let heard = ramp.app.until("people hear of it", heard).await;
    let headline =
        format!("600.00 USDT/ERC20 of the hot wallet do not get into cold storage: {why}.");
    assert_eq!(heard["headline"], headline.as_str());
    // Nobody tries it again by itself, and a person may.
    ramp.app.clock.skip(600);
    let height = ramp.anvil.height().await;
    let later = || async { (ramp.anvil.height().await > height + 20).then_some(()) };
    ramp.app.until("time goes by", later).await;
    assert_eq!(told(&ramp.cold_preview().await), ["USDT refused 600.00"]);
    assert_eq!(ramp.last_move(asset("USDT")).await.unwrap().number, 1);
    assert!(ramp.cold_ask().await[0].begun);
    let second = || async {
        let last = refused().await?;
        (last.number == 2).then_some(())
    };
    ramp.app.until("it is refused again", second).await;
    assert_eq!(ramp.signed_cold().await, 0);
    ramp.books_agree().await;
    ramp.nothing_is_found().await;
    ramp.done().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_restored_database_finds_the_move_that_it_has_forgotten_and_makes_no_second() {
    let storage = storage(&[USDT], None);
    let Some(mut ramp) = Ramp::cold(Limits::new(), storage).await else {
        return;
    };
    let wallet = ramp.app.signer.wallet(Network::Erc20).await.unwrap();
    let folder = backed_up(&ramp.app).await;
    assert!(ramp.cold_ask().await[0].begun);
    ramp.until_told("USDT").await;
    let first = ramp.last_move(asset("USDT")).await.unwrap();
    let next = restored(&ramp.app, &folder).await;
    ramp.app = next;
    let shown = accepted(&ramp.app).await;
    let named = shown.orders.iter().find(|moved| moved.order == first.id);
    assert_eq!(named.unwrap().what, "600.00 USDT/ERC20 into cold storage");
    assert!(ramp.last_move(asset("USDT")).await.is_none(), "forgotten");
    assert_eq!(told(&ramp.cold_preview().await), ["USDT forgotten 600.00"]);
    assert!(ramp.cold_ask().await[0].begun);
    ramp.until_cold("USDT", 1).await;
    let last = ramp.last_move(asset("USDT")).await.unwrap();
    let hash = |of: &ColdMove| of.out.as_ref().unwrap().hash().unwrap();
    assert_eq!((last.id, hash(&last)), (first.id, hash(&first)));
    assert_eq!(told(&ramp.cold_ask().await), ["USDT below -"]);
    assert_eq!(ramp.signed_cold().await, 1);
    assert_eq!(ramp.there(wallet.as_str(), "USDT").await, 400_000_000);
    assert_eq!(ramp.cold_books("USDT").await, (400_000_000, 600_000_000));
    ramp.books_agree().await;
    ramp.nothing_is_found().await;
    ramp.done().await;
}
