//! Partners' own addresses: those on a list that two people change, each with a key of their own.
//!
//! A vote is signed where its author's key is, and goes on through any hands: nobody on the way can make one, change
//! one, or use one twice, since it names the list's mark, which every change makes another one.

use crate::keys::derive;
use k256::ecdsa::{
    Signature, SigningKey, VerifyingKey,
    signature::{Signer as _, Verifier as _},
};
use proof_core::{Address, Network};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use std::collections::{BTreeMap, BTreeSet};

const FORMAT: &str = "proof-allow-list/1";
/// Of the mark's 64 digits: enough that no two lists have the same.
const MARK_DIGITS: usize = 32;

/// Why a vote is not taken.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
pub enum NotTaken {
    #[error("the signer has no approvers in its configuration")]
    NoApprovers,
    #[error("nobody of this name is an approver")]
    Stranger,
    #[error("the signature is not that of the approver's key")]
    WrongSignature,
    #[error("the list is another one by now: look at it, and vote again")]
    OtherList,
    #[error("the text is no address of its network in its usual spelling")]
    WrongAddress,
    #[error("the address is on the list already")]
    Listed,
    #[error("the address is not on the list")]
    NotListed,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Deed {
    Allow,
    Remove,
}

impl Deed {
    pub const fn name(self) -> &'static str {
        match self {
            Self::Allow => "allow",
            Self::Remove => "remove",
        }
    }
}

/// What is to become of a list.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ListChange {
    /// The mark of the list that its author saw.
    pub list: String,
    pub deed: Deed,
    pub address: Address,
}

impl ListChange {
    fn text(&self) -> String {
        let (deed, network) = (self.deed.name(), self.address.network());
        let address = self.address.as_str();
        format!("{FORMAT}\n{}\n{deed}\n{network}\n{address}\n", self.list)
    }
}

/// One person's word for a change.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Vote {
    pub change: ListChange,
    pub by: String,
    signature: String,
}

/// The key of one approver; what is derived for this signs nothing else.
pub struct ApproverKey(SigningKey);

impl ApproverKey {
    pub fn of(secret: &[u8; 32]) -> Option<Self> {
        derive(secret, &["approver"]).map(Self)
    }

    /// What the signer's configuration says of its owner.
    pub fn public(&self) -> String {
        hex::encode(self.0.verifying_key().to_encoded_point(true))
    }

    pub fn vote(&self, by: &str, change: ListChange) -> Vote {
        let signature: Signature = self.0.sign(change.text().as_bytes());
        Vote {
            change,
            by: by.to_owned(),
            signature: hex::encode(signature.to_bytes()),
        }
    }
}

/// The people who may vote, by name.
#[derive(Clone, Debug, Default)]
pub struct Approvers(BTreeMap<String, VerifyingKey>);

impl Approvers {
    /// `None`: a key is not one, or a name or a key is there twice.
    pub fn new<'a>(all: impl IntoIterator<Item = (&'a str, &'a str)>) -> Option<Self> {
        let mut approvers = BTreeMap::new();
        for (name, key) in all {
            let key = VerifyingKey::from_sec1_bytes(&hex::decode(key).ok()?).ok()?;
            if approvers.values().any(|known| *known == key) {
                return None;
            }
            if approvers.insert(name.to_owned(), key).is_some() {
                return None;
            }
        }
        Some(Self(approvers))
    }

    pub fn len(&self) -> usize {
        self.0.len()
    }

    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    fn check(&self, vote: &Vote) -> Result<(), NotTaken> {
        let key = self.0.get(&vote.by).ok_or(NotTaken::Stranger)?;
        let bytes = hex::decode(&vote.signature).map_err(|_| NotTaken::WrongSignature)?;
        let signature = Signature::from_slice(&bytes).map_err(|_| NotTaken::WrongSignature)?;
        let text = vote.change.text();
        let checked = key.verify(text.as_bytes(), &signature);
        checked.map_err(|_| NotTaken::WrongSignature)
    }
}

/// What the list is, for people.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Listed {
    pub mark: String,
    pub addresses: Vec<Address>,
    pub waiting: Vec<Vote>,
}

/// What becomes of a vote.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Taken {
    /// It was heard before.
    Known,
    /// A second person has to say the same.
    First,
    /// The other vote that says the same.
    With(Box<Vote>),
}

/// The fold over the journal's lines about it.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct AllowList {
    mark: String,
    addresses: BTreeSet<Address>,
    /// One for each person, all about the list as it is.
    waiting: BTreeMap<String, Vote>,
}

impl AllowList {
    /// The empty list of this installation, and of no other.
    pub fn of(master_key: &[u8; 32]) -> Self {
        let own = derive(master_key, &["allow-list"]).map(|key| ApproverKey(key).public());
        Self {
            mark: mark(&format!("{FORMAT}\n{}\n", own.unwrap_or_default())),
            ..Self::default()
        }
    }

    pub fn contains(&self, address: &Address) -> bool {
        self.addresses.contains(address)
    }

    pub fn listed(&self) -> Listed {
        Listed {
            mark: self.mark.clone(),
            addresses: self.addresses.iter().cloned().collect(),
            waiting: self.waiting.values().cloned().collect(),
        }
    }

    pub fn is_about_this(&self, change: &ListChange) -> bool {
        change.list == self.mark
    }

    pub fn may_take(&self, approvers: &Approvers, vote: &Vote) -> Result<Taken, NotTaken> {
        if approvers.is_empty() {
            return Err(NotTaken::NoApprovers);
        }
        approvers.check(vote)?;
        let change = &vote.change;
        let address = &change.address;
        if Address::parse(address.network(), address.as_str()).as_ref() != Ok(address) {
            return Err(NotTaken::WrongAddress);
        }
        if !self.is_about_this(change) {
            return Err(NotTaken::OtherList);
        }
        match (change.deed, self.contains(address)) {
            (Deed::Allow, true) => return Err(NotTaken::Listed),
            (Deed::Remove, false) => return Err(NotTaken::NotListed),
            (Deed::Allow, false) | (Deed::Remove, true) => {}
        }
        if self.waiting.get(&vote.by) == Some(vote) {
            return Ok(Taken::Known);
        }
        // Somebody who is no approver any more has no say, whatever they said before.
        let other = self.waiting.values().find(|other| {
            other.by != vote.by && other.change == *change && approvers.check(other).is_ok()
        });
        Ok(other.map_or(Taken::First, |other| Taken::With(Box::new(other.clone()))))
    }

    pub fn voted(&mut self, vote: &Vote) {
        self.waiting.insert(vote.by.clone(), vote.clone());
    }

    pub fn changed(&mut self, change: &ListChange) {
        match change.deed {
            Deed::Allow => self.addresses.insert(change.address.clone()),
            Deed::Remove => self.addresses.remove(&change.address),
        };
        self.waiting.clear();
        self.mark = mark(&change.text());
    }
}

/// A change's text names the mark before it, so that each mark stands for all that came before.
fn mark(text: &str) -> String {
    let mut mark = hex::encode(Sha256::digest(text));
    mark.truncate(MARK_DIGITS);
    mark
}

/// For whoever writes a vote: the address in its usual spelling.
pub fn list_change(list: &str, deed: Deed, network: Network, text: &str) -> Option<ListChange> {
    let address = Address::parse(network, text).ok()?;
    Some(ListChange {
        list: list.to_owned(),
        deed,
        address,
    })
}
