//! A chain of one test's own: Bitcoin Core's node on regtest (`ci/bitcoin` builds it). Nothing of it is simulated.

use super::{super::evm::door, script};
use bitcoin::{
    Address as Script, Amount, Network as Kind, OutPoint, ScriptBuf, Sequence, Transaction, TxIn,
    TxOut, Txid, Witness, absolute::LockTime, consensus::encode::serialize_hex, script::Builder,
    transaction::Version,
};
use proof_outbound::Configured;
use serde_json::{Value, json};
use std::{
    collections::VecDeque,
    env,
    net::TcpListener,
    path::PathBuf,
    process::{Child, Command, Stdio},
    sync::{
        Mutex,
        atomic::{AtomicU32, Ordering},
    },
    time::Duration,
};
use tempfile::TempDir;

pub const BTC: u64 = 100_000_000;
/// Where its clock begins, as the tests' own does.
const BEGINNING: u64 = 1_800_000_000;
const ANSWER_BYTES_MAX: usize = 16 * 1024 * 1024;
const NODE: &str = "bitcoin-0.4.1-1/bitcoind";
/// Of everything that is sent here from outside.
const FEE: u64 = 10_000;

pub struct Regtest {
    child: Child,
    pub url: String,
    door: Configured,
    /// Coins that anybody may spend.
    rich: Mutex<VecDeque<(OutPoint, u64)>>,
    blocks: AtomicU32,
    _dir: TempDir,
}

impl Drop for Regtest {
    fn drop(&mut self) {
        // It may have ended by itself; then there is nothing to stop.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn binary() -> PathBuf {
    let cache = env::var("PROOF_CACHE").map(PathBuf::from);
    let cache = cache.unwrap_or_else(|_| {
        PathBuf::from(env::var("HOME").unwrap_or_default()).join(".cache/proof")
    });
    cache.join(NODE)
}

/// True: the script of whoever says nothing.
fn anybody() -> ScriptBuf {
    Builder::new().push_int(1).into_script()
}

/// The address of whoever says nothing.
pub fn nobodys() -> String {
    let address = Script::from_script(&anybody().to_p2wsh(), Kind::Bitcoin);
    address.unwrap().to_string()
}

fn written(coins: &[(OutPoint, u64)], to: &[(&str, u64)]) -> (Transaction, (OutPoint, u64)) {
    let have: u64 = coins.iter().map(|(_, value)| *value).sum();
    let paid: u64 = to.iter().map(|(_, value)| *value).sum();
    let left = have - paid - FEE;
    let output = |script, value| TxOut {
        script_pubkey: script,
        value: Amount::from_sat(value),
    };
    let mut outputs: Vec<_> = to
        .iter()
        .map(|(address, value)| output(script(address), *value))
        .collect();
    outputs.push(output(anybody().to_p2wsh(), left));
    let input = |coin: &(OutPoint, u64)| TxIn {
        previous_output: coin.0,
        script_sig: ScriptBuf::new(),
        sequence: Sequence::ENABLE_RBF_NO_LOCKTIME,
        witness: Witness::from_slice(&[anybody().as_bytes()]),
    };
    let transaction = Transaction {
        version: Version::TWO,
        lock_time: LockTime::ZERO,
        input: coins.iter().map(input).collect(),
        output: outputs,
    };
    let last = u32::try_from(to.len()).unwrap();
    let change = OutPoint::new(transaction.compute_txid(), last);
    (transaction, (change, left))
}

impl Regtest {
    /// `None` where somebody turned this network off by name: `PROOF_WITHOUT=bitcoin`.
    pub async fn start() -> Option<Self> {
        Self::start_with(&["-txindex=1"]).await
    }

    pub async fn start_with(more: &[&str]) -> Option<Self> {
        let without = env::var("PROOF_WITHOUT").unwrap_or_default();
        if without.split(',').any(|network| network == "bitcoin") {
            println!("skipped: PROOF_WITHOUT names bitcoin");
            return None;
        }
        let binary = binary();
        assert!(
            binary.exists(),
            "{} is missing: run 'ci/bitcoin', or leave this network out with PROOF_WITHOUT=bitcoin",
            binary.display()
        );
        let dir = tempfile::tempdir().unwrap();
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        drop(listener);
        let child = Command::new(binary)
            .args([
                "-regtest",
                "-server",
                "-listen=0",
                "-connect=0",
                "-printtoconsole=0",
            ])
            .args([
                "-rpcuser=proof",
                "-rpcpassword=secret",
                "-debuglogfile=0",
                "-par=1",
            ])
            .args([
                "-minrelaytxfee=0.00001",
                "-incrementalrelayfee=0.00001",
                "-persistmempool=0",
                // A connection that is kept is not closed while a busy machine makes the next call.
                "-rpcservertimeout=600",
            ])
            .arg(format!("-datadir={}", dir.path().display()))
            .arg(format!("-rpcport={port}"))
            .arg(format!("-mocktime={BEGINNING}"))
            .args(more)
            .stdout(Stdio::null())
            // Why it does not start stands in the test's own output.
            .stderr(Stdio::inherit())
            .spawn()
            .unwrap();
        let url = format!("http://proof:secret@127.0.0.1:{port}");
        let mut node = Self {
            child,
            door: door(&url),
            url,
            rich: Mutex::default(),
            blocks: AtomicU32::new(0),
            _dir: dir,
        };
        node.listens().await;
        node.begin().await;
        Some(node)
    }

