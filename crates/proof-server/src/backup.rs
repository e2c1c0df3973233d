//! `proof backup`: a whole copy of the database, taken while the server goes on.

pub mod log;
pub mod place;
pub mod schedule;
pub mod ship;
pub mod shipping;

use crate::{clock::SystemClock, partner::DatabaseArgs, postgres::Tools, say::say};
use anyhow::{Context, bail};
use clap::Args;
use log::LogAt;
use proof_core::{Clock, Timestamp};
use proof_engine::ledger_audit;
use proof_store::{Balance, Contents, Db, Failure, Installation, Tx};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use ship::Still;
use std::{
    collections::BTreeMap,
    fs::{self, File},
    io::{Read, Write},
    os::unix::fs::{DirBuilderExt, FileExt, OpenOptionsExt, PermissionsExt},
    path::{Path, PathBuf},
    sync::Arc,
};
use uuid::Uuid;

/// How a backup is laid out. A later one is not read by an older program.
pub const FORMAT: u32 = 1;
pub const MANIFEST_FILE: &str = "manifest.json";

const CHUNK: usize = 1024 * 1024;

#[derive(Args, Debug)]
pub struct BackupArgs {
    #[command(flatten)]
    database: DatabaseArgs,
    /// The backup's folder; it must not exist yet.
    #[arg(long)]
    to: PathBuf,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum EngineName {
    Sqlite,
    Postgres,
}

impl EngineName {
    pub fn of(url: &str) -> Self {
        if url.starts_with("sqlite:") {
            Self::Sqlite
        } else {
            Self::Postgres
        }
    }

    pub const fn name(self) -> &'static str {
        match self {
            Self::Sqlite => "SQLite",
            Self::Postgres => "PostgreSQL",
        }
    }

    pub const fn dump_file(self) -> &'static str {
        match self {
            Self::Sqlite => "proof.db",
            Self::Postgres => "proof.dump",
        }
    }
}

/// What a backup holds, and how to tell that it still does.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Manifest {
    pub format: u32,
    pub engine: EngineName,
    /// Number of the last migration.
    pub schema: i64,
    pub installation: Uuid,
    pub epoch: i64,
    pub taken_at: String,
    pub dump: String,
    pub bytes: u64,
    pub sha256: String,
    pub rows: BTreeMap<String, i64>,
    /// Of each unit: how many accounts, and the sum of those that are in debit, in base units.
    pub books: BTreeMap<String, Book>,
    /// Higher than that of each backup that was at the place before; 0, if a person took it.
    #[serde(default)]
    pub number: u64,
    /// What was written after it is shipped there.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub log: Option<LogAt>,
}

impl Manifest {
    /// The copy in this folder is good by itself; what is said to lead on from it is not.
    pub fn forget_log(mut self, folder: &Path) -> anyhow::Result<Self> {
        self.log = None;
        let fresh = beside(&folder.join(MANIFEST_FILE), "new")?;
        write_new(&fresh, &serde_json::to_vec_pretty(&self)?)?;
        fs::rename(&fresh, folder.join(MANIFEST_FILE))?;
        sync_folder_of(&folder.join(MANIFEST_FILE))?;
        Ok(self)
    }
}

#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub struct Book {
    pub accounts: u64,
    pub debit: String,
}

/// What one look at a database says of it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Picture {
    pub contents: Contents,
    pub installation: Uuid,
    pub epoch: i64,
    pub books: BTreeMap<String, Book>,
}

impl Picture {
    /// In the same database transaction, so that it is one moment.
    pub async fn of(tx: &mut Tx) -> Result<Self, Failure<String>> {
        let installation = tx.installation_load().await?;
        let installation = installation.ok_or_else(|| {
            Failure::Refused("there is no installation in this database".to_owned())
        })?;
        Ok(Self {
            contents: tx.contents().await?,
            installation: installation.id,
            epoch: installation.epoch,
            books: books(&tx.ledger_balances().await?)?,
        })
    }

    pub async fn look(db: &Db) -> anyhow::Result<Self> {
        let looked = db.read("picture", |tx: &mut Tx| Box::pin(Self::of(tx)));
        looked.await.map_err(failed)
    }
}

fn books(balances: &[Balance]) -> Result<BTreeMap<String, Book>, Failure<String>> {
    let mut sums: BTreeMap<String, (u64, i128)> = BTreeMap::new();
    for balance in balances {
        let (accounts, debit) = sums.entry(balance.unit.clone()).or_default();
        *accounts += 1;
        let sum = debit.checked_add(balance.amount.max(0));
        *debit =
            sum.ok_or_else(|| Failure::Refused("the books are too large to add up".to_owned()))?;
    }
    let book = |(unit, (accounts, debit)): (String, (u64, i128))| {
        let debit = debit.to_string();
        (unit, Book { accounts, debit })
    };
    Ok(sums.into_iter().map(book).collect())
}

