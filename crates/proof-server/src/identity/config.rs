//! How a server is told to check identities itself.

use super::{BuiltIn, Pool, PoolSettings};
use crate::{clock::SystemEntropy, rails::kept_key};
use anyhow::Context;
use proof_core::Clock;
use proof_identity::{check::Policy, vault::Vault};
use serde::Deserialize;
use std::{path::PathBuf, sync::Arc};

/// `[identity]`; without it the provider of the sandbox is asked.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct IdentityConfig {
    /// Where the pictures are kept, sealed.
    pub folder: PathBuf,
    /// Folder of the key that opens them. Whoever has both has the pictures: keep it in another place, and out
    /// of the backups of the first.
    pub key: PathBuf,
    /// The folder that `ci/models` filled.
    pub models: PathBuf,
    #[serde(default)]
    pub policy: Policy,
}

impl IdentityConfig {
    pub fn open(&self, clock: Arc<dyn Clock>) -> anyhow::Result<Arc<BuiltIn>> {
        let master: [u8; 32] = kept_key(&self.key, "identity.key", &SystemEntropy)?;
        let vault = Vault::open(&self.folder, &master, Arc::new(SystemEntropy));
        let vault = vault.with_context(|| format!("cannot use {}", self.folder.display()))?;
        let binary = std::env::current_exe().context("cannot find this program's own file")?;
        let pool = Pool::new(PoolSettings::new(binary, self.models.clone()));
        Ok(Arc::new(BuiltIn::new(vault, pool, clock, self.policy)))
    }
}
