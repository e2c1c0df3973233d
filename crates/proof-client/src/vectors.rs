//! `openapi/sdk-vectors.json`: what every SDK must do alike.

use crate::{
    backoff,
    error::{Error, Retry},
    host::{Host, Wait},
    receipt::{PublishedKey, ReceiptRefusal, SignedReceipt, address_fingerprint, verify_receipt},
    user,
    webhook::{Refusal, Verifier},
    wire::Status,
};
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode};
use serde_json::Value;
use std::{
    collections::HashMap,
    io,
    time::{Duration, UNIX_EPOCH},
};

const FILE: &str = concat!(
    env!("CARGO_MANIFEST_DIR"),
    "/../../openapi/sdk-vectors.json"
);

fn vectors(section: &str) -> Value {
    let text = std::fs::read_to_string(FILE).unwrap();
    let mut file: Value = serde_json::from_str(&text).unwrap();
    file[section].take()
}

/// The cases of a section; an empty section would test nothing.
fn cases(section: &Value) -> &Vec<Value> {
    let cases = section.as_array().unwrap();
    assert!(!cases.is_empty());
    cases
}

fn texts(map: &Value) -> HashMap<String, String> {
    serde_json::from_value(map.clone()).unwrap()
}

/// A section that is new would otherwise be passed over in silence.
#[test]
fn every_section_of_the_file_is_run() {
    let file: Value = serde_json::from_str(&std::fs::read_to_string(FILE).unwrap()).unwrap();
    let mut sections: Vec<_> = file.as_object().unwrap().keys().collect();
    sections.sort();
    let run = [
        "about",
        "backoff",
        "errors",
        "fingerprints",
        "paths",
        "receipts",
        "statuses",
        "webhooks",
    ];
    assert_eq!(sections, run);
}

#[test]
fn webhooks() {
    for case in cases(&vectors("webhooks")) {
        let seconds = case["tolerance_seconds"].as_u64().unwrap();
        let mut verifier = Verifier::new().with_tolerance(Duration::from_secs(seconds));
        for secret in case["secrets"].as_array().unwrap() {
            verifier = verifier.with_secret(secret.as_str().unwrap()).unwrap();
        }
        if let Some(key) = case["public_key"].as_str() {
            verifier = verifier.with_public_key(key).unwrap();
        }
        let body = case["body"].as_str().unwrap();
        let now = UNIX_EPOCH + Duration::from_secs(case["now"].as_u64().unwrap());
        let outcome = match verifier.verify(&texts(&case["headers"]), body.as_bytes(), now) {
            Ok(event) => {
                let sent: Value = serde_json::from_str(body).unwrap();
                let id = sent["merchant_transaction_id"].as_str().unwrap();
                assert_eq!(event.merchant_transaction_id, id);
                assert_eq!(event.status.as_str(), sent["status"].as_str().unwrap());
                assert_eq!(event.sequence, sent["sequence"].as_u64());
                "ok"
            }
            Err(Refusal::MissingHeader) => "missing_header",
            Err(Refusal::MalformedHeader) => "malformed_header",
            Err(Refusal::Stale) => "stale",
            Err(Refusal::Future) => "future",
            Err(Refusal::BadSignature) => "bad_signature",
            Err(Refusal::MalformedBody) => "malformed_body",
        };
        assert_eq!(outcome, case["expected"], "{}", case["name"]);
    }
}

#[test]
fn receipts() {
    for case in cases(&vectors("receipts")) {
        let receipt: SignedReceipt = serde_json::from_value(case["receipt"].clone()).unwrap();
        let keys: Vec<PublishedKey> = serde_json::from_value(case["keys"].clone()).unwrap();
        let expect = texts(&case["expect"]);
        let expect: Vec<(&str, &str)> = expect
            .iter()
            .map(|(name, value)| (name.as_str(), value.as_str()))
            .collect();
        let environment = case["environment"].as_str().unwrap();
        let outcome = match verify_receipt(&receipt, &keys, environment, &expect) {
            Ok(read) => {
                let document: Value = serde_json::from_str(&receipt.document).unwrap();
                assert_eq!(read.address.as_deref(), document["address"].as_str());
                "ok"
            }
            Err(ReceiptRefusal::UnknownKey) => "unknown_key",
            Err(ReceiptRefusal::BadSignature) => "bad_signature",
            Err(ReceiptRefusal::Malformed) => "malformed",
            Err(ReceiptRefusal::WrongEnvironment) => "wrong_environment",
            Err(ReceiptRefusal::NotValidThen) => "not_valid_then",
            Err(ReceiptRefusal::Mismatch(field)) => {
                assert_eq!(field, case["field"], "{}", case["name"]);
                "mismatch"
            }
        };
        assert_eq!(outcome, case["expected"], "{}", case["name"]);
    }
}

