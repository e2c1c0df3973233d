//! Models, pictures, pages and films.

use chrono::NaiveDate;
use image::RgbImage;
use proof_core::identity::DocumentKind;
use proof_identity::{
    check::{Case, CaseFrame, Policy, check},
    liveness::Step,
    mrz::{Fields, Form},
    network::Models,
    picture::{self, Need},
    report::{Outcome, Reason, Report},
    specimen::{self, Damage, damage, head},
};
use std::path::{Path, PathBuf};

pub const ASKED: [Step; 3] = [Step::Center, Step::Right, Step::Left];

pub fn today() -> NaiveDate {
    NaiveDate::from_ymd_opt(2026, 11, 26).unwrap()
}

pub struct Kit {
    pub models: Models,
    pictures: PathBuf,
}

impl Kit {
    /// `None`, said aloud, where nothing was fetched.
    #[expect(
        clippy::disallowed_methods,
        reason = "where the test run keeps what it fetched"
    )]
    pub fn open() -> Option<Self> {
        let home = || Path::new(&std::env::var("HOME").unwrap_or_default()).join(".cache/proof");
        let cache = std::env::var("PROOF_CACHE").map_or_else(|_| home(), PathBuf::from);
        let pictures = cache.join("pictures");
        match Models::load(&cache.join("models")) {
            Ok(models) if pictures.join("obama.jpg").is_file() => Some(Self { models, pictures }),
            _ => {
                let required = std::env::var("PROOF_TEST_REQUIRE_MODELS").is_ok();
                assert!(!required, "run ci/models");
                println!("skipped: no identity models, see ci/models");
                None
            }
        }
    }

    pub fn picture(&self, name: &str) -> RgbImage {
        let bytes = std::fs::read(self.pictures.join(name)).unwrap();
        picture::open(&bytes, Need::FRAME).unwrap().pixels
    }

    /// A photograph of a document with this person's portrait.
    pub fn document(&self, form: Form, fields: &Fields, portrait: &str, how: &Damage) -> Vec<u8> {
        let portrait = self.picture(portrait);
        damage(
            &specimen::side_with_zone(form, fields, Some(&portrait)),
            how,
        )
    }

    pub fn passport(&self, portrait: &str) -> Vec<u8> {
        let slightly = Damage {
            turn_degrees: 2.0,
            ..Damage::default()
        };
        self.document(Form::Td3, &specimen::fields(Form::Td3), portrait, &slightly)
    }

    /// Two frames for each step, of somebody who does what is asked.
    pub fn film(&self, person: &str, asked: &[Step]) -> Vec<CaseFrame> {
        let actor = head::Actor::new(&self.models, &self.picture(person));
        let actor = actor.unwrap().unwrap();
        self.frames(asked, |step, at| actor.frame(step, at))
    }

    /// Two frames for each step, as somebody makes them.
    pub fn frames(
        &self,
        asked: &[Step],
        mut make: impl FnMut(Step, u32) -> RgbImage,
    ) -> Vec<CaseFrame> {
        let steps = asked.iter().flat_map(|step| [*step; 2]);
        (0..)
            .zip(steps)
            .map(|(index, step)| CaseFrame {
                index,
                at_ms: u64::from(index) * 300,
                step,
                bytes: specimen::png(&make(step, index)).unwrap(),
            })
            .collect()
    }

    pub fn passport_case(&self, portrait: &str, frames: Vec<CaseFrame>) -> Case {
        Case {
            kind: DocumentKind::Passport,
            front: Some(self.passport(portrait)),
            back: None,
            asked: ASKED.to_vec(),
            frames,
            seen_before: Vec::new(),
            today: today(),
            policy: Policy {
                specimens: true,
                ..Policy::default()
            },
        }
    }

    pub fn check(&self, case: &Case) -> Report {
        check(&self.models, case).unwrap()
    }
}

/// The outcome and every reason, for comparing.
pub fn says(report: &Report) -> (Outcome, Vec<Reason>) {
    let reasons = report.findings.iter().map(|finding| finding.reason);
    (report.outcome, reasons.collect())
}
