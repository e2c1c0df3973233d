//! Whether the partner's webhook answers quickly, acts once, and takes only what is signed.

use super::{Finding, Look};
use crate::checklist::{
    COUNTED, FORGED, Kind, Observation, Strength, WEBHOOK_P95_MS_MAX, evidence::evidence,
};

impl Look<'_> {
    pub(super) fn webhook_quick(&self) -> Finding {
        let Some(webhook) = &self.facts.webhook else {
            return Finding::NotApplicable("No webhook URL is set.".to_owned());
        };
        let mut times: Vec<i64> = webhook.tries.iter().map(|(ms, _)| *ms).collect();
        times.sort_unstable();
        let rank = times
            .len()
            .saturating_mul(95)
            .div_ceil(100)
            .saturating_sub(1);
        let Some(p95) = times.get(rank) else {
            return Finding::Unseen(
                "No webhook was sent yet.".to_owned(),
                "Send a test event from the console, or finish an order.",
            );
        };
        let answered = webhook.tries.iter().filter(|(_, ok)| *ok).count();
        let told = format!(
            "{answered} of {} tries were answered with 2xx, p95 {p95} ms",
            times.len()
        );
        // A receiver that was away for a moment is no failure: that is what retries are for.
        if answered.saturating_mul(10) < times.len().saturating_mul(9) {
            return Finding::Failing(
                format!("{told}."),
                "Answer 2xx at once, and do the work afterwards.".to_owned(),
                Vec::new(),
            );
        }
        if *p95 > WEBHOOK_P95_MS_MAX {
            return Finding::Failing(
                format!("{told}: too slow."),
                "Put the event into a queue of your own and answer at once.".to_owned(),
                Vec::new(),
            );
        }
        let taken = self.evidence(
            Kind::WebhookTaken,
            Strength::Observed,
            "A webhook was answered",
        );
        Finding::Passing(format!("{told}."), taken)
    }

    pub(super) fn webhook_twice(&self) -> Finding {
        if self.facts.webhook.is_none() {
            return Finding::NotApplicable("No webhook URL is set.".to_owned());
        }
        if let Some(taken) = self.probe_bad(FORGED) {
            return Finding::Failing(
                format!(
                    "An event that nobody sent was taken: its signature was another one's, {}.",
                    taken.note
                ),
                "Check webhook-signature before anything else, and refuse what is not signed."
                    .to_owned(),
                vec![evidence(
                    taken,
                    Strength::Observed,
                    "A changed event was taken",
                )],
            );
        }
        if let Some(twice) = self.probe_bad("WHK-2") {
            return Finding::Failing(
                format!(
                    "An event that came again had another effect: {}.",
                    twice.note
                ),
                "Act on an event once: remember its webhook-id, or transaction and status."
                    .to_owned(),
                vec![evidence(
                    twice,
                    Strength::Observed,
                    "An event was sent again",
                )],
            );
        }
        let mut shown = Vec::new();
        if let Some(refused) = self.of(Kind::ProbeGood, FORGED) {
            let text = format!("An event that nobody sent was refused, {}", refused.note);
            shown.push(evidence(refused, Strength::Observed, &text));
        }
        if let Some(counted) = self.of(Kind::ProbeGood, COUNTED) {
            let text = format!("An event was sent again: {}", counted.note);
            shown.insert(0, evidence(counted, Strength::Observed, &text));
            return Finding::Proven(
                "An event that came again changed nothing.".to_owned(),
                shown,
            );
        }
        let Some(sent) = self.of(Kind::ProbeGood, "WHK-2") else {
            return Finding::Unseen(
                "No event was sent a second time yet.".to_owned(),
                "Run the probes: the server sends an event again that was taken before.",
            );
        };
        let text = "An event that was taken before was sent again, and answered well";
        shown.insert(0, evidence(sent, Strength::Observed, text));
        Finding::Passing(
            format!(
                "{text}; whoever sees that it changed nothing signs, or gives us an address that counts effects."
            ),
            shown,
        )
    }

    /// What a probe found wrong, and no later one right.
    fn probe_bad(&self, subject: &str) -> Option<&Observation> {
        let bad = self.of(Kind::ProbeBad, subject)?;
        let counted = (subject == "WHK-2").then(|| self.of(Kind::ProbeGood, COUNTED));
        let good = [self.of(Kind::ProbeGood, subject), counted.flatten()];
        let later = |good: &&Observation| good.last_at >= bad.last_at;
        let is_mended = good.into_iter().flatten().any(|good| later(&good));
        (!is_mended).then_some(bad)
    }
}
