//! The signer as its callers see it: policy, memory across restarts, damage.

use crate::{ChainRules, EvmRules, LocalSigner, SignerError, SignerThread, WalletKeys};
use futures::executor::block_on;
use proof_core::{
    Address, Asset, Network,
    id::{IntentId, OrderId},
    money::Amount,
    recovery::Epoch,
};
use proof_port::{
    Class, Coin, EvmForm, Form, IntentClass, PortError, Signed, SignedState, Signer, SigningIntent,
    UnsignedFrom, UnsignedTransfer, Whose,
};
use std::{fs, path::Path};
use tempfile::TempDir;

mod allow;
mod bitcoin;
mod cold;
mod held;
mod limits;
mod many;
mod prove;
mod replacement;
mod sweep;
mod sweep_coins;
mod tron;

const SHOP: &str = "TR7NHqjeKQxGTCi8q8ZY4pL8otSzgjLj6t";
const THIEF: &str = "TMVQGm1qAQYVdetCeGRRkTWYYrLXuHK2HC";

fn open(dir: &Path) -> LocalSigner {
    LocalSigner::open(dir, [7; 32]).unwrap()
}

fn fresh() -> (TempDir, LocalSigner) {
    let dir = tempfile::tempdir().unwrap();
    let signer = open(dir.path());
    (dir, signer)
}

fn intent(n: u128) -> IntentId {
    IntentId::from_uuid(uuid::Uuid::from_u128(n))
}

fn order(n: u128) -> OrderId {
    OrderId::from_uuid(uuid::Uuid::from_u128(n))
}

fn tron(text: &str) -> Address {
    Address::parse(Network::Trc20, text).unwrap()
}

fn asset(ticker: &str, network: Network) -> Asset {
    Asset::find(ticker, network).unwrap()
}

/// What is signed without objection once order 1 is registered for the shop's address.
fn delivery(signer: &LocalSigner) -> SigningIntent {
    SigningIntent {
        intent: intent(1),
        class: IntentClass::Deliver,
        order: order(1),
        transfer: UnsignedTransfer {
            sender: block_on(signer.wallet(Network::Trc20)).unwrap(),
            recipient: tron(SHOP),
            amount: Amount::new(asset("USDT", Network::Trc20), 100_000_000),
            from: UnsignedFrom::Nonce(0),
            fee: Amount::new(asset("TRX", Network::Trc20), 13_500_000),
            form: None,
        },
    }
}

fn registered() -> (TempDir, LocalSigner, SigningIntent) {
    let (dir, signer) = fresh();
    block_on(signer.register(Epoch::FIRST, order(1), &tron(SHOP), Whose::User)).unwrap();
    let intent = delivery(&signer);
    (dir, signer, intent)
}

fn sign(signer: &LocalSigner, intent: &SigningIntent) -> Result<Signed, PortError> {
    block_on(signer.sign(Epoch::FIRST, intent))
}

fn refused<T: std::fmt::Debug>(result: Result<T, PortError>) -> String {
    let error = result.unwrap_err();
    assert_eq!(error.class, Class::GiveUp, "{error}");
    error.context
}

#[test]
fn an_order_has_one_destination() {
    let (_dir, signer) = fresh();
    for _ in 0..2 {
        block_on(signer.register(Epoch::FIRST, order(1), &tron(SHOP), Whose::User)).unwrap();
    }
    let other = block_on(signer.register(Epoch::FIRST, order(1), &tron(THIEF), Whose::User));
    assert_eq!(refused(other), "the order has another destination");
    block_on(signer.register(Epoch::FIRST, order(2), &tron(THIEF), Whose::User)).unwrap();
}

