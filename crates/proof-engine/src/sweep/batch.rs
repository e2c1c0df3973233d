//! Bitcoin: what lies at many deposit addresses is brought together by one transaction. Coin and fee are one asset, so
//! that no price is asked for.

mod begun;

use super::{
    SWEEPS_OF_ORDER_MAX,
    survey::{SweepPage, Verdict, is_over, number},
};
use crate::{ApiError, Engine, order::SaveIds, transfer::Source};
use begun::{Begun, Wanted};
use proof_core::{
    Network,
    case::{Case, CaseState, Settlement},
    deposit::DepositKey,
    id::{OrderId, SweepId},
    money::Amount,
    order::Order,
    partner::Environment,
    sweep::{Sweep, SweepState, is_worth},
    transfer::{BitcoinForm, Coin, Form, UnsignedFrom, UnsignedTransfer, bitcoin::SWEPT_MAX},
};
use proof_port::{IntentClass, PortError, SigningIntent};
use proof_store::{Failure, Tx};

/// Outputs at one address that are asked about.
const DEPOSITS_MAX: i64 = 500;
const CASES_MAX: i64 = 100;

/// A transaction never costs more than so many usual ones at the operator's highest rate: the signer's own cap is that,
/// where the operator does not say otherwise.
const USUAL_MAX: u128 = 10;

/// What moving coins costs now.
#[derive(Clone)]
pub(crate) struct CoinMarket {
    pub(crate) form: BitcoinForm,
    pub(crate) fee_max: u128,
}

/// One order's balance, as far as it was judged.
struct Judged {
    order: Order,
    amount: Amount,
    cost: Option<Amount>,
    verdict: Verdict,
    begun: bool,
    /// The coins that are worth their own cost, where it is ready.
    coins: Vec<Coin>,
    number: u32,
    /// Signer or chain refused it with others: whatever was the matter with one of them, each goes for itself now.
    alone: bool,
}

/// What the database knows of it.
struct Known {
    order: Order,
    is_over: bool,
    sweeps: Vec<Sweep>,
    keys: Vec<DepositKey>,
}

impl Engine {
    /// `begin` and `room` as for other sweeps; one transaction is one sweep.
    pub(super) async fn batch_survey(
        &self,
        environment: Environment,
        held: Vec<(OrderId, Amount)>,
        (begin, mut room): (Option<bool>, usize),
        page: &mut SweepPage,
    ) -> Result<(), ApiError> {
        if held.is_empty() {
            return Ok(());
        }
        let market = self.coin_market(environment).await?;
        let mut all = Vec::new();
        for (id, amount) in held {
            let judged = self.batch_judge(environment, (id, amount), market.as_ref(), begin);
            all.extend(judged.await?);
        }
        if let Some(market) = &market {
            for group in groups(&all, market.coins_max()) {
                let members: Vec<&Judged> = group.iter().filter_map(|at| all.get(*at)).collect();
                let is_worth = self.coins_are_worth(market, &members);
                let mut begun = false;
                if is_worth && begin.is_some() && room > 0 {
                    begun = self.batch_start(environment, &members).await?;
                    room = room.saturating_sub(usize::from(begun));
                }
                for at in group {
                    if let Some(judged) = all.get_mut(at) {
                        judged.begun = begun;
                        if !is_worth {
                            judged.verdict = Verdict::TooSmall;
                        }
                    }
                }
            }
        }
        for judged in &all {
            let told = (judged.cost, judged.verdict, judged.begun);
            page.tell(&judged.order, judged.amount, told);
        }
        Ok(())
    }

