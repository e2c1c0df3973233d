//! The same transfer with higher fees, in its own place.

use super::*;
use crate::{Limit, Outflow};
use proof_core::{Clock, Timestamp};
use std::sync::Arc;

pub fn raised(wish: &SigningIntent, fee: u128, tip: u128) -> SigningIntent {
    let mut wish = wish.clone();
    let Some(Form::Evm(form)) = &mut wish.transfer.form else {
        unreachable!("it has a form");
    };
    form.fee_per_gas_max = fee;
    form.tip_per_gas_max = tip;
    let most = form.fee_max().unwrap();
    wish.transfer.fee = Amount::new(wish.transfer.fee.asset(), most);
    wish
}

fn first(signer: &LocalSigner) -> (SigningIntent, Signed) {
    block_on(signer.register(Epoch::FIRST, order(1), &evm(FRIEND), Whose::User)).unwrap();
    let wish = evm_delivery(signer, 1);
    let signed = sign(signer, &wish).unwrap();
    (wish, signed)
}

#[test]
fn a_replacement_is_the_same_with_higher_fees_and_all_are_remembered() {
    let dir = tempfile::tempdir().unwrap();
    let signer = ruled(dir.path());
    let (wish, signed) = first(&signer);
    let second = raised(&wish, 22, 2);
    let replaced = sign(&signer, &second).unwrap();
    assert_ne!(replaced.hash, signed.hash);
    for signer in [
        signer,
        // Out of the journal.
        {
            let copy = dir.path().join("copy");
            fs::create_dir(&copy).unwrap();
            fs::copy(dir.path().join("journal.jsonl"), copy.join("journal.jsonl")).unwrap();
            ruled(&copy)
        },
    ] {
        assert_eq!(sign(&signer, &wish).unwrap(), signed);
        assert_eq!(sign(&signer, &second).unwrap(), replaced);
        let promised = block_on(signer.promised(order(1))).unwrap();
        let given: Vec<&Signed> = promised.signed.iter().map(|given| &given.signed).collect();
        assert_eq!(given, [&signed, &replaced]);
        let state = block_on(signer.close(Epoch::FIRST, wish.intent)).unwrap();
        // The plan that is given up was made for the first; what came after it is asked for by order.
        assert_eq!(state, SignedState::Signed(signed.clone()));
        assert_eq!(
            refused(sign(&signer, &raised(&wish, 23, 3))),
            "the replacement's fees are not a tenth above those that were signed before"
        );
    }
}

#[test]
fn whatever_else_differs_is_another_transfer() {
    let dir = tempfile::tempdir().unwrap();
    let signer = ruled(dir.path());
    block_on(signer.open_deposit(Epoch::FIRST, order(1), &evm(FRIEND))).unwrap();
    let (wish, _) = first(&signer);
    let higher = raised(&wish, 30, 3);
    let changes: [Change; 8] = [
        &|i| i.order = order(2),
        &|i| i.class = IntentClass::Return,
        &|i| i.transfer.recipient = evm(USDT),
        &|i| i.transfer.amount = Amount::new(i.transfer.amount.asset(), 100_000_001),
        &|i| i.transfer.from = UnsignedFrom::Nonce(2),
        &|i| i.transfer.sender = evm(FRIEND),
        &|i| i.transfer.form = None,
        &|i| {
            let Some(Form::Evm(form)) = &mut i.transfer.form else {
                unreachable!("it has a form");
            };
            form.gas_limit = 90_000;
        },
    ];
    for change in changes {
        let mut bad = higher.clone();
        change(&mut bad);
        assert_eq!(
            refused(sign(&signer, &bad)),
            "the intent was signed with other facts"
        );
    }
    let small = "the replacement's fees are not a tenth above those that were signed before";
    for (fee, tip) in [(19, 1), (21, 2), (22, 1), (20, 2)] {
        assert_eq!(refused(sign(&signer, &raised(&wish, fee, tip))), small);
    }
    let cap = "the fee is above what the signer was configured for, or is not what the form says";
    assert_eq!(refused(sign(&signer, &raised(&wish, 31, 3))), cap);
    let mut other = higher.clone();
    other.intent = intent(7);
    assert_eq!(
        refused(sign(&signer, &other)),
        "the nonce or a coin is spent by another intent"
    );
    sign(&signer, &higher).unwrap();
}

struct Still;

impl Clock for Still {
    fn now(&self) -> Timestamp {
        Timestamp::from_micros(1_000_000)
    }
}

#[test]
fn a_replacement_counts_only_what_it_costs_more() {
    let dir = tempfile::tempdir().unwrap();
    let of = |order| Limit {
        order,
        hour: order,
        day: order,
    };
    let usdt = asset("USDT", Network::Erc20);
    let limits = [
        ((Outflow::Deliver, usdt), of(100_000_000)),
        ((Outflow::Fee, Network::Erc20.native()), of(2_400_000)),
    ];
    let signer = ruled(dir.path()).with_limits(limits.into(), Arc::new(Still));
    let (wish, _) = first(&signer);
    sign(&signer, &raised(&wish, 22, 2)).unwrap();
    // By now 2,200,000 may go in fees, whichever is mined.
    let refusal = refused(sign(&signer, &raised(&wish, 25, 5)));
    assert!(refusal.contains("limit for fees"), "{refusal}");
}

#[test]
fn nothing_is_replaced_where_there_is_no_cap() {
    let (_dir, signer, wish) = registered();
    sign(&signer, &wish).unwrap();
    let mut dear = wish;
    dear.transfer.fee = Amount::new(dear.transfer.fee.asset(), 27_000_000);
    assert_eq!(
        refused(sign(&signer, &dear)),
        "the intent was signed with other facts"
    );
}
