//! What happens to a chain from outside: people who send something, blocks that are read, re-orgs.

use super::{Body, Event, Output, SimChain, Transfer};
use crate::refusal::Refusal;
use k256::ecdsa::SigningKey;
use proof_core::{Address, Network, Timestamp};
use sha2::{Digest, Sha256};

/// Blocks that are listed at once.
const BLOCKS_MAX: u64 = 500;

/// A transfer in a block, or waiting for one.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Listed {
    pub hash: String,
    pub sender: String,
    pub recipient: String,
    pub ticker: String,
    pub base: u128,
    pub block: Option<u64>,
    pub seen_at: Timestamp,
}

impl SimChain {
    /// Transfers above a block, and the height up to which they are complete.
    pub fn listed(&self, after: u64, now: Timestamp) -> (u64, bool, Vec<Listed>) {
        let height = self.height(now);
        let up_to = height.min(after.saturating_add(BLOCKS_MAX));
        let complete = up_to == height;
        // What waits has the next block's number.
        let last = if complete { u64::MAX } else { up_to };
        let hashes = self
            .blocks
            .range(after.saturating_add(1)..=last)
            .flat_map(|(_, hashes)| hashes);
        let listed = hashes.filter_map(|hash| {
            let transfer = self.transfers.get(hash)?;
            Some(Listed {
                hash: hash.clone(),
                sender: transfer.body.sender.clone(),
                recipient: transfer.body.recipient.clone(),
                ticker: transfer.body.ticker.clone(),
                base: transfer.body.base,
                block: (transfer.block <= height).then_some(transfer.block),
                seen_at: transfer.seen_at,
            })
        });
        (up_to, complete, listed.collect())
    }

    /// The name of a transfer from outside; `nonce` tells one from the next.
    pub fn fresh_hash(&self, nonce: [u8; 16]) -> String {
        let digits = Sha256::new()
            .chain_update("proof-simchain/somebody")
            .chain_update(nonce)
            .finalize();
        match self.network {
            Network::Erc20 | Network::Bep20 | Network::Evm(_) => {
                format!("0x{}", hex::encode(digits))
            }
            Network::Trc20 | Network::Bitcoin | Network::Solana => hex::encode(digits),
        }
    }

    /// Somebody who holds enough of everything sends some of it; who, if nobody is named, is all the
    /// same.
    pub fn send(
        &self,
        hash: &str,
        (sender, recipient): (Option<&str>, &str),
        (ticker, base): (&str, u128),
        now: Timestamp,
    ) -> Result<Event, Refusal> {
        let address = |text: &str| {
            let address = Address::parse(self.network, text).map_err(Refusal::invalid)?;
            Ok::<_, Refusal>(address.to_string())
        };
        let recipient = address(recipient)?;
        let sender = sender.map(address).transpose()?;
        if self.asset(ticker).is_none() || base == 0 {
            return Err(Refusal::invalid("no such asset, or nothing of it"));
        }
        self.check_issue(ticker, base)?;
        let body = Body {
            sender: sender
                .or_else(|| somebody(self.network))
                .unwrap_or_default(),
            recipient,
            ticker: ticker.to_owned(),
            base,
            fee: self.fee_base(),
            nonce: None,
            coins: None,
        };
        Ok(Event::Sent {
            at: now.max(self.latest),
            hash: hash.to_owned(),
            body,
        })
    }

    /// A re-org: the transfer is in no block any more, unless somebody mines it again. Only what its
    /// recipient has not spent can vanish.
    pub fn drop_out(&self, hash: &str) -> Result<Event, Refusal> {
        let found = self.transfers.get(hash);
        let transfer = found.ok_or_else(|| Refusal::not_found("transfer"))?;
        let sent = transfer.body.nonce.is_none() && transfer.body.coins.is_none();
        let unspent = if self.network == Network::Bitcoin {
            self.coins.contains_key(&(hash.to_owned(), 0))
        } else {
            let mut account = self
                .accounts
                .get(&transfer.body.recipient)
                .cloned()
                .unwrap_or_default();
            account.settle(u64::MAX);
            let have = account.settled.get(&transfer.body.ticker).copied();
            have.unwrap_or(0) >= transfer.body.base
        };
        if sent && unspent {
            Ok(Event::Dropped {
                hash: hash.to_owned(),
            })
        } else {
            Err(Refusal::conflict("spent", "this transfer cannot vanish"))
        }
    }

