//! What an owner takes over after a restore.

use super::*;
use crate::{
    finding::Movement,
    ledger::Account,
    money::MoneyError,
    recovery::{
        Adoption, Apart, BuySeen, Course, Naming, PaymentSeen, SaleAdoption, Then, buy_course,
    },
};

fn fees() -> FeePolicy {
    FeePolicy {
        spread: Bps::new(100).unwrap(),
        processing: Bps::new(250).unwrap(),
        processing_fixed_minor: 25,
        partner: Bps::new(50).unwrap(),
    }
}

fn eur(minor: u128) -> Money {
    Money::new(Fiat::Eur, minor)
}

fn taken(captured: u128, refunded: u128) -> PaymentSeen {
    PaymentSeen::Taken {
        captured: eur(captured),
        refunded: eur(refunded),
    }
}

fn course(order: &Order, payment: PaymentSeen, (attempt, sent): (u32, bool)) -> Course {
    let seen = BuySeen {
        attempt,
        payment,
        sent,
    };
    let naming = Naming {
        quote: QuoteId::from_uuid(Uuid::from_u128(5)),
        now: START,
    };
    buy_course(order, seen, &fees(), naming).unwrap()
}

fn adoption(order: &Order, payment: PaymentSeen, seen: (u32, bool)) -> Adoption {
    match course(order, payment, seen) {
        Course::Adopt(adoption) => adoption,
        other => panic!("{other:?}"),
    }
}

/// Ready to pay, with the price that the user saw.
fn ready() -> Order {
    let locked = quote(START);
    run(
        vec![
            Command::IdentityPassed,
            Command::QuoteLock { quote: locked },
        ],
        START,
    )
    .0
}

fn asked() -> Order {
    run_from(ready(), vec![pay()], START).0
}

#[test]
fn what_the_next_step_asks_itself_needs_nothing() {
    let total = quote(START).total.minor();
    for (order, payment, seen) in [
        (ready(), PaymentSeen::Nothing, (1, false)),
        // The step that is owed asks about this very attempt.
        (asked(), PaymentSeen::Open, (1, false)),
        // In the books already.
        (run(until_paid(), START).0, taken(total, 0), (1, true)),
    ] {
        assert_eq!(
            course(&order, payment, seen),
            Course::GoesOn,
            "{:?}",
            order.state
        );
    }
    for (order, attempt) in [(ready(), 1), (asked(), 2)] {
        let given = course(&order, PaymentSeen::Open, (attempt, false));
        assert_eq!(given, Course::GiveBack { attempt });
    }
}

#[test]
fn a_payment_that_was_taken_is_booked_at_the_price_that_was_shown() {
    let total = quote(START).total;
    for order in [ready(), asked()] {
        let adoption = adoption(&order, taken(total.minor(), 0), (1, true));
        assert_eq!(
            (&adoption.price, &adoption.then),
            (&quote(START), &Then::Deliver)
        );
        let reserved = usize::from(order.price.is_none());
        let done = decide(&order, Command::Adopt(Box::new(adoption)), START).unwrap();
        assert_eq!(done.order.state.name(), "paid");
        assert_eq!(done.order.attempt, 1);
        let kinds: Vec<_> = done
            .entries
            .iter()
            .map(|entry| entry.kind().name())
            .collect();
        let expected = ["reserve", "capture"];
        assert_eq!(kinds, expected[1 - reserved..]);
        // Nobody takes it over twice.
        let again = Command::Adopt(Box::new(Adoption {
            attempt: 1,
            price: quote(START),
            then: Then::Deliver,
        }));
        assert_eq!(decide(&done.order, again, START), Err(Refusal::WrongState));
    }
}

#[test]
fn a_price_that_got_lost_is_made_of_what_was_charged() {
    let order = run(vec![Command::IdentityPassed], START).0;
    let adoption = adoption(&order, taken(9_999, 0), (3, false));
    let price = &adoption.price;
    let sum: u128 = price.lines.iter().map(|line| line.amount.minor()).sum();
    assert_eq!(
        (price.total, sum),
        (eur(9_999), 9_999),
        "the lines are all of it"
    );
    // 2.5 % and 25, 0.5 %, each for whom it is owed to.
    let line = |code| price.line(code);
    assert_eq!(line(crate::quote::LineCode::Processing), 250 + 25);
    assert_eq!(line(crate::quote::LineCode::Partner), 50);
    let whole = vec![
        Command::Adopt(Box::new(adoption)),
        planned(),
        signed(),
        Command::Transfer(TransferFact::Broadcast),
        Command::Transfer(TransferFact::Final {
            confirmations: 20,
            fee: trx(900),
        }),
    ];
    let (order, _, entries) = run_from(order, whole, START);
    assert_eq!((order.state.name(), order.attempt), ("completed", 3));
    let balances = balances(&entries);
    let customer = format!("customer:{}:EUR", order.id);
    assert_eq!(balances.get(&customer).copied().unwrap_or(0), 0);
    // Too little for the fees alone: nobody guesses.
    let seen = BuySeen {
        attempt: 1,
        payment: taken(20, 0),
        sent: false,
    };
    let naming = Naming {
        quote: QuoteId::from_uuid(Uuid::from_u128(5)),
        now: START,
    };
    let order = run(vec![Command::IdentityPassed], START).0;
    assert_eq!(
        buy_course(&order, seen, &fees(), naming),
        Err(MoneyError::Negative)
    );
}

