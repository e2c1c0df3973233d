//! Characters that recognition takes for others: O and 0, I and 1, B and 8, S and 5, Z and 2, G and 6.
//!
//! One is changed only where it cannot be what was read: in a place of letters or of digits alone, or
//! where the recogniser was of two minds, the check digit fails, and exactly one change makes it and the
//! document's come out right. A check digit alone is no reason: one in ten wrong characters satisfies
//! it by chance. It cannot tell G from 6 at all: both count the same.

use super::{
    Correction, Country, CountryKind, Number, Why, failed,
    form::{Checked, Form, Layout, Place},
};

const PAIRS: [(u8, u8); 6] = [
    (b'O', b'0'),
    (b'I', b'1'),
    (b'B', b'8'),
    (b'S', b'5'),
    (b'Z', b'2'),
    (b'G', b'6'),
];

/// What may stand in a place.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Alphabet {
    Letters,
    Digits,
}

impl Alphabet {
    pub fn has(self, byte: u8) -> bool {
        match self {
            Self::Letters => matches!(byte, b'A'..=b'Z' | b'<'),
            Self::Digits => matches!(byte, b'0'..=b'9' | b'<'),
        }
    }

    /// The character that `byte` may have been taken for.
    fn corrected(self, byte: u8) -> Option<u8> {
        PAIRS.iter().find_map(|&(letter, digit)| match self {
            Self::Letters if byte == digit => Some(letter),
            Self::Digits if byte == letter => Some(digit),
            Self::Letters | Self::Digits => None,
        })
    }
}

/// Places with an alphabet of their own.
fn alphabets(layout: &Layout) -> Vec<(Place, Alphabet)> {
    let mut places = vec![
        (layout.issuer.clone(), Alphabet::Letters),
        (layout.nationality.clone(), Alphabet::Letters),
        (layout.names.clone(), Alphabet::Letters),
        (layout.sex.clone(), Alphabet::Letters),
        (layout.birth.clone(), Alphabet::Digits),
        (layout.birth.check(), Alphabet::Digits),
        (layout.expiry.clone(), Alphabet::Digits),
        (layout.expiry.check(), Alphabet::Digits),
        (layout.number.check(), Alphabet::Digits),
    ];
    let checks = [&layout.optional_check, &layout.composite];
    for place in checks.into_iter().flatten() {
        places.push((place.clone(), Alphabet::Digits));
    }
    // Only the first letter: states use digits for the second.
    let code = &layout.code;
    let first = Place {
        line: code.line,
        columns: code.columns.start..code.columns.start + 1,
    };
    places.push((first, Alphabet::Letters));
    places
}

/// The alphabet of a place; nothing where letters and digits may stand.
pub fn alphabet(form: Form, line: usize, column: usize) -> Option<Alphabet> {
    alphabets(&form.layout())
        .into_iter()
        .find(|(place, _)| place.line == line && place.columns.contains(&column))
        .map(|(_, alphabet)| alphabet)
}

pub fn alphabet_holds(layout: &Layout, lines: &[Vec<u8>]) -> bool {
    alphabets(layout)
        .iter()
        .all(|(place, alphabet)| place.of(lines).iter().all(|byte| alphabet.has(*byte)))
        && matches!(layout.sex.of(lines), b"F" | b"M" | b"X" | b"<")
}

/// Corrects `lines`. `other` is what the recogniser would have said next, where it was of two minds.
pub fn repair(
    form: Form,
    lines: &mut [Vec<u8>],
    other: &dyn Fn(usize, usize) -> Option<u8>,
) -> Vec<Correction> {
    let mut corrections = by_alphabet(&form.layout(), lines);
    corrections.extend(by_country(form, lines, other));
    corrections.extend(by_check_digit(form, lines, other));
    corrections
}

