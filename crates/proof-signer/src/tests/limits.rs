//! What may leave in an hour, a day and an order.

use super::*;
use crate::{Limit, Limits, Outflow};
use proof_core::{Clock, Timestamp};
use std::sync::{
    Arc,
    atomic::{AtomicI64, Ordering},
};

struct Hand(AtomicI64);

impl Clock for Hand {
    fn now(&self) -> Timestamp {
        Timestamp::from_micros(self.0.load(Ordering::SeqCst))
    }
}

impl Hand {
    fn at(seconds: i64) -> Arc<Self> {
        Arc::new(Self(AtomicI64::new(seconds * 1_000_000)))
    }

    fn turn(&self, seconds: i64) {
        self.0.fetch_add(seconds * 1_000_000, Ordering::SeqCst);
    }
}

fn usdt() -> Asset {
    asset("USDT", Network::Trc20)
}

fn limits() -> Limits {
    let of = |order, hour, day| Limit { order, hour, day };
    let fee = of(1_000, 5_000, 100_000);
    [
        ((Outflow::Deliver, usdt()), of(100, 250, 400)),
        ((Outflow::Return, usdt()), of(50, 50, 50)),
        ((Outflow::Fee, Network::Trc20.native()), fee),
    ]
    .into()
}

fn limited(dir: &Path, hand: &Arc<Hand>) -> LocalSigner {
    open(dir).with_limits(limits(), hand.clone())
}

/// A delivery of the `n`th order.
fn pays(signer: &LocalSigner, n: u128, base: u128) -> SigningIntent {
    block_on(signer.register(Epoch::FIRST, order(n), &tron(SHOP), Whose::User)).unwrap();
    let mut wish = delivery(signer);
    wish.order = order(n);
    wish.intent = intent(n);
    wish.transfer.from = UnsignedFrom::Nonce(u64::try_from(n).unwrap());
    wish.transfer.amount = Amount::new(usdt(), base);
    wish.transfer.fee = Amount::new(Network::Trc20.native(), 500);
    wish
}

fn waits<T: std::fmt::Debug>(result: Result<T, PortError>) -> String {
    let error = result.unwrap_err();
    assert_eq!(error.class, Class::Retry, "{error}");
    assert!(error.answered);
    error.context
}

#[test]
fn what_is_above_the_hour_or_the_day_waits_also_across_a_restart() {
    let dir = tempfile::tempdir().unwrap();
    let hand = Hand::at(1_000_000);
    let hour = "the hour's limit for deliveries of USDT/TRC20 is used up";
    let day = "the day's limit for deliveries of USDT/TRC20 is used up";
    let signer = limited(dir.path(), &hand);
    let first = pays(&signer, 1, 100);
    let signed = sign(&signer, &first).unwrap();
    sign(&signer, &pays(&signer, 2, 100)).unwrap();
    assert_eq!(waits(sign(&signer, &pays(&signer, 3, 51))), hour);
    // The same again counts once, and is always repeated.
    assert_eq!(sign(&signer, &first).unwrap(), signed);
    sign(&signer, &pays(&signer, 4, 50)).unwrap();
    assert_eq!(waits(sign(&signer, &pays(&signer, 5, 1))), hour);
    drop(signer);

    let signer = limited(dir.path(), &hand);
    assert_eq!(waits(sign(&signer, &pays(&signer, 5, 1))), hour);
    hand.turn(3_599);
    assert_eq!(waits(sign(&signer, &pays(&signer, 5, 1))), hour);
    hand.turn(1);
    sign(&signer, &pays(&signer, 5, 1)).unwrap();
    sign(&signer, &pays(&signer, 6, 100)).unwrap();
    assert_eq!(waits(sign(&signer, &pays(&signer, 7, 50))), day);
    // A clock that is set back makes no room, and one that comes forward again does.
    hand.turn(-40_000);
    assert_eq!(waits(sign(&signer, &pays(&signer, 7, 50))), day);
    hand.turn(40_000 + 24 * 3_600 - 3_600);
    sign(&signer, &pays(&signer, 7, 50)).unwrap();
    assert_eq!(sign(&signer, &first).unwrap(), signed);
}

#[test]
fn what_no_time_heals_is_refused_and_what_waits_can_be_closed() {
    let dir = tempfile::tempdir().unwrap();
    let hand = Hand::at(1_000_000);
    let signer = limited(dir.path(), &hand);
    assert_eq!(
        refused(sign(&signer, &pays(&signer, 1, 101))),
        "the order's limit for deliveries of USDT/TRC20 would be exceeded"
    );
    assert_eq!(
        refused(sign(&signer, &pays(&signer, 1, 251))),
        "deliveries of so much USDT/TRC20 are above every limit"
    );
    // One order has one limit, in however many parts.
    sign(&signer, &pays(&signer, 1, 60)).unwrap();
    let mut more = pays(&signer, 1, 60);
    more.intent = intent(100);
    more.transfer.from = UnsignedFrom::Nonce(100);
    assert!(refused(sign(&signer, &more)).contains("the order's limit"));

    sign(&signer, &pays(&signer, 2, 100)).unwrap();
    let late = pays(&signer, 3, 100);
    waits(sign(&signer, &late));
    let closed = block_on(signer.close(Epoch::FIRST, late.intent)).unwrap();
    assert_eq!(closed, SignedState::NeverSigned);
    hand.turn(3_600);
    assert_eq!(refused(sign(&signer, &late)), "the intent is closed");
}

#[test]
fn classes_and_fees_count_for_themselves_and_what_has_no_limit_waits() {
    let dir = tempfile::tempdir().unwrap();
    let hand = Hand::at(1_000_000);
    let signer = limited(dir.path(), &hand);
    sign(&signer, &pays(&signer, 1, 100)).unwrap();
    block_on(signer.open_deposit(Epoch::FIRST, order(2), &tron(SHOP))).unwrap();
    let mut back = pays(&signer, 2, 50);
    back.class = IntentClass::Return;
    sign(&signer, &back).unwrap();

    let mut dear = pays(&signer, 3, 1);
    dear.transfer.fee = Amount::new(Network::Trc20.native(), 1_001);
    assert!(refused(sign(&signer, &dear)).contains("order's limit for fees"));
    for n in 3..11 {
        sign(&signer, &pays(&signer, n, 1)).unwrap();
    }
    assert_eq!(
        waits(sign(&signer, &pays(&signer, 11, 1))),
        "the hour's limit for fees of TRX/TRC20 is used up"
    );
    let mut other = pays(&signer, 12, 1);
    other.transfer.amount = Amount::new(asset("TRX", Network::Trc20), 1);
    assert_eq!(
        waits(sign(&signer, &other)),
        "the signer has no limit for deliveries of TRX/TRC20"
    );
}