#[test]
fn crypto_goes_back_only_to_the_address_from_before_the_deposit() {
    let (dir, signer, delivery) = registered();
    let mut back = delivery;
    back.class = IntentClass::Return;
    assert_eq!(
        refused(sign(&signer, &back)),
        "no address is registered for the order",
        "where bought crypto goes is no refund address"
    );
    let address = block_on(signer.open_deposit(Epoch::FIRST, order(1), &tron(SHOP))).unwrap();
    let again = block_on(signer.open_deposit(Epoch::FIRST, order(1), &tron(SHOP))).unwrap();
    assert_eq!(address, again);
    let other = block_on(signer.open_deposit(Epoch::FIRST, order(1), &tron(THIEF)));
    assert_eq!(refused(other), "the order has another refund address");
    drop(signer);
    let signer = open(dir.path());
    let other = block_on(signer.open_deposit(Epoch::FIRST, order(1), &tron(THIEF)));
    assert_eq!(refused(other), "the order has another refund address");
    let mut stolen = back.clone();
    stolen.transfer.recipient = tron(THIEF);
    assert_eq!(
        refused(sign(&signer, &stolen)),
        "the recipient is not the one that was registered for the order"
    );
    sign(&signer, &back).unwrap();
}

#[test]
fn one_intent_is_one_signature() {
    let (_dir, signer, first) = registered();
    let signed = sign(&signer, &first).unwrap();
    assert_eq!(sign(&signer, &first).unwrap(), signed);
    let mut more = first.clone();
    more.transfer.amount = Amount::new(more.transfer.amount.asset(), 100_000_001);
    assert_eq!(
        refused(sign(&signer, &more)),
        "the intent was signed with other facts"
    );
    let mut second = first;
    second.intent = intent(2);
    assert_eq!(
        refused(sign(&signer, &second)),
        "the nonce or a coin is spent by another intent"
    );
    second.transfer.from = UnsignedFrom::Nonce(1);
    assert_ne!(sign(&signer, &second).unwrap(), signed);
}

type Change<'a> = &'a dyn Fn(&mut SigningIntent);

#[test]
fn policy_refuses_what_is_not_this_delivery() {
    let (_dir, signer, good) = registered();
    let erc20 = block_on(signer.wallet(Network::Erc20)).unwrap();
    let coin = Coin {
        hash: "a".to_owned(),
        index: 0,
        base: u128::MAX,
    };
    let changes: [(Change, &str); 9] = [
        (
            &|i| i.order = order(2),
            "no address is registered for the order",
        ),
        (
            &|i| i.transfer.recipient = tron(THIEF),
            "the recipient is not the one that was registered for the order",
        ),
        (
            &|i| i.transfer.sender = tron(THIEF),
            "the sender is not our wallet",
        ),
        (
            &|i| i.transfer.sender = erc20.clone(),
            "the sender is not our wallet",
        ),
        (
            &|i| i.transfer.amount = Amount::new(i.transfer.amount.asset(), 0),
            "the amount is zero",
        ),
        (
            &|i| i.transfer.amount = Amount::new(asset("USDT", Network::Erc20), 1),
            "parts of the transfer belong to different networks",
        ),
        (
            &|i| i.transfer.fee = Amount::new(asset("ETH", Network::Erc20), 1),
            "parts of the transfer belong to different networks",
        ),
        (
            &|i| i.transfer.fee = Amount::new(asset("USDT", Network::Trc20), 1),
            "parts of the transfer belong to different networks",
        ),
        (
            &|i| i.transfer.from = UnsignedFrom::Coins(vec![coin.clone()]),
            "the transfer spends the wrong kind of source for its network",
        ),
    ];
    for (change, reason) in changes {
        let mut bad = good.clone();
        change(&mut bad);
        assert_eq!(refused(sign(&signer, &bad)), reason);
    }
    sign(&signer, &good).expect("nothing above has used up the intent");
}

