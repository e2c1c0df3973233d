//! Points, and pictures bent straight.

use image::{ImageBuffer, Pixel, Rgb, RgbImage, imageops};
use serde::{Deserialize, Serialize};

#[derive(Clone, Copy, PartialEq, Debug, Default, Serialize, Deserialize)]
pub struct Point {
    pub x: f32,
    pub y: f32,
}

impl Point {
    pub const fn new(x: f32, y: f32) -> Self {
        Self { x, y }
    }

    pub fn distance(self, other: Self) -> f32 {
        (self.x - other.x).hypot(self.y - other.y)
    }

    pub fn between(self, other: Self) -> Self {
        Self::new(
            f32::midpoint(self.x, other.x),
            f32::midpoint(self.y, other.y),
        )
    }

    pub fn towards(self, other: Self, part: f32) -> Self {
        Self::new(
            (other.x - self.x).mul_add(part, self.x),
            (other.y - self.y).mul_add(part, self.y),
        )
    }
}

/// How far a page is turned, clockwise.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Turn {
    None,
    Quarter,
    Half,
    ThreeQuarters,
}

impl Turn {
    pub fn of<P>(self, picture: &ImageBuffer<P, Vec<u8>>) -> ImageBuffer<P, Vec<u8>>
    where
        P: Pixel<Subpixel = u8> + 'static,
    {
        match self {
            Self::None => picture.clone(),
            Self::Quarter => imageops::rotate90(picture),
            Self::Half => imageops::rotate180(picture),
            Self::ThreeQuarters => imageops::rotate270(picture),
        }
    }
}

/// From a place in the picture that is made to the place in the picture that is there: a projective
/// map, row by row.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct Warp([f32; 9]);

impl Warp {
    /// A square turned by `angle` around `centre`, made `side_out` wide.
    pub fn square(centre: Point, side: f32, angle: f32, side_out: u32) -> Self {
        let scale = side / side_out as f32;
        let (sin, cos) = angle.sin_cos();
        let half = side_out as f32 / 2.0;
        let (a, b) = (scale * cos, -scale * sin);
        let (c, d) = (scale * sin, scale * cos);
        Self([
            a,
            b,
            centre.x - a * half - b * half,
            c,
            d,
            centre.y - c * half - d * half,
            0.0,
            0.0,
            1.0,
        ])
    }

    /// The same place, seen in a mirror: for a picture that is made `width` wide.
    pub fn mirrored(self, width: f32) -> Self {
        let [a, b, c, d, e, f, g, h, i] = self.0;
        Self([
            -a,
            b,
            c + a * width,
            -d,
            e,
            f + d * width,
            -g,
            h,
            i + g * width,
        ])
    }

    /// The turn, size and shift that bring `made` closest to `there`, by least squares.
    pub fn similarity(made: &[Point], there: &[Point]) -> Option<Self> {
        let count = made.len().min(there.len()) as f32;
        if count < 2.0 {
            return None;
        }
        let mean = |points: &[Point]| {
            let sum = points.iter().fold(Point::default(), |sum, point| {
                Point::new(sum.x + point.x, sum.y + point.y)
            });
            Point::new(sum.x / count, sum.y / count)
        };
        let (from, to) = (mean(made), mean(there));
        let (mut dot, mut cross, mut size) = (0.0, 0.0, 0.0);
        for (a, b) in made.iter().zip(there) {
            let (ax, ay) = (a.x - from.x, a.y - from.y);
            let (bx, by) = (b.x - to.x, b.y - to.y);
            dot += ax * bx + ay * by;
            cross += ax * by - ay * bx;
            size += ax * ax + ay * ay;
        }
        if size <= f32::EPSILON {
            return None;
        }
        let (cos, sin) = (dot / size, cross / size);
        Some(Self([
            cos,
            -sin,
            to.x - cos * from.x + sin * from.y,
            sin,
            cos,
            to.y - sin * from.x - cos * from.y,
            0.0,
            0.0,
            1.0,
        ]))
    }

    /// A rectangle of this size onto four corners, clockwise from the top left.
    pub fn quad(width: f32, height: f32, corners: [Point; 4]) -> Option<Self> {
        let [a, b, c, d] = corners;
        // Heckbert's map of the unit square, then scaled.
        let (sx, sy) = (a.x - b.x + c.x - d.x, a.y - b.y + c.y - d.y);
        let (dx1, dy1) = (b.x - c.x, b.y - c.y);
        let (dx2, dy2) = (d.x - c.x, d.y - c.y);
        let determinant = dx1 * dy2 - dx2 * dy1;
        if determinant.abs() < 1e-6 || width <= 0.0 || height <= 0.0 {
            return None;
        }
        let g = (sx * dy2 - dx2 * sy) / determinant;
        let h = (dx1 * sy - sx * dy1) / determinant;
        Some(Self([
            (b.x - a.x + g * b.x) / width,
            (d.x - a.x + h * d.x) / height,
            a.x,
            (b.y - a.y + g * b.y) / width,
            (d.y - a.y + h * d.y) / height,
            a.y,
            g / width,
            h / height,
            1.0,
        ]))
    }

