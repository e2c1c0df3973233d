//! What a partner's developers have in the sandbox, as the server knows it.

use crate::{Access, ApiError, ClockView, Engine};
use schemars::JsonSchema;
use serde::Serialize;

#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct SandboxView {
    /// Whose it is.
    pub partner: String,
    /// `treasury`, `user_wallet` or `managed`.
    pub kind: &'static str,
    /// From which pages the widget may be opened.
    pub origins: Vec<String>,
    /// What may be bought and sold.
    pub pairs: Vec<PairView>,
    /// Its clock.
    pub clock: ClockView,
}

/// A coin on a network.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct PairView {
    /// Its ticker.
    pub currency: &'static str,
    /// Its network.
    pub network: &'static str,
    /// Whether it may be bought.
    pub buys: bool,
    /// Whether it may be sold.
    pub sells: bool,
}

impl Engine {
    pub fn sandbox(&self, access: &Access) -> Result<SandboxView, ApiError> {
        self.sandbox_check(access)?;
        let partner = &access.partner;
        let pairs = partner.policy.pairs.iter().map(|pair| PairView {
            currency: pair.asset.ticker(),
            network: pair.asset.network().name(),
            buys: pair.allows(proof_core::partner::Side::Buy),
            sells: pair.allows(proof_core::partner::Side::Sell),
        });
        Ok(SandboxView {
            partner: partner.name.clone(),
            kind: partner.kind.name(),
            origins: access.origins.iter().map(ToString::to_string).collect(),
            pairs: pairs.collect(),
            clock: self.clock_view(),
        })
    }
}
