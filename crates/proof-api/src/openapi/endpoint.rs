//! `/widget/webhook`, and the webhook itself (contract §6).

use super::{
    example,
    operation::{Answer, Operation, body, limit_parameter, parameter, query, schema_ref},
    pattern,
};
use proof_core::ErrorCode;
use proof_engine::{SECRET_GRACE_SECONDS_DEFAULT, SECRET_GRACE_SECONDS_MAX};
use serde_json::{Value, json};

pub fn operations() -> Vec<Operation> {
    vec![
        show(),
        test(),
        enable(),
        rotate(),
        recover(),
        deliveries(),
        delivery(),
        redeliver(),
    ]
}

/// A call about the endpoint; each can find that there is none.
fn operation(method: &'static str, path: &'static str, id: &'static str) -> Operation {
    Operation {
        method,
        path,
        id,
        tag: "Webhook",
        summary: "",
        description: "",
        token: true,
        parameters: Vec::new(),
        body: None,
        answers: Vec::new(),
        refusals: vec![ErrorCode::NotFound],
    }
}

fn the_webhook() -> Vec<Answer> {
    let webhook = example::webhook();
    vec![Answer::json(200, "The webhook.", "Webhook", &webhook)]
}

fn show() -> Operation {
    Operation {
        summary: "Read your webhook",
        description: "Your endpoint and whether it is sent to. It is switched off when it answers 410, \
                      or when nothing was delivered for five days.",
        answers: the_webhook(),
        ..operation("get", "/widget/webhook", "getWebhook")
    }
}

fn test() -> Operation {
    let mut sent = example::delivery();
    sent["merchant_transaction_id"] = Value::Null;
    (sent["sequence"], sent["attempts"]) = (1.into(), 0.into());
    Operation {
        summary: "Send a test event",
        description: "Sends a signed body with `test: true` about a transaction that does not exist. \
                      Read the delivery to see how your endpoint answered.",
        answers: vec![on_its_way(&sent)],
        refusals: vec![ErrorCode::NotFound, ErrorCode::WrongState],
        ..operation("post", "/widget/webhook/test", "testWebhook")
    }
}

fn enable() -> Operation {
    Operation {
        summary: "Switch your webhook on again",
        description: "What it missed meanwhile is not sent by itself: recover it.",
        answers: the_webhook(),
        ..operation("post", "/widget/webhook/enable", "enableWebhook")
    }
}

fn rotate() -> Operation {
    let request = json!({"grace_seconds": 86_400});
    let answer = json!({
        "secret": "whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD",
        "previous_expires_at": "2026-04-02T10:03:45Z",
    });
    Operation {
        summary: "Rotate the signing secret",
        description: "Makes a new secret, shown once. Until `previous_expires_at` both sign, so that you \
                      can change yours in between. While two sign, a third is refused unless `force` is true, so \
                      that a repeat of this call ends no secret that you know.",
        body: Some(body("SecretRequest", false, "May be left out.", &request)),
        answers: vec![Answer::json(
            200,
            "The new secret.",
            "WebhookSecret",
            &answer,
        )],
        refusals: vec![
            ErrorCode::DecodeError,
            ErrorCode::ValidationError,
            ErrorCode::NotFound,
            ErrorCode::WrongState,
            ErrorCode::BodyTooLarge,
        ],
        ..operation("post", "/widget/webhook/secret", "rotateWebhookSecret")
    }
}

fn recover() -> Operation {
    let request = json!({"from": "2026-04-01T00:00:00Z", "to": "2026-04-02T00:00:00Z"});
    let answer = json!({"recovered": 3});
    Operation {
        summary: "Send again what did not arrive",
        description: "Puts every event of a range of time on its way again that was not delivered.",
        body: Some(body("RecoverRequest", true, "The range of time.", &request)),
        answers: vec![Answer::json(
            202,
            "They are on their way.",
            "Recovered",
            &answer,
        )],
        refusals: vec![
            ErrorCode::DecodeError,
            ErrorCode::ValidationError,
            ErrorCode::MissingParam,
            ErrorCode::NotFound,
            ErrorCode::WrongState,
            ErrorCode::BodyTooLarge,
        ],
        ..operation("post", "/widget/webhook/recover", "recoverDeliveries")
    }
}

fn filters() -> Vec<Value> {
    let filter = |name: &str, description: &str, schema: Value, shown: &str| {
        query(name, description, schema, shown.into())
    };
    vec![
        limit_parameter(),
        filter(
            "after",
            "The `next_cursor` of the page before.",
            json!({"type": "string", "pattern": pattern::id("whd")}),
            example::DELIVERY,
        ),
        filter(
            "merchant_transaction_id",
            "Only those about this transaction.",
            json!({"type": "string", "format": "uuid"}),
            example::ORDER,
        ),
        filter(
            "state",
            "Only those that are in it now.",
            schema_ref("DeliveryState"),
            "failed",
        ),
    ]
}

