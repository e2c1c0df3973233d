//! What of a log comes after a whole backup, read again.

use super::{Index, LogAt, Piece, folder_name, hex_of, index_file, precise, round_file, rounds};
use crate::backup::Manifest;
use anyhow::{Context, bail, ensure};
use proof_core::Timestamp;
use sha2::{Digest, Sha256};
use std::{
    fs::{self, File},
    io::{ErrorKind, Read, Write},
    os::unix::fs::OpenOptionsExt,
    path::{Path, PathBuf},
};
use uuid::Uuid;

/// A server may be adding to the log meanwhile, and another round begin between two reads.
const READS_MAX: u32 = 3;

/// The rounds of a log that come after a whole backup, up to where they are wanted.
#[derive(Debug)]
pub struct Tail {
    pub folder: PathBuf,
    pub rounds: Vec<Index>,
    /// A piece at the very end was not written whole.
    pub torn: Option<Piece>,
}

/// Up to where a log is wanted.
#[derive(Clone, Copy, Debug)]
pub enum Until<'a> {
    End,
    /// Nothing that was added later.
    Time(Timestamp),
    At(&'a LogAt),
}

impl Until<'_> {
    fn wants(self, round: u64, piece: &Piece) -> bool {
        match self {
            Self::End => true,
            Self::Time(time) => piece.at() <= time,
            Self::At(at) => (round, piece.end()) <= (at.round, at.offset),
        }
    }

    /// Whether nothing is wanted behind a piece.
    fn ends_at(self, round: u64, piece: &Piece) -> bool {
        match self {
            Self::End => false,
            Self::Time(time) => piece.at() >= time,
            Self::At(at) => (round, piece.end()) >= (at.round, at.offset),
        }
    }
}

impl Tail {
    /// `None`: nothing is shipped after that backup.
    pub fn of(place: &Path, manifest: &Manifest, until: Until<'_>) -> anyhow::Result<Option<Self>> {
        let of = (manifest.installation, manifest.epoch);
        let Some(from) = &manifest.log else {
            return Ok(None);
        };
        let mut tail = Self::read(place, from, of, until);
        for _ in 1..READS_MAX {
            if tail.is_ok() {
                break;
            }
            tail = Self::read(place, from, of, until);
        }
        tail.map(Some)
    }

    /// Reads every index after `from`, and looks whether the pieces are there. What is in them is looked at
    /// when they are copied.
    fn read(place: &Path, from: &LogAt, of: (Uuid, i64), until: Until<'_>) -> anyhow::Result<Self> {
        let folder = place.join(folder_name(from.log));
        let there = rounds(&folder)?;
        let mut tail = Self {
            folder,
            rounds: Vec::new(),
            torn: None,
        };
        let last = there.last().copied().unwrap_or(0);
        for number in from.round..=last {
            // What is behind that may be damaged.
            let last_piece = tail.last_with_round();
            if last_piece.is_some_and(|(round, piece)| until.ends_at(round, piece)) {
                break;
            }
            let Some(index) = Index::read(&tail.folder, number)? else {
                // The beginning of a round that did not reach the disk, if nothing came after it.
                ensure!(number == last, "{}", tail.missing(number));
                break;
            };
            tail.take(index, from, of)?;
        }
        ensure!(
            from.link.is_none() || tail.rounds.first().is_some_and(|first| first.holds(from)),
            "what the backup builds on is missing in {}",
            tail.folder.display()
        );
        tail.cut(until);
        tail.look()?;
        // The backup itself may have some of its round already, and less must not go over it.
        let reached = tail.last_with_round();
        let reached = reached.map_or((from.round, 0), |(round, piece)| (round, piece.end()));
        ensure!(
            reached >= (from.round, from.offset),
            "the log does not reach the whole backup that it belongs to"
        );
        Ok(tail)
    }

    fn take(&mut self, index: Index, from: &LogAt, of: (Uuid, i64)) -> anyhow::Result<()> {
        let round = &index.round;
        let path = index_file(&self.folder, round.round);
        ensure!(
            round.log == from.log && (round.installation, round.epoch) == of,
            "{} is of another installation, or of another life of it",
            path.display()
        );
        if let Some(before) = self.rounds.last() {
            ensure!(
                round.before.as_ref() == Some(&before.link),
                "{} does not go on from the round before: pieces are missing",
                path.display()
            );
        }
        self.rounds.push(index);
        Ok(())
    }

