//! The books: append-only entries, balances moved under lock.

mod post;

use crate::{
    db::{Tx, args},
    error::StoreError,
    row::{Time, Units},
    statement::statements,
};
use proof_core::{
    Timestamp,
    id::{EntryId, OrderId, PartnerId},
    ledger::{key_alone, key_in},
    partner::Environment,
    statement::Day,
};
use uuid::Uuid;

statements! {
    ACCOUNT_OPEN = "INSERT INTO accounts (key, unit, balance) VALUES ($1, $2, $3) ON CONFLICT (key) DO NOTHING";
    ACCOUNT_KNOWN = "SELECT key, unit, balance FROM accounts WHERE key IN ($1, $2, $3, $4)";
    ACCOUNT_LOCK = "SELECT key, unit, balance FROM accounts WHERE key IN ($1, $2, $3, $4)", lock = " ORDER BY key COLLATE \"C\" FOR NO KEY UPDATE";
    ACCOUNT_SET = "UPDATE accounts SET balance = CASE key WHEN $1 THEN $2 WHEN $3 THEN $4 WHEN $5 THEN $6 WHEN $7 THEN $8 ELSE balance END WHERE key IN ($1, $3, $5, $7)";
    ACCOUNT_FIND = "SELECT key, unit, balance FROM accounts WHERE key = $1";
    ACCOUNT_LIST = "SELECT key, unit, balance FROM accounts ORDER BY key";
    // The words of the index `accounts_house`: only so do the engines use it.
    ACCOUNT_HOUSE = "SELECT key, unit, balance FROM accounts WHERE key NOT LIKE '%customer:%' AND key NOT LIKE '%deposit:%' ORDER BY key";
    // The next two read the whole table as it lies, about 0.2 s for each million of accounts. An index of what is not
    // zero would be written at every posting, and by the order of the keys it takes eight times as long.
    ACCOUNT_ORDER_SUMS = "SELECT CASE WHEN key LIKE $1 THEN 'customer' ELSE 'deposit' END AS kind, unit, balance, COUNT(*) AS accounts FROM accounts WHERE (key LIKE $1 OR key LIKE $2) AND balance <> $3 GROUP BY 1, 2, 3 ORDER BY 1, 2";
    ACCOUNT_ORDER_PAGE = "SELECT key, unit, balance FROM accounts WHERE (key LIKE $1 OR key LIKE $2) AND balance <> $3 AND key || '' > $4 ORDER BY key || '' LIMIT $5";
    ACCOUNT_HELD = "SELECT key, unit, balance FROM accounts WHERE key LIKE $1 AND balance <> $2 AND key > $3 ORDER BY key LIMIT $4";
    ENTRY_INSERT = "INSERT INTO entries (id, order_id, kind, created_at, memo) VALUES ($1, $2, $3, $4, $5)";
    POSTING_INSERT = "INSERT INTO postings (entry_id, line, account_key, amount) VALUES ($1, $2, $3, $4)";
    POSTING_INSERT_TWO = "INSERT INTO postings (entry_id, line, account_key, amount) VALUES ($1, $2, $3, $4), ($1, $5, $6, $7)";
    POSTING_LIST = "SELECT account_key, amount FROM postings ORDER BY entry_id, line";
    POSTING_PAGE = "SELECT entry_id, line, account_key, amount FROM postings WHERE (entry_id, line) > ($1, $2) ORDER BY entry_id, line LIMIT $3";
    ENTRY_OF_ORDER = "SELECT e.id AS entry_id, e.kind, e.created_at, p.line, p.account_key, p.amount FROM entries e JOIN postings p ON p.entry_id = e.id WHERE e.order_id = $1 ORDER BY e.created_at, e.id, p.line LIMIT $2";
    POSTING_OF_PARTNER = "SELECT e.id AS entry_id, e.order_id, e.kind, e.created_at, e.memo, p.line, p.account_key, p.amount FROM entries e JOIN orders o ON o.id = e.order_id JOIN postings p ON p.entry_id = e.id WHERE o.partner_id = $1 AND o.environment = $2 AND e.created_at >= $3 AND e.created_at < $4 AND (e.created_at, e.id, p.line) > ($5, $6, $7) ORDER BY e.created_at, e.id, p.line LIMIT $8";
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

impl From<AccountRow> for Balance {
    fn from(row: AccountRow) -> Self {
        Self {
            key: row.key,
            unit: row.unit,
            amount: row.balance.0,
        }
    }
}

/// What the accounts of orders hold together, of one kind and in one unit.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct HeldSum {
    pub kind: String,
    pub unit: String,
    /// Those with something in them.
    pub accounts: i64,
    pub amount: i128,
}

#[derive(sqlx::FromRow)]
struct HeldSumRow {
    kind: String,
    unit: String,
    balance: Units,
    accounts: i64,
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

/// One line of what a partner's orders did to the books.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct PartnerPosting {
    pub entry: EntryId,
    pub order: OrderId,
    pub kind: String,
    pub posted_at: Timestamp,
    pub memo: Option<String>,
    pub line: i64,
    pub account: String,
    /// Debit positive, in base units.
    pub amount: i128,
}

#[derive(sqlx::FromRow)]
struct PartnerPostingRow {
    entry_id: Uuid,
    order_id: Uuid,
    kind: String,
    created_at: Time,
    memo: Option<String>,
    line: i64,
    account_key: String,
    amount: Units,
}

/// One line of one of an order's entries.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct OrderPosting {
    pub entry: EntryId,
    pub kind: String,
    pub posted_at: Timestamp,
    pub account: String,
    /// Debit positive, in base units.
    pub amount: i128,
}

#[derive(sqlx::FromRow)]
struct OrderPostingRow {
    entry_id: Uuid,
    kind: String,
    created_at: Time,
    account_key: String,
    amount: Units,
}

