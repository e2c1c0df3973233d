//! Persons: on the document, in front of the camera, or only pretended.

use crate::kit::{ASKED, Kit, says};
use image::{RgbImage, imageops};
use proof_core::identity::Likeness;
use proof_identity::{
    check::Case,
    geometry::{Point, Warp},
    liveness::{LivenessProblem, Step},
    report::{Outcome, Reason},
    specimen::{Damage, head, noisy},
};

#[test]
fn the_person_on_the_passport_is_approved() {
    let Some(kit) = Kit::open() else { return };
    // Two photographs of one man, years apart.
    let mut case = kit.passport_case("obama.jpg", kit.film("obama2.jpg", &ASKED));
    let report = kit.check(&case);
    assert_eq!(says(&report), (Outcome::Approve, vec![]));
    // Whoever is stricter has people look.
    case.policy.same_person = 0.999;
    case.policy.people_look = true;
    let reasons = vec![Reason::MaybeOtherPerson, Reason::PeopleLook];
    let (outcome, mut found) = says(&kit.check(&case));
    found.sort_by_key(|reason| format!("{reason:?}"));
    assert_eq!((outcome, found), (Outcome::Review, reasons));
    let facts = report.facts.unwrap();
    assert_eq!(
        (facts.surname.as_str(), facts.number.as_str()),
        ("ERIKSSON", "L898902C3")
    );
    assert!(report.similarity.unwrap() < 0.995);
}

#[test]
fn all_steps_are_seen() {
    let Some(kit) = Kit::open() else { return };
    let mut case = kit.passport_case("obama.jpg", kit.film("obama.jpg", &Step::ALL));
    case.asked = Step::ALL.to_vec();
    assert_eq!(says(&kit.check(&case)), (Outcome::Approve, vec![]));
}

/// A challenge with a blink, of one turn.
const BLINKING: [Step; 4] = [Step::Center, Step::Blink, Step::Right, Step::Closer];

/// A passport's person, asked to blink as well, whose film shows these steps.
fn asked_to_blink(kit: &Kit, person: &str, does: &[Step]) -> Case {
    let mut film = kit.film(person, does);
    for (frame, step) in film
        .iter_mut()
        .zip(BLINKING.iter().flat_map(|step| [*step; 2]))
    {
        frame.step = step;
    }
    Case {
        asked: BLINKING.to_vec(),
        ..kit.passport_case("obama.jpg", film)
    }
}

#[test]
fn who_blinks_is_seen_to() {
    let Some(kit) = Kit::open() else { return };
    for person in ["obama.jpg", "obama2.jpg", "obama3.jpg"] {
        let report = kit.check(&asked_to_blink(&kit, person, &BLINKING));
        assert!(
            !matches!(report.outcome, Outcome::Retry),
            "{person}: {report:?}"
        );
        let liveness = |reason: &Reason| matches!(reason, Reason::Liveness(_));
        assert!(
            !says(&report).1.iter().any(liveness),
            "{person}: {report:?}"
        );
    }
    // Eyes shut in the middle of a film are no other person.
    let other = kit.check(&asked_to_blink(&kit, "biden.jpg", &BLINKING));
    assert_eq!(says(&other), (Outcome::Retry, vec![Reason::OtherPerson]));
}

#[test]
fn eyes_that_stay_open_or_shut_at_another_turn_do_not_blink() {
    let Some(kit) = Kit::open() else { return };
    let says_of = |does: [Step; 4]| says(&kit.check(&asked_to_blink(&kit, "obama2.jpg", &does)));
    let not_done = Reason::Liveness(LivenessProblem::NotDone);
    let open = [Step::Center, Step::Center, Step::Right, Step::Closer];
    assert_eq!(says_of(open), (Outcome::Retry, vec![not_done]));
    let wrong_order = Reason::Liveness(LivenessProblem::WrongOrder);
    let swapped = [Step::Center, Step::Right, Step::Blink, Step::Closer];
    assert_eq!(says_of(swapped), (Outcome::Retry, vec![wrong_order]));
}

