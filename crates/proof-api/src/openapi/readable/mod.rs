//! The contract as a page for people, made of the document for machines.

mod fields;

use fields::{fields, schema_of};
use pulldown_cmark::{Parser, html};
use serde_json::Value;

/// Text as HTML shows it.
pub fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\'' => escaped.push_str("&#39;"),
            other => escaped.push(other),
        }
    }
    escaped
}

/// Our own prose, in Markdown.
fn prose(text: &str) -> String {
    let mut out = String::new();
    html::push_html(&mut out, Parser::new(text));
    out
}

/// One line of our own prose, without a paragraph around it.
fn line(text: &str) -> String {
    let out = prose(text);
    let bare = out.trim().strip_prefix("<p>");
    let bare = bare.and_then(|rest| rest.strip_suffix("</p>"));
    bare.map_or_else(|| out.clone(), str::to_owned)
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}

fn pretty(value: &Value) -> String {
    let printed = serde_json::to_string_pretty(value).unwrap_or_default();
    value.as_str().map_or(printed, str::to_owned)
}

/// An operation of the document with its place in it.
struct Call<'a> {
    method: &'a str,
    /// Nothing for what we call at the partner's.
    path: Option<&'a str>,
    value: &'a Value,
}

/// The main part of the page.
pub fn readable(document: &Value) -> String {
    let calls = calls(document);
    let tags: Vec<&Value> = document["tags"].as_array().into_iter().flatten().collect();
    let mut page = format!(
        "<h1>{}</h1><p class=\"quiet\">Version {}, at <code>{}</code></p>",
        escape(text(&document["info"]["title"])),
        escape(text(&document["info"]["version"])),
        escape(text(&document["servers"][0]["url"])),
    );
    page.push_str(&contents(&tags, &calls));
    page.push_str(&prose(text(&document["info"]["description"])));
    for tag in tags {
        let name = text(&tag["name"]);
        page.push_str(&format!(
            "<h2 id=\"{}\">{}</h2><p>{}</p>",
            anchor(name),
            escape(name),
            line(text(&tag["description"])),
        ));
        for call in calls.iter().filter(|call| call.value["tags"][0] == *name) {
            page.push_str(&section(document, call));
        }
    }
    page
}

/// Calls in the order of the document, and webhooks after them.
fn calls(document: &Value) -> Vec<Call<'_>> {
    let mut calls = Vec::new();
    for part in ["paths", "webhooks"] {
        for (path, methods) in document[part].as_object().into_iter().flatten() {
            for (method, value) in methods.as_object().into_iter().flatten() {
                let path = (part == "paths").then_some(path.as_str());
                calls.push(Call {
                    method,
                    path,
                    value,
                });
            }
        }
    }
    calls
}

fn anchor(name: &str) -> String {
    name.to_lowercase().replace(' ', "-")
}

