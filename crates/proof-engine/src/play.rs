//! Scenarios that are being played: who asked for which, and what has been seen so far. They live in this
//! process; who plays them is outside of the engine, since it is the user, the bank and the wallet.

use crate::{Access, ApiError, Engine, audit::audit, member::deed, refusal::lock};
use proof_core::{
    ErrorCode, Timestamp,
    audit::Author,
    id::{OrderId, PartnerId, PlayId},
    partner::Environment,
    scenario::Scenario,
};
use proof_store::{Failure, Tx};
use schemars::JsonSchema;
use serde::Serialize;
use serde_json::json;
use std::collections::{BTreeMap, VecDeque};
use uuid::Uuid;

/// Plays of one partner that have not ended, and of all.
const OPEN_MAX: usize = 8;
const OPEN_ALL_MAX: usize = 64;

/// Plays that are remembered, ended ones included.
const KEPT_MAX: usize = 400;

/// Those that are played at the same time.
const TOGETHER_MAX: usize = 8;

/// Why an endpoint was not reached, where a scenario plays that it cannot be.
pub(crate) const OUTAGE: &str = "the sandbox plays an outage of this endpoint";

/// A scenario of the catalogue.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct ScenarioView {
    /// Its name; also the email's tag, `+scenario-NAME`.
    pub name: &'static str,
    /// What happens, in a sentence.
    pub about: &'static str,
    /// `buy` or `sell`.
    pub side: &'static str,
    /// What it is about: `identity`, `payment`, `delivery`, `dispute`, `deposit`, `payout` or `webhook`.
    pub area: &'static str,
    /// Whether it moves the sandbox's clock, for everybody.
    pub moves_clock: bool,
    /// What you see of it, in this order: statuses, and kinds of events of the feed.
    pub reaches: &'static [&'static str],
}

#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct ScenarioPage {
    /// The whole catalogue.
    pub data: Vec<ScenarioView>,
}

/// A scenario that was asked for.
#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct PlayView {
    /// `ply_…`
    pub id: String,
    /// Which scenario.
    pub scenario: &'static str,
    /// `waiting`, `playing`, `reached` (what the scenario states), `missed` (something else).
    pub state: &'static str,
    /// Somebody drives the widget, and only the world outside is played: the email asked for it.
    pub by_hand: bool,
    /// Null until its session is made.
    pub merchant_transaction_id: Option<Uuid>,
    /// When it was asked for.
    pub asked_at: String,
    /// What is to be seen, in this order.
    pub reaches: &'static [&'static str],
    /// What was seen.
    pub seen: Vec<PlaySeen>,
    /// What differs, of a play that missed.
    pub problem: Option<String>,
}

#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct PlaySeen {
    /// A status, or the kind of an event.
    pub mark: String,
    /// When it happened, by the sandbox's clock.
    pub at: String,
}

#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct PlayPage {
    /// The latest first.
    pub data: Vec<PlayView>,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum PlayState {
    Waiting,
    Playing,
    Reached,
    Missed,
}

impl PlayState {
    const fn name(self) -> &'static str {
        match self {
            Self::Waiting => "waiting",
            Self::Playing => "playing",
            Self::Reached => "reached",
            Self::Missed => "missed",
        }
    }

    const fn is_open(self) -> bool {
        matches!(self, Self::Waiting | Self::Playing)
    }
}

struct Play {
    id: PlayId,
    scenario: &'static Scenario,
    partner: PartnerId,
    by_hand: bool,
    order: Option<OrderId>,
    asked_at: Timestamp,
    state: PlayState,
    seen: Vec<PlaySeen>,
    problem: Option<String>,
}

impl Play {
    /// Whether nothing else may be played beside it. Somebody at a widget takes their time.
    fn is_alone(&self) -> bool {
        !self.by_hand && self.scenario.moves_clock()
    }
}

impl From<&Play> for PlayView {
    fn from(play: &Play) -> Self {
        Self {
            id: play.id.to_string(),
            scenario: play.scenario.name,
            state: play.state.name(),
            by_hand: play.by_hand,
            merchant_transaction_id: play.order.map(OrderId::uuid),
            asked_at: play.asked_at.to_contract(),
            reaches: play.scenario.reaches,
            seen: play.seen.clone(),
            problem: play.problem.clone(),
        }
    }
}

impl From<&'static Scenario> for ScenarioView {
    fn from(scenario: &'static Scenario) -> Self {
        Self {
            name: scenario.name,
            about: scenario.about,
            side: scenario.side.name(),
            area: scenario.area.name(),
            moves_clock: scenario.moves_clock(),
            reaches: scenario.reaches,
        }
    }
}

