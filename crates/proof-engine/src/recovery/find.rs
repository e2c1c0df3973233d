//! Asks everybody outside about everything that may have moved on.

mod own;

use super::{
    OrderMoved, UnknownOrder,
    found::{Act, Fate, Found, Moved, Stranger, payment_words, transfer_words},
};
use crate::{ApiError, Engine, cold::is_cold, view::inner};
use proof_core::{
    Address, Asset, Network,
    case::Case,
    finding::Movement,
    id::{OrderId, QuoteId},
    ledger::Account,
    money::{Amount, Money},
    order::{ATTEMPTS_MAX, Order, State},
    partner::{Environment, Side},
    recovery::{
        Apart, BuySeen, Course, Naming, PaymentSeen, SaleAdoption, Then, buy_course, sell_of_total,
    },
    sweep::Sweep,
    transfer::UnsignedFrom,
};
use proof_port::{
    AuthorisationState, IntentClass, Promised, ReportLine, SignedIntent, TransferStatus,
};
use proof_store::{Failure, OrderPosting, Tx};
use std::collections::{BTreeMap, BTreeSet};
use uuid::Uuid;

const ORDERS_PER_PAGE: i64 = 500;
const ROWS_OF_ORDER_MAX: i64 = 500;

/// One line of a provider's report, and the account that it is booked at.
#[derive(Clone)]
struct Line {
    account: Account,
    line: ReportLine,
}

/// What the database knows of one order.
struct Ours {
    order: Order,
    cases: Vec<Case>,
    sweeps: Vec<Sweep>,
    postings: Vec<OrderPosting>,
}

/// What one look at the outside gave.
struct World {
    environment: Environment,
    lines: BTreeMap<OrderId, Vec<Line>>,
    promised: BTreeMap<OrderId, Promised>,
    /// What transfers that the database does not know have taken from the wallets.
    taken: BTreeMap<Asset, u128>,
    /// What those that are not final may have taken.
    taking: BTreeMap<Asset, u128>,
}

impl Engine {
    pub(super) async fn found_in(&self, environment: Environment) -> Result<Found, ApiError> {
        let mut world = World {
            environment,
            lines: self.lines_since(environment).await?,
            promised: BTreeMap::new(),
            taken: BTreeMap::new(),
            taking: BTreeMap::new(),
        };
        let mut found = Found {
            environment: Some(environment),
            ..Found::default()
        };
        let strangers = self.promises_read(&mut world, &mut found).await?;
        let mut after = OrderId::from_uuid(Uuid::nil());
        loop {
            let page = self.open_page(environment, after).await?;
            let Some(last) = page.last() else { break };
            after = last.order.id;
            for ours in page {
                let moved = match ours.order.side {
                    Side::Buy => self.buy_moved(&mut world, &ours).await?,
                    Side::Sell => self.sell_moved(&mut world, &ours).await?,
                };
                found.moved.extend(moved);
            }
        }
        for order in strangers {
            let stranger = self.stranger(&mut world, order).await?;
            found.strangers.extend(stranger);
        }
        found.wallets = self.wallets_differ(&world).await?;
        Ok(found)
    }

    /// The signer's journal against the database: gives the orders that only it, or a provider's report,
    /// knows, and keeps what it promised about orders that have not ended.
    async fn promises_read(
        &self,
        world: &mut World,
        found: &mut Found,
    ) -> Result<BTreeSet<OrderId>, ApiError> {
        let signer = &self.rails(world.environment)?.signer;
        let mut strangers = BTreeSet::new();
        let mut after = None;
        loop {
            let page = signer.promises(after).await?;
            let Some(last) = page.last() else { break };
            after = Some(last.order);
            for promised in page {
                let promised = self.one_each(world.environment, promised).await?;
                let ours = self.ours(promised.order).await?;
                let unknown =
                    |signed: &&SignedIntent| !ours.as_ref().is_some_and(|o| o.knows(signed));
                let spent = promised.signed.iter().filter(unknown).cloned();
                found.spent.extend(spent);
                match ours {
                    None if self.is_proof(world.environment, &promised).await? => {
                        self.proof_tell(world, &promised).await?;
                        continue;
                    }
                    None if is_cold(&promised) => {
                        self.cold_tell(world, &promised, found).await?;
                        continue;
                    }
                    None => {
                        strangers.insert(promised.order);
                    }
                    Some(ours) if ours.order.state.is_terminal() => {
                        let mut outside = Vec::new();
                        self.transfers_tell(world, &ours, &promised, &mut outside)
                            .await?;
                        if !outside.is_empty() {
                            let then = "its case goes on by itself".to_owned();
                            found.moved.push(ours.moved(outside, Act::Nothing, then));
                        }
                        continue;
                    }
                    Some(_) => {}
                }
                world.promised.insert(promised.order, promised);
            }
        }
        for order in world.lines.keys() {
            if self.ours(*order).await?.is_none() {
                strangers.insert(*order);
            }
        }
        Ok(strangers)
    }

