//! The wallet's file where a token seals it: whoever copies it has nothing, whatever they know, without the token. It
//! names the hot wallets' keys where the token keeps these, too.

use super::{
    Token, TokenError,
    held::{Named, wallet_keys},
};
use crate::{
    key_file::{KeyFileError, MasterKey, read_private, write_private},
    keys::{SIGNED_FOR, WalletKeys},
};
use cryptoki::{
    mechanism::{Mechanism, aead::GcmParams},
    object::ObjectHandle,
};
use k256::ecdsa::VerifyingKey;
use proof_core::{Entropy, Network, time::random};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use std::{collections::BTreeMap, path::Path};
use zeroize::Zeroizing;

/// How all of them begin.
pub const FORMATS: &str = "proof-wallet-token/";
/// Hot wallets are derived from the master key.
const DERIVED: &str = "proof-wallet-token/1";
/// The token has their keys.
const HELD: &str = "proof-wallet-token/2";
const TAG_BITS: u64 = 128;

/// What the file says.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Sealed {
    format: String,
    /// Which key of the token.
    key: String,
    nonce: String,
    sealed: String,
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    hot: BTreeMap<Network, Hot>,
    /// SHA-256 of the rest: tells a damaged file from another token.
    checksum: String,
}

/// A hot wallet's.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Hot {
    /// Which one of the token.
    key: String,
    /// Compressed.
    public: String,
}

impl Sealed {
    fn checksum_now(&self) -> String {
        let text = [&*self.format, &self.key, &self.nonce, &self.sealed].join("/");
        hex::encode(Sha256::digest(text + &self.hot_text()))
    }

    fn hot_text(&self) -> String {
        let each = self.hot.iter();
        let each = each.map(|(network, hot)| format!("/{network}/{}/{}", hot.key, hot.public));
        each.collect()
    }

    /// What is sealed with the master key: nobody puts other hot wallets beside it.
    fn bound(&self) -> String {
        if self.hot.is_empty() {
            return self.format.clone();
        }
        let hot = hex::encode(Sha256::digest(self.hot_text()));
        format!("{}/{hot}", self.format)
    }
}

fn gcm<'a>(nonce: &'a mut [u8; 12], bound: &'a str) -> Result<Mechanism<'a>, TokenError> {
    let params = GcmParams::new(nonce.as_mut_slice(), bound.as_bytes(), TAG_BITS.into())?;
    Ok(Mechanism::AesGcm(params))
}

/// Seals a key into a new file, by a new key of the token; which makes the hot wallets' keys, too, where they are held.
pub fn token_file_write(
    path: &Path,
    master: &MasterKey,
    held: bool,
    token: Token,
    entropy: &dyn Entropy,
) -> Result<WalletKeys, TokenError> {
    // No key is made for a file that cannot be.
    if path.exists() {
        return Err(KeyFileError::Exists(path.to_owned()).into());
    }
    let mut made = Vec::new();
    let written = sealed(master, held, (&token, &mut made), entropy).and_then(|file| {
        // A file that would not open again is not written.
        let (opened, named) = opened(&file, &token, path)?;
        if opened != *master {
            return Err(TokenError::NoMasterKey);
        }
        let io = |error: serde_json::Error| KeyFileError::Io(path.to_owned(), error.into());
        let text = serde_json::to_string_pretty(&file).map_err(io)?;
        write_private(path, format!("{text}\n").as_bytes())?;
        Ok((opened, named))
    });
    match written {
        Ok((opened, named)) => Ok(wallet_keys(opened, named, token)),
        Err(error) => {
            token.forget(&made);
            Err(error)
        }
    }
}

fn sealed(
    master: &MasterKey,
    held: bool,
    (token, made): (&Token, &mut Vec<ObjectHandle>),
    entropy: &dyn Entropy,
) -> Result<Sealed, TokenError> {
    let (id, mut nonce): ([u8; 16], [u8; 12]) = (random(entropy), random(entropy));
    let sealing = token.sealing_key_make(&id)?;
    made.push(sealing);
    let mut file = Sealed {
        format: if held { HELD } else { DERIVED }.to_owned(),
        key: hex::encode(id),
        nonce: String::new(),
        sealed: String::new(),
        hot: BTreeMap::new(),
        checksum: String::new(),
    };
    let networks = SIGNED_FOR.into_iter().filter(|_| held);
    for network in networks {
        let id: [u8; 16] = random(entropy);
        let (keys, public) = token.hot_key_make(&id, network)?;
        made.extend(keys);
        let hot = Hot {
            key: hex::encode(id),
            public: hex::encode(public.to_encoded_point(true)),
        };
        file.hot.insert(network, hot);
    }
    let bound = file.bound();
    let sealed = token
        .session
        .encrypt(&gcm(&mut nonce, &bound)?, sealing, master.as_slice())?;
    // Some modules put a nonce of their own in the given one's place.
    file.nonce = hex::encode(nonce);
    file.sealed = hex::encode(sealed);
    file.checksum = file.checksum_now();
    Ok(file)
}

pub fn token_file_read(path: &Path, token: Token) -> Result<WalletKeys, TokenError> {
    let damaged = |what| KeyFileError::Damaged(path.to_owned(), what);
    let bytes = read_private(path)?;
    let file: Sealed = serde_json::from_slice(&bytes)
        .map_err(|_| damaged("it cannot be read, or no token sealed it"))?;
    let format = if file.hot.is_empty() { DERIVED } else { HELD };
    if file.format != format {
        return Err(damaged("it is of another format").into());
    }
    if file.checksum != file.checksum_now() {
        return Err(damaged("its checksum is another").into());
    }
    let (master, named) = opened(&file, &token, path)?;
    Ok(wallet_keys(master, named, token))
}

fn opened(
    file: &Sealed,
    token: &Token,
    path: &Path,
) -> Result<(MasterKey, BTreeMap<Network, Named>), TokenError> {
    let damaged = || KeyFileError::Damaged(path.to_owned(), "it cannot be read");
    let unhex = |text: &str| hex::decode(text).map_err(|_| damaged());
    let named = |(network, hot): (&Network, &Hot)| {
        let public = VerifyingKey::from_sec1_bytes(&unhex(&hot.public)?);
        let named = Named {
            id: unhex(&hot.key)?,
            public: public.map_err(|_| damaged())?,
        };
        Ok::<_, KeyFileError>((*network, named))
    };
    let named: BTreeMap<_, _> = file.hot.iter().map(named).collect::<Result<_, _>>()?;
    let mut nonce: [u8; 12] = unhex(&file.nonce)?.try_into().map_err(|_| damaged())?;
    let sealing = token.sealing_key(&unhex(&file.key)?)?;
    let (sealed, bound) = (unhex(&file.sealed)?, file.bound());
    let opened = token
        .session
        .decrypt(&gcm(&mut nonce, &bound)?, sealing, &sealed)?;
    let opened = Zeroizing::new(opened);
    let master = opened.as_slice().try_into();
    let master = Zeroizing::new(master.map_err(|_| TokenError::NoMasterKey)?);
    for (network, named) in &named {
        let checked = named.check(token);
        checked.map_err(|error| TokenError::Hot(*network, Box::new(error)))?;
    }
    Ok((master, named))
}
