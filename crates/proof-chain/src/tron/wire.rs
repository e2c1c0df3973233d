//! What TRON's nodes say over HTTP, as far as we listen. Bytes are hexadecimal without a prefix, addresses begin with
//! 41, and what is zero is often left out.

use crate::evm::wire as evm;
use alloy_primitives::{Address, B256, Bytes, U64, U128, U256, hex};
use serde::Deserialize;
use serde_json::Value;

/// Whatever moves coins in an ordinary way.
const TRANSFER: &str = "TransferContract";
const TRIGGER: &str = "TriggerSmartContract";
/// The only result with which anything moved.
const SUCCESS: &str = "SUCCESS";

/// With its transactions, or without.
#[derive(Clone, Deserialize)]
pub struct Block {
    #[serde(rename = "blockID")]
    pub id: B256,
    block_header: Header,
    #[serde(default)]
    pub transactions: Vec<Transaction>,
}

#[derive(Clone, Deserialize)]
struct Header {
    raw_data: HeaderData,
}

#[derive(Clone, Deserialize)]
struct HeaderData {
    #[serde(default)]
    number: u64,
    #[serde(default)]
    timestamp: u64,
    #[serde(rename = "parentHash")]
    parent: B256,
}

impl Block {
    pub const fn number(&self) -> u64 {
        self.block_header.raw_data.number
    }

    pub const fn parent(&self) -> B256 {
        self.block_header.raw_data.parent
    }

    pub const fn time_ms(&self) -> u64 {
        self.block_header.raw_data.timestamp
    }
}

#[derive(Clone, Deserialize)]
pub struct Transaction {
    #[serde(rename = "txID")]
    pub id: B256,
    #[serde(default)]
    ret: Vec<Outcome>,
    raw_data: Raw,
}

#[derive(Clone, Deserialize)]
struct Outcome {
    #[serde(rename = "contractRet")]
    contract_ret: Option<String>,
}

#[derive(Clone, Deserialize)]
struct Raw {
    contract: Vec<Contract>,
}

#[derive(Clone, Deserialize)]
struct Contract {
    #[serde(rename = "type")]
    kind: String,
    parameter: Parameter,
}

/// There are forty kinds of contracts, and other fields in each.
#[derive(Clone, Deserialize)]
struct Parameter {
    value: Value,
}

#[derive(Deserialize)]
struct Sent {
    owner_address: String,
    to_address: String,
    amount: u64,
}

#[derive(Deserialize)]
struct Called {
    owner_address: String,
    contract_address: String,
    #[serde(default)]
    call_value: u64,
    #[serde(default)]
    data: String,
}

impl Transaction {
    pub fn went_well(&self) -> bool {
        let first = self.ret.first();
        let said = first.and_then(|outcome| outcome.contract_ret.as_deref());
        said == Some(SUCCESS)
    }

    pub fn calls_a_contract(&self) -> bool {
        self.contract().is_some_and(|one| one.kind == TRIGGER)
    }

    /// A transaction has one contract.
    fn contract(&self) -> Option<&Contract> {
        match self.raw_data.contract.as_slice() {
            [one] => Some(one),
            _ => None,
        }
    }

    /// As a transaction of an EVM chain, if it is an ordinary transfer or a call.
    pub fn as_evm(&self) -> Option<evm::Transaction> {
        let contract = self.contract()?;
        let value = contract.parameter.value.clone();
        match contract.kind.as_str() {
            TRANSFER => {
                let sent: Sent = serde_json::from_value(value).ok()?;
                Some(evm::Transaction {
                    from: account(&sent.owner_address)?,
                    to: Some(account(&sent.to_address)?),
                    value: U256::from(sent.amount),
                    input: Bytes::new(),
                })
            }
            TRIGGER => {
                let called: Called = serde_json::from_value(value).ok()?;
                Some(evm::Transaction {
                    from: account(&called.owner_address)?,
                    to: Some(account(&called.contract_address)?),
                    value: U256::from(called.call_value),
                    input: hex::decode(&called.data).ok()?.into(),
                })
            }
            _ => None,
        }
    }
}

/// What became of a transaction in its block.
#[derive(Clone, Deserialize)]
pub struct Info {
    pub id: B256,
    /// All that was burnt, in base units of the native coin.
    #[serde(default)]
    pub fee: u64,
    #[serde(rename = "blockNumber", default)]
    pub block_number: u64,
    #[serde(default)]
    log: Vec<Log>,
}

#[derive(Clone, Deserialize)]
struct Log {
    #[serde(default)]
    address: String,
    #[serde(default)]
    topics: Vec<B256>,
    #[serde(default)]
    data: String,
}

impl Info {
    /// Its events as those of an EVM chain. Of tokens of ours none can be unreadable.
    pub fn events(&self, block: B256) -> Vec<evm::Log> {
        let logs = (0_u64..).zip(&self.log);
        let event = |(index, log): (u64, &Log)| {
            Some(evm::Log {
                address: event_address(&log.address)?,
                topics: log.topics.clone(),
                data: hex::decode(&log.data).ok()?.into(),
                block_number: U64::from(self.block_number),
                block_hash: block,
                transaction_hash: self.id,
                log_index: U64::from(index),
                removed: false,
            })
        };
        logs.filter_map(event).collect()
    }

