//! What the owner puts into the hot wallets, what they hold, and the books as a whole.

use crate::{
    ApiError, Engine,
    audit::audit,
    deposit::scan_begin,
    error::{ledger_failed, refused},
    member::deed,
    order::SaveIds,
};
use futures::{StreamExt, stream};
use proof_core::{
    Address, Asset, Network,
    audit::Author,
    finding::{WalletBooks, compare_wallet},
    id::EntryId,
    ledger::{Audit, Audited, fund},
    money::Amount,
    partner::Environment,
    stray::{Owned, Stray, StrayState},
};
use proof_store::{Balance, Db, Failure, Tx};
use serde::Serialize;
use serde_json::json;
use std::collections::{BTreeMap, BTreeSet};
use uuid::Uuid;

const POSTINGS_PER_PAGE: i64 = 10_000;

/// Nodes and providers that are asked at the same time for one page.
pub(crate) const ASKED_AT_ONCE: usize = 8;

/// One coin of one hot wallet.
#[derive(Clone, Debug, Serialize)]
pub struct HotWallet {
    pub currency: &'static str,
    pub network: &'static str,
    pub address: String,
    /// What the node says; `None` where it does not answer.
    pub on_chain: Option<String>,
    pub free: String,
    pub reserved: String,
    pub in_transit: String,
    /// At deposit addresses: ours once their orders are over, and not in the hot wallet yet.
    pub at_deposits: String,
    /// In cold storage, by the books.
    pub cold: String,
    /// The address that the signer was configured with, and what the node says that it has.
    pub cold_address: Option<String>,
    pub cold_on_chain: Option<String>,
    /// Above that, coins go there.
    pub ceiling: Option<String>,
    pub floor: String,
    pub low: bool,
    /// The chain has what the books have; `None` where the node does not answer.
    pub agrees: Option<bool>,
    pub takes_fees: bool,
    /// Its network's blocks are read: coins that come are seen.
    pub is_watched: bool,
    /// A real network that has not shown that it works.
    pub unproven: bool,
}

/// Coins that came to a hot wallet, and that no order expects.
#[derive(Clone, Debug, Serialize)]
pub struct TreasuryArrival {
    pub id: String,
    pub amount: String,
    pub currency: &'static str,
    pub network: &'static str,
    pub senders: Vec<String>,
    pub hash: String,
    pub explorer_url: String,
    pub state: &'static str,
    pub seen_at: String,
    pub proposed: Option<String>,
}

#[derive(Clone, Debug, Serialize)]
pub struct TreasuryPage {
    pub environment: Environment,
    pub wallets: Vec<HotWallet>,
    pub arrivals: Vec<TreasuryArrival>,
}

impl Engine {
    /// Books coins that arrived in a hot wallet from the owner.
    pub async fn treasury_fund(
        &self,
        environment: Environment,
        amount: Amount,
    ) -> Result<(), ApiError> {
        let now = self.now();
        let id = EntryId::new(now, self.entropy.as_ref());
        let entry = fund(amount).map_err(ApiError::internal)?;
        self.db
            .write("treasury_fund", move |tx: &mut Tx| {
                let entry = entry.clone();
                Box::pin(async move {
                    tx.ledger_post(id, (environment, None), &entry, now)
                        .await
                        .map_err(ledger_failed)?;
                    Ok::<_, Failure<ApiError>>(())
                })
            })
            .await
            .map_err(ApiError::from)
    }

