//! The signed receipt of an order, and its addresses as two people compare them.

use crate::{ApiError, Engine, signature::key_id};
use base64::{Engine as _, engine::general_purpose::STANDARD};
use ed25519_dalek::Signer as _;
use proof_core::{
    Address,
    order::{EventKind, Order},
    partner::Side,
    receipt::{Receipt, fingerprint, signed_bytes},
};
use proof_store::EventRow;
use serde::Serialize;

/// What the person keeps, and anybody can check with the published keys.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct ReceiptView {
    /// The text of a JSON object, exactly as it is signed.
    pub document: String,
    pub key_id: String,
    /// Ed25519, base64.
    pub signature: String,
}

/// An address, with what its user can read out.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct Reachable {
    /// `to`, `deposit` or `refund`.
    pub what: &'static str,
    pub address: String,
    pub fingerprint: String,
}

pub(crate) fn fingerprint_of(address: &Address) -> String {
    fingerprint(address.network().name(), address.as_str())
}

/// Where the crypto of an order goes: of a buy to the user's wallet, of a sell to the deposit address, and back.
pub(crate) fn addresses(order: &Order) -> Vec<Reachable> {
    let shown = |what, address: &Address| Reachable {
        what,
        address: address.to_string(),
        fingerprint: fingerprint_of(address),
    };
    match (order.side, order.sale.as_deref()) {
        (Side::Buy, _) => vec![shown("to", &order.destination)],
        (Side::Sell, Some(sale)) => vec![
            shown("deposit", &sale.deposit_address),
            shown("refund", &sale.refund_address),
        ],
        (Side::Sell, None) => Vec::new(),
    }
}

impl Engine {
    /// The receipt of an order: made anew each time, with the same bytes.
    pub(crate) fn receipt(
        &self,
        order: &Order,
        events: &[EventRow],
    ) -> Result<Option<ReceiptView>, ApiError> {
        let awaited = EventKind::DepositAwaited.name();
        let terms = events.iter().find(|event| event.kind == awaited);
        let (receipt, issued_at) = Receipt::new(order, terms.map(|event| event.occurred_at));
        let document = serde_json::to_string(&receipt).map_err(ApiError::internal)?;
        let Some(key) = self.signing_key_at(order.environment, issued_at) else {
            return Ok(None);
        };
        let signature = key.sign(&signed_bytes(&document)).to_bytes();
        Ok(Some(ReceiptView {
            key_id: key_id(&key),
            signature: STANDARD.encode(signature),
            document,
        }))
    }
}
