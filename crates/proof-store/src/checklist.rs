//! What was seen of a partner's integration, and what people said of it.

use crate::{
    db::{Tx, args},
    error::StoreError,
    row::Time,
    statement::statements,
};
use proof_core::{
    checklist::{Declared, Kind, Observation, Said, Signature},
    id::{OrderId, PartnerId},
    partner::Environment,
};
use serde_json::json;
use sqlx::types::Json;
use uuid::Uuid;

statements! {
    OBSERVATION_ADD = "INSERT INTO observations (partner_id, environment, kind, subject, first_at, last_at, request_id, note, order_id) VALUES ($1, $2, $3, $4, $5, $5, $6, $7, $8) ON CONFLICT (partner_id, environment, kind, subject) DO UPDATE SET last_at = excluded.last_at, request_id = excluded.request_id, note = excluded.note, order_id = excluded.order_id";
    OBSERVATION_LIST = "SELECT kind, subject, first_at, last_at, request_id, note, order_id FROM observations WHERE partner_id = $1 AND environment = $2 ORDER BY last_at DESC, kind, subject LIMIT $3";
    SIGNATURE_PUT = "INSERT INTO checklist_signatures (partner_id, line, by_name, note, at, basis) VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT (partner_id, line) DO UPDATE SET by_name = excluded.by_name, note = excluded.note, at = excluded.at, basis = excluded.basis";
    SIGNATURE_END = "DELETE FROM checklist_signatures WHERE partner_id = $1 AND line = $2";
    SIGNATURE_LIST = "SELECT line, by_name, note, at, basis FROM checklist_signatures WHERE partner_id = $1 ORDER BY line";
    PROFILE_PUT = "INSERT INTO checklist_profiles (partner_id, body, by_name, at) VALUES ($1, $2, $3, $4) ON CONFLICT (partner_id) DO UPDATE SET body = excluded.body, by_name = excluded.by_name, at = excluded.at";
    PROFILE_LOAD = "SELECT body, by_name, at FROM checklist_profiles WHERE partner_id = $1";
}

#[derive(sqlx::FromRow)]
struct Row {
    kind: String,
    subject: String,
    first_at: Time,
    last_at: Time,
    request_id: String,
    note: String,
    order_id: Option<Uuid>,
}

#[derive(sqlx::FromRow)]
struct SignatureRow {
    line: String,
    by_name: String,
    note: String,
    at: Time,
    basis: String,
}

/// Beside the profile in its body.
const ASKED: &str = "asked";

#[derive(sqlx::FromRow)]
struct ProfileRow {
    body: Json<serde_json::Value>,
    by_name: String,
    at: Time,
}

impl Tx {
    /// Seen, for the first time or again.
    pub async fn observation_add(
        &mut self,
        partner: PartnerId,
        environment: Environment,
        seen: &Observation,
    ) -> Result<(), StoreError> {
        let args = args![
            partner.uuid(),
            environment.name(),
            seen.kind.name(),
            seen.subject.as_str(),
            seen.last_at,
            seen.request_id.as_str(),
            seen.note.as_str(),
            seen.order.map(OrderId::uuid),
        ];
        self.execute_one("observations", OBSERVATION_ADD, args)
            .await
    }

    /// The latest first. Kinds that this program does not know are left out: another version knows
    /// them.
    pub async fn observation_list(
        &mut self,
        partner: PartnerId,
        environment: Environment,
        limit: i64,
    ) -> Result<Vec<Observation>, StoreError> {
        let args = args![partner.uuid(), environment.name(), limit];
        let rows: Vec<Row> = self.fetch_all(OBSERVATION_LIST, args).await?;
        let seen = rows.into_iter().filter_map(|row| {
            Some(Observation {
                kind: Kind::parse(&row.kind)?,
                subject: row.subject,
                first_at: row.first_at.0,
                last_at: row.last_at.0,
                request_id: row.request_id,
                note: row.note,
                order: row.order_id.map(OrderId::from_uuid),
            })
        });
        Ok(seen.collect())
    }

    pub async fn signature_put(
        &mut self,
        partner: PartnerId,
        signature: &Signature,
    ) -> Result<(), StoreError> {
        let args = args![
            partner.uuid(),
            signature.line.as_str(),
            signature.by.as_str(),
            signature.note.as_str(),
            signature.at,
            signature.basis.as_str(),
        ];
        self.execute_one("checklist_signatures", SIGNATURE_PUT, args)
            .await
    }

    /// `false`: nobody had signed it.
    pub async fn signature_end(
        &mut self,
        partner: PartnerId,
        line: &str,
    ) -> Result<bool, StoreError> {
        let args = args![partner.uuid(), line];
        Ok(self.execute(SIGNATURE_END, args).await? == 1)
    }

    pub async fn signature_list(
        &mut self,
        partner: PartnerId,
    ) -> Result<Vec<Signature>, StoreError> {
        let rows: Vec<SignatureRow> = self
            .fetch_all(SIGNATURE_LIST, args![partner.uuid()])
            .await?;
        let signed = rows.into_iter().map(|row| Signature {
            line: row.line,
            by: row.by_name,
            note: row.note,
            at: row.at.0,
            basis: row.basis,
        });
        Ok(signed.collect())
    }

    pub async fn said_put(&mut self, partner: PartnerId, said: &Said) -> Result<(), StoreError> {
        let mut body = match &said.has {
            Some(has) => serde_json::to_value(has.profile).unwrap_or_default(),
            None => json!({}),
        };
        if let Some(asks) = &said.asks {
            body[ASKED] = json!(asks);
        }
        let has = said.has.as_ref().map(|has| (has.by.as_str(), has.at));
        let asks = said.asks.as_ref().map(|asks| (asks.by.as_str(), asks.at));
        let Some((by, at)) = has.or(asks) else {
            return Ok(());
        };
        self.execute_one(
            "checklist_profiles",
            PROFILE_PUT,
            args![partner.uuid(), body, by, at],
        )
        .await
    }

    /// With who said it, and when.
    pub async fn said_load(&mut self, partner: PartnerId) -> Result<Said, StoreError> {
        let row: Option<ProfileRow> = self
            .fetch_optional(PROFILE_LOAD, args![partner.uuid()])
            .await?;
        let said = row.map(|row| said(row).ok_or(partner));
        let said = said.transpose().map_err(|partner| StoreError::Row {
            table: "checklist_profiles",
            column: "body",
            id: partner.to_string(),
        })?;
        Ok(said.unwrap_or_default())
    }
}

/// A list may be there before anybody has declared anything else.
fn said(row: ProfileRow) -> Option<Said> {
    let serde_json::Value::Object(mut body) = row.body.0 else {
        return None;
    };
    let asks = match body.remove(ASKED) {
        Some(asks) => Some(serde_json::from_value(asks).ok()?),
        None => None,
    };
    let has = match body.is_empty() {
        true => None,
        false => Some(Declared {
            profile: serde_json::from_value(body.into()).ok()?,
            by: row.by_name,
            at: row.at.0,
        }),
    };
    Some(Said { has, asks })
}
