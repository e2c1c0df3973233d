//! Proves that a real network works: of each coin a small transfer out of the hot wallet, and one from elsewhere that the
//! watcher of deposits sees. Each step may be asked for again after a crash, and finishes the same transfers.

use crate::{
    ApiError, Engine,
    audit::audit,
    deposit::{is_deep, is_gone, scan_begin, scan_key},
    error::refused,
    member::deed,
    order::{SaveIds, gone},
    payment::is_final,
    transfer::Source,
};
use proof_core::{
    ErrorCode, Network,
    audit::Author,
    deposit::Deposit,
    id::{EntryId, OrderId},
    money::Amount,
    partner::Environment,
    proving::{Came, ChainIdentity, Leg, Proving, ProvingFact, ProvingRefusal},
    transfer::{Sending, SendingStep},
};
use proof_port::{Chain, IntentClass, SignedIntent, SignedState, SigningIntent, TransferStatus};
use proof_store::{Db, Failure, LedgerError, Tx};
use serde_json::json;
use sha2::{Digest, Sha256};
use std::{collections::BTreeSet, sync::Arc};
use uuid::Uuid;

fn wrong_state(message: impl Into<String>) -> ApiError {
    ApiError::new(ErrorCode::WrongState, message)
}

/// The proof that counts for a network, begun or finished.
pub async fn proving_of(
    db: &Db,
    environment: Environment,
    network: Network,
) -> Result<Option<Proving>, ApiError> {
    db.read("proving_of", move |tx: &mut Tx| {
        Box::pin(
            async move { Ok::<_, Failure<ApiError>>(tx.proving_last(environment, network).await?) },
        )
    })
    .await
    .map_err(ApiError::from)
}

/// Whether the books have this transfer.
pub(crate) async fn is_booked(
    db: &Db,
    environment: Environment,
    network: Network,
    signed: &SignedIntent,
) -> Result<bool, ApiError> {
    let recipient = signed.intent.transfer.recipient.clone();
    let proving = db
        .read("proving_at", move |tx: &mut Tx| {
            let recipient = recipient.clone();
            Box::pin(async move {
                let found = tx
                    .proving_at(environment, network, recipient.as_str())
                    .await?;
                Ok::<_, Failure<ApiError>>(found)
            })
        })
        .await?;
    let legs = proving.iter().flat_map(|proving| &proving.legs);
    let mut outs = legs.filter_map(|leg| leg.out.as_ref()?.signed.as_ref());
    Ok(outs.any(|own| own.hash == signed.signed.hash))
}

impl Engine {
    /// Real networks of these worlds that are not proven as they are configured.
    pub(crate) async fn networks_unproven(
        &self,
        environments: &[Environment],
    ) -> Result<BTreeSet<Network>, ApiError> {
        let mut unproven = BTreeSet::new();
        for environment in environments {
            let rails = self.rails(*environment).ok();
            for chain in rails.iter().flat_map(|rails| rails.chains.values()) {
                let Some(subject) = chain.identity() else {
                    continue;
                };
                let last = proving_of(&self.db, *environment, chain.network()).await?;
                if !last.is_some_and(|last| last.proves(&subject)) {
                    unproven.insert(chain.network());
                }
            }
        }
        Ok(unproven)
    }

    /// Until there may be something new to see.
    pub async fn prove_pause(
        &self,
        environment: Environment,
        network: Network,
    ) -> Result<(), ApiError> {
        let pause = self.chain_of(environment, network)?.poll_interval_ms();
        let until = self.now().plus_millis(pause);
        self.clock.sleep_until(until).await;
        Ok(())
    }

    /// Goes on with the proof of a network as it is configured, or begins one.
    pub async fn prove_begin(
        &self,
        environment: Environment,
        network: Network,
        author: Author,
    ) -> Result<Proving, ApiError> {
        self.may_change()?;
        let chain = self.chain_of(environment, network)?;
        let subject = identity(chain)?;
        let before = proving_of(&self.db, environment, network).await?;
        if let Some(before) = &before {
            if before.subject == subject {
                return Ok(before.clone());
            }
            if before.is_under_way() {
                return Err(wrong_state(format!(
                    "A transfer of the proof of {} is under way. Put that configuration back and finish it first.",
                    before.subject
                )));
            }
        }
        let height = chain.tip().await?.height;
        let id = self.proving_id(environment, network, &subject, before.as_ref());
        let signer = &self.rails(environment)?.signer;
        // Nothing that comes there can go anywhere but back into our own wallet.
        let wallet = signer.wallet(network).await?;
        let address = signer.open_deposit(self.epoch(), id, &wallet).await?;
        let ids = SaveIds::new(self, self.now());
        let by = author.by.to_string();
        let place = (id, environment, network);
        let begun = Proving::new(place, subject, address, (by, ids.now()));
        let told = json!({ "proof": begun.subject, "address": begun.address });
        let deed = deed(author, "network.prove", network.name().to_owned(), told);
        self.db
            .write("prove_begin", move |tx: &mut Tx| {
                let (ids, deed, begun) = (ids.clone(), deed.clone(), begun.clone());
                Box::pin(async move {
                    tx.proving_insert(&begun).await?;
                    scan_begin(tx, environment, &[(network, height)], &ids).await?;
                    audit(tx, &deed, ids.now()).await?;
                    Ok::<_, Failure<ApiError>>(begun)
                })
            })
            .await
            .map_err(ApiError::from)
    }

