//! The server looks at itself: what is wrong is told once and ends by itself, and whoever routes calls
//! or counts things is told the truth.

use crate::buyer::{Buyer, GOOD_CARD};
use crate::console::sql;
use crate::kit::{Answer, App, BACKUP_EVERY_MINUTES};
use crate::live::{live_session, live_session_refused, opened};
use crate::on_both_engines;
use crate::people::Person;
use crate::recovery::{accepted, backed_up, restored, target};
use axum::body::Body;
use http::Request;
use proof_core::partner::Environment;
use proof_core::{Asset, Network, member::Role, money::Amount, order::CAPTURING_SECONDS_MAX};
use proof_engine::{Behind, Late};
use proof_server::backup::{
    EngineName, Picture,
    schedule::{BackupConfig, Schedule},
    shipping::Shipping,
};
use serde_json::{Value, json};
use sqlx::{ConnectOptions, Connection, sqlite::SqliteConnectOptions};
use std::{
    fs,
    path::{Path, PathBuf},
    sync::Arc,
};
use tower::ServiceExt;

on_both_engines!(
    an_order_that_does_not_get_on_is_told_until_it_does,
    a_wallet_that_runs_low_is_told_until_it_is_filled,
    who_has_an_alert_in_hand_is_told_until_it_is_over,
    a_webhook_that_takes_nothing_is_told_until_it_does,
    an_order_that_waits_for_people_is_told_at_once,
    a_server_says_what_it_is_not_ready_for,
    a_server_whose_workers_stopped_is_not_ready,
    a_server_that_comes_back_is_ready_for_what_waited,
    a_restored_server_is_not_ready_until_it_is_accepted,
    backups_are_taken_proven_and_the_oldest_removed,
    a_backup_that_fails_is_told_and_takes_nothing_away,
    continuous_backup_that_is_behind_is_told_and_holds_real_money_back,
    real_money_in_a_file_needs_continuous_backup,
    metrics_count_and_name_nobody,
);

/// What the page shows; whoever looks at it would be signed out by the time that is skipped here.
async fn page(app: &App) -> Value {
    let page = app.app.engine.health_page().await.unwrap();
    serde_json::to_value(page).unwrap()
}

async fn open_alerts(app: &App) -> Vec<Value> {
    app.app.engine.health_look().await.unwrap();
    page(app).await["alerts"].as_array().unwrap().clone()
}

pub async fn alert(app: &App, kind: &str, subject: &str) -> Option<Value> {
    let open = open_alerts(app).await;
    let mut own = open
        .into_iter()
        .filter(|one| one["kind"] == kind && one["subject"] == subject);
    let found = own.next();
    assert_eq!(own.next(), None, "{kind} {subject} is open twice");
    found
}

async fn until_told(app: &App, kind: &str, subject: &str) -> Value {
    let what = format!("{kind} {subject} is told");
    app.until(&what, || alert(app, kind, subject)).await
}

async fn until_over(app: &App, kind: &str, subject: &str) {
    let over = || async {
        let none = alert(app, kind, subject).await.is_none();
        none.then_some(())
    };
    let what = format!("{kind} {subject} is over");
    app.until(&what, over).await;
    let page = page(app).await;
    let closed = page["closed"].as_array().unwrap();
    let ended = closed
        .iter()
        .any(|one| one["kind"] == kind && one["subject"] == subject && !one["closed_at"].is_null());
    assert!(ended, "{page}");
}

async fn until_capture_was_tried(app: &App) {
    let tried = || async { (app.outside.calls_of("/capture") > 0).then_some(()) };
    app.until("the capture was tried", tried).await;
}

