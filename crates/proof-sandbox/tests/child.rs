//! The world as `proof dev` runs it: a child that tells where it listens and ends with its parent.

use std::{
    io::{BufRead, BufReader, Read, Write},
    net::TcpStream,
    process::{Command, Stdio},
};

#[test]
fn it_says_where_it_listens_and_ends_with_its_input() {
    let dir = tempfile::tempdir().unwrap();
    // Twice over the same data: the second finds the first one's journals, and nobody in them.
    for _ in 0..2 {
        let mut child = Command::new(env!("CARGO_BIN_EXE_proof-sandbox"))
            .args(["--key", "secret", "--data"])
            .arg(dir.path())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut stdout = BufReader::new(child.stdout.take().unwrap());
        let mut line = String::new();
        stdout.read_line(&mut line).unwrap();
        let ready: serde_json::Value = serde_json::from_str(&line).unwrap();
        // The processor by name, so that its card fields are of another site than the page at the server's address.
        for (url, host, path) in [
            ("cards_url", "http://localhost:", "/v1/x"),
            ("world_url", "http://127.0.0.1:", "/chains/v1/TRC20"),
        ] {
            let address = ready[url].as_str().unwrap();
            let address = address.strip_prefix(host).unwrap();
            let port: u16 = address.parse().unwrap();
            let mut stream = TcpStream::connect(("127.0.0.1", port)).unwrap();
            let request = format!(
                "GET {path} HTTP/1.1\r\nhost: x\r\nauthorization: Bearer secret\r\n\
                 connection: close\r\n\r\n"
            );
            stream.write_all(request.as_bytes()).unwrap();
            let mut answer = String::new();
            stream.read_to_string(&mut answer).unwrap();
            let expected = match url {
                "cards_url" => ("404", "unknown_route"),
                _ => ("200", "height"),
            };
            assert!(
                answer.starts_with(&format!("HTTP/1.1 {}", expected.0)),
                "{answer}"
            );
            assert!(answer.contains(expected.1), "{answer}");
        }
        drop(child.stdin.take());
        assert!(child.wait().unwrap().success());
    }
    for service in ["cards", "identity", "chains/TRC20", "chains/BITCOIN"] {
        let journal = dir.path().join(service).join("journal.jsonl");
        assert!(journal.exists(), "{service}");
    }
}
