//! Deposits: the blocks of each network are read once for everybody, and what was found is followed
//! until it is final.
//!
//! Reading is a job of its own for each network, with a place in the database, so that a server
//! that was away for a week reads that week. An order's deadline is judged by when our node first
//! saw a deposit, and only after the node has been heard since.

use crate::{
    ApiError, Engine,
    case::case_open,
    order::{SaveIds, apply, gone},
    worker::Outcome,
};
use proof_core::{
    Address, ErrorCode, Network,
    case::{CaseKind, CaseOpening},
    deposit::{Deposit, DepositKey, Held},
    id::{DepositId, JobId, OrderId},
    order::{Command, Order, SellCommand},
    partner::Environment,
    proving::Proving,
};
use proof_port::{Arrival, Chain, TransferStatus};
use proof_store::{AddressOwner, Failure, JobKind, Scan, Tx};
use sha2::{Digest, Sha256};
use std::sync::Arc;
use uuid::Uuid;

/// Blocks that are read again when a chain has taken something back: it may be in a later one.
pub(crate) const BLOCKS_AGAIN: u64 = 200;

/// Nobody counts on this deposit any more: if it comes again, it is found again.
pub(crate) async fn deposit_forget(
    tx: &mut Tx,
    environment: Environment,
    network: Network,
    key: &DepositKey,
) -> Result<(), Failure<ApiError>> {
    tx.deposit_delete(environment, network, key).await?;
    tx.scan_rewind(environment, network, BLOCKS_AGAIN).await?;
    Ok(())
}

/// Whose address something came to.
enum Owner {
    Order(AddressOwner),
    /// The same, and it was put down before.
    Known,
    Proof(Box<Proving>),
    Nobody,
}

/// The name of the job that reads a network's blocks.
pub(crate) fn scan_key(environment: Environment, network: Network) -> Uuid {
    let name = format!("scan {} {}", environment.name(), network.name());
    let digest: [u8; 32] = Sha256::digest(name).into();
    let mut bytes = [0; 16];
    bytes.copy_from_slice(&digest[..16]);
    Uuid::from_bytes(bytes)
}

/// Makes sure that the blocks of these networks are read, each from its height on, before an address
/// is shown.
pub(crate) async fn scan_begin(
    tx: &mut Tx,
    environment: Environment,
    scans: &[(Network, u64)],
    ids: &SaveIds,
) -> Result<(), Failure<ApiError>> {
    for (n, (network, height)) in scans.iter().enumerate() {
        tx.scan_open(environment, *network, *height).await?;
        let job = JobId::from_uuid(ids.uuid(6, n));
        let key = scan_key(environment, *network);
        tx.job_upsert(job, JobKind::Scan, key, ids.now()).await?;
    }
    Ok(())
}

impl Engine {
    /// The networks on which somebody may send to an address, and the height from which their blocks
    /// matter: one address is good on all networks of its kind.
    pub(crate) async fn scans_of(
        &self,
        environment: Environment,
        address: &Address,
    ) -> Result<Vec<(Network, u64)>, ApiError> {
        let mut scans = Vec::new();
        for (network, chain) in &self.rails(environment)?.chains {
            if Address::parse(*network, address.as_str()).is_err() {
                continue;
            }
            // A network that is read already is read on, even if its node is away just now.
            let height = match self.scan_load(environment, *network).await? {
                Some(scan) => scan.height,
                None => chain.tip().await?.height,
            };
            scans.push((*network, height));
        }
        Ok(scans)
    }

    /// Reads what came since the last look, and looks again a moment later, for ever: an address
    /// that was shown may be used at any time.
    pub(crate) async fn scan_drive(&self, key: Uuid) -> Result<Outcome, ApiError> {
        let (environment, chain) = self.scanned(key)?;
        let network = chain.network();
        let Some(scan) = self.scan_load(environment, network).await? else {
            return Ok(Outcome::Done);
        };
        let before = self.now();
        let found = chain.arrivals(scan.height).await?;
        // Deposits do not wait for a signer that is away: what came to our wallet meanwhile is a difference
        // that the comparison finds.
        let wallet = self.rails(environment)?.signer.wallet(network).await.ok();
        for arrival in found.arrivals {
            self.arrival(chain, environment, wallet.as_ref(), arrival)
                .await?;
        }
        let heard_at = if found.complete {
            found.until.unwrap_or(before)
        } else {
            scan.heard_at
        };
        let from = scan.height;
        let scan = Scan {
            height: found.height,
            heard_at,
        };
        self.db
            .write("scan_save", move |tx: &mut Tx| {
                Box::pin(async move {
                    tx.scan_save(environment, network, from, scan).await?;
                    Ok::<_, Failure<ApiError>>(())
                })
            })
            .await?;
        let pause = if found.complete {
            chain.poll_interval_ms()
        } else {
            0
        };
        Ok(Outcome::Again(self.now().plus_millis(pause)))
    }

