//! What print says of its holder, and the numbered fields of a driving licence, as the Union's model has them (Directive 2006/126/EC, annex I), from
//! lines of print.

use super::print::Letter;
use crate::mrz::{DateField, PartialDate};
use chrono::{Months, NaiveDate};
use serde::{Deserialize, Serialize};

/// From here on a reading is no guess. Nothing checks print but a second look and the order of its dates.
pub const CERTAIN: f32 = 0.9;

/// What dates that contradict each other, or are there twice, are worth at the most.
const DOUBTFUL: f32 = 0.5;

/// Longer ones are not print of a licence.
const TEXT_MAX: usize = 80;

/// So many letters before the first label are none of the row's.
const BEFORE_MAX: usize = 3;

/// Nobody drives anything before, so that a birthday later than this before the issue was read wrong.
const MONTHS_BEFORE_ISSUE: Months = Months::new(14 * 12);

#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Label {
    Surname,
    Given,
    Birth,
    Issue,
    Expiry,
    Authority,
    Number,
    Categories,
}

impl Label {
    /// For people.
    pub const fn told(self) -> &'static str {
        match self {
            Self::Surname => "surname",
            Self::Given => "given names",
            Self::Birth => "birth",
            Self::Issue => "issued",
            Self::Expiry => "valid until",
            Self::Authority => "issued by",
            Self::Number => "number",
            Self::Categories => "categories",
        }
    }

    /// As the Union's model numbers it.
    pub const fn numbered(self) -> &'static str {
        match self {
            Self::Surname => "1",
            Self::Given => "2",
            Self::Birth => "3",
            Self::Issue => "4a",
            Self::Expiry => "4b",
            Self::Authority => "4c",
            Self::Number => "5",
            Self::Categories => "9",
        }
    }

    pub(super) const fn is_date(self) -> bool {
        matches!(self, Self::Birth | Self::Issue | Self::Expiry)
    }
}

#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct Field {
    pub label: Label,
    /// A date as it is printed.
    pub text: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub date: Option<PartialDate>,
    /// Of its least certain letter, from 0 to 1.
    pub sure: f32,
    /// The row that it stands in.
    #[serde(skip)]
    row: usize,
}

impl Field {
    pub(super) const fn row(&self) -> usize {
        self.row
    }
}

/// What was read of it; whatever else such a licence has, as where somebody lives, is not kept.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct Printed {
    pub fields: Vec<Field>,
    /// Its fields have names, and else numbers.
    #[serde(default)]
    pub is_named: bool,
}

impl Printed {
    /// `None`: print of something else. A card shows two of its names and numbers at least, and a date.
    pub(super) fn of(all: Vec<Field>, is_named: bool, today: NaiveDate) -> Option<Self> {
        let mut fields: Vec<Field> = Vec::new();
        for found in all {
            match fields.iter_mut().find(|known| known.label == found.label) {
                // Twice: who knows which one it is.
                Some(known) if known.text != found.text => known.sure = known.sure.min(DOUBTFUL),
                Some(_) => {}
                None => fields.push(found),
            }
        }
        let has_date = fields.iter().any(|field| field.date.is_some());
        let others = fields.iter().filter(|field| {
            matches!(
                field.label,
                Label::Surname | Label::Given | Label::Number | Label::Authority
            )
        });
        if !has_date || others.count() < 2 {
            return None;
        }
        fields.sort_by_key(|field| field.label);
        let mut printed = Self { fields, is_named };
        if !printed.is_in_order(today) {
            let dates = printed.fields.iter_mut().filter(|one| one.label.is_date());
            for field in dates {
                field.sure = field.sure.min(DOUBTFUL);
            }
        }
        Some(printed)
    }

    pub fn field(&self, label: Label) -> Option<&Field> {
        self.fields.iter().find(|field| field.label == label)
    }

    pub fn text(&self, label: Label) -> &str {
        self.field(label).map_or("", |field| &field.text)
    }

    /// A day, and whether that is certain.
    pub fn date(&self, label: Label) -> Option<(PartialDate, bool)> {
        let field = self.field(label)?;
        Some((field.date?, field.sure >= CERTAIN))
    }

