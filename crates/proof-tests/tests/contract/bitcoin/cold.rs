//! What the hot wallet has too much goes into cold storage, from coins that no order is promised, and what comes back is
//! known by the coins that it spends.

mod refill;

use super::{
    btc,
    orders::{On, Ramp, on_both_databases},
    proxy::Vice,
    regtest::{BTC, nobodys},
};
use crate::{
    buyer::GOOD_CARD,
    recovery::{accepted, backed_up, restored},
};
use bitcoin::OutPoint;
use proof_core::{
    Address, Network,
    audit::Author,
    cold::{Band, ColdMove, ColdState},
    id::DepositId,
    money::Bps,
    operator::OperatorName,
    partner::Environment,
    stray::Owned,
};
use proof_engine::{ApiError, ColdLine, ColdStorage, TreasuryArrival};
use proof_port::{IntentClass, SignedIntent, Signer};
use proof_signer::Limits;
use proof_store::{Failure, Tx};
use std::collections::BTreeSet;

const TEST: Environment = Environment::Test;

on_both_databases!(a_restored_database_finds_the_move_of_coins_that_it_has_forgotten);

/// The hot wallet begins with eight coins of a quarter. The vault has the address of those who pay in these tests, too:
/// an address alone says nothing about whose a coin was.
async fn ramp(on: On, target: u64) -> Option<Ramp> {
    ramp_with(on, target, super::address(&nobodys())).await
}

async fn ramp_with(on: On, target: u64, vault: Address) -> Option<Ramp> {
    let band = Band {
        ceiling: btc(BTC + BTC / 2),
        target: btc(target),
    };
    let storage = ColdStorage {
        bands: [(Network::Bitcoin.native(), band)].into(),
        share: Bps::new(100).unwrap(),
        every_minutes: None,
    };
    Ramp::on(on, Limits::new(), Some((vault, storage))).await
}

impl Ramp {
    async fn cold_ask(&self) -> ColdLine {
        let engine = &self.app.app.engine;
        // Blocks come meanwhile: what a node could not say for a moment is asked again.
        let asked = || async { engine.cold_ask(TEST, Author::machine()).await.ok() };
        self.app.until("a look", asked).await.lines.remove(0)
    }

    /// Where the books move meanwhile, nothing is begun by what they were.
    async fn until_begun(&self) {
        let begun = || async { self.cold_ask().await.begun.then_some(()) };
        self.app.until("it is begun", begun).await;
    }

    async fn until_seen(&self, verdict: &str) {
        let look = || async {
            let page = self.app.app.engine.cold_preview(TEST).await.ok()?;
            (page.lines[0].verdict == verdict).then_some(())
        };
        self.app.until(verdict, look).await;
    }

    async fn last_move(&self) -> Option<ColdMove> {
        let found = self.app.db.read("cold_last", move |tx: &mut Tx| {
            Box::pin(async move {
                Ok::<_, Failure<()>>(tx.cold_last(TEST, Network::Bitcoin.native()).await?)
            })
        });
        found.await.unwrap()
    }

    async fn move_told(&self) -> String {
        let look = || async {
            let out = self.last_move().await?.out?;
            out.broadcast.then(|| out.hash().unwrap())
        };
        self.app.until("it is on its way", look).await
    }

    async fn until_cold(&self) -> ColdMove {
        let look = || async {
            let last = self.last_move().await?;
            assert_ne!(last.state, ColdState::Refused, "{:?}", last.why);
            (last.state == ColdState::Moved).then_some(last)
        };
        self.app.until("it is cold", look).await
    }

    /// All that the signer ever signed of one class.
    async fn signed_as(&self, class: IntentClass) -> Vec<SignedIntent> {
        let promised = self.app.signer.promises(None).await.unwrap();
        let signed = promised.into_iter().flat_map(|promised| promised.signed);
        signed.filter(|given| given.intent.class == class).collect()
    }

    async fn books(&self, account: &str) -> u64 {
        let base = self.app.balance(&format!("{account}:BTC/BITCOIN")).await;
        u64::try_from(base.unsigned_abs()).unwrap()
    }

