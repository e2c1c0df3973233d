//! How far eyes are open, by what each is at rest: of faces whose lids were bent, under damage; of prints that are
//! leaned; and of anybody's own pictures.

use crate::{Outcome, print, shape};
use image::{Rgb, RgbImage, imageops};
use proof_identity::{
    face::lids,
    network::Models,
    picture::{self, Need},
    specimen::{Damage, head, noisy},
};
use std::fs;

/// Faces look at the camera in these.
const PEOPLE: [&str; 5] = [
    "obama.jpg",
    "obama2.jpg",
    "obama3.jpg",
    "biden.jpg",
    "astronaut.png",
];

/// From here on an eye is open, as `liveness` has it.
const SHUT_MAX: f32 = 0.6;

struct Level {
    name: &'static str,
    small: f32,
    blur: f32,
    light: f32,
    noise: f32,
    quality: u8,
}

const NONE: Level = Level {
    name: "none",
    small: 1.0,
    blur: 0.0,
    light: 1.0,
    noise: 2.0,
    quality: 90,
};

const LEVELS: [Level; 9] = [
    NONE,
    Level {
        name: "picture of 384 pixels",
        small: 0.6,
        ..NONE
    },
    Level {
        name: "blur of 1 pixel",
        blur: 1.0,
        ..NONE
    },
    Level {
        name: "blur of 2 pixels",
        blur: 2.0,
        ..NONE
    },
    Level {
        name: "light of 40 %",
        light: 0.4,
        ..NONE
    },
    Level {
        name: "noise of 10 steps",
        noise: 10.0,
        ..NONE
    },
    Level {
        name: "light of 45 %, noise of 10 steps",
        light: 0.45,
        noise: 10.0,
        ..NONE
    },
    Level {
        name: "JPEG quality 40",
        quality: 40,
        ..NONE
    },
    Level {
        name: "light of 60 %, blur of 1 pixel, noise of 5 steps, JPEG quality 60",
        light: 0.6,
        blur: 1.0,
        noise: 5.0,
        quality: 60,
        ..NONE
    },
];

impl Level {
    fn of(&self, frame: &RgbImage, seed: u32) -> Outcome<RgbImage> {
        let (width, height) = frame.dimensions();
        let small = |length: u32| (length as f32 * self.small) as u32;
        let mut made = imageops::thumbnail(frame, small(width), small(height));
        if self.blur > 0.0 {
            made = imageops::blur(&made, self.blur);
        }
        for Rgb(pixel) in made.pixels_mut() {
            *pixel = pixel.map(|value| (f32::from(value) * self.light) as u8);
        }
        let how = Damage {
            noise: self.noise,
            quality: self.quality,
            seed: seed.into(),
            ..Damage::default()
        };
        Ok(picture::open(&noisy(&made, &how), Need { long: 1, short: 1 })?.pixels)
    }
}

pub fn measure(models: &Models, open: &dyn Fn(&str) -> Outcome<RgbImage>) -> Outcome<()> {
    println!(
        "| damage | glasses | open | half shut | shut | shut frames seen | films of three with none |"
    );
    println!("|---|---|---|---|---|---|---|");
    for with_glasses in [false, true] {
        for level in &LEVELS {
            let [mut wide, mut half, mut shut] = [const { Vec::new() }; 3];
            let mut unseen = 0;
            for name in PEOPLE {
                let person = Person::of(models, &open(name)?, with_glasses)?;
                let rest = person.rest(models, level)?;
                for (down, all) in [(0.0, &mut wide), (0.5, &mut half), (1.0, &mut shut)] {
                    let film = person.film(models, level, down, &rest)?;
                    let is_seen = film.iter().any(|ratio| *ratio <= SHUT_MAX);
                    unseen += u32::from(down >= 1.0 && !is_seen);
                    all.extend(film);
                }
            }
            let seen = shut.iter().filter(|ratio| **ratio <= SHUT_MAX).count();
            println!(
                "| {} | {} | {} | {} | {} | {seen} of {} | {unseen} of {} |",
                level.name,
                if with_glasses { "drawn" } else { "" },
                range(&wide),
                range(&half),
                range(&shut),
                shut.len(),
                PEOPLE.len()
            );
        }
    }
    println!("\n| print, leaned or turned by | lids |");
    println!("|---|---|");
    for degrees in [25.0_f32, 35.0, 45.0] {
        let mut all = Vec::new();
        for name in PEOPLE {
            let picture = head::shrunk(&open(name)?, 640);
            let Some(rest) = eyes(models, &picture)? else {
                continue;
            };
            for (degrees, upright) in [
                (degrees, true),
                (-degrees, true),
                (degrees, false),
                (-degrees, false),
            ] {
                if let Some(seen) = eyes(models, &print(&picture, degrees, upright))? {
                    all.push(ratio(seen, rest));
                }
            }
        }
        println!("| {degrees}° | {} |", range(&all));
    }
    println!();
    Ok(())
}

