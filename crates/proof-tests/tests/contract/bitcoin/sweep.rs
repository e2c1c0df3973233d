//! What users sold for bitcoin is brought together in the hot wallet: many addresses in one transaction, once, also
//! when a server ends or is restored in the middle.

use super::{
    Bench, CONFIRMATIONS, FRIEND, btc,
    orders::{On, Ramp, on_both_databases},
    proxy::Vice,
    regtest::BTC,
};
use crate::{
    buyer::GOOD_CARD,
    recovery::{accepted, backed_up, restored},
};
use proof_core::{
    Clock, Network,
    audit::Author,
    id::{IntentId, OrderId},
    partner::Environment,
    recovery::Epoch,
    sweep::{Sweep, SweepState},
    transfer::{BitcoinForm, DepositCoin},
};
use proof_engine::SweepLine;
use proof_port::{
    Chain, Coin, Form, IntentClass, Signer, SigningIntent, UnsignedFrom, UnsignedTransfer,
};
use proof_signer::Limits;
use proof_store::{Failure, Tx};
use std::collections::BTreeSet;
use uuid::Uuid;

const TEST: Environment = Environment::Test;

on_both_databases!(
    a_restored_server_takes_over_what_was_swept_and_sweeps_nothing_twice,
    what_was_signed_before_a_restore_and_waits_is_what_happens,
);

impl Ramp {
    /// Somebody sells for these outputs, and is paid; the order and its deposit address.
    async fn sold(&self, bases: &[u64]) -> (OrderId, String) {
        let amount = btc(bases.iter().sum()).to_decimal();
        let (seller, address) = self.seller(&amount, GOOD_CARD).await;
        let outputs: Vec<_> = bases.iter().map(|base| (address.as_str(), *base)).collect();
        self.node.send(&outputs).await;
        seller.until_step("completed").await;
        (seller.order(), address)
    }

    pub async fn wallet(&self) -> String {
        let wallet = self.app.signer.wallet(Network::Bitcoin).await.unwrap();
        wallet.to_string()
    }

    async fn ask(&self) -> Vec<SweepLine> {
        let engine = &self.app.app.engine;
        // Blocks come meanwhile: what a node could not say for a moment is asked again.
        let asked = || async { engine.sweep_ask(TEST, Author::machine()).await.ok() };
        self.app.until("a look", asked).await.lines
    }

    async fn preview(&self) -> Vec<String> {
        let engine = &self.app.app.engine;
        let asked = || async { engine.sweep_preview(TEST).await.ok() };
        verdicts(&self.app.until("a look", asked).await.lines)
    }

    async fn sweeps(&self, order: OrderId) -> Vec<Sweep> {
        let found = self.app.db.read("sweeps", move |tx: &mut Tx| {
            Box::pin(async move { Ok::<_, Failure<()>>(tx.sweep_of_order(order, 10).await?) })
        });
        found.await.unwrap()
    }

    /// The sweep that has the transfer.
    async fn leading(&self, orders: &[OrderId]) -> Option<Sweep> {
        for order in orders {
            let last = self.sweeps(*order).await.pop()?;
            assert_ne!(last.state, SweepState::Refused);
            if last.out.is_some() {
                return Some(last);
            }
        }
        None
    }

    async fn told(&self, orders: &[OrderId]) -> String {
        let told = || async {
            let out = self.leading(orders).await?.out?;
            out.broadcast.then(|| out.hash().unwrap())
        };
        self.app.until("it is on its way", told).await
    }

    async fn until_swept(&self, orders: &[OrderId]) -> Sweep {
        let look = || async {
            let mut all = Vec::new();
            for order in orders {
                all.push(self.sweeps(*order).await.pop()?.state);
            }
            assert!(!all.contains(&SweepState::Refused), "{all:?}");
            all.iter()
                .all(|state| *state == SweepState::Swept)
                .then_some(())
        };
        self.app.until("all are swept", look).await;
        self.leading(orders).await.unwrap()
    }

