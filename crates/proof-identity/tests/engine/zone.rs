//! Zones in photographs.

use crate::kit::{Kit, today};
use proof_core::identity::DocumentKind;
use proof_identity::{
    document::side,
    mrz::{Form, write},
    picture::{self, Need},
    specimen::{self, Damage, damage},
};

#[test]
fn every_form_is_read_in_photographs_that_people_take() {
    let Some(kit) = Kit::open() else { return };
    let good = Damage::default();
    for form in Form::ALL {
        let fields = specimen::fields(form);
        let page = specimen::side_with_zone(form, &fields, None);
        for how in [
            Damage {
                turn_degrees: 7.0,
                noise: 8.0,
                ..good
            },
            Damage {
                lean: 0.12,
                blur: 1.0,
                quality: 75,
                ..good
            },
        ] {
            let photo = picture::open(&damage(&page, &how), Need::DOCUMENT).unwrap();
            let zone = side(&kit.models, &photo, today(), DocumentKind::Passport)
                .unwrap()
                .zone
                .unwrap();
            assert_eq!(zone.mrz.lines, write(form, &fields), "{form:?} {how:?}");
            assert_eq!(zone.mrz.wrong, []);
        }
    }
}

#[test]
fn a_page_may_lie_in_any_direction() {
    let Some(kit) = Kit::open() else { return };
    let fields = specimen::fields(Form::Td3);
    let page = specimen::side_with_zone(Form::Td3, &fields, None);
    for turn_degrees in [90.0, 181.0, 268.0] {
        let how = Damage {
            turn_degrees,
            width: 2000,
            ..Damage::default()
        };
        let photo = picture::open(&damage(&page, &how), Need::DOCUMENT).unwrap();
        let zone = side(&kit.models, &photo, today(), DocumentKind::Passport)
            .unwrap()
            .zone
            .unwrap();
        assert_eq!(zone.mrz.lines, write(Form::Td3, &fields), "{turn_degrees}");
    }
}
