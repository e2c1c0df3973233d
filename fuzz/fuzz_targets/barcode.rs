//! Bars that nobody printed: the first byte says how wide they are.
#![no_main]

use image::{Rgb, RgbImage};
use libfuzzer_sys::fuzz_target;
use proof_identity::document::barcode;

fuzz_target!(|bytes: &[u8]| {
    let Some((width, bits)) = bytes.split_first() else { return };
    let width = u32::from(*width).max(16);
    let height = (u32::try_from(bits.len()).unwrap_or(0) * 8 / width).min(255);
    if height < 4 {
        return;
    }
    // Each bit is three pixels wide and nine high, as modules are.
    let picture = RgbImage::from_fn(width * 3, height * 9, |x, y| {
        let bit = (y / 9) * width + x / 3;
        let byte = bits.get(bit as usize / 8).copied().unwrap_or(0);
        Rgb([if byte >> (bit % 8) & 1 == 1 { 0 } else { 255 }; 3])
    });
    let _maybe = barcode(&picture);
});
