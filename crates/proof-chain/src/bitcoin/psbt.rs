//! A transaction that a wallet of somebody else signs (BIP-174): whole coins of one address to another, and no change.

use super::{BitcoinChain, NETWORK, PROVIDER, node, script_of};
use crate::{agree, rpc::RpcError};
use bitcoin::{
    Amount as Sats, OutPoint, Psbt, Script, ScriptBuf, Sequence, Transaction, TxIn, TxOut, Txid,
    Witness,
    absolute::LockTime,
    psbt::Input,
    transaction::{InputWeightPrediction, Version, predict_weight},
};
use proof_core::{Address, money::Amount, transfer::bitcoin::dust};
use proof_port::{Coin, PortError, Unsigned};
use std::collections::BTreeMap;

/// What an input weighs once it is signed. A script hash does not say what it hides: three signatures of five keys
/// behind a witness, two of three without one. A larger script pays a lower rate, and its wallet may raise it.
fn signed(script: &Script) -> InputWeightPrediction {
    if script.is_p2wpkh() {
        InputWeightPrediction::P2WPKH_MAX
    } else if script.is_p2tr() {
        InputWeightPrediction::P2TR_KEY_NON_DEFAULT_SIGHASH
    } else if script.is_p2wsh() {
        InputWeightPrediction::new(0, [0, 72, 72, 72, 173])
    } else if script.is_p2sh() {
        InputWeightPrediction::new(255, [0_usize; 0])
    } else {
        InputWeightPrediction::P2PKH_COMPRESSED_MAX
    }
}

impl BitcoinChain {
    pub(super) async fn unsigned_of(
        &self,
        owner: &Address,
        coins: &[Coin],
        to: &Address,
    ) -> Result<Unsigned, PortError> {
        let (from, script) = (script_of(owner.as_str())?, script_of(to.as_str())?);
        let inputs = coins.iter().map(|_| signed(&from));
        let rate = u128::from(self.rate().await?);
        let fee = u128::from(predict_weight(inputs, [script.len()]).to_wu()) * rate;
        let fee = fee.div_ceil(4_000);
        let have: u128 = coins.iter().map(|coin| coin.base).sum();
        let left = have.checked_sub(fee);
        let left = left.filter(|left| dust(to).is_some_and(|least| *left >= least));
        let value = left.and_then(|left| u64::try_from(left).ok());
        let value = value.ok_or_else(|| {
            PortError::give_up(PROVIDER, format!("{have} satoshi are not worth {fee}"))
        })?;
        let made = self.before(coins).await?;
        let psbt = written(&from, (coins, &made), (script, value));
        let psbt = psbt.map_err(|context| self.odd(context))?;
        Ok(Unsigned {
            bytes: psbt.serialize(),
            fee: Amount::new(NETWORK.native(), fee),
        })
    }

    /// The transactions that made these coins: a wallet that signs reads there what they are worth.
    async fn before(&self, coins: &[Coin]) -> Result<BTreeMap<Txid, Transaction>, PortError> {
        let mut made = BTreeMap::new();
        for coin in coins {
            let votes = self.votes(|node| self.whole(node, &coin.hash)).await;
            let found: Transaction = agree::same(&votes)?;
            made.insert(found.compute_txid(), found);
        }
        Ok(made)
    }

    /// A transaction by one node: its hash says all of it.
    pub(super) async fn whole(
        &self,
        node: &node::Node,
        hash: &str,
    ) -> Result<Transaction, RpcError> {
        let unusable = |context: &str| RpcError::Unusable(context.to_owned());
        let found = node.transaction(&self.spec, hash).await?;
        let found = found.ok_or_else(|| unusable("the node does not know the transaction"))?;
        let transaction: Transaction = node::read(&found.hex)?;
        if transaction.compute_txid().to_string() != hash {
            let other = "the node gives another transaction than the one that was asked for";
            return Err(unusable(other));
        }
        Ok(transaction)
    }
}

fn written(
    from: &ScriptBuf,
    (coins, made): (&[Coin], &BTreeMap<Txid, Transaction>),
    (to, value): (ScriptBuf, u64),
) -> Result<Psbt, String> {
    let (mut spent, mut inputs) = (Vec::new(), Vec::new());
    for coin in coins {
        let txid: Txid = coin.hash.parse().map_err(|_| "a coin without a hash")?;
        let before = made.get(&txid);
        let index = usize::try_from(coin.index).map_err(|_| "a coin beyond all numbers")?;
        let output = before.and_then(|before| before.output.get(index));
        let is_it = |output: &&TxOut| {
            output.script_pubkey == *from && u128::from(output.value.to_sat()) == coin.base
        };
        let output = output.filter(is_it);
        let output = output.ok_or("a coin is not what the nodes said of it")?;
        spent.push(TxIn {
            previous_output: OutPoint::new(txid, coin.index),
            script_sig: ScriptBuf::new(),
            sequence: Sequence::ENABLE_RBF_NO_LOCKTIME,
            witness: Witness::new(),
        });
        inputs.push(Input {
            // Also where a witness would do: wallets in hardware ask for it, so that nobody lies to them about a fee.
            non_witness_utxo: before.cloned(),
            witness_utxo: from.is_witness_program().then(|| output.clone()),
            ..Input::default()
        });
    }
    let unsigned = Transaction {
        version: Version::TWO,
        lock_time: LockTime::ZERO,
        input: spent,
        output: vec![TxOut {
            value: Sats::from_sat(value),
            script_pubkey: to,
        }],
    };
    let mut psbt = Psbt::from_unsigned_tx(unsigned).map_err(|error| error.to_string())?;
    psbt.inputs = inputs;
    Ok(psbt)
}
