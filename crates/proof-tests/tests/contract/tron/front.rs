//! A node in TRON's shape, whose contracts and coins are those of an anvil behind it: one unit of gas is one of energy, one
//! wei is one sun. It shows our reading of TRON, not TRON.

use super::bytes::{self, Transaction};
use crate::{
    evm::anvil::{Anvil, number},
    npm::Judge,
};
use alloy_primitives::{Address, U256, keccak256};
use axum::{
    Router,
    body::{Body, Bytes},
    extract::{Path, State},
    response::Response,
    routing::post,
};
use futures::stream;
use k256::ecdsa::{RecoveryId, Signature, VerifyingKey};
use proof_core::address::tron_spelt;
use serde_json::{Value, json};
use std::{
    collections::BTreeMap,
    io,
    sync::{
        Arc, Mutex,
        atomic::{AtomicU64, Ordering},
    },
};
use tokio::{net::TcpListener, task::JoinHandle};

/// What contracts read as this chain's id is anvil's.
pub const GENESIS: &str = "0000000000000000000000000000000000000000000000000000000000007a69";
/// Of a unit of energy at the beginning, in sun.
const ENERGY: u64 = 10;
/// With 21,000 units of gas this is what an account and room in a block burn.
const ACCOUNT: u64 = 60;
const DAY_MS: u64 = 24 * 60 * 60 * 1_000;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Vice {
    None,
    /// It says that it is so many blocks ahead, and makes them up.
    Ahead(u64),
    /// It shows the chain as it was so many blocks ago.
    Behind(u64),
    /// It takes a transaction, and the connection breaks before it says so.
    TakesAndBreaks,
    /// It says that it took a transaction, and did not.
    Swallows,
    /// Each answer is a page of HTML.
    Html,
    /// It knows no transaction.
    Forgets,
    /// It tells of no event.
    LeavesOut,
}

/// What several nodes of the same chain share.
pub struct Chain {
    pub anvil: Arc<Anvil>,
    /// Anvil's transactions by TRON's.
    known: Mutex<BTreeMap<String, String>>,
    /// Blocks until one is final.
    pub lag: AtomicU64,
    /// What a unit of energy costs, in sun.
    pub energy: AtomicU64,
    /// Transactions are taken one after another.
    turn: tokio::sync::Mutex<()>,
    /// npm's tronweb, which reads each of them, too.
    judge: Judge,
}

pub struct Front {
    pub url: String,
    vice: Arc<Mutex<Vice>>,
    server: JoinHandle<()>,
}

impl Drop for Front {
    fn drop(&mut self) {
        self.server.abort();
    }
}

#[derive(Clone)]
struct Node {
    chain: Arc<Chain>,
    vice: Arc<Mutex<Vice>>,
}

impl Chain {
    /// `None` where somebody turned this network off by name: `PROOF_WITHOUT=tron`.
    pub async fn start() -> Option<Arc<Self>> {
        let cheap = ["--base-fee", "7"];
        let anvil = Anvil::start_as("tron", &cheap).await?;
        Some(Arc::new(Self {
            anvil: Arc::new(anvil),
            known: Mutex::default(),
            lag: AtomicU64::new(3),
            energy: AtomicU64::new(ENERGY),
            turn: tokio::sync::Mutex::default(),
            judge: Judge::start("tron/check.mjs"),
        }))
    }

    async fn call(&self, method: &str, params: Value) -> Value {
        self.anvil.call(method, params).await
    }

    fn hash_of(&self, id: &str) -> String {
        let known = self.known.lock().unwrap().get(id).cloned();
        known.unwrap_or_else(|| format!("0x{id}"))
    }

    fn id_of(&self, hash: &str) -> String {
        let known = self.known.lock().unwrap();
        let mut all = known.iter();
        let found = all.find_map(|(id, known)| (known == hash).then(|| id.clone()));
        found.unwrap_or_else(|| hash.trim_start_matches("0x").to_owned())
    }

