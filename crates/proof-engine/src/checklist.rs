//! The go-live checklist of a partner: what was seen is noted as it happens, judged when somebody
//! looks.

use crate::{
    ApiError, Engine, Named, Seat, audit::audit, error::refused, member::deed, refusal::lock,
};
use base64::{Engine as _, engine::general_purpose::STANDARD};
use ed25519_dalek::Signer as _;
use proof_core::{
    ErrorCode, Timestamp,
    checklist::{
        Evidence, Facts, Judged, Kind, LINES, LineSpec, LineState, Observation, Profile, Refused,
        Signature, Signer, Strength, WebhookFacts, Who, is_ready, judge, progress,
    },
    id::{OrderId, PartnerId},
    member::Act,
    order::{EventKind, FailReason, NewEvent, Order, State},
    partner::{Environment, Origin, Partner, Side},
};
use proof_store::{Failure, RecentAttempt, Tx};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::json;

/// What is looked at of one partner; kinds and subjects are few.
const SEEN_MAX: i64 = 2_000;
const REFUSED_MAX: i64 = 500;
const TRIES_MAX: i64 = 100;

/// A note is long enough to say why, short enough to be read.
const NOTE_LENGTH_MAX: usize = 500;

/// A transaction whose end was read so often, later than this after the first time, is polled on.
const POLLS_ON: u32 = 3;
const POLLED_ON_SECONDS: i64 = 60;
const POLLING_SECONDS: i64 = 600;

/// How long what was seen is remembered here after it was written.
const SEEN_SECONDS: i64 = 600;

#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct Checklist {
    /// Whose it is.
    pub partner: Named,
    /// What the partner says it has: `ios`, `android`, `wallet_payments`.
    #[schemars(with = "std::collections::BTreeMap<String, bool>")]
    pub profile: Profile,
    /// Who said so.
    pub declared_by: Option<String>,
    /// When.
    pub declared_at: Option<String>,
    /// In the order of the list.
    pub lines: Vec<ChecklistLine>,
    /// Lines that are green.
    pub green: usize,
    /// Lines that apply.
    pub of: usize,
    /// Whether all that applies is green but the line that needs a live order.
    pub ready: bool,
}

#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct ChecklistLine {
    /// `ACC-1`.
    pub id: &'static str,
    /// What has to be so.
    pub text: &'static str,
    /// Who can tick it: `auto`, `probe`, `scan`, `person`, or two of them.
    #[schemars(with = "String")]
    pub who: Who,
    /// `not_applicable`, `unseen`, `passing`, `failing` or `signed_off`.
    #[schemars(with = "String")]
    pub state: LineState,
    /// In one sentence.
    pub why: String,
    /// What to do so that it becomes green.
    pub next: Option<String>,
    /// The latest first.
    pub evidence: Vec<EvidenceView>,
    /// Of a line that a person signs: who did.
    pub signed: Option<Signed>,
    /// Whose people may sign it: `operator` or `partner`.
    #[schemars(with = "Option<String>")]
    pub signs: Option<Signer>,
    /// Of COV lines: each pair with each side.
    pub matrix: Option<Vec<Cell>>,
}

#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct EvidenceView {
    /// `observed`, `inferred` or `attested`.
    #[schemars(with = "String")]
    pub strength: Strength,
    /// When it was seen last.
    pub at: String,
    /// What was seen.
    pub text: String,
    /// `X-Request-Id` of the call.
    pub request_id: Option<String>,
    /// The transaction.
    pub order: Option<uuid::Uuid>,
}

#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct Signed {
    /// Who.
    pub by: String,
    /// When.
    pub at: String,
    /// What they said.
    pub note: String,
}

#[derive(Clone, Debug, Serialize, JsonSchema)]
pub struct Cell {
    /// `USDT/TRC20`.
    pub pair: String,
    /// `buy` or `sell`.
    #[schemars(with = "String")]
    pub side: Side,
    /// `passing` or `unseen`.
    #[schemars(with = "String")]
    pub state: LineState,
    /// When it was seen last.
    pub at: Option<String>,
}

/// A checklist as a document.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct SignedReport {
    pub json: String,
    /// Ed25519 over the bytes of `json`, base64.
    pub json_signature: String,
}

/// What a look into an app's files found of one line.
#[derive(Clone, Debug, Deserialize)]
pub struct Scanned {
    pub line: String,
    pub good: bool,
    #[serde(default)]
    pub note: String,
}

