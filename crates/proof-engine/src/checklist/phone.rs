//! What phones show: their camera, their wallets, and the tab of an app. Browsers say what they are; nobody
//! else does.

use super::{SEEN_MAX, Seen};
use crate::{ApiError, Engine, refusal::lock};
use proof_core::{
    checklist::{Kind, Observation},
    id::OrderId,
    order::Order,
    payment::PaymentMethod,
};
use proof_store::{Failure, Tx};

/// Phones, by their browsers' names.
const IOS: &str = "ios";
const ANDROID: &str = "android";
const ANDROID_TAB: &str = "android tab";

fn platform(user_agent: &str) -> Option<&'static str> {
    match user_agent {
        agent if agent.contains("Android") => Some(ANDROID),
        agent if agent.contains("iPhone") || agent.contains("iPad") => Some(IOS),
        _ => None,
    }
}

/// On which phone this order's payment was begun, where that phone has the wallet that paid.
pub(super) async fn wallet_begun(
    tx: &mut Tx,
    order: &Order,
) -> Result<Option<&'static str>, Failure<ApiError>> {
    let phones: &[&str] = match order.method {
        PaymentMethod::Card => &[],
        PaymentMethod::ApplePay => &[IOS],
        PaymentMethod::GooglePay => &[ANDROID, ANDROID_TAB],
    };
    let seen = tx.observation_list(order.partner, order.environment, SEEN_MAX);
    let mut begun = seen
        .await?
        .into_iter()
        .filter(|seen| seen.kind == Kind::WalletBegun && seen.order == Some(order.id));
    let begun = begun.find_map(|seen| phones.iter().find(|phone| **phone == seen.subject));
    Ok(begun.copied())
}

impl Engine {
    /// An app has opened the hosted page in a tab of the person's browser: a web view names no app.
    pub(crate) fn observe_custom_tab(&self, order: &Order) {
        self.observe(Seen {
            subject: ANDROID.to_owned(),
            order: Some(order.id),
            ..Seen::new(order.partner, order.environment, Kind::CustomTab)
        });
    }

    /// A picture came from a phone's browser, by its user agent.
    pub async fn observe_camera(&self, order: OrderId, user_agent: &str) -> Result<(), ApiError> {
        let Some(platform) = platform(user_agent) else {
            return Ok(());
        };
        let order = self.order_load(order).await?.order;
        self.observe(Seen {
            subject: platform.to_owned(),
            order: Some(order.id),
            ..Seen::new(order.partner, order.environment, Kind::Camera)
        });
        Ok(())
    }

    /// A payment is about to be begun with a phone's own wallet. It is written at once: whether it went
    /// through is known in another transaction, and perhaps to another process.
    pub async fn observe_wallet(&self, order: OrderId, user_agent: &str) -> Result<(), ApiError> {
        let Some(platform) = platform(user_agent) else {
            return Ok(());
        };
        let order = self.order_load(order).await?.order;
        let subject = match platform {
            ANDROID if self.was_in_tab(&order).await? => ANDROID_TAB,
            other => other,
        };
        let now = self.now();
        let begun = Observation {
            kind: Kind::WalletBegun,
            subject: subject.to_owned(),
            first_at: now,
            last_at: now,
            request_id: String::new(),
            note: String::new(),
            order: Some(order.id),
        };
        let (partner, environment) = (order.partner, order.environment);
        self.db
            .write("wallet_begun", move |tx: &mut Tx| {
                let begun = begun.clone();
                Box::pin(async move {
                    tx.observation_add(partner, environment, &begun).await?;
                    Ok::<_, Failure<ApiError>>(())
                })
            })
            .await
            .map_err(ApiError::from)
    }

    /// Whether an app has opened this order's page; of the orders that apps opened the last one is known.
    async fn was_in_tab(&self, order: &Order) -> Result<bool, ApiError> {
        let (id, environment, tab) = (order.partner, order.environment, Kind::CustomTab);
        let key = (id, environment, tab, ANDROID.to_owned());
        let noted = lock(&self.notes.seen)
            .get(&key)
            .map(|note| note.observation.order);
        if let Some(noted) = noted {
            return Ok(noted == Some(order.id));
        }
        let seen = self
            .db
            .read("custom_tab", move |tx: &mut Tx| {
                Box::pin(async move {
                    let seen = tx.observation_list(id, environment, SEEN_MAX).await?;
                    Ok::<_, Failure<ApiError>>(seen)
                })
            })
            .await?;
        Ok(seen
            .iter()
            .any(|seen| seen.kind == tab && seen.order == Some(order.id)))
    }
}
