//! Traces: a collector hears of a call, in the trace that its caller was in.

use crate::server::Server;
use serde_json::Value;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
};

const TRACE: &str = "4bf92f3577b34da6a3ce929d0e0e4736";
const PARENT: &str = "00f067aa0ba902b7";
const REQUEST: &str = "req-of-the-test";

/// Exports that are read before the call counts as never told.
const EXPORTS_MAX: usize = 30;

/// Reads one call: its first line, and its body by its length.
async fn read(stream: &mut TcpStream) -> (String, Vec<u8>) {
    let (mut bytes, mut chunk) = (Vec::new(), vec![0; 64 * 1024]);
    loop {
        let text = String::from_utf8_lossy(&bytes).into_owned();
        if let Some((head, _)) = text.split_once("\r\n\r\n") {
            let lower = head.to_lowercase();
            let length = lower.split("content-length: ").nth(1).unwrap_or("0");
            let length: usize = length.lines().next().unwrap().trim().parse().unwrap();
            let body = bytes.len() - head.len() - 4;
            if body >= length {
                return (
                    head.lines().next().unwrap().to_owned(),
                    bytes.split_off(head.len() + 4),
                );
            }
        }
        let read = stream.read(&mut chunk).await.unwrap();
        assert!(read > 0, "the call is not whole");
        bytes.extend_from_slice(&chunk[..read]);
    }
}

/// The spans of the next export.
async fn export(collector: &TcpListener) -> Vec<Value> {
    let (mut stream, _) = collector.accept().await.unwrap();
    let (line, body) = read(&mut stream).await;
    assert!(line.starts_with("POST /v1/traces "), "{line}");
    let answer = "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\nconnection: close\r\ncontent-length: 2\r\n\r\n{}";
    stream.write_all(answer.as_bytes()).await.unwrap();
    let told: Value = serde_json::from_slice(&body).unwrap();
    let resources = told["resourceSpans"].as_array().unwrap();
    let scopes = resources
        .iter()
        .flat_map(|of| of["scopeSpans"].as_array().unwrap());
    scopes
        .flat_map(|of| of["spans"].as_array().unwrap().clone())
        .collect()
}

fn attribute<'a>(span: &'a Value, key: &str) -> &'a Value {
    let attributes = span["attributes"].as_array().unwrap();
    let own = attributes.iter().find(|one| one["key"] == key);
    own.map_or(&Value::Null, |one| &one["value"])
}

/// A partner's backend that is in a trace of its own.
async fn call(server: &Server) {
    let base = server.ready["base_url"].as_str().unwrap();
    let host = base.trim_start_matches("http://");
    let token = server.ready["partners"][0]["client_token"]
        .as_str()
        .unwrap();
    let request = format!(
        "GET /widget/transactions HTTP/1.1\r\nhost: {host}\r\nauthorization: Bearer {token}\r\n\
         traceparent: 00-{TRACE}-{PARENT}-01\r\nx-request-id: {REQUEST}\r\nconnection: close\r\n\r\n"
    );
    let mut stream = TcpStream::connect(host).await.unwrap();
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.unwrap();
    assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
}

#[tokio::test]
async fn a_call_is_told_to_a_collector_in_its_callers_trace() {
    let collector = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let otlp = format!("http://{}", collector.local_addr().unwrap());
    let data = tempfile::tempdir().unwrap();
    let server = Server::start_with(data.path(), 0, &["--otlp", &otlp]).await;
    call(&server).await;
    let token = server.ready["partners"][0]["client_token"]
        .as_str()
        .unwrap();
    let mut own = Vec::new();
    for _ in 0..EXPORTS_MAX {
        for span in export(&collector).await {
            assert!(!span.to_string().contains(token));
            if span["traceId"] == TRACE {
                own.push(span);
            }
        }
        if own.len() >= 2 {
            break;
        }
    }
    let names: Vec<&str> = own
        .iter()
        .map(|span| span["name"].as_str().unwrap())
        .collect();
    let called = own
        .iter()
        .find(|span| span["name"] == "/widget/transactions");
    let called = called.unwrap_or_else(|| panic!("no such span among {names:?}"));
    assert_eq!(attribute(called, "request_id")["stringValue"], REQUEST);
    assert_eq!(
        attribute(called, "http.request.method")["stringValue"],
        "GET"
    );
    let status = &attribute(called, "http.response.status_code")["intValue"];
    assert!(*status == 200 || *status == "200", "{called}");
    let outer = own
        .iter()
        .find(|span| span["spanId"] == called["parentSpanId"]);
    assert_eq!(outer.unwrap()["parentSpanId"], PARENT, "{own:?}");
    server.kill().await;
}
