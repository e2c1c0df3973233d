//! Everything that a file says beside its pixels is taken out: where and when it was taken, with which
//! camera, and the smaller picture inside that may show more. The pixels stay byte for byte. What is kept is a list,
//! so that what nobody thought of goes, too; of EXIF only which side is up.

use super::PictureProblem;
use image::metadata::Orientation;

/// The file without its metadata, of a kind that was told from its first bytes before.
pub(super) fn without(bytes: &[u8], turned: Orientation) -> Result<Vec<u8>, PictureProblem> {
    let turned = (turned != Orientation::NoTransforms).then_some(turned);
    let stripped = match bytes {
        [0xff, 0xd8, ..] => jpeg(bytes, turned),
        [0x89, b'P', b'N', b'G', ..] => png(bytes, turned),
        _ => webp(bytes, turned),
    };
    stripped.ok_or(PictureProblem::Damaged)
}

/// EXIF with one entry: the orientation.
fn exif(turned: Orientation) -> Vec<u8> {
    let mut tiff = b"II*\0\x08\0\0\0\x01\0\x12\x01\x03\0\x01\0\0\0".to_vec();
    tiff.extend_from_slice(&[turned.to_exif(), 0, 0, 0, 0, 0, 0, 0]);
    tiff
}

/// Reads forward, and never beyond the end.
struct Reader<'a> {
    rest: &'a [u8],
}

impl<'a> Reader<'a> {
    fn take(&mut self, count: usize) -> Option<&'a [u8]> {
        let (taken, rest) = self.rest.split_at_checked(count)?;
        self.rest = rest;
        Some(taken)
    }

    fn array<const N: usize>(&mut self) -> Option<[u8; N]> {
        self.take(N)?.try_into().ok()
    }
}

const START: u8 = 0xd8;
const END: u8 = 0xd9;
const SCAN: u8 = 0xda;
const COMMENT: u8 = 0xfe;
/// What Adobe's programs write there says how colours are coded.
const ADOBE: u8 = 0xee;

fn jpeg(bytes: &[u8], turned: Option<Orientation>) -> Option<Vec<u8>> {
    let mut from = Reader { rest: bytes };
    let mut out = vec![0xff, START];
    from.take(2)?;
    if let Some(turned) = turned {
        let mut body = b"Exif\0\0".to_vec();
        body.extend(exif(turned));
        segment(&mut out, 0xe1, &body)?;
    }
    loop {
        match marker(&mut from)? {
            // What lies behind the end is another picture, with metadata of its own.
            END => {
                out.extend_from_slice(&[0xff, END]);
                return Some(out);
            }
            kind => {
                let length = usize::from(u16::from_be_bytes(from.array()?));
                let body = from.take(length.checked_sub(2)?)?;
                let is_kept = match kind {
                    ADOBE => body.starts_with(b"Adobe") && body.len() == 12,
                    0xe0..=0xef | COMMENT => false,
                    _ => true,
                };
                if is_kept {
                    segment(&mut out, kind, body)?;
                }
                if kind == SCAN {
                    let scan = from.rest.get(..scan_length(from.rest))?;
                    out.extend_from_slice(from.take(scan.len())?);
                }
            }
        }
    }
}

/// Any number of filling bytes may come before it.
fn marker(from: &mut Reader<'_>) -> Option<u8> {
    if from.array()? != [0xff] {
        return None;
    }
    loop {
        match from.array()? {
            [0xff] => {}
            [kind] => return Some(kind),
        }
    }
}

fn segment(out: &mut Vec<u8>, kind: u8, body: &[u8]) -> Option<()> {
    let length = u16::try_from(body.len().checked_add(2)?).ok()?;
    out.extend_from_slice(&[0xff, kind]);
    out.extend_from_slice(&length.to_be_bytes());
    out.extend_from_slice(body);
    Some(())
}

/// Up to the next mark that is neither a stuffed byte nor a restart.
fn scan_length(bytes: &[u8]) -> usize {
    let is_mark = |pair: &[u8]| matches!(pair, [0xff, kind] if *kind != 0 && *kind != 0xff && !(0xd0..=0xd7).contains(kind));
    let found = bytes.windows(2).position(is_mark);
    found.unwrap_or(bytes.len())
}

/// What the pixels need, and how bright and coloured they are meant.
const PNG_KEPT: [&[u8; 4]; 8] = [
    b"IHDR", b"PLTE", b"tRNS", b"gAMA", b"cHRM", b"sRGB", b"IDAT", b"IEND",
];