/// One thing that was seen, and whose it was.
#[derive(Clone, Debug)]
pub struct Seen {
    pub partner: PartnerId,
    pub environment: Environment,
    pub kind: Kind,
    pub subject: String,
    pub request_id: String,
    pub note: String,
    pub order: Option<OrderId>,
}

impl Seen {
    pub fn new(partner: PartnerId, environment: Environment, kind: Kind) -> Self {
        Self {
            partner,
            environment,
            kind,
            subject: String::new(),
            request_id: String::new(),
            note: String::new(),
            order: None,
        }
    }
}

pub(crate) type SeenKey = (PartnerId, Environment, Kind, String);

/// What was seen, and when that was last written.
#[derive(Clone, Debug)]
pub(crate) struct SeenNote {
    pub(crate) observation: Observation,
    written_minute: i64,
    /// What somebody found, or a probe: of two in one minute the last one holds.
    is_verdict_new: bool,
}

/// How often the end of a transaction was read.
#[derive(Clone, Copy)]
pub(crate) struct EndReads {
    first_at: Timestamp,
    later: u32,
}

impl From<&Judged> for ChecklistLine {
    fn from(judged: &Judged) -> Self {
        let matrix = judged.matrix.as_ref().map(|cells| {
            let cells = cells.iter().map(|cell| Cell {
                pair: cell.asset.to_string(),
                side: cell.side,
                state: match cell.at {
                    Some(_) => LineState::Passing,
                    None => LineState::Unseen,
                },
                at: cell.at.map(Timestamp::to_contract),
            });
            cells.collect()
        });
        Self {
            id: judged.spec.id,
            text: judged.spec.text,
            who: judged.spec.who,
            state: judged.state,
            why: judged.why.clone(),
            next: judged.next.clone(),
            evidence: judged.evidence.iter().map(EvidenceView::from).collect(),
            signed: judged.signature.as_ref().map(|signed| Signed {
                by: signed.by.clone(),
                at: signed.at.to_contract(),
                note: signed.note.clone(),
            }),
            signs: judged.spec.signer,
            matrix,
        }
    }
}

impl From<&Evidence> for EvidenceView {
    fn from(evidence: &Evidence) -> Self {
        Self {
            strength: evidence.strength,
            at: evidence.at.to_contract(),
            text: evidence.text.clone(),
            request_id: evidence.request_id.clone(),
            order: evidence.order.map(OrderId::uuid),
        }
    }
}

/// What a step of an order shows of the integration, in the database transaction of that step.
pub(crate) async fn order_seen(
    tx: &mut Tx,
    order: &Order,
    events: &[NewEvent],
    now: Timestamp,
) -> Result<(), Failure<ApiError>> {
    for event in events {
        let kind = match event.kind {
            EventKind::IdentityVerified if had_check(tx, order, events).await? => {
                Kind::IdentityPassed
            }
            EventKind::IdentityVerified => Kind::IdentitySkipped,
            EventKind::OrderCompleted => match order.side {
                Side::Buy => Kind::BuyCompleted,
                Side::Sell => Kind::SellCompleted,
            },
            _ => continue,
        };
        let observation = Observation {
            kind,
            subject: String::new(),
            first_at: now,
            last_at: now,
            request_id: String::new(),
            note: String::new(),
            order: Some(order.id),
        };
        tx.observation_add(order.partner, order.environment, &observation)
            .await?;
    }
    Ok(())
}

/// Whether this order's user was checked in this order.
async fn had_check(
    tx: &mut Tx,
    order: &Order,
    events: &[NewEvent],
) -> Result<bool, Failure<ApiError>> {
    const LOOKED_AT: i64 = 20;
    let started = EventKind::IdentityStarted;
    if events.iter().any(|event| event.kind == started) {
        return Ok(true);
    }
    let before = tx.event_list(order.id, 0, LOOKED_AT).await?;
    Ok(before.iter().any(|event| event.kind == started.name()))
}

