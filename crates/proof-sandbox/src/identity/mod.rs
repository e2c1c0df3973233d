//! The identity provider: takes pictures, decides as the email's tag says.

mod evidence;
mod picture;
mod shelf;

pub use evidence::Evidence;
pub use picture::{Need, check as check_picture};
pub use shelf::Shelf;

use crate::{journal::Machine, refusal::Refusal};
use proof_core::Timestamp;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

const DECISION_MS: i64 = 2_000;
const SLOW_DECISION_MS: i64 = 30_000;
/// After so long people at the provider have decided about what they review.
const REVIEWED_MS: i64 = 3 * 60_000;
const REVIEWS: [&str; 3] = ["kyc-review", "kyc-review-pass", "kyc-review-fail"];
/// Of documents whose owner says nothing else.
const COUNTRY: &str = "DE";
const STEPS: [&str; 3] = ["center", "left", "right"];
/// A liveness check is some frames per step; a hundred is a client gone wild.
const FRAME_INDEX_MAX: u32 = 99;

#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct IdentityDesk {
    verifications: BTreeMap<String, Verification>,
    /// How often each email was submitted.
    submissions: BTreeMap<String, u32>,
}

#[derive(Clone, PartialEq, Eq, Debug, Default)]
struct Verification {
    sides: BTreeMap<(Document, Side), Picture>,
    frames: BTreeMap<u32, (String, Picture)>,
    submitted: Option<Submitted>,
}

#[derive(Clone, PartialEq, Eq, Debug)]
struct Submitted {
    email: String,
    at: Timestamp,
    /// It is the email's first.
    first: bool,
}

#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Document {
    Passport,
    NationalId,
    DrivingLicence,
}

#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Side {
    Front,
    Back,
}

#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Place {
    Document(Document, Side),
    Frame { index: u32, step: String },
}

#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Picture {
    pub sha256: String,
    pub width: u32,
    pub height: u32,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum Event {
    Received {
        reference: String,
        place: Place,
        picture: Picture,
    },
    Submitted {
        reference: String,
        email: String,
        at: Timestamp,
    },
}

#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct Outcome {
    pub status: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub may_retry: Option<bool>,
    /// ISO 3166-1 alpha-2, of who issued the document.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub document_country: Option<String>,
    /// What the check knows of the person, once it is decided.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub evidence: Option<Evidence>,
}

impl IdentityDesk {
    pub fn receive(
        &self,
        reference: &str,
        place: Place,
        picture: Picture,
    ) -> Result<Option<Event>, Refusal> {
        if let Place::Frame { index, step } = &place
            && (*index > FRAME_INDEX_MAX || !STEPS.contains(&step.as_str()))
        {
            return Err(Refusal::invalid("no such frame or step"));
        }
        let submitted = self.verifications.get(reference);
        if submitted.is_some_and(|verification| verification.submitted.is_some()) {
            return Err(Refusal::conflict(
                "submitted",
                "this verification was submitted already",
            ));
        }
        Ok(Some(Event::Received {
            reference: reference.to_owned(),
            place,
            picture,
        }))
    }

    pub fn submit(
        &self,
        reference: &str,
        email: &str,
        selfie: bool,
        now: Timestamp,
    ) -> Result<Option<Event>, Refusal> {
        let known = self.verifications.get(reference);
        let verification = known.ok_or_else(|| Refusal::not_found("verification"))?;
        if verification.submitted.is_some() {
            return Ok(None);
        }
        let is_complete = if selfie {
            verification.has_selfie()
        } else {
            verification.is_complete()
        };
        if !is_complete {
            return Err(Refusal::conflict(
                "incomplete",
                "a document side or a step has no picture",
            ));
        }
        Ok(Some(Event::Submitted {
            reference: reference.to_owned(),
            email: email.to_owned(),
            at: now,
        }))
    }

    pub fn outcome(&self, reference: &str, now: Timestamp) -> Result<Outcome, Refusal> {
        self.verifications
            .get(reference)
            .and_then(|verification| verification.submitted.as_ref())
            .map(|submitted| submitted.outcome(now))
            .ok_or_else(|| Refusal::not_found("submitted verification"))
    }

    /// What was handed over, in the order in which somebody looks at it.
    pub fn pictures(&self, reference: &str) -> Result<Vec<(Place, Picture)>, Refusal> {
        let known = self.verifications.get(reference);
        let verification = known.ok_or_else(|| Refusal::not_found("verification"))?;
        let sides = verification.sides.iter();
        let sides = sides.map(|((kind, side), picture)| {
            let place = Place::Document(*kind, *side);
            (place, picture.clone())
        });
        let frames = verification.frames.iter().map(|(index, (step, picture))| {
            let (index, step) = (*index, step.clone());
            (Place::Frame { index, step }, picture.clone())
        });
        Ok(sides.chain(frames).collect())
    }
}

