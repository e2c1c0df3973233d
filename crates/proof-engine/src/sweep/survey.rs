//! What lies at deposit addresses, what moving it would cost, and beginning to where that is little.

use super::{SWEEP_WAIT_SECONDS, SWEEPS_OF_ORDER_MAX, at_deposit, cost::Cost};
use crate::{
    ApiError, Engine,
    audit::audit,
    member::deed,
    order::{SaveIds, gone},
    worker::Outcome,
};
use proof_core::{
    Asset, Network,
    audit::Author,
    case::{Case, CaseState},
    id::{JobId, OrderId, SweepId},
    ledger::key_alone,
    money::{Amount, Bps},
    order::Order,
    partner::Environment,
    sweep::{Sweep, SweepState},
};
use proof_store::{Failure, JobKind, Tx};
use serde::{Deserialize, Serialize};
use serde_json::json;
use std::collections::{BTreeMap, BTreeSet};

/// What one look tells of at most.
pub const SWEEP_LINES_MAX: usize = 1_000;

const ADDRESSES_PER_PAGE: i64 = 500;
const CASES_MAX: i64 = 100;

/// What the operator says about it: `[sweep]`. Without networks nothing is swept.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Sweeping {
    pub networks: BTreeSet<Network>,
    /// The most that a sweep may cost, of what it moves.
    pub share: Bps,
    /// `None`: only when somebody asks.
    pub every_minutes: Option<u32>,
    /// Sweeps that one look begins at most.
    pub batch: usize,
}

impl Sweeping {
    /// Nothing is swept.
    pub const OFF: Self = Self {
        networks: BTreeSet::new(),
        share: Bps::ZERO,
        every_minutes: None,
        batch: 0,
    };
}

/// One coin at one deposit address.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct SweepLine {
    pub order: OrderId,
    pub address: String,
    pub amount: String,
    pub currency: String,
    pub network: Network,
    /// The most that moving it would cost now, in the network's own coin.
    pub cost: Option<String>,
    /// `ready`, `too_small`, `no_price`, `order_open`, `under_way`, `refused` or `elsewhere`.
    pub verdict: String,
    /// It was begun now.
    pub begun: bool,
}

#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct SweepPage {
    pub lines: Vec<SweepLine>,
    /// There is more than that.
    pub more: bool,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Verdict {
    Ready,
    TooSmall,
    NoPrice,
    OrderOpen,
    UnderWay,
    Refused,
    Elsewhere,
}

impl Verdict {
    const fn name(self) -> &'static str {
        match self {
            Self::Ready => "ready",
            Self::TooSmall => "too_small",
            Self::NoPrice => "no_price",
            Self::OrderOpen => "order_open",
            Self::UnderWay => "under_way",
            Self::Refused => "refused",
            Self::Elsewhere => "elsewhere",
        }
    }
}

impl Engine {
    /// Plans the looks of each environment, unless they are planned.
    pub(crate) async fn sweep_begin(&self) -> Result<(), ApiError> {
        if self.sweeping.every_minutes.is_none() {
            return Ok(());
        }
        self.looks_begin("sweep_begin", JobKind::Sweep, self.now())
            .await
    }

    pub(crate) async fn sweep_look(&self, environment: Environment) -> Result<Outcome, ApiError> {
        let Some(minutes) = self.sweeping.every_minutes else {
            return Ok(Outcome::Done);
        };
        let page = self.sweep_survey(environment, Some(false)).await?;
        let begun = page.lines.iter().filter(|line| line.begun).count();
        if begun > 0 {
            tracing::info!(begun, "deposit addresses are being emptied");
        }
        let next = self.now().plus_seconds(i64::from(minutes) * 60);
        Ok(Outcome::Again(next))
    }

    /// What would be swept, and why the rest would not.
    pub async fn sweep_preview(&self, environment: Environment) -> Result<SweepPage, ApiError> {
        self.sweep_survey(environment, None).await
    }

    /// A person asks for it: also for what was refused before.
    pub async fn sweep_ask(
        &self,
        environment: Environment,
        author: Author,
    ) -> Result<SweepPage, ApiError> {
        self.may_change()?;
        let page = self.sweep_survey(environment, Some(true)).await?;
        let begun = page.lines.iter().filter(|line| line.begun);
        let told = json!({ "begun": begun.map(|line| line.order).collect::<Vec<_>>() });
        let deed = deed(
            author,
            "treasury.sweep",
            environment.name().to_owned(),
            told,
        );
        let now = self.now();
        self.db
            .write("sweep_ask", move |tx: &mut Tx| {
                let deed = deed.clone();
                Box::pin(async move {
                    audit(tx, &deed, now).await?;
                    Ok::<_, Failure<ApiError>>(())
                })
            })
            .await?;
        Ok(page)
    }

