//! What the widget shows of a sell beyond what every order has.

use super::{CardView, QuoteView, quote_view};
use crate::{ApiError, Engine, receipt::fingerprint_of};
use proof_core::{
    Network, Timestamp,
    case::{Case, CaseKind, CaseState, Settlement},
    order::{Order, State},
};
use proof_port::Chain;
use serde::Serialize;

#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct SaleView {
    /// The refund address that the partner gave; the user confirms it or gives another.
    pub refund_hint: Option<String>,
    pub payout_card: Option<CardView>,
    pub refund_address: Option<String>,
    pub refund_fingerprint: Option<String>,
    pub deposit_address: Option<String>,
    pub deposit_fingerprint: Option<String>,
    /// Opens a wallet on the user's device with address and amount filled in, where the network has such links.
    pub deposit_link: Option<String>,
    pub deposit_until: Option<String>,
    /// How many seconds the locked price holds from the moment that the address is shown.
    pub price_held: String,
    pub received: String,
    pub missing: String,
    pub deposits: Vec<DepositView>,
    /// The money is not sent before this.
    pub payout_from: Option<String>,
    /// The payout provider has been asked.
    pub paying: bool,
    pub choose_until: Option<String>,
    /// The price that was agreed on before the market moved.
    pub agreed: Option<AgreedView>,
    pub returning: Option<ReturningView>,
    pub returned: Option<ReturnedView>,
    /// What came outside of the order, and what became of it.
    pub cases: Vec<CaseView>,
}

#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct CaseView {
    pub id: String,
    pub kind: &'static str,
    pub amount: String,
    pub currency: &'static str,
    pub network: &'static str,
    /// `waiting`, `choose`, `returned`, `sold`, `kept` (worth less than sending it back) or
    /// `vanished`.
    pub state: &'static str,
    /// Whether the network has confirmed what it is about.
    #[serde(rename = "final")]
    pub is_final: bool,
    /// Until when the user may choose, and today's price if one is locked.
    pub choose_until: Option<String>,
    pub quote: Option<QuoteView>,
    /// What was agreed on, if it was sold.
    pub sold: Option<AgreedView>,
    pub refund_address: String,
    pub hash: Option<String>,
    pub explorer_url: Option<String>,
}

#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct DepositView {
    pub hash: String,
    pub explorer_url: String,
    pub amount: String,
    pub confirmations: u64,
    pub confirmations_final: u64,
    #[serde(rename = "final")]
    pub is_final: bool,
}

#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct AgreedView {
    pub total: String,
    pub fiat_currency: &'static str,
}

/// On its way, or there.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct ReturningView {
    pub reason: &'static str,
    pub amount: String,
}

#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct ReturnedView {
    pub amount: String,
    pub hash: String,
    pub explorer_url: String,
}

impl Engine {
    pub(super) fn sale_view(
        &self,
        order: &Order,
        cases: &[Case],
        hold_seconds: i64,
    ) -> Result<SaleView, ApiError> {
        let chain = self.chain_of(order.environment, order.amount.asset().network())?;
        let sale = order.sale.as_deref();
        let nothing = proof_core::money::Amount::new(order.amount.asset(), 0);
        let received = sale.and_then(|sale| sale.received()).unwrap_or(nothing);
        let missing = order.amount.base().saturating_sub(received.base());
        let missing = proof_core::money::Amount::new(order.amount.asset(), missing);
        let held = sale.map(|sale| sale.held.as_slice()).unwrap_or_default();
        Ok(SaleView {
            refund_hint: order.refund_hint.as_ref().map(ToString::to_string),
            payout_card: sale.map(|sale| CardView {
                brand: sale.payout_card.brand.clone(),
                last4: sale.payout_card.last4.clone(),
            }),
            refund_address: sale.map(|sale| sale.refund_address.to_string()),
            refund_fingerprint: sale.map(|sale| fingerprint_of(&sale.refund_address)),
            deposit_address: sale.map(|sale| sale.deposit_address.to_string()),
            deposit_fingerprint: sale.map(|sale| fingerprint_of(&sale.deposit_address)),
            deposit_link: sale
                .filter(|_| !missing.is_zero())
                .and_then(|sale| chain.payment_link(&sale.deposit_address, missing)),
            deposit_until: sale.map(|sale| sale.deposit_until.to_contract()),
            price_held: hold_seconds.to_string(),
            received: received.to_decimal(),
            missing: missing.to_decimal(),
            deposits: held
                .iter()
                .map(|held| DepositView {
                    hash: held.deposit.key.hash.clone(),
                    explorer_url: chain.explorer_url(&held.deposit.key.hash),
                    amount: held.deposit.amount.to_decimal(),
                    confirmations: held.confirmations,
                    confirmations_final: chain
                        .confirmations_of(order.at_stake(held.deposit.amount)),
                    is_final: held.booked,
                })
                .collect(),
            payout_from: sale
                .and_then(|sale| sale.payout_from)
                .filter(|from| *from > self.now())
                .map(Timestamp::to_contract),
            paying: is_paying(&order.state),
            choose_until: choose_until(&order.state),
            agreed: order.price.as_ref().map(|price| AgreedView {
                total: price.total.to_decimal(),
                fiat_currency: price.fiat().code(),
            }),
            returning: returning(order),
            returned: sale
                .and_then(|sale| sale.returned.as_ref())
                .map(|returned| ReturnedView {
                    amount: returned.amount.to_decimal(),
                    hash: returned.hash.clone(),
                    explorer_url: chain.explorer_url(&returned.hash),
                }),
            cases: cases
                .iter()
                // What we lost is not its user's business.
                .filter(|case| case.kind != CaseKind::Reorged)
                .map(|case| self.case_view(case))
                .collect::<Result<_, _>>()?,
        })
    }

