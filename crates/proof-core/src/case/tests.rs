use super::*;
use crate::{
    asset::Asset,
    deposit::{Held, Sale},
    id::{CustomerId, PartnerId},
    network::Network,
    order::{DEPOSIT_LOST_SECONDS_MAX, OrderRequest},
    partner::{Side, UnderpaidPolicy},
    payment::CardSummary,
    transfer::UnsignedFrom,
};
use crate::{
    id::IntentId,
    transfer::{Proof, Signed, UnsignedTransfer},
};
use proptest::prelude::*;
use std::collections::BTreeMap;
use uuid::Uuid;

const START: Timestamp = Timestamp::from_micros(1_800_000_000_000_000);
const REFUND: &str = "0x7E5F4552091A69125d5DfCb7b8C2659029395Bdf";

fn usdt(network: Network) -> Asset {
    Asset::find("USDT", network).unwrap()
}

fn amount(asset: Asset, text: &str) -> Amount {
    Amount::parse(asset, text).unwrap()
}

fn key(name: &str) -> DepositKey {
    DepositKey {
        hash: name.to_owned(),
        index: 0,
    }
}

/// A sell of 100 USDT on Ethereum that has received so much.
fn order(received: Option<&str>) -> Order {
    let asset = usdt(Network::Erc20);
    let address = Address::parse(Network::Erc20, REFUND).unwrap();
    let request = OrderRequest {
        id: OrderId::from_uuid(Uuid::from_u128(1)),
        environment: Environment::Test,
        partner: PartnerId::from_uuid(Uuid::from_u128(2)),
        customer: CustomerId::from_uuid(Uuid::from_u128(3)),
        side: Side::Sell,
        amount: amount(asset, "100"),
        destination: address.clone(),
        fiat: crate::Fiat::Eur,
        email: "ann@example.com".into(),
        provider: "sandbox".into(),
        refund_hint: None,
    };
    let held = received.map(|text| Held {
        deposit: deposit(amount(asset, text)),
        confirmations: 3,
        booked: true,
    });
    let mut order = Order::create(request, START).0;
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
        deposit_until: START,
        hold_until: START,
        held: held.into_iter().collect(),
        underpaid: UnderpaidPolicy::default(),
        reorged_seconds: DEPOSIT_LOST_SECONDS_MAX,
        rest_asked: false,
        returned: None,
        payout_from: None,
    }));
    order
}

fn deposit(amount: Amount) -> Deposit {
    Deposit {
        key: key("d"),
        amount,
        seen_at: START,
        senders: Vec::new(),
    }
}

fn case(deposited: bool) -> Case {
    let opening = CaseOpening {
        kind: CaseKind::Late,
        amount: amount(usdt(Network::Erc20), "7"),
        deposit: deposited.then(|| key("d")),
        senders: Vec::new(),
    };
    Case::open(
        CaseId::from_uuid(Uuid::from_u128(9)),
        &order(None),
        opening,
        Remedy::Return,
        START,
    )
    .unwrap()
}

fn eth(base: u128) -> Amount {
    Amount::new(Network::Erc20.native(), base)
}

fn intent() -> IntentId {
    IntentId::from_uuid(Uuid::from_u128(5))
}

fn transfer(fee: u128) -> UnsignedTransfer {
    let refund = Address::parse(Network::Erc20, REFUND).unwrap();
    UnsignedTransfer {
        sender: refund.clone(),
        recipient: refund,
        amount: amount(usdt(Network::Erc20), "7"),
        from: UnsignedFrom::Nonce(1),
        fee: eth(fee),
        form: None,
    }
}

fn planned() -> CaseCommand {
    CaseCommand::Transfer(TransferFact::Planned {
        intent: intent(),
        transfer: transfer(10),
    })
}

/// A transfer whose fee became too small.
fn replacements() -> impl Strategy<Value = TransferFact> {
    let signed = Signed {
        hash: "h2".into(),
        signed_hex: "01".into(),
    };
    prop_oneof![
        Just(TransferFact::Low { since: START }),
        Just(TransferFact::Enough),
        Just(TransferFact::Raised {
            transfer: transfer(12)
        }),
        Just(TransferFact::Replaced { signed }),
        Just(TransferFact::Kept { since: START }),
        Just(TransferFact::Other { hash: "h".into() }),
    ]
}