    /// Goes through the books. `begin`: what is ready is begun; `Some(true)` also what was refused before.
    async fn sweep_survey(
        &self,
        environment: Environment,
        begin: Option<bool>,
    ) -> Result<SweepPage, ApiError> {
        let (mut page, mut after, mut begun) = (SweepPage::default(), String::new(), 0);
        let mut costs: BTreeMap<Asset, Option<Cost>> = BTreeMap::new();
        let mut coins = Vec::new();
        loop {
            let (here, from) = (environment, after.clone());
            let held = self
                .db
                .read("sweep_survey", move |tx: &mut Tx| {
                    let from = from.clone();
                    Box::pin(async move {
                        let held = tx.ledger_deposits(here, &from, ADDRESSES_PER_PAGE).await?;
                        Ok::<_, Failure<ApiError>>(held)
                    })
                })
                .await?;
            let Some(last) = held.last() else { break };
            after.clone_from(&last.key);
            for balance in &held {
                let Some((order, amount)) = held_of(&balance.key, balance.amount) else {
                    continue;
                };
                let asset = amount.asset();
                if !self.sweeping.networks.contains(&asset.network()) {
                    continue;
                }
                if asset == Network::Bitcoin.native() {
                    coins.push((order, amount));
                    continue;
                }
                let cost = match costs.get(&asset) {
                    Some(known) => *known,
                    None => {
                        let asked = self.usual_cost(environment, asset).await;
                        costs.insert(asset, asked);
                        asked
                    }
                };
                let again = begin == Some(true);
                let found = self.sweep_judge(environment, (order, amount), cost, again);
                let Some((order, lost, cost, verdict)) = found.await? else {
                    continue;
                };
                let may = begin.is_some() && begun < self.sweeping.batch;
                let gas = lost.or_else(|| cost.map(|cost| Gas::For(cost.fee)));
                let starts = match gas {
                    Some(gas) if may && verdict == Verdict::Ready => {
                        self.sweep_start(&order, amount, gas).await?
                    }
                    _ => false,
                };
                begun += usize::from(starts);
                let cost = cost.map(|cost| cost.total);
                page.tell(&order, amount, (cost, verdict, starts));
            }
        }
        // What is brought together costs less.
        let room = self.sweeping.batch.saturating_sub(begun);
        self.batch_survey(environment, coins, (begin, room), &mut page)
            .await?;
        Ok(page)
    }

    /// `None`: it is no order's. The same address holds one coin's worth of work at a time.
    async fn sweep_judge(
        &self,
        environment: Environment,
        (id, amount): (OrderId, Amount),
        cost: Option<Cost>,
        again: bool,
    ) -> Result<Option<(Order, Option<Gas>, Option<Cost>, Verdict)>, ApiError> {
        let found = self
            .db
            .read("sweep_judge", move |tx: &mut Tx| {
                Box::pin(async move {
                    let Some(stored) = tx.order_work(id).await? else {
                        return Ok(None);
                    };
                    let is_over = is_over(tx, &stored.order).await?;
                    let sweeps = tx.sweep_of_order(id, SWEEPS_OF_ORDER_MAX).await?;
                    Ok::<_, Failure<ApiError>>(Some((stored.order, is_over, sweeps)))
                })
            })
            .await?;
        let Some((order, is_over, sweeps)) = found else {
            return Ok(None);
        };
        let asset = amount.asset();
        let of_coin = sweeps.iter().filter(|sweep| sweep.asset() == asset);
        let last = of_coin.max_by_key(|sweep| sweep.number);
        let was_refused = last.is_some_and(Sweep::is_refused);
        let lost = self.sweep_lost(&order, asset, &sweeps).await?;
        let verdict = match cost {
            _ if sweeps.iter().any(|sweep| sweep.state.is_open()) => Verdict::UnderWay,
            _ if !is_over => Verdict::OrderOpen,
            // Whatever it costs now: it is signed, and the books have to learn of it.
            _ if lost.is_some() => Verdict::Ready,
            None => Verdict::NoPrice,
            Some(cost) if !cost.is_small_for(amount) => Verdict::TooSmall,
            Some(_) if was_refused && !again => Verdict::Refused,
            Some(_) if !self.is_there(environment, &order, amount).await? => Verdict::Elsewhere,
            Some(_) => {
                let (cost, verdict) = self.sweep_tried(&order, amount).await?;
                return Ok(Some((order, lost, cost, verdict)));
            }
        };
        Ok(Some((order, lost, cost, verdict)))
    }

