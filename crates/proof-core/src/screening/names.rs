//! Names on sanctions lists: how much a name is like one of theirs, and why.
//!
//! Lists spell a name in one way and passports in another, so words are compared letter by letter, in any
//! order. What comes out is a number that people can follow: which word stood for which, what was
//! left over, and what the date of birth says. A computer never decides more than that people look.

use serde::{Deserialize, Serialize};
use std::{cmp::Reverse, collections::BTreeMap};

/// Of 1,000: below it two words are two words. One letter of four may differ, two of seven.
const WORD_MIN: u32 = 700;

/// An initial stands for every name that begins with it.
const INITIAL: u32 = 700;

/// What one word alone is worth where names have more of them: half the world is called Hussein.
const ONE_WORD_MAX: u32 = 800;

const SAME_DAY: u32 = 50;
const OTHER_YEAR: u32 = 150;

/// As many as somebody reads.
const HITS_MAX: usize = 20;

/// Longer names are no names.
const WORDS_MAX: usize = 16;

/// Articles that some write by themselves and some do not.
const PREFIXES: [&str; 5] = ["AL", "EL", "UL", "ABD", "ABU"];

/// A date of birth as far as it is known.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Serialize, Deserialize)]
pub struct Born {
    pub year: u16,
    /// Month and day.
    pub day: Option<(u8, u8)>,
}

impl Born {
    /// `1960`, `1960-05` (of which the year is used) or `1960-05-12`.
    pub fn parse(text: &str) -> Option<Self> {
        let mut parts = text.trim().split('-');
        let year = parts.next().filter(|year| year.len() == 4)?.parse().ok()?;
        let mut part = |max: u8| {
            let number = parts.next()?.parse::<u8>().ok()?;
            (1..=max).contains(&number).then_some(number)
        };
        let day = part(12).and_then(|month| Some((month, part(31)?)));
        Some(Self { year, day })
    }
}

/// Somebody who is looked for on the lists.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Subject {
    pub name: String,
    pub born: Option<Born>,
}

/// Somebody on a list, under every name that it has for them.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct ListedPerson {
    /// As the list numbers them.
    pub id: String,
    /// The first is the one that the list goes by.
    pub names: Vec<String>,
    pub born: Vec<Born>,
    /// Which lists it is on, in the file's words.
    pub lists: String,
}

/// What the dates of birth say.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum BirthMatch {
    OtherYear,
    Unknown,
    SameYear,
    SameDay,
}

/// A word of the list, and how much the person's own is like it, of 1,000. The person's own is
/// not kept.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct WordMatch {
    pub listed: String,
    pub likeness: u32,
}

/// Somebody on a list who may be the one that was looked for.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct NameHit {
    pub id: String,
    pub name: String,
    pub lists: String,
    /// The spelling that is most alike; the name itself, or another that the list knows.
    pub spelling: String,
    /// Of 1,000.
    pub score: u32,
    pub words: Vec<WordMatch>,
    /// Words of that spelling that nothing stood for.
    pub missing: Vec<String>,
    /// So many words of the person's name are not in that spelling.
    pub extra: usize,
    pub birth: BirthMatch,
}

/// What the lists say of a name, and which lists they were.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct NameCheck {
    pub lists: String,
    pub hits: Vec<NameHit>,
}

impl NameCheck {
    /// Whether people who looked at `self` have seen everybody of `newer`, as much alike.
    pub fn covers(&self, newer: &Self) -> bool {
        newer.hits.iter().all(|hit| {
            let seen = |known: &NameHit| known.id == hit.id && known.score >= hit.score;
            self.hits.iter().any(seen)
        })
    }
}

impl NameHit {
    /// Why it has this score, for the people who decide.
    pub fn explained(&self) -> String {
        let word = |found: &WordMatch| match found.likeness {
            1_000 => format!("{} is the same", found.listed),
            other => format!("{} is {} % alike", found.listed, other / 10),
        };
        let mut parts: Vec<_> = self.words.iter().map(word).collect();
        if !self.missing.is_empty() {
            parts.push(format!("{} is only on the list", self.missing.join(" ")));
        }
        match self.extra {
            0 => {}
            1 => parts.push("one more name is only on the document".to_owned()),
            more => parts.push(format!("{more} more names are only on the document")),
        }
        parts.push(
            match self.birth {
                BirthMatch::SameDay => "born on the same day",
                BirthMatch::SameYear => "born in the same year, or next to it",
                BirthMatch::OtherYear => "born in another year",
                BirthMatch::Unknown => "date of birth not known",
            }
            .to_owned(),
        );
        parts.join("; ")
    }
}

