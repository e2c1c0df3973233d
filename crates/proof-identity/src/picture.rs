//! From bytes to pixels, without being hurt: what it is and how large is known before anything is
//! decoded, and what comes out has no metadata and stands upright.

mod metadata;

use image::{DynamicImage, ImageDecoder, ImageFormat, ImageReader, Limits, RgbImage};
use serde::{Deserialize, Serialize};
use std::io::Cursor;

/// The largest file, as everywhere (`proof_core::identity`).
pub const BYTES_MAX: usize = proof_core::identity::PICTURE_BYTES_MAX;

/// More than the cameras of telephones make by default, and less than what hurts.
pub const PIXELS_MAX: u64 = 40_000_000;

const SIDE_MAX: u32 = 12_000;

/// The decoded pixels in the widest form, and the decoder's tables.
const DECODER_BYTES_MAX: u64 = PIXELS_MAX * 4;

/// What a head may take: the profile of its colours is packed, and unpacks to much more.
const HEAD_BYTES_MAX: u64 = 4 * 1024 * 1024;

/// Nothing is looked at in more detail than this.
const SIDE_KEPT_MAX: u32 = 2_000;

/// The smallest useful picture, whichever way it is turned.
#[derive(Clone, Copy)]
pub struct Need {
    pub long: u32,
    pub short: u32,
}

impl Need {
    /// Characters of a passport's zone are then at least eight pixels wide.
    pub const DOCUMENT: Self = Self {
        long: 600,
        short: 350,
    };
    pub const FRAME: Self = Self {
        long: 160,
        short: 120,
    };
}

/// Why a file is no picture for us.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize, thiserror::Error)]
#[serde(rename_all = "snake_case")]
pub enum PictureProblem {
    #[error("the file is larger than 12 MB")]
    TooManyBytes,
    #[error("a PDF, not a photograph")]
    Pdf,
    #[error("pictures that move are no photograph")]
    Animated,
    #[error("not a JPEG, PNG or WebP")]
    NotAnImage,
    #[error("more than 40 megapixels")]
    TooManyPixels,
    #[error("too few pixels")]
    TooSmall,
    #[error("damaged, or ends early")]
    Damaged,
}

/// A picture of at most two thousand pixels a side, and how large the one that came was.
pub struct Photo {
    pub pixels: RgbImage,
    pub width: u32,
    pub height: u32,
}

/// For a process that must not decode it: whether its head is that of a picture, and the file without what it says
/// beside its pixels.
pub fn stripped(bytes: &[u8], need: Need) -> Result<Vec<u8>, PictureProblem> {
    let mut decoder = head(bytes, need, HEAD_BYTES_MAX)?;
    let turned = decoder.orientation().map_err(|_| PictureProblem::Damaged)?;
    let stripped = metadata::without(bytes, turned)?;
    // A decoder may overlook what a container says of its own length, and find pixels behind that end.
    head(&stripped, need, HEAD_BYTES_MAX).map_err(|_| PictureProblem::Damaged)?;
    Ok(stripped)
}

/// Everything that can be known before a pixel is decoded.
fn head(bytes: &[u8], need: Need, bytes_max: u64) -> Result<impl ImageDecoder, PictureProblem> {
    let format = format(bytes)?;
    let mut reader = ImageReader::with_format(Cursor::new(bytes), format);
    let mut limits = Limits::default();
    limits.max_image_width = Some(SIDE_MAX);
    limits.max_image_height = Some(SIDE_MAX);
    limits.max_alloc = Some(bytes_max);
    reader.limits(limits);
    let decoder = reader.into_decoder().map_err(|error| problem(&error))?;
    let (width, height) = decoder.dimensions();
    if u64::from(width) * u64::from(height) > PIXELS_MAX {
        return Err(PictureProblem::TooManyPixels);
    }
    if width.max(height) < need.long || width.min(height) < need.short {
        return Err(PictureProblem::TooSmall);
    }
    if format == ImageFormat::Jpeg && !ends_like_a_jpeg(bytes) {
        return Err(PictureProblem::Damaged);
    }
    Ok(decoder)
}

