//! Sells: deposits that come, vanish, come in parts or too late; payouts and returns.

use super::*;
use crate::{
    deposit::{Deposit, DepositKey},
    partner::{AccidentPolicy, UnderpaidPolicy},
    quote::quote_sell,
};

fn locked() -> Command {
    Command::QuoteLock {
        quote: quote_by(quote_sell, START),
    }
}

fn key(name: u8) -> DepositKey {
    DepositKey {
        hash: format!("d{name}"),
        index: 0,
    }
}

fn seen(name: u8, amount: &str, at: Timestamp) -> Command {
    let deposit = Deposit {
        key: key(name),
        amount: Amount::parse(usdt(), amount).unwrap(),
        seen_at: at,
        senders: Vec::new(),
    };
    Command::Sell(SellCommand::DepositSeen { deposit })
}

fn is_final(name: u8) -> Command {
    Command::Sell(SellCommand::DepositFinal {
        key: key(name),
        confirmations: 3,
    })
}

fn vanished(name: u8) -> Command {
    Command::Sell(SellCommand::DepositVanished { key: key(name) })
}

fn start() -> Command {
    start_by(AccidentPolicy::default())
}

fn start_by(accidents: AccidentPolicy) -> Command {
    let terms = Terms {
        payout_token: "tok".into(),
        payout_card: card(),
        refund_address: address(),
        deposit_address: address(),
        window_seconds: 6 * 3_600,
        hold_seconds: 6 * 3_600,
        accidents,
        payout_from: None,
    };
    Command::Sell(SellCommand::Start {
        quote: quote(START).id,
        terms: Box::new(terms),
    })
}

fn assessed(verdict: SaleVerdict) -> Command {
    Command::Sell(SellCommand::Assessed { verdict })
}

fn refused() -> Command {
    Command::Sell(SellCommand::PayoutRefused {
        code: DeclineCode::Declined,
    })
}

fn until_awaiting() -> Vec<Command> {
    vec![Command::IdentityPassed, locked(), start()]
}

fn until_paying() -> Vec<Command> {
    let mut commands = until_awaiting();
    commands.extend([
        seen(1, "100", START),
        is_final(1),
        assessed(SaleVerdict::Pay),
        Command::Sell(SellCommand::PayoutCalled),
    ]);
    commands
}

/// A sell that is about to be paid out, or whose provider was called already.
pub fn paying_out(called: bool) -> Order {
    let mut commands = until_paying();
    if !called {
        commands.pop();
    }
    sell(commands).0
}

fn sell(commands: Vec<Command>) -> (Order, Vec<NewEvent>, Vec<Entry>) {
    run_from(order_of(Side::Sell), commands, START)
}

fn returned(amount: &str) -> [Command; 4] {
    let mut transfer = transfer();
    transfer.amount = Amount::parse(usdt(), amount).unwrap();
    [
        Command::Transfer(TransferFact::Planned {
            intent: intent(),
            transfer,
        }),
        signed(),
        Command::Transfer(TransferFact::Broadcast),
        Command::Transfer(TransferFact::Final {
            confirmations: 3,
            fee: trx(900),
        }),
    ]
}

pub fn commands() -> impl Strategy<Value = Command> {
    let step = |command| Just(Command::Sell(command));
    let amounts = prop_oneof![Just("100"), Just("60"), Just("40"), Just("1")];
    prop_oneof![
        8 => Just(start()),
        6 => Just(locked()),
        8 => (0_u8..4, amounts, 0_i64..30_000).prop_map(|(name, amount, late)| {
            seen(name, amount, START.plus_seconds(late))
        }),
        2 => (0_u8..4, 0_u64..4).prop_map(|(name, confirmations)| {
            Command::Sell(SellCommand::DepositDeeper { key: key(name), confirmations })
        }),
        8 => (0_u8..4).prop_map(is_final),
        2 => (0_u8..4).prop_map(vanished),
        2 => step(SellCommand::WindowClosed),
        6 => Just(assessed(SaleVerdict::Pay)),
        2 => Just(assessed(SaleVerdict::Choose)),
        1 => Just(assessed(SaleVerdict::Review { reason: "r".into() })),
        2 => step(SellCommand::ChoosePayout { quote: quote(START).id }),
        2 => step(SellCommand::ChooseReturn),
        6 => step(SellCommand::PayoutCalled),
        6 => step(SellCommand::PayoutSent),
        2 => Just(refused()),
        4 => prop_oneof![Just("100"), Just("60"), Just("40"), Just("1")]
            .prop_map(|amount| returned(amount)[0].clone()),
    ]
}

