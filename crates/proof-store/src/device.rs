//! Devices that selfies of a person were taken on.

use crate::{
    db::{Tx, args},
    error::StoreError,
    statement::statements,
};
use proof_core::{
    Timestamp,
    id::{OrderId, PersonId},
};
use uuid::Uuid;

statements! {
    DEVICE_LEARN = "INSERT INTO devices (person_id, device, seen_at) SELECT $1, device, $2 FROM sessions WHERE order_id = $3 AND device IS NOT NULL ON CONFLICT (person_id, device) DO UPDATE SET seen_at = excluded.seen_at";
    DEVICE_TRIM = "DELETE FROM devices WHERE person_id = $1 AND device NOT IN (SELECT device FROM devices WHERE person_id = $1 ORDER BY seen_at DESC, device LIMIT $2)";
    DEVICE_KNOWN = "SELECT d.person_id AS id FROM devices d JOIN sessions s ON s.device = d.device WHERE d.person_id = $1 AND s.order_id = $2";
    DEVICE_ERASE = "DELETE FROM devices WHERE person_id = $1";
    DEVICE_FORGET = "DELETE FROM devices WHERE seen_at < $1 AND person_id NOT IN (SELECT id FROM persons WHERE hold IS NOT NULL)";
}

#[derive(sqlx::FromRow)]
struct IdRow {
    #[expect(dead_code, reason = "only whether there is a row")]
    id: Uuid,
}

impl Tx {
    /// The device that an order's session was opened on last, if it said one.
    pub async fn device_learn(
        &mut self,
        person: PersonId,
        order: OrderId,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        let args = args![person.uuid(), now, order.uuid()];
        self.execute(DEVICE_LEARN, args).await?;
        Ok(())
    }

    /// Keeps so many, the latest.
    pub async fn device_trim(&mut self, person: PersonId, most: i64) -> Result<(), StoreError> {
        self.execute(DEVICE_TRIM, args![person.uuid(), most])
            .await?;
        Ok(())
    }

    pub async fn device_known(
        &mut self,
        person: PersonId,
        order: OrderId,
    ) -> Result<bool, StoreError> {
        let args = args![person.uuid(), order.uuid()];
        let found: Option<IdRow> = self.fetch_optional(DEVICE_KNOWN, args).await?;
        Ok(found.is_some())
    }

    pub async fn device_erase(&mut self, person: PersonId) -> Result<(), StoreError> {
        self.execute(DEVICE_ERASE, args![person.uuid()]).await?;
        Ok(())
    }

    /// Those whose traces must be kept stay.
    pub async fn device_forget(&mut self, before: Timestamp) -> Result<u64, StoreError> {
        self.execute(DEVICE_FORGET, args![before]).await
    }
}
