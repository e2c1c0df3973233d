//! The proof that a real network works here: of each coin one small transfer out of the hot wallet and one from
//! somewhere else, both to an address that the signer derives for this alone, and both final.

use crate::{
    address::Address,
    asset::Asset,
    deposit::Deposit,
    id::{IntentId, OrderId},
    ledger::{self, Entry},
    money::{Amount, MoneyError},
    network::Network,
    partner::Environment,
    time::Timestamp,
    transfer::{Sending, Signed, UnsignedTransfer},
};
use serde::{Deserialize, Serialize};
use std::{collections::BTreeMap, fmt};

/// What is proven. Whatever is another one is proven by itself.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct ChainIdentity {
    pub adapter: String,
    pub chain_id: u64,
    pub contracts: BTreeMap<Asset, Address>,
}

impl fmt::Display for ChainIdentity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}, chain {}", self.adapter, self.chain_id)?;
        for (asset, contract) in &self.contracts {
            write!(f, ", {} {contract}", asset.ticker())?;
        }
        Ok(())
    }
}

#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Proving {
    /// Names the address, as an order's id does.
    pub id: OrderId,
    pub environment: Environment,
    pub network: Network,
    pub subject: ChainIdentity,
    pub address: Address,
    pub by: String,
    pub begun_at: Timestamp,
    pub proven_at: Option<Timestamp>,
    /// One for each coin, the native one first.
    pub legs: Vec<Leg>,
}

#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Leg {
    /// What we send.
    pub amount: Amount,
    /// Each has an intent of its own.
    pub attempt: u32,
    pub out: Option<Sending>,
    /// The transfer out was seen where deposits are seen.
    pub seen: bool,
    /// It is final.
    pub sent: Option<Sent>,
    /// What came from elsewhere.
    pub came: Option<Came>,
}

#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Sent {
    pub height: u64,
    pub fee: Amount,
}

#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Came {
    pub deposit: Deposit,
    /// Of its block, once it is final.
    pub height: Option<u64>,
}

#[derive(Clone, PartialEq, Eq, Debug)]
pub enum ProvingFact {
    Planned {
        intent: IntentId,
        transfer: UnsignedTransfer,
        /// Given already, which the database had forgotten.
        signed: Option<Signed>,
    },
    Signed {
        asset: Asset,
        signed: Signed,
    },
    /// The signer has closed the intent.
    NeverSigned {
        asset: Asset,
    },
    Broadcast {
        asset: Asset,
    },
    Sent {
        asset: Asset,
        height: u64,
        fee: Amount,
    },
    /// Final, and refused by the chain.
    Refused {
        asset: Asset,
        fee: Amount,
    },
    /// Seen among what came.
    Found {
        deposit: Deposit,
    },
    /// The chain took back what came.
    Gone {
        asset: Asset,
    },
    Arrived {
        asset: Asset,
        height: u64,
    },
    Proven {
        at: Timestamp,
    },
}

impl ProvingFact {
    const fn asset(&self) -> Option<Asset> {
        match self {
            Self::Planned { transfer, .. } => Some(transfer.amount.asset()),
            Self::Found { deposit } => Some(deposit.amount.asset()),
            Self::Signed { asset, .. }
            | Self::NeverSigned { asset }
            | Self::Broadcast { asset }
            | Self::Sent { asset, .. }
            | Self::Refused { asset, .. }
            | Self::Gone { asset }
            | Self::Arrived { asset, .. } => Some(*asset),
            Self::Proven { .. } => None,
        }
    }
}

#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
pub enum ProvingRefusal {
    /// It was known already, or is about something else.
    #[error("it is no news to this proof")]
    Unfit,
    #[error(transparent)]
    Money(#[from] MoneyError),
}

/// Small, and more than dust: a hundredth of a token, a ten-thousandth of a native coin.
fn small(asset: Asset) -> Amount {
    let shift = if asset == asset.network().native() {
        4
    } else {
        2
    };
    let exponent = u32::from(asset.decimals()).saturating_sub(shift);
    Amount::new(asset, 10_u128.saturating_pow(exponent))
}

impl Leg {
    fn new(asset: Asset) -> Self {
        Self {
            amount: small(asset),
            attempt: 1,
            out: None,
            seen: false,
            sent: None,
            came: None,
        }
    }

    pub const fn asset(&self) -> Asset {
        self.amount.asset()
    }

    pub fn is_done(&self) -> bool {
        let came = self.came.as_ref().is_some_and(|came| came.height.is_some());
        self.seen && self.sent.is_some() && came
    }

    fn again(&mut self) {
        self.out = None;
        self.seen = false;
        self.attempt = self.attempt.saturating_add(1);
    }

    fn sending(&mut self) -> Result<&mut Sending, ProvingRefusal> {
        let open = self.sent.is_none();
        self.out
            .as_mut()
            .filter(|_| open)
            .ok_or(ProvingRefusal::Unfit)
    }

