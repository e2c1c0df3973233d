//! Continuous backup: the machine dies under load, and the other place alone is left. What it had been told
//! is there; what is torn, changed, missing or somebody else's is found.

use crate::server::{Server, post};
use futures::future::join_all;
use proof_core::{Clock, Timestamp};
use proof_server::clock::SystemClock;
use proof_store::{Checkpoints, Db, Execution};
use serde_json::{Value, json};
use std::{
    fs,
    os::unix::fs::{FileExt, symlink},
    path::{Path, PathBuf},
};
use tokio::process::Command;

/// Sessions at the same time, and how many rounds of them are waited for something.
const CLIENTS: usize = 16;
const BATCHES_MAX: usize = 1_500;

/// Some 4 MB of log each.
const ROUNDS: usize = 4;

/// Half a second between two looks, and a machine that is busy with other tests.
const LOST_SECONDS_MAX: i64 = 10;

/// A server says how it is every so many seconds, however fast it makes sessions meanwhile.
const TOLD_SECONDS_MAX: i64 = 120;

struct Other {
    dir: tempfile::TempDir,
}

impl Other {
    fn new() -> Self {
        let dir = tempfile::tempdir().unwrap();
        fs::create_dir(dir.path().join("elsewhere")).unwrap();
        Self { dir }
    }

    fn place(&self) -> PathBuf {
        self.dir.path().join("elsewhere")
    }

    async fn serve(&self, data: &Path) -> Server {
        let place = self.place();
        let place = place.to_str().unwrap();
        let more = ["--no-limits", "--backup-to", place, "--backup-continuous"];
        Server::start_with(data, 0, &more).await
    }

    /// Folders of whole backups, and of logs.
    fn folders(&self) -> (Vec<PathBuf>, Vec<PathBuf>) {
        let entries = fs::read_dir(self.place()).unwrap();
        let mut all: Vec<_> = entries.map(|entry| entry.unwrap().path()).collect();
        all.sort();
        let name = |path: &PathBuf| path.file_name().unwrap().to_str().unwrap().to_owned();
        let whole = all.iter().filter(|path| name(path).ends_with('Z'));
        let logs = all.iter().filter(|path| name(path).starts_with("log-"));
        (whole.cloned().collect(), logs.cloned().collect())
    }

    fn log(&self) -> PathBuf {
        self.folders().1.pop().unwrap()
    }

    /// How many pieces were added, which a line each says.
    fn pieces(&self) -> usize {
        let logs = self.folders().1;
        let files = logs.iter().flat_map(|log| files(log, "idx"));
        files
            .map(|file| fs::read_to_string(file).unwrap().lines().count() - 1)
            .sum()
    }

    /// The same files at another place, to be spoilt.
    fn copy(&self, name: &str) -> PathBuf {
        let to = self.dir.path().join(name);
        let copied = std::process::Command::new("cp")
            .arg("-r")
            .args([&self.place(), &to])
            .status();
        assert!(copied.unwrap().success());
        to
    }
}

fn files(log: &Path, ending: &str) -> Vec<PathBuf> {
    let entries = fs::read_dir(log).unwrap();
    let paths = entries.map(|entry| entry.unwrap().path());
    let mut files: Vec<_> = paths
        .filter(|path| path.extension().is_some_and(|own| own == ending))
        .collect();
    files.sort();
    files
}

/// A session, and when the server had said that it is there.
async fn session(server: &Server, user: String) -> (Timestamp, String) {
    let token = server.ready["partners"][0]["client_token"]
        .as_str()
        .unwrap();
    let body = json!({
        "partner_user_id": user, "user_email": format!("{user}@example.com"),
        "network": "TRC20", "currency": "USDT", "amount": "100", "type": "buy",
    });
    let made = post(&server.api(token), &["widget", "session"], body).await;
    let id = made["merchant_transaction_id"].as_str().unwrap();
    (SystemClock.now(), id.to_owned())
}

/// Load until something is seen; what the server said yes to.
async fn load(server: &Server, until: impl Fn() -> bool) -> Vec<(Timestamp, String)> {
    let mut made = Vec::new();
    for batch in 0..BATCHES_MAX {
        if until() {
            return made;
        }
        let all = (0..CLIENTS).map(|n| session(server, format!("user-{batch}-{n}")));
        made.extend(join_all(all).await);
    }
    panic!("it was never seen");
}

async fn readiness(server: &Server) -> String {
    let answer = server.api("").get(&["readyz"], &[]).await.unwrap();
    String::from_utf8(answer.into_bytes().to_vec()).unwrap()
}

