//! Callbacks of the sandbox's card processor: `sandbox-signature: t=SECONDS,v1=HEX`, an HMAC-SHA-256
//! over `t.body` by the key that both sides share.

use super::wire;
use hmac::{Hmac, Mac};
use proof_core::secret::Secret;
use proof_port::{Callback, CallbackCall, CallbackRefusal};
use sha2::Sha256;

const SIGNATURE: &str = "sandbox-signature";

/// How far a callback's time may be from ours.
const TOLERANCE_SECONDS: i64 = 300;

pub fn read(key: &Secret, call: CallbackCall<'_>) -> Result<Callback, CallbackRefusal> {
    let header = call.headers.iter().find(|(name, _)| name == SIGNATURE);
    let (time, signature) = header
        .and_then(|(_, value)| value.strip_prefix("t=")?.split_once(",v1="))
        .ok_or(CallbackRefusal::Signature)?;
    let signature = hex::decode(signature).map_err(|_| CallbackRefusal::Signature)?;
    let mut mac = Hmac::<Sha256>::new_from_slice(key.expose_secret().as_bytes())
        .map_err(|_| CallbackRefusal::Signature)?;
    mac.update(time.as_bytes());
    mac.update(b".");
    mac.update(call.body);
    // Compared in constant time.
    mac.verify_slice(&signature)
        .map_err(|_| CallbackRefusal::Signature)?;
    let time: i64 = time.parse().map_err(|_| CallbackRefusal::Unreadable)?;
    if call.now.seconds().saturating_sub(time).abs() > TOLERANCE_SECONDS {
        return Err(CallbackRefusal::Stale);
    }
    let body: wire::Callback =
        serde_json::from_slice(call.body).map_err(|_| CallbackRefusal::Unreadable)?;
    Ok(Callback {
        reference: body.reference,
    })
}
