//! How partners' widgets look.

use crate::{
    db::{Tx, args},
    error::StoreError,
    statement::statements,
};
use proof_core::{
    Timestamp,
    id::PartnerId,
    partner::{Logo, Look},
};
use sqlx::types::Json;
use uuid::Uuid;

statements! {
    LOOK_LOAD = "SELECT partner_id, body FROM looks WHERE partner_id = $1";
    LOOK_PUT = "INSERT INTO looks (partner_id, body, changed_at) VALUES ($1, $2, $3) ON CONFLICT (partner_id) DO UPDATE SET body = excluded.body, changed_at = excluded.changed_at";
    LOGO_PUT = "UPDATE looks SET logo = $1 WHERE partner_id = $2";
    LOGO_LOAD = "SELECT logo FROM looks WHERE partner_id = $1 AND logo IS NOT NULL";
}

#[derive(sqlx::FromRow)]
struct Row {
    partner_id: Uuid,
    body: Json<serde_json::Value>,
}

#[derive(sqlx::FromRow)]
struct LogoRow {
    logo: Vec<u8>,
}

impl Tx {
    /// Without a row: our own look.
    pub async fn look_load(&mut self, partner: PartnerId) -> Result<Look, StoreError> {
        let row: Option<Row> = self
            .fetch_optional(LOOK_LOAD, args![partner.uuid()])
            .await?;
        let Some(row) = row else {
            return Ok(Look::default());
        };
        serde_json::from_value(row.body.0).map_err(|_| StoreError::Row {
            table: "looks",
            column: "body",
            id: row.partner_id.to_string(),
        })
    }

    pub async fn look_put(
        &mut self,
        partner: PartnerId,
        look: &Look,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        let body = serde_json::to_value(look).unwrap_or_default();
        self.execute_one("looks", LOOK_PUT, args![partner.uuid(), body, now])
            .await
    }

    /// The picture that the look names from now on; its row is there.
    pub async fn logo_put(
        &mut self,
        partner: PartnerId,
        logo: Option<&Logo>,
    ) -> Result<(), StoreError> {
        let bytes = logo.map(|logo| logo.bytes().to_vec());
        self.execute_one("looks", LOGO_PUT, args![bytes, partner.uuid()])
            .await
    }

    pub async fn logo_load(&mut self, partner: PartnerId) -> Result<Option<Vec<u8>>, StoreError> {
        let row: Option<LogoRow> = self
            .fetch_optional(LOGO_LOAD, args![partner.uuid()])
            .await?;
        Ok(row.map(|row| row.logo))
    }
}
