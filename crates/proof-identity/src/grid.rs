//! Traces of a grid in a picture: of a screen's pixels, or of a print's rows of dots, which beat with the camera's own
//! pixels. A face, hair or cloth has no such thing all over it. Pure, and a small statistical model: no network.
//!
//! The square of a face is cut into overlapping windows. In the spectrum of each, every frequency is
//! compared with those around it; what stands out by itself, in neighbouring windows at nearly the same frequency, is a
//! grid. What counts is how far something stands out in the middle one of all neighbourhoods, so that a striped
//! collar in a corner does not.

use crate::geometry::Point;
use image::RgbImage;
use std::{array, f32::consts::TAU};

/// A window's side. Within it a grid that is held aslant keeps its frequency.
const SIDE: usize = 64;
const CELLS: usize = SIDE * SIDE;

/// From one window to the next, at least.
const STEP: usize = 32;

/// Windows along a side of the piece. More of them say no more and take longer.
const WINDOWS_MAX: usize = 8;

/// Neighbouring windows along a side that have to agree.
const AGREE: usize = 2;

/// Slower than this, in waves for each window, a face has shapes of its own.
const WAVES_MIN: i32 = 5;

/// Squares around a frequency: what it is compared with, without those too near to it, and what counts as itself,
/// since a wave that is no whole one is in several.
const AROUND: usize = 11;
const ITSELF: usize = 5;
const PEAK: usize = 3;

/// Of fewer frequencies the mean is too much by chance.
const NEAR_MIN: f32 = 6.0;

/// What a camera's or a JPEG's rounding makes, as a power of one frequency: of a twentieth of a grey step. Without it
/// a piece without any detail would have peaks of nothing.
const ROUNDING: f32 = 0.05 * CELLS as f32 * 0.14;

/// From this factor on people look (docs, "Identity").
pub const MAYBE_SCREEN_MIN: f32 = 3.3;

/// Frames of a film that are looked at: more of them say the same and take longer.
const FRAMES_MAX: usize = 6;

/// The square that is looked at, in distances of the eyes: hardly more than the face. What is around it may well have
/// stripes, blinds or bricks.
const SQUARE: f32 = 2.6;

/// The frames of one film, as they come.
pub struct Film {
    /// One of so many frames is looked at.
    one_of: usize,
    come: usize,
    traces: Vec<f32>,
}

impl Film {
    /// That will have so many frames.
    pub const fn of(frames: usize) -> Self {
        Self {
            one_of: frames.div_ceil(FRAMES_MAX),
            come: 0,
            traces: Vec::new(),
        }
    }

    /// At a face, by its middle and how far its eyes are from each other.
    pub fn look(&mut self, frame: &RgbImage, middle: Point, eyes: f32) {
        if self.come.is_multiple_of(self.one_of) {
            self.traces.extend(trace(frame, middle, eyes * SQUARE));
        }
        self.come += 1;
    }

    /// How many times as strong as what is around it is what stands out, in the middle one of all frames: about 2 where
    /// nothing does. `None`: the face is too small in them to say.
    pub fn factor(mut self) -> Option<f32> {
        self.traces.sort_by(f32::total_cmp);
        self.traces
            .get(self.traces.len() / 2)
            .map(|trace| trace.exp())
    }
}

/// How far something stands out from its surroundings in the spectrum of the square around a face, as a logarithm: about
/// 0.7 where nothing does. `None`: the square is too small to say.
pub fn trace(picture: &RgbImage, centre: Point, side: f32) -> Option<f32> {
    let piece = Piece::of(picture, centre, side)?;
    let counts = Counts::new();
    let fft = Fft::new();
    let [columns, rows] = piece.windows();
    let places: Vec<[usize; 2]> = rows
        .iter()
        .flat_map(|y| columns.iter().map(|x| [*x, *y]))
        .collect();
    // Two windows at a time: one is the real part, one the imaginary.
    let spectra: Vec<Vec<f32>> = places
        .chunks(2)
        .flat_map(|two| {
            let windows = two.iter().map(|place| piece.window(*place));
            let [one, other] = fft.powers(windows);
            [one, other].into_iter().take(two.len())
        })
        .map(|power| widened(&standing_out(&power, &counts)))
        .collect();
    let mut agreed = Vec::new();
    for y in 0..=rows.len() - AGREE {
        for x in 0..=columns.len() - AGREE {
            let near = (0..AGREE * AGREE)
                .map(|at| (y + at / AGREE) * columns.len() + x + at % AGREE)
                .filter_map(|at| spectra.get(at));
            agreed.push(best_of_all(near));
        }
    }
    agreed.sort_by(f32::total_cmp);
    agreed.get(agreed.len() / 4).copied()
}

