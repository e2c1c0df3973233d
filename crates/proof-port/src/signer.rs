//! The only holder of keys.

use crate::{PortError, chain::UnsignedTransfer};
use proof_core::{
    Address, Network,
    id::{IntentId, OrderId},
};
pub use proof_core::{recovery::Epoch, transfer::Signed};
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
    /// A little of each coin to an address of the signer's own, which no order sells to: it proves that a
    /// network works.
    Prove,
    /// What came to an order's deposit address, from there to our own hot wallet.
    Sweep,
    /// A little of the native coin from the hot wallet to an order's deposit address, which pays for sweeping a token.
    TopUp,
    /// What the hot wallet has too much, to the address that the signer was configured with.
    Cold,
}

#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct SigningIntent {
    /// One intent is one effect: the signer never signs two transfers under it.
    pub intent: IntentId,
    pub class: IntentClass,
    pub order: OrderId,
    pub transfer: UnsignedTransfer,
}

#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SignedState {
    Signed(Signed),
    /// Proof that no signature exists, and that none will be given any more: asking closes the
    /// intent. An order may turn round on this.
    NeverSigned,
}

/// A signature that was given.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct SignedIntent {
    pub intent: SigningIntent,
    pub signed: Signed,
}

/// All that the signer ever promised about one order.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Promised {
    pub order: OrderId,
    /// Where bought crypto goes; its payment may have opened.
    pub destination: Option<Address>,
    pub deposit: Option<DepositOpened>,
    /// In the order in which they were given.
    pub signed: Vec<SignedIntent>,
}

#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct DepositOpened {
    pub refund: Address,
    pub address: Address,
}

/// Orders that one page of promises has at most.
pub const PROMISED_MAX: usize = 200;

/// Whose address an order's crypto goes to.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Whose {
    /// The user's, who named it.
    #[default]
    User,
    /// The partner's: the signer may know these by a list of its own.
    Partner,
}

/// Whatever promises something is asked in an epoch, and refused in any but the signer's own: a server
/// that another one has replaced cannot move anything any more.
#[async_trait::async_trait]
pub trait Signer: Send + Sync {
    /// The life of the installation that it serves.
    async fn epoch(&self) -> Result<Epoch, PortError>;

    /// From now on it serves a later one. The same one again is no change; an earlier one is refused.
    async fn epoch_begin(&self, epoch: Epoch) -> Result<(), PortError>;

    /// Its promises, by order, page by page: after a restore it knows more than the database.
    async fn promises(&self, after: Option<OrderId>) -> Result<Vec<Promised>, PortError>;

    /// What it promised about one order; what it signed for its deposits, too, where that was asked for another one.
    async fn promised(&self, order: OrderId) -> Result<Promised, PortError>;

    /// The hot wallet of a network.
    async fn wallet(&self, network: Network) -> Result<Address, PortError>;

    /// Where it lets go what the hot wallet has too much; `None`: nowhere.
    async fn cold(&self, network: Network) -> Result<Option<Address>, PortError>;

    /// Tells the signer, once and before the payment opens, where an order's crypto goes. Another
    /// destination for the same order is refused.
    async fn register(
        &self,
        epoch: Epoch,
        order: OrderId,
        destination: &Address,
        whose: Whose,
    ) -> Result<(), PortError>;

    /// Registers, once, where an order's crypto goes back to, and only then names the address to
    /// deposit at. Another refund address for the same order is refused.
    async fn open_deposit(
        &self,
        epoch: Epoch,
        order: OrderId,
        refund: &Address,
    ) -> Result<Address, PortError>;

    /// Signs, or repeats the earlier answer for the same intent. `GiveUp`: policy forbids it.
    async fn sign(&self, epoch: Epoch, intent: &SigningIntent) -> Result<Signed, PortError>;

    /// Was this intent ever signed? If not, it never will be.
    async fn close(&self, epoch: Epoch, intent: IntentId) -> Result<SignedState, PortError>;
}
