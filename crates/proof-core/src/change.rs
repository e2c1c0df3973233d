//! What of a partner's can move real money, or says where it goes; and whose words change it.

use crate::{
    Address, Asset,
    member::{Act, Role},
    operator::{OperatorName, Proposal, Voice},
    partner::{Origin, ReturnLink},
    time::Timestamp,
};
use serde::{Deserialize, Serialize};

/// What is changed: one wish stands for each.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Matter {
    Token,
    Webhook,
    Secret,
    Origins,
    Returns,
    Wallets,
}

impl Matter {
    pub const ALL: [Self; 6] = [
        Self::Token,
        Self::Webhook,
        Self::Secret,
        Self::Origins,
        Self::Returns,
        Self::Wallets,
    ];

    pub const fn name(self) -> &'static str {
        match self {
            Self::Token => "token",
            Self::Webhook => "webhook",
            Self::Secret => "secret",
            Self::Origins => "origins",
            Self::Returns => "returns",
            Self::Wallets => "wallets",
        }
    }

    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|matter| matter.name() == text)
    }

    /// What somebody has to be allowed to do, to say a word about it.
    pub const fn act(self) -> Act {
        match self {
            Self::Token => Act::TokenWrite,
            Self::Webhook | Self::Secret => Act::WebhookWrite,
            Self::Origins | Self::Returns => Act::PartnerWrite,
            Self::Wallets => Act::WalletWrite,
        }
    }
}

/// Where what was bought of one pair goes.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug, Serialize, Deserialize)]
#[serde(try_from = "WalletText", into = "WalletText")]
pub struct Wallet {
    pub asset: Asset,
    pub address: Address,
}

/// As people read it.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct WalletText {
    pair: String,
    address: String,
}

impl TryFrom<WalletText> for Wallet {
    type Error = String;

    fn try_from(text: WalletText) -> Result<Self, String> {
        let asset: Asset = text
            .pair
            .parse()
            .map_err(|_| format!("{} is no pair; write it as USDT/TRC20", text.pair))?;
        let address = Address::parse(asset.network(), &text.address);
        let address = address.map_err(|error| format!("the wallet of {asset} is {error}"))?;
        Ok(Self { asset, address })
    }
}

impl From<Wallet> for WalletText {
    fn from(wallet: Wallet) -> Self {
        Self {
            pair: wallet.asset.to_string(),
            address: wallet.address.to_string(),
        }
    }
}

/// One change, with what was there when it was wished for: two people mean the same step.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(tag = "what", rename_all = "snake_case", deny_unknown_fields)]
pub enum Change {
    /// A fresh token; the others end after so long, or stay.
    Token {
        others_end_after_seconds: Option<i64>,
    },
    WebhookMove {
        before: Option<String>,
        url: String,
    },
    WebhookSecret {
        grace_seconds: i64,
        /// Although two secrets sign already.
        force: bool,
    },
    OriginAdd {
        origin: Origin,
    },
    OriginRemove {
        origin: Origin,
    },
    /// Where the hosted page may send people back to.
    ReturnAdd {
        link: ReturnLink,
    },
    ReturnRemove {
        link: ReturnLink,
    },
    /// All of them, one for each asset, in the order of the assets.
    Wallets {
        before: Vec<Wallet>,
        wallets: Vec<Wallet>,
    },
}

impl Change {
    pub const fn matter(&self) -> Matter {
        match self {
            Self::Token { .. } => Matter::Token,
            Self::WebhookMove { .. } => Matter::Webhook,
            Self::WebhookSecret { .. } => Matter::Secret,
            Self::OriginAdd { .. } | Self::OriginRemove { .. } => Matter::Origins,
            Self::ReturnAdd { .. } | Self::ReturnRemove { .. } => Matter::Returns,
            Self::Wallets { .. } => Matter::Wallets,
        }
    }

    /// How it stands in the audit when it is done.
    pub const fn deed(&self) -> &'static str {
        match self {
            Self::Token { .. } => "token.issue",
            Self::WebhookMove { .. } => "webhook.move",
            Self::WebhookSecret { .. } => "webhook.rotate",
            Self::OriginAdd { .. } => "origin.add",
            Self::OriginRemove { .. } => "origin.remove",
            Self::ReturnAdd { .. } => "return.add",
            Self::ReturnRemove { .. } => "return.remove",
            Self::Wallets { .. } => "wallet.set",
        }
    }
}

/// Who says a word, in the role that they have now.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Speaker {
    pub name: OperatorName,
    pub role: Role,
}