/// Sessions are made all the same, until `/readyz` says something.
async fn until_told(server: &Server, wanted: impl Fn(&str) -> bool) -> String {
    let latest = SystemClock.now().plus_seconds(TOLD_SECONDS_MAX);
    let mut asked = 0;
    while SystemClock.now() < latest {
        let told = readiness(server).await;
        if wanted(&told) {
            return told;
        }
        // Each is some 45 pages of log. One after the other on a fast disk, they are as many as a build without optimisation reads.
        if asked % 10 == 0 {
            session(server, format!("told-{asked}")).await;
        }
        asked += 1;
    }
    panic!("it was never told, asked {asked} times");
}

/// Two sessions, so far apart that no look at the log reads both; when the first was there. A piece is dated by the beginning of the look
/// that read it, which may lie before the answer to what it read: whoever has the second is dated after the first.
async fn two_apart(server: &Server) -> Timestamp {
    let (first, _) = session(server, "first".to_owned()).await;
    for _ in 0..200 {
        readiness(server).await;
    }
    session(server, "second".to_owned()).await;
    first
}

/// `proof restore`, and what it says in either case.
async fn restore(data: &Path, from: &Path, more: &[&str]) -> (bool, String) {
    let config = data.join("restore.toml");
    let text = format!(
        "listen = \"127.0.0.1:1\"\nbase_url = \"http://127.0.0.1:1\"\ndatabase = \"sqlite:{}\"\nsigner = \"{}\"\n",
        data.join("proof.db").display(),
        data.join("signer").display()
    );
    fs::write(&config, text).unwrap();
    let mut command = Command::new(env!("CARGO_BIN_EXE_proof"));
    command.arg("restore").arg("--config").arg(config);
    let said = command
        .arg("--from")
        .arg(from)
        .args(more)
        .output()
        .await
        .unwrap();
    let text = [said.stdout, said.stderr].concat();
    (said.status.success(), String::from_utf8(text).unwrap())
}

/// What an operator's doctor says of a server and its other place.
async fn doctor(server: &Server, data: &Path, place: &Path) -> String {
    let (config, base) = (data.join("doctor.toml"), server.ready["base_url"].as_str());
    let base = base.unwrap();
    let listen = base.trim_start_matches("http://");
    let text = format!(
        "listen = \"{listen}\"\nbase_url = \"{base}\"\ndatabase = \"sqlite:{}\"\nsigner = \"signer\"\n[backup]\nto = \"{}\"\ncontinuous = true\n",
        data.join("proof.db").display(),
        place.display(),
    );
    fs::write(&config, text).unwrap();
    let mut command = Command::new(env!("CARGO_BIN_EXE_proof"));
    let said = command.arg("doctor").arg("--config").arg(config).output();
    String::from_utf8(said.await.unwrap().stdout).unwrap()
}

async fn is_refused(data: &Path, place: &Path, words: &str) -> String {
    let (good, said) = restore(data, place, &["--verify"]).await;
    assert!(!good && said.contains(words), "{said}");
    said
}

async fn is_good(data: &Path, place: &Path, more: &[&str]) -> String {
    let (good, said) = restore(data, place, &[&["--verify"], more].concat()).await;
    assert!(good && said.contains("the books balance"), "{said}");
    said
}

/// What a refusal says can still be had.
async fn rest_is_good(data: &Path, place: &Path, refusal: &str) {
    let (_, until) = refusal.split_once("--until ").unwrap();
    let until = until.split_whitespace().next().unwrap();
    is_good(data, place, &["--until", until]).await;
}

fn last_of(said: &str) -> Timestamp {
    let (_, at) = said.split_once("the last at ").unwrap();
    let at = at.lines().next().unwrap().trim_end_matches('.');
    Timestamp::parse(at).unwrap()
}

