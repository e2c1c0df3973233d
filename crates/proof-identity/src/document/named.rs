//! Fields that a card names in words, as most identity cards and many licences do: `DATE OF BIRTH`, and the day beside
//! it or below.

use super::{
    band::{self, Line},
    fields::{self, Field, Label, Printed},
    print::Letter,
};
use crate::mrz::transliterate;
use chrono::NaiveDate;

/// Nobody is sent away for what a word seems to name: which value is whose is known by where they stand, and whether
/// the day or the month is first, by nothing.
const SURE_MAX: f32 = 0.85;

/// Words, in the letters of a zone, that name a field in the languages of the Union and of its neighbours.
const CAPTIONS: [(Option<Label>, &[&str]); 8] = [
    (
        Some(Label::Surname),
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
        Some(Label::Given),
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
        Some(Label::Birth),
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
        Some(Label::Issue),
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
        Some(Label::Expiry),
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
        Some(Label::Authority),
        &["AUTHORITY", "ISSUED BY", "BEHOERDE", "AUTORITE"],
    ),
    (
        Some(Label::Number),
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
    // Others, whose fields are not kept: their words are nobody's value.
    (
        None,
        &[
            "SEX",
            "SEXE",
            "SEXO",
            "SESSO",
            "GENDER",
            "GESCHLECHT",
            "GESLACHT",
            "PLEC",
            "CINSIYETI",
            "NATIONALITY",
            "NATIONALITE",
            "STAATSANGEHOERIGKEIT",
            "NACIONALIDAD",
            "NACIONALIDADE",
            "CITTADINANZA",
            "NATIONALITEIT",
            "OBYWATELSTWO",
            "UYRUGU",
            "PLACE OF BIRTH",
            "GEBURTSORT",
            "LIEU DE NAISSANCE",
            "LUGAR DE NACIMIENTO",
            "LUOGO DI NASCITA",
            "MIEJSCE URODZENIA",
            "NOM DE NAISSANCE",
            "GEBURTSNAME",
            "NAZWISKO RODOWE",
            "NOMBRE DEL PADRE",
            "PLACE OF ISSUE",
            "HEIGHT",
            "TAILLE",
            "GROESSE",
            "STATURA",
            "ALTURA",
            "EYES",
            "ADDRESS",
            "ADRESSE",
            "DOMICILIO",
            "INDIRIZZO",
            "RESIDENCE",
            "SIGNATURE",
            "UNTERSCHRIFT",
            "FIRMA",
            "COUNTRY",
            "TYPE",
            "CLASS",
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
    /// Names a field, and may say it behind that.
    Caption(Option<Label>, &'a [Letter]),
    Value(&'a [Letter]),
}

/// `None`: print of something else, or too little of it.
pub fn parse(lines: &[Line], letters: &[Vec<Letter>], today: NaiveDate) -> Option<Printed> {
    let rows: Vec<Row> = letters.iter().map(|letters| row(letters)).collect();
    let slope = band::slope(lines);
    let mut found: Vec<Field> = Vec::new();
    for (at, row) in rows.iter().enumerate() {
        let Row::Caption(Some(label), behind) = row else {
            continue;
        };
        // Behind a word without a colon, a name may as well be the rest of what the caption says.
        let is_told = behind.iter().find(|one| one.letter != ' ');
        let is_told = is_told.is_some_and(|one| matches!(one.letter, ':' | '.'));
        let has_digits = label.is_date() || *label == Label::Number;
        let behind = (is_told || has_digits).then_some((*behind, at));
        let beside = beside(lines, &rows, at, slope).into_iter().flatten();
        let mut values = behind.into_iter().chain(beside);
        found.extend(values.find_map(|(value, at)| field(*label, value, at, today)));
    }
    // What two words seem to name is neither's.
    let rows: Vec<usize> = found.iter().map(Field::row).collect();
    found.retain(|field| rows.iter().filter(|row| **row == field.row()).count() == 1);
    Printed::of(found, true, today)
}

fn row(letters: &[Letter]) -> Row<'_> {
    let mut label = None;
    let mut rest = letters;
    // One language after another: "SURNAME / NOM".
    while let Some((named, length)) = caption(rest) {
        label = label.or(Some(named));
        rest = without_plural(&rest[length..]);
        let Some((first, behind)) = trimmed(rest).split_first() else {
            break;
        };
        if first.letter == '/' {
            rest = trimmed(behind);
            // Another language, of which nothing is known.
            if caption(rest).is_none() {
                rest = &[];
            }
        } else {
            break;
        }
    }
    match label {
        None => Row::Value(letters),
        // Two words in one line: whose is what follows?
        Some(label) if caption(trimmed(rest)).is_some() => Row::Caption(label, &[]),
        Some(label) => Row::Caption(label, rest),
    }
}

/// Without the ending of a plural: "NAME(S)", "VORNAME(N)", or what of it was not taken for a letter of the word.
fn without_plural(letters: &[Letter]) -> &[Letter] {
    let is_open = letters.first().is_some_and(|first| first.letter == '(');
    let close = letters.iter().position(|one| one.letter == ')');
    match close {
        Some(close) if close == 0 || is_open && close <= 3 => &letters[close + 1..],
        _ => letters,
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
fn caption(letters: &[Letter]) -> Option<(Option<Label>, usize)> {
    let is_end = |end: &usize| {
        letters[*end - 1].letter.is_alphabetic()
            && letters
                .get(*end)
                .is_none_or(|next| !next.letter.is_alphanumeric())
    };
    let ends: Vec<usize> = (1..=letters.len()).filter(is_end).take(WORDS_MAX).collect();
    // "DATE OF BIRTH" before any shorter one.
    ends.into_iter().rev().find_map(|end| {
        let plain = |one: &Letter| {
            if one.letter.is_alphabetic() {
                one.letter
            } else {
                ' '
            }
        };
        let text: String = letters[..end].iter().map(plain).collect();
        Some((named(&transliterate(&text))?, end))
    })
}

fn named(text: &str) -> Option<Option<Label>> {
    // "GIVEN NAME" and "PRÉNOM" are the same in the singular.
    let is_like = |caption: &&str| {
        caption.len() >= LENGTH_FORGIVING && strsim::osa_distance(caption, text) <= 1
    };
    let find = |is: &dyn Fn(&&str) -> bool| {
        let found = CAPTIONS
            .iter()
            .find(|(_, captions)| captions.iter().any(is));
        found.map(|(label, _)| *label)
    };
    find(&|caption| *caption == text).or_else(|| find(&is_like))
}

/// A line, seen from a caption: along it and down from it, in heights of the larger of both.
struct Seen {
    at: usize,
    begin: f32,
    end: f32,
    down: f32,
    /// The caption's.
    length: f32,
}

/// What may be the value of a caption: what stands to its right, or else what stands below.
fn beside<'a>(
    lines: &[Line],
    rows: &[Row<'a>],
    at: usize,
    slope: f32,
) -> [Option<(&'a [Letter], usize)>; 2] {
    let Some(caption) = lines.get(at) else {
        return [None, None];
    };
    let (sin, cos) = slope.sin_cos();
    let seen = |(at, line): (usize, &Line)| {
        let height = line.height.max(caption.height);
        let (x, y) = (
            (line.start.x - caption.start.x) / height,
            (line.start.y - caption.start.y) / height,
        );
        let begin = x.mul_add(cos, y * sin);
        Seen {
            at,
            begin,
            end: begin + line.length() / height,
            down: y.mul_add(cos, -x * sin),
            length: caption.length() / height,
        }
    };
    let is_under = |seen: &Seen| seen.begin < seen.length && seen.end > 0.0 && seen.down >= 0.6;
    let is_right = |seen: &Seen| {
        seen.down.abs() < 0.6 && (0.0..RIGHT_MAX).contains(&(seen.begin - seen.length))
    };
    // What stands below the next caption is that one's.
    let (mut right_max, mut below_max) = (f32::MAX, BELOW_MAX);
    let others = lines.iter().enumerate().map(seen);
    for other in others.filter(|seen| seen.at != at) {
        if let Some(Row::Caption(..)) = rows.get(other.at) {
            if is_under(&other) {
                below_max = below_max.min(other.down);
            } else if is_right(&other) {
                right_max = right_max.min(other.begin);
            }
        }
    }
    let value = |(cost, seen): (f32, Seen)| match rows.get(seen.at) {
        Some(Row::Value(letters)) if !letters.is_empty() => Some((cost, *letters, seen.at)),
        _ => None,
    };
    let nearest = |found: Vec<(f32, Seen)>| {
        let values = found.into_iter().filter_map(value);
        let nearest = values.min_by(|a, b| a.0.total_cmp(&b.0));
        nearest.map(|(_, letters, at)| (letters, at))
    };
    let all = || lines.iter().enumerate().map(seen);
    let right = all()
        .filter(|seen| is_right(seen) && seen.begin < right_max)
        .map(|seen| (seen.begin, seen));
    // Somewhere below the word: a piece of the portrait may stand before a value.
    let below = all()
        .filter(|seen| is_under(seen) && seen.down < below_max)
        .map(|seen| (seen.down + seen.begin.abs() * ASIDE, seen));
    [nearest(right.collect()), nearest(below.collect())]
}

/// `None`: this is nothing that such a field says.
fn field(label: Label, value: &[Letter], row: usize, today: NaiveDate) -> Option<Field> {
    let value = trimmed(value);
    let digits = value.iter().filter(|one| one.letter.is_ascii_digit());
    let letters = value.iter().filter(|one| one.letter.is_alphabetic());
    let (digits, letters) = (digits.count(), letters.count());
    let fits = match label {
        Label::Surname | Label::Given => digits == 0 && letters >= 2,
        Label::Number => digits >= 3,
        Label::Authority => letters >= 2,
        Label::Birth | Label::Issue | Label::Expiry | Label::Categories => true,
    };
    if !fits {
        return None;
    }
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
    &["JAN", "JAE", "ENE", "GEN", "STY", "OCA"],
    &["FEB", "FEV", "LUT", "SUB"],
    &["MAR", "MAE", "MAA", "MRT"],
    &["APR", "AVR", "ABR", "KWI", "NIS"],
    &["MAY", "MAI", "MAG", "MEI", "MAJ"],
    &["JUN", "JUIN", "GIU", "CZE", "HAZ"],
    &["JUL", "JUIL", "LUG", "LIP", "TEM"],
    &["AUG", "AOU", "AGO", "AGU", "SIE"],
    &["SEP", "SET", "WRZ", "EYL"],
    &["OCT", "OKT", "OTT", "OUT", "PAZ", "EKI"],
    &["NOV", "LIS", "KAS"],
    &["DEC", "DEZ", "DIC", "GRU", "ARA"],
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
        let names = [(0.0, 0.0, "SURNAME: DOE"), (0.0, 20.0, "FORENAMES: JO")];
        let with = |more: &[(f32, f32, &str)]| read(&[&names[..], more].concat());
        let below = (0.0, 60.0, "12.08.1985");
        assert!(with(&[(0.0, 40.0, "DOB"), below]).is_some());
        assert!(with(&[(0.0, 40.0, "DOB"), (0.0, 90.0, "12.08.1985")]).is_none());
        assert!(with(&[(0.0, 40.0, "DOB"), (200.0, 40.0, "12.08.1985")]).is_none());
        assert!(with(&[(0.0, 40.0, "DOB"), (0.0, 60.0, "31.02.1985")]).is_none());
        assert!(with(&[(0.0, 40.0, "D0G"), below]).is_none());
        assert!(read(&[(0.0, 40.0, "DOB"), below]).is_none());
    }

    #[test]
    fn a_word_is_nobodys_value() {
        let printed = read(&[
            (0.0, 0.0, "SURNAME(S) / EFTERNAMN"),
            (260.0, 0.0, "SEX"),
            (0.0, 20.0, "DOE"),
            (260.0, 20.0, "F"),
            (0.0, 40.0, "GIVEN NAME(S): JO"),
            (200.0, 40.0, "NAZWISKO RODOWE"),
            (200.0, 60.0, "ROE"),
            (0.0, 80.0, "DATE OF BIRTH"),
            (180.0, 80.0, "HOLDER"),
            (0.0, 100.0, "12.08.1985"),
        ])
        .unwrap();
        assert_eq!(printed.text(Label::Surname), "DOE");
        assert_eq!(printed.text(Label::Given), "JO");
        assert_eq!(printed.date(Label::Birth), day(1985, 8, 12));
        // Its value was not seen: the next one's is not its own.
        let lost = read(&[
            (0.0, 0.0, "SURNAME"),
            (0.0, 15.0, "GIVEN NAMES"),
            (0.0, 30.0, "JO"),
            (0.0, 60.0, "CARD NO"),
            (0.0, 80.0, "X12345"),
            (0.0, 100.0, "DOB: 12.08.1985"),
        ])
        .unwrap();
        assert_eq!(lost.text(Label::Surname), "");
        assert_eq!(lost.text(Label::Given), "JO");
        // Two words in one line, and one value of two.
        assert_eq!(
            read(&[(0.0, 0.0, "SURNAME GIVEN NAMES"), (0.0, 20.0, "DOE")]),
            None
        );
        let shared = [
            (0.0, 0.0, "SURNAME"),
            (90.0, 0.0, "GIVEN NAMES"),
            (20.0, 20.0, "DOE JO JO JO"),
            (0.0, 60.0, "DOB: 12.08.1985"),
            (0.0, 80.0, "CARD NO 12345"),
        ];
        assert_eq!(read(&shared), None);
    }

    #[test]
    fn a_child_has_a_card_too() {
        let printed = read(&[
            (0.0, 0.0, "SURNAME: DOE"),
            (0.0, 20.0, "CARD NO: 12345"),
            (0.0, 40.0, "DOB: 01.05.2008"),
            (0.0, 60.0, "DATE OF ISSUE: 01.06.2018"),
        ])
        .unwrap();
        assert!(printed.fields.iter().all(|field| field.sure == SURE_MAX));
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
