//! Card payments.

use super::{
    PROVIDER, code, map, refused, refused_question, unanswered_order, unanswered_question, webhook,
    wire,
};
use proof_core::{money::Money, secret::Secret};
use proof_outbound::{Answer, Configured};
use proof_port::{
    ApplePayOffer, Authorisation, AuthorisationState, AuthoriseRequest, Callback, CallbackCall,
    CallbackRefusal, CaptureState, CardStored, DeviceWallet, Dispute, GooglePayOffer, Payments,
    PortError, RefundState, ReportLine, VoidState, WalletOffers,
};
use serde::Serialize;

pub struct SandboxPayments {
    processor: Configured,
    /// Signs callbacks.
    key: Secret,
    /// Some browser here has a wallet that the processor can read.
    wallets: bool,
}

impl SandboxPayments {
    pub fn new(processor: Configured, key: Secret, wallets: bool) -> Self {
        Self {
            processor,
            key,
            wallets,
        }
    }

    async fn order(&self, path: &[&str], body: &impl Serialize) -> Result<Answer, PortError> {
        let path = [&["v1", "authorisations"], path].concat();
        self.processor
            .post(&path, body)
            .await
            .map_err(unanswered_order)
    }
}

#[async_trait::async_trait]
impl Payments for SandboxPayments {
    fn provider(&self) -> &'static str {
        PROVIDER
    }

    fn fields_origin(&self) -> String {
        self.processor.base().origin().ascii_serialization()
    }

    fn callback(&self, call: CallbackCall<'_>) -> Result<Callback, CallbackRefusal> {
        webhook::read(&self.key, call)
    }

    fn wallets(&self) -> WalletOffers {
        if !self.wallets {
            return WalletOffers::default();
        }
        WalletOffers {
            apple_pay: Some(ApplePayOffer {
                country: "DE",
                networks: vec!["visa", "masterCard"],
            }),
            google_pay: Some(GooglePayOffer {
                environment: "TEST",
                gateway: PROVIDER,
                gateway_merchant_id: "proof-sandbox".to_owned(),
                networks: vec!["VISA", "MASTERCARD"],
            }),
        }
    }

    async fn apple_session(&self, domain: &str) -> Result<String, PortError> {
        let path = ["v1", "apple-pay", "sessions"];
        let body = wire::AppleSession { domain };
        let answer = self.processor.post(&path, &body).await;
        let answer = answer.map_err(unanswered_question)?;
        if !answer.is_success() {
            return Err(refused_question(&answer));
        }
        let session: serde_json::Value = answer.json().map_err(unreadable)?;
        Ok(session.to_string())
    }

    async fn wallet_token(
        &self,
        wallet: DeviceWallet,
        payload: &str,
    ) -> Result<Option<String>, PortError> {
        let wallet = match wallet {
            DeviceWallet::ApplePay => "apple_pay",
            DeviceWallet::GooglePay => "google_pay",
        };
        let body = wire::WalletToken { wallet, payload };
        // A token that nobody uses is worth nothing, so asking again is harmless.
        let answer = self.processor.post(&["v1", "wallet-tokens"], &body).await;
        let answer = answer.map_err(unanswered_question)?;
        if answer.status == 422 && code(&answer) == "wallet_unreadable" {
            return Ok(None);
        }
        if !answer.is_success() {
            return Err(refused_question(&answer));
        }
        let made: wire::Token = answer.json().map_err(unreadable)?;
        Ok(Some(made.token))
    }

    fn stores_cards(&self) -> bool {
        true
    }

    async fn card_store(&self, reference: &str) -> Result<Option<CardStored>, PortError> {
        let answer = self
            .order(&[reference, "stored-card"], &wire::Nothing {})
            .await?;
        let refusals = ["not_storable", "not_found"];
        if matches!(answer.status, 404 | 409) && refusals.contains(&code(&answer).as_str()) {
            return Ok(None);
        }
        if !answer.is_success() {
            return Err(refused(&answer));
        }
        let read = answer.json().map_err(unreadable)?;
        map::stored(read).map(Some).map_err(unreadable)
    }

    async fn card_key(&self, card: &str) -> Result<Option<String>, PortError> {
        let path = ["v1", "stored-cards", card, "keys"];
        // A key that nobody uses is worth nothing, so asking again is harmless.
        let answer = self.processor.post(&path, &wire::Nothing {}).await;
        let answer = answer.map_err(unanswered_question)?;
        if answer.status == 404 && code(&answer) == "not_found" {
            return Ok(None);
        }
        if !answer.is_success() {
            return Err(refused_question(&answer));
        }
        let made: wire::StoredKey = answer.json().map_err(unreadable)?;
        Ok(Some(made.key))
    }

    async fn card_forget(&self, card: &str) -> Result<(), PortError> {
        let answer = self.processor.delete(&["v1", "stored-cards", card]).await;
        let answer = answer.map_err(unanswered_order)?;
        if !answer.is_success() {
            return Err(refused(&answer));
        }
        Ok(())
    }

    async fn authorise(&self, request: &AuthoriseRequest) -> Result<Authorisation, PortError> {
        let body = wire::Authorise {
            reference: &request.reference,
            token: &request.card_token,
            amount: map::amount(request.amount),
        };
        let answer = self.order(&[], &body).await?;
        if !answer.is_success() {
            return Err(refused(&answer));
        }
        let read = answer.json().map_err(unreadable)?;
        map::authorisation(&request.reference, read).map_err(unreadable)
    }

    async fn authorisation(&self, reference: &str) -> Result<Option<Authorisation>, PortError> {
        let path = ["v1", "authorisations", reference];
        let answer = self.processor.get(&path, &[]).await;
        let answer = answer.map_err(unanswered_question)?;
        // Only the processor itself may say that it never heard of a payment, not some host on
        // the way that has no such page.
        if answer.status == 404 && code(&answer) == "not_found" {
            return Ok(None);
        }
        if !answer.is_success() {
            return Err(refused_question(&answer));
        }
        let unreadable =
            |error: String| PortError::retry(PROVIDER, format!("unreadable: {error}")).answered();
        let read = answer
            .json()
            .map_err(|error| unreadable(error.to_string()))?;
        map::authorisation(reference, read)
            .map(Some)
            .map_err(|error| unreadable(error.to_string()))
    }

    async fn capture(&self, reference: &str, amount: Money) -> Result<CaptureState, PortError> {
        let body = wire::Capture {
            amount: map::amount(amount),
        };
        let answer = self.order(&[reference, "capture"], &body).await?;
        if answer.status == 409 && code(&answer) == "not_capturable" {
            return Ok(CaptureState::Refused);
        }
        let after = after(reference, &answer)?;
        map::capture(amount, &after).map_err(unreadable)
    }

    async fn void(&self, reference: &str) -> Result<VoidState, PortError> {
        let answer = self.order(&[reference, "void"], &wire::Nothing {}).await?;
        if answer.status == 409 {
            return Ok(VoidState::Refused);
        }
        Ok(map::void(&after(reference, &answer)?))
    }

    async fn refund(
        &self,
        reference: &str,
        refund_reference: &str,
        amount: Money,
    ) -> Result<RefundState, PortError> {
        let body = wire::Refund {
            refund_reference,
            amount: map::amount(amount),
        };
        let answer = self.order(&[reference, "refunds"], &body).await?;
        let refusals = ["not_captured", "refund_too_large"];
        if answer.status == 409 && refusals.contains(&code(&answer).as_str()) {
            return Ok(RefundState::Refused);
        }
        if !answer.is_success() {
            return Err(refused(&answer));
        }
        let read: wire::Refunded = answer.json().map_err(unreadable)?;
        if read.refund_reference != refund_reference {
            return Err(unreadable("it speaks of another refund"));
        }
        Ok(map::refund(&read.status))
    }

    async fn disputes(&self, reference: &str) -> Result<Vec<Dispute>, PortError> {
        let path = ["v1", "authorisations", reference, "disputes"];
        let answer = self.processor.get(&path, &[]).await;
        let answer = answer.map_err(unanswered_question)?;
        if !answer.is_success() {
            return Err(refused_question(&answer));
        }
        let unreadable =
            |error: String| PortError::retry(PROVIDER, format!("unreadable: {error}")).answered();
        let read = answer
            .json()
            .map_err(|error| unreadable(error.to_string()))?;
        map::disputes(read).map_err(|error| unreadable(error.to_string()))
    }

    async fn dispute_contest(&self, dispute: &str, evidence: &str) -> Result<(), PortError> {
        let path = ["v1", "disputes", dispute, "evidence"];
        let body = wire::Evidence { evidence };
        let answer = self.processor.post(&path, &body).await;
        told(&answer.map_err(unanswered_order)?)
    }

    async fn dispute_accept(&self, dispute: &str) -> Result<(), PortError> {
        let path = ["v1", "disputes", dispute, "accept"];
        let answer = self.processor.post(&path, &wire::Nothing {}).await;
        told(&answer.map_err(unanswered_order)?)
    }

    async fn report(&self, after: u64) -> Result<Vec<ReportLine>, PortError> {
        report(&self.processor, "report", after).await
    }
}

