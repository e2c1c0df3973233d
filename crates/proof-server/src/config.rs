//! The configuration file of `proof serve`.

use crate::rails::SandboxConfig;
use anyhow::Context;
use proof_store::{Db, Execution};
use serde::Deserialize;
use std::{
    fs,
    net::SocketAddr,
    path::{Path, PathBuf},
};
use url::Url;

/// Connections to PostgreSQL that one server holds.
const CONNECTIONS_MAX: u32 = 16;

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Config {
    /// Where the server listens, `127.0.0.1:8080`.
    pub listen: SocketAddr,
    /// Under which URL partners and browsers reach it.
    pub base_url: Url,
    /// `postgres://…`, or `sqlite:PATH`.
    pub database: String,
    /// Folder of the signer's key and journal.
    pub signer: PathBuf,
    pub sandbox: Option<SandboxConfig>,
}

impl Config {
    pub fn read(path: &Path) -> anyhow::Result<Self> {
        let text = fs::read_to_string(path);
        let text = text.with_context(|| format!("cannot read {}", path.display()))?;
        toml::from_str(&text).with_context(|| format!("{} is not right", path.display()))
    }
}

/// Opens a database by its URL.
pub async fn database(url: &str) -> anyhow::Result<Db> {
    if let Some(path) = url.strip_prefix("sqlite:") {
        let path = Path::new(path);
        return Db::sqlite(path, Execution::Concurrent)
            .await
            .with_context(|| format!("cannot open {}", path.display()));
    }
    // The URL may carry a password: it is not repeated.
    Db::postgres(url, CONNECTIONS_MAX)
        .await
        .context("cannot open the PostgreSQL database")
}

/// The folder that a SQLite URL lives in, which one process may use at a time.
pub fn sqlite_folder(url: &str) -> Option<PathBuf> {
    let path = Path::new(url.strip_prefix("sqlite:")?);
    Some(
        path.parent()
            .filter(|p| !p.as_os_str().is_empty())
            .unwrap_or(Path::new("."))
            .into(),
    )
}
