//! The engine with its models: documents and films made here, of pictures that `ci/models` fetched.
//! Without them the tests say that they did not run; `make test` does not let that pass.

#![expect(
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "a test fails where it is wrong, and says what it skipped"
)]

mod bad;
mod kit;
mod person;
mod print;
mod screen;
mod zone;
