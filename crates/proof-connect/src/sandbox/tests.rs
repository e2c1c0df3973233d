use super::*;
use bytes::Bytes;
use futures::executor::block_on;
use proof_core::secret::Secret;
use proof_core::{Asset, Fiat, Network, money::Money};
use proof_outbound::{Configured, Limits, Outbound, Transport, TransportError};
use proof_port::{
    Authorisation, AuthorisationState, AuthoriseRequest, CaptureState, Class, DeclineCode,
    DocumentKind, Face, Identity, IdentityOutcome, IdentityStatus, Payments, PayoutRequest,
    PayoutState, Payouts, Picture, PictureProblem, PortError, Rates, RefundState, SelfieStep, Side,
    VoidState,
};
use serde_json::{Value, json};
use std::sync::{Arc, Mutex};

type Scripted = Result<(u16, Value), TransportError>;

/// Gives one answer to everything and keeps what was asked.
struct Provider {
    answer: Scripted,
    asked: Mutex<Vec<(String, Bytes)>>,
}

#[async_trait::async_trait]
impl Transport for Provider {
    async fn send(
        &self,
        request: http::Request<Bytes>,
        _limits: Limits,
    ) -> Result<http::Response<Bytes>, TransportError> {
        assert_eq!(request.headers()["authorization"], "Bearer key");
        let line = format!("{} {}", request.method(), request.uri());
        self.asked.lock().unwrap().push((line, request.into_body()));
        let (status, body) = self.answer.clone()?;
        Ok(http::Response::builder()
            .status(status)
            .body(Bytes::from(body.to_string()))
            .unwrap())
    }
}

fn provider(answer: Scripted) -> (Configured, Arc<Provider>) {
    let provider = Arc::new(Provider {
        answer,
        asked: Mutex::default(),
    });
    let base = "http://sandbox.test:81/".parse().unwrap();
    let outbound = Outbound::new(provider.clone());
    let key = Some("key".to_owned());
    (outbound.configured(PROVIDER, base, key), provider)
}

fn payments(answer: Scripted) -> SandboxPayments {
    SandboxPayments::new(provider(answer).0, Secret::new("key"), true)
}

fn eur(minor: u128) -> Money {
    Money::new(Fiat::Eur, minor)
}

fn authorise(answer: Scripted) -> Result<Authorisation, PortError> {
    block_on(payments(answer).authorise(&AuthoriseRequest {
        reference: "ref-1".to_owned(),
        card_token: "tok".to_owned(),
        amount: eur(10_140),
    }))
}

/// An authorisation as the processor writes it, with some fields replaced.
fn fixture(changes: &Value) -> Value {
    let mut answer = json!({
        "reference": "ref-1", "status": "held",
        "amount": {"currency": "EUR", "minor": "10140"}, "captured": "0", "refunded": "0",
        "liability_shift": true,
        "card": {"brand": "visa", "last4": "4242", "country": "DE", "fingerprint": "f1"},
    });
    for (name, value) in changes.as_object().unwrap() {
        answer[name] = value.clone();
    }
    answer
}

fn class<T: std::fmt::Debug>(result: Result<T, PortError>) -> (Class, bool) {
    let error = result.unwrap_err();
    (error.class, error.answered)
}

