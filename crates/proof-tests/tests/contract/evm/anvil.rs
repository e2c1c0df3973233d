//! A chain of one test's own: Foundry's anvil from npm, with tokens that solc compiles. Nothing else of it is
//! simulated.

use alloy_primitives::{Address as EvmAddress, U256, hex};
use proof_outbound::Configured;
use serde_json::{Value, json};
use std::{
    env, fs,
    net::TcpListener,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    time::Duration,
};
use tokio::sync::Mutex;

pub const CHAIN_ID: u64 = 31_337;
/// Where a chain that has a clock of its own begins.
pub const BEGINNING: u64 = 1_800_000_000;
pub const ANSWER_BYTES_MAX: usize = 16 * 1024 * 1024;
const CONTRACTS: [&str; 3] = ["Moody", "Silent", "Odd"];

pub struct Anvil {
    child: Child,
    pub url: String,
    door: Configured,
    contracts: Value,
    /// Tokens and the contract that takes nothing, as they were deployed.
    pub usdt: String,
    pub usdc: String,
    pub odd: String,
    /// Somebody with coins of every kind.
    pub rich: String,
    /// A block that is mined in the middle of a re-org leaves a chain with a hole.
    blocks: Mutex<()>,
}

impl Drop for Anvil {
    fn drop(&mut self) {
        // It may have ended by itself; then there is nothing to stop.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// How a token behaves.
#[derive(Clone, Copy)]
pub enum Mood {
    Good = 0,
    ReturnsFalse = 1,
    TakesFee = 2,
    Reverts = 3,
    MovesMore = 4,
    RevertsInBlocks = 5,
}

/// One that nobody else has just now.
fn port() -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    listener.local_addr().unwrap().port()
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

fn binary() -> PathBuf {
    let system = if cfg!(target_os = "macos") {
        "darwin"
    } else {
        "linux"
    };
    let processor = if cfg!(target_arch = "aarch64") {
        "arm64"
    } else {
        "amd64"
    };
    let package = format!("node_modules/@foundry-rs/anvil-{system}-{processor}/bin/anvil");
    root().join(package)
}

/// What solc made of the contracts: once for each version of them.
fn compiled() -> Value {
    let here = root().join("crates/proof-tests/tests/contract/evm");
    let source = fs::read(here.join("tokens.sol")).unwrap();
    let script = fs::read(here.join("compile.mjs")).unwrap();
    let name = hex::encode(&alloy_primitives::keccak256([source, script].concat())[..8]);
    let out = env::temp_dir().join(format!("proof-contracts-{name}.json"));
    if !out.exists() {
        let mut node = Command::new("node");
        let made = node.arg(here.join("compile.mjs")).arg(&out).output();
        let made = made.unwrap_or_else(|error| panic!("node is needed ('make tools'): {error}"));
        let errors = String::from_utf8_lossy(&made.stderr);
        assert!(made.status.success(), "the tokens do not compile: {errors}");
    }
    serde_json::from_slice(&fs::read(out).unwrap()).unwrap()
}

impl Anvil {
    /// `None` where somebody turned this network off by name: `PROOF_WITHOUT=evm`.
    pub async fn start() -> Option<Self> {
        Self::start_as("evm", &[]).await
    }

    /// The same for another network that is played on it.
    pub async fn start_as(network: &str, more: &[&str]) -> Option<Self> {
        Self::start_with(CHAIN_ID, network, more).await
    }

    /// A chain beside the usual one.
    pub async fn start_beside(chain_id: u64) -> Option<Self> {
        Self::start_with(chain_id, "evm", &[]).await
    }

    async fn start_with(chain_id: u64, network: &str, more: &[&str]) -> Option<Self> {
        let without = env::var("PROOF_WITHOUT").unwrap_or_default();
        if without.split(',').any(|without| without == network) {
            println!("skipped: PROOF_WITHOUT names {network}");
            return None;
        }
        let binary = binary();
        assert!(
            binary.exists(),
            "{} is missing: run 'npm ci', or leave this network out with PROOF_WITHOUT={network}",
            binary.display()
        );
        let port = port();
        let (chain_id, beginning) = (chain_id.to_string(), BEGINNING.to_string());
        let child = Command::new(binary)
            .args(["--port", &port.to_string(), "--chain-id", &chain_id])
            .args(["--timestamp", &beginning, "--no-mining", "--quiet"])
            .args(more)
            .stdout(Stdio::null())
            // Why it does not start stands in the test's own output.
            .stderr(Stdio::inherit())
            .spawn()
            .unwrap();
        let mut anvil = Self {
            child,
            door: super::door(&format!("http://127.0.0.1:{port}")),
            url: format!("http://127.0.0.1:{port}"),
            contracts: compiled(),
            usdt: String::new(),
            usdc: String::new(),
            odd: String::new(),
            rich: String::new(),
            blocks: Mutex::default(),
        };
        anvil.listens().await;
        let accounts = anvil.call("eth_accounts", json!([])).await;
        anvil.rich = accounts[0].as_str().unwrap().to_owned();
        let [usdt, usdc, odd] = CONTRACTS.map(|name| anvil.contracts[name]["code"].clone());
        for code in [usdt, usdc, odd] {
            let hash = anvil.send(json!({ "data": code })).await;
            anvil.mine(1).await;
            let receipt = anvil.call("eth_getTransactionReceipt", json!([hash])).await;
            assert_eq!(receipt["status"], "0x1", "{receipt}");
            let address = receipt["contractAddress"].as_str().unwrap();
            let address: EvmAddress = address.parse().unwrap();
            let place = [&mut anvil.usdt, &mut anvil.usdc, &mut anvil.odd]
                .into_iter()
                .find(|place| place.is_empty());
            *place.unwrap() = address.to_checksum(None);
        }
        Some(anvil)
    }

    async fn listens(&mut self) {
        for _ in 0..1_000 {
            let ended = self.child.try_wait().unwrap();
            assert!(ended.is_none(), "anvil ended: {ended:?}");
            if self.ask("eth_chainId", json!([])).await.is_some() {
                return;
            }
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        panic!("anvil does not answer");
    }

    pub async fn ask(&self, method: &str, params: Value) -> Option<Value> {
        let body = json!({ "jsonrpc": "2.0", "id": 1, "method": method, "params": params });
        let answer = self.door.post_for(&body, ANSWER_BYTES_MAX).await.ok()?;
        answer.json().ok()
    }

    pub async fn call(&self, method: &str, params: Value) -> Value {
        let answer = self.ask(method, params).await.unwrap();
        assert!(answer.get("error").is_none(), "{method}: {answer}");
        answer["result"].clone()
    }

    /// From the rich account, which anvil signs for; the hash.
    pub async fn send(&self, mut transaction: Value) -> String {
        transaction["from"] = json!(self.rich);
        transaction["gas"] = json!("0x2dc6c0");
        let hash = self.call("eth_sendTransaction", json!([transaction])).await;
        hash.as_str().unwrap().to_owned()
    }

    fn data(&self, contract: &str, call: &str, words: &[U256]) -> String {
        let selector = self.contracts[contract]["calls"][call].as_str().unwrap();
        let words = words
            .iter()
            .map(|word| hex::encode(word.to_be_bytes::<32>()));
        format!("0x{selector}{}", words.collect::<String>())
    }

    pub async fn send_native(&self, to: &str, wei: u128) -> String {
        self.send(json!({ "to": to, "value": format!("{wei:#x}") }))
            .await
    }

    /// `token` is one of ours.
    pub async fn send_token(&self, token: &str, to: &str, base: u128) -> String {
        let words = [word(to), U256::from(base)];
        let data = self.data("Silent", "transfer(address,uint256)", &words);
        self.send(json!({ "to": token, "data": data })).await
    }

    /// Two transfers of one token in one transaction.
    pub async fn send_both(&self, token: &str, to: [(&str, u128); 2]) -> String {
        let [(a, to_a), (b, to_b)] = to;
        let words = [
            word(token),
            word(a),
            U256::from(to_a),
            word(b),
            U256::from(to_b),
        ];
        let call = "both(address,address,uint256,address,uint256)";
        let data = self.data("Odd", call, &words);
        self.send(json!({ "to": self.odd, "data": data })).await
    }

    pub async fn feel(&self, mood: Mood) {
        let data = self.data("Moody", "feel(uint8)", &[U256::from(mood as u8)]);
        self.send(json!({ "to": self.usdt, "data": data })).await;
        self.mine(1).await;
    }

    pub async fn mine(&self, blocks: u64) {
        let _in_turn = self.blocks.lock().await;
        self.call("anvil_mine", json!([format!("{blocks:#x}")]))
            .await;
    }

    /// One block of this moment, in seconds; a moment that has passed already counts a second on.
    pub async fn mine_at(&self, seconds: u64) {
        let last = self
            .call("eth_getBlockByNumber", json!(["latest", false]))
            .await;
        let last = number(&last["timestamp"]);
        let at = seconds.max(last + 1);
        self.call("evm_setNextBlockTimestamp", json!([at])).await;
        self.mine(1).await;
    }

    /// The last blocks are taken back, and as many empty ones are there instead.
    pub async fn reorg(&self, depth: u64) {
        let _in_turn = self.blocks.lock().await;
        self.call("anvil_reorg", json!([depth, []])).await;
    }

    /// Of the next block, in wei.
    pub async fn base_fee(&self, wei: u64) {
        let fee = json!([format!("{wei:#x}")]);
        self.call("anvil_setNextBlockBaseFeePerGas", fee).await;
    }

    pub async fn height(&self) -> u64 {
        number(&self.call("eth_blockNumber", json!([])).await)
    }
}

fn word(address: &str) -> U256 {
    let address: EvmAddress = address.parse().unwrap();
    address.into_word().into()
}

pub fn number(hex: &Value) -> u64 {
    u64::from_str_radix(hex.as_str().unwrap().trim_start_matches("0x"), 16).unwrap()
}
