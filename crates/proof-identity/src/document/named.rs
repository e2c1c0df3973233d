//! Fields that a card names in words, as most identity cards and many licences do: `DATE OF BIRTH`, and the day beside
//! it or below.

use super::{
    band::Line,
    fields::{self, Field, Label, Printed},
    print::Letter,
};
use crate::mrz::transliterate;
use chrono::NaiveDate;

/// Nobody is sent away for what a word seems to name: which value is whose is known by where they stand, and whether
/// the day or the month is first, by nothing.
const SURE_MAX: f32 = 0.85;

/// Words, in the letters of a zone, that name a field in the languages of the Union and of its neighbours.
const CAPTIONS: [(Label, &[&str]); 7] = [
    (
        Label::Surname,
        &[
            "SURNAME",
            "LAST NAME",
            "FAMILY NAME",
            "NAME",
            "NACHNAME",
            "FAMILIENNAME",
            "NOM",
            "APELLIDOS",
            "COGNOME",
            "APELIDO",
            "NAAM",
            "NAZWISKO",
            "SOYADI",
        ],
    ),
    (
        Label::Given,
        &[
            "GIVEN NAMES",
            "FIRST NAMES",
            "FORENAMES",
            "VORNAMEN",
            "PRENOMS",
            "NOMBRE",
            "NOME",
            "VOORNAMEN",
            "IMIONA",
        ],
    ),
    (
        Label::Birth,
        &[
            "DATE OF BIRTH",
            "BIRTH DATE",
            "DOB",
            "GEBURTSDATUM",
            "GEBURTSTAG",
            "GEBOREN AM",
            "DATE DE NAISSANCE",
            "FECHA DE NACIMIENTO",
            "DATA DI NASCITA",
            "DATA DE NASCIMENTO",
            "GEBOORTEDATUM",
            "DATA URODZENIA",
            "DOGUM TARIHI",
        ],
    ),
    (
        Label::Issue,
        &[
            "DATE OF ISSUE",
            "ISSUE DATE",
            "ISSUED ON",
            "AUSGESTELLT AM",
            "DATE DE DELIVRANCE",
            "FECHA DE EXPEDICION",
            "FECHA DE EMISION",
            "DATA DI RILASCIO",
            "DATA DE EMISSAO",
            "DATUM VAN AFGIFTE",
            "DATA WYDANIA",
        ],
    ),
    (
        Label::Expiry,
        &[
            "DATE OF EXPIRY",
            "EXPIRY DATE",
            "EXPIRES",
            "EXP",
            "VALID UNTIL",
            "VALID TO",
            "GUELTIG BIS",
            "DATE D EXPIRATION",
            "FECHA DE CADUCIDAD",
            "FECHA DE VENCIMIENTO",
            "VALIDO HASTA",
            "VALIDEZ",
            "DATA DI SCADENZA",
            "SCADENZA",
            "DATA DE VALIDADE",
            "VALIDADE",
            "GELDIG TOT",
            "TERMIN WAZNOSCI",
            "SON GECERLILIK",
        ],
    ),
    (
        Label::Authority,
        &["AUTHORITY", "ISSUED BY", "BEHOERDE", "AUTORITE"],
    ),
    (
        Label::Number,
        &[
            "DOCUMENT NO",
            "DOCUMENT NUMBER",
            "CARD NO",
            "CARD NUMBER",
            "ID NO",
            "ID NUMBER",
            "IDENTITY NUMBER",
            "LICENCE NO",
            "LICENCE NUMBER",
            "AUSWEISNUMMER",
            "NUMERO",
            "NUMERO DE DOCUMENTO",
            "DOCUMENTNUMMER",
            "NUMER DOKUMENTU",
        ],
    ),
];

/// The longest caption has so many words.
const WORDS_MAX: usize = 3;

/// One misread letter is forgiven from this length on.
const LENGTH_FORGIVING: usize = 6;

/// How far a value is from the word that names it, in heights of the larger of both.
const RIGHT_MAX: f32 = 8.0;
const BELOW_MAX: f32 = 3.5;

/// What stands below and aside is so much further away, for each height aside.
const ASIDE: f32 = 0.05;

