//! Cards of Utopia without a zone: a driving licence whose fields have numbers, as the Union's model has them (Directive
//! 2006/126/EC, annex I), and an identity card whose fields have names.

use super::{DOTS, glyphs, paper, place, portrait_box, stamp};
use crate::{document::Label, mrz::Form};
use image::RgbImage;

/// `assets/print.py` makes it, and says how wide each letter is.
const GLYPHS: &[u8] = include_bytes!("../../assets/print.png");
const LETTERS: &str = " .,-/0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
const WIDTHS: [u8; 67] = [
    21, 21, 21, 24, 22, 42, 42, 42, 42, 42, 42, 42, 42, 42, 42, 45, 45, 46, 51, 42, 38, 51, 50, 19,
    19, 43, 37, 57, 49, 52, 40, 52, 46, 42, 40, 48, 45, 65, 45, 40, 45, 40, 42, 36, 42, 41, 23, 42,
    42, 18, 18, 38, 18, 64, 42, 40, 42, 42, 27, 34, 26, 42, 39, 54, 39, 39, 35,
];
const CELL: f32 = 72.0;
/// Room before each glyph in its cell.
const BEFORE: f32 = 4.0;
/// In a cell: how high a capital is, and where the line is that letters stand on.
const CAPITAL: f32 = 48.0;
const BASE: f32 = 60.0;

/// What such a licence says, as it is printed.
#[derive(Clone, Debug)]
pub struct LicenceFields {
    pub surname: String,
    pub given: String,
    pub birth: String,
    pub place: String,
    pub issue: String,
    pub authority: String,
    pub expiry: String,
    pub number: String,
    pub categories: String,
}

impl LicenceFields {
    /// What the engine reads of them.
    pub fn labelled(&self) -> [(Label, &str); 8] {
        [
            (Label::Surname, &self.surname),
            (Label::Given, &self.given),
            (Label::Birth, &self.birth),
            (Label::Issue, &self.issue),
            (Label::Expiry, &self.expiry),
            (Label::Authority, &self.authority),
            (Label::Number, &self.number),
            (Label::Categories, &self.categories),
        ]
    }
}

/// An adult of Utopia, whose licence is good for years.
pub fn licence_fields() -> LicenceFields {
    LicenceFields {
        surname: "ERIKSSON".to_owned(),
        given: "ANNA MARIA".to_owned(),
        birth: "12.08.1985".to_owned(),
        place: "ZENITH".to_owned(),
        issue: "16.04.2019".to_owned(),
        authority: "UTOPIA ROADS".to_owned(),
        expiry: "15.04.2034".to_owned(),
        number: "UT482910XK".to_owned(),
        categories: "AM/B".to_owned(),
    }
}

/// Its front.
pub fn licence(fields: &LicenceFields, portrait: Option<&RgbImage>) -> RgbImage {
    let mut page = paper(Form::Td1);
    place(&mut page, portrait, Form::Td1);
    let (portrait_left, _, portrait_width, _) = portrait_box(Form::Td1);
    let left = portrait_left + portrait_width + 4.0;
    print(&mut page, "DRIVING LICENCE  UTOPIA", (left, 6.0), 2.4);
    let rows = [
        format!("1. {}", fields.surname),
        format!("2. {}", fields.given),
        format!("3. {} {}", fields.birth, fields.place),
        format!("4a. {} 4c. {}", fields.issue, fields.authority),
        format!("4b. {}", fields.expiry),
        format!("5. {}", fields.number),
        format!("9. {}", fields.categories),
    ];
    for (at, row) in (0_u8..).zip(&rows) {
        let down = f32::from(at).mul_add(5.2, 12.5);
        print(&mut page, row, (left, down), 2.0);
    }
    page
}

/// The front of an identity card that names the same fields in small letters, each above what it says.
pub fn card(fields: &LicenceFields, portrait: Option<&RgbImage>) -> RgbImage {
    let mut page = paper(Form::Td1);
    place(&mut page, portrait, Form::Td1);
    let (portrait_left, _, portrait_width, _) = portrait_box(Form::Td1);
    let left = portrait_left + portrait_width + 4.0;
    let right = left + 28.0;
    print(&mut page, "IDENTITY CARD  UTOPIA", (left, 6.0), 2.4);
    for (name, value, (at, down)) in [
        ("SURNAME / NOM", &fields.surname, (left, 11.5)),
        ("GIVEN NAMES / PRENOMS", &fields.given, (left, 19.5)),
        ("DATE OF BIRTH", &fields.birth, (left, 27.5)),
        ("DATE OF ISSUE", &fields.issue, (right, 27.5)),
        ("DATE OF EXPIRY", &fields.expiry, (left, 35.5)),
        ("AUTHORITY", &fields.authority, (right, 35.5)),
        ("CARD NUMBER", &fields.number, (left, 43.5)),
    ] {
        print(&mut page, name, (at, down), 1.3);
        print(&mut page, value, (at, down + 3.6), 2.0);
    }
    page
}

/// The other side: since when which vehicles may be driven.
pub fn licence_back() -> RgbImage {
    let mut page = paper(Form::Td1);
    for (at, category) in (0_u8..).zip(["AM", "A1", "A2", "A", "B1", "B", "BE"]) {
        let down = f32::from(at).mul_add(5.8, 10.0);
        print(&mut page, category, (12.0, down), 1.8);
        print(&mut page, "16.04.19  15.04.34", (40.0, down), 1.8);
    }
    page
}

/// Prints on a line at a place in millimetres, with capitals so high.
fn print(page: &mut RgbImage, text: &str, (left, line): (f32, f32), capital: f32) {
    let glyphs = glyphs(GLYPHS);
    let scale = CAPITAL / (capital * DOTS);
    let top = line * DOTS - BASE / scale;
    let mut at = left * DOTS;
    for letter in text.chars() {
        let Some((glyph, width)) = LETTERS
            .find(letter)
            .and_then(|glyph| Some((glyph, *WIDTHS.get(glyph)?)))
        else {
            continue;
        };
        let from = glyph as f32 * CELL;
        stamp(
            page,
            &glyphs,
            (from, CELL),
            (at - BEFORE / scale, top),
            scale,
        );
        at += f32::from(width) / scale;
    }
}
