//! What the engine says: a decision, and every reason for it.

use crate::{
    document::{CERTAIN, Field, Label, Licence, Printed, Quality, QualityProblem},
    liveness::LivenessProblem,
    mrz::{Country, CountryKind, Form, Mrz, PartialDate, Sex, Wrong},
    picture::PictureProblem,
};
use proof_core::{
    Timestamp,
    identity::{
        BirthDate, DocumentKind, DocumentNumber, Evidence, Face, IdentityOutcome, IdentityProblem,
        Names,
    },
};
use serde::{Deserialize, Serialize};

/// What a reason is about.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Subject {
    Front,
    Back,
    /// The frame with this index.
    Frame(u32),
    Selfie,
    Document,
}

/// Why somebody is not simply approved.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Reason {
    Picture(PictureProblem),
    Quality(QualityProblem),
    /// Neither a zone nor a portrait: not a document, or one that cannot be made out.
    NoDocument,
    BackMissing,
    FrontTwice,
    ZoneUnreadable,
    /// A visa where a passport was asked for, or a card where it was not.
    OtherDocument,
    NoPortrait,
    Expired,
    UnderAge,
    /// Print says so, and it is not certain that it was read right.
    MaybeExpired,
    MaybeUnderAge,
    /// It reads well, and its check digits are wrong.
    CheckDigits,
    UnknownIssuer,
    Specimen,
    /// Read by people: a document without a zone.
    NoZone,
    Liveness(LivenessProblem),
    NoSelfie,
    OtherPerson,
    /// Too alike for another person, and too little for the same.
    MaybeOtherPerson,
    /// There is a grid in the film, as screens and prints have one.
    MaybeScreen,
    NoModels,
    /// The policy wants it of everybody.
    PeopleLook,
    /// The worker was stopped at its limits, or broke.
    NoAnswer,
}

/// What a reason leads to.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    Approve,
    Review,
    Retry,
    Refuse,
}

impl Reason {
    pub const fn outcome(self) -> Outcome {
        match self {
            Self::UnderAge => Outcome::Refuse,
            Self::MaybeExpired
            | Self::MaybeUnderAge
            | Self::CheckDigits
            | Self::UnknownIssuer
            | Self::Specimen
            | Self::NoZone
            | Self::NoSelfie
            | Self::MaybeOtherPerson
            | Self::MaybeScreen
            | Self::NoModels
            | Self::PeopleLook
            | Self::NoAnswer => Outcome::Review,
            Self::Picture(_)
            | Self::Quality(_)
            | Self::NoDocument
            | Self::BackMissing
            | Self::FrontTwice
            | Self::ZoneUnreadable
            | Self::OtherDocument
            | Self::NoPortrait
            | Self::Expired
            | Self::Liveness(_)
            | Self::OtherPerson => Outcome::Retry,
        }
    }

    /// The reason as partners and users hear it; nothing where only our own people do.
    pub const fn problem(self, on: Subject) -> Option<IdentityProblem> {
        match self {
            Self::Picture(_) => match on {
                Subject::Frame(_) | Subject::Selfie => Some(IdentityProblem::LivenessFailed),
                Subject::Front | Subject::Back | Subject::Document => {
                    Some(IdentityProblem::DocumentUnreadable)
                }
            },
            Self::Quality(_)
            | Self::NoDocument
            | Self::BackMissing
            | Self::FrontTwice
            | Self::ZoneUnreadable
            | Self::OtherDocument
            | Self::NoPortrait => Some(IdentityProblem::DocumentUnreadable),
            Self::Expired | Self::MaybeExpired => Some(IdentityProblem::DocumentExpired),
            Self::UnderAge | Self::MaybeUnderAge => Some(IdentityProblem::UnderAge),
            Self::CheckDigits | Self::Specimen => Some(IdentityProblem::DocumentForged),
            Self::Liveness(_) => Some(IdentityProblem::LivenessFailed),
            Self::OtherPerson | Self::MaybeOtherPerson => Some(IdentityProblem::FaceMismatch),
            Self::UnknownIssuer
            | Self::NoZone
            | Self::NoSelfie
            // Whoever holds a screen into the camera need not hear how it was seen.
            | Self::MaybeScreen
            | Self::NoModels
            | Self::PeopleLook
            | Self::NoAnswer => None,
        }
    }

