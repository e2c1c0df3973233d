//! What the signer remembers, and what it therefore agrees to. Pure: the journal's entries in,
//! verdicts out.

use crate::{
    allow::AllowList,
    bitcoin::{self, BitcoinRules},
    journal::Entry,
    limits::{Limits, Outflow, Outflows, OverLimit, Part},
    tron::{self, TronRules},
};
use proof_core::{
    Address, Asset, Network, Timestamp,
    id::{IntentId, OrderId},
    money::Amount,
    recovery::Epoch,
    sweep::fee_shares,
    transfer::{DepositCoin, Form},
};
use proof_port::{
    EvmForm, IntentClass, Signed, SignedIntent, SigningIntent, UnsignedFrom, UnsignedTransfer,
    Whose,
};
use std::{
    cmp::Ordering,
    collections::{BTreeMap, BTreeSet},
    ops::Bound,
};

/// Signatures that one intent has at most: each costs at least a tenth more than the one before.
const SIGNED_MAX: usize = 24;

/// Why a signature is refused; the same question gets the same answer for ever, but for limits that time heals.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
pub enum Refusal {
    #[error(
        "this server's epoch is not the signer's: another one took over, or a restore is not accepted yet"
    )]
    OtherEpoch,
    #[error("an epoch never goes back")]
    EarlierEpoch,
    #[error("the order has another destination")]
    OtherDestination,
    #[error("no address is registered for the order")]
    NotRegistered,
    #[error(
        "the partner's address is not on the signer's list: two approvers have to put it there"
    )]
    NotListed,
    #[error("the partner's address was taken off the signer's list")]
    Delisted,
    #[error("the order has another refund address")]
    OtherRefund,
    #[error("the recipient is not the one that was registered for the order")]
    WrongRecipient,
    #[error("the signer was configured with no address of cold storage for this network")]
    NoCold,
    #[error("the sender is not our wallet")]
    WrongSender,
    #[error("the amount is zero")]
    ZeroAmount,
    #[error("parts of the transfer belong to different networks")]
    MixedNetworks,
    #[error("the transfer spends the wrong kind of source for its network")]
    WrongSource,
    #[error("the coins do not cover amount and fee, or one is named twice")]
    WrongCoins,
    #[error("the nonce or a coin is spent by another intent")]
    SourceTaken,
    #[error("the transfer is not written in the form of its network")]
    WrongForm,
    #[error("the chain is not the one that the signer was configured for")]
    WrongChain,
    #[error("the token's contract is not the one that the signer was configured for")]
    WrongToken,
    #[error(
        "the transfer could be taken for longer than its network allows, or refers to no block"
    )]
    WrongTime,
    #[error("the amount is too small for nodes to pass it on")]
    Dust,
    #[error("the fee is above what the signer was configured for, or is not what the form says")]
    WrongFee,
    #[error("the intent was signed with other facts")]
    OtherFacts,
    #[error("the replacement's fees are not a tenth above those that were signed before")]
    SmallRaise,
    #[error("the intent was replaced too often")]
    TooManyReplacements,
    #[error("{0}")]
    OverLimit(OverLimit),
    #[error("the intent is closed")]
    Closed,
}

/// What the signer knows itself about an EVM chain, whatever it is asked for.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct EvmRules {
    pub chain_id: u64,
    pub contracts: BTreeMap<Asset, Address>,
    /// The most that one transfer may cost, in the native coin's base units.
    pub fee_max: u128,
}

/// What the signer knows itself about a real chain.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum ChainRules {
    Evm(EvmRules),
    Tron(TronRules),
    Bitcoin(BitcoinRules),
}

impl Refusal {
    /// Whether the same question may get another answer later.
    pub const fn is_passing(self) -> bool {
        match self {
            Self::OverLimit(over) => over.is_passing(),
            // Nothing was paid yet, and it may be put there.
            Self::NotListed => true,
            _ => false,
        }
    }
}

#[derive(Clone, PartialEq, Eq, Debug)]
enum IntentState {
    /// The first, and its replacements in their order.
    Signed(Vec<SignedIntent>),
    Closed,
}

#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
enum Source {
    /// Each address counts its own.
    Nonce(Address, u64),
    Coin(Network, String, u32),
}

/// The fold over the journal.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Memory {
    epoch: Epoch,
    destinations: BTreeMap<OrderId, (Address, Whose)>,
    refunds: BTreeMap<OrderId, Address>,
    intents: BTreeMap<IntentId, IntentState>,
    /// In the order in which they were signed.
    of_order: BTreeMap<OrderId, Vec<IntentId>>,
    taken: BTreeMap<Source, IntentId>,
    outflows: Outflows,
    pub list: AllowList,
}

