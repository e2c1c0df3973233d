//! From the sandbox to real money: two people open it for a partner whose checklist is green, the first
//! orders are small and watched, and the last line of the checklist ends that.

use crate::{
    ApiError, Engine, Seat,
    audit::{audit, two_voices},
    change::wallets_check,
    checklist::{WATCHED_LINE, not_allowed},
    console::WalletLine,
    error::refused,
    member::deed,
    signature::secret_generate,
    suspend,
};
use proof_core::{
    Address, Asset, ErrorCode, Timestamp,
    checklist::{self, FirstOrder, NotOpened, NotYet, Opening, WATCHED_MINOR_MAX},
    id::{EndpointId, OrderId, PartnerId},
    member::{Act, Role},
    money::Money,
    operator::{Proposal, Voice},
    order::Order,
    partner::{Environment, Origin, Partner, Stage},
    secret::Secret,
    token::ClientToken,
};
use proof_store::{EndpointNew, Failure, Tx};
use serde::{Deserialize, Serialize};
use serde_json::json;

const LIVE: Environment = Environment::Live;

/// Long enough to say why, short enough to be read.
const REASON_LENGTH_MAX: usize = 500;
const ORIGINS_MAX: usize = 50;

/// What a partner has in the real world. Nothing of it is taken over from the sandbox.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct LiveOpen {
    pub origins: Vec<Origin>,
    /// For `treasury` and `managed`: one for each pair that users buy.
    pub wallets: Vec<(Asset, Address)>,
    pub webhook_url: Option<String>,
    /// Of an owner, where lines are not green.
    pub override_reason: Option<String>,
}

/// Shown once, to the second of the two.
#[derive(Clone, Debug)]
pub struct LiveOpened {
    pub client_token: Secret,
    pub webhook_secret: Option<Secret>,
}

/// How a partner stands with real money.
#[derive(Clone, Debug, Serialize)]
pub struct LiveView {
    /// Whether this server has anything that moves real money.
    pub possible: bool,
    pub opened_by: Option<String>,
    pub opened_at: Option<String>,
    pub override_reason: Option<String>,
    /// What one person wants, and who.
    pub proposed: Option<LiveProposed>,
    /// Who wants a suspended partner to go on, and why.
    pub resume_proposed: Option<String>,
}

#[derive(Clone, Debug, Serialize)]
pub struct LiveProposed {
    pub by: String,
    pub at: String,
    pub origins: Vec<Origin>,
    pub wallets: Vec<WalletLine>,
    pub webhook_url: Option<String>,
    pub override_reason: Option<String>,
}

pub(crate) fn subject(id: PartnerId) -> String {
    format!("live:{id}")
}

fn wrong_state(message: impl Into<String>) -> ApiError {
    ApiError::new(ErrorCode::WrongState, message)
}

fn wrong(field: &'static str, message: impl Into<String>) -> ApiError {
    ApiError::field(ErrorCode::ValidationError, field, message)
}

fn not_opened(why: NotOpened) -> ApiError {
    match why {
        NotOpened::Open => wrong_state("This partner is live already."),
        NotOpened::Suspended => wrong_state("This partner is suspended."),
        NotOpened::NotGreen => wrong_state(
            "Lines of the checklist are not green yet. An owner may open live all the same, with a reason.",
        ),
        NotOpened::NotTheOwner => not_allowed(),
    }
}

/// Why the first real money does not move; users read it.
fn not_yet(why: NotYet, total: Money) -> ApiError {
    let limit = |message: String| ApiError::new(ErrorCode::LimitExceeded, message);
    match why {
        NotYet::AnotherIsOpen => limit(
            "This shop is trying out its first payments, one at a time. Try again in a few minutes."
                .to_owned(),
        ),
        NotYet::TooMuch => {
            let most = Money::new(total.fiat(), WATCHED_MINOR_MAX);
            limit(format!(
                "This shop is trying out its first payments: at most {} {} for now.",
                most.to_decimal(),
                total.fiat().code()
            ))
        }
        NotYet::NobodyWatches => wrong_state(
            "This shop's first payments are watched by a person, and nobody is there right now. Try again in a few minutes.",
        ),
    }
}

/// One of a partner's first real orders is about to move money. Its partner is locked until the end of
/// this database transaction, so that there is one at a time.
pub(crate) async fn first_order_check(
    tx: &mut Tx,
    order: &Order,
    total: Money,
    now: Timestamp,
) -> Result<(), Failure<ApiError>> {
    if order.environment != LIVE {
        return Ok(());
    }
    let stage = tx.partner_lock(order.partner).await?.map(|p| p.stage);
    let is_watched = match stage {
        Some(Stage::LiveWatched) => true,
        // What was begun before goes on as it would have.
        Some(Stage::Suspended) => {
            let signed = tx.signature_list(order.partner).await?;
            signed.iter().all(|one| one.line != WATCHED_LINE)
        }
        Some(Stage::Sandbox | Stage::Live) | None => false,
    };
    if !is_watched {
        return Ok(());
    }
    let watched = tx.watch_latest(order.id).await?;
    let first = FirstOrder {
        total_minor: total.minor(),
        others_open: tx.order_moving(order.partner, LIVE, order.id).await? > 0,
        watched_at: watched.map(|(_, at)| at),
    };
    checklist::first_order(first, now).map_err(|why| refused(not_yet(why, total)))
}