    /// What emptying any address of a coin costs: each has what its own costs looked at before it is begun.
    async fn usual_cost(&self, environment: Environment, asset: Asset) -> Option<Cost> {
        let wallet = self.hot_wallet(environment, asset.network()).await.ok()?;
        self.sweep_cost(environment, &wallet, Amount::new(asset, 1))
            .await
    }

    /// Whether emptying this very address does anything, at what that costs: before anything is sent there for it.
    async fn sweep_tried(
        &self,
        order: &Order,
        amount: Amount,
    ) -> Result<(Option<Cost>, Verdict), ApiError> {
        let Some(sale) = &order.sale else {
            return Ok((None, Verdict::Elsewhere));
        };
        let (environment, network) = (order.environment, amount.asset().network());
        let (chain, from) = (self.chain_of(environment, network)?, &sale.deposit_address);
        let wallet = self.hot_wallet(environment, network).await?;
        let cost = self.sweep_cost(environment, from, amount).await;
        let verdict = match cost {
            None => Verdict::NoPrice,
            Some(cost) if !cost.is_small_for(amount) => Verdict::TooSmall,
            Some(_) if chain.refuses(from, &wallet, amount).await? => Verdict::Refused,
            Some(_) => Verdict::Ready,
        };
        Ok((cost, verdict))
    }

    /// Whether the address of this order has it: what another order took over lies at the other one's.
    async fn is_there(
        &self,
        environment: Environment,
        order: &Order,
        amount: Amount,
    ) -> Result<bool, ApiError> {
        // An order that sells another one's late deposit shows the other one's address.
        let own = order.origin.is_none();
        let Some(sale) = order.sale.as_ref().filter(|_| own) else {
            return Ok(false);
        };
        let asset = amount.asset();
        if sale.deposit_address.network() != asset.network() {
            return Ok(false);
        }
        let chain = self.chain_of(environment, asset.network())?;
        let there = chain.balance(&sale.deposit_address, asset).await?;
        Ok(there.base() >= amount.base())
    }

    /// What the lost life of a restored server has signed of the next sweep: it is done, or will be. `None`: nothing.
    async fn sweep_lost(
        &self,
        order: &Order,
        asset: Asset,
        sweeps: &[Sweep],
    ) -> Result<Option<Gas>, ApiError> {
        if !self.predates(order.created_at) {
            return Ok(None);
        }
        let signer = &self.rails(order.environment)?.signer;
        let signed = signer.promised(order.id).await?.signed;
        let amount = |name: &str| {
            let intent = self.intent(order.id, &format!("{name} {asset}"), number(sweeps, asset));
            let mut given = signed.iter().map(|given| &given.intent);
            let own = given.find(|given| given.intent == intent);
            own.map(|given| given.transfer.amount)
        };
        let (top_up, sweep) = (amount("top_up"), amount("sweep"));
        Ok(top_up.or(sweep).map(|_| Gas::Signed(top_up)))
    }

