//! What of a failed attempt was good, and need not be shown again.

use super::{IdentityProblem, Verification, VerificationState};
use serde::{Deserialize, Serialize};

#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum KeptPart {
    /// The document's pictures.
    Document,
    /// The film, and what was asked for in it.
    Selfie,
}

impl KeptPart {
    pub const fn name(self) -> &'static str {
        match self {
            Self::Document => "document",
            Self::Selfie => "selfie",
        }
    }

    /// What the problem does not concern. Nothing is kept of somebody who may not buy at all.
    const fn after(problem: IdentityProblem) -> Option<Self> {
        match problem {
            IdentityProblem::FaceMismatch | IdentityProblem::LivenessFailed => Some(Self::Document),
            IdentityProblem::DocumentUnreadable
            | IdentityProblem::DocumentExpired
            | IdentityProblem::DocumentForged => Some(Self::Selfie),
            IdentityProblem::UnderAge => None,
        }
    }
}

impl Verification {
    /// What the next attempt of the same order may take over.
    pub fn keeps(&self) -> Option<KeptPart> {
        // A selfie that was asked for alone is all there is.
        self.document?;
        match &self.state {
            VerificationState::Rejected {
                reason,
                may_retry: true,
                ..
            } => IdentityProblem::parse(reason).and_then(KeptPart::after),
            VerificationState::Rejected { .. }
            | VerificationState::Collecting
            | VerificationState::Submitted { .. }
            | VerificationState::Review { .. }
            | VerificationState::Approved { .. } => None,
        }
    }
}
