//! What hot wallets have, what of it is too much, and beginning to move that.

use super::{booked, coins::Coins, is_cold};
use crate::{
    ApiError, Engine, audit::audit, error::ledger_failed, member::deed, order::SaveIds,
    worker::Outcome,
};
use proof_core::{
    Address, Asset, Network,
    audit::Author,
    cold::{Band, ColdMove, ColdState},
    finding::compare_wallet,
    id::{EntryId, JobId, OrderId},
    ledger::Account,
    money::{Amount, Bps},
    partner::Environment,
    transfer::UnsignedTransfer,
};
use proof_store::{Failure, JobKind, Tx};
use serde::{Deserialize, Serialize};
use serde_json::json;
use std::collections::BTreeMap;

/// What the operator says about it: `[cold]`. Without bands nothing is moved.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ColdStorage {
    pub bands: BTreeMap<Asset, Band>,
    /// The most that a move may cost, of what it moves.
    pub share: Bps,
    /// `None`: only when somebody asks.
    pub every_minutes: Option<u32>,
}

impl ColdStorage {
    /// Everything stays in the hot wallets.
    pub const OFF: Self = Self {
        bands: BTreeMap::new(),
        share: Bps::ZERO,
        every_minutes: None,
    };
}

/// One coin of a hot wallet that has a ceiling.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct ColdLine {
    pub currency: String,
    pub network: Network,
    pub free: String,
    pub ceiling: String,
    pub target: String,
    /// In cold storage, by the books.
    pub cold: String,
    /// The address that the signer was configured with.
    pub address: Option<String>,
    /// What is moved, or would be.
    pub amount: Option<String>,
    /// `below`, `ready`, `under_way`, `forgotten`, `refused`, `no_address`, `differs`, `dear` or `no_coins`.
    pub verdict: String,
    /// What the signer said when it did not sign.
    pub why: Option<String>,
    /// It was begun now.
    pub begun: bool,
}

#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct ColdPage {
    pub lines: Vec<ColdLine>,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Verdict {
    Below,
    Ready,
    UnderWay,
    /// Signed before a restore, and not known here: it is taken over as it was signed.
    Forgotten,
    Refused,
    NoAddress,
    /// Chain and books differ: something is not final yet.
    Differs,
    /// It costs too much now, or nobody can say.
    Dear,
    /// The coins that are deep enough and promised to nobody are not enough.
    NoCoins,
}

impl Verdict {
    const fn name(self) -> &'static str {
        match self {
            Self::Below => "below",
            Self::Ready => "ready",
            Self::UnderWay => "under_way",
            Self::Forgotten => "forgotten",
            Self::Refused => "refused",
            Self::NoAddress => "no_address",
            Self::Differs => "differs",
            Self::Dear => "dear",
            Self::NoCoins => "no_coins",
        }
    }
}

/// One coin, as it stands.
struct Seen {
    environment: Environment,
    band: Band,
    last: Option<ColdMove>,
    free: Amount,
    cold: Amount,
    address: Option<Address>,
    /// What the signer has signed under the next number.
    forgotten: Option<UnsignedTransfer>,
}

impl Seen {
    const fn asset(&self) -> Asset {
        self.free.asset()
    }

    fn number(&self) -> u32 {
        next(self.last.as_ref())
    }

    /// What moves, and where to.
    fn goal(&self) -> Option<(Amount, Address)> {
        if let Some(transfer) = &self.forgotten {
            return Some((transfer.amount, transfer.recipient.clone()));
        }
        self.band.excess(self.free).zip(self.address.clone())
    }
}

fn next(last: Option<&ColdMove>) -> u32 {
    last.map_or(1, |last| last.number.saturating_add(1))
}

impl Engine {
    /// Plans the looks of each environment, unless they are planned.
    pub(crate) async fn cold_begin(&self) -> Result<(), ApiError> {
        if self.cold.every_minutes.is_none() {
            return Ok(());
        }
        self.looks_begin("cold_begin", JobKind::Cold, self.now())
            .await
    }

    pub(crate) async fn cold_look(&self, environment: Environment) -> Result<Outcome, ApiError> {
        let Some(minutes) = self.cold.every_minutes else {
            return Ok(Outcome::Done);
        };
        for line in &self.cold_survey(environment, Some(false)).await?.lines {
            let (currency, network) = (&line.currency, line.network);
            if line.begun {
                tracing::info!(currency, %network, "coins go into cold storage");
            } else if line.verdict == Verdict::NoAddress.name() {
                tracing::error!(currency, %network, "the signer has no address of cold storage for what is above hot_ceiling");
            }
        }
        let next = self.now().plus_seconds(i64::from(minutes) * 60);
        Ok(Outcome::Again(next))
    }