impl Memory {
    /// Before the first line.
    pub fn of(list: AllowList) -> Self {
        Self {
            list,
            ..Self::default()
        }
    }

    pub fn apply(&mut self, entry: &Entry) {
        match entry {
            Entry::Registered {
                order,
                destination,
                whose,
                ..
            } => {
                let destination = (destination.clone(), *whose);
                self.destinations.insert(*order, destination);
            }
            Entry::DepositOpened { order, refund, .. } => {
                self.refunds.insert(*order, refund.clone());
            }
            Entry::Signed { intent, signed, at } => self.apply_signed(intent, signed, *at),
            Entry::Closed { intent } => {
                self.intents.insert(*intent, IntentState::Closed);
            }
            Entry::EpochBegun { epoch } => self.epoch = *epoch,
            Entry::ListVoted { vote } => self.list.voted(vote),
            Entry::ListChanged { change, .. } => self.list.changed(change),
        }
    }

    fn apply_signed(&mut self, intent: &SigningIntent, signed: &Signed, at: Option<Timestamp>) {
        let parts = self.parts(intent);
        self.outflows.count(at, &parts);
        for source in sources(&intent.transfer) {
            self.taken.insert(source, intent.intent);
        }
        let given = SignedIntent {
            intent: intent.clone(),
            signed: signed.clone(),
        };
        if let Some(IntentState::Signed(earlier)) = self.intents.get_mut(&intent.intent) {
            earlier.push(given);
            return;
        }
        // Each order is told of what became of its coins.
        for order in orders(intent) {
            let of_order = self.of_order.entry(order).or_default();
            of_order.push(intent.intent);
        }
        let state = IntentState::Signed(vec![given]);
        self.intents.insert(intent.intent, state);
    }

    /// What a signature would let go. Of a transfer and its replacements one alone happens, so that a replacement
    /// lets go only what it costs more.
    fn parts(&self, intent: &SigningIntent) -> Vec<Part> {
        let (amount, fee) = (intent.transfer.amount, intent.transfer.fee);
        if let Some(IntentState::Signed(earlier)) = self.intents.get(&intent.intent) {
            let fees = earlier.iter().map(|given| given.intent.transfer.fee.base());
            let more = fee.base().saturating_sub(fees.max().unwrap_or(0));
            return vec![part(intent, Outflow::Fee, Amount::new(fee.asset(), more))];
        }
        let of = match intent.class {
            IntentClass::Deliver => match self.destinations.get(&intent.order) {
                Some((_, Whose::Partner)) => Outflow::DeliverListed,
                Some((_, Whose::User)) | None => Outflow::Deliver,
            },
            IntentClass::Return => Outflow::Return,
            IntentClass::Prove => Outflow::Prove,
            IntentClass::Sweep => Outflow::Sweep,
            IntentClass::TopUp => Outflow::TopUp,
            IntentClass::Cold => Outflow::Cold,
        };
        vec![part(intent, of, amount), part(intent, Outflow::Fee, fee)]
    }

    /// Gives the moment that the signature counts at.
    pub fn within(
        &self,
        limits: &Limits,
        intent: &SigningIntent,
        clock: Timestamp,
    ) -> Result<Timestamp, Refusal> {
        let now = self.outflows.now(clock);
        let parts = self.parts(intent);
        let checked = self.outflows.check(limits, now, &parts);
        checked.map_err(Refusal::OverLimit)?;
        Ok(now)
    }

    pub const fn epoch(&self) -> Epoch {
        self.epoch
    }

    /// Whether somebody of this epoch may ask for a promise.
    pub fn serves(&self, epoch: Epoch) -> Result<(), Refusal> {
        if epoch == self.epoch {
            Ok(())
        } else {
            Err(Refusal::OtherEpoch)
        }
    }

    /// `true`: new, to be journalled.
    pub fn may_begin(&self, epoch: Epoch) -> Result<bool, Refusal> {
        match epoch.cmp(&self.epoch) {
            Ordering::Less => Err(Refusal::EarlierEpoch),
            Ordering::Equal => Ok(false),
            Ordering::Greater => Ok(true),
        }
    }

