//! Standard Webhooks signatures (standardwebhooks.com): "v1" by a shared secret, "v1a" by a key whose
//! public half is published.

use crate::{ApiError, Engine};
use base64::{Engine as _, engine::general_purpose::STANDARD};
use ed25519_dalek::{Signer, SigningKey};
use hmac::{Hmac, Mac};
use proof_core::{
    Timestamp,
    partner::Environment,
    receipt::{key_generation, key_validity},
    secret::Secret,
};
use serde::Serialize;
use sha2::{Digest, Sha256};

/// Marks a webhook secret for leak scanners.
pub(crate) const SECRET_PREFIX: &str = "whsec_";

pub(crate) fn secret_generate(bytes: [u8; 24]) -> Secret {
    Secret::new(format!("{SECRET_PREFIX}{}", STANDARD.encode(bytes)))
}

/// Marks a public key in the specification's form.
const PUBLIC_PREFIX: &str = "whpk_";

/// How long webhooks carry the signature of the key before as well: whoever has pinned it reads the new one meanwhile.
const OVERLAP_SECONDS: i64 = 30 * 24 * 3_600;

/// A public key, and what it signs for.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct PublicKey {
    pub environment: Environment,
    pub key: String,
    /// The first 16 hex digits of the key's SHA-256.
    pub id: String,
    /// Documents of this time carry its signature; open where there was no other before, or is none after.
    pub from: Option<String>,
    pub until: Option<String>,
}

/// The name by which a signature says whose it is.
pub(crate) fn key_id(key: &SigningKey) -> String {
    let digest = Sha256::digest(key.verifying_key().as_bytes());
    crate::installation::hex_of(digest.get(..8).unwrap_or_default())
}

/// The value of `webhook-signature` for this body: one signature by each secret, so that a receiver
/// who knows only one of them is content, and one by each key.
pub fn webhook_signature(
    secrets: &[&Secret],
    keys: &[SigningKey],
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
    for key in keys {
        let signature = STANDARD.encode(key.sign(signed.as_bytes()).to_bytes());
        signatures.push(format!("v1a,{signature}"));
    }
    Ok(signatures.join(" "))
}

impl Engine {
    /// The key that signs for an environment now; derived, so that every process of an installation has the same.
    pub(crate) fn webhook_key(&self, environment: Environment) -> Option<SigningKey> {
        self.signing_key(environment, self.key_generation(self.now()))
    }

    /// The key that was in force then.
    pub(crate) fn signing_key_at(
        &self,
        environment: Environment,
        at: Timestamp,
    ) -> Option<SigningKey> {
        self.signing_key(environment, self.key_generation(at))
    }

    /// What webhooks are signed with: the key, and for a while the one before.
    pub(crate) fn webhook_keys(&self, environment: Environment) -> Vec<SigningKey> {
        let now = self.now();
        let own = self.key_generation(now);
        let before = self.key_generation(now.plus_seconds(-OVERLAP_SECONDS));
        let generations = (before.max(own.saturating_sub(1))..=own).rev();
        generations
            .filter_map(|generation| self.signing_key(environment, generation))
            .collect()
    }

    fn key_generation(&self, at: Timestamp) -> usize {
        key_generation(&self.key_turns, at)
    }

    fn signing_key(&self, environment: Environment, generation: usize) -> Option<SigningKey> {
        let secret = self.installation.secret.expose_secret().as_bytes();
        let mut mac = Hmac::<Sha256>::new_from_slice(secret).ok()?;
        mac.update(format!("webhook_key/{generation}/").as_bytes());
        mac.update(environment.name().as_bytes());
        Some(SigningKey::from_bytes(&mac.finalize().into_bytes().into()))
    }

    /// The public halves, for receivers: those of the past, of now, and of turns to come.
    pub fn public_keys(&self) -> Vec<PublicKey> {
        let of = |environment, generation: usize| {
            let key = self.signing_key(environment, generation)?;
            let public = key.verifying_key();
            let (from, until) = key_validity(&self.key_turns, generation);
            Some(PublicKey {
                environment,
                key: format!("{PUBLIC_PREFIX}{}", STANDARD.encode(public.as_bytes())),
                id: key_id(&key),
                from: from.map(Timestamp::to_contract),
                until: until.map(Timestamp::to_contract),
            })
        };
        [Environment::Test, Environment::Live]
            .into_iter()
            .flat_map(|environment| {
                (1..=self.key_turns.len() + 1).map(move |generation| (environment, generation))
            })
            .filter_map(|(environment, generation)| of(environment, generation))
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
            webhook_signature(&[&secret], &[], id, at, r#"{"test": 2432232314}"#).unwrap(),
            "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="
        );
    }
}
