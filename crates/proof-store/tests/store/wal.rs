//! SQLite's write-ahead log, read beside a database that is written.

use crate::kit::{NOW, both, engine_name};
use proof_core::secret::Secret;
use proof_store::{
    Checkpoints, Db, Engine, Execution, Failure, Readers, Tx, Wal, WalMark, WalSeen,
};
use std::{
    fs,
    path::{Path, PathBuf},
};
use uuid::Uuid;

/// Less than a database transaction of some pages, so that one piece is longer than what is asked for.
const MOST: usize = 8 * 1024;

async fn opened(path: &Path, checkpoints: Checkpoints) -> Db {
    let db = Db::sqlite_with(path, Execution::Separate, checkpoints).await;
    db.unwrap()
}

/// A database transaction; `false`: rolled back.
async fn written(db: &Db, heartbeats: std::ops::Range<u32>, keep: bool) {
    let done = db
        .write("test", move |tx: &mut Tx| {
            let heartbeats = heartbeats.clone();
            Box::pin(async move {
                for n in heartbeats {
                    let name = format!("{n:0>1000}");
                    tx.heartbeat_save(&name, NOW).await?;
                }
                if keep {
                    Ok(())
                } else {
                    Err(Failure::Refused(()))
                }
            })
        })
        .await;
    assert_eq!(done.is_ok(), keep);
}

fn there(path: &Path) -> Wal {
    match Wal::look(path).unwrap() {
        WalSeen::There(wal) => wal,
        seen => panic!("{seen:?}"),
    }
}

/// Everything, in pieces, with the mark behind each.
fn pieces(path: &Path) -> Vec<(Vec<u8>, WalMark)> {
    let wal = there(path);
    let first = wal.read_first(MOST).unwrap();
    let mut pieces = vec![(first.bytes, first.mark)];
    loop {
        let mark = pieces.last().unwrap().1;
        assert!(wal.holds(mark).unwrap());
        let read = wal.read(mark, MOST).unwrap();
        if read.bytes.is_empty() {
            return pieces;
        }
        pieces.push((read.bytes, read.mark));
    }
}

async fn heartbeats(path: &Path) -> i64 {
    let db = Db::sqlite_reading(path).await.unwrap();
    let contents = db.read("test", |tx: &mut Tx| {
        Box::pin(async move { Ok::<_, Failure<()>>(tx.contents().await?) })
    });
    let contents = contents.await.unwrap();
    assert_eq!(db.sqlite_damage().await.unwrap(), None);
    db.close().await;
    contents.rows["heartbeats"]
}

/// The database file with so many pieces of its log beside it.
async fn rebuilt(database: &Path, pieces: &[(Vec<u8>, WalMark)]) -> i64 {
    let dir = tempfile::tempdir().unwrap();
    let copy = dir.path().join("copy.db");
    fs::copy(database, &copy).unwrap();
    let log: Vec<u8> = pieces.iter().flat_map(|(bytes, _)| bytes.clone()).collect();
    fs::write(Wal::path(&copy), &log).unwrap();
    let frames = there(&copy).frames_in(log.len() as u64);
    let moved = Db::sqlite_take_over(&copy).await.unwrap();
    assert!(moved.is_whole() && moved.frames == frames, "{moved:?}");
    assert!(!Wal::path(&copy).exists());
    heartbeats(&copy).await
}

fn folder() -> (tempfile::TempDir, PathBuf) {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("proof.db");
    (dir, path)
}

#[tokio::test]
async fn each_piece_ends_with_a_commit_and_leads_to_what_the_database_was() {
    let (_dir, path) = folder();
    let db = opened(&path, Checkpoints::Asked).await;
    // Everything so far is in the file, which stands still from here on.
    assert!(db.sqlite_log_empty().await.unwrap());
    assert!(matches!(Wal::look(&path).unwrap(), WalSeen::Empty));
    for n in 0..6 {
        written(&db, n * 10..n * 10 + 10, true).await;
        written(&db, 1000..1010, false).await;
    }
    // More pages than SQLite's cache has: it writes them before it knows that they are rolled back.
    written(&db, 2000..14_000, false).await;
    let all = pieces(&path);
    assert!(all.len() >= 6, "{}", all.len());
    let mut seen = Vec::new();
    for most in 1..=all.len() {
        seen.push(rebuilt(&path, &all[..most]).await);
    }
    assert!(seen.is_sorted(), "{seen:?}");
    assert_eq!(seen.last(), Some(&60));
    db.close().await;
}

