//! SQLite's write-ahead log, read while the server goes on and added to a log at the other place.
//!
//! Nobody but this process writes the database, and nobody but the shipper moves the log into the file:
//! first it has read everything, with all writers held back. So what SQLite overwrites afterwards is known
//! here, and the database file stands still in between, to be copied as a whole backup.

use super::{
    log::{Index, LogAt, LogWriter, Trouble, hex_of, rounds},
    place::{Folder, backups, folders},
};
use anyhow::Context;
use proof_core::{Entropy, Timestamp, time::random};
use proof_engine::{Behind, Late};
use proof_store::{Db, Readers, Wal, WalMark, WalSeen};
use sha2::{Digest, Sha256};
use std::{
    collections::VecDeque,
    fs::File,
    io::{self, ErrorKind},
    mem::ManuallyDrop,
    path::{Path, PathBuf},
    sync::Arc,
};
use tokio::runtime::Handle;
use uuid::Uuid;

/// What is read and added at once.
const PIECE_BYTES: usize = 4 * 1024 * 1024;

/// From here on the log is moved into the file: as SQLite does it by itself, 1,000 pages.
const MOVE_BYTES: u64 = 4 * 1024 * 1024;

/// What may be read while all writers wait.
const REST_BYTES_MAX: usize = 8 * 1024 * 1024;

/// With the other place away the log grows up to this. Then it is moved all the same, and a new history
/// begins with another whole backup.
const WAL_BYTES_MAX: u64 = 256 * 1024 * 1024;

/// Looks before another history begins when one was broken.
const PAUSE_LOOKS: u32 = 60;

pub struct Shipper {
    db: Db,
    database: PathBuf,
    file: Still,
    place: PathBuf,
    installation: Uuid,
    epoch: i64,
    entropy: Arc<dyn Entropy>,
    history: Option<History>,
    /// Whether one was looked for to go on with.
    has_looked: bool,
    pause: u32,
    /// A whole backup is being copied: the file has to stand still.
    is_copied: bool,
}

/// The database file, never closed: whoever closes a file drops the locks that their process has on it, and
/// SQLite's are among them.
pub type Still = Arc<ManuallyDrop<File>>;

/// What is known of an unbroken history.
struct History {
    log: LogWriter,
    /// Of the round that was read last, and up to where.
    read: Option<([u32; 2], WalMark)>,
    /// Read and not added yet.
    waiting: VecDeque<Waiting>,
    /// Everything up to the mark is in the file, and nothing was written since: SQLite may begin anew.
    is_moved: bool,
    /// A whole backup to begin with.
    base: Option<PathBuf>,
    /// What was committed before was read.
    read_at: Timestamp,
}

struct Waiting {
    is_new_round: bool,
    bytes: Vec<u8>,
    /// What was committed before is in it, or before it.
    at: Timestamp,
}

fn late(error: &anyhow::Error) -> Late {
    let mut causes = error.chain();
    let kind = causes.find_map(|cause| cause.downcast_ref::<io::Error>());
    let why = match kind.map(io::Error::kind) {
        Some(ErrorKind::NotFound) => Behind::NotThere,
        Some(ErrorKind::StorageFull | ErrorKind::QuotaExceeded | ErrorKind::FileTooLarge) => {
            Behind::Full
        }
        Some(ErrorKind::PermissionDenied | ErrorKind::ReadOnlyFilesystem) => Behind::ReadOnly,
        _ => Behind::Failed,
    };
    let words = format!("{error:#}");
    Late { why, words }
}

impl Shipper {
    pub async fn open(
        db: Db,
        database: &Path,
        place: &Path,
        entropy: Arc<dyn Entropy>,
    ) -> anyhow::Result<Self> {
        let installation = super::installation(&db).await?;
        let file = File::open(database);
        let file = file.with_context(|| format!("cannot read {}", database.display()))?;
        Ok(Self {
            db,
            database: database.to_owned(),
            file: Arc::new(ManuallyDrop::new(file)),
            place: place.to_owned(),
            installation: installation.id,
            epoch: installation.epoch,
            entropy,
            history: None,
            has_looked: false,
            pause: 0,
            is_copied: false,
        })
    }

    pub fn file(&self) -> Still {
        Arc::clone(&self.file)
    }

    /// Whether SQLite begins anew with its next commit. Until that is added, nothing shows that it goes on from
    /// what was shipped.
    pub fn is_between_rounds(&self) -> bool {
        self.history
            .as_ref()
            .is_some_and(|history| history.is_moved)
    }

