//! What SQLite wrote after a whole backup, at the other place, byte for byte.
//!
//! An unbroken history has a folder (`log-…`), and each round of SQLite's write-ahead log two files in it:
//! the log as it was (`0000000001.wal`), and its index (`0000000001.idx`), a line for each piece that was
//! added. A piece is there when its line is: the line is written when the piece has reached the disk. Each
//! line is linked to the one before, across rounds, so that none can be missing, changed or of another log.

mod tail;

pub use tail::{Tail, Until};

use anyhow::{Context, ensure};
use proof_core::Timestamp;
use serde::{Deserialize, Serialize, de::DeserializeOwned};
use sha2::{Digest, Sha256};
use std::{
    fs::{self, File},
    io::{self, ErrorKind},
    os::unix::fs::{DirBuilderExt, FileExt, OpenOptionsExt},
    path::{Path, PathBuf},
};
use uuid::Uuid;

/// How a log is laid out. A later one is not read by an older program.
const LOG_FORMAT: u32 = 1;

const FOLDER_PREFIX: &str = "log-";
const ROUND_ENDING: &str = ".wal";
const INDEX_ENDING: &str = ".idx";

/// The first line of an index.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Round {
    pub format: u32,
    pub log: Uuid,
    pub installation: Uuid,
    pub epoch: i64,
    pub round: u64,
    /// The last link of the round before.
    pub before: Option<String>,
}

/// The other lines: bytes of the log that end with a commit.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Piece {
    pub offset: u64,
    pub bytes: u64,
    pub sha256: String,
    /// What was committed before is here or before, in microseconds. Later than that of the piece before, also
    /// where a clock stepped back.
    pub at: i64,
}

impl Piece {
    pub const fn end(&self) -> u64 {
        self.offset + self.bytes
    }

    pub const fn at(&self) -> Timestamp {
        Timestamp::from_micros(self.at)
    }
}

/// With its fraction, as `--until` takes it.
pub fn precise(at: Timestamp) -> String {
    let whole = at.to_contract();
    let whole = whole.strip_suffix('Z').unwrap_or(&whole);
    format!("{whole}.{:06}Z", at.micros().rem_euclid(1_000_000))
}

/// Where in a log a whole backup belongs: what comes after it is in it, or behind it.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct LogAt {
    pub log: Uuid,
    pub round: u64,
    pub offset: u64,
    /// Of the last piece before it, if the round has any.
    pub link: Option<String>,
    /// In microseconds.
    pub at: i64,
}

/// What an index says, as far as it is whole.
#[derive(Clone, Debug)]
pub struct Index {
    pub round: Round,
    pub pieces: Vec<(Piece, String)>,
    /// Link of the last line.
    link: String,
    bytes: u64,
}

impl Index {
    pub fn end(&self) -> u64 {
        self.pieces.last().map_or(0, |(piece, _)| piece.end())
    }

    pub fn last_at(&self) -> Timestamp {
        let last = self.pieces.last();
        last.map_or(Timestamp::FIRST, |(piece, _)| piece.at())
    }
}

pub fn hex_of(bytes: &[u8]) -> String {
    bytes
        .iter()
        .fold(String::new(), |text, byte| text + &format!("{byte:02x}"))
}

fn linked(before: &str, json: &str) -> String {
    hex_of(&Sha256::digest(format!("{before}\n{json}")))
}

pub fn folder_name(log: Uuid) -> String {
    format!("{FOLDER_PREFIX}{}", log.simple())
}

/// The log that a folder's name says it holds.
pub fn folder_log(name: &str) -> Option<Uuid> {
    Uuid::try_parse(name.strip_prefix(FOLDER_PREFIX)?).ok()
}

fn file_of(folder: &Path, round: u64, ending: &str) -> PathBuf {
    folder.join(format!("{round:010}{ending}"))
}

pub fn round_file(folder: &Path, round: u64) -> PathBuf {
    file_of(folder, round, ROUND_ENDING)
}

fn index_file(folder: &Path, round: u64) -> PathBuf {
    file_of(folder, round, INDEX_ENDING)
}

/// Numbers of the rounds that have a file of either kind, in their order.
pub fn rounds(folder: &Path) -> anyhow::Result<Vec<u64>> {
    let mut rounds = Vec::new();
    let entries = fs::read_dir(folder);
    for entry in entries.with_context(|| format!("cannot read {}", folder.display()))? {
        let name = entry?.file_name();
        let name = name.to_string_lossy();
        let number = name
            .strip_suffix(ROUND_ENDING)
            .or_else(|| name.strip_suffix(INDEX_ENDING));
        rounds.extend(number.and_then(|number| number.parse::<u64>().ok()));
    }
    rounds.sort_unstable();
    rounds.dedup();
    Ok(rounds)
}

