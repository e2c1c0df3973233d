//! How often films of screens and of prints are known by their grid, and how often films of somebody who is there are
//! taken for one. Every film goes through a simulated camera.

use crate::{Outcome, shape};
use image::RgbImage;
use proof_identity::{
    geometry::{Point, Warp},
    grid::{Film, MAYBE_SCREEN_MIN},
    network::Models,
    picture::{self, Need},
    specimen::refilmed::{Camera, Hold, Print, Screen, Shown, refilmed},
};
use std::f32::consts::TAU;

const FRAMES: usize = 3;

/// Films of each photograph in each row of a table.
const FILMS_LIVE: u64 = 20;
const FILMS_SHOWN: u64 = 4;

/// What a frame shows, and where in it the face is.
struct Scene {
    /// The limit was chosen with some people, and is tried with others.
    is_held_out: bool,
    picture: RgbImage,
    middle: Point,
    eyes: f32,
}

/// A photograph and its face: the three of one man were looked at when the limit was chosen.
struct Sitter {
    is_held_out: bool,
    photo: RgbImage,
    middle: Point,
    eyes: f32,
}

pub fn measure(models: &Models, open: &dyn Fn(&str) -> Outcome<RgbImage>) -> Outcome<()> {
    let mut sitters = Vec::new();
    for (name, is_held_out) in [
        ("obama.jpg", false),
        ("obama2.jpg", false),
        ("obama3.jpg", false),
        ("biden.jpg", true),
        ("astronaut.png", true),
        ("camera.png", true),
    ] {
        let photo = open(name)?;
        let face = shape(models, &photo)?.ok_or("no face")?;
        sitters.push(Sitter {
            is_held_out,
            middle: face.middle(),
            eyes: face.size(),
            photo,
        });
    }
    live(&sitters)?;
    shown(&sitters)
}

/// People who are there.
fn live(sitters: &[Sitter]) -> Outcome<()> {
    println!(
        "| film | one man's films | highest factor | flagged | others' films | highest factor | flagged |"
    );
    println!("|---|---|---|---|---|---|---|");
    for hard in Hard::ALL {
        let mut factors: [Vec<f32>; 2] = Default::default();
        for (at, sitter) in sitters.iter().enumerate() {
            for number in 0..FILMS_LIVE {
                let mut draw = Draw(number * 100 + at as u64 + hard as u64 * 10_000);
                let mut scene = sitter.scene(&mut draw);
                let mut camera = camera(&mut draw, Kind::Any);
                hard.make(&mut scene, &mut camera, &mut draw);
                let factor = film(&scene, Shown::Live, &camera, &mut draw)?;
                factors[usize::from(scene.is_held_out)].extend(factor);
            }
        }
        let told = factors.map(|factors| {
            let highest = factors.iter().copied().fold(0.0, f32::max);
            let flagged = factors.iter().filter(|factor| **factor >= MAYBE_SCREEN_MIN);
            format!("{} | {highest:.1} | {}", factors.len(), flagged.count())
        });
        println!("| {} | {} |", hard.name(), told.join(" | "));
    }
    println!();
    Ok(())
}