#[test]
fn every_status_of_an_authorisation_is_read() {
    let declined = |code| AuthorisationState::Declined { code };
    for (changes, expected) in [
        (
            json!({"status": "three_ds_required", "three_ds_url": "http://bank"}),
            AuthorisationState::ThreeDs {
                url: "http://bank".to_owned(),
            },
        ),
        (
            json!({"status": "declined", "decline_code": "insufficient_funds"}),
            declined(DeclineCode::InsufficientFunds),
        ),
        (
            json!({"status": "declined", "decline_code": "three_ds_failed"}),
            declined(DeclineCode::ThreeDsFailed),
        ),
        (
            json!({"status": "declined", "decline_code": "token_invalid"}),
            declined(DeclineCode::TokenInvalid),
        ),
        (
            json!({"status": "declined", "decline_code": "moon_phase"}),
            declined(DeclineCode::Declined),
        ),
        (
            json!({"status": "captured", "captured": "10140", "refunded": "40"}),
            AuthorisationState::Captured {
                captured: eur(10_140),
                refunded: eur(40),
            },
        ),
        (json!({"status": "voided"}), AuthorisationState::Voided),
        (json!({"status": "maturing"}), AuthorisationState::Pending),
    ] {
        let read = authorise(Ok((200, fixture(&changes)))).unwrap();
        assert_eq!(read.state, expected, "{changes}");
    }
    let held = authorise(Ok((201, fixture(&json!({}))))).unwrap();
    let AuthorisationState::Held {
        card,
        liability_shift,
    } = held.state
    else {
        panic!("{held:?}");
    };
    assert!(liability_shift);
    assert_eq!((card.brand.as_str(), card.last4.as_str()), ("visa", "4242"));
}

#[test]
fn an_authorisation_without_a_clear_answer_is_in_doubt() {
    for answer in [
        (500, json!({"code": "internal"})),
        (503, json!({"code": "unavailable"})),
        (200, json!({})),
        (200, json!("held")),
        (200, fixture(&json!({"reference": "ref-2"}))),
        (200, fixture(&json!({"card": null}))),
        (
            200,
            fixture(&json!({"status": "captured", "captured": "1.5"})),
        ),
    ] {
        let text = answer.1.to_string();
        assert_eq!(
            class(authorise(Ok(answer))),
            (Class::InDoubt, true),
            "{text}"
        );
    }
    let lost = authorise(Err(TransportError::maybe_sent("reset")));
    assert_eq!(class(lost), (Class::InDoubt, false));
    let unsent = authorise(Err(TransportError::not_sent("refused")));
    assert_eq!(class(unsent), (Class::Retry, false));
    let conflict = authorise(Ok((409, json!({"code": "reference_reused"}))));
    assert_eq!(class(conflict), (Class::GiveUp, true));
}

#[test]
fn only_the_processor_itself_says_that_it_never_heard_of_a_payment() {
    let ask = |answer| block_on(payments(answer).authorisation("ref-1"));
    assert_eq!(ask(Ok((404, json!({"code": "not_found"})))).unwrap(), None);
    for answer in [
        (404, json!({})),
        (404, json!("<html>")),
        (500, json!({})),
        (401, json!({})),
        (200, json!({})),
        (200, fixture(&json!({"reference": "other"}))),
    ] {
        let text = answer.1.to_string();
        let error = ask(Ok(answer)).unwrap_err();
        assert!(error.answered && error.class != Class::InDoubt, "{text}");
    }
    let lost = ask(Err(TransportError::maybe_sent("reset")));
    assert_eq!(class(lost), (Class::Retry, false));
    let known = ask(Ok((200, fixture(&json!({"status": "voided"}))))).unwrap();
    assert_eq!(known.unwrap().state, AuthorisationState::Voided);
}