async fn an_order_that_does_not_get_on_is_told_until_it_does(app: &App) {
    let buyer = Buyer::verified(app, "user-1").await;
    app.outside.down.lock().unwrap().insert("/capture");
    assert_eq!(buyer.pay(GOOD_CARD).await.status, 200);
    until_capture_was_tried(app).await;
    app.outside.down.lock().unwrap().insert("cards.test");
    let order = buyer.order().to_string();
    assert_eq!(alert(app, "order_stuck", &order).await, None, "not yet");
    app.clock.skip(31 * 60);
    let stuck = until_told(app, "order_stuck", &order).await;
    assert_eq!(stuck["order"], buyer.id.as_str());
    let headline = stuck["headline"].as_str().unwrap();
    let why = "An order does not get on from capturing: sandbox: ";
    assert!(headline.starts_with(why), "{headline}");
    assert!(!stuck["advice"].as_str().unwrap().is_empty());
    // The rail is told as well, and it is the same alert at each look.
    let down = until_told(app, "rail_down", "test payments").await;
    assert_eq!(until_told(app, "rail_down", "test payments").await, down);
    let page = page(app).await;
    let rails = page["rails"].as_array().unwrap();
    let payments = rails
        .iter()
        .find(|rail| rail["rail"] == "payments")
        .unwrap();
    assert_eq!(payments["state"], "failing");
    app.outside.down.lock().unwrap().clear();
    app.clock.skip(60);
    buyer.until_step("completed").await;
    until_over(app, "order_stuck", &order).await;
    until_over(app, "rail_down", "test payments").await;
}

async fn a_wallet_that_runs_low_is_told_until_it_is_filled(app: &App) {
    app.clock.stop();
    let ann = Person::join(app, "ann", Role::Support).await;
    let low = until_told(app, "wallet_low", "USDT/TRC20").await;
    let words = "The hot wallet has 1000.00 USDT/TRC20 free, less than 5000.00.";
    assert_eq!(low["headline"], words);
    let shown = ann.get("health").await;
    assert_eq!(shown.status, 200, "{}", shown.text);
    let alerts = shown.json["alerts"].as_array().unwrap();
    assert!(alerts.contains(&low), "{}", shown.text);
    let overview = ann.get("overview").await.json;
    assert_eq!(overview["waiting"]["alerts"], alerts.len());
    let usdt = Asset::find("USDT", Network::Trc20).unwrap();
    let more = Amount::parse(usdt, "4000").unwrap();
    app.app
        .engine
        .treasury_fund(Environment::Test, more)
        .await
        .unwrap();
    until_over(app, "wallet_low", "USDT/TRC20").await;
    // Nobody sells it here.
    assert_eq!(alert(app, "wallet_low", "USDC/ERC20").await, None);
}

async fn who_has_an_alert_in_hand_is_told_until_it_is_over(app: &App) {
    app.clock.stop();
    let (ann, ben) = (
        Person::join(app, "ann", Role::Operator).await,
        Person::join(app, "ben", Role::Owner).await,
    );
    let sara = Person::join(app, "sara", Role::Support).await;
    let place = app.dir.path().join("elsewhere");
    let (schedule, engine) = (schedule(app, &place), &app.app.engine);
    assert!(!schedule.turn(engine).await, "it is not mounted");
    let failed = until_told(app, "backup_failed", "backup").await;
    assert_eq!(failed["acknowledged"], Value::Null);
    let waiting = ann.get("overview").await.json["waiting"]["alerts"].clone();
    let waiting = waiting.as_u64().unwrap();
    let path = format!("alerts/{}/acknowledge", failed["id"].as_str().unwrap());
    let long = "x".repeat(501);
    for (note, code) in [(" ", "missing_param"), (&long, "validation_error")] {
        let refused = ann.post(&path, json!({ "note": note })).await;
        assert_eq!(refused.json["code"], code, "{}", refused.text);
        assert_eq!(refused.json["field"], "note");
    }
    // Support looks, and has nothing in hand.
    let words = json!({ "note": "I mount it." });
    assert_eq!(
        sara.post(&path, words.clone()).await.refusal().2,
        "not_allowed"
    );
    let taken = ann.post(&path, words).await;
    assert_eq!(taken.status, 204, "{}", taken.text);
    // It is listed as before, with who has it; and waits for nobody else.
    let shown = alert(app, "backup_failed", "backup").await.unwrap();
    let said = &shown["acknowledged"];
    assert_eq!(
        (&said["by"], &said["note"]),
        (&json!("ann"), &json!("I mount it."))
    );
    assert!(!said["at"].is_null());
    let now = ann.get("overview").await.json["waiting"]["alerts"].clone();
    assert_eq!(now, waiting - 1);
    // A colleague takes it over; both stand in the audit.
    let over = json!({ "note": "Ann is away." });
    assert_eq!(ben.post(&path, over).await.status, 204);
    let shown = alert(app, "backup_failed", "backup").await.unwrap();
    assert_eq!(shown["acknowledged"]["by"], "ben");
    let audit = ben.get("audit?act=alert.acknowledge").await;
    let deeds = audit.json["data"].as_array().unwrap().iter();
    let by: Vec<&Value> = deeds.map(|entry| &entry["by"]).collect();
    assert_eq!(by, ["ben", "ann"], "{}", audit.text);
    // It ends with the alert, and the next one is as loud as the first was.
    fs::create_dir(&place).unwrap();
    assert!(schedule.turn(engine).await);
    until_over(app, "backup_failed", "backup").await;
    let late = ben.post(&path, json!({ "note": "Still there?" })).await;
    assert_eq!(late.status, 404, "{}", late.text);
    app.clock.skip(60);
    fs::remove_dir_all(&place).unwrap();
    assert!(!schedule.turn(engine).await);
    let next = until_told(app, "backup_failed", "backup").await;
    assert_ne!(next["id"], failed["id"]);
    assert_eq!(next["acknowledged"], Value::Null);
    let nobody = ben
        .post("alerts/none/acknowledge", json!({ "note": "?" }))
        .await;
    assert_eq!(nobody.status, 404);
}

