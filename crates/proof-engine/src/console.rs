//! What the console shows of orders, partners and books. People of one partner see only theirs: the
//! scope of their seat is part of each question.

use crate::{
    Access, ApiError, ChangeWished, Engine, LoggedRefusal, Named, OrderStory, Page, Seat,
    StoryCase, StoryEvent, StoryPosting, StoryTrouble, TokenListed, Webhook,
    change::{live_check, wished},
    error::refused,
    health::ALERTS_MAX,
    policy::policy_subject,
    receipt::{Reachable, addresses},
};
use proof_core::{
    Asset, Fiat, Timestamp,
    address::Address,
    id::{OrderId, PartnerId},
    operator::Proposal,
    order::{Order, PublicStatus, State},
    partner::{Environment, Origin, Partner, PartnerType, Policy, ReturnLink, Side, Stage},
    statement::readable,
    token::KeyId,
};
use proof_store::{Failure, FoundOrder, OrderSearch, Tx};
use serde::Serialize;
use serde_json::Value;
use std::{collections::BTreeMap, sync::Arc};
use uuid::Uuid;

/// What the overview looks back on.
const OVERVIEW_HOURS: i64 = 24;

/// Orders that the overview counts one by one; beyond that its funnel is of the latest.
const OVERVIEW_ORDERS_MAX: i64 = 5_000;

/// Partners among whom one is chosen by name; of more than that they are searched for.
const PARTNERS_NAMED_MAX: i64 = 1_000;

/// Reasons that are named.
const REASONS_MAX: usize = 8;

#[derive(Clone, Debug, Serialize)]
pub struct OrderLine {
    pub id: Uuid,
    pub partner: Named,
    pub environment: Environment,
    pub partner_user_id: String,
    pub side: &'static str,
    pub status: &'static str,
    pub state: &'static str,
    pub amount: String,
    pub currency: &'static str,
    pub network: &'static str,
    pub fiat_amount: String,
    pub fiat_currency: &'static str,
    pub created_at: String,
    pub updated_at: String,
}

#[derive(Clone, Debug, Serialize)]
pub struct OrderLines {
    pub data: Vec<OrderLine>,
    pub next_cursor: Option<String>,
}

/// What is looked for.
#[derive(Clone, Debug)]
pub struct OrderQuery {
    /// An id, or the beginning of one; a partner's user or its email; a transfer's hash, or a deposit address.
    pub text: Option<String>,
    /// Made from the first moment on, and before the second.
    pub made: (Option<Timestamp>, Option<Timestamp>),
    pub environment: Environment,
    pub partner: Option<PartnerId>,
    pub status: Option<PublicStatus>,
    pub side: Option<Side>,
    pub after: Option<OrderId>,
    pub limit: i64,
}

#[derive(Clone, Debug, Serialize)]
pub struct OrderPage {
    pub order: OrderLine,
    pub rulings: Vec<String>,
    pub proposed: Option<String>,
    pub why: Option<String>,
    pub looks_again_at: Option<String>,
    pub trouble: Option<StoryTrouble>,
    pub events: Vec<StoryEvent>,
    pub postings: Vec<StoryPosting>,
    pub cases: Vec<StoryCase>,
    pub transfers: Vec<Explored>,
    /// Where the crypto goes: of a buy its user's wallet, of a sell the deposit address, and the one it goes back to.
    pub addresses: Vec<Reachable>,
    pub facts: Value,
}

#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct Explored {
    pub hash: String,
    pub network: &'static str,
    pub explorer_url: String,
}

#[derive(Clone, Debug, Serialize)]
pub struct Counted {
    pub status: String,
    pub count: i64,
}

#[derive(Clone, Debug, Serialize)]
pub struct Step {
    pub step: &'static str,
    pub count: i64,
}

#[derive(Clone, Debug, Serialize)]
pub struct Hour {
    pub at: String,
    pub created: i64,
    pub completed: i64,
    pub failed: i64,
}

