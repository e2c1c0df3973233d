//! Identity checks: pictures go straight to the provider, the outcome comes back by asking.

mod again;
mod decided;
pub(crate) mod email;
mod handover;
mod keep;
mod known;
mod review;

use decided::{Decided, Step};
pub use email::EmailCodes;
pub use handover::{Device, HandoverBegun, HandoverPage};
use keep::Begun;
pub use review::{
    ConsentGiven, IdentityFindings, IdentityReview, IdentityReviewed, PicturePlace, ResemblanceView,
};

use crate::{
    ApiError, Engine,
    error::refused,
    order::{SaveIds, apply, gone},
    person::{Whose, customer_standing},
    view::View,
    worker::Outcome,
};
use proof_core::{
    ErrorCode, Timestamp,
    id::{JobId, OrderId, PersonId, VerificationId},
    identity::{
        Beginning, CONSENT_TEXT, Challenge, Consent, DocumentKind, DocumentSide, Evidence,
        IdentityOutcome, IdentityRefusal, PersonPolicy, SelfieStep, Standing, Verification,
        VerificationState,
    },
    order::{Command, Order, Refusal, State},
};
use proof_port::{Class, IdentityStatus, Picture, PictureProblem};
use proof_store::{Failure, JobKind, StoredVerification, Topic, Tx};

/// Pause between two questions to the provider.
const POLL_MS: i64 = 1_000;

/// A person who looks takes hours; asking more often helps nobody.
const REVIEW_POLL_MS: i64 = 60_000;

/// What a user begins an attempt with.
#[derive(Clone, Debug)]
pub struct IdentityStart {
    /// `None`: the user is known, and only the face is looked at again.
    pub document: Option<DocumentKind>,
    /// The text that they agreed to.
    pub consent: String,
    /// Takes over what was good of the attempt before.
    pub keep: bool,
}

/// Where an uploaded picture belongs.
#[derive(Clone, Debug)]
pub enum PictureUpload {
    Document {
        side: DocumentSide,
    },
    Frame {
        index: u32,
        step: String,
        taken_ms: u32,
    },
}

fn wrong_state() -> Failure<ApiError> {
    refused(Refusal::WrongState)
}

fn picture_refused(problem: PictureProblem) -> ApiError {
    let message = match problem {
        PictureProblem::NotAnImage => "This file is not a JPEG, PNG or WebP picture.",
        PictureProblem::TooSmall => "This picture is too small to read; take it closer.",
        PictureProblem::TooLarge => "This picture is too large; use one of at most 12 MB.",
        PictureProblem::Truncated => "The picture arrived incomplete; send it again.",
    };
    ApiError {
        problem: Some(problem_name(problem)),
        ..ApiError::new(ErrorCode::PictureRefused, message)
    }
}

/// The `problem` of the widget's API.
const fn problem_name(problem: PictureProblem) -> &'static str {
    match problem {
        PictureProblem::NotAnImage => "not_an_image",
        PictureProblem::TooSmall => "too_small",
        PictureProblem::TooLarge => "too_large",
        PictureProblem::Truncated => "truncated",
    }
}

impl Engine {
    /// A fresh attempt begins.
    pub async fn identity_start(
        &self,
        id: OrderId,
        start: IdentityStart,
    ) -> Result<View, ApiError> {
        consented(&start.consent)?;
        let document = start.document;
        let (now, policy) = (self.now(), self.person_policy.clone());
        let fresh = VerificationId::new(now, self.entropy.as_ref());
        let ids = SaveIds::new(self, now);
        let challenge = self.challenge(id).await?;
        let begun = self
            .db
            .write("identity_start", move |tx: &mut Tx| {
                let (ids, challenge, policy) = (ids.clone(), challenge.clone(), policy.clone());
                Box::pin(async move {
                    let stored = tx.order_lock(id).await?.ok_or_else(gone)?;
                    let customer = stored.order.customer;
                    let latest = tx.verification_latest(customer).await?;
                    let row = tx.customer_load(stored.order.partner, customer).await?;
                    let row = row.ok_or_else(gone)?;
                    let order = &stored.order;
                    let standing = customer_standing(tx, &row, order, (&policy, now)).await?;
                    let known_as = match document {
                        Some(_) => None,
                        None => Some(known_as(latest.as_ref(), id, row.person, standing)?),
                    };
                    let try_number =
                        next_try(latest.as_ref(), id, standing, (&policy, now)).map_err(refused)?;
                    // Whoever begins again before the end is asked for the same: the draw is not theirs.
                    let latest = latest.map(|stored| stored.verification);
                    let begun = latest.as_ref();
                    let begun = begun.filter(|v| v.state == VerificationState::Collecting);
                    let challenge = begun.map_or(challenge, |v| v.challenge.clone());
                    let consent = consent(latest.as_ref(), id, now);
                    let verification = Verification::begun(Beginning {
                        id: fresh,
                        customer,
                        order: id,
                        document,
                        known_as,
                        challenge,
                        try_number,
                        started_at: now,
                        consent,
                    });
                    let environment = stored.order.environment;
                    apply(tx, stored, Command::IdentityStarted, &ids).await?;
                    tx.verification_insert(&verification).await?;
                    let former = latest.filter(|v| v.order == id);
                    Ok::<_, Failure<ApiError>>(Begun {
                        former,
                        verification,
                        environment,
                    })
                })
            })
            .await?;
        // Only now, that there is an attempt which whoever erases finds, a provider keeps pictures for it.
        if start.keep {
            self.identity_keep(begun).await?;
        }
        self.view(id).await
    }

