//! What comes of an attempt: for itself, for its order, for its customer and for the person behind them, in one
//! database transaction.

use super::wrong_state;
use crate::{
    ApiError, Engine,
    error::refused,
    order::{SaveIds, apply, gone},
    person::{PROOFS_MAX, PersonKeys, Traces, device_learn, person_standing},
};
use proof_core::{
    ErrorCode, Timestamp,
    id::{OrderId, PersonId, VerificationId},
    identity::{
        Assessment, IdentityOutcome, IdentityProblem, IdentityRefusal, IdentityRuling,
        PersonPolicy, Resembling, Standing, Verification, VerificationState, assess, is_email_new,
        recognise, resemblances,
    },
    operator::Voice,
    order::{Command, Order},
    screening::names::NameCheck,
};
use proof_store::{CustomerRow, Failure, ProofRow, Topic, Tx, Verdict};
use std::sync::Arc;

/// A step of a verification, with what its order and its customer learn from it.
#[derive(Clone)]
pub(super) struct Decided {
    order: OrderId,
    id: VerificationId,
    ids: SaveIds,
    /// Who the customer turns out to be, where nobody knew that person.
    fresh: PersonId,
    keys: Arc<PersonKeys>,
    policy: PersonPolicy,
}

#[derive(Clone)]
pub(super) enum Step {
    Accepted,
    Reopened,
    /// By the provider.
    Decided(IdentityOutcome, Box<Traces>),
    /// By two of our own people.
    Ruled(IdentityRuling, [Voice; 2]),
}

/// An attempt after its step, and what it leaves behind.
struct Stepped {
    after: Verification,
    trace: Trace,
}

enum Trace {
    /// As it was.
    Unchanged,
    Kept(Box<ProofRow>),
    Ruled(Verdict),
    Dropped,
}

impl Decided {
    pub(super) fn new(
        engine: &Engine,
        order: OrderId,
        id: VerificationId,
    ) -> Result<Self, ApiError> {
        Ok(Self {
            order,
            id,
            ids: SaveIds::new(engine, engine.now()),
            fresh: PersonId::new(engine.now(), engine.entropy.as_ref()),
            keys: Arc::clone(engine.person_keys()?),
            policy: engine.person_policy.clone(),
        })
    }

