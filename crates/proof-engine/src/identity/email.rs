//! A shop names another address for somebody who is known. Both mailboxes say that it is theirs; whoever cannot read
//! the former one any more shows document and face again.

use super::wrong_state;
use crate::{
    ApiError, CodeSent, Engine,
    error::refused,
    link::{code_hash, code_refusal, digits, keyed},
    mail::letter_owe,
    order::gone,
    person::customer_standing,
    view::View,
};
use proof_core::{
    ErrorCode, Timestamp,
    id::{CustomerId, JobId, MailId, OrderId},
    identity::{EMAIL_HOLD_SECONDS, PersonPolicy, Standing},
    link::{CODE_PAUSE_SECONDS, CODES_MAX, Link, LinkRefusal},
    mail::{Letter, Mailbox, Planned},
    order::{Order, State},
    payment::CardSummary,
    token::TokenHash,
};
use proof_store::{CustomerRow, Failure, Topic, Tx};

/// Longer than an order takes.
const OPEN_SECONDS: i64 = 7 * 24 * 3_600;

/// Sells in which a card may have been paid before.
const SELLS_DAYS: i64 = 365;
const SELLS_MAX: i64 = 500;

/// The codes of both mailboxes.
#[derive(Clone, Debug)]
pub struct EmailCodes {
    pub former: String,
    pub new: String,
}

/// What is kept of the codes: as of a link that nobody has, with the same bounds on codes and guesses.
fn place(engine: &Engine, order: OrderId, mailbox: Mailbox) -> Result<TokenHash, ApiError> {
    let uuid = order.uuid();
    let parts = [b"email_code/1", mailbox.name().as_bytes(), uuid.as_bytes()];
    Ok(TokenHash::from_bytes(keyed(&engine.installation, &parts)?))
}

/// A mailbox is written to a few times a day for one customer, whatever number of orders somebody opens: guesses at its
/// codes are bounded by that, too.
fn day_of(engine: &Engine, customer: CustomerId, now: Timestamp) -> Result<TokenHash, ApiError> {
    let (uuid, day) = (customer.uuid(), now.seconds().div_euclid(24 * 3_600));
    let day = day.to_be_bytes();
    let parts: [&[u8]; 3] = [b"email_day/1", uuid.as_bytes(), &day];
    Ok(TokenHash::from_bytes(keyed(&engine.installation, &parts)?))
}

const fn field(mailbox: Mailbox) -> &'static str {
    match mailbox {
        Mailbox::Former => "former_code",
        Mailbox::New => "new_code",
    }
}

fn refusal(refused: LinkRefusal, mailbox: Mailbox, now: Timestamp) -> ApiError {
    let error = code_refusal(refused, now);
    if error.code == ErrorCode::ValidationError {
        return ApiError {
            field: Some(field(mailbox)),
            ..error
        };
    }
    error
}

/// The order of somebody who is known, with an address that nobody confirmed.
async fn changing(
    tx: &mut Tx,
    id: OrderId,
    by: (&PersonPolicy, Timestamp),
) -> Result<(Order, CustomerRow), Failure<ApiError>> {
    let order = tx.order_lock(id).await?.ok_or_else(gone)?.order;
    let customer = tx.customer_load(order.partner, order.customer).await?;
    let customer = customer.ok_or_else(gone)?;
    let standing = customer_standing(tx, &customer, &order, by).await?;
    match (&order.state, standing) {
        (State::Created, Some(Standing::EmailNew)) => Ok((order, customer)),
        _ => Err(wrong_state()),
    }
}

