//! The operator's list of cards, persons and addresses with which nobody deals.
//!
//! The list only grows: taking something off is a later line. Its version is the number of its last
//! line, so each decision can say what it knew. Lists of names, which others write, are in [`names`].

pub mod names;

use crate::partner::{Environment, PartnerType};
use serde::{Deserialize, Serialize};

/// Why something waits, for operators.
pub(crate) const LISTED: &str = "somebody in it is listed";

#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ListedKind {
    /// A processor's fingerprint.
    Card,
    /// Our id of a person.
    Person,
    Address,
}

impl ListedKind {
    pub const ALL: [Self; 3] = [Self::Card, Self::Person, Self::Address];

    pub const fn name(self) -> &'static str {
        match self {
            Self::Card => "card",
            Self::Person => "person",
            Self::Address => "address",
        }
    }

    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.name() == text)
    }

    /// Whether a dispute that was lost puts it on the list by itself. Published test cards are
    /// everybody's, and the wallet of a partner is not the cardholder's.
    pub const fn is_listed_by_loss(self, environment: Environment, partner: PartnerType) -> bool {
        match self {
            Self::Card => matches!(environment, Environment::Live),
            Self::Person => true,
            Self::Address => matches!(partner, PartnerType::UserWallet),
        }
    }
}

/// Something of an order that is on the list, and since which line.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Hit {
    pub kind: ListedKind,
    pub line: i64,
}

/// What the list says of an order.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub struct Screening {
    pub list_version: i64,
    pub hits: Vec<Hit>,
}

impl Screening {
    /// Whether something is listed that two people have not seen yet.
    pub fn is_hit(&self, cleared: i64) -> bool {
        self.hits.iter().any(|hit| hit.line > cleared)
    }
}

/// What is frozen, and what was cleared, of an order or a case.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub struct Freeze {
    /// The list's version by which it was frozen.
    pub frozen: Option<i64>,
    /// Two people have looked at everything up to this line.
    pub cleared: i64,
}

impl Freeze {
    /// Two people let it go on.
    pub fn clear(&mut self) {
        if let Some(version) = self.frozen.take() {
            self.cleared = version;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_loss_lists_what_is_the_cardholders_own() {
        use ListedKind::{Address, Card, Person};
        let (test, live) = (Environment::Test, Environment::Live);
        for (kind, environment, partner, expected) in [
            (Card, live, PartnerType::Treasury, true),
            (Card, test, PartnerType::UserWallet, false),
            (Person, test, PartnerType::Managed, true),
            (Address, live, PartnerType::UserWallet, true),
            (Address, live, PartnerType::Treasury, false),
            (Address, live, PartnerType::Managed, false),
        ] {
            assert_eq!(kind.is_listed_by_loss(environment, partner), expected);
        }
    }

    #[test]
    fn what_was_cleared_counts_until_the_list_grows() {
        let hit = |line| Screening {
            list_version: 9,
            hits: vec![Hit {
                kind: ListedKind::Card,
                line,
            }],
        };
        assert!(hit(1).is_hit(0));
        assert!(!hit(9).is_hit(9));
        assert!(hit(10).is_hit(9));
        assert!(!Screening::default().is_hit(0));
        let mut freeze = Freeze {
            frozen: Some(9),
            cleared: 0,
        };
        freeze.clear();
        freeze.clear();
        assert_eq!((freeze.frozen, freeze.cleared), (None, 9));
    }
}
