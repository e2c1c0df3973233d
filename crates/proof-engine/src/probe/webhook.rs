//! What a partner's webhook does with an event that it knows, and with one that nobody sent.

use crate::{ApiError, Engine, delivery::guard, signature::webhook_signature};
use proof_core::{
    Timestamp,
    id::{EventId, PartnerId},
    partner::Environment,
};
use proof_outbound::{PartnerCall, PartnerReply};
use proof_store::{DeliveryRow, EndpointRow, Failure, Tx};
use serde::Deserialize;
use serde_json::Value;
use url::Url;

const SANDBOX: Environment = Environment::Test;

/// What a shop answers at its status address.
#[derive(Deserialize)]
struct Effects {
    effects: u64,
}

/// What a shop's webhook did with an event whose signature is another one's.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Forged {
    Refused(u16),
    Taken(u16),
}

fn is_well(status: u16) -> bool {
    (200..300).contains(&status)
}

/// The same event about the same order, with another status: nothing that a shop could have heard so.
fn tampered(body: &str) -> Option<String> {
    let mut event: Value = serde_json::from_str(body).ok()?;
    let status = event.get_mut("status")?;
    let other = if status == "pending" {
        "processing"
    } else {
        "pending"
    };
    *status = Value::from(other);
    serde_json::to_string(&event).ok()
}

impl Engine {
    pub(super) async fn probe_endpoint(
        &self,
        partner: PartnerId,
    ) -> Result<Option<EndpointRow>, ApiError> {
        let found = self.db.read("probe_endpoint", move |tx: &mut Tx| {
            Box::pin(async move {
                let endpoint = tx.endpoint_of_partner(partner, SANDBOX).await?;
                Ok::<_, Failure<ApiError>>(endpoint)
            })
        });
        found.await.map_err(ApiError::from)
    }

    /// How often an event had an effect, by the shop's own word. `None`: it does not say.
    pub(super) async fn probe_effects(
        &self,
        endpoint: &EndpointRow,
        event: EventId,
    ) -> Option<u64> {
        let mut url = Url::parse(endpoint.status_url.as_ref()?).ok()?;
        url.query_pairs_mut()
            .append_pair("event_id", &event.to_string());
        let reply = self.outbound.partner(guard(SANDBOX)).get(url).await.ok()?;
        let said: Option<Effects> = serde_json::from_str(&reply.body_start).ok();
        said.filter(|_| is_well(reply.status))
            .map(|said| said.effects)
    }

    /// An event that this shop took before, changed on its way. `None`: the shop gave no answer.
    pub(super) async fn probe_forge(
        &self,
        endpoint: &EndpointRow,
        taken: &DeliveryRow,
    ) -> Option<Forged> {
        let body = tampered(&taken.body)?;
        // Receivers compare the stamp with their own clocks.
        let now = self.real_now();
        let id = EventId::new(now, self.entropy.as_ref());
        let reply = self
            .probe_send(endpoint, (id, now), &taken.body, body)
            .await?;
        Some(match reply.status {
            status if is_well(status) => Forged::Taken(status),
            status => Forged::Refused(status),
        })
    }

    /// With the signature of what was meant on what is sent.
    async fn probe_send(
        &self,
        endpoint: &EndpointRow,
        (id, now): (EventId, Timestamp),
        signed: &str,
        sent: String,
    ) -> Option<PartnerReply> {
        let (id, keys) = (id.to_string(), self.webhook_keys(SANDBOX));
        let secrets = [&endpoint.secret];
        let signature = webhook_signature(&secrets, &keys, &id, now, signed).ok()?;
        let call = PartnerCall {
            url: Url::parse(&endpoint.url).ok()?,
            headers: vec![
                ("content-type".to_owned(), "application/json".to_owned()),
                ("webhook-id".to_owned(), id),
                ("webhook-timestamp".to_owned(), now.seconds().to_string()),
                ("webhook-signature".to_owned(), signature),
            ],
            body: sent.into_bytes(),
        };
        self.outbound.partner(guard(SANDBOX)).post(call).await.ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_status_is_another_one() {
        let changed = tampered(r#"{"status":"completed","type":"buy"}"#).unwrap();
        let changed: Value = serde_json::from_str(&changed).unwrap();
        assert_eq!(
            changed,
            serde_json::json!({ "status": "pending", "type": "buy" })
        );
        assert!(
            tampered(r#"{"status":"pending"}"#)
                .unwrap()
                .contains("processing")
        );
        assert_eq!(tampered(r#"{"type":"test"}"#), None);
        assert_eq!(tampered("no event"), None);
    }
}
