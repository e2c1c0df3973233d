//! The signed receipt of an order, and its addresses as two people compare them.

use crate::{
    ApiError, Engine, LookShown,
    installation::hex_of,
    link::keyed,
    mail::spoken_query,
    order::gone,
    signature::key_id,
    view::{QuoteView, RefundView, quote_view, refund_view},
};
use base64::{Engine as _, engine::general_purpose::STANDARD};
use ed25519_dalek::Signer as _;
use proof_core::{
    Address, ErrorCode, Timestamp,
    claim::Claim,
    id::OrderId,
    language::Language,
    link::LOOK_SECONDS,
    order::{EventKind, Order, State},
    partner::{Environment, Partner, Side},
    receipt::{Receipt, fingerprint, signed_bytes},
    token::TokenHash,
};
use proof_store::{EventRow, Failure, Installation, Tx};
use serde::Serialize;
use uuid::Uuid;

/// What the signed receipt needs stands among the first events; all of them are few.
const EVENTS_MAX: i64 = 200;
const CLAIMS_MAX: i64 = 20;

/// A receipt by its own link: what whoever has the link may see. Neither name, email nor card.
#[derive(Clone, Debug, Serialize)]
pub struct ReceiptPage {
    pub merchant_transaction_id: Uuid,
    pub environment: Environment,
    #[serde(rename = "type")]
    pub side: &'static str,
    pub partner: String,
    /// Whose page this is, for what the browser refuses in it.
    pub widget_id: Uuid,
    pub look: LookShown,
    pub currency: &'static str,
    pub network: &'static str,
    pub crypto_amount: String,
    pub price: Option<QuoteView>,
    /// `card`, `apple_pay` or `google_pay`.
    pub method: &'static str,
    pub addresses: Vec<Reachable>,
    pub transactions: Vec<ReceiptTransaction>,
    pub refunds: Vec<RefundView>,
    pub completed_at: String,
    /// How long this page can be opened.
    pub until: String,
    pub receipt: Option<ReceiptView>,
}

#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct ReceiptTransaction {
    pub hash: String,
    pub explorer_url: String,
}

struct Facts {
    order: Order,
    partner: Partner,
    look: LookShown,
    events: Vec<EventRow>,
    claims: Vec<Claim>,
}

fn over() -> ApiError {
    let message = "This receipt is not known, or its order ended more than 30 days ago.";
    ApiError::new(ErrorCode::InvalidToken, message)
}

pub(crate) fn receipt_until(order: &Order) -> Timestamp {
    order.status_at.plus_seconds(LOOK_SECONDS)
}

/// Hashes of what was sent: to the user's wallet, or by the user.
pub(crate) fn transactions(order: &Order) -> impl Iterator<Item = &str> {
    let sent = match &order.state {
        State::Completed { hash } => hash.as_deref(),
        _ => None,
    };
    let sale = order.sale.iter().flat_map(|sale| sale.held.iter());
    let received = sale.map(|held| held.deposit.key.hash.as_str());
    // One transfer may have come in two outputs.
    let mut seen: Vec<&str> = Vec::new();
    sent.into_iter().chain(received).filter(move |hash| {
        let new = !seen.contains(hash);
        seen.push(hash);
        new
    })
}

fn receipt_mark(installation: &Installation, order: OrderId) -> Result<[u8; 32], ApiError> {
    keyed(installation, &[b"receipt_token/1", order.uuid().as_bytes()])
}

/// Where the receipt of an order is. The token is derived, so that nothing is stored; it stands behind `#`, so that no browser
/// sends it: neither to a server's log, nor to another page.
pub(crate) fn receipt_path(
    installation: &Installation,
    order: OrderId,
    language: Option<Language>,
) -> Result<String, ApiError> {
    let mark = hex_of(&receipt_mark(installation, order)?);
    let (spoken, id) = (spoken_query(language), order.uuid().simple());
    Ok(format!("/receipt{spoken}#rc_{id}{mark}"))
}

/// The order that a token was made for.
fn receipt_order(installation: &Installation, token: &str) -> Result<OrderId, ApiError> {
    let rest = token.strip_prefix("rc_").ok_or_else(over)?;
    let (id, mark) = rest.split_at_checked(32).ok_or_else(over)?;
    let id = Uuid::try_parse(id).map_err(|_| over())?;
    let order = OrderId::from_uuid(id);
    let mut given = [0; 32];
    hex::decode_to_slice(mark, &mut given).map_err(|_| over())?;
    let own = TokenHash::from_bytes(receipt_mark(installation, order)?);
    if own.matches(&TokenHash::from_bytes(given)) {
        Ok(order)
    } else {
        Err(over())
    }
}

