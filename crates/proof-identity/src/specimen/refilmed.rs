//! What a camera makes of a scene, and what it makes of that scene once it is shown on a screen or printed: for
//! trying out whether the traces of a grid are found. A simulation. Light is collected in several places for each
//! pixel of the camera, through a soft lens and a mosaic of colours, so that beats between two grids come about
//! as they do in glass and silicon.

use super::damage::{BELL, Random};
use crate::geometry::{Point, Warp, bilinear};
use image::{Rgb, RgbImage, codecs::jpeg::JpegEncoder, imageops};
use std::io::Cursor;

/// What the scene is.
#[derive(Clone, Copy, PartialEq, Debug)]
pub enum Shown {
    /// Itself, in front of the camera.
    Live,
    Screen(Screen),
    Print(Print),
}

#[derive(Clone, Copy, PartialEq, Debug)]
pub struct Screen {
    /// How many pixels of the camera one pixel of the screen takes. A face 15 cm wide on a monitor of 92 dpi has 540
    /// of its pixels; a camera of 1280 that sees it from 45 cm makes 340 of it, which is 0.63.
    pub pitch: f32,
    /// Its stripes of colour lie instead of standing.
    pub is_turned: bool,
    /// The part of the light that the glass throws back.
    pub mirrors: f32,
}

/// Rows of dots in four inks, as printing presses and laser printers make them.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct Print {
    /// How many pixels of the camera lie between two rows of dots. A face 15 cm wide at 106 lines an inch, in 340
    /// pixels of the camera, has 0.54.
    pub pitch: f32,
    /// Contrast, in parts of what a screen has.
    pub contrast: f32,
}

#[derive(Clone, Copy, PartialEq, Debug)]
pub struct Camera {
    /// Its pixels for one of the frame, along a side: a camera of 1280 whose frames are 960 wide has 1.33.
    pub pixels: f32,
    /// The spread of what its lens makes of a point, in its pixels. Webcams and telephones have 0.3 to 0.7 in focus.
    pub lens: f32,
    /// How much of a pixel's width sees light. 1 where each pixel of the film is one of the sensor's; less where the
    /// sensor has more, and leaves out some of them.
    pub fills: f32,
    /// How bright a frame it makes, in parts of a good one.
    pub light: f32,
    /// The spread of its noise on white, in parts of white.
    pub noise: f32,
    /// How far it smooths colours, in its pixels.
    pub smooths: f32,
    /// How much it sharpens.
    pub sharpens: f32,
    /// Of the JPEG or the film in which it hands out its pixels, before anything makes them smaller; 0: of none.
    pub quality: u8,
    /// Of the frame's JPEG.
    pub frame_quality: u8,
}

impl Default for Camera {
    /// A good webcam of 1280 pixels.
    fn default() -> Self {
        Self {
            pixels: 4.0 / 3.0,
            lens: 0.4,
            fills: 1.0,
            light: 1.0,
            noise: 0.012,
            smooths: 0.0,
            sharpens: 0.3,
            quality: 0,
            frame_quality: 90,
        }
    }
}

/// How screen or print, or whoever is there, is held.
#[derive(Clone, Copy, PartialEq, Debug, Default)]
pub struct Hold {
    pub turn_degrees: f32,
    /// Away from the camera, to the right and downwards.
    pub tilt_degrees: [f32; 2],
    /// How far it is from where it would be, in pixels of the frame.
    pub shift: [f32; 2],
}

impl Hold {
    fn way(self, (width, height): (u32, u32), pixels: f32) -> Warp {
        let (width, height) = (width as f32, height as f32);
        let far = width.max(height) * DISTANCE;
        let [across, down] = self.tilt_degrees.map(f32::to_radians);
        let (sin, cos) = self.turn_degrees.to_radians().sin_cos();
        let corner = |x: f32, y: f32| {
            let x = x - width / 2.0 - self.shift[0];
            let y = y - height / 2.0 - self.shift[1];
            let away = 1.0 + (x * across.tan() + y * down.tan()) / far;
            let (x, y) = (x / away / across.cos(), y / away / down.cos());
            Point::new(
                x * cos - y * sin + width / 2.0,
                x * sin + y * cos + height / 2.0,
            )
        };
        let corners = [
            corner(0.0, 0.0),
            corner(width, 0.0),
            corner(width, height),
            corner(0.0, height),
        ];
        let straight = Warp::square(Point::default(), 1.0, 0.0, 1);
        Warp::quad(width * pixels, height * pixels, corners).unwrap_or(straight)
    }
}

