//! Identity checks by a provider that keeps the pictures.

use crate::PortError;
use proof_core::Entropy;
use serde::{Deserialize, Serialize};

pub use proof_core::identity::{
    BirthDate, Challenge, DocumentKind, DocumentNumber, DocumentSide as Side, Evidence, Face,
    IdentityOutcome, KeptPart, Names, PICTURE_BYTES_MAX, Scope, SelfieStep,
};

/// One picture on its way to the provider, and where it belongs.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Picture {
    Document {
        kind: DocumentKind,
        side: Side,
    },
    /// Frame `index` of the selfie, taken while the user was asked for `step`, so long after the course
    /// had begun.
    Frame {
        index: u32,
        step: SelfieStep,
        taken_ms: u32,
    },
}

/// Why a picture cannot be used; the user can take another.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PictureProblem {
    NotAnImage,
    TooSmall,
    TooLarge,
    Truncated,
}

#[derive(Clone, PartialEq, Eq, Debug)]
pub enum IdentityStatus {
    /// Nothing was submitted under this reference.
    Unknown,
    Pending,
    /// With what the provider knows of whom it looked at.
    Done(IdentityOutcome, Box<Evidence>),
}

#[async_trait::async_trait]
pub trait Identity: Send + Sync {
    fn provider(&self) -> &'static str;

    /// Days after which pictures are deleted, where we know it: users are told.
    fn kept_days(&self) -> Option<u32>;

    /// What the user of a new attempt is asked to do in front of the camera.
    fn challenge(&self, entropy: &dyn Entropy) -> Challenge;

    /// Hands over one picture; sending the same place again replaces it.
    async fn picture(
        &self,
        reference: &str,
        picture: &Picture,
        bytes: Vec<u8>,
    ) -> Result<Result<(), PictureProblem>, PortError>;

    /// Lets an attempt begin with what was good of a former one, of the same person. `false`: there is nothing to take
    /// over, and everything is taken anew.
    async fn keep(&self, former: &str, reference: &str, part: KeptPart) -> Result<bool, PortError>;

    /// Asks for a decision on what was handed over, by somebody who was asked for this. The same reference is
    /// decided once. Of a selfie alone it is decided whether somebody was there, and not who.
    async fn submit(
        &self,
        reference: &str,
        email: &str,
        challenge: &Challenge,
        scope: Scope,
    ) -> Result<(), PortError>;

    async fn status(&self, reference: &str) -> Result<IdentityStatus, PortError>;

    /// What was handed over, in the order in which somebody looks at it; nothing where the provider
    /// keeps it no longer.
    async fn pictures(&self, reference: &str) -> Result<Vec<Picture>, PortError>;

    /// One of them, for a person who decides. `None`: the provider keeps it no longer.
    async fn look(&self, reference: &str, picture: &Picture) -> Result<Option<Vec<u8>>, PortError>;

    /// Takes away what was handed over, for ever. A provider that keeps nothing has nothing to do.
    async fn erase(&self, _reference: &str) -> Result<(), PortError> {
        Ok(())
    }

    /// Takes away what is older than it may be, but for what was handed over under these references; asked for every
    /// now and then.
    async fn tidy(&self, _spared: Vec<String>) -> Result<(), PortError> {
        Ok(())
    }
}