    /// `None`: more than the operator allows, or a simulated network.
    pub(crate) async fn coin_market(
        &self,
        environment: Environment,
    ) -> Result<Option<CoinMarket>, ApiError> {
        let native = Network::Bitcoin.native();
        let chain = self.chain_of(environment, native.network())?;
        let asked = async { Ok((chain.form(native).await?, chain.gas_price().await?)) };
        let (form, price) = match asked.await {
            Ok((Some(Form::Bitcoin(form)), Some(price))) => (*form, price),
            Ok(_) => return Ok(None),
            Err(error) => {
                let error: PortError = error;
                return if error.answered {
                    Ok(None)
                } else {
                    Err(error.into())
                };
            }
        };
        let dearest = BitcoinForm {
            fee_per_kvb: u64::try_from(price.most).unwrap_or(u64::MAX),
            ..form.clone()
        };
        let fee_max = dearest.fee_usual();
        let fee_max = fee_max.and_then(|usual| usual.checked_mul(USUAL_MAX));
        Ok(fee_max.map(|fee_max| CoinMarket { form, fee_max }))
    }

    async fn batch_judge(
        &self,
        environment: Environment,
        (id, amount): (OrderId, Amount),
        market: Option<&CoinMarket>,
        begin: Option<bool>,
    ) -> Result<Option<Judged>, ApiError> {
        let Some(known) = self.batch_known(id, amount.asset().network()).await? else {
            return Ok(None);
        };
        let mut judged = Judged {
            number: number(&known.sweeps, amount.asset()),
            order: known.order.clone(),
            amount,
            cost: None,
            verdict: Verdict::NoPrice,
            begun: false,
            coins: Vec::new(),
            alone: false,
        };
        let of_coin = known.sweeps.iter();
        let of_coin = of_coin.filter(|sweep| sweep.asset() == amount.asset());
        let refusal = of_coin.max_by_key(|sweep| sweep.number);
        let refusal = refusal.filter(|last| last.state == SweepState::Refused);
        let batch = refusal.and_then(|last| last.batch.as_ref());
        judged.alone = batch.is_some_and(|batch| !batch.is_single());
        let was_refused = refusal.is_some() && !judged.alone;
        let lost = self.batch_lost(environment, &known).await?;
        judged.verdict = match (market, lost) {
            _ if known.sweeps.iter().any(|sweep| sweep.state.is_open()) => Verdict::UnderWay,
            _ if !known.is_over => Verdict::OrderOpen,
            // What the lost life of a restored server has signed is taken over before anything else.
            (_, Some(lost)) if begin.is_some() => {
                judged.begun = self.batch_adopt(&known.order, &lost).await?;
                if judged.begun {
                    Verdict::UnderWay
                } else {
                    Verdict::Elsewhere
                }
            }
            (_, Some(_)) => Verdict::UnderWay,
            (None, None) => Verdict::NoPrice,
            (Some(market), None) => {
                judged.cost = market.fee(1);
                if was_refused && begin != Some(true) {
                    Verdict::Refused
                } else if self.worthy(market, amount.base()) {
                    self.batch_coins(environment, &known, market, &mut judged)
                        .await?
                } else {
                    Verdict::TooSmall
                }
            }
        };
        Ok(Some(judged))
    }

    async fn batch_known(&self, id: OrderId, network: Network) -> Result<Option<Known>, ApiError> {
        self.db
            .read("batch_known", move |tx: &mut Tx| {
                Box::pin(async move {
                    let Some(stored) = tx.order_work(id).await? else {
                        return Ok::<_, Failure<ApiError>>(None);
                    };
                    let is_over = is_over(tx, &stored.order).await?;
                    let sweeps = tx.sweep_of_order(id, SWEEPS_OF_ORDER_MAX).await?;
                    let mut keys = tx.deposit_of_order(id, network, DEPOSITS_MAX).await?;
                    // What another order took over is in its books.
                    let cases = tx.case_of_order(id, CASES_MAX).await?;
                    keys.retain(|key| !cases.iter().any(|case| sold(case, key)));
                    Ok(Some(Known {
                        order: stored.order,
                        is_over,
                        sweeps,
                        keys,
                    }))
                })
            })
            .await
            .map_err(ApiError::from)
    }

