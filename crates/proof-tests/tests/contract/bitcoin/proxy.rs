//! A node that is not what it should be: one in front of bitcoind that lies, lags, or loses what it says.

use super::super::evm::door;
use axum::{
    Router,
    body::{Body, Bytes},
    extract::State,
    response::Response,
    routing::post,
};
use futures::stream;
use proof_outbound::Configured;
use serde_json::{Value, json};
use std::{
    io,
    sync::{Arc, Mutex},
};
use tokio::{net::TcpListener, task::JoinHandle};

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Vice {
    None,
    /// It says that it is so many blocks ahead, and makes them up.
    Ahead(u64),
    /// It shows the chain as it was so many blocks ago.
    Behind(u64),
    /// It takes a transaction, and the connection breaks before it says so.
    TakesAndBreaks,
    /// Each answer is a page of HTML.
    Html,
    /// It knows no transaction, and no coin.
    Forgets,
    /// It wants so much for a thousand bytes, in bitcoin.
    Dear(&'static str),
    /// It gives the block before the one that was asked for.
    OtherBlock,
}

pub struct Proxy {
    pub url: String,
    vice: Arc<Mutex<Vice>>,
    server: JoinHandle<()>,
}

impl Drop for Proxy {
    fn drop(&mut self) {
        self.server.abort();
    }
}

#[derive(Clone)]
struct Front {
    to: Configured,
    vice: Arc<Mutex<Vice>>,
}

impl Proxy {
    pub async fn start(to: &str) -> Self {
        let vice = Arc::new(Mutex::new(Vice::None));
        let front = Front {
            to: door(to),
            vice: Arc::clone(&vice),
        };
        let router = Router::new().route("/", post(answer)).with_state(front);
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let server = tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
        Self { url, vice, server }
    }

    pub fn is(&self, vice: Vice) {
        *self.vice.lock().unwrap() = vice;
    }
}

fn said(result: Value) -> Value {
    json!({ "jsonrpc": "2.0", "id": 1, "result": result })
}

impl Front {
    /// As it comes: amounts are decimals, which no reading and writing again should touch.
    async fn passed_on(&self, call: &Value) -> Bytes {
        let answer = self.to.post_for(call, 16 * 1024 * 1024).await;
        answer.unwrap().into_bytes()
    }

    async fn ask(&self, call: &Value) -> Value {
        serde_json::from_slice(&self.passed_on(call).await).unwrap()
    }

    async fn call(&self, method: &str, params: Value) -> Value {
        let call = json!({ "jsonrpc": "2.0", "id": 1, "method": method, "params": params });
        self.ask(&call).await["result"].clone()
    }

    /// Its newest block by its own account.
    async fn info(&self, call: &Value, shift: i64) -> Value {
        let mut answer = self.ask(call).await;
        let height = answer["result"]["blocks"].as_i64().unwrap() + shift;
        answer["result"]["blocks"] = json!(height);
        answer["result"]["bestblockhash"] = self.hash(height, shift).await;
        answer
    }

    async fn hash(&self, height: i64, shift: i64) -> Value {
        let newest = self
            .call("getblockcount", json!([]))
            .await
            .as_i64()
            .unwrap();
        if height > newest + shift {
            return Value::Null;
        }
        self.call("getblockhash", json!([height.min(newest)])).await
    }
}

async fn answer(State(front): State<Front>, body: Bytes) -> Response {
    let mut call: Value = serde_json::from_slice(&body).unwrap();
    let method = call["method"].as_str().unwrap_or_default().to_owned();
    let vice = front.vice.lock().unwrap().clone();
    let shift = match vice {
        Vice::Ahead(blocks) => i64::try_from(blocks).unwrap(),
        Vice::Behind(blocks) => -i64::try_from(blocks).unwrap(),
        _ => 0,
    };
    let told = match (vice, method.as_str()) {
        (Vice::Html, _) => return Response::new(Body::from("<html>Bad gateway</html>")),
        (Vice::Ahead(_) | Vice::Behind(_), "getblockchaininfo") => front.info(&call, shift).await,
        (Vice::Ahead(_) | Vice::Behind(_), "getblockhash") if call["params"][0] != 0 => {
            let height = call["params"][0].as_i64().unwrap();
            said(front.hash(height, shift).await)
        }
        (Vice::Forgets, "getrawtransaction") => json!({
            "jsonrpc": "2.0", "id": 1,
            "error": { "code": -5, "message": "No such mempool or blockchain transaction." },
        }),
        (Vice::Forgets, "scantxoutset") => {
            let mut answer = front.ask(&call).await;
            answer["result"]["unspents"] = json!([]);
            answer
        }
        (Vice::Dear(rate), "estimatesmartfee") => {
            let told =
                format!(r#"{{"jsonrpc":"2.0","id":1,"result":{{"feerate":{rate},"blocks":3}}}}"#);
            return Response::new(Body::from(told));
        }
        (Vice::Forgets, "gettxout") => said(Value::Null),
        (Vice::OtherBlock, "getblock") => {
            let header = front
                .call("getblockheader", json!([call["params"][0]]))
                .await;
            call["params"][0] = header["previousblockhash"].clone();
            front.ask(&call).await
        }
        (Vice::TakesAndBreaks, "sendrawtransaction") => {
            front.ask(&call).await;
            let broken = stream::iter([Err::<Bytes, _>(io::Error::other("broken"))]);
            return Response::new(Body::from_stream(broken));
        }
        _ => return Response::new(Body::from(front.passed_on(&call).await)),
    };
    Response::new(Body::from(told.to_string()))
}
