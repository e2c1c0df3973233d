use super::*;
use crate::{
    Address, Asset, Fiat, Network,
    deposit::{Deposit, DepositKey, Held, Sale},
    id::{CustomerId, PartnerId, QuoteId},
    language::Language,
    order::{
        CHOICE_SECONDS, DEPOSIT_LOST_SECONDS_MAX, OrderRequest, PayingOut, ReturnReason, Returning,
    },
    partner::{Environment, Side, UnderpaidPolicy},
    payment::CardSummary,
    quote::Quote,
};
use uuid::Uuid;

const START: Timestamp = Timestamp::from_micros(1_800_000_000_000_000);
const REFUND: &str = "TQsYLehPnKVhjqx58tntQep1WMLG6YDyuY";

fn usdt(text: &str) -> Amount {
    Amount::parse(Asset::find("USDT", Network::Trc20).unwrap(), text).unwrap()
}

fn hours(hours: i64) -> Timestamp {
    START.plus_seconds(hours * 3_600)
}

/// A sell of 100 USDT that has received so much.
fn sell(received: &[&str], state: State) -> Order {
    let address = Address::parse(Network::Trc20, REFUND).unwrap();
    let request = OrderRequest {
        id: OrderId::from_uuid(Uuid::from_u128(1)),
        environment: Environment::Test,
        partner: PartnerId::from_uuid(Uuid::from_u128(2)),
        customer: CustomerId::from_uuid(Uuid::from_u128(3)),
        side: Side::Sell,
        amount: usdt("100"),
        destination: address.clone(),
        fiat: Fiat::Eur,
        email: "ann@example.com".into(),
        provider: "sandbox".into(),
        refund_hint: None,
    };
    let held = received.iter().zip(0..).map(|(text, index)| Held {
        deposit: Deposit {
            key: DepositKey {
                hash: "d".into(),
                index,
            },
            amount: usdt(text),
            seen_at: START,
            senders: Vec::new(),
        },
        confirmations: 3,
        booked: true,
    });
    let total = Money::new(Fiat::Eur, 9_012);
    let mut order = Order::create(request, START).0;
    order.price = Some(Quote {
        id: QuoteId::from_uuid(Uuid::from_u128(4)),
        crypto: order.amount,
        mid: total,
        total,
        lines: Vec::new(),
        rate_at: START,
        expires_at: START,
    });
    order.sale = Some(Box::new(Sale {
        payout_token: "p".into(),
        payout_card: CardSummary {
            brand: "visa".into(),
            last4: "4242".into(),
            country: "DE".into(),
            fingerprint: "f".into(),
        },
        refund_address: address.clone(),
        deposit_address: address,
        deposit_until: hours(6),
        hold_until: hours(6),
        held: held.collect(),
        underpaid: UnderpaidPolicy::default(),
        reorged_seconds: DEPOSIT_LOST_SECONDS_MAX,
        rest_asked: !received.is_empty(),
        returned: None,
        payout_from: None,
    }));
    order.state = state;
    order
}

fn choice() -> State {
    State::AwaitingChoice {
        quote: None,
        deadline: START.plus_seconds(CHOICE_SECONDS),
    }
}

fn paying_out() -> State {
    State::PayingOut(PayingOut {
        called: false,
        deadline: hours(9),
    })
}

fn returning(amount: &str) -> State {
    State::Returning(Returning {
        why: ReturnReason::Chosen,
        amount: usdt(amount),
        sending: None,
        attempt: 1,
        deadline: hours(9),
    })
}

fn ending(before: &Order, after: &Order, now: Timestamp) -> Option<Ending> {
    let planned = order_letters(before, after, now);
    planned
        .into_iter()
        .find_map(|planned| match planned.letter {
            Letter::Ended { ending } => Some(ending),
            Letter::Waits { .. }
            | Letter::Completed
            | Letter::Resume
            | Letter::Code
            | Letter::KnownCode
            | Letter::EmailCode { .. } => None,
        })
}

#[test]
fn a_wait_is_told_at_once_and_at_half_time() {
    let seen = sell(
        &[],
        State::DepositSeen {
            deadline: hours(24),
        },
    );
    let part = sell(&["60"], State::AwaitingDeposit);
    let planned = order_letters(&seen, &part, hours(2));
    let due: Vec<_> = planned
        .iter()
        .map(|p| (p.topic.as_str(), p.due_at))
        .collect();
    let expected = [
        ("rest 60.00 opened", hours(2)),
        ("rest 60.00 half", hours(4)),
    ];
    assert_eq!(due, expected);
    assert_eq!(order_letters(&part, &part, hours(3)), []);
    let more = sell(&["60", "20"], State::AwaitingDeposit);
    let planned = order_letters(&part, &more, hours(3));
    assert_eq!(
        planned[0].topic, "rest 80.00 opened",
        "other facts, other letter"
    );
}

