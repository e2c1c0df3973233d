use super::*;

const GOOD: CardFacts = CardFacts {
    liability_shift: true,
    other_customers: 0,
    country_refused: false,
    abroad: false,
};

fn usdt() -> Asset {
    Asset::find("USDT", crate::Network::Trc20).unwrap()
}

fn facts(stage: RiskStage) -> RiskFacts {
    RiskFacts {
        stage,
        total: Money::new(Fiat::Eur, 10_000),
        day_minor: 0,
        month_minor: 0,
        moves: Moves {
            asset: usdt(),
            now_base: 100,
            day_base: 0,
            month_base: 0,
        },
        payments_day: 0,
        disputes: 0,
        is_known: true,
        document_country: Some("DE".to_owned()),
        document_refused: false,
        screening: Screening::default(),
    }
}

fn refuse(reason: RiskReason) -> Assessment {
    Assessment::Refuse { reason }
}

#[test]
fn limits_hold_to_the_last_cent() {
    let policy = RiskPolicy::default();
    let at = |day_minor, month_minor| {
        let facts = RiskFacts {
            day_minor,
            month_minor,
            ..facts(RiskStage::Authorise)
        };
        assess(&facts, &policy)
    };
    assert_eq!(at(1_490_000, 1_490_000), Assessment::Allow);
    assert_eq!(at(1_490_001, 1_490_001), refuse(RiskReason::DayLimit));
    assert_eq!(at(0, 4_990_000), Assessment::Allow);
    assert_eq!(at(0, 4_990_001), refuse(RiskReason::MonthLimit));
    assert_eq!(at(u128::MAX, u128::MAX), refuse(RiskReason::DayLimit));
}

#[test]
fn a_currency_without_limits_has_none() {
    let policy = RiskPolicy {
        limits: BTreeMap::new(),
        ..RiskPolicy::default()
    };
    let facts = RiskFacts {
        day_minor: u128::MAX,
        ..facts(RiskStage::Authorise)
    };
    assert_eq!(assess(&facts, &policy), Assessment::Allow);
}

#[test]
fn velocity_is_counted_without_the_present_payment() {
    let policy = RiskPolicy {
        payments_day_max: 2,
        ..RiskPolicy::default()
    };
    for (payments_day, expected) in [
        (1, Assessment::Allow),
        (2, refuse(RiskReason::TooManyPayments)),
    ] {
        let facts = RiskFacts {
            payments_day,
            ..facts(RiskStage::Authorise)
        };
        assert_eq!(assess(&facts, &policy), expected, "{payments_day}");
    }
}

#[test]
fn the_card_is_judged_before_capture() {
    let policy = RiskPolicy::default();
    let with = |card| assess(&facts(RiskStage::Capture(card)), &policy);
    assert_eq!(with(GOOD), Assessment::Allow);
    let no_shift = CardFacts {
        liability_shift: false,
        ..GOOD
    };
    assert_eq!(with(no_shift), refuse(RiskReason::NoLiabilityShift));
    let abroad = CardFacts {
        country_refused: true,
        ..no_shift
    };
    assert_eq!(with(abroad), refuse(RiskReason::CardCountry));
    let shared = |other_customers| {
        with(CardFacts {
            other_customers,
            ..GOOD
        })
    };
    assert_eq!(shared(2), Assessment::Allow);
    let reasons = vec![RiskReason::CardShared];
    assert_eq!(shared(3), Assessment::Review { reasons });
}

#[test]
fn who_is_listed_is_refused_whatever_the_policy() {
    use crate::screening::{Hit, ListedKind};
    let hit = Hit {
        kind: ListedKind::Address,
        line: 1,
    };
    let listed = RiskFacts {
        screening: Screening {
            list_version: 1,
            hits: vec![hit],
        },
        ..facts(RiskStage::Capture(GOOD))
    };
    let judged = assess(&listed, &RiskPolicy::sandbox());
    assert_eq!(judged, refuse(RiskReason::Listed));
    assert_eq!(RiskReason::Listed.fail_reason(), FailReason::Screening);
}

