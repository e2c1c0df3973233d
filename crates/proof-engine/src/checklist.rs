//! The go-live checklist of a partner: what was seen is noted as it happens, judged when somebody
//! looks.

mod declare;
mod paper;
mod phone;
mod seen;

pub use declare::PairListed;
pub use seen::Seen;
pub(crate) use seen::{EndReads, SeenKey, SeenNote, is_expiry, order_seen};
use seen::{is_outage, live_orders, webhook_seen};

use crate::{
    ApiError, Engine, Named, Seat, audit::audit, error::refused, member::deed,
    refusal::SHOWN_MAX as LOG_SHOWN_MAX,
};
use base64::{Engine as _, engine::general_purpose::STANDARD};
use ed25519_dalek::Signer as _;
use proof_core::{
    ErrorCode, Timestamp,
    audit::Deed,
    checklist::{
        Evidence, Facts, Judged, Kind, LINES, LineSpec, LineState, Profile, Refused, Signature,
        Signer, Strength, WebhookFacts, Who, basis, is_ready, is_ready_but, judge, progress,
    },
    id::{OrderId, PartnerId},
    member::Act,
    partner::{Environment, Partner, Side, Stage},
};
use proof_store::{Failure, Tx};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::json;
use sha2::{Digest, Sha256};
use std::collections::HashSet;

/// What is looked at of one partner; kinds and subjects are few.
const SEEN_MAX: i64 = 2_000;
const REFUSED_MAX: i64 = 500;
const TRIES_MAX: i64 = 100;

/// The line that says that all others are good, and the one that ends the watching.
const READY_LINE: &str = "LIVE-1";
/// Its signature ends that first orders are watched.
pub(crate) const WATCHED_LINE: &str = "LIVE-2";

/// A note is long enough to say why, short enough to be read.
const NOTE_LENGTH_MAX: usize = 500;

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
    /// Whether the server's probes are under way.
    pub probing: bool,
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
    /// What a signature of this moment would be given for; the console sends it back with the signature, which is
    /// refused when it has changed meanwhile.
    pub basis: String,
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
    /// Whether the integration log has this call.
    pub logged: bool,
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
    /// Of COV-1: `passing` when it is asked for and enabled, `failing` when it is not enabled, `not_applicable`
    /// when nobody asks for it. Of COV-2: `passing` or `unseen`.
    #[schemars(with = "String")]
    pub state: LineState,
    /// The partner's users will ask for it.
    pub asked: bool,
    /// When a session was made for it last.
    pub at: Option<String>,
}

/// A checklist as a document.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct SignedReport {
    pub json: String,
    /// Ed25519 over the bytes of `json`, base64.
    pub json_signature: String,
    /// The same for people, base64.
    pub pdf: String,
    /// Ed25519 over the bytes of the document, base64.
    pub pdf_signature: String,
}

/// What a look into an app's files found of one line.
#[derive(Clone, Debug, Deserialize)]
pub struct Scanned {
    pub line: String,
    pub good: bool,
    #[serde(default)]
    pub note: String,
}

