//! Plays scenarios: the user at the widget's own API, the cardholder's bank, somebody's wallet, the chains
//! and the clock. It knows of an order what its user and its partner can see.

mod act;
mod deed;

use axum::{
    Router,
    body::{Body, to_bytes},
    http::{Method, Request},
};
use futures::{FutureExt, StreamExt, stream::FuturesUnordered};
use proof_core::{
    Asset, Timestamp,
    audit::Author,
    id::OrderId,
    order::EventKind,
    partner::PartnerType,
    scenario::{Cue, Deed, TAG, When, mark},
};
use proof_engine::{Access, DeliveryFilter, Engine, PlaySeen, PlayTicket};
use proof_outbound::Configured;
use serde_json::{Value, json};
use std::sync::Arc;
use tower::ServiceExt;

/// Pause between two looks.
const TICK_MS: i64 = 500;

/// Looks in a row at which nothing happened, after which a play has missed: ten minutes, the longest
/// that anything here takes by itself; and a day for somebody who drives the widget by hand.
const IDLE_TICKS_MAX: u32 = 1_200;
const BY_HAND_TICKS_MAX: u32 = 172_800;

/// Longer than any answer of the widget's API.
const ANSWER_BYTES_MAX: usize = 1024 * 1024;

/// Webhooks of one order that are looked at.
const DELIVERIES_MAX: i64 = 20;

/// Where scenarios happen.
#[derive(Clone)]
pub struct Player {
    engine: Arc<Engine>,
    router: Router,
    cards: Configured,
    world: Configured,
}

/// One play.
struct Stage<'a> {
    player: &'a Player,
    ticket: &'a PlayTicket,
    access: Access,
    asset: Asset,
    order: OrderId,
    /// `None`: somebody else has the widget open.
    visit: Option<String>,
    /// What the widget shows.
    view: Value,
    seen: Vec<PlaySeen>,
    /// Changes of the status among it: the partner's endpoint is told of each.
    changes: usize,
    /// Cues that are still to come.
    cues: &'static [Cue],
    has_left: bool,
    /// Of the wallet's latest transfer.
    sent: Option<String>,
    dispute: Option<String>,
}

type Played<T> = Result<T, String>;

impl Player {
    pub fn new(engine: Arc<Engine>, router: Router, cards: Configured, world: Configured) -> Self {
        Self {
            engine,
            router,
            cards,
            world,
        }
    }

    /// Plays what is asked for, until `stop` resolves.
    pub async fn run(&self, stop: impl Future<Output = ()>) {
        let stop = stop.fuse();
        futures::pin_mut!(stop);
        let mut playing = FuturesUnordered::new();
        loop {
            let next = self.engine.play_next().fuse();
            futures::pin_mut!(next);
            futures::select_biased! {
                () = stop => return,
                ticket = next => playing.push(self.play(ticket)),
                () = playing.select_next_some() => {}
            }
        }
    }

    async fn play(&self, ticket: PlayTicket) {
        let problem = match Stage::open(self, &ticket).await {
            Ok(mut stage) => stage.play().await.err(),
            Err(problem) => Some(problem),
        };
        if let Some(problem) = &problem {
            tracing::debug!(
                scenario = ticket.scenario.name,
                "a scenario missed: {problem}"
            );
        }
        self.engine.play_end(ticket.id, problem);
    }

    /// A call of the widget's page.
    async fn frame(
        &self,
        (method, path): (Method, &str),
        visit: &str,
        body: impl Into<Body>,
    ) -> Played<(u16, Value)> {
        let request = Request::builder()
            .method(method)
            .uri(format!("/frame/api/{path}"))
            .header("authorization", format!("Bearer {visit}"))
            .body(body.into())
            .map_err(|error| error.to_string())?;
        let Ok(answer) = self.router.clone().oneshot(request).await;
        let status = answer.status().as_u16();
        let bytes = to_bytes(answer.into_body(), ANSWER_BYTES_MAX).await;
        let bytes = bytes.map_err(|error| error.to_string())?;
        Ok((
            status,
            serde_json::from_slice(&bytes).unwrap_or(Value::Null),
        ))
    }
}

