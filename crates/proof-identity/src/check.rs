//! All of it: the pictures of one attempt in, a report out.

use crate::{
    document::{self, Label, Printed, Side, alike},
    face::{
        Descriptor, MAYBE_SAME_PERSON_MIN, Mesh, SAME_PERSON_MIN, describe, detect, lids, mesh,
    },
    grid,
    liveness::{Frame, Pose, Seen, Step, follow},
    mrz::{CountryKind, PartialDate},
    network::{ModelError, Models},
    picture::{self, Need, Photo},
    report::{Facts, Finding, Reason, Report, SideReport, Subject},
};
use chrono::NaiveDate;
use image::imageops;
use proof_core::identity::DocumentKind;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

/// More frames than a challenge has.
pub const FRAMES_MAX: usize = 40;

/// What an installation wants.
#[derive(Clone, Copy, PartialEq, Debug, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Policy {
    pub age_min: u32,
    /// Documents of Utopia are as good as others: for trying things out.
    pub specimens: bool,
    /// From this cosine on portrait and selfie are one person.
    pub same_person: f32,
    /// Below this one they are two; between, people look.
    pub maybe_same_person: f32,
    /// From here on people look at a film for traces of a screen or a print ([`grid`]).
    pub maybe_screen: f32,
    /// Nobody is approved before people have looked.
    pub people_look: bool,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
pub enum PolicyProblem {
    #[error(
        "same_person and maybe_same_person have to be from 0.8 to 1, the first not below the second"
    )]
    Likeness,
    #[error("maybe_screen has to be from 2.5 to 1000")]
    Screen,
    #[error("age_min has to be from 16 to 99")]
    Age,
}

impl Policy {
    /// Limits that would let everybody in, or nobody, are mistakes.
    pub fn check(&self) -> Result<(), PolicyProblem> {
        let within = |limit: f32| (0.8..=1.0).contains(&limit);
        if !within(self.same_person)
            || !within(self.maybe_same_person)
            || self.same_person < self.maybe_same_person
        {
            return Err(PolicyProblem::Likeness);
        }
        // Below, everybody would be looked at; above, nobody whose screen is seen as plainly as any.
        if !(2.5..=1_000.0).contains(&self.maybe_screen) {
            return Err(PolicyProblem::Screen);
        }
        if !(16..=99).contains(&self.age_min) {
            return Err(PolicyProblem::Age);
        }
        Ok(())
    }
}

impl Default for Policy {
    fn default() -> Self {
        Self {
            age_min: 18,
            specimens: false,
            same_person: SAME_PERSON_MIN,
            maybe_same_person: MAYBE_SAME_PERSON_MIN,
            maybe_screen: grid::MAYBE_SCREEN_MIN,
            people_look: false,
        }
    }
}

#[derive(Clone, Debug)]
pub struct CaseFrame {
    pub index: u32,
    pub at_ms: u64,
    pub step: Step,
    pub bytes: Vec<u8>,
}

/// One attempt.
#[derive(Clone, Debug)]
pub struct Case {
    pub kind: DocumentKind,
    /// `None`: only the selfie is looked at, of somebody whose document was seen before.
    pub front: Option<Vec<u8>>,
    pub back: Option<Vec<u8>>,
    pub asked: Vec<Step>,
    pub frames: Vec<CaseFrame>,
    /// Digests of frames from earlier attempts.
    pub seen_before: Vec<[u8; 32]>,
    pub today: NaiveDate,
    pub policy: Policy,
}

