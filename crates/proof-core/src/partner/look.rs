//! What of the widget's look is the partner's to choose. Everything else is ours, so that whoever has seen
//! one widget knows the next one, and no choice makes a price hard to read.

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use std::{fmt, str::FromStr};

/// Corners of buttons and cards, in CSS pixels.
pub const RADIUS_MAX: u8 = 20;

/// A logo is a mark beside a heading, on phones: what is larger is not for there.
pub const LOGO_BYTES_MAX: usize = 32 * 1024;
pub const LOGO_SIDE_MAX: u32 = 512;

/// The colour of what is to be pressed, as `#rrggbb`. The widget makes it darker or lighter where text in
/// it or on it could not be read.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Accent([u8; 3]);

impl FromStr for Accent {
    type Err = LookError;

    fn from_str(text: &str) -> Result<Self, LookError> {
        let digits = text.strip_prefix('#').ok_or(LookError::Accent)?;
        let mut bytes = [0; 3];
        hex::decode_to_slice(digits, &mut bytes).map_err(|_| LookError::Accent)?;
        Ok(Self(bytes))
    }
}

impl TryFrom<String> for Accent {
    type Error = LookError;

    fn try_from(text: String) -> Result<Self, LookError> {
        text.parse()
    }
}

impl fmt::Display for Accent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "#{}", hex::encode(self.0))
    }
}

impl From<Accent> for String {
    fn from(accent: Accent) -> Self {
        accent.to_string()
    }
}

/// Families of typefaces that devices have already: the widget loads none.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Font {
    System,
    Humanist,
    Rounded,
    Serif,
}

/// By which a logo is named and asked for: the SHA-256 of its bytes, in hex.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct LogoHash([u8; 32]);

impl FromStr for LogoHash {
    type Err = LookError;

    fn from_str(text: &str) -> Result<Self, LookError> {
        let mut bytes = [0; 32];
        hex::decode_to_slice(text, &mut bytes).map_err(|_| LookError::Logo)?;
        Ok(Self(bytes))
    }
}

impl TryFrom<String> for LogoHash {
    type Error = LookError;

    fn try_from(text: String) -> Result<Self, LookError> {
        text.parse()
    }
}

impl From<LogoHash> for String {
    fn from(hash: LogoHash) -> Self {
        hex::encode(hash.0)
    }
}

/// Without anything: the widget's own look.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Look {
    pub accent: Option<Accent>,
    pub radius: Option<u8>,
    pub font: Option<Font>,
    pub logo: Option<LogoHash>,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
pub enum LookError {
    #[error("A colour is written as # and six hex digits: #1f5eff.")]
    Accent,
    #[error("Corners are from 0 to {RADIUS_MAX} pixels.")]
    Radius,
    #[error(
        "A logo is a still PNG of at most {} KiB and {LOGO_SIDE_MAX} × {LOGO_SIDE_MAX} pixels.", LOGO_BYTES_MAX / 1024
    )]
    Logo,
}

impl LookError {
    /// The field of a [`Look`] that it is about.
    pub const fn field(self) -> &'static str {
        match self {
            Self::Accent => "accent",
            Self::Radius => "radius",
            Self::Logo => "logo",
        }
    }
}

impl Look {
    pub fn check(&self) -> Result<(), LookError> {
        match self.radius {
            Some(radius) if radius > RADIUS_MAX => Err(LookError::Radius),
            Some(_) | None => Ok(()),
        }
    }
}

/// A still PNG without anything but its picture.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Logo(Vec<u8>);

const PNG: &[u8] = b"\x89PNG\r\n\x1a\n";

/// What a picture needs. The rest says where and when it was made, by whom, or lets it move.
const KEPT: [&[u8; 4]; 8] = [
    b"IHDR", b"PLTE", b"tRNS", b"sRGB", b"gAMA", b"cHRM", b"IDAT", b"IEND",
];

impl Logo {
    /// Reads the frame of the file, not its picture: that is for browsers, which know how.
    pub fn parse(bytes: &[u8]) -> Result<Self, LookError> {
        if bytes.len() > LOGO_BYTES_MAX {
            return Err(LookError::Logo);
        }
        let mut rest = bytes.strip_prefix(PNG).ok_or(LookError::Logo)?;
        let mut kept = PNG.to_vec();
        let mut is_first = true;
        let mut has_picture = false;
        loop {
            let (chunk, after) = chunk(rest).ok_or(LookError::Logo)?;
            if is_first != (chunk.name == b"IHDR") || (is_first && !is_small(chunk.data)) {
                return Err(LookError::Logo);
            }
            if chunk.name == b"acTL" {
                return Err(LookError::Logo);
            }
            is_first = false;
            has_picture |= chunk.name == b"IDAT" && !chunk.data.is_empty();
            if KEPT.contains(&chunk.name) {
                kept.extend_from_slice(chunk.whole);
            }
            if chunk.name == b"IEND" {
                // Nothing rides along behind the picture.
                return (has_picture && after.is_empty())
                    .then_some(Self(kept))
                    .ok_or(LookError::Logo);
            }
            rest = after;
        }
    }