/// What there is to be played.
#[derive(Default)]
pub(crate) struct Plays {
    list: VecDeque<Play>,
    /// Endpoints that do not answer about these orders, until when.
    webhooks_down: BTreeMap<OrderId, Timestamp>,
}

impl Plays {
    fn open(&self) -> impl Iterator<Item = &Play> {
        self.list.iter().filter(|play| play.state.is_open())
    }

    fn find(&mut self, id: PlayId) -> Option<&mut Play> {
        self.list.iter_mut().find(|play| play.id == id)
    }

    fn add(&mut self, play: Play) -> Result<(), ApiError> {
        let own = self.open().filter(|one| one.partner == play.partner);
        if own.count() >= OPEN_MAX || self.open().count() >= OPEN_ALL_MAX {
            let message = format!(
                "{OPEN_MAX} scenarios of yours, or {OPEN_ALL_MAX} of all, have not ended yet; wait for them."
            );
            return Err(ApiError::new(ErrorCode::WrongState, message));
        }
        self.list.push_back(play);
        while self.list.len() > KEPT_MAX {
            let ended = self.list.iter().position(|play| !play.state.is_open());
            let Some(ended) = ended else { break };
            self.list.remove(ended);
        }
        Ok(())
    }

    /// The oldest that waits, if it may begin now.
    fn take(&mut self) -> Option<PlayTicket> {
        let playing = |play: &&Play| play.state == PlayState::Playing && !play.by_hand;
        let others: Vec<bool> = self
            .list
            .iter()
            .filter(playing)
            .map(Play::is_alone)
            .collect();
        let crowded = others.len() >= TOGETHER_MAX || others.contains(&true);
        let waiting = |play: &&mut Play| play.state == PlayState::Waiting;
        // Whoever has a widget open waits for nobody.
        let mut list = self.list.iter_mut().filter(waiting);
        let by_hand = list.find(|play| play.by_hand);
        let play = match by_hand {
            Some(play) => play,
            None => {
                let next = self.list.iter_mut().find(waiting)?;
                if crowded || (next.is_alone() && !others.is_empty()) {
                    return None;
                }
                next
            }
        };
        play.state = PlayState::Playing;
        Some(PlayTicket {
            id: play.id,
            scenario: play.scenario,
            partner: play.partner,
            order: play.order,
        })
    }
}

/// A play that begins now.
#[derive(Clone, Debug)]
pub struct PlayTicket {
    pub id: PlayId,
    pub scenario: &'static Scenario,
    pub partner: PartnerId,
    /// Somebody's, who drives the widget by hand.
    pub order: Option<OrderId>,
}

impl Engine {
    pub fn scenarios() -> ScenarioPage {
        let data = proof_core::scenario::SCENARIOS
            .iter()
            .map(ScenarioView::from);
        ScenarioPage {
            data: data.collect(),
        }
    }

    /// Puts a scenario among those that are to be played.
    pub async fn play_start(
        &self,
        author: impl Into<Author>,
        partner: PartnerId,
        name: &str,
    ) -> Result<PlayView, ApiError> {
        let access = self.access_of(partner).await?;
        self.sandbox_check(&access)?;
        let scenario = Scenario::find(name)
            .ok_or_else(|| ApiError::nobody(&format!("scenario {name:.40}")))?;
        self.play_check(&access, scenario).await?;
        let (now, author) = (self.now(), author.into());
        let play = self.play_new(partner, scenario, None);
        let (id, view) = (play.id, PlayView::from(&play));
        lock(&self.plays).add(play)?;
        let after = json!({ "partner": partner.to_string(), "scenario": name });
        let deed = deed(author, "sandbox.play", id.to_string(), after);
        self.db
            .write("play_start", move |tx: &mut Tx| {
                let deed = deed.clone();
                Box::pin(async move { audit(tx, &deed, now).await })
            })
            .await
            .map_err(|error: Failure<ApiError>| ApiError::from(error))?;
        self.play_hint.send_modify(|count| *count += 1);
        Ok(view)
    }

    fn play_new(
        &self,
        partner: PartnerId,
        scenario: &'static Scenario,
        order: Option<OrderId>,
    ) -> Play {
        let now = self.now();
        Play {
            id: PlayId::new(now, self.entropy.as_ref()),
            scenario,
            partner,
            by_hand: order.is_some(),
            order,
            asked_at: now,
            state: PlayState::Waiting,
            seen: Vec::new(),
            problem: None,
        }
    }

