//! What completed orders moved, the latest first.

use crate::{
    db::{Tx, args},
    error::StoreError,
    statement::statements,
};
use proof_core::{
    Timestamp,
    asset::Fiat,
    id::PartnerId,
    money::Money,
    partner::{Environment, Side},
};
use uuid::Uuid;

statements! {
    // The words of the indexes `orders_completed` and `orders_completed_partner`: only so do the engines use them.
    VOLUME_ALL = "SELECT id, CAST(body ->> 'status_at' AS BIGINT) AS at, side, body -> 'price' -> 'total' ->> 'fiat' AS fiat, body -> 'price' -> 'total' ->> 'minor' AS minor FROM orders WHERE environment = $1 AND status = 'completed' AND CAST(body ->> 'status_at' AS BIGINT) >= $2 ORDER BY CAST(body ->> 'status_at' AS BIGINT) DESC LIMIT $3";
    VOLUME_PARTNER = "SELECT id, CAST(body ->> 'status_at' AS BIGINT) AS at, side, body -> 'price' -> 'total' ->> 'fiat' AS fiat, body -> 'price' -> 'total' ->> 'minor' AS minor FROM orders WHERE partner_id = $4 AND environment = $1 AND status = 'completed' AND CAST(body ->> 'status_at' AS BIGINT) >= $2 ORDER BY CAST(body ->> 'status_at' AS BIGINT) DESC LIMIT $3";
}

/// What one completed order moved, as its partner was told: what a buyer paid, or a seller was paid out.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Completed {
    pub at: Timestamp,
    pub side: Side,
    pub total: Money,
}

#[derive(sqlx::FromRow)]
struct Row {
    id: Uuid,
    at: i64,
    side: String,
    fiat: Option<String>,
    minor: Option<String>,
}

impl TryFrom<Row> for Completed {
    type Error = StoreError;

    fn try_from(row: Row) -> Result<Self, StoreError> {
        let bad = |column| StoreError::Row {
            table: "orders",
            column,
            id: row.id.to_string(),
        };
        let fiat: Option<Fiat> = row.fiat.as_deref().and_then(|code| code.parse().ok());
        let minor: Option<u128> = row.minor.as_deref().and_then(|minor| minor.parse().ok());
        let (fiat, minor) = fiat.zip(minor).ok_or_else(|| bad("body"))?;
        Ok(Self {
            at: Timestamp::from_micros(row.at),
            side: Side::parse(&row.side).ok_or_else(|| bad("side"))?,
            total: Money::new(fiat, minor),
        })
    }
}

impl Tx {
    /// Orders that completed since a moment, of all partners or of one.
    pub async fn order_completed(
        &mut self,
        environment: Environment,
        since: Timestamp,
        partner: Option<PartnerId>,
        limit: i64,
    ) -> Result<Vec<Completed>, StoreError> {
        let mut args = args![environment.name(), since.micros(), limit];
        let statement = match partner {
            None => VOLUME_ALL,
            Some(partner) => {
                args.extend(args![partner.uuid()]);
                VOLUME_PARTNER
            }
        };
        let rows: Vec<Row> = self.fetch_all(statement, args).await?;
        rows.into_iter().map(Completed::try_from).collect()
    }
}
