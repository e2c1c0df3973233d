//! The client against a server that says what the test wants to hear.

#![expect(clippy::unwrap_used, reason = "a test fails where it is wrong")]

mod call;
mod feed;
mod support;
mod watch;
