//! Passkeys: people add them, sign in with them, and take them away.
//!
//! A ceremony is begun by us with a challenge and ended by the browser with an answer to it. What was
//! asked for stays in the database: there can be several servers, and an answer has to be good once
//! with all of them together, which nothing that the browser keeps could hold.

use crate::{
    ApiError, Engine,
    audit::audit,
    error::refused,
    invitation::{Chosen, Taking, invitation_open, invitation_taken, name_check, name_parse},
    member::{Me, Seat, SignedIn, deed, enter},
};
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use proof_core::{
    ErrorCode, Timestamp,
    audit::Author,
    id::{MemberId, PasskeyId},
    operator::OperatorName,
    partner::Origin,
    passkey::{CEREMONY_SECONDS, PASSKEYS_MAX, PasskeyName, Purpose, Ways},
    secret::Secret,
    token::TokenHash,
};
use proof_store::{Failure, PasskeyRow, StoredMember, Tx};
use serde::{Deserialize, Serialize, de::DeserializeOwned};
use serde_json::{Value, json};
use std::time::Duration;
use url::{Host, Url};
use webauthn_rs::prelude::{
    CredentialID, DiscoverableAuthentication, Passkey, PasskeyRegistration, PublicKeyCredential,
    RegisterPublicKeyCredential, Webauthn, WebauthnBuilder, WebauthnError,
};

/// What the browser shows beside the key.
const RP_NAME: &str = "Proof";

/// What the browser is asked for, and by which name it answers.
#[derive(Clone, Debug, Serialize)]
pub struct Ceremony {
    pub ceremony: String,
    /// For `navigator.credentials`, with bytes as base64url.
    pub options: Value,
}

/// A browser's answer: somebody showed a passkey.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PasskeyShown {
    pub ceremony: Secret,
    pub credential: PublicKeyCredential,
}

/// A browser's answer: somebody made a passkey.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PasskeyMade {
    pub ceremony: Secret,
    pub name: String,
    pub credential: RegisterPublicKeyCredential,
}

#[derive(Clone, Debug, Serialize)]
pub struct PasskeyView {
    pub id: String,
    pub name: String,
    pub created_at: String,
    pub used_at: Option<String>,
}

/// A passkey that was just made.
#[derive(Clone, Debug)]
pub(crate) struct MadeKey {
    pub row: PasskeyRow,
    credential: CredentialID,
}

/// What is kept between asking somebody new for a passkey and getting one.
#[derive(Serialize, Deserialize)]
struct JoinState {
    id: MemberId,
    name: OperatorName,
    asked: PasskeyRegistration,
}

impl MadeKey {
    /// A credential is one person's, also where an authenticator gives one out twice.
    pub(crate) async fn insert(
        &self,
        tx: &mut Tx,
        member: MemberId,
    ) -> Result<(), Failure<ApiError>> {
        let row = PasskeyRow {
            member,
            ..self.row.clone()
        };
        if tx.passkey_insert(&row, &self.credential).await? {
            return Ok(());
        }
        Err(refused(not_made("it is registered already")))
    }
}

pub(crate) fn passkey_view(row: &PasskeyRow) -> PasskeyView {
    PasskeyView {
        id: row.id.to_string(),
        name: row.name.as_str().to_owned(),
        created_at: row.created_at.to_contract(),
        used_at: row.used_at.map(Timestamp::to_contract),
    }
}

/// Whatever is wrong, a stranger hears the same.
fn not_shown(why: impl ToString) -> ApiError {
    let message = "This passkey was not accepted. Try once more; if that does not help, sign in with name, password and code.";
    ApiError {
        context: Some(why.to_string()),
        ..ApiError::new(ErrorCode::SignInRefused, message)
    }
}

fn not_made(why: impl ToString) -> ApiError {
    let message = "The passkey was not accepted: begin once more, or take another device.";
    ApiError {
        context: Some(why.to_string()),
        ..ApiError::field(ErrorCode::ValidationError, "credential", message)
    }
}

fn too_many() -> ApiError {
    let message = "Too many people are signing in with passkeys right now; take name, password and code, or try again in a few minutes.";
    ApiError::new(ErrorCode::Overloaded, message)
}

pub(crate) fn last_way() -> ApiError {
    let message = "This is your last way to sign in; add another one first.";
    ApiError::new(ErrorCode::WrongState, message)
}

