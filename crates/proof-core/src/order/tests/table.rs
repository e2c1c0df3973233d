//! Every state beside every other: what it is called, what may be done in it, what it still owes, and how it
//! ends when its time is over.

use super::*;
use crate::{
    order::{
        Authorising, AuthorisingStep, InReview, PayingOut, PublicStatus, ReturnReason, Returning,
        VoidReason, Voiding, WidgetStatus,
    },
    transfer::Sending,
};

/// Where each state that has a deadline of its own ends, in seconds from the beginning.
const BOUND: i64 = 500;

pub(super) fn bound() -> Timestamp {
    START.plus_seconds(BOUND)
}

pub(super) fn sending() -> Sending {
    Sending::new(intent(), transfer(), bound())
}

pub(super) fn authorising(step: AuthorisingStep) -> State {
    State::Authorising(Authorising {
        card_token: "tok".into(),
        deadline: bound(),
        step,
    })
}

pub(super) fn paid(held_until: Option<Timestamp>) -> State {
    State::Paid {
        deadline: bound(),
        withheld: false,
        held_until,
    }
}

pub(super) fn refunding(called: Option<Money>) -> State {
    State::Refunding {
        deadline: bound(),
        called,
        refused: false,
        withheld: false,
    }
}

pub(super) fn returning(sending: Option<Sending>) -> State {
    State::Returning(Returning {
        why: ReturnReason::Chosen,
        amount: order().amount,
        sending,
        attempt: 1,
        deadline: bound(),
    })
}

pub(super) fn paying(called: bool) -> State {
    State::PayingOut(PayingOut {
        called,
        deadline: bound(),
    })
}

pub(super) fn reviewed(from: State) -> State {
    State::InReview(Box::new(InReview {
        from,
        reason: "r".into(),
        since: START,
        proposal: None,
    }))
}

/// An order in some state; of a sell, with what it has fixed and received.
pub(super) fn at(state: State) -> Order {
    let selling = matches!(
        state,
        State::AwaitingDeposit
            | State::DepositSeen { .. }
            | State::DepositConfirmed { .. }
            | State::DepositLost { .. }
            | State::AwaitingChoice { .. }
            | State::PayingOut(_)
            | State::Returning(_)
    );
    let mut order = if selling {
        sell::paying_out(false)
    } else {
        order()
    };
    order.state = state;
    order
}

struct Row {
    state: State,
    name: &'static str,
    public: PublicStatus,
    widget: WidgetStatus,
    /// What a cancel makes of it.
    cancelled: Option<&'static str>,
    /// What becomes of it when its time is over.
    over: Option<&'static str>,
    duty: Duty,
}