#[derive(Clone, Debug, Serialize)]
pub struct Reason {
    pub reason: &'static str,
    pub count: i64,
}

#[derive(Clone, Debug, Default, Serialize)]
pub struct Waiting {
    pub orders: i64,
    pub cases: i64,
    pub findings: usize,
    pub webhooks_failing: i64,
    pub alerts: usize,
}

#[derive(Clone, Debug, Serialize)]
pub struct Overview {
    pub hours: i64,
    pub statuses: Vec<Counted>,
    pub funnel: Vec<Step>,
    pub hourly: Vec<Hour>,
    pub failures: Vec<Reason>,
    pub waiting: Waiting,
}

#[derive(Clone, Debug, Serialize)]
pub struct Green {
    pub green: usize,
    pub of: usize,
}

#[derive(Clone, Debug, Serialize)]
pub struct PartnerLine {
    pub id: PartnerIdText,
    pub name: String,
    pub kind: PartnerType,
    pub stage: Stage,
    pub widget_id: Uuid,
    pub contact_email: String,
    pub checklist: Green,
}

/// With its prefix, as people copy it.
#[derive(Clone, Copy, Debug)]
pub struct PartnerIdText(pub PartnerId);

impl Serialize for PartnerIdText {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(&self.0)
    }
}

#[derive(Clone, Debug, Serialize)]
pub struct WalletLine {
    pub pair: String,
    pub address: String,
}

#[derive(Clone, Debug, Serialize)]
pub struct TokenLine {
    pub key_id: String,
    pub environment: Environment,
    pub created_at: String,
    pub last_used_at: Option<String>,
    pub expires_at: Option<String>,
    pub exposed_at: Option<String>,
}

#[derive(Clone, Debug, Serialize)]
pub struct PartnerPage {
    #[serde(flatten)]
    pub line: PartnerLine,
    /// Whose origins, wallets and webhook these are.
    pub environment: Environment,
    pub origins: Vec<Origin>,
    /// Where the hosted page may send people back to.
    pub returns: Vec<ReturnLink>,
    pub wallets: Vec<WalletLine>,
    /// What one person wants of its live keys and addresses, whichever world is looked at.
    pub changes: Vec<ChangeWished>,
    pub tokens: Vec<TokenLine>,
    pub webhook: Option<Webhook>,
    /// For a partner's own people without what judges their users.
    pub policy: Value,
    /// What one person wants it to be, over the version that holds.
    pub policy_proposed: Option<PolicyProposed>,
}

#[derive(Clone, Debug, Serialize)]
pub struct PolicyProposed {
    pub by: String,
    pub at: String,
    pub policy: Value,
}

#[derive(Clone, Debug, Serialize)]
pub struct Checked {
    pub entries: u64,
    pub accounts: usize,
    pub mismatches: Vec<String>,
    pub mismatches_total: u64,
}

impl OrderLine {
    fn new(found: &FoundOrder) -> Self {
        let order = &found.order;
        Self {
            id: order.id.uuid(),
            partner: Named {
                id: order.partner.to_string(),
                name: found.partner_name.clone(),
            },
            environment: order.environment,
            partner_user_id: found.partner_user_id.clone(),
            side: order.side.name(),
            status: order.status().name(),
            state: order.state.name(),
            amount: order.amount.to_decimal(),
            currency: order.amount.asset().ticker(),
            network: order.amount.asset().network().name(),
            fiat_amount: order.fiat_amount(),
            fiat_currency: order.fiat.code(),
            created_at: order.created_at.to_contract(),
            updated_at: order.status_at.to_contract(),
        }
    }
}

impl OrderLine {
    /// Without the state inside, which says who is looked at.
    fn outside(self) -> Self {
        Self {
            state: self.status,
            ..self
        }
    }
}

