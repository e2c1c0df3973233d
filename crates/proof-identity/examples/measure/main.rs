//! The tables of docs/src/identity.md: how often zones and licences are read, by damage; how alike faces are; how
//! far eyes are open; and how long it takes. `eyes PICTURE…` says of one's own pictures how far eyes are open, by
//! the first of them.
//!
//! ```sh
//! ci/models && cargo run --release -p proof-identity --example measure
//! ```

#![expect(
    clippy::print_stdout,
    clippy::disallowed_methods,
    reason = "a tool for one's own machine"
)]

mod blinks;
mod licences;
mod screens;

use image::RgbImage;
use proof_core::identity::DocumentKind;
use proof_identity::{
    check::{Case, CaseFrame, Policy, check},
    document,
    face::{Descriptor, Mesh, describe, detect, mesh},
    geometry::{Point, Warp},
    liveness::Step,
    mrz::{Fields, Form, write},
    network::Models,
    picture::{self, Need},
    specimen::{self, Damage, damage, head},
};
use std::{env, error::Error, fs, path::PathBuf, time::Instant};

type Outcome<T> = Result<T, Box<dyn Error>>;

/// Documents of each form at each level.
const DOCUMENTS: u64 = 6;

fn main() -> Outcome<()> {
    let cache = env::var("PROOF_CACHE").map_or_else(
        |_| PathBuf::from(env::var("HOME").unwrap_or_default()).join(".cache/proof"),
        PathBuf::from,
    );
    let start = Instant::now();
    let models = Models::load(&cache.join("models"))?;
    println!("models loaded in {} ms\n", start.elapsed().as_millis());
    let pictures = cache.join("pictures");
    let open = |name: &str| -> Outcome<RgbImage> {
        Ok(picture::open(&fs::read(pictures.join(name))?, Need::FRAME)?.pixels)
    };
    let what = env::args().nth(1).unwrap_or_default();
    if what.is_empty() || what == "faces" {
        faces(&models, &open)?;
    }
    if what.is_empty() || what == "blinks" {
        blinks::measure(&models, &open)?;
    }
    if what == "eyes" {
        blinks::of_files(&models, &env::args().skip(2).collect::<Vec<_>>())?;
    }
    if what.is_empty() || what == "whole" {
        whole(&models, &open)?;
    }
    if what.is_empty() || what == "limits" {
        noses(&models, &open)?;
        sharpness(&models)?;
    }
    // Half an hour of pictures: only when it is asked for.
    if what == "screens" {
        screens::measure(&models, &open)?;
    }
    if what.is_empty() || what == "zones" {
        zones(&models)?;
    }
    if what.is_empty() || what == "licences" {
        licences::measure(&models, &open("obama.jpg")?)?;
    }
    Ok(())
}

fn levels() -> Vec<(String, Damage)> {
    let good = Damage::default();
    let mut levels = vec![("none".to_owned(), good)];
    for width in [1200, 900, 700, 600] {
        levels.push((
            format!("photo {width} pixels wide"),
            Damage { width, ..good },
        ));
    }
    for turn_degrees in [5.0, 10.0, 15.0, 20.0] {
        levels.push((
            format!("turned by {turn_degrees}°"),
            Damage {
                turn_degrees,
                ..good
            },
        ));
    }
    for lean in [0.1, 0.2, 0.3] {
        levels.push((
            format!("far edge {:.0}% shorter", lean * 100.0),
            Damage { lean, ..good },
        ));
    }
    for blur in [1.0, 2.0, 3.0, 4.0] {
        levels.push((format!("blur of {blur} pixels"), Damage { blur, ..good }));
    }
    for noise in [10.0, 25.0, 40.0] {
        levels.push((format!("noise of {noise} steps"), Damage { noise, ..good }));
    }
    levels.push((
        "JPEG quality 40".to_owned(),
        Damage {
            quality: 40,
            ..good
        },
    ));
    levels.push((
        "glare over the zone".to_owned(),
        Damage { glare: 0.1, ..good },
    ));
    let some = Damage {
        width: 1200,
        turn_degrees: 4.0,
        lean: 0.06,
        blur: 1.0,
        noise: 6.0,
        quality: 75,
        ..good
    };
    levels.push(("some of everything".to_owned(), some));
    levels
}

