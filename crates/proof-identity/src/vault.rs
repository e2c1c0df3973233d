//! Pictures of people, at rest. Each attempt has a key of its own, wrapped by the installation's master key,
//! and everything of it is sealed with that.

use aes_gcm::{
    Aes256Gcm, KeyInit, Nonce,
    aead::{Aead, Payload},
};
use proof_core::{Entropy, Timestamp, time::random};
use sha2::{Digest, Sha256};
use std::{
    collections::BTreeSet,
    fs, io,
    io::Write,
    path::{Path, PathBuf},
    sync::Arc,
    time::UNIX_EPOCH,
};
use zeroize::Zeroizing;

const KEY: &str = "key";
/// Digests of what was shown, without a key: they say nothing of what it was.
const MARKS: &str = "marks";
/// A folder without a key is left alone for so long: somebody may be about to put one in.
const KEYLESS_SECONDS: i64 = 24 * 3_600;
const NONCE_BYTES: usize = 12;
const TIME_BYTES: usize = 8;

#[derive(Debug, thiserror::Error)]
pub enum VaultError {
    #[error("the vault's folder: {0}")]
    Io(#[from] io::Error),
    /// Another master key, or somebody changed it.
    #[error("a sealed file cannot be opened: it was changed, or is of another master key")]
    Damaged,
}

pub struct Vault {
    dir: PathBuf,
    master: Aes256Gcm,
    entropy: Arc<dyn Entropy>,
}

impl Vault {
    pub fn open(dir: &Path, master: &[u8; 32], entropy: Arc<dyn Entropy>) -> io::Result<Self> {
        private_folder(dir)?;
        Ok(Self {
            dir: dir.to_owned(),
            master: Aes256Gcm::new(&(*master).into()),
            entropy,
        })
    }

    /// Keeps it under this name; what was there under it is gone.
    pub fn put(
        &self,
        reference: &str,
        name: &str,
        bytes: &[u8],
        now: Timestamp,
    ) -> Result<(), VaultError> {
        let folder = self.folder(reference);
        let key = match self.key(reference, &folder)? {
            Some(key) => key,
            None => self.key_make(reference, &folder, now)?,
        };
        let sealed = self.seal(&key, &about(reference, name), bytes)?;
        let fresh = self.write_fresh(&folder, &sealed)?;
        fs::rename(fresh, folder.join(name))?;
        fs::File::open(&folder)?.sync_all()?;
        Ok(())
    }

    /// Where nothing has this name yet: what is there stays.
    fn write_new(&self, folder: &Path, name: &str, bytes: &[u8]) -> io::Result<()> {
        let fresh = self.write_fresh(folder, bytes)?;
        match fs::hard_link(&fresh, folder.join(name)) {
            Err(error) if error.kind() != io::ErrorKind::AlreadyExists => return Err(error),
            Ok(()) | Err(_) => {}
        }
        fs::remove_file(fresh)?;
        fs::File::open(folder)?.sync_all()
    }

    /// Whole under a name that nobody looks for: a crash leaves no half of anything.
    fn write_fresh(&self, folder: &Path, bytes: &[u8]) -> io::Result<PathBuf> {
        use std::os::unix::fs::OpenOptionsExt;
        let chance = hex::encode(random::<8>(self.entropy.as_ref()));
        let fresh = folder.join(format!("{chance}{FRESH}"));
        let mut file = fs::File::options()
            .create_new(true)
            .write(true)
            .mode(0o600)
            .open(&fresh)?;
        file.write_all(bytes)?;
        file.sync_all()?;
        Ok(fresh)
    }

    pub fn get(&self, reference: &str, name: &str) -> Result<Option<Vec<u8>>, VaultError> {
        let folder = self.folder(reference);
        let Some(key) = self.key(reference, &folder)? else {
            return Ok(None);
        };
        let Some(sealed) = read(&folder.join(name))? else {
            return Ok(None);
        };
        open(&key, &about(reference, name), &sealed).map(Some)
    }