    async fn balance(&self, of: Address) -> U256 {
        let said = self.call("eth_getBalance", json!([of, "latest"])).await;
        said.as_str().unwrap().parse().unwrap()
    }

    async fn has_code(&self, at: Address) -> bool {
        let code = self.call("eth_getCode", json!([at, "latest"])).await;
        code != "0x"
    }
}

/// What was read, for another reader.
fn told(read: &Transaction, signed_hex: &str) -> Value {
    let prefixed = |of: Address| format!("41{}", hex::encode(of));
    let spelt = |of: Address| tron_spelt(&of.into_array());
    let mut case = json!({
        "hash": read.id, "signed_hex": signed_hex,
        "owner": spelt(read.owner), "owner_address": prefixed(read.owner), "to": spelt(read.to),
        "ref_block_bytes": hex::encode(&read.ref_block_bytes), "ref_block_hash": hex::encode(&read.ref_block_hash),
        "expiration": read.expires_ms, "timestamp": read.made_ms, "fee_limit": read.fee_limit,
    });
    match &read.data {
        Some(data) => {
            case["contract_address"] = json!(prefixed(read.to));
            case["data"] = json!(hex::encode(data));
        }
        None => {
            case["to_address"] = json!(prefixed(read.to));
            case["amount"] = json!(u64::try_from(read.value).unwrap());
        }
    }
    case
}

fn block_id(number: u64, hash: &str) -> String {
    if number == 0 {
        return GENESIS.to_owned();
    }
    format!("{number:016x}{}", &hash[18..])
}

fn sun(text: &Value) -> u64 {
    let said: U256 = text.as_str().unwrap().parse().unwrap();
    said.try_into().unwrap()
}

fn plain(text: &Value) -> String {
    text.as_str().unwrap().trim_start_matches("0x").to_owned()
}

fn with_prefix(text: &Value) -> String {
    format!("41{}", plain(text))
}

fn account(text: &Value) -> Address {
    let bytes = hex::decode(text.as_str().unwrap()).unwrap();
    Address::from_slice(bytes.strip_prefix(&[0x41]).unwrap())
}

fn no(code: &str, message: &str) -> Value {
    json!({ "code": code, "message": hex::encode(message), "txid": "" })
}

impl Front {
    pub async fn start(chain: &Arc<Chain>) -> Self {
        let vice = Arc::new(Mutex::new(Vice::None));
        let node = Node {
            chain: Arc::clone(chain),
            vice: Arc::clone(&vice),
        };
        let router = Router::new()
            .route("/{view}/{question}", post(answer))
            .with_state(node);
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let server = tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
        Self { url, vice, server }
    }

    pub fn is(&self, vice: Vice) {
        *self.vice.lock().unwrap() = vice;
    }
}

impl Node {
    /// Its newest block's number, and what it adds to each one's.
    async fn tip(&self, vice: Vice, view: &str) -> (u64, u64) {
        let height = self.chain.anvil.height().await;
        let (tip, shift) = match vice {
            Vice::Ahead(blocks) => (height + blocks, blocks),
            Vice::Behind(blocks) => (height.saturating_sub(blocks), 0),
            _ => (height, 0),
        };
        let lag = self.chain.lag.load(Ordering::Relaxed);
        let lag = if view == "walletsolidity" { lag } else { 0 };
        (tip.saturating_sub(lag), shift)
    }

    async fn block(&self, vice: Vice, view: &str, wanted: Option<u64>, detail: bool) -> Value {
        let (tip, shift) = self.tip(vice, view).await;
        let wanted = wanted.unwrap_or(tip);
        if wanted > tip {
            return json!({});
        }
        // The liar makes up its newest ones out of older ones.
        let there = if wanted + shift > tip {
            wanted - shift.min(wanted)
        } else {
            wanted
        };
        let asked = json!([format!("{there:#x}"), detail]);
        let block = self.chain.call("eth_getBlockByNumber", asked).await;
        let hash = block["hash"].as_str().unwrap();
        let parent = block_id(
            wanted.saturating_sub(1),
            block["parentHash"].as_str().unwrap(),
        );
        let mut transactions = Vec::new();
        if detail {
            for transaction in block["transactions"].as_array().unwrap() {
                let receipt = self.receipt(transaction["hash"].as_str().unwrap()).await;
                transactions.push(self.transaction(transaction, &receipt));
            }
        }
        json!({
            "blockID": block_id(wanted, hash),
            "block_header": { "raw_data": {
                "number": wanted, "timestamp": number(&block["timestamp"]) * 1_000, "parentHash": parent } },
            "transactions": transactions,
        })
    }

