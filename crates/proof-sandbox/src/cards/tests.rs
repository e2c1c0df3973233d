use super::*;
use crate::journal::Recorded;
use proof_core::Fiat;

const NOW: Timestamp = Timestamp::from_micros(1_795_000_000_000_000); // November 2026

fn eur(minor: u128) -> Money {
    Money::new(Fiat::Eur, minor)
}

fn input(number: &str, expiry: &str, cvc: &str) -> CardInput {
    CardInput {
        number: number.to_owned(),
        expiry: expiry.to_owned(),
        cvc: cvc.to_owned(),
    }
}

/// A processor with one token, `tok`, for this card.
fn with_card(number: &str) -> Recorded<Cards> {
    let mut cards = Recorded::new(Cards::default());
    let made = cards.step(|cards| {
        let card = input(number, "12/30", "123");
        cards.make_token("tok", &card, NOW).map(Some)
    });
    assert_eq!(made, Ok(true));
    cards
}

fn authorise(cards: &mut Recorded<Cards>, reference: &str, amount: Money) -> Result<bool, Refusal> {
    authorise_at(cards, reference, amount, NOW)
}

fn authorise_at(
    cards: &mut Recorded<Cards>,
    reference: &str,
    amount: Money,
    now: Timestamp,
) -> Result<bool, Refusal> {
    let request = AuthoriseRequest {
        reference: reference.to_owned(),
        token: "tok".to_owned(),
        amount,
        challenge: format!("challenge of {reference}"),
    };
    cards.step(|cards| cards.authorise(request, now))
}

fn status(cards: &Recorded<Cards>, reference: &str) -> Status {
    cards.machine.find(reference).unwrap().status.clone()
}

fn code<T: std::fmt::Debug>(result: Result<T, Refusal>) -> &'static str {
    result.unwrap_err().code
}

fn held() -> Recorded<Cards> {
    let mut cards = with_card("4242424242424242");
    assert_eq!(authorise(&mut cards, "r", eur(100)), Ok(true));
    assert_eq!(status(&cards, "r"), Status::Held);
    cards
}

#[test]
fn each_test_card_does_what_the_documentation_says() {
    let declined = |code| Status::Declined { code };
    let challenge = "challenge of r".to_owned();
    for (number, expected) in [
        ("4242424242424242", Status::Held),
        ("5555 5555 5555 4444", Status::Held),
        ("4000000000000341", Status::Held),
        ("4000000000000259", Status::Held),
        ("4000000000002685", Status::Held),
        ("4000000000000069", declined(DeclineCode::ExpiredCard)),
        ("4000000000000002", declined(DeclineCode::Declined)),
        ("4000000000009995", declined(DeclineCode::InsufficientFunds)),
        ("4000000000003220", Status::ThreeDsRequired { challenge }),
        ("4111111111111111", declined(DeclineCode::Declined)),
    ] {
        let mut cards = with_card(number);
        assert_eq!(authorise(&mut cards, "r", eur(100)), Ok(true));
        assert_eq!(status(&cards, "r"), expected, "{number}");
        let found = cards.machine.find("r").unwrap();
        assert_eq!(found.liability_shift, expected == Status::Held);
        assert!(number.ends_with(&found.card.as_ref().unwrap().last4));
    }
    let mut cards = with_card("4000000000000119");
    let down = authorise(&mut cards, "r", eur(100)).unwrap_err();
    assert_eq!((down.kind, down.code), (Kind::Unavailable, "unavailable"));
    assert!(cards.machine.find("r").is_err(), "nothing is held");
}

#[test]
fn wrong_card_data_names_its_field() {
    let good = ["4242424242424242", "12/30", "123"];
    let number = |text| ([text, good[1], good[2]], "invalid_number", "number");
    let expiry = |text| ([good[0], text, good[2]], "invalid_expiry", "expiry");
    let cvc = |text| ([good[0], good[1], text], "invalid_cvc", "cvc");
    for ([card, date, code], expected, field) in [
        number("4242424242424241"),
        number(""),
        number("0"),
        number("42424242424242424242"),
        number("4242-4242-4242-4242"),
        number("４２４２424242424242"),
        expiry("13/30"),
        expiry("00/30"),
        expiry("1230"),
        expiry("1/30"),
        expiry("12/2030"),
        expiry("12/99"),
        ([good[0], "10/26", good[2]], "expired_card", "expiry"),
        cvc(""),
        cvc("12"),
        cvc("12a"),
        (["378282246310005", good[1], "123"], "invalid_cvc", "cvc"),
    ] {
        let refused = Cards::default().make_token("t", &input(card, date, code), NOW);
        let refusal = refused.unwrap_err();
        let text = format!("{card} {date} {code}");
        assert_eq!(
            (refusal.code, refusal.field),
            (expected, Some(field)),
            "{text}"
        );
    }
    let this_month = input(good[0], "11/26", good[2]);
    assert!(Cards::default().make_token("t", &this_month, NOW).is_ok());
}