#[test]
fn coins_cover_the_payment_and_are_spent_by_one_intent() {
    let (_dir, signer) = fresh();
    let shop = "bc1qw508d6qejxtdg4y5r3zarvary0c5xw7kv8f3t4";
    let recipient = Address::parse(Network::Bitcoin, shop).unwrap();
    block_on(signer.register(Epoch::FIRST, order(1), &recipient, Whose::User)).unwrap();
    let btc = Network::Bitcoin.native();
    let coin = |index, base| Coin {
        hash: "ab".to_owned(),
        index,
        base,
    };
    let pay = |n, coins: &[Coin]| SigningIntent {
        intent: intent(n),
        class: IntentClass::Deliver,
        order: order(1),
        transfer: UnsignedTransfer {
            sender: block_on(signer.wallet(Network::Bitcoin)).unwrap(),
            recipient: recipient.clone(),
            amount: Amount::new(btc, 90),
            from: UnsignedFrom::Coins(coins.to_vec()),
            fee: Amount::new(btc, 10),
            form: None,
        },
    };
    let uncovered = "the coins do not cover amount and fee, or one is named twice";
    for coins in [
        [].as_slice(),
        &[coin(0, 99)],
        &[coin(0, 50), coin(0, 50)],
        &[coin(0, u128::MAX), coin(1, 1)],
    ] {
        assert_eq!(refused(sign(&signer, &pay(1, coins))), uncovered);
    }
    sign(&signer, &pay(1, &[coin(0, 60), coin(1, 60)])).unwrap();
    assert_eq!(
        refused(sign(&signer, &pay(2, &[coin(1, 60), coin(2, 60)]))),
        "the nonce or a coin is spent by another intent"
    );
    sign(&signer, &pay(2, &[coin(2, 100)])).unwrap();
}

#[test]
fn closing_is_for_ever_and_tells_the_truth() {
    let (dir, signer, first) = registered();
    for _ in 0..2 {
        let state = block_on(signer.close(Epoch::FIRST, first.intent)).unwrap();
        assert_eq!(state, SignedState::NeverSigned);
    }
    assert_eq!(refused(sign(&signer, &first)), "the intent is closed");
    let mut second = first.clone();
    second.intent = intent(2);
    let signed = sign(&signer, &second).unwrap();
    let state = SignedState::Signed(signed.clone());
    assert_eq!(
        block_on(signer.close(Epoch::FIRST, intent(2))).unwrap(),
        state
    );
    assert_eq!(
        sign(&signer, &second).unwrap(),
        signed,
        "not closed by asking"
    );

    drop(signer);
    let signer = open(dir.path());
    assert_eq!(refused(sign(&signer, &first)), "the intent is closed");
    assert_eq!(
        block_on(signer.close(Epoch::FIRST, intent(2))).unwrap(),
        state
    );
}

#[test]
fn a_restart_forgets_nothing() {
    let (dir, signer, first) = registered();
    let signed = sign(&signer, &first).unwrap();
    let busy = LocalSigner::open(dir.path(), [7; 32]).unwrap_err();
    assert!(matches!(busy, SignerError::Locked), "{busy}");
    drop(signer);
    let other = LocalSigner::open(dir.path(), [8; 32]).unwrap_err();
    assert!(matches!(other, SignerError::OtherKey), "{other}");
    let signer = open(dir.path());
    assert_eq!(sign(&signer, &first).unwrap(), signed);
    let other = block_on(signer.register(Epoch::FIRST, order(1), &tron(THIEF), Whose::User));
    assert_eq!(refused(other), "the order has another destination");
    let mut second = first;
    second.intent = intent(2);
    assert_eq!(
        refused(sign(&signer, &second)),
        "the nonce or a coin is spent by another intent"
    );
}

#[test]
fn another_key_is_noticed_before_anything_was_signed() {
    let promises: [&dyn Fn(&LocalSigner); 2] = [
        &|signer| {
            block_on(signer.register(Epoch::FIRST, order(1), &tron(SHOP), Whose::User)).unwrap()
        },
        &|signer| {
            let refund = tron(SHOP);
            block_on(signer.open_deposit(Epoch::FIRST, order(1), &refund)).unwrap();
        },
    ];
    for promise in promises {
        let dir = tempfile::tempdir().unwrap();
        promise(&open(dir.path()));
        let other = LocalSigner::open(dir.path(), [9; 32]).unwrap_err();
        assert!(matches!(other, SignerError::OtherKey), "{other}");
        promise(&open(dir.path()));
    }
}

