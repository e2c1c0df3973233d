//! Handing signed bytes to nodes, and what their refusals mean.

use crate::rpc::{PROVIDER, RpcError};
use proof_port::PortError;

/// What a network's nodes say, in small letters.
pub struct Words {
    /// What these bytes can never overcome. Whatever else a node says may pass.
    pub never: &'static [&'static str],
    /// It is there already.
    pub known: &'static [&'static str],
}

fn says(message: &str, words: &[&str]) -> bool {
    let message = message.to_lowercase();
    words.iter().any(|word| message.contains(word))
}

fn is_known(error: &RpcError, words: &Words) -> bool {
    matches!(error, RpcError::Refused { message, .. } if says(message, words.known))
}

/// One node that has it is enough; if none says so, the worst that may have happened counts. "Nonce too low" and missing
/// inputs are among what may pass: either it was mined, which asking for its hash shows, or another one has its place,
/// which people have to see.
pub fn outcome<T>(votes: Vec<Result<T, RpcError>>, words: &Words) -> Result<(), PortError> {
    let mut errors = Vec::new();
    for vote in votes {
        match vote {
            Ok(_) => return Ok(()),
            Err(error) if is_known(&error, words) => return Ok(()),
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
        Some(RpcError::Refused { code, message }) if says(message, words.never) => {
            let context = format!("error {code}: {message}");
            Err(PortError::give_up(PROVIDER, context))
        }
        Some(error) => Err(error.of_question()),
        None => Err(PortError::retry(PROVIDER, "no node is configured")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::evm::WORDS;
    use proof_port::Class;

    fn refused(message: &str) -> Result<(), RpcError> {
        Err(RpcError::Refused {
            code: -32000,
            message: message.to_owned(),
        })
    }

    fn class(votes: Vec<Result<(), RpcError>>) -> Class {
        outcome(votes, &WORDS).unwrap_err().class
    }

    #[test]
    fn one_node_that_has_it_is_enough() {
        let lost = || Err(RpcError::Lost("reset".to_owned()));
        outcome(vec![lost(), Ok(())], &WORDS).unwrap();
        outcome(vec![refused("already known"), lost()], &WORDS).unwrap();
        let both = vec![
            refused("AlreadyKnown"),
            refused("Transaction already imported"),
        ];
        outcome(both, &WORDS).unwrap();
        assert_eq!(class(vec![lost()]), Class::InDoubt);
        assert_eq!(
            class(vec![refused("nonce too low"), lost()]),
            Class::InDoubt
        );
    }

    #[test]
    fn only_what_the_bytes_cannot_overcome_is_final() {
        for passing in [
            "nonce too low",
            "insufficient funds for gas * price + value",
            "replacement transaction underpriced",
            "max fee per gas less than block base fee",
            "something new",
        ] {
            assert_eq!(class(vec![refused(passing)]), Class::Retry, "{passing}");
        }
        for never in [
            "invalid sender",
            "rlp: expected List",
            "intrinsic gas too low",
        ] {
            assert_eq!(class(vec![refused(never)]), Class::GiveUp, "{never}");
        }
        let unsent = Err(RpcError::Unsent("refused".to_owned()));
        assert_eq!(class(vec![unsent]), Class::Retry);
    }
}
