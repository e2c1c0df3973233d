//! The hot wallets' keys in a token. It is logged in for as long as the signer runs, and again when it was away.

use super::{Place, Token, TokenError};
use crate::{
    key_file::MasterKey,
    keys::{Key, KeyAway, WalletKeys},
};
use k256::ecdsa::{RecoveryId, Signature, VerifyingKey};
use proof_core::{Network, Timestamp};
use sha2::{Digest, Sha256};
use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, PoisonError},
};

/// What is signed to see whether a key is there: nothing that any chain would take.
const CHECK: &str = "proof-wallet-check/1";

const PAUSE_MS_MAX: i64 = 60_000;

/// A key in a token, as the wallet's file names it.
pub struct Named {
    pub id: Vec<u8>,
    pub public: VerifyingKey,
}

impl Named {
    /// The token signs with it: it has the key, keeps it, and uses it.
    pub fn check(&self, token: &Token) -> Result<(), TokenError> {
        token.sign(&self.id, &self.public, &check_hash()).map(drop)
    }
}

/// The wallet of a file whose token is open.
pub fn wallet_keys(master: MasterKey, named: BTreeMap<Network, Named>, token: Token) -> WalletKeys {
    if named.is_empty() {
        return master.into();
    }
    let login = Arc::new(Login {
        place: token.place.clone(),
        state: Mutex::new(State::Open(token)),
    });
    let key = |(network, named)| {
        let login = Arc::clone(&login);
        (network, Box::new(HeldKey { named, login }) as Box<dyn Key>)
    };
    WalletKeys::held(master, named.into_iter().map(key))
}

struct HeldKey {
    named: Named,
    login: Arc<Login>,
}

impl Key for HeldKey {
    fn public(&self) -> &VerifyingKey {
        &self.named.public
    }

    fn sign(&self, hash: &[u8; 32]) -> Result<(Signature, RecoveryId), KeyAway> {
        self.login.sign(&self.named, hash)
    }

    fn ready(&self) -> Result<(), KeyAway> {
        self.login.ready(&self.named)
    }
}

fn check_hash() -> [u8; 32] {
    Sha256::digest(CHECK).into()
}

/// One for all keys of a token: a process logs in once.
struct Login {
    place: Place,
    state: Mutex<State>,
}

enum State {
    Open(Token),
    Away {
        why: String,
        /// `None`: another try might lock the token.
        pause: Option<Pause>,
    },
}

/// A module may take long to say that a token is not there, and nobody else is answered then: it is not asked again for
/// twice that time.
struct Pause {
    since: Timestamp,
    millis: i64,
}

impl Pause {
    fn after(begun: Timestamp, now: Timestamp) -> Self {
        let took = now.millis_since(begun).saturating_mul(2);
        Self {
            since: now,
            millis: took.clamp(0, PAUSE_MS_MAX),
        }
    }

    /// A clock that went back ends it.
    fn is_over(&self, now: Timestamp) -> bool {
        !(0..self.millis).contains(&now.millis_since(self.since))
    }
}

impl Login {
    fn sign(&self, named: &Named, hash: &[u8; 32]) -> Result<(Signature, RecoveryId), KeyAway> {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        if let State::Open(token) = &*state {
            match token.sign(&named.id, &named.public, hash) {
                Ok(signed) => return Ok(signed),
                Err(error) => {
                    tracing::warn!("the token did not sign, and is opened again: {error}");
                }
            }
        }
        self.sign_again(&mut state, named, hash)
    }

    fn ready(&self, named: &Named) -> Result<(), KeyAway> {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        match &*state {
            State::Open(_) => Ok(()),
            State::Away { .. } => self.sign_again(&mut state, named, &check_hash()).map(drop),
        }
    }

    /// With one login at most for each question.
    fn sign_again(
        &self,
        state: &mut State,
        named: &Named,
        hash: &[u8; 32],
    ) -> Result<(Signature, RecoveryId), KeyAway> {
        let begun = self.place.clock.now();
        if let State::Away { why, pause } = &*state
            && !pause.as_ref().is_some_and(|pause| pause.is_over(begun))
        {
            return Err(KeyAway(why.clone()));
        }
        // The module ends before it begins again.
        *state = State::Away {
            why: "it is being opened".to_owned(),
            pause: None,
        };
        let opened = Token::at(self.place.clone());
        let signed = opened.and_then(|token| {
            let signed = token.sign(&named.id, &named.public, hash)?;
            Ok((signed, token))
        });
        match signed {
            Ok((signed, token)) => {
                tracing::info!("the token signs again");
                *state = State::Open(token);
                Ok(signed)
            }
            Err(error) => {
                let (why, pause) = if error.is_about_pin() {
                    let why = format!(
                        "{error}; it is not tried again: correct the PIN, and restart the signer"
                    );
                    (why, None)
                } else {
                    let pause = Pause::after(begun, self.place.clock.now());
                    (error.to_string(), Some(pause))
                };
                tracing::error!("the token does not sign: {why}");
                *state = State::Away {
                    why: why.clone(),
                    pause,
                };
                Err(KeyAway(why))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slow_module_leaves_the_signer_two_thirds_of_its_time() {
        let at = |seconds: i64| Timestamp::from_micros(seconds * 1_000_000);
        let slow = Pause::after(at(100), at(110));
        assert!(!slow.is_over(at(110)) && !slow.is_over(at(129)));
        assert!(slow.is_over(at(130)));
        assert!(slow.is_over(at(90)), "a clock that went back");
        assert!(Pause::after(at(100), at(100)).is_over(at(100)));
        // A clock that was set while it was asked.
        assert!(Pause::after(at(100), at(90)).is_over(at(90)));
        let jumped = Pause::after(at(100), at(10_000));
        assert!(jumped.is_over(at(10_060)));
    }
}
