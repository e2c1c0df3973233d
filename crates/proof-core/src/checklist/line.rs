//! The lines, in the words of the contract's checklist.

use serde::Serialize;

/// Who can tick a line.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Who {
    Auto,
    Probe,
    Scan,
    Person,
    /// Both are needed.
    AutoPerson,
    ProbePerson,
    ScanAuto,
}

impl Who {
    /// Whether a person's word is part of it.
    pub const fn needs_person(self) -> bool {
        match self {
            Self::Person | Self::AutoPerson | Self::ProbePerson => true,
            Self::Auto | Self::Probe | Self::Scan | Self::ScanAuto => false,
        }
    }
}

/// Whose people may sign a line.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Signer {
    Operator,
    Partner,
}

#[derive(PartialEq, Eq, Debug)]
pub struct LineSpec {
    pub id: &'static str,
    pub text: &'static str,
    pub who: Who,
    pub signer: Option<Signer>,
}

const fn auto(id: &'static str, text: &'static str) -> LineSpec {
    line(id, Who::Auto, None, text)
}

const fn line(id: &'static str, who: Who, signer: Option<Signer>, text: &'static str) -> LineSpec {
    LineSpec {
        id,
        text,
        who,
        signer,
    }
}

const OPERATOR: Option<Signer> = Some(Signer::Operator);
const PARTNER: Option<Signer> = Some(Signer::Partner);

pub static LINES: [LineSpec; 32] = [
    auto(
        "ONB-1",
        "Company name, registered origins, partner type, allowed currencies and, where the type needs them, initial wallets are recorded",
    ),
    auto(
        "ONB-2",
        "partner_id, client_token, widget_id and base URL are issued, and the token was used once",
    ),
    line(
        "ONB-3",
        Who::Person,
        PARTNER,
        "Off-ramp enabled or not: confirmed by the partner",
    ),
    auto(
        "ACC-1",
        "Every server-side caller sends Authorization: Bearer: at least one good call, and no 401 in the last window",
    ),
    auto(
        "ACC-2",
        "Every browser-side caller sends a registered Origin: at least one widget opened from one, and no forbidden_origin in the last window",
    ),
    line(
        "ACC-3",
        Who::Person,
        PARTNER,
        "The partner knows that there is no IP allowlist",
    ),
    auto(
        "INT-1",
        "POST /widget/session carries partner_user_id, user_email, network, currency, amount, and type where needed",
    ),
    auto("INT-2", "The widget script is loaded from the widget host"),
    auto(
        "INT-3",
        "proofWidget.run() got every session parameter verbatim (the widget checks the signature)",
    ),
    auto(
        "INT-4",
        "At least one server channel is used: polling, WebSocket or webhook",
    ),
    auto(
        "INT-5",
        "Polling or WebSocket stops on a terminal status: the partner closed first, or did not come back",
    ),
    line(
        "COV-1",
        Who::AutoPerson,
        OPERATOR,
        "Every (currency, network) pair that users will ask for is enabled: the partner lists them, the operator confirms",
    ),
    auto(
        "COV-2",
        "A session was made for each enabled pair and returned an address",
    ),
    line(
        "ERR-1",
        Who::ProbePerson,
        PARTNER,
        "wallet_not_supported and currency_not_allowed reach the partner's own operators' dashboard",
    ),
    line(
        "ERR-2",
        Who::Probe,
        None,
        "502 upstream_error is retried with a small exponential backoff",
    ),
    line(
        "ERR-3",
        Who::Probe,
        None,
        "403 forbidden_origin is treated as a configuration bug: not retried in a loop",
    ),
    auto(
        "KYC-1",
        "First-time user: document upload and liveness, end to end",
    ),
    auto(
        "KYC-2",
        "Returning verified user: verification step skipped",
    ),
    auto("PAY-1", "A buy reached completed"),
    auto(
        "PAY-2",
        "A failure path reached failed, and the partner read it on a server channel",
    ),
    auto("PAY-3", "A sell reached completed, where enabled"),
    line(
        "WHK-1",
        Who::AutoPerson,
        PARTNER,
        "Where a webhook URL is set: the endpoint answers 2xx quickly (p95 under 1 s) and works asynchronously",
    ),
    line(
        "WHK-2",
        Who::ProbePerson,
        PARTNER,
        "Where a webhook URL is set: the handler is idempotent on merchant_transaction_id",
    ),
    line(
        "MOB-1",
        Who::Scan,
        PARTNER,
        "iOS: NSCameraUsageDescription in Info.plist",
    ),
    line(
        "MOB-2",
        Who::Scan,
        None,
        "iOS: allowsInlineMediaPlayback set on the WKWebView configuration",
    ),
    auto("MOB-3", "iOS: verification camera tested"),
    auto("MOB-4", "iOS: Apple Pay tested in Safari or WKWebView"),
    line(
        "MOB-5",
        Who::ScanAuto,
        None,
        "Android: widget opened in Chrome Custom Tabs",
    ),
    auto("MOB-6", "Android: verification camera tested"),
    line(
        "MOB-7",
        Who::Auto,
        PARTNER,
        "Android: Google Pay tested in Chrome Custom Tabs",
    ),
    line(
        "LIVE-1",
        Who::Person,
        OPERATOR,
        "Go-live readiness confirmed by the operator",
    ),
    line(
        "LIVE-2",
        Who::AutoPerson,
        OPERATOR,
        "First live transaction completed while an operator watched",
    ),
];
