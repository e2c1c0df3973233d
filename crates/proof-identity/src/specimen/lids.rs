//! Eyes that shut, in one photograph: the skin above each is bent down over it. Where a shadow lies under the
//! brow, skin from below the eye is mixed in, or the shut eye would be one dark hole.

use crate::{
    face::Mesh,
    geometry::{Point, bilinear},
};
use image::{Rgb, RgbImage};

/// Numbers of the mesh, from one corner of an eye to the other, in the order in which one sees them.
struct Numbers {
    corners: [usize; 2],
    upper: [usize; 7],
    lower: [usize; 7],
}

const EYES: [Numbers; 2] = [
    Numbers {
        corners: [33, 133],
        upper: [246, 161, 160, 159, 158, 157, 173],
        lower: [7, 163, 144, 145, 153, 154, 155],
    },
    Numbers {
        corners: [362, 263],
        upper: [398, 384, 385, 386, 387, 388, 466],
        lower: [382, 381, 380, 374, 373, 390, 249],
    },
];

// All in parts of the eye's width.
/// The mesh sees lids a little nearer to each other than they are.
const LID: f32 = 0.05;
/// What is bent reaches so far above the upper lid, and below the lower one.
const ABOVE: f32 = 0.22;
const BELOW: f32 = 0.25;
/// The edge of a lid, which is no skin.
const EDGE: f32 = 0.03;
/// At the corners the bent skin goes over into the skin that stays.
const SOFT: f32 = 0.12;
/// Half of the line that the lashes make.
const LASHES: f32 = 0.04;

/// How dark the lashes are, and how much of the lid is skin from below the eye.
const DARK: f32 = 0.75;
const MIXED: f32 = 0.7;

/// The picture with both upper lids down: 0 leaves them where they are, 1 shuts the eyes.
pub fn down(picture: &RgbImage, mesh: &Mesh, part: f32) -> RgbImage {
    let mut made = picture.clone();
    for numbers in &EYES {
        let eye = Eye::of(mesh, numbers);
        if eye.width > 1.0 {
            eye.shut(picture, part, &mut made);
        }
    }
    made
}

/// An eye in its own frame: along from one corner to the other, and down.
struct Eye {
    corner: Point,
    width: f32,
    along: Point,
    upper: Vec<Point>,
    lower: Vec<Point>,
}

impl Eye {
    fn of(mesh: &Mesh, numbers: &Numbers) -> Self {
        let point = |number: usize| mesh.points().get(number).copied().unwrap_or_default();
        let [corner, other] = numbers.corners.map(point);
        let width = corner.distance(other);
        let along = Point::new((other.x - corner.x) / width, (other.y - corner.y) / width);
        let mut eye = Self {
            corner,
            width,
            along,
            upper: Vec::new(),
            lower: Vec::new(),
        };
        let lid = |inner: &[usize; 7]| -> Vec<Point> {
            let points = inner.iter().map(|number| point(*number));
            let all = [corner].into_iter().chain(points).chain([other]);
            all.map(|point| eye.seen_from(point)).collect()
        };
        (eye.upper, eye.lower) = (lid(&numbers.upper), lid(&numbers.lower));
        eye
    }

    /// A place of the picture, in this eye's frame.
    fn seen_from(&self, place: Point) -> Point {
        let (x, y) = (place.x - self.corner.x, place.y - self.corner.y);
        let Point { x: cos, y: sin } = self.along;
        Point::new(x * cos + y * sin, y * cos - x * sin)
    }

    /// And the way back.
    fn place(&self, seen: Point) -> Point {
        let Point { x: cos, y: sin } = self.along;
        Point::new(
            self.corner.x + seen.x * cos - seen.y * sin,
            self.corner.y + seen.x * sin + seen.y * cos,
        )
    }

    fn shut(&self, picture: &RgbImage, part: f32, made: &mut RgbImage) {
        let (width, height) = picture.dimensions();
        let middle = self.place(Point::new(self.width / 2.0, 0.0));
        let from = |middle: f32| (middle - self.width).max(0.0) as u32;
        let to = |middle: f32, end: u32| ((middle + self.width).max(0.0) as u32).min(end);
        for y in from(middle.y)..to(middle.y, height) {
            for x in from(middle.x)..to(middle.x, width) {
                let seen = self.seen_from(Point::new(x as f32 + 0.5, y as f32 + 0.5));
                if let Some((colour, share)) = self.colour(picture, part, seen) {
                    let Rgb(before) = *picture.get_pixel(x, y);
                    made.put_pixel(
                        x,
                        y,
                        Rgb(mixed(before.map(f32::from), colour, share).map(|value| value as u8)),
                    );
                }
            }
        }
    }

    /// What is seen at a place when the lid is down, and how much of it: nothing of it beyond the corners.
    fn colour(&self, picture: &RgbImage, part: f32, seen: Point) -> Option<([f32; 3], f32)> {
        let long = |parts: f32| parts * self.width;
        let from_corner = seen.x.min(self.width - seen.x) + long(SOFT / 2.0);
        let share = (from_corner / long(SOFT)).clamp(0.0, 1.0);
        let upper = height_at(&self.upper, seen.x) - long(LID);
        let lower = height_at(&self.lower, seen.x) + long(LID);
        let (top, bottom) = (upper - long(ABOVE), lower + long(BELOW));
        if share <= 0.0 || !(top..=bottom).contains(&seen.y) {
            return None;
        }
        let look = |y: f32| bilinear(picture, self.place(Point::new(seen.x, y)));
        let closed = upper + (lower - upper) * part;
        let skin = if seen.y <= closed {
            let bent = top + (seen.y - top) * (upper - long(EDGE) - top) / (closed - top);
            let below = lower + long(2.0 * EDGE) + (closed - seen.y) * 0.6;
            let far = (seen.y - top) / (closed - top);
            let begins = long(ABOVE / 2.0) / (closed - top);
            let share = ((far - begins) / (1.0 - begins) * 1.5).clamp(0.0, 1.0);
            mixed(look(bent), look(below), share * MIXED * part)
        } else if part < 1.0 {
            look(seen.y)
        } else {
            // The edge of the lower lid is under the lashes of the upper one.
            look(bottom - (bottom - seen.y) * (bottom - lower - long(EDGE)) / (bottom - closed))
        };
        let line = (-((seen.y - closed) / long(LASHES)).powi(2)).exp() * DARK;
        Some((skin.map(|value| value * (1.0 - line)), share))
    }
}

/// How far down a lid is at this place along the eye.
fn height_at(lid: &[Point], along: f32) -> f32 {
    let next = lid.iter().position(|point| point.x > along);
    let (Some(first), Some(last)) = (lid.first(), lid.last()) else {
        return 0.0;
    };
    match next {
        Some(0) => first.y,
        Some(at) => {
            let (a, b) = (lid[at - 1], lid[at]);
            a.towards(b, (along - a.x) / (b.x - a.x)).y
        }
        None => last.y,
    }
}

fn mixed(a: [f32; 3], b: [f32; 3], share: f32) -> [f32; 3] {
    std::array::from_fn(|at| (b[at] - a[at]) * share + a[at])
}
