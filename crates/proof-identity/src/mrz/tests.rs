use super::*;
use proptest::prelude::*;

fn today() -> NaiveDate {
    NaiveDate::from_ymd_opt(2012, 1, 1).unwrap()
}

fn parse(lines: &[&str]) -> Mrz {
    Mrz::parse(&lines.join("\n"), today()).unwrap()
}

const TD1: [&str; 3] = [
    "I<UTOD231458907<<<<<<<<<<<<<<<",
    "7408122F1204159UTO<<<<<<<<<<<6",
    "ERIKSSON<<ANNA<MARIA<<<<<<<<<<",
];
const TD2: [&str; 2] = [
    "I<UTOERIKSSON<<ANNA<MARIA<<<<<<<<<<<",
    "D231458907UTO7408122F1204159<<<<<<<6",
];
const TD3: [&str; 2] = [
    "P<UTOERIKSSON<<ANNA<MARIA<<<<<<<<<<<<<<<<<<<",
    "L898902C36UTO7408122F1204159ZE184226B<<<<<10",
];
const MRV_A: [&str; 2] = [
    "V<UTOERIKSSON<<ANNA<MARIA<<<<<<<<<<<<<<<<<<<",
    "L8988901C4XXX4009078F96121096ZE184226B<<<<<<",
];
const MRV_B: [&str; 2] = [
    "V<UTOERIKSSON<<ANNA<MARIA<<<<<<<<<<<",
    "L8988901C4XXX4009078F9612109<<<<<<<<",
];

#[test]
fn the_specimens_of_icao_9303_read_as_they_say() {
    for (lines, form, number) in [
        (&TD1[..], Form::Td1, "D23145890"),
        (&TD2[..], Form::Td2, "D23145890"),
        (&TD3[..], Form::Td3, "L898902C3"),
        (&MRV_A[..], Form::MrvA, "L8988901C"),
        (&MRV_B[..], Form::MrvB, "L8988901C"),
    ] {
        let mrz = parse(lines);
        assert_eq!((mrz.form, mrz.number.as_str()), (form, number));
        assert_eq!(mrz.wrong, [], "{form:?}");
        assert_eq!(mrz.names.surname, "ERIKSSON");
        assert_eq!(mrz.names.given, "ANNA MARIA");
        assert_eq!(mrz.issuer.kind(), CountryKind::Specimen);
        assert_eq!(mrz.sex, Sex::Female);
    }
    let mrz = parse(&TD3);
    let of = |year, month, day| PartialDate {
        year,
        month: Some(month),
        day: Some(day),
    };
    assert_eq!(mrz.birth, Some(of(1974, 8, 12)));
    assert_eq!(mrz.expiry, Some(of(2012, 4, 15)));
    assert_eq!(mrz.optional, ["ZE184226B"]);
    assert_eq!(parse(&MRV_A).birth, Some(of(1940, 9, 7)));
    assert_eq!(parse(&MRV_A).nationality.kind(), CountryKind::NoState);
}

#[test]
fn each_check_digit_is_looked_at() {
    let wrong = |lines: &[&str], line: usize, column: usize, byte: char| {
        let mut lines: Vec<String> = lines.iter().map(|&line| line.to_owned()).collect();
        lines[line].replace_range(column..=column, &byte.to_string());
        Mrz::parse(&lines.join("\n"), today()).unwrap().wrong
    };
    let digit = Wrong::CheckDigit;
    assert_eq!(
        wrong(&TD3, 1, 0, 'M'),
        [digit(Checked::Number), digit(Checked::Composite)]
    );
    assert_eq!(
        wrong(&TD3, 1, 18, '3'),
        [digit(Checked::Birth), digit(Checked::Composite)]
    );
    assert_eq!(
        wrong(&TD3, 1, 26, '6'),
        [digit(Checked::Expiry), digit(Checked::Composite)]
    );
    assert_eq!(
        wrong(&TD3, 1, 30, '2'),
        [digit(Checked::Optional), digit(Checked::Composite)]
    );
    assert_eq!(wrong(&TD3, 1, 43, '1'), [digit(Checked::Composite)]);
    assert_eq!(wrong(&TD1, 0, 20, 'B'), [digit(Checked::Composite)]);
    assert_eq!(wrong(&MRV_B, 1, 9, '5'), [digit(Checked::Number)]);
    assert_eq!(wrong(&TD3, 1, 20, 'Q'), [Wrong::Character]);
    assert_eq!(wrong(&TD3, 0, 6, '1'), [Wrong::Character]);
}

