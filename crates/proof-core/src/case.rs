//! Money that moved, or is owed, outside of an order's happy path: deposits that came too late, twice,
//! too large, or as something else. A case never changes its order's public status.
//!
//! Whatever it is, it ends with nothing owed: the crypto goes back to the refund address that was
//! confirmed before the deposit address was shown, or, where that would cost more than it is worth,
//! to the dust account. What only came too late its user may also sell at today's price, as a new
//! order.

mod returning;
mod ruling;

pub use ruling::CaseRuling;

use crate::{
    address::Address,
    deposit::{Deposit, DepositKey},
    id::{CaseId, OrderId, PartnerId, QuoteId},
    ledger::{self, Entry},
    money::{Amount, Money, MoneyError},
    operator::{Proposal, Voice},
    order::{CHOICE_SECONDS, EventKind, Order, RETURNING_SECONDS_MAX},
    partner::{Environment, Remedy},
    quote::Quote,
    screening::{Freeze, LISTED, Screening},
    time::Timestamp,
    transfer::{Sending, SendingStep, TransferFact, Unfit},
};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

/// How long a deposit that does not fit may take to be final before people look.
const CONFIRMING_SECONDS_MAX: i64 = 24 * 3_600;

/// Why a case waits for people, for operators.
const POLICY: &str = "the partner's policy wants people to decide";
const VANISHED: &str = "the deposit vanished after it was paid out";

/// Pause between two questions to a chain, and about a case that people look at already.
const POLL_MS: i64 = 1_000;
const REVIEW_POLL_MS: i64 = 60_000;

#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CaseKind {
    /// More came than was agreed on; the rest goes back.
    Overpaid,
    /// First seen after the deadline.
    Late,
    /// Another asset at our address.
    WrongToken,
    /// A known asset at our address, on another network that we can sign for.
    WrongNetwork,
    /// Another deposit after the order's own was there.
    SecondDeposit,
    /// A deposit of the order vanished when its money was paid out already.
    Reorged,
}

impl CaseKind {
    pub const fn name(self) -> &'static str {
        match self {
            Self::Overpaid => "overpaid",
            Self::Late => "late",
            Self::WrongToken => "wrong_token",
            Self::WrongNetwork => "wrong_network",
            Self::SecondDeposit => "second_deposit",
            Self::Reorged => "reorged",
        }
    }

    /// What a deposit is that its order does not take.
    pub fn of(order: &Order, deposit: &Deposit) -> Self {
        let (expected, came) = (order.amount.asset(), deposit.amount.asset());
        let complete = order.sale.as_ref().is_some_and(|sale| {
            let received = sale.received().map_or(0, Amount::base);
            received >= order.amount.base()
        });
        let late = order.state.is_terminal()
            || order
                .sale
                .as_ref()
                .is_some_and(|sale| deposit.seen_at >= sale.deposit_until);
        if came.network() != expected.network() {
            Self::WrongNetwork
        } else if came != expected {
            Self::WrongToken
        } else if late && !complete {
            Self::Late
        } else {
            // Also one that replaces what the chain has taken back, while that may still come again.
            Self::SecondDeposit
        }
    }
}

#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Case {
    pub id: CaseId,
    pub environment: Environment,
    pub partner: PartnerId,
    pub order: OrderId,
    pub kind: CaseKind,
    pub amount: Amount,
    /// Where it goes back to, on the network that it came on.
    pub refund: Address,
    /// What it is about; nothing where the money is in the books already.
    pub deposit: Option<DepositKey>,
    /// Who sent it.
    #[serde(default)]
    pub senders: Vec<Address>,
    pub opened_at: Timestamp,
    /// What the operator's list did to it.
    #[serde(default)]
    pub freeze: Freeze,
    pub state: CaseState,
}

#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(tag = "state", rename_all = "snake_case")]
pub enum CaseState {
    /// Not final yet.
    Open {
        confirmations: u64,
        deadline: Timestamp,
    },
    /// Final, and too late for its order: the user takes today's price, or the crypto back.
    AwaitingUser {
        quote: Option<Box<Quote>>,
        deadline: Timestamp,
    },
    /// Paid out, and the deposit behind it is gone: ours to bear unless it comes back.
    Gone,
    /// On its way back.
    Executing {
        sending: Option<Box<Sending>>,
        /// One more for each transfer that is proven dead.
        #[serde(default = "first")]
        attempt: u32,
        deadline: Timestamp,
    },
    InReview {
        from: Box<CaseState>,
        reason: String,
        /// What one operator wants to be done.
        #[serde(default)]
        proposal: Option<Proposal<CaseRuling>>,
    },
    Settled(Settlement),
}

