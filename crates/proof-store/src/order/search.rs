//! Orders of all partners, for operators; or of one, for its own people.

use super::StoredOrder;
use crate::{
    db::{Tx, args},
    error::StoreError,
    row::{Versioned, first_id},
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
    // The customer first (to SQLite a cross join says so), and each of its names apart: else every order is read.
    SEARCH_USER = "SELECT o.id, o.version, o.body, c.partner_user_id, p.name AS partner_name FROM customers c CROSS JOIN orders o JOIN partners p ON p.id = o.partner_id WHERE o.customer_id = c.id AND c.partner_user_id = $6 AND (o.partner_id = $7 OR $7 IS NULL) AND (o.status = $8 OR $8 IS NULL) AND o.environment = $1 AND o.id < $2 AND o.id >= $3 AND (o.side = $4 OR $4 IS NULL) ORDER BY o.id DESC LIMIT $5";
    SEARCH_EMAIL = "SELECT o.id, o.version, o.body, c.partner_user_id, p.name AS partner_name FROM customers c CROSS JOIN orders o JOIN partners p ON p.id = o.partner_id WHERE o.customer_id = c.id AND lower(c.confirmed_email) = lower($6) AND (o.partner_id = $7 OR $7 IS NULL) AND (o.status = $8 OR $8 IS NULL) AND o.environment = $1 AND o.id < $2 AND o.id >= $3 AND (o.side = $4 OR $4 IS NULL) ORDER BY o.id DESC LIMIT $5";
    // What is still pending is in no index of destinations: whoever makes a session waits for one fewer.
    SEARCH_DESTINATION = "SELECT o.id, o.version, o.body, c.partner_user_id, p.name AS partner_name FROM orders o JOIN customers c ON c.id = o.customer_id JOIN partners p ON p.id = o.partner_id WHERE o.body -> 'destination' ->> 'text' = $6 AND o.status <> 'pending' AND (o.partner_id = $7 OR $7 IS NULL) AND (o.status = $8 OR $8 IS NULL) AND o.environment = $1 AND o.id < $2 AND o.id >= $3 AND (o.side = $4 OR $4 IS NULL) ORDER BY o.id DESC LIMIT $5";
    SEARCH_MARK = "SELECT order_id FROM events WHERE body ->> 'hash' = $1 UNION SELECT order_id FROM deposit_addresses WHERE environment = $2 AND address = $1 ORDER BY order_id DESC LIMIT $3";
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
    /// A partner's user or its email, the hash of a transfer, or an address as its network spells it: to where an order
    /// delivers, or where it wants its deposit.
    pub text: Option<String>,
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

/// More than these have one transfer or address in common only where something is very wrong.
const MARKED_MAX: i64 = 100;

impl Tx {
    pub async fn order_search(
        &mut self,
        search: &OrderSearch,
    ) -> Result<Vec<FoundOrder>, StoreError> {
        let marked = self.order_marked(search).await?;
        let mut rows = Vec::new();
        for id in &marked {
            rows.extend(self.order_search_sides(&search.only(*id)).await?);
        }
        if marked.is_empty() {
            rows = self.order_search_sides(search).await?;
        }
        rows.sort_by_key(|row| std::cmp::Reverse(row.id));
        rows.dedup_by_key(|row| row.id);
        rows.truncate(usize::try_from(search.limit).unwrap_or(0));
        rows.into_iter().map(FoundOrder::try_from).collect()
    }

    /// Those that had a transfer of this hash, or a deposit address.
    async fn order_marked(&mut self, search: &OrderSearch) -> Result<Vec<Uuid>, StoreError> {
        let Some(text) = search.text.as_deref() else {
            return Ok(Vec::new());
        };
        let args = args![text, search.environment.name(), MARKED_MAX];
        let rows: Vec<(Uuid,)> = self.fetch_all(SEARCH_MARK, args).await?;
        Ok(rows.into_iter().map(|(id,)| id).collect())
    }

    async fn order_search_sides(&mut self, search: &OrderSearch) -> Result<Vec<Row>, StoreError> {
        if let Some(text) = &search.text {
            return self.order_search_text(search, text).await;
        }
        // Each side by an index of its own: whoever looks for what is rare finds it at once.
        let sides = match search.side {
            Some(side) => vec![side],
            None => vec![Side::Buy, Side::Sell],
        };
        let mut rows = Vec::new();
        for side in sides {
            rows.extend(self.order_search_side(search, side).await?);
        }
        Ok(rows)
    }

    /// Those of a user, by what the partner calls it or by its email, and those that deliver to an address.
    async fn order_search_text(
        &mut self,
        search: &OrderSearch,
        text: &str,
    ) -> Result<Vec<Row>, StoreError> {
        let email = text.contains('@').then_some(SEARCH_EMAIL);
        let mut rows = Vec::new();
        for statement in [Some(SEARCH_USER), email, Some(SEARCH_DESTINATION)]
            .into_iter()
            .flatten()
        {
            let (from, below) = search.ids;
            let args = args![
                search.environment.name(),
                below,
                from,
                search.side.map(|side| side.name().to_owned()),
                search.limit,
                text,
                search.partner.map(PartnerId::uuid),
                search.status.map(|status| status.name().to_owned()),
            ];
            rows.extend(self.fetch_all::<Row>(statement, args).await?);
        }
        Ok(rows)
    }

    async fn order_search_side(
        &mut self,
        search: &OrderSearch,
        side: Side,
    ) -> Result<Vec<Row>, StoreError> {
        let (from, below) = search.ids;
        let mut args = args![
            search.environment.name(),
            below,
            from,
            side.name(),
            search.limit,
        ];
        let partner = search.partner.map(PartnerId::uuid);
        let status = search.status.map(|status| status.name().to_owned());
        let statement = match (partner, status) {
            (Some(partner), Some(status)) => {
                args.extend(args![partner, status]);
                SEARCH_PARTNER_STATUS
            }
            (Some(partner), None) => {
                args.extend(args![partner]);
                SEARCH_PARTNER
            }
            (None, Some(status)) => {
                args.extend(args![status]);
                SEARCH_STATUS
            }
            (None, None) => SEARCH_ALL,
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
        let args = args![environment.name(), first_id(since), partner];
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
        let args = args![environment.name(), first_id(since), partner, limit];
        let rows: Vec<Versioned> = self.fetch_all(SEARCH_SINCE, args).await?;
        let stored = rows.into_iter().map(StoredOrder::try_from);
        stored.map(|stored| Ok(stored?.order)).collect()
    }
}

impl OrderSearch {
    /// All that came before an order of an earlier page.
    pub const fn whole(before: OrderId) -> (Uuid, Uuid) {
        (Uuid::nil(), before.uuid())
    }

    /// What was made from a moment on, and before another one.
    pub fn made(&mut self, from: Option<Timestamp>, to: Option<Timestamp>) {
        let (first, below) = &mut self.ids;
        *first = from.map_or(*first, |from| first_id(from).max(*first));
        *below = to.map_or(*below, |to| first_id(to).min(*below));
    }

    /// That order alone, if it is among these.
    fn only(&self, id: Uuid) -> Self {
        let (from, below) = self.ids;
        let after = Uuid::from_u128(id.as_u128().saturating_add(1));
        Self {
            text: None,
            ids: (id.max(from), after.min(below)),
            ..self.clone()
        }
    }
}
