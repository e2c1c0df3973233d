//! What an operator decides about deposits that do not fit (domain, "Deposit accidents").
//!
//! Two of them have no choice: what is `screened` is frozen, and what is `unmatched` is held, until two people
//! have looked.

use crate::{
    asset::UnknownName,
    case::CaseKind,
    money::{MoneyError, Rounding, mul_div},
    order::DEPOSIT_LOST_SECONDS_MAX,
};
use serde::{Deserialize, Serialize};
use std::str::FromStr;

/// One word for each accident.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(default)]
pub struct AccidentPolicy {
    pub underpaid: UnderpaidPolicy,
    pub overpaid: StrayPolicy,
    pub late: LatePolicy,
    pub wrong_token: StrayPolicy,
    pub wrong_network: StrayPolicy,
    pub second_deposit: StrayPolicy,
    /// What is worth no more than so many per cent of the network's fee is dust: it is not sent back.
    pub dust_percent_of_fee: u32,
    /// How long a deposit that was final, and has vanished, is waited for.
    pub reorged_seconds: i64,
}

impl Default for AccidentPolicy {
    fn default() -> Self {
        Self {
            underpaid: UnderpaidPolicy::default(),
            overpaid: StrayPolicy::default(),
            late: LatePolicy::default(),
            wrong_token: StrayPolicy::default(),
            wrong_network: StrayPolicy::default(),
            second_deposit: StrayPolicy::default(),
            dust_percent_of_fee: 100,
            reorged_seconds: DEPOSIT_LOST_SECONDS_MAX,
        }
    }
}

/// What becomes of a deposit that is too small.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum UnderpaidPolicy {
    /// The rest is asked for until the deadline.
    #[default]
    Ask,
    /// It goes back as soon as it is final and nothing more is on its way.
    Return,
}

/// What becomes of a deposit that comes after the window.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LatePolicy {
    /// The user may sell it at today's price; silence brings it back.
    #[default]
    Ask,
    Return,
    /// Two operators decide.
    Review,
}

impl LatePolicy {
    pub const ALL: [Self; 3] = [Self::Ask, Self::Return, Self::Review];

    pub const fn name(self) -> &'static str {
        match self {
            Self::Ask => "ask",
            Self::Return => "return",
            Self::Review => "review",
        }
    }
}

impl FromStr for LatePolicy {
    type Err = UnknownName;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let known = Self::ALL.into_iter().find(|policy| policy.name() == text);
        known.ok_or(UnknownName {
            what: "policy for late deposits",
        })
    }
}

/// What becomes of a deposit that nobody asked for.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum StrayPolicy {
    #[default]
    Return,
    /// Two operators decide.
    Review,
}

/// What a case does once its money is certain.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Remedy {
    Ask,
    Return,
    Review,
}

impl From<StrayPolicy> for Remedy {
    fn from(policy: StrayPolicy) -> Self {
        match policy {
            StrayPolicy::Return => Self::Return,
            StrayPolicy::Review => Self::Review,
        }
    }
}

impl AccidentPolicy {
    /// Whether something is worth too little to be sent back, both in the same unit.
    pub fn is_dust(self, worth: u128, fee: u128) -> Result<bool, MoneyError> {
        let bound = mul_div(fee, self.dust_percent_of_fee.into(), 100, Rounding::Up)?;
        Ok(worth <= bound)
    }

    /// `sells`: what came late could be sold today.
    pub fn remedy(self, kind: CaseKind, sells: bool) -> Remedy {
        match kind {
            CaseKind::Overpaid => self.overpaid.into(),
            CaseKind::WrongToken => self.wrong_token.into(),
            CaseKind::WrongNetwork => self.wrong_network.into(),
            CaseKind::SecondDeposit => self.second_deposit.into(),
            // People look at it from its opening on.
            CaseKind::Reorged => Remedy::Review,
            CaseKind::Late => match self.late {
                LatePolicy::Ask if sells => Remedy::Ask,
                LatePolicy::Ask | LatePolicy::Return => Remedy::Return,
                LatePolicy::Review => Remedy::Review,
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_accident_has_its_own_word() {
        let policy = AccidentPolicy {
            overpaid: StrayPolicy::Review,
            ..AccidentPolicy::default()
        };
        for (kind, expected) in [
            (CaseKind::Overpaid, Remedy::Review),
            (CaseKind::WrongToken, Remedy::Return),
            (CaseKind::WrongNetwork, Remedy::Return),
            (CaseKind::SecondDeposit, Remedy::Return),
            (CaseKind::Reorged, Remedy::Review),
        ] {
            assert_eq!(policy.remedy(kind, true), expected, "{}", kind.name());
        }
    }

    #[test]
    fn what_came_late_is_asked_about_only_where_it_could_be_sold() {
        for (late, sells, expected) in [
            (LatePolicy::Ask, true, Remedy::Ask),
            (LatePolicy::Ask, false, Remedy::Return),
            (LatePolicy::Return, true, Remedy::Return),
            (LatePolicy::Review, true, Remedy::Review),
            (LatePolicy::Review, false, Remedy::Review),
        ] {
            let policy = AccidentPolicy {
                late,
                ..AccidentPolicy::default()
            };
            assert_eq!(policy.remedy(CaseKind::Late, sells), expected);
        }
    }

    #[test]
    fn dust_is_what_is_worth_no_more_than_its_share_of_the_fee() {
        let policy = AccidentPolicy {
            dust_percent_of_fee: 150,
            ..AccidentPolicy::default()
        };
        assert_eq!(policy.is_dust(15, 10), Ok(true));
        assert_eq!(policy.is_dust(16, 10), Ok(false));
        // 1.5, which is more than what is worth 1.
        assert_eq!(policy.is_dust(2, 1), Ok(true));
        assert_eq!(AccidentPolicy::default().is_dust(11, 10), Ok(false));
    }

    #[test]
    fn the_names_are_read_as_they_are_written() {
        for policy in LatePolicy::ALL {
            assert_eq!(policy.name().parse(), Ok(policy));
        }
        assert!("never".parse::<LatePolicy>().is_err());
    }
}