    /// Whether it is no order, but the proof of a network: its deposits go back to our own wallet.
    async fn is_proof(
        &self,
        environment: Environment,
        promised: &Promised,
    ) -> Result<bool, ApiError> {
        let Some(deposit) = &promised.deposit else {
            return Ok(false);
        };
        let signer = &self.rails(environment)?.signer;
        let wallet = signer.wallet(deposit.refund.network()).await?;
        Ok(wallet == deposit.refund)
    }

    /// Of a transfer that was signed again with higher fees, only one can ever happen: the one on the chain, or else
    /// the last.
    async fn one_each(
        &self,
        environment: Environment,
        mut promised: Promised,
    ) -> Result<Promised, ApiError> {
        let mut one: Vec<SignedIntent> = Vec::new();
        for signed in promised.signed {
            let Some(before) = one
                .iter_mut()
                .find(|one| one.intent.intent == signed.intent.intent)
            else {
                one.push(signed);
                continue;
            };
            let network = before.intent.transfer.amount.asset().network();
            let chain = self.chain_of(environment, network)?;
            match chain.transfer(&before.signed.hash).await? {
                TransferStatus::Mined { .. } | TransferStatus::Failed { .. } => {}
                TransferStatus::Unknown | TransferStatus::Waiting => *before = signed,
            }
        }
        promised.signed = one;
        Ok(promised)
    }

    async fn ours(&self, id: OrderId) -> Result<Option<Ours>, ApiError> {
        self.db
            .read("recovery_order", move |tx: &mut Tx| {
                Box::pin(async move {
                    let Some(stored) = tx.order_work(id).await? else {
                        return Ok::<_, Failure<ApiError>>(None);
                    };
                    Ok(Some(Ours::load(tx, stored.order).await?))
                })
            })
            .await
            .map_err(ApiError::from)
    }

    async fn open_page(
        &self,
        environment: Environment,
        after: OrderId,
    ) -> Result<Vec<Ours>, ApiError> {
        self.db
            .read("recovery_open", move |tx: &mut Tx| {
                Box::pin(async move {
                    let page = tx
                        .order_open_page(environment, after, ORDERS_PER_PAGE)
                        .await?;
                    let mut ours = Vec::new();
                    for stored in page {
                        ours.push(Ours::load(tx, stored.order).await?);
                    }
                    Ok::<_, Failure<ApiError>>(ours)
                })
            })
            .await
            .map_err(ApiError::from)
    }

    /// What providers reported after the last line that the backup has.
    async fn lines_since(
        &self,
        environment: Environment,
    ) -> Result<BTreeMap<OrderId, Vec<Line>>, ApiError> {
        let rails = self.rails(environment)?;
        let mut lines: BTreeMap<OrderId, Vec<Line>> = BTreeMap::new();
        let payments = Account::Psp(rails.payments.provider().to_owned());
        let mut after = self
            .reported_last(environment, &payments.to_string())
            .await?;
        loop {
            let page = rails.payments.report(after).await?;
            let Some(last) = crate::reconcile::next_line(after, &page)? else {
                break;
            };
            after = last;
            self.lines_take(&mut lines, &payments, page);
        }
        let payouts = Account::Payout(rails.payouts.provider().to_owned());
        let mut after = self
            .reported_last(environment, &payouts.to_string())
            .await?;
        loop {
            let page = rails.payouts.report(after).await?;
            let Some(last) = crate::reconcile::next_line(after, &page)? else {
                break;
            };
            after = last;
            self.lines_take(&mut lines, &payouts, page);
        }
        Ok(lines)
    }

