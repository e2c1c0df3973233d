//! The zone in a photograph: found, read, and with it the place of the page.

use super::{
    band::{Line, Searched},
    ink,
    text::{self, Read, Seen},
};
use crate::{
    geometry::{Point, Turn, Warp},
    mrz::{self, Form, Mrz},
    network::{ModelError, Network},
};
use chrono::NaiveDate;
use image::RgbImage;

/// A line whose characters are less sure than this on average is no zone: printed text, or one that
/// stands upside down.
const SURE_MIN: f32 = 0.45;

/// A character of the zone takes 2.54 mm.
const PITCH_MM: f32 = 2.54;

/// Pixels for a millimetre of the page that is made straight.
const DOTS: f32 = 8.0;

pub struct Zone {
    pub mrz: Mrz,
    /// The mean certainty of its characters, from 0 to 1.
    pub sure: f32,
    /// One character's width, in pixels of the picture that was searched.
    pub(super) pitch: f32,
    pub(super) lines: Vec<Line>,
}

/// A zone, and the picture turned so that it stands upright in it.
pub struct Found {
    pub zone: Zone,
    pub picture: RgbImage,
}

pub fn find(
    network: &Network,
    picture: &RgbImage,
    today: NaiveDate,
) -> Result<Option<Found>, ModelError> {
    let searched = Searched::of(ink::gray(picture));
    let mut tries = 0;
    // Lines that stand upside down are lines: where there are none, there are none the other way up.
    for turns in [
        [Turn::None, Turn::Half],
        [Turn::Quarter, Turn::ThreeQuarters],
    ] {
        for turn in turns {
            let bands = searched.turned(turn).bands();
            if bands.is_empty() {
                break;
            }
            let picture = turn.of(picture);
            for lines in bands.iter().take(TRIES_MAX - tries) {
                tries += 1;
                if let Some(zone) = read(network, &picture, lines, today)? {
                    return Ok(Some(Found { zone, picture }));
                }
            }
        }
    }
    Ok(None)
}

/// Lines that are read to see whether they are the zone. Each takes a quarter of a second.
const TRIES_MAX: usize = 5;

fn read(
    network: &Network,
    picture: &RgbImage,
    lines: &[Line],
    today: NaiveDate,
) -> Result<Option<Zone>, ModelError> {
    let columns = columns(lines);
    let mut seen: Vec<Vec<Seen>> = Vec::new();
    for line in lines {
        let Some(steps) = text::recognise(network, picture, line, columns, text::FIRST)? else {
            return Ok(None);
        };
        let places = steps.places(columns);
        // The first line decides whether the others are worth the time.
        if seen.is_empty() && sure(places.iter().map(|seen| seen.read(|_| true))) < SURE_MIN {
            return Ok(None);
        }
        seen.push(places);
    }
    let Some(mut found) = judge(&seen, columns, today) else {
        return Ok(None);
    };
    if !found.0.wrong.is_empty() {
        second_opinion(network, picture, lines, &mut seen)?;
        found = judge(&seen, columns, today).unwrap_or(found);
    }
    let (mrz, sure) = found;
    let length = lines.iter().map(Line::length).sum::<f32>() / lines.len() as f32;
    Ok(Some(Zone {
        mrz,
        sure,
        pitch: length / columns as f32,
        lines: lines.to_vec(),
    }))
}

/// Every line once more, laid out in another way.
fn second_opinion(
    network: &Network,
    picture: &RgbImage,
    lines: &[Line],
    seen: &mut [Vec<Seen>],
) -> Result<(), ModelError> {
    for (line, places) in lines.iter().zip(seen) {
        let look = text::SECOND;
        if let Some(steps) = text::recognise(network, picture, line, places.len(), look)? {
            let second = steps.places(places.len());
            for (seen, second) in places.iter_mut().zip(&second) {
                *seen = seen.and(second);
            }
        }
    }
    Ok(())
}