    async fn listens(&mut self) {
        for _ in 0..2_000 {
            let ended = self.child.try_wait().unwrap();
            assert!(ended.is_none(), "bitcoind ended: {ended:?}");
            let answer = self.ask("getblockcount", json!([])).await;
            if answer.is_some_and(|answer| answer["result"].is_u64()) {
                return;
            }
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        panic!("bitcoind does not answer");
    }

    /// Some coins that anybody may spend, and enough blocks on them.
    async fn begin(&self) {
        let script = anybody().to_p2wsh().to_hex_string();
        let made = json!([5, format!("raw({script})")]);
        let hashes = self.call("generatetodescriptor", made).await;
        for hash in hashes.as_array().unwrap() {
            let block = self.call("getblock", json!([hash])).await;
            let id: Txid = block["tx"][0].as_str().unwrap().parse().unwrap();
            let coin = (OutPoint::new(id, 0), 50 * BTC);
            self.rich.lock().unwrap().push_back(coin);
        }
        self.mine(100).await;
    }

    async fn ask(&self, method: &str, params: Value) -> Option<Value> {
        let body = json!({ "jsonrpc": "2.0", "id": 1, "method": method, "params": params });
        let answer = self.door.post_for(&body, ANSWER_BYTES_MAX).await.ok()?;
        answer.json().ok()
    }

    pub async fn call(&self, method: &str, params: Value) -> Value {
        let answer = self.ask(method, params).await.unwrap();
        assert!(answer.get("error").is_none(), "{method}: {answer}");
        answer["result"].clone()
    }

    /// One that no other block has, so that no two blocks are the same.
    fn nobody(&self) -> String {
        let n = self.blocks.fetch_add(1, Ordering::SeqCst);
        format!("raw(6a04{n:08x})")
    }

    pub async fn mine(&self, blocks: u64) {
        let to = self.nobody();
        self.call("generatetodescriptor", json!([blocks, to])).await;
    }

    /// One block of this moment, in seconds.
    pub async fn mine_at(&self, seconds: u64) {
        self.call("setmocktime", json!([seconds])).await;
        self.mine(1).await;
    }

    /// A block with these transactions and no other.
    pub async fn mine_only(&self, transactions: &[&str]) {
        let asked = json!([self.nobody(), transactions]);
        self.call("generateblock", asked).await;
    }

    /// The last blocks are taken back, and one more empty one is there instead. What was in them waits again.
    pub async fn reorg(&self, depth: u64) {
        let first = self.height().await + 1 - depth;
        let hash = self.call("getblockhash", json!([first])).await;
        self.call("invalidateblock", json!([hash])).await;
        for _ in 0..=depth {
            self.mine_only(&[]).await;
        }
    }

    pub async fn height(&self) -> u64 {
        self.call("getblockcount", json!([]))
            .await
            .as_u64()
            .unwrap()
    }

    pub async fn waits(&self, hash: &str) -> bool {
        let pool = self.call("getrawmempool", json!([])).await;
        pool.as_array().unwrap().iter().any(|one| one == hash)
    }

    /// From whoever is rich to these addresses; the transaction is not sent.
    pub fn paying(&self, to: &[(&str, u64)]) -> Transaction {
        let mut rich = self.rich.lock().unwrap();
        let coin = rich.pop_front().unwrap();
        let (transaction, change) = written(&[coin], to);
        rich.push_back(change);
        transaction
    }

    /// From these coins that anybody may spend; what is left of them stays so, and is given with its transaction.
    pub async fn spend(&self, coins: &[(OutPoint, u64)], to: &[(&str, u64)]) -> (OutPoint, u64) {
        let (transaction, change) = written(coins, to);
        let bytes = serialize_hex(&transaction);
        self.call("sendrawtransaction", json!([bytes])).await;
        change
    }

    pub async fn send(&self, to: &[(&str, u64)]) -> String {
        let transaction = serialize_hex(&self.paying(to));
        let hash = self.call("sendrawtransaction", json!([transaction])).await;
        hash.as_str().unwrap().to_owned()
    }
}