const fn first() -> u32 {
    1
}

/// How a case ended.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(tag = "by", rename_all = "snake_case")]
pub enum Settlement {
    Returned {
        hash: String,
    },
    /// At today's price, as an order of its own.
    Sold {
        order: OrderId,
        total: Money,
    },
    /// Worth less than sending it back.
    Dust,
    /// The chain took the deposit back before it was final: there is nothing to return.
    Vanished,
    /// A deposit that was gone is there again.
    CameBack,
    /// It cannot be given back; two operators said so, and it is kept apart.
    WrittenOff,
}

impl Settlement {
    /// What partners read of it.
    fn body(&self) -> Value {
        match self {
            Self::Returned { hash } => json!({ "by": "returned", "hash": hash }),
            Self::Sold { order, total } => json!({
                "by": "sold", "sold_as_merchant_transaction_id": order.uuid(),
                "fiat_amount": total.to_decimal(), "fiat_currency": total.fiat(),
            }),
            Self::Dust => json!({ "by": "dust" }),
            Self::Vanished => json!({ "by": "vanished" }),
            Self::CameBack => json!({ "by": "came_back" }),
            Self::WrittenOff => json!({ "by": "written_off" }),
        }
    }
}

#[derive(Clone, PartialEq, Eq, Debug)]
pub enum CaseCommand {
    DepositDeeper {
        confirmations: u64,
    },
    /// It is there.
    DepositFinal {
        remedy: Remedy,
    },
    DepositVanished,
    QuoteLock {
        quote: Box<Quote>,
    },
    /// The user takes today's price; the deposit is handed over to a new order.
    Sell {
        quote: QuoteId,
        order: OrderId,
    },
    /// The user wants it back.
    Return,
    /// Sending it back would cost more than it is worth.
    NotWorth,
    /// Somebody in it is listed.
    Screened(Screening),
    Transfer(TransferFact),
    /// An operator's word about a case under review.
    Rule {
        ruling: CaseRuling,
        voice: Voice,
    },
    DeadlinePassed,
}

/// The outward step that a reconciler takes next.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum CaseDuty {
    None,
    WatchDeposit(DepositKey),
    PlanReturn,
    /// The signer had no room for it: once more, from then on.
    PlanAgain(Timestamp),
    Sign(Box<Sending>),
    Broadcast(Box<Sending>),
    WatchTransfer(Box<Sending>),
}

/// What is to be opened, before it has an id.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct CaseOpening {
    pub kind: CaseKind,
    pub amount: Amount,
    pub deposit: Option<DepositKey>,
    pub senders: Vec<Address>,
}

/// All that follows from a command; saved in one database transaction or not at all.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct CaseDecision {
    pub case: Case,
    pub entries: Vec<Entry>,
    pub events: Vec<(EventKind, Value)>,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
