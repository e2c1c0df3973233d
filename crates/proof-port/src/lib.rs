//! The traits through which the engine reaches the world: plain data in, plain data out.
//!
//! Every call that moves money carries a reference of ours, and every error says what its caller
//! may do next. A port never retries by itself and never guesses: an answer it does not understand
//! is [`PortError::in_doubt`] for a call that moves money and *pending* for one that asks.

mod callback;
mod chain;
mod error;
mod identity;
mod mail;
mod payments;
mod payouts;
mod rates;
mod report;
mod signer;
mod timer;

pub use callback::{Callback, CallbackCall, CallbackRefusal};
pub use chain::{
    Arrival, Arrivals, BitcoinForm, Chain, ChainTip, Coin, EvmForm, Form, GasPrice, Network,
    Passage, TransferStatus, TronForm, Unsigned, UnsignedFrom, UnsignedTransfer,
};
pub use error::{Class, PortError};
pub use identity::{
    BirthDate, Challenge, DocumentKind, DocumentNumber, Evidence, Face, Identity, IdentityOutcome,
    IdentityStatus, KeptPart, Names, PICTURE_BYTES_MAX, Picture, PictureProblem, Scope, SelfieStep,
    Side,
};
pub use mail::{Mail, Message};
pub use payments::{
    ApplePayOffer, Authorisation, AuthorisationState, AuthoriseRequest, CaptureState, CardExpiry,
    CardStored, CardSummary, DeclineCode, DeviceWallet, Dispute, DisputeStage, GooglePayOffer,
    Payments, RefundState, VoidState, WalletOffers,
};
pub use payouts::{PayoutCard, PayoutRequest, PayoutState, Payouts};
pub use rates::{MidRate, Rates};
pub use report::{REPORT_LINES_MAX, ReportLine};
pub use signer::{
    DepositOpened, IntentClass, PROMISED_MAX, Promised, Signed, SignedIntent, SignedState, Signer,
    SigningIntent, Whose,
};
pub use timer::{MovableClock, Timer};