/// Another document for each number: the letters and digits of a splitmix.
fn fields(form: Form, number: u64) -> Fields {
    const LETTERS: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789";
    const NAMES: [(&str, &str); 6] = [
        ("ERIKSSON", "ANNA<MARIA"),
        ("VAN<DER<BERG", "SOFIE"),
        ("QUIZOZ", "JAVIER<BRUNO"),
        ("WU", "XIUYING"),
        ("OBRIEN", "GILLIAN"),
        ("KOWALCZYK", "ZBIGNIEW"),
    ];
    let mut state = number.wrapping_mul(0x9e37_79b9_7f4a_7c15) ^ 0x5555;
    let mut next = || {
        state = state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        LETTERS[(state >> 33) as usize % LETTERS.len()]
    };
    let (surname, given) = NAMES[number as usize % NAMES.len()];
    Fields {
        number: (0..9).map(|_| char::from(next())).collect(),
        surname: surname.to_owned(),
        given: given.to_owned(),
        ..specimen::fields(form)
    }
}

fn zones(models: &Models) -> Outcome<()> {
    let today = chrono::NaiveDate::from_ymd_opt(2026, 11, 26).ok_or("no such day")?;
    println!(
        "| damage | documents | read without an error | check digits say no | wrong and not noticed | not found |"
    );
    println!("|---|---|---|---|---|---|");
    for (name, how) in levels() {
        let (mut count, mut right, mut known, mut unknown, mut none) = (0, 0, 0, 0, 0);
        for form in [Form::Td1, Form::Td2, Form::Td3] {
            for number in 0..DOCUMENTS {
                let fields = fields(form, number * 7 + 1);
                let page = specimen::side_with_zone(form, &fields, None);
                let bytes = damage(
                    &page,
                    &Damage {
                        seed: number,
                        ..how
                    },
                );
                let photo = picture::open(
                    &bytes,
                    Need {
                        long: 100,
                        short: 100,
                    },
                )?;
                count += 1;
                match document::side(models, &photo, today, DocumentKind::Passport)?.zone {
                    None => none += 1,
                    Some(zone) if zone.mrz.lines == write(form, &fields) => right += 1,
                    Some(zone) => {
                        eprintln!(
                            "{} for {}",
                            zone.mrz.lines.join("/"),
                            write(form, &fields).join("/")
                        );
                        if zone.mrz.wrong.is_empty() {
                            unknown += 1;
                        } else {
                            known += 1;
                        }
                    }
                }
            }
        }
        println!("| {name} | {count} | {right} | {known} | {unknown} | {none} |");
    }
    Ok(())
}

fn descriptor(models: &Models, picture: &RgbImage) -> Outcome<Descriptor> {
    let faces = detect(&models.face_detect, picture)?;
    let face = faces.first().ok_or("no face")?;
    let mesh = mesh(&models.face_mesh, picture, face)?.ok_or("no mesh")?;
    Ok(describe(&models.face_describe, picture, &mesh)?.ok_or("no descriptor")?)
}

/// Each picture as it is, made small, darker and blurred: three pictures of one man, and one each of
/// three other people, four times.
fn faces(models: &Models, open: &dyn Fn(&str) -> Outcome<RgbImage>) -> Outcome<()> {
    let mut all: Vec<(&str, &str, Descriptor)> = Vec::new();
    for (who, name) in [
        ("a", "obama.jpg"),
        ("a", "obama2.jpg"),
        ("a", "obama3.jpg"),
        ("b", "biden.jpg"),
        ("c", "astronaut.png"),
        ("d", "camera.png"),
    ] {
        let picture = open(name)?;
        let small = head::shrunk(&picture, 300);
        let dark = image::imageops::brighten(&picture, -50);
        let blurred = image::imageops::blur(&small, 1.2);
        for variant in [&picture, &small, &dark, &blurred] {
            if let Ok(found) = descriptor(models, variant) {
                all.push((who, name, found));
            }
        }
    }
    let (mut same, mut others) = (Vec::new(), Vec::new());
    for (at, (who, name, descriptor)) in all.iter().enumerate() {
        for (other, other_name, other_descriptor) in &all[..at] {
            let cosine = descriptor.cosine(other_descriptor);
            if who != other {
                others.push(cosine);
            } else if name != other_name {
                same.push(cosine);
            }
        }
    }
    let range = |values: &[f32]| {
        let low = values.iter().copied().fold(f32::MAX, f32::min);
        let high = values.iter().copied().fold(f32::MIN, f32::max);
        format!("{low:.3} to {high:.3}")
    };
    println!(
        "one person, two photographs: {} pairs, cosine {}",
        same.len(),
        range(&same)
    );
    println!(
        "two persons: {} pairs, cosine {}\n",
        others.len(),
        range(&others)
    );
    println!("| limit | one person's pairs refused | two persons' pairs accepted |");
    println!("|---|---|---|");
    for limit in [0.88, 0.90, 0.915, 0.93, 0.94, 0.95, 0.96] {
        let refused = same.iter().filter(|cosine| **cosine < limit).count();
        let accepted = others.iter().filter(|cosine| **cosine >= limit).count();
        println!(
            "| {limit} | {refused} of {} | {accepted} of {} |",
            same.len(),
            others.len()
        );
    }
    println!();
    Ok(())
}

