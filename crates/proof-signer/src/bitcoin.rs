//! The signed form of a transfer on Bitcoin: coins of our P2WPKH wallet, the recipient's output, and what goes back; or
//! coins of deposit addresses, and our own output.
//! Encoding and what is signed of it are rust-bitcoin's.

use crate::{
    keys::{Key, NotSigned},
    policy::Refusal,
};
use bitcoin::{
    Address as Script, Amount as Satoshi, CompressedPublicKey, Network as Chain, OutPoint,
    ScriptBuf, Sequence, Transaction, TxIn, TxOut, Txid, Witness,
    absolute::LockTime,
    consensus::encode::serialize_hex,
    hashes::Hash,
    sighash::{EcdsaSighashType, SighashCache},
    transaction::Version,
};
use proof_core::{
    Address,
    transfer::{
        BitcoinForm,
        bitcoin::{dust, dust_of_change},
    },
};
use proof_port::{Coin, Signed, UnsignedFrom, UnsignedTransfer};

/// What the signer knows itself about Bitcoin, whatever it is asked for.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct BitcoinRules {
    pub chain_id: u64,
    /// The most that one transfer may cost, in satoshi.
    pub fee_max: u128,
}

/// A signature holds for the stated value of its own coin alone. Coins and their values are the same in all that is
/// signed for an intent, and a coin is never another intent's, so that no two signatures with different lies about
/// values can be put together.
pub fn check(
    transfer: &UnsignedTransfer,
    form: &BitcoinForm,
    rules: BitcoinRules,
) -> Result<(), Refusal> {
    if form.chain_id != rules.chain_id {
        return Err(Refusal::WrongChain);
    }
    // Spelt in another way, a coin would be another one to whoever remembers what is spent.
    let is_spelt = |coin: &Coin| {
        let txid: Option<Txid> = coin.hash.parse().ok();
        txid.is_some_and(|txid| txid.to_string() == coin.hash)
    };
    if !transfer.from.coins().all(is_spelt) {
        return Err(Refusal::WrongCoins);
    }
    let amount = transfer.amount.base();
    if dust(&transfer.recipient).is_none_or(|least| amount < least) {
        return Err(Refusal::Dust);
    }
    let fee = transfer.fee.base();
    let stated = match &transfer.from {
        UnsignedFrom::Nonce(_) => return Err(Refusal::WrongSource),
        UnsignedFrom::Coins(coins) => form.fee(coins, &transfer.recipient, amount) == Some(fee),
        // Whoever asks: what costs more than it brings is no sweep.
        UnsignedFrom::Deposits(deposits) => {
            form.fee_sweep(deposits.len()) == Some(fee) && fee <= amount
        }
    };
    if !stated || fee > rules.fee_max {
        return Err(Refusal::WrongFee);
    }
    Ok(())
}

/// Whether nodes would take the second in the place of the first, which is the same but for its fee.
pub fn is_more(before: (&BitcoinForm, u128), now: (&BitcoinForm, u128)) -> bool {
    let (rate, fee) = (u128::from(before.0.fee_per_kvb), before.1);
    let enough = rate.saturating_add(rate.div_ceil(10));
    u128::from(now.0.fee_per_kvb) >= enough && now.1 > fee
}

/// With one key for each coin, or one for all of them.
pub fn sign(transfer: &UnsignedTransfer, keys: &[&dyn Key]) -> Result<Signed, NotSigned> {
    let (mut transaction, hashes) = hashed(transfer, keys).ok_or(NotSigned::Unwritable)?;
    for (input, (hash, key)) in transaction.input.iter_mut().zip(hashes) {
        let (signature, _) = key.sign(&hash)?;
        let mut der = signature.to_der().as_bytes().to_vec();
        der.push(0x01);
        let public = key.public().to_encoded_point(true);
        input.witness = Witness::from_slice(&[der.as_slice(), public.as_bytes()]);
    }
    Ok(Signed {
        hash: transaction.compute_txid().to_string(),
        signed_hex: serialize_hex(&transaction),
    })
}

/// What each input's key signs.
type Hashes<'a> = Vec<([u8; 32], &'a dyn Key)>;

