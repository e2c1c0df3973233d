//! What was just read and cannot have changed: callers and transactions, kept in memory.
//!
//! An answer is kept under the generation that was read before it. A change raises the generation
//! before whoever made it hears of that, so an answer of the present generation is the present one.
//! That holds where this process makes all changes; elsewhere nothing is kept.

use crate::{Access, order::Printed};
use proof_core::{
    Timestamp,
    id::{OrderId, PartnerId},
    partner::{Environment, Origin},
    token::{ClientToken, TokenHash},
};
use proof_store::Db;
use quick_cache::sync::Cache;
use std::sync::Arc;

/// Answers that are kept; those that were not asked for lately go first.
const CALLERS_MAX: usize = 10_000;
const TRANSACTIONS_MAX: usize = 50_000;
const ORIGINS_MAX: usize = 10_000;

/// Another process's change is heard of at the latest after this.
const ORIGIN_SECONDS: i64 = 5;

#[derive(Clone)]
struct KnownAccess {
    generation: u64,
    access: Access,
    ends: Option<Timestamp>,
}

#[derive(Clone)]
struct KnownTransaction {
    generation: u64,
    scope: (PartnerId, Environment),
    printed: Arc<Printed>,
}

struct Kept {
    callers: Cache<[u8; 32], KnownAccess>,
    transactions: Cache<OrderId, KnownTransaction>,
}

/// Whether anybody registered an origin, as it was a moment ago.
#[derive(Clone, Copy)]
struct KnownOrigin {
    generation: u64,
    until: Timestamp,
    registered: bool,
}

pub(crate) struct Known {
    kept: Option<Kept>,
    origins: Cache<Origin, KnownOrigin>,
}

impl Known {
    pub(crate) fn new(db: &Db) -> Self {
        Self {
            kept: db.is_alone().then(|| Kept {
                callers: Cache::new(CALLERS_MAX),
                transactions: Cache::new(TRANSACTIONS_MAX),
            }),
            origins: Cache::new(ORIGINS_MAX),
        }
    }

    /// Preflights come without a token and are many; what they ask changes seldom.
    pub(crate) fn origin(&self, origin: &Origin, generation: u64, now: Timestamp) -> Option<bool> {
        let known = self.origins.get(origin)?;
        let holds = known.generation == generation && now < known.until;
        holds.then_some(known.registered)
    }

    pub(crate) fn origin_keep(
        &self,
        origin: &Origin,
        generation: u64,
        now: Timestamp,
        registered: bool,
    ) {
        let until = now.plus_seconds(ORIGIN_SECONDS);
        self.origins.insert(
            origin.clone(),
            KnownOrigin {
                generation,
                until,
                registered,
            },
        );
    }

    /// Under the hash of the whole token: whoever finds an entry has shown all of it.
    fn key(token: &ClientToken) -> [u8; 32] {
        let hash: TokenHash = token.hash();
        *hash.bytes()
    }

    pub(crate) fn access(
        &self,
        token: &ClientToken,
        generation: u64,
        now: Timestamp,
    ) -> Option<Access> {
        let known = self.kept.as_ref()?.callers.get(&Self::key(token))?;
        let holds = known.generation == generation && known.ends.is_none_or(|ends| now < ends);
        holds.then_some(known.access)
    }

    pub(crate) fn access_keep(
        &self,
        token: &ClientToken,
        generation: u64,
        access: &Access,
        ends: Option<Timestamp>,
    ) {
        let Some(kept) = &self.kept else { return };
        let access = access.clone();
        kept.callers.insert(
            Self::key(token),
            KnownAccess {
                generation,
                access,
                ends,
            },
        );
    }

    pub(crate) fn transaction(
        &self,
        scope: (PartnerId, Environment),
        id: OrderId,
        generation: u64,
    ) -> Option<Arc<Printed>> {
        let known = self.kept.as_ref()?.transactions.get(&id)?;
        let holds = known.generation == generation && known.scope == scope;
        holds.then_some(known.printed)
    }

    pub(crate) fn transaction_keep(
        &self,
        scope: (PartnerId, Environment),
        id: OrderId,
        generation: u64,
        printed: &Arc<Printed>,
    ) {
        let Some(kept) = &self.kept else { return };
        let printed = Arc::clone(printed);
        kept.transactions.insert(
            id,
            KnownTransaction {
                generation,
                scope,
                printed,
            },
        );
    }
}
