//! Check digits of ICAO 9303, part 3, section 4.9.

const WEIGHTS: [u32; 3] = [7, 3, 1];

/// What a character counts: digits themselves, letters from 10 on, the filler nothing.
const fn value(byte: u8) -> Option<u32> {
    match byte {
        b'0'..=b'9' => Some((byte - b'0') as u32),
        b'A'..=b'Z' => Some((byte - b'A') as u32 + 10),
        b'<' => Some(0),
        _ => None,
    }
}

/// The digit for these characters; nothing where one of them is not of the alphabet.
pub fn digit(text: impl IntoIterator<Item = u8>) -> Option<u8> {
    let mut sum = 0_u32;
    for (byte, weight) in text.into_iter().zip(WEIGHTS.iter().cycle()) {
        sum += value(byte)? * weight;
    }
    u8::try_from(sum % 10).ok().map(|rest| b'0' + rest)
}

/// Whether `found` is the digit of `text`. A field that is empty altogether may have the filler instead.
pub fn holds(text: &[u8], found: u8) -> bool {
    digit(text.iter().copied()) == Some(found)
        || (found == b'<' && text.iter().all(|byte| *byte == b'<'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn digits_are_those_of_icao_9303() {
        for (text, wanted) in [
            ("520727", b'3'),
            ("AB2134<<<", b'5'),
            ("L898902C3", b'6'),
            ("740812", b'2'),
            ("120415", b'9'),
            ("ZE184226B<<<<<", b'1'),
            ("D23145890", b'7'),
        ] {
            assert_eq!(digit(text.bytes()), Some(wanted), "{text}");
        }
        assert_eq!(digit(*b"ab"), None);
    }

    #[test]
    fn only_an_empty_field_may_go_without() {
        assert!(holds(b"<<<", b'<'));
        assert!(holds(b"<<<", b'0'));
        assert!(!holds(b"A<<", b'<'));
    }
}