#[tokio::test]
async fn what_is_half_written_or_changed_is_not_read() {
    let (_dir, path) = folder();
    let db = opened(&path, Checkpoints::Asked).await;
    assert!(db.sqlite_log_empty().await.unwrap());
    for n in 0..5 {
        written(&db, n * 10..n * 10 + 10, true).await;
    }
    let all = pieces(&path);
    let whole = fs::read(Wal::path(&path)).unwrap();
    let copy = path.with_extension("copy");
    let ends: Vec<u64> = all.iter().map(|(_, mark)| mark.offset).collect();
    for cut in (0..whole.len()).step_by(2_503) {
        fs::write(Wal::path(&copy), &whole[..cut]).unwrap();
        let seen = Wal::look(&copy).unwrap();
        if cut < 32 {
            assert!(!matches!(seen, WalSeen::There(_)), "{cut}");
            continue;
        }
        let read = there(&copy)
            .read_first(whole.len())
            .map(|read| read.bytes.len());
        let read = read.unwrap() as u64;
        assert!(
            read <= cut as u64 && (read == 0 || ends.contains(&read)),
            "{cut}: {read}"
        );
        let mut changed = whole.clone();
        changed[cut] ^= 1;
        fs::write(Wal::path(&copy), &changed).unwrap();
        let read = there(&copy).read_first(whole.len()).unwrap().bytes.len();
        assert!(read <= cut, "a changed byte at {cut} was read");
    }
    db.close().await;
}

#[tokio::test]
async fn the_log_stays_until_somebody_asks() {
    let (_dir, path) = folder();
    let db = opened(&path, Checkpoints::Asked).await;
    for n in 0..10 {
        // SQLite itself would have moved it after 1,000 pages.
        written(&db, n * 300..n * 300 + 300, true).await;
    }
    let all = pieces(&path);
    let mark = all.last().unwrap().1;
    assert!(there(&path).frames_in(mark.offset) > 1_000);
    db.close().await;
    assert!(there(&path).holds(mark).unwrap(), "closing moves nothing");
    // Whoever opens it again goes on in the same round.
    let db = opened(&path, Checkpoints::Asked).await;
    written(&db, 3_000..3_001, true).await;
    let wal = there(&path);
    assert!(wal.holds(mark).unwrap());
    assert!(wal.read(mark, MOST).unwrap().mark.offset > mark.offset);
    // It is asked who reads it, while nobody writes.
    let asked = db.sqlite_checkpoint(Readers::Passed, || Ok::<_, proof_store::StoreError>(false));
    assert_eq!(asked.await.unwrap(), None);
    let asked = db.sqlite_checkpoint(Readers::Passed, || Ok::<_, proof_store::StoreError>(true));
    let moved = asked.await.unwrap().unwrap();
    assert!(moved.is_whole());
    assert_eq!(
        moved.frames,
        wal.frames_in(fs::metadata(Wal::path(&path)).unwrap().len())
    );
    written(&db, 3_001..3_002, true).await;
    let anew = there(&path);
    assert_ne!(anew.header.salts, wal.header.salts, "SQLite begins anew");
    assert!(!anew.holds(mark).unwrap());
    db.close().await;
    let db = opened(&path, Checkpoints::ByItself).await;
    db.close().await;
    assert!(!Wal::path(&path).exists(), "SQLite itself leaves none");
    assert_eq!(heartbeats(&path).await, 3_002);
}