impl<'a> Stage<'a> {
    async fn open(player: &'a Player, ticket: &'a PlayTicket) -> Played<Self> {
        let access = player.engine.access_of(ticket.partner).await;
        let access = access.map_err(|error| error.message)?;
        let asset = ticket.scenario.asset(&access.partner.policy);
        let asset = asset.ok_or("the pair is not enabled any more")?;
        let mut stage = Self {
            player,
            ticket,
            access,
            asset,
            order: OrderId::LAST,
            visit: None,
            view: Value::Null,
            seen: Vec::new(),
            changes: 0,
            cues: ticket.scenario.cues,
            has_left: false,
            sent: None,
            dispute: None,
        };
        match ticket.order {
            Some(order) => stage.order = order,
            None => stage.session().await?,
        }
        Ok(stage)
    }

    /// The partner's backend asks for a session, and its page opens the widget.
    async fn session(&mut self) -> Played<()> {
        let scenario = self.ticket.scenario;
        let user = self.ticket.id.to_string();
        let tag = match scenario.identity {
            "" => String::new(),
            tag => format!("+{tag}"),
        };
        let own_wallet = self.access.partner.kind == PartnerType::UserWallet;
        let body = json!({
            "partner_user_id": user, "user_email": format!("{user}{tag}@example.com"),
            "network": self.asset.network(), "currency": self.asset.ticker(),
            "amount": scenario.amount(), "type": scenario.side.name(),
            "address": own_wallet.then(|| act::own_address(self.asset.network())),
        });
        let body = body.to_string();
        let made = self
            .player
            .engine
            .session_create(&self.access, body.as_bytes(), None);
        let made = made.await.map_err(|error| error.message)?;
        let session = serde_json::to_value(&made).map_err(|error| error.to_string())?;
        self.order = OrderId::from_uuid(made.parameters.merchant_transaction_id);
        self.player.engine.play_order(self.ticket.id, self.order);
        let origin = self
            .access
            .origins
            .first()
            .ok_or("no origin is registered")?;
        let opening = json!({
            "widget_id": session["widget_id"], "init_token": session["init_token"],
            "parameters": session, "page_origin": origin,
        });
        let opening = opening.to_string();
        let visits = (Method::POST, "visits");
        let (status, opened) = self.player.frame(visits, "", opening).await?;
        let token = opened["visit_token"].as_str();
        let token = token.ok_or_else(|| refused("the widget does not open", status, &opened))?;
        self.visit = Some(token.to_owned());
        Ok(())
    }

    async fn play(&mut self) -> Played<()> {
        let mut idle = 0;
        loop {
            let before = (self.seen.len(), self.cues.len(), self.step().to_owned());
            self.look().await?;
            self.compare()?;
            if let Some((cue, rest)) = self.cues.split_first()
                && self.has_come(cue.when).await?
            {
                self.cues = rest;
                if self.visit.is_some() || !cue.deed.is_users() {
                    self.deed(cue.deed).await?;
                }
            } else if self.is_over().await? {
                return Ok(());
            } else if self.visit.is_some() && !self.has_left {
                self.act().await?;
            }
            let after = (self.seen.len(), self.cues.len(), self.step().to_owned());
            idle = if before == after { idle + 1 } else { 0 };
            let patience = match self.visit {
                Some(_) => IDLE_TICKS_MAX,
                None => BY_HAND_TICKS_MAX,
            };
            if idle >= patience {
                return Err(self.silence());
            }
            let engine = &self.player.engine;
            let at = engine.now().plus_millis(TICK_MS);
            engine.clock().sleep_until(at).await;
        }
    }

    fn step(&self) -> &str {
        self.view["step"].as_str().unwrap_or_default()
    }

    /// What the user and the partner see now.
    async fn look(&mut self) -> Played<()> {
        let engine = &self.player.engine;
        let view = engine.view(self.order).await;
        let view = view.map_err(|error| error.message)?;
        self.view = serde_json::to_value(view).map_err(|error| error.to_string())?;
        let story = engine.order_story(self.order).await;
        let story = story.map_err(|error| error.message)?;
        let changed = EventKind::StatusChanged.name();
        let events = story.events.iter();
        self.changes = events.filter(|event| event.kind == changed).count();
        let marks = story.events.into_iter().filter_map(|event| {
            let mark = mark(&event.kind, &event.body)?;
            Some(PlaySeen { mark, at: event.at })
        });
        let seen: Vec<PlaySeen> = marks.collect();
        if seen.len() != self.seen.len() {
            self.seen = seen;
            engine.play_saw(self.ticket.id, self.seen.clone());
        }
        Ok(())
    }

    /// What was seen begins what is to be seen. Cases go beside their order, and count by themselves.
    fn compare(&self) -> Played<()> {
        for of_cases in [false, true] {
            let (seen, wanted) = self.lanes(of_cases);
            if !wanted.starts_with(&seen) {
                return Err(self.difference("something else happened"));
            }
        }
        Ok(())
    }

