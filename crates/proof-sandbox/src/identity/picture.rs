//! Is this a picture that somebody could look at?

use super::Picture;
use crate::refusal::Refusal;
use image::{ImageFormat, ImageReader, Limits};
use sha2::{Digest, Sha256};
use std::io::Cursor;

const BYTES_MAX: usize = 12 * 1024 * 1024;
const PIXELS_MAX: u64 = 40_000_000;
/// Room for the decoded picture and the decoder's own tables.
const DECODER_BYTES_MAX: u64 = PIXELS_MAX * 8;

/// Smallest useful size, whichever way the picture is turned.
#[derive(Clone, Copy)]
pub struct Need {
    pub long: u32,
    pub short: u32,
}

impl Need {
    pub const DOCUMENT: Self = Self {
        long: 400,
        short: 250,
    };
    pub const FRAME: Self = Self {
        long: 160,
        short: 120,
    };
}

pub fn check(bytes: &[u8], need: Need) -> Result<Picture, Refusal> {
    let refused = |code, message| Err(Refusal::unprocessable(code, message));
    if bytes.len() > BYTES_MAX {
        return refused("too_large", "more than 12 MB");
    }
    let format = match image::guess_format(bytes) {
        Ok(format @ (ImageFormat::Jpeg | ImageFormat::Png | ImageFormat::WebP)) => format,
        _ => return refused("not_an_image", "not a JPEG, PNG or WebP"),
    };
    let reader = || ImageReader::with_format(Cursor::new(bytes), format);
    let Ok((width, height)) = reader().into_dimensions() else {
        return refused("truncated", "the picture's head cannot be read");
    };
    if u64::from(width) * u64::from(height) > PIXELS_MAX {
        return refused("too_large", "more than 40 megapixels");
    }
    if width.max(height) < need.long || width.min(height) < need.short {
        return refused("too_small", "too few pixels");
    }
    let mut reader = reader();
    let mut limits = Limits::default();
    limits.max_alloc = Some(DECODER_BYTES_MAX);
    reader.limits(limits);
    let whole = format != ImageFormat::Jpeg || jpeg_is_whole(bytes);
    if !whole || reader.decode().is_err() {
        return refused("truncated", "the picture is damaged or ends early");
    }
    Ok(Picture {
        sha256: hex::encode(Sha256::digest(bytes)),
        width,
        height,
    })
}

/// Walks a JPEG's segments to its end marker. Decoders fill a missing rest with grey and call it a
/// success; a preview inside may have an end marker of its own, so looking for the bytes alone
/// would not do.
fn jpeg_is_whole(bytes: &[u8]) -> bool {
    const END: u8 = 0xd9;
    const SCAN: u8 = 0xda;
    let mut at = 2;
    loop {
        let Some(marker) = jpeg_marker(bytes, &mut at) else {
            return false;
        };
        if marker == END {
            return true;
        }
        let length = bytes.get(at..at + 2);
        let Some(length) = length.map(|b| usize::from(b[0]) << 8 | usize::from(b[1])) else {
            return false;
        };
        at += length;
        if marker == SCAN {
            at = jpeg_scan_end(bytes, at);
        }
    }
}

/// The marker at this place; `at` moves behind it. Any number of 0xff may stand before it.
fn jpeg_marker(bytes: &[u8], at: &mut usize) -> Option<u8> {
    if bytes.get(*at) != Some(&0xff) {
        return None;
    }
    while bytes.get(*at) == Some(&0xff) {
        *at += 1;
    }
    let marker = bytes.get(*at).copied();
    *at += 1;
    marker
}

/// Where the next marker stands: in a scan, 0xff is followed by 0 (a stuffed byte) or by a restart
/// marker, else the scan is over.
fn jpeg_scan_end(bytes: &[u8], from: usize) -> usize {
    let rest = bytes.get(from..).unwrap_or_default();
    let ends = |pair: &[u8]| pair[0] == 0xff && !matches!(pair[1], 0x00 | 0xd0..=0xd7 | 0xff);
    rest.windows(2)
        .position(ends)
        .map_or(bytes.len(), |place| from + place)
}
