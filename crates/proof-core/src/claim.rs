//! Claims: cases about fiat. A cardholder disputes a payment, a payment was taken after its order had
//! ended, or two operators give money back after the end. Like a case about crypto ([`crate::case`])
//! a claim never changes the public status of an order that has ended.
//!
//! What may be given back is decided by the order's [`Takings`](crate::payment::Takings), under the
//! order's lock: each [`ClaimDecision`] says what it does to them.

mod ruling;

pub use ruling::ClaimRuling;

use crate::{
    id::{CaseId, OrderId, PartnerId},
    ledger::{self, Entry},
    money::{Money, MoneyError},
    operator::Proposal,
    order::{EventKind, Order, REFUNDING_SECONDS_MAX, TakingsFact},
    partner::Environment,
    payment::{Dispute, DisputeStage},
    time::Timestamp,
};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

/// Pause between two questions to a provider: about a refund, and about a dispute.
const POLL_MS: i64 = 1_000;
const DISPUTE_POLL_MS: i64 = 3_600_000;

#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ClaimKind {
    /// Taken by the provider after the order had ended.
    TakenLate,
    /// Operators give money back after the order's end.
    Refund,
    /// The cardholder's bank takes the money back, or asks about it.
    Dispute,
    /// A sell's payout was sent, and the card's bank sent it back.
    PayoutBounced,
}

impl ClaimKind {
    pub const fn name(self) -> &'static str {
        match self {
            Self::TakenLate => "taken_late",
            Self::Refund => "refund",
            Self::Dispute => "dispute",
            Self::PayoutBounced => "payout_bounced",
        }
    }
}

#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Claim {
    pub id: CaseId,
    pub environment: Environment,
    pub partner: PartnerId,
    pub order: OrderId,
    pub provider: String,
    pub kind: ClaimKind,
    /// Which of the order's payments it is about.
    pub attempt: u32,
    /// What makes it one of its kind: the provider's name of a dispute, the number of a refund.
    pub name: String,
    pub amount: Money,
    pub opened_at: Timestamp,
    pub state: ClaimState,
}

#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(tag = "state", rename_all = "snake_case")]
pub enum ClaimState {
    /// One operator wants to give it back; nothing is owed before another agrees.
    Wanted,
    /// Owed to the customer again; the card is no way to pay it.
    Bounced,
    /// On its way back to the card.
    Refunding {
        deadline: Timestamp,
        #[serde(default)]
        refused: bool,
    },
    /// At the provider.
    Disputed {
        stage: DisputeStage,
        due: Option<Timestamp>,
        /// The provider has taken the money in question.
        withheld: bool,
        /// What is to be told to the provider.
        answer: Option<Answer>,
    },
    InReview {
        from: Box<ClaimState>,
        reason: String,
        /// What one operator wants to be done.
        #[serde(default)]
        proposal: Option<Proposal<ClaimRuling>>,
    },
    Settled(ClaimEnd),
}

/// What operators say to a dispute.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(tag = "answer", rename_all = "snake_case")]
pub enum Answer {
    Contest { evidence: String },
    Accept,
}

/// How a claim ended.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(tag = "by", rename_all = "snake_case")]
pub enum ClaimEnd {
    Refunded,
    RefundedByBank {
        transfer: String,
    },
    /// It cannot be given back now; it is kept apart.
    KeptApart,
    /// Nobody wants this refund any more.
    Withdrawn,
    /// A dispute that was lost has paid it meanwhile.
    PaidByDispute,
    Won,
    Lost,
    Accepted,
    Closed,
}

impl ClaimEnd {
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Refunded => "refunded",
            Self::RefundedByBank { .. } => "refunded_by_bank",
            Self::KeptApart => "kept_apart",
            Self::Withdrawn => "withdrawn",
            Self::PaidByDispute => "paid_by_dispute",
            Self::Won => "won",
            Self::Lost => "lost",
            Self::Accepted => "accepted",
            Self::Closed => "closed",
        }
    }
}

