//! A node that is not what it should be: one in front of anvil that lies, lags, or loses what it says.

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
    collections::HashSet,
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
    /// It takes a transaction, and says that it does not.
    TakesAndDenies(&'static str),
    /// Each answer is a page of HTML.
    Html,
    /// It knows no transaction.
    Forgets,
    /// It loses each answer the first time, unless it was told to do something.
    Forgetful,
    /// It tells of no event, as one does whose newest blocks are not indexed yet.
    LeavesOut,
}

pub struct Proxy {
    pub url: String,
    pub vice: Arc<Mutex<Vice>>,
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
    /// What a forgetful one was asked before.
    heard: Arc<Mutex<HashSet<String>>>,
}

impl Proxy {
    pub async fn start(to: &str) -> Self {
        let vice = Arc::new(Mutex::new(Vice::None));
        let front = Front {
            to: super::door(to),
            vice: Arc::clone(&vice),
            heard: Arc::default(),
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

impl Front {
    fn is_new(&self, call: &Value) -> bool {
        let question = format!("{} {}", call["method"], call["params"]);
        let is_told = call["method"] == "eth_sendRawTransaction";
        !is_told && self.heard.lock().unwrap().insert(question)
    }

    async fn ask(&self, call: &Value) -> Value {
        let answer = self.to.post_for(call, super::anvil::ANSWER_BYTES_MAX).await;
        answer.unwrap().json().unwrap()
    }

    async fn height(&self) -> u64 {
        let call = json!({ "jsonrpc": "2.0", "id": 1, "method": "eth_blockNumber", "params": [] });
        super::anvil::number(&self.ask(&call).await["result"])
    }

    /// A block by the number that the liar gives it.
    async fn block(&self, mut call: Value, shift: i128) -> Value {
        let height = i128::from(self.height().await);
        let newest = height + shift;
        let wanted = match call["params"][0].as_str() {
            Some("latest") => newest,
            _ => i128::from(super::anvil::number(&call["params"][0])),
        };
        if wanted > newest {
            return json!({ "jsonrpc": "2.0", "id": 1, "result": null });
        }
        call["params"][0] = json!(format!("{:#x}", wanted.min(height)));
        let mut answer = self.ask(&call).await;
        answer["result"]["number"] = json!(format!("{wanted:#x}"));
        answer
    }
}

async fn answer(State(front): State<Front>, body: Bytes) -> Response {
    let call: Value = serde_json::from_slice(&body).unwrap();
    let method = call["method"].as_str().unwrap_or_default().to_owned();
    let vice = front.vice.lock().unwrap().clone();
    let said = match (vice, method.as_str()) {
        (Vice::Forgetful, _) if front.is_new(&call) => {
            return Response::new(Body::from("<html>Bad gateway</html>"));
        }
        (Vice::Html, _) => return Response::new(Body::from("<html>Bad gateway</html>")),
        (Vice::Ahead(blocks), "eth_getBlockByNumber") => front.block(call, blocks.into()).await,
        (Vice::Behind(blocks), "eth_getBlockByNumber") => {
            front.block(call, -i128::from(blocks)).await
        }
        (Vice::Forgets, "eth_getTransactionByHash" | "eth_getTransactionReceipt") => {
            json!({ "jsonrpc": "2.0", "id": 1, "result": null })
        }
        (Vice::LeavesOut, "eth_getLogs") => json!({ "jsonrpc": "2.0", "id": 1, "result": [] }),
        (Vice::TakesAndDenies(words), "eth_sendRawTransaction") => {
            front.ask(&call).await;
            json!({ "jsonrpc": "2.0", "id": 1, "error": { "code": -32000, "message": words } })
        }
        (Vice::TakesAndBreaks, "eth_sendRawTransaction") => {
            front.ask(&call).await;
            let broken = stream::iter([Err::<Bytes, _>(io::Error::other("broken"))]);
            return Response::new(Body::from_stream(broken));
        }
        _ => front.ask(&call).await,
    };
    Response::new(Body::from(said.to_string()))
}
