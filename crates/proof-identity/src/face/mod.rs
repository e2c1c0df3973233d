//! Faces: where they are, how they are turned, and whose they are.

mod describe;
mod detect;
mod lids;
mod mesh;

pub use describe::{Descriptor, FACE_MODEL, MAYBE_SAME_PERSON_MIN, SAME_PERSON_MIN, describe};
pub use detect::{Found, detect, detect_closely};
pub use lids::lids;
pub use mesh::{Mesh, mesh};

use crate::geometry::Warp;
use image::RgbImage;
use rten_tensor::NdTensor;

/// A square piece of a picture in the order in which MediaPipe's models take it: row, column, colour.
fn rows(picture: &RgbImage, warp: &Warp, side: u32, low: f32, high: f32) -> NdTensor<f32, 4> {
    let piece = warp.make(picture, side, side);
    let values: Vec<f32> = piece
        .as_raw()
        .iter()
        .map(|value| low + f32::from(*value) / 255.0 * (high - low))
        .collect();
    NdTensor::from_data([1, side as usize, side as usize, 3], values)
}
