//! The master key at rest, sealed by a key that a PKCS#11 module keeps and never gives away: whoever copies the file
//! has nothing, whatever they know, without the module.

use crate::key_file::{KeyFileError, MasterKey, read_private, write_private};
use cryptoki::{
    context::{CInitializeArgs, CInitializeFlags, Pkcs11},
    error::Error,
    mechanism::{Mechanism, aead::GcmParams},
    object::{Attribute, AttributeType, KeyType, ObjectClass, ObjectHandle},
    session::{Session, UserType},
    slot::Slot,
    types::AuthPin,
};
use proof_core::{Entropy, secret::Secret, time::random};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use std::path::Path;
use zeroize::Zeroizing;

pub const FORMAT: &str = "proof-wallet-token/1";
const KEY_LABEL: &[u8] = b"proof-wallet";
const KEY_BYTES: u64 = 32;
const TAG_BITS: u64 = 128;

/// What keeps a token from being used.
#[derive(Debug, thiserror::Error)]
pub enum TokenError {
    #[error("the PKCS#11 module says: {0}")]
    Module(#[from] Error),
    #[error("the module has no token of this label")]
    NoToken,
    #[error("the module has several tokens of this label")]
    SeveralTokens,
    #[error("the token has another key than the one that the file was sealed with")]
    OtherKey,
    #[error("the token makes keys that it would give away")]
    LooseKey,
    #[error("what the token opened is no master key")]
    NoMasterKey,
    #[error(transparent)]
    File(#[from] KeyFileError),
}

/// What the file says.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Sealed {
    format: String,
    /// Which key of the token.
    key: String,
    nonce: String,
    sealed: String,
    /// SHA-256 of the rest: tells a damaged file from another token.
    checksum: String,
}

impl Sealed {
    fn checksum_now(&self) -> String {
        let text = [&*self.format, &self.key, &self.nonce, &self.sealed].join("/");
        hex::encode(Sha256::digest(text))
    }
}

/// A token of a PKCS#11 module, with its user logged in.
pub struct Token {
    session: Session,
}

impl Token {
    pub fn open(module: &Path, label: &str, pin: &Secret) -> Result<Self, TokenError> {
        let context = Pkcs11::new(module)?;
        context.initialize(CInitializeArgs::new(CInitializeFlags::OS_LOCKING_OK))?;
        let slot = slot(&context, label)?;
        let session = context.open_rw_session(slot)?;
        let pin = AuthPin::new(pin.expose_secret().into());
        session.login(UserType::User, Some(&pin))?;
        Ok(Self { session })
    }

    fn key(&self, id: &[u8]) -> Result<ObjectHandle, TokenError> {
        let wanted = [
            Attribute::Class(ObjectClass::SECRET_KEY),
            Attribute::KeyType(KeyType::AES),
            Attribute::Id(id.to_vec()),
        ];
        match *self.session.find_objects(&wanted)?.as_slice() {
            [key] => Ok(key),
            _ => Err(TokenError::OtherKey),
        }
    }

    /// One that never leaves, and is good for nothing but to seal and open.
    fn key_make(&self, id: &[u8]) -> Result<ObjectHandle, TokenError> {
        let wanted = [
            Attribute::Token(true),
            Attribute::Private(true),
            Attribute::Sensitive(true),
            Attribute::Extractable(false),
            Attribute::Encrypt(true),
            Attribute::Decrypt(true),
            Attribute::Wrap(false),
            Attribute::Unwrap(false),
            Attribute::Label(KEY_LABEL.to_vec()),
            Attribute::Id(id.to_vec()),
            Attribute::ValueLen(KEY_BYTES.into()),
        ];
        let key = self.session.generate_key(&Mechanism::AesKeyGen, &wanted)?;
        let asked = [
            AttributeType::AlwaysSensitive,
            AttributeType::NeverExtractable,
        ];
        let told = self.session.get_attributes(key, &asked)?;
        if told
            != [
                Attribute::AlwaysSensitive(true),
                Attribute::NeverExtractable(true),
            ]
        {
            self.session.destroy_object(key)?;
            return Err(TokenError::LooseKey);
        }
        Ok(key)
    }
}

fn slot(context: &Pkcs11, label: &str) -> Result<Slot, TokenError> {
    let mut found = None;
    for slot in context.get_slots_with_initialized_token()? {
        if context.get_token_info(slot)?.label() == label && found.replace(slot).is_some() {
            return Err(TokenError::SeveralTokens);
        }
    }
    found.ok_or(TokenError::NoToken)
}

fn gcm<'a>(nonce: &'a mut [u8; 12]) -> Result<Mechanism<'a>, TokenError> {
    let params = GcmParams::new(nonce.as_mut_slice(), FORMAT.as_bytes(), TAG_BITS.into())?;
    Ok(Mechanism::AesGcm(params))
}

/// Seals a key into a new file, by a new key of the token.
pub fn token_file_write(
    path: &Path,
    key: &MasterKey,
    token: &Token,
    entropy: &dyn Entropy,
) -> Result<(), TokenError> {
    // No key is made for a file that cannot be.
    if path.exists() {
        return Err(KeyFileError::Exists(path.to_owned()).into());
    }
    let (id, mut nonce): ([u8; 16], [u8; 12]) = (random(entropy), random(entropy));
    let sealing = token.key_make(&id)?;
    let mut file = Sealed {
        format: FORMAT.to_owned(),
        key: hex::encode(id),
        nonce: String::new(),
        sealed: String::new(),
        checksum: String::new(),
    };
    let sealed = token
        .session
        .encrypt(&gcm(&mut nonce)?, sealing, key.as_slice())?;
    // Some modules put a nonce of their own in the given one's place.
    file.nonce = hex::encode(nonce);
    file.sealed = hex::encode(sealed);
    file.checksum = file.checksum_now();
    // A file that would not open again is not written.
    if *opened(&file, token, path)? != **key {
        return Err(TokenError::NoMasterKey);
    }
    let io = |error: serde_json::Error| KeyFileError::Io(path.to_owned(), error.into());
    let text = serde_json::to_string_pretty(&file).map_err(io)?;
    Ok(write_private(path, format!("{text}\n").as_bytes())?)
}

pub fn token_file_read(path: &Path, token: &Token) -> Result<MasterKey, TokenError> {
    let damaged = |what| KeyFileError::Damaged(path.to_owned(), what);
    let bytes = read_private(path)?;
    let file: Sealed = serde_json::from_slice(&bytes)
        .map_err(|_| damaged("it cannot be read, or no token sealed it"))?;
    if file.format != FORMAT {
        return Err(damaged("it is of another format").into());
    }
    if file.checksum != file.checksum_now() {
        return Err(damaged("its checksum is another").into());
    }
    opened(&file, token, path)
}

fn opened(file: &Sealed, token: &Token, path: &Path) -> Result<MasterKey, TokenError> {
    let damaged = || KeyFileError::Damaged(path.to_owned(), "it cannot be read");
    let unhex = |text: &str| hex::decode(text).map_err(|_| damaged());
    let mut nonce: [u8; 12] = unhex(&file.nonce)?.try_into().map_err(|_| damaged())?;
    let sealing = token.key(&unhex(&file.key)?)?;
    let sealed = unhex(&file.sealed)?;
    let opened = token.session.decrypt(&gcm(&mut nonce)?, sealing, &sealed)?;
    let opened = Zeroizing::new(opened);
    let key = opened.as_slice().try_into();
    Ok(Zeroizing::new(key.map_err(|_| TokenError::NoMasterKey)?))
}
