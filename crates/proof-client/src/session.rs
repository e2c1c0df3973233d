//! A session: one transaction, and everything that the widget needs to run it.

use crate::{
    client::{Call, Client},
    error::Error,
    wire::OrderType,
};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use std::fmt;

/// What to ask for. Five fields are required; name the rest as you need it:
///
/// ```
/// use proof_client::SessionRequest;
/// let request = SessionRequest {
///     partner_user_id: "user-42".into(),
///     user_email: "ann@example.com".into(),
///     network: "TRC20".into(),
///     currency: "USDT".into(),
///     amount: "100".into(),
///     client_ip: Some("203.0.113.7".into()),
///     ..SessionRequest::default()
/// };
/// ```
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct SessionRequest {
    /// Your own, stable id of the user.
    pub partner_user_id: String,
    pub user_email: String,
    pub network: String,
    pub currency: String,
    /// The amount of crypto as a decimal string, never a float.
    pub amount: String,
    #[serde(rename = "type", skip_serializing_if = "Option::is_none")]
    pub order_type: Option<OrderType>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub redirect_url: Option<String>,
    /// The user's address as your backend saw it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub client_ip: Option<String>,
    /// The user's wallet, for partners whose users bring their own.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub address: Option<String>,
}

/// The answer, kept as it came. Serialize it to the page unchanged: it is signed, and the widget
/// refuses parameters that differ.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "Map<String, Value>", into = "Map<String, Value>")]
pub struct Session {
    parameters: Map<String, Value>,
    merchant_transaction_id: String,
}

impl Session {
    /// Store it with your order: polling, watching and webhooks all use it.
    pub fn merchant_transaction_id(&self) -> &str {
        &self.merchant_transaction_id
    }

    /// Where a buy goes. Never the address to which a seller deposits.
    pub fn address(&self) -> Option<&str> {
        self.parameter("address")?.as_str()
    }

    /// Any other parameter of the answer, by its name in the contract.
    pub fn parameter(&self, name: &str) -> Option<&Value> {
        self.parameters.get(name)
    }
}

impl TryFrom<Map<String, Value>> for Session {
    type Error = &'static str;

    fn try_from(parameters: Map<String, Value>) -> Result<Self, Self::Error> {
        let id = parameters
            .get("merchant_transaction_id")
            .and_then(Value::as_str);
        Ok(Self {
            merchant_transaction_id: id.ok_or("no merchant_transaction_id")?.to_owned(),
            parameters,
        })
    }
}

impl From<Session> for Map<String, Value> {
    fn from(session: Session) -> Self {
        session.parameters
    }
}

/// The `init_token` in it opens the widget, so a log gets the id and no more.
impl fmt::Debug for Session {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Session")
            .field("merchant_transaction_id", &self.merchant_transaction_id)
            .finish_non_exhaustive()
    }
}

impl Client {
    /// Makes a session under an idempotency key of its own: however often the network makes this
    /// call try, there is one transaction.
    pub async fn session_create(&self, request: &SessionRequest) -> Result<Session, Error> {
        let mut bytes = [0; 16];
        self.host().fill(&mut bytes).map_err(|error| {
            Error::configuration(format!("the system gives no random bytes: {error}"))
        })?;
        let key = format!("{:032x}", u128::from_be_bytes(bytes));
        self.session_create_keyed(request, &key).await
    }

    /// The same under your key, at most 255 characters. With your order's id in it, there is one
    /// transaction for the order even when your process dies in the middle and asks once more.
    pub async fn session_create_keyed(
        &self,
        request: &SessionRequest,
        idempotency_key: &str,
    ) -> Result<Session, Error> {
        let plain = idempotency_key
            .bytes()
            .all(|byte| byte.is_ascii_graphic() || byte == b' ');
        if idempotency_key.trim().is_empty() || idempotency_key.len() > 255 || !plain {
            return Err(Error::field(
                "Idempotency-Key",
                "an idempotency key has 1 to 255 printable ASCII characters",
            ));
        }
        let body = serde_json::to_string(request)
            .map_err(|error| Error::field("body", error.to_string()))?;
        let call =
            Call::post("/widget/session", body).header("idempotency-key", Some(idempotency_key));
        self.call(&call).await
    }
}
