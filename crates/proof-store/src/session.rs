//! Sessions, and the visits that they were opened with.

use crate::{
    db::{Tx, args},
    error::StoreError,
    row::Time,
    statement::statements,
};
use proof_core::{
    Timestamp, id::OrderId, language::Language, session::Parameters, token::TokenHash,
};
use sqlx::types::Json;
use std::net::IpAddr;
use uuid::Uuid;

statements! {
    SESSION_INSERT = "INSERT INTO sessions (order_id, init_hash, parameters, signature, client_ip, lang, theme, expires_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)";
    SESSION_BY_INIT = "SELECT order_id, parameters, signature, client_ip, lang, theme, spoken, expires_at FROM sessions WHERE init_hash = $1";
    SESSION_LOAD = "SELECT order_id, parameters, signature, client_ip, lang, theme, spoken, expires_at FROM sessions WHERE order_id = $1";
    SESSION_SPOKEN = "UPDATE sessions SET spoken = $1 WHERE order_id = $2";
    SESSION_DEVICE = "UPDATE sessions SET device = $1 WHERE order_id = $2";
    SESSION_DEVICE_FORGET = "UPDATE sessions SET device = NULL WHERE device IS NOT NULL AND expires_at < $1";
    VISIT_INSERT = "INSERT INTO visits (token_hash, order_id, created_at, expires_at) VALUES ($1, $2, $3, $4)";
    VISIT_LOAD = "SELECT order_id, expires_at FROM visits WHERE token_hash = $1";
}

/// A session as it was answered; `parameters.init_token` is empty, only its hash is kept.
#[derive(Clone, Debug)]
pub struct SessionRow {
    pub order: OrderId,
    pub parameters: Parameters,
    pub signature: String,
    pub client_ip: Option<IpAddr>,
    pub lang: Option<String>,
    pub theme: Option<String>,
    /// The language in which its widget was opened last.
    pub spoken: Option<Language>,
    pub expires_at: Timestamp,
}

#[derive(sqlx::FromRow)]
struct Row {
    order_id: Uuid,
    parameters: Json<serde_json::Value>,
    signature: String,
    client_ip: Option<String>,
    lang: Option<String>,
    theme: Option<String>,
    spoken: Option<String>,
    expires_at: Time,
}

#[derive(sqlx::FromRow)]
struct VisitRow {
    order_id: Uuid,
    expires_at: Time,
}

impl TryFrom<Row> for SessionRow {
    type Error = StoreError;

    fn try_from(row: Row) -> Result<Self, StoreError> {
        let id = row.order_id;
        let bad = |column| StoreError::Row {
            table: "sessions",
            column,
            id: id.to_string(),
        };
        Ok(Self {
            order: OrderId::from_uuid(id),
            parameters: serde_json::from_value(row.parameters.0).map_err(|_| bad("parameters"))?,
            client_ip: row
                .client_ip
                .map(|ip| ip.parse().map_err(|_| bad("client_ip")))
                .transpose()?,
            signature: row.signature,
            lang: row.lang,
            theme: row.theme,
            spoken: row
                .spoken
                .map(|tag| Language::parse(&tag).ok_or_else(|| bad("spoken")))
                .transpose()?,
            expires_at: row.expires_at.0,
        })
    }
}

impl Tx {
    pub async fn session_insert(
        &mut self,
        session: &SessionRow,
        init_hash: TokenHash,
    ) -> Result<(), StoreError> {
        let args = args![
            session.order.uuid(),
            init_hash.bytes().to_vec(),
            serde_json::to_value(&session.parameters).unwrap_or_default(),
            session.signature.as_str(),
            session.client_ip.map(|ip| ip.to_string()),
            session.lang.clone(),
            session.theme.clone(),
            session.expires_at,
        ];
        self.execute_one("sessions", SESSION_INSERT, args).await
    }

    pub async fn session_by_init(
        &mut self,
        init_hash: TokenHash,
    ) -> Result<Option<SessionRow>, StoreError> {
        let args = args![init_hash.bytes().to_vec()];
        let row: Option<Row> = self.fetch_optional(SESSION_BY_INIT, args).await?;
        row.map(SessionRow::try_from).transpose()
    }

    pub async fn session_load(&mut self, order: OrderId) -> Result<Option<SessionRow>, StoreError> {
        let row: Option<Row> = self
            .fetch_optional(SESSION_LOAD, args![order.uuid()])
            .await?;
        row.map(SessionRow::try_from).transpose()
    }

    /// In which language its user reads.
    pub async fn session_spoken(
        &mut self,
        order: OrderId,
        language: Language,
    ) -> Result<(), StoreError> {
        let args = args![language.code(), order.uuid()];
        self.execute_one("sessions", SESSION_SPOKEN, args).await
    }

    /// Where its widget was opened last.
    pub async fn session_device(
        &mut self,
        order: OrderId,
        device: Option<[u8; 32]>,
    ) -> Result<(), StoreError> {
        let args = args![device.map(|hash| hash.to_vec()), order.uuid()];
        self.execute_one("sessions", SESSION_DEVICE, args).await
    }

    /// Once nobody is asked for a selfie by it any more.
    pub async fn session_device_forget(&mut self, before: Timestamp) -> Result<u64, StoreError> {
        self.execute(SESSION_DEVICE_FORGET, args![before]).await
    }

    pub async fn visit_insert(
        &mut self,
        token: TokenHash,
        order: OrderId,
        now: Timestamp,
        expires_at: Timestamp,
    ) -> Result<(), StoreError> {
        let args = args![token.bytes().to_vec(), order.uuid(), now, expires_at];
        self.execute_one("visits", VISIT_INSERT, args).await
    }

    /// The order that this visit belongs to, while it may be looked at.
    pub async fn visit_load(
        &mut self,
        token: TokenHash,
        now: Timestamp,
    ) -> Result<Option<OrderId>, StoreError> {
        let row: Option<VisitRow> = self
            .fetch_optional(VISIT_LOAD, args![token.bytes().to_vec()])
            .await?;
        Ok(row
            .filter(|row| now < row.expires_at.0)
            .map(|row| OrderId::from_uuid(row.order_id)))
    }
}
