//! Fields of a schema, as rows of a list.

use super::{escape, line, text};
use serde_json::Value;

/// Schemas in schemas are shown this deep; deeper ones have a row for the whole.
const DEPTH_MAX: u8 = 3;

/// Longer patterns, and those that begin with a class, tell a person nothing.
const PATTERN_LENGTH_MAX: usize = 32;

/// What a reference stands for; anything else stands for itself.
fn resolve<'a>(document: &'a Value, schema: &'a Value) -> &'a Value {
    let target = schema["$ref"].as_str().and_then(|r| r.strip_prefix('#'));
    let target = target.and_then(|path| document.pointer(path));
    target.unwrap_or(schema)
}

/// The schema of a media type.
pub fn schema_of<'a>(document: &'a Value, media: &'a Value) -> &'a Value {
    resolve(document, &media["schema"])
}

/// A row for each field of an object.
pub fn fields(document: &Value, schema: &Value) -> String {
    let mut rows = String::new();
    nested(document, schema, ("", 0), &mut rows);
    rows
}

fn nested(document: &Value, schema: &Value, (prefix, depth): (&str, u8), rows: &mut String) {
    let required = schema["required"].as_array();
    let is_needed = |name: &str| required.is_some_and(|names| names.iter().any(|n| n == name));
    let properties = schema["properties"].as_object().into_iter().flatten();
    let mut properties: Vec<(&String, &Value)> = properties.collect();
    properties.sort_by_key(|(name, _)| !is_needed(name));
    for (name, property) in properties {
        let needed = is_needed(name);
        let target = resolve(document, property);
        let own = text(&property["description"]);
        let said = if own.is_empty() {
            text(&target["description"])
        } else {
            own
        };
        let shown = format!("{prefix}{name}");
        rows.push_str(&row(document, &shown, property, (needed, ""), said));
        let items = resolve(document, &target["items"]);
        if depth == DEPTH_MAX {
            continue;
        }
        nested(document, target, (&format!("{shown}."), depth + 1), rows);
        nested(document, items, (&format!("{shown}[]."), depth + 1), rows);
    }
}

/// One field or parameter.
pub fn row(
    document: &Value,
    name: &str,
    schema: &Value,
    (required, place): (bool, &str),
    description: &str,
) -> String {
    let need = if required { "required" } else { "optional" };
    let schema = resolve(document, schema);
    // That a query parameter may be empty is said once, at the top of the page.
    let or_empty = schema["anyOf"][1]["$ref"] == "#/components/schemas/Empty";
    let schema = if or_empty {
        resolve(document, &schema["anyOf"][0])
    } else {
        schema
    };
    let (place, kind) = (escape(place), kind(schema));
    format!(
        "<dt><code>{}</code> <span class=\"quiet\">{place}{need}{kind}</span></dt><dd>{}</dd>",
        escape(name),
        line(description),
    )
}

/// Type and bounds in words.
fn kind(schema: &Value) -> String {
    let code = |value: &Value| {
        let shown = value.to_string();
        let shown = value.as_str().unwrap_or(&shown);
        format!("<code>{}</code>", escape(shown))
    };
    let mut words = Vec::new();
    if let Some(values) = schema["enum"].as_array() {
        let values = values.iter().filter(|value| !value.is_null()).map(code);
        words.push(values.collect::<Vec<_>>().join(" "));
    } else if let Some(value) = schema.get("const") {
        words.push(format!("always {}", code(value)));
    } else {
        let format = schema["format"].as_str();
        let format = format.filter(|format| !format.contains("int"));
        words.push(format.map_or_else(|| types(schema), escape));
    }
    let number = |name: &str| schema[name].as_i64();
    match (number("minimum"), number("maximum")) {
        (Some(min), Some(max)) => words.push(format!("{min} to {max}")),
        (Some(min), None) => words.push(format!("from {min}")),
        (None, Some(_) | None) => {}
    }
    if let Some(max) = number("maxLength") {
        words.push(format!("at most {max} characters"));
    }
    if let Some(value) = schema.get("default") {
        words.push(format!("default {}", code(value)));
    }
    let pattern = schema["pattern"].as_str();
    let speaks = pattern.is_some_and(|pattern| {
        let first = pattern.as_bytes().get(1);
        pattern.len() <= PATTERN_LENGTH_MAX && first.is_some_and(u8::is_ascii_lowercase)
    });
    if speaks {
        words.push(code(&schema["pattern"]));
    }
    let types = schema["type"].as_array().into_iter().flatten();
    if types.into_iter().any(|name| name == "null") {
        words.push("may be null".to_owned());
    }
    words.retain(|word| !word.is_empty());
    words.iter().map(|word| format!(" · {word}")).collect()
}

fn types(schema: &Value) -> String {
    match &schema["type"] {
        Value::String(name) => name.clone(),
        Value::Array(names) => {
            let names = names.iter().map(text).filter(|name| *name != "null");
            names.collect::<Vec<_>>().join(" or ")
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::Object(_) => String::new(),
    }
}
