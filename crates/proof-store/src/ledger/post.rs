//! Writing an entry down.

use super::*;
use crate::{row::Value, statement::Statement};
use proof_core::ledger::{Entry, Posting, Unit, balanced, key_in};
use std::collections::BTreeMap;

/// Accounts that one statement names. An entry seldom has more.
const ACCOUNTS_AT_ONCE: usize = 4;

/// What an entry does to one account.
struct Move<'a> {
    key: String,
    posting: &'a Posting,
}

/// The rows behind the books: statements here, and in the tests a table with the same locks, on which
/// every schedule can be tried.
trait Books: Send {
    /// The balances of those accounts that are there, at most `ACCOUNTS_AT_ONCE`; nobody is waited for.
    fn known(
        &mut self,
        keys: &[&str],
    ) -> impl Future<Output = Result<Vec<(String, i128)>, StoreError>> + Send;
    /// The account is there, empty if it was not.
    fn open(&mut self, one: &Move<'_>) -> impl Future<Output = Result<(), StoreError>> + Send;
    /// A line of the entry, or two.
    fn note(
        &mut self,
        lines: &[(i64, &Move<'_>)],
    ) -> impl Future<Output = Result<(), StoreError>> + Send;
    /// The balances of accounts, in the order of their keys, which nobody else moves until this database
    /// transaction ends.
    fn lock(
        &mut self,
        keys: &[&str],
    ) -> impl Future<Output = Result<Vec<(String, i128)>, StoreError>> + Send;
    fn set(
        &mut self,
        balances: &[(&str, i128)],
    ) -> impl Future<Output = Result<(), StoreError>> + Send;
}

/// What an entry does, in the order of the accounts' keys.
fn moves_of(environment: Environment, entry: &Entry) -> Vec<Move<'_>> {
    let named = |posting| Move {
        key: key_in(environment, &Posting::key(posting)),
        posting,
    };
    let mut moves: Vec<Move<'_>> = entry.postings().iter().map(named).collect();
    moves.sort_by(|one, other| one.key.cmp(&other.key));
    moves
}

/// Opens accounts that are new and writes the lines. Nothing is locked that somebody else may want.
async fn lines_write(books: &mut impl Books, moves: &[Move<'_>]) -> Result<(), StoreError> {
    for some in moves.chunks(ACCOUNTS_AT_ONCE) {
        accounts_open(books, some).await?;
    }
    let lines: Vec<(i64, &Move<'_>)> = (0_i64..).zip(moves).collect();
    for two in lines.chunks(2) {
        books.note(two).await?;
    }
    Ok(())
}

/// Moves the balances, in the order of their keys: two entries with accounts in common never wait for each other in a
/// circle. It comes last, so that whoever else wants the same accounts waits for two statements and the commit.
async fn balances_move(books: &mut impl Books, moves: &[Move<'_>]) -> Result<(), LedgerError> {
    for some in moves.chunks(ACCOUNTS_AT_ONCE) {
        accounts_move(books, some).await?;
    }
    Ok(())
}

fn keys_of<'a>(moves: &'a [Move<'_>]) -> Vec<&'a str> {
    moves.iter().map(|one| one.key.as_str()).collect()
}

/// They are nearly always there; whoever else opens one now is waited for.
async fn accounts_open(books: &mut impl Books, moves: &[Move<'_>]) -> Result<(), StoreError> {
    let known = books.known(&keys_of(moves)).await?;
    for one in moves {
        if !known.iter().any(|(key, _)| *key == one.key) {
            books.open(one).await?;
        }
    }
    Ok(())
}

async fn accounts_move(books: &mut impl Books, moves: &[Move<'_>]) -> Result<(), LedgerError> {
    let bad = |column, key: &str| StoreError::Row {
        table: "accounts",
        column,
        id: key.to_owned(),
    };
    let mut balances = books.lock(&keys_of(moves)).await?;
    // An entry may name an account twice.
    for Move { key, posting } in moves {
        let found = balances.iter_mut().find(|(name, _)| name == key);
        let (_, balance) = found.ok_or_else(|| bad("key", key))?;
        *balance = balance
            .checked_add(posting.amount)
            .ok_or_else(|| bad("balance", key))?;
    }
    for Move { key, posting } in moves {
        let balance = balances.iter().find(|(name, _)| name == key);
        let (_, balance) = balance.ok_or_else(|| bad("key", key))?;
        if !posting.account.allows(*balance) {
            let account = key.clone();
            return Err(LedgerError::Floor { account });
        }
    }
    let balances: Vec<(&str, i128)> = balances
        .iter()
        .map(|(key, balance)| (key.as_str(), *balance))
        .collect();
    books.set(&balances).await?;
    Ok(())
}

/// So many as the statement has places: the last one again and again.
fn filled<T: Copy>(some: &[T]) -> impl Iterator<Item = T> {
    let last = some.last().copied();
    let rest = std::iter::repeat_with(move || last).map_while(|one| one);
    some.iter().copied().chain(rest).take(ACCOUNTS_AT_ONCE)
}

/// The books in the database, while one entry is written.
struct Stored<'a> {
    tx: &'a mut Tx,
    id: EntryId,
    /// Balances that nobody else can move since they were read: where this is the one that writes.
    held: BTreeMap<String, i128>,
}

impl Stored<'_> {
    async fn balances(
        &mut self,
        statement: Statement,
        keys: &[&str],
    ) -> Result<Vec<(String, i128)>, StoreError> {
        let args = filled(keys).map(Value::from).collect();
        let rows: Vec<AccountRow> = self.tx.fetch_all(statement, args).await?;
        Ok(rows.into_iter().map(|r| (r.key, r.balance.0)).collect())
    }
}

impl Books for Stored<'_> {
    async fn known(&mut self, keys: &[&str]) -> Result<Vec<(String, i128)>, StoreError> {
        let known = self.balances(ACCOUNT_KNOWN, keys).await?;
        if self.tx.is_only_writer() {
            self.held.extend(known.iter().cloned());
        }
        Ok(known)
    }

    async fn open(&mut self, Move { key, posting }: &Move<'_>) -> Result<(), StoreError> {
        let args = args![key.clone(), posting.unit.to_string(), 0_i128];
        self.tx.execute(ACCOUNT_OPEN, args).await?;
        if self.tx.is_only_writer() {
            self.held.insert(key.clone(), 0);
        }
        Ok(())
    }

    async fn note(&mut self, lines: &[(i64, &Move<'_>)]) -> Result<(), StoreError> {
        let mut args = args![self.id.uuid()];
        for (line, Move { key, posting }) in lines {
            args.extend(args![*line, key.clone(), posting.amount]);
        }
        let statement = match lines {
            [_, _] => POSTING_INSERT_TWO,
            _ => POSTING_INSERT,
        };
        self.tx.execute(statement, args).await.map(drop)
    }

    async fn lock(&mut self, keys: &[&str]) -> Result<Vec<(String, i128)>, StoreError> {
        let held = |key: &&str| Some(((*key).to_owned(), *self.held.get(*key)?));
        let held: Option<BTreeMap<String, i128>> = keys.iter().map(held).collect();
        if let Some(held) = held {
            return Ok(held.into_iter().collect());
        }
        self.balances(ACCOUNT_LOCK, keys).await
    }

    async fn set(&mut self, balances: &[(&str, i128)]) -> Result<(), StoreError> {
        for (key, balance) in balances {
            if let Some(held) = self.held.get_mut(*key) {
                *held = *balance;
            }
        }
        let places = filled(balances).flat_map(|(key, balance)| args![key, balance]);
        self.tx
            .execute(ACCOUNT_SET, places.collect())
            .await
            .map(drop)
    }
}

impl Tx {
    /// Posts an entry: what was written read back and summed again, accounts locked in key order,
    /// and floors held.
    pub async fn ledger_post(
        &mut self,
        id: EntryId,
        (environment, order): (Environment, Option<OrderId>),
        entry: &Entry,
        now: Timestamp,
    ) -> Result<(), LedgerError> {
        let args = args![
            id.uuid(),
            order.map(OrderId::uuid),
            entry.kind().name(),
            now,
            entry.memo().map(str::to_owned)
        ];
        self.execute_one("entries", ENTRY_INSERT, args).await?;
        let moves = moves_of(environment, entry);
        let mut books = Stored {
            tx: self,
            id,
            held: BTreeMap::new(),
        };
        lines_write(&mut books, &moves).await?;
        books.tx.ledger_check(id).await?;
        balances_move(&mut books, &moves).await
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
}

#[cfg(test)]
#[path = "tests.rs"]
mod tests;
