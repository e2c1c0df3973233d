//! What a simulation does to commits: it refuses them, loses their answer, or kills the process at
//! them. Servers have no such thing.

use crate::error::StoreError;
use futures::future::BoxFuture;
use std::fmt::Debug;

/// Asked around each database transaction that writes, and with none of them open.
pub trait Fate: Debug + Send + Sync {
    /// An error: the work is not run. A future that never ends: the process died here.
    fn before(&self, name: &'static str) -> BoxFuture<'_, Result<(), StoreError>>;

    /// It is committed. An error: nobody learns that it is.
    fn after(&self, name: &'static str) -> BoxFuture<'_, Result<(), StoreError>>;
}