    /// Orders about which anything was promised, in the order of their ids.
    pub fn orders_after(&self, after: Option<OrderId>, limit: usize) -> Vec<OrderId> {
        let from = after.map_or(Bound::Unbounded, Bound::Excluded);
        let range = (from, Bound::Unbounded);
        // The first of each list are enough: the merged page is not longer.
        let known = self.destinations.range(range).map(|(order, _)| *order);
        let opened = self.refunds.range(range).map(|(order, _)| *order);
        let signed = self.of_order.range(range).map(|(order, _)| *order);
        let mut orders: Vec<_> = known.take(limit).collect();
        orders.extend(opened.take(limit));
        orders.extend(signed.take(limit));
        orders.sort_unstable();
        orders.dedup();
        orders.truncate(limit);
        orders
    }

    pub fn destination(&self, order: OrderId) -> Option<&Address> {
        self.destinations.get(&order).map(|(known, _)| known)
    }

    pub fn refund(&self, order: OrderId) -> Option<&Address> {
        self.refunds.get(&order)
    }

    pub fn signed_of(&self, order: OrderId) -> Vec<SignedIntent> {
        let intents = self.of_order.get(&order).into_iter().flatten();
        let signed = intents.filter_map(|intent| match self.intents.get(intent) {
            Some(IntentState::Signed(given)) => Some(given.clone()),
            Some(IntentState::Closed) | None => None,
        });
        signed.flatten().collect()
    }

    /// `true`: new, to be journalled.
    pub fn may_register(
        &self,
        order: OrderId,
        destination: &Address,
        whose: Whose,
    ) -> Result<bool, Refusal> {
        match self.destinations.get(&order) {
            None if whose == Whose::Partner && !self.list.contains(destination) => {
                Err(Refusal::NotListed)
            }
            None => Ok(true),
            Some((known, _)) if known == destination => Ok(false),
            Some(_) => Err(Refusal::OtherDestination),
        }
    }

    /// The same for the place that an order's deposit goes back to.
    pub fn may_open_deposit(&self, order: OrderId, refund: &Address) -> Result<bool, Refusal> {
        match self.refunds.get(&order) {
            None => Ok(true),
            Some(known) if known == refund => Ok(false),
            Some(_) => Err(Refusal::OtherRefund),
        }
    }

    /// `Some`: the signature given earlier. `deposit` is the address that is derived for the order, `cold` the one that
    /// was configured.
    pub fn may_sign(
        &self,
        intent: &SigningIntent,
        wallet: &Address,
        deposit: Option<&Address>,
        cold: Option<&Address>,
    ) -> Result<Option<Signed>, Refusal> {
        match self.intents.get(&intent.intent) {
            Some(IntentState::Closed) => return Err(Refusal::Closed),
            Some(IntentState::Signed(given)) => return may_replace(given, intent),
            None => {}
        }
        let (recipient, asset) = (&intent.transfer.recipient, intent.transfer.amount.asset());
        let fits = match intent.class {
            IntentClass::Deliver => {
                let known = self.destinations.get(&intent.order);
                if let Some((known, Whose::Partner)) = known
                    && !self.list.contains(known)
                {
                    return Err(Refusal::Delisted);
                }
                known.map(|(known, _)| known == recipient)
            }
            // Coins that came over another network with the same kind of address go back on it.
            IntentClass::Return => {
                let known = self.refunds.get(&intent.order);
                known.map(|known| known.as_str() == recipient.as_str())
            }
            // The address is ours, and what comes there goes back to our own wallet: it is no customer's.
            IntentClass::Prove => {
                let known = self.refunds.get(&intent.order);
                known.map(|known| known == wallet && deposit == Some(recipient))
            }
            IntentClass::Sweep => {
                let mut all = orders(intent).into_iter();
                let opened = all.all(|order| self.refunds.contains_key(&order));
                opened.then(|| recipient == wallet)
            }
            IntentClass::TopUp => {
                let known = self.refunds.get(&intent.order);
                let native = asset == asset.network().native();
                known.map(|_| native && deposit == Some(recipient))
            }
            // No order has to be known: there is one address, and no server names it.
            IntentClass::Cold => match cold {
                None => return Err(Refusal::NoCold),
                Some(cold) => Some(cold == recipient),
            },
        };
        match fits {
            None => return Err(Refusal::NotRegistered),
            Some(true) => {}
            Some(false) => return Err(Refusal::WrongRecipient),
        }
        let sender = match (intent.class, deposit) {
            (IntentClass::Sweep, Some(deposit)) => deposit,
            (IntentClass::Sweep, None) => return Err(Refusal::WrongSender),
            _ => wallet,
        };
        // Of coins only deposits are swept, and deposits are only swept.
        let sweeps_coins =
            intent.class == IntentClass::Sweep && asset.network() == Network::Bitcoin;
        let are_deposits = matches!(intent.transfer.from, UnsignedFrom::Deposits(_));
        let own = deposits(intent).iter().any(|one| one.order == intent.order);
        if sweeps_coins != are_deposits || own != are_deposits {
            return Err(Refusal::WrongSource);
        }
        check_transfer(&intent.transfer, sender)?;
        if sources(&intent.transfer).any(|source| self.taken.contains_key(&source)) {
            return Err(Refusal::SourceTaken);
        }
        Ok(None)
    }

