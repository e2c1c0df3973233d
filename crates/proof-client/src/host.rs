//! Time to wait and randomness: the two things that a test wants to decide itself.

use std::{io, pin::Pin, time::Duration};

/// A wait that borrows nothing, so that it can be started before a call and awaited after it.
pub type Wait = Pin<Box<dyn Future<Output = ()> + Send>>;

/// What this crate asks of the process it runs in. [`System`] is the real one.
pub trait Host: Send + Sync {
    fn sleep(&self, duration: Duration) -> Wait;

    fn fill(&self, bytes: &mut [u8]) -> io::Result<()>;
}

/// Tokio's timer and the operating system's randomness.
#[derive(Debug, Clone, Copy, Default)]
pub struct System;

impl Host for System {
    #[expect(clippy::disallowed_methods, reason = "this is where waiting is real")]
    fn sleep(&self, duration: Duration) -> Wait {
        Box::pin(tokio::time::sleep(duration))
    }

    #[expect(
        clippy::disallowed_methods,
        reason = "this is the source of randomness"
    )]
    fn fill(&self, bytes: &mut [u8]) -> io::Result<()> {
        getrandom::fill(bytes).map_err(|error| io::Error::other(error.to_string()))
    }
}
