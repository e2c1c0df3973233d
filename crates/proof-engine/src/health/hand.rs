//! Somebody has an alert in hand: the others see who, and look at what nobody has.

use crate::{ApiError, Engine, Seat, audit::audit, error::refused, member::deed};
use proof_core::{ErrorCode, id::AlertId};
use proof_store::Tx;
use serde_json::json;

/// What somebody does about it: a sentence or two.
const NOTE_LENGTH_MAX: usize = 500;

impl Engine {
    /// It stays open until its cause is gone, and this ends with it. Whoever says it later takes it over.
    pub async fn alert_acknowledge(
        &self,
        seat: &Seat,
        id: AlertId,
        note: &str,
    ) -> Result<(), ApiError> {
        let note = note.trim().to_owned();
        if note.is_empty() {
            let message = "Say in the note what you do about it.";
            return Err(ApiError::field(ErrorCode::MissingParam, "note", message));
        }
        if note.chars().count() > NOTE_LENGTH_MAX {
            let message = format!("A note has at most {NOTE_LENGTH_MAX} characters.");
            return Err(ApiError::field(ErrorCode::ValidationError, "note", message));
        }
        let (author, now) = (seat.author(), self.now());
        let told = json!({ "note": note });
        let deed = deed(author, "alert.acknowledge", id.to_string(), told);
        self.db
            .write("alert_acknowledge", move |tx: &mut Tx| {
                let (note, deed) = (note.clone(), deed.clone());
                Box::pin(async move {
                    let by = deed.author.by.to_string();
                    if !tx.alert_acknowledge(id, (&by, &note), now).await? {
                        let message = "There is no such alert any more: its cause is gone.";
                        return Err(refused(ApiError::new(ErrorCode::NotFound, message)));
                    }
                    audit(tx, &deed, now).await
                })
            })
            .await
            .map_err(ApiError::from)
    }
}
