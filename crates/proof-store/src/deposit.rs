//! Deposit addresses, what arrived at them, and how far the blocks have been read.

use crate::{
    db::{Tx, args},
    error::StoreError,
    row::Time,
    statement::statements,
};
use proof_core::{
    Address, Network, Timestamp,
    deposit::{Deposit, DepositKey},
    id::{DepositId, OrderId},
    partner::Environment,
};
use uuid::Uuid;

statements! {
    DEPOSIT_ADDRESS_INSERT = "INSERT INTO deposit_addresses (environment, address, network, order_id, created_at) VALUES ($1, $2, $3, $4, $5) ON CONFLICT DO NOTHING";
    DEPOSIT_ADDRESS_FIND = "SELECT order_id, network FROM deposit_addresses WHERE environment = $1 AND address = $2";
    DEPOSIT_INSERT = "INSERT INTO deposits (id, environment, network, hash, position, order_id, asset, amount, seen_at, found_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10) ON CONFLICT (environment, network, hash, position) DO NOTHING";
    DEPOSIT_FIND = "SELECT id FROM deposits WHERE environment = $1 AND network = $2 AND hash = $3 AND position = $4";
    DEPOSIT_DELETE = "DELETE FROM deposits WHERE environment = $1 AND network = $2 AND hash = $3 AND position = $4";
    DEPOSIT_OF_ORDER = "SELECT hash, position FROM deposits WHERE order_id = $1 AND network = $2 ORDER BY id LIMIT $3";
    SCAN_OPEN = "INSERT INTO chain_scans (environment, network, height, heard_at) VALUES ($1, $2, $3, $4) ON CONFLICT DO NOTHING";
    SCAN_LOAD = "SELECT height, heard_at FROM chain_scans WHERE environment = $1 AND network = $2";
    SCAN_SAVE = "UPDATE chain_scans SET height = $1, heard_at = $2 WHERE environment = $3 AND network = $4 AND height = $5";
    SCAN_REWIND = "UPDATE chain_scans SET height = CASE WHEN height > $1 THEN height - $1 ELSE 0 END, heard_at = $2 WHERE environment = $3 AND network = $4";
}

/// Whose address it is, and on which network the deposit is expected.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct AddressOwner {
    pub order: OrderId,
    pub network: Network,
}

/// How far a network's blocks have been read.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Scan {
    pub height: u64,
    /// All that the node knew at this time has been looked at.
    pub heard_at: Timestamp,
}

#[derive(sqlx::FromRow)]
struct OwnerRow {
    order_id: Uuid,
    network: String,
}

#[derive(sqlx::FromRow)]
struct ScanRow {
    height: i64,
    heard_at: Time,
}

#[derive(sqlx::FromRow)]
struct KeyRow {
    hash: String,
    position: i64,
}

#[derive(sqlx::FromRow)]
struct IdRow {
    id: Uuid,
}

impl Tx {
    pub async fn deposit_address_insert(
        &mut self,
        environment: Environment,
        address: &Address,
        order: OrderId,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        let args = args![
            environment.name(),
            address.as_str(),
            address.network().name(),
            order.uuid(),
            now,
        ];
        self.execute(DEPOSIT_ADDRESS_INSERT, args).await.map(drop)
    }

    pub async fn deposit_address_find(
        &mut self,
        environment: Environment,
        address: &str,
    ) -> Result<Option<AddressOwner>, StoreError> {
        let args = args![environment.name(), address];
        let row: Option<OwnerRow> = self.fetch_optional(DEPOSIT_ADDRESS_FIND, args).await?;
        row.map(|row| {
            let network = row.network.parse().map_err(|_| StoreError::Row {
                table: "deposit_addresses",
                column: "network",
                id: address.to_owned(),
            })?;
            let order = OrderId::from_uuid(row.order_id);
            Ok(AddressOwner { order, network })
        })
        .transpose()
    }

