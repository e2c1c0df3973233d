//! Which installation this is, and the names that it gives to what it sends out.

use crate::{ApiError, Engine};
use hmac::{Hmac, Mac};
use proof_core::{
    Entropy, Timestamp,
    id::{IntentId, OrderId, uuid_v7},
    secret::Secret,
    time::random,
};
use proof_store::{Db, Failure, Installation};
use sha2::{Digest, Sha256};
use uuid::Uuid;

pub(crate) async fn load_or_make(
    db: &Db,
    now: Timestamp,
    entropy: &dyn Entropy,
) -> Result<Installation, ApiError> {
    let id = uuid_v7(now, entropy);
    let secret = Secret::new(hex_of(&random::<32>(entropy)));
    db.write(
        "installation_load_or_make",
        move |tx: &mut proof_store::Tx| {
            let secret = secret.clone();
            Box::pin(async move {
                if let Some(installation) = tx.installation_load().await? {
                    return Ok(installation);
                }
                tx.installation_insert(id, &secret, now).await?;
                Ok::<_, Failure<ApiError>>(Installation {
                    id,
                    secret,
                    epoch: 1,
                })
            })
        },
    )
    .await
    .map_err(ApiError::from)
}

pub(crate) fn hex_of(bytes: &[u8]) -> String {
    use std::fmt::Write as _;
    bytes
        .iter()
        .fold(String::with_capacity(bytes.len() * 2), |mut text, byte| {
            let _infallible = write!(text, "{byte:02x}");
            text
        })
}

impl Engine {
    /// Our reference for one attempt of one leg: never random, so that a repeat, even after a
    /// restore, is the same request.
    pub(crate) fn reference(&self, order: OrderId, leg: &str, attempt: u32) -> String {
        format!(
            "{}-{}-{leg}-{attempt}",
            self.installation.id.simple(),
            order.uuid().simple()
        )
    }

    /// The order that one of our references is about; `None` if it is none of ours.
    pub(crate) fn order_of_reference(&self, reference: &str) -> Option<OrderId> {
        let own = format!("{}-", self.installation.id.simple());
        let (order, _) = reference.strip_prefix(&own)?.split_once('-')?;
        Uuid::try_parse(order).ok().map(OrderId::from_uuid)
    }

    pub(crate) fn intent(&self, order: OrderId, leg: &str, attempt: u32) -> IntentId {
        let digest = Sha256::digest(self.reference(order, leg, attempt).as_bytes());
        let mut bytes = [0; 16];
        bytes
            .iter_mut()
            .zip(digest)
            .for_each(|(to, from)| *to = from);
        IntentId::from_uuid(Uuid::from_bytes(bytes))
    }

    /// The token that opens the widget for an order: derived, so that an idempotent repeat of the
    /// session call can show it again although only its hash is stored.
    pub(crate) fn init_token(&self, order: OrderId) -> Result<String, ApiError> {
        let key = self.installation.secret.expose_secret().as_bytes();
        let mut mac = Hmac::<Sha256>::new_from_slice(key).map_err(ApiError::internal)?;
        mac.update(b"init_token/1");
        mac.update(order.uuid().as_bytes());
        Ok(format!("it_{}", hex_of(&mac.finalize().into_bytes())))
    }
}
