//! One transaction that empties many deposit addresses of coins, and what each order's part of it is.

use crate::{
    asset::Asset,
    id::{IntentId, OrderId, SweepId},
    ledger::{self, Entry},
    money::{Amount, MoneyError, Rounding, mul_div},
    transfer::{Coin, DepositCoin, UnsignedFrom},
};
use serde::{Deserialize, Serialize};

/// What a sweep has that shares its transfer with those of other orders.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Batch {
    /// Under which the signer knows the transfer, and the order that it is asked for: after a restore as the lost life
    /// had them.
    pub intent: IntentId,
    pub order: OrderId,
    /// The sweep that has the transfer. What becomes of it becomes of all of them.
    pub leader: SweepId,
    /// Only there.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub parts: Vec<Part>,
}

/// What one order gives.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Part {
    pub order: OrderId,
    /// `None`: a restored database has forgotten the order.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sweep: Option<SweepId>,
    pub coins: Vec<Coin>,
}

impl Part {
    pub fn base(&self) -> Result<u128, MoneyError> {
        sum(self.coins.iter().map(|coin| coin.base))
    }
}

impl Batch {
    /// All that it moves, the fee included.
    pub fn base(&self) -> Result<u128, MoneyError> {
        sum(self.bases()?.into_iter())
    }

    /// Whether the transfer is of this one alone; another one that was refused may have been so for somebody else's part.
    pub fn is_single(&self) -> bool {
        self.parts.len() == 1
    }

    /// In the order in which the transaction spends them.
    pub fn coins(&self) -> Vec<DepositCoin> {
        let of = |part: &Part| {
            let order = part.order;
            let coins = part.coins.clone().into_iter();
            coins.map(move |coin| DepositCoin { order, coin })
        };
        self.parts.iter().flat_map(of).collect()
    }

    pub(super) fn is_from(&self, from: &UnsignedFrom) -> bool {
        *from == UnsignedFrom::Deposits(self.coins())
    }

    pub(super) fn begun(&self, asset: Asset) -> Result<Vec<Entry>, MoneyError> {
        let nothing = Amount::new(asset.network().native(), 0);
        let begun = |part: &Part| {
            let amount = Amount::new(asset, part.base()?);
            ledger::sweep_begun(part.order, amount, nothing)
        };
        self.parts.iter().map(begun).collect()
    }

    pub(super) fn back(&self, asset: Asset) -> Result<Vec<Entry>, MoneyError> {
        let nothing = Amount::new(asset.network().native(), 0);
        let back = |part: &Part| {
            let amount = Amount::new(asset, part.base()?);
            ledger::sweep_back(part.order, amount, nothing, nothing)
        };
        self.parts.iter().map(back).collect()
    }

    /// Of what the chain took each order bears its share, and the rest of its coins is in the hot wallet.
    pub(super) fn done(&self, paid: Amount) -> Result<Vec<Entry>, MoneyError> {
        let bases = self.bases()?;
        let shares = fee_shares(paid.base(), &bases)?;
        let done = |((part, base), share): ((&Part, u128), u128)| {
            let left = base.checked_sub(share).ok_or(MoneyError::Negative)?;
            let (amount, fee) = (
                Amount::new(paid.asset(), left),
                Amount::new(paid.asset(), share),
            );
            ledger::swept(part.order, amount, fee, fee)
        };
        let parts = self.parts.iter().zip(bases).zip(shares);
        parts.map(done).collect()
    }

    fn bases(&self) -> Result<Vec<u128>, MoneyError> {
        self.parts.iter().map(Part::base).collect()
    }
}

/// What each of these values bears of a fee that all of them pay: its part by value. The sums up to each one are rounded
/// down, so that together they are the fee to the last unit, and none bears more than it is worth.
pub fn fee_shares(fee: u128, bases: &[u128]) -> Result<Vec<u128>, MoneyError> {
    let all = sum(bases.iter().copied())?;
    if fee > all {
        return Err(MoneyError::Negative);
    }
    let (mut below, mut borne) = (0_u128, 0_u128);
    let mut shares = Vec::with_capacity(bases.len());
    for base in bases {
        below = below.checked_add(*base).ok_or(MoneyError::Overflow)?;
        let up_to_here = mul_div(fee, below, all, Rounding::Down)?;
        let share = up_to_here.checked_sub(borne);
        shares.push(share.ok_or(MoneyError::Negative)?);
        borne = up_to_here;
    }
    Ok(shares)
}

