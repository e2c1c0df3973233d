//! What a provider says that it moved: its settlement report.

use proof_core::{finding::Movement, money::Money};

/// Lines that one answer holds at most.
pub const REPORT_LINES_MAX: usize = 500;

#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ReportLine {
    /// Its place in the report; later lines have higher numbers.
    pub number: u64,
    /// The one that we gave it.
    pub reference: String,
    pub movement: Movement,
    pub amount: Money,
}
