//! Where the machine-readable zone is: two or three long lines of equal characters, close together,
//! whichever way the page lies.

use super::ink::{self, Blob, Ink};
use crate::geometry::{Point, Turn};
use image::GrayImage;

/// The side that is searched at.
const SIDE: u32 = 1400;

/// Characters that can be read are at least this high, and none are higher than a finger.
const HEIGHT_MIN: u32 = 7;
const HEIGHT_MAX: u32 = 70;

/// The shortest line has thirty characters that are about as high as they are apart.
const LENGTH_MIN: f32 = 20.0;

/// More pieces than any page has; a picture of gravel has them all.
const BLOBS_MAX: usize = 12_000;

/// One line: the middles of its first and last character's boxes' outer edges, and how high it is.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct Line {
    pub start: Point,
    pub end: Point,
    /// Of a character, in pixels.
    pub height: f32,
    /// From one character to the next, as most of them stand.
    pub pitch: f32,
}

impl Line {
    pub fn length(&self) -> f32 {
        self.start.distance(self.end)
    }

    pub fn angle(&self) -> f32 {
        (self.end.y - self.start.y).atan2(self.end.x - self.start.x)
    }

    fn scaled(self, factor: f32) -> Self {
        let point = |point: Point| Point::new(point.x * factor, point.y * factor);
        Self {
            start: point(self.start),
            end: point(self.end),
            height: self.height * factor,
            pitch: self.pitch * factor,
        }
    }
}

/// A picture no larger than it has to be, and how much larger the one is that it was made of.
pub struct Searched {
    gray: GrayImage,
    factor: f32,
}

impl Searched {
    pub fn of(gray: GrayImage) -> Self {
        let (width, height) = gray.dimensions();
        let factor = width.max(height) as f32 / SIDE as f32;
        if factor <= 1.0 {
            return Self { gray, factor: 1.0 };
        }
        let size = |side: u32| ((side as f32 / factor) as u32).max(1);
        let gray = ink::shrunk(&gray, size(width), size(height));
        Self { gray, factor }
    }

    /// The same with the page turned.
    pub fn turned(&self, turn: Turn) -> Self {
        Self {
            gray: turn.of(&self.gray),
            factor: self.factor,
        }
    }

    /// Every group of lines that may be the zone, the likeliest first, from top to bottom, in pixels of the whole
    /// picture.
    pub fn bands(&self) -> Vec<Vec<Line>> {
        groups(lines(&self.gray))
            .into_iter()
            .map(|group| group.into_iter().map(|line| self.whole(line)).collect())
            .collect()
    }

    /// Every line of print, of any length, in pixels of the whole picture.
    pub fn print(&self) -> Vec<Line> {
        chains(&characters(&self.gray))
            .iter()
            .filter_map(|chain| words(chain))
            .map(|line| self.whole(line))
            .collect()
    }

    fn whole(&self, line: Line) -> Line {
        line.scaled(self.factor)
    }
}

/// That of the longest lines: short ones have a slope of their own.
pub fn slope(lines: &[Line]) -> f32 {
    let mut longest: Vec<&Line> = lines.iter().collect();
    longest.sort_by(|a, b| b.length().total_cmp(&a.length()));
    let mut slopes: Vec<f32> = longest.into_iter().take(5).map(Line::angle).collect();
    slopes.sort_by(f32::total_cmp);
    slopes.get(slopes.len() / 2).copied().unwrap_or(0.0)
}

fn lines(picture: &GrayImage) -> Vec<Line> {
    chains(&characters(picture))
        .into_iter()
        .filter_map(|chain| line(&chain))
        .filter(|line| line.length() >= line.height * LENGTH_MIN)
        .collect()
}

/// What may be characters, from left to right.
fn characters(picture: &GrayImage) -> Vec<Blob> {
    let mut blobs: Vec<Blob> = Ink::of(picture)
        .blobs()
        .into_iter()
        .filter(|blob| {
            (HEIGHT_MIN..=HEIGHT_MAX).contains(&blob.height()) && blob.area >= HEIGHT_MIN
        })
        .collect();
    blobs.truncate(BLOBS_MAX);
    blobs.sort_unstable_by_key(|blob| blob.left);
    blobs
}

/// Blobs that follow each other from left to right.
fn chains(blobs: &[Blob]) -> Vec<Vec<Blob>> {
    let mut next: Vec<Option<usize>> = vec![None; blobs.len()];
    let mut has_before = vec![false; blobs.len()];
    for (at, blob) in blobs.iter().enumerate() {
        // Each takes the nearest that nobody took.
        let found = blobs
            .iter()
            .enumerate()
            .skip(at + 1)
            .take_while(|(_, other)| gap(blob, other) <= reach(blob))
            .filter(|(other_at, other)| !has_before[*other_at] && follows(blob, other))
            .min_by(|(_, a), (_, b)| gap(blob, a).total_cmp(&gap(blob, b)));
        if let Some((found, _)) = found {
            next[at] = Some(found);
            has_before[found] = true;
        }
    }
    (0..blobs.len())
        .filter(|at| !has_before[*at])
        .map(|start| {
            let mut chain = Vec::new();
            let mut at = Some(start);
            while let Some(here) = at {
                chain.push(blobs[here]);
                at = next[here];
            }
            chain
        })
        .collect()
}

fn gap(blob: &Blob, other: &Blob) -> f32 {
    other.left as f32 - blob.right as f32
}

