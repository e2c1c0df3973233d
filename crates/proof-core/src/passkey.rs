//! Ways to sign in: how many passkeys, what they are called, and which way may go.

use crate::token::TokenHash;
use serde::{Deserialize, Serialize};
use std::fmt;

/// A laptop, a phone and some spare keys; each is named to its person and excluded by the next one.
pub const PASSKEYS_MAX: usize = 10;

/// Time to find the key, touch it and type its PIN; the browser is told the same.
pub const CEREMONY_SECONDS: u32 = 5 * 60;

/// Ceremonies under way, of all people and strangers. Strangers' are limited by address, so that only
/// very many of them get here, and whoever is refused has name, password and code.
pub const CEREMONIES_MAX: i64 = 10_000;

const NAME_CHARS_MAX: usize = 60;

/// What its person calls a passkey: "Laptop".
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(transparent)]
pub struct PasskeyName(String);

#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
#[error("A passkey has a name of at most {NAME_CHARS_MAX} characters.")]
pub struct PasskeyNameWrong;

impl PasskeyName {
    pub fn parse(text: &str) -> Result<Self, PasskeyNameWrong> {
        let text = text.trim();
        let fits = !text.is_empty() && text.chars().count() <= NAME_CHARS_MAX;
        let plain = !text.chars().any(char::is_control);
        (fits && plain)
            .then(|| Self(text.to_owned()))
            .ok_or(PasskeyNameWrong)
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// What a browser was asked for. What was begun for one thing is no good for another one, nor for
/// another session or invitation.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Purpose {
    SignIn,
    /// To show once more that it is them, in this session.
    Again(TokenHash),
    /// Another passkey, in this session.
    Add(TokenHash),
    /// A password and an authenticator app, in this session.
    Password(TokenHash),
    /// To take this invitation.
    Join(TokenHash),
}

impl Purpose {
    /// Whether another one takes its place, because it is of one session or invitation.
    pub const fn is_single(self) -> bool {
        match self {
            Self::SignIn => false,
            Self::Again(_) | Self::Add(_) | Self::Password(_) | Self::Join(_) => true,
        }
    }
}

impl fmt::Display for Purpose {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (name, of) = match self {
            Self::SignIn => return f.write_str("sign_in"),
            Self::Again(of) => ("again", of),
            Self::Add(of) => ("add", of),
            Self::Password(of) => ("password", of),
            Self::Join(of) => ("join", of),
        };
        write!(f, "{name}:{}", hex::encode(of.bytes()))
    }
}

/// The ways in which somebody can sign in.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Ways {
    pub has_password: bool,
    pub passkeys: usize,
}

impl Ways {
    /// Whether there is place for one more.
    pub const fn takes_passkey(self) -> bool {
        self.passkeys < PASSKEYS_MAX
    }

    pub const fn spares_passkey(self) -> bool {
        self.has_password || self.passkeys > 1
    }

    pub const fn spares_password(self) -> bool {
        self.passkeys > 0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_short_lines() {
        for good in ["Laptop", "  Laptop ", "Ключ 2", &"x".repeat(60)] {
            let name = PasskeyName::parse(good);
            assert_eq!(name.map(|name| name.0), Ok(good.trim().to_owned()));
        }
        for bad in ["", "  ", "two\nlines", &"x".repeat(61)] {
            assert_eq!(PasskeyName::parse(bad), Err(PasskeyNameWrong), "{bad}");
        }
    }

    #[test]
    fn the_last_way_stays() {
        let ways = |has_password, passkeys| Ways {
            has_password,
            passkeys,
        };
        assert!(!ways(false, 1).spares_passkey() && !ways(true, 0).spares_password());
        assert!(ways(true, 1).spares_passkey() && ways(true, 1).spares_password());
        assert!(ways(false, 2).spares_passkey());
        assert!(ways(true, PASSKEYS_MAX - 1).takes_passkey());
        assert!(!ways(true, PASSKEYS_MAX).takes_passkey());
    }

    #[test]
    fn purposes_are_told_apart() {
        let (one, two) = (TokenHash::of("one"), TokenHash::of("two"));
        let purposes = [
            Purpose::SignIn,
            Purpose::Again(one),
            Purpose::Again(two),
            Purpose::Add(one),
            Purpose::Password(one),
            Purpose::Join(one),
        ];
        let texts: std::collections::BTreeSet<String> =
            purposes.iter().map(Purpose::to_string).collect();
        assert_eq!(texts.len(), purposes.len());
        assert!(!Purpose::SignIn.is_single() && Purpose::Again(one).is_single());
    }
}
