//! Links in letters: the code that is emailed turns one into a visit.

use crate::{
    ApiError, Engine, LookShown, VisitOpened,
    error::refused,
    installation::hex_of,
    mail::{code_letter, letter_owe},
    order::gone,
};
use hmac::{Hmac, Mac};
use proof_core::{
    ErrorCode, Timestamp,
    id::{JobId, MailId, OrderId},
    link::{CODE_DIGITS, CODE_PAUSE_SECONDS, LOOK_SECONDS, LinkRefusal, WISHES_MAX, wish},
    mail::{Letter, Planned},
    partner::Partner,
    token::TokenHash,
};
use proof_store::{Failure, Installation, Tx};
use serde::{Deserialize, Serialize};
use sha2::Sha256;
use uuid::Uuid;

/// As many codes as there are with six digits.
const CODES: u64 = 1_000_000;

/// What the page of a link shows before anybody has proven anything.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct LinkPage {
    /// `None` for a link that we never sent, or that is too old.
    pub partner: Option<String>,
    /// Of that partner, who hears of what the browser refuses in the page.
    pub widget: Option<Uuid>,
    pub state: LinkState,
    pub fields_origins: Vec<String>,
    pub look: LookShown,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum LinkState {
    Open,
    Used,
    Over,
}

/// That a code was sent, and when another may be asked for.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize)]
pub struct CodeSent {
    pub again_after_s: i64,
}

/// How the link gets to the other device.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LinkWay {
    Email,
    /// Shown on this one.
    Screen,
}

/// A link that was asked for in the widget.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct LinkAsked {
    /// Of a link that is shown; one that is emailed is known to nobody but its reader.
    pub token: Option<String>,
    pub again_after_s: i64,
}

fn wish_refusal(refused: LinkRefusal, now: Timestamp) -> ApiError {
    match refused {
        LinkRefusal::TooSoon { .. } => ApiError {
            message: "A link was given a moment ago; use that one, or ask again in a minute."
                .to_owned(),
            ..code_refusal(refused, now)
        },
        LinkRefusal::Over
        | LinkRefusal::CodesExhausted
        | LinkRefusal::NoCode
        | LinkRefusal::Wrong { .. } => ApiError::new(
            ErrorCode::AttemptsExhausted,
            "This order gives no more links; use the one in our latest email.",
        ),
    }
}

fn refusal(refused: LinkRefusal, now: Timestamp) -> ApiError {
    match refused {
        LinkRefusal::Over => ApiError::new(
            ErrorCode::InvalidToken,
            "This link was used, or is too old; use the one in our latest email.",
        ),
        LinkRefusal::CodesExhausted => ApiError::new(
            ErrorCode::AttemptsExhausted,
            "This link gives no more codes; use the one in our latest email.",
        ),
        LinkRefusal::TooSoon { .. } | LinkRefusal::NoCode | LinkRefusal::Wrong { .. } => {
            code_refusal(refused, now)
        }
    }
}

/// The same of a code that is asked for inside of an order.
pub(crate) fn code_refusal(refused: LinkRefusal, now: Timestamp) -> ApiError {
    match refused {
        LinkRefusal::Over => ApiError::new(
            ErrorCode::WrongState,
            "The code was used already; go on, or show a document.",
        ),
        LinkRefusal::TooSoon { again_at } => {
            let seconds = again_at.millis_since(now).div_euclid(1_000);
            let seconds = u32::try_from(seconds.saturating_add(1)).unwrap_or(1);
            let message = format!("A code is on its way; ask for another after {seconds} s.");
            ApiError {
                retry_after_s: Some(seconds),
                ..ApiError::new(ErrorCode::RateLimitExceeded, message)
            }
        }
        LinkRefusal::CodesExhausted => ApiError::new(
            ErrorCode::AttemptsExhausted,
            "There are no more codes for this order; show a document.",
        ),
        LinkRefusal::NoCode => ApiError::new(
            ErrorCode::AttemptsExhausted,
            "This code is not good any more; ask for another.",
        ),
        LinkRefusal::Wrong { tries_left } => {
            let message = format!("This is not the code; {tries_left} tries are left.");
            ApiError::field(ErrorCode::ValidationError, "code", message)
        }
    }
}