    pub(super) async fn save(&self, tx: &mut Tx, step: Step) -> Result<(), Failure<ApiError>> {
        // The order's lock comes first, for whoever decides.
        let stored = tx.order_lock(self.order).await?.ok_or_else(gone)?;
        let found = tx.verification_load(self.id).await?;
        let found = found.ok_or_else(wrong_state)?;
        let (partner, customer) = (stored.order.partner, stored.order.customer);
        let customer = tx.customer_load(partner, customer).await?;
        let customer = customer.ok_or_else(gone)?;
        let own = customer.person;
        let before = found.verification.clone();
        let Stepped { after, trace } = self.stepped(tx, found.verification, own, step).await?;
        let after = after.rested(&self.policy, self.ids.now());
        if after == before {
            return Ok(());
        }
        tx.verification_save(&after, found.version).await?;
        tx.wake(Topic::Order(self.order));
        if let VerificationState::Approved { .. } = after.state {
            let changed_at = changed_at(&customer, &stored.order, self.ids.now());
            tx.customer_confirm(customer.id, &stored.order.email, changed_at)
                .await?;
        }
        let origin = stored.order.origin.unwrap_or(self.order);
        self.leave(tx, (&after, origin), own, trace).await?;
        if after.state == before.state {
            return Ok(());
        }
        if let Some(command) = command(&after.state)
            && !stored.order.state.is_terminal()
        {
            match apply(tx, stored, command, &self.ids).await {
                // The order went on without it (another order proved the same person).
                Ok(_) => {}
                Err(Failure::Refused(e)) if e.code == ErrorCode::WrongState => {}
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }

    async fn stepped(
        &self,
        tx: &mut Tx,
        v: Verification,
        own: Option<PersonId>,
        step: Step,
    ) -> Result<Stepped, Failure<ApiError>> {
        let (after, trace) = match step {
            Step::Accepted => (v.accepted(), Trace::Unchanged),
            Step::Reopened => (v.reopened(), Trace::Dropped),
            Step::Decided(outcome, traces) => {
                return self.decided(tx, v, own, outcome, *traces).await;
            }
            Step::Ruled(ruling, voices) => {
                let trace = match &ruling {
                    // Who the customer is known to be does not change with a document.
                    IdentityRuling::Approve { person, .. } => {
                        let known = own.or(v.known_as).or(*person).or(v.looks_like);
                        let person = known.unwrap_or(self.fresh);
                        Trace::Ruled(Verdict::Approved(person))
                    }
                    IdentityRuling::AskAgain { .. } => Trace::Dropped,
                    IdentityRuling::Refuse { problem } => {
                        refusal(problem.name()).map_or(Trace::Dropped, Trace::Ruled)
                    }
                };
                (v.ruled(ruling, voices), trace)
            }
        };
        let after = after.map_err(refused)?;
        Ok(Stepped { after, trace })
    }

    /// The provider's word counts for as much as what others showed before lets it.
    async fn decided(
        &self,
        tx: &mut Tx,
        v: Verification,
        own: Option<PersonId>,
        outcome: IdentityOutcome,
        traces: Traces,
    ) -> Result<Stepped, Failure<ApiError>> {
        if let IdentityOutcome::Rejected { reason, may_retry } = &outcome {
            let verdict = refusal(reason).filter(|_| !may_retry);
            let after = v.decided(outcome).map_err(refused)?;
            return Ok(Stepped {
                after,
                trace: verdict.map_or(Trace::Dropped, |verdict| kept(traces, verdict)),
            });
        }
        let found = traces.found(tx, &self.keys, v.known_as.or(own)).await?;
        let (outcome, assessment) = match v.known_as {
            None => (outcome, assess(&traces.evidence, own, &found)),
            Some(person) => (
                with_country(tx, outcome, person).await?,
                self.recognised(tx, person, &found).await?,
            ),
        };
        // Who it is does not get lost while people look for another reason.
        let (looks_like, resembles) = match &assessment {
            Assessment::Accept { person: Some(who) } => (Some(*who), resemblances(&found)),
            _ => (None, Vec::new()),
        };
        let v = Verification {
            names: traces.names.clone(),
            looks_like,
            resembles,
            ..v
        };
        let held_for = held_for(tx, &assessment, &traces).await?;
        let (after, verdict) = self.judged(v, outcome, assessment, held_for);
        Ok(Stepped {
            after: after.map_err(refused)?,
            trace: verdict.map_or(Trace::Dropped, |verdict| kept(traces, verdict)),
        })
    }

    /// What the provider said and what we found together. No verdict: another picture may cure it.
    fn judged(
        &self,
        v: Verification,
        outcome: IdentityOutcome,
        assessment: Assessment,
        held_for: Option<&'static str>,
    ) -> (Result<Verification, IdentityRefusal>, Option<Verdict>) {
        let is_approved = matches!(outcome, IdentityOutcome::Approved { .. });
        let rejected = |reason, may_retry| IdentityOutcome::Rejected { reason, may_retry };
        match assessment {
            Assessment::Retry { problem } => {
                (v.decided(rejected(problem.name().to_owned(), true)), None)
            }
            Assessment::Refuse { reason } => {
                let verdict = Verdict::Refused(reason.clone());
                (v.decided(rejected(reason, false)), Some(verdict))
            }
            Assessment::Accept { person } if is_approved => match held_for {
                Some(reason) => {
                    let resembles = v.resembles.clone();
                    (v.held(reason, resembles), Some(Verdict::Waiting))
                }
                None => {
                    let person = person.unwrap_or(self.fresh);
                    (v.decided(outcome), Some(Verdict::Approved(person)))
                }
            },
            Assessment::Accept { .. } => (v.decided(outcome), Some(Verdict::Waiting)),
            Assessment::Review { reason, resembles } if is_approved => {
                (v.held(reason, resembles), Some(Verdict::Waiting))
            }
            Assessment::Review { resembles, .. } => {
                let told = v.decided(outcome);
                let told = told.map(|v| Verification { resembles, ..v });
                (told, Some(Verdict::Waiting))
            }
        }
    }

    /// A face that fits is not enough where the document has ended.
    async fn recognised(
        &self,
        tx: &mut Tx,
        person: PersonId,
        found: &[Resembling],
    ) -> Result<Assessment, Failure<ApiError>> {
        let assessment = recognise(person, found);
        if !matches!(assessment, Assessment::Accept { .. }) {
            return Ok(assessment);
        }
        let standing = person_standing(tx, person, None, (&self.policy, self.ids.now())).await?;
        Ok(match standing {
            Standing::Ended => Assessment::Retry {
                problem: IdentityProblem::DocumentExpired,
            },
            Standing::Good | Standing::SelfieDue | Standing::EmailNew => assessment,
        })
    }

    /// What an attempt leaves behind, and who its customer is by it.
    async fn leave(
        &self,
        tx: &mut Tx,
        (after, origin): (&Verification, OrderId),
        own: Option<PersonId>,
        trace: Trace,
    ) -> Result<(), Failure<ApiError>> {
        let verdict = match &trace {
            Trace::Kept(row) => Some(row.verdict.clone()),
            Trace::Ruled(verdict) => Some(verdict.clone()),
            Trace::Unchanged | Trace::Dropped => None,
        };
        let approved = match verdict {
            Some(Verdict::Approved(person)) => Some(person),
            Some(Verdict::Waiting | Verdict::Refused(_)) | None => None,
        };
        // The person comes first: what proves somebody names them.
        if let Some(person) = approved
            && own != Some(person)
        {
            if person == self.fresh {
                let now = self.ids.now();
                tx.customer_link(after.customer, person, now).await?;
            } else {
                tx.customer_link_known(after.customer, person).await?;
            }
        }
        match trace {
            Trace::Unchanged => {}
            Trace::Kept(row) => tx.proof_save(&row).await?,
            Trace::Ruled(verdict) => tx.proof_rule(self.id, &verdict).await?,
            Trace::Dropped => tx.proof_drop(self.id).await?,
        }
        // Before anything else is asked of this order.
        if let Some(person) = approved
            && self.policy.knows_devices()
        {
            device_learn(tx, person, origin, self.ids.now()).await?;
        }
        Ok(())
    }
}

/// Whoever shows document and face anew has the order's address from then on.
fn changed_at(customer: &CustomerRow, order: &Order, now: Timestamp) -> Option<Timestamp> {
    let confirmed = customer.confirmed_email.as_deref();
    let is_new = is_email_new(order.environment, confirmed, &order.email);
    if is_new {
        Some(now)
    } else {
        customer.email_changed_at
    }
}

/// Why it waits, for our own people.
const LISTED_NAME: &str = "the name is like one on a sanctions list";
const UNSCREENED: &str = "no name was read that could be compared with sanctions lists";

/// Why people look at somebody who would be accepted.
async fn held_for(
    tx: &mut Tx,
    assessment: &Assessment,
    traces: &Traces,
) -> Result<Option<&'static str>, Failure<ApiError>> {
    let Assessment::Accept { person } = assessment else {
        return Ok(None);
    };
    if !is_clear(tx, traces.names.as_ref(), *person).await? {
        return Ok(Some(LISTED_NAME));
    }
    Ok(traces.is_unscreened.then_some(UNSCREENED))
}

/// Whether nobody on the lists is like it, or two people looked at all of those for the same person before.
async fn is_clear(
    tx: &mut Tx,
    names: Option<&NameCheck>,
    person: Option<PersonId>,
) -> Result<bool, Failure<ApiError>> {
    let Some(names) = names.filter(|names| !names.hits.is_empty()) else {
        return Ok(true);
    };
    let Some(person) = person else {
        return Ok(false);
    };
    for proof in tx.proof_of_person(person, PROOFS_MAX).await? {
        let before = tx.verification_load(proof.verification).await?;
        let before = before.map(|stored| stored.verification);
        let seen = before
            .filter(|v| v.decided_by.is_some())
            .and_then(|v| v.names);
        if seen.is_some_and(|seen| seen.covers(names)) {
            return Ok(true);
        }
    }
    Ok(false)
}

/// A selfie says nothing of a country: the document that was shown before does.
async fn with_country(
    tx: &mut Tx,
    outcome: IdentityOutcome,
    person: PersonId,
) -> Result<IdentityOutcome, Failure<ApiError>> {
    let IdentityOutcome::Approved {
        document_country: None,
    } = outcome
    else {
        return Ok(outcome);
    };
    for proof in tx.proof_of_person(person, PROOFS_MAX).await? {
        let before = tx.verification_load(proof.verification).await?;
        let before = before.map(|stored| stored.verification.state);
        if let Some(VerificationState::Approved {
            document_country: Some(country),
        }) = before
        {
            return Ok(IdentityOutcome::Approved {
                document_country: Some(country),
            });
        }
    }
    Ok(outcome)
}

fn kept(traces: Traces, verdict: Verdict) -> Trace {
    Trace::Kept(Box::new(ProofRow {
        verdict,
        ..traces.row
    }))
}

/// What a refusal for good leaves behind. Whoever is under age will not be one day.
fn refusal(reason: &str) -> Option<Verdict> {
    let grows_up = reason == IdentityProblem::UnderAge.name();
    (!grows_up).then(|| Verdict::Refused(reason.to_owned()))
}

/// What an order learns from its customer's verification.
fn command(state: &VerificationState) -> Option<Command> {
    match state {
        VerificationState::Approved { .. } => Some(Command::IdentityPassed),
        VerificationState::Review { reason } => Some(Command::IdentityReview {
            reason: reason.clone(),
        }),
        VerificationState::Rejected {
            reason, may_retry, ..
        } => Some(Command::IdentityFailed {
            reason: reason.clone(),
            may_retry: *may_retry,
        }),
        VerificationState::Collecting | VerificationState::Submitted { .. } => None,
    }
}
