//! Whether a payment may go on: a pure function of facts and a versioned policy, asked before the
//! card is authorised and again before the money is captured (domain, "Risk").

use crate::{asset::Fiat, money::Money, order::FailReason, screening::Screening};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// What a customer may move in one currency, in minor units; both directions count.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Limits {
    #[serde(with = "crate::money::as_text")]
    pub day_minor: u128,
    #[serde(with = "crate::money::as_text")]
    pub month_minor: u128,
}

/// What an operator decides about a partner's risk. A change is a new version; each decision says
/// by which it was made.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct RiskPolicy {
    pub version: u32,
    /// A currency that is not here has no limit.
    pub limits: BTreeMap<Fiat, Limits>,
    /// Payments of one customer that may be begun in a day.
    pub payments_day_max: u32,
    /// Customers who may share a card before people look; the same person may have two shops.
    pub card_customers_max: u32,
    /// ISO 3166 codes of card issuers' countries that are refused.
    pub card_countries_refused: Vec<String>,
    /// Where nobody takes over the loss of a stolen card.
    pub without_liability_shift: WithoutShift,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum WithoutShift {
    Refuse,
    Review,
    Allow,
}

impl Default for RiskPolicy {
    fn default() -> Self {
        let limits = Limits {
            day_minor: 1_500_000,
            month_minor: 5_000_000,
        };
        Self {
            version: 1,
            limits: Fiat::ALL.into_iter().map(|fiat| (fiat, limits)).collect(),
            payments_day_max: 25,
            card_customers_max: 3,
            card_countries_refused: Vec::new(),
            without_liability_shift: WithoutShift::Refuse,
        }
    }
}

impl RiskPolicy {
    /// For sandbox partners: published test cards are everybody's, and load is no fraud.
    pub fn sandbox() -> Self {
        Self {
            payments_day_max: u32::MAX,
            card_customers_max: u32::MAX,
            ..Self::default()
        }
    }
}

/// When it is asked.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RiskStage {
    /// The card is not known yet.
    Authorise,
    Capture(CardFacts),
}

/// What the processor told of the card.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct CardFacts {
    pub liability_shift: bool,
    /// Other customers of this installation who paid with the same card.
    pub other_customers: u32,
    pub country_refused: bool,
}

/// What is known when a payment is judged; kept with the decision.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct RiskFacts {
    pub stage: RiskStage,
    pub total: Money,
    /// What this customer's other orders moved, or hold, in the same currency.
    #[serde(with = "crate::money::as_text")]
    pub day_minor: u128,
    #[serde(with = "crate::money::as_text")]
    pub month_minor: u128,
    /// Payments that this customer began in the last day, without this one.
    pub payments_day: u32,
    /// What the operator's list says, once there is a card.
    #[serde(default)]
    pub screening: Screening,
}

#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(tag = "verdict", rename_all = "snake_case")]
pub enum Assessment {
    Allow,
    Review { reasons: Vec<RiskReason> },
    Refuse { reason: RiskReason },
}

#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RiskReason {
    DayLimit,
    MonthLimit,
    TooManyPayments,
    CardCountry,
    NoLiabilityShift,
    CardShared,
    Listed,
}

impl RiskReason {
    pub const fn name(self) -> &'static str {
        match self {
            Self::DayLimit => "day_limit",
            Self::MonthLimit => "month_limit",
            Self::TooManyPayments => "too_many_payments",
            Self::CardCountry => "card_country",
            Self::NoLiabilityShift => "no_liability_shift",
            Self::CardShared => "card_shared",
            Self::Listed => "listed",
        }
    }

    /// How an order ends that is refused for it.
    pub const fn fail_reason(self) -> FailReason {
        match self {
            Self::Listed => FailReason::Screening,
            Self::DayLimit
            | Self::MonthLimit
            | Self::TooManyPayments
            | Self::CardCountry
            | Self::NoLiabilityShift
            | Self::CardShared => FailReason::RiskRefused,
        }
    }
}

/// The first reason to refuse decides; reasons to look are all told.
pub fn assess(facts: &RiskFacts, policy: &RiskPolicy) -> Assessment {
    if let Some(reason) = refused(facts, policy) {
        return Assessment::Refuse { reason };
    }
    let reasons = to_review(facts, policy);
    if reasons.is_empty() {
        Assessment::Allow
    } else {
        Assessment::Review { reasons }
    }
}

fn refused(facts: &RiskFacts, policy: &RiskPolicy) -> Option<RiskReason> {
    if facts.screening.is_hit(0) {
        return Some(RiskReason::Listed);
    }
    if let Some(limits) = policy.limits.get(&facts.total.fiat()) {
        let with = |moved: u128| moved.saturating_add(facts.total.minor());
        if with(facts.day_minor) > limits.day_minor {
            return Some(RiskReason::DayLimit);
        }
        if with(facts.month_minor) > limits.month_minor {
            return Some(RiskReason::MonthLimit);
        }
    }
    if facts.payments_day >= policy.payments_day_max {
        return Some(RiskReason::TooManyPayments);
    }
    let RiskStage::Capture(card) = facts.stage else {
        return None;
    };
    if card.country_refused {
        return Some(RiskReason::CardCountry);
    }
    let refuses = policy.without_liability_shift == WithoutShift::Refuse;
    (refuses && !card.liability_shift).then_some(RiskReason::NoLiabilityShift)
}

fn to_review(facts: &RiskFacts, policy: &RiskPolicy) -> Vec<RiskReason> {
    let RiskStage::Capture(card) = facts.stage else {
        return Vec::new();
    };
    let mut reasons = Vec::new();
    if !card.liability_shift && policy.without_liability_shift == WithoutShift::Review {
        reasons.push(RiskReason::NoLiabilityShift);
    }
    if card.other_customers >= policy.card_customers_max {
        reasons.push(RiskReason::CardShared);
    }
    reasons
}

#[cfg(test)]
mod tests {
    use super::*;

    const GOOD: CardFacts = CardFacts {
        liability_shift: true,
        other_customers: 0,
        country_refused: false,
    };

    fn facts(stage: RiskStage) -> RiskFacts {
        RiskFacts {
            stage,
            total: Money::new(Fiat::Eur, 10_000),
            day_minor: 0,
            month_minor: 0,
            payments_day: 0,
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
            ..RiskPolicy::default()
        };
        let card = CardFacts {
            liability_shift: false,
            other_customers: 9,
            country_refused: false,
        };
        let reasons = vec![RiskReason::NoLiabilityShift, RiskReason::CardShared];
        let judged = assess(&facts(RiskStage::Capture(card)), &policy);
        assert_eq!(judged, Assessment::Review { reasons });
        let lax = RiskPolicy {
            without_liability_shift: WithoutShift::Allow,
            ..policy
        };
        let alone = CardFacts {
            other_customers: 0,
            ..card
        };
        let judged = assess(&facts(RiskStage::Capture(alone)), &lax);
        assert_eq!(judged, Assessment::Allow);
    }
}
