//! Schemas of everything that goes over the wire: derived from the types that are sent, and polished
//! with what a type cannot say.

use super::{
    checklist, customer, document, endpoint, failure, operation::schema_ref, pattern, sandbox,
    session,
};
use proof_core::ErrorCode;
use proof_engine::{
    Checklist, ClockView, Delivery, DeliveryDetail, DeliveryPage, FeedPage, IntegrationLog,
    PlayPage, Recovered, SandboxView, ScenarioPage, TransactionPage, Update, Webhook, WebhookBody,
    WebhookSecret,
};
use schemars::generate::SchemaSettings;
use serde_json::{Map, Value, json};

/// Every schema of the components, by name.
pub fn components() -> Map<String, Value> {
    let mut schemas = derived();
    for (name, schema) in &mut schemas {
        polish(name, schema);
    }
    for (name, schema) in [
        ("Error", error()),
        ("Problem", problem()),
        ("SessionRequest", session::request()),
        ("Session", session::response()),
        ("KycStatus", customer::schema()),
        ("SecretRequest", endpoint::secret_request()),
        ("RecoverRequest", endpoint::recover_request()),
        ("ScanRequest", checklist::scan_request()),
        ("AdvanceRequest", sandbox::advance_request()),
        ("WebhookKeys", document::keys()),
        ("Empty", empty()),
    ] {
        schemas.insert(name.to_owned(), schema);
    }
    for (name, values, description) in names() {
        let schema = json!({"type": "string", "enum": values, "description": description});
        schemas.insert(name.to_owned(), schema);
    }
    schemas
}

fn derived() -> Map<String, Value> {
    let mut settings = SchemaSettings::draft2020_12().for_serialize();
    settings.definitions_path = "/components/schemas".into();
    let mut generator = settings.into_generator();
    generator.subschema_for::<TransactionPage>();
    generator.subschema_for::<FeedPage>();
    generator.subschema_for::<Update>();
    generator.subschema_for::<WebhookBody>();
    generator.subschema_for::<Webhook>();
    generator.subschema_for::<WebhookSecret>();
    generator.subschema_for::<Delivery>();
    generator.subschema_for::<DeliveryDetail>();
    generator.subschema_for::<DeliveryPage>();
    generator.subschema_for::<Recovered>();
    generator.subschema_for::<IntegrationLog>();
    generator.subschema_for::<Checklist>();
    generator.subschema_for::<ClockView>();
    generator.subschema_for::<SandboxView>();
    generator.subschema_for::<ScenarioPage>();
    generator.subschema_for::<PlayPage>();
    generator.take_definitions(true)
}

/// Closed sets of names; of currencies and networks with what this installation has added.
fn names() -> [(&'static str, Vec<&'static str>, &'static str); 6] {
    [
        (
            "TransactionStatus",
            vec!["pending", "processing", "completed", "failed", "cancelled"],
            "`completed`, `failed` and `cancelled` are final.",
        ),
        (
            "TransactionType",
            vec!["buy", "sell"],
            "Which way the money goes.",
        ),
        ("Currency", pattern::tickers(), "Crypto ticker."),
        ("Network", pattern::networks(), "Chain of the crypto leg."),
        ("FiatCurrency", pattern::fiats(), "ISO 4217."),
        (
            "DeliveryState",
            vec!["pending", "delivered", "superseded", "failed"],
            "`superseded`: a newer status went out in its place.",
        ),
    ]
}

/// What a type is to partners; its own comment is for those who read the code.
fn title(schema: &str) -> &'static str {
    match schema {
        "Transaction" => "A transaction as every read shows it.",
        "TransactionPage" => "A page of transactions.",
        "FeedEvent" => "Something that happened to a transaction.",
        "FeedPage" => "A page of the event feed.",
        "Update" => "A status change, or the present state when a connection begins.",
        "WebhookBody" => "A status change.",
        "Webhook" => "Your endpoint.",
        "WebhookSecret" => "A new signing secret.",
        "Delivery" => "An event on its way to your endpoint, or arrived.",
        "DeliveryDetail" => "A delivery with its body and its latest tries.",
        "DeliveryPage" => "A page of deliveries.",
        "Attempt" => "One try of a delivery.",
        "Recovered" => "What was put on its way again.",
        "Checklist" => "The go-live checklist.",
        "ChecklistLine" => "One line, how it stands, and why.",
        "EvidenceView" => "What a line stands on.",
        "Signed" => "A person's word.",
        "Cell" => "One pair and side.",
        "Named" => "An id and a name.",
        "SandboxView" => "How you are set up in the sandbox.",
        "PairView" => "A coin on a network.",
        "ClockView" => "The sandbox's clock.",
        "ScenarioView" => "A scenario of the catalogue.",
        "ScenarioPage" => "The catalogue of scenarios.",
        "PlayView" => "A scenario that was asked for.",
        "PlaySeen" => "What was seen of an order, and when.",
        "PlayPage" => "Scenarios that were asked for.",
        "IntegrationLog" => "Refused calls.",
        "RefusedCalls" => "Refused calls that are alike.",
        _ => "",
    }
}

