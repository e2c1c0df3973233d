//! The identity check as people start it, and the process that it runs in.

use crate::server::{Server, open, post};
use image::{GrayImage, ImageFormat, RgbImage, imageops};
use proof_core::identity::{CONSENT_TEXT, DocumentKind};
use proof_identity::{
    check::{Case, Policy},
    liveness::Step,
    network::Models,
    picture::{self, Need},
    report::{Outcome, Reason, Report, Subject},
    specimen::{self, Damage, damage, head},
    wire,
};
use proof_server::identity::{Pool, PoolSettings};
use serde_json::{Value, json};
use std::{
    fs,
    io::{Read, Write},
    path::{Path, PathBuf},
    process::{Command, Stdio},
    time::Duration,
};

const BINARY: &str = env!("CARGO_BIN_EXE_proof");
const STEPS: [Step; 3] = [Step::Center, Step::Right, Step::Left];

/// What `ci/models` fetched; `None`, said aloud, where it did not.
#[expect(
    clippy::disallowed_methods,
    clippy::print_stdout,
    reason = "where the test run keeps what it fetched"
)]
fn fetched() -> Option<(PathBuf, PathBuf)> {
    let home = || Path::new(&std::env::var("HOME").unwrap_or_default()).join(".cache/proof");
    let cache = std::env::var("PROOF_CACHE").map_or_else(|_| home(), PathBuf::from);
    let (models, pictures) = (cache.join("models"), cache.join("pictures"));
    let there = models.join("text-read.onnx").is_file() && pictures.join("obama.jpg").is_file();
    if !there {
        assert!(
            std::env::var("PROOF_TEST_REQUIRE_MODELS").is_err(),
            "run ci/models"
        );
        println!("skipped: no identity models, see ci/models");
    }
    there.then_some((models, pictures))
}

/// `proof identity check … --json`.
fn check(models: &Path, arguments: &[&str]) -> Value {
    let output = Command::new(BINARY)
        .args([
            "identity",
            "check",
            "--json",
            "--specimens",
            "--today",
            "2026-11-26",
            "--models",
        ])
        .arg(models)
        .args(arguments)
        .output()
        .unwrap();
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    serde_json::from_slice(&output.stdout).unwrap()
}

fn reasons(report: &Value) -> Vec<Value> {
    let findings = report["findings"].as_array().unwrap();
    findings
        .iter()
        .map(|finding| finding["reason"].clone())
        .collect()
}

fn picture(path: &Path) -> RgbImage {
    picture::open(&fs::read(path).unwrap(), Need::FRAME)
        .unwrap()
        .pixels
}

/// A passport with this portrait, photographed, in a file.
fn passport(dir: &Path, portrait: &Path) -> String {
    let page = dir.join("page.png");
    let drawn = Command::new(BINARY)
        .args(["identity", "specimen", "--portrait"])
        .arg(portrait)
        .arg("--out")
        .arg(&page)
        .status()
        .unwrap();
    assert!(drawn.success());
    let photo = dir.join("passport.jpg");
    let how = Damage {
        turn_degrees: 3.0,
        ..Damage::default()
    };
    fs::write(&photo, damage(&picture(&page), &how)).unwrap();
    photo.to_str().unwrap().to_owned()
}

/// The frames of somebody who does what is asked, in files.
fn film(dir: &Path, models: &Path, portrait: &Path, steps: &[Step]) -> Vec<String> {
    let models = Models::load(models).unwrap();
    let actor = head::Actor::new(&models, &picture(portrait))
        .unwrap()
        .unwrap();
    (0_u32..)
        .zip(steps.iter().copied())
        .map(|(at, step)| {
            let path = dir.join(format!("frame{at}.png"));
            actor.frame(step, at).save(&path).unwrap();
            path.to_str().unwrap().to_owned()
        })
        .collect()
}

