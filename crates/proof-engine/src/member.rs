//! The people of the console: they are invited, show who they are, and are let in.

use crate::{ApiError, Engine, Page, audit::audit, error::refused, password::step_of};
use proof_core::{
    Asset, ErrorCode, Timestamp,
    audit::{Author, Deed},
    id::{MemberId, PartnerId},
    member::{ABSOLUTE_SECONDS, Act, Login, Member, Role, TRIES_MAX, WAIT_SECONDS},
    operator::OperatorName,
    secret::Secret,
    token::TokenHash,
};
use proof_store::{Credentials, Failure, StoredMember, Tx};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use std::collections::BTreeMap;

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
    /// Of every asset, so that amounts are written and read in whole coins.
    pub decimals: BTreeMap<Asset, u8>,
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
            decimals: Asset::all()
                .map(|asset| (asset, asset.decimals()))
                .collect(),
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

/// Whether this name has to wait after wrong codes. Only who has the password gets so far, so that nobody
/// else can lock somebody out; and they hear what everybody hears, so that it does not tell them more.
fn waits(credentials: &Credentials, now: Timestamp) -> bool {
    let until = credentials.wrong_at.map(|at| at.plus_seconds(WAIT_SECONDS));
    credentials.wrong_tries >= TRIES_MAX && until.is_some_and(|until| now < until)
}

/// Begins a session of somebody who has shown who they are, and says by which way.
pub(crate) async fn enter(
    tx: &mut Tx,
    member: Member,
    login: Login,
    from: String,
    way: Value,
) -> Result<Seat, Failure<ApiError>> {
    let now = login.created_at;
    tx.login_purge(now.plus_seconds(-ABSOLUTE_SECONDS)).await?;
    tx.login_insert(&login).await?;
    let partner = named(tx, member.post.partner()).await?;
    let seat = Seat {
        member,
        partner,
        login,
        from,
    };
    let subject = seat.member.id.to_string();
    audit(
        tx,
        &deed(seat.author(), "member.sign_in", subject, way),
        now,
    )
    .await?;
    Ok(seat)
}

pub(crate) async fn named(
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
    pub(crate) fn login_new(&self, member: MemberId, now: Timestamp) -> (Secret, Login) {
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
        let kept = known.as_ref().and_then(|m| m.credentials.password.clone());
        let right = self.hashing.is_right(kept, ask.password).await?;
        let id = known.ok_or_else(wrong)?.member.id;
        let stored = self.member_try(id, right, ask.code, now).await?;
        let (token, login) = self.login_new(id, now);
        let seat = self
            .db
            .write("sign_in", move |tx: &mut Tx| {
                let (login, member, from) = (login.clone(), stored.member.clone(), from.clone());
                Box::pin(async move {
                    enter(tx, member, login, from, json!({ "way": "password" })).await
                })
            })
            .await?;
        Ok(SignedIn {
            token,
            me: seat.me(),
        })
    }

    pub(crate) async fn member_named(
        &self,
        name: OperatorName,
    ) -> Result<Option<StoredMember>, ApiError> {
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
        let kept = known.and_then(|known| known.credentials.password);
        let right = self.hashing.is_right(kept, password).await?;
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

    /// Everybody, or one partner's people, by name: those after one, and with a text in name or email.
    pub async fn member_list(
        &self,
        scope: Option<PartnerId>,
        (text, after): (Option<String>, String),
        limit: i64,
    ) -> Result<Page<MemberView>, ApiError> {
        let views = self
            .db
            .read("member_list", move |tx: &mut Tx| {
                let (text, after) = (text.clone(), after.clone());
                Box::pin(async move {
                    let asked = (text.as_deref(), after.as_str());
                    let mut views = Vec::new();
                    let members = tx.member_list(scope, asked, limit.saturating_add(1));
                    for member in members.await? {
                        let partner = named(tx, member.post.partner()).await?;
                        views.push(view(&member, partner));
                    }
                    Ok::<_, Failure<ApiError>>(views)
                })
            })
            .await?;
        Ok(Page::cut(views, limit, |last| last.name.clone()))
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