/// Us, as browsers know us. Passkeys are bound to the name of the host.
fn rp(home: &Origin) -> Result<Webauthn, ApiError> {
    let url = Url::parse(home.as_str()).map_err(ApiError::internal)?;
    let Some(Host::Domain(name)) = url.host() else {
        let message =
            "Passkeys need a server that has a name; the address of this one is a number.";
        return Err(ApiError::new(ErrorCode::WrongState, message));
    };
    WebauthnBuilder::new(name, &url)
        .and_then(|builder| {
            builder
                .rp_name(RP_NAME)
                .timeout(Duration::from_secs(u64::from(CEREMONY_SECONDS)))
                .build()
        })
        .map_err(ApiError::internal)
}

fn state<T: DeserializeOwned>(body: Value) -> Result<T, ApiError> {
    serde_json::from_value(body).map_err(ApiError::internal)
}

fn body(state: impl Serialize) -> Result<Value, ApiError> {
    serde_json::to_value(state).map_err(ApiError::internal)
}

/// A fresh challenge, and what the browser is told. Of somebody who is known: which keys are theirs.
fn ask_to_show(rp: &Webauthn, own: &[PasskeyRow]) -> Result<(Value, Value), ApiError> {
    let (asked, kept) = rp
        .start_discoverable_authentication()
        .map_err(ApiError::internal)?;
    let mut options = body(asked)?;
    let ids = own.iter().map(|row| {
        let key: Passkey = state(row.body.clone())?;
        Ok(json!({ "type": "public-key", "id": URL_SAFE_NO_PAD.encode(key.cred_id()) }))
    });
    let ids: Vec<Value> = ids.collect::<Result<_, ApiError>>()?;
    options["publicKey"]["allowCredentials"] = Value::Array(ids);
    // The page asks when somebody presses the button, and not while they type.
    options["mediation"].take();
    Ok((options, body(kept)?))
}

/// The same for a new key. It has to be one that a browser finds without being told whose.
fn ask_to_make(
    rp: &Webauthn,
    (id, name): (MemberId, &OperatorName),
    own: &[PasskeyRow],
) -> Result<(Value, PasskeyRegistration), ApiError> {
    let keys = own.iter().map(|row| state(row.body.clone()));
    let keys: Vec<Passkey> = keys.collect::<Result<_, ApiError>>()?;
    let own = keys.iter().map(|key| key.cred_id().clone()).collect();
    let (asked, kept) = rp
        .start_passkey_registration(id.uuid(), name.as_str(), name.as_str(), Some(own))
        .map_err(ApiError::internal)?;
    let mut options = body(asked)?;
    let selection = &mut options["publicKey"]["authenticatorSelection"];
    selection["residentKey"] = json!("required");
    selection["requireResidentKey"] = json!(true);
    Ok((options, kept))
}

/// Whose passkey this is, if everything about it is right; and if so, it is written down that it was
/// used. Nothing is taken back where it is not: neither the challenge nor what is told of it.
async fn passkey_check(
    tx: &mut Tx,
    rp: &Webauthn,
    asked: DiscoverableAuthentication,
    credential: &PublicKeyCredential,
    (now, from): (Timestamp, &str),
) -> Result<Result<(StoredMember, PasskeyName), ApiError>, Failure<ApiError>> {
    let id = credential.get_credential_id();
    let Some(known) = tx.passkey_by_credential(id).await? else {
        return Ok(Err(not_shown("unknown credential")));
    };
    // The counter is compared under the lock of its person.
    let member = tx.member_lock(known.member).await?;
    let row = tx.passkey_by_credential(id).await?;
    let (Some(mut stored), Some(mut row)) = (member, row) else {
        return Ok(Err(not_shown("removed meanwhile")));
    };
    let owner = stored.member.id;
    let handle = credential.get_user_unique_id();
    if row.member != owner || handle.is_some_and(|handle| handle != owner.uuid().as_bytes()) {
        return Ok(Err(not_shown("another person's credential")));
    }
    if stored.member.is_disabled {
        return Ok(Err(not_shown("disabled")));
    }
    let mut key: Passkey = state(row.body).map_err(refused)?;
    match rp.finish_discoverable_authentication_v2(credential, asked, &key) {
        Ok(result) => {
            key.update_credential(&result);
            row.body = body(key).map_err(refused)?;
            row.used_at = Some(now);
            tx.passkey_used(&row).await?;
            stored.member.signed_in_at = Some(now);
            tx.member_tried(&stored).await?;
            Ok(Ok((stored, row.name)))
        }
        Err(WebauthnError::CredentialPossibleCompromise) => {
            // It has the key, but not the key's memory: there are two of them.
            let author = Author {
                by: OperatorName::machine(),
                from: from.to_owned(),
            };
            let after = json!({ "name": stored.member.name, "passkey": row.name, "why": "the counter went back" });
            let deed = deed(author, "member.sign_in_refused", owner.to_string(), after);
            audit(tx, &deed, now).await?;
            Ok(Err(not_shown("the counter went back")))
        }
        Err(error) => Ok(Err(not_shown(error))),
    }
}