fn deliveries() -> Operation {
    let page = json!({"data": [example::delivery()], "next_cursor": null});
    let id = json!({"id": "$response.body#/data/0/id"});
    Operation {
        summary: "List deliveries",
        description: "What was sent to your endpoint, newest first. Pass `next_cursor` as `after` until \
                      it is null.",
        parameters: filters(),
        answers: vec![
            Answer::json(200, "A page.", "DeliveryPage", &page)
                .link(
                    "delivery",
                    "getDelivery",
                    "The newest, with its tries.",
                    id.clone(),
                )
                .link("redeliver", "redeliver", "The newest, once more.", id),
        ],
        refusals: vec![ErrorCode::ValidationError, ErrorCode::NotFound],
        ..operation("get", "/widget/webhook/deliveries", "listDeliveries")
    }
}

fn delivery_parameter() -> Value {
    let schema = json!({"type": "string", "pattern": pattern::id("whd")});
    parameter(
        "path",
        "id",
        "The delivery's id.",
        schema,
        example::DELIVERY.into(),
    )
}

fn delivery() -> Operation {
    let detail = example::delivery_detail();
    Operation {
        summary: "Read a delivery",
        description: "With the body as it was sent and its latest 50 tries, latest first.",
        parameters: vec![delivery_parameter()],
        answers: vec![Answer::json(
            200,
            "The delivery.",
            "DeliveryDetail",
            &detail,
        )],
        ..operation("get", "/widget/webhook/deliveries/{id}", "getDelivery")
    }
}

fn redeliver() -> Operation {
    let path = "/widget/webhook/deliveries/{id}/redeliver";
    Operation {
        summary: "Send a delivery again",
        description: "Whatever became of it: with the same `event_id`, so that a handler that has seen \
                      it can tell.",
        parameters: vec![delivery_parameter()],
        answers: vec![on_its_way(&example::delivery())],
        refusals: vec![ErrorCode::NotFound, ErrorCode::WrongState],
        ..operation("post", path, "redeliver")
    }
}

fn on_its_way(sent: &Value) -> Answer {
    Answer::json(202, "It is on its way.", "Delivery", sent).link(
        "delivery",
        "getDelivery",
        "What became of it.",
        json!({"id": "$response.body#/id"}),
    )
}

pub fn secret_request() -> Value {
    json!({
        "type": "object",
        "description": "How the secrets change over.",
        "properties": {"grace_seconds": {
            "type": ["integer", "null"],
            "minimum": 0,
            "maximum": SECRET_GRACE_SECONDS_MAX,
            "default": SECRET_GRACE_SECONDS_DEFAULT,
            "description": "Seconds for which the old secret signs, too.",
        }, "force": {
            "type": ["boolean", "null"],
            "default": false,
            "description": "Ends a previous secret that still signs.",
        }},
    })
}

pub fn recover_request() -> Value {
    let time = |description: &str| {
        let mut time = pattern::time();
        time["description"] = description.into();
        time
    };
    json!({
        "type": "object",
        "description": "A range of time.",
        "required": ["from", "to"],
        "properties": {"from": time("Events from then on."), "to": time("Events before then.")},
    })
}

/// Headers of a webhook (Standard Webhooks): name, meaning, schema, example.
pub fn webhook_headers() -> [(&'static str, &'static str, Value, &'static str); 3] {
    let text = |pattern: &str| json!({"type": "string", "pattern": pattern});
    [
        (
            "webhook-id",
            "The event: the same on every try.",
            text(&pattern::id("evt")),
            example::EVENT,
        ),
        (
            "webhook-timestamp",
            "When this try began, in seconds since 1970; refuse what is older than five minutes.",
            text("^[0-9]+$"),
            "1775037825",
        ),
        (
            "webhook-signature",
            "Signatures of `{id}.{timestamp}.{body}`, separated by spaces; one that holds is enough. \
             `v1,` is HMAC-SHA256 with your secret (two while you rotate it), `v1a,` ed25519 with \
             the published key.",
            text("^v1a?,[A-Za-z0-9+/=]+(?: v1a?,[A-Za-z0-9+/=]+)*$"),
            "v1,K5oZfzN95Z9UVu1EsfQmfVNQhnkZ2pj9o9NDN/H/pI4=",
        ),
    ]
}

/// What we call at the partner's.
pub fn webhooks() -> Value {
    let parameters = webhook_headers().map(|(name, description, schema, shown)| {
        let mut header = parameter("header", name, description, schema, shown.into());
        header["required"] = true.into();
        header
    });
    json!({"transactionStatusChanged": {"post": {
        "operationId": "transactionStatusChanged",
        "tags": ["Webhook"],
        "summary": "A transaction's status has changed",
        "description": "We call this at your endpoint. Check the signature over the raw body, answer 2xx \
                        within 15 seconds, and do the work afterwards. The same event may arrive more \
                        than once: be idempotent on `event_id`, or on `merchant_transaction_id` and \
                        `status`. What is not answered with 2xx is tried for three days. Redirects are \
                        not followed.",
        "security": [],
        "parameters": parameters,
        "requestBody": body("WebhookBody", true, "The new status.", &example::webhook_body()),
        "responses": {
            "2XX": {"description": "Received; it is not sent again."},
            "410": {"description": "Nobody listens here any more; the webhook is switched off."},
            "default": {
                "description": "Not received; it is tried again, after `Retry-After` if given.",
            },
        },
    }}})
}
