//! Passwords and authenticator apps: what is kept of them, and whether what somebody says is right.

use crate::ApiError;
use argon2::{
    Argon2,
    password_hash::{PasswordHash, PasswordHasher, PasswordVerifier, SaltString},
};
use proof_core::{ErrorCode, Timestamp, secret::Secret};
use std::sync::{Arc, OnceLock};
use subtle::ConstantTimeEq;
use tokio::sync::Semaphore;
use totp_rs::{Algorithm, TOTP};

/// Long enough that nobody guesses it, and no rule about which letters.
const PASSWORD_CHARS_MIN: usize = 12;
const PASSWORD_BYTES_MAX: usize = 256;

/// RFC 6238 as every app does it.
const TOTP_DIGITS: usize = 6;
const TOTP_STEP_SECONDS: u64 = 30;

/// Passwords that are looked at together: each takes 19 MiB and some 20 ms of a processor, and calls
/// about money must not wait for them.
const HASHES_MAX: usize = 4;

/// Where hashing is done: beside the threads that answer calls, and not on all at once.
pub struct Hashing {
    places: Arc<Semaphore>,
}

impl Default for Hashing {
    fn default() -> Self {
        Self {
            places: Arc::new(Semaphore::new(HASHES_MAX)),
        }
    }
}

impl Hashing {
    async fn run<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> T + Send + 'static,
    ) -> Result<T, ApiError> {
        let place = Arc::clone(&self.places).acquire_owned().await;
        let place = place.map_err(ApiError::internal)?;
        // The place is given back by the work itself, also when the caller has hung up.
        let done = tokio::task::spawn_blocking(move || {
            let done = work();
            drop(place);
            done
        });
        done.await.map_err(ApiError::internal)
    }

    pub async fn hash(&self, password: Secret, salt: [u8; 16]) -> Result<Secret, ApiError> {
        self.run(move || hash_of(&password, &salt)).await?
    }

    /// Somebody whom nobody knows, or who has no password, costs as much time as anybody.
    pub async fn is_right(&self, kept: Option<Secret>, password: Secret) -> Result<bool, ApiError> {
        self.run(move || match kept {
            Some(kept) => is_password(&kept, &password),
            None => {
                take_time(&password);
                false
            }
        })
        .await
    }
}

fn hash_of(password: &Secret, salt: &[u8]) -> Result<Secret, ApiError> {
    let salt = SaltString::encode_b64(salt).map_err(ApiError::internal)?;
    let hash = Argon2::default().hash_password(password.expose_secret().as_bytes(), &salt);
    Ok(Secret::new(hash.map_err(ApiError::internal)?.to_string()))
}

fn is_password(kept: &Secret, password: &Secret) -> bool {
    let bytes = password.expose_secret().as_bytes();
    let kept = PasswordHash::new(kept.expose_secret());
    kept.is_ok_and(|kept| Argon2::default().verify_password(bytes, &kept).is_ok())
}

fn take_time(password: &Secret) {
    static NOBODY: OnceLock<Option<Secret>> = OnceLock::new();
    let nobody = NOBODY.get_or_init(|| hash_of(&Secret::new("nobody"), &[0; 16]).ok());
    // Whatever comes of it.
    let _same = nobody.as_ref().map(|kept| is_password(kept, password));
}

pub fn password_check(password: &Secret, name: &str) -> Result<(), ApiError> {
    let text = password.expose_secret();
    let long = text.chars().count() >= PASSWORD_CHARS_MIN && text.len() <= PASSWORD_BYTES_MAX;
    if long && !text.eq_ignore_ascii_case(name) {
        return Ok(());
    }
    let message =
        format!("A password has at least {PASSWORD_CHARS_MIN} characters, and is not the name.");
    Err(ApiError::field(
        ErrorCode::ValidationError,
        "password",
        message,
    ))
}

/// A fresh secret for an authenticator app.
pub fn totp_secret(random: [u8; 20]) -> Secret {
    let secret = totp_rs::Secret::Raw(random.to_vec()).to_encoded();
    Secret::new(secret.to_string())
}

/// What the app reads from a picture.
pub fn otpauth_url(secret: &Secret, email: &str) -> String {
    let secret = secret.expose_secret();
    let email: String = url::form_urlencoded::byte_serialize(email.as_bytes()).collect();
    format!("otpauth://totp/Proof:{email}?secret={secret}&issuer=Proof")
}

fn totp(secret: &Secret) -> Result<TOTP, ApiError> {
    let bytes = totp_rs::Secret::Encoded(secret.expose_secret().to_owned());
    let bytes = bytes
        .to_bytes()
        .map_err(|error| ApiError::internal(format!("{error:?}")))?;
    let totp = TOTP::new(Algorithm::SHA1, TOTP_DIGITS, 1, TOTP_STEP_SECONDS, bytes);
    totp.map_err(ApiError::internal)
}

/// The time step whose code this is: the present one, or one beside it for clocks that are off.
pub fn step_of(secret: &Secret, code: &str, now: Timestamp) -> Result<Option<i64>, ApiError> {
    let code: String = code.chars().filter(|c| !c.is_whitespace()).collect();
    let (totp, present) = (totp(secret)?, now.seconds().div_euclid(30));
    let is_code = |step: &i64| {
        let seconds = u64::try_from(step.saturating_mul(30)).unwrap_or(0);
        bool::from(totp.generate(seconds).as_bytes().ct_eq(code.as_bytes()))
    };
    let steps = [
        present,
        present.saturating_sub(1),
        present.saturating_add(1),
    ];
    Ok(steps.into_iter().find(is_code))
}

pub fn code_wrong() -> ApiError {
    let message =
        "This is not the code that the app shows now; look again and type all six digits.";
    ApiError::field(ErrorCode::ValidationError, "code", message)
}