    /// The hot wallets of one world as nodes and books have them, and what came to them unexpected.
    pub async fn treasury_page(&self, environment: Environment) -> Result<TreasuryPage, ApiError> {
        let networks = self.networks_of(environment);
        let unproven = self.networks_unproven(&[environment]).await?;
        let assets = Asset::all().filter(|asset| networks.contains(&asset.network()));
        let asked = assets.map(|asset| self.hot_wallet_of(environment, asset));
        let asked = stream::iter(asked).buffered(ASKED_AT_ONCE);
        let at_deposits = self.at_deposits(environment).await?;
        let wallets: Vec<Result<HotWallet, ApiError>> = asked
            .map(|wallet| {
                let wallet = wallet?;
                let unproven = unproven.iter().any(|one| one.name() == wallet.network);
                let unit = format!("{}/{}", wallet.currency, wallet.network);
                let at_deposits = at_deposits.get(&unit).cloned();
                Ok(HotWallet {
                    unproven,
                    at_deposits: at_deposits.unwrap_or(wallet.at_deposits),
                    ..wallet
                })
            })
            .collect()
            .await;
        let arrivals = self.strays_open(environment).await?;
        let arrivals = arrivals.iter().map(|stray| self.treasury_arrival(stray));
        Ok(TreasuryPage {
            environment,
            wallets: wallets.into_iter().collect::<Result<_, _>>()?,
            arrivals: arrivals.collect::<Result<_, _>>()?,
        })
    }

    /// What the books have at deposit addresses, by coin.
    async fn at_deposits(
        &self,
        environment: Environment,
    ) -> Result<BTreeMap<String, String>, ApiError> {
        let held = self.ledger_order_sums(environment).await?;
        let held = held.into_iter().filter(|sum| sum.kind == "deposit");
        let sums = held.map(|sum| (sum.unit, sum.amount.unsigned_abs()));
        let text = |(unit, base): (String, u128)| {
            let asset: Asset = unit.parse().ok()?;
            Some((unit, Amount::new(asset, base).to_decimal()))
        };
        Ok(sums.filter_map(text).collect())
    }

    /// None where this server has nothing to do with that world.
    pub(crate) fn networks_of(&self, environment: Environment) -> BTreeSet<Network> {
        let rails = self.rails(environment).ok();
        rails.map_or_else(BTreeSet::new, |rails| {
            rails.chains.keys().copied().collect()
        })
    }

    async fn hot_wallet_of(
        &self,
        environment: Environment,
        asset: Asset,
    ) -> Result<HotWallet, ApiError> {
        let owner = self.hot_wallet(environment, asset.network()).await?;
        let chain = self.chain_of(environment, asset.network())?;
        let there = chain.balance(&owner, asset).await.ok();
        let signer = &self.rails(environment)?.signer;
        let cold_address = signer.cold(asset.network()).await.ok().flatten();
        let cold_there = match &cold_address {
            Some(address) => self.cold_there(environment, address, asset).await,
            None => None,
        };
        let band = self.cold.bands.get(&asset);
        let books: WalletBooks = self.wallet_books(environment, asset).await?;
        let text = |base: i128| {
            let base = u128::try_from(base).unwrap_or(0);
            Amount::new(asset, base).to_decimal()
        };
        let floor = self.health.watching.thresholds.floor(asset);
        Ok(HotWallet {
            currency: asset.ticker(),
            network: asset.network().name(),
            address: owner.to_string(),
            on_chain: there.map(Amount::to_decimal),
            free: text(books.free),
            reserved: text(books.reserved),
            in_transit: text(books.in_transit),
            at_deposits: Amount::new(asset, 0).to_decimal(),
            cold: self.cold_booked(environment, asset).await?.to_decimal(),
            cold_address: cold_address.map(|address| address.to_string()),
            cold_on_chain: cold_there.map(Amount::to_decimal),
            ceiling: band.map(|band| band.ceiling.to_decimal()),
            floor: floor.to_decimal(),
            low: u128::try_from(books.free).unwrap_or(0) < floor.base(),
            agrees: there.map(|there| compare_wallet(asset, books, there.base()).is_none()),
            takes_fees: asset == asset.network().native(),
            is_watched: self
                .scan_load(environment, asset.network())
                .await?
                .is_some(),
            unproven: false,
        })
    }