pub(crate) fn keyed(installation: &Installation, parts: &[&[u8]]) -> Result<[u8; 32], ApiError> {
    let key = installation.secret.expose_secret().as_bytes();
    let mut mac = Hmac::<Sha256>::new_from_slice(key).map_err(ApiError::internal)?;
    parts.iter().for_each(|part| mac.update(part));
    Ok(mac.finalize().into_bytes().into())
}

/// The token of a letter's link: derived, so that a letter that is sent again has the same one
/// although only its hash is stored.
pub(crate) fn link_token(installation: &Installation, mail: MailId) -> Result<String, ApiError> {
    let bytes = keyed(installation, &[b"resume_token/1", mail.uuid().as_bytes()])?;
    Ok(format!("rl_{}", hex_of(&bytes)))
}

/// A code is too short for a plain hash: the key is what keeps it.
pub(crate) fn code_hash(
    installation: &Installation,
    mail: MailId,
    code: &str,
) -> Result<TokenHash, ApiError> {
    let uuid = mail.uuid();
    let parts: [&[u8]; 3] = [b"link_code_hash/1", uuid.as_bytes(), code.as_bytes()];
    Ok(TokenHash::from_bytes(keyed(installation, &parts)?))
}

/// The six digits, as they may have been typed or pasted.
pub(crate) fn digits(text: &str) -> Result<String, ApiError> {
    let code: String = text.chars().filter(|c| !c.is_whitespace()).collect();
    if code.len() == CODE_DIGITS && code.chars().all(|c| c.is_ascii_digit()) {
        return Ok(code);
    }
    let message = format!("The code has {CODE_DIGITS} digits.");
    let code = ErrorCode::ValidationError;
    Err(ApiError::field(code, "code", message))
}

impl Engine {
    /// The code that stands in a letter.
    pub(crate) fn link_code(&self, mail: MailId) -> Result<String, ApiError> {
        let uuid = mail.uuid();
        let parts: [&[u8]; 2] = [b"link_code/1", uuid.as_bytes()];
        let [a, b, c, d, e, f, g, h, ..] = keyed(&self.installation, &parts)?;
        let number = u64::from_be_bytes([a, b, c, d, e, f, g, h]) % CODES;
        Ok(format!("{number:06}"))
    }

    /// Looking changes nothing: mail scanners look, too.
    pub async fn link_page(&self, token: &str) -> Result<LinkPage, ApiError> {
        let (hash, now) = (TokenHash::of(token), self.now());
        let found = self
            .db
            .read("link_page", move |tx: &mut Tx| {
                Box::pin(async move {
                    let Some(link) = tx.link_load(hash).await? else {
                        return Ok(None);
                    };
                    let order = tx.order_work(link.order).await?.ok_or_else(gone)?.order;
                    let partner = tx.partner_load(order.partner).await?.ok_or_else(gone)?;
                    let look = LookShown::new(&partner, tx.look_load(partner.id).await?);
                    Ok::<_, Failure<ApiError>>(Some((link, partner, look)))
                })
            })
            .await?;
        let (state, known) = match found {
            Some((link, partner, look)) if link.is_open(now) => {
                (LinkState::Open, Some((partner, look)))
            }
            Some((link, partner, look)) if link.used_at.is_some() => {
                (LinkState::Used, Some((partner, look)))
            }
            Some(_) | None => (LinkState::Over, None),
        };
        let (partner, look) = known.unzip();
        Ok(LinkPage {
            widget: partner.as_ref().map(|partner: &Partner| partner.widget_id),
            partner: partner.map(|partner| partner.name),
            state,
            fields_origins: self.fields_origins(),
            look: look.unwrap_or_default(),
        })
    }