    /// What came to the hot wallet and is held, once there is so much of it.
    async fn held(&self, many: usize) -> Vec<TreasuryArrival> {
        let look = || async {
            let page = self.app.app.engine.treasury_look(TEST).await.ok()?;
            let all = page.arrivals.iter().all(|one| one.state == "held");
            (all && page.arrivals.len() == many).then_some(page.arrivals)
        };
        self.app.until("all is final", look).await
    }

    async fn says_cold(&self, arrival: &TreasuryArrival, by: &str) -> Result<bool, ApiError> {
        let id: DepositId = arrival.id.parse().unwrap();
        let by: OperatorName = by.parse().unwrap();
        let said = (Owned::Cold, "it is our vault's change");
        self.app.app.engine.stray_own(id, by, said).await
    }
}

fn coins(given: &[SignedIntent]) -> BTreeSet<String> {
    let coins = given
        .iter()
        .flat_map(|one| one.intent.transfer.from.coins());
    let name = |coin: &proof_port::Coin| format!("{}:{}", coin.hash, coin.index);
    coins.map(name).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn coins_above_the_ceiling_are_moved_once_and_those_that_come_back_are_known_by_name() {
    let Some(mut ramp) = ramp(On::Sqlite, BTC / 10).await else {
        return;
    };
    // What the owner put in was booked by hand, and is not read again.
    ramp.node.mine(24).await;
    let watched = ramp
        .app
        .app
        .engine
        .treasury_watch(TEST, Network::Bitcoin, Author::machine());
    watched.await.unwrap();
    // What an order is promised is not there for it, nor is its change before it is final.
    *ramp.mines.lock().await = false;
    let buyer = ramp.user("buy", "0.004").await;
    assert_eq!(buyer.pay(GOOD_CARD).await.status, 200);
    ramp.until_seen("no_coins").await;
    assert!(!ramp.cold_ask().await.begun);
    *ramp.mines.lock().await = true;
    buyer.until_step("completed").await;
    ramp.until_seen("ready").await;

    // Above what the operator allows it waits.
    *ramp.mines.lock().await = false;
    ramp.proxy.is(Vice::Dear("0.00200000"));
    ramp.until_seen("dear").await;
    ramp.proxy.is(Vice::None);
    let begun = ramp.cold_ask().await;
    assert!(begun.begun && !ramp.cold_ask().await.begun);
    let first = ramp.move_told().await;
    ramp.books_agree().await;
    ramp.again().await;
    ramp.proxy.is(Vice::Dear("0.00020000"));
    let replaced = || async {
        ramp.app.clock.skip(60);
        let hash = ramp.last_move().await?.out?.hash().unwrap();
        (hash != first && ramp.node.waits(&hash).await).then_some(hash)
    };
    let second = ramp.app.until("another one in its place", replaced).await;
    ramp.proxy.is(Vice::None);
    *ramp.mines.lock().await = true;
    let moved = ramp.until_cold().await;
    assert_eq!(moved.out.as_ref().unwrap().hash().unwrap(), second);
    let given = ramp.signed_as(IntentClass::Cold).await;
    let hashes: Vec<&str> = given.iter().map(|one| one.signed.hash.as_str()).collect();
    assert_eq!(hashes, [first.as_str(), second.as_str()]);
    let delivered = coins(&ramp.signed_as(IntentClass::Deliver).await);
    assert!(coins(&given).is_disjoint(&delivered));
    let amount = u64::try_from(moved.amount.base()).unwrap();
    let fee = u64::try_from(ramp.fee_of(&second).await).unwrap();
    assert_eq!(ramp.books("cold").await, amount);
    assert_eq!(ramp.books("wallet").await, BTC / 10 - fee);
    assert_eq!(ramp.cold_ask().await.verdict, "below");
    ramp.books_agree().await;
    ramp.comes_back((OutPoint::new(second.parse().unwrap(), 0), amount))
        .await;
    ramp.night_is_quiet_but_for(1).await;
    ramp.done().await;
}

impl Ramp {
    /// The vault sends some back, then of its change, and somebody pays from the same address.
    async fn comes_back(&self, coin: (OutPoint, u64)) {
        let (wallet, amount) = (self.wallet().await, coin.1);
        let shown = || async {
            let page = self.app.app.engine.treasury_page(TEST).await.ok()?;
            let mut ours = page.wallets.into_iter();
            ours.find(|wallet| wallet.network == "BITCOIN")?
                .cold_on_chain
        };
        let shown = self.app.until("what is in the vault", shown).await;
        assert_eq!(shown, btc(amount).to_decimal());
        let change = self.node.spend(&[coin], &[(&wallet, BTC / 4)]).await;
        let booked = || async {
            let page = self.app.app.engine.treasury_look(TEST).await.ok()?;
            let there = self.books("cold").await;
            (there == amount - BTC / 4 && page.arrivals.is_empty()).then_some(())
        };
        self.app.until("it is back", booked).await;
        assert_eq!(self.books("suspense").await, 0);
        // No move made these coins.
        self.node.spend(&[change], &[(&wallet, BTC / 5)]).await;
        self.node.send(&[(&wallet, 3 * BTC)]).await;
        let held = self.held(2).await;
        assert_eq!(self.books("suspense").await, 3 * BTC + BTC / 5);
        assert_eq!(self.books("cold").await, amount - BTC / 4);
        let small = |arrival: &&TreasuryArrival| arrival.amount == btc(BTC / 5).to_decimal();
        let change = held.iter().find(small).unwrap();
        assert!(!self.says_cold(change, "alice").await.unwrap());
        assert!(self.says_cold(change, "bob").await.unwrap());
        assert_eq!(self.books("cold").await, amount - BTC / 4 - BTC / 5);
        assert_eq!(self.books("suspense").await, 3 * BTC);
        let other = self.held(1).await.remove(0);
        let more = self.says_cold(&other, "alice").await.unwrap_err();
        assert!(more.to_string().contains("less than that in cold storage"));
        self.books_agree().await;
    }

    /// But for what people have not explained.
    async fn night_is_quiet_but_for(&self, unmatched: usize) {
        self.app.clock.skip(1_800);
        let look = || async {
            let done = self.app.app.engine.reconcile(TEST).await.ok()?;
            let mut kinds: Vec<&str> = done.open.iter().map(|found| &*found.kind).collect();
            kinds.retain(|kind| *kind == "deposit_differs" || *kind == "unmatched");
            assert_eq!(kinds, vec!["unmatched"; unmatched]);
            (done.orders > 0).then_some(())
        };
        self.app.until("the night is over", look).await;
        let audited = self.app.app.engine.ledger_check().await.unwrap();
        assert_eq!(audited.mismatches_total, 0);
    }
}

async fn a_restored_database_finds_the_move_of_coins_that_it_has_forgotten(on: On) {
    let Some(mut ramp) = ramp(on, BTC).await else {
        return;
    };
    let folder = backed_up(&ramp.app).await;
    *ramp.mines.lock().await = false;
    ramp.until_begun().await;
    let hash = ramp.move_told().await;
    let first = ramp.last_move().await.unwrap();
    ramp.app = restored(&ramp.app, &folder).await;
    let shown = accepted(&ramp.app).await;
    let named = shown.orders.iter().find(|moved| moved.order == first.id);
    let what = format!("{} BTC/BITCOIN into cold storage", btc(BTC).to_decimal());
    assert_eq!(named.unwrap().what, what);
    assert!(ramp.last_move().await.is_none(), "forgotten");
    // Its coins are nobody else's, though nothing here moves them.
    let buyer = ramp.user("buy", "0.004").await;
    assert_eq!(buyer.pay(GOOD_CARD).await.status, 200);
    let delivered = || async {
        let given = ramp.signed_as(IntentClass::Deliver).await;
        (!given.is_empty()).then_some(given)
    };
    let delivered = ramp.app.until("a delivery", delivered).await;
    ramp.until_seen("forgotten").await;
    ramp.until_begun().await;
    *ramp.mines.lock().await = true;
    let moved = ramp.until_cold().await;
    assert_eq!((moved.id, moved.number), (first.id, 1));
    assert_eq!(moved.out.unwrap().hash().unwrap(), hash);
    let given = ramp.signed_as(IntentClass::Cold).await;
    assert_eq!(given.len(), 1);
    assert!(coins(&given).is_disjoint(&coins(&delivered)));
    buyer.until_step("completed").await;
    assert_eq!(ramp.books("cold").await, BTC);
    assert_eq!(ramp.cold_ask().await.verdict, "below");
    ramp.books_agree().await;
    ramp.night_is_quiet().await;
    ramp.done().await;
}