    pub fn as_evm(&self, block: B256, went_well: bool) -> evm::Receipt {
        evm::Receipt {
            block_number: U64::from(self.block_number),
            block_hash: block,
            status: U64::from(u8::from(went_well)),
            gas_used: U128::from(self.fee),
            effective_gas_price: U128::from(1),
            logs: self.events(block),
        }
    }
}

/// The answer of a call that changes nothing.
#[derive(Deserialize)]
pub struct Tried {
    pub result: TriedResult,
    #[serde(default)]
    pub energy_used: u64,
    #[serde(default)]
    pub constant_result: Vec<String>,
    pub transaction: Option<TriedTransaction>,
}

#[derive(Deserialize)]
pub struct TriedResult {
    #[serde(default)]
    pub result: bool,
    pub code: Option<String>,
    pub message: Option<String>,
}

#[derive(Deserialize)]
pub struct TriedTransaction {
    #[serde(default)]
    pub ret: Vec<TriedOutcome>,
}

#[derive(Deserialize)]
pub struct TriedOutcome {
    pub ret: Option<String>,
}

impl Tried {
    /// The contract's code has said no.
    pub fn is_refused(&self) -> bool {
        let outcomes = self.transaction.iter().flat_map(|said| &said.ret);
        let mut outcomes = outcomes.filter_map(|outcome| outcome.ret.as_deref());
        outcomes.any(|said| said == "FAILED")
    }

    pub fn returned(&self) -> Option<Vec<u8>> {
        let first = self.constant_result.first().map_or("", String::as_str);
        hex::decode(first).ok()
    }
}

/// What became of signed bytes.
#[derive(Deserialize)]
pub struct Taken {
    #[serde(default)]
    pub result: bool,
    pub code: Option<String>,
    pub message: Option<String>,
}

/// Nodes write their words in hexadecimal, mostly.
pub fn plain(message: Option<&str>) -> String {
    let said = message.unwrap_or_default();
    let decoded = hex::decode(said).ok();
    let text = decoded.and_then(|bytes| String::from_utf8(bytes).ok());
    text.unwrap_or_else(|| said.to_owned())
}

#[derive(Deserialize)]
pub struct Account {
    #[serde(default)]
    pub balance: u64,
}

#[derive(Deserialize)]
pub struct Parameters {
    #[serde(rename = "chainParameter")]
    pub all: Vec<ChainParameter>,
}

#[derive(Deserialize)]
pub struct ChainParameter {
    pub key: String,
    /// Left out where it is zero; some are below.
    #[serde(default)]
    pub value: i64,
}

/// 21 bytes that begin with 41.
pub fn account(text: &str) -> Option<Address> {
    let bytes = hex::decode(text).ok()?;
    let account = bytes.strip_prefix(&[0x41])?;
    (account.len() == 20).then(|| Address::from_slice(account))
}

/// In events the prefix is left out.
fn event_address(text: &str) -> Option<Address> {
    let bytes = hex::decode(text).ok()?;
    (bytes.len() == 20).then(|| Address::from_slice(&bytes))
}

/// How nodes want an address.
pub fn spelt(account: Address) -> String {
    format!("41{}", hex::encode(account))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    const HASH: &str = "00000000000000001ebf88508a03865c71d452e25f4d51194196a1d22b6653dc";

    #[test]
    fn what_is_zero_may_be_missing_and_other_contracts_are_no_trouble() {
        let block = json!({
            "blockID": HASH,
            "block_header": { "raw_data": { "parentHash": HASH, "txTrieRoot": HASH } },
            "transactions": [
                { "txID": HASH, "ret": [{}], "raw_data": { "contract": [
                    { "type": "VoteWitnessContract", "parameter": { "value": { "votes": [{}], "amount": "x" } } }] } },
                { "txID": HASH, "ret": [{ "contractRet": "SUCCESS" }], "raw_data": { "contract": [
                    { "type": "TransferContract", "parameter": { "value": {
                        "owner_address": "417e5f4552091a69125d5dfcb7b8c2659029395bdf",
                        "to_address": "417e5f4552091a69125d5dfcb7b8c2659029395bdf", "amount": 5 } } }] } },
            ],
        });
        let block: Block = serde_json::from_value(block).unwrap();
        assert_eq!((block.number(), block.time_ms()), (0, 0));
        let [vote, sent] = block.transactions.as_slice() else {
            panic!("two transactions");
        };
        assert!(vote.as_evm().is_none() && !vote.went_well());
        let sent_as = sent.as_evm().unwrap();
        assert!(sent.went_well() && !sent.calls_a_contract());
        assert_eq!(
            spelt(sent_as.from),
            "417e5f4552091a69125d5dfcb7b8c2659029395bdf"
        );
        assert_eq!(sent_as.value, U256::from(5));
        let info: Info = serde_json::from_value(json!({ "id": HASH })).unwrap();
        assert!(info.events(block.id).is_empty() && info.fee == 0);
    }

    #[test]
    fn nodes_spell_their_words_in_either_way() {
        assert_eq!(plain(Some("5265766572746564")), "Reverted");
        assert_eq!(plain(Some("no such thing")), "no such thing");
        assert_eq!(plain(None), "");
    }

    #[test]
    fn addresses_have_their_prefix_or_are_none() {
        let good = "417e5f4552091a69125d5dfcb7b8c2659029395bdf";
        assert_eq!(spelt(account(good).unwrap()), good);
        for bad in [&good[2..], &good[..40], "", "xx"] {
            assert_eq!(account(bad), None);
        }
    }
}
