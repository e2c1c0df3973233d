//! The machine-readable zone of travel documents (ICAO 9303), from text to facts.
//!
//! ```
//! # use proof_identity::mrz::Mrz;
//! let today = chrono::NaiveDate::from_ymd_opt(2012, 1, 1).unwrap();
//! let mrz = Mrz::parse(
//!     "P<UTOERIKSSON<<ANNA<MARIA<<<<<<<<<<<<<<<<<<<\nL898902C36UTO7408122F1204159ZE184226B<<<<<10",
//!     today,
//! )
//! .unwrap();
//! assert_eq!(mrz.names.surname, "ERIKSSON");
//! assert!(mrz.wrong.is_empty());
//! ```

mod check;
mod country;
mod date;
mod form;
mod name;
mod repair;
mod write;

#[cfg(test)]
mod tests;

pub use country::{Country, CountryKind};
pub use date::{DateField, PartialDate};
pub use form::{Checked, Form};
pub use name::{Names, transliterate};
pub use repair::{Alphabet, alphabet};
pub use write::{Fields, write};

use chrono::NaiveDate;
use form::{Layout, Place};
use serde::{Deserialize, Serialize};

#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Sex {
    Female,
    Male,
    Unspecified,
}

/// A character that was read for another, and why it cannot be what was read.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Correction {
    pub line: usize,
    pub column: usize,
    pub read: char,
    pub is: char,
    pub why: Why,
}

/// Why a character cannot be what was read.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Why {
    /// A date has no letters.
    Alphabet,
    /// No state has that code.
    Country,
    CheckDigit,
}

/// What can be wrong with a zone that has the right shape.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Wrong {
    CheckDigit(Checked),
    BirthDate,
    ExpiryDate,
    /// A letter, a digit or a filler where the form has another.
    Character,
    NoName,
    NoNumber,
}

#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Mrz {
    pub form: Form,
    /// Two letters that say what it is: `P`, `ID`, `AC`, `V`, …
    pub code: String,
    pub issuer: Country,
    pub names: Names,
    pub number: String,
    pub nationality: Country,
    pub birth: Option<PartialDate>,
    pub sex: Sex,
    /// `None`: it does not expire.
    pub expiry: Option<PartialDate>,
    pub optional: Vec<String>,
    pub wrong: Vec<Wrong>,
    pub corrections: Vec<Correction>,
    pub lines: Vec<String>,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
pub enum MrzError {
    #[error("no form has this many lines of this length")]
    Shape,
    #[error("a character that no machine-readable zone has")]
    Alphabet,
}

impl Mrz {
    /// Reads a zone as it was typed or sent. Nothing is corrected.
    pub fn parse(text: &str, today: NaiveDate) -> Result<Self, MrzError> {
        let (form, lines) = shape(text)?;
        Ok(Self::of(form, &lines, Vec::new(), today))
    }

    /// Reads a zone that was recognised in a picture: what cannot be, by the alphabet of its place or
    /// by a check digit, is corrected where there is one way to do it.
    /// `other`: what else the recogniser took the character of a line and column for.
    pub fn recognised(
        text: &str,
        other: &dyn Fn(usize, usize) -> Option<u8>,
        today: NaiveDate,
    ) -> Result<Self, MrzError> {
        let (form, mut lines) = shape(text)?;
        let corrections = repair::repair(form, &mut lines, other);
        Ok(Self::of(form, &lines, corrections, today))
    }

    fn of(form: Form, lines: &[Vec<u8>], corrections: Vec<Correction>, today: NaiveDate) -> Self {
        let layout = form.layout();
        let number = Number::read(form, &layout, lines);
        let birth = DateField::birth(layout.birth.of(lines), today);
        let expiry = DateField::expiry(layout.expiry.of(lines), today);
        let names = Names::read(layout.names.of(lines));
        let mut wrong: Vec<_> = failed(form, &layout, &number, lines)
            .into_iter()
            .map(Wrong::CheckDigit)
            .collect();
        // A birthday nobody knows is possible; then the age is unknown as well.
        if birth == DateField::Impossible {
            wrong.push(Wrong::BirthDate);
        }
        if expiry == DateField::Impossible {
            wrong.push(Wrong::ExpiryDate);
        }
        if names.surname.is_empty() {
            wrong.push(Wrong::NoName);
        }
        if number.value.is_empty() {
            wrong.push(Wrong::NoNumber);
        }
        if !repair::alphabet_holds(&layout, lines) {
            wrong.push(Wrong::Character);
        }
        wrong.sort_unstable();
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        Self {
            form,
            code: text(layout.code.of(lines)).trim_end_matches('<').to_owned(),
            issuer: Country::read(layout.issuer.of(lines)),
            names,
            optional: number.rest,
            number: number.value,
            nationality: Country::read(layout.nationality.of(lines)),
            birth: birth.known(),
            sex: match layout.sex.of(lines) {
                b"F" => Sex::Female,
                b"M" => Sex::Male,
                _ => Sex::Unspecified,
            },
            expiry: expiry.known(),
            wrong,
            corrections,
            lines: lines.iter().map(|line| text(line)).collect(),
        }
    }
}

