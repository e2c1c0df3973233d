//! What cameras and hands do to a page: a desk around it, a turn, a lean, blur, glare, noise.

use crate::geometry::{Point, Warp};
use image::{ImageFormat, Rgb, RgbImage, imageops};
use std::io::Cursor;

#[derive(Clone, Copy, PartialEq, Debug)]
pub struct Damage {
    /// The picture's width; the page fills 88 of 100 parts of it.
    pub width: u32,
    pub turn_degrees: f32,
    /// How much shorter the upper edge is than the lower one.
    pub lean: f32,
    /// The spread of the blur, in pixels of the picture.
    pub blur: f32,
    /// How much of the page's width a white spot covers, over the zone's end.
    pub glare: f32,
    /// The spread of the noise, in steps of 255.
    pub noise: f32,
    /// Of the JPEG.
    pub quality: u8,
    pub seed: u64,
}

impl Default for Damage {
    fn default() -> Self {
        Self {
            width: 1600,
            turn_degrees: 0.0,
            lean: 0.0,
            blur: 0.0,
            glare: 0.0,
            noise: 2.0,
            quality: 90,
            seed: 1,
        }
    }
}

/// A photograph of the page, as a JPEG.
pub fn damage(page: &RgbImage, damage: &Damage) -> Vec<u8> {
    let mut photo = on_a_desk(page, damage);
    if damage.glare > 0.0 {
        glare(&mut photo, damage.glare);
    }
    if damage.blur > 0.0 {
        photo = imageops::blur(&photo, damage.blur);
    }
    noise(&mut photo, damage);
    jpeg(&photo, damage)
}

/// Only the camera's noise, and the JPEG.
pub fn noisy(picture: &RgbImage, damage: &Damage) -> Vec<u8> {
    let mut photo = picture.clone();
    noise(&mut photo, damage);
    jpeg(&photo, damage)
}

fn jpeg(photo: &RgbImage, damage: &Damage) -> Vec<u8> {
    let mut bytes = Cursor::new(Vec::new());
    let encoder = image::codecs::jpeg::JpegEncoder::new_with_quality(&mut bytes, damage.quality);
    // Writing to memory fails for no picture of this size.
    if photo.write_with_encoder(encoder).is_err() {
        let _ = photo.write_to(&mut bytes, ImageFormat::Png);
    }
    bytes.into_inner()
}

fn on_a_desk(page: &RgbImage, damage: &Damage) -> RgbImage {
    let width = damage.width;
    let height = width * 3 / 4;
    let (page_width, page_height) = (page.width() as f32, page.height() as f32);
    let (sin, cos) = damage.turn_degrees.to_radians().sin_cos();
    // The page fits in however it is turned.
    let across = page_width * cos.abs() + page_height * sin.abs();
    let down = page_width * sin.abs() + page_height * cos.abs();
    let scale = (width as f32 / across).min(height as f32 / down) * 0.88;
    let (half_x, half_y) = (page_width * scale / 2.0, page_height * scale / 2.0);
    let corner = |x: f32, y: f32| {
        let short = if y < 0.0 { 1.0 - damage.lean } else { 1.0 };
        let (x, y) = (x * half_x * short, y * half_y);
        Point::new(
            width as f32 / 2.0 + x * cos - y * sin,
            height as f32 / 2.0 + x * sin + y * cos,
        )
    };
    let corners = [
        corner(-1.0, -1.0),
        corner(1.0, -1.0),
        corner(1.0, 1.0),
        corner(-1.0, 1.0),
    ];
    let desk = RgbImage::from_fn(width, height, |x, y| {
        let grain = (x as f32 * 0.02 + (y as f32 * 0.11).sin() * 2.0).sin() * 7.0;
        Rgb([118.0 + grain, 92.0 + grain, 70.0 + grain].map(|value| value as u8))
    });
    let Some(there) = Warp::quad(page_width, page_height, corners).and_then(|warp| warp.inverse())
    else {
        return desk;
    };
    let made = there.make(page, width, height);
    let mut photo = desk;
    for (x, y, pixel) in photo.enumerate_pixels_mut() {
        let at = there.at(Point::new(x as f32 + 0.5, y as f32 + 0.5));
        if at.x >= 0.5 && at.y >= 0.5 && at.x < page_width - 0.5 && at.y < page_height - 0.5 {
            *pixel = *made.get_pixel(x, y);
        }
    }
    photo
}

/// A lamp that mirrors itself in the laminate.
fn glare(photo: &mut RgbImage, part: f32) {
    let (width, height) = photo.dimensions();
    let middle = Point::new(width as f32 * 0.72, height as f32 * 0.8);
    let radius = width as f32 * part / 2.0;
    for (x, y, pixel) in photo.enumerate_pixels_mut() {
        let far = Point::new(x as f32, y as f32).distance(middle) / radius;
        let light = (1.6 - far).clamp(0.0, 1.0) * 330.0;
        pixel.0 = pixel
            .0
            .map(|value| (f32::from(value) + light).min(255.0) as u8);
    }
}

fn noise(photo: &mut RgbImage, damage: &Damage) {
    let mut random = Random(damage.seed);
    for value in photo.iter_mut() {
        *value = (f32::from(*value) + random.bell() * damage.noise * BELL).clamp(0.0, 255.0) as u8;
    }
}

pub(super) const BELL: f32 = 1.73;

/// The same numbers for the same seed: splitmix64.
pub(super) struct Random(pub u64);

impl Random {
    /// Around 0: four equal spreads added are close enough to a bell, whose spread is `1.0 / BELL`.
    pub fn bell(&mut self) -> f32 {
        (0..4).map(|_| self.next() - 0.5).sum()
    }

    pub fn next(&mut self) -> f32 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (z >> 40) as f32 / (1_u64 << 24) as f32
    }
}