    /// The hashes that the signer gave for this order's coins.
    async fn signed(&self, order: OrderId) -> Vec<String> {
        let promised = self.app.signer.promised(order).await.unwrap();
        let sweeps = promised.signed.into_iter();
        let sweeps = sweeps.filter(|given| given.intent.class == IntentClass::Sweep);
        sweeps.map(|given| given.signed.hash).collect()
    }

    async fn booked(&self, order: OrderId) -> i128 {
        let key = format!("deposit:{order}:BTC/BITCOIN");
        self.app.balance(&key).await
    }

    pub async fn fee_of(&self, hash: &str) -> u128 {
        let chain = self.app.real();
        let look = || async {
            match chain.transfer(hash).await.ok()? {
                proof_port::TransferStatus::Mined { fee, .. } => Some(fee.base()),
                _ => None,
            }
        };
        self.app.until("a fee", look).await
    }

    /// The server ends, and another one goes on with its database.
    pub async fn again(&mut self) {
        self.app.halt().await;
        self.app.db.close().await;
        self.app = self.app.reborn(&self.app.url.clone()).await;
    }

    /// The nightly comparison finds nothing about deposit addresses, nor anything that nobody expects.
    pub async fn night_is_quiet(&self) {
        self.app.clock.skip(1_800);
        let engine = &self.app.app.engine;
        let look = || async {
            let done = engine.reconcile(TEST).await.ok()?;
            let mut open = done.open;
            open.retain(|found| found.kind == "deposit_differs" || found.kind == "unmatched");
            assert!(open.is_empty(), "{open:#?}");
            (done.orders > 0).then_some(())
        };
        self.app.until("the night is over", look).await;
    }
}