    fn lines_take(
        &self,
        lines: &mut BTreeMap<OrderId, Vec<Line>>,
        account: &Account,
        page: Vec<ReportLine>,
    ) {
        for line in page {
            // What is none of ours is found by every comparison.
            if let Some(order) = self.order_of_reference(&line.reference) {
                let account = account.clone();
                lines.entry(order).or_default().push(Line { account, line });
            }
        }
    }

    /// Every attempt that may ever have been made; the one that took money, or else the last.
    async fn payment_seen(
        &self,
        environment: Environment,
        order: OrderId,
        first: u32,
    ) -> Result<Option<(u32, PaymentSeen)>, ApiError> {
        let payments = &self.rails(environment)?.payments;
        let mut seen = None;
        for attempt in first.max(1)..=ATTEMPTS_MAX {
            let reference = self.reference(order, "pay", attempt);
            let Some(answer) = payments.authorisation(&reference).await? else {
                continue;
            };
            let payment = match answer.state {
                AuthorisationState::Pending
                | AuthorisationState::ThreeDs { .. }
                | AuthorisationState::Held { .. } => PaymentSeen::Open,
                AuthorisationState::Declined { .. } | AuthorisationState::Voided => {
                    PaymentSeen::Nothing
                }
                AuthorisationState::Captured { captured, refunded } => {
                    PaymentSeen::Taken { captured, refunded }
                }
            };
            seen = Some((attempt, payment));
            if matches!(payment, PaymentSeen::Taken { .. }) {
                break;
            }
        }
        Ok(seen)
    }

    async fn buy_moved(&self, world: &mut World, ours: &Ours) -> Result<Option<Moved>, ApiError> {
        let order = &ours.order;
        let Some(promised) = world.promised.get(&order.id).cloned() else {
            // The signer hears of an order before its payment opens.
            return Ok(None);
        };
        let mut outside = Vec::new();
        let sent = self
            .transfers_tell(world, ours, &promised, &mut outside)
            .await?;
        let seen = self
            .payment_seen(world.environment, order.id, order.attempt)
            .await?;
        let course = match seen {
            None => Course::GoesOn,
            Some((attempt, payment)) => {
                let seen = BuySeen {
                    attempt,
                    payment,
                    sent,
                };
                let partner = self.partner_of(order).await?;
                let fees = partner.policy.fees_of(order.amount.asset());
                let quote = QuoteId::from_uuid(order.id.uuid());
                let now = order.created_at;
                buy_course(order, seen, fees, Naming { quote, now }).map_err(ApiError::internal)?
            }
        };
        let listed = matches!(course, Course::GoesOn);
        if let Some((attempt, payment)) = seen
            && (!listed || is_news(payment, ours))
        {
            outside.push(payment_words(attempt, payment));
        }
        if outside.is_empty() && listed {
            return Ok(None);
        }
        let (act, then) = match course {
            Course::GoesOn => (
                Act::Nothing,
                "goes on by itself: its next step asks the same again".to_owned(),
            ),
            Course::GiveBack { attempt } => {
                let reference = self.reference(order.id, "pay", attempt);
                (
                    Act::GiveBack(reference),
                    "the hold is given back; the user may pay again".to_owned(),
                )
            }
            Course::Adopt(adoption) => {
                let then = match &adoption.then {
                    Then::Deliver if sent => {
                        "taken over as paid; the transfer that was signed counts".to_owned()
                    }
                    Then::Deliver => "taken over as paid; the crypto is sent, once".to_owned(),
                    Then::Refund => "taken over as paid and given back; it ends so".to_owned(),
                    Then::People { reason } => format!("waits for people: {reason}"),
                };
                (Act::Adopt(adoption), then)
            }
        };
        Ok(Some(ours.moved(outside, act, then)))
    }

