//! Receipts: what the widget shows of an order, signed. Checked with the published keys and nothing else, so that
//! support or an auditor can do it without asking anybody.

use base64::{Engine as _, engine::general_purpose::STANDARD};
use ed25519_dalek::{Signature, VerifyingKey};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use sha2::{Digest, Sha256};

const DOMAIN: &[u8] = b"proof receipt 1\n";
const FINGERPRINT_DOMAIN: &str = "proof address 1\n";
const LETTERS: &[u8; 32] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";
const LETTER_COUNT: usize = 16;

/// What the widget's `onReceipt` hands to the page, and what a person saves.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SignedReceipt {
    /// The text of the document, exactly as it was signed.
    pub document: String,
    pub key_id: String,
    pub signature: String,
}

/// What a receipt says.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Receipt {
    pub version: u32,
    pub environment: String,
    pub partner_id: String,
    pub merchant_transaction_id: String,
    #[serde(rename = "type")]
    pub order_type: String,
    pub currency: String,
    pub network: String,
    pub amount: String,
    /// Of a buy.
    #[serde(default)]
    pub address: Option<String>,
    /// Of a sell whose terms are fixed.
    #[serde(default)]
    pub deposit_address: Option<String>,
    #[serde(default)]
    pub refund_address: Option<String>,
    pub issued_at: String,
}

/// One entry of `keys` in `/.well-known/proof-webhook-keys.json`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PublishedKey {
    pub environment: String,
    pub key: String,
    pub id: String,
    #[serde(default)]
    pub from: Option<String>,
    #[serde(default)]
    pub until: Option<String>,
}

/// Why a receipt is not believed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ReceiptRefusal {
    #[error("no published key has this id; are the keys those of this installation, and fresh?")]
    UnknownKey,
    #[error("the signature does not fit: the receipt was changed, or is nobody's")]
    BadSignature,
    #[error("the document is none that this version knows")]
    Malformed,
    #[error("it is a receipt of the other environment")]
    WrongEnvironment,
    #[error("its key did not sign at that time")]
    NotValidThen,
    #[error("the receipt says another {0}")]
    Mismatch(String),
}

/// What the receipt says, if Proof signed it. `environment` is `live`, or `test` for what the sandbox signed; `expected`
/// are the fields that you know, like `("address", "T…")`.
pub fn verify_receipt(
    receipt: &SignedReceipt,
    keys: &[PublishedKey],
    environment: &str,
    expected: &[(&str, &str)],
) -> Result<Receipt, ReceiptRefusal> {
    let published = keys.iter().find(|key| key.id == receipt.key_id);
    let published = published.ok_or(ReceiptRefusal::UnknownKey)?;
    let key = key_of(&published.key).ok_or(ReceiptRefusal::UnknownKey)?;
    let content = [DOMAIN, receipt.document.as_bytes()].concat();
    let signature = STANDARD.decode(&receipt.signature).ok();
    signature
        .and_then(|bytes| Signature::from_slice(&bytes).ok())
        .and_then(|signature| key.verify_strict(&content, &signature).ok())
        .ok_or(ReceiptRefusal::BadSignature)?;
    // An object first: serde would take an array of the right values for one, too.
    let fields: Map<String, Value> =
        serde_json::from_str(&receipt.document).map_err(|_| ReceiptRefusal::Malformed)?;
    let read: Receipt = serde_json::from_value(Value::Object(fields.clone()))
        .map_err(|_| ReceiptRefusal::Malformed)?;
    if read.version != 1 || !is_time(&read.issued_at) {
        return Err(ReceiptRefusal::Malformed);
    }
    if read.environment != environment || published.environment != environment {
        return Err(ReceiptRefusal::WrongEnvironment);
    }
    // All of them have one form, so the order of texts is the order of times.
    let early = published
        .from
        .as_ref()
        .is_some_and(|from| read.issued_at < *from);
    let late = published
        .until
        .as_ref()
        .is_some_and(|until| read.issued_at >= *until);
    if early || late {
        return Err(ReceiptRefusal::NotValidThen);
    }
    let other = expected
        .iter()
        .find(|(name, value)| fields.get(*name).and_then(Value::as_str) != Some(value));
    match other {
        Some((name, _)) => Err(ReceiptRefusal::Mismatch((*name).to_owned())),
        None => Ok(read),
    }
}

fn key_of(text: &str) -> Option<VerifyingKey> {
    let bytes = STANDARD.decode(text.strip_prefix("whpk_").unwrap_or(text));
    let bytes = <[u8; 32]>::try_from(bytes.ok()?).ok()?;
    VerifyingKey::from_bytes(&bytes).ok()
}

/// `2026-04-01T10:00:00Z`, and no other form.
fn is_time(text: &str) -> bool {
    const FORM: &str = "0000-00-00T00:00:00Z";
    text.len() == FORM.len()
        && text
            .bytes()
            .zip(FORM.bytes())
            .all(|(byte, form)| match form {
                b'0' => byte.is_ascii_digit(),
                _ => byte == form,
            })
}

/// The four groups that widget and console show beside an address, to be compared over the phone.
pub fn address_fingerprint(network: &str, address: &str) -> String {
    let caseless = ["0x", "bc1", "tb1", "bcrt1"].iter().any(|start| {
        let head = address.get(..start.len());
        head.is_some_and(|head| head.eq_ignore_ascii_case(start))
    });
    let spelt = if caseless {
        address.to_ascii_lowercase()
    } else {
        address.to_owned()
    };
    let hash = Sha256::digest(format!("{FINGERPRINT_DOMAIN}{network}\n{spelt}"));
    let bits = hash
        .iter()
        .take(10)
        .fold(0_u128, |bits, byte| bits << 8 | u128::from(*byte));
    let letter = |at: usize| {
        let index = usize::try_from(bits >> (75 - 5 * at) & 31).unwrap_or_default();
        LETTERS.get(index).map_or('0', |letter| char::from(*letter))
    };
    let letters: Vec<char> = (0..LETTER_COUNT).map(letter).collect();
    let groups: Vec<String> = letters
        .chunks(4)
        .map(|group| group.iter().collect())
        .collect();
    groups.join("-")
}
