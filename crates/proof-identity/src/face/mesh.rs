//! The shape of a face: MediaPipe's mesh of 468 points.

use super::{Found, rows};
use crate::{
    geometry::{Point, Warp},
    network::{ModelError, Network},
};
use image::RgbImage;

const SIDE: u32 = 192;

/// The model wants some room around the face.
const ROOM: f32 = 1.5;

const POINTS: usize = 468;

/// Below this, the model says, there is no face.
const PRESENT_MIN: f32 = 0.5;

/// The points of the mesh, in pixels of the picture.
#[derive(Clone, PartialEq, Debug)]
pub struct Mesh {
    points: Vec<Point>,
    /// How far behind the middle of the head each is, in the same pixels.
    depths: Vec<f32>,
}

/// Numbers of MediaPipe's mesh. Left and right are as one sees them in the picture.
mod at {
    pub const LEFT_EYE_OUTER: usize = 33;
    pub const LEFT_EYE_INNER: usize = 133;
    pub const RIGHT_EYE_OUTER: usize = 263;
    pub const RIGHT_EYE_INNER: usize = 362;
    pub const NOSE_TIP: usize = 1;
    pub const NOSE_BASE: usize = 2;
    pub const MOUTH_LEFT: usize = 61;
    pub const MOUTH_RIGHT: usize = 291;
}

pub fn mesh(
    network: &Network,
    picture: &RgbImage,
    face: &Found,
) -> Result<Option<Mesh>, ModelError> {
    let [left, right] = face.eyes;
    let angle = (right.y - left.y).atan2(right.x - left.x);
    let side = face.width.max(face.height) * ROOM;
    let warp = Warp::square(face.centre, side, angle, SIDE);
    let input = rows(picture, &warp, SIDE, 0.0, 1.0);
    let [points, present] = network.run(&input)?;
    let (Some(present), true) = (present.values.first(), points.values.len() == POINTS * 3) else {
        return Err(network.answer_is_wrong());
    };
    if 1.0 / (1.0 + (-present).exp()) < PRESENT_MIN {
        return Ok(None);
    }
    let numbers = points.values.chunks_exact(3);
    Ok(Some(Mesh {
        points: numbers
            .clone()
            .map(|point| warp.at(Point::new(point[0], point[1])))
            .collect(),
        depths: numbers.map(|point| point[2] * side / SIDE as f32).collect(),
    }))
}

impl Mesh {
    fn point(&self, number: usize) -> Point {
        self.points.get(number).copied().unwrap_or_default()
    }

    pub fn points(&self) -> &[Point] {
        &self.points
    }

    pub fn depths(&self) -> &[f32] {
        &self.depths
    }

    /// Corners of the eyes and the base of the nose, in the order of dlib's five points.
    pub fn five(&self) -> [Point; 5] {
        [
            at::RIGHT_EYE_OUTER,
            at::RIGHT_EYE_INNER,
            at::LEFT_EYE_OUTER,
            at::LEFT_EYE_INNER,
            at::NOSE_BASE,
        ]
        .map(|number| self.point(number))
    }

    pub fn eyes(&self) -> [Point; 2] {
        self.eye_corners()
            .map(|[outer, inner]| outer.between(inner))
    }

    /// The outer and the inner corner of each eye; as one sees them, the left one first.
    pub(super) fn eye_corners(&self) -> [[Point; 2]; 2] {
        [
            [at::LEFT_EYE_OUTER, at::LEFT_EYE_INNER],
            [at::RIGHT_EYE_OUTER, at::RIGHT_EYE_INNER],
        ]
        .map(|corners| corners.map(|number| self.point(number)))
    }

    pub fn middle(&self) -> Point {
        let count = self.points.len().max(1) as f32;
        let sum = self.points.iter().fold(Point::default(), |sum, point| {
            Point::new(sum.x + point.x, sum.y + point.y)
        });
        Point::new(sum.x / count, sum.y / count)
    }

    /// Between the eyes, in pixels.
    pub fn size(&self) -> f32 {
        let [left, right] = self.eyes();
        left.distance(right)
    }

    /// Where the tip of the nose stands in the frame of eyes and mouth: across, from −0.5 at the left
    /// eye to 0.5 at the right one, and down, 0 between the eyes and 1 between the corners of the
    /// mouth. Turning, tilting or moving a flat picture hardly changes either; turning a head does,
    /// because a nose stands out.
    pub fn nose(&self) -> Point {
        let [left, right] = self.eyes();
        self.in_frame(left.between(right), self.point(at::NOSE_TIP))
    }

    /// The way from one place to another, in the frame of eyes and mouth.
    pub(super) fn in_frame(&self, from: Point, to: Point) -> Point {
        let [left, right] = self.eyes();
        let top = left.between(right);
        let mouth = self
            .point(at::MOUTH_LEFT)
            .between(self.point(at::MOUTH_RIGHT));
        let (ax, ay) = (right.x - left.x, right.y - left.y);
        let (bx, by) = (mouth.x - top.x, mouth.y - top.y);
        let (x, y) = (to.x - from.x, to.y - from.y);
        let determinant = ax * by - ay * bx;
        if determinant.abs() <= f32::EPSILON {
            return Point::default();
        }
        Point::new(
            (x * by - y * bx) / determinant,
            (ax * y - ay * x) / determinant,
        )
    }
}
