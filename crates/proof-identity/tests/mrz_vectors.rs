//! What we read in a zone against what another implementation reads (data/mrz_vectors.py).

use proof_identity::mrz::{Checked, Mrz, PartialDate, Wrong};

const VECTORS: &str = include_str!("data/mrz-vectors.txt");

fn six(date: Option<PartialDate>) -> String {
    date.map_or_else(String::new, |date| {
        format!(
            "{:02}{:02}{:02}",
            date.year.rem_euclid(100),
            date.month.unwrap_or(0),
            date.day.unwrap_or(0)
        )
    })
}

fn name(field: Checked) -> &'static str {
    match field {
        Checked::Number => "number",
        Checked::Birth => "birth",
        Checked::Expiry => "expiry",
        Checked::Optional => "optional",
        Checked::Composite => "composite",
    }
}

#[test]
fn both_implementations_read_the_same() {
    let today = chrono::NaiveDate::from_ymd_opt(2026, 11, 26).unwrap();
    let mut wrong_zones = 0;
    for row in VECTORS.lines() {
        let fields: Vec<_> = row.split('|').collect();
        let [form, zone, surname, given, number, birth, expiry, wrong] = fields[..] else {
            panic!("{row}");
        };
        let mrz = Mrz::parse(&zone.replace('/', "\n"), today).unwrap();
        assert_eq!(mrz.form.name(), form, "{row}");
        assert_eq!(mrz.names.surname, surname, "{row}");
        assert_eq!(mrz.names.given, given, "{row}");
        assert_eq!(mrz.number, number, "{row}");
        let digits: Vec<_> = mrz
            .wrong
            .iter()
            .filter_map(|wrong| match wrong {
                Wrong::CheckDigit(field) => Some(name(*field)),
                _ => None,
            })
            .collect();
        assert_eq!(digits.join(","), wrong, "{row}");
        wrong_zones += usize::from(!wrong.is_empty());
        // Where a changed digit leaves no day of the calendar, we say so instead of showing it.
        for (problem, ours, theirs) in [
            (Wrong::BirthDate, mrz.birth, birth),
            (Wrong::ExpiryDate, mrz.expiry, expiry),
        ] {
            assert!(mrz.wrong.contains(&problem) || six(ours) == theirs, "{row}");
        }
    }
    assert_eq!(VECTORS.lines().count(), 200);
    assert!((90..=100).contains(&wrong_zones), "{wrong_zones}");
}