    /// The coins are there and final, and they are what the books have; those are taken that are worth their own cost.
    async fn batch_coins(
        &self,
        environment: Environment,
        known: &Known,
        market: &CoinMarket,
        judged: &mut Judged,
    ) -> Result<Verdict, ApiError> {
        // An order that sells another one's late deposit shows the other one's address.
        let own = known.order.origin.is_none();
        let Some(sale) = known.order.sale.as_ref().filter(|_| own) else {
            return Ok(Verdict::Elsewhere);
        };
        if sale.deposit_address.network() != judged.amount.asset().network() {
            return Ok(Verdict::Elsewhere);
        }
        let chain = self.chain_of(environment, judged.amount.asset().network())?;
        let asked = chain.coins_among(&sale.deposit_address, &known.keys);
        let mut coins = asked.await?;
        let there = coins.iter().map(|coin| coin.base);
        if there.fold(0, u128::saturating_add) != judged.amount.base() {
            return Ok(Verdict::Elsewhere);
        }
        coins.retain(|coin| self.worthy(market, coin.base));
        coins.sort_by(|a, b| b.base.cmp(&a.base).then_with(|| a.cmp(b)));
        coins.truncate(market.coins_max());
        if coins.is_empty() {
            return Ok(Verdict::TooSmall);
        }
        judged.cost = market.fee(coins.len());
        judged.coins = coins;
        Ok(Verdict::Ready)
    }

    /// Whether a coin of this value is worth its own place.
    fn worthy(&self, market: &CoinMarket, base: u128) -> bool {
        let cost = market.form.fee_input();
        cost.is_some_and(|cost| is_worth(base, cost, self.sweeping.share).unwrap_or(false))
    }

    /// And all of them together what the whole transaction costs.
    fn coins_are_worth(&self, market: &CoinMarket, members: &[&Judged]) -> bool {
        let coins = || members.iter().flat_map(|judged| &judged.coins);
        let value = coins().fold(0_u128, |sum, coin| sum.saturating_add(coin.base));
        let cost = market.form.fee_sweep(coins().count());
        cost.is_some_and(|cost| is_worth(value, cost, self.sweeping.share).unwrap_or(false))
    }

    /// The same of a transfer that is planned, or raised.
    pub(crate) fn batch_is_worth(&self, transfer: &UnsignedTransfer) -> bool {
        let (amount, cost) = (transfer.amount.base(), transfer.fee.base());
        let value = amount.saturating_add(cost);
        is_worth(value, cost, self.sweeping.share).unwrap_or(false)
    }

    /// Writes down that these are brought together, unless something about one of them has changed. `false`: it has.
    async fn batch_start(
        &self,
        environment: Environment,
        members: &[&Judged],
    ) -> Result<bool, ApiError> {
        let Some(first) = members.first() else {
            return Ok(false);
        };
        let asset = first.amount.asset();
        let name = format!("sweep {asset}");
        let (order, now) = (first.order.id, self.now());
        let begun = Begun {
            intent: self.intent(order, &name, first.number),
            order,
            host: order,
            wallet: self.hot_wallet(environment, asset.network()).await?,
            environment,
            asset,
            parts: members
                .iter()
                .map(|judged| Wanted {
                    order: judged.order.id,
                    coins: judged.coins.clone(),
                    booked: Some((judged.amount, judged.number)),
                    sweep: SweepId::new(now, self.entropy.as_ref()),
                })
                .collect(),
        };
        self.batch_insert("batch_start", begun).await
    }

    /// What was signed for this order's coins, and no sweep here has: only a restored server has forgotten such a thing.
    async fn batch_lost(
        &self,
        environment: Environment,
        known: &Known,
    ) -> Result<Option<SigningIntent>, ApiError> {
        if !self.predates(known.order.created_at) {
            return Ok(None);
        }
        let signer = &self.rails(environment)?.signer;
        let promised = signer.promised(known.order.id).await?;
        let is_ours = |intent| {
            let mut batches = known.sweeps.iter().filter_map(|sweep| sweep.batch.as_ref());
            batches.any(|batch| batch.intent == intent)
        };
        let lost = promised.signed.into_iter().map(|given| given.intent);
        let mut lost = lost.filter(|given| given.class == IntentClass::Sweep);
        Ok(lost.find(|given| {
            matches!(given.transfer.from, UnsignedFrom::Deposits(_)) && !is_ours(given.intent)
        }))
    }