fn sum(mut bases: impl Iterator<Item = u128>) -> Result<u128, MoneyError> {
    let all = bases.try_fold(0_u128, u128::checked_add);
    all.ok_or(MoneyError::Overflow)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        address::Address,
        network::Network,
        partner::Environment,
        sweep::{Sweep, SweepRefusal, SweepState},
        time::Timestamp,
        transfer::{Proof, Signed, TransferFact, UnsignedTransfer},
    };
    use proptest::prelude::*;
    use std::collections::BTreeMap;
    use uuid::Uuid;

    fn btc(base: u128) -> Amount {
        Amount::new(Network::Bitcoin.native(), base)
    }

    fn address() -> Address {
        let text = "bc1qw508d6qejxtdg4y5r3zarvary0c5xw7kv8f3t4";
        Address::parse(Network::Bitcoin, text).unwrap()
    }

    fn order(n: u128) -> OrderId {
        OrderId::from_uuid(Uuid::from_u128(n))
    }

    const INTENT: Uuid = Uuid::from_u128(5);

    /// Of three orders: 1,000 in two coins, 500, and 300 of one that the database has forgotten.
    fn batch() -> Sweep {
        let coin = |n: u32, base| Coin {
            hash: "ab".repeat(32),
            index: n,
            base,
        };
        let part = |n: u128, sweep, coins| Part {
            order: order(n),
            sweep,
            coins,
        };
        let id = |n| SweepId::from_uuid(Uuid::from_u128(n));
        let parts = vec![
            part(1, Some(id(1)), vec![coin(0, 400), coin(1, 600)]),
            part(2, Some(id(2)), vec![coin(2, 500)]),
            part(3, None, vec![coin(3, 300)]),
        ];
        Sweep {
            id: id(1),
            environment: Environment::Test,
            order: order(1),
            number: 1,
            amount: btc(1_000),
            source: address(),
            wallet: address(),
            gas: None,
            top_up: None,
            out: None,
            state: SweepState::Sweeping,
            begun_at: Timestamp::FIRST,
            batch: Some(Box::new(Batch {
                intent: IntentId::from_uuid(INTENT),
                order: order(1),
                leader: id(1),
                parts,
            })),
            expired: false,
        }
    }

    fn planned(sweep: &Sweep, fee: u128) -> UnsignedTransfer {
        let (recipient, amount) = sweep.outgoing(btc(fee)).unwrap();
        UnsignedTransfer {
            sender: address(),
            recipient,
            amount,
            from: UnsignedFrom::Deposits(sweep.batch.as_ref().unwrap().coins()),
            fee: btc(fee),
            form: None,
        }
    }

    fn told(books: &mut BTreeMap<String, i128>, sweep: &mut Sweep, fact: TransferFact) {
        let (next, entries) = sweep.decide(fact, Timestamp::FIRST).unwrap();
        *sweep = next;
        for posting in entries.iter().flat_map(Entry::postings) {
            *books.entry(posting.key()).or_default() += posting.amount;
        }
    }

    fn left(books: &BTreeMap<String, i128>) -> Vec<i128> {
        let of = |name: &str| {
            let mut found = books.iter().filter(|(key, _)| key.starts_with(name));
            found.next().map_or(0, |(_, sum)| *sum)
        };
        let deposits = [1, 2, 3].map(|n| of(&format!("deposit:{}", order(n))));
        let others = ["in_transit", "wallet", "gas"].map(of);
        deposits.into_iter().chain(others).collect()
    }

    fn signed(hash: &str) -> Signed {
        Signed {
            hash: hash.to_owned(),
            signed_hex: String::new(),
        }
    }

    #[test]
    fn each_order_gives_what_it_has_and_bears_its_share_of_the_fee_that_was_paid() {
        let (mut books, mut sweep) = (BTreeMap::new(), batch());
        assert_eq!(sweep.outgoing(btc(1_800)), None, "nothing would be left");
        let intent = IntentId::from_uuid(INTENT);
        let plan = planned(&sweep, 100);
        let mut other = plan.clone();
        other.from = UnsignedFrom::Deposits(sweep.batch.as_ref().unwrap().coins()[1..].to_vec());
        let fact = TransferFact::Planned {
            intent,
            transfer: other,
        };
        let wrong = sweep.decide(fact, Timestamp::FIRST);
        assert!(matches!(
            wrong,
            Err(SweepRefusal::Money(MoneyError::Mismatch))
        ));
        let fact = |transfer| TransferFact::Planned { intent, transfer };
        told(&mut books, &mut sweep, fact(plan.clone()));
        assert_eq!(left(&books), [-1_000, -500, -300, 1_800, 0, 0]);
        // The signer has no room, and later it costs more: as much as before is on its way.
        let until = Timestamp::FIRST;
        told(
            &mut books,
            &mut sweep,
            TransferFact::Postponed { intent, until },
        );
        let again = planned(&sweep, 101);
        told(&mut books, &mut sweep, fact(again.clone()));
        let first = TransferFact::Signed {
            signed: signed("a"),
        };
        told(&mut books, &mut sweep, first);
        // The same again with a higher fee brings less.
        let higher = again.costing(btc(200), None).unwrap();
        assert_eq!(higher.amount, btc(1_600));
        for wrong in [again.costing(btc(101), None).unwrap(), plan] {
            let raised = TransferFact::Raised { transfer: wrong };
            assert_eq!(sweep.decide(raised, until), Err(SweepRefusal::Unfit));
        }
        let mut greedy = higher.clone();
        greedy.amount = btc(1_599);
        let raised = TransferFact::Raised { transfer: greedy };
        assert_eq!(sweep.decide(raised, until), Err(SweepRefusal::Unfit));
        told(
            &mut books,
            &mut sweep,
            TransferFact::Raised { transfer: higher },
        );
        let second = TransferFact::Replaced {
            signed: signed("b"),
        };
        told(&mut books, &mut sweep, second);
        assert_eq!(left(&books), [-1_000, -500, -300, 1_800, 0, 0]);
        // The first is what is mined: it paid 101.
        let other = TransferFact::Other { hash: "a".into() };
        told(&mut books, &mut sweep, other);
        let last = TransferFact::Final {
            confirmations: 9,
            fee: btc(101),
        };
        let (_, entries) = sweep.decide(last.clone(), until).unwrap();
        let bears = |entry: &Entry| {
            let mut gas = entry.postings().iter();
            let gas = gas.find(|posting| posting.key().starts_with("gas"));
            gas.unwrap().amount
        };
        let shares: Vec<i128> = entries.iter().map(bears).collect();
        assert_eq!(shares, [56, 28, 17]);
        told(&mut books, &mut sweep, last);
        assert_eq!(sweep.state, SweepState::Swept);
        assert_eq!(left(&books), [-1_000, -500, -300, 0, 1_699, 101]);
    }

    #[test]
    fn what_was_never_signed_is_where_it_was_and_one_that_only_shares_owes_nothing() {
        let (mut books, mut sweep) = (BTreeMap::new(), batch());
        let intent = IntentId::from_uuid(INTENT);
        let transfer = planned(&sweep, 100);
        told(
            &mut books,
            &mut sweep,
            TransferFact::Planned { intent, transfer },
        );
        let proof = Proof::NeverSigned { intent };
        told(&mut books, &mut sweep, TransferFact::Dead { proof });
        assert_eq!(sweep.state, SweepState::Refused);
        assert_eq!(left(&books), [0; 6]);
        let text = serde_json::to_string(&sweep).unwrap();
        assert_eq!(serde_json::from_str::<Sweep>(&text).unwrap(), sweep);
        let mut member = batch();
        member.batch.as_mut().unwrap().parts.clear();
        assert_eq!((member.outgoing(btc(1)), member.sending()), (None, None));
    }

    proptest! {
        #[test]
        fn shares_are_the_fee_to_the_last_unit_and_nobody_bears_more_than_it_has(
            bases in prop::collection::vec(1_u128..2_100_000_000_000_000, 1..60),
            part in 0_u128..=10_000,
        ) {
            let all: u128 = bases.iter().sum();
            let fee = all * part / 10_000;
            let shares = fee_shares(fee, &bases).unwrap();
            prop_assert_eq!(shares.iter().sum::<u128>(), fee);
            for (share, base) in shares.iter().zip(&bases) {
                prop_assert!(share <= base);
                // By its value, and less than one beside it.
                let exact = fee * base / all;
                prop_assert!(share.abs_diff(exact) <= 1);
            }
            prop_assert_eq!(fee_shares(all + 1, &bases), Err(MoneyError::Negative));
        }
    }
}