/// Screens and prints, by how large their grid is.
fn shown(sitters: &[Sitter]) -> Outcome<()> {
    println!(
        "| what, and the camera | 0.4 to 0.6 | 0.6 to 0.8 | 0.8 to 1 | 1 to 1.25 | 1.25 to 1.7 |"
    );
    println!("|---|---|---|---|---|---|");
    for (name, kind, is_print) in [
        ("screen, a sharp camera", Kind::Sharp, false),
        ("screen, a soft one", Kind::Soft, false),
        ("screen, one that leaves out pixels", Kind::LeavesOut, false),
        ("print, a sharp camera", Kind::Sharp, true),
        ("print, a soft one", Kind::Soft, true),
        ("print, one that leaves out pixels", Kind::LeavesOut, true),
    ] {
        let mut row = format!("| {name} |");
        for (column, (low, high)) in (0..).zip(PITCHES) {
            let (mut films, mut found) = (0, 0);
            for (at, sitter) in sitters
                .iter()
                .enumerate()
                .filter(|(_, one)| one.is_held_out)
            {
                for number in 0..FILMS_SHOWN {
                    let mut draw = Draw(number * 100 + at as u64 + column * 10_000 + 500_000);
                    let scene = sitter.scene(&mut draw);
                    let camera = camera(&mut draw, kind);
                    let pitch = draw.between(low, high);
                    let shown = if is_print {
                        let contrast = draw.between(0.7, 0.95);
                        Shown::Print(Print { pitch, contrast })
                    } else {
                        Shown::Screen(Screen {
                            pitch,
                            is_turned: draw.next() < 0.2,
                            mirrors: draw.between(0.0, 0.06),
                        })
                    };
                    films += 1;
                    let factor = film(&scene, shown, &camera, &mut draw)?;
                    found += i32::from(factor.is_some_and(|factor| factor >= MAYBE_SCREEN_MIN));
                }
            }
            row += &format!(" {found} of {films} |");
        }
        println!("{row}");
    }
    println!();
    Ok(())
}

const PITCHES: [(f32, f32); 5] = [(0.4, 0.6), (0.6, 0.8), (0.8, 1.0), (1.0, 1.25), (1.25, 1.7)];

fn film(scene: &Scene, shown: Shown, camera: &Camera, draw: &mut Draw) -> Outcome<Option<f32>> {
    let mut film = Film::of(FRAMES);
    for _ in 0..FRAMES {
        let mut within = |most: f32| draw.between(-most, most);
        let hold = Hold {
            turn_degrees: within(3.0),
            tilt_degrees: [within(12.0), within(12.0)],
            shift: [within(6.0), within(6.0)],
        };
        let seed = (draw.next() * 1e6) as u64;
        let bytes = refilmed(&scene.picture, shown, hold, camera, seed);
        let frame = picture::open(&bytes, Need::FRAME)?.pixels;
        film.look(&frame, scene.middle, scene.eyes);
    }
    Ok(film.factor())
}

impl Sitter {
    /// The head, as large as webcams and telephones have it.
    fn scene(&self, draw: &mut Draw) -> Scene {
        let eyes = draw.between(75.0, 130.0);
        let side = (eyes * ROOM) as u32;
        let warp = Warp::square(self.middle, self.eyes * ROOM, 0.0, side);
        Scene {
            is_held_out: self.is_held_out,
            picture: warp.make(&self.photo, side, side),
            middle: Point::new(side as f32 / 2.0, side as f32 / 2.0),
            eyes,
        }
    }
}

/// How wide a scene is, in distances of the eyes.
const ROOM: f32 = 3.6;

#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Any,
    Sharp,
    Soft,
    /// Telephones make a film of one sensor pixel in two or three.
    LeavesOut,
}

fn camera(draw: &mut Draw, kind: Kind) -> Camera {
    let kind = match kind {
        Kind::Any => draw.of(&[Kind::Sharp, Kind::Soft, Kind::LeavesOut]),
        Kind::Sharp | Kind::Soft | Kind::LeavesOut => kind,
    };
    let (lens, fills) = match kind {
        Kind::Sharp => (draw.between(0.3, 0.45), 1.0),
        Kind::Any | Kind::Soft => (draw.between(0.45, 0.7), 1.0),
        Kind::LeavesOut => (draw.between(0.15, 0.35), draw.of(&[0.33, 0.5, 0.75])),
    };
    Camera {
        pixels: draw.of(&[1.0, 4.0 / 3.0, 4.0 / 3.0, 2.0]),
        lens,
        fills,
        light: draw.between(0.75, 1.1),
        noise: draw.between(0.005, 0.03),
        smooths: draw.of(&[0.0, 0.0, 1.0, 2.0]),
        sharpens: draw.of(&[0.0, 0.3, 0.8]),
        quality: draw.of(&[0, 0, 60, 75, 90]),
        frame_quality: draw.of(&[90, 90, 90, 80, 95]),
    }
}