/// Two prints of the right person, one with open eyes and one with shut ones: held up, leaned and moved closer.
#[test]
fn two_photographs_are_no_person() {
    let Some(kit) = Kit::open() else { return };
    let open = kit.picture("obama2.jpg");
    let open = head::shrunk(&open, 480);
    let actor = head::Actor::new(&kit.models, &open).unwrap().unwrap();
    let shut = actor.frame(Step::Blink, 1);
    let (width, height) = open.dimensions();
    let (w, h) = (width as f32, height as f32);
    let film = kit.frames(&BLINKING, |step, at| {
        let print = if step == Step::Blink { &shut } else { &open };
        let lean = if step == Step::Right { h * 0.16 } else { 0.0 };
        let near = (at % 2) as f32 * 6.0 + if step == Step::Closer { w * 0.2 } else { 0.0 };
        let corners = [
            Point::new(-near, -near),
            Point::new(w + near, -near - lean),
            Point::new(w + near, h + near + lean),
            Point::new(-near, h + near),
        ];
        let warp = Warp::quad(w, h, corners).unwrap().inverse().unwrap();
        warp.make(print, width, height)
    });
    let case = Case {
        asked: BLINKING.to_vec(),
        ..kit.passport_case("obama.jpg", film)
    };
    let flat = Reason::Liveness(LivenessProblem::Flat);
    assert_eq!(says(&kit.check(&case)), (Outcome::Retry, vec![flat]));
}

/// A print with open eyes whose upper edge is leaned back: everything in it is lower then, eyes too.
#[test]
fn a_print_that_is_leaned_back_does_not_shut_its_eyes() {
    let Some(kit) = Kit::open() else { return };
    let open = head::shrunk(&kit.picture("obama2.jpg"), 480);
    let (width, height) = open.dimensions();
    let (w, h) = (width as f32, height as f32);
    let asked = [Step::Center, Step::Blink];
    let film = kit.frames(&asked, |step, at| {
        let near = (at % 2) as f32 * 6.0;
        let low = if step == Step::Blink { h * 0.2 } else { 0.0 };
        let corners = [
            Point::new(low * 0.3 - near, low),
            Point::new(w - low * 0.3 + near, low),
            Point::new(w + near, h - low),
            Point::new(-near, h - low),
        ];
        let warp = Warp::quad(w, h, corners).unwrap().inverse().unwrap();
        warp.make(&open, width, height)
    });
    let case = Case {
        asked: asked.to_vec(),
        ..kit.passport_case("obama.jpg", film)
    };
    let not_done = Reason::Liveness(LivenessProblem::NotDone);
    let (outcome, reasons) = says(&kit.check(&case));
    assert_eq!(outcome, Outcome::Retry);
    assert!(reasons.contains(&not_done), "{reasons:?}");
}

#[test]
fn somebody_else_is_not() {
    let Some(kit) = Kit::open() else { return };
    for other in ["biden.jpg", "astronaut.png"] {
        let report = kit.check(&kit.passport_case("obama.jpg", kit.film(other, &ASKED)));
        assert_eq!(
            says(&report),
            (Outcome::Retry, vec![Reason::OtherPerson]),
            "{other}"
        );
    }
}

#[test]
fn who_does_something_else_is_told() {
    let Some(kit) = Kit::open() else { return };
    let mut film = kit.film("obama2.jpg", &[Step::Center, Step::Left, Step::Right]);
    for (frame, step) in film
        .iter_mut()
        .zip(ASKED.iter().flat_map(|step| [*step; 2]))
    {
        frame.step = step;
    }
    let problem = Reason::Liveness(LivenessProblem::WrongOrder);
    let report = kit.check(&kit.passport_case("obama.jpg", film));
    assert_eq!(says(&report), (Outcome::Retry, vec![problem]));
    let mut film = kit.film("obama2.jpg", &[Step::Center, Step::Right, Step::Center]);
    for (frame, step) in film
        .iter_mut()
        .zip(ASKED.iter().flat_map(|step| [*step; 2]))
    {
        frame.step = step;
    }
    let problem = Reason::Liveness(LivenessProblem::NotDone);
    let report = kit.check(&kit.passport_case("obama.jpg", film));
    assert_eq!(says(&report), (Outcome::Retry, vec![problem]));
}

