mod adopt;
mod alert;
mod dispute;
mod facts;
mod review;
mod ruling;
mod sell;
mod table;

use super::*;
use crate::{
    asset::Asset,
    id::{IntentId, QuoteId},
    ledger::Entry,
    money::{Bps, Money, Rate},
    network::Network,
    quote::{FeePolicy, QuoteError, QuoteRequest, quote_buy},
    transfer::{Proof, Signed, TransferFact, UnsignedFrom, UnsignedTransfer},
};
use proptest::prelude::*;
use std::collections::BTreeMap;
use uuid::Uuid;

const START: Timestamp = Timestamp::from_micros(1_800_000_000_000_000);
const ADDRESS: &str = "TR7NHqjeKQxGTCi8q8ZY4pL8otSzgjLj6t";

fn usdt() -> Asset {
    Asset::find("USDT", Network::Trc20).unwrap()
}

fn address() -> Address {
    Address::parse(Network::Trc20, ADDRESS).unwrap()
}

fn order() -> Order {
    order_of(Side::Buy)
}

fn order_of(side: Side) -> Order {
    let request = OrderRequest {
        id: OrderId::from_uuid(Uuid::from_u128(1)),
        environment: Environment::Test,
        partner: PartnerId::from_uuid(Uuid::from_u128(2)),
        customer: CustomerId::from_uuid(Uuid::from_u128(3)),
        side,
        amount: Amount::parse(usdt(), "100").unwrap(),
        destination: address(),
        fiat: Fiat::Eur,
        email: "ann@example.com".into(),
        provider: "sandbox".into(),
        refund_hint: None,
    };
    Order::create(request, START).0
}

fn quote(now: Timestamp) -> Quote {
    quote_by(quote_buy, now)
}