#[tokio::test]
async fn the_other_place_alone_has_what_was_acknowledged() {
    let (data, other) = (tempfile::tempdir().unwrap(), Other::new());
    let server = other.serve(data.path()).await;
    let enough = || {
        let (whole, logs) = other.folders();
        !whole.is_empty() && logs.iter().any(|log| files(log, "wal").len() >= ROUNDS)
    };
    let made = load(&server, enough).await;
    server.kill().await;
    let died = SystemClock.now();
    assert_eq!(other.folders().1.len(), 1, "one history");
    // The machine is gone; the signer's folder is elsewhere.
    fs::create_dir(data.path().join("lost")).unwrap();
    for file in ["proof.db", "proof.db-wal", "proof.db-shm"] {
        let lost = data.path().join("lost").join(file);
        fs::rename(data.path().join(file), lost).unwrap();
    }
    spoilt(data.path(), &other).await;
    let (good, said) = restore(data.path(), &other.place(), &[]).await;
    assert!(good, "{said}");
    let until = last_of(&said);
    let lost = died.millis_since(until) / 1_000;
    assert!(lost <= LOST_SECONDS_MAX, "{lost} s were lost");
    let server = Server::start_with(data.path(), 0, &["--no-limits"]).await;
    assert!(readiness(&server).await.contains("recovering"));
    let token = server.ready["partners"][0]["client_token"]
        .as_str()
        .unwrap();
    let api = server.api(token);
    let promised: Vec<_> = made.iter().filter(|(at, _)| *at < until).collect();
    assert!(
        promised.len() > CLIENTS,
        "{} of {}",
        promised.len(),
        made.len()
    );
    for some in promised.chunks(CLIENTS) {
        let found = some.iter().map(async |(_, id)| {
            let found = api.get(&["widget", "transactions", id], &[]).await;
            let found: Value = found.unwrap().json().unwrap();
            assert_eq!(found["merchant_transaction_id"], id.as_str(), "{found}");
        });
        join_all(found).await;
    }
    server.kill().await;
}

/// Where the last piece ends. What is behind it was being written when the server died.
fn end_of(log: &Path) -> u64 {
    let text = fs::read_to_string(files(log, "idx").pop().unwrap()).unwrap();
    let (whole, _) = text.rsplit_once('\n').unwrap();
    let (_, piece) = whole.lines().last().unwrap().split_once(' ').unwrap();
    let piece: Value = serde_json::from_str(piece).unwrap();
    piece["offset"].as_u64().unwrap() + piece["bytes"].as_u64().unwrap()
}

/// Each damage to a copy of its own.
async fn spoilt(data: &Path, other: &Other) {
    let log = other.log();
    let log = log.file_name().unwrap();
    let whole = last_of(&is_good(data, &other.place(), &[]).await);

    let place = other.copy("torn");
    // What was begun after the last piece that the index knows is no part of it.
    let last = files(&place.join(log), "idx").pop().unwrap();
    let last = last.with_extension("wal");
    let begun = files(&place.join(log), "wal");
    for begun in begun.iter().filter(|begun| **begun > last) {
        fs::remove_file(begun).unwrap();
    }
    let file = fs::File::options().write(true).open(&last).unwrap();
    file.set_len(end_of(&place.join(log)) - 100).unwrap();
    let said = is_good(data, &place, &[]).await;
    assert!(said.contains("was not written whole"), "{said}");
    assert!(last_of(&said) < whole);

    let place = other.copy("torn-index");
    let last = files(&place.join(log), "idx").pop().unwrap();
    let text = fs::read(&last).unwrap();
    fs::write(&last, &text[..text.len() - 10]).unwrap();
    assert!(last_of(&is_good(data, &place, &[]).await) < whole);

    let place = other.copy("missing");
    fs::remove_file(&files(&place.join(log), "wal")[1]).unwrap();
    let said = is_refused(data, &place, "round 2 of").await;
    rest_is_good(data, &place, &said).await;
    fs::remove_file(&files(&place.join(log), "idx")[1]).unwrap();
    is_refused(data, &place, "round 2 of").await;

    let place = other.copy("changed");
    let third = &files(&place.join(log), "wal")[2];
    let file = fs::File::options()
        .write(true)
        .read(true)
        .open(third)
        .unwrap();
    let mut byte = [0];
    file.read_exact_at(&mut byte, 70_000).unwrap();
    file.write_all_at(&[byte[0] ^ 1], 70_000).unwrap();
    let said = is_refused(data, &place, "is not what was written").await;
    rest_is_good(data, &place, &said).await;

    let place = other.copy("changed-index");
    let first = &files(&place.join(log), "idx")[0];
    let text = fs::read_to_string(first).unwrap();
    fs::write(first, text.replacen("\"at\":1", "\"at\":2", 1)).unwrap();
    is_refused(data, &place, "is not what was written").await;

    let place = other.copy("cut");
    let second = &files(&place.join(log), "idx")[1];
    let text = fs::read_to_string(second).unwrap();
    let lines: Vec<_> = text.lines().collect();
    fs::write(second, lines[..lines.len() - 1].join("\n") + "\n").unwrap();
    is_refused(data, &place, "does not go on from the round before").await;

    somebody_elses(data, other).await;
    let link = other.dir.path().join("link");
    symlink(other.place(), &link).unwrap();
    assert_eq!(last_of(&is_good(data, &link, &[]).await), whole);
    let left = fs::read_dir(data).unwrap();
    let left = left.filter(|entry| {
        let name = entry.as_ref().unwrap().file_name();
        name.to_string_lossy().starts_with("proof.db")
    });
    assert_eq!(left.count(), 0, "proofs leave nothing behind");
}