#[derive(Clone, PartialEq, Eq, Debug)]
pub enum ClaimCommand {
    Refunded,
    RefundRefused,
    /// What the provider says of the dispute.
    Dispute(Dispute),
    /// The provider has our answer.
    Answered,
    Rule {
        ruling: ClaimRuling,
        voice: crate::operator::Voice,
    },
    DeadlinePassed,
}

/// The outward step that a reconciler takes next.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum ClaimDuty {
    None,
    Refund,
    Answer(Answer),
    AskDispute,
}

/// All that follows from a command; saved in one database transaction or not at all.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ClaimDecision {
    pub claim: Claim,
    pub entries: Vec<Entry>,
    pub events: Vec<(EventKind, Value)>,
    /// What it does to the order, in this order.
    pub facts: Vec<TakingsFact>,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
pub enum ClaimRefusal {
    #[error("this has moved on meanwhile; look at it again")]
    WrongState,
    /// Two different people decide.
    #[error("another operator has to say the same")]
    SecondPerson,
    #[error("{0}")]
    Ruling(&'static str),
    #[error(transparent)]
    Money(#[from] MoneyError),
}

/// What a claim begins with.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum ClaimOpening {
    TakenLate {
        attempt: u32,
        amount: Money,
    },
    /// One operator wants it; another has to agree.
    Refund {
        number: u32,
        amount: Money,
        voice: crate::operator::Voice,
    },
    Dispute {
        attempt: u32,
        dispute: Dispute,
    },
    PayoutBounced {
        amount: Money,
    },
}

impl Claim {
    pub fn open(
        id: CaseId,
        order: &Order,
        opening: ClaimOpening,
        now: Timestamp,
    ) -> Result<ClaimDecision, ClaimRefusal> {
        let (kind, attempt, name, amount, state) = begun(order, &opening, now);
        let claim = Self {
            id,
            environment: order.environment,
            partner: order.partner,
            order: order.id,
            provider: order.provider.clone(),
            kind,
            attempt,
            name,
            amount,
            opened_at: now,
            state,
        };
        let mut draft = Draft::new(&claim, now);
        draft.events.push((EventKind::CaseOpened, claim.body()));
        match opening {
            ClaimOpening::TakenLate { .. } => {
                let entry = ledger::capture(claim.order, &claim.provider, amount)?;
                draft.entries.push(entry);
                draft.facts.push(TakingsFact::TakenLate(amount));
            }
            ClaimOpening::Refund { .. } => draft.facts.push(TakingsFact::RefundPromised(amount)),
            ClaimOpening::Dispute { dispute, .. } => draft.dispute_opened(&dispute)?,
            ClaimOpening::PayoutBounced { .. } => {
                let entry = ledger::pay_out_bounced(claim.order, &claim.provider, amount)?;
                draft.entries.push(entry);
            }
        }
        Ok(draft.done())
    }

    /// What partners read of it.
    pub fn body(&self) -> Value {
        json!({
            "case_id": self.id, "kind": self.kind,
            "fiat_amount": self.amount.to_decimal(), "fiat_currency": self.amount.fiat(),
        })
    }

    pub fn decide(
        &self,
        command: ClaimCommand,
        now: Timestamp,
    ) -> Result<ClaimDecision, ClaimRefusal> {
        let mut draft = Draft::new(self, now);
        match command {
            ClaimCommand::Refunded => draft.refunded()?,
            ClaimCommand::RefundRefused => draft.refund_refused()?,
            ClaimCommand::Dispute(dispute) => draft.dispute(&dispute)?,
            ClaimCommand::Answered => draft.answered()?,
            ClaimCommand::Rule { ruling, voice } => draft.rule(ruling, voice)?,
            ClaimCommand::DeadlinePassed => draft.deadline_passed()?,
        }
        Ok(draft.done())
    }

