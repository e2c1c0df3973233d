//! The fiat leg of a sell: what the user fixes, whether the price still holds, and the payout.

use crate::{
    ApiError, Engine, View,
    deposit::scan_begin,
    identity::email::payout_from,
    order::{SaveIds, apply, event_save, gone},
    payment::check_card_token,
    risk::begin_assess,
    worker::Outcome,
};
use proof_core::{
    Address, ErrorCode, Timestamp,
    id::{OrderId, QuoteId},
    money::{Bps, Money, Rounding, mul_div},
    order::{Command, EventKind, Order, SaleVerdict, SellCommand, State, Terms},
    partner::SellPolicy,
};
use proof_port::{PayoutRequest, PayoutState};
use proof_store::{Failure, Tx};

/// What the user of a sell fixes.
#[derive(Clone, Debug)]
pub struct SaleStart {
    pub quote: QuoteId,
    /// Single use, from the provider's hosted fields.
    pub card_token: String,
    pub refund_address: String,
}

/// What the user wants after the price has moved.
#[derive(Clone, Copy, Debug)]
pub enum SaleChoice {
    Payout(QuoteId),
    Return,
}

fn wrong_state() -> ApiError {
    let message = "This order is past that step; look at where it is now.";
    ApiError::new(ErrorCode::WrongState, message)
}

impl Engine {
    /// The user fixed price, payout card and refund address: the deposit address is shown.
    pub async fn sale_start(&self, id: OrderId, start: SaleStart) -> Result<View, ApiError> {
        check_card_token(&start.card_token)?;
        let order = self.order_load(id).await?.order;
        let quote = self.quote_standing(&order, start.quote)?;
        let refund = self.refund_address(&order, &start.refund_address).await?;
        let rails = self.rails(order.environment)?;
        let kept = rails.payouts.keep(&start.card_token).await?;
        let kept = kept.ok_or_else(|| {
            let message = "The payout card could not be taken; enter it again.";
            ApiError::field(ErrorCode::ValidationError, "card_token", message)
        })?;
        // The signer learns the refund address first, and takes no other later.
        let deposit_address = rails.signer.open_deposit(self.epoch(), id, &refund).await?;
        let scans = self.scans_of(order.environment, &deposit_address).await?;
        let partner = self.partner_of(&order).await?;
        let policy = &partner.policy.sell;
        let terms = Terms {
            payout_token: kept.id,
            payout_card: kept.card,
            refund_address: refund,
            deposit_address,
            window_seconds: policy.window_seconds,
            hold_seconds: policy.hold_of(order.amount.asset()),
            accidents: policy.accidents,
            payout_from: None,
        };
        let (environment, ids) = (order.environment, SaveIds::new(self, self.now()));
        self.db
            .write("sale_start", move |tx: &mut Tx| {
                let (ids, terms, scans) = (ids.clone(), terms.clone(), scans.clone());
                let partner = partner.clone();
                Box::pin(async move {
                    let stored = tx.order_lock(id).await?.ok_or_else(gone)?;
                    let basis = begin_assess(tx, &stored.order, &partner, ids.now()).await?;
                    let address = terms.deposit_address.clone();
                    let (order, card) = (&stored.order, &terms.payout_card);
                    let payout_from = payout_from(tx, order, card, ids.now()).await?;
                    let terms = Box::new(Terms {
                        payout_from,
                        ..terms
                    });
                    let command = Command::Sell(SellCommand::Start { quote, terms });
                    apply(tx, stored, command, &ids).await?;
                    if let Some(basis) = basis {
                        event_save(tx, id, EventKind::RiskAssessed, basis, (12, 0), &ids).await?;
                    }
                    tx.deposit_address_insert(environment, &address, id, ids.now())
                        .await?;
                    scan_begin(tx, environment, &scans, &ids).await
                })
            })
            .await?;
        self.view(id).await
    }

    /// The price moved; the user says what to do.
    pub async fn sale_choose(&self, id: OrderId, choice: SaleChoice) -> Result<View, ApiError> {
        let command = match choice {
            SaleChoice::Payout(quote) => SellCommand::ChoosePayout { quote },
            SaleChoice::Return => SellCommand::ChooseReturn,
        };
        self.order_apply("sale_choose", id, Command::Sell(command))
            .await?;
        self.view(id).await
    }

    /// Refused before anything is registered anywhere: the signer takes one refund address only.
    fn quote_standing(&self, order: &Order, id: QuoteId) -> Result<QuoteId, ApiError> {
        let State::AwaitingTerms { quote } = &order.state else {
            return Err(wrong_state());
        };
        let standing = quote
            .as_ref()
            .is_some_and(|quote| quote.id == id && self.now() < quote.expires_at);
        if standing {
            Ok(id)
        } else {
            Err(proof_core::order::Refusal::QuoteExpired.into())
        }
    }

