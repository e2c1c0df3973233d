//! What the user of a sell, the chain and the payout provider do to an order.

use super::{Draft, Refusal, Step};
use crate::{
    address::Address,
    case::{CaseKind, CaseOpening},
    deposit::{Deposit, DepositKey, Held, Sale},
    id::QuoteId,
    ledger,
    money::{Amount, MoneyError},
    order::{
        CHOICE_SECONDS, DEPOSIT_CONFIRMED_SECONDS_MAX, DEPOSIT_SEEN_SECONDS_MAX, DEPOSITS_MAX,
        EventKind, FailReason, PAYING_OUT_SECONDS_MAX, PayingOut, RETURNING_SECONDS_MAX,
        ReturnReason, Returning, State,
    },
    partner::{AccidentPolicy, UnderpaidPolicy},
    payment::{CardSummary, DeclineCode},
    quote::Quote,
    time::Timestamp,
};
use serde_json::json;

/// The commands of a sell.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum SellCommand {
    /// The user fixed the payout card and the refund address at this price.
    Start {
        quote: QuoteId,
        terms: Box<Terms>,
    },
    DepositSeen {
        deposit: Deposit,
    },
    DepositDeeper {
        key: DepositKey,
        confirmations: u64,
    },
    DepositFinal {
        key: DepositKey,
        confirmations: u64,
    },
    /// The chain does not know it any more.
    DepositVanished {
        key: DepositKey,
    },
    /// The window is over, and our node was heard after its end.
    WindowClosed,
    Assessed {
        verdict: SaleVerdict,
    },
    ChoosePayout {
        quote: QuoteId,
    },
    ChooseReturn,
    /// The provider is about to hear of the payout.
    PayoutCalled,
    PayoutSent,
    /// The provider answered *failed* to our reference: the money never left.
    PayoutRefused {
        code: DeclineCode,
    },
}

/// What a sell fixes before the deposit address is shown.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Terms {
    pub payout_token: String,
    pub payout_card: CardSummary,
    pub refund_address: Address,
    pub deposit_address: Address,
    pub window_seconds: i64,
    pub hold_seconds: i64,
    pub accidents: AccidentPolicy,
    /// Nothing is paid out before this.
    pub payout_from: Option<Timestamp>,
}

/// What is to be done with crypto that is all there.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum SaleVerdict {
    Pay,
    /// The price moved beyond the bound, or the deposit came too late for it.
    Choose,
    Review {
        reason: String,
    },
}

impl SellCommand {
    /// Facts may end a review; wishes may not.
    pub(super) const fn is_fact(&self) -> bool {
        match self {
            Self::Start { .. } | Self::ChoosePayout { .. } | Self::ChooseReturn => false,
            Self::WindowClosed
            | Self::DepositSeen { .. }
            | Self::DepositDeeper { .. }
            | Self::DepositFinal { .. }
            | Self::DepositVanished { .. }
            | Self::Assessed { .. }
            | Self::PayoutCalled
            | Self::PayoutSent
            | Self::PayoutRefused { .. } => true,
        }
    }
}

impl Draft {
    pub(super) fn sell(&mut self, command: SellCommand) -> Step {
        match command {
            SellCommand::Start { quote, terms } => self.sale_start(quote, *terms),
            SellCommand::DepositSeen { deposit } => self.deposit_seen(deposit),
            SellCommand::DepositDeeper { key, confirmations } => {
                self.deposit_deeper(&key, confirmations)
            }
            SellCommand::DepositFinal { key, confirmations } => {
                self.deposit_final(&key, confirmations)
            }
            SellCommand::DepositVanished { key } => self.deposit_vanished(&key),
            SellCommand::WindowClosed => self.window_closed(),
            SellCommand::Assessed { verdict } => self.sale_assessed(verdict),
            SellCommand::ChoosePayout { quote } => self.choose_payout(quote),
            SellCommand::ChooseReturn => self.choose_return(),
            SellCommand::PayoutCalled => self.payout_called(),
            SellCommand::PayoutSent => self.payout_sent(),
            SellCommand::PayoutRefused { code } => self.payout_refused(code),
        }
    }

