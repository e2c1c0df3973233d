//! Standard Webhooks signatures (standardwebhooks.com, "v1" scheme).

use crate::ApiError;
use base64::{Engine as _, engine::general_purpose::STANDARD};
use hmac::{Hmac, Mac};
use proof_core::{Timestamp, secret::Secret};
use sha2::Sha256;

/// Marks a webhook secret for leak scanners.
pub(crate) const SECRET_PREFIX: &str = "whsec_";

pub(crate) fn secret_generate(bytes: [u8; 24]) -> Secret {
    Secret::new(format!("{SECRET_PREFIX}{}", STANDARD.encode(bytes)))
}

/// The value of `webhook-signature` for this body.
pub fn webhook_signature(
    secret: &Secret,
    id: &str,
    at: Timestamp,
    body: &str,
) -> Result<String, ApiError> {
    let encoded = secret.expose_secret().trim_start_matches(SECRET_PREFIX);
    let key = STANDARD.decode(encoded).map_err(ApiError::internal)?;
    let mut mac = Hmac::<Sha256>::new_from_slice(&key).map_err(ApiError::internal)?;
    mac.update(format!("{id}.{}.{body}", at.seconds()).as_bytes());
    Ok(format!(
        "v1,{}",
        STANDARD.encode(mac.finalize().into_bytes())
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The example of the Standard Webhooks specification.
    #[test]
    fn the_published_example_is_reproduced() {
        let secret = Secret::new("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw");
        let at = Timestamp::from_micros(1_614_265_330_000_000);
        let id = "msg_p5jXN8AQM9LWM0D4loKWxJek";
        assert_eq!(
            webhook_signature(&secret, id, at, r#"{"test": 2432232314}"#).unwrap(),
            "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="
        );
    }
}
