//! The fiat leg: what the user asks for, and what the worker settles with the provider.

use crate::{
    ApiError, Engine, View,
    error::refused,
    inbound::look_now,
    order::{SaveIds, apply, event_save, gone},
    risk::begin_assess,
    worker::Outcome,
};
use proof_core::{
    ErrorCode,
    id::{JobId, OrderId, QuoteId},
    money::Money,
    order::{Command, EventKind, Order, State},
    partner::{Partner, PartnerType},
    payment::{DeclineCode, PaymentMethod},
};
use proof_port::{
    Authorisation, AuthorisationState, AuthoriseRequest, CaptureState, Class, DeviceWallet,
    PortError, RefundState, VoidState, Whose,
};
use proof_store::Tx;

/// Unanswered authorise calls, each followed by a "never heard of it", after which the user is told
/// that the processor is down.
const AUTHORISE_TRIES_MAX: i64 = 3;

const TOKEN_LENGTH_MAX: usize = 128;

/// What wallets hand over has 3 to 5 KB.
const WALLET_BYTES_MAX: usize = 16 * 1024;

/// What the user pays with.
#[derive(Clone, Debug)]
pub enum Instrument {
    /// A token of the provider's card fields.
    Card {
        token: String,
        /// They let us keep it for the next time.
        keep: bool,
    },
    /// What a wallet of the device handed over; only the provider can read it.
    Wallet {
        wallet: DeviceWallet,
        payload: String,
    },
}

impl Instrument {
    const fn method(&self) -> PaymentMethod {
        match self {
            Self::Card { .. } => PaymentMethod::Card,
            Self::Wallet { wallet, .. } => match wallet {
                DeviceWallet::ApplePay => PaymentMethod::ApplePay,
                DeviceWallet::GooglePay => PaymentMethod::GooglePay,
            },
        }
    }

    const fn is_to_be_kept(&self) -> bool {
        matches!(self, Self::Card { keep: true, .. })
    }
}

impl Engine {
    /// The user pressed *pay*.
    pub async fn payment_start(
        &self,
        id: OrderId,
        quote: QuoteId,
        instrument: Instrument,
    ) -> Result<View, ApiError> {
        let order = self.order_load(id).await?.order;
        let (method, keep) = (instrument.method(), instrument.is_to_be_kept());
        let keep_card = keep && self.rails(order.environment)?.payments.stores_cards();
        let card_token = self.card_token(&order, instrument).await?;
        // The signer learns the destination before any payment opens, and takes no other later.
        let partner = self.partner_of(&order).await?;
        let whose = match partner.kind {
            PartnerType::UserWallet => Whose::User,
            PartnerType::Treasury | PartnerType::Managed => Whose::Partner,
        };
        let signer = &self.rails(order.environment)?.signer;
        let destination = &order.destination;
        signer
            .register(self.epoch(), id, destination, whose)
            .await?;
        let ids = SaveIds::new(self, self.now());
        self.db
            .write("payment_start", move |tx: &mut Tx| {
                let (ids, partner, card_token) = (ids.clone(), partner.clone(), card_token.clone());
                Box::pin(async move {
                    let stored = tx.order_lock(id).await?.ok_or_else(gone)?;
                    let basis = begin_assess(tx, &stored.order, &partner, ids.now()).await?;
                    let pay = Command::Pay {
                        quote,
                        card_token,
                        method,
                        keep_card,
                    };
                    apply(tx, stored, pay, &ids).await?;
                    match basis {
                        Some(basis) => {
                            event_save(tx, id, EventKind::RiskAssessed, basis, (12, 0), &ids).await
                        }
                        None => Ok(()),
                    }
                })
            })
            .await?;
        self.view(id).await
    }

    /// The provider gives a token for what a wallet handed over, as its fields do for a card.
    async fn card_token(&self, order: &Order, instrument: Instrument) -> Result<String, ApiError> {
        let (wallet, payload) = match instrument {
            Instrument::Card { token, .. } => {
                check_card_token(&token)?;
                return Ok(token);
            }
            Instrument::Wallet { wallet, payload } => (wallet, payload),
        };
        let wrong =
            |message: &str| ApiError::field(ErrorCode::ValidationError, "wallet_payload", message);
        if payload.is_empty() || payload.len() > WALLET_BYTES_MAX {
            return Err(wrong(
                "The field wallet_payload must be what the wallet handed over, of at most 16 KB.",
            ));
        }
        let payments = &self.rails(order.environment)?.payments;
        let token = payments.wallet_token(wallet, &payload).await?;
        let message =
            "The processor cannot read what the wallet handed over; pay again, or by card.";
        token.ok_or_else(|| wrong(message))
    }

    /// What Apple's device asks for before it shows its sheet, for the widget's own domain.
    pub async fn apple_session(&self, id: OrderId, domain: &str) -> Result<String, ApiError> {
        let order = self.order_load(id).await?.order;
        let State::AwaitingPayment { .. } = order.state else {
            return Err(proof_core::order::Refusal::WrongState.into());
        };
        let payments = &self.rails(order.environment)?.payments;
        if payments.wallets().apple_pay.is_none() {
            return Err(ApiError::not_found("wallet"));
        }
        Ok(payments.apple_session(domain).await?)
    }