/// How far a nose goes in flat pictures that are turned, and in heads that turn.
fn noses(models: &Models, open: &dyn Fn(&str) -> Outcome<RgbImage>) -> Outcome<()> {
    println!(
        "| picture | flat, turned by up to 35° | head at rest | turned by 20° | by 28° | raised by 15° | by 22° |"
    );
    println!("|---|---|---|---|---|---|---|");
    for name in [
        "obama.jpg",
        "obama2.jpg",
        "obama3.jpg",
        "biden.jpg",
        "astronaut.png",
    ] {
        let picture = head::shrunk(&open(name)?, 640);
        let shape = shape(models, &picture)?.ok_or("no face")?;
        let rest = shape.nose();
        let mut flat = 0.0_f32;
        for degrees in [-35.0_f32, -25.0, -15.0, 15.0, 25.0, 35.0] {
            for upright in [true, false] {
                if let Some(found) = self::shape(models, &print(&picture, degrees, upright))? {
                    let nose = found.nose();
                    flat = flat
                        .max((nose.x - rest.x).abs())
                        .max((nose.y - rest.y).abs());
                }
            }
        }
        let held = |across: f32, up: f32| -> Outcome<Point> {
            let how = head::Held {
                across,
                up,
                ..head::AT_REST
            };
            let found = self::shape(models, &head::bent(&picture, &shape, how, 1))?;
            let nose = found.map_or(rest, |found| found.nose());
            Ok(Point::new((nose.x - rest.x).abs(), rest.y - nose.y))
        };
        let still = held(0.0, 0.0)?;
        let turned = |degrees: f32| -> Outcome<f32> {
            Ok(held(degrees, 0.0)?.x.min(held(-degrees, 0.0)?.x))
        };
        println!(
            "| {name} | {flat:.3} | {:.3} | {:.3} | {:.3} | {:.3} | {:.3} |",
            still.x.max(still.y.abs()),
            turned(20.0)?,
            turned(28.0)?,
            held(0.0, 15.0)?.y,
            held(0.0, 22.0)?.y
        );
    }
    println!();
    Ok(())
}

fn shape(models: &Models, picture: &RgbImage) -> Outcome<Option<Mesh>> {
    let faces = detect(&models.face_detect, picture)?;
    let Some(face) = faces.first() else {
        return Ok(None);
    };
    Ok(mesh(&models.face_mesh, picture, face)?)
}

/// How steep strokes are in blurred photographs.
fn sharpness(models: &Models) -> Outcome<()> {
    let today = chrono::NaiveDate::from_ymd_opt(2026, 11, 26).ok_or("no such day")?;
    println!("| blur in pixels | steepness, td3 | td2 | td1 |");
    println!("|---|---|---|---|");
    for blur in [0.0, 1.0, 2.0, 3.0, 4.0, 5.0] {
        let mut row = format!("| {blur} |");
        for form in [Form::Td3, Form::Td2, Form::Td1] {
            let page = specimen::side_with_zone(form, &specimen::fields(form), None);
            let bytes = damage(
                &page,
                &Damage {
                    blur,
                    ..Damage::default()
                },
            );
            let photo = picture::open(&bytes, Need::DOCUMENT)?;
            let side = document::side(models, &photo, today, DocumentKind::Passport)?;
            let read = if side.zone.is_some() {
                ""
            } else {
                ", zone not found"
            };
            row += &format!(" {:.2}{read} |", side.quality.sharpness);
        }
        println!("{row}");
    }
    println!();
    Ok(())
}

