//! The words of letters, one file for each language. English is the source.

use crate::language::Language;
use std::{collections::BTreeMap, sync::LazyLock};

pub(super) type Words = BTreeMap<String, String>;

const fn file(language: Language) -> &'static str {
    match language {
        Language::En => include_str!("lang/en.json"),
        Language::Es => include_str!("lang/es.json"),
        Language::De => include_str!("lang/de.json"),
        Language::Fr => include_str!("lang/fr.json"),
        Language::Pt => include_str!("lang/pt.json"),
        Language::Tr => include_str!("lang/tr.json"),
        Language::Ru => include_str!("lang/ru.json"),
        Language::Ar => include_str!("lang/ar.json"),
        Language::Zh => include_str!("lang/zh.json"),
        Language::Ja => include_str!("lang/ja.json"),
    }
}

/// A test reads every file, and holds it to the keys and the places of the English.
static WORDS: LazyLock<Vec<Words>> = LazyLock::new(|| {
    let read = |language| serde_json::from_str(file(language)).unwrap_or_default();
    Language::ALL.into_iter().map(read).collect()
});

pub(super) fn words(language: Language) -> Option<&'static Words> {
    let index = Language::ALL.iter().position(|one| *one == language)?;
    WORDS.get(index)
}

/// A sentence with what belongs in its places. What is put there is not read again: a shop may be called `{link}`.
pub(super) fn say(language: Language, key: &str, given: &[(&str, &str)]) -> String {
    let found = words(language).and_then(|words| words.get(key));
    let mut rest = found.map_or(key, String::as_str);
    let mut said = String::with_capacity(rest.len());
    while let Some((before, after)) = rest.split_once('{') {
        said.push_str(before);
        let (name, behind) = after.split_once('}').unwrap_or((after, ""));
        let value = given.iter().find(|(known, _)| *known == name);
        said.push_str(value.map_or("", |(_, value)| value));
        rest = behind;
    }
    said.push_str(rest);
    said
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    fn places(text: &str) -> BTreeSet<&str> {
        let parts = text.split('{').skip(1);
        parts.map(|part| part.split_once('}').unwrap().0).collect()
    }

    #[test]
    fn every_language_says_everything() {
        let english = words(Language::En).unwrap();
        assert!(english.len() > 30);
        for language in Language::ALL {
            let own = words(language).unwrap();
            let name = language.code();
            assert!(own.keys().eq(english.keys()), "{name}");
            for (key, text) in own {
                assert_eq!(places(text), places(&english[key]), "{name} {key}");
                let same = language != Language::En && *text == english[key];
                assert!(!same, "{name} {key} is left in English");
            }
        }
    }

    #[test]
    fn what_is_put_in_is_not_read_again() {
        let given = [("order", "{partner}"), ("partner", "{order} {")];
        let said = say(Language::En, "order", &given);
        assert_eq!(said, "Order {partner} with {order} {");
        assert_eq!(say(Language::En, "nothing.like.it", &[]), "nothing.like.it");
    }
}
