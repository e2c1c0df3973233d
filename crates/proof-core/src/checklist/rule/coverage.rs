//! Whether what users will ask for is enabled, and what is enabled was tried.

use super::{Finding, Look};
use crate::checklist::{AskedPair, Covered, Evidence, Kind, LineState, Strength};
use std::collections::BTreeSet;

impl Look<'_> {
    /// Of the lines that have one.
    pub(super) fn matrix(&self, line: &str) -> Option<Vec<Covered>> {
        match line {
            "COV-1" => Some(self.listed()),
            "COV-2" => Some(self.tried()),
            _ => None,
        }
    }

    /// What is asked for, and what is enabled besides.
    fn listed(&self) -> Vec<Covered> {
        let (asked, enabled) = (self.facts.asked_pairs(), self.facts.enabled_pairs());
        let cell = |of: &AskedPair| Covered {
            of: *of,
            state: match (asked.contains(of), enabled.contains(of)) {
                (true, true) => LineState::Passing,
                (true, false) => LineState::Failing,
                (false, _) => LineState::NotApplicable,
            },
            is_asked: asked.contains(of),
            at: None,
        };
        asked.union(&enabled).map(cell).collect()
    }

    /// What is enabled, and when a session was made for it.
    fn tried(&self) -> Vec<Covered> {
        let asked = self.facts.asked_pairs();
        let pairs = self.facts.enabled_pairs().into_iter();
        let cell = |of: AskedPair| {
            let seen = self.of(Kind::SessionMade, &of.to_string());
            let is_proven = !self.facts.unproven.contains(&of.pair.network());
            Covered {
                of,
                state: match seen {
                    Some(_) if is_proven => LineState::Passing,
                    Some(_) | None => LineState::Unseen,
                },
                is_asked: asked.contains(&of),
                at: seen.map(|seen| seen.last_at),
            }
        };
        pairs.map(cell).collect()
    }

    pub(super) fn asked(&self) -> Finding {
        let listed = self.facts.asked.as_ref();
        let Some(listed) = listed.filter(|listed| !listed.pairs.is_empty()) else {
            return Finding::Unseen(
                "The partner has not listed the pairs that its users will ask for.".to_owned(),
                "An admin of the partner lists them here, to buy and to sell; an operator confirms the list.",
            );
        };
        let evidence = vec![Evidence {
            strength: Strength::Attested,
            at: listed.at,
            text: format!("Listed by {}", listed.by),
            request_id: None,
            order: None,
        }];
        let enabled = self.facts.enabled_pairs();
        let missing: Vec<&AskedPair> = listed.pairs.difference(&enabled).collect();
        if !missing.is_empty() {
            return Finding::Failing(
                format!("Asked for, and not enabled: {}.", names(missing)),
                "An operator enables them under Policy, or an admin of the partner takes them off the list.".to_owned(),
                evidence,
            );
        }
        Finding::Passing(
            format!(
                "All that is asked for is enabled: {}.",
                names(&listed.pairs)
            ),
            evidence,
        )
    }

    pub(super) fn covered(&self) -> Finding {
        let enabled = self.facts.enabled_pairs();
        let networks = enabled.iter().map(|of| of.pair.network());
        let unproven: BTreeSet<&str> = networks
            .filter(|network| self.facts.unproven.contains(network))
            .map(|network| network.name())
            .collect();
        if !unproven.is_empty() {
            let names: Vec<&str> = unproven.into_iter().collect();
            return Finding::Unseen(
                format!("Not proven on real nodes: {}.", names.join(", ")),
                "An operator runs proof chain prove NETWORK on the server.",
            );
        }
        let tried = self.tried();
        let open = tried.iter().filter(|covered| covered.at.is_none());
        let open: Vec<&AskedPair> = open.map(|covered| &covered.of).collect();
        if open.is_empty() {
            let made = self.evidence(Kind::SessionMade, Strength::Observed, "A session was made");
            return Finding::Passing("Each pair had a session.".to_owned(), made);
        }
        Finding::Unseen(
            format!("Still without a session: {}.", names(open)),
            "POST /widget/session once for each pair and side that is missing.",
        )
    }
}

fn names<'a>(pairs: impl IntoIterator<Item = &'a AskedPair>) -> String {
    let names: Vec<String> = pairs.into_iter().map(AskedPair::to_string).collect();
    names.join(", ")
}