/// What one line is.
enum Row<'a> {
    /// Names a field, whose value stands elsewhere.
    Caption(Label),
    /// Names a field, and says it.
    Whole(Label, &'a [Letter]),
    Value(&'a [Letter]),
}

/// `None`: print of something else, or too little of it.
pub fn parse(lines: &[Line], letters: &[Vec<Letter>], today: NaiveDate) -> Option<Printed> {
    let rows: Vec<Row> = letters.iter().map(|letters| row(letters)).collect();
    let mut found = Vec::new();
    for (at, row) in rows.iter().enumerate() {
        let (label, value, at) = match row {
            Row::Value(_) => continue,
            Row::Whole(label, value) => (*label, *value, at),
            Row::Caption(label) => match beside(lines, &rows, at) {
                Some((value, at)) => (*label, value, at),
                None => continue,
            },
        };
        found.extend(field(label, value, at, today));
    }
    Printed::of(found, true, today)
}

fn row(letters: &[Letter]) -> Row<'_> {
    let mut label = None;
    let mut rest = letters;
    // One language after another: "SURNAME / NOM".
    while let Some((named, length)) = caption(rest) {
        label = label.or(Some(named));
        rest = trimmed(&rest[length..]);
        match rest.split_first() {
            Some((first, behind)) if first.letter == '/' => rest = trimmed(behind),
            _ => break,
        }
    }
    match label {
        None => Row::Value(letters),
        Some(label) if rest.is_empty() => Row::Caption(label),
        Some(label) => Row::Whole(label, rest),
    }
}

/// Without blanks, points and colons before what counts.
fn trimmed(letters: &[Letter]) -> &[Letter] {
    let begin = letters
        .iter()
        .position(|one| !matches!(one.letter, ' ' | '.' | ':'));
    begin.map_or(&[], |begin| &letters[begin..])
}

/// The field that these letters begin to name, and how many of them do.
fn caption(letters: &[Letter]) -> Option<(Label, usize)> {
    let ends: Vec<usize> = (1..=letters.len())
        .filter(|end| {
            let is_word = letters[*end - 1].letter.is_alphabetic();
            is_word
                && letters
                    .get(*end)
                    .is_none_or(|next| !next.letter.is_alphanumeric())
        })
        .take(WORDS_MAX)
        .collect();
    // "DATE OF BIRTH" before any shorter one.
    ends.into_iter().rev().find_map(|end| {
        let text: String = letters[..end]
            .iter()
            .map(|one| {
                if one.letter.is_alphabetic() {
                    one.letter
                } else {
                    ' '
                }
            })
            .collect();
        Some((named(&transliterate(&text))?, end))
    })
}

fn named(text: &str) -> Option<Label> {
    let is = |caption: &str| {
        let misread = usize::from(caption.len() >= LENGTH_FORGIVING);
        // "GIVEN NAME" and "PRÉNOM" are the same in the singular.
        strsim::osa_distance(caption, text) <= misread
    };
    let label = |exact: bool| {
        CAPTIONS
            .iter()
            .find(|(_, captions)| {
                captions
                    .iter()
                    .any(|caption| if exact { *caption == text } else { is(caption) })
            })
            .map(|(label, _)| *label)
    };
    label(true).or_else(|| label(false))
}

/// A value, seen from a caption: along the caption and down from it, in heights of the larger of both.
struct Seen<'a> {
    at: usize,
    letters: &'a [Letter],
    begin: f32,
    end: f32,
    down: f32,
}

/// The value of a caption: what stands to its right, or else what stands below.
fn beside<'a>(lines: &[Line], rows: &[Row<'a>], at: usize) -> Option<(&'a [Letter], usize)> {
    let caption = lines.get(at)?;
    let (sin, cos) = caption.angle().sin_cos();
    let values = || {
        let rows = lines.iter().zip(rows).enumerate();
        rows.filter_map(|(at, (line, row))| match row {
            Row::Value(letters) if !letters.is_empty() => {
                let height = line.height.max(caption.height);
                let (x, y) = (
                    (line.start.x - caption.start.x) / height,
                    (line.start.y - caption.start.y) / height,
                );
                let begin = x.mul_add(cos, y * sin);
                let seen = Seen {
                    at,
                    letters,
                    begin,
                    end: begin + line.length() / height,
                    down: y.mul_add(cos, -x * sin),
                };
                Some((seen, caption.length() / height))
            }
            _ => None,
        })
    };
    let right = values().filter_map(|(seen, length)| {
        let gap = seen.begin - length;
        let is_right = seen.down.abs() < 0.6 && (0.0..RIGHT_MAX).contains(&gap);
        is_right.then_some((gap, seen))
    });
    // Somewhere below the word: a piece of the portrait may stand before a value.
    let below = || {
        values().filter_map(|(seen, length)| {
            let is_below = (0.6..BELOW_MAX).contains(&seen.down);
            let is_under = seen.begin < length && seen.end > 0.0;
            (is_below && is_under).then_some((seen.down + seen.begin.abs() * ASIDE, seen))
        })
    };
    let nearest = |a: &(f32, Seen), b: &(f32, Seen)| a.0.total_cmp(&b.0);
    let found = right.min_by(nearest).or_else(|| below().min_by(nearest));
    found.map(|(_, seen)| (seen.letters, seen.at))
}

