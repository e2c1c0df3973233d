//! Crypto that came to our own wallet, where no order has an address (domain, `unmatched`). It is held, and
//! nobody is paid with it, until two people know whose it is.

use crate::{
    address::Address,
    deposit::Deposit,
    id::DepositId,
    ledger::{self, Entry},
    money::MoneyError,
    operator::{Count, Proposal, Voice, count},
    partner::Environment,
    time::Timestamp,
};
use serde::{Deserialize, Serialize};

#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Stray {
    pub id: DepositId,
    pub environment: Environment,
    /// Our wallet.
    pub recipient: Address,
    pub deposit: Deposit,
    pub state: StrayState,
}

#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(tag = "state", rename_all = "snake_case")]
pub enum StrayState {
    /// Not final yet.
    Seen,
    /// Final and in the books, on `suspense`.
    Held {
        /// What one operator says already.
        proposal: Option<Proposal<Owned>>,
    },
    /// The chain took it back.
    Gone,
    /// The owner's own: two operators said so.
    Owned { first: Voice, second: Voice },
    /// It came from cold storage, where the books had it.
    FromCold {
        /// Where it was not seen, two operators said so.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        said: Vec<Voice>,
    },
}

/// What may be said of it: nobody else can prove that it is theirs, and nothing goes to an address that was not
/// confirmed for an order.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(from = "Option<FromCold>", into = "Option<FromCold>")]
pub enum Owned {
    /// The owner put it in. In proposals from before there was another word, this is none.
    Added,
    /// It was the ramp's own before: it was in cold storage, and the books have it there.
    Cold,
}

#[derive(Clone, Copy, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum FromCold {
    Cold,
}

impl From<Option<FromCold>> for Owned {
    fn from(word: Option<FromCold>) -> Self {
        word.map_or(Self::Added, |FromCold::Cold| Self::Cold)
    }
}

impl From<Owned> for Option<FromCold> {
    fn from(owned: Owned) -> Self {
        (owned == Owned::Cold).then_some(FromCold::Cold)
    }
}

#[derive(Clone, PartialEq, Eq, Debug)]
pub enum StrayCommand {
    Final,
    /// Final, and from an address that our own coins were moved to.
    FromCold,
    Vanished,
    /// An operator says that the owner sent it, and where from.
    Own(Owned, Voice),
}

#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
pub enum StrayRefusal {
    #[error("it is not held, or not any more")]
    WrongState,
    #[error("another operator has to say the same")]
    SecondPerson,
    #[error(transparent)]
    Money(#[from] MoneyError),
}

impl StrayState {
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Seen => "seen",
            Self::Held { .. } => "held",
            Self::Gone => "gone",
            Self::Owned { .. } => "owned",
            Self::FromCold { .. } => "from_cold",
        }
    }
}

impl Stray {
    /// What becomes of it, and what that does to the books.
    pub fn decide(
        &self,
        command: StrayCommand,
        now: Timestamp,
    ) -> Result<(Self, Option<Entry>), StrayRefusal> {
        let amount = self.deposit.amount;
        let (state, entry) = match (&self.state, command) {
            (StrayState::Seen, StrayCommand::Final) => (
                StrayState::Held { proposal: None },
                Some(ledger::stray(amount)?),
            ),
            (StrayState::Seen, StrayCommand::FromCold) => (
                StrayState::FromCold { said: Vec::new() },
                Some(ledger::cold_back(amount)?),
            ),
            (StrayState::Held { .. }, StrayCommand::FromCold) => (
                StrayState::FromCold { said: Vec::new() },
                Some(ledger::cold_explained(amount)?),
            ),
            (StrayState::Seen, StrayCommand::Vanished) => (StrayState::Gone, None),
            (StrayState::Held { .. }, StrayCommand::Vanished) => {
                (StrayState::Gone, Some(ledger::stray_gone(amount)?))
            }
            (StrayState::Held { proposal }, StrayCommand::Own(owned, voice)) => {
                match count(proposal.as_ref(), owned, voice.clone(), now) {
                    Count::Alone => return Err(StrayRefusal::SecondPerson),
                    Count::Proposed(wish) => (
                        StrayState::Held {
                            proposal: Some(wish),
                        },
                        None,
                    ),
                    Count::Agreed { first } if owned == Owned::Cold => (
                        StrayState::FromCold {
                            said: vec![first, voice],
                        },
                        Some(ledger::cold_explained(amount)?),
                    ),
                    Count::Agreed { first } => (
                        StrayState::Owned {
                            first,
                            second: voice,
                        },
                        Some(ledger::stray_owned(amount)?),
                    ),
                }
            }
            (StrayState::Held { .. }, StrayCommand::Final)
            | (StrayState::Seen, StrayCommand::Own(..))
            | (StrayState::Gone | StrayState::Owned { .. } | StrayState::FromCold { .. }, _) => {
                return Err(StrayRefusal::WrongState);
            }
        };
        let hash = self.deposit.key.hash.clone();
        let next = Self {
            state,
            ..self.clone()
        };
        Ok((next, entry.map(|entry| entry.noted(hash))))
    }

    /// Nobody has explained it yet.
    pub const fn is_open(&self) -> bool {
        matches!(self.state, StrayState::Seen | StrayState::Held { .. })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Asset, Network, deposit::DepositKey, money::Amount};
    use uuid::Uuid;

    const NOW: Timestamp = Timestamp::from_micros(1);