    pub fn at(&self, point: Point) -> Point {
        let [a, b, c, d, e, f, g, h, i] = self.0;
        let (x, y) = (a * point.x + b * point.y + c, d * point.x + e * point.y + f);
        let w = g * point.x + h * point.y + i;
        // Nothing leans: most maps are such, and dividing takes long.
        if w == 1.0 {
            return Point::new(x, y);
        }
        Point::new(x / w, y / w)
    }

    /// The way back.
    pub fn inverse(&self) -> Option<Self> {
        let [a, b, c, d, e, f, g, h, i] = self.0.map(f64::from);
        let rows = [
            e * i - f * h,
            c * h - b * i,
            b * f - c * e,
            f * g - d * i,
            a * i - c * g,
            c * d - a * f,
            d * h - e * g,
            b * g - a * h,
            a * e - b * d,
        ];
        let last = rows[8];
        (last.abs() > 1e-12).then(|| Self(rows.map(|value| (value / last) as f32)))
    }

    /// How many pixels that are there become one, along the larger direction, in the middle.
    fn shrinks(&self, width: u32, height: u32) -> f32 {
        let middle = Point::new(width as f32 / 2.0, height as f32 / 2.0);
        let right = self.at(Point::new(middle.x + 1.0, middle.y));
        let down = self.at(Point::new(middle.x, middle.y + 1.0));
        let middle = self.at(middle);
        middle.distance(right).max(middle.distance(down))
    }

    /// Makes a picture. Outside of what is there, it is black.
    pub fn make(&self, picture: &RgbImage, width: u32, height: u32) -> RgbImage {
        // Each pixel is the mean of enough looks that thin strokes do not fall between them.
        let looks = self.shrinks(width, height).ceil().clamp(1.0, LOOKS_MAX);
        let step = 1.0 / looks;
        let looks = looks as u16;
        let within: Vec<f32> = (0..looks)
            .map(|look| (f32::from(look) + 0.5) * step)
            .collect();
        let count = f32::from(looks * looks);
        let mut made = RgbImage::new(width, height);
        for (x, y, pixel) in made.enumerate_pixels_mut() {
            let mut sum = [0.0_f32; 4];
            for down in &within {
                for right in &within {
                    let at = Point::new(x as f32 + right, y as f32 + down);
                    let look = look(picture, self.at(at));
                    for (sum, value) in sum.iter_mut().zip(look) {
                        *sum += value;
                    }
                }
            }
            let [red, green, blue, _] = sum.map(|sum| (sum / count + 0.5) as u8);
            *pixel = Rgb([red, green, blue]);
        }
        made
    }
}

/// Looks along each side of a pixel.
const LOOKS_MAX: f32 = 4.0;

/// The colour at a place, where whole numbers are the edges of pixels.
pub(crate) fn bilinear(picture: &RgbImage, at: Point) -> [f32; 3] {
    let [red, green, blue, _] = look(picture, at);
    [red, green, blue]
}

/// The same, and a fourth number that means nothing: a processor reckons with four numbers at once.
#[inline]
fn look(picture: &RgbImage, at: Point) -> [f32; 4] {
    let (x, y) = (at.x - 0.5, at.y - 0.5);
    let (width, height) = picture.dimensions();
    let raw = picture.as_raw();
    if x >= 0.0 && y >= 0.0 && x < (width - 1) as f32 && y < (height - 1) as f32 {
        let (left, top) = (x as u32, y as u32);
        let row = |y: u32| {
            let start = (y as usize * width as usize + left as usize) * 3;
            raw.get(start..start + 8)?.first_chunk::<8>()
        };
        if let (Some(above), Some(below)) = (row(top), row(top + 1)) {
            return mixed(above, below, x - left as f32, y - top as f32);
        }
    }
    edge(picture, x, y)
}

/// Of two pixels and what follows them, above and below.
#[inline]
fn mixed(above: &[u8; 8], below: &[u8; 8], fx: f32, fy: f32) -> [f32; 4] {
    let across = |row: &[u8; 8]| {
        let left = [row[0], row[1], row[2], row[3]].map(f32::from);
        let right = [row[3], row[4], row[5], row[6]].map(f32::from);
        let mut across = [0.0; 4];
        for at in 0..4 {
            across[at] = left[at] + (right[at] - left[at]) * fx;
        }
        across
    };
    let (above, below) = (across(above), across(below));
    let mut mixed = [0.0; 4];
    for at in 0..4 {
        mixed[at] = above[at] + (below[at] - above[at]) * fy;
    }
    mixed
}

