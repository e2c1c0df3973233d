//! The adapter as the engine sees it.

use super::{
    BitcoinChain, Kind, NETWORK, PROVIDER, address_of,
    fees::form,
    look::{MATURITY, Question},
    node::Node,
    script_of, wire,
};
use crate::{
    agree, blocks,
    rpc::{self, RpcError, ask},
    send::{self, Words},
};
use bitcoin::{Address as Script, OutPoint, ScriptBuf, Txid};
use proof_core::{
    Address, Asset, Network,
    deposit::DepositKey,
    money::Amount,
    proving::ChainIdentity,
    transfer::{Form, bitcoin::dust},
};
use proof_port::{
    Arrival, Arrivals, Chain, ChainTip, Coin, GasPrice, PortError, TransferStatus, Unsigned,
};
use serde_json::json;

/// Coins come back with a re-org, a conflicting transaction goes, a fee falls: none of that is never.
const WORDS: Words = Words {
    never: &["tx decode failed", "coinbase", "version", "tx-size"],
    known: &[
        "already in utxo set",
        "already in block chain",
        "txn-already-in-mempool",
        "txn-already-known",
        "txn-same-nonwitness-data-in-mempool",
    ],
};

#[async_trait::async_trait]
impl Chain for BitcoinChain {
    fn network(&self) -> Network {
        NETWORK
    }

    fn identity(&self) -> Option<ChainIdentity> {
        Some(self.spec.identity())
    }

    fn confirmations_final(&self) -> u64 {
        self.spec.depth.usual()
    }

    fn confirmations_of(&self, amount: Amount) -> u64 {
        self.spec.depth.of(amount)
    }

    fn explorer_url(&self, hash: &str) -> String {
        let mut url = self.spec.explorer.clone();
        if let Ok(mut path) = url.path_segments_mut() {
            path.pop_if_empty().extend(["tx", hash]);
        }
        url.into()
    }

    fn payment_link(&self, to: &Address, amount: Amount) -> Option<String> {
        link_on(self.spec.kind, to, amount)
    }

    fn spelt(&self, address: &Address) -> String {
        let script = script_of(address.as_str()).ok();
        let spelt = script.and_then(|script| Script::from_script(&script, self.spec.kind).ok());
        spelt.map_or_else(|| address.to_string(), |spelt| spelt.to_string())
    }

    fn poll_interval_ms(&self) -> i64 {
        self.spec.poll_ms
    }

    async fn tip(&self) -> Result<ChainTip, PortError> {
        let height = self.height().await?;
        Ok(ChainTip { height })
    }

    async fn node_heights(&self) -> Vec<Result<u64, PortError>> {
        if self.nodes.len() < 2 {
            return Vec::new();
        }
        let states = self.nodes().await.into_iter();
        states.map(|state| state.map(|node| node.height)).collect()
    }

    async fn balance(&self, owner: &Address, asset: Asset) -> Result<Amount, PortError> {
        let (_, coins) = self.unspent(&script_of(owner.as_str())?).await?;
        let base = coins.values().map(|held| u128::from(held.base)).sum();
        Ok(Amount::new(asset, base))
    }

    async fn held(
        &self,
        owner: &Address,
        asset: Asset,
        deposits: &[DepositKey],
    ) -> Result<Amount, PortError> {
        let script = script_of(owner.as_str())?;
        let votes = self.votes(|node| self.unspent_of(node, &script, deposits));
        Ok(Amount::new(asset, agree::same(&votes.await)?))
    }

    async fn nonce(&self, _owner: &Address) -> Result<u64, PortError> {
        Err(PortError::give_up(PROVIDER, "this network has coins"))
    }

    /// Those that are as deep as what counts as final: what is paid with them stays paid for.
    async fn coins(&self, owner: &Address) -> Result<Vec<Coin>, PortError> {
        let (height, coins) = self.unspent(&script_of(owner.as_str())?).await?;
        let deep = |held: &super::coins::Held| {
            let bound = if held.young { MATURITY } else { 0 };
            (height + 1).saturating_sub(held.height) >= self.spec.depth.usual().max(bound)
        };
        let free = coins.into_iter().filter(|(_, held)| deep(held));
        let coin = |(place, held): (OutPoint, super::coins::Held)| Coin {
            hash: place.txid.to_string(),
            index: place.vout,
            base: held.base.into(),
        };
        Ok(free.map(coin).collect())
    }

    async fn coins_among(
        &self,
        owner: &Address,
        outputs: &[DepositKey],
    ) -> Result<Vec<Coin>, PortError> {
        let script = script_of(owner.as_str())?;
        let usual = self.spec.depth.usual();
        let votes = self.votes(|node| async {
            let mut coins = Vec::new();
            for (key, found) in self.outputs(node, &script, outputs).await? {
                let bound = if found.coinbase { MATURITY } else { 0 };
                if found.confirmations >= usual.max(bound) {
                    coins.push(Coin {
                        hash: key.hash.clone(),
                        index: key.index,
                        base: wire::satoshi(&found.value)?.into(),
                    });
                }
            }
            Ok(coins)
        });
        agree::same(&votes.await)
    }

    async fn fee(&self) -> Result<Amount, PortError> {
        let fee = form(&self.spec, self.rate().await?).fee_usual();
        let fee = fee.ok_or_else(|| self.odd("a fee beyond all numbers"))?;
        Ok(Amount::new(NETWORK.native(), fee))
    }

    async fn form(&self, _asset: Asset) -> Result<Option<Form>, PortError> {
        let form = form(&self.spec, self.rate().await?);
        Ok(Some(Form::Bitcoin(Box::new(form))))
    }