fn polish(name: &str, schema: &mut Value) {
    schema["description"] = title(name).into();
    let Some(properties) = schema["properties"].as_object_mut() else {
        return;
    };
    for (field, property) in properties {
        // A field that may hold anything has `true` for a schema.
        if property.is_boolean() {
            *property = json!({});
        }
        let (facts, description) = facts(name, field);
        let (Value::Object(facts), Some(property)) = (facts, property.as_object_mut()) else {
            continue;
        };
        if facts.contains_key("$ref") {
            property.remove("type");
        }
        property.extend(facts);
        if !description.is_empty() {
            property
                .entry("description")
                .or_insert_with(|| description.into());
        }
    }
}

/// What is known about a field beside its type, and what it is where the type does not say so.
fn facts(schema: &str, field: &str) -> (Value, &'static str) {
    let at_least = |min: i64| json!({ "minimum": min });
    let like = |pattern: &str| json!({ "pattern": pattern });
    match (schema, field) {
        ("FeedEvent", "type") => (like("^[a-z_]+\\.[a-z_]+$"), ""),
        ("FeedEvent", "data") => (json!({"type": "object"}), ""),
        ("FeedPage", "next_cursor") => (like("^(?:evt_[0-9a-f]{32})?$"), ""),
        ("TransactionPage", "next_cursor") => (json!({"format": "uuid"}), ""),
        ("Update", "event") => (json!({"const": "tx.update"}), "Kind of the message."),
        ("Update", "payment_method") => (json!({"type": "string"}), "Left out while unknown."),
        ("Webhook", "state") => (json!({"enum": ["enabled", "disabled"]}), ""),
        ("WebhookSecret", "secret") => (like("^whsec_[A-Za-z0-9+/]+=*$"), ""),
        ("Delivery" | "DeliveryDetail", "id") => (like(&pattern::id("whd")), "Its id."),
        ("Delivery" | "DeliveryDetail", "state") => (schema_ref("DeliveryState"), ""),
        ("DeliveryDetail", "log") => (json!({}), "Its tries, latest first."),
        ("Attempt" | "RefusedCalls", _) => facts_of_log(field),
        (_, "status") => (schema_ref("TransactionStatus"), "Where the transaction is."),
        (_, "type") => (schema_ref("TransactionType"), "Which way the money goes."),
        (_, "currency") => (schema_ref("Currency"), "Crypto ticker."),
        (_, "network") => (schema_ref("Network"), "Chain of the crypto leg."),
        (_, "fiat_currency") => (schema_ref("FiatCurrency"), "Currency of the fiat leg."),
        (_, "crypto_amount" | "fiat_amount") => (
            like(pattern::amount_shown()),
            "Decimal in whole units; empty while unknown.",
        ),
        (_, "event_id") => (
            like(&pattern::id("evt")),
            "The event, the same on every channel.",
        ),
        (_, "sequence") => (
            at_least(1),
            "The event's number among the transaction's own.",
        ),
        (_, "attempts" | "recovered") => (at_least(0), ""),
        (_, "merchant_transaction_id") => (json!({}), "As the session gave it."),
        (_, "partner_user_id") => (json!({}), "Your id of the user."),
        (_, "url") => (json!({"format": "uri"}), "Where it is sent."),
        (_, "disabled_reason") => (json!({}), "Why it is switched off."),
        (_, field) => facts_of_time(field),
    }
}