async fn a_webhook_that_takes_nothing_is_told_until_it_does(app: &App) {
    let script = vec![500; 40];
    *app.outside.receiver.script.lock().unwrap() = script.into();
    let buyer = Buyer::verified(app, "user-1").await;
    assert_eq!(buyer.pay(GOOD_CARD).await.status, 200);
    app.until("a webhook was refused", || async {
        let left = app.outside.receiver.script.lock().unwrap().len();
        (left < 40).then_some(())
    })
    .await;
    app.clock.skip(61 * 60);
    let told = app.until("a failing webhook is told", || async {
        let open = open_alerts(app).await;
        open.into_iter()
            .find(|one| one["kind"] == "webhook_failing")
    });
    let told = told.await;
    assert_eq!(
        told["partner"],
        app.shop.partner.id.to_string().as_str(),
        "{told}"
    );
    app.outside.receiver.script.lock().unwrap().clear();
    app.clock.skip(3 * 3_600);
    until_over(app, "webhook_failing", told["subject"].as_str().unwrap()).await;
}

async fn an_order_that_waits_for_people_is_told_at_once(app: &App) {
    let buyer = Buyer::verified(app, "user-1").await;
    app.outside.down.lock().unwrap().insert("/capture");
    assert_eq!(buyer.pay(GOOD_CARD).await.status, 200);
    until_capture_was_tried(app).await;
    let order = buyer.order().to_string();
    app.clock.skip(CAPTURING_SECONDS_MAX);
    let waits = until_told(app, "order_waits", &order).await;
    assert_eq!(waits["order"], buyer.id.as_str());
    assert_eq!(alert(app, "order_stuck", &order).await, None);
}

async fn ready(app: &App) -> Answer {
    let request = Request::get("/readyz").body(Body::empty()).unwrap();
    app.call(request).await
}

async fn until_not_ready(app: &App, line: &str) {
    let what = format!("not ready: {line}");
    let answer = app
        .until(&what, || async {
            let answer = ready(app).await;
            (answer.status == 503).then_some(answer)
        })
        .await;
    assert!(answer.text.starts_with("not ready\n"), "{}", answer.text);
    assert!(answer.text.contains(line), "{}", answer.text);
}

async fn a_server_says_what_it_is_not_ready_for(app: &App) {
    let whole = ready(app).await;
    assert_eq!((whole.status, whole.text.as_str()), (200, "ready\n"));
    app.app.engine.health_look().await.unwrap();
    sql(app, "ALTER TABLE heartbeats RENAME TO elsewhere").await;
    assert!(app.app.engine.health_look().await.is_err());
    app.clock.skip(600);
    until_not_ready(app, "database: it cannot be written").await;
    sql(app, "ALTER TABLE elsewhere RENAME TO heartbeats").await;
    app.app.engine.health_look().await.unwrap();
    app.until("it is ready again", || async {
        (ready(app).await.status == 200).then_some(())
    })
    .await;
    app.app.engine.stop();
    until_not_ready(app, "stopping: the server ends").await;
}

