//! What the barcode of a licence says: elements of three letters, as AAMVA's *DL/ID Card Design Standard* has
//! them since its version of 2000 (annex D). Licences and cards of the United States and of Canada have it.

use crate::mrz::PartialDate;
use chrono::NaiveDate;

/// Longer texts than the code can hold are not looked at.
const LENGTH_MAX: usize = 4_000;

/// What a licence says of its holder.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Licence {
    /// `USA` or `CAN`.
    pub country: &'static str,
    /// The state or province, in letters.
    pub region: Option<String>,
    pub surname: String,
    pub given: String,
    pub number: String,
    pub birth: Option<PartialDate>,
    pub expiry: Option<PartialDate>,
}

impl Licence {
    /// `None`: another kind of text.
    pub fn read(text: &str) -> Option<Self> {
        if text.len() > LENGTH_MAX || !text.contains("ANSI ") && !text.contains("AAMVA") {
            return None;
        }
        let element = |name: &str| element(text, name);
        let region = element("DAJ").filter(|region| {
            region.len() == 2 && region.bytes().all(|byte| byte.is_ascii_uppercase())
        });
        let country = match element("DCG").as_deref() {
            Some("CAN") => "CAN",
            Some("USA") => "USA",
            // Versions before 2003 do not name it.
            _ => match region.as_deref() {
                Some(region) if PROVINCES.contains(&region) => "CAN",
                _ => "USA",
            },
        };
        let (surname, given) = names(text)?;
        Some(Self {
            country,
            region,
            surname,
            given,
            number: element("DAQ")?,
            birth: element("DBB").and_then(|date| day(&date)),
            expiry: element("DBA").and_then(|date| day(&date)),
        })
    }
}

const PROVINCES: [&str; 13] = [
    "AB", "BC", "MB", "NB", "NL", "NS", "NT", "NU", "ON", "PE", "QC", "SK", "YT",
];

/// Family name and given names, as the versions of the standard have had them.
fn names(text: &str) -> Option<(String, String)> {
    let element = |name: &str| element(text, name);
    let joined =
        |parts: [Option<String>; 2]| parts.into_iter().flatten().collect::<Vec<_>>().join(" ");
    if let Some(surname) = element("DCS").or_else(|| element("DAB")) {
        let given = element("DAC").or_else(|| element("DCT"));
        let given = joined([given, element("DAD")]);
        return Some((surname, given.replace(',', " ").trim().to_owned()));
    }
    // The first version has all of it in one: surname, given names, parted by commas.
    let whole = element("DAA")?;
    let (surname, given) = whole.split_once(',').unwrap_or((&whole, ""));
    let surname = surname.trim();
    if surname.is_empty() {
        return None;
    }
    Some((
        surname.to_owned(),
        given.replace(',', " ").trim().to_owned(),
    ))
}

/// The first element with this name; each is on a line of its own, and the first one follows the name of its part.
fn element(text: &str, name: &str) -> Option<String> {
    let lines = text.split(['\n', '\r', '\u{1e}']);
    let value = lines.filter_map(|line| {
        let line = line.trim_start();
        if let Some(value) = line.strip_prefix(name) {
            return Some(value);
        }
        // "…DL00410288ZA03290015DLDAQ123": the head ends where the first element begins.
        let is_head = line.starts_with("ANSI ") || line.starts_with("AAMVA");
        let at = is_head.then(|| {
            line.find(&format!("DL{name}"))
                .or_else(|| line.find(&format!("ID{name}")))
        })??;
        line.get(at + 2 + name.len()..)
    });
    let mut found = value.map(str::trim);
    let found = found.next()?.to_uppercase();
    // What somebody does not have is said so.
    (!found.is_empty() && found != "NONE" && found != "UNAVL").then_some(found)
}

