//! Letters to users: written down in the database transaction that caused them, sent by a job of
//! their own. A mail server that is down delays letters and nothing else.

use crate::{
    ApiError, Engine,
    error::refused,
    link::link_token,
    order::{SaveIds, gone},
    person::PersonKeys,
    receipt::{receipt_path, receipt_until, transactions},
    worker::Outcome,
};
use proof_core::{
    Timestamp,
    id::{JobId, MailId, OrderId},
    language::Language,
    link::LOOK_SECONDS,
    mail::{Awaited, Finished, Letter, Mailbox, Planned, Sender, Text, Wait, pause_after},
    order::Order,
    partner::{Origin, Partner},
    token::TokenHash,
};
use proof_port::{Class, Mail, Message};
use proof_store::{Failure, JobKind, MailRow, MailState, Tx};
use std::sync::Arc;
use url::Url;

/// Who sends letters, and where their links lead.
#[derive(Clone)]
pub struct Mailer {
    pub mail: Arc<dyn Mail>,
    /// The server's own address, as users see it.
    pub base_url: Origin,
    /// Whether users are written to when an order is carried out.
    pub receipts: bool,
}

/// A letter with all that it is about.
struct Facts {
    row: MailRow,
    order: Order,
    partner: Partner,
    /// In which language its user reads, where that is known.
    language: Option<Language>,
    /// Whose mailbox it goes to.
    to: String,
    /// Whether it still has something to say.
    stands: bool,
}

/// Writes down what a step owes, to be sent when it is due. What was told already is not told again.
pub(crate) async fn letters_owe(
    tx: &mut Tx,
    planned: Vec<Planned>,
    (mail_kind, job_kind): (u8, u8),
    ids: &SaveIds,
) -> Result<(), Failure<ApiError>> {
    for (n, letter) in planned.into_iter().enumerate() {
        let id = MailId::from_uuid(ids.uuid(mail_kind, n));
        let job = JobId::from_uuid(ids.uuid(job_kind, n));
        letter_owe(tx, (id, job), &letter, ids.now()).await?;
    }
    Ok(())
}

pub(crate) async fn letter_owe(
    tx: &mut Tx,
    (id, job): (MailId, JobId),
    planned: &Planned,
    now: Timestamp,
) -> Result<(), Failure<ApiError>> {
    let Planned {
        order,
        topic,
        letter,
        due_at,
    } = planned;
    if tx.mail_insert(id, *order, topic, letter, now).await? {
        tx.job_upsert(job, JobKind::Mail, id.uuid(), *due_at)
            .await?;
    }
    Ok(())
}

async fn is_code_good(tx: &mut Tx, id: MailId, now: Timestamp) -> Result<bool, Failure<ApiError>> {
    let link = tx.link_by_code(id).await?;
    let code = link.as_ref().and_then(|link| link.code.as_ref());
    Ok(code.is_some_and(|code| now < code.expires_at()))
}

async fn facts(
    tx: &mut Tx,
    id: MailId,
    keys: Option<&PersonKeys>,
    now: Timestamp,
) -> Result<Facts, Failure<ApiError>> {
    let row = tx.mail_load(id).await?.ok_or_else(gone)?;
    let order = tx.order_work(row.order).await?.ok_or_else(gone)?.order;
    let partner = tx.partner_load(order.partner).await?.ok_or_else(gone)?;
    let stands = match &row.letter {
        Letter::Waits { wait, .. } => still_waits(tx, &order, wait).await?,
        Letter::Ended { .. } | Letter::Completed | Letter::Resume => true,
        Letter::Code => is_code_good(tx, id, now).await?,
        // Whoever asks hears the same of everybody: only here it is seen whether there is somebody to write to.
        Letter::KnownCode => match keys {
            None => false,
            Some(keys) => {
                let hash = keys.email(order.environment, &order.email);
                let known = tx.proof_by_email(hash.map_err(refused)?).await?;
                is_code_good(tx, id, now).await? && known.is_some()
            }
        },
        Letter::EmailCode { .. } => is_code_good(tx, id, now).await?,
    };
    let to = match row.letter {
        Letter::EmailCode {
            mailbox: Mailbox::Former,
        } => {
            let customer = tx.customer_load(order.partner, order.customer).await?;
            customer.and_then(|customer| customer.confirmed_email)
        }
        _ => None,
    };
    let to = to.unwrap_or_else(|| order.email.clone());
    let session = tx.session_load(order.origin.unwrap_or(order.id)).await?;
    let language = session.and_then(|session| {
        let asked = session.lang.as_deref().and_then(Language::parse);
        session.spoken.or(asked)
    });
    Ok(Facts {
        row,
        order,
        partner,
        language,
        to,
        stands,
    })
}

async fn still_waits(tx: &mut Tx, order: &Order, wait: &Wait) -> Result<bool, Failure<ApiError>> {
    let now = match &wait.awaited {
        Awaited::Rest { .. } | Awaited::Choice { .. } => order.waits(),
        Awaited::Late { case, .. } => {
            let stored = tx.case_work(*case).await?.ok_or_else(gone)?;
            stored.case.waits()
        }
    };
    Ok(now.as_ref() == Some(wait))
}

impl Engine {
    /// Without a mail server nothing is put down that nobody waits for.
    pub(crate) fn writes_receipts(&self) -> bool {
        self.mailer.as_ref().is_some_and(|mailer| mailer.receipts)
    }