/// The mean of the windows at the frequency where it is highest.
fn best_of_all<'a>(windows: impl Iterator<Item = &'a Vec<f32>>) -> f32 {
    let mut sums = vec![0.0_f32; CELLS];
    let mut count = 0.0_f32;
    for window in windows {
        count += 1.0;
        for (sum, value) in sums.iter_mut().zip(window) {
            *sum += value;
        }
    }
    sums.into_iter().fold(f32::MIN, f32::max) / count
}

/// The grey of the square around a face.
struct Piece {
    width: usize,
    height: usize,
    grey: Vec<f32>,
}

impl Piece {
    fn of(picture: &RgbImage, centre: Point, side: f32) -> Option<Self> {
        let (width, height) = picture.dimensions();
        let cut = |middle: f32, length: u32| {
            let low = (middle - side / 2.0).clamp(0.0, length as f32) as u32;
            let high = (middle + side / 2.0).clamp(0.0, length as f32) as u32;
            (low, (high - low) as usize)
        };
        let ((left, width), (top, height)) = (cut(centre.x, width), cut(centre.y, height));
        let least = SIDE + (AGREE - 1) * STEP;
        if width < least || height < least {
            return None;
        }
        let grey = (0..width * height)
            .map(|at| {
                let (x, y) = ((at % width) as u32, (at / width) as u32);
                let [red, green, blue] = picture.get_pixel(left + x, top + y).0.map(f32::from);
                0.299 * red + 0.587 * green + 0.114 * blue
            })
            .collect();
        Some(Self {
            width,
            height,
            grey,
        })
    }

    /// Where windows begin, across and down.
    fn windows(&self) -> [Vec<usize>; 2] {
        [self.width, self.height].map(|length| {
            let room = length - SIDE;
            let last = (room / STEP).min(WINDOWS_MAX - 1);
            (0..=last).map(|at| at * room / last).collect()
        })
    }

    /// Faded towards its edges, around its own mean: else an edge would be in all frequencies.
    fn window(&self, [left, top]: [usize; 2]) -> Vec<f32> {
        let at = |at: usize| self.grey[(top + at / SIDE) * self.width + left + at % SIDE];
        let mean = (0..CELLS).map(at).sum::<f32>() / CELLS as f32;
        let fade: [f32; SIDE] =
            array::from_fn(|at| 0.5 - 0.5 * (at as f32 / SIDE as f32 * TAU).cos());
        (0..CELLS)
            .map(|cell| (at(cell) - mean) * fade[cell % SIDE] * fade[cell / SIDE])
            .collect()
    }
}

/// Whether a frequency counts. Not the slow ones; not the upright and the level ones, nor those of eight pixels: blocks of
/// JPEG and of film, edges of doors and frames are there.
fn counting(cell: usize) -> bool {
    let wave = |at: usize| {
        let at = at as i32;
        if at < SIDE as i32 / 2 {
            at
        } else {
            at - SIDE as i32
        }
    };
    let is_block = |wave: i32| {
        let block = SIDE as i32 / 8;
        let past = wave.rem_euclid(block);
        past <= 1 || past == block - 1
    };
    let (x, y) = (wave(cell % SIDE), wave(cell / SIDE));
    let fastest = SIDE as i32 / 2 - 2;
    // The other half of the plane says the same.
    (2..=fastest).contains(&x)
        && (2..=fastest).contains(&y.abs())
        && x * x + y * y >= WAVES_MIN * WAVES_MIN
        && !(is_block(x) && is_block(y))
}

/// Where frequencies count, and how many around each do.
struct Counts {
    one: Vec<f32>,
    near: Vec<f32>,
}

impl Counts {
    fn new() -> Self {
        let one: Vec<f32> = (0..CELLS)
            .map(|cell| f32::from(u8::from(counting(cell))))
            .collect();
        let near = boxed(&one, PEAK);
        Self { one, near }
    }
}

/// How far each frequency stands out from those around it: a logarithm. What does not count is no part of what stands
/// out, and all the more of what is around: edges are strong near the axes.
fn standing_out(power: &[f32], counts: &Counts) -> Vec<f32> {
    let counting: Vec<f32> = power
        .iter()
        .zip(&counts.one)
        .map(|(power, one)| power * one)
        .collect();
    let peak = boxed(&counting, PEAK);
    let [around, itself] = [AROUND, ITSELF].map(|side| boxed(power, side));
    let others = (AROUND * AROUND - ITSELF * ITSELF) as f32;
    (0..CELLS)
        .map(|cell| {
            let near = counts.near[cell];
            if counts.one[cell] == 0.0 || near < NEAR_MIN {
                return NOTHING;
            }
            let ground = ((around[cell] - itself[cell]) / others).max(0.0) + ROUNDING;
            (peak[cell] / near / ground + 0.02).ln()
        })
        .collect()
}