/// What was sent beyond the amount of an order that has ended, and is still owed.
pub fn excess(order: &Order) -> i128 {
    let Some(sale) = &order.sale else { return 0 };
    let settled = match (&order.state, &sale.returned) {
        (State::Completed { .. }, _) => order.amount.base(),
        (_, Some(returned)) => returned.amount.base(),
        _ => 0,
    };
    let received = sale.received().map_or(0, Amount::base);
    i128::try_from(received - settled).unwrap()
}

#[test]
fn a_sell_completes_and_the_books_say_who_earned_what() {
    let mut commands = until_paying();
    commands.push(Command::Sell(SellCommand::PayoutSent));
    let (order, events, entries) = sell(commands);
    assert_eq!(order.state, State::Completed { hash: None });
    let changes: Vec<_> = events
        .iter()
        .filter(|e| e.kind == EventKind::StatusChanged)
        .map(|e| e.body["status"].as_str().unwrap().to_owned())
        .collect();
    assert_eq!(changes, ["processing", "completed"]);
    let books = balances(&entries);
    let total = i128::try_from(order.price.unwrap().total.minor()).unwrap();
    assert_eq!(books["payout:sandbox:EUR"], -total);
    assert_eq!(
        books[&format!("deposit:{}:USDT/TRC20", order.id)],
        100_000_000
    );
    assert_eq!(books[&format!("customer:{}:USDT/TRC20", order.id)], 0);
    assert_eq!(books["trading:USDT/TRC20"], -100_000_000);
    assert_eq!(books["trading:EUR"], 9_215);
}

#[test]
fn parts_add_up_and_the_rest_is_awaited() {
    let mut commands = until_awaiting();
    commands.extend([seen(1, "60", START), is_final(1)]);
    let (part, ..) = sell(commands.clone());
    assert_eq!(part.state, State::AwaitingDeposit);
    assert_eq!(part.status(), PublicStatus::Pending);
    assert_eq!(
        decide(&part, Command::Cancel, START),
        Err(Refusal::WrongState),
        "part of it is there"
    );
    commands.extend([seen(2, "40", START), is_final(2)]);
    let (whole, ..) = sell(commands);
    assert!(matches!(whole.state, State::DepositConfirmed { .. }));
    let late = START.plus_seconds(6 * 3_600);
    assert_eq!(part.duty(late), Duty::CloseWindow);
    let closed = Command::Sell(SellCommand::WindowClosed);
    assert!(decide(&part, closed.clone(), START).is_err());
    let home = decide(&part, closed, late).unwrap().order;
    let State::Returning(returning) = &home.state else {
        panic!("{:?}", home.state);
    };
    assert_eq!(
        (returning.why, returning.amount.to_decimal()),
        (ReturnReason::Underpaid, "60.00".to_owned())
    );
    let (home, _, entries) = run_from(home, returned("60").into(), late);
    assert_eq!(
        home.state,
        State::Failed {
            reason: FailReason::Returned
        }
    );
    let books = balances(&entries);
    assert_eq!(
        books[&format!("customer:{}:USDT/TRC20", home.id)],
        60_000_000
    );
    assert_eq!(books["wallet:USDT/TRC20"], -60_000_000);
}

#[test]
fn where_the_policy_says_so_too_little_goes_back_at_once() {
    let policy = AccidentPolicy {
        underpaid: UnderpaidPolicy::Return,
        ..AccidentPolicy::default()
    };
    let begin = || vec![Command::IdentityPassed, locked(), start_by(policy)];
    let mut parts = begin();
    parts.extend([seen(1, "60", START), seen(2, "40", START), is_final(1)]);
    let (waiting, ..) = sell(parts.clone());
    assert!(
        matches!(waiting.state, State::DepositSeen { .. }),
        "more is on its way"
    );
    parts.push(is_final(2));
    let (whole, ..) = sell(parts);
    assert!(matches!(whole.state, State::DepositConfirmed { .. }));
    let mut less = begin();
    less.extend([seen(1, "60", START), is_final(1)]);
    let (back, ..) = sell(less);
    let State::Returning(returning) = &back.state else {
        panic!("{:?}", back.state);
    };
    assert_eq!(returning.why, ReturnReason::Underpaid);
    assert_eq!(returning.amount.to_decimal(), "60.00");
}

