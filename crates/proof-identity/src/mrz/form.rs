//! Where each field stands in each form (ICAO 9303, parts 4 to 7).

use serde::{Deserialize, Serialize};
use std::ops::Range;

#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Form {
    /// Cards: three lines of 30.
    Td1,
    /// Larger cards: two lines of 36.
    Td2,
    /// Passports: two lines of 44.
    Td3,
    /// Visas the size of a passport's page.
    MrvA,
    /// Visas of the smaller size.
    MrvB,
}

/// A place: the line and its columns.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Place {
    pub line: usize,
    pub columns: Range<usize>,
}

const fn place(line: usize, start: usize, end: usize) -> Place {
    Place {
        line,
        columns: start..end,
    }
}

/// A field that has a digit of its own.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Checked {
    Number,
    Birth,
    Expiry,
    /// The personal number of passports.
    Optional,
    /// All of them together.
    Composite,
}

pub struct Layout {
    pub code: Place,
    pub issuer: Place,
    pub names: Place,
    pub number: Place,
    pub nationality: Place,
    pub birth: Place,
    pub sex: Place,
    pub expiry: Place,
    pub optional: [Option<Place>; 2],
    /// The digit of the optional data, and of everything; each form has others of these.
    pub optional_check: Option<Place>,
    pub composite: Option<Place>,
    pub composite_of: &'static [(usize, usize, usize)],
}

impl Form {
    pub const ALL: [Self; 5] = [Self::Td1, Self::Td2, Self::Td3, Self::MrvA, Self::MrvB];

    pub const fn lines(self) -> usize {
        match self {
            Self::Td1 => 3,
            Self::Td2 | Self::Td3 | Self::MrvA | Self::MrvB => 2,
        }
    }

    pub const fn columns(self) -> usize {
        match self {
            Self::Td1 => 30,
            Self::Td2 | Self::MrvB => 36,
            Self::Td3 | Self::MrvA => 44,
        }
    }

    pub const fn name(self) -> &'static str {
        match self {
            Self::Td1 => "td1",
            Self::Td2 => "td2",
            Self::Td3 => "td3",
            Self::MrvA => "mrv_a",
            Self::MrvB => "mrv_b",
        }
    }

    /// Visas begin with V; else the size says it.
    pub fn of(lines: usize, columns: usize, first: u8) -> Option<Self> {
        match (lines, columns) {
            (3, 30) => Some(Self::Td1),
            (2, 36) if first == b'V' => Some(Self::MrvB),
            (2, 36) => Some(Self::Td2),
            (2, 44) if first == b'V' => Some(Self::MrvA),
            (2, 44) => Some(Self::Td3),
            _ => None,
        }
    }

    pub const fn layout(self) -> Layout {
        match self {
            Self::Td1 => Layout {
                code: place(0, 0, 2),
                issuer: place(0, 2, 5),
                names: place(2, 0, 30),
                number: place(0, 5, 14),
                nationality: place(1, 15, 18),
                birth: place(1, 0, 6),
                sex: place(1, 7, 8),
                expiry: place(1, 8, 14),
                optional: [Some(place(0, 15, 30)), Some(place(1, 18, 29))],
                optional_check: None,
                composite: Some(place(1, 29, 30)),
                composite_of: &[(0, 5, 30), (1, 0, 7), (1, 8, 15), (1, 18, 29)],
            },
            Self::Td2 => two_lines(
                36,
                35,
                None,
                Some(place(1, 35, 36)),
                &[(1, 0, 10), (1, 13, 20), (1, 21, 35)],
            ),
            Self::Td3 => two_lines(
                44,
                42,
                Some(place(1, 42, 43)),
                Some(place(1, 43, 44)),
                &[(1, 0, 10), (1, 13, 20), (1, 21, 43)],
            ),
            Self::MrvA => two_lines(44, 44, None, None, &[]),
            Self::MrvB => two_lines(36, 36, None, None, &[]),
        }
    }

    /// Long numbers of cards go on in the optional data (parts 5 and 6).
    pub const fn has_long_numbers(self) -> bool {
        matches!(self, Self::Td1 | Self::Td2)
    }
}

const fn two_lines(
    columns: usize,
    optional_end: usize,
    optional_check: Option<Place>,
    composite: Option<Place>,
    composite_of: &'static [(usize, usize, usize)],
) -> Layout {
    Layout {
        code: place(0, 0, 2),
        issuer: place(0, 2, 5),
        names: place(0, 5, columns),
        number: place(1, 0, 9),
        nationality: place(1, 10, 13),
        birth: place(1, 13, 19),
        sex: place(1, 20, 21),
        expiry: place(1, 21, 27),
        optional: [Some(place(1, 28, optional_end)), None],
        optional_check,
        composite,
        composite_of,
    }
}

impl Place {
    /// Where the digit of a field stands: right behind it.
    pub const fn check(&self) -> Self {
        place(self.line, self.columns.end, self.columns.end + 1)
    }

    pub fn of<'a>(&self, lines: &'a [Vec<u8>]) -> &'a [u8] {
        lines
            .get(self.line)
            .and_then(|line| line.get(self.columns.clone()))
            .unwrap_or(&[])
    }
}