    /// What happened, for people.
    pub const fn sentence(self) -> &'static str {
        match self {
            Self::Picture(problem) => picture_sentence(problem),
            Self::Quality(QualityProblem::TooSmall) => "the document is too small in the picture",
            Self::Quality(QualityProblem::Blurred) => "the document is blurred",
            Self::Quality(QualityProblem::Glare) => "a light mirrors itself in the document",
            Self::Quality(QualityProblem::Cropped) => "a part of the document is cut off",
            Self::NoDocument => "there is no document in the picture",
            Self::BackMissing => "the back of the card is missing",
            Self::FrontTwice => "the front was taken twice, the back is missing",
            Self::ZoneUnreadable => "the lines for machines could not be read",
            Self::OtherDocument => "this is another kind of document",
            Self::NoPortrait => "there is no portrait on the document",
            Self::Expired => "the document has expired",
            Self::UnderAge => "the person is under age",
            Self::MaybeExpired => "the document seems to have expired",
            Self::MaybeUnderAge => "the person seems to be under age",
            Self::CheckDigits => "the document reads well, and its check digits are wrong",
            Self::UnknownIssuer => "nobody known issues documents with this code",
            Self::Specimen => "the document is a specimen",
            Self::NoZone => "the document has no lines for machines",
            Self::Liveness(problem) => liveness_sentence(problem),
            Self::NoSelfie => "there is no selfie",
            Self::OtherPerson => "the selfie shows somebody else",
            Self::MaybeOtherPerson => "the selfie may show somebody else",
            Self::MaybeScreen => "the selfie looks filmed from a screen or a print",
            Self::NoModels => "the models are not installed",
            Self::PeopleLook => "people look at everybody",
            Self::NoAnswer => "the check did not end in time",
        }
    }
}

const fn picture_sentence(problem: PictureProblem) -> &'static str {
    match problem {
        PictureProblem::TooManyBytes => "the file is larger than 12 MB",
        PictureProblem::Pdf => "this is a PDF, not a photograph",
        PictureProblem::Animated => "a picture that moves is no photograph",
        PictureProblem::NotAnImage => "this is no JPEG, PNG or WebP",
        PictureProblem::TooManyPixels => "the picture has more than 40 megapixels",
        PictureProblem::TooSmall => "the picture has too few pixels",
        PictureProblem::Damaged => "the picture is damaged",
    }
}

const fn liveness_sentence(problem: LivenessProblem) -> &'static str {
    match problem {
        LivenessProblem::TooFewFrames => "there are too few frames",
        LivenessProblem::FramesOutOfOrder => "the frames are not in order",
        LivenessProblem::FramesReplayed => "frames were shown before",
        LivenessProblem::NoFace => "there is no face in the selfie",
        LivenessProblem::TwoFaces => "there is more than one face in the selfie",
        LivenessProblem::AnotherFace => "the face changes during the selfie",
        LivenessProblem::Still => "nothing moves in the selfie",
        LivenessProblem::Flat => "the selfie shows a flat picture, not a head",
        LivenessProblem::WrongOrder => "the steps were done in another order",
        LivenessProblem::NotDone => "a step was not done",
    }
}

#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Finding {
    pub reason: Reason,
    pub on: Subject,
}

impl Finding {
    /// "front: the document is blurred".
    fn told(&self) -> String {
        let on = match self.on {
            Subject::Front => "front",
            Subject::Back => "back",
            Subject::Frame(_) | Subject::Selfie => "selfie",
            Subject::Document => "document",
        };
        format!("{on}: {}", self.reason.sentence())
    }
}

/// What the document says to machines, for those who keep it.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct Facts {
    /// Of the zone; nothing where a licence's barcode or its print says it.
    pub form: Option<Form>,
    pub code: String,
    pub issuer: Country,
    /// ISO 3166-1 alpha-2, of a state.
    pub country: Option<String>,
    /// The state or province that issued a licence.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub region: Option<String>,
    pub surname: String,
    pub given: String,
    pub number: String,
    pub nationality: Country,
    pub birth: Option<PartialDate>,
    pub sex: Sex,
    pub expiry: Option<PartialDate>,
    pub wrong: Vec<Wrong>,
    /// Characters that were put right.
    pub corrected: usize,
    /// Read from print, which proves nothing: with how sure each field is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub printed: Option<Printed>,
}

