//! Market prices.

use crate::PortError;
use proof_core::{Asset, Fiat, Timestamp};

/// A mid-market price: fiat per whole coin, as exact decimal text.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct MidRate {
    pub price: String,
    pub at: Timestamp,
}

#[async_trait::async_trait]
pub trait Rates: Send + Sync {
    async fn mid(&self, asset: Asset, fiat: Fiat) -> Result<MidRate, PortError>;
}
