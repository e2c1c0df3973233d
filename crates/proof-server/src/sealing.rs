//! What the wallet's file is sealed with: a passphrase, or a key in a token of a PKCS#11 module, whose PIN it is then.

use crate::clock::SystemEntropy;
use anyhow::Context;
use clap::Args;
use proof_core::secret::Secret;
use proof_signer::{
    MasterKey, Token, key_file_read, key_file_write, token_file_read, token_file_write,
};
use serde::Deserialize;
use std::path::{Path, PathBuf};

#[derive(Args, Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
#[group(requires_all = ["module", "token"])]
pub struct TokenAt {
    /// A PKCS#11 module that keeps the key which the wallet is sealed with; the passphrase is its user's PIN then.
    #[arg(long = "pkcs11", id = "module", requires = "token", required = false)]
    module: PathBuf,
    /// The label of the module's token.
    #[arg(long, requires = "module", required = false)]
    token: String,
}

impl TokenAt {
    fn open(&self, pin: &Secret) -> anyhow::Result<Token> {
        let token = Token::open(&self.module, &self.token, pin);
        token.with_context(|| format!("{}, token {}", self.module.display(), self.token))
    }
}

pub fn wallet_read(
    wallet: &Path,
    token: Option<&TokenAt>,
    passphrase: &Secret,
) -> anyhow::Result<MasterKey> {
    Ok(match token {
        None => key_file_read(wallet, passphrase)?,
        Some(token) => token_file_read(wallet, &token.open(passphrase)?)?,
    })
}

pub fn wallet_write(
    wallet: &Path,
    key: &MasterKey,
    token: Option<&TokenAt>,
    passphrase: &Secret,
) -> anyhow::Result<()> {
    match token {
        None => key_file_write(wallet, key, passphrase, &SystemEntropy)?,
        Some(token) => token_file_write(wallet, key, &token.open(passphrase)?, &SystemEntropy)?,
    }
    Ok(())
}
