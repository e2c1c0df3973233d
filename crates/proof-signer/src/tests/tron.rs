//! On TRON the signer knows contracts and costs itself, and for how long a transfer may be taken.

use super::*;
use crate::TronRules;
use proof_port::TronForm;

const CONTRACT: &str = "TR7NHqjeKQxGTCi8q8ZY4pL8otSzgjLj6t";
const BLOCK: &str = "0000000003c5d6e8a1b2c3d4e5f60718293a4b5c6d7e8f90112233445566778a";
const NOW_MS: u64 = 1_800_000_000_000;
const HOUR_MS: u64 = 3_600_000;

fn ruled(dir: &Path) -> LocalSigner {
    let rules = TronRules {
        contracts: [(asset("USDT", Network::Trc20), tron(CONTRACT))].into(),
        fee_max: 30_000_000,
    };
    let signer = open(dir).with_rules([(Network::Trc20, ChainRules::Tron(rules))].into());
    block_on(signer.register(Epoch::FIRST, order(1), &tron(SHOP), Whose::User)).unwrap();
    signer
}

fn wish(signer: &LocalSigner, n: u64) -> SigningIntent {
    let form = TronForm {
        ref_block: BLOCK.to_owned(),
        expires_ms: NOW_MS + n + HOUR_MS,
        fee_limit: 20_000_000,
        burn_max: 500_000,
        token: Some(tron(CONTRACT)),
    };
    let mut wish = delivery(signer);
    wish.intent = intent(n.into());
    wish.transfer.from = UnsignedFrom::Nonce(NOW_MS + n);
    wish.transfer.fee = Amount::new(Network::Trc20.native(), form.fee_max().unwrap());
    wish.transfer.form = Some(Form::Tron(Box::new(form)));
    wish
}

type Change = fn(&mut UnsignedTransfer, &mut TronForm);

fn changed(signer: &LocalSigner, n: u64, change: Change) -> String {
    let mut wish = wish(signer, n);
    let Some(Form::Tron(mut form)) = wish.transfer.form.take() else {
        unreachable!("it has a form");
    };
    change(&mut wish.transfer, &mut form);
    wish.transfer.form = Some(Form::Tron(form));
    refused(sign(signer, &wish))
}

#[test]
fn on_tron_the_signer_knows_contract_cost_and_time_itself() {
    let dir = tempfile::tempdir().unwrap();
    let signer = ruled(dir.path());
    let token = "the token's contract is not the one that the signer was configured for";
    let fee = "the fee is above what the signer was configured for, or is not what the form says";
    let time =
        "the transfer could be taken for longer than its network allows, or refers to no block";
    let cases: [(&str, Change); 9] = [
        (token, |_, form| form.token = Some(tron(THIEF))),
        (token, |_, form| form.token = None),
        (token, |transfer, _| {
            transfer.amount = Amount::new(Network::Trc20.native(), 5);
        }),
        (fee, |_, form| form.burn_max = 400_000),
        (fee, |_, form| form.fee_limit = 21_000_000),
        (fee, |transfer, form| {
            form.fee_limit = 30_000_000;
            transfer.fee = Amount::new(transfer.fee.asset(), form.fee_max().unwrap());
        }),
        (time, |_, form| form.expires_ms = NOW_MS),
        (time, |_, form| form.expires_ms = NOW_MS + 25 * HOUR_MS),
        (time, |_, form| form.ref_block = BLOCK[2..].to_owned()),
    ];
    for (n, (why, change)) in (1..).zip(cases) {
        assert_eq!(changed(&signer, n, change), why, "case {n}");
    }
    let good = wish(&signer, 20);
    let signed = sign(&signer, &good).unwrap();
    assert_eq!(signed.hash.len(), 64);
    // Another intent at the same moment could be the same bytes.
    let mut twin = good.clone();
    twin.intent = intent(21);
    let taken = "the nonce or a coin is spent by another intent";
    assert_eq!(refused(sign(&signer, &twin)), taken);
    // One intent is signed once, over or not: a later form of it is another transfer.
    let mut later = wish(&signer, 20);
    let Some(Form::Tron(form)) = &mut later.transfer.form else {
        unreachable!("it has a form");
    };
    form.expires_ms += HOUR_MS;
    let facts = "the intent was signed with other facts";
    assert_eq!(refused(sign(&signer, &later)), facts);
    drop(signer);
    // The same again after another start, out of the journal.
    assert_eq!(sign(&ruled(dir.path()), &good).unwrap(), signed);
}

