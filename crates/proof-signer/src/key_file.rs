//! The master key at rest: sealed by a passphrase (Argon2id, then AES-256-GCM), in a file that its owner alone may
//! read; and its printed form, for a safe.

use crate::token;
use aes_gcm::{
    Aes256Gcm, KeyInit, Nonce,
    aead::{Aead, Payload},
};
use argon2::{Algorithm, Argon2, Params, Version};
use bech32::{Bech32m, Hrp};
use proof_core::{Entropy, secret::Secret, time::random};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use std::{
    fs::{self, File, Permissions},
    io::{self, Read, Write},
    os::unix::fs::{OpenOptionsExt, PermissionsExt},
    path::{Path, PathBuf},
};
use zeroize::Zeroizing;

/// The key from which all others are derived.
pub type MasterKey = Zeroizing<[u8; 32]>;

const FORMAT: &str = "proof-wallet/1";
/// Half a second and 64 MiB for each guess.
const COST: Cost = Cost {
    memory_kib: 64 * 1024,
    passes: 6,
    lanes: 1,
};
/// A file cannot ask for more than this.
const MEMORY_KIB_MAX: u32 = 1024 * 1024;
const PASSES_MAX: u32 = 64;
const LANES_MAX: u32 = 16;
const FILE_BYTES_MAX: u64 = 16 * 1024;
/// What is guessed offline has to be long.
const PASSPHRASE_CHARS_MIN: usize = 16;
const PRINTED: &str = "proofkey";
const PRINTED_GROUP: usize = 4;