    /// The bank's page says that it is done: look now rather than at the next poll.
    pub async fn payment_check(&self, id: OrderId) -> Result<View, ApiError> {
        let now = self.now();
        let job = JobId::new(now, self.entropy.as_ref());
        self.db
            .write("payment_check", move |tx: &mut Tx| {
                Box::pin(async move { look_now(tx, id, job, now).await })
            })
            .await?;
        self.view(id).await
    }

    /// The user changed their mind.
    pub async fn order_cancel(&self, id: OrderId) -> Result<View, ApiError> {
        self.order_apply("order_cancel", id, Command::Cancel)
            .await?;
        self.view(id).await
    }

    pub(crate) async fn partner_of(&self, order: &Order) -> Result<Partner, ApiError> {
        let id = order.partner;
        self.db
            .read("partner_load", move |tx: &mut Tx| {
                Box::pin(async move {
                    let gone = || refused(ApiError::not_found("partner"));
                    tx.partner_load(id).await?.ok_or_else(gone)
                })
            })
            .await
            .map_err(ApiError::from)
    }

    fn payment_reference(&self, order: &Order) -> String {
        self.reference(order.id, "pay", order.attempt)
    }

    /// Sends the authorisation under our reference: the same reference is the same payment.
    pub(crate) async fn payment_authorise(
        &self,
        order: &Order,
        card_token: String,
        tries: i64,
    ) -> Result<Outcome, ApiError> {
        let payments = &self.rails(order.environment)?.payments;
        let amount = order.price.as_ref().map(|price| price.total);
        let amount = amount.ok_or_else(|| ApiError::internal("a payment without a price"))?;
        let reference = self.payment_reference(order);
        let request = AuthoriseRequest {
            reference: reference.clone(),
            card_token,
            amount,
        };
        let answer = match payments.authorise(&request).await {
            Ok(authorisation) => Some(authorisation),
            // Whatever went wrong: what counts is what the provider knows of our reference.
            Err(error) => match payments.authorisation(&reference).await? {
                Some(authorisation) => Some(authorisation),
                None if error.class == Class::GiveUp || tries >= AUTHORISE_TRIES_MAX => None,
                None => return Err(error.into()),
            },
        };
        let attempt = order.attempt;
        let command = match answer {
            Some(authorisation) => authorising(attempt, authorisation),
            None => {
                let code = DeclineCode::ProcessorUnavailable;
                Some(Command::PaymentDeclined { attempt, code })
            }
        };
        self.fact("payment_authorise", order, command).await
    }

    /// How did it go on the bank's page?
    pub(crate) async fn payment_ask(&self, order: &Order) -> Result<Outcome, ApiError> {
        let payments = &self.rails(order.environment)?.payments;
        let answer = payments
            .authorisation(&self.payment_reference(order))
            .await?;
        let command = answer.and_then(|a| match a.state {
            // Still there, as we knew.
            AuthorisationState::ThreeDs { .. } => None,
            AuthorisationState::Pending
            | AuthorisationState::Held { .. }
            | AuthorisationState::Declined { .. }
            | AuthorisationState::Captured { .. }
            | AuthorisationState::Voided => authorising(order.attempt, a),
        });
        self.fact("payment_ask", order, command).await
    }

    /// Time is over: find out what is held, and close what could still become a hold.
    pub(crate) async fn payment_close(&self, order: &Order) -> Result<Outcome, ApiError> {
        let payments = &self.rails(order.environment)?.payments;
        let reference = self.payment_reference(order);
        let attempt = order.attempt;
        let abandoned = || {
            Some(Command::PaymentDeclined {
                attempt,
                code: DeclineCode::Abandoned,
            })
        };
        let command = match payments.authorisation(&reference).await? {
            None => abandoned(),
            Some(answer) => match answer.state {
                AuthorisationState::Pending | AuthorisationState::ThreeDs { .. } => {
                    match payments.void(&reference).await? {
                        VoidState::Voided => abandoned(),
                        VoidState::Pending | VoidState::Captured | VoidState::Refused => None,
                    }
                }
                AuthorisationState::Held { .. }
                | AuthorisationState::Declined { .. }
                | AuthorisationState::Captured { .. }
                | AuthorisationState::Voided => authorising(attempt, answer),
            },
        };
        self.fact("payment_close", order, command).await
    }

