use super::*;
use proptest::prelude::*;

fn listed(id: &str, names: &[&str], born: &[&str]) -> ListedPerson {
    ListedPerson {
        id: id.to_owned(),
        names: names.iter().map(|&name| name.to_owned()).collect(),
        born: born.iter().filter_map(|&date| Born::parse(date)).collect(),
        lists: "us_ofac_sdn".to_owned(),
    }
}

fn list() -> NameList {
    NameList::of(vec![
        listed(
            "Q1",
            &["Muammar Qaddafi", "Mu'ammar al-Qadhafi", "Муаммар Каддафи"],
            &["1942-06-07"],
        ),
        listed("Q2", &["PETROV, Ivan Sergeyevich"], &["1960"]),
        listed("Q3", &["Hussein"], &[]),
        listed("Q4", &["José Ángel Núñez Ortiz"], &["1971-02-03"]),
        listed("Q5", &["Li Wei"], &[]),
        listed("Q6", &["ABU BAKR AL-BAGHDADI", "Abubakr Albaghdadi"], &[]),
    ])
}

fn score(name: &str, born: Option<&str>) -> Option<(String, u32)> {
    let born = born.and_then(Born::parse);
    let who = Subject {
        name: name.to_owned(),
        born,
    };
    let hits = list().screen(&who, 500);
    hits.first().map(|hit| (hit.id.clone(), hit.score))
}

#[test]
fn a_name_is_found_however_it_is_spelt() {
    for (name, id, from) in [
        ("QADHAFI MUAMMAR", "Q1", 900),
        ("MUAMMAR GADDAFI", "Q1", 850),
        ("Muammar el Qadhafi", "Q1", 850),
        ("IVAN PETROV", "Q2", 850),
        ("PETROV IVAN SERGEEVICH", "Q2", 950),
        ("I PETROV", "Q2", 700),
        ("JOSE ANGEL NUNEZ ORTIZ", "Q4", 1_000),
        ("NUNEZ ORTIZ JOSE", "Q4", 850),
        ("WEI LI", "Q5", 1_000),
        ("ABUBAKR ALBAGHDADI", "Q6", 1_000),
        ("ABU BAKR BAGHDADI", "Q6", 850),
    ] {
        let (found, score) = score(name, None).unwrap_or_else(|| panic!("{name} is not found"));
        assert_eq!(found, id, "{name}");
        assert!(score >= from, "{name}: {score}");
    }
}

#[test]
fn a_common_word_alone_is_no_hit() {
    for name in [
        "SAMIRA HUSSEIN",
        "IVAN HORVAT",
        "ADA LOVELACE",
        "WEI ZHANG",
        "JOSE GARCIA",
        "",
    ] {
        assert!(
            score(name, None).is_none_or(|(_, score)| score < 850),
            "{name}"
        );
    }
    assert_eq!(score("HUSSEIN", None), Some(("Q3".to_owned(), 1_000)));
}

#[test]
fn the_date_of_birth_moves_the_score_and_is_told() {
    let with = |born| score("IVAN PETROV", born).map(|(_, score)| score);
    let plain = with(None).unwrap();
    assert_eq!(with(Some("1960-04-01")), Some(plain));
    assert_eq!(with(Some("1961-04-01")), Some(plain));
    assert_eq!(with(Some("1990-04-01")), Some(plain - OTHER_YEAR));
    let plain = score("JOSE ORTIZ", None).map(|(_, score)| score);
    let same = score("JOSE ORTIZ", Some("1971-02-03")).map(|(_, score)| score);
    assert_eq!(same, plain.map(|score| score + SAME_DAY));
    let full = score("JOSE ANGEL NUNEZ ORTIZ", Some("1971-02-03"));
    assert_eq!(full.map(|(_, score)| score), Some(1_000));
}

#[test]
fn a_score_says_where_it_comes_from_without_the_persons_own_words() {
    let who = Subject {
        name: "IVAN TICHON PETROFF".to_owned(),
        born: Born::parse("1960-04-01"),
    };
    let hit = list().screen(&who, 400).remove(0);
    assert_eq!(
        hit.explained(),
        "PETROV is 71 % alike; IVAN is the same; SERGEYEVICH is only on the list; \
         one more name is only on the document; born in the same year, or next to it"
    );
    assert!(!format!("{hit:?}").contains("TICHON"));
}

#[test]
fn dates_of_birth_are_read_as_far_as_they_go() {
    let born = |year, day| Some(Born { year, day });
    assert_eq!(Born::parse("1960"), born(1960, None));
    assert_eq!(Born::parse(" 1960-05 "), born(1960, None));
    assert_eq!(Born::parse("1960-05-12"), born(1960, Some((5, 12))));
    assert_eq!(Born::parse("1960-13-12"), born(1960, None));
    assert_eq!(Born::parse("60"), None);
    assert_eq!(Born::parse(""), None);
}

proptest! {
    #[test]
    fn order_and_case_of_words_do_not_matter(mut words in proptest::collection::vec("[A-Z]{2,9}", 1..5), seed in any::<u64>()) {
        let list = NameList::of(vec![listed("Q1", &[words.join(" ").as_str()], &[])]);
        let at = usize::try_from(seed % 8).unwrap() % words.len();
        words.rotate_left(at);
        let who = Subject { name: words.join("-").to_lowercase(), born: None };
        // Articles are glued to what follows, so their place does matter.
        prop_assume!(!words.iter().any(|word| PREFIXES.contains(&word.as_str())));
        prop_assert_eq!(list.screen(&who, 0).first().map(|hit| hit.score), Some(1_000));
    }

    /// What is ruled out before letters are compared would not have been alike.
    #[test]
    fn the_short_cut_rules_out_nothing_that_is_alike(one in "[A-F]{2,8}", other in "[A-F]{2,8}") {
        let longer = one.len().max(other.len());
        let distance = strsim::osa_distance(&one, &other);
        let expected = if distance * 1_000 <= longer * (1_000 - WORD_MIN as usize) {
            u32::try_from(1_000 - distance * 1_000 / longer).unwrap()
        } else {
            0
        };
        prop_assert_eq!(likeness((&one, letters(&one)), (&other, letters(&other))), expected);
    }

    #[test]
    fn any_text_is_a_name(name in ".{0,80}", born in "[0-9-]{0,12}") {
        let who = Subject { name, born: Born::parse(&born) };
        prop_assert!(list().screen(&who, 0).iter().all(|hit| hit.score <= 1_000));
    }
}
