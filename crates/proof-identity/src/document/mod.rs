//! Documents: where the page is, what its zone says, and whether the photograph is good enough.

mod band;
mod barcode;
mod fields;
mod ink;
mod licence;
mod named;
mod print;
mod quality;
mod text;
mod zone;

pub use barcode::read as barcode;
pub use fields::{CERTAIN, Field, Label, Printed};
pub use licence::Licence;
pub use print::read as print;
pub use quality::{Quality, QualityProblem};
pub use zone::Zone;

use crate::{
    face::{Descriptor, describe, detect, detect_closely, mesh},
    geometry::Point,
    network::{ModelError, Models},
    picture::Photo,
};
use chrono::NaiveDate;
use image::{RgbImage, imageops};
use proof_core::identity::DocumentKind;

/// The portrait on a document.
pub struct Portrait {
    /// Between the eyes, in pixels of the photograph that came.
    pub eyes_pixels: f32,
    /// Its middle, in parts of the page's width and height.
    pub place: Point,
    pub descriptor: Descriptor,
}

/// What one side of a document shows.
pub struct Side {
    pub zone: Option<Zone>,
    /// What a barcode says, where there is no zone.
    pub licence: Option<Licence>,
    pub portrait: Option<Portrait>,
    pub quality: Quality,
    /// A few grey pixels of the page, to compare it with another.
    pub small: Vec<u8>,
    /// The page as its portrait stands upright, where nothing on it is made for machines.
    pub print: Option<RgbImage>,
}

/// Looks at one side of such a document; for a barcode only where it may have one, since that takes time.
pub fn side(
    models: &Models,
    photo: &Photo,
    today: NaiveDate,
    kind: DocumentKind,
) -> Result<Side, ModelError> {
    side_with(models, photo, today, kind, Portraits::Sought)
}

/// The back of a card whose front has its portrait: that there is none is what is expected, and takes longest.
pub fn back(
    models: &Models,
    photo: &Photo,
    today: NaiveDate,
    kind: DocumentKind,
) -> Result<Side, ModelError> {
    let portraits = match kind {
        DocumentKind::DrivingLicence => Portraits::Glance,
        DocumentKind::NationalId | DocumentKind::Passport => Portraits::Around,
    };
    side_with(models, photo, today, kind, portraits)
}

/// How hard a portrait is looked for.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Portraits {
    Sought,
    /// One that is seen at once, whichever way the page lies.
    Around,
    /// Only one that is seen at once, the way that the page lies.
    Glance,
}

fn side_with(
    models: &Models,
    photo: &Photo,
    today: NaiveDate,
    kind: DocumentKind,
    portraits: Portraits,
) -> Result<Side, ModelError> {
    let scale = photo.width.max(photo.height) as f32
        / photo.pixels.width().max(photo.pixels.height()) as f32;
    let found = zone::find(&models.text_read, &photo.pixels, today)?;
    let (upright, page, zone) = match found {
        Some(found) => {
            let page = found.page();
            (found.picture, page, Some(found.zone))
        }
        None => (photo.pixels.clone(), None, None),
    };
    let licence = (zone.is_none() && kind != DocumentKind::Passport)
        .then(|| barcode::read(&upright))
        .flatten();
    // Without a zone nothing says where the page is: the whole photograph stands for it.
    let straight = page
        .as_ref()
        .map_or_else(|| upright.clone(), |page| page.straighten(&upright));
    let (turned, portrait) = portrait(models, straight, zone.is_some(), portraits)?;
    let shrunk = page.as_ref().map_or(1.0, |page| page.scale());
    let portrait = portrait.map(|portrait| Portrait {
        eyes_pixels: portrait.eyes_pixels * shrunk * scale,
        ..portrait
    });
    let quality = quality::measure(&turned, &upright, zone.as_ref(), page.as_ref(), scale);
    let small = small(&turned);
    let is_print = zone.is_none() && licence.is_none() && portrait.is_some();
    Ok(Side {
        zone,
        licence,
        portrait,
        quality,
        small,
        print: is_print.then_some(turned),
    })
}

/// The largest face. Where no zone says which way is up, each way is tried.
fn portrait(
    models: &Models,
    page: RgbImage,
    upright: bool,
    portraits: Portraits,
) -> Result<(RgbImage, Option<Portrait>), ModelError> {
    let mut page = page;
    for turn in 0..4 {
        if turn > 0 {
            if upright || portraits == Portraits::Glance {
                return Ok((page, None));
            }
            page = imageops::rotate90(&page);
        }
        // Looking closely takes five times as long: only the way that it came.
        let faces = if turn == 0 && portraits == Portraits::Sought {
            detect_closely(&models.face_detect, &page)?
        } else {
            detect(&models.face_detect, &page)?
        };
        for face in faces {
            let Some(mesh) = mesh(&models.face_mesh, &page, &face)? else {
                continue;
            };
            let Some(descriptor) = describe(&models.face_describe, &page, &mesh)? else {
                continue;
            };
            let (width, height) = page.dimensions();
            let place = Point::new(face.centre.x / width as f32, face.centre.y / height as f32);
            let portrait = Portrait {
                eyes_pixels: mesh.size(),
                place,
                descriptor,
            };
            return Ok((page, Some(portrait)));
        }
    }
    Ok((imageops::rotate90(&page), None))
}

const SMALL: u32 = 24;

fn small(page: &RgbImage) -> Vec<u8> {
    ink::shrunk(&ink::gray(page), SMALL, SMALL).into_raw()
}

/// How much two pages look like each other, from −1 to 1: the correlation of their grey pixels.
pub fn alike(a: &[u8], b: &[u8]) -> f32 {
    let mean = |values: &[u8]| {
        values.iter().map(|value| f32::from(*value)).sum::<f32>() / values.len().max(1) as f32
    };
    let (mean_a, mean_b) = (mean(a), mean(b));
    let (mut both, mut own_a, mut own_b) = (0.0, 0.0, 0.0);
    for (a, b) in a.iter().zip(b) {
        let (a, b) = (f32::from(*a) - mean_a, f32::from(*b) - mean_b);
        both += a * b;
        own_a += a * a;
        own_b += b * b;
    }
    let size = (own_a * own_b).sqrt();
    if size > 0.0 { both / size } else { 0.0 }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pages_are_alike_or_not() {
        let page: Vec<u8> = (0..=200).collect();
        let brighter: Vec<u8> = page.iter().map(|value| value / 2 + 90).collect();
        let backwards: Vec<u8> = page.iter().rev().copied().collect();
        assert!(alike(&page, &brighter) > 0.99);
        assert!(alike(&page, &backwards) < -0.99);
        assert_eq!(alike(&page, &[7; 201]), 0.0);
    }
}