#[test]
fn a_person_is_checked_from_files() {
    let Some((models, pictures)) = fetched() else {
        return;
    };
    let dir = tempfile::tempdir().unwrap();
    let document = passport(dir.path(), &pictures.join("obama.jpg"));
    let steps: Vec<_> = STEPS.iter().flat_map(|step| [*step; 2]).collect();
    let frames = film(dir.path(), &models, &pictures.join("obama2.jpg"), &steps);
    let frames: Vec<_> = frames.iter().map(String::as_str).collect();
    let mut arguments = vec![
        "--document",
        &document,
        "--steps",
        "center,right,left",
        "--selfie",
    ];
    arguments.extend(&frames);
    let report = check(&models, &arguments);
    assert_eq!(report["outcome"], "approve", "{report}");
    assert_eq!(report["facts"]["surname"], "ERIKSSON");
    assert_eq!(report["frames"].as_array().unwrap().len(), 6);
    // The same frames the other way round.
    let (head, tail) = arguments.split_at(5);
    let backwards: Vec<_> = head.iter().chain(tail.iter().rev()).copied().collect();
    let report = check(&models, &backwards);
    assert_eq!(report["outcome"], "retry", "{report}");
    // For people.
    let output = Command::new(BINARY)
        .args(["identity", "check", "--models"])
        .arg(&models)
        .args(["--document", &document])
        .output()
        .unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    assert!(text.starts_with("a person has to look\n"), "{text}");
    assert!(text.contains("the document is a specimen\n"), "{text}");
    assert!(
        text.contains("name        ERIKSSON, ANNA MARIA\n"),
        "{text}"
    );
}

#[test]
fn files_that_are_no_photographs_have_their_reasons() {
    let Some((models, pictures)) = fetched() else {
        return;
    };
    let dir = tempfile::tempdir().unwrap();
    let file = |name: &str, bytes: &[u8]| {
        let path = dir.path().join(name);
        fs::write(&path, bytes).unwrap();
        path.to_str().unwrap().to_owned()
    };
    let mut bomb = std::io::Cursor::new(Vec::new());
    GrayImage::new(10_000, 10_000)
        .write_to(&mut bomb, ImageFormat::Png)
        .unwrap();
    let cat = picture(&pictures.join("chelsea.png"));
    let cat = imageops::resize(&cat, 902, 600, imageops::FilterType::Triangle);
    for (document, reason) in [
        (
            file("text.jpg", b"hello"),
            serde_json::json!({"picture": "not_an_image"}),
        ),
        (
            file("pdf.jpg", b"%PDF-1.4\n"),
            serde_json::json!({"picture": "pdf"}),
        ),
        (
            file("moves.jpg", b"GIF89a\x01\0\x01\0\0\0\0"),
            serde_json::json!({"picture": "animated"}),
        ),
        (
            file("bomb.png", &bomb.into_inner()),
            serde_json::json!({"picture": "too_many_pixels"}),
        ),
        (
            file("cat.png", &specimen::png(&cat).unwrap()),
            serde_json::json!("no_document"),
        ),
    ] {
        let report = check(&models, &["--document", &document]);
        assert_eq!(report["outcome"], "retry");
        assert_eq!(reasons(&report)[0], reason, "{document}");
    }
}

#[test]
fn without_models_everything_goes_to_people() {
    let dir = tempfile::tempdir().unwrap();
    let document = dir.path().join("x.jpg");
    fs::write(&document, b"hello").unwrap();
    let report = check(dir.path(), &["--document", document.to_str().unwrap()]);
    assert_eq!(report["outcome"], "review");
    assert_eq!(reasons(&report), [serde_json::json!("no_models")]);
}

fn case(front: Vec<u8>) -> Case {
    Case {
        kind: DocumentKind::Passport,
        front: Some(front),
        back: None,
        asked: STEPS.to_vec(),
        frames: Vec::new(),
        seen_before: Vec::new(),
        today: chrono::NaiveDate::from_ymd_opt(2026, 11, 26).unwrap(),
        policy: Policy::default(),
    }
}

fn no_answer() -> Report {
    Report::only(Reason::NoAnswer, Subject::Document)
}