    async fn sell_moved(&self, world: &mut World, ours: &Ours) -> Result<Option<Moved>, ApiError> {
        let order = &ours.order;
        let promised = world.promised.get(&order.id).cloned();
        let mut outside = Vec::new();
        if let Some(promised) = &promised {
            self.transfers_tell(world, ours, promised, &mut outside)
                .await?;
        }
        let lines = world.lines.get(&order.id).into_iter().flatten();
        let paid =
            lines.filter(|line| line.line.movement == Movement::PayOut && !ours.booked(line));
        let paid: Option<Money> = paid.map(|line| line.line.amount).next_back();
        outside.extend(
            paid.map(|money| format!("{} {} were paid out", money.to_decimal(), money.fiat())),
        );
        let mut act = Act::Nothing;
        let mut then = "goes on by itself: its next step asks the same again".to_owned();
        let opened = promised.and_then(|promised| promised.deposit);
        let shown = order.sale.is_none()
            && matches!(
                inner(&order.state),
                State::Created | State::AwaitingTerms { .. }
            );
        if let (Some(deposit), true) = (opened, shown) {
            outside.push(format!("the deposit address {} was shown", deposit.address));
            let naming = Naming {
                quote: QuoteId::from_uuid(order.id.uuid()),
                now: order.created_at,
            };
            then = match paid {
                Some(_) => "the address is watched again; with its deposit it is taken over as paid out",
                None => "the address is watched again; what came is given back, after people have looked at it",
            }
            .to_owned();
            act = Act::AdoptSale(SaleAdoption {
                refund_address: deposit.refund,
                deposit_address: deposit.address,
                price: paid.map(|money| sell_of_total(order.amount, money, naming)),
            });
        }
        if outside.is_empty() {
            return Ok(None);
        }
        Ok(Some(ours.moved(outside, act, then)))
    }

    /// Says which transfers the database does not know, and whether a delivery is among them.
    async fn transfers_tell(
        &self,
        world: &mut World,
        ours: &Ours,
        promised: &Promised,
        outside: &mut Vec<String>,
    ) -> Result<bool, ApiError> {
        let mut sent = false;
        for signed in &promised.signed {
            let fate = self.fate(world.environment, signed).await?;
            let delivers = matches!(signed.intent.class, IntentClass::Deliver);
            sent |= delivers && !matches!(fate, Fate::Refused);
            if !ours.knows(signed) {
                // A sweep takes nothing from the hot wallet.
                if signed.intent.class != IntentClass::Sweep {
                    world.take(signed, fate);
                }
                outside.push(transfer_words(signed, fate));
            }
        }
        Ok(sent)
    }

    async fn fate(
        &self,
        environment: Environment,
        signed: &SignedIntent,
    ) -> Result<Fate, ApiError> {
        let network = signed.intent.transfer.amount.asset().network();
        let chain = self.chain_of(environment, network)?;
        let bound = chain.confirmations_final();
        let hash = &signed.signed.hash;
        let status = chain.transfer(hash).await?;
        let waits = matches!(status, TransferStatus::Unknown | TransferStatus::Waiting);
        if waits
            && let Some(form) = &signed.intent.transfer.form
            && chain.expired(hash, form).await?
        {
            return Ok(Fate::Refused);
        }
        Ok(match status {
            TransferStatus::Mined {
                confirmations, fee, ..
            } if confirmations >= bound => Fate::Final { fee },
            TransferStatus::Failed { confirmations, .. } if confirmations >= bound => Fate::Refused,
            TransferStatus::Unknown
            | TransferStatus::Waiting
            | TransferStatus::Mined { .. }
            | TransferStatus::Failed { .. } => Fate::OnItsWay,
        })
    }

    async fn stranger(&self, world: &mut World, id: OrderId) -> Result<Option<Stranger>, ApiError> {
        let environment = world.environment;
        let mut stranger = Stranger {
            order: id,
            shown: UnknownOrder {
                order: id,
                outside: Vec::new(),
                then: Vec::new(),
            },
            apart: Vec::new(),
            holds: Vec::new(),
            on_their_way: Vec::new(),
        };
        let kept: BTreeSet<String> = self.kept_subjects(environment, id).await?;
        let lines = world.lines.get(&id).cloned().unwrap_or_default();
        for Line { account, line } in lines {
            let (money, name) = (line.amount, line.movement.name());
            let subject = format!("{account} line {}", line.number);
            stranger.shown.outside.push(format!(
                "{name} of {} {}",
                money.to_decimal(),
                money.fiat()
            ));
            let movement = line.movement;
            stranger.apart.push((
                subject,
                Apart::Moved {
                    movement,
                    account,
                    money,
                },
            ));
        }
        if world.promised.contains_key(&id) {
            // With what it shares with others.
            let promised = self.rails(environment)?.signer.promised(id).await?;
            let promised = self.one_each(environment, promised).await?;
            self.stranger_payment(environment, &promised, &mut stranger)
                .await?;
            for signed in &promised.signed {
                let fate = self.fate(environment, signed).await?;
                if signed.intent.class == IntentClass::Sweep {
                    self.stranger_swept(signed, fate, &mut stranger).await?;
                } else {
                    world.take(signed, fate);
                    stranger.sent(signed, fate);
                }
            }
            self.stranger_deposit(environment, &promised, &mut stranger)
                .await?;
        }
        stranger
            .apart
            .retain(|(subject, _)| !kept.contains(subject));
        stranger.then_say();
        Ok((!stranger.shown.outside.is_empty()).then_some(stranger))
    }