#[test]
fn lines_from_before_they_named_the_wallet_are_read() {
    for kind in ["registered\",\"destination", "deposit_opened\",\"refund"] {
        let line = format!(
            "{{\"type\":\"{kind}\":{},\"order\":{}}}",
            serde_json::to_string(&tron(SHOP)).unwrap(),
            serde_json::to_string(&order(1)).unwrap(),
        );
        let entry: crate::journal::Entry = serde_json::from_str(&line).unwrap();
        let written = serde_json::to_value(&entry).unwrap();
        assert_eq!(
            written,
            serde_json::from_str::<serde_json::Value>(&line).unwrap()
        );
    }
}

/// A journal with four lines, and the intent of the last but one.
fn journal() -> (TempDir, SigningIntent, Vec<u8>) {
    let (dir, signer, first) = registered();
    sign(&signer, &first).unwrap();
    block_on(signer.close(Epoch::FIRST, intent(9))).unwrap();
    block_on(signer.close(Epoch::FIRST, intent(10))).unwrap();
    let bytes = fs::read(dir.path().join("journal.jsonl")).unwrap();
    (dir, first, bytes)
}

#[test]
fn a_torn_last_line_is_dropped_wherever_it_was_torn() {
    let (dir, first, bytes) = journal();
    let file = dir.path().join("journal.jsonl");
    let last = bytes[..bytes.len() - 1]
        .iter()
        .rposition(|b| *b == b'\n')
        .unwrap()
        + 1;
    for end in [last, last + 1, last + 20, bytes.len() - 1] {
        fs::write(&file, &bytes[..end]).unwrap();
        let signer = open(dir.path());
        assert_eq!(fs::read(&file).unwrap(), bytes[..last]);
        // Intent 10 was not closed on disk, so it may be signed; what is before is whole.
        let mut tenth = first.clone();
        tenth.intent = intent(10);
        tenth.transfer.from = UnsignedFrom::Nonce(1);
        sign(&signer, &tenth).unwrap();
        let mut ninth = tenth;
        ninth.intent = intent(9);
        assert_eq!(refused(sign(&signer, &ninth)), "the intent is closed");
        drop(signer);
        open(dir.path());
    }
}

#[test]
fn any_other_damage_stops_the_signer() {
    let (dir, _, bytes) = journal();
    let file = dir.path().join("journal.jsonl");
    let text = String::from_utf8(bytes).unwrap();
    let lines: Vec<&str> = text.split_inclusive('\n').collect();
    assert_eq!(lines.len(), 4);
    let changed = text.replacen(SHOP, THIEF, 1);
    for damaged in [
        [lines[0], lines[2], lines[3]].concat(),
        [lines[1], lines[2], lines[3]].concat(),
        [lines[0], lines[2], lines[1], lines[3]].concat(),
        [lines[0], lines[1], lines[1], lines[2], lines[3]].concat(),
        [lines[0], "\n", lines[1], lines[2], lines[3]].concat(),
        [lines[0], &lines[1][..30], "\n", lines[2], lines[3]].concat(),
        changed,
    ] {
        fs::write(&file, &damaged).unwrap();
        let error = LocalSigner::open(dir.path(), [7; 32]).unwrap_err();
        assert!(matches!(error, SignerError::Damaged { .. }), "{error}");
        assert_eq!(
            fs::read_to_string(&file).unwrap(),
            damaged,
            "left as it was"
        );
    }
    fs::write(&file, &text).unwrap();
    open(dir.path());
}