fn hashed<'a>(
    transfer: &UnsignedTransfer,
    keys: &[&'a dyn Key],
) -> Option<(Transaction, Hashes<'a>)> {
    let coins: Vec<&Coin> = transfer.from.coins().collect();
    let transaction = written(transfer, &coins)?;
    let mut hashes = Vec::with_capacity(coins.len());
    let mut cache = SighashCache::new(&transaction);
    for (input, coin) in coins.iter().enumerate() {
        let key = match keys {
            [key] => *key,
            keys if keys.len() == coins.len() => *keys.get(input)?,
            _ => return None,
        };
        let public = key.public().to_encoded_point(true);
        let owner = CompressedPublicKey::from_slice(public.as_bytes()).ok()?;
        let own = ScriptBuf::new_p2wpkh(&owner.wpubkey_hash());
        let value = satoshi(coin.base)?;
        let hash = cache.p2wpkh_signature_hash(input, &own, value, EcdsaSighashType::All);
        hashes.push((hash.ok()?.to_byte_array(), key));
    }
    Some((transaction, hashes))
}

fn written(transfer: &UnsignedTransfer, coins: &[&Coin]) -> Option<Transaction> {
    let mut left: u128 = 0;
    let mut input = Vec::with_capacity(coins.len());
    for coin in coins {
        left = left.checked_add(coin.base)?;
        let txid: Txid = coin.hash.parse().ok()?;
        input.push(TxIn {
            previous_output: OutPoint::new(txid, coin.index),
            script_sig: ScriptBuf::new(),
            // It may be replaced (BIP-125).
            sequence: Sequence::ENABLE_RBF_NO_LOCKTIME,
            witness: Witness::new(),
        });
    }
    let amount = transfer.amount.base();
    left = left.checked_sub(amount)?.checked_sub(transfer.fee.base())?;
    let mut output = vec![output(&transfer.recipient, amount)?];
    if left > 0 {
        let has_change = matches!(transfer.from, UnsignedFrom::Coins(_));
        if left < dust_of_change() || !has_change {
            return None;
        }
        output.push(self::output(&transfer.sender, left)?);
    }
    Some(Transaction {
        version: Version::TWO,
        lock_time: LockTime::ZERO,
        input,
        output,
    })
}

fn output(to: &Address, base: u128) -> Option<TxOut> {
    Some(TxOut {
        value: satoshi(base)?,
        script_pubkey: script(to)?,
    })
}

/// No more than there can be.
fn satoshi(base: u128) -> Option<Satoshi> {
    let value = Satoshi::from_sat(u64::try_from(base).ok()?);
    (value <= Satoshi::MAX_MONEY).then_some(value)
}

/// A script says no chain: addresses are written as on the main one everywhere.
fn script(address: &Address) -> Option<ScriptBuf> {
    let parsed: Script<_> = address.as_str().parse().ok()?;
    let checked = parsed.require_network(Chain::Bitcoin).ok()?;
    Some(checked.script_pubkey())
}

#[cfg(test)]
mod tests {
    use super::*;
    use bitcoin::consensus::encode::deserialize_hex;
    use k256::ecdsa::{Signature, SigningKey, VerifyingKey, signature::hazmat::PrehashVerifier};
    use proof_core::{Network, money::Amount};

    const FRIENDS: [&str; 5] = [
        "bc1qw508d6qejxtdg4y5r3zarvary0c5xw7kv8f3t4",
        "1BvBMSEYstWetqTFn5Au4m4GFg7xJaNVN2",
        "3J98t1WpEZ73CNmQviecrnyiWrnqRhWNLy",
        "bc1qwqdg6squsna38e46795at95yu9atm8azzmyvckulcc7kytlcckxswvvzej",
        "bc1p0xlxvlhemja6c4dqv22uapctqupfhlxm9h8z3k2e72q4k9hcz7vqzk5jj0",
    ];

    fn key() -> SigningKey {
        SigningKey::from_bytes(&[1; 32].into()).unwrap()
    }

    fn transfer(to: &str, bases: &[u128]) -> (UnsignedTransfer, BitcoinForm) {
        let btc = Network::Bitcoin.native();
        let uncompressed = key().verifying_key().to_encoded_point(false);
        let uncompressed = uncompressed.as_bytes().try_into().unwrap();
        let recipient = Address::parse(Network::Bitcoin, to).unwrap();
        let coins: Vec<Coin> = (0..)
            .zip(bases)
            .map(|(index, base)| Coin {
                hash: "ab".repeat(32),
                index,
                base: *base,
            })
            .collect();
        let form = BitcoinForm {
            chain_id: 7,
            fee_per_kvb: 5_000,
        };
        let fee = form.fee(&coins, &recipient, 10_000).unwrap();
        let transfer = UnsignedTransfer {
            sender: Address::from_public_key(Network::Bitcoin, uncompressed).unwrap(),
            recipient,
            amount: Amount::new(btc, 10_000),
            from: UnsignedFrom::Coins(coins),
            fee: Amount::new(btc, fee),
            form: None,
        };
        (transfer, form)
    }