/// A frame of the scene's size, as a JPEG.
pub fn refilmed(scene: &RgbImage, shown: Shown, hold: Hold, camera: &Camera, seed: u64) -> Vec<u8> {
    let mut random = Random(seed);
    let light = Light::new(scene, shown, hold, camera);
    let mut film = light.collected();
    mosaic(&mut film, camera, &mut random);
    let colours = film.colours(camera);
    let colours = if camera.quality > 0 {
        reopened(&jpeg(&colours, camera.quality)).unwrap_or(colours)
    } else {
        colours
    };
    let frame = shrunk(&colours, scene.dimensions(), camera.pixels);
    jpeg(&frame, camera.frame_quality)
}

/// Between two pixels, browsers take what lies between.
fn shrunk(picture: &RgbImage, (width, height): (u32, u32), pixels: f32) -> RgbImage {
    RgbImage::from_fn(width, height, |x, y| {
        let at = Point::new((x as f32 + 0.5) * pixels, (y as f32 + 0.5) * pixels);
        Rgb(bilinear(picture, at).map(|value| (value + 0.5) as u8))
    })
}

fn jpeg(picture: &RgbImage, quality: u8) -> Vec<u8> {
    let mut bytes = Cursor::new(Vec::new());
    let encoder = JpegEncoder::new_with_quality(&mut bytes, quality);
    // Writing to memory fails for no picture of this size.
    let _ = picture.write_with_encoder(encoder);
    bytes.into_inner()
}

fn reopened(bytes: &[u8]) -> Option<RgbImage> {
    Some(image::load_from_memory(bytes).ok()?.into_rgb8())
}

/// Places along a pixel of the camera in which light is collected: four for each pixel of the grid, so that what beats
/// is grid and camera, and not grid and places.
fn looks(shown: Shown) -> u32 {
    match shown {
        Shown::Screen(Screen { pitch, .. }) | Shown::Print(Print { pitch, .. })
            if pitch >= GONE =>
        {
            (4.0 / pitch).ceil().max(4.0) as u32
        }
        Shown::Live | Shown::Screen(_) | Shown::Print(_) => 3,
    }
}

/// Of a grid finer than this no lens here leaves anything.
const GONE: f32 = 0.33;

/// The scene as light, and the way from the camera to it.
struct Light<'a> {
    width: u32,
    height: u32,
    /// What shines: of the scene's pixels, or of the screen's when it is shown on one.
    pixels: Pixels,
    shown: Shown,
    /// From a place of the camera to one of the scene, each in their pixels.
    way: Warp,
    inks: [Ink; 4],
    looks: u32,
    camera: &'a Camera,
}

/// The direction of its rows, and what it lets through.
#[derive(Clone, Copy)]
struct Ink {
    sin: f32,
    cos: f32,
    lets: [f32; 3],
}

impl<'a> Light<'a> {
    fn new(scene: &RgbImage, shown: Shown, hold: Hold, camera: &'a Camera) -> Self {
        let size = match shown {
            Shown::Live | Shown::Print(_) => 1.0,
            Shown::Screen(screen) => screen.pitch / camera.pixels,
        };
        Self {
            width: scene.width(),
            height: scene.height(),
            pixels: Pixels::of(scene, size),
            shown,
            way: hold.way(scene.dimensions(), camera.pixels),
            inks: INKS.map(|(degrees, lets)| {
                let (sin, cos) = f32::to_radians(degrees).sin_cos();
                Ink { sin, cos, lets }
            }),
            looks: looks(shown),
            camera,
        }
    }

    /// What shines from there, in three colours.
    fn shining(&self, x: f32, y: f32) -> [f32; 3] {
        let at = self.way.at(Point::new(x, y));
        match self.shown {
            Shown::Live => self.pixels.between(at),
            Shown::Screen(screen) => self.of_screen(screen, at),
            Shown::Print(print) => self.of_print(print, at),
        }
    }