    fn decide(
        &mut self,
        order: OrderId,
        fact: ProvingFact,
        now: Timestamp,
    ) -> Result<Vec<Entry>, ProvingRefusal> {
        let unfit = ProvingRefusal::Unfit;
        let amount = self.amount;
        Ok(match fact {
            ProvingFact::Planned {
                intent,
                transfer,
                signed,
            } => {
                if self.out.is_some() || transfer.amount != amount {
                    return Err(unfit);
                }
                let mut entries = vec![ledger::reserve(amount)?];
                let mut out = Sending::new(intent, transfer, now);
                if let Some(signed) = signed {
                    entries.push(ledger::send(amount, out.transfer.fee)?.noted(&*signed.hash));
                    out.sign(signed).map_err(|_| unfit)?;
                }
                self.out = Some(out);
                entries
            }
            ProvingFact::Signed { signed, .. } => {
                let out = self.sending()?;
                let (hash, fee) = (signed.hash.clone(), out.transfer.fee);
                out.sign(signed).map_err(|_| unfit)?;
                vec![ledger::send(amount, fee)?.noted(hash)]
            }
            ProvingFact::NeverSigned { .. } => {
                if self.sending()?.signed.is_some() {
                    return Err(unfit);
                }
                self.again();
                vec![ledger::release(amount)?]
            }
            ProvingFact::Broadcast { .. } => {
                self.sending()?.broadcast().map_err(|_| unfit)?;
                Vec::new()
            }
            ProvingFact::Sent { height, fee, .. } => {
                let out = self.sending()?;
                let hash = out.hash().map_err(|_| unfit)?;
                let entry = ledger::prove_out(order, amount, out.transfer.fee, fee)?;
                self.sent = Some(Sent { height, fee });
                vec![entry.noted(hash)]
            }
            ProvingFact::Refused { fee, .. } => {
                let out = self.sending()?;
                let (hash, planned) = (out.hash().map_err(|_| unfit)?, out.transfer.fee);
                self.again();
                vec![
                    ledger::take_back(amount, planned, fee)?.noted(hash),
                    ledger::release(amount)?,
                ]
            }
            ProvingFact::Found { deposit } => self.found(deposit)?,
            ProvingFact::Gone { .. } => {
                if !matches!(&self.came, Some(Came { height: None, .. })) {
                    return Err(unfit);
                }
                self.came = None;
                Vec::new()
            }
            ProvingFact::Arrived { height, .. } => {
                let came = self.came.as_mut().filter(|came| came.height.is_none());
                let came = came.ok_or(unfit)?;
                came.height = Some(height);
                let deposit = &came.deposit;
                vec![ledger::prove_in(order, deposit.amount)?.noted(&*deposit.key.hash)]
            }
            ProvingFact::Proven { .. } => return Err(unfit),
        })
    }

    /// Our own, or the first that somebody else sent.
    fn found(&mut self, deposit: Deposit) -> Result<Vec<Entry>, ProvingRefusal> {
        let signed = self.out.as_ref().and_then(|out| out.signed.as_ref());
        let ours = signed.is_some_and(|signed| signed.hash == deposit.key.hash);
        if ours && !self.seen && deposit.amount == self.amount {
            self.seen = true;
            return Ok(Vec::new());
        }
        if ours || self.came.is_some() {
            return Err(ProvingRefusal::Unfit);
        }
        self.came = Some(Came {
            deposit,
            height: None,
        });
        Ok(Vec::new())
    }
}

impl Proving {
    /// One that has not begun to send.
    pub fn new(
        (id, environment, network): (OrderId, Environment, Network),
        subject: ChainIdentity,
        address: Address,
        (by, begun_at): (String, Timestamp),
    ) -> Self {
        let coins = std::iter::once(network.native()).chain(subject.contracts.keys().copied());
        Self {
            id,
            environment,
            network,
            address,
            by,
            begun_at,
            proven_at: None,
            legs: coins.map(Leg::new).collect(),
            subject,
        }
    }

    pub fn proves(&self, subject: &ChainIdentity) -> bool {
        self.proven_at.is_some() && self.subject == *subject
    }

    /// Something of ours may still move.
    pub fn is_under_way(&self) -> bool {
        let mut legs = self.legs.iter();
        legs.any(|leg| leg.out.is_some() && leg.sent.is_none())
    }

    /// What the news makes of it, and what that does to the books.
    pub fn decide(
        &self,
        fact: ProvingFact,
        now: Timestamp,
    ) -> Result<(Self, Vec<Entry>), ProvingRefusal> {
        let mut next = self.clone();
        if self.proven_at.is_some() {
            return Err(ProvingRefusal::Unfit);
        }
        let entries = match fact.asset() {
            None => {
                let (ProvingFact::Proven { at }, true) = (fact, self.legs.iter().all(Leg::is_done))
                else {
                    return Err(ProvingRefusal::Unfit);
                };
                next.proven_at = Some(at);
                Vec::new()
            }
            Some(asset) => {
                let leg = next.legs.iter_mut().find(|leg| leg.asset() == asset);
                leg.ok_or(ProvingRefusal::Unfit)?
                    .decide(self.id, fact, now)?
            }
        };
        Ok((next, entries))
    }
}
