//! People whom the provider leaves to people: looked at and decided by two of ours.

use super::{Decided, Step, again::nobody_came, wrong_state};
use crate::{
    ApiError, Engine, Ruled, Seat,
    audit::{audit, two_voices},
    error::refused,
    member::deed,
    operator::{gone, money, reason_of},
    person::{PersonKeys, Traces},
};
use proof_core::{
    ErrorCode, Timestamp,
    id::{OrderId, VerificationId},
    identity::{
        BirthDate, DocumentKind, Evidence, IdentityRuling, Verification, VerificationState,
    },
    operator::{Proposal, Voice},
    order::Order,
    partner::Environment,
    screening::names::NameHit,
};
use proof_port::{IdentityStatus, PICTURE_BYTES_MAX, Picture};
use proof_store::{Failure, Tx, Verdict};
use serde::Serialize;
use serde_json::{Value, json};
use std::sync::Arc;
use uuid::Uuid;

/// Checks that are listed; more than these wait for more people, not for a longer list.
const LISTED_MAX: i64 = 200;

/// One check that waits, in a line.
#[derive(Clone, Debug, Serialize)]
pub struct IdentityReviewed {
    pub id: Uuid,
    pub order: Uuid,
    pub environment: Environment,
    pub amount: String,
    pub side: &'static str,
    pub document: &'static str,
    pub try_number: u32,
    pub why: String,
    pub since: String,
    pub proposed: Option<String>,
}

/// One check with all that two people decide by, except for its pictures.
#[derive(Clone, Debug, Serialize)]
pub struct IdentityReview {
    #[serde(flatten)]
    pub line: IdentityReviewed,
    pub state: &'static str,
    pub order_status: &'static str,
    pub email: String,
    pub provider: &'static str,
    pub pictures: Vec<PicturePlace>,
    /// The wish that stands, as its author sent it.
    pub wish: Option<Value>,
    pub decided_by: Vec<String>,
    /// What the user agreed to before the first picture.
    pub consent: Option<ConsentGiven>,
    /// Whom it looks like.
    pub resembles: Vec<ResemblanceView>,
    /// Whose name on sanctions lists it is like, and why.
    pub listed: Vec<ListedView>,
    /// The lists that it was compared with; nothing where no name was read.
    pub lists: Option<String>,
    /// There are lists now.
    pub has_lists: bool,
}

#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct ConsentGiven {
    pub text: String,
    pub at: String,
}

/// What the provider read and measured, beside the pictures.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct IdentityFindings {
    pub name: Option<String>,
    /// As far as the document says it: `1985`, `1985-08`, `1985-08-12`.
    pub born: Option<String>,
    pub document_number: Option<String>,
    pub issuer: Option<String>,
    pub valid_until: Option<String>,
    /// How alike portrait and selfie are: their cosine.
    pub similarity: Option<String>,
    /// How many times as strong as what is around it a grid in the film is.
    pub grid: Option<String>,
    pub notes: Vec<String>,
}

impl From<Evidence> for IdentityFindings {
    fn from(seen: Evidence) -> Self {
        let born = |birth: BirthDate| {
            let parts = [birth.month, birth.day].into_iter().map_while(|part| part);
            parts.fold(birth.year.to_string(), |text, part| {
                format!("{text}-{part:02}")
            })
        };
        let (document_number, issuer) = seen.document.map(|d| (d.number, d.issuer)).unzip();
        Self {
            name: seen
                .names
                .map(|names| format!("{} {}", names.given, names.surname)),
            born: seen.birth.map(born),
            document_number,
            issuer,
            valid_until: seen.document_ends.map(Timestamp::to_contract),
            similarity: seen
                .similarity
                .map(|parts| format!("{}.{:04}", parts / 10_000, parts % 10_000)),
            grid: seen
                .grid_tenths
                .map(|tenths| format!("{}.{}", tenths / 10, tenths % 10)),
            notes: seen.notes,
        }
    }
}

/// Somebody on a sanctions list.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct ListedView {
    pub name: String,
    /// The spelling that is most alike.
    pub spelling: String,
    pub lists: String,
    /// As the list numbers them.
    pub id: String,
    pub percent: u32,
    pub why: String,
}

