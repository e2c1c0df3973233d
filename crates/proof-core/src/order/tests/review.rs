//! What people may decide from where an order stopped, and what the list and the chain do meanwhile.

use super::table::{at, authorising, bound, paid, paying, refunding, returning, reviewed, sending};
use super::*;
use crate::{
    operator::Voice,
    order::{AuthorisingStep, VoidReason, Voiding, rulings},
    screening::{Hit, ListedKind, Screening},
};

/// Later than any deadline that was set before.
const THEN: Timestamp = START.plus_seconds(1_000_000);

fn money() -> Money {
    Money::new(Fiat::Eur, 7)
}

/// Where it stopped, what two people may decide, and how much time an approval gives.
fn stops() -> Vec<(State, &'static [&'static str], i64)> {
    const GO: &[&str] = &["approve"];
    const GO_OR_REFUND: &[&str] = &["approve", "refund"];
    const GO_OR_RETURN: &[&str] = &["approve", "return"];
    let voiding = State::Voiding(Voiding {
        why: VoidReason::Cancelled,
        deadline: bound(),
    });
    let held = State::Authorised {
        liability_shift: true,
        deadline: bound(),
    };
    let taking = State::Capturing {
        deadline: bound(),
        hold_seconds: 0,
    };
    let refused = State::Refunding {
        deadline: bound(),
        called: Some(money()),
        refused: true,
        withheld: false,
    };
    let choice = State::AwaitingChoice {
        quote: None,
        deadline: bound(),
    };
    vec![
        (State::Created, &[], 0),
        (State::AwaitingPayment { quote: None }, &[], 0),
        (
            authorising(AuthorisingStep::Asked),
            GO,
            IN_DOUBT_SECONDS_MAX,
        ),
        (held, GO_OR_REFUND, CAPTURING_SECONDS_MAX),
        (taking, GO_OR_REFUND, CAPTURING_SECONDS_MAX),
        (voiding, GO, VOIDING_SECONDS_MAX),
        (paid(None), GO_OR_REFUND, PAID_SECONDS_MAX),
        (State::Delivering(sending()), GO, DELIVERING_SECONDS_MAX),
        (refunding(None), GO, REFUNDING_SECONDS_MAX),
        (refunding(Some(money())), GO, REFUNDING_SECONDS_MAX),
        (
            refused,
            &["approve", "refunded_by_bank"],
            REFUNDING_SECONDS_MAX,
        ),
        (State::AwaitingTerms { quote: None }, &[], 0),
        (State::AwaitingDeposit, &[], 0),
        (
            State::DepositSeen { deadline: bound() },
            GO,
            DEPOSIT_SEEN_SECONDS_MAX,
        ),
        (
            State::DepositConfirmed { deadline: bound() },
            GO_OR_RETURN,
            DEPOSIT_CONFIRMED_SECONDS_MAX,
        ),
        (
            State::DepositLost { deadline: bound() },
            GO,
            DEPOSIT_LOST_SECONDS_MAX,
        ),
        (choice, &[], 0),
        (paying(false), GO_OR_RETURN, PAYING_OUT_SECONDS_MAX),
        (paying(true), GO, PAYING_OUT_SECONDS_MAX),
        (returning(None), GO, RETURNING_SECONDS_MAX),
        (returning(Some(sending())), GO, RETURNING_SECONDS_MAX),
    ]
}

fn approve(by: &str) -> Command {
    Command::Rule {
        ruling: Ruling::Approve,
        voice: Voice {
            by: by.parse().unwrap(),
            reason: "looked at it".into(),
        },
    }
}

/// The order that stopped there.
fn stopped(state: State) -> Order {
    let mut order = at(state.clone());
    order.state = reviewed(state);
    order
}

#[test]
fn what_two_people_may_decide_depends_on_where_it_stopped() {
    for (state, may, _) in stops() {
        let name = state.name();
        assert_eq!(
            rulings(&at(state.clone()), THEN),
            [""; 0],
            "{name} waits for nobody"
        );
        assert_eq!(rulings(&stopped(state), THEN), may, "{name}");
    }
}

#[test]
fn an_approval_gives_the_same_step_new_time() {
    for (state, may, seconds) in stops() {
        let name = state.name();
        let order = stopped(state);
        if may.is_empty() {
            let refused = decide(&order, approve("alice"), THEN);
            assert!(matches!(refused, Err(Refusal::Ruling(_))), "{name}");
            continue;
        }
        let proposed = decide(&order, approve("alice"), THEN).unwrap().order;
        let goes_on = decide(&proposed, approve("bob"), THEN).unwrap().order;
        let next = if name == "authorised" {
            "capturing"
        } else {
            name
        };
        assert_eq!(goes_on.state.name(), next);
        assert_eq!(
            goes_on.deadline(),
            Some(THEN.plus_seconds(seconds)),
            "{name}"
        );
    }
}

fn listed(line: i64) -> Command {
    Command::Screened(Screening {
        list_version: line,
        hits: vec![Hit {
            kind: ListedKind::Address,
            line,
        }],
    })
}

#[test]
fn what_is_about_to_go_out_to_somebody_listed_is_frozen() {
    let confirmed = State::DepositConfirmed { deadline: bound() };
    for state in [confirmed, paying(false), returning(None)] {
        let order = at(state);
        let frozen = decide(&order, listed(3), START).unwrap();
        assert_eq!(frozen.order.state.name(), "in_review");
        assert_eq!(frozen.order.freeze.frozen, Some(3));
        let amount = i128::try_from(order.amount.base()).unwrap();
        assert_eq!(balances(&frozen.entries)["suspense:USDT/TRC20"], -amount);
        // Once; and not for what two people have seen already.
        assert_eq!(
            decide(&frozen.order, listed(4), START),
            Err(Refusal::WrongState)
        );
        let mut cleared = order.clone();
        cleared.freeze.cleared = 3;
        assert_eq!(decide(&cleared, listed(3), START), Err(Refusal::WrongState));
        assert!(decide(&cleared, listed(4), START).is_ok());
        let nobody = Command::Screened(Screening::default());
        assert_eq!(decide(&order, nobody, START), Err(Refusal::WrongState));
    }
    for state in [paying(true), returning(Some(sending())), paid(None)] {
        let order = at(state);
        assert_eq!(decide(&order, listed(3), START), Err(Refusal::WrongState));
    }
}

#[test]
fn a_fact_ends_a_review_and_a_wish_does_not() {
    let sent = Command::Sell(SellCommand::PayoutSent);
    let paid_out = decide(&stopped(paying(true)), sent, START).unwrap().order;
    assert_eq!(paid_out.state.name(), "completed");
    let choice = State::AwaitingChoice {
        quote: None,
        deadline: bound(),
    };
    let wish = || Command::Sell(SellCommand::ChooseReturn);
    assert!(decide(&at(choice.clone()), wish(), START).is_ok());
    let looked_at = decide(&stopped(choice), wish(), START);
    assert_eq!(looked_at, Err(Refusal::WrongState));
}