    /// The same again until it is written down, so that the signer derives one address for it.
    fn proving_id(
        &self,
        environment: Environment,
        network: Network,
        subject: &ChainIdentity,
        before: Option<&Proving>,
    ) -> OrderId {
        let (installation, epoch) = (self.installation.id, self.epoch());
        let before = before.map_or(Uuid::nil(), |before| before.id.uuid());
        let world = environment.name();
        let name = format!("prove {installation} {epoch} {world} {network} {subject} {before}");
        let digest: [u8; 32] = Sha256::digest(name).into();
        let mut bytes = [0; 16];
        bytes.copy_from_slice(&digest[..16]);
        OrderId::from_uuid(Uuid::from_bytes(bytes))
    }

    /// Does what can be done now; gives the proof as it stands then.
    pub async fn prove_step(
        &self,
        environment: Environment,
        network: Network,
    ) -> Result<Proving, ApiError> {
        self.may_change()?;
        let chain = self.chain_of(environment, network)?;
        let subject = identity(chain)?;
        let last = || proving_of(&self.db, environment, network);
        let nothing = || wrong_state("No proof of this network was begun.");
        let proving = last().await?.ok_or_else(nothing)?;
        if proving.subject != subject {
            return Err(wrong_state(
                "The configuration has changed since the proof began: begin another one.",
            ));
        }
        if proving.proven_at.is_some() {
            return Ok(proving);
        }
        self.scan_drive(scan_key(environment, network)).await?;
        let proving = last().await?.ok_or_else(nothing)?;
        for leg in &proving.legs {
            self.prove_out(chain, &proving, leg).await?;
            self.prove_in(chain, &proving, leg).await?;
        }
        let proving = last().await?.ok_or_else(nothing)?;
        if proving.legs.iter().all(Leg::is_done) && self.still_there(chain, &proving).await? {
            let at = self.now();
            self.prove_fact(&proving, ProvingFact::Proven { at })
                .await?;
        }
        last().await?.ok_or_else(nothing)
    }

    async fn prove_out(
        &self,
        chain: &Arc<dyn Chain>,
        proving: &Proving,
        leg: &Leg,
    ) -> Result<(), ApiError> {
        let Some(out) = &leg.out else {
            return self.prove_plan(chain, proving, leg).await;
        };
        if leg.sent.is_some() {
            return Ok(());
        }
        match out.step() {
            SendingStep::Sign | SendingStep::Plan(_) => self.prove_sign(proving, leg, out).await,
            SendingStep::Broadcast => self.prove_broadcast(chain, proving, leg, out).await,
            SendingStep::Watch => self.prove_watch(chain, proving, leg, out).await,
        }
    }

    /// Fixes the transfer, and promises its number to its intent.
    async fn prove_plan(
        &self,
        chain: &Arc<dyn Chain>,
        proving: &Proving,
        leg: &Leg,
    ) -> Result<(), ApiError> {
        let (id, asset) = (proving.id, leg.asset());
        let name = format!("prove {asset}");
        let intent = self.intent(id, &name, leg.attempt);
        let signer = &self.rails(proving.environment)?.signer;
        // A database that was restored has forgotten what the signer has not.
        let promised = signer.promised(id).await?;
        let known = promised.signed.into_iter().rev();
        let known = known.into_iter().find(|one| one.intent.intent == intent);
        if let Some(known) = known {
            let fact = ProvingFact::Planned {
                intent,
                transfer: known.intent.transfer,
                signed: Some(known.signed),
            };
            return self.prove_fact(proving, fact).await;
        }
        let sender = signer.wallet(proving.network).await?;
        let source = Source::ask(&**chain, sender, asset).await?;
        let (recipient, amount) = (proving.address.clone(), leg.amount);
        let ids = SaveIds::new(self, self.now());
        self.db
            .write("prove_plan", move |tx: &mut Tx| {
                let (ids, source, recipient) = (ids.clone(), source.clone(), recipient.clone());
                Box::pin(async move {
                    let transfer = source.take(tx, (recipient, amount), intent).await?;
                    let fact = ProvingFact::Planned {
                        intent,
                        transfer,
                        signed: None,
                    };
                    record(tx, id, fact, &ids).await
                })
            })
            .await
            .map_err(ApiError::from)
    }