    async fn receipt(&self, hash: &str) -> Value {
        self.chain
            .call("eth_getTransactionReceipt", json!([hash]))
            .await
    }

    fn transaction(&self, said: &Value, receipt: &Value) -> Value {
        let owner = with_prefix(&said["from"]);
        let to = said["to"]
            .as_str()
            .map_or_else(String::new, |_| with_prefix(&said["to"]));
        let contract = if said["input"] == "0x" {
            json!({ "type": "TransferContract", "parameter": {
                "type_url": "type.googleapis.com/protocol.TransferContract",
                "value": { "owner_address": owner, "to_address": to, "amount": sun(&said["value"]) } } })
        } else {
            json!({ "type": "TriggerSmartContract", "parameter": {
                "type_url": "type.googleapis.com/protocol.TriggerSmartContract",
                "value": { "owner_address": owner, "contract_address": to, "data": plain(&said["input"]) } } })
        };
        let outcome = match (&receipt["status"], receipt["gasUsed"] == said["gas"]) {
            (status, _) if status == "0x1" => "SUCCESS",
            (_, true) => "OUT_OF_ENERGY",
            (_, false) => "REVERT",
        };
        json!({
            "txID": self.chain.id_of(said["hash"].as_str().unwrap()),
            "ret": [{ "contractRet": outcome }],
            "raw_data": { "contract": [contract] },
        })
    }

    fn info(&self, receipt: &Value, tells: bool) -> Value {
        let fee = sun(&receipt["gasUsed"]) * sun(&receipt["effectiveGasPrice"]);
        let logs = receipt["logs"].as_array().unwrap().iter();
        let logs = logs.map(|log| {
            let topics: Vec<String> = log["topics"].as_array().unwrap().iter().map(plain).collect();
            json!({ "address": plain(&log["address"]), "topics": topics, "data": plain(&log["data"]) })
        });
        let mut info = json!({
            "id": self.chain.id_of(receipt["transactionHash"].as_str().unwrap()),
            "fee": fee,
            "blockNumber": number(&receipt["blockNumber"]),
            "log": if tells { logs.collect() } else { Vec::new() },
        });
        if receipt["status"] != "0x1" {
            info["result"] = json!("FAILED");
        }
        info
    }

    /// A transaction of a block of this view, and its receipt.
    async fn found(&self, vice: Vice, view: &str, body: &Value) -> Option<(Value, Value)> {
        let hash = self.chain.hash_of(body["value"].as_str().unwrap());
        let said = self
            .chain
            .call("eth_getTransactionByHash", json!([hash]))
            .await;
        let receipt = self.receipt(&hash).await;
        let (tip, _) = self.tip(vice, view).await;
        let there = said["blockNumber"].is_string() && receipt.is_object();
        let there = there && number(&said["blockNumber"]) <= tip && vice != Vice::Forgets;
        there.then_some((said, receipt))
    }

    async fn infos(&self, height: u64, tells: bool) -> Value {
        let asked = json!([format!("{height:#x}"), false]);
        let block = self.chain.call("eth_getBlockByNumber", asked).await;
        let mut infos = Vec::new();
        for hash in block["transactions"].as_array().unwrap() {
            let receipt = self.receipt(hash.as_str().unwrap()).await;
            infos.push(self.info(&receipt, tells));
        }
        Value::Array(infos)
    }