    /// What would be moved, and why the rest would not.
    pub async fn cold_preview(&self, environment: Environment) -> Result<ColdPage, ApiError> {
        self.cold_survey(environment, None).await
    }

    /// A person asks for it: also after signer or chain have refused.
    pub async fn cold_ask(
        &self,
        environment: Environment,
        author: Author,
    ) -> Result<ColdPage, ApiError> {
        self.may_change()?;
        let page = self.cold_survey(environment, Some(true)).await?;
        let begun = page.lines.iter().filter(|line| line.begun);
        let begun = begun.map(|line| json!([line.amount, line.currency, line.network]));
        let told = json!({ "begun": begun.collect::<Vec<_>>() });
        let subject = environment.name().to_owned();
        let deed = deed(author, "treasury.cold", subject, told);
        let now = self.now();
        self.db
            .write("cold_ask", move |tx: &mut Tx| {
                let deed = deed.clone();
                Box::pin(async move {
                    audit(tx, &deed, now).await?;
                    Ok::<_, Failure<ApiError>>(())
                })
            })
            .await?;
        Ok(page)
    }

    /// `begin`: what is ready is begun; `Some(true)` also where it was refused before.
    async fn cold_survey(
        &self,
        environment: Environment,
        begin: Option<bool>,
    ) -> Result<ColdPage, ApiError> {
        let mut page = ColdPage::default();
        let networks = self.networks_of(environment);
        if begin.is_some() && !self.cold.bands.is_empty() {
            // What came is counted once it is final, also what came back from there. Until a node answers for it, chain
            // and books differ.
            if let Err(error) = self.strays_look(environment).await {
                error.log("what came to hot wallets could not be looked at");
            }
        }
        for (asset, band) in &self.cold.bands {
            if !networks.contains(&asset.network()) {
                continue;
            }
            let seen = self.cold_seen(environment, *band).await?;
            let verdict = self.cold_judge(&seen, begin == Some(true)).await?;
            let is_ready = matches!(verdict, Verdict::Ready | Verdict::Forgotten);
            let begun = begin.is_some() && is_ready && self.cold_start(&seen).await?;
            page.lines.push(line(&seen, verdict, begun));
        }
        Ok(page)
    }

    async fn cold_seen(&self, environment: Environment, band: Band) -> Result<Seen, ApiError> {
        let asset = band.ceiling.asset();
        let (last, free, cold) = self
            .db
            .read("cold_seen", move |tx: &mut Tx| {
                Box::pin(async move {
                    let last = tx.cold_last(environment, asset).await?;
                    let free = booked(tx, environment, Account::Wallet, asset).await?;
                    let cold = booked(tx, environment, Account::Cold, asset).await?;
                    Ok::<_, Failure<ApiError>>((last, free, cold))
                })
            })
            .await?;
        let signer = &self.rails(environment)?.signer;
        let id = self.cold_id(environment, asset, next(last.as_ref()));
        let forgotten = if self.recovered_at.borrow().is_some() {
            self.cold_signed(environment, id).await?
        } else {
            None
        };
        Ok(Seen {
            environment,
            band,
            last,
            free,
            cold,
            address: signer.cold(asset.network()).await?,
            forgotten,
        })
    }

    /// What the signer has signed under this name.
    async fn cold_signed(
        &self,
        environment: Environment,
        id: OrderId,
    ) -> Result<Option<UnsignedTransfer>, ApiError> {
        let promised = self.rails(environment)?.signer.promised(id).await?;
        if !is_cold(&promised) {
            return Err(ApiError::internal(format!(
                "the signer knows {id} as an order, and here it is a move into cold storage"
            )));
        }
        let first = promised.signed.into_iter().next();
        Ok(first.map(|given| given.intent.transfer))
    }

