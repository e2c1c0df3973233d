//! What the widget shows of an identity check, and what an order learns from one that is over.

use super::{Facts, inner};
use proof_core::{
    Timestamp,
    handover::Handover,
    id::{OrderId, VerificationId},
    identity::{
        CONSENT_TEXT, Challenge, DocumentKind, KeptPart, Scope, Standing, Verification,
        VerificationState,
    },
    order::{Command, Order, State},
};
use proof_store::StoredVerification;
use serde::Serialize;

#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct IdentityView {
    pub status: &'static str,
    /// `document` with a selfie, or a `selfie` alone.
    pub asks: &'static str,
    /// The address that was confirmed before, masked, where the change of it is asked about.
    pub former_email: Option<String>,
    pub document: Option<&'static str>,
    pub sides: Vec<&'static str>,
    pub received: Vec<&'static str>,
    pub steps: Vec<&'static str>,
    pub frames_per_step: u32,
    pub reason: Option<String>,
    pub may_retry: bool,
    /// What this attempt took over from the one before: `document` or `selfie`.
    pub kept: Option<&'static str>,
    /// What the next one may take over.
    pub keeps: Option<&'static str>,
    pub consent: ConsentView,
    /// It goes on at another device, or is about to.
    pub handover: Option<HandoverView>,
}

#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct HandoverView {
    /// `waiting` for the other device, or `open` there.
    pub state: &'static str,
    pub until: String,
}

/// What the user is told before the first picture.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct ConsentView {
    /// The text that has to be agreed to.
    pub text: &'static str,
    /// Days after which pictures are deleted, where it is known.
    pub kept_days: Option<u32>,
    /// Agreed to in this order already.
    pub given: bool,
}

/// An approval from before says nothing where something has to be shown again, and what was begun or refused in another
/// order says nothing of an address.
pub(super) fn is_outdated(
    v: &StoredVerification,
    order: OrderId,
    standing: Option<Standing>,
) -> bool {
    let is_others = v.verification.order != order;
    let is_open = match &v.verification.state {
        VerificationState::Collecting => true,
        VerificationState::Rejected { may_retry, .. } => *may_retry,
        VerificationState::Submitted { .. }
        | VerificationState::Review { .. }
        | VerificationState::Approved { .. } => false,
    };
    if standing == Some(Standing::EmailNew) && is_others && is_open {
        return true;
    }
    let is_due = matches!(
        standing,
        Some(Standing::SelfieDue | Standing::EmailNew | Standing::Ended)
    );
    is_due && matches!(v.verification.state, VerificationState::Approved { .. })
}

/// What is known of the customer but not yet of this order.
pub(super) fn identity_known(facts: &Facts, now: Timestamp) -> Option<Command> {
    let State::Created = facts.stored.order.state else {
        return None;
    };
    let verification = facts.verification.as_ref().map(|v| &v.verification);
    // Refused for good stays refused in the next order, too, and a pause is a pause, unless they proved it since.
    let refused = verification.and_then(|v| refused_since(v, facts.proven, now));
    let is_good = facts.standing == Some(Standing::Good);
    refused.or_else(|| is_good.then_some(Command::IdentityPassed))
}

pub(crate) fn refused_since(
    v: &Verification,
    proven: Option<VerificationId>,
    now: Timestamp,
) -> Option<Command> {
    let VerificationState::Rejected { reason, .. } = &v.state else {
        return None;
    };
    let is_newer = proven.is_none_or(|proven| v.id > proven);
    (is_newer && v.state.is_over(now)).then(|| Command::IdentityFailed {
        reason: reason.clone(),
        may_retry: false,
    })
}

pub(super) fn handover_view(handover: Handover) -> HandoverView {
    HandoverView {
        state: handover.state.name(),
        until: handover.until.to_contract(),
    }
}

pub(super) fn consent_view(
    order: &Order,
    verification: Option<&Verification>,
    kept_days: Option<u32>,
) -> ConsentView {
    let given = verification.filter(|v| v.order == order.id);
    let given = given.and_then(|v| v.consent.as_ref());
    ConsentView {
        text: CONSENT_TEXT,
        kept_days,
        given: given.is_some_and(|given| given.text == CONSENT_TEXT),
    }
}

pub(super) fn identity_view(
    order: &Order,
    verification: Option<&Verification>,
    (standing, former_email): (Option<Standing>, Option<&str>),
) -> Option<IdentityView> {
    let State::Created = inner(&order.state) else {
        return None;
    };
    let (reason, may_retry) = match verification.map(|v| &v.state) {
        // A pause that is over is none any more.
        Some(VerificationState::Rejected {
            reason,
            may_retry,
            again_at,
        }) => (Some(reason.clone()), *may_retry || again_at.is_some()),
        Some(
            VerificationState::Collecting
            | VerificationState::Submitted { .. }
            | VerificationState::Review { .. }
            | VerificationState::Approved { .. },
        )
        | None => (None, true),
    };
    let sides = verification.map(|v| v.sides().iter().map(|s| s.name()).collect());
    let asks = match (verification.map(Verification::scope), standing) {
        (Some(Scope::Whole), _) => "document",
        (Some(Scope::Selfie), _) | (None, Some(Standing::SelfieDue)) => "selfie",
        (None, Some(Standing::EmailNew)) => "email",
        (None, Some(Standing::Good | Standing::Ended) | None) => "document",
    };
    let challenge = verification.map_or_else(Challenge::default, |v| v.challenge.clone());
    Some(IdentityView {
        status: verification.map_or("not_started", |v| v.state.name()),
        asks,
        former_email: former_email.filter(|_| asks == "email").map(email_masked),
        document: verification
            .and_then(|v| v.document)
            .map(DocumentKind::name),
        sides: sides.unwrap_or_default(),
        received: verification
            .map(|v| v.received.iter().map(|s| s.name()).collect())
            .unwrap_or_default(),
        steps: challenge.steps.iter().map(|step| step.name()).collect(),
        frames_per_step: challenge.frames_per_step,
        reason,
        may_retry,
        kept: verification.and_then(|v| v.kept).map(KeptPart::name),
        keeps: verification
            .filter(|v| v.order == order.id)
            .and_then(Verification::keeps)
            .map(KeptPart::name),
        consent: consent_view(order, verification, None),
        handover: None,
    })
}

/// `ann@example.com` → `a…n@example.com`.
pub(super) fn email_masked(email: &str) -> String {
    let (local, domain) = email.split_once('@').unwrap_or((email, ""));
    let mut letters = local.chars();
    match (letters.next(), letters.next_back()) {
        (Some(first), Some(last)) => format!("{first}…{last}@{domain}"),
        (first, _) => format!("{}…@{domain}", first.map(String::from).unwrap_or_default()),
    }
}
