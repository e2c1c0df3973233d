//! Films that were filmed again: from a screen, or from a print.

use crate::kit::{ASKED, Kit, says};
use image::RgbImage;
use proof_identity::{
    check::{Case, CaseFrame},
    grid::MAYBE_SCREEN_MIN,
    report::{Outcome, Reason, Report},
    specimen::{
        Damage, noisy,
        refilmed::{Camera, Hold, Print, Screen, Shown, refilmed},
    },
};

/// The right person does what is asked, and each frame is taken again.
fn film(kit: &Kit, mut again: impl FnMut(&RgbImage, u32) -> Vec<u8>) -> Vec<CaseFrame> {
    let mut film = kit.film("obama2.jpg", &ASKED);
    for frame in &mut film {
        let picture = image::load_from_memory(&frame.bytes).unwrap().into_rgb8();
        frame.bytes = again(&picture, frame.index);
    }
    film
}

/// Held in a hand: a little elsewhere in each frame.
fn by_hand(picture: &RgbImage, at: u32, shown: Shown, camera: &Camera) -> Vec<u8> {
    let hold = Hold {
        turn_degrees: 1.0 + at as f32 * 0.2,
        tilt_degrees: [4.0 - at as f32 * 0.5, 2.0],
        shift: [at as f32, 1.0],
    };
    refilmed(picture, shown, hold, camera, u64::from(at))
}

fn report(kit: &Kit, film: Vec<CaseFrame>) -> Report {
    kit.check(&kit.passport_case("obama.jpg", film))
}

/// Of the film alone.
fn film_report(kit: &Kit, film: Vec<CaseFrame>) -> Report {
    kit.check(&Case {
        front: None,
        ..kit.passport_case("obama.jpg", film)
    })
}

#[test]
fn a_film_shown_on_a_monitor_goes_to_people() {
    let Some(kit) = Kit::open() else { return };
    let screen = Shown::Screen(Screen {
        pitch: 1.4,
        is_turned: false,
        mirrors: 0.02,
    });
    let shown = film(&kit, |picture, at| {
        by_hand(picture, at, screen, &Camera::default())
    });
    // Each step is done, by the right person.
    let found = report(&kit, shown.clone());
    assert_eq!(says(&found), (Outcome::Review, vec![Reason::MaybeScreen]));
    assert!(
        found.grid.unwrap() > 2.0 * MAYBE_SCREEN_MIN,
        "{:?}",
        found.grid
    );
    let evidence = found.evidence();
    assert!(evidence.grid_tenths.unwrap() > 66);
    assert_eq!(
        evidence.notes,
        ["selfie: the selfie looks filmed from a screen or a print"]
    );
    // Whoever wants to be asked less often sets the limit higher.
    let mut case = kit.passport_case("obama.jpg", shown);
    case.policy.maybe_screen = 900.0;
    assert_eq!(says(&kit.check(&case)), (Outcome::Approve, vec![]));
}

#[test]
fn a_film_of_prints_goes_to_people() {
    let Some(kit) = Kit::open() else { return };
    let print = Shown::Print(Print {
        pitch: 1.5,
        contrast: 0.9,
    });
    let found = report(
        &kit,
        film(&kit, |picture, at| {
            by_hand(picture, at, print, &Camera::default())
        }),
    );
    assert_eq!(found.outcome, Outcome::Review);
    assert!(says(&found).1.contains(&Reason::MaybeScreen), "{found:?}");
}

/// What is finer than the camera sees leaves nothing: this one passes, as docs/src/identity.md says.
#[test]
fn a_screen_with_fine_pixels_is_not_seen() {
    let Some(kit) = Kit::open() else { return };
    let screen = Shown::Screen(Screen {
        pitch: 0.43,
        is_turned: false,
        mirrors: 0.02,
    });
    let found = report(
        &kit,
        film(&kit, |picture, at| {
            by_hand(picture, at, screen, &Camera::default())
        }),
    );
    assert_eq!(says(&found), (Outcome::Approve, vec![]));
}

#[test]
fn a_live_film_is_taken_for_one() {
    let Some(kit) = Kit::open() else { return };
    let good = Damage::default();
    let soft = Camera::default();
    let blocks = Camera {
        quality: 40,
        ..soft
    };
    let noise = Camera { noise: 0.1, ..soft };
    let blur = Camera { lens: 2.0, ..soft };
    let dark = Camera {
        light: 0.2,
        noise: 0.04,
        ..soft
    };
    let cameras = [soft, blocks, noise, blur, dark];
    let jpeg = |picture: &RgbImage, quality, noise, at| {
        let seed = u64::from(at);
        noisy(
            picture,
            &Damage {
                quality,
                noise,
                seed,
                ..good
            },
        )
    };
    let mut films = vec![
        ("as it is", kit.film("obama2.jpg", &ASKED)),
        (
            "JPEG 40",
            film(&kit, |picture, at| jpeg(picture, 40, 2.0, at)),
        ),
        (
            "noise",
            film(&kit, |picture, at| jpeg(picture, 90, 12.0, at)),
        ),
    ];
    films.extend(cameras.iter().map(|camera| {
        let film = film(&kit, |picture, at| {
            by_hand(picture, at, Shown::Live, camera)
        });
        ("a camera", film)
    }));
    for (name, film) in films {
        let found = film_report(&kit, film);
        let grid = found.grid.unwrap();
        assert!(grid < 2.9, "{name}: {grid}");
        assert!(!says(&found).1.contains(&Reason::MaybeScreen), "{name}");
    }
}

/// A face of few pixels says nothing, and nothing is said of it.
#[test]
fn of_a_small_face_nothing_is_known() {
    let Some(kit) = Kit::open() else { return };
    let found = film_report(
        &kit,
        film(&kit, |picture, at| {
            let (width, height) = picture.dimensions();
            let small = image::imageops::thumbnail(picture, width / 3, height / 3);
            noisy(
                &small,
                &Damage {
                    seed: u64::from(at),
                    ..Damage::default()
                },
            )
        }),
    );
    assert_eq!(found.grid, None);
}
