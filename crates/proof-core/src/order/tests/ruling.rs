//! Two people, a reason, and never a guess.

use super::*;
use crate::operator::Voice;

pub(super) fn commands() -> impl Strategy<Value = Command> {
    let ruling = prop_oneof![
        Just(Ruling::Approve),
        Just(Ruling::Refund),
        Just(Ruling::Return),
        Just(Ruling::RefundedByBank {
            transfer: "SEPA 1".into()
        }),
    ];
    (ruling, any::<bool>()).prop_map(|(ruling, alice)| rule(ruling, alice))
}

fn rule(ruling: Ruling, alice: bool) -> Command {
    let by = if alice { "alice" } else { "bob" };
    Command::Rule {
        ruling,
        voice: Voice {
            by: by.parse().unwrap(),
            reason: "the provider's support said so".into(),
        },
    }
}

fn late() -> Timestamp {
    START.plus_seconds(30 * 24 * 3_600)
}

/// An order whose deadline passed after these commands.
fn reviewed(commands: Vec<Command>) -> Order {
    let (order, ..) = run(commands, START);
    let reviewed = decide(&order, Command::DeadlinePassed, late())
        .unwrap()
        .order;
    assert!(matches!(reviewed.state, State::InReview(_)));
    reviewed
}

fn both(order: &Order, ruling: Ruling) -> Decision {
    let proposed = decide(order, rule(ruling.clone(), true), late()).unwrap();
    assert!(matches!(proposed.order.state, State::InReview(_)));
    assert!(proposed.entries.is_empty());
    decide(&proposed.order, rule(ruling, false), late()).unwrap()
}

#[test]
fn one_person_decides_nothing() {
    let order = reviewed(until_paid());
    let proposed = decide(&order, rule(Ruling::Refund, true), late())
        .unwrap()
        .order;
    let alone = decide(&proposed, rule(Ruling::Refund, true), late());
    assert_eq!(alone, Err(Refusal::SecondPerson));
    // Bob wants something else: that is a new proposal, not an agreement.
    let other = decide(&proposed, rule(Ruling::Approve, false), late())
        .unwrap()
        .order;
    assert!(matches!(other.state, State::InReview(_)));
    let agreed = decide(&other, rule(Ruling::Approve, true), late())
        .unwrap()
        .order;
    assert!(
        matches!(agreed.state, State::Paid { deadline, withheld: false, .. } if deadline > late())
    );
}

#[test]
fn a_paid_buy_is_refunded_but_one_in_flight_is_not() {
    let refunding = both(&reviewed(until_paid()), Ruling::Refund).order;
    assert_eq!(refunding.duty(late()), Duty::PrepareRefund);
    let mut commands = until_paid();
    commands.push(planned());
    let in_flight = reviewed(commands);
    let refused = decide(&in_flight, rule(Ruling::Refund, true), late());
    assert!(matches!(refused, Err(Refusal::Ruling(_))));
    let goes_on = both(&in_flight, Ruling::Approve).order;
    assert!(matches!(goes_on.state, State::Delivering(ref s) if s.deadline > late()));
}

#[test]
fn a_refund_goes_by_bank_only_after_the_provider_said_no() {
    let by_bank = || Ruling::RefundedByBank {
        transfer: "SEPA 1".into(),
    };
    let refunding = both(&reviewed(until_paid()), Ruling::Refund).order;
    let doubtful = decide(
        &refunding,
        Command::DeadlinePassed,
        late().plus_seconds(100_000),
    )
    .unwrap()
    .order;
    let early = decide(&doubtful, rule(by_bank(), true), late());
    assert!(matches!(early, Err(Refusal::Ruling(_))));
    let unasked = decide(&refunding, Command::RefundRefused, late());
    assert_eq!(unasked, Err(Refusal::WrongState));
    let called = decide(&refunding, Command::RefundCalled, late())
        .unwrap()
        .order;
    let total = refunding.price.as_ref().unwrap().total;
    assert_eq!(called.duty(late()), Duty::Refund(total));
    let refused = decide(&called, Command::RefundRefused, late())
        .unwrap()
        .order;
    assert_eq!(refused.duty(late()), Duty::None, "nobody asks again");
    let decision = both(&refused, by_bank());
    let reason = FailReason::Refunded;
    assert_eq!(decision.order.state, State::Failed { reason });
    let books = balances(&decision.entries);
    let total = i128::try_from(refused.price.unwrap().total.minor()).unwrap();
    assert_eq!(books["bank:EUR"], -total);
    assert_eq!(books["reserved:USDT/TRC20"], -100_000_000);
}

#[test]
fn a_doubtful_capture_is_given_back_by_way_of_a_void() {
    let mut commands = until_paid();
    commands.pop();
    let order = both(&reviewed(commands), Ruling::Refund).order;
    assert_eq!(order.duty(late()), Duty::Void);
    let captured = decide(&order, Command::Captured, late()).unwrap().order;
    assert_eq!(captured.duty(late()), Duty::PrepareRefund);
}

#[test]
fn a_payout_that_was_called_is_not_returned() {
    let order = sell::paying_out(false);
    let reviewed = |order: &Order| {
        decide(order, Command::DeadlinePassed, late())
            .unwrap()
            .order
    };
    let returning = both(&reviewed(&order), Ruling::Return).order;
    assert_eq!(returning.duty(late()), Duty::PlanTransfer);
    let called = reviewed(&sell::paying_out(true));
    let refused = decide(&called, rule(Ruling::Return, true), late());
    assert!(matches!(refused, Err(Refusal::Ruling(_))));
}