/// Takes away a round that nothing needs any more.
pub fn round_remove(folder: &Path, round: u64) -> anyhow::Result<()> {
    // The index last: as long as it is there, the rest is looked for again.
    for path in [round_file(folder, round), index_file(folder, round)] {
        match fs::remove_file(&path) {
            Err(error) if error.kind() != ErrorKind::NotFound => {
                return Err(error).with_context(|| format!("cannot remove {}", path.display()));
            }
            Ok(()) | Err(_) => {}
        }
    }
    Ok(())
}

/// One line, its newline not included. What was not changed has its link.
fn line_read<T: DeserializeOwned>(line: &str, before: &str) -> Option<(T, String)> {
    let (link, json) = line.split_once(' ')?;
    (link == linked(before, json)).then_some(())?;
    Some((serde_json::from_str(json).ok()?, link.to_owned()))
}

impl Index {
    /// `None`: the round was not begun, or its beginning did not reach the disk.
    pub fn read(folder: &Path, number: u64) -> anyhow::Result<Option<Self>> {
        let path = index_file(folder, number);
        let text = match fs::read(&path) {
            Ok(text) => text,
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
            Err(error) => {
                return Err(error).with_context(|| format!("cannot read {}", path.display()));
            }
        };
        // A line without an end is half of one.
        let whole = text.iter().rposition(|byte| *byte == b'\n');
        let Some(whole) = whole.map(|at| at + 1) else {
            return Ok(None);
        };
        let changed = |line: usize| {
            format!(
                "line {} of {} is not what was written",
                line + 1,
                path.display()
            )
        };
        let text = std::str::from_utf8(&text[..whole]).map_err(|_| anyhow::anyhow!(changed(0)))?;
        let mut lines = text.lines();
        let first = lines.next().unwrap_or_default();
        let before = first_link(first);
        let (round, mut link) = line_read::<Round>(first, &before).with_context(|| changed(0))?;
        ensure!(
            round.format <= LOG_FORMAT,
            "{} was written by a later version; restore it with that one",
            path.display()
        );
        ensure!(round.round == number, changed(0));
        let (mut pieces, mut end) = (Vec::new(), 0);
        for (at, line) in lines.enumerate() {
            let (piece, next) = line_read::<Piece>(line, &link).with_context(|| changed(at + 1))?;
            ensure!(piece.offset == end, changed(at + 1));
            end = piece.end();
            pieces.push((piece, next.clone()));
            link = next;
        }
        Ok(Some(Self {
            round,
            pieces,
            link,
            bytes: whole as u64,
        }))
    }
}

/// The first line says itself what it is linked to; whoever reads the round before compares.
fn first_link(line: &str) -> String {
    let round = line
        .split_once(' ')
        .and_then(|(_, json)| serde_json::from_str::<Round>(json).ok());
    round.and_then(|round| round.before).unwrap_or_default()
}

/// Why a piece could not be added.
#[derive(Debug)]
pub enum Trouble {
    /// The next try may go well.
    Away(anyhow::Error),
    /// The history is broken: another log has to begin.
    Broken(String),
}

impl<E: Into<anyhow::Error>> From<E> for Trouble {
    fn from(error: E) -> Self {
        Self::Away(error.into())
    }
}

/// The end of a log, where pieces are added.
#[derive(Debug)]
pub struct LogWriter {
    folder: PathBuf,
    round: Round,
    /// Whether the round has its files.
    is_begun: bool,
    end: u64,
    index_bytes: u64,
    link: Option<String>,
    /// Of the last piece.
    last_at: Timestamp,
    /// A try to add something failed in the middle.
    is_unsure: bool,
}

impl LogWriter {
    /// A new log in a place. Nothing is in it before the first piece.
    pub fn begin(place: &Path, log: Uuid, installation: Uuid, epoch: i64) -> anyhow::Result<Self> {
        let folder = place.join(folder_name(log));
        let made = fs::DirBuilder::new().mode(0o700).create(&folder);
        made.with_context(|| format!("cannot make {}", folder.display()))?;
        super::sync_folder_of(&folder)?;
        let round = Round {
            format: LOG_FORMAT,
            log,
            installation,
            epoch,
            round: 1,
            before: None,
        };
        Ok(Self {
            folder,
            round,
            is_begun: false,
            end: 0,
            index_bytes: 0,
            link: None,
            last_at: Timestamp::FIRST,
            is_unsure: false,
        })
    }

    /// Goes on where a log's last round ends. What is behind its whole pieces is half written.
    pub fn resume(folder: &Path, index: &Index) -> Self {
        Self {
            folder: folder.to_owned(),
            round: index.round.clone(),
            is_begun: true,
            end: index.end(),
            index_bytes: index.bytes,
            link: Some(index.link.clone()),
            last_at: index.last_at(),
            is_unsure: true,
        }
    }

    pub const fn id(&self) -> Uuid {
        self.round.log
    }

    pub const fn end(&self) -> u64 {
        self.end
    }

