//! Transactions as they are now.

use crate::{
    client::{Call, Client},
    error::Error,
    wire::{OrderType, Page, Status, segment},
};
use http::{StatusCode, header};
use serde::{Deserialize, Serialize};

/// One transaction. Amounts are decimal strings, empty while unknown; times are ISO 8601, UTC.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Transaction {
    pub merchant_transaction_id: String,
    #[serde(default)]
    pub partner_user_id: String,
    #[serde(default, rename = "type")]
    pub order_type: OrderType,
    pub status: Status,
    #[serde(default)]
    pub currency: String,
    #[serde(default)]
    pub network: String,
    #[serde(default)]
    pub crypto_amount: String,
    #[serde(default)]
    pub fiat_currency: String,
    #[serde(default)]
    pub fiat_amount: String,
    #[serde(default)]
    pub created_at: String,
    /// Moves with the status only.
    #[serde(default)]
    pub updated_at: String,
    /// Grows with every event of this transaction, so that older news can be told from newer.
    #[serde(default)]
    pub sequence: Option<u64>,
}

/// Which transactions, newest first. Empty: all of them.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct TransactionQuery {
    /// 1 to 100.
    pub limit: Option<u32>,
    /// The `next_cursor` of the page before.
    pub after: Option<String>,
    pub status: Option<Status>,
    pub order_type: Option<OrderType>,
    pub currency: Option<String>,
    pub network: Option<String>,
    pub partner_user_id: Option<String>,
    pub created_from: Option<String>,
    pub created_to: Option<String>,
}

/// What a long poll brings.
pub(crate) enum Look {
    Same,
    Changed {
        transaction: Box<Transaction>,
        /// Passed to the next look.
        etag: Option<String>,
    },
}

impl Client {
    pub async fn transaction(&self, merchant_transaction_id: &str) -> Result<Transaction, Error> {
        self.call(&Call::get(path(merchant_transaction_id)?)).await
    }

    pub async fn transaction_list(
        &self,
        query: &TransactionQuery,
    ) -> Result<Page<Transaction>, Error> {
        let call = Call::get("/widget/transactions")
            .query("limit", query.limit)
            .query("after", query.after.as_ref())
            .query("status", query.status.as_ref())
            .query("type", query.order_type.as_ref())
            .query("currency", query.currency.as_ref())
            .query("network", query.network.as_ref())
            .query("partner_user_id", query.partner_user_id.as_ref())
            .query("created_from", query.created_from.as_ref())
            .query("created_to", query.created_to.as_ref());
        self.call(&call).await
    }

    /// One try, held by the server until the transaction is no longer what `etag` stands for.
    pub(crate) async fn transaction_look(
        &self,
        id: &str,
        etag: Option<&str>,
        wait_seconds: u32,
    ) -> Result<Look, Error> {
        let call = Call::get(path(id)?)
            .header("if-none-match", etag)
            .wait(etag.map_or(0, |_| wait_seconds));
        let answer = self.call_once(&call).await?;
        if answer.status == StatusCode::NOT_MODIFIED {
            return Ok(Look::Same);
        }
        let etag = answer.headers.get(header::ETAG);
        Ok(Look::Changed {
            etag: etag.and_then(|etag| Some(etag.to_str().ok()?.to_owned())),
            transaction: Box::new(answer.json()?),
        })
    }
}

fn path(id: &str) -> Result<String, Error> {
    let id = segment("merchant_transaction_id", id)?;
    Ok(format!("/widget/transactions/{id}"))
}