/// What might be taken for a grid.
#[derive(Clone, Copy)]
enum Hard {
    Nothing,
    Jpeg,
    Blocks,
    Noise,
    Blur,
    Dark,
    Sharpened,
    Beside,
    Below,
    Glasses,
}

impl Hard {
    const ALL: [Self; 10] = [
        Self::Nothing,
        Self::Jpeg,
        Self::Blocks,
        Self::Noise,
        Self::Blur,
        Self::Dark,
        Self::Sharpened,
        Self::Beside,
        Self::Below,
        Self::Glasses,
    ];

    const fn name(self) -> &'static str {
        match self {
            Self::Nothing => "somebody there",
            Self::Jpeg => "JPEG quality 40",
            Self::Blocks => "the camera's own JPEG of quality 40, before it is made smaller",
            Self::Noise => "four times the noise",
            Self::Blur => "blur of 2 pixels of the camera",
            Self::Dark => "a sixth of the light",
            Self::Sharpened => "sharpened far too much",
            Self::Beside => "stripes all around the face, as of blinds",
            Self::Below => "a striped shirt",
            Self::Glasses => "glasses with thin lines mirrored in them",
        }
    }

    fn make(self, scene: &mut Scene, camera: &mut Camera, draw: &mut Draw) {
        let eyes = scene.eyes;
        match self {
            Self::Nothing => {}
            Self::Jpeg => camera.frame_quality = 40,
            Self::Blocks => camera.quality = 40,
            Self::Noise => camera.noise = 0.1,
            Self::Blur => camera.lens = 2.0,
            Self::Dark => (camera.light, camera.noise) = (0.16, 0.04),
            Self::Sharpened => camera.sharpens = 2.5,
            Self::Beside => stripes(scene, draw, |x, y| x.abs().max(y.abs()) > 1.2 * eyes),
            Self::Below => stripes(scene, draw, |_, y| y > 1.05 * eyes),
            Self::Glasses => stripes(scene, draw, |x, y| {
                let (x, y) = (x.abs() - 0.5 * eyes, y + 0.35 * eyes);
                x.abs() < 0.3 * eyes && y.abs() < 0.2 * eyes
            }),
        }
    }
}

/// Stripes where the place, from the middle of the face on, is one of theirs.
fn stripes(scene: &mut Scene, draw: &mut Draw, is_there: impl Fn(f32, f32) -> bool) {
    let (sin, cos) = draw.between(0.0, TAU / 2.0).sin_cos();
    let (period, contrast) = (draw.between(3.0, 14.0), draw.between(0.1, 0.45));
    let (is_sharp, bend) = (draw.next() < 0.6, draw.between(0.0, 3.0));
    for (x, y, pixel) in scene.picture.enumerate_pixels_mut() {
        let (x, y) = (x as f32 - scene.middle.x, y as f32 - scene.middle.y);
        if is_there(x, y) {
            let bent = bend * (x / scene.eyes).sin();
            let wave = ((x * cos + y * sin) / period * TAU + bent).sin();
            let wave = if is_sharp { wave.signum() } else { wave };
            pixel.0 = pixel
                .0
                .map(|value| ((f32::from(value) * 0.6 + 50.0) * (1.0 + contrast * wave)) as u8);
        }
    }
}

/// The same numbers each time: splitmix64.
struct Draw(u64);

impl Draw {
    fn next(&mut self) -> f32 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        ((z ^ (z >> 31)) >> 40) as f32 / (1_u64 << 24) as f32
    }

    fn between(&mut self, low: f32, high: f32) -> f32 {
        low + (high - low) * self.next()
    }

    fn of<T: Copy>(&mut self, all: &[T]) -> T {
        all[(self.next() * all.len() as f32) as usize]
    }
}
