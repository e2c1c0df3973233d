//! The operators' door until there is a console: a socket in the file system, which only the server's
//! own user may open. One question of JSON on a line, one answer, and it is closed.
//!
//! The running server answers, so that what operators do goes through the same use cases, locks and
//! wake-ups as everything else, on either database.

use anyhow::{Context, bail};
use futures::{StreamExt, stream::FuturesUnordered};
use proof_core::{
    ErrorCode,
    audit::Author,
    claim::ClaimRuling,
    id::{CaseId, DepositId, OrderId, PartnerId, PersonId},
    operator::OperatorName,
    order::Ruling,
    partner::{Environment, Origin, Policy},
    screening::ListedKind,
    statement::Day,
    stray::Owned,
};
use proof_engine::{ApiError, Engine, InvitationNew};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use std::{
    collections::BTreeMap,
    fs,
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
    sync::Arc,
};
use tokio::{
    io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader},
    net::{UnixListener, UnixStream},
    sync::watch,
};

/// The socket's name in a data folder.
pub const SOCKET_FILE: &str = "operator.sock";

/// The longest question is a partner's policy; an answer is one order's story.
const QUESTION_BYTES_MAX: u64 = 64 * 1024;
const ANSWER_BYTES_MAX: u64 = 16 * 1024 * 1024;

/// Longer than any question takes: comparing a day with the world is the longest.
const PATIENCE_SECONDS: i64 = 600;

/// Questions that are answered at the same time.
const CONCURRENT_MAX: usize = 16;

/// Who may act. More rights than these come with the console.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Operator {
    pub name: OperatorName,
    #[serde(default)]
    pub role: Role,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    #[default]
    Operator,
    /// May also accept what a restore found.
    Owner,
}

/// What an operator decides about what is known of a person.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct PersonSaid {
    pub person: PersonId,
    pub deed: PersonDeed,
    pub by: OperatorName,
    pub reason: String,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
pub enum PersonDeed {
    /// Two operators.
    Erase,
    /// Why it must not be forgotten.
    Hold {
        name: String,
    },
    Release,
}

/// What may be asked.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(tag = "ask", rename_all = "snake_case")]
pub enum Question {
    OrderList,
    OrderShow {
        order: OrderId,
    },
    OrderRule {
        order: OrderId,
        ruling: Ruling,
        by: OperatorName,
        reason: String,
    },
    /// Of an order under review or of one that has ended; then perhaps only a part.
    OrderRefund {
        order: OrderId,
        amount: Option<String>,
        by: OperatorName,
        reason: String,
    },
    CaseList,
    CaseShow {
        case: CaseId,
    },
    CaseRule {
        case: CaseId,
        ruling: ClaimRuling,
        by: OperatorName,
        reason: String,
    },
    /// Compare the books with the world now.
    Reconcile,
    Findings,
    /// Coins that came to our wallet are the owner's.
    StrayOwn {
        stray: DepositId,
        by: OperatorName,
        /// And why.
        said: (Owned, String),
    },
    PolicyShow {
        partner: PartnerId,
    },
    PolicySet {
        partner: PartnerId,
        policy: Box<Policy>,
        by: OperatorName,
    },
    ListShow {
        /// Lines older than this one.
        before: Option<i64>,
    },
    /// Puts something on the list of those with whom nobody deals, or takes it off.
    ListSay {
        kind: ListedKind,
        value: String,
        is_listed: bool,
        by: OperatorName,
        reason: String,
    },
    Person(PersonSaid),
    /// The sandbox's time passes at once.
    ClockAdvance {
        seconds: i64,
    },
    /// Somebody joins the console.
    MemberInvite {
        email: String,
        role: proof_core::member::Role,
        partner: Option<PartnerId>,
    },
    /// What happened outside since a backup.
    RecoveryShow,
    RecoveryAccept {
        by: OperatorName,
        digest: Option<String>,
    },
    Coins(CoinsSaid),
    /// A partner's day, or without one the whole house's.
    Statement {
        partner: Option<PartnerId>,
        day: String,
    },
}