    /// A pixel of a screen is one colour all over, in three stripes with black between them and between rows.
    fn of_screen(&self, screen: Screen, at: Point) -> [f32; 3] {
        let size = screen.pitch / self.camera.pixels;
        let (u, v) = (at.x / size, at.y / size);
        let colour = self.pixels.at(whole(u) as i32, whole(v) as i32);
        let wide = 1.0 / (screen.pitch * self.looks as f32);
        let (u, v) = if screen.is_turned { (v, u) } else { (u, v) };
        let row = lit(v, wide, (1.0 - ROW_LIT) / 2.0, ROW_LIT);
        let glass = screen.mirrors * self.glass(at);
        std::array::from_fn(|channel| {
            let stripe = channel as f32 / 3.0 + (1.0 / 3.0 - STRIPE_LIT) / 2.0;
            let grid = if screen.pitch < GONE {
                1.0
            } else {
                row * lit(u, wide, stripe, STRIPE_LIT)
            };
            (1.0 - screen.mirrors) * colour[channel] * grid + glass
        })
    }

    /// A window mirrors itself softly in a corner.
    fn glass(&self, at: Point) -> f32 {
        let (width, height) = (self.width, self.height);
        let (x, y) = (at.x / width as f32 - 0.8, at.y / height as f32 - 0.2);
        0.6 + 0.6 / (1.0 + (x * x + y * y) * 10.0)
    }

    /// Dots of cyan, magenta, yellow and black, each in rows that are turned by another angle.
    fn of_print(&self, print: Print, at: Point) -> [f32; 3] {
        let shining = self.pixels.between(at);
        let ink = shining.map(|light| 1.0 - light);
        let black = ink.iter().copied().fold(1.0_f32, f32::min) * 0.6;
        let size = print.pitch / self.camera.pixels;
        let mut paper = PAPER;
        // A row's distance from the next, as a wave between -1 and 1.
        let wave = |along: f32| {
            let row = along / size;
            1.0 - 4.0 * (row - whole(row) - 0.5).abs()
        };
        for (number, Ink { sin, cos, lets }) in self.inks.into_iter().enumerate() {
            let covers = ink.get(number).map_or(black, |ink| ink - black);
            let (along, across) = (at.x * cos + at.y * sin, at.y * cos - at.x * sin);
            let there = 0.5 + 0.25 * (wave(along) + wave(across));
            // Ink runs a little.
            let dot = ((covers - there) / 0.2 + 0.5).clamp(0.0, 1.0);
            let dot = if print.pitch < GONE { covers } else { dot };
            for (paper, lets) in paper.iter_mut().zip(lets) {
                *paper *= 1.0 - dot * (1.0 - lets);
            }
        }
        paper.map(|light| print.contrast * (light - 0.1) + 0.1)
    }

    /// The light of all places, by the pixels of the camera: softened by its lens and by how wide a pixel is, along
    /// the row and then down the columns.
    fn collected(&self) -> Film {
        let (width, height) = (self.width, self.height);
        let size = |length: u32| (length as f32 * self.camera.pixels).round() as usize;
        let mut film = Film::new(size(width), size(height));
        let looks = self.looks as usize;
        let spread = spread(self.camera, looks);
        let room = (spread.len() - looks) / 2;
        let step = 1.0 / looks as f32;
        let mut places = vec![[0.0_f32; 3]; film.width * looks + 2 * room];
        let mut row = vec![[0.0_f32; 3]; film.width];
        for line in 0..film.height * looks + 2 * room {
            let y = (line as f32 - room as f32 + 0.5) * step;
            for (at, place) in places.iter_mut().enumerate() {
                *place = self.shining((at as f32 - room as f32 + 0.5) * step, y);
            }
            for (x, sum) in row.iter_mut().enumerate() {
                *sum = weighed(&spread, &places[x * looks..]);
            }
            film.add(&row, line, &spread, looks);
        }
        film
    }
}

/// What shines of a picture.
struct Pixels {
    width: i32,
    height: i32,
    light: Vec<[f32; 3]>,
}

impl Pixels {
    /// Of the picture in pixels that are so large, in its own.
    fn of(picture: &RgbImage, size: f32) -> Self {
        let shines: Vec<f32> = (0..=255_u8)
            .map(|step| (f32::from(step) / 255.0).powf(GAMMA))
            .collect();
        let long = |length: u32| ((length as f32 / size).ceil() as i32).max(1);
        let (width, height) = (long(picture.width()), long(picture.height()));
        let light = (0..width * height)
            .map(|at| {
                let middle = |at: i32, length: u32| {
                    ((at as f32 + 0.5) * size).clamp(0.5, length as f32 - 0.5)
                };
                let (x, y) = (at % width, at / width);
                let at = Point::new(middle(x, picture.width()), middle(y, picture.height()));
                bilinear(picture, at).map(|step| shines[(step + 0.5) as usize])
            })
            .collect();
        Self {
            width,
            height,
            light,
        }
    }

