//! What proves a network goes to an address of the signer's own, and nowhere else.

use super::*;
use crate::{Limit, Limits, Outflow};
use proof_core::{Clock, Timestamp};
use std::sync::Arc;

struct Still;

impl Clock for Still {
    fn now(&self) -> Timestamp {
        Timestamp::FIRST
    }
}

fn opened(signer: &LocalSigner, n: u128, refund: &Address) -> SigningIntent {
    let address = block_on(signer.open_deposit(Epoch::FIRST, order(n), refund)).unwrap();
    let mut wish = delivery(signer);
    wish.class = IntentClass::Prove;
    wish.order = order(n);
    wish.intent = intent(n);
    wish.transfer.from = UnsignedFrom::Nonce(u64::try_from(n).unwrap());
    wish.transfer.recipient = address;
    wish
}

fn refused(signer: &LocalSigner, wish: &SigningIntent) {
    let error = block_on(signer.sign(Epoch::FIRST, wish)).unwrap_err();
    assert_eq!(error.class, Class::GiveUp, "{error}");
}

#[test]
fn a_proof_goes_to_the_address_that_is_derived_for_it() {
    let (_dir, signer) = fresh();
    let wallet = block_on(signer.wallet(Network::Trc20)).unwrap();
    let wish = opened(&signer, 1, &wallet);
    block_on(signer.sign(Epoch::FIRST, &wish)).unwrap();
    let other = opened(&signer, 2, &wallet);
    for recipient in [&wish.transfer.recipient, &tron(THIEF), &wallet] {
        let mut wrong = other.clone();
        wrong.transfer.recipient = recipient.clone();
        refused(&signer, &wrong);
    }
    // A customer's deposit goes back to the customer: nothing of ours goes there.
    refused(&signer, &opened(&signer, 3, &tron(SHOP)));
    let mut unopened = other;
    unopened.order = order(4);
    refused(&signer, &unopened);
}

#[test]
fn a_proof_has_a_limit_of_its_own() {
    let usdt = asset("USDT", Network::Trc20);
    let limit = |most| Limit {
        order: most,
        hour: most,
        day: most,
    };
    let fee = ((Outflow::Fee, Network::Trc20.native()), limit(u128::MAX));
    let deliver = ((Outflow::Deliver, usdt), limit(u128::MAX));
    let prove = ((Outflow::Prove, usdt), limit(10));
    let signed = |limits: Limits, base: u128| {
        let dir = tempfile::tempdir().unwrap();
        let signer = open(dir.path()).with_limits(limits, Arc::new(Still));
        let wallet = block_on(signer.wallet(Network::Trc20)).unwrap();
        let mut wish = opened(&signer, 1, &wallet);
        wish.transfer.amount = Amount::new(usdt, base);
        block_on(signer.sign(Epoch::FIRST, &wish)).map_err(|error| error.class)
    };
    assert!(signed([fee, deliver, prove].into(), 10).is_ok());
    let above = signed([fee, deliver, prove].into(), 11);
    assert_eq!(above, Err(Class::GiveUp));
    assert_eq!(signed([fee, deliver].into(), 10), Err(Class::Retry));
}
