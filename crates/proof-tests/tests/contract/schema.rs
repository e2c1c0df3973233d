//! Holds answers against the machine contract: a status that is not documented, or a body that breaks
//! its schema, is a bug of the server or of the document.

use jsonschema::Validator;
use serde_json::{Value, json};
use std::{
    collections::BTreeMap,
    sync::{Mutex, PoisonError},
};

/// Schemas that were compiled before: the same few answers come thousands of times.
static COMPILED: Mutex<BTreeMap<String, Validator>> = Mutex::new(BTreeMap::new());

/// Panics when the document does not know this answer. `path` is the request's, with or without query;
/// what is not in the document (the widget's own calls, pages, unknown routes) is not looked at.
pub fn check(document: &Value, method: &str, path: &str, status: u16, body: &Value) {
    let path = path.split('?').next().unwrap_or(path);
    let method = method.to_lowercase();
    let Some((template, operation)) = operation(document, &method, path) else {
        return;
    };
    let call = format!("{} {template} answered {status}", method.to_uppercase());
    let response = &operation["responses"][status.to_string()];
    assert!(
        response.is_object(),
        "{call}, which openapi.json does not know: {body:#}"
    );
    let schema = &response["content"]["application/json"]["schema"];
    if schema.is_null() {
        return;
    }
    let mut compiled = COMPILED.lock().unwrap_or_else(PoisonError::into_inner);
    let validator = compiled
        .entry(call.clone())
        .or_insert_with(|| compile(document, schema));
    let wrong: Vec<String> = validator
        .iter_errors(body)
        .map(|error| format!("  at {:?}: {error}", error.instance_path().to_string()))
        .collect();
    assert!(
        wrong.is_empty(),
        "{call} with a body that breaks its schema:\n{}\n{body:#}",
        wrong.join("\n")
    );
}

fn compile(document: &Value, schema: &Value) -> Validator {
    let mut schema = schema.clone();
    schema["components"] = json!({"schemas": document["components"]["schemas"]});
    let options = jsonschema::options().should_validate_formats(true);
    options.build(&schema).unwrap()
}

/// The operation that a path belongs to; one without placeholders comes first.
fn operation<'a>(document: &'a Value, method: &str, path: &str) -> Option<(&'a str, &'a Value)> {
    let paths = document["paths"].as_object()?;
    let fits = |template: &str| {
        let (wanted, given) = (template.split('/'), path.split('/'));
        wanted.clone().count() == given.clone().count()
            && wanted.zip(given).all(|(wanted, given)| {
                wanted == given || (wanted.starts_with('{') && !given.is_empty())
            })
    };
    let mut found: Vec<(&str, &Value)> = paths
        .iter()
        .filter(|(template, _)| fits(template))
        .map(|(template, methods)| (template.as_str(), &methods[method]))
        .filter(|(_, operation)| operation.is_object())
        .collect();
    found.sort_by_key(|(template, _)| template.matches('{').count());
    found.first().copied()
}

#[test]
fn what_the_document_does_not_know_is_noticed() {
    let document = proof_api::openapi("https://ramp.example");
    let body = json!({"partner_user_id": "a", "status": "verified"});
    let path = "/widget/users/a%2Fb/kyc-status?x=1";
    check(&document, "GET", path, 200, &body);
    check(&document, "GET", "/somewhere/else", 418, &body);
    for (status, body) in [
        (418, body.clone()),
        (200, json!({"partner_user_id": "a", "status": "fine"})),
        (200, json!({"status": "verified"})),
        (404, json!({"error": "not_found", "code": "missing_param"})),
    ] {
        let refused = std::panic::catch_unwind(|| check(&document, "GET", path, status, &body));
        assert!(refused.is_err(), "{status} {body}");
    }
}
