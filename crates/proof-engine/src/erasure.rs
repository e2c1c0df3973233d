//! Forgetting people: when they ask, by two of ours, and when the time is over.

use crate::{
    ApiError, Engine, Ruled,
    audit::{audit, two_voices},
    error::refused,
    member::deed,
    operator::reason_of,
};
use proof_core::{
    ErrorCode, Timestamp,
    audit::Author,
    id::{PersonId, VerificationId},
    identity::{Verification, VerificationState},
    operator::Voice,
    partner::Environment,
};
use proof_store::{Failure, PersonRow, Tx};
use serde_json::json;
use uuid::Uuid;

/// Somebody has a few customers with a few attempts each.
const ATTEMPTS_MAX: i64 = 1_000;

/// Sessions know their device for longer than an order takes.
const DEVICE_SECONDS: i64 = 7 * 24 * 3_600;

const HOLD_LENGTH_MAX: usize = 200;

fn nobody() -> Failure<ApiError> {
    refused(ApiError::nobody("person"))
}

fn subject(person: PersonId) -> String {
    format!("person:{person}")
}

/// Whether a person was forgotten and nothing came since, so that one word more takes away no more than two said.
async fn is_forgotten(
    tx: &mut Tx,
    person: PersonId,
    row: &PersonRow,
) -> Result<bool, Failure<ApiError>> {
    let Some(erased_at) = row.erased_at else {
        return Ok(false);
    };
    if tx.proof_left(person).await? {
        return Ok(false);
    }
    let attempts = tx.verification_of_person(person, ATTEMPTS_MAX).await?;
    Ok(!attempts.iter().any(|v| {
        let is_looked_at = matches!(
            v.state,
            VerificationState::Submitted { .. } | VerificationState::Review { .. }
        );
        is_looked_at || v.started_at > erased_at
    }))
}

/// Whoever must be kept is kept.
fn free(row: &PersonRow) -> Result<(), Failure<ApiError>> {
    match &row.hold {
        None => Ok(()),
        Some(hold) => {
            let message =
                format!("What is known of this person is held: {hold}. Release it first.");
            Err(refused(ApiError::new(ErrorCode::WrongState, message)))
        }
    }
}

impl Engine {
    /// One person's word that somebody is to be forgotten; the same word of a second one does it. Said again
    /// afterwards by one it takes away the pictures that a provider did not let go of, unless the person came back.
    pub async fn person_erase(
        &self,
        person: PersonId,
        author: impl Into<Author>,
        reason: &str,
    ) -> Result<Ruled, ApiError> {
        let author = author.into();
        let voice = Voice {
            by: author.by.clone(),
            reason: reason_of(reason)?,
        };
        let told = json!({ "reason": voice.reason });
        let deed = deed(author, "person.erase", person.to_string(), told);
        let now = self.now();
        let ruled = self
            .db
            .write("person_erase", move |tx: &mut Tx| {
                let (voice, mut deed) = (voice.clone(), deed.clone());
                Box::pin(async move {
                    tx.proof_lock().await?;
                    let row = tx.person_load(person).await?.ok_or_else(nobody)?;
                    free(&row)?;
                    if is_forgotten(tx, person, &row).await? {
                        audit(tx, &deed, now).await?;
                        return Ok(Ruled::Done);
                    }
                    let act = json!({ "act": "erase" });
                    let ruled = match two_voices(tx, &subject(person), act, voice, now).await? {
                        None => {
                            deed.act = "person.erase_propose";
                            Ruled::Proposed
                        }
                        Some(_) => {
                            tx.person_erase(person, now).await?;
                            tx.device_erase(person).await?;
                            Ruled::Done
                        }
                    };
                    audit(tx, &deed, now).await?;
                    Ok::<_, Failure<ApiError>>(ruled)
                })
            })
            .await?;
        if matches!(ruled, Ruled::Done) {
            self.pictures_erase(person).await?;
            self.cards_erase(person).await?;
        }
        Ok(ruled)
    }