#[derive(Debug, thiserror::Error)]
pub enum KeyFileError {
    #[error("{0}: {1}")]
    Io(PathBuf, io::Error),
    #[error("{0} can be read by others than its owner; chmod 600 {0}")]
    Open(PathBuf),
    #[error("{0} is there already; a key is never written over")]
    Exists(PathBuf),
    #[error("{0} is damaged, or no wallet file: {1}")]
    Damaged(PathBuf, &'static str),
    #[error("the passphrase is not the one of {0}")]
    WrongPassphrase(PathBuf),
    #[error("the passphrase has less than {PASSPHRASE_CHARS_MIN} characters")]
    ShortPassphrase,
    #[error("that is no key in its printed form: {0}")]
    NotPrinted(&'static str),
    #[error("the key cannot be sealed or opened")]
    Cipher,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
struct Cost {
    memory_kib: u32,
    passes: u32,
    lanes: u32,
}

/// What the file says.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Sealed {
    format: String,
    argon2id: Cost,
    salt: String,
    nonce: String,
    sealed: String,
    /// SHA-256 of the rest: tells a damaged file from a wrong passphrase, and nothing of the key.
    checksum: String,
}

impl Sealed {
    fn checksum_now(&self) -> String {
        let cost = self.argon2id;
        let text = format!(
            "{}/{}/{}/{}/{}/{}/{}",
            self.format,
            cost.memory_kib,
            cost.passes,
            cost.lanes,
            self.salt,
            self.nonce,
            self.sealed
        );
        hex::encode(Sha256::digest(text))
    }
}

pub fn master_key_new(entropy: &dyn Entropy) -> MasterKey {
    Zeroizing::new(random(entropy))
}

/// Seals a key into a new file.
pub fn key_file_write(
    path: &Path,
    key: &MasterKey,
    passphrase: &Secret,
    entropy: &dyn Entropy,
) -> Result<(), KeyFileError> {
    let passphrase = passphrase.expose_secret();
    if passphrase.chars().count() < PASSPHRASE_CHARS_MIN {
        return Err(KeyFileError::ShortPassphrase);
    }
    let (salt, nonce): ([u8; 16], [u8; 12]) = (random(entropy), random(entropy));
    let sealing = sealing_key(passphrase, &salt, COST).ok_or(KeyFileError::Cipher)?;
    let payload = Payload {
        msg: key.as_slice(),
        aad: FORMAT.as_bytes(),
    };
    let sealed = Aes256Gcm::new(&(*sealing).into()).encrypt(&Nonce::from(nonce), payload);
    let mut file = Sealed {
        format: FORMAT.to_owned(),
        argon2id: COST,
        salt: hex::encode(salt),
        nonce: hex::encode(nonce),
        sealed: hex::encode(sealed.map_err(|_| KeyFileError::Cipher)?),
        checksum: String::new(),
    };
    file.checksum = file.checksum_now();
    let io = |error: io::Error| KeyFileError::Io(path.to_owned(), error);
    let text = serde_json::to_string_pretty(&file).map_err(|error| io(error.into()))?;
    write_private(path, format!("{text}\n").as_bytes())
}

/// Writes a new file that its owner alone may read; all of it, or nothing.
pub fn write_private(path: &Path, bytes: &[u8]) -> Result<(), KeyFileError> {
    let io = |error: io::Error| KeyFileError::Io(path.to_owned(), error);
    let mut name = path.as_os_str().to_owned();
    name.push(".new");
    let fresh = PathBuf::from(name);
    let mut file = File::options()
        .create(true)
        .truncate(true)
        .write(true)
        .mode(0o600)
        .open(&fresh)
        .map_err(io)?;
    file.set_permissions(Permissions::from_mode(0o600))
        .and_then(|()| file.write_all(bytes))
        .and_then(|()| file.sync_all())
        .map_err(io)?;
    // A link, unlike a rename, never replaces what is there.
    let linked = fs::hard_link(&fresh, path);
    fs::remove_file(&fresh).map_err(io)?;
    match linked {
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
            Err(KeyFileError::Exists(path.to_owned()))
        }
        linked => linked.map_err(io),
    }?;
    let folder = path.parent().filter(|p| !p.as_os_str().is_empty());
    File::open(folder.unwrap_or(Path::new(".")))
        .and_then(|folder| folder.sync_all())
        .map_err(io)
}

/// A secret file's bytes, if nobody but its owner may read them.
pub fn read_private(path: &Path) -> Result<Zeroizing<Vec<u8>>, KeyFileError> {
    let io = |error: io::Error| KeyFileError::Io(path.to_owned(), error);
    let file = File::open(path).map_err(io)?;
    let mode = file.metadata().map_err(io)?.permissions().mode();
    if mode & 0o077 != 0 {
        return Err(KeyFileError::Open(path.to_owned()));
    }
    let mut bytes = Zeroizing::new(Vec::new());
    file.take(FILE_BYTES_MAX)
        .read_to_end(&mut bytes)
        .map_err(io)?;
    Ok(bytes)
}

pub fn key_file_read(path: &Path, passphrase: &Secret) -> Result<MasterKey, KeyFileError> {
    let damaged = |what| KeyFileError::Damaged(path.to_owned(), what);
    let bytes = read_private(path)?;
    if String::from_utf8_lossy(&bytes).contains(token::FORMATS) {
        return Err(damaged("a PKCS#11 token sealed it, which has to be named"));
    }
    let file: Sealed = serde_json::from_slice(&bytes).map_err(|_| damaged("it cannot be read"))?;
    if file.format != FORMAT {
        return Err(damaged("it is of another format"));
    }
    if file.checksum != file.checksum_now() {
        return Err(damaged("its checksum is another"));
    }
    let cost = file.argon2id;
    if cost.memory_kib > MEMORY_KIB_MAX || cost.passes > PASSES_MAX || cost.lanes > LANES_MAX {
        return Err(damaged("it asks for too much work"));
    }
    let unhex = |text: &str| hex::decode(text).map_err(|_| damaged("it cannot be read"));
    let (salt, sealed) = (unhex(&file.salt)?, unhex(&file.sealed)?);
    let nonce: [u8; 12] = unhex(&file.nonce)?
        .try_into()
        .map_err(|_| damaged("it cannot be read"))?;
    let sealing = sealing_key(passphrase.expose_secret(), &salt, cost);
    let sealing = sealing.ok_or_else(|| damaged("its costs make no sense"))?;
    let payload = Payload {
        msg: &sealed,
        aad: FORMAT.as_bytes(),
    };
    let opened = Aes256Gcm::new(&(*sealing).into()).decrypt(&Nonce::from(nonce), payload);
    let opened = opened.map_err(|_| KeyFileError::WrongPassphrase(path.to_owned()))?;
    let opened = Zeroizing::new(opened);
    let key = opened.as_slice().try_into();
    Ok(Zeroizing::new(
        key.map_err(|_| damaged("it holds another kind of key"))?,
    ))
}

fn sealing_key(passphrase: &str, salt: &[u8], cost: Cost) -> Option<Zeroizing<[u8; 32]>> {
    let params = Params::new(cost.memory_kib, cost.passes, cost.lanes, Some(32)).ok()?;
    let mut key = Zeroizing::new([0; 32]);
    Argon2::new(Algorithm::Argon2id, Version::V0x13, params)
        .hash_password_into(passphrase.as_bytes(), salt, key.as_mut_slice())
        .ok()?;
    Some(key)
}

/// For paper: letters and digits with a checksum, which finds any slip of the pen.
pub fn printed(key: &MasterKey) -> Option<Zeroizing<String>> {
    let name = Hrp::parse(PRINTED).ok()?;
    let text = Zeroizing::new(bech32::encode::<Bech32m>(name, key.as_slice()).ok()?);
    let letters: Vec<char> = text.to_uppercase().chars().collect();
    let groups: Vec<String> = letters
        .chunks(PRINTED_GROUP)
        .map(|group| group.iter().collect())
        .collect();
    Some(Zeroizing::new(groups.join(" ")))
}

pub fn read_printed(text: &str) -> Result<MasterKey, KeyFileError> {
    let lines = text.lines().filter(|line| !line.starts_with('#'));
    let text: String = lines.flat_map(str::split_whitespace).collect();
    let text = Zeroizing::new(text.to_lowercase());
    let read = bech32::primitives::decode::CheckedHrpstring::new::<Bech32m>(&text);
    let read = read.map_err(|_| KeyFileError::NotPrinted("a letter is wrong or missing"))?;
    if read.hrp().as_str() != PRINTED {
        return Err(KeyFileError::NotPrinted("it does not begin with PROOFKEY"));
    }
    let bytes = Zeroizing::new(read.byte_iter().collect::<Vec<u8>>());
    let key = bytes.as_slice().try_into();
    let key = key.map_err(|_| KeyFileError::NotPrinted("it has another length"))?;
    Ok(Zeroizing::new(key))
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Counted;

    impl Entropy for Counted {
        fn fill(&self, bytes: &mut [u8]) {
            for (n, byte) in (1..).zip(bytes) {
                *byte = n;
            }
        }
    }

    fn passphrase(text: &str) -> Secret {
        Secret::new(text)
    }

    #[test]
    fn a_key_file_opens_with_its_passphrase_alone_and_says_what_is_wrong() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("wallet.json");
        let right = passphrase("a long enough passphrase");
        let key = master_key_new(&Counted);
        let short = key_file_write(&path, &key, &passphrase("too short"), &Counted);
        assert!(matches!(short, Err(KeyFileError::ShortPassphrase)));
        key_file_write(&path, &key, &right, &Counted).unwrap();
        let again = key_file_write(&path, &key, &right, &Counted);
        assert!(matches!(again, Err(KeyFileError::Exists(_))));
        assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 1);
        assert_eq!(key_file_read(&path, &right).unwrap(), key);
        let wrong = key_file_read(&path, &passphrase("another long passphrase"));
        assert!(matches!(wrong, Err(KeyFileError::WrongPassphrase(_))));

