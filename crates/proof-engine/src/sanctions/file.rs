//! Files of sanctions lists, as their authors publish them:
//!
//! - `targets.simple.csv` of OpenSanctions (<https://www.opensanctions.org/docs/bulk/csv/>), in which most
//!   states' lists are published, separately and together;
//! - `SDN.CSV` and `ALT.CSV` of OFAC (<https://ofac.treasury.gov/specially-designated-nationals-list-data-formats-data-schemas>),
//!   and `CONS_PRIM.CSV` and `CONS_ALT.CSV`, which look the same.
//!
//! Only persons are taken: companies, ships and aircraft do not come to buy.

use csv::{ReaderBuilder, StringRecord};
use proof_core::screening::names::{Born, ListedPerson};
use std::collections::BTreeMap;

/// One file of a list.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ListFile {
    /// For those who read what is wrong with it.
    pub name: String,
    pub bytes: Vec<u8>,
}

#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum ListProblem {
    #[error(
        "{file} is not a list that we know: it should be targets.simple.csv of OpenSanctions, or SDN.CSV and ALT.CSV of OFAC"
    )]
    Unknown { file: String },
    #[error("{file}, line {line}: {problem}")]
    Line {
        file: String,
        line: u64,
        problem: String,
    },
    #[error("{file} names nobody: it may be cut off")]
    Nobody { file: String },
}

const SIMPLE_HEAD: [&str; 5] = ["id", "schema", "name", "aliases", "birth_date"];
const SDN_COLUMNS: usize = 12;
const ALT_COLUMNS: usize = 5;
/// OFAC's way to say that there is nothing.
const NULL: &str = "-0-";

#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Simple,
    Sdn,
    Alt,
}

fn kind_of(file: &ListFile) -> Result<Kind, ListProblem> {
    let unknown = || ListProblem::Unknown {
        file: file.name.clone(),
    };
    let first = records(file).next().ok_or_else(unknown)??;
    if SIMPLE_HEAD
        .iter()
        .all(|name| first.iter().any(|column| column == *name))
    {
        return Ok(Kind::Simple);
    }
    let is_number = first.get(0).is_some_and(|id| id.parse::<u64>().is_ok());
    match first.len() {
        SDN_COLUMNS if is_number => Ok(Kind::Sdn),
        ALT_COLUMNS if is_number => Ok(Kind::Alt),
        _ => Err(unknown()),
    }
}

fn records(file: &ListFile) -> impl Iterator<Item = Result<StringRecord, ListProblem>> + '_ {
    let bytes = file.bytes.strip_prefix("\u{feff}".as_bytes());
    let reader = ReaderBuilder::new()
        .has_headers(false)
        .flexible(true)
        .from_reader(bytes.unwrap_or(&file.bytes));
    let mut records = reader.into_byte_records();
    std::iter::from_fn(move || {
        let record = match records.next()? {
            // Some of OFAC's files are in the Windows alphabet: what is not UTF-8 is no letter of a name.
            Ok(record) => Ok(StringRecord::from_byte_record_lossy(record)),
            Err(error) => Err(ListProblem::Line {
                file: file.name.clone(),
                line: error.position().map_or(0, csv::Position::line),
                problem: error.to_string(),
            }),
        };
        Some(record)
    })
    // OFAC's files end with the end-of-file sign of DOS.
    .filter(|record| !record.as_ref().is_ok_and(|one| one.len() < 2))
}

/// Everybody in these files. The same person on two lists is two.
pub(super) fn persons(files: &[ListFile]) -> Result<Vec<ListedPerson>, ListProblem> {
    let mut all = Vec::new();
    let mut by_number: BTreeMap<String, Vec<usize>> = BTreeMap::new();
    let mut alternatives = Vec::new();
    for file in files {
        let before = all.len();
        match kind_of(file)? {
            Kind::Simple => simple(file, &mut all)?,
            Kind::Sdn => {
                sdn(file, &mut all)?;
                for (at, person) in all.iter().enumerate().skip(before) {
                    by_number.entry(person.id.clone()).or_default().push(at);
                }
            }
            Kind::Alt => {
                alternatives.push(file);
                continue;
            }
        }
        if all.len() == before {
            let file = file.name.clone();
            return Err(ListProblem::Nobody { file });
        }
    }
    for file in alternatives {
        for record in records(file) {
            let record = record?;
            let (Some(number), Some(name)) = (record.get(0), record.get(3)) else {
                continue;
            };
            for at in by_number.get(number.trim()).into_iter().flatten() {
                if let Some(person) = all.get_mut(*at) {
                    person.names.push(name.trim().to_owned());
                }
            }
        }
    }
    Ok(all)
}

fn simple(file: &ListFile, all: &mut Vec<ListedPerson>) -> Result<(), ListProblem> {
    let mut records = records(file);
    let Some(head) = records.next().transpose()? else {
        return Ok(());
    };
    let place = |name: &str| head.iter().position(|column| column == name);
    let places = ["id", "schema", "name", "aliases", "birth_date", "dataset"].map(place);
    for record in records {
        let record = record?;
        let [id, schema, name, aliases, born, dataset] = places.map(|place| {
            let text = place.and_then(|place| record.get(place));
            text.unwrap_or_default().trim()
        });
        if schema != "Person" || name.is_empty() {
            continue;
        }
        let several = |text: &str| -> Vec<String> {
            let parts = text.split(';').map(str::trim);
            parts
                .filter(|part| !part.is_empty())
                .map(str::to_owned)
                .collect()
        };
        let mut names = vec![name.to_owned()];
        names.extend(several(aliases));
        all.push(ListedPerson {
            id: id.to_owned(),
            names,
            born: several(born)
                .iter()
                .filter_map(|date| Born::parse(date))
                .collect(),
            lists: dataset.to_owned(),
        });
    }
    Ok(())
}

