//! Invitations: a link that is good once, for somebody new or for somebody who lost every way in.

use crate::{
    ApiError, Engine,
    audit::audit,
    error::refused,
    member::{Named, Seat, SignIn, SignedIn, deed, named},
    passkey::MadeKey,
    password::{code_wrong, otpauth_url, password_check, step_of, totp_secret},
};
use proof_core::{
    ErrorCode, Timestamp,
    audit::Author,
    id::{MemberId, PartnerId},
    member::{INVITATION_SECONDS, Login, Member, Post, Role},
    operator::OperatorName,
    secret::Secret,
    token::TokenHash,
};
use proof_store::{Credentials, Failure, InvitationRow, StoredMember, Tx};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

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
    /// Of somebody who is here already: they keep it.
    pub name: Option<OperatorName>,
    pub expires_at: String,
    pub otpauth_url: String,
    pub secret: String,
}

/// How somebody who takes an invitation will sign in.
#[derive(Clone)]
pub(crate) enum Chosen {
    Password { hash: Secret, code: String },
    Passkey(Box<MadeKey>),
}

/// Somebody about to take an invitation.
#[derive(Clone)]
pub(crate) struct Taking {
    pub hash: TokenHash,
    /// Theirs if they are new.
    pub id: MemberId,
    pub name: OperatorName,
    pub login: Login,
    pub from: String,
    pub chosen: Chosen,
}

fn no_invitation() -> ApiError {
    let message = "This invitation is unknown, was taken, or is too old; ask for another.";
    ApiError::new(ErrorCode::NotFound, message)
}

fn role_wrong(error: proof_core::member::NotARole) -> ApiError {
    ApiError::field(ErrorCode::ValidationError, "role", format!("{error}."))
}

fn name_taken() -> ApiError {
    let message = "Somebody has this name; choose another.";
    ApiError::field(ErrorCode::ValidationError, "name", message)
}

fn name_other(name: &OperatorName) -> ApiError {
    let message = format!("You keep your name: {name}.");
    ApiError::field(ErrorCode::ValidationError, "name", message)
}

pub(crate) fn name_parse(text: &str) -> Result<OperatorName, ApiError> {
    text.parse()
        .map_err(|error| ApiError::field(ErrorCode::ValidationError, "name", format!("{error}")))
}

/// The invitation as long as it can be taken, and whoever it is for if they are here already.
pub(crate) async fn invitation_open(
    tx: &mut Tx,
    hash: TokenHash,
    now: Timestamp,
) -> Result<(InvitationRow, Option<StoredMember>), Failure<ApiError>> {
    let row = tx.invitation_load(hash).await?;
    let open = row.filter(|row| row.used_at.is_none() && now < row.expires_at);
    let row = open.ok_or_else(|| refused(no_invitation()))?;
    let member = match row.member {
        Some(id) => tx.member_lock(id).await?,
        None => None,
    };
    Ok((row, member))
}

/// Whoever is here already keeps their name; somebody new takes one that is free.
pub(crate) async fn name_check(
    tx: &mut Tx,
    known: Option<&StoredMember>,
    name: &OperatorName,
) -> Result<(), Failure<ApiError>> {
    match known {
        Some(known) if known.member.name != *name => Err(refused(name_other(&known.member.name))),
        Some(_) => Ok(()),
        None if tx.member_by_name(name).await?.is_some() => Err(refused(name_taken())),
        None => Ok(()),
    }
}

/// The invited one is there from now on, with the way that they chose, and is signed in.
pub(crate) async fn invitation_taken(
    tx: &mut Tx,
    taking: Taking,
) -> Result<Seat, Failure<ApiError>> {
    let now = taking.login.created_at;
    let (row, known) = invitation_open(tx, taking.hash, now).await?;
    name_check(tx, known.as_ref(), &taking.name).await?;
    let (credentials, way) = match &taking.chosen {
        Chosen::Password { hash, code } => {
            let step = step_of(&row.totp_secret, code, now).map_err(refused)?;
            let step = step.ok_or_else(|| refused(code_wrong()))?;
            let credentials = with_password(hash.clone(), row.totp_secret.clone(), step);
            (credentials, json!({ "way": "password" }))
        }
        Chosen::Passkey(key) => {
            let way = json!({ "way": "passkey", "passkey": key.row.name });
            (without_password(), way)
        }
    };
    if !tx.invitation_used(taking.hash, now).await? {
        return Err(refused(no_invitation()));
    }
    let invited_by = row.invited_by.clone();
    let (member, act) = match known {
        Some(known) => {
            tx.member_password(known.member.id, &credentials).await?;
            (known.member, "member.return")
        }
        None => {
            let stored = joined(&taking, row, credentials);
            if !tx.member_insert(&stored).await? {
                return Err(refused(name_taken()));
            }
            (stored.member, "member.join")
        }
    };
    if let Chosen::Passkey(key) = &taking.chosen {
        key.insert(tx, member.id).await?;
    }
    let login = Login {
        member: member.id,
        ..taking.login
    };
    tx.login_insert(&login).await?;
    let partner = named(tx, member.post.partner()).await?;
    let seat = Seat {
        member,
        partner,
        login,
        from: taking.from,
    };
    let after = after(&seat.member, &invited_by, way);
    let subject = seat.member.id.to_string();
    audit(tx, &deed(seat.author(), act, subject, after), now).await?;
    Ok(seat)
}