impl From<TokenListed> for TokenLine {
    fn from(token: TokenListed) -> Self {
        let text = |at: Option<Timestamp>| at.map(Timestamp::to_contract);
        Self {
            key_id: token.key_id,
            environment: token.environment,
            created_at: token.created_at.to_contract(),
            last_used_at: text(token.last_used_at),
            expires_at: text(token.expires_at),
            exposed_at: text(token.exposed_at),
        }
    }
}

/// Ids that begin with these digits: the first of them, and the first beyond. `None`: this is the
/// beginning of no id.
fn ids_of(text: &str) -> Option<(Uuid, Uuid)> {
    let text = text.strip_prefix("ord_").unwrap_or(text);
    let digits: String = text.chars().filter(|c| *c != '-').collect();
    // Less is a common word of people's ids, and of everything.
    let good = (6..=32).contains(&digits.len()) && digits.chars().all(|c| c.is_ascii_hexdigit());
    if !good {
        return None;
    }
    let first = u128::from_str_radix(&format!("{digits:0<32}"), 16).ok()?;
    let last = u128::from_str_radix(&format!("{digits:f<32}"), 16).ok()?;
    Some((
        Uuid::from_u128(first),
        Uuid::from_u128(last.saturating_add(1)),
    ))
}

impl Engine {
    pub async fn order_search(
        &self,
        seat: &Seat,
        query: OrderQuery,
    ) -> Result<OrderLines, ApiError> {
        let ids = query.text.as_deref().and_then(ids_of);
        let (from, below) = ids.unwrap_or((Uuid::nil(), Uuid::max()));
        let before = query.after.map_or(Uuid::max(), OrderId::uuid);
        let text = query.text.filter(|_| ids.is_none());
        let mut search = OrderSearch {
            environment: query.environment,
            partner: seat.scope().or(query.partner),
            status: query.status,
            side: query.side,
            text: text.map(|text| Address::spelt(&text).unwrap_or(text)),
            ids: (from, below.min(before)),
            limit: query.limit.saturating_add(1),
        };
        search.made(query.made.0, query.made.1);
        let found = self
            .db
            .read("order_search", move |tx: &mut Tx| {
                let search = search.clone();
                Box::pin(async move { Ok::<_, Failure<ApiError>>(tx.order_search(&search).await?) })
            })
            .await?;
        let limit = usize::try_from(query.limit).unwrap_or(usize::MAX);
        let more = found.len() > limit;
        let line = |found: &FoundOrder| match seat.scope() {
            Some(_) => OrderLine::new(found).outside(),
            None => OrderLine::new(found),
        };
        let data: Vec<OrderLine> = found.iter().take(limit).map(line).collect();
        let next_cursor = data.last().filter(|_| more).map(|last| last.id.to_string());
        Ok(OrderLines { data, next_cursor })
    }

    /// One order's whole story; a partner's people see what happened, not what is thought of it.
    pub async fn order_page(&self, seat: &Seat, id: OrderId) -> Result<OrderPage, ApiError> {
        let search = OrderSearch {
            environment: Environment::Test,
            partner: seat.scope(),
            status: None,
            side: None,
            text: None,
            ids: (
                id.uuid(),
                Uuid::from_u128(id.uuid().as_u128().saturating_add(1)),
            ),
            limit: 1,
        };
        let found = self
            .db
            .read("order_page", move |tx: &mut Tx| {
                let search = search.clone();
                Box::pin(async move {
                    let test = tx.order_search(&search).await?;
                    if !test.is_empty() {
                        return Ok(test);
                    }
                    let live = OrderSearch {
                        environment: Environment::Live,
                        ..search
                    };
                    Ok::<_, Failure<ApiError>>(tx.order_search(&live).await?)
                })
            })
            .await?;
        let found = found.first().ok_or_else(|| ApiError::nobody("order"))?;
        let story = self.order_story(id).await?;
        let mut page = self.page_of(&found.order, OrderLine::new(found), story);
        if page.proposed.is_none() {
            page.proposed = self.refund_proposed(id).await?;
        }
        Ok(match seat.scope() {
            Some(_) => outside(page),
            None => page,
        })
    }

