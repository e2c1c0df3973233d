//! What a failed call allows its caller to do.

use std::fmt;

/// The one question that matters after a failure, answered where the knowledge is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Class {
    /// Nothing happened on the other side; the same call may be made again.
    Retry,
    /// The other side refused for good; repeating changes nothing.
    GiveUp,
    /// It may or may not have happened: ask about our reference before doing anything else.
    InDoubt,
}

/// A failed call to the world.
#[derive(Debug, Clone, thiserror::Error)]
#[error("{provider}: {context}")]
pub struct PortError {
    pub class: Class,
    pub provider: &'static str,
    /// For logs and operators; holds no secrets, bodies or personal data.
    pub context: String,
    /// The other side answered, but with an error (`provider_error`), as against not at all.
    pub answered: bool,
}

impl PortError {
    pub fn retry(provider: &'static str, context: impl fmt::Display) -> Self {
        Self {
            class: Class::Retry,
            provider,
            context: context.to_string(),
            answered: false,
        }
    }

    pub fn give_up(provider: &'static str, context: impl fmt::Display) -> Self {
        Self {
            class: Class::GiveUp,
            provider,
            context: context.to_string(),
            answered: true,
        }
    }

    pub fn in_doubt(provider: &'static str, context: impl fmt::Display) -> Self {
        Self {
            class: Class::InDoubt,
            provider,
            context: context.to_string(),
            answered: false,
        }
    }

    #[must_use]
    pub fn answered(mut self) -> Self {
        self.answered = true;
        self
    }
}
