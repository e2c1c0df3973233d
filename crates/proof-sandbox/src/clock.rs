//! The world's clock: that of its machine, and so far ahead of it as people have moved it.

use proof_core::{Clock, Timestamp};
use std::{
    fs::{self, File},
    io::{self, Write},
    path::{Path, PathBuf},
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicI64, Ordering},
    },
};

const FILE_NAME: &str = "clock";

pub struct WorldClock {
    inner: Arc<dyn Clock>,
    ahead_seconds: AtomicI64,
    /// Where it is kept; `None`: in memory. Held while it is moved.
    file: Mutex<Option<PathBuf>>,
}

impl WorldClock {
    pub fn open(dir: Option<&Path>, inner: Arc<dyn Clock>) -> io::Result<Self> {
        let file = dir.map(|dir| dir.join(FILE_NAME));
        let kept = match &file {
            Some(file) => kept(file)?,
            None => 0,
        };
        Ok(Self {
            inner,
            ahead_seconds: AtomicI64::new(kept),
            file: Mutex::new(file),
        })
    }

    pub fn now(&self) -> Timestamp {
        self.inner.now().plus_seconds(self.ahead_seconds())
    }

    pub fn ahead_seconds(&self) -> i64 {
        self.ahead_seconds.load(Ordering::SeqCst)
    }

    /// It is on disk before anybody sees it: a clock never runs back. `None`: too far.
    pub fn advance(&self, seconds: u32) -> io::Result<Option<i64>> {
        let file = self.file.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(ahead) = self.ahead_seconds().checked_add(i64::from(seconds)) else {
            return Ok(None);
        };
        if let Some(file) = &*file {
            keep(file, ahead)?;
        }
        self.ahead_seconds.store(ahead, Ordering::SeqCst);
        Ok(Some(ahead))
    }
}

fn kept(file: &Path) -> io::Result<i64> {
    let text = match fs::read_to_string(file) {
        Ok(text) => text,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(0),
        Err(error) => return Err(error),
    };
    text.trim().parse().map_err(io::Error::other)
}

fn keep(file: &Path, ahead: i64) -> io::Result<()> {
    if let Some(dir) = file.parent() {
        fs::create_dir_all(dir)?;
    }
    let fresh = file.with_extension("new");
    let mut written = File::create(&fresh)?;
    writeln!(written, "{ahead}")?;
    written.sync_all()?;
    fs::rename(&fresh, file)
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Stopped;

    impl Clock for Stopped {
        fn now(&self) -> Timestamp {
            Timestamp::from_micros(1_800_000_000_000_000)
        }
    }

    #[test]
    fn it_goes_forwards_only_and_remembers_it() {
        let dir = tempfile::tempdir().unwrap();
        let open = || WorldClock::open(Some(dir.path()), Arc::new(Stopped)).unwrap();
        assert_eq!(open().ahead_seconds(), 0);
        assert_eq!(open().advance(2_700).unwrap(), Some(2_700));
        let clock = open();
        assert_eq!(clock.now(), Stopped.now().plus_seconds(2_700));
        assert_eq!(clock.advance(300).unwrap(), Some(3_000));
        assert_eq!(open().ahead_seconds(), 3_000);
    }

    #[test]
    fn a_file_that_says_nothing_is_no_beginning() {
        let dir = tempfile::tempdir().unwrap();
        fs::write(dir.path().join(FILE_NAME), "soon\n").unwrap();
        assert!(WorldClock::open(Some(dir.path()), Arc::new(Stopped)).is_err());
    }
}
