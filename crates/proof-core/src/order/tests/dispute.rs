//! A dispute before anything went out, and a refund that the processor will not make.

use super::*;
use crate::{operator::Voice, order::TakingsFact};

fn total() -> Money {
    quote(START).total
}

fn part(minor: u128) -> Money {
    Money::new(Fiat::Eur, minor)
}

fn fact(fact: TakingsFact) -> Command {
    Command::Takings(fact)
}

fn after(order: &Order, commands: Vec<Command>) -> (Order, Vec<Entry>) {
    let (order, _, entries) = run_from(order.clone(), commands, START);
    (order, entries)
}

/// Paid, nothing sent, and so much of it disputed.
fn disputed(money: Money) -> Order {
    let mut commands = until_paid();
    commands.push(fact(TakingsFact::Disputed(money, 1)));
    run(commands, START).0
}

const ENDED: State = State::Failed {
    reason: FailReason::Refunded,
};

#[test]
fn what_is_disputed_is_not_sent() {
    let (paid, ..) = run(until_paid(), START);
    assert!(matches!(
        paid.state,
        State::Paid {
            withheld: false,
            held_until: None,
            ..
        }
    ));
    let order = disputed(total());
    assert_eq!(order.state.name(), "in_review");
    assert_eq!((order.duty(START), order.deadline()), (Duty::None, None));
    // Winning it does not send it either: people do.
    let (won, _) = after(&order, vec![fact(TakingsFact::DisputeWon(total()))]);
    assert_eq!(
        (won.state.name(), won.duty(START)),
        ("in_review", Duty::None)
    );
    // Of a payment that is not this one's, nothing stops.
    let (other, _) = after(&paid, vec![fact(TakingsFact::Disputed(total(), 2))]);
    assert_eq!(other.state.name(), "paid");
}

#[test]
fn a_lost_dispute_pays_the_customer_once() {
    let lost = |money| fact(TakingsFact::DisputeLost(money, 1));
    let (whole, entries) = after(&disputed(total()), vec![lost(total())]);
    assert_eq!(whole.state, ENDED);
    let books = balances(&entries);
    let owed = format!("customer:{}:EUR", whole.id);
    assert_eq!(books[&owed], i128::try_from(total().minor()).unwrap());
    assert_eq!(
        books["reserved:USDT/TRC20"], -100_000_000,
        "the coins are free"
    );
    // Of a part, the rest goes back by itself.
    let (some, _) = after(&disputed(part(1_000)), vec![lost(part(1_000))]);
    assert!(matches!(
        some.state,
        State::Refunding {
            called: None,
            withheld: false,
            ..
        }
    ));
    let (asked, _) = after(&some, vec![Command::RefundCalled]);
    let rest = part(total().minor() - 1_000);
    assert_eq!(asked.duty(START), Duty::Refund(rest));
    let (ended, _) = after(&asked, vec![Command::Refunded]);
    assert_eq!(ended.state, ENDED);
}

#[test]
fn what_is_taken_too_late_and_disputed_already_waits() {
    let mut commands = until_paid();
    commands.truncate(4);
    commands.extend([
        Command::Cancel,
        fact(TakingsFact::Disputed(total(), 1)),
        Command::Captured,
    ]);
    let (order, ..) = run(commands, START);
    let State::InReview(review) = &order.state else {
        panic!("{:?}", order.state);
    };
    assert!(matches!(
        review.from,
        State::Refunding { withheld: true, .. }
    ));
    assert_eq!(order.duty(START), Duty::None);
    let called = decide(&order, Command::RefundCalled, START);
    assert_eq!(
        called.map(|after| after.order.state),
        Err(Refusal::WrongState)
    );
}

/// The provider has been asked for the refund.
fn asked() -> Order {
    let mut commands = until_paid();
    commands.push(planned());
    let dead = TransferFact::Dead {
        proof: Proof::NeverSigned { intent: intent() },
    };
    commands.extend([Command::Transfer(dead), Command::RefundCalled]);
    let (order, ..) = run(commands, START);
    assert_eq!(order.duty(START), Duty::Refund(total()));
    order
}