    fn page_of(&self, order: &Order, line: OrderLine, story: OrderStory) -> OrderPage {
        let (why, proposed) = match &order.state {
            State::InReview(review) => (
                Some(review.reason.clone()),
                review
                    .proposal
                    .as_ref()
                    .map(|p| format!("{} by {}: {}", p.act.name(), p.voice.by, p.voice.reason)),
            ),
            _ => (None, None),
        };
        OrderPage {
            order: line,
            rulings: story.rulings,
            proposed,
            why,
            looks_again_at: story.looks_again_at,
            trouble: story.trouble,
            transfers: self.explored(order, &story.events),
            addresses: addresses(order),
            events: story.events,
            postings: story.postings.into_iter().map(in_words).collect(),
            cases: story.cases,
            facts: story.facts,
        }
    }

    /// Everything that moved on a chain, with where to look at it.
    fn explored(&self, order: &Order, events: &[StoryEvent]) -> Vec<Explored> {
        let network = order.amount.asset().network();
        let chain = self.rails(order.environment).ok();
        let chain = chain.and_then(|rails| rails.chains.get(&network));
        let mut transfers: Vec<Explored> = Vec::new();
        for event in events {
            let Some(hash) = event.body["hash"].as_str() else {
                continue;
            };
            if transfers.iter().all(|known| known.hash != hash) {
                transfers.push(Explored {
                    hash: hash.to_owned(),
                    network: network.name(),
                    explorer_url: chain.map(|c| c.explorer_url(hash)).unwrap_or_default(),
                });
            }
        }
        transfers
    }

    pub async fn overview(
        &self,
        seat: &Seat,
        environment: Environment,
    ) -> Result<Overview, ApiError> {
        let (scope, now) = (seat.scope(), self.now());
        let since = now.plus_seconds(-OVERVIEW_HOURS.saturating_mul(3_600));
        let (statuses, orders, failing, alerts) = self
            .db
            .read("overview", move |tx: &mut Tx| {
                Box::pin(async move {
                    let statuses = tx.order_count(environment, since, scope).await?;
                    let orders = tx
                        .order_since(environment, since, scope, OVERVIEW_ORDERS_MAX)
                        .await?;
                    let failing = tx.endpoint_unwell().await?;
                    // What somebody has in hand waits for nobody.
                    let alerts = tx.alerts_open(ALERTS_MAX).await?;
                    let alerts = alerts.iter().filter(|one| one.acknowledged.is_none());
                    let alerts = alerts.count();
                    Ok::<_, Failure<ApiError>>((statuses, orders, failing, alerts))
                })
            })
            .await?;
        let reviewed = self.reviewed_count().await?;
        let waiting = match scope {
            Some(_) => Waiting::default(),
            None => Waiting {
                orders: reviewed.orders,
                cases: reviewed.cases,
                findings: self.findings(environment).await?.len(),
                webhooks_failing: failing,
                alerts,
            },
        };
        let statuses = statuses.into_iter();
        Ok(Overview {
            hours: OVERVIEW_HOURS,
            statuses: statuses
                .map(|(status, count)| Counted { status, count })
                .collect(),
            funnel: funnel(&orders),
            hourly: hourly(&orders, since, now),
            failures: match scope {
                // Why somebody was refused is not theirs to know.
                Some(_) => Vec::new(),
                None => failures(&orders),
            },
            waiting,
        })
    }

