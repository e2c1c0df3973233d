//! Passkeys of the console's people, and what browsers were asked for and have not answered yet.

use crate::{
    db::{Tx, args},
    error::StoreError,
    row::Time,
    statement::statements,
};
use proof_core::{
    Timestamp,
    id::{MemberId, PasskeyId},
    passkey::{CEREMONIES_MAX, PASSKEYS_MAX, PasskeyName, Purpose},
    token::TokenHash,
};
use serde_json::Value;
use sqlx::types::Json;
use uuid::Uuid;

statements! {
    PASSKEY_INSERT = "INSERT INTO passkeys (id, member_id, credential_id, name, body, created_at) VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT (credential_id) DO NOTHING";
    PASSKEY_BY_CREDENTIAL = "SELECT id, member_id, name, body, created_at, used_at FROM passkeys WHERE credential_id = $1";
    PASSKEY_LIST = "SELECT id, member_id, name, body, created_at, used_at FROM passkeys WHERE member_id = $1 ORDER BY id LIMIT $2";
    PASSKEY_USED = "UPDATE passkeys SET body = $1, used_at = $2 WHERE id = $3";
    PASSKEY_REMOVE = "DELETE FROM passkeys WHERE id = $1";
    PASSKEY_REMOVE_ALL = "DELETE FROM passkeys WHERE member_id = $1";
    CEREMONY_INSERT = "INSERT INTO ceremonies (token_hash, purpose, body, expires_at) VALUES ($1, $2, $3, $4)";
    CEREMONY_LOAD = "SELECT body, expires_at FROM ceremonies WHERE token_hash = $1 AND purpose = $2";
    CEREMONY_TAKE = "DELETE FROM ceremonies WHERE token_hash = $1 AND purpose = $2";
    CEREMONY_REPLACE = "DELETE FROM ceremonies WHERE purpose = $1";
    CEREMONY_PURGE = "DELETE FROM ceremonies WHERE expires_at <= $1";
    CEREMONY_COUNT = "SELECT COUNT(*) AS count FROM ceremonies";
}

#[derive(Clone, Debug)]
pub struct PasskeyRow {
    pub id: PasskeyId,
    pub member: MemberId,
    pub name: PasskeyName,
    /// The public key and its counter, as whoever checks signatures reads them.
    pub body: Value,
    pub created_at: Timestamp,
    pub used_at: Option<Timestamp>,
}

#[derive(sqlx::FromRow)]
struct Row {
    id: Uuid,
    member_id: Uuid,
    name: String,
    body: Json<Value>,
    created_at: Time,
    used_at: Option<Time>,
}

impl TryFrom<Row> for PasskeyRow {
    type Error = StoreError;

    fn try_from(row: Row) -> Result<Self, StoreError> {
        let bad = |_| StoreError::Row {
            table: "passkeys",
            column: "name",
            id: row.id.to_string(),
        };
        Ok(Self {
            name: PasskeyName::parse(&row.name).map_err(bad)?,
            id: PasskeyId::from_uuid(row.id),
            member: MemberId::from_uuid(row.member_id),
            body: row.body.0,
            created_at: row.created_at.0,
            used_at: row.used_at.map(|at| at.0),
        })
    }
}

#[derive(sqlx::FromRow)]
struct CeremonyRow {
    body: Json<Value>,
    expires_at: Time,
}

#[derive(sqlx::FromRow)]
struct CountRow {
    count: i64,
}

impl Tx {
    /// `false`: this credential is somebody's already.
    pub async fn passkey_insert(
        &mut self,
        row: &PasskeyRow,
        credential: &[u8],
    ) -> Result<bool, StoreError> {
        let args = args![
            row.id.uuid(),
            row.member.uuid(),
            credential.to_vec(),
            row.name.as_str(),
            row.body.clone(),
            row.created_at,
        ];
        Ok(self.execute(PASSKEY_INSERT, args).await? == 1)
    }

    pub async fn passkey_by_credential(
        &mut self,
        credential: &[u8],
    ) -> Result<Option<PasskeyRow>, StoreError> {
        let args = args![credential.to_vec()];
        let row: Option<Row> = self.fetch_optional(PASSKEY_BY_CREDENTIAL, args).await?;
        row.map(PasskeyRow::try_from).transpose()
    }

    /// Somebody's own, the first one first.
    pub async fn passkey_list(&mut self, member: MemberId) -> Result<Vec<PasskeyRow>, StoreError> {
        let limit = i64::try_from(PASSKEYS_MAX).unwrap_or(i64::MAX);
        let rows: Vec<Row> = self
            .fetch_all(PASSKEY_LIST, args![member.uuid(), limit])
            .await?;
        rows.into_iter().map(PasskeyRow::try_from).collect()
    }

    pub async fn passkey_used(&mut self, row: &PasskeyRow) -> Result<(), StoreError> {
        let args = args![row.body.clone(), row.used_at, row.id.uuid()];
        self.execute_one("passkeys", PASSKEY_USED, args).await
    }

    pub async fn passkey_remove(&mut self, id: PasskeyId) -> Result<(), StoreError> {
        self.execute_one("passkeys", PASSKEY_REMOVE, args![id.uuid()])
            .await
    }

    pub async fn passkey_remove_all(&mut self, member: MemberId) -> Result<u64, StoreError> {
        self.execute(PASSKEY_REMOVE_ALL, args![member.uuid()]).await
    }

    /// Remembers what a browser is asked for. `false`: too many are being asked.
    pub async fn ceremony_insert(
        &mut self,
        token: TokenHash,
        purpose: Purpose,
        body: Value,
        now: Timestamp,
        expires_at: Timestamp,
    ) -> Result<bool, StoreError> {
        self.execute(CEREMONY_PURGE, args![now]).await?;
        if purpose.is_single() {
            self.execute(CEREMONY_REPLACE, args![purpose.to_string()])
                .await?;
        }
        let count: Option<CountRow> = self.fetch_optional(CEREMONY_COUNT, args![]).await?;
        if count.is_some_and(|row| row.count >= CEREMONIES_MAX) {
            return Ok(false);
        }
        let args = args![
            token.bytes().to_vec(),
            purpose.to_string(),
            body,
            expires_at
        ];
        self.execute_one("ceremonies", CEREMONY_INSERT, args)
            .await?;
        Ok(true)
    }

    /// What was asked for, once: whoever is second, comes too late, or asks for something else, gets
    /// nothing.
    pub async fn ceremony_take(
        &mut self,
        token: TokenHash,
        purpose: Purpose,
        now: Timestamp,
    ) -> Result<Option<Value>, StoreError> {
        let args = || args![token.bytes().to_vec(), purpose.to_string()];
        let row: Option<CeremonyRow> = self.fetch_optional(CEREMONY_LOAD, args()).await?;
        let first = self.execute(CEREMONY_TAKE, args()).await? == 1;
        let open = row.filter(|row| first && now < row.expires_at.0);
        Ok(open.map(|row| row.body.0))
    }
}
