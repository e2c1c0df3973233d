//! Cold storage: what a hot wallet has too much is moved to the address that the signer was configured with. A move is
//! begun by a look at the books ([`survey`]), and then is a transfer like all others, the same way after a crash.

mod back;
mod coins;
mod refill;
mod survey;

pub(crate) use back::cold_has;
pub use refill::Refill;
pub use survey::{ColdLine, ColdPage, ColdStorage};

use crate::{
    ApiError, Engine,
    error::{ledger_failed, refused},
    order::{SaveIds, gone},
    reconcile::environment_key,
    transfer::{Leg, Source},
    worker::Outcome,
};
use coins::Coins;
use proof_core::{
    Address, Asset, ErrorCode, Network,
    cold::{ColdMove, ColdRefusal},
    id::{EntryId, JobId, OrderId},
    ledger::{Account, key_in},
    money::Amount,
    order::POLL_MS,
    partner::Environment,
    transfer::{SendingStep, TransferFact},
};
use proof_port::{IntentClass, PortError, Promised, SignedIntent};
use proof_store::{Failure, JobKind, Tx};
use sha2::{Digest, Sha256};
use uuid::Uuid;

impl From<ColdRefusal> for ApiError {
    fn from(refusal: ColdRefusal) -> Self {
        match refusal {
            ColdRefusal::Unfit => Self::new(
                ErrorCode::WrongState,
                "The move into cold storage knows that already, or is about something else.",
            ),
            ColdRefusal::Money(error) => Self::internal(error),
        }
    }
}

/// Decides on a locked move and saves all of it.
pub(crate) async fn cold_apply(
    tx: &mut Tx,
    id: OrderId,
    fact: TransferFact,
    ids: &SaveIds,
) -> Result<(), Failure<ApiError>> {
    let now = ids.now();
    let stored = tx.cold_lock(id).await?.ok_or_else(gone)?;
    let (after, entries) = stored.moved.decide(fact, now).map_err(refused)?;
    tx.cold_save(&after, stored.version, now).await?;
    for (n, entry) in entries.iter().enumerate() {
        let entry_id = EntryId::from_uuid(ids.uuid(1, n));
        tx.ledger_post(entry_id, (after.environment, None), entry, now)
            .await
            .map_err(ledger_failed)?;
    }
    if !after.is_open() {
        tx.job_delete(JobKind::Cold, id.uuid()).await?;
        return Ok(());
    }
    let at = match after.out.as_ref().map(|sending| sending.step()) {
        Some(SendingStep::Plan(until)) => until,
        Some(SendingStep::Watch) => now.plus_millis(POLL_MS),
        Some(SendingStep::Sign | SendingStep::Broadcast) | None => now,
    };
    let job = JobId::from_uuid(ids.uuid(3, 0));
    tx.job_upsert(job, JobKind::Cold, id.uuid(), at).await?;
    Ok(())
}

/// Where it goes, and how much.
pub(crate) async fn cold_outgoing(
    tx: &mut Tx,
    id: OrderId,
) -> Result<(Address, Amount), Failure<ApiError>> {
    let moved = tx.cold_lock(id).await?.ok_or_else(gone)?.moved;
    Ok((moved.cold, moved.amount))
}

/// Whether it is no order, but a move into cold storage: the signer was told nothing else of it.
pub(crate) fn is_cold(promised: &Promised) -> bool {
    let is_order = promised.destination.is_some() || promised.deposit.is_some();
    let mut signed = promised.signed.iter();
    !is_order && signed.all(|given| given.intent.class == IntentClass::Cold)
}

/// What the books have of a coin at an account of ours.
async fn booked(
    tx: &mut Tx,
    environment: Environment,
    account: Account,
    asset: Asset,
) -> Result<Amount, Failure<ApiError>> {
    let key = key_in(environment, &format!("{account}:{asset}"));
    let base = tx.ledger_balance(&key).await?.unwrap_or(0);
    // Those have floors.
    Ok(Amount::new(asset, u128::try_from(base).unwrap_or(0)))
}