    /// Partners, the oldest first: those after one of them, and with a text in their names. A partner's own people
    /// see theirs.
    pub async fn partner_lines(
        &self,
        seat: &Seat,
        (text, after): (Option<String>, Option<PartnerId>),
        limit: i64,
    ) -> Result<Page<PartnerLine>, ApiError> {
        let scope = seat.scope();
        let found = self
            .db
            .read("partner_lines", move |tx: &mut Tx| {
                let text = text.clone();
                Box::pin(async move {
                    let found = match scope {
                        Some(own) => tx.partner_load(own).await?.into_iter().collect(),
                        None => {
                            let more = limit.saturating_add(1);
                            tx.partner_list(text.as_deref(), after, more).await?
                        }
                    };
                    Ok::<_, Failure<ApiError>>(found)
                })
            })
            .await?;
        let page = Page::cut(found, limit, |last| last.id.to_string());
        let mut lines = Vec::new();
        for partner in page.data {
            lines.push(self.partner_line(partner).await?);
        }
        Ok(Page {
            data: lines,
            next_cursor: page.next_cursor,
        })
    }

    /// What partners are called, to choose one of them.
    pub async fn partner_names(&self, seat: &Seat) -> Result<Vec<Named>, ApiError> {
        let found = self
            .db
            .read("partner_names", |tx: &mut Tx| {
                Box::pin(async move {
                    let found = tx.partner_names(PARTNERS_NAMED_MAX).await?;
                    Ok::<_, Failure<ApiError>>(found)
                })
            })
            .await?;
        let own = found.into_iter().filter(|one| seat.sees(one.id).is_ok());
        let named = own.map(|one| Named {
            id: one.id.to_string(),
            name: one.name,
        });
        Ok(named.collect())
    }

    async fn partner_line(&self, partner: Partner) -> Result<PartnerLine, ApiError> {
        let (green, of) = self.checklist_progress(&partner).await?;
        Ok(PartnerLine {
            id: PartnerIdText(partner.id),
            name: partner.name,
            kind: partner.kind,
            stage: partner.stage,
            widget_id: partner.widget_id,
            contact_email: partner.contact_email,
            checklist: Green { green, of },
        })
    }

    /// A partner with what it has in one of the two worlds.
    pub async fn partner_page(
        &self,
        seat: &Seat,
        id: PartnerId,
        environment: Environment,
    ) -> Result<PartnerPage, ApiError> {
        let found = self
            .db
            .read("partner_page", move |tx: &mut Tx| {
                Box::pin(async move {
                    let partner = tx.partner_load(id).await?;
                    let partner = partner.ok_or_else(|| refused(ApiError::nobody("partner")))?;
                    live_check(&partner, environment).map_err(refused)?;
                    let origins = tx.origin_list(id, Some(environment)).await?;
                    let returns = tx.return_list(id, environment).await?;
                    let wallets = tx.wallet_list(id, environment).await?;
                    let endpoint = tx.endpoint_of_partner(id, environment).await?;
                    let wanted = tx.proposal_read(&policy_subject(id)).await?;
                    let changes = wished(tx, id).await?;
                    let here = (origins, returns, wallets, endpoint);
                    Ok::<_, Failure<ApiError>>((partner, here, wanted, changes))
                })
            })
            .await?;
        let (partner, (origins, returns, wallets, endpoint), wanted, changes) = found;
        let tokens = self.token_list(id).await?;
        let policy = partner.policy.clone();
        let wallets = wallets.into_iter().map(|(asset, address)| WalletLine {
            pair: asset.to_string(),
            address: address.to_string(),
        });
        Ok(PartnerPage {
            line: self.partner_line(partner).await?,
            environment,
            origins,
            returns,
            wallets: wallets.collect(),
            changes,
            tokens: tokens.into_iter().map(TokenLine::from).collect(),
            webhook: endpoint.map(Webhook::from),
            policy_proposed: wanted
                .filter(|_| seat.scope().is_none())
                .and_then(|body| proposed(body, policy.version)),
            policy: policy_shown(seat, &policy),
        })
    }

    /// What a partner's own backend could ask of the sandbox, asked by a person of the console.
    pub async fn access_of(&self, id: PartnerId) -> Result<Access, ApiError> {
        self.access_in(id, Environment::Test).await
    }