/// Of frequencies that do not count.
const NOTHING: f32 = -4.0;

/// Sums over squares, around and around: a spectrum has no edge.
fn boxed(values: &[f32], side: usize) -> Vec<f32> {
    let along = |values: &[f32], step: usize, line: usize| {
        let mut sums = vec![0.0_f32; CELLS];
        for from in 0..SIDE {
            let cell = |at: usize| from * line + (at % SIDE) * step;
            let half = side / 2;
            for at in 0..SIDE {
                sums[cell(at)] = (0..side)
                    .map(|by| values[cell(at + SIDE + by - half)])
                    .sum();
            }
        }
        sums
    };
    along(&along(values, 1, SIDE), SIDE, 1)
}

/// The highest of each and its neighbours: from window to window a frequency wanders a little.
fn widened(values: &[f32]) -> Vec<f32> {
    let along = |values: &[f32], step: usize, line: usize| {
        let mut high = vec![NOTHING; CELLS];
        for from in 0..SIDE {
            let cell = |at: usize| from * line + (at % SIDE) * step;
            for at in 0..SIDE {
                let near = values[cell(at + SIDE - 1)].max(values[cell(at + 1)]);
                high[cell(at)] = values[cell(at)].max(near);
            }
        }
        high
    };
    along(&along(values, 1, SIDE), SIDE, 1)
}

#[derive(Clone, Copy, Default)]
struct Complex {
    re: f32,
    im: f32,
}

/// Cooley and Tukey's fast transform of a window, by halves.
struct Fft {
    turns: [Complex; SIDE / 2],
}

impl Fft {
    fn new() -> Self {
        let turns = array::from_fn(|at| {
            let (sin, cos) = (-TAU * at as f32 / SIDE as f32).sin_cos();
            Complex { re: cos, im: sin }
        });
        Self { turns }
    }

    /// The powers of the frequencies of two windows; of nothing where there is one.
    fn powers(&self, mut windows: impl Iterator<Item = Vec<f32>>) -> [Vec<f32>; 2] {
        let (one, other) = (
            windows.next().unwrap_or_default(),
            windows.next().unwrap_or_default(),
        );
        let part = |values: &[f32], at: usize| values.get(at).copied().unwrap_or_default();
        let mut cells: Vec<Complex> = (0..CELLS)
            .map(|at| Complex {
                re: part(&one, at),
                im: part(&other, at),
            })
            .collect();
        for pass in 0..2 {
            for from in 0..SIDE {
                let (step, line) = if pass == 0 { (1, SIDE) } else { (SIDE, 1) };
                let mut row: [Complex; SIDE] = array::from_fn(|at| cells[from * line + at * step]);
                self.transform(&mut row);
                for (at, value) in row.into_iter().enumerate() {
                    cells[from * line + at * step] = value;
                }
            }
        }
        // A real picture's frequency is its opposite's mirror image: so the two are told apart.
        let mut powers = [vec![0.0_f32; CELLS], vec![0.0_f32; CELLS]];
        for (at, a) in cells.iter().enumerate() {
            let opposite = |at: usize| (SIDE - at) % SIDE;
            let b = cells[opposite(at / SIDE) * SIDE + opposite(at % SIDE)];
            let square = |re: f32, im: f32| (re * re + im * im) / 4.0;
            powers[0][at] = square(a.re + b.re, a.im - b.im);
            powers[1][at] = square(a.im + b.im, b.re - a.re);
        }
        powers
    }

