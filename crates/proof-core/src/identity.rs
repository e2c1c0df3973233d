//! One attempt to prove who somebody is.

mod assess;
mod challenge;
mod consent;
mod evidence;
mod keep;
mod standing;

pub use assess::{
    Assessment, NOT_ACCEPTED, Resemblance, Resembling, assess, recognise, resemblances,
};
pub use challenge::{Challenge, SelfieStep};
pub use consent::{CONSENT_TEXT, Consent};
pub use evidence::{BirthDate, DocumentNumber, Evidence, Face, Likeness, Names};
pub use keep::KeptPart;
pub use standing::{
    EMAIL_HOLD_SECONDS, LargeAmounts, PersonPolicy, Proven, Standing, Wanted, is_email_new,
    standing,
};

use crate::{
    id::{CustomerId, OrderId, PersonId, VerificationId},
    operator::Voice,
    screening::names::NameCheck,
    time::Timestamp,
};
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;

/// The largest picture that anybody takes.
pub const PICTURE_BYTES_MAX: usize = 12 * 1024 * 1024;

#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DocumentKind {
    Passport,
    NationalId,
    DrivingLicence,
}

impl DocumentKind {
    /// A passport says everything on one page; cards have two sides.
    pub const fn sides(self) -> &'static [DocumentSide] {
        match self {
            Self::Passport => &[DocumentSide::Front],
            Self::NationalId | Self::DrivingLicence => &[DocumentSide::Front, DocumentSide::Back],
        }
    }

    pub const fn name(self) -> &'static str {
        match self {
            Self::Passport => "passport",
            Self::NationalId => "national_id",
            Self::DrivingLicence => "driving_licence",
        }
    }
}

#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DocumentSide {
    Front,
    Back,
}

impl DocumentSide {
    pub const fn name(self) -> &'static str {
        match self {
            Self::Front => "front",
            Self::Back => "back",
        }
    }
}

#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(tag = "state", rename_all = "snake_case")]
pub enum VerificationState {
    /// The user is still taking pictures.
    Collecting,
    /// Everything is with the provider, or on its way there.
    Submitted { at: Timestamp, accepted: bool },
    /// A person has to look.
    Review { reason: String },
    Approved {
        /// ISO 3166-1 alpha-2, of who issued the document, where the provider said it.
        #[serde(default)]
        document_country: Option<String>,
    },
    Rejected {
        reason: String,
        may_retry: bool,
        /// Too many tries: from then on another order may begin anew. Without it a refusal is for good.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        again_at: Option<Timestamp>,
    },
}

impl VerificationState {
    /// Refused, and not to be tried now.
    pub fn is_over(&self, now: Timestamp) -> bool {
        match self {
            Self::Rejected {
                may_retry: false,
                again_at,
                ..
            } => again_at.is_none_or(|at| now < at),
            Self::Rejected { .. }
            | Self::Collecting
            | Self::Submitted { .. }
            | Self::Review { .. }
            | Self::Approved { .. } => false,
        }
    }

    /// When it may be tried again.
    pub const fn again_at(&self) -> Option<Timestamp> {
        match self {
            Self::Rejected { again_at, .. } => *again_at,
            Self::Collecting
            | Self::Submitted { .. }
            | Self::Review { .. }
            | Self::Approved { .. } => None,
        }
    }

    pub const fn name(&self) -> &'static str {
        match self {
            Self::Collecting => "collecting",
            Self::Submitted { .. } => "submitted",
            Self::Review { .. } => "review",
            Self::Approved { .. } => "approved",
            Self::Rejected { .. } => "rejected",
        }
    }
}

#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Verification {
    pub id: VerificationId,
    pub customer: CustomerId,
    pub order: OrderId,
    /// `None`: only a selfie is asked for, of somebody who is known.
    pub document: Option<DocumentKind>,
    /// Whose selfie it has to be, then.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub known_as: Option<PersonId>,
    /// What the user is asked to do in front of the camera.
    #[serde(default)]
    pub challenge: Challenge,
    pub received: BTreeSet<DocumentSide>,
    pub try_number: u32,
    pub started_at: Timestamp,
    pub state: VerificationState,
    /// `None`: before it was asked for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub consent: Option<Consent>,
    /// Taken over from the attempt before.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub kept: Option<KeptPart>,
    /// Our own assessment asks for people, whatever the provider says.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub is_held: bool,
    /// Whom the attempt reminds of.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub resembles: Vec<Resemblance>,
    /// Who it is by document and face, while people look for another reason.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub looks_like: Option<PersonId>,
    /// What sanctions lists said of the name, where there were any.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub names: Option<NameCheck>,
    /// The two of our own people who decided, where the provider did not.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub decided_by: Option<[Voice; 2]>,
}

