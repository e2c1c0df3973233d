//! Whose face it is: dlib's network makes 128 numbers of it, which are near for one person.

use super::Mesh;
use crate::{
    geometry::{Point, Warp},
    network::{ModelError, Network},
};
use image::RgbImage;
use proof_core::identity::{Face, Likeness};
use rten_tensor::NdTensor;

const SIDE: u32 = 150;

/// Two faces whose cosine is at least this are taken for one person's, and below the other for two
/// people's; people look at what is between (docs, "Identity"). dlib's own limit, a distance of 0.6,
/// is about the lower one.
pub const SAME_PERSON_MIN: f32 = Likeness::SAME_MIN;
pub const MAYBE_SAME_PERSON_MIN: f32 = Likeness::MAYBE_MIN;

/// Numbers of another network, or of a later version of this one, are not compared with these.
pub const FACE_MODEL: &str = "dlib-resnet-v1";

/// Where dlib's mean face has its five points, in parts of a square without the room around it.
const MEAN_FACE: [Point; 5] = [
    Point::new(0.859_567, 0.213_498),
    Point::new(0.646_060, 0.228_967),
    Point::new(0.120_575, 0.213_727),
    Point::new(0.334_085, 0.229_064),
    Point::new(0.490_112, 0.627_798),
];

/// The room around it, in parts of the square.
const ROOM: f32 = 0.25;

#[derive(Clone, PartialEq, Debug)]
pub struct Descriptor(Vec<f32>);

pub fn describe(
    network: &Network,
    picture: &RgbImage,
    mesh: &Mesh,
) -> Result<Option<Descriptor>, ModelError> {
    let made = MEAN_FACE.map(|point| {
        let place = |part: f32| (part + ROOM) / (1.0 + 2.0 * ROOM) * SIDE as f32;
        Point::new(place(point.x), place(point.y))
    });
    let Some(warp) = Warp::similarity(&made, &mesh.five()) else {
        return Ok(None);
    };
    let piece = warp.make(picture, SIDE, SIDE);
    let side = SIDE as usize;
    let input = NdTensor::from_fn([1, 3, side, side], |[_, channel, y, x]| {
        f32::from(piece.as_raw()[(y * side + x) * 3 + channel])
    });
    let [answer] = network.run(&input)?;
    if answer.values.len() != 128 {
        return Err(network.answer_is_wrong());
    }
    Ok(Some(Descriptor(answer.values)))
}

impl Descriptor {
    /// As the rest of the server knows faces.
    pub fn face(&self) -> Option<Face> {
        Face::of_numbers(FACE_MODEL, &self.0)
    }

    /// 1 for the same numbers; less the more they differ.
    pub fn cosine(&self, other: &Self) -> f32 {
        let dot = |a: &[f32], b: &[f32]| -> f32 { a.iter().zip(b).map(|(a, b)| a * b).sum() };
        let sizes = (dot(&self.0, &self.0) * dot(&other.0, &other.0)).sqrt();
        if sizes > 0.0 {
            dot(&self.0, &other.0) / sizes
        } else {
            0.0
        }
    }
}
