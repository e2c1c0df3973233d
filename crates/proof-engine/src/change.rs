//! Keys and addresses of a partner: one person changes them in the sandbox, two where money is real.

use crate::{
    ApiError, Engine, Ruled, Seat,
    audit::audit,
    checklist::not_allowed,
    error::refused,
    member::deed,
    signature::secret_generate,
    token::{grace_check, not_live},
};
use proof_core::{
    Asset, ErrorCode, Timestamp,
    audit::Author,
    change::{Change, Matter, Said, Speaker, Wallet, say},
    id::{EndpointId, PartnerId},
    member::Role,
    operator::Proposal,
    partner::{Environment, Partner, PartnerType},
    secret::Secret,
    token::ClientToken,
};
use proof_store::{EndpointNew, Failure, Tx};
use serde::Serialize;
use serde_json::{Value, json};

use Environment::{Live, Test};

/// Pages that embed one partner's widget in one world.
const ORIGINS_MAX: usize = 50;

/// A partner has an app or two for each kind of telephone.
const RETURNS_MAX: usize = 20;

/// What became of a word. Secrets are shown once, to whoever made it happen.
#[derive(Clone, Debug)]
pub struct Changed {
    pub ruled: Ruled,
    pub client_token: Option<Secret>,
    pub webhook_secret: Option<Secret>,
}

/// What one person wants, and who.
#[derive(Clone, Debug, Serialize)]
pub struct ChangeWished {
    pub by: String,
    pub at: String,
    pub change: Change,
}

/// Who changes something; the role of somebody who was asked for it.
#[derive(Clone, Debug)]
pub(crate) struct By {
    author: Author,
    role: Option<Role>,
}

impl From<&Seat> for By {
    fn from(seat: &Seat) -> Self {
        Self {
            author: seat.author(),
            role: Some(seat.role()),
        }
    }
}

impl From<Author> for By {
    /// Somebody of whom no role is known: enough for the sandbox, and for the machine itself.
    fn from(author: Author) -> Self {
        Self { author, role: None }
    }
}

/// What is made by chance, once, however often the database asks.
#[derive(Clone)]
struct Fresh {
    now: Timestamp,
    token: ClientToken,
    endpoint: EndpointId,
    secret: Secret,
}

/// What somebody wants, and how they say it.
#[derive(Clone)]
struct Ask {
    by: By,
    partner: PartnerId,
    environment: Environment,
    change: Change,
    /// The moment of the wish that this agrees with; `None`: it may be a wish of its own.
    agrees_with: Option<String>,
}

/// What was done, and which secret there is to show.
#[derive(Clone, Copy, Default)]
struct Done {
    ruled: bool,
    gave_token: bool,
    gave_secret: bool,
}

fn subject(id: PartnerId, matter: Matter) -> String {
    format!("change:{id}:{}", matter.name())
}

fn wrong_state(message: &str) -> ApiError {
    ApiError::new(ErrorCode::WrongState, message)
}

fn wrong(field: &'static str, message: impl Into<String>) -> ApiError {
    ApiError::field(ErrorCode::ValidationError, field, message)
}

fn overtaken() -> ApiError {
    wrong_state("This is not what is proposed any more. Look again, at every line.")
}

fn no_operator() -> ApiError {
    wrong_state(
        "Two of the partner's people are not enough for live: an operator or an owner has to say the same.",
    )
}

pub(crate) fn live_check(partner: &Partner, environment: Environment) -> Result<(), ApiError> {
    match environment {
        Live if !partner.stage.has_live() => Err(wrong_state(
            "This partner is not live: nothing of it is there.",
        )),
        Live | Test => Ok(()),
    }
}

/// One wallet for each pair that users buy, and none twice.
pub(crate) fn wallets_check(partner: &Partner, mut named: Vec<Asset>) -> Result<(), ApiError> {
    named.sort_unstable();
    if named.windows(2).any(|pair| pair[0] == pair[1]) {
        return Err(wrong("wallets", "One asset has two wallets; name one."));
    }
    let bought = partner.policy.pairs.iter().filter(|pair| pair.buys);
    let mut bare = bought.filter(|pair| !named.contains(&pair.asset));
    match bare
        .next()
        .filter(|_| partner.kind != PartnerType::UserWallet)
    {
        Some(pair) => {
            let (kind, asset) = (partner.kind.name(), pair.asset);
            let message = format!("A {kind} partner needs a wallet for {asset}.");
            Err(wrong("wallets", message))
        }
        None => Ok(()),
    }
}