    /// Whether a whole backup is missing to begin with.
    pub fn wants_base(&self) -> bool {
        let history = self.history.as_ref();
        history.is_some_and(|history| history.base.is_none())
    }

    /// Adds what was committed before this call. Blocks for as long as the other place does.
    pub fn look(&mut self, runtime: &Handle, now: Timestamp) -> Result<(), Late> {
        let shipped = self
            .ship(runtime, now)
            .and_then(|()| self.move_if_long(runtime, now));
        match shipped {
            Ok(()) => {}
            Err(Trouble::Away(error)) => {
                self.relieve(runtime);
                return Err(late(&error));
            }
            Err(Trouble::Broken(words)) => {
                self.broken(&words);
                let why = Behind::NoWhole;
                return Err(Late { why, words });
            }
        }
        if self.wants_base() {
            let words = "no whole backup to begin with has been taken yet".to_owned();
            let why = Behind::NoWhole;
            return Err(Late { why, words });
        }
        Ok(())
    }

    fn broken(&mut self, words: &str) {
        tracing::warn!("another history of continuous backup begins: {words}");
        self.history = None;
        self.pause = PAUSE_LOOKS;
    }

    fn ship(&mut self, runtime: &Handle, now: Timestamp) -> Result<(), Trouble> {
        // Not made here: what is not mounted must not become a folder of our own disk.
        if !self.place.is_dir() {
            let words = format!("{} is not there", self.place.display());
            return Err(io::Error::new(ErrorKind::NotFound, words).into());
        }
        let mut history = match self.history.take() {
            Some(history) => history,
            None => self.history_begin(runtime, now)?,
        };
        let shipped = history.ship(&self.database, now);
        self.history = Some(history);
        shipped
    }

    /// The one that the log beside the database goes on, else another.
    fn history_begin(&mut self, runtime: &Handle, now: Timestamp) -> Result<History, Trouble> {
        if self.pause > 0 {
            self.pause -= 1;
            return Err(anyhow::anyhow!("another history begins in a moment").into());
        }
        if !self.has_looked {
            let found = self.history_find()?;
            self.has_looked = true;
            if let Some(history) = found {
                return Ok(history);
            }
        }
        if self.is_copied {
            let words = "another history begins when the whole backup is copied";
            return Err(anyhow::anyhow!(words).into());
        }
        // What is in SQLite's log may be in the file already, and SQLite begin anew at once.
        if !runtime.block_on(self.db.sqlite_log_empty())? {
            let words = "a reader of the database is in the way of another history";
            return Err(anyhow::anyhow!(words).into());
        }
        let log = Uuid::from_bytes(random(self.entropy.as_ref()));
        tracing::info!(%log, "a history of continuous backup begins");
        let log = LogWriter::begin(&self.place, log, self.installation, self.epoch)?;
        Ok(History {
            log,
            read: None,
            waiting: VecDeque::new(),
            is_moved: false,
            base: None,
            read_at: now,
        })
    }

    fn history_find(&self) -> anyhow::Result<Option<History>> {
        let WalSeen::There(wal) = Wal::look(&self.database)? else {
            return Ok(None);
        };
        for (folder, kind) in folders(&self.place)? {
            let Folder::Log(log) = kind else { continue };
            let index = match rounds(&folder).map(|rounds| rounds.last().copied()) {
                Ok(Some(last)) => Index::read(&folder, last),
                Ok(None) => continue,
                Err(error) => Err(error),
            };
            let index = match index {
                Ok(Some(index)) => index,
                Ok(None) => continue,
                Err(error) => {
                    tracing::warn!("a log at the other place cannot be read: {error:#}");
                    continue;
                }
            };
            let own = (index.round.installation, index.round.epoch);
            if own != (self.installation, self.epoch) || index.round.log != log {
                continue;
            }
            if let Some(mark) = same_as(&index, &wal)? {
                return Ok(Some(History {
                    log: LogWriter::resume(&folder, &index),
                    read: Some((wal.header.salts, mark)),
                    waiting: VecDeque::new(),
                    is_moved: false,
                    base: self.base_find(log)?,
                    read_at: index.last_at(),
                }));
            }
        }
        Ok(None)
    }

