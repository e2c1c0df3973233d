//! Documents that are not what they should be.

use crate::kit::{Kit, says, today};
use image::imageops;
use proof_core::identity::DocumentKind;
use proof_identity::{
    check::Case,
    document::QualityProblem,
    mrz::{Fields, Form},
    picture::PictureProblem,
    report::{Outcome, Reason},
    specimen::{self, Damage, damage},
};

/// A passport with other facts; the selfie is not what is looked at here.
fn passport(kit: &Kit, fields: &Fields) -> Vec<Reason> {
    let front = kit.document(Form::Td3, fields, "obama.jpg", &Damage::default());
    let case = Case {
        front: Some(front),
        ..kit.passport_case("obama.jpg", Vec::new())
    };
    reasons(kit, &case)
}

fn reasons(kit: &Kit, case: &Case) -> Vec<Reason> {
    let (_, mut reasons) = says(&kit.check(case));
    assert_eq!(reasons.pop(), Some(Reason::NoSelfie));
    reasons
}

#[test]
fn facts_that_do_not_do_have_reasons() {
    let Some(kit) = Kit::open() else { return };
    let good = specimen::fields(Form::Td3);
    let with = |change: fn(&mut Fields)| {
        let mut fields = good.clone();
        change(&mut fields);
        passport(&kit, &fields)
    };
    assert_eq!(with(|_| {}), []);
    assert_eq!(
        with(|fields| fields.expiry = "261125".to_owned()),
        [Reason::Expired]
    );
    assert_eq!(
        with(|fields| fields.birth = "081127".to_owned()),
        [Reason::UnderAge]
    );
    assert_eq!(
        with(|fields| fields.issuer = "QQQ".to_owned()),
        [Reason::UnknownIssuer]
    );
    let mut strict = kit.passport_case("obama.jpg", Vec::new());
    strict.policy.specimens = false;
    assert_eq!(reasons(&kit, &strict), [Reason::Specimen]);
    strict.kind = DocumentKind::NationalId;
    strict.policy.specimens = true;
    assert_eq!(reasons(&kit, &strict), [Reason::OtherDocument]);
}

#[test]
fn a_wrong_check_digit_that_reads_well_goes_to_people() {
    let Some(kit) = Kit::open() else { return };
    let portrait = kit.picture("obama.jpg");
    let fields = specimen::fields(Form::Td3);
    let mut lines = proof_identity::mrz::write(Form::Td3, &fields);
    lines[1].replace_range(13..15, "91");
    let page = specimen::side_with_lines(Form::Td3, &fields, &lines, Some(&portrait));
    let case = Case {
        front: Some(damage(&page, &Damage::default())),
        ..kit.passport_case("obama.jpg", Vec::new())
    };
    assert_eq!(reasons(&kit, &case), [Reason::CheckDigits]);
}

#[test]
fn cards_have_two_sides() {
    let Some(kit) = Kit::open() else { return };
    let fields = specimen::fields(Form::Td1);
    let portrait = kit.picture("obama.jpg");
    let front = specimen::side_with_portrait(Form::Td1, &fields, Some(&portrait));
    let back = specimen::side_with_zone(Form::Td1, &fields, None);
    let photo = |page, seed| {
        damage(
            page,
            &Damage {
                seed,
                turn_degrees: seed as f32,
                ..Damage::default()
            },
        )
    };
    let case = |back| Case {
        kind: DocumentKind::NationalId,
        front: Some(photo(&front, 1)),
        back,
        ..kit.passport_case("obama.jpg", Vec::new())
    };
    assert_eq!(reasons(&kit, &case(Some(photo(&back, 2)))), []);
    assert_eq!(
        reasons(&kit, &case(None)),
        [Reason::BackMissing, Reason::NoZone]
    );
    assert_eq!(
        reasons(&kit, &case(Some(photo(&front, 2)))),
        [Reason::FrontTwice]
    );
    // A licence has no zone: people read it.
    let licence = Case {
        kind: DocumentKind::DrivingLicence,
        ..case(Some(kit.document(
            Form::Td1,
            &fields,
            "biden.jpg",
            &Damage {
                blur: 30.0,
                ..Damage::default()
            },
        )))
    };
    assert!(reasons(&kit, &licence).contains(&Reason::NoZone));
}