#[test]
fn nothing_is_written_of_what_waits_for_nobody() {
    let waiting = sell(&[], State::AwaitingDeposit);
    assert_eq!(
        waiting.waits(),
        None,
        "the screen says it, and nothing is ours"
    );
    let created = sell(&[], State::Created);
    assert_eq!(order_letters(&created, &waiting, START), []);
    assert_eq!(ending(&waiting, &sell(&[], State::Cancelled), START), None);
}

#[test]
fn a_rest_ends_by_coming_or_by_going_back() {
    let part = sell(&["60"], State::AwaitingDeposit);
    let confirmed =
        |received: &[&str]| sell(received, State::DepositConfirmed { deadline: hours(9) });
    let complete = Ending::Complete {
        amount: usdt("100"),
    };
    let seen = sell(
        &["60"],
        State::DepositSeen {
            deadline: hours(24),
        },
    );
    let all = confirmed(&["60", "40"]);
    assert_eq!(ending(&seen, &all, hours(3)), Some(complete));
    let gone = ending(&part, &sell(&["60"], returning("60")), hours(6));
    let (amount, why) = (usdt("60"), Returned::Incomplete);
    assert_eq!(gone, Some(Ending::Returning { amount, why }));
    let mut at_once = confirmed(&["100"]);
    at_once.sale.as_mut().unwrap().rest_asked = false;
    assert_eq!(ending(&seen, &at_once, hours(3)), None, "nobody was asked");
}

#[test]
fn a_choice_ends_by_wish_or_by_silence() {
    let (before, amount) = (sell(&["100"], choice()), usdt("100"));
    assert_eq!(order_letters(&before, &before, START), []);
    let total = Money::new(Fiat::Eur, 9_012);
    let sold = ending(&before, &sell(&["100"], paying_out()), hours(1));
    assert_eq!(sold, Some(Ending::Sold { amount, total }));
    for (now, why) in [(hours(1), Returned::Chosen), (hours(24), Returned::Silence)] {
        let back = ending(&before, &sell(&["100"], returning("100")), now);
        assert_eq!(back, Some(Ending::Returning { amount, why }));
    }
}

#[test]
fn letters_say_what_to_do_and_nothing_of_the_person() {
    let sender = Sender {
        partner: "Demo Shop",
        order: "0190",
        language: Language::En,
    };
    let link = "https://ramp.example/resume/rl_1";
    for state in [State::AwaitingDeposit, choice()] {
        let wait = sell(&["60"], state).waits().unwrap();
        let until = wait.until.to_words();
        for reminder in [false, true] {
            let wait = wait.clone();
            let text = Letter::Waits { wait, reminder };
            let text = text.text(sender, link).unwrap();
            for said in [
                "Demo Shop",
                link,
                until.as_str(),
                "back to the refund address",
                "USDT",
            ] {
                assert!(text.body.contains(said), "{said}: {}", text.body);
            }
            for personal in ["ann", REFUND, "4242"] {
                assert!(!text.body.contains(personal), "{}", text.body);
            }
            assert_eq!(text.subject.starts_with("Reminder: "), reminder);
        }
    }
    let code = Letter::Code.code_text(sender, "123456").unwrap();
    assert!(code.body.contains("\n123456\n") && !code.subject.contains("123456"));
    assert!(
        !code.body.contains("http"),
        "one letter has the link, the other the code"
    );
    assert_eq!(Letter::Code.text(sender, link), None);
    assert_eq!(Letter::KnownCode.text(sender, link), None);
}

#[test]
fn what_was_carried_out_is_told_once_with_its_receipt() {
    let sold = sell(&["100"], State::Completed { hash: None });
    let planned = order_letters(&sell(&["100"], paying_out()), &sold, hours(2));
    let told: Vec<_> = planned
        .iter()
        .map(|p| (p.topic.as_str(), &p.letter))
        .collect();
    assert_eq!(told, [("completed", &Letter::Completed)]);
    assert_eq!(order_letters(&sold, &sold, hours(3)), []);
    let transactions = ["https://explorer.example/tx/1".to_owned()];
    let finished = Finished {
        order: &sold,
        transactions: &transactions,
        receipt: "https://ramp.example/receipt#rc_1",
        receipt_until: hours(24),
    };
    for language in Language::ALL {
        let sender = Sender {
            partner: "Demo Shop",
            order: "0190",
            language,
        };
        let text = finished.text(sender);
        assert!(text.subject.contains("90.12 EUR"), "{}", text.subject);
        for said in [
            "Demo Shop",
            "0190",
            "100.00 USDT",
            "90.12 EUR",
            &transactions[0],
            finished.receipt,
        ] {
            assert!(text.body.contains(said), "{said}: {}", text.body);
        }
        for personal in ["ann", REFUND, "4242"] {
            assert!(!text.body.contains(personal), "{}", text.body);
        }
    }
}

#[test]
fn a_letter_is_tried_for_some_hours_and_no_longer() {
    let pauses: Vec<i64> = (1..).map_while(pause_after).collect();
    assert_eq!((pauses.len(), pauses[0]), (7, 5));
    assert!(pauses.is_sorted() && pauses.iter().sum::<i64>() > 9 * 3_600);
    assert_eq!(pause_after(0), None);
}