#[test]
fn what_vanished_is_waited_for_as_long_as_the_policy_says() {
    let policy = AccidentPolicy {
        reorged_seconds: 700,
        ..AccidentPolicy::default()
    };
    let commands = vec![
        Command::IdentityPassed,
        locked(),
        start_by(policy),
        seen(1, "100", START),
        is_final(1),
        vanished(1),
    ];
    let (lost, ..) = sell(commands);
    assert_eq!(lost.deadline(), Some(START.plus_seconds(700)));
}

#[test]
fn in_time_is_when_our_node_first_saw_it() {
    let (order, ..) = sell(until_awaiting());
    let end = START.plus_seconds(6 * 3_600);
    let hour_later = end.plus_seconds(3_600);
    let before = seen(1, "100", end.plus_seconds(-1));
    assert!(decide(&order, before, hour_later).is_ok());
    assert_eq!(
        decide(&order, seen(1, "100", end), end.plus_seconds(-1)),
        Err(Refusal::WrongState)
    );
    let nothing = Command::Sell(SellCommand::WindowClosed);
    let failed = decide(&order, nothing, end).unwrap().order;
    assert_eq!(
        failed.state,
        State::Failed {
            reason: FailReason::DepositTimeout
        }
    );
}

#[test]
fn a_deposit_that_vanishes_stops_a_payout_that_was_not_called() {
    let mut commands = until_paying();
    commands.pop();
    let (paying, ..) = sell(commands.clone());
    assert_eq!(paying.duty(START), Duty::PreparePayout);
    let lost = decide(&paying, vanished(1), START).unwrap().order;
    assert!(matches!(lost.state, State::DepositLost { .. }));
    assert_eq!(lost.status(), PublicStatus::Processing);
    let again = decide(&lost, is_final(1), START).unwrap().order;
    assert!(matches!(again.state, State::DepositConfirmed { .. }));
    let late = START.plus_seconds(DEPOSIT_LOST_SECONDS_MAX);
    let failed = decide(&lost, Command::DeadlinePassed, late).unwrap().order;
    assert_eq!(
        failed.state,
        State::Failed {
            reason: FailReason::DepositLost
        }
    );
    let (called, ..) = sell(until_paying());
    assert_eq!(
        decide(&called, vanished(1), START),
        Err(Refusal::WrongState)
    );
}

#[test]
fn a_refused_payout_brings_the_crypto_home() {
    let mut commands = until_paying();
    commands.push(refused());
    commands.extend(returned("100"));
    let (order, _, entries) = sell(commands);
    assert_eq!(
        order.state,
        State::Failed {
            reason: FailReason::Returned
        }
    );
    let books = balances(&entries);
    assert_eq!(books[&format!("customer:{}:USDT/TRC20", order.id)], 0);
    assert_eq!(books["gas:TRX/TRC20"], 900);
    assert!(!books.contains_key("payout:sandbox:EUR"));
}

#[test]
fn silence_about_a_moved_price_brings_the_crypto_home() {
    let mut commands = until_awaiting();
    commands.extend([
        seen(1, "100", START),
        is_final(1),
        assessed(SaleVerdict::Choose),
    ]);
    let (order, ..) = sell(commands.clone());
    let late = START.plus_seconds(CHOICE_SECONDS);
    let home = decide(&order, Command::DeadlinePassed, late).unwrap().order;
    assert!(matches!(home.state, State::Returning(_)));
    let choose = Command::Sell(SellCommand::ChoosePayout {
        quote: quote(START).id,
    });
    assert_eq!(
        decide(&order, choose.clone(), START),
        Err(Refusal::QuoteExpired)
    );
    commands.extend([locked(), choose]);
    assert!(matches!(sell(commands).0.state, State::PayingOut(_)));
}

#[test]
fn a_return_that_is_refused_waits_for_people() {
    let mut commands = until_paying();
    commands.push(refused());
    commands.push(returned("100")[0].clone());
    let proof = Proof::NeverSigned { intent: intent() };
    commands.push(Command::Transfer(TransferFact::Dead { proof }));
    let (order, _, entries) = sell(commands);
    assert!(matches!(order.state, State::InReview(_)));
    assert_eq!(order.duty(START), Duty::None);
    assert_eq!(balances(&entries)["reserved:USDT/TRC20"], 0);
}