/// About hot wallets, deposit addresses and cold storage.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(tag = "about", rename_all = "snake_case")]
pub enum CoinsSaid {
    /// Hot wallets, as nodes and books have them.
    Treasury,
    /// What lies at deposit addresses, and what would be swept.
    SweepPreview,
    Sweep {
        by: OperatorName,
    },
    /// What hot wallets have too much.
    ColdPreview,
    /// A transaction of Bitcoin for the vault's wallet to sign.
    Refill {
        amount: String,
    },
    Cold {
        by: OperatorName,
    },
}

impl CoinsSaid {
    const fn by(&self) -> Option<&OperatorName> {
        match self {
            Self::Sweep { by } | Self::Cold { by } => Some(by),
            Self::Treasury | Self::SweepPreview | Self::ColdPreview | Self::Refill { .. } => None,
        }
    }
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Answer {
    Ok(Value),
    Refused(String),
}

/// The door, open.
#[derive(Debug)]
pub struct Door {
    listener: UnixListener,
    operators: BTreeMap<OperatorName, Role>,
    /// Under which people reach the console.
    base_url: Origin,
}

impl Door {
    /// Whoever holds the data's lock may replace a socket that a crash has left behind.
    pub fn open(path: &Path, operators: &[Operator], base_url: Origin) -> anyhow::Result<Self> {
        match fs::remove_file(path) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
                return Err(error).with_context(|| format!("cannot replace {}", path.display()));
            }
            Ok(()) | Err(_) => {}
        }
        let listener = UnixListener::bind(path);
        let listener = listener.with_context(|| format!("cannot listen at {}", path.display()))?;
        fs::set_permissions(path, fs::Permissions::from_mode(0o600))?;
        Ok(Self {
            listener,
            operators: operators.iter().map(|o| (o.name.clone(), o.role)).collect(),
            base_url,
        })
    }

    /// Answers questions until `stop` changes.
    pub async fn answer(self, engine: Arc<Engine>, mut stop: watch::Receiver<bool>) {
        let mut in_hand = FuturesUnordered::new();
        loop {
            let room = in_hand.len() < CONCURRENT_MAX;
            tokio::select! {
                biased;
                _ = stop.wait_for(|stop| *stop) => return,
                Some(()) = in_hand.next(), if !in_hand.is_empty() => {}
                accepted = self.listener.accept(), if room => match accepted {
                    Ok((stream, _)) => in_hand.push(self.attend(&engine, stream)),
                    Err(error) => tracing::warn!("the operators' socket fails: {error}"),
                },
            }
        }
    }

    async fn attend(&self, engine: &Engine, stream: UnixStream) {
        let until = engine.real_now().plus_seconds(PATIENCE_SECONDS);
        tokio::select! {
            answered = self.converse(engine, stream) => {
                if let Err(error) = answered {
                    tracing::warn!("an operator's question was not answered: {error:#}");
                }
            }
            () = engine.real_sleep_until(until) => {
                tracing::warn!("an operator's question took too long");
            }
        }
    }

    async fn converse(&self, engine: &Engine, mut stream: UnixStream) -> anyhow::Result<()> {
        let mut line = String::new();
        let mut reader = BufReader::new((&mut stream).take(QUESTION_BYTES_MAX));
        reader.read_line(&mut line).await?;
        let answer = match serde_json::from_str(&line) {
            Ok(question) => self.reply(engine, question).await,
            Err(error) => Answer::Refused(format!("unreadable question: {error}")),
        };
        stream.write_all(&serde_json::to_vec(&answer)?).await?;
        stream.shutdown().await?;
        Ok(())
    }

    async fn reply(&self, engine: &Engine, question: Question) -> Answer {
        if let Some(by) = question.by() {
            let role = self.operators.get(by);
            if role.is_none() {
                return Answer::Refused(format!(
                    "{by} is no operator here; the configuration names them under [[operators]]"
                ));
            }
            if question.is_owners() && role != Some(&Role::Owner) {
                return Answer::Refused(format!(
                    "{by} is no owner here: what a restore found is accepted by somebody with role = \"owner\""
                ));
            }
        }
        if question.changes()
            && let Err(error) = engine.may_change()
        {
            return Answer::Refused(words(error));
        }
        match answer(engine, &self.base_url, question).await {
            Ok(value) => Answer::Ok(value),
            Err(error) => Answer::Refused(words(error)),
        }
    }
}