/// What the person keeps, and anybody can check with the published keys.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct ReceiptView {
    /// The text of a JSON object, exactly as it is signed.
    pub document: String,
    pub key_id: String,
    /// Ed25519, base64.
    pub signature: String,
}

/// An address, with what its user can read out.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct Reachable {
    /// `to`, `deposit` or `refund`.
    pub what: &'static str,
    pub address: String,
    pub fingerprint: String,
}

pub(crate) fn fingerprint_of(address: &Address) -> String {
    fingerprint(address.network().name(), address.as_str())
}

/// Where the crypto of an order goes: of a buy to the user's wallet, of a sell to the deposit address, and back.
pub(crate) fn addresses(order: &Order) -> Vec<Reachable> {
    let shown = |what, address: &Address| Reachable {
        what,
        address: address.to_string(),
        fingerprint: fingerprint_of(address),
    };
    match (order.side, order.sale.as_deref()) {
        (Side::Buy, _) => vec![shown("to", &order.destination)],
        (Side::Sell, Some(sale)) => vec![
            shown("deposit", &sale.deposit_address),
            shown("refund", &sale.refund_address),
        ],
        (Side::Sell, None) => Vec::new(),
    }
}

async fn facts(tx: &mut Tx, id: OrderId) -> Result<Facts, Failure<ApiError>> {
    let order = tx.order_work(id).await?.ok_or_else(gone)?.order;
    let partner = tx.partner_load(order.partner).await?.ok_or_else(gone)?;
    let look = LookShown::new(&partner, tx.look_load(partner.id).await?);
    let events = tx.event_list(id, 0, EVENTS_MAX).await?;
    let claims = tx.claim_of_order(id, CLAIMS_MAX).await?;
    Ok(Facts {
        order,
        partner,
        look,
        events,
        claims,
    })
}

impl Engine {
    /// The way to the receipt of an order that was carried out, as long as it can be opened.
    pub(crate) fn receipt_link(&self, order: &Order) -> Result<Option<String>, ApiError> {
        let State::Completed { .. } = order.state else {
            return Ok(None);
        };
        let open = self.now() < receipt_until(order);
        open.then(|| receipt_path(&self.installation, order.id, None))
            .transpose()
    }

    /// Looking changes nothing, and can be repeated.
    pub async fn receipt_page(&self, token: &str) -> Result<ReceiptPage, ApiError> {
        let id = receipt_order(&self.installation, token)?;
        let found = self
            .db
            .read("receipt_page", move |tx: &mut Tx| {
                Box::pin(async move { facts(tx, id).await })
            })
            .await?;
        let Facts {
            order,
            partner,
            look,
            events,
            claims,
        } = found;
        let State::Completed { .. } = order.state else {
            return Err(over());
        };
        let until = receipt_until(&order);
        if self.now() >= until {
            return Err(over());
        }
        let asset = order.amount.asset();
        let chain = self.chain_of(order.environment, asset.network())?;
        let shown = |hash: &str| ReceiptTransaction {
            hash: hash.to_owned(),
            explorer_url: chain.explorer_url(hash),
        };
        let mut addresses = addresses(&order);
        // Nothing went there.
        addresses.retain(|address| address.what != "refund");
        Ok(ReceiptPage {
            merchant_transaction_id: order.id.uuid(),
            environment: order.environment,
            side: order.side.name(),
            partner: partner.name,
            widget_id: partner.widget_id,
            look,
            currency: asset.ticker(),
            network: asset.network().name(),
            crypto_amount: order.amount.to_decimal(),
            price: order.price.as_ref().map(quote_view).transpose()?,
            method: order.method.name(),
            addresses,
            transactions: transactions(&order).map(shown).collect(),
            refunds: claims.iter().filter_map(refund_view).collect(),
            completed_at: order.status_at.to_contract(),
            until: until.to_contract(),
            receipt: self.receipt(&order, &events)?,
        })
    }

    /// The receipt of an order: made anew each time, with the same bytes.
    pub(crate) fn receipt(
        &self,
        order: &Order,
        events: &[EventRow],
    ) -> Result<Option<ReceiptView>, ApiError> {
        let awaited = EventKind::DepositAwaited.name();
        let terms = events.iter().find(|event| event.kind == awaited);
        let (receipt, issued_at) = Receipt::new(order, terms.map(|event| event.occurred_at));
        let document = serde_json::to_string(&receipt).map_err(ApiError::internal)?;
        let Some(key) = self.signing_key_at(order.environment, issued_at) else {
            return Ok(None);
        };
        let signature = key.sign(&signed_bytes(&document)).to_bytes();
        Ok(Some(ReceiptView {
            key_id: key_id(&key),
            signature: STANDARD.encode(signature),
            document,
        }))
    }
}
