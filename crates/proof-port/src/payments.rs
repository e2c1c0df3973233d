//! Card payments: authorise, capture, void, refund.

use crate::{Callback, CallbackCall, CallbackRefusal, PortError, ReportLine};
pub use proof_core::card::{CardExpiry, CardStored};
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

/// A wallet on the user's device, which hands over a card that it keeps.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum DeviceWallet {
    ApplePay,
    GooglePay,
}

/// The wallets that a provider takes, with what a page must say to open them.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct WalletOffers {
    pub apple_pay: Option<ApplePayOffer>,
    pub google_pay: Option<GooglePayOffer>,
}

#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ApplePayOffer {
    /// Of the merchant, by ISO 3166-1.
    pub country: &'static str,
    /// Card networks in Apple Pay's names.
    pub networks: Vec<&'static str>,
}

#[derive(Clone, PartialEq, Eq, Debug)]
pub struct GooglePayOffer {
    /// `TEST` or `PRODUCTION`.
    pub environment: &'static str,
    pub gateway: &'static str,
    pub gateway_merchant_id: String,
    /// Card networks in Google Pay's names.
    pub networks: Vec<&'static str>,
}

#[async_trait::async_trait]
pub trait Payments: Send + Sync {
    /// The provider's name in ledger accounts (`psp:{provider}:{fiat}`).
    fn provider(&self) -> &'static str;

    /// Origin of the frames that hold the card fields; the only one, beside our own, in the `frame-src` of our page.
    fn fields_origin(&self) -> String;

    fn wallets(&self) -> WalletOffers;

    /// Opens Apple Pay for a page of this domain: the JSON that the device asks for.
    async fn apple_session(&self, domain: &str) -> Result<String, PortError>;

    /// A token, single use like those of the hosted fields, for what a wallet handed over, which only the provider
    /// can read. `None`: it cannot. Asked again it gives another token; no money moves.
    async fn wallet_token(
        &self,
        wallet: DeviceWallet,
        payload: &str,
    ) -> Result<Option<String>, PortError>;

    /// Whether cardholders may have their card kept for the next time.
    fn stores_cards(&self) -> bool;

    /// Keeps the card of a payment that was captured, at its cardholder's wish; asked again it is the same card.
    /// `None`: this one cannot be kept.
    async fn card_store(&self, reference: &str) -> Result<Option<CardStored>, PortError>;

    /// For the provider's field for the security code: the right to type that of this card, for some minutes. With
    /// the code it becomes a token like any other. `None`: the card is not kept any more.
    async fn card_key(&self, card: &str) -> Result<Option<String>, PortError>;

    /// The provider keeps the card no longer. Of one that it does not know there is nothing to forget.
    async fn card_forget(&self, card: &str) -> Result<(), PortError>;

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