#[test]
fn capture_void_and_refund_are_read() {
    let status = |status: &str| {
        let after = json!({"status": status, "captured": "5"});
        Ok((200, fixture(&after)))
    };
    let conflict = |code: &str| Ok((409, json!({ "code": code })));

    let capture = |answer| block_on(payments(answer).capture("ref-1", eur(5)));
    assert_eq!(capture(status("captured")).unwrap(), CaptureState::Captured);
    assert_eq!(capture(status("queued")).unwrap(), CaptureState::Pending);
    assert_eq!(
        capture(conflict("not_capturable")).unwrap(),
        CaptureState::Refused
    );
    assert_eq!(class(capture(conflict("else"))), (Class::GiveUp, true));
    assert_eq!(class(capture(Ok((502, json!({}))))), (Class::InDoubt, true));

    let void = |answer| block_on(payments(answer).void("ref-1"));
    assert_eq!(void(status("voided")).unwrap(), VoidState::Voided);
    assert_eq!(void(status("captured")).unwrap(), VoidState::Captured);
    assert_eq!(void(status("voiding")).unwrap(), VoidState::Pending);
    assert_eq!(void(conflict("declined")).unwrap(), VoidState::Refused);
    let lost = void(Err(TransportError::maybe_sent("reset")));
    assert_eq!(class(lost), (Class::InDoubt, false));
    // Another amount, another payment or a page are no answers.
    let other = || fixture(&json!({"status": "captured", "captured": "4"}));
    assert_eq!(class(capture(Ok((200, other())))), (Class::InDoubt, true));
    let strange = || fixture(&json!({"status": "captured", "reference": "ref-2"}));
    assert_eq!(class(capture(Ok((200, strange())))), (Class::InDoubt, true));
    assert_eq!(class(void(Ok((200, strange())))), (Class::InDoubt, true));
    let page = json!("<html>");
    assert_eq!(class(capture(Ok((200, page)))), (Class::InDoubt, true));

    let refunded = |status: &str| Ok((200, json!({"status": status, "refund_reference": "r"})));
    let refund = |answer| block_on(payments(answer).refund("ref-1", "r", eur(5)));
    assert_eq!(refund(refunded("refunded")).unwrap(), RefundState::Refunded);
    assert_eq!(refund(refunded("sent")).unwrap(), RefundState::Pending);
    assert_eq!(
        refund(conflict("refund_too_large")).unwrap(),
        RefundState::Refused
    );
    assert_eq!(class(refund(Ok((200, json!({}))))), (Class::InDoubt, true));
    let other = json!({"status": "refunded", "refund_reference": "r-2"});
    assert_eq!(class(refund(Ok((200, other)))), (Class::InDoubt, true));
    // The same reference with other facts is a fault of ours, not the provider's no.
    let reused = refund(conflict("reference_reused"));
    assert_eq!(class(reused), (Class::GiveUp, true));
}

#[test]
fn requests_are_written_as_documented() {
    let (configured, provider) = provider(Ok((
        200,
        json!({"status": "refunded", "refund_reference": "r-1"}),
    )));
    let payments = SandboxPayments::new(configured, Secret::new("key"), true);
    assert_eq!(payments.fields_origin(), "http://sandbox.test:81");
    block_on(payments.refund("a/../b c", "r-1", eur(5))).unwrap();
    let asked = provider.asked.lock().unwrap();
    let (line, body) = &asked[0];
    assert_eq!(
        line,
        "POST http://sandbox.test:81/v1/authorisations/a%2F..%2Fb%20c/refunds"
    );
    let body: Value = serde_json::from_slice(body).unwrap();
    let amount = json!({"currency": "EUR", "minor": "5"});
    assert_eq!(body, json!({"refund_reference": "r-1", "amount": amount}));
}

#[test]
fn pictures_go_to_their_place_and_problems_come_back() {
    let document = Picture::Document {
        kind: DocumentKind::NationalId,
        side: Side::Back,
    };
    let frame = Picture::Frame {
        index: 2,
        step: SelfieStep::Left,
        taken_ms: 700,
    };
    for (picture, place) in [
        (document.clone(), "documents/national_id/back"),
        (frame, "frames/2?step=left"),
    ] {
        let (configured, provider) = provider(Ok((204, json!(null))));
        let identity = SandboxIdentity::new(configured);
        let sent = block_on(identity.picture("ver-1", &picture, vec![1, 2]));
        assert_eq!(sent.unwrap(), Ok(()));
        let base = "PUT http://sandbox.test:81/identity/v1/verifications/ver-1";
        let asked = provider.asked.lock().unwrap();
        let expected = (format!("{base}/{place}"), Bytes::from_static(&[1, 2]));
        assert_eq!(asked[0], expected);
    }
    for (code, problem) in [
        ("not_an_image", PictureProblem::NotAnImage),
        ("too_small", PictureProblem::TooSmall),
        ("too_large", PictureProblem::TooLarge),
        ("truncated", PictureProblem::Truncated),
    ] {
        let identity = SandboxIdentity::new(provider(Ok((422, json!({ "code": code })))).0);
        let sent = block_on(identity.picture("ver-1", &document, Vec::new()));
        assert_eq!(sent.unwrap(), Err(problem));
    }
    let identity = SandboxIdentity::new(provider(Ok((422, json!({"code": "boring"})))).0);
    let sent = block_on(identity.picture("ver-1", &document, Vec::new()));
    assert_eq!(class(sent), (Class::GiveUp, true));
}

