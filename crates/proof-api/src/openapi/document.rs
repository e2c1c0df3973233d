//! What is there for everybody: the contract itself, public keys, health.

use super::operation::{Answer, Operation};
use serde_json::{Value, json};

pub fn operations() -> Vec<Operation> {
    let open = |path, id, summary, description, answer| Operation {
        method: "get",
        path,
        id,
        tag: "Service",
        summary,
        description,
        token: false,
        parameters: Vec::new(),
        body: None,
        answers: vec![answer],
        refusals: Vec::new(),
    };
    let key = "whpk_G1wvXxDnYXh3Y2mPLyvDzXxSPF1IrnNnMFDTeD2YJ4E=";
    let keys = json!({"keys": [{
        "environment": "test", "key": key, "id": "5b0c7d1e9a2f4c33", "from": null, "until": null,
    }]});
    let document = |description: &str| {
        let content = json!({"schema": {"type": "object", "required": ["info"]}});
        let content = json!({"application/json": content});
        Answer::other(200, json!({"description": description, "content": content}))
    };
    let health = json!({"schema": {"type": "string", "const": "ok\n"}, "example": "ok\n"});
    let health = json!({"description": "It lives.", "content": {"text/plain": health}});
    vec![
        open(
            "/.well-known/proof-webhook-keys.json",
            "getWebhookKeys",
            "Read the public keys of webhooks and receipts",
            "The ed25519 keys with which `v1a` signatures, receipts and statements can be checked: for each \
             environment one, and those before and after it once the operator turns keys. Any page may read it.",
            Answer::json(200, "The keys.", "WebhookKeys", &keys),
        ),
        open(
            "/openapi.json",
            "getOpenapi",
            "Read this document",
            "This document, with this installation as its server.",
            document("OpenAPI 3.1."),
        ),
        open(
            "/asyncapi.json",
            "getAsyncapi",
            "Read the document of the channels",
            "The WebSocket and the webhook, as AsyncAPI 3.0.",
            document("AsyncAPI 3.0."),
        ),
        open(
            "/healthz",
            "getHealth",
            "Ask whether the server lives",
            "Answers even when everything else is refused for overload.",
            Answer::other(200, health),
        ),
    ]
}

pub fn keys() -> Value {
    let key = json!({
        "type": "object",
        "required": ["environment", "key", "id", "from", "until"],
        "properties": {
            "environment": {
                "type": "string", "enum": ["test", "live"],
                "description": "Whose webhooks and receipts it signs.",
            },
            "key": {
                "type": "string", "pattern": "^whpk_[A-Za-z0-9+/]{43}=$",
                "description": "`whpk_` and the key in Base64.",
            },
            "id": {
                "type": "string", "pattern": "^[0-9a-f]{16}$",
                "description": "The first 16 hex digits of the key's SHA-256; receipts name it.",
            },
            "from": {
                "type": ["string", "null"], "format": "date-time",
                "description": "When it began, or begins, to sign; null: it was the first.",
            },
            "until": {
                "type": ["string", "null"], "format": "date-time",
                "description": "When the next one takes over; null: nobody has said.",
            },
        },
    });
    json!({
        "type": "object",
        "description": "Public keys of webhook signatures.",
        "required": ["keys"],
        "properties": {"keys": {
            "type": "array", "items": key, "description": "At least one for each environment.",
        }},
    })
}
