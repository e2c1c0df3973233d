//! The signed form of a transfer on TRON: a transaction in protocol buffers that moves TRX, or calls `transfer` of a token.

use crate::{
    keys::{Key, NotSigned},
    policy::{Refusal, check_token},
};
use proof_core::{Address, Asset, transfer::TronForm};
use proof_port::{Signed, UnsignedFrom, UnsignedTransfer};
use prost::Message;
use sha2::{Digest, Sha256};
use std::collections::BTreeMap;

/// What the signer knows itself about TRON. There is no chain id among it, since a transaction has none: the block that
/// it refers to binds it to a chain, and which blocks there are the signer cannot know.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct TronRules {
    pub contracts: BTreeMap<Asset, Address>,
    /// The most that one transfer may cost, in the native coin's base units.
    pub fee_max: u128,
}

/// Nodes refuse what could be taken for longer.
const LIFE_MS_MAX: u64 = 24 * 60 * 60 * 1_000;

/// `transfer(address,uint256)`.
const TRANSFER_SELECTOR: [u8; 4] = [0xa9, 0x05, 0x9c, 0xbb];
/// In front of an account's 20 bytes.
const PREFIX: u8 = 0x41;

#[derive(Clone, PartialEq, Message)]
struct Transaction {
    #[prost(message, optional, tag = "1")]
    raw_data: Option<Raw>,
    #[prost(bytes = "vec", repeated, tag = "2")]
    signature: Vec<Vec<u8>>,
}

#[derive(Clone, PartialEq, Message)]
struct Raw {
    #[prost(bytes = "vec", tag = "1")]
    ref_block_bytes: Vec<u8>,
    #[prost(bytes = "vec", tag = "4")]
    ref_block_hash: Vec<u8>,
    #[prost(int64, tag = "8")]
    expiration: i64,
    #[prost(message, repeated, tag = "11")]
    contract: Vec<Contract>,
    #[prost(int64, tag = "14")]
    timestamp: i64,
    #[prost(int64, tag = "18")]
    fee_limit: i64,
}

#[derive(Clone, PartialEq, Message)]
struct Contract {
    #[prost(enumeration = "Kind", tag = "1")]
    kind: i32,
    #[prost(message, optional, tag = "2")]
    parameter: Option<Any>,
}

/// `google.protobuf.Any`.
#[derive(Clone, PartialEq, Message)]
struct Any {
    #[prost(string, tag = "1")]
    type_url: String,
    #[prost(bytes = "vec", tag = "2")]
    value: Vec<u8>,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug, prost::Enumeration)]
#[repr(i32)]
enum Kind {
    Account = 0,
    Transfer = 1,
    Trigger = 31,
}

#[derive(Clone, PartialEq, Message)]
struct TransferContract {
    #[prost(bytes = "vec", tag = "1")]
    owner_address: Vec<u8>,
    #[prost(bytes = "vec", tag = "2")]
    to_address: Vec<u8>,
    #[prost(int64, tag = "3")]
    amount: i64,
}

#[derive(Clone, PartialEq, Message)]
struct TriggerSmartContract {
    #[prost(bytes = "vec", tag = "1")]
    owner_address: Vec<u8>,
    #[prost(bytes = "vec", tag = "2")]
    contract_address: Vec<u8>,
    #[prost(int64, tag = "3")]
    call_value: i64,
    #[prost(bytes = "vec", tag = "4")]
    data: Vec<u8>,
}

/// Contract, cost and time of a transfer are what they may be.
pub fn check(
    transfer: &UnsignedTransfer,
    form: &TronForm,
    rules: &TronRules,
) -> Result<(), Refusal> {
    check_token(transfer, form.token.as_ref(), &rules.contracts)?;
    let fee = transfer.fee.base();
    let pays_a_contract = form.fee_limit > 0;
    if form.fee_max() != Some(fee) || fee > rules.fee_max || pays_a_contract != form.token.is_some()
    {
        return Err(Refusal::WrongFee);
    }
    let UnsignedFrom::Nonce(made_ms) = transfer.from else {
        return Err(Refusal::WrongSource);
    };
    let life = form.expires_ms.checked_sub(made_ms);
    let lives = life.is_some_and(|life| life > 0 && life <= LIFE_MS_MAX);
    if !lives || reference(&form.ref_block).is_none() {
        return Err(Refusal::WrongTime);
    }
    Ok(())
}

/// Amounts that no TRON has cannot be written, whatever policy says.
pub fn sign(
    transfer: &UnsignedTransfer,
    form: &TronForm,
    key: &dyn Key,
) -> Result<Signed, NotSigned> {
    let raw = written(transfer, form).ok_or(NotSigned::Unwritable)?;
    let id = Sha256::digest(raw.encode_to_vec());
    let (signature, recovery) = key.sign(&id.into())?;
    let mut bytes = signature.to_bytes().to_vec();
    bytes.push(recovery.to_byte() + 27);
    let transaction = Transaction {
        raw_data: Some(raw),
        signature: vec![bytes],
    };
    Ok(Signed {
        hash: hex::encode(id),
        signed_hex: hex::encode(transaction.encode_to_vec()),
    })
}

fn written(transfer: &UnsignedTransfer, form: &TronForm) -> Option<Raw> {
    let UnsignedFrom::Nonce(made_ms) = transfer.from else {
        return None;
    };
    let (ref_block_bytes, ref_block_hash) = reference(&form.ref_block)?;
    let (owner_address, recipient) = (account(&transfer.sender)?, account(&transfer.recipient)?);
    let amount = transfer.amount.base();
    let (kind, name, value) = match &form.token {
        None => {
            let contract = TransferContract {
                owner_address,
                to_address: recipient,
                amount: amount.try_into().ok()?,
            };
            (Kind::Transfer, "TransferContract", contract.encode_to_vec())
        }
        Some(token) => {
            let recipient = recipient.get(1..)?;
            let words = [&[0; 12], recipient, &[0; 16], &amount.to_be_bytes()];
            let contract = TriggerSmartContract {
                owner_address,
                contract_address: account(token)?,
                call_value: 0,
                data: [TRANSFER_SELECTOR.as_slice(), &words.concat()].concat(),
            };
            let name = "TriggerSmartContract";
            (Kind::Trigger, name, contract.encode_to_vec())
        }
    };
    let parameter = Any {
        type_url: format!("type.googleapis.com/protocol.{name}"),
        value,
    };
    Some(Raw {
        ref_block_bytes,
        ref_block_hash,
        expiration: form.expires_ms.try_into().ok()?,
        contract: vec![Contract {
            kind: kind.into(),
            parameter: Some(parameter),
        }],
        timestamp: made_ms.try_into().ok()?,
        fee_limit: form.fee_limit.try_into().ok()?,
    })
}

/// A block's id begins with its number. The last two bytes of that and eight of the rest refer to it.
fn reference(block: &str) -> Option<(Vec<u8>, Vec<u8>)> {
    let id: [u8; 32] = hex::decode(block).ok()?.try_into().ok()?;
    Some((id[6..8].to_vec(), id[8..16].to_vec()))
}

fn account(address: &Address) -> Option<Vec<u8>> {
    let account = address.tron_account()?;
    Some([&[PREFIX], account.as_slice()].concat())
}
