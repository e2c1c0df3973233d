//! Crypto that came to our own wallet: seen with the deposits, booked once it is final, explained by people.

use crate::{
    ApiError, Engine,
    audit::audit,
    cold::cold_has,
    deposit::{BLOCKS_AGAIN, is_deep, is_gone},
    error::{ledger_failed, refused},
    member::deed,
    order::{SaveIds, gone},
};
use proof_core::{
    Address, Asset, ErrorCode,
    audit::{Author, Deed},
    finding::{Finding, FindingKind},
    id::{DepositId, EntryId},
    operator::Voice,
    order::Refusal,
    partner::Environment,
    stray::{Owned, Stray, StrayCommand, StrayRefusal, StrayState},
};
use proof_port::Arrival;
use proof_store::{Failure, Tx};
use std::collections::BTreeMap;

/// More than anybody could explain.
const STRAYS_MAX: i64 = 1_000;

impl From<StrayRefusal> for ApiError {
    fn from(refusal: StrayRefusal) -> Self {
        match refusal {
            StrayRefusal::WrongState => Self::new(ErrorCode::WrongState, refusal.to_string()),
            StrayRefusal::SecondPerson => Refusal::SecondPerson.into(),
            StrayRefusal::Money(error) => Self::internal(error),
        }
    }
}

impl Engine {
    /// A transfer to an address that no order has. Change comes from the wallet itself.
    pub(crate) async fn stray_found(
        &self,
        environment: Environment,
        wallet: Option<&Address>,
        arrival: &Arrival,
    ) -> Result<(), ApiError> {
        let deposit = &arrival.deposit;
        let ours = wallet.filter(|wallet| arrival.recipient == wallet.as_str());
        let Some(wallet) = ours.filter(|wallet| !deposit.senders.contains(wallet)) else {
            return Ok(());
        };
        if self.is_swept(environment, &deposit.senders).await? {
            return Ok(());
        }
        let now = self.now();
        let stray = Stray {
            id: DepositId::new(now, self.entropy.as_ref()),
            environment,
            recipient: wallet.clone(),
            deposit: deposit.clone(),
            state: StrayState::Seen,
        };
        let fresh = self
            .db
            .write("stray_found", move |tx: &mut Tx| {
                let stray = stray.clone();
                Box::pin(async move {
                    let fresh = tx.stray_insert(&stray, now).await?;
                    Ok::<_, Failure<ApiError>>(fresh)
                })
            })
            .await?;
        if fresh {
            tracing::warn!(
                hash = deposit.key.hash,
                "crypto came to our wallet that no order expects"
            );
        }
        Ok(())
    }

    /// Whether it comes from a deposit address: only our own signer sends from there, and its sweep books it.
    async fn is_swept(
        &self,
        environment: Environment,
        senders: &[Address],
    ) -> Result<bool, ApiError> {
        let senders = senders.to_vec();
        self.db
            .read("stray_is_swept", move |tx: &mut Tx| {
                let senders = senders.clone();
                Box::pin(async move {
                    for sender in &senders {
                        let owner = tx
                            .deposit_address_find(environment, sender.as_str())
                            .await?;
                        if owner.is_some() {
                            return Ok(true);
                        }
                    }
                    Ok::<_, Failure<ApiError>>(false)
                })
            })
            .await
            .map_err(ApiError::from)
    }

    /// How what nobody has explained yet stands on its chain; what is left is a finding. The other part is
    /// what is not in the books yet, in base units.
    pub(crate) async fn strays_look(
        &self,
        environment: Environment,
    ) -> Result<(Vec<Finding>, BTreeMap<Asset, i128>), ApiError> {
        let (mut findings, mut on_their_way) = (Vec::new(), BTreeMap::new());
        for stray in self.strays_open(environment).await? {
            let chain = self.chain_of(environment, stray.recipient.network())?;
            let (recipient, deposit) = (stray.recipient.as_str(), &stray.deposit);
            let asked = chain.arrival(recipient, &deposit.key, deposit.amount);
            let status = asked.await?;
            let is_final = is_deep(&status, chain.confirmations_of(deposit.amount));
            let command = if is_gone(&status) {
                Some(StrayCommand::Vanished)
            } else if is_final && self.is_from_cold(&stray).await? {
                Some(StrayCommand::FromCold)
            } else {
                let books = is_final && stray.state == StrayState::Seen;
                books.then_some(StrayCommand::Final)
            };
            let now = match command {
                Some(command) => self.stray_apply(stray.id, command, None).await?,
                None => stray,
            };
            if now.state == StrayState::Seen {
                let amount = now.deposit.amount;
                let sum: &mut i128 = on_their_way.entry(amount.asset()).or_default();
                *sum = sum.saturating_add_unsigned(amount.base());
            }
            findings.extend(now.is_open().then(|| finding(&now)));
        }
        Ok((findings, on_their_way))
    }

