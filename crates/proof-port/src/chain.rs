//! One chain, seen through its node.

use crate::PortError;
pub use proof_core::Network;
pub use proof_core::transfer::{
    BitcoinForm, Coin, EvmForm, Form, TronForm, UnsignedFrom, UnsignedTransfer,
};
use proof_core::{
    Address, Timestamp,
    deposit::{Deposit, DepositKey},
    money::Amount,
};

#[derive(Clone, PartialEq, Eq, Debug)]
pub enum TransferStatus {
    /// This node does not know the hash; that proves nothing.
    Unknown,
    /// Waiting for a block.
    Waiting,
    Mined {
        confirmations: u64,
        block: u64,
        fee: Amount,
    },
    /// Mined, and the chain refused its effect, and kept its fee.
    Failed { confirmations: u64, fee: Amount },
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct ChainTip {
    pub height: u64,
}

/// A transfer to somebody. Whether that is us, the database knows.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Arrival {
    pub recipient: String,
    pub deposit: Deposit,
}

/// What came after some block.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Arrivals {
    /// All blocks up to this one are in it.
    pub height: u64,
    /// There is no later block, and what waits for one is in it, too.
    pub complete: bool,
    /// Up to when that holds, where the chain itself says so; else up to when it was asked.
    pub until: Option<Timestamp>,
    pub arrivals: Vec<Arrival>,
}

/// In the native coin's base units.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct GasPrice {
    /// What the next block takes: its base fee and the usual tip.
    pub block: u128,
    /// The most that the operator allows.
    pub most: u128,
}

/// How a transfer from one address of ours to another is written now.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Passage {
    /// With the most that it may cost.
    pub form: Form,
    /// What has to be there for it, in the native coin's base units: below that no block takes it, or its work is not done.
    pub least: u128,
}

/// A transaction for a wallet that is not ours to sign, as wallets of its network hand it to each other.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Unsigned {
    pub bytes: Vec<u8>,
    pub fee: Amount,
}

#[async_trait::async_trait]
pub trait Chain: Send + Sync {
    fn network(&self) -> Network;

    /// Whether transfers of this asset of its network are made and seen here.
    fn carries(&self, _asset: proof_core::Asset) -> bool {
        true
    }

    /// What has to be proven before real money moves here; `None`: it is simulated.
    fn identity(&self) -> Option<proof_core::proving::ChainIdentity> {
        None
    }

    /// Confirmations after which a transfer counts as final.
    fn confirmations_final(&self) -> u64;

    /// The same of what came from others, where so much depends on it.
    fn confirmations_of(&self, _amount: Amount) -> u64 {
        self.confirmations_final()
    }

    /// Where a person can look a hash up.
    fn explorer_url(&self, hash: &str) -> String;

    /// A link that a wallet on the user's device opens with receiver and amount filled in. `None`: there is no form that
    /// wallets agree on, or nothing that a real wallet should send to.
    fn payment_link(&self, _to: &Address, _amount: Amount) -> Option<String> {
        None
    }

    /// How wallets of this very chain write an address, where that is not how we do: chains for tests.
    fn spelt(&self, address: &Address) -> String {
        address.to_string()
    }

    /// When to look again at a transfer that is not final yet.
    fn poll_interval_ms(&self) -> i64;

    async fn tip(&self) -> Result<ChainTip, PortError>;

    /// The newest block of each node that is asked here, in the order of the configuration, where there are several.
    async fn node_heights(&self) -> Vec<Result<u64, PortError>> {
        Vec::new()
    }

    async fn balance(&self, owner: &Address, asset: proof_core::Asset)
    -> Result<Amount, PortError>;

    /// What is there of deposits to an address, as far as these are all that was booked of it. Where finding all coins of
    /// an address takes long, these alone are looked for.
    async fn held(
        &self,
        owner: &Address,
        asset: proof_core::Asset,
        _deposits: &[DepositKey],
    ) -> Result<Amount, PortError> {
        self.balance(owner, asset).await
    }

