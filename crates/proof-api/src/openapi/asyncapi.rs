//! What partners listen to, as AsyncAPI 3.0: the WebSocket and the webhook.

use super::{endpoint, example, info, operation::schema_ref, schema, updates};
use serde_json::{Map, Value, json};

const ABOUT: &str = "What your backend hears while an order goes on. The calls are in `/openapi.json`. \
                     Ignore fields that you do not know: more may come.";

/// Schemas that the channels need.
const SCHEMAS: [&str; 7] = [
    "Update",
    "WebhookBody",
    "TransactionStatus",
    "TransactionType",
    "Currency",
    "Network",
    "FiatCurrency",
];

/// The channels of a server at `base`.
pub fn asyncapi(base: &str) -> Value {
    let mut schemas = schema::components();
    schemas.retain(|name, _| SCHEMAS.contains(&name.as_str()));
    json!({
        "asyncapi": "3.0.0",
        "info": info("Proof partner channels", ABOUT),
        "defaultContentType": "application/json",
        "servers": servers(base),
        "channels": {"updates": socket(), "webhook": webhook()},
        "operations": {
            "sendUpdates": {
                "action": "send",
                "channel": {"$ref": "#/channels/updates"},
                "summary": "Sends each status change of the transactions that are followed.",
                "messages": [{"$ref": "#/channels/updates/messages/update"}],
            },
            "sendWebhook": {
                "action": "send",
                "channel": {"$ref": "#/channels/webhook"},
                "summary": "Posts each status change, for three days until it is answered with 2xx.",
                "messages": [{"$ref": "#/channels/webhook/messages/changed"}],
                "bindings": {"http": {"method": "POST", "bindingVersion": "0.3.0"}},
            },
        },
        "components": {
            "securitySchemes": {"client_token": {
                "type": "http",
                "scheme": "bearer",
                "description": "The `client_token` of your account.",
            }},
            "messages": {"update": update(), "changed": changed()},
            "schemas": schemas,
        },
    })
}

fn servers(base: &str) -> Value {
    let (scheme, host) = base.split_once("://").unwrap_or(("https", base));
    json!({
        "proof": {
            "host": host,
            "protocol": if scheme == "https" { "wss" } else { "ws" },
            "description": "This installation; the token goes into the upgrade request.",
            "security": [{"$ref": "#/components/securitySchemes/client_token"}],
        },
        "partner": {
            "host": "shop.example",
            "protocol": "https",
            "description": "Your endpoint.",
        },
    })
}

fn socket() -> Value {
    let text = |name: &str, shown: &str| {
        let parameters = updates::parameters();
        let parameter = parameters.iter().find(|p| p["name"] == name);
        let description = parameter.map(|p| p["description"].clone());
        json!({"type": "string", "description": description, "examples": [shown]})
    };
    let query = json!({"tx_id": text("tx_id", example::ORDER), "after": text("after", "8")});
    json!({
        "address": "/ws",
        "title": "Status changes of transactions",
        "description": "One connection follows up to 100 transactions. A fresh one is first sent the present \
                        state of each; with `after`, what came later. Refusals come before the upgrade, \
                        as HTTP answers. Idle connections are pinged every 20 seconds. You send nothing.\n\n\
                        Closed with 1000: all that is followed is final, and 30 seconds have passed. \
                        1012: the server restarts, connect again with `after`. 1008: you read too \
                        slowly, connect again with `after`. 1011: something failed here, connect again.",
        "servers": [{"$ref": "#/servers/proof"}],
        "messages": {"update": {"$ref": "#/components/messages/update"}},
        "bindings": {"ws": {
            "method": "GET",
            "query": {"type": "object", "required": ["tx_id"], "properties": query},
            "bindingVersion": "0.1.0",
        }},
    })
}

fn webhook() -> Value {
    json!({
        "address": "/webhooks/proof",
        "title": "Your webhook",
        "description": "Signed as Standard Webhooks. Answer 2xx within 15 seconds; the same event may arrive \
                        more than once. Events of one transaction come in order, but one that is not \
                        answered holds the next back for at most a minute.",
        "servers": [{"$ref": "#/servers/partner"}],
        "messages": {"changed": {"$ref": "#/components/messages/changed"}},
    })
}

fn update() -> Value {
    json!({
        "name": "tx.update",
        "title": "A status change, or the present state",
        "contentType": "application/json",
        "payload": schema_ref("Update"),
        "examples": [{"name": "completed", "payload": example::update()}],
    })
}

fn changed() -> Value {
    let (mut properties, mut required, mut shown) = (Map::new(), Vec::new(), Map::new());
    for (name, description, mut schema, example) in endpoint::webhook_headers() {
        schema["description"] = description.into();
        properties.insert(name.to_owned(), schema);
        required.push(name);
        shown.insert(name.to_owned(), example.into());
    }
    let example = json!({
        "name": "completed",
        "headers": shown,
        "payload": example::webhook_body(),
    });
    json!({
        "name": "transaction status changed",
        "title": "A status change",
        "contentType": "application/json",
        "headers": {"type": "object", "required": required, "properties": properties},
        "payload": schema_ref("WebhookBody"),
        "examples": [example],
    })
}