/// The pictures of these files, by the first of them.
pub fn of_files(models: &Models, files: &[String]) -> Outcome<()> {
    let mut rest = None;
    for file in files {
        let picture = picture::open(&fs::read(file)?, Need::FRAME)?.pixels;
        let Some(seen) = eyes(models, &picture)? else {
            println!("{file}: no face");
            continue;
        };
        let rest = *rest.get_or_insert(seen);
        println!(
            "{file}: {:.3} {:.3}, {:.2} of rest",
            seen[0],
            seen[1],
            ratio(seen, rest)
        );
    }
    Ok(())
}

struct Person {
    picture: RgbImage,
    mesh: proof_identity::face::Mesh,
    with_glasses: bool,
}

impl Person {
    fn of(models: &Models, photo: &RgbImage, with_glasses: bool) -> Outcome<Self> {
        let picture = head::shrunk(photo, 640);
        let mesh = shape(models, &picture)?.ok_or("no face")?;
        Ok(Self {
            picture,
            mesh,
            with_glasses,
        })
    }

    /// Three frames of each, or as many of them as have a face.
    fn seen(
        &self,
        models: &Models,
        level: &Level,
        down: f32,
        first: u32,
    ) -> Outcome<Vec<[f32; 2]>> {
        let mut all = Vec::new();
        for frame in first..first + 3 {
            let how = head::Held {
                shut: down,
                ..head::AT_REST
            };
            let mut made = head::bent(&self.picture, &self.mesh, how, frame);
            if self.with_glasses {
                glasses(&mut made, &self.mesh);
            }
            all.extend(eyes(models, &level.of(&made, frame)?)?);
        }
        Ok(all)
    }

    fn rest(&self, models: &Models, level: &Level) -> Outcome<[f32; 2]> {
        let seen = self.seen(models, level, 0.0, 0)?;
        let middle = |eye: usize| {
            let mut values: Vec<f32> = seen.iter().map(|eyes| eyes[eye]).collect();
            values.sort_by(f32::total_cmp);
            values.get(values.len() / 2).copied()
        };
        Ok([middle(0).ok_or("no face")?, middle(1).ok_or("no face")?])
    }

    fn film(
        &self,
        models: &Models,
        level: &Level,
        down: f32,
        rest: &[f32; 2],
    ) -> Outcome<Vec<f32>> {
        let seen = self.seen(models, level, down, 10)?;
        Ok(seen.into_iter().map(|eyes| ratio(eyes, *rest)).collect())
    }
}

fn eyes(models: &Models, picture: &RgbImage) -> Outcome<Option<[f32; 2]>> {
    let Some(mesh) = shape(models, picture)? else {
        return Ok(None);
    };
    Ok(Some(lids(&models.eye_lids, picture, &mesh)?))
}

/// The less shut one of both eyes, by what each is at rest.
fn ratio(eyes: [f32; 2], rest: [f32; 2]) -> f32 {
    (eyes[0] / rest[0]).max(eyes[1] / rest[1])
}

fn range(values: &[f32]) -> String {
    let low = values.iter().copied().fold(f32::MAX, f32::min);
    let high = values.iter().copied().fold(f32::MIN, f32::max);
    format!("{low:.2} to {high:.2}")
}

/// Dark rims around both eyes.
fn glasses(picture: &mut RgbImage, mesh: &proof_identity::face::Mesh) {
    let wide = mesh.size() * 0.4;
    for eye in mesh.eyes() {
        for (x, y, pixel) in picture.enumerate_pixels_mut() {
            let (across, down) = (
                (x as f32 - eye.x) / wide,
                (y as f32 - eye.y - wide * 0.1) / (wide * 0.8),
            );
            let far = across.hypot(down);
            if (0.94..1.06).contains(&far) {
                *pixel = Rgb([30, 25, 25]);
            }
        }
    }
}