    /// What the provider of this order's world asks for.
    async fn challenge(&self, id: OrderId) -> Result<Challenge, ApiError> {
        let environment = self
            .db
            .read("identity_environment", move |tx: &mut Tx| {
                Box::pin(async move {
                    let stored = tx.order_work(id).await?.ok_or_else(gone)?;
                    Ok::<_, Failure<ApiError>>(stored.order.environment)
                })
            })
            .await?;
        let identity = &self.rails(environment)?.identity;
        Ok(identity.challenge(self.entropy.as_ref()))
    }

    /// Of one attempt and no other: numbers of tries begin anew with another order in between.
    pub(crate) fn identity_reference(&self, v: &Verification) -> String {
        let leg = format!("kyc_{}", v.id.uuid().simple());
        self.reference(v.order, &leg, v.try_number)
    }

    /// Hands a picture to the provider. The database keeps none.
    pub async fn identity_picture(
        &self,
        id: OrderId,
        upload: PictureUpload,
        bytes: Vec<u8>,
    ) -> Result<(), ApiError> {
        let (stored, order) = self.identity_current(id).await?;
        let verification = stored.verification;
        let picture = match &upload {
            PictureUpload::Document { side } => {
                let kind = verification.document;
                let kind = kind.filter(|kind| kind.sides().contains(side));
                Picture::Document {
                    kind: kind.ok_or(IdentityRefusal::NoSuchSide)?,
                    side: *side,
                }
            }
            PictureUpload::Frame {
                index,
                step,
                taken_ms,
            } => frame(&verification, *index, step, *taken_ms)?,
        };
        let reference = self.identity_reference(&verification);
        let identity = &self.rails(order.environment)?.identity;
        identity
            .picture(&reference, &picture, bytes)
            .await?
            .map_err(picture_refused)?;
        if let PictureUpload::Document { side } = upload {
            // It lies with the attempt that it was sent for, which another tab may have ended meanwhile.
            let sent_for = verification.id;
            self.verification_change("identity_document", id, move |v| {
                if v.id == sent_for {
                    v.document_received(side)
                } else {
                    Err(IdentityRefusal::WrongState)
                }
            })
            .await?;
        }
        Ok(())
    }

    /// The user is done; the worker asks the provider.
    pub async fn identity_submit(&self, id: OrderId) -> Result<View, ApiError> {
        let now = self.now();
        self.verification_change("identity_submit", id, move |v| v.submit(now))
            .await?;
        self.view(id).await
    }

    /// The attempt that this order is collecting pictures for.
    async fn identity_current(&self, id: OrderId) -> Result<(StoredVerification, Order), ApiError> {
        self.db
            .read("identity_current", move |tx: &mut Tx| {
                Box::pin(async move {
                    let order = tx.order_work(id).await?.ok_or_else(gone)?.order;
                    let State::Created = order.state else {
                        return Err(wrong_state());
                    };
                    let latest = tx.verification_latest(order.customer).await?;
                    let current = latest.filter(|v| {
                        v.verification.order == id
                            && v.verification.state == VerificationState::Collecting
                    });
                    Ok((current.ok_or_else(wrong_state)?, order))
                })
            })
            .await
            .map_err(ApiError::from)
    }

    /// Changes this order's attempt and asks the worker to look at it.
    async fn verification_change(
        &self,
        name: &'static str,
        id: OrderId,
        change: impl Fn(Verification) -> Result<Verification, IdentityRefusal>
        + Clone
        + Send
        + Sync
        + 'static,
    ) -> Result<(), ApiError> {
        let now = self.now();
        let job = JobId::new(now, self.entropy.as_ref());
        self.db
            .write(name, move |tx: &mut Tx| {
                let change = change.clone();
                Box::pin(async move {
                    // The order's lock serialises the tabs of one user.
                    let order = tx.order_lock(id).await?.ok_or_else(gone)?.order;
                    let State::Created = order.state else {
                        return Err(wrong_state());
                    };
                    let latest = tx.verification_latest(order.customer).await?;
                    let stored = latest
                        .filter(|v| v.verification.order == id)
                        .ok_or_else(wrong_state)?;
                    let changed = change(stored.verification).map_err(refused)?;
                    tx.verification_save(&changed, stored.version).await?;
                    if let VerificationState::Submitted { .. } = changed.state {
                        tx.job_upsert(job, JobKind::Identity, changed.id.uuid(), now)
                            .await?;
                    }
                    tx.wake(Topic::Order(id));
                    Ok(())
                })
            })
            .await
            .map_err(ApiError::from)
    }