impl Facts {
    pub fn of(mrz: &Mrz) -> Self {
        Self {
            form: Some(mrz.form),
            code: mrz.code.clone(),
            issuer: mrz.issuer.clone(),
            country: mrz.issuer.alpha2().map(str::to_owned),
            region: None,
            surname: mrz.names.surname.clone(),
            given: mrz.names.given.clone(),
            number: mrz.number.clone(),
            nationality: mrz.nationality.clone(),
            birth: mrz.birth,
            sex: mrz.sex,
            expiry: mrz.expiry,
            wrong: mrz.wrong.clone(),
            corrected: mrz.corrections.len(),
            printed: None,
        }
    }

    pub fn of_licence(licence: &Licence) -> Self {
        let issuer = Country::of(licence.country);
        Self {
            form: None,
            code: "DL".to_owned(),
            country: issuer.alpha2().map(str::to_owned),
            region: licence.region.clone(),
            issuer,
            surname: licence.surname.clone(),
            given: licence.given.clone(),
            number: licence.number.clone(),
            // Licences say where somebody drives from, not of which state they are.
            nationality: Country::of(""),
            birth: licence.birth,
            sex: Sex::Unspecified,
            expiry: licence.expiry,
            wrong: Vec::new(),
            corrected: 0,
            printed: None,
        }
    }

    /// Who issued it stands in a flag, which is not read.
    pub fn of_print(printed: Printed, kind: DocumentKind) -> Self {
        let code = match kind {
            DocumentKind::Passport => "P",
            DocumentKind::NationalId => "ID",
            DocumentKind::DrivingLicence => "DL",
        };
        let text = |label| printed.text(label).to_owned();
        let date = |label| printed.date(label).map(|(date, _)| date);
        Self {
            form: None,
            code: code.to_owned(),
            issuer: Country::of(""),
            country: None,
            region: None,
            surname: text(Label::Surname),
            given: text(Label::Given),
            number: text(Label::Number),
            nationality: Country::of(""),
            birth: date(Label::Birth),
            sex: Sex::Unspecified,
            expiry: date(Label::Expiry),
            wrong: Vec::new(),
            corrected: 0,
            printed: Some(printed),
        }
    }

    /// The day that it ends and the birthday count when they are no guess.
    fn counts(&self, label: Label) -> bool {
        let printed = self.printed.as_ref();
        let field = printed.map(|printed| printed.field(label));
        field.is_none_or(|field| field.is_some_and(|field| field.sure >= CERTAIN))
    }

    /// "printed: 4b, valid until: 15.04.2034 (98 %)".
    fn told(&self) -> Vec<String> {
        let Some(printed) = &self.printed else {
            return Vec::new();
        };
        let told = |field: &Field| {
            let number = if printed.is_named {
                String::new()
            } else {
                format!("{}, ", field.label.numbered())
            };
            let (label, percent) = (field.label.told(), (field.sure * 100.0) as u8);
            format!("printed: {number}{label}: {} ({percent} %)", field.text)
        };
        printed.fields.iter().map(told).collect()
    }

    /// Whose number it is: each state has its own.
    fn numbered_by(&self) -> String {
        let region = self.region.iter();
        let parts = [self.issuer.code()]
            .into_iter()
            .chain(region.map(String::as_str));
        parts.collect::<Vec<_>>().join("-")
    }

    pub fn issuer_kind(&self) -> CountryKind {
        self.issuer.kind()
    }
}

/// What was measured on one side.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct SideReport {
    pub on: Subject,
    pub quality: Quality,
    pub zone_sure: Option<f32>,
    /// Between the eyes of the portrait, in pixels.
    pub portrait_pixels: Option<f32>,
}