    /// An address of the user's own on the network of the deposit: not one of ours.
    async fn refund_address(&self, order: &Order, text: &str) -> Result<Address, ApiError> {
        let network = order.amount.asset().network();
        let wrong = |rule: &str| {
            let message = format!("The field refund_address {rule}.");
            ApiError::field(ErrorCode::ValidationError, "refund_address", message)
        };
        let address = Address::parse(network, text.trim()).map_err(|_| {
            wrong(&format!(
                "must be an address on {network}, without a mistake in it"
            ))
        })?;
        let hot = self
            .rails(order.environment)?
            .signer
            .wallet(network)
            .await?;
        let (environment, asked) = (order.environment, address.to_string());
        let owner = self
            .db
            .read("deposit_address_find", move |tx: &mut Tx| {
                let asked = asked.clone();
                Box::pin(async move {
                    let owner = tx.deposit_address_find(environment, &asked).await?;
                    Ok::<_, Failure<ApiError>>(owner)
                })
            })
            .await?;
        if hot == address || owner.is_some() {
            return Err(wrong("must be an address of your own"));
        }
        Ok(address)
    }

    /// All of it is there. Is it still, and does the price still hold?
    pub(crate) async fn sale_assess(&self, order: &Order) -> Result<Outcome, ApiError> {
        if let Some(lacks) = self.deposits_lack(order).await? {
            return Ok(lacks);
        }
        if self.order_screened(order.id).await? {
            return Ok(Outcome::Done);
        }
        if let Some(verdict) = self.sale_recall(order).await? {
            let command = Command::Sell(SellCommand::Assessed { verdict });
            return self.fact("sale_assess", order, Some(command)).await;
        }
        let policy = self.partner_of(order).await?.policy.sell;
        let (Some(price), Some(sale)) = (&order.price, &order.sale) else {
            return Err(ApiError::internal("a sell without a price"));
        };
        let asset = order.amount.asset();
        let (mid, rate_at) = self.mid(order.environment, asset, price.fiat()).await?;
        if self.now().millis_since(rate_at) > proof_core::quote::RATE_AGE_SECONDS_MAX * 1_000 {
            return Err(proof_core::quote::QuoteError::RateStale.into());
        }
        let today = mid.price(price.crypto.base(), Rounding::HalfEven);
        let today = Money::new(price.fiat(), today.map_err(ApiError::internal)?);
        let stands = holds(self.now(), sale.hold_until, price.mid, today, policy);
        let verdict = if stands.map_err(ApiError::internal)? {
            SaleVerdict::Pay
        } else {
            SaleVerdict::Choose
        };
        let command = Command::Sell(SellCommand::Assessed { verdict });
        self.fact("sale_assess", order, Some(command)).await
    }

    /// One more look at the deposit; after this the provider may hear of the payout.
    pub(crate) async fn payout_prepare(&self, order: &Order) -> Result<Outcome, ApiError> {
        if let Some(lacks) = self.deposits_lack(order).await? {
            return Ok(lacks);
        }
        if self.order_screened(order.id).await? {
            return Ok(Outcome::Done);
        }
        if self.payout_is_barred(order).await? {
            // Nothing is said to the provider: the order waits for people, who may let it go back.
            return self.fact("payout_prepare", order, None).await;
        }
        let command = Command::Sell(SellCommand::PayoutCalled);
        self.fact("payout_prepare", order, Some(command)).await
    }

    /// Sends the payout under our reference: the same reference is the same payout.
    pub(crate) async fn payout_send(&self, order: &Order) -> Result<Outcome, ApiError> {
        let payouts = &self.rails(order.environment)?.payouts;
        let (Some(price), Some(sale)) = (&order.price, &order.sale) else {
            return Err(ApiError::internal("a payout without a price"));
        };
        let request = PayoutRequest {
            reference: self.reference(order.id, "payout", 1),
            card_id: sale.payout_token.clone(),
            amount: price.total,
        };
        let state = match payouts.pay(&request).await {
            Ok(state) => state,
            // Whatever went wrong: what counts is what the provider knows of our reference. What it
            // never heard of is sent again, or waits for people.
            Err(error) => match payouts.payout(&request).await? {
                Some(state) => state,
                None => return Err(error.into()),
            },
        };
        let command = match state {
            PayoutState::Pending => None,
            // What came back of it is a case of its own, once it is booked as sent.
            PayoutState::Sent | PayoutState::Bounced => {
                Some(Command::Sell(SellCommand::PayoutSent))
            }
            PayoutState::Refused { code } => {
                Some(Command::Sell(SellCommand::PayoutRefused { code }))
            }
        };
        self.fact("payout_send", order, command).await
    }
}

/// Whether the locked price stands: final in time, and the market moved less than the bound, in
/// either direction.
fn holds(
    now: Timestamp,
    hold_until: Timestamp,
    locked: Money,
    today: Money,
    policy: SellPolicy,
) -> Result<bool, proof_core::money::MoneyError> {
    let moved = locked.minor().abs_diff(today.minor());
    let whole = u128::from(Bps::WHOLE);
    let moved_bps = mul_div(moved, whole, locked.minor().max(1), Rounding::Up)?;
    Ok(now < hold_until && moved_bps <= u128::from(policy.slippage.get()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proof_core::Fiat;

    #[test]
    fn a_price_holds_in_time_and_within_the_bound() {
        let at = Timestamp::from_micros;
        let eur = |minor| Money::new(Fiat::Eur, minor);
        for (now, today, expected) in [
            (99, 10_000, true),
            (100, 10_000, false),
            (99, 10_500, true),
            (99, 10_501, false),
            (99, 9_500, true),
            (99, 9_499, false),
        ] {
            let held = holds(
                at(now),
                at(100),
                eur(10_000),
                eur(today),
                SellPolicy::default(),
            );
            assert_eq!(held, Ok(expected), "{now} {today}");
        }
    }
}