const fn row(
    state: State,
    (name, public, widget): (&'static str, PublicStatus, WidgetStatus),
    (cancelled, over): (Option<&'static str>, Option<&'static str>),
    duty: Duty,
) -> Row {
    Row {
        state,
        name,
        public,
        widget,
        cancelled,
        over,
        duty,
    }
}

/// The lifecycle of a buy (domain, "Order lifecycle").
fn buys() -> Vec<Row> {
    use PublicStatus::Pending;
    use WidgetStatus::{New, Pending as Begun};
    let (gone, ended, people) = (Some("cancelled"), Some("expired"), Some("in_review"));
    let void = Some("voiding");
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
    let ask = Duty::Authorise {
        card_token: "tok".into(),
    };
    let bank = AuthorisingStep::ThreeDs { url: "u".into() };
    let assess = Duty::Assess {
        liability_shift: true,
    };
    let waiting = State::AwaitingPayment { quote: None };
    vec![
        row(
            State::Created,
            ("created", Pending, New),
            (gone, ended),
            Duty::None,
        ),
        row(
            waiting,
            ("awaiting_payment", Pending, New),
            (gone, ended),
            Duty::None,
        ),
        row(
            authorising(AuthorisingStep::Asked),
            ("authorising", Pending, Begun),
            (void, people),
            ask,
        ),
        row(
            authorising(bank),
            ("authorising", Pending, Begun),
            (void, people),
            Duty::AskPayment,
        ),
        row(held, ("authorised", Pending, Begun), (void, people), assess),
        row(
            taking,
            ("capturing", Pending, Begun),
            (None, people),
            Duty::Capture,
        ),
        row(
            voiding,
            ("voiding", Pending, Begun),
            (None, people),
            Duty::Void,
        ),
    ]
}

/// From the capture on.
fn buys_paid() -> Vec<Row> {
    use PublicStatus::Processing;
    use WidgetStatus::Paid;
    let people = Some("in_review");
    let money = Money::new(Fiat::Eur, 7);
    vec![
        row(
            paid(None),
            ("paid", Processing, Paid),
            (None, people),
            Duty::PlanTransfer,
        ),
        row(
            paid(Some(bound())),
            ("paid", Processing, Paid),
            (None, people),
            Duty::None,
        ),
        row(
            State::Delivering(sending()),
            ("delivering", Processing, Paid),
            (None, people),
            Duty::Sign(Box::new(sending())),
        ),
        row(
            refunding(None),
            ("refunding", Processing, Paid),
            (None, people),
            Duty::PrepareRefund,
        ),
        row(
            refunding(Some(money)),
            ("refunding", Processing, Paid),
            (None, people),
            Duty::Refund(money),
        ),
    ]
}

fn sells() -> Vec<Row> {
    use PublicStatus::{Pending, Processing};
    use WidgetStatus::{New, Paid, Pending as Begun};
    let (gone, ended, people) = (Some("cancelled"), Some("expired"), Some("in_review"));
    let back = Some("returning");
    let terms = State::AwaitingTerms { quote: None };
    let seen = State::DepositSeen { deadline: bound() };
    let confirmed = State::DepositConfirmed { deadline: bound() };
    let lost = State::DepositLost { deadline: bound() };
    let choice = State::AwaitingChoice {
        quote: None,
        deadline: bound(),
    };
    vec![
        row(
            terms,
            ("awaiting_terms", Pending, New),
            (gone, ended),
            Duty::None,
        ),
        // Part of it is there.
        row(
            State::AwaitingDeposit,
            ("awaiting_deposit", Pending, Begun),
            (None, people),
            Duty::None,
        ),
        row(
            seen,
            ("deposit_seen", Pending, Begun),
            (None, people),
            Duty::WatchDeposits,
        ),
        row(
            confirmed,
            ("deposit_confirmed", Processing, Paid),
            (None, people),
            Duty::AssessSale,
        ),
        row(
            lost,
            ("deposit_lost", Processing, Paid),
            (None, back),
            Duty::WatchDeposits,
        ),
        row(
            choice,
            ("awaiting_choice", Processing, Paid),
            (None, back),
            Duty::None,
        ),
    ]
}

/// From the payout, or the return, on.
fn sells_ending() -> Vec<Row> {
    use PublicStatus::Processing;
    use WidgetStatus::Paid;
    let people = Some("in_review");
    let home = returning(Some(sending()));
    vec![
        row(
            paying(false),
            ("paying_out", Processing, Paid),
            (None, people),
            Duty::PreparePayout,
        ),
        row(
            paying(true),
            ("paying_out", Processing, Paid),
            (None, people),
            Duty::PayOut,
        ),
        row(
            returning(None),
            ("returning", Processing, Paid),
            (None, people),
            Duty::PlanTransfer,
        ),
        row(
            home,
            ("returning", Processing, Paid),
            (None, people),
            Duty::Sign(Box::new(sending())),
        ),
    ]
}

/// Ended, and nothing is owed any more.
fn ends() -> Vec<Row> {
    let failed = State::Failed {
        reason: FailReason::Refunded,
    };
    let done = State::Completed { hash: None };
    let (failure, over) = (PublicStatus::Failed, (None, None));
    vec![
        row(
            done,
            (
                "completed",
                PublicStatus::Completed,
                WidgetStatus::Completed,
            ),
            over,
            Duty::None,
        ),
        row(
            failed,
            ("failed", failure, WidgetStatus::Failed),
            over,
            Duty::None,
        ),
        row(
            State::Expired,
            ("expired", failure, WidgetStatus::Failed),
            over,
            Duty::None,
        ),
        row(
            State::Cancelled,
            (
                "cancelled",
                PublicStatus::Cancelled,
                WidgetStatus::Cancelled,
            ),
            over,
            Duty::None,
        ),
    ]
}

fn rows() -> Vec<Row> {
    [buys(), buys_paid(), sells(), sells_ending(), ends()]
        .into_iter()
        .flatten()
        .collect()
}

#[test]
fn each_state_is_called_and_shown_as_the_domain_says() {
    for row in rows() {
        let state = row.state;
        assert_eq!(state.name(), row.name);
        assert_eq!(
            (state.public(), state.widget()),
            (row.public, row.widget),
            "{}",
            row.name
        );
        let over = [
            PublicStatus::Completed,
            PublicStatus::Failed,
            PublicStatus::Cancelled,
        ];
        assert_eq!(
            state.is_terminal(),
            over.contains(&row.public),
            "{}",
            row.name
        );
        // People who look change nothing that partners or users see.
        if !state.is_terminal() {
            let looked_at = reviewed(state.clone());
            assert_eq!(looked_at.name(), "in_review");
            assert_eq!(
                (looked_at.public(), looked_at.widget()),
                (row.public, row.widget)
            );
        }
    }
}

#[test]
fn the_user_may_cancel_until_capture_is_called() {
    for row in rows() {
        let after = decide(&at(row.state), Command::Cancel, START);
        let became = after.as_ref().ok().map(|after| after.order.state.name());
        assert_eq!(became, row.cancelled, "{}", row.name);
        if became == Some("cancelled") {
            let events = after.unwrap().events;
            assert!(
                events
                    .iter()
                    .any(|event| event.kind == EventKind::OrderCancelled)
            );
        }
    }
    // Nothing came yet; an identity that people look at.
    let mut empty = at(State::AwaitingDeposit);
    empty.sale.as_mut().unwrap().held.clear();
    for order in [empty, at(reviewed(State::Created))] {
        let after = decide(&order, Command::Cancel, START).unwrap().order;
        assert_eq!(after.state, State::Cancelled);
    }
    let looked_at = at(reviewed(paid(None)));
    assert_eq!(
        decide(&looked_at, Command::Cancel, START),
        Err(Refusal::WrongState)
    );
}

#[test]
fn every_wait_ends_and_nobody_is_waited_for_beyond_it() {
    for row in rows() {
        let order = at(row.state);
        let Some(deadline) = order.deadline() else {
            assert_eq!(row.over, None, "{}", row.name);
            let later = START.plus_seconds(1_000_000);
            let over = decide(&order, Command::DeadlinePassed, later);
            assert_eq!(over, Err(Refusal::WrongState), "{}", row.name);
            continue;
        };
        let early = decide(&order, Command::DeadlinePassed, deadline.plus_millis(-1));
        assert_eq!(early, Err(Refusal::WrongState), "{}", row.name);
        let over = decide(&order, Command::DeadlinePassed, deadline)
            .unwrap()
            .order;
        assert_eq!(Some(over.state.name()), row.over, "{}", row.name);
    }
}

#[test]
fn deadlines_are_those_of_the_state_its_payment_hour_or_its_window() {
    for row in rows() {
        let order = at(row.state);
        let in_doubt = bound().plus_seconds(IN_DOUBT_SECONDS_MAX);
        let expected = match row.name {
            "created" | "awaiting_payment" | "awaiting_terms" => Some(order.pay_until),
            "authorising" => Some(in_doubt),
            "awaiting_deposit" => {
                let until = order.sale.as_ref().unwrap().deposit_until;
                Some(until.plus_seconds(IN_DOUBT_SECONDS_MAX))
            }
            "completed" | "failed" | "expired" | "cancelled" => None,
            _ => Some(bound()),
        };
        assert_eq!(order.deadline(), expected, "{}", row.name);
        // Only an identity is reviewed for a bounded time: nobody's money is held meanwhile.
        let looked_at = at(reviewed(order.state.clone())).deadline();
        let identity = START.plus_seconds(REVIEW_SECONDS_MAX);
        assert_eq!(
            looked_at,
            (row.name == "created").then_some(identity),
            "{}",
            row.name
        );
    }
}

#[test]
fn each_state_owes_one_step_and_is_looked_at_in_time() {
    for row in rows() {
        let order = at(row.state);
        assert_eq!(order.duty(START), row.duty, "{}", row.name);
        let polled = START.plus_millis(POLL_MS);
        let deadline = order.deadline();
        let expected = match &row.duty {
            Duty::None if row.name == "awaiting_deposit" => {
                order.sale.as_ref().map(|sale| sale.deposit_until)
            }
            Duty::None if row.name == "paid" => Some(bound()),
            Duty::None => deadline,
            Duty::AskPayment | Duty::WatchDeposits => Some(polled),
            _ => Some(START),
        };
        assert_eq!(order.wake_at(START), expected, "{}", row.name);
    }
}

#[test]
fn while_people_look_only_the_world_is_asked_and_less_often() {
    let people = [
        State::Authorised {
            liability_shift: true,
            deadline: bound(),
        },
        State::DepositConfirmed { deadline: bound() },
        returning(None),
        State::Paid {
            deadline: bound(),
            withheld: true,
            held_until: None,
        },
        State::Refunding {
            deadline: bound(),
            called: None,
            refused: true,
            withheld: false,
        },
        State::Refunding {
            deadline: bound(),
            called: None,
            refused: false,
            withheld: true,
        },
    ];
    for state in people {
        let order = at(reviewed(state));
        assert_eq!(
            (order.duty(START), order.wake_at(START)),
            (Duty::None, None)
        );
    }
    let asked = at(reviewed(paid(None)));
    assert_eq!(asked.duty(START), Duty::PlanTransfer);
    assert_eq!(asked.wake_at(START), Some(START.plus_seconds(60)));
    let watched = at(reviewed(State::DepositSeen { deadline: bound() }));
    assert_eq!(watched.wake_at(START), Some(START.plus_seconds(61)));
    let mut frozen = at(reviewed(paying(false)));
    frozen.freeze.frozen = Some(1);
    assert_eq!(frozen.duty(START), Duty::None);
}

#[test]
fn what_is_sent_goes_to_the_address_of_its_order() {
    let buy = at(paid(None));
    assert_eq!(buy.outgoing(), Some((buy.destination.clone(), buy.amount)));
    let back = at(returning(None));
    let refund = back.sale.as_ref().unwrap().refund_address.clone();
    assert_eq!(back.outgoing(), Some((refund, back.amount)));
    for (state, under_way) in [
        (State::Delivering(sending()), true),
        (returning(Some(sending())), true),
        (reviewed(State::Delivering(sending())), true),
        (returning(None), false),
        (paid(None), false),
    ] {
        let found = state.sending().cloned();
        assert_eq!(found, under_way.then(sending), "{}", state.name());
    }
}

#[test]
fn a_window_that_is_over_is_closed_and_a_payment_that_is_late_too() {
    let order = at(State::AwaitingDeposit);
    let until = order.sale.as_ref().unwrap().deposit_until;
    assert_eq!(order.duty(until.plus_millis(-1)), Duty::None);
    assert_eq!(order.duty(until), Duty::CloseWindow);
    assert_eq!(order.wake_at(until), Some(until.plus_millis(POLL_MS)));
    let asked = at(authorising(AuthorisingStep::Asked));
    assert_eq!(asked.duty(bound()), Duty::ClosePayment);
    // Past its deadline it is looked at now, not in the past.
    let late = bound().plus_seconds(100_000);
    assert_eq!(
        at(State::Created).wake_at(late),
        Some(at(State::Created).pay_until)
    );
    let polled = at(authorising(AuthorisingStep::ThreeDs { url: "u".into() }));
    assert_eq!(polled.wake_at(late), Some(late));
}

#[test]
fn a_status_goes_only_forwards() {
    use PublicStatus::{Cancelled, Completed, Failed, Pending, Processing};
    for (from, to) in [
        (
            Pending,
            vec![Pending, Processing, Completed, Failed, Cancelled],
        ),
        (Processing, vec![Processing, Completed, Failed, Cancelled]),
        (Completed, vec![Completed]),
        (Failed, vec![Failed]),
        (Cancelled, vec![Cancelled]),
    ] {
        let all = PublicStatus::ALL.into_iter();
        let may: Vec<_> = all.filter(|next| from.may_become(*next)).collect();
        assert_eq!(may, to, "{}", from.name());
        assert_eq!(PublicStatus::parse(from.name()), Some(from));
    }
    assert_eq!(PublicStatus::parse("paid"), None);
}

#[test]
fn reasons_and_statuses_are_told_by_their_names() {
    let reasons = [
        (FailReason::IdentityRefused, "identity_refused"),
        (FailReason::PaymentRefused, "payment_refused"),
        (FailReason::PaymentVoided, "payment_voided"),
        (FailReason::RiskRefused, "risk_refused"),
        (FailReason::Screening, "screening"),
        (FailReason::Refunded, "refunded"),
        (FailReason::DepositTimeout, "deposit_timeout"),
        (FailReason::DepositLost, "deposit_lost"),
        (FailReason::Returned, "returned"),
    ];
    for (reason, name) in reasons {
        assert_eq!(reason.name(), name);
        assert_eq!(serde_json::to_value(reason).unwrap(), name);
    }
    for (why, name) in [
        (ReturnReason::Underpaid, "underpaid"),
        (ReturnReason::Chosen, "chosen"),
        (ReturnReason::PayoutRefused, "payout_refused"),
        (ReturnReason::Reviewed, "reviewed"),
    ] {
        assert_eq!(why.name(), name);
        assert_eq!(serde_json::to_value(why).unwrap(), name);
    }
    for (status, name) in [
        (WidgetStatus::New, "new"),
        (WidgetStatus::Pending, "pending"),
        (WidgetStatus::Paid, "paid"),
        (WidgetStatus::Completed, "completed"),
        (WidgetStatus::Failed, "failed"),
        (WidgetStatus::Cancelled, "cancelled"),
    ] {
        assert_eq!(status.name(), name);
    }
}
