//! What a hot wallet has too much goes to the one address that the signer's own configuration names.

use super::*;
use crate::{Limit, Limits, Outflow};
use proof_core::{Clock, Timestamp};
use std::sync::Arc;

const COLD: &str = "0x7E5F4552091A69125d5DfCb7b8C2659029395Bdf";
const THIEF: &str = "0xfB6916095ca1df60bB79Ce92cE3Ea74c37c5d359";

struct Still;

impl Clock for Still {
    fn now(&self) -> Timestamp {
        Timestamp::FIRST
    }
}

fn evm(text: &str) -> Address {
    Address::parse(Network::Erc20, text).unwrap()
}

fn ruled(dir: &Path) -> LocalSigner {
    let rules = EvmRules {
        chain_id: 1,
        contracts: [].into(),
        fee_max: 1_000_000,
    };
    open(dir).with_rules([(Network::Erc20, ChainRules::Evm(rules))].into())
}

fn with_cold(dir: &Path) -> LocalSigner {
    ruled(dir).with_cold([(Network::Erc20, evm(COLD))].into())
}

fn wish(signer: &LocalSigner, n: u128, to: &str) -> SigningIntent {
    let native = Network::Erc20.native();
    let form = EvmForm {
        chain_id: 1,
        gas_limit: 100,
        fee_per_gas_max: 10,
        tip_per_gas_max: 1,
        token: None,
    };
    SigningIntent {
        intent: intent(n),
        class: IntentClass::Cold,
        order: order(n),
        transfer: UnsignedTransfer {
            sender: block_on(signer.wallet(Network::Erc20)).unwrap(),
            recipient: evm(to),
            amount: Amount::new(native, 5),
            from: UnsignedFrom::Nonce(u64::try_from(n).unwrap()),
            fee: Amount::new(native, 1_000),
            form: Some(Form::Evm(Box::new(form))),
        },
    }
}

#[test]
fn a_move_into_cold_storage_goes_to_the_configured_address_and_nowhere_else() {
    let dir = tempfile::tempdir().unwrap();
    let signer = with_cold(dir.path());
    let cold = |signer: &LocalSigner, network| block_on(signer.cold(network)).unwrap();
    assert_eq!(cold(&signer, Network::Erc20), Some(evm(COLD)));
    assert_eq!(cold(&signer, Network::Bep20), None);
    // What the server says of an order is no way to another place.
    let thief = evm(THIEF);
    block_on(signer.register(Epoch::FIRST, order(2), &thief, Whose::User)).unwrap();
    block_on(signer.open_deposit(Epoch::FIRST, order(3), &thief)).unwrap();
    for n in [1, 2, 3] {
        refused(sign(&signer, &wish(&signer, n, THIEF)));
    }
    let right = wish(&signer, 1, COLD);
    let mut from = right.clone();
    from.transfer.sender = thief;
    refused(sign(&signer, &from));
    // Nor is the address one for anything else.
    for class in [
        IntentClass::Deliver,
        IntentClass::Return,
        IntentClass::Prove,
    ] {
        refused(sign(
            &signer,
            &SigningIntent {
                class,
                ..right.clone()
            },
        ));
    }
    let given = sign(&signer, &right).unwrap();
    // The journal of before is read again, also where there is another address, or none, by now.
    drop(signer);
    let signer = ruled(dir.path());
    assert_eq!(cold(&signer, Network::Erc20), None);
    assert_eq!(sign(&signer, &right).unwrap(), given);
    refused(sign(&signer, &wish(&signer, 4, COLD)));
    let promised = block_on(signer.promised(order(1))).unwrap();
    assert_eq!(promised.signed.len(), 1);
}

#[test]
fn cold_storage_has_limits_of_its_own() {
    let limit = |most| Limit {
        order: most,
        hour: most,
        day: most,
    };
    let native = Network::Erc20.native();
    let fee = ((Outflow::Fee, native), limit(10_000));
    let others = [
        Outflow::Deliver,
        Outflow::Return,
        Outflow::Prove,
        Outflow::TopUp,
    ];
    let others = others.map(|of| ((of, native), limit(u128::MAX)));
    let signed = |limits: Limits, moves: u128| {
        let dir = tempfile::tempdir().unwrap();
        let signer = with_cold(dir.path()).with_limits(limits, Arc::new(Still));
        let asked = (1..=moves).map(|n| {
            let wish = wish(&signer, n, COLD);
            block_on(signer.sign(Epoch::FIRST, &wish)).map(drop)
        });
        let asked: Vec<_> = asked.collect();
        asked.into_iter().next_back().unwrap()
    };
    let own = |most| [fee, ((Outflow::Cold, native), limit(most))].into();
    assert!(signed(own(5), 1).is_ok());
    assert_eq!(signed(own(4), 1).unwrap_err().class, Class::GiveUp);
    let later = signed(own(9), 2).unwrap_err();
    assert!(later.answered && later.class == Class::Retry, "the hour's");
    let none = signed(others.into_iter().chain([fee]).collect(), 1).unwrap_err();
    assert_eq!(none.class, Class::Retry, "without a limit it waits");
}
