//! One request out and its answer back: all that the doors need of a network.

use crate::{configured::Sent, guard::Guard};
use bytes::Bytes;

/// What one exchange may cost.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Limits {
    /// From the first look at the name to the last byte of the answer.
    pub timeout_ms: u64,
    pub body_bytes_max: usize,
    pub overlong: Overlong,
    /// Which addresses may be dialled; `None`: the host comes from the configuration.
    pub resolve: Option<Guard>,
}

/// What becomes of an answer whose body exceeds the limit.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Overlong {
    /// The beginning is enough.
    Cut,
    /// Half an answer is none.
    Refuse,
}

/// No answer. Its text names no address and no query, since both may hold secrets.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{context}")]
pub struct TransportError {
    pub sent: Sent,
    /// It took all the time that it had.
    pub is_late: bool,
    pub context: String,
}

impl TransportError {
    /// The other side cannot have seen the request.
    pub fn not_sent(context: impl ToString) -> Self {
        Self {
            sent: Sent::No,
            is_late: false,
            context: context.to_string(),
        }
    }

    /// The other side may have seen, and carried out, the request.
    pub fn maybe_sent(context: impl ToString) -> Self {
        Self {
            sent: Sent::Maybe,
            is_late: false,
            context: context.to_string(),
        }
    }

    #[must_use]
    pub fn late(self, is_late: bool) -> Self {
        Self { is_late, ..self }
    }
}

#[async_trait::async_trait]
pub trait Transport: Send + Sync {
    /// Sends once; never follows a redirect and never tries again.
    async fn send(
        &self,
        request: http::Request<Bytes>,
        limits: Limits,
    ) -> Result<http::Response<Bytes>, TransportError>;
}
