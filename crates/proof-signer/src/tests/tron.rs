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
