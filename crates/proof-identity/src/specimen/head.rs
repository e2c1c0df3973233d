//! A film of a head, from one photograph: the mesh of the face says how deep each point is, so the
//! picture can be bent as if the head had turned. Only for trying the engine; nobody is fooled by it
//! for long.

use super::lids;
use crate::{
    face::{self, Mesh},
    geometry::{Point, bilinear},
    liveness::Step,
    network::{ModelError, Models},
};
use image::{Rgb, RgbImage, imageops};

/// How a head is held.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct Held {
    /// To the right of the picture, in degrees.
    pub across: f32,
    pub up: f32,
    /// How much nearer it came.
    pub larger: f32,
    /// How far the upper lids are down: 1 is shut.
    pub shut: f32,
}

pub const AT_REST: Held = Held {
    across: 0.0,
    up: 0.0,
    larger: 1.0,
    shut: 0.0,
};

/// What a step asks for, done in part.
pub fn held(step: Step, part: f32) -> Held {
    let larger = 0.35_f32.mul_add(part, 1.0);
    match step {
        Step::Center => AT_REST,
        Step::Left => Held {
            across: 28.0 * part,
            ..AT_REST
        },
        Step::Right => Held {
            across: -28.0 * part,
            ..AT_REST
        },
        Step::Up => Held {
            up: 22.0 * part,
            ..AT_REST
        },
        Step::Blink => Held {
            shut: part,
            ..AT_REST
        },
        Step::Closer => Held { larger, ..AT_REST },
    }
}

/// Frames of a film are so long at most: what a camera in front of a person gives.
const FRAME_PX: u32 = 640;

/// Somebody who does what is asked, made of one photograph.
pub struct Actor {
    picture: RgbImage,
    mesh: Mesh,
}

impl Actor {
    /// `None`: there is no face in the photograph.
    pub fn new(models: &Models, photo: &RgbImage) -> Result<Option<Self>, ModelError> {
        let picture = shrunk(photo, FRAME_PX);
        let faces = face::detect(&models.face_detect, &picture)?;
        let Some(face) = faces.first() else {
            return Ok(None);
        };
        let mesh = face::mesh(&models.face_mesh, &picture, face)?;
        Ok(mesh.map(|mesh| Self { picture, mesh }))
    }

    /// Not quite, then wholly: nobody is as still as a photograph.
    pub fn frame(&self, step: Step, at: u32) -> RgbImage {
        let part = if at.is_multiple_of(2) { 0.85 } else { 1.0 };
        bent(&self.picture, &self.mesh, held(step, part), at)
    }
}

/// The picture with the head held so. Frame after frame it stands a little elsewhere, as heads do.
pub fn bent(picture: &RgbImage, mesh: &Mesh, held: Held, frame: u32) -> RgbImage {
    let shut = (held.shut > 0.0).then(|| lids::down(picture, mesh, held.shut));
    let picture = shut.as_ref().unwrap_or(picture);
    let (width, height) = picture.dimensions();
    let middle = mesh.middle();
    let field = Field::of(picture, mesh, held);
    let wobble = Point::new((frame % 3) as f32 * 1.4 - 1.4, (frame % 4) as f32 - 1.5);
    let light = 1.0 + (frame % 5) as f32 * 0.012;
    RgbImage::from_fn(width, height, |x, y| {
        let away = |at: u32, middle: f32, wobble: f32| {
            middle + (at as f32 + 0.5 - middle - wobble) / held.larger
        };
        let at = Point::new(away(x, middle.x, wobble.x), away(y, middle.y, wobble.y));
        let moved = field.at(at);
        let colour = bilinear(picture, Point::new(at.x - moved.x, at.y - moved.y));
        Rgb(colour.map(|value| (value * light).min(255.0) as u8))
    })
}

/// A smaller picture of the same shape, at most this long.
pub fn shrunk(picture: &RgbImage, side: u32) -> RgbImage {
    let (width, height) = picture.dimensions();
    let long = width.max(height);
    if long <= side {
        return picture.clone();
    }
    let size = |length: u32| (length * side / long).max(1);
    imageops::thumbnail(picture, size(width), size(height))
}

/// Pixels between two places where the movement is worked out; between them it is even.
const GRID: u32 = 6;

/// How far each place of the picture has moved.
struct Field {
    columns: u32,
    moved: Vec<Point>,
}

impl Field {
    fn of(picture: &RgbImage, mesh: &Mesh, held: Held) -> Self {
        let (columns, rows) = (picture.width() / GRID + 2, picture.height() / GRID + 2);
        let points = moved(mesh, held);
        let soft = (mesh.size() * 0.12).powi(2);
        let moved = (0..columns * rows)
            .map(|at| {
                let place = Point::new((at % columns * GRID) as f32, (at / columns * GRID) as f32);
                weighted(&points, place, soft)
            })
            .collect();
        Self { columns, moved }
    }

    fn at(&self, place: Point) -> Point {
        let (x, y) = (
            (place.x / GRID as f32).max(0.0),
            (place.y / GRID as f32).max(0.0),
        );
        let (left, top) = (x as u32, y as u32);
        let corner = |x: u32, y: u32| {
            let at = y * self.columns + x.min(self.columns - 1);
            self.moved.get(at as usize).copied().unwrap_or_default()
        };
        let (fx, fy) = (x.fract(), y.fract());
        let above = corner(left, top).towards(corner(left + 1, top), fx);
        let below = corner(left, top + 1).towards(corner(left + 1, top + 1), fx);
        above.towards(below, fy)
    }
}

/// Where each point of the mesh is after the turn, and how far it moved; and a ring around the head
/// that stays.
fn moved(mesh: &Mesh, held: Held) -> Vec<(Point, Point)> {
    let middle = mesh.middle();
    let radius = mesh.size();
    let (sin_x, cos_x) = held.across.to_radians().sin_cos();
    let (sin_y, cos_y) = held.up.to_radians().sin_cos();
    let after: Vec<Point> = mesh
        .points()
        .iter()
        .zip(mesh.depths())
        .map(|(point, depth)| {
            // The neck is behind the face.
            let (x, y, z) = (point.x - middle.x, point.y - middle.y, depth - radius * 0.4);
            Point::new(
                middle.x + x * cos_x - z * sin_x,
                middle.y + y * cos_y + z * sin_y,
            )
        })
        .collect();
    let ring = (0..40).map(|at| {
        let (sin, cos) = (at as f32 / 40.0 * std::f32::consts::TAU).sin_cos();
        let place = Point::new(middle.x + cos * radius * 3.4, middle.y + sin * radius * 3.8);
        (place, Point::default())
    });
    mesh.points()
        .iter()
        .zip(after)
        .map(|(before, after)| (after, Point::new(after.x - before.x, after.y - before.y)))
        .chain(ring)
        .collect()
}

/// The movement of the points that are near, the nearest most of all.
fn weighted(points: &[(Point, Point)], place: Point, soft: f32) -> Point {
    let (mut sum, mut all) = (Point::default(), 0.0_f32);
    for (at, moved) in points {
        let far = (at.x - place.x).powi(2) + (at.y - place.y).powi(2) + soft * 0.1;
        let weight = 1.0 / (far * far);
        sum = Point::new(sum.x + moved.x * weight, sum.y + moved.y * weight);
        all += weight;
    }
    Point::new(sum.x / all, sum.y / all)
}