impl From<&NameHit> for ListedView {
    fn from(hit: &NameHit) -> Self {
        Self {
            name: hit.name.clone(),
            spelling: hit.spelling.clone(),
            lists: hit.lists.clone(),
            id: hit.id.clone(),
            percent: hit.score / 10,
            why: hit.explained(),
        }
    }
}

/// Somebody with the same document, or the same face.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct ResemblanceView {
    pub order: Uuid,
    pub partner: String,
    pub partner_user_id: String,
    pub email: String,
    /// What came of it: `approved` or `refused`.
    pub verdict: &'static str,
    /// Why, of a refusal.
    pub reason: Option<String>,
    /// As the operator's list names it.
    pub person: Option<String>,
    pub document: bool,
    pub face: bool,
    pub at: String,
}

/// Where a picture belongs.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct PicturePlace {
    pub document: Option<&'static str>,
    pub side: Option<&'static str>,
    pub step: Option<&'static str>,
}

impl From<&Picture> for PicturePlace {
    fn from(picture: &Picture) -> Self {
        match picture {
            Picture::Document { kind, side } => Self {
                document: Some(kind.name()),
                side: Some(side.name()),
                step: None,
            },
            Picture::Frame { step, .. } => Self {
                document: None,
                side: None,
                step: Some(step.name()),
            },
        }
    }
}

impl IdentityReviewed {
    fn new(v: &Verification, order: &Order, wish: Option<&Proposal<Value>>) -> Self {
        let why = match &v.state {
            VerificationState::Review { reason } | VerificationState::Rejected { reason, .. } => {
                reason.clone()
            }
            VerificationState::Collecting
            | VerificationState::Submitted { .. }
            | VerificationState::Approved { .. } => String::new(),
        };
        Self {
            id: v.id.uuid(),
            order: order.id.uuid(),
            environment: order.environment,
            amount: money(order.amount),
            side: order.side.name(),
            document: v.document.map_or("selfie", DocumentKind::name),
            try_number: v.try_number,
            why,
            since: v.started_at.to_contract(),
            proposed: wish.map(said),
        }
    }
}

/// "refuse (face_mismatch) by alice: not the same person".
fn said(wish: &Proposal<Value>) -> String {
    let text = |name: &str| wish.act[name].as_str().map(str::to_owned);
    let detail = text("problem").or_else(|| text("document_country"));
    let same = text("person").map_or("", |_| ", somebody known");
    let detail = detail.map_or_else(String::new, |detail| format!(" ({detail}{same})"));
    let act = text("act").unwrap_or_default();
    format!("{act}{detail} by {}: {}", wish.voice.by, wish.voice.reason)
}

fn subject(id: VerificationId) -> String {
    format!("identity:{id}")
}

async fn wish(
    tx: &mut Tx,
    id: VerificationId,
) -> Result<Option<Proposal<Value>>, Failure<ApiError>> {
    let body = tx.proposal_read(&subject(id)).await?;
    Ok(body.and_then(|body| serde_json::from_value(body).ok()))
}

fn nobody() -> Failure<ApiError> {
    refused(ApiError::nobody("identity check"))
}

/// What a check is, with its order and the wish that stands.
type Found = (Verification, Order, Option<Proposal<Value>>);

/// Those of whom something is left; the others were forgotten meanwhile.
async fn resembling(
    tx: &mut Tx,
    v: &Verification,
) -> Result<Vec<ResemblanceView>, Failure<ApiError>> {
    let mut views = Vec::new();
    for one in &v.resembles {
        let proof = tx.proof_load(one.verification).await?;
        let other = tx.verification_load(one.verification).await?;
        let Some((proof, other)) = proof.zip(other) else {
            continue;
        };
        let order = tx.order_work(other.verification.order).await?;
        let order = order.ok_or_else(gone)?.order;
        let partner = tx.partner_load(order.partner).await?.ok_or_else(gone)?;
        let customer = tx.customer_load(order.partner, order.customer).await?;
        let verdict = proof.verdict.name();
        let (person, reason) = match proof.verdict {
            Verdict::Approved(person) => (Some(person.to_string()), None),
            Verdict::Refused(reason) => (None, Some(reason)),
            Verdict::Waiting => (None, None),
        };
        views.push(ResemblanceView {
            order: order.id.uuid(),
            partner: partner.name,
            partner_user_id: customer.ok_or_else(gone)?.partner_user_id,
            email: order.email,
            verdict,
            reason,
            person,
            document: one.document,
            face: one.face,
            at: proof.at.to_contract(),
        });
    }
    Ok(views)
}