#[test]
fn every_outcome_of_a_verification_is_read() {
    let done = |outcome| IdentityStatus::Done(outcome, Box::default());
    let rejected = |may_retry| {
        done(IdentityOutcome::Rejected {
            reason: "face_mismatch".to_owned(),
            may_retry,
        })
    };
    let ask = |answer| block_on(SandboxIdentity::new(provider(answer).0).status("ver-1"));
    for (body, expected) in [
        (json!({"status": "pending"}), IdentityStatus::Pending),
        (
            json!({"status": "approved"}),
            done(IdentityOutcome::Approved {
                document_country: None,
            }),
        ),
        (
            json!({"status": "rejected", "reason": "face_mismatch"}),
            rejected(false),
        ),
        (
            json!({"status": "rejected", "reason": "face_mismatch", "may_retry": true}),
            rejected(true),
        ),
        (
            json!({"status": "review", "reason": "manual_check"}),
            done(IdentityOutcome::Review {
                reason: "manual_check".to_owned(),
            }),
        ),
        (json!({"status": "dreaming"}), IdentityStatus::Pending),
    ] {
        assert_eq!(ask(Ok((200, body))).unwrap(), expected);
    }
    assert_eq!(ask(Ok((404, json!({})))).unwrap(), IdentityStatus::Unknown);
    assert_eq!(class(ask(Ok((500, json!({}))))), (Class::Retry, true));
}

#[test]
fn what_is_known_of_somebody_is_read() {
    let told = json!({
        "surname": "SANDBOX", "given": "ADA", "birth": "1970-06-15", "issuer": "DE",
        "number": "A1", "document_ends": 1_764, "face_model": "sandbox-1",
        "face": "0000803f", "similarity": 9_800
    });
    let ask = |evidence: &Value| {
        let body = json!({ "status": "approved", "evidence": evidence });
        let status = block_on(SandboxIdentity::new(provider(Ok((200, body))).0).status("v"));
        match status.unwrap() {
            IdentityStatus::Done(_, evidence) => *evidence,
            other => panic!("{other:?}"),
        }
    };
    let known = ask(&told);
    assert_eq!(known.names.unwrap().given, "ADA");
    assert_eq!(known.birth.unwrap().month, Some(6));
    assert_eq!(known.document.unwrap().number, "A1");
    assert_eq!(known.document_ends.unwrap().micros(), 1_764);
    assert_eq!(known.face, Face::of_numbers("sandbox-1", &[1.0]));
    let mut damaged = told;
    damaged["face"] = json!("0000");
    assert_eq!(ask(&damaged).face, None);
}

#[test]
fn a_rate_is_taken_as_text() {
    let (configured, provider) = provider(Ok((200, json!({"price": "0.92150000", "at": 1764}))));
    let usdt = Asset::find("USDT", Network::Trc20).unwrap();
    let rate = block_on(SandboxRates::new(configured).mid(usdt, Fiat::Eur)).unwrap();
    assert_eq!(
        (rate.price.as_str(), rate.at.micros()),
        ("0.92150000", 1764)
    );
    assert_eq!(
        provider.asked.lock().unwrap()[0].0,
        "GET http://sandbox.test:81/rates/v1/mid?base=USDT&quote=EUR"
    );
}

fn payout_request() -> PayoutRequest {
    PayoutRequest {
        reference: "ref-1".to_owned(),
        card_id: "pcd_1".to_owned(),
        amount: eur(9_000),
    }
}