    pub(crate) async fn strays_open(
        &self,
        environment: Environment,
    ) -> Result<Vec<Stray>, ApiError> {
        self.db
            .read("stray_open", move |tx: &mut Tx| {
                Box::pin(async move {
                    let open = tx.stray_open(environment, STRAYS_MAX).await?;
                    Ok::<_, Failure<ApiError>>(open)
                })
            })
            .await
            .map_err(ApiError::from)
    }

    /// An operator says that the owner sent it, and where from; `true` once two have.
    pub async fn stray_own(
        &self,
        id: DepositId,
        author: impl Into<Author>,
        (owned, reason): (Owned, &str),
    ) -> Result<bool, ApiError> {
        let author = author.into();
        let voice = Voice {
            by: author.by.clone(),
            reason: crate::operator::reason_of(reason)?,
        };
        let told = serde_json::json!({ "reason": voice.reason, "from": owned });
        let deed = deed(author, "stray.own", id.to_string(), told);
        let own = StrayCommand::Own(owned, voice);
        let after = self.stray_apply(id, own, Some(deed)).await?;
        Ok(!after.is_open())
    }

    async fn stray_apply(
        &self,
        id: DepositId,
        command: StrayCommand,
        deed: Option<Deed>,
    ) -> Result<Stray, ApiError> {
        let ids = SaveIds::new(self, self.now());
        self.db
            .write("stray_apply", move |tx: &mut Tx| {
                let (ids, command, deed) = (ids.clone(), command.clone(), deed.clone());
                Box::pin(async move {
                    let stored = tx.stray_lock(id).await?.ok_or_else(gone)?;
                    if matches!(command, StrayCommand::Own(Owned::Cold, _))
                        && !cold_has(tx, &stored.stray).await?
                    {
                        return Err(refused(ApiError::new(
                            ErrorCode::WrongState,
                            "The books have less than that in cold storage.",
                        )));
                    }
                    let decided = stored.stray.decide(command, ids.now());
                    let (after, entry) = decided.map_err(refused)?;
                    tx.stray_save(&after, stored.version, ids.now()).await?;
                    if after.state == StrayState::Gone {
                        let (environment, network) = (after.environment, after.recipient.network());
                        tx.scan_rewind(environment, network, BLOCKS_AGAIN).await?;
                    }
                    if let Some(entry) = entry {
                        let entry_id = EntryId::from_uuid(ids.uuid(1, 0));
                        tx.ledger_post(entry_id, (after.environment, None), &entry, ids.now())
                            .await
                            .map_err(ledger_failed)?;
                    }
                    if let Some(mut deed) = deed {
                        deed.after["state"] = after.state.name().into();
                        audit(tx, &deed, ids.now()).await?;
                    }
                    Ok::<_, Failure<ApiError>>(after)
                })
            })
            .await
            .map_err(ApiError::from)
    }
}

fn finding(stray: &Stray) -> Finding {
    let deposit = &stray.deposit;
    let senders = deposit.senders.iter().map(ToString::to_string);
    let senders: Vec<String> = senders.collect();
    let from = if senders.is_empty() {
        "somebody".to_owned()
    } else {
        senders.join(", ")
    };
    let held = match &stray.state {
        StrayState::Held { .. } => "held on suspense",
        StrayState::Seen
        | StrayState::Gone
        | StrayState::Owned { .. }
        | StrayState::FromCold { .. } => "not final yet",
    };
    Finding {
        kind: FindingKind::Unmatched,
        subject: stray.id.to_string(),
        cause: format!(
            "{} came from {from} to our wallet on {} with {}, and no order expects it: {held}",
            deposit.amount,
            stray.recipient.network(),
            deposit.key.hash
        ),
    }
}
