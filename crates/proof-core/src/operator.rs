//! The people who run the ramp, and what two of them together may decide.

use crate::time::Timestamp;
use serde::{Deserialize, Serialize};
use std::{fmt, str::FromStr};

/// How an operator is named in the configuration and in every story: `alice`.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct OperatorName(String);

#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
#[error("a name is 1 to 32 of a-z, 0-9, '.', '_' and '-', and not `machine`")]
pub struct NotAName;

const MACHINE: &str = "machine";

impl OperatorName {
    const LENGTH_MAX: usize = 32;

    /// Nobody in particular: whoever sits at the machine. No person can be called so.
    pub fn machine() -> Self {
        Self(MACHINE.to_owned())
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for OperatorName {
    type Err = NotAName;

    fn from_str(text: &str) -> Result<Self, NotAName> {
        let plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || "._-".contains(c);
        let short = !text.is_empty() && text.len() <= Self::LENGTH_MAX;
        let good = short && text != MACHINE && text.chars().all(plain);
        good.then(|| Self(text.to_owned())).ok_or(NotAName)
    }
}

impl TryFrom<String> for OperatorName {
    type Error = NotAName;

    fn try_from(text: String) -> Result<Self, NotAName> {
        text.parse()
    }
}

impl From<OperatorName> for String {
    fn from(name: OperatorName) -> Self {
        name.0
    }
}

impl fmt::Display for OperatorName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Who says it, and why: kept with what was decided.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Voice {
    pub by: OperatorName,
    pub reason: String,
}

/// What one operator wants; a second one who wants the same makes it happen.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Proposal<A> {
    pub act: A,
    pub voice: Voice,
    pub at: Timestamp,
}

/// What a voice adds to what was said before.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Count<A> {
    /// Nobody else wants this yet.
    Proposed(Proposal<A>),
    /// Two different people want the same.
    Agreed { first: Voice },
    /// The same person again: nobody agrees with themselves.
    Alone,
}

/// Another act replaces what was proposed before: the two have to mean the same thing.
pub fn count<A: PartialEq>(
    standing: Option<&Proposal<A>>,
    act: A,
    voice: Voice,
    at: Timestamp,
) -> Count<A> {
    match standing.filter(|proposal| proposal.act == act) {
        Some(proposal) if proposal.voice.by == voice.by => Count::Alone,
        Some(proposal) => Count::Agreed {
            first: proposal.voice.clone(),
        },
        None => Count::Proposed(Proposal { act, voice, at }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Timestamp = Timestamp::from_micros(1);

    fn voice(by: &str) -> Voice {
        Voice {
            by: by.parse().unwrap(),
            reason: "seen".into(),
        }
    }

    #[test]
    fn names_are_plain() {
        for good in ["alice", "a", "bob.smith-2_x"] {
            assert!(good.parse::<OperatorName>().is_ok(), "{good}");
        }
        let long = "a".repeat(33);
        for bad in ["", MACHINE, "Alice", "a b", "é", "a\n", long.as_str()] {
            assert_eq!(bad.parse::<OperatorName>(), Err(NotAName), "{bad}");
        }
    }

    #[test]
    fn two_different_people_must_want_the_same() {
        let Count::Proposed(first) = count(None, 1, voice("alice"), NOW) else {
            panic!("the first voice proposes");
        };
        assert_eq!(count(Some(&first), 1, voice("alice"), NOW), Count::Alone);
        let first_voice = first.voice.clone();
        let agreed = Count::Agreed { first: first_voice };
        assert_eq!(count(Some(&first), 1, voice("bob"), NOW), agreed);
        // Another wish starts again, whoever has it.
        for by in ["alice", "bob"] {
            let other = count(Some(&first), 2, voice(by), NOW);
            assert!(matches!(other, Count::Proposed(p) if p.act == 2 && p.voice.by.as_str() == by));
        }
    }
}
