//! Rails whose calls are counted, timed and remembered: how each of them does is known without asking
//! it anything for that.

use crate::{Rails, metrics::Metrics};
use proof_core::recovery::Epoch;
use proof_core::{
    Address, Asset, Entropy, Fiat, Network, Timestamp,
    deposit::DepositKey,
    id::{IntentId, OrderId},
    money::{Amount, Money},
    partner::Environment,
};
use proof_port::{
    Arrival, Arrivals, Authorisation, AuthoriseRequest, Callback, CallbackCall, CallbackRefusal,
    CaptureState, CardStored, Chain, ChainTip, Challenge, Class, Coin, DeviceWallet, Dispute, Form,
    GasPrice, Identity, IdentityStatus, KeptPart, Mail, Message, MidRate, Passage, Payments,
    PayoutCard, PayoutRequest, PayoutState, Payouts, Picture, PictureProblem, PortError, Promised,
    Rates, RefundState, ReportLine, Scope, Signed, SignedState, Signer, SigningIntent,
    TransferStatus, Unsigned, VoidState, WalletOffers, Whose,
};
use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};
use tracing::Instrument;

/// Nodes see a block a moment apart; a few blocks is no moment.
const NODE_BLOCKS: u64 = 3;

/// How a rail has been doing in this process.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub(crate) struct Pulse {
    pub well_at: Option<Timestamp>,
    /// Since when no call went well, and how many did not.
    pub failing_since: Option<Timestamp>,
    pub failures: u64,
}

pub(crate) type Rail = (Environment, String);

/// Every rail that was called.
#[derive(Debug)]
pub(crate) struct Pulses {
    metrics: Arc<Metrics>,
    rails: Mutex<BTreeMap<Rail, Pulse>>,
}

impl Pulses {
    pub fn new(metrics: Arc<Metrics>) -> Self {
        Self {
            metrics,
            rails: Mutex::default(),
        }
    }

    pub fn all(&self) -> BTreeMap<Rail, Pulse> {
        self.lock().clone()
    }

    fn lock(&self) -> MutexGuard<'_, BTreeMap<Rail, Pulse>> {
        self.rails.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn note(&self, rail: &Rail, well: bool, now: Timestamp) {
        let mut rails = self.lock();
        let pulse = rails.entry(rail.clone()).or_default();
        if well {
            *pulse = Pulse {
                well_at: Some(now),
                ..Pulse::default()
            };
        } else {
            pulse.failing_since.get_or_insert(now);
            pulse.failures = pulse.failures.saturating_add(1);
        }
    }
}

/// One rail behind its counters.
#[derive(Clone)]
struct Metered<T: ?Sized> {
    inner: Arc<T>,
    rail: Rail,
    pulses: Arc<Pulses>,
}

impl<T: ?Sized> Metered<T> {
    async fn call<A>(
        &self,
        operation: &'static str,
        work: impl Future<Output = Result<A, PortError>>,
    ) -> Result<A, PortError> {
        let (environment, rail) = (self.rail.0.name(), self.rail.1.as_str());
        let begun = self.pulses.metrics.now();
        let span = tracing::info_span!("rail", environment, rail, operation);
        let answer = work.instrument(span).await;
        let outcome = match &answer {
            Ok(_) => "ok",
            Err(error) => match error.class {
                Class::Retry => "retry",
                Class::GiveUp => "refused",
                Class::InDoubt => "in_doubt",
            },
        };
        let metrics = &self.pulses.metrics;
        metrics.call(environment, (rail, operation), outcome, begun);
        // Whoever refuses is there.
        let well = matches!(outcome, "ok" | "refused");
        self.pulses.note(&self.rail, well, metrics.now());
        answer
    }
}

