use super::*;
use crate::{network::Network, risk::Limits};

fn usdt() -> Asset {
    Asset::find("USDT", Network::Trc20).unwrap()
}

fn amount(text: &str) -> Amount {
    Amount::parse(usdt(), text).unwrap()
}

fn fees(processing: u16) -> FeePolicy {
    FeePolicy {
        spread: Bps::new(100).unwrap(),
        processing: Bps::new(processing).unwrap(),
        processing_fixed_minor: 25,
        partner: Bps::new(50).unwrap(),
    }
}

fn pair() -> Pair {
    Pair {
        asset: usdt(),
        min: amount("10"),
        max: amount("1000"),
        buys: true,
        sells: true,
        fees: None,
    }
}

fn policy() -> Policy {
    Policy {
        version: 1,
        pairs: vec![pair()],
        fiats: vec![Fiat::Eur],
        fees: fees(250),
        sell: SellPolicy::default(),
        risk: RiskPolicy::default(),
        widget: WidgetConfig::default(),
    }
}

#[test]
fn what_cannot_be_meant_is_refused_with_its_part() {
    assert_eq!(policy().check(), Ok(()));
    type Change = fn(&mut Policy);
    let changes: [(Change, PolicyError); 15] = [
        (|p| p.pairs.clear(), PolicyError::Empty),
        (|p| p.fiats.clear(), PolicyError::Empty),
        (|p| p.pairs.push(pair()), PolicyError::Twice),
        (|p| p.fiats.push(Fiat::Eur), PolicyError::Twice),
        (|p| p.pairs[0].min = amount("0"), PolicyError::Amounts),
        (|p| p.pairs[0].min = amount("1000.01"), PolicyError::Amounts),
        (
            |p| p.pairs[0].max = Amount::new(Network::Trc20.native(), u128::MAX),
            PolicyError::Amounts,
        ),
        (|p| p.fees = fees(9_950), PolicyError::Fees),
        (|p| p.pairs[0].fees = Some(fees(9_950)), PolicyError::Fees),
        (|p| p.sell.window_seconds = 59, PolicyError::Window),
        (|p| p.sell.hold_seconds = -1, PolicyError::Window),
        (
            |p| p.sell.accidents.dust_percent_of_fee = 1_001,
            PolicyError::Accidents,
        ),
        (
            |p| p.sell.accidents.reorged_seconds = 599,
            PolicyError::Accidents,
        ),
        (
            |p| p.risk.first_delivery_seconds = 259_201,
            PolicyError::Risk,
        ),
        (
            |p| {
                let limits = Limits {
                    day_minor: 2,
                    month_minor: 1,
                };
                p.risk.limits.insert(Fiat::Eur, limits);
            },
            PolicyError::Risk,
        ),
    ];
    for (change, error) in changes {
        let mut changed = policy();
        change(&mut changed);
        assert_eq!(changed.check(), Err(error), "{error}");
    }
}

#[test]
fn what_is_at_its_bound_is_meant() {
    let mut bounds = policy();
    bounds.pairs[0].min = bounds.pairs[0].max;
    bounds.fees = fees(9_949);
    bounds.sell.window_seconds = 60;
    bounds.sell.accidents.dust_percent_of_fee = 1_000;
    bounds.sell.accidents.reorged_seconds = 600;
    bounds.risk.first_delivery_seconds = 259_200;
    let limits = Limits {
        day_minor: 1,
        month_minor: 1,
    };
    bounds.risk.limits.insert(Fiat::Eur, limits);
    assert_eq!(bounds.check(), Ok(()));
}

#[test]
fn each_part_has_its_name() {
    for (error, field) in [
        (PolicyError::Empty, "pairs"),
        (PolicyError::Twice, "pairs"),
        (PolicyError::Amounts, "pairs"),
        (PolicyError::Fees, "fees"),
        (PolicyError::Window, "sell"),
        (PolicyError::Accidents, "sell"),
        (PolicyError::Risk, "risk"),
    ] {
        assert_eq!(error.field(), field);
    }
}

#[test]
fn a_pair_may_have_fees_of_its_own() {
    let mut policy = policy();
    assert_eq!(policy.fees_of(usdt()), &fees(250));
    policy.pairs[0].fees = Some(fees(0));
    assert_eq!(policy.fees_of(usdt()), &fees(0));
    assert_eq!(policy.fees_of(Network::Trc20.native()), &fees(250));
}

#[test]
fn what_could_be_sold_today_is_within_its_pair() {
    let mut policy = policy();
    for (text, expected) in [
        ("9.99", false),
        ("10", true),
        ("1000", true),
        ("1000.01", false),
    ] {
        assert_eq!(policy.sells(amount(text)), expected, "{text}");
    }
    policy.pairs[0].sells = false;
    assert!(!policy.sells(amount("10")));
}