fn png(bytes: &[u8], turned: Option<Orientation>) -> Option<Vec<u8>> {
    let mut from = Reader { rest: bytes };
    let mut out = from.take(8)?.to_vec();
    loop {
        let length: [u8; 4] = from.array()?;
        let name: [u8; 4] = from.array()?;
        let body = from.take(usize::try_from(u32::from_be_bytes(length)).ok()?)?;
        let sum: [u8; 4] = from.array()?;
        if PNG_KEPT.contains(&&name) {
            for part in [&length[..], &name, body, &sum] {
                out.extend_from_slice(part);
            }
        }
        if &name == b"IHDR"
            && let Some(turned) = turned
        {
            let body = exif(turned);
            out.extend_from_slice(&u32::try_from(body.len()).ok()?.to_be_bytes());
            out.extend_from_slice(b"eXIf");
            out.extend_from_slice(&body);
            out.extend_from_slice(&crc32(&[b"eXIf", &body[..]].concat()).to_be_bytes());
        }
        if &name == b"IEND" {
            return Some(out);
        }
    }
}

/// Of a few bytes, bit by bit.
fn crc32(bytes: &[u8]) -> u32 {
    !bytes.iter().fold(u32::MAX, |sum, byte| {
        (0..8).fold(sum ^ u32::from(*byte), |sum, _| {
            let low = sum & 1;
            (sum >> 1) ^ (low * 0xedb8_8320)
        })
    })
}

const WEBP_KEPT: [&[u8; 4]; 4] = [b"VP8X", b"ALPH", b"VP8 ", b"VP8L"];
/// Of the flags of VP8X: a profile of the colours, EXIF, XMP.
const WEBP_SAID: u8 = 0x2c;
const WEBP_EXIF: u8 = 0x08;

fn webp(bytes: &[u8], turned: Option<Orientation>) -> Option<Vec<u8>> {
    let mut from = Reader { rest: bytes };
    let head: [u8; 12] = from.array()?;
    let [b'R', b'I', b'F', b'F', a, b, c, d, b'W', b'E', b'B', b'P'] = head else {
        return None;
    };
    // What lies behind the end that the head names is no part of it.
    let length = usize::try_from(u32::from_le_bytes([a, b, c, d])).ok()?;
    from.rest = from.take(length.checked_sub(4)?.min(from.rest.len()))?;
    let mut chunks = Vec::new();
    let mut is_extended = false;
    while !from.rest.is_empty() {
        let name: [u8; 4] = from.array()?;
        let length = usize::try_from(u32::from_le_bytes(from.array()?)).ok()?;
        let body = from.take(length)?;
        // Bodies of an odd length have one byte more; the last may lack it.
        if length % 2 == 1 && !from.rest.is_empty() {
            from.take(1)?;
        }
        if !WEBP_KEPT.contains(&&name) {
            continue;
        }
        let mut body = body.to_vec();
        if &name == b"VP8X" {
            let flags = body.first_mut()?;
            *flags &= !WEBP_SAID;
            if turned.is_some() {
                *flags |= WEBP_EXIF;
            }
            is_extended = true;
        }
        chunk(&mut chunks, &name, &body)?;
    }
    if let Some(turned) = turned.filter(|_| is_extended) {
        chunk(&mut chunks, b"EXIF", &exif(turned))?;
    }
    let mut out = b"RIFF".to_vec();
    let length = u32::try_from(chunks.len().checked_add(4)?).ok()?;
    out.extend_from_slice(&length.to_le_bytes());
    out.extend_from_slice(b"WEBP");
    out.extend(chunks);
    Some(out)
}

