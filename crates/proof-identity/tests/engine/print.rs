//! Cards that say nothing to machines.

use crate::kit::{Kit, says};
use proof_core::identity::DocumentKind;
use proof_identity::{
    check::Case,
    document::{Label, Printed},
    report::{Outcome, Reason, Report},
    specimen::{self, Damage, LicenceFields, damage},
};

fn licence(kit: &Kit, fields: &LicenceFields, how: &Damage) -> Report {
    let front = specimen::licence(fields, Some(&kit.picture("obama.jpg")));
    let back = specimen::licence_back();
    kit.check(&Case {
        kind: DocumentKind::DrivingLicence,
        front: Some(damage(&front, how)),
        back: Some(damage(&back, how)),
        ..kit.passport_case("obama.jpg", Vec::new())
    })
}

/// Cards that name their fields have no categories.
fn says_all(printed: &Printed, fields: &LicenceFields) {
    for (label, text) in fields.labelled() {
        if !(printed.is_named && label == Label::Categories) {
            assert_eq!(printed.text(label), text, "{label:?}");
        }
    }
}

#[test]
fn people_see_what_is_printed_on_a_licence() {
    let Some(kit) = Kit::open() else { return };
    let fields = specimen::licence_fields();
    let worn = Damage {
        turn_degrees: 3.0,
        noise: 6.0,
        ..Damage::default()
    };
    let report = licence(&kit, &fields, &worn);
    assert_eq!(
        says(&report),
        (Outcome::Review, vec![Reason::NoZone, Reason::NoSelfie])
    );
    let facts = report.facts.as_ref().unwrap();
    let printed = facts.printed.as_ref().unwrap();
    says_all(printed, &fields);
    let seen = report.evidence();
    assert!(seen.document.is_none(), "nothing says whose number it is");
    assert_eq!(seen.names.unwrap().surname, fields.surname);
    assert_eq!(seen.birth.unwrap().year, 1985);
    let note = "printed: 4b, valid until: 15.04.2034 (";
    assert!(seen.notes.iter().any(|said| said.starts_with(note)));
}

#[test]
fn print_refuses_when_it_is_certain_and_else_people_look() {
    let Some(kit) = Kit::open() else { return };
    let good = Damage::default();
    let expired = LicenceFields {
        issue: "16.04.2009".to_owned(),
        expiry: "15.04.2024".to_owned(),
        ..specimen::licence_fields()
    };
    let report = licence(&kit, &expired, &good);
    assert_eq!(report.outcome, Outcome::Retry);
    assert_eq!(report.reason().unwrap().reason, Reason::Expired);
    let child = LicenceFields {
        birth: "12.08.2009".to_owned(),
        issue: "16.09.2025".to_owned(),
        ..specimen::licence_fields()
    };
    assert_eq!(licence(&kit, &child, &good).outcome, Outcome::Refuse);
    // Born after the licence was issued: something was read wrong, or is.
    let odd = LicenceFields {
        birth: "12.08.2021".to_owned(),
        ..specimen::licence_fields()
    };
    let report = licence(&kit, &odd, &good);
    let maybe = Reason::MaybeUnderAge;
    assert_eq!(report.outcome, Outcome::Review);
    assert!(says(&report).1.contains(&maybe));
    assert!(report.evidence().birth.is_none());
}

#[test]
fn people_see_what_a_card_names_and_nobody_is_sent_away_for_it() {
    let Some(kit) = Kit::open() else { return };
    let card = |fields: &LicenceFields| {
        let front = specimen::card(fields, Some(&kit.picture("obama.jpg")));
        let worn = Damage {
            turn_degrees: 2.0,
            noise: 4.0,
            ..Damage::default()
        };
        kit.check(&Case {
            kind: DocumentKind::NationalId,
            front: Some(damage(&front, &worn)),
            back: Some(damage(&specimen::licence_back(), &worn)),
            ..kit.passport_case("obama.jpg", Vec::new())
        })
    };
    let fields = specimen::licence_fields();
    let report = card(&fields);
    assert_eq!(
        says(&report),
        (Outcome::Review, vec![Reason::NoZone, Reason::NoSelfie])
    );
    let facts = report.facts.as_ref().unwrap();
    assert_eq!(facts.code, "ID");
    let printed = facts.printed.as_ref().unwrap();
    says_all(printed, &fields);
    let seen = report.evidence();
    assert!(seen.names.is_none(), "another word may be beside that one");
    assert!(seen.birth.is_none(), "a guess is nobody's birthday");
    let note = "printed: valid until: 15.04.2034 (";
    assert!(seen.notes.iter().any(|said| said.starts_with(note)));
    let expired = LicenceFields {
        issue: "16.04.2009".to_owned(),
        expiry: "15.04.2024".to_owned(),
        ..fields
    };
    let report = card(&expired);
    assert_eq!(report.outcome, Outcome::Review);
    assert!(says(&report).1.contains(&Reason::MaybeExpired));
}

/// The recogniser's file is the only place that says which class is which letter.
#[test]
fn letters_are_where_the_recogniser_has_them() {
    let Some(kit) = Kit::open() else { return };
    let mut row = vec![0.0; 6_625];
    assert_eq!(kit.models.letters.best(&row), None);
    for (class, letter) in [
        (1, '\''),
        (26, '0'),
        (1_221, 'A'),
        (4_544, 'a'),
        (6_624, ' '),
    ] {
        row[class] = 0.9;
        assert_eq!(kit.models.letters.best(&row), Some((letter, 0.9)));
        row[class] = 0.0;
    }
    row[0] = 0.8;
    row[26] = 0.3;
    assert_eq!(kit.models.letters.best(&row), None);
}