fn signed() -> CaseCommand {
    CaseCommand::Transfer(TransferFact::Signed {
        signed: Signed {
            hash: "h".into(),
            signed_hex: "00".into(),
        },
    })
}

fn is_final() -> CaseCommand {
    CaseCommand::Transfer(TransferFact::Final {
        confirmations: 3,
        fee: eth(8),
    })
}

fn buyer() -> OrderId {
    OrderId::from_uuid(Uuid::from_u128(77))
}

/// A price of what the case is about.
fn quote(n: u128) -> Quote {
    let total = Money::new(crate::Fiat::Eur, 600);
    Quote {
        id: QuoteId::from_uuid(Uuid::from_u128(n)),
        crypto: amount(usdt(Network::Erc20), "7"),
        mid: total,
        total,
        lines: Vec::new(),
        rate_at: START,
        expires_at: START.plus_seconds(60),
    }
}

fn after(case: &Case, command: CaseCommand, now: Timestamp) -> Case {
    case.decide(command, now).unwrap().case
}

#[test]
fn what_came_late_is_sold_only_at_the_price_that_was_seen_and_in_time() {
    let waiting = after(
        &case(true),
        CaseCommand::DepositFinal {
            remedy: Remedy::Ask,
        },
        START,
    );
    let wait = waiting.waits().unwrap();
    assert_eq!(wait.until, START.plus_seconds(CHOICE_SECONDS));
    let sell = |case: &Case, id, now| {
        let (quote, order) = (QuoteId::from_uuid(Uuid::from_u128(id)), buyer());
        case.decide(CaseCommand::Sell { quote, order }, now)
    };
    assert_eq!(sell(&waiting, 1, START), Err(CaseRefusal::QuoteExpired));
    let quote = Box::new(quote(1));
    let quoted = after(&waiting, CaseCommand::QuoteLock { quote }, START);
    for (id, seconds, refusal) in [
        (2, 0, CaseRefusal::QuoteExpired),
        (1, 60, CaseRefusal::QuoteExpired),
        (1, CHOICE_SECONDS, CaseRefusal::WrongState),
    ] {
        let refused = sell(&quoted, id, START.plus_seconds(seconds));
        assert_eq!(refused, Err(refusal), "{id} after {seconds} s");
    }
    let sold = sell(&quoted, 1, START.plus_seconds(59)).unwrap();
    assert_eq!(sold.entries.len(), 1);
    assert!(matches!(
        sold.case.state,
        CaseState::Settled(Settlement::Sold { order, .. }) if order == buyer()
    ));
    let body = sold.events.into_iter().next().unwrap().1;
    assert_eq!(
        body["sold_as_merchant_transaction_id"],
        json!(buyer().uuid())
    );
}

#[test]
fn silence_and_a_wish_bring_it_back_and_other_kinds_do_not_ask() {
    let waiting = after(
        &case(true),
        CaseCommand::DepositFinal {
            remedy: Remedy::Ask,
        },
        START,
    );
    let over = START.plus_seconds(CHOICE_SECONDS);
    for (command, now) in [
        (CaseCommand::Return, START),
        (CaseCommand::DeadlinePassed, over),
    ] {
        let back = after(&waiting, command, now);
        assert_eq!(back.state.name(), "executing");
    }
    let early = waiting.decide(CaseCommand::DeadlinePassed, START);
    assert_eq!(early, Err(CaseRefusal::WrongState));
    let mut other = case(true);
    other.kind = CaseKind::SecondDeposit;
    for (case, remedy) in [(&other, Remedy::Ask), (&case(true), Remedy::Return)] {
        let next = after(case, CaseCommand::DepositFinal { remedy }, START);
        assert_eq!(next.state.name(), "executing");
    }
}

#[test]
fn where_the_policy_says_so_people_decide_what_becomes_of_it() {
    let came = CaseCommand::DepositFinal {
        remedy: Remedy::Review,
    };
    let waiting = after(&case(true), came, START);
    // What is more than agreed is in the books already.
    let opening = CaseOpening {
        kind: CaseKind::Overpaid,
        amount: amount(usdt(Network::Erc20), "7"),
        deposit: None,
        senders: Vec::new(),
    };
    let id = CaseId::from_uuid(Uuid::from_u128(9));
    let over = Case::open(id, &order(None), opening, Remedy::Review, START).unwrap();
    for mut case in [waiting, over] {
        assert_eq!(case.state.name(), "in_review");
        assert_eq!((case.duty(), case.deadline()), (CaseDuty::None, None));
        assert_eq!(case.rulings(), CaseRuling::ALL);
        for alice in [true, false] {
            case = after(&case, rule(CaseRuling::Approve, alice), START);
        }
        assert_eq!(case.duty(), CaseDuty::PlanReturn);
    }
}