/// Looks at everything.
pub fn check(models: &Models, case: &Case) -> Result<Report, ModelError> {
    let mut findings = Vec::new();
    let front = match &case.front {
        Some(bytes) => side(models, case, Subject::Front, bytes, false, &mut findings)?,
        None => None,
    };
    let back = match &case.back {
        Some(bytes) => {
            let is_shown = front.as_ref().is_some_and(|front| front.portrait.is_some());
            side(models, case, Subject::Back, bytes, is_shown, &mut findings)?
        }
        None => None,
    };
    let printed = printed(models, case, [front.as_ref(), back.as_ref()])?;
    if findings.is_empty() && case.front.is_some() {
        let both = (front.as_ref(), back.as_ref());
        sides(case, both, printed.as_ref(), &mut findings);
    }
    let portrait = [&front, &back]
        .into_iter()
        .find_map(|side| side.as_ref()?.portrait.as_ref());
    let selfie = selfie(
        models,
        case,
        portrait.map(|found| &found.descriptor),
        &mut findings,
    )?;
    let both = || [&front, &back].into_iter().flatten();
    let zone = both().find_map(|side| side.zone.as_ref());
    let licence = both().find_map(|side| side.licence.as_ref());
    let facts = zone
        .map(|zone| Facts::of(&zone.mrz))
        .or_else(|| licence.map(Facts::of_licence))
        .or_else(|| printed.map(|printed| Facts::of_print(printed, case.kind)));
    if case.policy.people_look {
        let (reason, on) = (Reason::PeopleLook, Subject::Document);
        findings.push(Finding { reason, on });
    }
    let sides = [(Subject::Front, &front), (Subject::Back, &back)];
    Ok(Report {
        facts,
        sides: sides
            .into_iter()
            .filter_map(|(on, side)| Some(side_report(on, side.as_ref()?)))
            .collect(),
        similarity: selfie.similarity,
        face: selfie.face.and_then(|descriptor| descriptor.face()),
        grid: selfie.grid,
        frames: case
            .frames
            .iter()
            .map(|frame| hex(&digest(&frame.bytes)))
            .collect(),
        ..Report::of(findings)
    })
}

/// What is printed on a card that says nothing to machines, on either side, when it is good enough to look at.
fn printed(
    models: &Models,
    case: &Case,
    sides: [Option<&Side>; 2],
) -> Result<Option<Printed>, ModelError> {
    let both = || sides.into_iter().flatten();
    if case.kind == DocumentKind::Passport
        || both().any(|side| side.zone.is_some() || side.licence.is_some())
    {
        return Ok(None);
    }
    let good = both().find(|side| side.print.is_some() && side.quality.problems().is_empty());
    let page = good.and_then(|side| side.print.as_ref());
    page.map_or(Ok(None), |page| document::print(models, page, case.today))
}

fn side_report(on: Subject, side: &Side) -> SideReport {
    SideReport {
        on,
        quality: side.quality,
        zone_sure: side.zone.as_ref().map(|zone| zone.sure),
        portrait_pixels: side.portrait.as_ref().map(|portrait| portrait.eyes_pixels),
    }
}

/// One side, when its picture can be opened.
fn side(
    models: &Models,
    case: &Case,
    on: Subject,
    bytes: &[u8],
    portrait_is_shown: bool,
    findings: &mut Vec<Finding>,
) -> Result<Option<Side>, ModelError> {
    match picture::open(bytes, Need::DOCUMENT) {
        Ok(photo) => {
            let (today, kind) = (case.today, case.kind);
            let side = if portrait_is_shown {
                document::back(models, &photo, today, kind)?
            } else {
                document::side(models, &photo, today, kind)?
            };
            Ok(Some(side))
        }
        Err(problem) => {
            let reason = Reason::Picture(problem);
            findings.push(Finding { reason, on });
            Ok(None)
        }
    }
}

/// A zone whose characters are this sure is not misread in its check digits.
const SURE_ENOUGH: f32 = 0.9;

/// A straight page looks like another page of the same picture from here on.
const SAME_PAGE_MIN: f32 = 0.92;

/// What the sides say together.
fn sides(
    case: &Case,
    (front, back): (Option<&Side>, Option<&Side>),
    printed: Option<&Printed>,
    findings: &mut Vec<Finding>,
) {
    let Some(front) = front else { return };
    let mut add = |reason, on| findings.push(Finding { reason, on });
    let zone = front
        .zone
        .as_ref()
        .or(back.and_then(|back| back.zone.as_ref()));
    let portrait = front
        .portrait
        .as_ref()
        .or(back.and_then(|back| back.portrait.as_ref()));
    let licence = front
        .licence
        .as_ref()
        .or(back.and_then(|back| back.licence.as_ref()));
    if zone.is_none() && licence.is_none() && portrait.is_none() {
        // What the photograph lacks may be why; a photograph of something else may lack it as well.
        add(Reason::NoDocument, Subject::Front);
        if let Some(reason) = worst(front) {
            add(reason, Subject::Front);
        }
        return;
    }
    let two_sided = case.kind.sides().len() > 1;
    if two_sided && front.zone.is_none() {
        match back {
            None => add(Reason::BackMissing, Subject::Back),
            Some(back)
                if back.zone.is_none() && back.licence.is_none() && same_page(front, back) =>
            {
                add(Reason::FrontTwice, Subject::Back);
                return;
            }
            Some(_) => {}
        }
    }
    if portrait.is_none() {
        add(worst(front).unwrap_or(Reason::NoPortrait), Subject::Front);
    }
    for (on, side) in [(Subject::Front, Some(front)), (Subject::Back, back)] {
        for problem in side.iter().flat_map(|side| side.quality.problems()) {
            add(Reason::Quality(problem), on);
        }
    }
    match zone {
        Some(zone) => facts(case, zone, &mut add),
        // A passport has a zone; other documents are read by people.
        None if case.kind == DocumentKind::Passport => add(Reason::ZoneUnreadable, Subject::Front),
        None => {
            if let Some(licence) = licence {
                valid(case, licence.birth, licence.expiry, &mut add);
            } else if let Some(printed) = printed {
                valid_print(case, printed, &mut add);
            }
            add(Reason::NoZone, Subject::Document);
        }
    }
}

