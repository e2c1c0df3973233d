//! The barcode on the back of licences: PDF417 (ISO/IEC 15438), which a library reads.

use super::{ink, licence::Licence};
use image::{GrayImage, RgbImage, imageops};
use rxing::{
    BinaryBitmap, Luma8LuminanceSource, Reader, common::HybridBinarizer, pdf417::PDF417Reader,
};

/// Blur that takes a camera's noise from the ends of bars, in pixels. It takes thin bars, too: those are read without.
const BLUR: f32 = 1.0;

/// What is in the barcode of this side, whichever way it lies. The library looks four ways, and stops at the first where
/// something looks like the end of a barcode; so the last look begins a quarter further.
pub fn read(picture: &RgbImage) -> Option<Licence> {
    let gray = ink::gray(picture);
    let read = |gray: &GrayImage| text(gray).and_then(|text| Licence::read(&text));
    read(&gray).or_else(|| {
        let calm = imageops::blur(&gray, BLUR);
        read(&calm).or_else(|| read(&imageops::rotate90(&calm)))
    })
}

fn text(picture: &GrayImage) -> Option<String> {
    let (width, height) = picture.dimensions();
    let source = Luma8LuminanceSource::new(picture.as_raw().clone(), width, height).ok()?;
    let mut bitmap = BinaryBitmap::new(HybridBinarizer::new(source));
    let found = PDF417Reader::new().decode(&mut bitmap).ok()?;
    Some(found.getText().to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        picture::{self, Need},
        specimen::{Damage, back_with_barcode, damage},
    };

    const TEXT: &str = "@\n\u{1e}\rANSI 636000100102DL00410278ZV03190008DLDAQT64235789\nDCSSAMPLE\nDACMICHAEL\nDADJOHN\n\
        DBD06062019\nDBB06061986\nDBA12102034\nDBC1\nDAU068 in\nDAYBRO\nDAG2300 WEST BROAD STREET\nDAIRICHMOND\nDAJVA\n\
        DAK232690000\nDCF2424244747474786102204\nDCGUSA\nDDB06062018\nDDD1\r";

    #[test]
    fn the_back_of_a_licence_is_read_from_a_photograph() {
        let back = back_with_barcode(TEXT).unwrap();
        let expected = Licence::read(TEXT);
        assert!(expected.is_some());
        let upright = Damage::default();
        for (what, wear) in [
            ("as it was made", upright),
            (
                "small",
                Damage {
                    width: 1_000,
                    ..upright
                },
            ),
            (
                "tilted",
                Damage {
                    turn_degrees: 3.0,
                    ..upright
                },
            ),
            (
                "leaning",
                Damage {
                    lean: 0.05,
                    ..upright
                },
            ),
            (
                "blurred",
                Damage {
                    blur: 1.0,
                    ..upright
                },
            ),
            (
                "noisy",
                Damage {
                    noise: 20.0,
                    ..upright
                },
            ),
            (
                "noisy, tilted and leaning",
                Damage {
                    noise: 15.0,
                    turn_degrees: 2.0,
                    lean: 0.03,
                    ..upright
                },
            ),
        ] {
            let photo = picture::open(&damage(&back, &wear), Need::DOCUMENT).unwrap();
            let mut picture = photo.pixels;
            for turns in 0..4 {
                assert_eq!(read(&picture), expected, "{what}, turned {turns} times");
                picture = imageops::rotate90(&picture);
            }
        }
    }
}
