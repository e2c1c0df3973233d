//! The people of the console: who they are, how they prove it, and who is signed in.

use crate::{
    db::{Tx, args},
    error::StoreError,
    like::within,
    row::Time,
    statement::statements,
};
use proof_core::{
    Timestamp,
    id::{MemberId, PartnerId},
    member::{Login, Member, Post, Role},
    operator::OperatorName,
    secret::Secret,
    token::TokenHash,
};
use uuid::Uuid;

statements! {
    MEMBER_INSERT = "INSERT INTO members (id, name, email, role, partner_id, password, totp_secret, totp_step, wrong_tries, created_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, 0, $9) ON CONFLICT (name) DO NOTHING";
    MEMBER_BY_NAME = "SELECT id, name, email, role, partner_id, disabled_at, password, totp_secret, totp_step, wrong_tries, wrong_at, created_at, signed_in_at FROM members WHERE name = $1";
    MEMBER_LOCK = "SELECT id, name, email, role, partner_id, disabled_at, password, totp_secret, totp_step, wrong_tries, wrong_at, created_at, signed_in_at FROM members WHERE id = $1", lock = " FOR UPDATE";
    MEMBER_LOAD = "SELECT id, name, email, role, partner_id, disabled_at, password, totp_secret, totp_step, wrong_tries, wrong_at, created_at, signed_in_at FROM members WHERE id = $1";
    MEMBER_LIST = "SELECT id, name, email, role, partner_id, disabled_at, password, totp_secret, totp_step, wrong_tries, wrong_at, created_at, signed_in_at FROM members WHERE (partner_id = $1 OR $1 IS NULL) AND (LOWER(name) LIKE LOWER($2) ESCAPE '\\' OR LOWER(email) LIKE LOWER($2) ESCAPE '\\' OR $2 IS NULL) AND name > $3 ORDER BY name LIMIT $4";
    MEMBER_TRIED = "UPDATE members SET wrong_tries = $1, wrong_at = $2, totp_step = $3, signed_in_at = $4 WHERE id = $5";
    MEMBER_DISABLE = "UPDATE members SET disabled_at = $1 WHERE id = $2 AND disabled_at IS NULL";
    MEMBER_PASSWORD = "UPDATE members SET password = $1, totp_secret = $2, totp_step = $3, wrong_tries = 0, wrong_at = NULL WHERE id = $4";
    INVITATION_INSERT = "INSERT INTO invitations (token_hash, email, role, partner_id, totp_secret, invited_by, member_id, created_at, expires_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)";
    INVITATION_LOAD = "SELECT email, role, partner_id, totp_secret, invited_by, member_id, expires_at, used_at FROM invitations WHERE token_hash = $1";
    INVITATION_USED = "UPDATE invitations SET used_at = $1 WHERE token_hash = $2 AND used_at IS NULL";
    INVITATION_VOID_OF = "UPDATE invitations SET used_at = $1 WHERE member_id = $2 AND used_at IS NULL";
    INVITATION_VOID = "UPDATE invitations SET used_at = $1 WHERE invited_by = $2 AND used_at IS NULL";
    LOGIN_INSERT = "INSERT INTO logins (token_hash, member_id, created_at, fresh_at, seen_at) VALUES ($1, $2, $3, $4, $5)";
    LOGIN_LOAD = "SELECT token_hash, member_id, created_at, fresh_at, seen_at FROM logins WHERE token_hash = $1";
    LOGIN_SEEN = "UPDATE logins SET seen_at = $1 WHERE token_hash = $2 AND seen_at < $1";
    LOGIN_FRESH = "UPDATE logins SET fresh_at = $1 WHERE token_hash = $2";
    LOGIN_END = "DELETE FROM logins WHERE token_hash = $1";
    LOGIN_END_ALL = "DELETE FROM logins WHERE member_id = $1";
    LOGIN_END_OTHERS = "DELETE FROM logins WHERE member_id = $1 AND token_hash <> $2";
    LOGIN_PURGE = "DELETE FROM logins WHERE created_at < $1";
}