/// A print of the right person, held into the camera.
#[test]
fn a_photograph_is_no_person() {
    let Some(kit) = Kit::open() else { return };
    let print = head::shrunk(&kit.picture("obama2.jpg"), 480);
    let (width, height) = print.dimensions();
    let (width, height) = (width as f32, height as f32);
    // Turned around its upright axis, the far edge is shorter and the print narrower.
    let turned = |step: Step, at: u32| -> RgbImage {
        let lean = match step {
            Step::Left => 0.16,
            Step::Right => -0.16,
            _ => 0.0,
        };
        let near = (at % 2) as f32 * 6.0;
        let (left, right) = (height * f32::max(lean, 0.0), height * f32::max(-lean, 0.0));
        let narrow = width * lean.abs() * 0.8;
        let corners = [
            Point::new(-narrow - near, -left),
            Point::new(width + narrow + near, -right),
            Point::new(width + narrow + near, height + right),
            Point::new(-narrow - near, height + left),
        ];
        let warp = Warp::quad(width, height, corners).unwrap();
        warp.make(&print, width as u32, height as u32)
    };
    let flat = Reason::Liveness(LivenessProblem::Flat);
    let film = kit.frames(&ASKED, turned);
    let report = kit.check(&kit.passport_case("obama.jpg", film));
    assert_eq!(says(&report), (Outcome::Retry, vec![flat]));

    // And one that nobody moves: only the camera's noise tells the frames apart.
    let mut film = kit.frames(&ASKED, |_, _| print.clone());
    for frame in &mut film {
        let seed = u64::from(frame.index);
        frame.bytes = noisy(
            &print,
            &Damage {
                seed,
                ..Damage::default()
            },
        );
    }
    let still = Reason::Liveness(LivenessProblem::Still);
    let report = kit.check(&kit.passport_case("obama.jpg", film));
    assert_eq!(says(&report), (Outcome::Retry, vec![still]));
}

#[test]
fn one_face_is_wanted() {
    let Some(kit) = Kit::open() else { return };
    let first = head::shrunk(&kit.picture("obama2.jpg"), 400);
    let second = head::shrunk(&kit.picture("biden.jpg"), 400);
    let both = |at: u32| {
        let mut picture = RgbImage::new(900, 420);
        imageops::replace(&mut picture, &first, 10 + i64::from(at), 5);
        imageops::replace(&mut picture, &second, 460, 5);
        picture
    };
    let two = Reason::Liveness(LivenessProblem::TwoFaces);
    let film = kit.frames(&ASKED, |_, at| both(at));
    assert_eq!(
        says(&kit.check(&kit.passport_case("obama.jpg", film))),
        (Outcome::Retry, vec![two])
    );

    let coffee = kit.picture("coffee.png");
    let none = Reason::Liveness(LivenessProblem::NoFace);
    let film = kit.frames(&ASKED, |_, at| imageops::brighten(&coffee, at as i32 * 3));
    assert_eq!(
        says(&kit.check(&kit.passport_case("obama.jpg", film))),
        (Outcome::Retry, vec![none])
    );
}

#[test]
fn a_film_is_shown_once_and_forwards() {
    let Some(kit) = Kit::open() else { return };
    let film = kit.film("obama2.jpg", &ASKED);
    let mut again = kit.passport_case("obama.jpg", film.clone());
    again.seen_before = vec![proof_identity::check::digest(&film[3].bytes)];
    let replayed = Reason::Liveness(LivenessProblem::FramesReplayed);
    assert_eq!(says(&kit.check(&again)), (Outcome::Retry, vec![replayed]));
    let mut backwards = film;
    backwards.reverse();
    let order = Reason::Liveness(LivenessProblem::FramesOutOfOrder);
    let report = kit.check(&kit.passport_case("obama.jpg", backwards));
    assert_eq!(says(&report), (Outcome::Retry, vec![order]));
}

#[test]
fn of_somebody_known_the_film_is_enough() {
    let Some(kit) = Kit::open() else { return };
    let whole = kit.passport_case("obama.jpg", kit.film("obama2.jpg", &ASKED));
    let before = kit.check(&whole).evidence().face.unwrap();
    let film = |person: &str| {
        kit.check(&Case {
            front: None,
            ..kit.passport_case("obama.jpg", kit.film(person, &ASKED))
        })
    };
    let again = film("obama.jpg");
    assert_eq!(says(&again), (Outcome::Approve, vec![]));
    assert_eq!((again.facts.is_none(), again.similarity), (true, None));
    let face = again.evidence().face.unwrap();
    assert_eq!(face.likeness(&before), Some(Likeness::Same));
    // Who it is, is not said by the film: whoever keeps the face from before compares.
    let other = film("biden.jpg");
    assert_eq!(other.outcome, Outcome::Approve);
    let face = other.evidence().face.unwrap();
    assert_eq!(face.likeness(&before), Some(Likeness::Other));
}
