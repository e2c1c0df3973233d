//! Documents of nobody: pages of Utopia with a zone that can be read, to try the engine with.

mod damage;
pub mod head;
mod lids;
mod print;
pub mod refilmed;

pub use damage::{Damage, damage, noisy};
pub use print::{LicenceFields, card, licence, licence_back, licence_fields};

use crate::mrz::{Fields, Form, write};
use image::{GrayImage, ImageFormat, Rgb, RgbImage, imageops};
use rxing::{BarcodeFormat, Writer, pdf417::PDF417Writer};
use std::io::Cursor;

/// `assets/ocr_b.py` makes it.
const GLYPHS: &[u8] = include_bytes!("../../assets/ocr-b.png");
const LETTERS: &str = "<0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ";
const GLYPH_WIDTH: u32 = 60;

/// Pixels for a millimetre: a page of a passport is then 1250 pixels wide.
pub const DOTS: f32 = 10.0;

/// The distance of characters in the zone, in millimetres.
const PITCH: f32 = 2.54;

const PAPER: [f32; 3] = [226.0, 232.0, 236.0];
const INK: [f32; 3] = [28.0, 30.0, 38.0];

/// A specimen's facts: an adult of Utopia, whose document is good for years.
pub fn fields(form: Form) -> Fields {
    let code = match form {
        Form::Td1 | Form::Td2 => "I",
        Form::Td3 => "P",
        Form::MrvA | Form::MrvB => "V",
    };
    Fields {
        code: code.to_owned(),
        issuer: "UTO".to_owned(),
        surname: "ERIKSSON".to_owned(),
        given: "ANNA<MARIA".to_owned(),
        number: "L898902C3".to_owned(),
        nationality: "UTO".to_owned(),
        birth: "850812".to_owned(),
        sex: 'F',
        expiry: "340415".to_owned(),
        optional: [String::new(), String::new()],
    }
}

/// Width and height in millimetres.
const fn size(form: Form) -> (f32, f32) {
    match form {
        Form::Td1 => (85.6, 54.0),
        Form::Td2 | Form::MrvB => (105.0, 74.0),
        Form::Td3 => (125.0, 88.0),
        Form::MrvA => (120.0, 80.0),
    }
}

/// The side with the zone. Cards of the size of a bank card have their portrait on the other side.
pub fn side_with_zone(form: Form, fields: &Fields, portrait: Option<&RgbImage>) -> RgbImage {
    side_with_lines(form, fields, &write(form, fields), portrait)
}

/// The same with any lines, such as wrong ones.
pub fn side_with_lines(
    form: Form,
    fields: &Fields,
    lines: &[String],
    portrait: Option<&RgbImage>,
) -> RgbImage {
    let mut page = paper(form);
    let (_, height) = size(form);
    for (at, line) in lines.iter().enumerate() {
        // The last line's middle is 9.4 mm above the edge on passports, less on cards.
        let last = if form == Form::Td1 { 5.5 } else { 8.5 };
        let from_below = last + (lines.len() - 1 - at) as f32 * 6.3;
        text(&mut page, line, (4.0, height - from_below), PITCH);
    }
    if form != Form::Td1 {
        printed(&mut page, form, fields);
        place(&mut page, portrait, form);
    }
    page
}

/// A page as a file.
pub fn png(page: &RgbImage) -> Option<Vec<u8>> {
    let mut bytes = Cursor::new(Vec::new());
    page.write_to(&mut bytes, ImageFormat::Png).ok()?;
    Some(bytes.into_inner())
}

/// The other side of a card: portrait and printed facts, no zone.
pub fn side_with_portrait(form: Form, fields: &Fields, portrait: Option<&RgbImage>) -> RgbImage {
    let mut page = paper(form);
    printed(&mut page, form, fields);
    place(&mut page, portrait, form);
    page
}

/// The back of a licence, with its barcode. `None`: the text does not fit.
pub fn back_with_barcode(text: &str) -> Option<RgbImage> {
    let mut page = paper(Form::Td1);
    let writer = PDF417Writer::new();
    // What comes back is as large as the text needs; sizes are only wishes.
    let bars = writer.encode(text, &BarcodeFormat::PDF_417, 1, 1).ok()?;
    let (width, height) = (bars.getWidth(), bars.getHeight());
    let (left, top) = ((5.0 * DOTS) as u32, (8.0 * DOTS) as u32);
    let room = page.width().checked_sub(2 * left)?;
    let dots = (room / width).max(1);
    for y in 0..height {
        for x in 0..width {
            let ink = if bars.get(x, y) { INK } else { [250.0; 3] };
            let ink = Rgb(ink.map(|channel| channel as u8));
            for (dx, dy) in (0..dots).flat_map(|dx| (0..dots).map(move |dy| (dx, dy))) {
                let at = (left + x * dots + dx, top + y * dots + dy);
                if at.0 < page.width() && at.1 < page.height() {
                    page.put_pixel(at.0, at.1, ink);
                }
            }
        }
    }
    Some(page)
}

