//! `POST /widget/session` (contract §2).

use super::{
    example,
    operation::{Answer, Operation, body, parameter, schema_ref},
    pattern,
};
use proof_core::ErrorCode;
use serde_json::{Value, json};

pub fn create() -> Operation {
    let key = parameter(
        "header",
        "Idempotency-Key",
        "Repeats are safe: for 24 hours the same key with the same body gives the same bytes, with \
         another body `409`. A 5xx is not kept.",
        json!({"type": "string", "minLength": 1, "maxLength": 255, "pattern": pattern::header()}),
        "order-7".into(),
    );
    Operation {
        method: "post",
        path: "/widget/session",
        id: "createSession",
        tag: "Sessions",
        summary: "Make a session",
        description: "Creates one transaction and returns everything that the widget needs: hand the \
                      answer to `proofWidget.run` as it is. A session is made for any user, whatever \
                      the verification status, and sends no webhook. `amount` is in whole units of \
                      the crypto currency; decimals beyond the asset's may only be zeros, and the \
                      limits are those of your account. The widget can be opened for one hour.",
        token: true,
        parameters: vec![key],
        body: Some(body(
            "SessionRequest",
            true,
            "At most 1 MiB, read as JSON whatever the `Content-Type`.",
            &example::session_request(),
        )),
        answers: vec![answer()],
        refusals: vec![
            ErrorCode::DecodeError,
            ErrorCode::ValidationError,
            ErrorCode::MissingParam,
            ErrorCode::CurrencyNotAllowed,
            ErrorCode::WalletNotSupported,
            ErrorCode::OfframpDisabled,
            ErrorCode::IdempotencyConflict,
            ErrorCode::BodyTooLarge,
            ErrorCode::Recovering,
            ErrorCode::ProviderError,
            ErrorCode::UpstreamUnavailable,
            ErrorCode::UpstreamInvalidResponse,
        ],
    }
}

fn answer() -> Answer {
    let order = "$response.body#/merchant_transaction_id";
    Answer::json(200, "The session.", "Session", &example::session())
        .link(
            "transaction",
            "getTransaction",
            "Where the order is.",
            json!({"id": order}),
        )
        .link(
            "updates",
            "connect",
            "Its status changes, as they happen.",
            json!({"tx_id": order}),
        )
        .link(
            "user",
            "getKycStatus",
            "How far the user's identity check has come.",
            json!({"id": "$request.body#/partner_user_id"}),
        )
}

/// A text that may be absent, or null.
fn optional(mut schema: Value, description: &str) -> Value {
    schema["type"] = json!(["string", "null"]);
    schema["description"] = description.into();
    schema
}

/// The body. Unknown fields are ignored, and an optional one that is null is absent.
pub fn request() -> Value {
    json!({
        "type": "object",
        "description": "What a session is made from.",
        "required": ["partner_user_id", "user_email", "network", "currency", "amount"],
        "properties": {
            "partner_user_id": {
                "type": "string", "minLength": 1, "maxLength": 255, "pattern": pattern::printable(),
                "description": "Your stable id of the user, without control characters.",
            },
            "user_email": {
                "type": "string", "minLength": 3, "maxLength": 254, "pattern": pattern::email(),
                "description": "The user's email; finds or creates the identity.",
            },
            "network": schema_ref("Network"),
            "currency": schema_ref("Currency"),
            "amount": {
                "type": "string", "minLength": 1, "maxLength": 40, "pattern": pattern::amount(),
                "description": "Crypto amount above 0 as a decimal string; never a JSON number. \
                                Within the limits of your account.",
            },
            "type": {
                "type": ["string", "null"], "enum": ["buy", "sell", null],
                "description": "Which way the money goes; else your account's default, else `buy`.",
            },
            "redirect_url": optional(
                pattern::redirect_url(),
                "Where the user goes afterwards, instead of your account's default: `http`, `https` \
                 or an app scheme.",
            ),
            "client_ip": optional(
                json!({"maxLength": 1024, "pattern": pattern::client_ip()}),
                "The end user's IP as you saw it: IPv4 or IPv6, with or without port, or a whole \
                 `X-Forwarded-For`, whose first entry counts. Part of the signature.",
            ),
            "address": {
                "description": "A string. For partners of the type `user_wallet` the user's own \
                                wallet: required for a buy and checked for the network. For the \
                                other types ignored, whatever it is.",
                "examples": ["TQsYLehPnKVhjqx58tntQep1WMLG6YDyuY"],
            },
        },
    })
}

fn properties() -> Value {
    let said = |mut schema: Value, description: &str| {
        schema["description"] = description.into();
        schema
    };
    let list = |name: &str, description: &str| {
        said(
            json!({"type": "array", "items": schema_ref(name)}),
            description,
        )
    };
    let always = |value: bool, why: &str| said(json!({"type": "boolean", "const": value}), why);
    let text = |description: &str| said(json!({"type": "string", "minLength": 1}), description);
    let uuid = |description: &str| said(json!({"type": "string", "format": "uuid"}), description);
    json!({
        "merchant_transaction_id": uuid("Stable for ever: polling, WebSocket and webhook use it."),
        "widget_id": uuid("Your widget."),
        "address": text("The wallet that the crypto goes to."),
        "init_token": text("Opens the widget for this one order, for an hour."),
        "init_token_type": said(
            json!({"type": "string", "const": "sdk_partner_authorization"}),
            "The kind of `init_token`.",
        ),
        "currency": said(schema_ref("Currency"), "As asked for."),
        "currencies": list("Currency", "Currencies of your account."),
        "fix_currency": always(true, "The user cannot change it."),
        "network": said(schema_ref("Network"), "As asked for."),
        "networks": list("Network", "Networks of your account."),
        "fix_network": list("Network", "The one network that the user can use."),
        "amount": said(json!({"type": "string", "pattern": pattern::amount()}), "Echoed as sent."),
        "fix_amount": always(true, "The user cannot change it."),
        "fiat_currency": said(schema_ref("FiatCurrency"), "What the user pays in at first."),
        "fiat_currencies": list("FiatCurrency", "What the user may pay in."),
        "fix_fiat_currency": always(false, "The user may choose."),
        "fix_fiat_amount": always(true, "It follows from the price."),
        "type": said(schema_ref("TransactionType"), "Always present."),
        "redirect_url": text("Absent when neither the request nor your account has one."),
        "signature": said(
            json!({"type": "string", "pattern": "^v2:[0-9a-f]{128}$"}),
            "Covers every parameter but `lang` and `theme`, and `client_ip`. Opaque.",
        ),
        "lang": text("Your account's language; absent when not set."),
        "theme": text("Your account's theme; absent when not set."),
    })
}

/// The answer: every parameter of the widget, and the signature over them.
pub fn response() -> Value {
    let properties = properties();
    let absent = ["redirect_url", "lang", "theme"];
    let names = properties.as_object().into_iter().flat_map(|p| p.keys());
    let required: Vec<&String> = names.filter(|n| !absent.contains(&n.as_str())).collect();
    json!({
        "type": "object",
        "description": "Everything that the widget needs.",
        "required": required,
        "properties": properties,
    })
}
