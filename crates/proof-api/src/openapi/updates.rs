//! `GET /ws` before it is a WebSocket (contract §5); AsyncAPI says what comes after.

use super::{
    example,
    operation::{Answer, Operation, parameter},
};
use proof_core::ErrorCode;
use serde_json::{Value, json};

/// The query of the upgrade request.
pub fn parameters() -> Vec<Value> {
    let list =
        |items: Value| json!({"type": "array", "items": items, "minItems": 1, "maxItems": 100});
    let mut ids = parameter(
        "query",
        "tx_id",
        "The transactions to follow, separated by commas.",
        list(json!({"type": "string", "format": "uuid"})),
        json!([example::ORDER]),
    );
    ids["required"] = true.into();
    let mut after = parameter(
        "query",
        "after",
        "After a broken connection: the last `sequence` seen of each transaction, in the order of \
         `tx_id`. Only what came later is sent. Without it the present state comes first.",
        list(json!({"type": "integer", "minimum": 0, "maximum": i64::MAX})),
        json!([8]),
    );
    for parameter in [&mut ids, &mut after] {
        parameter["style"] = "form".into();
        parameter["explode"] = false.into();
    }
    vec![ids, after]
}

pub fn connect() -> Operation {
    let upgraded = json!({"description": "It is a WebSocket now."});
    Operation {
        method: "get",
        path: "/ws",
        id: "connect",
        tag: "WebSocket",
        summary: "Follow transactions",
        description: "Upgrades to a WebSocket that sends `tx.update` messages; `/asyncapi.json` describes \
                      them. After a final status of all that is followed you have 30 seconds to \
                      close, then the server does, with 1000. 1012 means that the server restarts, \
                      1008 that you read too slowly: connect again with `after`.",
        token: true,
        parameters: parameters(),
        body: None,
        answers: vec![Answer::other(101, upgraded)],
        refusals: vec![
            ErrorCode::MissingParam,
            ErrorCode::ValidationError,
            ErrorCode::NotFound,
            ErrorCode::UpgradeRequired,
        ],
    }
}
