//! Scripts that judge what we made by the libraries that others use.

use std::{
    io::Write,
    path::Path,
    process::{Command, Stdio},
};

/// What a script beside the tests prints about these lines; a panic where it finds a fault, which it prints itself.
pub fn judged_by(script: &str, lines: &str) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/contract");
    let node = Command::new("node")
        .arg(path.join(script))
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn();
    let mut node = node.unwrap_or_else(|error| panic!("node is needed ('make tools'): {error}"));
    let mut input = node.stdin.take().unwrap();
    // One that has found a fault reads no further; its status says so.
    let _ = input.write_all(lines.as_bytes());
    drop(input);
    let said = node.wait_with_output().unwrap();
    assert!(said.status.success(), "{script} reads it otherwise");
    String::from_utf8(said.stdout).unwrap().trim().to_owned()
}