/// The same rails, each behind its counters.
pub(crate) fn rails(rails: Rails, environment: Environment, pulses: &Arc<Pulses>) -> Rails {
    let chains = rails.chains.into_iter().map(|(network, chain)| {
        let rail = (environment, chain_rail(network));
        let chain: Arc<dyn Chain> = metered(chain, rail, pulses);
        (network, chain)
    });
    let rail = |name: &str| (environment, name.to_owned());
    Rails {
        chains: chains.collect(),
        payments: metered(rails.payments, rail("payments"), pulses),
        payouts: metered(rails.payouts, rail("payouts"), pulses),
        identity: metered(rails.identity, rail("identity"), pulses),
        rates: metered(rails.rates, rail("rates"), pulses),
        signer: metered(rails.signer, rail("signer"), pulses),
    }
}

/// The mail server serves both environments; it is shown with the first.
pub(crate) fn mail(mail: Arc<dyn Mail>, pulses: &Arc<Pulses>) -> Arc<dyn Mail> {
    metered(mail, (Environment::Test, "mail".to_owned()), pulses)
}

pub(crate) fn chain_rail(network: Network) -> String {
    format!("node {network}")
}

/// One of several, counted from 1 in the order of the configuration.
pub(crate) fn node_rail(network: Network, n: usize) -> String {
    format!("node {n} of {network}")
}

/// Which of several nodes are where most of them are: so far that a majority is there, or not many blocks from it.
fn nodes_well(heights: &[Result<u64, PortError>]) -> Vec<bool> {
    let mut said: Vec<u64> = heights.iter().flatten().copied().collect();
    said.sort_unstable_by(|a, b| b.cmp(a));
    let agreed = said.get(heights.len() / 2).copied();
    let is_well = |height: u64| agreed.is_none_or(|agreed| height.abs_diff(agreed) <= NODE_BLOCKS);
    let of = heights.iter().map(|height| height.as_ref().ok());
    of.map(|height| height.is_some_and(|height| is_well(*height)))
        .collect()
}

fn metered<T: ?Sized>(inner: Arc<T>, rail: Rail, pulses: &Arc<Pulses>) -> Arc<Metered<T>> {
    Arc::new(Metered {
        inner,
        rail,
        pulses: Arc::clone(pulses),
    })
}

#[async_trait::async_trait]
impl Payments for Metered<dyn Payments> {
    fn provider(&self) -> &'static str {
        self.inner.provider()
    }

    fn fields_origin(&self) -> String {
        self.inner.fields_origin()
    }

    fn wallets(&self) -> WalletOffers {
        self.inner.wallets()
    }

    async fn apple_session(&self, domain: &str) -> Result<String, PortError> {
        self.call("apple_session", self.inner.apple_session(domain))
            .await
    }

    async fn wallet_token(
        &self,
        wallet: DeviceWallet,
        payload: &str,
    ) -> Result<Option<String>, PortError> {
        let asked = self.inner.wallet_token(wallet, payload);
        self.call("wallet_token", asked).await
    }

    fn stores_cards(&self) -> bool {
        self.inner.stores_cards()
    }

    async fn card_store(&self, reference: &str) -> Result<Option<CardStored>, PortError> {
        self.call("card_store", self.inner.card_store(reference))
            .await
    }

    async fn card_key(&self, card: &str) -> Result<Option<String>, PortError> {
        self.call("card_key", self.inner.card_key(card)).await
    }

    async fn card_forget(&self, card: &str) -> Result<(), PortError> {
        self.call("card_forget", self.inner.card_forget(card)).await
    }

    async fn authorise(&self, request: &AuthoriseRequest) -> Result<Authorisation, PortError> {
        self.call("authorise", self.inner.authorise(request)).await
    }

    fn callback(&self, call: CallbackCall<'_>) -> Result<Callback, CallbackRefusal> {
        self.inner.callback(call)
    }

    async fn authorisation(&self, reference: &str) -> Result<Option<Authorisation>, PortError> {
        let asked = self.inner.authorisation(reference);
        self.call("authorisation", asked).await
    }

    async fn capture(&self, reference: &str, amount: Money) -> Result<CaptureState, PortError> {
        let asked = self.inner.capture(reference, amount);
        self.call("capture", asked).await
    }

    async fn void(&self, reference: &str) -> Result<VoidState, PortError> {
        self.call("void", self.inner.void(reference)).await
    }

    async fn refund(
        &self,
        reference: &str,
        refund_reference: &str,
        amount: Money,
    ) -> Result<RefundState, PortError> {
        let asked = self.inner.refund(reference, refund_reference, amount);
        self.call("refund", asked).await
    }

    async fn disputes(&self, reference: &str) -> Result<Vec<Dispute>, PortError> {
        self.call("disputes", self.inner.disputes(reference)).await
    }

    async fn dispute_contest(&self, dispute: &str, evidence: &str) -> Result<(), PortError> {
        let asked = self.inner.dispute_contest(dispute, evidence);
        self.call("dispute_contest", asked).await
    }

    async fn dispute_accept(&self, dispute: &str) -> Result<(), PortError> {
        let asked = self.inner.dispute_accept(dispute);
        self.call("dispute_accept", asked).await
    }

    async fn report(&self, after: u64) -> Result<Vec<ReportLine>, PortError> {
        self.call("report", self.inner.report(after)).await
    }
}