    /// Leaves away what is not wanted.
    fn cut(&mut self, until: Until<'_>) {
        let mut over = false;
        for index in &mut self.rounds {
            let number = index.round.round;
            let wanted = index.pieces.iter();
            let wanted = wanted.take_while(|(piece, _)| until.wants(number, piece));
            let most = if over { 0 } else { wanted.count() };
            over |= most < index.pieces.len();
            index.pieces.truncate(most);
        }
        self.rounds.retain(|index| !index.pieces.is_empty());
    }

    /// Only the very last piece may be short: it was being written.
    fn look(&mut self) -> anyhow::Result<()> {
        let rounds = self.rounds.len();
        for (at, index) in self.rounds.iter().enumerate() {
            let path = round_file(&self.folder, index.round.round);
            let length = match fs::metadata(&path) {
                Ok(there) => there.len(),
                Err(error) if error.kind() == ErrorKind::NotFound => {
                    bail!("{}", self.missing(index.round.round));
                }
                Err(error) => {
                    return Err(error).with_context(|| format!("cannot read {}", path.display()));
                }
            };
            let short = |(piece, _): &&(Piece, String)| piece.end() > length;
            let short: Vec<_> = index.pieces.iter().filter(short).collect();
            match short.as_slice() {
                [] => {}
                [(last, _)] if at + 1 == rounds => self.torn = Some(last.clone()),
                [(first, _), ..] => bail!("{}", self.damaged(&path, first, "is not there")),
            }
        }
        if self.torn.is_some() {
            self.rounds.last_mut().and_then(|index| index.pieces.pop());
        }
        Ok(())
    }

    fn missing(&self, round: u64) -> String {
        let pieces = self.rounds.iter().filter(|index| index.round.round < round);
        let last = pieces.flat_map(|index| &index.pieces).last();
        let good = last.map_or_else(String::new, |(last, _)| until_words(last));
        let folder = self.folder.display();
        format!("round {round} of {folder} is missing{good}")
    }

    fn damaged(&self, path: &Path, piece: &Piece, how: &str) -> String {
        let good = self.before(piece);
        format!(
            "the piece of {} at byte {} of {} {how}{good}",
            precise(piece.at()),
            piece.offset,
            path.display()
        )
    }

    fn before(&self, piece: &Piece) -> String {
        let pieces = self.rounds.iter().flat_map(|index| &index.pieces);
        let last = pieces.take_while(|(one, _)| one != piece).last();
        last.map_or_else(String::new, |(last, _)| until_words(last))
    }

    pub fn pieces(&self) -> usize {
        self.rounds.iter().map(|index| index.pieces.len()).sum()
    }

    pub fn last(&self) -> Option<&Piece> {
        self.last_with_round().map(|(_, piece)| piece)
    }

    fn last_with_round(&self) -> Option<(u64, &Piece)> {
        let mut rounds = self.rounds.iter().rev();
        rounds.find_map(|index| Some((index.round.round, &index.pieces.last()?.0)))
    }

    /// Copies a round's log, and proves each piece of it.
    pub fn copy(&self, index: &Index, to: &Path) -> anyhow::Result<()> {
        let path = round_file(&self.folder, index.round.round);
        let file = File::open(&path);
        let mut from = file.with_context(|| format!("cannot read {}", path.display()))?;
        let mut options = File::options();
        let file = options.write(true).create_new(true).mode(0o600).open(to);
        let mut to = file.with_context(|| format!("cannot write {}", to.display()))?;
        for (piece, _) in &index.pieces {
            let mut bytes = vec![0; usize::try_from(piece.bytes)?];
            let read = from.read_exact(&mut bytes);
            read.with_context(|| format!("cannot read {}", path.display()))?;
            if hex_of(&Sha256::digest(&bytes)) != piece.sha256 {
                bail!("{}", self.damaged(&path, piece, "is not what was written"));
            }
            to.write_all(&bytes)?;
        }
        Ok(to.sync_all()?)
    }
}

fn until_words(last: &Piece) -> String {
    let at = precise(last.at());
    format!("; what is before it can be restored with --until {at}")
}
