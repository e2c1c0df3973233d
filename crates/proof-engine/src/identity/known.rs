//! "I was checked here before", said at a shop that does not know it: a code to the address of the order, and
//! then a selfie. Until both are right everybody gets the answers for a stranger, and they take the same work.

use super::{consented, next_try, wrong_state};
use crate::{
    ApiError, CodeSent, Engine,
    error::refused,
    link::{code_hash, code_refusal, digits, keyed},
    mail::letter_owe,
    order::{SaveIds, apply, gone},
    view::View,
};
use proof_core::{
    Timestamp,
    id::{JobId, MailId, OrderId, VerificationId},
    identity::{Beginning, Challenge, PersonPolicy, Verification, VerificationState},
    link::{CODE_PAUSE_SECONDS, LinkRefusal},
    mail::{Letter, Planned},
    order::{Command, State},
    token::TokenHash,
};
use proof_store::{Failure, StoredOrder, Tx, Verdict};

/// Longer than an order takes.
const OPEN_SECONDS: i64 = 7 * 24 * 3_600;

/// What is kept beside the attempt: as of a link that nobody has, with the same bounds on codes and guesses.
fn place(engine: &Engine, order: OrderId) -> Result<TokenHash, ApiError> {
    let uuid = order.uuid();
    let bytes = keyed(&engine.installation, &[b"known_code/1", uuid.as_bytes()])?;
    Ok(TokenHash::from_bytes(bytes))
}

/// An order that still asks who its user is, at a shop that does not know.
async fn stranger(
    tx: &mut Tx,
    id: OrderId,
    by: (&PersonPolicy, Timestamp),
) -> Result<StoredOrder, Failure<ApiError>> {
    let stored = tx.order_lock(id).await?.ok_or_else(gone)?;
    let order = &stored.order;
    let customer = tx.customer_load(order.partner, order.customer).await?;
    let is_known = customer.ok_or_else(gone)?.person.is_some();
    let latest = tx.verification_latest(order.customer).await?;
    next_try(latest.as_ref(), id, None, by).map_err(refused)?;
    match order.state {
        State::Created if !is_known => Ok(stored),
        _ => Err(wrong_state()),
    }
}

impl Engine {
    /// Asks for a code. It is mailed only if somebody was checked under the order's address, which the letter's
    /// own job sees later: this call does the same for everybody.
    pub async fn known_ask(&self, order: OrderId) -> Result<CodeSent, ApiError> {
        let now = self.now();
        let policy = self.person_policy.clone();
        let entropy = self.entropy.as_ref();
        let (id, job) = (MailId::new(now, entropy), JobId::new(now, entropy));
        let hash = code_hash(&self.installation, id, &self.link_code(id)?)?;
        let place = place(self, order)?;
        self.db
            .write("known_ask", move |tx: &mut Tx| {
                let policy = policy.clone();
                Box::pin(async move {
                    stranger(tx, order, (&policy, now)).await?;
                    let until = now.plus_seconds(OPEN_SECONDS);
                    tx.link_insert(place, order, now, until).await?;
                    let link = tx.link_lock(place).await?.ok_or_else(gone)?;
                    let asked = link.ask(id, hash, now);
                    let link = asked.map_err(|error| refused(code_refusal(error, now)))?;
                    let letter = Planned {
                        order,
                        topic: format!("known {id}"),
                        letter: Letter::KnownCode,
                        due_at: now,
                    };
                    letter_owe(tx, (id, job), &letter, now).await?;
                    tx.link_save(place, &link).await?;
                    Ok::<_, Failure<ApiError>>(())
                })
            })
            .await?;
        Ok(CodeSent {
            again_after_s: CODE_PAUSE_SECONDS,
        })
    }

    /// One guess at the code. The right one begins an attempt that asks for a selfie alone.
    pub async fn known_enter(
        &self,
        order: OrderId,
        code: &str,
        consent: &str,
    ) -> Result<View, ApiError> {
        consented(consent)?;
        let now = self.now();
        let policy = self.person_policy.clone();
        let (code, installation) = (digits(code)?, self.installation.clone());
        let (place, keys) = (place(self, order)?, self.person_keys()?.clone());
        let fresh = VerificationId::new(now, self.entropy.as_ref());
        let ids = SaveIds::new(self, now);
        let challenge = self.challenge(order).await?;
        let guessed = self
            .db
            .write("known_enter", move |tx: &mut Tx| {
                let (code, installation) = (code.clone(), installation.clone());
                let (keys, ids, challenge) = (keys.clone(), ids.clone(), challenge.clone());
                let policy = policy.clone();
                Box::pin(async move {
                    let stored = stranger(tx, order, (&policy, now)).await?;
                    let none = || refused(code_refusal(LinkRefusal::NoCode, now));
                    let link = tx.link_lock(place).await?.ok_or_else(none)?;
                    let mail = link.code.as_ref().map(|code| code.mail);
                    let mail = mail.ok_or_else(none)?;
                    let hash = code_hash(&installation, mail, &code).map_err(refused)?;
                    let (link, outcome) = link.guess(&hash, now);
                    // A wrong guess is counted, so it is no refusal that takes everything back.
                    tx.link_save(place, &link).await?;
                    if let Err(wrong) = outcome {
                        return Ok(Err(wrong));
                    }
                    let email = keys.email(stored.order.environment, &stored.order.email);
                    let known = tx.proof_by_email(email.map_err(refused)?).await?;
                    // They were forgotten since the letter was sent.
                    let Some(Verdict::Approved(person)) = known.map(|row| row.verdict) else {
                        return Ok(Err(LinkRefusal::NoCode));
                    };
                    let customer = stored.order.customer;
                    let latest = tx.verification_latest(customer).await?;
                    let try_number =
                        next_try(latest.as_ref(), order, None, (&policy, now)).map_err(refused)?;
                    // Whoever begins again before the end is asked for the same: the draw is not theirs.
                    let latest = latest.map(|stored| stored.verification);
                    let consent = super::consent(latest.as_ref(), order, now);
                    let begun = latest.filter(|v| v.state == VerificationState::Collecting);
                    let challenge: Challenge = begun.map_or(challenge, |v| v.challenge);
                    let verification = Verification::begun(Beginning {
                        id: fresh,
                        customer,
                        order,
                        document: None,
                        known_as: Some(person),
                        challenge,
                        try_number,
                        started_at: now,
                        consent,
                    });
                    apply(tx, stored, Command::IdentityStarted, &ids).await?;
                    tx.verification_insert(&verification).await?;
                    Ok::<_, Failure<ApiError>>(Ok(()))
                })
            })
            .await?;
        guessed.map_err(|error| code_refusal(error, now))?;
        self.view(order).await
    }
}