#[test]
fn all_reasons_to_look_are_told() {
    let policy = RiskPolicy {
        without_liability_shift: WithoutShift::Review,
        card_abroad: CardAbroad::Review,
        ..RiskPolicy::default()
    };
    let card = CardFacts {
        liability_shift: false,
        other_customers: 9,
        country_refused: false,
        abroad: true,
    };
    let reasons = vec![
        RiskReason::NoLiabilityShift,
        RiskReason::CardShared,
        RiskReason::CardAbroad,
        RiskReason::Disputes,
    ];
    let known = RiskFacts {
        disputes: 1,
        ..facts(RiskStage::Capture(card))
    };
    let judged = assess(&known, &policy);
    assert_eq!(judged, Assessment::Review { reasons });
    let lax = RiskPolicy {
        without_liability_shift: WithoutShift::Allow,
        ..policy
    };
    let alone = CardFacts {
        other_customers: 0,
        abroad: false,
        ..card
    };
    let judged = assess(&facts(RiskStage::Capture(alone)), &lax);
    assert_eq!(judged, Assessment::Allow);
}

#[test]
fn a_pair_has_limits_of_its_own() {
    let limits = PairLimits {
        day_base: 150,
        month_base: 300,
    };
    let policy = RiskPolicy {
        pair_limits: BTreeMap::from([(usdt(), limits)]),
        ..RiskPolicy::default()
    };
    let at = |day_base, month_base| {
        let mut facts = facts(RiskStage::Authorise);
        (facts.moves.day_base, facts.moves.month_base) = (day_base, month_base);
        assess(&facts, &policy)
    };
    assert_eq!(at(50, 200), Assessment::Allow);
    assert_eq!(at(51, 200), refuse(RiskReason::PairDayLimit));
    assert_eq!(at(50, 201), refuse(RiskReason::PairMonthLimit));
    let mut other = facts(RiskStage::Authorise);
    other.moves.asset = crate::Network::Trc20.native();
    other.moves.now_base = u128::MAX;
    assert_eq!(assess(&other, &policy), Assessment::Allow);
}

#[test]
fn a_document_of_a_country_that_is_refused_pays_nothing() {
    let refused = RiskFacts {
        document_refused: true,
        ..facts(RiskStage::Authorise)
    };
    let judged = assess(&refused, &RiskPolicy::sandbox());
    assert_eq!(judged, refuse(RiskReason::DocumentCountry));
}

#[test]
fn disputes_are_looked_at_from_the_bound_on() {
    let policy = RiskPolicy {
        disputes_reviewed: 2,
        ..RiskPolicy::default()
    };
    for (disputes, expected) in [
        (1, Assessment::Allow),
        (
            2,
            Assessment::Review {
                reasons: vec![RiskReason::Disputes],
            },
        ),
    ] {
        let facts = RiskFacts {
            disputes,
            ..facts(RiskStage::Capture(GOOD))
        };
        assert_eq!(assess(&facts, &policy), expected, "{disputes}");
    }
}

#[test]
fn only_the_first_delivery_is_held() {
    let policy = RiskPolicy {
        first_delivery_seconds: 3_600,
        ..RiskPolicy::default()
    };
    for (is_known, expected) in [(false, 3_600), (true, 0)] {
        let facts = RiskFacts {
            is_known,
            ..facts(RiskStage::Capture(GOOD))
        };
        assert_eq!(first_delivery_hold(&facts, &policy), expected);
    }
}

#[test]
fn a_month_has_days() {
    let mut policy = RiskPolicy::default();
    assert!(policy.is_sound());
    let limits = PairLimits {
        day_base: 2,
        month_base: 1,
    };
    policy.pair_limits.insert(usdt(), limits);
    assert!(!policy.is_sound());
}

#[test]
fn reasons_are_told_by_their_names() {
    for (reason, name) in [
        (RiskReason::DayLimit, "day_limit"),
        (RiskReason::MonthLimit, "month_limit"),
        (RiskReason::PairDayLimit, "pair_day_limit"),
        (RiskReason::PairMonthLimit, "pair_month_limit"),
        (RiskReason::TooManyPayments, "too_many_payments"),
        (RiskReason::DocumentCountry, "document_country"),
        (RiskReason::CardCountry, "card_country"),
        (RiskReason::CardAbroad, "card_abroad"),
        (RiskReason::NoLiabilityShift, "no_liability_shift"),
        (RiskReason::CardShared, "card_shared"),
        (RiskReason::Disputes, "disputes"),
        (RiskReason::Listed, "listed"),
    ] {
        assert_eq!(reason.name(), name);
        assert_eq!(serde_json::to_value(reason).unwrap(), name);
    }
}
