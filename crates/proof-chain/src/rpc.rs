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

/// Why a try has brought nothing, and whether another one may.
pub struct Missed {
    pub why: RpcError,
    /// An answer was lost or was none, and it did not take all the time that there is.
    pub may_ask_again: bool,
}

impl From<RpcError> for Missed {
    /// The node has said what it has to say.
    fn from(why: RpcError) -> Self {
        Self {
            why,
            may_ask_again: false,
        }
    }
}

impl Missed {
    /// It answers, but not what can be used: a page of somebody in between, mostly.
    pub const fn unusable(why: String) -> Self {
        Self {
            why: RpcError::Unusable(why),
            may_ask_again: true,
        }
    }

    pub fn unanswered(error: CallError) -> Self {
        Self {
            may_ask_again: error.sent == Sent::Maybe && !error.is_late,
            why: match error.sent {
                Sent::No => RpcError::Unsent(error.context),
                Sent::Maybe => RpcError::Lost(error.context),
            },
        }
    }
}

/// Asks once more where an answer was lost. What is decided about money takes a dozen answers of each of several nodes, one after
/// the other: of a node that loses one in fifteen, half of all dozens would have to be asked for again from the first.
pub async fn twice<T, F>(ask: impl Fn() -> F) -> Result<T, RpcError>
where
    F: Future<Output = Result<T, Missed>>,
{
    match ask().await {
        Err(missed) if missed.may_ask_again => ask().await.map_err(|missed| missed.why),
        told => told.map_err(|missed| missed.why),
    }
}

/// One question, which changes nothing. Without an answer in a body nothing is known.
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
    twice(|| call(node, &body)).await
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

/// Something that the node is to do: said once.
pub async fn tell<T: DeserializeOwned>(
    node: &Configured,
    method: &str,
    params: impl Serialize,
) -> Result<T, RpcError> {
    let body = Request {
        jsonrpc: "2.0",
        id: 1,
        method,
        params,
    };
    let answer = call(node, &body).await.map_err(|missed| missed.why)?;
    answer.ok_or_else(|| RpcError::Unusable(format!("{method}: nothing")))
}

async fn call<T: DeserializeOwned>(
    node: &Configured,
    body: &Request<'_, impl Serialize>,
) -> Result<Option<T>, Missed> {
    let method = body.method;
    let answer = node.post_for(body, ANSWER_BYTES_MAX).await;
    let answer = answer.map_err(Missed::unanswered)?;
    let status = answer.status;
    // Some nodes say what is wrong beside a status that says that something is.
    let response: Response<T> = answer
        .json()
        .map_err(|error| Missed::unusable(format!("{method}: status {status}, {error:.120}")))?;
    match response.error {
        Some(Failure { code, message }) => Err(RpcError::Refused {
            code,
            message: words(&message),
        }
        .into()),
        None if status == 200 => Ok(response.result),
        None => Err(Missed::unusable(format!("{method}: status {status}"))),
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
