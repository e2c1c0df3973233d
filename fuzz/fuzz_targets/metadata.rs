//! What is stripped is still the same picture, and stripping it again changes nothing.
#![no_main]

use libfuzzer_sys::fuzz_target;
use proof_identity::picture::{Need, open, stripped};

fuzz_target!(|bytes: &[u8]| {
    let need = Need { long: 8, short: 8 };
    let Ok(once) = stripped(bytes, need) else { return };
    assert!(once.len() <= bytes.len() + 64);
    let twice = stripped(&once, need);
    assert_eq!(twice.as_ref().ok(), Some(&once));
    if let Ok(before) = open(bytes, need) {
        let after = open(&once, need).expect("it was a picture");
        assert_eq!(before.pixels, after.pixels);
    }
});