    /// `false`: somebody was faster.
    pub async fn deposit_insert(
        &mut self,
        id: DepositId,
        environment: Environment,
        order: OrderId,
        deposit: &Deposit,
        now: Timestamp,
    ) -> Result<bool, StoreError> {
        let asset = deposit.amount.asset();
        let amount = i128::try_from(deposit.amount.base()).map_err(|_| StoreError::Row {
            table: "deposits",
            column: "amount",
            id: deposit.key.hash.clone(),
        })?;
        let args = args![
            id.uuid(),
            environment.name(),
            asset.network().name(),
            deposit.key.hash.as_str(),
            i64::from(deposit.key.index),
            order.uuid(),
            asset.to_string(),
            amount,
            deposit.seen_at,
            now,
        ];
        Ok(self.execute(DEPOSIT_INSERT, args).await? == 1)
    }

    pub async fn deposit_is_known(
        &mut self,
        environment: Environment,
        deposit: &Deposit,
    ) -> Result<bool, StoreError> {
        let args = args![
            environment.name(),
            deposit.amount.asset().network().name(),
            deposit.key.hash.as_str(),
            i64::from(deposit.key.index),
        ];
        let row: Option<IdRow> = self.fetch_optional(DEPOSIT_FIND, args).await?;
        Ok(row.map(|row| row.id).is_some())
    }

    /// All that came to the address of an order over a network, the oldest first.
    pub async fn deposit_of_order(
        &mut self,
        order: OrderId,
        network: Network,
        limit: i64,
    ) -> Result<Vec<DepositKey>, StoreError> {
        let args = args![order.uuid(), network.name(), limit];
        let rows: Vec<KeyRow> = self.fetch_all(DEPOSIT_OF_ORDER, args).await?;
        let key = |row: KeyRow| {
            let index = u32::try_from(row.position).map_err(|_| StoreError::Row {
                table: "deposits",
                column: "position",
                id: row.hash.clone(),
            })?;
            let hash = row.hash;
            Ok(DepositKey { hash, index })
        };
        rows.into_iter().map(key).collect()
    }

    /// A re-org took it: if it comes again, it is found again.
    pub async fn deposit_delete(
        &mut self,
        environment: Environment,
        network: Network,
        key: &DepositKey,
    ) -> Result<(), StoreError> {
        let args = args![
            environment.name(),
            network.name(),
            key.hash.as_str(),
            i64::from(key.index),
        ];
        self.execute(DEPOSIT_DELETE, args).await.map(drop)
    }

    /// Begins to read a network's blocks above `height`, unless that has begun.
    pub async fn scan_open(
        &mut self,
        environment: Environment,
        network: Network,
        height: u64,
    ) -> Result<(), StoreError> {
        let height = i64::try_from(height).unwrap_or(i64::MAX);
        let args = args![environment.name(), network.name(), height, Timestamp::FIRST];
        self.execute(SCAN_OPEN, args).await.map(drop)
    }

    pub async fn scan_load(
        &mut self,
        environment: Environment,
        network: Network,
    ) -> Result<Option<Scan>, StoreError> {
        let args = args![environment.name(), network.name()];
        let row: Option<ScanRow> = self.fetch_optional(SCAN_LOAD, args).await?;
        Ok(row.map(|row| Scan {
            height: u64::try_from(row.height).unwrap_or(0),
            heard_at: row.heard_at.0,
        }))
    }

    /// `from`: the height that was read from. `false`: meanwhile somebody wants blocks to be read again.
    pub async fn scan_save(
        &mut self,
        environment: Environment,
        network: Network,
        from: u64,
        scan: Scan,
    ) -> Result<bool, StoreError> {
        let number = |height| i64::try_from(height).unwrap_or(i64::MAX);
        let args = args![
            number(scan.height),
            scan.heard_at,
            environment.name(),
            network.name(),
            number(from),
        ];
        Ok(self.execute(SCAN_SAVE, args).await? == 1)
    }

    /// The last blocks are read again; until then nobody may say that nothing came.
    pub async fn scan_rewind(
        &mut self,
        environment: Environment,
        network: Network,
        blocks: u64,
    ) -> Result<(), StoreError> {
        let blocks = i64::try_from(blocks).unwrap_or(i64::MAX);
        let args = args![blocks, Timestamp::FIRST, environment.name(), network.name()];
        self.execute(SCAN_REWIND, args).await.map(drop)
    }
}
