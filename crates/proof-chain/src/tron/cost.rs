//! What transfers cost and how they are written: energy for a contract's work, bandwidth for room in a block, and accounts.

use super::{
    TronChain, account,
    http::View,
    node::{self, Call, Node, Prices},
    transfer_call,
};
use crate::{agree, rpc::RpcError};
use alloy_primitives::Address as EvmAddress;
use proof_core::{
    Address, Asset, Network,
    money::Amount,
    transfer::{Form, TronForm},
};
use proof_port::{Passage, PortError};

/// A token's transfer to somebody who had none of it; to others it costs half. Which of them it will be is not known when
/// a price is named.
pub(super) const ENERGY_USUAL: u64 = 131_000;
/// A token that is busy grows dearer by a fifth at most every six hours: what was tried takes this part more at most.
const ENERGY_ROOM: u64 = 4;
/// Transfers have 270 to 350 bytes; a price that rises a little while one waits is paid from what is left.
const BYTES_MAX: u64 = 500;
/// A transfer can be taken for so long. Its order waits for that long at most when no node takes it; and nothing is sent
/// again before.
const LIFE_MS: u64 = 4 * 60 * 60 * 1_000;

impl TronChain {
    pub(super) async fn prices(&self) -> Result<Prices, PortError> {
        let votes = self.votes(|node| node.prices(&self.spec));
        agree::same(&votes.await)
    }

    /// What a transfer may burn beside a contract's work: room in a block, and an account for somebody who has none.
    pub(super) fn burn(&self, prices: Prices, makes_account: bool) -> u64 {
        let account = if makes_account { prices.account } else { 0 };
        prices
            .byte
            .saturating_mul(BYTES_MAX)
            .saturating_add(account)
    }

    /// An error where that is more than the operator allows.
    pub(super) fn allowed(&self, fee: u64) -> Result<u64, PortError> {
        let most = self.spec.fee_max;
        if fee > most {
            let context = format!("a transfer may cost {fee}, and the operator allows {most}");
            return Err(self.odd(context));
        }
        Ok(fee)
    }

    /// What a transfer of a token would take of a contract's work, by one node, and whether it would come to nothing.
    pub(super) async fn tried(
        &self,
        node: &Node,
        (from, contract, call): (EvmAddress, EvmAddress, &Call),
    ) -> Result<(u64, bool), RpcError> {
        let door = node.ready(&self.spec).await?;
        let said = node::tried(door, from, contract, call).await?;
        let returned = said.returned().unwrap_or_default();
        // Old tokens answer nothing, others `true`.
        let says_false = !returned.is_empty() && returned.iter().all(|byte| *byte == 0);
        Ok((said.energy_used, said.is_refused() || says_false))
    }

    /// The same by what most nodes say at least. What cannot be tried, as without the coins, takes what is usual.
    async fn energy(
        &self,
        contract: EvmAddress,
        (from, to, amount): (EvmAddress, EvmAddress, Amount),
    ) -> Result<u64, PortError> {
        let trial = (from, contract, &transfer_call(to, amount));
        let votes = self.votes(|node| async move {
            let (energy, comes_to_nothing) = self.tried(node, trial).await?;
            Ok(if comes_to_nothing { 0 } else { energy })
        });
        let limit = self.spec.energy_limit_token;
        let energy = match agree::reached(&votes.await)? {
            0 => ENERGY_USUAL.min(limit),
            tried => tried,
        };
        if energy > limit {
            let context =
                format!("a transfer takes {energy} energy, and the operator allows {limit}");
            return Err(self.odd(context));
        }
        Ok(energy)
    }

    /// The prices of now in a transfer that no block takes once its time is over.
    pub(super) async fn written(
        &self,
        token: Option<Address>,
        (fee_limit, burn_max): (u64, u64),
    ) -> Result<Form, PortError> {
        self.allowed(fee_limit.saturating_add(burn_max))?;
        // A block that is final is on the chain for ever, and so is what refers to it.
        let (height, _) = self.newest(View::Final).await?;
        let (block, _) = self.agreed_block(View::Final, height).await?;
        let (_, now_ms) = self.newest(View::Newest).await?;
        Ok(Form::Tron(Box::new(TronForm {
            ref_block: alloy_primitives::hex::encode(block),
            expires_ms: now_ms.saturating_add(LIFE_MS),
            fee_limit,
            burn_max,
            token,
        })))
    }

    /// A token's contract; the native coin has none.
    pub(super) fn contract(&self, asset: Asset) -> Result<Option<Address>, PortError> {
        let token = self.spec.contracts.get(&asset).cloned();
        if token.is_none() && asset != Network::Trc20.native() {
            return Err(self.odd(format!("{asset} has no contract in the configuration")));
        }
        Ok(token)
    }

    /// Between our own addresses what a token takes can be tried, and whether an account has to be made is known.
    pub(super) async fn between(
        &self,
        (from, to): (&Address, &Address),
        amount: Amount,
    ) -> Result<Passage, PortError> {
        let (from, to) = (account(from)?, account(to)?);
        let (token, prices) = (self.contract(amount.asset())?, self.prices().await?);
        let (energy, makes_account) = match self.spec.tokens.get(&amount.asset()) {
            Some(contract) => (self.energy(*contract, (from, to, amount)).await?, false),
            None => {
                let votes = self.votes(|node| node.has_account(&self.spec, to));
                (0, !agree::same(&votes.await)?)
            }
        };
        let with_room = energy.saturating_add(energy.div_ceil(ENERGY_ROOM));
        let with_room = with_room.min(self.spec.energy_limit_token);
        let burn_max = self.burn(prices, makes_account);
        let fee_limit = prices.energy.saturating_mul(with_room);
        let least = prices.energy.saturating_mul(energy);
        Ok(Passage {
            form: self.written(token, (fee_limit, burn_max)).await?,
            least: u128::from(least).saturating_add(burn_max.into()),
        })
    }
}
