//! Whatever stands in a barcode is a licence with a name and a number, or none.
#![no_main]

use libfuzzer_sys::fuzz_target;
use proof_identity::document::Licence;

fuzz_target!(|text: &str| {
    if let Some(licence) = Licence::read(text) {
        assert!(!licence.surname.is_empty() && !licence.number.is_empty());
    }
});
