//! What the check knows of somebody: made up from the email, always the same for the same one.

use super::tags;
use proof_core::Timestamp;
use serde::Serialize;
use sha2::{Digest, Sha256};

/// Documents end so long after they were shown, where the email does not say otherwise.
const DAYS: i64 = 5 * 365;
const DAY_SECONDS: i64 = 24 * 3_600;

const FACE_MODEL: &str = "sandbox-1";
const FACE_NUMBERS: u8 = 128;

#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct Evidence {
    pub surname: String,
    pub given: String,
    /// Years, months and days.
    pub birth: String,
    pub issuer: String,
    pub number: String,
    /// Microseconds since 1970.
    pub document_ends: i64,
    pub face_model: &'static str,
    /// Numbers of four bytes each, in hexadecimal.
    pub face: String,
    /// Of portrait and selfie, in parts of ten thousand.
    pub similarity: u16,
}

impl Evidence {
    /// Everybody is somebody else, but for the tags `kyc-same-as-x`, `kyc-document-of-x` and `kyc-face-of-x`: x
    /// is who has the email `x@` of the same domain.
    pub fn of(email: &str, at: Timestamp) -> Self {
        let email = email.to_ascii_lowercase();
        let who = |tag: &str| {
            let named = |wanted: &str| tags(&email).find_map(|tag| tag.strip_prefix(wanted));
            let name = named(tag).or_else(|| named("kyc-same-as-"));
            let domain = email.rsplit_once('@').map_or("", |(_, domain)| domain);
            name.map_or_else(|| email.clone(), |name| format!("{name}@{domain}"))
        };
        let owner = who("kyc-document-of-");
        let digest = Sha256::digest(owner.as_bytes());
        let ends = tags(&email).find_map(|tag| tag.strip_prefix("kyc-ends-")?.parse().ok());
        let days = ends.unwrap_or(DAYS).clamp(0, 100 * 365);
        let name = owner.split(['@', '+']).next().unwrap_or_default();
        Self {
            surname: "SANDBOX".to_owned(),
            given: name.to_ascii_uppercase(),
            birth: format!("{}-06-15", 1_950 + u16::from(digest[0] % 50)),
            issuer: super::country_of(&email),
            number: hex::encode(&digest[..5]).to_ascii_uppercase(),
            document_ends: at.plus_seconds(days.saturating_mul(DAY_SECONDS)).micros(),
            face_model: FACE_MODEL,
            face: face(&who("kyc-face-of-")),
            similarity: 9_800,
        }
    }
}

/// Numbers about zero: two people's have next to nothing to do with each other.
fn face(who: &str) -> String {
    let numbers = (0..FACE_NUMBERS).map(|place| {
        let digest = Sha256::digest([who.as_bytes(), &[0, place]].concat());
        f32::from(digest[0]) - 127.5
    });
    let bytes: Vec<u8> = numbers.flat_map(f32::to_le_bytes).collect();
    hex::encode(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Timestamp = Timestamp::from_micros(1_795_000_000_000_000);

    #[test]
    fn tags_say_who_somebody_is() {
        let of = |email: &str| Evidence::of(email, NOW);
        let ada = of("ada@example.com");
        assert_eq!(ada, of("Ada@example.com"));
        let eve = of("eve@example.com");
        assert_ne!(ada.number, eve.number);
        assert_ne!(ada.face, eve.face);
        assert_eq!(ada, of("eve+kyc-same-as-ada@example.com"));
        assert_ne!(
            ada.number,
            of("eve+kyc-same-as-ada@example.org").number,
            "another domain is another ada"
        );
        let stolen = of("eve+kyc-document-of-ada@example.com");
        assert_eq!(stolen.number, ada.number);
        assert_ne!(stolen.face, ada.face);
        let other = of("eve+kyc-face-of-ada@example.com");
        assert_ne!(other.number, ada.number);
        assert_eq!(other.face, ada.face);
        let soon = of("eve+kyc-ends-3@example.com").document_ends;
        assert_eq!(soon, NOW.plus_seconds(3 * DAY_SECONDS).micros());
    }
}
