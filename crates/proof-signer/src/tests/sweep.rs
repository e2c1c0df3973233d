//! What is swept comes into the hot wallet, and what pays for it goes to an address of the signer's own.

use super::*;
use crate::{Limit, Limits, Outflow};
use proof_core::{Clock, Timestamp};
use std::{collections::BTreeMap, sync::Arc};

const REFUND: &str = "0x7E5F4552091A69125d5DfCb7b8C2659029395Bdf";
const CONTRACT: &str = "0xdAC17F958D2ee523a2206206994597C13D831ec7";

struct Still;

impl Clock for Still {
    fn now(&self) -> Timestamp {
        Timestamp::FIRST
    }
}

fn evm(text: &str) -> Address {
    Address::parse(Network::Erc20, text).unwrap()
}

fn usdt() -> Asset {
    asset("USDT", Network::Erc20)
}

fn ruled(dir: &Path) -> LocalSigner {
    let rules = EvmRules {
        chain_id: 1,
        contracts: BTreeMap::from([(usdt(), evm(CONTRACT))]),
        fee_max: 1_000_000,
    };
    open(dir).with_rules([(Network::Erc20, ChainRules::Evm(rules))].into())
}

/// A sweep of an order's deposit address, and what tops it up.
fn wishes(signer: &LocalSigner, n: u128) -> [SigningIntent; 2] {
    let at = block_on(signer.open_deposit(Epoch::FIRST, order(n), &evm(REFUND))).unwrap();
    let wallet = block_on(signer.wallet(Network::Erc20)).unwrap();
    let form = |token| EvmForm {
        chain_id: 1,
        gas_limit: 100,
        fee_per_gas_max: 10,
        tip_per_gas_max: 1,
        token,
    };
    let wish = |class, (sender, recipient): (&Address, &Address), amount, token| SigningIntent {
        intent: intent(n * 10 + u128::from(class == IntentClass::TopUp)),
        class,
        order: order(n),
        transfer: UnsignedTransfer {
            sender: sender.clone(),
            recipient: recipient.clone(),
            amount,
            from: UnsignedFrom::Nonce(0),
            fee: Amount::new(Network::Erc20.native(), 1_000),
            form: Some(Form::Evm(Box::new(form(token)))),
        },
    };
    let (coins, gas) = (
        Amount::new(usdt(), 5),
        Amount::new(Network::Erc20.native(), 7),
    );
    [
        wish(
            IntentClass::Sweep,
            (&at, &wallet),
            coins,
            Some(evm(CONTRACT)),
        ),
        wish(IntentClass::TopUp, (&wallet, &at), gas, None),
    ]
}

#[test]
fn a_sweep_leads_from_the_address_of_its_order_to_our_wallet_and_nowhere_else() {
    let (dir, _) = fresh();
    let signer = ruled(dir.path().join("evm").as_path());
    let [sweep, top_up] = wishes(&signer, 1);
    let [of_other, top_up_other] = wishes(&signer, 2);
    let thief = evm("0xfB6916095ca1df60bB79Ce92cE3Ea74c37c5d359");
    for to in [
        &thief,
        &evm(REFUND),
        &sweep.transfer.sender,
        &of_other.transfer.sender,
    ] {
        let mut wrong = sweep.clone();
        wrong.transfer.recipient = to.clone();
        refused(sign(&signer, &wrong));
    }
    for from in [&of_other.transfer.sender, &top_up.transfer.sender, &thief] {
        let mut wrong = sweep.clone();
        wrong.transfer.sender = from.clone();
        refused(sign(&signer, &wrong));
    }
    for to in [&thief, &evm(REFUND), &top_up_other.transfer.recipient] {
        let mut wrong = top_up.clone();
        wrong.transfer.recipient = to.clone();
        refused(sign(&signer, &wrong));
    }
    // Only gas goes there, and nothing of an order that the signer was never told of.
    let mut coins = top_up.clone();
    coins.transfer.amount = sweep.transfer.amount;
    coins.transfer.form = sweep.transfer.form.clone();
    refused(sign(&signer, &coins));
    for wish in [&sweep, &top_up] {
        let mut unopened = wish.clone();
        unopened.order = order(3);
        refused(sign(&signer, &unopened));
    }
    // Each address counts its own numbers.
    let given = [&sweep, &top_up, &of_other].map(|wish| sign(&signer, wish).unwrap());
    let mut twice = sweep.clone();
    twice.intent = intent(99);
    refused(sign(&signer, &twice));
    // The journal of before is read again, and is ours.
    drop(signer);
    let signer = ruled(dir.path().join("evm").as_path());
    let again = [&sweep, &top_up, &of_other].map(|wish| sign(&signer, wish).unwrap());
    assert_eq!(given, again);
    drop(signer);
    let other = LocalSigner::open(&dir.path().join("evm"), [8; 32]);
    assert!(matches!(other, Err(SignerError::OtherKey)));
}

#[test]
fn sweeps_and_top_ups_have_limits_of_their_own() {
    let limit = |most| Limit {
        order: most,
        hour: most,
        day: most,
    };
    let native = Network::Erc20.native();
    let fee = ((Outflow::Fee, native), limit(10_000));
    let sweep = ((Outflow::Sweep, usdt()), limit(5));
    let top_up = ((Outflow::TopUp, native), limit(7));
    let deliver = [usdt(), native].map(|asset| ((Outflow::Deliver, asset), limit(u128::MAX)));
    let signed = |limits: Limits, more: u128| {
        let dir = tempfile::tempdir().unwrap();
        let signer = ruled(dir.path()).with_limits(limits, Arc::new(Still));
        wishes(&signer, 1).map(|mut wish| {
            let amount = wish.transfer.amount;
            wish.transfer.amount = Amount::new(amount.asset(), amount.base() + more);
            block_on(signer.sign(Epoch::FIRST, &wish))
                .map(drop)
                .map_err(|error| error.class)
        })
    };
    assert_eq!(signed([fee, sweep, top_up].into(), 0), [Ok(()), Ok(())]);
    let above = Err(Class::GiveUp);
    assert_eq!(signed([fee, sweep, top_up].into(), 1), [above, above]);
    let [usdt, native] = deliver;
    let none = Err(Class::Retry);
    assert_eq!(signed([fee, usdt, native].into(), 0), [none, none]);
}
