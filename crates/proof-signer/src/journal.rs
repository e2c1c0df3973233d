//! What the signer has promised, on disk before anybody hears of it.
//!
//! One JSON object a line; each carries the SHA-256 of the line before, so that a line cannot be
//! changed or taken out without a trace. A last line without its end was never answered for and is
//! dropped; any other damage stops the signer.

use crate::{
    SignerError,
    allow::{ListChange, Vote},
};
use proof_core::{
    Address, Timestamp,
    id::{IntentId, OrderId},
    recovery::Epoch,
};
use proof_port::{Signed, SigningIntent, Whose};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use std::{
    fs::{File, OpenOptions, TryLockError, create_dir_all},
    io::{self, Read, Write},
    path::Path,
};

const FILE_NAME: &str = "journal.jsonl";

#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum Entry {
    Registered {
        order: OrderId,
        destination: Address,
        /// The partner's where the list was in force; then it counts as such for ever.
        #[serde(default, skip_serializing_if = "is_users")]
        whose: Whose,
        /// Ours on its network, which says whose journal this is; older lines lack it.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        wallet: Option<Address>,
    },
    DepositOpened {
        order: OrderId,
        refund: Address,
        /// The same.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        wallet: Option<Address>,
    },
    Signed {
        intent: Box<SigningIntent>,
        signed: Signed,
        /// By the signer's clock, where limits are counted.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        at: Option<Timestamp>,
    },
    /// Never signed, and never will be.
    Closed { intent: IntentId },
    /// Another life of the installation. A journal without one serves the first.
    EpochBegun { epoch: Epoch },
    /// One of two who have to say the same about the list of partners' addresses.
    ListVoted { vote: Box<Vote> },
    /// Both have said it.
    ListChanged {
        change: ListChange,
        votes: Vec<Vote>,
    },
}

#[expect(
    clippy::trivially_copy_pass_by_ref,
    reason = "serde hands over references"
)]
const fn is_users(whose: &Whose) -> bool {
    matches!(whose, Whose::User)
}

#[derive(Serialize, Deserialize)]
struct Line {
    previous: String,
    entry: Entry,
}

pub struct Journal {
    file: File,
    /// Hash of the last line.
    head: String,
    /// A write failed: what is on disk is not known any more, so nothing may follow it.
    broken: bool,
    #[cfg(test)]
    pub(crate) death: Option<Death>,
}

/// Where a test has the process die: given how long the next line is, after how many of its bytes, if at all.
#[cfg(test)]
pub type Death = Box<dyn FnMut(usize) -> Option<usize> + Send>;

impl Journal {
    /// Opens, or begins, the journal of a folder; gives the entries in their order.
    pub fn open(dir: &Path) -> Result<(Self, Vec<Entry>), SignerError> {
        create_dir_all(dir)?;
        let mut file = OpenOptions::new()
            .read(true)
            .append(true)
            .create(true)
            .open(dir.join(FILE_NAME))?;
        file.try_lock().map_err(|error| match error {
            TryLockError::WouldBlock => SignerError::Locked,
            TryLockError::Error(error) => SignerError::Io(error),
        })?;
        // The file's name has to survive a crash as well.
        File::open(dir)?.sync_all()?;

        let mut bytes = Vec::new();
        file.read_to_end(&mut bytes)?;
        let whole = bytes.iter().rposition(|b| *b == b'\n').map_or(0, |i| i + 1);
        let (entries, head) = read(bytes.get(..whole).unwrap_or_default())?;
        if whole < bytes.len() {
            file.set_len(u64::try_from(whole).map_err(io::Error::other)?)?;
        }
        // The last whole line may be here and not on the disk yet: its writer was killed before it heard of that. From
        // here on it is answered with.
        file.sync_all()?;
        let journal = Self {
            file,
            head,
            broken: false,
            #[cfg(test)]
            death: None,
        };
        Ok((journal, entries))
    }

    pub fn append(&mut self, entry: &Entry) -> io::Result<()> {
        if self.broken {
            return Err(io::Error::other("an earlier write failed"));
        }
        let line = serde_json::to_string(&Line {
            previous: self.head.clone(),
            entry: entry.clone(),
        })?;
        let written = self.write(format!("{line}\n").as_bytes());
        self.broken = written.is_err();
        written?;
        self.head = hash(line.as_bytes());
        Ok(())
    }
}

impl Journal {
    fn write(&mut self, line: &[u8]) -> io::Result<()> {
        #[cfg(test)]
        if let Some(end) = self.death.as_mut().and_then(|death| death(line.len())) {
            self.file.write_all(line.get(..end).unwrap_or(line))?;
            return Err(io::Error::other("killed"));
        }
        self.file.write_all(line)?;
        self.file.sync_data()
    }
}

fn read(whole: &[u8]) -> Result<(Vec<Entry>, String), SignerError> {
    let mut entries = Vec::new();
    let mut head = hash(b"");
    for (index, line) in whole.split_inclusive(|b| *b == b'\n').enumerate() {
        let damaged = |problem| SignerError::Damaged {
            line: index + 1,
            problem,
        };
        let text = line.strip_suffix(b"\n").unwrap_or(line);
        let read: Line = serde_json::from_slice(text).map_err(|_| damaged("not an entry"))?;
        if read.previous != head {
            return Err(damaged("it does not follow the line before"));
        }
        head = hash(text);
        entries.push(read.entry);
    }
    Ok((entries, head))
}

fn hash(line: &[u8]) -> String {
    hex::encode(Sha256::digest(line))
}