    /// The next nonce that the chain expects of this sender, on account networks.
    async fn nonce(&self, owner: &Address) -> Result<u64, PortError>;

    /// Unspent coins of this owner, on coin networks.
    async fn coins(&self, owner: &Address) -> Result<Vec<Coin>, PortError>;

    /// Which of these outputs at an address can be spent, as deep as what counts as final. Only networks of coins have any.
    async fn coins_among(
        &self,
        _owner: &Address,
        _outputs: &[DepositKey],
    ) -> Result<Vec<Coin>, PortError> {
        Ok(Vec::new())
    }

    /// What a transfer now costs, in the native coin.
    async fn fee(&self) -> Result<Amount, PortError>;

    /// How this network writes a transfer of such an asset now, with the most that it may cost; `None` where there
    /// is nothing to say beside the fee. An error while that would cost more than the operator allows.
    async fn form(&self, _asset: proof_core::Asset) -> Result<Option<Form>, PortError> {
        Ok(None)
    }

    /// What a unit of gas costs now, where transfers say what they offer for it. An error while that is more than the
    /// operator allows.
    async fn gas_price(&self) -> Result<Option<GasPrice>, PortError> {
        Ok(None)
    }

    /// How a transfer from one address of ours to another is written now; `None`: nothing is moved between them here. An
    /// error while it would cost more than the operator allows.
    async fn passage(
        &self,
        _from: &Address,
        _to: &Address,
        _amount: Amount,
    ) -> Result<Option<Passage>, PortError> {
        Ok(None)
    }

    /// All of these coins of an address to another one, less what it costs now, for the owner's own wallet to sign.
    /// `None`: wallets of this network have no form for it that they agree on.
    async fn unsigned(
        &self,
        _owner: &Address,
        _coins: &[Coin],
        _to: &Address,
    ) -> Result<Option<Unsigned>, PortError> {
        Ok(None)
    }

    /// Hands a signed transfer to the network; the same bytes may be sent again at any time.
    async fn broadcast(&self, signed_hex: &str) -> Result<(), PortError>;

    /// Transfers in the blocks above `height`, oldest first: so many blocks that the answer has a
    /// bound. Assets that are not in the catalogue are left out.
    async fn arrivals(&self, height: u64) -> Result<Arrivals, PortError>;

    /// Who sent what came, where reading blocks does not tell: asked about what is ours.
    async fn senders(&self, arrival: &Arrival) -> Result<Vec<Address>, PortError> {
        Ok(arrival.deposit.senders.clone())
    }

    /// All outputs that a transaction spends, on networks of coins. None of them where it makes new coins.
    async fn spends(&self, _hash: &str) -> Result<Vec<DepositKey>, PortError> {
        Ok(Vec::new())
    }

    /// Whether a transfer would come to nothing if it were sent now: the receiver is code that takes none, or the token
    /// blocks it. Asked before money is taken for it; what cannot be told is `false`.
    async fn refuses(
        &self,
        _from: &Address,
        _to: &Address,
        _amount: Amount,
    ) -> Result<bool, PortError> {
        Ok(false)
    }

    async fn transfer(&self, hash: &str) -> Result<TransferStatus, PortError>;

    /// Whether a transfer of ours in such a form can never be taken any more: its time is over in blocks that are final,
    /// and it is in none of them. Only networks whose transfers end by themselves ever say so.
    async fn expired(&self, _hash: &str, _form: &Form) -> Result<bool, PortError> {
        Ok(false)
    }

    /// How a deposit that was seen stands now. Where one transaction may do more than one thing, its being mined
    /// is not enough: this output of it has to be there.
    async fn arrival(
        &self,
        _recipient: &str,
        key: &DepositKey,
        _amount: Amount,
    ) -> Result<TransferStatus, PortError> {
        self.transfer(&key.hash).await
    }
}
