//! One process per SQLite file.

use anyhow::{Context, bail};
use std::{
    fs::{File, TryLockError},
    path::Path,
};

/// Held for as long as the process uses the data folder.
#[derive(Debug)]
pub struct DataLock {
    _file: File,
}

impl DataLock {
    pub fn take(data: &Path) -> anyhow::Result<Self> {
        let path = data.join("proof.lock");
        let file = File::options().create(true).append(true).open(&path);
        let file = file.with_context(|| format!("cannot open {}", path.display()))?;
        match file.try_lock() {
            Ok(()) => Ok(Self { _file: file }),
            Err(TryLockError::WouldBlock) => {
                bail!(
                    "another proof process uses {}; stop it first",
                    data.display()
                )
            }
            Err(TryLockError::Error(error)) => Err(error).context("cannot lock the data folder"),
        }
    }
}