    fn lanes(&self, of_cases: bool) -> (Vec<&str>, Vec<&str>) {
        let is_lane = |mark: &&str| mark.starts_with("case.") == of_cases;
        let seen = self.seen.iter().map(|seen| seen.mark.as_str());
        let wanted = self.ticket.scenario.reaches.iter().copied();
        (
            seen.filter(is_lane).collect(),
            wanted.filter(is_lane).collect(),
        )
    }

    /// Nothing happens any more: either something is missing, or the endpoint takes nothing although
    /// nobody plays that it is away.
    fn silence(&self) -> String {
        if self.cues.is_empty() && self.seen.len() == self.ticket.scenario.reaches.len() {
            return "your endpoint has not taken the events since its outage; see its deliveries"
                .to_owned();
        }
        self.difference("nothing more happened")
    }

    fn difference(&self, what: &str) -> String {
        let seen: Vec<&str> = self.seen.iter().map(|seen| seen.mark.as_str()).collect();
        let wanted = self.ticket.scenario.reaches.join(", ");
        let mut text = format!("{what}: expected {wanted}; saw {}", seen.join(", "));
        if let Some(cue) = self.cues.first() {
            text.push_str(&format!("; waited for {:?}", cue.when));
        }
        text.push_str(&format!("; the widget shows {}", self.step()));
        text
    }

    /// All has happened, the partner has seen it, and where its endpoint was away it has heard of it.
    async fn is_over(&self) -> Played<bool> {
        if !self.cues.is_empty() || self.seen.len() != self.ticket.scenario.reaches.len() {
            return Ok(false);
        }
        let is_away = |cue: &Cue| matches!(cue.deed, Deed::WebhookDown(_));
        if !self.ticket.scenario.cues.iter().any(is_away) {
            return Ok(true);
        }
        let tried = self.deliveries().await?;
        // What has just happened may not be on its way yet.
        let all_came =
            tried.len() >= self.changes && tried.iter().all(|(state, _)| *state != "pending");
        Ok(all_came && tried.iter().any(|(state, _)| *state == "delivered"))
    }

    /// Of each event for the partner's endpoint: how it stands, and how often it was tried.
    async fn deliveries(&self) -> Played<Vec<(&'static str, i64)>> {
        let filter = DeliveryFilter {
            before: proof_core::id::DeliveryId::LAST,
            order: Some(self.order),
            state: None,
        };
        let engine = &self.player.engine;
        let page = engine
            .deliveries(&self.access, filter, DELIVERIES_MAX)
            .await;
        let page = page.map_err(|error| error.message)?;
        let of = page.data.into_iter().map(|one| (one.state, one.attempts));
        Ok(of.collect())
    }

    async fn has_come(&self, when: When) -> Played<bool> {
        let sale = &self.view["sale"];
        Ok(match when {
            When::Step(step) => self.step() == step,
            When::Seen(mark) => self.seen.iter().any(|seen| seen.mark == mark),
            When::Sent => self.is_sent().await?,
            When::Mined => self.view["transfer"]["confirmations"].as_u64() > Some(0),
            When::Received(amount) => sale["received"] == amount,
            When::Case(state) => sale["cases"][0]["state"] == state,
            When::WebhookFailed => {
                let tried = self.deliveries().await?;
                tried
                    .iter()
                    .any(|(state, tries)| *state == "pending" && *tries > 0)
            }
        })
    }

    /// The name is shown before the chain has heard of it.
    async fn is_sent(&self) -> Played<bool> {
        let Some(hash) = self.view["transfer"]["hash"].as_str() else {
            return Ok(false);
        };
        let network = self.asset.network().name();
        let path = ["chains", "v1", network, "transfers", hash];
        let answer = self.player.world.get(&path, &[]).await;
        Ok(answer.is_ok_and(|answer| answer.is_success()))
    }

    fn author(&self) -> Author {
        Author {
            from: format!("{TAG}{}", self.ticket.scenario.name),
            ..Author::machine()
        }
    }

    /// A moment that the widget shows.
    fn moment(&self, pointer: &str) -> Played<Timestamp> {
        let text = self.view.pointer(pointer).and_then(Value::as_str);
        text.and_then(Timestamp::parse)
            .ok_or_else(|| format!("the widget shows no {pointer}"))
    }
}

fn refused(what: &str, status: u16, answer: &Value) -> String {
    let message = answer["message"].as_str().unwrap_or_default();
    format!("{what}: {status} {message}")
}