fn field(label: Label, value: &[Letter], row: usize, today: NaiveDate) -> Option<Field> {
    let in_digits = label.is_date().then(|| in_digits(value));
    let mut field = fields::field(label, in_digits.as_deref().unwrap_or(value), row, today)?;
    field.sure = field.sure.min(SURE_MAX);
    Some(field)
}

/// A day as numbered fields have it: "12 AUG/AOÛT 1985" and "1985-08-12" are 12.08.1985.
fn in_digits(value: &[Letter]) -> Vec<Letter> {
    let mut parts: Vec<&[Letter]> = value
        .split(|one| !one.letter.is_alphanumeric())
        .filter(|part| !part.is_empty())
        .collect();
    // A second language's month.
    if parts.len() > 3 && parts[1..3].iter().all(|part| month(part).is_some()) {
        parts.remove(2);
    }
    if parts.first().is_some_and(|part| part.len() == 4) {
        parts.get_mut(..3).unwrap_or_default().reverse();
    }
    let mut letters = Vec::new();
    for (at, part) in parts.into_iter().take(3).enumerate() {
        let sure = part.iter().map(|one| one.sure).fold(1.0, f32::min);
        let digits = match (at, month(part)) {
            (1, Some(month)) => format!("{month:02}"),
            _ => {
                let text: String = part.iter().map(|one| one.letter).collect();
                // Days and months before the tenth are printed with one digit, too.
                if at < 2 && text.len() == 1 {
                    format!("0{text}")
                } else {
                    text
                }
            }
        };
        if at > 0 {
            letters.push(Letter { letter: '.', sure });
        }
        letters.extend(digits.chars().map(|letter| Letter { letter, sure }));
    }
    letters
}

/// How months begin, in the languages of the captions.
const MONTHS: [&[&str]; 12] = [
    &["JAN", "ENE", "GEN", "STY", "OCA"],
    &["FEB", "FEV", "LUT", "SUB"],
    &["MAR", "MAE", "MRT"],
    &["APR", "AVR", "ABR", "KWI", "NIS"],
    &["MAY", "MAI", "MAG", "MEI", "MAJ"],
    &["JUN", "JUIN", "GIU", "CZE", "HAZ"],
    &["JUL", "JUIL", "LUG", "LIP", "TEM"],
    &["AUG", "AOU", "AGO", "SIE"],
    &["SEP", "SET", "WRZ", "EYL"],
    &["OCT", "OKT", "OTT", "OUT", "PAZ", "EKI"],
    &["NOV", "LIS", "KAS"],
    &["DEC", "DEZ", "DIC", "DIS", "GRU", "ARA"],
];