impl Engine {
    /// Checks that wait for people, the longest first.
    pub async fn identity_reviewed(&self) -> Result<Vec<IdentityReviewed>, ApiError> {
        self.db
            .read("identity_reviewed", |tx: &mut Tx| {
                Box::pin(async move {
                    let mut lines = Vec::new();
                    for v in tx.verification_reviewed(LISTED_MAX).await? {
                        let order = tx.order_work(v.order).await?.ok_or_else(gone)?.order;
                        let wish = wish(tx, v.id).await?;
                        lines.push(IdentityReviewed::new(&v, &order, wish.as_ref()));
                    }
                    Ok::<_, Failure<ApiError>>(lines)
                })
            })
            .await
            .map_err(ApiError::from)
    }

    async fn identity_found(&self, id: VerificationId) -> Result<Found, ApiError> {
        self.db
            .read("identity_found", move |tx: &mut Tx| {
                Box::pin(async move {
                    let found = tx.verification_load(id).await?.ok_or_else(nobody)?;
                    let v = found.verification;
                    let order = tx.order_work(v.order).await?.ok_or_else(gone)?.order;
                    let wish = wish(tx, id).await?;
                    Ok::<_, Failure<ApiError>>((v, order, wish))
                })
            })
            .await
            .map_err(ApiError::from)
    }

    pub async fn identity_review(&self, id: VerificationId) -> Result<IdentityReview, ApiError> {
        let (v, order, wish) = self.identity_found(id).await?;
        let identity = &self.rails(order.environment)?.identity;
        let pictures = identity.pictures(&self.identity_reference(&v)).await?;
        let attempt = v.clone();
        let resembles = self
            .db
            .read("identity_resembling", move |tx: &mut Tx| {
                let attempt = attempt.clone();
                Box::pin(async move { resembling(tx, &attempt).await })
            })
            .await?;
        Ok(IdentityReview {
            line: IdentityReviewed::new(&v, &order, wish.as_ref()),
            state: v.state.name(),
            order_status: order.status().name(),
            email: order.email.clone(),
            provider: identity.provider(),
            pictures: pictures.iter().map(PicturePlace::from).collect(),
            wish: wish.map(|wish| wish.act),
            resembles,
            lists: v.names.as_ref().map(|names| names.lists.clone()),
            has_lists: self.sanctions.lists().is_some(),
            listed: v
                .names
                .iter()
                .flat_map(|names| names.hits.iter().map(ListedView::from))
                .collect(),
            decided_by: v.decided_by.map_or_else(Vec::new, |voices| {
                voices.iter().map(|voice| voice.by.to_string()).collect()
            }),
            consent: v.consent.map(|given| ConsentGiven {
                text: given.text,
                at: given.at.to_contract(),
            }),
        })
    }

    /// One picture, straight from the provider. Who looked is recorded before anything is shown.
    pub async fn identity_look(
        &self,
        seat: &Seat,
        id: VerificationId,
        number: usize,
    ) -> Result<Vec<u8>, ApiError> {
        let (v, order, _) = self.identity_found(id).await?;
        if !matches!(v.state, VerificationState::Review { .. }) {
            let message = "This check is decided; its pictures are not shown any more.";
            return Err(ApiError::new(ErrorCode::WrongState, message));
        }
        let identity = &self.rails(order.environment)?.identity;
        let reference = self.identity_reference(&v);
        let pictures = identity.pictures(&reference).await?;
        let gone = || ApiError::nobody("picture");
        let picture = pictures.get(number).ok_or_else(gone)?;
        let told = json!({ "order": order.id, "picture": PicturePlace::from(picture) });
        self.audit_note(seat.author(), "identity.look", id.to_string(), told)
            .await?;
        let bytes = identity.look(&reference, picture).await?;
        bytes
            .filter(|bytes| bytes.len() <= PICTURE_BYTES_MAX)
            .ok_or_else(gone)
    }

