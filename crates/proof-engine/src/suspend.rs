//! Stopping a live partner: one person does it at once, and two let it go on, watched as on its first day.

use crate::{
    ApiError, Engine, Ruled, Seat,
    audit::{audit, two_voices},
    checklist::WATCHED_LINE,
    error::refused,
    member::deed,
    operator::reason_of,
};
use proof_core::{
    ErrorCode,
    id::PartnerId,
    operator::{Proposal, Voice},
    partner::Stage,
};
use proof_store::{Failure, Tx};
use serde_json::{Value, json};

pub(crate) fn subject(id: PartnerId) -> String {
    format!("resume:{id}")
}

fn wrong_state(message: &str) -> Failure<ApiError> {
    refused(ApiError::new(ErrorCode::WrongState, message))
}

/// Who wants it to go on, in words.
pub(crate) fn said(body: Option<Value>) -> Option<String> {
    let wish: Proposal<Value> = serde_json::from_value(body?).ok()?;
    Some(format!(
        "resume by {}: {}",
        wish.voice.by, wish.voice.reason
    ))
}

impl Engine {
    /// No new sessions from now on; orders that are under way end as they would. One is enough: what is stopped by
    /// mistake costs less than what is not stopped in time.
    pub async fn partner_suspend(
        &self,
        seat: &Seat,
        id: PartnerId,
        reason: &str,
    ) -> Result<(), ApiError> {
        let reason = reason_of(reason)?;
        let after = json!({ "stage": Stage::Suspended, "reason": reason });
        let deed = deed(seat.author(), "partner.suspend", id.to_string(), after);
        let now = self.now();
        self.db
            .write("partner_suspend", move |tx: &mut Tx| {
                let mut deed = deed.clone();
                Box::pin(async move {
                    let stage = tx.partner_lock(id).await?.map(|partner| partner.stage);
                    match stage {
                        Some(Stage::LiveWatched | Stage::Live) => {}
                        Some(Stage::Suspended) => {
                            return Err(wrong_state("This partner is suspended already."));
                        }
                        Some(Stage::Sandbox) => {
                            return Err(wrong_state(
                                "A partner in the sandbox moves no real money: revoke its tokens instead.",
                            ));
                        }
                        None => return Err(refused(ApiError::nobody("partner"))),
                    }
                    deed.before = json!({ "stage": stage });
                    tx.partner_stage_save(id, Stage::Suspended).await?;
                    audit(tx, &deed, now).await
                })
            })
            .await
            .map_err(ApiError::from)
    }

    /// Two people let it go on. Its first orders are watched again: something was wrong.
    pub async fn partner_resume(
        &self,
        seat: &Seat,
        id: PartnerId,
        reason: &str,
    ) -> Result<Ruled, ApiError> {
        let reason = reason_of(reason)?;
        let after = json!({ "stage": Stage::LiveWatched, "reason": reason });
        let deed = deed(seat.author(), "partner.resume", id.to_string(), after);
        let now = self.now();
        self.db
            .write("partner_resume", move |tx: &mut Tx| {
                let (mut deed, reason) = (deed.clone(), reason.clone());
                Box::pin(async move {
                    let partner = tx.partner_lock(id).await?;
                    if partner.is_none_or(|partner| partner.stage != Stage::Suspended) {
                        return Err(wrong_state("This partner is not suspended."));
                    }
                    deed.before = json!({ "stage": Stage::Suspended });
                    let by = deed.author.by.clone();
                    let voice = Voice { by, reason };
                    let agreed = two_voices(tx, &subject(id), json!("resume"), voice, now).await?;
                    let ruled = match agreed {
                        Some(_) => {
                            tx.signature_end(id, WATCHED_LINE).await?;
                            tx.partner_stage_save(id, Stage::LiveWatched).await?;
                            Ruled::Done
                        }
                        None => {
                            deed.act = "partner.resume_propose";
                            Ruled::Proposed
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