/// People look at a licence, and know what its barcode says.
#[test]
fn the_barcode_of_a_licence_says_what_no_zone_does() {
    let Some(kit) = Kit::open() else { return };
    let upright = Damage::default();
    let fields = specimen::fields(Form::Td1);
    let portrait = kit.picture("obama.jpg");
    let front = specimen::side_with_portrait(Form::Td1, &fields, Some(&portrait));
    let case = |birth: &str, expiry: &str| {
        let text = format!(
            "@\nANSI 636000100102DL00410278DLDAQT64235789\nDCSSAMPLE\nDACMICHAEL\nDADJOHN\nDBB{birth}\nDBA{expiry}\nDAJVA\nDCGUSA\n"
        );
        let back = specimen::back_with_barcode(&text).unwrap();
        Case {
            kind: DocumentKind::DrivingLicence,
            front: Some(damage(&front, &upright)),
            back: Some(damage(&back, &upright)),
            ..kit.passport_case("obama.jpg", Vec::new())
        }
    };
    let report = kit.check(&case("06061986", "12102034"));
    assert_eq!(says(&report).1, [Reason::NoZone, Reason::NoSelfie]);
    assert_eq!(report.outcome, Outcome::Review);
    let facts = report.facts.unwrap();
    assert_eq!(
        (facts.surname.as_str(), facts.given.as_str()),
        ("SAMPLE", "MICHAEL JOHN")
    );
    assert_eq!(
        (facts.country.as_deref(), facts.region.as_deref()),
        (Some("US"), Some("VA"))
    );
    let expired = kit.check(&case("06061986", "12102024"));
    assert_eq!(expired.outcome, Outcome::Retry);
    assert_eq!(expired.reason().unwrap().reason, Reason::Expired);
    let child = kit.check(&case("06062012", "12102034"));
    assert_eq!(child.outcome, Outcome::Refuse);
    assert_eq!(child.evidence().document.unwrap().issuer, "USA-VA");
}

#[test]
fn what_is_no_document_is_known() {
    let Some(kit) = Kit::open() else { return };
    let case = |front: Vec<u8>| Case {
        front: Some(front),
        ..kit.passport_case("obama.jpg", Vec::new())
    };
    let cat = kit.picture("chelsea.png");
    let cat = imageops::resize(&cat, 902, 600, imageops::FilterType::Triangle);
    assert_eq!(
        reasons(&kit, &case(specimen::png(&cat).unwrap()))[0],
        Reason::NoDocument
    );
    let pdf = b"%PDF-1.7 renamed to passport.jpg".to_vec();
    assert_eq!(
        reasons(&kit, &case(pdf)),
        [Reason::Picture(PictureProblem::Pdf)]
    );
    let blurred = Damage {
        blur: 7.0,
        ..Damage::default()
    };
    let fields = specimen::fields(Form::Td3);
    let blurred = kit.document(Form::Td3, &fields, "obama.jpg", &blurred);
    let found = reasons(&kit, &case(blurred));
    assert_eq!(found[0], Reason::Quality(QualityProblem::Blurred));
    let glare = Damage {
        glare: 0.25,
        ..Damage::default()
    };
    let glare = kit.document(Form::Td3, &fields, "obama.jpg", &glare);
    assert_eq!(
        reasons(&kit, &case(glare))[0],
        Reason::Quality(QualityProblem::Glare)
    );
    assert_eq!(today().to_string(), "2026-11-26");
    assert_eq!(Reason::NoDocument.outcome(), Outcome::Retry);
}
