//! Lines about apps and phones: outside of what the partner has declared they do not apply.

use super::{Finding, Look};
use crate::checklist::{
    Evidence, Kind, Strength,
    evidence::{evidence, lower},
};

/// A payment on a page that an Android app had opened.
const IN_TAB: &str = "android tab";

impl Look<'_> {
    pub(super) fn mobile(&self, id: &str) -> Finding {
        let Some(declared) = &self.facts.declared else {
            return Finding::Unseen(
                "Nobody has declared yet what the partner has.".to_owned(),
                "An admin of the partner declares it on top of this list: apps, wallet payments, or neither.",
            );
        };
        let profile = declared.profile;
        let (applies, what) = match id {
            "MOB-1" | "MOB-2" | "MOB-3" => (profile.ios, "iOS app"),
            "MOB-4" => (
                profile.ios && profile.wallet_payments,
                "iOS app with wallet payments",
            ),
            "MOB-7" => (
                profile.android && profile.wallet_payments,
                "Android app with wallet payments",
            ),
            _ => (profile.android, "Android app"),
        };
        if !applies {
            let by = &declared.by;
            return Finding::NotApplicable(format!("There is no {what}, says {by}."));
        }
        match id {
            "MOB-3" => self.camera("ios"),
            "MOB-6" => self.camera("android"),
            "MOB-4" => self.on(
                (Kind::WalletCaptured, "ios"),
                "A payment with Apple Pay went through on an iPhone or iPad",
                "Pay with Apple Pay in the sandbox, on the phone.",
            ),
            "MOB-5" => self.in_a_tab(),
            "MOB-7" => self.google_pay(),
            _ => self.scanned(id),
        }
    }

    fn camera(&self, platform: &str) -> Finding {
        self.on(
            (Kind::Camera, platform),
            "A picture came from its camera",
            "Verify a user on the phone.",
        )
    }

    fn on(&self, (kind, subject): (Kind, &str), what: &str, next: &'static str) -> Finding {
        match self.of(kind, subject) {
            Some(seen) => Finding::Passing(
                format!("{what}."),
                vec![evidence(seen, Strength::Inferred, what)],
            ),
            None => Finding::Unseen(format!("Not seen yet: {}.", lower(what)), next),
        }
    }

    /// The files say how it is meant, the browser how it was: neither alone is enough.
    fn in_a_tab(&self) -> Finding {
        let scanned = self.scanned("MOB-5");
        let Finding::Passing(good, mut shown) = scanned else {
            return scanned;
        };
        let what = "The page was opened from an Android app";
        let seen = self.evidence(Kind::CustomTab, Strength::Observed, what);
        if seen.is_empty() {
            return Finding::Unseen(
                format!("{good} Not seen yet: {}.", lower(what)),
                "Open the hosted page from the app, in a Custom Tab.",
            );
        }
        shown.extend(seen);
        Finding::Passing(format!("{good} {what}."), shown)
    }

    /// Seen in a tab, or else paid on a phone whose app's files have it, and somebody says that it was
    /// in a tab.
    fn google_pay(&self) -> Finding {
        let what = "A payment with Google Pay went through in a Custom Tab";
        let next = "Pay with Google Pay in the sandbox on a page that the app opened; or have proof scan find Custom Tabs in the app's files, and an admin of the partner sign.";
        let auto = self.on((Kind::WalletCaptured, IN_TAB), what, next);
        match (&auto, self.scanned("MOB-5")) {
            (Finding::Unseen(..), Finding::Passing(why, mut shown)) => {
                shown.extend(self.elsewhere());
                let why = format!("{why} Not seen yet: {}.", lower(what));
                Finding::Vouched(why, shown)
            }
            _ => auto,
        }
    }

    /// Of a browser that does not say who has opened it.
    fn elsewhere(&self) -> Option<Evidence> {
        let seen = self.of(Kind::WalletCaptured, "android")?;
        let text =
            "A payment with Google Pay went through on Android; what opened the page is not known";
        Some(evidence(seen, Strength::Inferred, text))
    }

    fn scanned(&self, id: &str) -> Finding {
        let (good, bad) = (self.of(Kind::ScanGood, id), self.of(Kind::ScanBad, id));
        let what = "Somebody looked into the app's files with proof scan";
        match (good, bad) {
            (_, Some(bad)) if good.is_none_or(|good| good.last_at < bad.last_at) => {
                Finding::Failing(
                    "The app's files do not have it.".to_owned(),
                    "proof scan says what to add.".to_owned(),
                    vec![evidence(bad, Strength::Attested, what)],
                )
            }
            (Some(good), _) => Finding::Passing(
                "The app's files have it.".to_owned(),
                vec![evidence(good, Strength::Attested, what)],
            ),
            (None, _) => Finding::Unseen(
                "Nobody has looked into the app's files yet.".to_owned(),
                "Run proof scan in the app's folder.",
            ),
        }
    }
}