impl Engine {
    /// Notes that something was seen; it is written with the other notes.
    pub fn observe(&self, seen: Seen) {
        let now = self.now();
        let key = (
            seen.partner,
            seen.environment,
            seen.kind,
            seen.subject.clone(),
        );
        let mut noted = lock(&self.notes.seen);
        let note = noted.entry(key).or_insert_with(|| SeenNote {
            observation: Observation {
                kind: seen.kind,
                subject: seen.subject,
                first_at: now,
                last_at: now,
                request_id: String::new(),
                note: String::new(),
                order: None,
            },
            written_minute: 0,
            is_verdict_new: false,
        });
        note.is_verdict_new |= matches!(
            seen.kind,
            Kind::ProbeGood | Kind::ProbeBad | Kind::ScanGood | Kind::ScanBad
        );
        note.observation.last_at = now;
        note.observation.request_id = seen.request_id;
        note.observation.note = seen.note;
        note.observation.order = seen.order;
    }

    /// Whether this was written in the present minute: that is enough, and it is on the way of every poll.
    fn is_noted(&self, access: &crate::Access, kind: Kind) -> bool {
        let minute = self.now().seconds().div_euclid(60);
        let key = (access.partner.id, access.environment, kind, String::new());
        let noted = lock(&self.notes.seen);
        let note = noted.get(&key);
        note.is_some_and(|note| note.written_minute >= minute)
    }

    /// Of a call with a good token.
    pub fn observe_call(&self, access: &crate::Access, request_id: &str) {
        if !self.is_noted(access, Kind::Call) {
            self.observe(Seen {
                request_id: request_id.to_owned(),
                ..Seen::new(access.partner.id, access.environment, Kind::Call)
            });
        }
    }

