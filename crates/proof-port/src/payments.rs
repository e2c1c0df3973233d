//! Card payments: authorise, capture, void, refund.

use crate::{Callback, CallbackCall, CallbackRefusal, PortError, ReportLine};
use proof_core::money::Money;
pub use proof_core::payment::{CardSummary, DeclineCode, Dispute, DisputeStage};

#[derive(Clone, PartialEq, Eq, Debug)]
pub struct AuthoriseRequest {
    /// Ours; the same reference is the same payment, however often it is sent.
    pub reference: String,
    /// Single use, from the provider's hosted fields.
    pub card_token: String,
    pub amount: Money,
}

#[derive(Clone, PartialEq, Eq, Debug)]
pub enum AuthorisationState {
    /// The provider is still working, or gave a status that we do not know.
    Pending,
    ThreeDs {
        url: String,
    },
    /// The money is held.
    Held {
        card: CardSummary,
        liability_shift: bool,
    },
    Declined {
        code: DeclineCode,
    },
    Captured {
        captured: Money,
        refunded: Money,
    },
    Voided,
}

#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Authorisation {
    pub reference: String,
    pub state: AuthorisationState,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum CaptureState {
    Pending,
    Captured,
    /// The provider says that this hold cannot be captured.
    Refused,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum VoidState {
    Pending,
    Voided,
    /// Too late: the money had been taken.
    Captured,
    Refused,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum RefundState {
    Pending,
    Refunded,
    Refused,
}

#[async_trait::async_trait]
pub trait Payments: Send + Sync {
    /// The provider's name in ledger accounts (`psp:{provider}:{fiat}`).
    fn provider(&self) -> &'static str;

    /// Origin of the frames that hold the card fields; the only `frame-src` of our page.
    fn fields_origin(&self) -> String;

    async fn authorise(&self, request: &AuthoriseRequest) -> Result<Authorisation, PortError>;

    /// Reads what the provider sent us by itself, and believes it only with the provider's mark.
    fn callback(&self, call: CallbackCall<'_>) -> Result<Callback, CallbackRefusal>;

    /// `None`: the provider has never heard of this reference, so nothing is held under it.
    async fn authorisation(&self, reference: &str) -> Result<Option<Authorisation>, PortError>;

    async fn capture(&self, reference: &str, amount: Money) -> Result<CaptureState, PortError>;

    async fn void(&self, reference: &str) -> Result<VoidState, PortError>;

    /// `refund_reference` is ours too: one refund, however often it is sent.
    async fn refund(
        &self,
        reference: &str,
        refund_reference: &str,
        amount: Money,
    ) -> Result<RefundState, PortError>;

    /// What cardholders dispute of a payment, the oldest first.
    async fn disputes(&self, reference: &str) -> Result<Vec<Dispute>, PortError>;

    /// Hands in our evidence; sent again, it is the same evidence. What comes of it is asked.
    async fn dispute_contest(&self, dispute: &str, evidence: &str) -> Result<(), PortError>;

    /// Gives in. What comes of it is asked.
    async fn dispute_accept(&self, dispute: &str) -> Result<(), PortError>;

    /// Captures, refunds and disputes after a line of the settlement report, oldest first; none is the end.
    async fn report(&self, after: u64) -> Result<Vec<ReportLine>, PortError>;
}
