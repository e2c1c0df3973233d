//! A file is a picture within its limits, or it has a reason.
#![no_main]

use libfuzzer_sys::fuzz_target;
use proof_identity::picture::{Need, PIXELS_MAX, open};

fuzz_target!(|bytes: &[u8]| {
    let need = Need { long: 8, short: 8 };
    if let Ok(photo) = open(bytes, need) {
        assert!(u64::from(photo.width) * u64::from(photo.height) <= PIXELS_MAX);
        assert!(photo.pixels.width() <= 2_000 && photo.pixels.height() <= 2_000);
    }
});