pub enum CaseRefusal {
    #[error("this case has moved on meanwhile; look at it again")]
    WrongState,
    #[error("the quote is not valid any more")]
    QuoteExpired,
    /// Two different people decide.
    #[error("another operator has to say the same")]
    SecondPerson,
    #[error("{0}")]
    Ruling(&'static str),
    #[error(transparent)]
    Money(#[from] MoneyError),
}

impl From<Unfit> for CaseRefusal {
    fn from(_: Unfit) -> Self {
        Self::WrongState
    }
}

impl Case {
    /// A case of an order that has a refund address; `None` for one that has not. `remedy`: what is done
    /// with money that is in the books already.
    pub fn open(
        id: CaseId,
        order: &Order,
        opening: CaseOpening,
        remedy: Remedy,
        now: Timestamp,
    ) -> Option<Self> {
        let sale = order.sale.as_ref()?;
        // One kind of address may be good on several networks.
        let network = opening.amount.asset().network();
        let refund = Address::parse(network, sale.refund_address.as_str()).ok()?;
        let state = match opening.deposit {
            Some(_) if opening.kind == CaseKind::Reorged => reviewed(CaseState::Gone, VANISHED),
            Some(_) => CaseState::Open {
                confirmations: 0,
                deadline: now.plus_seconds(CONFIRMING_SECONDS_MAX),
            },
            None if remedy == Remedy::Review => reviewed(executing(now, first()), POLICY),
            None => executing(now, first()),
        };
        Some(Self {
            id,
            environment: order.environment,
            partner: order.partner,
            order: order.id,
            kind: opening.kind,
            amount: opening.amount,
            refund,
            deposit: opening.deposit,
            senders: opening.senders,
            opened_at: now,
            freeze: Freeze::default(),
            state,
        })
    }

    /// What its opening does to the books.
    pub fn opened(&self) -> Result<Option<Entry>, MoneyError> {
        match self.kind {
            CaseKind::Reorged => ledger::deposit_gone(self.order, self.amount).map(Some),
            CaseKind::Overpaid
            | CaseKind::Late
            | CaseKind::WrongToken
            | CaseKind::WrongNetwork
            | CaseKind::SecondDeposit => Ok(None),
        }
    }

    /// What partners and users read of it.
    pub fn body(&self) -> Value {
        json!({
            "case_id": self.id, "kind": self.kind, "amount": self.amount.to_decimal(),
            "currency": self.amount.asset().ticker(), "network": self.amount.asset().network(),
        })
    }

    pub fn decide(
        &self,
        command: CaseCommand,
        now: Timestamp,
    ) -> Result<CaseDecision, CaseRefusal> {
        let mut draft = Draft {
            case: self.clone(),
            entries: Vec::new(),
            events: Vec::new(),
            now,
        };
        // A fact may end a review.
        let reviewed = match (&self.state, &command) {
            (CaseState::InReview { .. }, CaseCommand::DeadlinePassed) => {
                return Err(CaseRefusal::WrongState);
            }
            (_, CaseCommand::Rule { .. }) => None,
            (
                CaseState::InReview {
                    from,
                    reason,
                    proposal,
                },
                _,
            ) => {
                draft.case.state = (**from).clone();
                Some((draft.case.state.name(), reason.clone(), proposal.clone()))
            }
            (
                CaseState::Open { .. }
                | CaseState::AwaitingUser { .. }
                | CaseState::Gone
                | CaseState::Executing { .. }
                | CaseState::Settled(_),
                _,
            ) => None,
        };
        draft.apply(command)?;
        if let Some((name, reason, proposal)) = reviewed
            && draft.case.state.name() == name
        {
            let from = Box::new(draft.case.state.clone());
            draft.case.state = CaseState::InReview {
                from,
                reason,
                proposal,
            };
        }
        Ok(CaseDecision {
            case: draft.case,
            entries: draft.entries,
            events: draft.events,
        })
    }

    pub fn duty(&self) -> CaseDuty {
        self.duty_in(&self.state)
    }

    fn duty_in(&self, state: &CaseState) -> CaseDuty {
        match state {
            CaseState::Open { .. } | CaseState::Gone => match &self.deposit {
                Some(key) => CaseDuty::WatchDeposit(key.clone()),
                None => CaseDuty::None,
            },
            CaseState::Executing { sending: None, .. } => CaseDuty::PlanReturn,
            CaseState::Executing {
                sending: Some(sending),
                ..
            } => {
                let boxed = sending.clone();
                match sending.step() {
                    SendingStep::Plan(from) => CaseDuty::PlanAgain(from),
                    SendingStep::Sign => CaseDuty::Sign(boxed),
                    SendingStep::Broadcast => CaseDuty::Broadcast(boxed),
                    SendingStep::Watch => CaseDuty::WatchTransfer(boxed),
                }
            }
            // Signer or chain refused: the same question gets the same answer.
            CaseState::InReview { from, .. }
                if matches!(**from, CaseState::Executing { sending: None, .. }) =>
            {
                CaseDuty::None
            }
            CaseState::InReview { from, .. } => self.duty_in(from),
            CaseState::AwaitingUser { .. } | CaseState::Settled(_) => CaseDuty::None,
        }
    }

    pub fn deadline(&self) -> Option<Timestamp> {
        match &self.state {
            CaseState::Open { deadline, .. }
            | CaseState::AwaitingUser { deadline, .. }
            | CaseState::Executing { deadline, .. } => Some(*deadline),
            CaseState::Gone | CaseState::InReview { .. } | CaseState::Settled(_) => None,
        }
    }

    /// When a reconciler must next look at this case. `None`: it has ended, or waits for people.
    pub fn wake_at(&self, now: Timestamp) -> Option<Timestamp> {
        let step = match self.duty() {
            CaseDuty::None => None,
            CaseDuty::WatchDeposit(_) | CaseDuty::WatchTransfer(_) => {
                Some(now.plus_millis(POLL_MS))
            }
            CaseDuty::PlanAgain(from) => Some(from.max(now)),
            CaseDuty::PlanReturn | CaseDuty::Sign(_) | CaseDuty::Broadcast(_) => Some(now),
        };
        let reviewed = matches!(self.state, CaseState::InReview { .. });
        let pause = if reviewed { REVIEW_POLL_MS } else { 0 };
        step.map(|at| at.plus_millis(pause))
    }
}

impl CaseState {
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Open { .. } => "open",
            Self::AwaitingUser { .. } => "awaiting_user",
            Self::Gone => "gone",
            Self::Executing { .. } => "executing",
            Self::InReview { .. } => "in_review",
            Self::Settled(_) => "settled",
        }
    }

