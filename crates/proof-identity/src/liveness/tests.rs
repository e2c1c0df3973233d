use super::*;

const ASKED: [Step; 4] = [Step::Center, Step::Right, Step::Left, Step::Closer];

const REST: Pose = Pose {
    across: 0.02,
    down: 0.6,
    size: 0.12,
    same: 0.98,
    // Nobody's two eyes are alike.
    eyes: Some([0.07, 0.12]),
};

/// Three frames for each step, of somebody who does what is asked.
fn film(asked: &[Step]) -> Vec<Frame> {
    let frames = asked.iter().flat_map(|step| [*step; 3]);
    (0..)
        .zip(frames)
        .map(|(index, step)| {
            let wobble = (index % 3) as f32 * 0.01;
            let rest = Pose {
                across: REST.across + wobble,
                ..REST
            };
            let pose = match step {
                Step::Center => rest,
                Step::Left => Pose {
                    across: 0.3,
                    same: 0.9,
                    ..rest
                },
                Step::Right => Pose {
                    across: -0.25,
                    same: 0.9,
                    ..rest
                },
                Step::Up => Pose {
                    down: 0.42,
                    same: 0.9,
                    ..rest
                },
                Step::Blink => Pose {
                    eyes: Some([0.02, 0.05]),
                    same: 0.92,
                    ..rest
                },
                Step::Closer => Pose { size: 0.16, ..rest },
            };
            Frame {
                index,
                at_ms: u64::from(index) * 250,
                step,
                digest: [index as u8; 32],
                small: vec![100 + (index * 5 % 60) as u8; 16],
                seen: Seen::OneFace(pose),
            }
        })
        .collect()
}

fn changed(change: impl Fn(&mut Frame)) -> Vec<LivenessProblem> {
    let mut frames = film(&ASKED);
    frames.iter_mut().for_each(change);
    follow(&ASKED, &frames, &[])
}

fn posed(change: impl Fn(&Frame, &mut Pose)) -> Vec<LivenessProblem> {
    changed(|frame| {
        let copy = frame.clone();
        if let Seen::OneFace(pose) = &mut frame.seen {
            change(&copy, pose);
        }
    })
}

#[test]
fn who_does_what_is_asked_is_there() {
    assert_eq!(follow(&ASKED, &film(&ASKED), &[]), []);
    assert_eq!(follow(&Step::ALL, &film(&Step::ALL), &[]), []);
    // One frame of four may miss its face.
    assert_eq!(
        changed(|frame| if frame.index == 4 {
            frame.seen = Seen::NoFace
        }),
        []
    );
}

#[test]
fn frames_are_a_film_in_order() {
    let problem = |frames: &[Frame]| follow(&ASKED, frames, &[]);
    let good = film(&ASKED);
    assert_eq!(problem(&[]), [LivenessProblem::TooFewFrames]);
    assert_eq!(problem(&good[..10]), [LivenessProblem::TooFewFrames]);
    let mut swapped = good.clone();
    swapped.swap(4, 8);
    assert_eq!(problem(&swapped), [LivenessProblem::FramesOutOfOrder]);
    assert_eq!(
        changed(|frame| frame.at_ms = 0),
        [LivenessProblem::FramesOutOfOrder]
    );
    assert_eq!(
        changed(|frame| frame.at_ms /= 100),
        [LivenessProblem::FramesOutOfOrder]
    );
    assert_eq!(
        changed(|frame| frame.at_ms *= 100),
        [LivenessProblem::FramesOutOfOrder]
    );
    // A good film of another challenge.
    let other = [Step::Center, Step::Left, Step::Right, Step::Closer];
    assert_eq!(
        follow(&ASKED, &film(&other), &[]),
        [LivenessProblem::FramesOutOfOrder]
    );
}

#[test]
fn a_film_is_shown_once() {
    let good = film(&ASKED);
    assert_eq!(
        follow(&ASKED, &good, &[[3; 32]]),
        [LivenessProblem::FramesReplayed]
    );
    assert_eq!(follow(&ASKED, &good, &[[77; 32]]), []);
    assert_eq!(
        changed(|frame| frame.digest = [(frame.index / 2) as u8; 32]),
        [LivenessProblem::FramesReplayed]
    );
}

#[test]
fn things_are_no_people() {
    assert_eq!(
        changed(|frame| frame.small = vec![100; 16]),
        [LivenessProblem::Still]
    );
    // A photograph that somebody turns and moves: closer works, the nose stays in its place.
    assert_eq!(
        posed(|_, pose| (pose.across, pose.same) = (pose.across.clamp(-0.04, 0.06), 0.98)),
        [LivenessProblem::Flat]
    );
}