impl Question {
    /// Who acts; nobody where somebody only looks.
    const fn by(&self) -> Option<&OperatorName> {
        match self {
            Self::OrderRule { by, .. }
            | Self::OrderRefund { by, .. }
            | Self::CaseRule { by, .. }
            | Self::PolicySet { by, .. }
            | Self::StrayOwn { by, .. }
            | Self::RecoveryAccept { by, .. }
            | Self::Person(PersonSaid { by, .. })
            | Self::ListSay { by, .. } => Some(by),
            Self::Coins(said) => said.by(),
            Self::OrderList
            | Self::OrderShow { .. }
            | Self::CaseList
            | Self::CaseShow { .. }
            | Self::Reconcile
            | Self::Findings
            | Self::ListShow { .. }
            | Self::PolicyShow { .. }
            | Self::ClockAdvance { .. }
            | Self::MemberInvite { .. }
            | Self::RecoveryShow
            | Self::Statement { .. } => None,
        }
    }

    const fn is_owners(&self) -> bool {
        matches!(self, Self::RecoveryAccept { .. })
    }

    /// Whether it moves something, which waits while a restore is not accepted.
    const fn changes(&self) -> bool {
        match self {
            Self::OrderRule { .. }
            | Self::OrderRefund { .. }
            | Self::CaseRule { .. }
            | Self::PolicySet { .. }
            | Self::StrayOwn { .. }
            | Self::ClockAdvance { .. }
            | Self::Reconcile => true,
            Self::Coins(said) => said.by().is_some(),
            Self::OrderList
            | Self::OrderShow { .. }
            | Self::CaseList
            | Self::CaseShow { .. }
            | Self::Findings
            | Self::ListShow { .. }
            | Self::ListSay { .. }
            | Self::Person(_)
            | Self::PolicyShow { .. }
            | Self::MemberInvite { .. }
            | Self::RecoveryShow
            | Self::RecoveryAccept { .. }
            | Self::Statement { .. } => false,
        }
    }
}

async fn answer(engine: &Engine, base_url: &Origin, question: Question) -> Result<Value, ApiError> {
    Ok(match question {
        Question::OrderList => json!(engine.order_reviewed().await?),
        Question::OrderShow { order } => json!(engine.order_story(order).await?),
        Question::OrderRule {
            order,
            ruling,
            by,
            reason,
        } => json!(engine.order_rule(order, ruling, by, reason).await?),
        Question::OrderRefund {
            order,
            amount,
            by,
            reason,
        } => {
            let refund = engine.order_refund(order, amount.as_deref(), by, reason);
            json!(refund.await?)
        }
        Question::RecoveryShow => json!(engine.recovery_show().await?),
        Question::RecoveryAccept { by, digest } => {
            json!(engine.recovery_accept(by, digest).await?)
        }
        Question::CaseList => json!(engine.case_reviewed().await?),
        Question::CaseShow { case } => json!(engine.case_story(case).await?),
        Question::CaseRule {
            case,
            ruling,
            by,
            reason,
        } => json!(engine.case_rule(case, ruling, by, reason).await?),
        Question::PolicyShow { partner } => json!(engine.policy(partner).await?),
        Question::PolicySet {
            partner: id,
            policy,
            by,
        } => json!(engine.policy_set(by, id, *policy).await?),
        Question::MemberInvite {
            email,
            role,
            partner,
        } => json!(invite(engine, base_url, (email, role, partner)).await?),
        Question::StrayOwn { stray, by, said } => {
            json!(engine.stray_own(stray, by, (said.0, &said.1)).await?)
        }
        Question::ClockAdvance { seconds: by } => {
            json!(engine.clock_advance(Author::machine(), by).await?)
        }
        Question::Coins(said) => coins(engine, said).await?,
        Question::Reconcile => json!(engine.reconcile(Environment::Test).await?),
        Question::Statement { partner, day } => statement(engine, partner, &day).await?,
        Question::Person(said) => person(engine, said).await?,
        Question::ListShow { before } => json!(engine.listings(before).await?),
        Question::ListSay {
            kind,
            value,
            is_listed,
            by,
            reason,
        } => {
            let said = engine.listing_say((kind, &value), is_listed, by, &reason);
            json!(said.await?)
        }
        Question::Findings => json!(engine.findings(Environment::Test).await?),
    })
}

