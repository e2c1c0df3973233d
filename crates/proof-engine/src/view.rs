//! Everything that the widget needs to draw any screen.

mod identity;
mod sale;
mod wallets;

pub(crate) use identity::refused_since;
use identity::{
    IdentityView, consent_view, email_masked, handover_view, identity_known, identity_view,
    is_outdated,
};
use sale::SaleView;
use wallets::WalletsView;

use crate::{
    ApiError, Device, Engine,
    card::{CardKeptView, cards_offered},
    order::gone,
    person::customer_standing,
    receipt::{ReceiptView, fingerprint_of},
};
use futures::FutureExt;
use proof_core::{
    Timestamp,
    card::Card,
    case::Case,
    claim::{Claim, ClaimEnd, ClaimKind, ClaimState},
    handover::Handover,
    id::{OrderId, VerificationId},
    identity::{Standing, Verification, VerificationState},
    order::{ATTEMPTS_MAX, AuthorisingStep, EventKind, FailReason, Order, State},
    partner::{Partner, Side},
    payment::DeclineCode,
    quote::{LineCode, Quote},
};
use proof_store::{EventRow, Failure, SessionRow, StoredOrder, StoredVerification, Tx};
use serde::Serialize;
use uuid::Uuid;

#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct View {
    pub version: i64,
    pub merchant_transaction_id: Uuid,
    #[serde(rename = "type")]
    pub side: &'static str,
    pub status: &'static str,
    pub widget_status: &'static str,
    pub step: &'static str,
    /// Masked: a link to the widget is not a way to read somebody's address.
    pub email: String,
    pub currency: &'static str,
    pub network: &'static str,
    pub crypto_amount: String,
    pub address: String,
    /// Of the address, for two people who compare it over the phone.
    pub address_fingerprint: String,
    pub fiat_currency: &'static str,
    pub fiat_currencies: Vec<&'static str>,
    pub partner: String,
    pub redirect_url: Option<String>,
    /// Where the card fields of the provider of this order come from.
    pub fields_origin: String,
    pub now: String,
    pub pay_until: String,
    pub identity: Option<IdentityView>,
    pub quote: Option<QuoteView>,
    pub payment: Option<PaymentView>,
    /// The wallets that the provider takes, where a payment is asked for.
    pub wallets: Option<WalletsView>,
    /// Cards of the customer that are kept, where a payment is asked for.
    pub cards: Vec<CardKeptView>,
    /// Whether this payment's card may be kept.
    pub may_keep_card: bool,
    pub transfer: Option<TransferView>,
    /// A first delivery may be held until then.
    pub held_until: Option<String>,
    pub timeline: Vec<TimelineView>,
    pub failure: Option<FailureView>,
    /// Of a sell.
    pub sale: Option<SaleView>,
    /// What went back to the card, or is on its way, beside the order itself.
    pub refunds: Vec<RefundView>,
    /// What this order is, signed.
    pub receipt: Option<ReceiptView>,
    /// Whether the user is written to when the order is carried out.
    pub tells_by_email: bool,
    /// Of an order that was carried out: where its receipt is, on this server.
    pub receipt_path: Option<String>,
}

#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct RefundView {
    pub amount: String,
    pub fiat_currency: &'static str,
    /// `sent`, `by_bank`, `waiting`, or `held` where people look at how to give it back.
    pub state: &'static str,
}

#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct QuoteView {
    pub id: String,
    #[serde(flatten)]
    pub price: PriceView,
}

/// What an amount costs, or brings, with every line of it.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct PriceView {
    pub fiat_currency: &'static str,
    pub total: String,
    pub unit_price: String,
    pub lines: Vec<LineView>,
    pub expires_at: String,
}

#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct LineView {
    pub code: LineCode,
    pub amount: String,
}

#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct PaymentView {
    /// `card`, `apple_pay` or `google_pay`.
    pub method: &'static str,
    pub attempt: u32,
    pub attempts_left: u32,
    pub state: Option<&'static str>,
    pub three_ds_url: Option<String>,
    pub declined: Option<DeclineCode>,
    pub card: Option<CardView>,
}

#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct CardView {
    pub brand: String,
    pub last4: String,
}

#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct TransferView {
    pub hash: String,
    pub explorer_url: String,
    pub confirmations: u64,
    pub confirmations_final: u64,
}