    async fn tried(&self, body: &Value) -> Value {
        let function = body["function_selector"].as_str().unwrap();
        let selector = hex::encode(&keccak256(function)[..4]);
        let data = format!("0x{selector}{}", body["parameter"].as_str().unwrap());
        let (from, to) = (
            account(&body["owner_address"]),
            account(&body["contract_address"]),
        );
        if !self.chain.has_code(to).await {
            let message = hex::encode("Smart contract is not exist.");
            return json!({ "result": { "code": "CONTRACT_VALIDATE_ERROR", "message": message } });
        }
        let call = json!({ "from": from, "to": to, "data": data });
        let anvil = &self.chain.anvil;
        let said = anvil
            .ask("eth_call", json!([call, "latest"]))
            .await
            .unwrap();
        if said["error"].is_object() {
            let message = hex::encode("REVERT opcode executed");
            return json!({ "result": { "result": true, "message": message },
                "constant_result": [""], "transaction": { "ret": [{ "ret": "FAILED" }] } });
        }
        let used = anvil.ask("eth_estimateGas", json!([call])).await.unwrap();
        json!({
            "result": { "result": true },
            "energy_used": used["result"].as_str().map_or(0, |_| number(&used["result"])),
            "constant_result": [plain(&said["result"])],
            "transaction": { "ret": [{}] },
        })
    }

    /// As java-tron checks: form, signature, reference, time, whether it is there, and what its contract says of itself.
    async fn take(&self, body: &Value) -> Value {
        let _turn = self.chain.turn.lock().await;
        let signed = hex::decode(body["transaction"].as_str().unwrap());
        let Some(read) = signed.ok().and_then(|signed| bytes::read(&signed)) else {
            return json!({ "Error": "class com.google.protobuf.InvalidProtocolBufferException" });
        };
        if signer(&read) != Some(read.owner) {
            return no("SIGERROR", "Validate signature error");
        }
        let asked = told(&read, body["transaction"].as_str().unwrap());
        if let Some(why) = self.chain.judge.wrong(&asked.to_string()) {
            return no("CONTRACT_VALIDATE_ERROR", &format!("tronweb: {why}"));
        }
        let chain = &self.chain;
        let head = self.block(Vice::None, "wallet", None, false).await;
        let head = &head["block_header"]["raw_data"];
        let (height, now_ms) = (
            head["number"].as_u64().unwrap(),
            head["timestamp"].as_u64().unwrap(),
        );
        let low = |number: u64| number.to_be_bytes()[6..].to_vec();
        let reference = (0..=height).rev().find(|n| low(*n) == read.ref_block_bytes);
        let block = self.block(Vice::None, "wallet", reference, false).await;
        if block["blockID"].as_str().unwrap()[16..32] != hex::encode(&read.ref_block_hash) {
            return no("TAPOS_ERROR", "Tapos check error");
        }
        if read.expires_ms <= now_ms || read.expires_ms > now_ms + DAY_MS {
            return no("TRANSACTION_EXPIRATION_ERROR", "Transaction expired");
        }
        let hash = chain.hash_of(&read.id);
        if chain
            .call("eth_getTransactionByHash", json!([hash]))
            .await
            .is_object()
        {
            return no("DUP_TRANSACTION_ERROR", "Dup transaction.");
        }
        if read.data.is_none() == chain.has_code(read.to).await {
            return no(
                "CONTRACT_VALIDATE_ERROR",
                "Cannot transfer TRX to a smartContract, or no contract",
            );
        }
        if read.value > chain.balance(read.owner).await {
            return no("CONTRACT_VALIDATE_ERROR", "balance is not sufficient");
        }
        self.execute(&read).await;
        json!({ "result": true, "txid": read.id })
    }

