use super::*;
use crate::journal::Recorded;
use image::{DynamicImage, ImageFormat, RgbImage};
use std::io::Cursor;

const NOW: Timestamp = Timestamp::from_micros(1_795_000_000_000_000);

fn picture() -> Picture {
    Picture {
        sha256: String::new(),
        width: 640,
        height: 480,
    }
}

fn hand_over(desk: &mut Recorded<IdentityDesk>, reference: &str, places: &[Place]) {
    for place in places {
        let received = desk.step(|desk| desk.receive(reference, place.clone(), picture()));
        assert_eq!(received, Ok(true));
    }
}

fn frames() -> Vec<Place> {
    let step = |(index, step): (u32, &str)| Place::Frame {
        index,
        step: step.to_owned(),
    };
    (0..).zip(STEPS).map(step).collect()
}

fn submitted(desk: &mut Recorded<IdentityDesk>, reference: &str, email: &str) {
    hand_over(desk, reference, &frames());
    let passport = Place::Document(Document::Passport, Side::Front);
    hand_over(desk, reference, &[passport]);
    let mut submit = || desk.step(|desk| desk.submit(reference, email, false, NOW));
    assert_eq!(submit(), Ok(true));
    assert_eq!(submit(), Ok(false), "decided once");
}

fn after(desk: &Recorded<IdentityDesk>, reference: &str, ms: i64) -> Outcome {
    let at = NOW.plus_millis(ms);
    let outcome = desk.machine.outcome(reference, at).unwrap();
    let is_pending = outcome.status == "pending";
    assert_eq!(outcome.evidence.is_none(), is_pending, "known when decided");
    Outcome {
        evidence: None,
        ..outcome
    }
}

#[test]
fn the_tag_of_the_email_decides() {
    let from = |country: &str| Outcome {
        document_country: Some(country.to_owned()),
        ..outcome("approved", None, None)
    };
    let (approved, french) = (from("DE"), from("FR"));
    let forged = outcome("rejected", Some("document_forged"), Some(false));
    let review = outcome("review", Some("manual_check"), None);
    for (email, expected) in [
        ("anna@example.com", &approved),
        ("anna+shop@example.com", &approved),
        ("kyc-fail@example.com", &approved),
        ("anna+kyc-failure@example.com", &approved),
        ("anna+kyc-country-fr@example.com", &french),
        ("anna+kyc-fail@example.com", &forged),
        ("anna+two+KYC-Fail@example.com", &forged),
        ("anna+kyc-review@example.com", &review),
    ] {
        let mut desk = Recorded::new(IdentityDesk::default());
        submitted(&mut desk, "v", email);
        assert_eq!(after(&desk, "v", 1_999).status, "pending");
        assert_eq!(&after(&desk, "v", 2_000), expected, "{email}");
        assert_eq!(desk.replayed(IdentityDesk::default()), desk.machine);
    }
}

#[test]
fn people_decide_about_some_after_a_while() {
    for (email, expected) in [
        ("anna+kyc-review-pass@example.com", "approved"),
        (
            "anna+scenario-identity-review-approved@example.com",
            "approved",
        ),
        ("anna+kyc-review-fail@example.com", "rejected"),
        (
            "anna+scenario-identity-review-rejected@example.com",
            "rejected",
        ),
        ("anna+scenario-identity-review@example.com", "review"),
    ] {
        let mut desk = Recorded::new(IdentityDesk::default());
        submitted(&mut desk, "v", email);
        assert_eq!(after(&desk, "v", 2_000).status, "review", "{email}");
        assert_eq!(after(&desk, "v", REVIEWED_MS - 1).status, "review");
        assert_eq!(after(&desk, "v", REVIEWED_MS).status, expected, "{email}");
    }
}

#[test]
fn a_second_try_succeeds_and_a_slow_one_takes_its_time() {
    let mut desk = Recorded::new(IdentityDesk::default());
    submitted(&mut desk, "v1", "b+kyc-retry@example.com");
    submitted(&mut desk, "v2", "b+kyc-retry@example.com");
    submitted(&mut desk, "v3", "c+kyc-slow@example.com");
    let mismatch = outcome("rejected", Some("face_mismatch"), Some(true));
    assert_eq!(after(&desk, "v1", 2_000), mismatch);
    assert_eq!(after(&desk, "v2", 2_000).status, "approved");
    assert_eq!(after(&desk, "v3", 29_999).status, "pending");
    assert_eq!(after(&desk, "v3", 30_000).status, "approved");
    assert_eq!(desk.replayed(IdentityDesk::default()), desk.machine);
}

#[test]
fn who_is_known_shows_no_document() {
    let mut desk = Recorded::new(IdentityDesk::default());
    let submit = |desk: &Recorded<IdentityDesk>| desk.machine.submit("v", "a@b.c", true, NOW);
    hand_over(&mut desk, "v", &frames()[..2]);
    assert_eq!(submit(&desk).unwrap_err().code, "incomplete", "one step");
    hand_over(&mut desk, "v", &frames());
    assert!(submit(&desk).is_ok());
}

