//! An owner takes over what happened outside; then the signer learns the epoch, and the server goes on.

use super::{
    RecoveryShown,
    found::{Act, Found, Stranger},
};
use crate::{
    ApiError, Engine,
    audit::audit,
    deposit::scan_begin,
    error::{ledger_failed, refused},
    member::deed,
    order::{SaveIds, apply, gone},
};
use proof_core::transfer::UnsignedFrom;
use proof_core::{
    Address, ErrorCode, Network,
    id::{EntryId, IntentId, OrderId},
    operator::OperatorName,
    order::Command,
    partner::Environment,
    recovery::{Life, SaleAdoption},
};
use proof_port::{SignedIntent, VoidState};
use proof_store::{Failure, KeptApart, Pool, RecoveryRow, Topic, Tx};
use std::collections::BTreeMap;

/// Numbers of a wallet that may be missing between what the chain expects and what was signed.
const HOLES_MAX: u64 = 10_000;

fn refuse(message: impl Into<String>) -> ApiError {
    ApiError::new(ErrorCode::WrongState, message)
}

/// Everything that accepting saves, but for what is done outside before.
#[derive(PartialEq, Eq)]
struct Plan {
    adopted: Vec<(OrderId, Act)>,
    apart: Vec<(OrderId, String)>,
}

impl Plan {
    fn of(found: &[Found]) -> Self {
        let moved = found.iter().flat_map(|found| &found.moved);
        let adopted = moved.filter(|moved| matches!(moved.act, Act::Adopt(_) | Act::AdoptSale(_)));
        let strangers = found.iter().flat_map(|found| &found.strangers);
        let apart = strangers.flat_map(|stranger| {
            let named = stranger.apart.iter().map(|(subject, _)| subject.clone());
            named
                .map(|subject| (stranger.order, subject))
                .collect::<Vec<_>>()
        });
        Self {
            adopted: adopted
                .map(|moved| (moved.shown.order, moved.act.clone()))
                .collect(),
            apart: apart.collect(),
        }
    }
}

/// What a signature has spent of a wallet.
#[derive(Clone)]
enum Spent {
    Nonce(Address, u64),
    Coin(Network, String, u32),
}

/// All that is saved with the owner's word.
#[derive(Clone)]
struct Word {
    row: RecoveryRow,
    spent: Vec<(Spent, IntentId)>,
    holes: Vec<(Address, u64)>,
    apart: Vec<(Environment, KeptApart, proof_core::ledger::Entry)>,
}

impl Engine {
    /// That `by` is an owner, and who they say, is for the caller to know. `digest`: of what they saw.
    pub async fn recovery_accept(
        &self,
        by: OperatorName,
        digest: Option<String>,
    ) -> Result<RecoveryShown, ApiError> {
        match self.life_look().await? {
            Life::Recovering => {}
            Life::Known => return Err(refuse("This server is not in recovery.")),
            Life::Fenced => {
                return Err(refuse("Another server took over from this one: stop it."));
            }
        }
        let found = self.recovery_find().await?;
        let shown = self.recovery_shown(&found).await?;
        if digest.is_some_and(|digest| digest != shown.digest) {
            return Err(refuse(format!(
                "What happened outside is not what you saw any more: its digest is {} now. Look again (proof recovery show).",
                shown.digest
            )));
        }
        let found = self.world_settle(found).await?;
        for found in &found {
            self.orders_adopt(found).await?;
        }
        self.word_save(&found, by.clone(), &shown).await?;
        for rails in [&self.test_rails, &self.live_rails].into_iter().flatten() {
            rails.signer.epoch_begin(self.epoch()).await?;
        }
        tracing::warn!(operator = %by, digest = shown.digest, "an owner accepted the restore");
        self.recovered_load().await?;
        self.life_look().await?;
        self.work_wake().await?;
        self.recovery_show().await.map(|now| RecoveryShown {
            orders: shown.orders,
            unknown: shown.unknown,
            digest: shown.digest,
            ..now
        })
    }

    /// Whoever waits for jobs need not wait for the next look.
    async fn work_wake(&self) -> Result<(), ApiError> {
        self.db
            .write("recovery_wake", |tx: &mut Tx| {
                Box::pin(async move {
                    for pool in [Pool::Orders, Pool::Mails, Pool::Nights] {
                        tx.wake(Topic::Jobs(pool));
                    }
                    Ok::<_, Failure<ApiError>>(())
                })
            })
            .await
            .map_err(ApiError::from)
    }

