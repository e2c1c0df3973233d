//! What can be wrong with how a page embeds the widget, by the codes that people see on it.

use crate::Timestamp;

/// Clocks of devices that are further away than this hurry people, or let them wait.
const CLOCK_SECONDS_MAX: i64 = 120;

/// A session whose order has been over for this long was kept and opened again; whoever reloads does so sooner.
pub const USED_SECONDS: i64 = 600;

/// What the frame needs of the loader: `web/common/protocol.ts`.
pub const LOADER: u32 = 2;

/// A finding of the embed doctor (docs, "Embed doctor").
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum EmbedFinding {
    Origin,
    FrameBlocked,
    FrameSlow,
    FrameSilent,
    PageSilent,
    Camera,
    Payment,
    Storage,
    WebView,
    Clock,
    OldScript,
    ScriptChanged,
    Tampered,
    Session,
    SessionUsed,
}

impl EmbedFinding {
    pub const ALL: [Self; 15] = [
        Self::Origin,
        Self::FrameBlocked,
        Self::FrameSlow,
        Self::FrameSilent,
        Self::PageSilent,
        Self::Camera,
        Self::Payment,
        Self::Storage,
        Self::WebView,
        Self::Clock,
        Self::OldScript,
        Self::ScriptChanged,
        Self::Tampered,
        Self::Session,
        Self::SessionUsed,
    ];

    pub const fn code(self) -> &'static str {
        match self {
            Self::Origin => "embed_origin",
            Self::FrameBlocked => "embed_frame_blocked",
            Self::FrameSlow => "embed_frame_slow",
            Self::FrameSilent => "embed_frame_silent",
            Self::PageSilent => "embed_page_silent",
            Self::Camera => "embed_camera",
            Self::Payment => "embed_payment",
            Self::Storage => "embed_storage",
            Self::WebView => "embed_webview",
            Self::Clock => "embed_clock",
            Self::OldScript => "embed_old_script",
            Self::ScriptChanged => "embed_script_changed",
            Self::Tampered => "embed_tampered",
            Self::Session => "embed_session",
            Self::SessionUsed => "embed_session_used",
        }
    }

    pub fn parse(code: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|finding| finding.code() == code)
    }

    /// What the partner's people read in their integration log.
    pub const fn message(self) -> &'static str {
        match self {
            Self::Origin => {
                "This page's origin is not registered, so browsers refuse the widget there. Register it."
            }
            Self::FrameBlocked => {
                "The page's own Content-Security-Policy forbids our frame. Add our origin to frame-src."
            }
            Self::FrameSlow => {
                "The widget's frame had said nothing after nearly two seconds: a slow line, or something that holds it up."
            }
            Self::FrameSilent => {
                "The widget's frame did not come up: something on the way blocks it or its scripts."
            }
            Self::PageSilent => {
                "The page opened the widget's frame and passed no session on in time. Use proofWidget.run."
            }
            Self::Camera => {
                "The page does not let our frame use the camera. Allow it in its Permissions-Policy."
            }
            Self::Payment => {
                "The page does not let our frame use payments. Allow it in its Permissions-Policy."
            }
            Self::Storage => "The browser blocks storage in our frame. The widget goes on without.",
            Self::WebView => {
                "An app's web view without Apple Pay and Google Pay. Open the widget in the system's browser."
            }
            Self::Clock => "The device's clock is more than two minutes away from ours.",
            Self::OldScript => {
                "The page runs an old copy of the loader. Load widget.2.0.js from our server."
            }
            Self::ScriptChanged => {
                "What comes from the address of the loader, or of a file of the frame, is not what we published. Find out who changes it."
            }
            Self::Tampered => {
                "Something tried to put its own script or content into the widget's frame. The browser refused it."
            }
            Self::Session => {
                "The page opened a session that is unknown or more than an hour old. Make one for each order."
            }
            Self::SessionUsed => {
                "The page opened a session whose order is long over. Make a new one for each order."
            }
        }
    }
}

/// Whether a device's clock is so far away that its countdowns are wrong.
pub const fn is_clock_off(device_ms: i64, now: Timestamp) -> bool {
    device_ms.abs_diff(now.millis()) > CLOCK_SECONDS_MAX.unsigned_abs() * 1_000
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_finding_has_a_code_of_its_own() {
        for finding in EmbedFinding::ALL {
            assert_eq!(EmbedFinding::parse(finding.code()), Some(finding));
            assert!(finding.code().starts_with("embed_"));
        }
    }

    #[test]
    fn loader_and_server_count_alike() {
        let theirs = include_str!("../../../web/common/protocol.ts");
        assert!(theirs.contains(&format!("LOADER = {LOADER};")), "{theirs}");
    }

    #[test]
    fn a_clock_is_off_after_two_minutes_either_way() {
        let now = Timestamp::from_micros(1_775_037_825_000_000);
        for (away, off) in [
            (0, false),
            (120_000, false),
            (120_001, true),
            (-120_001, true),
        ] {
            assert_eq!(is_clock_off(now.millis() + away, now), off, "{away}");
        }
        assert!(is_clock_off(i64::MIN, now));
    }
}