#[test]
fn long_numbers_go_on_in_the_optional_data() {
    let mrz = parse(&[
        "I<UTOD23145890<7349<<<<<<<<<<<",
        "3407127M9507122UTO<<<<<<<<<<<2",
        "STEVENSON<<PETER<JOHN<<<<<<<<<",
    ]);
    assert_eq!(mrz.number, "D23145890734");
    assert_eq!(mrz.wrong, []);
    assert_eq!(mrz.optional, Vec::<String>::new());
}

#[test]
fn what_is_no_zone_is_refused() {
    let parse = |text: &str| Mrz::parse(text, today()).unwrap_err();
    assert_eq!(parse(""), MrzError::Shape);
    assert_eq!(parse("P<UTO"), MrzError::Shape);
    assert_eq!(parse(&TD3[..1].join("\n")), MrzError::Shape);
    assert_eq!(parse(&format!("{}\n{}", TD3[0], TD2[1])), MrzError::Shape);
    assert_eq!(parse(&TD3.join("\n").replace('E', "e")), MrzError::Alphabet);
    // Five characters, but 44 bytes and more: columns are counted in bytes of the alphabet.
    assert_eq!(
        parse(&TD3.join("\n").replace("ER", "Ж")),
        MrzError::Alphabet
    );
}

fn recognised(lines: [&str; 2], others: &[(usize, usize, u8)]) -> Mrz {
    let other = |line, column| {
        let found = others
            .iter()
            .find(|known| (known.0, known.1) == (line, column));
        found.map(|known| known.2)
    };
    Mrz::recognised(&lines.join("\n"), &other, today()).unwrap()
}

#[test]
fn confusions_are_corrected_where_the_place_or_a_digit_says_so() {
    let read = [
        "P<UT0ER1K5S0N<<ANNA<MARIA<<<<<<<<<<<<<<<<<<<",
        "L8989O2C36UTO74O8I22F12O4I59ZE1842268<<<<<1O",
    ];
    let mrz = recognised(read, &[(1, 5, b'0'), (1, 1, b'B'), (1, 36, b'B')]);
    assert_eq!(
        (mrz.lines.as_slice(), mrz.wrong.as_slice()),
        (&TD3.map(str::to_owned)[..], &[][..])
    );
    let by_digit: Vec<_> = mrz
        .corrections
        .iter()
        .filter(|correction| correction.why == Why::CheckDigit)
        .map(|correction| (correction.column, correction.read, correction.is))
        .collect();
    assert_eq!(by_digit, [(5, 'O', '0'), (36, '8', 'B')]);
    assert_eq!(mrz.corrections.len(), 11);
    // Without the doubt the digits only say that something is wrong.
    let mrz = recognised(read, &[]);
    assert!(mrz.wrong.contains(&Wrong::CheckDigit(Checked::Number)));
    assert!(
        mrz.corrections
            .iter()
            .all(|correction| correction.why == Why::Alphabet)
    );
}

#[test]
fn a_code_that_nobody_has_becomes_one_that_somebody_has() {
    let read = [TD3[0], "L898902C36OTO7408122F1204159ZE184226B<<<<<10"];
    assert_eq!(recognised(read, &[(1, 10, b'U')]).nationality.code(), "UTO");
    assert_eq!(recognised(read, &[(1, 10, b'Q')]).nationality.code(), "OTO");
    assert_eq!(recognised(read, &[]).corrections, []);
}

#[test]
fn two_ways_are_a_guess_and_no_correction() {
    // Either of two characters, B for 8 or S for 5 (both three apart at the same weight), would do.
    let fields = Fields {
        number: "8A158AA5A".to_owned(),
        ..utopian()
    };
    let good = write(Form::Td3, &fields);
    let bad = good[1].replacen("8A158", "BA158", 1);
    let all = |_: usize, column: usize| bad.as_bytes().get(column).and_then(|byte| like(*byte));
    let text = format!("{}\n{bad}", good[0]);
    let mrz = Mrz::recognised(&text, &all, today()).unwrap();
    assert!(mrz.wrong.contains(&Wrong::CheckDigit(Checked::Number)));
    let one = |_: usize, column: usize| (column == 0).then_some(b'8');
    let mrz = Mrz::recognised(&text, &one, today()).unwrap();
    assert_eq!((mrz.number, mrz.wrong), (fields.number, vec![]));
}

/// What looks like a character.
fn like(byte: u8) -> Option<u8> {
    let at = b"O0I1B8S5Z2G6".iter().position(|known| *known == byte)?;
    Some(b"O0I1B8S5Z2G6"[at ^ 1])
}

fn utopian() -> Fields {
    Fields {
        code: "P".to_owned(),
        issuer: "UTO".to_owned(),
        surname: "ERIKSSON".to_owned(),
        given: "ANNA".to_owned(),
        number: "L898902C3".to_owned(),
        nationality: "UTO".to_owned(),
        birth: "740812".to_owned(),
        sex: 'F',
        expiry: "220415".to_owned(),
        optional: [String::new(), String::new()],
    }
}