    /// Of the dates that somebody may be sent away for.
    pub(super) fn rows_of_dates(&self) -> Vec<usize> {
        let counts = |field: &&Field| matches!(field.label, Label::Birth | Label::Expiry);
        let dates = self.fields.iter().filter(counts);
        let mut rows: Vec<usize> = dates.map(|field| field.row).collect();
        rows.dedup();
        rows
    }

    /// After a second look: a date is as certain as both are, and not at all where they differ.
    pub(super) fn and(mut self, second: Option<&Self>) -> Self {
        for field in &mut self.fields {
            if !field.label.is_date() {
                continue;
            }
            let other = second.and_then(|second| second.field(field.label));
            let other = other.filter(|other| other.date == field.date);
            let sure = other.map_or(DOUBTFUL, |other| other.sure);
            field.sure = field.sure.min(sure);
        }
        self
    }

    /// Born, allowed to drive, and then for some time.
    fn is_in_order(&self, today: NaiveDate) -> bool {
        let day = |label| self.field(label)?.date?.first();
        let (birth, issue, expiry) = (day(Label::Birth), day(Label::Issue), day(Label::Expiry));
        let before = |a: Option<NaiveDate>, b: Option<NaiveDate>| {
            a.zip(b).is_none_or(|(earlier, later)| earlier < later)
        };
        // Children have cards, too.
        let months = if self.is_named {
            Months::new(0)
        } else {
            MONTHS_BEFORE_ISSUE
        };
        let of_age = birth.and_then(|birth| birth.checked_add_months(months));
        before(birth, Some(today))
            && before(issue, today.succ_opt())
            && before(of_age, issue)
            && before(of_age, expiry)
            && before(issue, expiry)
    }
}

/// `None`: print of something else.
pub fn parse(rows: &[Vec<Letter>], today: NaiveDate) -> Option<Printed> {
    let rows = rows.iter().enumerate();
    let found = rows.flat_map(|(row, letters)| {
        let parts = split(letters).into_iter();
        parts.filter_map(move |(label, value)| field(label?, value, row, today))
    });
    Printed::of(found.collect(), false, today)
}

/// The parts of a row, each from a label on. `None`: a label whose field is not kept.
fn split(letters: &[Letter]) -> Vec<(Option<Label>, &[Letter])> {
    let mut parts = Vec::new();
    let mut open: Option<(Option<Label>, usize)> = None;
    for at in 0..letters.len() {
        let is_first = at == 0;
        let follows = at > 0 && letters[at - 1].letter == ' ';
        if !is_first && !follows {
            continue;
        }
        let Some((label, length)) = label(&letters[at..]) else {
            continue;
        };
        // Behind a name or a number only a field with a letter begins: "5 B" may be a part of it.
        let is_lettered = matches!(
            label,
            Some(Label::Issue | Label::Expiry | Label::Authority) | None
        ) && length > 2;
        // A piece of the picture beside it may stand before the first.
        let is_late = open.is_none() && at <= BEFORE_MAX && letters[at + length - 1].letter == '.';
        if !(is_first || is_late || is_lettered && open.is_some()) {
            continue;
        }
        if let Some((label, from)) = open {
            parts.push((label, &letters[from..at]));
        }
        open = Some((label, at + length));
    }
    if let Some((label, from)) = open {
        parts.push((label, letters.get(from..).unwrap_or_default()));
    }
    parts
}

/// The label that a row begins with, and how long it is with its point.
fn label(letters: &[Letter]) -> Option<(Option<Label>, usize)> {
    let at = |at: usize| letters.get(at).map(|one| one.letter.to_ascii_lowercase());
    let is_end = |letter: Option<char>| matches!(letter, Some('.' | ',' | ' '));
    let (first, second) = (at(0)?, at(1));
    if first == '4' {
        let label = match second? {
            'a' => Some(Label::Issue),
            'b' => Some(Label::Expiry),
            'c' => Some(Label::Authority),
            'd' => None,
            _ => return None,
        };
        return Some((label, if is_end(at(2)) { 3 } else { 2 }));
    }
    let label = match first {
        // A one in many a face is a bar; then it needs its point.
        '1' => Some(Label::Surname),
        'l' | 'i' if second == Some('.') => Some(Label::Surname),
        '2' => Some(Label::Given),
        '3' => Some(Label::Birth),
        '5' => Some(Label::Number),
        '9' => Some(Label::Categories),
        '6' | '7' | '8' => None,
        _ => return None,
    };
    is_end(second).then_some((label, 2))
}