struct Word {
    text: String,
    letters: u32,
    /// Spellings that have it.
    of: Vec<usize>,
}

struct Spelling {
    person: usize,
    text: String,
    words: Vec<usize>,
}

/// Everybody on the lists, ready to be searched.
#[derive(Default)]
pub struct NameList {
    persons: Vec<ListedPerson>,
    spellings: Vec<Spelling>,
    words: Vec<Word>,
}

impl NameList {
    pub fn of(persons: Vec<ListedPerson>) -> Self {
        let mut list = Self::default();
        let mut known: BTreeMap<String, usize> = BTreeMap::new();
        for (person, listed) in persons.iter().enumerate() {
            for text in &listed.names {
                let spelling = list.spellings.len();
                let mut words = Vec::new();
                for text in words_of(text) {
                    let number = *known.entry(text.clone()).or_insert(list.words.len());
                    if number == list.words.len() {
                        let letters = letters(&text);
                        let of = Vec::new();
                        list.words.push(Word { text, letters, of });
                    }
                    if let Some(word) = list.words.get_mut(number)
                        && word.of.last() != Some(&spelling)
                    {
                        word.of.push(spelling);
                    }
                    words.push(number);
                }
                let text = text.clone();
                list.spellings.push(Spelling {
                    person,
                    text,
                    words,
                });
            }
        }
        list.persons = persons;
        list
    }

    pub fn len(&self) -> usize {
        self.persons.len()
    }

    pub fn is_empty(&self) -> bool {
        self.persons.is_empty()
    }

    /// Whoever reaches this score, the most alike first; each person once.
    pub fn screen(&self, who: &Subject, score_min: u32) -> Vec<NameHit> {
        let own = words_of(&who.name);
        // Each word of the lists is compared once, however many names have it.
        let mut alike: BTreeMap<(usize, usize), u32> = BTreeMap::new();
        let mut candidates: BTreeMap<usize, ()> = BTreeMap::new();
        for (place, text) in own.iter().enumerate() {
            let letters = letters(text);
            for (number, word) in self.words.iter().enumerate() {
                let likeness = likeness((text, letters), (&word.text, word.letters));
                if likeness >= WORD_MIN {
                    alike.insert((place, number), likeness);
                    candidates.extend(word.of.iter().map(|spelling| (*spelling, ())));
                }
            }
        }
        let mut best: BTreeMap<usize, NameHit> = BTreeMap::new();
        for spelling in candidates.keys().filter_map(|at| self.spellings.get(*at)) {
            let Some(hit) = self.compare(who, &own, spelling, &alike) else {
                continue;
            };
            let is_better = best
                .get(&spelling.person)
                .is_none_or(|known| known.score < hit.score);
            if hit.score >= score_min && is_better {
                best.insert(spelling.person, hit);
            }
        }
        let mut hits: Vec<_> = best.into_values().collect();
        hits.sort_by_key(|hit| Reverse(hit.score));
        hits.truncate(HITS_MAX);
        hits
    }

    fn compare(
        &self,
        who: &Subject,
        own: &[String],
        spelling: &Spelling,
        alike: &BTreeMap<(usize, usize), u32>,
    ) -> Option<NameHit> {
        let pairs = pairs(own.len(), &spelling.words, alike);
        let text = |number: usize| self.words.get(number).map_or("", |word| word.text.as_str());
        let theirs = |place: usize| spelling.words.get(place).map_or("", |word| text(*word));
        let own_length = |place: usize| own.get(place).map_or(0, |word| length(word));
        let covered = |length_of: &dyn Fn(&Pair) -> u32, total: u32| {
            let sum: u32 = pairs
                .iter()
                .map(|pair| length_of(pair).saturating_mul(pair.likeness))
                .sum();
            sum.checked_div(total).unwrap_or(0)
        };
        let own_total = own.iter().map(|word| length(word)).sum();
        let their_total = spelling.words.iter().map(|word| length(text(*word))).sum();
        let mine = covered(&|pair| own_length(pair.own), own_total);
        let listed = covered(&|pair| length(theirs(pair.theirs)), their_total);
        // Whoever leaves names out is still the same: what the shorter one has counts more.
        let mut score = (mine.max(listed) * 8 + mine.min(listed) * 2) / 10;
        if pairs.len() < 2 && own.len().max(spelling.words.len()) > 1 {
            score = score.min(ONE_WORD_MAX);
        }
        let person = self.persons.get(spelling.person)?;
        let birth = birth_match(who.born, &person.born);
        score = match birth {
            BirthMatch::SameDay => (score + SAME_DAY).min(1_000),
            BirthMatch::OtherYear => score.saturating_sub(OTHER_YEAR),
            BirthMatch::SameYear | BirthMatch::Unknown => score,
        };
        let is_paired = |place: &usize| pairs.iter().any(|pair| pair.theirs == *place);
        let missing = (0..spelling.words.len()).filter(|place| !is_paired(place));
        Some(NameHit {
            id: person.id.clone(),
            name: person.names.first().cloned().unwrap_or_default(),
            lists: person.lists.clone(),
            spelling: spelling.text.clone(),
            score,
            words: pairs
                .iter()
                .map(|pair| WordMatch {
                    listed: theirs(pair.theirs).to_owned(),
                    likeness: pair.likeness,
                })
                .collect(),
            missing: missing.map(|place| theirs(place).to_owned()).collect(),
            extra: own.len().saturating_sub(pairs.len()),
            birth,
        })
    }
}