    async fn cold_judge(&self, seen: &Seen, again: bool) -> Result<Verdict, ApiError> {
        let last = seen.last.as_ref();
        if last.is_some_and(ColdMove::is_open) {
            return Ok(Verdict::UnderWay);
        }
        if let Some(transfer) = &seen.forgotten {
            let is_there = seen.free.base() >= transfer.amount.base();
            return Ok(if is_there {
                Verdict::Forgotten
            } else {
                Verdict::Differs
            });
        }
        let Some(excess) = seen.band.excess(seen.free) else {
            return Ok(Verdict::Below);
        };
        let Some(address) = &seen.address else {
            return Ok(Verdict::NoAddress);
        };
        let was_refused = last.is_some_and(|last| last.state == ColdState::Refused);
        if was_refused && !again {
            return Ok(Verdict::Refused);
        }
        let (environment, asset) = (seen.environment, seen.asset());
        let owner = self.hot_wallet(environment, asset.network()).await?;
        let chain = self.chain_of(environment, asset.network())?;
        let there = chain.balance(&owner, asset).await?;
        let books = self.wallet_books(environment, asset).await?;
        if compare_wallet(asset, books, there.base()).is_some() {
            return Ok(Verdict::Differs);
        }
        let fee = match self.cold_fee(environment, (address, excess)).await? {
            Ok(fee) => fee,
            Err(verdict) => return Ok(verdict),
        };
        // What pays for it has to be there, too, and is not what is moved.
        let native = self.cold_free(environment, fee.asset()).await?;
        let moves = if native.asset() == asset {
            excess.base()
        } else {
            0
        };
        let left = native.base().checked_sub(moves);
        Ok(if left.is_some_and(|left| left >= fee.base()) {
            Verdict::Ready
        } else {
            Verdict::Dear
        })
    }

    /// What moving it costs, or why that cannot be now.
    async fn cold_fee(
        &self,
        environment: Environment,
        (address, excess): (&Address, Amount),
    ) -> Result<Result<Amount, Verdict>, ApiError> {
        let asset = excess.asset();
        if asset.network() == Network::Bitcoin {
            let coins = self.cold_coins(environment, (address, excess)).await?;
            return Ok(match coins {
                Coins::Enough(source) => Ok(source.fee()),
                Coins::Dear => Err(Verdict::Dear),
                Coins::Few => Err(Verdict::NoCoins),
            });
        }
        let cost = self.cold_cost(environment, asset).await;
        let cost = cost.filter(|cost| cost.is_small_for(excess));
        Ok(cost.map(|cost| cost.fee).ok_or(Verdict::Dear))
    }

    /// Writes down that it is to be moved, and sets it aside, unless something about it has changed. `false`: it has.
    async fn cold_start(&self, seen: &Seen) -> Result<bool, ApiError> {
        let Some((amount, cold)) = seen.goal() else {
            return Ok(false);
        };
        let (environment, asset, free) = (seen.environment, seen.asset(), seen.free);
        let (ids, number) = (SaveIds::new(self, self.now()), seen.number());
        let begun = ColdMove {
            id: self.cold_id(environment, asset, number),
            environment,
            number,
            amount,
            cold,
            out: None,
            state: ColdState::Moving,
            why: None,
            begun_at: ids.now(),
        };
        let entry = begun.begun().map_err(ApiError::internal)?;
        self.db
            .write("cold_start", move |tx: &mut Tx| {
                let (ids, begun, entry) = (ids.clone(), begun.clone(), entry.clone());
                Box::pin(async move {
                    let still = booked(tx, environment, Account::Wallet, asset).await?;
                    if still != free || !tx.cold_insert(&begun).await? {
                        return Ok(false);
                    }
                    let entry_id = EntryId::from_uuid(ids.uuid(1, 0));
                    tx.ledger_post(entry_id, (environment, None), &entry, ids.now())
                        .await
                        .map_err(ledger_failed)?;
                    let job = JobId::from_uuid(ids.uuid(3, 0));
                    tx.job_upsert(job, JobKind::Cold, begun.id.uuid(), ids.now())
                        .await?;
                    Ok::<_, Failure<ApiError>>(true)
                })
            })
            .await
            .map_err(ApiError::from)
    }
}

fn line(seen: &Seen, verdict: Verdict, begun: bool) -> ColdLine {
    let last = seen.last.as_ref();
    let under_way = last.filter(|last| last.is_open()).map(|last| last.amount);
    let amount = under_way.or_else(|| seen.goal().map(|(amount, _)| amount));
    let told = matches!(verdict, Verdict::UnderWay | Verdict::Refused);
    ColdLine {
        currency: seen.asset().ticker().to_owned(),
        network: seen.asset().network(),
        free: seen.free.to_decimal(),
        ceiling: seen.band.ceiling.to_decimal(),
        target: seen.band.target.to_decimal(),
        cold: seen.cold.to_decimal(),
        address: seen.address.as_ref().map(ToString::to_string),
        amount: amount.map(Amount::to_decimal),
        verdict: verdict.name().to_owned(),
        why: last.filter(|_| told).and_then(|last| last.why.clone()),
        begun,
    }
}
