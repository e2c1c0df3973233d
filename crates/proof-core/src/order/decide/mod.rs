//! The transitions of a buy and of a sell: an allow-list, one function per command.
//!
//! Each function names the states that it accepts; any other state is refused. A new state is thus
//! refused everywhere until somebody allows it.

mod adopt;
mod payment;
mod ruling;
mod screening;
mod sell;
mod takings;
mod transfer;

pub use ruling::{Ruling, rulings};
pub use sell::{SaleVerdict, SellCommand, Terms};
pub use takings::TakingsFact;

use super::{
    AFTER_REVIEW_SECONDS_MIN, ATTEMPTS_MAX, AUTHORISING_SECONDS, Authorising, AuthorisingStep,
    EventKind, FailReason, InReview, NewEvent, Order, State, VOIDING_SECONDS_MAX, VoidReason,
    Voiding,
};
use crate::{
    case::CaseOpening,
    id::QuoteId,
    ledger::{self, Entry},
    money::MoneyError,
    operator::Voice,
    partner::Side,
    payment::{CardSummary, DeclineCode, PaymentMethod},
    quote::Quote,
    recovery::{Adoption, SaleAdoption},
    screening::Screening,
    time::Timestamp,
    transfer::TransferFact,
};
use serde_json::{Value, json};

/// What the user did, or what somebody outside told us.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Command {
    IdentityStarted,
    IdentityPassed,
    IdentityReview {
        reason: String,
    },
    IdentityFailed {
        reason: String,
        may_retry: bool,
    },
    QuoteLock {
        quote: Quote,
    },
    Pay {
        quote: QuoteId,
        card_token: String,
        method: PaymentMethod,
        keep_card: bool,
    },
    Cancel,
    PaymentThreeDs {
        attempt: u32,
        url: String,
    },
    PaymentHeld {
        attempt: u32,
        card: CardSummary,
        liability_shift: bool,
    },
    /// Declined or abandoned; the provider confirms that nothing is held.
    PaymentDeclined {
        attempt: u32,
        code: DeclineCode,
    },
    Assessed {
        verdict: Verdict,
    },
    Captured,
    CaptureRefused,
    /// The provider confirms that nothing is held any more.
    Voided,
    VoidRefused,
    Transfer(TransferFact),
    /// The provider is asked for the refund next.
    RefundCalled,
    Refunded,
    RefundRefused,
    /// What a claim does to its order.
    Takings(TakingsFact),
    Sell(SellCommand),
    /// Somebody in it is listed.
    Screened(Screening),
    /// After a restore.
    Adopt(Box<Adoption>),
    AdoptSale(Box<SaleAdoption>),
    /// An operator's word about an order under review.
    Rule {
        ruling: Ruling,
        voice: Voice,
    },
    DeadlinePassed,
}

#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Verdict {
    Allow { hold_seconds: u32 },
    Review { reason: String },
    Refuse { reason: FailReason },
}

/// All that follows from a command; saved in one database transaction or not at all.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Decision {
    pub order: Order,
    pub events: Vec<NewEvent>,
    pub entries: Vec<Entry>,
    pub cases: Vec<CaseOpening>,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
