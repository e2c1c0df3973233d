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
    let mut gray = GrayImage::new(picture.width(), picture.height());
    for (gray, colour) in gray.pixels_mut().zip(picture.pixels()) {
        let [red, green, blue] = colour.0.map(u32::from);
        gray.0 = [((red * 77 + green * 150 + blue * 29) >> 8) as u8];
    }
    gray
}

/// Smaller, each pixel the mean of those that it is made of: what `imageops::thumbnail` does of any picture, in a
/// fifth of the time. A page is made small up to four times.
pub fn shrunk(picture: &GrayImage, width: u32, height: u32) -> GrayImage {
    let (columns, rows) = (
        edges(picture.width(), width),
        edges(picture.height(), height),
    );
    let mut shrunk = Vec::with_capacity(columns.len() * rows.len());
    let mut sums = vec![0_u32; picture.width() as usize];
    let mut left = picture.rows();
    for high in rows.windows(2) {
        sums.fill(0);
        for row in left.by_ref().take(high[1] - high[0]) {
            for (sum, pixel) in sums.iter_mut().zip(row) {
                *sum += u32::from(pixel.0[0]);
            }
        }
        shrunk.extend(columns.windows(2).map(|wide| {
            let count = ((wide[1] - wide[0]) * (high[1] - high[0])) as u32;
            let sum: u32 = sums[wide[0]..wide[1]].iter().sum();
            ((sum + count / 2) / count) as u8
        }));
    }
    let (width, height) = (columns.len() as u32 - 1, rows.len() as u32 - 1);
    GrayImage::from_raw(width, height, shrunk).unwrap_or_default()
}

/// Where so many equal parts of a length begin and end, in whole pixels; no more parts than pixels.
fn edges(length: u32, parts: u32) -> Vec<usize> {
    let parts = u64::from(parts.min(length));
    (0..=parts)
        .map(|part| (part * u64::from(length)).div_ceil(parts.max(1)) as usize)
        .collect()
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
    use image::imageops;

    #[test]
    fn a_small_picture_is_what_a_thumbnail_would_be() {
        let picture =
            GrayImage::from_fn(200, 90, |x, y| image::Luma([((x * 7 + y * y) % 256) as u8]));
        for (width, height) in [(100, 45), (50, 30), (1, 1), (200, 90)] {
            let small = shrunk(&picture, width, height);
            assert!(small == imageops::thumbnail(&picture, width, height));
        }
        // Not each of these blocks is as large as the other.
        let small = shrunk(&picture, 140, 63);
        assert_eq!(small.get_pixel(0, 0), &image::Luma([4]));
        assert_eq!(shrunk(&picture, 400, 45).dimensions(), (200, 45));
        assert_eq!(shrunk(&GrayImage::new(0, 0), 5, 5).dimensions(), (0, 0));
    }

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
