//! A partner's API token: `sk_test_<key id>_<secret><checksum>`.
//!
//! The name says what it is (leak scanners look for it), the key id may be logged, and the checksum
//! tells a mistyped token from an unknown one without a look into the database.

use crate::{
    partner::Environment,
    secret::Secret,
    time::{Entropy, random},
};
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;

const KEY_ID_LENGTH: usize = 12;
const SECRET_LENGTH: usize = 48;
const CHECKSUM_LENGTH: usize = 8;

/// The public half of a token.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct KeyId(String);

impl KeyId {
    /// Of a person at the console, who has no token.
    pub const fn none() -> Self {
        Self(String::new())
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// What the database keeps of a token. The secret has 192 random bits, so one fast hash is enough.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct TokenHash([u8; 32]);

impl TokenHash {
    pub const fn from_bytes(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    pub const fn bytes(&self) -> &[u8; 32] {
        &self.0
    }

    pub fn of(text: &str) -> Self {
        Self(Sha256::digest(text.as_bytes()).into())
    }

    pub fn matches(&self, other: &Self) -> bool {
        self.0.ct_eq(&other.0).into()
    }
}

/// A well-formed token, known to nobody but its bearer.
#[derive(Clone, Debug)]
pub struct ClientToken {
    environment: Environment,
    key_id: KeyId,
    text: Secret,
}

impl ClientToken {
    pub fn generate(environment: Environment, entropy: &dyn Entropy) -> Self {
        let key_id = hex::encode(random::<{ KEY_ID_LENGTH / 2 }>(entropy));
        let secret = hex::encode(random::<{ SECRET_LENGTH / 2 }>(entropy));
        let head = format!("sk_{}_{key_id}_{secret}", environment.name());
        let text = format!("{head}{}", checksum(&head));
        Self {
            environment,
            key_id: KeyId(key_id),
            text: Secret::new(text),
        }
    }

    /// `None` for anything that this product never issued, by form alone.
    pub fn parse(text: &str) -> Option<Self> {
        let rest = text.strip_prefix("sk_")?;
        let (environment, rest) = rest.split_once('_')?;
        let (key_id, secret) = rest.split_once('_')?;
        if key_id.len() != KEY_ID_LENGTH || secret.len() != SECRET_LENGTH + CHECKSUM_LENGTH {
            return None;
        }
        let (head, sum) = text.split_at_checked(text.len().checked_sub(CHECKSUM_LENGTH)?)?;
        if checksum(head) != sum {
            return None;
        }
        let environment = Environment::parse(environment)?;
        Some(Self {
            environment,
            key_id: KeyId(key_id.to_owned()),
            text: Secret::new(text),
        })
    }

    pub const fn environment(&self) -> Environment {
        self.environment
    }

    pub const fn key_id(&self) -> &KeyId {
        &self.key_id
    }

    pub fn hash(&self) -> TokenHash {
        TokenHash::of(self.text.expose_secret())
    }

    /// To be shown once, to whom it belongs.
    pub fn expose_secret(&self) -> &str {
        self.text.expose_secret()
    }
}

fn checksum(head: &str) -> String {
    let mut digits = hex::encode(Sha256::digest(head.as_bytes()));
    digits.truncate(CHECKSUM_LENGTH);
    digits
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Counting(std::sync::atomic::AtomicU8);

    impl Entropy for Counting {
        fn fill(&self, bytes: &mut [u8]) {
            for byte in bytes {
                *byte = self.0.fetch_add(7, std::sync::atomic::Ordering::Relaxed);
            }
        }
    }

    #[test]
    fn a_token_reads_back_and_a_typo_does_not() {
        let token = ClientToken::generate(Environment::Test, &Counting(3.into()));
        let text = token.expose_secret().to_owned();
        assert!(text.starts_with("sk_test_"));
        let again = ClientToken::parse(&text).unwrap();
        assert_eq!(
            (again.key_id(), again.hash()),
            (token.key_id(), token.hash())
        );
        assert_eq!(again.environment(), Environment::Test);
        for position in 0..text.len() {
            let mut typo = text.clone().into_bytes();
            typo[position] ^= 1;
            assert!(ClientToken::parse(&String::from_utf8(typo).unwrap()).is_none());
        }
        assert!(!format!("{token:?}").contains(&text[30..]));
    }
}
