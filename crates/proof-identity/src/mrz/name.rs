//! Names: how a field splits, and how printed letters become those of the field (ICAO 9303 part 3, section 6).

use serde::{Deserialize, Serialize};

#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Names {
    /// The primary identifier: the surname, where there is one.
    pub surname: String,
    pub given: String,
    /// The field is full to its last character, so the name may go on.
    pub truncated: bool,
}

impl Names {
    pub(super) fn read(field: &[u8]) -> Self {
        let text = String::from_utf8_lossy(field);
        let truncated = !text.ends_with('<');
        let text = text.trim_matches('<');
        let (surname, given) = text.split_once("<<").unwrap_or((text, ""));
        let plain = |part: &str| {
            let words: Vec<_> = part.split('<').filter(|word| !word.is_empty()).collect();
            words.join(" ")
        };
        Self {
            surname: plain(surname),
            given: plain(given),
            truncated,
        }
    }

    /// Whether a name as somebody writes it may be this one. Given names that the field has no room
    /// for, or that the person leaves out, do not count; the first one does.
    pub fn may_be(&self, surname: &str, given: &str) -> bool {
        let first = |text: &str| text.split(' ').next().unwrap_or("").to_owned();
        let matches = |found: &str, written: &str, whole: bool| {
            spellings(written).into_iter().any(|spelling| {
                if whole {
                    found == spelling || (self.truncated && spelling.starts_with(found))
                } else {
                    let (found, spelling) = (first(found), first(&spelling));
                    found == spelling || (self.truncated && spelling.starts_with(&found))
                }
            })
        };
        matches(&self.surname, surname, true) && matches(&self.given, given, false)
    }
}

/// Letters with their recommended spelling first. Where states differ, the others follow.
const LETTERS: [(&str, &[&str]); 41] = [
    ("Ä", &["AE", "A"]),
    ("Å", &["AA", "A"]),
    ("Æ", &["AE"]),
    ("ÀÁÂÃĀĂĄ", &["A"]),
    ("ÇĆĈĊČ", &["C"]),
    ("ĎĐ", &["D"]),
    ("Ð", &["D"]),
    ("ÈÉÊËĒĔĖĘĚ", &["E"]),
    ("ĜĞĠĢ", &["G"]),
    ("ĤĦ", &["H"]),
    ("ÌÍÎÏĨĪĬĮİI", &["I"]),
    ("Ĳ", &["IJ"]),
    ("Ĵ", &["J"]),
    ("Ķ", &["K"]),
    ("ĹĻĽĿŁ", &["L"]),
    ("Ñ", &["N", "NXX"]),
    ("ŃŅŇŊ", &["N"]),
    ("Ö", &["OE", "O"]),
    ("Ø", &["OE", "O"]),
    ("Œ", &["OE"]),
    ("ÒÓÔÕŌŎŐ", &["O"]),
    ("ŔŖŘ", &["R"]),
    ("ŚŜŞŠȘ", &["S"]),
    ("ẞ", &["SS"]),
    ("ŢŤŦȚ", &["T"]),
    ("Þ", &["TH"]),
    ("Ü", &["UE", "U", "UXX"]),
    ("ÙÚÛŨŪŬŮŰŲ", &["U"]),
    ("Ŵ", &["W"]),
    ("ÝŶŸ", &["Y"]),
    ("ŹŻŽ", &["Z"]),
    ("Ж", &["ZH"]),
    ("Х", &["KH"]),
    ("Ц", &["TS"]),
    ("Ч", &["CH"]),
    ("Ш", &["SH"]),
    ("Щ", &["SHCH"]),
    ("Ъ", &["IE"]),
    ("Ю", &["IU"]),
    ("Я", &["IA"]),
    ("Ь", &[""]),
];

/// Cyrillic letters that are one Latin letter.
const CYRILLIC: [(char, char); 24] = [
    ('А', 'A'),
    ('Б', 'B'),
    ('В', 'V'),
    ('Г', 'G'),
    ('Д', 'D'),
    ('Е', 'E'),
    ('Ё', 'E'),
    ('З', 'Z'),
    ('И', 'I'),
    ('Й', 'I'),
    ('К', 'K'),
    ('Л', 'L'),
    ('М', 'M'),
    ('Н', 'N'),
    ('О', 'O'),
    ('П', 'P'),
    ('Р', 'R'),
    ('С', 'S'),
    ('Т', 'T'),
    ('У', 'U'),
    ('Ф', 'F'),
    ('Ы', 'Y'),
    ('Э', 'E'),
    ('І', 'I'),
];