    pub fn duty(&self) -> ClaimDuty {
        match self.state.inner() {
            ClaimState::Refunding { refused: true, .. } => ClaimDuty::None,
            ClaimState::Refunding { .. } => ClaimDuty::Refund,
            ClaimState::Disputed {
                answer: Some(answer),
                ..
            } => ClaimDuty::Answer(answer.clone()),
            ClaimState::Disputed { .. } => ClaimDuty::AskDispute,
            ClaimState::Wanted
            | ClaimState::Bounced
            | ClaimState::InReview { .. }
            | ClaimState::Settled(_) => ClaimDuty::None,
        }
    }

    pub const fn deadline(&self) -> Option<Timestamp> {
        match &self.state {
            ClaimState::Refunding { deadline, .. } => Some(*deadline),
            ClaimState::Wanted
            | ClaimState::Bounced
            | ClaimState::Disputed { .. }
            | ClaimState::InReview { .. }
            | ClaimState::Settled(_) => None,
        }
    }

    /// Until when something can still be done about it: of a dispute until evidence is taken, whoever it waits for.
    pub fn due_at(&self) -> Option<Timestamp> {
        match self.state.inner() {
            ClaimState::Disputed { due, .. } => *due,
            ClaimState::Wanted
            | ClaimState::Bounced
            | ClaimState::Refunding { .. }
            | ClaimState::InReview { .. }
            | ClaimState::Settled(_) => self.deadline(),
        }
    }

    /// When a reconciler must next look at it. `None`: it has ended, or waits for people.
    pub fn wake_at(&self, now: Timestamp) -> Option<Timestamp> {
        match self.duty() {
            ClaimDuty::None => None,
            ClaimDuty::AskDispute => Some(now.plus_millis(DISPUTE_POLL_MS)),
            ClaimDuty::Refund if matches!(self.state, ClaimState::InReview { .. }) => {
                Some(now.plus_millis(60 * POLL_MS))
            }
            ClaimDuty::Refund | ClaimDuty::Answer(_) => Some(now),
        }
    }
}

/// Kind, which payment, what makes it one of its kind, how much, and where it begins.
fn begun(
    order: &Order,
    opening: &ClaimOpening,
    now: Timestamp,
) -> (ClaimKind, u32, String, Money, ClaimState) {
    let refunding = ClaimState::Refunding {
        deadline: now.plus_seconds(REFUNDING_SECONDS_MAX),
        refused: false,
    };
    match opening {
        ClaimOpening::TakenLate { attempt, amount } => {
            let name = attempt.to_string();
            (ClaimKind::TakenLate, *attempt, name, *amount, refunding)
        }
        ClaimOpening::Refund {
            number,
            amount,
            voice,
        } => {
            let state = ClaimState::InReview {
                from: Box::new(ClaimState::Wanted),
                reason: "a refund after the end".to_owned(),
                proposal: Some(Proposal {
                    act: ClaimRuling::Approve,
                    voice: voice.clone(),
                    at: now,
                }),
            };
            let name = number.to_string();
            (ClaimKind::Refund, order.attempt, name, *amount, state)
        }
        ClaimOpening::Dispute { attempt, dispute } => {
            let state = ClaimState::Disputed {
                stage: DisputeStage::Inquiry,
                due: None,
                withheld: false,
                answer: None,
            };
            let name = dispute.id.clone();
            (ClaimKind::Dispute, *attempt, name, dispute.amount, state)
        }
        ClaimOpening::PayoutBounced { amount } => {
            let state = ClaimState::InReview {
                from: Box::new(ClaimState::Bounced),
                reason: "the card's bank sent the payout back; pay it by bank".to_owned(),
                proposal: None,
            };
            let name = order.attempt.to_string();
            (
                ClaimKind::PayoutBounced,
                order.attempt,
                name,
                *amount,
                state,
            )
        }
    }
}

impl ClaimState {
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Wanted => "wanted",
            Self::Bounced => "bounced",
            Self::Refunding { .. } => "refunding",
            Self::Disputed { .. } => "disputed",
            Self::InReview { .. } => "in_review",
            Self::Settled(_) => "settled",
        }
    }

    /// Itself, or what is under review.
    pub fn inner(&self) -> &Self {
        match self {
            Self::InReview { from, .. } => from,
            Self::Wanted
            | Self::Bounced
            | Self::Refunding { .. }
            | Self::Disputed { .. }
            | Self::Settled(_) => self,
        }
    }
}