    fn case_view(&self, case: &Case) -> Result<CaseView, ApiError> {
        let network = case.amount.asset().network();
        let (mut choose_until, mut quote, mut sold, mut hash) = (None, None, None, None);
        let state = match &case.state {
            CaseState::Open { .. }
            | CaseState::Gone
            | CaseState::Executing { .. }
            | CaseState::InReview { .. } => "waiting",
            CaseState::AwaitingUser {
                quote: locked,
                deadline,
            } => {
                choose_until = Some(deadline.to_contract());
                let standing = locked.as_deref().filter(|q| self.now() < q.expires_at);
                quote = standing.map(quote_view).transpose()?;
                "choose"
            }
            CaseState::Settled(Settlement::Returned { hash: own }) => {
                hash = Some(own.clone());
                "returned"
            }
            CaseState::Settled(Settlement::Sold { total, .. }) => {
                sold = Some(AgreedView {
                    total: total.to_decimal(),
                    fiat_currency: total.fiat().code(),
                });
                "sold"
            }
            CaseState::Settled(Settlement::Dust) => "kept",
            CaseState::Settled(Settlement::Vanished | Settlement::CameBack) => "vanished",
            CaseState::Settled(Settlement::WrittenOff) => "apart",
        };
        let chain = self.chain_of(case.environment, network)?;
        Ok(CaseView {
            id: case.id.to_string(),
            kind: case.kind.name(),
            amount: case.amount.to_decimal(),
            currency: case.amount.asset().ticker(),
            network: network.name(),
            state,
            is_final: !matches!(case.state, CaseState::Open { .. }),
            choose_until,
            quote,
            sold,
            refund_address: case.refund.to_string(),
            explorer_url: hash.as_ref().map(|hash| chain.explorer_url(hash)),
            hash,
        })
    }

    pub(crate) fn chain_of(
        &self,
        environment: proof_core::partner::Environment,
        network: Network,
    ) -> Result<&std::sync::Arc<dyn Chain>, ApiError> {
        let chains = &self.rails(environment)?.chains;
        chains
            .get(&network)
            .ok_or_else(|| ApiError::unavailable(format!("no node for {network}")))
    }
}

fn is_paying(state: &State) -> bool {
    match state {
        State::PayingOut(paying) => paying.called,
        State::InReview(review) => is_paying(&review.from),
        _ => false,
    }
}

fn choose_until(state: &State) -> Option<String> {
    let State::AwaitingChoice { deadline, .. } = state else {
        return None;
    };
    Some(deadline.to_contract())
}

fn returning(order: &Order) -> Option<ReturningView> {
    let (why, amount) = if let State::Returning(returning) = super::inner(&order.state) {
        (returning.why, returning.amount)
    } else {
        let returned = order.sale.as_ref()?.returned.as_ref()?;
        (returned.why, returned.amount)
    };
    Some(ReturningView {
        reason: why.name(),
        amount: amount.to_decimal(),
    })
}
