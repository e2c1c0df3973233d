//! Orders of all partners, for operators; or of one, for its own people.

use super::StoredOrder;
use crate::{
    db::{Tx, args},
    error::StoreError,
    row::Versioned,
    statement::statements,
};
use proof_core::{
    Timestamp,
    id::{OrderId, PartnerId},
    order::{Order, PublicStatus},
    partner::{Environment, Side},
};
use sqlx::types::Json;
use uuid::Uuid;

statements! {
    SEARCH_ALL = "SELECT o.id, o.version, o.body, c.partner_user_id, p.name AS partner_name FROM orders o JOIN customers c ON c.id = o.customer_id JOIN partners p ON p.id = o.partner_id WHERE o.environment = $1 AND o.id < $2 AND o.id >= $3 AND o.side = $4 ORDER BY o.id DESC LIMIT $5";
    SEARCH_STATUS = "SELECT o.id, o.version, o.body, c.partner_user_id, p.name AS partner_name FROM orders o JOIN customers c ON c.id = o.customer_id JOIN partners p ON p.id = o.partner_id WHERE o.status = $6 AND o.environment = $1 AND o.id < $2 AND o.id >= $3 AND o.side = $4 ORDER BY o.id DESC LIMIT $5";
    SEARCH_PARTNER = "SELECT o.id, o.version, o.body, c.partner_user_id, p.name AS partner_name FROM orders o JOIN customers c ON c.id = o.customer_id JOIN partners p ON p.id = o.partner_id WHERE o.partner_id = $6 AND o.environment = $1 AND o.id < $2 AND o.id >= $3 AND o.side = $4 ORDER BY o.id DESC LIMIT $5";
    SEARCH_PARTNER_STATUS = "SELECT o.id, o.version, o.body, c.partner_user_id, p.name AS partner_name FROM orders o JOIN customers c ON c.id = o.customer_id JOIN partners p ON p.id = o.partner_id WHERE o.partner_id = $6 AND o.status = $7 AND o.environment = $1 AND o.id < $2 AND o.id >= $3 AND o.side = $4 ORDER BY o.id DESC LIMIT $5";
    SEARCH_USER = "SELECT o.id, o.version, o.body, c.partner_user_id, p.name AS partner_name FROM customers c JOIN orders o ON o.customer_id = c.id JOIN partners p ON p.id = o.partner_id WHERE c.partner_user_id = $6 AND (o.partner_id = $7 OR $7 IS NULL) AND (o.status = $8 OR $8 IS NULL) AND o.environment = $1 AND o.id < $2 AND o.id >= $3 AND (o.side = $4 OR $4 IS NULL) ORDER BY o.id DESC LIMIT $5";
    SEARCH_COUNT = "SELECT status, COUNT(*) AS count FROM orders WHERE environment = $1 AND id >= $2 AND (partner_id = $3 OR $3 IS NULL) GROUP BY status ORDER BY status";
    SEARCH_SINCE = "SELECT id, version, body FROM orders WHERE environment = $1 AND id >= $2 AND (partner_id = $3 OR $3 IS NULL) ORDER BY id DESC LIMIT $4";
}

/// What is looked for, newest first.
#[derive(Clone, Debug)]
pub struct OrderSearch {
    pub environment: Environment,
    pub partner: Option<PartnerId>,
    pub status: Option<PublicStatus>,
    pub side: Option<Side>,
    pub user: Option<String>,
    /// Ids from the first on, and below the second.
    pub ids: (Uuid, Uuid),
    pub limit: i64,
}

#[derive(Clone, Debug)]
pub struct FoundOrder {
    pub order: Order,
    pub partner_user_id: String,
    pub partner_name: String,
}

#[derive(sqlx::FromRow)]
struct Row {
    id: Uuid,
    version: i64,
    body: Json<serde_json::Value>,
    partner_user_id: String,
    partner_name: String,
}

#[derive(sqlx::FromRow)]
struct CountRow {
    status: String,
    count: i64,
}