    /// Blocks go without a transfer for so long: one that waits waits on, one that was mined was in a
    /// block that is none any more. What it moved has moved: nobody takes it back.
    pub fn later(&self, hash: &str, seconds: u32, now: Timestamp) -> Result<Event, Refusal> {
        if !self.transfers.contains_key(hash) {
            return Err(Refusal::not_found("transfer"));
        }
        Ok(Event::Later {
            hash: hash.to_owned(),
            block: self.height(now.plus_seconds(i64::from(seconds))) + 1,
        })
    }

    /// What a re-org left out is in the next block.
    pub fn mined_again(&self, hash: &str, now: Timestamp) -> Result<Event, Refusal> {
        if !self.dropped.contains_key(hash) {
            return Err(Refusal::not_found("transfer that a re-org left out"));
        }
        Ok(Event::MinedAgain {
            at: now.max(self.latest),
            hash: hash.to_owned(),
        })
    }

    pub(super) fn check_issue(&self, ticker: &str, base: u128) -> Result<(), Refusal> {
        let issued = self.issued.get(ticker).copied().unwrap_or(0);
        if issued.checked_add(base).is_none() {
            return Err(Refusal::invalid("there cannot be so much of it"));
        }
        Ok(())
    }

    pub(super) fn issue(&mut self, ticker: &str, base: u128) {
        let issued = self.issued.entry(ticker.to_owned()).or_default();
        *issued = issued.saturating_add(base);
    }

    pub(super) fn list(&mut self, hash: &str, body: &Body, block: u64, seen_at: Timestamp) {
        let transfer = Transfer {
            body: body.clone(),
            block,
            seen_at,
        };
        self.transfers.insert(hash.to_owned(), transfer);
        self.blocks.entry(block).or_default().push(hash.to_owned());
    }

    pub(super) fn credit(&mut self, hash: &str, body: &Body, block: u64) {
        if self.network == Network::Bitcoin {
            let output = Output {
                owner: body.recipient.clone(),
                base: body.base,
                block,
                change: false,
            };
            self.coins.insert((hash.to_owned(), 0), output);
        } else {
            let recipient = self.accounts.entry(body.recipient.clone()).or_default();
            recipient.expect(block, &body.ticker, body.base);
        }
    }

    pub(super) fn drop_transfer(&mut self, hash: &str) {
        let Some(transfer) = self.transfers.remove(hash) else {
            return;
        };
        if let Some(hashes) = self.blocks.get_mut(&transfer.block) {
            hashes.retain(|known| known != hash);
        }
        if self.network == Network::Bitcoin {
            self.coins.remove(&(hash.to_owned(), 0));
        } else if let Some(account) = self.accounts.get_mut(&transfer.body.recipient) {
            account.settle(u64::MAX);
            account.debit(&transfer.body.ticker, transfer.body.base);
        }
        self.dropped.insert(hash.to_owned(), transfer);
    }

    pub(super) fn move_later(&mut self, hash: &str, block: u64) {
        let Some(transfer) = self.transfers.get_mut(hash) else {
            return;
        };
        let before = std::mem::replace(&mut transfer.block, block);
        if let Some(hashes) = self.blocks.get_mut(&before) {
            hashes.retain(|known| known != hash);
        }
        self.blocks.entry(block).or_default().push(hash.to_owned());
    }

    pub(super) fn mine_again(&mut self, hash: &str, block: u64) {
        if let Some(Transfer { body, seen_at, .. }) = self.dropped.remove(hash) {
            self.credit(hash, &body, block);
            self.list(hash, &body, block, seen_at);
        }
    }
}

/// The address that strangers send from; its key is everybody's.
fn somebody(network: Network) -> Option<String> {
    let key = SigningKey::from_slice(&[0x5b; 32]).ok()?;
    let point = key.verifying_key().to_encoded_point(false);
    let uncompressed = point.as_bytes().try_into().ok()?;
    let address = Address::from_public_key(network, uncompressed).ok()?;
    Some(address.to_string())
}
