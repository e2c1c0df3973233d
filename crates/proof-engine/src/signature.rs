//! Standard Webhooks signatures (standardwebhooks.com): "v1" by a shared secret, "v1a" by a key whose
//! public half is published.

use crate::{ApiError, Engine};
use base64::{Engine as _, engine::general_purpose::STANDARD};
use ed25519_dalek::{Signer, SigningKey};
use hmac::{Hmac, Mac};
use proof_core::{Timestamp, partner::Environment, secret::Secret};
use sha2::Sha256;

/// Marks a webhook secret for leak scanners.
pub(crate) const SECRET_PREFIX: &str = "whsec_";

pub(crate) fn secret_generate(bytes: [u8; 24]) -> Secret {
    Secret::new(format!("{SECRET_PREFIX}{}", STANDARD.encode(bytes)))
}

/// Marks a public key in the specification's form.
const PUBLIC_PREFIX: &str = "whpk_";

/// The value of `webhook-signature` for this body: one signature by each secret, so that a receiver
/// who knows only one of them is content, and one by the key.
pub fn webhook_signature(
    secrets: &[&Secret],
    key: Option<&SigningKey>,
    id: &str,
    at: Timestamp,
    body: &str,
) -> Result<String, ApiError> {
    let signed = format!("{id}.{}.{body}", at.seconds());
    let mut signatures = Vec::new();
    for secret in secrets {
        let encoded = secret.expose_secret().trim_start_matches(SECRET_PREFIX);
        let secret = STANDARD.decode(encoded).map_err(ApiError::internal)?;
        let mut mac = Hmac::<Sha256>::new_from_slice(&secret).map_err(ApiError::internal)?;
        mac.update(signed.as_bytes());
        let signature = STANDARD.encode(mac.finalize().into_bytes());
        signatures.push(format!("v1,{signature}"));
    }
    if let Some(key) = key {
        let signature = STANDARD.encode(key.sign(signed.as_bytes()).to_bytes());
        signatures.push(format!("v1a,{signature}"));
    }
    Ok(signatures.join(" "))
}

impl Engine {
    /// The key that signs an environment's webhooks; derived, so that every process of an
    /// installation has the same.
    pub(crate) fn webhook_key(&self, environment: Environment) -> Option<SigningKey> {
        let secret = self.installation.secret.expose_secret().as_bytes();
        let mut mac = Hmac::<Sha256>::new_from_slice(secret).ok()?;
        mac.update(b"webhook_key/1/");
        mac.update(environment.name().as_bytes());
        Some(SigningKey::from_bytes(&mac.finalize().into_bytes().into()))
    }

    /// The public halves, for receivers.
    pub fn webhook_public_keys(&self) -> Vec<(Environment, String)> {
        [Environment::Test, Environment::Live]
            .into_iter()
            .filter_map(|environment| {
                let public = self.webhook_key(environment)?.verifying_key();
                let text = format!("{PUBLIC_PREFIX}{}", STANDARD.encode(public.as_bytes()));
                Some((environment, text))
            })
            .collect()
    }
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
            webhook_signature(&[&secret], None, id, at, r#"{"test": 2432232314}"#).unwrap(),
            "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="
        );
    }
}