    /// What lies beyond the picture is its last row.
    fn at(&self, x: i32, y: i32) -> [f32; 3] {
        let (x, y) = (x.clamp(0, self.width - 1), y.clamp(0, self.height - 1));
        self.light[(y * self.width + x) as usize]
    }

    fn between(&self, at: Point) -> [f32; 3] {
        let (x, y) = (at.x - 0.5, at.y - 0.5);
        let (left, top) = (whole(x), whole(y));
        let (right, down) = (x - left, y - top);
        let corner = |dx, dy| self.at(left as i32 + dx, top as i32 + dy);
        let (a, b, c, d) = (corner(0, 0), corner(1, 0), corner(0, 1), corner(1, 1));
        std::array::from_fn(|channel| {
            let above = a[channel] + (b[channel] - a[channel]) * right;
            let below = c[channel] + (d[channel] - c[channel]) * right;
            above + (below - above) * down
        })
    }
}

/// A pixel and its lens, in places: as many bells as there are places in the part of it that sees light.
fn spread(camera: &Camera, looks: usize) -> Vec<f32> {
    let reach = (camera.lens * 3.0).ceil() as usize * looks;
    let count = 2 * reach + looks;
    let sees = ((camera.fills * looks as f32).round() as usize).max(1);
    let place = |at: usize, of: usize| (at as f32 + 0.5 - of as f32 / 2.0) / looks as f32;
    let bell = |away: f32| (-away * away / (2.0 * camera.lens * camera.lens)).exp();
    let weights: Vec<f32> = (0..count)
        .map(|at| {
            let bells = (0..sees).map(|of| bell(place(at, count) - place(of, sees)));
            bells.sum()
        })
        .collect();
    let all: f32 = weights.iter().sum();
    weights.into_iter().map(|weight| weight / all).collect()
}

fn weighed(spread: &[f32], places: &[[f32; 3]]) -> [f32; 3] {
    let mut sum = [0.0; 3];
    for (weight, place) in spread.iter().zip(places) {
        for (sum, light) in sum.iter_mut().zip(place) {
            *sum += weight * light;
        }
    }
    sum
}

/// How much of the way `wide` around `at` is lit, in parts of the mean, where each whole number begins a stripe that
/// is lit from `from` on over `part`.
fn lit(at: f32, wide: f32, from: f32, part: f32) -> f32 {
    let until = |at: f32| {
        let at = at - from;
        whole(at) * part + (at - whole(at)).min(part)
    };
    (until(at + wide / 2.0) - until(at - wide / 2.0)) / wide / part
}

/// The whole number below. Without the processor's own instruction for it, `floor` takes most of the time here.
fn whole(at: f32) -> f32 {
    let cut = at as i32 as f32;
    if cut > at { cut - 1.0 } else { cut }
}

const GAMMA: f32 = 2.2;

/// How far the camera is, in parts of the scene's longer side.
const DISTANCE: f32 = 1.6;

/// What shines of a screen's row, and of the third that a colour has: the rest is black.
const ROW_LIT: f32 = 0.88;
const STRIPE_LIT: f32 = 0.27;

const PAPER: [f32; 3] = [0.86, 0.85, 0.80];

/// The usual angles of cyan, magenta, yellow and black, and what each lets through.
const INKS: [(f32, [f32; 3]); 4] = [
    (15.0, [0.1, 1.0, 1.0]),
    (75.0, [1.0, 0.15, 1.0]),
    (0.0, [1.0, 1.0, 0.15]),
    (45.0, [0.06, 0.06, 0.06]),
];

/// What the camera's pixels have collected.
struct Film {
    width: usize,
    height: usize,
    light: Vec<[f32; 3]>,
}

impl Film {
    fn new(width: usize, height: usize) -> Self {
        let light = vec![[0.0; 3]; width * height];
        Self {
            width,
            height,
            light,
        }
    }

    /// A row of places, to each row of pixels that it shines on.
    fn add(&mut self, row: &[[f32; 3]], line: usize, spread: &[f32], looks: usize) {
        let first = (line + 1).saturating_sub(spread.len()).div_ceil(looks);
        for y in first..=(line / looks).min(self.height - 1) {
            let Some(weight) = spread.get(line - y * looks) else {
                continue;
            };
            let pixels = &mut self.light[y * self.width..(y + 1) * self.width];
            for (pixel, light) in pixels.iter_mut().zip(row) {
                for (pixel, light) in pixel.iter_mut().zip(light) {
                    *pixel += weight * light;
                }
            }
        }
    }

