//! Crypto that somebody sent to an address of ours.

use crate::{
    address::Address,
    money::Amount,
    order::{DEPOSIT_LOST_SECONDS_MAX, ReturnReason},
    partner::UnderpaidPolicy,
    payment::CardSummary,
    time::Timestamp,
};
use serde::{Deserialize, Serialize};

/// How long a sell waits for its deposit, unless the operator says otherwise.
pub const DEPOSIT_WINDOW_SECONDS: i64 = 6 * 3_600;

/// One output of one transfer: the same deposit however often it is seen.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug, Serialize, Deserialize)]
pub struct DepositKey {
    pub hash: String,
    pub index: u32,
}

/// What our node says of a transfer to one of our addresses.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Deposit {
    pub key: DepositKey,
    pub amount: Amount,
    /// When our node first saw it. In time means before the deadline, by this.
    pub seen_at: Timestamp,
    /// Who sent it, as far as the chain tells; several where coins were gathered.
    #[serde(default)]
    pub senders: Vec<Address>,
}

/// A deposit of an order, and how sure it is.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Held {
    #[serde(flatten)]
    pub deposit: Deposit,
    pub confirmations: u64,
    /// Final, and in the books.
    pub booked: bool,
}

/// What a sell fixes before its deposit address is shown.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Sale {
    /// Names the card only to the provider.
    pub payout_token: String,
    pub payout_card: CardSummary,
    /// Where crypto goes back to, and nowhere else.
    pub refund_address: Address,
    pub deposit_address: Address,
    /// A deposit that is first seen before this is in time.
    pub deposit_until: Timestamp,
    /// A deposit that is final before this has the locked price, unless the market ran away.
    pub hold_until: Timestamp,
    /// What becomes of a deposit that is too small.
    #[serde(default)]
    pub underpaid: UnderpaidPolicy,
    /// How long a deposit that was final, and has vanished, is waited for.
    #[serde(default = "reorged_seconds")]
    pub reorged_seconds: i64,
    pub held: Vec<Held>,
    /// The user knows that a part is missing.
    #[serde(default)]
    pub rest_asked: bool,
    /// What went back, once it is there.
    pub returned: Option<Returned>,
    /// The user's address became another one a short while ago, and the card is new: nothing is paid before this.
    #[serde(default)]
    pub payout_from: Option<Timestamp>,
}

const fn reorged_seconds() -> i64 {
    DEPOSIT_LOST_SECONDS_MAX
}

#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Returned {
    pub why: ReturnReason,
    pub amount: Amount,
    pub hash: String,
}

impl Sale {
    /// Final deposits; `None` while there are none.
    pub fn received(&self) -> Option<Amount> {
        let booked = self.held.iter().filter(|held| held.booked);
        booked
            .map(|held| held.deposit.amount)
            .try_fold(None, |sum: Option<Amount>, amount| match sum {
                None => Some(Some(amount)),
                Some(sum) => sum.checked_add(amount).ok().map(Some),
            })
            .flatten()
    }

    /// Whether some deposit may still become final, or vanish.
    pub fn is_unsettled(&self) -> bool {
        self.held.iter().any(|held| !held.booked)
    }

    /// Who sent what is in the books.
    pub fn senders(&self) -> Vec<Address> {
        let booked = self.held.iter().filter(|held| held.booked);
        let senders = booked.flat_map(|held| held.deposit.senders.iter().cloned());
        senders.collect()
    }

    pub fn find(&mut self, key: &DepositKey) -> Option<&mut Held> {
        self.held.iter_mut().find(|held| held.deposit.key == *key)
    }
}