    /// Writes down that an address is to be emptied, unless something about it has changed. `false`: it has.
    async fn sweep_start(&self, order: &Order, amount: Amount, gas: Gas) -> Result<bool, ApiError> {
        let Some(sale) = &order.sale else {
            return Ok(false);
        };
        let (environment, asset) = (order.environment, amount.asset());
        let native = asset.network().native();
        let wallet = self.hot_wallet(environment, asset.network()).await?;
        let (now, id, source) = (self.now(), order.id, sale.deposit_address.clone());
        let (ids, sweep) = (
            SaveIds::new(self, now),
            SweepId::new(now, self.entropy.as_ref()),
        );
        self.db
            .write("sweep_start", move |tx: &mut Tx| {
                let (ids, wallet, source) = (ids.clone(), wallet.clone(), source.clone());
                Box::pin(async move {
                    let order = tx.order_lock(id).await?.ok_or_else(gone)?.order;
                    let booked = at_deposit(tx, environment, id, asset).await?;
                    if booked != amount.base() || !is_over(tx, &order).await? {
                        return Ok(false);
                    }
                    let sweeps = tx.sweep_of_order(id, SWEEPS_OF_ORDER_MAX).await?;
                    let have = at_deposit(tx, environment, id, native).await?;
                    let gas = match gas {
                        Gas::Signed(amount) => amount,
                        // A native coin pays for itself.
                        Gas::For(_) if asset == native => None,
                        Gas::For(fee) => {
                            let lacks = fee.base().saturating_sub(have);
                            (lacks > 0).then(|| Amount::new(native, lacks))
                        }
                    };
                    let begun = Sweep {
                        id: sweep,
                        environment,
                        order: id,
                        number: number(&sweeps, asset),
                        amount,
                        source,
                        wallet,
                        state: match gas {
                            Some(_) => SweepState::ToppingUp,
                            None => SweepState::Sweeping,
                        },
                        gas,
                        top_up: None,
                        out: None,
                        begun_at: now,
                        batch: None,
                        expired: false,
                    };
                    if !tx.sweep_insert(&begun).await? {
                        return Ok(false);
                    }
                    let job = JobId::from_uuid(ids.uuid(3, 0));
                    tx.job_upsert(job, JobKind::Sweep, sweep.uuid(), now)
                        .await?;
                    Ok::<_, Failure<ApiError>>(true)
                })
            })
            .await
            .map_err(ApiError::from)
    }

    pub(crate) fn sweep_waits(&self) -> Outcome {
        Outcome::Again(self.now().plus_seconds(SWEEP_WAIT_SECONDS))
    }
}

/// What is brought to an address before a token moves from there.
#[derive(Clone, Copy)]
enum Gas {
    /// What the lost life has signed for that.
    Signed(Option<Amount>),
    /// What the books lack there for this fee.
    For(Amount),
}

impl SweepPage {
    pub(super) fn tell(
        &mut self,
        order: &Order,
        amount: Amount,
        (cost, verdict, begun): (Option<Amount>, Verdict, bool),
    ) {
        // What was begun is told in any case: it is kept in the audit.
        if self.lines.len() >= SWEEP_LINES_MAX && !begun {
            self.more = true;
            return;
        }
        let address = order.sale.as_ref().map(|sale| &sale.deposit_address);
        self.lines.push(SweepLine {
            order: order.id,
            address: address.map(ToString::to_string).unwrap_or_default(),
            amount: amount.to_decimal(),
            currency: amount.asset().ticker().to_owned(),
            network: amount.asset().network(),
            cost: cost.map(Amount::to_decimal),
            verdict: verdict.name().to_owned(),
            begun,
        });
    }
}

/// The next one's.
pub(super) fn number(sweeps: &[Sweep], asset: Asset) -> u32 {
    let before = sweeps.iter().filter(|sweep| sweep.asset() == asset);
    u32::try_from(before.count())
        .unwrap_or(u32::MAX)
        .saturating_add(1)
}

/// Nobody has a claim to these coins any more: the order has ended, and so have its cases.
pub(super) async fn is_over(tx: &mut Tx, order: &Order) -> Result<bool, Failure<ApiError>> {
    let cases = tx.case_of_order(order.id, CASES_MAX).await?;
    let settled = |case: &Case| matches!(case.state, CaseState::Settled(_));
    let settled = cases.iter().all(settled);
    Ok(order.status().is_terminal() && settled)
}

/// Whose it is, by the account's name.
fn held_of(key: &str, base: i128) -> Option<(OrderId, Amount)> {
    let rest = key_alone(key).strip_prefix("deposit:")?;
    let (order, asset) = rest.split_once(':')?;
    let base = u128::try_from(base).ok().filter(|base| *base > 0)?;
    Some((order.parse().ok()?, Amount::new(asset.parse().ok()?, base)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_accounts_name_says_whose_it_is() {
        let order = OrderId::from_uuid(uuid::Uuid::from_u128(7));
        let usdt: Asset = "USDT/ERC20".parse().unwrap();
        for before in ["", "live/"] {
            let key = format!("{before}deposit:{order}:USDT/ERC20");
            assert_eq!(held_of(&key, 5), Some((order, Amount::new(usdt, 5))));
            assert_eq!(held_of(&key, 0), None);
        }
        assert_eq!(held_of(&format!("customer:{order}:USDT/ERC20"), 5), None);
    }
}
