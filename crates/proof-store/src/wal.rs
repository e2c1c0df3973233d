//! SQLite's write-ahead log as a file: which bytes of it are committed.
//!
//! What is read here is what "WAL-mode File Format" of SQLite's documentation promises: a header with two
//! salts, then frames, each with the salts, a page and a checksum that goes on from the frame before. A frame
//! that ends a database transaction says so. Whatever is half written, rolled back or left from an earlier
//! round has other salts or another checksum.

use std::{
    fs::File,
    io,
    os::unix::fs::FileExt,
    path::{Path, PathBuf},
};

const HEADER_BYTES: usize = 32;
const FRAME_HEADER_BYTES: usize = 24;

const MAGIC_LITTLE: u32 = 0x377f_0682;
const MAGIC_BIG: u32 = 0x377f_0683;
const FORMAT: u32 = 3_007_000;

const PAGE_BYTES_MIN: u32 = 512;
const PAGE_BYTES_MAX: u32 = 65_536;

type Sum = [u32; 2];

/// Up to where a log was read, and the checksum that the next frame goes on from.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct WalMark {
    pub offset: u64,
    sum: Sum,
}

/// Of one round: SQLite begins at the start of the file again when all is moved into the database, with
/// other salts.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct WalHeader {
    pub page_bytes: u32,
    pub salts: [u32; 2],
    is_big: bool,
    sum: Sum,
}

fn word(bytes: &[u8], at: usize) -> u32 {
    let word = bytes.get(at..at + 4).and_then(|word| word.try_into().ok());
    word.map_or(0, u32::from_be_bytes)
}

fn words(bytes: &[u8], at: usize) -> [u32; 2] {
    [word(bytes, at), word(bytes, at + 4)]
}

impl WalHeader {
    fn parse(bytes: &[u8; HEADER_BYTES]) -> Option<Self> {
        let is_big = match word(bytes, 0) {
            MAGIC_LITTLE => false,
            MAGIC_BIG => true,
            _ => return None,
        };
        let page_bytes = word(bytes, 8);
        let header = Self {
            page_bytes,
            salts: words(bytes, 16),
            is_big,
            sum: words(bytes, 24),
        };
        let is_page =
            page_bytes.is_power_of_two() && (PAGE_BYTES_MIN..=PAGE_BYTES_MAX).contains(&page_bytes);
        let sum = header.add([0, 0], &bytes[..24]);
        (word(bytes, 4) == FORMAT && is_page && sum == header.sum).then_some(header)
    }

    /// Whether this round came right after the one with these salts: SQLite counts the first up each time.
    pub fn follows(&self, salts: [u32; 2]) -> bool {
        self.salts[0] == salts[0].wrapping_add(1)
    }

    fn frame_bytes(&self) -> usize {
        FRAME_HEADER_BYTES + usize::try_from(self.page_bytes).unwrap_or(0)
    }

    /// Before the first frame.
    fn start(&self) -> WalMark {
        WalMark {
            offset: HEADER_BYTES as u64,
            sum: self.sum,
        }
    }

    fn add(&self, sum: Sum, bytes: &[u8]) -> Sum {
        let [mut a, mut b] = sum;
        for eight in bytes.chunks_exact(8) {
            let [mut x, mut y] = words(eight, 0);
            if !self.is_big {
                (x, y) = (x.swap_bytes(), y.swap_bytes());
            }
            a = a.wrapping_add(x).wrapping_add(b);
            b = b.wrapping_add(y).wrapping_add(a);
        }
        [a, b]
    }

    /// The mark behind the last committed frame of `bytes`, which begin at `mark`; and whether all of
    /// `bytes` is frames, so that there may be more.
    fn committed(&self, mark: WalMark, bytes: &[u8]) -> (WalMark, bool) {
        let (mut whole, mut at) = (mark, mark);
        for frame in bytes.chunks(self.frame_bytes()) {
            if frame.len() < self.frame_bytes() {
                return (whole, true);
            }
            let (header, page) = frame.split_at(FRAME_HEADER_BYTES);
            let sum = self.add(self.add(at.sum, &header[..8]), page);
            if words(header, 8) != self.salts || words(header, 16) != sum {
                return (whole, false);
            }
            at = WalMark {
                offset: at.offset + frame.len() as u64,
                sum,
            };
            // How many pages the database has then; frames in the middle of a transaction say 0.
            if word(header, 4) != 0 {
                whole = at;
            }
        }
        (whole, true)
    }
}

