//! Reading transactions (contract §3).

use super::{
    example,
    operation::{Answer, Operation, limit_parameter, parameter, query, schema_ref},
    pattern,
};
use proof_core::ErrorCode;
use proof_engine::TRANSACTION_WAIT_SECONDS_MAX;
use serde_json::{Value, json};

pub fn operations() -> Vec<Operation> {
    vec![list(), show()]
}

fn show() -> Operation {
    let id = parameter(
        "path",
        "id",
        "The `merchant_transaction_id` of the session.",
        json!({"type": "string", "format": "uuid"}),
        example::ORDER.into(),
    );
    let known = parameter(
        "header",
        "If-None-Match",
        "The `ETag` that you have: 304 while nothing has changed.",
        json!({"type": "string"}),
        example::ETAG.into(),
    );
    let max = TRANSACTION_WAIT_SECONDS_MAX;
    let wait = query(
        "wait",
        "Together with `If-None-Match`: seconds for which the answer is held back until something \
         changes. Final statuses are answered at once.",
        json!({"type": "integer", "minimum": 0, "maximum": max, "default": 0}),
        20.into(),
    );
    let unchanged = json!({"description": "It is still as you know it."});
    Operation {
        method: "get",
        path: "/widget/transactions/{id}",
        id: "getTransaction",
        tag: "Transactions",
        summary: "Read a transaction",
        description: "Poll every 5 to 10 seconds, or wait with `If-None-Match` and `wait`. Amounts are \
                      decimal strings in whole units, `\"\"` while unknown; `updated_at` changes with \
                      the status only. Somebody else's transaction does not exist.",
        token: true,
        parameters: vec![id, wait, known],
        body: None,
        answers: vec![
            Answer::json(
                200,
                "The transaction.",
                "Transaction",
                &example::transaction(),
            )
            .header("ETag"),
            Answer::other(304, unchanged).header("ETag"),
        ],
        refusals: vec![ErrorCode::ValidationError, ErrorCode::NotFound],
    }
}

fn filters() -> Vec<Value> {
    let uuid = json!({"type": "string", "format": "uuid"});
    let user = json!({
        "type": "string", "minLength": 1, "maxLength": 255, "pattern": pattern::printable(),
    });
    let filter = |name: &str, description: &str, schema: Value, shown: &str| {
        query(name, description, schema, shown.into())
    };
    vec![
        limit_parameter(),
        filter(
            "after",
            "The `next_cursor` of the page before.",
            uuid,
            example::ORDER,
        ),
        filter(
            "status",
            "Only those that have it now.",
            schema_ref("TransactionStatus"),
            "completed",
        ),
        filter(
            "type",
            "Only this way.",
            schema_ref("TransactionType"),
            "buy",
        ),
        filter(
            "currency",
            "Only this crypto currency.",
            schema_ref("Currency"),
            "USDT",
        ),
        filter(
            "network",
            "Only this chain.",
            schema_ref("Network"),
            "TRC20",
        ),
        filter("partner_user_id", "Only this user's.", user, example::USER),
        filter(
            "created_from",
            "Made then or later.",
            pattern::time(),
            "2026-04-01T00:00:00Z",
        ),
        filter(
            "created_to",
            "Made before then.",
            pattern::time(),
            "2026-05-01T00:00:00Z",
        ),
    ]
}

fn list() -> Operation {
    let page = json!({"data": [example::transaction()], "next_cursor": null});
    Operation {
        method: "get",
        path: "/widget/transactions",
        id: "listTransactions",
        tag: "Transactions",
        summary: "List transactions",
        description: "Newest first. Filters are joined by *and*. Pass `next_cursor` as `after` until it \
                      is null. New transactions do not shift the pages that follow.",
        token: true,
        parameters: filters(),
        body: None,
        answers: vec![
            Answer::json(200, "A page.", "TransactionPage", &page)
                .link(
                    "next",
                    "listTransactions",
                    "The page after this one.",
                    json!({"after": "$response.body#/next_cursor"}),
                )
                .link(
                    "transaction",
                    "getTransaction",
                    "The newest of them.",
                    json!({"id": "$response.body#/data/0/merchant_transaction_id"}),
                ),
        ],
        refusals: vec![ErrorCode::ValidationError],
    }
}