async fn a_server_whose_workers_stopped_is_not_ready(app: &App) {
    let buyer = Buyer::open(app, "user-1", "one@example.com").await;
    app.halt().await;
    app.clock.skip(3 * 3_600);
    app.app.engine.health_look().await.unwrap();
    until_not_ready(app, "workers: one of them hangs").await;
    // The order's hour is over, and nobody ends it.
    until_not_ready(app, "workers: due work is not taken").await;
    let open = open_alerts(app).await;
    assert!(
        open.iter()
            .any(|one| one["kind"] == "workers_behind" && one["subject"] == "order"),
        "{}: {open:?}",
        buyer.id
    );
}

async fn a_server_that_comes_back_is_ready_for_what_waited(app: &App) {
    app.halt().await;
    app.clock.skip(3 * 3_600);
    let reborn = app.reborn(&app.url).await;
    reborn.halt().await;
    // An order whose hour was over before this server began.
    Buyer::open(app, "user-1", "one@example.com").await;
    let long_due = "UPDATE jobs SET run_at = (SELECT MIN(created_at) FROM partners)";
    sql(app, long_due).await;
    // People are told at once; it is not ready when it has left that undone itself.
    let open = open_alerts(&reborn).await;
    assert!(open.iter().any(|one| one["kind"] == "workers_behind"));
    assert_eq!(ready(&reborn).await.text, "ready\n");
    app.clock.skip(3_600);
    reborn.app.engine.health_look().await.unwrap();
    until_not_ready(&reborn, "workers: due work is not taken").await;
}

async fn a_restored_server_is_not_ready_until_it_is_accepted(app: &App) {
    let folder = backed_up(app).await;
    let reborn = restored(app, &folder).await;
    until_not_ready(&reborn, "recovering: a restore has to be accepted").await;
    accepted(&reborn).await;
    assert_eq!(ready(&reborn).await.status, 200);
    reborn.halt().await;
}

fn schedule(app: &App, to: &Path) -> Schedule {
    Schedule {
        config: BackupConfig {
            every_minutes: BACKUP_EVERY_MINUTES,
            keep: 2,
            ..BackupConfig::hourly(to.to_owned())
        },
        target: target(&app.url),
        shipping: None,
    }
}

fn names(folder: &Path) -> Vec<String> {
    let entries = fs::read_dir(folder).unwrap();
    let mut names: Vec<String> = entries
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    names
}

async fn backups_are_taken_proven_and_the_oldest_removed(app: &App) {
    let place = app.dir.path().join("elsewhere");
    fs::create_dir(&place).unwrap();
    // What is nobody's stays: a folder of people, and half of one that a crash left goes.
    fs::create_dir(place.join("photos")).unwrap();
    fs::create_dir(place.join("2026-01-01T00-00-00Z")).unwrap();
    fs::create_dir(place.join("2026-01-01T01-00-00Z.unproven.partial")).unwrap();
    let (schedule, engine) = (schedule(app, &place), &app.app.engine);
    assert_eq!(engine.backup_last().await.unwrap(), None);
    for _ in 0..3 {
        assert!(schedule.turn(engine).await);
        app.clock.skip(60);
    }
    let kept = names(&place);
    assert_eq!(kept.len(), 4, "{kept:?}");
    assert_eq!(
        (kept[0].as_str(), kept[3].as_str()),
        ("2026-01-01T00-00-00Z", "photos")
    );
    // The latest is a backup like any other.
    let reborn = restored(app, &place.join(&kept[2])).await;
    reborn.halt().await;
    let page = page(app).await;
    let told = page["backups"]["data"].as_array().unwrap();
    assert_eq!(told.len(), 3);
    assert!(
        told.iter()
            .all(|one| !one["verified_at"].is_null() && one["problem"].is_null())
    );
}