    /// Before the owner sends coins to a hot wallet: its network's blocks are read from now on.
    pub async fn treasury_watch(
        &self,
        environment: Environment,
        network: Network,
        author: Author,
    ) -> Result<(), ApiError> {
        let height = match self.scan_load(environment, network).await? {
            Some(_) => return Ok(()),
            None => self.chain_of(environment, network)?.tip().await?.height,
        };
        let ids = SaveIds::new(self, self.now());
        let subject = format!("{} {}", environment.name(), network.name());
        let deed = deed(author, "treasury.watch", subject, json!({ "from": height }));
        self.db
            .write("treasury_watch", move |tx: &mut Tx| {
                let (ids, deed) = (ids.clone(), deed.clone());
                Box::pin(async move {
                    scan_begin(tx, environment, &[(network, height)], &ids).await?;
                    audit(tx, &deed, ids.now()).await?;
                    Ok::<_, Failure<ApiError>>(())
                })
            })
            .await
            .map_err(ApiError::from)
    }

    /// Asks the nodes how what came stands now; what is final goes into the books, on `suspense`.
    pub async fn treasury_look(&self, environment: Environment) -> Result<TreasuryPage, ApiError> {
        self.strays_look(environment).await?;
        self.treasury_page(environment).await
    }

    fn treasury_arrival(&self, stray: &Stray) -> Result<TreasuryArrival, ApiError> {
        let (deposit, network) = (&stray.deposit, stray.recipient.network());
        let hash = deposit.key.hash.clone();
        let chain = self.chain_of(stray.environment, network)?;
        let proposal = match &stray.state {
            StrayState::Held { proposal } => proposal.as_ref(),
            StrayState::Seen
            | StrayState::Gone
            | StrayState::Owned { .. }
            | StrayState::FromCold { .. } => None,
        };
        Ok(TreasuryArrival {
            id: stray.id.to_string(),
            amount: deposit.amount.to_decimal(),
            currency: deposit.amount.asset().ticker(),
            network: network.name(),
            senders: deposit.senders.iter().map(ToString::to_string).collect(),
            explorer_url: chain.explorer_url(&hash),
            hash,
            state: stray.state.name(),
            seen_at: deposit.seen_at.to_contract(),
            proposed: proposal.map(|p| {
                let act = match p.act {
                    Owned::Added => "own",
                    Owned::Cold => "cold",
                };
                format!("{act} by {}: {}", p.voice.by, p.voice.reason)
            }),
        })
    }

    /// Every account's balance, for operators.
    pub async fn ledger_balances(&self) -> Result<Vec<Balance>, ApiError> {
        self.db
            .read("ledger_balances", move |tx: &mut Tx| {
                Box::pin(async move { Ok::<_, Failure<ApiError>>(tx.ledger_balances().await?) })
            })
            .await
            .map_err(ApiError::from)
    }

    /// Recomputes the books, all as of one moment.
    pub async fn ledger_check(&self) -> Result<Audited, ApiError> {
        ledger_audit(&self.db).await
    }

    /// The hot wallet of a network.
    pub async fn hot_wallet(
        &self,
        environment: Environment,
        network: Network,
    ) -> Result<Address, ApiError> {
        Ok(self.rails(environment)?.signer.wallet(network).await?)
    }
}

/// Recomputes the books of a database that nobody needs to work on.
pub async fn ledger_audit(db: &Db) -> Result<Audited, ApiError> {
    db.read("ledger_check", move |tx: &mut Tx| {
        Box::pin(async move {
            let mut audit = Audit::default();
            let mut after = (EntryId::from_uuid(Uuid::nil()), -1);
            loop {
                let page = tx.ledger_page(after, POSTINGS_PER_PAGE).await?;
                let Some(last) = page.last() else { break };
                after = (last.entry, last.line);
                for posting in &page {
                    audit
                        .take(posting.entry, &posting.account, posting.amount)
                        .map_err(|error| refused(ApiError::internal(error)))?;
                }
            }
            let kept = tx.ledger_balances().await?;
            let kept = kept.iter().map(|b| (b.key.as_str(), b.amount));
            Ok::<_, Failure<ApiError>>(audit.finish(kept))
        })
    })
    .await
    .map_err(ApiError::from)
}