    /// What has to be done outside first: holds that nobody would use go back, and transfers that only
    /// the signer knows are handed to their networks again. Then everything is asked once more.
    async fn world_settle(&self, found: Vec<Found>) -> Result<Vec<Found>, ApiError> {
        let mut waiting = Vec::new();
        let mut called = false;
        for found in &found {
            let Some(environment) = found.environment else {
                continue;
            };
            let payments = &self.rails(environment)?.payments;
            for reference in holds(found) {
                called = true;
                match payments.void(reference).await? {
                    VoidState::Voided | VoidState::Captured => {}
                    VoidState::Pending | VoidState::Refused => {
                        waiting.push(format!("the hold under {reference} is not given back yet"));
                    }
                }
            }
            for signed in found
                .strangers
                .iter()
                .flat_map(|s: &Stranger| &s.on_their_way)
            {
                let network = signed.intent.transfer.amount.asset().network();
                let chain = self.chain_of(environment, network)?;
                // It may be there already; what counts is what the chain says at the next look.
                let handed = chain.broadcast(&signed.signed.signed_hex).await;
                if let Err(error) = handed {
                    tracing::warn!("a transfer was not handed over: {error}");
                }
                waiting.push(format!("transfer {} is not final yet", signed.signed.hash));
            }
        }
        if !waiting.is_empty() {
            return Err(refuse(format!(
                "Not yet: {}. Look again in a moment, and accept then.",
                waiting.join("; ")
            )));
        }
        if !called {
            return Ok(found);
        }
        let again = self.recovery_find().await?;
        if again.iter().any(|found| holds(found).next().is_some())
            || Plan::of(&again) != Plan::of(&found)
        {
            return Err(refuse(
                "Something changed outside meanwhile. Look again (proof recovery show).",
            ));
        }
        Ok(again)
    }

    async fn orders_adopt(&self, found: &Found) -> Result<(), ApiError> {
        for moved in &found.moved {
            let order = moved.shown.order;
            let adopted = match moved.act.clone() {
                Act::Nothing | Act::GiveBack(_) => continue,
                Act::Adopt(adoption) => {
                    let command = Command::Adopt(Box::new(adoption));
                    self.order_apply("recovery_adopt", order, command)
                        .await
                        .map(drop)
                }
                Act::AdoptSale(adoption) => self.sale_adopt(order, adoption).await,
            };
            adopted.map_err(|error| {
                let why = error.context.clone().unwrap_or(error.message);
                refuse(format!(
                    "{order} cannot be taken over: {why}. The server stays in recovery."
                ))
            })?;
        }
        Ok(())
    }

    /// The address is watched again, from as far back as it may have been used.
    async fn sale_adopt(&self, id: OrderId, adoption: SaleAdoption) -> Result<(), ApiError> {
        let environment = self.order_load(id).await?.order.environment;
        let address = adoption.deposit_address.clone();
        let mut scans = self.scans_of(environment, &address).await?;
        for (network, height) in &mut scans {
            // The backup has never read this network: everything on it may be news.
            if self.scan_load(environment, *network).await?.is_none() {
                *height = 0;
            }
        }
        let ids = SaveIds::new(self, self.now());
        self.db
            .write("recovery_adopt", move |tx: &mut Tx| {
                let (ids, adoption, scans) = (ids.clone(), adoption.clone(), scans.clone());
                let address = address.clone();
                Box::pin(async move {
                    let stored = tx.order_lock(id).await?.ok_or_else(gone)?;
                    apply(tx, stored, Command::AdoptSale(Box::new(adoption)), &ids).await?;
                    tx.deposit_address_insert(environment, &address, id, ids.now())
                        .await?;
                    scan_begin(tx, environment, &scans, &ids).await
                })
            })
            .await
            .map_err(ApiError::from)
    }