#[test]
fn there_is_one_face_and_it_stays_the_same() {
    let at = |index: u32, seen: Seen| {
        changed(move |frame| {
            if frame.index >= index {
                frame.seen = seen
            }
        })
    };
    assert_eq!(at(11, Seen::MoreFaces), [LivenessProblem::TwoFaces]);
    assert_eq!(at(8, Seen::NoFace), [LivenessProblem::NoFace]);
    assert_eq!(at(0, Seen::NoFace), [LivenessProblem::NoFace]);
    assert_eq!(
        posed(|frame, pose| if frame.index >= 9 {
            pose.same = 0.84
        }),
        [LivenessProblem::AnotherFace]
    );
}

#[test]
fn each_step_is_done_and_in_its_turn() {
    for step in [Step::Right, Step::Left, Step::Closer] {
        let problems = posed(|frame, pose| {
            if frame.step == step {
                *pose = REST
            }
        });
        assert_eq!(problems, [LivenessProblem::NotDone], "{}", step.name());
    }
    let mirrored = posed(|_, pose| {
        if pose.across.abs() > 0.1 {
            pose.across = -pose.across;
        }
    });
    assert_eq!(mirrored, [LivenessProblem::WrongOrder]);
}

const BLINKING: [Step; 4] = [Step::Center, Step::Blink, Step::Right, Step::Up];

/// The blinking film, with each pose changed.
fn blinking(change: impl Fn(&Frame, &mut Pose)) -> Vec<LivenessProblem> {
    let mut frames = film(&BLINKING);
    for frame in &mut frames {
        let copy = frame.clone();
        if let Seen::OneFace(pose) = &mut frame.seen {
            change(&copy, pose);
        }
    }
    follow(&BLINKING, &frames, &[])
}

#[test]
fn eyes_are_shut_by_what_they_are_at_rest() {
    let at_blink = |eyes: Option<[f32; 2]>| {
        blinking(move |frame, pose| {
            if frame.step == Step::Blink {
                (pose.eyes, pose.same) = (eyes, 0.97);
            }
        })
    };
    assert_eq!(blinking(|_, _| {}), []);
    assert_eq!(at_blink(Some([0.041, 0.071])), []);
    // Lids that cross each other on the paper are shut as well.
    assert_eq!(at_blink(Some([-0.01, 0.0])), []);
    let not_done = [LivenessProblem::NotDone];
    for open in [
        REST.eyes,
        // One of the two, whichever it is.
        Some([0.02, 0.12]),
        Some([0.07, 0.05]),
        // As wide as the narrower one at rest, which is not shut for that one.
        Some([0.06, 0.06]),
        None,
    ] {
        assert_eq!(at_blink(open), not_done, "{open:?}");
    }
    // Eyes that nobody sees at rest, behind dark glasses, do not shut.
    let unseen = |frame: &Frame, pose: &mut Pose| {
        let noise = if frame.step == Step::Blink {
            0.005
        } else {
            0.02
        };
        (pose.eyes, pose.same) = (Some([noise; 2]), 0.97);
    };
    assert_eq!(blinking(unseen), not_done);
}

#[test]
fn who_blinks_in_passing_at_rest_is_measured_all_the_same() {
    let one_of_three = blinking(|frame, pose| {
        if frame.index == 1 {
            pose.eyes = Some([0.01, 0.01]);
        }
    });
    assert_eq!(one_of_three, []);
}

#[test]
fn a_blink_is_for_its_turn_and_looks_ahead() {
    // Shut at the turn to the right, open when shut eyes were asked for.
    let elsewhere = blinking(|frame, pose| match frame.step {
        Step::Blink => *pose = REST,
        Step::Right if frame.index == 6 => {
            *pose = Pose {
                eyes: Some([0.02, 0.05]),
                ..REST
            }
        }
        _ => {}
    });
    assert_eq!(elsewhere, [LivenessProblem::WrongOrder]);
    // Whose head is down hides the eyes: that is no blink.
    let down = blinking(|frame, pose| {
        if frame.step == Step::Blink {
            pose.down = 0.75;
        }
    });
    assert_eq!(down, [LivenessProblem::NotDone]);
}

/// Two photographs of somebody, one with open and one with shut eyes, are as flat as one.
#[test]
fn photographs_of_both_do_not_turn() {
    let flat = blinking(|_, pose| (pose.across, pose.down, pose.same) = (0.03, 0.6, 0.98));
    assert_eq!(flat, [LivenessProblem::Flat]);
}

#[test]
fn shut_eyes_cost_some_likeness_and_no_more() {
    let alike = |same: f32, eyes: Option<[f32; 2]>| {
        blinking(move |frame, pose| {
            if frame.step == Step::Blink {
                (pose.same, pose.eyes) = (same, eyes);
            }
        })
    };
    let shut = Some([0.02, 0.05]);
    assert_eq!(alike(0.92, shut), []);
    assert_eq!(alike(0.91, shut), [LivenessProblem::AnotherFace]);
    // Open eyes are no reason to be less alike.
    let open = alike(0.92, REST.eyes);
    assert_eq!(
        open,
        [LivenessProblem::AnotherFace, LivenessProblem::NotDone]
    );
}