    /// What a scenario needs of its partner and of this sandbox.
    async fn play_check(&self, access: &Access, scenario: &Scenario) -> Result<(), ApiError> {
        let refuse = |message: String| Err(ApiError::new(ErrorCode::WrongState, message));
        let name = scenario.name;
        if scenario.asset(&access.partner.policy).is_none() {
            return refuse(format!(
                "{name} needs a pair that is not enabled for this partner; ask the operator."
            ));
        }
        if access.origins.is_empty() {
            return refuse(format!(
                "{name} needs a registered origin to open the widget from."
            ));
        }
        if scenario.moves_clock() && self.movable.is_none() {
            return refuse(format!(
                "{name} moves the clock, which the operator of this sandbox lets nobody do."
            ));
        }
        let hears = scenario.area == proof_core::scenario::Area::Webhook;
        if hears && self.webhook(access).await.is_err() {
            return refuse(format!(
                "{name} needs a webhook endpoint; register one first."
            ));
        }
        Ok(())
    }

    /// The email of a session asked for a scenario: its user drives the widget, and the world does its part.
    pub(crate) fn play_of_email(
        &self,
        access: &Access,
        order: OrderId,
        scenario: &'static Scenario,
    ) {
        let play = self.play_new(access.partner.id, scenario, Some(order));
        // Too many at once: the order is one like any other, and the list says what is under way.
        if let Err(error) = lock(&self.plays).add(play) {
            tracing::debug!("a scenario that an email asks for is not played: {error}");
            return;
        }
        self.play_hint.send_modify(|count| *count += 1);
    }

    /// A scenario that the email of a sandbox's session asks for.
    pub(crate) fn scenario_asked(
        &self,
        access: &Access,
        email: &str,
    ) -> Result<Option<&'static Scenario>, ApiError> {
        if access.environment != Environment::Test {
            return Ok(None);
        }
        Scenario::of_email(email).map_err(|name| {
            let message = format!(
                "The field user_email asks for the scenario {name:.40}, which there is not; \
                 GET /widget/sandbox/scenarios lists them."
            );
            ApiError::field(ErrorCode::ValidationError, "user_email", message)
        })
    }

    pub fn plays(&self, partner: PartnerId) -> PlayPage {
        let plays = lock(&self.plays);
        let own = plays.list.iter().rev().filter(|p| p.partner == partner);
        PlayPage {
            data: own.take(100).map(PlayView::from).collect(),
        }
    }

    pub fn play(&self, partner: PartnerId, id: &str) -> Result<PlayView, ApiError> {
        let id = id.parse::<PlayId>().ok();
        let plays = lock(&self.plays);
        let mut own = plays.list.iter().filter(|play| play.partner == partner);
        own.find(|play| Some(play.id) == id)
            .map(PlayView::from)
            .ok_or_else(|| ApiError::not_found("play"))
    }

    /// Waits for the next play that may begin.
    pub async fn play_next(&self) -> PlayTicket {
        let mut hint = self.play_hint.subscribe();
        loop {
            hint.mark_unchanged();
            if let Some(ticket) = lock(&self.plays).take() {
                return ticket;
            }
            if hint.changed().await.is_err() {
                // The engine holds the sender as long as it lives.
                futures::future::pending::<()>().await;
            }
        }
    }

    pub fn play_order(&self, id: PlayId, order: OrderId) {
        if let Some(play) = lock(&self.plays).find(id) {
            play.order = Some(order);
        }
    }

    pub fn play_saw(&self, id: PlayId, seen: Vec<PlaySeen>) {
        if let Some(play) = lock(&self.plays).find(id) {
            play.seen = seen;
        }
    }

    pub fn play_end(&self, id: PlayId, problem: Option<String>) {
        {
            let mut plays = lock(&self.plays);
            let Some(play) = plays.find(id) else { return };
            play.state = match problem {
                None => PlayState::Reached,
                Some(_) => PlayState::Missed,
            };
            play.problem = problem;
            if let Some(order) = play.order {
                plays.webhooks_down.remove(&order);
            }
        }
        self.play_hint.send_modify(|count| *count += 1);
    }

    /// The partner's endpoint answers nothing about this order for a while.
    pub fn play_webhook_down(&self, order: OrderId, seconds: i64) {
        let until = self.now().plus_seconds(seconds);
        lock(&self.plays).webhooks_down.insert(order, until);
    }

    /// Whether the user of this order is played, too.
    pub(crate) fn plays_user_of(&self, order: OrderId) -> bool {
        let plays = lock(&self.plays);
        let mut own = plays.list.iter();
        own.any(|play| play.order == Some(order) && !play.by_hand)
    }

    pub(crate) fn plays_webhook_down(&self, order: Option<OrderId>) -> bool {
        let Some(order) = order else { return false };
        let plays = lock(&self.plays);
        let until = plays.webhooks_down.get(&order);
        until.is_some_and(|until| self.now() < *until)
    }
}