    pub(super) fn sale(&mut self) -> Result<&mut Sale, Refusal> {
        self.order.sale.as_deref_mut().ok_or(Refusal::WrongState)
    }

    fn sale_start(&mut self, id: QuoteId, terms: Terms) -> Step {
        let State::AwaitingTerms { quote } = &self.order.state else {
            return Err(Refusal::WrongState);
        };
        if self.now >= self.order.pay_until {
            return Err(Refusal::WrongState);
        }
        let quote = self.valid(quote.as_ref(), id)?;
        let network = self.order.amount.asset().network();
        if terms.refund_address.network() != network || terms.deposit_address.network() != network {
            return Err(Refusal::Money(MoneyError::Mismatch));
        }
        let deposit_until = self.in_seconds(terms.window_seconds);
        let body = json!({
            "amount": self.order.amount.to_decimal(),
            "address": terms.deposit_address,
            "until": deposit_until.to_contract(),
            "total": quote.total.to_decimal(),
        });
        self.order.price = Some(quote);
        self.order.sale = Some(Box::new(Sale {
            payout_token: terms.payout_token,
            payout_card: terms.payout_card,
            refund_address: terms.refund_address,
            deposit_address: terms.deposit_address,
            deposit_until,
            hold_until: self.in_seconds(terms.hold_seconds),
            payout_from: terms.payout_from,
            underpaid: terms.accidents.underpaid,
            reorged_seconds: terms.accidents.reorged_seconds,
            held: Vec::new(),
            rest_asked: false,
            returned: None,
        }));
        self.event(EventKind::DepositAwaited, body);
        self.order.state = State::AwaitingDeposit;
        Ok(())
    }

    /// In time, of the right asset, and before all of it was there; anything else is an accident.
    fn deposit_seen(&mut self, deposit: Deposit) -> Step {
        let (State::AwaitingDeposit | State::DepositSeen { .. }) = self.order.state else {
            return Err(Refusal::WrongState);
        };
        let asset = self.order.amount.asset();
        let sale = self.sale()?;
        let fits = deposit.amount.asset() == asset
            && deposit.seen_at < sale.deposit_until
            && sale.held.len() < DEPOSITS_MAX
            && sale.find(&deposit.key).is_none();
        if !fits {
            return Err(Refusal::WrongState);
        }
        let body = json!({ "hash": deposit.key.hash, "amount": deposit.amount.to_decimal() });
        sale.held.push(Held {
            deposit,
            confirmations: 0,
            booked: false,
        });
        self.event(EventKind::DepositSeen, body);
        self.order.state = State::DepositSeen {
            deadline: self.in_seconds(DEPOSIT_SEEN_SECONDS_MAX),
        };
        Ok(())
    }

    fn deposit_deeper(&mut self, key: &DepositKey, confirmations: u64) -> Step {
        let (State::DepositSeen { .. } | State::DepositLost { .. }) = self.order.state else {
            return Err(Refusal::WrongState);
        };
        let held = self.sale()?.find(key).ok_or(Refusal::WrongState)?;
        if held.booked || held.confirmations == confirmations {
            return Err(Refusal::WrongState);
        }
        held.confirmations = confirmations;
        Ok(())
    }