/// A pale page with the waves that such pages have.
fn paper(form: Form) -> RgbImage {
    let (width, height) = size(form);
    RgbImage::from_fn((width * DOTS) as u32, (height * DOTS) as u32, |x, y| {
        let (x, y) = (x as f32 / DOTS, y as f32 / DOTS);
        let wave = ((x * 0.9 + (y * 0.35).sin() * 3.0).sin() + (y * 1.3 - x * 0.2).cos()) * 6.0;
        Rgb([0, 1, 2].map(|channel| (PAPER[channel] + wave * [1.0, 0.6, 0.4][channel]) as u8))
    })
}

fn printed(page: &mut RgbImage, form: Form, fields: &Fields) {
    let (_, height) = size(form);
    let left = portrait_box(form).0 + portrait_box(form).2 + 5.0;
    let rows = [
        "UTOPIA SPECIMEN",
        &fields.surname,
        &fields.given,
        &fields.number,
        &fields.birth,
        &fields.expiry,
    ];
    for (at, row) in rows.into_iter().enumerate() {
        let down = (at as f32).mul_add(height * 0.085, height * 0.1);
        text(page, &row.replace('<', " "), (left, down), 1.9);
    }
}

/// Left, top, width and height in millimetres.
fn portrait_box(form: Form) -> (f32, f32, f32, f32) {
    let (_, height) = size(form);
    (5.0, height * 0.1, height * 0.37, height * 0.48)
}

fn place(page: &mut RgbImage, portrait: Option<&RgbImage>, form: Form) {
    let Some(portrait) = portrait else { return };
    let (left, top, width, height) = portrait_box(form);
    let size = |side: f32| (side * DOTS) as u32;
    let (wanted, high) = (size(width), size(height));
    // Cut to the box's shape around the middle.
    let (has_width, has_height) = portrait.dimensions();
    let cut_width = has_width.min(has_height * wanted / high);
    let cut_height = has_height.min(has_width * high / wanted);
    let cut = imageops::crop_imm(
        portrait,
        (has_width - cut_width) / 2,
        (has_height - cut_height) / 2,
        cut_width,
        cut_height,
    );
    let small = imageops::thumbnail(&cut.to_image(), wanted, high);
    imageops::replace(page, &small, i64::from(size(left)), i64::from(size(top)));
}

/// Prints with the middle of the characters at a place in millimetres.
fn text(page: &mut RgbImage, text: &str, (left, middle): (f32, f32), pitch: f32) {
    let glyphs = glyphs(GLYPHS);
    let scale = GLYPH_WIDTH as f32 / (pitch * DOTS);
    // Capitals stand a little above the middle of the cell.
    let top = middle * DOTS - glyphs.height() as f32 / scale * 0.52;
    for (at, letter) in text.chars().enumerate() {
        let Some(glyph) = LETTERS.find(letter) else {
            continue;
        };
        let start = (left + at as f32 * pitch) * DOTS;
        let cell = (glyph as f32 * GLYPH_WIDTH as f32, GLYPH_WIDTH as f32);
        stamp(page, &glyphs, cell, (start, top), scale);
    }
}

/// One glyph: the part of the strip from here and so wide, with its left upper corner at a pixel of the page, so
/// many times smaller.
fn stamp(
    page: &mut RgbImage,
    glyphs: &GrayImage,
    (from, wide): (f32, f32),
    (left, top): (f32, f32),
    scale: f32,
) {
    let (width, height) = page.dimensions();
    let (right, bottom) = (left + wide / scale, top + glyphs.height() as f32 / scale);
    for y in top as u32..(bottom as u32).min(height) {
        for x in left as u32..(right as u32).min(width) {
            let from_x = ((x as f32 + 0.5 - left) * scale).clamp(0.0, wide - 1.0);
            let from_y = (y as f32 + 0.5 - top) * scale;
            let cover = covered(glyphs, from + from_x, from_y, scale);
            let pixel = page.get_pixel_mut(x, y);
            for (value, ink) in pixel.0.iter_mut().zip(INK) {
                *value = (f32::from(*value) + (ink - f32::from(*value)) * cover) as u8;
            }
        }
    }
}

fn glyphs(strip: &[u8]) -> GrayImage {
    image::load_from_memory(strip)
        .map(|picture| picture.into_luma8())
        .unwrap_or_default()
}

/// How much of a square of the glyph is ink.
fn covered(glyphs: &GrayImage, x: f32, y: f32, side: f32) -> f32 {
    let looks = (side.ceil() as u32).max(1);
    let mut sum = 0.0;
    for row in 0..looks {
        for column in 0..looks {
            let look = |at: f32, step: u32| at + ((step as f32 + 0.5) / looks as f32 - 0.5) * side;
            let (x, y) = (look(x, column), look(y, row));
            let inside = x >= 0.0 && y >= 0.0;
            let pixel = glyphs
                .get_pixel_checked(x as u32, y as u32)
                .filter(|_| inside);
            sum += pixel.map_or(0.0, |pixel| f32::from(pixel.0[0]) / 255.0);
        }
    }
    sum / (looks * looks) as f32
}
