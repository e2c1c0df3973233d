//! Strokes on paper: what is darker than what surrounds it, and which pixels hang together.

use image::{GrayImage, RgbImage};

/// Something dark in one piece: its box, in pixels.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Blob {
    pub left: u32,
    pub top: u32,
    /// One behind the last.
    pub right: u32,
    pub bottom: u32,
    pub area: u32,
}

impl Blob {
    pub const fn height(&self) -> u32 {
        self.bottom - self.top
    }

    pub const fn middle(&self) -> (f32, f32) {
        (
            f32::midpoint(self.left as f32, self.right as f32),
            f32::midpoint(self.top as f32, self.bottom as f32),
        )
    }
}

/// Brightness as the eye weighs colours.
pub fn gray(picture: &RgbImage) -> GrayImage {
    let (width, height) = picture.dimensions();
    GrayImage::from_fn(width, height, |x, y| {
        let [red, green, blue] = picture.get_pixel(x, y).0.map(u32::from);
        image::Luma([((red * 77 + green * 150 + blue * 29) >> 8) as u8])
    })
}

/// Half the side of the square that a pixel is compared with: wider than a stroke, narrower than a
/// shadow.
const AROUND: u32 = 12;

/// Ink is at least this much darker than the paper around it, in parts of 100 and in steps of 255.
const DARKER_PERCENT: u64 = 88;
const DARKER_STEPS: u64 = 8;

/// Which pixels are ink.
pub struct Ink {
    width: u32,
    height: u32,
    dark: Vec<bool>,
}

impl Ink {
    pub fn of(picture: &GrayImage) -> Self {
        let (width, height) = picture.dimensions();
        let sums = sums(picture);
        let stride = width as usize + 1;
        let mut dark = Vec::with_capacity((width * height) as usize);
        for y in 0..height {
            let (top, bottom) = (y.saturating_sub(AROUND), (y + AROUND + 1).min(height));
            for x in 0..width {
                let (left, right) = (x.saturating_sub(AROUND), (x + AROUND + 1).min(width));
                let at = |x: u32, y: u32| sums[y as usize * stride + x as usize];
                let sum = at(right, bottom) + at(left, top) - at(left, bottom) - at(right, top);
                let count = u64::from((right - left) * (bottom - top));
                let value = u64::from(picture.get_pixel(x, y).0[0]) + DARKER_STEPS;
                dark.push(value * count * 100 < sum * DARKER_PERCENT + DARKER_STEPS * count * 12);
            }
        }
        Self {
            width,
            height,
            dark,
        }
    }

    /// The pieces that hang together, by runs of each row joined with those of the row above.
    pub fn blobs(&self) -> Vec<Blob> {
        let mut parents: Vec<usize> = Vec::new();
        let mut blobs: Vec<Blob> = Vec::new();
        let mut above: Vec<(u32, u32, usize)> = Vec::new();
        for y in 0..self.height {
            let mut row = Vec::new();
            for (start, end) in self.runs(y) {
                let own = parents.len();
                parents.push(own);
                blobs.push(Blob {
                    left: start,
                    top: y,
                    right: end,
                    bottom: y + 1,
                    area: end - start,
                });
                for &(other_start, other_end, other) in &above {
                    if other_start <= end && start <= other_end {
                        join(&mut parents, own, other);
                    }
                }
                row.push((start, end, own));
            }
            above = row;
        }
        merged(&mut parents, &blobs)
    }

    fn runs(&self, y: u32) -> Vec<(u32, u32)> {
        let start = (y * self.width) as usize;
        let row = self
            .dark
            .get(start..start + self.width as usize)
            .unwrap_or(&[]);
        let mut runs = Vec::new();
        let mut from = None;
        for (x, dark) in (0_u32..).zip(row) {
            match (dark, from) {
                (true, None) => from = Some(x),
                (false, Some(start)) => {
                    runs.push((start, x));
                    from = None;
                }
                _ => {}
            }
        }
        runs.extend(from.map(|start| (start, self.width)));
        runs
    }
}

/// Sums of everything above and to the left.
fn sums(picture: &GrayImage) -> Vec<u64> {
    let (width, height) = picture.dimensions();
    let stride = width as usize + 1;
    let mut sums = vec![0_u64; stride * (height as usize + 1)];
    for (y, row) in picture.rows().enumerate() {
        let mut sum = 0;
        for (x, pixel) in row.enumerate() {
            sum += u64::from(pixel.0[0]);
            sums[(y + 1) * stride + x + 1] = sums[y * stride + x + 1] + sum;
        }
    }
    sums
}

fn root(parents: &mut [usize], mut at: usize) -> usize {
    while parents[at] != at {
        parents[at] = parents[parents[at]];
        at = parents[at];
    }
    at
}

fn join(parents: &mut [usize], a: usize, b: usize) {
    let (a, b) = (root(parents, a), root(parents, b));
    parents[a.max(b)] = a.min(b);
}

fn merged(parents: &mut [usize], blobs: &[Blob]) -> Vec<Blob> {
    let mut all: Vec<Option<Blob>> = vec![None; blobs.len()];
    for (at, blob) in blobs.iter().enumerate() {
        let root = root(parents, at);
        let whole = all[root].get_or_insert(*blob);
        if root != at {
            *whole = Blob {
                left: whole.left.min(blob.left),
                top: whole.top.min(blob.top),
                right: whole.right.max(blob.right),
                bottom: whole.bottom.max(blob.bottom),
                area: whole.area + blob.area,
            };
        }
    }
    all.into_iter().flatten().collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn letters_are_blobs_and_shadows_are_not() {
        // Two strokes, one shaped like a U, on paper that darkens to the right.
        let picture = GrayImage::from_fn(120, 60, |x, y| {
            let u =
                (20..24).contains(&x) || (34..38).contains(&x) || (20..38).contains(&x) && y >= 36;
            let bar = (60..64).contains(&x);
            let ink = (20..40).contains(&y) && (u || bar);
            image::Luma([if ink { 60 } else { (220 - x) as u8 }])
        });
        let blobs: Vec<_> = Ink::of(&picture).blobs();
        let boxes: Vec<_> = blobs
            .iter()
            .map(|blob| (blob.left, blob.top, blob.right, blob.bottom))
            .collect();
        assert_eq!(boxes, [(20, 20, 38, 40), (60, 20, 64, 40)]);
    }
}