    fn scanned(&self, key: Uuid) -> Result<(Environment, &Arc<dyn Chain>), ApiError> {
        let rails = [
            (Environment::Test, self.test_rails.as_ref()),
            (Environment::Live, self.live_rails.as_ref()),
        ];
        let mut chains = rails.into_iter().flat_map(|(environment, rails)| {
            let chains = rails.into_iter().flat_map(|rails| rails.chains.values());
            chains.map(move |chain| (environment, chain))
        });
        let found =
            chains.find(|(environment, chain)| scan_key(*environment, chain.network()) == key);
        found.ok_or_else(|| ApiError::unavailable("no node for a network that is read".into()))
    }

    pub(crate) async fn scan_load(
        &self,
        environment: Environment,
        network: Network,
    ) -> Result<Option<Scan>, ApiError> {
        self.db
            .read("scan_load", move |tx: &mut Tx| {
                Box::pin(async move {
                    let scan = tx.scan_load(environment, network).await?;
                    Ok::<_, Failure<ApiError>>(scan)
                })
            })
            .await
            .map_err(ApiError::from)
    }

    /// One transfer: is it to an address of ours, and is it new?
    async fn arrival(
        &self,
        chain: &Arc<dyn Chain>,
        environment: Environment,
        wallet: Option<&Address>,
        mut arrival: Arrival,
    ) -> Result<(), ApiError> {
        let looked = arrival.clone();
        let owner = self
            .db
            .read("deposit_address_find", move |tx: &mut Tx| {
                let Arrival { recipient, deposit } = looked.clone();
                Box::pin(async move {
                    let Some(owner) = tx.deposit_address_find(environment, &recipient).await?
                    else {
                        let network = deposit.amount.asset().network();
                        let proving = tx.proving_at(environment, network, &recipient).await?;
                        return Ok(proving.map_or(Owner::Nobody, |one| Owner::Proof(Box::new(one))));
                    };
                    let known = tx.deposit_is_known(environment, &deposit).await?;
                    Ok::<_, Failure<ApiError>>(if known {
                        Owner::Known
                    } else {
                        Owner::Order(owner)
                    })
                })
            })
            .await?;
        let is_ours = match owner {
            Owner::Known => return Ok(()),
            Owner::Nobody => wallet.is_some_and(|wallet| wallet.as_str() == arrival.recipient),
            Owner::Order(_) | Owner::Proof(_) => true,
        };
        if !is_ours {
            return Ok(());
        }
        arrival.deposit.senders = chain.senders(&arrival).await?;
        let owner = match owner {
            Owner::Known => return Ok(()),
            Owner::Proof(proving) => return self.prove_found(&proving, arrival.deposit).await,
            Owner::Nobody => return self.stray_found(environment, wallet, &arrival).await,
            Owner::Order(owner) => owner,
        };
        let ours = wallet.is_some_and(|wallet| arrival.deposit.senders.contains(wallet));
        let hash = &arrival.deposit.key.hash;
        if ours && self.is_top_up(environment, owner.order, hash).await? {
            return Ok(());
        }
        let (deposit, ids) = (arrival.deposit, SaveIds::new(self, self.now()));
        self.db
            .write("deposit_found", move |tx: &mut Tx| {
                let (deposit, ids) = (deposit.clone(), ids.clone());
                Box::pin(
                    async move { deposit_found(tx, environment, owner.order, deposit, &ids).await },
                )
            })
            .await
            .map_err(ApiError::from)
    }

    /// How the deposits of an order stand on the chain now.
    pub(crate) async fn deposits_watch(&self, order: &Order) -> Result<Outcome, ApiError> {
        let chain = self.chain_of(order.environment, order.amount.asset().network())?;
        let again = self.now().plus_millis(chain.poll_interval_ms());
        for held in unsettled(order) {
            let command = self.deposit_step(chain, order, &held).await?;
            // One step at a time: each may change what the next one means.
            if let Some(command) = command {
                match self
                    .order_apply("deposit_watch", order.id, Command::Sell(command))
                    .await
                {
                    Ok(_) => return Ok(Outcome::Done),
                    Err(error) if error.code == ErrorCode::WrongState => {}
                    Err(error) => return Err(error),
                }
            }
        }
        Ok(Outcome::Again(again))
    }

    /// Whether everything that was relied on is still there, and as deep as it was: `None`. What is gone is put down;
    /// what a re-org has put into a later block, or back among those that wait for one, is waited for.
    pub(crate) async fn deposits_lack(&self, order: &Order) -> Result<Option<Outcome>, ApiError> {
        let chain = self.chain_of(order.environment, order.amount.asset().network())?;
        let held = order.sale.as_ref().map(|sale| sale.held.clone());
        for held in held
            .unwrap_or_default()
            .into_iter()
            .filter(|held| held.booked)
        {
            let status = arrival(chain, order, &held).await?;
            if is_gone(&status) {
                let key = held.deposit.key;
                let command = Command::Sell(SellCommand::DepositVanished { key });
                self.order_apply("deposit_vanished", order.id, command)
                    .await?;
                return Ok(Some(Outcome::Done));
            }
            if !is_deep(
                &status,
                chain.confirmations_of(order.at_stake(held.deposit.amount)),
            ) {
                let again = self.now().plus_millis(chain.poll_interval_ms());
                return Ok(Some(Outcome::Again(again)));
            }
        }
        Ok(None)
    }

