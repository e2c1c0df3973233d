//! One question to a node, over HTTP.

use crate::rpc::{self, Missed, RpcError};
use proof_outbound::Configured;
use serde::de::DeserializeOwned;
use serde_json::Value;

/// A full block of TRON with its events is below a megabyte of JSON; this leaves room.
const ANSWER_BYTES_MAX: usize = 16 * 1024 * 1024;

/// Which of a node's two views is asked.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum View {
    /// Up to its newest block.
    Newest,
    /// Up to the block that cannot go back any more.
    Final,
}

impl View {
    const fn path(self) -> &'static str {
        match self {
            Self::Newest => "wallet",
            Self::Final => "walletsolidity",
        }
    }
}

/// A question, which changes nothing. `None`: an empty object, which is how nodes say that there is no such thing.
pub async fn ask<T: DeserializeOwned>(
    node: &Configured,
    view: View,
    question: &str,
    body: Value,
) -> Result<Option<T>, RpcError> {
    rpc::twice(|| call(node, view, question, &body)).await
}

/// The same where the answer cannot be missing.
pub async fn must<T: DeserializeOwned>(
    node: &Configured,
    view: View,
    question: &str,
    body: Value,
) -> Result<T, RpcError> {
    let answer = ask(node, view, question, body).await?;
    answer.ok_or_else(|| RpcError::Unusable(format!("{question}: nothing")))
}

/// Something that the node is to do: said once.
pub async fn tell<T: DeserializeOwned>(
    node: &Configured,
    what: &str,
    body: Value,
) -> Result<T, RpcError> {
    let answer = call(node, View::Newest, what, &body).await;
    let answer = answer.map_err(|missed| missed.why)?;
    answer.ok_or_else(|| RpcError::Unusable(format!("{what}: nothing")))
}

async fn call<T: DeserializeOwned>(
    node: &Configured,
    view: View,
    question: &str,
    body: &Value,
) -> Result<Option<T>, Missed> {
    let path = [view.path(), question];
    let answer = node.post_below(&path, body, ANSWER_BYTES_MAX).await;
    let answer = answer.map_err(Missed::unanswered)?;
    let status = answer.status;
    let unusable = |why: String| Missed::unusable(format!("{question}: status {status}{why}"));
    let said: Value = answer
        .json()
        .map_err(|error| unusable(format!(", {error:.120}")))?;
    if let Some(error) = said.get("Error").and_then(Value::as_str) {
        let message = rpc::words(error);
        return Err(RpcError::Refused { code: 0, message }.into());
    }
    if status != 200 {
        return Err(unusable(String::new()));
    }
    if said.as_object().is_some_and(serde_json::Map::is_empty) {
        return Ok(None);
    }
    let read = serde_json::from_value(said);
    read.map(Some)
        .map_err(|error| unusable(format!(", {error:.120}")))
}