pub(crate) async fn wallets_of(
    tx: &mut Tx,
    partner: PartnerId,
    environment: Environment,
) -> Result<Vec<Wallet>, Failure<ApiError>> {
    let listed = tx.wallet_list(partner, environment).await?;
    let wallet = |(asset, address)| Wallet { asset, address };
    let mut wallets: Vec<Wallet> = listed.into_iter().map(wallet).collect();
    wallets.sort_unstable();
    Ok(wallets)
}

impl Ask {
    /// The step from what is there now; `None`: it is so already.
    async fn settle(
        &self,
        tx: &mut Tx,
        partner: &Partner,
    ) -> Result<Option<Change>, Failure<ApiError>> {
        let (id, environment) = (partner.id, self.environment);
        let step = match &self.change {
            Change::Token { .. } => Some(self.change.clone()),
            Change::WebhookMove { url, .. } => {
                let found = tx.endpoint_of_partner(id, environment).await?;
                let before = found.map(|endpoint| endpoint.url);
                let url = url.clone();
                (before.as_ref() != Some(&url)).then_some(Change::WebhookMove { before, url })
            }
            Change::WebhookSecret { .. } => {
                let found = tx.endpoint_of_partner(id, environment).await?;
                found.ok_or_else(|| refused(ApiError::nobody("webhook")))?;
                Some(self.change.clone())
            }
            Change::OriginAdd { origin } => {
                let known = tx.origin_list(id, Some(environment)).await?;
                let is_new = !known.contains(origin);
                if is_new && known.len() >= ORIGINS_MAX {
                    let message = format!("A partner has at most {ORIGINS_MAX} origins.");
                    return Err(refused(wrong("origin", message)));
                }
                is_new.then(|| self.change.clone())
            }
            Change::OriginRemove { origin } => {
                let known = tx.origin_list(id, Some(environment)).await?;
                if !known.contains(origin) {
                    return Err(refused(ApiError::nobody("origin")));
                }
                if environment == Live && known.len() == 1 {
                    return Err(refused(wrong_state(
                        "This is the only live page: without one nobody can open the widget. Add another one first.",
                    )));
                }
                Some(self.change.clone())
            }
            Change::ReturnAdd { link } => {
                let known = tx.return_list(id, environment).await?;
                let is_new = !known.contains(link);
                if is_new && known.len() >= RETURNS_MAX {
                    let message = format!("A partner has at most {RETURNS_MAX} return links.");
                    return Err(refused(wrong("link", message)));
                }
                is_new.then(|| self.change.clone())
            }
            Change::ReturnRemove { link } => {
                let known = tx.return_list(id, environment).await?;
                if !known.contains(link) {
                    return Err(refused(ApiError::nobody("return link")));
                }
                Some(self.change.clone())
            }
            Change::Wallets { wallets, .. } => {
                let before = wallets_of(tx, id, environment).await?;
                let wallets = wallets.clone();
                (before != wallets).then_some(Change::Wallets { before, wallets })
            }
        };
        Ok(step)
    }

    /// Whether this is the last word that is needed, and who said the first.
    async fn voices(
        &self,
        tx: &mut Tx,
        change: &Change,
        now: Timestamp,
    ) -> Result<Option<String>, Failure<ApiError>> {
        let speaker = Speaker {
            name: self.by.author.by.clone(),
            role: self.by.role.ok_or_else(|| refused(not_allowed()))?,
        };
        let subject = subject(self.partner, change.matter());
        let body = tx.proposal_load(&subject).await?;
        let standing: Option<Proposal<Change>> =
            body.and_then(|body| serde_json::from_value(body).ok());
        if let Some(at) = &self.agrees_with {
            let same = standing.as_ref().is_some_and(|proposal| {
                proposal.act == *change && proposal.at.to_contract() == *at
            });
            if !same {
                return Err(refused(overtaken()));
            }
        }
        let first = match &standing {
            Some(proposal) => self.speaker(tx, proposal).await?,
            None => None,
        };
        let said = say(
            standing.as_ref(),
            first.as_ref(),
            change.clone(),
            &speaker,
            now,
        );
        match said {
            Said::Proposed(proposal) => {
                let body = serde_json::to_value(&proposal).unwrap_or_default();
                tx.proposal_put(&subject, body, now).await?;
                Ok(None)
            }
            Said::Agreed { first } => {
                tx.proposal_end(&subject).await?;
                Ok(Some(first.by.to_string()))
            }
            Said::Alone => Err(refused(proof_core::order::Refusal::SecondPerson)),
            Said::NoOperator => Err(refused(no_operator())),
        }
    }

