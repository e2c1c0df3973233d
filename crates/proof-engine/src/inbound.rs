//! What providers say by themselves: a hint to look at an order now instead of at its next poll.
//!
//! Nothing in a callback is believed but whose it is. It may come twice, late, or before the answer
//! to the call that it is about: the worker asks under our own reference, as it would have anyway.

use crate::{ApiError, Engine, claim::claims_look};
use proof_core::{
    ErrorCode,
    id::{JobId, OrderId},
    order::{Order, PublicStatus},
};
use proof_port::{CallbackCall, Payments};
use proof_store::{Failure, JobKind, Tx};
use std::sync::Arc;
use uuid::Uuid;

impl Engine {
    /// Takes a card processor's callback. Once this returns, the look is committed; before that the
    /// provider is told to send it again.
    pub async fn inbound_payment(
        &self,
        provider: &str,
        headers: &[(String, String)],
        body: &[u8],
    ) -> Result<(), ApiError> {
        let now = self.now();
        let rails = [&self.test_rails, &self.live_rails];
        let rails = rails.into_iter().flatten().map(|rails| &rails.payments);
        // One provider may serve both worlds, each with a key of its own.
        let mut own = rails.filter(|payments| payments.provider() == provider);
        let first = own.next().ok_or_else(|| ApiError::not_found("provider"))?;
        let believe =
            |payments: &Arc<dyn Payments>| payments.callback(CallbackCall { headers, body, now });
        let believed = own.fold(believe(first), |said, other| {
            said.or_else(|_| believe(other))
        });
        let callback = believed.map_err(|refusal| {
            let message = format!("The callback is not believed: {refusal}.");
            ApiError::new(ErrorCode::InvalidToken, message)
        })?;
        // Another installation's, perhaps of the same provider account: taken, so that it is not
        // sent for ever.
        let Some(order) = self.reference_order(&callback.reference) else {
            tracing::warn!("a callback is about nothing of ours");
            return Ok(());
        };
        let [job, look] = [(); 2].map(|()| JobId::new(now, self.entropy.as_ref()));
        self.db
            .write("inbound_payment", move |tx: &mut Tx| {
                Box::pin(async move {
                    look_now(tx, order, job, now).await?;
                    // Once money was taken it may be disputed; after the end it may be taken late.
                    match tx.order_work(order).await? {
                        Some(stored) if is_past_payment(&stored.order) => {
                            claims_look(tx, &stored.order, look, now).await
                        }
                        Some(_) | None => Ok(()),
                    }
                })
            })
            .await
            .map_err(|failure| ApiError {
                code: ErrorCode::PublishFailed,
                ..ApiError::from(failure)
            })
    }

    /// The order that a reference of ours is about.
    fn reference_order(&self, reference: &str) -> Option<OrderId> {
        let mut parts = reference.split('-');
        let installation = parts.next()?;
        let own = installation == self.installation.id.simple().to_string();
        let order = Uuid::try_parse(parts.next()?).ok()?;
        own.then(|| OrderId::from_uuid(order))
    }
}

fn is_past_payment(order: &Order) -> bool {
    order.status() != PublicStatus::Pending
}

/// Has the worker look at an order, unless it has ended or never was.
pub(crate) async fn look_now(
    tx: &mut Tx,
    order: OrderId,
    job: JobId,
    now: proof_core::Timestamp,
) -> Result<(), Failure<ApiError>> {
    let stored = tx.order_lock(order).await?;
    if stored.is_some_and(|stored| !stored.order.state.is_terminal()) {
        tx.job_upsert(job, JobKind::Order, order.uuid(), now)
            .await?;
    }
    Ok(())
}