#[test]
fn a_deposit_that_does_not_fit_has_a_name() {
    let erc20 = usdt(Network::Erc20);
    let eth = Network::Erc20.native();
    let bep20 = usdt(Network::Bep20);
    for (received, came, kind) in [
        (None, amount(erc20, "100"), CaseKind::Late),
        (Some("60"), amount(erc20, "40"), CaseKind::Late),
        (Some("100"), amount(erc20, "100"), CaseKind::SecondDeposit),
        (None, amount(eth, "1"), CaseKind::WrongToken),
        (None, amount(bep20, "100"), CaseKind::WrongNetwork),
    ] {
        assert_eq!(CaseKind::of(&order(received), &deposit(came)), kind);
    }
}

#[test]
fn what_came_on_another_network_goes_back_there_to_the_same_address() {
    let opening = CaseOpening {
        kind: CaseKind::WrongNetwork,
        amount: amount(usdt(Network::Bep20), "100"),
        deposit: Some(key("d")),
        senders: Vec::new(),
    };
    let id = CaseId::from_uuid(Uuid::from_u128(9));
    let case = Case::open(id, &order(None), opening, Remedy::Return, START).unwrap();
    assert_eq!(case.refund.network(), Network::Bep20);
    assert_eq!(case.refund.as_str(), REFUND);
}

fn rule(ruling: CaseRuling, alice: bool) -> CaseCommand {
    let by = if alice { "alice" } else { "bob" };
    CaseCommand::Rule {
        ruling,
        voice: Voice {
            by: by.parse().unwrap(),
            reason: "the wallet's owner was asked".into(),
        },
    }
}

/// Not ended in time; people look.
fn reviewed(commands: Vec<CaseCommand>) -> (Case, Timestamp) {
    let mut case = case(true);
    for command in commands {
        case = case.decide(command, START).unwrap().case;
    }
    let late = START.plus_seconds(100_000);
    let case = case.decide(CaseCommand::DeadlinePassed, late).unwrap().case;
    assert_eq!(case.state.name(), "in_review");
    (case, late)
}

#[test]
fn two_people_write_off_what_cannot_be_given_back() {
    let (case, late) = reviewed(vec![CaseCommand::DepositFinal {
        remedy: Remedy::Return,
    }]);
    assert_eq!(case.rulings(), CaseRuling::ALL);
    let off = |case: &Case, alice| case.decide(rule(CaseRuling::WriteOff, alice), late);
    let proposed = off(&case, true).unwrap();
    assert!(proposed.entries.is_empty());
    assert_eq!(off(&proposed.case, true), Err(CaseRefusal::SecondPerson));
    let agreed = off(&proposed.case, false).unwrap();
    assert_eq!(
        agreed.case.state,
        CaseState::Settled(Settlement::WrittenOff)
    );
    assert_eq!(
        agreed.entries,
        [ledger::write_off(case.order, case.amount).unwrap()]
    );
    // Partners read that it ended, not who said so.
    let (kind, body) = agreed.events.last().unwrap();
    assert_eq!(*kind, EventKind::CaseSettled);
    assert!(body.get("by").is_some_and(|by| by == "written_off"));
}

#[test]
fn what_is_not_final_or_on_its_way_is_not_written_off() {
    let (open, late) = reviewed(Vec::new());
    let (sent, _) = reviewed(vec![
        CaseCommand::DepositFinal {
            remedy: Remedy::Return,
        },
        planned(),
        signed(),
    ]);
    for case in [open, sent] {
        assert_eq!(case.rulings(), [CaseRuling::Approve]);
        let off = case.decide(rule(CaseRuling::WriteOff, true), late);
        assert!(matches!(off, Err(CaseRefusal::Ruling(_))));
    }
}