    /// Who made a wish, as long as that person is here and sees the partner.
    async fn speaker(
        &self,
        tx: &mut Tx,
        proposal: &Proposal<Change>,
    ) -> Result<Option<Speaker>, Failure<ApiError>> {
        let found = tx.member_by_name(&proposal.voice.by).await?;
        let member = found.map(|stored| stored.member);
        let here = member.filter(|member| {
            let own = member.post.partner().is_none_or(|own| own == self.partner);
            !member.is_disabled && own
        });
        Ok(here.map(|member| Speaker {
            name: member.name,
            role: member.post.role(),
        }))
    }

    async fn run(&self, tx: &mut Tx, fresh: &Fresh) -> Result<Done, Failure<ApiError>> {
        let found = tx.partner_lock(self.partner).await?;
        let partner = found.ok_or_else(|| refused(ApiError::nobody("partner")))?;
        self.fits(&partner)?;
        let mut done = Done {
            ruled: true,
            ..Done::default()
        };
        let Some(change) = self.settle(tx, &partner).await? else {
            // What is so already is no deed.
            return match self.agrees_with {
                Some(_) => Err(refused(overtaken())),
                None => Ok(done),
            };
        };
        let mut first = None;
        if self.environment == Live && !self.by.author.is_machine() {
            first = self.voices(tx, &change, fresh.now).await?;
            done.ruled = first.is_some();
        }
        let mut told = fresh.told(&change, self.environment);
        if done.ruled {
            fresh
                .write(tx, (&partner, self.environment), &change, &mut done)
                .await?;
            if let Some(first) = first {
                told["proposed_by"] = json!(first);
            }
        }
        let act = if done.ruled {
            change.deed()
        } else {
            "change.propose"
        };
        let mut deed = deed(self.by.author.clone(), act, self.partner.to_string(), told);
        deed.before = before(&change);
        if !done.ruled {
            deed.after = json!({ "environment": self.environment, "change": change });
        }
        audit(tx, &deed, fresh.now).await?;
        Ok(done)
    }

    fn fits(&self, partner: &Partner) -> Result<(), Failure<ApiError>> {
        let token = matches!(self.change, Change::Token { .. });
        if token && self.environment == Live && !partner.stage.has_live() {
            return Err(refused(not_live()));
        }
        live_check(partner, self.environment).map_err(refused)?;
        let Change::Wallets { wallets, .. } = &self.change else {
            return Ok(());
        };
        if partner.kind == PartnerType::UserWallet {
            return Err(refused(wrong_state(
                "Each session of this partner brings its user's own address; there is no wallet to set.",
            )));
        }
        let named = wallets.iter().map(|wallet| wallet.asset).collect();
        wallets_check(partner, named).map_err(refused)
    }
}

fn before(change: &Change) -> Value {
    match change {
        Change::WebhookMove { before, .. } => json!({ "url": before }),
        Change::Wallets { before, .. } => json!({ "wallets": before }),
        Change::Token { .. }
        | Change::WebhookSecret { .. }
        | Change::OriginAdd { .. }
        | Change::OriginRemove { .. }
        | Change::ReturnAdd { .. }
        | Change::ReturnRemove { .. } => Value::Null,
    }
}

