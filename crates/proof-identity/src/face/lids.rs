//! How far eyes are open: MediaPipe's model of one eye, which follows its lids.

use super::{Mesh, rows};
use crate::{
    geometry::{Point, Warp},
    network::{ModelError, Network},
};
use image::RgbImage;

const SIDE: u32 = 64;

/// The model wants some room around the eye.
const ROOM: f32 = 2.3;

/// Around the eye, each with a depth.
const NUMBERS: usize = 71 * 3;

/// Numbers of the model's points: of the upper lid, and of the lower one below it. Those near the corners say
/// little.
const LIDS: [[usize; 2]; 5] = [[10, 2], [11, 3], [12, 4], [13, 5], [14, 6]];

/// How far the lids of each eye are from each other, in parts of the way from the eyes to the mouth; as one sees
/// them, the left one first. In that frame a flat picture that is leaned back stays as it is: it cannot blink.
pub fn lids(network: &Network, picture: &RgbImage, mesh: &Mesh) -> Result<[f32; 2], ModelError> {
    let [left, right] = mesh.eye_corners();
    Ok([
        lids_of(network, picture, mesh, (left, false))?,
        // The model knows one eye; the other one is shown to it in a mirror.
        lids_of(network, picture, mesh, (right, true))?,
    ])
}

fn lids_of(
    network: &Network,
    picture: &RgbImage,
    mesh: &Mesh,
    ([outer, inner], is_mirrored): ([Point; 2], bool),
) -> Result<f32, ModelError> {
    let (from, to) = if is_mirrored {
        (inner, outer)
    } else {
        (outer, inner)
    };
    let angle = (to.y - from.y).atan2(to.x - from.x);
    let side = from.distance(to) * ROOM;
    let straight = Warp::square(from.between(to), side, angle, SIDE);
    let warp = if is_mirrored {
        straight.mirrored(SIDE as f32)
    } else {
        straight
    };
    let [eye, _iris] = network.run(&rows(picture, &warp, SIDE, 0.0, 1.0))?;
    if eye.values.len() != NUMBERS {
        return Err(network.answer_is_wrong());
    }
    let point = |number: usize| {
        warp.at(Point::new(
            eye.values[number * 3],
            eye.values[number * 3 + 1],
        ))
    };
    let apart = LIDS.map(|[upper, lower]| mesh.in_frame(point(upper), point(lower)).y);
    Ok(apart.iter().sum::<f32>() / apart.len() as f32)
}