#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct Report {
    pub outcome: Outcome,
    /// The one that decided first.
    pub findings: Vec<Finding>,
    pub facts: Option<Facts>,
    pub sides: Vec<SideReport>,
    /// The cosine of portrait and selfie.
    pub similarity: Option<f32>,
    /// What the network made of the selfie's first face.
    #[serde(default, skip_serializing_if = "Option::is_none", with = "face_text")]
    pub face: Option<Face>,
    /// How far a grid, as of a screen or a print, stands out in the film ([`crate::grid`]).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub grid: Option<f32>,
    /// SHA-256 of each frame: a later film with one of them is a replay.
    pub frames: Vec<String>,
}

impl Report {
    /// Sorts what was found by its weight, and decides.
    pub fn of(mut findings: Vec<Finding>) -> Self {
        findings.sort_by_key(|finding| std::cmp::Reverse(finding.reason.outcome()));
        let worst = findings.first().map(|finding| finding.reason.outcome());
        Self {
            outcome: worst.unwrap_or(Outcome::Approve),
            findings,
            facts: None,
            sides: Vec::new(),
            similarity: None,
            face: None,
            grid: None,
            frames: Vec::new(),
        }
    }

    /// For when there is nothing to say but that.
    pub fn only(reason: Reason, on: Subject) -> Self {
        Self::of(vec![Finding { reason, on }])
    }

    pub fn reason(&self) -> Option<Finding> {
        self.findings.first().copied()
    }

    /// What it knows of the person. A number whose check digits are wrong is none; names have no check digit, and are looked
    /// for on lists as they were read. A number in print has none either, nor does it say whose it is. Names that stand
    /// beside a word are none: what was looked for on lists may be another word.
    pub fn evidence(&self) -> Evidence {
        let facts = self.facts.as_ref().filter(|facts| facts.wrong.is_empty());
        let parts = |cosine: f32| (cosine.clamp(0.0, 1.0) * 10_000.0) as u16;
        let dated = |label| facts.filter(|facts| facts.counts(label));
        let notes = self.findings.iter().map(Finding::told);
        Evidence {
            names: self
                .facts
                .as_ref()
                .filter(|facts| !(facts.surname.is_empty() && facts.given.is_empty()))
                .filter(|facts| {
                    facts
                        .printed
                        .as_ref()
                        .is_none_or(|printed| !printed.is_named)
                })
                .map(|facts| Names {
                    surname: facts.surname.clone(),
                    given: facts.given.clone(),
                }),
            birth: dated(Label::Birth)
                .and_then(|facts| facts.birth)
                .map(|birth| BirthDate {
                    year: birth.year,
                    month: birth.month,
                    day: birth.day,
                }),
            document: facts
                .filter(|facts| !facts.number.is_empty() && facts.printed.is_none())
                .map(|facts| DocumentNumber {
                    issuer: facts.numbered_by(),
                    number: facts.number.clone(),
                }),
            document_ends: dated(Label::Expiry)
                .and_then(|facts| facts.expiry)
                .and_then(end_of),
            face: self.face.clone(),
            similarity: self.similarity.map(parts),
            grid_tenths: self.grid.map(|factor| (factor * 10.0) as u32),
            notes: notes
                .chain(self.facts.iter().flat_map(Facts::told))
                .collect(),
        }
    }

    /// As the rest of the server knows outcomes.
    pub fn decision(&self) -> IdentityOutcome {
        let name = |finding: Finding| {
            let problem = finding.reason.problem(finding.on);
            problem.map_or_else(
                || finding.reason.sentence().to_owned(),
                |known| known.name().to_owned(),
            )
        };
        let reason = self.reason().map(name).unwrap_or_default();
        match self.outcome {
            Outcome::Approve => IdentityOutcome::Approved {
                document_country: self.facts.as_ref().and_then(|facts| facts.country.clone()),
            },
            Outcome::Review => IdentityOutcome::Review { reason },
            Outcome::Retry => IdentityOutcome::Rejected {
                reason,
                may_retry: true,
            },
            Outcome::Refuse => IdentityOutcome::Rejected {
                reason,
                may_retry: false,
            },
        }
    }
}

/// The midnight (UTC) that ends the last day on which it is valid.
fn end_of(expiry: PartialDate) -> Option<Timestamp> {
    let midnight = expiry.last()?.succ_opt()?.and_hms_opt(0, 0, 0)?;
    Some(Timestamp::from_micros(
        midnight.and_utc().timestamp_micros(),
    ))
}