        let text = fs::read_to_string(&path).unwrap();
        assert!(!text.contains(&hex::encode(key.as_slice())));
        for (from, to) in [
            ("\"sealed\": \"", "\"sealed\": \"0"),
            ("proof-wallet/1", "proof-wallet/2"),
            ("\"passes\": 6", "\"passes\": 60000"),
            ("{", ""),
        ] {
            let changed = text.replacen(from, to, 1);
            assert_ne!(changed, text);
            fs::write(&path, changed).unwrap();
            let read = key_file_read(&path, &right);
            assert!(matches!(read, Err(KeyFileError::Damaged(..))), "{from}");
        }
        fs::write(&path, &text).unwrap();
        fs::set_permissions(&path, Permissions::from_mode(0o640)).unwrap();
        let open = key_file_read(&path, &right).unwrap_err();
        assert!(open.to_string().contains("chmod 600"), "{open}");
        let gone = key_file_read(&dir.path().join("none"), &right);
        assert!(matches!(gone, Err(KeyFileError::Io(..))));
    }

    #[test]
    fn a_printed_key_is_read_again_and_a_slip_is_found() {
        let key = master_key_new(&Counted);
        let text = printed(&key).unwrap();
        assert!(text.starts_with("PROO FKEY 1"), "{}", *text);
        assert_eq!(read_printed(&text).unwrap(), key);
        assert_eq!(
            read_printed(&text.to_lowercase().replace(' ', "\n")).unwrap(),
            key
        );
        let told = format!("# what it is good for\n{}\n", *text);
        assert_eq!(read_printed(&told).unwrap(), key);
        for slip in [text.replacen('Q', "P", 1), text[..text.len() - 1].into()] {
            assert_ne!(slip, **text);
            assert!(read_printed(&slip).is_err());
        }
        assert!(read_printed("BC1QW508D6QEJXTDG4Y5R3ZARVARY0C5XW7KV8F3T4").is_err());
    }
}