/// What an attempt begins with.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Beginning {
    pub id: VerificationId,
    pub customer: CustomerId,
    pub order: OrderId,
    pub document: Option<DocumentKind>,
    pub known_as: Option<PersonId>,
    pub challenge: Challenge,
    pub try_number: u32,
    pub started_at: Timestamp,
    pub consent: Consent,
}

impl Verification {
    /// A fresh attempt, of which nothing is there yet.
    pub fn begun(beginning: Beginning) -> Self {
        Self {
            id: beginning.id,
            customer: beginning.customer,
            order: beginning.order,
            document: beginning.document,
            known_as: beginning.known_as,
            challenge: beginning.challenge,
            received: BTreeSet::new(),
            try_number: beginning.try_number,
            started_at: beginning.started_at,
            state: VerificationState::Collecting,
            consent: Some(beginning.consent),
            kept: None,
            is_held: false,
            resembles: Vec::new(),
            looks_like: None,
            names: None,
            decided_by: None,
        }
    }
}

/// What is wrong with what somebody showed.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum IdentityProblem {
    DocumentUnreadable,
    DocumentExpired,
    DocumentForged,
    FaceMismatch,
    LivenessFailed,
    UnderAge,
}

impl IdentityProblem {
    pub const ALL: [Self; 6] = [
        Self::DocumentUnreadable,
        Self::DocumentExpired,
        Self::DocumentForged,
        Self::FaceMismatch,
        Self::LivenessFailed,
        Self::UnderAge,
    ];

    pub const fn name(self) -> &'static str {
        match self {
            Self::DocumentUnreadable => "document_unreadable",
            Self::DocumentExpired => "document_expired",
            Self::DocumentForged => "document_forged",
            Self::FaceMismatch => "face_mismatch",
            Self::LivenessFailed => "liveness_failed",
            Self::UnderAge => "under_age",
        }
    }

    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|known| known.name() == name)
    }
}

/// ISO 3166-1 alpha-2, by its form.
pub fn is_country(text: &str) -> bool {
    text.len() == 2 && text.bytes().all(|byte| byte.is_ascii_uppercase())
}

/// What two of our own people decide about an attempt that somebody has to look at.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(tag = "act", rename_all = "snake_case")]
pub enum IdentityRuling {
    Approve {
        /// ISO 3166-1 alpha-2, as it stands on the document: risk goes by it.
        document_country: String,
        /// Whom the attempt resembles, where two people are sure that it is the same person.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        person: Option<PersonId>,
    },
    /// The user takes the pictures again, and hears why.
    AskAgain { problem: IdentityProblem },
    /// For good.
    Refuse { problem: IdentityProblem },
}

impl IdentityRuling {
    fn outcome(self) -> IdentityOutcome {
        let rejected = |problem: IdentityProblem, may_retry| IdentityOutcome::Rejected {
            reason: problem.name().to_owned(),
            may_retry,
        };
        match self {
            Self::Approve {
                document_country, ..
            } => IdentityOutcome::Approved {
                document_country: Some(document_country),
            },
            Self::AskAgain { problem } => rejected(problem, true),
            Self::Refuse { problem } => rejected(problem, false),
        }
    }
}

/// What the provider said.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum IdentityOutcome {
    Approved {
        document_country: Option<String>,
    },
    Rejected {
        reason: String,
        may_retry: bool,
    },
    /// A person has to look.
    Review {
        reason: String,
    },
}

#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
pub enum IdentityRefusal {
    #[error("this verification is past that step")]
    WrongState,
    #[error("a side of the document is missing")]
    Incomplete,
    #[error("no tries are left")]
    TriesExhausted,
    #[error("this document has no such side")]
    NoSuchSide,
    #[error("nobody has to look at this any more")]
    NotInReview,
}

/// What an attempt consists of.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Scope {
    #[default]
    Whole,
    /// The document was shown before.
    Selfie,
}

impl Verification {
    pub const fn scope(&self) -> Scope {
        match self.document {
            Some(_) => Scope::Whole,
            None => Scope::Selfie,
        }
    }

