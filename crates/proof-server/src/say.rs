//! Answers of commands.

use anyhow::Context;
use std::io::{ErrorKind, Write};

/// Prints a command's answer. A reader who has seen enough (`| head`) is no error.
pub fn say(text: &str) -> anyhow::Result<()> {
    match std::io::stdout().write_all(text.as_bytes()) {
        Err(error) if error.kind() == ErrorKind::BrokenPipe => Ok(()),
        written => written.context("cannot print"),
    }
}