#[test]
fn on_its_thread_it_says_the_same() {
    let (dir, signer, first) = registered();
    let wallet = first.transfer.sender.clone();
    let thread = SignerThread::spawn(signer).unwrap();
    assert_eq!(block_on(thread.wallet(Network::Trc20)).unwrap(), wallet);
    assert_eq!(
        refused(block_on(thread.wallet(Network::Solana))),
        "no wallet on SOLANA"
    );
    let signed = block_on(thread.sign(Epoch::FIRST, &first)).unwrap();
    let state = block_on(thread.close(Epoch::FIRST, first.intent)).unwrap();
    assert_eq!(state, SignedState::Signed(signed));
    let other = block_on(thread.register(Epoch::FIRST, order(1), &tron(THIEF), Whose::User));
    assert_eq!(refused(other), "the order has another destination");

    let other_handle = thread.clone();
    drop(thread);
    assert_eq!(
        block_on(other_handle.wallet(Network::Trc20)).unwrap(),
        wallet
    );
    drop(other_handle);
    open(dir.path());
}

#[test]
fn an_epoch_is_learnt_for_ever_and_fences_the_one_before() {
    let (dir, signer, first) = registered();
    let later = Epoch::new(1_800_000_000_000_000);
    assert_eq!(block_on(signer.epoch()).unwrap(), Epoch::FIRST);
    let signed = sign(&signer, &first).unwrap();
    block_on(signer.epoch_begin(later)).unwrap();
    block_on(signer.epoch_begin(later)).unwrap();
    let back = block_on(signer.epoch_begin(Epoch::FIRST));
    assert!(refused(back).contains("never goes back"));
    // Not even what was promised before is repeated to whoever was replaced.
    let old = Epoch::FIRST;
    for refusal in [
        refused(block_on(signer.sign(old, &first))),
        refused(block_on(signer.close(old, first.intent))),
        refused(block_on(signer.close(old, intent(9)))),
        refused(block_on(signer.register(
            old,
            order(3),
            &tron(SHOP),
            Whose::User,
        ))),
        refused(block_on(signer.open_deposit(old, order(3), &tron(SHOP)))),
    ] {
        assert!(refusal.contains("epoch"), "{refusal}");
    }
    drop(signer);
    let again = open(dir.path());
    assert_eq!(block_on(again.epoch()).unwrap(), later);
    assert_eq!(block_on(again.sign(later, &first)).unwrap(), signed);
    let third = block_on(again.promised(order(3))).unwrap();
    assert!(third.destination.is_none() && third.deposit.is_none());
}

#[test]
fn promises_are_read_order_by_order() {
    let (_dir, signer, first) = registered();
    let signed = sign(&signer, &first).unwrap();
    let address = block_on(signer.open_deposit(Epoch::FIRST, order(2), &tron(SHOP))).unwrap();
    let page = block_on(signer.promises(None)).unwrap();
    assert_eq!(
        page.iter().map(|p| p.order).collect::<Vec<_>>(),
        [order(1), order(2)]
    );
    assert_eq!(page[0].destination, Some(tron(SHOP)));
    let given = &page[0].signed;
    assert_eq!((given.len(), &given[0].signed), (1, &signed));
    let deposit = page[1].deposit.clone().unwrap();
    assert_eq!((deposit.refund, deposit.address), (tron(SHOP), address));
    assert_eq!(
        block_on(signer.promises(Some(order(1)))).unwrap(),
        page[1..]
    );
    assert!(
        block_on(signer.promises(Some(order(2))))
            .unwrap()
            .is_empty()
    );
}

/// One that is signed on a chain with rules, once order 1 is registered for `FRIEND`.
fn evm_delivery(signer: &LocalSigner, n: u128) -> SigningIntent {
    let usdt = asset("USDT", Network::Erc20);
    let form = EvmForm {
        chain_id: 31_337,
        gas_limit: 100_000,
        fee_per_gas_max: 20,
        tip_per_gas_max: 1,
        token: Some(evm(USDT)),
    };
    SigningIntent {
        intent: intent(n),
        class: IntentClass::Deliver,
        order: order(1),
        transfer: UnsignedTransfer {
            sender: block_on(signer.wallet(Network::Erc20)).unwrap(),
            recipient: evm(FRIEND),
            amount: Amount::new(usdt, 100_000_000),
            from: UnsignedFrom::Nonce(u64::try_from(n).unwrap()),
            fee: Amount::new(Network::Erc20.native(), form.fee_max().unwrap()),
            form: Some(Form::Evm(Box::new(form))),
        },
    }
}