impl LiveOpen {
    /// Two people who say the same in another order say the same.
    fn sorted(mut self) -> Self {
        self.origins
            .sort_unstable_by(|a, b| a.as_str().cmp(b.as_str()));
        self.origins.dedup();
        self.wallets.sort_unstable_by_key(|(asset, _)| *asset);
        self
    }

    fn check(&self, engine: &Engine, partner: &Partner) -> Result<(), ApiError> {
        if self.origins.is_empty() || self.origins.len() > ORIGINS_MAX {
            let message = format!("Name the live page's origin: one to {ORIGINS_MAX} of them.");
            return Err(wrong("origins", message));
        }
        if let Some(plain) = self
            .origins
            .iter()
            .find(|o| !o.as_str().starts_with("https://"))
        {
            return Err(wrong("origins", format!("{plain} is not https.")));
        }
        wallets_check(
            partner,
            self.wallets.iter().map(|(asset, _)| *asset).collect(),
        )?;
        if let Some(url) = &self.webhook_url {
            engine.endpoint_check(LIVE, url)?;
        }
        match &self.override_reason {
            Some(text) if text.trim().is_empty() || text.chars().count() > REASON_LENGTH_MAX => {
                let message = format!("A reason has 1 to {REASON_LENGTH_MAX} characters.");
                Err(wrong("override_reason", message))
            }
            Some(_) | None => Ok(()),
        }
    }
}

/// Everything that opening writes, ready to be written as often as the database asks.
#[derive(Clone)]
struct Write {
    ask: LiveOpen,
    token: ClientToken,
    endpoint: EndpointId,
    secret: Secret,
    opening: Opening,
}

impl Write {
    async fn run(
        &self,
        tx: &mut Tx,
        partner: PartnerId,
        first: &Voice,
    ) -> Result<(), Failure<ApiError>> {
        let now = self.opening.at;
        tx.token_insert(partner, &self.token, now).await?;
        for origin in &self.ask.origins {
            tx.origin_insert(partner, LIVE, origin).await?;
        }
        for (asset, address) in &self.ask.wallets {
            tx.wallet_insert(partner, LIVE, (*asset, address), now)
                .await?;
        }
        if let Some(url) = &self.ask.webhook_url {
            let endpoint = EndpointNew {
                id: self.endpoint,
                partner,
                environment: LIVE,
                url,
                secret: &self.secret,
            };
            tx.endpoint_put(endpoint, now).await?;
        }
        let opening = Opening {
            by: format!("{} and {}", first.by, self.opening.by),
            ..self.opening.clone()
        };
        tx.opening_put(partner, &opening).await?;
        tx.partner_stage_save(partner, Stage::LiveWatched).await?;
        Ok(())
    }
}

impl Engine {
    /// Two people let a partner move real money: `None` says that the first word was kept.
    pub async fn live_open(
        &self,
        seat: &Seat,
        id: PartnerId,
        ask: LiveOpen,
    ) -> Result<Option<LiveOpened>, ApiError> {
        if !seat.role().may(Act::PartnerWrite) {
            return Err(not_allowed());
        }
        if self.live_rails.is_none() {
            return Err(wrong_state(
                "This server has nothing that moves real money yet: no live rails are configured.",
            ));
        }
        let partner = self.partner_known(id).await?;
        self.networks_proven(&partner).await?;
        let ready = self.checklist(id).await?.ready;
        let wished = self.live_wished(id).await?;
        // The owner's word is one of the two, whichever.
        let is_owner = seat.role() == Role::Owner
            || wished.is_some_and(|wish| wish.act.override_reason.is_some());
        let reason = ask.override_reason.as_deref();
        let reason = checklist::open(partner.stage, ready, reason, is_owner).map_err(not_opened)?;
        let ask = LiveOpen {
            override_reason: reason.map(str::to_owned),
            ..ask
        };
        ask.check(self, &partner)?;
        let ask = ask.sorted();
        let write = self.live_write(seat, ask);
        let opened = LiveOpened {
            client_token: Secret::new(write.token.expose_secret()),
            webhook_secret: write.ask.webhook_url.as_ref().map(|_| write.secret.clone()),
        };
        // A wish over lines that are not green begins with an owner; only agreeing to it is for others.
        let may_begin = write.ask.override_reason.is_none() || seat.role() == Role::Owner;
        let (author, now) = (seat.author(), write.opening.at);
        let done = self
            .db
            .write("live_open", move |tx: &mut Tx| {
                let (author, write) = (author.clone(), write.clone());
                Box::pin(async move {
                    let partner = tx.partner_lock(id).await?;
                    if partner.is_none_or(|partner| partner.stage != Stage::Sandbox) {
                        return Err(refused(not_opened(NotOpened::Open)));
                    }
                    let wanted = json!(write.ask);
                    let voice = Voice {
                        by: author.by.clone(),
                        reason: String::new(),
                    };
                    let mut deed = deed(author, "live.open", id.to_string(), wanted.clone());
                    let agreed = two_voices(tx, &subject(id), wanted, voice, now).await?;
                    match &agreed {
                        Some(first) => write.run(tx, id, first).await?,
                        None if !may_begin => return Err(refused(not_allowed())),
                        None => deed.act = "live.propose",
                    }
                    audit(tx, &deed, now).await?;
                    Ok::<_, Failure<ApiError>>(agreed.is_some())
                })
            })
            .await?;
        Ok(done.then_some(opened))
    }

