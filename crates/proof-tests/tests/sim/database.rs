//! The database under a story, driven in place.

use proof_store::{Db, Execution};
use proof_tests::postgres;
use std::path::Path;

#[derive(Clone, Debug)]
pub enum Database {
    Sqlite,
    /// A cluster's URL; each story gets a database of its own.
    Postgres(String),
}

impl Database {
    /// The engines that are there; `ci/with-postgres` brings the second one and makes it required.
    pub fn all() -> Vec<Self> {
        [Self::Sqlite]
            .into_iter()
            .chain(postgres::cluster().map(Self::Postgres))
            .collect()
    }

    pub fn open(&self, dir: &Path) -> Db {
        match self {
            Self::Sqlite => {
                let path = dir.join("proof.db");
                pollster::block_on(Db::sqlite(&path, Execution::InPlace)).unwrap()
            }
            Self::Postgres(url) => pollster::block_on(fresh(url)),
        }
    }
}

async fn fresh(url: &str) -> Db {
    let url = postgres::fresh(url).await;
    Db::postgres(&url, 2, Execution::InPlace).await.unwrap()
}