#[tokio::test]
async fn a_worker_that_does_not_answer_is_stopped() {
    let dir = tempfile::tempdir().unwrap();
    let pool = |binary: &str, waiting_max| {
        Pool::new(PoolSettings {
            case_timeout: Duration::from_millis(300),
            waiting_max,
            ..PoolSettings::new(PathBuf::from(binary), dir.path().to_owned())
        })
    };
    // Programs that take the case and say nothing, end at once, or say something else.
    let script = |name: &str, line: &str| {
        let path = dir.path().join(name);
        fs::write(&path, format!("#!/bin/sh\n{line}\n")).unwrap();
        let mut mode = fs::metadata(&path).unwrap().permissions();
        std::os::unix::fs::PermissionsExt::set_mode(&mut mode, 0o755);
        fs::set_permissions(&path, mode).unwrap();
        path.to_str().unwrap().to_owned()
    };
    let silent = script("silent", "exec /bin/sleep 600");
    for binary in [
        &silent,
        &script("ends", "exit 1"),
        &script("talks", "/bin/echo hello; exec /bin/cat >/dev/null"),
    ] {
        assert_eq!(
            pool(binary, 1)
                .check(&case(vec![0; 400_000]))
                .await
                .unwrap(),
            no_answer()
        );
    }
    // Who finds no place to wait goes to people at once.
    let full = pool(&silent, 0);
    let (first, second) = (case(vec![0; 10]), case(vec![0; 10]));
    let both = futures::join!(full.check(&first), full.check(&second));
    assert_eq!(
        (both.0.unwrap(), both.1.unwrap()),
        (no_answer(), no_answer())
    );
}

#[test]
fn a_worker_has_its_pipes_and_nothing_else() {
    let Some((models, _)) = fetched() else { return };
    let mut worker = Command::new(BINARY)
        .args(["identity-worker", "--models"])
        .arg(&models)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let (mut to, mut from) = (worker.stdin.take().unwrap(), worker.stdout.take().unwrap());
    // One process answers one case after the other.
    for _ in 0..2 {
        to.write_all(&wire::case_bytes(&case(b"hello".to_vec())).unwrap())
            .unwrap();
        let mut head = [0; 4];
        from.read_exact(&mut head).unwrap();
        let mut bytes = vec![0; wire::report_length(head).unwrap()];
        from.read_exact(&mut bytes).unwrap();
        assert_eq!(wire::report_read(&bytes).unwrap().outcome, Outcome::Retry);
    }
    let limits = fs::read_to_string(format!("/proc/{}/limits", worker.id())).unwrap();
    let limit = |name: &str| -> Vec<String> {
        let line = limits.lines().find(|line| line.starts_with(name)).unwrap();
        line[name.len()..]
            .split_whitespace()
            .take(2)
            .map(str::to_owned)
            .collect()
    };
    assert_eq!(limit("Max open files"), ["3", "3"]);
    assert_eq!(limit("Max file size"), ["0", "0"]);
    assert_eq!(limit("Max address space"), ["1073741824", "1073741824"]);
    drop(to);
    assert!(worker.wait().unwrap().success());
}

/// Chooses a passport, and says what the camera is asked for; with what was good of the attempt before, or without.
async fn begin(server: &Server, visit: &str, keep: bool) -> Vec<Step> {
    let api = server.api(visit);
    let path = ["frame", "api", "identity", "start"];
    let start = json!({ "document": "passport", "consent": CONSENT_TEXT, "keep": keep });
    let view = post(&api, &path, start).await;
    assert_eq!(view["identity"]["kept"].is_string(), keep, "{view}");
    let each = view["identity"]["frames_per_step"].as_u64().unwrap();
    let steps = view["identity"]["steps"].as_array().unwrap().iter();
    let steps = steps.map(|step| Step::parse(step.as_str().unwrap()).unwrap());
    let repeated = steps.flat_map(|step| std::iter::repeat_n(step, usize::try_from(each).unwrap()));
    repeated.collect()
}

async fn send_document(server: &Server, visit: &str, document: &[u8]) {
    let front = ["frame", "api", "identity", "documents", "front"];
    let sent = server.api(visit).put(&front, &[], document.to_vec()).await;
    let sent = sent.unwrap();
    assert!(sent.is_success(), "{:?}", sent.json::<Value>());
}

