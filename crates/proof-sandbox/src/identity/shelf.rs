//! The pictures themselves, each once, by what is in it. The journal says whose they are.

use std::{
    collections::{BTreeMap, VecDeque},
    fs, io,
    path::{Path, PathBuf},
    sync::{Mutex, MutexGuard, PoisonError},
};

/// The provider forgets the oldest beyond these.
const PICTURES_MAX: usize = 1_000;

#[derive(Default)]
pub struct Shelf {
    /// `None`: in memory, for a simulation.
    dir: Option<PathBuf>,
    inner: Mutex<Inner>,
}

#[derive(Default)]
struct Inner {
    /// The oldest first.
    names: VecDeque<String>,
    in_memory: BTreeMap<String, Vec<u8>>,
}

impl Shelf {
    pub fn open(dir: Option<PathBuf>) -> io::Result<Self> {
        let mut found = Vec::new();
        if let Some(dir) = &dir {
            fs::create_dir_all(dir)?;
            for entry in fs::read_dir(dir)? {
                let entry = entry?;
                let name = entry.file_name().to_string_lossy().into_owned();
                found.push((entry.metadata()?.modified()?, name));
            }
        }
        found.sort();
        let names = found.into_iter().map(|(_, name)| name).collect();
        Ok(Self {
            dir,
            inner: Mutex::new(Inner {
                names,
                in_memory: BTreeMap::new(),
            }),
        })
    }

    /// A picture whose name, the hash of its bytes, is there already is the same one.
    pub fn put(&self, name: &str, bytes: &[u8]) -> io::Result<()> {
        let mut inner = self.lock();
        if inner.names.iter().any(|known| known == name) {
            return Ok(());
        }
        match &self.dir {
            Some(dir) => fs::write(dir.join(name), bytes)?,
            None => {
                inner.in_memory.insert(name.to_owned(), bytes.to_vec());
            }
        }
        inner.names.push_back(name.to_owned());
        while inner.names.len() > PICTURES_MAX
            && let Some(oldest) = inner.names.pop_front()
        {
            inner.in_memory.remove(&oldest);
            if let Some(dir) = &self.dir {
                forget(&dir.join(oldest))?;
            }
        }
        Ok(())
    }

    /// `None`: it was forgotten.
    pub fn get(&self, name: &str) -> io::Result<Option<Vec<u8>>> {
        let inner = self.lock();
        let known = inner.names.iter().any(|known| known == name);
        match &self.dir {
            Some(dir) if known => fs::read(dir.join(name)).map(Some),
            Some(_) => Ok(None),
            None => Ok(inner.in_memory.get(name).cloned()),
        }
    }

    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn forget(path: &Path) -> io::Result<()> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_oldest_is_forgotten_and_a_restart_remembers_the_rest() {
        let dir = tempfile::tempdir().unwrap();
        let open = || Shelf::open(Some(dir.path().join("pictures"))).unwrap();
        {
            let shelf = open();
            for n in 0..PICTURES_MAX {
                shelf.put(&format!("{n}"), &n.to_le_bytes()).unwrap();
            }
            shelf.put("0", b"other").unwrap();
            assert_eq!(shelf.get("0").unwrap().unwrap(), 0_usize.to_le_bytes());
            shelf.put("new", b"new").unwrap();
            assert_eq!(shelf.get("0").unwrap(), None);
        }
        let shelf = open();
        assert_eq!(shelf.get("new").unwrap().unwrap(), b"new");
        assert_eq!(shelf.get("../journal.jsonl").unwrap(), None);
        let in_memory = Shelf::default();
        in_memory.put("1", b"1").unwrap();
        assert_eq!(in_memory.get("1").unwrap().unwrap(), b"1");
    }
}