/// A claim on its way to the next state.
struct Draft {
    claim: Claim,
    entries: Vec<Entry>,
    events: Vec<(EventKind, Value)>,
    facts: Vec<TakingsFact>,
    now: Timestamp,
}

type Step = Result<(), ClaimRefusal>;

impl Draft {
    fn new(claim: &Claim, now: Timestamp) -> Self {
        Self {
            claim: claim.clone(),
            entries: Vec::new(),
            events: Vec::new(),
            facts: Vec::new(),
            now,
        }
    }

    fn done(self) -> ClaimDecision {
        ClaimDecision {
            claim: self.claim,
            entries: self.entries,
            events: self.events,
            facts: self.facts,
        }
    }

    /// A fact, also under review.
    fn refunded(&mut self) -> Step {
        let ClaimState::Refunding { .. } = self.claim.state.inner() else {
            return Err(ClaimRefusal::WrongState);
        };
        let (order, amount) = (self.claim.order, self.claim.amount);
        let entry = ledger::refund(order, &self.claim.provider, amount)?;
        self.entries.push(entry);
        self.settle(ClaimEnd::Refunded);
        Ok(())
    }

    /// The same: whoever asked on in doubt has an answer.
    fn refund_refused(&mut self) -> Step {
        let ClaimState::Refunding {
            deadline,
            refused: false,
        } = self.claim.state.inner()
        else {
            return Err(ClaimRefusal::WrongState);
        };
        self.claim.state = ClaimState::Refunding {
            deadline: *deadline,
            refused: true,
        };
        self.review("the provider refuses to refund the payment");
        Ok(())
    }

    fn dispute_opened(&mut self, dispute: &Dispute) -> Step {
        self.review("the cardholder's bank asks; answer it or accept");
        // The first look may find it further on: the stages between are passed through.
        self.dispute(dispute).or_else(|refusal| match refusal {
            ClaimRefusal::WrongState if dispute.stage == DisputeStage::Inquiry => Ok(()),
            ClaimRefusal::WrongState
            | ClaimRefusal::SecondPerson
            | ClaimRefusal::Ruling(_)
            | ClaimRefusal::Money(_) => Err(refusal),
        })
    }

    /// What is new at the provider; stages are never gone back.
    fn dispute(&mut self, told: &Dispute) -> Step {
        let ClaimState::Disputed {
            stage,
            due,
            withheld,
            ..
        } = self.claim.state.inner()
        else {
            return Err(ClaimRefusal::WrongState);
        };
        let (before, known_due, held) = (*stage, *due, *withheld);
        if told.id != self.claim.name {
            return Err(ClaimRefusal::Money(MoneyError::Mismatch));
        }
        if told.amount != self.claim.amount {
            // Before the money moves the bank may still change its mind about how much.
            if held {
                return self.other_amount();
            }
            self.claim.amount = told.amount;
        }
        let news = told.stage != before || told.due != known_due || told.withheld != held;
        if told.stage < before || (held && !told.withheld) || !news {
            return Err(ClaimRefusal::WrongState);
        }
        if told.withheld && !held {
            self.withhold(told.fee)?;
        }
        if told.stage != before {
            let mut body = self.claim.body();
            if let Value::Object(fields) = &mut body {
                fields.insert("stage".to_owned(), json!(told.stage));
            }
            self.events.push((EventKind::DisputeMoved, body));
        }
        self.arrive(told)
    }

    /// Told once: another amount than the one in the books is nothing to act on.
    fn other_amount(&mut self) -> Step {
        const OTHER: &str = "the provider tells another amount than it withheld";
        if matches!(&self.claim.state, ClaimState::InReview { reason, .. } if reason == OTHER) {
            return Err(ClaimRefusal::WrongState);
        }
        self.review(OTHER);
        Ok(())
    }