    /// Which try of the return this is.
    pub fn attempt(&self) -> u32 {
        match self {
            Self::Executing { attempt, .. } => *attempt,
            Self::InReview { from, .. } => from.attempt(),
            Self::Open { .. } | Self::AwaitingUser { .. } | Self::Gone | Self::Settled(_) => {
                first()
            }
        }
    }

    pub const fn is_settled(&self) -> bool {
        matches!(self, Self::Settled(_))
    }
}

const fn executing(now: Timestamp, attempt: u32) -> CaseState {
    CaseState::Executing {
        sending: None,
        attempt,
        deadline: now.plus_seconds(RETURNING_SECONDS_MAX),
    }
}

fn reviewed(from: CaseState, reason: &str) -> CaseState {
    CaseState::InReview {
        from: Box::new(from),
        reason: reason.to_owned(),
        proposal: None,
    }
}

struct Draft {
    case: Case,
    entries: Vec<Entry>,
    events: Vec<(EventKind, Value)>,
    now: Timestamp,
}

type Step = Result<(), CaseRefusal>;

impl Draft {
    fn apply(&mut self, command: CaseCommand) -> Step {
        match command {
            CaseCommand::DepositDeeper { confirmations } => self.deeper(confirmations),
            CaseCommand::DepositFinal { remedy } => self.deposit_final(remedy),
            CaseCommand::DepositVanished => self.vanished(),
            CaseCommand::QuoteLock { quote } => self.quote_lock(quote),
            CaseCommand::Sell { quote, order } => self.sell(quote, order),
            CaseCommand::Return => self.give_back(),
            CaseCommand::NotWorth => self.not_worth(),
            CaseCommand::Screened(screening) => self.screened(&screening),
            CaseCommand::Transfer(fact) => self.transfer(fact),
            CaseCommand::Rule { ruling, voice } => self.rule(ruling, voice),
            CaseCommand::DeadlinePassed => self.deadline_passed(),
        }
    }

    fn deeper(&mut self, now_there: u64) -> Step {
        let CaseState::Open { confirmations, .. } = &mut self.case.state else {
            return Err(CaseRefusal::WrongState);
        };
        if *confirmations == now_there {
            return Err(CaseRefusal::WrongState);
        }
        *confirmations = now_there;
        Ok(())
    }

