//! Why a node's answer is of no use, and what became of signed bytes that nodes were given.

use proof_outbound::{CallError, Sent};
use proof_port::PortError;

/// The name under which errors of nodes appear.
pub const PROVIDER: &str = "chain";
/// Nodes like to repeat what they were sent: what we keep of their words is bounded.
const WORDS_MAX: usize = 120;

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

pub fn words(said: &str) -> String {
    said.chars().take(WORDS_MAX).collect()
}

pub fn unanswered(error: CallError) -> RpcError {
    match error.sent {
        Sent::No => RpcError::Unsent(error.context),
        Sent::Maybe => RpcError::Lost(error.context),
    }
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

/// One node that has it is enough; if none says so, the worst that may have happened counts. A refusal is for good
/// only where `is_never` knows the words: what these bytes can never overcome.
pub fn outcome<T>(
    votes: Vec<Result<T, RpcError>>,
    is_known: impl Fn(&RpcError) -> bool,
    is_never: impl Fn(&str) -> bool,
) -> Result<(), PortError> {
    let mut errors = Vec::new();
    for vote in votes {
        match vote {
            Ok(_) => return Ok(()),
            Err(error) if is_known(&error) => return Ok(()),
            Err(error) => errors.push(error),
        }
    }
    let lost = errors.iter().find_map(|error| match error {
        RpcError::Lost(context) | RpcError::Unusable(context) => Some(context),
        RpcError::Unsent(_) | RpcError::Refused { .. } | RpcError::Wrong(_) => None,
    });
    if let Some(context) = lost {
        return Err(PortError::in_doubt(PROVIDER, context));
    }
    let refused = errors
        .iter()
        .find(|error| matches!(error, RpcError::Refused { .. }));
    match refused.or(errors.first()) {
        Some(RpcError::Refused { code, message }) if is_never(message) => {
            let context = format!("error {code}: {message}");
            Err(PortError::give_up(PROVIDER, context))
        }
        Some(error) => Err(error.of_question()),
        None => Err(PortError::retry(PROVIDER, "no node is configured")),
    }
}
