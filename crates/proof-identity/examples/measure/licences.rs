//! How often the print of a card is read, by damage: of a licence that numbers its fields, and of an identity card that
//! names them.

use crate::{Outcome, levels};
use image::RgbImage;
use proof_core::identity::DocumentKind;
use proof_identity::{
    document::{self, CERTAIN, Printed},
    network::Models,
    picture::{self, Need},
    specimen::{self, Damage, LicenceFields, damage},
};

/// Cards at each level.
const CARDS: u64 = 6;

struct Kind<'a> {
    names: &'a str,
    front: &'a dyn Fn(&LicenceFields) -> RgbImage,
    /// How many each has.
    fields: u64,
    /// Dates count from here on.
    sure: f32,
}

pub fn measure(models: &Models, portrait: &RgbImage) -> Outcome<()> {
    let licences = Kind {
        names: "licences",
        front: &|fields| specimen::licence(fields, Some(portrait)),
        fields: 8,
        sure: CERTAIN,
    };
    by_damage(models, &licences)?;
    println!();
    let cards = Kind {
        names: "identity cards",
        front: &|fields| specimen::card(fields, Some(portrait)),
        fields: 7,
        sure: 0.0,
    };
    by_damage(models, &cards)
}

fn by_damage(models: &Models, kind: &Kind) -> Outcome<()> {
    let today = chrono::NaiveDate::from_ymd_opt(2026, 11, 26).ok_or("no such day")?;
    println!(
        "| damage | {} | no print read | fields | read right | wrong | of them called certain | dates right{} |",
        kind.names,
        if kind.sure > 0.0 { " and certain" } else { "" }
    );
    println!("|---|---|---|---|---|---|---|---|");
    let need = Need {
        long: 100,
        short: 100,
    };
    for (name, how) in levels() {
        let mut count = Count::default();
        for number in 0..CARDS {
            let fields = fields(number);
            let page = (kind.front)(&fields);
            let how = Damage {
                seed: number,
                ..how
            };
            let photo = picture::open(&damage(&page, &how), need)?;
            let side = document::side(models, &photo, today, DocumentKind::DrivingLicence)?;
            let printed = match &side.print {
                Some(page) => document::print(models, page, today)?,
                None => None,
            };
            count.add(&fields, printed.as_ref(), kind.sure);
        }
        let Count {
            none,
            right,
            wrong,
            certain,
            dates,
        } = count;
        let (all, dated) = (CARDS * kind.fields, CARDS * 3);
        println!(
            "| {name} | {CARDS} | {none} | {all} | {right} | {wrong} | {certain} | {dates} of {dated} |"
        );
    }
    Ok(())
}

#[derive(Default)]
struct Count {
    none: u64,
    right: u64,
    wrong: u64,
    /// Wrong, and surer than a guess.
    certain: u64,
    dates: u64,
}

impl Count {
    fn add(&mut self, fields: &LicenceFields, printed: Option<&Printed>, sure: f32) {
        let Some(printed) = printed else {
            self.none += 1;
            return;
        };
        for (label, text) in fields.labelled() {
            let Some(field) = printed.field(label) else {
                continue;
            };
            let is_certain = field.sure >= CERTAIN;
            if field.text == text {
                self.right += 1;
                self.dates += u64::from(field.sure >= sure && field.date.is_some());
            } else {
                eprintln!("{} for {text}, {:.2}", field.text, field.sure);
                self.wrong += 1;
                self.certain += u64::from(is_certain);
            }
        }
    }
}

fn fields(number: u64) -> LicenceFields {
    const PEOPLE: [[&str; 6]; 6] = [
        [
            "ERIKSSON",
            "ANNA MARIA",
            "12.08.1985",
            "16.04.2019",
            "15.04.2034",
            "UT482910XK",
        ],
        [
            "VAN DER BERG",
            "SOFIE",
            "01.11.1979",
            "30.09.2021",
            "30.09.2031",
            "5372910846",
        ],
        [
            "QUIZOZ",
            "JAVIER BRUNO",
            "27.02.1968",
            "08.06.2017",
            "07.06.2027",
            "Q7712-04836",
        ],
        [
            "WU",
            "XIUYING",
            "19.05.2001",
            "23.10.2022",
            "22.10.2037",
            "WU010519HX3",
        ],
        [
            "OBRIEN",
            "GILLIAN",
            "30.12.1990",
            "14.03.2015",
            "13.03.2025",
            "OBRIE912300GI 18",
        ],
        [
            "KOWALCZYK",
            "ZBIGNIEW",
            "06.07.1956",
            "25.01.2020",
            "25.01.2030",
            "01258/20/2416",
        ],
    ];
    let [surname, given, birth, issue, expiry, number] =
        PEOPLE[number as usize % PEOPLE.len()].map(str::to_owned);
    LicenceFields {
        surname,
        given,
        birth,
        issue,
        expiry,
        number,
        ..specimen::licence_fields()
    }
}
