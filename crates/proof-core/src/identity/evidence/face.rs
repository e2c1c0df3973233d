//! A face as numbers, and whether two of them are one person's.

use std::fmt;

/// Two faces whose cosine is at least this are taken for one person's, and below the other for two
/// people's; people look at what is between (docs, "The built-in identity check").
const SAME_MIN: f32 = 0.94;
const MAYBE_MIN: f32 = 0.915;

/// More numbers than any network in use makes of a face.
const NUMBERS_MAX: usize = 2_048;

/// What a network makes of a face. It is near what the same network makes of another picture of the same
/// person, and says nothing beside what another network makes.
#[derive(Clone, PartialEq, Eq)]
pub struct Face {
    /// The network and its version.
    pub model: String,
    template: Vec<u8>,
}

#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Likeness {
    Other,
    /// Too alike for two people, and too little for one.
    Maybe,
    Same,
}

impl Likeness {
    pub const SAME_MIN: f32 = SAME_MIN;
    pub const MAYBE_MIN: f32 = MAYBE_MIN;

    pub fn of(cosine: f32) -> Self {
        if cosine >= SAME_MIN {
            Self::Same
        } else if cosine >= MAYBE_MIN {
            Self::Maybe
        } else {
            Self::Other
        }
    }
}

impl Face {
    pub fn of_numbers(model: &str, numbers: &[f32]) -> Option<Self> {
        let template = numbers.iter().flat_map(|number| number.to_le_bytes());
        Self::of_bytes(model, template.collect())
    }

    /// As they are kept: numbers of four bytes each. `None`: that is no template.
    pub fn of_bytes(model: &str, template: Vec<u8>) -> Option<Self> {
        let count = template.len() / 4;
        let face = Self {
            model: model.to_owned(),
            template,
        };
        let is_whole = face.template.len().is_multiple_of(4) && (1..=NUMBERS_MAX).contains(&count);
        // Zeros, and what is no number at all, would be like nobody or like everybody.
        let size = face.numbers().map(|n| n * n).sum::<f32>();
        (is_whole && size.is_normal()).then_some(face)
    }

    pub fn bytes(&self) -> &[u8] {
        &self.template
    }

    fn numbers(&self) -> impl Iterator<Item = f32> {
        let (whole, _) = self.template.as_chunks::<4>();
        whole.iter().map(|bytes| f32::from_le_bytes(*bytes))
    }

    /// 1 for the same numbers, less the more they differ. `None`: of another network.
    pub fn cosine(&self, other: &Self) -> Option<f32> {
        if self.model != other.model || self.template.len() != other.template.len() {
            return None;
        }
        let (mut dot, mut own, mut theirs) = (0.0_f32, 0.0_f32, 0.0_f32);
        for (a, b) in self.numbers().zip(other.numbers()) {
            dot += a * b;
            own += a * a;
            theirs += b * b;
        }
        let cosine = dot / (own * theirs).sqrt();
        cosine.is_finite().then_some(cosine)
    }

    pub fn likeness(&self, other: &Self) -> Option<Likeness> {
        self.cosine(other).map(Likeness::of)
    }
}

impl fmt::Debug for Face {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Face({}, …)", self.model)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn face(model: &str, numbers: &[f32]) -> Face {
        Face::of_numbers(model, numbers).unwrap()
    }

    #[test]
    fn likeness_goes_by_the_angle() {
        let one = face("a", &[1.0, 0.0, 2.0]);
        assert_eq!(
            one.likeness(&face("a", &[2.0, 0.0, 4.0])),
            Some(Likeness::Same)
        );
        assert_eq!(
            one.likeness(&face("a", &[0.0, 1.0, 0.0])),
            Some(Likeness::Other)
        );
        assert_eq!(one.likeness(&face("b", &[1.0, 0.0, 2.0])), None);
        assert_eq!(one.likeness(&face("a", &[1.0, 0.0])), None);
        assert_eq!(Likeness::of(0.94), Likeness::Same);
        assert_eq!(Likeness::of(0.93), Likeness::Maybe);
        assert_eq!(Likeness::of(0.91), Likeness::Other);
        assert_eq!(Likeness::of(f32::NAN), Likeness::Other);
    }

    #[test]
    fn what_is_no_template_is_none() {
        assert!(Face::of_bytes("a", vec![0; 7]).is_none());
        assert!(Face::of_bytes("a", Vec::new()).is_none());
        assert!(Face::of_bytes("a", vec![0; 8]).is_none(), "like nobody");
        assert!(Face::of_numbers("a", &[f32::NAN, 1.0]).is_none());
        assert!(Face::of_numbers("a", &[f32::INFINITY]).is_none());
        assert!(Face::of_numbers("a", &vec![1.0; NUMBERS_MAX + 1]).is_none());
        let one = face("a", &[1.0, -2.5]);
        assert_eq!(Face::of_bytes("a", one.bytes().to_vec()), Some(one));
    }
}
