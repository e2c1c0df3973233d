//! Values that cross the wire in more than one place. Whatever is unknown is kept, never refused.

use crate::error::Error;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::fmt;

/// A word of the contract. A word that a later version adds is kept as it came.
macro_rules! words {
    ($(#[$about:meta])* $name:ident { $($variant:ident = $word:literal),+ $(,)? }) => {
        $(#[$about])*
        #[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
        #[serde(from = "String", into = "String")]
        #[non_exhaustive]
        pub enum $name {
            $($variant,)+
            /// A word that this version of the crate does not know.
            Unknown(String),
        }

        impl $name {
            pub fn as_str(&self) -> &str {
                match self {
                    $(Self::$variant => $word,)+
                    Self::Unknown(word) => word,
                }
            }
        }

        impl From<String> for $name {
            fn from(word: String) -> Self {
                match word.as_str() {
                    $($word => Self::$variant,)+
                    _ => Self::Unknown(word),
                }
            }
        }

        impl From<$name> for String {
            fn from(word: $name) -> Self {
                word.as_str().to_owned()
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(self.as_str())
            }
        }
    };
}

words! {
    /// The public status of a transaction, the same on every channel.
    Status {
        Pending = "pending",
        Processing = "processing",
        Completed = "completed",
        Failed = "failed",
        Cancelled = "cancelled",
    }
}

words! {
    /// Which way the money goes.
    OrderType {
        Buy = "buy",
        Sell = "sell",
    }
}

words! {
    /// How far a user's verification is.
    KycStatus {
        NotStarted = "not_started",
        Pending = "pending",
        Verified = "verified",
        Failed = "failed",
    }
}

impl Status {
    /// Whether the transaction stays here for ever. An unknown status is not the end.
    pub const fn is_terminal(&self) -> bool {
        matches!(self, Self::Completed | Self::Failed | Self::Cancelled)
    }
}

impl Default for Status {
    fn default() -> Self {
        Self::Unknown(String::new())
    }
}

impl Default for OrderType {
    fn default() -> Self {
        Self::Unknown(String::new())
    }
}

/// One page of a list, and where the next one begins.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[non_exhaustive]
pub struct Page<T> {
    pub data: Vec<T>,
    /// None on the last page.
    pub next_cursor: Option<String>,
}

/// The body of an error. All empty when it is not one of Proof's.
#[derive(Default)]
pub(crate) struct ErrorBody {
    pub error: Option<String>,
    pub code: Option<String>,
    pub message: Option<String>,
    pub field: Option<String>,
    pub request_id: Option<String>,
    pub docs_url: Option<String>,
}

impl ErrorBody {
    pub(crate) fn parse(body: &[u8]) -> Self {
        let Ok(Value::Object(body)) = serde_json::from_slice(body) else {
            return Self::default();
        };
        let text = |name: &str| Some(body.get(name)?.as_str()?.to_owned());
        let request_id = text("request_id");
        let Some(code) = text("code") else {
            return Self {
                request_id,
                ..Self::default()
            };
        };
        Self {
            error: text("error"),
            code: Some(code),
            message: text("message"),
            field: text("field"),
            request_id,
            docs_url: text("docs_url"),
        }
    }
}

/// What RFC 3986 calls unreserved stays; everything else, `/` too, is encoded.
const UNRESERVED: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'.')
    .remove(b'_')
    .remove(b'~');

/// A value as one segment of a path. `.` and `..` are refused: every URL parser takes them for
/// folders, encoded too, and would ask for something else.
pub(crate) fn segment(field: &str, value: &str) -> Result<String, Error> {
    match value {
        "" => Err(Error::field(field, format!("{field} is empty"))),
        "." | ".." => Err(Error::field(
            field,
            format!("{field} is {value:?}, which no URL can carry"),
        )),
        _ => Ok(utf8_percent_encode(value, UNRESERVED).to_string()),
    }
}