#[async_trait::async_trait]
impl Payouts for Metered<dyn Payouts> {
    fn provider(&self) -> &'static str {
        self.inner.provider()
    }

    async fn keep(&self, card_token: &str) -> Result<Option<PayoutCard>, PortError> {
        self.call("keep", self.inner.keep(card_token)).await
    }

    async fn pay(&self, request: &PayoutRequest) -> Result<PayoutState, PortError> {
        self.call("pay", self.inner.pay(request)).await
    }

    async fn payout(&self, request: &PayoutRequest) -> Result<Option<PayoutState>, PortError> {
        self.call("payout", self.inner.payout(request)).await
    }

    async fn report(&self, after: u64) -> Result<Vec<ReportLine>, PortError> {
        self.call("report", self.inner.report(after)).await
    }
}

#[async_trait::async_trait]
impl Identity for Metered<dyn Identity> {
    fn provider(&self) -> &'static str {
        self.inner.provider()
    }

    fn kept_days(&self) -> Option<u32> {
        self.inner.kept_days()
    }

    fn challenge(&self, entropy: &dyn Entropy) -> Challenge {
        self.inner.challenge(entropy)
    }

    async fn keep(&self, former: &str, reference: &str, part: KeptPart) -> Result<bool, PortError> {
        let asked = self.inner.keep(former, reference, part);
        self.call("keep", asked).await
    }

    async fn picture(
        &self,
        reference: &str,
        picture: &Picture,
        bytes: Vec<u8>,
    ) -> Result<Result<(), PictureProblem>, PortError> {
        let asked = self.inner.picture(reference, picture, bytes);
        self.call("picture", asked).await
    }

    async fn submit(
        &self,
        reference: &str,
        email: &str,
        challenge: &Challenge,
        scope: Scope,
    ) -> Result<(), PortError> {
        let asked = self.inner.submit(reference, email, challenge, scope);
        self.call("submit", asked).await
    }

    async fn status(&self, reference: &str) -> Result<IdentityStatus, PortError> {
        self.call("status", self.inner.status(reference)).await
    }

    async fn pictures(&self, reference: &str) -> Result<Vec<Picture>, PortError> {
        self.call("pictures", self.inner.pictures(reference)).await
    }

    async fn look(&self, reference: &str, picture: &Picture) -> Result<Option<Vec<u8>>, PortError> {
        self.call("look", self.inner.look(reference, picture)).await
    }

    async fn erase(&self, reference: &str) -> Result<(), PortError> {
        self.call("erase", self.inner.erase(reference)).await
    }

    async fn tidy(&self, spared: Vec<String>) -> Result<(), PortError> {
        // It asks nobody: it says nothing of how a provider is.
        self.inner.tidy(spared).await
    }
}

#[async_trait::async_trait]
impl Rates for Metered<dyn Rates> {
    async fn mid(&self, asset: Asset, fiat: Fiat) -> Result<MidRate, PortError> {
        self.call("mid", self.inner.mid(asset, fiat)).await
    }
}