/// A character that did not come out leaves a gap of one pitch.
fn reach(blob: &Blob) -> f32 {
    blob.height() as f32 * 2.2
}

fn follows(blob: &Blob, other: &Blob) -> bool {
    let (height, other_height) = (blob.height() as f32, other.height() as f32);
    let (small, large) = (height.min(other_height), height.max(other_height));
    let ((x, y), (other_x, other_y)) = (blob.middle(), other.middle());
    // A slope of up to 20 degrees, and characters that lost a part.
    let away = (other_y - y).abs();
    small * 1.9 >= large
        && gap(blob, other) > -small * 0.6
        && away <= (other_x - x).abs() * 0.36 + small * 0.3
}

/// A line of characters that are all of one height and equally far apart.
fn line(chain: &[Blob]) -> Option<Line> {
    if chain.len() < 4 {
        return None;
    }
    let (fitted, height) = fitted(chain, 0.5)?;
    Some(Line {
        pitch: pitch(chain, height)?,
        ..fitted
    })
}

/// Print has small letters, too: its height is that of the capitals.
fn words(chain: &[Blob]) -> Option<Line> {
    if chain.len() < 3 {
        return None;
    }
    let (line, height) = fitted(chain, 0.8)?;
    (line.length() >= height * 1.5).then_some(line)
}

/// A straight line through the middles, with no pitch yet, and how high this part of the boxes is at the most.
fn fitted(chain: &[Blob], part: f32) -> Option<(Line, f32)> {
    let (first, last) = (chain.first()?, chain.last()?);
    let mut heights: Vec<u32> = chain.iter().map(Blob::height).collect();
    heights.sort_unstable();
    let at = (heights.len() as f32 * part) as usize;
    let height = *heights.get(at)? as f32;
    // Twice: the second time without what stands away from the first.
    let mut points: Vec<(f32, f32)> = chain.iter().map(Blob::middle).collect();
    let mut fit = least_squares(&points)?;
    points.retain(|(x, y)| (y - fit.0 - fit.1 * x).abs() <= height * 0.35);
    if points.len() >= 4 {
        fit = least_squares(&points)?;
    }
    let on = |x: u32| Point::new(x as f32, fit.1.mul_add(x as f32, fit.0));
    // A box that stands upright around a slanting line is higher than its characters.
    let upright = height - (fit.1.abs() * height * 0.6);
    let line = Line {
        start: on(first.left),
        end: on(last.right),
        height: upright.max(1.0),
        pitch: 0.0,
    };
    Some((line, height))
}

/// The middle distance of neighbours, without pieces of one character and what hangs together.
fn pitch(chain: &[Blob], height: f32) -> Option<f32> {
    let middles = chain
        .windows(2)
        .map(|two| two[1].middle().0 - two[0].middle().0);
    let mut apart: Vec<f32> = middles
        .filter(|apart| (height * 0.6..height * 1.8).contains(apart))
        .collect();
    apart.sort_by(f32::total_cmp);
    apart.get(apart.len() / 2).copied()
}

/// The offset and slope of a line.
fn least_squares(points: &[(f32, f32)]) -> Option<(f32, f32)> {
    let count = points.len() as f32;
    let mean = |sum: f32| sum / count;
    let mean_x = mean(points.iter().map(|point| point.0).sum());
    let mean_y = mean(points.iter().map(|point| point.1).sum());
    let across: f32 = points
        .iter()
        .map(|(x, y)| (x - mean_x) * (y - mean_y))
        .sum();
    let along: f32 = points.iter().map(|(x, _)| (x - mean_x).powi(2)).sum();
    if along <= 0.0 {
        return None;
    }
    let slope = across / along;
    Some((mean_y - slope * mean_x, slope))
}

/// Lines that belong together: three, or two, of one length, one below the other.
fn groups(mut lines: Vec<Line>) -> Vec<Vec<Line>> {
    lines.sort_by(|a, b| middle(a).y.total_cmp(&middle(b).y));
    let mut groups = Vec::new();
    for (at, first) in lines.iter().enumerate() {
        let mut group = vec![*first];
        for other in &lines[at + 1..] {
            let last = group[group.len() - 1];
            if group.len() < 3 && below(&last, other) {
                group.push(*other);
            }
        }
        if group.len() >= 2 {
            groups.push(group);
        }
    }
    // Two lines of three are found as well; the longest lines say most.
    groups.sort_by(|a, b| weight(b).total_cmp(&weight(a)));
    groups.truncate(3);
    groups
}

fn middle(line: &Line) -> Point {
    line.start.between(line.end)
}

fn weight(group: &[Line]) -> f32 {
    group.iter().map(|line| line.length() / line.height).sum()
}

fn below(upper: &Line, lower: &Line) -> bool {
    let height = f32::midpoint(upper.height, lower.height);
    let ratio = upper.length() / lower.length();
    let (sin, cos) = upper.angle().sin_cos();
    let (from, to) = (upper.start, lower.start);
    let (dx, dy) = (to.x - from.x, to.y - from.y);
    let (along, down) = (dx * cos + dy * sin, dy * cos - dx * sin);
    (upper.angle() - lower.angle()).abs() < 0.09
        && (0.85..=1.18).contains(&ratio)
        && along.abs() < upper.length() * 0.08 + height
        && (height * 1.1..height * 3.6).contains(&down)
}