pub(super) fn field(label: Label, value: &[Letter], row: usize, today: NaiveDate) -> Option<Field> {
    if label.is_date() {
        let (text, date, sure) = date(value, label, today)?;
        return Some(Field {
            label,
            text,
            date: Some(date),
            sure,
            row,
        });
    }
    let text: String = value.iter().map(|one| one.letter).take(TEXT_MAX).collect();
    let text = text.to_uppercase();
    let text = text.trim_matches(|letter: char| !letter.is_alphanumeric());
    let letters = value.iter().filter(|one| one.letter.is_alphanumeric());
    let sure = letters.map(|one| one.sure).fold(1.0, f32::min);
    (!text.is_empty()).then(|| Field {
        label,
        text: text.split_whitespace().collect::<Vec<_>>().join(" "),
        date: None,
        sure,
        row,
    })
}

/// Day, month and year at the beginning of a value, parted by points, lines or blanks; the year has two digits or
/// four.
fn date(value: &[Letter], label: Label, today: NaiveDate) -> Option<(String, PartialDate, f32)> {
    let mut groups: Vec<String> = vec![String::new()];
    let mut sure = 1.0_f32;
    let begin = value.iter().position(|one| one.letter != ' ')?;
    for one in value.get(begin..)? {
        let group = groups.last_mut()?;
        match one.letter {
            // A date has no O.
            'O' | 'o' | '0'..='9' => {
                let digit = if one.letter.is_ascii_digit() {
                    one.letter
                } else {
                    '0'
                };
                group.push(digit);
                sure = sure.min(one.sure);
            }
            '.' | ',' | '/' | '-' | ' ' if group.is_empty() => {}
            '.' | ',' | '/' | '-' | ' ' if groups.len() < 3 => groups.push(String::new()),
            _ => break,
        }
    }
    let [day, month, year] = groups.try_into().ok()?;
    let (day_number, month_number) = (two(&day)?, two(&month)?);
    let known = match year.len() {
        2 => {
            let text = format!("{year}{month_number:02}{day_number:02}");
            let field = match label {
                Label::Expiry => DateField::expiry(text.as_bytes(), today),
                // Whoever is of age now was born before, and an issue is past, too.
                _ => DateField::birth(text.as_bytes(), today),
            };
            field.known()?
        }
        4 => PartialDate {
            year: year.parse().ok()?,
            month: Some(month_number),
            day: Some(day_number),
        },
        _ => return None,
    };
    known.last()?;
    // Of a year that was cut off its century is left.
    if year == "19" || year == "20" {
        sure = sure.min(DOUBTFUL);
    }
    Some((format!("{day}.{month}.{year}"), known, sure))
}