impl Tx {
    /// What an order did to the books, oldest first.
    pub async fn ledger_of_order(
        &mut self,
        order: OrderId,
        limit: i64,
    ) -> Result<Vec<OrderPosting>, StoreError> {
        let args = args![order.uuid(), limit];
        let rows: Vec<OrderPostingRow> = self.fetch_all(ENTRY_OF_ORDER, args).await?;
        let posting = |row: OrderPostingRow| OrderPosting {
            entry: EntryId::from_uuid(row.entry_id),
            kind: row.kind,
            posted_at: row.created_at.0,
            account: key_alone(&row.account_key).to_owned(),
            amount: row.amount.0,
        };
        Ok(rows.into_iter().map(posting).collect())
    }

    /// A partner's day, line after line.
    pub async fn ledger_of_partner(
        &mut self,
        (partner, environment): (PartnerId, Environment),
        day: Day,
        after: Option<(Timestamp, EntryId, i64)>,
        limit: i64,
    ) -> Result<Vec<PartnerPosting>, StoreError> {
        let first = (day.start(), EntryId::from_uuid(Uuid::nil()), -1);
        let (at, entry, line) = after.unwrap_or(first);
        let args = args![
            partner.uuid(),
            environment.name(),
            day.start(),
            day.end(),
            at,
            entry.uuid(),
            line,
            limit
        ];
        let rows: Vec<PartnerPostingRow> = self.fetch_all(POSTING_OF_PARTNER, args).await?;
        let posting = |row: PartnerPostingRow| PartnerPosting {
            entry: EntryId::from_uuid(row.entry_id),
            order: OrderId::from_uuid(row.order_id),
            kind: row.kind,
            posted_at: row.created_at.0,
            memo: row.memo,
            line: row.line,
            account: key_alone(&row.account_key).to_owned(),
            amount: row.amount.0,
        };
        Ok(rows.into_iter().map(posting).collect())
    }

    /// One account; nothing where it was never opened.
    pub async fn ledger_balance(&mut self, key: &str) -> Result<Option<i128>, StoreError> {
        let row: Option<AccountRow> = self.fetch_optional(ACCOUNT_FIND, args![key]).await?;
        Ok(row.map(|row| row.balance.0))
    }

    /// Deposit addresses with something in the books, by name: those after one of them.
    pub async fn ledger_deposits(
        &mut self,
        environment: Environment,
        after: &str,
        limit: i64,
    ) -> Result<Vec<Balance>, StoreError> {
        let names = key_in(environment, "deposit:%");
        let args = args![names, 0_i128, after, limit];
        let rows: Vec<AccountRow> = self.fetch_all(ACCOUNT_HELD, args).await?;
        Ok(rows.into_iter().map(Balance::from).collect())
    }

    /// The accounts of the house, by name: all but those that orders have of their own.
    pub async fn ledger_house(
        &mut self,
        environment: Environment,
    ) -> Result<Vec<Balance>, StoreError> {
        let rows: Vec<AccountRow> = self.fetch_all(ACCOUNT_HOUSE, args![]).await?;
        let balances = rows.into_iter().map(Balance::from);
        Ok(balances
            .filter(|one| key_in(environment, key_alone(&one.key)) == one.key)
            .collect())
    }

    /// What is held for orders, summed. The sums are made here: SQLite keeps amounts as text.
    pub async fn ledger_order_sums(
        &mut self,
        environment: Environment,
    ) -> Result<Vec<HeldSum>, StoreError> {
        let [customers, deposits] = order_names(environment);
        let args = args![customers, deposits, 0_i128];
        let rows: Vec<HeldSumRow> = self.fetch_all(ACCOUNT_ORDER_SUMS, args).await?;
        let mut sums: Vec<HeldSum> = Vec::new();
        for row in rows {
            let amount = row.balance.0.checked_mul(i128::from(row.accounts));
            let amount = amount.ok_or_else(|| too_much(&row.unit))?;
            match sums.last_mut() {
                Some(sum) if sum.kind == row.kind && sum.unit == row.unit => {
                    let both = sum.amount.checked_add(amount);
                    sum.amount = both.ok_or_else(|| too_much(&row.unit))?;
                    sum.accounts = sum.accounts.saturating_add(row.accounts);
                }
                Some(_) | None => sums.push(HeldSum {
                    kind: row.kind,
                    unit: row.unit,
                    accounts: row.accounts,
                    amount,
                }),
            }
        }
        Ok(sums)
    }

    /// The accounts of orders that hold something, by name: those after one of them.
    pub async fn ledger_order_page(
        &mut self,
        environment: Environment,
        after: &str,
        limit: i64,
    ) -> Result<Vec<Balance>, StoreError> {
        let [customers, deposits] = order_names(environment);
        let args = args![customers, deposits, 0_i128, after, limit];
        let rows: Vec<AccountRow> = self.fetch_all(ACCOUNT_ORDER_PAGE, args).await?;
        Ok(rows.into_iter().map(Balance::from).collect())
    }

    /// Every account, by name.
    pub async fn ledger_balances(&mut self) -> Result<Vec<Balance>, StoreError> {
        let rows: Vec<AccountRow> = self.fetch_all(ACCOUNT_LIST, args![]).await?;
        Ok(rows.into_iter().map(Balance::from).collect())
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

/// How the names of the accounts that orders have of their own begin.
fn order_names(environment: Environment) -> [String; 2] {
    ["customer:%", "deposit:%"].map(|name| key_in(environment, name))
}

fn too_much(unit: &str) -> StoreError {
    StoreError::Row {
        table: "accounts",
        column: "balance",
        id: unit.to_owned(),
    }
}
