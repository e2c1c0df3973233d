//! Whether a person sat in front of the camera and did what was asked: a follower of what each frame
//! shows. Pure: faces are found elsewhere.

use serde::{Deserialize, Serialize};

/// Left and right are the user's own, and frames are not mirrored.
pub use proof_core::identity::SelfieStep as Step;

/// What one frame shows of the one face in it.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct Pose {
    /// Where the tip of the nose stands in the frame of eyes and mouth (`face::Mesh::nose`).
    pub across: f32,
    pub down: f32,
    /// Between the eyes, in parts of the frame's width.
    pub size: f32,
    /// The cosine of this face and that of the first frames.
    pub same: f32,
    /// How far each eye is open (`face::lids`), where somebody was asked to shut them.
    pub eyes: Option<[f32; 2]>,
}

/// A frame as it came, and what was seen in it.
#[derive(Clone, PartialEq, Debug)]
pub struct Frame {
    pub index: u32,
    pub at_ms: u64,
    pub step: Step,
    /// Of the file: the same bytes twice are no film.
    pub digest: [u8; 32],
    /// A few grey pixels of the whole picture.
    pub small: Vec<u8>,
    pub seen: Seen,
}

#[derive(Clone, Copy, PartialEq, Debug)]
pub enum Seen {
    NoFace,
    OneFace(Pose),
    MoreFaces,
}

/// Why nobody is taken to have been there.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LivenessProblem {
    TooFewFrames,
    /// Indices, times or steps do not follow each other as they were asked for.
    FramesOutOfOrder,
    /// A frame that was there before, in this film or in an earlier one.
    FramesReplayed,
    NoFace,
    TwoFaces,
    /// Not the same face throughout.
    AnotherFace,
    /// Nothing moves.
    Still,
    /// It moves, but as a flat thing does.
    Flat,
    /// What was asked for was done at another step's turn.
    WrongOrder,
    NotDone,
}

/// Frames for one step; one of two may be blurred by the movement.
const FRAMES_PER_STEP_MIN: usize = 2;

/// A film lasts at least this long and at most that long.
const LASTS_MS_MIN: u64 = 600;
const LASTS_MS_MAX: u64 = 120_000;

/// The nose of a head that turns goes this far from where it was, in parts of the eyes' distance.
/// Measured (docs, "Identity"): flat pictures stay within 0.08, heads that turn by 28 degrees go 0.18
/// and more.
const TURN_MIN: f32 = 0.16;

/// And of one that looks up, in parts of the way from the eyes to the mouth.
const UP_MIN: f32 = 0.10;

/// Less movement of the nose than this in the whole film, where turns were asked for, is a flat thing's.
const FLAT_MAX: f32 = 0.09;

/// Who comes closer grows by this.
const CLOSER_MIN: f32 = 1.2;

/// An eye is shut whose lids are so near each other, in parts of what they are at rest. Measured (docs,
/// "Identity"): open ones stay above 0.78, people's shut ones are below 0.45.
const SHUT_MAX: f32 = 0.6;

/// Lids that are nearer than this at rest belong to nobody whose eyes are seen: half of almost nothing is noise.
const OPEN_MIN: f32 = 0.03;

/// The mean difference of grey pixels of any two frames; cameras make noise of two steps.
const STILL_MAX: f32 = 1.0;

/// Faces that look into the camera, and ones that look aside, are at least this alike.
const SAME_FRONT_MIN: f32 = 0.93;
const SAME_ASIDE_MIN: f32 = 0.86;

/// Shut eyes cost a face that looks ahead some of its likeness; two people are never this alike in what was
/// measured.
const SAME_SHUT_MIN: f32 = 0.915;

/// One frame in this many may miss its face: heads turn out of the picture.
const NO_FACE_ONE_IN: usize = 4;

/// What the film lacks; empty when a person did what was asked for.
pub fn follow(asked: &[Step], frames: &[Frame], seen_before: &[[u8; 32]]) -> Vec<LivenessProblem> {
    if let Some(problem) = order(asked, frames, seen_before) {
        return vec![problem];
    }
    let mut problems = Vec::new();
    if frames.iter().any(|frame| frame.seen == Seen::MoreFaces) {
        problems.push(LivenessProblem::TwoFaces);
    }
    let lost = frames.iter().filter(|frame| frame.seen == Seen::NoFace);
    if lost.count() * NO_FACE_ONE_IN > frames.len() {
        problems.push(LivenessProblem::NoFace);
    }
    if !problems.is_empty() {
        return problems;
    }
    if is_still(frames) {
        return vec![LivenessProblem::Still];
    }
    let Some(rest) = rest(frames) else {
        return vec![LivenessProblem::NoFace];
    };
    if !same_throughout(frames, &rest) {
        problems.push(LivenessProblem::AnotherFace);
    }
    let turns = asked
        .iter()
        .any(|step| matches!(step, Step::Left | Step::Right | Step::Up));
    if turns && is_flat(frames, &rest) {
        problems.push(LivenessProblem::Flat);
        return problems;
    }
    problems.extend(done(asked, frames, &rest));
    problems
}