    fn deposit_final(&mut self, key: &DepositKey, confirmations: u64) -> Step {
        let (State::DepositSeen { .. } | State::DepositLost { .. }) = self.order.state else {
            return Err(Refusal::WrongState);
        };
        let held = self.sale()?.find(key).ok_or(Refusal::WrongState)?;
        if held.booked {
            return Err(Refusal::WrongState);
        }
        held.booked = true;
        held.confirmations = confirmations;
        let amount = held.deposit.amount;
        let entry = ledger::deposit(self.order.id, amount)?;
        self.entries.push(entry.noted(key.hash.clone()));
        let body = json!({ "hash": key.hash, "amount": amount.to_decimal() });
        self.event(EventKind::DepositConfirmed, body);
        let expected = self.order.amount.base();
        let sale = self.sale()?;
        let received = sale.received().map_or(0, Amount::base);
        if received >= expected {
            self.too_much(received.saturating_sub(expected))?;
            self.order.state = State::DepositConfirmed {
                deadline: self.in_seconds(DEPOSIT_CONFIRMED_SECONDS_MAX),
            };
        } else if !sale.is_unsettled() {
            // Nothing more is on its way.
            match (sale.underpaid, sale.received()) {
                (UnderpaidPolicy::Return, Some(received)) => {
                    self.give_back(ReturnReason::Underpaid, received);
                }
                (UnderpaidPolicy::Ask | UnderpaidPolicy::Return, _) => {
                    sale.rest_asked = true;
                    self.order.state = State::AwaitingDeposit;
                }
            }
        }
        Ok(())
    }

    /// What is beyond the amount goes back: the rest of this deposit, and those that are still on
    /// their way.
    fn too_much(&mut self, base: u128) -> Step {
        let asset = self.order.amount.asset();
        let senders = self.sale()?.senders();
        if base > 0 {
            self.cases.push(CaseOpening {
                kind: CaseKind::Overpaid,
                amount: Amount::new(asset, base),
                deposit: None,
                senders,
            });
        }
        let sale = self.sale()?;
        let held = std::mem::take(&mut sale.held);
        let (booked, beyond): (Vec<_>, Vec<_>) = held.into_iter().partition(|held| held.booked);
        sale.held = booked;
        let openings = beyond.into_iter().map(|held| CaseOpening {
            kind: CaseKind::SecondDeposit,
            amount: held.deposit.amount,
            deposit: Some(held.deposit.key),
            senders: held.deposit.senders,
        });
        self.cases.extend(openings);
        Ok(())
    }

    /// A re-org. What was not final is forgotten; what was final is taken out of the books, and
    /// awaited again where the partner has been told that it is there.
    fn deposit_vanished(&mut self, key: &DepositKey) -> Step {
        let held = self.sale()?.find(key).ok_or(Refusal::WrongState)?;
        let (booked, amount) = (held.booked, held.deposit.amount);
        let gathering = matches!(
            self.order.state,
            State::AwaitingDeposit | State::DepositSeen { .. }
        );
        let relied_on = matches!(
            self.order.state,
            State::DepositConfirmed { .. }
                | State::DepositLost { .. }
                | State::AwaitingChoice { .. }
                | State::PayingOut(PayingOut { called: false, .. })
        );
        if !(gathering || relied_on && booked) {
            return Err(Refusal::WrongState);
        }
        if booked {
            let lost = ledger::deposit_lost(self.order.id, amount)?;
            self.entries.push(lost.noted(key.hash.clone()));
        }
        if gathering {
            let sale = self.sale()?;
            sale.held.retain(|held| held.deposit.key != *key);
            if !sale.is_unsettled() {
                sale.rest_asked |= sale.received().is_some();
                self.order.state = State::AwaitingDeposit;
            }
        } else {
            let held = self.sale()?.find(key).ok_or(Refusal::WrongState)?;
            (held.booked, held.confirmations) = (false, 0);
            let wait = self.sale()?.reorged_seconds;
            self.order.state = State::DepositLost {
                deadline: self.in_seconds(wait),
            };
        }
        let body = json!({ "hash": key.hash, "amount": amount.to_decimal() });
        self.event(EventKind::DepositLost, body);
        Ok(())
    }

    fn window_closed(&mut self) -> Step {
        let State::AwaitingDeposit = self.order.state else {
            return Err(Refusal::WrongState);
        };
        let now = self.now;
        let sale = self.sale()?;
        if now < sale.deposit_until {
            return Err(Refusal::WrongState);
        }
        match sale.received() {
            None => self.fail(FailReason::DepositTimeout),
            Some(received) => self.give_back(ReturnReason::Underpaid, received),
        }
        Ok(())
    }