impl Engine {
    pub(crate) async fn cold_drive(&self, key: Uuid) -> Result<Outcome, ApiError> {
        for environment in [Environment::Test, Environment::Live] {
            if environment_key(environment) == key {
                return self.cold_look(environment).await;
            }
        }
        let Some(moved) = self.cold_load(OrderId::from_uuid(key)).await? else {
            return Ok(Outcome::Done);
        };
        if !moved.is_open() {
            return Ok(Outcome::Done);
        }
        let leg = Leg::of_cold(&moved, self.intent(moved.id, "cold", 1));
        let Some(sending) = moved.out.as_deref() else {
            return self.transfer_plan(leg).await;
        };
        match sending.step() {
            SendingStep::Plan(until) if until > self.now() => Ok(Outcome::Again(until)),
            SendingStep::Plan(_) => self.transfer_plan(leg).await,
            SendingStep::Sign => self.transfer_sign(leg, sending).await,
            SendingStep::Broadcast => self.transfer_broadcast(leg, sending).await,
            SendingStep::Watch => self.transfer_watch(leg, sending).await,
        }
    }

    pub(crate) async fn cold_load(&self, id: OrderId) -> Result<Option<ColdMove>, ApiError> {
        self.db
            .read("cold_find", move |tx: &mut Tx| {
                Box::pin(async move { Ok::<_, Failure<ApiError>>(tx.cold_find(id).await?) })
            })
            .await
            .map_err(ApiError::from)
    }

    /// What it spends; `None`: it is too dear now, or has no price, and waits.
    pub(crate) async fn cold_source(&self, id: OrderId) -> Result<Option<Source>, ApiError> {
        let moved = self.cold_load(id).await?;
        let moved = moved.ok_or_else(|| ApiError::internal("a move that is not there"))?;
        let (environment, asset) = (moved.environment, moved.asset());
        let source = if asset.network() == Network::Bitcoin {
            let coins = self.cold_coins(environment, (&moved.cold, moved.amount));
            let Coins::Enough(source) = coins.await? else {
                return Ok(None);
            };
            source
        } else {
            let cost = self.cold_cost(environment, asset).await;
            if !cost.is_some_and(|cost| cost.is_small_for(moved.amount)) {
                return Ok(None);
            }
            let sender = self.hot_wallet(environment, asset.network()).await?;
            let chain = self.chain_of(environment, asset.network())?;
            Source::ask(&**chain, sender, asset).await?
        };
        // The coins that it moves are set aside already.
        let native = self.cold_free(environment, source.fee().asset()).await?;
        Ok((native.base() >= source.fee().base()).then_some(source))
    }

    /// What the hot wallet has that nobody is promised.
    async fn cold_free(&self, environment: Environment, asset: Asset) -> Result<Amount, ApiError> {
        self.booked_at(environment, Account::Wallet, asset).await
    }

    /// What is in cold storage.
    pub(crate) async fn cold_booked(
        &self,
        environment: Environment,
        asset: Asset,
    ) -> Result<Amount, ApiError> {
        self.booked_at(environment, Account::Cold, asset).await
    }

    async fn booked_at(
        &self,
        environment: Environment,
        account: Account,
        asset: Asset,
    ) -> Result<Amount, ApiError> {
        self.db
            .read("booked_at", move |tx: &mut Tx| {
                let account = account.clone();
                Box::pin(async move { booked(tx, environment, account, asset).await })
            })
            .await
            .map_err(ApiError::from)
    }

    /// The same again after a restore: what the lost life signed is recognised by it.
    fn cold_id(&self, environment: Environment, asset: Asset, number: u32) -> OrderId {
        let (installation, world) = (self.installation.id, environment.name());
        let name = format!("cold {installation} {world} {asset} {number}");
        let digest: [u8; 32] = Sha256::digest(name).into();
        let mut bytes = [0; 16];
        bytes.copy_from_slice(&digest[..16]);
        OrderId::from_uuid(Uuid::from_bytes(bytes))
    }

    /// Keeps for people why the signer does not sign it.
    pub(crate) async fn cold_why(&self, id: OrderId, error: &PortError) -> Result<(), ApiError> {
        let (why, now) = (error.context.clone(), self.now());
        self.db
            .write("cold_why", move |tx: &mut Tx| {
                let why = why.clone();
                Box::pin(async move {
                    let mut stored = tx.cold_lock(id).await?.ok_or_else(gone)?;
                    stored.moved.why = Some(why);
                    tx.cold_save(&stored.moved, stored.version, now).await?;
                    Ok::<_, Failure<ApiError>>(())
                })
            })
            .await
            .map_err(ApiError::from)
    }

    /// Whether the books know this signature.
    pub(crate) async fn is_cold_known(&self, signed: &SignedIntent) -> Result<bool, ApiError> {
        let moved = self.cold_load(signed.intent.order).await?;
        Ok(moved.is_some_and(|moved| moved.knows(&signed.signed.hash)))
    }
}