/// "model:numbers", the numbers in hexadecimal.
mod face_text {
    use proof_core::identity::Face;
    use serde::{Deserialize, Deserializer, Serializer, de::Error};

    pub fn serialize<S: Serializer>(face: &Option<Face>, to: S) -> Result<S::Ok, S::Error> {
        match face {
            None => to.serialize_none(),
            Some(face) => {
                let text = format!("{}:{}", face.model, hex::encode(face.bytes()));
                to.serialize_some(&text)
            }
        }
    }

    pub fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<Option<Face>, D::Error> {
        let Some(text) = Option::<String>::deserialize(from)? else {
            return Ok(None);
        };
        let read = |text: &str| {
            let (model, numbers) = text.split_once(':')?;
            Face::of_bytes(model, hex::decode(numbers).ok()?)
        };
        let face = read(&text).ok_or_else(|| D::Error::custom("not a face"))?;
        Ok(Some(face))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_face_goes_through_the_pipe_and_into_the_evidence() {
        let face = Face::of_numbers("m1", &[0.5, -1.25]);
        let report = Report {
            face: face.clone(),
            similarity: Some(0.951_26),
            ..Report::of(Vec::new())
        };
        let text = serde_json::to_string(&report).unwrap();
        let read: Report = serde_json::from_str(&text).unwrap();
        assert_eq!(read, report);
        let evidence = read.evidence();
        assert_eq!((evidence.face, evidence.similarity), (face, Some(9_512)));
        let before: Report = serde_json::from_str(&text.replace("\"face\"", "\"other\"")).unwrap();
        assert_eq!(before.face, None, "reports from before have none");
        assert!(serde_json::from_str::<Report>(&text.replace("m1:", "m1")).is_err());
    }

    #[test]
    fn a_grid_goes_the_same_way_and_no_report_from_before_has_one() {
        let report = Report {
            grid: Some(7.46),
            ..Report::only(Reason::MaybeScreen, Subject::Selfie)
        };
        let text = serde_json::to_string(&report).unwrap();
        let read: Report = serde_json::from_str(&text).unwrap();
        assert_eq!(read, report);
        assert_eq!(read.evidence().grid_tenths, Some(74));
        let sentence = "the selfie looks filmed from a screen or a print";
        assert_eq!(
            read.decision(),
            IdentityOutcome::Review {
                reason: sentence.to_owned()
            }
        );
        let before = r#"{"outcome":"approve","findings":[],"facts":null,"sides":[],
            "similarity":0.95,"frames":[]}"#;
        let before: Report = serde_json::from_str(before).unwrap();
        assert_eq!((before.grid, before.evidence().grid_tenths), (None, None));
    }

    #[test]
    fn a_document_ends_with_its_last_day() {
        let last = PartialDate {
            year: 2_030,
            month: Some(2),
            day: None,
        };
        let end = end_of(last).unwrap();
        assert_eq!(end.to_contract(), "2030-03-01T00:00:00Z");
    }

    #[test]
    fn the_heaviest_reason_decides() {
        let finding = |reason| Finding {
            reason,
            on: Subject::Front,
        };
        let report =
            |reasons: &[Reason]| Report::of(reasons.iter().copied().map(finding).collect());
        assert_eq!(report(&[]).outcome, Outcome::Approve);
        assert_eq!(report(&[Reason::NoZone]).outcome, Outcome::Review);
        let retry = report(&[Reason::NoZone, Reason::Expired]);
        assert_eq!(
            retry.decision(),
            IdentityOutcome::Rejected {
                reason: "document_expired".to_owned(),
                may_retry: true
            }
        );
        let refused = report(&[Reason::Expired, Reason::UnderAge, Reason::NoZone]);
        assert_eq!(
            refused.reason().map(|found| found.reason),
            Some(Reason::UnderAge)
        );
        assert_eq!(
            refused.decision(),
            IdentityOutcome::Rejected {
                reason: "under_age".to_owned(),
                may_retry: false
            }
        );
        assert_eq!(
            Report::only(Reason::NoModels, Subject::Document).decision(),
            IdentityOutcome::Review {
                reason: "the models are not installed".to_owned()
            }
        );
    }
}
