//! The signed form of a transfer on an EVM chain: a transaction by EIP-1559 that moves the native coin, or calls
//! `transfer` of a token. Encoding and hashes are alloy's.

use crate::keys::{Key, NotSigned};
use alloy_consensus::{SignableTransaction, TxEip1559, transaction::RlpEcdsaEncodableTx};
use alloy_primitives::{Address as EvmAddress, Bytes, Signature, TxKind, U256};
use proof_core::{Address, transfer::EvmForm};
use proof_port::{Signed, UnsignedFrom, UnsignedTransfer};

/// `transfer(address,uint256)`.
const TRANSFER_SELECTOR: [u8; 4] = [0xa9, 0x05, 0x9c, 0xbb];

pub fn sign(
    transfer: &UnsignedTransfer,
    form: &EvmForm,
    key: &dyn Key,
) -> Result<Signed, NotSigned> {
    let transaction = written(transfer, form).ok_or(NotSigned::Unwritable)?;
    let (signature, recovery) = key.sign(&transaction.signature_hash().0)?;
    let signature = Signature::from_bytes_and_parity(&signature.to_bytes(), recovery.is_y_odd());
    let signed = transaction.into_signed(signature);
    let mut bytes = Vec::new();
    signed.tx().eip2718_encode(signed.signature(), &mut bytes);
    Ok(Signed {
        hash: signed.hash().to_string(),
        signed_hex: hex::encode(bytes),
    })
}

fn written(transfer: &UnsignedTransfer, form: &EvmForm) -> Option<TxEip1559> {
    let UnsignedFrom::Nonce(nonce) = transfer.from else {
        return None;
    };
    let recipient = address(&transfer.recipient)?;
    let amount = U256::from(transfer.amount.base());
    let (to, value, input) = match &form.token {
        None => (recipient, amount, Bytes::new()),
        Some(token) => {
            let words = [recipient.into_word().0, amount.to_be_bytes()].concat();
            let input = [TRANSFER_SELECTOR.as_slice(), &words].concat();
            (address(token)?, U256::ZERO, input.into())
        }
    };
    Some(TxEip1559 {
        chain_id: form.chain_id,
        nonce,
        gas_limit: form.gas_limit,
        max_fee_per_gas: form.fee_per_gas_max,
        max_priority_fee_per_gas: form.tip_per_gas_max,
        to: TxKind::Call(to),
        value,
        access_list: Default::default(),
        input,
    })
}

fn address(address: &Address) -> Option<EvmAddress> {
    address.as_str().parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloy_consensus::transaction::RlpEcdsaDecodableTx;
    use k256::ecdsa::SigningKey;
    use proof_core::{Asset, Network, money::Amount};

    fn transfer(token: Option<Address>) -> (UnsignedTransfer, EvmForm) {
        let form = EvmForm {
            chain_id: 31_337,
            gas_limit: 60_000,
            fee_per_gas_max: 2_000_000_000,
            tip_per_gas_max: 1_000_000_000,
            token,
        };
        let of_one = "0x7E5F4552091A69125d5DfCb7b8C2659029395Bdf";
        let sender = Address::parse(Network::Erc20, of_one).unwrap();
        let asset = if form.token.is_some() { "USDT" } else { "ETH" };
        let asset = Asset::find(asset, Network::Erc20).unwrap();
        let transfer = UnsignedTransfer {
            recipient: sender.clone(),
            sender,
            amount: Amount::new(asset, 5),
            from: UnsignedFrom::Nonce(9),
            fee: Amount::new(Network::Erc20.native(), 1),
            form: None,
        };
        (transfer, form)
    }

    #[test]
    fn a_signature_leads_back_to_its_key_and_is_the_same_again() {
        let mut secret = [0; 32];
        secret[31] = 1;
        let key = SigningKey::from_bytes(&secret.into()).unwrap();
        let token = Address::parse(Network::Erc20, "0xdAC17F958D2ee523a2206206994597C13D831ec7");
        for token in [None, Some(token.unwrap())] {
            let (transfer, form) = transfer(token.clone());
            let signed = sign(&transfer, &form, &key).unwrap();
            assert_eq!(sign(&transfer, &form, &key).unwrap(), signed);
            let bytes = hex::decode(&signed.signed_hex).unwrap();
            let hash = alloy_primitives::keccak256(&bytes).to_string();
            assert_eq!(signed.hash, hash);
            let read = TxEip1559::eip2718_decode(&mut bytes.as_slice()).unwrap();
            assert_eq!(*read.tx(), written(&transfer, &form).unwrap());
            let to = match token {
                None => transfer.recipient,
                Some(token) => token,
            };
            assert_eq!(read.tx().to, TxKind::Call(address(&to).unwrap()));
        }
    }
}