/// The lines of one of the processor's reports.
pub(super) async fn report(
    processor: &Configured,
    name: &str,
    after: u64,
) -> Result<Vec<ReportLine>, PortError> {
    let after = after.to_string();
    let query = [("after", after.as_str())];
    let answer = processor.get(&["v1", name], &query).await;
    let answer = answer.map_err(unanswered_question)?;
    if !answer.is_success() {
        return Err(refused_question(&answer));
    }
    let unreadable =
        |error: String| PortError::retry(PROVIDER, format!("unreadable: {error}")).answered();
    let read = answer
        .json()
        .map_err(|error| unreadable(error.to_string()))?;
    map::report(read).map_err(|error| unreadable(error.to_string()))
}

/// Where a payment is after a call that was carried out.
fn after(reference: &str, answer: &Answer) -> Result<AuthorisationState, PortError> {
    if !answer.is_success() {
        return Err(refused(answer));
    }
    let read = answer.json().map_err(unreadable)?;
    let read = map::authorisation(reference, read).map_err(unreadable)?;
    Ok(read.state)
}

/// The processor has what we say of a dispute, or had it before, or its bank has decided meanwhile.
fn told(answer: &Answer) -> Result<(), PortError> {
    if answer.is_success() || answer.status == 409 {
        return Ok(());
    }
    Err(refused(answer))
}

/// The call was carried out, but how it ended is not known.
fn unreadable(error: impl std::fmt::Display) -> PortError {
    PortError::in_doubt(PROVIDER, format!("unreadable answer: {error}")).answered()
}
