//! What a line shows for itself, in words.

use super::{Evidence, Kind, Observation, Refused, Signature, Signer, Strength};

pub(super) fn evidence(seen: &Observation, strength: Strength, text: &str) -> Evidence {
    let subject = match seen.kind {
        Kind::SessionMade | Kind::WidgetOpened | Kind::EndRead | Kind::FailureRead => {
            format!(" ({})", seen.subject)
        }
        Kind::Call
        | Kind::WidgetRefused
        | Kind::Polled
        | Kind::SocketOpened
        | Kind::WebhookTaken
        | Kind::PolledOn
        | Kind::SocketClosed
        | Kind::SocketLeft
        | Kind::IdentityPassed
        | Kind::IdentitySkipped
        | Kind::BuyCompleted
        | Kind::SellCompleted
        | Kind::Camera
        | Kind::WalletBegun
        | Kind::WalletCaptured
        | Kind::CustomTab
        | Kind::ProbeGood
        | Kind::ProbeBad
        | Kind::Provoked
        | Kind::ScanGood
        | Kind::ScanBad => String::new(),
    };
    Evidence {
        strength,
        at: seen.last_at,
        text: format!("{text}{subject}"),
        request_id: (!seen.request_id.is_empty()).then(|| seen.request_id.clone()),
        order: seen.order,
    }
}

pub(super) fn refusal(refused: &Refused) -> Evidence {
    let from = match refused.origin.as_str() {
        "" => String::new(),
        origin => format!(" from {origin}"),
    };
    Evidence {
        strength: Strength::Observed,
        at: refused.last_at,
        text: format!("Refused with {}{from}", refused.code),
        request_id: (!refused.request_id.is_empty()).then(|| refused.request_id.clone()),
        order: None,
    }
}

pub(super) fn word(signed: &Signature) -> Evidence {
    Evidence {
        strength: Strength::Attested,
        at: signed.at,
        text: said(signed),
        request_id: None,
        order: None,
    }
}

pub(super) fn said(signed: &Signature) -> String {
    if signed.note.is_empty() {
        return format!("Signed by {}.", signed.by);
    }
    format!("Signed by {}: {}", signed.by, signed.note)
}

pub(super) const fn signer(signer: Option<Signer>) -> &'static str {
    match signer {
        Some(Signer::Operator) => "An operator",
        Some(Signer::Partner) => "An admin of the partner",
        None => "Nobody",
    }
}

pub(super) fn lower(text: &str) -> String {
    let mut letters = text.chars();
    letters
        .next()
        .map(|first| first.to_lowercase().chain(letters).collect())
        .unwrap_or_default()
}
