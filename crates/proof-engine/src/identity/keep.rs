//! A new attempt that begins with what was good of the one before, of the same order and no other.

use crate::{ApiError, Engine, order::gone};
use proof_core::{
    identity::{KeptPart, Verification},
    order::State,
    partner::Environment,
};
use proof_store::{Failure, Topic, Tx};

/// An attempt that is saved, and the one before of the same order.
#[derive(Clone)]
pub(super) struct Begun {
    pub former: Option<Verification>,
    pub verification: Verification,
    pub environment: Environment,
}

fn put_into(fresh: Verification, former: &Verification, part: KeptPart) -> Verification {
    let kept = Some(part);
    match part {
        KeptPart::Document => Verification {
            received: former.received.clone(),
            kept,
            ..fresh
        },
        // The film shows what was asked for then.
        KeptPart::Selfie => Verification {
            challenge: former.challenge.clone(),
            kept,
            ..fresh
        },
    }
}

/// Whether an attempt is as it began, but for a document that was sent at once beside the selfie.
fn is_untouched(present: &Verification, fresh: &Verification, part: KeptPart) -> bool {
    match part {
        KeptPart::Document => present == fresh,
        KeptPart::Selfie => {
            let received = fresh.received.clone();
            Verification {
                received,
                ..present.clone()
            } == *fresh
        }
    }
}

impl Engine {
    /// Asks the provider to take over what it may. Where that fails, everything is taken anew.
    pub(super) async fn identity_keep(&self, begun: Begun) -> Result<(), ApiError> {
        let Begun {
            former,
            verification,
            environment,
        } = begun;
        let found = former.and_then(|former| Some((former.keeps()?, former)));
        let Some((part, former)) = found else {
            return Ok(());
        };
        if verification.document.is_none() {
            return Ok(());
        }
        if part == KeptPart::Document && former.document != verification.document {
            return Ok(());
        }
        let from = self.identity_reference(&former);
        let reference = self.identity_reference(&verification);
        let identity = &self.rails(environment)?.identity;
        match identity.keep(&from, &reference, part).await {
            Ok(true) => self.kept_save(verification, former, part).await,
            Ok(false) => Ok(()),
            Err(error) => {
                tracing::warn!("what was good of an attempt is taken anew: {error}");
                // Half a film would be mixed with the next one.
                if let Err(error) = identity.erase(&reference).await {
                    tracing::warn!("what was taken over of an attempt stays with it: {error}");
                }
                Ok(())
            }
        }
    }

    /// Another tab may have gone on with the attempt meanwhile, or begun another: then it stays as it is.
    async fn kept_save(
        &self,
        verification: Verification,
        former: Verification,
        part: KeptPart,
    ) -> Result<(), ApiError> {
        self.db
            .write("identity_kept", move |tx: &mut Tx| {
                let (fresh, former) = (verification.clone(), former.clone());
                Box::pin(async move {
                    let order = tx.order_lock(fresh.order).await?.ok_or_else(gone)?.order;
                    let latest = tx.verification_latest(order.customer).await?;
                    let untouched = latest.filter(|v| is_untouched(&v.verification, &fresh, part));
                    let (State::Created, Some(stored)) = (&order.state, untouched) else {
                        return Ok(());
                    };
                    let kept = put_into(stored.verification, &former, part);
                    tx.verification_save(&kept, stored.version).await?;
                    tx.wake(Topic::Order(order.id));
                    Ok::<_, Failure<ApiError>>(())
                })
            })
            .await
            .map_err(ApiError::from)
    }
}
