//! The go-live checklist: each line is a rule from what was seen of a partner's integration to how the
//! line stands, with the evidence. Nothing here asks anybody: what can be seen is seen, what the server
//! can provoke it provokes, and people sign only what nobody can see.

mod asked;
mod basis;
mod evidence;
mod line;
mod live;
mod probe;
mod rule;

#[cfg(test)]
mod tests;

pub use asked::{Asked, AskedPair};
pub use basis::basis;
pub use line::{LINES, LineSpec, Signer, Who};
pub use live::{
    FirstOrder, LiveOrder, NotOpened, NotYet, Opening, WATCHED_MINOR_MAX, WATCHED_SECONDS,
    first_order, open,
};
pub use probe::{COUNTED, Calls, FORGED, ProbeVerdict, backoff_verdict, loop_verdict};
pub use rule::judge;

use crate::{
    asset::Asset,
    id::OrderId,
    network::Network,
    partner::{Origin, Partner},
    time::Timestamp,
};
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;

/// A refusal counts against a line for so long.
pub const WINDOW_SECONDS: i64 = 24 * 3_600;

/// What was seen longer ago than this proves nothing about the integration of today.
pub const DECAY_SECONDS: i64 = 30 * 24 * 3_600;

/// Quick enough for an answer to a webhook, at the 95th percentile.
pub const WEBHOOK_P95_MS_MAX: i64 = 1_000;

macro_rules! kinds {
    ($($(#[$doc:meta])* $kind:ident = $name:literal,)*) => {
        /// What can be seen of an integration. The subject tells cases of one kind apart.
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
        pub enum Kind {
            $($(#[$doc])* $kind,)*
        }

        impl Kind {
            pub const ALL: &[Self] = &[$(Self::$kind,)*];

            pub const fn name(self) -> &'static str {
                match self {
                    $(Self::$kind => $name,)*
                }
            }

            pub fn parse(text: &str) -> Option<Self> {
                Self::ALL.iter().copied().find(|kind| kind.name() == text)
            }
        }
    };
}

kinds! {
    /// A call with a good token.
    Call = "call",
    /// A session was made: `buy USDT/TRC20`.
    SessionMade = "session_made",
    /// The widget was opened by a page of this origin.
    WidgetOpened = "widget_opened",
    /// The widget was not opened: the code of the refusal.
    WidgetRefused = "widget_refused",
    /// A transaction was read.
    Polled = "polled",
    /// A WebSocket was opened.
    SocketOpened = "socket_opened",
    /// A webhook was answered well.
    WebhookTaken = "webhook_taken",
    /// An end was told: `poll` or `socket`.
    EndRead = "end_read",
    /// A transaction was read again and again after its end was told.
    PolledOn = "polled_on",
    /// After an end the partner closed the WebSocket.
    SocketClosed = "socket_closed",
    /// After an end the server had to close it.
    SocketLeft = "socket_left",
    /// That an order had failed was told: on which channel.
    FailureRead = "failure_read",
    /// A user was verified from the first picture to the end.
    IdentityPassed = "identity_passed",
    /// A user who was verified before did not have to do it again.
    IdentitySkipped = "identity_skipped",
    BuyCompleted = "buy_completed",
    SellCompleted = "sell_completed",
    /// A picture came from a phone's browser: `ios` or `android`.
    Camera = "camera",
    /// A payment was begun with a wallet of the phone: `ios`, `android`, or `android tab` where an app had
    /// opened the page.
    WalletBegun = "wallet_begun",
    /// Such a payment went through.
    WalletCaptured = "wallet_captured",
    /// The page was opened from an Android app.
    CustomTab = "custom_tab",
    /// What the server provoked was answered as it should be, and what was not: the line.
    ProbeGood = "probe_good",
    ProbeBad = "probe_bad",
    /// What the server provoked, for people to find in their own logs: the error's code.
    Provoked = "provoked",
    /// What a look into the app's files found: the line.
    ScanGood = "scan_good",
    ScanBad = "scan_bad",
}

#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Observation {
    pub kind: Kind,
    pub subject: String,
    pub first_at: Timestamp,
    pub last_at: Timestamp,
    /// Of the latest time; empty when it was no call.
    pub request_id: String,
    /// What else is to be said of it; of a probe, what came of it.
    pub note: String,
    pub order: Option<OrderId>,
}

/// What a partner says it has. A line outside of it does not apply.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug, Serialize, Deserialize)]
pub struct Profile {
    pub ios: bool,
    pub android: bool,
    /// Apple Pay and Google Pay.
    pub wallet_payments: bool,
}

/// A profile under the name of who declared it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Declared {
    pub profile: Profile,
    pub by: String,
    pub at: Timestamp,
}

/// What people said of a partner, each part by itself.
#[derive(Clone, PartialEq, Eq, Default, Debug)]
pub struct Said {
    pub has: Option<Declared>,
    pub asks: Option<Asked>,
}

/// What a person said of a line.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Signature {
    pub line: String,
    pub by: String,
    pub note: String,
    pub at: Timestamp,
    /// What it was said of: once that has changed, it says nothing any more.
    pub basis: String,
}