    /// What the signer refuses is closed at once: no order waits behind its number.
    async fn prove_sign(
        &self,
        proving: &Proving,
        leg: &Leg,
        out: &Sending,
    ) -> Result<(), ApiError> {
        let signer = &self.rails(proving.environment)?.signer;
        let intent = SigningIntent {
            intent: out.intent,
            class: IntentClass::Prove,
            order: proving.id,
            transfer: out.transfer.clone(),
        };
        let asset = leg.asset();
        let error = match signer.sign(self.epoch(), &intent).await {
            Ok(signed) => {
                let fact = ProvingFact::Signed { asset, signed };
                return self.prove_fact(proving, fact).await;
            }
            Err(error) if error.answered || is_final(&error) => error,
            Err(error) => return Err(error.into()),
        };
        if let SignedState::Signed(signed) = signer.close(self.epoch(), out.intent).await? {
            let fact = ProvingFact::Signed { asset, signed };
            return self.prove_fact(proving, fact).await;
        }
        let (id, intent, ids) = (proving.id, out.intent, SaveIds::new(self, self.now()));
        self.db
            .write("prove_never_signed", move |tx: &mut Tx| {
                let ids = ids.clone();
                Box::pin(async move {
                    tx.intent_release(intent).await?;
                    record(tx, id, ProvingFact::NeverSigned { asset }, &ids).await
                })
            })
            .await?;
        Err(wrong_state(format!(
            "The signer does not sign {} to its own address: {}. Give it [limits.prove] and [limits.fee] with room for it, restart it, and ask again.",
            leg.amount, error.context
        )))
    }

    async fn prove_broadcast(
        &self,
        chain: &Arc<dyn Chain>,
        proving: &Proving,
        leg: &Leg,
        out: &Sending,
    ) -> Result<(), ApiError> {
        let signed = out.signed.as_ref();
        let signed = signed.ok_or_else(|| ApiError::internal("nothing signed to broadcast"))?;
        if let Err(error) = chain.broadcast(&signed.signed_hex).await {
            // In doubt, or there already.
            if chain.transfer(&signed.hash).await? == TransferStatus::Unknown {
                self.prove_expired(chain, proving, leg, out).await?;
                return Err(error.into());
            }
        }
        let asset = leg.asset();
        self.prove_fact(proving, ProvingFact::Broadcast { asset })
            .await
    }

    async fn prove_watch(
        &self,
        chain: &Arc<dyn Chain>,
        proving: &Proving,
        leg: &Leg,
        out: &Sending,
    ) -> Result<(), ApiError> {
        let signed = out.signed.as_ref();
        let signed = signed.ok_or_else(|| ApiError::internal("nothing signed to watch"))?;
        let (asset, bound) = (leg.asset(), chain.confirmations_final());
        match chain.transfer(&signed.hash).await? {
            // A node that forgot it, or a re-org: the same bytes again.
            TransferStatus::Unknown => {
                let told = chain.broadcast(&signed.signed_hex).await;
                self.prove_expired(chain, proving, leg, out).await?;
                Ok(told?)
            }
            TransferStatus::Mined {
                confirmations,
                block,
                fee,
            } if confirmations >= bound => {
                let height = block;
                let fact = ProvingFact::Sent { asset, height, fee };
                self.prove_fact(proving, fact).await
            }
            TransferStatus::Failed { confirmations, fee } if confirmations >= bound => {
                let fact = ProvingFact::Refused { asset, fee };
                self.prove_fact(proving, fact).await?;
                Err(wrong_state(format!(
                    "The network refused {} in {}: look at the contract, and ask again to try again.",
                    leg.amount, signed.hash
                )))
            }
            TransferStatus::Waiting
            | TransferStatus::Mined { .. }
            | TransferStatus::Failed { .. } => Ok(()),
        }
    }

    /// An error once its time is over: it costs nothing, and is made again when it is asked for.
    async fn prove_expired(
        &self,
        chain: &Arc<dyn Chain>,
        proving: &Proving,
        leg: &Leg,
        out: &Sending,
    ) -> Result<(), ApiError> {
        let (Some(signed), Some(form)) = (&out.signed, &out.transfer.form) else {
            return Ok(());
        };
        if !chain.expired(&signed.hash, form).await? {
            return Ok(());
        }
        let (asset, fee) = (leg.asset(), Amount::new(out.transfer.fee.asset(), 0));
        self.prove_fact(proving, ProvingFact::Refused { asset, fee })
            .await?;
        Err(wrong_state(format!(
            "No block took {} in {} while it could be taken: ask again to try again.",
            leg.amount, signed.hash
        )))
    }