fn month(part: &[Letter]) -> Option<usize> {
    let text: String = part.iter().map(|one| one.letter).collect();
    let text = transliterate(&text);
    let found = MONTHS
        .iter()
        .position(|names| names.iter().any(|name| text.starts_with(name)))?;
    Some(found + 1)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{document::CERTAIN, geometry::Point, mrz::PartialDate};
    use proptest::prelude::*;

    const HEIGHT: f32 = 10.0;

    fn today() -> NaiveDate {
        NaiveDate::from_ymd_opt(2026, 11, 29).unwrap()
    }

    /// Each text where it begins.
    fn read(page: &[(f32, f32, &str)]) -> Option<Printed> {
        let lines: Vec<Line> = page
            .iter()
            .map(|(x, y, text)| Line {
                start: Point::new(*x, *y),
                end: Point::new(x + text.len() as f32 * HEIGHT * 0.9, *y),
                height: HEIGHT,
                pitch: 0.0,
            })
            .collect();
        let letters: Vec<Vec<Letter>> = page
            .iter()
            .map(|(_, _, text)| {
                let letters = text.chars();
                letters
                    .map(|letter| Letter { letter, sure: 0.99 })
                    .collect()
            })
            .collect();
        parse(&lines, &letters, today())
    }

    fn day(year: i32, month: u32, day: u32) -> Option<(PartialDate, bool)> {
        let date = PartialDate {
            year,
            month: Some(month),
            day: Some(day),
        };
        Some((date, false))
    }

    #[test]
    fn values_stand_below_the_words_that_name_them() {
        let printed = read(&[
            (0.0, 0.0, "IDENTITY CARD UTOPIA"),
            (0.0, 30.0, "Surname / Nom"),
            (0.0, 50.0, "ERIKSSON"),
            (0.0, 80.0, "Given name / Prénom"),
            (0.0, 100.0, "ANNA MARIA"),
            (0.0, 130.0, "Sex"),
            (80.0, 130.0, "Date of birth"),
            (280.0, 130.0, "Date 0f issue"),
            (0.0, 150.0, "F"),
            (60.0, 150.0, "12 AUG/AOÛT 1985"),
            (280.0, 150.0, "7.3.2019"),
            (0.0, 180.0, "Card No."),
            (200.0, 180.0, "Expiry date"),
            (0.0, 200.0, "UT482910XK"),
            (200.0, 200.0, "2034-03-06"),
        ])
        .unwrap();
        assert!(printed.is_named);
        assert_eq!(printed.text(Label::Surname), "ERIKSSON");
        assert_eq!(printed.text(Label::Given), "ANNA MARIA");
        assert_eq!(printed.text(Label::Number), "UT482910XK");
        assert_eq!(printed.date(Label::Birth), day(1985, 8, 12));
        assert_eq!(printed.date(Label::Issue), day(2019, 3, 7));
        assert_eq!(printed.date(Label::Expiry), day(2034, 3, 6));
        assert!(printed.fields.iter().all(|field| field.sure < CERTAIN));
    }

    #[test]
    fn or_beside_them() {
        let printed = read(&[
            (0.0, 0.0, "Nachname: MUSTERMANN"),
            (0.0, 20.0, "Vornamen"),
            (130.0, 21.0, "ERIKA"),
            (0.0, 40.0, "Geburtsdatum"),
            (160.0, 40.0, "12.08.1964 BERLIN"),
            (0.0, 60.0, "Gültig bis 01.08.2031"),
        ])
        .unwrap();
        assert_eq!(printed.text(Label::Surname), "MUSTERMANN");
        assert_eq!(printed.text(Label::Given), "ERIKA");
        assert_eq!(printed.date(Label::Birth), day(1964, 8, 12));
        assert_eq!(printed.date(Label::Expiry), day(2031, 8, 1));
    }

    #[test]
    fn what_is_too_far_away_or_says_no_day_is_nobodys() {
        let names = [(0.0, 0.0, "SURNAME DOE"), (0.0, 20.0, "FORENAMES JO")];
        let with = |more: &[(f32, f32, &str)]| read(&[&names[..], more].concat());
        let below = (0.0, 60.0, "12.08.1985");
        assert!(with(&[(0.0, 40.0, "DOB"), below]).is_some());
        assert!(with(&[(0.0, 40.0, "DOB"), (0.0, 90.0, "12.08.1985")]).is_none());
        assert!(with(&[(0.0, 40.0, "DOB"), (200.0, 40.0, "12.08.1985")]).is_none());
        assert!(with(&[(0.0, 40.0, "DOB"), (0.0, 60.0, "31.02.1985")]).is_none());
        assert!(with(&[(0.0, 40.0, "D0G"), below]).is_none());
        assert!(read(&[(0.0, 40.0, "DOB"), below]).is_none());
    }

    proptest! {
        #[test]
        fn any_page_is_parsed_or_not(
            page in proptest::collection::vec(
                (0.0_f32..300.0, 0.0_f32..300.0,
                "(SURNAME|NOM|DOB|Gültig bis|CARD NO)?[:/ .]{0,2}([0-9O]{1,4}[./ -]?){0,4}.{0,20}"),
                0..12,
            )
        ) {
            let page: Vec<(f32, f32, &str)> =
                page.iter().map(|(x, y, text)| (*x, *y, text.as_str())).collect();
            if let Some(printed) = read(&page) {
                prop_assert!(printed.fields.len() >= 3);
                for field in &printed.fields {
                    prop_assert!(!field.text.is_empty());
                    prop_assert!((0.0..=SURE_MAX).contains(&field.sure));
                    prop_assert_eq!(field.label.is_date(), field.date.is_some());
                }
            }
        }
    }
}
