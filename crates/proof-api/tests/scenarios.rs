//! The page about scenarios lists the catalogue as it is.

#![expect(clippy::unwrap_used, reason = "a test stops at the first surprise")]

use proof_core::{partner::Side, scenario::SCENARIOS};
use std::{fmt::Write, fs, path::Path};

/// What comes after it is generated.
const MARK: &str = "<!-- The table is written by `just generate`. -->\n";

fn table() -> String {
    let mut text = String::new();
    for (side, title) in [(Side::Buy, "Buying"), (Side::Sell, "Selling")] {
        write!(
            text,
            "\n### {title}\n\n| scenario | what happens | what you see |\n|---|---|---|\n"
        )
        .unwrap();
        for one in SCENARIOS.iter().filter(|one| one.side == side) {
            let clock = if one.moves_clock() { " ⏱" } else { "" };
            let marks: Vec<String> = one.reaches.iter().map(|mark| format!("`{mark}`")).collect();
            writeln!(
                text,
                "| `{}`{clock} | {} | {} |",
                one.name,
                one.about,
                marks.join(" → ")
            )
            .unwrap();
        }
    }
    text.push_str("\n⏱ moves the clock.\n");
    text
}

#[test]
#[expect(
    clippy::disallowed_methods,
    reason = "the wish to write the files comes from outside"
)]
fn the_page_about_scenarios_is_what_the_catalogue_says() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/src/partner/scenarios.md");
    let kept = fs::read_to_string(&path).unwrap();
    let (page, _) = kept.split_once(MARK).unwrap();
    let now = format!("{page}{MARK}{}", table());
    if std::env::var("PROOF_GENERATE").is_ok() {
        fs::write(&path, &now).unwrap();
    }
    assert!(
        fs::read_to_string(&path).unwrap() == now,
        "docs/src/partner/scenarios.md is not what the catalogue says: run `just generate`"
    );
}