    /// One step of a submitted verification, by the worker.
    pub(crate) async fn identity_drive(&self, id: VerificationId) -> Result<Outcome, ApiError> {
        let now = self.now();
        let loaded = self
            .db
            .read("verification_load", move |tx: &mut Tx| {
                Box::pin(async move {
                    let Some(stored) = tx.verification_load(id).await? else {
                        return Ok(None);
                    };
                    let order = tx.order_work(stored.verification.order).await?;
                    Ok::<_, Failure<ApiError>>(order.map(|o| (stored.verification, o.order)))
                })
            })
            .await?;
        let Some((verification, order)) = loaded else {
            return Ok(Outcome::Done);
        };
        if verification.is_held {
            // Our own people decide, whatever the provider says.
            return Ok(Outcome::Done);
        }
        let reference = self.identity_reference(&verification);
        let identity = &self.rails(order.environment)?.identity;
        match &verification.state {
            VerificationState::Submitted {
                accepted: false, ..
            } => {
                let (challenge, scope) = (&verification.challenge, verification.scope());
                let asked = identity.submit(&reference, &order.email, challenge, scope);
                match asked.await {
                    Ok(()) => self.verification_step(order.id, id, Step::Accepted).await?,
                    // Pictures are missing on the other side: the user takes them again.
                    Err(error) if error.class == Class::GiveUp => {
                        self.verification_step(order.id, id, Step::Reopened).await?;
                    }
                    Err(error) => return Err(error.into()),
                }
            }
            VerificationState::Submitted { .. } | VerificationState::Review { .. } => {
                let is_submitted =
                    matches!(verification.state, VerificationState::Submitted { .. });
                match identity.status(&reference).await {
                    Ok(IdentityStatus::Done(outcome, evidence)) => {
                        self.identity_decided(&verification, &order, outcome, *evidence)
                            .await?;
                    }
                    Ok(IdentityStatus::Pending) => {}
                    // What the provider took it has lost: the user takes it again, and does not wait for ever.
                    Ok(IdentityStatus::Unknown) if is_submitted => {
                        self.verification_step(order.id, id, Step::Reopened).await?;
                    }
                    Err(error) if is_submitted && error.class == Class::GiveUp => {
                        self.verification_step(order.id, id, Step::Reopened).await?;
                    }
                    Ok(IdentityStatus::Unknown) => {}
                    Err(error) => return Err(error.into()),
                }
            }
            VerificationState::Collecting
            | VerificationState::Approved { .. }
            | VerificationState::Rejected { .. } => return Ok(Outcome::Done),
        }
        let pause = match verification.state {
            VerificationState::Review { .. } => REVIEW_POLL_MS,
            VerificationState::Collecting
            | VerificationState::Submitted { .. }
            | VerificationState::Approved { .. }
            | VerificationState::Rejected { .. } => POLL_MS,
        };
        Ok(Outcome::Again(now.plus_millis(pause)))
    }

    /// The provider's word, beside what others showed before.
    async fn identity_decided(
        &self,
        verification: &Verification,
        order: &Order,
        outcome: IdentityOutcome,
        evidence: Evidence,
    ) -> Result<(), ApiError> {
        if self.is_told_before(verification, &outcome, &evidence) {
            return Ok(());
        }
        let (id, partner, customer) = (verification.id, order.partner, order.customer);
        let known_as = verification.known_as;
        let own = self
            .db
            .read("identity_own", move |tx: &mut Tx| {
                Box::pin(async move {
                    let customer = tx.customer_load(partner, customer).await?;
                    Ok::<_, Failure<ApiError>>(customer.ok_or_else(gone)?.person)
                })
            })
            .await?;
        let whose = Whose {
            verification: id,
            customer,
            environment: order.environment,
            own: known_as.or(own),
        };
        let names = self.sanctions.screen_of(&evidence).await?;
        let mut traces = self.traces(whose, &order.email, evidence).await?;
        // A selfie has no name; the document that was shown before it had.
        let has_lists = self.sanctions.lists().is_some();
        traces.is_unscreened = has_lists && names.is_none() && known_as.is_none();
        traces.names = names;
        let step = Step::Decided(outcome, Box::new(traces));
        self.verification_step(order.id, id, step).await
    }

