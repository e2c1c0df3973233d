//! The operator's list: who is on it is not paid, and does not pay. Looked at before a capture, before
//! a payout and before each return; what it said is kept with what came of it.

use crate::{
    ApiError, Engine, Page,
    audit::audit,
    case::case_apply,
    member::deed,
    order::{SaveIds, apply, gone},
};
use proof_core::{
    Address, ErrorCode, Network, Timestamp,
    audit::Author,
    case::{Case, CaseCommand},
    claim::{Claim, ClaimEnd, ClaimKind, ClaimState},
    id::OrderId,
    order::{Command, Order, State},
    partner::Side,
    screening::{Hit, ListedKind, Screening},
};
use proof_store::{Failure, ListLine, ListSearch, ListWord, Tx};
use serde::{Deserialize, Serialize};

/// As many lines as the command line shows.
const LINES_MAX: i64 = 500;
const VALUE_LENGTH_MAX: usize = 200;

#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Listed {
    pub line: i64,
    pub kind: String,
    pub value: String,
    pub is_listed: bool,
    pub reason: String,
    pub said_by: String,
    pub at: String,
    /// Whether nothing was said later about the same thing.
    pub is_latest: bool,
}

impl From<(ListLine, bool)> for Listed {
    fn from((line, is_latest): (ListLine, bool)) -> Self {
        Self {
            line: line.line,
            kind: line.kind.name().to_owned(),
            value: line.value,
            is_listed: line.is_listed,
            reason: line.reason,
            said_by: line.said_by,
            at: line.at.to_contract(),
            is_latest,
        }
    }
}

/// Who and what is in an order, but who sent something.
async fn subjects(
    tx: &mut Tx,
    order: &Order,
) -> Result<Vec<(ListedKind, String)>, Failure<ApiError>> {
    let address = match (order.side, &order.sale) {
        (Side::Sell, Some(sale)) => sale.refund_address.to_string(),
        (Side::Buy | Side::Sell, _) => order.destination.to_string(),
    };
    let mut subjects = vec![(ListedKind::Address, address)];
    let cards = order
        .card
        .iter()
        .chain(order.sale.iter().map(|sale| &sale.payout_card));
    subjects.extend(cards.map(|card| (ListedKind::Card, card.fingerprint.clone())));
    let customer = tx.customer_load(order.partner, order.customer).await?;
    let person = customer.and_then(|customer| customer.person);
    subjects.extend(person.map(|person| (ListedKind::Person, person.to_string())));
    Ok(subjects)
}

/// What the list says of an order, and of who sent its deposits.
pub(crate) async fn screen(tx: &mut Tx, order: &Order) -> Result<Screening, Failure<ApiError>> {
    let senders = order.sale.as_ref().map(|sale| sale.senders());
    screen_with(tx, order, &senders.unwrap_or_default()).await
}

/// What the list says of an order, and of who sent this.
async fn screen_with(
    tx: &mut Tx,
    order: &Order,
    senders: &[Address],
) -> Result<Screening, Failure<ApiError>> {
    let list_version = tx.listing_version().await?;
    let mut hits = Vec::new();
    if list_version > 0 {
        let mut subjects = subjects(tx, order).await?;
        let senders = senders.iter().map(Address::to_string);
        subjects.extend(senders.map(|sender| (ListedKind::Address, sender)));
        for (kind, value) in subjects {
            let known = tx.listing_find(kind, &value).await?;
            let line = known.filter(|line| line.is_listed).map(|line| line.line);
            hits.extend(line.map(|line| Hit { kind, line }));
        }
    }
    Ok(Screening { list_version, hits })
}

/// A dispute that was lost puts the cardholder's card, person and address on the list.
pub(crate) async fn list_lost(
    tx: &mut Tx,
    claim: &Claim,
    now: Timestamp,
) -> Result<(), Failure<ApiError>> {
    let lost = matches!(
        claim.state,
        ClaimState::Settled(ClaimEnd::Lost | ClaimEnd::Accepted)
    );
    if claim.kind != ClaimKind::Dispute || !lost {
        return Ok(());
    }
    let order = tx.order_lock(claim.order).await?.ok_or_else(gone)?.order;
    let partner = tx.partner_load(order.partner).await?.ok_or_else(gone)?;
    let subjects = subjects(tx, &order).await?;
    let own = |kind: ListedKind| kind.is_listed_by_loss(order.environment, partner.kind);
    for (kind, value) in subjects.into_iter().filter(|(kind, _)| own(*kind)) {
        let word = ListWord {
            kind,
            value,
            is_listed: true,
            reason: format!("the dispute {} was lost", claim.name),
            said_by: "the server".to_owned(),
        };
        tx.listing_say(&word, now).await?;
    }
    Ok(())
}

/// Addresses as they are compared: EVM addresses have more than one spelling.
fn canonical(kind: ListedKind, value: &str) -> Result<String, ApiError> {
    if kind != ListedKind::Address {
        return Ok(value.to_owned());
    }
    let mut parsed = Network::BUILT_IN
        .into_iter()
        .filter_map(|network| Address::parse(network, value).ok());
    parsed
        .next()
        .map(|address| address.to_string())
        .ok_or_else(|| {
            let message = "This is not an address on any network that we know.";
            ApiError::field(ErrorCode::ValidationError, "value", message)
        })
}

