//! The books: append-only entries, balances moved under lock.

use crate::{
    db::{Tx, args},
    error::StoreError,
    row::Units,
    statement::statements,
};
use proof_core::{
    Timestamp,
    id::{EntryId, OrderId},
    ledger::{Entry, Posting, Unit, balanced},
};
use uuid::Uuid;

statements! {
    ACCOUNT_OPEN = "INSERT INTO accounts (key, unit, balance) VALUES ($1, $2, $3) ON CONFLICT (key) DO NOTHING";
    ACCOUNT_LOCK = "SELECT key, unit, balance FROM accounts WHERE key = $1", lock = " FOR UPDATE";
    ACCOUNT_SET = "UPDATE accounts SET balance = $1 WHERE key = $2";
    ACCOUNT_LIST = "SELECT key, unit, balance FROM accounts ORDER BY key";
    ENTRY_INSERT = "INSERT INTO entries (id, order_id, kind, created_at) VALUES ($1, $2, $3, $4)";
    POSTING_INSERT = "INSERT INTO postings (entry_id, line, account_key, amount) VALUES ($1, $2, $3, $4)";
    POSTING_LIST = "SELECT account_key, amount FROM postings ORDER BY entry_id, line";
    POSTING_PAGE = "SELECT entry_id, line, account_key, amount FROM postings WHERE (entry_id, line) > ($1, $2) ORDER BY entry_id, line LIMIT $3";
    POSTING_OF_ENTRY = "SELECT account_key, amount FROM postings WHERE entry_id = $1 ORDER BY line";
}

/// Why an entry cannot be posted.
#[derive(Debug)]
pub enum LedgerError {
    Store(StoreError),
    /// The account would fall below its floor: coins that are not there.
    Floor {
        account: String,
    },
}

impl From<StoreError> for LedgerError {
    fn from(error: StoreError) -> Self {
        Self::Store(error)
    }
}

#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Balance {
    pub key: String,
    pub unit: String,
    /// Debit positive, in base units.
    pub amount: i128,
}

#[derive(sqlx::FromRow)]
struct AccountRow {
    key: String,
    unit: String,
    balance: Units,
}

#[derive(sqlx::FromRow)]
struct PostingRow {
    account_key: String,
    amount: Units,
}

/// One line of an entry, as it was written.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct StoredPosting {
    pub entry: EntryId,
    pub line: i64,
    pub account: String,
    /// Debit positive, in base units.
    pub amount: i128,
}

#[derive(sqlx::FromRow)]
struct StoredPostingRow {
    entry_id: Uuid,
    line: i64,
    account_key: String,
    amount: Units,
}

impl Tx {
    /// Posts an entry: accounts locked in key order, floors held, and what was written read back
    /// and summed again.
    pub async fn ledger_post(
        &mut self,
        id: EntryId,
        order: Option<OrderId>,
        entry: &Entry,
        now: Timestamp,
    ) -> Result<(), LedgerError> {
        let args = args![
            id.uuid(),
            order.map(OrderId::uuid),
            entry.kind().name(),
            now
        ];
        self.execute_one("entries", ENTRY_INSERT, args).await?;
        let mut postings: Vec<&Posting> = entry.postings().iter().collect();
        postings.sort_by_key(|posting| posting.key());
        for (line, posting) in (0_i64..).zip(postings) {
            self.account_move(posting).await?;
            let args = args![id.uuid(), line, posting.key(), posting.amount];
            self.execute_one("postings", POSTING_INSERT, args).await?;
        }
        self.ledger_check(id).await?;
        Ok(())
    }

    async fn account_move(&mut self, posting: &Posting) -> Result<(), LedgerError> {
        let key = posting.key();
        let bad = |column| StoreError::Row {
            table: "accounts",
            column,
            id: key.clone(),
        };
        let args = args![key.as_str(), posting.unit.to_string(), 0_i128];
        self.execute(ACCOUNT_OPEN, args).await?;
        let row: Option<AccountRow> = self
            .fetch_optional(ACCOUNT_LOCK, args![key.as_str()])
            .await?;
        let row = row.ok_or_else(|| bad("key"))?;
        let balance = row
            .balance
            .0
            .checked_add(posting.amount)
            .ok_or_else(|| bad("balance"))?;
        if !posting.account.allows(balance) {
            return Err(LedgerError::Floor { account: key });
        }
        self.execute_one("accounts", ACCOUNT_SET, args![balance, key.as_str()])
            .await?;
        Ok(())
    }

    async fn ledger_check(&mut self, id: EntryId) -> Result<(), StoreError> {
        let bad = || StoreError::Row {
            table: "postings",
            column: "amount",
            id: id.to_string(),
        };
        let rows: Vec<PostingRow> = self.fetch_all(POSTING_OF_ENTRY, args![id.uuid()]).await?;
        let amounts: Vec<(Unit, i128)> = rows
            .iter()
            .map(|row| {
                let unit = row
                    .account_key
                    .rsplit_once(':')
                    .and_then(|(_, u)| u.parse().ok());
                unit.map(|unit| (unit, row.amount.0)).ok_or_else(bad)
            })
            .collect::<Result<_, _>>()?;
        match balanced(amounts.into_iter()) {
            Ok(true) => Ok(()),
            Ok(false) | Err(_) => Err(bad()),
        }
    }

    /// Every account, by name.
    pub async fn ledger_balances(&mut self) -> Result<Vec<Balance>, StoreError> {
        let rows: Vec<AccountRow> = self.fetch_all(ACCOUNT_LIST, args![]).await?;
        Ok(rows
            .into_iter()
            .map(|row| Balance {
                key: row.key,
                unit: row.unit,
                amount: row.balance.0,
            })
            .collect())
    }

    /// Every posting ever made, for the recomputation of balances.
    pub async fn ledger_postings(&mut self) -> Result<Vec<(String, i128)>, StoreError> {
        let rows: Vec<PostingRow> = self.fetch_all(POSTING_LIST, args![]).await?;
        Ok(rows
            .into_iter()
            .map(|row| (row.account_key, row.amount.0))
            .collect())
    }

    /// The postings that follow one, entry by entry.
    pub async fn ledger_page(
        &mut self,
        after: (EntryId, i64),
        limit: i64,
    ) -> Result<Vec<StoredPosting>, StoreError> {
        let args = args![after.0.uuid(), after.1, limit];
        let rows: Vec<StoredPostingRow> = self.fetch_all(POSTING_PAGE, args).await?;
        let posting = |row: StoredPostingRow| StoredPosting {
            entry: EntryId::from_uuid(row.entry_id),
            line: row.line,
            account: row.account_key,
            amount: row.amount.0,
        };
        Ok(rows.into_iter().map(posting).collect())
    }
}