    /// A link for another device, asked for where the order is open. It opens nothing without the code that is emailed when it is
    /// opened: whoever sees it over a shoulder, or is sent it by somebody else, has nothing of it.
    pub async fn link_wish(&self, order: OrderId, way: LinkWay) -> Result<LinkAsked, ApiError> {
        let (now, entropy) = (self.now(), self.entropy.as_ref());
        let (id, job) = (MailId::new(now, entropy), JobId::new(now, entropy));
        let token = link_token(&self.installation, id)?;
        let hash = TokenHash::of(&token);
        self.db
            .write("link_wish", move |tx: &mut Tx| {
                Box::pin(async move {
                    // Wishes of one order are counted one by one.
                    tx.order_lock(order).await?.ok_or_else(gone)?;
                    let limit = i64::try_from(WISHES_MAX).unwrap_or(i64::MAX);
                    let before = tx.link_wished(order, limit).await?;
                    wish(&before, now).map_err(|error| refused(wish_refusal(error, now)))?;
                    let expires_at = now.plus_seconds(LOOK_SECONDS);
                    tx.link_insert_wished(hash, order, now, expires_at).await?;
                    if way == LinkWay::Email {
                        let letter = Planned {
                            order,
                            topic: format!("resume {id}"),
                            letter: Letter::Resume,
                            due_at: now,
                        };
                        letter_owe(tx, (id, job), &letter, now).await?;
                    }
                    Ok::<_, Failure<ApiError>>(())
                })
            })
            .await?;
        Ok(LinkAsked {
            token: (way == LinkWay::Screen).then_some(token),
            again_after_s: CODE_PAUSE_SECONDS,
        })
    }

    /// Emails a code to the order's own address.
    pub async fn link_code_ask(&self, token: &str) -> Result<CodeSent, ApiError> {
        let (token, now) = (TokenHash::of(token), self.now());
        let entropy = self.entropy.as_ref();
        let (id, job) = (MailId::new(now, entropy), JobId::new(now, entropy));
        let hash = code_hash(&self.installation, id, &self.link_code(id)?)?;
        self.db
            .write("link_code_ask", move |tx: &mut Tx| {
                Box::pin(async move {
                    let link = tx.link_lock(token).await?.ok_or_else(|| over(now))?;
                    let asked = link.ask(id, hash, now);
                    let link = asked.map_err(|error| refused(refusal(error, now)))?;
                    let letter = code_letter(link.order, id, now);
                    letter_owe(tx, (id, job), &letter, now).await?;
                    tx.link_save(token, &link).await?;
                    Ok::<_, Failure<ApiError>>(())
                })
            })
            .await?;
        Ok(CodeSent {
            again_after_s: CODE_PAUSE_SECONDS,
        })
    }

    /// One guess at the code. The right one uses the link up and makes a visit.
    pub async fn link_visit(&self, token: &str, code: &str) -> Result<VisitOpened, ApiError> {
        let (token, now) = (TokenHash::of(token), self.now());
        let (code, installation) = (digits(code)?, self.installation.clone());
        let visit_token = self.visit_token();
        let visit = TokenHash::of(&visit_token);
        let guessed = self
            .db
            .write("link_visit", move |tx: &mut Tx| {
                let (code, installation) = (code.clone(), installation.clone());
                Box::pin(async move {
                    let link = tx.link_lock(token).await?.ok_or_else(|| over(now))?;
                    let mail = link.code.as_ref().map(|code| code.mail);
                    let mail = mail.ok_or_else(|| refused(refusal(LinkRefusal::NoCode, now)))?;
                    let hash = code_hash(&installation, mail, &code).map_err(refused)?;
                    let (link, outcome) = link.guess(&hash, now);
                    // A wrong guess is counted, so it is no refusal that takes everything back.
                    tx.link_save(token, &link).await?;
                    if outcome.is_ok() {
                        let until = link.expires_at;
                        tx.visit_insert(visit, link.order, now, until).await?;
                    }
                    Ok::<_, Failure<ApiError>>(outcome.map(|()| link.order))
                })
            })
            .await?;
        let order = guessed.map_err(|error| refusal(error, now))?;
        Ok(VisitOpened {
            visit_token,
            view: self.view(order).await?,
            findings: Vec::new(),
        })
    }
}

fn over(now: Timestamp) -> Failure<ApiError> {
    refused(refusal(LinkRefusal::Over, now))
}