    /// What the provider read and measured. Who looked is recorded, as with pictures.
    pub async fn identity_findings(
        &self,
        seat: &Seat,
        id: VerificationId,
    ) -> Result<IdentityFindings, ApiError> {
        let (v, order, _) = self.identity_found(id).await?;
        if !matches!(v.state, VerificationState::Review { .. }) {
            let message = "This check is decided; what was read is not shown any more.";
            return Err(ApiError::new(ErrorCode::WrongState, message));
        }
        let told = json!({ "order": order.id, "findings": true });
        self.audit_note(seat.author(), "identity.look", id.to_string(), told)
            .await?;
        let identity = &self.rails(order.environment)?.identity;
        let seen = match identity.status(&self.identity_reference(&v)).await? {
            IdentityStatus::Done(_, evidence) => *evidence,
            IdentityStatus::Pending | IdentityStatus::Unknown => Evidence::default(),
        };
        Ok(seen.into())
    }

    /// One person's word about a check that waits; the same word of a second one decides.
    pub async fn identity_rule(
        &self,
        seat: &Seat,
        id: VerificationId,
        ruling: IdentityRuling,
        reason: &str,
    ) -> Result<Ruled, ApiError> {
        let voice = Voice {
            by: seat.author().by,
            reason: reason_of(reason)?,
        };
        let told = json!({ "ruling": ruling, "reason": voice.reason });
        let deed = deed(seat.author(), "identity.rule", id.to_string(), told);
        let (v, order, _) = self.identity_found(id).await?;
        let looked = match ruling {
            IdentityRuling::Approve { .. } => self.looked_again(&v, &order).await?,
            IdentityRuling::AskAgain { .. } | IdentityRuling::Refuse { .. } => None,
        };
        let looked = looked.zip(Some(self.person_keys()?.clone()));
        let (order, now) = (order.id, self.now());
        let decided = Decided::new(self, order, id)?;
        self.db
            .write("identity_rule", move |tx: &mut Tx| {
                let (decided, voice, ruling) = (decided.clone(), voice.clone(), ruling.clone());
                let (mut deed, looked) = (deed.clone(), looked.clone());
                Box::pin(async move {
                    in_review(tx, (order, id), &ruling, looked.as_ref()).await?;
                    let act = serde_json::to_value(&ruling).unwrap_or_default();
                    let first = two_voices(tx, &subject(id), act, voice.clone(), now).await?;
                    let ruled = match first {
                        None => {
                            deed.act = "identity.propose";
                            Ruled::Proposed
                        }
                        Some(first) => {
                            let step = Step::Ruled(ruling, [first, voice]);
                            decided.save(tx, step).await?;
                            Ruled::Done
                        }
                    };
                    audit(tx, &deed, now).await?;
                    Ok::<_, Failure<ApiError>>(ruled)
                })
            })
            .await
            .map_err(ApiError::from)
    }
}

/// What an attempt shows, to be compared with others once more.
type Looked = (Traces, Arc<PersonKeys>);

/// Asked under the order's lock, before a wish is kept that could not be fulfilled.
async fn in_review(
    tx: &mut Tx,
    (order, id): (OrderId, VerificationId),
    ruling: &IdentityRuling,
    looked: Option<&Looked>,
) -> Result<(), Failure<ApiError>> {
    let order = tx.order_lock(order).await?.ok_or_else(gone)?.order;
    let found = tx.verification_load(id).await?.ok_or_else(wrong_state)?;
    let v = found.verification;
    match v.state {
        VerificationState::Review { .. } => {}
        VerificationState::Collecting
        | VerificationState::Submitted { .. }
        | VerificationState::Approved { .. }
        | VerificationState::Rejected { .. } => {
            return Err(refused(proof_core::identity::IdentityRefusal::NotInReview));
        }
    }
    same_person(tx, &v, ruling).await?;
    match looked {
        Some((traces, keys)) => nobody_came(tx, (traces, keys), &v, &order).await,
        None => Ok(()),
    }
}

/// Two people may say that it is somebody whom the attempt resembles, and nobody else.
async fn same_person(
    tx: &mut Tx,
    v: &Verification,
    ruling: &IdentityRuling,
) -> Result<(), Failure<ApiError>> {
    let IdentityRuling::Approve {
        person: Some(person),
        ..
    } = ruling
    else {
        return Ok(());
    };
    let alike = resembling(tx, v).await?;
    let person = person.to_string();
    if alike.iter().any(|one| one.person.as_ref() == Some(&person)) {
        return Ok(());
    }
    let message = "The attempt resembles no such person.";
    Err(refused(ApiError::field(
        ErrorCode::ValidationError,
        "person",
        message,
    )))
}