    /// Puts down what the signer says, so that the transfer is taken over as all others are. `false`: an order of it is
    /// not that far here, or the books lack something of it.
    async fn batch_adopt(&self, host: &Order, lost: &SigningIntent) -> Result<bool, ApiError> {
        let transfer = &lost.transfer;
        let UnsignedFrom::Deposits(deposits) = &transfer.from else {
            return Ok(false);
        };
        let now = self.now();
        let mut parts: Vec<Wanted> = Vec::new();
        for one in deposits {
            match parts.iter_mut().find(|part| part.order == one.order) {
                Some(part) => part.coins.push(one.coin.clone()),
                None => parts.push(Wanted {
                    order: one.order,
                    coins: vec![one.coin.clone()],
                    booked: None,
                    sweep: SweepId::new(now, self.entropy.as_ref()),
                }),
            }
        }
        let begun = Begun {
            intent: lost.intent,
            order: lost.order,
            host: host.id,
            wallet: transfer.recipient.clone(),
            environment: host.environment,
            asset: transfer.amount.asset(),
            parts,
        };
        self.batch_insert("batch_adopt", begun).await
    }

    async fn batch_insert(&self, name: &'static str, begun: Begun) -> Result<bool, ApiError> {
        let ids = SaveIds::new(self, self.now());
        self.db
            .write(name, move |tx: &mut Tx| {
                let (ids, begun) = (ids.clone(), begun.clone());
                Box::pin(async move { begun.save(tx, &ids).await })
            })
            .await
            .map_err(ApiError::from)
    }

    /// What the transaction spends, at the price of now; `None`: it waits.
    pub(super) async fn batch_source(&self, sweep: &Sweep) -> Result<Option<Source>, ApiError> {
        let market = self.coin_market(sweep.environment).await?;
        let (Some(market), Some(batch)) = (market, &sweep.batch) else {
            return Ok(None);
        };
        let coins = batch.coins();
        let fee = market.fee(coins.len());
        let Some(fee) = fee.filter(|fee| fee.base() <= market.fee_max) else {
            return Ok(None);
        };
        let value = batch.base().map_err(ApiError::internal)?;
        let share = self.sweeping.share;
        if !is_worth(value, fee.base(), share).map_err(ApiError::internal)? {
            return Ok(None);
        }
        let form = Form::Bitcoin(Box::new(market.form));
        let source = Source::of_deposits(sweep.source.clone(), coins, (form, fee));
        Ok(Some(source))
    }
}

impl CoinMarket {
    fn fee(&self, coins: usize) -> Option<Amount> {
        let base = self.form.fee_sweep(coins)?;
        Some(Amount::new(Network::Bitcoin.native(), base))
    }

    /// As many as one transaction may have.
    fn coins_max(&self) -> usize {
        let fits = |coins: &usize| {
            let fee = self.form.fee_sweep(*coins);
            fee.is_some_and(|fee| fee <= self.fee_max)
        };
        (1..=SWEPT_MAX).rev().find(fits).unwrap_or(0)
    }
}

/// Those that go together in one transaction, the oldest orders first; what has no room waits for the next look. An
/// order's coins go together.
fn groups(all: &[Judged], coins_max: usize) -> Vec<Vec<usize>> {
    let (mut groups, mut shared, mut coins) = (Vec::new(), Vec::new(), 0_usize);
    let ready = |judged: &Judged| judged.verdict == Verdict::Ready && !judged.coins.is_empty();
    for (at, judged) in all.iter().enumerate().filter(|(_, judged)| ready(judged)) {
        let with = coins.saturating_add(judged.coins.len());
        if judged.alone {
            groups.push(vec![at]);
        } else if with <= coins_max {
            shared.push(at);
            coins = with;
        }
    }
    if !shared.is_empty() {
        groups.insert(0, shared);
    }
    groups
}

/// Whether its user sold this late deposit as a new order.
fn sold(case: &Case, key: &DepositKey) -> bool {
    let is_sold = matches!(&case.state, CaseState::Settled(Settlement::Sold { .. }));
    is_sold && case.deposit.as_ref() == Some(key)
}
