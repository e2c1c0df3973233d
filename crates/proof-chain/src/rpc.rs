//! One node, asked by JSON-RPC.

use proof_outbound::{CallError, Configured, Sent};
use proof_port::PortError;
use serde::{Deserialize, Serialize, de::DeserializeOwned};

/// The name under which the errors of nodes appear.
pub const PROVIDER: &str = "chain_node";
/// A full block of a busy chain is a few megabytes of JSON.
const ANSWER_BYTES_MAX: usize = 16 * 1024 * 1024;
/// Nodes like to repeat what they were sent: what we keep of their words is bounded.
const WORDS_MAX: usize = 120;

#[derive(Serialize)]
struct Request<'a, P> {
    jsonrpc: &'static str,
    id: u8,
    method: &'a str,
    params: P,
}

#[derive(Deserialize)]
struct Response<T> {
    /// `null` and nothing are the same to us: what was asked for is not there.
    #[serde(default = "none")]
    result: Option<T>,
    error: Option<Failure>,
}

const fn none<T>() -> Option<T> {
    None
}

#[derive(Deserialize)]
struct Failure {
    code: i64,
    #[serde(default)]
    message: String,
}

/// Why there is no answer to use.
#[derive(Clone, Debug)]
pub enum RpcError {
    /// The node cannot have heard it.
    Unsent(String),
    /// It may have heard it.
    Lost(String),
    /// It says no.
    Refused { code: i64, message: String },
    /// It answers, but not what can be used.
    Unusable(String),
    /// It is not a node of our chain: no waiting helps.
    Wrong(String),
}

impl RpcError {
    /// For a question that changes nothing: it may be asked again.
    pub fn of_question(&self) -> PortError {
        match self {
            Self::Unsent(context) | Self::Lost(context) => PortError::retry(PROVIDER, context),
            Self::Refused { code, message } => {
                PortError::retry(PROVIDER, format!("error {code}: {message}")).answered()
            }
            Self::Unusable(context) | Self::Wrong(context) => {
                PortError::retry(PROVIDER, context).answered()
            }
        }
    }
}

/// One question. Without an answer in a body nothing is known.
pub async fn ask<T: DeserializeOwned>(
    node: &Configured,
    method: &str,
    params: impl Serialize,
) -> Result<Option<T>, RpcError> {
    let body = Request {
        jsonrpc: "2.0",
        id: 1,
        method,
        params,
    };
    let answer = node.post_for(&body, ANSWER_BYTES_MAX).await;
    let answer = answer.map_err(unanswered)?;
    let status = answer.status;
    // Some nodes say what is wrong beside a status that says that something is.
    let response: Response<T> = answer
        .json()
        .map_err(|error| RpcError::Unusable(format!("{method}: status {status}, {error:.120}")))?;
    match response.error {
        Some(Failure { code, message }) => Err(RpcError::Refused {
            code,
            message: words(&message),
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

/// The same for one of many answers that are worth something only together: one that is lost is asked for once more. Of a node
/// that loses one in fifteen nobody would ever hear thirty in a row.
pub async fn must_of_many<T: DeserializeOwned>(
    node: &Configured,
    method: &str,
    params: impl Serialize + Clone,
) -> Result<T, RpcError> {
    match must(node, method, params.clone()).await {
        Err(RpcError::Unsent(_) | RpcError::Lost(_) | RpcError::Unusable(_)) => {
            must(node, method, params).await
        }
        told => told,
    }
}

pub fn unanswered(error: CallError) -> RpcError {
    match error.sent {
        Sent::No => RpcError::Unsent(error.context),
        Sent::Maybe => RpcError::Lost(error.context),
    }
}

/// As much of a node's words as is kept.
pub fn words(said: &str) -> String {
    said.chars().take(WORDS_MAX).collect()
}

/// The node was not even asked: it is on the wrong chain, or away.
pub fn not_sent(error: RpcError) -> RpcError {
    RpcError::Unsent(match error {
        RpcError::Unsent(context)
        | RpcError::Lost(context)
        | RpcError::Unusable(context)
        | RpcError::Wrong(context) => context,
        RpcError::Refused { code, message } => format!("error {code}: {message}"),
    })
}
