//! One rule for each line.

mod coverage;
mod mobile;
mod webhook;

use super::{
    DECAY_SECONDS, Evidence, Facts, Judged, Kind, LINES, LineSpec, LineState, Observation, Refused,
    Signature, Strength, WINDOW_SECONDS, Who, basis,
    evidence::{evidence, lower, refusal, said, signer, word},
};
use crate::{
    partner::{PartnerType, Stage},
    time::Timestamp,
};

/// Pieces of evidence that are shown of one line, the latest.
const EVIDENCE_MAX: usize = 5;

/// How all lines stand now.
pub fn judge(facts: &Facts, now: Timestamp) -> Vec<Judged> {
    let look = Look { facts, now };
    LINES.iter().map(|spec| look.line(spec)).collect()
}

/// What a rule says, before people are heard.
enum Finding {
    NotApplicable(String),
    /// Nobody has seen it yet; what to do so that somebody does.
    Unseen(String, &'static str),
    Passing(String, Vec<Evidence>),
    /// Something stands in for what was not seen; with a person's word it is enough.
    Vouched(String, Vec<Evidence>),
    /// The server knows also what a person would have to say.
    Proven(String, Vec<Evidence>),
    Failing(String, String, Vec<Evidence>),
}

struct Look<'a> {
    facts: &'a Facts,
    now: Timestamp,
}

