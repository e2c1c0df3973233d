//! How somebody signs in: they look at it themselves, and put a password beside their passkeys or take it away.

use crate::{
    ApiError, Engine,
    audit::audit,
    error::refused,
    invitation::{with_password, without_password},
    member::{Seat, deed},
    passkey::{PasskeyView, last_way, passkey_view, ways_of},
    password::{code_wrong, otpauth_url, password_check, step_of, totp_secret},
};
use proof_core::{
    ErrorCode, passkey::PASSKEYS_MAX, passkey::Purpose, secret::Secret, token::TokenHash,
};
use proof_store::{Failure, Tx};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

/// Somebody's own ways to sign in.
#[derive(Clone, Debug, Serialize)]
pub struct WaysView {
    /// Whether name, password and code are one of them.
    pub password: bool,
    pub passkeys: Vec<PasskeyView>,
    pub passkeys_max: usize,
}

/// For an authenticator app, before there is a password.
#[derive(Clone, Debug, Serialize)]
pub struct AppSecret {
    pub ceremony: String,
    pub otpauth_url: String,
    pub secret: String,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PasswordNew {
    pub ceremony: Secret,
    pub password: Secret,
    pub code: String,
}

impl Engine {
    pub async fn ways(&self, seat: &Seat) -> Result<WaysView, ApiError> {
        let name = seat.member.name.clone();
        let known = self.member_named(name).await?;
        let own = self.passkeys(seat.member.id).await?;
        Ok(WaysView {
            password: known.is_some_and(|known| known.credentials.password.is_some()),
            passkeys: own.iter().map(passkey_view).collect(),
            passkeys_max: PASSKEYS_MAX,
        })
    }

    /// A secret for an authenticator app, which is theirs once they show a code of it.
    pub async fn password_begin(&self, seat: &Seat) -> Result<AppSecret, ApiError> {
        let secret = totp_secret(self.random());
        let purpose = Purpose::Password(seat.login.token);
        let kept = json!(secret.expose_secret());
        Ok(AppSecret {
            ceremony: self.ceremony_begin(purpose, kept).await?,
            otpauth_url: otpauth_url(&secret, &seat.member.email),
            secret: secret.expose_secret().to_owned(),
        })
    }

    /// A password and an app, in the place of those that were there. Other sessions end.
    pub async fn password_set(&self, seat: &Seat, new: PasswordNew) -> Result<(), ApiError> {
        password_check(&new.password, seat.member.name.as_str())?;
        let hash = self.hashing.hash(new.password, self.random()).await?;
        let (now, author) = (self.real_now(), seat.author());
        let (owner, session) = (seat.member.id, seat.login.token);
        let ceremony = TokenHash::of(new.ceremony.expose_secret());
        let code = new.code;
        self.db
            .write("password_set", move |tx: &mut Tx| {
                let (hash, code, author) = (hash.clone(), code.clone(), author.clone());
                Box::pin(async move {
                    let stored = tx.member_lock(owner).await?;
                    let stored = stored.ok_or_else(|| refused(ApiError::nobody("person")))?;
                    let kept = tx
                        .ceremony_take(ceremony, Purpose::Password(session), now)
                        .await?;
                    let kept = kept.as_ref().and_then(Value::as_str);
                    let secret = Secret::new(kept.ok_or_else(|| refused(too_late()))?);
                    // A wrong code takes the step before back, so that the same secret is good for another try.
                    let step = step_of(&secret, &code, now).map_err(refused)?;
                    let step = step.ok_or_else(|| refused(code_wrong()))?;
                    let credentials = with_password(hash, secret, step);
                    tx.member_password(owner, &credentials).await?;
                    tx.login_end_others(owner, session).await?;
                    let after = json!({ "password": true });
                    let mut deed = deed(author, "member.password_set", owner.to_string(), after);
                    let had = stored.credentials.password.is_some();
                    deed.before = json!({ "password": had });
                    audit(tx, &deed, now).await
                })
            })
            .await
            .map_err(ApiError::from)
    }

    pub async fn password_remove(&self, seat: &Seat) -> Result<(), ApiError> {
        let (now, author) = (self.real_now(), seat.author());
        let (owner, session) = (seat.member.id, seat.login.token);
        self.db
            .write("password_remove", move |tx: &mut Tx| {
                let author = author.clone();
                Box::pin(async move {
                    let stored = tx.member_lock(owner).await?;
                    let stored = stored.ok_or_else(|| refused(ApiError::nobody("person")))?;
                    let ways = ways_of(tx, &stored).await?;
                    if !ways.has_password {
                        let message = "You have no password.";
                        return Err(refused(ApiError::new(ErrorCode::WrongState, message)));
                    }
                    if !ways.spares_password() {
                        return Err(refused(last_way()));
                    }
                    tx.member_password(owner, &without_password()).await?;
                    tx.login_end_others(owner, session).await?;
                    let after = json!({ "password": false });
                    let mut deed = deed(author, "member.password_remove", owner.to_string(), after);
                    deed.before = json!({ "password": true });
                    audit(tx, &deed, now).await
                })
            })
            .await
            .map_err(|error: Failure<ApiError>| ApiError::from(error))
    }
}

fn too_late() -> ApiError {
    let message = "This took longer than five minutes, or was done already; begin once more.";
    ApiError::new(ErrorCode::WrongState, message)
}
