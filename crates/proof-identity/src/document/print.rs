//! Print that is not made for machines: lines of any length, read one letter after another.

use super::{
    band::{self, Line, Searched},
    fields::{self, Printed},
    ink, named,
    text::{self, CLASSES_ALL, HEIGHT},
};
use crate::{
    geometry::{Point, Warp},
    network::{Letters, ModelError, Models, Network},
};
use chrono::NaiveDate;
use image::RgbImage;

/// Lines of one page that are read, the longest; pictures of gravel have thousands.
const LINES_MAX: usize = 24;

/// Pixels of one line, and of all of them together, as the recogniser gets them: half a second on one core.
const WIDTH_MAX: f32 = 960.0;
const WIDTH_ALL_MAX: f32 = 5_000.0;

/// Half the height of a strip, in heights of a capital: the look that errs least, and another for dates.
const FIRST: f32 = 0.85;
const SECOND: f32 = 1.05;

/// Letters are made so much narrower: it reads them as well, and in less time.
const SQUEEZED: f32 = 0.7;

/// Room before the first and behind the last letter, in heights.
const ROOM: f32 = 0.6;

/// The steepest line of a page that was turned by its portrait.
const STEEP_MAX: f32 = 0.4;

#[derive(Clone, Copy, PartialEq, Debug)]
pub struct Letter {
    pub letter: char,
    /// From 0 to 1.
    pub sure: f32,
}

/// What the fields of a card say, which it numbers or else names. Lines with a date that may decide are read twice, in
/// two ways.
pub fn read(
    models: &Models,
    page: &RgbImage,
    today: NaiveDate,
) -> Result<Option<Printed>, ModelError> {
    let (network, letters) = (&models.text_read, &models.letters);
    let lines = lines(page);
    let look = |line: &Line, around| row(network, letters, page, line, around);
    let mut rows = lines
        .iter()
        .map(|line| look(line, FIRST))
        .collect::<Result<Vec<_>, _>>()?;
    let parse = |rows: &[Vec<Letter>]| {
        fields::parse(rows, today).or_else(|| named::parse(&lines, rows, today))
    };
    let Some(first) = parse(&rows) else {
        return Ok(None);
    };
    if first.is_named {
        return Ok(Some(first));
    }
    for at in first.rows_of_dates() {
        if let (Some(line), Some(row)) = (lines.get(at), rows.get_mut(at)) {
            *row = look(line, SECOND)?;
        }
    }
    Ok(Some(first.and(parse(&rows).as_ref())))
}

/// The lines that are read, from top to bottom and from left to right.
fn lines(page: &RgbImage) -> Vec<Line> {
    let mut lines = Searched::of(ink::gray(page)).print();
    lines.retain(|line| line.angle().abs() <= STEEP_MAX);
    lines.sort_by(|a, b| b.length().total_cmp(&a.length()));
    lines.truncate(LINES_MAX);
    let mut left = WIDTH_ALL_MAX;
    lines.retain(|line| {
        let width = width(line, FIRST);
        let fits = width <= left;
        left -= if fits { width } else { 0.0 };
        fits
    });
    // The page's own slope is that of its longest lines.
    let slope = band::slope(&lines);
    let (sin, cos) = slope.sin_cos();
    lines.retain(|line| (line.angle() - slope).abs() < 0.15);
    let along = |line: &Line| line.start.x * cos + line.start.y * sin;
    let down = |line: &Line| line.start.y * cos - line.start.x * sin;
    lines.sort_by(|a, b| down(a).total_cmp(&down(b)));
    // What stands beside each other is one row, and goes from left to right.
    let mut rows: Vec<Vec<Line>> = Vec::new();
    for line in lines {
        match rows.last_mut() {
            Some(row) if down(&line) - down(&row[0]) < line.height * 0.6 => row.push(line),
            _ => rows.push(vec![line]),
        }
    }
    for row in &mut rows {
        row.sort_by(|a, b| along(a).total_cmp(&along(b)));
    }
    rows.concat()
}

/// Of the strip that a line becomes.
fn width(line: &Line, around: f32) -> f32 {
    let scale = HEIGHT as f32 / (line.height * around * 2.0) * SQUEEZED;
    ((line.length() + line.height * ROOM * 2.0) * scale).min(WIDTH_MAX)
}

fn row(
    network: &Network,
    letters: &Letters,
    page: &RgbImage,
    line: &Line,
    around: f32,
) -> Result<Vec<Letter>, ModelError> {
    let (sin, cos) = line.angle().sin_cos();
    let (room, up) = (line.height * ROOM, line.height * around);
    let corner = |end: Point, along: f32, down: f32| {
        Point::new(
            end.x + cos * along - sin * down,
            end.y + sin * along + cos * down,
        )
    };
    let corners = [
        corner(line.start, -room, -up),
        corner(line.end, room, -up),
        corner(line.end, room, up),
        corner(line.start, -room, up),
    ];
    // The recogniser halves its strips a few times: whole steps only.
    let width = (width(line, around) / 8.0).ceil() * 8.0;
    let Some(warp) = Warp::quad(width, HEIGHT as f32, corners) else {
        return Ok(Vec::new());
    };
    let answer = text::ask(network, &warp.make(page, width as u32, HEIGHT))?;
    Ok(letters_of(
        answer
            .chunks_exact(CLASSES_ALL)
            .map(|row| letters.best(row)),
    ))
}

/// One letter for each run of steps that say the same one, without the room before the first.
fn letters_of(steps: impl Iterator<Item = Option<(char, f32)>>) -> Vec<Letter> {
    let mut letters: Vec<Letter> = Vec::new();
    let mut before = None;
    for step in steps {
        if let Some((letter, sure)) = step {
            match letters.last_mut() {
                Some(last) if before == Some(letter) => last.sure = last.sure.max(sure),
                None if letter == ' ' => {}
                _ => letters.push(Letter { letter, sure }),
            }
        }
        before = step.map(|(letter, _)| letter);
    }
    letters
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_letter_that_stays_is_one_and_with_nothing_between_two() {
        let steps = [
            Some((' ', 0.9)),
            Some(('A', 0.5)),
            Some(('A', 0.9)),
            None,
            Some(('A', 0.7)),
            Some(('B', 0.8)),
        ];
        let read = letters_of(steps.into_iter());
        let text: String = read.iter().map(|letter| letter.letter).collect();
        assert_eq!(text, "AAB");
        assert_eq!(read[0].sure, 0.9);
    }
}