async fn a_backup_that_fails_is_told_and_takes_nothing_away(app: &App) {
    let place = app.dir.path().join("elsewhere");
    let (schedule, engine) = (schedule(app, &place), &app.app.engine);
    assert!(!schedule.turn(engine).await, "it is not mounted");
    assert!(!place.exists(), "and is not made");
    let failed = until_told(app, "backup_failed", "backup").await;
    assert!(
        failed["headline"]
            .as_str()
            .unwrap()
            .contains("is not there")
    );
    fs::create_dir(&place).unwrap();
    assert!(schedule.turn(engine).await);
    until_over(app, "backup_failed", "backup").await;
    app.clock.skip(60);
    fs::remove_dir_all(&place).unwrap();
    assert!(!schedule.turn(engine).await);
    assert_eq!(alert(app, "backup_old", "backup").await, None, "not yet");
    app.clock.skip(2 * i64::from(BACKUP_EVERY_MINUTES) * 60);
    until_told(app, "backup_old", "backup").await;
}

/// The files of the only log in a place, by their ending.
fn log_files(place: &Path, ending: &str) -> Vec<PathBuf> {
    let own = |name: &&String| name.starts_with("log-") && !name.ends_with(OTHER_LOG);
    let log = names(place).iter().rfind(own).map(|name| place.join(name));
    let log = log.unwrap();
    let files = names(&log)
        .into_iter()
        .filter(|name| name.ends_with(ending));
    files.map(|name| log.join(name)).collect()
}

const TURNS_MAX: i64 = 40;

const OTHER_LOG: &str = "00000000000000000000000000000007";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_shipped_is_proven_and_goes_with_its_backups() {
    let shipped = App::sqlite_shipped().await;
    let app = &shipped;
    let place = app.dir.path().join("elsewhere");
    // A folder of another installation is not ours to take away.
    fs::create_dir_all(place.join(format!("log-{OTHER_LOG}"))).unwrap();
    let (mut schedule, engine) = (schedule(app, &place), &app.app.engine);
    schedule.config.continuous = true;
    assert!(schedule.config.check(EngineName::Postgres).is_err());
    let schedule = schedule.opened(engine).await.unwrap();
    let shipping = schedule.shipping.clone().unwrap();
    let token = app.shop.client_token.expose_secret().to_owned();
    let mut turns = 0;
    let is_gone = || log_files(&place, "0000000001.wal").is_empty();
    // A round ends with a whole backup, unless somebody reads the database just then.
    while turns < 4 || !is_gone() || log_files(&place, ".wal").len() < 2 {
        assert!(turns < TURNS_MAX, "{:?}", log_files(&place, ".wal"));
        live_session(app, &token, &format!("user-{turns}"), "100").await;
        shipping.look(engine).await;
        assert!(schedule.turn(engine).await);
        app.clock.skip(60);
        turns += 1;
    }
    let kept = names(&place);
    assert_eq!(kept.len(), 4, "{kept:?}");
    live_session(app, &token, "user-last", "100").await;
    shipping.look(engine).await;
    let reborn = restored(app, &place).await;
    let made = Picture::look(&reborn.db).await.unwrap().contents.rows["sessions"];
    assert_eq!(made, turns + 1, "with what came after the last backup");
    reborn.halt().await;

    // Nobody notices a byte that is changed before it is read; the server reads it.
    let wals = log_files(&place, ".wal");
    let last = wals.last().unwrap().clone();
    let mut bytes = fs::read(&last).unwrap();
    bytes[60] ^= 1;
    fs::write(&last, bytes).unwrap();
    assert!(!schedule.turn(engine).await);
    let failed = until_told(app, "backup_failed", "backup").await;
    let headline = failed["headline"].as_str().unwrap();
    assert!(headline.contains("another history begins"), "{headline}");
    let left = log_files(&place, ".wal");
    assert!(left.starts_with(&wals), "people look at it: {left:?}");
    for _ in 0..100 {
        shipping.look(engine).await;
    }
    for _ in 0..2 {
        assert!(schedule.turn(engine).await);
        app.clock.skip(60);
    }
    until_over(app, "backup_failed", "backup").await;
    let kept = names(&place);
    assert_eq!(
        kept.len(),
        4,
        "the broken history went with its backups: {kept:?}"
    );
    restored(app, &place).await.halt().await;
    shipped.finish().await;
}

