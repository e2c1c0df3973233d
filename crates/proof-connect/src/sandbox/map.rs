//! The sandbox's words in ours.

use super::{PROVIDER, wire};
use proof_core::{Timestamp, finding::Movement, money::Money};
use proof_port::{
    Authorisation, AuthorisationState, BirthDate, CaptureState, CardExpiry, CardStored,
    CardSummary, DeclineCode, Dispute, DisputeStage, DocumentNumber, Evidence, Face,
    IdentityOutcome, IdentityStatus, Names, PayoutState, Picture, PictureProblem, RefundState,
    ReportLine, VoidState,
};
use std::num::ParseIntError;

pub fn amount(money: Money) -> wire::Amount {
    wire::Amount {
        currency: money.fiat().code().to_owned(),
        minor: money.minor().to_string(),
    }
}

pub fn stored(answer: wire::Stored) -> Result<CardStored, Unusable> {
    let expires = CardExpiry::from_number(answer.expires.into());
    Ok(CardStored {
        reference: answer.id,
        brand: answer.card.brand,
        last4: answer.card.last4,
        fingerprint: answer.card.fingerprint,
        expires: expires.ok_or(Unusable::Missing("expires"))?,
    })
}

/// Why an answer cannot be used although it is JSON of the right form.
#[derive(Debug, thiserror::Error)]
pub enum Unusable {
    #[error("an amount is not a number")]
    Amount(#[from] ParseIntError),
    #[error("the currency is unknown")]
    Currency(#[from] proof_core::asset::UnknownName),
    #[error("it speaks of another reference")]
    Reference,
    #[error("it moved another amount")]
    OtherAmount,
    #[error("it reports a movement that is unknown: {0}")]
    Movement(String),
    #[error("it tells of a stage that is unknown: {0}")]
    Stage(String),
    #[error("a part is missing: {0}")]
    Missing(&'static str),
}

pub fn authorisation(
    reference: &str,
    answer: wire::Authorisation,
) -> Result<Authorisation, Unusable> {
    if answer.reference != reference {
        return Err(Unusable::Reference);
    }
    Ok(Authorisation {
        reference: reference.to_owned(),
        state: state(answer)?,
    })
}

fn state(answer: wire::Authorisation) -> Result<AuthorisationState, Unusable> {
    let fiat = answer.amount.currency.parse()?;
    let money = |minor: &str| Ok::<_, ParseIntError>(Money::new(fiat, minor.parse()?));
    Ok(match answer.status.as_str() {
        "three_ds_required" => AuthorisationState::ThreeDs {
            url: answer
                .three_ds_url
                .ok_or(Unusable::Missing("three_ds_url"))?,
        },
        "held" => AuthorisationState::Held {
            card: card(answer.card.ok_or(Unusable::Missing("card"))?),
            liability_shift: answer.liability_shift,
        },
        "declined" => AuthorisationState::Declined {
            code: decline_code(answer.decline_code.as_deref()),
        },
        "captured" => AuthorisationState::Captured {
            captured: money(&answer.captured)?,
            refunded: money(&answer.refunded)?,
        },
        "voided" => AuthorisationState::Voided,
        other => unknown("authorisation", other, AuthorisationState::Pending),
    })
}

pub fn card(card: wire::Card) -> CardSummary {
    CardSummary {
        brand: card.brand,
        last4: card.last4,
        country: card.country,
        fingerprint: card.fingerprint,
    }
}

/// That it was declined is certain; a reason that we do not know is the general one.
fn decline_code(code: Option<&str>) -> DeclineCode {
    match code {
        Some("insufficient_funds") => DeclineCode::InsufficientFunds,
        Some("three_ds_failed") => DeclineCode::ThreeDsFailed,
        Some("expired_card") => DeclineCode::ExpiredCard,
        Some("token_invalid") => DeclineCode::TokenInvalid,
        Some("processor_unavailable") => DeclineCode::ProcessorUnavailable,
        _ => DeclineCode::Declined,
    }
}

/// What a capture of this amount came to. Another amount is no answer to it.
pub fn capture(amount: Money, after: &AuthorisationState) -> Result<CaptureState, Unusable> {
    match after {
        AuthorisationState::Captured { captured, .. } if *captured == amount => {
            Ok(CaptureState::Captured)
        }
        AuthorisationState::Captured { .. } => Err(Unusable::OtherAmount),
        AuthorisationState::Pending
        | AuthorisationState::ThreeDs { .. }
        | AuthorisationState::Held { .. }
        | AuthorisationState::Declined { .. }
        | AuthorisationState::Voided => Ok(CaptureState::Pending),
    }
}

pub const fn void(after: &AuthorisationState) -> VoidState {
    match after {
        AuthorisationState::Voided => VoidState::Voided,
        AuthorisationState::Captured { .. } => VoidState::Captured,
        AuthorisationState::Pending
        | AuthorisationState::ThreeDs { .. }
        | AuthorisationState::Held { .. }
        | AuthorisationState::Declined { .. } => VoidState::Pending,
    }
}

pub fn refund(status: &str) -> RefundState {
    match status {
        "refunded" => RefundState::Refunded,
        other => unknown("refund", other, RefundState::Pending),
    }
}

/// A stage that we do not know is no answer: the next question may give one that we do.
pub fn disputes(answer: wire::Disputes) -> Result<Vec<Dispute>, Unusable> {
    let one = |told: wire::Dispute| {
        Ok(Dispute {
            stage: stage(&told.stage).ok_or(Unusable::Stage(told.stage))?,
            id: told.id,
            amount: money(&told.amount)?,
            fee: money(&told.fee)?,
            withheld: told.withheld,
            due: told
                .due
                .map(|at| Timestamp::from_micros(0).plus_seconds(at)),
        })
    };
    answer.disputes.into_iter().map(one).collect()
}

fn money(wire: &wire::Amount) -> Result<Money, Unusable> {
    Ok(Money::new(wire.currency.parse()?, wire.minor.parse()?))
}

fn stage(name: &str) -> Option<DisputeStage> {
    Some(match name {
        "inquiry" => DisputeStage::Inquiry,
        "opened" => DisputeStage::Opened,
        "evidence_due" => DisputeStage::EvidenceDue,
        "submitted" => DisputeStage::Submitted,
        "won" => DisputeStage::Won,
        "lost" => DisputeStage::Lost,
        "accepted" => DisputeStage::Accepted,
        "closed" => DisputeStage::Closed,
        _ => return None,
    })
}

pub fn report(report: wire::Report) -> Result<Vec<ReportLine>, Unusable> {
    let line = |line: wire::ReportLine| {
        let movement = Movement::parse(&line.kind).ok_or(Unusable::Movement(line.kind))?;
        Ok(ReportLine {
            number: line.number,
            reference: line.reference,
            movement,
            amount: money(&line.amount)?,
        })
    };
    report.lines.into_iter().map(line).collect()
}

pub fn payout(payout: &wire::Payout) -> PayoutState {
    match payout.status.as_str() {
        "sent" => PayoutState::Sent,
        "bounced" => PayoutState::Bounced,
        "pending" => PayoutState::Pending,
        "refused" => PayoutState::Refused {
            code: decline_code(payout.decline_code.as_deref()),
        },
        other => unknown("payout", other, PayoutState::Pending),
    }
}

pub fn verification(answer: wire::Verification) -> IdentityStatus {
    let reason = answer.reason.unwrap_or_default();
    let outcome = match answer.status.as_str() {
        "pending" => return IdentityStatus::Pending,
        "approved" => IdentityOutcome::Approved {
            document_country: answer.document_country,
        },
        "rejected" => IdentityOutcome::Rejected {
            reason,
            may_retry: answer.may_retry,
        },
        "review" => IdentityOutcome::Review { reason },
        other => return unknown("verification", other, IdentityStatus::Pending),
    };
    let evidence = answer.evidence.map(evidence).unwrap_or_default();
    IdentityStatus::Done(outcome, Box::new(evidence))
}

/// What cannot be read is not known.
fn evidence(told: wire::Known) -> Evidence {
    let face = hex::decode(told.face).ok();
    Evidence {
        names: Some(Names {
            surname: told.surname,
            given: told.given,
        }),
        birth: birth(&told.birth),
        document: Some(DocumentNumber {
            issuer: told.issuer,
            number: told.number,
        }),
        document_ends: Some(Timestamp::from_micros(told.document_ends)),
        face: face.and_then(|bytes| Face::of_bytes(&told.face_model, bytes)),
        similarity: Some(told.similarity),
        grid_tenths: None,
        notes: Vec::new(),
    }
}

fn birth(text: &str) -> Option<BirthDate> {
    let mut parts = text.split('-').map(str::parse::<u32>);
    Some(BirthDate {
        year: parts.next()?.ok()?.try_into().ok()?,
        month: parts.next()?.ok(),
        day: parts.next()?.ok(),
    })
}

pub fn pictures(answer: wire::Pictures) -> Vec<Picture> {
    let pictures = answer.pictures.into_iter();
    let picture = |picture| match picture {
        wire::Picture::Document { kind, side } => Picture::Document { kind, side },
        wire::Picture::Frame { index, step } => Picture::Frame {
            index,
            step,
            taken_ms: 0,
        },
    };
    pictures.map(picture).collect()
}

pub fn picture_problem(code: &str) -> Option<PictureProblem> {
    match code {
        "not_an_image" => Some(PictureProblem::NotAnImage),
        "too_small" => Some(PictureProblem::TooSmall),
        "too_large" => Some(PictureProblem::TooLarge),
        "truncated" => Some(PictureProblem::Truncated),
        _ => None,
    }
}

/// Waits on what we do not understand, and says so: the log line is what gets it taught to us.
fn unknown<T>(what: &'static str, status: &str, waiting: T) -> T {
    tracing::warn!(provider = PROVIDER, what, status = %format_args!("{status:.40}"), "unknown provider status taken as pending");
    waiting
}