#[test]
fn a_refund_that_is_refused_waits_for_people_unless_a_dispute_has_paid_it() {
    let lost = vec![
        fact(TakingsFact::Disputed(total(), 1)),
        fact(TakingsFact::DisputeLost(total(), 1)),
    ];
    let (refused, _) = after(&asked(), vec![Command::RefundRefused]);
    assert_eq!(refused.state.name(), "in_review");
    // The loss was booked as ours; now nothing is owed for it any more.
    let (order, entries) = after(&asked(), lost);
    assert_eq!(order.state.name(), "refunding");
    assert!(balances(&entries)["loss:EUR"] > 0);
    let (ended, entries) = after(&order, vec![Command::RefundRefused]);
    assert_eq!(ended.state, ENDED);
    assert!(balances(&entries)["loss:EUR"] < 0);
    // Of a part that was lost, or while it is open, people look.
    for facts in [
        vec![fact(TakingsFact::Disputed(total(), 1))],
        vec![
            fact(TakingsFact::Disputed(part(1_000), 1)),
            fact(TakingsFact::DisputeLost(part(1_000), 1)),
        ],
        vec![
            fact(TakingsFact::Disputed(total(), 1)),
            fact(TakingsFact::DisputeLost(total(), 1)),
            fact(TakingsFact::Disputed(part(1), 1)),
        ],
    ] {
        let (order, _) = after(&asked(), facts);
        let (waits, _) = after(&order, vec![Command::RefundRefused]);
        assert_eq!(waits.state.name(), "in_review");
    }
}

fn by_bank(alice: bool) -> Command {
    let by = if alice { "alice" } else { "bob" };
    Command::Rule {
        ruling: Ruling::RefundedByBank {
            transfer: "SEPA 1".into(),
        },
        voice: Voice {
            by: by.parse().unwrap(),
            reason: "the customer's bank wrote".into(),
        },
    }
}

#[test]
fn only_what_was_asked_for_and_refused_goes_back_by_bank() {
    let (refused, _) = after(&asked(), vec![Command::RefundRefused]);
    let (ended, _) = after(&refused, vec![by_bank(true), by_bank(false)]);
    assert_eq!(ended.state, ENDED);
    let late = START.plus_seconds(1_000_000);
    let open = decide(&asked(), Command::DeadlinePassed, late)
        .unwrap()
        .order;
    assert_eq!(open.state.name(), "in_review");
    assert!(matches!(
        decide(&open, by_bank(true), late),
        Err(Refusal::Ruling(_))
    ));
}

#[test]
fn a_transfer_is_planned_as_it_was_agreed_or_not_at_all() {
    let (paid, ..) = run(until_paid(), START);
    let elsewhere = "TQsYLehPnKVhjqx58tntQep1WMLG6YDyuY";
    let changes: [fn(&mut UnsignedTransfer, Address); 3] = [
        |transfer, elsewhere| transfer.recipient = elsewhere,
        |transfer, _| transfer.amount = Amount::parse(usdt(), "99").unwrap(),
        |transfer, _| transfer.fee = Amount::new(Network::Erc20.native(), 1),
    ];
    for change in changes {
        let mut transfer = transfer();
        change(
            &mut transfer,
            Address::parse(Network::Trc20, elsewhere).unwrap(),
        );
        let planned = Command::Transfer(TransferFact::Planned {
            intent: intent(),
            transfer,
        });
        let refused = decide(&paid, planned, START);
        assert_eq!(
            refused,
            Err(Refusal::Money(crate::money::MoneyError::Mismatch))
        );
    }
    assert!(decide(&paid, planned(), START).is_ok());
}

#[test]
fn a_refund_that_nothing_disturbed_forfeits_nothing() {
    let refunded = decide(&asked(), Command::Refunded, START).unwrap();
    let kinds = refunded.entries.iter().map(|entry| entry.kind().name());
    assert_eq!(kinds.collect::<Vec<_>>(), ["refund", "release"]);
}

#[test]
fn a_declined_payment_may_be_tried_again_but_not_for_ever() {
    let (mut order, ..) = run(vec![Command::IdentityPassed], START);
    for attempt in 1..=ATTEMPTS_MAX {
        let declined = Command::PaymentDeclined {
            attempt,
            code: DeclineCode::Declined,
        };
        let locked = Command::QuoteLock {
            quote: quote(START),
        };
        (order, ..) = run_from(order, vec![locked, pay(), declined], START);
        assert_eq!(
            (order.declined, &order.price),
            (Some(DeclineCode::Declined), &None)
        );
        let last = attempt == ATTEMPTS_MAX;
        let state = if last { "failed" } else { "awaiting_payment" };
        assert_eq!(order.state.name(), state, "after {attempt}");
    }
    let reason = FailReason::PaymentRefused;
    assert_eq!(order.state, State::Failed { reason });
}

#[test]
fn rulings_are_told_by_their_names() {
    for (ruling, name) in [
        (Ruling::Approve, "approve"),
        (Ruling::Refund, "refund"),
        (Ruling::Return, "return"),
        (
            Ruling::RefundedByBank {
                transfer: "SEPA 1".into(),
            },
            "refunded_by_bank",
        ),
    ] {
        assert_eq!(ruling.name(), name);
    }
}
