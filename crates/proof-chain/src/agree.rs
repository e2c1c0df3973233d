//! What several nodes say, as one answer.
//!
//! A majority of the configured nodes has to say the same, or the same at least: one that is away counts as one
//! that says something else. With a single node its word counts.

use crate::rpc::{PROVIDER, RpcError};
use proof_port::PortError;

pub const fn majority(nodes: usize) -> usize {
    nodes / 2 + 1
}

/// The answer that a majority gives.
pub fn same<T: PartialEq + Clone>(votes: &[Result<T, RpcError>]) -> Result<T, PortError> {
    let said: Vec<&T> = votes.iter().filter_map(|vote| vote.as_ref().ok()).collect();
    let agreed = said.iter().find(|one| {
        let like = said.iter().filter(|other| other == one).count();
        like >= majority(votes.len())
    });
    match agreed {
        Some(agreed) => Ok((*agreed).clone()),
        None => Err(no_majority(votes)),
    }
}

/// The highest value that a majority has reached: neither one that is far ahead nor one that lags moves it.
pub fn reached<T: Ord + Copy>(votes: &[Result<T, RpcError>]) -> Result<T, PortError> {
    let mut said: Vec<T> = votes
        .iter()
        .filter_map(|vote| vote.as_ref().ok().copied())
        .collect();
    said.sort_unstable_by(|a, b| b.cmp(a));
    let at = majority(votes.len()) - 1;
    said.get(at).copied().ok_or_else(|| no_majority(votes))
}

/// What is wrong with nodes that do not answer; the context of one that is of another chain is an error.
pub fn silent<T>(votes: Vec<Result<T, RpcError>>) -> Result<Vec<PortError>, String> {
    let mut silent = Vec::new();
    for vote in votes {
        match vote {
            Ok(_) => {}
            Err(RpcError::Wrong(context)) => return Err(context),
            Err(error) => silent.push(error.of_question()),
        }
    }
    Ok(silent)
}

/// Who is away explains it better than who disagrees.
fn no_majority<T>(votes: &[Result<T, RpcError>]) -> PortError {
    match votes.iter().find_map(|vote| vote.as_ref().err()) {
        Some(error) => error.of_question(),
        None => PortError::retry(PROVIDER, "the nodes do not agree").answered(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn away<T>() -> Result<T, RpcError> {
        Err(RpcError::Unsent("refused".to_owned()))
    }

    #[test]
    fn one_node_is_believed_and_of_several_a_majority() {
        assert_eq!(same(&[Ok(1)]).unwrap(), 1);
        assert!(same(&[Ok(1), Ok(2)]).is_err());
        assert_eq!(same(&[Ok(2), Ok(1), Ok(1)]).unwrap(), 1);
        assert!(same(&[Ok(1), away(), away()]).is_err());
        assert_eq!(same(&[Ok(1), Ok(1), away()]).unwrap(), 1);
        assert!(same::<u8>(&[away()]).is_err());
    }

    #[test]
    fn neither_a_liar_nor_a_laggard_moves_the_height() {
        assert_eq!(reached(&[Ok(10), Ok(1_000_000), Ok(11)]).unwrap(), 11);
        assert_eq!(reached(&[Ok(10), Ok(0), Ok(11)]).unwrap(), 10);
        assert_eq!(reached(&[Ok(10), Ok(1_000_000)]).unwrap(), 10);
        assert_eq!(reached(&[Ok(10), Ok(12), away()]).unwrap(), 10);
        assert!(reached(&[Ok(10), away()]).is_err());
    }
}
