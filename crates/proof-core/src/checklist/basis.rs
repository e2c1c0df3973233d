//! What a signature was given for. It is kept with it, and compared when the line is judged: whoever
//! signed for two pairs did not sign for the third one that came later.

use super::{AskedPair, Facts};

/// What the line with this id stands on today, as far as a person judges it.
pub fn basis(facts: &Facts, line: &str) -> String {
    match line {
        "ONB-3" => sells(facts),
        "COV-1" => asked(facts),
        "WHK-1" | "WHK-2" => webhook(facts),
        "LIVE-1" => {
            let origins: Vec<&str> = facts.origins.iter().map(|o| o.as_str()).collect();
            let parts = [
                pairs(facts),
                origins.join(" "),
                webhook(facts),
                profile(facts),
            ];
            parts.join("; ")
        }
        _ => String::new(),
    }
}

fn sells(facts: &Facts) -> String {
    let sells = facts.partner.policy.pairs.iter().any(|pair| pair.sells);
    if sells { "sells" } else { "does not sell" }.to_owned()
}

fn pairs(facts: &Facts) -> String {
    let mut names: Vec<String> = facts
        .enabled_pairs()
        .iter()
        .map(ToString::to_string)
        .collect();
    names.sort_unstable();
    names.join(", ")
}

/// The list that was shown, as far as it was enabled: with another list, or without a pair of it, it was
/// not this one that was confirmed.
fn asked(facts: &Facts) -> String {
    let (asked, enabled) = (facts.asked_pairs(), facts.enabled_pairs());
    let named = |of: &AskedPair| match enabled.contains(of) {
        true => of.to_string(),
        false => format!("{of} (not enabled)"),
    };
    let names: Vec<String> = asked.iter().map(named).collect();
    format!("asked for: {}", names.join(", "))
}

fn webhook(facts: &Facts) -> String {
    let url = facts.webhook.as_ref().map(|webhook| webhook.url.clone());
    url.unwrap_or_default()
}

fn profile(facts: &Facts) -> String {
    let declared = facts.declared.as_ref();
    let profile = declared.map(|one| one.profile).unwrap_or_default();
    let parts = [
        (profile.ios, "ios"),
        (profile.android, "android"),
        (profile.wallet_payments, "wallet payments"),
    ];
    let named: Vec<&str> = parts.iter().filter(|p| p.0).map(|p| p.1).collect();
    named.join(", ")
}