#[async_trait::async_trait]
impl Mail for Metered<dyn Mail> {
    async fn send(&self, message: &Message) -> Result<(), PortError> {
        self.call("send", self.inner.send(message)).await
    }
}

#[async_trait::async_trait]
impl Signer for Metered<dyn Signer> {
    async fn epoch(&self) -> Result<Epoch, PortError> {
        self.call("epoch", self.inner.epoch()).await
    }

    async fn epoch_begin(&self, epoch: Epoch) -> Result<(), PortError> {
        self.call("epoch_begin", self.inner.epoch_begin(epoch))
            .await
    }

    async fn promises(&self, after: Option<OrderId>) -> Result<Vec<Promised>, PortError> {
        self.call("promises", self.inner.promises(after)).await
    }

    async fn promised(&self, order: OrderId) -> Result<Promised, PortError> {
        self.call("promised", self.inner.promised(order)).await
    }

    async fn wallet(&self, network: Network) -> Result<Address, PortError> {
        self.call("wallet", self.inner.wallet(network)).await
    }

    async fn cold(&self, network: Network) -> Result<Option<Address>, PortError> {
        self.call("cold", self.inner.cold(network)).await
    }

    async fn register(
        &self,
        epoch: Epoch,
        order: OrderId,
        destination: &Address,
        whose: Whose,
    ) -> Result<(), PortError> {
        let asked = self.inner.register(epoch, order, destination, whose);
        self.call("register", asked).await
    }

    async fn open_deposit(
        &self,
        epoch: Epoch,
        order: OrderId,
        refund: &Address,
    ) -> Result<Address, PortError> {
        let asked = self.inner.open_deposit(epoch, order, refund);
        self.call("open_deposit", asked).await
    }

    async fn sign(&self, epoch: Epoch, intent: &SigningIntent) -> Result<Signed, PortError> {
        self.call("sign", self.inner.sign(epoch, intent)).await
    }

    async fn close(&self, epoch: Epoch, intent: IntentId) -> Result<SignedState, PortError> {
        self.call("close", self.inner.close(epoch, intent)).await
    }
}

#[async_trait::async_trait]
impl Chain for Metered<dyn Chain> {
    fn network(&self) -> Network {
        self.inner.network()
    }

    fn carries(&self, asset: Asset) -> bool {
        self.inner.carries(asset)
    }

    fn identity(&self) -> Option<proof_core::proving::ChainIdentity> {
        self.inner.identity()
    }

    fn confirmations_final(&self) -> u64 {
        self.inner.confirmations_final()
    }

    fn confirmations_of(&self, amount: Amount) -> u64 {
        self.inner.confirmations_of(amount)
    }

    fn explorer_url(&self, hash: &str) -> String {
        self.inner.explorer_url(hash)
    }

    fn payment_link(&self, to: &Address, amount: Amount) -> Option<String> {
        self.inner.payment_link(to, amount)
    }

    async fn refuses(
        &self,
        from: &Address,
        to: &Address,
        amount: Amount,
    ) -> Result<bool, PortError> {
        self.call("refuses", self.inner.refuses(from, to, amount))
            .await
    }

    fn spelt(&self, address: &Address) -> String {
        self.inner.spelt(address)
    }

    fn poll_interval_ms(&self) -> i64 {
        self.inner.poll_interval_ms()
    }

    async fn tip(&self) -> Result<ChainTip, PortError> {
        self.call("tip", self.inner.tip()).await
    }

    /// Each node is a rail of its own: one that is away, or elsewhere than most of them, is told while they still agree.
    async fn node_heights(&self) -> Vec<Result<u64, PortError>> {
        let heights = self.inner.node_heights().await;
        let (environment, network) = (self.rail.0, self.inner.network());
        for (n, is_well) in (1..).zip(nodes_well(&heights)) {
            let rail = (environment, node_rail(network, n));
            self.pulses.note(&rail, is_well, self.pulses.metrics.now());
        }
        heights
    }

