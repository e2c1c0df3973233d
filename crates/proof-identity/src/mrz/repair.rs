//! Characters that recognition takes for others: O and 0, I and 1, B and 8, S and 5, Z and 2, G and 6.
//!
//! One is changed only where it cannot be what was read: in a place of letters or of digits alone, or
//! where the recogniser was of two minds, the check digit fails, and exactly one change makes it and the
//! document's come out right. A check digit alone is no reason: one in ten wrong characters satisfies
//! it by chance. It cannot tell G from 6 at all: both count the same.

use super::{
    Correction, Number, failed,
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

#[derive(Clone, Copy, PartialEq, Eq)]
enum Alphabet {
    Letters,
    Digits,
}

impl Alphabet {
    fn has(self, byte: u8) -> bool {
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

pub fn alphabet_holds(layout: &Layout, lines: &[Vec<u8>]) -> bool {
    alphabets(layout)
        .iter()
        .all(|(place, alphabet)| place.of(lines).iter().all(|byte| alphabet.has(*byte)))
        && matches!(layout.sex.of(lines), b"F" | b"M" | b"X" | b"<")
}

/// Corrects `lines`. `doubted` says whether the recogniser itself was of two minds about a character.
pub fn repair(
    form: Form,
    lines: &mut [Vec<u8>],
    doubted: &dyn Fn(usize, usize) -> bool,
) -> Vec<Correction> {
    let mut corrections = by_alphabet(&form.layout(), lines);
    corrections.extend(by_check_digit(form, lines, doubted));
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
                corrections.push(correction(place.line, column, *byte, is, false));
                *byte = is;
            }
        }
    }
    corrections
}

fn correction(line: usize, column: usize, read: u8, is: u8, by_check_digit: bool) -> Correction {
    Correction {
        line,
        column,
        read: char::from(read),
        is: char::from(is),
        by_check_digit,
    }
}

/// One character for another, in a place.
#[derive(Clone, Copy)]
struct Change {
    line: usize,
    column: usize,
    is: u8,
}

/// In each field with letters and digits whose own digit fails, swaps one doubted character, when
/// there is one way to do it for all of them so that every digit holds.
fn by_check_digit(
    form: Form,
    lines: &mut [Vec<u8>],
    doubted: &dyn Fn(usize, usize) -> bool,
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
        let changes: Vec<_> = candidates(place, lines, doubted)
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
            true,
        ));
        lines[change.line][change.column] = change.is;
    }
    corrections
}

fn fails(form: Form, lines: &[Vec<u8>], field: Checked) -> bool {
    let layout = form.layout();
    let number = Number::read(form, &layout, lines);
    failed(form, &layout, &number, lines).contains(&field)
}

/// Characters of a place that were doubted and have one that looks like them.
fn candidates(
    place: &Place,
    lines: &[Vec<u8>],
    doubted: &dyn Fn(usize, usize) -> bool,
) -> Vec<Change> {
    place
        .columns
        .clone()
        .zip(place.of(lines))
        .filter(|(column, _)| doubted(place.line, *column))
        .filter_map(|(column, byte)| {
            Some(Change {
                line: place.line,
                column,
                is: other(*byte)?,
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

/// What looks like this character.
pub fn other(byte: u8) -> Option<u8> {
    PAIRS.iter().find_map(|&(letter, digit)| {
        if byte == letter {
            Some(digit)
        } else {
            (byte == digit).then_some(letter)
        }
    })
}
