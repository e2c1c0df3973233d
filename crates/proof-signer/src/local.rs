//! The signer itself: memory, keys and journal behind one lock.

use crate::{
    PROVIDER, SignerError,
    allow::{AllowList, Approvers, Listed, Taken, Vote},
    bitcoin, evm,
    journal::{Entry, Journal},
    keys::{Key, NotSigned, Wallet, WalletKeys, deposit_address, deposit_key},
    limits::Limits,
    policy::{ChainRules, Memory, Refusal, check_form},
    simulated, tron,
};
use k256::ecdsa::SigningKey;
use proof_core::{
    Address, Clock, Network,
    id::{IntentId, OrderId},
    recovery::Epoch,
    transfer::Form,
};
use proof_port::{
    DepositOpened, IntentClass, PROMISED_MAX, PortError, Promised, Signed, SignedState, Signer,
    SigningIntent, UnsignedFrom, Whose,
};
use std::{
    collections::BTreeMap,
    fmt, io,
    path::Path,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

pub struct LocalSigner {
    keys: WalletKeys,
    rules: BTreeMap<Network, ChainRules>,
    limits: Option<(Limits, Arc<dyn Clock>)>,
    approvers: Approvers,
    cold: BTreeMap<Network, Address>,
    book: Mutex<Book>,
}

struct Book {
    memory: Memory,
    journal: Journal,
}

impl LocalSigner {
    pub fn open(dir: &Path, keys: impl Into<WalletKeys>) -> Result<Self, SignerError> {
        let keys = keys.into();
        let (journal, entries) = Journal::open(dir)?;
        let mut memory = Memory::of(AllowList::of(keys.master()));
        for entry in &entries {
            let other_key = is_of_other_key(entry, &keys);
            if other_key || is_of_other_list(entry, &memory.list) {
                return Err(SignerError::OtherKey);
            }
            memory.apply(entry);
        }
        Ok(Self {
            keys,
            rules: BTreeMap::new(),
            limits: None,
            approvers: Approvers::default(),
            cold: BTreeMap::new(),
            book: Mutex::new(Book { memory, journal }),
        })
    }

    /// What it knows itself about real chains. On these, it signs nothing else; on all others, nothing that a real
    /// chain would take.
    #[must_use]
    pub fn with_rules(mut self, rules: BTreeMap<Network, ChainRules>) -> Self {
        self.rules = rules;
        self
    }

    /// What may leave, by this clock. What has no limit stays.
    #[must_use]
    pub fn with_limits(mut self, limits: Limits, clock: Arc<dyn Clock>) -> Self {
        self.limits = Some((limits, clock));
        self
    }

    /// With them, partners' own addresses are those on the list that two of them have changed.
    #[must_use]
    pub fn with_approvers(mut self, approvers: Approvers) -> Self {
        self.approvers = approvers;
        self
    }

    /// Where it lets go what a hot wallet has too much.
    #[must_use]
    pub fn with_cold(mut self, cold: BTreeMap<Network, Address>) -> Self {
        self.cold = cold;
        self
    }

    pub(crate) fn cold_now(&self, network: Network) -> Option<Address> {
        self.cold.get(&network).cloned()
    }

    pub(crate) fn listed_now(&self) -> Listed {
        self.book().memory.list.listed()
    }

    /// Whether it was the second one.
    pub(crate) fn vote_now(&self, vote: &Vote) -> Result<bool, PortError> {
        let mut book = self.book();
        let taken = book.memory.list.may_take(&self.approvers, vote);
        let entry = match taken.map_err(|why| PortError::give_up(PROVIDER, why))? {
            Taken::Known => return Ok(false),
            Taken::First => Entry::ListVoted {
                vote: Box::new(vote.clone()),
            },
            Taken::With(first) => Entry::ListChanged {
                change: vote.change.clone(),
                votes: vec![*first, vote.clone()],
            },
        };
        let is_changed = matches!(entry, Entry::ListChanged { .. });
        book.record(entry)?;
        Ok(is_changed)
    }

    #[cfg(test)]
    pub(crate) fn dying(self, death: crate::journal::Death) -> Self {
        self.book().journal.death = Some(death);
        self
    }

    pub(crate) fn wallet_now(&self, network: Network) -> Result<Address, PortError> {
        Ok(self.wallet_of(network)?.address.clone())
    }

    pub(crate) fn epoch_now(&self) -> Epoch {
        self.book().memory.epoch()
    }

    pub(crate) fn epoch_begin_now(&self, epoch: Epoch) -> Result<(), PortError> {
        let mut book = self.book();
        if book.memory.may_begin(epoch).map_err(refused)? {
            book.record(Entry::EpochBegun { epoch })?;
        }
        Ok(())
    }

    pub(crate) fn promises_now(&self, after: Option<OrderId>) -> Vec<Promised> {
        let orders = self.book().memory.orders_after(after, PROMISED_MAX);
        // What many orders share is told once, with the one that it was asked for: a page has a bound.
        let own = |order| {
            let mut promised = self.promised_now(order);
            promised.signed.retain(|given| given.intent.order == order);
            promised
        };
        orders.into_iter().map(own).collect()
    }

    pub(crate) fn promised_now(&self, order: OrderId) -> Promised {
        let book = self.book();
        let deposit = book.memory.refund(order).and_then(|refund| {
            let address = deposit_address(self.keys.master(), refund.network(), order)?;
            let refund = refund.clone();
            Some(DepositOpened { refund, address })
        });
        Promised {
            order,
            destination: book.memory.destination(order).cloned(),
            deposit,
            signed: book.memory.signed_of(order),
        }
    }

    pub(crate) fn register_now(
        &self,
        epoch: Epoch,
        order: OrderId,
        destination: &Address,
        whose: Whose,
    ) -> Result<(), PortError> {
        // Without approvers there is no list, and no difference.
        let whose = if self.approvers.is_empty() {
            Whose::User
        } else {
            whose
        };
        let mut book = self.book();
        book.memory.serves(epoch).map_err(refused)?;
        if book
            .memory
            .may_register(order, destination, whose)
            .map_err(refused)?
        {
            let destination = destination.clone();
            let wallet = self.wallet_of(destination.network()).ok();
            // Nobody pays for what could not be delivered now.
            let ready = wallet.map_or(Ok(()), |wallet| wallet.key.ready());
            ready.map_err(|away| PortError::retry(PROVIDER, away))?;
            book.record(Entry::Registered {
                order,
                wallet: wallet.map(|wallet| wallet.address.clone()),
                whose,
                destination,
            })?;
        }
        Ok(())
    }

    pub(crate) fn open_deposit_now(
        &self,
        epoch: Epoch,
        order: OrderId,
        refund: &Address,
    ) -> Result<Address, PortError> {
        let address = deposit_address(self.keys.master(), refund.network(), order)
            .ok_or_else(|| PortError::give_up(PROVIDER, "no deposit address on this network"))?;
        let mut book = self.book();
        book.memory.serves(epoch).map_err(refused)?;
        if book
            .memory
            .may_open_deposit(order, refund)
            .map_err(refused)?
        {
            let refund = refund.clone();
            let wallet = self.wallet_of(refund.network()).ok();
            book.record(Entry::DepositOpened {
                order,
                wallet: wallet.map(|wallet| wallet.address.clone()),
                refund,
            })?;
        }
        Ok(address)
    }

    pub(crate) fn sign_now(
        &self,
        epoch: Epoch,
        intent: &SigningIntent,
    ) -> Result<Signed, PortError> {
        let transfer = &intent.transfer;
        let network = transfer.amount.asset().network();
        let wallet = self.wallet_of(network)?;
        let deposit = deposit_address(self.keys.master(), network, intent.order);
        let mut book = self.book();
        book.memory.serves(epoch).map_err(refused)?;
        let earlier = book
            .memory
            .may_sign(
                intent,
                &wallet.address,
                deposit.as_ref(),
                self.cold.get(&network),
            )
            .map_err(refused)?;
        if let Some(signed) = earlier {
            return Ok(signed);
        }
        check_form(transfer, self.rules.get(&network)).map_err(refused)?;
        let within = |(limits, clock): &(Limits, Arc<dyn Clock>)| {
            book.memory.within(limits, intent, clock.now())
        };
        let at = self.limits.as_ref().map(within).transpose();
        let at = at.map_err(refused)?;
        let signed = self.signed(intent, wallet)?;
        book.record(Entry::Signed {
            intent: Box::new(intent.clone()),
            signed: signed.clone(),
            at,
        })?;
        Ok(signed)
    }

    fn signed(&self, intent: &SigningIntent, wallet: &Wallet) -> Result<Signed, PortError> {
        let transfer = &intent.transfer;
        let swept = self.sweeping(intent);
        let keys: Vec<&dyn Key> = match &swept {
            Some(keys) => keys.iter().map(|key| key as &dyn Key).collect(),
            None => vec![&*wallet.key],
        };
        let signed = match (&transfer.form, keys.as_slice()) {
            (Some(Form::Evm(form)), [key]) => evm::sign(transfer, form, *key),
            (Some(Form::Tron(form)), [key]) => tron::sign(transfer, form, *key),
            (Some(Form::Bitcoin(_)), keys) => bitcoin::sign(transfer, keys),
            (None, [key]) if swept.is_none() => simulated::sign(transfer, *key),
            _ => return Err(refused(Refusal::WrongForm)),
        };
        signed.map_err(|why| match why {
            NotSigned::Unwritable => PortError::give_up(PROVIDER, why),
            // No word about the intent: it stays as it was, and may be asked for again.
            NotSigned::Away(_) => PortError::retry(PROVIDER, why),
        })
    }

    /// A sweep is signed by the key of the address that it empties, or by those of all of them, coin by coin.
    fn sweeping(&self, intent: &SigningIntent) -> Option<Vec<SigningKey>> {
        if intent.class != IntentClass::Sweep {
            return None;
        }
        let network = intent.transfer.amount.asset().network();
        let orders = match &intent.transfer.from {
            UnsignedFrom::Deposits(deposits) => deposits.iter().map(|one| one.order).collect(),
            UnsignedFrom::Nonce(_) | UnsignedFrom::Coins(_) => vec![intent.order],
        };
        let keys = orders.into_iter();
        let keys = keys.map(|order| deposit_key(self.keys.master(), network, order));
        // Of a network without such keys nothing is signed: policy has no address to compare with.
        Some(keys.collect::<Option<_>>().unwrap_or_default())
    }

    pub(crate) fn close_now(
        &self,
        epoch: Epoch,
        intent: IntentId,
    ) -> Result<SignedState, PortError> {
        let mut book = self.book();
        book.memory.serves(epoch).map_err(refused)?;
        if let Some(signed) = book.memory.signed(intent) {
            return Ok(SignedState::Signed(signed));
        }
        if !book.memory.is_closed(intent) {
            book.record(Entry::Closed { intent })?;
        }
        Ok(SignedState::NeverSigned)
    }

    fn wallet_of(&self, network: Network) -> Result<&Wallet, PortError> {
        self.keys
            .hot(network)
            .ok_or_else(|| PortError::give_up(PROVIDER, format!("no wallet on {network}")))
    }

    fn book(&self) -> MutexGuard<'_, Book> {
        // Memory changes last and in one step, so a panic elsewhere leaves nothing half-done.
        self.book.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Book {
    /// On disk first, then in memory, then the answer.
    fn record(&mut self, entry: Entry) -> Result<(), PortError> {
        // Asking again is safe: the next start reads from the journal what was decided.
        let unwritten = |error: io::Error| PortError::retry(PROVIDER, format!("journal: {error}"));
        self.journal.append(&entry).map_err(unwritten)?;
        self.memory.apply(&entry);
        Ok(())
    }
}

/// Deposit addresses of another key would be shown, and what came to the former ones be out of reach.
fn is_of_other_key(entry: &Entry, keys: &WalletKeys) -> bool {
    let ours = match entry {
        Entry::Signed { intent, .. } if intent.class == IntentClass::Sweep => {
            let sender = &intent.transfer.sender;
            let derived = deposit_address(keys.master(), sender.network(), intent.order);
            return derived.as_ref() != Some(sender);
        }
        Entry::Signed { intent, .. } => Some(&intent.transfer.sender),
        Entry::Registered { wallet, .. } | Entry::DepositOpened { wallet, .. } => wallet.as_ref(),
        Entry::Closed { .. }
        | Entry::EpochBegun { .. }
        | Entry::ListVoted { .. }
        | Entry::ListChanged { .. } => None,
    };
    ours.is_some_and(|ours| {
        let wallet = keys.hot(ours.network());
        wallet.is_none_or(|wallet| wallet.address != *ours)
    })
}

/// A list's first mark is made of the key, and each later one of the one before.
fn is_of_other_list(entry: &Entry, list: &AllowList) -> bool {
    match entry {
        Entry::ListVoted { vote } => !list.is_about_this(&vote.change),
        Entry::ListChanged { change, .. } => !list.is_about_this(change),
        _ => false,
    }
}

fn refused(refusal: Refusal) -> PortError {
    if refusal.is_passing() {
        PortError::retry(PROVIDER, refusal).answered()
    } else {
        PortError::give_up(PROVIDER, refusal)
    }
}

impl fmt::Debug for LocalSigner {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("LocalSigner")
    }
}

#[async_trait::async_trait]
impl Signer for LocalSigner {
    async fn wallet(&self, network: Network) -> Result<Address, PortError> {
        self.wallet_now(network)
    }

    async fn cold(&self, network: Network) -> Result<Option<Address>, PortError> {
        Ok(self.cold_now(network))
    }

    async fn epoch(&self) -> Result<Epoch, PortError> {
        Ok(self.epoch_now())
    }

    async fn epoch_begin(&self, epoch: Epoch) -> Result<(), PortError> {
        self.epoch_begin_now(epoch)
    }

    async fn promises(&self, after: Option<OrderId>) -> Result<Vec<Promised>, PortError> {
        Ok(self.promises_now(after))
    }

    async fn promised(&self, order: OrderId) -> Result<Promised, PortError> {
        Ok(self.promised_now(order))
    }

    async fn register(
        &self,
        epoch: Epoch,
        order: OrderId,
        destination: &Address,
        whose: Whose,
    ) -> Result<(), PortError> {
        self.register_now(epoch, order, destination, whose)
    }

    async fn open_deposit(
        &self,
        epoch: Epoch,
        order: OrderId,
        refund: &Address,
    ) -> Result<Address, PortError> {
        self.open_deposit_now(epoch, order, refund)
    }

    async fn sign(&self, epoch: Epoch, intent: &SigningIntent) -> Result<Signed, PortError> {
        self.sign_now(epoch, intent)
    }

    async fn close(&self, epoch: Epoch, intent: IntentId) -> Result<SignedState, PortError> {
        self.close_now(epoch, intent)
    }
}