#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct TimelineView {
    pub code: String,
    pub at: String,
}

#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct FailureView {
    pub code: &'static str,
    pub money_moved: bool,
    /// Of a check that was tried too often: when another order may try it again.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub again_at: Option<String>,
}

/// Whoever looks at it meanwhile changes nothing of that.
fn held_until(state: &State) -> Option<Timestamp> {
    match state {
        State::Paid { held_until, .. } => *held_until,
        State::InReview(review) => held_until(&review.from),
        _ => None,
    }
}

/// A refund that operators gave beyond the order, or of what was taken too late, or a payout that came back. Disputes
/// are between the user and their bank.
pub(crate) fn refund_view(claim: &Claim) -> Option<RefundView> {
    let state = match claim.state.inner() {
        ClaimState::Refunding { refused: false, .. } => "waiting",
        ClaimState::Bounced
        | ClaimState::Refunding { refused: true, .. }
        | ClaimState::Settled(ClaimEnd::KeptApart) => "held",
        ClaimState::Settled(ClaimEnd::RefundedByBank { .. })
            if claim.kind == ClaimKind::PayoutBounced =>
        {
            "by_bank"
        }
        // The bank, too, gives back to the card.
        ClaimState::Settled(
            ClaimEnd::Refunded | ClaimEnd::RefundedByBank { .. } | ClaimEnd::PaidByDispute,
        ) => "sent",
        ClaimState::Wanted
        | ClaimState::Disputed { .. }
        | ClaimState::InReview { .. }
        | ClaimState::Settled(_) => return None,
    };
    Some(RefundView {
        amount: claim.amount.to_decimal(),
        fiat_currency: claim.amount.fiat().code(),
        state,
    })
}

impl View {
    /// Whoever photographs a document on another device sees whose order it is, and nothing of its money.
    pub fn of(self, device: Device) -> Self {
        match device {
            Device::First => self,
            Device::Other => Self {
                address: String::new(),
                address_fingerprint: String::new(),
                redirect_url: None,
                fields_origin: String::new(),
                quote: None,
                payment: None,
                transfer: None,
                timeline: Vec::new(),
                sale: None,
                refunds: Vec::new(),
                receipt: None,
                receipt_path: None,
                ..self
            },
        }
    }
}

/// All rows that a view is made of.
struct Facts {
    stored: StoredOrder,
    partner: Partner,
    session: SessionRow,
    verification: Option<StoredVerification>,
    /// Of who the customer is known to be.
    standing: Option<Standing>,
    /// The address that the customer confirmed last.
    former_email: Option<String>,
    /// The last attempt that proved the person.
    proven: Option<VerificationId>,
    handover: Option<Handover>,
    cards: Vec<Card>,
    events: Vec<EventRow>,
    cases: Vec<Case>,
    claims: Vec<Claim>,
}

/// What somebody sends beside an order is mostly nothing.
const CASES_MAX: i64 = 20;

/// An order has a few dozen events in its life.
const EVENTS_MAX: i64 = 200;

impl Engine {
    /// The view of an order, after its customer's identity was taken into account.
    pub async fn view(&self, id: OrderId) -> Result<View, ApiError> {
        let mut facts = self.view_facts(id).await?;
        if let Some(command) = identity_known(&facts, self.now()) {
            // Another tab or the worker may have been faster; what counts is what is there now.
            match self.order_apply("identity_known", id, command).await {
                Ok(_) => {}
                Err(error) if error.code == proof_core::ErrorCode::WrongState => {}
                Err(error) => return Err(error),
            }
            facts = self.view_facts(id).await?;
        }
        self.view_of(&facts)
    }

    /// Waits until the view is another than the one that was seen, at most until `until`.
    pub async fn view_changed(
        &self,
        id: OrderId,
        seen: i64,
        until: Timestamp,
    ) -> Result<View, ApiError> {
        let changes = self.follow(vec![id]);
        loop {
            let view = self.view(id).await?;
            if view.version != seen || self.now() >= until || self.is_stopping() {
                return Ok(view);
            }
            let wait = self.clock.sleep_until(until).fuse();
            let (hint, stopping) = (changes.next().fuse(), self.stopping().fuse());
            futures::pin_mut!(wait, hint, stopping);
            futures::select_biased! {
                () = stopping => {}
                () = hint => {}
                () = wait => {}
            }
        }
    }

