//! JSON as the sandbox speaks it.

use proof_port::{DocumentKind, SelfieStep, Side};
use serde::{Deserialize, Serialize};

/// Minor units as text.
#[derive(PartialEq, Eq, Serialize, Deserialize)]
pub struct Amount {
    pub currency: String,
    pub minor: String,
}

#[derive(Serialize)]
pub struct Authorise<'a> {
    pub reference: &'a str,
    pub token: &'a str,
    pub amount: Amount,
}

#[derive(Serialize)]
pub struct Capture {
    pub amount: Amount,
}

#[derive(Serialize)]
pub struct Refund<'a> {
    pub refund_reference: &'a str,
    pub amount: Amount,
}

#[derive(Deserialize)]
pub struct Refunded {
    pub refund_reference: String,
    pub status: String,
}

#[derive(Serialize)]
pub struct Evidence<'a> {
    pub evidence: &'a str,
}

#[derive(Deserialize)]
pub struct Disputes {
    pub disputes: Vec<Dispute>,
}

#[derive(Deserialize)]
pub struct Dispute {
    pub id: String,
    pub stage: String,
    pub amount: Amount,
    pub fee: Amount,
    pub withheld: bool,
    /// Seconds since 1970.
    pub due: Option<i64>,
}

#[derive(Deserialize)]
pub struct Report {
    pub lines: Vec<ReportLine>,
}

#[derive(Deserialize)]
pub struct ReportLine {
    pub number: u64,
    pub reference: String,
    pub kind: String,
    pub amount: Amount,
}

#[derive(Serialize)]
pub struct Nothing {}

#[derive(Deserialize)]
pub struct Authorisation {
    pub reference: String,
    pub status: String,
    pub amount: Amount,
    pub captured: String,
    pub refunded: String,
    pub three_ds_url: Option<String>,
    pub decline_code: Option<String>,
    #[serde(default)]
    pub liability_shift: bool,
    pub card: Option<Card>,
}

#[derive(Deserialize)]
pub struct Card {
    pub brand: String,
    pub last4: String,
    pub country: String,
    pub fingerprint: String,
}

#[derive(Deserialize)]
pub struct Stored {
    pub id: String,
    #[serde(flatten)]
    pub card: Card,
    /// `YYYYMM`
    pub expires: u32,
}

#[derive(Deserialize)]
pub struct StoredKey {
    pub key: String,
}

#[derive(Serialize)]
pub struct Keep<'a> {
    pub token: &'a str,
}

#[derive(Deserialize)]
pub struct Kept {
    pub id: String,
    #[serde(flatten)]
    pub card: Card,
}

#[derive(Serialize)]
pub struct Pay<'a> {
    pub reference: &'a str,
    pub card_id: &'a str,
    pub amount: Amount,
}

#[derive(Deserialize)]
pub struct Payout {
    pub reference: String,
    pub amount: Amount,
    pub status: String,
    pub decline_code: Option<String>,
}

#[derive(Serialize)]
pub struct Submit<'a> {
    pub email: &'a str,
    /// No document is shown.
    pub selfie: bool,
}

#[derive(Deserialize)]
pub struct Verification {
    pub status: String,
    pub reason: Option<String>,
    #[serde(default)]
    pub may_retry: bool,
    pub document_country: Option<String>,
    pub evidence: Option<Known>,
}

#[derive(Deserialize)]
pub struct Known {
    pub surname: String,
    pub given: String,
    pub birth: String,
    pub issuer: String,
    pub number: String,
    pub document_ends: i64,
    pub face_model: String,
    pub face: String,
    pub similarity: u16,
}

#[derive(Deserialize)]
pub struct Pictures {
    pub pictures: Vec<Picture>,
}

#[derive(Deserialize)]
#[serde(untagged)]
pub enum Picture {
    Document { kind: DocumentKind, side: Side },
    Frame { index: u32, step: SelfieStep },
}

#[derive(Deserialize)]
pub struct Mid {
    pub price: String,
    pub at: i64,
}

#[derive(Deserialize)]
pub struct Error {
    pub code: String,
}

/// What the processor sends by itself.
#[derive(Deserialize)]
pub struct Callback {
    pub reference: String,
}

#[derive(Serialize)]
pub struct AppleSession<'a> {
    pub domain: &'a str,
}

#[derive(Serialize)]
pub struct WalletToken<'a> {
    pub wallet: &'static str,
    pub payload: &'a str,
}

#[derive(Deserialize)]
pub struct Token {
    pub token: String,
}
