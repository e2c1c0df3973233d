//! Cardholders' disputes: the bank asks, withholds the money, hears us, and decides.

use super::{Authorisation, Cards, Event, ReportKind, Status};
use crate::refusal::Refusal;
use proof_core::{Timestamp, money::Money};
use serde::{Deserialize, Serialize};

/// How long evidence is taken.
const EVIDENCE_DAYS: i64 = 7;

/// What the processor charges for a dispute, in minor units of its currency.
const FEE_MINOR: u128 = 1_500;

/// Words in the evidence that decide at once, as with other processors' test modes.
const WINNING: &str = "winning_evidence";
const LOSING: &str = "losing_evidence";

#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DisputeStage {
    Inquiry,
    EvidenceDue,
    Submitted,
    Won,
    Lost,
    Accepted,
    Closed,
}

#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Dispute {
    pub id: String,
    pub reference: String,
    pub stage: DisputeStage,
    pub amount: Money,
    pub fee: Money,
    /// The money was taken from the merchant, now or at some time.
    pub withheld: bool,
    pub due: Option<Timestamp>,
}

/// What the cardholder's bank does next.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum BankMove {
    /// The inquiry becomes a dispute.
    Escalate,
    Win,
    Lose,
    /// The inquiry comes to nothing.
    Close,
}

impl Cards {
    pub fn disputes_of(&self, reference: &str, now: Timestamp) -> Result<Vec<Dispute>, Refusal> {
        self.find(reference)?;
        let own = self.disputes.values().filter(|d| d.reference == reference);
        Ok(own.map(|dispute| dispute.at(now)).collect())
    }

    /// The one payment that was captured and whose reference has this part.
    pub fn captured_like(&self, part: &str) -> Result<String, Refusal> {
        let taken = |a: &&Authorisation| a.status == Status::Captured;
        let taken = self.authorisations.values().filter(taken);
        let mut found = taken.filter(|a| a.reference.contains(part));
        match (found.next(), found.next()) {
            (Some(one), None) => Ok(one.reference.clone()),
            (Some(_), Some(_)) => Err(Refusal::conflict(
                "ambiguous",
                "more than one captured payment has this in its reference",
            )),
            (None, _) => Err(Refusal::not_found("captured payment")),
        }
    }

    pub fn find_dispute(&self, id: &str) -> Result<&Dispute, Refusal> {
        let known = self.disputes.get(id);
        known.ok_or_else(|| Refusal::not_found("dispute"))
    }

    /// The cardholder goes to the bank. `None` of an amount: all that was captured.
    pub fn dispute(
        &self,
        reference: &str,
        amount: Option<Money>,
        inquiry: bool,
        now: Timestamp,
    ) -> Result<Option<Event>, Refusal> {
        let authorisation = self.find(reference)?;
        let amount = amount.unwrap_or(authorisation.captured);
        let taken: u128 = self.disputed(reference).saturating_add(amount.minor());
        let fits = authorisation.status == Status::Captured
            && amount.fiat() == authorisation.captured.fiat()
            && amount.minor() > 0
            && taken <= authorisation.captured.minor();
        if !fits {
            let code = "not_disputable";
            return Err(Refusal::conflict(code, "so much was not captured here"));
        }
        let number = self.disputes.len().saturating_add(1);
        Ok(Some(Event::Disputed {
            id: format!("dp_{number}_{reference}"),
            reference: reference.to_owned(),
            amount,
            stage: if inquiry {
                DisputeStage::Inquiry
            } else {
                DisputeStage::EvidenceDue
            },
            due: now.plus_seconds(EVIDENCE_DAYS * 24 * 3_600),
        }))
    }

    /// What is withheld or gone of a payment.
    pub(super) fn disputed(&self, reference: &str) -> u128 {
        let own = self.disputes.values().filter(|d| d.reference == reference);
        let gone = own.filter(|d| d.withheld && d.stage != DisputeStage::Won);
        gone.map(|dispute| dispute.amount.minor()).sum()
    }

    /// The merchant's evidence; the same again changes nothing.
    pub fn contest(
        &self,
        id: &str,
        evidence: &str,
        now: Timestamp,
    ) -> Result<Option<Event>, Refusal> {
        let dispute = self.find_dispute(id)?.at(now);
        if evidence.trim().is_empty() {
            return Err(Refusal::invalid("there is no evidence"));
        }
        let stage = match dispute.stage {
            DisputeStage::Submitted => return Ok(None),
            DisputeStage::Inquiry if evidence.contains(WINNING) => DisputeStage::Closed,
            DisputeStage::EvidenceDue if evidence.contains(WINNING) => DisputeStage::Won,
            DisputeStage::EvidenceDue if evidence.contains(LOSING) => DisputeStage::Lost,
            DisputeStage::Inquiry | DisputeStage::EvidenceDue => DisputeStage::Submitted,
            DisputeStage::Won
            | DisputeStage::Lost
            | DisputeStage::Accepted
            | DisputeStage::Closed => return Err(over()),
        };
        Ok(Some(moved(id, stage)))
    }