    /// The first signature if there is one, which is what the plan that was made for it said; `None` when the intent is closed or unknown.
    pub fn signed(&self, intent: IntentId) -> Option<Signed> {
        match self.intents.get(&intent) {
            Some(IntentState::Signed(given)) => given.first().map(|given| given.signed.clone()),
            Some(IntentState::Closed) | None => None,
        }
    }

    pub fn is_closed(&self, intent: IntentId) -> bool {
        matches!(self.intents.get(&intent), Some(IntentState::Closed))
    }
}

/// The same again gets the same signature. The same with higher fees may take its place: whichever is mined, the
/// other one never can be.
fn may_replace(given: &[SignedIntent], intent: &SigningIntent) -> Result<Option<Signed>, Refusal> {
    if let Some(same) = given.iter().find(|given| given.intent == *intent) {
        return Ok(Some(same.signed.clone()));
    }
    let last = &given.last().ok_or(Refusal::OtherFacts)?.intent;
    let (before, now) = (&last.transfer, &intent.transfer);
    // Where no form says what a transfer may cost, there is no cap, and nothing is replaced.
    let (form, is_more) = match (&before.form, &now.form) {
        (Some(Form::Evm(cheap)), Some(Form::Evm(dear))) => raised_evm(cheap, dear),
        (Some(Form::Bitcoin(cheap)), Some(Form::Bitcoin(dear))) => {
            let mut form = cheap.clone();
            form.fee_per_kvb = dear.fee_per_kvb;
            let offers = ((&**cheap, before.fee.base()), (&**dear, now.fee.base()));
            (Form::Bitcoin(form), bitcoin::is_more(offers.0, offers.1))
        }
        _ => return Err(Refusal::OtherFacts),
    };
    let raised = SigningIntent {
        transfer: before
            .costing(now.fee, Some(form))
            .ok_or(Refusal::WrongCoins)?,
        ..last.clone()
    };
    if raised != *intent {
        return Err(Refusal::OtherFacts);
    }
    if !is_more {
        return Err(Refusal::SmallRaise);
    }
    if given.len() >= SIGNED_MAX {
        return Err(Refusal::TooManyReplacements);
    }
    Ok(None)
}

/// The first with the other's fees, and whether nodes would take it in the first one's place.
fn raised_evm(before: &EvmForm, now: &EvmForm) -> (Form, bool) {
    let form = EvmForm {
        fee_per_gas_max: now.fee_per_gas_max,
        tip_per_gas_max: now.tip_per_gas_max,
        ..before.clone()
    };
    let is_enough = |before: u128, now: u128| now >= before.saturating_add(before.div_ceil(10));
    let is_more = now.fee_per_gas_max > before.fee_per_gas_max
        && is_enough(before.fee_per_gas_max, now.fee_per_gas_max)
        && is_enough(before.tip_per_gas_max, now.tip_per_gas_max);
    (Form::Evm(Box::new(form)), is_more)
}

fn check_transfer(transfer: &UnsignedTransfer, wallet: &Address) -> Result<(), Refusal> {
    let network = transfer.amount.asset().network();
    if transfer.amount.is_zero() {
        return Err(Refusal::ZeroAmount);
    }
    if transfer.recipient.network() != network || transfer.fee.asset() != network.native() {
        return Err(Refusal::MixedNetworks);
    }
    if transfer.sender != *wallet || wallet.network() != network {
        return Err(Refusal::WrongSender);
    }
    match (&transfer.from, network) {
        (UnsignedFrom::Nonce(_), Network::Trc20) => Ok(()),
        (UnsignedFrom::Nonce(_), network) if network.is_evm() => Ok(()),
        (UnsignedFrom::Coins(_) | UnsignedFrom::Deposits(_), Network::Bitcoin) => {
            check_coins(transfer)
        }
        (UnsignedFrom::Nonce(_) | UnsignedFrom::Coins(_) | UnsignedFrom::Deposits(_), _) => {
            Err(Refusal::WrongSource)
        }
    }
}