impl Engine {
    /// Whether somebody in an order is listed at all, cleared or not: mostly nobody is, and nothing
    /// needs to be written.
    async fn is_hit(&self, id: OrderId, senders: Option<Vec<Address>>) -> Result<bool, ApiError> {
        self.db
            .read("order_screen", move |tx: &mut Tx| {
                let senders = senders.clone();
                Box::pin(async move {
                    let order = tx.order_work(id).await?.ok_or_else(gone)?.order;
                    let screening = match senders {
                        Some(senders) => screen_with(tx, &order, &senders).await?,
                        None => screen(tx, &order).await?,
                    };
                    Ok::<_, Failure<ApiError>>(screening.is_hit(0))
                })
            })
            .await
            .map_err(ApiError::from)
    }

    /// `true`: somebody in it is listed, and it waits for people now.
    pub(crate) async fn order_screened(&self, id: OrderId) -> Result<bool, ApiError> {
        if !self.is_hit(id, None).await? {
            return Ok(false);
        }
        let ids = SaveIds::new(self, self.now());
        self.db
            .write("order_screened", move |tx: &mut Tx| {
                let ids = ids.clone();
                Box::pin(async move {
                    let stored = tx.order_lock(id).await?.ok_or_else(gone)?;
                    let screening = screen(tx, &stored.order).await?;
                    let hit = screening.is_hit(stored.order.freeze.cleared);
                    if hit {
                        apply(tx, stored, Command::Screened(screening), &ids).await?;
                    }
                    Ok::<_, Failure<ApiError>>(hit)
                })
            })
            .await
            .map_err(ApiError::from)
    }

    /// A delivery was screened before its money was taken.
    pub(crate) async fn return_screened(&self, order: &Order) -> Result<bool, ApiError> {
        match &order.state {
            // Planned already, and waiting for room at the signer: it was screened.
            State::Returning(returning) if returning.sending.is_some() => Ok(false),
            State::Returning(_) => self.order_screened(order.id).await,
            _ => Ok(false),
        }
    }

    pub(crate) async fn case_screened(&self, case: &Case) -> Result<bool, ApiError> {
        let senders = case.senders.clone();
        if !self.is_hit(case.order, Some(senders.clone())).await? {
            return Ok(false);
        }
        let (order, id, cleared) = (case.order, case.id, case.freeze.cleared);
        let ids = SaveIds::new(self, self.now());
        self.db
            .write("case_screened", move |tx: &mut Tx| {
                let (ids, senders) = (ids.clone(), senders.clone());
                Box::pin(async move {
                    let stored = tx.order_lock(order).await?.ok_or_else(gone)?;
                    let screening = screen_with(tx, &stored.order, &senders).await?;
                    let hit = screening.is_hit(cleared);
                    if hit {
                        let command = CaseCommand::Screened(screening);
                        case_apply(tx, order, id, command, &ids).await?;
                    }
                    Ok::<_, Failure<ApiError>>(hit)
                })
            })
            .await
            .map_err(ApiError::from)
    }

    /// The list, the newest lines first, from below a line on.
    pub async fn listings(&self, before: Option<i64>) -> Result<Page<Listed>, ApiError> {
        let (text, kind, is_listed) = (None, None, None);
        let search = ListSearch {
            text,
            kind,
            is_listed,
            before: before.unwrap_or(i64::MAX),
            limit: LINES_MAX,
        };
        self.listing_search(search).await
    }

    pub async fn listing_search(&self, search: ListSearch) -> Result<Page<Listed>, ApiError> {
        let limit = search.limit;
        let asked = ListSearch {
            limit: limit.saturating_add(1),
            ..search
        };
        let lines = self
            .db
            .read("listing_search", move |tx: &mut Tx| {
                let asked = asked.clone();
                Box::pin(
                    async move { Ok::<_, Failure<ApiError>>(tx.listing_search(&asked).await?) },
                )
            })
            .await?;
        let page = Page::cut(lines, limit, |(last, _)| last.line.to_string());
        Ok(page.map(Listed::from))
    }

    /// An operator puts something on the list, or takes it off.
    pub async fn listing_say(
        &self,
        (kind, value): (ListedKind, &str),
        is_listed: bool,
        author: impl Into<Author>,
        reason: &str,
    ) -> Result<(), ApiError> {
        let author = author.into();
        let value = value.trim();
        if value.is_empty() || value.len() > VALUE_LENGTH_MAX {
            let message = format!("Name what it is about, in 1 to {VALUE_LENGTH_MAX} bytes.");
            return Err(ApiError::field(
                ErrorCode::ValidationError,
                "value",
                message,
            ));
        }
        let word = ListWord {
            kind,
            value: canonical(kind, value)?,
            is_listed,
            reason: crate::operator::reason_of(reason)?,
            said_by: author.by.to_string(),
        };
        let told = serde_json::json!({ "kind": kind.name(), "is_listed": is_listed, "reason": word.reason });
        let deed = deed(author, "listing.say", word.value.clone(), told);
        let now = self.now();
        self.db
            .write("listing_say", move |tx: &mut Tx| {
                let (word, deed) = (word.clone(), deed.clone());
                Box::pin(async move {
                    tx.listing_say(&word, now).await?;
                    audit(tx, &deed, now).await?;
                    Ok::<_, Failure<ApiError>>(())
                })
            })
            .await
            .map_err(ApiError::from)
    }
}