    async fn view_facts(&self, id: OrderId) -> Result<Facts, ApiError> {
        let (policy, now) = (self.person_policy.clone(), self.now());
        self.db
            .read("view", move |tx: &mut Tx| {
                let policy = policy.clone();
                Box::pin(async move {
                    let stored = tx.order_work(id).await?.ok_or_else(gone)?;
                    let order = &stored.order;
                    let partner = tx.partner_load(order.partner).await?.ok_or_else(gone)?;
                    let customer = tx
                        .customer_load(order.partner, order.customer)
                        .await?
                        .ok_or_else(gone)?;
                    // What was sold late came of the session of the order before.
                    let session = tx.session_load(order.origin.unwrap_or(id)).await?;
                    let session = session.ok_or_else(gone)?;
                    let verification = tx.verification_latest(order.customer).await?;
                    let standing = match (&order.state, customer.person) {
                        (State::Created, Some(_)) => {
                            customer_standing(tx, &customer, order, (&policy, now)).await?
                        }
                        _ => None,
                    };
                    let proven = match (standing, customer.person) {
                        (Some(_), Some(person)) => tx.proof_of_person(person, 1).await?.pop(),
                        _ => None,
                    };
                    let proven = proven.map(|row| row.verification);
                    let verification = verification.filter(|v| !is_outdated(v, id, standing));
                    let handover = match inner(&order.state) {
                        State::Created => tx.handover_load(id).await?,
                        _ => None,
                    };
                    let cards = cards_offered(tx, order, now).await?;
                    let events = tx.event_list(id, 0, EVENTS_MAX).await?;
                    let cases = match order.side {
                        Side::Buy => Vec::new(),
                        Side::Sell => tx.case_of_order(id, CASES_MAX).await?,
                    };
                    let claims = tx.claim_of_order(id, CASES_MAX).await?;
                    Ok::<_, Failure<ApiError>>(Facts {
                        stored,
                        partner,
                        session,
                        verification,
                        standing,
                        former_email: customer.confirmed_email,
                        proven,
                        handover,
                        cards,
                        events,
                        cases,
                        claims,
                    })
                })
            })
            .await
            .map_err(ApiError::from)
    }

    fn view_of(&self, facts: &Facts) -> Result<View, ApiError> {
        let order = &facts.stored.order;
        let now = self.now();
        let verification = facts.verification.as_ref().map(|v| &v.verification);
        let asset = order.amount.asset();
        Ok(View {
            version: version(facts),
            merchant_transaction_id: order.id.uuid(),
            side: order.side.name(),
            status: order.status().name(),
            widget_status: order.state.widget().name(),
            step: step(&order.state, verification, now),
            email: email_masked(&order.email),
            currency: asset.ticker(),
            network: asset.network().name(),
            crypto_amount: order.amount.to_decimal(),
            address: order.destination.to_string(),
            address_fingerprint: fingerprint_of(&order.destination),
            fiat_currency: order.fiat.code(),
            fiat_currencies: facts
                .partner
                .policy
                .fiats
                .iter()
                .map(|f| f.code())
                .collect(),
            partner: facts.partner.name.clone(),
            redirect_url: facts.session.parameters.redirect_url.clone(),
            fields_origin: self.fields_origin(order.environment),
            now: now.to_contract(),
            pay_until: order.pay_until.to_contract(),
            identity: identity_view(
                order,
                verification,
                (facts.standing, facts.former_email.as_deref()),
            )
            .map(|identity| IdentityView {
                consent: consent_view(order, verification, self.kept_days(order)),
                handover: facts.handover.filter(|h| h.is_on(now)).map(handover_view),
                ..identity
            }),
            quote: quote_shown(order, now).map(quote_view).transpose()?,
            payment: payment_view(order),
            wallets: match order.state {
                State::AwaitingPayment { .. } => {
                    Some(self.rails(order.environment)?.payments.wallets().into())
                }
                _ => None,
            },
            cards: facts.cards.iter().map(CardKeptView::from).collect(),
            may_keep_card: matches!(order.state, State::AwaitingPayment { .. })
                && self.rails(order.environment)?.payments.stores_cards(),
            transfer: self.transfer_view(order)?,
            held_until: held_until(&order.state)
                .filter(|at| *at > now)
                .map(Timestamp::to_contract),
            timeline: facts.events.iter().filter_map(timeline_view).collect(),
            failure: failure_view(order, verification),
            sale: match order.side {
                Side::Buy => None,
                Side::Sell => {
                    let policy = &facts.partner.policy.sell;
                    let hold = policy.hold_of(asset);
                    Some(self.sale_view(order, &facts.cases, hold)?)
                }
            },
            refunds: facts.claims.iter().filter_map(refund_view).collect(),
            receipt: self.receipt(order, &facts.events)?,
            tells_by_email: self.writes_receipts(),
            receipt_path: self.receipt_link(order)?,
        })
    }