pub enum Refusal {
    #[error("this order has moved on meanwhile; look at it again")]
    WrongState,
    #[error("the quote is not valid any more")]
    QuoteExpired,
    #[error("no payment attempts are left")]
    AttemptsExhausted,
    /// Two different people decide.
    #[error("another operator has to say the same")]
    SecondPerson,
    #[error("{0}")]
    Ruling(&'static str),
    #[error(transparent)]
    Money(#[from] MoneyError),
}

/// The next order, or why the command does not apply to this one.
pub fn decide(order: &Order, command: Command, now: Timestamp) -> Result<Decision, Refusal> {
    let before = order.status();
    let mut draft = Draft::new(order.clone(), now, command.is_fact());
    draft.apply(command)?;
    draft.rewrap();
    let after = draft.order.status();
    if after != before {
        draft.order.status_at = now;
        let body = draft.order.status_body();
        draft.event(EventKind::StatusChanged, body);
    }
    Ok(Decision {
        order: draft.order,
        events: draft.events,
        entries: draft.entries,
        cases: draft.cases,
    })
}

/// A fact about an order that changes nothing else of it: what happens in its cases.
pub fn annotate(order: &Order, kind: EventKind, body: Value, now: Timestamp) -> (Order, NewEvent) {
    let mut order = order.clone();
    order.sequence = order.sequence.saturating_add(1);
    let event = NewEvent {
        sequence: order.sequence,
        kind,
        body,
        occurred_at: now,
    };
    (order, event)
}

impl Command {
    /// Facts from providers and chains may end a review; users' wishes may not.
    const fn is_fact(&self) -> bool {
        match self {
            Self::IdentityStarted
            | Self::QuoteLock { .. }
            | Self::Pay { .. }
            | Self::Cancel
            | Self::IdentityReview { .. }
            | Self::VoidRefused
            | Self::RefundRefused
            | Self::Rule { .. }
            | Self::DeadlinePassed => false,
            Self::Sell(command) => command.is_fact(),
            Self::IdentityPassed
            | Self::IdentityFailed { .. }
            | Self::PaymentThreeDs { .. }
            | Self::PaymentHeld { .. }
            | Self::PaymentDeclined { .. }
            | Self::Assessed { .. }
            | Self::Captured
            | Self::CaptureRefused
            | Self::Voided
            | Self::Transfer(_)
            | Self::RefundCalled
            | Self::Refunded
            | Self::Screened(_)
            | Self::Adopt(_)
            | Self::AdoptSale(_)
            | Self::Takings(_) => true,
        }
    }
}

/// An order on its way to the next state.
struct Draft {
    order: Order,
    events: Vec<NewEvent>,
    entries: Vec<Entry>,
    cases: Vec<CaseOpening>,
    /// The review that a fact was taken out of, to be put back if the fact does not end it.
    review: Option<InReview>,
    now: Timestamp,
}

type Step = Result<(), Refusal>;

impl Draft {
    fn new(mut order: Order, now: Timestamp, fact: bool) -> Self {
        let mut review = None;
        if fact && let State::InReview(held) = &order.state {
            review = Some((**held).clone());
        }
        if let Some(review) = &review {
            order.state = review.from.clone();
        }
        Self {
            order,
            events: Vec::new(),
            entries: Vec::new(),
            cases: Vec::new(),
            review,
            now,
        }
    }

    /// A fact that left the state of the same name goes on being reviewed.
    fn rewrap(&mut self) {
        let Some(mut review) = self.review.take() else {
            return;
        };
        if self.order.state.name() == review.from.name() {
            review.from = self.order.state.clone();
            self.order.state = State::InReview(Box::new(review));
        } else {
            self.restart_clock(&review);
        }
    }

    /// The payment hour does not run while a person looks.
    fn restart_clock(&mut self, review: &InReview) {
        let spent = self.now.millis_since(review.since) / 1_000;
        let left = self.order.pay_until.plus_seconds(spent);
        self.order.pay_until = left.max(self.in_seconds(AFTER_REVIEW_SECONDS_MIN));
    }

    fn event(&mut self, kind: EventKind, body: Value) {
        self.order.sequence = self.order.sequence.saturating_add(1);
        let sequence = self.order.sequence;
        self.events.push(NewEvent {
            sequence,
            kind,
            body,
            occurred_at: self.now,
        });
    }

    fn in_seconds(&self, seconds: i64) -> Timestamp {
        self.now.plus_seconds(seconds)
    }

    fn apply(&mut self, command: Command) -> Step {
        match command {
            Command::IdentityStarted => self.identity_started(),
            Command::IdentityPassed => self.identity_passed(),
            Command::IdentityReview { reason } => self.identity_review(reason),
            Command::IdentityFailed { reason, may_retry } => {
                self.identity_failed(&reason, may_retry)
            }
            Command::QuoteLock { quote } => self.quote_lock(quote),
            Command::Pay {
                quote,
                card_token,
                method,
                keep_card,
            } => self.pay(quote, card_token, (method, keep_card)),
            Command::Cancel => self.cancel(),
            Command::PaymentThreeDs { attempt, url } => self.three_ds(attempt, url),
            Command::PaymentHeld {
                attempt,
                card,
                liability_shift,
            } => self.held(attempt, card, liability_shift),
            Command::PaymentDeclined { attempt, code } => self.declined(attempt, code),
            Command::Assessed { verdict } => self.assessed(verdict),
            Command::Captured => self.captured(),
            Command::CaptureRefused => self.capture_refused(),
            Command::Voided => self.voided(),
            Command::VoidRefused => self.void_refused(),
            Command::Transfer(fact) => self.transfer(fact),
            Command::RefundCalled => self.refund_called(),
            Command::Refunded => self.refunded(),
            Command::Takings(fact) => self.takings(fact),
            Command::Screened(screening) => self.screened(&screening),
            Command::RefundRefused => self.refund_refused(),
            Command::Sell(command) => self.sell(command),
            Command::Adopt(adoption) => self.adopt(*adoption),
            Command::AdoptSale(adoption) => self.adopt_sale(*adoption),
            Command::Rule { ruling, voice } => self.rule(ruling, voice),
            Command::DeadlinePassed => self.deadline_passed(),
        }
    }

    fn identity_started(&mut self) -> Step {
        let State::Created = self.order.state else {
            return Err(Refusal::WrongState);
        };
        self.event(EventKind::IdentityStarted, json!({}));
        Ok(())
    }

    fn identity_passed(&mut self) -> Step {
        let State::Created = self.order.state else {
            return Err(Refusal::WrongState);
        };
        self.event(EventKind::IdentityVerified, json!({}));
        self.order.state = match self.order.side {
            Side::Buy => State::AwaitingPayment { quote: None },
            Side::Sell => State::AwaitingTerms { quote: None },
        };
        Ok(())
    }

    fn identity_review(&mut self, reason: String) -> Step {
        let State::Created = self.order.state else {
            return Err(Refusal::WrongState);
        };
        self.review(reason);
        Ok(())
    }

    fn identity_failed(&mut self, reason: &str, may_retry: bool) -> Step {
        let State::Created = self.order.state else {
            return Err(Refusal::WrongState);
        };
        let body = json!({ "reason": reason, "may_retry": may_retry });
        self.event(EventKind::IdentityFailed, body);
        if may_retry {
            // A review ends here too: the user has the next word.
            if let Some(review) = self.review.take() {
                self.restart_clock(&review);
            }
        } else {
            self.fail(FailReason::IdentityRefused);
        }
        Ok(())
    }

    /// A buy's, a sell's, or the new one of a sell whose price moved.
    fn quote_lock(&mut self, locked: Quote) -> Step {
        let (fiat, total) = (locked.fiat(), locked.total);
        let pay_until = self.order.pay_until;
        let (quote, until) = match &mut self.order.state {
            State::AwaitingPayment { quote } | State::AwaitingTerms { quote } => (quote, pay_until),
            State::AwaitingChoice { quote, deadline } => (quote, *deadline),
            State::Created
            | State::Authorising(_)
            | State::Authorised { .. }
            | State::Capturing { .. }
            | State::Voiding(_)
            | State::Paid { .. }
            | State::Delivering(_)
            | State::Refunding { .. }
            | State::AwaitingDeposit
            | State::DepositSeen { .. }
            | State::DepositConfirmed { .. }
            | State::DepositLost { .. }
            | State::PayingOut(_)
            | State::Returning(_)
            | State::InReview(_)
            | State::Completed { .. }
            | State::Failed { .. }
            | State::Cancelled
            | State::Expired => return Err(Refusal::WrongState),
        };
        if self.now >= until {
            return Err(Refusal::WrongState);
        }
        *quote = Some(locked);
        self.order.fiat = fiat;
        let body = json!({ "total": total.to_decimal(), "fiat_currency": fiat });
        self.event(EventKind::QuoteLocked, body);
        Ok(())
    }

    /// Pressing *pay* fixes the price for this attempt and promises the coins.
    fn pay(
        &mut self,
        id: QuoteId,
        card_token: String,
        (method, keep_card): (PaymentMethod, bool),
    ) -> Step {
        let State::AwaitingPayment { quote } = &self.order.state else {
            return Err(Refusal::WrongState);
        };
        if self.now >= self.order.pay_until {
            return Err(Refusal::WrongState);
        }
        if self.order.attempt >= ATTEMPTS_MAX {
            return Err(Refusal::AttemptsExhausted);
        }
        let quote = self.valid(quote.as_ref(), id)?;
        self.entries.push(ledger::reserve(quote.crypto)?);
        self.order.attempt = self.order.attempt.saturating_add(1);
        self.order.declined = None;
        self.order.method = method;
        self.order.keep_card = keep_card;
        let body = json!({
            "attempt": self.order.attempt,
            "total": quote.total.to_decimal(),
            "method": method,
        });
        self.event(EventKind::PaymentStarted, body);
        self.order.price = Some(quote);
        self.order.state = State::Authorising(Authorising {
            card_token,
            deadline: self.in_seconds(AUTHORISING_SECONDS),
            step: AuthorisingStep::Asked,
        });
        Ok(())
    }

    /// Until capture is called; once money may be held it has to be given back first.
    fn cancel(&mut self) -> Step {
        match &self.order.state {
            State::Created | State::AwaitingPayment { .. } | State::AwaitingTerms { .. } => {
                self.cancelled();
            }
            // What came in part goes back when the window is over.
            State::AwaitingDeposit if self.is_empty_handed() => self.cancelled(),
            State::InReview(review) if matches!(review.from, State::Created) => self.cancelled(),
            State::Authorising(_) | State::Authorised { .. } => self.void(VoidReason::Cancelled),
            State::Capturing { .. }
            | State::Voiding(_)
            | State::Paid { .. }
            | State::Delivering(_)
            | State::Refunding { .. }
            | State::AwaitingDeposit
            | State::DepositSeen { .. }
            | State::DepositConfirmed { .. }
            | State::DepositLost { .. }
            | State::AwaitingChoice { .. }
            | State::PayingOut(_)
            | State::Returning(_)
            | State::InReview(_)
            | State::Completed { .. }
            | State::Failed { .. }
            | State::Cancelled
            | State::Expired => return Err(Refusal::WrongState),
        }
        Ok(())
    }

    fn is_empty_handed(&self) -> bool {
        self.order
            .sale
            .as_ref()
            .is_none_or(|sale| sale.held.is_empty())
    }

    fn deadline_passed(&mut self) -> Step {
        if self
            .order
            .deadline()
            .is_none_or(|deadline| self.now < deadline)
        {
            return Err(Refusal::WrongState);
        }
        match &self.order.state {
            State::Created | State::AwaitingPayment { .. } | State::AwaitingTerms { .. } => {
                self.expired();
            }
            // Only an identity review has a deadline of its own.
            State::InReview(_) => self.expired(),
            State::Authorising(_) => self.review("the payment stays in doubt".into()),
            State::Authorised { .. } => self.review("no decision on the payment".into()),
            State::Capturing { .. } => self.review("the capture stays in doubt".into()),
            State::Voiding(_) => self.review("the void stays in doubt".into()),
            State::Paid { .. } => self.review("the transfer could not be planned".into()),
            State::Delivering(_) => self.review("the transfer is not final in time".into()),
            State::Refunding { .. } => self.review("the refund stays in doubt".into()),
            State::AwaitingDeposit => self.review("the chain could not be asked in time".into()),
            State::DepositSeen { .. } => self.review("the deposit is not final in time".into()),
            State::DepositConfirmed { .. } => self.review("the sell could not be priced".into()),
            State::DepositLost { .. } => return self.deposit_stays_lost(),
            State::AwaitingChoice { .. } => return self.choose_return(),
            State::PayingOut(_) => self.review("the payout stays in doubt".into()),
            State::Returning(_) => self.review("the return is not final in time".into()),
            State::Completed { .. } | State::Failed { .. } | State::Cancelled | State::Expired => {
                return Err(Refusal::WrongState);
            }
        }
        Ok(())
    }

    fn price(&self) -> Result<Quote, Refusal> {
        self.order.price.clone().ok_or(Refusal::WrongState)
    }

    fn release(&mut self) -> Step {
        self.entries.push(ledger::release(self.order.amount)?);
        Ok(())
    }

    fn void(&mut self, why: VoidReason) {
        let deadline = self.in_seconds(VOIDING_SECONDS_MAX);
        self.order.state = State::Voiding(Voiding { why, deadline });
    }

    fn review(&mut self, reason: String) {
        let body = json!({ "reason": reason });
        self.review_told(reason, body);
    }

    /// The same with more to be read by operators.
    fn review_told(&mut self, reason: String, body: Value) {
        self.event(EventKind::ReviewStarted, body);
        let from = self.order.state.clone();
        let since = self.now;
        self.order.state = State::InReview(Box::new(InReview {
            from,
            reason,
            since,
            proposal: None,
        }));
    }

    fn fail(&mut self, reason: FailReason) {
        self.event(EventKind::OrderFailed, json!({ "reason": reason }));
        self.order.state = State::Failed { reason };
    }

    fn cancelled(&mut self) {
        self.event(EventKind::OrderCancelled, json!({}));
        self.order.state = State::Cancelled;
    }

    fn expired(&mut self) {
        self.event(EventKind::OrderExpired, json!({}));
        self.order.state = State::Expired;
    }
}