pub fn failed(failure: Failure<String>) -> anyhow::Error {
    match failure {
        Failure::Store(error) => anyhow::Error::new(error),
        Failure::Refused(words) => anyhow::Error::msg(words),
    }
}

pub async fn run(args: BackupArgs) -> anyhow::Result<()> {
    let url = args.database.url()?;
    let tools = args.database.postgres_tools()?;
    let manifest = backup(&url, tools, &args.to, SystemClock.now()).await?;
    let rows: i64 = manifest.rows.values().sum();
    say(&format!(
        "{}: {} of {}, {rows} rows, {} bytes, epoch {}\n\nThe signer's folder is not part of it: it is never copied back from an earlier time.\n",
        args.to.display(),
        manifest.engine.name(),
        manifest.taken_at,
        manifest.bytes,
        manifest.epoch,
    ))
}

/// What a backup is made of.
pub enum Source<'a> {
    /// The database behind a URL, also of a running server.
    Database {
        url: &'a str,
        tools: Option<PathBuf>,
    },
    /// A SQLite file that stands still, page by page: what is shipped goes on from these.
    File { file: Still, at: LogAt },
}

/// Copies the database behind `url` into the new folder `to`.
pub async fn backup(
    url: &str,
    tools: Option<PathBuf>,
    to: &Path,
    now: Timestamp,
) -> anyhow::Result<Manifest> {
    copy(Source::Database { url, tools }, to, now, 0).await
}

pub async fn copy(
    source: Source<'_>,
    to: &Path,
    now: Timestamp,
    number: u64,
) -> anyhow::Result<Manifest> {
    if to.exists() {
        bail!(
            "{} exists already; each backup has a folder of its own",
            to.display()
        );
    }
    // Under another name until it is whole: half a backup is never taken for one.
    let partial = beside(to, "partial")?;
    if partial.exists() {
        fs::remove_dir_all(&partial)
            .with_context(|| format!("cannot remove {}", partial.display()))?;
    }
    let made = fs::DirBuilder::new().mode(0o700).create(&partial);
    made.with_context(|| format!("cannot make {}", partial.display()))?;
    let engine = match &source {
        Source::Database { url, .. } => EngineName::of(url),
        Source::File { .. } => EngineName::Sqlite,
    };
    let dump = partial.join(engine.dump_file());
    let mut log = None;
    let picture = match (source, engine) {
        (Source::File { file, at }, _) => {
            log = Some(at);
            copy_file(file, &dump).await?
        }
        (Source::Database { url, .. }, EngineName::Sqlite) => copy_sqlite(url, &dump).await?,
        (Source::Database { url, tools }, EngineName::Postgres) => {
            copy_postgres(&Tools::new(tools, url)?, url, &dump).await?
        }
    };
    let (bytes, sha256) = fingerprint(&dump).await?;
    let manifest = Manifest {
        format: FORMAT,
        engine,
        schema: picture.contents.schema,
        installation: picture.installation,
        epoch: picture.epoch,
        taken_at: now.to_contract(),
        dump: engine.dump_file().to_owned(),
        bytes,
        sha256,
        rows: picture.contents.rows,
        books: picture.books,
        number,
        log,
    };
    keep(&dump)?;
    write_new(
        &partial.join(MANIFEST_FILE),
        &serde_json::to_vec_pretty(&manifest)?,
    )?;
    File::open(&partial)?.sync_all()?;
    fs::rename(&partial, to).with_context(|| format!("cannot rename to {}", to.display()))?;
    sync_folder_of(to)?;
    Ok(manifest)
}

async fn copy_sqlite(url: &str, dump: &Path) -> anyhow::Result<Picture> {
    let path = Path::new(url.strip_prefix("sqlite:").unwrap_or(url));
    let db = Db::sqlite_reading(path).await;
    let db = db.with_context(|| format!("cannot read {}", path.display()))?;
    let copied = db.sqlite_copy(dump).await;
    db.close().await;
    copied.context("the database cannot be copied")?;
    picture_of(dump).await
}

/// What is said of a copy is read from the copy.
async fn picture_of(dump: &Path) -> anyhow::Result<Picture> {
    let copy = Db::sqlite_still(dump).await?;
    let picture = Picture::look(&copy).await;
    copy.close().await;
    picture
}