impl From<&Judged> for ChecklistLine {
    fn from(judged: &Judged) -> Self {
        let matrix = judged.matrix.as_ref().map(|cells| {
            let cells = cells.iter().map(|cell| Cell {
                pair: cell.of.pair.to_string(),
                side: cell.of.side,
                state: cell.state,
                asked: cell.is_asked,
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
            basis: judged.basis.clone(),
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
            logged: false,
            order: evidence.order.map(OrderId::uuid),
        }
    }
}

impl Engine {
    async fn checklist_facts(&self, partner: &Partner) -> Result<Facts, ApiError> {
        let (partner, now) = (partner.clone(), self.now());
        let worlds = [Environment::Test, Environment::Live];
        let unproven = self.networks_unproven(&worlds).await?;
        self.db
            .read("checklist", move |tx: &mut Tx| {
                let (partner, unproven) = (partner.clone(), unproven.clone());
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
                    // What a scenario plays says nothing about the endpoint.
                    let tries: Vec<_> = tries.into_iter().filter(|t| !is_outage(t)).collect();
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
                    let live = live_orders(tx, id).await?;
                    let signed = tx.signature_list(id).await?;
                    let said = tx.said_load(id).await?;
                    let ok = |status: Option<i64>| status.is_some_and(|s| (200..300).contains(&s));
                    let webhook = endpoint.map(|endpoint| WebhookFacts {
                        url: endpoint.url,
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
                        live,
                        unproven,
                        declared: said.has,
                        asked: said.asks,
                        partner,
                    };
                    Ok::<_, Failure<ApiError>>(facts)
                })
            })
            .await
            .map_err(ApiError::from)
    }

    pub(crate) async fn checklist_progress(
        &self,
        partner: &Partner,
    ) -> Result<(usize, usize), ApiError> {
        let facts = self.checklist_facts(partner).await?;
        Ok(progress(&judge(&facts, self.now())))
    }

    /// Lines that are red.
    pub(crate) async fn checklist_red(&self, id: PartnerId) -> Result<Vec<&'static str>, ApiError> {
        let partner = self.partner_known(id).await?;
        let facts = self.checklist_facts(&partner).await?;
        let judged = judge(&facts, self.now());
        let red = judged
            .iter()
            .filter(|line| line.state == LineState::Failing);
        Ok(red.map(|line| line.spec.id).collect())
    }

    /// The checklist as it stands, with what this process noted a moment ago.
    pub async fn checklist(&self, id: PartnerId) -> Result<Checklist, ApiError> {
        self.probe_settle(id).await?;
        self.notes_write().await?;
        let partner = self.partner_known(id).await?;
        let facts = self.checklist_facts(&partner).await?;
        let judged = judge(&facts, self.now());
        let (green, of) = progress(&judged);
        let mut lines: Vec<ChecklistLine> = judged.iter().map(ChecklistLine::from).collect();
        logged(&mut lines, &facts.refused);
        let declared = facts.declared;
        Ok(Checklist {
            partner: Named {
                id: id.to_string(),
                name: partner.name,
            },
            profile: declared.as_ref().map(|one| one.profile).unwrap_or_default(),
            declared_at: declared.as_ref().map(|one| one.at.to_contract()),
            declared_by: declared.map(|one| one.by),
            lines,
            green,
            of,
            probing: self.is_probed(id),
            ready: is_ready(&judged),
        })
    }

    /// The checklist of this moment as a document, signed with the key of the webhooks: whoever is shown it
    /// can check that we said so.
    pub async fn checklist_report(&self, id: PartnerId) -> Result<SignedReport, ApiError> {
        let list = self.checklist(id).await?;
        let issued_at = self.now().to_contract();
        let report = json!({ "issued_at": issued_at, "checklist": list });
        let mut text = serde_json::to_string_pretty(&report).map_err(ApiError::internal)?;
        text.push('\n');
        let key = self.webhook_key(Environment::Test);
        let key = key.ok_or_else(|| ApiError::internal("no key to sign with"))?;
        let digest = crate::installation::hex_of(&Sha256::digest(&text));
        let pdf = paper::paper(&list, &issued_at, &digest);
        let signed = |bytes: &[u8]| STANDARD.encode(key.sign(bytes).to_bytes());
        Ok(SignedReport {
            json_signature: signed(text.as_bytes()),
            json: text,
            pdf_signature: signed(&pdf),
            pdf: STANDARD.encode(pdf),
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

    /// A person's word on a line, or that it is taken back. `shown`: what it is given for, as it was when they
    /// looked.
    pub async fn checklist_sign(
        &self,
        seat: &Seat,
        id: PartnerId,
        line: &str,
        (note, shown): (Option<String>, Option<&str>),
    ) -> Result<(), ApiError> {
        let spec = LINES.iter().find(|spec| spec.id == line);
        let spec = spec.ok_or_else(|| ApiError::nobody("line"))?;
        may_sign(seat, spec)?;
        let note = note.map(note_of).transpose()?;
        let (now, author) = (self.now(), seat.author());
        let basis = match &note {
            Some(_) => self.signable(id, spec.id).await?,
            None => String::new(),
        };
        if shown.is_some_and(|shown| shown != basis) {
            let message = "What this line is signed for has changed since you looked: look again, and sign then.";
            return Err(ApiError::new(ErrorCode::WrongState, message));
        }
        let signature = note.clone().map(|note| Signature {
            basis,
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
                        Some(signature) => {
                            tx.signature_put(id, signature).await?;
                            goes_live(tx, id, &deed, now).await?;
                        }
                        None if tx.signature_end(id, spec.id).await? => {}
                        None => return Err(refused(unsigned())),
                    }
                    audit(tx, &deed, now).await
                })
            })
            .await
            .map_err(ApiError::from)
    }

    /// What a signature of this line would be given for; an error while there is nothing to sign.
    async fn signable(&self, id: PartnerId, line: &str) -> Result<String, ApiError> {
        self.probe_settle(id).await?;
        self.notes_write().await?;
        let partner = self.partner_known(id).await?;
        let facts = self.checklist_facts(&partner).await?;
        let judged = judge(&facts, self.now());
        let own = judged.iter().find(|one| one.spec.id == line);
        if let Some(own) = own.filter(|own| !own.is_signable) {
            let next = own.next.as_deref().unwrap_or_default();
            let message = format!("There is nothing to sign yet. {} {next}", own.why);
            return Err(ApiError::new(ErrorCode::WrongState, message.trim()));
        }
        if line == READY_LINE && !is_ready_but(&judged, READY_LINE) {
            let message = "Other lines are not green yet: this one is signed last.";
            return Err(ApiError::new(ErrorCode::WrongState, message));
        }
        Ok(basis(&facts, line))
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

/// Which calls somebody can look up: the log shows the latest of each kind.
fn logged(lines: &mut [ChecklistLine], refused: &[Refused]) {
    let shown = (0..LOG_SHOWN_MAX).zip(refused);
    let known: HashSet<&str> = shown.map(|(_, one)| one.request_id.as_str()).collect();
    for one in lines.iter_mut().flat_map(|line| &mut line.evidence) {
        let request = one.request_id.as_deref();
        one.logged = request.is_some_and(|request| known.contains(request));
    }
}

/// The last line is signed: the partner is not watched any more.
async fn goes_live(
    tx: &mut Tx,
    id: PartnerId,
    signed: &Deed,
    now: Timestamp,
) -> Result<(), Failure<ApiError>> {
    if signed.after["line"] != WATCHED_LINE {
        return Ok(());
    }
    let partner = tx.partner_lock(id).await?;
    if partner.is_none_or(|partner| partner.stage != Stage::LiveWatched) {
        return Ok(());
    }
    tx.partner_stage_save(id, Stage::Live).await?;
    let mut deed = deed(
        signed.author.clone(),
        "live.full",
        id.to_string(),
        json!({ "stage": Stage::Live }),
    );
    deed.before = json!({ "stage": Stage::LiveWatched });
    audit(tx, &deed, now).await
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
