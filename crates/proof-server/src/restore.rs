//! `proof restore`: a backup becomes a database again, in another life of its installation.

mod found;

pub use found::rebuild;

use crate::{
    backup::{
        EngineName, FORMAT, MANIFEST_FILE, Manifest, Picture, audit, beside, failed, fingerprint,
        keep, sync_folder_of,
    },
    clock::{SystemClock, SystemEntropy},
    config::{database, sqlite_folder},
    lock::DataLock,
    partner::DatabaseArgs,
    postgres::Tools,
    say::say,
};
use anyhow::{Context, bail};
use clap::Args;
use found::Found;
use proof_core::{Clock, Entropy, Timestamp, time::random};
use proof_store::{Checkpoints, Db, Execution, Failure, Tx, postgres_epoch_raise, schema_known};
use std::{
    fs::{self, File},
    path::{Path, PathBuf},
};

#[derive(Args, Debug)]
pub struct RestoreArgs {
    #[command(flatten)]
    database: DatabaseArgs,
    /// The backup's folder; or the place with all of them: the last one, and what was shipped after it.
    #[arg(long)]
    from: PathBuf,
    /// Nothing that was written later (2026-11-25T03:04:05Z), if a place is named.
    #[arg(long)]
    until: Option<String>,
    /// Only proves that the backup is good; the database is not touched.
    #[arg(long)]
    verify: bool,
}

/// What goes beside a SQLite file, and would be taken for part of another one.
const COMPANIONS: [&str; 2] = ["-wal", "-shm"];

pub async fn run(args: RestoreArgs) -> anyhow::Result<()> {
    let target = Target {
        url: args.database.url()?,
        tools: args.database.postgres_tools()?,
    };
    let until = args.until.as_deref().map(|text| {
        let until = Timestamp::parse(text);
        until.context("--until is a time like 2026-11-25T03:04:05Z")
    });
    let found = Found::at(&args.from, until.transpose()?)?;
    if args.verify {
        let entries = found.verify(&target, &SystemEntropy).await?;
        let manifest = &found.manifest;
        return say(&format!(
            "{} is good: {} of {}, epoch {}, {} rows, {entries} entries, and the books balance.\n{}",
            found.folder.display(),
            manifest.engine.name(),
            manifest.taken_at,
            manifest.epoch,
            manifest.rows.values().sum::<i64>(),
            found.words(),
        ));
    }
    let restored = restore_found(&target, &found, SystemClock.now(), &SystemEntropy).await?;
    say(&format!(
        "Restored from {}, in epoch {}.\n{}\n\nWhat comes next:\n  1. Make sure that no other server of this installation runs.\n  2. The signer's folder stays as it is, with everything that it has signed since.\n  3. Start the server. It starts in recovery: it reads, and moves no money.\n  4. proof recovery show                    what happened outside since the backup\n  5. proof recovery accept --as OWNER       the owner takes it over, and the server goes on\n",
        restored.manifest.taken_at,
        restored.epoch,
        found.words(),
    ))
}

/// Where a backup goes.
#[derive(Clone, Debug)]
pub struct Target {
    pub url: String,
    pub tools: Option<PathBuf>,
}

#[derive(Clone, Debug)]
pub struct Restored {
    pub manifest: Manifest,
    pub epoch: i64,
}

impl Manifest {
    pub fn read(from: &Path) -> anyhow::Result<Self> {
        let path = from.join(MANIFEST_FILE);
        let text = fs::read(&path);
        let text = text.with_context(|| format!("{} is no backup", from.display()))?;
        let manifest: Self = serde_json::from_slice(&text)
            .with_context(|| format!("{} cannot be read", path.display()))?;
        if manifest.format > FORMAT {
            bail!("this backup was made by a later version; restore it with that one");
        }
        let known = schema_known();
        if manifest.schema > known {
            bail!(
                "this backup has schema {}, and this program knows {known}; restore it with the version that made it, or a later one",
                manifest.schema
            );
        }
        Ok(manifest)
    }

    pub fn dump(&self, from: &Path) -> anyhow::Result<PathBuf> {
        let name = Path::new(&self.dump);
        if name.file_name() != Some(name.as_os_str()) {
            bail!("the manifest names a file outside of its folder");
        }
        Ok(from.join(name))
    }

    fn agrees(&self, picture: &Picture) -> anyhow::Result<()> {
        for (table, rows) in &self.rows {
            let there = picture.contents.rows.get(table).copied().unwrap_or(0);
            if there != *rows {
                bail!("the manifest says {rows} rows in {table}, and there are {there}");
            }
        }
        let same = picture.contents.rows.len() == self.rows.len()
            && picture.contents.schema == self.schema
            && picture.installation == self.installation
            && picture.epoch == self.epoch
            && picture.books == self.books;
        if !same {
            bail!("the backup is not what its manifest says: schema, installation, epoch or books");
        }
        Ok(())
    }
}

impl Target {
    fn engine(&self) -> EngineName {
        EngineName::of(&self.url)
    }