/// Whether the frames are a film of what was asked for at all, before anybody looks at a face.
fn order(asked: &[Step], frames: &[Frame], seen_before: &[[u8; 32]]) -> Option<LivenessProblem> {
    let known = |at: usize, frame: &Frame| {
        seen_before.contains(&frame.digest)
            || frames
                .iter()
                .take(at)
                .any(|other| other.digest == frame.digest)
    };
    if frames
        .iter()
        .enumerate()
        .any(|(at, frame)| known(at, frame))
    {
        return Some(LivenessProblem::FramesReplayed);
    }
    let follows = |two: &[Frame]| two[0].index < two[1].index && two[0].at_ms < two[1].at_ms;
    let mut steps: Vec<Step> = frames.iter().map(|frame| frame.step).collect();
    steps.dedup();
    let lasts = match (frames.first(), frames.last()) {
        (Some(first), Some(last)) => last.at_ms.saturating_sub(first.at_ms),
        _ => 0,
    };
    if !frames.windows(2).all(follows) {
        return Some(LivenessProblem::FramesOutOfOrder);
    }
    let enough = |step: &Step| {
        frames.iter().filter(|frame| frame.step == *step).count() >= FRAMES_PER_STEP_MIN
    };
    if asked.is_empty() || !asked.iter().all(enough) {
        return Some(LivenessProblem::TooFewFrames);
    }
    let possible = (LASTS_MS_MIN..=LASTS_MS_MAX).contains(&lasts);
    (steps != asked || !possible).then_some(LivenessProblem::FramesOutOfOrder)
}

/// Whether any two frames hardly differ from each other.
fn is_still(frames: &[Frame]) -> bool {
    let Some(first) = frames.first() else {
        return true;
    };
    frames
        .iter()
        .all(|frame| difference(&first.small, &frame.small) <= STILL_MAX)
}

fn difference(a: &[u8], b: &[u8]) -> f32 {
    let sum: u32 = a
        .iter()
        .zip(b)
        .map(|(a, b)| u32::from(a.abs_diff(*b)))
        .sum();
    sum as f32 / a.len().max(1) as f32
}

const fn pose(frame: &Frame) -> Option<Pose> {
    match frame.seen {
        Seen::OneFace(pose) => Some(pose),
        Seen::NoFace | Seen::MoreFaces => None,
    }
}

/// The face at rest: the middle of each measure over the frames of the first step.
fn rest(frames: &[Frame]) -> Option<Pose> {
    let step = frames.first()?.step;
    let poses: Vec<Pose> = frames
        .iter()
        .take_while(|frame| frame.step == step)
        .filter_map(pose)
        .collect();
    let of = |measure: fn(&Pose) -> f32| middle(poses.iter().map(measure));
    let eye = |at: usize| {
        middle(
            poses
                .iter()
                .filter_map(|pose| pose.eyes)
                .map(|eyes| eyes[at]),
        )
    };
    Some(Pose {
        across: of(|pose| pose.across)?,
        down: of(|pose| pose.down)?,
        size: of(|pose| pose.size)?,
        same: 1.0,
        eyes: eye(0).zip(eye(1)).map(<[f32; 2]>::from),
    })
}

fn middle(values: impl Iterator<Item = f32>) -> Option<f32> {
    let mut values: Vec<f32> = values.collect();
    values.sort_by(f32::total_cmp);
    values.get(values.len() / 2).copied()
}

fn same_throughout(frames: &[Frame], rest: &Pose) -> bool {
    frames.iter().filter_map(pose).all(|pose| {
        let aside = (pose.across - rest.across)
            .abs()
            .max((pose.down - rest.down).abs());
        let least = if aside >= TURN_MIN / 2.0 {
            SAME_ASIDE_MIN
        } else if is_shut(&pose, rest) {
            SAME_SHUT_MIN
        } else {
            SAME_FRONT_MIN
        };
        pose.same >= least
    })
}

fn is_flat(frames: &[Frame], rest: &Pose) -> bool {
    frames.iter().filter_map(pose).all(|pose| {
        (pose.across - rest.across).abs() < FLAT_MAX && (pose.down - rest.down).abs() < FLAT_MAX
    })
}

/// Steps that the poses of the frames show: those asked for, in their frames, else what is wrong.
fn done(asked: &[Step], frames: &[Frame], rest: &Pose) -> Option<LivenessProblem> {
    let shows = |step: Step, of: Step| {
        let poses = frames
            .iter()
            .filter(|frame| frame.step == of)
            .filter_map(pose);
        poses.into_iter().any(|pose| is(step, &pose, rest))
    };
    let missing: Vec<Step> = asked
        .iter()
        .copied()
        .filter(|step| !shows(*step, *step))
        .collect();
    if missing.is_empty() {
        return None;
    }
    // Everything was done, but not when it was asked for.
    let elsewhere = |step: &Step| asked.iter().any(|of| shows(*step, *of));
    if missing.iter().all(elsewhere) {
        Some(LivenessProblem::WrongOrder)
    } else {
        Some(LivenessProblem::NotDone)
    }
}

/// Whether a pose is what a step asks for.
fn is(step: Step, pose: &Pose, rest: &Pose) -> bool {
    let (across, up) = (pose.across - rest.across, rest.down - pose.down);
    let is_ahead = across.abs() < TURN_MIN / 2.0 && up.abs() < UP_MIN;
    match step {
        Step::Center => is_ahead,
        // The user's left is on the right of a picture that is not mirrored.
        Step::Left => across >= TURN_MIN,
        Step::Right => across <= -TURN_MIN,
        Step::Up => up >= UP_MIN,
        Step::Blink => is_ahead && is_shut(pose, rest),
        Step::Closer => pose.size >= rest.size * CLOSER_MIN,
    }
}

/// Whether both eyes are shut, by what each of them is at rest: eyes differ, and so do the two of one face.
fn is_shut(pose: &Pose, rest: &Pose) -> bool {
    let (Some(eyes), Some(open)) = (pose.eyes, rest.eyes) else {
        return false;
    };
    let mut both = eyes.into_iter().zip(open);
    both.all(|(eye, open)| open >= OPEN_MIN && eye <= open * SHUT_MAX)
}

#[cfg(test)]
mod tests;
