//! The one row that says which installation this database belongs to.

use crate::{
    db::{Tx, args},
    error::StoreError,
    statement::statements,
};
use proof_core::{Timestamp, secret::Secret};
use uuid::Uuid;

statements! {
    INSTALLATION_INSERT = "INSERT INTO installation (id, secret, epoch, created_at) VALUES ($1, $2, 1, $3)";
    INSTALLATION_EPOCH_RAISE = "UPDATE installation SET epoch = CASE WHEN epoch < $1 THEN $1 ELSE epoch + 1 END";
    INSTALLATION_LOAD = "SELECT id, secret, epoch FROM installation";
}

/// References sent outward begin with this id; the secret keys what the installation derives.
#[derive(Clone, Debug)]
pub struct Installation {
    pub id: Uuid,
    pub secret: Secret,
    pub epoch: i64,
}

#[derive(sqlx::FromRow)]
struct Row {
    id: Uuid,
    secret: String,
    epoch: i64,
}

impl Tx {
    pub async fn installation_insert(
        &mut self,
        id: Uuid,
        secret: &Secret,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        let args = args![id, secret.expose_secret(), now];
        self.execute_one("installation", INSTALLATION_INSERT, args)
            .await
    }

    /// A restored database is another life of its installation. Two restores of one backup must not
    /// be the same life, so the epoch is the moment of the restore.
    pub async fn installation_epoch_raise(&mut self, at: Timestamp) -> Result<(), StoreError> {
        self.execute_one("installation", INSTALLATION_EPOCH_RAISE, args![at.micros()])
            .await
    }

    pub async fn installation_load(&mut self) -> Result<Option<Installation>, StoreError> {
        let row: Option<Row> = self.fetch_optional(INSTALLATION_LOAD, args![]).await?;
        Ok(row.map(|r| Installation {
            id: r.id,
            secret: Secret::new(r.secret),
            epoch: r.epoch,
        }))
    }
}
