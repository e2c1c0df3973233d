//! What somebody is asked to do in front of the camera, so that pictures taken earlier are of no use.

use crate::time::{Entropy, random};
use serde::{Deserialize, Serialize};

#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SelfieStep {
    Center,
    /// To their own left.
    Left,
    Right,
    Up,
    /// Both eyes, shut for a moment.
    Blink,
    Closer,
}

impl SelfieStep {
    pub const ALL: [Self; 6] = [
        Self::Center,
        Self::Left,
        Self::Right,
        Self::Up,
        Self::Blink,
        Self::Closer,
    ];

    pub const fn name(self) -> &'static str {
        match self {
            Self::Center => "center",
            Self::Left => "left",
            Self::Right => "right",
            Self::Up => "up",
            Self::Blink => "blink",
            Self::Closer => "closer",
        }
    }

    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|step| step.name() == name)
    }
}

/// The steps in their order, and how many pictures are taken at each.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Challenge {
    pub steps: Vec<SelfieStep>,
    pub frames_per_step: u32,
}

impl Default for Challenge {
    /// The same for everybody: for a provider that asks for no other.
    fn default() -> Self {
        Self {
            steps: vec![SelfieStep::Center, SelfieStep::Left, SelfieStep::Right],
            frames_per_step: 2,
        }
    }
}

/// Straight ahead, and so many more.
const DRAWN: usize = 3;

/// One of them may be blurred by the movement.
const DRAWN_FRAMES: u32 = 3;

impl Challenge {
    /// Straight ahead first, then three of the others in any order: one of 60, which nobody knows before. Two of
    /// the others can be done by photographs, so at least one is a turn of the head.
    pub fn drawn(entropy: &dyn Entropy) -> Self {
        let mut others = SelfieStep::ALL.to_vec();
        let mut steps = vec![others.remove(0)];
        for byte in random::<DRAWN>(entropy) {
            let at = usize::from(byte).checked_rem(others.len()).unwrap_or(0);
            steps.push(others.remove(at));
        }
        Self {
            steps,
            frames_per_step: DRAWN_FRAMES,
        }
    }

    /// Which step the frame of this number belongs to; frames are numbered through all steps.
    pub fn step_of(&self, frame: u32) -> Option<SelfieStep> {
        let step = frame.checked_div(self.frames_per_step)?;
        self.steps.get(usize::try_from(step).ok()?).copied()
    }

    pub fn frames(&self) -> u32 {
        let steps = u32::try_from(self.steps.len()).unwrap_or(u32::MAX);
        steps.saturating_mul(self.frames_per_step)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use sha2::{Digest, Sha256};
    use std::{
        collections::BTreeSet,
        sync::atomic::{AtomicU64, Ordering},
    };

    /// Bytes that are different each time and the same in each run.
    struct Mixed(AtomicU64);

    impl Entropy for Mixed {
        fn fill(&self, bytes: &mut [u8]) {
            for byte in bytes {
                let n = self.0.fetch_add(1, Ordering::Relaxed);
                *byte = Sha256::digest(n.to_be_bytes())[0];
            }
        }
    }

    #[test]
    fn a_challenge_is_one_of_many() {
        let entropy = Mixed(AtomicU64::new(1));
        let mut seen = BTreeSet::new();
        for _ in 0..5_000 {
            let steps = Challenge::drawn(&entropy).steps;
            assert_eq!((steps.len(), steps[0]), (4, SelfieStep::Center));
            let different: BTreeSet<_> = steps.iter().copied().collect();
            assert_eq!(different.len(), 4, "no step twice: {steps:?}");
            let turns = [SelfieStep::Left, SelfieStep::Right, SelfieStep::Up];
            assert!(turns.iter().any(|turn| steps.contains(turn)), "{steps:?}");
            seen.insert(steps);
        }
        assert_eq!(seen.len(), 60, "three of five, in any order");
    }

    #[test]
    fn frames_are_numbered_through() {
        let plain = Challenge::default();
        let steps: Vec<_> = (0..7)
            .map(|n| plain.step_of(n).map(SelfieStep::name))
            .collect();
        let [center, left, right] = ["center", "left", "right"].map(Some);
        assert_eq!(steps, [center, center, left, left, right, right, None]);
    }
}