    fn pixel(&self, x: i64, y: i64) -> [f32; 3] {
        let within = |at: i64, size: usize| {
            // Mirrored at the edge, so that the mosaic goes on.
            let last = size as i64 - 1;
            let at = at.abs();
            (if at > last { 2 * last - at } else { at }).max(0) as usize
        };
        self.light[within(y, self.height) * self.width + within(x, self.width)]
    }

    /// As 256 steps, with what cameras do to look good.
    fn colours(&self, camera: &Camera) -> RgbImage {
        let smooth = (camera.smooths > 0.0).then(|| self.smoothed(camera.smooths));
        let mut picture = RgbImage::from_fn(self.width as u32, self.height as u32, |x, y| {
            let pixel = self.light[y as usize * self.width + x as usize];
            let grey = grey(pixel);
            let colour = smooth.as_ref().map_or(pixel, |smooth| {
                let soft = smooth[y as usize * self.width + x as usize];
                std::array::from_fn(|channel| grey + soft[channel])
            });
            Rgb(colour.map(|light| (light.clamp(0.0, 1.0).powf(1.0 / GAMMA) * 255.0 + 0.5) as u8))
        });
        if camera.sharpens > 0.0 {
            let soft = imageops::blur(&picture, 1.0);
            for (value, soft) in picture.iter_mut().zip(soft.iter()) {
                let (sharp, soft) = (f32::from(*value), f32::from(*soft));
                *value = (sharp + camera.sharpens * (sharp - soft)).clamp(0.0, 255.0) as u8;
            }
        }
        picture
    }

    /// How far each pixel's colours are from its grey, the mean of what is around.
    fn smoothed(&self, spread: f32) -> Vec<[f32; 3]> {
        let reach = (spread * 2.0).ceil() as i64;
        let mut passes: Vec<[f32; 3]> = self
            .light
            .iter()
            .map(|pixel| pixel.map(|light| light - grey(*pixel)))
            .collect();
        let bell: Vec<f32> = (-reach..=reach)
            .map(|at| (-(at * at) as f32 / (2.0 * spread * spread)).exp())
            .collect();
        let all: f32 = bell.iter().sum();
        for (dx, dy) in [(1, 0), (0, 1)] {
            let from = Self {
                width: self.width,
                height: self.height,
                light: passes,
            };
            passes = (0..from.light.len())
                .map(|at| {
                    let (x, y) = ((at % from.width) as i64, (at / from.width) as i64);
                    let mut sum = [0.0; 3];
                    for (by, weight) in (-reach..=reach).zip(&bell) {
                        let pixel = from.pixel(x + by * dx, y + by * dy);
                        for (sum, light) in sum.iter_mut().zip(pixel) {
                            *sum += light * weight / all;
                        }
                    }
                    sum
                })
                .collect();
        }
        passes
    }
}

fn grey([red, green, blue]: [f32; 3]) -> f32 {
    0.3 * red + 0.59 * green + 0.11 * blue
}

/// One colour is measured in each pixel, with noise; the two others are what lies around.
fn mosaic(film: &mut Film, camera: &Camera, random: &mut Random) {
    let mut raw = Film::new(film.width, film.height);
    for (at, pixel) in raw.light.iter_mut().enumerate() {
        let channel = colour_of((at % film.width) as i64, (at / film.width) as i64);
        let light = film.light[at][channel] * camera.light;
        // Of light, the noise is its root; in the dark some is left.
        let noise = camera.noise * (light.max(0.0) + 0.02).sqrt();
        pixel[channel] = (light + random.bell() * BELL * noise).clamp(0.0, 1.0);
    }
    for at in 0..film.light.len() {
        let (x, y) = ((at % film.width) as i64, (at / film.width) as i64);
        let (mut sums, mut weights) = ([0.0_f32; 3], [0.0_f32; 3]);
        for (dx, dy) in (-1..=1).flat_map(|dy| (-1..=1).map(move |dx| (dx, dy))) {
            let channel = colour_of(x + dx, y + dy);
            let weight = [4.0, 2.0, 1.0][(dx * dx + dy * dy) as usize];
            sums[channel] += raw.pixel(x + dx, y + dy)[channel] * weight;
            weights[channel] += weight;
        }
        let own = colour_of(x, y);
        film.light[at] = std::array::from_fn(|channel| {
            if channel == own {
                raw.light[at][channel]
            } else {
                sums[channel] / weights[channel]
            }
        });
    }
}