impl Look<'_> {
    fn line(&self, spec: &'static LineSpec) -> Judged {
        let (signature, outdated) = self.signature(spec);
        let matrix = self.matrix(spec.id);
        let finding = self.finding(spec.id);
        let is_signable = spec.signer.is_some()
            && match &finding {
                Finding::NotApplicable(_) | Finding::Failing(..) | Finding::Proven(..) => false,
                // Where a person alone decides, or may stand in for what was not seen.
                Finding::Unseen(..) => matches!(spec.who, Who::Person | Who::Scan),
                Finding::Vouched(..) => true,
                Finding::Passing(..) => spec.who.needs_person(),
            };
        let judged = |state, why, next, evidence| Judged {
            spec,
            state,
            why,
            next,
            evidence,
            signature: signature.clone(),
            is_signable,
            basis: basis(self.facts, spec.id),
            matrix,
        };
        match finding {
            Finding::NotApplicable(why) => judged(LineState::NotApplicable, why, None, Vec::new()),
            Finding::Failing(why, next, evidence) => {
                judged(LineState::Failing, why, Some(next), evidence)
            }
            Finding::Proven(why, evidence) => judged(LineState::Passing, why, None, evidence),
            Finding::Unseen(why, next) => match &signature {
                Some(signed) if is_signable => {
                    judged(LineState::SignedOff, said(signed), None, vec![word(signed)])
                }
                signed => {
                    let next = outdated.unwrap_or_else(|| next.to_owned());
                    let words = signed.iter().map(word).collect();
                    judged(LineState::Unseen, why, Some(next), words)
                }
            },
            Finding::Passing(why, mut evidence) | Finding::Vouched(why, mut evidence) => {
                match (&signature, is_signable) {
                    (Some(signed), true) => {
                        evidence.push(word(signed));
                        judged(LineState::SignedOff, why, None, evidence)
                    }
                    (None, true) => {
                        let signs = || format!("{} has to sign this line.", signer(spec.signer));
                        let next = outdated.unwrap_or_else(signs);
                        judged(LineState::Unseen, why, Some(next), evidence)
                    }
                    (_, false) => judged(LineState::Passing, why, None, evidence),
                }
            }
        }
    }

    /// What somebody said of it, or, where that was said of something that has changed since, that it
    /// has to be said again.
    fn signature(&self, spec: &LineSpec) -> (Option<Signature>, Option<String>) {
        let signed = self.facts.signed.iter().find(|s| s.line == spec.id);
        match signed {
            Some(signed) if signed.basis != basis(self.facts, spec.id) => {
                let Signature { by, at, .. } = signed;
                let day = at.to_contract();
                let day = day.get(..10).unwrap_or(&day);
                let text = format!(
                    "What {by} signed for on {day} has changed since: look again, and sign again."
                );
                (None, Some(text))
            }
            signed => (signed.cloned(), None),
        }
    }

    fn finding(&self, id: &str) -> Finding {
        match id {
            "ONB-1" => self.onboarded(),
            "ONB-2" => self.token_used(),
            "ONB-3" => person(
                "Nobody has confirmed whether users may sell.",
                "An admin of the partner signs: the note says whether the off-ramp is wanted.",
            ),
            "ACC-1" => self.calls(),
            "ACC-2" => self.origins(),
            "ACC-3" => person(
                "Nobody has confirmed it.",
                "An admin of the partner signs that no address has to be registered.",
            ),
            "INT-1" => self.sessions(),
            "INT-2" => self.loaded(),
            "INT-3" => self.verbatim(),
            "INT-4" => self.channels(),
            "INT-5" => self.stops(),
            "COV-1" => self.asked(),
            "COV-2" => self.covered(),
            "ERR-1" => self.provoked(),
            "ERR-2" | "ERR-3" => self.probed(id),
            "KYC-1" => self.once(
                Kind::IdentityPassed,
                "A user was verified from the first picture to the end",
                "Buy in the sandbox as a new user: any picture serves as a document, the camera can be a fake one.",
            ),
            "KYC-2" => self.once(
                Kind::IdentitySkipped,
                "A user who was verified before went straight to the price",
                "Buy again with the partner_user_id of somebody who is verified.",
            ),
            "PAY-1" => self.once(
                Kind::BuyCompleted,
                "A buy reached completed",
                "Buy in the sandbox and pay with 4242 4242 4242 4242.",
            ),
            "PAY-2" => self.once(
                Kind::FailureRead,
                "An order failed, and the partner was told",
                "Pay with 4000 0000 0000 9995 until the attempts are used up, and read the transaction.",
            ),
            "PAY-3" => self.sells(),
            "WHK-1" => self.webhook_quick(),
            "WHK-2" => self.webhook_twice(),
            "LIVE-1" => person(
                "The operator has not confirmed it.",
                "An operator looks at the other lines and signs.",
            ),
            "LIVE-2" => self.first_live(),
            mobile => self.mobile(mobile),
        }
    }

    /// Of a kind, what is not too old, the latest first.
    fn seen(&self, kind: Kind) -> impl Iterator<Item = &Observation> {
        let since = self.now.plus_seconds(-DECAY_SECONDS);
        let all = self.facts.seen.iter();
        all.filter(move |seen| seen.kind == kind && seen.last_at > since)
    }

    fn of(&self, kind: Kind, subject: &str) -> Option<&Observation> {
        self.seen(kind).find(|seen| seen.subject == subject)
    }

    fn evidence(&self, kind: Kind, strength: Strength, text: &str) -> Vec<Evidence> {
        let seen = self.seen(kind).take(EVIDENCE_MAX);
        seen.map(|seen| evidence(seen, strength, text)).collect()
    }

    /// Refusals of the last window.
    fn refused(&self, codes: &[&str]) -> Vec<&Refused> {
        let since = self.now.plus_seconds(-WINDOW_SECONDS);
        let refused = self.facts.refused.iter();
        let counts = |r: &&Refused| r.last_at > since && codes.contains(&r.code.as_str());
        refused.filter(counts).collect()
    }

    fn once(&self, kind: Kind, what: &str, next: &'static str) -> Finding {
        let evidence = self.evidence(kind, Strength::Observed, what);
        if evidence.is_empty() {
            return Finding::Unseen(format!("Not seen yet: {}.", lower(what)), next);
        }
        Finding::Passing(format!("{what}."), evidence)
    }

    fn onboarded(&self) -> Finding {
        let partner = &self.facts.partner;
        let needs_wallets = partner.kind != PartnerType::UserWallet;
        let buys = partner.policy.pairs.iter().filter(|pair| pair.buys);
        let bare: Vec<String> = buys
            .filter(|pair| needs_wallets && !self.facts.wallets.contains(&pair.asset))
            .map(|pair| pair.asset.to_string())
            .collect();
        if self.facts.origins.is_empty() {
            return Finding::Unseen(
                "No origin is registered.".to_owned(),
                "An operator registers the origin of the page that embeds the widget.",
            );
        }
        if !bare.is_empty() {
            return Finding::Unseen(
                format!("There is no wallet for {}.", bare.join(", ")),
                "An operator records a wallet for each pair that users buy.",
            );
        }
        let text = format!(
            "{}, {}, origins: {}, pairs: {}",
            partner.name,
            partner.kind.name(),
            self.facts.origins.len(),
            partner.policy.pairs.len()
        );
        Finding::Passing(format!("All of it is recorded: {text}."), Vec::new())
    }

    fn token_used(&self) -> Finding {
        if !self.facts.has_token {
            return Finding::Unseen(
                "The partner has no token that works.".to_owned(),
                "Make a token and hand it over.",
            );
        }
        self.once(
            Kind::Call,
            "The token was used",
            "Make any call with the client token from the backend: GET /widget/transactions.",
        )
    }

    fn calls(&self) -> Finding {
        let bad = self.refused(&["invalid_token", "missing_token"]);
        if !bad.is_empty() {
            return Finding::Failing(
                "Calls came without a good token in the last 24 hours.".to_owned(),
                "Find the caller by the request id, send the present token; the line is green again when 24 hours have passed without such a call.".to_owned(),
                bad.into_iter().map(refusal).take(EVIDENCE_MAX).collect(),
            );
        }
        self.once(
            Kind::Call,
            "A call came with a good token, and none without one in the last 24 hours",
            "Make any call with the client token from the backend.",
        )
    }

    fn origins(&self) -> Finding {
        let bad = self.refused(&["forbidden_origin"]);
        if !bad.is_empty() {
            return Finding::Failing(
                "Pages of other origins came in the last 24 hours.".to_owned(),
                "Register the origin that the evidence names, or take the widget off that page."
                    .to_owned(),
                bad.into_iter().map(refusal).take(EVIDENCE_MAX).collect(),
            );
        }
        self.once(
            Kind::WidgetOpened,
            "The widget was opened from a registered origin",
            "Open the widget on the page that embeds it.",
        )
    }

    fn sessions(&self) -> Finding {
        let mut bad = self.refused(&["missing_param"]);
        bad.retain(|refused| refused.route == "POST /widget/session");
        let made = self.evidence(Kind::SessionMade, Strength::Observed, "A session was made");
        match (made.is_empty(), bad.is_empty()) {
            (true, true) => Finding::Unseen(
                "No session was made yet.".to_owned(),
                "POST /widget/session with the documented fields.",
            ),
            (_, true) => Finding::Passing("Sessions carry all fields.".to_owned(), made),
            (_, false) => Finding::Failing(
                "Calls of the last 24 hours lacked a field.".to_owned(),
                "The integration log names the field; send it each time.".to_owned(),
                bad.into_iter().map(refusal).take(EVIDENCE_MAX).collect(),
            ),
        }
    }

    /// The frame speaks only to the script that opened it, and that script finds its server by its own
    /// address.
    fn loaded(&self) -> Finding {
        let evidence = self.evidence(
            Kind::WidgetOpened,
            Strength::Inferred,
            "The frame was opened by the script of the widget host",
        );
        if evidence.is_empty() {
            return Finding::Unseen(
                "The widget was not opened yet.".to_owned(),
                "Load /widget.2.0.js from the widget host and call proofWidget.run().",
            );
        }
        Finding::Passing("The widget is opened by our script.".to_owned(), evidence)
    }

    fn verbatim(&self) -> Finding {
        let since = self.now.plus_seconds(-WINDOW_SECONDS);
        let mut bad = self.seen(Kind::WidgetRefused);
        let changed = |seen: &&Observation| {
            seen.subject.starts_with("parameter_mismatch") && seen.last_at > since
        };
        if let Some(seen) = bad.find(changed) {
            let what = "The widget got other parameters than the session had";
            return Finding::Failing(
                format!("{what}."),
                "Pass the answer of POST /widget/session on as it is.".to_owned(),
                vec![evidence(seen, Strength::Observed, what)],
            );
        }
        self.once(
            Kind::WidgetOpened,
            "The widget got the session's parameters as they were",
            "Open the widget with the answer of POST /widget/session.",
        )
    }

    fn channels(&self) -> Finding {
        let evidence: Vec<Evidence> = [
            (Kind::Polled, "A transaction was polled"),
            (Kind::SocketOpened, "A WebSocket was opened"),
            (Kind::WebhookTaken, "A webhook was answered with 2xx"),
        ]
        .into_iter()
        .flat_map(|(kind, text)| self.evidence(kind, Strength::Observed, text))
        .collect();
        if evidence.is_empty() {
            return Finding::Unseen(
                "No server channel was used yet.".to_owned(),
                "Poll a transaction, open a WebSocket, or answer a webhook.",
            );
        }
        Finding::Passing("A server channel is used.".to_owned(), evidence)
    }

    fn stops(&self) -> Finding {
        let uses = self.seen(Kind::Polled).chain(self.seen(Kind::SocketOpened));
        if uses.count() == 0 && self.seen(Kind::WebhookTaken).next().is_some() {
            return Finding::NotApplicable("The partner hears by webhook only.".to_owned());
        }
        let since = self.now.plus_seconds(-WINDOW_SECONDS);
        let bad: Vec<Evidence> = [
            (
                Kind::PolledOn,
                "The transaction was polled on after its end",
            ),
            (
                Kind::SocketLeft,
                "The WebSocket was left open after the end",
            ),
        ]
        .into_iter()
        .flat_map(|(kind, text)| {
            let late = self.seen(kind).filter(|seen| seen.last_at > since);
            late.map(|seen| evidence(seen, Strength::Observed, text))
                .collect::<Vec<_>>()
        })
        .take(EVIDENCE_MAX)
        .collect();
        if !bad.is_empty() {
            return Finding::Failing(
                "A transaction that had ended was followed on.".to_owned(),
                "Stop polling, and close the WebSocket, on completed, failed and cancelled."
                    .to_owned(),
                bad,
            );
        }
        let mut good = self.evidence(
            Kind::SocketClosed,
            Strength::Observed,
            "The partner closed the WebSocket at the end",
        );
        let read = self.seen(Kind::EndRead).filter(|seen| {
            // Whoever comes back comes within a minute or two.
            self.now > seen.last_at.plus_seconds(120) || seen.first_at < seen.last_at
        });
        let read = read.map(|seen| {
            evidence(
                seen,
                Strength::Inferred,
                "The end was read, and nobody came back",
            )
        });
        good.extend(read.take(EVIDENCE_MAX));
        if good.is_empty() {
            return Finding::Unseen(
                "No transaction was followed to its end yet, or a moment ago.".to_owned(),
                "Follow an order to its end, stop there, and look here again after two minutes.",
            );
        }
        Finding::Passing("Following stops at the end.".to_owned(), good)
    }

    fn provoked(&self) -> Finding {
        let both = ["wallet_not_supported", "currency_not_allowed"]
            .map(|code| self.of(Kind::Provoked, code));
        let [Some(wallet), Some(currency)] = both else {
            return Finding::Unseen(
                "The two errors were not provoked yet.".to_owned(),
                "Run the probes, make two sessions, and look for both errors in your own dashboard.",
            );
        };
        let text = |seen: &Observation| format!("The server answered {}", seen.subject);
        let evidence =
            [wallet, currency].map(|seen| evidence(seen, Strength::Observed, &text(seen)));
        Finding::Passing(
            "Both errors were provoked; whoever sees them in the partner's dashboard signs."
                .to_owned(),
            evidence.into(),
        )
    }

    fn probed(&self, id: &str) -> Finding {
        let good = self.of(Kind::ProbeGood, id);
        let bad = self.of(Kind::ProbeBad, id);
        let what = "The server provoked it and watched";
        match (good, bad) {
            (_, Some(bad)) if good.is_none_or(|good| good.last_at < bad.last_at) => {
                Finding::Failing(
                    format!("Provoked, it went wrong: {}.", bad.note),
                    "Put it right and run the probes again.".to_owned(),
                    vec![evidence(bad, Strength::Observed, what)],
                )
            }
            (Some(good), _) => Finding::Passing(
                format!("Provoked, it went well: {}.", good.note),
                vec![evidence(good, Strength::Observed, what)],
            ),
            (None, _) => Finding::Unseen(
                "Not provoked yet.".to_owned(),
                "Run the probes while the backend is making its calls.",
            ),
        }
    }

    fn sells(&self) -> Finding {
        if !self
            .facts
            .partner
            .policy
            .pairs
            .iter()
            .any(|pair| pair.sells)
        {
            return Finding::NotApplicable("Selling is not enabled.".to_owned());
        }
        self.once(
            Kind::SellCompleted,
            "A sell reached completed",
            "Sell in the sandbox; proof sandbox deposit plays the user's wallet.",
        )
    }

    fn first_live(&self) -> Finding {
        let watched = self.facts.live.iter().filter_map(|live| {
            let by = live.watched_by.as_ref()?;
            let text = format!("Completed while {by} had its page open");
            Some(evidence(&live.seen, Strength::Observed, &text))
        });
        let watched: Vec<Evidence> = watched.collect();
        if !watched.is_empty() {
            return Finding::Passing(
                "A live order was completed and watched.".to_owned(),
                watched,
            );
        }
        match self.facts.partner.stage {
            Stage::Sandbox => Finding::Unseen(
                "There was no live transaction yet.".to_owned(),
                "When all other lines are green, an operator opens live, and watches the first order.",
            ),
            Stage::LiveWatched | Stage::Live | Stage::Suspended => Finding::Unseen(
                "No live transaction was completed yet while an operator watched.".to_owned(),
                "An operator opens the page of the first live order and leaves it open until the order has ended.",
            ),
        }
    }
}

fn person(why: &str, next: &'static str) -> Finding {
    Finding::Unseen(why.to_owned(), next)
}
