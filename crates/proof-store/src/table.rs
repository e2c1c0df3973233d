//! A table as PostgreSQL keeps one, for tests under shuttle: a statement sees what is committed and
//! its own changes; a row that somebody writes or locks is nobody else's until that database
//! transaction ends.

use shuttle::sync::{Condvar, Mutex};
use std::{collections::BTreeMap, sync::Arc};

pub(crate) struct Table<K, V>(Arc<Shared<K, V>>);

struct Shared<K, V> {
    rows: Mutex<Rows<K, V>>,
    ended: Condvar,
}

struct Rows<K, V> {
    committed: BTreeMap<K, V>,
    owners: BTreeMap<K, u32>,
    opened: u32,
}

/// An open database transaction; dropped, it is rolled back.
pub(crate) struct Open<K: Ord + Clone, V: Clone> {
    table: Table<K, V>,
    number: u32,
    written: BTreeMap<K, V>,
}

impl<K, V> Clone for Table<K, V> {
    fn clone(&self) -> Self {
        Self(Arc::clone(&self.0))
    }
}

impl<K: Ord + Clone, V: Clone> Table<K, V> {
    pub fn new() -> Self {
        let rows = Rows {
            committed: BTreeMap::new(),
            owners: BTreeMap::new(),
            opened: 0,
        };
        Self(Arc::new(Shared {
            rows: Mutex::new(rows),
            ended: Condvar::new(),
        }))
    }

    pub fn begin(&self) -> Open<K, V> {
        let mut rows = self.0.rows.lock().unwrap();
        rows.opened += 1;
        Open {
            table: self.clone(),
            number: rows.opened,
            written: BTreeMap::new(),
        }
    }

    pub fn committed(&self) -> BTreeMap<K, V> {
        self.0.rows.lock().unwrap().committed.clone()
    }
}

impl<K: Ord + Clone, V: Clone> Open<K, V> {
    /// What a statement sees that begins now.
    pub fn seen(&self) -> BTreeMap<K, V> {
        let mut seen = self.table.committed();
        seen.extend(self.written.clone());
        seen
    }

    /// Waits for whoever has the row; then the row as it is now. What is not there, or not yet,
    /// cannot be locked.
    pub fn lock(&mut self, key: &K) -> Option<V> {
        self.glance(key)?;
        self.take(key)
    }

    fn take(&mut self, key: &K) -> Option<V> {
        let mut rows = self.table.0.rows.lock().unwrap();
        while rows.owners.get(key).is_some_and(|o| *o != self.number) {
            rows = self.table.0.ended.wait(rows).unwrap();
        }
        rows.owners.insert(key.clone(), self.number);
        let own = self.written.get(key);
        own.or_else(|| rows.committed.get(key)).cloned()
    }

    /// A row as it is now, whoever is about to change it.
    pub fn glance(&self, key: &K) -> Option<V> {
        self.seen().get(key).cloned()
    }

    /// `INSERT … ON CONFLICT DO NOTHING`: waits for somebody who inserts the same.
    pub fn insert(&mut self, key: K, value: V) -> bool {
        if self.glance(&key).is_some() {
            return false;
        }
        if self.take(&key).is_some() {
            // It came to nothing, and so locks nothing.
            let mut rows = self.table.0.rows.lock().unwrap();
            rows.owners.remove(&key);
            self.table.0.ended.notify_all();
            return false;
        }
        self.written.insert(key, value);
        true
    }

    /// Of a row that is locked.
    pub fn set(&mut self, key: K, value: V) {
        self.written.insert(key, value);
    }

    pub fn commit(mut self) {
        let mut rows = self.table.0.rows.lock().unwrap();
        rows.committed.append(&mut self.written);
        drop(rows);
    }
}

impl<K: Ord + Clone, V: Clone> Drop for Open<K, V> {
    fn drop(&mut self) {
        // What a failing test leaves open is nobody's any more.
        if !std::thread::panicking() {
            let mut rows = self.table.0.rows.lock().unwrap();
            rows.owners.retain(|_, owner| *owner != self.number);
            self.table.0.ended.notify_all();
        }
    }
}