/// The log beside a database, opened for one look.
#[derive(Debug)]
pub struct Wal {
    file: File,
    pub header: WalHeader,
    first: [u8; HEADER_BYTES],
}

/// Whole database transactions.
#[derive(Debug)]
pub struct WalRead {
    pub bytes: Vec<u8>,
    pub mark: WalMark,
    /// More may be there.
    pub more: bool,
}

/// What a look found.
#[derive(Debug)]
pub enum WalSeen {
    /// Nothing was written since SQLite last began anew.
    Empty,
    /// Its first bytes are being written, or are no log's.
    Unreadable,
    There(Wal),
}

impl Wal {
    /// SQLite's own name for it.
    pub fn path(database: &Path) -> PathBuf {
        let mut name = database.as_os_str().to_owned();
        name.push("-wal");
        name.into()
    }

    /// Opens and closes the file, which drops no lock: those of SQLite are on other files.
    pub fn look(database: &Path) -> io::Result<WalSeen> {
        let file = match File::open(Self::path(database)) {
            Ok(file) => file,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(WalSeen::Empty),
            Err(error) => return Err(error),
        };
        let mut first = [0; HEADER_BYTES];
        let read = read_at(&file, &mut first, 0)?;
        if read == 0 {
            return Ok(WalSeen::Empty);
        }
        Ok(match WalHeader::parse(&first) {
            Some(header) => WalSeen::There(Self {
                file,
                header,
                first,
            }),
            None => WalSeen::Unreadable,
        })
    }

    /// Whether what was read up to `mark` is still what stands there.
    pub fn holds(&self, mark: WalMark) -> io::Result<bool> {
        let Some(at) = mark.offset.checked_sub(self.header.frame_bytes() as u64) else {
            return Ok(false);
        };
        let mut frame = [0; FRAME_HEADER_BYTES];
        let read = read_at(&self.file, &mut frame, at)?;
        let same = words(&frame, 8) == self.header.salts && words(&frame, 16) == mark.sum;
        Ok(read == frame.len() && same)
    }

    /// How many frames there are in so many bytes.
    pub fn frames_in(&self, bytes: u64) -> u64 {
        bytes.saturating_sub(HEADER_BYTES as u64) / self.header.frame_bytes() as u64
    }

    /// Everything from the beginning of the file, its header included.
    pub fn read_first(&self, most: usize) -> io::Result<WalRead> {
        let read = self.read(self.header.start(), most)?;
        if read.bytes.is_empty() {
            return Ok(read);
        }
        let bytes = [&self.first[..], &read.bytes].concat();
        Ok(WalRead { bytes, ..read })
    }

    /// What was committed after `mark`: about `most` bytes, or one database transaction if that is longer.
    pub fn read(&self, mark: WalMark, most: usize) -> io::Result<WalRead> {
        let mut want = most.max(self.header.frame_bytes());
        // Usually there is nothing, and behind it much that is left from an earlier round.
        let mut next = [0; FRAME_HEADER_BYTES];
        let read = read_at(&self.file, &mut next, mark.offset)?;
        if read < next.len() || words(&next, 8) != self.header.salts {
            let (bytes, more) = (Vec::new(), false);
            return Ok(WalRead { bytes, mark, more });
        }
        let length = self.file.metadata()?.len().saturating_sub(mark.offset);
        let length = usize::try_from(length).unwrap_or(usize::MAX);
        loop {
            let mut bytes = vec![0; want.min(length)];
            let read = read_at(&self.file, &mut bytes, mark.offset)?;
            bytes.truncate(read);
            let (end, all) = self.header.committed(mark, &bytes);
            let more = all && want < length;
            if end.offset > mark.offset || !more {
                let whole = usize::try_from(end.offset - mark.offset).unwrap_or(0);
                bytes.truncate(whole);
                let mark = end;
                return Ok(WalRead { bytes, mark, more });
            }
            want = want.saturating_mul(2);
        }
    }
}

/// As much as there is.
fn read_at(file: &File, bytes: &mut [u8], offset: u64) -> io::Result<usize> {
    let mut read = 0;
    while read < bytes.len() {
        match file.read_at(&mut bytes[read..], offset + read as u64) {
            Ok(0) => break,
            Ok(more) => read += more,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(read)
}