#[test]
fn fingerprints() {
    for case in cases(&vectors("fingerprints")) {
        let (network, address) = (&case["network"], &case["address"]);
        let made = address_fingerprint(network.as_str().unwrap(), address.as_str().unwrap());
        assert_eq!(made, case["fingerprint"], "{network} {address}");
    }
}

#[test]
fn errors() {
    for case in cases(&vectors("errors")) {
        let status = StatusCode::try_from(u16::try_from(case["status"].as_u64().unwrap()).unwrap());
        let headers: HeaderMap = texts(&case["headers"])
            .iter()
            .map(|(name, value)| {
                let name = HeaderName::try_from(name).unwrap();
                (name, HeaderValue::try_from(value).unwrap())
            })
            .collect();
        let body = case["body"].as_str().unwrap();
        let error = Error::from_answer(status.unwrap(), &headers, body.as_bytes());
        let (name, expected, problem) = (&case["name"], &case["expected"], error.problem());
        let class = match &error {
            Error::Configuration(_) => "configuration",
            Error::Request(_) => "request",
            Error::NotFound(_) => "not_found",
            Error::Conflict(_) => "conflict",
            Error::Unavailable(_) => "retry",
            Error::Transport(_) => "transport",
        };
        assert_eq!(class, expected["class"], "{name}");
        let retry = match problem.retry {
            Retry::Never => "never",
            Retry::Idempotent => "idempotent",
            Retry::Always => "always",
        };
        assert_eq!(retry, expected["retry"], "{name}");
        for (field, value) in [
            ("error", &problem.error),
            ("code", &problem.code),
            ("field", &problem.field),
            ("docs_url", &problem.docs_url),
            ("request_id", &problem.request_id),
        ] {
            assert_eq!(value.as_deref(), expected[field].as_str(), "{name} {field}");
        }
        let retry_after = problem.retry_after.map(|wait| wait.as_secs());
        assert_eq!(
            retry_after,
            expected["retry_after_seconds"].as_u64(),
            "{name}"
        );
        let is_configuration = error.to_string().starts_with("Configuration bug: ");
        assert_eq!(is_configuration, class == "configuration", "{name}");
    }
}

/// Answers every question for randomness with the same byte.
struct Dice(u8);

impl Host for Dice {
    fn sleep(&self, _: Duration) -> Wait {
        Box::pin(std::future::ready(()))
    }

    fn fill(&self, bytes: &mut [u8]) -> io::Result<()> {
        bytes.fill(self.0);
        Ok(())
    }
}

#[test]
fn backoff_between_tries_of_a_call() {
    let section = vectors("backoff");
    assert_eq!(section["tries_max"], backoff::TRIES_MAX);
    for case in cases(&section["calls"]) {
        let attempt = u32::try_from(case["attempt"].as_u64().unwrap()).unwrap();
        let retry_after = case["retry_after_seconds"]
            .as_u64()
            .map(Duration::from_secs);
        for (dice, bound) in [(0, "delay_ms_min"), (u8::MAX, "delay_ms_max")] {
            let pause = backoff::before_retry(&Dice(dice), attempt, retry_after);
            let pause_ms = pause.map(|pause| pause.as_millis());
            assert_eq!(pause_ms, case[bound].as_u64().map(u128::from), "{case}");
            assert_eq!(
                pause.is_none(),
                case["gives_up"].as_bool().unwrap(),
                "{case}"
            );
        }
    }
}

#[test]
fn backoff_without_an_end() {
    for case in cases(&vectors("backoff")["delays"]) {
        let attempt = u32::try_from(case["attempt"].as_u64().unwrap()).unwrap();
        for (dice, bound) in [(0, "delay_ms_min"), (u8::MAX, "delay_ms_max")] {
            let pause_ms = backoff::pause(&Dice(dice), attempt, None).as_millis();
            assert_eq!(
                pause_ms,
                u128::from(case[bound].as_u64().unwrap()),
                "{case}"
            );
        }
    }
}

#[test]
fn statuses() {
    for case in cases(&vectors("statuses")) {
        let word = case["status"].as_str().unwrap();
        let status = Status::from(word.to_owned());
        assert_eq!(
            status.is_terminal(),
            case["terminal"].as_bool().unwrap(),
            "{word}"
        );
        assert_eq!(status.as_str(), word);
    }
}

#[test]
fn paths() {
    for case in cases(&vectors("paths")) {
        let path = user::path(case["partner_user_id"].as_str().unwrap());
        match case["path"].as_str() {
            Some(expected) => assert_eq!(path.unwrap(), expected),
            None => assert!(matches!(path, Err(Error::Request(_))), "{case}"),
        }
    }
}
