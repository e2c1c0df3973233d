//! What somebody agreed to before the first picture was taken.

use crate::time::Timestamp;
use serde::{Deserialize, Serialize};

/// The text that the widget shows. Other words are another text: a test of the widget holds them to this.
pub const CONSENT_TEXT: &str = "2026-11-26";

#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Consent {
    pub text: String,
    pub at: Timestamp,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_widget_shows_the_text_that_is_asked_for() {
        let widget = include_str!("../../../../web/widget/src/consent.ts");
        let line = format!("export const CONSENT_TEXT = \"{CONSENT_TEXT}\";\n");
        assert!(widget.contains(&line));
    }
}