/// Pieces of another installation among ours, and its backups beside ours.
async fn somebody_elses(data: &Path, other: &Other) {
    let (theirs, their_data) = (Other::new(), tempfile::tempdir().unwrap());
    let server = theirs.serve(their_data.path()).await;
    load(&server, || {
        theirs.pieces() > 0 && !theirs.folders().0.is_empty()
    })
    .await;
    server.kill().await;
    let place = other.copy("mixed");
    let log = place.join(other.log().file_name().unwrap());
    // In the place of what was begun when the server died, if it had begun something.
    let next = files(&log, "idx").len() + 1;
    let their_log = theirs.log();
    for ending in ["wal", "idx"] {
        let last = files(&their_log, ending).pop().unwrap();
        fs::copy(last, log.join(format!("{next:010}.{ending}"))).unwrap();
    }
    let (good, said) = restore(data, &place, &["--verify"]).await;
    let found = said.contains("is not what was written") || said.contains("another installation");
    assert!(!good && found, "{said}");
    let place = other.copy("beside");
    let whole = theirs.folders().0.pop().unwrap();
    let mut name = whole.file_name().unwrap().to_owned();
    if place.join(&name).exists() {
        name = "2026-01-01T00-00-00Z".into();
    }
    fs::rename(&whole, place.join(name)).unwrap();
    is_refused(data, &place, "several installations").await;
}

#[tokio::test]
async fn a_history_goes_on_through_restarts_and_a_place_that_was_away() {
    let (data, other) = (tempfile::tempdir().unwrap(), Other::new());
    let mut server = other.serve(data.path()).await;
    load(&server, || !other.folders().0.is_empty()).await;
    for kill in [false, true] {
        if kill {
            server.kill().await;
        } else {
            server.stop().await;
        }
        let before = other.pieces();
        server = other.serve(data.path()).await;
        load(&server, || other.pieces() > before).await;
    }
    let (whole, logs) = other.folders();
    assert_eq!((whole.len(), logs.len()), (1, 1), "nothing was begun anew");

    let told = doctor(&server, data.path(), &other.place()).await;
    for line in [
        "ok       server",
        "warning  place",
        "ok       backup",
        "ok       whole",
    ] {
        assert!(told.contains(line), "{line}: {told}");
    }
    assert!(told.contains(" s old, 60 s allowed"), "{told}");

    // A second server does not come in, and leaves everything as it is.
    let second = Command::new(env!("CARGO_BIN_EXE_proof"))
        .args([
            "dev", "--port", "0", "--shop", "/nowhere", "--json", "--data",
        ])
        .arg(data.path())
        .output();
    let second = second.await.unwrap();
    assert!(!second.status.success());
    assert!(String::from_utf8_lossy(&second.stderr).contains("another proof process"));

    let away = other.dir.path().join("away");
    fs::rename(other.place(), &away).unwrap();
    let told = until_told(&server, |told| told.contains("is not there")).await;
    assert!(told.starts_with("ready\n"), "{told}");
    let told = doctor(&server, data.path(), &other.place()).await;
    assert!(told.contains("problem  place"), "{told}");
    assert!(
        told.contains("60 s allowed: the other place is not there"),
        "{told}"
    );
    fs::rename(&away, other.place()).unwrap();
    until_told(&server, |told| !told.contains("is not there")).await;
    let before = other.pieces();
    load(&server, || other.pieces() > before).await;
    let made = two_apart(&server).await;
    server.stop().await;
    let (whole, logs) = other.folders();
    assert_eq!((whole.len(), logs.len()), (1, 1), "nothing was begun anew");
    // What was written until the end is there, too.
    let last = last_of(&is_good(data.path(), &other.place(), &[]).await);
    assert!(last > made);

    // Somebody opens the database with a program of their own, which moves its log.
    let path = data.path().join("proof.db");
    let own = Db::sqlite_with(&path, Execution::Separate, Checkpoints::ByItself);
    own.await.unwrap().close().await;
    let server = other.serve(data.path()).await;
    load(&server, || other.folders().0.len() == 2).await;
    assert_eq!(other.folders().1.len(), 2, "another history");
    server.stop().await;
    let last = last_of(&is_good(data.path(), &other.place(), &[]).await);
    assert!(last > made);
}