/// Of an answer to a challenge that was given for this purpose, once.
async fn ceremony_end<T: DeserializeOwned>(
    tx: &mut Tx,
    ceremony: &Secret,
    purpose: Purpose,
    now: Timestamp,
) -> Result<Option<T>, Failure<ApiError>> {
    let token = TokenHash::of(ceremony.expose_secret());
    let kept = tx.ceremony_take(token, purpose, now).await?;
    kept.map(state).transpose().map_err(refused)
}

pub(crate) async fn ways_of(tx: &mut Tx, stored: &StoredMember) -> Result<Ways, Failure<ApiError>> {
    Ok(Ways {
        has_password: stored.credentials.password.is_some(),
        passkeys: tx.passkey_list(stored.member.id).await?.len(),
    })
}

impl Engine {
    /// Keeps what was asked for, and names it to the browser.
    pub(crate) async fn ceremony_begin(
        &self,
        purpose: Purpose,
        kept: Value,
    ) -> Result<String, ApiError> {
        let token = format!("cer_{}", crate::installation::hex_of(&self.random::<32>()));
        let (hash, now) = (TokenHash::of(&token), self.real_now());
        let until = now.plus_seconds(i64::from(CEREMONY_SECONDS));
        let has_place = self
            .db
            .write("ceremony_begin", move |tx: &mut Tx| {
                let kept = kept.clone();
                Box::pin(async move {
                    let made = tx.ceremony_insert(hash, purpose, kept, now, until).await?;
                    Ok::<_, Failure<ApiError>>(made)
                })
            })
            .await?;
        has_place.then_some(token).ok_or_else(too_many)
    }

    pub(crate) async fn passkeys(&self, member: MemberId) -> Result<Vec<PasskeyRow>, ApiError> {
        self.db
            .read("passkeys", move |tx: &mut Tx| {
                Box::pin(async move { Ok::<_, Failure<ApiError>>(tx.passkey_list(member).await?) })
            })
            .await
            .map_err(ApiError::from)
    }

    /// Somebody wants to sign in, and the browser finds out who it is.
    pub async fn passkey_sign_in_begin(&self, home: &Origin) -> Result<Ceremony, ApiError> {
        let (options, kept) = ask_to_show(&rp(home)?, &[])?;
        let ceremony = self.ceremony_begin(Purpose::SignIn, kept).await?;
        Ok(Ceremony { ceremony, options })
    }

    pub async fn passkey_sign_in(
        &self,
        home: &Origin,
        shown: PasskeyShown,
        from: String,
    ) -> Result<SignedIn, ApiError> {
        let (rp, now) = (rp(home)?, self.real_now());
        // Whose it is comes out below.
        let (token, login) = self.login_new(MemberId::LAST, now);
        let seat = self
            .db
            .write("passkey_sign_in", move |tx: &mut Tx| {
                let (rp, shown, mut login) = (rp.clone(), shown.clone(), login.clone());
                let from = from.clone();
                Box::pin(async move {
                    let asked = ceremony_end(tx, &shown.ceremony, Purpose::SignIn, now).await?;
                    let Some(asked) = asked else {
                        return Ok(Err(not_shown("no such ceremony")));
                    };
                    let at = (now, from.as_str());
                    let checked = passkey_check(tx, &rp, asked, &shown.credential, at).await?;
                    let (stored, name) = match checked {
                        Ok(checked) => checked,
                        Err(error) => return Ok(Err(error)),
                    };
                    login.member = stored.member.id;
                    let way = json!({ "way": "passkey", "passkey": name });
                    enter(tx, stored.member, login, from, way).await.map(Ok)
                })
            })
            .await?;
        Ok(SignedIn {
            token,
            me: seat?.me(),
        })
    }

    pub async fn passkey_again_begin(
        &self,
        home: &Origin,
        seat: &Seat,
    ) -> Result<Ceremony, ApiError> {
        let own = self.passkeys(seat.member.id).await?;
        if own.is_empty() {
            let message = "You have no passkey; take password and code.";
            return Err(ApiError::new(ErrorCode::WrongState, message));
        }
        let (options, kept) = ask_to_show(&rp(home)?, &own)?;
        let purpose = Purpose::Again(seat.login.token);
        let ceremony = self.ceremony_begin(purpose, kept).await?;
        Ok(Ceremony { ceremony, options })
    }

