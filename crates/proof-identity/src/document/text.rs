//! From a line in the picture to characters: PaddleOCR's recogniser, read place by place, because the
//! characters of the zone stand at equal distances.

use super::band::Line;
use crate::{
    geometry::{Point, Warp},
    network::{ModelError, Network},
};
use image::RgbImage;
use rten_tensor::NdTensor;

/// What the recogniser wants: strips of this height.
pub const HEIGHT: u32 = 48;

/// The recogniser answers once for so many pixels.
const STEP: f32 = 8.0;

/// How a line is laid out for the recogniser.
#[derive(Clone, Copy)]
pub struct Look {
    /// Pixels of the strip for one place.
    place: f32,
    /// Half the strip's height, in places: characters are about as high as they are apart.
    around: f32,
}

/// The look that errs least (docs, "Identity"), and another for a second opinion.
pub const FIRST: Look = Look {
    place: 24.0,
    around: 0.95,
};
pub const SECOND: Look = Look {
    place: 30.0,
    around: 0.8,
};

/// Room before the first and behind the last character, in places.
const ROOM: f32 = 0.8;

pub const ALPHABET: &[u8; 37] = b"<0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ";

/// Where the recogniser has these characters in its answer (`ppocr_keys_v1.txt`, counted from one;
/// zero says that there is nothing).
const CLASSES: [usize; 37] = [
    3490, 26, 93, 25, 94, 632, 631, 933, 29, 27, 1109, 1221, 3588, 4244, 1220, 4381, 1219, 5128,
    425, 3587, 2697, 5193, 3506, 3639, 3589, 4741, 1310, 4731, 5127, 1217, 1381, 4497, 5405, 5033,
    5200, 1218, 4136,
];
pub const CLASSES_ALL: usize = 6625;

/// One place of a line: how likely each character of the alphabet stands there.
#[derive(Clone, PartialEq, Debug)]
pub struct Seen([f32; 37]);

/// What a place is read for, how sure that is, and what it is if not that.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct Read {
    pub byte: u8,
    pub sure: f32,
    pub other: Option<u8>,
}

impl Seen {
    /// Both opinions.
    pub fn and(&self, other: &Self) -> Self {
        Self(std::array::from_fn(|at| {
            f32::midpoint(self.0[at], other.0[at])
        }))
    }

    /// The likeliest of the characters that may stand there.
    pub fn read(&self, may: impl Fn(u8) -> bool) -> Read {
        let mut ranked: Vec<(f32, u8)> = self.0.iter().copied().zip(*ALPHABET).collect();
        ranked.sort_by(|a, b| b.0.total_cmp(&a.0));
        let sum: f32 = self.0.iter().sum();
        let mut allowed = ranked
            .iter()
            .filter(|(value, byte)| may(*byte) && *value >= SEEN_MIN);
        let best = allowed.next();
        // Long runs of fillers are where the recogniser skips: nothing there is one.
        if ranked[0].0 < NOTHING {
            return Read {
                byte: b'<',
                sure: NOTHING,
                other: None,
            };
        }
        let (value, byte) = *best.unwrap_or(&ranked[0]);
        Read {
            byte,
            sure: value / sum.max(1.0),
            other: allowed
                .next()
                .filter(|(second, _)| *second >= SECOND_MIN * value)
                .map(|(_, byte)| *byte),
        }
    }
}

/// Below this, no character was seen at all.
const NOTHING: f32 = 0.1;

/// A character that may stand there is preferred to one that may not from this on.
const SEEN_MIN: f32 = 0.000_5;

/// A second word counts from this part of the first on.
const SECOND_MIN: f32 = 0.01;

/// What the recogniser says about a strip: for each step and each character a probability.
pub struct Steps {
    rows: Vec<[f32; 37]>,
    /// The step that the line's first edge falls into, and how many steps it is long.
    start: f32,
    length: f32,
}

/// Runs the recogniser on one line, of which this many characters are expected.
pub fn recognise(
    network: &Network,
    picture: &RgbImage,
    line: &Line,
    columns: usize,
    look: Look,
) -> Result<Option<Steps>, ModelError> {
    let places = columns as f32;
    let room = line.length() / places * ROOM;
    let (sin, cos) = line.angle().sin_cos();
    let up = line.length() / places * look.around;
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
    let width = ((places + 2.0 * ROOM) * look.place).round();
    let Some(warp) = Warp::quad(width, HEIGHT as f32, corners) else {
        return Ok(None);
    };
    let answer = ask(network, &warp.make(picture, width as u32, HEIGHT))?;
    let rows = answer
        .chunks_exact(CLASSES_ALL)
        .map(|row| CLASSES.map(|class| row[class]))
        .collect();
    Ok(Some(Steps {
        rows,
        start: ROOM * look.place / STEP,
        length: places * look.place / STEP,
    }))
}