#[test]
fn forms_of_tron_and_of_the_simulation_are_not_taken_for_each_other() {
    let dir = tempfile::tempdir().unwrap();
    let real = ruled(dir.path());
    let form = "the transfer is not written in the form of its network";
    let mut plain = wish(&real, 1);
    plain.transfer.form = None;
    assert_eq!(refused(sign(&real, &plain)), form);
    drop(real);
    let simulated = open(dir.path());
    assert_eq!(refused(sign(&simulated, &wish(&simulated, 2))), form);
}

/// A sweep of an order's deposit address, and what tops it up.
fn ways(signer: &LocalSigner, n: u64) -> [SigningIntent; 2] {
    let (id, refund) = (order(n.into()), tron(THIEF));
    let at = block_on(signer.open_deposit(Epoch::FIRST, id, &refund)).unwrap();
    let mut sweep = wish(signer, n);
    sweep.class = IntentClass::Sweep;
    sweep.order = id;
    let mut top_up = sweep.clone();
    let wallet = sweep.transfer.sender.clone();
    sweep.transfer.recipient = wallet;
    sweep.transfer.sender = at.clone();
    top_up.intent = intent(u128::from(n) + 1_000);
    top_up.class = IntentClass::TopUp;
    top_up.transfer.recipient = at;
    top_up.transfer.amount = Amount::new(Network::Trc20.native(), 9_000_000);
    let Some(Form::Tron(form)) = &mut top_up.transfer.form else {
        unreachable!("it has a form");
    };
    (form.token, form.fee_limit) = (None, 0);
    top_up.transfer.fee = Amount::new(Network::Trc20.native(), form.burn_max.into());
    [sweep, top_up]
}

#[test]
fn on_tron_a_sweep_leads_from_its_orders_address_to_our_wallet_and_trx_only_there() {
    let dir = tempfile::tempdir().unwrap();
    let signer = ruled(dir.path());
    let [sweep, top_up] = ways(&signer, 2);
    let [other, other_top_up] = ways(&signer, 3);
    for to in [&tron(THIEF), &sweep.transfer.sender, &other.transfer.sender] {
        let mut wrong = sweep.clone();
        wrong.transfer.recipient = to.clone();
        refused(sign(&signer, &wrong));
    }
    for from in [&other.transfer.sender, &top_up.transfer.sender] {
        let mut wrong = sweep.clone();
        wrong.transfer.sender = from.clone();
        refused(sign(&signer, &wrong));
    }
    for to in [&tron(THIEF), &other_top_up.transfer.recipient] {
        let mut wrong = top_up.clone();
        wrong.transfer.recipient = to.clone();
        refused(sign(&signer, &wrong));
    }
    let mut coins = top_up.clone();
    coins.transfer = UnsignedTransfer {
        recipient: top_up.transfer.recipient.clone(),
        ..wish(&signer, 9).transfer
    };
    refused(sign(&signer, &coins));
    for wish in [&sweep, &top_up] {
        let mut unopened = wish.clone();
        unopened.order = order(4);
        refused(sign(&signer, &unopened));
    }
    // The same moment is a number of each address's own.
    let given = [&sweep, &top_up].map(|wish| sign(&signer, wish).unwrap());
    assert_ne!(given[0].hash, given[1].hash);
    drop(signer);
    let signer = ruled(dir.path());
    let again = [&sweep, &top_up].map(|wish| sign(&signer, wish).unwrap());
    assert_eq!(given, again, "out of the journal");
}