    /// What was swept came into our own wallet, and is found there like what nobody expects; unless orders that we know
    /// have a part in it: then their sweep brings this one, too, out of what is booked here.
    async fn stranger_swept(
        &self,
        signed: &SignedIntent,
        fate: Fate,
        stranger: &mut Stranger,
    ) -> Result<(), ApiError> {
        stranger.swept(signed, fate);
        let UnsignedFrom::Deposits(deposits) = &signed.intent.transfer.from else {
            return Ok(());
        };
        let mut is_shared = false;
        for deposit in deposits {
            is_shared |= self.ours(deposit.order).await?.is_some();
        }
        if !is_shared || !matches!(fate, Fate::Final { .. }) {
            return Ok(());
        }
        let order = stranger.order;
        let own = deposits.iter().filter(|deposit| deposit.order == order);
        let base = own.fold(0_u128, |sum, one| sum.saturating_add(one.coin.base));
        let amount = Amount::new(signed.intent.transfer.amount.asset(), base);
        let subject = format!("swept {order} {}", signed.intent.intent);
        let came = Apart::Came { order, amount };
        stranger.apart.push((subject, came));
        Ok(())
    }

    async fn kept_subjects(
        &self,
        environment: Environment,
        id: OrderId,
    ) -> Result<BTreeSet<String>, ApiError> {
        let kept = self
            .db
            .read("kept_apart_of_order", move |tx: &mut Tx| {
                Box::pin(async move {
                    let kept = tx.kept_apart_of_order(environment, id).await?;
                    Ok::<_, Failure<ApiError>>(kept)
                })
            })
            .await?;
        Ok(kept.into_iter().map(|kept| kept.subject).collect())
    }

    /// A hold does not show in any report.
    async fn stranger_payment(
        &self,
        environment: Environment,
        promised: &Promised,
        stranger: &mut Stranger,
    ) -> Result<(), ApiError> {
        if promised.destination.is_none() {
            return Ok(());
        }
        if let Some((attempt, PaymentSeen::Open)) =
            self.payment_seen(environment, promised.order, 1).await?
        {
            stranger
                .shown
                .outside
                .push(payment_words(attempt, PaymentSeen::Open));
            let reference = self.reference(promised.order, "pay", attempt);
            stranger.holds.push(reference);
        }
        Ok(())
    }

    /// One kind of address is good on several networks.
    async fn stranger_deposit(
        &self,
        environment: Environment,
        promised: &Promised,
        stranger: &mut Stranger,
    ) -> Result<(), ApiError> {
        let Some(deposit) = &promised.deposit else {
            return Ok(());
        };
        let (address, back) = (&deposit.address, &deposit.refund);
        let words =
            format!("the deposit address {address} was shown; what comes goes back to {back}");
        stranger.shown.outside.push(words);
        for (network, chain) in &self.rails(environment)?.chains {
            let Ok(address) = Address::parse(*network, address.as_str()) else {
                continue;
            };
            for asset in assets_on(*network) {
                let amount = chain.balance(&address, asset).await?;
                if !amount.is_zero() {
                    let base = amount.base();
                    let words = format!("it holds {} {asset}", amount.to_decimal());
                    stranger.shown.outside.push(words);
                    let subject = format!("deposit {} {asset} {base}", promised.order);
                    let order = promised.order;
                    stranger
                        .apart
                        .push((subject, Apart::Came { order, amount }));
                }
            }
        }
        Ok(())
    }