    pub(crate) async fn payment_capture(&self, order: &Order) -> Result<Outcome, ApiError> {
        let payments = &self.rails(order.environment)?.payments;
        let reference = self.payment_reference(order);
        let total = order.price.as_ref().map(|price| price.total);
        let total = total.ok_or_else(|| ApiError::internal("a capture without a price"))?;
        let command = match payments.capture(&reference, total).await {
            Ok(CaptureState::Captured) => Some(Command::Captured),
            Ok(CaptureState::Refused) => Some(Command::CaptureRefused),
            Ok(CaptureState::Pending) => None,
            Err(error) => match payments.authorisation(&reference).await?.map(|a| a.state) {
                Some(AuthorisationState::Captured { captured, .. }) if captured == total => {
                    Some(Command::Captured)
                }
                // Another amount than ours was taken: the order waits, and people look.
                Some(
                    AuthorisationState::Captured { .. }
                    | AuthorisationState::Pending
                    | AuthorisationState::ThreeDs { .. }
                    | AuthorisationState::Held { .. }
                    | AuthorisationState::Declined { .. }
                    | AuthorisationState::Voided,
                )
                | None => return Err(error.into()),
            },
        };
        self.fact("payment_capture", order, command).await
    }

    /// Gives a hold back, or finds out that there is none.
    pub(crate) async fn payment_void(&self, order: &Order) -> Result<Outcome, ApiError> {
        let payments = &self.rails(order.environment)?.payments;
        let reference = self.payment_reference(order);
        let command = match payments.authorisation(&reference).await?.map(|a| a.state) {
            // Never heard of it: the user cancelled before the call was made.
            None | Some(AuthorisationState::Voided | AuthorisationState::Declined { .. }) => {
                Some(Command::Voided)
            }
            // Another amount than ours was taken: the order waits, and people look.
            Some(AuthorisationState::Captured { captured, .. }) => {
                let total = order.price.as_ref().map(|price| price.total);
                (total == Some(captured)).then_some(Command::Captured)
            }
            Some(
                AuthorisationState::Pending
                | AuthorisationState::ThreeDs { .. }
                | AuthorisationState::Held { .. },
            ) => match payments.void(&reference).await? {
                VoidState::Voided => Some(Command::Voided),
                VoidState::Refused => Some(Command::VoidRefused),
                // Too late: the next question tells how much was taken.
                VoidState::Captured | VoidState::Pending => None,
            },
        };
        self.fact("payment_void", order, command).await
    }

    /// Fixes how much goes back; after this the provider may be asked.
    pub(crate) async fn refund_prepare(&self, order: &Order) -> Result<Outcome, ApiError> {
        if self.predates(order.created_at) {
            // Callbacks about disputes went to the life before the restore.
            self.payments_look(order.id).await?;
        }
        self.fact("refund_call", order, Some(Command::RefundCalled))
            .await
    }

    pub(crate) async fn payment_refund(
        &self,
        order: &Order,
        total: Money,
    ) -> Result<Outcome, ApiError> {
        let payments = &self.rails(order.environment)?.payments;
        let refund = self.reference(order.id, "refund", 1);
        let reference = self.payment_reference(order);
        let command = match payments.refund(&reference, &refund, total).await? {
            RefundState::Refunded => Some(Command::Refunded),
            RefundState::Refused => Some(Command::RefundRefused),
            RefundState::Pending => None,
        };
        self.fact("payment_refund", order, command).await
    }
}

/// What an authorisation's state means to an order that waits for it.
fn authorising(attempt: u32, authorisation: Authorisation) -> Option<Command> {
    match authorisation.state {
        AuthorisationState::Pending => None,
        AuthorisationState::ThreeDs { url } => Some(Command::PaymentThreeDs { attempt, url }),
        AuthorisationState::Held {
            card,
            liability_shift,
        } => Some(Command::PaymentHeld {
            attempt,
            card,
            liability_shift,
        }),
        AuthorisationState::Declined { code } => Some(Command::PaymentDeclined { attempt, code }),
        AuthorisationState::Voided => Some(Command::PaymentDeclined {
            attempt,
            code: DeclineCode::Abandoned,
        }),
        // We never asked for a capture here: the order waits until its deadline, then people look.
        AuthorisationState::Captured { .. } => None,
    }
}

/// A token names a card that only the provider knows. Digits that look like a card number have no
/// business here, and are refused without being kept.
pub(crate) fn check_card_token(token: &str) -> Result<(), ApiError> {
    let digits = token.chars().filter(char::is_ascii_digit).count();
    let letters = token.chars().any(|c| c.is_ascii_alphabetic());
    if digits >= 12 && !letters {
        let message = "Card numbers never come here; use the provider's card fields.";
        return Err(ApiError::new(ErrorCode::CardDataRefused, message));
    }
    let plain = token
        .chars()
        .all(|c| c.is_ascii_alphanumeric() || "_-".contains(c));
    if token.is_empty() || token.len() > TOKEN_LENGTH_MAX || !plain {
        let message = "The field card_token must be the token of the provider's card fields.";
        return Err(ApiError::field(
            ErrorCode::ValidationError,
            "card_token",
            message,
        ));
    }
    Ok(())
}

/// Only a provider's own "no" is an answer; everything else is asked again.
pub(crate) fn is_final(error: &PortError) -> bool {
    error.class == Class::GiveUp
}