    /// Writes down that this attempt has shown what has this digest. `true`: another one has before, and whoever was
    /// first stays it.
    pub fn mark(
        &self,
        digest: &[u8; 32],
        reference: &str,
        now: Timestamp,
    ) -> Result<bool, VaultError> {
        let (folder, name) = self.mark_at(digest);
        let own = [now.micros().to_be_bytes().to_vec(), owner(reference)].concat();
        if read(&folder.join(&name))?.is_none() {
            private_folder(&folder)?;
            self.write_new(&folder, &name, &own)?;
        }
        let there = read(&folder.join(&name))?.unwrap_or_default();
        let first = there.get(TIME_BYTES..).unwrap_or_default();
        Ok(first != owner(reference))
    }

    /// Whether this attempt was the first to show what has this digest.
    pub fn owns(&self, digest: &[u8; 32], reference: &str) -> Result<bool, VaultError> {
        let (folder, name) = self.mark_at(digest);
        let there = read(&folder.join(name))?.unwrap_or_default();
        Ok(there.get(TIME_BYTES..) == Some(owner(reference).as_slice()))
    }

    /// What one attempt has shown is shown by a later one of the same person, who was told to keep it. `false`: it was
    /// not the first to show it, and nothing changes.
    pub fn mark_over(
        &self,
        digest: &[u8; 32],
        former: &str,
        reference: &str,
        now: Timestamp,
    ) -> Result<bool, VaultError> {
        if !self.owns(digest, former)? {
            return Ok(false);
        }
        let (folder, name) = self.mark_at(digest);
        let own = [now.micros().to_be_bytes().to_vec(), owner(reference)].concat();
        let fresh = self.write_fresh(&folder, &own)?;
        fs::rename(fresh, folder.join(name))?;
        Ok(true)
    }

    /// In as many folders as a byte has values, so that none has too many.
    fn mark_at(&self, digest: &[u8; 32]) -> (PathBuf, String) {
        let name = hex::encode(digest);
        let folder = self.dir.join(MARKS).join(name.get(..2).unwrap_or(MARKS));
        (folder, name)
    }

    /// What is kept of it, in order of the names.
    pub fn names(&self, reference: &str) -> Result<Vec<String>, VaultError> {
        let mut names = Vec::new();
        for entry in entries(&self.folder(reference))? {
            let name = entry.file_name().to_string_lossy().into_owned();
            if name != KEY && !name.ends_with(FRESH) {
                names.push(name);
            }
        }
        names.sort();
        Ok(names)
    }

    /// Takes one attempt away; nothing where there is none.
    pub fn erase(&self, reference: &str) -> Result<(), VaultError> {
        let folder = self.folder(reference);
        match read(&folder.join(KEY))? {
            None => Ok(()),
            Some(_) => erase(&folder),
        }
    }

    /// Takes everything away that began before `moment`, but for these attempts. What fails stays, and the rest goes on.
    pub fn erase_before(
        &self,
        moment: Timestamp,
        now: Timestamp,
        spared: &[String],
    ) -> Result<Tidied, VaultError> {
        let mut tidied = Tidied::default();
        let spared: BTreeSet<_> = spared.iter().map(|name| self.folder(name)).collect();
        for entry in entries(&self.dir)? {
            let is_ours = entry.file_name().to_str().is_some_and(is_folder_name);
            if is_ours && !spared.contains(&entry.path()) {
                tidied.count(erase_old(&entry.path(), moment, now));
            }
        }
        for folder in entries(&self.dir.join(MARKS))? {
            let marks = match entries(&folder.path()) {
                Ok(marks) => marks,
                Err(error) => {
                    tidied.count(Err(error.into()));
                    continue;
                }
            };
            for mark in marks {
                if let Err(error) = forget_old(&mark.path(), moment) {
                    tidied.count(Err(error));
                }
            }
        }
        Ok(tidied)
    }