    /// Which sides of a document are asked for.
    pub const fn sides(&self) -> &'static [DocumentSide] {
        match self.document {
            Some(document) => document.sides(),
            None => &[],
        }
    }

    /// A picture arrived at the provider.
    pub fn document_received(mut self, side: DocumentSide) -> Result<Self, IdentityRefusal> {
        if self.state != VerificationState::Collecting {
            return Err(IdentityRefusal::WrongState);
        }
        if !self.sides().contains(&side) {
            return Err(IdentityRefusal::NoSuchSide);
        }
        self.received.insert(side);
        Ok(self)
    }

    /// The user is done; the provider is asked next.
    pub fn submit(mut self, now: Timestamp) -> Result<Self, IdentityRefusal> {
        if self.state != VerificationState::Collecting {
            return Err(IdentityRefusal::WrongState);
        }
        if !self.sides().iter().all(|side| self.received.contains(side)) {
            return Err(IdentityRefusal::Incomplete);
        }
        self.state = VerificationState::Submitted {
            at: now,
            accepted: false,
        };
        Ok(self)
    }

    /// The provider has everything and is thinking.
    pub fn accepted(mut self) -> Result<Self, IdentityRefusal> {
        let VerificationState::Submitted { at, .. } = self.state else {
            return Err(IdentityRefusal::WrongState);
        };
        self.state = VerificationState::Submitted { at, accepted: true };
        Ok(self)
    }

    /// The provider says that pictures are missing: back to the user, who takes them again.
    pub fn reopened(mut self) -> Result<Self, IdentityRefusal> {
        let VerificationState::Submitted { .. } = self.state else {
            return Err(IdentityRefusal::WrongState);
        };
        self.state = VerificationState::Collecting;
        self.received.clear();
        self.kept = None;
        Ok(self)
    }

    /// The provider, or the person who looked, has decided.
    pub fn decided(mut self, outcome: IdentityOutcome) -> Result<Self, IdentityRefusal> {
        match self.state {
            VerificationState::Submitted { .. } | VerificationState::Review { .. } => {}
            VerificationState::Collecting
            | VerificationState::Approved { .. }
            | VerificationState::Rejected { .. } => return Err(IdentityRefusal::WrongState),
        }
        self.state = match outcome {
            IdentityOutcome::Approved { document_country } => {
                VerificationState::Approved { document_country }
            }
            IdentityOutcome::Review { reason } => VerificationState::Review { reason },
            IdentityOutcome::Rejected { reason, may_retry } => VerificationState::Rejected {
                reason,
                may_retry,
                again_at: None,
            },
        };
        Ok(self)
    }

    /// The provider would approve, and our own people have to look first.
    pub fn held(
        mut self,
        reason: &str,
        resembles: Vec<Resemblance>,
    ) -> Result<Self, IdentityRefusal> {
        self.is_held = true;
        self.resembles = resembles;
        self.decided(IdentityOutcome::Review {
            reason: reason.to_owned(),
        })
    }

    /// After so many tries there is a pause.
    #[must_use]
    pub fn rested(mut self, policy: &PersonPolicy, now: Timestamp) -> Self {
        if let VerificationState::Rejected {
            may_retry,
            again_at,
            ..
        } = &mut self.state
            && *may_retry
            && self.try_number >= policy.tries_max
        {
            *may_retry = false;
            *again_at = Some(now.plus_seconds(policy.pause_seconds()));
        }
        self
    }

    /// Two of our own people looked at what the provider left to people.
    pub fn ruled(
        mut self,
        ruling: IdentityRuling,
        voices: [Voice; 2],
    ) -> Result<Self, IdentityRefusal> {
        let VerificationState::Review { .. } = self.state else {
            return Err(IdentityRefusal::NotInReview);
        };
        self.decided_by = Some(voices);
        self.decided(ruling.outcome())
    }
}

/// What the partner may know of a customer's identity (contract §4).
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum KycStatus {
    NotStarted,
    Pending,
    Verified,
    Failed,
}

impl KycStatus {
    /// From the latest verification; one that was never submitted counts as not started.
    pub const fn of(latest: Option<&VerificationState>) -> Self {
        match latest {
            None | Some(VerificationState::Collecting) => Self::NotStarted,
            Some(VerificationState::Submitted { .. } | VerificationState::Review { .. }) => {
                Self::Pending
            }
            Some(VerificationState::Approved { .. }) => Self::Verified,
            Some(VerificationState::Rejected { .. }) => Self::Failed,
        }
    }

    /// Of somebody who was verified and has to show something again. The attempt from before says nothing of it.
    pub const fn of_due(due: Standing, latest: Option<&VerificationState>) -> Self {
        match (Self::of(latest), due) {
            (Self::Pending, _) => Self::Pending,
            (Self::Failed, _) => Self::Failed,
            (Self::NotStarted | Self::Verified, Standing::Ended) => Self::NotStarted,
            (
                Self::NotStarted | Self::Verified,
                Standing::Good | Standing::SelfieDue | Standing::EmailNew,
            ) => Self::Verified,
        }
    }

    pub const fn name(self) -> &'static str {
        match self {
            Self::NotStarted => "not_started",
            Self::Pending => "pending",
            Self::Verified => "verified",
            Self::Failed => "failed",
        }
    }
}
