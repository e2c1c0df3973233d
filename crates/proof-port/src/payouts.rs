//! Fiat to a customer's card.

use crate::{PortError, ReportLine};
use proof_core::{
    money::Money,
    payment::{CardSummary, DeclineCode},
};

/// A card that the provider keeps for us.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct PayoutCard {
    /// Names the card only to the provider.
    pub id: String,
    pub card: CardSummary,
}

#[derive(Clone, PartialEq, Eq, Debug)]
pub struct PayoutRequest {
    /// Ours; the same reference is the same payout, however often it is sent.
    pub reference: String,
    pub card_id: String,
    pub amount: Money,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum PayoutState {
    /// The provider is still working, or gave a status that we do not know.
    Pending,
    Sent,
    /// It was sent, and the card's bank sent it back.
    Bounced,
    /// The money never left.
    Refused {
        code: DeclineCode,
    },
}

#[async_trait::async_trait]
pub trait Payouts: Send + Sync {
    /// The provider's name in ledger accounts (`payout:{provider}:{fiat}`).
    fn provider(&self) -> &'static str;

    /// Exchanges the single-use token of hosted fields for a card that can be paid later; the same
    /// token gives the same card. `None`: the token is unknown, used up or too old.
    async fn keep(&self, card_token: &str) -> Result<Option<PayoutCard>, PortError>;

    async fn pay(&self, request: &PayoutRequest) -> Result<PayoutState, PortError>;

    /// What became of a payout. `None`: the provider has never heard of its reference, so nothing
    /// was paid under it.
    async fn payout(&self, request: &PayoutRequest) -> Result<Option<PayoutState>, PortError>;

    /// Payouts after a line of the settlement report, oldest first; none is the end.
    async fn report(&self, after: u64) -> Result<Vec<ReportLine>, PortError>;
}
