//! The machine contracts: OpenAPI for what partners call, AsyncAPI for what they listen to. Both are
//! made of the types that go over the wire and of the table of routes, so they cannot lag behind.

mod asyncapi;
mod checklist;
mod customer;
mod document;
mod endpoint;
mod example;
mod failure;
mod feed;
mod operation;
mod pattern;
mod readable;
mod refusal;
mod sandbox;
mod schema;
mod session;
mod transaction;
mod updates;

pub use asyncapi::asyncapi;
pub use readable::{escape, readable};

use operation::Operation;
use serde_json::{Map, Value, json};

/// What every reader of the contract has to know before the first call.
const INTRODUCTION: &str = include_str!("introduction.md");

/// The nouns, in the order in which an integration meets them.
const TAGS: [(&str, &str); 8] = [
    (
        "Sessions",
        "Start here: one call makes the order and what the widget needs.",
    ),
    (
        "Transactions",
        "Where an order is: read once, listed, or waited for.",
    ),
    ("Users", "How far a user's identity check has come."),
    (
        "Events",
        "Everything that happened to your orders, in one order.",
    ),
    (
        "Webhook",
        "Your endpoint, its secret, and what was sent to it.",
    ),
    ("WebSocket", "Status changes while a connection is open."),
    (
        "Sandbox",
        "The world outside, which does on request what it does by itself in life.",
    ),
    ("Service", "The contract itself, public keys and health."),
];

fn operations(base: &str) -> Vec<Operation> {
    let mut operations = vec![session::create()];
    operations.extend(transaction::operations());
    operations.push(customer::kyc_status());
    operations.push(feed::list());
    operations.extend(endpoint::operations());
    operations.push(refusal::list(base));
    operations.extend(checklist::operations());
    operations.extend(sandbox::operations());
    operations.push(updates::connect());
    operations.extend(document::operations());
    operations
}

/// The partner API as OpenAPI 3.1, for a server at `base`.
pub fn openapi(base: &str) -> Value {
    let mut paths: Map<String, Value> = Map::new();
    for operation in operations(base) {
        let (path, method, value) = operation.into_value();
        let methods = paths.entry(path).or_insert_with(|| json!({}));
        methods[method] = value;
    }
    let mut schemas = schema::components();
    // What a WebSocket sends is in the other document.
    schemas.remove("Update");
    let tags = TAGS.map(|(name, description)| json!({"name": name, "description": description}));
    json!({
        "openapi": "3.1.0",
        "info": info("Proof partner API", INTRODUCTION),
        "jsonSchemaDialect": "https://json-schema.org/draft/2020-12/schema",
        "servers": [{"url": base, "description": "This installation"}],
        "security": [{"client_token": []}],
        "tags": tags,
        "paths": paths,
        "webhooks": endpoint::webhooks(),
        "components": {
            "securitySchemes": {"client_token": {
                "type": "http",
                "scheme": "bearer",
                "description": "The `client_token` of your account (`sk_test_…` or `sk_live_…`). \
                                It belongs to your backend and never into a page or an app.",
            }},
            "schemas": schemas,
            "headers": operation::headers(),
            "examples": failure::examples(base),
        },
    })
}

fn info(title: &str, description: &str) -> Value {
    json!({
        "title": title,
        "version": env!("CARGO_PKG_VERSION"),
        "description": description,
        "license": {
            "name": "Apache-2.0",
            "url": "https://www.apache.org/licenses/LICENSE-2.0",
        },
    })
}
