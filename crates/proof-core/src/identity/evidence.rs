//! What a provider knows of whom it looked at. All of it is personal: it is in no log, in no event and in no
//! answer to a partner, and most of it is forgotten when the attempt is decided.

mod face;

pub use face::{Face, Likeness};

use crate::{
    screening::names::{Born, Subject},
    time::Timestamp,
};
use std::fmt;

/// Where a provider says nothing, nothing is known.
#[derive(Clone, PartialEq, Eq, Default)]
pub struct Evidence {
    pub names: Option<Names>,
    pub birth: Option<BirthDate>,
    pub document: Option<DocumentNumber>,
    /// From this moment on the document is not valid any more.
    pub document_ends: Option<Timestamp>,
    /// Of the selfie, not of the document.
    pub face: Option<Face>,
    /// How alike selfie and portrait are: their cosine in parts of ten thousand.
    pub similarity: Option<u16>,
    /// How many times as strong as what is around it a grid is that stands out in the film, in tenths: screens and
    /// prints have one.
    pub grid_tenths: Option<u32>,
    /// What else it saw, in sentences, the heaviest first: for the people who decide.
    pub notes: Vec<String>,
}

/// As they stand in the document: in capitals, without accents.
#[derive(Clone, PartialEq, Eq)]
pub struct Names {
    pub surname: String,
    pub given: String,
}

/// Some documents leave out the day, or the month as well.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct BirthDate {
    pub year: i32,
    pub month: Option<u32>,
    pub day: Option<u32>,
}

impl Evidence {
    /// Whom to look for on lists of names.
    pub fn subject(&self) -> Option<Subject> {
        let names = self.names.as_ref()?;
        let born = self.birth.and_then(|birth| {
            let part = |number: u32| u8::try_from(number).ok();
            Some(Born {
                year: u16::try_from(birth.year).ok()?,
                day: birth.month.and_then(part).zip(birth.day.and_then(part)),
            })
        });
        let name = format!("{} {}", names.given, names.surname);
        Some(Subject { name, born })
    }
}

/// A number is one of those of whoever issued it.
#[derive(Clone, PartialEq, Eq)]
pub struct DocumentNumber {
    /// The code of the document, as of passports: of a state mostly.
    pub issuer: String,
    pub number: String,
}

impl DocumentNumber {
    /// As numbers are compared: the same one is written with blanks and without, and readers mix up O and 0,
    /// and G and 6, which no check digit tells apart.
    pub fn canonical(&self) -> String {
        let one = |c: char| match c.to_ascii_uppercase() {
            'O' => '0',
            'G' => '6',
            other => other,
        };
        let plain = |text: &str| -> String {
            let letters = text.chars().filter(char::is_ascii_alphanumeric);
            letters.map(one).collect()
        };
        format!("{}\n{}", plain(&self.issuer), plain(&self.number))
    }
}

/// Says what there is and nothing of it.
impl fmt::Debug for Evidence {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let known = [
            ("names", self.names.is_some()),
            ("birth", self.birth.is_some()),
            ("document", self.document.is_some()),
            ("document_ends", self.document_ends.is_some()),
            ("face", self.face.is_some()),
            ("similarity", self.similarity.is_some()),
            ("grid_tenths", self.grid_tenths.is_some()),
            ("notes", !self.notes.is_empty()),
        ];
        let known = known.into_iter().filter(|(_, is_known)| *is_known);
        f.write_str("Evidence")?;
        f.debug_set().entries(known.map(|(name, _)| name)).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_is_the_same_with_blanks_and_without() {
        let number = |issuer: &str, number: &str| DocumentNumber {
            issuer: issuer.to_owned(),
            number: number.to_owned(),
        };
        let one = number("D<<", "C01X 00T47").canonical();
        assert_eq!(one, number("d", "C01X00T47<").canonical());
        assert_eq!(one, number("D", "CO1XO0T47").canonical());
        assert_ne!(one, number("F", "C01X00T47").canonical());
        assert_ne!(
            number("AB", "C1").canonical(),
            number("A", "BC1").canonical()
        );
    }

    #[test]
    fn nothing_of_it_slips_into_a_log() {
        let evidence = Evidence {
            names: Some(Names {
                surname: "ERIKSSON".to_owned(),
                given: "ANNA".to_owned(),
            }),
            similarity: Some(9_512),
            ..Evidence::default()
        };
        let shown = format!("{evidence:?}");
        assert_eq!(shown, r#"Evidence{"names", "similarity"}"#);
    }
}
