//! The people of the console: they are invited, show who they are, and are let in.

use crate::{ApiError, Engine, audit::audit, error::refused};
use argon2::{
    Argon2,
    password_hash::{PasswordHash, PasswordHasher, PasswordVerifier, SaltString},
};
use proof_core::{
    ErrorCode, Timestamp,
    audit::{Author, Deed},
    id::{MemberId, PartnerId},
    member::{
        ABSOLUTE_SECONDS, Act, INVITATION_SECONDS, Login, Member, Post, Role, TRIES_MAX,
        WAIT_SECONDS,
    },
    operator::OperatorName,
    secret::Secret,
    token::TokenHash,
};
use proof_store::{Credentials, Failure, InvitationRow, StoredMember, Tx};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use std::sync::OnceLock;
use subtle::ConstantTimeEq;
use totp_rs::{Algorithm, TOTP};

/// Long enough that nobody guesses it, and no rule about which letters.
const PASSWORD_CHARS_MIN: usize = 12;
const PASSWORD_BYTES_MAX: usize = 256;

/// RFC 6238 as every app does it.
const TOTP_DIGITS: usize = 6;
const TOTP_STEP_SECONDS: u64 = 30;

/// People in one list.
const MEMBERS_MAX: i64 = 500;

/// A call moves the end of an idle session, but not each a row.
const SEEN_SECONDS: i64 = 60;

#[derive(Clone, PartialEq, Eq, Debug, Serialize, schemars::JsonSchema)]
pub struct Named {
    /// Its id.
    pub id: String,
    /// What it is called.
    pub name: String,
}

#[derive(Clone, Debug, Serialize)]
pub struct MemberView {
    pub id: String,
    pub name: String,
    pub email: String,
    pub role: Role,
    pub partner: Option<Named>,
    pub state: &'static str,
    pub created_at: String,
    pub signed_in_at: Option<String>,
}

/// Who is signed in, and what they may do.
#[derive(Clone, Debug, Serialize)]
pub struct Me {
    pub member: MemberView,
    pub may: &'static [Act],
    pub ends_at: String,
    pub fresh_until: String,
}

/// A fresh session: its secret, for the cookie alone.
pub struct SignedIn {
    pub token: Secret,
    pub me: Me,
}

