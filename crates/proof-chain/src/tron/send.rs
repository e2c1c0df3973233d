//! Handing signed bytes to a node, and what its refusals mean.

use super::{
    TronSpec,
    node::Node,
    rpc::{View, must},
    wire,
};
use crate::fault::{self, RpcError};
use proof_port::PortError;
use serde_json::json;

/// It has them already, in a block or waiting for one.
const KNOWN: &str = "DUP_TRANSACTION_ERROR";
/// What these bytes can never overcome. Whatever else a node says may pass: a wallet is filled, a node becomes less busy.
/// A time that is over is among that, too: what is final on the chain decides then, and not what a node says.
const NEVER: [&str; 2] = ["SIGERROR", "TOO_BIG_TRANSACTION_ERROR"];

pub async fn send(node: &Node, spec: &TronSpec, signed_hex: &str) -> Result<(), RpcError> {
    let door = node.ready(spec).await.map_err(fault::not_sent)?;
    let body = json!({ "transaction": signed_hex });
    let said: wire::Taken = must(door, View::Newest, "broadcasthex", body).await?;
    if said.result {
        return Ok(());
    }
    let code = said.code.unwrap_or_default();
    let message = wire::plain(said.message.as_deref());
    Err(RpcError::Refused {
        code: 0,
        message: fault::words(&format!("{code} {message}")),
    })
}

pub fn outcome(votes: Vec<Result<(), RpcError>>) -> Result<(), PortError> {
    let is_known = |error: &RpcError| matches!(error, RpcError::Refused { message, .. } if message.starts_with(KNOWN));
    let is_never = |message: &str| NEVER.iter().any(|code| message.starts_with(code));
    fault::outcome(votes, is_known, is_never)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proof_port::Class;

    fn refused(message: &str) -> Result<(), RpcError> {
        Err(RpcError::Refused {
            code: 0,
            message: message.to_owned(),
        })
    }

    #[test]
    fn a_duplicate_is_taken_and_only_a_bad_signature_is_for_good() {
        outcome(vec![refused("DUP_TRANSACTION_ERROR Dup transaction.")]).unwrap();
        let class = |message: &str| outcome(vec![refused(message)]).unwrap_err().class;
        assert_eq!(class("SIGERROR Validate signature error"), Class::GiveUp);
        for passing in [
            "TRANSACTION_EXPIRATION_ERROR Transaction expired",
            "TAPOS_ERROR Tapos check error",
            "BANDWITH_ERROR Account resource insufficient",
            "CONTRACT_VALIDATE_ERROR balance is not sufficient",
            "SERVER_BUSY",
            "SOMETHING_NEW",
        ] {
            assert_eq!(class(passing), Class::Retry, "{passing}");
        }
    }
}
