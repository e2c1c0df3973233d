//! Letters over a real mail server, `smtp-server` from npm.
//!
//! Without Node.js or its packages the tests say so and pass; with `PROOF_TEST_REQUIRE_SMTP=1` they fail.

#![expect(
    clippy::unwrap_used,
    clippy::print_stdout,
    clippy::disallowed_methods,
    reason = "a test fails where it is wrong, and reads its own configuration"
)]

use proof_connect::smtp::SmtpMail;
use proof_core::Timestamp;
use proof_outbound::SmtpDoor;
use proof_port::{Class, Mail, Message, PortError};
use serde_json::Value;
use std::{path::Path, process::Stdio};
use tokio::{
    io::{AsyncBufReadExt, BufReader, Lines},
    process::{Child, ChildStdin, ChildStdout, Command},
};

const HERE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/smtp/server.mjs");
const PACKAGE: &str = concat!(
    env!("CARGO_MANIFEST_DIR"),
    "/../../node_modules/smtp-server"
);
const FROM: &str = "Proof <no-reply@ramp.example>";

struct Server {
    lines: Lines<BufReader<ChildStdout>>,
    port: u64,
    _child: Child,
    _stdin: ChildStdin,
}

impl Server {
    /// `None` where it is not installed, unless it is required.
    async fn start(arguments: &[&str]) -> Option<Self> {
        if !Path::new(PACKAGE).exists() {
            let required = std::env::var("PROOF_TEST_REQUIRE_SMTP").is_ok();
            assert!(!required, "smtp-server is required here: run ci/web");
            println!("skipped: smtp-server is not installed (ci/web)");
            return None;
        }
        let mut child = Command::new("node")
            .arg(HERE)
            .args(arguments)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .kill_on_drop(true)
            .spawn()
            .unwrap();
        let stdin = child.stdin.take().unwrap();
        let lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let mut server = Self {
            lines,
            port: 0,
            _child: child,
            _stdin: stdin,
        };
        server.port = server.next().await["port"].as_u64().unwrap();
        Some(server)
    }

    async fn next(&mut self) -> Value {
        let line = self.lines.next_line().await.unwrap().unwrap();
        serde_json::from_str(&line).unwrap()
    }

    fn mail(&self, scheme: &str, password: &str) -> SmtpMail {
        let url = format!("{scheme}://proof:{password}@127.0.0.1:{}", self.port);
        SmtpMail::new(SmtpDoor::open(&url, FROM).unwrap())
    }
}

fn message(to: &str) -> Message {
    Message {
        id: "mai_1@ramp.example".into(),
        to: to.into(),
        subject: "40.00 USDT are missing\r\nBcc: all@example.com".into(),
        text: "Hello,\n\n.a line that begins with a dot\n\nGrüße\n".into(),
        at: Timestamp::from_micros(1_800_000_000_000_000),
    }
}

fn class(sent: Result<(), PortError>) -> Option<Class> {
    let error = sent.err();
    if let Some(error) = &error {
        let text = format!("{error:?}");
        assert!(!text.contains("pass") && !text.contains('@'), "{text}");
    }
    error.map(|error| error.class)
}

#[tokio::test]
async fn a_letter_arrives_as_it_was_written() {
    let Some(mut server) = Server::start(&[]).await else {
        return;
    };
    let mail = server.mail("smtp", "pass%2Fword");
    assert_eq!(class(mail.send(&message("ann@example.com")).await), None);
    let got = server.next().await;
    assert_eq!(got["from"], "no-reply@ramp.example");
    assert_eq!(got["to"], serde_json::json!(["ann@example.com"]));
    let data = got["data"].as_str().unwrap();
    for line in [
        "Message-ID: <mai_1@ramp.example>",
        "Date: Fri, 15 Jan 2027 08:00:00 +0000",
        "To: ann@example.com",
        "Subject: 40.00 USDT are missingBcc: all@example.com",
        "MIME-Version: 1.0",
        "Content-Type: text/plain; charset=utf-8",
    ] {
        assert!(data.contains(line), "{line}: {data}");
    }
    assert!(!data.contains("\nBcc:"), "a subject is one line: {data}");
    assert!(data.contains("Gr=C3=BC=C3=9Fe"), "{data}");
    assert!(data.contains("\n.a line that begins with a dot"), "{data}");
}

#[tokio::test]
async fn every_failure_says_what_may_be_done_next() {
    let Some(server) = Server::start(&[]).await else {
        return;
    };
    let mail = server.mail("smtp", "pass%2Fword");
    let busy = mail.send(&message("busy@example.com")).await;
    assert_eq!(class(busy), Some(Class::Retry));
    let nobody = mail.send(&message("nobody@example.com")).await;
    assert_eq!(class(nobody), Some(Class::GiveUp));
    let nonsense = mail.send(&message("no address")).await;
    assert_eq!(class(nonsense), Some(Class::GiveUp));
    // The operator can put the password right; the letter is still good.
    let stranger = server.mail("smtp", "wrong-pass");
    let refused = stranger.send(&message("ann@example.com")).await;
    assert_eq!(class(refused), Some(Class::Retry));
    let url = "smtp://127.0.0.1:9";
    let nowhere = SmtpMail::new(SmtpDoor::open(url, FROM).unwrap());
    let lost = nowhere.send(&message("ann@example.com")).await;
    assert!(matches!(class(lost), Some(Class::Retry | Class::InDoubt)));
}

#[tokio::test]
async fn a_certificate_that_nobody_vouches_for_gets_no_password() {
    let Some(server) = Server::start(&["--tls"]).await else {
        return;
    };
    let mail = server.mail("smtps", "pass%2Fword");
    let refused = mail.send(&message("ann@example.com")).await;
    assert!(matches!(
        class(refused),
        Some(Class::Retry | Class::InDoubt)
    ));
}

#[test]
fn a_wrong_configuration_is_said_without_its_password() {
    for (url, from) in [
        ("nonsense", FROM),
        ("http://u:secret@host", FROM),
        ("smtp:///path", FROM),
        ("smtps://u:secret@host", "nobody"),
    ] {
        let error = SmtpDoor::open(url, from).unwrap_err();
        assert!(!error.to_string().contains("secret"), "{error}");
    }
    assert!(SmtpDoor::open("smtps://u:p@mail.example", FROM).is_ok());
    assert!(SmtpDoor::open("smtp://mail.example:25", FROM).is_ok());
}