    /// The whole proof: every byte, every count, and the books recomputed. Gives how many entries
    /// they have.
    pub async fn verify(
        &self,
        from: &Path,
        manifest: &Manifest,
        entropy: &dyn Entropy,
    ) -> anyhow::Result<u64> {
        let dump = manifest.dump(from)?;
        let (bytes, sha256) = fingerprint(&dump).await?;
        if bytes != manifest.bytes || sha256 != manifest.sha256 {
            bail!("{} is not the file that was written", dump.display());
        }
        if manifest.engine != self.engine() {
            bail!(
                "this is a backup of {}, and the configuration names a {} database",
                manifest.engine.name(),
                self.engine().name()
            );
        }
        match manifest.engine {
            EngineName::Sqlite => verify_sqlite(&dump, manifest).await,
            EngineName::Postgres => {
                let tools = Tools::new(self.tools.clone(), &self.url)?;
                // A database of its own beside the target, gone afterwards.
                let bytes: [u8; 8] = random(entropy);
                let name = format!("proof_verify_{:016x}", u64::from_be_bytes(bytes));
                let made = tools.say(&format!("CREATE DATABASE {name}")).await;
                made.context("a dump is proven in a database of its own, which cannot be made")?;
                let verified = verify_postgres(&tools.database(&name), &dump, manifest).await;
                tools.say(&format!("DROP DATABASE {name}")).await?;
                verified
            }
        }
    }
}

async fn verify_sqlite(dump: &Path, manifest: &Manifest) -> anyhow::Result<u64> {
    let (picture, entries) = look_sqlite(dump).await?;
    manifest.agrees(&picture)?;
    Ok(entries)
}

/// What is in a SQLite file that is whole, and whose books balance.
async fn look_sqlite(file: &Path) -> anyhow::Result<(Picture, u64)> {
    let db = Db::sqlite_still(file).await?;
    let looked = async {
        if let Some(damage) = db.sqlite_damage().await? {
            bail!("the database in it is damaged: {damage}");
        }
        Ok((Picture::look(&db).await?, audit(&db).await?))
    }
    .await;
    db.close().await;
    looked
}

async fn verify_postgres(tools: &Tools, dump: &Path, manifest: &Manifest) -> anyhow::Result<u64> {
    tools.restore(dump, "").await?;
    let db = Db::postgres_reading(tools.url()).await?;
    let verified = async {
        manifest.agrees(&Picture::look(&db).await?)?;
        audit(&db).await
    }
    .await;
    db.close().await;
    verified
}

/// Restores where nothing is, and raises the epoch in the same step.
pub async fn restore(
    target: &Target,
    from: &Path,
    now: Timestamp,
    entropy: &dyn Entropy,
) -> anyhow::Result<Restored> {
    restore_found(target, &Found::at(from, None)?, now, entropy).await
}

async fn restore_found(
    target: &Target,
    found: &Found,
    now: Timestamp,
    entropy: &dyn Entropy,
) -> anyhow::Result<Restored> {
    let manifest = found.manifest.clone();
    target.verify(&found.folder, &manifest, entropy).await?;
    let epoch = match target.engine() {
        EngineName::Sqlite => restore_sqlite(&target.url, found, now).await?,
        EngineName::Postgres => {
            let tools = Tools::new(target.tools.clone(), &target.url)?;
            restore_postgres(&tools, &manifest.dump(&found.folder)?, now).await?
        }
    };
    Ok(Restored { manifest, epoch })
}

async fn restore_sqlite(url: &str, found: &Found, now: Timestamp) -> anyhow::Result<i64> {
    let path = Path::new(url.strip_prefix("sqlite:").unwrap_or(url));
    let folder = sqlite_folder(url).context("this is no SQLite database")?;
    fs::create_dir_all(&folder)?;
    let _lock = DataLock::take(&folder)?;
    for ending in [""].into_iter().chain(COMPANIONS) {
        let there = with_ending(path, ending);
        if there.exists() {
            bail!(
                "{} exists: a restore never replaces a database; move it, and what begins with its name, to another place first",
                there.display()
            );
        }
    }
    let fresh = beside(path, "restoring")?;
    found.lay(&fresh).await?;
    let own = format!("sqlite:{}", fresh.display());
    let db = database(&own, Execution::Separate, Checkpoints::ByItself).await?;
    let raised = epoch_raise(&db, now).await;
    db.close().await;
    let epoch = raised?;
    for ending in COMPANIONS {
        if with_ending(&fresh, ending).exists() {
            bail!("the restored file was not closed; try again");
        }
    }
    File::open(&fresh)?.sync_all()?;
    // Only now is there a database, and it has the new epoch.
    fs::rename(&fresh, path)?;
    sync_folder_of(path)?;
    Ok(epoch)
}

async fn restore_postgres(tools: &Tools, dump: &Path, now: Timestamp) -> anyhow::Result<i64> {
    let db = Db::postgres_reading(tools.url()).await;
    let db = db.context("cannot open the PostgreSQL database; make an empty one first")?;
    let tables = db.tables().await;
    db.close().await;
    if !tables?.is_empty() {
        bail!("the database is not empty: a restore never replaces one; name an empty database");
    }
    tools.restore(dump, &postgres_epoch_raise(now)).await?;
    // Brings it to this program's schema.
    let db = database(tools.url(), Execution::Separate, Checkpoints::ByItself).await?;
    let picture = Picture::look(&db).await;
    db.close().await;
    Ok(picture?.epoch)
}

async fn epoch_raise(db: &Db, now: Timestamp) -> anyhow::Result<i64> {
    db.write("epoch_raise", move |tx: &mut Tx| {
        Box::pin(async move {
            tx.installation_epoch_raise(now).await?;
            let installation = tx.installation_load().await?;
            installation
                .map(|installation| installation.epoch)
                .ok_or_else(|| Failure::Refused("there is no installation in it".to_owned()))
        })
    })
    .await
    .map_err(failed)
}

/// A SQLite file and what belongs to it, if there is any.
pub fn remove(file: &Path) -> anyhow::Result<()> {
    for ending in [""].into_iter().chain(COMPANIONS) {
        match fs::remove_file(with_ending(file, ending)) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => return Err(error.into()),
            Ok(()) | Err(_) => {}
        }
    }
    Ok(())
}

fn with_ending(path: &Path, ending: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(ending);
    name.into()
}