#[test]
fn both_addresses_are_on_the_orders_network() {
    let evm = crate::Address::parse(Network::Erc20, "0x7E5F4552091A69125d5DfCb7b8C2659029395Bdf");
    let evm = evm.unwrap();
    let (ready, ..) = sell(vec![Command::IdentityPassed, locked()]);
    for refund_is_wrong in [true, false] {
        let Command::Sell(SellCommand::Start { quote, mut terms }) = start() else {
            panic!("a start");
        };
        if refund_is_wrong {
            terms.refund_address = evm.clone();
        } else {
            terms.deposit_address = evm.clone();
        }
        let begun = decide(
            &ready,
            Command::Sell(SellCommand::Start { quote, terms }),
            START,
        );
        assert_eq!(
            begun,
            Err(Refusal::Money(crate::money::MoneyError::Mismatch))
        );
    }
}

fn deeper(name: u8, confirmations: u64) -> Command {
    Command::Sell(SellCommand::DepositDeeper {
        key: key(name),
        confirmations,
    })
}

#[test]
fn confirmations_are_news_until_the_deposit_is_final() {
    let mut commands = until_awaiting();
    commands.extend([seen(1, "60", START), seen(2, "10", START), is_final(1)]);
    let (order, ..) = sell(commands);
    assert!(decide(&order, deeper(2, 1), START).is_ok());
    for stale in [deeper(2, 0), deeper(1, 1), deeper(3, 1)] {
        assert_eq!(decide(&order, stale, START), Err(Refusal::WrongState));
    }
}

#[test]
fn what_is_beyond_the_amount_is_a_case() {
    let awaited = |commands: Vec<Command>| {
        let mut all = until_awaiting();
        all.extend(commands);
        sell(all).0
    };
    let kinds = |decision: &Decision| -> Vec<_> {
        let cases = decision.cases.iter();
        cases
            .map(|case| (case.kind.name(), case.amount.to_decimal()))
            .collect()
    };
    let exact = awaited(vec![seen(1, "100", START)]);
    assert!(kinds(&decide(&exact, is_final(1), START).unwrap()).is_empty());
    let more = awaited(vec![seen(1, "130", START), seen(2, "7", START)]);
    let complete = decide(&more, is_final(1), START).unwrap();
    let expected = [
        ("overpaid", "30.00".to_owned()),
        ("second_deposit", "7.00".to_owned()),
    ];
    assert_eq!(kinds(&complete), expected);
    let held = &complete.order.sale.unwrap().held;
    assert_eq!(held.len(), 1, "the other one is not the order's any more");
}

#[test]
fn what_vanishes_before_it_is_final_is_forgotten_and_the_others_stay() {
    let vanish = |commands: Vec<Command>| {
        let mut all = until_awaiting();
        all.extend(commands);
        let (order, ..) = sell(all);
        let after = decide(&order, vanished(2), START).unwrap().order;
        let sale = after.sale.unwrap();
        let held: Vec<_> = sale
            .held
            .iter()
            .map(|held| held.deposit.key.clone())
            .collect();
        (after.state.name(), held, sale.rest_asked)
    };
    let (alone, other) = (vec![seen(2, "40", START)], key(1));
    assert_eq!(vanish(alone), ("awaiting_deposit", vec![], false));
    let beside = vec![seen(1, "60", START), seen(2, "40", START)];
    assert_eq!(vanish(beside), ("deposit_seen", vec![other.clone()], false));
    let part = vec![seen(1, "60", START), seen(2, "40", START), is_final(1)];
    assert_eq!(vanish(part), ("awaiting_deposit", vec![other], true));
    // The rest had been asked for already.
    let asked = vec![seen(1, "60", START), is_final(1), seen(2, "40", START)];
    assert!(vanish(asked).2);
}

#[test]
fn a_sell_takes_a_bounded_number_of_parts() {
    let most = u8::try_from(DEPOSITS_MAX).unwrap();
    let mut commands = until_awaiting();
    commands.extend((0..most).map(|name| seen(name, "1", START)));
    let (full, ..) = sell(commands);
    assert_eq!(
        decide(&full, seen(most, "1", START), START),
        Err(Refusal::WrongState)
    );
}
