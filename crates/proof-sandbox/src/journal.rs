//! State that is the fold of a journal.

use serde::{Serialize, de::DeserializeOwned};
use std::{
    fs::{File, OpenOptions, TryLockError, create_dir_all},
    io::{self, Read, Write},
    path::Path,
    sync::{Mutex, MutexGuard, PoisonError},
    thread,
    time::Duration,
};

const FILE_NAME: &str = "journal.jsonl";

/// Ten times what a world takes to end.
const LOCK_TRIES: u32 = 40;
const LOCK_PAUSE: Duration = Duration::from_millis(50);

pub trait Machine {
    type Event: Serialize + DeserializeOwned;

    /// Takes a fact in. It was checked when it was decided, so it cannot be refused.
    fn apply(&mut self, event: &Self::Event);
}

/// A machine whose every fact is on disk before it is true.
pub struct Journaled<M> {
    inner: Mutex<Inner<M>>,
}

struct Inner<M> {
    machine: M,
    /// `None`: in memory only, for a simulation.
    file: Option<File>,
    /// A write failed: what is on disk is not known any more, so nothing may follow it.
    broken: bool,
}

impl<M: Machine> Journaled<M> {
    /// Replays the journal of a folder onto a machine in its first state.
    pub fn open(dir: Option<&Path>, mut machine: M) -> io::Result<Self> {
        let file = match dir {
            Some(dir) => Some(replay(dir, &mut machine)?),
            None => None,
        };
        Ok(Self {
            inner: Mutex::new(Inner {
                machine,
                file,
                broken: false,
            }),
        })
    }

    pub fn read<R>(&self, look: impl FnOnce(&M) -> R) -> R {
        look(&self.lock().machine)
    }

    /// Decides on the present state, writes the new fact if there is one, and gives the view of the
    /// state after it. A repeated call decides on no fact and gets the same view.
    pub fn write<R, E: From<io::Error>>(
        &self,
        decide: impl FnOnce(&M) -> Result<Option<M::Event>, E>,
        view: impl FnOnce(&M) -> R,
    ) -> Result<R, E> {
        let mut inner = self.lock();
        if let Some(event) = decide(&inner.machine)? {
            inner.append(&event)?;
            inner.machine.apply(&event);
        }
        Ok(view(&inner.machine))
    }

    fn lock(&self) -> MutexGuard<'_, Inner<M>> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<M: Machine> Inner<M> {
    fn append(&mut self, event: &M::Event) -> io::Result<()> {
        let Some(file) = &mut self.file else {
            return Ok(());
        };
        if self.broken {
            return Err(io::Error::other("an earlier write failed"));
        }
        let line = serde_json::to_string(event)?;
        let written = file
            .write_all(format!("{line}\n").as_bytes())
            .and_then(|()| file.sync_data());
        self.broken = written.is_err();
        written
    }
}

/// Two worlds over one journal would each believe in half of it. One whose server was killed lives for
/// a moment longer, and its successor waits for it.
fn lock(file: &File) -> io::Result<()> {
    for _ in 1..LOCK_TRIES {
        match file.try_lock() {
            Err(TryLockError::WouldBlock) => thread::sleep(LOCK_PAUSE),
            Err(TryLockError::Error(error)) => return Err(error),
            Ok(()) => return Ok(()),
        }
    }
    file.try_lock().map_err(io::Error::other)
}

/// A last line without its end was never answered for and is dropped.
fn replay<M: Machine>(dir: &Path, machine: &mut M) -> io::Result<File> {
    create_dir_all(dir)?;
    let mut file = OpenOptions::new()
        .read(true)
        .append(true)
        .create(true)
        .open(dir.join(FILE_NAME))?;
    lock(&file)?;
    File::open(dir)?.sync_all()?;
    let mut bytes = Vec::new();
    file.read_to_end(&mut bytes)?;
    let whole = bytes.iter().rposition(|b| *b == b'\n').map_or(0, |i| i + 1);
    let lines = bytes.get(..whole).unwrap_or_default();
    for (index, line) in lines.split_inclusive(|b| *b == b'\n').enumerate() {
        let event = serde_json::from_slice(line).map_err(|error| {
            let place = dir.display();
            io::Error::other(format!(
                "{place}: line {} of the journal: {error}",
                index + 1
            ))
        })?;
        machine.apply(&event);
    }
    if whole < bytes.len() {
        file.set_len(u64::try_from(whole).map_err(io::Error::other)?)?;
    }
    Ok(file)
}

/// A machine whose facts are kept, so that a test can replay them.
#[cfg(test)]
pub struct Recorded<M: Machine> {
    pub machine: M,
    events: Vec<String>,
}

#[cfg(test)]
impl<M: Machine> Recorded<M> {
    pub const fn new(machine: M) -> Self {
        Self {
            machine,
            events: Vec::new(),
        }
    }

    /// Decides and applies; `true` when there was a new fact.
    pub fn step<E>(
        &mut self,
        decide: impl FnOnce(&M) -> Result<Option<M::Event>, E>,
    ) -> Result<bool, E> {
        let event = decide(&self.machine)?;
        if let Some(event) = &event {
            self.events.push(serde_json::to_string(event).unwrap());
            self.machine.apply(event);
        }
        Ok(event.is_some())
    }

    /// The state that another process would have after reading the journal.
    pub fn replayed(&self, mut first: M) -> M {
        for event in &self.events {
            first.apply(&serde_json::from_str(event).unwrap());
        }
        first
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;

    #[derive(Default, PartialEq, Debug)]
    struct Sum(Vec<u64>);

    impl Machine for Sum {
        type Event = u64;

        fn apply(&mut self, event: &u64) {
            self.0.push(*event);
        }
    }

    fn add(journal: &Journaled<Sum>, n: u64) -> io::Result<usize> {
        journal.write(|_| Ok::<_, io::Error>(Some(n)), |sum| sum.0.len())
    }

    #[test]
    fn a_torn_last_line_is_dropped_and_other_damage_is_not() {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join(FILE_NAME);
        {
            let journal = Journaled::open(Some(dir.path()), Sum::default()).unwrap();
            assert_eq!(add(&journal, 1).unwrap(), 1);
            assert_eq!(add(&journal, 2).unwrap(), 2);
        }
        let mut bytes = fs::read(&file).unwrap();
        bytes.extend_from_slice(b"3");
        fs::write(&file, &bytes).unwrap();
        {
            let journal = Journaled::open(Some(dir.path()), Sum::default()).unwrap();
            assert!(Journaled::open(Some(dir.path()), Sum::default()).is_err());
            assert_eq!(journal.read(|sum| sum.0.clone()), [1, 2]);
            assert_eq!(add(&journal, 4).unwrap(), 3);
        }
        assert_eq!(fs::read_to_string(&file).unwrap(), "1\n2\n4\n");
        fs::write(&file, "1\nx\n4\n").unwrap();
        assert!(Journaled::open(Some(dir.path()), Sum::default()).is_err());
    }
}