fn by_alphabet(layout: &Layout, lines: &mut [Vec<u8>]) -> Vec<Correction> {
    let mut corrections = Vec::new();
    for (place, alphabet) in alphabets(layout) {
        for column in place.columns.clone() {
            let line = lines.get_mut(place.line);
            let Some(byte) = line.and_then(|line| line.get_mut(column)) else {
                continue;
            };
            if alphabet.has(*byte) {
                continue;
            }
            if let Some(is) = alphabet.corrected(*byte) {
                corrections.push(correction(place.line, column, *byte, is, Why::Alphabet));
                *byte = is;
            }
        }
    }
    corrections
}

fn correction(line: usize, column: usize, read: u8, is: u8, why: Why) -> Correction {
    Correction {
        line,
        column,
        read: char::from(read),
        is: char::from(is),
        why,
    }
}

/// One character for another, in a place.
#[derive(Clone, Copy)]
struct Change {
    line: usize,
    column: usize,
    is: u8,
}

/// In each field with letters and digits whose own digit fails, takes the recogniser's second word for
/// one character, when there is one way to do it for all of them so that every digit holds.
fn by_check_digit(
    form: Form,
    lines: &mut [Vec<u8>],
    other: &dyn Fn(usize, usize) -> Option<u8>,
) -> Vec<Correction> {
    let layout = form.layout();
    let mut ways: Vec<Vec<Change>> = vec![Vec::new()];
    let fields = [
        (Checked::Number, Some(&layout.number)),
        (Checked::Optional, layout.optional[0].as_ref()),
    ];
    for (field, place) in fields {
        let Some(place) = place else { continue };
        if !fails(form, lines, field) {
            continue;
        }
        let changes: Vec<_> = candidates(place, other)
            .into_iter()
            .filter(|change| !fails(form, &changed(lines, &[*change]), field))
            .collect();
        ways = ways
            .iter()
            .flat_map(|way| {
                changes
                    .iter()
                    .map(|change| [way.as_slice(), &[*change]].concat())
            })
            .collect();
    }
    ways.retain(|way| !way.is_empty() && !fails(form, &changed(lines, way), Checked::Composite));
    // Two ways are a guess.
    let [way] = ways.as_slice() else {
        return Vec::new();
    };
    let mut corrections = Vec::new();
    for change in way {
        let read = lines[change.line][change.column];
        corrections.push(correction(
            change.line,
            change.column,
            read,
            change.is,
            Why::CheckDigit,
        ));
        lines[change.line][change.column] = change.is;
    }
    corrections
}

/// A code that nobody has becomes one that somebody has, when the recogniser's second word for one of
/// its letters says so, and there is one way.
fn by_country(
    form: Form,
    lines: &mut [Vec<u8>],
    other: &dyn Fn(usize, usize) -> Option<u8>,
) -> Vec<Correction> {
    let layout = form.layout();
    let mut corrections = Vec::new();
    for place in [layout.issuer, layout.nationality] {
        let known =
            |lines: &[Vec<u8>]| Country::read(place.of(lines)).kind() != CountryKind::Unknown;
        if known(lines) {
            continue;
        }
        let ways: Vec<_> = candidates(&place, other)
            .into_iter()
            .filter(|change| known(&changed(lines, &[*change])))
            .collect();
        if let [change] = ways[..] {
            let read = lines[change.line][change.column];
            corrections.push(correction(
                change.line,
                change.column,
                read,
                change.is,
                Why::Country,
            ));
            lines[change.line][change.column] = change.is;
        }
    }
    corrections
}

fn fails(form: Form, lines: &[Vec<u8>], field: Checked) -> bool {
    let layout = form.layout();
    let number = Number::read(form, &layout, lines);
    failed(form, &layout, &number, lines).contains(&field)
}

/// What the recogniser would have said next, in each place that it was not sure of.
fn candidates(place: &Place, other: &dyn Fn(usize, usize) -> Option<u8>) -> Vec<Change> {
    place
        .columns
        .clone()
        .filter_map(|column| {
            Some(Change {
                line: place.line,
                column,
                is: other(place.line, column)?,
            })
        })
        .collect()
}

fn changed(lines: &[Vec<u8>], changes: &[Change]) -> Vec<Vec<u8>> {
    let mut lines = lines.to_vec();
    for change in changes {
        lines[change.line][change.column] = change.is;
    }
    lines
}
