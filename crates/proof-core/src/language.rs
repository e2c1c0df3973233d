//! The languages that people are spoken to in: those of the widget, and of its letters.

use serde::{Deserialize, Serialize};

#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Language {
    #[default]
    En,
    Es,
    De,
    Fr,
    Pt,
    Tr,
    Ru,
    Ar,
    Zh,
    Ja,
}

impl Language {
    pub const ALL: [Self; 10] = [
        Self::En,
        Self::Es,
        Self::De,
        Self::Fr,
        Self::Pt,
        Self::Tr,
        Self::Ru,
        Self::Ar,
        Self::Zh,
        Self::Ja,
    ];

    pub const fn code(self) -> &'static str {
        match self {
            Self::En => "en",
            Self::Es => "es",
            Self::De => "de",
            Self::Fr => "fr",
            Self::Pt => "pt",
            Self::Tr => "tr",
            Self::Ru => "ru",
            Self::Ar => "ar",
            Self::Zh => "zh",
            Self::Ja => "ja",
        }
    }

    /// Of a tag the first part counts: `de-AT` is `de`.
    pub fn parse(tag: &str) -> Option<Self> {
        let first = tag.split(['-', '_']).next()?;
        Self::ALL
            .into_iter()
            .find(|language| language.code().eq_ignore_ascii_case(first))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tag_is_read_as_the_widget_reads_it() {
        for language in Language::ALL {
            assert_eq!(Language::parse(language.code()), Some(language));
        }
        for (tag, language) in [
            ("de-AT", Some(Language::De)),
            ("PT_br", Some(Language::Pt)),
            ("tlh", None),
            ("", None),
            ("deutsch", None),
        ] {
            assert_eq!(Language::parse(tag), language, "{tag}");
        }
    }
}
