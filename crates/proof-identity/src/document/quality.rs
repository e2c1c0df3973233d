//! Whether a photograph is good enough, and what the user can do about it. The limits are measured:
//! docs, "Identity".

use super::{
    ink,
    zone::{Page, Zone},
};
use image::{GrayImage, RgbImage};
use serde::{Deserialize, Serialize};

/// Characters narrower than this are read wrong too often, in pixels.
const PITCH_MIN: f32 = 9.0;

/// A page without a zone has to be this wide, in pixels.
const WIDTH_MIN: f32 = 600.0;

/// Below this the strokes run into each other.
const SHARP_MIN: f32 = 0.16;

/// More of the page in pure white is a lamp.
const GLARE_MAX: f32 = 0.015;

/// More of the page over the picture's edge is missing, not badly measured.
const OUTSIDE_MAX: f32 = 0.06;

#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum QualityProblem {
    TooSmall,
    Blurred,
    Glare,
    Cropped,
}

#[derive(Clone, Copy, PartialEq, Debug, Serialize, Deserialize)]
pub struct Quality {
    /// The width of one character of the zone in pixels.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub character_pixels: Option<f32>,
    pub page_pixels: f32,
    /// How steep the edges of strokes are, in parts of the contrast for each hundredth of the page's
    /// height.
    pub sharpness: f32,
    /// The part of the page that is pure white.
    pub glare: f32,
    /// How far the page reaches over the picture's edge.
    pub outside: f32,
}

impl Quality {
    /// What is worst first.
    pub fn problems(&self) -> Vec<QualityProblem> {
        let small = self
            .character_pixels
            .map_or(self.page_pixels < WIDTH_MIN, |pixels| pixels < PITCH_MIN);
        [
            (small, QualityProblem::TooSmall),
            (self.outside > OUTSIDE_MAX, QualityProblem::Cropped),
            (self.glare > GLARE_MAX, QualityProblem::Glare),
            (self.sharpness < SHARP_MIN, QualityProblem::Blurred),
        ]
        .into_iter()
        .filter_map(|(found, problem)| found.then_some(problem))
        .collect()
    }
}

pub fn measure(
    straight: &RgbImage,
    picture: &RgbImage,
    zone: Option<&Zone>,
    page: Option<&Page>,
    scale: f32,
) -> Quality {
    let page_pixels = page.map_or_else(
        || picture.width().max(picture.height()) as f32,
        |page| page.scale() * straight.width() as f32,
    );
    Quality {
        character_pixels: zone.map(|zone| zone.pitch * scale),
        page_pixels: page_pixels * scale,
        sharpness: sharpness(straight),
        glare: glare(straight),
        outside: page.map_or(0.0, |page| page.outside(picture)),
    }
}

/// The height at which sharpness is measured, so that it means the same for every camera.
const HEIGHT: u32 = 600;

/// The steepest edges, in parts of the contrast: the mean of the highest hundredth of steps between
/// neighbours against the spread of brightness.
fn sharpness(page: &RgbImage) -> f32 {
    let (width, height) = page.dimensions();
    let gray = ink::gray(page);
    let gray = if height > HEIGHT {
        let width = (width * HEIGHT / height).max(1);
        ink::shrunk(&gray, width, HEIGHT)
    } else {
        gray
    };
    let mut steps: Vec<u8> = steps(&gray);
    let mut values: Vec<u8> = gray.as_raw().clone();
    if steps.is_empty() {
        return 0.0;
    }
    steps.sort_unstable();
    values.sort_unstable();
    let part =
        |values: &[u8], part: f32| f32::from(values[((values.len() - 1) as f32 * part) as usize]);
    let contrast = part(&values, 0.99) - part(&values, 0.01);
    if contrast < 8.0 {
        return 0.0;
    }
    part(&steps, 0.98) / contrast
}

fn steps(gray: &GrayImage) -> Vec<u8> {
    gray.rows()
        .flat_map(|row| {
            let row: Vec<u8> = row.map(|pixel| pixel.0[0]).collect();
            row.windows(3)
                .map(|three| three[0].abs_diff(three[2]))
                .collect::<Vec<_>>()
        })
        .collect()
}

fn glare(page: &RgbImage) -> f32 {
    let white = page
        .pixels()
        .filter(|pixel| pixel.0.iter().all(|value| *value >= 252))
        .count();
    white as f32 / (page.width() * page.height()).max(1) as f32
}