    fn kept_days(&self, order: &Order) -> Option<u32> {
        let rails = self.rails(order.environment).ok()?;
        rails.identity.kept_days()
    }

    fn transfer_view(&self, order: &Order) -> Result<Option<TransferView>, ApiError> {
        let rails = self.rails(order.environment)?;
        let Some(chain) = rails.chains.get(&order.amount.asset().network()) else {
            return Ok(None);
        };
        let confirmations_final = chain.confirmations_final();
        let shown = if let State::Completed { hash } = &order.state {
            hash.clone().map(|hash| (hash, confirmations_final))
        } else {
            order.state.sending().and_then(|sending| {
                let signed = sending.signed.as_ref()?;
                Some((signed.hash.clone(), sending.confirmations))
            })
        };
        Ok(shown.map(|(hash, confirmations)| TransferView {
            explorer_url: chain.explorer_url(&hash),
            hash,
            confirmations,
            confirmations_final,
        }))
    }
}

/// Differs whenever anything that the view shows was saved anew.
fn version(facts: &Facts) -> i64 {
    let identity = facts.verification.as_ref().map_or(0, |v| {
        i64::from(v.verification.try_number)
            .saturating_mul(100)
            .saturating_add(v.version)
    });
    let handover = facts.handover.map_or(0, |handover| handover.changes);
    facts
        .stored
        .version
        .saturating_mul(10_000)
        .saturating_add(identity)
        .saturating_add(handover)
}

/// The state that a review hides.
pub(crate) fn inner(state: &State) -> &State {
    match state {
        State::InReview(review) => &review.from,
        other => other,
    }
}

fn step(state: &State, verification: Option<&Verification>, now: Timestamp) -> &'static str {
    match state {
        State::Created => match verification.map(|v| &v.state) {
            Some(VerificationState::Submitted { .. } | VerificationState::Approved { .. }) => {
                "identity_checking"
            }
            Some(VerificationState::Review { .. }) => "review",
            Some(VerificationState::Collecting | VerificationState::Rejected { .. }) | None => {
                "identity"
            }
        },
        State::AwaitingPayment { quote: Some(quote) } if now < quote.expires_at => "pay",
        State::AwaitingPayment { .. } => "quote",
        State::Authorising(a) => match a.step {
            AuthorisingStep::Asked => "authorising",
            AuthorisingStep::ThreeDs { .. } => "three_ds",
        },
        State::Authorised { .. } | State::Capturing { .. } | State::Voiding(_) => "authorising",
        State::Paid { .. }
        | State::Delivering(_)
        | State::Refunding { .. }
        | State::DepositConfirmed { .. }
        | State::DepositLost { .. }
        | State::PayingOut(_)
        | State::Returning(_) => "progress",
        State::AwaitingTerms { .. } => "terms",
        State::AwaitingDeposit => "deposit",
        State::DepositSeen { .. } => "confirming",
        State::AwaitingChoice { .. } => "choice",
        State::InReview(review) => match review.from {
            State::Paid { .. }
            | State::Delivering(_)
            | State::Refunding { .. }
            | State::DepositConfirmed { .. }
            | State::DepositLost { .. }
            | State::PayingOut(_)
            | State::Returning(_) => "progress",
            // The chain is asked all the same.
            State::AwaitingDeposit => "deposit",
            State::DepositSeen { .. } => "confirming",
            State::AwaitingTerms { .. } | State::AwaitingChoice { .. } => "review",
            State::Created
            | State::AwaitingPayment { .. }
            | State::Authorising(_)
            | State::Authorised { .. }
            | State::Capturing { .. }
            | State::Voiding(_)
            | State::InReview(_)
            | State::Completed { .. }
            | State::Failed { .. }
            | State::Cancelled
            | State::Expired => "review",
        },
        State::Completed { .. } => "completed",
        State::Failed { .. } => "failed",
        State::Cancelled => "cancelled",
        State::Expired => "expired",
    }
}

