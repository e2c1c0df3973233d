//! JSON as the sandbox speaks it.

use serde::{Deserialize, Serialize};

/// Minor units as text.
#[derive(Serialize, Deserialize)]
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
pub struct Status {
    pub status: String,
}

#[derive(Serialize)]
pub struct Submit<'a> {
    pub email: &'a str,
}

#[derive(Deserialize)]
pub struct Verification {
    pub status: String,
    pub reason: Option<String>,
    #[serde(default)]
    pub may_retry: bool,
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