    pub fn at(&self, now: Timestamp) -> LogAt {
        let before = self.end > 0;
        let is_empty = self.last_at == Timestamp::FIRST;
        let at = if is_empty { now } else { self.last_at };
        LogAt {
            at: at.micros(),
            log: self.round.log,
            round: self.round.round,
            offset: self.end,
            link: self.link.clone().filter(|_| before),
        }
    }

    /// SQLite began anew.
    pub fn next_round(&mut self) {
        if !self.is_begun {
            return;
        }
        self.round.round += 1;
        self.round.before = self.link.take();
        (self.is_begun, self.end, self.index_bytes) = (false, 0, 0);
    }

    /// Whether everything that was added is still there.
    pub fn look(&self) -> Result<(), Trouble> {
        if self.is_begun {
            self.index_check(self.is_unsure)
        } else if self.folder.is_dir() {
            Ok(())
        } else {
            Err(self.gone())
        }
    }

    /// What is not mounted looks like this: another log there would be on our own disk.
    fn gone(&self) -> Trouble {
        let folder = self.folder.display();
        let words = format!(
            "{folder} is not there; is the other place mounted? If it is another one now, restart the server"
        );
        Trouble::Away(io::Error::new(ErrorKind::NotFound, words).into())
    }

    fn index_check(&self, may_be_longer: bool) -> Result<(), Trouble> {
        let path = index_file(&self.folder, self.round.round);
        let there = match fs::symlink_metadata(&path) {
            Ok(there) => there,
            Err(error) if error.kind() == ErrorKind::NotFound => return Err(self.gone()),
            Err(error) => return Err(error.into()),
        };
        let same = there.len() == self.index_bytes;
        if there.is_file() && (same || may_be_longer && there.len() > self.index_bytes) {
            return Ok(());
        }
        Err(Trouble::Broken(format!(
            "{} is not as it was left: somebody else writes there",
            path.display()
        )))
    }

    /// Adds what SQLite wrote at the end. It has reached the disk when this returns.
    pub fn add(&mut self, bytes: &[u8], at: Timestamp) -> Result<(), Trouble> {
        self.look()?;
        let is_first = !self.is_begun;
        let at = at.max(Timestamp::from_micros(self.last_at.micros() + 1));
        let piece = Piece {
            offset: self.end,
            bytes: bytes.len() as u64,
            sha256: hex_of(&Sha256::digest(bytes)),
            at: at.micros(),
        };
        let mut lines = String::new();
        let mut link = self.link.clone().unwrap_or_default();
        if is_first {
            let json = serde_json::to_string(&self.round)?;
            let before = self.round.before.clone().unwrap_or_default();
            link = linked(&before, &json);
            lines = format!("{link} {json}\n");
        }
        let json = serde_json::to_string(&piece)?;
        link = linked(&link, &json);
        lines += &format!("{link} {json}\n");
        self.is_unsure = true;
        let round = self.round.round;
        write_at(&round_file(&self.folder, round), self.end, bytes, is_first)?;
        let index = index_file(&self.folder, round);
        write_at(&index, self.index_bytes, lines.as_bytes(), is_first)?;
        if is_first {
            super::sync_folder_of(&index)?;
        }
        self.is_unsure = false;
        self.is_begun = true;
        self.end = piece.end();
        self.index_bytes += lines.len() as u64;
        self.link = Some(link);
        self.last_at = at;
        Ok(())
    }
}

/// Writes at `offset`, where the file has to end; what a failed try left behind it is cut off.
fn write_at(path: &Path, offset: u64, bytes: &[u8], is_new: bool) -> Result<(), Trouble> {
    // Nobody at the other place may have us write into a file of our own.
    if let Ok(there) = fs::symlink_metadata(path)
        && !there.is_file()
    {
        let words = format!("{} is no file", path.display());
        return Err(Trouble::Broken(words));
    }
    let mut options = File::options();
    let file = match options.write(true).create(is_new).mode(0o600).open(path) {
        Err(error) if error.kind() == ErrorKind::NotFound && !is_new => {
            return Err(Trouble::Broken(format!("{} is gone", path.display())));
        }
        file => file.with_context(|| format!("cannot write {}", path.display()))?,
    };
    let length = file.metadata()?.len();
    if length < offset {
        let words = format!("{} is shorter than what was written", path.display());
        return Err(Trouble::Broken(words));
    }
    if length > offset {
        file.set_len(offset)?;
    }
    let written = file.write_all_at(bytes, offset);
    written.with_context(|| format!("cannot write {}", path.display()))?;
    let kept = file.sync_all();
    Ok(kept.with_context(|| format!("cannot write {}", path.display()))?)
}

impl Index {
    fn holds(&self, at: &LogAt) -> bool {
        let mut pieces = self.pieces.iter();
        pieces.any(|(piece, link)| piece.end() == at.offset && Some(link) == at.link.as_ref())
    }
}
