//! What people did, in a chain: each record holds the hash of the one before, so that one that is
//! changed, taken out or put in between breaks every hash after it.

use crate::{operator::OperatorName, time::Timestamp};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use sha2::{Digest, Sha256};

/// Before the first record.
pub const BEGINNING: &str = "0000000000000000000000000000000000000000000000000000000000000000";

/// Who acts, and from where: an address, or the operators' socket.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Author {
    pub by: OperatorName,
    pub from: String,
}

impl Author {
    /// A command at the machine, of whoever may read the database.
    pub fn machine() -> Self {
        Self {
            by: OperatorName::machine(),
            from: "command".to_owned(),
        }
    }

    /// Who may read the database may change it: there nobody else is asked.
    pub fn is_machine(&self) -> bool {
        self.by == OperatorName::machine()
    }
}

impl From<OperatorName> for Author {
    /// Somebody at the machine itself.
    fn from(by: OperatorName) -> Self {
        let from = "socket".to_owned();
        Self { by, from }
    }
}

/// One action, before it has its place in the chain.
#[derive(Clone, PartialEq, Debug)]
pub struct Deed {
    pub author: Author,
    /// `order.refund`, `policy.set`, …
    pub act: &'static str,
    /// What it was done to, by its id.
    pub subject: String,
    pub before: Value,
    pub after: Value,
}

/// As it is kept; the field order is the order in the text that is hashed.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct Record {
    pub number: i64,
    pub at: Timestamp,
    pub by: String,
    pub from: String,
    pub act: String,
    pub subject: String,
    pub before: Value,
    pub after: Value,
}

impl Record {
    pub fn new(number: i64, at: Timestamp, deed: &Deed) -> Self {
        Self {
            number,
            at,
            by: deed.author.by.to_string(),
            from: deed.author.from.clone(),
            act: deed.act.to_owned(),
            subject: deed.subject.clone(),
            before: deed.before.clone(),
            after: deed.after.clone(),
        }
    }

    /// The text that is kept and hashed, byte for byte.
    pub fn text(&self) -> String {
        serde_json::to_string(self).unwrap_or_default()
    }
}

/// SHA-256 over the hash before, a line feed, and the record's text; in hex.
pub fn link(previous: &str, text: &str) -> String {
    let mut hash = Sha256::new();
    hash.update(previous.as_bytes());
    hash.update(b"\n");
    hash.update(text.as_bytes());
    hex::encode(hash.finalize())
}

/// A record as the database gives it back: its text, and what was written beside it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Kept {
    pub number: i64,
    pub by: String,
    pub act: String,
    pub subject: String,
    pub text: String,
    pub hash: String,
}

/// The first thing that is wrong with a chain.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum Broken {
    #[error("record {0} is missing: it was taken out, or its number was changed")]
    Missing(i64),
    #[error(
        "record {0} was changed: its text does not have the hash that it had when it was written"
    )]
    Changed(i64),
    #[error("record {0} was changed: a column says something else than the text that was hashed")]
    Column(i64),
    #[error(
        "the chain ends at record {end}, but record {wanted} was published with another hash or is gone"
    )]
    Checkpoint { end: i64, wanted: i64 },
}

/// A walk along the chain, record by record.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Walk {
    pub number: i64,
    pub hash: String,
}

impl Default for Walk {
    fn default() -> Self {
        Self {
            number: 0,
            hash: BEGINNING.to_owned(),
        }
    }
}

impl Walk {
    pub fn step(self, kept: &Kept) -> Result<Self, Broken> {
        let next = self.number.saturating_add(1);
        if kept.number != next {
            return Err(Broken::Missing(next));
        }
        if link(&self.hash, &kept.text) != kept.hash {
            return Err(Broken::Changed(next));
        }
        let agrees = serde_json::from_str::<Record>(&kept.text).is_ok_and(|record| {
            (record.number, record.by, record.act, record.subject)
                == (
                    kept.number,
                    kept.by.clone(),
                    kept.act.clone(),
                    kept.subject.clone(),
                )
        });
        if !agrees {
            return Err(Broken::Column(next));
        }
        Ok(Self {
            number: next,
            hash: kept.hash.clone(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn chain(count: i64) -> Vec<Kept> {
        let mut previous = BEGINNING.to_owned();
        let mut kept = Vec::new();
        for number in 1..=count {
            let deed = Deed {
                author: Author::from("ann".parse::<OperatorName>().unwrap()),
                act: "order.refund",
                subject: format!("ord_{number}"),
                before: Value::Null,
                after: json!({ "amount": number.to_string() }),
            };
            let record = Record::new(number, Timestamp::from_micros(number), &deed);
            let text = record.text();
            let hash = link(&previous, &text);
            previous.clone_from(&hash);
            kept.push(Kept {
                number,
                by: record.by,
                act: record.act,
                subject: record.subject,
                text,
                hash,
            });
        }
        kept
    }

    fn walk(kept: &[Kept]) -> Result<Walk, Broken> {
        kept.iter().try_fold(Walk::default(), Walk::step)
    }

    #[test]
    fn a_whole_chain_is_walked_to_its_end() {
        let kept = chain(4);
        let end = walk(&kept).unwrap();
        assert_eq!((end.number, &end.hash), (4, &kept[3].hash));
    }

    #[test]
    fn whatever_is_changed_is_named() {
        let forged = |number: usize, forge: fn(&mut Kept)| {
            let mut kept = chain(4);
            forge(&mut kept[number - 1]);
            walk(&kept).unwrap_err()
        };
        let text =
            |kept: &mut Kept| kept.text = kept.text.replace("\"amount\":\"2\"", "\"amount\":\"9\"");
        assert_eq!(forged(2, text), Broken::Changed(2));
        assert_eq!(forged(3, |kept| kept.by = "ben".into()), Broken::Column(3));
        assert_eq!(forged(3, |kept| kept.act = "x".into()), Broken::Column(3));
        assert_eq!(
            forged(3, |kept| kept.subject = "x".into()),
            Broken::Column(3)
        );
        assert_eq!(
            forged(4, |kept| kept.hash = BEGINNING.into()),
            Broken::Changed(4)
        );
        let mut out = chain(4);
        out.remove(1);
        assert_eq!(walk(&out), Err(Broken::Missing(2)));
        // Whoever hashes anew what they changed breaks the next one.
        let mut anew = chain(4);
        anew[1].text = anew[1].text.replace("\"amount\":\"2\"", "\"amount\":\"9\"");
        anew[1].hash = link(&anew[0].hash, &anew[1].text);
        assert_eq!(walk(&anew), Err(Broken::Changed(3)));
    }
}
