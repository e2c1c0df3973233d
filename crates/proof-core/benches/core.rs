//! What the pure parts cost: the session's signature and a decision.

#![expect(clippy::unwrap_used, reason = "a benchmark fails where it is wrong")]

use criterion::{Criterion, criterion_group, criterion_main};
use proof_core::{
    Address, Asset, Fiat, Network, Timestamp,
    id::{CustomerId, OrderId, PartnerId, QuoteId},
    money::{Amount, Bps, Money, Rate},
    order::{Command, Order, OrderRequest, decide},
    partner::{Environment, Pair, Policy, SellPolicy, Side, WidgetConfig},
    quote::{FeePolicy, QuoteRequest, quote_buy},
    screening::names::{ListedPerson, NameList, Subject},
    secret::Secret,
    session::{Parameters, ParametersRequest},
};
use std::hint::black_box;
use uuid::Uuid;

const NOW: Timestamp = Timestamp::from_micros(1_800_000_000_000_000);
const ADDRESS: &str = "TR7NHqjeKQxGTCi8q8ZY4pL8otSzgjLj6t";

fn usdt() -> Asset {
    Asset::find("USDT", Network::Trc20).unwrap()
}

fn fees() -> FeePolicy {
    FeePolicy {
        spread: Bps::new(100).unwrap(),
        processing: Bps::new(250).unwrap(),
        processing_fixed_minor: 25,
        partner: Bps::new(50).unwrap(),
    }
}

fn parameters() -> Parameters {
    let limits = |text| Amount::parse(usdt(), text).unwrap();
    let policy = Policy {
        version: 1,
        pairs: vec![Pair {
            asset: usdt(),
            min: limits("1"),
            max: limits("1000"),
            buys: true,
            sells: true,
            fees: None,
        }],
        fiats: vec![Fiat::Eur, Fiat::Usd],
        fees: fees(),
        sell: SellPolicy::default(),
        risk: proof_core::risk::RiskPolicy::default(),
        widget: WidgetConfig::default(),
    };
    Parameters::new(ParametersRequest {
        merchant_transaction_id: Uuid::from_u128(1),
        widget_id: Uuid::from_u128(2),
        address: ADDRESS.to_owned(),
        init_token: "it_0123456789abcdef".to_owned(),
        asset: usdt(),
        amount: "100".to_owned(),
        side: Side::Buy,
        redirect_url: Some("https://shop.example/done".to_owned()),
        policy: &policy,
    })
}

fn order() -> Order {
    let request = OrderRequest {
        id: OrderId::from_uuid(Uuid::from_u128(1)),
        environment: Environment::Test,
        partner: PartnerId::from_uuid(Uuid::from_u128(2)),
        customer: CustomerId::from_uuid(Uuid::from_u128(3)),
        side: Side::Buy,
        amount: Amount::parse(usdt(), "100").unwrap(),
        destination: Address::parse(Network::Trc20, ADDRESS).unwrap(),
        fiat: Fiat::Eur,
        email: "ann@example.com".to_owned(),
        provider: "sandbox".to_owned(),
        refund_hint: None,
    };
    Order::create(request, NOW).0
}

fn session_signature(c: &mut Criterion) {
    let (parameters, key) = (parameters(), Secret::new("key"));
    c.bench_function("session signature", |b| {
        b.iter(|| black_box(&parameters).sign(None, &key))
    });
}

fn quote_and_pay(c: &mut Criterion) {
    let fees = fees();
    let request = QuoteRequest {
        id: QuoteId::from_uuid(Uuid::from_u128(4)),
        crypto: Amount::parse(usdt(), "100").unwrap(),
        fiat: Fiat::Eur,
        mid: Rate::from_price("0.9215", 6, 2).unwrap(),
        rate_at: NOW,
        network: Money::new(Fiat::Eur, 80),
        fees: &fees,
        now: NOW,
    };
    c.bench_function("quote", |b| {
        b.iter(|| quote_buy(black_box(&request)).unwrap())
    });
    let quote = quote_buy(&request).unwrap();
    let id = quote.id;
    let verified = decide(&order(), Command::IdentityPassed, NOW)
        .unwrap()
        .order;
    let locked = decide(&verified, Command::QuoteLock { quote }, NOW)
        .unwrap()
        .order;
    let pay = Command::Pay {
        quote: id,
        card_token: "tok".to_owned(),
        method: proof_core::payment::PaymentMethod::Card,
        keep_card: false,
    };
    c.bench_function("decide: pay", |b| {
        b.iter(|| decide(black_box(&locked), pay.clone(), NOW).unwrap());
    });
}

/// Sixty thousand persons under five names each, which is what all the lists of the world have.
fn sanctions(c: &mut Criterion) {
    const SYLLABLES: [&str; 16] = [
        "ab", "du", "ka", "ri", "mo", "na", "se", "tu", "li", "ho", "za", "pe", "ny", "sha", "ov",
        "in",
    ];
    let mut state = 1_u64;
    let mut next = |below: u64| {
        state = state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1);
        (state >> 33) % below
    };
    let mut word = || {
        let mut number = next(65_536);
        let mut text = String::new();
        for _ in 0..4 {
            text.push_str(SYLLABLES[usize::try_from(number % 16).unwrap()]);
            number /= 16;
        }
        text
    };
    let mut name = || [word(), word(), word()].join(" ");
    let person = |id: u32, names| ListedPerson {
        id: id.to_string(),
        names,
        ..ListedPerson::default()
    };
    let persons = (0..60_000).map(|id| person(id, (0..5).map(|_| name()).collect()));
    let list = NameList::of(persons.collect());
    let who = Subject {
        name: "Kanaduri Monasetu Lihozape".to_owned(),
        born: None,
    };
    c.bench_function("a name against 300,000 listed names", |b| {
        b.iter(|| list.screen(black_box(&who), 850))
    });
}

criterion_group!(benches, session_signature, quote_and_pay, sanctions);
criterion_main!(benches);