/// A print, turned by so much around its upright or its level axis, as a camera sees it that is twice
/// the print's width away.
fn print(picture: &RgbImage, degrees: f32, upright: bool) -> RgbImage {
    let (width, height) = (picture.width() as f32, picture.height() as f32);
    let far = width.max(height) * 2.0;
    let (sin, cos) = degrees.to_radians().sin_cos();
    let corner = |x: f32, y: f32| {
        let (x, y) = (x * width / 2.0, y * height / 2.0);
        let (x, y, away) = if upright {
            (x * cos, y, x * sin)
        } else {
            (x, y * cos, y * sin)
        };
        let scale = far / (far + away);
        Point::new(width / 2.0 + x * scale, height / 2.0 + y * scale)
    };
    let corners = [
        corner(-1.0, -1.0),
        corner(1.0, -1.0),
        corner(1.0, 1.0),
        corner(-1.0, 1.0),
    ];
    Warp::quad(width, height, corners)
        .and_then(|warp| warp.inverse())
        .map_or_else(
            || picture.clone(),
            |warp| warp.make(picture, picture.width(), picture.height()),
        )
}

/// From bytes to report: a passport, and a licence's and a card's two sides whose print is read, each with as many
/// frames as the server asks for.
fn whole(models: &Models, open: &dyn Fn(&str) -> Outcome<RgbImage>) -> Outcome<()> {
    let portrait = open("obama.jpg")?;
    let photographed = |page: &RgbImage| {
        let large = Damage {
            width: 2000,
            ..Damage::default()
        };
        Some(damage(page, &large))
    };
    let passport = specimen::fields(Form::Td3);
    let passport = specimen::side_with_zone(Form::Td3, &passport, Some(&portrait));
    let fields = specimen::licence_fields();
    let licence = specimen::licence(&fields, Some(&portrait));
    let card = specimen::card(&fields, Some(&portrait));
    let actor = head::Actor::new(models, &open("obama2.jpg")?)?.ok_or("no face")?;
    for drawn in [
        [Step::Left, Step::Right, Step::Up],
        [Step::Blink, Step::Right, Step::Up],
    ] {
        let asked = [vec![Step::Center], drawn.to_vec()].concat();
        let names: Vec<_> = asked.iter().map(|step| step.name()).collect();
        let names = names.join(", ");
        let passport = Case {
            kind: DocumentKind::Passport,
            front: photographed(&passport),
            back: None,
            frames: film(&actor, &asked, 3)?,
            asked,
            seen_before: Vec::new(),
            today: chrono::NaiveDate::from_ymd_opt(2026, 11, 26).ok_or("no such day")?,
            policy: Policy {
                specimens: true,
                ..Policy::default()
            },
        };
        timed(&format!("a passport, and {names}"), models, &passport)?;
        let licence = Case {
            kind: DocumentKind::DrivingLicence,
            front: photographed(&licence),
            back: photographed(&specimen::licence_back()),
            ..passport
        };
        timed(&format!("a licence, and {names}"), models, &licence)?;
        let card = Case {
            kind: DocumentKind::NationalId,
            front: photographed(&card),
            ..licence
        };
        timed(
            &format!("a card without a zone, and {names}"),
            models,
            &card,
        )?;
    }
    Ok(())
}

/// Frames of each step, as a case has them.
fn film(actor: &head::Actor, asked: &[Step], each: u32) -> Outcome<Vec<CaseFrame>> {
    let steps = asked.iter().flat_map(|step| (0..each).map(move |_| *step));
    (0..)
        .zip(steps)
        .map(|(index, step)| {
            Ok(CaseFrame {
                index,
                at_ms: u64::from(index) * 300,
                step,
                bytes: specimen::png(&actor.frame(step, index)).ok_or("no frame")?,
            })
        })
        .collect()
}

fn timed(what: &str, models: &Models, case: &Case) -> Outcome<()> {
    let mut times = Vec::new();
    for _ in 0..5 {
        let start = Instant::now();
        let report = check(models, case)?;
        times.push(start.elapsed().as_millis());
        println!("{:?}", report.outcome);
    }
    times.sort_unstable();
    let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
    let peak = status
        .lines()
        .find(|line| line.starts_with("VmHWM"))
        .unwrap_or_default();
    println!("{what}: median {} ms of {times:?}; {peak}\n", times[2]);
    Ok(())
}