impl Fresh {
    /// What the audit keeps of a change that was made: never a secret.
    fn told(&self, change: &Change, environment: Environment) -> Value {
        match change {
            Change::Token {
                others_end_after_seconds,
            } => {
                let key_id = self.token.key_id().as_str();
                json!({ "key_id": key_id, "environment": environment, "others_end_after_seconds": others_end_after_seconds })
            }
            Change::WebhookMove { url, .. } => json!({ "url": url, "environment": environment }),
            Change::WebhookSecret {
                grace_seconds,
                force,
            } => {
                json!({ "grace_seconds": grace_seconds, "force": force, "environment": environment })
            }
            Change::OriginAdd { origin } | Change::OriginRemove { origin } => {
                json!({ "origin": origin, "environment": environment })
            }
            Change::ReturnAdd { link } | Change::ReturnRemove { link } => {
                json!({ "link": link, "environment": environment })
            }
            Change::Wallets { wallets, .. } => {
                json!({ "wallets": wallets, "environment": environment })
            }
        }
    }

    async fn write(
        &self,
        tx: &mut Tx,
        (partner, environment): (&Partner, Environment),
        change: &Change,
        done: &mut Done,
    ) -> Result<(), Failure<ApiError>> {
        let (id, now) = (partner.id, self.now);
        match change {
            Change::Token {
                others_end_after_seconds,
            } => {
                tx.token_insert(id, &self.token, now).await?;
                done.gave_token = true;
                if let Some(grace) = others_end_after_seconds {
                    let at = now.plus_seconds(*grace);
                    tx.token_expire_others(id, environment, self.token.key_id(), at)
                        .await?;
                }
            }
            Change::WebhookMove { before, url } => {
                let endpoint = EndpointNew {
                    id: self.endpoint,
                    partner: id,
                    environment,
                    url,
                    secret: &self.secret,
                };
                tx.endpoint_put(endpoint, now).await?;
                // One that was there keeps its secret.
                done.gave_secret = before.is_none();
            }
            Change::WebhookSecret {
                grace_seconds,
                force,
            } => {
                let endpoint = tx.endpoint_of_partner(id, environment).await?;
                let endpoint = endpoint.ok_or_else(|| refused(ApiError::nobody("webhook")))?;
                let until = now.plus_seconds(*grace_seconds);
                crate::endpoint::rotate(tx, endpoint, (&self.secret, until), *force, now).await?;
                done.gave_secret = true;
            }
            Change::OriginAdd { origin } => tx.origin_insert(id, environment, origin).await?,
            Change::OriginRemove { origin } => {
                tx.origin_delete(id, environment, origin).await?;
            }
            Change::ReturnAdd { link } => tx.return_insert(id, environment, link).await?,
            Change::ReturnRemove { link } => {
                tx.return_delete(id, environment, link).await?;
            }
            Change::Wallets { before, wallets } => {
                for old in before {
                    tx.wallet_delete(id, environment, old.asset).await?;
                }
                for new in wallets {
                    let wallet = (new.asset, &new.address);
                    tx.wallet_insert(id, environment, wallet, now).await?;
                }
            }
        }
        Ok(())
    }
}

/// In one order, so that two people who say the same in another one say the same.
fn sorted(change: Change) -> Change {
    match change {
        Change::Wallets {
            before,
            mut wallets,
        } => {
            wallets.sort_unstable();
            Change::Wallets { before, wallets }
        }
        Change::Token { .. }
        | Change::WebhookMove { .. }
        | Change::WebhookSecret { .. }
        | Change::OriginAdd { .. }
        | Change::OriginRemove { .. }
        | Change::ReturnAdd { .. }
        | Change::ReturnRemove { .. } => change,
    }
}

impl Engine {
    /// Somebody wants a key or an address of a partner to be another one: in the sandbox it is, in live
    /// it is when a second person has said the same.
    pub async fn change(
        &self,
        seat: &Seat,
        partner: PartnerId,
        environment: Environment,
        change: Change,
    ) -> Result<Changed, ApiError> {
        if !seat.role().may(change.matter().act()) {
            return Err(not_allowed());
        }
        self.change_do(seat.into(), partner, environment, change, None)
            .await
    }

    /// The second word about exactly the live change that was wished for at that moment; it is no wish of
    /// its own, so that sent twice it does nothing the second time.
    pub async fn change_agree(
        &self,
        seat: &Seat,
        partner: PartnerId,
        change: Change,
        at: String,
    ) -> Result<Changed, ApiError> {
        if !seat.role().may(change.matter().act()) {
            return Err(not_allowed());
        }
        self.change_do(seat.into(), partner, Live, change, Some(at))
            .await
    }

