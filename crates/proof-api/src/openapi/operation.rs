//! One call of the contract, and how it is written down.

use super::{example, failure};
use proof_core::ErrorCode;
use serde_json::{Map, Value, json};

/// What one path and method does. [`Operation::into_value`] adds what all of them have in common.
pub struct Operation {
    pub method: &'static str,
    pub path: &'static str,
    pub id: &'static str,
    pub tag: &'static str,
    pub summary: &'static str,
    pub description: &'static str,
    /// Whether it takes a client token.
    pub token: bool,
    pub parameters: Vec<Value>,
    pub body: Option<Value>,
    /// What is answered when it goes well.
    pub answers: Vec<Answer>,
    /// What it can be refused with, beside what every call can.
    pub refusals: Vec<ErrorCode>,
}

/// One answer that is no error.
pub struct Answer {
    status: u16,
    value: Value,
    headers: Vec<&'static str>,
}

/// Refusals that every call with a token can meet.
const TOKEN: [ErrorCode; 7] = [
    ErrorCode::MissingToken,
    ErrorCode::InvalidToken,
    ErrorCode::ForbiddenOrigin,
    ErrorCode::RateLimitExceeded,
    ErrorCode::DbError,
    ErrorCode::TokenError,
    ErrorCode::Overloaded,
];

/// Refusals that a call without a token can meet.
const OPEN: [ErrorCode; 2] = [ErrorCode::DbError, ErrorCode::Overloaded];

const RATES: [&str; 3] = ["RateLimit-Limit", "RateLimit-Remaining", "RateLimit-Reset"];

impl Operation {
    pub fn into_value(self) -> (String, &'static str, Value) {
        let mut responses = Map::new();
        for answer in self.answers {
            let mut names = vec!["X-Request-Id"];
            names.extend(RATES.iter().filter(|_| self.token));
            names.extend(answer.headers);
            let mut value = answer.value;
            value["headers"] = refer(&names);
            responses.insert(answer.status.to_string(), value);
        }
        let common: &[ErrorCode] = if self.token { &TOKEN } else { &OPEN };
        let codes: Vec<ErrorCode> = self.refusals.into_iter().chain(common.to_vec()).collect();
        responses.extend(failure::responses(&codes));
        let mut value = json!({
            "operationId": self.id,
            "tags": [self.tag],
            "summary": self.summary,
            "description": self.description,
            "responses": responses,
        });
        if !self.parameters.is_empty() {
            value["parameters"] = self.parameters.into();
        }
        if let Some(body) = self.body {
            value["requestBody"] = body;
        }
        if !self.token {
            value["security"] = json!([]);
        }
        (self.path.to_owned(), self.method, value)
    }
}

impl Answer {
    /// JSON of a schema of the components.
    pub fn json(status: u16, description: &str, schema: &str, example: &Value) -> Self {
        let media = json!({"schema": schema_ref(schema), "example": example});
        let content = json!({"application/json": media});
        Self::other(
            status,
            json!({"description": description, "content": content}),
        )
    }

    /// An answer of any kind.
    pub fn other(status: u16, value: Value) -> Self {
        Self {
            status,
            value,
            headers: Vec::new(),
        }
    }

    pub fn header(mut self, name: &'static str) -> Self {
        self.headers.push(name);
        self
    }

    /// Where a client goes from here with what it has just read.
    pub fn link(mut self, name: &str, operation: &str, why: &str, parameters: Value) -> Self {
        self.value["links"][name] = json!({
            "operationId": operation,
            "description": why,
            "parameters": parameters,
        });
        self
    }
}

pub fn schema_ref(name: &str) -> Value {
    json!({"$ref": format!("#/components/schemas/{name}")})
}

/// References to headers of the components, by name.
pub fn refer(names: &[&str]) -> Value {
    let headers = names.iter().map(|name| {
        let reference = json!({"$ref": format!("#/components/headers/{name}")});
        ((*name).to_owned(), reference)
    });
    Value::Object(headers.collect())
}

/// A parameter of a place in the request, with an example.
pub fn parameter(place: &str, name: &str, description: &str, schema: Value, shown: Value) -> Value {
    json!({
        "name": name,
        "in": place,
        "required": place == "path",
        "description": description,
        "schema": schema,
        "example": shown,
    })
}

/// An optional query parameter. One without a value counts as absent.
pub fn query(name: &str, description: &str, schema: Value, shown: Value) -> Value {
    let or_empty = json!({"anyOf": [schema, schema_ref("Empty")]});
    let mut parameter = parameter("query", name, description, or_empty, shown);
    parameter["allowEmptyValue"] = true.into();
    parameter
}

pub fn limit_parameter() -> Value {
    let schema = json!({"type": "integer", "minimum": 1, "maximum": 100, "default": 20});
    query("limit", "How many are on a page.", schema, 20.into())
}

/// A JSON body of a schema of the components.
pub fn body(schema: &str, required: bool, description: &str, example: &Value) -> Value {
    json!({
        "required": required,
        "description": description,
        "content": {"application/json": {"schema": schema_ref(schema), "example": example}},
    })
}

/// The headers that answers share.
pub fn headers() -> Value {
    let header = |description: &str, required: bool, schema: Value, example: Value| {
        json!({
            "description": description,
            "required": required,
            "schema": schema,
            "example": example,
        })
    };
    let count = |description: &str, shown: i64| {
        let schema = json!({"type": "integer", "minimum": 0});
        header(description, false, schema, shown.into())
    };
    json!({
        "X-Request-Id": header(
            "Names this call in the logs of both sides.",
            true,
            json!({"type": "string", "minLength": 1, "maxLength": 128}),
            example::REQUEST_ID.into(),
        ),
        "Retry-After": header(
            "Seconds until the same call may be made again.",
            true,
            json!({"type": "integer", "minimum": 1}),
            1.into(),
        ),
        "RateLimit-Limit": count("Calls that may come at once.", 200),
        "RateLimit-Remaining": count("Calls of these that are left.", 199),
        "RateLimit-Reset": count("Seconds until the whole limit is there again.", 1),
        "ETag": header(
            "Names this state of the transaction; send it back as `If-None-Match`.",
            true,
            json!({"type": "string", "pattern": "^\"[0-9a-f]{24}\"$"}),
            example::ETAG.into(),
        ),
        "Upgrade": header(
            "What this route speaks.",
            true,
            json!({"type": "string", "const": "websocket"}),
            "websocket".into(),
        ),
    })
}