/// Fields of what is kept for reading back: tries, and refused calls.
fn facts_of_log(field: &str) -> (Value, &'static str) {
    match field {
        "headers" => (
            json!({"type": ["object", "null"], "additionalProperties": {"type": "string"}}),
            "Headers of the answer.",
        ),
        "status" => (json!({"minimum": 100, "maximum": 999}), ""),
        "number" => (json!({"minimum": 1}), "Numbers the tries from 1."),
        "duration_ms" => (json!({"minimum": 0}), "Milliseconds until the answer."),
        "url" => (json!({"format": "uri"}), "Where it was sent."),
        "error" => (
            json!({}),
            "What went wrong: of a call the error's slug, or `notice`.",
        ),
        "code" => (json!({}), "The error's code, or the kind of notice."),
        "field" => (json!({}), "The field that is to blame."),
        "origin" => (json!({}), "The `Origin` that was sent."),
        "count" => (json!({"minimum": 1}), "How often it happened."),
        "docs_url" => (json!({"format": "uri"}), ""),
        field => facts_of_time(field),
    }
}

/// Every time has one form.
fn facts_of_time(field: &str) -> (Value, &'static str) {
    let said = match field {
        "created_at" => "When it was made.",
        "updated_at" => "When the status last changed.",
        "occurred_at" => "When it happened.",
        "disabled_at" => "When it was switched off.",
        "next_attempt_at" => "When it is tried next; null when it is not.",
        "started_at" => "When the try began.",
        "first_seen" => "The first time.",
        "last_seen" => "The last time.",
        "previous_expires_at" => "Until then the old secret signs, too.",
        "failing_since" | "previous_secret_expires_at" => "",
        _ => return (json!({}), ""),
    };
    let facts = json!({"format": "date-time", "pattern": pattern::time_shown()});
    (facts, said)
}

/// A query parameter without a value.
fn empty() -> Value {
    json!({"type": "string", "maxLength": 0, "description": "Counts as absent."})
}

fn error_fields() -> Map<String, Value> {
    let codes = failure::partner_codes();
    let mut slugs: Vec<&str> = Vec::new();
    for slug in codes.iter().map(|code| code.slug()) {
        if !slugs.contains(&slug) {
            slugs.push(slug);
        }
    }
    let codes: Vec<&str> = codes.into_iter().map(ErrorCode::code).collect();
    let text =
        |description: &str| json!({"type": "string", "minLength": 1, "description": description});
    let uri =
        |description: &str| json!({"type": "string", "format": "uri", "description": description});
    [
        (
            "error",
            json!({"type": "string", "enum": slugs, "description": "The kind of error."}),
        ),
        (
            "code",
            json!({"type": "string", "enum": codes, "description": "The error; decide by this."}),
        ),
        (
            "message",
            text("What is wrong and what to do, for a developer."),
        ),
        ("field", text("The field or parameter that is to blame.")),
        ("docs_url", uri("The page of this error.")),
        ("request_id", text("As in `X-Request-Id`.")),
    ]
    .into_iter()
    .map(|(name, schema)| (name.to_owned(), schema))
    .collect()
}

fn error() -> Value {
    json!({
        "type": "object",
        "description": "A refusal.",
        "required": ["error", "code", "message", "docs_url", "request_id"],
        "properties": error_fields(),
    })
}

/// RFC 9457.
fn problem() -> Value {
    let mut fields = error_fields();
    for (name, schema) in [
        (
            "type",
            json!({"type": "string", "format": "uri", "description": "As `docs_url`."}),
        ),
        (
            "title",
            json!({"type": "string", "description": "The code as words."}),
        ),
        (
            "status",
            json!({"type": "integer", "minimum": 400, "maximum": 599, "description": "HTTP status."}),
        ),
        (
            "detail",
            json!({"type": "string", "description": "As `message`."}),
        ),
        (
            "instance",
            json!({"type": "string", "format": "uri", "description": "Names this call."}),
        ),
    ] {
        fields.insert(name.to_owned(), schema);
    }
    let required: Vec<&String> = fields.keys().filter(|name| *name != "field").collect();
    json!({
        "type": "object",
        "description": "A refusal as RFC 9457, for `Accept: application/problem+json`.",
        "required": required,
        "properties": fields,
    })
}