    pub(crate) async fn change_do(
        &self,
        by: By,
        partner: PartnerId,
        environment: Environment,
        change: Change,
        agrees_with: Option<String>,
    ) -> Result<Changed, ApiError> {
        self.change_check(environment, &change)?;
        let (now, entropy) = (self.now(), self.entropy.as_ref());
        let fresh = Fresh {
            now,
            token: ClientToken::generate(environment, entropy),
            endpoint: EndpointId::new(now, entropy),
            secret: secret_generate(self.random()),
        };
        let (token, secret) = (
            Secret::new(fresh.token.expose_secret()),
            fresh.secret.clone(),
        );
        let ask = Ask {
            by,
            partner,
            environment,
            change: sorted(change),
            agrees_with,
        };
        let done = self
            .db
            .write("change", move |tx: &mut Tx| {
                let (ask, fresh) = (ask.clone(), fresh.clone());
                Box::pin(async move { ask.run(tx, &fresh).await })
            })
            .await?;
        Ok(Changed {
            ruled: if done.ruled {
                Ruled::Done
            } else {
                Ruled::Proposed
            },
            client_token: done.gave_token.then_some(token),
            webhook_secret: done.gave_secret.then_some(secret),
        })
    }

    /// What can be told without a look at the partner.
    fn change_check(&self, environment: Environment, change: &Change) -> Result<(), ApiError> {
        match change {
            Change::Token {
                others_end_after_seconds,
            } => others_end_after_seconds.map_or(Ok(()), grace_check),
            Change::WebhookMove { url, .. } => self.endpoint_check(environment, url),
            Change::WebhookSecret { grace_seconds, .. } => {
                let most = crate::SECRET_GRACE_SECONDS_MAX;
                if (0..=most).contains(grace_seconds) {
                    return Ok(());
                }
                let message = format!("The field grace_seconds must be from 0 to {most} (7 days).");
                Err(wrong("grace_seconds", message))
            }
            Change::OriginAdd { origin }
                if environment == Live && !origin.as_str().starts_with("https://") =>
            {
                Err(wrong("origin", format!("{origin} is not https.")))
            }
            Change::ReturnAdd { link } if environment == Live && !link.is_for_live() => {
                Err(wrong("link", format!("{link} is not https.")))
            }
            Change::OriginAdd { .. }
            | Change::OriginRemove { .. }
            | Change::ReturnAdd { .. }
            | Change::ReturnRemove { .. }
            | Change::Wallets { .. } => Ok(()),
        }
    }

    /// Takes a wish back, whoever made it: nothing has come of it.
    pub async fn change_withdraw(
        &self,
        seat: &Seat,
        partner: PartnerId,
        matter: Matter,
    ) -> Result<(), ApiError> {
        if !seat.role().may(matter.act()) {
            return Err(not_allowed());
        }
        let (author, now) = (seat.author(), self.now());
        self.db
            .write("change_withdraw", move |tx: &mut Tx| {
                let author = author.clone();
                Box::pin(async move {
                    let subject = subject(partner, matter);
                    let Some(body) = tx.proposal_load(&subject).await? else {
                        return Err(refused(wrong_state("Nothing is proposed any more.")));
                    };
                    tx.proposal_end(&subject).await?;
                    let told = json!({ "wish": body });
                    let deed = deed(author, "change.withdraw", partner.to_string(), told);
                    audit(tx, &deed, now).await
                })
            })
            .await
            .map_err(ApiError::from)
    }
}

/// What people want of a partner's live keys and addresses.
pub(crate) async fn wished(
    tx: &mut Tx,
    partner: PartnerId,
) -> Result<Vec<ChangeWished>, Failure<ApiError>> {
    let mut wishes = Vec::new();
    for matter in Matter::ALL {
        let body = tx.proposal_read(&subject(partner, matter)).await?;
        let proposal: Option<Proposal<Change>> =
            body.and_then(|body| serde_json::from_value(body).ok());
        wishes.extend(proposal.map(|proposal| ChangeWished {
            by: proposal.voice.by.to_string(),
            at: proposal.at.to_contract(),
            change: proposal.act,
        }));
    }
    Ok(wishes)
}
