//! What the wallet's file is sealed with: a passphrase, or a key in a token of a PKCS#11 module, whose PIN it is then.

use crate::clock::{SystemClock, SystemEntropy};
use anyhow::Context;
use clap::Args;
use proof_core::secret::Secret;
use proof_signer::{
    MasterKey, Token, WalletKeys, key_file_read, key_file_write, token_file_read, token_file_write,
};
use serde::Deserialize;
use std::{
    path::{Path, PathBuf},
    sync::Arc,
};

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
        let token = Token::open(&self.module, &self.token, pin, Arc::new(SystemClock));
        token.with_context(|| format!("{}, token {}", self.module.display(), self.token))
    }
}

pub fn wallet_read(
    wallet: &Path,
    token: Option<&TokenAt>,
    passphrase: &Secret,
) -> anyhow::Result<WalletKeys> {
    Ok(match token {
        None => key_file_read(wallet, passphrase)?.into(),
        Some(token) => token_file_read(wallet, token.open(passphrase)?)?,
    })
}

/// With hot wallets whose keys the token makes and holds, if it is to; without a token none are.
pub fn wallet_write(
    wallet: &Path,
    master: MasterKey,
    (token, held): (Option<&TokenAt>, bool),
    passphrase: &Secret,
) -> anyhow::Result<WalletKeys> {
    let Some(token) = token else {
        key_file_write(wallet, &master, passphrase, &SystemEntropy)?;
        return Ok(master.into());
    };
    let token = token.open(passphrase)?;
    Ok(token_file_write(
        wallet,
        &master,
        held,
        token,
        &SystemEntropy,
    )?)
}