fn contents(tags: &[&Value], calls: &[Call<'_>]) -> String {
    let groups = tags.iter().map(|tag| {
        let name = text(&tag["name"]);
        let own = calls.iter().filter(|call| call.value["tags"][0] == *name);
        let items = own.map(|call| {
            format!(
                "<li><a href=\"#{}\">{}</a></li>",
                escape(text(&call.value["operationId"])),
                escape(text(&call.value["summary"])),
            )
        });
        format!(
            "<section><a href=\"#{}\"><strong>{}</strong></a><ul>{}</ul></section>",
            anchor(name),
            escape(name),
            items.collect::<String>(),
        )
    });
    let groups: String = groups.collect();
    format!("<nav aria-label=\"Contents\">{groups}</nav>")
}

fn section(document: &Value, call: &Call<'_>) -> String {
    let value = call.value;
    let id = escape(text(&value["operationId"]));
    let mut part = format!(
        "<section class=\"call\"><h3 id=\"{id}\"><a class=\"anchor\" href=\"#{id}\">{}</a></h3>\
         <p class=\"route\"><span class=\"method\">{}</span><code>{}</code></p>{}",
        escape(text(&value["summary"])),
        call.method.to_uppercase(),
        escape(call.path.unwrap_or("your endpoint")),
        prose(text(&value["description"])),
    );
    part.push_str(&parameters(document, value));
    part.push_str(&body(document, value));
    part.push_str(&request(document, call));
    part.push_str(&answers(document, value));
    part.push_str(&refusals(document, value));
    part.push_str("</section>");
    part
}

fn block(shown: &str) -> String {
    format!("<pre tabindex=\"0\"><code>{}</code></pre>", escape(shown))
}

fn parameters(document: &Value, value: &Value) -> String {
    let parameters = value["parameters"].as_array().into_iter().flatten();
    let rows: String = parameters
        .map(|parameter| {
            let place = format!("{} · ", text(&parameter["in"]));
            let name = text(&parameter["name"]);
            let needed = parameter["required"] == true;
            let said = text(&parameter["description"]);
            fields::row(document, name, &parameter["schema"], (needed, &place), said)
        })
        .collect();
    list("Parameters", &rows)
}

fn body(document: &Value, value: &Value) -> String {
    let media = &value["requestBody"]["content"]["application/json"];
    list("Body", &fields(document, schema_of(document, media)))
}

fn list(title: &str, rows: &str) -> String {
    if rows.is_empty() {
        return String::new();
    }
    format!("<h4>{title}</h4><dl>{rows}</dl>")
}

/// The call as a command line; of a webhook the body that comes.
fn request(document: &Value, call: &Call<'_>) -> String {
    let example = call.value["requestBody"]["content"]["application/json"].get("example");
    let Some(path) = call.path else {
        return example.map(|body| block(&pretty(body))).unwrap_or_default();
    };
    let (mut path, mut query) = (path.to_owned(), Vec::new());
    for parameter in call.value["parameters"].as_array().into_iter().flatten() {
        let shown = match &parameter["example"] {
            Value::Array(items) => items.first().map(pretty).unwrap_or_default(),
            other => pretty(other),
        };
        let name = text(&parameter["name"]);
        if parameter["in"] == "path" {
            path = path.replace(&format!("{{{name}}}"), &shown);
        } else if parameter["in"] == "query" && parameter["required"] == true {
            query.push(format!("?{name}={shown}"));
        }
    }
    let base = text(&document["servers"][0]["url"]);
    let mut command = format!("curl {base}{path}{}", query.concat());
    if call.value["security"].is_null() {
        command.push_str(" \\\n  -H \"Authorization: Bearer $TOKEN\"");
    }
    match example {
        Some(example) => command.push_str(&format!(" \\\n  -d '{}'", pretty(example))),
        None if call.method == "post" => command.push_str(" \\\n  -X POST"),
        None => {}
    }
    block(&command)
}

/// Whether a response is a refusal: those have a second form.
fn is_refusal(answer: &Value) -> bool {
    !answer["content"]["application/problem+json"].is_null()
}

fn answers(document: &Value, value: &Value) -> String {
    let mut part = String::new();
    let responses = value["responses"].as_object().into_iter().flatten();
    for (status, answer) in responses.filter(|(_, answer)| !is_refusal(answer)) {
        let said = line(text(&answer["description"]));
        part.push_str(&format!("<h4><code>{status}</code> {said}</h4>"));
        let media = answer["content"].as_object();
        let Some(media) = media.and_then(|media| media.values().next()) else {
            continue;
        };
        let example = media.get("example").map(pretty);
        part.push_str(&example.map(|shown| block(&shown)).unwrap_or_default());
        let rows = fields(document, schema_of(document, media));
        if !rows.is_empty() {
            let rows = format!("<dl>{rows}</dl>");
            part.push_str(&format!(
                "<details><summary>Fields of the answer</summary>{rows}</details>"
            ));
        }
    }
    part
}

/// Errors of a call, each with its page.
fn refusals(document: &Value, value: &Value) -> String {
    let mut items = String::new();
    let responses = value["responses"].as_object().into_iter().flatten();
    for (status, answer) in responses.filter(|(_, answer)| is_refusal(answer)) {
        let examples = answer["content"]["application/json"]["examples"].as_object();
        for code in examples.into_iter().flatten().map(|(code, _)| code) {
            let what = text(&document["components"]["examples"][code]["summary"]);
            items.push_str(&format!(
                "<dt>{status} <a href=\"/docs/errors/{}\"><code>{code}</code></a></dt><dd>{}</dd>",
                code.to_lowercase(),
                line(what),
            ));
        }
    }
    if items.is_empty() {
        return items;
    }
    format!("<details><summary>Errors, and what to do</summary><dl>{items}</dl></details>")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::openapi::openapi;

    #[test]
    fn every_call_has_its_place_and_every_error_its_page() {
        let document = openapi("https://ramp.example");
        let page = readable(&document);
        for call in calls(&document) {
            let id = text(&call.value["operationId"]);
            assert!(
                page.contains(&format!("href=\"#{id}\"")),
                "{id} is not in the contents"
            );
            assert!(
                page.contains(&format!("<h3 id=\"{id}\">")),
                "{id} has no section"
            );
        }
        let pages = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/src/errors/");
        let links: Vec<&str> = page.split("href=\"/docs/errors/").skip(1).collect();
        assert!(links.len() > 100, "{} links", links.len());
        for link in links {
            let code = link.split('"').next().unwrap_or_default();
            let file = format!("{pages}{code}.md");
            assert!(std::path::Path::new(&file).exists(), "no page for {code}");
        }
        assert!(page.contains("curl https://ramp.example/widget/session"));
    }

    #[test]
    fn nothing_of_the_document_is_markup() {
        let mut document = openapi("https://ramp.example");
        document["servers"][0]["url"] = "https://<script>alert(1)</script>".into();
        document["info"]["title"] = "<b>".into();
        let page = readable(&document);
        assert!(!page.contains("<script") && !page.contains("<b>"));
        assert_eq!(escape("<&>\"'x"), "&lt;&amp;&gt;&quot;&#39;x");
    }
}