    fn folder(&self, reference: &str) -> PathBuf {
        let digest = Sha256::digest(reference.as_bytes());
        self.dir.join(hex::encode(&digest[..16]))
    }

    fn key(&self, reference: &str, folder: &Path) -> Result<Option<Aes256Gcm>, VaultError> {
        let Some(wrapped) = read(&folder.join(KEY))? else {
            return Ok(None);
        };
        let (time, sealed) = wrapped
            .split_at_checked(TIME_BYTES)
            .ok_or(VaultError::Damaged)?;
        let about = [about(reference, KEY), time.to_vec()].concat();
        let key = Zeroizing::new(open(&self.master, &about, sealed)?);
        let key = Aes256Gcm::new_from_slice(&key).map_err(|_| VaultError::Damaged)?;
        Ok(Some(key))
    }

    fn key_make(
        &self,
        reference: &str,
        folder: &Path,
        now: Timestamp,
    ) -> Result<Aes256Gcm, VaultError> {
        private_folder(folder)?;
        let key = Zeroizing::new(random::<32>(self.entropy.as_ref()));
        let time = now.micros().to_be_bytes();
        let about = [about(reference, KEY), time.to_vec()].concat();
        let sealed = self.seal(&self.master, &about, key.as_slice())?;
        self.write_new(folder, KEY, &[time.to_vec(), sealed].concat())?;
        // Somebody else's may have been first.
        self.key(reference, folder)?.ok_or(VaultError::Damaged)
    }

    fn seal(&self, key: &Aes256Gcm, about: &[u8], bytes: &[u8]) -> Result<Vec<u8>, VaultError> {
        let nonce = random::<NONCE_BYTES>(self.entropy.as_ref());
        let payload = Payload {
            msg: bytes,
            aad: about,
        };
        let sealed = key.encrypt(&Nonce::from(nonce), payload);
        let sealed = sealed.map_err(|_| VaultError::Damaged)?;
        Ok([nonce.to_vec(), sealed].concat())
    }
}

/// What a sealed file is: it opens in no other place.
fn about(reference: &str, name: &str) -> Vec<u8> {
    format!("{reference}\n{name}\n").into_bytes()
}

fn open(key: &Aes256Gcm, about: &[u8], sealed: &[u8]) -> Result<Vec<u8>, VaultError> {
    let (nonce, sealed) = sealed
        .split_first_chunk::<NONCE_BYTES>()
        .ok_or(VaultError::Damaged)?;
    let payload = Payload {
        msg: sealed,
        aad: about,
    };
    key.decrypt(&Nonce::from(*nonce), payload)
        .map_err(|_| VaultError::Damaged)
}

fn began(wrapped: &[u8]) -> Option<Timestamp> {
    let time = wrapped.first_chunk::<TIME_BYTES>()?;
    Some(Timestamp::from_micros(i64::from_be_bytes(*time)))
}

/// Who has shown it, without saying so to whoever reads the folder.
fn owner(reference: &str) -> Vec<u8> {
    Sha256::digest(reference.as_bytes()).to_vec()
}

/// As [`Vault::folder`] makes them.
fn is_folder_name(name: &str) -> bool {
    name.len() == 32 && name.bytes().all(|byte| byte.is_ascii_hexdigit())
}

/// What came of taking away what is old.
#[derive(Debug, Default)]
pub struct Tidied {
    /// Attempts.
    pub erased: u32,
    /// Entries that are still there, and why the last of them.
    pub failed: u32,
    pub error: Option<VaultError>,
}

impl Tidied {
    fn count(&mut self, done: Result<bool, VaultError>) {
        match done {
            Ok(true) => self.erased = self.erased.saturating_add(1),
            Ok(false) => {}
            Err(error) => {
                self.failed = self.failed.saturating_add(1);
                self.error = Some(error);
            }
        }
    }
}

/// Whether it was an attempt from before `moment`, which is gone now.
fn erase_old(folder: &Path, moment: Timestamp, now: Timestamp) -> Result<bool, VaultError> {
    let Some(wrapped) = read(&folder.join(KEY))? else {
        // Of no use to anybody: just being made, or half taken away when the process ended.
        if changed(folder)?.is_some_and(|at| at.plus_seconds(KEYLESS_SECONDS) < now) {
            erase(folder)?;
        }
        return Ok(false);
    };
    let is_old = began(&wrapped).is_some_and(|began| began < moment);
    if is_old {
        erase(folder)?;
    }
    Ok(is_old)
}

fn forget_old(mark: &Path, moment: Timestamp) -> Result<(), VaultError> {
    let made = read(mark)?.and_then(|bytes| began(&bytes));
    if made.is_some_and(|made| made < moment) {
        gone(fs::remove_file(mark))?;
    }
    Ok(())
}

/// When a folder got or lost something last.
fn changed(folder: &Path) -> io::Result<Option<Timestamp>> {
    let about = match fs::metadata(folder) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        about => about?,
    };
    let since = about.modified()?.duration_since(UNIX_EPOCH);
    let micros = since.map(|since| i64::try_from(since.as_micros()).unwrap_or(i64::MAX));
    Ok(Some(Timestamp::from_micros(micros.unwrap_or_default())))
}