    /// Shows once more that it is them.
    pub async fn passkey_again(
        &self,
        home: &Origin,
        seat: &Seat,
        shown: PasskeyShown,
    ) -> Result<Me, ApiError> {
        let (rp, now) = (rp(home)?, self.real_now());
        let (token, id, from) = (seat.login.token, seat.member.id, seat.from.clone());
        let done = self
            .db
            .write("passkey_again", move |tx: &mut Tx| {
                let (rp, shown, from) = (rp.clone(), shown.clone(), from.clone());
                Box::pin(async move {
                    let purpose = Purpose::Again(token);
                    let asked = ceremony_end(tx, &shown.ceremony, purpose, now).await?;
                    let Some(asked) = asked else {
                        return Ok(Err(not_shown("no such ceremony")));
                    };
                    let at = (now, from.as_str());
                    let checked = passkey_check(tx, &rp, asked, &shown.credential, at).await?;
                    match checked {
                        Ok((stored, _)) if stored.member.id == id => {}
                        Ok(_) => return Ok(Err(not_shown("another person"))),
                        Err(error) => return Ok(Err(error)),
                    }
                    tx.login_fresh(token, now).await?;
                    Ok::<_, Failure<ApiError>>(Ok(()))
                })
            })
            .await?;
        done?;
        let mut seat = seat.clone();
        seat.login.fresh_at = now;
        Ok(seat.me())
    }

    pub async fn passkey_add_begin(
        &self,
        home: &Origin,
        seat: &Seat,
    ) -> Result<Ceremony, ApiError> {
        let own = self.passkeys(seat.member.id).await?;
        if own.len() >= PASSKEYS_MAX {
            return Err(enough());
        }
        let whose = (seat.member.id, &seat.member.name);
        let (options, kept) = ask_to_make(&rp(home)?, whose, &own)?;
        let purpose = Purpose::Add(seat.login.token);
        let ceremony = self.ceremony_begin(purpose, body(kept)?).await?;
        Ok(Ceremony { ceremony, options })
    }

    pub async fn passkey_add(
        &self,
        home: &Origin,
        seat: &Seat,
        made: PasskeyMade,
    ) -> Result<PasskeyView, ApiError> {
        let (rp, now) = (rp(home)?, self.real_now());
        let (author, owner) = (seat.author(), seat.member.id);
        let purpose = Purpose::Add(seat.login.token);
        let name = name_of(&made)?;
        let id = PasskeyId::new(now, self.entropy.as_ref());
        self.db
            .write("passkey_add", move |tx: &mut Tx| {
                let (rp, made, author) = (rp.clone(), made.clone(), author.clone());
                let name = name.clone();
                Box::pin(async move {
                    let asked = ceremony_end(tx, &made.ceremony, purpose, now).await?;
                    let Some(asked) = asked else {
                        return Ok(Err(not_made("no such ceremony")));
                    };
                    let key = match key_of(&rp, &asked, &made, (id, name, now)) {
                        Ok(key) => key,
                        Err(error) => return Ok(Err(error)),
                    };
                    let stored = tx.member_lock(owner).await?;
                    let stored = stored.ok_or_else(|| refused(ApiError::nobody("person")))?;
                    if !ways_of(tx, &stored).await?.takes_passkey() {
                        return Err(refused(enough()));
                    }
                    key.insert(tx, owner).await?;
                    let after = json!({ "passkey": key.row.name, "id": id.to_string() });
                    let deed = deed(author, "member.passkey_add", owner.to_string(), after);
                    audit(tx, &deed, now).await?;
                    Ok::<_, Failure<ApiError>>(Ok(passkey_view(&key.row)))
                })
            })
            .await?
    }

    /// Takes one away, and ends the other sessions: it may be away because somebody else has it.
    pub async fn passkey_remove(&self, seat: &Seat, id: PasskeyId) -> Result<(), ApiError> {
        let (now, author) = (self.real_now(), seat.author());
        let (owner, session) = (seat.member.id, seat.login.token);
        self.db
            .write("passkey_remove", move |tx: &mut Tx| {
                let author = author.clone();
                Box::pin(async move {
                    let stored = tx.member_lock(owner).await?;
                    let stored = stored.ok_or_else(|| refused(ApiError::nobody("person")))?;
                    let own = tx.passkey_list(owner).await?;
                    let row = own.into_iter().find(|row| row.id == id);
                    let row = row.ok_or_else(|| refused(ApiError::nobody("passkey")))?;
                    if !ways_of(tx, &stored).await?.spares_passkey() {
                        return Err(refused(last_way()));
                    }
                    tx.passkey_remove(id).await?;
                    tx.login_end_others(owner, session).await?;
                    let subject = owner.to_string();
                    let mut deed = deed(author, "member.passkey_remove", subject, Value::Null);
                    deed.before = json!({ "passkey": row.name, "id": id.to_string() });
                    audit(tx, &deed, now).await
                })
            })
            .await
            .map_err(ApiError::from)
    }