fn chunk(out: &mut Vec<u8>, name: &[u8; 4], body: &[u8]) -> Option<()> {
    out.extend_from_slice(name);
    out.extend_from_slice(&u32::try_from(body.len()).ok()?.to_le_bytes());
    out.extend_from_slice(body);
    if body.len() % 2 == 1 {
        out.push(0);
    }
    Some(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::picture::{Need, open, stripped, tests::encoded};
    use image::ImageFormat;

    const NEED: Need = Need {
        long: 40,
        short: 30,
    };

    /// TIFF with an orientation, a maker, and a pointer to a GPS block with a latitude.
    fn told(turned: u8) -> Vec<u8> {
        let mut tiff = b"MM\0*\0\0\0\x08\0\x03".to_vec();
        tiff.extend(b"\x01\x0f\0\x02\0\0\0\x08\0\0\0\x32");
        tiff.extend([1, 0x12, 0, 3, 0, 0, 0, 1, 0, turned, 0, 0]);
        tiff.extend(b"\x88\x25\0\x04\0\0\0\x01\0\0\0\x3a\0\0\0\0");
        tiff.extend(b"SECRETS\0");
        tiff.extend(b"\0\x01\0\x01\0\x02\0\0\0\x02N\0\0\0\0\0\0\0");
        tiff
    }

    fn has_secret(bytes: &[u8]) -> bool {
        bytes.windows(7).any(|window| window == b"SECRETS")
    }

    /// Nothing of it is left, it is the same picture, and it stands the same way up.
    fn check(bytes: &[u8]) -> Vec<u8> {
        assert!(has_secret(bytes), "the sample says nothing");
        let before = open(bytes, NEED).unwrap();
        let clean = stripped(bytes, NEED).unwrap();
        assert!(!has_secret(&clean));
        let after = open(&clean, NEED).unwrap();
        assert!(before.pixels == after.pixels, "other pixels");
        assert_eq!(stripped(&clean, NEED).unwrap(), clean, "once is enough");
        clean
    }

    fn spliced(mut bytes: Vec<u8>, at: usize, more: &[u8]) -> Vec<u8> {
        bytes.splice(at..at, more.iter().copied());
        bytes
    }

    fn app(kind: u8, body: &[u8]) -> Vec<u8> {
        let mut out = Vec::new();
        segment(&mut out, kind, body).unwrap();
        out
    }

    #[test]
    fn a_jpeg_keeps_its_pixels_and_which_side_is_up() {
        let plain = encoded(80, 60, ImageFormat::Jpeg);
        for turned in [1, 3, 6, 8] {
            let exif = [&b"Exif\0\0"[..], &told(turned)].concat();
            let bytes = spliced(plain.clone(), 2, &app(0xe1, &exif));
            let clean = check(&bytes);
            assert_eq!(clean.windows(6).any(|w| w == b"Exif\0\0"), turned != 1);
        }
        let xmp = app(0xe1, b"http://ns.adobe.com/xap/1.0/\0SECRETS");
        check(&spliced(plain.clone(), 2, &xmp));
        check(&spliced(plain.clone(), 2, &app(COMMENT, b"SECRETS")));
        // A larger or nearer picture behind the end, as telephones write it.
        let behind = [&plain[..], &b"\xff\xd8SECRETS\xff\xd9"[..]].concat();
        check(&behind);
        // Between the scan's end and the end.
        let before_end = plain.len() - 2;
        check(&spliced(plain, before_end, &app(0xe2, b"SECRETS")));
    }

    #[test]
    fn a_png_keeps_its_pixels() {
        let plain = encoded(80, 60, ImageFormat::Png);
        let of = |name: &[u8; 4], body: &[u8]| {
            let named = [&name[..], body].concat();
            let length = u32::try_from(body.len()).unwrap().to_be_bytes();
            [&length[..], &named, &crc32(&named).to_be_bytes()].concat()
        };
        for turned in [1, 6] {
            let clean = check(&spliced(plain.clone(), 33, &of(b"eXIf", &told(turned))));
            assert_eq!(clean.windows(4).any(|w| w == b"eXIf"), turned != 1);
        }
        check(&spliced(
            plain.clone(),
            33,
            &of(b"tEXt", b"Author\0SECRETS"),
        ));
        check(&[&plain[..], b"SECRETS"].concat());
    }

    #[test]
    fn a_webp_keeps_its_pixels() {
        let plain = encoded(80, 60, ImageFormat::WebP);
        for turned in [1, 6] {
            // 80 by 60, with EXIF and XMP.
            let mut chunks = Vec::new();
            chunk(&mut chunks, b"VP8X", &[0x0c, 0, 0, 0, 79, 0, 0, 59, 0, 0]).unwrap();
            chunks.extend_from_slice(&plain[12..]);
            chunk(&mut chunks, b"EXIF", &told(turned)).unwrap();
            chunk(&mut chunks, b"XMP ", b"SECRETS").unwrap();
            let mut bytes = b"RIFF".to_vec();
            bytes.extend_from_slice(&u32::try_from(chunks.len() + 4).unwrap().to_le_bytes());
            bytes.extend_from_slice(b"WEBP");
            bytes.extend(chunks);
            let clean = check(&bytes);
            assert_eq!(clean.windows(4).any(|w| w == b"EXIF"), turned != 1);
        }
        check(&[&plain[..], b"SECRETS"].concat());
        // A decoder does not mind that the pixels lie behind the end that the head names; nothing would be kept of it.
        let mut shortened = plain;
        shortened[4..8].copy_from_slice(&4_u32.to_le_bytes());
        assert!(open(&shortened, NEED).is_ok());
        assert_eq!(stripped(&shortened, NEED), Err(PictureProblem::Damaged));
    }

    #[test]
    fn what_does_not_hold_together_is_damaged() {
        for bytes in [
            &b"\xff\xd8\xff\xe1\0\x01"[..],
            b"\xff\xd8\xff\xe1\xff\xffx",
            b"\xff\xd8\0",
            b"\x89PNG\r\n\x1a\n\xff\xff\xff\xffIHDR",
            b"RIFF\0\0\0\0WEBP",
            b"RIFF\xff\xff\xff\xffWEBPVP8 \xff\xff\xff\xff",
        ] {
            let stripped = without(bytes, Orientation::Rotate90);
            assert_eq!(stripped.err(), Some(PictureProblem::Damaged), "{bytes:?}");
        }
    }
}