    /// The same, of one of the two worlds.
    pub async fn access_in(
        &self,
        id: PartnerId,
        environment: Environment,
    ) -> Result<Access, ApiError> {
        let found = self
            .db
            .read("access_of", move |tx: &mut Tx| {
                Box::pin(async move {
                    let partner = tx.partner_load(id).await?;
                    let partner = partner.ok_or_else(|| refused(ApiError::nobody("partner")))?;
                    live_check(&partner, environment).map_err(refused)?;
                    let origins = tx.origin_list(id, Some(environment)).await?;
                    Ok::<_, Failure<ApiError>>((partner, origins))
                })
            })
            .await?;
        Ok(Access {
            key_id: KeyId::none(),
            partner: Arc::new(found.0),
            environment,
            origins: found.1.into(),
            ends: None,
        })
    }

    /// What a partner can be given: pairs that there are chains for, and currencies.
    pub fn pairs_offered(&self) -> (Vec<Asset>, Vec<Fiat>) {
        let networks = self.networks();
        let pairs = Asset::all().filter(|asset| networks.contains(&asset.network()));
        (pairs.collect(), Fiat::ALL.to_vec())
    }

    pub async fn ledger_checked(&self) -> Result<Checked, ApiError> {
        let audited = self.ledger_check().await?;
        Ok(Checked {
            entries: audited.entries,
            accounts: audited.accounts,
            mismatches: audited.mismatches.iter().map(ToString::to_string).collect(),
            mismatches_total: audited.mismatches_total,
        })
    }
}

fn policy_shown(seat: &Seat, policy: &Policy) -> Value {
    let mut shown = serde_json::to_value(policy).unwrap_or_default();
    if seat.scope().is_some()
        && let Some(parts) = shown.as_object_mut()
    {
        parts.remove("risk");
    }
    shown
}

/// A proposal over a version that no longer holds is nobody's wish any more.
fn proposed(body: Value, version: u32) -> Option<PolicyProposed> {
    let proposal: Proposal<Value> = serde_json::from_value(body).ok()?;
    (proposal.act["version"] == version).then(|| PolicyProposed {
        by: proposal.voice.by.to_string(),
        at: proposal.at.to_contract(),
        policy: proposal.act,
    })
}

/// In the decimals of its unit, which the account's name ends with.
fn in_words(posting: StoryPosting) -> StoryPosting {
    let base = posting.amount.parse();
    let amount = base.map(|base| readable(&posting.account, base).0);
    StoryPosting {
        amount: amount.unwrap_or(posting.amount),
        ..posting
    }
}

/// What a partner may see of its order: what happened, and nothing of how it was judged or booked.
fn outside(page: OrderPage) -> OrderPage {
    const SEEN: [&str; 6] = [
        "identity.",
        "payment.",
        "transfer.",
        "deposit.",
        "payout.",
        "refund.",
    ];
    const SEEN_OF_ORDER: [&str; 5] = [
        "order.created",
        "order.status_changed",
        "order.completed",
        "order.cancelled",
        "order.expired",
    ];
    let seen = |kind: &str| {
        SEEN_OF_ORDER.contains(&kind) || SEEN.iter().any(|start| kind.starts_with(start))
    };
    let events = page.events.into_iter().filter(|event| seen(&event.kind));
    let addresses_told = page
        .addresses
        .into_iter()
        .filter(|one| one.what != "refund");
    OrderPage {
        order: page.order.outside(),
        rulings: Vec::new(),
        proposed: None,
        why: None,
        looks_again_at: None,
        trouble: None,
        events: events.collect(),
        postings: Vec::new(),
        cases: Vec::new(),
        // Where crypto goes back to, a shop is not told.
        addresses: addresses_told.collect(),
        facts: Value::Null,
        ..page
    }
}

fn count(orders: &[Order], is: impl Fn(&Order) -> bool) -> i64 {
    let counted = orders.iter().filter(|order| is(order)).count();
    i64::try_from(counted).unwrap_or(i64::MAX)
}

