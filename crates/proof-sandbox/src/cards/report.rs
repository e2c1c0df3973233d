//! The processor's settlement report: what it moved, in the order in which it did.

use super::Cards;
use proof_core::money::Money;
use serde::Serialize;

const LINES_MAX: usize = 500;

#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum ReportKind {
    Capture,
    Refund,
    Dispute,
    DisputeFee,
    DisputeWon,
    PayOut,
    PayOutBounced,
}

impl ReportKind {
    const fn is_of_payouts(self) -> bool {
        matches!(self, Self::PayOut | Self::PayOutBounced)
    }
}

#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ReportLine {
    pub reference: String,
    pub kind: ReportKind,
    pub amount: Money,
}

impl Cards {
    pub(super) fn report_add(&mut self, reference: &str, kind: ReportKind, amount: Money) {
        self.report.push(ReportLine {
            reference: reference.to_owned(),
            kind,
            amount,
        });
    }

    /// Lines after a number, of payments or of payouts; lines are numbered from one.
    pub fn report_after(&self, after: usize, payouts: bool) -> Vec<(usize, ReportLine)> {
        let lines = (1..).zip(&self.report).skip(after);
        lines
            .filter(|(_, line)| line.kind.is_of_payouts() == payouts)
            .take(LINES_MAX)
            .map(|(number, line)| (number, line.clone()))
            .collect()
    }
}
