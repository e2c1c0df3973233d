//! A token of a PKCS#11 module: it seals the master key's file by a key that it never gives away, and may keep the hot
//! wallets' keys, which it signs with itself.

mod file;
mod held;

pub use file::{FORMATS, token_file_read, token_file_write};

use crate::key_file::KeyFileError;
use cryptoki::{
    context::{CInitializeArgs, CInitializeFlags, Pkcs11},
    error::{Error, RvError},
    mechanism::Mechanism,
    object::{Attribute, AttributeType, KeyType, ObjectClass, ObjectHandle},
    session::{Session, UserType},
    slot::Slot,
    types::AuthPin,
};
use k256::ecdsa::{RecoveryId, Signature, VerifyingKey};
use proof_core::{Clock, Network, secret::Secret};
use std::{
    path::{Path, PathBuf},
    sync::Arc,
};

const KEY_LABEL: &str = "proof-wallet";
const KEY_BYTES: u64 = 32;
/// secp256k1 (1.3.132.0.10) in DER.
const CURVE: [u8; 7] = [0x06, 0x05, 0x2b, 0x81, 0x04, 0x00, 0x0a];
/// In front of a point of 65 bytes (an `OCTET STRING`); some modules leave it out.
const POINT: [u8; 2] = [0x04, 0x41];

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
    #[error("the token has no such key of a hot wallet, or one that it would give away")]
    NoHotKey,
    #[error("the token's key of a hot wallet is another one than the file says")]
    OtherHotKey,
    #[error("{0}: {1}")]
    Hot(Network, Box<Self>),
    #[error("the token makes keys that it would give away")]
    LooseKey,
    #[error("the token's keys are not on the curve secp256k1")]
    OtherCurve,
    #[error("what the token opened is no master key")]
    NoMasterKey,
    #[error(transparent)]
    File(#[from] KeyFileError),
}

impl TokenError {
    /// Whether another try would use up one of the few that a PIN has.
    const fn is_about_pin(&self) -> bool {
        matches!(
            self,
            Self::Module(Error::Pkcs11(
                RvError::PinIncorrect
                    | RvError::PinInvalid
                    | RvError::PinLenRange
                    | RvError::PinExpired
                    | RvError::PinLocked,
                _
            ))
        )
    }
}

/// Where a token is, and what its user logs in with.
#[derive(Clone)]
struct Place {
    module: PathBuf,
    label: String,
    pin: Secret,
    clock: Arc<dyn Clock>,
}

/// A token of a PKCS#11 module, with its user logged in.
pub struct Token {
    // Ends before its module does.
    session: Session,
    _module: Module,
    place: Place,
}

/// A module that is in use by this process; it starts afresh when it is opened again.
struct Module(Pkcs11);

impl Drop for Module {
    fn drop(&mut self) {
        // One that does not end says so when it is asked to begin.
        let _ = self.0.clone().finalize();
    }
}

impl Token {
    pub fn open(
        module: &Path,
        label: &str,
        pin: &Secret,
        clock: Arc<dyn Clock>,
    ) -> Result<Self, TokenError> {
        Self::at(Place {
            module: module.to_owned(),
            label: label.to_owned(),
            pin: pin.clone(),
            clock,
        })
    }

    fn at(place: Place) -> Result<Self, TokenError> {
        let module = Pkcs11::new(&place.module)?;
        module.initialize(CInitializeArgs::new(CInitializeFlags::OS_LOCKING_OK))?;
        let module = Module(module);
        let slot = slot(&module.0, &place.label)?;
        let session = module.0.open_rw_session(slot)?;
        let pin = AuthPin::new(place.pin.expose_secret().into());
        session.login(UserType::User, Some(&pin))?;
        Ok(Self {
            session,
            _module: module,
            place,
        })
    }

