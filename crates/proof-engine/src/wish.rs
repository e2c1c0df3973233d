//! What somebody wants about a partner, and what waits for the word of a second person.

use crate::{ApiError, Engine, Named};
use proof_core::{id::PartnerId, operator::Proposal, partner::Partner};
use proof_store::{Failure, Tx};
use serde::Serialize;
use serde_json::Value;

/// Wishes of one list; those of orders, cases and people stand elsewhere and count in it, too.
const STANDING_MAX: i64 = 500;

#[derive(Clone, Debug, Serialize)]
pub struct Wished {
    pub partner: Named,
    /// `policy`, `live`, or what of live it changes: `token`, `webhook`, `secret`, `origins`, `wallets`.
    pub about: String,
    pub by: String,
    pub at: String,
}

/// `policy:prt_…`, `live:prt_…`, `change:prt_…:wallets`. `None`: it is about no partner.
fn read(subject: &str) -> Option<(PartnerId, &str)> {
    let (kind, rest) = subject.split_once(':')?;
    let (partner, about) = match kind {
        "policy" | "live" => (rest, kind),
        "change" => rest.split_once(':')?,
        _ => return None,
    };
    Some((partner.parse().ok()?, about))
}

/// Whether it can still come true: a policy over the version that holds, live that is not open yet.
fn stands(partner: &Partner, about: &str, act: &Value) -> bool {
    match about {
        "policy" => act["version"] == partner.policy.version,
        "live" => !partner.stage.has_live(),
        _ => true,
    }
}

impl Engine {
    /// The oldest first.
    pub async fn wishes(&self) -> Result<Vec<Wished>, ApiError> {
        self.db
            .read("wishes", |tx: &mut Tx| {
                Box::pin(async move {
                    let mut wishes = Vec::new();
                    for (subject, body) in tx.proposal_list(STANDING_MAX).await? {
                        let Some((id, about)) = read(&subject) else {
                            continue;
                        };
                        let proposal = serde_json::from_value::<Proposal<Value>>(body);
                        let (Ok(proposal), Some(partner)) = (proposal, tx.partner_load(id).await?)
                        else {
                            continue;
                        };
                        if stands(&partner, about, &proposal.act) {
                            wishes.push(Wished {
                                partner: Named {
                                    id: id.to_string(),
                                    name: partner.name,
                                },
                                about: about.to_owned(),
                                by: proposal.voice.by.to_string(),
                                at: proposal.at.to_contract(),
                            });
                        }
                    }
                    Ok::<_, Failure<ApiError>>(wishes)
                })
            })
            .await
            .map_err(ApiError::from)
    }
}
