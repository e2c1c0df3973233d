//! The only holder of keys.

use crate::{PortError, chain::UnsignedTransfer};
pub use proof_core::transfer::Signed;
use proof_core::{
    Address, Network,
    id::{IntentId, OrderId},
};
use serde::{Deserialize, Serialize};

/// What a signature is for; each class has its own policy.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum IntentClass {
    /// Bought crypto to the address of its order.
    Deliver,
    /// Crypto back to the refund address that the user confirmed before the deposit address was
    /// shown.
    Return,
}

#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct SigningIntent {
    /// One intent is one effect: the signer never signs two transfers under it.
    pub intent: IntentId,
    pub class: IntentClass,
    pub order: OrderId,
    pub transfer: UnsignedTransfer,
}

#[derive(Clone, PartialEq, Eq, Debug)]
pub enum SignedState {
    Signed(Signed),
    /// Proof that no signature exists, and that none will be given any more: asking closes the
    /// intent. An order may turn round on this.
    NeverSigned,
}

#[async_trait::async_trait]
pub trait Signer: Send + Sync {
    /// The hot wallet of a network.
    async fn wallet(&self, network: Network) -> Result<Address, PortError>;

    /// Tells the signer, once and before the payment opens, where an order's crypto goes. Another
    /// destination for the same order is refused.
    async fn register(&self, order: OrderId, destination: &Address) -> Result<(), PortError>;

    /// Registers, once, where an order's crypto goes back to, and only then names the address to
    /// deposit at. Another refund address for the same order is refused.
    async fn open_deposit(&self, order: OrderId, refund: &Address) -> Result<Address, PortError>;

    /// Signs, or repeats the earlier answer for the same intent. `GiveUp`: policy forbids it.
    async fn sign(&self, intent: &SigningIntent) -> Result<Signed, PortError>;

    /// Was this intent ever signed? If not, it never will be.
    async fn close(&self, intent: IntentId) -> Result<SignedState, PortError>;
}
