//! Card numbers, and what each test card does.

use super::Expiry;
use crate::refusal::{Kind, Refusal};
use chrono::{DateTime, Datelike, Utc};
use proof_core::Timestamp;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

/// No card is valid for longer.
const EXPIRY_YEARS_MAX: u32 = 20;

/// What a browser sends from the hosted fields.
#[derive(Deserialize)]
pub struct CardInput {
    pub number: String,
    /// `MM/YY`
    pub expiry: String,
    pub cvc: String,
}

#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Card {
    pub brand: String,
    pub last4: String,
    pub country: String,
    pub fingerprint: String,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Behaviour {
    Held,
    Declined,
    InsufficientFunds,
    ThreeDs,
    Expired,
    ProcessorDown,
    /// Held, and whoever asked for it hears nothing of it.
    AnswerLate,
    CaptureRefused,
    /// Captured, and whoever asked for it hears nothing of it.
    CaptureLate,
}

pub fn read(input: &CardInput, now: Timestamp) -> Result<(Card, Behaviour, Expiry), Refusal> {
    let number = number(&input.number)?;
    let brand = brand(&number);
    let expires = expiry(&input.expiry, now)?;
    check_cvc(&input.cvc, brand)?;
    let (behaviour, country) = behaviour(&number);
    let card = Card {
        brand: brand.to_owned(),
        last4: number.get(number.len() - 4..).unwrap_or("").to_owned(),
        country: country.to_owned(),
        fingerprint: fingerprint(&number),
    };
    Ok((card, behaviour, expires))
}

/// What a wallet of the sandbox hands over: a script in place of the encrypted card that a device would send.
#[derive(Deserialize)]
#[serde(rename_all = "snake_case")]
enum WalletScript {
    Approved,
    Declined,
    InsufficientFunds,
    ThreeDs,
}

#[derive(Deserialize)]
struct WalletPayload {
    sandbox: WalletScript,
}

/// The card that a wallet keeps. The device has its own number for it, so that it is another card than the one of
/// plastic.
pub fn of_wallet(wallet: &str, payload: &str) -> Result<(Card, Behaviour), Refusal> {
    let unreadable = || Refusal {
        kind: Kind::Unprocessable,
        code: "wallet_unreadable",
        message: "this is not what a wallet of the sandbox hands over".to_owned(),
        field: None,
    };
    let read: WalletPayload = serde_json::from_str(payload).map_err(|_| unreadable())?;
    let number = match read.sandbox {
        WalletScript::Approved => "4242424242424242",
        WalletScript::Declined => "4000000000000002",
        WalletScript::InsufficientFunds => "4000000000009995",
        WalletScript::ThreeDs => "4000000000003220",
    };
    let (behaviour, country) = behaviour(number);
    let card = Card {
        brand: brand(number).to_owned(),
        last4: number.get(number.len() - 4..).unwrap_or("").to_owned(),
        country: country.to_owned(),
        fingerprint: fingerprint(&format!("{wallet}:{number}")),
    };
    Ok((card, behaviour))
}

/// Any other card that could exist is declined, as test systems do with real cards.
fn behaviour(number: &str) -> (Behaviour, &'static str) {
    match number {
        "4242424242424242" => (Behaviour::Held, "DE"),
        "5555555555554444" => (Behaviour::Held, "FR"),
        "4000000000009995" => (Behaviour::InsufficientFunds, "ES"),
        "4000000000003220" => (Behaviour::ThreeDs, "NL"),
        "4000000000000119" => (Behaviour::ProcessorDown, "IT"),
        "4000000000000069" => (Behaviour::Expired, "AT"),
        "4000000000000259" => (Behaviour::AnswerLate, "BE"),
        "4000000000002685" => (Behaviour::CaptureLate, "FI"),
        "4000000000000341" => (Behaviour::CaptureRefused, "PT"),
        _ => (Behaviour::Declined, "US"),
    }
}

/// Digits that pass the Luhn check; spaces are the reader's, not the card's.
fn number(text: &str) -> Result<String, Refusal> {
    let number: String = text.chars().filter(|c| *c != ' ').collect();
    let digits = (12..=19).contains(&number.len()) && number.bytes().all(|b| b.is_ascii_digit());
    if digits && passes_luhn(&number) {
        Ok(number)
    } else {
        let refusal = Refusal::unprocessable("invalid_number", "This is not a card number");
        Err(refusal.field("number"))
    }
}

fn passes_luhn(number: &str) -> bool {
    let digits = number.bytes().rev().map(|b| u32::from(b - b'0'));
    let sum: u32 = digits
        .enumerate()
        .map(|(place, digit)| match (place % 2, digit) {
            (0, _) => digit,
            (_, 0..=4) => digit * 2,
            _ => digit * 2 - 9,
        })
        .sum();
    sum.is_multiple_of(10)
}

fn brand(number: &str) -> &'static str {
    let first = |n: usize| number.get(..n).and_then(|s| s.parse().ok()).unwrap_or(0);
    match (first(1), first(2)) {
        (4, _) => "visa",
        (_, 51..=55 | 22..=27) => "mastercard",
        (_, 34 | 37) => "amex",
        _ => "unknown",
    }
}

fn expiry(text: &str, now: Timestamp) -> Result<Expiry, Refusal> {
    let refused = |code, message| Err(Refusal::unprocessable(code, message).field("expiry"));
    let two = |s: &str| {
        (s.len() == 2 && s.bytes().all(|b| b.is_ascii_digit()))
            .then(|| s.parse::<u8>().ok())
            .flatten()
    };
    let read = text
        .split_once('/')
        .and_then(|(month, year)| Some((two(month.trim())?, two(year.trim())?)));
    let Some((month @ 1..=12, year)) = read else {
        return refused("invalid_expiry", "Write the date as month and year, MM/YY");
    };
    let expires = Expiry((2000 + u32::from(year)) * 100 + u32::from(month));
    let today = month_of(now);
    // A card is good to the end of its month.
    if expires < today {
        return refused("expired_card", "This card has expired");
    }
    if expires.0 / 100 > today.0 / 100 + EXPIRY_YEARS_MAX {
        return refused("invalid_expiry", "This date is too far away");
    }
    Ok(expires)
}

/// The month of a moment.
pub(super) fn month_of(now: Timestamp) -> Expiry {
    let today = DateTime::<Utc>::from_timestamp_micros(now.micros()).unwrap_or_default();
    Expiry(today.year().unsigned_abs() * 100 + today.month())
}

pub(super) fn check_cvc(text: &str, brand: &str) -> Result<(), Refusal> {
    let length = if brand == "amex" { 4 } else { 3 };
    // The field frame cannot know every brand; four digits of any card are let through.
    let good = (length..=4).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_digit());
    if good {
        Ok(())
    } else {
        let refusal = Refusal::unprocessable("invalid_cvc", "This is not a security code");
        Err(refusal.field("cvc"))
    }
}

/// The same card gives the same fingerprint. A real processor would key it; the cards here are
/// published.
fn fingerprint(number: &str) -> String {
    let hash = Sha256::new()
        .chain_update("proof-sandbox/card-fingerprint/1")
        .chain_update(number)
        .finalize();
    hex::encode(hash).chars().take(24).collect()
}