/// SQLite moves only the newest version of a page, and that not past a reader: the file without its log is torn then.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_a_reader_holds_back_is_no_backup() {
    let shipped = App::sqlite_shipped().await;
    let app = &shipped;
    let place = app.dir.path().join("elsewhere");
    fs::create_dir_all(&place).unwrap();
    let (mut schedule, engine) = (schedule(app, &place), &app.app.engine);
    schedule.config.continuous = true;
    let schedule = schedule.opened(engine).await.unwrap();
    let shipping = schedule.shipping.clone().unwrap();
    let token = app.shop.client_token.expose_secret().to_owned();
    live_session(app, &token, "user-0", "100").await;
    until_a_history(app, &shipping, &place).await;
    let file = SqliteConnectOptions::new().filename(app.dir.path().join("proof.db"));
    let mut reader = file.read_only(true).connect().await.unwrap();
    sqlx::query("BEGIN").execute(&mut reader).await.unwrap();
    let count = sqlx::query_scalar("SELECT count(*) FROM sessions");
    let seen: i64 = count.fetch_one(&mut reader).await.unwrap();
    assert_eq!(seen, 1);
    for n in 1..20 {
        live_session(app, &token, &format!("user-{n}"), "100").await;
    }
    assert!(!schedule.turn(engine).await);
    let failed = until_told(app, "backup_failed", "backup").await;
    let said = failed.to_string();
    assert!(said.contains("a reader of the database"), "{said}");
    sqlx::query("ROLLBACK").execute(&mut reader).await.unwrap();
    reader.close().await.unwrap();
    app.clock.skip(60);
    assert!(schedule.turn(engine).await);
    let reborn = restored(app, &place).await;
    let made = Picture::look(&reborn.db).await.unwrap().contents.rows["sessions"];
    assert_eq!(made, 20);
    reborn.halt().await;
    until_over(app, "backup_failed", "backup").await;
    shipped.finish().await;
}

/// Which does not begin while somebody reads.
async fn until_a_history(app: &App, shipping: &Shipping, place: &Path) {
    let begun = || names(place).iter().any(|name| name.starts_with("log-"));
    for _ in 0..TURNS_MAX {
        if begun() {
            return;
        }
        shipping.look(&app.app.engine).await;
    }
    panic!("no history has begun: {:?}", names(place));
}

const BOUND_SECONDS: u32 = 3_600;

fn late() -> Late {
    Late {
        why: Behind::NotThere,
        words: "/mnt/elsewhere is not there".to_owned(),
    }
}

async fn continuous_backup_that_is_behind_is_told_and_holds_real_money_back(app: &App) {
    let app = &app.rehearsing_with(Some(BOUND_SECONDS)).await;
    let (alice, bob) = (
        Person::join(app, "alice", Role::Owner).await,
        Person::join(app, "bob", Role::Operator).await,
    );
    let token = opened(app, &alice, &bob).await;
    let engine = &app.app.engine;
    let test = app.shop.client_token.expose_secret().to_owned();
    engine.ship_note(engine.now(), Ok(()));
    live_session(app, &token, "user-1", "100").await;
    engine.ship_note(engine.now(), Err(late()));
    let told = ready(app).await;
    assert!(
        told.text.starts_with("ready\ncontinuous backup: "),
        "{}",
        told.text
    );
    assert!(
        told.text
            .ends_with("3600 s allowed: the other place is not there\n"),
        "{}",
        told.text
    );
    assert!(
        !told.text.contains("/mnt"),
        "anybody reads it: {}",
        told.text
    );
    assert_eq!(alert(app, "backup_old", "continuous backup").await, None);

    app.clock.skip(i64::from(BOUND_SECONDS) + 1);
    until_not_ready(app, "backup: what is committed is on this machine only").await;
    let old = until_told(app, "backup_old", "continuous backup").await;
    assert!(
        old["headline"]
            .as_str()
            .unwrap()
            .contains("on this machine only"),
        "{old}"
    );
    let shown = page(app).await["backups"]["continuous"].clone();
    assert_eq!(
        (&shown["behind"], &shown["problem"]),
        (&json!(true), &json!("/mnt/elsewhere is not there")),
        "{shown}"
    );
    assert!(
        shown["age_seconds"].as_i64().unwrap() > i64::from(BOUND_SECONDS),
        "{shown}"
    );
    let refused = live_session_refused(app, &token, "user-2").await;
    assert_eq!(
        (refused.status, &refused.json["code"]),
        (503, &json!("recovering"))
    );
    live_session(app, &test, "user-2", "100").await;
    let text = engine.metrics_text().await;
    assert!(
        text.contains("proof_backup_continuous_age_seconds{} 36"),
        "{text}"
    );

    // A clock that goes back makes nothing younger than it is.
    engine.ship_note(engine.now().plus_seconds(7_200), Ok(()));
    assert!(!engine.shipping().unwrap().behind);
    app.clock.skip(i64::from(BOUND_SECONDS) + 1);
    assert!(engine.shipping().unwrap().behind);

    engine.ship_note(engine.now(), Ok(()));
    until_over(app, "backup_old", "continuous backup").await;
    live_session(app, &token, "user-2", "100").await;
}

