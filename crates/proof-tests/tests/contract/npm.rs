//! Scripts that judge what we made by the libraries that others use.

use std::{
    io::{BufRead, BufReader, Lines, Write},
    path::Path,
    process::{Child, ChildStdin, ChildStdout, Command, Stdio},
    sync::Mutex,
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

/// One that goes on: each line that it is given is answered by a line.
pub struct Judge {
    node: Mutex<(ChildStdin, Lines<BufReader<ChildStdout>>)>,
    child: Child,
}

impl Judge {
    pub fn start(script: &str) -> Self {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/contract");
        let node = Command::new("node")
            .arg(path.join(script))
            .arg("--each")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn();
        let mut child =
            node.unwrap_or_else(|error| panic!("node is needed ('make tools'): {error}"));
        let answers = BufReader::new(child.stdout.take().unwrap()).lines();
        Self {
            node: Mutex::new((child.stdin.take().unwrap(), answers)),
            child,
        }
    }

    /// What is wrong with it, in its words.
    pub fn wrong(&self, line: &str) -> Option<String> {
        let mut node = self.node.lock().unwrap();
        let (asked, answers) = &mut *node;
        writeln!(asked, "{line}").unwrap();
        let said = answers.next().unwrap().unwrap();
        (!said.is_empty()).then_some(said)
    }
}

impl Drop for Judge {
    fn drop(&mut self) {
        // It may have ended by itself; then there is nothing to stop.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