/// More than any name has, so that a hostile one costs nothing.
const SPELLINGS_MAX: usize = 64;

/// A printed name in the letters of the field, by the recommended spelling.
pub fn transliterate(printed: &str) -> String {
    spellings(printed).into_iter().next().unwrap_or_default()
}

/// Every way in which states write it, the recommended one first.
fn spellings(printed: &str) -> Vec<String> {
    let mut found = vec![String::new()];
    for letter in printed.chars().flat_map(char::to_uppercase) {
        // The capital form of ß is two letters in Unicode; that is what the field has as well.
        let choices = choices(letter);
        let mut next = Vec::new();
        for choice in &choices {
            for start in &found {
                if next.len() < SPELLINGS_MAX {
                    next.push(format!("{start}{choice}"));
                }
            }
        }
        found = next;
    }
    for spelling in &mut found {
        let words: Vec<_> = spelling.split_whitespace().collect();
        *spelling = words.join(" ");
    }
    found
}

fn choices(letter: char) -> Vec<String> {
    match letter {
        'A'..='Z' => vec![letter.to_string()],
        // An apostrophe and a full stop are left out; every other gap is one.
        '\'' | '’' | '.' | ',' => vec![String::new()],
        _ => {
            let known = LETTERS.iter().find(|(letters, _)| letters.contains(letter));
            if let Some((_, spellings)) = known {
                return spellings.iter().map(|&text| text.to_owned()).collect();
            }
            match CYRILLIC.iter().find(|(cyrillic, _)| *cyrillic == letter) {
                Some((_, latin)) => vec![latin.to_string()],
                None => vec![" ".to_owned()],
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_split_as_icao_9303_shows() {
        let read = |field: &str| {
            let names = Names::read(field.as_bytes());
            (names.surname, names.given, names.truncated)
        };
        let of = |surname: &str, given: &str, truncated| {
            (surname.to_owned(), given.to_owned(), truncated)
        };
        assert_eq!(
            read("ERIKSSON<<ANNA<MARIA<<<<<"),
            of("ERIKSSON", "ANNA MARIA", false)
        );
        assert_eq!(
            read("VAN<DER<MUELLEN<<JOHN<<<<"),
            of("VAN DER MUELLEN", "JOHN", false)
        );
        assert_eq!(
            read("ARKFREITH<<<<<<<<<<<<<<<<"),
            of("ARKFREITH", "", false)
        );
        assert_eq!(
            read("NILAVADHANANANDA<<CHAYAPA"),
            of("NILAVADHANANANDA", "CHAYAPA", true)
        );
        assert_eq!(read("<<<<<<<<"), of("", "", false));
    }

    #[test]
    fn letters_become_those_of_the_field() {
        for (printed, wanted) in [
            ("Müller", "MUELLER"),
            ("Strauß", "STRAUSS"),
            ("Núñez-García", "NUNEZ GARCIA"),
            ("O'Connor", "OCONNOR"),
            ("Łukasz", "LUKASZ"),
            ("Åström", "AASTROEM"),
            ("Щербакова", "SHCHERBAKOVA"),
            ("Þór", "THOR"),
        ] {
            assert_eq!(transliterate(printed), wanted, "{printed}");
        }
    }

    #[test]
    fn a_written_name_may_be_the_one_in_the_field() {
        let names = Names::read(b"MUELLER<<JOERG<PETER<<<<");
        assert!(names.may_be("Müller", "Jörg"));
        assert!(!names.may_be("Müller", "Peter"));
        assert!(!names.may_be("Möller", "Jörg"));
        assert!(Names::read(b"MULLER<<JORG<<").may_be("Müller", "Jörg"));
        assert!(Names::read(b"PAPANDROPOULOUS<<JONA").may_be("Papandropoulous", "Jonathon"));
        assert!(spellings(&"ü".repeat(200)).len() <= SPELLINGS_MAX);
    }
}