    fn transform(&self, row: &mut [Complex; SIDE]) {
        let bits = SIDE.trailing_zeros();
        for at in 0..SIDE {
            let other = at.reverse_bits() >> (usize::BITS - bits);
            if at < other {
                row.swap(at, other);
            }
        }
        let mut half = 1;
        while half < SIDE {
            for at in (0..SIDE).step_by(half * 2) {
                for by in 0..half {
                    let turn = self.turns[by * SIDE / (half * 2)];
                    let (a, b) = (row[at + by], row[at + by + half]);
                    let b = Complex {
                        re: b.re * turn.re - b.im * turn.im,
                        im: b.re * turn.im + b.im * turn.re,
                    };
                    row[at + by] = Complex {
                        re: a.re + b.re,
                        im: a.im + b.im,
                    };
                    row[at + by + half] = Complex {
                        re: a.re - b.re,
                        im: a.im - b.im,
                    };
                }
            }
            half *= 2;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use image::Rgb;

    /// Even noise of some steps around a grey, and what is put on it.
    fn picture(side: u32, put: impl Fn(f32, f32) -> f32) -> RgbImage {
        let mut state = 7_u64;
        RgbImage::from_fn(side, side, |x, y| {
            state = state
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1_442_695_040_888_963_407);
            let noise = (state >> 40) as f32 / (1_u64 << 24) as f32 * 8.0;
            Rgb([(120.0 + noise + put(x as f32, y as f32)) as u8; 3])
        })
    }

    fn of(picture: &RgbImage) -> f32 {
        let side = picture.width() as f32;
        let middle = Point::new(side / 2.0, side / 2.0);
        trace(picture, middle, side).unwrap().exp()
    }

    /// So many pixels from crest to crest, aslant.
    fn wave(x: f32, y: f32, pixels: f32) -> f32 {
        2.0 * ((x * 0.8 + y * 0.6) / pixels * TAU).sin()
    }

    #[test]
    fn what_is_all_over_the_face_stands_out() {
        assert!(of(&picture(240, |_, _| 0.0)) < 2.9);
        let grid = of(&picture(240, |x, y| wave(x, y, 3.7)));
        assert!(grid > 6.0, "{grid}");
        // Its frequency may wander, as that of a screen held aslant does.
        let wanders = of(&picture(240, |x, y| wave(x, y, 3.7 + x * 0.002)));
        assert!(wanders > 5.0, "{wanders}");
    }

    #[test]
    fn what_is_in_a_part_of_it_does_not() {
        let collar = |x: f32, y: f32| if y > 165.0 { wave(x, y, 3.7) } else { 0.0 };
        assert!(of(&picture(240, collar)) < 2.9);
    }

    #[test]
    fn blocks_of_jpeg_and_edges_do_not_count() {
        let edge = |at: f32| if at % 8.0 < 1.0 { 6.0 } else { 0.0 };
        assert!(of(&picture(240, |x, y| edge(x) + edge(y))) < 2.9);
        assert!(of(&picture(240, |x, y| edge(x) * edge(y))) < 2.9);
        assert!(of(&picture(240, |x, _| (x / 3.7 * TAU).sin() * 4.0)) < 2.9);
    }

    #[test]
    fn slow_shapes_do_not_count() {
        assert!(of(&picture(240, |x, y| wave(x, y, 20.0))) < 2.9);
    }

    #[test]
    fn an_even_face_has_no_peaks_of_nothing() {
        let even = RgbImage::from_pixel(240, 240, Rgb([120; 3]));
        assert!(of(&even) < 1.0);
    }

    #[test]
    fn a_small_square_says_nothing() {
        let small = picture(95, |_, _| 0.0);
        assert_eq!(trace(&small, Point::new(47.0, 47.0), 95.0), None);
        let beside = picture(240, |_, _| 0.0);
        assert_eq!(trace(&beside, Point::new(-20.0, 120.0), 200.0), None);
        assert_eq!(trace(&beside, Point::new(f32::NAN, 120.0), 200.0), None);
    }

    #[test]
    fn the_middle_frame_counts_and_six_are_looked_at() {
        let plain = picture(240, |_, _| 0.0);
        let grid = picture(240, |x, y| wave(x, y, 3.7));
        let middle = Point::new(120.0, 120.0);
        let factor = |frames: &[&RgbImage]| {
            let mut film = Film::of(frames.len());
            for frame in frames {
                film.look(frame, middle, 90.0);
            }
            (film.traces.len(), film.factor())
        };
        let (_, one) = factor(&[&plain, &grid, &plain]);
        assert!(one.unwrap() < 2.9);
        let (_, two) = factor(&[&grid, &plain, &grid]);
        assert!(two.unwrap() > 6.0);
        assert_eq!(factor(&[&plain; 18]).0, 6);
        assert_eq!(factor(&[&plain; 13]).0, 5);
        assert_eq!(factor(&[]), (0, None));
    }

    #[test]
    fn two_windows_are_told_apart() {
        let waves = |x: usize, y: usize| -> Vec<f32> {
            let wave = |cell: usize| (x * (cell % SIDE) + y * (cell / SIDE)) as f32;
            (0..CELLS)
                .map(|cell| (wave(cell) / SIDE as f32 * TAU).cos())
                .collect()
        };
        let powers = Fft::new().powers([waves(5, 9), waves(20, 3)].into_iter());
        for (power, [x, y]) in powers.iter().zip([[5, 9], [20, 3]]) {
            let all: f32 = power.iter().sum();
            let whole = (CELLS / 2) as f32;
            // A wave is in its own frequency and in the opposite one, half each.
            let there = power[y * SIDE + x] / (whole * whole);
            assert!((there - 1.0).abs() < 1e-3, "{there}");
            assert!((all / (2.0 * whole * whole) - 1.0).abs() < 1e-3);
        }
    }
}