    fn base_find(&self, log: Uuid) -> anyhow::Result<Option<PathBuf>> {
        let of = |(path, manifest): (PathBuf, super::Manifest)| {
            let at = manifest.log.as_ref()?;
            (at.log == log && manifest.installation == self.installation).then_some(path)
        };
        Ok(backups(&self.place)?.into_iter().rev().find_map(of))
    }

    fn move_if_long(&mut self, runtime: &Handle, now: Timestamp) -> Result<(), Trouble> {
        self.base_look()?;
        let history = self.history.as_ref();
        let Some(history) = history.filter(|_| !self.is_copied && !self.db.is_closed()) else {
            return Ok(());
        };
        let long = history
            .read
            .is_some_and(|(_, mark)| mark.offset >= MOVE_BYTES);
        if long && !history.is_moved {
            self.move_log(runtime, now, Readers::Passed)?;
        }
        Ok(())
    }

    /// Somebody may have taken away what it builds on.
    fn base_look(&mut self) -> Result<(), Trouble> {
        let Some(history) = &self.history else {
            return Ok(());
        };
        let base = history.base.as_ref();
        if base.is_some_and(|base| base.join(super::MANIFEST_FILE).exists()) {
            return Ok(());
        }
        // Nothing is there while the place is away.
        history.log.look()?;
        let found = self.base_find(history.log.id())?;
        if let Some(history) = &mut self.history {
            history.base = found;
        }
        Ok(())
    }

    /// Moves the log into the file, after everything in it was read.
    fn move_log(
        &mut self,
        runtime: &Handle,
        now: Timestamp,
        readers: Readers,
    ) -> Result<(), Trouble> {
        let Some(mut history) = self.history.take() else {
            return Ok(());
        };
        let database = &self.database;
        let read_rest = || {
            history.read_all(database, now, REST_BYTES_MAX)?;
            Ok::<_, Trouble>(history.waiting_bytes() <= REST_BYTES_MAX)
        };
        let moved = runtime.block_on(self.db.sqlite_checkpoint(readers, read_rest));
        let done = moved.and_then(|moved| {
            let Some(moved) = moved else { return Ok(()) };
            history.agrees(database, moved.frames)?;
            history.is_moved = moved.is_whole();
            history.add_waiting()
        });
        self.history = Some(history);
        done
    }

    /// When nothing can be added for long. Commits go on; the history ends.
    pub fn relieve(&mut self, runtime: &Handle) {
        let wal = std::fs::metadata(Wal::path(&self.database));
        let is_long = wal.is_ok_and(|wal| wal.len() > WAL_BYTES_MAX);
        if !is_long || self.is_copied || self.db.is_closed() {
            return;
        }
        if self.history.is_some() {
            self.broken("the other place was away for too long");
        }
        self.has_looked = true;
        if let Err(error) = runtime.block_on(self.db.sqlite_log_empty()) {
            tracing::warn!("the write-ahead log cannot be moved: {error}");
        }
    }

    /// The database file has everything and stands still from here on, until [`Self::base_end`]. Gives where its log is.
    pub fn base_begin(&mut self, runtime: &Handle, now: Timestamp) -> anyhow::Result<LogAt> {
        let begun = self
            .ship(runtime, now)
            .and_then(|()| self.move_log(runtime, now, Readers::Awaited));
        match begun {
            Ok(()) => {}
            Err(Trouble::Away(error)) => return Err(error),
            Err(Trouble::Broken(words)) => {
                self.broken(&words);
                anyhow::bail!(words);
            }
        }
        let history = self.history.as_ref().context("there is no history")?;
        anyhow::ensure!(
            history.is_moved || history.read.is_none(),
            "a reader of the database was in the way for a second"
        );
        let at = history.log.at(now);
        self.is_copied = true;
        Ok(at)
    }

    pub fn base_end(&mut self) {
        self.is_copied = false;
    }

    /// A whole backup is proven.
    pub fn base_is(&mut self, path: &Path, at: &LogAt) {
        if let Some(history) = &mut self.history
            && history.log.id() == at.log
        {
            history.base = Some(path.to_owned());
        }
    }

    /// It did not lead to what the database is: nothing is built on it any more.
    pub fn distrust(&mut self, log: Uuid) {
        if self.history.as_ref().is_some_and(|own| own.log.id() == log) {
            self.broken("it did not lead to the database that there is");
        }
    }

    /// The log that is added to.
    pub fn log(&self) -> Option<Uuid> {
        self.history.as_ref().map(|history| history.log.id())
    }
}