/// What the recogniser says about a strip of its height: for each step the probability of each of its classes.
pub fn ask(network: &Network, strip: &RgbImage) -> Result<Vec<f32>, ModelError> {
    let stride = strip.width() as usize;
    // The order of colours is the one that it was trained with: blue first.
    let input = NdTensor::from_fn([1, 3, HEIGHT as usize, stride], |[_, channel, y, x]| {
        let value = strip.as_raw()[(y * stride + x) * 3 + 2 - channel];
        f32::from(value) / 127.5 - 1.0
    });
    let [answer] = network.run(&input)?;
    if answer.shape.last() != Some(&CLASSES_ALL) {
        return Err(network.answer_is_wrong());
    }
    Ok(answer.values)
}

/// A character that the recogniser saw, and at which step.
#[derive(Clone, Copy)]
struct Peak {
    at: f32,
    weight: f32,
}

impl Steps {
    /// The places of a line, of which there are this many.
    pub fn places(&self, columns: usize) -> Vec<Seen> {
        let pitch = self.length / columns as f32;
        let mut fit = [self.start + pitch / 2.0, pitch, 0.0];
        let peaks = self.peaks();
        for turn in 0..4 {
            fit = refit(&peaks, fit, columns, turn > 1).unwrap_or(fit);
        }
        (0..columns).map(|column| self.place(fit, column)).collect()
    }

    fn peaks(&self) -> Vec<Peak> {
        let strength: Vec<f32> = self.rows.iter().map(|row| row.iter().sum()).collect();
        let mut peaks = Vec::new();
        for (at, &weight) in strength.iter().enumerate() {
            let before = at.checked_sub(1).map_or(0.0, |before| strength[before]);
            let after = strength.get(at + 1).copied().unwrap_or(0.0);
            if weight >= 0.3 && weight >= before && weight > after {
                let sum = before + weight + after;
                peaks.push(Peak {
                    at: at as f32 + (after - before) / sum,
                    weight,
                });
            }
        }
        peaks
    }

    fn place(&self, fit: [f32; 3], column: usize) -> Seen {
        let middle = place(fit, column as f32);
        let half = fit[1] * 0.5;
        let first = (middle - half).ceil().max(0.0) as usize;
        let last = (middle + half).floor().max(0.0) as usize;
        let mut best = [0.0_f32; 37];
        for row in self.rows.iter().take(last + 1).skip(first) {
            for (best, value) in best.iter_mut().zip(row) {
                *best = best.max(*value);
            }
        }
        Seen(best)
    }
}

/// The step at which a place is: equal distances, and a little more or less of them where the page
/// leans away.
fn place(fit: [f32; 3], column: f32) -> f32 {
    fit[0] + fit[1] * column + fit[2] * column * column
}

/// Fits the places to the peaks that are near to one, by weighted least squares.
fn refit(peaks: &[Peak], fit: [f32; 3], columns: usize, bent: bool) -> Option<[f32; 3]> {
    let mut sums = [0.0_f64; 5];
    let mut right = [0.0_f64; 3];
    for peak in peaks {
        let column = nearest(fit, peak.at);
        if column < 0.0 || column > columns as f32 - 1.0 {
            continue;
        }
        if (place(fit, column) - peak.at).abs() > fit[1] * 0.4 {
            continue;
        }
        let (x, y, weight) = (
            f64::from(column),
            f64::from(peak.at),
            f64::from(peak.weight),
        );
        for (power, sum) in (0..).zip(&mut sums) {
            *sum += weight * x.powi(power);
        }
        for (power, sum) in (0..).zip(&mut right) {
            *sum += weight * y * x.powi(power);
        }
    }
    let solved = if bent {
        solve3(sums, right)?
    } else {
        solve2(sums, right)?
    };
    let pitch = solved[1] as f32;
    // A fit that runs away from what the picture shows is none.
    let sane = (fit[1] * 0.9..fit[1] * 1.1).contains(&pitch)
        && (solved[2] as f32 * columns as f32).abs() < fit[1] * 0.25;
    sane.then_some(solved.map(|value| value as f32))
}

fn nearest(fit: [f32; 3], at: f32) -> f32 {
    let straight = (at - fit[0]) / fit[1];
    let bent = (at - fit[0] - fit[2] * straight * straight) / fit[1];
    bent.round()
}

fn solve2([n, x, xx, ..]: [f64; 5], [y, xy, _]: [f64; 3]) -> Option<[f64; 3]> {
    let determinant = n * xx - x * x;
    if determinant.abs() < 1e-9 {
        return None;
    }
    Some([
        (y * xx - x * xy) / determinant,
        (n * xy - x * y) / determinant,
        0.0,
    ])
}

fn solve3([a, b, c, d, e]: [f64; 5], [p, q, r]: [f64; 3]) -> Option<[f64; 3]> {
    let det = |m: [f64; 9]| {
        m[0] * (m[4] * m[8] - m[5] * m[7]) - m[1] * (m[3] * m[8] - m[5] * m[6])
            + m[2] * (m[3] * m[7] - m[4] * m[6])
    };
    let whole = det([a, b, c, b, c, d, c, d, e]);
    if whole.abs() < 1e-9 {
        return None;
    }
    Some([
        det([p, b, c, q, c, d, r, d, e]) / whole,
        det([a, p, c, b, q, d, c, r, e]) / whole,
        det([a, b, p, b, c, q, c, d, r]) / whole,
    ])
}
