//! The check on another device: a link on one screen, a visit that may do nothing else on the other.

use crate::{
    ApiError, Engine, LookShown, View, VisitOpened, error::refused, installation::hex_of,
    order::gone,
};
use proof_core::{
    ErrorCode,
    handover::{Handover, HandoverRefusal},
    id::OrderId,
    order::{Refusal, State},
    partner::Partner,
    token::TokenHash,
};
use proof_store::{Failure, Topic, Tx};
use serde::Serialize;
use uuid::Uuid;

/// What the first device shows.
#[derive(Clone, Debug, Serialize)]
pub struct HandoverBegun {
    /// Stands in the address that the other device opens, and nowhere else.
    pub token: String,
    pub view: View,
}

/// What the page of a link shows before anybody has opened it.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct HandoverPage {
    pub partner: Option<String>,
    /// Of that partner, who hears of what the browser refuses in the page.
    pub widget: Option<Uuid>,
    pub is_open: bool,
    pub look: LookShown,
}

/// Which device speaks.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Device {
    /// It may do everything that the order's user may.
    First,
    /// It may do the identity check, and see no more than that needs.
    Other,
}

fn refusal(refused: HandoverRefusal) -> ApiError {
    match refused {
        HandoverRefusal::Over => ApiError::new(
            ErrorCode::InvalidToken,
            "This link was used, or is too old; show another on the first device.",
        ),
        HandoverRefusal::Exhausted => ApiError::new(
            ErrorCode::AttemptsExhausted,
            "This order gives no more links; go on where you are.",
        ),
    }
}

fn over() -> Failure<ApiError> {
    refused(refusal(HandoverRefusal::Over))
}

impl Engine {
    /// A link for another device; the former one is worth nothing from now on.
    pub async fn handover_begin(&self, id: OrderId) -> Result<HandoverBegun, ApiError> {
        let token = format!("hl_{}", hex_of(&self.random::<32>()));
        let (link, now) = (TokenHash::of(&token), self.now());
        self.db
            .write("handover_begin", move |tx: &mut Tx| {
                Box::pin(async move {
                    let former = handover_locked(tx, id).await?;
                    let begun = Handover::begin(former, link, now);
                    let begun = begun.map_err(|error| refused(refusal(error)))?;
                    tx.handover_save(id, &begun).await?;
                    tx.wake(Topic::Order(id));
                    Ok::<_, Failure<ApiError>>(())
                })
            })
            .await?;
        let view = self.view(id).await?;
        Ok(HandoverBegun { token, view })
    }

    /// The first device goes on by itself, and the other one's visit is over.
    pub async fn handover_end(&self, id: OrderId) -> Result<View, ApiError> {
        self.db
            .write("handover_end", move |tx: &mut Tx| {
                Box::pin(async move {
                    if let Some(former) = handover_locked(tx, id).await? {
                        tx.handover_save(id, &former.end()).await?;
                        tx.wake(Topic::Order(id));
                    }
                    Ok::<_, Failure<ApiError>>(())
                })
            })
            .await?;
        self.view(id).await
    }

    /// Looking uses nothing up: cameras show what is behind a code before it is opened.
    pub async fn handover_page(&self, token: &str) -> Result<HandoverPage, ApiError> {
        let (link, now) = (TokenHash::of(token), self.now());
        let found = self
            .db
            .read("handover_page", move |tx: &mut Tx| {
                Box::pin(async move {
                    let Some((order, handover)) = tx.handover_by_link(link).await? else {
                        return Ok(None);
                    };
                    if handover.open(link, now).is_err() {
                        return Ok(None);
                    }
                    let order = tx.order_work(order).await?.ok_or_else(gone)?.order;
                    let partner = tx.partner_load(order.partner).await?.ok_or_else(gone)?;
                    let look = LookShown::new(&partner, tx.look_load(partner.id).await?);
                    Ok::<_, Failure<ApiError>>(Some((partner, look)))
                })
            })
            .await?;
        let is_open = found.is_some();
        let (partner, look) = found.unzip();
        Ok(HandoverPage {
            widget: partner.as_ref().map(|partner: &Partner| partner.widget_id),
            partner: partner.map(|partner| partner.name),
            is_open,
            look: look.unwrap_or_default(),
        })
    }

    /// Uses the link up.
    pub async fn handover_open(&self, token: &str) -> Result<VisitOpened, ApiError> {
        let (link, now) = (TokenHash::of(token), self.now());
        let visit_token = self.visit_token();
        let visit = TokenHash::of(&visit_token);
        let order = self
            .db
            .write("handover_open", move |tx: &mut Tx| {
                Box::pin(async move {
                    let found = tx.handover_by_link(link).await?;
                    let (id, _) = found.ok_or_else(over)?;
                    // Another may have taken its place before the order was locked.
                    let latest = handover_locked(tx, id).await?;
                    let latest = latest.filter(|latest| latest.link.matches(&link));
                    let open = latest.ok_or_else(over)?.open(visit, now);
                    let open = open.map_err(|error| refused(refusal(error)))?;
                    tx.handover_save(id, &open).await?;
                    tx.wake(Topic::Order(id));
                    Ok::<_, Failure<ApiError>>(id)
                })
            })
            .await?;
        Ok(VisitOpened {
            visit_token,
            view: self.view(order).await?.of(Device::Other),
            findings: Vec::new(),
        })
    }

    /// The order whose identity check this bearer may go on with.
    pub async fn visit_identity(
        &self,
        bearer: Option<&str>,
    ) -> Result<(OrderId, Device), ApiError> {
        let known = self.visit_order(bearer).await;
        let refused = match known {
            Ok(order) => return Ok((order, Device::First)),
            Err(refused) if refused.code == ErrorCode::InvalidToken => refused,
            Err(error) => return Err(error),
        };
        let (visit, now) = (TokenHash::of(bearer.unwrap_or_default()), self.now());
        let found = self
            .db
            .read("visit_identity", move |tx: &mut Tx| {
                Box::pin(async move {
                    let found = tx.handover_by_visit(visit).await?;
                    let good = found.filter(|(_, handover)| handover.admits(&visit, now));
                    Ok::<_, Failure<ApiError>>(good)
                })
            })
            .await?;
        found
            .map(|(order, _)| (order, Device::Other))
            .ok_or(refused)
    }
}

/// The latest of the order, whose identity is not proven yet, under the order's lock.
async fn handover_locked(tx: &mut Tx, id: OrderId) -> Result<Option<Handover>, Failure<ApiError>> {
    let order = tx.order_lock(id).await?.ok_or_else(gone)?.order;
    let State::Created = order.state else {
        return Err(refused(Refusal::WrongState));
    };
    Ok(tx.handover_load(id).await?)
}