/// Sends the film, and waits for what is thought of it.
async fn shown(server: &Server, visit: &str, steps: &[Step], frames: &[String]) -> Value {
    let api = server.api(visit);
    for (at, (step, frame)) in steps.iter().zip(frames).enumerate() {
        let index = at.to_string();
        let path = ["frame", "api", "identity", "frames", index.as_str()];
        let taken = (at * 300).to_string();
        let query = [("step", step.name()), ("taken_ms", taken.as_str())];
        let sent = api.put(&path, &query, fs::read(frame).unwrap()).await;
        assert!(sent.unwrap().is_success());
    }
    post(&api, &["frame", "api", "identity", "submit"], json!({})).await;
    let mut seen = "0".to_owned();
    for _ in 0..60 {
        let query = [("seen", seen.as_str()), ("wait", "10")];
        let answer = api.get(&["frame", "api", "order"], &query).await.unwrap();
        let view: Value = answer.json().unwrap();
        // Whoever is known is asked nothing more.
        let status = view["identity"]["status"].as_str().unwrap_or("over");
        if !["collecting", "submitted"].contains(&status) {
            return view;
        }
        seen = view["version"].to_string();
    }
    panic!("nobody decides");
}

fn files(dir: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(dir).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(files(&path));
        } else {
            found.push(path);
        }
    }
    found
}

#[tokio::test]
async fn a_person_is_checked_by_the_server_itself() {
    let Some((models, pictures)) = fetched() else {
        return;
    };
    let (data, dir) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let more = ["--built-in-identity", "--models", models.to_str().unwrap()];
    let server = Server::start_with(data.path(), 0, &more).await;
    let (visit, _) = open(&server, "ann", "buy").await;
    let document = fs::read(passport(dir.path(), &pictures.join("obama.jpg"))).unwrap();
    let person = pictures.join("obama2.jpg");

    // Somebody who holds still, whatever they are asked for.
    let steps = begin(&server, &visit, false).await;
    send_document(&server, &visit, &document).await;
    let still = vec![Step::Center; steps.len()];
    // Another photograph than below: a frame that was shown once is a replay.
    let still = film(dir.path(), &models, &pictures.join("obama3.jpg"), &still);
    let view = shown(&server, &visit, &steps, &still).await;
    assert_eq!(view["identity"]["reason"], "liveness_failed", "{view}");
    assert_eq!(view["identity"]["may_retry"], true);
    // Somebody else, with the same document, which was good.
    let steps = begin(&server, &visit, true).await;
    let other = film(dir.path(), &models, &pictures.join("biden.jpg"), &steps);
    let view = shown(&server, &visit, &steps, &other).await;
    assert_eq!(view["identity"]["reason"], "face_mismatch", "{view}");
    // The person of the passport, who does what is asked, with a cat in the passport's place.
    let steps = begin(&server, &visit, false).await;
    let cat = picture(&pictures.join("chelsea.png"));
    let cat = imageops::resize(&cat, 902, 600, imageops::FilterType::Triangle);
    send_document(&server, &visit, &specimen::png(&cat).unwrap()).await;
    let film = film(dir.path(), &models, &person, &steps);
    let view = shown(&server, &visit, &steps, &film).await;
    assert_eq!(view["identity"]["reason"], "document_unreadable", "{view}");
    // The film was good, and goes with the passport.
    begin(&server, &visit, true).await;
    send_document(&server, &visit, &document).await;
    let view = shown(&server, &visit, &[], &[]).await;
    assert_eq!(view["step"], "quote", "{view}");

    // Nobody who reads the disk sees a face.
    let kept = files(&data.path().join("identity"));
    assert!(kept.len() > 3 * 13, "three attempts: {}", kept.len());
    for path in kept {
        let bytes = fs::read(&path).unwrap();
        // Long enough that none comes by chance: the begin of a PNG, of a JPEG without metadata, and of a label.
        for mark in [
            &b"\x89PNG\r\n\x1a\n"[..],
            b"\xff\xd8\xff\xdb\0\x43\0",
            b"\"center\"",
        ] {
            let there = bytes.windows(mark.len()).any(|window| window == mark);
            assert!(!there, "{}", path.display());
        }
    }
    server.stop().await;
}