fn quote_by(
    locks: impl Fn(&QuoteRequest<'_>) -> Result<Quote, QuoteError>,
    now: Timestamp,
) -> Quote {
    let fees = FeePolicy {
        spread: Bps::new(100).unwrap(),
        processing: Bps::new(250).unwrap(),
        processing_fixed_minor: 25,
        partner: Bps::new(50).unwrap(),
    };
    locks(&QuoteRequest {
        id: QuoteId::from_uuid(Uuid::from_u128(4)),
        crypto: Amount::parse(usdt(), "100").unwrap(),
        fiat: Fiat::Eur,
        mid: Rate::from_price("0.9215", 6, 2).unwrap(),
        rate_at: now,
        network: Money::new(Fiat::Eur, 80),
        fees: &fees,
        now,
    })
    .unwrap()
}

fn trx(base: u128) -> Amount {
    Amount::new(Network::Trc20.native(), base)
}

fn transfer() -> UnsignedTransfer {
    UnsignedTransfer {
        sender: address(),
        recipient: address(),
        amount: Amount::parse(usdt(), "100").unwrap(),
        from: UnsignedFrom::Nonce(7),
        fee: trx(1_000),
        form: None,
    }
}

fn intent() -> IntentId {
    IntentId::from_uuid(Uuid::from_u128(9))
}

fn card() -> CardSummary {
    CardSummary {
        brand: "visa".into(),
        last4: "4242".into(),
        country: "DE".into(),
        fingerprint: "f".into(),
    }
}

fn pay() -> Command {
    Command::Pay {
        quote: quote(START).id,
        card_token: "tok".into(),
        method: PaymentMethod::Card,
        keep_card: false,
    }
}

fn held() -> Command {
    Command::PaymentHeld {
        attempt: 1,
        card: card(),
        liability_shift: true,
    }
}

fn signed() -> Command {
    Command::Transfer(TransferFact::Signed {
        signed: Signed {
            hash: "h".into(),
            signed_hex: "00".into(),
        },
    })
}

/// Applies commands that must all be accepted; returns the order and all it emitted.
fn run(commands: Vec<Command>, now: Timestamp) -> (Order, Vec<NewEvent>, Vec<Entry>) {
    run_from(order(), commands, now)
}

fn run_from(
    mut order: Order,
    commands: Vec<Command>,
    now: Timestamp,
) -> (Order, Vec<NewEvent>, Vec<Entry>) {
    let (mut events, mut entries) = (Vec::new(), Vec::new());
    for command in commands {
        let decision = decide(&order, command.clone(), now)
            .unwrap_or_else(|e| panic!("{command:?} in {:?}: {e}", order.state));
        order = decision.order;
        events.extend(decision.events);
        entries.extend(decision.entries);
    }
    (order, events, entries)
}

fn until_paid() -> Vec<Command> {
    vec![
        Command::IdentityPassed,
        Command::QuoteLock {
            quote: quote(START),
        },
        pay(),
        held(),
        Command::Assessed {
            verdict: Verdict::Allow { hold_seconds: 0 },
        },
        Command::Captured,
    ]
}

fn planned() -> Command {
    Command::Transfer(TransferFact::Planned {
        intent: intent(),
        transfer: transfer(),
    })
}

/// A transfer whose fee became too small.
fn replacements() -> impl Strategy<Value = TransferFact> {
    let mut higher = transfer();
    higher.fee = trx(higher.fee.base() + 500);
    let signed = Signed {
        hash: "h2".into(),
        signed_hex: "01".into(),
    };
    prop_oneof![
        Just(TransferFact::Low { since: START }),
        Just(TransferFact::Enough),
        Just(TransferFact::Raised { transfer: higher }),
        Just(TransferFact::Replaced { signed }),
        Just(TransferFact::Kept { since: START }),
        Just(TransferFact::Other { hash: "h".into() }),
    ]
}

fn balances(entries: &[Entry]) -> BTreeMap<String, i128> {
    let mut balances = BTreeMap::new();
    for posting in entries.iter().flat_map(Entry::postings) {
        *balances.entry(posting.key()).or_insert(0) += posting.amount;
    }
    balances
}

#[test]
fn a_buy_completes_and_the_books_say_who_earned_what() {
    let mut commands = until_paid();
    commands.extend([
        planned(),
        signed(),
        Command::Transfer(TransferFact::Broadcast),
        Command::Transfer(TransferFact::Seen { confirmations: 1 }),
        Command::Transfer(TransferFact::Final {
            confirmations: 3,
            fee: trx(900),
        }),
    ]);
    let (order, events, entries) = run(commands, START);
    assert_eq!(order.status(), PublicStatus::Completed);
    let changes: Vec<_> = events
        .iter()
        .filter(|e| e.kind == EventKind::StatusChanged)
        .map(|e| e.body["status"].as_str().unwrap().to_owned())
        .collect();
    assert_eq!(changes, ["processing", "completed"]);
    let numbers: Vec<i64> = events.iter().map(|e| e.sequence).collect();
    assert_eq!(numbers, (2..).take(numbers.len()).collect::<Vec<_>>());
    let books = balances(&entries);
    let total = i128::try_from(order.price.unwrap().total.minor()).unwrap();
    assert_eq!(books["psp:sandbox:EUR"], total);
    assert_eq!(books["wallet:USDT/TRC20"], -100_000_000);
    assert_eq!(books["wallet:TRX/TRC20"], -900);
    assert_eq!(books["gas:TRX/TRC20"], 900);
    assert_eq!(books[&format!("customer:{}:EUR", order.id)], 0);
    assert_eq!(books["reserved:USDT/TRC20"], 0);
    assert_eq!(books["in_transit:USDT/TRC20"], 0);
    assert_eq!(books["trading:EUR"], -9_215);
}

#[test]
fn a_delivery_turns_round_only_with_proof_of_its_own_leg() {
    let never = |id| {
        Command::Transfer(TransferFact::Dead {
            proof: Proof::NeverSigned { intent: id },
        })
    };
    let mut commands = until_paid();
    commands.push(planned());
    let (unsigned, ..) = run(commands.clone(), START);
    let other = IntentId::from_uuid(Uuid::from_u128(99));
    assert_eq!(
        decide(&unsigned, never(other), START),
        Err(Refusal::WrongState)
    );
    assert!(decide(&unsigned, never(intent()), START).is_ok());
    commands.push(signed());
    let (order, ..) = run(commands, START);
    assert_eq!(
        decide(&order, never(intent()), START),
        Err(Refusal::WrongState)
    );
    let late = START.plus_seconds(30 * 24 * 3_600);
    let reviewed = decide(&order, Command::DeadlinePassed, late).unwrap().order;
    assert!(matches!(reviewed.state, State::InReview(_)));
    assert_eq!(reviewed.status(), PublicStatus::Processing);
    assert!(decide(&reviewed, Command::Refunded, late).is_err());
    let fact = Command::Transfer(TransferFact::Final {
        confirmations: 3,
        fee: trx(1_000),
    });
    assert_eq!(
        decide(&reviewed, fact, late).unwrap().order.status(),
        PublicStatus::Completed
    );
}

#[test]
fn a_first_delivery_is_held_for_as_long_as_the_policy_says() {
    let mut commands = until_paid();
    commands[4] = Command::Assessed {
        verdict: Verdict::Allow {
            hold_seconds: 7_200,
        },
    };
    let (order, ..) = run(commands, START);
    assert_eq!(order.status(), PublicStatus::Processing);
    let (before, then) = (START.plus_seconds(7_199), START.plus_seconds(7_200));
    assert_eq!(order.duty(before), Duty::None);
    assert_eq!(order.wake_at(before), Some(then));
    assert_eq!(order.duty(then), Duty::PlanTransfer);
    // People are called as late after that as after any payment.
    assert_eq!(order.deadline(), Some(then.plus_seconds(PAID_SECONDS_MAX)));
    // A dispute meanwhile stops it for good; who lets it go on does so at once.
    let (plain, ..) = run(until_paid(), START);
    assert_eq!(plain.duty(START), Duty::PlanTransfer);
}

/// The deadlines of the domain, in seconds.
#[test]
fn every_wait_has_its_bound() {
    let (minute, hour) = (60, 3_600);
    for (bound, expected) in [
        (PAYMENT_HOUR_SECONDS, hour),
        (AFTER_REVIEW_SECONDS_MIN, 15 * minute),
        (REVIEW_SECONDS_MAX, 72 * hour),
        (AUTHORISING_SECONDS, 15 * minute),
        (IN_DOUBT_SECONDS_MAX, 15 * minute),
        (AUTHORISED_SECONDS_MAX, hour),
        (CAPTURING_SECONDS_MAX, hour),
        (VOIDING_SECONDS_MAX, 24 * hour),
        (PAID_SECONDS_MAX, hour),
        (DELIVERING_SECONDS_MAX, 6 * hour),
        (REFUNDING_SECONDS_MAX, 24 * hour),
        (DEPOSIT_SEEN_SECONDS_MAX, 24 * hour),
        (DEPOSIT_CONFIRMED_SECONDS_MAX, hour),
        (DEPOSIT_LOST_SECONDS_MAX, 24 * hour),
        (PAYING_OUT_SECONDS_MAX, 24 * hour),
        (RETURNING_SECONDS_MAX, 24 * hour),
        (CHOICE_SECONDS, 24 * hour),
    ] {
        assert_eq!(bound, expected);
    }
}

#[test]
fn what_partners_read_of_the_price_is_there_once_it_is_known() {
    let (fresh, ..) = run(vec![Command::IdentityPassed], START);
    assert_eq!(
        (fresh.fiat_amount(), fresh.payment_method()),
        (String::new(), None)
    );
    let (paid, ..) = run(until_paid(), START);
    let total = paid.price.as_ref().unwrap().total.to_decimal();
    assert_eq!(
        (paid.fiat_amount(), paid.payment_method()),
        (total, Some("card"))
    );
    let selling = sell::paying_out(false);
    assert_eq!(selling.payment_method(), Some("card"));
}

#[test]
fn an_expired_quote_cannot_be_paid() {
    let (order, ..) = run(
        vec![
            Command::IdentityPassed,
            Command::QuoteLock {
                quote: quote(START),
            },
        ],
        START,
    );
    assert_eq!(
        decide(&order, pay(), START.plus_seconds(60)),
        Err(Refusal::QuoteExpired)
    );
}

#[test]
fn a_hold_that_turns_up_after_the_deadline_is_voided() {
    let mut commands = until_paid();
    commands.truncate(3);
    let (order, ..) = run(commands, START);
    let late = START.plus_seconds(AUTHORISING_SECONDS);
    assert_eq!(order.duty(late), Duty::ClosePayment);
    let decision = decide(&order, held(), late).unwrap();
    assert!(matches!(decision.order.state, State::Voiding(_)));
    let ended = decide(&decision.order, Command::Voided, late)
        .unwrap()
        .order;
    assert_eq!(
        ended.state,
        State::Failed {
            reason: FailReason::PaymentVoided
        }
    );
}

#[test]
fn the_clock_stops_while_a_person_looks() {
    let review = Command::IdentityReview {
        reason: "manual_check".into(),
    };
    let (order, ..) = run(vec![review], START);
    let later = START.plus_seconds(10 * 3_600);
    let back = decide(&order, Command::IdentityPassed, later)
        .unwrap()
        .order;
    assert_eq!(back.pay_until, later.plus_seconds(PAYMENT_HOUR_SECONDS));
    let bound = START.plus_seconds(REVIEW_SECONDS_MAX);
    let ended = decide(&order, Command::DeadlinePassed, bound)
        .unwrap()
        .order;
    assert_eq!(ended.state, State::Expired);
}

fn commands() -> impl Strategy<Value = Command> {
    prop_oneof![
        4 => Just(Command::IdentityPassed),
        1 => Just(Command::IdentityReview { reason: "x".into() }),
        1 => any::<bool>().prop_map(|may_retry| {
            Command::IdentityFailed { reason: "x".into(), may_retry }
        }),
        4 => Just(Command::QuoteLock { quote: quote(START) }),
        8 => Just(pay()),
        1 => Just(Command::Cancel),
        2 => (1_u32..4).prop_map(|attempt| {
            Command::PaymentThreeDs { attempt, url: "u".into() }
        }),
        8 => (1_u32..4).prop_map(|attempt| {
            Command::PaymentHeld { attempt, card: card(), liability_shift: true }
        }),
        2 => (1_u32..6).prop_map(|attempt| {
            Command::PaymentDeclined { attempt, code: DeclineCode::Declined }
        }),
        8 => prop_oneof![Just(0), Just(3_600)].prop_map(|hold_seconds| Command::Assessed { verdict: Verdict::Allow { hold_seconds } }),
        1 => Just(Command::Assessed { verdict: Verdict::Review { reason: "r".into() } }),
        1 => Just(Command::Assessed {
            verdict: Verdict::Refuse { reason: FailReason::RiskRefused }
        }),
        8 => Just(Command::Captured),
        1 => Just(Command::CaptureRefused),
        3 => Just(Command::Voided),
        1 => Just(Command::VoidRefused),
        8 => Just(planned()),
        6 => Just(signed()),
        4 => Just(Command::Transfer(TransferFact::Broadcast)),
        6 => replacements().prop_map(Command::Transfer),
        2 => (0_u64..4).prop_map(|confirmations| Command::Transfer(TransferFact::Seen { confirmations })),
        4 => Just(Command::Transfer(TransferFact::Final { confirmations: 3, fee: trx(500) })),
        1 => Just(Command::Transfer(TransferFact::Dead { proof: Proof::NeverSigned { intent: intent() } })),
        1 => Just(Command::Transfer(TransferFact::Dead { proof: Proof::RefusedByChain { hash: "h".into(), fee: trx(400) } })),
        1 => Just(Command::Transfer(TransferFact::Dead { proof: Proof::Expired { hash: "h".into() } })),
        2 => Just(Command::Refunded),
        1 => Just(Command::RefundRefused),
        40 => sell::commands(),
        6 => ruling::commands(),
        2 => Just(Command::DeadlinePassed),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]

    /// Any story at all: whatever arrives, in whatever order and at whatever time.
    #[test]
    fn no_story_breaks_the_promises(
        sells in any::<bool>(),
        story in proptest::collection::vec((commands(), 0_i64..4_000), 1..60)
    ) {
        let mut order = order_of(if sells { Side::Sell } else { Side::Buy });
        let mut now = START;
        let mut entries: Vec<Entry> = Vec::new();
        let mut sequence = order.sequence;
        for (command, pause_s) in story {
            // Mostly quick, so that quotes live; sometimes past a deadline.
            now = now.plus_seconds(if pause_s > 3_900 { 100_000 } else { pause_s / 400 });
            let Ok(decision) = decide(&order, command, now) else { continue };
            prop_assert!(!order.state.is_terminal(), "left {:?}", order.state);
            prop_assert!(order.status().may_become(decision.order.status()));
            let changed = order.status() != decision.order.status();
            let told = decision.events.iter().filter(|e| e.kind == EventKind::StatusChanged);
            prop_assert_eq!(told.count(), usize::from(changed));
            for event in &decision.events {
                sequence += 1;
                prop_assert_eq!(event.sequence, sequence);
            }
            entries.extend(decision.entries);
            order = decision.order;
            let books = balances(&entries);
            for entry in &entries {
                for posting in entry.postings() {
                    let balance = books[&posting.key()];
                    // The hot wallet starts empty here; its floor is the store's to hold.
                    let wallet = posting.account == crate::ledger::Account::Wallet;
                    prop_assert!(wallet || posting.account.allows(balance), "{}", posting.key());
                }
            }
            if order.state.is_terminal() {
                for (key, balance) in &books {
                    // What came beyond the amount of a sell is owed on.
                    if sells && key.starts_with("customer:") {
                        prop_assert_eq!(*balance, -sell::excess(&order), "{} after {:?}", key, order.state);
                        continue;
                    }
                    let open = ["customer:", "reserved:", "in_transit:"];
                    if open.iter().any(|p| key.starts_with(p)) {
                        prop_assert_eq!(*balance, 0, "{} after {:?}", key, order.state);
                    }
                }
                prop_assert_eq!(order.wake_at(now), None);
            } else {
                prop_assert!(order.wake_at(now).is_some() || order.deadline().is_none());
            }
            let text = serde_json::to_string(&order).unwrap();
            prop_assert_eq!(&serde_json::from_str::<Order>(&text).unwrap(), &order);
        }
    }
}