impl Verification {
    fn is_complete(&self) -> bool {
        let has = |document, side| self.sides.contains_key(&(document, side));
        let card = |document| has(document, Side::Front) && has(document, Side::Back);
        let document = has(Document::Passport, Side::Front)
            || card(Document::NationalId)
            || card(Document::DrivingLicence);
        document && self.has_selfie()
    }

    fn has_selfie(&self) -> bool {
        let shown = |step: &&str| self.frames.values().any(|frame| frame.0 == *step);
        STEPS.iter().all(shown)
    }
}

impl Submitted {
    fn outcome(&self, now: Timestamp) -> Outcome {
        let outcome = self.decided(now);
        let is_pending = outcome.status == "pending";
        Outcome {
            evidence: (!is_pending).then(|| Evidence::of(&self.email, self.at)),
            ..outcome
        }
    }

    fn decided(&self, now: Timestamp) -> Outcome {
        let takes_ms = if has_tag(&self.email, "kyc-slow") {
            SLOW_DECISION_MS
        } else {
            DECISION_MS
        };
        if now.millis_since(self.at) < takes_ms {
            return outcome("pending", None, None);
        }
        let decided = now.millis_since(self.at) >= REVIEWED_MS;
        if has_tag(&self.email, "kyc-review-fail") && decided {
            outcome("rejected", Some("document_forged"), Some(false))
        } else if has_tag(&self.email, "kyc-review-pass") && decided {
            self.approved()
        } else if has_tag(&self.email, "kyc-fail") {
            outcome("rejected", Some("document_forged"), Some(false))
        } else if has_tag(&self.email, "kyc-retry") && self.first {
            outcome("rejected", Some("face_mismatch"), Some(true))
        } else if REVIEWS.iter().any(|tag| has_tag(&self.email, tag)) {
            outcome("review", Some("manual_check"), None)
        } else {
            self.approved()
        }
    }

    fn approved(&self) -> Outcome {
        Outcome {
            document_country: Some(country_of(&self.email)),
            ..outcome("approved", None, None)
        }
    }
}

const fn outcome(
    status: &'static str,
    reason: Option<&'static str>,
    may_retry: Option<bool>,
) -> Outcome {
    Outcome {
        status,
        reason,
        may_retry,
        document_country: None,
        evidence: None,
    }
}

/// Where the document is from: the tag `kyc-country-xx` says it.
fn country_of(email: &str) -> String {
    let told = tags(email).find_map(|tag| tag.strip_prefix("kyc-country-"));
    told.unwrap_or(COUNTRY).to_ascii_uppercase()
}

/// `name+tag@…`; several tags may follow one another, so that testers can keep addresses apart.
fn tags(email: &str) -> impl Iterator<Item = &str> {
    let local = email.rsplit_once('@').map_or(email, |(local, _)| local);
    local.split('+').skip(1)
}

/// Scenarios about identity go by the tags of the same outcome.
const SCENARIOS: [(&str, &str); 6] = [
    ("scenario-identity-final", "kyc-fail"),
    ("scenario-identity-retry", "kyc-retry"),
    ("scenario-identity-review", "kyc-review"),
    ("scenario-identity-review-approved", "kyc-review-pass"),
    ("scenario-identity-review-rejected", "kyc-review-fail"),
    ("scenario-identity-slow", "kyc-slow"),
];

fn has_tag(email: &str, tag: &str) -> bool {
    let means = |found: &str| {
        let known = SCENARIOS.iter().find(|s| found.eq_ignore_ascii_case(s.0));
        known.map_or(found.eq_ignore_ascii_case(tag), |scenario| {
            scenario.1 == tag
        })
    };
    tags(email).any(means)
}

impl Machine for IdentityDesk {
    type Event = Event;

    fn apply(&mut self, event: &Event) {
        match event {
            Event::Received {
                reference,
                place,
                picture,
            } => {
                let verification = self.verifications.entry(reference.clone()).or_default();
                match place {
                    Place::Document(document, side) => {
                        let place = (*document, *side);
                        verification.sides.insert(place, picture.clone());
                    }
                    Place::Frame { index, step } => {
                        let frame = (step.clone(), picture.clone());
                        verification.frames.insert(*index, frame);
                    }
                }
            }
            Event::Submitted {
                reference,
                email,
                at,
            } => {
                let count = self.submissions.entry(email.clone()).or_default();
                let submitted = Submitted {
                    email: email.clone(),
                    at: *at,
                    first: *count == 0,
                };
                *count += 1;
                let verification = self.verifications.entry(reference.clone()).or_default();
                verification.submitted = Some(submitted);
            }
        }
    }
}

#[cfg(test)]
mod tests;