fn fields() -> impl Strategy<Value = (Form, Fields)> {
    let form = prop::sample::select(Form::ALL.to_vec());
    let date =
        (0_u32..100, 1_u32..=12, 1_u32..=28).prop_map(|(y, m, d)| format!("{y:02}{m:02}{d:02}"));
    let country = prop::sample::select(vec!["D", "UTO", "FRA", "GBN", "XXA", "ZWE"]);
    (
        form,
        ("[A-Z]{1,12}(<[A-Z]{1,6})?", "[A-Z]{1,10}(<[A-Z]{1,5})?"),
        ("[A-Z0-9]{1,9}", "[A-Z0-9]{0,7}"),
        (date.clone(), date),
        (
            country.clone(),
            country,
            prop::sample::select(vec!['M', 'F', '<']),
        ),
    )
        .prop_map(
            |(
                form,
                (surname, given),
                (number, optional),
                (birth, expiry),
                (issuer, nationality, sex),
            )| {
                let code = match form {
                    Form::Td1 | Form::Td2 => "ID",
                    Form::Td3 => "P",
                    Form::MrvA | Form::MrvB => "V",
                };
                let fields = Fields {
                    code: code.to_owned(),
                    issuer: issuer.to_owned(),
                    surname,
                    given,
                    number,
                    nationality: nationality.to_owned(),
                    birth,
                    sex,
                    expiry,
                    optional: [optional, String::new()],
                };
                (form, fields)
            },
        )
}

proptest! {
    #[test]
    fn what_is_written_is_read((form, fields) in fields()) {
        let lines = write(form, &fields);
        let mrz = Mrz::parse(&lines.join("\n"), today()).unwrap();
        prop_assert_eq!(mrz.form, form);
        prop_assert_eq!(&mrz.wrong, &vec![]);
        prop_assert_eq!(&mrz.number, &fields.number);
        prop_assert_eq!(mrz.issuer.code(), fields.issuer);
        prop_assert_eq!(mrz.nationality.code(), fields.nationality);
        let surname = fields.surname.replace('<', " ");
        prop_assert!(surname == mrz.names.surname || mrz.names.truncated);
    }

    /// Whatever one character is read for in a field with a check digit, and whatever is doubted: the
    /// zone is never taken for another good one, but for characters that count the same.
    #[test]
    fn a_wrong_character_is_found_or_put_right(
        (form, fields) in fields(),
        column in 0_usize..9,
        byte in prop::sample::select(b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ".to_vec()),
    ) {
        let good = write(form, &fields);
        let place = form.layout().number;
        let at = place.columns.start + column;
        let mut lines: Vec<Vec<u8>> = good.iter().map(|line| line.clone().into_bytes()).collect();
        lines[place.line][at] = byte;
        let text: Vec<_> = lines.iter().map(|line| String::from_utf8_lossy(line)).collect();
        let other = |line: usize, column: usize| {
            like(byte).filter(|_| (line, column) == (place.line, at))
        };
        let mrz = Mrz::recognised(&text.join("\n"), &other, today()).unwrap();
        let before = check::digit([good[place.line].as_bytes()[at]]);
        let counts_the_same = before == check::digit([byte])
            || like(byte).is_some_and(|other| check::digit([other]) == before);
        prop_assert!(counts_the_same || !mrz.wrong.is_empty() || mrz.number == fields.number);
    }

    #[test]
    fn nothing_makes_it_stumble(text in "[A-Z0-9<\n]{0,140}") {
        if let Ok(mrz) = Mrz::recognised(&text, &|_, column| Some(text.as_bytes()[column % text.len()]), today()) {
            prop_assert_eq!(mrz.lines.len(), mrz.form.lines());
        }
    }

    #[test]
    fn confusions_in_dates_and_names_never_matter((form, fields) in fields(), picks in any::<u64>()) {
        let good = write(form, &fields);
        let layout = form.layout();
        let mut lines: Vec<Vec<u8>> = good.iter().map(|line| line.clone().into_bytes()).collect();
        let places = [layout.birth, layout.expiry, layout.names, layout.issuer, layout.nationality];
        let mut bit = 0;
        for place in places {
            for column in place.columns {
                bit += 1;
                let byte = &mut lines[place.line][column];
                if let Some(other) = like(*byte).filter(|_| picks >> (bit % 64) & 1 == 1) {
                    *byte = other;
                }
            }
        }
        let text: Vec<_> = lines.iter().map(|line| String::from_utf8_lossy(line)).collect();
        let mrz = Mrz::recognised(&text.join("\n"), &|_, _| None, today()).unwrap();
        prop_assert_eq!(mrz.lines, good);
    }
}