#[test]
fn what_is_missing_is_noticed() {
    let front = |document| Place::Document(document, Side::Front);
    let back = Place::Document(Document::NationalId, Side::Back);
    let mut desk = Recorded::new(IdentityDesk::default());
    let submit = |desk: &Recorded<IdentityDesk>| desk.machine.submit("v", "a@b.c", false, NOW);
    assert_eq!(submit(&desk).unwrap_err().code, "not_found");
    hand_over(&mut desk, "v", &[front(Document::NationalId)]);
    hand_over(&mut desk, "v", &frames());
    assert_eq!(submit(&desk).unwrap_err().code, "incomplete", "one side");
    hand_over(&mut desk, "v", std::slice::from_ref(&back));
    assert!(submit(&desk).is_ok());

    let mut desk = Recorded::new(IdentityDesk::default());
    hand_over(&mut desk, "v", &[front(Document::Passport)]);
    hand_over(&mut desk, "v", &frames()[..2]);
    assert_eq!(submit(&desk).unwrap_err().code, "incomplete", "one step");
    let nothing = desk.machine.outcome("v", NOW).unwrap_err();
    assert_eq!(nothing.code, "not_found", "nothing was submitted");
    hand_over(&mut desk, "v", &frames()[2..]);
    desk.step(|desk| desk.submit("v", "a@b.c", false, NOW))
        .unwrap();
    let late = desk.machine.receive("v", back, picture());
    assert_eq!(late.unwrap_err().code, "submitted");
}

#[test]
fn odd_frames_are_refused() {
    for (index, step) in [(0, "up"), (0, ""), (100, "left")] {
        let step = step.to_owned();
        let place = Place::Frame { index, step };
        let refused = IdentityDesk::default().receive("v", place, picture());
        assert_eq!(refused.unwrap_err().code, "malformed");
    }
}

/// A picture with enough detail that its file is not nearly empty.
fn encoded(format: ImageFormat, width: u32, height: u32) -> Vec<u8> {
    let texture = |x: u32, y: u32| {
        let value = x
            .wrapping_mul(2_654_435_761)
            .wrapping_add(y.wrapping_mul(40_503));
        let [_, b, c, d] = value.to_be_bytes();
        image::Rgb([b, c, d])
    };
    let mut bytes = Cursor::new(Vec::new());
    DynamicImage::ImageRgb8(RgbImage::from_fn(width, height, texture))
        .write_to(&mut bytes, format)
        .unwrap();
    bytes.into_inner()
}

fn problem(bytes: &[u8], need: Need) -> &'static str {
    check_picture(bytes, need).unwrap_err().code
}

#[test]
fn whole_pictures_are_taken_and_cut_ones_are_not() {
    for format in [ImageFormat::Jpeg, ImageFormat::Png, ImageFormat::WebP] {
        let whole = encoded(format, 400, 250);
        let read = check_picture(&whole, Need::DOCUMENT).unwrap();
        assert_eq!((read.width, read.height), (400, 250));
        for part in [64, whole.len() / 4, whole.len() / 2, whole.len() - 40] {
            let cut = problem(&whole[..part], Need::DOCUMENT);
            assert_eq!(cut, "truncated", "{format:?} cut to {part}");
        }
    }
    let mut jpeg = encoded(ImageFormat::Jpeg, 400, 250);
    jpeg.extend_from_slice(b"what phones append");
    assert!(check_picture(&jpeg, Need::DOCUMENT).is_ok());
}

#[test]
fn the_size_counts_whichever_way_the_picture_is_turned() {
    let png = |width, height| encoded(ImageFormat::Png, width, height);
    assert!(check_picture(&png(250, 400), Need::DOCUMENT).is_ok());
    assert!(check_picture(&png(160, 120), Need::FRAME).is_ok());
    assert_eq!(problem(&png(399, 399), Need::DOCUMENT), "too_small");
    assert_eq!(problem(&png(400, 249), Need::DOCUMENT), "too_small");
    assert_eq!(problem(&png(159, 159), Need::FRAME), "too_small");
}

#[test]
fn what_is_no_picture_or_too_much_of_one_is_refused() {
    for bytes in [
        b"".as_slice(),
        b"hello",
        b"%PDF-1.7",
        b"GIF89a\x01\x00\x01\x00",
    ] {
        assert_eq!(problem(bytes, Need::FRAME), "not_an_image");
    }
    let huge = vec![0xff; 12 * 1024 * 1024 + 1];
    assert_eq!(problem(&huge, Need::FRAME), "too_large");
    // A small file may claim any size: width and height stand in the header of a PNG.
    let mut bomb = encoded(ImageFormat::Png, 400, 250);
    bomb[16..20].copy_from_slice(&60_000_u32.to_be_bytes());
    bomb[20..24].copy_from_slice(&60_000_u32.to_be_bytes());
    let checksum = png_checksum(&bomb[12..29]);
    bomb[29..33].copy_from_slice(&checksum.to_be_bytes());
    assert_eq!(problem(&bomb, Need::DOCUMENT), "too_large");
}

/// CRC-32 as PNG has it (ISO 3309).
fn png_checksum(bytes: &[u8]) -> u32 {
    !bytes.iter().fold(u32::MAX, |crc, byte| {
        (0..8).fold(crc ^ u32::from(*byte), |crc, _| {
            (crc >> 1) ^ if crc & 1 == 1 { 0xedb8_8320 } else { 0 }
        })
    })
}
