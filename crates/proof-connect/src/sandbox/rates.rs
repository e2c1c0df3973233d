//! Market prices.

use super::{PROVIDER, refused_question, unanswered_question, wire};
use proof_core::{Asset, Fiat, Timestamp};
use proof_outbound::Configured;
use proof_port::{MidRate, PortError, Rates};

pub struct SandboxRates {
    source: Configured,
}

impl SandboxRates {
    pub fn new(source: Configured) -> Self {
        Self { source }
    }
}

#[async_trait::async_trait]
impl Rates for SandboxRates {
    async fn mid(&self, asset: Asset, fiat: Fiat) -> Result<MidRate, PortError> {
        let query = [("base", asset.ticker()), ("quote", fiat.code())];
        let answer = self.source.get(&["rates", "v1", "mid"], &query).await;
        let answer = answer.map_err(unanswered_question)?;
        if !answer.is_success() {
            return Err(refused_question(&answer));
        }
        let read: wire::Mid = answer.json().map_err(|error| {
            PortError::retry(PROVIDER, format!("unreadable answer: {error}")).answered()
        })?;
        Ok(MidRate {
            price: read.price,
            at: Timestamp::from_micros(read.at),
        })
    }
}