/// `CCYYMMDD` in Canada and in old versions, `MMDDCCYY` in the States.
fn day(text: &str) -> Option<PartialDate> {
    if text.len() != 8 || !text.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let number = |from: usize, to: usize| text.get(from..to)?.parse::<u32>().ok();
    let (year, month, day) = if number(0, 2)? > 12 {
        (number(0, 4)?, number(4, 6)?, number(6, 8)?)
    } else {
        (number(4, 8)?, number(0, 2)?, number(2, 4)?)
    };
    let year = i32::try_from(year).ok()?;
    NaiveDate::from_ymd_opt(year, month, day)?;
    Some(PartialDate {
        year,
        month: Some(month),
        day: Some(day),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn date(year: i32, month: u32, day: u32) -> Option<PartialDate> {
        Some(PartialDate {
            year,
            month: Some(month),
            day: Some(day),
        })
    }

    /// The example of the standard's annex D.
    const VIRGINIA: &str = "@\n\u{1e}\rANSI 636000100102DL00410278ZV03190008DLDAQT64235789\nDCSSAMPLE\nDDEN\nDACMICHAEL\n\
        DDFN\nDADJOHN\nDDGN\nDCUJR\nDCAD\nDCBK\nDCDPH\nDBD06062019\nDBB06061986\nDBA12102034\nDBC1\nDAU068 in\nDAYBRO\n\
        DAG2300 WEST BROAD STREET\nDAIRICHMOND\nDAJVA\nDAK232690000  \nDCF2424244747474786102204\nDCGUSA\nDCK123456789\nDDAF\nDDB06062018\n\
        DDC06062020\nDDD1\rZVZVA01\r";

    #[test]
    fn a_licence_is_read_as_its_standard_says() {
        let licence = Licence::read(VIRGINIA).unwrap();
        assert_eq!(
            licence,
            Licence {
                country: "USA",
                region: Some("VA".to_owned()),
                surname: "SAMPLE".to_owned(),
                given: "MICHAEL JOHN".to_owned(),
                number: "T64235789".to_owned(),
                birth: date(1986, 6, 6),
                expiry: date(2034, 12, 10),
            }
        );
    }

    #[test]
    fn older_versions_and_canada_are_read_too() {
        let old = "@\n\u{1e}\rAAMVA6360100102DL00390187DLDAAPUBLIC,JOHN,QUINCY\nDAQ0123\nDAJNY\nDBB19700102\nDBA20300102\n";
        let licence = Licence::read(old).unwrap();
        assert_eq!(
            (licence.surname.as_str(), licence.given.as_str()),
            ("PUBLIC", "JOHN QUINCY")
        );
        assert_eq!((licence.country, licence.birth), ("USA", date(1970, 1, 2)));
        let ontario = "@\nANSI 636012030002DL00410222DLDCSNOM\nDCTPRENOM,AUTRE\nDAQN1234-56789\nDAJON\nDBB19860606\nDBA20341210\n";
        let licence = Licence::read(ontario).unwrap();
        assert_eq!(
            (licence.country, licence.given.as_str()),
            ("CAN", "PRENOM AUTRE")
        );
    }

    #[test]
    fn other_barcodes_are_no_licences() {
        for text in [
            "",
            "M1SMITH/JOHN EABC123",
            "ANSI 636000",
            "ANSI 1DLDAQ1\nDCSNONE\n",
            // A fuzzer's.
            "ANSI 1DLDAQ1\nDAA,JOHN\n",
            &"ANSI ".repeat(1_000),
        ] {
            assert_eq!(Licence::read(text), None);
        }
    }

    proptest::proptest! {
        #[test]
        fn any_text_is_a_licence_or_none(text in "(ANSI )?.{0,60}(DL)?(DAQ|DCS|DBB|DAJ).{0,20}\n.{0,40}") {
            if let Some(licence) = Licence::read(&text) {
                proptest::prop_assert!(!licence.surname.is_empty() && !licence.number.is_empty());
            }
        }
    }
}