    async fn word_save(
        &self,
        found: &[Found],
        by: OperatorName,
        shown: &RecoveryShown,
    ) -> Result<(), ApiError> {
        let now = self.now();
        let mut word = Word {
            row: RecoveryRow {
                epoch: self.installation.epoch,
                accepted_by: by,
                accepted_at: now,
                digest: shown.digest.clone(),
                report: serde_json::to_value(shown).map_err(ApiError::internal)?,
            },
            spent: Vec::new(),
            holes: Vec::new(),
            apart: Vec::new(),
        };
        for found in found {
            let Some(environment) = found.environment else {
                continue;
            };
            let spent = found.spent.iter().flat_map(spent_by);
            word.spent.extend(spent);
            word.holes
                .extend(self.holes(environment, &found.spent).await?);
            for stranger in &found.strangers {
                for (subject, apart) in &stranger.apart {
                    let kept = KeptApart {
                        subject: subject.clone(),
                        order: stranger.order,
                        kind: apart.kind().to_owned(),
                        unit: apart.unit().to_string(),
                        amount: i128::try_from(apart.base()).map_err(ApiError::internal)?,
                    };
                    let entry = apart
                        .entry()
                        .map_err(ApiError::internal)?
                        .noted(subject.clone());
                    word.apart.push((environment, kept, entry));
                }
            }
        }
        let told = serde_json::json!({ "digest": word.row.digest, "epoch": word.row.epoch });
        let author = word.row.accepted_by.clone().into();
        let deed = deed(author, "recovery.accept", "installation".to_owned(), told);
        let ids = SaveIds::new(self, now);
        self.db
            .write("recovery_accept", move |tx: &mut Tx| {
                let (word, ids, deed) = (word.clone(), ids.clone(), deed.clone());
                Box::pin(async move {
                    word.save(tx, &ids).await?;
                    audit(tx, &deed, now).await
                })
            })
            .await
            .map_err(ApiError::from)
    }

    /// Numbers below one that was signed, which nobody holds: the chain waits for them.
    async fn holes(
        &self,
        environment: Environment,
        signed: &[SignedIntent],
    ) -> Result<Vec<(Address, u64)>, ApiError> {
        let mut last: BTreeMap<Address, u64> = BTreeMap::new();
        for signed in signed {
            let transfer = &signed.intent.transfer;
            if let UnsignedFrom::Nonce(nonce) = transfer.from {
                let last = last.entry(transfer.sender.clone()).or_default();
                *last = nonce.max(*last);
            }
        }
        let mut holes = Vec::new();
        for (sender, last) in last {
            let chain = self.chain_of(environment, sender.network())?;
            let expected = chain.nonce(&sender).await?;
            if last.saturating_sub(expected) > HOLES_MAX {
                return Err(refuse(format!(
                    "The wallet {sender} has too many open transfers."
                )));
            }
            holes.extend((expected..last).map(|nonce| (sender.clone(), nonce)));
        }
        Ok(holes)
    }
}

impl Word {
    async fn save(self, tx: &mut Tx, ids: &SaveIds) -> Result<(), Failure<ApiError>> {
        for (spent, intent) in &self.spent {
            match spent {
                Spent::Nonce(sender, nonce) => tx.nonce_claim(sender, *nonce, *intent).await?,
                Spent::Coin(network, hash, position) => {
                    let coin = (hash.as_str(), *position);
                    tx.coin_claim(network.name(), coin, *intent).await?;
                }
            }
        }
        for (sender, nonce) in &self.holes {
            tx.nonce_fill(sender, *nonce).await?;
        }
        for (n, (environment, kept, entry)) in self.apart.iter().enumerate() {
            let id = EntryId::from_uuid(ids.uuid(1, n));
            let posted = tx
                .ledger_post(id, (*environment, None), entry, ids.now())
                .await;
            posted.map_err(ledger_failed)?;
            tx.kept_apart_insert(*environment, kept, id, ids.now())
                .await?;
        }
        let epoch = tx.installation_load().await?.map(|i| i.epoch);
        if epoch != Some(self.row.epoch) {
            return Err(refused(refuse("The database is another one by now.")));
        }
        tx.recovery_save(&self.row).await?;
        Ok(())
    }
}

fn holds(found: &Found) -> impl Iterator<Item = &String> {
    let ours = found.moved.iter().filter_map(|moved| match &moved.act {
        Act::GiveBack(reference) => Some(reference),
        Act::Nothing | Act::Adopt(_) | Act::AdoptSale(_) => None,
    });
    ours.chain(found.strangers.iter().flat_map(|stranger| &stranger.holds))
}

fn spent_by(signed: &SignedIntent) -> Vec<(Spent, IntentId)> {
    let transfer = &signed.intent.transfer;
    let network = transfer.amount.asset().network();
    let intent = signed.intent.intent;
    let nonce = match &transfer.from {
        UnsignedFrom::Nonce(nonce) => Some(Spent::Nonce(transfer.sender.clone(), *nonce)),
        UnsignedFrom::Coins(_) | UnsignedFrom::Deposits(_) => None,
    };
    let coins = transfer.from.coins();
    let coins = coins.map(|coin| Spent::Coin(network, coin.hash.clone(), coin.index));
    let spent = nonce.into_iter().chain(coins);
    spent.map(|spent| (spent, intent)).collect()
}