fn two(text: &str) -> Option<u32> {
    (text.len() == 2).then(|| text.parse().ok())?
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn today() -> NaiveDate {
        NaiveDate::from_ymd_opt(2026, 11, 28).unwrap()
    }

    fn rows(lines: &[&str]) -> Vec<Vec<Letter>> {
        let row = |line: &&str| {
            let letters = line.chars();
            letters
                .map(|letter| Letter { letter, sure: 0.99 })
                .collect()
        };
        lines.iter().map(row).collect()
    }

    fn read(lines: &[&str]) -> Option<Printed> {
        parse(&rows(lines), today())
    }

    fn day(year: i32, month: u32, day: u32) -> PartialDate {
        PartialDate {
            year,
            month: Some(month),
            day: Some(day),
        }
    }

    #[test]
    fn licences_are_read_as_states_print_them() {
        let united = read(&[
            "DRIVING LICENCE",
            "1. MORGAN",
            "2. MEREDYTH HANNAH",
            "A 3. 11.03.1976 UNITED KINGDOM",
            "4a. 19.01.2019 4c. DVLA",
            "4b. 18.01.2029",
            "5. MORGA753116SM9IJ 35",
            "8. 122 BURNS CRESCENT, EDINBURGH",
            "9. AM/A/B1/B",
        ])
        .unwrap();
        assert_eq!(united.text(Label::Given), "MEREDYTH HANNAH");
        assert_eq!(united.date(Label::Birth), Some((day(1976, 3, 11), true)));
        assert_eq!(united.date(Label::Issue), Some((day(2019, 1, 19), true)));
        assert_eq!(united.text(Label::Authority), "DVLA");
        assert_eq!(united.date(Label::Expiry), Some((day(2029, 1, 18), true)));
        assert_eq!(united.text(Label::Number), "MORGA753116SM9IJ 35");
        assert_eq!(united.text(Label::Categories), "AM/A/B1/B");
        assert_eq!(united.fields.len(), 8);
        let german = read(&[
            "l.Mustermann",
            "2 Erika",
            "3 12.08.64 Berlin",
            "4a 19.01.13 4b 18.01.28",
            "4c Landratsamt",
            "5 B072RRE2I55",
        ])
        .unwrap();
        assert_eq!(german.text(Label::Surname), "MUSTERMANN");
        assert_eq!(german.date(Label::Birth), Some((day(1964, 8, 12), true)));
        assert_eq!(german.date(Label::Expiry), Some((day(2028, 1, 18), true)));
    }

    #[test]
    fn dates_that_contradict_each_other_are_no_certain_ones() {
        let with = |birth: &str, issue: &str, expiry: &str| {
            let [birth, issue, expiry] =
                [("3. ", birth), ("4a. ", issue), ("4b. ", expiry)].map(|(a, b)| format!("{a}{b}"));
            read(&["1. A", "2. B", &birth, &issue, &expiry]).unwrap()
        };
        let certain = |printed: &Printed| printed.date(Label::Expiry).unwrap().1;
        assert!(certain(&with("01.02.1990", "01.02.2010", "01.02.2020")));
        for (birth, issue, expiry) in [
            ("01.02.2012", "01.02.2010", "01.02.2020"),
            ("01.02.2000", "01.02.2010", "01.02.2020"),
            ("01.02.1990", "01.02.2030", "01.02.2040"),
            ("01.02.1990", "01.02.2010", "01.02.2009"),
        ] {
            assert!(!certain(&with(birth, issue, expiry)));
        }
        let first = with("01.02.1990", "01.02.2010", "01.02.2020");
        let second = with("01.02.1990", "01.02.2010", "01.02.2028");
        assert!(certain(&first.clone().and(Some(&first))));
        assert!(!certain(&first.clone().and(Some(&second))));
        assert!(!certain(&first.and(None)));
        let cut = with("01.02.1990", "01.02.2010", "01.02.20");
        assert!(!certain(&cut));
        let twice = read(&["1. A", "2. B", "4b. 01.02.2030", "4b. 01.02.2031"]).unwrap();
        assert!(!certain(&twice));
    }

    #[test]
    fn other_print_is_no_licence() {
        for lines in [
            &["UTOPIA SPECIMEN", "ERIKSSON", "12.08.1985"][..],
            &["1. A", "2. B"],
            &["1. A", "3. 01.02.1990"],
            &[
                "1. A",
                "2. B",
                "3. 31.02.1990",
                "4b. 1.2.2030",
                "4a. 01.02.030",
            ],
            &["1", "4", "4a", "", "9."],
        ] {
            assert_eq!(read(lines), None, "{lines:?}");
        }
    }

    proptest! {
        #[test]
        fn any_print_is_parsed_or_not(
            lines in proptest::collection::vec("([1-9l]|4[a-d])?[. ]?([0-9O]{1,4}[./ ]?){0,4}.{0,20}", 0..12)
        ) {
            let lines: Vec<&str> = lines.iter().map(String::as_str).collect();
            if let Some(printed) = read(&lines) {
                prop_assert!(printed.fields.len() >= 3);
                for field in &printed.fields {
                    prop_assert!(!field.text.is_empty());
                    prop_assert!((0.0..=1.0).contains(&field.sure));
                    prop_assert_eq!(field.label.is_date(), field.date.is_some());
                    if let Some(date) = field.date {
                        prop_assert!(date.last().is_some());
                    }
                }
            }
        }
    }
}