    /// What came from elsewhere, until it is final or gone.
    async fn prove_in(
        &self,
        chain: &Arc<dyn Chain>,
        proving: &Proving,
        leg: &Leg,
    ) -> Result<(), ApiError> {
        let Some(Came {
            deposit,
            height: None,
        }) = &leg.came
        else {
            return Ok(());
        };
        let asset = leg.asset();
        let status = arrival(chain, proving, deposit).await?;
        if is_gone(&status) {
            return self.prove_gone(proving, ProvingFact::Gone { asset }).await;
        }
        match status {
            TransferStatus::Mined {
                confirmations,
                block,
                ..
            } if confirmations >= chain.confirmations_final() => {
                let height = block;
                let fact = ProvingFact::Arrived { asset, height };
                self.prove_fact(proving, fact).await
            }
            _ => Ok(()),
        }
    }

    /// Whether all of it is as deep as it was: the last look before it counts.
    async fn still_there(
        &self,
        chain: &Arc<dyn Chain>,
        proving: &Proving,
    ) -> Result<bool, ApiError> {
        let bound = chain.confirmations_final();
        for leg in &proving.legs {
            let signed = leg.out.as_ref().and_then(|out| out.signed.as_ref());
            let (Some(signed), Some(came)) = (signed, &leg.came) else {
                return Ok(false);
            };
            let sent = chain.transfer(&signed.hash).await?;
            let came = arrival(chain, proving, &came.deposit).await?;
            if !is_deep(&sent, bound) || !is_deep(&came, bound) {
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// If it comes again, it is found again.
    async fn prove_gone(&self, proving: &Proving, fact: ProvingFact) -> Result<(), ApiError> {
        let ids = SaveIds::new(self, self.now());
        let (id, environment, network) = (proving.id, proving.environment, proving.network);
        self.db
            .write("prove_gone", move |tx: &mut Tx| {
                let (ids, fact) = (ids.clone(), fact.clone());
                Box::pin(async move {
                    record(tx, id, fact, &ids).await?;
                    let again = crate::deposit::BLOCKS_AGAIN;
                    tx.scan_rewind(environment, network, again).await?;
                    Ok::<_, Failure<ApiError>>(())
                })
            })
            .await
            .map_err(ApiError::from)
    }

    /// One of the transfers that came is to the address of a proof.
    pub(crate) async fn prove_found(
        &self,
        proving: &Proving,
        deposit: Deposit,
    ) -> Result<(), ApiError> {
        self.prove_fact(proving, ProvingFact::Found { deposit })
            .await
    }

    async fn prove_fact(&self, proving: &Proving, fact: ProvingFact) -> Result<(), ApiError> {
        let (id, ids) = (proving.id, SaveIds::new(self, self.now()));
        self.db
            .write("prove_fact", move |tx: &mut Tx| {
                let (ids, fact) = (ids.clone(), fact.clone());
                Box::pin(async move { record(tx, id, fact, &ids).await })
            })
            .await
            .map_err(ApiError::from)
    }
}

/// What is known already changes nothing.
async fn record(
    tx: &mut Tx,
    id: OrderId,
    fact: ProvingFact,
    ids: &SaveIds,
) -> Result<(), Failure<ApiError>> {
    let stored = tx.proving_lock(id).await?.ok_or_else(gone)?;
    let (after, entries) = match stored.proving.decide(fact, ids.now()) {
        Ok(decided) => decided,
        Err(ProvingRefusal::Unfit) => return Ok(()),
        Err(error @ ProvingRefusal::Money(_)) => return Err(refused(ApiError::internal(error))),
    };
    tx.proving_save(&after, stored.version, ids.now()).await?;
    for (n, entry) in entries.iter().enumerate() {
        let id = EntryId::from_uuid(ids.uuid(1, n));
        tx.ledger_post(id, (after.environment, None), entry, ids.now())
            .await
            .map_err(|error| match error {
                LedgerError::Floor { account } => refused(wrong_state(format!(
                    "The books have too little in {account} for the proof and its fee: fund the hot wallet first."
                ))),
                LedgerError::Store(error) => Failure::Store(error),
            })?;
    }
    Ok(())
}

fn identity(chain: &Arc<dyn Chain>) -> Result<ChainIdentity, ApiError> {
    chain.identity().ok_or_else(|| {
        let network = chain.network();
        wrong_state(format!(
            "{network} is simulated here: there is nothing to prove."
        ))
    })
}

async fn arrival(
    chain: &Arc<dyn Chain>,
    proving: &Proving,
    deposit: &Deposit,
) -> Result<TransferStatus, ApiError> {
    let to = proving.address.as_str();
    Ok(chain.arrival(to, &deposit.key, deposit.amount).await?)
}