/// Lines of one of the forms, in the alphabet of the zone.
fn shape(text: &str) -> Result<(Form, Vec<Vec<u8>>), MrzError> {
    let lines: Vec<&str> = text
        .lines()
        .map(str::trim)
        .filter(|line| !line.is_empty())
        .collect();
    let columns = lines.first().map_or(0, |line| line.len());
    if lines.iter().any(|line| line.len() != columns) {
        return Err(MrzError::Shape);
    }
    let first = lines
        .first()
        .and_then(|line| line.bytes().next())
        .unwrap_or(0);
    let form = Form::of(lines.len(), columns, first).ok_or(MrzError::Shape)?;
    let known = |byte: u8| matches!(byte, b'0'..=b'9' | b'A'..=b'Z' | b'<');
    if !lines.iter().all(|line| line.bytes().all(known)) {
        return Err(MrzError::Alphabet);
    }
    Ok((
        form,
        lines.iter().map(|line| line.as_bytes().to_vec()).collect(),
    ))
}

/// The document's number, which may go on in the optional data, and what is left of those.
struct Number {
    value: String,
    /// What its check digit is over, and the digit.
    checked: Vec<u8>,
    digit: u8,
    rest: Vec<String>,
}

impl Number {
    fn read(form: Form, layout: &Layout, lines: &[Vec<u8>]) -> Self {
        let field = layout.number.of(lines);
        let digit = layout
            .number
            .check()
            .of(lines)
            .first()
            .copied()
            .unwrap_or(0);
        let [first, second] = &layout.optional;
        let optional = first.as_ref().map_or(&[][..], |place| place.of(lines));
        let second = second.as_ref().map_or(&[][..], |place| place.of(lines));
        let long = Self::long(form, field, digit, optional);
        let (checked, digit, rest) = match &long {
            Some((more, digit, rest)) => ([field, more].concat(), *digit, *rest),
            None => (field.to_vec(), digit, optional),
        };
        let plain = |bytes: &[u8]| {
            String::from_utf8_lossy(bytes)
                .trim_matches('<')
                .replace('<', " ")
        };
        Self {
            value: plain(&checked).replace(' ', ""),
            checked,
            digit,
            rest: [rest, second]
                .into_iter()
                .map(plain)
                .filter(|text| !text.is_empty())
                .collect(),
        }
    }

    /// A filler for the digit, and then the rest of the number, its digit and a filler.
    fn long<'a>(
        form: Form,
        field: &[u8],
        digit: u8,
        optional: &'a [u8],
    ) -> Option<(&'a [u8], u8, &'a [u8])> {
        let full = !field.contains(&b'<');
        if !form.has_long_numbers() || digit != b'<' || !full {
            return None;
        }
        let end = optional.iter().position(|byte| *byte == b'<')?;
        let (digit, more) = optional.get(..end)?.split_last()?;
        let rest = optional.get(end + 1..).unwrap_or(&[]);
        Some((more, *digit, rest))
    }
}

/// The fields whose digits do not hold.
fn failed(form: Form, layout: &Layout, number: &Number, lines: &[Vec<u8>]) -> Vec<Checked> {
    let digit_at = |place: &Place| place.of(lines).first().copied().unwrap_or(0);
    let mut failed = Vec::new();
    let mut test = |field, holds: bool| {
        if !holds {
            failed.push(field);
        }
    };
    test(Checked::Number, check::holds(&number.checked, number.digit));
    for (field, place) in [
        (Checked::Birth, &layout.birth),
        (Checked::Expiry, &layout.expiry),
    ] {
        test(
            field,
            check::holds(place.of(lines), digit_at(&place.check())),
        );
    }
    if let (Some(place), [Some(optional), _]) = (&layout.optional_check, &layout.optional) {
        test(
            Checked::Optional,
            check::holds(optional.of(lines), digit_at(place)),
        );
    }
    if let Some(place) = &layout.composite {
        let over = composite(form, lines);
        test(
            Checked::Composite,
            check::digit(over) == Some(digit_at(place)),
        );
    }
    failed
}

/// What the last digit is over.
fn composite(form: Form, lines: &[Vec<u8>]) -> Vec<u8> {
    let mut over = Vec::new();
    for &(line, start, end) in form.layout().composite_of {
        let columns = start..end;
        over.extend_from_slice(Place { line, columns }.of(lines));
    }
    over
}