/// How somebody proves who they are.
#[derive(Clone, Debug)]
pub struct Credentials {
    /// Argon2id, in PHC form; `None`: they have passkeys only.
    pub password: Option<Secret>,
    /// Of the authenticator app, base32; empty where there is no password.
    pub totp_secret: Secret,
    /// The last time step whose code was taken.
    pub totp_step: i64,
    pub wrong_tries: i64,
    pub wrong_at: Option<Timestamp>,
}

#[derive(Clone, Debug)]
pub struct StoredMember {
    pub member: Member,
    pub credentials: Credentials,
}

#[derive(Clone, Debug)]
pub struct InvitationRow {
    pub email: String,
    pub post: Post,
    pub totp_secret: Secret,
    pub invited_by: String,
    /// Of somebody who is here already, and has to begin anew with how they sign in.
    pub member: Option<MemberId>,
    pub expires_at: Timestamp,
    pub used_at: Option<Timestamp>,
}

#[derive(sqlx::FromRow)]
struct Row {
    id: Uuid,
    name: String,
    email: String,
    role: String,
    partner_id: Option<Uuid>,
    disabled_at: Option<Time>,
    password: String,
    totp_secret: String,
    totp_step: i64,
    wrong_tries: i64,
    wrong_at: Option<Time>,
    created_at: Time,
    signed_in_at: Option<Time>,
}

fn post(role: &str, partner: Option<Uuid>) -> Option<Post> {
    let role: Role = role.parse().ok()?;
    Post::new(role, partner.map(PartnerId::from_uuid)).ok()
}

/// In the column, nothing stands for none.
fn kept(password: Option<&Secret>) -> &str {
    password.map_or("", Secret::expose_secret)
}

impl TryFrom<Row> for StoredMember {
    type Error = StoreError;

    fn try_from(row: Row) -> Result<Self, StoreError> {
        let bad = |column| StoreError::Row {
            table: "members",
            column,
            id: row.id.to_string(),
        };
        let name: OperatorName = row.name.parse().map_err(|_| bad("name"))?;
        Ok(Self {
            member: Member {
                id: MemberId::from_uuid(row.id),
                post: post(&row.role, row.partner_id).ok_or_else(|| bad("role"))?,
                name,
                email: row.email,
                is_disabled: row.disabled_at.is_some(),
                created_at: row.created_at.0,
                signed_in_at: row.signed_in_at.map(|at| at.0),
            },
            credentials: Credentials {
                password: Some(row.password)
                    .filter(|kept| !kept.is_empty())
                    .map(Secret::new),
                totp_secret: Secret::new(row.totp_secret),
                totp_step: row.totp_step,
                wrong_tries: row.wrong_tries,
                wrong_at: row.wrong_at.map(|at| at.0),
            },
        })
    }
}

#[derive(sqlx::FromRow)]
struct InvitedRow {
    email: String,
    role: String,
    partner_id: Option<Uuid>,
    totp_secret: String,
    invited_by: String,
    member_id: Option<Uuid>,
    expires_at: Time,
    used_at: Option<Time>,
}

#[derive(sqlx::FromRow)]
struct LoginRow {
    token_hash: Vec<u8>,
    member_id: Uuid,
    created_at: Time,
    fresh_at: Time,
    seen_at: Time,
}

impl Tx {
    /// `false`: somebody has this name.
    pub async fn member_insert(&mut self, stored: &StoredMember) -> Result<bool, StoreError> {
        let StoredMember {
            member,
            credentials,
        } = stored;
        let args = args![
            member.id.uuid(),
            member.name.as_str(),
            member.email.as_str(),
            member.post.role().name(),
            member.post.partner().map(PartnerId::uuid),
            kept(credentials.password.as_ref()),
            credentials.totp_secret.expose_secret(),
            credentials.totp_step,
            member.created_at,
        ];
        Ok(self.execute(MEMBER_INSERT, args).await? == 1)
    }