fn erase(folder: &Path) -> Result<(), VaultError> {
    // The key first: what a crash leaves behind is already nothing.
    gone(fs::remove_file(folder.join(KEY)))?;
    gone(fs::remove_dir_all(folder))?;
    Ok(())
}

/// What somebody else took away meanwhile is away.
fn gone(done: io::Result<()>) -> io::Result<()> {
    match done {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        done => done,
    }
}

const FRESH: &str = ".new";

fn read(path: &Path) -> io::Result<Option<Vec<u8>>> {
    match fs::read(path) {
        Ok(bytes) => Ok(Some(bytes)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}

fn entries(dir: &Path) -> io::Result<Vec<fs::DirEntry>> {
    match fs::read_dir(dir) {
        Ok(found) => found.collect(),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(Vec::new()),
        Err(error) => Err(error),
    }
}

fn private_folder(dir: &Path) -> io::Result<()> {
    use std::os::unix::fs::DirBuilderExt;
    fs::DirBuilder::new()
        .recursive(true)
        .mode(0o700)
        .create(dir)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::atomic::{AtomicU8, Ordering};

    struct Counting(AtomicU8);

    impl Entropy for Counting {
        fn fill(&self, bytes: &mut [u8]) {
            for byte in bytes {
                *byte = self.0.fetch_add(1, Ordering::Relaxed);
            }
        }
    }

    const NOON: Timestamp = Timestamp::from_micros(1_800_000_000_000_000);

    fn vault(dir: &Path, master: u8) -> Vault {
        Vault::open(dir, &[master; 32], Arc::new(Counting(AtomicU8::new(3)))).unwrap()
    }

    fn files(dir: &Path) -> Vec<PathBuf> {
        let of = |entry: fs::DirEntry| entries(&entry.path()).unwrap();
        let inner = entries(dir).unwrap().into_iter().flat_map(of);
        inner.map(|entry| entry.path()).collect()
    }

    #[test]
    fn what_is_kept_comes_back_and_is_nowhere_in_clear() {
        let dir = tempfile::tempdir().unwrap();
        let vault = vault(dir.path(), 1);
        let face = b"the face of Ann".repeat(100);
        vault.put("kyc-1", "frame-0", b"old", NOON).unwrap();
        vault.put("kyc-1", "frame-0", &face, NOON).unwrap();
        vault.put("kyc-1", "document-front", b"page", NOON).unwrap();
        assert_eq!(vault.get("kyc-1", "frame-0").unwrap(), Some(face.clone()));
        assert_eq!(vault.get("kyc-1", "frame-1").unwrap(), None);
        assert_eq!(vault.get("kyc-2", "frame-0").unwrap(), None);
        assert_eq!(vault.names("kyc-1").unwrap(), ["document-front", "frame-0"]);
        for path in files(dir.path()) {
            let bytes = fs::read(&path).unwrap();
            let shown = |text: &[u8]| bytes.windows(text.len()).any(|part| part == text);
            assert!(
                !shown(b"face of Ann") && !shown(b"page"),
                "{}",
                path.display()
            );
        }
    }

    #[test]
    fn nothing_opens_in_another_place_or_when_changed() {
        let dir = tempfile::tempdir().unwrap();
        let kept = vault(dir.path(), 1);
        kept.put("kyc-1", "a", b"one", NOON).unwrap();
        kept.put("kyc-1", "b", b"two", NOON).unwrap();
        let folder = kept.folder("kyc-1");
        fs::copy(folder.join("a"), folder.join("b")).unwrap();
        assert!(matches!(kept.get("kyc-1", "b"), Err(VaultError::Damaged)));
        let other = vault(dir.path(), 2);
        assert!(matches!(other.get("kyc-1", "a"), Err(VaultError::Damaged)));
        for at in [0, NONCE_BYTES, NONCE_BYTES + 2] {
            let mut bytes = fs::read(folder.join("a")).unwrap();
            bytes[at] ^= 1;
            fs::write(folder.join("a"), &bytes).unwrap();
            assert!(matches!(kept.get("kyc-1", "a"), Err(VaultError::Damaged)));
            bytes[at] ^= 1;
            fs::write(folder.join("a"), &bytes).unwrap();
        }
        fs::write(folder.join("a"), b"").unwrap();
        assert!(matches!(kept.get("kyc-1", "a"), Err(VaultError::Damaged)));
        // Older than it says: the key knows when it was made.
        let mut key = fs::read(folder.join(KEY)).unwrap();
        key[7] ^= 1;
        fs::write(folder.join(KEY), key).unwrap();
        assert!(matches!(kept.get("kyc-1", "b"), Err(VaultError::Damaged)));
    }

    #[test]
    fn whoever_begins_at_once_has_one_key() {
        let dir = tempfile::tempdir().unwrap();
        let (one, other) = (vault(dir.path(), 1), vault(dir.path(), 1));
        let folder = one.folder("kyc-1");
        other.put("kyc-1", "a", b"theirs", NOON).unwrap();
        // As if it had looked before the other one wrote.
        one.key_make("kyc-1", &folder, NOON).unwrap();
        assert_eq!(one.get("kyc-1", "a").unwrap(), Some(b"theirs".to_vec()));
        assert_eq!(one.names("kyc-1").unwrap(), ["a"]);
    }

    #[test]
    fn what_was_shown_before_is_known() {
        let dir = tempfile::tempdir().unwrap();
        let vault = vault(dir.path(), 1);
        let later = NOON.plus_seconds(60);
        assert!(!vault.mark(&[7; 32], "kyc-1", NOON).unwrap());
        assert!(
            !vault.mark(&[7; 32], "kyc-1", later).unwrap(),
            "a second look"
        );
        assert!(vault.mark(&[7; 32], "kyc-2", later).unwrap());
        assert!(!vault.mark(&[8; 32], "kyc-2", later).unwrap());
        let over = |former, reference| vault.mark_over(&[7; 32], former, reference, later);
        assert!(!over("kyc-2", "kyc-3").unwrap(), "it was never theirs");
        assert!(!vault.mark(&[7; 32], "kyc-1", later).unwrap());
        assert!(over("kyc-1", "kyc-3").unwrap());
        assert!(!vault.mark_over(&[9; 32], "kyc-1", "kyc-3", later).unwrap());
        assert!(!vault.mark(&[7; 32], "kyc-3", later).unwrap());
        assert!(vault.mark(&[7; 32], "kyc-1", later).unwrap());
        // After their time they are forgotten.
        let soon = later.plus_seconds(1);
        assert_eq!(vault.erase_before(soon, soon, &[]).unwrap().failed, 0);
        assert!(!vault.mark(&[8; 32], "kyc-4", later).unwrap());
    }

    #[test]
    fn what_is_old_goes_and_what_is_new_stays() {
        let dir = tempfile::tempdir().unwrap();
        let vault = vault(dir.path(), 1);
        vault.put("old", "a", b"one", NOON).unwrap();
        vault
            .put("new", "a", b"two", NOON.plus_seconds(60))
            .unwrap();
        // A later picture of the same attempt makes it no younger.
        vault
            .put("old", "b", b"one", NOON.plus_seconds(90))
            .unwrap();
        // What is not of this vault, and an attempt that is just beginning.
        fs::create_dir_all(dir.path().join("lost+found/key")).unwrap();
        fs::write(dir.path().join("identity.key"), b"a key").unwrap();
        fs::create_dir(dir.path().join("0".repeat(32))).unwrap();
        let later = NOON.plus_seconds(60);
        // The folder is of this very moment, whatever time it is for the vault.
        let keyless = dir.path().join("0".repeat(32));
        let made = changed(&keyless).unwrap().unwrap();
        let held = ["old".to_owned()];
        let tidied = vault.erase_before(later, made, &held).unwrap();
        assert_eq!((tidied.erased, tidied.failed), (0, 0));
        assert_eq!(vault.get("old", "a").unwrap(), Some(b"one".to_vec()));
        let tidied = vault.erase_before(later, made, &[]).unwrap();
        assert_eq!((tidied.erased, tidied.failed), (1, 0));
        assert!(keyless.exists());
        assert_eq!(vault.get("old", "a").unwrap(), None);
        assert_eq!(vault.names("old").unwrap(), Vec::<String>::new());
        assert_eq!(vault.get("new", "a").unwrap(), Some(b"two".to_vec()));
        vault.erase("unknown").unwrap();
        vault.put("one", "a", b"three", NOON).unwrap();
        vault.erase("one").unwrap();
        assert_eq!(vault.names("one").unwrap(), Vec::<String>::new());
        assert_eq!(entries(dir.path()).unwrap().len(), 4);
    }

    #[test]
    fn what_cannot_be_taken_away_does_not_keep_the_rest() {
        let dir = tempfile::tempdir().unwrap();
        let vault = vault(dir.path(), 1);
        // No key that could be read.
        fs::create_dir_all(dir.path().join("0".repeat(32)).join(KEY)).unwrap();
        // Half taken away, when the process ended.
        let half = dir.path().join("1".repeat(32));
        fs::create_dir(&half).unwrap();
        fs::write(half.join("frame-000"), b"sealed").unwrap();
        for number in 0..4 {
            let reference = format!("kyc-{number}");
            vault.put(&reference, "a", b"one", NOON).unwrap();
            assert!(!vault.mark(&[number; 32], &reference, NOON).unwrap());
        }
        fs::write(dir.path().join(MARKS).join("00x"), b"no folder").unwrap();
        let made = changed(&half).unwrap().unwrap();
        let later = NOON.plus_seconds(1);
        let tidied = vault
            .erase_before(later, made.plus_seconds(KEYLESS_SECONDS), &[])
            .unwrap();
        assert_eq!((tidied.erased, tidied.failed), (4, 2));
        assert!(tidied.error.is_some());
        assert!(half.exists(), "not a day yet");
        for number in 0..4 {
            assert!(!vault.mark(&[number; 32], "next", NOON).unwrap());
        }
        let next = made.plus_seconds(KEYLESS_SECONDS + 1);
        vault.erase_before(later, next, &[]).unwrap();
        assert!(!half.exists());
        // Two at once: what is gone is gone.
        erase(&half).unwrap();
    }
}
