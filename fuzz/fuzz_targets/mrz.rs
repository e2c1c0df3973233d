//! Whatever stands in a zone is read or refused, and what is read once is read the same again.
#![no_main]

use chrono::NaiveDate;
use libfuzzer_sys::fuzz_target;
use proof_identity::mrz::Mrz;

fuzz_target!(|text: &str| {
    let Some(today) = NaiveDate::from_ymd_opt(2026, 11, 26) else { return };
    if let Ok(mrz) = Mrz::parse(text, today) {
        assert_eq!(mrz.lines.len(), mrz.form.lines());
        let again = Mrz::parse(&mrz.lines.join("\n"), today);
        assert_eq!(again.ok().map(|again| again.lines), Some(mrz.lines));
    }
});