fn after(member: &Member, invited_by: &str, way: Value) -> Value {
    let mut after = json!({
        "name": member.name, "role": member.post.role(),
        "email": member.email, "invited_by": invited_by,
    });
    if let (Value::Object(after), Value::Object(way)) = (&mut after, way) {
        after.extend(way);
    }
    after
}

pub(crate) fn with_password(hash: Secret, totp_secret: Secret, totp_step: i64) -> Credentials {
    Credentials {
        password: Some(hash),
        totp_secret,
        totp_step,
        wrong_tries: 0,
        wrong_at: None,
    }
}

pub(crate) fn without_password() -> Credentials {
    Credentials {
        password: None,
        totp_secret: Secret::new(""),
        totp_step: 0,
        wrong_tries: 0,
        wrong_at: None,
    }
}

fn joined(taking: &Taking, row: InvitationRow, credentials: Credentials) -> StoredMember {
    StoredMember {
        member: Member {
            id: taking.id,
            name: taking.name.clone(),
            email: row.email,
            post: row.post,
            is_disabled: false,
            created_at: taking.login.created_at,
            signed_in_at: None,
        },
        credentials,
    }
}

impl Engine {
    /// A link, and what is kept of it: its hash, what it is for, and a secret for an app.
    fn invitation_new(
        &self,
        (email, post, invited_by): (String, Post, &Author),
        now: Timestamp,
    ) -> (Secret, InvitationRow) {
        let token = format!("inv_{}", crate::installation::hex_of(&self.random::<32>()));
        let row = InvitationRow {
            email,
            post,
            totp_secret: totp_secret(self.random()),
            invited_by: invited_by.by.to_string(),
            member: None,
            expires_at: now.plus_seconds(INVITATION_SECONDS),
            used_at: None,
        };
        (Secret::new(token), row)
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
        let (token, row) = self.invitation_new((email.clone(), post, &author), now);
        let hash = TokenHash::of(token.expose_secret());
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
        Ok(token)
    }

    /// Somebody lost what they sign in with, or somebody else has it: whatever they have is good no more,
    /// and a link lets them choose anew. They stay who they are.
    pub async fn member_invite_again(&self, seat: &Seat, id: MemberId) -> Result<Secret, ApiError> {
        if seat.role() != Role::Owner {
            let message = "An owner invites people again.";
            return Err(ApiError::new(ErrorCode::NotAllowed, message));
        }
        if id == seat.member.id {
            let message = "Nobody invites themselves again: another owner does it.";
            return Err(ApiError::new(ErrorCode::WrongState, message));
        }
        let (now, author) = (self.real_now(), seat.author());
        let nobody = (String::new(), seat.member.post, &author);
        let (token, row) = self.invitation_new(nobody, now);
        let hash = TokenHash::of(token.expose_secret());
        self.db
            .write("member_invite_again", move |tx: &mut Tx| {
                let (mut row, author) = (row.clone(), author.clone());
                Box::pin(async move {
                    let stored = tx.member_lock(id).await?;
                    let stored = stored.ok_or_else(|| refused(ApiError::nobody("person")))?;
                    if stored.member.is_disabled {
                        let message =
                            "This person is disabled, and stays so; invite them as somebody new.";
                        return Err(refused(ApiError::new(ErrorCode::WrongState, message)));
                    }
                    let passkeys = tx.passkey_remove_all(id).await?;
                    tx.member_password(id, &without_password()).await?;
                    tx.login_end_all(id).await?;
                    tx.invitation_void_of(id, now).await?;
                    row.email = stored.member.email.clone();
                    row.post = stored.member.post;
                    row.member = Some(id);
                    tx.invitation_insert(hash, &row, now).await?;
                    let mut deed = deed(
                        author,
                        "member.invite_again",
                        id.to_string(),
                        json!({ "password": false, "passkeys": 0 }),
                    );
                    deed.before = json!({
                        "name": stored.member.name, "passkeys": passkeys,
                        "password": stored.credentials.password.is_some(),
                    });
                    audit(tx, &deed, now).await
                })
            })
            .await?;
        Ok(token)
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
                    let known = match row.as_ref().and_then(|row| row.member) {
                        Some(id) => tx.member_load(id).await?,
                        None => None,
                    };
                    Ok::<_, Failure<ApiError>>(row.map(|row| (row, partner, known)))
                })
            })
            .await?;
        let open = found.filter(|(row, _, _)| row.used_at.is_none() && now < row.expires_at);
        let (row, partner, known) = open.ok_or_else(no_invitation)?;
        Ok(InvitationView {
            otpauth_url: otpauth_url(&row.totp_secret, &row.email),
            secret: row.totp_secret.expose_secret().to_owned(),
            role: row.post.role(),
            email: row.email,
            partner,
            name: known.map(|member| member.name),
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
        let name = name_parse(&take.name)?;
        password_check(&take.password, name.as_str())?;
        let hash = self.hashing.hash(take.password, self.random()).await?;
        let now = self.real_now();
        let id = MemberId::new(now, self.entropy.as_ref());
        let (secret, login) = self.login_new(id, now);
        let taking = Taking {
            hash: TokenHash::of(token),
            id,
            name,
            login,
            from,
            chosen: Chosen::Password {
                hash,
                code: take.code,
            },
        };
        let seat = self
            .db
            .write("invitation_take", move |tx: &mut Tx| {
                let taking = taking.clone();
                Box::pin(async move { invitation_taken(tx, taking).await })
            })
            .await?;
        Ok(SignedIn {
            token: secret,
            me: seat.me(),
        })
    }
}