const USDT: &str = "0xdAC17F958D2ee523a2206206994597C13D831ec7";
const FRIEND: &str = "0x7E5F4552091A69125d5DfCb7b8C2659029395Bdf";

fn evm(text: &str) -> Address {
    Address::parse(Network::Erc20, text).unwrap()
}

fn ruled(dir: &Path) -> LocalSigner {
    ruled_with(dir, [7; 32].into())
}

fn ruled_with(dir: &Path, keys: WalletKeys) -> LocalSigner {
    let rules = EvmRules {
        chain_id: 31_337,
        contracts: [(asset("USDT", Network::Erc20), evm(USDT))].into(),
        fee_max: 3_000_000,
    };
    let signer = LocalSigner::open(dir, keys).unwrap();
    signer.with_rules([(Network::Erc20, ChainRules::Evm(rules))].into())
}

#[test]
fn on_a_real_chain_the_signer_knows_chain_contract_and_fee_itself() {
    let dir = tempfile::tempdir().unwrap();
    let signer = ruled(dir.path());
    block_on(signer.register(Epoch::FIRST, order(1), &evm(FRIEND), Whose::User)).unwrap();
    let changed = |n, change: fn(&mut UnsignedTransfer, &mut EvmForm)| {
        let mut wish = evm_delivery(&signer, n);
        let Some(Form::Evm(mut form)) = wish.transfer.form.take() else {
            unreachable!("it has a form");
        };
        change(&mut wish.transfer, &mut form);
        wish.transfer.form = Some(Form::Evm(form));
        refused(sign(&signer, &wish))
    };
    let chain = "the chain is not the one that the signer was configured for";
    assert_eq!(changed(1, |_, form| form.chain_id = 1), chain);
    let token = "the token's contract is not the one that the signer was configured for";
    assert_eq!(changed(2, |_, form| form.token = Some(evm(FRIEND))), token);
    assert_eq!(changed(3, |_, form| form.token = None), token);
    let usdc = |transfer: &mut UnsignedTransfer, _: &mut EvmForm| {
        transfer.amount = Amount::new(asset("USDC", Network::Erc20), 5);
    };
    assert_eq!(changed(4, usdc), token);
    let fee = "the fee is above what the signer was configured for, or is not what the form says";
    assert_eq!(changed(5, |_, form| form.fee_per_gas_max = 10), fee);
    assert_eq!(changed(6, |_, form| form.gas_limit = 21_000), fee);
    assert_eq!(changed(7, |_, form| form.tip_per_gas_max = 21), fee);
    let dear = |transfer: &mut UnsignedTransfer, form: &mut EvmForm| {
        form.fee_per_gas_max = 31;
        transfer.fee = Amount::new(transfer.fee.asset(), form.fee_max().unwrap());
    };
    assert_eq!(changed(8, dear), fee);

    let wish = evm_delivery(&signer, 9);
    let signed = sign(&signer, &wish).unwrap();
    drop(signer);
    // The same again after another start, out of the journal.
    assert_eq!(sign(&ruled(dir.path()), &wish).unwrap(), signed);
}

#[test]
fn real_and_simulated_forms_are_not_taken_for_each_other() {
    let dir = tempfile::tempdir().unwrap();
    let form = "the transfer is not written in the form of its network";
    {
        let simulated = open(dir.path());
        block_on(simulated.register(Epoch::FIRST, order(1), &evm(FRIEND), Whose::User)).unwrap();
        let wish = evm_delivery(&simulated, 1);
        assert_eq!(refused(sign(&simulated, &wish)), form);
    }
    let real = ruled(dir.path());
    let mut wish = evm_delivery(&real, 2);
    wish.transfer.form = None;
    assert_eq!(refused(sign(&real, &wish)), form);
}