    /// The hot wallets against the books, and how much of the difference is explained.
    async fn wallets_differ(&self, world: &World) -> Result<Vec<String>, ApiError> {
        let rails = self.rails(world.environment)?;
        let mut lines = Vec::new();
        for asset in Asset::all().filter(|a| rails.chains.contains_key(&a.network())) {
            let owner = rails.signer.wallet(asset.network()).await?;
            let chain = self.chain_of(world.environment, asset.network())?;
            let there = i128::try_from(chain.balance(&owner, asset).await?.base());
            let there = there.map_err(ApiError::internal)?;
            let books = self.wallet_books(world.environment, asset).await?;
            let of = |sums: &BTreeMap<Asset, u128>| sums.get(&asset).copied().unwrap_or(0);
            let taken = i128::try_from(of(&world.taken)).map_err(ApiError::internal)?;
            let taking = i128::try_from(of(&world.taking)).map_err(ApiError::internal)?;
            // What is in transit by the books may have left or not.
            let most = books.free + books.reserved + books.in_transit;
            let least = books.free + books.reserved;
            if there == most {
                continue;
            }
            let explained = (least - taken - taking..=most - taken).contains(&there);
            let verdict = if explained {
                "the transfers above are the difference".to_owned()
            } else {
                format!("with the transfers above it would be {}", most - taken)
            };
            lines.push(format!(
                "{asset}: the chain has {there} base units, the books {most}: {verdict}"
            ));
        }
        Ok(lines)
    }
}

impl World {
    fn take(&mut self, signed: &SignedIntent, fate: Fate) {
        let transfer = &signed.intent.transfer;
        let (sums, fee) = match fate {
            Fate::Final { fee } => (&mut self.taken, fee),
            Fate::OnItsWay => (&mut self.taking, transfer.fee),
            Fate::Refused => return,
        };
        for amount in [transfer.amount, fee] {
            let sum = sums.entry(amount.asset()).or_default();
            *sum = sum.saturating_add(amount.base());
        }
    }
}

impl Ours {
    async fn load(tx: &mut Tx, order: Order) -> Result<Self, Failure<ApiError>> {
        let cases = tx.case_of_order(order.id, ROWS_OF_ORDER_MAX).await?;
        let postings = tx.ledger_of_order(order.id, ROWS_OF_ORDER_MAX).await?;
        let sweeps = tx.sweep_of_order(order.id, ROWS_OF_ORDER_MAX).await?;
        Ok(Self {
            order,
            cases,
            sweeps,
            postings,
        })
    }

    /// A hash gets into an order, a case or a sweep with its signature, and stays there.
    fn knows(&self, signed: &SignedIntent) -> bool {
        let text = serde_json::to_string(&(&self.order, &self.cases)).unwrap_or_default();
        let hash = &signed.signed.hash;
        // The sweep that leads a batch learns of whatever was signed under its intent.
        let intent = signed.intent.intent;
        let shares = |sweep: &Sweep| {
            let mut batches = sweep.batch.iter();
            sweep.knows(hash) || batches.any(|batch| batch.intent == intent)
        };
        text.contains(hash) || self.sweeps.iter().any(shares)
    }

    fn has(&self, movement: Movement) -> bool {
        self.postings
            .iter()
            .any(|posting| posting.kind == movement.name())
    }

    fn booked(&self, line: &Line) -> bool {
        self.has(line.line.movement)
    }

    fn moved(&self, outside: Vec<String>, act: Act, then: String) -> Moved {
        let order = &self.order;
        let amount = order.amount;
        let shown = OrderMoved {
            order: order.id,
            what: format!(
                "{} of {} {}",
                order.side.name(),
                amount.to_decimal(),
                amount.asset()
            ),
            state: order.state.name().to_owned(),
            outside,
            then,
        };
        Moved { shown, act }
    }
}

fn assets_on(network: Network) -> impl Iterator<Item = Asset> {
    Asset::all().filter(move |asset| asset.network() == network)
}

/// Whether the books of an order lack what the provider says.
fn is_news(payment: PaymentSeen, ours: &Ours) -> bool {
    match payment {
        PaymentSeen::Nothing | PaymentSeen::Open => false,
        PaymentSeen::Taken { refunded, .. } => {
            !ours.has(Movement::Capture) || refunded.minor() > 0 && !ours.has(Movement::Refund)
        }
    }
}
