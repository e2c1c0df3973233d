//! What came, block by block: the way from the height that was read to the newest block that the nodes agree on.

use alloy_primitives::B256;
use proof_core::Timestamp;
use proof_port::{Arrival, Arrivals, PortError};
use std::{
    collections::BTreeMap,
    sync::{Mutex, MutexGuard, PoisonError},
};

/// Transfers, and the blocks in which they were looked for.
pub type Found<Id = B256> = (Vec<Arrival>, Vec<(u64, Id)>);

/// A block that a majority has.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Agreed<Id = B256> {
    pub id: Id,
    pub at: Timestamp,
}

/// A chain whose blocks follow each other by their ids.
pub trait Blocks: Sync {
    type Id: Copy + PartialEq + Send + Sync;
    /// Blocks that are read again when the one that was read last is not on the chain any more, or when nobody
    /// remembers it: a re-org puts transfers into blocks that were passed already.
    const AGAIN: u64;
    /// How many are read in one look beyond those, so that each gets on.
    const MORE: u64;

    fn height(&self) -> impl Future<Output = Result<u64, PortError>> + Send;

    fn block(
        &self,
        height: u64,
    ) -> impl Future<Output = Result<Agreed<Self::Id>, PortError>> + Send;

    /// What a majority of the nodes has found in these blocks, up to `last`: one that leaves something out, or makes
    /// something up, is no majority, and where there is none, nothing counts as read.
    fn found(
        &self,
        range: (u64, u64),
        last: Self::Id,
    ) -> impl Future<Output = Result<Found<Self::Id>, PortError>> + Send;

    fn passed(&self) -> &Passed<Self::Id>;

    fn odd(&self, context: String) -> PortError;
}

/// Blocks that were read last, by height.
pub struct Passed<Id = B256>(Mutex<BTreeMap<u64, Id>>);

impl<Id> Default for Passed<Id> {
    fn default() -> Self {
        Self(Mutex::default())
    }
}

impl<Id: Copy> Passed<Id> {
    fn map(&self) -> MutexGuard<'_, BTreeMap<u64, Id>> {
        // Whole after each step; at worst blocks are read again.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn at(&self, height: u64) -> Option<Id> {
        self.map().get(&height).copied()
    }

    /// The newest `most` are remembered.
    fn extend(&self, blocks: Vec<(u64, Id)>, most: u64) {
        let mut passed = self.map();
        passed.extend(blocks);
        while passed.len() as u64 > most {
            passed.pop_first();
        }
    }
}

pub async fn arrivals<C: Blocks>(chain: &C, height: u64) -> Result<Arrivals, PortError> {
    let tip = chain.height().await?;
    if tip < height {
        let behind = height - tip;
        let context = format!("the nodes are {behind} blocks behind what was read");
        return Err(chain.odd(context));
    }
    let known = chain.passed().at(height);
    let unbroken = match known {
        Some(known) => chain.block(height).await?.id == known,
        None => false,
    };
    let from = if unbroken {
        height + 1
    } else {
        (height + 1).saturating_sub(C::AGAIN)
    };
    let mut to = tip.min(from.saturating_add(C::AGAIN + C::MORE - 1));
    // What a node cannot answer in one piece it may in a smaller one; this much has to be read to get on.
    let least = from.max(height);
    let (until, arrivals) = loop {
        match range(chain, (from, to)).await {
            Err(_) if to > least => to = least + (to - least) / 2,
            read => break read?,
        }
    };
    Ok(Arrivals {
        height: to,
        complete: to == tip,
        until: Some(until),
        arrivals,
    })
}

async fn range<C: Blocks>(
    chain: &C,
    (from, to): (u64, u64),
) -> Result<(Timestamp, Vec<Arrival>), PortError> {
    let last = chain.block(to).await?;
    if from > to {
        return Ok((last.at, Vec::new()));
    }
    let (arrivals, blocks) = chain.found((from, to), last.id).await?;
    chain.passed().extend(blocks, C::AGAIN * 4);
    Ok((last.at, arrivals))
}

/// The chain's own time. A block is in time if it says so, whenever we hear of it.
pub fn moment(seconds: u64) -> Timestamp {
    let seconds = i64::try_from(seconds).unwrap_or(i64::MAX);
    Timestamp::from_micros(seconds.saturating_mul(1_000_000))
}
