//! Handing signed bytes to a node, and what its refusals mean.

use super::{TronSpec, http::tell, node::Node, wire};
use crate::rpc::{self, RpcError};
use serde_json::json;

pub async fn send(node: &Node, spec: &TronSpec, signed_hex: &str) -> Result<(), RpcError> {
    let door = node.ready(spec).await.map_err(rpc::not_sent)?;
    let body = json!({ "transaction": signed_hex });
    let said: wire::Taken = tell(door, "broadcasthex", body).await?;
    if said.result {
        return Ok(());
    }
    let code = said.code.unwrap_or_default();
    let message = wire::plain(said.message.as_deref());
    Err(RpcError::Refused {
        code: 0,
        message: rpc::words(&format!("{code} {message}")),
    })
}

#[cfg(test)]
mod tests {
    use super::super::WORDS;
    use super::*;
    use crate::send::outcome;
    use proof_port::Class;

    fn refused(message: &str) -> Result<(), RpcError> {
        Err(RpcError::Refused {
            code: 0,
            message: message.to_owned(),
        })
    }

    #[test]
    fn a_duplicate_is_taken_and_only_a_bad_signature_is_for_good() {
        let known = refused("DUP_TRANSACTION_ERROR Dup transaction.");
        outcome(vec![known], &WORDS).unwrap();
        let class = |message: &str| outcome(vec![refused(message)], &WORDS).unwrap_err().class;
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
