//! Identity checks on another device.

use crate::{
    db::{Tx, args},
    error::StoreError,
    row::Time,
    statement::statements,
};
use proof_core::{
    handover::{Handover, HandoverState},
    id::OrderId,
    token::TokenHash,
};
use uuid::Uuid;

statements! {
    HANDOVER_SAVE = "INSERT INTO handovers (order_id, link_hash, visit_hash, state, until, made, changes) VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT (order_id) DO UPDATE SET link_hash = excluded.link_hash, visit_hash = excluded.visit_hash, state = excluded.state, until = excluded.until, made = excluded.made, changes = excluded.changes";
    HANDOVER_LOAD = "SELECT order_id, link_hash, visit_hash, state, until, made, changes FROM handovers WHERE order_id = $1";
    HANDOVER_BY_LINK = "SELECT order_id, link_hash, visit_hash, state, until, made, changes FROM handovers WHERE link_hash = $1";
    HANDOVER_BY_VISIT = "SELECT order_id, link_hash, visit_hash, state, until, made, changes FROM handovers WHERE visit_hash = $1";
}

#[derive(sqlx::FromRow)]
struct Row {
    order_id: Uuid,
    link_hash: Vec<u8>,
    visit_hash: Option<Vec<u8>>,
    state: String,
    until: Time,
    made: i64,
    changes: i64,
}

impl TryFrom<Row> for (OrderId, Handover) {
    type Error = StoreError;

    fn try_from(row: Row) -> Result<Self, StoreError> {
        let bad = |column| StoreError::Row {
            table: "handovers",
            column,
            id: row.order_id.to_string(),
        };
        let hash = |bytes: Vec<u8>, column| {
            let bytes = bytes.try_into().map_err(|_| bad(column))?;
            Ok::<_, StoreError>(TokenHash::from_bytes(bytes))
        };
        let visit = row.visit_hash.map(|bytes| hash(bytes, "visit_hash"));
        let state = match (row.state.as_str(), visit.transpose()?) {
            ("waiting", None) => HandoverState::Waiting,
            ("open", Some(visit)) => HandoverState::Open { visit },
            ("over", None) => HandoverState::Over,
            _ => return Err(bad("state")),
        };
        let handover = Handover {
            link: hash(row.link_hash, "link_hash")?,
            state,
            until: row.until.0,
            made: row.made,
            changes: row.changes,
        };
        Ok((OrderId::from_uuid(row.order_id), handover))
    }
}

impl Tx {
    /// In place of the order's former one, under the order's lock.
    pub async fn handover_save(
        &mut self,
        order: OrderId,
        handover: &Handover,
    ) -> Result<(), StoreError> {
        let visit = match &handover.state {
            HandoverState::Open { visit } => Some(visit.bytes().to_vec()),
            HandoverState::Waiting | HandoverState::Over => None,
        };
        let args = args![
            order.uuid(),
            handover.link.bytes().to_vec(),
            visit,
            handover.state.name(),
            handover.until,
            handover.made,
            handover.changes,
        ];
        self.execute_one("handovers", HANDOVER_SAVE, args).await
    }

    pub async fn handover_load(&mut self, order: OrderId) -> Result<Option<Handover>, StoreError> {
        let row: Option<Row> = self
            .fetch_optional(HANDOVER_LOAD, args![order.uuid()])
            .await?;
        let found = row.map(<(OrderId, Handover)>::try_from).transpose()?;
        Ok(found.map(|(_, handover)| handover))
    }

    pub async fn handover_by_link(
        &mut self,
        link: TokenHash,
    ) -> Result<Option<(OrderId, Handover)>, StoreError> {
        let args = args![link.bytes().to_vec()];
        let row: Option<Row> = self.fetch_optional(HANDOVER_BY_LINK, args).await?;
        row.map(TryFrom::try_from).transpose()
    }

    pub async fn handover_by_visit(
        &mut self,
        visit: TokenHash,
    ) -> Result<Option<(OrderId, Handover)>, StoreError> {
        let args = args![visit.bytes().to_vec()];
        let row: Option<Row> = self.fetch_optional(HANDOVER_BY_VISIT, args).await?;
        row.map(TryFrom::try_from).transpose()
    }
}
