//! `GET /widget/users/{partner_user_id}/kyc-status` (contract §4).

use super::{
    example,
    operation::{Answer, Operation, parameter},
};
use proof_core::ErrorCode;
use serde_json::{Value, json};

pub fn kyc_status() -> Operation {
    let id = parameter(
        "path",
        "id",
        "Your `partner_user_id`, percent-encoded (`/` as `%2F`).",
        json!({"type": "string", "minLength": 1}),
        example::USER.into(),
    );
    let answer = json!({"partner_user_id": example::USER, "status": "verified"});
    Operation {
        method: "get",
        path: "/widget/users/{id}/kyc-status",
        id: "getKycStatus",
        tag: "Users",
        summary: "Read a user's verification status",
        description: "A user is known from the first session on.",
        token: true,
        parameters: vec![id],
        body: None,
        answers: vec![Answer::json(200, "The status.", "KycStatus", &answer)],
        refusals: vec![ErrorCode::NotFound, ErrorCode::ProviderError],
    }
}

pub fn schema() -> Value {
    json!({
        "type": "object",
        "description": "How far a user's identity check has come.",
        "required": ["partner_user_id", "status"],
        "properties": {
            "partner_user_id": {
                "type": "string", "minLength": 1, "description": "As you named the user.",
            },
            "status": {
                "type": "string",
                "enum": ["not_started", "pending", "verified", "failed"],
                "description": "`not_started`: nothing submitted yet. `pending`: under review. \
                                `verified`: may transact. `failed`: must try again in the widget.",
            },
        },
    })
}