    /// A transaction was read: `status` is what its reader was told.
    pub fn observe_read(
        &self,
        access: &crate::Access,
        order: OrderId,
        (channel, status): (&'static str, &str),
        request_id: &str,
    ) {
        let seen = |kind, subject: &str| Seen {
            subject: subject.to_owned(),
            request_id: request_id.to_owned(),
            order: Some(order),
            ..Seen::new(access.partner.id, access.environment, kind)
        };
        let kind = match channel {
            "socket" => Kind::SocketOpened,
            _ => Kind::Polled,
        };
        if !self.is_noted(access, kind) {
            self.observe(seen(kind, ""));
        }
        let status = proof_core::order::PublicStatus::parse(status);
        if !status.is_some_and(proof_core::order::PublicStatus::is_terminal) {
            return;
        }
        if status == Some(proof_core::order::PublicStatus::Failed) {
            self.observe(seen(Kind::FailureRead, channel));
        }
        if channel == "socket" {
            return;
        }
        let now = self.now();
        let mut reads = self.notes.ends.get(&order).unwrap_or(EndReads {
            first_at: now,
            later: 0,
        });
        let after = now.millis_since(reads.first_at).div_euclid(1_000);
        // Whoever looks an old order up much later does not poll.
        if (POLLED_ON_SECONDS.saturating_add(1)..POLLING_SECONDS).contains(&after) {
            reads.later = reads.later.saturating_add(1);
        }
        self.notes.ends.insert(order, reads);
        if reads.later >= POLLS_ON {
            self.observe(seen(Kind::PolledOn, ""));
        } else if reads.first_at == now {
            self.observe(seen(Kind::EndRead, channel));
        }
    }

    /// A session was made for a pair.
    pub fn observe_session(
        &self,
        access: &crate::Access,
        made: &crate::SessionResponse,
        request_id: &str,
    ) {
        let of = &made.parameters;
        self.observe(Seen {
            subject: format!("{} {}/{}", of.side.name(), of.currency, of.network),
            request_id: request_id.to_owned(),
            order: Some(OrderId::from_uuid(of.merchant_transaction_id)),
            ..Seen::new(access.partner.id, access.environment, Kind::SessionMade)
        });
    }

    /// The widget was opened, or was not: by whose page, and why.
    pub(crate) fn observe_visit(
        &self,
        open: &crate::VisitOpen,
        partner: &Partner,
        order: OrderId,
        refused: Option<&ApiError>,
    ) {
        let environment = Environment::Test;
        let seen = |kind, subject: String| Seen {
            subject,
            order: Some(order),
            ..Seen::new(partner.id, environment, kind)
        };
        let Some(error) = refused else {
            // In its one spelling: as it came it could be another one each time.
            if let Ok(origin) = Origin::parse(&open.page_origin) {
                self.observe(seen(Kind::WidgetOpened, origin.to_string()));
            }
            return;
        };
        if error.code.status() >= 500 {
            return;
        }
        let code = error.code.code();
        self.observe(seen(Kind::WidgetRefused, code.to_owned()));
        // A page of a known widget: its partner is told, as of a refused call.
        let origin = Origin::parse(&open.page_origin);
        self.refusal_note(crate::Refusal {
            partner: partner.id,
            environment,
            route: "widget".to_owned(),
            code,
            field: error.field.unwrap_or_default(),
            origin: origin.map_or("(no origin)".to_owned(), |origin| origin.to_string()),
            message: error.message.clone(),
            request_id: String::new(),
        });
    }

    /// A picture came from a phone's browser, by its user agent.
    pub async fn observe_camera(&self, order: OrderId, user_agent: &str) -> Result<(), ApiError> {
        let platform = match user_agent {
            agent if agent.contains("Android") => "android",
            agent if agent.contains("iPhone") || agent.contains("iPad") => "ios",
            _ => return Ok(()),
        };
        let order = self.order_load(order).await?.order;
        self.observe(Seen {
            subject: platform.to_owned(),
            order: Some(order.id),
            ..Seen::new(order.partner, order.environment, Kind::Camera)
        });
        Ok(())
    }

    /// What was seen since it was last written, to the minute.
    pub(crate) fn seen_noted(&self) -> Vec<(SeenKey, Observation)> {
        let mut noted = lock(&self.notes.seen);
        let mut fresh = Vec::new();
        for (key, note) in noted.iter_mut() {
            let minute = note.observation.last_at.seconds().div_euclid(60);
            if minute > note.written_minute || note.is_verdict_new {
                fresh.push((key.clone(), note.observation.clone()));
                note.written_minute = minute;
                note.is_verdict_new = false;
            }
        }
        // What is not seen any more is in the database.
        let since = self.now().plus_seconds(-SEEN_SECONDS);
        noted.retain(|_, note| note.observation.last_at > since);
        fresh
    }

    async fn checklist_facts(&self, partner: &Partner) -> Result<(Facts, Declared), ApiError> {
        let (partner, now) = (partner.clone(), self.now());
        self.db
            .read("checklist", move |tx: &mut Tx| {
                let partner = partner.clone();
                Box::pin(async move {
                    let (id, environment) = (partner.id, Environment::Test);
                    let origins = tx.origin_list(id, Some(environment)).await?;
                    let wallets = tx.wallet_list(id, environment).await?;
                    let tokens = tx.token_list(id, REFUSED_MAX).await?;
                    let endpoint = tx.endpoint_of_partner(id, environment).await?;
                    let tries = match &endpoint {
                        Some(endpoint) => tx.attempt_recent(endpoint.id, TRIES_MAX).await?,
                        None => Vec::new(),
                    };
                    let mut seen = tx.observation_list(id, environment, SEEN_MAX).await?;
                    for told in webhook_seen(&tries) {
                        if !is_expiry(tx, &told).await? {
                            seen.push(told);
                        }
                    }
                    let refusals = tx.refusal_list(id, environment, REFUSED_MAX).await?;
                    let refused = refusals.into_iter().map(|row| Refused {
                        route: row.route,
                        code: row.code,
                        origin: row.origin,
                        last_at: row.last_at,
                        request_id: row.request_id,
                    });
                    let signed = tx.signature_list(id).await?;
                    let declared = tx.profile_load(id).await?;
                    let ok = |status: Option<i64>| status.is_some_and(|s| (200..300).contains(&s));
                    let webhook = endpoint.map(|endpoint| WebhookFacts {
                        is_enabled: endpoint.state == proof_store::EndpointState::Enabled,
                        tries: tries
                            .iter()
                            .map(|t| (t.duration_ms, ok(t.status)))
                            .collect(),
                    });
                    let alive = |at: Option<Timestamp>| at.is_none_or(|at| at > now);
                    let facts = Facts {
                        has_token: tokens.iter().any(|token| alive(token.expires_at)),
                        origins,
                        wallets: wallets.into_iter().map(|(asset, _)| asset).collect(),
                        webhook,
                        seen,
                        refused: refused.collect(),
                        signed,
                        profile: declared.as_ref().map(|d| d.0).unwrap_or_default(),
                        partner,
                    };
                    Ok::<_, Failure<ApiError>>((facts, declared.map(|(_, by, at)| (by, at))))
                })
            })
            .await
            .map_err(ApiError::from)
    }

    pub(crate) async fn checklist_progress(
        &self,
        partner: &Partner,
    ) -> Result<(usize, usize), ApiError> {
        let (facts, _) = self.checklist_facts(partner).await?;
        Ok(progress(&judge(&facts, self.now())))
    }

    /// The checklist as it stands, with what this process noted a moment ago.
    pub async fn checklist(&self, id: PartnerId) -> Result<Checklist, ApiError> {
        self.probe_settle(id).await?;
        self.notes_write().await?;
        let partner = self.partner_known(id).await?;
        let (facts, declared) = self.checklist_facts(&partner).await?;
        let judged = judge(&facts, self.now());
        let (green, of) = progress(&judged);
        let (by, at) = declared.unzip();
        Ok(Checklist {
            partner: Named {
                id: id.to_string(),
                name: partner.name,
            },
            profile: facts.profile,
            declared_by: by,
            declared_at: at.map(Timestamp::to_contract),
            lines: judged.iter().map(ChecklistLine::from).collect(),
            green,
            of,
            ready: is_ready(&judged),
        })
    }

    /// The checklist of this moment as a document, signed with the key of the webhooks: whoever is shown it
    /// can check that we said so.
    pub async fn checklist_report(&self, id: PartnerId) -> Result<SignedReport, ApiError> {
        let list = self.checklist(id).await?;
        let report = json!({ "issued_at": self.now().to_contract(), "checklist": list });
        let mut text = serde_json::to_string_pretty(&report).map_err(ApiError::internal)?;
        text.push('\n');
        let key = self.webhook_key(Environment::Test);
        let key = key.ok_or_else(|| ApiError::internal("no key to sign with"))?;
        let signature = STANDARD.encode(key.sign(text.as_bytes()).to_bytes());
        Ok(SignedReport {
            json: text,
            json_signature: signature,
        })
    }

    pub(crate) async fn partner_known(&self, id: PartnerId) -> Result<Partner, ApiError> {
        let partner = self
            .db
            .read("partner_known", move |tx: &mut Tx| {
                Box::pin(async move { Ok::<_, Failure<ApiError>>(tx.partner_load(id).await?) })
            })
            .await?;
        partner.ok_or_else(|| ApiError::nobody("partner"))
    }

    /// A person's word on a line, or that it is taken back.
    pub async fn checklist_sign(
        &self,
        seat: &Seat,
        id: PartnerId,
        line: &str,
        note: Option<String>,
    ) -> Result<(), ApiError> {
        let spec = LINES.iter().find(|spec| spec.id == line);
        let spec = spec.ok_or_else(|| ApiError::nobody("line"))?;
        may_sign(seat, spec)?;
        let note = note.map(note_of).transpose()?;
        let (now, author) = (self.now(), seat.author());
        let signature = note.clone().map(|note| Signature {
            line: spec.id.to_owned(),
            by: author.by.to_string(),
            note,
            at: now,
        });
        let act = if note.is_some() {
            "checklist.sign"
        } else {
            "checklist.unsign"
        };
        let deed = deed(
            author,
            act,
            id.to_string(),
            json!({ "line": spec.id, "note": note }),
        );
        self.db
            .write("checklist_sign", move |tx: &mut Tx| {
                let (signature, deed) = (signature.clone(), deed.clone());
                Box::pin(async move {
                    if tx.partner_load(id).await?.is_none() {
                        return Err(refused(ApiError::nobody("partner")));
                    }
                    match &signature {
                        Some(signature) => tx.signature_put(id, signature).await?,
                        None if tx.signature_end(id, spec.id).await? => {}
                        None => return Err(refused(unsigned())),
                    }
                    audit(tx, &deed, now).await
                })
            })
            .await
            .map_err(ApiError::from)
    }

    /// What the partner says it has.
    pub async fn checklist_declare(
        &self,
        seat: &Seat,
        id: PartnerId,
        profile: Profile,
    ) -> Result<(), ApiError> {
        if !seat.role().may(Act::ChecklistSignPartner)
            && !seat.role().may(Act::ChecklistSignOperator)
        {
            return Err(not_allowed());
        }
        let (now, author) = (self.now(), seat.author());
        let by = author.by.to_string();
        let deed = deed(author, "checklist.declare", id.to_string(), json!(profile));
        self.db
            .write("checklist_declare", move |tx: &mut Tx| {
                let (by, mut deed) = (by.clone(), deed.clone());
                Box::pin(async move {
                    if tx.partner_load(id).await?.is_none() {
                        return Err(refused(ApiError::nobody("partner")));
                    }
                    let before = tx.profile_load(id).await?;
                    deed.before = json!(before.map(|(profile, ..)| profile));
                    tx.profile_put(id, profile, &by, now).await?;
                    audit(tx, &deed, now).await
                })
            })
            .await
            .map_err(ApiError::from)
    }

    /// What `proof scan` found, by the partner's own token.
    pub async fn checklist_scanned(
        &self,
        access: &crate::Access,
        scanned: Vec<Scanned>,
        request_id: &str,
    ) -> Result<(), ApiError> {
        for one in scanned {
            let spec = LINES.iter().find(|spec| spec.id == one.line);
            let scans = spec.filter(|spec| matches!(spec.who, Who::Scan | Who::ScanAuto));
            let spec = scans.ok_or_else(|| {
                let message = "Only MOB-1, MOB-2 and MOB-5 are found in files.";
                ApiError::field(ErrorCode::ValidationError, "line", message)
            })?;
            let kind = if one.good {
                Kind::ScanGood
            } else {
                Kind::ScanBad
            };
            self.observe(Seen {
                subject: spec.id.to_owned(),
                request_id: request_id.to_owned(),
                note: note_of(one.note)?,
                ..Seen::new(access.partner.id, access.environment, kind)
            });
        }
        self.notes_write().await
    }
}

type Declared = Option<(String, Timestamp)>;

/// What the log of webhooks shows: that they are taken, and that a failure was told by one.
fn webhook_seen(tries: &[RecentAttempt]) -> Vec<Observation> {
    let taken = tries.iter().filter(|one| {
        one.status
            .is_some_and(|status| (200..300).contains(&status))
    });
    let observation = |one: &RecentAttempt, kind, subject: &str| Observation {
        kind,
        subject: subject.to_owned(),
        first_at: one.started_at,
        last_at: one.started_at,
        request_id: String::new(),
        note: String::new(),
        order: one.order,
    };
    let failed = |one: &&RecentAttempt| {
        let body: serde_json::Value = serde_json::from_str(&one.body).unwrap_or_default();
        body["data"]["status"] == "failed" || body["status"] == "failed"
    };
    let latest = taken
        .clone()
        .next()
        .map(|one| observation(one, Kind::WebhookTaken, ""));
    let failure = taken.clone().find(failed);
    let failure = failure.map(|one| observation(one, Kind::FailureRead, "webhook"));
    latest.into_iter().chain(failure).collect()
}

fn may_sign(seat: &Seat, spec: &LineSpec) -> Result<(), ApiError> {
    let act = match spec.signer {
        Some(Signer::Operator) => Act::ChecklistSignOperator,
        Some(Signer::Partner) => Act::ChecklistSignPartner,
        None => {
            let message = "Nobody signs this line: the server sees it.";
            return Err(ApiError::new(ErrorCode::WrongState, message));
        }
    };
    if seat.role().may(act) {
        return Ok(());
    }
    Err(not_allowed())
}

pub(crate) fn not_allowed() -> ApiError {
    let message = "Your role does not allow this.";
    ApiError::new(ErrorCode::NotAllowed, message)
}

fn unsigned() -> ApiError {
    ApiError::new(ErrorCode::WrongState, "Nobody has signed this line.")
}

fn note_of(note: String) -> Result<String, ApiError> {
    let note = note.trim().to_owned();
    let long = note.chars().count() > NOTE_LENGTH_MAX;
    if long || note.chars().any(char::is_control) {
        let message = format!("A note is one line of at most {NOTE_LENGTH_MAX} characters.");
        return Err(ApiError::field(ErrorCode::ValidationError, "note", message));
    }
    Ok(note)
}

/// An order that merely expired is no failure path.
pub(crate) async fn is_expiry(tx: &mut Tx, seen: &Observation) -> Result<bool, Failure<ApiError>> {
    let (Kind::FailureRead, Some(order)) = (seen.kind, seen.order) else {
        return Ok(false);
    };
    let stored = tx.order_work(order).await?;
    Ok(stored.is_some_and(|stored| {
        let reason = FailReason::DepositTimeout;
        matches!(stored.order.state, State::Failed { reason: r } if r == reason)
    }))
}
