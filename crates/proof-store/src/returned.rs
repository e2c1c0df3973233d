//! What went back to users: money of buys, crypto of sells.

use crate::{
    db::{Tx, args},
    error::StoreError,
    row::{Time, Units},
    statement::statements,
};
use proof_core::{
    Timestamp,
    id::{EntryId, OrderId},
    ledger::key_alone,
    partner::Environment,
};
use uuid::Uuid;

statements! {
    // The words of the index `entries_returned`: only so do the engines use it. What was owed is in the line of the customer.
    ENTRY_RETURNED = "SELECT e.id AS entry_id, e.order_id, e.kind, e.created_at, w.name AS partner_name, p.account_key, p.amount FROM entries e CROSS JOIN orders o CROSS JOIN partners w CROSS JOIN postings p WHERE e.kind IN ('refund', 'refund_by_bank', 'give_back') AND e.id < $1 AND o.id = e.order_id AND o.environment = $2 AND w.id = o.partner_id AND p.entry_id = e.id AND p.account_key LIKE '%customer:%' ORDER BY e.id DESC LIMIT $3";
}

/// One refund or return, as it was booked.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Returned {
    pub entry: EntryId,
    pub order: OrderId,
    pub partner_name: String,
    /// `refund`, `refund_by_bank` or `give_back`.
    pub kind: String,
    pub posted_at: Timestamp,
    /// The customer's, with its unit.
    pub account: String,
    pub amount: i128,
}

#[derive(sqlx::FromRow)]
struct ReturnedRow {
    entry_id: Uuid,
    order_id: Uuid,
    kind: String,
    created_at: Time,
    partner_name: String,
    account_key: String,
    amount: Units,
}

impl Tx {
    /// The newest first: those before one of them.
    pub async fn returned_list(
        &mut self,
        environment: Environment,
        before: Option<EntryId>,
        limit: i64,
    ) -> Result<Vec<Returned>, StoreError> {
        let before = before.map_or(Uuid::max(), EntryId::uuid);
        let args = args![before, environment.name(), limit];
        let rows: Vec<ReturnedRow> = self.fetch_all(ENTRY_RETURNED, args).await?;
        let returned = |row: ReturnedRow| Returned {
            entry: EntryId::from_uuid(row.entry_id),
            order: OrderId::from_uuid(row.order_id),
            partner_name: row.partner_name,
            kind: row.kind,
            posted_at: row.created_at.0,
            account: key_alone(&row.account_key).to_owned(),
            amount: row.amount.0,
        };
        Ok(rows.into_iter().map(returned).collect())
    }
}