fn verdicts(lines: &[SweepLine]) -> Vec<String> {
    lines.iter().map(|line| line.verdict.clone()).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn many_addresses_are_emptied_by_one_transaction_through_a_restart_and_a_re_org() {
    let Some(mut ramp) = Ramp::open().await else {
        return;
    };
    // One of them has two coins, one of which costs more than its share.
    let (first, _) = ramp.sold(&[100_000, 300_000]).await;
    let (second, small) = ramp.sold(&[399_000, 1_000]).await;
    let (seller, at) = ramp.seller("0.004", GOOD_CARD).await;
    let open = seller.order();
    ramp.node.send(&[(&at, 200_000)]).await;
    let booked = || async { (ramp.booked(open).await > 0).then_some(()) };
    ramp.app.until("a part is final", booked).await;
    let wallet = ramp.wallet().await;
    let before = ramp.there(&wallet).await;
    assert_eq!(ramp.preview().await, ["ready", "ready", "order_open"]);
    assert!(ramp.sweeps(first).await.is_empty(), "nothing was asked for");
    let begun = |lines: Vec<SweepLine>| lines.iter().map(|line| line.begun).collect::<Vec<_>>();
    // It is in the newest block when that is taken back, however long the server takes to come up again.
    *ramp.mines.lock().await = false;
    assert_eq!(begun(ramp.ask().await), [true, true, false]);
    assert_eq!(begun(ramp.ask().await), [false; 3]);
    let orders = [first, second];
    let hash = ramp.told(&orders).await;
    ramp.again().await;
    ramp.node.mine(1).await;
    let seen = || async {
        let out = ramp.leading(&orders).await?.out?;
        (out.confirmations > 0).then_some(())
    };
    ramp.app.until("it is in a block", seen).await;
    ramp.reorg(2).await;
    *ramp.mines.lock().await = true;
    let swept = ramp.until_swept(&orders).await;
    let out = swept.out.unwrap();
    assert_eq!(out.hash().unwrap(), hash, "the same bytes again");
    for order in orders {
        assert_eq!(ramp.signed(order).await, [hash.as_str()]);
        assert_eq!(ramp.sweeps(order).await.len(), 1);
    }
    // Each satoshi is somewhere: in the hot wallet, with the miner, or where it is not worth its own fee.
    let fee = ramp.fee_of(&hash).await;
    let moved = ramp.there(&wallet).await - before;
    assert_eq!(u128::from(moved) + fee, 799_000);
    assert_eq!(ramp.there(&small).await, 1_000);
    assert_eq!(
        (ramp.booked(first).await, ramp.booked(second).await),
        (0, 1_000)
    );
    assert_eq!(ramp.app.balance("in_transit:BTC/BITCOIN").await, 0);
    assert_eq!(
        ramp.app.balance("gas:BTC/BITCOIN").await,
        i128::try_from(fee).unwrap()
    );
    ramp.books_agree().await;
    // It can be spent now.
    let chain = ramp.app.real();
    let owner = super::address(&wallet);
    let spendable = || async {
        let coins = chain.coins(&owner).await.ok()?;
        let coin = coins.into_iter().find(|coin| coin.hash == hash);
        coin.map(|coin| coin.base)
    };
    let base = ramp.app.until("a coin of the hot wallet", spendable).await;
    assert_eq!(base, u128::from(moved));
    // What is completed later is found by the server itself.
    ramp.node.send(&[(&at, 200_000)]).await;
    let last = || async {
        let swept = ramp.sweeps(open).await.pop()?;
        (swept.state == SweepState::Swept).then_some(())
    };
    ramp.app.until("it is over, and swept", last).await;
    assert_eq!(ramp.there(&at).await, 0);
    assert_eq!(ramp.preview().await, ["too_small"]);
    ramp.books_agree().await;
    ramp.night_is_quiet().await;
    ramp.done().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_sweep_whose_fee_became_too_small_is_replaced_up_to_its_share_and_happens_once() {
    let Some(ramp) = Ramp::open().await else {
        return;
    };
    let orders = [ramp.sold(&[200_000]).await.0, ramp.sold(&[200_000]).await.0];
    let wallet = ramp.wallet().await;
    let before = ramp.there(&wallet).await;
    *ramp.mines.lock().await = false;
    ramp.ask().await;
    let first = ramp.told(&orders).await;
    // 179.5 bytes at 80 are more than three parts in a hundred of 400,000.
    ramp.proxy.is(Vice::Dear("0.00080000"));
    let waits = || async {
        ramp.app.clock.skip(60);
        let out = ramp.leading(&orders).await?.out?;
        assert_eq!(out.hash().unwrap(), first);
        let late = out.low_since?.plus_seconds(1_200);
        (late < ramp.app.clock.now()).then_some(())
    };
    ramp.app.until("it waited for long", waits).await;
    ramp.proxy.is(Vice::Dear("0.00020000"));
    let replaced = || async {
        ramp.app.clock.skip(60);
        let hash = ramp.leading(&orders).await?.out?.hash().unwrap();
        (hash != first && ramp.node.waits(&hash).await).then_some(hash)
    };
    let second = ramp.app.until("another one in its place", replaced).await;
    assert!(!ramp.node.waits(&first).await, "nodes have one of them");
    // The one with the small fee is mined although another one was signed.
    let promised = ramp.app.signer.promised(orders[1]).await.unwrap().signed;
    let hashes: Vec<&str> = promised
        .iter()
        .map(|given| given.signed.hash.as_str())
        .collect();
    assert_eq!(hashes, [first.as_str(), second.as_str()]);
    let all = |given: &proof_port::SignedIntent| {
        let transfer = &given.intent.transfer;
        transfer.amount.base() + transfer.fee.base()
    };
    assert!(promised.iter().all(|given| all(given) == 400_000));
    ramp.node.mine_only(&[&promised[0].signed.signed_hex]).await;
    let cheap = || async {
        let out = ramp.leading(&orders).await?.out?;
        (out.hash().unwrap() == first).then_some(())
    };
    ramp.app.until("the cheap one counts", cheap).await;
    *ramp.mines.lock().await = true;
    let swept = ramp.until_swept(&orders).await;
    let hash = swept.out.unwrap().hash().unwrap();
    let fee = ramp.fee_of(&hash).await;
    assert_eq!(
        u128::from(ramp.there(&wallet).await - before) + fee,
        400_000
    );
    assert_eq!(
        ramp.app.balance("gas:BTC/BITCOIN").await,
        i128::try_from(fee).unwrap()
    );
    assert_eq!(ramp.app.balance("in_transit:BTC/BITCOIN").await, 0);
    ramp.books_agree().await;
    ramp.night_is_quiet().await;
    ramp.done().await;
}

async fn a_restored_server_takes_over_what_was_swept_and_sweeps_nothing_twice(on: On) {
    let Some(mut ramp) = Ramp::on(on, Limits::new(), None).await else {
        return;
    };
    let orders = [ramp.sold(&[400_000]).await.0, ramp.sold(&[400_000]).await.0];
    let folder = backed_up(&ramp.app).await;
    // One more, which the backup does not know, is swept with them.
    let (lost, at) = ramp.sold(&[400_000]).await;
    let wallet = ramp.wallet().await;
    let before = ramp.there(&wallet).await;
    ramp.ask().await;
    let swept = ramp.until_swept(&[orders[0], orders[1], lost]).await;
    let hash = swept.out.unwrap().hash().unwrap();
    ramp.app = restored(&ramp.app, &folder).await;
    // No block comes while a lost order's address is looked up among all coins.
    *ramp.mines.lock().await = false;
    accepted(&ramp.app).await;
    *ramp.mines.lock().await = true;
    assert!(ramp.sweeps(orders[0]).await.is_empty());
    ramp.app.clock.skip(120);
    let again = ramp.until_swept(&orders).await;
    let batch = again.batch.unwrap();
    assert_eq!(batch.parts.len(), 3);
    assert_eq!(again.out.unwrap().hash().unwrap(), hash);
    for order in [orders[0], orders[1], lost] {
        assert_eq!(ramp.signed(order).await, [hash.as_str()]);
        assert_eq!(ramp.booked(order).await, 0);
    }
    let fee = ramp.fee_of(&hash).await;
    assert_eq!(
        u128::from(ramp.there(&wallet).await - before) + fee,
        1_200_000
    );
    assert_eq!(ramp.there(&at).await, 0);
    // Whose the lost order's coins are, people find out.
    assert_eq!(ramp.app.balance("suspense:BTC/BITCOIN").await, -400_000);
    assert_eq!(ramp.app.balance("in_transit:BTC/BITCOIN").await, 0);
    ramp.books_agree().await;
    ramp.night_is_quiet().await;
    ramp.done().await;
}

async fn what_was_signed_before_a_restore_and_waits_is_what_happens(on: On) {
    let Some(mut ramp) = Ramp::on(on, Limits::new(), None).await else {
        return;
    };
    let orders = [ramp.sold(&[400_000]).await.0, ramp.sold(&[400_000]).await.0];
    let folder = backed_up(&ramp.app).await;
    *ramp.mines.lock().await = false;
    ramp.ask().await;
    let first = ramp.told(&orders).await;
    ramp.proxy.is(Vice::Dear("0.00020000"));
    let replaced = || async {
        ramp.app.clock.skip(60);
        let hash = ramp.leading(&orders).await?.out?.hash().unwrap();
        (hash != first).then_some(hash)
    };
    let second = ramp.app.until("another one in its place", replaced).await;
    ramp.app = restored(&ramp.app, &folder).await;
    accepted(&ramp.app).await;
    ramp.app.clock.skip(120);
    // Both of them are known again, before any block has one.
    let known = || async {
        let out = ramp.leading(&orders).await?.out?;
        let others: BTreeSet<&str> = out.others.iter().map(|one| one.hash.as_str()).collect();
        assert_eq!(others, BTreeSet::from([first.as_str()]));
        (out.hash().unwrap() == second).then_some(())
    };
    ramp.app.until("both are known", known).await;
    *ramp.mines.lock().await = true;
    ramp.until_swept(&orders).await;
    for order in orders {
        let signed: BTreeSet<String> = ramp.signed(order).await.into_iter().collect();
        assert_eq!(signed, BTreeSet::from([first.clone(), second.clone()]));
        assert_eq!(ramp.booked(order).await, 0);
    }
    ramp.books_agree().await;
    ramp.night_is_quiet().await;
    ramp.done().await;
}

#[tokio::test]
async fn a_node_takes_what_is_brought_together_its_replacement_and_what_spends_it() {
    let Some(bench) = Bench::start().await else {
        return;
    };
    let (signer, chain) = (&bench.signer, &bench.chain);
    let mut deposits = Vec::new();
    let mut sender = None;
    for n in 1..=3_u64 {
        let order = OrderId::from_uuid(Uuid::from_u128(u128::from(n) + 1_000));
        let refund = super::address(FRIEND);
        let at = signer
            .open_deposit(Epoch::FIRST, order, &refund)
            .await
            .unwrap();
        let hash = bench.node.send(&[(at.as_str(), n * BTC / 4)]).await;
        sender.get_or_insert(at);
        let base = (n * BTC / 4).into();
        let coin = Coin {
            hash,
            index: 0,
            base,
        };
        deposits.push(DepositCoin { order, coin });
    }
    bench.node.mine(CONFIRMATIONS).await;
    let signed = |rate: u64| {
        let form = BitcoinForm {
            chain_id: super::spec().chain_id(),
            fee_per_kvb: rate,
        };
        let fee = form.fee_sweep(3).unwrap();
        let btc = |base| proof_core::money::Amount::new(Network::Bitcoin.native(), base);
        let intent = SigningIntent {
            intent: IntentId::from_uuid(Uuid::from_u128(99)),
            class: IntentClass::Sweep,
            order: deposits[0].order,
            transfer: UnsignedTransfer {
                sender: sender.clone().unwrap(),
                recipient: bench.wallet.clone(),
                amount: btc(u128::from(BTC) * 6 / 4 - fee),
                from: UnsignedFrom::Deposits(deposits.clone()),
                fee: btc(fee),
                form: Some(Form::Bitcoin(Box::new(form))),
            },
        };
        async move { signer.sign(Epoch::FIRST, &intent).await.unwrap() }
    };
    let (cheap, dear) = (signed(2_000).await, signed(5_000).await);
    for one in [&cheap, &dear] {
        chain.broadcast(&one.signed_hex).await.unwrap();
        assert!(bench.node.waits(&one.hash).await);
    }
    assert!(!bench.node.waits(&cheap.hash).await);
    bench.node.mine(CONFIRMATIONS).await;
    let coins = chain.coins(&bench.wallet).await.unwrap();
    let ours = coins.iter().find(|coin| coin.hash == dear.hash).unwrap();
    assert!(ours.base > u128::from(BTC) * 6 / 4 - 2_000);
    // Larger than any other coin of the wallet, which has a coin each of one.
    let mut delivery = bench.planned(FRIEND, BTC + BTC / 4).await;
    let Some(Form::Bitcoin(form)) = delivery.transfer.form.clone() else {
        panic!("a form of another network");
    };
    let spent = vec![ours.clone()];
    let recipient = delivery.transfer.recipient.clone();
    let fee = form.fee(&spent, &recipient, delivery.transfer.amount.base());
    delivery.transfer.fee = btc(u64::try_from(fee.unwrap()).unwrap());
    delivery.transfer.from = UnsignedFrom::Coins(spent);
    let delivered = signer.sign(Epoch::FIRST, &delivery).await.unwrap();
    chain.broadcast(&delivered.signed_hex).await.unwrap();
    bench.node.mine(1).await;
    assert_eq!(bench.balance(FRIEND).await, u128::from(BTC + BTC / 4));
}