    /// People look, the provider leaves it to them as before, and the lists are the same: there is nothing to find.
    fn is_told_before(&self, v: &Verification, outcome: &IdentityOutcome, seen: &Evidence) -> bool {
        let waits = matches!(v.state, VerificationState::Review { .. });
        let lists = self.sanctions.lists().map(|lists| lists.version.clone());
        let screened = v.names.as_ref().map(|names| names.lists.clone());
        let is_new = seen.names.is_some() && lists != screened;
        waits && matches!(outcome, IdentityOutcome::Review { .. }) && !is_new
    }

    /// Records what the provider said, of the verification and of its order, at once.
    async fn verification_step(
        &self,
        order: OrderId,
        id: VerificationId,
        step: Step,
    ) -> Result<(), ApiError> {
        let decided = Decided::new(self, order, id)?;
        self.db
            .write("verification_step", move |tx: &mut Tx| {
                let (decided, step) = (decided.clone(), step.clone());
                Box::pin(async move { decided.save(tx, step).await })
            })
            .await
            .map_err(ApiError::from)
    }
}

/// Nobody's picture is taken before they agreed to the text as it is now.
fn consented(text: &str) -> Result<(), ApiError> {
    if text == CONSENT_TEXT {
        return Ok(());
    }
    let message = "The text that was agreed to is not the present one; load the page again.";
    Err(ApiError::field(
        ErrorCode::ValidationError,
        "consent",
        message,
    ))
}

/// Who tries again in the same order has agreed before.
fn consent(latest: Option<&Verification>, order: OrderId, now: Timestamp) -> Consent {
    let before = latest.filter(|v| v.order == order);
    let before = before.and_then(|v| v.consent.clone());
    before
        .filter(|given| given.text == CONSENT_TEXT)
        .unwrap_or_else(|| Consent {
            text: CONSENT_TEXT.to_owned(),
            at: now,
        })
}

/// Whose selfie is asked for: that of who the customer is known to be, or of who they said to be, with the code
/// from their mailbox, in the attempt before.
fn known_as(
    latest: Option<&StoredVerification>,
    order: OrderId,
    person: Option<PersonId>,
    standing: Option<Standing>,
) -> Result<PersonId, Failure<ApiError>> {
    let due = person.filter(|_| standing == Some(Standing::SelfieDue));
    let before = latest.map(|stored| &stored.verification);
    let before = before.filter(|v| v.order == order && person.is_none());
    let said = before.and_then(|v| v.known_as);
    due.or(said).ok_or_else(wrong_state)
}

/// Which try a new attempt would be; one that is still being decided is not overtaken. Tries of a while ago do not
/// count, and another order is no way around those of today.
fn next_try(
    latest: Option<&StoredVerification>,
    order: OrderId,
    standing: Option<Standing>,
    (policy, now): (&PersonPolicy, Timestamp),
) -> Result<u32, ApiError> {
    let Some(latest) = latest.map(|stored| &stored.verification) else {
        return Ok(1);
    };
    let rested = latest.started_at.plus_seconds(policy.pause_seconds()) <= now;
    let more = latest.try_number.saturating_add(1);
    let number = match &latest.state {
        VerificationState::Submitted { .. } | VerificationState::Review { .. } => {
            return Err(Refusal::WrongState.into());
        }
        state if state.is_over(now) => return Err(Refusal::WrongState.into()),
        VerificationState::Approved { .. } if matches!(standing, None | Some(Standing::Good)) => {
            return Err(Refusal::WrongState.into());
        }
        VerificationState::Approved { .. } => 1,
        VerificationState::Rejected {
            may_retry: false, ..
        } => 1,
        VerificationState::Rejected { .. } if latest.order == order || !rested => more,
        // Another document before anything was sent: still a new reference, never a mixture.
        VerificationState::Collecting if latest.order == order => more,
        VerificationState::Collecting if !rested => latest.try_number,
        VerificationState::Collecting | VerificationState::Rejected { .. } => 1,
    };
    if number > policy.tries_max {
        return Err(IdentityRefusal::TriesExhausted.into());
    }
    Ok(number)
}

fn frame(
    verification: &Verification,
    index: u32,
    step: &str,
    taken_ms: u32,
) -> Result<Picture, ApiError> {
    let asked = verification.challenge.step_of(index);
    let step = SelfieStep::parse(step).filter(|step| asked == Some(*step));
    let step = step.ok_or_else(|| {
        let message = "Frames belong to the steps that the view lists, numbered through.";
        ApiError::field(ErrorCode::ValidationError, "step", message)
    })?;
    Ok(Picture::Frame {
        index,
        step,
        taken_ms,
    })
}