/// The price that the screen shows: the one being paid, or the one on offer.
fn quote_shown(order: &Order, now: Timestamp) -> Option<&Quote> {
    match &order.state {
        State::AwaitingPayment { quote }
        | State::AwaitingTerms { quote }
        | State::AwaitingChoice { quote, .. } => quote.as_ref().filter(|q| now < q.expires_at),
        State::AwaitingDeposit
        | State::DepositSeen { .. }
        | State::DepositConfirmed { .. }
        | State::DepositLost { .. }
        | State::PayingOut(_)
        | State::Returning(_)
        | State::Created
        | State::Authorising(_)
        | State::Authorised { .. }
        | State::Capturing { .. }
        | State::Voiding(_)
        | State::Paid { .. }
        | State::Delivering(_)
        | State::Refunding { .. }
        | State::InReview(_)
        | State::Completed { .. }
        | State::Failed { .. }
        | State::Cancelled
        | State::Expired => order.price.as_ref(),
    }
}

pub(crate) fn quote_view(quote: &Quote) -> Result<QuoteView, ApiError> {
    Ok(QuoteView {
        id: quote.id.to_string(),
        price: price_view(quote)?,
    })
}

pub(crate) fn price_view(quote: &Quote) -> Result<PriceView, ApiError> {
    let line = |l: &proof_core::quote::Line| LineView {
        code: l.code,
        amount: l.amount.to_decimal(),
    };
    Ok(PriceView {
        fiat_currency: quote.fiat().code(),
        total: quote.total.to_decimal(),
        unit_price: quote.unit_price().map_err(ApiError::internal)?,
        lines: quote.lines.iter().map(line).collect(),
        expires_at: quote.expires_at.to_contract(),
    })
}

fn payment_view(order: &Order) -> Option<PaymentView> {
    if order.attempt == 0 {
        return None;
    }
    let (state, three_ds_url) = match &order.state {
        State::Authorising(a) => match &a.step {
            AuthorisingStep::Asked => (Some("asked"), None),
            AuthorisingStep::ThreeDs { url } => (Some("three_ds"), Some(url.clone())),
        },
        other => (Some(other.name()), None),
    };
    Some(PaymentView {
        method: order.method.name(),
        attempt: order.attempt,
        attempts_left: ATTEMPTS_MAX.saturating_sub(order.attempt),
        state,
        three_ds_url,
        declined: order.declined,
        card: order.card.as_ref().map(|c| CardView {
            brand: c.brand.clone(),
            last4: c.last4.clone(),
        }),
    })
}

fn timeline_view(event: &EventRow) -> Option<TimelineView> {
    let kind = EventKind::parse(&event.kind)?;
    kind.is_users().then(|| TimelineView {
        code: event.kind.clone(),
        at: event.occurred_at.to_contract(),
    })
}

fn failure_view(order: &Order, verification: Option<&Verification>) -> Option<FailureView> {
    match &order.state {
        State::Failed { reason } => Some(FailureView {
            code: reason.name(),
            money_moved: matches!(reason, FailReason::Refunded | FailReason::Returned),
            again_at: verification
                .filter(|_| *reason == FailReason::IdentityRefused)
                .and_then(|v| v.state.again_at())
                .map(Timestamp::to_contract),
        }),
        State::Expired if matches!(verification, Some(v) if v.state.name() == "review") => {
            Some(FailureView {
                code: "identity_refused",
                money_moved: false,
                again_at: None,
            })
        }
        State::Expired => Some(FailureView {
            code: "payment_deadline",
            money_moved: false,
            again_at: None,
        }),
        State::Created
        | State::AwaitingPayment { .. }
        | State::Authorising(_)
        | State::Authorised { .. }
        | State::Capturing { .. }
        | State::Voiding(_)
        | State::Paid { .. }
        | State::Delivering(_)
        | State::Refunding { .. }
        | State::AwaitingTerms { .. }
        | State::AwaitingDeposit
        | State::DepositSeen { .. }
        | State::DepositConfirmed { .. }
        | State::DepositLost { .. }
        | State::AwaitingChoice { .. }
        | State::PayingOut(_)
        | State::Returning(_)
        | State::InReview(_)
        | State::Completed { .. }
        | State::Cancelled => None,
    }
}