async fn statement(
    engine: &Engine,
    partner: Option<PartnerId>,
    day: &str,
) -> Result<Value, ApiError> {
    let day = day_of(day)?;
    let made = match partner {
        Some(partner) => engine.statement(partner, Environment::Test, day).await?,
        None => engine.house(Environment::Test, day).await?,
    };
    Ok(json!(made))
}

fn day_of(text: &str) -> Result<Day, ApiError> {
    Day::parse(text).ok_or_else(|| {
        let message = "a day is YYYY-MM-DD, UTC";
        ApiError::field(ErrorCode::ValidationError, "day", message)
    })
}

async fn coins(engine: &Engine, said: CoinsSaid) -> Result<Value, ApiError> {
    const WORLD: Environment = Environment::Test;
    Ok(match said {
        CoinsSaid::Treasury => json!(engine.treasury_page(WORLD).await?),
        CoinsSaid::SweepPreview => json!(engine.sweep_preview(WORLD).await?),
        CoinsSaid::Sweep { by } => json!(engine.sweep_ask(WORLD, by.into()).await?),
        CoinsSaid::ColdPreview => json!(engine.cold_preview(WORLD).await?),
        CoinsSaid::Cold { by } => json!(engine.cold_ask(WORLD, by.into()).await?),
        CoinsSaid::Refill { amount } => json!(engine.cold_refill(WORLD, &amount).await?),
    })
}

async fn person(engine: &Engine, said: PersonSaid) -> Result<Value, ApiError> {
    let PersonSaid {
        person,
        deed,
        by,
        reason,
    } = said;
    let hold = match deed {
        PersonDeed::Erase => return Ok(json!(engine.person_erase(person, by, &reason).await?)),
        PersonDeed::Hold { name } => Some(name),
        PersonDeed::Release => None,
    };
    Ok(json!(engine.person_hold(person, hold, by, &reason).await?))
}

async fn invite(
    engine: &Engine,
    base_url: &Origin,
    (email, role, partner): (String, proof_core::member::Role, Option<PartnerId>),
) -> Result<String, ApiError> {
    let role = role.name().to_owned();
    let invitation = InvitationNew {
        email,
        role,
        partner,
    };
    let token = engine.member_invite(Author::machine(), invitation).await?;
    let (home, token) = (base_url.by_name(), token.expose_secret());
    Ok(format!("{home}/console/invitations/{token}"))
}

/// Operators may read what went wrong inside.
fn words(error: ApiError) -> String {
    match error.context {
        Some(context) => format!("{} ({context})", error.message),
        None => error.message,
    }
}

/// Asks the running server.
pub async fn ask<T: serde::de::DeserializeOwned>(
    socket: &PathBuf,
    question: &Question,
) -> anyhow::Result<T> {
    let stream = UnixStream::connect(socket).await;
    let mut stream = stream.with_context(|| {
        let path = socket.display();
        format!("no server answers at {path}; start it, or say where with --data or --config")
    })?;
    let mut line = serde_json::to_vec(question)?;
    line.push(b'\n');
    stream.write_all(&line).await?;
    let mut text = Vec::new();
    stream
        .take(ANSWER_BYTES_MAX)
        .read_to_end(&mut text)
        .await
        .context("the server's answer ended early")?;
    match serde_json::from_slice(&text).context("the server's answer is unreadable")? {
        Answer::Ok(value) => serde_json::from_value(value).context("another version answers"),
        Answer::Refused(why) => bail!(why),
    }
}
