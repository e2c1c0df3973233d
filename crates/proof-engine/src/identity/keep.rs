//! A new attempt that begins with what was good of the one before, of the same order and no other.

use crate::{ApiError, Engine, order::gone};
use proof_core::{
    id::{OrderId, VerificationId},
    identity::{Challenge, DocumentKind, DocumentSide, KeptPart, Verification},
};
use proof_store::{Failure, Tx};
use std::collections::BTreeSet;

/// What the provider has taken over already.
#[derive(Clone, Debug)]
pub(super) struct KeptFrom {
    pub former: VerificationId,
    part: KeptPart,
    challenge: Challenge,
    received: BTreeSet<DocumentSide>,
}

impl KeptFrom {
    pub fn put_into(self, fresh: Verification) -> Verification {
        let kept = Some(self.part);
        match self.part {
            KeptPart::Document => Verification {
                received: self.received,
                kept,
                ..fresh
            },
            // The film shows what was asked for then.
            KeptPart::Selfie => Verification {
                challenge: self.challenge,
                kept,
                ..fresh
            },
        }
    }
}

impl Engine {
    /// Asks the provider to take over what it may. `None`: everything is taken anew.
    pub(super) async fn identity_keep(
        &self,
        id: OrderId,
        document: Option<DocumentKind>,
        fresh: VerificationId,
    ) -> Result<Option<KeptFrom>, ApiError> {
        let (former, environment) = self
            .db
            .read("identity_former", move |tx: &mut Tx| {
                Box::pin(async move {
                    let order = tx.order_work(id).await?.ok_or_else(gone)?.order;
                    let latest = tx.verification_latest(order.customer).await?;
                    let latest = latest.map(|stored| stored.verification);
                    let of_this = latest.filter(|v| v.order == id);
                    Ok::<_, Failure<ApiError>>((of_this, order.environment))
                })
            })
            .await?;
        let found = former.and_then(|former| Some((former.keeps()?, former)));
        let Some((part, former)) = found else {
            return Ok(None);
        };
        if part == KeptPart::Document && former.document != document {
            return Ok(None);
        }
        let from = self.identity_reference(&former);
        let kept = KeptFrom {
            former: former.id,
            part,
            challenge: former.challenge.clone(),
            received: former.received.clone(),
        };
        let next = Verification {
            id: fresh,
            try_number: former.try_number.saturating_add(1),
            ..former
        };
        let reference = self.identity_reference(&next);
        let identity = &self.rails(environment)?.identity;
        let is_kept = identity.keep(&from, &reference, part).await?;
        Ok(is_kept.then_some(kept))
    }
}