    fn sealing_key(&self, id: &[u8]) -> Result<ObjectHandle, TokenError> {
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
    fn sealing_key_make(&self, id: &[u8]) -> Result<ObjectHandle, TokenError> {
        let mut wanted = kept(id, KEY_LABEL);
        wanted.extend([
            Attribute::Encrypt(true),
            Attribute::Decrypt(true),
            Attribute::Wrap(false),
            Attribute::Unwrap(false),
            Attribute::ValueLen(KEY_BYTES.into()),
        ]);
        let key = self.session.generate_key(&Mechanism::AesKeyGen, &wanted)?;
        self.made(&[key])
    }

    /// One that never leaves, and is good for nothing but to sign; with its public key.
    fn hot_key_make(
        &self,
        id: &[u8],
        network: Network,
    ) -> Result<(Vec<ObjectHandle>, VerifyingKey), TokenError> {
        let label = format!("{KEY_LABEL}-{network}");
        let public = [
            Attribute::Token(true),
            Attribute::Verify(true),
            Attribute::Label(label.clone().into_bytes()),
            Attribute::Id(id.to_vec()),
            Attribute::EcParams(CURVE.to_vec()),
        ];
        let mut private = kept(id, &label);
        private.extend([
            Attribute::Sign(true),
            Attribute::Decrypt(false),
            Attribute::Derive(false),
            Attribute::Unwrap(false),
        ]);
        let made = self
            .session
            .generate_key_pair(&Mechanism::EccKeyPairGen, &public, &private)?;
        let both = [made.1, made.0];
        self.made(&both)?;
        match self.point(made.0) {
            Ok(point) => Ok((both.to_vec(), point)),
            Err(error) => {
                self.forget(&both);
                Err(error)
            }
        }
    }

    fn point(&self, public: ObjectHandle) -> Result<VerifyingKey, TokenError> {
        let told = self
            .session
            .get_attributes(public, &[AttributeType::EcPoint])?;
        let [Attribute::EcPoint(point)] = told.as_slice() else {
            return Err(TokenError::OtherCurve);
        };
        let bare = point.strip_prefix(&POINT).filter(|bare| bare.len() == 65);
        let key = VerifyingKey::from_sec1_bytes(bare.unwrap_or(point));
        key.map_err(|_| TokenError::OtherCurve)
    }

    /// Asks the token, whatever it was told to make: the first of these is secret.
    fn made(&self, made: &[ObjectHandle]) -> Result<ObjectHandle, TokenError> {
        let asked = [
            AttributeType::AlwaysSensitive,
            AttributeType::NeverExtractable,
        ];
        let wanted = [
            Attribute::AlwaysSensitive(true),
            Attribute::NeverExtractable(true),
        ];
        let secret = made.first().ok_or(TokenError::LooseKey)?;
        match self.session.get_attributes(*secret, &asked) {
            Ok(told) if told == wanted => Ok(*secret),
            told => {
                self.forget(made);
                Err(told.map_or_else(TokenError::from, |_| TokenError::LooseKey))
            }
        }
    }

    /// What no file names is of no use.
    fn forget(&self, made: &[ObjectHandle]) {
        for key in made {
            if let Err(error) = self.session.destroy_object(*key) {
                tracing::warn!("the token keeps a key that nobody needs: {error}");
            }
        }
    }

    /// By the hot wallet's key that it has under this id, if that is the one.
    fn sign(
        &self,
        id: &[u8],
        public: &VerifyingKey,
        hash: &[u8; 32],
    ) -> Result<(Signature, RecoveryId), TokenError> {
        let wanted = [
            Attribute::Class(ObjectClass::PRIVATE_KEY),
            Attribute::KeyType(KeyType::EC),
            Attribute::Id(id.to_vec()),
            Attribute::Sensitive(true),
            Attribute::Extractable(false),
        ];
        let [key] = *self.session.find_objects(&wanted)?.as_slice() else {
            return Err(TokenError::NoHotKey);
        };
        let bytes = self.session.sign(&Mechanism::Ecdsa, key, hash)?;
        let signature = Signature::from_slice(&bytes).map_err(|_| TokenError::OtherCurve)?;
        let signature = signature.normalize_s().unwrap_or(signature);
        let recovery = RecoveryId::trial_recovery_from_prehash(public, hash, &signature);
        Ok((signature, recovery.map_err(|_| TokenError::OtherHotKey)?))
    }
}

/// What all secrets are that we have it make.
fn kept(id: &[u8], label: &str) -> Vec<Attribute> {
    vec![
        Attribute::Token(true),
        Attribute::Private(true),
        Attribute::Sensitive(true),
        Attribute::Extractable(false),
        Attribute::Label(label.as_bytes().to_vec()),
        Attribute::Id(id.to_vec()),
    ]
}

fn slot(module: &Pkcs11, label: &str) -> Result<Slot, TokenError> {
    let mut found = None;
    for slot in module.get_slots_with_initialized_token()? {
        if module.get_token_info(slot)?.label() == label && found.replace(slot).is_some() {
            return Err(TokenError::SeveralTokens);
        }
    }
    found.ok_or(TokenError::NoToken)
}