    async fn gas_price(&self) -> Result<Option<GasPrice>, PortError> {
        Ok(Some(GasPrice {
            block: self.rate().await?.into(),
            most: self.spec.fee_per_kvb_max.into(),
        }))
    }

    async fn unsigned(
        &self,
        owner: &Address,
        coins: &[Coin],
        to: &Address,
    ) -> Result<Option<Unsigned>, PortError> {
        self.unsigned_of(owner, coins, to).await.map(Some)
    }

    async fn broadcast(&self, signed_hex: &str) -> Result<(), PortError> {
        let votes = self.votes(|node| async {
            let door = node.ready(&self.spec).await.map_err(rpc::not_sent)?;
            rpc::tell::<Txid>(door, "sendrawtransaction", json!([signed_hex])).await
        });
        send::outcome(votes.await, &WORDS)
    }

    async fn arrivals(&self, height: u64) -> Result<Arrivals, PortError> {
        blocks::arrivals(self, height).await
    }

    async fn senders(&self, arrival: &Arrival) -> Result<Vec<Address>, PortError> {
        let hash = &arrival.deposit.key.hash;
        agree::same(&self.votes(|node| self.spent_by(node, hash)).await)
    }

    async fn spends(&self, hash: &str) -> Result<Vec<DepositKey>, PortError> {
        agree::same(&self.votes(|node| self.inputs_of(node, hash)).await)
    }

    /// What no node passes on is known before money is taken for it.
    async fn refuses(
        &self,
        _from: &Address,
        to: &Address,
        amount: Amount,
    ) -> Result<bool, PortError> {
        Ok(dust(to).is_none_or(|least| amount.base() < least))
    }

    async fn transfer(&self, hash: &str) -> Result<TransferStatus, PortError> {
        self.look(hash, None).await
    }

    async fn arrival(
        &self,
        recipient: &str,
        key: &DepositKey,
        amount: Amount,
    ) -> Result<TransferStatus, PortError> {
        let beyond = |_| PortError::give_up(PROVIDER, "more than there is");
        let question = Question {
            index: key.index,
            script: script_of(recipient)?,
            base: amount.base().try_into().map_err(beyond)?,
        };
        self.look(&key.hash, Some(question)).await
    }
}

impl BitcoinChain {
    /// Whom the coins belonged to that a transaction spent, each once.
    async fn spent_by(&self, node: &Node, hash: &str) -> Result<Vec<Address>, RpcError> {
        let unusable = |context: &str| RpcError::Unusable(context.to_owned());
        let found = node.transaction(&self.spec, hash).await?;
        let found =
            found.ok_or_else(|| unusable("the node does not know a transaction of its block"))?;
        let mut senders = Vec::new();
        for input in found.vin.iter().filter(|input| input.coinbase.is_none()) {
            let spent = input.prevout.as_ref();
            let spent =
                spent.ok_or_else(|| unusable("the node does not know what a transaction spent"))?;
            let script = ScriptBuf::from_hex(&spent.script_pub_key.hex);
            let script = script.map_err(|_| unusable("a script that is no hex"))?;
            senders.extend(address_of(&script));
        }
        senders.sort_unstable();
        senders.dedup();
        Ok(senders)
    }

    /// What a transaction spends, by one node: its hash says all of that.
    async fn inputs_of(&self, node: &Node, hash: &str) -> Result<Vec<DepositKey>, RpcError> {
        let transaction = self.whole(node, hash).await?;
        if transaction.is_coinbase() {
            return Ok(Vec::new());
        }
        let spent = transaction.input.iter().map(|input| input.previous_output);
        let key = |spent: OutPoint| DepositKey {
            hash: spent.txid.to_string(),
            index: spent.vout,
        };
        Ok(spent.map(key).collect())
    }

    /// What of these deposits is still there, by one node.
    async fn unspent_of(
        &self,
        node: &Node,
        script: &ScriptBuf,
        deposits: &[DepositKey],
    ) -> Result<u128, RpcError> {
        let mut sum = 0_u128;
        for (_, found) in self.outputs(node, script, deposits).await? {
            sum = sum.saturating_add(wire::satoshi(&found.value)?.into());
        }
        Ok(sum)
    }

    /// Those that are there, by one node.
    async fn outputs<'a>(
        &self,
        node: &Node,
        script: &ScriptBuf,
        keys: &'a [DepositKey],
    ) -> Result<Vec<(&'a DepositKey, wire::Free)>, RpcError> {
        let door = node.ready(&self.spec).await?;
        let mut there = Vec::new();
        for key in keys {
            let asked = json!([key.hash, key.index, false]);
            let found: Option<wire::Free> = ask(door, "gettxout", asked).await?;
            let found = found.filter(|found| found.script_pub_key.hex == script.to_hex_string());
            there.extend(found.map(|found| (key, found)));
        }
        Ok(there)
    }
}

/// By BIP-21. On a test's chain a wallet would send real coins.
fn link_on(kind: Kind, to: &Address, amount: Amount) -> Option<String> {
    let is_main = kind == Kind::Bitcoin;
    is_main.then(|| format!("bitcoin:{to}?amount={}", amount.to_decimal()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_wallet_is_opened_for_the_main_chain_only() {
        let to = "bc1qw508d6qejxtdg4y5r3zarvary0c5xw7kv8f3t4";
        let address = Address::parse(NETWORK, to).unwrap();
        let amount = Amount::new(NETWORK.native(), 200_000);
        let link = link_on(Kind::Bitcoin, &address, amount);
        assert_eq!(link, Some(format!("bitcoin:{to}?amount=0.002")));
        for kind in [Kind::Regtest, Kind::Testnet4, Kind::Signet] {
            assert_eq!(link_on(kind, &address, amount), None, "{kind}");
        }
    }
}
