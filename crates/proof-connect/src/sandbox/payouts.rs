//! Payouts to cards.

use super::{
    PROVIDER, code, map, refused, refused_question, unanswered_order, unanswered_question, wire,
};
use proof_outbound::{Answer, Configured};
use proof_port::{PayoutCard, PayoutRequest, PayoutState, Payouts, PortError, ReportLine};

pub struct SandboxPayouts {
    processor: Configured,
}

impl SandboxPayouts {
    pub fn new(processor: Configured) -> Self {
        Self { processor }
    }
}

#[async_trait::async_trait]
impl Payouts for SandboxPayouts {
    fn provider(&self) -> &'static str {
        PROVIDER
    }

    async fn keep(&self, card_token: &str) -> Result<Option<PayoutCard>, PortError> {
        let body = wire::Keep { token: card_token };
        let path = ["v1", "payout-cards"];
        // The same token gives the same card, so asking again is harmless.
        let answer = self.processor.post(&path, &body).await;
        let answer = answer.map_err(unanswered_question)?;
        if answer.status == 422 && code(&answer) == "token_invalid" {
            return Ok(None);
        }
        if !answer.is_success() {
            return Err(refused_question(&answer));
        }
        let kept: wire::Kept = answer.json().map_err(unreadable)?;
        Ok(Some(PayoutCard {
            id: kept.id,
            card: map::card(kept.card),
        }))
    }

    async fn pay(&self, request: &PayoutRequest) -> Result<PayoutState, PortError> {
        let body = wire::Pay {
            reference: &request.reference,
            card_id: &request.card_id,
            amount: map::amount(request.amount),
        };
        let answer = self.processor.post(&["v1", "payouts"], &body).await;
        let answer = answer.map_err(unanswered_order)?;
        if !answer.is_success() {
            return Err(refused(&answer));
        }
        let in_doubt = |error: String| PortError::in_doubt(PROVIDER, error).answered();
        state(request, &answer).map_err(in_doubt)
    }

    async fn payout(&self, request: &PayoutRequest) -> Result<Option<PayoutState>, PortError> {
        let path = ["v1", "payouts", &request.reference];
        let answer = self.processor.get(&path, &[]).await;
        let answer = answer.map_err(unanswered_question)?;
        // Only the processor itself may say that it never heard of a payout.
        if answer.status == 404 && code(&answer) == "not_found" {
            return Ok(None);
        }
        if !answer.is_success() {
            return Err(refused_question(&answer));
        }
        state(request, &answer).map(Some).map_err(unreadable)
    }

    async fn report(&self, after: u64) -> Result<Vec<ReportLine>, PortError> {
        super::payments::report(&self.processor, "payout-report", after).await
    }
}

/// An answer about another payout is no answer about this one.
fn state(request: &PayoutRequest, answer: &Answer) -> Result<PayoutState, String> {
    let read: wire::Payout = answer.json().map_err(|error| error.to_string())?;
    let asked = map::amount(request.amount);
    if read.reference != request.reference || read.amount != asked {
        return Err("it speaks of another payout".to_owned());
    }
    Ok(map::payout(&read))
}

fn unreadable(error: impl std::fmt::Display) -> PortError {
    PortError::retry(PROVIDER, format!("unreadable answer: {error}")).answered()
}