pub fn open(bytes: &[u8], need: Need) -> Result<Photo, PictureProblem> {
    let mut decoder = head(bytes, need, DECODER_BYTES_MAX)?;
    let (width, height) = decoder.dimensions();
    let orientation = decoder.orientation().map_err(|_| PictureProblem::Damaged)?;
    let mut picture = DynamicImage::from_decoder(decoder).map_err(|error| problem(&error))?;
    let long = width.max(height);
    if long > SIDE_KEPT_MAX {
        picture = picture.thumbnail(SIDE_KEPT_MAX, SIDE_KEPT_MAX);
    }
    picture.apply_orientation(orientation);
    Ok(Photo {
        pixels: picture.into_rgb8(),
        width,
        height,
    })
}

/// What the first bytes say, whatever the file is called.
fn format(bytes: &[u8]) -> Result<ImageFormat, PictureProblem> {
    if bytes.len() > BYTES_MAX {
        return Err(PictureProblem::TooManyBytes);
    }
    // Readers of PDF look for the mark within the first kilobyte.
    let head = bytes.get(..1024).unwrap_or(bytes);
    match image::guess_format(bytes) {
        Ok(ImageFormat::Gif) => Err(PictureProblem::Animated),
        Ok(ImageFormat::Png) if contains(head, b"acTL") => Err(PictureProblem::Animated),
        Ok(ImageFormat::WebP) if contains(head, b"ANIM") => Err(PictureProblem::Animated),
        Ok(format @ (ImageFormat::Jpeg | ImageFormat::Png | ImageFormat::WebP)) => Ok(format),
        _ if contains(head, b"%PDF-") => Err(PictureProblem::Pdf),
        _ => Err(PictureProblem::NotAnImage),
    }
}

fn contains(bytes: &[u8], mark: &[u8]) -> bool {
    bytes.windows(mark.len()).any(|window| window == mark)
}

const fn problem(error: &image::ImageError) -> PictureProblem {
    match error {
        image::ImageError::Limits(_) => PictureProblem::TooManyPixels,
        _ => PictureProblem::Damaged,
    }
}

