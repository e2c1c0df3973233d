//! The machine contracts are complete, consistent with themselves, with the code and with the files
//! that are checked in.

#![expect(clippy::unwrap_used, reason = "a test stops at the first surprise")]

use jsonschema::Validator;
use proof_api::{Caller, asyncapi, openapi, routes};
use proof_core::{ErrorCode, session::client_ip_parse};
use proof_engine::SessionResponse;
use serde_json::{Value, json};
use std::{collections::BTreeSet, fs, path::Path};

const BASE: &str = "https://ramp.example";

/// A schema that may refer to the components of its document.
fn validator(document: &Value, schema: &Value) -> Validator {
    let mut schema = schema.clone();
    schema["components"] = document["components"].clone();
    jsonschema::options()
        .should_validate_formats(true)
        .build(&schema)
        .unwrap()
}

fn operations(document: &Value) -> Vec<(String, String, Value)> {
    let mut operations = Vec::new();
    for (path, methods) in document["paths"].as_object().unwrap() {
        for (method, operation) in methods.as_object().unwrap() {
            operations.push((method.to_uppercase(), path.clone(), operation.clone()));
        }
    }
    operations
}

/// Calls `visit` with every object of a document.
fn walk(value: &Value, path: &str, visit: &mut impl FnMut(&str, &Value)) {
    visit(path, value);
    match value {
        Value::Object(fields) => {
            for (name, field) in fields {
                walk(field, &format!("{path}/{name}"), visit);
            }
        }
        Value::Array(items) => {
            for (n, item) in items.iter().enumerate() {
                walk(item, &format!("{path}/{n}"), visit);
            }
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

fn pointed<'a>(document: &'a Value, reference: &str) -> Option<&'a Value> {
    document.pointer(reference.strip_prefix('#')?)
}

#[test]
fn every_route_of_partners_has_its_operation_and_every_operation_its_route() {
    let document = openapi(BASE);
    let written: BTreeSet<(String, String)> = operations(&document)
        .into_iter()
        .map(|(method, path, _)| (method, path))
        .collect();
    let table: Vec<_> = routes();
    let named = |caller: Option<Caller>| -> BTreeSet<(String, String)> {
        let routes = table
            .iter()
            .filter(|r| caller.is_none_or(|c| c == r.caller));
        routes
            .map(|r| (r.method.to_string(), r.path.to_owned()))
            .collect()
    };
    let missing: Vec<_> = named(Some(Caller::Partner))
        .difference(&written)
        .cloned()
        .collect();
    assert_eq!(missing, [], "partners' routes without an operation");
    let invented: Vec<_> = written.difference(&named(None)).cloned().collect();
    assert_eq!(invented, [], "operations without a route");
    for path in [
        "/openapi.json",
        "/.well-known/proof-webhook-keys.json",
        "/healthz",
    ] {
        assert!(document["paths"][path]["get"].is_object(), "{path}");
    }
}

#[test]
fn a_token_is_asked_for_where_the_server_asks_for_one() {
    let document = openapi(BASE);
    for route in routes() {
        let method = route.method.as_str().to_lowercase();
        let operation = &document["paths"][route.path][&method];
        if operation.is_object() {
            let open = operation["security"] == json!([]);
            assert_eq!(
                open,
                route.caller != Caller::Partner,
                "{method} {}",
                route.path
            );
            assert_eq!(
                operation["responses"]["401"].is_null(),
                open,
                "{}",
                route.path
            );
        }
    }
}

#[test]
fn references_lead_somewhere_and_every_component_is_used() {
    for document in [openapi(BASE), asyncapi(BASE)] {
        let mut used = BTreeSet::new();
        walk(&document, "", &mut |path, value| {
            if let Some(reference) = value["$ref"].as_str() {
                assert!(
                    pointed(&document, reference).is_some(),
                    "{path}: {reference}"
                );
                used.insert(reference.to_owned());
            }
        });
        for kind in ["schemas", "headers", "messages"] {
            for name in document["components"][kind]
                .as_object()
                .into_iter()
                .flat_map(|c| c.keys())
            {
                let reference = format!("#/components/{kind}/{name}");
                assert!(used.contains(&reference), "nobody uses {reference}");
            }
        }
    }
}

#[test]
fn links_lead_to_operations() {
    let document = openapi(BASE);
    let known: BTreeSet<String> = operations(&document)
        .iter()
        .map(|(_, _, o)| o["operationId"].as_str().unwrap().to_owned())
        .collect();
    assert_eq!(
        known.len(),
        operations(&document).len(),
        "an operationId is used twice"
    );
    let mut links = 0;
    walk(&document, "", &mut |path, value| {
        for link in value["links"]
            .as_object()
            .into_iter()
            .flat_map(|links| links.values())
        {
            links += 1;
            assert!(
                known.contains(link["operationId"].as_str().unwrap()),
                "{path}"
            );
        }
    });
    assert!(links > 0);
}

/// Every `content` and every parameter with an example.
#[test]
fn examples_fit_their_schemas() {
    let document = openapi(BASE);
    let mut checked = 0;
    walk(&document, "", &mut |path, value| {
        if value["schema"].is_null() {
            return;
        }
        let mut examples: Vec<&Value> = value.get("example").into_iter().collect();
        for example in value["examples"]
            .as_object()
            .into_iter()
            .flat_map(|e| e.values())
        {
            let example = pointed(&document, example["$ref"].as_str().unwrap()).unwrap();
            examples.push(&example["value"]);
        }
        for example in examples {
            let validator = validator(&document, &value["schema"]);
            let wrong: Vec<String> = validator
                .iter_errors(example)
                .map(|e| e.to_string())
                .collect();
            assert_eq!(wrong, [] as [String; 0], "{path}");
            checked += 1;
        }
    });
    assert!(checked > 100, "only {checked} examples");
}

#[test]
fn messages_of_the_channels_fit_their_schemas() {
    let document = asyncapi(BASE);
    for message in document["components"]["messages"]
        .as_object()
        .unwrap()
        .values()
    {
        let example = &message["examples"][0];
        assert!(validator(&document, &message["payload"]).is_valid(&example["payload"]));
        if !message["headers"].is_null() {
            assert!(validator(&document, &message["headers"]).is_valid(&example["headers"]));
        }
    }
}

/// The session's schema is written by hand: the type and the schema hold each other.
#[test]
fn the_session_is_described_field_by_field() {
    let document = openapi(BASE);
    let answer = &document["paths"]["/widget/session"]["post"]["responses"]["200"];
    let example = &answer["content"]["application/json"]["example"];
    let typed: SessionResponse = serde_json::from_value(example.clone()).unwrap();
    assert_eq!(serde_json::to_value(&typed).unwrap(), *example);
    let names = |value: &Value| -> BTreeSet<String> {
        value.as_object().unwrap().keys().cloned().collect()
    };
    let schema = &document["components"]["schemas"]["Session"];
    assert_eq!(names(&schema["properties"]), names(example));
    let bare = SessionResponse {
        lang: None,
        theme: None,
        ..typed
    };
    let bare = serde_json::to_value(bare).unwrap();
    assert!(validator(&document, schema).is_valid(&bare));
}

#[test]
fn everything_has_words() {
    let document = openapi(BASE);
    for (method, path, operation) in operations(&document) {
        for word in ["operationId", "summary", "description"] {
            let given = operation[word]
                .as_str()
                .is_some_and(|text| !text.is_empty());
            assert!(given, "{method} {path} has no {word}");
        }
        for parameter in operation["parameters"].as_array().into_iter().flatten() {
            assert!(
                parameter["description"].is_string(),
                "{path} {}",
                parameter["name"]
            );
            assert!(
                !parameter["example"].is_null(),
                "{path} {}",
                parameter["name"]
            );
        }
    }
    walk(&document, "", &mut |path, value| {
        if !path.starts_with("/components/schemas") {
            return;
        }
        for (name, property) in value["properties"].as_object().into_iter().flatten() {
            let said = property["description"]
                .as_str()
                .is_some_and(|text| !text.is_empty());
            let named = property["$ref"].is_string();
            assert!(said || named, "{path}: {name} has no description");
        }
        if let Some(text) = value["description"].as_str() {
            assert!(
                !text.contains('§') && !text.contains("contract §"),
                "{path}: {text}"
            );
        }
    });
    for response in document["paths"].as_object().unwrap().values() {
        walk(response, "", &mut |path, value| {
            let lines = value["description"].as_str().unwrap_or("-").lines();
            for line in lines {
                assert!(!line.trim_end().ends_with(':'), "{path}: {line}");
            }
        });
    }
}

#[test]
fn every_code_that_a_partner_can_meet_is_met_somewhere() {
    let document = openapi(BASE);
    let mut met = BTreeSet::new();
    for (_, _, operation) in operations(&document) {
        for (status, response) in operation["responses"].as_object().unwrap() {
            let codes = &response["content"]["application/json"]["schema"]["properties"]["code"];
            for code in codes["enum"].as_array().into_iter().flatten() {
                let code = code.as_str().unwrap();
                let known = ErrorCode::ALL
                    .into_iter()
                    .find(|known| known.code() == code);
                assert_eq!(known.map(ErrorCode::status).unwrap().to_string(), *status);
                met.insert(code.to_owned());
            }
        }
    }
    // No operation can have the wrong method.
    met.insert("method_not_allowed".to_owned());
    let listed = document["components"]["schemas"]["Error"]["properties"]["code"]["enum"].clone();
    let listed: BTreeSet<String> = serde_json::from_value(listed).unwrap();
    assert_eq!(met, listed);
}

fn session_field(name: &str) -> Validator {
    let document = openapi(BASE);
    let schema = &document["components"]["schemas"]["SessionRequest"]["properties"][name];
    validator(&document, schema)
}

#[test]
fn the_pattern_of_client_ip_is_what_the_server_reads() {
    let validator = session_field("client_ip");
    for text in [
        "",
        " ",
        "203.0.113.7",
        "203.0.113.7:443",
        "203.0.113.7:65536",
        "203.0.113.7:00443",
        "203.0.113.007",
        "256.1.1.1",
        "1.2.3",
        "1.2.3.4.5",
        "2001:db8::1",
        "[2001:db8::1]",
        "[2001:db8::1]:443",
        "[2001:db8::1%2]:443",
        "[2001:db8::1%2]",
        "2001:db8::1:443",
        "::",
        "::1",
        "1::",
        "1:2:3:4:5:6:7:8",
        "1:2:3:4:5:6:7::",
        "::2:3:4:5:6:7:8",
        "1::3:4:5:6:7:8",
        "1:2:3:4:5:6:7:8:9",
        "1:2:3:4:5:6:7",
        "::ffff:203.0.113.7",
        "1:2:3:4:5:6:1.2.3.4",
        "1::2::3",
        "12345::",
        "g::",
        " 203.0.113.7, 10.0.0.1",
        "203.0.113.7 ,x",
        ",1.2.3.4",
        ",",
        "x",
        "1.2.3.4 5",
        "[1.2.3.4]",
        "[1.2.3.4]:80",
        "1.2.3.4\n",
        "\u{a0}1.2.3.4",
        "::1.2.3",
        "1:2:3:4:5:6:7:1.2.3.4",
        "1::6:1.2.3.4",
        ":::",
        "1:",
        ":1",
        "[]",
        "[::]:",
        "1.2.3.4:",
    ] {
        let read = client_ip_parse(text).is_ok();
        assert_eq!(validator.is_valid(&json!(text)), read, "{text:?}");
    }
}

#[test]
fn fields_of_a_session_take_what_the_contract_says() {
    for (name, good, bad) in [
        (
            "amount",
            vec!["100", "99.50", "0001", "0.000001", "00.10"],
            vec![
                "", "0", "0.00", "1.", ".5", "-1", "+1", "1e3", "1,5", " 1", "1\n", "00",
            ],
        ),
        (
            "user_email",
            vec!["a@b", "ann+x@shop.example", "ä@ö.de", "a.b@c.d"],
            vec![
                "",
                "a",
                "@b",
                "a@",
                "a@.b",
                "a@b.",
                "a b@c",
                "a@b@c",
                "a@b\n",
                "a\u{a0}@b",
            ],
        ),
        (
            "redirect_url",
            vec![
                "https://a",
                "HTTP://a/b?c",
                "myapp:x",
                "app+1://",
                "javascripts:x",
                "httpx:a",
            ],
            vec![
                "",
                "a",
                "/x",
                "https:a",
                "https://",
                "https:///a",
                "JavaScript:x",
                "data:,x",
                "file:///x",
                "blob:x",
                "vbscript:x",
                "1a:x",
                "https://a b",
                "myapp:x\n",
            ],
        ),
    ] {
        let validator = session_field(name);
        for text in good {
            assert!(
                validator.is_valid(&json!(text)),
                "{name} should take {text:?}"
            );
        }
        for text in bad {
            assert!(
                !validator.is_valid(&json!(text)),
                "{name} should not take {text:?}"
            );
        }
    }
}

/// `just generate` writes the files with this very test.
#[test]
#[expect(
    clippy::disallowed_methods,
    reason = "the wish to write the files comes from outside"
)]
fn the_files_are_what_the_code_says() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../openapi");
    for (name, document) in [
        ("partner.json", openapi(BASE)),
        ("asyncapi.json", asyncapi(BASE)),
    ] {
        let path = folder.join(name);
        let now = format!("{}\n", serde_json::to_string_pretty(&document).unwrap());
        if std::env::var("PROOF_GENERATE").is_ok() {
            fs::write(&path, &now).unwrap();
        }
        let kept = fs::read_to_string(&path).unwrap_or_default();
        assert!(
            kept == now,
            "openapi/{name} is not what the code says: run `just generate`"
        );
    }
}
