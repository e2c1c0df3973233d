//! What people say of a partner before anything can be judged: which apps it has, and which pairs its users
//! will ask for.

use super::not_allowed;
use crate::{ApiError, Engine, Seat, audit::audit, error::refused, member::deed};
use proof_core::{
    ErrorCode,
    asset::Asset,
    audit::{Author, Deed},
    checklist::{Asked, AskedPair, Declared, Profile, Said},
    id::PartnerId,
    member::Act,
    partner::Side,
};
use proof_store::{Failure, Tx};
use serde::Deserialize;
use serde_json::{Value, json};
use std::collections::BTreeSet;

/// One of the pairs that a partner lists.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PairListed {
    /// `USDT/TRC20`.
    pub pair: String,
    pub side: Side,
}

impl Engine {
    /// Either side may: the partner knows what it has, and the operator was told.
    pub fn may_declare(seat: &Seat) -> Result<(), ApiError> {
        let acts = [Act::ChecklistSignPartner, Act::ChecklistSignOperator];
        if acts.into_iter().any(|act| seat.role().may(act)) {
            return Ok(());
        }
        Err(not_allowed())
    }

    /// What the partner says it has.
    pub async fn checklist_declare(
        &self,
        seat: &Seat,
        id: PartnerId,
        profile: Profile,
    ) -> Result<(), ApiError> {
        Self::may_declare(seat)?;
        let (now, author) = (self.now(), seat.author());
        let by = author.by.to_string();
        self.say((author, id), "checklist.declare", move |said| {
            let before = said.has.as_ref().map(|has| has.profile);
            said.has = Some(Declared {
                profile,
                by: by.clone(),
                at: now,
            });
            Some((json!(before), json!(profile)))
        })
        .await
    }

    /// What the partner's users will ask for: its own people say it, and nobody else.
    pub async fn checklist_list_pairs(
        &self,
        seat: &Seat,
        id: PartnerId,
        listed: Vec<PairListed>,
    ) -> Result<(), ApiError> {
        if !seat.role().may(Act::ChecklistSignPartner) {
            return Err(not_allowed());
        }
        let pairs: BTreeSet<AskedPair> = listed.iter().map(asked).collect::<Result<_, _>>()?;
        let (now, author) = (self.now(), seat.author());
        let by = author.by.to_string();
        self.say((author, id), "checklist.pairs", move |said| {
            let before = said.asks.as_ref().map(|asks| names(&asks.pairs));
            let after = names(&pairs);
            // The same list again is no news, and nobody has to confirm it again.
            if before.as_ref() == Some(&after) {
                return None;
            }
            said.asks = Some(Asked {
                pairs: pairs.clone(),
                by: by.clone(),
                at: now,
            });
            Some((json!(before), json!(after)))
        })
        .await
    }

    /// `change` says what was there and what is there now; `None` when that is the same.
    async fn say(
        &self,
        (author, id): (Author, PartnerId),
        act: &'static str,
        change: impl Fn(&mut Said) -> Option<(Value, Value)> + Clone + Send + Sync + 'static,
    ) -> Result<(), ApiError> {
        let now = self.now();
        let deed = deed(author, act, id.to_string(), Value::Null);
        self.db
            .write("checklist_said", move |tx: &mut Tx| {
                let (change, deed) = (change.clone(), deed.clone());
                Box::pin(async move {
                    // Two who say different parts of it do not undo each other's.
                    if tx.partner_lock(id).await?.is_none() {
                        return Err(refused(ApiError::nobody("partner")));
                    }
                    let mut said = tx.said_load(id).await?;
                    let Some((before, after)) = change(&mut said) else {
                        return Ok::<_, Failure<ApiError>>(());
                    };
                    tx.said_put(id, &said).await?;
                    let deed = Deed {
                        before,
                        after,
                        ..deed
                    };
                    audit(tx, &deed, now).await
                })
            })
            .await
            .map_err(ApiError::from)
    }
}

fn asked(listed: &PairListed) -> Result<AskedPair, ApiError> {
    let pair: Result<Asset, _> = listed.pair.parse();
    let pair = pair.map_err(|_| {
        let message = "This server knows no such pair: it is written as in USDT/TRC20.";
        ApiError::field(ErrorCode::ValidationError, "pairs", message)
    })?;
    Ok(AskedPair {
        pair,
        side: listed.side,
    })
}

fn names(pairs: &BTreeSet<AskedPair>) -> Vec<String> {
    pairs.iter().map(ToString::to_string).collect()
}