/// Decoders fill the missing rest of a JPEG with grey and call it a success. A few bytes behind the
/// end mark are what some cameras write.
fn ends_like_a_jpeg(bytes: &[u8]) -> bool {
    const TAIL_MAX: usize = 4096;
    let tail = bytes.len().saturating_sub(TAIL_MAX);
    bytes
        .get(tail..)
        .is_some_and(|tail| contains(tail, &[0xff, 0xd9]))
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    pub fn encoded(width: u32, height: u32, format: ImageFormat) -> Vec<u8> {
        let mut bytes = Cursor::new(Vec::new());
        RgbImage::from_fn(width, height, |x, y| {
            image::Rgb([(x % 251) as u8, (y % 241) as u8, 90])
        })
        .write_to(&mut bytes, format)
        .unwrap();
        bytes.into_inner()
    }

    fn refused(bytes: &[u8]) -> Option<PictureProblem> {
        open(bytes, Need::DOCUMENT).err()
    }

    #[test]
    fn what_is_no_photograph_says_why() {
        let png = encoded(800, 500, ImageFormat::Png);
        assert_eq!(refused(&png), None);
        assert_eq!(refused(b""), Some(PictureProblem::NotAnImage));
        assert_eq!(
            refused(b"hello, this is not a picture"),
            Some(PictureProblem::NotAnImage)
        );
        assert_eq!(refused(b"\n%PDF-1.7\n1 0 obj"), Some(PictureProblem::Pdf));
        assert_eq!(
            refused(b"GIF89a\x01\x00\x01\x00"),
            Some(PictureProblem::Animated)
        );
        assert_eq!(
            refused(&encoded(599, 500, ImageFormat::Png)),
            Some(PictureProblem::TooSmall)
        );
        assert_eq!(
            refused(&png[..png.len() / 2]),
            Some(PictureProblem::Damaged)
        );
        assert_eq!(
            refused(&vec![0; BYTES_MAX + 1]),
            Some(PictureProblem::TooManyBytes)
        );
        let jpeg = encoded(800, 500, ImageFormat::Jpeg);
        assert_eq!(refused(&jpeg), None);
        assert_eq!(
            refused(&jpeg[..jpeg.len() * 3 / 4]),
            Some(PictureProblem::Damaged)
        );
        let mut moving = png;
        moving.splice(33..33, *b"\0\0\0\x08acTL\0\0\0\x02\0\0\0\0\xf3\x8d\x93\x70");
        assert_eq!(refused(&moving), Some(PictureProblem::Animated));
    }

    proptest::proptest! {
        #![proptest_config(proptest::prelude::ProptestConfig::with_cases(64))]

        /// Whatever is changed in a file, it is a picture or it has a reason.
        #[test]
        fn damaged_files_are_refused_or_opened(
            format in proptest::sample::select(vec![ImageFormat::Png, ImageFormat::Jpeg, ImageFormat::WebP]),
            changes in proptest::collection::vec((0_usize..2_000, proptest::num::u8::ANY), 1..12),
            end in 0.0_f64..1.2,
        ) {
            let need = Need { long: 40, short: 30 };
            let mut bytes = encoded(40, 30, format);
            for (at, value) in changes {
                let at = at % bytes.len();
                bytes[at] = value;
            }
            let end = ((bytes.len() as f64 * end) as usize).min(bytes.len());
            // Whatever comes out without metadata is no worse than what went in.
            if let Ok(clean) = stripped(&bytes[..end], need) {
                proptest::prop_assert_eq!(stripped(&clean, need), Ok(clean.clone()));
            }
            if let Ok(photo) = open(&bytes[..end], need) {
                proptest::prop_assert!(u64::from(photo.width) * u64::from(photo.height) <= PIXELS_MAX);
            }
        }
    }

    /// A header may promise anything; the pixels are not asked for.
    #[test]
    fn a_bomb_is_known_by_its_header() {
        let mut png = encoded(800, 500, ImageFormat::Png);
        png[16..20].copy_from_slice(&10_000_u32.to_be_bytes());
        png[20..24].copy_from_slice(&10_000_u32.to_be_bytes());
        let crc = crc32(&png[12..29]);
        png[29..33].copy_from_slice(&crc.to_be_bytes());
        assert_eq!(refused(&png), Some(PictureProblem::TooManyPixels));
    }

    fn crc32(bytes: &[u8]) -> u32 {
        !bytes.iter().fold(u32::MAX, |mut crc, byte| {
            crc ^= u32::from(*byte);
            for _ in 0..8 {
                crc = if crc & 1 == 1 {
                    crc >> 1 ^ 0xedb8_8320
                } else {
                    crc >> 1
                };
            }
            crc
        })
    }

    #[test]
    fn a_picture_stands_upright_and_is_no_larger_than_needed() {
        let photo = open(&encoded(3000, 1500, ImageFormat::Png), Need::DOCUMENT).unwrap();
        assert_eq!((photo.width, photo.height), (3000, 1500));
        assert_eq!(photo.pixels.dimensions(), (2000, 1000));
        // EXIF says: turn by a quarter.
        let mut jpeg = encoded(800, 500, ImageFormat::Jpeg);
        let exif = b"\xff\xe1\x00\x22Exif\0\0MM\0\x2a\0\0\0\x08\0\x01\x01\x12\0\x03\0\0\0\x01\0\x06\0\0\0\0\0\0";
        jpeg.splice(2..2, *exif);
        let photo = open(&jpeg, Need::DOCUMENT).unwrap();
        assert_eq!(photo.pixels.dimensions(), (500, 800));
    }
}