    fn deposit_final(&mut self, remedy: Remedy) -> Step {
        if let CaseState::Gone = self.case.state {
            let entry = ledger::deposit_back(self.case.order, self.case.amount)?;
            self.entries.push(entry);
            self.settle(Settlement::CameBack);
            return Ok(());
        }
        let CaseState::Open { .. } = self.case.state else {
            return Err(CaseRefusal::WrongState);
        };
        let entry = ledger::deposit(self.case.order, self.case.amount)?;
        let hash = self.case.deposit.as_ref().map(|key| key.hash.clone());
        self.entries.push(entry.noted(hash.unwrap_or_default()));
        self.case.state = match remedy {
            // Only what came late could have been sold.
            Remedy::Ask if self.case.kind == CaseKind::Late => CaseState::AwaitingUser {
                quote: None,
                deadline: self.now.plus_seconds(CHOICE_SECONDS),
            },
            Remedy::Ask | Remedy::Return => executing(self.now, first()),
            Remedy::Review => reviewed(executing(self.now, first()), POLICY),
        };
        Ok(())
    }

    fn quote_lock(&mut self, locked: Box<Quote>) -> Step {
        let (now, amount) = (self.now, self.case.amount);
        let CaseState::AwaitingUser { quote, deadline } = &mut self.case.state else {
            return Err(CaseRefusal::WrongState);
        };
        if now >= *deadline {
            return Err(CaseRefusal::WrongState);
        }
        if locked.crypto != amount {
            return Err(CaseRefusal::Money(MoneyError::Mismatch));
        }
        *quote = Some(locked);
        Ok(())
    }

    fn sell(&mut self, id: QuoteId, order: OrderId) -> Step {
        let CaseState::AwaitingUser { quote, deadline } = &self.case.state else {
            return Err(CaseRefusal::WrongState);
        };
        if self.now >= *deadline {
            return Err(CaseRefusal::WrongState);
        }
        let standing = quote
            .as_ref()
            .filter(|quote| quote.id == id && self.now < quote.expires_at);
        let total = standing.ok_or(CaseRefusal::QuoteExpired)?.total;
        let entry = ledger::hand_over(self.case.order, self.case.amount)?;
        self.entries.push(entry);
        self.settle(Settlement::Sold { order, total });
        Ok(())
    }

    /// Also what silence means.
    fn give_back(&mut self) -> Step {
        let CaseState::AwaitingUser { .. } = self.case.state else {
            return Err(CaseRefusal::WrongState);
        };
        self.case.state = executing(self.now, first());
        Ok(())
    }

    fn vanished(&mut self) -> Step {
        let CaseState::Open { .. } = self.case.state else {
            return Err(CaseRefusal::WrongState);
        };
        self.settle(Settlement::Vanished);
        Ok(())
    }

    fn not_worth(&mut self) -> Step {
        let CaseState::Executing { sending: None, .. } = self.case.state else {
            return Err(CaseRefusal::WrongState);
        };
        let entry = ledger::dust(self.case.order, self.case.amount)?;
        self.entries.push(entry);
        self.settle(Settlement::Dust);
        Ok(())
    }

    fn screened(&mut self, screening: &Screening) -> Step {
        let CaseState::Executing { sending: None, .. } = self.case.state else {
            return Err(CaseRefusal::WrongState);
        };
        let freeze = &mut self.case.freeze;
        if freeze.frozen.is_some() || !screening.is_hit(freeze.cleared) {
            return Err(CaseRefusal::WrongState);
        }
        freeze.frozen = Some(screening.list_version);
        let entry = ledger::freeze(self.case.order, self.case.amount)?;
        self.entries.push(entry);
        let body = json!({
            "case_id": self.case.id, "reason": LISTED, "screening": screening,
        });
        self.events.push((EventKind::ReviewStarted, body));
        self.review(LISTED);
        Ok(())
    }

    fn deadline_passed(&mut self) -> Step {
        if self
            .case
            .deadline()
            .is_none_or(|deadline| self.now < deadline)
        {
            return Err(CaseRefusal::WrongState);
        }
        if let CaseState::AwaitingUser { .. } = self.case.state {
            return self.give_back();
        }
        self.review("it did not end in time");
        Ok(())
    }

    fn review(&mut self, reason: &str) {
        self.case.state = reviewed(self.case.state.clone(), reason);
    }

    fn settle(&mut self, settlement: Settlement) {
        let mut body = self.case.body();
        if let (Value::Object(body), Value::Object(how)) = (&mut body, settlement.body()) {
            body.extend(how);
        }
        self.case.state = CaseState::Settled(settlement);
        self.events.push((EventKind::CaseSettled, body));
    }
}

#[cfg(test)]
mod tests;