/// What a word about something live adds to what was said before.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Said {
    /// Nobody else wants this, or nobody any more who may.
    Proposed(Proposal<Change>),
    Agreed {
        first: Voice,
    },
    /// The same person again.
    Alone,
    /// Two of the partner's own people: one of the two has to run the ramp.
    NoOperator,
}

/// `first`: who spoke first, if that person may still say so. A word does not outlive the right to it.
pub fn say(
    standing: Option<&Proposal<Change>>,
    first: Option<&Speaker>,
    change: Change,
    speaker: &Speaker,
    at: Timestamp,
) -> Said {
    let same = standing.filter(|proposal| proposal.act == change);
    if let Some(proposal) = same
        && proposal.voice.by == speaker.name
    {
        return Said::Alone;
    }
    let may = |first: &&Speaker| first.role.may(change.matter().act());
    match (same, first.filter(may)) {
        (Some(_), Some(first)) if first.role.is_partners() && speaker.role.is_partners() => {
            Said::NoOperator
        }
        (Some(proposal), Some(_)) => Said::Agreed {
            first: proposal.voice.clone(),
        },
        (Some(_) | None, _) => Said::Proposed(Proposal {
            act: change,
            voice: Voice {
                by: speaker.name.clone(),
                reason: String::new(),
            },
            at,
        }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Timestamp = Timestamp::from_micros(1);

    fn speaker(name: &str, role: Role) -> Speaker {
        Speaker {
            name: name.parse().unwrap(),
            role,
        }
    }

    fn token(seconds: i64) -> Change {
        Change::Token {
            others_end_after_seconds: Some(seconds),
        }
    }

    fn proposed(by: &Speaker, change: Change) -> Proposal<Change> {
        match say(None, None, change, by, NOW) {
            Said::Proposed(proposal) => proposal,
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn two_different_people_say_the_same_and_one_of_them_runs_the_ramp() {
        let (ann, ben) = (
            speaker("ann", Role::Operator),
            speaker("ben", Role::PartnerAdmin),
        );
        let cem = speaker("cem", Role::PartnerAdmin);
        for (first, second, agreed) in [
            (&ann, &ben, true),
            (&ben, &ann, true),
            (&ben, &cem, false),
            (&cem, &ben, false),
        ] {
            let standing = proposed(first, token(1));
            let said = say(Some(&standing), Some(first), token(1), second, NOW);
            let wanted = if agreed {
                Said::Agreed {
                    first: standing.voice.clone(),
                }
            } else {
                Said::NoOperator
            };
            assert_eq!(said, wanted, "{first:?} {second:?}");
        }
        let standing = proposed(&ann, token(1));
        let again = say(Some(&standing), Some(&ann), token(1), &ann, NOW);
        assert_eq!(again, Said::Alone);
    }

    #[test]
    fn another_wish_and_a_word_of_somebody_who_may_no_more_begin_anew() {
        let (ann, ben) = (
            speaker("ann", Role::Operator),
            speaker("ben", Role::Operator),
        );
        let standing = proposed(&ann, token(1));
        let other = say(Some(&standing), Some(&ann), token(2), &ben, NOW);
        assert_eq!(other, Said::Proposed(proposed(&ben, token(2))));
        let left = say(Some(&standing), None, token(1), &ben, NOW);
        assert_eq!(left, Said::Proposed(proposed(&ben, token(1))));
        let demoted = speaker("ann", Role::Support);
        let less = say(Some(&standing), Some(&demoted), token(1), &ben, NOW);
        assert_eq!(less, Said::Proposed(proposed(&ben, token(1))));
    }

    #[test]
    fn a_change_is_read_as_it_was_written() {
        let tron = "TJRabPrwbZy45sbavfcjinPJC18kjpRTv8";
        let text = format!(
            r#"{{"what":"wallets","before":[],"wallets":[{{"pair":"USDT/TRC20","address":"{tron}"}}]}}"#
        );
        let change: Change = serde_json::from_str(&text).unwrap();
        assert_eq!(serde_json::to_string(&change).unwrap(), text);
        let wrong = text.replace("TJR", "TJS");
        let error = serde_json::from_str::<Change>(&wrong).unwrap_err();
        assert!(error.to_string().contains("USDT/TRC20"), "{error}");
        for matter in Matter::ALL {
            assert_eq!(Matter::parse(matter.name()), Some(matter));
        }
        assert_eq!(Matter::parse("policy"), None);
    }
}
