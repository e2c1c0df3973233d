//! How a service says no; HTTP gives it a status.

use std::{fmt, io};

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Kind {
    Invalid,
    NotFound,
    Conflict,
    Unprocessable,
    Unavailable,
    /// It was carried out, and the answer comes too late.
    Late,
    Internal,
}

#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Refusal {
    pub kind: Kind,
    pub code: &'static str,
    pub message: String,
    /// The field of a form that is to blame.
    pub field: Option<&'static str>,
}

impl Refusal {
    pub fn new(kind: Kind, code: &'static str, message: impl fmt::Display) -> Self {
        Self {
            kind,
            code,
            message: message.to_string(),
            field: None,
        }
    }

    pub fn invalid(message: impl fmt::Display) -> Self {
        Self::new(Kind::Invalid, "malformed", message)
    }

    pub fn not_found(what: &str) -> Self {
        Self::new(Kind::NotFound, "not_found", format!("no such {what}"))
    }

    pub fn conflict(code: &'static str, message: impl fmt::Display) -> Self {
        Self::new(Kind::Conflict, code, message)
    }

    pub fn unprocessable(code: &'static str, message: impl fmt::Display) -> Self {
        Self::new(Kind::Unprocessable, code, message)
    }

    #[must_use]
    pub fn field(mut self, field: &'static str) -> Self {
        self.field = Some(field);
        self
    }
}

/// The journal could not be written, so nothing has happened.
impl From<io::Error> for Refusal {
    fn from(error: io::Error) -> Self {
        Self::new(Kind::Internal, "journal", error)
    }
}