impl Engine {
    /// Sends a code to each of the two mailboxes.
    pub async fn email_ask(&self, order: OrderId) -> Result<CodeSent, ApiError> {
        let (now, policy) = (self.now(), self.person_policy.clone());
        let entropy = self.entropy.as_ref();
        let customer = self.order_load(order).await?.order.customer;
        let day = day_of(self, customer, now)?;
        let mut codes = Vec::new();
        for mailbox in Mailbox::ALL {
            let (id, job) = (MailId::new(now, entropy), JobId::new(now, entropy));
            let hash = code_hash(&self.installation, id, &self.link_code(id)?)?;
            codes.push((mailbox, place(self, order, mailbox)?, (id, job), hash));
        }
        self.db
            .write("email_ask", move |tx: &mut Tx| {
                let (codes, policy) = (codes.clone(), policy.clone());
                Box::pin(async move {
                    changing(tx, order, (&policy, now)).await?;
                    tx.link_insert(day, order, now, now.plus_seconds(OPEN_SECONDS))
                        .await?;
                    let asks = tx.link_lock(day).await?.ok_or_else(gone)?;
                    if asks.asked >= CODES_MAX {
                        return Err(refused(code_refusal(LinkRefusal::CodesExhausted, now)));
                    }
                    // No code goes with this one; it only counts.
                    let asked = asks.asked.saturating_add(1);
                    tx.link_save(day, &Link { asked, ..asks }).await?;
                    for (mailbox, place, (id, job), hash) in codes {
                        let until = now.plus_seconds(OPEN_SECONDS);
                        tx.link_insert(place, order, now, until).await?;
                        let link = tx.link_lock(place).await?.ok_or_else(gone)?;
                        if link.used_at.is_some() {
                            // Its code was right already.
                            continue;
                        }
                        let asked = link.ask(id, hash, now);
                        let link = asked.map_err(|error| refused(refusal(error, mailbox, now)))?;
                        let letter = Planned {
                            order,
                            topic: format!("email {id}"),
                            letter: Letter::EmailCode { mailbox },
                            due_at: now,
                        };
                        letter_owe(tx, (id, job), &letter, now).await?;
                        tx.link_save(place, &link).await?;
                    }
                    Ok::<_, Failure<ApiError>>(())
                })
            })
            .await?;
        Ok(CodeSent {
            again_after_s: CODE_PAUSE_SECONDS,
        })
    }

    /// One guess at each code. One that was right stays so, whatever the other one was.
    pub async fn email_enter(&self, order: OrderId, codes: EmailCodes) -> Result<View, ApiError> {
        let (now, policy) = (self.now(), self.person_policy.clone());
        let mut guesses = Vec::new();
        for (mailbox, code) in Mailbox::ALL.into_iter().zip([&codes.former, &codes.new]) {
            let code = digits(code).map_err(|error| ApiError {
                field: Some(field(mailbox)),
                ..error
            })?;
            guesses.push((mailbox, place(self, order, mailbox)?, code));
        }
        let installation = self.installation.clone();
        let guessed = self
            .db
            .write("email_enter", move |tx: &mut Tx| {
                let (guesses, installation) = (guesses.clone(), installation.clone());
                let policy = policy.clone();
                Box::pin(async move {
                    let (order, customer) = changing(tx, order, (&policy, now)).await?;
                    let mut wrong = None;
                    for (mailbox, place, code) in guesses {
                        let Some(link) = tx.link_lock(place).await? else {
                            return Ok(Err((LinkRefusal::NoCode, mailbox)));
                        };
                        if link.used_at.is_some() {
                            continue;
                        }
                        let Some(mail) = link.code.as_ref().map(|code| code.mail) else {
                            return Ok(Err((LinkRefusal::NoCode, mailbox)));
                        };
                        let hash = code_hash(&installation, mail, &code).map_err(refused)?;
                        let (link, outcome) = link.guess(&hash, now);
                        // A wrong guess is counted, so it is no refusal that takes everything back.
                        tx.link_save(place, &link).await?;
                        if let Err(error) = outcome {
                            wrong = wrong.or(Some((error, mailbox)));
                        }
                    }
                    if let Some(wrong) = wrong {
                        return Ok(Err(wrong));
                    }
                    tx.customer_confirm(customer.id, &order.email, Some(now))
                        .await?;
                    tx.wake(Topic::Order(order.id));
                    Ok::<_, Failure<ApiError>>(Ok(()))
                })
            })
            .await?;
        guessed.map_err(|(error, mailbox)| refusal(error, mailbox, now))?;
        self.view(order).await
    }
}

/// Until when a payout to this card waits: a day after a change of address, unless the customer was paid to it
/// before.
pub(crate) async fn payout_from(
    tx: &mut Tx,
    order: &Order,
    card: &CardSummary,
    now: Timestamp,
) -> Result<Option<Timestamp>, Failure<ApiError>> {
    let customer = tx.customer_load(order.partner, order.customer).await?;
    let Some(changed_at) = customer.ok_or_else(gone)?.email_changed_at else {
        return Ok(None);
    };
    let until = changed_at.plus_seconds(EMAIL_HOLD_SECONDS);
    if until <= now {
        return Ok(None);
    }
    let since = now.plus_seconds(-SELLS_DAYS * 24 * 3_600);
    let orders = tx
        .order_of_customer(order.customer, since, SELLS_MAX)
        .await?;
    let was_paid = |one: &Order| {
        let sale = one.sale.as_ref();
        matches!(one.state, State::Completed { .. })
            && one.status_at < changed_at
            && sale.is_some_and(|sale| sale.payout_card.fingerprint == card.fingerprint)
    };
    Ok((!orders.iter().any(was_paid)).then_some(until))
}