/// Red, green, green, blue, as in nearly every camera.
const fn colour_of(x: i64, y: i64) -> usize {
    ((x & 1) + (y & 1)) as usize
}

#[cfg(test)]
mod tests {
    use super::*;

    fn opened(bytes: &[u8]) -> RgbImage {
        reopened(bytes).unwrap()
    }

    fn grey_scene() -> RgbImage {
        RgbImage::from_pixel(120, 90, Rgb([140; 3]))
    }

    const QUIET: Camera = Camera {
        pixels: 4.0 / 3.0,
        lens: 0.4,
        fills: 1.0,
        light: 1.0,
        noise: 0.0,
        smooths: 0.0,
        sharpens: 0.0,
        quality: 0,
        frame_quality: 100,
    };

    fn spread_of(picture: &RgbImage) -> (f32, f32) {
        // The edge is softer than what is within.
        let within = imageops::crop_imm(picture, 10, 10, 100, 70).to_image();
        let values: Vec<f32> = within.pixels().map(|pixel| f32::from(pixel.0[1])).collect();
        let mean = values.iter().sum::<f32>() / values.len() as f32;
        let off: f32 = values.iter().map(|value| (value - mean).powi(2)).sum();
        (mean, (off / values.len() as f32).sqrt())
    }

    #[test]
    fn a_camera_adds_no_grid_of_its_own() {
        let live = refilmed(&grey_scene(), Shown::Live, Hold::default(), &QUIET, 1);
        let frame = opened(&live);
        assert_eq!(frame.dimensions(), (120, 90));
        let (mean, spread) = spread_of(&frame);
        assert!(
            (mean - 140.0).abs() < 1.5 && spread < 0.5,
            "{mean} {spread}"
        );
    }

    #[test]
    fn a_screen_shines_as_its_picture_and_has_a_grid_where_the_camera_sees_it() {
        let on = |pitch: f32| {
            let screen = Shown::Screen(Screen {
                pitch,
                is_turned: false,
                mirrors: 0.0,
            });
            spread_of(&opened(&refilmed(
                &grey_scene(),
                screen,
                Hold::default(),
                &QUIET,
                1,
            )))
        };
        let (mean, coarse) = on(1.4);
        assert!((mean - 140.0).abs() < 4.0, "{mean}");
        assert!(coarse > 1.8, "{coarse}");
        let (_, fine) = on(0.43);
        assert!(fine < 0.5, "{fine}");
    }

    #[test]
    fn a_print_is_dull_and_has_dots() {
        let print = Shown::Print(Print {
            pitch: 1.3,
            contrast: 0.8,
        });
        let of = |step: u8| {
            let scene = RgbImage::from_pixel(120, 90, Rgb([step; 3]));
            spread_of(&opened(&refilmed(
                &scene,
                print,
                Hold::default(),
                &QUIET,
                1,
            )))
        };
        let (white, _) = of(255);
        let (black, _) = of(0);
        assert!(white < 240.0 && black > 70.0, "{white} {black}");
        let (_, dots) = of(140);
        assert!(dots > 1.5, "{dots}");
    }

    #[test]
    fn a_stripe_shines_as_much_as_its_third_would() {
        for wide in [0.1_f32, 0.33, 0.9] {
            let steps = 900;
            let sum: f32 = (0..steps)
                .map(|at| lit(at as f32 * 7.0 / steps as f32 - 3.0, wide, 0.2, 0.27))
                .sum();
            assert!((sum / steps as f32 - 1.0).abs() < 0.01, "{wide}");
        }
    }

    #[test]
    fn a_turn_moves_what_is_far_from_the_middle() {
        let mut scene = grey_scene();
        imageops::replace(
            &mut scene,
            &RgbImage::from_pixel(10, 10, Rgb([0; 3])),
            100,
            40,
        );
        let turned = Hold {
            turn_degrees: -90.0,
            ..Hold::default()
        };
        let frame = opened(&refilmed(&scene, Shown::Live, turned, &QUIET, 1));
        // From the right it goes below the middle.
        assert!(frame.get_pixel(60, 88).0[1] < 60);
        assert!(frame.get_pixel(105, 45).0[1] > 120);
    }

    #[test]
    fn the_same_seed_makes_the_same_frame() {
        let make = |seed| {
            let camera = Camera::default();
            refilmed(&grey_scene(), Shown::Live, Hold::default(), &camera, seed)
        };
        assert_eq!(make(3), make(3));
        assert_ne!(make(3), make(4));
    }
}