    fn withhold(&mut self, fee: Money) -> Step {
        let (provider, amount) = (&self.claim.provider, self.claim.amount);
        self.entries.push(ledger::dispute(provider, amount)?);
        if fee.minor() > 0 {
            self.entries.push(ledger::dispute_fee(provider, fee)?);
        }
        self.facts
            .push(TakingsFact::Disputed(amount, self.claim.attempt));
        Ok(())
    }

    fn arrive(&mut self, told: &Dispute) -> Step {
        match told.stage {
            DisputeStage::Inquiry | DisputeStage::Opened | DisputeStage::EvidenceDue => {
                let answer = self.answer();
                let waits = answer.is_none();
                self.claim.state = disputed(told, answer);
                if waits {
                    self.review("the cardholder's bank wants an answer; contest it or accept");
                }
            }
            DisputeStage::Submitted => self.claim.state = disputed(told, None),
            DisputeStage::Closed => self.won(told.withheld, ClaimEnd::Closed)?,
            DisputeStage::Won => self.won(told.withheld, ClaimEnd::Won)?,
            DisputeStage::Lost => self.lost(told.withheld, ClaimEnd::Lost),
            DisputeStage::Accepted => self.lost(told.withheld, ClaimEnd::Accepted),
        }
        Ok(())
    }

    /// What operators have said and nobody has told yet.
    fn answer(&self) -> Option<Answer> {
        match self.claim.state.inner() {
            ClaimState::Disputed { answer, .. } => answer.clone(),
            ClaimState::Wanted
            | ClaimState::Bounced
            | ClaimState::Refunding { .. }
            | ClaimState::InReview { .. }
            | ClaimState::Settled(_) => None,
        }
    }

    fn won(&mut self, withheld: bool, end: ClaimEnd) -> Step {
        let amount = self.claim.amount;
        if withheld {
            let entry = ledger::dispute_won(&self.claim.provider, amount)?;
            self.entries.push(entry);
            self.facts.push(TakingsFact::DisputeWon(amount));
        }
        self.settle(end);
        Ok(())
    }

    /// The order knows whether its customer was still owed the money.
    fn lost(&mut self, withheld: bool, end: ClaimEnd) {
        if withheld {
            let fact = TakingsFact::DisputeLost(self.claim.amount, self.claim.attempt);
            self.facts.push(fact);
        }
        self.settle(end);
    }

    /// The provider has it; how it goes on is asked.
    fn answered(&mut self) -> Step {
        let ClaimState::Disputed {
            answer: answer @ Some(_),
            ..
        } = &mut self.claim.state
        else {
            return Err(ClaimRefusal::WrongState);
        };
        *answer = None;
        Ok(())
    }

    fn deadline_passed(&mut self) -> Step {
        let over = self.claim.deadline().is_some_and(|at| self.now >= at);
        if !over {
            return Err(ClaimRefusal::WrongState);
        }
        self.review("the refund stays in doubt");
        Ok(())
    }

    fn review(&mut self, reason: &str) {
        self.claim.state = ClaimState::InReview {
            from: Box::new(self.claim.state.inner().clone()),
            reason: reason.to_owned(),
            proposal: None,
        };
    }

    fn settle(&mut self, end: ClaimEnd) {
        let mut body = self.claim.body();
        if let Value::Object(fields) = &mut body {
            fields.insert("by".to_owned(), json!(end.name()));
        }
        self.claim.state = ClaimState::Settled(end);
        self.events.push((EventKind::CaseSettled, body));
    }
}

const fn disputed(told: &Dispute, answer: Option<Answer>) -> ClaimState {
    ClaimState::Disputed {
        stage: told.stage,
        due: told.due,
        withheld: told.withheld,
        answer,
    }
}

#[cfg(test)]
mod tests;