#[test]
fn a_payout_is_sent_refused_or_waited_for() {
    let refused = |code| PayoutState::Refused { code };
    let fixture = |changes: Value| {
        let mut answer = json!({"reference": "ref-1", "status": "sent",
            "amount": {"currency": "EUR", "minor": "9000"}});
        for (name, value) in changes.as_object().unwrap() {
            answer[name] = value.clone();
        }
        answer
    };
    let pay = |answer| block_on(SandboxPayouts::new(provider(answer).0).pay(&payout_request()));
    let ask = |answer| block_on(SandboxPayouts::new(provider(answer).0).payout(&payout_request()));
    for (changes, expected) in [
        (json!({}), PayoutState::Sent),
        (json!({"status": "bounced"}), PayoutState::Bounced),
        (json!({"status": "pending"}), PayoutState::Pending),
        (json!({"status": "teleported"}), PayoutState::Pending),
        (
            json!({"status": "refused", "decline_code": "declined"}),
            refused(DeclineCode::Declined),
        ),
    ] {
        assert_eq!(pay(Ok((200, fixture(changes.clone())))).unwrap(), expected);
        let asked = ask(Ok((200, fixture(changes)))).unwrap();
        assert_eq!(asked, Some(expected));
    }
    // Another payout's answer, or another amount: it may have happened.
    for changes in [
        json!({"reference": "ref-2"}),
        json!({"amount": {"currency": "EUR", "minor": "9001"}}),
        json!({"amount": {"currency": "USD", "minor": "9000"}}),
    ] {
        let answer = || Ok((200, fixture(changes.clone())));
        assert_eq!(class(pay(answer())), (Class::InDoubt, true));
        assert_eq!(class(ask(answer())), (Class::Retry, true));
    }
    assert_eq!(ask(Ok((404, json!({"code": "not_found"})))).unwrap(), None);
    assert_eq!(class(ask(Ok((404, json!({}))))), (Class::GiveUp, true));
    let lost = Err(TransportError::maybe_sent("reset"));
    assert_eq!(class(pay(lost)), (Class::InDoubt, false));
    assert_eq!(class(pay(Ok((500, json!({}))))), (Class::InDoubt, true));
}

#[test]
fn a_card_token_becomes_a_card_to_pay_once() {
    let keep = |answer| {
        let (door, provider) = provider(answer);
        let kept = block_on(SandboxPayouts::new(door).keep("tok_1"));
        let asked = provider.asked.lock().unwrap().clone();
        assert_eq!(asked[0].0, "POST http://sandbox.test:81/v1/payout-cards");
        kept
    };
    let card = json!({"id": "pcd_1", "brand": "visa", "last4": "4242", "country": "DE", "fingerprint": "f1"});
    let kept = keep(Ok((200, card))).unwrap().unwrap();
    assert_eq!(
        (kept.id.as_str(), kept.card.last4.as_str()),
        ("pcd_1", "4242")
    );
    assert_eq!(
        keep(Ok((422, json!({"code": "token_invalid"})))).unwrap(),
        None
    );
    assert_eq!(class(keep(Ok((500, json!({}))))), (Class::Retry, true));
}

#[test]
fn a_settlement_report_is_read_line_by_line() {
    let line = |kind: &str, minor: &str| {
        let amount = json!({"currency": "EUR", "minor": minor});
        json!({"number": 3, "reference": "ref-1", "kind": kind, "amount": amount})
    };
    let report = |lines: Value| {
        let answer = Ok((200, json!({ "lines": lines })));
        block_on(payments(answer).report(2))
    };
    let read = report(json!([line("capture", "5")])).unwrap();
    assert_eq!((read[0].number, read[0].amount), (3, eur(5)));
    assert_eq!(report(json!([])).unwrap(), []);
    for wrong in [
        json!([line("gift", "5")]),
        json!([line("capture", "x")]),
        json!("<html>"),
    ] {
        let text = wrong.to_string();
        assert_eq!(class(report(wrong)), (Class::Retry, true), "{text}");
    }
}
