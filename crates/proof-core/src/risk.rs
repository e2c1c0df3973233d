//! Whether a payment may go on: a pure function of facts and a versioned policy, asked before the
//! card is authorised and again before the money is captured (domain, "Risk").

use crate::{
    asset::{Asset, Fiat},
    money::Money,
    order::FailReason,
    screening::Screening,
};
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

/// What a customer may move of one asset, in base units; both directions count.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct PairLimits {
    #[serde(with = "crate::money::as_text")]
    pub day_base: u128,
    #[serde(with = "crate::money::as_text")]
    pub month_base: u128,
}

/// What an operator decides about a partner's risk.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct RiskPolicy {
    /// A currency that is not here has no limit.
    pub limits: BTreeMap<Fiat, Limits>,
    /// An asset that is not here has none of its own.
    #[serde(default)]
    pub pair_limits: BTreeMap<Asset, PairLimits>,
    /// Payments of one customer that may be begun in a day.
    pub payments_day_max: u32,
    /// Customers who may share a card before people look; the same person may have two shops.
    pub card_customers_max: u32,
    /// ISO 3166-1 alpha-2 codes of card issuers' countries that are refused.
    pub card_countries_refused: Vec<String>,
    /// The same for the countries that issued identity documents.
    #[serde(default)]
    pub document_countries_refused: Vec<String>,
    /// A card from another country than the document.
    #[serde(default)]
    pub card_abroad: CardAbroad,
    /// Disputes of a customer that were not won, from which on people look; zero looks at everybody.
    #[serde(default = "one")]
    pub disputes_reviewed: u32,
    /// How long the crypto of a customer's first buy is held after the money was taken.
    #[serde(default)]
    pub first_delivery_seconds: u32,
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

#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CardAbroad {
    Review,
    #[default]
    Allow,
}

const fn one() -> u32 {
    1
}

impl Default for RiskPolicy {
    fn default() -> Self {
        let limits = Limits {
            day_minor: 1_500_000,
            month_minor: 5_000_000,
        };
        Self {
            limits: Fiat::ALL.into_iter().map(|fiat| (fiat, limits)).collect(),
            pair_limits: BTreeMap::new(),
            payments_day_max: 25,
            card_customers_max: 3,
            card_countries_refused: Vec::new(),
            document_countries_refused: Vec::new(),
            card_abroad: CardAbroad::default(),
            disputes_reviewed: one(),
            first_delivery_seconds: 0,
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
            disputes_reviewed: u32::MAX,
            ..Self::default()
        }
    }

    /// A month has days.
    pub fn is_sound(&self) -> bool {
        let months = |limits: &Limits| limits.day_minor <= limits.month_minor;
        let pair_months = |limits: &PairLimits| limits.day_base <= limits.month_base;
        self.limits.values().all(months) && self.pair_limits.values().all(pair_months)
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
    /// Its country is not the document's; not where one of them is unknown.
    #[serde(default)]
    pub abroad: bool,
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
    /// What is to be moved of the asset, and what this customer's other orders moved, or hold, of it.
    pub moves: Moves,
    /// Payments that this customer began in the last day, without this one.
    pub payments_day: u32,
    /// Disputes of this customer's payments that were not won.
    pub disputes: u32,
    /// Whether an order of this customer was completed before.
    pub is_known: bool,
    /// Of the identity document; `None`: the provider did not say.
    pub document_country: Option<String>,
    pub document_refused: bool,
    /// What the operator's list says, once there is a card.
    #[serde(default)]
    pub screening: Screening,
}

/// Of one asset, in base units.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Moves {
    pub asset: Asset,
    #[serde(with = "crate::money::as_text")]
    pub now_base: u128,
    #[serde(with = "crate::money::as_text")]
    pub day_base: u128,
    #[serde(with = "crate::money::as_text")]
    pub month_base: u128,
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
    PairDayLimit,
    PairMonthLimit,
    TooManyPayments,
    DocumentCountry,
    CardCountry,
    CardAbroad,
    NoLiabilityShift,
    CardShared,
    Disputes,
    Listed,
    DestinationRefuses,
}

impl RiskReason {
    pub const fn name(self) -> &'static str {
        match self {
            Self::DayLimit => "day_limit",
            Self::MonthLimit => "month_limit",
            Self::PairDayLimit => "pair_day_limit",
            Self::PairMonthLimit => "pair_month_limit",
            Self::TooManyPayments => "too_many_payments",
            Self::DocumentCountry => "document_country",
            Self::CardCountry => "card_country",
            Self::CardAbroad => "card_abroad",
            Self::NoLiabilityShift => "no_liability_shift",
            Self::CardShared => "card_shared",
            Self::Disputes => "disputes",
            Self::Listed => "listed",
            Self::DestinationRefuses => "destination_refuses",
        }
    }

    /// How an order ends that is refused for it.
    pub const fn fail_reason(self) -> FailReason {
        match self {
            Self::Listed => FailReason::Screening,
            Self::DestinationRefuses => FailReason::DestinationRefuses,
            Self::DayLimit
            | Self::MonthLimit
            | Self::PairDayLimit
            | Self::PairMonthLimit
            | Self::TooManyPayments
            | Self::DocumentCountry
            | Self::CardCountry
            | Self::CardAbroad
            | Self::NoLiabilityShift
            | Self::CardShared
            | Self::Disputes => FailReason::RiskRefused,
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
    if facts.document_refused {
        return Some(RiskReason::DocumentCountry);
    }
    if let Some(reason) = beyond(facts, policy) {
        return Some(reason);
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

/// The limit that would be exceeded.
fn beyond(facts: &RiskFacts, policy: &RiskPolicy) -> Option<RiskReason> {
    if let Some(limits) = policy.limits.get(&facts.total.fiat()) {
        let with = |moved: u128| moved.saturating_add(facts.total.minor());
        if with(facts.day_minor) > limits.day_minor {
            return Some(RiskReason::DayLimit);
        }
        if with(facts.month_minor) > limits.month_minor {
            return Some(RiskReason::MonthLimit);
        }
    }
    if let Some(limits) = policy.pair_limits.get(&facts.moves.asset) {
        let with = |moved: u128| moved.saturating_add(facts.moves.now_base);
        if with(facts.moves.day_base) > limits.day_base {
            return Some(RiskReason::PairDayLimit);
        }
        if with(facts.moves.month_base) > limits.month_base {
            return Some(RiskReason::PairMonthLimit);
        }
    }
    (facts.payments_day >= policy.payments_day_max).then_some(RiskReason::TooManyPayments)
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
    if card.abroad && policy.card_abroad == CardAbroad::Review {
        reasons.push(RiskReason::CardAbroad);
    }
    if facts.disputes >= policy.disputes_reviewed {
        reasons.push(RiskReason::Disputes);
    }
    reasons
}

/// How long the crypto is held after the money was taken.
pub const fn first_delivery_hold(facts: &RiskFacts, policy: &RiskPolicy) -> u32 {
    if facts.is_known {
        0
    } else {
        policy.first_delivery_seconds
    }
}

#[cfg(test)]
mod tests;