/// A transfer on a network with rules is written in its form and keeps to them; one on any other network has none.
pub fn check_form(transfer: &UnsignedTransfer, rules: Option<&ChainRules>) -> Result<(), Refusal> {
    match (&transfer.form, rules) {
        (None, None) if matches!(transfer.from, UnsignedFrom::Deposits(_)) => {
            Err(Refusal::WrongForm)
        }
        (None, None) => Ok(()),
        (Some(Form::Evm(form)), Some(ChainRules::Evm(rules))) => check_evm(transfer, form, rules),
        (Some(Form::Tron(form)), Some(ChainRules::Tron(rules))) => {
            tron::check(transfer, form, rules)
        }
        (Some(Form::Bitcoin(form)), Some(ChainRules::Bitcoin(rules))) => {
            bitcoin::check(transfer, form, *rules)
        }
        (Some(_), _) | (None, Some(_)) => Err(Refusal::WrongForm),
    }
}

fn check_evm(transfer: &UnsignedTransfer, form: &EvmForm, rules: &EvmRules) -> Result<(), Refusal> {
    if form.chain_id != rules.chain_id {
        return Err(Refusal::WrongChain);
    }
    check_token(transfer, form.token.as_ref(), &rules.contracts)?;
    let most = form.fee_max();
    let stated = most == Some(transfer.fee.base()) && form.tip_per_gas_max <= form.fee_per_gas_max;
    if !stated || transfer.fee.base() > rules.fee_max {
        return Err(Refusal::WrongFee);
    }
    Ok(())
}

/// The contract that the form calls is the asset's; the native coin has none.
pub fn check_token(
    transfer: &UnsignedTransfer,
    token: Option<&Address>,
    contracts: &BTreeMap<Asset, Address>,
) -> Result<(), Refusal> {
    let asset = transfer.amount.asset();
    let native = asset == asset.network().native();
    let contract = contracts.get(&asset);
    if token != contract || contract.is_none() != native {
        return Err(Refusal::WrongToken);
    }
    Ok(())
}

fn check_coins(transfer: &UnsignedTransfer) -> Result<(), Refusal> {
    let coins = || transfer.from.coins();
    let mut names: Vec<_> = coins().map(|coin| (&coin.hash, coin.index)).collect();
    names.sort_unstable();
    names.dedup();
    let have = coins().try_fold(0_u128, |sum, coin| sum.checked_add(coin.base));
    let need = transfer.amount.base().checked_add(transfer.fee.base());
    // What is swept has no change.
    let exactly = matches!(transfer.from, UnsignedFrom::Deposits(_));
    match (have, need) {
        (Some(have), Some(need))
            if have >= need && (have == need || !exactly) && names.len() == coins().count() =>
        {
            Ok(())
        }
        _ => Err(Refusal::WrongCoins),
    }
}

fn sources(transfer: &UnsignedTransfer) -> impl Iterator<Item = Source> {
    let network = transfer.amount.asset().network();
    let nonce = match &transfer.from {
        UnsignedFrom::Nonce(nonce) => Some(Source::Nonce(transfer.sender.clone(), *nonce)),
        UnsignedFrom::Coins(_) | UnsignedFrom::Deposits(_) => None,
    };
    let coins = transfer.from.coins();
    let coins = coins.map(move |coin| Source::Coin(network, coin.hash.clone(), coin.index));
    nonce.into_iter().chain(coins)
}

fn deposits(intent: &SigningIntent) -> &[DepositCoin] {
    match &intent.transfer.from {
        UnsignedFrom::Deposits(deposits) => deposits,
        UnsignedFrom::Nonce(_) | UnsignedFrom::Coins(_) => &[],
    }
}

/// The one that it is asked for, and those whose deposits it spends.
fn orders(intent: &SigningIntent) -> BTreeSet<OrderId> {
    let spent = deposits(intent).iter().map(|deposit| deposit.order);
    spent.chain([intent.order]).collect()
}

/// Each order counts for what of it is its own.
fn part(intent: &SigningIntent, of: Outflow, amount: Amount) -> Part {
    let mut bases: BTreeMap<OrderId, u128> = BTreeMap::new();
    for DepositCoin { order, coin } in deposits(intent) {
        let sum = bases.entry(*order).or_default();
        *sum = sum.saturating_add(coin.base);
    }
    let (all, values): (Vec<_>, Vec<_>) = bases.into_iter().unzip();
    let orders = match fee_shares(amount.base(), &values) {
        Ok(shares) if !all.is_empty() => all.into_iter().zip(shares).collect(),
        Ok(_) | Err(_) => vec![(intent.order, amount.base())],
    };
    let asset = amount.asset();
    Part { of, asset, orders }
}