/// Where the pieces of an index end in the log beside the database, if that begins with the same bytes.
fn same_as(index: &Index, wal: &Wal) -> anyhow::Result<Option<WalMark>> {
    let most = usize::try_from(index.end())?;
    let read = wal.read_first(most)?;
    let (bytes, mark) = (read.bytes, read.mark);
    if most == 0 || bytes.len() < most {
        return Ok(None);
    }
    for (piece, _) in &index.pieces {
        let (from, to) = (
            usize::try_from(piece.offset)?,
            usize::try_from(piece.end())?,
        );
        let same = bytes
            .get(from..to)
            .map(|bytes| hex_of(&Sha256::digest(bytes)));
        if same.as_ref() != Some(&piece.sha256) {
            return Ok(None);
        }
    }
    Ok((mark.offset == index.end()).then_some(mark))
}

impl History {
    fn ship(&mut self, database: &Path, now: Timestamp) -> Result<(), Trouble> {
        self.add_waiting()?;
        loop {
            let more = self.read(database, now)?;
            self.add_waiting()?;
            if !more {
                break;
            }
        }
        self.log.look()
    }

    fn add_waiting(&mut self) -> Result<(), Trouble> {
        while let Some(next) = self.waiting.front_mut() {
            if next.is_new_round {
                self.log.next_round();
                next.is_new_round = false;
            }
            self.log.add(&next.bytes, next.at)?;
            self.waiting.pop_front();
        }
        Ok(())
    }

    fn waiting_bytes(&self) -> usize {
        self.waiting.iter().map(|waiting| waiting.bytes.len()).sum()
    }

    /// Everything that is committed, or a little more than `most`.
    fn read_all(&mut self, database: &Path, now: Timestamp, most: usize) -> Result<(), Trouble> {
        while self.read(database, now)? && self.waiting_bytes() <= most {}
        Ok(())
    }

    /// Reads what was committed since. `true`: there may be more.
    fn read(&mut self, database: &Path, now: Timestamp) -> Result<bool, Trouble> {
        let wal = match Wal::look(database)? {
            WalSeen::There(wal) => wal,
            WalSeen::Empty if self.read.is_none() => return Ok(false),
            WalSeen::Empty => return Err(somebody_else()),
            WalSeen::Unreadable => {
                let words = "SQLite's log has no beginning";
                return Err(anyhow::anyhow!(words).into());
            }
        };
        let (read, is_new_round) = match self.read {
            Some((salts, mark)) if salts == wal.header.salts => {
                if !wal.holds(mark)? {
                    return self.anew(database, salts);
                }
                (wal.read(mark, PIECE_BYTES)?, false)
            }
            // Without us nobody may have moved it.
            Some(_) if !self.is_moved => return Err(somebody_else()),
            // One round more came and went while nobody looked.
            Some((salts, _)) if !wal.header.follows(salts) => return Err(somebody_else()),
            before => (wal.read_first(PIECE_BYTES)?, before.is_some()),
        };
        if !read.more {
            self.read_at = now;
        }
        if !read.bytes.is_empty() {
            self.read = Some((wal.header.salts, read.mark));
            self.is_moved = false;
            self.waiting.push_back(Waiting {
                is_new_round,
                bytes: read.bytes,
                at: self.read_at,
            });
        }
        Ok(read.more)
    }

    /// What was read is overwritten: SQLite has just begun anew, which the next look sees, or else
    /// somebody did what must not be.
    fn anew(&self, database: &Path, salts: [u32; 2]) -> Result<bool, Trouble> {
        match Wal::look(database)? {
            WalSeen::There(wal) if wal.header.salts == salts => Err(somebody_else()),
            WalSeen::There(_) | WalSeen::Empty | WalSeen::Unreadable => Ok(true),
        }
    }

    /// SQLite's own count of what is in its log, against what was read.
    fn agrees(&self, database: &Path, frames: u64) -> Result<(), Trouble> {
        let WalSeen::There(wal) = Wal::look(database)? else {
            return Ok(());
        };
        match self.read {
            Some((salts, mark)) if salts == wal.header.salts && frames > 0 => {
                if wal.frames_in(mark.offset) == frames {
                    return Ok(());
                }
                let words = "SQLite's log holds something else than what was read";
                Err(Trouble::Broken(words.to_owned()))
            }
            _ => Ok(()),
        }
    }
}

fn somebody_else() -> Trouble {
    Trouble::Broken("somebody else moved SQLite's log".to_owned())
}