/// What the lines say, and how sure that is. The recogniser is sure of O and 0 and takes one for the
/// other all the same: each is always the other's second word.
fn judge(seen: &[Vec<Seen>], columns: usize, today: NaiveDate) -> Option<(Mrz, f32)> {
    let kind = seen.first()?.first()?.read(is_kind).byte;
    let form = Form::of(seen.len(), columns, kind)?;
    let reads: Vec<Vec<Read>> = (0..)
        .zip(seen)
        .map(|(line, places)| {
            let places = (0..).zip(places);
            places
                .map(|(column, seen)| seen.read(|byte| may(form, line, column, byte)))
                .collect()
        })
        .collect();
    let text: Vec<String> = reads
        .iter()
        .map(|reads| reads.iter().map(|read| char::from(read.byte)).collect())
        .collect();
    let other = |line: usize, column: usize| {
        let read = reads.get(line)?.get(column)?;
        read.other.or(match read.byte {
            b'O' => Some(b'0'),
            b'0' => Some(b'O'),
            _ => None,
        })
    };
    let mrz = Mrz::recognised(&text.join("\n"), &other, today).ok()?;
    let first = mrz.code.bytes().next()?;
    is_kind(first).then(|| (mrz, sure(reads.into_iter().flatten())))
}

/// What a document's code begins with: passports, visas, identity cards and what is like them.
fn is_kind(byte: u8) -> bool {
    b"PVIAC".contains(&byte)
}

fn sure(reads: impl Iterator<Item = Read>) -> f32 {
    let (sum, count) = reads.fold((0.0, 0.0), |(sum, count), read| {
        (sum + read.sure, count + 1.0)
    });
    if count > 0.0 { sum / count } else { 0.0 }
}

/// Whether the form lets a character stand in a place.
fn may(form: Form, line: usize, column: usize, byte: u8) -> bool {
    if (line, column) == (0, 0) {
        return is_kind(byte);
    }
    mrz::alphabet(form, line, column).is_none_or(|alphabet| alphabet.has(byte))
}

/// Three lines have thirty characters; two have 36 or 44, by how far the characters are apart.
fn columns(lines: &[Line]) -> usize {
    if lines.len() >= 3 {
        return Form::Td1.columns();
    }
    let count = lines
        .iter()
        .map(|line| line.length() / line.pitch)
        .fold(0.0, f32::max);
    let [small, large] = [Form::Td2, Form::Td3].map(Form::columns);
    let middle = f32::midpoint(small as f32, large as f32);
    if count < middle { small } else { large }
}

/// Where the page is: the standard says where the zone stands in it.
pub struct Page {
    warp: Warp,
    width: u32,
    height: u32,
    scale: f32,
}

impl Found {
    pub fn page(&self) -> Option<Page> {
        let zone = &self.zone;
        let last = zone.lines.last()?;
        let (width, height, above_edge) = match zone.mrz.form {
            Form::Td1 => (85.6, 54.0, 5.5),
            Form::Td2 | Form::MrvB => (105.0, 74.0, 8.5),
            Form::Td3 => (125.0, 88.0, 8.5),
            Form::MrvA => (120.0, 80.0, 8.5),
        };
        let scale = zone.pitch / PITCH_MM;
        let (sin, cos) = last.angle().sin_cos();
        let middle = last.start.between(last.end);
        // From a place on the page, in millimetres from the middle of the last line.
        let corner = |x: f32, y: f32| {
            let (x, y) = (
                (x - width / 2.0) * scale,
                (y - (height - above_edge)) * scale,
            );
            Point::new(middle.x + x * cos - y * sin, middle.y + x * sin + y * cos)
        };
        let corners = [
            corner(0.0, 0.0),
            corner(width, 0.0),
            corner(width, height),
            corner(0.0, height),
        ];
        let (width, height) = (width * DOTS, height * DOTS);
        Some(Page {
            warp: Warp::quad(width, height, corners)?,
            width: width as u32,
            height: height as u32,
            scale: scale / DOTS,
        })
    }
}

impl Page {
    pub fn straighten(&self, picture: &RgbImage) -> RgbImage {
        self.warp.make(picture, self.width, self.height)
    }

    /// Pixels of the picture for one of the straight page.
    pub const fn scale(&self) -> f32 {
        self.scale
    }

    /// How far the page reaches over the picture's edge, in parts of its width.
    pub fn outside(&self, picture: &RgbImage) -> f32 {
        let (width, height) = (self.width as f32, self.height as f32);
        let corners = [(0.0, 0.0), (width, 0.0), (width, height), (0.0, height)];
        corners
            .into_iter()
            .map(|(x, y)| {
                let at = self.warp.at(Point::new(x, y));
                let over_x = (-at.x).max(at.x - picture.width() as f32);
                let over_y = (-at.y).max(at.y - picture.height() as f32);
                over_x.max(over_y).max(0.0)
            })
            .fold(0.0, f32::max)
            / (width * self.scale)
    }
}