    /// No word of anybody stands for a network that has shown nothing.
    async fn networks_proven(&self, partner: &Partner) -> Result<(), ApiError> {
        let worlds = [Environment::Test, LIVE];
        let unproven = self.networks_unproven(&worlds).await?;
        let mut pairs = partner.policy.pairs.iter();
        match pairs.find(|pair| unproven.contains(&pair.asset.network())) {
            None => Ok(()),
            Some(pair) => {
                let network = pair.asset.network();
                Err(wrong_state(format!(
                    "{network} is not proven on its real nodes: run proof chain prove {network} first, or take its pairs off this partner."
                )))
            }
        }
    }

    fn live_write(&self, seat: &Seat, ask: LiveOpen) -> Write {
        let (now, entropy) = (self.now(), self.entropy.as_ref());
        Write {
            token: ClientToken::generate(LIVE, entropy),
            endpoint: EndpointId::new(now, entropy),
            secret: secret_generate(self.random()),
            opening: Opening {
                by: seat.author().by.to_string(),
                at: now,
                override_reason: ask.override_reason.clone(),
            },
            ask,
        }
    }

    async fn live_wished(&self, id: PartnerId) -> Result<Option<Proposal<LiveOpen>>, ApiError> {
        let body = self
            .db
            .read("live_wished", move |tx: &mut Tx| {
                Box::pin(async move {
                    Ok::<_, Failure<ApiError>>(tx.proposal_read(&subject(id)).await?)
                })
            })
            .await?;
        Ok(body.and_then(|body| serde_json::from_value(body).ok()))
    }

    /// How a partner stands with real money.
    pub async fn live_view(&self, id: PartnerId) -> Result<LiveView, ApiError> {
        let (opening, resume) = self
            .db
            .read("live_view", move |tx: &mut Tx| {
                Box::pin(async move {
                    let resume = tx.proposal_read(&suspend::subject(id)).await?;
                    Ok::<_, Failure<ApiError>>((tx.opening_load(id).await?, resume))
                })
            })
            .await?;
        let wish = self.live_wished(id).await?;
        let wallet = |(pair, address): (Asset, Address)| WalletLine {
            pair: pair.to_string(),
            address: address.to_string(),
        };
        let proposed = wish.map(|wish| LiveProposed {
            by: wish.voice.by.to_string(),
            at: wish.at.to_contract(),
            origins: wish.act.origins,
            wallets: wish.act.wallets.into_iter().map(wallet).collect(),
            webhook_url: wish.act.webhook_url,
            override_reason: wish.act.override_reason,
        });
        Ok(LiveView {
            possible: self.live_rails.is_some(),
            opened_by: opening.as_ref().map(|opening| opening.by.clone()),
            opened_at: opening.as_ref().map(|opening| opening.at.to_contract()),
            override_reason: opening.and_then(|opening| opening.override_reason),
            proposed,
            resume_proposed: suspend::said(resume),
        })
    }

    /// Somebody who may decide about orders has the page of this one open.
    pub async fn order_watch(&self, seat: &Seat, id: OrderId) -> Result<(), ApiError> {
        if !seat.role().may(Act::OrderRule) {
            return Err(not_allowed());
        }
        let order = self.order_load(id).await?.order;
        if order.environment != LIVE {
            return Ok(());
        }
        let (author, now) = (seat.author(), self.now());
        let deed = deed(author, "order.watch", id.uuid().to_string(), json!({}));
        self.db
            .write("order_watch", move |tx: &mut Tx| {
                let deed = deed.clone();
                Box::pin(async move {
                    let by = deed.author.by.to_string();
                    let known = tx.watch_latest(id).await?;
                    tx.watch_put(id, &by, now).await?;
                    // The first look is a deed; that it goes on is not.
                    match known {
                        Some((last, _)) if last == by => Ok(()),
                        Some(_) | None => audit(tx, &deed, now).await,
                    }
                })
            })
            .await
            .map_err(ApiError::from)
    }
}
