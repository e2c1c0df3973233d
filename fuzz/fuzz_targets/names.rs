//! Any two names are alike by some amount, and a name is like itself.
#![no_main]

use libfuzzer_sys::fuzz_target;
use proof_core::screening::names::{ListedPerson, NameList, Subject};

fuzz_target!(|both: (&str, &str)| {
    let listed = |name: &str| ListedPerson {
        id: "1".to_owned(),
        names: vec![name.to_owned()],
        ..ListedPerson::default()
    };
    let list = NameList::of(vec![listed(both.0)]);
    let who = |name: &str| Subject { name: name.to_owned(), born: None };
    let hits = list.screen(&who(both.1), 0);
    assert!(hits.iter().all(|hit| hit.score <= 1_000));
    if let Some(own) = list.screen(&who(both.0), 0).first() {
        assert_eq!(own.score, 1_000, "{both:?}");
    }
});
