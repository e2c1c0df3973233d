//! The other way: a zone for facts, with its check digits. Specimens and tests are made of it.

use super::{
    check, composite,
    form::{Form, Place},
};

/// What a zone says, in its own letters.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Fields {
    pub code: String,
    pub issuer: String,
    pub surname: String,
    pub given: String,
    pub number: String,
    pub nationality: String,
    /// Six characters, as the zone has them.
    pub birth: String,
    pub sex: char,
    pub expiry: String,
    pub optional: [String; 2],
}

/// The lines of a zone. What a field has no room for is left off, as states do it; a long number of a
/// card goes on in its optional data.
pub fn write(form: Form, fields: &Fields) -> Vec<String> {
    let layout = form.layout();
    let mut lines = vec![vec![b'<'; form.columns()]; form.lines()];
    let sex = fields.sex.to_string();
    let names = if fields.given.is_empty() {
        fields.surname.clone()
    } else {
        format!("{}<<{}", fields.surname, fields.given)
    };
    let long = form.has_long_numbers() && fields.number.len() > 9;
    let first = if long {
        let (_, more) = fields.number.split_at(9);
        format!(
            "{more}{}<{}",
            digit(fields.number.bytes()),
            fields.optional[0]
        )
    } else {
        fields.optional[0].clone()
    };
    for (place, text) in [
        (&layout.code, &fields.code),
        (&layout.issuer, &fields.issuer),
        (&layout.names, &names),
        (&layout.number, &fields.number),
        (&layout.nationality, &fields.nationality),
        (&layout.birth, &fields.birth),
        (&layout.sex, &sex),
        (&layout.expiry, &fields.expiry),
    ] {
        put(&mut lines, place, text);
    }
    for (place, text) in layout.optional.iter().zip([&first, &fields.optional[1]]) {
        if let Some(place) = place {
            put(&mut lines, place, text);
        }
    }
    for place in [&layout.number, &layout.birth, &layout.expiry] {
        if !(long && *place == layout.number) {
            let found = digit(place.of(&lines).iter().copied());
            put(&mut lines, &place.check(), &found.to_string());
        }
    }
    if let (Some(place), [Some(optional), _]) = (&layout.optional_check, &layout.optional) {
        let found = digit(optional.of(&lines).iter().copied());
        put(&mut lines, place, &found.to_string());
    }
    if let Some(place) = &layout.composite {
        let found = digit(composite(form, &lines));
        put(&mut lines, place, &found.to_string());
    }
    lines
        .into_iter()
        .map(|line| String::from_utf8_lossy(&line).into_owned())
        .collect()
}

fn digit(text: impl IntoIterator<Item = u8>) -> char {
    check::digit(text).map_or('<', char::from)
}

fn put(lines: &mut [Vec<u8>], place: &Place, text: &str) {
    let Some(line) = lines.get_mut(place.line) else {
        return;
    };
    for (column, letter) in place.columns.clone().zip(text.bytes()) {
        if let Some(byte) = line.get_mut(column) {
            *byte = match letter {
                b'A'..=b'Z' | b'0'..=b'9' => letter,
                _ => b'<',
            };
        }
    }
}