    #[test]
    fn each_coin_is_signed_for_its_value_and_the_size_is_what_the_fee_was_paid_for() {
        for to in FRIENDS {
            for bases in [&[900_000][..], &[5_000, 30_000, 7], &[11_150]] {
                let (transfer, form) = transfer(to, bases);
                let signed = sign(&transfer, &[&key()]).unwrap();
                assert_eq!(sign(&transfer, &[&key()]).unwrap(), signed);
                let read: Transaction = deserialize_hex(&signed.signed_hex).unwrap();
                assert_eq!(read.compute_txid().to_string(), signed.hash);
                assert!(read.is_explicitly_rbf());
                assert_eq!(
                    read.output[0].script_pubkey,
                    script(&transfer.recipient).unwrap()
                );
                let paid: u64 = read.output.iter().map(|one| one.value.to_sat()).sum();
                let have: u128 = bases.iter().sum();
                assert_eq!(u128::from(paid), have - transfer.fee.base());
                if let Some(change) = read.output.get(1) {
                    assert_eq!(change.script_pubkey, script(&transfer.sender).unwrap());
                    // A signature is up to two bytes shorter than the longest.
                    let weight = u128::from(read.weight().to_wu());
                    let paid_for = transfer.fee.base() * 4_000 / u128::from(form.fee_per_kvb);
                    let spare = paid_for - weight;
                    assert!(spare <= 12 + 3 * bases.len() as u128, "{to}: {spare}");
                }
                let mut cache = SighashCache::new(&read);
                let own = script(&transfer.sender).unwrap();
                for (n, base) in bases.iter().enumerate() {
                    let value = satoshi(*base).unwrap();
                    let hash = cache.p2wpkh_signature_hash(n, &own, value, EcdsaSighashType::All);
                    let mut witness = read.input[n].witness.iter();
                    let (der, all) = witness
                        .next()
                        .unwrap()
                        .split_at_checked(witness_len(&read, n) - 1)
                        .unwrap();
                    assert_eq!(all, [0x01]);
                    let key = VerifyingKey::from_sec1_bytes(witness.next().unwrap()).unwrap();
                    let signature = Signature::from_der(der).unwrap();
                    key.verify_prehash(hash.unwrap().as_ref(), &signature)
                        .unwrap();
                }
            }
        }
    }

    fn witness_len(transaction: &Transaction, input: usize) -> usize {
        transaction.input[input].witness.nth(0).unwrap().len()
    }

    #[test]
    fn what_is_not_by_the_rules_is_refused() {
        let rules = BitcoinRules {
            chain_id: 7,
            fee_max: 800,
        };
        let (good, form) = transfer(FRIENDS[0], &[900_000]);
        assert_eq!(check(&good, &form, rules), Ok(()));
        let refused = |change: &dyn Fn(&mut UnsignedTransfer, &mut BitcoinForm)| {
            let (mut transfer, mut form) = transfer(FRIENDS[0], &[900_000]);
            change(&mut transfer, &mut form);
            check(&transfer, &form, rules).unwrap_err()
        };
        let btc = Network::Bitcoin.native();
        assert_eq!(refused(&|_, form| form.chain_id = 8), Refusal::WrongChain);
        assert_eq!(
            refused(&|t, _| t.amount = Amount::new(btc, 293)),
            Refusal::Dust
        );
        assert_eq!(
            refused(&|t, _| t.fee = Amount::new(btc, t.fee.base() + 1)),
            Refusal::WrongFee
        );
        assert_eq!(
            refused(&|t, _| t.from = UnsignedFrom::Nonce(1)),
            Refusal::WrongSource
        );
        let dear = |t: &mut UnsignedTransfer, form: &mut BitcoinForm| {
            let UnsignedFrom::Coins(coins) = &t.from else {
                panic!()
            };
            form.fee_per_kvb = 5_700;
            t.fee = Amount::new(btc, form.fee(coins, &t.recipient, 10_000).unwrap());
        };
        assert_eq!(refused(&dear), Refusal::WrongFee, "above the cap");
    }

    #[test]
    fn a_replacement_offers_a_tenth_more_and_pays_more() {
        let form = |fee_per_kvb| BitcoinForm {
            chain_id: 7,
            fee_per_kvb,
        };
        let more = |rate, fee| is_more((&form(1_000), 150), (&form(rate), fee));
        assert!(more(1_100, 151));
        assert!(!more(1_099, 151));
        assert!(!more(1_100, 150));
    }
}