/// Each step holds those of the next.
fn funnel(orders: &[Order]) -> Vec<Step> {
    let done = |order: &Order| order.status() == PublicStatus::Completed;
    let paid = |order: &Order| {
        let sent = order
            .sale
            .as_ref()
            .is_some_and(|sale| !sale.held.is_empty());
        done(order) || sent || order.takings.captured() > 0
    };
    let priced = |order: &Order| paid(order) || order.price.is_some();
    let known = |order: &Order| {
        let waits = matches!(
            order.state,
            State::AwaitingPayment { .. } | State::AwaitingTerms { .. }
        );
        priced(order) || waits
    };
    vec![
        Step {
            step: "session",
            count: count(orders, |_| true),
        },
        Step {
            step: "identity",
            count: count(orders, known),
        },
        Step {
            step: "price",
            count: count(orders, priced),
        },
        Step {
            step: "payment",
            count: count(orders, paid),
        },
        Step {
            step: "completed",
            count: count(orders, done),
        },
    ]
}

fn hourly(orders: &[Order], since: Timestamp, now: Timestamp) -> Vec<Hour> {
    let hour_of = |at: Timestamp| at.seconds().div_euclid(3_600);
    let mut hours: BTreeMap<i64, Hour> = (hour_of(since)..=hour_of(now))
        .map(|hour| {
            let at = Timestamp::from_micros(0).plus_seconds(hour.saturating_mul(3_600));
            let empty = Hour {
                at: at.to_contract(),
                created: 0,
                completed: 0,
                failed: 0,
            };
            (hour, empty)
        })
        .collect();
    for order in orders {
        if let Some(hour) = hours.get_mut(&hour_of(order.created_at)) {
            hour.created = hour.created.saturating_add(1);
        }
        let Some(hour) = hours.get_mut(&hour_of(order.status_at)) else {
            continue;
        };
        match order.status() {
            PublicStatus::Completed => hour.completed = hour.completed.saturating_add(1),
            PublicStatus::Failed => hour.failed = hour.failed.saturating_add(1),
            PublicStatus::Pending | PublicStatus::Processing | PublicStatus::Cancelled => {}
        }
    }
    hours.into_values().collect()
}

fn failures(orders: &[Order]) -> Vec<Reason> {
    let mut counts: BTreeMap<&'static str, i64> = BTreeMap::new();
    for order in orders {
        if let State::Failed { reason } = &order.state {
            let count = counts.entry(reason.name()).or_default();
            *count = count.saturating_add(1);
        }
    }
    let mut reasons: Vec<Reason> = counts
        .into_iter()
        .map(|(reason, count)| Reason { reason, count })
        .collect();
    reasons.sort_by_key(|reason| std::cmp::Reverse(reason.count));
    reasons.truncate(REASONS_MAX);
    reasons
}

/// Everything that a list of people or refusals is wrapped in.
#[derive(Clone, Debug, Serialize)]
pub struct Data<T> {
    pub data: Vec<T>,
}

pub type Refusals = Data<LoggedRefusal>;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_beginning_of_an_id_finds_it_and_other_words_are_users() {
        let id = Uuid::parse_str("01a205d7-6445-7da8-b9dd-58caedbfa33b").unwrap();
        for text in [
            "01a205",
            "01a205d7-6445",
            "ord_01a205d764457da8b9dd58caedbfa33b",
            &id.to_string(),
        ] {
            let (from, below) = ids_of(text).unwrap();
            assert!(from <= id && id < below, "{text}");
        }
        let (from, below) = ids_of("01a206").unwrap();
        assert!(id < from || id >= below);
        for text in ["user-42", "01a20", "", "ann@example.com", "zzzzzzzz"] {
            assert_eq!(ids_of(text), None, "{text}");
        }
        assert!(ids_of(&"f".repeat(32)).is_some());
    }
}