fn worst(side: &Side) -> Option<Reason> {
    side.quality
        .problems()
        .first()
        .copied()
        .map(Reason::Quality)
}

fn same_page(front: &Side, back: &Side) -> bool {
    let same_face = match (&front.portrait, &back.portrait) {
        (Some(a), Some(b)) => {
            a.descriptor.cosine(&b.descriptor) >= SAME_PERSON_MIN
                && a.place.distance(b.place) < 0.12
        }
        _ => false,
    };
    same_face || alike(&front.small, &back.small) >= SAME_PAGE_MIN
}

/// What the zone says against what is asked for.
fn facts(case: &Case, zone: &document::Zone, add: &mut impl FnMut(Reason, Subject)) {
    let mrz = &zone.mrz;
    let on = Subject::Document;
    if !mrz.wrong.is_empty() {
        let reason = if zone.sure >= SURE_ENOUGH {
            Reason::CheckDigits
        } else {
            Reason::ZoneUnreadable
        };
        add(reason, on);
        return;
    }
    let is_passport = mrz.code.starts_with('P');
    if mrz.code.starts_with('V') || is_passport != (case.kind == DocumentKind::Passport) {
        add(Reason::OtherDocument, on);
    }
    valid(case, mrz.birth, mrz.expiry, add);
    match mrz.issuer.kind() {
        CountryKind::State => {}
        CountryKind::Specimen if case.policy.specimens => {}
        CountryKind::Specimen => add(Reason::Specimen, on),
        CountryKind::NoState | CountryKind::Unknown => add(Reason::UnknownIssuer, on),
    }
}

/// Of age, and not expired.
fn valid(
    case: &Case,
    birth: Option<PartialDate>,
    expiry: Option<PartialDate>,
    add: &mut impl FnMut(Reason, Subject),
) {
    let last = expiry.and_then(PartialDate::last);
    if last.is_some_and(|last| last < case.today) {
        add(Reason::Expired, Subject::Document);
    }
    // Whose birthday nobody knows is not known to be of age.
    let years = birth.and_then(|birth| birth.years_until(case.today));
    if years.is_none_or(|years| years < case.policy.age_min) {
        add(Reason::UnderAge, Subject::Document);
    }
}

/// The same by print. What is no more than a guess is for people, and what was not read is nothing.
fn valid_print(case: &Case, printed: &Printed, add: &mut impl FnMut(Reason, Subject)) {
    let mut say = |is_certain, certain, guess| {
        add(if is_certain { certain } else { guess }, Subject::Document);
    };
    if let Some((expiry, is_certain)) = printed.date(Label::Expiry)
        && expiry.last().is_some_and(|last| last < case.today)
    {
        say(is_certain, Reason::Expired, Reason::MaybeExpired);
    }
    if let Some((birth, is_certain)) = printed.date(Label::Birth)
        && birth
            .years_until(case.today)
            .is_none_or(|years| years < case.policy.age_min)
    {
        say(is_certain, Reason::UnderAge, Reason::MaybeUnderAge);
    }
}

/// What the film says.
#[derive(Default)]
struct Selfie {
    similarity: Option<f32>,
    /// That it begins with.
    face: Option<Descriptor>,
    grid: Option<f32>,
}