    async fn deposit_step(
        &self,
        chain: &Arc<dyn Chain>,
        order: &Order,
        held: &Held,
    ) -> Result<Option<SellCommand>, ApiError> {
        let key = held.deposit.key.clone();
        let status = arrival(chain, order, held).await?;
        if is_gone(&status) {
            return Ok(Some(SellCommand::DepositVanished { key }));
        }
        let TransferStatus::Mined { confirmations, .. } = status else {
            return Ok(None);
        };
        let bound = chain.confirmations_of(order.at_stake(held.deposit.amount));
        Ok(deeper(held, key, confirmations, bound))
    }

    /// The window is over. Only a node that was heard since may say that nothing came.
    pub(crate) async fn window_close(&self, order: &Order) -> Result<Outcome, ApiError> {
        let network = order.amount.asset().network();
        let chain = self.chain_of(order.environment, network)?;
        let until = order.sale.as_ref().map(|sale| sale.deposit_until);
        let scan = self.scan_load(order.environment, network).await?;
        let heard = match (scan, until) {
            (Some(scan), Some(until)) => scan.heard_at >= until,
            _ => false,
        };
        if !heard {
            let again = self.now().plus_millis(chain.poll_interval_ms());
            return Ok(Outcome::Again(again));
        }
        let command = Command::Sell(SellCommand::WindowClosed);
        self.fact("window_close", order, Some(command)).await
    }
}

fn deeper(
    held: &Held,
    key: DepositKey,
    confirmations: u64,
    confirmations_final: u64,
) -> Option<SellCommand> {
    if confirmations >= confirmations_final {
        return Some(SellCommand::DepositFinal { key, confirmations });
    }
    (confirmations != held.confirmations)
        .then_some(SellCommand::DepositDeeper { key, confirmations })
}

/// How a deposit of an order stands, at the address that the order shows.
pub(crate) async fn arrival(
    chain: &Arc<dyn Chain>,
    order: &Order,
    held: &Held,
) -> Result<TransferStatus, ApiError> {
    let sale = order.sale.as_ref();
    let sale =
        sale.ok_or_else(|| ApiError::internal("a deposit of an order that sells nothing"))?;
    let Deposit { key, amount, .. } = &held.deposit;
    let recipient = sale.deposit_address.as_str();
    Ok(chain.arrival(recipient, key, *amount).await?)
}

pub(crate) fn is_gone(status: &TransferStatus) -> bool {
    match status {
        TransferStatus::Unknown | TransferStatus::Failed { .. } => true,
        TransferStatus::Waiting | TransferStatus::Mined { .. } => false,
    }
}

pub(crate) const fn is_deep(status: &TransferStatus, confirmations_final: u64) -> bool {
    match status {
        TransferStatus::Mined { confirmations, .. } => *confirmations >= confirmations_final,
        TransferStatus::Unknown | TransferStatus::Waiting | TransferStatus::Failed { .. } => false,
    }
}

fn unsettled(order: &Order) -> Vec<Held> {
    let held = order.sale.iter().flat_map(|sale| sale.held.iter());
    held.filter(|held| !held.booked).cloned().collect()
}

/// Puts down a deposit and tells its order, in one database transaction.
async fn deposit_found(
    tx: &mut Tx,
    environment: Environment,
    order: OrderId,
    deposit: Deposit,
    ids: &SaveIds,
) -> Result<(), Failure<ApiError>> {
    let id = DepositId::from_uuid(ids.uuid(7, 0));
    let fresh = tx
        .deposit_insert(id, environment, order, &deposit, ids.now())
        .await?;
    if !fresh {
        return Ok(());
    }
    let stored = tx.order_lock(order).await?.ok_or_else(gone)?;
    let opening = CaseOpening {
        kind: CaseKind::of(&stored.order, &deposit),
        amount: deposit.amount,
        deposit: Some(deposit.key.clone()),
        senders: deposit.senders.clone(),
    };
    let locked = stored.order.clone();
    let command = Command::Sell(SellCommand::DepositSeen {
        deposit: deposit.clone(),
    });
    match apply(tx, stored, command, ids).await {
        Ok(_) => Ok(()),
        Err(Failure::Refused(error)) if error.code == ErrorCode::WrongState => {
            case_open(tx, &locked, opening, 0, ids).await
        }
        Err(error) => Err(error),
    }
}
