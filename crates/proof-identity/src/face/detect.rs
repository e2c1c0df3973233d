//! Finding faces: MediaPipe's BlazeFace for cameras on the back, which also sees small ones.

use super::rows;
use crate::{
    geometry::{Point, Warp},
    network::{ModelError, Network},
};
use image::RgbImage;

const SIDE: u32 = 256;

/// Below this, BlazeFace sees faces in curtains.
const SCORE_MIN: f32 = 0.6;

/// Two boxes that share more than this are one face.
const OVERLAP_MAX: f32 = 0.3;

/// More faces than anybody has a use for.
const FACES_MAX: usize = 8;

/// The grids of the model: cells along a side, and boxes that each cell proposes.
const GRIDS: [(usize, usize); 2] = [(16, 2), (8, 6)];

/// The box, then six points: right eye, left eye (the person's), nose, mouth, right ear, left ear.
const NUMBERS: usize = 16;

#[derive(Clone, PartialEq, Debug)]
pub struct Found {
    pub score: f32,
    pub centre: Point,
    pub width: f32,
    pub height: f32,
    /// As one sees them: the left one in the picture first.
    pub eyes: [Point; 2],
    pub nose: Point,
    pub mouth: Point,
}

/// The faces in a picture, the largest first.
pub fn detect(network: &Network, picture: &RgbImage) -> Result<Vec<Found>, ModelError> {
    let (width, height) = picture.dimensions();
    let whole = (Point::default(), width.max(height) as f32);
    detect_in(network, picture, whole)
}

/// The same, looking closely: small faces are found that are lost when the whole picture is made small.
pub fn detect_closely(network: &Network, picture: &RgbImage) -> Result<Vec<Found>, ModelError> {
    let found = detect(network, picture)?;
    if !found.is_empty() {
        return Ok(found);
    }
    let (width, height) = picture.dimensions();
    let side = width.max(height) as f32 * PIECE;
    let mut all = Vec::new();
    for (x, y) in [(0.0, 0.0), (1.0, 0.0), (0.0, 1.0), (1.0, 1.0)] {
        let corner = Point::new(
            x * (width as f32 - side).max(0.0),
            y * (height as f32 - side).max(0.0),
        );
        all.extend(detect_in(network, picture, (corner, side))?);
    }
    Ok(kept(all))
}

/// Pieces overlap by enough that a portrait is whole in one of them.
const PIECE: f32 = 0.6;

fn detect_in(
    network: &Network,
    picture: &RgbImage,
    (corner, side): (Point, f32),
) -> Result<Vec<Found>, ModelError> {
    let centre = Point::new(corner.x + side / 2.0, corner.y + side / 2.0);
    let warp = Warp::square(centre, side, 0.0, SIDE);
    let input = rows(picture, &warp, SIDE, -1.0, 1.0);
    let [boxes, scores] = network.run(&input)?;
    let anchors: Vec<Point> = anchors().collect();
    if scores.values.len() != anchors.len() || boxes.values.len() != anchors.len() * NUMBERS {
        return Err(network.answer_is_wrong());
    }
    let found = anchors
        .into_iter()
        .zip(&scores.values)
        .zip(boxes.values.chunks_exact(NUMBERS))
        .filter_map(|((anchor, raw), numbers)| {
            let score = 1.0 / (1.0 + (-raw).exp());
            let score = Some(score).filter(|score| *score >= SCORE_MIN)?;
            Some(face(score, anchor, numbers, &warp))
        })
        .collect();
    Ok(kept(found))
}

/// The middles of the cells, once for each box, in parts of the side.
fn anchors() -> impl Iterator<Item = Point> {
    GRIDS.into_iter().flat_map(|(cells, boxes)| {
        (0..cells * cells * boxes).map(move |index| {
            let cell = index / boxes;
            let middle = |at: usize| (at as f32 + 0.5) / cells as f32;
            Point::new(middle(cell % cells), middle(cell / cells))
        })
    })
}

fn face(score: f32, anchor: Point, numbers: &[f32], warp: &Warp) -> Found {
    let side = SIDE as f32;
    let point = |at: usize| {
        let (x, y) = (numbers[at], numbers[at + 1]);
        warp.at(Point::new(x + anchor.x * side, y + anchor.y * side))
    };
    let size = |at: usize| {
        let from = warp.at(Point::default());
        from.distance(warp.at(Point::new(numbers[at].abs(), 0.0)))
    };
    Found {
        score,
        centre: point(0),
        width: size(2),
        height: size(3),
        eyes: [point(4), point(6)],
        nose: point(8),
        mouth: point(10),
    }
}

/// The best of those that overlap, the largest first.
fn kept(mut found: Vec<Found>) -> Vec<Found> {
    found.sort_by(|a, b| b.score.total_cmp(&a.score));
    let mut kept: Vec<Found> = Vec::new();
    for face in found {
        if kept.len() < FACES_MAX && kept.iter().all(|other| overlap(&face, other) < OVERLAP_MAX) {
            kept.push(face);
        }
    }
    kept.sort_by(|a, b| b.width.total_cmp(&a.width));
    kept
}

fn overlap(a: &Found, b: &Found) -> f32 {
    let along = |a: f32, a_size: f32, b: f32, b_size: f32| {
        let end = (a + a_size / 2.0).min(b + b_size / 2.0);
        (end - (a - a_size / 2.0).max(b - b_size / 2.0)).max(0.0)
    };
    let shared = along(a.centre.x, a.width, b.centre.x, b.width)
        * along(a.centre.y, a.height, b.centre.y, b.height);
    let all = a.width * a.height + b.width * b.height - shared;
    if all > 0.0 { shared / all } else { 0.0 }
}