/// Where less than four pixels are around a place, the outermost stand for those that are missing.
#[cold]
fn edge(picture: &RgbImage, x: f32, y: f32) -> [f32; 4] {
    let (width, height) = picture.dimensions();
    if !(x >= -1.0 && y >= -1.0 && x < width as f32 && y < height as f32) {
        return [0.0; 4];
    }
    let (left, top) = (x.floor(), y.floor());
    let clamp = |value: f32, size: u32| (value.max(0.0) as u32).min(size - 1);
    let row = |y: f32| {
        let y = clamp(y, height);
        let [a, b, c] = picture.get_pixel(clamp(left, width), y).0;
        let [d, e, f] = picture.get_pixel(clamp(left + 1.0, width), y).0;
        [a, b, c, d, e, f, 0, 0]
    };
    mixed(&row(top), &row(top + 1.0), x - left, y - top)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn near(a: Point, b: Point) -> bool {
        a.distance(b) < 0.01
    }

    #[test]
    fn corners_go_to_corners() {
        let corners = [
            Point::new(10.0, 20.0),
            Point::new(110.0, 25.0),
            Point::new(100.0, 80.0),
            Point::new(5.0, 70.0),
        ];
        let warp = Warp::quad(200.0, 100.0, corners).unwrap();
        let made = [(0.0, 0.0), (200.0, 0.0), (200.0, 100.0), (0.0, 100.0)];
        for ((x, y), corner) in made.into_iter().zip(corners) {
            assert!(near(warp.at(Point::new(x, y)), corner));
        }
        assert!(Warp::quad(10.0, 10.0, [Point::default(); 4]).is_none());
    }

    #[test]
    fn a_mirror_swaps_the_sides() {
        let corners = [
            Point::new(10.0, 20.0),
            Point::new(110.0, 25.0),
            Point::new(100.0, 80.0),
            Point::new(5.0, 70.0),
        ];
        let warp = Warp::quad(200.0, 100.0, corners).unwrap();
        let mirrored = warp.mirrored(200.0);
        for (x, y) in [(0.0, 0.0), (30.0, 60.0), (200.0, 100.0)] {
            let there = warp.at(Point::new(x, y));
            assert!(near(mirrored.at(Point::new(200.0 - x, y)), there));
        }
    }

    #[test]
    fn similar_shapes_are_found_again() {
        let made = [
            Point::new(0.0, 0.0),
            Point::new(10.0, 0.0),
            Point::new(5.0, 8.0),
        ];
        let turned = Warp::square(Point::new(40.0, 30.0), 60.0, 0.4, 20);
        let there = made.map(|point| turned.at(point));
        let warp = Warp::similarity(&made, &there).unwrap();
        for (point, there) in made.into_iter().zip(there) {
            assert!(near(warp.at(point), there));
        }
        assert!(Warp::similarity(&made[..1], &there[..1]).is_none());
    }

    #[test]
    fn a_picture_that_is_not_bent_stays_as_it_is() {
        let picture = RgbImage::from_fn(8, 6, |x, y| Rgb([x as u8 * 9, y as u8 * 9, 7]));
        let same = Warp::square(Point::new(4.0, 3.0), 8.0, 0.0, 8);
        let made = same.make(&picture, 8, 8);
        assert_eq!(made.get_pixel(5, 4), picture.get_pixel(5, 3));
        assert_eq!(made.get_pixel(0, 1), picture.get_pixel(0, 0));
    }

    #[test]
    fn the_quick_look_sees_what_the_one_at_the_edge_sees() {
        let picture = RgbImage::from_fn(9, 7, |x, y| {
            Rgb([(x * 27) as u8, (y * 36) as u8, (x * y * 5) as u8])
        });
        // Eighths of a pixel, from far outside on the left and above to far outside on the right and below.
        for (x, y) in (-16..96).flat_map(|x| (-16..80).map(move |y| (x as f32, y as f32))) {
            let at = Point::new(x / 8.0, y / 8.0);
            let seen = bilinear(&picture, at);
            let [red, green, blue, _] = edge(&picture, at.x - 0.5, at.y - 0.5);
            assert_eq!(seen, [red, green, blue], "{at:?}");
        }
        assert_eq!(
            bilinear(&picture, Point::new(4.5, 3.5)),
            [108.0, 108.0, 60.0]
        );
        assert_eq!(
            bilinear(&picture, Point::new(5.0, 3.5)),
            [121.5, 108.0, 67.5]
        );
        assert_eq!(
            bilinear(&picture, Point::new(9.0, 3.5)),
            [216.0, 108.0, 120.0]
        );
        assert_eq!(bilinear(&picture, Point::new(9.6, 3.5)), [0.0; 3]);
        assert_eq!(bilinear(&picture, Point::new(f32::NAN, 0.5)), [0.0; 3]);
    }
}
