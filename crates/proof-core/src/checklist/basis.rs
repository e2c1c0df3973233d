//! What a signature was given for. It is kept with it, and compared when the line is judged: whoever
//! signed for two pairs did not sign for the third one that came later.

use super::{Facts, Profile};
use crate::partner::Side;

/// What the line with this id stands on today, as far as a person judges it.
pub fn basis(facts: &Facts, line: &str) -> String {
    match line {
        "ONB-3" => sells(facts),
        "COV-1" => pairs(facts),
        "WHK-1" | "WHK-2" => webhook(facts),
        "LIVE-1" => {
            let origins: Vec<&str> = facts.origins.iter().map(|o| o.as_str()).collect();
            let parts = [
                pairs(facts),
                origins.join(" "),
                webhook(facts),
                profile(facts.profile),
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
    let pairs = facts.partner.policy.pairs.iter();
    let mut names: Vec<String> = pairs
        .flat_map(|pair| {
            let sides = [Side::Buy, Side::Sell].into_iter();
            let open = sides.filter(|side| pair.allows(*side));
            open.map(|side| format!("{} {}", side.name(), pair.asset))
        })
        .collect();
    names.sort_unstable();
    names.join(", ")
}

fn webhook(facts: &Facts) -> String {
    let url = facts.webhook.as_ref().map(|webhook| webhook.url.clone());
    url.unwrap_or_default()
}

fn profile(profile: Profile) -> String {
    let parts = [
        (profile.ios, "ios"),
        (profile.android, "android"),
        (profile.wallet_payments, "wallet payments"),
    ];
    let named: Vec<&str> = parts.iter().filter(|p| p.0).map(|p| p.1).collect();
    named.join(", ")
}