async fn real_money_in_a_file_needs_continuous_backup(app: &App) {
    app.halt().await;
    let is_file = app.url.starts_with("sqlite:");
    let started = app.starts_with_real_money(None).await;
    let refusal = started.err().map(|error| error.to_string());
    assert_eq!(
        refusal.is_some_and(|words| words.contains("needs continuous backup")),
        is_file
    );
    app.starts_with_real_money(Some(BOUND_SECONDS))
        .await
        .unwrap();
}

async fn metrics_count_and_name_nobody(app: &App) {
    let buyer = Buyer::verified(app, "secret-user-77").await;
    assert_eq!(buyer.pay(GOOD_CARD).await.status, 200);
    buyer.until_status("completed").await;
    app.get("/widget/transactions/secret-path").await;
    app.call(
        Request::get("/nowhere/secret-path")
            .body(Body::empty())
            .unwrap(),
    )
    .await;
    let weird = Request::builder().method("SECRET").uri("/healthz");
    app.call(weird.body(Body::empty()).unwrap()).await;
    app.app.engine.health_look().await.unwrap();
    // What is committed is counted a moment later.
    let completed = r#"proof_order_changes_total{side="buy",status="completed"} 1"#;
    let scrape = || async {
        let router = proof_server::metrics::router(Arc::clone(&app.app.engine));
        let asked = Request::get("/metrics").body(Body::empty()).unwrap();
        let text = Answer::read(router.oneshot(asked).await.unwrap())
            .await
            .text;
        text.contains(completed).then_some(text)
    };
    let text = app.until("the completed order is counted", scrape).await;
    for line in [
        r#"proof_http_requests_total{method="POST",route="/widget/session",status="200"} 1"#,
        r#"proof_http_requests_total{method="GET",route="other",status="404"} 1"#,
        r#"proof_http_requests_total{method="other",route="/healthz",status="405"} 1"#,
        r#"proof_rail_calls_total{environment="test",rail="payments",operation="capture",outcome="ok"} 1"#,
        r#"proof_wallet_floor{environment="test",asset="USDT/TRC20"} 5000"#,
        r#"proof_alerts_open{kind="order_stuck"} 0"#,
        "proof_ready 1",
    ] {
        assert!(text.contains(line), "{line} is not in:\n{text}");
    }
    let (token, order) = (app.shop.client_token.expose_secret(), &buyer.id);
    let address = buyer.session["address"].as_str().unwrap();
    for secret in [
        "secret",
        "example.com",
        token,
        order,
        address,
        "shop.test",
        "prt_",
    ] {
        assert!(
            !text.to_lowercase().contains(&secret.to_lowercase()),
            "{secret}"
        );
    }
    // The public's listener has no such route.
    let public = app.call(Request::get("/metrics").body(Body::empty()).unwrap());
    assert_eq!(public.await.status, 404);
}
