//! TRON's transactions as a node reads them: protocol buffers, taken apart by hand.

use alloy_primitives::{Address, U256};
use sha2::{Digest, Sha256};

pub struct Transaction {
    pub id: String,
    pub hash: [u8; 32],
    pub signature: Vec<u8>,
    pub ref_block_bytes: Vec<u8>,
    pub ref_block_hash: Vec<u8>,
    pub expires_ms: u64,
    pub made_ms: u64,
    pub fee_limit: u64,
    pub owner: Address,
    pub to: Address,
    pub value: U256,
    /// Of a call; a transfer of coins has none.
    pub data: Option<Vec<u8>>,
}

enum Field<'a> {
    Number(u64),
    Bytes(&'a [u8]),
}

fn varint(bytes: &mut &[u8]) -> Option<u64> {
    let mut value = 0;
    for shift in (0..64).step_by(7) {
        let (byte, rest) = bytes.split_first()?;
        *bytes = rest;
        value |= u64::from(byte & 0x7f) << shift;
        if byte & 0x80 == 0 {
            return Some(value);
        }
    }
    None
}

fn fields(mut bytes: &[u8]) -> Option<Vec<(u64, Field<'_>)>> {
    let mut fields = Vec::new();
    while !bytes.is_empty() {
        let tag = varint(&mut bytes)?;
        let field = match tag & 7 {
            0 => Field::Number(varint(&mut bytes)?),
            2 => {
                let length = usize::try_from(varint(&mut bytes)?).ok()?;
                let (inside, rest) = bytes.split_at_checked(length)?;
                bytes = rest;
                Field::Bytes(inside)
            }
            _ => return None,
        };
        fields.push((tag >> 3, field));
    }
    Some(fields)
}

struct Message<'a>(Vec<(u64, Field<'a>)>);

impl<'a> Message<'a> {
    fn read(bytes: &'a [u8]) -> Option<Self> {
        fields(bytes).map(Self)
    }

    fn number(&self, number: u64) -> u64 {
        let mut all = self.0.iter();
        all.find_map(|(n, field)| match field {
            Field::Number(value) if *n == number => Some(*value),
            _ => None,
        })
        .unwrap_or(0)
    }

    fn bytes(&self, number: u64) -> Option<&'a [u8]> {
        let mut all = self.0.iter();
        all.find_map(|(n, field)| match field {
            Field::Bytes(value) if *n == number => Some(*value),
            _ => None,
        })
    }
}

fn account(bytes: &[u8]) -> Option<Address> {
    let account = bytes.strip_prefix(&[0x41])?;
    (account.len() == 20).then(|| Address::from_slice(account))
}

/// `None`: a node would not know what to make of it.
pub fn read(signed: &[u8]) -> Option<Transaction> {
    let transaction = Message::read(signed)?;
    let raw_bytes = transaction.bytes(1)?;
    let hash: [u8; 32] = Sha256::digest(raw_bytes).into();
    let raw = Message::read(raw_bytes)?;
    let contract = Message::read(raw.bytes(11)?)?;
    let parameter = Message::read(contract.bytes(2)?)?;
    let name = str::from_utf8(parameter.bytes(1)?).ok()?;
    let value = Message::read(parameter.bytes(2)?)?;
    let kind = name.strip_prefix("type.googleapis.com/protocol.")?;
    let (to, moved, data) = match (contract.number(1), kind) {
        (1, "TransferContract") => (account(value.bytes(2)?)?, value.number(3), None),
        (31, "TriggerSmartContract") => {
            let data = value.bytes(4).unwrap_or_default().to_vec();
            (account(value.bytes(2)?)?, value.number(3), Some(data))
        }
        _ => return None,
    };
    Some(Transaction {
        id: hex::encode(hash),
        hash,
        signature: transaction.bytes(2)?.to_vec(),
        ref_block_bytes: raw.bytes(1)?.to_vec(),
        ref_block_hash: raw.bytes(4)?.to_vec(),
        expires_ms: raw.number(8),
        made_ms: raw.number(14),
        fee_limit: raw.number(18),
        owner: account(value.bytes(1)?)?,
        to,
        value: U256::from(moved),
        data,
    })
}