    /// At the providers, which keep them by the attempt.
    async fn pictures_erase(&self, person: PersonId) -> Result<(), ApiError> {
        let attempts = self
            .db
            .read("person_attempts", move |tx: &mut Tx| {
                Box::pin(async move {
                    let mut attempts: Vec<(Verification, Environment)> = Vec::new();
                    for v in tx.verification_of_person(person, ATTEMPTS_MAX).await? {
                        let order = tx.order_work(v.order).await?.ok_or_else(nobody)?.order;
                        attempts.push((v, order.environment));
                    }
                    Ok::<_, Failure<ApiError>>(attempts)
                })
            })
            .await?;
        for (v, environment) in attempts {
            let identity = &self.rails(environment)?.identity;
            identity.erase(&self.identity_reference(&v)).await?;
        }
        Ok(())
    }

    /// What is known of a person must be kept, and why; or not any more.
    pub async fn person_hold(
        &self,
        person: PersonId,
        hold: Option<String>,
        author: impl Into<Author>,
        reason: &str,
    ) -> Result<(), ApiError> {
        let hold = hold.map(|name| name.trim().to_owned());
        if hold
            .as_ref()
            .is_some_and(|name| name.is_empty() || name.len() > HOLD_LENGTH_MAX)
        {
            let message = format!("Name the hold in 1 to {HOLD_LENGTH_MAX} bytes.");
            return Err(ApiError::field(ErrorCode::ValidationError, "hold", message));
        }
        let told = json!({ "hold": hold, "reason": reason_of(reason)? });
        let deed = deed(author.into(), "person.hold", person.to_string(), told);
        let now = self.now();
        self.db
            .write("person_hold", move |tx: &mut Tx| {
                let (deed, hold) = (deed.clone(), hold.clone());
                Box::pin(async move {
                    tx.person_load(person).await?.ok_or_else(nobody)?;
                    tx.person_hold(person, hold).await?;
                    audit(tx, &deed, now).await?;
                    Ok::<_, Failure<ApiError>>(())
                })
            })
            .await
            .map_err(ApiError::from)
    }

    /// Takes away what is older than it may be: here, and at providers that keep pictures for us.
    pub(crate) async fn persons_tidy(&self, now: Timestamp) {
        self.cards_tidy(now).await;
        let before = now.plus_seconds(-self.person_policy.kept_seconds());
        let forgotten = self
            .db
            .write("proof_forget", move |tx: &mut Tx| {
                Box::pin(async move {
                    let forgotten = tx.proof_forget(before).await?;
                    tx.device_forget(before).await?;
                    let ended = now.plus_seconds(-DEVICE_SECONDS);
                    tx.session_device_forget(ended).await?;
                    Ok::<_, Failure<ApiError>>(forgotten)
                })
            })
            .await;
        match forgotten.map_err(ApiError::from) {
            Ok(0) => {}
            Ok(forgotten) => tracing::info!(forgotten, "what was old of persons was taken away"),
            Err(error) => error.log("what is old of persons stays"),
        }
        let held = match self.attempts_held().await {
            Ok(held) => held,
            Err(error) => return error.log("old pictures stay: who must be kept is not known"),
        };
        for rails in [&self.test_rails, &self.live_rails].into_iter().flatten() {
            if let Err(error) = rails.identity.tidy(held.clone()).await {
                tracing::warn!("old pictures stay: {error}");
            }
        }
    }

    /// What providers call the attempts of those who must be kept.
    async fn attempts_held(&self) -> Result<Vec<String>, ApiError> {
        let mut references = Vec::new();
        let mut before = VerificationId::from_uuid(Uuid::max());
        loop {
            let page = self
                .db
                .read("verification_held", move |tx: &mut Tx| {
                    Box::pin(async move {
                        let page = tx.verification_held(before, ATTEMPTS_MAX).await?;
                        Ok::<_, Failure<ApiError>>(page)
                    })
                })
                .await?;
            let Some(last) = page.last() else {
                return Ok(references);
            };
            before = last.id;
            references.extend(page.iter().map(|v| self.identity_reference(v)));
        }
    }
}