    /// What vanished did not come back in time: nothing is left, or a part that goes home.
    pub(super) fn deposit_stays_lost(&mut self) -> Step {
        match self.sale()?.received() {
            None => self.fail(FailReason::DepositLost),
            Some(received) => self.give_back(ReturnReason::Underpaid, received),
        }
        Ok(())
    }

    fn sale_assessed(&mut self, verdict: SaleVerdict) -> Step {
        let State::DepositConfirmed { .. } = self.order.state else {
            return Err(Refusal::WrongState);
        };
        match verdict {
            SaleVerdict::Pay => self.pay_out(),
            SaleVerdict::Choose => {
                let deadline = self.in_seconds(CHOICE_SECONDS);
                self.event(
                    EventKind::PriceMoved,
                    json!({ "until": deadline.to_contract() }),
                );
                self.order.state = State::AwaitingChoice {
                    quote: None,
                    deadline,
                };
            }
            SaleVerdict::Review { reason } => self.review(reason),
        }
        Ok(())
    }

    fn choose_payout(&mut self, id: QuoteId) -> Step {
        let State::AwaitingChoice { quote, deadline } = &self.order.state else {
            return Err(Refusal::WrongState);
        };
        if self.now >= *deadline {
            return Err(Refusal::WrongState);
        }
        let quote = self.valid(quote.as_ref(), id)?;
        self.order.price = Some(quote);
        self.pay_out();
        Ok(())
    }

    /// Also what silence means, once the time to choose is over.
    pub(super) fn choose_return(&mut self) -> Step {
        let State::AwaitingChoice { .. } = self.order.state else {
            return Err(Refusal::WrongState);
        };
        self.give_back(ReturnReason::Chosen, self.order.amount);
        Ok(())
    }

    fn pay_out(&mut self) {
        self.order.state = State::PayingOut(PayingOut {
            called: false,
            deadline: self
                .order
                .payout_start(self.now)
                .plus_seconds(PAYING_OUT_SECONDS_MAX),
        });
    }

    fn payout_called(&mut self) -> Step {
        let State::PayingOut(paying) = &mut self.order.state else {
            return Err(Refusal::WrongState);
        };
        if paying.called {
            return Err(Refusal::WrongState);
        }
        paying.called = true;
        Ok(())
    }

    fn payout_sent(&mut self) -> Step {
        let State::PayingOut(PayingOut { called: true, .. }) = self.order.state else {
            return Err(Refusal::WrongState);
        };
        let price = self.price()?;
        let (order, partner) = (self.order.id, self.order.partner);
        let entry = ledger::pay_out(order, partner, &self.order.provider, &price)?;
        self.entries.push(entry);
        let body = json!({ "total": price.total.to_decimal() });
        self.event(EventKind::PayoutSent, body.clone());
        self.event(EventKind::OrderCompleted, body);
        self.order.state = State::Completed { hash: None };
        Ok(())
    }

    fn payout_refused(&mut self, code: DeclineCode) -> Step {
        let State::PayingOut(PayingOut { called: true, .. }) = self.order.state else {
            return Err(Refusal::WrongState);
        };
        self.event(EventKind::PayoutRefused, json!({ "code": code }));
        self.order.declined = Some(code);
        self.give_back(ReturnReason::PayoutRefused, self.order.amount);
        Ok(())
    }

    fn give_back(&mut self, why: ReturnReason, amount: Amount) {
        let body = json!({ "reason": why, "amount": amount.to_decimal() });
        self.event(EventKind::ReturnStarted, body);
        self.order.state = State::Returning(Returning {
            why,
            amount,
            sending: None,
            attempt: 1,
            deadline: self.in_seconds(RETURNING_SECONDS_MAX),
        });
    }

    /// The quote that the user saw, if it still stands.
    pub(super) fn valid(&self, quote: Option<&Quote>, id: QuoteId) -> Result<Quote, Refusal> {
        let standing = quote.filter(|q| q.id == id && self.now < q.expires_at);
        standing.cloned().ok_or(Refusal::QuoteExpired)
    }
}