    async fn execute(&self, read: &Transaction) {
        let chain = &self.chain;
        chain
            .call("anvil_impersonateAccount", json!([read.owner]))
            .await;
        let energy = chain.energy.load(Ordering::Relaxed);
        let (gas, price) = if read.data.is_some() {
            // Whoever has less than the limit has energy for that.
            let have: u64 = chain.balance(read.owner).await.try_into().unwrap();
            (read.fee_limit.min(have) / energy, energy)
        } else if chain.balance(read.to).await.is_zero() {
            (21_000, ACCOUNT)
        } else {
            (21_000, ENERGY)
        };
        let data = read.data.clone().unwrap_or_default();
        let transaction = json!({
            "from": read.owner, "to": read.to, "value": read.value, "gas": format!("{gas:#x}"),
            "gasPrice": format!("{price:#x}"), "data": format!("0x{}", hex::encode(data)),
        });
        let hash = chain
            .call("eth_sendTransaction", json!([transaction]))
            .await;
        let hash = hash.as_str().unwrap().to_owned();
        chain.known.lock().unwrap().insert(read.id.clone(), hash);
    }
}

/// Whose signature it is.
fn signer(read: &Transaction) -> Option<Address> {
    let (parts, v) = read.signature.split_at_checked(64)?;
    let recovery = v.first()?.checked_sub(27).filter(|_| v.len() == 1)?;
    let key = VerifyingKey::recover_from_prehash(
        &read.hash,
        &Signature::from_slice(parts).ok()?,
        RecoveryId::from_byte(recovery)?,
    );
    let point = key.ok()?.to_encoded_point(false);
    Some(Address::from_slice(
        &keccak256(&point.as_bytes()[1..])[12..],
    ))
}

async fn answer(
    State(node): State<Node>,
    Path((view, question)): Path<(String, String)>,
    body: Bytes,
) -> Response {
    let body: Value = serde_json::from_slice(&body).unwrap();
    let vice = *node.vice.lock().unwrap();
    let tells = vice != Vice::LeavesOut;
    let said = match (question.as_str(), vice) {
        (_, Vice::Html) => return Response::new(Body::from("<html>Bad gateway</html>")),
        ("getblock", _) => {
            let wanted = body["id_or_num"].as_str().map(|n| n.parse().unwrap());
            node.block(vice, &view, wanted, false).await
        }
        ("getblockbynum", _) => node.block(vice, &view, body["num"].as_u64(), true).await,
        ("gettransactionbyid", _) => match node.found(vice, &view, &body).await {
            Some((said, receipt)) => node.transaction(&said, &receipt),
            None => json!({}),
        },
        ("gettransactioninfobyid", _) => match node.found(vice, &view, &body).await {
            Some((_, receipt)) => node.info(&receipt, tells),
            None => json!({}),
        },
        ("gettransactioninfobyblocknum", _) => {
            node.infos(body["num"].as_u64().unwrap(), tells).await
        }
        ("triggerconstantcontract", _) => node.tried(&body).await,
        ("getaccount", _) => match node.chain.balance(account(&body["address"])).await {
            U256::ZERO => json!({}),
            balance => json!({ "balance": u64::try_from(balance).unwrap() }),
        },
        ("getcontract", _) if node.chain.has_code(account(&body["value"])).await => {
            json!({ "bytecode": "60" })
        }
        ("getcontract", _) => json!({}),
        ("getchainparameters", _) => json!({ "chainParameter": [
            { "key": "getEnergyFee", "value": node.chain.energy.load(Ordering::Relaxed) }, { "key": "getTransactionFee", "value": 1_000 },
            { "key": "getCreateNewAccountFeeInSystemContract", "value": 1_000_000 },
            { "key": "getCreateAccountFee", "value": 100_000 }, { "key": "getAllowMultiSign" } ] }),
        ("broadcasthex", Vice::Swallows) => json!({ "result": true }),
        ("broadcasthex", Vice::TakesAndBreaks) => {
            node.take(&body).await;
            let broken = stream::iter([Err::<Bytes, _>(io::Error::other("broken"))]);
            return Response::new(Body::from_stream(broken));
        }
        ("broadcasthex", _) => node.take(&body).await,
        (other, _) => panic!("nobody asks nodes for {other}"),
    };
    Response::new(Body::from(said.to_string()))
}