#[test]
fn a_dead_return_is_tried_again_under_another_number() {
    let dead = CaseCommand::Transfer(TransferFact::Dead {
        proof: Proof::NeverSigned { intent: intent() },
    });
    let mut case = case(true);
    for command in [
        CaseCommand::DepositFinal {
            remedy: Remedy::Return,
        },
        planned(),
        dead,
    ] {
        case = case.decide(command, START).unwrap().case;
    }
    assert_eq!((case.state.name(), case.state.attempt()), ("in_review", 2));
    assert_eq!(case.duty(), CaseDuty::None);
    for alice in [true, false] {
        case = case
            .decide(rule(CaseRuling::Approve, alice), START)
            .unwrap()
            .case;
    }
    assert_eq!(
        (case.duty(), case.state.attempt()),
        (CaseDuty::PlanReturn, 2)
    );
}

fn commands() -> impl Strategy<Value = CaseCommand> {
    prop_oneof![
        2 => (0_u64..4).prop_map(|confirmations| CaseCommand::DepositDeeper { confirmations }),
        4 => prop::sample::select(vec![Remedy::Ask, Remedy::Return, Remedy::Review])
            .prop_map(|remedy| CaseCommand::DepositFinal { remedy }),
        3 => Just(CaseCommand::QuoteLock { quote: Box::new(quote(1)) }),
        1 => Just(CaseCommand::QuoteLock { quote: Box::new(quote(2)) }),
        3 => Just(CaseCommand::Sell { quote: quote(1).id, order: buyer() }),
        2 => Just(CaseCommand::Return),
        1 => Just(CaseCommand::DepositVanished),
        1 => Just(CaseCommand::NotWorth),
        6 => Just(planned()),
        6 => Just(signed()),
        4 => Just(CaseCommand::Transfer(TransferFact::Broadcast)),
        6 => replacements().prop_map(CaseCommand::Transfer),
        2 => (0_u64..4).prop_map(|confirmations| {
            CaseCommand::Transfer(TransferFact::Seen { confirmations })
        }),
        4 => Just(is_final()),
        1 => Just(CaseCommand::Transfer(TransferFact::Dead {
            proof: Proof::NeverSigned { intent: intent() }
        })),
        1 => Just(CaseCommand::Transfer(TransferFact::Dead {
            proof: Proof::RefusedByChain { hash: "h".into(), fee: eth(6) }
        })),
        2 => Just(CaseCommand::DeadlinePassed),
        4 => (any::<bool>(), any::<bool>()).prop_map(|(off, alice)| {
            rule(if off { CaseRuling::WriteOff } else { CaseRuling::Approve }, alice)
        }),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1_000))]

    /// Any story at all: a case that has ended owes nobody anything, and stays ended.
    #[test]
    fn whatever_happens_a_settled_case_owes_nothing(
        deposited in any::<bool>(),
        story in proptest::collection::vec((commands(), any::<bool>()), 1..40)
    ) {
        let mut case = case(deposited);
        let mut books: BTreeMap<String, i128> = BTreeMap::new();
        let mut post = |entries: &[Entry]| {
            for posting in entries.iter().flat_map(Entry::postings) {
                *books.entry(posting.key()).or_insert(0) += posting.amount;
            }
        };
        if !deposited {
            post(&[ledger::deposit(case.order, case.amount).unwrap()]);
        }
        let mut now = START;
        for (command, late) in story {
            now = now.plus_seconds(if late { 100_000 } else { 1 });
            let Ok(decision) = case.decide(command, now) else { continue };
            prop_assert!(!case.state.is_settled());
            post(&decision.entries);
            let told = decision.events.iter().filter(|(kind, _)| *kind == EventKind::CaseSettled).count();
            prop_assert_eq!(told == 1, decision.case.state.is_settled());
            case = decision.case;
            let text = serde_json::to_string(&case).unwrap();
            prop_assert_eq!(&serde_json::from_str::<Case>(&text).unwrap(), &case);
        }
        if case.state.is_settled() {
            prop_assert_eq!(case.wake_at(now), None);
            for (key, balance) in &books {
                // What was sold is owed by the order that it became.
                let own = format!("customer:{}", case.order);
                let open = [own.as_str(), "reserved:", "in_transit:"];
                if open.iter().any(|prefix| key.starts_with(prefix)) {
                    prop_assert_eq!(*balance, 0, "{}", key);
                }
            }
        }
    }
}
