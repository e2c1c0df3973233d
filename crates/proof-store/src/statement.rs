//! Named SQL. The name goes to the server as a comment, so that its logs can be read.

use std::collections::BTreeSet;
use std::sync::{Mutex, PoisonError};

#[derive(Clone, Copy, Debug)]
pub struct Statement {
    pub name: &'static str,
    pub sqlite: &'static str,
    pub postgres: &'static str,
}

/// Declares a module's statements and their list. `lock` is what PostgreSQL needs to lock a row and
/// SQLite, with its one writer, does not.
macro_rules! statements {
    ($($name:ident = $sql:literal $(, lock = $lock:literal)? $(, tail = $tail:literal)? ;)*) => {
        $(pub(crate) const $name: $crate::statement::Statement = $crate::statement::Statement {
            name: stringify!($name),
            sqlite: concat!("/* ", stringify!($name), " */ ", $sql $(, $tail)?),
            postgres: concat!("/* ", stringify!($name), " */ ", $sql $(, $lock)? $(, $tail)?),
        };)*
        pub(crate) const ALL: &[$crate::statement::Statement] = &[$($name),*];
    };
}
pub(crate) use statements;

static EXECUTED: Mutex<BTreeSet<&'static str>> = Mutex::new(BTreeSet::new());

/// Notes that a statement ran; only builds with debug assertions keep the set.
pub(crate) fn note(statement: &Statement) {
    if cfg!(debug_assertions) {
        EXECUTED
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .insert(statement.name);
    }
}

/// Names of the statements that this process has run.
pub fn executed() -> BTreeSet<&'static str> {
    EXECUTED
        .lock()
        .unwrap_or_else(PoisonError::into_inner)
        .clone()
}

/// Every statement of this crate.
pub fn registered() -> Vec<Statement> {
    [
        crate::alert::ALL,
        crate::audit::ALL,
        crate::card::ALL,
        crate::device::ALL,
        crate::case::ALL,
        crate::catalogue::ALL,
        crate::chain::ALL,
        crate::checklist::ALL,
        crate::claim::ALL,
        crate::closing::ALL,
        crate::cold::ALL,
        crate::customer::ALL,
        crate::delivery::ALL,
        crate::delivery::pace::ALL,
        crate::deposit::ALL,
        crate::endpoint::ALL,
        crate::event::ALL,
        crate::finding::ALL,
        crate::handover::ALL,
        crate::health::ALL,
        crate::idempotency::ALL,
        crate::installation::ALL,
        crate::job::ALL,
        crate::ledger::ALL,
        crate::link::ALL,
        crate::live::ALL,
        crate::look::ALL,
        crate::mail::ALL,
        crate::member::ALL,
        crate::order::ALL,
        crate::order::search::ALL,
        crate::order::volume::ALL,
        crate::partner::ALL,
        crate::passkey::ALL,
        crate::proof::ALL,
        crate::proving::ALL,
        crate::recovery::ALL,
        crate::refusal::ALL,
        crate::returned::ALL,
        crate::risk::ALL,
        crate::screening::ALL,
        crate::session::ALL,
        crate::stray::ALL,
        crate::sweep::ALL,
        crate::verification::ALL,
    ]
    .concat()
}