    pub fn accept(&self, id: &str, now: Timestamp) -> Result<Option<Event>, Refusal> {
        match self.find_dispute(id)?.at(now).stage {
            DisputeStage::Accepted => Ok(None),
            DisputeStage::Inquiry | DisputeStage::EvidenceDue => {
                Ok(Some(moved(id, DisputeStage::Accepted)))
            }
            DisputeStage::Submitted
            | DisputeStage::Won
            | DisputeStage::Lost
            | DisputeStage::Closed => Err(over()),
        }
    }

    pub fn bank(&self, id: &str, step: BankMove, now: Timestamp) -> Result<Option<Event>, Refusal> {
        let dispute = self.find_dispute(id)?.at(now);
        // An inquiry that was answered is still one.
        let next = match (step, dispute.stage, dispute.withheld) {
            (BankMove::Escalate, DisputeStage::Inquiry | DisputeStage::Submitted, false) => {
                DisputeStage::EvidenceDue
            }
            (BankMove::Close, DisputeStage::Inquiry | DisputeStage::Submitted, false) => {
                DisputeStage::Closed
            }
            (BankMove::Win, DisputeStage::EvidenceDue | DisputeStage::Submitted, true) => {
                DisputeStage::Won
            }
            (BankMove::Lose, DisputeStage::EvidenceDue | DisputeStage::Submitted, true) => {
                DisputeStage::Lost
            }
            _ => return Err(over()),
        };
        Ok(Some(moved(id, next)))
    }

    /// A bank that waited in vain decides for its customer; written down when somebody asks.
    pub fn overdue(&self, reference: &str, now: Timestamp) -> Option<Event> {
        let own = self.disputes.values().filter(|d| d.reference == reference);
        let mut late = own.filter(|dispute| dispute.at(now).stage != dispute.stage);
        late.next()
            .map(|dispute| moved(&dispute.id, DisputeStage::Lost))
    }

    pub(super) fn apply_disputed(&mut self, dispute: Dispute) {
        let (reference, amount, fee) = (dispute.reference.clone(), dispute.amount, dispute.fee);
        let withheld = dispute.withheld;
        self.disputes.insert(dispute.id.clone(), dispute);
        if withheld {
            self.report_add(&reference, ReportKind::Dispute, amount);
            self.report_add(&reference, ReportKind::DisputeFee, fee);
        }
    }

    pub(super) fn apply_dispute_moved(&mut self, id: &str, stage: DisputeStage) {
        let Some(dispute) = self.disputes.get_mut(id) else {
            return;
        };
        dispute.stage = stage;
        let (reference, amount, fee) = (dispute.reference.clone(), dispute.amount, dispute.fee);
        let taken = matches!(stage, DisputeStage::EvidenceDue | DisputeStage::Accepted);
        if taken && !std::mem::replace(&mut dispute.withheld, true) {
            self.report_add(&reference, ReportKind::Dispute, amount);
            self.report_add(&reference, ReportKind::DisputeFee, fee);
        }
        if stage == DisputeStage::Won {
            self.report_add(&reference, ReportKind::DisputeWon, amount);
        }
    }
}

impl Dispute {
    pub fn new(
        event: (String, String),
        amount: Money,
        stage: DisputeStage,
        due: Timestamp,
    ) -> Self {
        let (id, reference) = event;
        Self {
            id,
            reference,
            stage,
            amount,
            fee: Money::new(amount.fiat(), FEE_MINOR),
            withheld: stage != DisputeStage::Inquiry,
            due: Some(due),
        }
    }

    /// As it is at this moment.
    fn at(&self, now: Timestamp) -> Self {
        let waits = self.stage == DisputeStage::EvidenceDue;
        let late = waits && self.due.is_some_and(|due| now >= due);
        Self {
            stage: if late { DisputeStage::Lost } else { self.stage },
            ..self.clone()
        }
    }
}

impl Authorisation {
    /// What may still be refunded, for a processor that knows of disputes.
    pub(super) fn refundable(&self, disputed: u128) -> u128 {
        let left = self.captured.minor().saturating_sub(self.refunded.minor());
        left.saturating_sub(disputed)
    }
}

fn moved(id: &str, stage: DisputeStage) -> Event {
    Event::DisputeMoved {
        id: id.to_owned(),
        stage,
    }
}

fn over() -> Refusal {
    Refusal::conflict("dispute_over", "this dispute is past that step")
}