/// Less than SQLite's own measure, where it is left to do it itself beside us.
const PAGES: u64 = 12_000;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_log_is_moved_beside_whoever_writes_also_while_somebody_always_does() {
    let (_dir, path) = folder();
    let db = Db::sqlite(&path, Execution::Concurrent).await.unwrap();
    written(&db, 0..1, true).await;
    let first = there(&path).header.salts;
    let log = || fs::metadata(Wal::path(&path)).unwrap().len();
    for n in 0.. {
        written(&db, n * 50..(n + 1) * 50, true).await;
        let wal = there(&path);
        if wal.header.salts != first {
            break;
        }
        assert!(wal.frames_in(log()) < PAGES, "nobody moves it");
    }
    let busy = (0..8).map(|one| {
        let db = db.clone();
        async move {
            for n in 0..100 {
                written(&db, (one * 100 + n) * 50..(one * 100 + n + 1) * 50, true).await;
            }
        }
    });
    futures::future::join_all(busy).await;
    let wal = there(&path);
    assert!(wal.frames_in(log()) < PAGES, "{}", wal.frames_in(log()));
    db.close().await;
    assert!(!Wal::path(&path).exists());
    assert_eq!(heartbeats(&path).await, 40_000);
}

/// What SQLite says of itself.
async fn told(question: &'static str) -> Vec<String> {
    let (_dir, path) = folder();
    let db = Db::sqlite(&path, Execution::Concurrent).await.unwrap();
    let Engine::Sqlite { writer, .. } = db.engine() else {
        panic!("it is a file");
    };
    let told = sqlx::query_scalar(question).fetch_all(writer).await;
    db.close().await;
    told.unwrap()
}

/// What moves the log beside whoever writes relies on it.
#[tokio::test]
async fn sqlite_is_one_whose_log_may_be_moved_by_another_connection() {
    let versions = told("SELECT sqlite_version()").await;
    let parts: Vec<u32> = versions[0].split('.').map(|n| n.parse().unwrap()).collect();
    assert!(parts >= vec![3, 51, 3], "{versions:?}");
}

/// A statement has one plan, whatever is bound to it (`.cargo/config.toml`): with a plan for each value most of ours are prepared
/// again for each run, which is half of what SQLite does.
#[tokio::test]
async fn sqlite_keeps_a_statements_plan() {
    let options = told("PRAGMA compile_options").await;
    assert!(
        options.iter().any(|one| one == "ENABLE_QPSG"),
        "{options:?}"
    );
}

#[tokio::test]
async fn only_postgres_archives_by_itself() {
    for fresh in both().await {
        let archiving = fresh.db.archiving().await.unwrap();
        let is_postgres = engine_name(&fresh.db) == "postgres";
        assert_eq!(archiving.is_some(), is_postgres);
        // As clusters are when nobody has set it up.
        assert!(archiving.is_none_or(|of| !of.is_on && of.last_seconds.is_none() && !of.fails));
        fresh.db.close().await;
    }
}

#[tokio::test]
async fn a_reader_keeps_sqlite_from_beginning_anew() {
    let (_dir, path) = folder();
    let db = opened(&path, Checkpoints::Asked).await;
    written(&db, 0..10, true).await;
    let writer = db.clone();
    db.read("test", move |tx: &mut Tx| {
        let (writer, path) = (writer.clone(), path.clone());
        Box::pin(async move {
            tx.installation_load().await?;
            written(&writer, 10..20, true).await;
            let salts = there(&path).header.salts;
            let asked = writer
                .sqlite_checkpoint(Readers::Passed, || Ok::<_, proof_store::StoreError>(true));
            let moved = asked.await?.unwrap();
            assert!(
                !moved.is_whole(),
                "the reader does not see it yet: {moved:?}"
            );
            assert!(!writer.sqlite_log_empty().await?);
            written(&writer, 20..30, true).await;
            assert_eq!(there(&path).header.salts, salts);
            Ok::<_, Failure<()>>(())
        })
    })
    .await
    .unwrap();
    assert!(db.sqlite_log_empty().await.unwrap());
    let id = Uuid::from_u128(1);
    db.write("test", move |tx: &mut Tx| {
        Box::pin(async move {
            let made = tx.installation_insert(id, &Secret::new("s"), NOW).await;
            Ok::<_, Failure<()>>(made?)
        })
    })
    .await
    .unwrap();
    db.close().await;
}