impl TryFrom<Row> for FoundOrder {
    type Error = StoreError;

    fn try_from(row: Row) -> Result<Self, StoreError> {
        let (id, version, body) = (row.id, row.version, row.body);
        let stored = StoredOrder::try_from(Versioned { id, version, body })?;
        Ok(Self {
            order: stored.order,
            partner_user_id: row.partner_user_id,
            partner_name: row.partner_name,
        })
    }
}

/// The first id that an order of a moment can have (UUIDv7: 48 bits of milliseconds).
fn first_of(at: Timestamp) -> Uuid {
    let millis = u128::try_from(at.millis()).unwrap_or(0);
    Uuid::from_u128(millis << 80)
}

impl Tx {
    pub async fn order_search(
        &mut self,
        search: &OrderSearch,
    ) -> Result<Vec<FoundOrder>, StoreError> {
        // Each side by an index of its own: whoever looks for what is rare finds it at once.
        let sides = match (&search.user, search.side) {
            (Some(_), side) => vec![side],
            (None, Some(side)) => vec![Some(side)],
            (None, None) => vec![Some(Side::Buy), Some(Side::Sell)],
        };
        let mut rows = Vec::new();
        for side in sides {
            rows.extend(self.order_search_side(search, side).await?);
        }
        rows.sort_by_key(|row| std::cmp::Reverse(row.id));
        rows.truncate(usize::try_from(search.limit).unwrap_or(0));
        rows.into_iter().map(FoundOrder::try_from).collect()
    }

    async fn order_search_side(
        &mut self,
        search: &OrderSearch,
        side: Option<Side>,
    ) -> Result<Vec<Row>, StoreError> {
        let (from, below) = search.ids;
        let mut args = args![
            search.environment.name(),
            below,
            from,
            side.map(|side| side.name().to_owned()),
            search.limit,
        ];
        let partner = search.partner.map(PartnerId::uuid);
        let status = search.status.map(|status| status.name().to_owned());
        let statement = match (search.user.as_deref(), partner, status) {
            (Some(user), partner, status) => {
                args.extend(args![user, partner, status]);
                SEARCH_USER
            }
            (None, Some(partner), Some(status)) => {
                args.extend(args![partner, status]);
                SEARCH_PARTNER_STATUS
            }
            (None, Some(partner), None) => {
                args.extend(args![partner]);
                SEARCH_PARTNER
            }
            (None, None, Some(status)) => {
                args.extend(args![status]);
                SEARCH_STATUS
            }
            (None, None, None) => SEARCH_ALL,
        };
        self.fetch_all(statement, args).await
    }

    /// How many orders were made since a moment, by what became of them.
    pub async fn order_count(
        &mut self,
        environment: Environment,
        since: Timestamp,
        partner: Option<PartnerId>,
    ) -> Result<Vec<(String, i64)>, StoreError> {
        let partner = partner.map(PartnerId::uuid);
        let args = args![environment.name(), first_of(since), partner];
        let rows: Vec<CountRow> = self.fetch_all(SEARCH_COUNT, args).await?;
        Ok(rows
            .into_iter()
            .map(|row| (row.status, row.count))
            .collect())
    }

    /// Those that were made since a moment, newest first.
    pub async fn order_since(
        &mut self,
        environment: Environment,
        since: Timestamp,
        partner: Option<PartnerId>,
        limit: i64,
    ) -> Result<Vec<Order>, StoreError> {
        let partner = partner.map(PartnerId::uuid);
        let args = args![environment.name(), first_of(since), partner, limit];
        let rows: Vec<Versioned> = self.fetch_all(SEARCH_SINCE, args).await?;
        let stored = rows.into_iter().map(StoredOrder::try_from);
        stored.map(|stored| Ok(stored?.order)).collect()
    }
}

/// Keeps an id's kind visible where only its bytes matter.
impl OrderSearch {
    /// All that came before an order of an earlier page.
    pub const fn whole(before: OrderId) -> (Uuid, Uuid) {
        (Uuid::nil(), before.uuid())
    }
}