fn sdn(file: &ListFile, all: &mut Vec<ListedPerson>) -> Result<(), ListProblem> {
    for record in records(file) {
        let record = record?;
        let column = |place: usize| record.get(place).map_or("", str::trim);
        if column(2) != "individual" {
            continue;
        }
        let program = Some(column(3)).filter(|program| *program != NULL);
        all.push(ListedPerson {
            id: column(0).to_owned(),
            names: vec![column(1).to_owned()],
            born: sdn_born(column(11)),
            lists: format!("OFAC {}", program.unwrap_or("SDN")),
        });
    }
    Ok(())
}

/// `DOB 12 Aug 1960; POB Baghdad, Iraq; alt. DOB 1961.` The year is always the last of its part.
fn sdn_born(remarks: &str) -> Vec<Born> {
    let parts = remarks.split(';').map(str::trim);
    let dates = parts.filter_map(|part| {
        let part = part.trim_start_matches("alt. ").trim_end_matches('.');
        part.strip_prefix("DOB ")
    });
    dates.filter_map(sdn_date).collect()
}

const MONTHS: [&str; 12] = [
    "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
];

fn sdn_date(text: &str) -> Option<Born> {
    // A span of years is not known any better than its end.
    let words: Vec<_> = text.split_whitespace().collect();
    let year = Born::parse(words.last()?)?.year;
    let month = |word: &str| {
        let place = MONTHS.iter().position(|month| word.starts_with(month))?;
        u8::try_from(place.checked_add(1)?).ok()
    };
    let day = match words.as_slice() {
        [day, name, _] => day.parse().ok().zip(month(name)),
        _ => None,
    };
    let day = day.map(|(day, month)| (month, day));
    Some(Born { year, day })
}

#[cfg(test)]
mod tests {
    use super::*;

    const SIMPLE: &str = "\"id\",\"schema\",\"name\",\"aliases\",\"birth_date\",\"countries\",\"dataset\"\n\
        \"Q1\",\"Person\",\"Ivan Petrov\",\"Иван Петров;Iwan Petrow\",\"1960-04-01;1961\",\"ru\",\"EU FSF;OFAC SDN\"\n\
        \"Q2\",\"Vessel\",\"Sea Star\",\"\",\"\",\"\",\"OFAC SDN\"\n\
        \"Q3\",\"Person\",\"Ada, Countess\",\"\",\"\",\"gb\",\"UN SC\"\n";
    const SDN: &str = "306,\"BANCO NACIONAL\",-0- ,\"CUBA\",-0- ,-0- ,-0- ,-0- ,-0- ,-0- ,-0- ,-0- \n\
        2674,\"ABBAS, Abu\",\"individual\",\"SDGT\",\"Director\",-0- ,-0- ,-0- ,-0- ,-0- ,-0- ,\"DOB 10 Dec 1948; alt. DOB circa 1950; POB Haifa.\"\n\u{1a}\n";
    const ALT: &str =
        "2674,1,\"aka\",\"ZAYDAN, Muhammad\",-0- \n306,2,\"aka\",\"NATIONAL BANK\",-0- \n";

    fn file(name: &str, text: &str) -> ListFile {
        ListFile {
            name: name.to_owned(),
            bytes: text.as_bytes().to_vec(),
        }
    }

    fn born(year: u16, day: Option<(u8, u8)>) -> Born {
        Born { year, day }
    }

    #[test]
    fn files_are_known_by_what_is_in_them() {
        let all = persons(&[file("a", ALT), file("b", SIMPLE), file("c", SDN)]).unwrap();
        let names: Vec<_> = all.iter().map(|person| person.names.join("|")).collect();
        assert_eq!(
            names,
            [
                "Ivan Petrov|Иван Петров|Iwan Petrow",
                "Ada, Countess",
                "ABBAS, Abu|ZAYDAN, Muhammad"
            ]
        );
        assert_eq!(all[0].born, [born(1960, Some((4, 1))), born(1961, None)]);
        assert_eq!(all[2].born, [born(1948, Some((12, 10))), born(1950, None)]);
        assert_eq!(
            (all[0].lists.as_str(), all[2].lists.as_str()),
            ("EU FSF;OFAC SDN", "OFAC SDGT")
        );
    }

    #[test]
    fn a_file_that_is_something_else_or_cut_off_is_no_list() {
        for (text, problem) in [
            ("", "is not a list that we know"),
            (
                "<html><body>Sign in</body></html>\n",
                "is not a list that we know",
            ),
            ("id,schema\n1,Person\n", "is not a list that we know"),
            ("id,schema,name,aliases,birth_date\n", "x names nobody"),
            ("1,\"A\",-0-,\"CUBA\",,,,,,,,\n", "x names nobody"),
        ] {
            let found = persons(&[file("x", text)]).unwrap_err().to_string();
            assert!(found.contains(problem), "{text:?}: {found}");
        }
    }
}