    pub async fn member_by_name(
        &mut self,
        name: &OperatorName,
    ) -> Result<Option<StoredMember>, StoreError> {
        let row: Option<Row> = self
            .fetch_optional(MEMBER_BY_NAME, args![name.as_str()])
            .await?;
        row.map(StoredMember::try_from).transpose()
    }

    /// Held until the end of this database transaction: tries are counted one by one.
    pub async fn member_lock(&mut self, id: MemberId) -> Result<Option<StoredMember>, StoreError> {
        let row: Option<Row> = self.fetch_optional(MEMBER_LOCK, args![id.uuid()]).await?;
        row.map(StoredMember::try_from).transpose()
    }

    pub async fn member_load(&mut self, id: MemberId) -> Result<Option<Member>, StoreError> {
        let row: Option<Row> = self.fetch_optional(MEMBER_LOAD, args![id.uuid()]).await?;
        Ok(row
            .map(StoredMember::try_from)
            .transpose()?
            .map(|m| m.member))
    }

    /// Everybody, or one partner's people, by name: those after one, and with a text in name or email.
    pub async fn member_list(
        &mut self,
        partner: Option<PartnerId>,
        (text, after): (Option<&str>, &str),
        limit: i64,
    ) -> Result<Vec<Member>, StoreError> {
        let args = args![partner.map(PartnerId::uuid), within(text), after, limit];
        let rows: Vec<Row> = self.fetch_all(MEMBER_LIST, args).await?;
        let stored = rows.into_iter().map(StoredMember::try_from);
        stored.map(|stored| Ok(stored?.member)).collect()
    }

    /// What a try to sign in left behind.
    pub async fn member_tried(&mut self, stored: &StoredMember) -> Result<(), StoreError> {
        let credentials = &stored.credentials;
        let args = args![
            credentials.wrong_tries,
            credentials.wrong_at,
            credentials.totp_step,
            stored.member.signed_in_at,
            stored.member.id.uuid(),
        ];
        self.execute_one("members", MEMBER_TRIED, args).await
    }

    /// Sets how somebody signs in by name, or with neither password nor secret, that they cannot.
    pub async fn member_password(
        &mut self,
        id: MemberId,
        credentials: &Credentials,
    ) -> Result<(), StoreError> {
        let args = args![
            kept(credentials.password.as_ref()),
            credentials.totp_secret.expose_secret(),
            credentials.totp_step,
            id.uuid(),
        ];
        self.execute_one("members", MEMBER_PASSWORD, args).await
    }

    /// Ends their sessions, and the links that they gave out. `false`: they were disabled before.
    pub async fn member_disable(
        &mut self,
        member: &Member,
        now: Timestamp,
    ) -> Result<bool, StoreError> {
        let id = member.id;
        self.login_end_all(id).await?;
        self.invitation_void_of(id, now).await?;
        self.execute(INVITATION_VOID, args![now, member.name.as_str()])
            .await?;
        Ok(self.execute(MEMBER_DISABLE, args![now, id.uuid()]).await? == 1)
    }

    pub async fn invitation_insert(
        &mut self,
        token: TokenHash,
        row: &InvitationRow,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        let args = args![
            token.bytes().to_vec(),
            row.email.as_str(),
            row.post.role().name(),
            row.post.partner().map(PartnerId::uuid),
            row.totp_secret.expose_secret(),
            row.invited_by.as_str(),
            row.member.map(MemberId::uuid),
            now,
            row.expires_at,
        ];
        self.execute_one("invitations", INVITATION_INSERT, args)
            .await
    }

