//! How a server is told to check identities itself.

use super::{BuiltIn, Pool, PoolSettings};
use crate::{clock::SystemEntropy, rails::kept_key};
use anyhow::{Context, bail};
use proof_core::{Clock, identity::PersonPolicy};
use proof_engine::Persons;
use proof_identity::{check::Policy, vault::Vault};
use serde::Deserialize;
use std::{
    fs,
    path::{Path, PathBuf},
    sync::Arc,
};

const KEY_FILE: &str = "identity.key";

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
        self.policy.check().context("[identity.policy]")?;
        if self.key.starts_with(&self.folder) {
            bail!("[identity]: the key has to be elsewhere than in the folder of what it opens");
        }
        let has_pictures = fs::read_dir(&self.folder).is_ok_and(|mut found| found.next().is_some());
        if has_pictures && !self.key.join(KEY_FILE).exists() {
            let (key, folder) = (self.key.display(), self.folder.display());
            bail!(
                "{key} has no {KEY_FILE}, which opens what is in {folder}: bring it back, or take the folder away"
            );
        }
        let master: [u8; 32] = kept_key(&self.key, KEY_FILE, &SystemEntropy)?;
        let vault = Vault::open(&self.folder, &master, Arc::new(SystemEntropy));
        let vault = vault.with_context(|| format!("cannot use {}", self.folder.display()))?;
        let binary = std::env::current_exe().context("cannot find this program's own file")?;
        let pool = Pool::new(PoolSettings::new(binary, self.models.clone()));
        Ok(Arc::new(BuiltIn::new(vault, pool, clock, self.policy)))
    }
}

const PERSONS_FILE: &str = "persons.key";

/// `[persons]`: how somebody is known again.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct PersonsConfig {
    /// Folder of the key by which they are known: the signer's where nothing is said. Several servers of one
    /// database need the same key.
    pub key: Option<PathBuf>,
    /// The key before is lost: whoever was seen before is not known again.
    pub new_key: bool,
    pub policy: PersonPolicy,
}

impl PersonsConfig {
    pub fn open(&self, signer: Option<&Path>) -> anyhow::Result<Persons> {
        let folder = self.key.as_deref().or(signer);
        let folder = folder.context("[persons] key has to name a folder")?;
        Ok(Persons {
            key: Some(kept_key(folder, PERSONS_FILE, &SystemEntropy)?),
            key_is_new: self.new_key,
            policy: self.policy.clone(),
        })
    }
}