    pub fn hash(&self) -> LogoHash {
        LogoHash(Sha256::digest(&self.0).into())
    }

    pub fn bytes(&self) -> &[u8] {
        &self.0
    }
}

struct Chunk<'a> {
    name: &'a [u8; 4],
    data: &'a [u8],
    whole: &'a [u8],
}

/// The next one: length, name, data, and a checksum that the browser looks at.
fn chunk(bytes: &[u8]) -> Option<(Chunk<'_>, &[u8])> {
    let (length, rest) = bytes.split_first_chunk::<4>()?;
    let length = usize::try_from(u32::from_be_bytes(*length)).ok()?;
    let (name, rest) = rest.split_first_chunk::<4>()?;
    let (data, rest) = rest.split_at_checked(length)?;
    let (_, after) = rest.split_first_chunk::<4>()?;
    let whole = bytes.get(..length.checked_add(12)?)?;
    Some((Chunk { name, data, whole }, after))
}

/// A header of 13 bytes that begins with width and height.
fn is_small(header: &[u8]) -> bool {
    let side = |bytes: Option<&[u8]>| {
        let bytes = bytes.and_then(|bytes| bytes.first_chunk::<4>());
        bytes.map(|bytes| u32::from_be_bytes(*bytes))
    };
    let fits = |side: Option<u32>| side.is_some_and(|side| (1..=LOGO_SIDE_MAX).contains(&side));
    header.len() == 13 && fits(side(header.get(..4))) && fits(side(header.get(4..8)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn chunk_of(name: &[u8; 4], data: &[u8]) -> Vec<u8> {
        let length = u32::try_from(data.len()).unwrap().to_be_bytes();
        [&length[..], &name[..], data, &[0; 4]].concat()
    }

    fn header(width: u32, height: u32) -> Vec<u8> {
        let sides = [width.to_be_bytes(), height.to_be_bytes()].concat();
        chunk_of(b"IHDR", &[sides, vec![8, 6, 0, 0, 0]].concat())
    }

    fn png(chunks: &[Vec<u8>]) -> Vec<u8> {
        [PNG.to_vec(), chunks.concat()].concat()
    }

    #[test]
    fn a_colour_is_written_in_one_way() {
        assert_eq!("#1F5eff".parse::<Accent>().unwrap().to_string(), "#1f5eff");
        for wrong in [
            "", "#", "1f5eff", "#1f5ef", "#1f5eff0", "#1f5efg", "red", "#ü5eff",
        ] {
            assert_eq!(wrong.parse::<Accent>(), Err(LookError::Accent), "{wrong}");
        }
    }

    #[test]
    fn a_logo_keeps_its_picture_and_nothing_else() {
        let (end, picture) = (chunk_of(b"IEND", &[]), chunk_of(b"IDAT", &[1, 2, 3]));
        let plain = png(&[header(240, 64), picture.clone(), end.clone()]);
        let place = chunk_of(b"eXIf", b"52.5 N, 13.4 E");
        let told = png(&[header(240, 64), place, picture.clone(), end.clone()]);
        assert_eq!(Logo::parse(&told).unwrap().bytes(), plain);
        assert_eq!(
            Logo::parse(&told).unwrap().hash(),
            Logo::parse(&plain).unwrap().hash()
        );
        let moving = chunk_of(b"acTL", &[0; 8]);
        for wrong in [
            b"<svg/>".to_vec(),
            png(&[]),
            png(&[header(0, 64), picture.clone(), end.clone()]),
            png(&[header(513, 64), picture.clone(), end.clone()]),
            png(&[picture.clone(), end.clone()]),
            png(&[header(240, 64), end.clone()]),
            png(&[
                header(240, 64),
                header(240, 64),
                picture.clone(),
                end.clone(),
            ]),
            png(&[header(240, 64), moving, picture.clone(), end.clone()]),
            png(&[header(240, 64), picture.clone()]),
            [plain.clone(), b"<script>".to_vec()].concat(),
            png(&[
                header(240, 64),
                chunk_of(b"IDAT", &vec![0; LOGO_BYTES_MAX]),
                end,
            ]),
        ] {
            assert_eq!(Logo::parse(&wrong), Err(LookError::Logo));
        }
    }

    proptest! {
        #[test]
        fn whatever_comes_is_read_or_refused(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
            let framed = png(&[header(1, 1), bytes.clone()]);
            for bytes in [bytes, framed] {
                if let Ok(logo) = Logo::parse(&bytes) {
                    prop_assert_eq!(Logo::parse(logo.bytes()), Ok(logo));
                }
            }
        }
    }
}
