//! One node, asked by JSON-RPC.

use super::wire;
use crate::fault::{self, RpcError};
use proof_outbound::Configured;
use serde::{Serialize, de::DeserializeOwned};

/// A full block of a busy chain is a few megabytes of JSON.
const ANSWER_BYTES_MAX: usize = 16 * 1024 * 1024;
/// One question. Without an answer in a body nothing is known.
pub async fn ask<T: DeserializeOwned>(
    node: &Configured,
    method: &str,
    params: impl Serialize,
) -> Result<Option<T>, RpcError> {
    let body = wire::Request {
        jsonrpc: "2.0",
        id: 1,
        method,
        params,
    };
    let answer = node.post_for(&body, ANSWER_BYTES_MAX).await;
    let answer = answer.map_err(fault::unanswered)?;
    let status = answer.status;
    // Some nodes say what is wrong beside a status that says that something is.
    let response: wire::Response<T> = answer
        .json()
        .map_err(|error| RpcError::Unusable(format!("{method}: status {status}, {error:.120}")))?;
    match response.error {
        Some(wire::Failure { code, message }) => Err(RpcError::Refused {
            code,
            message: fault::words(&message),
        }),
        None if status == 200 => Ok(response.result),
        None => Err(RpcError::Unusable(format!("{method}: status {status}"))),
    }
}

/// The same where the answer cannot be missing.
pub async fn must<T: DeserializeOwned>(
    node: &Configured,
    method: &str,
    params: impl Serialize,
) -> Result<T, RpcError> {
    let answer = ask(node, method, params).await?;
    answer.ok_or_else(|| RpcError::Unusable(format!("{method}: nothing")))
}