struct Pair {
    own: usize,
    theirs: usize,
    likeness: u32,
}

/// Each word stands for one other, the most alike first.
fn pairs(own: usize, theirs: &[usize], alike: &BTreeMap<(usize, usize), u32>) -> Vec<Pair> {
    let mut all = Vec::new();
    for own in 0..own {
        for (place, word) in theirs.iter().enumerate() {
            if let Some(likeness) = alike.get(&(own, *word)) {
                all.push((Reverse(*likeness), own, place));
            }
        }
    }
    all.sort_unstable();
    let mut pairs: Vec<Pair> = Vec::new();
    for (Reverse(likeness), own, theirs) in all {
        let is_taken = |pair: &Pair| pair.own == own || pair.theirs == theirs;
        if !pairs.iter().any(is_taken) {
            pairs.push(Pair {
                own,
                theirs,
                likeness,
            });
        }
    }
    pairs.sort_by_key(|pair| pair.theirs);
    pairs
}

fn birth_match(own: Option<Born>, theirs: &[Born]) -> BirthMatch {
    let Some(own) = own else {
        return BirthMatch::Unknown;
    };
    let one = |listed: &Born| {
        if own.day.is_some() && own == *listed {
            BirthMatch::SameDay
        } else if own.year.abs_diff(listed.year) <= 1 {
            BirthMatch::SameYear
        } else {
            BirthMatch::OtherYear
        }
    };
    theirs.iter().map(one).max().unwrap_or(BirthMatch::Unknown)
}

/// The words of a name in capital letters of ASCII, whatever alphabet it is in.
fn words_of(name: &str) -> Vec<String> {
    let plain = any_ascii::any_ascii(name).to_ascii_uppercase();
    // An apostrophe is a letter that nobody writes: O'Neill, Sana'a.
    let plain = plain.replace(['\'', '`', '"'], "");
    let mut words: Vec<String> = Vec::new();
    let mut prefix = String::new();
    for word in plain.split(|letter: char| !letter.is_ascii_alphanumeric()) {
        if word.is_empty() {
            continue;
        }
        if PREFIXES.contains(&word) {
            prefix.push_str(word);
        } else {
            words.push(std::mem::take(&mut prefix) + word);
        }
    }
    if !prefix.is_empty() {
        words.push(prefix);
    }
    words.truncate(WORDS_MAX);
    words
}

fn length(word: &str) -> u32 {
    u32::try_from(word.len()).unwrap_or(u32::MAX)
}

/// Which letters a word has, so that most others are ruled out at once.
fn letters(word: &str) -> u32 {
    word.bytes()
        .filter(u8::is_ascii_uppercase)
        .fold(0, |mask, letter| mask | (1 << (letter - b'A')))
}

/// Of 1,000; zero for words that are not alike.
fn likeness((one, one_has): (&str, u32), (other, other_has): (&str, u32)) -> u32 {
    if one == other {
        return 1_000;
    }
    if one.len() == 1 || other.len() == 1 {
        let same = one.as_bytes().first() == other.as_bytes().first();
        return if same { INITIAL } else { 0 };
    }
    let longer = length(one).max(length(other));
    let allowed = longer * (1_000 - WORD_MIN) / 1_000;
    // A changed letter takes at most one away on each side.
    let apart = (one_has & !other_has)
        .count_ones()
        .max((other_has & !one_has).count_ones());
    if apart > allowed || length(one).abs_diff(length(other)) > allowed {
        return 0;
    }
    let distance = strsim::osa_distance(one, other);
    let distance = u32::try_from(distance).unwrap_or(u32::MAX);
    if distance > allowed {
        return 0;
    }
    1_000 - distance * 1_000 / longer
}

#[cfg(test)]
mod tests;