/// The film, and whether its person is the one on the document.
fn selfie(
    models: &Models,
    case: &Case,
    portrait: Option<&Descriptor>,
    findings: &mut Vec<Finding>,
) -> Result<Selfie, ModelError> {
    let mut add = |reason, on| findings.push(Finding { reason, on });
    if case.frames.is_empty() {
        add(Reason::NoSelfie, Subject::Selfie);
        return Ok(Selfie::default());
    }
    let mut frames = Vec::new();
    let mut first: Option<Descriptor> = None;
    // Two looks more at each face: only where somebody was asked to shut their eyes.
    let with_eyes = case.asked.contains(&Step::Blink);
    let mut grids = grid::Film::of(case.frames.len());
    for frame in case.frames.iter().take(FRAMES_MAX) {
        let photo = match picture::open(&frame.bytes, Need::FRAME) {
            Ok(photo) => photo,
            Err(problem) => {
                add(Reason::Picture(problem), Subject::Frame(frame.index));
                return Ok(Selfie::default());
            }
        };
        let seen = seen(models, &photo, with_eyes, &mut first, &mut grids)?;
        frames.push(Frame {
            index: frame.index,
            at_ms: frame.at_ms,
            step: frame.step,
            digest: digest(&frame.bytes),
            small: small(&photo),
            seen,
        });
    }
    for problem in follow(&case.asked, &frames, &case.seen_before) {
        add(Reason::Liveness(problem), Subject::Selfie);
    }
    let grid = grids.factor();
    if grid.is_some_and(|grid| grid >= case.policy.maybe_screen) {
        add(Reason::MaybeScreen, Subject::Selfie);
    }
    let (Some(portrait), Some(face)) = (portrait, &first) else {
        return Ok(Selfie {
            face: first,
            grid,
            ..Selfie::default()
        });
    };
    let similarity = portrait.cosine(face);
    if similarity < case.policy.maybe_same_person {
        add(Reason::OtherPerson, Subject::Selfie);
    } else if similarity < case.policy.same_person {
        add(Reason::MaybeOtherPerson, Subject::Selfie);
    }
    Ok(Selfie {
        similarity: Some(similarity),
        face: first,
        grid,
    })
}

/// A second face counts from this part of the first one's width on: people in the background do not.
const SECOND_FACE_MIN: f32 = 0.5;

/// What a frame shows. The first face that is found is the one that all others are compared with.
fn seen(
    models: &Models,
    photo: &Photo,
    with_eyes: bool,
    first: &mut Option<Descriptor>,
    grids: &mut grid::Film,
) -> Result<Seen, ModelError> {
    let picture = &photo.pixels;
    let mut faces: Vec<Mesh> = Vec::new();
    let mut width = 0.0_f32;
    for found in detect(&models.face_detect, picture)? {
        if found.width < width * SECOND_FACE_MIN {
            continue;
        }
        if let Some(mesh) = mesh(&models.face_mesh, picture, &found)? {
            width = width.max(found.width);
            faces.push(mesh);
        }
    }
    let [face] = faces.as_slice() else {
        return Ok(if faces.is_empty() {
            Seen::NoFace
        } else {
            Seen::MoreFaces
        });
    };
    let Some(descriptor) = describe(&models.face_describe, picture, face)? else {
        return Ok(Seen::NoFace);
    };
    grids.look(picture, face.middle(), face.size());
    let same = first
        .get_or_insert_with(|| descriptor.clone())
        .cosine(&descriptor);
    let nose = face.nose();
    let eyes = with_eyes.then(|| lids(&models.eye_lids, picture, face));
    Ok(Seen::OneFace(Pose {
        across: nose.x,
        down: nose.y,
        size: face.size() / picture.width() as f32,
        same,
        eyes: eyes.transpose()?,
    }))
}

fn small(photo: &Photo) -> Vec<u8> {
    imageops::grayscale(&imageops::thumbnail(&photo.pixels, 32, 24)).into_raw()
}

pub fn digest(bytes: &[u8]) -> [u8; 32] {
    Sha256::digest(bytes).into()
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn limits_that_mean_nothing_are_refused() {
        let with = |change: fn(&mut Policy)| {
            let mut policy = Policy::default();
            change(&mut policy);
            policy.check()
        };
        assert_eq!(with(|_| {}), Ok(()));
        assert_eq!(with(|policy| policy.maybe_same_person = 0.94), Ok(()));
        assert_eq!(
            with(|policy| policy.same_person = 0.9),
            Err(PolicyProblem::Likeness)
        );
        assert_eq!(
            with(|policy| policy.maybe_same_person = 0.0),
            Err(PolicyProblem::Likeness)
        );
        assert_eq!(
            with(|policy| policy.same_person = f32::NAN),
            Err(PolicyProblem::Likeness)
        );
        assert_eq!(
            with(|policy| policy.maybe_screen = 1.0),
            Err(PolicyProblem::Screen)
        );
        assert_eq!(
            with(|policy| policy.maybe_screen = f32::NAN),
            Err(PolicyProblem::Screen)
        );
        assert_eq!(with(|policy| policy.age_min = 0), Err(PolicyProblem::Age));
    }
}