    pub(crate) async fn mail_drive(&self, id: MailId) -> Result<Outcome, ApiError> {
        let (now, keys) = (self.now(), self.person_keys.clone());
        let facts = self
            .db
            .read("mail_load", move |tx: &mut Tx| {
                let keys = keys.clone();
                Box::pin(async move { facts(tx, id, keys.as_deref(), now).await })
            })
            .await?;
        if facts.row.state != MailState::Due {
            return Ok(Outcome::Done);
        }
        let attempts = facts.row.attempts;
        if !facts.stands {
            return self.mail_end(id, MailState::Skipped, attempts).await;
        }
        let Some(mailer) = &self.mailer else {
            tracing::error!(mail = %id, "a user is not written to: no mail server is configured");
            return self.mail_end(id, MailState::Failed, attempts).await;
        };
        let message = self.mail_message(mailer, &facts).await?;
        let sent = mailer.mail.send(&message).await;
        let attempts = attempts.saturating_add(1);
        let error = match sent {
            Ok(()) => return self.mail_end(id, MailState::Sent, attempts).await,
            Err(error) => error,
        };
        match (error.class, pause_after(attempts)) {
            // What is in doubt has the same id the second time.
            (Class::Retry | Class::InDoubt, Some(pause)) => {
                tracing::warn!(mail = %id, "a letter was not taken and will be sent again: {error}");
                self.mail_end(id, MailState::Due, attempts).await?;
                Ok(Outcome::Again(self.now().plus_seconds(pause)))
            }
            (Class::GiveUp, _) | (_, None) => {
                tracing::error!(mail = %id, order = %facts.order.id, "a letter was given up: {error}");
                self.mail_end(id, MailState::Failed, attempts).await
            }
        }
    }

    async fn mail_end(
        &self,
        id: MailId,
        state: MailState,
        attempts: i64,
    ) -> Result<Outcome, ApiError> {
        let now = self.now();
        self.db
            .write("mail_save", move |tx: &mut Tx| {
                Box::pin(async move {
                    tx.mail_save(id, state, attempts, now).await?;
                    Ok::<_, Failure<ApiError>>(Outcome::Done)
                })
            })
            .await
            .map_err(ApiError::from)
    }

    /// The same letter at every try: its id, its link and its code are derived from its row.
    async fn mail_message(&self, mailer: &Mailer, facts: &Facts) -> Result<Message, ApiError> {
        let Facts {
            row,
            order,
            partner,
            ..
        } = facts;
        let number = order.id.uuid().to_string();
        let sender = Sender {
            partner: &partner.name,
            order: &number,
            language: facts.language.unwrap_or_default(),
        };
        let text = match &row.letter {
            Letter::Code | Letter::KnownCode | Letter::EmailCode { .. } => {
                row.letter.code_text(sender, &self.link_code(row.id)?)
            }
            Letter::Waits { .. } | Letter::Ended { .. } | Letter::Resume => {
                let link = self.mail_link(mailer, facts).await?;
                row.letter.text(sender, &link)
            }
            Letter::Completed => Some(self.mail_completed(mailer, facts, sender)?),
        };
        let text = text.ok_or_else(|| ApiError::internal("a letter without words"))?;
        let Text { subject, body } = text;
        let host = Url::parse(mailer.base_url.as_str()).ok();
        let host = host.as_ref().and_then(Url::host_str).unwrap_or("localhost");
        Ok(Message {
            id: format!("{}@{host}", row.id),
            to: facts.to.clone(),
            subject,
            text: body,
            at: self.now(),
        })
    }

    /// The link of a letter. It is known from before the letter is sent.
    async fn mail_link(&self, mailer: &Mailer, facts: &Facts) -> Result<String, ApiError> {
        let row = &facts.row;
        let token = link_token(&self.installation, row.id)?;
        let (hash, order, now) = (TokenHash::of(&token), row.order, self.now());
        let until = match &row.letter {
            Letter::Waits { wait, .. } => wait.until,
            Letter::Ended { .. }
            | Letter::Completed
            | Letter::Resume
            | Letter::Code
            | Letter::KnownCode
            | Letter::EmailCode { .. } => now,
        };
        self.db
            .write("link_insert", move |tx: &mut Tx| {
                Box::pin(async move {
                    let expires_at = until.plus_seconds(LOOK_SECONDS);
                    tx.link_insert(hash, order, now, expires_at).await?;
                    Ok::<_, Failure<ApiError>>(())
                })
            })
            .await?;
        let spoken = spoken_query(facts.language);
        Ok(format!("{}/resume/{token}{spoken}", mailer.base_url))
    }

    fn mail_completed(
        &self,
        mailer: &Mailer,
        facts: &Facts,
        sender: Sender<'_>,
    ) -> Result<Text, ApiError> {
        let order = &facts.order;
        let chain = self.chain_of(order.environment, order.amount.asset().network())?;
        let hashes = transactions(order);
        let transactions: Vec<String> = hashes.map(|hash| chain.explorer_url(hash)).collect();
        let receipt = receipt_path(&self.installation, order.id, facts.language)?;
        let finished = Finished {
            order,
            transactions: &transactions,
            receipt: &format!("{}{receipt}", mailer.base_url),
            receipt_until: receipt_until(order),
        };
        Ok(finished.text(sender))
    }
}

/// So that a page of ours speaks as its letter does.
pub(crate) fn spoken_query(language: Option<Language>) -> String {
    language.map_or_else(String::new, |language| format!("?lang={}", language.code()))
}

/// The letter with a link's code, due at once.
pub(crate) fn code_letter(order: OrderId, id: MailId, now: Timestamp) -> Planned {
    Planned {
        order,
        topic: format!("code {id}"),
        letter: Letter::Code,
        due_at: now,
    }
}