    async fn balance(&self, owner: &Address, asset: Asset) -> Result<Amount, PortError> {
        self.call("balance", self.inner.balance(owner, asset)).await
    }

    async fn held(
        &self,
        owner: &Address,
        asset: Asset,
        deposits: &[DepositKey],
    ) -> Result<Amount, PortError> {
        let asked = self.inner.held(owner, asset, deposits);
        self.call("held", asked).await
    }

    async fn senders(&self, arrival: &Arrival) -> Result<Vec<Address>, PortError> {
        self.call("senders", self.inner.senders(arrival)).await
    }

    async fn spends(&self, hash: &str) -> Result<Vec<DepositKey>, PortError> {
        self.call("spends", self.inner.spends(hash)).await
    }

    async fn nonce(&self, owner: &Address) -> Result<u64, PortError> {
        self.call("nonce", self.inner.nonce(owner)).await
    }

    async fn coins(&self, owner: &Address) -> Result<Vec<Coin>, PortError> {
        self.call("coins", self.inner.coins(owner)).await
    }

    async fn coins_among(
        &self,
        owner: &Address,
        outputs: &[DepositKey],
    ) -> Result<Vec<Coin>, PortError> {
        let asked = self.inner.coins_among(owner, outputs);
        self.call("coins_among", asked).await
    }

    async fn fee(&self) -> Result<Amount, PortError> {
        self.call("fee", self.inner.fee()).await
    }

    async fn form(&self, asset: Asset) -> Result<Option<Form>, PortError> {
        self.call("form", self.inner.form(asset)).await
    }

    async fn gas_price(&self) -> Result<Option<GasPrice>, PortError> {
        self.call("gas_price", self.inner.gas_price()).await
    }

    async fn passage(
        &self,
        from: &Address,
        to: &Address,
        amount: Amount,
    ) -> Result<Option<Passage>, PortError> {
        self.call("passage", self.inner.passage(from, to, amount))
            .await
    }

    async fn unsigned(
        &self,
        owner: &Address,
        coins: &[Coin],
        to: &Address,
    ) -> Result<Option<Unsigned>, PortError> {
        self.call("unsigned", self.inner.unsigned(owner, coins, to))
            .await
    }

    async fn broadcast(&self, signed_hex: &str) -> Result<(), PortError> {
        self.call("broadcast", self.inner.broadcast(signed_hex))
            .await
    }

    async fn arrivals(&self, height: u64) -> Result<Arrivals, PortError> {
        self.call("arrivals", self.inner.arrivals(height)).await
    }

    async fn transfer(&self, hash: &str) -> Result<TransferStatus, PortError> {
        self.call("transfer", self.inner.transfer(hash)).await
    }

    async fn expired(&self, hash: &str, form: &Form) -> Result<bool, PortError> {
        self.call("expired", self.inner.expired(hash, form)).await
    }

    async fn arrival(
        &self,
        recipient: &str,
        key: &DepositKey,
        amount: Amount,
    ) -> Result<TransferStatus, PortError> {
        let asked = self.inner.arrival(recipient, key, amount);
        self.call("arrival", asked).await
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_node_is_well_where_most_of_them_are() {
        let away = || Err(PortError::retry("node", "away"));
        for (heights, well) in [
            (vec![Ok(100), Ok(101), Ok(97)], vec![true, true, true]),
            (vec![Ok(100), Ok(101), Ok(96)], vec![true, true, false]),
            (vec![Ok(5_000), Ok(101), Ok(100)], vec![false, true, true]),
            (vec![away(), Ok(101), Ok(100)], vec![false, true, true]),
            // Two that differ are no majority: the lower one is where both have been.
            (vec![Ok(100), Ok(90)], vec![false, true]),
            (vec![away(), Ok(90)], vec![false, true]),
            (vec![away(), away()], vec![false, false]),
            (Vec::new(), Vec::new()),
        ] {
            assert_eq!(nodes_well(&heights), well, "{heights:?}");
        }
    }
}