    /// Somebody who was invited wants to come in with a passkey, under this name.
    pub async fn passkey_join_begin(
        &self,
        home: &Origin,
        token: &str,
        name: &str,
    ) -> Result<Ceremony, ApiError> {
        let (rp, name) = (rp(home)?, name_parse(name)?);
        let (hash, now) = (TokenHash::of(token), self.real_now());
        let wanted = name.clone();
        let known = self
            .db
            .write("passkey_join_begin", move |tx: &mut Tx| {
                let name = wanted.clone();
                Box::pin(async move {
                    let (_, known) = invitation_open(tx, hash, now).await?;
                    name_check(tx, known.as_ref(), &name).await?;
                    Ok::<_, Failure<ApiError>>(known.map(|known| known.member.id))
                })
            })
            .await?;
        let id = known.unwrap_or_else(|| MemberId::new(now, self.entropy.as_ref()));
        let (options, asked) = ask_to_make(&rp, (id, &name), &[])?;
        let kept = body(JoinState { id, name, asked })?;
        let ceremony = self.ceremony_begin(Purpose::Join(hash), kept).await?;
        Ok(Ceremony { ceremony, options })
    }

    pub async fn passkey_join(
        &self,
        home: &Origin,
        token: &str,
        made: PasskeyMade,
        from: String,
    ) -> Result<SignedIn, ApiError> {
        let (rp, now, hash) = (rp(home)?, self.real_now(), TokenHash::of(token));
        let name = name_of(&made)?;
        let (secret, login) = self.login_new(MemberId::LAST, now);
        let id = PasskeyId::new(now, self.entropy.as_ref());
        let seat = self
            .db
            .write("passkey_join", move |tx: &mut Tx| {
                let (rp, made, login) = (rp.clone(), made.clone(), login.clone());
                let (from, name) = (from.clone(), name.clone());
                Box::pin(async move {
                    // An invitation that is over says so itself.
                    invitation_open(tx, hash, now).await?;
                    let purpose = Purpose::Join(hash);
                    let kept = ceremony_end(tx, &made.ceremony, purpose, now).await?;
                    let Some(JoinState {
                        id: member,
                        name: chosen,
                        asked,
                    }) = kept
                    else {
                        return Ok(Err(not_made("no such ceremony")));
                    };
                    let key = match key_of(&rp, &asked, &made, (id, name, now)) {
                        Ok(key) => key,
                        Err(error) => return Ok(Err(error)),
                    };
                    let taking = Taking {
                        hash,
                        id: member,
                        name: chosen,
                        login,
                        from,
                        chosen: Chosen::Passkey(Box::new(key)),
                    };
                    invitation_taken(tx, taking).await.map(Ok)
                })
            })
            .await?;
        Ok(SignedIn {
            token: secret,
            me: seat?.me(),
        })
    }
}

fn enough() -> ApiError {
    let message = format!("You have {PASSKEYS_MAX} passkeys; take one away first.");
    ApiError::new(ErrorCode::WrongState, message)
}

fn name_of(made: &PasskeyMade) -> Result<PasskeyName, ApiError> {
    PasskeyName::parse(&made.name)
        .map_err(|error| ApiError::field(ErrorCode::ValidationError, "name", format!("{error}")))
}

/// The key that the browser made, if it is an answer to what it was asked for.
fn key_of(
    rp: &Webauthn,
    asked: &PasskeyRegistration,
    made: &PasskeyMade,
    (id, name, now): (PasskeyId, PasskeyName, Timestamp),
) -> Result<MadeKey, ApiError> {
    let key = rp
        .finish_passkey_registration(&made.credential, asked)
        .map_err(not_made)?;
    Ok(MadeKey {
        credential: key.cred_id().clone(),
        row: PasskeyRow {
            id,
            // Whoever keeps it knows whose it is.
            member: MemberId::LAST,
            name,
            body: body(key)?,
            created_at: now,
            used_at: None,
        },
    })
}