/// Refused calls that are alike.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Refused {
    /// Method and path.
    pub route: String,
    pub code: String,
    pub origin: String,
    pub last_at: Timestamp,
    pub request_id: String,
}

/// The partner's webhook, by its latest tries.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct WebhookFacts {
    pub url: String,
    pub is_enabled: bool,
    /// Of tries, the latest first: how long each took, and whether it was answered with 2xx.
    pub tries: Vec<(i64, bool)>,
}

/// All that a judgement is made of.
#[derive(Clone, Debug)]
pub struct Facts {
    pub partner: Partner,
    pub origins: Vec<Origin>,
    /// For which a wallet is recorded.
    pub wallets: Vec<Asset>,
    pub has_token: bool,
    pub webhook: Option<WebhookFacts>,
    pub seen: Vec<Observation>,
    pub refused: Vec<Refused>,
    pub signed: Vec<Signature>,
    /// Until somebody declares, no line is outside of it.
    pub declared: Option<Declared>,
    /// Until somebody lists them, nobody knows what users will ask for.
    pub asked: Option<Asked>,
    /// Real orders that ended well, the latest of each side.
    pub live: Vec<LiveOrder>,
    /// Real networks that were not proven as they are configured.
    pub unproven: BTreeSet<Network>,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum LineState {
    NotApplicable,
    Unseen,
    Passing,
    Failing,
    SignedOff,
}

impl LineState {
    pub const fn is_green(self) -> bool {
        match self {
            Self::Passing | Self::SignedOff => true,
            Self::NotApplicable | Self::Unseen | Self::Failing => false,
        }
    }
}

/// How much a piece of evidence is worth.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Strength {
    /// The server saw it itself.
    Observed,
    /// It follows from something that the server saw.
    Inferred,
    /// Somebody said so.
    Attested,
}

#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Evidence {
    pub strength: Strength,
    pub at: Timestamp,
    pub text: String,
    pub request_id: Option<String>,
    pub order: Option<OrderId>,
}

/// One pair and side of a coverage matrix.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Covered {
    pub of: AskedPair,
    pub state: LineState,
    /// The partner's users will ask for it.
    pub is_asked: bool,
    /// When a session was made for it.
    pub at: Option<Timestamp>,
}

/// How a line stands.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Judged {
    pub spec: &'static LineSpec,
    pub state: LineState,
    pub why: String,
    pub next: Option<String>,
    pub evidence: Vec<Evidence>,
    pub signature: Option<Signature>,
    /// A signature would make it green: what the server has to see was seen.
    pub is_signable: bool,
    /// What a signature of this moment would be given for.
    pub basis: String,
    pub matrix: Option<Vec<Covered>>,
}

/// Lines that are green, and lines that apply.
pub fn progress(lines: &[Judged]) -> (usize, usize) {
    let green = lines.iter().filter(|line| line.state.is_green()).count();
    let applies = |line: &&Judged| line.state != LineState::NotApplicable;
    (green, lines.iter().filter(applies).count())
}

/// Whether a live token may be given: everything that applies is green but the line that needs one.
pub fn is_ready(lines: &[Judged]) -> bool {
    is_ready_but(lines, "LIVE-2")
}

/// The same, with one more line that may be open.
pub fn is_ready_but(lines: &[Judged], but: &str) -> bool {
    lines.iter().all(|line| {
        line.state.is_green()
            || line.state == LineState::NotApplicable
            || ["LIVE-2", but].contains(&line.spec.id)
    })
}