async fn copy_file(file: Still, dump: &Path) -> anyhow::Result<Picture> {
    let to = dump.to_owned();
    let copied = tokio::task::spawn_blocking(move || copy_now(&file, &to));
    copied.await?.context("the database cannot be copied")?;
    picture_of(dump).await
}

fn copy_now(file: &File, to: &Path) -> anyhow::Result<()> {
    let mut options = File::options();
    let mut to = options.write(true).create_new(true).mode(0o600).open(to)?;
    let (mut chunk, mut offset) = (vec![0; CHUNK], 0_u64);
    loop {
        let read = file.read_at(&mut chunk, offset)?;
        if read == 0 {
            return Ok(to.sync_all()?);
        }
        to.write_all(&chunk[..read])?;
        offset += u64::try_from(read)?;
    }
}

/// Whose database it is.
pub async fn installation(db: &Db) -> anyhow::Result<Installation> {
    let loaded = db.read("installation", |tx: &mut Tx| {
        Box::pin(async move {
            let installation = tx.installation_load().await?;
            installation
                .ok_or_else(|| Failure::Refused("there is no installation in it".to_owned()))
        })
    });
    loaded.await.map_err(failed)
}

async fn copy_postgres(tools: &Tools, url: &str, dump: &Path) -> anyhow::Result<Picture> {
    let db = Db::postgres_reading(url).await;
    let db = db.context("cannot open the PostgreSQL database")?;
    let (tools, dump) = (Arc::new(tools.clone()), dump.to_owned());
    // The dump is of the moment that the counts are of.
    let copied = db
        .read("backup", move |tx: &mut Tx| {
            let (tools, dump) = (Arc::clone(&tools), dump.clone());
            Box::pin(async move {
                let snapshot = tx.snapshot_export().await?;
                let picture = Picture::of(tx).await?;
                let dumped = tools.dump(&snapshot, &dump).await;
                dumped.map_err(|error| Failure::Refused(format!("{error:#}")))?;
                Ok(picture)
            })
        })
        .await;
    db.close().await;
    copied.map_err(failed)
}

/// A folder's or a file's name with something behind it, in the same folder.
pub fn beside(path: &Path, ending: &str) -> anyhow::Result<PathBuf> {
    let name = path.file_name();
    let name = name.with_context(|| format!("{} has no name", path.display()))?;
    let mut other = name.to_owned();
    other.push(".");
    other.push(ending);
    Ok(path.with_file_name(other))
}

/// Size and hash. A large file takes a while, and the server goes on meanwhile.
pub async fn fingerprint(path: &Path) -> anyhow::Result<(u64, String)> {
    let path = path.to_owned();
    tokio::task::spawn_blocking(move || fingerprint_now(&path)).await?
}

fn fingerprint_now(path: &Path) -> anyhow::Result<(u64, String)> {
    let file = File::open(path);
    let mut file = file.with_context(|| format!("cannot read {}", path.display()))?;
    let (mut digest, mut bytes) = (Sha256::new(), 0_u64);
    let mut chunk = vec![0; CHUNK];
    loop {
        let read = file.read(&mut chunk)?;
        if read == 0 {
            break;
        }
        digest.update(&chunk[..read]);
        bytes += u64::try_from(read)?;
    }
    Ok((bytes, log::hex_of(&digest.finalize())))
}

/// The copy holds what the database holds: its owner alone may read it, and it has to survive.
pub fn keep(path: &Path) -> anyhow::Result<()> {
    fs::set_permissions(path, fs::Permissions::from_mode(0o600))?;
    Ok(File::open(path)?.sync_all()?)
}

fn write_new(path: &Path, bytes: &[u8]) -> anyhow::Result<()> {
    let mut options = File::options();
    let file = options.write(true).create_new(true).mode(0o600).open(path);
    let mut file = file.with_context(|| format!("cannot write {}", path.display()))?;
    file.write_all(bytes)?;
    Ok(file.sync_all()?)
}

/// A new name has to survive a crash as well.
pub fn sync_folder_of(path: &Path) -> anyhow::Result<()> {
    let folder = path.parent().filter(|p| !p.as_os_str().is_empty());
    Ok(File::open(folder.unwrap_or(Path::new(".")))?.sync_all()?)
}

/// Whether books that were read add up, in words.
pub async fn audit(db: &Db) -> anyhow::Result<u64> {
    let audited = ledger_audit(db).await?;
    if let Some(first) = audited.mismatches.first() {
        bail!("the books in it do not balance: {first}");
    }
    Ok(audited.entries)
}
