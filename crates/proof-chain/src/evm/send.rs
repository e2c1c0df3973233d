//! Handing signed bytes to nodes, and what their refusals mean.

use crate::fault::{self, RpcError};
use proof_port::PortError;

/// What these bytes can never overcome. Whatever else a node says may pass: a nonce comes up, a wallet is filled,
/// a fee falls.
const NEVER: [&str; 7] = [
    "invalid sender",
    "invalid chain id",
    "rlp",
    "failed to decode",
    "signature",
    "transaction type not supported",
    "intrinsic gas",
];
/// It is there already.
const KNOWN: [&str; 4] = [
    "already known",
    "known transaction",
    "already imported",
    "already exists",
];

fn says(message: &str, words: &[&str]) -> bool {
    let message = message.to_lowercase();
    words.iter().any(|word| message.contains(word))
}

fn is_known(error: &RpcError) -> bool {
    matches!(error, RpcError::Refused { message, .. } if says(message, &KNOWN))
}

/// "Nonce too low" is among what may pass: either it was mined, which asking for its hash shows, or another one has its
/// place, which people have to see.
pub fn outcome<T>(votes: Vec<Result<T, RpcError>>) -> Result<(), PortError> {
    fault::outcome(votes, is_known, |message| says(message, &NEVER))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proof_port::Class;

    fn refused(message: &str) -> Result<(), RpcError> {
        Err(RpcError::Refused {
            code: -32000,
            message: message.to_owned(),
        })
    }

    fn class(votes: Vec<Result<(), RpcError>>) -> Class {
        outcome(votes).unwrap_err().class
    }

    #[test]
    fn one_node_that_has_it_is_enough() {
        let lost = || Err(RpcError::Lost("reset".to_owned()));
        outcome(vec![lost(), Ok(())]).unwrap();
        outcome(vec![refused("already known"), lost()]).unwrap();
        outcome(vec![
            refused("AlreadyKnown"),
            refused("Transaction already imported"),
        ])
        .unwrap();
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