    pub async fn invitation_load(
        &mut self,
        token: TokenHash,
    ) -> Result<Option<InvitationRow>, StoreError> {
        let args = args![token.bytes().to_vec()];
        let row: Option<InvitedRow> = self.fetch_optional(INVITATION_LOAD, args).await?;
        let Some(row) = row else { return Ok(None) };
        let bad = || StoreError::Row {
            table: "invitations",
            column: "role",
            id: row.email.clone(),
        };
        Ok(Some(InvitationRow {
            post: post(&row.role, row.partner_id).ok_or_else(bad)?,
            email: row.email,
            totp_secret: Secret::new(row.totp_secret),
            invited_by: row.invited_by,
            member: row.member_id.map(MemberId::from_uuid),
            expires_at: row.expires_at.0,
            used_at: row.used_at.map(|at| at.0),
        }))
    }

    /// Links for somebody who is here already are good no more.
    pub async fn invitation_void_of(
        &mut self,
        member: MemberId,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        let args = args![now, member.uuid()];
        self.execute(INVITATION_VOID_OF, args).await.map(drop)
    }

    /// `false`: somebody was faster.
    pub async fn invitation_used(
        &mut self,
        token: TokenHash,
        now: Timestamp,
    ) -> Result<bool, StoreError> {
        let args = args![now, token.bytes().to_vec()];
        Ok(self.execute(INVITATION_USED, args).await? == 1)
    }

    pub async fn login_insert(&mut self, login: &Login) -> Result<(), StoreError> {
        let args = args![
            login.token.bytes().to_vec(),
            login.member.uuid(),
            login.created_at,
            login.fresh_at,
            login.seen_at,
        ];
        self.execute_one("logins", LOGIN_INSERT, args).await
    }

    pub async fn login_load(&mut self, token: TokenHash) -> Result<Option<Login>, StoreError> {
        let args = args![token.bytes().to_vec()];
        let row: Option<LoginRow> = self.fetch_optional(LOGIN_LOAD, args).await?;
        row.map(|row| {
            let bad = |_| StoreError::Row {
                table: "logins",
                column: "token_hash",
                id: row.member_id.to_string(),
            };
            Ok(Login {
                token: TokenHash::from_bytes(row.token_hash.try_into().map_err(bad)?),
                member: MemberId::from_uuid(row.member_id),
                created_at: row.created_at.0,
                fresh_at: row.fresh_at.0,
                seen_at: row.seen_at.0,
            })
        })
        .transpose()
    }

    pub async fn login_seen(&mut self, token: TokenHash, at: Timestamp) -> Result<(), StoreError> {
        let args = args![at, token.bytes().to_vec()];
        self.execute(LOGIN_SEEN, args).await.map(drop)
    }

    pub async fn login_fresh(&mut self, token: TokenHash, at: Timestamp) -> Result<(), StoreError> {
        let args = args![at, token.bytes().to_vec()];
        self.execute_one("logins", LOGIN_FRESH, args).await
    }

    pub async fn login_end(&mut self, token: TokenHash) -> Result<(), StoreError> {
        let args = args![token.bytes().to_vec()];
        self.execute(LOGIN_END, args).await.map(drop)
    }

    /// Ends all sessions of somebody.
    pub async fn login_end_all(&mut self, member: MemberId) -> Result<(), StoreError> {
        self.execute(LOGIN_END_ALL, args![member.uuid()])
            .await
            .map(drop)
    }

    /// Ends somebody's sessions but this one.
    pub async fn login_end_others(
        &mut self,
        member: MemberId,
        but: TokenHash,
    ) -> Result<(), StoreError> {
        let args = args![member.uuid(), but.bytes().to_vec()];
        self.execute(LOGIN_END_OTHERS, args).await.map(drop)
    }

    /// Forgets those who signed in before a moment.
    pub async fn login_purge(&mut self, before: Timestamp) -> Result<u64, StoreError> {
        self.execute(LOGIN_PURGE, args![before]).await
    }
}