    fn stray() -> Stray {
        let wallet = "TR7NHqjeKQxGTCi8q8ZY4pL8otSzgjLj6t";
        Stray {
            id: DepositId::from_uuid(Uuid::from_u128(1)),
            environment: Environment::Test,
            recipient: Address::parse(Network::Trc20, wallet).unwrap(),
            deposit: Deposit {
                key: DepositKey {
                    hash: "h".to_owned(),
                    index: 0,
                },
                amount: Amount::new(Asset::find("USDT", Network::Trc20).unwrap(), 7),
                seen_at: NOW,
                senders: Vec::new(),
            },
            state: StrayState::Seen,
        }
    }

    fn voice(by: &str) -> Voice {
        Voice {
            by: by.parse().unwrap(),
            reason: "the owner topped up".to_owned(),
        }
    }

    fn own(by: &str) -> StrayCommand {
        StrayCommand::Own(Owned::Added, voice(by))
    }

    fn booked(entry: Option<Entry>) -> Vec<(String, i128)> {
        let entry = entry.unwrap();
        assert_eq!(entry.memo(), Some("h"));
        let postings = entry.postings().iter();
        postings
            .map(|posting| (posting.key(), posting.amount))
            .collect()
    }

    #[test]
    fn it_is_held_until_two_people_know_whose_it_is() {
        let (held, entry) = stray().decide(StrayCommand::Final, NOW).unwrap();
        let mut postings = booked(entry);
        postings.sort();
        assert_eq!(
            postings,
            [
                ("suspense:USDT/TRC20".to_owned(), -7),
                ("wallet:USDT/TRC20".to_owned(), 7)
            ]
        );
        let (proposed, entry) = held.decide(own("alice"), NOW).unwrap();
        assert!(entry.is_none() && proposed.is_open());
        let alone = proposed.decide(own("alice"), NOW);
        assert_eq!(alone, Err(StrayRefusal::SecondPerson));
        let (owned, entry) = proposed.decide(own("bob"), NOW).unwrap();
        let mut postings = booked(entry);
        postings.sort();
        assert_eq!(
            postings,
            [
                ("capital:USDT/TRC20".to_owned(), -7),
                ("suspense:USDT/TRC20".to_owned(), 7)
            ]
        );
        assert!(!owned.is_open());
        assert_eq!(owned.state.name(), "owned");
    }

    #[test]
    fn what_the_chain_takes_back_leaves_the_books() {
        let (gone, entry) = stray().decide(StrayCommand::Vanished, NOW).unwrap();
        assert!(entry.is_none() && !gone.is_open());
        let (held, _) = stray().decide(StrayCommand::Final, NOW).unwrap();
        assert!(held.is_open());
        let (gone, entry) = held.decide(StrayCommand::Vanished, NOW).unwrap();
        assert!(booked(entry).contains(&("wallet:USDT/TRC20".to_owned(), -7)));
        for (state, command) in [
            (&gone, StrayCommand::Final),
            (&gone, own("alice")),
            (&held, StrayCommand::Final),
            (&stray(), own("alice")),
        ] {
            assert_eq!(state.decide(command, NOW), Err(StrayRefusal::WrongState));
        }
    }

    #[test]
    fn what_comes_back_from_cold_storage_needs_nobody_to_explain_it() {
        let (back, entry) = stray().decide(StrayCommand::FromCold, NOW).unwrap();
        let cold = ("cold:USDT/TRC20".to_owned(), -7);
        let expected = [("wallet:USDT/TRC20".to_owned(), 7), cold.clone()];
        assert_eq!(booked(entry), expected);
        assert!(!back.is_open());
        assert_eq!(back.state.name(), "from_cold");
        // It was held before anybody knew.
        let (held, _) = stray().decide(StrayCommand::Final, NOW).unwrap();
        let (late, entry) = held.decide(StrayCommand::FromCold, NOW).unwrap();
        let expected = [("suspense:USDT/TRC20".to_owned(), 7), cold];
        assert_eq!((late, booked(entry)), (back.clone(), expected.into()));
        let again = back.decide(StrayCommand::FromCold, NOW);
        assert_eq!(again, Err(StrayRefusal::WrongState));
    }

    #[test]
    fn two_people_say_what_came_from_cold_storage_where_nobody_sees_it() {
        let cold = |by: &str| StrayCommand::Own(Owned::Cold, voice(by));
        let (held, _) = stray().decide(StrayCommand::Final, NOW).unwrap();
        let (first, _) = held.decide(own("alice"), NOW).unwrap();
        // Who means something else agrees with nobody.
        let (other, entry) = first.decide(cold("bob"), NOW).unwrap();
        assert!(entry.is_none() && other.is_open());
        let (back, entry) = other.decide(cold("alice"), NOW).unwrap();
        let expected = [
            ("suspense:USDT/TRC20".to_owned(), 7),
            ("cold:USDT/TRC20".to_owned(), -7),
        ];
        assert_eq!(booked(entry), expected);
        let said = vec![voice("bob"), voice("alice")];
        assert_eq!(back.state, StrayState::FromCold { said });
        for state in [&first, &other, &back, &stray()] {
            let text = serde_json::to_string(state).unwrap();
            assert_eq!(serde_json::from_str::<Stray>(&text).unwrap(), *state);
        }
        // As it was written before there was more to say.
        let text = serde_json::to_value(&first).unwrap();
        assert!(text["state"]["proposal"]["act"].is_null(), "{text}");
        let seen = serde_json::json!({ "state": "from_cold" });
        let seen: StrayState = serde_json::from_value(seen).unwrap();
        assert_eq!(seen, StrayState::FromCold { said: Vec::new() });
    }

    #[test]
    fn each_state_has_its_name() {
        let (held, _) = stray().decide(StrayCommand::Final, NOW).unwrap();
        let (gone, _) = stray().decide(StrayCommand::Vanished, NOW).unwrap();
        let names = [&stray(), &held, &gone].map(|stray| stray.state.name());
        assert_eq!(names, ["seen", "held", "gone"]);
    }
}