#[test]
fn what_was_given_back_ends_so_and_what_does_not_fit_waits() {
    let total = quote(START).total.minor();
    let back = adoption(&asked(), taken(total, total), (1, false));
    assert_eq!(back.then, Then::Refund);
    let done = decide(&asked(), Command::Adopt(Box::new(back)), START).unwrap();
    assert_eq!(done.order.state.name(), "refunding");
    // Refunded by people while it waited for its transfer.
    let paid = run(until_paid(), START).0;
    let back = adoption(&paid, taken(total, total), (1, false));
    let done = decide(&paid, Command::Adopt(Box::new(back)), START).unwrap();
    assert_eq!(
        (done.order.state.name(), done.entries.len()),
        ("refunding", 0)
    );
    for (payment, sent) in [
        (taken(total, total), true),
        (taken(total, 5), false),
        (taken(total + 1, 0), false),
    ] {
        let odd = adoption(&asked(), payment, (1, sent));
        assert!(matches!(odd.then, Then::People { .. }), "{odd:?}");
        let done = decide(&asked(), Command::Adopt(Box::new(odd)), START).unwrap();
        assert_eq!(done.order.state.name(), "in_review");
        assert!(done.entries.is_empty(), "the hold was promised already");
    }
}

#[test]
fn an_address_that_was_shown_is_watched_again() {
    let sell = order_of(Side::Sell);
    let sell = run_from(sell, vec![Command::IdentityPassed], START).0;
    let shown = SaleAdoption {
        refund_address: address(),
        deposit_address: address(),
        price: None,
    };
    let evm = "0x7E5F4552091A69125d5DfCb7b8C2659029395Bdf";
    let evm = crate::Address::parse(Network::Erc20, evm).unwrap();
    let elsewhere = [
        SaleAdoption {
            refund_address: evm.clone(),
            ..shown.clone()
        },
        SaleAdoption {
            deposit_address: evm,
            ..shown.clone()
        },
    ];
    for wrong in elsewhere {
        let adopted = decide(&sell, Command::AdoptSale(Box::new(wrong)), START);
        assert_eq!(adopted, Err(Refusal::Money(MoneyError::Mismatch)));
    }
    let done = decide(&sell, Command::AdoptSale(Box::new(shown.clone())), START).unwrap();
    assert_eq!(done.order.state.name(), "awaiting_deposit");
    let sale = done.order.sale.clone().unwrap();
    assert_eq!(
        (sale.deposit_until, sale.payout_token.as_str()),
        (START, "")
    );
    let again = decide(&done.order, Command::AdoptSale(Box::new(shown)), START);
    assert_eq!(again, Err(Refusal::WrongState));
}

#[test]
fn what_is_kept_apart_balances() {
    let order = OrderId::from_uuid(Uuid::from_u128(7));
    let usdt = Amount::parse(usdt(), "5").unwrap();
    let moved = |movement, account| Apart::Moved {
        movement,
        account,
        money: eur(700),
    };
    let psp = Account::Psp("sandbox".into());
    let payout = Account::Payout("sandbox".into());
    for (apart, key, expected) in [
        (moved(Movement::Capture, psp.clone()), "suspense:EUR", -700),
        (moved(Movement::Refund, psp), "suspense:EUR", 700),
        (moved(Movement::PayOut, payout), "payout:sandbox:EUR", -700),
        (
            Apart::Came {
                order,
                amount: usdt,
            },
            "suspense:USDT/TRC20",
            -5_000_000,
        ),
        (
            Apart::Sent {
                amount: usdt,
                fee: trx(3),
            },
            "suspense:USDT/TRC20",
            5_000_000,
        ),
    ] {
        let entry = apart.entry().unwrap();
        assert_eq!(balances(&[entry]).get(key), Some(&expected), "{apart:?}");
    }
}