#[test]
fn the_journal_never_holds_a_number_or_a_code() {
    let event = Cards::default()
        .make_token("tok", &input("4242424242424242", "12/30", "987"), NOW)
        .unwrap();
    let line = serde_json::to_string(&event).unwrap();
    assert!(
        line.contains("4242") && !line.contains("42424") && !line.contains("987"),
        "{line}"
    );
}

#[test]
fn a_reference_is_one_payment() {
    let mut cards = held();
    assert_eq!(authorise(&mut cards, "r", eur(100)), Ok(false));
    let other = authorise(&mut cards, "r", eur(101));
    assert_eq!(code(other), "reference_reused");
}

#[test]
fn a_token_serves_once_and_not_for_long() {
    let used = Status::Declined {
        code: DeclineCode::TokenInvalid,
    };
    let mut cards = held();
    assert_eq!(authorise(&mut cards, "r2", eur(100)), Ok(true));
    assert_eq!(status(&cards, "r2"), used);
    assert_eq!(cards.machine.find("r2").unwrap().card, None);
    let mut cards = with_card("4242424242424242");
    let late = NOW.plus_seconds(TOKEN_LIFE_S);
    assert_eq!(authorise_at(&mut cards, "r", eur(100), late), Ok(true));
    assert_eq!(status(&cards, "r"), used);
}

#[test]
fn the_bank_is_answered_once() {
    for (approve, expected) in [
        (true, Status::Held),
        (
            false,
            Status::Declined {
                code: DeclineCode::ThreeDsFailed,
            },
        ),
    ] {
        let mut cards = with_card("4000000000003220");
        authorise(&mut cards, "r", eur(100)).unwrap();
        let mut answer =
            |approve| cards.step(|cards| cards.answer_challenge("challenge of r", approve));
        assert_eq!(answer(approve), Ok(true));
        assert_eq!(answer(approve), Ok(false));
        assert_eq!(code(answer(!approve)), "answered");
        assert_eq!(status(&cards, "r"), expected);
        assert_eq!(cards.machine.find("r").unwrap().liability_shift, approve);
    }
    let unknown = Cards::default().answer_challenge("x", true);
    assert_eq!(code(unknown), "not_found");
}

#[test]
fn a_hold_is_captured_once_and_for_no_more_than_it_holds() {
    let mut cards = held();
    let mut capture = |amount| cards.step(|cards| cards.capture("r", amount));
    assert_eq!(code(capture(eur(101))), "not_capturable");
    assert_eq!(code(capture(eur(0))), "not_capturable");
    assert_eq!(code(capture(Money::new(Fiat::Usd, 100))), "not_capturable");
    assert_eq!(capture(eur(100)), Ok(true));
    assert_eq!(capture(eur(100)), Ok(false));
    assert_eq!(code(capture(eur(99))), "not_capturable");
    assert_eq!(cards.step(|cards| cards.void("r")), Ok(false));
    assert_eq!(status(&cards, "r"), Status::Captured, "too late to void");

    let mut refusing = with_card("4000000000000341");
    authorise(&mut refusing, "r", eur(100)).unwrap();
    assert_eq!(
        code(refusing.machine.capture("r", eur(100))),
        "not_capturable"
    );
}

#[test]
fn a_voided_hold_is_gone() {
    let mut cards = held();
    assert_eq!(cards.step(|cards| cards.void("r")), Ok(true));
    assert_eq!(cards.step(|cards| cards.void("r")), Ok(false));
    assert_eq!(code(cards.machine.capture("r", eur(100))), "not_capturable");
    let mut declined = with_card("4000000000000002");
    authorise(&mut declined, "r", eur(100)).unwrap();
    assert_eq!(code(declined.machine.void("r")), "not_voidable");
    assert_eq!(code(declined.machine.void("x")), "not_found");

    let mut asked = with_card("4000000000003220");
    authorise(&mut asked, "r", eur(100)).unwrap();
    assert_eq!(asked.step(|cards| cards.void("r")), Ok(true));
    let late = asked.machine.answer_challenge("challenge of r", true);
    assert_eq!(code(late), "answered");
}

#[test]
fn refunds_stay_below_what_was_captured() {
    let mut cards = held();
    assert_eq!(code(cards.machine.refund("r", "a", eur(1))), "not_captured");
    cards.step(|cards| cards.capture("r", eur(100))).unwrap();
    let mut refund = |name, minor| cards.step(|cards| cards.refund("r", name, eur(minor)));
    assert_eq!(refund("a", 60), Ok(true));
    assert_eq!(refund("a", 60), Ok(false));
    assert_eq!(code(refund("a", 61)), "reference_reused");
    assert_eq!(code(refund("b", 41)), "refund_too_large");
    assert_eq!(refund("b", 40), Ok(true));
    assert_eq!(code(refund("c", u128::MAX)), "refund_too_large");
    assert_eq!(code(refund("d", 0)), "malformed");
    assert_eq!(cards.machine.find("r").unwrap().refunded, eur(100));
    assert_eq!(cards.replayed(Cards::default()), cards.machine);
}