/// A person at the console, behind one call.
#[derive(Clone, Debug)]
pub struct Seat {
    pub member: Member,
    pub partner: Option<Named>,
    pub login: Login,
    pub from: String,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SignIn {
    pub name: String,
    pub password: Secret,
    pub code: String,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct InvitationNew {
    pub email: String,
    pub role: String,
    pub partner: Option<PartnerId>,
}

#[derive(Clone, Debug, Serialize)]
pub struct InvitationView {
    pub email: String,
    pub role: Role,
    pub partner: Option<Named>,
    pub expires_at: String,
    pub otpauth_url: String,
    pub secret: String,
}

impl Seat {
    pub fn author(&self) -> Author {
        Author {
            by: self.member.name.clone(),
            from: self.from.clone(),
        }
    }

    pub const fn role(&self) -> Role {
        self.member.post.role()
    }

    /// The one partner that this person sees; `None`: all of them.
    pub const fn scope(&self) -> Option<PartnerId> {
        self.member.post.partner()
    }

    /// Somebody else's partner looks like one that does not exist.
    pub fn sees(&self, partner: PartnerId) -> Result<(), ApiError> {
        match self.scope() {
            Some(own) if own != partner => Err(ApiError::nobody("partner")),
            Some(_) | None => Ok(()),
        }
    }

    pub fn me(&self) -> Me {
        Me {
            member: view(&self.member, self.partner.clone()),
            may: self.role().acts(),
            ends_at: self.login.ends_at().to_contract(),
            fresh_until: self.login.fresh_until().to_contract(),
        }
    }
}

fn view(member: &Member, partner: Option<Named>) -> MemberView {
    MemberView {
        id: member.id.to_string(),
        name: member.name.to_string(),
        email: member.email.clone(),
        role: member.post.role(),
        partner,
        state: if member.is_disabled {
            "disabled"
        } else {
            "active"
        },
        created_at: member.created_at.to_contract(),
        signed_in_at: member.signed_in_at.map(Timestamp::to_contract),
    }
}

fn wrong() -> ApiError {
    let message = "The name, the password or the code is not right. Each code is good once, and after five wrong ones a name waits for a minute.";
    ApiError::new(ErrorCode::SignInRefused, message)
}

fn signed_out() -> ApiError {
    let message = "You are signed out; sign in again.";
    ApiError::new(ErrorCode::SignedOut, message)
}

fn no_invitation() -> ApiError {
    let message = "This invitation is unknown, was taken, or is too old; ask for another.";
    ApiError::new(ErrorCode::NotFound, message)
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
fn step_of(secret: &Secret, code: &str, now: Timestamp) -> Result<Option<i64>, ApiError> {
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

/// Somebody whom nobody knows costs as much time as somebody whom we know.
fn take_time(password: &Secret) {
    static NOBODY: OnceLock<Option<Secret>> = OnceLock::new();
    let nobody = NOBODY.get_or_init(|| hash_of(&Secret::new("nobody"), &[0; 16]).ok());
    // Whatever comes of it.
    let _same = nobody.as_ref().map(|kept| is_password(kept, password));
}

fn password_check(password: &Secret, name: &str) -> Result<(), ApiError> {
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

/// Whether this name has to wait after wrong codes. Only who has the password gets so far, so that nobody
/// else can lock somebody out; and they hear what everybody hears, so that it does not tell them more.
fn waits(credentials: &Credentials, now: Timestamp) -> bool {
    let until = credentials.wrong_at.map(|at| at.plus_seconds(WAIT_SECONDS));
    credentials.wrong_tries >= TRIES_MAX && until.is_some_and(|until| now < until)
}

async fn named(
    tx: &mut Tx,
    partner: Option<PartnerId>,
) -> Result<Option<Named>, Failure<ApiError>> {
    let Some(id) = partner else { return Ok(None) };
    let partner = tx.partner_load(id).await?;
    Ok(partner.map(|partner| Named {
        id: partner.id.to_string(),
        name: partner.name,
    }))
}

impl Engine {
    fn login_new(&self, member: MemberId, now: Timestamp) -> (Secret, Login) {
        let token = format!("cs_{}", crate::installation::hex_of(&self.random::<32>()));
        let login = Login {
            token: TokenHash::of(&token),
            member,
            created_at: now,
            fresh_at: now,
            seen_at: now,
        };
        (Secret::new(token), login)
    }

    /// Name, password and code; everything that is wrong gets the same answer.
    pub async fn sign_in(&self, ask: SignIn, from: String) -> Result<SignedIn, ApiError> {
        let now = self.real_now();
        let known = match ask.name.parse::<OperatorName>() {
            Ok(name) => self.member_named(name).await?,
            Err(_) => None,
        };
        // Slow by intent, so it is done with no database transaction open.
        let Some(known) = known else {
            take_time(&ask.password);
            return Err(wrong());
        };
        let right = is_password(&known.credentials.password, &ask.password);
        let id = known.member.id;
        let stored = self.member_try(id, right, ask.code, now).await?;
        let (token, login) = self.login_new(id, now);
        let (seat, deed_from) = (login.clone(), from.clone());
        let partner = self
            .db
            .write("sign_in", move |tx: &mut Tx| {
                let (login, member) = (seat.clone(), stored.member.clone());
                let author = Author {
                    by: member.name.clone(),
                    from: deed_from.clone(),
                };
                Box::pin(async move {
                    tx.login_purge(now.plus_seconds(-ABSOLUTE_SECONDS)).await?;
                    tx.login_insert(&login).await?;
                    let partner = named(tx, member.post.partner()).await?;
                    audit(
                        tx,
                        &deed(author, "member.sign_in", member.id.to_string(), Value::Null),
                        now,
                    )
                    .await?;
                    Ok::<_, Failure<ApiError>>((partner, member))
                })
            })
            .await?;
        let (partner, member) = partner;
        let seat = Seat {
            member,
            partner,
            login,
            from,
        };
        Ok(SignedIn {
            token,
            me: seat.me(),
        })
    }

    async fn member_named(&self, name: OperatorName) -> Result<Option<StoredMember>, ApiError> {
        self.db
            .read("member_named", move |tx: &mut Tx| {
                let name = name.clone();
                Box::pin(async move { Ok::<_, Failure<ApiError>>(tx.member_by_name(&name).await?) })
            })
            .await
            .map_err(ApiError::from)
    }

    /// Counts a try, and takes the code, so that neither is good twice.
    async fn member_try(
        &self,
        id: MemberId,
        right: bool,
        code: String,
        now: Timestamp,
    ) -> Result<StoredMember, ApiError> {
        let tried = self
            .db
            .write("member_try", move |tx: &mut Tx| {
                let code = code.clone();
                Box::pin(async move {
                    let stored = tx.member_lock(id).await?;
                    let mut stored = stored.ok_or_else(|| refused(wrong()))?;
                    if !right || stored.member.is_disabled || waits(&stored.credentials, now) {
                        return Err(refused(wrong()));
                    }
                    let step =
                        step_of(&stored.credentials.totp_secret, &code, now).map_err(refused)?;
                    let step = step.filter(|step| *step > stored.credentials.totp_step);
                    let good = match step {
                        Some(step) => {
                            stored.credentials.totp_step = step;
                            stored.credentials.wrong_tries = 0;
                            stored.credentials.wrong_at = None;
                            stored.member.signed_in_at = Some(now);
                            true
                        }
                        None => {
                            let tries = stored.credentials.wrong_tries.saturating_add(1);
                            stored.credentials.wrong_tries = tries;
                            stored.credentials.wrong_at = Some(now);
                            false
                        }
                    };
                    // A wrong try is counted, so it is no refusal that takes everything back.
                    tx.member_tried(&stored).await?;
                    Ok::<_, Failure<ApiError>>(good.then_some(stored))
                })
            })
            .await?;
        tried.ok_or_else(wrong)
    }

    /// Who is behind a console's call.
    pub async fn seat(&self, token: Option<&str>, from: String) -> Result<Seat, ApiError> {
        let hash = TokenHash::of(token.ok_or_else(signed_out)?);
        let now = self.real_now();
        let found = self
            .db
            .read("seat", move |tx: &mut Tx| {
                Box::pin(async move {
                    let Some(login) = tx.login_load(hash).await? else {
                        return Ok(None);
                    };
                    let Some(member) = tx.member_load(login.member).await? else {
                        return Ok(None);
                    };
                    let partner = named(tx, member.post.partner()).await?;
                    Ok::<_, Failure<ApiError>>(Some((login, member, partner)))
                })
            })
            .await?;
        let open = found.filter(|(login, member, _)| login.is_open(now) && !member.is_disabled);
        let (mut login, member, partner) = open.ok_or_else(signed_out)?;
        if now >= login.seen_at.plus_seconds(SEEN_SECONDS) {
            login.seen_at = now;
            self.db
                .write("login_seen", move |tx: &mut Tx| {
                    Box::pin(
                        async move { Ok::<_, Failure<ApiError>>(tx.login_seen(hash, now).await?) },
                    )
                })
                .await?;
        }
        Ok(Seat {
            member,
            partner,
            login,
            from,
        })
    }

    /// Shows once more that it is them.
    pub async fn sign_in_again(
        &self,
        seat: &Seat,
        password: Secret,
        code: String,
    ) -> Result<Me, ApiError> {
        let (now, token) = (self.real_now(), seat.login.token);
        let known = self.member_named(seat.member.name.clone()).await?;
        let right = known.is_some_and(|known| is_password(&known.credentials.password, &password));
        self.member_try(seat.member.id, right, code, now).await?;
        self.db
            .write("login_fresh", move |tx: &mut Tx| {
                Box::pin(
                    async move { Ok::<_, Failure<ApiError>>(tx.login_fresh(token, now).await?) },
                )
            })
            .await?;
        let mut seat = seat.clone();
        seat.login.fresh_at = now;
        Ok(seat.me())
    }

    pub async fn sign_out(&self, seat: &Seat) -> Result<(), ApiError> {
        let token = seat.login.token;
        self.db
            .write("sign_out", move |tx: &mut Tx| {
                Box::pin(async move { Ok::<_, Failure<ApiError>>(tx.login_end(token).await?) })
            })
            .await
            .map_err(ApiError::from)
    }

    /// A link to be handed over by hand. Of the link only the hash is kept.
    pub async fn member_invite(
        &self,
        author: Author,
        invitation: InvitationNew,
    ) -> Result<Secret, ApiError> {
        let email = crate::session::email(invitation.email, "email")?;
        let role: Role = invitation.role.parse().map_err(role_wrong)?;
        let post = Post::new(role, invitation.partner).map_err(role_wrong)?;
        let now = self.real_now();
        let token = format!("inv_{}", crate::installation::hex_of(&self.random::<32>()));
        let hash = TokenHash::of(&token);
        let secret = totp_rs::Secret::Raw(self.random::<20>().to_vec()).to_encoded();
        let row = InvitationRow {
            email: email.clone(),
            post,
            totp_secret: Secret::new(secret.to_string()),
            invited_by: author.by.to_string(),
            expires_at: now.plus_seconds(INVITATION_SECONDS),
            used_at: None,
        };
        let after = json!({ "email": email, "role": role, "partner": invitation.partner.map(|id| id.to_string()) });
        self.db
            .write("member_invite", move |tx: &mut Tx| {
                let (row, author, after) = (row.clone(), author.clone(), after.clone());
                Box::pin(async move {
                    if let Some(partner) = row.post.partner()
                        && tx.partner_load(partner).await?.is_none()
                    {
                        return Err(refused(ApiError::nobody("partner")));
                    }
                    tx.invitation_insert(hash, &row, now).await?;
                    let subject = row.email.clone();
                    audit(tx, &deed(author, "member.invite", subject, after), now).await
                })
            })
            .await?;
        Ok(Secret::new(token))
    }

    pub async fn invitation(&self, token: &str) -> Result<InvitationView, ApiError> {
        let (hash, now) = (TokenHash::of(token), self.real_now());
        let found = self
            .db
            .read("invitation", move |tx: &mut Tx| {
                Box::pin(async move {
                    let row = tx.invitation_load(hash).await?;
                    let partner = row.as_ref().and_then(|row| row.post.partner());
                    let partner = named(tx, partner).await?;
                    Ok::<_, Failure<ApiError>>(row.map(|row| (row, partner)))
                })
            })
            .await?;
        let open = found.filter(|(row, _)| row.used_at.is_none() && now < row.expires_at);
        let (row, partner) = open.ok_or_else(no_invitation)?;
        let secret = row.totp_secret.expose_secret().to_owned();
        let email: String = url::form_urlencoded::byte_serialize(row.email.as_bytes()).collect();
        Ok(InvitationView {
            otpauth_url: format!("otpauth://totp/Proof:{email}?secret={secret}&issuer=Proof"),
            secret,
            role: row.post.role(),
            email: row.email,
            partner,
            expires_at: row.expires_at.to_contract(),
        })
    }

    /// The invited one chooses a name and a password and shows a first code; and is signed in.
    pub async fn invitation_take(
        &self,
        token: &str,
        take: SignIn,
        from: String,
    ) -> Result<SignedIn, ApiError> {
        let name: OperatorName = take.name.parse().map_err(|error| {
            ApiError::field(ErrorCode::ValidationError, "name", format!("{error}"))
        })?;
        password_check(&take.password, name.as_str())?;
        let password = hash_of(&take.password, &self.random::<16>())?;
        let (hash, now) = (TokenHash::of(token), self.real_now());
        let id = MemberId::new(now, self.entropy.as_ref());
        let (secret, login) = self.login_new(id, now);
        let author = Author {
            by: name.clone(),
            from: from.clone(),
        };
        let (code, signed) = (take.code, login.clone());
        let (member, partner) = self
            .db
            .write("invitation_take", move |tx: &mut Tx| {
                let (code, login, author) = (code.clone(), signed.clone(), author.clone());
                let (name, password) = (name.clone(), password.clone());
                Box::pin(async move {
                    let row = tx.invitation_load(hash).await?;
                    let open = row.filter(|row| row.used_at.is_none() && now < row.expires_at);
                    let row = open.ok_or_else(|| refused(no_invitation()))?;
                    let step = step_of(&row.totp_secret, &code, now).map_err(refused)?;
                    let step = step.ok_or_else(|| refused(code_wrong()))?;
                    if !tx.invitation_used(hash, now).await? {
                        return Err(refused(no_invitation()));
                    }
                    let invited_by = row.invited_by.clone();
                    let stored = joined(id, name, password, row, step, now);
                    if !tx.member_insert(&stored).await? {
                        return Err(refused(name_taken()));
                    }
                    tx.login_insert(&login).await?;
                    let partner = named(tx, stored.member.post.partner()).await?;
                    let after = json!({
                        "name": stored.member.name, "role": stored.member.post.role(),
                        "email": stored.member.email, "invited_by": invited_by,
                    });
                    audit(tx, &deed(author, "member.join", id.to_string(), after), now).await?;
                    Ok::<_, Failure<ApiError>>((stored.member, partner))
                })
            })
            .await?;
        let seat = Seat {
            member,
            partner,
            login,
            from,
        };
        Ok(SignedIn {
            token: secret,
            me: seat.me(),
        })
    }

    pub async fn member_list(&self, scope: Option<PartnerId>) -> Result<Vec<MemberView>, ApiError> {
        self.db
            .read("member_list", move |tx: &mut Tx| {
                Box::pin(async move {
                    let mut views = Vec::new();
                    for member in tx.member_list(scope, MEMBERS_MAX).await? {
                        let partner = named(tx, member.post.partner()).await?;
                        views.push(view(&member, partner));
                    }
                    Ok::<_, Failure<ApiError>>(views)
                })
            })
            .await
            .map_err(ApiError::from)
    }

    /// Ends somebody's sessions, and lets them in no more.
    pub async fn member_disable(&self, seat: &Seat, id: MemberId) -> Result<(), ApiError> {
        if id == seat.member.id {
            let message = "Nobody disables themselves: another owner does it.";
            return Err(ApiError::new(ErrorCode::WrongState, message));
        }
        let (now, scope, author) = (self.now(), seat.scope(), seat.author());
        self.db
            .write("member_disable", move |tx: &mut Tx| {
                let author = author.clone();
                Box::pin(async move {
                    let member = tx.member_load(id).await?;
                    let own = member.filter(|m| scope.is_none() || m.post.partner() == scope);
                    let member = own.ok_or_else(|| refused(ApiError::nobody("person")))?;
                    if !tx.member_disable(&member, now).await? {
                        let message = "This person is disabled already.";
                        return Err(refused(ApiError::new(ErrorCode::WrongState, message)));
                    }
                    let mut deed = deed(
                        author,
                        "member.disable",
                        id.to_string(),
                        json!({ "state": "disabled" }),
                    );
                    deed.before = json!({ "state": "active", "name": member.name });
                    audit(tx, &deed, now).await
                })
            })
            .await
            .map_err(ApiError::from)
    }
}

/// Without anything before it.
pub(crate) fn deed(author: Author, act: &'static str, subject: String, after: Value) -> Deed {
    Deed {
        author,
        act,
        subject,
        before: Value::Null,
        after,
    }
}

fn joined(
    id: MemberId,
    name: OperatorName,
    password: Secret,
    row: InvitationRow,
    step: i64,
    now: Timestamp,
) -> StoredMember {
    StoredMember {
        member: Member {
            id,
            name,
            email: row.email,
            post: row.post,
            is_disabled: false,
            created_at: now,
            signed_in_at: None,
        },
        credentials: Credentials {
            password,
            totp_secret: row.totp_secret,
            totp_step: step,
            wrong_tries: 0,
            wrong_at: None,
        },
    }
}

fn role_wrong(error: proof_core::member::NotARole) -> ApiError {
    ApiError::field(ErrorCode::ValidationError, "role", format!("{error}."))
}

fn code_wrong() -> ApiError {
    let message =
        "This is not the code that the app shows now; look again and type all six digits.";
    ApiError::field(ErrorCode::ValidationError, "code", message)
}

fn name_taken() -> ApiError {
    let message = "Somebody has this name; choose another.";
    ApiError::field(ErrorCode::ValidationError, "name", message)
}
